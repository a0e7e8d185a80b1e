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


_DATA = {
    "in1k": "ImageNet-1K", "in12k": "ImageNet-12K", "in21k": "ImageNet-21K", "in22k": "ImageNet-22K", "laion2b": "LAION-2B",
    "laion400m": "LAION-400M", "webli": "WebLI", "lvd142m": "LVD-142M", "lvd1689m": "LVD-1689M", "yfcc15m": "YFCC-15M",
    "yfcc100m": "YFCC-100M", "sa1b": "SA-1B", "dfn2b": "DFN-2B", "dfn5b": "DFN-5B", "merged2b": "Merged-2B",
    "datacomp1b": "DataComp-1B", "jft": "JFT",
}  # fmt: skip
"""How timm's tags name what a network has seen; what else a tag holds names a recipe, a publisher or a size."""


def cards() -> list[Card]:
    """None: timm's are too many for a catalogue."""
    return []


def others() -> list[Card]:
    """Of all pretrained ones whose weights can be fetched and whose pictures can be cropped here; `left_out` are the rest."""
    import timm

    found = map(timm.models.get_pretrained_cfg, timm.list_pretrained())
    return [_card(f"{config.architecture}.{config.tag}".rstrip("."), config) for config in filter(_usable, found)]


def left_out() -> int:
    """How many pretrained ones `others` leaves out."""
    import timm

    return len(timm.list_pretrained()) - len(others())


def _usable(config):
    return config is not None and config.crop_mode == "center" and config.hf_hub_id


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
    if config.crop_mode != "center":
        raise BackboneError(
            f"{name} crops its pictures by {config.crop_mode!r}, which is not known here: choose another network."
        )
    return _card(name, config)


def _card(name, config):
    size = config.input_size[-1]
    return Card(
        name=name,
        library="timm",
        transform=Transform(int(size / config.crop_pct), size, config.interpolation, tuple(config.mean), tuple(config.std)),
        paper=config.paper_name or "",
        licence=config.license or "unknown",
        trained_on=_trained_on(config.tag or ""),
        url=f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else "",
        head=config.classifier if isinstance(config.classifier, str) else "",
    )


def _trained_on(tag):
    """In the tag's order: ``in12k_ft_in1k`` was tuned to the second after it had learnt from the first."""
    known = [_DATA[word] for word in tag.split("_") if word in _DATA]
    told = ", ".join(dict.fromkeys(known)) or "unknown"
    return f"{told} (tag {tag})" if tag else told


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
