"""What was found before, by key: lines of JSON in a file that only grows."""

import json
from contextlib import contextmanager

from shoulders.support import places
from shoulders.support.errors import CourseError


class Memory:
    """A dictionary of facts that outlives the process.

    Parameters
    ----------
    name : str
        Of the file in `shoulders.support.places.cache`.
    sound : callable
        Makes of a remembered value what `known` is to hold. Where it fails, a broken disk has made something else of the
        line: it is skipped, as is the half line of a process that was killed.

    Attributes
    ----------
    known : dict
        What was remembered when this was made, and what was added since.
    """

    def __init__(self, name: str, sound):
        self.path, self.known = places.cache() / name, {}
        self._sound = sound
        for line in self._lines():
            try:
                key, value = json.loads(line)
                self.known[key] = sound(value)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue

    def _lines(self):
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # not there yet, or somebody else's: nothing is remembered
            return []

    @contextmanager
    def adding(self):
        """A function that adds a value under a key, on the disk at once: interrupted work goes on where it stopped.

        Raises
        ------
        shoulders.support.errors.CourseError
            Where nothing can be written.
        """
        with places.locked(self.path), self._opened() as file:

            def write(line):
                with self._writing():
                    file.write(line.encode() + b"\n")

            def add(key, value):
                write(json.dumps([key, value]))
                self.known[key] = self._sound(value)

            write("")  # ends the half line that a killed process may have left
            yield add

    def _opened(self):
        with self._writing():
            return open(self.path, "ab", buffering=0)

    @contextmanager
    def _writing(self):
        try:
            yield
        except OSError as error:
            wish = "make room there, or set SHOULDERS_CACHE to a folder of your own on a larger disk"
            raise CourseError(f"{self.path} cannot be written ({error.strerror}): {wish}.") from error
