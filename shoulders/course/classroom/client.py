"""What a notebook tells its class, from a thread of its own: it waits for nobody, and sends again what did not arrive."""

from __future__ import annotations

import json
import random
import secrets
import threading
from http.client import HTTPConnection, HTTPException

from shoulders.course.classroom import messages, private
from shoulders.course.classroom.messages import ClassError
from shoulders.course.classroom.outbox import Outbox
from shoulders.support.errors import CourseError, reason

TOGETHER = 20
"""Events in one message, at the most."""


class Client:
    """One learner's line to a class.

    Parameters
    ----------
    host, port, token
        As `shoulders.course.classroom.messages.address` gives them.
    learner : str
        As `shoulders.course.classroom.outbox.learner` gives it.
    name : str, optional
        Only if the learner typed one.
    pause : float
        Seconds until it tries again when the class is away, at first; at most ten times as long later on.

    Attributes
    ----------
    number : int or None
        The learner's in the class, once it has answered.
    log : list of (str, dict)
        What became of each event, the event: ``waits``, ``sent``, ``refused: …`` or ``kept back``.
    heard : threading.Event
        Set by the first answer, of whatever kind, and by the first silence.
    """

    def __init__(self, host: str, port: int, token: str, learner: str, name: str | None = None, pause: float = 2.0):
        self.host, self.port, self.learner, self.name, self.number = host, port, learner, name, None
        self._token, self._pause, self._misses = token, pause, 0
        self._outbox = Outbox(learner)
        self._states = {event["id"]: ["waits", event] for event in self._outbox.left}
        self._said, self._unsaid = set(), []
        self._alone, self.heard = threading.Lock(), threading.Event()
        self._news, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="classroom", daemon=True)
        self._thread.start()

    @property
    def log(self):
        with self._alone:
            return [tuple(entry) for entry in self._states.values()]

    @property
    def ended(self) -> bool:
        """Whether nothing is sent any more: the class does not know the token, or this was the end."""
        return self._over.is_set()

    @property
    def waiting(self) -> list[dict]:
        """The events that have not arrived."""
        return [event for state, event in self.log if state == "waits"]

    def told(self, happened: dict) -> None:
        """Take what happened; never raises, never waits. What has to be said to the learner is said here, once."""
        event = {"id": secrets.token_hex(8), **happened}
        try:
            event, state = messages.sound(private.of_event(event)), "waits"
        except Exception as error:  # whatever it is, the learner's cell goes on
            state = f"not sent: {reason(error)}"
        with self._alone:
            self._states[event["id"]] = [state, event]
        self._news.set()
        self.speak()

    def speak(self) -> None:
        """Print what the thread has to say, in the cell that runs now."""
        while self._unsaid:
            print(self._unsaid.pop(0))

    def finish(self, patience: float = messages.PATIENCE) -> list[dict]:
        """Send what still waits, for `patience` seconds at the most, and end; gives what did not arrive."""
        self._over.set()
        self._news.set()
        self._thread.join(patience)
        left = self.waiting
        self._on_disk(self._outbox.add, left)
        return left

    def keep_back(self) -> None:
        """What still waits is not sent any more, by no notebook."""
        waiting = [event["id"] for event in self.waiting]
        self._note(dict.fromkeys(waiting, "kept back"))
        self._on_disk(self._outbox.done, waiting)

    def _work(self):
        self._send_all()
        while not self._over.is_set():
            self._news.wait(self._seconds() if self.waiting else None)
            self._news.clear()
            self._send_all()

    def _seconds(self):
        return self._pause * min(2 ** max(0, self._misses - 1), 10) * random.uniform(0.75, 1.25)

    def _send_all(self):
        while waiting := self.waiting:
            self._on_disk(self._outbox.add, waiting)
            try:
                answer = self._post(waiting[:TOGETHER])
                self.number, states = int(answer["number"]), _states(answer)
            except ClassError as error:
                self._over.set()
                return self._say(str(error))
            except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
                return self._missed(error)
            self._misses = 0
            self.heard.set()
            self._note(states)
            self._on_disk(self._outbox.done, list(states))
        return None

    def _post(self, events):
        body = json.dumps({"learner": self.learner, "name": self.name, "events": events}).encode()
        line = HTTPConnection(self.host, self.port, timeout=messages.PATIENCE)  # the system's proxies know no classroom
        try:
            line.request("POST", "/told", body, {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"})
            answer = line.getresponse()
            content = json.loads(answer.read(messages.LARGEST))
        finally:
            line.close()
        if answer.status == 401:
            raise ClassError(f"The class at {self.host}:{self.port} does not know this token: ask for the line again.")
        if answer.status == 413 and len(events) > 1:
            return self._post(events[: len(events) // 2])
        if answer.status == 413:
            return {"number": self.number or 0, "kept": [], "refused": {events[0]["id"]: content["problem"]}}
        if answer.status != 200:
            raise OSError(content["problem"])
        if not _states(content).keys() & {event["id"] for event in events}:
            raise OSError("its answer speaks of other things")
        return content

    def _missed(self, error):
        self._misses += 1
        where = f"The class at {self.host}:{self.port} cannot be told now ({reason(error)})"
        self._say(f"{where}: go on; what you do is kept here and sent when it can be.", "away")

    def _say(self, sentence, once=None):
        if (once or sentence) not in self._said:
            self._said.add(once or sentence)
            self._unsaid.append(sentence)
        self.heard.set()

    def _note(self, states):
        with self._alone:
            for identity in states.keys() & self._states.keys():
                self._states[identity][0] = states[identity]

    def _on_disk(self, write, what):
        try:
            write(what)
        except CourseError as error:  # then it is kept as long as this notebook runs
            self._say(str(error), "disk")


def _states(answer):
    refused = {str(key): f"refused: {why}" for key, why in answer["refused"].items()}
    return dict.fromkeys(answer["kept"], "sent") | refused
