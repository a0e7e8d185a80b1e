"""Lesson 03: three ways."""

from __future__ import annotations

import re
import tempfile
import textwrap
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from shoulders import comparison, costs, cutting, datasets, heads, pictures, views
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.course.guesses import beside
from shoulders.datasets import Samples, SampleSet
from shoulders.datasets.notes import listed
from shoulders.results import Result
from shoulders.support.names import REGIMES
from shoulders.support.words import bounds, share

EPOCHS = 5
"""From scratch, in step 1."""

SUSPECTS = ("random weights", "wrong normalisation", "shuffled labels", "swapped labels", "too few pictures")

QUESTIONS = tuple(
    f"{way} with {count}" for way in ("feature extraction", "from scratch") for count in ("1 of each", "10 of each", "all")
)
"""What is guessed before anything runs, in per cent."""


@dataclass(frozen=True)
class Lesson03:
    """The exercises of lesson 03, what came out in sentences, and the settings in which transfer does not help."""

    work: Exercise
    mean: Exercise
    ahead: Exercise
    culprit: Exercise
    classes: tuple[str, ...]

    @staticmethod
    def summary(rows):
        """`shoulders.comparison.summary` as a reader wants it: shares in per cent, both intervals in words."""
        lines = comparison.summary(rows)
        return pd.DataFrame(
            {
                "way": [_way(regime) for regime in lines.regime],
                "of each class": lines.per_class,
                "runs": lines.runs,
                "mean": lines["mean"].map(share),
                "of the mean": [bounds(line.low, line.high) for line in lines.itertuples()],
                "of one run alone": [bounds(line.alone_low, line.alone_high) for line in lines.itertuples()],
            }
        ).set_index("way")

    @staticmethod
    def spread(rows, regime: str = "feature_extraction") -> str:
        """How far single draws lie apart, with the fewest pictures and with the most that are still drawn."""
        lines, table = comparison.summary(rows), pd.DataFrame(rows)
        drawn = lines[(lines.regime == regime) & (lines.per_class != "all") & (lines.runs > 1)]
        return "\n".join(_spread(line, table) for line in (drawn.iloc[0], drawn.iloc[-1])) if len(drawn) else ""

    @staticmethod
    def curves(guess: dict, most: float) -> dict[str, dict[float, float]]:
        """A guess such as ``{'from scratch with 10 of each': 60}`` as `shoulders.plots.comparison` draws it.

        Parameters
        ----------
        guess : dict of str to float
            A way, the word *with*, and a number of pictures of each class or *all*; per cent.
        most : float
            What *all* stands for.
        """
        drawn = {}
        for name, one in guess.items():
            regime, count = _asked(name)
            drawn.setdefault(regime, {})[most if count == "all" else float(count)] = one
        return drawn

    @staticmethod
    def guessed(guess: dict, rows) -> str:
        """A line for each of `QUESTIONS`: what was guessed, and what came out.

        Parameters
        ----------
        guess : dict of str to float
            As `shoulders.course.guesses.keep` gave it.
        rows : pandas.DataFrame
        """
        lines = comparison.summary(rows)
        means = {(line.regime, str(line.per_class)): line.mean for line in lines.itertuples(index=False)}
        return "\n".join(f"{_first(name)}: {_guessed(guess.get(name), means.get(_asked(name)))}" for name in QUESTIONS)

    @staticmethod
    def worth(table, other, guess: float | None = None) -> str:
        """How many pictures of a class one network needs to do what another does with its fewest, by feature extraction.

        Parameters
        ----------
        table, other : pandas.DataFrame
            Rows of `shoulders.comparison.rows`, each of one network.
        guess : float, optional
        """
        own, its = (comparison.summary(rows[rows.regime == "feature_extraction"]) for rows in (table, other))
        few, reached = its.iloc[0], own[own["mean"] >= its["mean"].iloc[0]]
        line = reached.iloc[0] if len(reached) else own.iloc[-1]
        words = "does as well with" if len(reached) else "does not reach that, even with all"
        return (
            f"With {few.pictures:g} of each class, {few.backbone} names {_share(few)} correctly.\n"
            f"{line.backbone} {words} {line.pictures:g}: {_share(line)}."
        ) + (f" Your guess was {guess:g}." if guess is not None else "")

    def taught(self, network: Backbone) -> str:
        """Which of the reader's classes are among the network's own."""
        named = [kind for kind in network.classes if {kind, f"{kind}s"} & {*self.classes}]
        return f"Of your classes, {network.name} was taught to name {' and '.join(named) or 'none'}."

    @staticmethod
    def stuck(rows) -> str:
        """Of the trainings from scratch, how many say the same of every picture."""
        scratch = rows[rows.regime == "from_scratch"]
        same = np.isclose(scratch.accuracy, scratch.largest) | np.isclose(scratch.accuracy, 1 - scratch.largest)
        if not same.any():
            return f"Bare trainings from scratch: {len(scratch)}; none answers every picture alike."
        count = f"Bare trainings from scratch: {len(scratch)}; {same.sum()} are right"
        return _filled(f"{count} exactly as often as one answer for every picture, and have not begun to learn.")

    @staticmethod
    def levels(groups: dict) -> str:
        """The mean of each group of runs, and whether it lies above what one answer for every picture would reach."""
        lines = {name: comparison.summary([_plain(run) for run in runs]).iloc[0] for name, runs in groups.items()}
        return "\n".join(f"{_first(name)}: {_share(line)}, {_level(line)}." for name, line in lines.items())

    @staticmethod
    def against(groups: dict, usual: str) -> dict:
        """`shoulders.comparison.paired` of each group of runs with the usual one."""
        found = [_plain(run) | {"regime": name} for name, runs in groups.items() for run in runs]
        return {name: comparison.paired(found, name, usual) for name in groups if name != usual}

    @staticmethod
    def told(gains: dict, usual: str) -> str:
        """Where each is ahead, where behind, and where these runs cannot tell: a line for each.

        Parameters
        ----------
        gains : dict of str to pandas.DataFrame
            As `shoulders.comparison.paired` gives them.
        usual : str
            What all are held against.
        """
        lines = [f"{_first(name)}: {_told(held)}." for name, held in gains.items()]
        return "\n".join([f"Against {usual}, on the same pictures:", *(_filled(line) for line in lines)])

    @staticmethod
    def twins(rows, regime: str, other: str, per_class: int = 20) -> tuple[np.ndarray, np.ndarray]:
        """Accuracies of two ways on the same draws, by seed."""
        table = rows[rows.per_class.astype(str) == str(per_class)]
        one, two = (table[table.regime == name].set_index("seed").accuracy for name in (regime, other))
        both = one.index.intersection(two.index).sort_values()
        return one[both].to_numpy(), two[both].to_numpy()

    @staticmethod
    def apart(one, other) -> str:
        """The interval of the difference of two means as if they came from different draws (Welch 1947, Biometrika 34)."""
        from scipy.stats import ttest_ind

        if len(one) < 2:
            return "There are no two draws that both were run with."
        (low, high), same = ttest_ind(one, other, equal_var=False).confidence_interval(), comparison.interval(one - other)
        gain = 1 - (same[1] - same[0]) / (high - low)
        return (
            f"As if each way had drawn pictures of its own: {100 * low:+.1f} to {100 * high:+.1f} points.\n"
            f"The same draws have made the interval {abs(100 * gain):.0f} % {'narrower' if gain > 0 else 'wider'}."
        )

    @staticmethod
    def depths(network: Backbone) -> dict[str, str]:
        """The blocks of a network, each with the layer it ends in: `shoulders.cutting.last_at_each_size`."""
        named, block = {}, 0
        for layer in cutting.last_at_each_size(network):
            pooled = "Pool" in type(network.module.get_submodule(layer)).__name__
            block += not pooled
            named[f"block {block}{', pooled' * pooled}"] = layer
        return named

    @staticmethod
    def unscaled(network: Backbone) -> Backbone:
        """The same weights, given values from 0 to 255 as they are in the file."""
        transform = replace(network.transform, mean=(0.0,) * 3, std=(1 / 255,) * 3)
        return replace(network, transform=transform, build=lambda: network.module)

    @staticmethod
    def shuffled(held: SampleSet, seed: int = 0) -> SampleSet:
        """The same pictures; the names of the training pictures are dealt out anew, as they come."""
        return replace(held, train=_relabelled(held.train, np.random.default_rng(seed).permutation(held.train.labels)))

    @staticmethod
    def colleague(held: SampleSet) -> SampleSet:
        """The planted mistake: in the validation part, the classes are numbered from the other end."""
        return replace(held, valid=_relabelled(held.valid, len(held.classes) - 1 - held.valid.labels))

    @staticmethod
    def digits(first: int = 3, second: int = 8) -> SampleSet:
        """scikit-learn's handwritten digits of 8 × 8 pixels, two of the ten, as pictures in a temporary folder."""
        from PIL import Image
        from sklearn.datasets import load_digits

        found, root = load_digits(), Path(_room().name) / f"digits-{first}-{second}"
        for i in np.flatnonzero(np.isin(found.target, (first, second))):
            folder = root / str(found.target[i])
            folder.mkdir(parents=True, exist_ok=True)
            square = Image.fromarray((found.images[i] * 15.9).astype(np.uint8))
            square.resize((96, 96), Image.Resampling.NEAREST).save(folder / f"{i:04}.png")
        return datasets.load(root)

    @staticmethod
    def on_pixels(held: SampleSet, per_class: int, seed: int, side: int = 8) -> Result:
        """The same head on the pictures themselves, shrunk to a few grey squares: no network at all."""
        train, valid = (np.stack([_squares(path, side) for path in part.paths]) for part in (held.train, held.valid))
        chosen = held.train.sample(per_class, seed)
        fitted = heads.fit("logistic_regression", train[chosen], held.train.labels[chosen], seed)
        return Result(
            "pixels", "logistic_regression", "none", per_class, seed, len(chosen), held.valid,
            heads.probabilities(fitted, valid), {"features": 0.0, "train": 0.0, "total": 0.0}, side * side + 1, False,
            "cpu", "fp32", model=fitted,
        )  # fmt: skip


