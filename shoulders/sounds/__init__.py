"""Open one clip as a person would hear it, and say what is wrong with one that cannot be opened.

The rule, for every format of `FORMATS`:

* which numbers mean how loud: as the format says; of floating-point numbers 1 is full scale, and where a file has larger ones its
  largest is (a finding says so);
* which of several channels: their mean; the first where they would cancel each other;
* how many samples a second: as asked for, by a filter that lets nothing through that would come back as another pitch;
* how long: all of it, up to `faults.LONGEST` seconds.

A path, its bytes and an open file give the same samples. libsndfile decodes (by the package soundfile); scipy resamples.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shoulders.sounds import faults, spectrogram
from shoulders.sounds.faults import SoundFault
from shoulders.sounds.spectrogram import spoken  # noqa: F401 (asked for here)
from shoulders.support import samples
from shoulders.support.names import SOUND_ENDINGS
from shoulders.support.samples import Checked, SampleError, Verdict

WORD, NOUN, ENDINGS = "clip", "sound", SOUND_ENDINGS
"""What one sample is called, what it is, and how names of such files end. Whether it is one, its content says."""

MIRRORED = False
"""Whether a mirrored thumbnail shows the same thing: a clip that is played backwards is another."""

RATE = 16_000
"""Samples a second that networks which hear speech take: nothing above 8 kHz is left."""

FORMATS = ("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "MPEG", "AIFF", "AU", "CAF", "NIST")
"""libsndfile can do more: raw numbers without a header, which no file says, and formats of other decades. (NIST's SPHERE is of
another decade, too, but the collections of speech on which telephones learnt are in it, and end in ``.wav``.)"""

VERSION = 2
"""Part of the memory's name: raised whenever the check would say something else."""

STRANGE = faults.STRANGE


class SoundError(SampleError):
    """A clip cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Clip:
    """What a file holds, decoded.

    Attributes
    ----------
    wave : numpy.ndarray, shape (n,), float32
        Mono, −1 to 1.
    rate : int
        Samples a second.
    found : tuple of str
        What had to be done to it, or is odd about it, in words.
    """

    wave: np.ndarray
    rate: int
    found: tuple[str, ...] = ()

    @property
    def seconds(self):
        return len(self.wave) / self.rate


def opened(source) -> Clip:
    """A clip as its file has it: mono, at the file's own rate.

    Parameters
    ----------
    source : path or file object
        The error names a file object by its `name`, if it has one.

    Raises
    ------
    SoundError
        Names the file, what is wrong, and the remedy.
    """
    try:
        return _decoded(source)
    except MemoryError:
        raise
    except Exception as error:
        raise _error(source, error) from error


def read(source, rate: int = RATE) -> np.ndarray:
    """A clip as a network takes it.

    Parameters
    ----------
    source : path or file object
    rate : int
        Samples a second of what comes back.

    Returns
    -------
    numpy.ndarray, shape (n,), float32
        Mono, −1 to 1.

    Raises
    ------
    SoundError
    """
    clip = opened(source)
    return resampled(clip.wave, clip.rate, rate)


def resampled(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """The same sound with another number of samples a second: scipy's polyphase filter, float32."""
    if rate == wanted:
        return wave
    from scipy.signal import resample_poly

    common = np.gcd(rate, wanted)
    return resample_poly(wave, wanted // common, rate // common).astype(np.float32)


def assumed(path) -> str:
    """What had to be assumed to hear a clip as one sound, in words; ``''`` for most. Raises what `read` raises."""
    return ", ".join(one for one in opened(path).found if any(word in one for word in faults.ASSUMED))


def shown(source, at_least: int | None = None):
    """A clip as a picture, for people: its spectrogram, an RGB image of Pillow's; raises what `read` raises.

    Parameters
    ----------
    source : path or file object
    at_least : int, optional
        Pixels of its height.
    """
    return spectrogram.image(read(source), RATE, at_least or 128)


def playable(source) -> bytes:
    """A clip as a WAV file that every page can play: `RATE` samples a second, 16 bits; raises what `read` raises."""
    return wav(read(source))


def wav(wave: np.ndarray, rate: int = RATE) -> bytes:
    """Samples as the bytes of a WAV file, 16 bits.

    Parameters
    ----------
    wave : numpy.ndarray, shape (n,)
        −1 to 1.
    rate : int
    """
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, wave, rate, "PCM_16", format="WAV")
    return file.getvalue()


def check(paths) -> list[Checked]:
    """Look at every file, in order. What was decoded once is remembered by its content.

    Parameters
    ----------
    paths : sequence of path
    """
    import soundfile

    memory = f"checked-sounds-{VERSION}-libsndfile-{soundfile.__libsndfile_version__}.jsonl"
    return samples.check(paths, memory, _examined, _refused)


