"""The networks that were trained for this course and ship in the box: `vgg16_tiny`, `vgg16_mammals`, `vgg16_things`."""

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

_WIDTH, _OF_EACH = 24, 500
"""Of a card that does not say; Tiny ImageNet's photographs of a class."""


def cards() -> list[Card]:
    """One for each network whose card ships; the small one that the lessons use comes first."""
    told = [_told(path) for path in sorted(_box().glob("*.json"))]
    return sorted(map(_card, told), key=lambda card: card.name != "vgg16_tiny")


def card(name: str) -> Card | None:
    return next((card for card in cards() if card.name == name), None)


def path(card: Card) -> Path | None:
    file = _box() / f"{card.name}.safetensors"
    return file if file.exists() else None


def fetch(card: Card, progress: bool = True) -> Path:
    return _box() / f"{card.name}.safetensors"  # it has a card only where the file ships


def network(card: Card) -> nn.Module:
    """`vgg16_tiny` begins with PyTorch's own random numbers, as it did when its grids were made; the others with He's."""
    told = _told(_box() / f"{card.name}.json")
    made = vgg16_tiny(told.get("width", _WIDTH), len(card.classes))
    return _initialised(made) if "width" in told else made


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return files.state(path, network, card)


def classes(card: Card) -> tuple[str, ...]:
    return card.classes


def _box():
    return places.box() / "weights"


def _told(file):
    return json.loads(file.read_text(encoding="utf-8"))


def _card(ours):
    size, measured, classes = ours["input"], ours["accuracy"][0], tuple(ours["classes"])
    kind = f" of {ours['grew_up_with']}" if "grew_up_with" in ours else ""
    return Card(
        name=ours["name"],
        library="ours",
        transform=Transform(size["px"], size["px"], size["interpolation"], tuple(size["mean"]), tuple(size["std"])),
        year=2026,
        paper=f"Simonyan & Zisserman, arXiv 1409.1556, at {_share(ours.get('width', _WIDTH))} of its width",
        licence=ours["licence"],
        trained_on=f"Tiny ImageNet: {_OF_EACH * len(classes):,} photographs of {len(classes)} classes{kind}, 64 × 64 pixels",
        parameters=ours["parameters"],
        gmacs=ours["gmacs"],
        top1=100 * measured["accuracy"],
        accuracy_source=f"our own measurement, {measured['n']:,} validation pictures of Tiny ImageNet",
        head="classifier",
        bytes=ours["bytes"],
        classes=classes,
    )


def _initialised(network):
    """He et al. 2015, as torchvision's VGG: what a layer says is spread as wide as what it hears, down to the last one."""
    from torch import nn

    for layer in network.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return network


def _share(width, whole=64):
    return f"{width * 8 // whole}/8" if width % 16 else f"{width * 4 // whole}/4"


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