def _first(name):
    """With a capital, unless it begins with the name of a network."""
    return name if re.search(r"[_\d]", name.partition(" ")[0]) else f"{name[:1].upper()}{name[1:]}"


def _filled(sentence):
    """A narrow page breaks longer lines in the middle of a word."""
    return textwrap.fill(sentence.replace(" %", "\N{NO-BREAK SPACE}%"), 80).replace("\N{NO-BREAK SPACE}", " ")


def _way(regime):
    return regime.replace("_", " ")


def _spread(line, table):
    runs = table[(table.regime == line.regime) & (table.per_class == line.per_class)].accuracy
    reach = f"single draws reach from {bounds(runs.min(), runs.max())}, their mean is {_share(line)}."
    return _filled(f"{_way(line.regime).capitalize()} with {line.per_class} of each class: {reach}")


def _guessed(guess, mean):
    if mean is None:
        return "the table has no such run."
    return f"{share(mean)}." if guess is None else beside(guess, 100 * mean)


def _asked(name):
    """``'from scratch with 10 of each'`` as ``('from_scratch', '10')``."""
    way, _, count = name.partition(" with ")
    regime, count = way.replace(" ", "_"), count.removesuffix(" of each")
    if regime not in REGIMES or not (count == "all" or count.isdigit()):
        raise comparison.ComparisonError(f"{name!r} is none of the questions: keep their names, and write numbers for None.")
    return regime, count


