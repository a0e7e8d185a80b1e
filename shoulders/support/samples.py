"""One sample of any sense: its bytes, as they were when it was checked, and the check of many files.

What can be found wrong with a sample, its sense knows (`shoulders.pictures`, `shoulders.sounds`); that a file is looked at once,
by threads, and never taken for another, is the same for all.
"""

import base64
import hashlib
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import NamedTuple

from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.memory import Memory
from shoulders.support.progress import track

SIDE = 32
"""Of the grey thumbnail that the check keeps of every sample, for `shoulders.datasets.copies`."""

MOST_BYTES = 2**30
"""A larger file is not read: nothing that a person looks at or listens to in a moment is one."""

LARGE = 2**25
"""Bytes from which a file's header is asked first, where the sense can ask it alone."""


class SampleError(CourseError):
    """A sample cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Verdict:
    """What the check of one sample found. `action` is ``'used'``, ``'converted'`` or ``'skipped'``."""

    action: str
    problem: str = ""
    remedy: str = ""


class Checked(NamedTuple):
    """What the check found of a file.

    Attributes
    ----------
    digest : str
        sha256 of its bytes, ``''`` where it cannot be read.
    verdict : Verdict
    shown : str
        sha256 of what a person would see or hear, as the sense's `read` gives it: the same for the same sample in another file or
        format. ``''`` of one that is skipped.
    thumbnail : bytes
        Grey, `SIDE` × `SIDE`; empty of one that is skipped.
    """

    digest: str
    verdict: Verdict
    shown: str = ""
    thumbnail: bytes = b""


def content(path, expected: str | None = None) -> bytes:
    """A file's bytes, if they are still those of which the sha256 is `expected`, where one is.

    Raises
    ------
    SampleError
        When the file cannot be read, or has changed.
    """
    try:
        found = path.read_bytes()
    except OSError as error:
        raise SampleError(f"{path}: unreadable. Check the file's permissions.") from error
    if expected is not None and hashlib.sha256(found).hexdigest() != expected:
        raise SampleError(f"{path}: changed since it was checked. Load the set again.")
    return found


def stream(path, expected: str | None = None) -> io.BytesIO:
    """`content` as a file that keeps its name, by which an error names it."""
    file = io.BytesIO(content(path, expected))
    file.name = str(path)
    return file


def check(paths, memory: str, examine: Callable[[bytes], Checked], refuse: Callable | None = None) -> list[Checked]:
    """Look at every file, in order. What was decoded once is remembered by its content.

    Parameters
    ----------
    paths : sequence of path
    memory : str
        The name of the file in which the sense remembers what it found.
    examine : callable
        From a file's bytes to what was found, of which the digest is not read.
    refuse : callable, optional
        From the path of a large file to a verdict by its header alone, or ``None``: an hour's recording need not be in memory to
        be too long for a clip.
    """
    known = Memory(memory, _sound)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        digests = list(pool.map(_digest, paths))
        known.known[""] = Checked("", _UNREADABLE)
        if new := {digest: path for digest, path in zip(digests, paths) if digest not in known.known}:
            _look_at(new, known, pool, partial(_look_again, examine, refuse or (lambda path: None)))
    finally:
        pool.shutdown(cancel_futures=True)  # who interrupts a check does not wait for the samples still to come
    return [known.known[digest]._replace(digest=digest) for digest in digests]


_UNREADABLE = Verdict("skipped", "unreadable", "Check the file's permissions.")
_CHANGED = Verdict("skipped", "changed while it was checked", "Run the check again.")
_TOO_LARGE = Verdict("skipped", f"larger than {places.size(MOST_BYTES)}", "Make it smaller, or cut it up.")


def _digest(path):
    try:
        return places.digest(path)
    except OSError:
        return ""


def _look_at(new, memory, pool, look):
    """Look at each sample and remember it as they come."""
    looks = pool.map(look, new, new.values())
    with memory.adding() as add:
        for key, looked in track(zip(new, looks), len(new), "Checking", "files"):
            memory.known[key] = looked
            if looked.verdict != _CHANGED:
                add(key, _line(looked))


def _look_again(examine, refuse, key, path):
    """Never another sample's verdict under this one's digest."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            return Checked(key, _TOO_LARGE)
        if size > LARGE and (refused := refuse(path)):
            return Checked(key, refused if _digest(path) == key else _CHANGED)
        return examine(content(path, key))._replace(digest=key)
    except (SampleError, OSError):
        return Checked(key, _CHANGED)


def _line(looked):
    """As JSON can hold it."""
    return asdict(looked.verdict) | {"shown": looked.shown, "thumbnail": base64.b64encode(looked.thumbnail).decode()}


def _sound(line):
    line = dict(line)
    shown, thumbnail = line.pop("shown"), base64.b64decode(line.pop("thumbnail"), validate=True)
    looked = Checked("", Verdict(**line), shown, thumbnail)
    sizes = {"skipped": (0, 0), "used": (64, SIDE * SIDE), "converted": (64, SIDE * SIDE)}
    if sizes[looked.verdict.action] != (len(shown), len(thumbnail)):
        raise ValueError("what every line holds")
    return looked
