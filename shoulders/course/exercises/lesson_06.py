"""Lesson 06: hand signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Lesson06:
    """The exercises of lesson 06, and the pictures that it has besides its set.

    Attributes
    ----------
    rooms : dict of str to Pictures
        One glove in three rooms: of every sign a run of frames, in the order in which they were taken.
    strangers : Pictures
        Things that are no signs.
    """

    vote: Exercise
    mended: Exercise
    threshold: Exercise
    rooms: dict[str, Pictures]
    strangers: Pictures

    @property
    def recordings(self) -> dict[str, list]:
        """Each run of frames by a name, for `shoulders.widgets.camera`."""
        named = ((room, held, sign, name) for room, held in self.rooms.items() for sign, name in enumerate(held.classes))
        return {f"room {room}: {name}": _run(held, sign) for room, held, sign, name in named}

    @staticmethod
    def decapitated(network: Backbone):
        """Two figures in one: the network as it was trained, and without its head."""
        return _decapitated(network)


def _run(held, sign):
    return [held.paths[i] for i in np.flatnonzero(held.labels == sign)]


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
            "For each person of valid: fit on all of train and this person's first pictures, then ask about the second ones.",
            "np.concatenate([rows, more]) puts rows below one another; np.append(labels, others) does it with labels.",
            "right += list(head.predict(asked['hidden'][left]) == asked.labels[left]), where left are this person's second ones.",
        )),
        Exercise("3", "exercise.threshold", lambda answer: _is_threshold(answer, edition), (
            "How alike is the nearest training picture of each known sign? Five in a hundred of these should lie below it.",
            "The numbers are alike_known. A share of them lies below their quantile: np.quantile.",
            "np.quantile(alike_known, 0.05).",
        )),
        rooms,
        strangers,
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
    return f"{share(answer)} is not the share of right answers about the second pictures."


def mended(network: Backbone, pictures: PictureSet, add: bool = True) -> float:
    """The share of right answers about each person's second pictures, where the first ones are taught or not."""
    seen, asked = (features.extract(network, part) for part in (pictures.train, pictures.valid))
    first, right = firsts(pictures.valid), []
    whose = people(pictures.valid)
    for person in np.unique(whose):
        more, left = (np.flatnonzero((whose == person) & which) for which in (first, ~first))
        more = more if add else more[:0]
        rows = np.concatenate([seen["hidden"], asked["hidden"][more]])
        labels = np.append(seen.labels, asked.labels[more])
        answers, _ = heads.answers("ridge", rows, labels, asked["hidden"][left], 0)
        right += list(answers.argmax(1) == asked.labels[left])
    return float(np.mean(right))


def firsts(held: Pictures) -> np.ndarray:
    """Which pictures are the first of their person and sign."""
    met, first = set(), []
    for whose, label in zip(people(held), held.labels.tolist()):
        first.append((whose, label) not in met)
        met.add((whose, label))
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
    if abs(refused - REFUSED) <= 0.01:
        return True
    return f"with {answer:.3g}, {share(refused, 0)} of the known signs are refused, and not {share(REFUSED, 0)}."


def _decapitated(network):
    from shoulders import cutting, plots

    table, side = cutting.layers(network), network.transform.crop
    stages = [("picture", f"3 × {side} × {side}")]
    stages += [(layer, " × ".join(map(str, table["output"][layer]))) for layer in cutting.last_at_each_size(network)]
    hidden = cutting.decapitate(network).out_features
    whole = [*stages, ("hidden", str(hidden)), ("head", f"{len(network.classes):,}" if len(network.classes) else "classes")]
    headless = [*stages, ("hidden", str(hidden)), ("neighbours", "your signs")]
    figure, axes = plots.new(9.4, 2.5, 2, 1)
    titles = "As it was trained: a head names the classes it was taught", "Headless: whatever you teach answers in its place"
    for ax, boxes, title in zip(axes, (whole, headless), titles):
        _chain(ax, boxes, title)
    return plots.Drawing(figure, f"The head is cut off behind {hidden} numbers; neighbours take its place.")


def _chain(ax, boxes, title):
    """Boxes from left to right, an arrow between each two; the last one stands out."""
    from shoulders.plots import BLUE, ORANGE

    for x, (name, shape) in enumerate(boxes):
        last = x == len(boxes) - 1
        style = {"boxstyle": "round,pad=0.35", "fc": "white", "ec": ORANGE if last else BLUE, "lw": 1.6}
        ax.text(x, 0, f"{name}\n{shape}", ha="center", va="center", fontsize=7.5, bbox=style)
        if x:
            ax.annotate("", (x - 0.42, 0), (x - 0.58, 0), arrowprops={"arrowstyle": "->"})
    ax.set(xlim=(-0.6, len(boxes) - 0.4), ylim=(-0.6, 0.6), title=title)
    ax.set_axis_off()
