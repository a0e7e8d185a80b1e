"""Cover one part of a picture after the other and see what the network makes of it: figure 7 of Zeiler & Fergus."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.support.progress import track
from shoulders.visualize.machinery import VisualizeError, locality, rules, walk
from shoulders.visualize.machinery.networks import opened, statistics

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
    colour : tuple of float or None
        The same as red, green, blue from 0 to 1; None where only the module knows what its numbers mean.
    rule : str
        Of the projection.
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
    colour: tuple | None
    rule: str

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
    rule: str = "deconvnet",
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
    rule : str
        Of the projection; a network without ReLU modules takes ``'gradient'`` alone.
    batch_size : int
        Windows that go through the network together.

    Returns
    -------
    Occlusion
        ``plates.occlusion`` draws it.

    Raises
    ------
    VisualizeError
        For an unknown layer, map, class, rule or fill, windows that cannot stand, and a network without class scores.

    Notes
    -----
    Zeiler & Fergus 2013, arXiv 1311.2901, section 4.2; the paper gives no sizes. In a network's first layers only what
    a window can change is computed again (`shoulders.visualize.machinery.locality`): the same result, sooner.
    """
    look = opened(network, layer, image)
    whole, module = look.images[:1], look.module
    height, width = whole.shape[2:]
    patch = patch or max(1, min(height, width) // 6)
    stride = stride or max(1, patch // 2)
    boxes, colour = windows(height, width, patch, stride), _colour(fill, look.transform).to(whole)
    watch, target, whole_activity, whole_shares = _uncovered(module, whole, look.layer, watch, target)
    projection, steps = _projected(module, whole, look.layer, watch, rule)
    shown = partial(_shown, module, look.layer, watch, boxes, colour)
    parts = _shortened(shown, locality.plan(steps, whole, boxes), len(boxes) // 2)
    activity, shares = _each(shown, parts, len(boxes), batch_size)
    grid = count(height, patch, stride), count(width, patch, stride)
    return Occlusion(
        picture=look.pictures[0], projection=projection, map=watch, target=target,
        activity=activity.view(grid), probability=shares[:, target].view(grid), label=shares.argmax(1).view(grid),
        whole_activity=float(whole_activity), whole_probability=float(whole_shares[0, target]),
        whole_label=int(whole_shares.argmax()), names=look.classes, layer=look.layer, boxes=tuple(boxes),
        patch=patch, stride=stride, fill=GREY if isinstance(fill, str) else f"the colour {fill}",
        colour=_seen(colour, look.transform), rule=rule,
    )  # fmt: skip


def _uncovered(module, whole, layer, watch, target):
    """The map and the class that are watched, and what `_watched` says of the whole picture."""
    answer, scores = walk.answers(module, whole, [layer])
    walk.need_channels_first(answer[layer], whole, layer)
    maps = walk.mixed(answer[layer], None)
    watch = int(maps.flatten(2).amax(2).argmax()) if watch is None else watch
    walk.need_maps(maps, [watch])
    return watch, int(walk.targets_of(scores, target)), *_watched(maps, scores, watch)


def _projected(module, whole, layer, watch, rule):
    """The watched map's projection, and the units that the whole picture went through on its way."""
    rules.need_rule(rule)
    way, units = walk.short(module, whole, layer, locality.units(module))
    steps = way.chain or walk.up(way, whole, rule)
    seeds, *_ = walk.kept(steps[-1].output, torch.tensor([watch]))
    return walk.back(steps, seeds, rule)[0].cpu(), units


def _colour(fill, transform):
    """What fills the windows, in the network's input units: three numbers, or one."""
    if isinstance(fill, str):
        if fill != "grey":
            raise VisualizeError(f"The fill {fill!r} is not known: say 'grey', a number, or three numbers (red, green, blue).")
        return torch.zeros(1, 1, 1)
    colour = torch.as_tensor(fill, dtype=torch.float32).reshape(-1, 1, 1)
    if len(colour) not in (1, 3):
        raise VisualizeError(f"The fill has {len(colour)} numbers: give one, or three (red, green, blue).")
    if not transform:
        return colour
    mean, std = statistics(transform)
    return (colour - mean) / std


def _seen(colour, transform):
    """The same as a person would see it."""
    if not transform:
        return None
    mean, std = statistics(transform)
    return tuple((colour.cpu() * std + mean).clamp(0, 1).flatten().tolist())


def _watched(maps, scores, watch):
    """Activity and class probabilities: (n,) and (n, classes)."""
    return maps[:, watch].sum((1, 2)).cpu(), scores.softmax(1).cpu()


@torch.no_grad()
def _shown(module, layer, watch, boxes, colour, parts, chosen):
    """The same of some of the covered pictures, shown to the network where a plan ends."""
    with walk.exact(), locality.resumed(parts):
        answer, scores = walk.answers(module, locality.covered(parts, boxes, colour, chosen), [layer])
    return _watched(walk.mixed(answer[layer], None), scores, watch)


def _each(shown, parts, total, batch_size):
    """The same of every covered picture."""
    groups = [range(i, min(i + batch_size, total)) for i in range(0, total, batch_size)]
    found = [shown(parts, group) for group in track(groups, total, "Covering", "windows", len)]
    return tuple(torch.cat(part) for part in zip(*found))


def _shortened(shown, parts, tried):
    """The plan, if the network says the same of one covered picture where it ends; else the picture itself."""
    expected = shown(parts[:1], [tried])
    try:
        found = shown(parts, [tried])
        if all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(found, expected)):
            return parts
    except (RuntimeError, VisualizeError):  # a network that does something else with its picture, too
        pass
    return parts[:1]
