"""Lesson 11a: can a network that has heard English learn Spanish words from you, one clip each?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from shoulders import backbones, comparison, datasets, features, heads, training
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise, tried
from shoulders.datasets import Samples, SampleSet
from shoulders.intervals import interval
from shoulders.results import Result
from shoulders.support import places
from shoulders.support.words import wrapped

ENGLISH = {
    "uno": "one", "dos": "two", "tres": "three", "cuatro": "four", "cinco": "five", "seis": "six", "siete": "seven",
    "ocho": "eight", "nueve": "nine", "diez": "ten", "lunes": "Monday", "martes": "Tuesday", "miércoles": "Wednesday",
    "jueves": "Thursday", "viernes": "Friday", "sábado": "Saturday", "domingo": "Sunday", "ojo": "eye", "ceja": "eyebrow",
    "nariz": "nose", "oreja": "ear", "boca": "mouth", "sombrero": "hat", "bigote": "moustache", "lazo": "bow",
    "anteojos": "glasses", "pelo": "hair", "pendiente": "earring",
}  # fmt: skip
"""What the 28 words mean."""

CONTROLS = ("mfcc", "duration")

_NAMED = re.compile(r"(?P<reading>\w+)-(?P<engine>\w+)-(?P<voice>\w+)-\d+$")

ROWS = (
    ([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0], [0.0, 4.0]], 2),
    ([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]], 3),
    ([[0.5, 1.0, 2.0], [1.5, 3.0, 4.0]], 1),
    ([[7.0, 1.0], [8.0, 2.0], [9.0, 3.0]], 3),
)
"""Frames of a clip, and how many stretches: numbers that divide."""

VOICES = (
    (["ana", "ben", "ana", "cara"], ["ben", "dora", "ana", "dora", "emil"]),
    (["ana", "ben"], ["cara", "dora"]),
    (["ana"], ["ana", "ana"]),
)
"""Voices of the training clips, and of the validation clips."""


@dataclass(frozen=True)
class Lesson11a:
    """The exercises of lesson 11a, and what came out in sentences."""

    stretches: Exercise
    strangers: Exercise
    ways: Exercise
    study: comparison.Grid
    english: dict[str, str]

    def about(self) -> str:
        """How the kept table was made."""
        card, table = self.study.card, self.study.table
        return wrapped(
            f"{table.giant.nunique()} networks and controls, {table.groupby(['giant', 'layer']).ngroups} layers, {card['draws']} "
            f"draws each, on {table.n_valid.max()} clips of other voices. Made on {card['date']} ({card['processor']}) by "
            f"`{card['command']}`."
        )

    def meanings(self, clips: SampleSet) -> str:
        """The words, each with what it means."""
        told = ", ".join(f"{word} ({self.english[word]})" for word in clips.classes)
        return wrapped(f"{len(clips.classes)} words: {told}")

    @staticmethod
    def native(clips: SampleSet) -> SampleSet:
        """The same words as Spanish voices say them."""
        return datasets.load("voices_native", classes=clips.classes)

    @staticmethod
    def layers(giant: Backbone) -> list[str]:
        """The layers that a network tells of itself, from the first to the last."""
        from shoulders import cutting

        return [name for name in cutting.layers(giant).index if name.startswith("told.")]

    @staticmethod
    def told(clips: Samples, name: str) -> np.ndarray:
        """Of each clip its ``'reading'``, ``'engine'`` or ``'voice'``, as its file's name tells: shape (n,)."""
        return np.array([_NAMED.search(path.stem)[name] for path in clips.paths])

    @staticmethod
    def one_of(clips: Samples, word: str, **wanted) -> object:
        """The path of the first clip of a word of which the name says what is wanted, as ``engine="espeak"``."""
        of_word = [path for path, label in zip(clips.paths, clips.labels) if clips.classes[label] == word]
        return next(path for path in of_word if all(_NAMED.search(path.stem)[name] == value for name, value in wanted.items()))

    @staticmethod
    def controls() -> dict[str, Backbone]:
        """Networks and rules that have heard nothing: what is to be had without a giant."""
        random = {"random weights": backbones.load("speech_embedding", "random")}
        return random | {name: backbones.load(name) for name in CONTROLS}

    @staticmethod
    def by_layer(giant: Backbone, clips: SampleSet, layers, per_class: int) -> pd.DataFrame:
        """A row for each layer, as `shoulders.plots.depth` takes them: one draw of so many clips a word, ridge regression."""
        for part in (clips.train, clips.valid):
            features.extract(giant, part, layers)  # all layers in one pass; below, each is remembered
        rows = [comparison.rows(clips, giant, per_class=(per_class,), head="ridge", layer=layer)[0] for layer in layers]
        names = map(_short, layers)
        return pd.DataFrame(
            {"giant": giant.name, "layer": name, "place": place, "mean": row["accuracy"], "low": row["low"], "high": row["high"]}
            for place, (name, row) in enumerate(zip(names, rows), 1)
        )

    def kept(self, per_class: int, giants=("resemblyzer", "whisper_tiny_en")) -> pd.DataFrame:
        """The same of giants that are not in the box, from the table that ships: means over draws."""
        table = self.study.table
        some = table[(table.per_class == per_class) & table.giant.isin(giants)]
        held = some.groupby(["giant", "place", "layer"], sort=False).accuracy
        bounds = held.apply(interval)
        found = held.mean().rename("mean").to_frame().assign(low=bounds.str[0], high=bounds.str[1]).reset_index()
        return found.assign(layer=found.layer.map(_short))

    @staticmethod
    def colleague(clips: SampleSet, seed: int = 0) -> SampleSet:
        """A colleague's split: all clips in one heap, a quarter of each word held out by lot."""
        heap = _together(clips.train, clips.valid)
        rng, out = np.random.default_rng(seed), np.zeros(len(heap), bool)
        for label in range(len(heap.classes)):
            of_word = rng.permutation(np.flatnonzero(heap.labels == label))
            out[of_word[: len(of_word) // 4]] = True
        return replace(clips, train=heap.take(np.flatnonzero(~out)), valid=heap.take(np.flatnonzero(out)), findings=())

    def only(self, clips: SampleSet, **wanted) -> SampleSet:
        """The same set, taught by those clips alone of which the name says what is wanted, as ``engine="espeak"``."""
        return replace(clips, train=self._those(clips.train, wanted))

    def asked(self, clips: SampleSet, **wanted) -> SampleSet:
        """The same set, asked about those validation clips alone of which the name says what is wanted."""
        return replace(clips, valid=self._those(clips.valid, wanted))

    def _those(self, part, wanted):
        """The clips of which the name says all that is wanted."""
        said = [self.told(part, name) == value for name, value in wanted.items()]
        return part.take(np.flatnonzero(np.all(said, axis=0)))

    @staticmethod
    def elsewhere(clips: SampleSet) -> SampleSet:
        """The same training clips, and for validation those of an engine of which none is in training."""
        where = places.box() / "voices"
        return datasets.load(where, train=where / "mangled" / "train", valid=where / "elsewhere" / "valid")

    @staticmethod
    def answering(giant: Backbone, clips: SampleSet, per_class: int | None = None) -> Callable:
        """What a microphone asks: from a clip to the five likeliest words with their probabilities."""
        head = training.feature_extraction(giant, clips, per_class).model
        look, classes = features.looker(giant), clips.classes

        def ask(source):
            sure = heads.probabilities(head, look([source])["hidden"])[0]
            return [(f"{classes[i]} · {ENGLISH.get(classes[i], '')}", float(sure[i])) for i in np.argsort(-sure)[:5]]

        return ask

    @staticmethod
    def drop(honest: Result, flattered: Result) -> str:
        """By how much a split flatters, in a sentence."""
        gap = 100 * (flattered.accuracy - honest.accuracy)
        return wrapped(
            f"The colleague: {flattered}. We: {honest}. Clips, giant and head are the same: the split alone is worth {gap:.0f} "
            "points."
        )


def _short(layer):
    """A layer's name in a figure."""
    return layer.removeprefix("told.")


def _together(first, second):
    """Two parts as one heap."""
    return replace(
        first,
        paths=first.paths + second.paths,
        labels=np.concatenate([first.labels, second.labels]),
        digests=first.digests + second.digests,
        together=first.together + second.together,
        thumbnails=None,
    )


def _stretches(rows, count):
    return np.concatenate([part.mean(0) for part in np.split(np.asarray(rows, float), count)])


def _numbers(found):
    """What was given back as an array, or None where it holds anything but numbers."""
    try:
        return np.asarray(found, float)
    except (TypeError, ValueError):
        return None


def _kind(found):
    return f"the function gives back {type(found).__name__!r}"


def _wrong_stretches(rows, count, found):
    right, numbers = _stretches(rows, count), _numbers(found)
    if numbers is None:
        return f"{_kind(found)}, and not one row of numbers: join the means with np.concatenate."
    if numbers.ndim == 2 and np.allclose(numbers.ravel(), right):
        return "the means are right, but stand in a table: put them one after the other, in one row (np.concatenate)."
    if numbers.size != right.size:
        return f"{count} stretches of {np.shape(rows)[1]} numbers make {right.size} numbers, and yours are {numbers.size}."
    if np.allclose(np.sort(numbers.ravel()), np.sort(right)):
        return "the numbers are right, and in another order: first all of the first stretch, then all of the second."
    whole = np.tile(np.mean(rows, 0), count)
    if count > 1 and np.allclose(numbers.ravel(), whole):
        return "each stretch has the mean of the whole clip: cut the rows first (np.split), then take the mean of each part."
    told = f"for {np.asarray(rows).tolist()} in {count} stretches"
    return f"{told} the answer begins with {right[0]:g}, and yours with {numbers.ravel()[0]:g}."


def _strangers(taught, asked):
    return [i for i, voice in enumerate(asked) if voice not in set(taught)]


def _wrong_strangers(taught, asked, found):
    right, known, numbers = _strangers(taught, asked), np.isin(asked, taught), _numbers(found)
    if numbers is None or not np.isfinite(numbers).all():
        named = {str(name) for name in found} <= {*asked.tolist()} if isinstance(found, (list, set, np.ndarray)) else False
        what = "these are names" if named else f"{_kind(found)}, and not a row of numbers"
        return f"{what}: give the positions, with np.flatnonzero."
    found = [int(i) for i in np.ravel(numbers)]
    told = f"for {taught.tolist()} in training and {asked.tolist()} in validation"
    if len(found) == len(asked) and set(found) <= {0, 1}:
        return "that is True or False for each clip: give the positions, with np.flatnonzero."
    if numbers.ndim != 1 and found == right:
        return "the positions are right, and should stand in one row: np.flatnonzero gives them so."
    if numbers.ndim == 0:
        return "that is one number: give the positions of all strangers, with np.flatnonzero."
    if sorted(found) == right:
        return "the positions are right, and should stand in the order of the clips."
    if found == np.flatnonzero(known).tolist():
        return f"{told} these are the clips of known voices: strangers are the others."
    if found == [i + 1 for i in right]:
        return "each position is too large by one: the first clip is at 0."
    if found == _strangers(asked, taught):
        return "these are training clips whose voice nobody asks with: taught and asked have changed places."
    return f"{told} the strangers are at {right}, and yours at {found}."


def _same_numbers(found, right):
    found, right = _numbers(found), np.asarray(right, float)
    return found is not None and found.shape == right.shape and np.allclose(found, right)


def _given(one):
    """A list as an array into which nobody writes: the sentence about a wrong answer is made from it."""
    if not isinstance(one, list):
        return one
    rows = np.array(one)
    rows.flags.writeable = False
    return rows


def _cases(rows, right):
    return [(*map(_given, row), right(*row)) for row in rows]


_WAYS = {"reading": 0, "engine": 1, "voice": 2, "word": 3}


def _check_ways(answer):
    """Which of the four may be on both sides."""
    try:
        given = {answer} if isinstance(answer, (str, bytes)) else set(answer)
    except TypeError:  # no collection, or one that holds collections
        return "give a set of names, as {'word', 'reading'}."
    if strange := given - set(_WAYS):
        return f"{sorted(strange, key=str)[0]!r} is none of the four: choose among {', '.join(map(repr, _WAYS))}."
    if "word" in given:
        return "words must be on both sides: a word that nobody taught cannot be named."
    if "voice" not in given:
        return "a voice on both sides flatters: step 5 has shown by how much."
    if "engine" not in given:
        return "the voices of one engine are sisters: what does the last figure say of an engine that taught nothing?"
    if "reading" in given:
        return "a reading is how a word is mangled, and the stranger speaks in the ways that were taught: it may be shared."
    return True


def _check_stretches(answer):
    return tried(answer, _cases(ROWS, _stretches), _same_numbers, _wrong_stretches)


def _check_strangers(answer):
    return tried(answer, _cases(VOICES, _strangers), _same_numbers, _wrong_strangers)


def lesson_11a() -> Lesson11a:
    """The exercises, and the table that ships."""
    return Lesson11a(
        Exercise("1", "exercise.stretches", _check_stretches, (
            "Cut the rows into equal parts, and take the mean of each part.",
            "np.split(rows, count) gives a list of parts; part.mean(0) is the mean over the rows of a part.",
            "np.concatenate([part.mean(0) for part in np.split(rows, count)]).",
        )),
        Exercise("2", "exercise.strangers", _check_strangers, (
            "Which validation clips are of a voice that no training clip is of? Their positions are wanted.",
            "np.isin(asked, taught) is True where a voice is known. You want the others.",
            "np.flatnonzero(~np.isin(asked, taught)).",
        )),
        Exercise("3", "exercise.ways", _check_ways, (
            "Think of the stranger who will speak: what did no training clip share with them?",
            "Two of the four must not be shared: one belongs to a single speaker, the other to a whole family of voices.",
            "{'voice', 'engine'}: a stranger brings both of their own; words and readings are what is taught.",
        )),
        comparison.read(places.box() / "results" / "studies" / "voices.csv"),
        ENGLISH,
    )  # fmt: skip

