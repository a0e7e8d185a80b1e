"""Which files lie below a folder: in natural order, through links that lead somewhere, without what systems put there."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from shoulders.support.errors import CourseError

SYSTEM = {
    "@eadir": "thumbnails of a file server",
    "@recycle": "the bin of a file server", "#recycle": "the bin of a file server",
    "@sharebin": "the bin of a file server", "@tmp": "a file server's own",
    "@recently-snapshot": "snapshots of a file server", "#snapshot": "snapshots of a file server",
    "$recycle.bin": "the bin of Windows", "recycler": "the bin of Windows", "recycled": "the bin of Windows",
    "system volume information": "Windows' own", "found.000": "what a check of the disk found",
    "lost+found": "what a check of the disk found", "lost.dir": "what a check of the disk found",
    "__macosx": "what macOS adds to archives", "network trash folder": "the bin of macOS", "temporary items": "macOS' own",
    "thumbs.db": "thumbnails of Windows", "ehthumbs.db": "thumbnails of Windows", "ehthumbs_vista.db": "thumbnails of Windows",
    "picasa.ini": "Picasa's own", "desktop.ini": "Windows' own", "icon\r": "macOS' own", "__pycache__": "Python's own",
}  # fmt: skip
"""Names, in small letters, that systems give to files and folders of their own among those of people."""

ENDINGS = {
    ".icloud": "in iCloud, and not on this disk: download it there",
    ".crdownload": "a download that has not ended", ".lrdata": "Lightroom's own",
    ":zone.identifier": "what Windows puts beside downloads", ".zone.identifier": "what Windows puts beside downloads",
}  # fmt: skip
"""How such names end."""

_AGAIN = "the same folder by another way (a link): looked into once"


def system(name: str) -> str:
    """What a file or folder is that a system, and no person, has given this name; ``''`` for any other."""
    if name.startswith("._"):
        return "what macOS puts beside files (._…)"
    if known := SYSTEM.get(name.lower()):
        return f"{name.strip()}: {known}"
    if ending := next((ending for ending in ENDINGS if name.lower().endswith(ending)), None):
        return f"*{ending}: {ENDINGS[ending]}"
    return "hidden: the name begins with a dot" if name.startswith(".") else ""


def note(aside: dict | None, path: Path, reason: str) -> None:
    """Count what is left out by its reason: ``aside[reason]`` becomes the first such path, and how many there are."""
    if aside is not None:
        first, count = aside.get(reason, (path, 0))
        aside[reason] = first, count + 1


def counted(reason: str, count: int) -> str:
    """A reason, and how often it was one."""
    return reason if count == 1 else f"{reason}; {count:,} such"


def files(sources, but=(), aside: dict | None = None) -> Iterator[Path]:
    """Files as they are given, and in the place of a folder all that lie below it, as `walked` finds them.

    Parameters
    ----------
    sources : iterable of path
    but : iterable of path or None
        Files to leave out where a folder holds them.
    aside : dict, optional
        Is told what is left out, as by `note`.

    Raises
    ------
    CourseError
        For a folder without any file.
    """
    left_out = {os.path.realpath(path) for path in but if path}
    for source in map(Path, sources):
        below = walked(source, aside) if source.is_dir() else iter([source])
        found = (path for path in below if path is source or os.path.realpath(path) not in left_out)
        if (first := next(found, None)) is None:
            raise CourseError(f"{source} holds no file to look at: check the path.")
        yield first
        yield from found


def overview(folder: Path, but=()) -> str:
    """How many files lie below a folder, and what is left out, with the reason: a line for each.

    Raises
    ------
    CourseError
        For a folder without any file.
    """
    aside = {}
    count = sum(1 for _ in files([folder], but, aside))
    left_out = [f"left out: {first}: {counted(reason, many)}." for reason, (first, many) in aside.items()]
    return "\n".join([f"{folder}: {count:,} file{'s' * (count != 1)}.", *left_out])


def walked(folder: Path, aside: dict | None = None) -> Iterator[Path]:
    """Every file below a folder, and every folder that may not be looked into: reading it will say so.

    Each folder's files come in natural order, then its folders. A link is followed, unless it leads back, or to where another way
    led before. What systems put there is left out (`system`), and told to `aside`, as by `note`. Memory holds the names in one
    folder at a time.
    """
    closed, been = [], {os.path.realpath(parent) for parent in folder.absolute().parents}
    for home, below, names in os.walk(folder, onerror=closed.append, followlinks=True):
        if (real := os.path.realpath(home)) in been:
            below.clear()
            note(aside, Path(home), _AGAIN)
            continue
        been.add(real)
        below[:] = _named_by_people(home, below, aside)
        paths = (Path(home, name) for name in _named_by_people(home, names, aside))
        for path in paths:
            if path.is_file() or path.is_symlink():  # a link to nothing, too
                yield path
            else:
                note(aside, path, "a pipe or a device")
    yield from (Path(error.filename) for error in closed)


def inside(folder: Path, aside: dict | None = None) -> list[Path]:
    """The folders in a folder that people have named, in natural order; the others are told to `aside`."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir()]
    return [folder / name for name in _named_by_people(folder, names, aside)]


def _named_by_people(home, names, aside):
    kept = []
    for name in ordered(names):
        if reason := system(name):
            note(aside, Path(home, name), reason)
        else:
            kept.append(name)
    return kept


def ordered(names) -> list[str]:
    """In natural order: 1 before 10, and 01 before 1."""
    return sorted(names, key=lambda name: (_natural(name), name))


def _natural(name):
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def form(name: str) -> str:
    """One of the ways in which Unicode writes the same name."""
    return unicodedata.normalize("NFC", name)


def loosely(name: str) -> str:
    """A name as one hears it: without capital letters, and with no more spaces than it needs."""
    return " ".join(form(name).casefold().split())
