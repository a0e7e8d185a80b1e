"""What a page that teaches asks for, whoever carries it: a widget (`camera`) or a browser's own page (`page`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shoulders import teaching
from shoulders.heads.neighbours import NEIGHBOURS, Answer, Examples
from shoulders.widgets.messages import done

LATEST = 8
"""Pictures of each class that the page shows: those that came last."""


class Desk:
    """Examples, the network that looks, and the settings of the page.

    The two sides say one thing at a time: ``{'do': …}`` comes, and goes to the method of that name; ``{'tell': …}`` goes back.
    Whatever a course's error says is told, as a sentence.

    Parameters
    ----------
    tell : callable
        Given a dict and a list of bytes, takes them to the page.
    examples, look, recordings, neighbours, threshold, group, folder
        As for `shoulders.widgets.camera.Camera`.
    """

    def __init__(
        self, tell: Callable, examples: Examples, look: Callable, recordings: Mapping[str, Sequence] | None = None,
        neighbours: int = NEIGHBOURS, threshold: float = 0.0, group: str = "", folder: str = "my_pictures",
    ):  # fmt: skip
        self.tell, self.examples, self.look, self.neighbours = tell, examples, look, neighbours
        self.threshold, self.group, self.folder = threshold, group, folder
        self.recordings = {name: list(paths) for name, paths in (recordings or {}).items()}
        self._does = {
            "hello": self._state, "look": self._look, "pictures": self._pictures, "add": self._add, "rename": self._rename,
            "remove": self._remove, "undo": self._undo, "save": self._save, "threshold": self._set_threshold,
        }  # fmt: skip

    def got(self, asked: dict, buffers: Sequence = ()) -> None:
        """Do what is asked, and tell what came of it."""
        done(self._does, asked, buffers, lambda said: self._tell("trouble", asked, said=said))

    def _tell(self, tell, asked, buffers=(), **more):
        self.tell({"tell": tell, "view": asked.get("view"), "frame": asked.get("frame"), **more}, list(buffers))

    def _state(self, asked, _=None, said=""):
        """What every page shows: classes, counts, the examples that came last."""
        latest = defaultdict(list)
        for example in self.examples.held:
            latest[example.label].append(example.number)
        classes = [
            {"name": name, "count": count, "latest": latest[name][-LATEST:]} for name, count in self.examples.counts.items()
        ]
        recordings = [{"name": name, "frames": len(paths)} for name, paths in self.recordings.items()]
        self._tell(
            "state", asked, classes=classes, recordings=recordings, threshold=self.threshold, folder=self.folder, said=said
        )

    def _look(self, asked, buffers):
        """A frame: from the page, or of a recording, which the page is then sent to show."""
        recording, label = asked.get("recording"), asked.get("label")
        picture = Path(self.recordings[recording][asked["at"]]).read_bytes() if recording else bytes(buffers[0])
        answer = self.see(picture, label, asked.get("press"))
        self._tell("answer", asked, [picture] if recording else [], answer=_plain(answer))
        if label:
            self._state({})

    def see(self, picture: bytes, label: str | None = None, press=None) -> Answer:
        """What becomes of a frame, with the page's settings: `shoulders.teaching.see`."""
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
    voters = [{"number": one.example.number, "label": one.example.label, "similarity": one.similarity} for one in answer.voters]
    return {"label": answer.label, "share": answer.share, "similarity": answer.similarity, "voters": voters}