def _plain(run):
    return run if isinstance(run, dict) else run.row()


def _level(line):
    if line.low > line.largest:
        return "above guessing"
    return "not told from guessing" if line.high >= 1 - line.largest else "below guessing"


def _told(held):
    if len(held) == 1:
        return _of_one_size(*held.iloc[0][["ahead", "low", "high"]])
    where = {"ahead": held.low > 0, "behind": held.high < 0}
    said = [f"{word} with {_sizes(held[sure])}, by {_reach(held[sure])} points" for word, sure in where.items() if sure.any()]
    rest = {"too close to call": (held.low <= 0) & (held.high >= 0), "a single pair of runs, and no interval,": held.low.isna()}
    said += [f"{words} with {_sizes(held[these])}" for words, these in rest.items() if these.any()]
    return "; ".join(said) or "no run on the same pictures"


def _of_one_size(ahead, low, high):
    if np.isnan(low):
        return f"{100 * ahead:+.1f} points, a single pair of runs, and no interval"
    word = "ahead" if low > 0 else "behind" if high < 0 else "too close to call"
    return f"{word}, {100 * ahead:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"


def _sizes(held):
    return listed([str(size) for size in held.per_class])


def _reach(held):
    by = 100 * held.ahead.abs()
    return f"{by.min():.1f}" + f" to {by.max():.1f}" * (len(held) > 1)


