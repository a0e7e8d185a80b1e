"""Networks of timm, by name. Their weights come from a hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones import files
from shoulders.backbones.card import Card
from shoulders.backbones.transform import BackboneError, Transform
from shoulders.support import downloads

if TYPE_CHECKING:
    from torch import nn


def cards() -> list[Card]:
    """None: timm's are too many for a catalogue."""
    return []


def card(name: str) -> Card | None:
    import timm

    if not timm.is_model(name.split(".")[0]):
        return None
    try:
        config = timm.models.get_pretrained_cfg(name)
    except RuntimeError as error:
        raise BackboneError(f"{error} timm.list_pretrained('{name.split('.')[0]}*') lists what there is.") from error
    if config is None:  # as of a few in timm 1.0.15
        raise BackboneError(f"timm {timm.__version__} does not tell how {name} takes its pictures: choose another network.")
    size = config.input_size[-1]
    if config.crop_mode != "center":
        raise BackboneError(
            f"{name} crops its pictures by {config.crop_mode!r}, which is not known here: choose another network."
        )
    return Card(
        name=name,
        library="timm",
        transform=Transform(int(size / config.crop_pct), size, config.interpolation, tuple(config.mean), tuple(config.std)),
        licence=config.license or "see the model's page",
        trained_on=config.tag or "",
        url=f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else "",
        head=config.classifier if isinstance(config.classifier, str) else "",
    )


def path(card: Card) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(*_wanted(card)) if card.url else None
    return Path(found) if isinstance(found, str) else None


def fetch(card: Card, progress: bool = True) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    if not card.url:
        advice = "give a file with weights=… (--weights FILE)"
        raise downloads.DownloadError(f"No weights of {card.name} are published where they can be fetched: {advice}.")
    if found := path(card):
        return found
    try:
        get_hf_file_metadata(hf_hub_url(*_wanted(card)))  # asks once: without a network, the download would ask for half a minute
        return Path(hf_hub_download(*_wanted(card)))
    except Exception as error:  # the hub's own errors are many
        raise downloads.DownloadError(f"{card.name} could not be downloaded from {card.url}: {error}") from error


def _wanted(card):
    return card.url.removeprefix("https://huggingface.co/"), "model.safetensors"


def network(card: Card) -> nn.Module:
    import timm

    return timm.create_model(card.name, pretrained=False)


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return files.state(path, network, card)


def classes(card: Card) -> tuple[str, ...]:
    return ()
