"""A clip as rows, one each 10 ms: the spectra on which these networks were trained, in numpy alone.

Each function takes float32 samples of −1 to 1, 16,000 a second, at least `SHORTEST` of them, and gives float32, shape
(frames, bands). Row t is about the sound around sample ``HOP * t + AT[name]``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.fft import dct, rfft

RATE, HOP, SHORTEST = 16_000, 160, 512

_WINDOW = 400  # samples: 25 ms
_QUIETEST, _RANGE = 1e-10, 80  # dB below the loudest of a clip
_LOUD = 10 ** (-30 / 20)  # Resemblyzer's level of a clip: root of the mean square


def speech_embedding(wave: np.ndarray) -> np.ndarray:
    """32 mel bands in dB, as Google's speech embedding wants them: 0 dB is a full scale of 1, one unit is 10 dB.

    The filters are Slaney's, from 60 to 3,800 Hz; frames begin with the clip, and none reaches beyond its end.
    """
    power = _power(32_767 * wave, 512) @ bank(32, 512, 60, 3800)
    level = 10 * np.log10(np.maximum(power, _QUIETEST))
    return np.maximum(level, level.max() - _RANGE) / 10 + 2


def resemblyzer(wave: np.ndarray) -> np.ndarray:
    """40 mel bands of a clip at −30 dB or more, no logarithm: as the speaker encoder of Resemblyzer wants them."""
    loud = np.sqrt(np.mean(np.square(wave))) or 1
    return _power(np.pad(wave * max(1, _LOUD / loud), _WINDOW // 2), _WINDOW) @ bank(40, _WINDOW, 0, RATE / 2)


def whisper(wave: np.ndarray) -> np.ndarray:
    """80 mel bands, four powers of ten below the loudest to four units: as Whisper wants them (Radford et al. 2022)."""
    power = _power(np.pad(wave, _WINDOW // 2, mode="reflect"), _WINDOW) @ bank(80, _WINDOW, 0, RATE / 2)
    level = np.log10(np.maximum(power, _QUIETEST))
    return (np.maximum(level, level.max() - _RANGE / 10) + 4) / 4


def mfcc(wave: np.ndarray) -> np.ndarray:
    """13 cepstral coefficients of 40 mel bands (Davis & Mermelstein 1980), and how each changes within 50 ms: 26 columns."""
    power = _power(np.pad(wave, _WINDOW // 2, mode="reflect"), _WINDOW) @ bank(40, _WINDOW, 0, RATE / 2)
    level = dct(np.log(np.maximum(power, 1e-6)), norm="ortho")[:, :13]
    around = np.pad(level, ((2, 2), (0, 0)), mode="edge")
    return np.hstack([level, (2 * (around[4:] - around[:-4]) + around[3:-1] - around[1:-3]) / 10])


def duration(wave: np.ndarray) -> np.ndarray:
    """Nothing of what is said: each row is the 0.01 s that it lasts; a network adds them up."""
    return np.full((1 + len(wave) // HOP, 1), HOP / RATE, np.float32)


def samples(wave: np.ndarray) -> np.ndarray:
    """No spectrum: the samples themselves, 160 in a row."""
    return np.pad(wave, (0, -len(wave) % HOP)).reshape(-1, HOP).astype(np.float32)


SPECTRA = {spectrum.__name__: spectrum for spectrum in (speech_embedding, resemblyzer, whisper, mfcc, duration, samples)}

AT = {"speech_embedding": 256, "samples": HOP // 2}
"""The sample in the middle of a spectrum's first row, where that is not the clip's first."""

SILENT = {"samples": 0.0}
"""What stands where there is no sound, where it is not as quiet as the quietest of a clip's rows."""


def _power(wave, length):
    """Of frames of `length` samples, each 10 ms: squares of the short-time spectrum, shape (frames, length / 2 + 1)."""
    frames = np.lib.stride_tricks.sliding_window_view(wave.astype(np.float32, copy=False), length)[::HOP]
    found = rfft(frames * _hann(length))
    return found.real**2 + found.imag**2


@cache
def _hann(length):
    """Hann's window of 25 ms, in the middle of a frame."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    return np.pad(window, (length - _WINDOW) // 2).astype(np.float32)


@cache
def bank(bands: int, length: int, low: float, high: float) -> np.ndarray:
    """Triangular filters on Slaney's mel scale, each of the same area: linear up to 1,000 Hz, then logarithmic.

    Parameters
    ----------
    bands : int
    length : int
        Of a frame, in samples.
    low, high : float
        Where the lowest filter begins and the highest ends, in Hz.

    Returns
    -------
    numpy.ndarray, shape (length / 2 + 1, bands), float32
        Slaney 1998, Auditory Toolbox, as librosa has them.
    """
    edges = _hertz(np.linspace(_mel(low), _mel(high), bands + 2))
    rising = (np.arange(length // 2 + 1)[:, None] * RATE / length - edges) / np.diff(edges, append=np.inf)
    falling = 1 - rising[:, 1:-1]
    return (np.clip(np.minimum(rising[:, :-2], falling), 0, None) * 2 / (edges[2:] - edges[:-2])).astype(np.float32)


_LINEAR, _KNEE, _STEP = 200 / 3, 1000, np.log(6.4) / 27  # Hz a mel below the knee; the knee in Hz; above it, a mel's logarithm


def _mel(hertz):
    return hertz / _LINEAR if hertz < _KNEE else _KNEE / _LINEAR + np.log(hertz / _KNEE) / _STEP


def _hertz(mels):
    above = mels - _KNEE / _LINEAR
    return np.where(above < 0, mels * _LINEAR, _KNEE * np.exp(_STEP * np.maximum(above, 0)))
