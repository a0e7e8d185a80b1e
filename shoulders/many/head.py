"""A head from parts, in constant memory: logistic regression on a sample that is told, measured on pictures that taught nothing.

Both are dealt by the pictures' digests: a tenth is left out, and of the others those with the smallest digests are the sample.
That is as good as drawn by lot, and the same for any order of pictures and parts. Two copies of one file fall on the same side.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shoulders import heads, models
from shoulders.intervals import wilson
from shoulders.many import parts
from shoulders.many.parts import PartsError
from shoulders.support.words import bounds, share

SAMPLE = 10_000
"""Rows that teach: of 1,280 features they take 51 MB. What memory holds besides is one part."""


@dataclass(frozen=True)
class Taught:
    """A head that was fitted from parts.

    Attributes
    ----------
    head : sklearn.pipeline.Pipeline
        What `shoulders.heads.fit` gave; its class i is ``classes[i]``.
    classes : tuple of str
    n_train, n_labelled : int
        Pictures that taught, and labelled ones among which these were drawn.
    n_valid, right : int
        Pictures left out, and how many of them the head tells rightly.
    """

    head: object
    classes: tuple[str, ...]
    n_train: int
    n_labelled: int
    n_valid: int
    right: int

    @property
    def accuracy(self) -> float:
        return self.right / self.n_valid

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, Wilson."""
        return wilson(self.right, self.n_valid)

    def __str__(self):
        drawn = "all" if self.n_train == self.n_labelled else f"a sample of {self.n_train:,} of"
        told = f"{share(self.accuracy)} of {self.n_valid:,} left out right (95 % interval {bounds(*self.interval)})"
        return f"logistic regression on {drawn} {self.n_labelled:,} labelled pictures of {len(self.classes)} classes; {told}"


def fit(folder, sample: int = SAMPLE, seed: int = 0) -> Taught:
    """Fit a logistic regression on labelled pictures of all parts, and measure it on the tenth that was left out.

    Parameters
    ----------
    folder : path
        That `shoulders.many.write` wrote.
    sample : int
        The most pictures that teach: memory holds their features, and one part.
    seed : int
        As for `shoulders.heads.fit`.

    Raises
    ------
    PartsError
        For labels of fewer than two classes, no picture left out, and a sample that lacks a class.
    """
    paths = parts.written(folder)
    labelled, left_out, classes, last = _dealt(paths, sample)
    if len(classes) < 2 or not left_out:
        few = f"{labelled + left_out:,} labelled pictures of {len(classes)} classes, {left_out} of them left out to measure"
        raise PartsError(f"{folder} holds {few}: a head needs two classes, and pictures for both. Write labels into the list.")
    rows, labels = (np.concatenate(one) for one in zip(*_rows(paths, classes, lambda digest: _order(digest) <= last)))
    if absent := sorted(set(classes) - {classes[i] for i in np.unique(labels)}):
        raise PartsError(f"{folder}: a sample of {len(rows):,} has no picture of {absent[0]}: draw a larger one.")
    head, right = heads.fit("logistic_regression", rows, labels, seed), 0
    for those, truth in _rows(paths, classes, _is_left_out):
        right += int((heads.probabilities(head, those).argmax(1) == truth).sum())
    return Taught(head, classes, len(rows), labelled, left_out, right)


def save(path, taught: Taught, folder) -> Path:
    """Write the head as a model that `shoulders.models.load` reads.

    Parameters
    ----------
    path : path
    taught : Taught
    folder : path
        With whose parts it was taught.
    """
    made = parts.read_card(folder)
    low, high = taught.interval
    known = {name: made[name] for name in ("backbone", "weights_sha256", "weights_file", "layer", "transform", "precision")}
    return models.write_head(path, taught.head, known | {
        "classes": list(taught.classes), "pictures": Path(folder).name, "n_train": taught.n_train, "n_valid": taught.n_valid,
        "accuracy": taught.accuracy, "low": low, "high": high,
    })  # fmt: skip


def _is_left_out(digest):
    return int(digest[:8], 16) % 10 == 0


def _order(digest):
    """By which a sample is drawn: of those left out, behind all others."""
    return "~" if _is_left_out(digest) else digest[8:]


def _dealt(paths, sample):
    """How many labelled pictures may teach, how many are left out, their classes, and the last place in the sample."""
    classes, counts = set(), [0, 0]

    def orders():
        for path in paths:
            for label, digest in zip(*parts.read(path, "label", "digest")):
                if label:
                    classes.add(label)
                    counts[_is_left_out(digest)] += 1
                    yield _order(digest)

    first = heapq.nsmallest(sample, (order for order in orders() if order != "~"))
    return *counts, tuple(sorted(classes)), first[-1] if first else ""


def _rows(paths, classes, wanted) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Features, and the places of their labels, of the labelled rows whose digest is wanted; a part at a time."""
    places = {name: i for i, name in enumerate(classes)}
    for path in paths:
        labels, digests, values = parts.read(path, "label", "digest", "features")
        labels = np.array([places[label] if label and wanted(digest) else -1 for label, digest in zip(labels, digests)], int)
        if (labels >= 0).any():
            yield values[labels >= 0], labels[labels >= 0]
