"""What a class has told: lines of JSON in a file that only grows, so that a killed server comes back with every answer."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections import Counter
from dataclasses import dataclass

from filelock import FileLock, Timeout

from shoulders.course.classroom import messages
from shoulders.course.classroom.messages import ClassError
from shoulders.support import places
from shoulders.support.errors import CourseError, reason

LEARNERS = 500
EACH = 2000
"""Events of one learner: a whole course has some hundred."""


@dataclass(frozen=True)
class Told:
    """One event, of whom, and at what second of the clock it came."""

    learner: str
    at: float
    event: dict


class Book:
    """The file of one class. What is told twice is held once: an event has a number of its own.

    Parameters
    ----------
    path : path
        Made if it is not there, for this user alone; else it goes on, with the token of before.

    Attributes
    ----------
    token : str
        What learners join with.
    key : str
        What the board is opened with.
    learners : dict of str to (str or None)
        The name that each typed, in the order in which they came.
    told : dict of str to Told
        By the events' numbers, in the order in which they came.
    damaged : int
        Lines that could not be read.

    Raises
    ------
    ClassError
        For a file of something else, one that another server holds, or a place that cannot be written to.
    """

    def __init__(self, path):
        self.path = places.expanded(path)
        self.learners, self.told, self.damaged, self._count = {}, {}, 0, Counter()
        self.token = self.key = None
        places.need_place(self.path)
        self._lock = FileLock(f"{self.path}.lock")
        try:
            self._lock.acquire(timeout=0)
            self._file = self.path.open("a+b", buffering=0)
            self.path.chmod(0o600)  # this user's alone: it holds the board's key
        except Timeout as error:
            raise ClassError(f"{self.path} belongs to a class that is open: close that one, or give another name.") from error
        except (OSError, NotImplementedError) as error:
            self._lock.release()
            raise ClassError(f"{self.path} cannot be written ({reason(error)}): give another place.") from error
        try:
            self._read()
        except CourseError:
            self.close()
            raise

    def close(self) -> None:
        """Let another server have the file."""
        self._file.close()
        self._lock.release()

    def add(self, learner: str, name: str | None, events) -> tuple[list[str], dict[str, str]]:
        """Write what a learner tells, before it counts.

        Returns
        -------
        kept : list of str
            The numbers of the events that are in the file, now or since before.
        refused : dict of str to str
            Of the others: why.

        Raises
        ------
        ClassError
            For a learner, a name or events that are none, and when the class is full.
        OSError
            When the disk is: then nothing of it is held.
        """
        learner, name = messages.learner(learner), messages.name(name)
        if learner not in self.learners and len(self.learners) >= LEARNERS:
            raise ClassError(f"This class is full: {LEARNERS} learners have joined.")
        if not isinstance(events, list):
            raise ClassError("What is told is a list of events.")
        kept, refused, fresh = [], {}, {}
        for number, event in enumerate(events):
            try:
                event = messages.sound(event)
                if event["id"] not in self.told | fresh and self._count[learner] + len(fresh) >= EACH:
                    raise ClassError(f"{EACH:,} events of one learner are held, and no more.")
            except ClassError as error:
                refused[_identity(event, number)] = str(error)
                continue
            kept.append(event["id"])
            if event["id"] not in self.told:
                fresh[event["id"]] = {"learner": learner, "at": round(time.time(), 1), "event": event}
        known = self.learners.get(learner, "") == name  # nobody's name is empty
        lines = [] if known else [{"learner": learner, "name": name}]
        self._write(lines + list(fresh.values()))
        for line in lines + list(fresh.values()):
            self._hold(line)
        return kept, refused

    def number(self, learner: str) -> int:
        """The learner's, from 1, in the order in which they came."""
        return list(self.learners).index(learner) + 1

    def _read(self):
        self._file.seek(0)
        first, *lines = self._file.read().decode("utf-8", "replace").split("\n")
        if first:
            self._begin(first)
        else:
            if any(lines):
                raise ClassError(self._foreign())
            self.token, self.key = "".join(secrets.choice(messages.SIGNS) for _ in range(6)), secrets.token_urlsafe(16)
            self._write([{"class": {"token": self.token, "key": self.key}}])
        for line in filter(None, lines):
            try:
                self._hold(json.loads(line))
            except (ValueError, KeyError, TypeError, RecursionError):
                self.damaged += 1
        if lines and lines[-1]:  # the half line of a server that was killed: nobody was told that it arrived
            self._file.write(b"\n")

    def _begin(self, first):
        try:
            known = json.loads(first)["class"]
            self.token, self.key = str(known["token"]), str(known["key"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ClassError(self._foreign()) from error

    def _foreign(self):
        return f"{self.path} is not the file of a class: it stays as it is; give another name."

    def _hold(self, line):
        learner = messages.learner(line["learner"])
        if "event" in line:
            event = messages.sound(line["event"])
            self.learners.setdefault(learner, None)
            self._count[learner] += event["id"] not in self.told
            self.told.setdefault(event["id"], Told(learner, float(line["at"]), event))
        else:
            self.learners[learner] = messages.name(line["name"])

    def _write(self, lines):
        """All or, on a full disk, nothing."""
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        before = self._file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError:
            self._file.truncate(before)
            raise


def _identity(event, number):
    identity = event.get("id") if isinstance(event, dict) else None
    return identity if isinstance(identity, str) and len(identity) == 16 else str(number)
