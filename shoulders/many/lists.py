"""Which pictures are asked for: those below a folder, or those of a list with a path a line; as one list in a form of our own.

`shoulders.many.parts` cuts that list, and any worker reads its own lines of it from their place in the file.
"""

from __future__ import annotations

import csv
import filecmp
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from shoulders.support import folders, places
from shoulders.support.errors import CourseError
from shoulders.support.names import PICTURE_ENDINGS, SOUND_ENDINGS


class ListError(CourseError):
    """A list of pictures cannot be used; the message names the file, the line and the remedy."""


def entries(source) -> Iterator[tuple[str, str]]:
    """Path and label of each picture, as they come; memory holds one line, or the names in one folder.

    Parameters
    ----------
    source : path
        A folder: all files below it (`shoulders.support.folders.walked`), each with the name of the folder that it lies in as its
        label. A ``.csv``: its column ``path``, and ``label`` where there is one. Any other file: a path a line, behind which a
        label may stand after a tab. A path that is not absolute is taken from the list's own folder.

    Raises
    ------
    ListError
        For a list that lacks something: which line, and what.
    shoulders.support.errors.CourseError
        For a folder without files.
    """
    source = Path(source)
    if source.is_dir():
        return ((os.path.abspath(path), path.parent.name) for path in folders.files([source.absolute()]))
    if not source.exists():
        raise ListError(f"{source} does not exist: give a folder of pictures, or a list with a path a line.")
    if source.suffix.lower() in PICTURE_ENDINGS + SOUND_ENDINGS:
        raise ListError(f"{source} is a picture or a clip: give the folder that it lies in, or a list with a path a line.")
    return _listed(source)


def _listed(source):
    count, home = 0, os.path.abspath(source.parent)
    for line, path, label in _lines(source):
        if not path:
            raise ListError(f"{source}, line {line}: no path stands there: write one, or take the line out.")
        if "\0" in path:
            raise ListError(f"{source}, line {line}: a path holds no zero byte: save the list as text in UTF-8.")
        count += 1
        yield os.path.join(home, path), label
    if not count:
        raise ListError(f"{source} names no picture: write a path a line.")


def _lines(source):
    """Number, path and label of each line; of a text, blank lines do not count."""
    with open(source, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        if source.suffix.lower() != ".csv":
            told = (line.rstrip("\r\n").partition("\t") for line in file)
            yield from ((number, path, label) for number, (path, _, label) in enumerate(told, 1) if path or label)
            return
        table = csv.DictReader(file, strict=True)
        try:
            if "path" not in (table.fieldnames or ()):
                has = ", ".join(table.fieldnames or ()) or "nothing"
                raise ListError(f"{source} needs a column called path in its first line, which has {has[:200]}: name it there.")
            for row in table:
                yield table.line_num, row["path"], row.get("label") or ""
        except csv.Error as error:
            raise ListError(f"{source}, line {table.line_num}: this is no CSV ({error}): mend the line.") from error


def write(path, source, but=None) -> int:
    """Write what `entries` gives, ``["path","label"]`` a line; returns how many there are.

    Parameters
    ----------
    path : path
        Appears only when it is whole; one with the same content stays as it is, and one with other content is refused.
    source : path
    but : path, optional
        A folder that may not lie in `source`.

    Raises
    ------
    ListError
    """
    count = 0
    if but and Path(source).is_dir() and Path(source).resolve() in (Path(but).resolve(), *Path(but).resolve().parents):
        raise ListError(f"{but} lies in {source}, among the pictures: give another place.")
    with places.whole(path) as part:
        with open(part, "w", encoding="ascii", newline="\n") as file:
            for entry in entries(source):
                file.write(json.dumps(entry, separators=(",", ":")) + "\n")
                count += 1
        with suppress(FileNotFoundError):
            if not filecmp.cmp(part, path, shallow=False):
                raise ListError(
                    f"{path} was begun with other pictures than {source} names now: give new ones in a list, and a folder, of "
                    "their own; or remove that folder."
                )
    return count


def read(path, start: int, count: int) -> list[tuple[str, str]]:
    """Path and label of `count` lines of what `write` wrote, from byte `start` on."""
    with open(path, "rb") as file:
        file.seek(start)
        return [tuple(json.loads(file.readline())) for _ in range(count)]
