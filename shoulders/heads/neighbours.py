"""A growing collection of examples whose nearest neighbours answer, in numpy alone.

Nothing is fitted: an example that has just come already votes, one that has been taken back is forgotten, and a class may come,
change its name or go at any time. One row of features times the matrix of all rows is the whole search:
a thousand examples of 1,280 features answer in 0.1 ms, where the pipeline of `shoulders.heads` takes 6.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import wraps

import numpy as np

from shoulders import heads
from shoulders.support.errors import CourseError

NEIGHBOURS = 5
"""That vote, unless you say otherwise: as many as in `shoulders.heads.nearest_neighbours`."""

ROOM = 1024
"""Examples for which there is memory from the start; as often as it is full, twice as much is taken."""

_LONGEST = 60
_NO_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]|^[._\s]|[.\s]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


class TeachingError(CourseError):
    """Something cannot be taught, renamed, saved or opened; the message says why and what to do."""


@dataclass(frozen=True)
class Example:
    """What is known of a picture beside its features. It keeps its number, and no other gets it."""

    number: int
    label: str
    picture: bytes
    group: str


@dataclass(frozen=True)
class Neighbour:
    """An example that voted: which, where its row lies in `Examples.rows`, and the cosine of the angle to it."""

    example: Example
    position: int
    similarity: float


@dataclass(frozen=True)
class Answer:
    """What the neighbours say, the nearest first. `label` is None where nothing was taught, or nothing near enough.

    `share` is the part of the votes that the class with the most has, in 0..1. It is no probability.
    """

    label: str | None
    share: float
    voters: tuple[Neighbour, ...]

    @property
    def similarity(self) -> float:
        """Of the nearest; -1 where there is none."""
        return self.voters[0].similarity if self.voters else -1.0


@dataclass(frozen=True)
class _Kept:
    """What is kept of an example beside its row and its class."""

    number: int
    picture: bytes
    group: str
    press: Hashable


def _locked(method):
    """One thread at a time: a camera's frames come in a thread of their own while a cell runs."""

    @wraps(method)
    def alone(self, *arguments, **named):
        with self._lock:
            return method(self, *arguments, **named)

    return alone