def _share(line):
    """A mean and its interval."""
    return f"{share(line['mean'])} ({bounds(line.low, line.high)})"


@cache
def _room():
    """Goes with this process."""
    return tempfile.TemporaryDirectory(prefix="shoulders-")


def _relabelled(part: Samples, labels):
    return replace(part, labels=labels)


@cache
def _squares(path, side):
    """The grey picture as `side` × `side` numbers."""
    from PIL import Image

    return np.asarray(pictures.read(path).convert("L").resize((side, side), Image.Resampling.BOX), float).ravel()


def lesson_03(edition: Edition) -> Lesson03:
    """The exercises, for the pictures and the network of this edition."""
    return Lesson03(
        Exercise("1", "exercise.work", lambda answer: _is_work(answer, edition), (
            "In each epoch the network learns from `rows` pictures. At the end it looks at every validation picture, once.",
            "A picture that is learnt from costs three times `one.gflops`, a picture that is looked at costs `one.gflops` once.",
            "epochs * 3 * rows for what is learnt, len(pictures.valid) for the look: multiply their sum by one.gflops.",
        )),
        Exercise("2", "exercise.mean", lambda answer: _is_mean(answer, edition), (
            "five.mean() is the middle; five.std(ddof=1) is the spread. There are len(five) values.",
            "The mean of n values spreads less than a single value: by the square root of n.",
            "half = student(len(five)) * five.std(ddof=1) / len(five) ** 0.5; then five.mean() - half and five.mean() + half.",
        )),
        Exercise("3", "exercise.ahead", lambda answer: _is_ahead(answer, edition), (
            "Subtract first: one difference for each draw. Then there is one list of numbers, as in exercise 2.",
            "ahead = tuned - headed; of this list take the mean, and the spread of the mean.",
            "half = student(len(ahead)) * ahead.std(ddof=1) / len(ahead) ** 0.5, to both sides of ahead.mean().",
        )),
        Exercise("4", "exercise.culprit", _is_culprit, (
            "Compare with guessing blindly. Which of the five suspects can bring a curve there, and which below?",
            "What is wrong only by chance ends near the dashed line. To be wrong that reliably, one has to know a lot.",
            "1 minus the colleague's accuracy is ours: everything is learnt rightly, and marked wrongly.",
        )),
        tuple(edition.pictures.classes),
    )  # fmt: skip


