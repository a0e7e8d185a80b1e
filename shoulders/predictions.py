"""Answers about any number of pictures, as a CSV file with a row each: written as they come, and gone on with after a stop.

While it grows, the table lies beside its place under a hidden name that tells what it was begun with, so that no other model's
rows are ever taken for this one's. A row is flushed as soon as it is known; after a kill, the last may be torn.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shoulders import engine, features, heads
from shoulders.models import Model, each_answer
from shoulders.support import devices, folders, places
from shoulders.support.errors import CourseError
from shoulders.support.progress import track

COLUMNS = ("file", "class", "probability", "margin", "note", "problem")

_TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}  # a name that is no UTF-8 goes in and out byte by byte


class PredictionError(CourseError):
    """A table cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Table:
    """How many rows a table has, how many of them tell a problem, and how many are of an earlier sitting."""

    rows: int
    problems: int
    earlier: int


def write(path, model: Model, sources, but=()) -> Table:
    """Ask a model about files, and write a row for each of them. The file appears only when it is whole.

    Parameters
    ----------
    path : path
    model : Model
    sources : sequence of path
        Files, and folders of which all that lies below is asked about (`shoulders.support.folders.files`).
    but : iterable of path or None
        Files to leave out where a folder holds them; `path` is one of them.

    Raises
    ------
    PredictionError
        Where a table was begun in this place with something else.
    CourseError, OSError
        For a folder without files; for a place that cannot be written.

    Notes
    -----
    What an earlier sitting left is kept as far as its rows name the same files in the same order, in whole batches: the table
    is the same, to the last digit, as one that was written in one go. Memory holds a few batches and the names in one folder.
    """
    path = Path(os.path.realpath(path))
    part, left_out = path.with_name(f".{path.name}.{_key(model, sources)}.part"), (path, *but)

    def files():
        return folders.files(sources, left_out)

    with places.locked(_lock(path)), _named(path):
        _need_the_same(path, part)
        whole = engine.chosen(model.backbone, [model.layer]).BATCH
        earlier, problems, length = _kept(part, files(), whole)
        rows, left = earlier, sum(1 for _ in files()) - earlier
        new = track(each_answer(model, islice(files(), earlier, None)), left, "Asking", "files")
        for row in _appended(part, length, new):
            rows, problems = rows + 1, problems + ("problem" in row)
        os.replace(part, path)
    return Table(rows, problems, earlier)


def _key(model, sources):
    """Of all that has a say in a row."""
    layers = [model.layer]
    by = [engine.name(model.backbone, layers), engine.precision(model.backbone, layers), devices.device(), features.versions()]
    told = json.dumps([features.VERSION, model.card, model.backbone.digest, by, [os.path.abspath(source) for source in sources]])
    numbers = heads.to_arrays(model.head).values()
    return hashlib.sha256(b"".join([told.encode(), *(array.tobytes() for array in numbers)])).hexdigest()[:12]


def _lock(path):
    return places.cache() / "predictions" / hashlib.sha256(os.fsencode(path)).hexdigest()[:40]


def _need_the_same(path, part):
    """What was begun with something else is neither taken nor thrown away."""
    begun = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{12}}\.part")
    for other in path.parent.iterdir():
        if begun.fullmatch(other.name) and other != part:
            raise PredictionError(
                f"{other} was begun with another model, other files or other versions of the libraries: finish it with those, "
                "remove it, or give another FILE."
            )


def _kept(part, files, whole):
    """Of an earlier sitting: how many rows stay, how many of them tell a problem, and how many bytes they take."""
    kept, problems = (0, 0, 0), 0
    with suppress(FileNotFoundError, csv.Error), open(part, "rb") as file:  # csv.Error: a torn row
        rows = csv.reader(_whole_lines(file), strict=True)
        if next(rows, None) != list(COLUMNS):
            return kept
        for count, (row, path) in enumerate(zip(rows, files), 1):
            if len(row) != len(COLUMNS) or row[0] != str(path):
                break
            problems += row[-1] != ""
            if count % whole == 0:  # else pictures would go through the network in other company, and digits would differ
                kept = count, problems, file.tell()
    return kept


def _whole_lines(file):
    lines = iter(file.readline, b"")
    return (line.decode(**_TEXT) for line in lines if line.endswith(b"\n"))


def _appended(part, length, rows):
    """Each row once it is in the file, behind its first `length` bytes."""
    with open(part, "a", newline="", **_TEXT) as file:
        file.truncate(length)
        table = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        if not length:
            table.writeheader()
        for row in rows:
            table.writerow(row | {name: f"{row[name]:.6f}" for name in ("probability", "margin") if name in row})
            file.flush()
            yield row


@contextmanager
def _named(path):
    """A disk that is full names no file."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
