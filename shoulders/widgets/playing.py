"""Clips to listen to, each beside its spectrogram: a page that needs no kernel and plays in a saved notebook, too."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass

import numpy as np

from shoulders import sounds
from shoulders.plots import Drawing, new, show_spectrogram
from shoulders.plots.spectrograms import longest_of, opened, told
from shoulders.support.errors import CourseError
from shoulders.support.words import counted

SOUND, PICTURE = 43_000, 60_000
"""Bytes in a notebook's file: of a second of sound (16,000 samples of 16 bits, in base64), and of a spectrogram, about: twice
as much of one of noise alone."""

MOST = 1_500_000
"""Bytes that the clips of one cell may take there, 14 of a second each: with more a notebook is slow to open, a repository to
clone."""

WIDTH, HEIGHT = 3.2, 1.9
"""Inches of a spectrogram: two stand beside each other in most windows, three in a wide one."""

_STYLE = """<style>
.shoulders-players { display: flex; flex-wrap: wrap; gap: 16px; margin: 4px 0; }
.shoulders-players figure { width: 320px; max-width: 100%; margin: 0; }
.shoulders-players figcaption { padding: 0 4px; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.shoulders-players img { display: block; width: 100%; height: auto; }
.shoulders-players audio { display: block; width: 100%; height: 40px; margin-top: 4px; }
</style>"""


class PlayerError(CourseError):
    """Clips are too many, or too long, for a cell; the message says how large they are."""


@dataclass(frozen=True)
class Players:
    """Clips on a page: as the last line of a cell they can be played.

    Attributes
    ----------
    page : str
        HTML that holds all it needs.
    words : str
        One sentence for each clip: what stands there where there is no page.
    """

    page: str
    words: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.page, "text/plain": self.words}


def players(clips) -> Players:
    """Clips to listen to, each beside its spectrogram, all on the same axis of time.

    The page gets 16-bit WAV at 16 kHz, whatever the files are: that is what a network hears, every browser plays it (not every
    Safari plays Opus in Ogg), and it is small enough to be kept in a notebook.

    Parameters
    ----------
    clips : mapping of str to path, file object or numpy.ndarray
        By the title of each; of an array (n,) `shoulders.sounds.RATE` samples a second are taken.

    Raises
    ------
    PlayerError
        Where they take more than `MOST` bytes together.
    shoulders.sounds.SoundError
        For a file that holds no clip.
    """
    waves = opened(clips)
    _need_room(waves)
    shown = "".join(_figure(name, wave, longest_of(waves)) for name, wave in waves.items())
    words = f"{counted(len(waves), 'clip')} to listen to: {'; '.join(map(told, waves, waves.values()))}."
    return Players(f'{_STYLE}<div class="shoulders-players">{shown}</div>', words)


def _need_room(waves):
    seconds = sum(map(len, waves.values())) / sounds.RATE
    size = SOUND * seconds + PICTURE * len(waves)
    if size > MOST:
        raise PlayerError(
            f"{counted(len(waves), 'clip')} of {seconds:.1f} s together take {size / 1e6:.1f} MB of the notebook's file, and "
            f"a cell may take {MOST / 1e6:g}: choose fewer, or shorter ones."
        )


def _figure(name, wave, seconds):
    image, words = _spectrogram(wave, seconds), told(name, wave)
    sound = base64.b64encode(sounds.wav(wave)).decode()
    return (
        f'<figure><figcaption>{html.escape(name)}</figcaption><img src="data:image/png;base64,{image}" '
        f'alt="Spectrogram: {html.escape(words)}."><audio controls preload="metadata" aria-label="Play {html.escape(name)}" '
        f'src="data:audio/wav;base64,{sound}"></audio></figure>'
    )


def _spectrogram(wave: np.ndarray, seconds: float) -> str:
    """Its title stands on the page, in letters that can be copied."""
    figure, ax = new(WIDTH, HEIGHT)
    show_spectrogram(wave, ax, seconds=seconds)
    return base64.b64encode(Drawing(figure, "").page()[1]).decode()
