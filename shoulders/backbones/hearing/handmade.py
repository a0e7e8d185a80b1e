"""Controls that have learnt nothing: `mfcc`, what telephones used before networks, and `duration`, how long it lasts.

A giant that is worth its weights knows more. Random weights of a giant's own layout are a third control: ``weights="random"``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones.card import Card
from shoulders.backbones.graphs import Graph
from shoulders.backbones.hearing import spectra
from shoulders.backbones.hearing.transform import Heard

if TYPE_CHECKING:
    from torch import nn

_CARD = {
    "library": "handmade",
    "sense": "sounds",
    "licence": "Apache-2.0 (this project)",
    "trained_on": "nothing: a control",
    "parameters": 0,
    "gmacs": 0.0,
    "head": "head",
}

WIDTHS = {"mfcc": 26, "duration": 1}


def cards() -> list[Card]:
    coefficients = "Davis & Mermelstein 1980, IEEE Trans. ASSP 28(4)"
    return [
        Card("mfcc", transform=Heard("mfcc", stretches=4), year=1980, paper=coefficients, **_CARD),
        Card("duration", transform=Heard("duration"), **_CARD),
    ]


def card(name: str) -> Card | None:
    return next((card for card in cards() if card.name == name), None)


def path(card: Card) -> Path | None:
    """What they know is written there: a change of it is another network."""
    return Path(spectra.__file__)


def fetch(card: Card, progress: bool = True) -> Path:
    return path(card)


def network(card: Card) -> nn.Module:
    from shoulders.backbones.hearing.networks import Handmade

    return Handmade(card)


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return {}


def classes(card: Card) -> tuple[str, ...]:
    return ()


def arrays(card: Card, path: Path) -> dict:
    return {}


def graph(card: Card, weights: dict, transform: Heard):
    """An ONNX graph from rows, float32, shape (n, frames, bands, 1), to `hidden`: their means over stretches, or their sum."""
    layers = Graph()
    if card.name == "duration":
        layers.add("Flatten", [layers.add("ReduceSum", ["pixels", layers.held("along", [1], "int64")])], "hidden")
    else:
        rows = layers.add("Transpose", ["pixels"], perm=[0, 2, 1, 3])
        layers.stretches(rows, "pixels", transform, 1, 0.5, "hidden")
    width = WIDTHS[card.name]
    return layers.model(
        card.name, {"pixels": ("n", "frames", width, 1)}, {"hidden": ("n", transform.stretches * width)}, heard=True
    )
