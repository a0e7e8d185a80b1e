"""Compute again only what a covered window can change: in a network's first layers that is a small part of each map.

A window of 32 of 224 pixels touches 2 % of VGG16's first maps, where most of its sums are. The rest is the whole picture's own
answer. Further up the part grows; where it is most of the map, the network goes on as always.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from shoulders.visualize.machinery import sight
from shoulders.visualize.machinery.deconvnet import paste
from shoulders.visualize.machinery.fields import PIXEL, Field, Ruler
from shoulders.visualize.machinery.rules import instead
from shoulders.visualize.machinery.walk import Step

SHARE = 0.75
"""Above this share of a map, computing all of it is simpler and as fast."""

SMALL = 48
"""Pixels a side on which a unit is tried, to learn what its places see."""


@dataclass(frozen=True)
class Part:
    """What a window changes in the answer of one unit of a network: for every window where it starts, for all one size.

    Attributes
    ----------
    unit : torch.nn.Module
    maps : torch.Tensor, shape (1, channels, rows, columns)
        The unit's answer to the whole picture.
    field : Field
        What its places see of the unit before.
    tops, lefts : list of int
    height, width : int
    """

    unit: nn.Module | None
    maps: torch.Tensor
    field: Field
    tops: list[int]
    lefts: list[int]
    height: int
    width: int


@torch.no_grad()
def plan(steps: list[Step], whole: torch.Tensor, boxes) -> list[Part]:
    """The picture, (1, 3, height, width), and the units behind it of which a window changes a small part.

    The steps are those of the `units` of a quiet copy, on the way of the whole picture to a layer: the plan goes no further.
    """
    vertical = _alike([(top, bottom) for top, _, bottom, _ in boxes], whole.shape[2])
    across = _alike([(left, right) for _, left, _, right in boxes], whole.shape[3])
    parts = [Part(None, whole, Field(PIXEL, PIXEL), vertical[0], across[0], vertical[1], across[1])]
    for step in steps:
        part = _after(parts[-1], step)
        if part is None:
            break
        parts.append(part)
    return parts


def units(module: nn.Module) -> list[nn.Module]:
    """A network's children one after the other, with those of each Sequential in its place: what may stand in a row."""
    rows = (units(child) if type(child).forward is nn.Sequential.forward else [child] for child in module.children())
    return [unit for row in rows for unit in row]


def _after(before, step):
    """What is changed after one more unit; nothing when it does not stand behind the last one, or most of it is changed."""
    if step.input is not before.maps or not isinstance(step.output, torch.Tensor) or step.output.ndim != 4 or not step.stands:
        return None
    corner = step.input[:0, :, :SMALL, :SMALL]  # what a place sees is the same everywhere, and of no picture it costs nothing
    try:
        with Ruler(corner) as ruler:
            field = ruler.field(step.module(corner))
    except (RuntimeError, IndexError, ValueError):  # made for one size of picture alone, or for one picture
        return None
    if math.isinf(field.rows.first):
        return None
    rows, columns = step.output.shape[2:]
    tops, height = _reached(field.rows, before.tops, before.height, rows)
    lefts, width = _reached(field.columns, before.lefts, before.width, columns)
    return Part(step.module, step.output, field, tops, lefts, height, width) if height * width <= SHARE * rows * columns else None


def _reached(span, starts, length, side):
    """Along one axis, the places that see any of the changed ones: where they start, and one length."""
    jump = int(span.jump)
    firsts = [min(max(0, math.ceil((start - span.last) / jump)), side - 1) for start in starts]
    lasts = [min(math.floor((start + length - 1 - span.first) / jump), side - 1) for start in starts]
    return _alike([(first, max(first, last) + 1) for first, last in zip(firsts, lasts)], side)


def _alike(spans, side):
    """Spans of one length that hold the given ones (first, last excluded) and lie inside."""
    length = max(last - first for first, last in spans)
    return [min(first, side - length) for first, _ in spans], length


def _looked_at(part, before):
    """What the changed places of a part see of the maps before it, down and across."""
    axes = (part.field.rows, part.tops, part.height), (part.field.columns, part.lefts, part.width)
    sides = before.maps.shape[2:]
    return [sight.extent(part.unit, seen, starts, count, side) for (seen, starts, count), side in zip(axes, sides)]


def covered(parts: list[Part], boxes, colour: torch.Tensor, chosen) -> torch.Tensor:
    """What the last unit of a plan says of pictures with one of the boxes covered: (len(chosen), channels, height, width)."""
    first, last = parts[0], parts[-1]
    changed = torch.cat([_cut(first.maps, first.tops[i], first.lefts[i], first.height, first.width) for i in chosen])
    for region, i in zip(changed, chosen):
        top, left, bottom, right = boxes[i]
        region[:, top - first.tops[i] : bottom - first.tops[i], left - first.lefts[i] : right - first.lefts[i]] = colour
    for before, part in zip(parts, parts[1:]):
        changed = _stepped(before, part, changed, chosen)
    full = last.maps.repeat(len(chosen), 1, 1, 1)
    for i, maps, region in zip(chosen, full, changed):
        paste(maps, region, last.tops[i], last.lefts[i])
    return full


def _stepped(before, part, changed, chosen):
    """The changed part after one more unit, from the changed part before it and the whole picture's own values around it."""
    run = type(part.unit).forward  # its own, whatever `resumed` has put in its place
    if part.field == Field(PIXEL, PIXEL) and part.maps.shape[2:] == before.maps.shape[2:]:  # else it pads below or right
        return run(part.unit, changed)
    down, across = _looked_at(part, before)
    around = before.maps.new_zeros(len(chosen), before.maps.shape[1], down.length, across.length)
    for i, maps, region in zip(chosen, around, changed):
        top, left = down.starts[i], across.starts[i]
        paste(maps, before.maps[0], -top, -left)
        paste(maps, region, before.tops[i] - top, before.lefts[i] - left)
    found = run(sight.unpadded(part.unit, down, across), around)
    skips = [(part.tops[i] - down.firsts[i], part.lefts[i] - across.firsts[i]) for i in chosen]
    return torch.stack([one[:, top : top + part.height, left : left + part.width] for one, (top, left) in zip(found, skips)])


def _cut(maps, top, left, height, width):
    return maps[:, :, top : top + height, left : left + width]


def resumed(parts: list[Part]):
    """Within: the network goes on where a plan ends; give it what the last unit says in the place of pictures."""
    return instead({part.unit: _same for part in parts[1:]})


def _same(signal):
    return signal