def _examined(content):
    """What was found in a file's bytes."""
    try:
        clip = _decoded(io.BytesIO(content))
        small = spectrogram.thumbnail(resampled(clip.wave, clip.rate, RATE), RATE)
    except MemoryError:
        raise
    except Exception as error:
        return Checked("", _verdict(error))
    kind = "converted" if any(word in one for one in clip.found for word in faults.CONVERTED) else "used"
    verdict = Verdict(kind, ", ".join(clip.found), faults.remedy(clip.found)) if clip.found else Verdict("used")
    heard = hashlib.sha256(b"%d " % clip.rate + clip.wave.tobytes()).hexdigest()
    return Checked("", verdict, heard, small)


def _decoded(source) -> Clip:
    if isinstance(source, str | os.PathLike):
        _need_file(Path(source))
        with open(source, "rb") as file:
            return _decoded(file)
    clip = _by_libsndfile(source, _heard)
    return replace(clip, found=(*clip.found, *_cut_off(source)))


def _cut_off(source):
    """What an Ogg file's end says; libsndfile hears such a file up to its last whole page, and says nothing."""
    source.seek(0)
    if source.read(4) != b"OggS":
        return ()
    source.seek(max(0, source.seek(0, os.SEEK_END) - 2 * faults.LONGEST_PAGE))
    return faults.of_pages(source.read())


def _refused(path):
    """What the header alone says against a file; ``None`` for nothing, and where the samples would have to tell."""
    try:
        with open(path, "rb") as file:
            _by_libsndfile(file, _need_clip)
    except SoundFault as error:
        return _verdict(error)


def _by_libsndfile(source, ask):
    """What `ask` makes of an open file."""
    import soundfile

    start = _start(source)
    try:
        with soundfile.SoundFile(_Bytes(source)) as file:
            return ask(file)
    except soundfile.LibsndfileError as error:
        raise SoundFault(faults.called(start, error.code)) from error


class _Bytes:
    """What libsndfile reads: a file without its name, from whose ending soundfile would conclude that it has no header (`.raw`).

    A damaged header may send libsndfile to before the file's beginning. As in C nothing moves then, and nothing is raised:
    what is raised inside libsndfile comes to the terminal as a traceback, and nowhere else.
    """

    def __init__(self, file):
        self.read, self.tell, self._move = file.read, file.tell, file.seek

    def seek(self, offset, whence=0):
        with suppress(ValueError, OSError):
            self._move(offset, whence)
        return self.tell()


def begins(path) -> bool:
    """Whether a file begins as a sound does, whatever its name."""
    try:
        _need_file(Path(path))
        with open(path, "rb") as file:
            return faults.begins(file.read(64))
    except (OSError, SoundFault):
        return False


def _need_file(path):
    if path.is_dir():
        closed = not os.access(path, os.R_OK | os.X_OK)
        raise PermissionError(path) if closed else IsADirectoryError(path)
    if path.exists() and not path.is_file():
        raise SoundFault("a pipe or a device")  # opening a pipe would wait for ever


def _start(file):
    """A file's first bytes; it stands at its beginning before and after."""
    start = file.read(64)
    if not start:
        raise SoundFault("zero bytes")
    if strange := faults.sniffed(start):
        raise SoundFault(strange)
    file.seek(0)
    return start


def _need_clip(file):
    """Refuse what the header speaks against."""
    if file.format not in FORMATS:
        raise SoundFault(faults.NOT_A_SOUND)
    faults.need_length(file)


def _heard(file) -> Clip:
    """The samples of an open file, and what had to be done to them."""
    _need_clip(file)
    if faults.endless(file):
        file.seekable = lambda: False  # else soundfile asks libsndfile for a place in it, which a stream without a length has not
    most = faults.LONGEST * file.samplerate + 1  # of a stream the header does not tell how long it is
    channels = file.read(most, dtype="float32", always_2d=True)
    faults.need_length(file, len(channels))
    told = faults.of_file(file, len(channels))
    channels, scaled = faults.to_full_scale(channels)
    wave, mixed = faults.to_mono(channels)
    return Clip(wave, file.samplerate, (*told, *scaled, *mixed, *faults.of_wave(wave, file.samplerate)))


def _verdict(error):
    problem = faults.problem_of(error)
    return Verdict("skipped", problem, faults.REMEDY.get(problem, faults.DAMAGED_REMEDY))


def _error(source, error):
    verdict = _verdict(error)
    return error_of(source, verdict.problem, verdict.remedy)


def error_of(source, problem: str, remedy: str) -> SoundError:
    """What to raise about a clip: a sentence with its name.

    Parameters
    ----------
    source : path or file object
    problem, remedy : str
    """
    name = source if isinstance(source, str | os.PathLike) else getattr(source, "name", "The clip")
    return SoundError(f"{name}: {problem}. {remedy}")
