"""Pocket or full: which pictures and which backbone a lesson gets on this machine, and the sentence that says why."""

from __future__ import annotations

import os
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
    per_class: int = 300


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
    need = NEEDS[lesson]
    wanted = os.environ.get("SHOULDERS_EDITION", "")
    if wanted not in ("", "pocket", "full"):
        raise EditionError(f"SHOULDERS_EDITION is {wanted!r}: say pocket or full, or leave it out.")
    missing = _missing(need)
    if wanted == "full" and missing:
        raise EditionError(f"The full edition of lesson {lesson} lacks {' and '.join(missing)}. {_how(need)}")
    if wanted != "pocket" and not missing:
        return _full(need, "SHOULDERS_EDITION says so" if wanted else "everything it needs is on this machine")
    return _pocket(need, wanted, missing)


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


def _full(need, reason):
    pictures, backbone, weights = _chosen(need)
    held = datasets.load(pictures).small(need.per_class)
    network = backbones.load(backbone, weights)
    return Edition("full", held, network, f"This is the full edition, because {reason}: {_what(held, network)}.")


def _pocket(need, wanted, missing):
    if backbones.weights_path(backbones.cards()["vgg16_tiny"]) is None or datasets.find(f"felt_{need.pictures}") is None:
        raise EditionError(f"The pocket edition is not in this copy of the course. {_how(need)}")
    held, network = datasets.load(f"felt_{need.pictures}"), backbones.load("vgg16_tiny")
    reason = "SHOULDERS_EDITION says so" if wanted else f"{' and '.join(missing)} are not on this machine"
    return Edition(
        "pocket", held, network,
        f"This is the pocket edition, because {reason}: {_what(held, network)}. The pictures are renderings of felt "
        f"animals, not photographs, and the network is small: read its numbers as a demonstration. {_how(need)}",
    )  # fmt: skip


def _what(held, network):
    return f"{len(held.train)} + {len(held.valid)} pictures of {' and '.join(held.classes)}, and {network.name}, trained on {network.card.trained_on}"


def _how(need):
    size = datasets.CARDS[need.pictures].bytes + backbones.card(need.backbone).bytes
    return f"To switch: `shoulders fetch {need.pictures} {need.backbone}` ({downloads.size(size)}), then run this cell again."
