"""Validation pictures whose like is in the training part, so that they prove less than they seem to; and the rest."""

from __future__ import annotations

import os

from shoulders.datasets import SampleSet
from shoulders.datasets.copies import near_copies
from shoulders.intervals import wilson
from shoulders.support.words import bounds, share

NAMED = 5
"""So many near copies are named; the rest is counted."""

_KINDS = {"near_copies": ("has a near copy in training", "have a near copy in training"),
          "shared_groups": ("is of a group that is in training, too", "are of a group that is in training, too")}  # fmt: skip


def aside(held: SampleSet) -> dict[str, dict[int, int]]:
    """Positions of validation pictures, each with that of the training picture that is like it.

    Returns
    -------
    dict of str to dict of int to int
        ``'near_copies'``, as `copies.near_copies` finds them; where the pictures are grouped, ``'shared_groups'``.
    """
    found = {"near_copies": {pair.valid: pair.train for pair in near_copies(held.train, held.valid)}}
    if held.groups:
        taught = {group: i for i, group in reversed(list(enumerate(held.train.together)))}
        found["shared_groups"] = {i: taught[group] for i, group in enumerate(held.valid.together) if group in taught}
    return found


def without(row: dict, aside: dict[str, dict[int, int]]) -> dict:
    """A row of a comparison without its list of ``wrong`` answers, and with what the accuracy is without some pictures.

    For each kind in `aside`: how many there are, under its name, and ``accuracy_without_…``, ``low_without_…``,
    ``high_without_…`` (95 %, Wilson) and ``n_without_…``; None where nothing is left.
    """
    row, wrong = dict(row), set(row["wrong"])
    del row["wrong"]
    for kind, positions in aside.items():
        n = row["n_valid"] - len(positions)
        right = n - len(wrong - positions.keys())
        told = (right / n, *wilson(right, n), n) if n else (None, None, None, 0)
        names = (f"{name}_without_{kind}" for name in ("accuracy", "low", "high", "n"))
        row |= {kind: len(positions), **dict(zip(names, told))}
    return row


def listed(held: SampleSet, aside: dict[str, dict[int, int]]) -> list[str]:
    """The first near copies by name, and how many more there are."""
    pairs = list(aside["near_copies"].items())
    named = [f"near copies: {_name(held.valid, i)} ~ {_name(held.train, k)}" for i, k in pairs[:NAMED]]
    return named + [f"… and {len(pairs) - NAMED} more near copies."] * (len(pairs) > NAMED)


def sentences(held: SampleSet, aside: dict[str, dict[int, int]], rows: list[dict]) -> list[str]:
    """What to know beside a table: of each kind in `aside` how many, and what each network reaches without them.

    Of the runs of a network and a regime, the first with the most training pictures speaks.
    """
    most = {}
    for row in rows:
        best = most.setdefault((row["backbone"], row["regime"]), row)
        most[row["backbone"], row["regime"]] = max(best, row, key=lambda one: one["n_train"])  # the first of equals
    said = [_sentence(held, kind, positions, list(most.values())) for kind, positions in aside.items() if positions]
    if held.groups:
        count = f"The {len(held.valid)} validation {held.word}s are of {len(set(held.valid.together))} groups"
        said.append(f"{count}: where those of a group are alike, the intervals, which count {held.word}s, are too narrow.")
    return said


def _sentence(held, kind, positions, rows):
    i, k = next(iter(positions.items()))
    one, many = _KINDS[kind]
    count = f"{len(positions)} of {len(held.valid)} validation {held.word}s {one if len(positions) == 1 else many}"
    first = f"{count} (first: {_name(held.valid, i)} ~ {_name(held.train, k)})"
    if not rows or not rows[0][f"n_without_{kind}"]:
        return f"{first}: nothing else is left to measure on."
    several = len({row["regime"] for row in rows}) > 1
    reached = [
        f"{row['backbone']}{' by ' + row['regime'] if several else ''} reaches {share(row[f'accuracy_without_{kind}'])} of "
        f"{row[f'n_without_{kind}']} (95 % interval {bounds(row[f'low_without_{kind}'], row[f'high_without_{kind}'])})"
        for row in rows
    ]
    return f"{first}; without them {', '.join(reached)}."


def _name(part, position):
    path = part.paths[position]
    return os.path.join(*path.parts[-2:])
