"""A camera in a cell: hold a button to collect examples, and watch the neighbours answer.

The page (`camera.js`) hands over one frame at a time, as the bytes of a JPEG, and waits for what is said of it. Pictures travel
in messages and never in the widget's state, so that no notebook file ever holds them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import anywidget

from shoulders import teaching
from shoulders.errors import CourseError, reason
from shoulders.neighbours import NEIGHBOURS, Answer, Examples

LATEST = 8
"""Pictures of each class that the page shows: those that came last."""


def _beside(name):
    return (files(__package__) / name).read_text(encoding="utf-8")


class Camera(anywidget.AnyWidget):
    """Teach classes by showing them to a camera, or with recorded frames in its place.

    Parameters
    ----------
    examples : shoulders.neighbours.Examples
        To which the collected frames are added. It can be used while the camera runs.
    look : callable
        ``shoulders.features.looker(backbone, threads=1)``.
    recordings : mapping of str to sequence of path, optional
        Frames by a name, which can be chosen where cameras are chosen.
    neighbours : int
        As for `shoulders.neighbours.Examples.answer`.
    threshold : float
        Where the slider stands at first, in 0..1: how alike the nearest example must be.
    group : str
        Of every example that is collected: a recording, a person, a room.

    Notes
    -----
    The page and this side say one thing at a time: ``{'do': …}`` comes, and goes to the method of that name; ``{'tell': …}``
    goes back. Whatever a course's error says is told in the widget, as a sentence.
    """

    _esm = _beside("camera.js")
    _css = _beside("camera.css")

    def __init__(
        self, examples: Examples, look: Callable, recordings: Mapping[str, Sequence] | None = None,
        neighbours: int = NEIGHBOURS, threshold: float = 0.0, group: str = "",
    ):  # fmt: skip
        self.examples, self.look, self.neighbours, self.threshold, self.group = examples, look, neighbours, threshold, group
        self.recordings = {name: list(paths) for name, paths in (recordings or {}).items()}
        self._does = {
            "hello": self._state, "look": self._look, "pictures": self._pictures, "add": self._add, "rename": self._rename,
            "remove": self._remove, "undo": self._undo, "save": self._save, "threshold": self._set_threshold,
        }  # fmt: skip
        super().__init__()
        self.on_msg(self._got)

    def _got(self, _, asked, buffers):
        try:
            self._does[asked["do"]](asked, buffers)
        except CourseError as error:
            self._tell("trouble", asked, said=str(error))
        except Exception as error:  # the page waits for an answer, and nobody sees a log
            self._tell("trouble", asked, said=f"The kernel could not do this: {type(error).__name__}, {reason(error)}")

    def _tell(self, tell, asked, buffers=(), **more):
        self.send({"tell": tell, "view": asked.get("view"), "frame": asked.get("frame"), **more}, list(buffers))

    def _state(self, asked, _=None, said=""):
        """What every page shows: classes, counts, the examples that came last."""
        latest = defaultdict(list)
        for example in self.examples.held:
            latest[example.label].append(example.number)
        classes = [
            {"name": name, "count": count, "latest": latest[name][-LATEST:]} for name, count in self.examples.counts.items()
        ]
        recordings = [{"name": name, "frames": len(paths)} for name, paths in self.recordings.items()]
        self._tell("state", asked, classes=classes, recordings=recordings, threshold=self.threshold, said=said)

    def _look(self, asked, buffers):
        """A frame: from the page, or of a recording, which the page is then sent to show."""
        recording, label = asked.get("recording"), asked.get("label")
        picture = Path(self.recordings[recording][asked["at"]]).read_bytes() if recording else bytes(buffers[0])
        answer = self.see(picture, label, asked.get("press"))
        self._tell("answer", asked, [picture] if recording else [], answer=_plain(answer))
        if label:
            self._state({})

    def see(self, picture: bytes, label: str | None = None, press=None) -> Answer:
        """What becomes of a frame, with this camera's settings: `shoulders.teaching.see`."""
        asked = {"neighbours": self.neighbours, "threshold": self.threshold}
        return teaching.see(self.examples, self.look, picture, label, self.group, press, **asked)

    def _pictures(self, asked, _):
        wanted = set(asked["numbers"])
        found = [example for example in self.examples.held if example.number in wanted]
        self._tell("pictures", asked, [one.picture for one in found], numbers=[one.number for one in found])

    def _add(self, asked, _):
        self.examples.add_class(asked["name"])
        self._state({})

    def _rename(self, asked, _):
        try:
            self.examples.rename_class(asked["name"], asked["new"])
        finally:
            self._state({})  # a name that is refused goes from the page, too

    def _remove(self, asked, _):
        gone = self.examples.remove_class(asked["name"])
        self._state({}, said=f"{asked['name']} is gone, and {_count(gone)} with it.")

    def _undo(self, asked, _):
        gone = self.examples.undo()
        self._state({}, said=f"{_count(gone).capitalize()} taken back." if gone else "There is nothing to take back.")

    def _save(self, asked, _):
        folder = teaching.save(self.examples, Path(asked["folder"].strip()).expanduser())
        self._state({}, said=f"{_count(len(self.examples))} saved in {folder.resolve()}, a folder for each class.")

    def _set_threshold(self, asked, _):
        self.threshold = min(1.0, max(0.0, float(asked["value"])))


def _count(n):
    return f"{n} picture" if n == 1 else f"{n} pictures"


def _plain(answer):
    voters = [
        {"number": one.example.number, "label": one.example.label, "similarity": one.similarity} for one in answer.voters
    ]
    return {"label": answer.label, "share": answer.share, "similarity": answer.similarity, "voters": voters}
