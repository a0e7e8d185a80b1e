"""What can be wrong with a clip, or odd about it: each a few words, and what to do."""

from __future__ import annotations

import numpy as np

from shoulders.support.errors import CourseError

SHORTEST, LONGEST = 0.05, 120
"""Seconds. A shorter clip is a click; a longer one is no clip, and in it a question has many answers."""

MOST_CHANNELS, RATES = 32, (4_000, 768_000)
"""More channels are no recording of one thing, and beyond these rates no microphone's."""

SILENT, QUIET = -90.0, -50.0
"""Decibels from full scale, of the loudest 50 ms: nothing is heard; something is, far from a microphone or turned down."""

CANCELLED = 0.05
"""Where the mean of the channels has less than this share of their power, they cancel each other."""

CLIPPED = 0.002
"""A share of samples at the largest value, three and more in a row, from which a clip is called overdriven."""


class SoundFault(CourseError):
    """A file holds no clip that can be used; the message is one of the problems in `REMEDY`."""


NOT_A_SOUND, DAMAGED = "not a sound", "truncated or damaged"

STRANGE = {
    "Git LFS's word for a file that is not here": "Bring the file with `git lfs pull`.",
    "AAC (M4A), which libsndfile cannot read": "Export it as FLAC, WAV or MP3.",
    "a video": "Export its sound as FLAC, WAV or MP3.",
    "WMA, which libsndfile cannot read": "Export it as FLAC, WAV or MP3.",
    "AMR, which libsndfile cannot read": "Export it as FLAC, WAV or MP3.",
    "WebM or Matroska, which libsndfile cannot read": "Export its sound as FLAC, WAV or MP3.",
    "MIDI: notes, and no sound": "Play it with a synthesiser, and record that.",
}
"""What many files of a folder are at once, and what to do."""

DAMAGED_REMEDY = "Copy or download the file again."

REMEDY = {
    **STRANGE,
    "zero bytes": "Copy the file again.",
    NOT_A_SOUND: "Remove it, or convert it to FLAC, WAV, Ogg or MP3.",
    "a web page, and no sound": "Download the clip again.",
    DAMAGED: DAMAGED_REMEDY,
    "silent: nothing is heard": "Record it again, or remove it.",
    f"shorter than {1000 * SHORTEST:.0f} ms": "Record it again, or remove it.",
    f"longer than {LONGEST} s": "Cut it up: a clip holds one thing, as a word.",
    f"more than {MOST_CHANNELS} channels": "Export the channel that is meant.",
    "a rate that no microphone has": "Export it with 16,000 or more samples a second.",
    "numbers that are none (NaN)": "Export it again with 16 bits.",
    "does not exist": "Check the path.",
    "a folder": "Give the clips in it.",
    "a pipe or a device": "Give a file.",
    "unreadable": "Check the file's permissions.",
}

_STARTS = {
    "Git LFS's word for a file that is not here": (b"version https://git-lfs",),
    "a web page, and no sound": (b"<!doctype html", b"<html"),
    "WebM or Matroska, which libsndfile cannot read": (b"\x1ae\xdf\xa3",),
    "WMA, which libsndfile cannot read": (b"0&\xb2u\x8ef\xcf\x11",),
    "AMR, which libsndfile cannot read": (b"#!amr",),
    "MIDI: notes, and no sound": (b"mthd",),
    "a video": (b"flv\x01",),
}

CONVERTED = ("channels", "is full scale", "header")
ASSUMED = ("cancel each other", "is full scale", "header")
"""Words in what is found: of what was done to the samples; of what had to be assumed for that."""


def sniffed(start: bytes) -> str:
    """What a file is that libsndfile would misunderstand or refuse, by its first bytes; ``''`` for any other."""
    if start[4:8] == b"ftyp":
        return "AAC (M4A), which libsndfile cannot read" if start[8:12] in (b"M4A ", b"M4B ") else "a video"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "a video"
    plain = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return next((problem for problem, starts in _STARTS.items() if plain.startswith(starts)), "")


def called(start: bytes) -> str:
    """What to call a file that libsndfile refuses: one that begins as a sound is damaged."""
    sounds = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"caff", b"\xff\xfb", b"\xff\xf3", b"riff")
    return DAMAGED if start.startswith(sounds) else NOT_A_SOUND


def problem_of(error: BaseException) -> str:
    """The problem of `REMEDY` that an error tells."""
    if isinstance(error, SoundFault):
        return str(error)
    kinds = {FileNotFoundError: "does not exist", IsADirectoryError: "a folder", PermissionError: "unreadable"}
    return next((problem for kind, problem in kinds.items() if isinstance(error, kind)), DAMAGED)


def need_length(file, count: int | None = None) -> None:
    """Refuse what is too long, before it is decoded; with `count`, the number of samples that came, what is too short."""
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise SoundFault("a rate that no microphone has")
    if file.channels > MOST_CHANNELS:
        raise SoundFault(f"more than {MOST_CHANNELS} channels")
    seconds = (file.frames if count is None else count) / file.samplerate
    if seconds > LONGEST:
        raise SoundFault(f"longer than {LONGEST} s")
    if count is not None and seconds < SHORTEST:
        raise SoundFault(f"shorter than {1000 * SHORTEST:.0f} ms")


