"""Pretrained networks: a card for each, and loading. (`shoulders.cutting` names their layers and cuts off heads.)

The transform comes with the weights. Weights are read from safetensors or from ``torch.load(weights_only=True)``: a file
that would run code is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shoulders import downloads, pictures, places
from shoulders.errors import CourseError
from shoulders.names import near

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import nn


class BackboneError(CourseError):
    """A network cannot be loaded or cut; the message names it and the remedy."""


_LARGEST = 4096  # pixels of a side that a network looks at


@dataclass(frozen=True)
class Transform:
    """What was done to the pictures on which the weights were trained.

    The shorter side becomes `resize` pixels, the middle `crop` × `crop` pixels are kept, values in 0..1 are shifted by
    `mean` and divided by `std` (red, green, blue).
    """

    resize: int
    crop: int
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self):
        sides = all(isinstance(side, int) and 0 < side <= _LARGEST for side in (self.resize, self.crop))
        known = isinstance(self.interpolation, str) and self.interpolation.upper() in Image.Resampling.__members__
        scale = all(isinstance(value, int | float) for value in (*self.mean, *self.std))
        if not (sides and known and scale and len(self.mean) == len(self.std) == 3 and all(value > 0 for value in self.std)):
            raise BackboneError(f"{self} is no transform: sides of 1 to {_LARGEST} pixels, three means and three spreads.")

    def cropped(self, source) -> Image.Image:
        """The part of a picture (path, file object or image) that the network sees: RGB, `crop` × `crop` pixels."""
        image = pictures.to_rgb(source) if isinstance(source, Image.Image) else pictures.read(source, at_least=2 * self.resize)
        short = min(image.size)
        width, height = (int(self.resize * side / short) for side in image.size)
        image = image.resize((width, height), Image.Resampling[self.interpolation.upper()])
        left, top = round((width - self.crop) / 2), round((height - self.crop) / 2)
        return image.crop((left, top, left + self.crop, top + self.crop))

    def picture(self, source) -> torch.Tensor:
        """uint8, shape (3, crop, crop)."""
        import torch

        return torch.from_numpy(np.array(self.cropped(source))).permute(2, 0, 1)

    def batch(self, images: torch.Tensor) -> torch.Tensor:
        """float32, shape (n, 3, crop, crop), normalised, from uint8 of that shape; on the same device, channels last."""
        import torch

        mean, std = (torch.tensor(v, device=images.device).view(3, 1, 1) * 255 for v in (self.mean, self.std))
        return ((images.float() - mean) / std).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Card:
    """What a network is, what it was trained on, and where to cut it.

    Attributes
    ----------
    parameters : int
    gmacs : float
        Billions of multiply-accumulates for one picture.
    top1 : float
        Per cent, as published in `accuracy_source`.
    others : dict of str to Transform
        Of other published weights of the same layout, by the first digits of their sha256.
    head : str
        The layer that gives the classes; what goes into it are the hidden features. ``''``: found by a trial run.
    """

    name: str
    library: str
    transform: Transform
    weights: str = ""
    year: int | None = None
    paper: str = ""
    licence: str = ""
    trained_on: str = ""
    parameters: int | None = None
    gmacs: float | None = None
    top1: float | None = None
    accuracy_source: str = ""
    head: str = ""
    url: str = ""
    bytes: int = 0
    classes: tuple[str, ...] = field(default=(), repr=False)
    others: dict[str, Transform] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> str:
        """Of the download, for people. (timm does not tell it.)"""
        return places.size(self.bytes) if self.bytes else "size not known"


class _Numbered(tuple):
    """Names of classes that nobody has written down: “class 7”."""

    def __getitem__(self, index):
        return f"class {index}"


@dataclass(frozen=True)
class Backbone:
    """A network with its weights; the module is built when it is first needed.

    Attributes
    ----------
    card : Card
    transform : Transform
    digest : str
        Of the weights: the key under which features are remembered.
    source : str
        The weights file, or ``'random weights, seed …'``.
    module : torch.nn.Module
        In eval mode, on the CPU.
    """

    card: Card
    transform: Transform
    digest: str
    source: str
    build: Callable[[], nn.Module] = field(repr=False)

    @property
    def name(self):
        return self.card.name

    @cached_property
    def module(self):
        return self.build()

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes that the network was trained on, in the order of its outputs."""
        if self.card.library == "torchvision":
            return _torchvision_classes(self.card)
        return self.card.classes or _Numbered()


def _card(entry):
    transform, others = transform_from(entry.pop("transform")), entry.pop("others")
    return Card(**entry, transform=transform, others={start: transform_from(fields) for start, fields in others.items()})


def transform_from(fields: dict) -> Transform:
    """A transform again, from what JSON made of it."""
    return Transform(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})


@cache
def cards() -> dict[str, Card]:
    """The catalogue: ours in the box, and fourteen of torchvision's, whose figures are torchvision's own metadata."""
    entries = json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))
    found = [_card(entry) for entry in entries]
    if (ours := _tiny_path().with_suffix(".json")).exists():
        found.insert(0, _tiny_card(json.loads(ours.read_text(encoding="utf-8"))))
    return {card.name: card for card in found}


