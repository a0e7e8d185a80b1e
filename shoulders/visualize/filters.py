"""What a network's layout and weights say before it sees a picture: its first filters (figure 6 of Zeiler & Fergus), and how far
a place of a layer can see."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import VisualizeError
from shoulders.visualize.machinery.fields import Field, seen_by
from shoulders.visualize.machinery.networks import module_of, name_of, opened

DEAD = 0.1
"""A filter is called dead when its length is below this share of the median length."""

GRID = 64
"""Filters are laid on this many zeros a side before the Fourier transform: a finer reading, no new information."""


@dataclass(frozen=True)
class Filters:
    """The first layer's filters and what frequencies they pass.

    Attributes
    ----------
    weights : torch.Tensor, shape (filters, channels, height, width)
    lengths : torch.Tensor, shape (filters,)
        Euclidean.
    dead : tuple of int
        Shorter than `DEAD` times the median.
    frequencies : torch.Tensor, shape (bins,)
        Cycles a pixel, 0 to 0.5; the middle of each bin.
    power : torch.Tensor, shape (bins,)
        Share of the living filters' power at these frequencies, in whatever direction; adds up to 1.
    stride : int
        A wave above ``0.5 / stride`` cycles a pixel comes out as another one (aliasing).
    layer, network : str
    """

    weights: torch.Tensor = field(repr=False)
    lengths: torch.Tensor = field(repr=False)
    dead: tuple[int, ...]
    frequencies: torch.Tensor = field(repr=False)
    power: torch.Tensor = field(repr=False)
    stride: int
    layer: str
    network: str


def first_filters(network: Backbone | nn.Module, bins: int = 16) -> Filters:
    """The filters of the first convolution, which of them are dead, and their power by frequency.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    bins : int
        Of the frequencies.

    Returns
    -------
    Filters
        ``plates.first_filters`` draws it.

    Raises
    ------
    VisualizeError
        For a network without convolutions.

    Notes
    -----
    Zeiler & Fergus 2013, section 4.1: AlexNet's first filters lack middle frequencies, and its stride of 4 makes aliases.
    """
    named = module_of(network).named_modules()
    layer, first = next(((name, part) for name, part in named if isinstance(part, nn.Conv2d)), ("", None))
    if first is None:
        raise VisualizeError(f"{name_of(network)} has no convolution whose filters could be shown.")
    weights = first.weight.detach().float().cpu()
    lengths = weights.flatten(1).norm(dim=1)
    dead = lengths < DEAD * lengths.median()
    frequencies, power = spectrum(weights[~dead], bins)
    return Filters(
        weights, lengths, tuple(dead.nonzero().flatten().tolist()), frequencies, power, first.stride[0], layer,
        name_of(network),
    )  # fmt: skip


def spectrum(weights: torch.Tensor, bins: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    """Power by frequency, whatever the direction: every filter counts alike.

    Parameters
    ----------
    weights : torch.Tensor, shape (filters, channels, height, width)
    bins : int

    Returns
    -------
    frequencies, power : torch.Tensor, shape (bins,)
        Cycles a pixel; mean power of a ring of the plane of frequencies, as a share of the sum over rings.
    """
    power = torch.fft.fft2(weights, s=(GRID, GRID)).abs().square().sum(1)
    power = (power / power.sum((1, 2), keepdim=True).clamp(min=1e-20)).mean(0)
    axis = torch.fft.fftfreq(GRID)
    radius = torch.hypot(axis[:, None], axis[None])
    inside = radius <= 0.5
    ring = (radius[inside] * 2 * bins).long().clamp(max=bins - 1)
    total = torch.zeros(bins).index_add(0, ring, power[inside])
    means = total / torch.bincount(ring, minlength=bins).clamp(min=1)
    return (torch.arange(bins) + 0.5) / (2 * bins), means / means.sum().clamp(min=1e-20)


def receptive_field(network: Backbone | nn.Module, layer: str, size: int | None = None) -> Field:
    """The receptive field of a layer: from kernel sizes, strides, paddings and dilations, without looking at weights.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    layer : str
        The name of a module.
    size : int, optional
        Side of the pictures in pixels; default: the backbone's crop, or 224.

    Returns
    -------
    Field
        Where ways of several lengths meet (residual sums, joins), what any of them sees. Where something pools over the
        whole picture (a squeeze-and-excitation gate, attention) or is not known here: the whole picture. So nothing outside
        ever counts.

    Raises
    ------
    VisualizeError
        For a layer that does not exist.

    Examples
    --------
    Of two convolutions of 3 × 3, the second one's place sees five pixels across:

    >>> from torch import nn
    >>> chain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    >>> receptive_field(chain, "1", size=32).size
    (5, 5)
    """
    look = opened(network, layer)
    return seen_by(look.module, look.layer, size or (look.transform.crop if look.transform else 224))[0]
