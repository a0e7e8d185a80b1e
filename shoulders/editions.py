"""Pocket or full: which pictures and which backbone a lesson gets on this machine, and the sentence that says why."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from shoulders import backbones, datasets, downloads
from shoulders.backbones import Backbone
from shoulders.datasets import PictureSet
from shoulders.errors import CourseError


class EditionError(CourseError):
    """No edition can run here; the message says what to do."""


@dataclass(frozen=True)
class Need:
    """What a lesson wants: a question (a set of the registry) and a backbone for the full edition."""

    pictures: str
    backbone: str
    per_class: int = 150


NEEDS = {
    "01": Need("cats_vs_dogs", "vgg16"),
}


@dataclass(frozen=True)
class Edition:
    """What a lesson gets: `print` it to see the sentence.

    Attributes
    ----------
    name : str
        ``'pocket'`` or ``'full'``.
    pictures : PictureSet
    backbone : Backbone
    why : str
        One or two sentences.
    """

    name: str
    pictures: PictureSet
    backbone: Backbone
    why: str

    def __str__(self):
        return self.why


def choose(lesson: str) -> Edition:
    """The edition of a lesson on this machine. Downloads nothing.

    ``SHOULDERS_EDITION=pocket|full`` decides; without it, full where everything it needs is on disk, else pocket.
    ``SHOULDERS_PICTURES`` (a folder or a set's name), ``SHOULDERS_BACKBONE`` (a name) and ``SHOULDERS_WEIGHTS`` (a file)
    put others in the place of the lesson's own.

    Raises
    ------
    EditionError
        When the wanted edition lacks something; names the command that brings it.
    """
    need = _need(lesson)
    return (_full if decide(lesson) == "full" else _pocket)(need, *_why(need))


def decide(lesson: str) -> str:
    """``'pocket'`` or ``'full'``, as `choose` would; reads no picture and no weights.

    Raises
    ------
    EditionError
        As `choose`.
    """
    need = _need(lesson)
    wanted, missing = _why(need)
    if wanted not in ("", "pocket", "full"):
        raise EditionError(f"SHOULDERS_EDITION is {wanted!r}: say pocket or full, or leave it out.")
    if wanted == "full" and missing:
        raise EditionError(f"The full edition of lesson {lesson} lacks {' and '.join(missing)}. {_how(need)}")
    if wanted != "pocket" and not missing:
        return "full"
    if "vgg16_tiny" not in backbones.cards() or datasets.find(f"felt_{need.pictures}") is None:
        raise EditionError(f"The pocket edition is not in this copy of the course. For the full one: {_command(need)}.")
    return "pocket"


def _need(lesson):
    if lesson not in NEEDS:
        raise EditionError(f"There is no lesson {lesson}: choose one of {', '.join(NEEDS)}.")
    return NEEDS[lesson]


def _why(need):
    """What the learner asked for, and what the full edition lacks."""
    return os.environ.get("SHOULDERS_EDITION", ""), _missing(need)


def _chosen(need):
    """Pictures, backbone and weights of the full edition, after the learner's own wishes."""
    return (
        os.environ.get("SHOULDERS_PICTURES") or need.pictures,
        os.environ.get("SHOULDERS_BACKBONE") or need.backbone,
        os.environ.get("SHOULDERS_WEIGHTS") or None,
    )


def _missing(need):
    pictures, backbone, weights = _chosen(need)
    missing = []
    if pictures in datasets.CARDS and datasets.find(pictures) is None:
        missing.append(f"the pictures {pictures}")
    if weights is None and backbones.weights_path(backbones.card(backbone)) is None:
        missing.append(f"the weights of {backbone}")
    return missing


def _full(need, wanted, missing):
    pictures, backbone, weights = _chosen(need)
    held = datasets.load(pictures).small(need.per_class)
    network = backbones.load(backbone, weights)
    reason = "SHOULDERS_EDITION says so" if wanted else "everything it needs is on this machine"
    return Edition("full", held, network, f"This is the full edition, because {reason}: {_what(held, network)}.")


def _pocket(need, wanted, missing):
    held, network = datasets.load(f"felt_{need.pictures}"), backbones.load("vgg16_tiny")
    lack = f"{' and '.join(missing)} are not on this machine"
    return Edition(
        "pocket", held, network,
        f"This is the pocket edition, because {'SHOULDERS_EDITION says so' if wanted else lack}: {_what(held, network)}. The "
        "pictures are renderings of felt animals, not photographs, and the network is small: read its numbers as a "
        f"demonstration. {_how(need)}",
    )  # fmt: skip


def _what(held, network):
    pictures = f"{len(held.train)} + {len(held.valid)} pictures of {' and '.join(held.classes)}"
    return f"{pictures}, and {network.name}, trained on {network.card.trained_on}"


def _how(need):
    return f"To switch: {_command(need)}, then run this cell again."


def _command(need):
    size = datasets.CARDS[need.pictures].bytes + backbones.card(need.backbone).bytes
    return f"`shoulders fetch {need.pictures} {need.backbone}` ({downloads.size(size)})"


@dataclass(frozen=True)
class Offer:
    """Something that `shoulders fetch` can bring."""

    name: str
    kind: str
    size: str
    where: str
    licence: str
    fetch: Callable


def offers(names=None, only_lessons: bool = False) -> list[Offer]:
    """What can be fetched: the named things, what lessons use, or everything of the registry and the catalogue.

    Raises
    ------
    shoulders.backbones.BackboneError
        For a name that is neither a set nor a network.
    """
    if only_lessons:
        names = dict.fromkeys(name for need in NEEDS.values() for name in (need.pictures, need.backbone))
    if names is None:
        names = [name for name, card in datasets.CARDS.items() if card.archives]
        names += [name for name, card in backbones.cards().items() if card.url]
    return [_offer(name) for name in names]


def _offer(name):
    if name in datasets.CARDS:
        card, where = datasets.CARDS[name], datasets.find(name)
        return Offer(name, "pictures", downloads.size(card.bytes), str(where or ""), card.licence, datasets.fetch)
    card = backbones.card(name)
    return Offer(
        name, "weights", downloads.size(card.bytes), str(backbones.weights_path(card) or ""), card.licence, backbones.fetch
    )