class Examples:
    """Rows of features with their classes, pictures and groups, in the order in which they came.

    Parameters
    ----------
    classes : iterable of str
        Names to begin with. A name is a folder's name too (`shoulders.teaching.save`), and no two differ in capitals alone.
    """

    def __init__(self, classes: Iterable[str] = ()):
        self._lock = threading.RLock()
        self._names: dict[int, str] = {}
        self._kept: list[_Kept] = []
        self._given = {"class": 0, "example": 0}  # numbers so far: none is given twice
        self._rows, self._likeness = np.zeros((0, 0), np.float32), np.zeros(ROOM, np.float32)
        self._labels = np.zeros(ROOM, np.int64)
        for name in classes:
            self.add_class(name)

    def __len__(self):
        return len(self._kept)

    # -------------------------------------------------------------------------------------------------------- what is held

    @property
    def classes(self) -> list[str]:
        """Their names, in the order in which they came."""
        return list(self._names.values())

    @property
    @_locked
    def counts(self) -> dict[str, int]:
        """How many examples each class has, 0 among them."""
        counts = np.bincount(self._labels[: len(self)], minlength=self._given["class"])
        return {name: int(counts[one]) for one, name in self._names.items()}

    @property
    @_locked
    def rows(self) -> np.ndarray:
        """float32, shape (n, d): the features of each example, of length one. A view that nobody can write to."""
        rows = self._rows[: len(self)]
        rows.flags.writeable = False
        return rows

    @property
    @_locked
    def labels(self) -> list[str]:
        """The class of each example."""
        return [self._names[one] for one in self._labels[: len(self)].tolist()]

    @property
    @_locked
    def held(self) -> list[Example]:
        """Every example, as it is now."""
        return list(map(self._example, range(len(self))))

    def _example(self, position):
        kept = self._kept[position]
        return Example(kept.number, self._names[int(self._labels[position])], kept.picture, kept.group)

    # ------------------------------------------------------------------------------------------------------------- classes

    @_locked
    def add_class(self, name: str) -> None:
        """One more class, without examples yet.

        Raises
        ------
        TeachingError
            For a name that is taken, or that cannot be a folder's name.
        """
        self._names[self._next("class")] = self._free(name)

    @_locked
    def rename_class(self, name: str, new: str) -> None:
        """Another name for a class; its examples stay.

        Raises
        ------
        TeachingError
        """
        one = self._class(name)
        self._names[one] = self._free(new, one)

    @_locked
    def remove_class(self, name: str) -> int:
        """Forget a class and its examples; how many there were.

        Raises
        ------
        TeachingError
            For a class that is not there.
        """
        one = self._class(name)
        before = len(self)
        self._keep(self._labels[:before] != one)
        del self._names[one]
        return before - len(self)

    def _class(self, name):
        for one, known in self._names.items():
            if known == name:
                return one
        raise TeachingError(f"No class is called {name!r}: there is {', '.join(self.classes) or 'none yet'}.")

    def _free(self, name, but=None):
        name = _named(name, "A class")
        if twin := next((known for one, known in self._names.items() if one != but and _folded(known) == _folded(name)), None):
            raise TeachingError(f"There is a class called {twin!r} already: choose another name.")
        return name

    def _next(self, kind):
        self._given[kind] += 1
        return self._given[kind] - 1

    # ------------------------------------------------------------------------------------------------------------ examples

    @_locked
    def add(self, row: np.ndarray, label: str, picture: bytes = b"", group: str = "", press: Hashable = None) -> int:
        """One more example.

        Parameters
        ----------
        row : numpy.ndarray, shape (d,)
            What a network says of the picture; its length makes no difference.
        label : str
            One of `classes`.
        picture : bytes
            The picture's file.
        group : str
            What it belongs to: a recording, a person, a room.
        press : hashable, optional
            Examples that come one after another with the same are taken back together; without one, each by itself.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        TeachingError
            For an unknown class, and for a row that is not finite or not as wide as those before.
        """
        one, row, n = self._class(label), self._unit(row), len(self)
        group = group and _named(group, "A group")
        if n == len(self._rows) or self._rows.shape[1] != len(row):
            self._grow(len(row))
        self._rows[n], self._labels[n] = row, one
        number = self._next("example")
        self._kept.append(_Kept(number, bytes(picture), group, object() if press is None else press))
        return number

    def _grow(self, width):
        n, room = len(self), max(ROOM, 2 * len(self))
        rows, labels = np.zeros((room, width), np.float32), np.zeros(room, np.int64)
        if n:
            rows[:n], labels[:n] = self._rows, self._labels
        self._rows, self._labels, self._likeness = rows, labels, np.zeros(room, np.float32)

    def _unit(self, row):
        row = np.asarray(row, np.float32)
        wide = self._rows.shape[1] if len(self) else row.size
        if row.shape != (wide,):
            raise TeachingError(f"A row has shape {row.shape} instead of ({wide},): one network's features are taught together.")
        if not np.isfinite(row).all():
            raise TeachingError("Some features are not finite: the weights are damaged (get them again).")
        return row / (np.linalg.norm(row) or 1)

    @_locked
    def undo(self) -> int:
        """Take back the last press, which may be several examples; how many they were."""
        before = len(self)
        if before:
            press = self._kept[-1].press
            while self._kept and self._kept[-1].press == press:
                self._kept.pop()
        return before - len(self)

    def _keep(self, kept):
        n = int(kept.sum())
        self._rows[:n], self._labels[:n] = self._rows[: len(kept)][kept], self._labels[: len(kept)][kept]
        self._kept = [one for one, stays in zip(self._kept, kept) if stays]

    # ------------------------------------------------------------------------------------------------------------- answers

    @_locked
    def answer(self, row: np.ndarray, neighbours: int = NEIGHBOURS, threshold: float = -1.0) -> Answer:
        """A vote of the nearest examples by cosine.

        `neighbours` vote, but never more than the smallest class has examples (a class without any aside): it would be
        outvoted where all of it is nearest. Of classes with as many votes, the one wins whose example is nearest, as in
        `shoulders.heads.nearest_neighbours`. Unlike there, no mean is taken away: it would move with every example.

        Parameters
        ----------
        row : numpy.ndarray, shape (d,)
        neighbours : int
            1 or more.
        threshold : float
            In -1..1: where even the nearest is less alike, the answer is none of these.

        Raises
        ------
        TeachingError
        """
        if neighbours < 1:
            raise TeachingError(f"{neighbours} neighbours cannot vote: 1 is the fewest.")
        row, n = self._unit(row), len(self)
        if not n:
            return Answer(None, 0.0, ())
        likeness = np.dot(self._rows[:n], row, out=self._likeness[:n])
        nearest = np.argsort(-likeness, kind="stable")[: min(neighbours, self.fewest)]
        labels = self._labels[nearest]
        winner = int(np.bincount(labels, heads.votes(len(nearest))).argmax())
        label = self._names[winner] if likeness[nearest[0]] >= threshold else None
        return Answer(label, float((labels == winner).mean()), tuple(map(self._neighbour, nearest.tolist())))

    @property
    def fewest(self) -> int:
        """Examples of the smallest class that has any; 0 where none has."""
        return min(filter(None, self.counts.values()), default=0)

    def _neighbour(self, position):
        return Neighbour(self._example(position), position, float(self._likeness[position]))


def _named(name, what):
    """The name in the form that file systems agree on."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > _LONGEST or _NO_NAME.search(name):
        raise TeachingError(
            f"{what} cannot be called {name[: 2 * _LONGEST]!r}, since that is also a folder's or a file's name: 1 to {_LONGEST} "
            'characters, none of / \\ : * ? " < > |, and no dot or underscore to begin with.'
        )
    return name


def _folded(name):
    return unicodedata.normalize("NFC", name.casefold())
