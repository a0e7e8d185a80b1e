"""What one run of one regime gives: an accuracy with its interval, what it cost, and a prediction for every picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from shoulders.datasets import Samples
from shoulders.intervals import wilson
from shoulders.support.words import bounds, share, wrapped


@dataclass(frozen=True)
class Result:
    """One regime, run once.

    Attributes
    ----------
    regime, head, backbone : str
    per_class : int or None
        Training pictures of each class; None for all.
    seed, n_train : int
    valid : Samples
    probabilities : numpy.ndarray, shape (n_valid, classes)
        Of the last epoch: never of the best one on the validation pictures.
    seconds : dict of str to float
        ``decode`` (of feature extraction summed over threads), ``features``, ``train``, ``total``.
    trained_parameters : int
    cached : bool
        Whether the backbone did not have to look at a picture.
    device, precision : str
    layer : str
        Where the backbone was cut.
    history : tuple of dict
        A row for each epoch, for the regimes that have epochs.
    model : object
        The fitted head, or the trained network (`shoulders.cutting.Taught`).
    parameters : int, optional
        Of a trained network and its head, whether they learnt or not.
    """

    regime: str
    head: str
    backbone: str
    per_class: int | None
    seed: int
    n_train: int
    valid: Samples
    probabilities: np.ndarray = field(repr=False)
    seconds: dict[str, float]
    trained_parameters: int
    cached: bool
    device: str
    precision: str
    layer: str = "hidden"
    history: tuple[dict, ...] = field(default=(), repr=False)
    model: object = field(default=None, repr=False)
    parameters: int | None = None

    @property
    def predictions(self) -> np.ndarray:
        """Index of the likeliest class of each validation picture, shape (n_valid,)."""
        return self.probabilities.argmax(1)

    @property
    def right(self) -> np.ndarray:
        """Whether each validation picture was told rightly, shape (n_valid,)."""
        return self.predictions == self.valid.labels

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, Wilson."""
        return wilson(int(self.right.sum()), len(self.valid))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have validation pictures: every class counts alike, however few it holds."""
        recalls = self._recalls()
        return sum(right / n for right, n in recalls) / len(recalls)

    @property
    def balanced_interval(self) -> tuple[float, float]:
        """95 %, of the balanced accuracy, from Wilson's interval of each recall: Zou & Donner 2008, Statistics in Medicine 27."""
        recalls, middle = self._recalls(), self.balanced_accuracy
        gaps = [(right / n - low, high - right / n) for right, n in recalls for low, high in [wilson(right, n)]]
        below, above = (math.hypot(*side) / len(recalls) for side in zip(*gaps))
        return max(0.0, middle - below), min(1.0, middle + above)

    def _recalls(self):
        """Right answers and pictures of each class that has any."""
        labels, classes = self.valid.labels, len(self.valid.classes)
        right, pictures = (np.bincount(these, minlength=classes).tolist() for these in (labels[self.right], labels))
        return [(k, n) for k, n in zip(right, pictures) if n]

    def __str__(self):
        return f"{share(self.accuracy)} of {len(self.valid)} {self.valid.word}s right (95 % interval {bounds(*self.interval)})"

    def row(self) -> dict:
        """One line of a comparison, plain numbers and words.

        ``largest`` is the accuracy of always naming the largest class; ``by_class`` has a dict for each class, of what the
        columns of `by_class` are called, None of no picture.
        """
        (low, high), (balanced_low, balanced_high) = self.interval, self.balanced_interval
        return {
            "regime": self.regime, "head": self.head, "backbone": self.backbone, "layer": self.layer,
            "per_class": "all" if self.per_class is None else self.per_class, "seed": self.seed,
            "accuracy": self.accuracy, "low": low, "high": high, "n_valid": len(self.valid), "n_train": self.n_train,
            "classes": len(self.valid.classes), "largest": float(np.bincount(self.valid.labels).max() / len(self.valid)),
            "seconds_features": self.seconds["features"], "seconds_train": self.seconds["train"],
            "seconds_total": self.seconds["total"], "cached": self.cached, "trained_parameters": self.trained_parameters,
            "parameters": self.parameters,
            "device": self.device, "precision": self.precision,
            "balanced_accuracy": self.balanced_accuracy, "balanced_low": balanced_low, "balanced_high": balanced_high,
            "by_class": [_plain(row) for row in self._classes()],
        }  # fmt: skip

    def mistakes(self) -> np.ndarray:
        """Positions of the pictures told wrongly, the most confident first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.probabilities[wrong].max(1), kind="stable")]

    def confusion(self):
        """Pictures by class (rows) and prediction (columns), a pandas table."""
        import pandas as pd

        named = [pd.Index(self.valid.classes, name=name) for name in ("really", "predicted")]
        return pd.DataFrame(self._confused(), *named)

    def _confused(self):
        table = np.zeros((len(self.valid.classes),) * 2, int)
        np.add.at(table, (self.valid.labels, self.predictions), 1)
        return table

    def by_class(self):
        """How each class fares, a pandas table with a row for each class.

        ``pictures`` of the class; ``recall``: how many of them were named rightly; ``named``: how many pictures were given
        this name; ``precision``: how many of those rightly. ``recall_low``, …: 95 %, Wilson. nan of no picture.
        """
        import pandas as pd

        return pd.DataFrame(self._classes()).set_index("class")

    def _classes(self):
        table = self._confused()
        counts = zip(self.valid.classes, table.diagonal(), table.sum(1), table.sum(0))
        return [{"class": name, **_class_row(right, *totals)} for name, right, *totals in counts]


def _class_row(right, pictures, named):
    row = {}
    for count, total, name in (("pictures", pictures, "recall"), ("named", named, "precision")):
        share, low, high = (right / total, *wilson(right, total)) if total else [math.nan] * 3
        row |= {count: int(total), name: float(share), f"{name}_low": float(low), f"{name}_high": float(high)}
    return row


def _plain(row):
    """Without nan, which JSON does not know."""
    return {name: None if value != value else value for name, value in row.items()}


def apart(one: Result, other: Result) -> bool:
    """Whether two runs about the same pictures differ by more than luck: the sign test of `verdict`."""
    from scipy.stats import binomtest

    ours, theirs = _ahead(one, other)
    return ours + theirs > 0 and bool(binomtest(ours, ours + theirs).pvalue <= 0.05)


def _ahead(one, other):
    """Pictures that only the one, and that only the other, told rightly."""
    if one.valid.digests != other.valid.digests:
        raise ValueError("The two runs were judged by different pictures: compare what was judged by the same.")
    return int((one.right & ~other.right).sum()), int((other.right & ~one.right).sum())


def verdict(names: tuple[str, str], one: Result, other: Result) -> str:
    """Which of two runs is ahead on the same pictures, by how much, and whether that can be luck: lines to print.

    Where both are right, or both wrong, nothing is decided between them. Of the pictures on which they differ, luck alone would
    give half to each (sign test, exact: McNemar 1947; two-sided, at 5 %).

    Parameters
    ----------
    names : (str, str)
        What they are called in the sentence, in the plural: ``('Learnt weights', 'random ones')``.
    one, other : Result

    Raises
    ------
    ValueError
        For runs that were judged by different pictures.
    """
    ours, theirs = _ahead(one, other)
    shares = f"{100 * one.accuracy:.1f} against {share(other.accuracy)} of the same {len(one.valid)} {one.valid.word}s"
    first, second = names
    if ours == theirs:
        return wrapped(f"{first} and {second} are level: {shares}.")
    luck = not apart(one, other)
    differ = f"Of the {ours + theirs} {one.valid.word}s on which they differ, {max(ours, theirs)} go to the better side"
    differ = f"They differ on one {one.valid.word}" if ours + theirs == 1 else differ
    behind = "beat" if ours > theirs else "stay behind"
    ahead = f"{first} and {second} are too close to call" if luck else f"{first} {behind} {second}"
    return wrapped(f"{ahead}: {shares}. {differ}: {'that can be luck' if luck else 'more than luck'}.")
