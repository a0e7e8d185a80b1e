"""Networks of torchvision: fourteen with a card in the catalogue, all others by name. Their figures are torchvision's own."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones import files
from shoulders.backbones.card import Card
from shoulders.backbones.transform import Transform, transform_from
from shoulders.support import downloads, places

if TYPE_CHECKING:
    from torch import nn


def cards() -> list[Card]:
    entries = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return [_told(entry) for entry in entries]


def others() -> list[Card]:
    """Of all models that classify pictures and have no card in the catalogue."""
    models, known = _models(), {card.name for card in cards()}
    return [card(name) for name in models.list_models(module=models) if name not in known]


def _told(entry):
    transform, others = transform_from(entry.pop("transform")), entry.pop("others")
    return Card(**entry, transform=transform, others={start: transform_from(fields) for start, fields in others.items()})


def card(name: str) -> Card | None:
    """Of any model of torchvision that classifies pictures."""
    models = _models()
    if name not in models.list_models(module=models):
        return None
    published = models.get_model_weights(name)
    weights, meta = published.DEFAULT, published.DEFAULT.meta
    return Card(
        name=name,
        library="torchvision",
        transform=_transform(weights.transforms()),
        weights=weights.name,
        licence=meta.get("license", "unknown for the weights (code: BSD-3-Clause)"),
        trained_on=next(iter(meta["_metrics"])),
        parameters=meta["num_params"],
        gmacs=meta["_ops"],
        top1=next(iter(meta["_metrics"].values()))["acc@1"],
        accuracy_source="torchvision model zoo",
        url=weights.url,
        bytes=round(meta["_file_size"] * 2**20),
        others={start_of_sha256(other.url): _transform(other.transforms()) for other in published if other is not weights},
    )


def _models():
    from torchvision import models

    return models


def _transform(preset):
    sizes = preset.resize_size[0], preset.crop_size[0]
    return Transform(*sizes, preset.interpolation.value, tuple(preset.mean), tuple(preset.std))


def path(card: Card) -> Path | None:
    """In torch's own cache, if all of it is there."""
    file = home() / Path(card.url).name
    return file if file.exists() and _whole(file, card) else None


def _whole(file, card):
    """Whether a file has about the size of the published one, which torchvision does not give to the byte: not half of it."""
    return not card.bytes or abs(file.stat().st_size - card.bytes) < max(0.02 * card.bytes, 1e5)


def home() -> Path:
    """Where torch.hub keeps weights (``TORCH_HOME``), without importing torch for it."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return places.expanded(home) / "hub" / "checkpoints"


def fetch(card: Card, progress: bool = True) -> Path:
    target = home() / Path(card.url).name
    return downloads.fetch([card.url], target, f"sha256:{start_of_sha256(card.url)}", card.bytes, progress)


def start_of_sha256(url: str) -> str:
    """torchvision names its files so."""
    return Path(url).stem.rsplit("-", 1)[-1]


def network(card: Card) -> nn.Module:
    """With random weights, and without Inception's side exits, which serve its own training only."""
    extra = {}
    if card.name in ("googlenet", "inception_v3"):
        extra = {"transform_input": True, "aux_logits": True, "init_weights": True}
    elif card.name.startswith("vit_"):
        extra = {"image_size": card.transform.crop}  # a place has a weight of its own
    found = _models().get_model(card.name, weights=None, **extra)
    for name in _SIDE_EXITS:
        if hasattr(found, name):
            setattr(found, name, None)
            found.aux_logits = False
    return found


_SIDE_EXITS = ("aux1", "aux2", "AuxLogits")


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return files.state(path, network, card, _todays)


def _todays(found):
    return {todays_name(name): tensor for name, tensor in found.items() if name.split(".")[0] not in _SIDE_EXITS}


def todays_name(name: str) -> str:
    """DenseNet's published files say ``norm.1`` where today's module says ``norm1``."""
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", name)


def classes(card: Card) -> tuple[str, ...]:
    return tuple(_models().get_model_weights(card.name).DEFAULT.meta["categories"])
