"""What a stick can hold, and whether it still holds it: names and sizes of FAT32, copies put in place whole, SHA256SUMS."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shoulders.course.kit.targets import KitError
from shoulders.support import places
from shoulders.support.folders import walked
from shoulders.support.progress import bar
from shoulders.support.words import counted

SUMS = "SHA256SUMS"
"""A line for each file of a kit, as ``sha256sum`` writes and reads it."""

LARGEST = 2**32 - 1
"""Bytes of the largest file that FAT32 holds."""

CLUSTER = 1 << 16
"""A file takes room in whole pieces of so many bytes, or fewer."""

_REFUSED = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST = 180
"""Characters of a path: Windows stops at 260, with the folder before it."""


def need_names(names: Iterable[str], what: str) -> None:
    """Refuse paths, with ``/`` between their parts, that FAT32 or Windows would refuse or take for each other.

    Raises
    ------
    KitError
        Names the first of them.
    """
    seen = {}
    for name in names:
        parts = name.split("/")
        if any(_REFUSED.search(part) or _DEVICES.fullmatch(part) for part in parts) or len(name) > LONGEST:
            raise KitError(f"{what} holds {name!r}, which Windows refuses as a name: rename it, or leave {what} out.")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise KitError(f"{what} holds {other!r} and {name!r}, one file on Windows and on a stick: rename one of them.")


def need_size(number: int, name: str) -> None:
    """Refuse a file that FAT32 cannot hold.

    Raises
    ------
    KitError
    """
    if number > LARGEST:
        raise KitError(f"{name} would have {places.size(number)}, and a stick with FAT32 takes files of less than 4.3 GB.")


def need_room(folder: Path, number: int) -> None:
    """Refuse before anything is written what is not going to fit.

    Raises
    ------
    KitError
    """
    there = free(folder)
    if there < number:
        needs = f"{places.size(number)} are still to be written and only {places.size(there)} are free in {folder}"
        raise KitError(f"{needs}: make room, take a larger stick, or ask for fewer platforms, Pythons and sets.")


def free(folder: Path) -> int:
    """Bytes that are free where a folder is, or is to be."""
    return shutil.disk_usage(places.standing(folder.absolute())).free


def holds(path: Path, sha256: str) -> bool:
    """Whether a file is there, and whole."""
    return path.is_file() and places.digest(path) == sha256


def carry(source: Path, target: Path) -> None:
    """Copy the bytes of a file, so that it appears in its place only whole.

    Raises
    ------
    OSError
    """
    with places.whole(target) as part, open(source, "rb") as file, open(part, "wb") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())


def write(path: Path, content: bytes) -> str:
    """Write a small file whole; its sha256."""
    with places.whole(path) as part:
        part.write_bytes(content)
    return places.digest(path)


def write_sums(folder: Path, sums: dict[str, str]) -> None:
    lines = [f"{sums[name]}  {name}\n" for name in sorted(sums)]
    write(folder / SUMS, "".join(lines).encode())


def read_sums(folder: Path) -> dict[str, str]:
    """sha256 of each file by its path in the folder; empty where no kit was finished."""
    file = folder / SUMS
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    if odd := [line for line in lines if not re.fullmatch(r"[0-9a-f]{64}  [^/\\:][^\\:]*", line) or ".." in line[66:].split("/")]:
        raise KitError(f"{file} is damaged ({odd[0][:80]!r}): make the kit again, by the same command as before.")
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


@dataclass(frozen=True)
class Check:
    """What reading a kit found: names of files, each in one of the lists at most.

    Attributes
    ----------
    folder : Path
    files, bytes : int
        How many are as they were made.
    missing, changed, extra : tuple of str
        Extra are those that no kit has put there; they do no harm.
    """

    folder: Path
    files: int
    bytes: int
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def whole(self):
        return not self.missing and not self.changed

    def __str__(self):
        lines = [f"missing: {name}" for name in self.missing] + [f"changed: {name}" for name in self.changed]
        lines += [f"extra: {name}: it is no part of the kit" for name in self.extra]
        said = f"{self.folder}: {counted(self.files, 'file')}, {places.size(self.bytes)}, as made"
        lost = f"{len(self.missing)} missing, {len(self.changed)} changed"
        return "\n".join([*lines, f"{said}." if self.whole else f"{said}; {lost}: the command that made the kit mends it."])


def verify(folder) -> Check:
    """Read every file of a kit and hold it against its sums. Needs no network, and changes nothing.

    Raises
    ------
    KitError
        Where no kit was finished.
    """
    folder = places.expanded(folder)
    sums = read_sums(folder)
    if not sums:
        raise KitError(f"{folder} holds no finished kit (no {SUMS}): check the path, or run `shoulders kit {folder}` again.")
    here = {path.relative_to(folder).as_posix(): path for path in walked(folder)}
    found = {name: here[name] for name in sums if name in here}
    good, sizes = [], {name: path.stat().st_size for name, path in found.items()}
    with bar(sum(sizes.values()) // 10**6, "Reading", "MB") as step:
        for name, path in found.items():
            good += [name] * holds(path, sums[name])
            step(sizes[name] / 1e6)
    missing, changed = [name for name in sums if name not in found], [name for name in found if name not in good]
    extra = [name for name in here if name not in sums and name != SUMS]
    return Check(folder, len(good), sum(sizes[name] for name in good), tuple(missing), tuple(changed), tuple(extra))
