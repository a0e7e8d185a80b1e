"""What lesson 11b measures: clips, strings, and both; words never heard; and whether *native or mangled* holds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd

from shoulders import backbones, datasets, features, heads
from shoulders.backbones import Backbone
from shoulders.course.exercises.lesson_11a import CONTROLS, ENGLISH, Lesson11a
from shoulders.datasets import Samples, SampleSet
from shoulders.heads import second
from shoulders.intervals import wilson
from shoulders.sounds import ears, phonemes

CLIPS, STRINGS, BOTH, SHUFFLED = "clips alone", "strings alone", "both", "both, shuffled strings"
"""Who answers: the first giant's head, the second giant, both, and both where each word has another word's strings."""

ENGINES = "both, engines left out"
"""Both, with the weight learnt on clips of engines that were left out, in place of voices."""

HEAD = "logistic_regression"


def scored(clips: Samples, words: dict) -> np.ndarray:
    """How likely each word's strings are for each clip, as log probabilities: shape (clips, words)."""
    return phonemes.scores([ears.of(path) for path in clips.paths], words)


def shuffled(classes: int, seed: int = 0) -> np.ndarray:
    """For each word the place of another one, never its own."""
    order = np.random.default_rng(seed).permutation(classes)
    found = np.empty(classes, int)
    found[order] = np.roll(order, 1)
    return found


def by_engine(clips: Samples) -> dict[str, Samples]:
    """The clips of each engine, by its name."""
    engines = Lesson11a.told(clips, "engine")
    return {engine: clips.take(np.flatnonzero(engines == engine)) for engine in dict.fromkeys(engines.tolist())}


# ------------------------------------------------------------------------------------------------------- for figures


def line_of(line: str, of: str, right: np.ndarray) -> dict:
    """A row as `shoulders.plots.shares` takes it: the share of clips that were named rightly."""
    return line_at(line, of, float(np.mean(right)), len(right))


def line_at(line: str, of: str, mean: float, n: int) -> dict:
    """The same where the share is known, of `n` clips."""
    low, high = wilson(round(mean * n), n)
    return {"line": line, "of": of, "share": mean, "low": low, "high": high, "n": n}


def run_of(name: str, count: int, seed: int, mean: float, n: int, classes: int) -> dict:
    """A row as `shoulders.comparison.rows` gives it, as far as its figure needs it."""
    low, high = wilson(round(mean * n), n)
    about = {"regime": "feature_extraction", "backbone": name, "per_class": count, "n_train": count * classes, "seed": seed}
    return about | {"accuracy": mean, "low": low, "high": high, "n_valid": n, "classes": classes, "largest": 1 / classes}


# -------------------------------------------------------------------------------------------------------- two giants


