"""From a mouth to a file: silence before and after, a room, noise, a microphone, a level."""
import subprocess

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from .engines import RATE

BITRATE = 16  # kb/s


def recorded(wave, rng):
    """What a clip holds of what was spoken, shape (n,), at most 0.8 from zero; all that it meets is drawn."""
    speech = trimmed(wave)
    before, after = (int(RATE * rng.uniform(0.05, 0.2)) for _ in range(2))
    clip = np.pad(speech / np.abs(speech).max(), (before, after))
    clip = _in_room(clip, rng)
    clip = clip + _noise(len(clip), rng) * np.sqrt(np.mean(clip[before:-after] ** 2) / 10 ** (rng.uniform(20, 45) / 10))
    clip = _by_microphone(clip, rng)
    return clip / np.abs(clip).max() * rng.uniform(0.25, 0.8)


def trimmed(wave, share=0.01, margin=0.015):
    """Without the silence at both ends: where the mean of 10 ms is below a hundredth of the loudest."""
    loud = np.convolve(np.abs(wave), np.full(160, 1 / 160), "same")
    inside = np.flatnonzero(loud > share * loud.max())
    return wave[max(0, inside[0] - int(margin * RATE)) : inside[-1] + int(margin * RATE)]


def _in_room(clip, rng):
    """Every second clip has an echo: noise that dies away within 0.1 to 0.4 s, 12 to 25 dB below what comes straight."""
    if rng.random() < 0.5:
        return clip
    long, below, wait = rng.uniform(0.1, 0.4), rng.uniform(12, 25), int(0.003 * RATE)
    tail = rng.normal(size=int(long * RATE)) * 10 ** (-3 * np.arange(int(long * RATE)) / (long * RATE))
    tail *= np.sqrt(10 ** (-below / 10) / np.sum(tail**2))
    return fftconvolve(clip, np.concatenate([[1], np.zeros(wait), tail]))[: len(clip)]


def _noise(count, rng):
    """Noise of unit power, from white to brown."""
    waves = np.fft.rfft(rng.normal(size=count))
    pitch = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 60)
    noise = np.fft.irfft(waves / pitch ** rng.uniform(0, 1), count)
    return noise / np.sqrt(np.mean(noise**2))


def _by_microphone(clip, rng):
    """Its ends of the scale, and whether it prefers the high or the low."""
    low = butter(2, rng.uniform(50, 200), "highpass", fs=RATE, output="sos")
    high = butter(2, rng.uniform(5000, 7500), "lowpass", fs=RATE, output="sos")
    return np.convolve(sosfilt(high, sosfilt(low, clip)), [1, rng.uniform(-0.4, 0.4)])[: len(clip)]


def write(path, clip):
    """As Opus in Ogg. Frames of 60 ms, no padding for tags to come, and a number that does not change: small, and alike each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = ["--raw", "--raw-bits", "16", "--raw-rate", str(RATE), "--raw-chan", "1"]
    small = ["--bitrate", str(BITRATE), "--speech", "--framesize", "60", "--padding", "0", "--serial", "28"]
    samples = np.round(clip * 32767).astype("<i2").tobytes()
    subprocess.run(["opusenc", "--quiet", *form, *small, "-", str(path)], input=samples, check=True)
