"""What starts a course from a kit: a script for each system that finds a Python, and one for all that does the rest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from pathlib import Path

from shoulders import __version__
from shoulders.course.kit import contents, sticks
from shoulders.course.kit.targets import PLATFORMS

_TEMPLATES = Path(__file__).with_name("start")

_ENDS = {"start.py": "\n", "start.sh": "\n", "start.command": "\n", "start.bat": "\r\n", "README.txt": "\r\n"}
"""Each has the line ends of who reads it, however they came to lie here."""


def names(held) -> list[str]:
    """The paths of all that `write` writes, in the kit."""
    return ["kit.json", *_ENDS, *(_listed(target) for target in held)]


def _listed(target):
    return f"wheels/{target.name}.txt"


def write(folder: Path, held: dict, sums: dict[str, str]) -> dict[str, str]:
    """The starts, the kit's card, and for each target the list of its wheels; the sha256 of each.

    Parameters
    ----------
    folder : path
        Holds the kit's wheels.
    held : dict of Target to list of Wheel
    sums : dict of str to str
        Of all that is in the kit already.
    """
    lists = {_listed(target): "".join(f"{wheel.pin}\n" for wheel in wheels) for target, wheels in held.items()}
    card = {
        "course": __version__,
        "kit": hashlib.sha256(json.dumps([sorted(sums.items()), lists]).encode()).hexdigest()[:12],
        "clone": contents.is_clone(),
        "brings": sorted(name for name in sums if name.startswith(("pictures/", "weights/"))),
        "targets": [_told(target, wheels, folder) for target, wheels in held.items()],
    }
    texts = lists | {"kit.json": json.dumps(card, indent=1) + "\n"}
    texts |= {name: _filled(name, held, ends) for name, ends in _ENDS.items()}
    found = {name: sticks.write(folder / name, text.encode()) for name, text in texts.items()}
    for name in ("start.sh", "start.command"):
        with contextlib.suppress(OSError):  # of FAT; a help where it can be kept, and nothing needs it
            (folder / name).chmod(0o755)
    return found


def _told(target, wheels, folder):
    platform = PLATFORMS[target.platform]
    files = [folder / "wheels" / wheel.file for wheel in wheels]
    return {
        "title": platform.title,
        "system": platform.markers["sys_platform"],
        "machine": platform.markers["platform_machine"].lower(),
        "python": target.python,
        "wheels": _listed(target),
        "pip": next(f"wheels/{wheel.file}" for wheel in wheels if wheel.package == "pip"),
        "unpacked": sum(entry.file_size for file in files for entry in zipfile.ZipFile(file).infolist()),
    }


def _filled(name, held, ends):
    """A template, with the kit's Pythons: the newest first."""
    pythons = sorted({target.python for target in held}, key=lambda python: int(python.partition(".")[2]), reverse=True)
    titles = list(dict.fromkeys(PLATFORMS[target.platform].title for target in held))
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    for mark, words in (("@PYTHONS@", " ".join(pythons)), ("@ANY_OF@", _either(pythons)), ("@SYSTEMS@", _either(titles))):
        text = text.replace(mark, words)
    return text.replace("\n", ends)


def _either(words):
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
