"""Make a full grid again: every way, from one picture of each class to all, over seeds. Numbers only, no pictures.

    python -m studio.grid felt_bees_vs_ants
    python -m studio.grid PHOTOS_FOLDER --backbone mobilenet_v2 --weights FILE --from-scratch 1@10,all

Writes data/results/NAME-BACKBONE.csv and the card beside it, whole or not at all. What was run is remembered: after an
interruption the same command goes on where it stopped. A regime's option says how many seeds and, after an @, with how
many pictures of each class: `3@1,10,all`; `0` leaves it out; `kept` takes the rows that the table has already, and the card
says when and by which command these were made. (After a change of the heads alone, fine-tuning need not run for hours again.)
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Optional

import pandas as pd
import torch
import typer

from shoulders import backbones, comparison, datasets, editions, features
from shoulders.support import devices

COLUMNS = {
    "regime": "the way to teach the network",
    "head": "what is put on top",
    "backbone": "the network",
    "layer": "where it is cut",
    "per_class": "training pictures of each class, drawn by the seed; all: every one",
    "seed": "of the draw, the random weights, the order of the pictures",
    "accuracy": "share of the validation pictures that were named correctly, after the last epoch",
    "low": "95 % interval of this one run (Wilson), lower bound",
    "high": "upper bound",
    "n_valid": "validation pictures",
    "n_train": "training pictures",
    "classes": "number of classes",
    "largest": "accuracy of always naming the largest class",
    "trained_parameters": "numbers that learnt",
    "seconds_run": "wall time of the run; the network's look at the pictures is in it where it was not remembered",
    "device": "what computed",
    "precision": "number format of the network",
}


KEPT = "kept"
"""In the place of a number of seeds."""


def parts(options: dict[str, str]) -> list[tuple]:
    """``{'fine_tuning': '3@1,all'}`` as regimes, pictures per class and seeds, without those of no seed and those kept.

    Raises
    ------
    shoulders.comparison.ComparisonError
    """
    found = []
    for regime, words in options.items():
        if words == KEPT:
            continue
        seeds, _, counts = words.partition("@")
        if not seeds.isdigit():
            raise comparison.ComparisonError(f"Seeds of {regime} are {words!r}: give a number, one like 3@1,10,all, or {KEPT}.")
        if int(seeds):
            found.append((regime, tuple(comparison.parse_counts(counts)) if counts else comparison.SIZES, int(seeds)))
    return found


def earlier(path: Path, regimes, held, backbone) -> tuple[pd.DataFrame, list[dict]]:
    """Rows of these regimes in the table that is there, and how each group of them was made, as a card tells it.

    Raises
    ------
    shoulders.comparison.ComparisonError
        Where the table lacks a regime, or is of other pictures or other weights.
    """
    grid = comparison.read(path)
    made_with = {"pictures": comparison.pictures_digest(held), "backbone": backbone.digest}
    if other := [name for name, digest in made_with.items() if grid.card[name]["digest"] != digest]:
        raise comparison.ComparisonError(f"{path} was made with other {' and '.join(other)}: nothing of it can be kept.")
    if lacking := set(regimes) - set(grid.table.regime):
        raise comparison.ComparisonError(f"{path} has no runs of {', '.join(sorted(lacking))} to keep.")
    before = [group | {"regimes": _among(group["regimes"], regimes)} for group in grid.card.get("kept", [])]
    told = [regime for group in before for regime in group["regimes"]]
    last = {name: grid.card[name] for name in _CIRCUMSTANCES}
    groups = [*before, last | {"regimes": _among(grid.card["regimes"], set(regimes) - set(told))}]
    return grid.table[grid.table.regime.isin(regimes)], [group for group in groups if group["regimes"]]


_CIRCUMSTANCES = ("command", "date", "versions", "processor", "threads", "device", "precision")


def _among(settings, regimes):
    return {regime: how for regime, how in settings.items() if regime in regimes}


def circumstances(command: str) -> dict:
    """When, with what and on what a table is made: the beginning of its card."""
    return {
        "command": command,
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), **features.versions()},
        "processor": devices.processor(),
        "threads": torch.get_num_threads(),
        "device": devices.device(),
        "precision": devices.precision(),
    }


def asked(name: str, held) -> dict:
    """A set of pictures, as a card tells it."""
    pictures = {"name": name, "classes": list(held.classes), "train": len(held.train), "valid": len(held.valid)}
    return pictures | {"digest": comparison.pictures_digest(held)}


def card(table, held, backbone, plan, command: str, notes, kept=()) -> dict:
    """How the table was made: enough to make it again."""
    settings = {regime: {"per_class": [n or "all" for n in counts], "seeds": seeds} for regime, counts, seeds in plan}
    for group in kept:
        settings |= group["regimes"]
    return circumstances(command) | {
        "seconds": round(float(table.seconds_run.sum()), 1),
        "pictures": asked(held.name, held),
        "backbone": {"name": backbone.name, "file": Path(backbone.source).name, "digest": backbone.digest},
        "regimes": settings,
        "kept": list(kept),
        "notes": list(notes),
        "columns": COLUMNS,
    }


def write(path: Path, table, about: dict, columns=COLUMNS) -> None:
    """The table, then the card with its digest; a reader takes neither without the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = table.to_csv(index=False, columns=list(columns), float_format="%.6g", lineterminator="\n")
    _replace(path, lines)
    about = about | {"table": {"file": path.name, "rows": len(table), "sha256": comparison.text_digest(path)}}
    _replace(path.with_suffix(".json"), json.dumps(about, indent=1) + "\n")


