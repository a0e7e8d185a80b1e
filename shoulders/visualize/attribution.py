"""Grad-CAM and integrated gradients: captum computes them well, so captum does."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import VisualizeError, walk
from shoulders.visualize.machinery.networks import opened


@dataclass(frozen=True)
class Heat:
    """Where in each picture a class is found.

    Attributes
    ----------
    maps : torch.Tensor, shape (n, height, width), float32
        At least zero; comparable within one picture.
    targets : tuple of int
        The class, for each picture.
    names : tuple of str
        Of these classes.
    words : str
        How it was computed.
    """

    maps: torch.Tensor = field(repr=False)
    targets: tuple[int, ...]
    names: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Attribution:
    """What each pixel adds to the score of a class.

    Attributes
    ----------
    pixels : torch.Tensor, shape (n, 3, height, width), float32
        In units of the score; with sign.
    gap : torch.Tensor, shape (n,)
        By how much their sum misses the difference of the two scores that it should equal: the error of the steps.
    targets, names, words
        As in `Heat`.
    """

    pixels: torch.Tensor = field(repr=False)
    gap: torch.Tensor
    targets: tuple[int, ...]
    names: tuple[str, ...]
    words: str


def grad_cam(network: Backbone | nn.Module, images, layer: str, targets=None) -> Heat:
    """The maps of a layer, weighted by how much the class's score rises with each, summed, and enlarged to the picture.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    images : as in `project`
    layer : str
        A late layer with maps.
    targets : int or sequence of int, optional
        The class of each picture; default: the likeliest.

    Returns
    -------
    Heat
        ``plates.heat`` draws it.

    Raises
    ------
    VisualizeError
        For a layer without maps, a class that the network has not, and when captum is not installed.

    Notes
    -----
    Selvaraju et al. 2017, arXiv 1610.02391; computed by captum's ``LayerGradCam``.
    """
    captum = _captum()
    look = opened(network, layer, images)
    images = look.images.detach().requires_grad_()
    if walk.first(look.module, images, look.layer).answer.ndim != 4:
        raise VisualizeError(f"The layer {look.layer!r} has no maps: choose a lower one.")
    targets = _targets(look, targets)
    with walk.exact():
        cam = captum.LayerGradCam(look.module, walk.submodule(look.module, look.layer))
        found = cam.attribute(images, targets, relu_attributions=True)
    found = captum.LayerAttribution.interpolate(found.detach(), tuple(images.shape[2:]), "bilinear")[:, 0]
    targets = tuple(targets.tolist())
    return Heat(found.cpu(), targets, look.called(targets), f"Grad-CAM at {look.layer}, computed by captum")


def integrated_gradients(
    network: Backbone | nn.Module, images, targets=None, steps: int = 64, batch_size: int = 32
) -> Attribution:
    """The gradient of a class's score, averaged on the straight way from a picture without content to this one.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    images : as in `project`
    targets : int or sequence of int, optional
        The class of each picture; default: the likeliest.
    steps : int
        On the way from the training pictures' mean colour; more steps, a smaller gap.
    batch_size : int
        Steps that go through the network together.

    Returns
    -------
    Attribution
        ``plates.heat`` draws it.

    Raises
    ------
    VisualizeError
        For a class that the network has not, no step, and when captum is not installed.

    Notes
    -----
    Sundararajan, Taly, Yan 2017, arXiv 1703.01365; computed by captum's ``IntegratedGradients``.
    """
    captum = _captum()
    if steps < 1:
        raise VisualizeError(f"{steps} steps: take at least one.")
    look = opened(network, shown=images)
    images, targets = look.images.detach(), _targets(look, targets)
    with walk.exact():
        pixels, gap = captum.IntegratedGradients(look.module).attribute(
            images, target=targets, n_steps=steps, internal_batch_size=max(batch_size, len(images)), return_convergence_delta=True
        )
    words = f"integrated gradients in {steps} steps from the training pictures' mean colour, computed by captum"
    targets = tuple(targets.tolist())
    return Attribution(pixels.detach().float().cpu(), gap.detach().float().cpu(), targets, look.called(targets), words)


def _captum():
    try:
        from captum import attr
    except ImportError as error:
        raise VisualizeError("This needs captum: run `pip install captum`.") from error
    return attr


def _targets(look, targets):
    return walk.targets_of(walk.answers(look.module, look.images.detach(), [])[1], targets)
