"""From one activation back to the pixels that made it: deconvnet, guided backpropagation, gradient."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import networks, rules, sight, walk
from shoulders.visualize.machinery.fields import Ruler
from shoulders.visualize.machinery.networks import VisualizeError


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

PIXELS = 2 * 224 * 224
"""That go up and back together on a CPU: of more, what lies between would be fetched from memory again and again."""


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
    images : Pictures, path, PIL.Image, a sequence of these, or tensor of shape (n, 3, height, width)
        See `shoulders.visualize.machinery.networks.inputs`.
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
    rules.need_rule(rule)
    module, layer = networks.quiet_copy(network), networks.layer_of(network, layer)
    images, maps = _in_pairs(networks.inputs(network, images), maps)
    with Ruler(images) as ruler:
        chain = None if positions is None else sight.chain_to(module, images, layer)
        answer = chain[-1].output if chain else networks.need_once(module, images, layer)
    first = mixed(answer, directions)
    need_maps(first, maps)
    if positions is None:
        pixels, values, positions, words = back(module, images, layer, maps, rule, None, directions)
    else:
        positions, field = _places(positions, len(images), first), ruler.field(answer)
        near = partial(_along, chain) if chain else partial(_in_sight, module, layer, first)
        pixels, values, words = near(images, maps, rule, positions, directions, field)
    return Projection(pixels.cpu(), maps, positions.cpu(), values.cpu(), layer, rule, words)


def back(module, images, layer, maps, rule, positions=None, directions=None):
    """Up to a layer of a `quiet_copy` and back to the pixels: these, the activations, where they stand, how it was done."""
    rules.need_rule(rule)
    walking, found = True, []
    for group in _groups(images.shape[2:], images, maps, positions):
        part = _by_walking(module, layer, rule, directions, *group) if walking else None
        walking = part is not None
        found.append(part or _by_autograd(module, layer, rule, directions, *group))
    words = _GRADIENT if rule == "gradient" else _WALKED if walking else _MODIFIED
    return *(torch.cat(part) for part in zip(*found)), words


def _groups(size, images, maps, positions):
    """A few pictures at a time, of which so much is looked at, with what was asked of each."""
    together = max(1, PIXELS // math.prod(size)) if images.device.type == "cpu" else len(images)
    places = itertools.repeat(None) if positions is None else positions.split(together)
    return zip(images.detach().split(together), maps.split(together), places)


@torch.no_grad()
def _by_walking(module, layer, rule, directions, images, maps, positions):
    return walked(*networks.forward(module, images, layer), positions, images, maps, rule, directions)


@torch.no_grad()
def walked(output, steps, positions, images, maps, rule, directions=None):
    """As `back`, after a pass that was made already (`networks.forward`); nothing, when its steps are no chain."""
    rules.need_rule(rule)
    if not walk.chain(steps, images, output):
        return None
    seeds, values, positions = _seeds(output, maps, positions, directions)
    with networks.exact():
        return walk.back(steps, seeds, rule), values, positions


def _by_autograd(module, layer, rule, directions, images, maps, positions):
    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller has switched off
        images = images.clone().requires_grad_()
        with rules.applied(module, rule):
            output, _ = networks.forward(module, images, layer)
        seeds, values, positions = _seeds(output.detach(), maps, positions, directions)
        with networks.exact():
            return torch.autograd.grad(output, images, seeds)[0], values, positions


def _along(chain, images, maps, rule, positions, directions, field):
    """Of given places up a chain and back: at each step, what they do not see need not be looked at."""
    groups = _groups(field.aligned(positions.tolist(), images.shape[2:])[2], images, maps, positions)
    found = [walked(*sight.narrowed(chain, some, places), some, of, rule, directions) for some, of, places in groups]
    pixels, values, _ = (torch.cat(part) for part in zip(*found))
    return pixels, values, _GRADIENT if rule == "gradient" else _WALKED


def _in_sight(module, layer, first, images, maps, rule, positions, directions, field):
    """The same of any network: the part of each picture that a place sees. Checked on the first one."""
    picture = images.shape[2:]
    starts, skipped, size = field.aligned(positions.tolist(), picture)
    if size != tuple(picture):
        window = walk.Window(*zip(*starts), *size)
        inside = positions - torch.tensor(skipped)
        pixels, values, _, words = back(module, window(images), layer, maps, rule, inside, directions)
        if torch.isclose(values[0], first[0, maps[0], *positions[0]], rtol=1e-3, atol=1e-5):
            return window.back(pixels, picture), values, words
    pixels, values, _, words = back(module, images, layer, maps, rule, positions, directions)
    return pixels, values, words


def _places(positions, count, first):
    """One row and column for each picture, inside the map."""
    positions = torch.as_tensor(positions).long().cpu()
    if tuple(positions.shape) not in ((2,), (1, 2), (count, 2)):
        raise VisualizeError(
            f"Positions of shape {tuple(positions.shape)} do not go with {count} pictures: give one row and column, or "
            f"these for each picture, {(count, 2)}."
        )
    positions = positions.expand(count, 2)
    height, width = first.shape[2:]
    for row, column in positions.tolist():
        if not (0 <= row < height and 0 <= column < width):
            raise VisualizeError(f"The map has no place ({row}, {column}): it has {height} rows and {width} columns.")
    return positions


def _in_pairs(images, maps):
    """As many pictures as maps: one of either stands for all."""
    maps = torch.as_tensor(maps).long().flatten()
    count = max(len(images), len(maps))
    if len(images) not in (1, count) or len(maps) not in (1, count):
        raise VisualizeError(f"{len(maps)} maps do not go with {len(images)} pictures: give one map, or one for each picture.")
    return images.expand(count, *images.shape[1:]), maps.expand(count)


def mixed(output: torch.Tensor, directions: torch.Tensor | None) -> torch.Tensor:
    """What a layer says as (n, units, height, width): its maps, or the mixtures of them that `directions` names."""
    output = output[..., None, None] if output.ndim == 2 else output
    if directions is None:
        return output
    if directions.ndim != 2 or directions.shape[1] != output.shape[1]:
        shape = " × ".join(map(str, directions.shape))
        raise VisualizeError(f"Directions of {shape} do not go with {output.shape[1]} maps: give (m, {output.shape[1]}).")
    return torch.einsum("nchw,mc->nmhw", output, directions.to(output))


def _seeds(output, maps, positions, directions):
    """The layer with everything but the chosen activations set to zero, these activations, and where they stand."""
    units = mixed(output, directions)
    every = torch.arange(len(units), device=units.device)
    chosen = units[every, maps.to(units.device)]
    if positions is None:
        places = chosen.flatten(1).argmax(1)
        positions = torch.stack([places // chosen.shape[2], places % chosen.shape[2]], 1)
    positions = positions.to(units.device)
    rows, columns = positions.T
    values = chosen[every, rows, columns]
    units = torch.zeros_like(units)
    units[every, maps.to(units.device), rows, columns] = values
    seeds = units if directions is None else torch.einsum("nmhw,mc->nchw", units, directions.to(units))
    return seeds.reshape(output.shape), values, positions


def need_maps(output: torch.Tensor, maps) -> None:
    """Refuse a map that the layer has not.

    Raises
    ------
    VisualizeError
    """
    if strange := [int(m) for m in maps if not 0 <= m < output.shape[1]]:
        raise VisualizeError(f"The layer has no map {strange[0]}: its maps are 0 to {output.shape[1] - 1}.")
