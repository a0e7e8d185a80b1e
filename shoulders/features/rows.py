"""Rows of features in a file: read as they are used, written as they come, there only when all of them are."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np

from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.places import size


class FeatureError(CourseError):
    """Features cannot be kept; the message says what is missing."""


def recall(folder: Path, key: str):
    """The rows, read from disk as they are used, or None. A file that is not whole is computed again."""
    path = folder / f"{key}.safetensors"
    try:
        with open(path, "rb") as file:
            start = 8 + struct.unpack("<Q", file.read(8))[0]
            about = json.loads(file.read(start - 8))["features"]
        rows = np.memmap(path, np.float32, "r", start, tuple(about["shape"]))
        return rows if path.stat().st_size == start + rows.nbytes else None
    except (OSError, ValueError, KeyError, TypeError, struct.error, OverflowError, MemoryError):
        return None


class Rows:
    """A safetensors file of one float32 matrix, filled row by row through a memory map, in place only when it is full."""

    def __init__(self, path: Path, shape):
        self.path, self.part = path, path.with_name(f".{path.name}.{os.getpid()}.part")
        _remove_dead(path)
        span = 4 * int(np.prod(shape))
        header = json.dumps({"features": {"dtype": "F32", "shape": list(shape), "data_offsets": [0, span]}}).encode()
        header += b" " * (-len(header) % 8)
        try:
            with open(self.part, "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header)
                places.reserve(file, 8 + len(header) + span)
        except OSError as error:
            self.part.unlink(missing_ok=True)
            room = f"make room in {path.parent}, or set SHOULDERS_CACHE to a folder on a larger disk"
            raise FeatureError(f"{size(span)} of features do not fit on the disk: {room}.") from error
        self.values = np.memmap(self.part, np.float32, "r+", 8 + len(header), shape)

    def close(self, complete):
        self.values.flush()
        del self.values  # Windows renames no file that is mapped
        try:
            if complete:
                os.replace(self.part, self.path)
        finally:
            self.part.unlink(missing_ok=True)


def _remove_dead(path):
    for part in path.parent.glob(f".{path.name}.*.part"):  # of a process that was killed: the lock is ours
        part.unlink(missing_ok=True)


class InMemory:
    """The same as `Rows` where nothing is to be remembered."""

    def __init__(self, shape):
        self.values = np.zeros(shape, np.float32)

    def close(self, complete):
        pass
