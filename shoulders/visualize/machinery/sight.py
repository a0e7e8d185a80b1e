"""Of one place of a layer, look only at what it sees: between the steps of a chain, at a window of the maps.

A place of VGG16's last convolution sees nearly the whole picture, but of the maps just before it 3 × 3 places, of those before
them 5 × 5. So ever less is to be computed on the way up, and the same on the way back.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import torch
from torch import nn

from shoulders.visualize.machinery import VisualizeError, walk
from shoulders.visualize.machinery.deconvnet import Window, is_odd
from shoulders.visualize.machinery.fields import PIXEL, Field, Ruler, Span, aligned
from shoulders.visualize.machinery.walk import Step, Way


def first(module: nn.Module, images: torch.Tensor, layer: str) -> tuple[Way, Field]:
    """The way to a layer, and what its places see; a chain is found with no picture at all."""
    with Ruler(images) as ruler:
        way = walk.first(module, images, layer, dry=True)
    return way, ruler.field(way.answer)


def places(positions, count: int, answer: torch.Tensor) -> torch.Tensor:
    """One row and column for each of `count` pictures, inside the maps; a layer without maps has one place."""
    positions = torch.as_tensor(positions).long().cpu()
    if tuple(positions.shape) not in ((2,), (1, 2), (count, 2)):
        raise VisualizeError(
            f"Positions of shape {tuple(positions.shape)} do not go with {count} pictures: give one row and column, or "
            f"these for each picture, {(count, 2)}."
        )
    positions = positions.expand(count, 2)
    height, width = answer.shape[2:] or (1, 1)
    for row, column in positions.tolist():
        if not (0 <= row < height and 0 <= column < width):
            raise VisualizeError(f"The map has no place ({row}, {column}): it has {height} rows and {width} columns.")
    return positions


def passes(way: Way, field: Field, images: torch.Tensor, maps: torch.Tensor, rule: str, positions: torch.Tensor, directions=None):
    """As `shoulders.visualize.machinery.walk.passes`, looking only at what given places, (n, 2), see: way and field of `first`.

    Between the steps of a chain; of any other network in the pictures themselves, if it says the same of the first one.
    """
    size = field.aligned(positions.tolist(), images.shape[2:])[2]
    dry = not len(way.answer)
    if size == tuple(images.shape[2:]) and not dry:
        yield from walk.passes(way, images, maps, rule, positions)
        return
    for number, (some, of, at) in enumerate(walk.groups(size, images, maps, positions)):
        steps, inside = narrowed(way.chain, some, at) if dry else _cropped(way, field, some, rule, at)
        if not number and not dry and not _agree(way.answer, at, steps[-1].output, inside, of, directions):
            yield from walk.passes(way, images, maps, rule, positions)
            return
        yield steps, of, inside


def _cropped(way, field, images, rule, positions):
    """Up to the layer from the part of each picture that a place sees, and where the places then stand."""
    starts, skipped, size = field.aligned(positions.tolist(), images.shape[2:])
    crop = walk.step(Window(*zip(*starts), *size), images)
    return [crop, *walk.up(way, crop.output, rule)], positions - torch.tensor(skipped)


def _agree(whole, position, part, place, maps, directions):
    """Whether the first picture's activation is the same when less is looked at."""
    here, there = (
        walk.mixed(output[:1].detach(), directions)[0, maps[0], *at[0]] for output, at in ((whole, position), (part, place))
    )
    return torch.isclose(there, here, rtol=1e-3, atol=1e-5)


