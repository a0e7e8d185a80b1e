"""When pictures outgrow one machine: features of any number of them, in parts, by a pool of workers that Ray Data runs.

A folder or a list of pictures becomes a plan of parts (`parts`), a pool looks at those that are not there yet (`by_ray`), and a
head is fitted from them in constant memory (`head`). Every part appears whole or not at all, under a name that tells what is in
it: after a kill, of a worker or of all, the same command goes on and does nothing twice.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from shoulders import engine, features
from shoulders.backbones import Backbone
from shoulders.many import lists, parts
from shoulders.many.parts import PART, PartsError
from shoulders.support import places
from shoulders.support.progress import track

__all__ = ["PART", "PartsError", "Pass", "made_by", "write"]


@dataclass(frozen=True)
class Pass:
    """What lies in a folder of parts: how many pictures were asked about, how many of them are findings, how many parts there
    are, and how many of these are of an earlier sitting."""

    pictures: int
    findings: int
    parts: int
    earlier: int


def write(folder, source, backbone: Backbone, layer: str = "hidden", part: int = PART, workers: int = 0) -> Pass:
    """Look at every picture of a folder or a list, and write what a layer says in parts; go on where an earlier sitting stopped.

    Parameters
    ----------
    folder : path
        ``card.json`` says what made the parts, ``list.jsonl`` which pictures were asked for. ``parts/*.parquet`` have a row for
        each picture, in the list's order: path, label (``''`` for none), digest (sha256 of its bytes) and features (a list of
        float32). ``findings.csv`` has a row for each that cannot be read: path, label, digest, problem.
    source : path
        As for `shoulders.many.lists.entries`.
    backbone : Backbone
        With published weights, those of a file, or random ones: every worker loads it again.
    layer : str
        As for `shoulders.features.extract`.
    part : int
        Pictures in a part: what a kill can cost, and a few times of which a worker's memory holds.
    workers : int
        Each holds the network once. 0: one for each GPU, or for every four CPUs where there is none.

    Raises
    ------
    PartsError
        Where `folder` holds parts of other pictures or of another network; without Ray; for a worker that died again and again.
    shoulders.support.errors.CourseError, OSError
        For a list that cannot be read, a network that cannot be cut there, a disk that is full.
    """
    folder = Path(folder)
    card = made_by(backbone, layer)
    with places.locked(folder / ".writing"):
        parts.need_the_same(folder, card | {"part": part})
        asked = lists.write(folder / "list.jsonl", source, folder)
        planned = parts.plan(folder / "list.jsonl", part)
        missing = parts.missing(folder, planned)
        if missing:
            from shoulders.many import by_ray

            for _ in track(by_ray.look(folder, missing, card, workers), len(missing), "Looking", "parts"):
                pass
        findings = _gathered(folder, planned)
    return Pass(asked, findings, len(planned), len(planned) - len(missing))


def made_by(backbone: Backbone, layer: str) -> dict:
    """All that has a say in a row of features, as JSON can hold it: every worker compares it with its own."""
    return json.loads(json.dumps({
        "backbone": backbone.name, "weights_sha256": backbone.digest, "weights_file": backbone.source, "layer": layer,
        "transform": asdict(backbone.transform), "engine": engine.name(backbone, [layer]),
        "precision": engine.precision(backbone, [layer]), "version": features.VERSION, "libraries": features.versions(),
    }))  # fmt: skip


def _gathered(folder, planned):
    """The findings of all parts in one table; returns how many there are."""
    count = 0
    with places.whole(folder / "findings.csv") as beside, open(beside, "w", newline="", **parts.TEXT) as file:
        table = csv.writer(file)
        table.writerow(parts.FINDING)
        for part in planned:
            for row in parts.findings(folder, part):
                table.writerow(row)
                count += 1
    return count
