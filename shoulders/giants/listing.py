"""What a search of the catalogue found, as a table in a terminal; what is long or needs a source stands below, by number."""

from __future__ import annotations

import sys

from shoulders.backbones import catalogue
from shoulders.support.terminal import say, table

COLUMNS = ("giant", "library", "trained on", "MB", "million numbers", "GMACs", "top-1 %", "licence", "here, or what brings it")
LONG = 24
"""Characters of a licence that stands in the table itself."""


def say_found(found: catalogue.Found) -> list[dict]:
    """The table, its notes, and what the search left out. Gives the rows."""
    notes, rows = {}, [catalogue.row(card) for card in found.cards]
    table([_cells(row, notes) for row in rows], COLUMNS)
    say("\n".join([*(f"[{number}] {text}" for text, number in notes.items()), *found.remarks]), sys.stdout)
    return rows


def _cells(row, notes):
    licence = row["licence"] if len(row["licence"]) <= LONG else _noted(row["licence"], notes)
    top1 = f"{row['top1']:.1f} {_noted('top-1: ' + row['top1_source'], notes)}" if row["top1"] else catalogue.UNKNOWN
    numbers = [_or_unknown(row[name], scale) for name, scale in (("megabytes", 1), ("parameters", 1e6), ("gmacs", 1))]
    return [
        row["name"], row["library"], row["trained_on"].split(":")[0], *numbers, top1, licence,
        "here" if row["on_disk"] else row["command"],
    ]  # fmt: skip


def _noted(text, notes):
    return f"[{notes.setdefault(text, len(notes) + 1)}]"


def _or_unknown(value, scale):
    return catalogue.UNKNOWN if value is None else f"{value / scale:.3g}" if value < 1e3 * scale else f"{value / scale:.0f}"