def catalogue() -> pd.DataFrame:
    """The cards as a table, and whether the weights are on this machine."""
    import pandas as pd

    shown = ["name", "year", "parameters", "gmacs", "top1", "trained_on", "licence"]
    rows = [{key: getattr(card, key) for key in shown} | {"on disk": weights_path(card) is not None} for card in cards().values()]
    return pd.DataFrame(rows).set_index("name")


def card(name: str) -> Card:
    """The card of a network: of the catalogue, of any other torchvision model, or of any timm model.

    Raises
    ------
    BackboneError
        For a name that none of them knows.
    """
    return cards().get(name) or _torchvision_card(name) or _timm_card(name) or _unknown(name)


def _unknown(name):
    known = ", ".join(cards())
    raise BackboneError(
        f"No backbone is called {name!r}: choose one of {known}, another name of torchvision.models, or a name of "
        f"timm.list_models() (pip install timm).{near(name, cards())}"
    )


# ------------------------------------------------------------------------------------------------ the three libraries


def _tiny_path():
    return places.box() / "weights" / "vgg16_tiny.safetensors"


def _tiny_card(ours):
    size = ours["input"]
    return Card(
        name="vgg16_tiny",
        library="shoulders",
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


def _torchvision():
    from torchvision import models

    return models


def _torchvision_card(name):
    models = _torchvision()
    if name not in models.list_models(module=models):
        return None
    published = models.get_model_weights(name)
    weights, meta = published.DEFAULT, published.DEFAULT.meta
    return Card(
        name=name,
        library="torchvision",
        transform=_transform(weights.transforms()),
        weights=weights.name,
        licence="code BSD-3-Clause; weights: see their recipe",
        trained_on=next(iter(meta["_metrics"])),
        parameters=meta["num_params"],
        gmacs=meta["_ops"],
        top1=next(iter(meta["_metrics"].values()))["acc@1"],
        accuracy_source="torchvision model zoo",
        url=weights.url,
        bytes=round(meta["_file_size"] * 2**20),
        others={_start_of_sha256(other.url): _transform(other.transforms()) for other in published if other is not weights},
    )


def _transform(preset):
    sizes = preset.resize_size[0], preset.crop_size[0]
    return Transform(*sizes, preset.interpolation.value, tuple(preset.mean), tuple(preset.std))


def _torchvision_classes(card):
    return tuple(_torchvision().get_model_weights(card.name).DEFAULT.meta["categories"])


def _torchvision_network(card):
    extra = {}
    if card.name in ("googlenet", "inception_v3"):
        extra = {"transform_input": True, "aux_logits": True, "init_weights": True}
    elif card.name.startswith("vit_"):
        extra = {"image_size": card.transform.crop}  # a place has a weight of its own
    return _torchvision().get_model(card.name, weights=None, **extra)


def _without_auxiliary(network):
    """Inception's side exits serve its own training only."""
    for name in ("aux1", "aux2", "AuxLogits"):
        if hasattr(network, name):
            setattr(network, name, None)
            network.aux_logits = False
    return network


def _timm_card(name):
    try:
        import timm
    except ImportError:
        return None
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


def _timm_file(card, fetch):
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache

    if not card.url:
        if fetch:
            advice = "give a file with weights=… (--weights FILE)"
            raise downloads.DownloadError(f"No weights of {card.name} are published where they can be fetched: {advice}.")
        return None
    wanted = card.url.removeprefix("https://huggingface.co/"), "model.safetensors"
    found = try_to_load_from_cache(*wanted)
    if isinstance(found, str) or not fetch:
        return Path(found) if isinstance(found, str) else None
    try:
        get_hf_file_metadata(hf_hub_url(*wanted))  # asks once: without a network, the download would ask for half a minute
        return Path(hf_hub_download(*wanted))
    except Exception as error:  # the hub's own errors are many
        raise downloads.DownloadError(f"{card.name} could not be downloaded from {card.url}: {error}") from error


def _network(card):
    """The module with random weights."""
    if card.library == "shoulders":
        return vgg16_tiny()
    if card.library == "torchvision":
        return _torchvision_network(card)
    import timm

    return timm.create_model(card.name, pretrained=False)


# ------------------------------------------------------------------------------------------------------------ loading


def weights_path(card: Card) -> Path | None:
    """The file that holds a network's published weights, if all of it is on this machine (torch's own cache is looked at)."""
    if card.library == "shoulders":
        return _tiny_path() if _tiny_path().exists() else None
    if card.library == "timm":
        return _timm_file(card, fetch=False)
    path = _hub_folder() / Path(card.url).name
    return path if path.exists() and _whole(path, card) else None


def _whole(path, card):
    """Whether a file has about the size of the published one, which torchvision does not give to the byte: not half of it."""
    return not card.bytes or abs(path.stat().st_size - card.bytes) < max(0.02 * card.bytes, 1e5)


def on_disk(name: str) -> bool:
    """Whether a network's published weights are on this machine."""
    return (name != "vgg16_tiny" or name in cards()) and weights_path(card(name)) is not None


def _hub_folder():
    """Where torch.hub keeps weights (``TORCH_HOME``), without importing torch for it."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return places.expanded(home) / "hub" / "checkpoints"


def fetch(name: str, progress: bool = True) -> Path:
    """Download a network's weights to where torch looks for them; checked by the publisher's sha256.

    Raises
    ------
    shoulders.downloads.DownloadError
    """
    wanted = card(name)
    if wanted.library == "shoulders":
        return _tiny_path()  # it has a card only where the file ships
    if wanted.library == "timm":
        return _timm_file(wanted, fetch=True)
    target = _hub_folder() / Path(wanted.url).name
    return downloads.fetch([wanted.url], target, f"sha256:{_start_of_sha256(wanted.url)}", wanted.bytes, progress)


def load(name: str, weights=None, seed: int = 0, allow_fetch: bool = False) -> Backbone:
    """A network of the catalogue, of torchvision or of timm, with its published weights, a file's, or random ones.

    Parameters
    ----------
    name : str
    weights : None, path or ``'random'``
        ``None``: the published ones, which must be on disk unless `allow_fetch`. A path: ``.safetensors``, or ``.pth`` with
        tensors only.
    seed : int
        Of random weights.
    allow_fetch : bool
        Whether published weights may be downloaded now.

    Raises
    ------
    BackboneError
        When the name is unknown or the weights are not here; and, when the module is first needed, for a file that would
        run code or whose shapes do not fit.
    """
    wanted = card(name)
    if weights == "random":
        return _random(wanted, seed)
    path = places.expanded(weights) if weights else (fetch(name) if allow_fetch else weights_path(wanted))
    if path is None:
        raise BackboneError(
            f"The weights of {name} are not on this machine: run `shoulders fetch {name}` ({wanted.size}), "
            "or give a file with weights=… (--weights FILE)."
        )
    if lack := places.lack(path):
        raise BackboneError(f"{path} {lack}.")
    digest = places.digest(path)
    transform = _transform_of(wanted, digest) if weights else wanted.transform
    wanted = replace(wanted, transform=transform)
    return Backbone(wanted, transform, digest, str(path.resolve()), partial(_with_weights, wanted, path, digest))


def _transform_of(wanted, digest):
    """torchvision publishes several weights of one layout, with transforms of their own: known by their sha256."""
    return next((transform for start, transform in wanted.others.items() if digest.startswith(start)), wanted.transform)


def _start_of_sha256(url):
    """torchvision names its files so."""
    return Path(url).stem.rsplit("-", 1)[-1]


def _random(wanted, seed):
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = _without_auxiliary(_network(wanted)).eval()
    return Backbone(wanted, wanted.transform, state_digest(network), f"random weights, seed {seed}", lambda: network)


def state_digest(module: nn.Module) -> str:
    """sha256 of all that a network has learnt, and of the names."""
    state = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        state.update(name.encode() + tensor.cpu().numpy().tobytes())
    return state.hexdigest()


def _with_weights(wanted, path, digest):
    state = _state(path)
    if places.digest(path) != digest:
        raise BackboneError(f"{path} has changed since it was chosen: load the backbone again.")
    if wanted.library == "torchvision":
        state = {_todays_name(name): tensor for name, tensor in state.items()}
    network = _network(wanted)
    if not any(name.startswith(("aux", "AuxLogits")) for name in state):
        network = _without_auxiliary(network)
    _need_fit(network, state, wanted.name, path)
    network.load_state_dict(state)
    return _without_auxiliary(network).eval()


def _todays_name(name):
    """DenseNet's published files say ``norm.1`` where today's module says ``norm1``."""
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", name)


def _state(path):
    """Names and float32 tensors of a weights file; nothing in it is executed."""
    import torch

    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        hint = "it is damaged, or holds code instead of tensors alone, which is never run here"
        raise BackboneError(f"{path} cannot be read as weights: {hint}. Save it as .safetensors, or get it again.") from error
    state = state.get("state_dict", state) if isinstance(state, dict) else {}
    if not isinstance(state, dict) or not state or not all(map(_is_weight, state, state.values())):
        raise BackboneError(f"{path} holds no state_dict (names and tensors): save `network.state_dict()`.")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def _is_weight(name, tensor):
    import torch

    if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
        return False
    return not (tensor.is_meta or tensor.is_nested or tensor.is_quantized or tensor.is_complex())


def _need_fit(network, state, name, path):
    wanted = network.state_dict()
    wrong = [
        f"{key} is {_shape(state[key])} instead of {_shape(wanted[key])}"
        for key in wanted
        if key in state and state[key].shape != wanted[key].shape
    ]
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    strange = [key for key in state if key not in wanted]
    groups = {"wrong shapes:": wrong, "missing:": missing, "not in the network:": strange}
    parts = [f"{what} {len(keys)} ({', '.join(keys[:3])}{', …' * (len(keys) > 3)})" for what, keys in groups.items() if keys]
    if parts:
        raise BackboneError(f"{path} does not fit {name}: {'; '.join(parts)}. Choose the backbone that it was saved from.")


def _shape(tensor):
    return "×".join(map(str, tensor.shape))
