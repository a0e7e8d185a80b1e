"""What a page that listens asks for: a clip of your own, of a file or of the box, is opened, checked and answered."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from shoulders import sounds
from shoulders.plots.lettering import sure
from shoulders.sounds import faults
from shoulders.support.errors import CourseError
from shoulders.widgets.messages import done

BRIEFEST, LONGEST = 0.2, 30.0
"""Seconds of a recording: who stops before the first has pressed too early, and who needs the second says no word."""

SILENT = -60.0
"""Decibels of a recording's loudest moment (`shoulders.sounds.faults.level`) below which nobody spoke. The browser's amplifier is
off: speech at arm's length lies between -35 and -10, with a poor microphone at -50, and a quiet room below -65."""

SHOWN = 5
"""Classes that the page shows: the likeliest."""


class HearingError(CourseError):
    """A recording cannot be answered; the message says why, with its level or length."""


@dataclass(frozen=True)
class Heard:
    """What came of one clip.

    Attributes
    ----------
    wave : numpy.ndarray
        float32, (n,), in -1..1, `shoulders.sounds.RATE` samples a second: what was heard.
    answers : tuple of (str, float)
        Classes and their probabilities, the likeliest first.
    said : str
        Length and level; where that is too quiet or too loud, what to do.
    """

    wave: np.ndarray
    answers: tuple[tuple[str, float], ...]
    said: str


def hear(ask: Callable, clip: bytes, name: str = "") -> Heard:
    """Open a clip, check it, and ask.

    Parameters
    ----------
    ask : callable
        Given a file object that `shoulders.sounds.read` opens, returns pairs of a class and its probability, or a dict of them.
    clip : bytes
        Of a WAV, FLAC, Ogg or MP3 file.
    name : str
        Of the file; a recording has none, and is looked at more strictly.

    Raises
    ------
    HearingError
        For a recording in which nobody speaks, or that was stopped too early.
    shoulders.sounds.SoundError
        For what is no clip.
    """
    if not name:
        need_speech(*soundfile.read(io.BytesIO(clip), dtype="float32"))
    opened = sounds.opened(_file(clip, name))
    answers = ask(_file(clip, name))
    pairs = [(str(one), float(share)) for one, share in (answers.items() if isinstance(answers, Mapping) else answers)]
    wave = sounds.resampled(opened.wave, opened.rate, sounds.RATE)
    return Heard(wave, tuple(sorted(pairs, key=lambda pair: -pair[1])), told(opened))


def need_speech(wave: np.ndarray, rate: int) -> None:
    """Refuse a recording in which nobody speaks, or that is too brief for a word.

    Parameters
    ----------
    wave : numpy.ndarray
        float32, (n,).
    rate : int
        Samples a second.

    Raises
    ------
    HearingError
    """
    seconds, level = len(wave) / rate, faults.level(wave, rate)
    if seconds < BRIEFEST:
        raise HearingError(
            f"The recording was stopped after {seconds:.2f} s: press Record again, and speak before you press Stop."
        )
    if level < SILENT:
        heard = f"the loudest moment lies at {level:.0f} dB, and speech above {SILENT:.0f}"
        heard = heard if np.isfinite(level) else "zeros alone came"
        raise HearingError(
            f"Nothing was said: {heard}. Press Record again and speak nearer to the microphone; if that does not help, it is "
            "muted, or another one is meant: choose it in the list."
        )


def told(clip: sounds.Clip) -> str:
    """Length and level of a clip, and what is odd about it, in a sentence or two."""
    odd = "".join(f"; {one}" for one in clip.found)
    level = faults.level(clip.wave, clip.rate)
    return f"{clip.seconds:.1f} s, {level:.0f} dB where it is loudest{odd}. {faults.remedy(clip.found)}".strip()


def _file(clip, name):
    file = io.BytesIO(clip)
    file.name = name or "The recording"  # errors tell it
    return file


class Booth:
    """A network that hears, clips in the box, and the page that asks; the two speak as `shoulders.widgets.desk.Desk` does.

    Parameters
    ----------
    tell : callable
        Given a dict and a list of bytes, takes them to the page.
    ask, clips, seconds
        As for `shoulders.widgets.microphone.Microphone`.
    """

    def __init__(self, tell: Callable, ask: Callable, clips: Mapping | None = None, seconds: float = 2.0):
        if not BRIEFEST <= seconds <= LONGEST:
            raise HearingError(f"seconds={seconds!r}: a recording takes {BRIEFEST:g} to {LONGEST:g} s.")
        self.tell, self.ask, self.seconds = tell, ask, seconds
        self.clips = {name: Path(path) for name, path in (clips or {}).items()}
        self._does = {"hello": self._state, "hear": self._hear}

    def got(self, asked: dict, buffers=()) -> None:
        """Do what is asked, and tell what came of it."""
        done(self._does, asked, buffers, lambda said: self._tell("trouble", asked, said=said))

    def _tell(self, tell, asked, buffers=(), **more):
        self.tell({"tell": tell, "view": asked.get("view"), "turn": asked.get("turn"), **more}, list(buffers))

    def _state(self, asked, _=None):
        self._tell("state", asked, clips=list(self.clips), seconds=self.seconds)

    def _hear(self, asked, buffers):
        """A recording, a file of the page's, or a clip of the box by its name; back goes what the network heard."""
        clip = asked.get("clip")
        content = self.clips[clip].read_bytes() if clip else bytes(buffers[0])
        found = hear(self.ask, content, clip or asked.get("file") or "")
        answers = [{"name": name, "share": share, "told": sure(share)} for name, share in found.answers[:SHOWN]]
        self._tell("answer", asked, [sounds.wav(found.wave)], answers=answers, said=found.said)
