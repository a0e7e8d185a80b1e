"""What can be wrong with a clip, or odd about it: each a few words, and what to do."""

from __future__ import annotations

import re

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
UNREAD = "in a coding that libsndfile cannot read"

STRANGE = {
    "Git LFS's word for a file that is not here": "Bring the file with `git lfs pull`.",
    "AAC (M4A), which libsndfile cannot read": "Export it as FLAC, WAV or MP3.",
    "a video": "Export its sound as FLAC, WAV or MP3.",
    "WMA, which libsndfile cannot read": "Export it as FLAC, WAV or MP3.",
    "AMR, which libsndfile cannot read": "Export it as FLAC, WAV or MP3.",
    "WebM or Matroska, which libsndfile cannot read": "Export its sound as FLAC, WAV or MP3.",
    UNREAD: "Export it as FLAC, WAV or MP3.",
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
    "AAC (M4A), which libsndfile cannot read": (b"\xff\xf0", b"\xff\xf1", b"\xff\xf8", b"\xff\xf9"),
    UNREAD: (b"wvpk", b"mac ", b"tta1", b"\x0bw", b"\x7f\xfe\x80\x01", b"dsd ", b"frm8"),
}
"""In small letters. UNREAD: WavPack, Monkey's Audio, True Audio, Dolby's AC-3, DTS, and two of DSD."""

_CODED = {b"\x80theora": "a video", b"Speex   ": UNREAD}
"""What is in an Ogg file, by the first bytes after its first header."""

UNSUPPORTED, MALFORMED, STREAM = 4, 64, 2**62
"""libsndfile's numbers for a coding that it cannot read, and for a WAV header that it cannot; samples that no file has."""

_WAV_CODINGS = (1, 2, 3, 6, 7, 17, 49, 64, 85, 0xFFFE)
"""Numbers of the codings that libsndfile reads in a WAV file."""

CONVERTED = ("channels", "is full scale", "cut short")
ASSUMED = ("cancel each other", "is full scale", "cut short")
"""Words in what is found: of what was done to the samples; of what had to be assumed for that."""


def sniffed(start: bytes) -> str:
    """What a file is that libsndfile would misunderstand or refuse, by its first bytes; ``''`` for any other."""
    if start[4:8] == b"ftyp":
        return "AAC (M4A), which libsndfile cannot read" if start[8:12] in (b"M4A ", b"M4B ") else "a video"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "a video"
    if start[:4] == b"OggS":
        return next((problem for inside, problem in _CODED.items() if start[28:].startswith(inside)), "")
    plain = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return next((problem for problem, starts in _STARTS.items() if plain.startswith(starts)), "")


def called(start: bytes, code: int = 0) -> str:
    """What to call a file that libsndfile refuses with a number: in a coding that it cannot read, or damaged, or no sound."""
    of_wav = code == MALFORMED and _wav_coding(start) not in _WAV_CODINGS
    if code == UNSUPPORTED or of_wav or start[28:].startswith(b"\x7fFLAC"):
        return UNREAD
    return DAMAGED if begins(start) else NOT_A_SOUND


_BEGINNINGS = (b"RIFX", b"RF64", b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"caff", b"riff", b"NIST_1A")


def begins(start: bytes) -> bool:
    """Whether a file of these first bytes is one that libsndfile reads, if it is whole."""
    riff = start[:4] == b"RIFF" and start[8:12] in (b"WAVE", b"")  # WebP is RIFF, too
    return riff or start.startswith(_BEGINNINGS) or _frame_of_mp3(start)


def _wav_coding(start):
    """The number of a WAV file's coding; that of plain numbers where its header does not begin with it."""
    return int.from_bytes(start[20:22], "little") if start[:4] == b"RIFF" and start[12:16] == b"fmt " else 1


def _frame_of_mp3(start):
    """Whether MPEG audio begins here: eleven bits of one, layer II or III, and a bit rate that there is."""
    return len(start) > 2 and start[0] == 255 and start[1] >= 0xE0 and start[1] & 6 in (2, 4) and start[2] < 0xF0


def problem_of(error: BaseException) -> str:
    """The problem of `REMEDY` that an error tells."""
    if isinstance(error, SoundFault):
        return str(error)
    kinds = {FileNotFoundError: "does not exist", IsADirectoryError: "a folder", PermissionError: "unreadable"}
    return next((problem for kind, problem in kinds.items() if isinstance(error, kind)), DAMAGED)


