"""Cover one part of a picture after the other and see what the network makes of it: figure 7 of Zeiler & Fergus."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.progress import track
from shoulders.visualize import networks
from shoulders.visualize.networks import VisualizeError
from shoulders.visualize.projection import mixed, project

GREY = "the training pictures' mean colour"


@dataclass(frozen=True)
class Occlusion:
    """One picture, covered window by window; grids hold a value for each window, rows by columns.

    Attributes
    ----------
    picture : torch.Tensor of uint8, shape (3, height, width)
    map : int
        The layer's strongest map on the whole picture.
    activity : torch.Tensor, shape (rows, columns)
        Sum of this map over its places.
    projection : torch.Tensor, shape (3, height, width)
        Of this map's strongest place, in the network's input units.
    probability : torch.Tensor, shape (rows, columns)
        Of the class `target`.
    label : torch.Tensor of int, shape (rows, columns)
        The likeliest class.
    whole_activity, whole_probability : float
    whole_label : int
        The same of the picture uncovered.
    target : int
    names : tuple of str
        Of the classes; empty where nobody has named them.
    layer : str
    boxes : tuple of (top, left, bottom, right)
        The windows, row by row, in pixels; the last two excluded.
    patch, stride : int
        Pixels.
    fill : str
        What the windows were filled with.
    """

    picture: torch.Tensor = field(repr=False)
    map: int
    activity: torch.Tensor = field(repr=False)
    projection: torch.Tensor = field(repr=False)
    probability: torch.Tensor = field(repr=False)
    label: torch.Tensor = field(repr=False)
    whole_activity: float
    whole_probability: float
    whole_label: int
    target: int
    names: tuple = field(repr=False)
    layer: str
    boxes: tuple = field(repr=False)
    patch: int
    stride: int
    fill: str

    @property
    def drop(self) -> torch.Tensor:
        """How much of the activity each window takes away, shape (rows, columns)."""
        return self.whole_activity - self.activity

    def spread(self, grid: torch.Tensor) -> torch.Tensor:
        """A grid at the size of the picture: every pixel gets the mean over the windows that cover it."""
        total = torch.zeros(self.picture.shape[1:])
        count = torch.zeros_like(total)
        for value, (top, left, bottom, right) in zip(grid.flatten(), self.boxes):
            total[top:bottom, left:right] += value
            count[top:bottom, left:right] += 1
        return total / count.clamp(min=1)


def windows(height: int, width: int, patch: int, stride: int) -> list[tuple[int, int, int, int]]:
    """The windows row by row: top, left, bottom, right (the last two excluded); the last ones are cut at the border.

    Raises
    ------
    VisualizeError
        For windows that do not fit, or that leave gaps.
    """
    if not 0 < stride <= patch <= min(height, width):
        raise VisualizeError(
            f"Windows of {patch} pixels every {stride} pixels on {height} × {width}: give 0 < stride <= patch <= the picture."
        )
    tops, lefts = (range(0, stride * count(side, patch, stride), stride) for side in (height, width))
    return [(top, left, min(top + patch, height), min(left + patch, width)) for top in tops for left in lefts]


def count(side: int, patch: int, stride: int) -> int:
    """How many windows stand along one side."""
    return math.ceil((side - patch) / stride) + 1


def occlusion(
    network: Backbone | nn.Module,
    image,
    layer: str,
    target: int | None = None,
    watch: int | None = None,
    patch: int | None = None,
    stride: int | None = None,
    fill="grey",
    batch_size: int = 32,
) -> Occlusion:
    """All panels of figure 7 from one pass over the covered pictures.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
        Gives one score a class.
    image : path, PIL.Image, or tensor of shape (3, height, width)
    layer : str
        One of its maps is watched; figure 7 watches the fifth layer.
    target : int, optional
        The class whose probability is watched; default: the likeliest one.
    watch : int, optional
        The map; default: the one with the strongest answer to the whole picture.
    patch, stride : int, optional
        The window's side and step in pixels; default: a sixth of the picture's shorter side, and half the window.
    fill : 'grey', a number, or three numbers
        ``'grey'``: the mean colour of the training pictures (zero for the network). Numbers: red, green, blue, 0 to 1; for a
        plain module in its own input units.
    batch_size : int
        Windows that go through the network together.

    Returns
    -------
    Occlusion
        ``plates.occlusion`` draws it.

    Raises
    ------
    VisualizeError

    Notes
    -----
    Zeiler & Fergus 2013, arXiv 1311.2901, section 4.2; the paper gives no sizes.
    """
    whole = networks.inputs(network, image)[:1]
    height, width = whole.shape[2:]
    patch = patch or max(1, min(height, width) // 6)
    stride = stride or max(1, patch // 2)
    boxes, colour = windows(height, width, patch, stride), _colour(network, fill).to(whole)
    layer = networks.layer_of(network, layer)
    watch = _strongest(network, whole, layer) if watch is None else watch
    seen = project(network, whole, layer, watch)
    start, found = _looks(networks.quiet_copy(network), whole, layer, watch, boxes, colour, batch_size)
    target = int(start[1].argmax()) if target is None else target
    grid = count(height, patch, stride), count(width, patch, stride)
    (activity, shares), (whole_activity, whole_shares) = found, start
    return Occlusion(
        networks.decoded(network, image)[0], watch, activity.view(grid), seen.pixels[0], shares[:, target].view(grid),
        shares.argmax(1).view(grid), float(whole_activity), float(whole_shares[0, target]), int(whole_shares.argmax()), target,
        _names(network), layer, tuple(boxes), patch, stride, GREY if fill == "grey" else f"the colour {fill}",
    )  # fmt: skip


def _colour(network, fill):
    """What fills the windows, in the network's input units: three numbers, or one."""
    if isinstance(fill, str):
        if fill != "grey":
            raise VisualizeError(f"The fill {fill!r} is not known: say 'grey', a number, or three numbers (red, green, blue).")
        return torch.zeros(1, 1, 1)
    colour = torch.as_tensor(fill, dtype=torch.float32).reshape(-1, 1, 1)
    if not isinstance(network, Backbone):
        return colour
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (network.transform.mean, network.transform.std))
    return (colour - mean) / std


