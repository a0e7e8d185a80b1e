"""A clip as a picture: how loud each pitch is at each moment; and where in it something is said."""

from __future__ import annotations

from functools import cache

import numpy as np

from shoulders.support.samples import SIDE

WINDOW, HOP = 0.025, 0.010
"""Seconds that one column looks at, and from one to the next: as long as a sound of speech stays as it is."""

RANGE = 60.0
"""Decibels below the loudest that are shown; what is quieter is the ground."""

_LOWEST, _HIGHEST = 60.0, 4000.0  # Hz of a thumbnail: what telephone and MP3 leave


def power(wave: np.ndarray, rate: int) -> np.ndarray:
    """Power by time and pitch, float64, shape (frames, 1 + window // 2): Hann windows about each moment, hop by hop."""
    window, hop = round(WINDOW * rate), round(HOP * rate)
    padded = np.pad(np.asarray(wave, np.float64), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(window + 1)[:-1], axis=1)) ** 2


def decibels(wave: np.ndarray, rate: int) -> np.ndarray:
    """Decibels below the loudest, −`RANGE` to 0, shape (frames, pitches)."""
    found = power(wave, rate)
    return 10 * np.log10(np.maximum(found / max(found.max(), 1e-20), 10 ** (-RANGE / 10)))


def spoken(wave: np.ndarray, rate: int) -> tuple[int, int]:
    """Where something is said or sounds: the first and last moment that stand out from the ground, in samples.

    A frame stands out where it is 6 dB above the quiet ones (the lowest twelfth of all), at most 30 dB below the loudest, and in
    any case where it is within 12 dB of that.

    Parameters
    ----------
    wave : numpy.ndarray, shape (n,)
    rate : int

    Returns
    -------
    start, end : int
        ``wave[start:end]``; all of it where nothing stands out.
    """
    step = max(1, round(WINDOW * rate))
    total = np.cumsum(np.square(np.pad(np.asarray(wave, np.float64), (step // 2, step - step // 2))))
    loud = 10 * np.log10((total[step:] - total[:-step]) / step + 1e-9)
    highest, ground = loud.max(), np.percentile(loud, 100 / 12)
    stands = np.flatnonzero(loud > max(highest - 30, min(ground + 6, highest - 12)))
    return (int(stands[0]), min(int(stands[-1]) + 1, len(wave))) if len(stands) else (0, len(wave))


def thumbnail(wave: np.ndarray, rate: int) -> bytes:
    """Grey, `SIDE` × `SIDE`: the spoken part on any number of columns, low pitches below, for finding near copies."""
    start, end = spoken(wave, rate)
    found = decibels(wave[start:end] if end - start > round(WINDOW * rate) else wave, rate)
    small = _shares(len(found), SIDE) @ found @ _bands(found.shape[1], rate).T
    return np.round(255 * (1 + small[:, ::-1].T / RANGE)).clip(0, 255).astype(np.uint8).tobytes()


def image(wave: np.ndarray, rate: int, height: int):
    """An RGB picture of Pillow's, `height` pixels high: time from left to right, pitch upwards, the louder the darker."""
    from PIL import Image

    grey = np.round(-255 * decibels(wave, rate).T[::-1] / RANGE).astype(np.uint8)
    columns = max(height // 4, round(grey.shape[1] * height / 64))
    return Image.fromarray(grey).resize((columns, height), Image.Resampling.BILINEAR).convert("RGB")


def _shares(count, parts):
    """Weights by which `count` rows become `parts` means of equal stretches, shape (parts, count)."""
    edges = np.linspace(0, count, parts + 1)
    rows = np.arange(count)
    overlap = np.minimum(edges[1:, None], rows + 1) - np.maximum(edges[:-1, None], rows)
    overlap = np.maximum(overlap, 0)
    return overlap / overlap.sum(1, keepdims=True)


@cache
def _bands(pitches, rate):
    """Weights of `SIDE` bands of pitch, equally wide to the ear (mel), shape (SIDE, pitches)."""
    mel = lambda hertz: 2595 * np.log10(1 + hertz / 700)  # noqa: E731
    edges = 700 * (10 ** (np.linspace(mel(_LOWEST), mel(_HIGHEST), SIDE + 1) / 2595) - 1)
    where = edges / (rate / 2) * (pitches - 1)
    rows = np.arange(pitches)
    overlap = np.maximum(np.minimum(where[1:, None], rows + 1) - np.maximum(where[:-1, None], rows), 1e-9)
    return overlap / overlap.sum(1, keepdims=True)
