"""The network that was trained for this course and ships in the box: `vgg16_tiny`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones import files
from shoulders.backbones.card import Card
from shoulders.backbones.transform import Transform
from shoulders.support import places

if TYPE_CHECKING:
    from torch import nn


def cards() -> list[Card]:
    """One, where its file ships."""
    told = _file().with_suffix(".json")
    return [_card(json.loads(told.read_text(encoding="utf-8")))] if told.exists() else []


def card(name: str) -> Card | None:
    return next((card for card in cards() if card.name == name), None)


def path(card: Card) -> Path | None:
    return _file() if _file().exists() else None


def fetch(card: Card, progress: bool = True) -> Path:
    return _file()  # it has a card only where the file ships


def network(card: Card) -> nn.Module:
    return vgg16_tiny()


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return files.state(path, network, card)


def classes(card: Card) -> tuple[str, ...]:
    return card.classes


def _file():
    return places.box() / "weights" / "vgg16_tiny.safetensors"


def _card(ours):
    size = ours["input"]
    return Card(
        name="vgg16_tiny",
        library="ours",
        transform=Transform(size["px"], size["px"], size["interpolation"], tuple(size["mean"]), tuple(size["std"])),
        year=2026,
        paper="Simonyan & Zisserman, arXiv 1409.1556, at 3/8 of its width",
        licence=ours["licence"],
        trained_on="Tiny ImageNet: 100,000 photographs of 200 classes, 64 × 64 pixels",
        parameters=ours["parameters"],
        gmacs=ours["gmacs"],
        top1=100 * ours["accuracy"][0]["accuracy"],
        accuracy_source="our own measurement, 10,000 validation pictures of Tiny ImageNet",
        head="classifier",
        bytes=ours["bytes"],
        classes=tuple(ours["classes"]),
    )


def vgg16_tiny(width: int = 24, classes: int = 200) -> nn.Module:
    """VGG16's layout, thinner: 13 convolutions in five blocks, the mean over the picture, one linear head."""
    from torch import nn

    layers, channels = [], 3
    for factor, convolutions in ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3)):
        for _ in range(convolutions):
            layers += [nn.Conv2d(channels, factor * width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = factor * width
        layers.append(nn.MaxPool2d(2))
    parts = {"features": nn.Sequential(*layers), "avgpool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten()}
    network = nn.Sequential()
    for name, part in parts.items():
        network.add_module(name, part)
    network.add_module("classifier", nn.Linear(channels, classes))
    return network