def _names(network):
    return network.classes if isinstance(network, Backbone) else ()


def _strongest(network, whole, layer):
    """The map with the strongest single answer to the whole picture."""
    module = networks.quiet_copy(network)
    networks.need_once(module, whole, layer)
    with torch.no_grad():
        output, _ = networks.forward(module, whole, layer)
    return int(mixed(output, None).flatten(2).amax(2).argmax())


def _looks(module, whole, layer, watch, boxes, colour, batch_size):
    """Activity and class probabilities, of the whole picture and of every covered one: (n,) and (n, classes) each."""
    with torch.inference_mode(), networks.exact():
        start = _look(module, whole, layer, watch)
        covered = track(_covered(whole, boxes, colour, batch_size), len(boxes), "Covering", "windows", len)
        parts = [_look(module, batch, layer, watch) for batch in covered]
    return start, tuple(torch.cat(part) for part in zip(*parts))


def _look(module, images, layer, watch):
    sums = []
    part = networks.submodule(module, layer)
    hook = part.register_forward_hook(lambda _, taken, output: sums.append(mixed(output, None)[:, watch].sum((1, 2)).cpu()))
    try:
        scores = module(images)
    finally:
        hook.remove()
    if scores.ndim != 2:
        raise VisualizeError(f"The network gives {tuple(scores.shape[1:])} for a picture instead of a score for each class.")
    return sums[0], scores.softmax(1).cpu()


def _covered(whole, boxes, colour, batch_size):
    """The picture with one window covered, a few at a time."""
    for start in range(0, len(boxes), batch_size):
        chosen = boxes[start : start + batch_size]
        images = whole.repeat(len(chosen), 1, 1, 1)
        for image, (top, left, bottom, right) in zip(images, chosen):
            image[:, top:bottom, left:right] = colour
        yield images
