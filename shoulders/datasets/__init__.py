"""Sets of samples of one sense: any folder of class folders, checked and split. Known ones: `shoulders.datasets.cards`."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shoulders import senses
from shoulders.datasets import groups as grouping
from shoulders.datasets import layouts, splits
from shoulders.datasets.cards import CARDS, Archive, Card, Repository, fetch, find
from shoulders.datasets.notes import Notes
from shoulders.datasets.parts import TRAIN_NAMES, VALID_NAMES, names_no_class
from shoulders.support import places
from shoulders.support.errors import DatasetError
from shoulders.support.folders import counted, note
from shoulders.support.names import near
from shoulders.support.samples import Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CARDS",
    "TRAIN_NAMES",
    "VALID_NAMES",
    "Archive",
    "Card",
    "DatasetError",
    "SampleSet",
    "Samples",
    "Repository",
    "fetch",
    "find",
    "load",
]

MOST_CLASSES, MOST_OTHERS = 20, 3
"""So many classes are named in an overview, so many files of one kind that are no samples one by one; of more, how many."""


@dataclass(frozen=True)
class Samples:
    """Some samples with their labels, pictures or clips of sound. Equal lengths throughout.

    Attributes
    ----------
    paths : tuple of Path
    labels : numpy.ndarray of int, shape (n,)
        Index into `classes`.
    digests : tuple of str
        sha256 of each file.
    classes : tuple of str
    together : tuple of str
        For each sample the name of what it belongs to: its group, or what it shows, which its copies share. Empty where
        nobody looked.
    thumbnails : numpy.ndarray of uint8, shape (n, SIDE²), or None
        As `shoulders.support.samples.check` keeps them.
    sense : str
        Of `shoulders.senses.SENSES`.
    """

    paths: tuple[Path, ...]
    labels: np.ndarray
    digests: tuple[str, ...]
    classes: tuple[str, ...]
    together: tuple[str, ...] = field(default=(), repr=False)
    thumbnails: np.ndarray | None = field(default=None, repr=False)
    sense: str = "pictures"

    def __len__(self):
        return len(self.paths)

    @property
    def word(self):
        """What one of them is called: picture, or clip."""
        return senses.of(self.sense).WORD

    def take(self, indices) -> Samples:
        """The samples at these positions, in this order."""
        positions = np.asarray(indices, dtype=int)
        return replace(
            self,
            paths=tuple(self.paths[i] for i in positions),
            labels=self.labels[positions],
            digests=tuple(self.digests[i] for i in positions),
            together=tuple(self.together[i] for i in positions) if self.together else (),
            thumbnails=None if self.thumbnails is None else self.thumbnails[positions],
        )

    def sample(self, per_class: int | None, seed: int = 0) -> np.ndarray:
        """Positions of `per_class` samples of each class, drawn by `seed`; ``None`` for all of them.

        Samples of one seed are nested: the ten of a class hold its five. A class with fewer pictures gives all it has.

        Raises
        ------
        DatasetError
            For less than one.
        """
        if per_class is None:
            return np.arange(len(self))
        if per_class < 1:
            raise DatasetError(f"{per_class} {self.word}s of each class were asked for: give 1 or more, or None for all.")
        rng = np.random.default_rng(seed)
        chosen = [rng.permutation(np.flatnonzero(self.labels == c))[:per_class] for c in range(len(self.classes))]
        return np.sort(np.concatenate(chosen))


@dataclass(frozen=True)
class SampleSet:
    """A training and a validation part, and what the check found.

    Attributes
    ----------
    name : str
    train, valid : Samples
    findings : tuple of dict
        One for each sample that was converted or skipped, for what else is odd about those that are used (copies, a class that
        is not measured), and for each folder or kind of file that is not used: file, part, class, action, problem, remedy.
    parts : dict of str to str
        What on disk was taken for ``'train'`` and for ``'valid'``; without the second, the set was split here.
    groups : str
        How the samples were grouped; empty for every one by itself.
    """

    name: str
    train: Samples
    valid: Samples
    findings: tuple[dict, ...] = field(default=(), repr=False)
    parts: dict[str, str] = field(default_factory=dict)
    groups: str = ""

    @property
    def classes(self):
        return self.train.classes

    @property
    def sense(self):
        return self.train.sense

    @property
    def word(self):
        return self.train.word

    def small(self, per_class: int, seed: int = 0) -> SampleSet:
        """At most `per_class` samples of each class for training, and half as many for validation."""
        return replace(
            self,
            train=self.train.take(self.train.sample(per_class, seed)),
            valid=self.valid.take(self.valid.sample(max(1, per_class // 2), seed)),
        )

    def report(self) -> pd.DataFrame:
        """What the check found, a row for each of the `findings`."""
        import pandas as pd

        return pd.DataFrame(self.findings, columns=["file", "part", "class", "action", "problem", "remedy"])

    def overview(self) -> str:
        """The classes with their samples, and what was taken for each part: two or three short lines."""
        rows = zip(self.classes, *(np.bincount(part.labels, minlength=len(self.classes)) for part in (self.train, self.valid)))
        said = [f"{name} {train} + {valid}" for name, train, valid in rows]
        more = f", … and {len(said) - MOST_CLASSES} more" if len(said) > MOST_CLASSES else ""
        lines = [f"{len(said)} classes, training + validation {self.word}s: {', '.join(said[:MOST_CLASSES])}{more}."]
        train, valid = (self.parts.get(part, "") for part in ("train", "valid"))
        split = f"{len(self.valid)} of its {len(self.train) + len(self.valid)} {self.word}s, held out here"
        lines.append(f"Training: {train}. Validation: {valid or split}.")
        if self.groups:
            train, valid = (len(set(part.together)) for part in (self.train, self.valid))
            lines.append(f"Groups, by {self.groups}: {train} in training, {valid} in validation.")
        return "\n".join(lines)

    def counts(self) -> pd.DataFrame:
        """How many samples of each class each part holds."""
        import pandas as pd

        parts = {"train": self.train, "valid": self.valid}
        rows = {part: np.bincount(held.labels, minlength=len(self.classes)) for part, held in parts.items()}
        return pd.DataFrame(rows, index=pd.Index(self.classes, name="class"))


def load(source, seed: int = 0, valid_fraction: float = 0.25, *, train=None, valid=None, classes=None, groups=None) -> SampleSet:
    """The samples of a registered set or of any folder of class folders, checked: pictures or clips, as their names end.

    Parameters
    ----------
    source : str or path
        A name of `CARDS`, or a folder that holds ``train/`` and ``valid/`` (or another of `TRAIN_NAMES` and `VALID_NAMES`)
        with class folders inside, or class folders alone: of these about a quarter is held out here, by `seed`.
    seed : int
        Of the split, where there is none on disk.
    valid_fraction : float
        About so much of each class is held out, where there is no split on disk; between 0 and 1. A picture is held out by a
        hash of what it shows, or of its group's name: when pictures are added, none that was there changes sides. (Except
        one that alone keeps its class on a side: `findings` name it.)
    train, valid : path or sequence of path, optional
        Folders of class folders for each part, from here or from `source`, where their names do not say so.
    classes : sequence of str, optional
        The class folders to use, in this order; all others are left out.
    groups : str or path, optional
        What belongs together, and stays on one side of the split: a CSV file with the columns ``file`` and ``group``;
        ``'folder'``, for the folders just below the class folders; or a regular expression for the names of files, as
        ``'patient\\d+'``. A group of one name is one, whatever class it lies in. A registered set's card
        may say it.

    Returns
    -------
    SampleSet
        Without the pictures that cannot be read, those that lie in more than one class, and training pictures that are also
        in the validation part. The same picture is whatever has the same pixels, in any file and any format.
        Nothing on disk is changed.

    Raises
    ------
    DatasetError
        When the folder does not exist, has fewer than two classes with pictures that can be read, or does not say what is
        meant; the sentence says how to say it.
    """
    folder = _folder_of(source)
    kind = sense(source, train, valid, classes)
    notes = Notes(folder, CARDS[source].beside if _is_known(source) else (), sense=senses.of(kind))
    if groups is None and _is_known(source):
        groups = CARDS[source].groups
    layout = layouts.read(folder, notes, _listed(train), _listed(valid), _listed(classes), groups == "folder")
    rows = _without_leaks(_without_doubt(_checked(layout, notes), notes.sense.WORD), notes.sense.WORD)
    _tell(layout, rows, notes)
    used = [row for row in rows if row.verdict.action != "skipped"]
    classes = _classes_left(folder, layout, used, notes)
    used = [row for row in used if row.label in classes]
    named = grouping.named(groups, [(row.path, row.home) for row in used], notes)
    held = _samples(used, splits.units([row.shown for row in used], named), classes, kind)
    of_valid = np.array([row.part == "valid" for row in used])
    if len(layout.parts) == 1:
        _need_several(groups, held)
        of_valid, moved = splits.held_out(held.together, held.labels, valid_fraction, seed)
        _tell_split(held, of_valid, moved, layout, notes)
    train, valid = (held.take(np.flatnonzero(which)) for which in (~of_valid, of_valid))
    _need_both(folder, layout.parts, train, valid, "groups" if groups is not None else f"{held.word}s")
    if groups is not None:
        _tell_groups(train, valid, notes)
    name = source if _is_known(source) else folder.resolve().name
    return SampleSet(name, train, valid, tuple(notes.all()), layout.named(notes), "" if groups is None else str(groups))


def sense(source, train=None, valid=None, classes=None) -> str:
    """Of which sense the samples of a set or a folder are: ``'pictures'`` or ``'sounds'``, by the files' names alone.

    Parameters
    ----------
    source, train, valid, classes
        As for `load`.

    Raises
    ------
    DatasetError
        As `load`, for what does not exist; and for a folder with two senses.
    """
    folder = _folder_of(source)
    named = [path for path in map(places.expanded, (*_listed(train), *_listed(valid))) if path.is_dir()]
    return senses.seen(folder, named or [folder], _listed(classes))


def _is_known(source):
    """Names are words; a path is a folder, whatever it is called."""
    return isinstance(source, str) and source in CARDS


def _listed(given):
    if given is None:
        return ()
    return (given,) if isinstance(given, str | Path) else tuple(given)


class _Row(NamedTuple):
    part: str
    label: str
    path: Path
    home: Path
    digest: str
    verdict: Verdict
    shown: str
    thumbnail: bytes


def _folder_of(source):
    if _is_known(source):
        if folder := find(source):
            return folder
        card = CARDS[source]
        raise DatasetError(
            f"{source} is not in {places.pictures()}: run `shoulders fetch {source}` ({card.size}), or "
            f"set SHOULDERS_DATA to the folder that holds {' or '.join(card.folders)}."
        )
    folder = places.expanded(source)
    if source == "" or not folder.is_dir():
        name, offer = source or repr(source), near(str(source), CARDS)
        known = ", ".join(CARDS)
        raise DatasetError(f"{name} is neither a folder nor a known set ({known}): check the path, or fetch a set.{offer}")
    return folder


def _checked(layout, notes):
    files = layout.files(notes)
    checked = notes.sense.check([path for *_, path, _ in files])
    return [_Row(*file, *_lost(file[2], one)) for file, one in zip(files, checked)]


def _lost(path, checked):
    """What the check found; of a link to nothing, that it is one."""
    if checked.digest or not path.is_symlink() or path.exists():
        return checked
    verdict = Verdict("skipped", "a link that leads nowhere", "Remove it, or bring back what it leads to.")
    return checked._replace(verdict=verdict)


def _without_doubt(rows, word):
    """A sample that lies in two classes teaches neither, and measures nothing."""
    classes = defaultdict(set)
    for row in (row for row in rows if row.verdict.action != "skipped"):
        classes[row.shown].add(row.label)
    return [_doubted(row, classes[row.shown] - {row.label}, word) for row in rows]


def _doubted(row, others, word):
    if row.verdict.action == "skipped" or not others:
        return row
    problem, remedy = f"the same {word} is in class {min(others)} too", "Leave it in the class where it belongs."
    return row._replace(verdict=Verdict("skipped", problem, remedy))


def _without_leaks(rows, word):
    held_out = {row.shown for row in rows if row.part == "valid" and row.verdict.action != "skipped"}
    leak = Verdict("skipped", f"the same {word} is in the validation part", "Remove one of the two.")
    leaks = [row.part == "train" and row.shown in held_out and row.verdict.action != "skipped" for row in rows]
    return [row._replace(verdict=leak) if leaks_out else row for row, leaks_out in zip(rows, leaks)]


def _tell(layout, rows, notes):
    """What is odd about files and classes."""
    others, odd = Counter(_other(row, notes.sense) for row in rows), Counter(map(_kind, rows))
    for row in rows:
        if (other := _other(row, notes.sense)) and others[other] > MOST_OTHERS:
            note(notes.aside, row.path, other)
        elif (kind := _kind(row)) and odd[kind] > MOST_OTHERS:
            _tell_one(row, odd.pop(kind), notes)
        elif row.verdict.problem and (not kind or kind in odd):
            notes.add(row.path, row.verdict.problem, row.verdict.remedy, row.verdict.action, row.part, row.label)
    _tell_copies(rows, notes)
    held = Counter((row.part, row.label) for row in rows if row.verdict.action != "skipped")
    for part, c in ((part, c) for part in layout.parts for c in layout.classes if not held[part, c]):
        if (part, c) in layout.homes:
            remedy = f"Put {notes.sense.WORD}s of the class there, or remove the folder."
            notes.add(layout.homes[part, c][0], "empty class", remedy, "skipped", part, c)
        elif held["train", c]:
            told = f"no folder {c}: no accuracy is measured on this class"
            notes.add(layout.parts[part][0], told, "Put one there, or leave the class out with --classes.", "used", part, c)


def _kind(row):
    """What is odd about a sample that is used as it is, without its numbers; ``''`` for all others."""
    return row.verdict.problem.partition(":")[0] if row.verdict.action == "used" else ""


def _tell_one(row, count, notes):
    """The first of many that are odd in one way."""
    notes.add(row.path, counted(row.verdict.problem, count), row.verdict.remedy, "used", row.part, row.label)


def _other(row, sense):
    """What a file is that is no sample, and is not called as one; or that seldom comes alone. ``''`` for all others."""
    ending, problem = row.path.suffix.lower(), row.verdict.problem
    if remedy := sense.STRANGE.get(problem):
        return f"{problem}: {remedy[0].lower()}{remedy[1:-1]}"
    strange = problem == f"not a {sense.NOUN}" and ending not in sense.ENDINGS
    return f"{problem}: a file *{ending}" if strange else ""


def _tell_copies(rows, notes):
    """Every copy of a sample that is used, after the first."""
    first = {}
    for row in (row for row in rows if row.verdict.action != "skipped"):
        one = first.setdefault(row.shown, row)
        if one is not row:
            told = f"the same {notes.sense.WORD} as {notes.named(one.path)}"
            notes.add(row.path, told, "Remove one of the two.", "used", row.part, row.label)


def _tell_split(held, of_valid, moved, layout, notes):
    """The classes of which the split could leave no sample for validation, and the samples that may move."""
    for c, unit in moved.items():
        here = [i for i in np.flatnonzero(held.labels == c) if held.together[i] == unit]
        side, told = ("valid", "held out") if of_valid[here[0]] else ("train", "for training")
        told = f"{told} so that its class has a {held.word} there: it may change sides when {held.word}s are added"
        notes.add(held.paths[here[0]], told, f"Add {held.word}s.", "used", side, held.classes[c])
    for i, c in enumerate(held.classes):
        if i not in held.labels[of_valid]:
            what = f"{held.word} is" if len(set(held.together)) == len(held) else f"{held.word}, or group, is"
            told = f"its only {what} for training: no accuracy is measured on this class"
            notes.add(layout.homes["train", c][0], told, f"Add {held.word}s.", "used", "train", c)


def _need_several(groups, held):
    if groups is not None and len(set(held.together)) == 1:
        one = f"all {len(held)} {held.word}s in one group, {held.together[0]!r}"
        raise DatasetError(f"--groups {groups} puts {one}: name several.")


def _tell_groups(train, valid, notes):
    both = set(train.together)
    if shared := [(path, group) for path, group in zip(valid.paths, valid.together) if group in both]:
        path, group = shared[0]
        told = counted(f"its group, {group}, is in the training part too", len(shared))
        notes.add(path, told, "Put each group in one part.", "used", "valid")


def _classes_left(folder, layout, used, notes):
    left = [c for c in layout.classes if any(row.part == "train" and row.label == c for row in used)]
    if len(left) >= 2:
        return left
    word = notes.sense.WORD
    what = f"only one class with {word}s ({left[0]})" if left else f"no class with {word}s to learn from"
    told = sorted(notes.all(), key=lambda finding: finding["problem"] == "empty class")  # rather why it is empty
    told = [finding for finding in told if finding["action"] == "skipped"]
    first = " First problem: {file}: {problem}. {remedy}".format(**told[0]).rstrip() if told else ""
    another = f"add a folder of {word}s for another class"
    remedy = f"put the {word}s of each class in a folder of its own" if left and names_no_class(left[0]) else another
    raise DatasetError(f"{folder} has {what}; a question needs at least two: {remedy}.{first}")


def _samples(rows, together, classes, sense):
    labels = np.array([classes.index(row.label) for row in rows], dtype=int)
    small = np.frombuffer(b"".join(row.thumbnail for row in rows), np.uint8).reshape(len(rows), -1)
    paths, digests = tuple(row.path for row in rows), tuple(row.digest for row in rows)
    return Samples(paths, labels, digests, tuple(classes), tuple(together), small, sense)


def _need_both(folder, parts, train, valid, units):
    if "valid" in parts and not len(valid):
        what = f"holds no class folders with {train.word}s that can be read"
        raise DatasetError(
            f"{parts['valid'][0]} {what}: put some in it, or move it away, and about a quarter of each class is held out."
        )
    for part, held in (("training", train), ("validation", valid)):
        if not len(held):
            raise DatasetError(f"{folder} leaves no {part} {train.word}s: put at least two {units} in each class folder.")
