"""What a class has told, as its board shows it: counts by exercise, wrong answers, histograms of guesses, machines."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass

from shoulders.course.classroom.book import Book
from shoulders.support.words import counted

WRONG = 4
"""How many of an exercise's wrong answers are shown: the rest is counted."""

BINS = 10


@dataclass(frozen=True)
class Progress:
    """How far a class is with one exercise, in learners.

    Attributes
    ----------
    lesson, name, call : str
    done, tried, waiting : int
        Right once; never right so far; nothing so far, of those who are here.
    wrong : list of (str, int)
        What the check said, and to how many learners; the most frequent first.
    more : int
        How many other things it said.
    """

    lesson: str
    name: str
    call: str
    done: int
    tried: int
    waiting: int
    wrong: list[tuple[str, int]]
    more: int

    @property
    def title(self):
        return f"{self.lesson} · {self.name}".strip(" ·")


@dataclass(frozen=True)
class Histogram:
    """One number that a class guessed, and what came out.

    Attributes
    ----------
    name, unit : str
    low, high : float
        Where the axis begins and ends.
    counts : list of int
        Learners in each of as many equal parts of the axis; the last part holds its end.
    whole : bool
        Whether each part is one whole number.
    outside : int
        Guesses that do not lie on the axis.
    came_out : list of float
        What each learner's machine found, in order.
    """

    name: str
    unit: str
    low: float
    high: float
    counts: list[int]
    whole: bool
    outside: int
    came_out: list[float]

    @property
    def ends(self) -> list[str]:
        """Where the parts begin, and where the last one ends."""
        parts = len(self.counts)
        return [f"{self.low + (self.high - self.low) * part / parts:g}" for part in range(parts + 1)]

    @property
    def labels(self) -> list[str]:
        """What each part holds."""
        if self.whole:
            return [f"{self.low + 0.5 + part:g}" for part in range(len(self.counts))]
        return [" to ".join(pair) for pair in zip(self.ends, self.ends[1:])]

    @property
    def middle(self):
        """The median of what came out; None before anybody has told."""
        return statistics.median(self.came_out) if self.came_out else None

    @property
    def place(self):
        """Where the median lies on the axis, from 0 to 1."""
        return min(1, max(0, (self.middle - self.low) / (self.high - self.low)))

    @property
    def alt(self):
        most = max(range(len(self.counts)), key=self.counts.__getitem__)
        where = f"{self.labels[most]} {self.unit}".strip()
        return f"{counted(sum(self.counts), 'learner')} guessed; the most, {self.counts[most]}, guessed {where}."


@dataclass(frozen=True)
class Machine:
    """What the doctor found on a learner's machine the last time: how many looks, and those with something to mend."""

    who: str
    looks: int
    wrong: list[dict]


def who(book: Book, learner: str) -> str:
    """The name that a learner typed, else the number: ``learner 7``."""
    return book.learners[learner] or f"learner {book.number(learner)}"


def here(book: Book) -> set[str]:
    """Those who have joined and not left."""
    last = dict.fromkeys(book.learners, "joined")
    last |= {told.learner: told.event["kind"] for told in book.told.values()}
    return {learner for learner, kind in last.items() if kind != "left"}


def lessons(book: Book) -> list[str]:
    """Those of which an exercise was tried, in order."""
    return sorted({told.event["lesson"] for told in _of(book, "exercise")})


def newest_lesson(book: Book) -> str | None:
    """That of the last answer."""
    return next((told.event["lesson"] for told in reversed(_of(book, "exercise"))), None)


def exercises(book: Book, lesson: str | None = None) -> list[Progress]:
    """How far the class is, exercise by exercise, of one lesson or of all."""
    present, done, tried, wrong = here(book), defaultdict(set), defaultdict(set), defaultdict(set)
    for told in _of(book, "exercise"):
        event = told.event
        place = event["lesson"], event["exercise"], event["call"]
        if lesson is None or event["lesson"] == lesson:
            (done if event["right"] else tried)[place].add(told.learner)
            if not event["right"]:
                wrong[place, event["said"]].add(told.learner)
    return [_progress(place, present, done[place], tried[place], wrong) for place in sorted(done.keys() | tried.keys())]


def _progress(place, present, done, tried, wrong):
    found = [(sentence, len(learners)) for (where, sentence), learners in wrong.items() if where == place]
    said = sorted(found, key=lambda one: (-one[1], one[0]))
    return Progress(*place, len(done), len(tried - done), len(present - done - tried), said[:WRONG], len(said[WRONG:]))


def questions(book: Book) -> list[str]:
    """Those that somebody has guessed at, in order."""
    return sorted({told.event["question"] for told in _of(book, "guess")})


def newest_question(book: Book) -> str | None:
    """That of the last guess."""
    return next((told.event["question"] for told in reversed(_of(book, "guess"))), None)


def histograms(book: Book, question: str) -> list[Histogram]:
    """What the class guessed, each learner's last guess: a histogram for each number that the question asks for."""
    last = {told.learner: told.event for told in _of(book, "guess") if told.event["question"] == question}
    if not last:
        return []
    ((low, high, unit), _), *_ = Counter((one["low"], one["high"], one["unit"]) for one in last.values()).most_common()
    values, found = defaultdict(list), defaultdict(dict)
    for event in last.values():
        for name, value in event["values"].items():
            values[name].append(value)
    for told in _of(book, "came out"):
        if told.event["question"] == question:
            found[told.event["name"]][told.learner] = told.event["value"]
    return [_histogram(name, unit, low, high, guessed, found[name]) for name, guessed in values.items()]


def _histogram(name, unit, low, high, guessed, found):
    whole = high - low <= 12 and all(float(value).is_integer() for value in (low, high, *guessed))
    if whole:
        low, high, parts = low - 0.5, high + 0.5, int(high - low) + 1
    else:
        high, parts = max(high, low + 1e-9), BINS
    inside = [value for value in guessed if low <= value <= high]
    counts = Counter(min(parts - 1, int((value - low) / (high - low) * parts)) for value in inside)
    held = [counts[part] for part in range(parts)]
    return Histogram(name, unit, low, high, held, whole, len(guessed) - len(inside), sorted(found.values()))


def machines(book: Book) -> list[Machine]:
    """Of each learner that has sent it, what the doctor found; those that are not ready first."""
    last = {told.learner: told.event["findings"] for told in _of(book, "machine")}
    each = [(one, last[one]) for one in book.learners if one in last]
    found = [Machine(who(book, one), len(rows), [row for row in rows if not row["good"]]) for one, rows in each]
    return sorted(found, key=lambda machine: -len(machine.wrong))


def _of(book, kind):
    return [told for told in book.told.values() if told.event["kind"] == kind]
