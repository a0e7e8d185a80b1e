"""The receptive field: which pixels one place of a layer can see at all. Computed from kernels and strides alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from shoulders.support import devices
from shoulders.visualize.machinery import walk


@dataclass(frozen=True)
class Span:
    """What place 0 of a layer sees along one axis: pixels `first` to `last`, both included; the next place `jump` further.

    Negative pixels lie in the padding. Infinite: the whole picture.
    """

    first: float
    last: float
    jump: float

    def seen_through(self, kernel: int, stride: int, padding: int, dilation: int = 1) -> Span:
        """The same after a window of `kernel` places has moved over the layer in steps of `stride`."""
        start = -padding * self.jump
        reach = dilation * (kernel - 1) * self.jump
        return Span(self.first + start, self.last + start + reach, self.jump * stride)

    def __or__(self, other: Span) -> Span:
        """What either of two sees."""
        return Span(min(self.first, other.first), max(self.last, other.last), max(self.jump, other.jump))


WHOLE = Span(-math.inf, math.inf, 0)
PIXEL = Span(0, 0, 1)


@dataclass(frozen=True)
class Field:
    """What a layer sees, down and across the picture."""

    rows: Span
    columns: Span

    @property
    def size(self) -> tuple[float, float]:
        """Height and width in pixels; ``inf`` for a layer that sees the whole picture whatever its size."""
        return tuple(span.last - span.first + 1 for span in (self.rows, self.columns))

    def box(self, row: int, column: int, picture) -> tuple[int, int, int, int]:
        """The pixels that a place of the layer sees: top, left, bottom, right (the last two excluded), inside the picture."""
        (top, bottom), (left, right) = (
            _clipped(span, place, side) for span, place, side in zip((self.rows, self.columns), (row, column), picture)
        )
        return top, left, bottom, right

    def window(self, row: int, column: int, picture) -> tuple[int, int, int, int]:
        """As `box`, of one size for every place: at a border it is moved inside instead of being cut."""
        (top, bottom), (left, right) = (
            _moved(span, place, side) for span, place, side in zip((self.rows, self.columns), (row, column), picture)
        )
        return top, left, bottom, right

    def aligned(self, places, picture) -> tuple[list[tuple[int, int]], list[tuple[int, int]], tuple[int, int]]:
        """Windows of one size that hold the `box` of every place, and in which the layer's places stand as in the picture.

        Returns where they start, (top, left); how many of the layer's places lie before each; and their (height, width).
        """
        rows, columns = (
            aligned(span, [place[axis] for place in places], picture[axis]) for axis, span in enumerate((self.rows, self.columns))
        )
        return list(zip(rows[0], columns[0])), list(zip(rows[1], columns[1])), (rows[2], columns[2])


def aligned(span: Span, places, side: int, count: int = 1) -> tuple[list[int], list[int], int]:
    """Along one axis, windows of one length that hold what `count` places from each of `places` on see.

    They start at whole jumps, or so that they end where the picture of `side` pixels ends: inside them the layer's places
    stand as in the whole picture. Returns the starts, how many of the layer's places lie before each window, and the length.
    """
    if math.isinf(span.first):
        return [0] * len(places), [0] * len(places), side
    jump = int(span.jump)
    length = int(span.last - span.first) + count * jump
    length = min(side, length + (side - length) % jump)
    starts = [min(max(0, int(span.first) + place * jump) // jump * jump, side - length) for place in places]
    return starts, [start // jump for start in starts], length


def _clipped(span, place, side):
    if math.isinf(span.first):
        return 0, side
    first, last = (int(edge + place * span.jump) for edge in (span.first, span.last))
    return max(0, first), min(side, last + 1)


def _moved(span, place, side):
    length = int(min(span.last - span.first + 1, side))
    start = 0 if length == side else int(span.first + place * span.jump)
    start = min(max(0, start), side - length)
    return start, start + length


def seen_by(module: nn.Module, layer: str, size: int) -> tuple[Field, list[walk.Step]]:
    """What the places of a layer see in square pictures of `size` pixels, and the steps to it: found with one that is black."""
    first = next((part.in_channels for part in module.modules() if isinstance(part, nn.Conv2d)), 3)
    image = torch.zeros(1, first, size, size, device=devices.device())
    with torch.no_grad(), Ruler(image) as ruler:
        output, steps = walk.forward(module, image, layer)
    return ruler.field(output), steps


class Ruler(TorchDispatchMode):
    """Keeps beside every tensor of a pass what it sees of the picture."""

    def __init__(self, image):
        super().__init__()
        self.known = WeakTensorKeyDictionary()
        self.known[image] = Field(PIXEL, PIXEL)

    def field(self, tensor):
        return self.known.get(tensor, Field(WHOLE, WHOLE))

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        results = function(*args, **(kwargs or {}))
        flat = [part for arg in args for part in (arg if isinstance(arg, list | tuple) else [arg])]
        sources = [tensor for tensor in flat if isinstance(tensor, torch.Tensor) and tensor in self.known]
        if sources:
            field = self._after(function, sources, args, results)
            for result in results if isinstance(results, list | tuple) else [results]:
                if isinstance(result, torch.Tensor):
                    self.known[result] = field
        return results

    def _after(self, function, sources, args, results):
        name = function.overloadpacket.__name__
        if name in _WINDOWS and not _is_transposed(name, args):
            return _through(self.field(args[0]), *_WINDOWS[name](*args))
        result = results[0] if isinstance(results, list | tuple) else results
        alike = result.ndim > 2 and all(source.shape[-2:] == result.shape[-2:] for source in sources)
        if alike and (torch.Tag.pointwise in function.tags or name in _STAYING or _is_frozen_norm(name, args)):
            return _union([self.field(source) for source in sources])
        return Field(WHOLE, WHOLE)


def _through(field, kernel, stride, padding, dilation):
    """Each of the four as one number for each axis, or one for both."""
    pairs = [(value[0], value[-1]) for value in (kernel, stride or kernel, padding, dilation)]
    return Field(field.rows.seen_through(*(p[0] for p in pairs)), field.columns.seen_through(*(p[1] for p in pairs)))


def _union(fields):
    first, *others = fields
    for other in others:
        first = Field(first.rows | other.rows, first.columns | other.columns)
    return first


def _is_transposed(name, args):
    return name == "convolution" and args[6]


def _is_frozen_norm(name, args):
    """Whether it is a BatchNorm that does not take its statistics from these pictures (InstanceNorm is one that does)."""
    return name.endswith("batch_norm") and not args[5]


def _of_convolution(signal, weight, bias, stride, padding, dilation, *rest):
    return weight.shape[2:], stride, padding, dilation


def _of_pool(signal, kernel, stride=(), padding=(0,), dilation=(1,), *rest):
    return kernel, stride, padding, dilation if isinstance(dilation, list | tuple) else (1,)


def _of_mean_pool(signal, kernel, stride=(), padding=(0,), *rest):
    return kernel, stride, padding, (1,)


def _of_padding(signal, pad, *rest):
    return (1,), (1,), (pad[2] if len(pad) > 2 else 0, pad[0]), (1,)


_WINDOWS = {
    "convolution": _of_convolution,
    "max_pool2d_with_indices": _of_pool,
    "avg_pool2d": _of_mean_pool,
    "constant_pad_nd": _of_padding,
}

_STAYING = {
    "hardswish", "hardswish_", "_prelu_kernel", "masked_fill", "native_dropout", "detach", "alias", "_to_copy",
    "cat", "split", "split_with_sizes", "slice", "view", "_unsafe_view",
}  # fmt: skip
"""Operations that torch does not call pointwise and that leave every place where it is, if the last two sizes stay."""
