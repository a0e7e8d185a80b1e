"""Who hears what a learner does: nobody, until the learner joins a class (`shoulders.course.classroom`)."""

from __future__ import annotations

from collections.abc import Callable

OBSERVERS: list[Callable[[dict], None]] = []
"""Each is given what happened, as a dictionary with a ``kind``; none of them may raise, or wait."""


def tell(kind: str, **what) -> None:
    """Say what happened to everyone in `OBSERVERS`."""
    for observer in tuple(OBSERVERS):
        observer({"kind": kind, **what})
