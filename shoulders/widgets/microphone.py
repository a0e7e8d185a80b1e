"""A microphone in a cell: press a button, say a word, and read what the network heard.

The page (`microphone.js`) records, makes a WAV file of it, and hands over its bytes. Sounds travel in messages and never in the
widget's state, so that no notebook file ever holds them.

The browser is asked for the sound as it comes: echo cancelling, noise suppression and automatic gain are off. They are made for
calls and adapt to what came before: one and the same word, said twice, would reach the network as two. The price is that a quiet
voice stays quiet; so its level is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anywidget

from shoulders.widgets.camera import beside
from shoulders.widgets.hearing import Booth


class Microphone(anywidget.AnyWidget):
    """Say a word to a network; or give it a file, or a clip of the box.

    Parameters
    ----------
    ask : callable
        Given a file object that `shoulders.sounds.read` opens, returns pairs of a class and its probability, or a dict of them.
    clips : mapping of str to path, optional
        Clips by a name, which can be chosen where the microphone is chosen.
    seconds : float
        How long a recording is, if nobody stops it before; 0.2 to 30.

    Raises
    ------
    shoulders.widgets.hearing.HearingError
        For other `seconds`.
    """

    _esm = beside("microphone.js")
    _css = beside("camera.css") + beside("microphone.css")  # buttons, colours and answers as the camera's

    def __init__(self, ask: Callable, clips: Mapping | None = None, seconds: float = 2.0):
        self.booth = Booth(lambda told, buffers: self.send(told, buffers), ask, clips, seconds)
        super().__init__()
        self.on_msg(lambda _, asked, buffers: self.booth.got(asked, buffers))

    def __repr__(self):
        """The same in every run: a notebook's file holds it."""
        return f"A microphone, {self.booth.seconds:g} s for each recording"