def of_file(file, count: int) -> list[str]:
    """What the file's own numbers make odd: coarse steps, a telephone's rate, an end before its time."""
    found = ["8 bits: a hiss is heard"] * (file.subtype in ("PCM_U8", "PCM_S8", "ULAW", "ALAW"))
    found += [f"{file.samplerate:,} samples a second: nothing above {file.samplerate / 2000:g} kHz"] * (file.samplerate < 16_000)
    if promised := _promised(file) or (file.frames if file.frames > count + 0.05 * file.samplerate else 0):
        seconds = f"{promised / file.samplerate:.2f} s, and {count / file.samplerate:.2f} s are there"
        found.append(f"cut short: its header promises {seconds}")
    return found


def _promised(file):
    """Samples that a WAV's header tells of where the file ends before; 0 where it does not, or where a stream's has no number."""
    said = next((line for line in file.extra_info.splitlines() if line.startswith("data :") and "should be" in line), "")
    told = int("".join(filter(str.isdigit, said.partition("(")[0])) or 0)
    there = int("".join(filter(str.isdigit, said.partition("(")[2])) or 0)
    width = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}.get(file.subtype, 0)
    return told // (width * file.channels) if width and there < told < 2**31 - 1 else 0


def to_full_scale(channels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Samples within −1 to 1, and what was done for that; refuses what is no number."""
    if not np.isfinite(channels).all():
        raise SoundFault("numbers that are none (NaN)")
    peak = float(np.abs(channels).max(initial=0))
    if peak <= 1:
        return channels, []
    return channels / np.float32(peak), [f"numbers up to {peak:,.4g}, where 1 is full scale: that was taken for full scale"]


def to_mono(channels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """One channel of several, and how it came about.

    Parameters
    ----------
    channels : numpy.ndarray, shape (n, channels)
    """
    if channels.shape[1] == 1:
        return np.ascontiguousarray(channels[:, 0]), []
    mean, count = channels.mean(1), channels.shape[1]
    power = float(np.square(channels, dtype=np.float64).mean())
    if float(np.square(mean, dtype=np.float64).mean()) < CANCELLED * power / count and count == 2 and _both(channels):
        return np.ascontiguousarray(channels[:, 0]), ["2 channels that cancel each other: the first was taken"]
    return mean, [f"the mean of {count} channels"]


def _both(channels):
    """Whether something is heard on both of two channels: of one that is silent, the mean is the other at half its height."""
    power = np.square(channels, dtype=np.float64).mean(0)
    return power.min() > 0.1 * power.max()


def need_sound(wave: np.ndarray, rate: int) -> None:
    """Refuse silence."""
    if level(wave, rate) < SILENT:
        raise SoundFault("silent: nothing is heard")


def of_wave(wave: np.ndarray, rate: int) -> list[str]:
    """What is odd about the samples: too quiet, overdriven, about another middle than zero."""
    found, loud = [], level(wave, rate)
    if loud < QUIET:
        found.append(f"very quiet: {loud:.0f} dB below full scale".replace("-", ""))
    if (share := clipped(wave)) > CLIPPED:
        found.append(f"overdriven: {100 * share:.1f} % of it is at the largest value")
    if abs(middle := float(wave.mean(dtype=np.float64))) > 0.05:
        found.append(f"its middle lies at {middle:+.2f} of full scale")
    return found


def level(wave: np.ndarray, rate: int) -> float:
    """How loud the loudest 50 ms are, in decibels of a sine of full scale's power; −inf for silence."""
    step = max(1, round(0.05 * rate))
    parts = [np.square(wave[start : start + step] - wave.mean(), dtype=np.float64).mean() for start in range(0, len(wave), step)]
    loudest = 2 * max(parts, default=0.0)
    return 10 * np.log10(loudest) if loudest > 0 else -np.inf


def clipped(wave: np.ndarray) -> float:
    """The share of samples that lie at the clip's largest height in a row of three or more."""
    high = np.abs(wave) >= max(0.25, np.abs(wave).max(initial=0)) * 0.9995
    rows = high[:-2] & high[1:-1] & high[2:]
    inside = np.zeros(len(wave), bool)
    for shift in range(3):
        inside[shift : len(rows) + shift] |= rows
    return float(inside.mean()) if len(wave) else 0.0


REMEDIES = {
    "very quiet": "Hold the microphone nearer, or turn it up.",
    "overdriven": "Hold the microphone farther away, or turn it down.",
    "cancel each other": "If the other channel is meant, export that one alone.",
    "is full scale": "If 1 was meant to be full scale, export it again with 16 bits.",
    "cut short": "Copy or download the file again, if more was recorded.",
}


def remedy(found) -> str:
    """What to do about what was found, where something should be done."""
    return " ".join(text for word, text in REMEDIES.items() if any(word in one for one in found))