def _is_work(answer, edition):
    with costs.meter() as one:
        cutting.trial(edition.backbone.module, edition.backbone.transform.blank())
    drawn = 10 * len(edition.pictures.classes)
    rows, valid, answer = drawn * -(-views.LEAST // drawn), len(edition.pictures.valid), np.asarray(answer, float).item()
    right = one.gflops * (EPOCHS * 3 * rows + valid)

    def near(work):
        return abs(answer / (one.gflops * work) - 1) < 0.005  # room for rounded numbers

    if near(EPOCHS * 3 * rows + valid):
        return True
    if near(EPOCHS * rows + valid):
        return "the way back is missing: to learn from a picture costs three times as much as to look at it."
    if near(EPOCHS * (3 * rows + valid)):
        return "the validation pictures are looked at once, at the end, and not in every epoch."
    if near(EPOCHS * 3 * rows):
        return "the look at the validation pictures, at the end, is missing."
    if near(3 * rows + valid):
        return "that is the work of one epoch."
    return f"that is too {'much' if answer > right else 'little'}."


def _is_mean(answer, edition):
    table = comparison.compare(edition.pictures, edition.backbone, per_class=(5,), seeds=20)
    return _is_interval(answer, table.accuracy.to_numpy())


def _is_ahead(answer, edition):
    grid = comparison.shipped(edition.pictures, edition.backbone)
    table = grid.table if len(grid) else comparison.carry_out(edition.pictures, edition.backbone, comparison.plan("taste"))
    tuned, headed = Lesson03.twins(table, "fine_tuning", "feature_extraction")
    if len(tuned) < 2:
        return "there are no two draws that both ways were run with, and of one draw there is no interval: go on without."
    right, low, high = comparison.interval(tuned - headed), *_two(answer)
    half, wanted = (high - low) / 2, (right[1] - right[0]) / 2
    if np.allclose([-high, -low], right, atol=0.02 * wanted) and not np.allclose([low, high], right, atol=0.02 * wanted):
        return "that is feature extraction minus fine-tuning: it is asked for the other way round."
    free = np.hypot(*(np.diff(comparison.interval(one)).item() / 2 for one in (tuned, headed)))
    if np.isclose(half, free, rtol=0.01) and not np.isclose(half, wanted, rtol=0.01):
        return "that takes the spread of each way by itself: subtract first, draw by draw."
    return _is_interval(answer, tuned - headed)


def _two(answer):
    low, high = (float(bound) for bound in answer)
    return low, high


def _is_interval(answer, values):
    """True for Student's interval of the mean of these values, else what is wrong with it, without telling it."""
    (low, high), right = _two(answer), comparison.interval(values)
    half, wanted = (high - low) / 2, (right[1] - right[0]) / 2
    near = {"rtol": 0, "atol": max(0.02 * wanted, 1e-9)}
    if np.allclose([low, high], right, **near):
        return True
    if low > high:
        return "the lower bound comes first."
    if np.allclose([low / 100, high / 100], right, **near):
        return "give shares of one, as the accuracies are here, and not per cent."
    if not np.isclose((low + high) / 2, sum(right) / 2, **near):
        return "the middle between the two bounds should be the mean of the values."
    if np.isclose(half, wanted * len(values) ** 0.5, rtol=0.01):
        return "this is where a single value falls, roughly; their mean is steadier, by the square root of how many they are."
    if np.isclose(half, wanted * (1 - 1 / len(values)) ** 0.5, rtol=0.001):
        return "the spread of so few values is taken a little too small: std(ddof=1)."
    return f"the middle is right, and the bounds lie too {'far' if half > wanted else 'little'} away from it."


def _is_culprit(answer):
    answer = str(answer).strip().lower().replace("_", " ")
    if answer == "swapped labels":
        return True
    if answer not in SUSPECTS:
        return f"{answer!r} is none of the suspects: {', '.join(SUSPECTS)}."
    return f"with {answer}, the curve would end near guessing or above it, not below."
