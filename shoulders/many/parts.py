"""Parts: a list of pictures cut into so many a file, each under a name that tells its place and what is in it.

A part is written aside and moved, so it is whole where it is there. Two workers that write the same one write the same file.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from shoulders.many import lists
from shoulders.support import places
from shoulders.support.errors import CourseError

PART = 1024
"""Pictures in a part: some 5 MB of 1,280 features, and seconds of work that a kill can cost."""

TRIES = 4
"""How many workers may die of a part."""

SCHEMA = ("path", "label", "digest", "features")

FINDING = ("path", "label", "digest", "problem")

TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}

_NAME = re.compile(r"\d{8}-[0-9a-f]{16}")


class PartsError(CourseError):
    """A folder of parts cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Part:
    """Some lines of the list, one after the other.

    Attributes
    ----------
    name : str
        Its place among the parts, and the start of the sha256 of its lines.
    start : int
        The byte at which its lines begin.
    count : int
    """

    name: str
    start: int
    count: int


def plan(path, size: int = PART) -> list[Part]:
    """The parts of a list that `shoulders.many.lists.write` wrote, in its order.

    Parameters
    ----------
    path : path
    size : int
        Lines in each part; the last one has what is left.

    Raises
    ------
    PartsError
        For a `size` below 1.
    """
    if size < 1:
        raise PartsError(f"A part of {size} pictures: one picture is the least.")
    planned, start = [], 0
    with open(path, "rb") as file:
        while lines := list(islice(file, size)):
            whole = b"".join(lines)
            planned.append(Part(f"{len(planned):08}-{hashlib.sha256(whole).hexdigest()[:16]}", start, len(lines)))
            start += len(whole)
    return planned


def need_the_same(folder: Path, card: dict) -> None:
    """Write ``card.json``, or compare it with what is there: parts of two networks never lie in one folder.

    Raises
    ------
    PartsError
        Names what differs.
    """
    path = folder / "card.json"
    if not path.exists():
        if (folder / "parts").exists():
            raise PartsError(f"{folder} holds parts, and no card.json that says what made them: give another folder.")
        with places.whole(path) as part:
            part.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        return
    known = read_card(folder)
    # where the weights lie may change; what they are may not
    differs = [name for name in card if name != "weights_file" and known.get(name) != card[name]]
    if differs:
        told = "; ".join(f"{name} was {known.get(name)}, and is {card[name]}" for name in differs)
        raise PartsError(f"{folder} was begun with something else ({told}): give another folder, or what it was begun with.")


def read_card(folder) -> dict:
    """What made the parts of a folder.

    Raises
    ------
    PartsError
    """
    path = Path(folder) / "card.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise PartsError(f"{path} cannot be read: give a folder that `shoulders features … --engine ray` wrote.") from error


def missing(folder: Path, planned: list[Part]) -> list[Part]:
    """Those parts that are not there. What killed workers left half written is removed.

    Raises
    ------
    PartsError
        For a part that is not of this plan.
    """
    home = folder / "parts"
    home.mkdir(parents=True, exist_ok=True)
    there, names = set(), {part.name for part in planned}
    for entry in os.scandir(home):
        if entry.name.startswith(".") and entry.name.endswith(".part"):
            os.unlink(entry.path)
        elif entry.name.endswith(".parquet"):
            there.add(entry.name.removesuffix(".parquet"))
    if strange := sorted(there - names):
        raise PartsError(f"{home / strange[0]}.parquet is no part of this list: give another folder, or remove that file.")
    return [part for part in planned if part.name not in there]


