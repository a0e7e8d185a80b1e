"""What a learner has not told the class yet, on this machine's disk: a notebook that is closed early loses none."""

from __future__ import annotations

import hashlib
import platform
import secrets

from shoulders.course.classroom import messages
from shoulders.support.errors import CourseError
from shoulders.support.memory import Memory


def learner(token: str) -> str:
    """By what number this machine's learner is known in that class: made by chance, and the same for every notebook here.

    Another class gets another number. What it is kept under tells neither token nor machine.
    """
    memory = Memory("classroom.jsonl", messages.learner)
    key = hashlib.sha256(f"{token} {platform.node()}".encode()).hexdigest()[:16]
    if key not in memory.known:
        memory.known[key] = secrets.token_hex(8)
        try:
            with memory.adding() as add:
                add(key, memory.known[key])
        except CourseError as error:  # as long as this notebook runs, then
            print(error)
    return memory.known[key]


class Outbox:
    """Events on their way to a class.

    Parameters
    ----------
    learner : str
        As `learner` gave it.

    Attributes
    ----------
    left : list of dict
        What an earlier notebook could not send.
    """

    def __init__(self, learner: str):
        self._memory = Memory(f"classroom_{learner}.jsonl", _event)
        self.left = [event for event in self._memory.known.values() if event]

    def add(self, events) -> None:
        """Keep events; those that are kept need not be given again.

        Raises
        ------
        shoulders.support.errors.CourseError
            Where nothing can be written.
        """
        self._write({event["id"]: event for event in events if event["id"] not in self._memory.known})

    def done(self, identities) -> None:
        """These have arrived, or are not to be sent any more.

        Raises
        ------
        shoulders.support.errors.CourseError
        """
        self._write(dict.fromkeys(identities))

    def _write(self, lines):
        if lines:
            with self._memory.adding() as add:
                for key, value in lines.items():
                    add(key, value)


def _event(told):
    return told and messages.sound(told)
