"""Lesson 11b: can a word be understood of which nobody gave a clip?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from shoulders import backbones, comparison, features, heads
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise, tried
from shoulders.course.exercises.lesson_11a import CONTROLS, ENGLISH, Lesson11a
from shoulders.datasets import Samples, SampleSet
from shoulders.heads import second
from shoulders.intervals import interval, wilson
from shoulders.sounds import ears, phonemes
from shoulders.support import places
from shoulders.support.words import share, wrapped

CLIPS, STRINGS, BOTH, SHUFFLED = "clips alone", "strings alone", "both", "both, shuffled strings"
"""Who answers: the first giant's classifier, the second giant, both, and both where each word has another word's strings."""

WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")

SILENCE = "_"
"""In a path of exercise 1."""

OWN = "oreja"
"""The word of exercise 3."""

HEAD = "logistic_regression"

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
    told = staticmethod(Lesson11a.told)
    native = staticmethod(Lesson11a.native)
    elsewhere = staticmethod(Lesson11a.elsewhere)

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
    def scored(clips: Samples, words: dict) -> np.ndarray:
        """How likely each word's strings are for each clip, as log probabilities: shape (clips, words)."""
        return phonemes.scores([ears.of(path) for path in clips.paths], words)

    @staticmethod
    def summed(tiny: pd.DataFrame, collapse: Callable, string) -> pd.DataFrame:
        """Every path through a small table that collapses to a string, with its probability; none without a `collapse`."""
        columns = [SILENCE, *tiny.columns[1:]]
        every = product(range(len(columns)), repeat=len(tiny))
        ways = [path for path in every if _listed(collapse([columns[i] for i in path])) == list(string)]
        told = {" ".join(columns[i] for i in path): np.prod(tiny.to_numpy()[np.arange(len(tiny)), path]) for path in ways}
        return pd.DataFrame({"probability": pd.Series(told, dtype=float)}).rename_axis("path")

    @staticmethod
    def forward(tiny: pd.DataFrame, string) -> float:
        """The same probability as `shoulders.sounds.phonemes.ctc` finds it, without a list of paths."""
        table = np.zeros((len(tiny), 1 + len(phonemes.SIGNS)))
        for name, column in zip(["", *tiny.columns[1:]], tiny.to_numpy().T):
            table[:, phonemes.SIGNS.index(name) + 1 if name else phonemes.SILENCE] = column
        with np.errstate(divide="ignore"):
            return float(np.exp(phonemes.ctc(np.log(table), ["".join(string)])[0]))

    def nearest(self, scores: np.ndarray, classes, most: int = 5) -> pd.DataFrame:
        """The likeliest words for one clip, from its row of scores."""
        best = np.argsort(-scores)[:most]
        words = [classes[i] for i in best]
        return pd.DataFrame({"word": words, "means": [ENGLISH.get(word, "") for word in words], "log probability": scores[best].round(1)})

    @staticmethod
    def shuffled(classes: int, seed: int = 0) -> np.ndarray:
        """For each word the place of another one, never its own."""
        order = np.random.default_rng(seed).permutation(classes)
        found = np.empty(classes, int)
        found[order] = np.roll(order, 1)
        return found

    def without_clips(self, clips: SampleSet, words: dict) -> pd.DataFrame:
        """How often the strings alone name a clip, engine by engine and for people: a row as `shoulders.plots.shares` takes it."""
        abroad, rows = self.elsewhere(clips).valid, []
        engines = self.told(clips.valid, "engine")
        asked = {engine: clips.valid.take(np.flatnonzero(engines == engine)) for engine in dict.fromkeys(engines)} | {"pico": abroad}
        for engine, some in asked.items():
            scores, line = self.scored(some, words), f"{engine}, {len(some)} clips"
            wrong = self.shuffled(len(words))
            rows.append(line_of(line, "each word's own strings", scores.argmax(1) == some.labels))
            rows.append(line_of(line, "another word's strings", wrong[scores.argmax(1)] == some.labels))
        return pd.DataFrame(rows + self._people())

    def _people(self):
        """What the kept table says of the strings alone on clips of people."""
        table = self.study.table
        some = table[(table.question == "28 words, of which nine are said") & (table.clips == table.clips.min())]
        n, line = int(some.n.iloc[0]), f"two people, {some.n.iloc[0]} clips (kept)"
        kinds = {"each word's own strings": some.second.mean(), "another word's strings": some.second_shuffled.mean()}
        return [_line(line, kind, mean, n) for kind, mean in kinds.items()]

    def curve(self, giant: Backbone, clips: SampleSet, scores: dict, counts=(1, 2, 5), draws: int = 3) -> list[dict]:
        """Clips alone, strings alone, both, and both with shuffled strings, with few clips of each word: rows for `shoulders.plots.comparison`."""
        rows = []
        for count, seed in product(counts, range(draws)):
            taught = clips.train.sample(count, seed)
            right = self.answered(giant, clips, scores, taught, seed)
            rows += [_row(name, count, seed, float(one.mean()), len(clips.valid), len(clips.classes)) for name, one in right.items()]
        return rows

    def answered(self, giant: Backbone, clips: SampleSet, scores: dict, taught: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
        """Which validation clips are named rightly, by each way of answering, taught by the training clips at these places."""
        labels, right = clips.train.labels[taught], clips.valid.labels
        fitted, told, said = _heard(giant, clips, taught)
        found = {CLIPS: fitted[-1].classes_[said.argmax(1)] == right, STRINGS: scores["valid"].argmax(1) == right}
        for name, columns in ((BOTH, slice(None)), (SHUFFLED, self.shuffled(len(clips.classes), seed))):
            learnt = second.learn(told, fitted[-1].classes_, labels, scores["train"][taught][:, columns])
            found[name] = second.joined(said, scores["valid"][:, columns], learnt).argmax(1) == right
        return found

    def never_heard(self, giant: Backbone, clips: SampleSet, scores: dict, names, count: int = 5, seed: int = 0) -> pd.DataFrame:
        """Some words without a clip, the others with a few: how often each kind is named, a row as `shoulders.plots.shares` takes it."""
        unmet = np.isin(clips.classes, names)
        taught = clips.train.sample(count, seed)
        found = self.answered(giant, clips, scores, taught[~unmet[clips.train.labels[taught]]], seed)
        without = unmet[clips.valid.labels]
        kinds = {f"{unmet.sum()} words never heard": without, "the other words": ~without}
        return pd.DataFrame(
            line_of(f"{line}, {keep.sum()} clips", name, found[name][keep]) for line, keep in kinds.items() for name in (CLIPS, STRINGS, BOTH)
        )

    def kept(self, judged=("espeak", "flite")) -> pd.DataFrame:
        """The rows of `curve` from the table that ships: more draws, up to 20 clips; of the engines together."""
        table = self.study.table
        some = table[(table.question == "28 words") & (table.giant == "speech_embedding") & table.judged.isin(judged)]
        columns = {CLIPS: "first", STRINGS: "second", BOTH: "both", SHUFFLED: "both_shuffled"}
        rows = []
        for (count, draw), held in some.groupby(["clips", "draw"]):
            for name, column in columns.items():
                mean, n = np.average(held[column], weights=held.n), int(held.n.sum())
                rows.append(_row(name, int(count), int(draw), mean, n, len(ENGLISH)))
        return pd.DataFrame(rows)

    def about(self) -> str:
        """How the kept table was made."""
        card, table = self.study.card, self.study.table
        return wrapped(
            f"{len(table):,} rows: {table.draw.nunique()} draws of {table.clips.min()} to {table.clips.max()} clips a word. "
            f"Made on {card['date']} ({card['processor']}) by `{card['command']}`."
        )

    @staticmethod
    def ahead(rows, name: str, other: str, count: int) -> str:
        """By how many points one way of answering is ahead of another on the same draws, in a sentence."""
        table = pd.DataFrame(rows)
        held = table[table.per_class == count].pivot(index="seed", columns="backbone", values="accuracy")
        gap = held[name] - held[other]
        low, high = interval(gap)
        verdict = "ahead" if low > 0 else "behind" if high < 0 else "too close to call"
        return wrapped(
            f"{count} clip{'s' * (count > 1)} a word, {name} against {other}: {100 * gap.mean():+.1f} points "
            f"({100 * low:+.1f} to {100 * high:+.1f}, {len(gap)} draws), {verdict}."
        )

    def unheard(self) -> str:
        """Of the kept table: words never met, whichever seven they are, in a sentence."""
        table = self.study.table
        some = table[(table.question == "seven words never met") & (table.judged == "all English readings")]
        held = some[some.clips == some.clips.min()]
        told = [f"{name} {share(held[column].mean(), 0)}" for name, column in ((CLIPS, "first"), (STRINGS, "second"), (BOTH, "both"))]
        return wrapped(f"Any seven words, {len(held)} draws, {int(held.n.iloc[0])} clips each: {', '.join(told)}.")

    @staticmethod
    def found(own) -> str:
        """How many clips of the word of exercise 3 some strings find, and how many those of the box, in a sentence."""
        if own is None or _check_own(own) is not True:
            return "no answer yet"
        (right, n), theirs = found_by(own), found_by(phonemes.strings()[OWN])[0]
        return f"Your strings find {right} of {n} clips of {OWN}; those of the box find {theirs}."

    def visitor(self, clips: Samples, words: dict, word: str, own) -> str:
        """Of clips that say another word, how many are taken for a word that nobody said, in a sentence; or why it cannot be asked."""
        try:
            scores = self.scored(clips, words | {word: list(own)})
            heard = "; ".join(" ".join(phonemes.signs(one)) for one in own)
        except phonemes.PhonemeError as error:
            return wrapped(str(error))
        taken = int((scores.argmax(1) == list(words | {word: own}).index(word)).sum())
        return wrapped(f"{word}, as {heard}: {taken} of {len(clips)} clips that say something else are taken for it.")

    @staticmethod
    def answering(giant: Backbone, clips: SampleSet, words: dict, scores: dict, names, count: int = 5) -> Callable:
        """What a microphone asks of both giants, some words never heard: from a clip to the five likeliest words."""
        taught = clips.train.sample(count)
        taught = taught[~np.isin(clips.classes, names)[clips.train.labels[taught]]]
        fitted, told, _ = _heard(giant, clips, taught)
        learnt = second.learn(told, fitted[-1].classes_, clips.train.labels[taught], scores["train"][taught])
        look, classes = features.looker(giant), tuple(clips.classes)

        def ask(source):
            row = look([source])["hidden"]
            source.seek(0)
            sure = second.answers(fitted, row, phonemes.scores([ears.of(source)], words), learnt)[0]
            return [(f"{classes[i]} · {ENGLISH.get(classes[i], '')}", float(sure[i])) for i in np.argsort(-sure)[:5]]

        return ask

    def mended(self, clips: Samples, words: dict) -> dict:
        """A colleague's strings: of every clip that was taken for another word, what the ear wrote is added to its word's."""
        found = {word: list(some) for word, some in words.items()}
        for i in np.flatnonzero(self.scored(clips, words).argmax(1) != clips.labels):
            if wrote := phonemes.line(ears.of(clips.paths[i])).replace(" ", ""):
                found[clips.classes[clips.labels[i]]].append(wrote)
        return found

    def held_against(self, asked: dict[str, Samples], ways: dict[str, dict]) -> pd.DataFrame:
        """How often each table of strings names each kind of clips, a row as `shoulders.plots.shares` takes it."""
        return pd.DataFrame(
            line_of(f"{line}, {len(some)} clips", name, self.scored(some, words).argmax(1) == some.labels)
            for line, some in asked.items()
            for name, words in ways.items()
        )

    def verdicts(self, giant: Backbone, clips: SampleSet, others: dict | None = None, seed: int = 0) -> pd.DataFrame:
        """*Native or mangled?*, taught by espeak alone, with the same number of each: how often clips of each kind are called rightly.

        Parameters
        ----------
        giant : Backbone
        clips : SampleSet
            The mangled clips; the native ones and those of another engine are fetched from the box.
        others : dict of str to (Samples, bool), optional
            More clips to judge, and whether they are native.
        seed : int
            Draws the mangled clips that teach.
        """
        native, abroad = self.native(clips), self.elsewhere(clips).valid
        spoken = _by_engine(native.valid, True) | _by_engine(clips.valid, False) | _by_engine(abroad, False)
        spoken = dict(sorted(spoken.items(), key=lambda one: (one[0].split(",")[0], -one[1][1]))) | (others or {})
        rows = []
        for name, one in {giant.name: giant, **{name: backbones.load(name) for name in CONTROLS}}.items():
            fitted = _verdict(one, native.train, clips.train, seed)
            for line, (some, right) in spoken.items():
                called = heads.probabilities(fitted, features.extract(one, some)["hidden"]).argmax(1) == 1
                rows.append(line_of(f"{line}, {len(some)} clips", name, called == right))
        return pd.DataFrame(rows)

    @staticmethod
    def verdict(table: pd.DataFrame, name: str) -> str:
        """Of `verdicts`: the mean of both kinds, at home and for another engine, in a line."""
        some = table[table.of == name].set_index("line").share
        means = {engine: some.filter(regex=f"^{engine}, ").mean() for engine in ("espeak", "pico")}
        return f"{name}: {', '.join(f'{engine} {share(mean, 0)}' for engine, mean in means.items())}"


def line_of(line: str, of: str, right: np.ndarray) -> dict:
    """A row as `shoulders.plots.shares` takes it: the share of clips that were named rightly."""
    return _line(line, of, float(np.mean(right)), len(right))


def _line(line, of, mean, n):
    low, high = wilson(round(mean * n), n)
    return {"line": line, "of": of, "share": mean, "low": low, "high": high, "n": n}


def _row(name, count, seed, mean, n, classes):
    """As `shoulders.comparison.rows` gives it, as far as a figure needs it."""
    low, high = wilson(round(mean * n), n)
    about = {"regime": "feature_extraction", "backbone": name, "per_class": count, "n_train": count * classes, "seed": seed}
    return about | {"accuracy": mean, "low": low, "high": high, "n_valid": n, "classes": classes, "largest": 1 / classes}


def _heard(giant, clips, taught):
    """A classifier, what it says of left-out training clips, and of validation clips: log probabilities of the words it met."""
    rows, labels = features.extract(giant, clips.train)["hidden"][taught], clips.train.labels[taught]
    fitted = heads.fit(HEAD, rows, labels)
    said = second.logarithm(heads.probabilities(fitted, features.extract(giant, clips.valid)["hidden"]))
    return fitted, second.left_out(HEAD, fitted, rows, labels), said


def _by_engine(samples, native):
    """Clips of each engine by a title, and whether they are native."""
    engines = Lesson11a.told(samples, "engine")
    kind = "native" if native else "mangled"
    return {f"{one}, {kind}": (samples.take(np.flatnonzero(engines == one)), native) for one in dict.fromkeys(engines)}


def _verdict(giant, native, mangled, seed):
    """A head that tells native from mangled: of espeak alone, as many mangled clips of each word as there are native ones."""
    engines, readings = (Lesson11a.told(mangled, name) for name in ("engine", "reading"))
    each = np.bincount(native.labels).min() // 2
    some = [mangled.take(np.flatnonzero((engines == "espeak") & (readings == one))) for one in ("accent", "read")]
    parts = [native, *(one.take(one.sample(each, seed)) for one in some)]
    rows = np.concatenate([features.extract(giant, part)["hidden"] for part in parts])
    return heads.fit(HEAD, rows, np.repeat([1, 0], [len(native), len(rows) - len(native)]))


def _listed(found):
    return None if found is None else list(found)


# -------------------------------------------------------------------------------------------------------- exercises


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
    for other, words in _NEAR.items():
        if np.allclose(found, other(told, scores, weight), atol=1e-6):
            return words
    if not np.allclose(found.sum(1), 1):
        return f"the first row adds up to {found[0].sum():.2g}, and should to 1."
    return f"of {np.exp(told[0]).round(2).tolist()} and the scores {scores[0].tolist()}, {weight:g} times, comes {right[0].round(2).tolist()}."


_NEAR = {
    lambda told, scores, weight: _joined(told, scores, 1.0): "the weight is missing: it stands before the scores.",
    lambda told, scores, weight: _joined(weight * told, scores, 1.0): "the weight belongs to the scores, and not to the classifier.",
    lambda told, scores, weight: _joined(told, 0 * scores, 0.0): "this is what the classifier says alone: add the scores.",
    lambda told, scores, weight: _joined(0 * told, scores, weight): "this is what the strings say alone: add the classifier's logarithms.",
}


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


ENOUGH = 8
"""Clips of 15 that the strings of exercise 3 must find."""


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
            "Say the word as it is spelled, in English: what is the third sound? And then as a Spanish speaker would: which is it now?",
            "Spanish j is an h, or a rougher x. English speakers read it as in *job*: d͡ʒ. Write one string for each way.",
            '["oreha", "oʊɹeɪhɑ", "oɹd͡ʒə"].',
        )),
        comparison.read(places.box() / "results" / "studies" / "voices_second.csv"),
        ENGLISH,
        WEEKDAYS,
    )  # fmt: skip
