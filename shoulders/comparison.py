"""Regimes × images per class × seeds, as one tidy table. What was run before is not run again.

What such a table says is asked of `shoulders.intervals`, whose names are here, too. One large table for each edition ships with
the course; `shipped` finds it.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders import datasets, engine, features, heads, training
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet, both_sides
from shoulders.intervals import ComparisonError, against, band, interval, paired, summary, wilson  # noqa: F401 (known here, too)
from shoulders.results import Result
from shoulders.support import devices, places
from shoulders.support.errors import CourseError
from shoulders.support.memory import Memory
from shoulders.support.names import HEADS, REGIMES
from shoulders.support.progress import track
from shoulders.support.words import wrapped

if TYPE_CHECKING:
    import pandas as pd

_RUN = {
    "feature_extraction": partial(training.feature_extraction, keep=False),
    "fine_tuning": training.fine_tune,
    "from_scratch": training.from_scratch,
    "from_scratch_helped": partial(training.from_scratch, helped=True),
}

VERSION = 15
"""Part of every key: raised whenever a regime would give another result, or a row would hold something else."""


MOST_SEEDS = 10_000
"""More than this is a slip of the finger."""


def rows(
    held: SampleSet,
    backbone: Backbone,
    regimes=("feature_extraction",),
    per_class=(None,),
    seeds=1,
    head: str = "logistic_regression",
    layer: str = "hidden",
    recipe: dict | None = None,
    aside: dict | None = None,
    made: list | None = None,
) -> list[dict]:
    """Run every combination; each row as `shoulders.results.Result.row` gives it, and `seconds_run`.

    A finished row is remembered at once, keyed by the pictures, the weights and the settings: an interrupted comparison
    goes on where it stopped, and gives the same table. A remembered row is `cached` and took no seconds now; its
    `seconds_run` tells how long it took when it was run.

    Parameters
    ----------
    held : SampleSet
    backbone : Backbone
    regimes : sequence of str
        Of `REGIMES`.
    per_class : sequence of int or None
        Training pictures of each class; None for all.
    seeds : int
        Number of seeds, 0, 1, …: they draw the pictures and the random weights. All regimes see the same draws.
    head, layer : str
        Of feature extraction.
    recipe : dict, optional
        Of the other regimes: arguments of `shoulders.training.fine_tune` or `from_scratch`. They look at the validation
        pictures once, at the end.
    aside : dict, optional
        Validation pictures without which the accuracy is told, too, as `shoulders.datasets.both_sides.aside` names them.
    made : list, optional
        The `Result` on the most pictures, of seed 0, is put here where it is run now: for `to_keep`.

    Raises
    ------
    ComparisonError
        For an unknown regime, or numbers that are not positive.
    """
    need_sense(regimes, per_class, seeds, head)
    per_class = [None if count is None else int(count) for count in per_class]
    memory = Memory("comparisons-1.jsonl", _sound)
    combinations = list(product(regimes, per_class, range(seeds)))
    found = []
    for regime, count, seed in track(combinations, len(combinations), "Comparing", "runs"):
        extra = {"head": head, "layer": layer} if regime == "feature_extraction" else {"curve": False} | (recipe or {})
        key = _key(held, backbone, regime, count, 0 if _without_dice(held, regime, count, head) else seed, extra)
        if key in memory.known:
            row = memory.known[key] | {"seed": seed, "cached": True} | dict.fromkeys(_SECONDS, 0.0)
        else:
            result = _RUN[regime](backbone, held, count, seed, **extra)
            if made is not None and (count, seed) == (_most(per_class), 0):
                made.append(result)
            row = result.row() | {"wrong": np.flatnonzero(~result.right).tolist()}
            row["seconds_run"] = row["seconds_total"]
            try:
                with memory.adding() as add:
                    add(key, row)
            except CourseError as error:  # the run is done, and what it found is not lost with the memory of it
                warnings.warn(f"This run is not remembered: {error}", stacklevel=2)
        found.append(both_sides.without(row, aside or {}))
    return found


def rows_of_each(held: SampleSet, networks, *args, **kwargs) -> list[dict]:
    """`rows` of several networks one after the other: the same draws for each, and the same numbers as alone."""
    return [row for network in networks for row in rows(held, network, *args, **kwargs)]


def _most(per_class):
    return None if None in per_class else max(per_class)


def to_keep(held: SampleSet, backbone: Backbone, regime: str, per_class, head: str, layer: str, made=()) -> Result:
    """The run whose model is kept: on the most pictures, of seed 0. It is one of `made`, or it is run again.

    Parameters
    ----------
    held, backbone, regime, per_class, head, layer
        As in `rows`.
    made : sequence of Result
    """
    count = _most(per_class)
    if regime == "feature_extraction":
        return training.feature_extraction(backbone, held, count, 0, head, layer)
    return made[-1] if made else _RUN[regime](backbone, held, count, 0, curve=False)


def _without_dice(held, regime, count, head):
    """Whether every seed gives the same: all pictures, and a head that draws nothing."""
    return regime == "feature_extraction" and count is None and not heads.draws(head, held.train.labels)


_SECONDS = "seconds_features", "seconds_train", "seconds_total"


def compare(*args, **kwargs) -> pd.DataFrame:
    """`rows` as a pandas table, without what they tell class by class."""
    return _table(rows(*args, **kwargs))


def _table(rows):
    import pandas as pd

    return pd.DataFrame(rows).drop(columns="by_class", errors="ignore")


SIZES = (1, 2, 5, 10, 20, 50, None)

PLANS = {
    "taste": (("feature_extraction", SIZES, 20), ("fine_tuning", (50,), 1)),
    "full": (
        ("feature_extraction", SIZES, 20),
        ("fine_tuning", SIZES, 5),
        ("from_scratch", SIZES, 3),
        ("from_scratch_helped", SIZES, 3),
    ),
}
"""What a lesson may ask for: parts of a grid, each a regime, pictures per class, and how many seeds."""


def plan(budget: str):
    """The parts of a grid for ``'taste'`` or ``'full'``.

    Raises
    ------
    ComparisonError
    """
    if budget not in PLANS:
        raise ComparisonError(f"The budget is {budget!r}: say {' or '.join(PLANS)} (SHOULDERS_BUDGET sets it).")
    return PLANS[budget]


def carry_out(held: SampleSet, backbone: Backbone, parts) -> pd.DataFrame:
    """`compare` of several parts in one table: each part a regime, pictures per class, and how many seeds."""
    return _table([row for regime, counts, seeds in parts for row in rows(held, backbone, (regime,), counts, seeds)])


def parse_counts(text: str) -> list[int | None]:
    """Numbers of pictures per class, as the command line takes them; None stands for all.

    Raises
    ------
    ComparisonError

    Examples
    --------
    >>> parse_counts("1,5,all")
    [1, 5, None]
    """
    try:
        return [None if word.strip() == "all" else int(word) for word in text.split(",")]
    except ValueError:
        raise ComparisonError(f"Pictures per class are {text!r}: give numbers and `all`, for instance 1,5,20,all.") from None


# ------------------------------------------------------------------------------------------------------ what ships


@dataclass(frozen=True)
class Grid:
    """A large table of runs that ships with the course, and how it was made; `print` it to see the sentence.

    Attributes
    ----------
    table : pandas.DataFrame
        As `rows` gives them; empty where no grid ships for these pictures and this network.
    card : dict
        Command, date, versions, processor, pictures, backbone, seconds.
    remarks : tuple of str
        What differs from the pictures and the network that it was asked for.
    """

    table: pd.DataFrame
    card: dict = field(default_factory=dict, repr=False)
    remarks: tuple[str, ...] = ()

    def __len__(self):
        return len(self.table)

    def __str__(self):
        if not self.card:
            return " ".join(self.remarks)
        card = self.card
        made = f"{len(self)} runs with {card['pictures']['name']} and {card['backbone']['name']}, made on {card['date']}"
        threads = f"{card['threads']} thread{'s' if card['threads'] > 1 else ''}"
        where = f"{card['processor']}, {threads}, in {card['seconds'] / 60:.0f} minutes"
        sentences = [f"The full grid: {made} ({where}) by `{card['command']}`.", *map(_earlier, card.get("kept", ()))]
        sentences += [*card["notes"], *self.remarks]
        return wrapped(" ".join(sentences))


def _earlier(group):
    """Of the runs that were kept from an earlier table."""
    ways = ", ".join(regime.replace("_", " ") for regime in group["regimes"])
    return f"Kept from {group['date']}: {ways}, by `{group['command']}`."


def shipped(held: SampleSet, backbone: Backbone) -> Grid:
    """The full grid of these pictures and this network, if one ships with the course.

    Raises
    ------
    ComparisonError
        When the table and its card do not belong together.
    """
    import pandas as pd

    path = results(held, backbone)
    if not path.exists():
        return Grid(pd.DataFrame(), remarks=(f"No full grid ships for {held.name} with {backbone.name}.",))
    grid = read(path)
    other = [
        name
        for name, digest in (("pictures", pictures_digest(held)), ("backbone", backbone.digest))
        if grid.card[name]["digest"] != digest
    ]
    words = {"pictures": "other pictures than yours", "backbone": "other weights than yours"}
    remark = f"It was made with {' and '.join(words[name] for name in other)}: expect small differences."
    return Grid(grid.table, grid.card, (remark,) if other else ())


def results(held: SampleSet, backbone: Backbone) -> Path:
    """Where the full grid of these pictures and this network lies, or would lie."""
    known = (card.name for card in datasets.CARDS.values() if held.name in card.folders)
    return places.box() / "results" / f"{next(known, held.name)}-{backbone.name}.csv"


def read(path: Path) -> Grid:
    """A table and the card beside it.

    Raises
    ------
    ComparisonError
        When the card is missing or is that of another table.
    """
    import pandas as pd

    try:
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        same = card["table"]["sha256"] == text_digest(path)
    except (OSError, ValueError, KeyError) as error:
        raise ComparisonError(f"{path} has no readable card beside it ({error}): get the course again.") from error
    if not same:
        raise ComparisonError(f"{path} is not the table that {path.with_suffix('.json').name} describes: get the course again.")
    return Grid(pd.read_csv(path), card)


def text_digest(path: Path) -> str:
    """sha256 of a text, whatever its line ends."""
    return hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


def pictures_digest(held: SampleSet) -> str:
    """One digest for all pictures, their labels and their parts."""
    return hashlib.sha256(json.dumps(_pictures(held)).encode()).hexdigest()


def _pictures(held):
    return [held.train.digests, held.train.labels.tolist(), held.valid.digests, held.valid.labels.tolist()]


# ------------------------------------------------------------------------------------------------------------ private


def need_sense(regimes, per_class, seeds, head):
    if head not in HEADS:
        raise ComparisonError(f"No head is called {head!r}: choose one of {', '.join(HEADS)}.")
    if strange := [regime for regime in regimes if regime not in REGIMES]:
        raise ComparisonError(f"No regime is called {strange[0]!r}: choose among {', '.join(REGIMES)}.")
    if any(count is not None and count < 1 for count in per_class) or not 1 <= seeds <= MOST_SEEDS:
        raise ComparisonError(f"per_class {list(per_class)} must be 1 or more, and seeds {seeds} from 1 to {MOST_SEEDS:,}.")


def _key(held, backbone, regime, count, seed, extra):
    by = [engine.name(backbone, [extra["layer"]]) if "layer" in extra else "torch", devices.device(), devices.precision()]
    network = [backbone.name, backbone.digest, repr(backbone.transform), *by]
    made_by = [VERSION, features.VERSION, features.versions(), regime, count, seed, extra, network, _pictures(held)]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:40]


def _sound(row):
    if not {"regime", "accuracy", "n_valid"} <= row.keys():
        raise KeyError("what every row holds")
    return row
