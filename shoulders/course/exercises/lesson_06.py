"""Lesson 06: hand signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from shoulders import datasets, features, heads
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.datasets import Pictures, PictureSet
from shoulders.support import places
from shoulders.support.words import share

ROOMS = ("a", "b", "c")
REFUSED = 0.05  # of known signs, in exercise 3
SECONDS = 0.25  # of the pictures show a sign again, or exercise 2 has nobody to ask


@dataclass(frozen=True)
class Lesson06:
    """The exercises of lesson 06, and the pictures that it has besides its set.

    Attributes
    ----------
    rooms : dict of str to Pictures
        One glove in three rooms: of every sign a run of frames, in the order in which they were taken.
    strangers : Pictures
        Things that are no signs.
    newcomers : Newcomers
        Who sits down before a machine that others have taught.
    """

    vote: Exercise
    mended: Exercise
    threshold: Exercise
    rooms: dict[str, Pictures]
    strangers: Pictures
    newcomers: Newcomers

    @property
    def recordings(self) -> dict[str, list]:
        """Each run of frames by a name, for `shoulders.widgets.camera`."""
        named = ((room, held, sign, name) for room, held in self.rooms.items() for sign, name in enumerate(held.classes))
        return {f"room {room}: {name}": _run(held, sign) for room, held, sign, name in named}

    @staticmethod
    def people(edition: Edition):
        """A figure: three who teach and one who judges, with their signs."""
        return _people(edition.pictures, edition.backbone)

    @staticmethod
    def decapitated(network: Backbone):
        """Two figures in one: the network as it was trained, and without its head."""
        return _decapitated(network)


def _run(held, sign):
    return [held.paths[i] for i in np.flatnonzero(held.labels == sign)]


@dataclass(frozen=True)
class Newcomers:
    """People of whom a picture of each sign may be taught, and other pictures asked; `print` it to see who they are.

    Attributes
    ----------
    pictures : PictureSet
    whose : numpy.ndarray of str
        Of each picture of its validation part.
    first : numpy.ndarray of bool
        Which of these are the first of their person and sign.
    """

    pictures: PictureSet
    whose: np.ndarray
    first: np.ndarray
    why: str

    def __str__(self):
        return self.why


def newcomers(pictures: PictureSet) -> Newcomers:
    """The people of the validation part. Where nothing says who they are, all of it is one person's; where hardly anybody made
    a sign twice, the felt gloves take their place.
    """
    valid, known = pictures.valid, bool(pictures.groups)
    whose = people(valid) if known else np.full(len(valid), "valid")
    first = firsts(whose, valid.labels)
    if (~first).mean() < SECONDS:
        felt = newcomers(datasets.load("felt_hand_signs"))
        why = f"Of these {len(valid)} pictures, {(~first).sum()} show a sign of the same person again: too few. Felt gloves take"
        return replace(felt, why=f"{why} their place: {felt.why}")
    counted = f"{first.sum()} first pictures and {(~first).sum()} others"
    nobody = "Nothing says whose each picture is: the validation part is taken for one new person"
    said = f"{len(set(whose))} new people" if known else nobody
    return Newcomers(pictures, whose, first, f"{said}, {counted}.")


def people(held: Pictures) -> np.ndarray:
    """Whose hand each picture shows: the group that its set knows it by."""
    return np.array(held.together)


def on_colours(pictures: PictureSet, per_class: int, seed: int) -> dict:
    """A control that sees no shape: the same head on how often each of 64 colours occurs. A row for `shoulders.plots.runs`."""
    from shoulders.intervals import wilson

    train, valid = (np.stack([_colours(path) for path in part.paths]) for part in (pictures.train, pictures.valid))
    chosen = pictures.train.sample(per_class, seed)
    answers, _ = heads.answers("logistic_regression", train[chosen], pictures.train.labels[chosen], valid, seed)
    right = int((answers.argmax(1) == pictures.valid.labels).sum())
    low, high = wilson(right, len(valid))
    return {"accuracy": right / len(valid), "low": low, "high": high}


@cache
def _colours(path):
    """The square roots of the shares of 4 × 4 × 4 colours."""
    from shoulders.pictures import read

    levels = np.asarray(read(path)).reshape(-1, 3).astype(int) // 64
    return np.sqrt(np.bincount(levels @ [16, 4, 1], minlength=64) / len(levels))


def lesson_06(edition: Edition) -> Lesson06:
    """The exercises, for the pictures and the network of this edition."""
    rooms, strangers = _rooms(), _strangers()
    return Lesson06(
        Exercise("1", "exercise.vote", _is_vote, (
            "labels[:k] are the classes of the k nearest, the nearest first. Which of them comes most often?",
            "np.bincount(labels[:k]) counts each class. Where two have the largest count, go through labels[:k] in order.",
            "counts = np.bincount(labels[:k]); return the first label in labels[:k] whose counts[label] == counts.max().",
        )),
        Exercise("2", "exercise.mended", lambda answer: _is_mended(answer, edition), (
            "For each new person: fit on all of train and this person's first pictures, then ask about the others.",
            "np.concatenate([rows, more]) puts rows below one another; np.append(labels, others) does it with labels.",
            "right += list(head.predict(met['hidden'][left]) == met.labels[left]), where left are this person's other pictures.",
        )),
        Exercise("3", "exercise.threshold", lambda answer: _is_threshold(answer, edition), (
            "How alike is the nearest training picture of each known sign? Five in a hundred of these should lie below it.",
            "The numbers are alike_known. A share of them lies below their quantile: np.quantile.",
            "np.quantile(alike_known, 0.05).",
        )),
        rooms,
        strangers,
        newcomers(edition.pictures),
    )  # fmt: skip


def _rooms():
    home = places.box() / "felt" / "hand_sessions"
    first = datasets.load(home, train=home / "a", valid=home / "b")
    last = datasets.load(home, train=home / "c", valid=home / "b")
    return dict(zip(ROOMS, (first.train, first.valid, last.train)))


def _strangers():
    shelf = datasets.load(places.box() / "felt" / "shelf").train
    return shelf.take(shelf.sample(4))


def _is_vote(answer: Callable):
    if not callable(answer):
        return "the answer should be a function of labels and k."
    cases = (([2, 0, 0], 1, 2), ([2, 0, 0], 3, 0), ([1, 0, 0, 1], 4, 1), ([3, 1, 1, 3, 2], 5, 3))
    for labels, k, right in cases:
        said = answer(np.array(labels), k)
        if said != right:
            tie = " Two classes have as many votes: the one with the nearest neighbour wins." if k > 3 else ""
            return f"of {labels}, the nearest first, k = {k} elects {right}, and you say {said}.{tie}"
    return True


def _is_mended(answer, edition):
    if not isinstance(answer, int | float | np.number):
        return "the answer should be one number, the share of right answers."
    if abs(answer - mended(edition.backbone, edition.pictures)) < 0.005:
        return True
    without = mended(edition.backbone, edition.pictures, add=False)
    if abs(answer - without) < 0.005:
        return f"{share(without)} is what they reach without a picture of the new person."
    return f"{share(answer)} is not the share of right answers about all pictures that are not first."


def mended(network: Backbone, pictures: PictureSet, add: bool = True) -> float:
    """The share of right answers about what newcomers show after their first pictures, where these are taught or not."""
    new, right = newcomers(pictures), []
    seen, asked = (features.extract(network, part) for part in (new.pictures.train, new.pictures.valid))
    for person in np.unique(new.whose):
        more, left = (np.flatnonzero((new.whose == person) & which) for which in (new.first, ~new.first))
        more = more if add else more[:0]
        rows = np.concatenate([seen["hidden"], asked["hidden"][more]])
        labels = np.append(seen.labels, asked.labels[more])
        answers, _ = heads.answers("ridge", rows, labels, asked["hidden"][left], 0)
        right += list(answers.argmax(1) == asked.labels[left])
    return float(np.mean(right))


def firsts(whose: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which pictures are the first of their person and sign."""
    met, first = set(), []
    for shown in zip(whose.tolist(), labels.tolist()):
        first.append(shown not in met)
        met.add(shown)
    return np.array(first)


