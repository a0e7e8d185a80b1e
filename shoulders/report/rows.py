"""The runs of a comparison as a table in a terminal, and what to know beside it."""

import sys

from shoulders import intervals
from shoulders.datasets import both_sides
from shoulders.support.terminal import say, table
from shoulders.support.words import bounds, share

COLUMNS = (
    "regime",
    "head",
    "backbone",
    "per class",
    "seed",
    "accuracy",
    "95 % interval",
    "of",
    "largest class",
    "trained on",
    "seconds",
    "cached",
)


def _cells(row):
    words = [row[name] for name in ("regime", "head", "backbone", "per_class", "seed")]
    shares = [share(row["accuracy"]), bounds(row["low"], row["high"])]
    of = [row["n_valid"], share(row["largest"]), row["n_train"]]
    return [*words, *shares, *of, f"{row['seconds_total']:.1f}", "yes" if row["cached"] else "no"]


BALANCED = (*COLUMNS[:1], *COLUMNS[2:5], "balanced accuracy", "95 % interval", "recall of each class, 95 % interval")


def say_classes(rows, word="picture"):
    """Where one accuracy hides how the smaller classes fare."""
    if told := [row for row in rows if intervals.uneven(row)]:
        print(f"The classes hold different numbers of these {word}s. With every class counted alike:")
        table([_balanced(row, intervals.recalls(row)) for row in told], BALANCED)


def _balanced(row, recalls):
    words = [row[name] for name in ("regime", "backbone", "per_class", "seed")]
    return [*words, share(row["balanced_accuracy"]), bounds(row["balanced_low"], row["balanced_high"]), recalls]


def say_rows(held, aside, rows):
    """The table, and what to know beside it."""
    table([_cells(row) for row in rows], COLUMNS)
    say_classes(rows, held.word)
    say("\n".join(both_sides.sentences(held, aside, rows)), sys.stdout)
    _say_what_learnt(rows)


def _say_what_learnt(rows):
    """How much of a network a training changed."""
    known = [row for row in rows if row.get("parameters")]
    for regime, name, learnt, of in dict.fromkeys(
        (row["regime"], row["backbone"], row["trained_parameters"], row["parameters"]) for row in known
    ):
        print(f"{regime} of {name}: {learnt:,} of {of:,} parameters learnt ({share(learnt / of, 0)}), the new head's among them.")
