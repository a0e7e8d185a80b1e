"""The speaker encoder of the package Resemblyzer: three LSTMs that were taught to know who speaks, whatever is said.

The package is found without importing it, and without what it depends on; its file is read by ``torch.load(weights_only=True)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones import files, wheels
from shoulders.backbones.card import Card
from shoulders.backbones.hearing.transform import Heard
from shoulders.support import places

if TYPE_CHECKING:
    from torch import nn

NAME, WIDTH, BANDS = "resemblyzer", 256, 40
LAYERS = ("lstm0", "lstm1", "lstm2")
"""What is told, in `told`, besides ``embedding``."""

_CARD = Card(
    name=NAME,
    library=NAME,
    sense="sounds",
    transform=Heard(NAME, around=20, stretches=3),
    year=2019,
    paper="Wan et al., arXiv 1710.10467; github.com/resemble-ai/Resemblyzer",
    licence="Apache-2.0 (the package's LICENSE file)",
    trained_on="who speaks, from recordings of many voices (the package does not say which)",
    parameters=1_423_616,
    gmacs=0.13,
    head="head",
    package="--no-deps Resemblyzer==0.1.4",  # what it depends on would have to be compiled, and is not used here
    sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    bytes=17_090_379,
)


def cards() -> list[Card]:
    return [_CARD]


def card(name: str) -> Card | None:
    return _CARD if name == NAME else None


def path(card: Card) -> Path | None:
    return wheels.inside("resemblyzer", "pretrained.pt")


def fetch(card: Card, progress: bool = True) -> Path:
    return wheels.need(card, path(card))


def network(card: Card) -> nn.Module:
    from shoulders.backbones.hearing.networks import Resemblyzer

    return Resemblyzer(card.transform)


def state(card: Card, path: Path, network: nn.Module) -> dict:
    if places.digest(path) != card.sha256:
        return files.state(path, network, card, _renamed)
    import torch

    with open(path, "rb") as file:
        return _renamed(torch.load(file, map_location="cpu", weights_only=True)["model_state"])


def _renamed(found):
    """Under our names: each LSTM is a layer of its own here. The similarity of two speakers is not asked for."""
    return {_ours(name): tensor for name, tensor in found.items() if not name.startswith("similarity_")}


def _ours(name):
    if not name.startswith("lstm."):
        return name
    part, _, layer = name.removeprefix("lstm.").rpartition("_l")
    return f"lstms.{layer}.{part}_l0"


def classes(card: Card) -> tuple[str, ...]:
    return ()
