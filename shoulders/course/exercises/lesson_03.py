"""Lesson 03: three ways."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from shoulders import comparison, costs, datasets, features, heads, pictures, views
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.datasets import Pictures, PictureSet
from shoulders.results import Result
from shoulders.support.words import bounds, share

EPOCHS = 5
"""From scratch, in step 1."""

SUSPECTS = ("random weights", "wrong normalisation", "shuffled labels", "swapped labels", "too few pictures")


@dataclass(frozen=True)
class Lesson03:
    """The exercises of lesson 03, and the settings in which transfer does not help."""

    work: Exercise
    mean: Exercise
    crossing: Exercise
    culprit: Exercise

    @staticmethod
    def worth(table, other) -> str:
        """How many pictures of a class one network needs to do what another does with its fewest, by feature extraction.

        Parameters
        ----------
        table, other : pandas.DataFrame
            Rows of `shoulders.comparison.rows`, each of one network.
        """
        own, its = (comparison.summary(rows[rows.regime == "feature_extraction"]) for rows in (table, other))
        few, reached = its.iloc[0], own[own["mean"] >= its["mean"].iloc[0]]
        line = reached.iloc[0] if len(reached) else own.iloc[-1]
        words = "does as well with" if len(reached) else "does not reach that, even with all"
        return (
            f"With {few.pictures:g} of each class, {few.backbone} names {_share(few)} correctly.\n"
            f"{line.backbone} {words} {line.pictures:g}: {_share(line)}."
        )

    @staticmethod
    def unscaled(network: Backbone) -> Backbone:
        """The same weights, given values from 0 to 255 as they are in the file."""
        transform = replace(network.transform, mean=(0.0,) * 3, std=(1 / 255,) * 3)
        return replace(network, transform=transform, build=lambda: network.module)

    @staticmethod
    def shuffled(held: PictureSet, seed: int = 0) -> PictureSet:
        """The same pictures; the names of the training pictures are dealt out anew, as they come."""
        return replace(held, train=_relabelled(held.train, np.random.default_rng(seed).permutation(held.train.labels)))

    @staticmethod
    def colleague(held: PictureSet) -> PictureSet:
        """The planted mistake: in the validation part, the classes are numbered from the other end."""
        return replace(held, valid=_relabelled(held.valid, len(held.classes) - 1 - held.valid.labels))

    @staticmethod
    def digits(first: int = 3, second: int = 8) -> PictureSet:
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
    def on_pixels(held: PictureSet, per_class: int, seed: int, side: int = 8) -> Result:
        """The same head on the pictures themselves, shrunk to a few grey squares: no network at all."""
        train, valid = (np.stack([_squares(path, side) for path in part.paths]) for part in (held.train, held.valid))
        chosen = held.train.sample(per_class, seed)
        fitted = heads.fit("logistic_regression", train[chosen], held.train.labels[chosen], seed)
        return Result(
            "pixels", "logistic_regression", "none", per_class, seed, len(chosen), held.valid,
            heads.probabilities(fitted, valid), {"features": 0.0, "train": 0.0, "total": 0.0}, side * side + 1, False,
            "cpu", "fp32", model=fitted,
        )  # fmt: skip


def _share(line):
    """A mean and its interval."""
    return f"{share(line['mean'])} ({bounds(line.low, line.high)})"


@cache
def _room():
    """Goes with this process."""
    return tempfile.TemporaryDirectory(prefix="shoulders-")


def _relabelled(part: Pictures, labels):
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
            "half = 2.093 * five.std(ddof=1) / len(five) ** 0.5; the bounds are five.mean() - half and five.mean() + half.",
        )),
        Exercise("3", "exercise.crossing", lambda answer: _is_crossing(answer, edition), (
            "comparison.paired(table, \"fine_tuning\", \"feature_extraction\") has a column `low`: print the table.",
            "Fine-tuning is ahead where even the lower bound of the difference is above zero. A nan is not above zero.",
            "ahead = paired[paired.low > 0]; the answer is its first per_class, or \"nowhere\" if it has no line.",
        )),
        Exercise("4", "exercise.culprit", _is_culprit, (
            "Compare with guessing blindly. Which of the five suspects can bring a curve there, and which below?",
            "What is wrong only by chance ends near the dashed line. To be wrong that reliably, one has to know a lot.",
            "1 minus the colleague's accuracy is ours: everything is learnt rightly, and marked wrongly.",
        )),
    )  # fmt: skip


def _is_work(answer, edition):
    with costs.meter() as one:
        features.extract(edition.backbone, edition.pictures.valid.take([0]), remember=False)
    drawn = 10 * len(edition.pictures.classes)
    rows, valid = drawn * -(-views.LEAST // drawn), len(edition.pictures.valid)
    right = one.gflops * (EPOCHS * 3 * rows + valid)
    if abs(float(answer) / right - 1) < 0.02:  # the bill itself, too: the first layer sends nothing back to the pixels
        return True
    if abs(float(answer) / (one.gflops * (EPOCHS * rows + valid)) - 1) < 0.02:
        return "the way back is missing: to learn from a picture costs three times as much as to look at it."
    if abs(float(answer) / (one.gflops * EPOCHS * (3 * rows + valid)) - 1) < 0.02:
        return "the validation pictures are looked at once, at the end, and not in every epoch."
    return f"{float(answer):,.0f} is {float(answer) / right:.2g} times what comes out."


def _is_mean(answer, edition):
    low, high = (float(bound) for bound in answer)
    table = comparison.compare(edition.pictures, edition.backbone, per_class=(5,), seeds=20)
    right = comparison.interval(table.accuracy)
    if np.allclose([low, high], right, atol=2e-4):
        return True
    half, wanted = (high - low) / 2, (right[1] - right[0]) / 2
    if wanted and abs(half / wanted / 20**0.5 - 1) < 0.01:
        return "this is where a single run falls, roughly; the mean of 20 runs is steadier, by the square root of 20."
    if not np.isclose((low + high) / 2, sum(right) / 2, atol=2e-4):
        return f"the middle should be the mean, {sum(right) / 2:.4f}."
    return f"the bounds should lie {wanted:.4f} from the mean, yours lie {half:.4f} from it."


def _is_crossing(answer, edition):
    grid = comparison.shipped(edition.pictures, edition.backbone)
    table = grid.table if len(grid) else comparison.carry_out(edition.pictures, edition.backbone, comparison.plan("taste"))
    lines = comparison.paired(table, "fine_tuning", "feature_extraction")
    ahead = lines[lines.low > 0].per_class.tolist()
    right = str(ahead[0]) if ahead else "nowhere"
    answer = f"{answer:g}" if isinstance(answer, float) else str(answer)
    if answer == right:
        return True
    if right == "nowhere":
        return f"with {answer} a class the interval of the difference is not above zero, or fine-tuning was not run."
    return f"{answer} is not the smallest number of pictures at which the whole interval lies above zero."


def _is_culprit(answer):
    if answer == "swapped labels":
        return True
    if answer not in SUSPECTS:
        return f"{answer!r} is none of the suspects: {', '.join(SUSPECTS)}."
    return f"with {answer}, the curve would end near guessing or above it, not below."
