"""From how sure a head is to what is done: a threshold, what it finds and what it frightens, and what that costs.

Of two classes the second is the one that is looked for. Everywhere `labels` are 0 and 1, `sure` how sure a head is of the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shoulders import heads
from shoulders.heads.certainty import dealt
from shoulders.intervals import wilson
from shoulders.support.words import bounds, share


@dataclass(frozen=True)
class Decided:
    """What a threshold does to some pictures: whoever lies at it or above is called in. `print` it to read it.

    Attributes
    ----------
    threshold : float
    hits, misses : int
        Pictures of the second class that are called in, and that are not.
    alarms, passed : int
        Pictures of the first class that are called in, and that are not.
    """

    threshold: float
    hits: int
    misses: int
    alarms: int
    passed: int

    @property
    def sensitivity(self) -> float:
        """The share of the second class that is called in."""
        return self.hits / (self.hits + self.misses)

    @property
    def specificity(self) -> float:
        """The share of the first class that is not called in."""
        return self.passed / (self.passed + self.alarms)

    @property
    def sensitivity_interval(self) -> tuple[float, float]:
        """95 %, Wilson."""
        return wilson(self.hits, self.hits + self.misses)

    @property
    def specificity_interval(self) -> tuple[float, float]:
        """95 %, Wilson."""
        return wilson(self.passed, self.passed + self.alarms)

    @property
    def accuracy(self) -> float:
        return (self.hits + self.passed) / (self.hits + self.misses + self.alarms + self.passed)

    def cost(self, prevalence: float, miss: float, alarm: float = 1.0) -> float:
        """Of a thousand people of whom a share, the `prevalence`, has it: what misses and alarms cost together."""
        return 1000 * (prevalence * (1 - self.sensitivity) * miss + (1 - prevalence) * (1 - self.specificity) * alarm)

    def __str__(self):
        shares = (
            ("sensitivity", self.sensitivity, self.hits + self.misses, self.sensitivity_interval),
            ("specificity", self.specificity, self.passed + self.alarms, self.specificity_interval),
        )
        return "\n".join(f"{name}: {share(value)} of {n} (95 % interval {bounds(*ends)})" for name, value, n, ends in shares)


def decide(sure, labels, threshold: float) -> Decided:
    """Count what a threshold does.

    Parameters
    ----------
    sure : array of float, shape (n,)
    labels : array of int, shape (n,)
    threshold : float

    Raises
    ------
    shoulders.heads.HeadError
        Where a class has no picture.
    """
    called, ill = np.asarray(sure) >= threshold, _ill(labels)
    counts = (int(np.sum(these)) for these in (called & ill, ~called & ill, called & ~ill, ~called & ~ill))
    return Decided(float(threshold), *counts)


def _ill(labels):
    ill = np.asarray(labels) == 1
    if ill.all() or not ill.any():
        raise heads.HeadError("All these pictures are of one class: a decision between two needs pictures of both.")
    return ill


def thresholds(sure) -> np.ndarray:
    """Every threshold that makes a difference, from calling in everybody to calling in nobody."""
    values = np.unique(sure)
    return np.concatenate([[0.0], (values[1:] + values[:-1]) / 2, [1.0 + 1e-9]])


def cheapest(sure, labels, prevalence: float, miss: float, alarm: float = 1.0) -> Decided:
    """The threshold with the least `Decided.cost`; of several, the one that calls in most. Never choose it on what you report."""
    found = [decide(sure, labels, threshold) for threshold in thresholds(sure)]
    return min(found, key=lambda one: (round(one.cost(prevalence, miss, alarm), 9), one.threshold))


def left_out(features: np.ndarray, labels: np.ndarray, head: str = "logistic_regression") -> np.ndarray:
    """How sure a head is of each training picture that it was not taught with: of each fold by the head of all others.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    labels : numpy.ndarray of int, shape (n,)
        At least two pictures of each class.

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    folds, sure = dealt(labels, 5), np.zeros(len(labels))
    for fold in range(folds.max() + 1):
        out = folds == fold
        sure[out] = heads.answers(head, features[~out], labels[~out], features[out])[0][:, 1]
    return sure


def auc(sure, labels) -> tuple[float, float, float]:
    """The area under the ROC curve with its 95 % interval: how often a picture of the second class is found more suspect than one
    of the first.

    Returns
    -------
    area, low, high : float
        The bounds are nan where all of one class lie above all of the other: no spread is seen then.

    Notes
    -----
    DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44, by midranks (Sun & Xu 2014, IEEE Signal Processing Letters 21); the
    interval on the scale of the logarithm of the odds, so that it stays between 0 and 1 (Pepe 2003).
    """
    from scipy.stats import rankdata

    sure, ill = np.asarray(sure, float), _ill(labels)
    ranks, n, m = rankdata(sure), int(ill.sum()), int((~ill).sum())
    of_ill = (ranks[ill] - rankdata(sure[ill])) / m
    of_well = 1 - (ranks[~ill] - rankdata(sure[~ill])) / n
    area = float(of_ill.mean())
    spread = math.sqrt((of_ill.var(ddof=1) / n if n > 1 else math.nan) + (of_well.var(ddof=1) / m if m > 1 else math.nan))
    if not 0 < area < 1:
        return area, math.nan, math.nan
    middle, reach = math.log(area / (1 - area)), 1.96 * spread / (area * (1 - area))
    low, high = (1 / (1 + math.exp(-end)) for end in (middle - reach, middle + reach))
    return area, low, high


def brier(sure, labels) -> float:
    """The mean square of what a probability is off by: 0 is best (Brier 1950)."""
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(labels, sure))


def shifted(sure, before: float, now: float) -> np.ndarray:
    """What a probability becomes where the second class is rarer, or more frequent, than among the pictures that taught it.

    Parameters
    ----------
    sure : array of float
    before, now : float
        The share of the second class among the training pictures, and where the answers are given; between 0 and 1.

    Notes
    -----
    The odds are multiplied by how much the odds of the class have changed (Saerens, Latinne & Decaestecker 2002, Neural
    Computation 14), which supposes that nothing else has.
    """
    sure = np.asarray(sure, float)
    times = now / (1 - now) * (1 - before) / before
    return sure * times / (sure * times + 1 - sure)


def binned(sure, labels, bins: int = 5) -> list[dict]:
    """Pictures sorted by how sure a head is, in groups of equal size: how sure it was on average, and how many were ill.

    Returns
    -------
    list of dict
        ``said``, ``came`` (share of the second class), ``low``, ``high`` (95 %, Wilson), ``pictures``. Groups are cut at the
        quantiles, as `sklearn.calibration.calibration_curve` does with ``strategy='quantile'``.
    """
    sure, labels = np.asarray(sure, float), np.asarray(labels)
    edges = np.unique(np.percentile(sure, np.linspace(0, 100, bins + 1)))
    group = np.searchsorted(edges[1:-1], sure)
    rows = []
    for one in np.unique(group):
        these = group == one
        ill, n = int(labels[these].sum()), int(these.sum())
        low, high = wilson(ill, n)
        rows.append({"said": float(sure[these].mean()), "came": ill / n, "low": low, "high": high, "pictures": n})
    return rows
