"""The one place that knows which senses there are, and sees from files of which one they are.

Each sense is a room with the same few names: ``WORD`` and ``ENDINGS``, ``check``, ``read``, ``shown`` (as a picture, for people),
``assumed``, ``STRANGE`` and ``MIRRORED``. A new one is a new room, and a line here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from shoulders import pictures, sounds
from shoulders.support.errors import DatasetError
from shoulders.support.folders import form, walked

SENSES = {"pictures": pictures, "sounds": sounds}

STRAY = 0.05
"""Up to this share of files of another sense have strayed among the others, and are told one by one as what they are."""

FEW = 20
"""Of a folder in which no name says it, so many files are looked into."""

_SENSE_OF = {ending: name for name, sense in SENSES.items() for ending in sense.ENDINGS}


def known(path: Path) -> bool:
    """Whether a file's name ends as that of a sample of any sense."""
    return path.suffix.lower() in _SENSE_OF


def of(name: str) -> ModuleType:
    """The room of a sense: ``'pictures'`` or ``'sounds'``."""
    return SENSES[name]


def seen(folder: Path, homes: Iterable[Path], classes=()) -> str:
    """Of which sense the files of a folder are, by the endings of their names; where no name says it, by how the first few begin.

    Parameters
    ----------
    folder : Path
        For the sentence.
    homes : iterable of Path
        Where they lie: all below.
    classes : sequence of str
        If there are any, only what lies in folders of these names counts.

    Raises
    ------
    shoulders.support.errors.DatasetError
        For a folder with two senses.
    """
    found, first = {name: [] for name in SENSES}, []
    for path in _files(homes, {*map(form, classes)}):
        if len(first) < FEW:
            first.append(path)
        if name := _SENSE_OF.get(path.suffix.lower()):
            found[name].append(path)
    most, *others = sorted(found, key=lambda name: -len(found[name]))
    for name in others:
        if len(found[name]) > STRAY * len(found[most]):
            both = " and ".join(_counted(SENSES[one].WORD, found[one]) for one in (most, name))
            raise DatasetError(f"{folder} holds {both}: a question is asked of one sense: move one of them away.")
    return most if found[most] else _begun(first)


def _files(homes, wanted):
    below = (path for home in homes for path in walked(home))
    return (path for path in below if not wanted or wanted & {*map(form, path.parts)})


def _begun(paths):
    """Sounds, where most of these files begin as sounds do; else pictures."""
    return "sounds" if 2 * sum(map(sounds.begins, paths)) > len(paths) else "pictures"


def _counted(word, files):
    return f"{len(files):,} {word}{'s' * (len(files) != 1)} (as {files[0].name})"
