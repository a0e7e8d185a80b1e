"""Which files lie below a folder: in natural order, through links that lead somewhere, without what systems put there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import filterfalse
from pathlib import Path

from shoulders.errors import CourseError


def files(sources, but=()) -> Iterator[Path]:
    """Files as they are given, and in the place of a folder all that lie below it, as `walked` finds them.

    Parameters
    ----------
    sources : iterable of path
    but : iterable of path or None
        Files to leave out where a folder holds them.

    Raises
    ------
    CourseError
        For a folder without any file.
    """
    left_out = {os.path.realpath(path) for path in but if path}
    for source in map(Path, sources):
        below = walked(source) if source.is_dir() else iter([source])
        found = (path for path in below if path is source or os.path.realpath(path) not in left_out)
        if (first := next(found, None)) is None:
            raise CourseError(f"{source} holds no file to look at: check the path.")
        yield first
        yield from found


def walked(folder: Path) -> Iterator[Path]:
    """Every file below a folder, and every folder that may not be looked into: reading it will say so.

    Each folder's files come in natural order, then its folders. A link is followed, unless it leads back. What systems put
    there is left out: ``.DS_Store``, ``.ipynb_checkpoints/``, ``Thumbs.db``. Memory holds the names in one folder at a time.
    """
    closed, been = [], {os.path.realpath(parent) for parent in folder.absolute().parents}
    for home, below, names in os.walk(folder, onerror=closed.append, followlinks=True):
        if (real := os.path.realpath(home)) in been:
            below.clear()  # a link that leads back, or to a folder above
            continue
        been.add(real)
        below[:] = ordered(filterfalse(_hidden, below))
        paths = (Path(home, name) for name in ordered(filterfalse(_hidden, names)))
        yield from (path for path in paths if path.is_file() or path.is_symlink())  # a link to nothing, too
    yield from (Path(error.filename) for error in closed)


def ordered(names) -> list[str]:
    """In natural order: 1 before 10, and 01 before 1."""
    return sorted(names, key=lambda name: (_natural(name), name))


def _natural(name):
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _hidden(name):
    return name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini")
