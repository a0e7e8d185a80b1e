"""Lesson 06: hand signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from shoulders import datasets, features, heads, intervals
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.datasets import Samples, SampleSet
from shoulders.support import places
from shoulders.support.words import bounds, counted, share, wrapped

ROOMS = ("a", "b", "c")
REFUSED = 0.05  # of known signs, in exercise 3
VOTES = (
    ([2, 0, 0], 1, 2),
    ([2, 0, 0], 3, 0),
    ([1, 0, 0, 1], 4, 1),
    ([3, 1, 1, 3, 2], 5, 3),
    ([4, 2, 4, 2, 0], 5, 4),
    ([0, 3, 3, 0], 4, 0),
)
"""In exercise 1: classes of the neighbours, the nearest first; how many of them vote; who wins."""
SECONDS = 0.25  # of the pictures show a sign again, or exercise 2 has nobody to ask


@dataclass(frozen=True)
class Lesson06:
    """The exercises of lesson 06, and the pictures that it has besides its set.

    Attributes
    ----------
    rooms : dict of str to Samples
        One glove in three rooms: of every sign a run of frames, in the order in which they were taken.
    strangers : Samples
        Things that are no signs.
    newcomers : Newcomers
        Who sits down before a machine that others have taught.
    """

    vote: Exercise
    mended: Exercise
    threshold: Exercise
    rooms: dict[str, Samples]
    strangers: Samples
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

    @staticmethod
    def told(name: str, right) -> str:
        """A share of right answers with its interval, in a line."""
        low, high = intervals.wilson(int(np.sum(right)), len(right))
        return f"{name}: {share(np.mean(right))} of {len(right)} (95 % interval {bounds(low, high)})"

    @staticmethod
    def flattery(right: dict[tuple[str, str], np.ndarray]) -> str:
        """By how much frames of the recording that was taught flatter, in a sentence.

        Parameters
        ----------
        right : dict of (room, room) to numpy.ndarray of bool
            Taught in the first room and asked in the second: which of its frames were named rightly.
        """
        rooms = sorted({asked for _, asked in right})
        own = np.concatenate([right[room, room] for room in rooms])
        others = np.concatenate([np.mean([right[home, room] for home in rooms if home != room], 0) for room in rooms])
        low, high = (100 * end for end in intervals.interval(own.astype(float) - others))
        kind = "a second recording is harder" if low > 0 else "that can be luck" if high >= 0 else "the opposite of flattery"
        shares = f"The same recording: {share(own.mean())} right; a second one, in another room: {share(others.mean())}"
        return wrapped(f"{shares}. It flatters by {low:.0f} to {high:.0f} points (95 % interval): {kind}.")

    @staticmethod
    def against_guessing(right, classes: int) -> str:
        """Whether answers are better than guessing, in a sentence."""
        low, high = intervals.wilson(int(np.sum(right)), len(right))
        kind = "better than guessing" if low > 1 / classes else "no better than guessing"
        return wrapped(f"{share(np.mean(right))} of {len(right)}, where guessing gives {share(1 / classes)}: {kind}.")

    @staticmethod
    def company(asked, nearest) -> str:
        """Of pictures of the recordings and the nearest neighbour of each: how many share the room, how many the sign."""
        rooms, signs = (
            sum(part(one) == part(other) for one, other in zip(asked, nearest))
            for part in (lambda path: path.parent.parent.name, lambda path: path.parent.name)
        )
        return f"Of {len(asked)} pairs, {rooms} share the room and {signs} the sign."

    @staticmethod
    def versus(names: tuple[str, str], one, other) -> str:
        """Which of two ways is ahead on the same pictures, and whether that can be luck (sign test), in a sentence.

        Parameters
        ----------
        names : (str, str)
        one, other : array of bool
            Which pictures each way named rightly.
        """
        from scipy.stats import binomtest

        one, other = np.asarray(one, bool), np.asarray(other, bool)
        shares = f"{names[0]} {share(one.mean())}, {names[1]} {share(other.mean())} of the same {len(one)}"
        ours, theirs = int((one & ~other).sum()), int((other & ~one).sum())
        luck = ours == theirs or binomtest(ours, ours + theirs).pvalue >= 0.05
        gap = abs(ours - theirs) / len(one)
        winner = names[ours < theirs]
        ahead = f"{winner[0].lower()}{winner[1:]} ahead by {100 * gap:.1f} points, more than luck"
        return wrapped(f"{shares}: {'too close to call' if luck else ahead}.")

    @staticmethod
    def heads_compared(rows: dict[str, list[dict]], per_class: int) -> str:
        """By how much the second of two heads is ahead of the first on the same draws, in a sentence.

        Parameters
        ----------
        rows : dict of str to list of dict
            By head, as `shoulders.comparison.rows` gives them.
        """
        first, second = rows
        ours, theirs = (
            np.array([row["accuracy"] for row in sorted(found, key=lambda row: row["seed"]) if row["per_class"] == per_class])
            for found in rows.values()
        )
        low, high = (100 * end for end in intervals.interval(theirs - ours))
        winner = second if low > 0 else first if high < 0 else None
        shares = f"{counted(per_class, 'picture')} of each sign: {first} {share(ours.mean())}, {second} {share(theirs.mean())}"
        ahead = f"{winner} ahead" if winner else "too close to call"
        return wrapped(f"{shares}: {ahead} ({low:+.1f} to {high:+.1f} points, 95 % interval).")

    @staticmethod
    def controls(groups: dict[str, list[dict]], chance: float) -> str:
        """Of each group of runs its mean, and whether that is more than guessing: a line each."""
        lines = []
        for name, found in groups.items():
            accuracies = [row["accuracy"] for row in found]
            low, high = intervals.interval(accuracies)
            kind = "above guessing" if low > chance else "no more than guessing"
            lines.append(f"{name}: {share(np.mean(accuracies))} (95 % interval {bounds(low, high)}), {kind}")
        return "\n".join([*lines, f"guessing: {share(chance)}"])


def _run(held, sign):
    return [held.paths[i] for i in np.flatnonzero(held.labels == sign)]


@dataclass(frozen=True)
class Newcomers:
    """People of whom a picture of each sign may be taught, and other pictures asked; `print` it to see who they are.

    Attributes
    ----------
    pictures : SampleSet
    whose : numpy.ndarray of str
        Of each picture of its validation part.
    first : numpy.ndarray of bool
        Which of these are the first of their person and sign.
    """

    pictures: SampleSet
    whose: np.ndarray
    first: np.ndarray
    why: str

    def __str__(self):
        return self.why


def newcomers(pictures: SampleSet) -> Newcomers:
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


def people(held: Samples) -> np.ndarray:
    """Whose hand each picture shows: the group that its set knows it by."""
    return np.array(held.together)


def on_colours(pictures: SampleSet, per_class: int, seed: int) -> dict:
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
    for labels, k, right in VOTES:
        said = answer(np.array(labels), k)
        if said is None:
            return "the function gives nothing back yet."
        if np.asarray(said).size != 1:
            return "the function should give one class."
        if float(said) != right:
            return f"of {labels}, the nearest first, k = {k} does not elect {said}.{_why(labels[:k], float(said))}"
    return True


def _why(labels, said):
    votes = [labels.count(one) for one in labels]
    if labels.count(said) == max(votes):
        return " Two classes have as many votes: the one with the nearest neighbour wins."
    return " Not one of the k neighbours is of that class." if said not in labels else ""


def _number(answer):
    """One number as a float, however it comes; None of what is none."""
    try:
        return float(answer) if np.asarray(answer).size == 1 and not isinstance(answer, str | bool) else None
    except (TypeError, ValueError):
        return None


def _is_mended(answer, edition):
    answer = _number(answer)
    if answer is None or not 0 <= answer <= 1:
        return "the answer should be one number from 0 to 1, the share of right answers."
    if abs(answer - mended(edition.backbone, edition.pictures)) < 0.005:
        return True
    without = mended(edition.backbone, edition.pictures, add=False)
    if abs(answer - without) < 0.005:
        return f"{share(without)} is what they reach without a picture of the new person."
    return f"{share(answer)} is not the share of right answers about all pictures that are not first."


def mended(network: Backbone, pictures: SampleSet, add: bool = True) -> float:
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
    answer = _number(answer)
    if answer is None:
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
    blocks = enumerate(cutting.last_at_each_size(network), 1)
    stages += [(f"block {i}", " × ".join(map(str, table["output"][layer]))) for i, layer in blocks]
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
