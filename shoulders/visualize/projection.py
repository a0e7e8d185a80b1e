"""From one activation back to the pixels that made it: deconvnet, guided backpropagation, gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import VisualizeError, rules, sight, walk
from shoulders.visualize.machinery.networks import Opened, opened


@dataclass(frozen=True)
class Projection:
    """What one activation each, of n pictures, looks like at the pixels.

    Attributes
    ----------
    pixels : torch.Tensor, shape (n, 3, height, width), float32, on the CPU
        In the network's own input units (standard deviations of its training pictures), with sign.
    maps : torch.Tensor of int, shape (n,)
    positions : torch.Tensor of int, shape (n, 2)
        Row and column of the activation in its map; 0, 0 in a layer without maps.
    values : torch.Tensor, shape (n,)
        The activations. One that is zero leaves an empty projection.
    layer, rule : str
    words : str
        How it was computed.
    """

    pixels: torch.Tensor = field(repr=False)
    maps: torch.Tensor
    positions: torch.Tensor = field(repr=False)
    values: torch.Tensor = field(repr=False)
    layer: str
    rule: str
    words: str


_WALKED = "the way of the paper: switches, rectified signal, transposed filters, no biases"
_MODIFIED = (
    "the backward pass with another rule at each ReLU, which is the same thing in a chain; the paper defines no deconvnet for "
    "this network's other steps (means, BatchNorm, sums or joins of several ways)"
)
_GRADIENT = "the gradient of the activation by the pixels, times the activation"


def project(
    network: Backbone | nn.Module,
    images,
    layer: str,
    maps: int | Sequence[int],
    rule: str = "deconvnet",
    positions=None,
    directions: torch.Tensor | None = None,
) -> Projection:
    """Keep one activation of a layer with its own value, set all others to zero, and send it back to the pixels.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
        Stays as it is.
    images : Samples, path, PIL.Image, a sequence of these, or tensor of shape (n, 3, height, width)
        See `shoulders.visualize.machinery.networks.opened`.
    layer : str
        The name of a module, ``'features.22'`` for instance; the pass stops there. ``'classes'``: the head.
    maps : int or sequence of int
        One for all pictures, or one for each; of one picture, as many as you like.
    rule : str
        ``'deconvnet'``, ``'guided'`` or ``'gradient'``: see `shoulders.visualize.machinery.rules.RULES`.
    positions : sequence of (row, column), optional
        For each; default: where the map is strongest.
    directions : torch.Tensor, shape (m, channels), optional
        Look at these mixtures of the layer's maps instead of the maps: a control (`random_units`).

    Returns
    -------
    Projection

    Raises
    ------
    VisualizeError
        For an unknown layer, map, rule or place, and for a network that bends its signal where the rule does not reach: a
        functional ReLU, a SiLU, a GELU.

    Notes
    -----
    Zeiler & Fergus 2013, arXiv 1311.2901, section 2.1. All pictures go through the network and back in one batch. A chain of
    convolutions, ReLUs and max-pools is walked back step by step as in the paper (`shoulders.visualize.machinery.walk`). Any
    other network goes back by autograd with the rule put into its ReLUs. `words` says which. Of given positions only what
    they can see is looked at (`shoulders.visualize.machinery.sight`): the same result, sooner.
    """
    return projected(opened(network, layer, images), maps, rule, positions, directions)


def projected(look: Opened, maps, rule: str, positions=None, directions=None) -> Projection:
    """As `project`, of a network that is open already."""
    rules.need_rule(rule)
    images, maps = _in_pairs(look.images, maps)
    if positions is None:
        way = walk.first(look.module, images, look.layer)
        passes = walk.passes(way, images, maps, rule)
    else:
        way, field = sight.first(look.module, images, look.layer)
        positions = sight.places(positions, len(images), way.answer)
        passes = sight.passes(way, field, images, maps, rule, positions, directions)
    walk.need_maps(walk.mixed(way.answer, directions), maps)
    found = []
    for steps, some, places in passes:
        seeds, values, places = walk.kept(steps[-1].output, some, places, directions)
        found.append((walk.back(steps, seeds, rule), values, places))
    pixels, values, places = (torch.cat(part).cpu() for part in zip(*found))
    words = _GRADIENT if rule == "gradient" else _WALKED if way.chain else _MODIFIED
    return Projection(pixels, maps, places if positions is None else positions, values, look.layer, rule, words)


def _in_pairs(images, maps):
    """As many pictures as maps: one of either stands for all."""
    maps = torch.as_tensor(maps).long().flatten()
    count = max(len(images), len(maps))
    if len(images) not in (1, count) or len(maps) not in (1, count):
        raise VisualizeError(f"{len(maps)} maps do not go with {len(images)} pictures: give one map, or one for each picture.")
    return images.expand(count, *images.shape[1:]), maps.expand(count)
