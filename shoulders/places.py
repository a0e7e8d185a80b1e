"""Where things lie on this machine: pictures, what ships in the box, and what was computed before."""

import os
import tempfile
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def course() -> Path:
    """The folder that holds ``notebooks/`` and ``data/``: the clone, or the package itself when installed as a wheel."""
    clone = _PACKAGE.parent
    return clone if (clone / "lessons").is_dir() else _PACKAGE


def box() -> Path:
    """What ships with the course and needs no network: felt pictures and small weights."""
    return course() / "data"


def pictures() -> Path:
    """Where picture sets live: ``SHOULDERS_DATA`` if set, else ``data/`` of the clone, else a folder of the user's."""
    if chosen := os.environ.get("SHOULDERS_DATA"):
        return Path(chosen).expanduser()
    return box() if course() != _PACKAGE else Path(platformdirs.user_data_dir("shoulders"))


def cache() -> Path:
    """Where computed features and checked pictures are remembered: ``SHOULDERS_CACHE`` or the user's cache folder."""
    if chosen := os.environ.get("SHOULDERS_CACHE"):
        return Path(chosen).expanduser()
    try:
        return Path(platformdirs.user_cache_dir("shoulders"))
    except RuntimeError:  # a container's user without a home
        return Path(tempfile.gettempdir()) / "shoulders"
