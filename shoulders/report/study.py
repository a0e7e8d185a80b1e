"""All that is asked of one folder for its page: which giant does best, how many pictures it takes, what to look at again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from shoulders import comparison, features, training
from shoulders.comparison import SIZES, ComparisonError
from shoulders.datasets import SampleSet, copies
from shoulders.report import doubts
from shoulders.results import Result

if TYPE_CHECKING:
    from shoulders.backbones import Backbone

DRAWS = 5
"""How often each size of the curve is drawn where nobody asked for a curve."""


@dataclass(frozen=True)
class Candidate:
    """One giant: what its head says of the validation pictures, and of training pictures that the head did not see.

    Attributes
    ----------
    network : Backbone
    result : Result
    out_of_fold : numpy.ndarray, shape (n_train, classes)
        As `shoulders.report.doubts.out_of_fold` gives it.
    right, judged : int
        Of the training pictures, out of fold.
    """

    network: Backbone
    result: Result
    out_of_fold: np.ndarray = field(repr=False)
    right: int
    judged: int

    @property
    def promise(self) -> float:
        """The share of right answers out of fold; 0 where nothing could be judged."""
        return self.right / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class Study:
    """What is known of a folder.

    Attributes
    ----------
    held : SampleSet
    rows, more : list of dict
        The runs that were asked for, and those of the curve besides.
    candidates : tuple of Candidate
    best : Candidate
        Of feature extraction, chosen by the training pictures alone.
    copies : list of shoulders.datasets.copies.NearCopy
    doubted : list of shoulders.report.doubts.Doubt
        Of the training pictures.
    seconds : float
        That this took, beyond `rows`.
    """

    held: SampleSet
    rows: list[dict]
    more: list[dict]
    candidates: tuple[Candidate, ...]
    best: Candidate
    copies: list[copies.NearCopy]
    doubted: list[doubts.Doubt]
    seconds: float

    def without_copies(self) -> np.ndarray:
        """Right or wrong for each validation picture that is no near copy of a training picture."""
        return np.delete(self.best.result.right, [pair.valid for pair in self.copies])


def need_sense(regimes) -> None:
    """Refuse a comparison without feature extraction.

    Raises
    ------
    ComparisonError
    """
    if "feature_extraction" not in regimes:
        raise ComparisonError("--report looks into the answers of feature_extraction: add it to --regime.")


def study(
    held: SampleSet, networks, rows: list[dict], per_class=(None,), head: str = "logistic_regression", layer: str = "hidden"
) -> Study:
    """Look into a folder, after its comparison.

    Parameters
    ----------
    held : SampleSet
    networks : sequence of Backbone
    rows : list of dict
        What `shoulders.comparison.rows_of_each` gave for these.
    per_class : sequence of int or None
        That they were run with. Of one size alone the smaller of `SIZES` are run too, `DRAWS` draws of each.
    head, layer : str
    """
    started = time.perf_counter()
    largest = None if None in per_class else max(per_class)
    more = _curve(held, networks, largest, head, layer) if len(set(per_class)) == 1 else []
    candidates = tuple(candidate(held, network, largest, head, layer) for network in networks)
    best = max(candidates, key=lambda one: one.promise)  # the first of equals
    near = copies.near_copies(held.train, held.valid)
    doubted = doubts.wrong_labels(best.out_of_fold, held.train.labels)
    return Study(held, rows, more, candidates, best, near, doubted, time.perf_counter() - started)


def _curve(held, networks, largest, head, layer):
    most = min(np.bincount(held.train.labels).max(), largest or np.inf)
    sizes = [size for size in SIZES if size is not None and size < most]
    return comparison.rows_of_each(held, networks, ["feature_extraction"], sizes, DRAWS, head, layer) if sizes else []


def candidate(
    held: SampleSet, network: Backbone, per_class: int | None = None, head: str = "logistic_regression", layer: str = "hidden"
) -> Candidate:
    """One giant on one folder.

    Parameters
    ----------
    held, network, per_class, head, layer
        As for `shoulders.training.feature_extraction`.
    """
    result = training.feature_extraction(network, held, per_class, 0, head, layer, keep=False)
    said = doubts.out_of_fold(features.extract(network, held.train, layer), layer, head)
    return Candidate(network, result, said, *doubts.right_out_of_fold(said, held.train.labels))
