"""A camera in a cell: hold a button to collect examples, and watch the neighbours answer.

The page (`camera.js`) hands over one frame at a time, as the bytes of a JPEG, and waits for what is said of it. Pictures travel
in messages and never in the widget's state, so that no notebook file ever holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files

import anywidget

from shoulders.heads.neighbours import NEIGHBOURS, Examples
from shoulders.widgets.desk import Desk


def beside(name: str) -> str:
    """What a file beside this one says."""
    return (files(__package__) / name).read_text(encoding="utf-8")


class Camera(anywidget.AnyWidget):
    """Teach classes by showing them to a camera, or with recorded frames in its place.

    Parameters
    ----------
    examples : shoulders.heads.neighbours.Examples
        To which the collected frames are added. It can be used while the camera runs.
    look : callable
        ``shoulders.features.looker(backbone, threads=1)``.
    recordings : mapping of str to sequence of path, optional
        Frames by a name, which can be chosen where cameras are chosen.
    neighbours : int
        As for `shoulders.heads.neighbours.Examples.answer`.
    threshold : float
        Where the slider stands at first, in 0..1: how alike the nearest example must be.
    group : str
        Of every example that is collected: a recording, a person, a room.
    folder : str
        What stands in the field beside the button that saves.
    """

    _esm = beside("camera.js")
    _css = beside("camera.css")

    def __init__(
        self, examples: Examples, look: Callable, recordings: Mapping[str, Sequence] | None = None,
        neighbours: int = NEIGHBOURS, threshold: float = 0.0, group: str = "", folder: str = "my_pictures",
    ):  # fmt: skip
        given = (examples, look, recordings, neighbours, threshold, group, folder)
        self.desk = Desk(lambda told, buffers: self.send(told, buffers), *given)
        super().__init__()
        self.on_msg(lambda _, asked, buffers: self.desk.got(asked, buffers))

    def __repr__(self):
        """The same in every run: a notebook's file holds it."""
        return f"A camera that teaches {', '.join(self.desk.examples.classes) or 'classes'}"
