"""What is nobody's business, taken out of a text before it is told: places on the disk, the user's and the computer's name."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from shoulders.course.classroom.messages import LONGEST
from shoulders.support import places

GAP = "…"

_SHARED = {"root", "user", "users", "home", "localhost", "jovyan", "ubuntu", "debian", "admin", "student", "docker"}
"""Names of users and computers that name nobody, and that sentences may need."""

_QUOTED = re.compile(r"""(?<!\w)(['"])(?:\\.|(?!\1).)*\1(?!\w)""")
_PATH = re.compile(
    r"""(?<![\w/.])(?:file://)?(?:~\w*[\\/]|\.{1,2}/|/[^\s/]|[A-Za-z]:[\\/]|\\\\)"""
    r"""(?:[^\n,;:()'"]*[\\/])?(?:[^\s,;:()'"]*[^\s,;:()'".])?"""
)


def of_event(event: dict) -> dict:
    """An event without what is nobody's business; every text of it is one line of at most `LONGEST` signs.

    What a check says may repeat what a learner wrote, so what stands in quotation marks is taken out as well.
    """
    if event["kind"] == "exercise":
        return event | {"said": told(_QUOTED.sub(lambda found: found[1] + GAP + found[1], event["said"]))}
    if event["kind"] == "machine":
        return event | {"findings": [{key: _all(value) for key, value in row.items()} for row in event["findings"]]}
    return event


def _all(value):
    return told(value) if isinstance(value, str) else value


def told(text: str) -> str:
    """One line of at most `LONGEST` signs, without places and names.

    >>> told("12 GB free for /home/anna/.cache/shoulders. Free at least 1 GB.")
    '12 GB free for …. Free at least 1 GB.'
    """
    for place in _places():
        text = text.replace(place, "~/" if place[-1] in "\\/" else "~")
    text = _PATH.sub(GAP, text)
    for name in _names():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", GAP, text, flags=re.IGNORECASE)
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + GAP


def _places():
    """Folders whose names may hold spaces; the longest first."""
    found = {os.getcwd(), tempfile.gettempdir(), *map(str, (places.course(), places.pictures(), places.cache()))}
    found |= {value for key, value in os.environ.items() if key.startswith("SHOULDERS_") or key == "TORCH_HOME"}
    with suppress(RuntimeError):  # a container's user without a home
        found.add(str(Path.home()))
    found |= {place.replace("\\", other) for place in found for other in ("\\\\", "/")}  # as Python writes them, and as others do
    return sorted((place for place in found if len(place) > 3 and re.search(r"[\\/]", place)), key=len, reverse=True)


def _names():
    """Of the user and the computer, each word of them that is a name; the longest first."""
    found = {socket.gethostname(), *socket.gethostname().split(".")[:1]}
    with suppress(OSError, KeyError, ImportError):  # a container's user without an entry
        found.add(getpass.getuser())
    with suppress(RuntimeError):
        found |= {Path.home().name, *re.split(r"[\s._]+", Path.home().name)}
    return sorted((name for name in found if len(name) > 1 and name.lower() not in _SHARED), key=len, reverse=True)