@torch.no_grad()
def narrowed(steps: list[Step], images: torch.Tensor, positions: torch.Tensor) -> tuple[list[Step], torch.Tensor]:
    """Up a chain of `first` again, looking between its steps only at what one place of the last, (n, 2), can see.

    Returns the steps, with a `deconvnet.Window` wherever something is left out, and where the places stand in what the last
    one says, (n, 2).
    """
    (down, rows), (across, columns) = (_extents(steps, axis, positions[:, axis].tolist()) for axis in (0, 1))
    signal, taken = images, []
    with walk.exact():
        for step, *extents in zip(steps, down, across):
            for part in _parts(step, *extents, signal.shape[2:]):
                taken.append(walk.step(part, signal))
                signal = taken[-1].output
    return taken, torch.tensor([rows, columns]).T


@dataclass(frozen=True)
class Extent:
    """Along one axis, what a step is shown of the maps before it, for each of some pictures.

    Attributes
    ----------
    starts : list of int
        Where it starts; it may lie outside, where zeros are.
    length : int
        For all the same.
    firsts : list of int
        The first place of the step's own that it answers.
    pads : bool
        Whether the step adds the padding itself, as always; else it is among what is shown.
    """

    starts: list[int]
    length: int
    firsts: list[int]
    pads: bool = True

    def counted_from(self, origins) -> Extent:
        """The same where the maps begin later, for each picture at another place."""
        return replace(self, starts=[start - origin for start, origin in zip(self.starts, origins)])


def _extents(steps, axis, places):
    """Along one axis: the `Extent` for each step, counted in what the step before answers, and where the places end up."""
    wanted, count, extents = places, 1, []
    for step in reversed(steps):
        side = step.input.shape[2 + axis]
        extents.append(extent(step.module, _seen(step.module, axis), wanted, count, side))
        inside = [(max(0, start), min(side, start + extents[-1].length)) for start in extents[-1].starts]
        count = max(1, *(last - first for first, last in inside))  # 1: a place may see nothing but padding
        wanted = [min(first, side - count) for first, _ in inside]
    extents.reverse()
    origins = [[0] * len(places), *(one.firsts for one in extents)]
    inside = [place - first for place, first in zip(places, origins[-1])]
    return [one.counted_from(before) for one, before in zip(extents, origins)], inside


def extent(part: nn.Module, seen: Span, places: list[int], count: int, side: int) -> Extent:
    """Along one axis, what a step has to be shown for `count` of its places, from each of `places` on.

    Of a convolution and a max-pool exactly what these see; of any other step so much more that its places stand as always.
    `seen`: what its place 0 sees of the maps before it, which have `side` places.
    """
    starts = [int(seen.first + place * seen.jump) for place in places]
    length = int(seen.last - seen.first + 1 + (count - 1) * seen.jump)
    inside = min(starts) >= 0 and max(starts) + length <= side
    exact = type(part) is nn.Conv2d or type(part) is nn.MaxPool2d and inside  # zeros are no padding for a maximum
    if exact and length < side and not is_odd(part):
        return Extent(starts, length, places, pads=False)
    starts, firsts, length = aligned(seen, places, side, count)
    return Extent(starts, length, firsts)


def _seen(part, axis):
    """What place 0 of a step of a chain sees of the maps before it, along one axis."""
    if not isinstance(part, nn.Conv2d | nn.MaxPool2d):
        return PIXEL
    return PIXEL.seen_through(*(_along(axis, size) for size in (part.kernel_size, part.stride, part.padding, part.dilation)))


def _along(axis, size):
    return size if isinstance(size, int) else size[axis]


def unpadded(part: nn.Module, down: Extent, across: Extent) -> nn.Module:
    """The step for what it is shown: itself, or a copy of the same weights that does not pad."""
    if down.pads and across.pads:
        return part
    padding = tuple(_along(axis, part.padding) if one.pads else 0 for axis, one in enumerate((down, across)))
    part = copy.copy(part)
    part.padding = padding
    return part


def _parts(step, down, across, size):
    """A window, where the step is not shown everything; and the step."""
    part = unpadded(step.module, down, across)
    if (down.length, across.length) == tuple(size) and not any(down.starts + across.starts):
        return [part]
    return [Window(down.starts, across.starts, down.length, across.length), part]