def likeness(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The cosine between each row and the known row most like it, shape (n,)."""
    unit = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in (rows, known)]
    return (unit[0] @ unit[1].T).max(1)


def _is_threshold(answer, edition):
    if not isinstance(answer, int | float | np.number):
        return "the answer should be one number."
    seen, asked = (features.extract(edition.backbone, part) for part in (edition.pictures.train, edition.pictures.valid))
    refused = float((likeness(asked["hidden"], seen["hidden"]) < answer).mean())
    if abs(refused - REFUSED) <= max(0.01, 1 / len(asked.labels)):  # of few pictures, no share is nearer
        return True
    return f"with {answer:.3g}, {share(refused, 0)} of the known signs are refused, and not {share(REFUSED, 0)}."


def _people(pictures, network):
    from shoulders import plots

    told = [len(set(people(part))) for part in (pictures.train, pictures.valid)]
    several = pictures.groups and [_complete(part)[:most] for part, most in ((pictures.train, 3), (pictures.valid, 1))]
    if several and [len(found) for found in several] == [3, 1]:
        rows, heading = several[0] + several[1], "Four people and their signs; the last row is of the validation part"
        words = f"A row for each of four people. {told[0]} people teach, and {told[1]} others judge."
    else:
        rows = [_nth(pictures.train, i) for i in range(3)] + [_nth(pictures.valid, 0)]
        heading, words = "Pictures of each class; the last row is of the validation part", "A row has a picture of each class."
        if not pictures.groups:
            words += " Nothing says whose they are: in this set, each picture counts as a person."
    paths = sum(rows, [])
    shown, names = [network.transform.cropped(path) for path in paths], [path.parent.name for path in paths]
    return plots.show_pictures(shown, names, heading=heading, words=words, columns=len(pictures.classes))


def _complete(held):
    """The first picture of each class, for everybody who has one of each."""
    whose = people(held)
    first = firsts(whose, held.labels)
    rows = [[held.paths[i] for i in np.flatnonzero((whose == person) & first)] for person in np.unique(whose)]
    return [row for row in rows if len(row) == len(held.classes)]


def _nth(held, n):
    """The picture of this number of each class that has some; of a class with fewer, from the start again."""
    places = [np.flatnonzero(held.labels == c) for c in range(len(held.classes))]
    return [held.paths[where[n % len(where)]] for where in places if len(where)]


def _decapitated(network):
    from shoulders import cutting, plots

    table, side = cutting.layers(network), network.transform.crop
    stages = [("picture", f"3 × {side} × {side}")]
    stages += [(layer, " × ".join(map(str, table["output"][layer]))) for layer in cutting.last_at_each_size(network)]
    hidden = cutting.decapitate(network).out_features
    whole = [*stages, ("hidden", str(hidden)), ("head", f"{len(network.classes):,}" if len(network.classes) else "classes")]
    headless = [*stages, ("hidden", str(hidden)), ("neighbours", "your signs")]
    figure, axes = plots.new(9.6, 2.5, 2, 1)
    titles = "As it was trained: a head names the classes it was taught", "Headless: whatever you teach answers in its place"
    for ax, boxes, title in zip(axes, (whole, headless), titles):
        _chain(ax, boxes, title)
    return plots.Drawing(figure, f"The head is cut off behind {hidden} numbers; neighbours take its place.")


def _chain(ax, boxes, title):
    """Boxes from left to right, an arrow between each two; the last one stands out."""
    from shoulders.plots import BLUE, INK, ORANGE

    for x, (name, shape) in enumerate(boxes):
        last = x == len(boxes) - 1
        style = {"boxstyle": "round,pad=0.2", "fc": "none", "ec": ORANGE if last else BLUE, "lw": 1.6}
        ax.text(x, 0, f"{name}\n{shape}", ha="center", va="center", fontsize=9, bbox=style)
        if x:
            ax.annotate("", (x - 0.42, 0), (x - 0.58, 0), arrowprops={"arrowstyle": "->", "color": INK})
    ax.set(xlim=(-0.6, len(boxes) - 0.4), ylim=(-0.6, 0.6), title=title)
    ax.set_axis_off()