def write(folder: Path, part: Part, look, card: dict) -> dict:
    """Look at the pictures of one part and write its file, its findings before it; tells how many there are of each.

    Parameters
    ----------
    folder : pathlib.Path
    part : Part
    look : callable
        What `shoulders.features.reader` gave.
    card : dict
        Of what makes the features: it goes into the file, too.

    Raises
    ------
    PartsError
        Where `TRIES` workers died of this part.
    """
    _need_patience(folder, part)
    named, findings = [], []
    for path, label in lists.read(folder / "list.jsonl", part.start, part.count):
        if _is_text(path + label):
            named.append((path, label))
        else:
            findings.append((path, label, "", f"{path}: no UTF-8, which Parquet asks for. Give it another name."))
    good, values, labels = [], [], iter(label for _, label in named)
    for files, said in look([path for path, _ in named]):
        for (path, digest, problem), label in zip(files, labels):
            if problem:
                findings.append((path, label, digest, problem))
            else:
                good.append((path, label, digest))
        values += [said] if len(said) else []
    _write_findings(folder / "parts" / f"{part.name}.csv", findings)
    _write_table(folder / "parts" / f"{part.name}.parquet", good, values, card)
    _tried(folder, part).unlink(missing_ok=True)
    return {"rows": len(good), "findings": len(findings)}


def _need_patience(folder, part):
    """A worker that is killed leaves a mark, and Ray gives its part to another, without end."""
    with open(_tried(folder, part), "ab") as file:
        if file.tell() >= TRIES:
            raise PartsError(
                f"{TRIES} workers died of part {part.name}: their memory is too small, or one of its pictures ends a process. "
                f"These are {part.count:,} lines of {folder / 'list.jsonl'} from byte {part.start:,} on."
            )
        file.write(b".")


def _tried(folder, part):
    return folder / "parts" / f".{part.name}.tried.part"


def _is_text(name):
    return not any("\ud800" <= sign <= "\udfff" for sign in name)


def _write_findings(path, rows):
    if not rows:
        path.unlink(missing_ok=True)
        return
    with places.whole(path) as beside, open(beside, "w", newline="", **TEXT) as file:
        csv.writer(file).writerows(rows)


def _write_table(path, rows, values, card):
    import pyarrow
    from pyarrow import parquet

    values = np.concatenate(values) if values else np.zeros((0, 0), np.float32)
    starts = pyarrow.array(np.arange(len(values) + 1) * values.shape[1], pyarrow.int32())
    columns = [*(zip(*rows) if rows else ((), (), ())), pyarrow.ListArray.from_arrays(starts, values.ravel())]
    table = pyarrow.table(dict(zip(SCHEMA, columns)), _schema(card))
    with places.whole(path) as beside:
        parquet.write_table(table, beside, use_dictionary=["label"])


def _schema(card):
    import pyarrow

    fields = [(name, pyarrow.list_(pyarrow.float32()) if name == "features" else pyarrow.string()) for name in SCHEMA]
    return pyarrow.schema(fields, {"shoulders": json.dumps(card)})


def findings(folder: Path, part: Part) -> Iterator[list[str]]:
    """What is wrong with pictures of a part, as the columns of `FINDING` say."""
    path = folder / "parts" / f"{part.name}.csv"
    if path.exists():
        with open(path, newline="", **TEXT) as file:
            yield from csv.reader(file)


def written(folder) -> list[Path]:
    """The files of all parts that are there, in the list's order.

    Raises
    ------
    PartsError
        For a folder without any.
    """
    found = sorted(path for path in Path(folder, "parts").glob("*.parquet") if _NAME.fullmatch(path.stem))
    if not found:
        raise PartsError(f"{folder} holds no parts: give a folder that `shoulders features … --engine ray` wrote.")
    return found


def read(path, *columns) -> tuple:
    """Columns of one part.

    Parameters
    ----------
    path : path
        Of `written`.
    columns : str
        Of `SCHEMA`.

    Returns
    -------
    tuple
        Of each column a list of str; of ``'features'`` a float32 array, shape (n, d).
    """
    from pyarrow import parquet

    table = parquet.ParquetFile(path).read(columns)
    return tuple(_rows(table[name]) if name == "features" else table[name].to_pylist() for name in columns)


def _rows(column):
    values = column.combine_chunks().flatten().to_numpy()
    return values.reshape(len(column), -1) if len(column) else np.zeros((0, 0), np.float32)
