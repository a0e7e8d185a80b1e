"""Sounds to look at: how loud each pitch is at each moment, for one clip or several beside each other."""

import os
import textwrap

import numpy as np

from shoulders import sounds
from shoulders.plots.drawing import HEADING, HEAT, SMALL, WIDEST, Drawing, new
from shoulders.plots.lettering import short, wrapped
from shoulders.sounds import ears, spectrogram
from shoulders.sounds import phonemes as spoken
from shoulders.support.words import counted


def show_spectrogram(wave, ax, title: str = "", seconds: float | None = None, rate: int = sounds.RATE):
    """One clip's spectrogram on axes: seconds to the right, kHz upwards, bright where it is loud.

    Windows of 25 ms every 10 ms; the scale ends at the clip's own loudest moment and 60 dB below it.

    Parameters
    ----------
    wave : numpy.ndarray
        (n,), mono.
    ax : matplotlib.axes.Axes
    title : str
    seconds : float, optional
        Where the axis of time ends, so that several clips can be compared; by default with the clip.
    rate : int
        Samples a second.
    """
    found, hop = spectrogram.decibels(wave, rate), round(spectrogram.HOP * rate) / rate
    pitch = rate / 2000 / (found.shape[1] - 1)  # kHz from one row to the next
    edges = (-hop / 2, (len(found) - 0.5) * hop, -pitch / 2, rate / 2000 + pitch / 2)
    ax.imshow(found.T, origin="lower", aspect="auto", cmap=HEAT, vmin=-spectrogram.RANGE, vmax=0, extent=edges)
    ax.set(xlim=(0, seconds or len(wave) / rate), ylim=(0, rate / 2000), xlabel="time in s", ylabel="pitch in kHz")
    ax.tick_params(labelsize=SMALL)
    ax.set_title(wrapped(title, 30), fontsize=SMALL)
    return ax


def spectrograms(clips, heading: str = "", columns: int = 3, words: str = "") -> Drawing:
    """Clips in rows, all on the same axis of time.

    Parameters
    ----------
    clips : mapping of str to path, file object or numpy.ndarray
        By the title of each; of an array (n,) `shoulders.sounds.RATE` samples a second are taken.
    heading, words : str
        Over the figure and under it; by default `words` tells how long each clip is and where most of it lies.

    Raises
    ------
    shoulders.sounds.SoundError
        For a file that holds no clip.
    """
    waves = opened(clips)
    columns = min(columns, max(1, len(waves)))
    rows, longest = max(1, -(-len(waves) // columns)), longest_of(waves)
    wide = min(3.4 * columns + 0.6, WIDEST)
    figure, axes = new(wide, 2.2 * rows + 0.4 * bool(heading), rows, columns, squeeze=False, sharey=True)
    for ax in axes.flat[len(waves) :]:
        ax.set_axis_off()
    for (name, wave), ax in zip(waves.items(), axes.flat):
        show_spectrogram(wave, ax, name, longest)
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    figure.suptitle(textwrap.fill(heading, int(9 * wide)))
    return Drawing(figure, words or f"{counted(len(waves), 'clip')}: {'; '.join(map(told, waves, waves.values()))}.")


def phonemes(clips, heading: str = "", least: float = 0.3) -> Drawing:
    """What a recogniser hears in each moment of a few clips: how likely each phoneme is, those that come first on top.

    Parameters
    ----------
    clips : mapping of str to numpy.ndarray
        By the title of each, what `shoulders.sounds.ears` gives.
    heading : str
    least : float
        Phonemes that are nowhere so likely are left out.
    """
    rows = [_likely(np.exp(heard), least) for heard in clips.values()]
    figure, axes = new(WIDEST, 0.21 * max(len(signs) for signs, _ in rows) + 1.5, 1, len(clips), squeeze=False)
    for ax, name, (signs, sure) in zip(axes[0], clips, rows):
        edges = -ears.BEFORE, len(sure.T) / ears.MOMENTS - ears.BEFORE
        ax.imshow(sure, aspect="auto", cmap=HEAT, vmin=0, vmax=1, extent=(*edges, len(sure) - 0.5, -0.5), interpolation="nearest")
        ax.set_yticks(range(len(signs)), signs, fontsize=HEADING)
        ax.set(xlim=(0, edges[1] - ears.BEFORE), xlabel="time in s")
        ax.tick_params(axis="x", labelsize=SMALL)
        ax.set_title(wrapped(name, 30), fontsize=SMALL)
    axes[0][0].set_ylabel("phoneme\n(bright: likely)")
    figure.suptitle(heading)
    said = (f"{short(name)}: {spoken.line(heard) or 'nothing'}" for name, heard in clips.items())
    return Drawing(figure, f"The likeliest of each moment, without silence and repeats. {'; '.join(said)}.")


def _likely(sure, least):
    """The signs that are somewhere as likely as that, and how likely they are in each moment, shape (signs, moments)."""
    columns = 1 + np.flatnonzero((sure[:, 1:] >= least).any(0))
    columns = columns[np.argsort((sure[:, columns] >= least).argmax(0), kind="stable")]
    return [spoken.SIGNS[column - 1] for column in columns], sure[:, columns].T


def opened(clips) -> dict[str, np.ndarray]:
    """Each clip as its samples: what is an array stays one, of all else `shoulders.sounds.read` makes it.

    Parameters
    ----------
    clips : mapping of str to path, file object or numpy.ndarray
    """
    return {name: one if isinstance(one, np.ndarray) else sounds.read(_named(one)) for name, one in clips.items()}


def _named(source):
    return os.fspath(source) if isinstance(source, os.PathLike) else source


def longest_of(waves) -> float:
    """Seconds of the longest clip."""
    return max((len(wave) for wave in waves.values()), default=0) / sounds.RATE


def told(name: str, wave: np.ndarray) -> str:
    """What a spectrogram shows, in words: how long the clip is, and below which pitch half of its power lies."""
    power = spectrogram.power(wave, sounds.RATE).sum(0).cumsum()
    half = np.searchsorted(power, power[-1] / 2) * sounds.RATE / 2000 / (len(power) - 1)
    return f"{short(name)}, {len(wave) / sounds.RATE:.2f} s, half of its power below {half:.1f} kHz"