def answered(giant: Backbone, clips: SampleSet, scores: dict, taught: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Which validation clips are named rightly, by each way of answering.

    Parameters
    ----------
    giant : Backbone
    clips : SampleSet
    scores : dict
        The strings' scores of its ``'train'`` and ``'valid'``.
    taught : numpy.ndarray of int
        Places of the training clips that teach.
    seed : int
        Which word gets which wrong strings.
    """
    labels, right = clips.train.labels[taught], clips.valid.labels
    fitted, told, said = _heard(giant, clips, taught)
    met = fitted[-1].classes_
    found = {CLIPS: met[said.argmax(1)] == right, STRINGS: scores["valid"].argmax(1) == right}
    for name, columns in ((BOTH, slice(None)), (SHUFFLED, shuffled(len(clips.classes), seed))):
        learnt = second.learn(told, met, labels, scores["train"][taught][:, columns])
        found[name] = second.joined(said, scores["valid"][:, columns], learnt).argmax(1) == right
    return found


def _heard(giant, clips, taught):
    """A head, what it says of training clips of left-out voices, and of validation clips: log probabilities of words it met."""
    rows, labels = features.extract(giant, clips.train)["hidden"][taught], clips.train.labels[taught]
    fitted = heads.fit(HEAD, rows, labels)
    said = second.logarithm(heads.probabilities(fitted, features.extract(giant, clips.valid)["hidden"]))
    voices = Lesson11a.told(clips.train, "voice")[taught]
    return fitted, second.left_out(HEAD, fitted, rows, labels, voices), said


def curve(giant: Backbone, clips: SampleSet, scores: dict, counts=(1, 2, 5), draws: int = 3) -> list[dict]:
    """`answered` with few clips of each word: rows for `shoulders.plots.comparison`."""
    rows = []
    for count, seed in product(counts, range(draws)):
        for name, right in answered(giant, clips, scores, clips.train.sample(count, seed), seed).items():
            rows.append(run_of(name, count, seed, float(right.mean()), len(right), len(clips.classes)))
    return rows


def never_heard(giant: Backbone, clips: SampleSet, scores: dict, names, count: int = 5, seed: int = 0) -> pd.DataFrame:
    """Some words without a clip, the others with a few: how often each kind is named, as `shoulders.plots.shares` takes it."""
    without = np.isin(clips.classes, names)[clips.valid.labels]
    found = answered(giant, clips, scores, _others(clips, names, count, seed), seed)
    kinds = {f"never heard, {without.sum()} clips": without, f"the other words, {(~without).sum()} clips": ~without}
    ways = (CLIPS, STRINGS, BOTH)
    return pd.DataFrame([line_of(line, name, found[name][keep]) for line, keep in kinds.items() for name in ways])


def _others(clips, names, count, seed):
    """Places of a few training clips of each word that has not one of these names."""
    taught = clips.train.sample(count, seed)
    return taught[~np.isin(clips.classes, names)[clips.train.labels[taught]]]


def answering(giant: Backbone, clips: SampleSet, words: dict, scores: dict, names, count: int = 5) -> Callable:
    """What a microphone asks of both giants, some words never heard: from a clip to the five likeliest words."""
    taught = _others(clips, names, count, 0)
    fitted, told, _ = _heard(giant, clips, taught)
    learnt = second.learn(told, fitted[-1].classes_, clips.train.labels[taught], scores["train"][taught])
    look, classes = features.looker(giant), tuple(clips.classes)

    def ask(source):
        row = look([source])["hidden"]
        source.seek(0)
        sure = second.answers(fitted, row, phonemes.scores([ears.of(source)], words), learnt)[0]
        return [(f"{classes[i]} · {ENGLISH.get(classes[i], '')}", float(sure[i])) for i in np.argsort(-sure)[:5]]

    return ask


# ------------------------------------------------------------------------------------------------------ dictionaries


def mended(clips: Samples, words: dict) -> dict:
    """A colleague's strings: of every clip that was taken for another word, what the ear wrote is added to its word's."""
    found = {word: list(some) for word, some in words.items()}
    for i in np.flatnonzero(scored(clips, words).argmax(1) != clips.labels):
        if wrote := phonemes.line(ears.of(clips.paths[i])).replace(" ", ""):
            found[clips.classes[clips.labels[i]]].append(wrote)
    return found


def held_against(asked: dict[str, Samples], ways: dict[str, dict]) -> pd.DataFrame:
    """How often each table of strings names each kind of clips, as `shoulders.plots.shares` takes it."""
    rows = []
    for (line, some), (name, words) in product(asked.items(), ways.items()):
        rows.append(line_of(f"{line}, {len(some)} clips", name, scored(some, words).argmax(1) == some.labels))
    return pd.DataFrame(rows)


# -------------------------------------------------------------------------------------------------- native or mangled


def verdicts(giant: Backbone, clips: SampleSet, others: dict | None = None, seed: int = 0) -> pd.DataFrame:
    """*Native or mangled?*, taught by espeak alone, with as many of each: how often clips of each kind are called rightly.

    Parameters
    ----------
    giant : Backbone
    clips : SampleSet
        The mangled clips; the native ones, and those of another engine, are the box's.
    others : dict of str to (Samples, bool), optional
        More clips to judge, and whether they are native.
    seed : int
        Draws the mangled clips that teach.
    """
    native, asked, rows = datasets.load("voices_native", classes=clips.classes), {}, []
    for samples, right in ((native.valid, True), (clips.valid, False), (Lesson11a.elsewhere(clips).valid, False)):
        asked |= {f"{one}, {'native' if right else 'mangled'}": (some, right) for one, some in by_engine(samples).items()}
    asked = dict(sorted(asked.items(), key=lambda one: (one[0].split(",")[0], not one[1][1]))) | (others or {})
    for name, one in {giant.name: giant, **{name: backbones.load(name) for name in CONTROLS}}.items():
        fitted = _verdict(one, native.train, clips.train, seed)
        for line, (some, right) in asked.items():
            called = heads.probabilities(fitted, features.extract(one, some)["hidden"]).argmax(1) == 1
            rows.append(line_of(f"{line}, {len(some)} clips", name, called == right))
    return pd.DataFrame(rows)


def _verdict(giant, native, mangled, seed):
    """A head that tells native from mangled: of espeak alone, as many mangled clips of each word as there are native ones."""
    mangled = by_engine(mangled)["espeak"]
    readings, each = Lesson11a.told(mangled, "reading"), np.bincount(native.labels).min() // 2
    some = [mangled.take(np.flatnonzero(readings == one)) for one in ("accent", "read")]
    parts = [native, *(one.take(one.sample(each, seed)) for one in some)]
    rows = np.concatenate([features.extract(giant, part)["hidden"] for part in parts])
    return heads.fit(HEAD, rows, np.repeat([1, 0], [len(native), len(rows) - len(native)]))