def endless(file) -> bool:
    """Whether its header tells no length: a program wrote it into a pipe, and could not go back."""
    return file.frames >= STREAM


def need_length(file, count: int | None = None) -> None:
    """Refuse what is too long, before it is decoded; with `count`, the number of samples that came, what is too short."""
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise SoundFault("a rate that no microphone has")
    if file.channels > MOST_CHANNELS:
        raise SoundFault(f"more than {MOST_CHANNELS} channels")
    told = 0 if endless(file) else file.frames
    seconds = (told if count is None else count) / file.samplerate
    if seconds > LONGEST:
        raise SoundFault(f"longer than {LONGEST} s")
    if count == 0 and file.format == "OGG":  # libsndfile counts backwards from an end that is not there
        raise SoundFault(DAMAGED)
    if count is not None and seconds < SHORTEST:
        raise SoundFault(f"shorter than {1000 * SHORTEST:.0f} ms")


def of_file(file, count: int) -> list[str]:
    """What the file's own numbers make odd: coarse steps, a telephone's rate, an end before its time."""
    found = ["8 bits: a hiss is heard"] * (file.subtype in ("PCM_U8", "PCM_S8", "ULAW", "ALAW"))
    found += [f"{file.samplerate:,} samples a second: nothing above {file.samplerate / 2000:g} kHz"] * (file.samplerate < 16_000)
    if (promised := _promised(file, count)) > count + 0.05 * file.samplerate:
        seconds = f"{promised / file.samplerate:.2f} s, and {count / file.samplerate:.2f} s are there"
        found.append(f"cut short: its header promises {seconds}")
    return found


LONGEST_PAGE = 65_307
"""Bytes of a page of Ogg."""


def of_pages(end: bytes) -> list[str]:
    """Whether an Ogg file ends too soon, which libsndfile does not say: its last bytes hold no whole page that is the last.

    Parameters
    ----------
    end : bytes
        `LONGEST_PAGE` and more, or all of a shorter file.
    """
    starts = (found.start() for found in re.finditer(b"OggS", end))
    whole = any(end[at + 5 : at + 6] >= b"\x04" and at + _length_of_page(end[at : at + 282]) <= len(end) for at in starts)
    return [] if whole else ["cut short: its last page is not there"]


def _length_of_page(start):
    """27 bytes, as many as there are parts, and the parts, of which those bytes tell the lengths."""
    parts = start[27 : 27 + start[26]] if len(start) > 26 else b""
    return 27 + len(parts) + sum(parts) if len(start) > 26 else LONGEST_PAGE


_SHORT = re.compile(r"^ *(data|SSND|Data Size|riff|Riff size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)


def _promised(file, count):
    """How many samples the header tells of; 0 where a stream's has no number.

    Where a file without compression ends too soon, libsndfile mends the number, and notes that it did: of the samples, or (W64,
    RF64) of the whole file.
    """
    told, there = next((map(int, found.groups()[1:]) for found in _SHORT.finditer(file.extra_info)), (0, 0))
    if 0 < there < told < 2**31 - 1:
        return round(count * told / there)
    return 0 if endless(file) else file.frames


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
    power = channels.var(0, dtype=np.float64)
    if float(mean.var(dtype=np.float64)) >= CANCELLED * power.mean() / count:
        return mean, [f"the mean of {count} channels"]
    first = int(np.argmax(power > 0.1 * power.max()))  # none that is silent
    taken = f"number {first + 1}" if first else "the first"
    return np.ascontiguousarray(channels[:, first]), [f"{count} channels that cancel each other: {taken} was taken"]


def of_wave(wave: np.ndarray, rate: int) -> list[str]:
    """What is odd about the samples: too quiet, overdriven, about another middle than zero; refuses silence."""
    found, loud = [], level(wave, rate)
    if loud < SILENT:
        raise SoundFault("silent: nothing is heard")
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
    starts = np.arange(0, len(wave), step)
    power = np.square(wave - wave.mean(), dtype=np.float64) if len(wave) else wave
    parts = np.add.reduceat(power, starts) / np.diff(starts, append=len(wave)) if len(wave) else np.zeros(1)
    loudest = 2 * parts.max()
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