def _replace(path, text):
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)


def main(
    source: Annotated[str, typer.Argument(metavar="DIR|SET", help="A folder of class folders, or a set's name.")],
    backbone: Annotated[str, typer.Option(metavar="NAME")] = "vgg16_tiny",
    weights: Annotated[Optional[str], typer.Option(metavar="FILE")] = None,  # noqa: UP045
    feature_extraction: Annotated[str, typer.Option(metavar="SEEDS[@N,…]")] = "20",
    fine_tuning: Annotated[str, typer.Option(metavar="SEEDS[@N,…]")] = "5",
    from_scratch: Annotated[str, typer.Option(metavar="SEEDS[@N,…]")] = "3",
    from_scratch_helped: Annotated[str, typer.Option(metavar="SEEDS[@N,…]")] = "3",
    precision: Annotated[str, typer.Option(metavar="fp32|bf16", help="Else what this processor is fastest with.")] = "",
    note: Annotated[Optional[list[str]], typer.Option(help="A sentence for the card; may be given several times.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Another place for the table.")] = None,  # noqa: UP045
) -> None:
    """Run the grid and write it."""
    options = {
        "feature_extraction": feature_extraction,
        "fine_tuning": fine_tuning,
        "from_scratch": from_scratch,
        "from_scratch_helped": from_scratch_helped,
    }
    plan = parts(options)
    if precision:
        devices.precision = lambda on=None: precision  # most readers' processors are fastest with fp32
    held = datasets.load(source).small(editions.NEEDS["03"].per_class)  # the pictures that the lesson gets
    network = backbones.load(backbone, weights)
    path = out or comparison.results(held, network)
    kept = [regime for regime, words in options.items() if words == KEPT]
    old, groups = earlier(path, kept, held, network) if kept else (pd.DataFrame(), [])
    table = pd.concat([comparison.carry_out(held, network, plan), old], ignore_index=True)
    table = table.sort_values("regime", key=lambda ways: ways.map(list(options).index), kind="stable")
    write(path, table, card(table, held, network, plan, _command(), note or (), groups))
    print(f"{len(table)} runs written to {path}")


def _command():
    """As it was typed, but folders of this machine are left out."""
    words = [Path(word).name if "/" in word and Path(word).exists() else word for word in sys.argv[1:]]
    return shlex.join(["python", "-m", "studio.grid", *_without_notes(words)])


def _without_notes(words):
    before = ["", *words]
    return [word for last, word in zip(before, words) if last != "--note" and not word.startswith("--note")]


if __name__ == "__main__":
    typer.run(main)
