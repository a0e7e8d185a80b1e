"""Regimes × images per class × seeds, as one tidy table. What was run before is not run again."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from shoulders import devices, features, places, training
from shoulders.backbones import Backbone
from shoulders.datasets import PictureSet
from shoulders.downloads import locked
from shoulders.errors import CourseError
from shoulders.names import HEADS, REGIMES
from shoulders.progress import track

if TYPE_CHECKING:
    import pandas as pd

_RUN = {
    "feature_extraction": training.feature_extraction,
    "fine_tuning": training.fine_tune,
    "from_scratch": training.from_scratch,
    "from_scratch_helped": partial(training.from_scratch, helped=True),
}

VERSION = 3
"""Part of every key: raised whenever a regime would give another result."""


class ComparisonError(CourseError):
    """A comparison cannot be run as asked; the message says what would be right."""


def rows(
    held: PictureSet,
    backbone: Backbone,
    regimes=("feature_extraction",),
    per_class=(None,),
    seeds=1,
    head: str = "logistic_regression",
    layer: str = "hidden",
) -> list[dict]:
    """Run every combination; each row as `shoulders.results.Result.row` gives it.

    A finished row is remembered at once, keyed by the pictures, the weights and the settings: an interrupted comparison
    goes on where it stopped, and gives the same table.

    Parameters
    ----------
    held : PictureSet
    backbone : Backbone
    regimes : sequence of str
        Of `REGIMES`.
    per_class : sequence of int or None
        Training pictures of each class; None for all.
    seeds : int
        Number of seeds, 0, 1, …: they draw the pictures, the folds and the random weights. All regimes see the same draws.
    head, layer : str
        Of feature extraction.

    Raises
    ------
    ComparisonError
        For an unknown regime, or numbers that are not positive.
    """
    _need_sense(regimes, per_class, seeds, head)
    memory = _Memory()
    combinations = list(product(regimes, per_class, range(seeds)))
    found = []
    for regime, count, seed in track(combinations, len(combinations), "Comparing", "runs"):
        extra = {"head": head, "layer": layer} if regime == "feature_extraction" else {}
        key = _key(held, backbone, regime, count, seed, extra)
        if (row := memory.get(key)) is None:
            memory.put(key, row := _RUN[regime](backbone, held, count, seed, **extra).row())
        found.append(row)
    return found


def compare(*args, **kwargs) -> pd.DataFrame:
    """`rows` as a pandas table."""
    import pandas as pd

    return pd.DataFrame(rows(*args, **kwargs))


def parse_counts(text: str) -> list[int | None]:
    """``'1,5,all'`` as ``[1, 5, None]``.

    Raises
    ------
    ComparisonError
    """
    try:
        return [None if word.strip() == "all" else int(word) for word in text.split(",")]
    except ValueError:
        raise ComparisonError(f"Pictures per class are {text!r}: give numbers and `all`, for instance 1,5,20,all.") from None


def _need_sense(regimes, per_class, seeds, head):
    if head not in HEADS:
        raise ComparisonError(f"No head is called {head!r}: choose one of {', '.join(HEADS)}.")
    if strange := [regime for regime in regimes if regime not in REGIMES]:
        raise ComparisonError(f"No regime is called {strange[0]!r}: choose among {', '.join(REGIMES)}.")
    if any(count is not None and count < 1 for count in per_class) or seeds < 1:
        raise ComparisonError(f"per_class {list(per_class)} and seeds {seeds} must be 1 or more.")


def _key(held, backbone, regime, count, seed, extra):
    pictures = [held.train.digests, held.train.labels.tolist(), held.valid.digests, held.valid.labels.tolist()]
    network = [backbone.name, backbone.digest, repr(backbone.transform), devices.device(), devices.precision()]
    made_by = [VERSION, features.VERSION, features.versions(), regime, count, seed, extra, network, pictures]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:40]


class _Memory:
    """Rows by key, in a file that grows by whole lines under a lock."""

    def __init__(self):
        self.path = places.cache() / "comparisons-1.jsonl"
        self.known = {}
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else ():
            try:
                key, row = json.loads(line)
                self.known[key] = row
            except ValueError:
                continue  # half a line, of a process that was killed

    def get(self, key):
        row = self.known.get(key)
        return row and {**row, "cached": True, "seconds_features": 0.0, "seconds_train": 0.0, "seconds_total": 0.0}

    def put(self, key, row):
        with locked(self.path), open(self.path, "a", encoding="utf-8") as file:
            file.write("\n" * self._torn() + json.dumps([key, row]) + "\n")

    def _torn(self):
        return self.path.exists() and self.path.stat().st_size > 0 and self.path.read_bytes()[-1:] != b"\n"
