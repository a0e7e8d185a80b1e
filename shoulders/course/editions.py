"""Pocket or full: which pictures and which backbone a lesson gets on this machine, and the sentence that says why."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shoulders import backbones, datasets
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet
from shoulders.datasets.notes import listed
from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.names import near
from shoulders.support.words import wrapped

_NAMED = 12
"""So many classes are named in the sentence about an edition; of more, how many there are."""


class EditionError(CourseError):
    """No edition can run here; the message says what to do."""


@dataclass(frozen=True)
class Need:
    """What a lesson wants.

    Attributes
    ----------
    pictures : str
        Its question: a set of the registry; the pocket edition takes the felt one of that name, or `drawn`.
    backbone : str
        Of the full edition; ``''``: there is none, and the pocket edition runs everywhere.
    per_class : int
        Training pictures of each class, at most.
    pocket : str
        The backbone of the pocket edition.
    other : str
        A second network that the first is held against, in both editions.
    drawn : str
        The set of the pocket edition where it is not the felt one of the question.
    """

    pictures: str
    backbone: str
    per_class: int = 150
    pocket: str = backbones.SMALL
    other: str = ""
    drawn: str = ""

    @property
    def sense(self) -> str:
        """What it is about: pictures or sounds."""
        return backbones.card(self.pocket).sense

    @property
    def in_the_box(self) -> str:
        """The set of the pocket edition."""
        return self.drawn or f"felt_{self.pictures}"


NEEDS = {
    "01": Need("cats_vs_dogs", "vgg16", pocket=backbones.DEFAULT, other=backbones.SMALL),
    "02": Need("bees_vs_ants", "resnet18", 170, backbones.DEFAULT, backbones.SMALL),
    "03": Need("bees_vs_ants", "mobilenet_v2", 170, other=backbones.DEFAULT),
    "04": Need("cats_vs_dogs", "vgg16"),
    "05": Need("cats_vs_dogs", "vgg16"),
    "06": Need("hand_signs", backbones.DEFAULT, 200, pocket=backbones.DEFAULT),
    "07a": Need("big_cats", "", pocket="vgg16_mammals", other="vgg16_things"),
    "07b": Need("cats_vs_dogs", backbones.DEFAULT, pocket=backbones.DEFAULT),
    "07c": Need("skin", backbones.DEFAULT, 20_000, pocket=backbones.DEFAULT, drawn="moles"),
    "11a": Need("voices", "wav2vec2_xlsr53", 10_000, pocket="speech_embedding", drawn="voices"),
    "11b": Need("voices", "wav2vec2_xlsr53", 10_000, pocket="speech_embedding", drawn="voices"),
}


@dataclass(frozen=True)
class Edition:
    """What a lesson gets: `print` it to see the sentence.

    `clips` is another name of `pictures`, for lessons on sounds.

    Attributes
    ----------
    name : str
        ``'pocket'`` or ``'full'``.
    pictures : SampleSet
    backbone : Backbone
    why : str
        One or two sentences.
    other : Backbone or None
        The second network of lessons that hold one against another; None where it is the same, or not on this machine.
    """

    name: str
    pictures: SampleSet
    backbone: Backbone
    why: str
    other: Backbone | None = None

    @property
    def clips(self):
        return self.pictures

    def __str__(self):
        return wrapped(self.why)


def choose(lesson: str) -> Edition:
    """The edition of a lesson on this machine. Downloads nothing.

    ``SHOULDERS_EDITION=pocket|full`` decides; without it, full where everything it needs is on disk, else pocket.
    ``SHOULDERS_PICTURES`` (a folder or a set's name), ``SHOULDERS_BACKBONE`` (a name) and ``SHOULDERS_WEIGHTS`` (a file)
    put others in the place of the lesson's own, in both editions.

    Raises
    ------
    EditionError
        When the wanted edition lacks something; names the command that brings it.
    shoulders.backbones.BackboneError, shoulders.datasets.DatasetError
        For a network or pictures of the environment's that are not known.
    """
    name, need = decide(lesson), _need(lesson)
    pictures, backbone = _chosen(need, name)
    _need_sense(lesson, need.sense, pictures, backbone)
    held = datasets.load(pictures).small(need.per_class)
    network = backbones.load(backbone, os.environ.get("SHOULDERS_WEIGHTS") or None)
    return Edition(name, held, network, " ".join(_sentences(name, need, held, network)), _other(need, network))


def _need_sense(lesson, sense, pictures, backbone):
    """What a learner put in the place of a lesson's own is of the lesson's sense."""
    others = {"SHOULDERS_PICTURES": datasets.sense(pictures), "SHOULDERS_BACKBONE": backbones.card(backbone).sense}
    for name, other in others.items():
        if other != sense:
            raise EditionError(
                f"Lesson {lesson} is about {sense}, and {name} ({os.environ.get(name)}) is about {other}: choose another, "
                "or unset it."
            )


def _other(need, network):
    wanted = need.other
    return backbones.load(wanted) if wanted and wanted != network.name and backbones.on_disk(wanted) else None


def decide(lesson: str) -> str:
    """``'pocket'`` or ``'full'``, as `choose` would; reads no picture and no weights.

    Raises
    ------
    EditionError
        As `choose`.
    """
    need = _need(lesson)
    _need_own()
    wanted = os.environ.get("SHOULDERS_EDITION", "")
    if wanted not in ("", "pocket", "full"):
        raise EditionError(f"SHOULDERS_EDITION is {wanted!r}: say pocket or full, or leave it out.")
    missing = _missing(need, "full")
    if wanted == "full" and missing:
        raise EditionError(f"The full edition of lesson {lesson} lacks {' and '.join(missing)}: run {_command(missing)}.")
    if need.backbone and wanted != "pocket" and not missing:
        return "full"
    if lack := _missing(need, "pocket"):
        full = f"; for the full edition, run {_command(missing)}" if missing else ""
        full = full or "; the full edition is here: unset SHOULDERS_EDITION" * bool(need.backbone)
        raise EditionError(f"The pocket edition of lesson {lesson} lacks {' and '.join(lack)} in this copy of the course{full}.")
    return "pocket"


def _need(lesson):
    if lesson not in NEEDS:
        raise EditionError(f"There is no lesson {lesson}: choose one of {', '.join(NEEDS)}.")
    return NEEDS[lesson]


def _need_own():
    """What a learner put in the place of a lesson's own must be there."""
    pictures, weights = os.environ.get("SHOULDERS_PICTURES"), os.environ.get("SHOULDERS_WEIGHTS")
    if pictures and pictures not in datasets.CARDS and not places.expanded(pictures).is_dir():
        raise EditionError(f"SHOULDERS_PICTURES is {pictures}, neither a folder nor a known set: check the path, or unset it.")
    if weights and weights != "random" and (lack := places.lack(places.expanded(weights))):
        raise EditionError(f"SHOULDERS_WEIGHTS: {weights} {lack}, or unset it.")


def _chosen(need, edition):
    """Pictures and backbone of an edition, after the learner's own wishes."""
    own = (need.in_the_box, _pocket(need)) if edition == "pocket" else (need.pictures, need.backbone)
    return os.environ.get("SHOULDERS_PICTURES") or own[0], os.environ.get("SHOULDERS_BACKBONE") or own[1]


def _pocket(need):
    """The small network, which ships, where the giant's package is not on this machine."""
    return need.pocket if backbones.on_disk(need.pocket) else backbones.SMALL


def _missing(need, edition):
    """Names of the set and of the network that an edition needs and that are not on this machine."""
    if edition == "full" and not need.backbone:
        return []  # there is no such edition
    pictures, backbone = _chosen(need, edition)
    no_pictures = pictures in datasets.CARDS and datasets.find(pictures) is None
    no_weights = not os.environ.get("SHOULDERS_WEIGHTS") and not backbones.on_disk(backbone)
    return [pictures] * no_pictures + [backbone] * no_weights


def _sentences(name, need, held, network):
    wanted, missing = os.environ.get("SHOULDERS_EDITION"), _missing(need, "full")
    lack = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not on this machine"
    reason = "SHOULDERS_EDITION says so" if wanted else lack if missing else "everything it needs is on this machine"
    reason = reason if need.backbone else "this lesson has no other"
    kinds = listed(held.classes) if len(held.classes) <= _NAMED else f"{len(held.classes)} classes"
    pictures = f"{len(held.train)} + {len(held.valid)} {held.word}s of {kinds}"
    own = os.environ.get("SHOULDERS_WEIGHTS")
    top1 = f" (it names {network.card.top1:.0f} % of new ones correctly)" if network.card.top1 else ""
    weights = "random weights" if own == "random" else f"the weights of {Path(own or '').name}"
    trained = f"with {weights}" if own else f"trained on {network.card.trained_on}{top1}"
    yield f"This is the {name} edition, because {reason}: {pictures}, and {network.name}, {trained}."
    if held.name.startswith("felt_"):
        yield "The pictures are renderings of felt, not photographs: what is measured on them is a demonstration."
    if held.name == "voices":
        yield "The voices are synthesisers, and no people: what is measured on them is a demonstration."
    if held.name == "moles":
        yield "The moles are renderings, drawn for this course, not photographs: what is measured on them says nothing of skin."
    if name == "pocket" and need.pocket != network.name == backbones.SMALL:
        yield f"{need.pocket} is not on this machine: the small network takes its place. `{_bringing(need.pocket)}` brings it."
    if name == "pocket" and need.backbone:
        switch = f"run {_command(missing)}" if missing else "unset SHOULDERS_EDITION"
        yield f"For the full edition, {switch}, then restart this notebook."


def _bringing(name):
    return backbones.card(name).bringing


def _command(names):
    sizes = [_bytes(name) for name in names]
    about = "about " * any(name in datasets.CARDS and datasets.CARDS[name].repository is not None for name in names)
    return f"`shoulders fetch {' '.join(names)}` ({about + places.size(sum(sizes)) if all(sizes) else 'size not known'})"


def _bytes(name):
    return datasets.CARDS[name].bytes if name in datasets.CARDS else backbones.card(name).bytes


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

    What is not for commercial use is fetched by its name alone, so that nobody gets it who did not ask for it.

    Raises
    ------
    shoulders.backbones.BackboneError, EditionError
        For a name that is neither a set nor a network.
    """
    if only_lessons:
        names = dict.fromkeys(name for need in NEEDS.values() if need.backbone for name in (need.pictures, need.backbone))
        names = [name for name in names if name != backbones.DEFAULT and not _restricted(name) and not _ships(name)]
    if names is None:
        names = [name for name, card in datasets.CARDS.items() if card.sources]
        names += [name for name, card in backbones.cards().items() if card.url or card.package]
    return [_offer(name) for name in names]


def _ships(name):
    return name in datasets.CARDS and not datasets.CARDS[name].sources


def _restricted(name):
    return name in datasets.CARDS and "NC" in datasets.CARDS[name].licence


def _offer(name):
    if name in datasets.CARDS:
        card, where = datasets.CARDS[name], datasets.find(name)
        return Offer(name, "pictures", card.size, str(where or ""), card.licence, datasets.fetch)
    card = _network(name)
    return Offer(name, "weights", card.size, str(backbones.weights_path(card) or ""), card.licence, backbones.fetch)


def _network(name):
    """Its card; a name that is like a set's was meant for the set."""
    try:
        return backbones.card(name)
    except backbones.BackboneError as error:
        if set_ := near(name, datasets.CARDS):
            raise EditionError(f"No set and no backbone is called {name!r}.{set_}") from error
        raise
