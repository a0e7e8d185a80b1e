"""What a layer says, told as one row: the means over equal stretches of what is said, one after the other."""

from __future__ import annotations

import torch
from torch import nn


class Stretches(nn.Module):
    """The means of a layer's answers over equal stretches of what is said.

    An answer is about the time around its middle, half way to its neighbours. It counts in a stretch by how much of that time
    lies there: so none of the context counts, and no stretch is empty.

    Parameters
    ----------
    count : int
        Of stretches.
    around : int
        Frames of context on either side.
    stride, first : float
        Frames from one answer to the next; the middle of the first answer, from the beginning of the first frame.
    """

    def __init__(self, count, around, stride=1, first=0.5):
        super().__init__()
        self.count, self.around, self.stride, self.first = count, around, stride, first

    def forward(self, answers: torch.Tensor, frames: int) -> torch.Tensor:
        """(n, stretches × d), from (n, answers, d) or (n, channels, answers, bands), of clips of so many frames."""
        if answers.ndim == 4:
            answers = answers.permute(0, 2, 3, 1).flatten(2)
        share = self.shares(answers.shape[1], frames - 2 * self.around).to(answers)
        return (share @ answers).flatten(1)

    def shares(self, answers: int, said: int) -> torch.Tensor:
        """How much each answer counts in each stretch: shape (stretches, answers), rows add up to 1."""
        middle = torch.arange(answers) * self.stride + (self.first - self.around)
        edges = torch.arange(self.count + 1)[:, None] * (said / self.count)
        ends = torch.minimum(middle + self.stride / 2, edges[1:])
        inside = (ends - torch.maximum(middle - self.stride / 2, edges[:-1])).clamp(min=0)
        return inside / inside.sum(1, keepdim=True)

    def extra_repr(self):
        return f"{self.count} stretches, {self.around} frames around, an answer each {self.stride:g}, the first at {self.first:g}"
