"""In the place of a head that a weights file does not hold."""

from __future__ import annotations

from torch import nn

from shoulders.backbones.transform import BackboneError


class NoClasses(BackboneError):
    """Classes are asked of a network without a head."""


class NoHead(nn.Module):
    """Takes the hidden features, and has nothing to say of them.

    Parameters
    ----------
    sentence : str
        For who asks.
    """

    def __init__(self, sentence):
        super().__init__()
        self.sentence = sentence

    def forward(self, *_):
        raise NoClasses(self.sentence)
