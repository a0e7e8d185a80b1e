"""The deconvnet of Zeiler & Fergus: unpool with the switches, rectify, filter with the transposed filters."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from shoulders.visualize.machinery.rules import RULES


class Window(nn.Module):
    """A step that lets a window of each picture's maps through, all of one size; on the way back zeros are put around it.

    Parameters
    ----------
    tops, lefts : sequence of int
        A window may reach over the border: zeros are there.
    height, width : int
    """

    def __init__(self, tops, lefts, height, width):
        super().__init__()
        self.tops, self.lefts, self.height, self.width = tops, lefts, height, width

    def forward(self, maps):
        return self._laid(maps, (self.height, self.width), -1)

    def back(self, signal, size):
        """Where it came from, in maps of a size (height, width) that are zero elsewhere."""
        return self._laid(signal, size, 1)

    def _laid(self, maps, size, sign):
        laid = maps.new_zeros(*maps.shape[:2], *size)
        for one, region, top, left in zip(laid, maps, self.tops, self.lefts):
            paste(one, region, sign * top, sign * left)
        return laid


def paste(maps: torch.Tensor, region: torch.Tensor, top: int, left: int) -> None:
    """Lay a region (c, height, width) over maps (c, rows, columns) at a place that may lie partly outside."""
    rows, columns = (_meet(place, size, side) for place, size, side in zip((top, left), region.shape[1:], maps.shape[1:]))
    maps[:, rows[0], columns[0]] = region[:, rows[1], columns[1]]


def _meet(place, size, side):
    """Where a span of `size` at `place` meets 0..side: as a slice of the side, and of the span."""
    first, last = max(0, place), max(max(0, place), min(side, place + size))
    return slice(first, last), slice(first - place, last - place)


def switches(signal: torch.Tensor, pool: nn.MaxPool2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Max-pooling that remembers where each maximum stood.

    Parameters
    ----------
    signal : torch.Tensor, shape (n, c, height, width)
    pool : torch.nn.MaxPool2d

    Returns
    -------
    pooled : torch.Tensor, shape (n, c, rows, columns)
    switches : torch.Tensor of int64, same shape
        Position of each maximum in its map, counted row by row.
    """
    return F.max_pool2d(signal, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode, return_indices=True)


def unpool(pooled: torch.Tensor, switches: torch.Tensor, size) -> torch.Tensor:
    """Put every value back to its switch, zeros elsewhere.

    Where windows overlap and share a switch their values are added, as the transposed operation does; the paper is silent
    about it. (``torch.nn.functional.max_unpool2d`` keeps one of them, and not always the same.)

    Parameters
    ----------
    pooled, switches : torch.Tensor, shape (n, c, rows, columns)
    size : (int, int)
        Height and width before pooling.

    Returns
    -------
    torch.Tensor, shape (n, c, height, width)
    """
    empty = pooled.new_zeros(*pooled.shape[:2], size[0] * size[1])
    return empty.scatter_add(2, switches.flatten(2), pooled.flatten(2)).unflatten(2, tuple(size))


def transposed(signal: torch.Tensor, convolution: nn.Conv2d, size) -> torch.Tensor:
    """Filter with the same filters, flipped, in and out exchanged; without biases.

    Parameters
    ----------
    signal : torch.Tensor, shape (n, out, rows, columns)
    convolution : torch.nn.Conv2d
    size : (int, int)
        Height and width that the convolution was given: where its stride leaves a rest they cannot be told from the signal.

    Returns
    -------
    torch.Tensor, shape (n, in, height, width)
    """
    c = convolution
    shortest = [
        (rows - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
        for rows, stride, padding, dilation, kernel in zip(signal.shape[2:], c.stride, c.padding, c.dilation, c.kernel_size)
    ]
    rest = [full - short for full, short in zip(size, shortest)]
    return F.conv_transpose2d(signal, c.weight, None, c.stride, c.padding, rest, c.groups, c.dilation)


def is_odd(module):
    """Whether it does more than `UNDONE` undoes: a hook that is still there is the learner's own."""
    if module._forward_hooks or module._forward_pre_hooks:
        return True
    return isinstance(module, nn.Conv2d) and (module.padding_mode != "zeros" or isinstance(module.padding, str))


def _through_convolution(step, signal, rule):
    return transposed(signal, step.module, step.input.shape[2:])


def _through_pool(step, signal, rule):
    return unpool(signal, switches(step.input, step.module)[1], step.input.shape[2:])


def _through_relu(step, signal, rule):
    return RULES[rule](step.output, signal)


def _through_window(step, signal, rule):
    return step.module.back(signal, step.input.shape[2:])


def _unchanged(step, signal, rule):
    return signal


UNDONE = {
    nn.Conv2d: _through_convolution,
    nn.MaxPool2d: _through_pool,
    nn.ReLU: _through_relu,
    Window: _through_window,
    nn.Dropout: _unchanged,
    nn.Identity: _unchanged,
}
"""How each kind of step is undone, from the step, the signal at its output, and a rule."""
