"""Which pictures belong together, as a person says it: patients, places or bursts, by a table, by folders, or by file names."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

from shoulders.datasets.notes import Notes
from shoulders.support.errors import DatasetError


def named(asked, files, notes: Notes) -> list[str]:
    """The group of each picture; ``''`` for one that has none, of which `notes` is told.

    Parameters
    ----------
    asked : str, path or None
        A CSV file with the columns ``file`` and ``group``; or ``'folder'``, for the folders just below the class folders; or a
        regular expression that is looked for in the names below the class folder, without the file's ending; its first
        bracket, or all that matches, names the group.
    files : sequence of (Path, Path)
        Each picture, and the class folder in which it lies.
    notes : Notes

    Raises
    ------
    DatasetError
        Where no picture gets a group, or the table or the expression cannot be read.
    """
    if asked is None:
        return [""] * len(files)
    if str(asked).lower().endswith(".csv"):
        found = _in_table(Path(asked).expanduser(), files, notes)
    elif asked == "folder":
        found = [_below(path, home) for path, home in files]
    else:
        found = _in_names(str(asked), files)
    alone = [path for (path, _), group in zip(files, found) if not group]
    if len(alone) == len(files):
        why = _why_none(asked, *files[0], notes) if files else f"no {notes.sense.WORD} can be read"
        raise DatasetError(f"--groups {asked}: {why}: give a CSV file, `folder`, or a pattern in the files' names.")
    if alone:
        told = f"no group by --groups {asked}: taken for a group of its own"
        notes.add(alone[0], told if len(alone) == 1 else f"{told}; {len(alone):,} such", "Name its group.", "used")
    return found


def _why_none(asked, path, home, notes):
    """For which no picture has a group; one of them is an example."""
    if asked == "folder":
        return f"no {notes.sense.WORD} lies in a folder below its class folder ({notes.named(path)} is one)"
    if str(asked).lower().endswith(".csv"):
        return f"it names the group of no {notes.sense.WORD} ({notes.named(path)} is one)"
    return f"it names the group of no {notes.sense.WORD} (in {notes.named(path)} it is looked for in {_looked_in(path, home)!r})"


def _below(path, home):
    parts = path.relative_to(home).parts
    return parts[0] if len(parts) > 1 else ""


def _in_names(pattern, files):
    try:
        looked_for = re.compile(pattern)
    except re.error as error:
        raise DatasetError(
            f"--groups {pattern!r} is neither a CSV file nor `folder`, and no regular expression ({error})."
        ) from error
    found = (looked_for.search(_looked_in(path, home)) for path, home in files)
    return [(match[1] if looked_for.groups else match[0]) or "" if match else "" for match in found]


def _looked_in(path, home):
    return path.relative_to(home).with_suffix("").as_posix()


def _in_table(path, files, notes):
    """By the path from the set's folder on, or its last parts, with the file's ending or without, if one alone is called so."""
    rows, called = _rows(path), _called(files)
    above, groups, lost = _above(rows, called), {}, []
    for name, group in rows:
        found = called.get(_plain(name, above), ())
        if len(found) > 1:
            raise DatasetError(
                f"{path}: {name} may be any of {len(found)} files: write it with its folders, as {notes.named(min(found))}."
            )
        lost += [] if found else [name]
        for picture in found:
            if group and groups.setdefault(picture, group) != group:
                raise DatasetError(
                    f"{path}: {name} is in group {groups[picture]} and in group {group}: leave one of the two lines."
                )
    if files and len(lost) == len(rows) > 0:
        here = notes.named(files[0][0])
        none = f"names no {notes.sense.WORD} that is used; its first is {lost[0]}"
        raise DatasetError(f"--groups {path} {none}: write names as {here}.")
    if lost:
        told = f"names no {notes.sense.WORD} that is used: {lost[0]}"
        notes.add(path, told if len(lost) == 1 else f"{told}, and {len(lost) - 1:,} more such lines", "Check the names.")
    return [groups.get(picture, "") for picture, _ in files]


def _called(files):
    """Pictures by every end of their paths; without the file's ending, too, where nothing else is called so."""
    whole, bare = defaultdict(set), defaultdict(set)
    for picture, _ in files:
        for names, parts in ((whole, picture.parts), (bare, picture.with_suffix("").parts)):
            for start in range(len(parts)):
                names["/".join(parts[start:])].add(picture)
    return {**bare, **whole}


def _above(rows, called):
    """How many folders the table's names begin with that are not here: those of another machine."""
    most = max((_plain(name).count("/") for name, _ in rows), default=0)
    return next((above for above in range(most) if any(_plain(name, above) in called for name, _ in rows)), 0)


def _plain(name, above=0):
    return name.replace("\\", "/").removeprefix("./").split("/", above)[-1]


def _rows(path):
    """Name and group of every line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise DatasetError(f"--groups {path} cannot be read ({error}): give a CSV file in UTF-8.") from error
    header = text.partition("\n")[0]
    table = csv.DictReader(text.splitlines(), delimiter=max(",;\t", key=header.count))
    columns = {name.strip().lower(): name for name in table.fieldnames or () if name}
    if not {"file", "group"} <= columns.keys():
        found = ", ".join(columns) or "nothing"
        raise DatasetError(f"--groups {path} needs the columns file and group, and its first line names {found}.")
    return [((row[columns["file"]] or "").strip(), (row[columns["group"]] or "").strip()) for row in table]
