"""Lesson 11b: can a word be understood of which nobody gave a clip?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from shoulders import comparison
from shoulders.course.checks import Exercise, tried
from shoulders.course.exercises import two_giants
from shoulders.course.exercises.lesson_11a import ENGLISH, Lesson11a
from shoulders.course.exercises.two_giants import BOTH, CLIPS, ENGINES, SHUFFLED, STRINGS, line_at, line_of, run_of, scored
from shoulders.datasets import Samples, SampleSet
from shoulders.heads import second
from shoulders.intervals import interval
from shoulders.sounds import ears, phonemes
from shoulders.support import places
from shoulders.support.words import share, wrapped

WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

SILENCE = "_"
"""In a path of exercise 1."""

OWN = "oreja"
"""The word of exercise 3."""

ENOUGH = 8
"""Clips of 15 that the strings of exercise 3 must find."""

PATHS = (
    ["o", "o", "_", "t͡ʃ", "t͡ʃ", "_", "o"],
    ["_", "l", "_", "l", "a", "_"],
    ["oʊ", "oʊ", "oʊ"],
    ["_", "_"],
    ["s", "_", "_", "i", "i", "ŋ", "k", "o", "o", "_"],
)
"""What stands in each moment."""

TOGETHER = (
    ([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]], [[-20.0, -10.0, -30.0], [-12.0, -15.0, -11.0]], 0.5),
    ([[0.5, 0.5]], [[-100.0, -101.0]], 1.0),
    ([[0.9, 0.05, 0.05], [0.1, 0.1, 0.8]], [[-8.0, -4.0, -40.0], [-9.0, -7.0, -30.0]], 0.3),
)
"""Probabilities of the classifier, scores of the strings, and the weight."""


@dataclass(frozen=True)
class Lesson11b:
    """The exercises of lesson 11b, and what came out in tables and sentences."""

    collapse: Exercise
    joined: Exercise
    own: Exercise
    study: comparison.Grid
    english: dict[str, str]
    weekdays: tuple[str, ...]

    one_of = staticmethod(Lesson11a.one_of)
    native = staticmethod(Lesson11a.native)
    elsewhere = staticmethod(Lesson11a.elsewhere)
    scored = staticmethod(two_giants.scored)
    curve = staticmethod(two_giants.curve)
    never_heard = staticmethod(two_giants.never_heard)
    answering = staticmethod(two_giants.answering)
    mended = staticmethod(two_giants.mended)
    held_against = staticmethod(two_giants.held_against)
    verdicts = staticmethod(two_giants.verdicts)

    @staticmethod
    def wrote(clips: dict) -> pd.DataFrame:
        """What an English ear writes down of each clip, by its title."""
        return pd.DataFrame({"an English ear wrote": {name: phonemes.line(ears.of(path)) for name, path in clips.items()}})

    @staticmethod
    def readings(words) -> pd.DataFrame:
        """The strings of some words, a column for each reading."""
        by_reading = {reading: phonemes.strings((reading,)) for reading in phonemes.READINGS}
        return pd.DataFrame({name: {word: " or ".join(held[word]) for word in words} for name, held in by_reading.items()})

    @staticmethod
    def summed(tiny: pd.DataFrame, collapse: Callable, string) -> pd.DataFrame:
        """Every path through a small table that collapses to a string, with its probability; none where `collapse` gives nothing.

        Parameters
        ----------
        tiny : pandas.DataFrame
            A row for each moment; the columns are silence, and then phonemes.
        collapse : callable
            From a path to its string, a list of phonemes.
        string : list of str
        """
        signs = [SILENCE, *tiny.columns[1:]]
        every = product(range(len(signs)), repeat=len(tiny))
        ways = [path for path in every if _listed(collapse([signs[i] for i in path])) == list(string)]
        found = {" ".join(signs[i] for i in path): np.prod(tiny.to_numpy()[np.arange(len(tiny)), path]) for path in ways}
        return pd.DataFrame({"probability": pd.Series(found, dtype=float)}).rename_axis("path")

    @staticmethod
    def forward(tiny: pd.DataFrame, string) -> float:
        """The sum of `summed` as `shoulders.sounds.phonemes.ctc` finds it, without a list of paths."""
        table = np.zeros((len(tiny), 1 + len(phonemes.SIGNS)))
        places_ = [phonemes.SILENCE, *(1 + phonemes.SIGNS.index(sign) for sign in tiny.columns[1:])]
        table[:, places_] = tiny
        with np.errstate(divide="ignore"):
            return float(np.exp(phonemes.ctc(np.log(table), ["".join(string)])[0]))

    @staticmethod
    def nearest(scores: np.ndarray, classes, most: int = 5) -> pd.DataFrame:
        """The likeliest words for one clip, from its row of scores."""
        best = np.argsort(-scores)[:most]
        means = [ENGLISH.get(classes[i], "") for i in best]
        return pd.DataFrame({"word": [classes[i] for i in best], "means": means, "log probability": scores[best].round(1)})

    def without_clips(self, clips: SampleSet, words: dict) -> pd.DataFrame:
        """How often the strings alone name a clip, for each engine and for people, as `shoulders.plots.shares` takes it."""
        asked, wrong, rows = two_giants.by_engine(clips.valid), two_giants.shuffled(len(words)), []
        for engine, some in (asked | {"pico": self.elsewhere(clips).valid}).items():
            scores, line = scored(some, words), f"{engine}, {len(some)} clips"
            rows.append(line_of(line, "each word's own strings", scores.argmax(1) == some.labels))
            rows.append(line_of(line, "another word's strings", scores[:, wrong].argmax(1) == some.labels))
        return pd.DataFrame(rows + self._people())

    def _people(self):
        """What the kept table says of the strings alone on clips of people."""
        table = self.study.table
        some = table[(table.question == "28 words, of which nine are said") & (table.clips == table.clips.min())]
        n, line = int(some.n.iloc[0]), f"two people, {some.n.iloc[0]} clips (kept)"
        kinds = {"each word's own strings": some.second.mean(), "another word's strings": some.second_shuffled.mean()}
        return [line_at(line, kind, mean, n) for kind, mean in kinds.items()]

    def about(self) -> str:
        """How the kept table was made."""
        card, table = self.study.card, self.study.table
        return wrapped(
            f"The kept table: {table.draw.nunique()} draws of {table.clips.min()} to {table.clips.max()} clips a word. "
            f"Made on {card['date']} ({card['processor']}) by `{card['command']}`."
        )

    def kept(self, judged=("espeak", "flite"), engines: bool = False) -> pd.DataFrame:
        """The rows of `curve` from the table that ships: more draws, up to 20 clips; of the clips of these engines together.

        Parameters
        ----------
        judged : sequence of str
        engines : bool
            With those of `ENGINES`, too.
        """
        table, rows = self.study.table, []
        some = table[(table.question == "28 words") & (table.giant == "speech_embedding") & table.judged.isin(judged)]
        columns = {CLIPS: "first", STRINGS: "second", BOTH: "both", SHUFFLED: "both_shuffled"} | (
            {ENGINES: "both_engines"} if engines else {}
        )
        for (count, draw), held in some.groupby(["clips", "draw"]):
            means = {name: np.average(held[column], weights=held.n) for name, column in columns.items()}
            rows += [run_of(name, int(count), int(draw), mean, int(held.n.sum()), len(ENGLISH)) for name, mean in means.items()]
        return pd.DataFrame(rows)

    @staticmethod
    def ahead(rows, name: str, other: str, count: int) -> str:
        """By how many points one way of answering is ahead of another on the same draws, in a sentence."""
        table = pd.DataFrame(rows)
        held = table[table.per_class == count].pivot(index="seed", columns="backbone", values="accuracy")
        gap = 100 * (held[name] - held[other])
        low, high = interval(gap)
        verdict = "ahead" if low > 0 else "behind" if high < 0 else "too close to call"
        return wrapped(
            f"{count} clip{'s' * (count > 1)} a word, {name} against {other}: {gap.mean():+.1f} points "
            f"(95 % interval {low:+.1f} to {high:+.1f}), {verdict}."
        )

    def unheard(self) -> str:
        """Of the kept table: words never met, whichever seven they are, in a sentence."""
        table = self.study.table
        some = table[(table.question == "seven words never met") & (table.judged == "all English readings") & (table.clips == 5)]
        told = {CLIPS: some["first"].mean(), STRINGS: some.second.mean(), BOTH: some.both.mean()}
        means = ", ".join(f"{name} {share(mean, 0)}" for name, mean in told.items())
        return wrapped(f"The kept table, any seven words ({len(some)} draws, {int(some.n.iloc[0])} clips each): {means}.")

    @staticmethod
    def found(own) -> str:
        """How many clips of the word of exercise 3 some strings find, and how many those of the box, in a sentence."""
        if own is None or not _heard_own(own):
            return "no answer yet"
        (right, n), theirs = found_by(own), found_by(phonemes.strings()[OWN])[0]
        return f"Your strings find {right} of {n} clips of {OWN}; those of the box find {theirs}."

    @staticmethod
    def visitor(clips: Samples, words: dict, word: str, own) -> str:
        """Of clips that say another word, how many are taken for a word that nobody said; or why it cannot be asked."""
        try:
            heard, every = "; ".join(" ".join(phonemes.signs(one)) for one in own), words | {word: list(own)}
            taken = int((scored(clips, every).argmax(1) == list(every).index(word)).sum())
        except phonemes.PhonemeError as error:
            return wrapped(str(error))
        return wrapped(f"{word} ({heard}): {taken} of {len(clips)} clips that say something else are taken for it.")

    @staticmethod
    def verdict(table: pd.DataFrame, name: str) -> str:
        """Of `verdicts`: the mean of native and mangled, at home and for another engine, in a line."""
        some = table[table.of == name].set_index("line").share
        means = {engine: some.filter(regex=f"^{engine}, ").mean() for engine in ("espeak", "pico")}
        return f"{name}: {', '.join(f'{engine} {share(mean, 0)}' for engine, mean in means.items())}"


def _listed(found):
    return None if found is None else list(found)


def _collapse(path):
    found = [sign for i, sign in enumerate(path) if i == 0 or sign != path[i - 1]]
    return [sign for sign in found if sign != SILENCE]


def _wrong_collapse(path, found):
    right, found, told = _collapse(path), _listed(found), f"{' '.join(path)}"
    if SILENCE in found:
        return f"{told}: there is silence left in {' '.join(found)}."
    if found == [sign for sign in path if sign != SILENCE]:
        return f"{told}: what lasts several moments is written once. Merge what is repeated."
    without = [sign for sign in path if sign != SILENCE]
    if found == [sign for i, sign in enumerate(without) if i == 0 or sign != without[i - 1]]:
        return f"{told}: with silence between them, two equal signs are two sounds. Merge first, then drop silence."
    return f"{told} becomes {' '.join(right) or 'nothing at all'}, and yours is {' '.join(map(str, found)) or 'nothing at all'}."


def _check_collapse(answer):
    return tried(answer, [(list(path), _collapse(path)) for path in PATHS], lambda a, b: _listed(a) == list(b), _wrong_collapse)


def _joined(told, scores, weight):
    return np.exp(second.normalised(np.asarray(told, float) + weight * np.asarray(scores, float)))


def _same(found, right):
    found, right = np.asarray(found, float), np.asarray(right, float)
    return found.shape == right.shape and np.allclose(found, right, atol=1e-6)


def _wrong_joined(told, scores, weight, found):
    right, found = _joined(told, scores, weight), np.asarray(found, float)
    if found.shape != right.shape:
        return f"a row for each clip and a number for each word are wanted, {right.shape}, and yours is {found.shape}."
    plain = told + weight * scores
    if np.allclose(found, plain) or np.allclose(np.exp(found), right):
        return "these are logarithms: take np.exp, and divide each row by its sum."
    if np.allclose(found, np.exp(plain)):
        return f"the first row adds up to {found[0].sum():.2g}: divide each row by its sum."
    if np.allclose(found, np.exp(plain) / np.exp(plain).sum()) and len(found) > 1:
        return "all rows together add up to one: each of them has to, with .sum(1, keepdims=True)."
    for other, words in _NEAR:
        if np.allclose(found, other(told, scores, weight), atol=1e-6):
            return words
    if not np.allclose(found.sum(1), 1):
        return f"the first row adds up to {found[0].sum():.2g}, and should to 1."
    given = f"of {np.exp(told[0]).round(2).tolist()} and the scores {scores[0].tolist()}, {weight:g} times"
    return f"{given}, comes {right[0].round(2).tolist()}."


_NEAR = (
    (lambda told, scores, weight: _joined(told, scores, 1.0), "the weight is missing: it stands before the scores."),
    (lambda told, scores, weight: _joined(weight * told, scores, 1.0), "the weight belongs to the scores, and not to the head."),
    (lambda told, scores, weight: _joined(told, scores, 0.0), "this is what the head says alone: add the scores."),
    (
        lambda told, scores, weight: _joined(0 * told, scores, weight),
        "this is what the strings say alone: add what the head says.",
    ),
)


def _check_joined(answer):
    cases = [(np.log(sure), np.array(scores), weight) for sure, scores, weight in TOGETHER]
    return tried(answer, [(*case, _joined(*case)) for case in cases], _same, _wrong_joined)


@cache
def _asked():
    """The validation clips of the word of exercise 3, as heard, and the likeliest other word of each."""
    clips = [ears.of(path) for path in sorted((places.box() / "voices" / "mangled" / "valid" / OWN).glob("*.opus"))]
    others = {word: some for word, some in phonemes.strings().items() if word != OWN}
    return clips, phonemes.scores(clips, others).max(1)


def found_by(strings) -> tuple[int, int]:
    """Of the clips of *oreja*, how many strings in its place find among all 28 words, and of how many.

    Raises
    ------
    shoulders.sounds.phonemes.PhonemeError
    """
    clips, others = _asked()
    return int((phonemes.scores(clips, {OWN: list(strings)})[:, 0] > others).sum()), len(clips)


def _heard_own(answer):
    """Whether strings can be held against clips."""
    try:
        return not isinstance(answer, str) and bool([phonemes.signs(one) for one in answer])
    except (phonemes.PhonemeError, TypeError, AttributeError):
        return False


def _check_own(answer):
    """Strings that find the word."""
    if isinstance(answer, str) or not all(isinstance(one, str) for one in answer):
        return 'give a list of strings, as ["oreha"].'
    if not len(answer):
        return "the list is empty: write at least one string."
    try:
        every = [phonemes.signs(one) for one in answer]
    except phonemes.PhonemeError as error:
        return f"{error}"
    if spelled := next((one for one, signs in zip(answer, every) if "j" in signs), None):
        return f"{spelled!r} holds the letter j, and as a sign of sound that is the first of *yes*. What do you hear there?"
    right, n = found_by(answer)
    if right < ENOUGH:
        return f"these strings find {right} of {n} clips of {OWN}: add another way in which English speakers may say it."
    return True


def lesson_11b() -> Lesson11b:
    """The exercises, and the table that ships."""
    return Lesson11b(
        Exercise("1", "exercise.collapse", _check_collapse, (
            "Two steps: first write once what is repeated, then leave silence out.",
            "A sign begins where it differs from the one before it: sign != path[i - 1], or i == 0.",
            "[s for i, s in enumerate(path) if (i == 0 or s != path[i - 1]) and s != '_'].",
        )),
        Exercise("2", "exercise.joined", _check_joined, (
            "Add the logarithms, the scores times the weight; then make probabilities of each row.",
            "together = np.exp(told + weight * scores). And each row has to add up to 1.",
            "together / together.sum(1, keepdims=True).",
        )),
        Exercise("3", "exercise.own", _check_own, (
            "Which letter of the word is another sound in Spanish, and another one in English?",
            "Spanish j is a rough h. English speakers read it as in *job*: d͡ʒ. Write one string for each way.",
            '["oreha", "oʊɹeɪhɑ", "oɹd͡ʒə"].',
        )),
        comparison.read(places.box() / "results" / "studies" / "voices_second.csv"),
        ENGLISH,
        WEEKDAYS,
    )  # fmt: skip
