"""What an English ear hears in a clip: how likely each phoneme is in each fiftieth of a second, from the box or live.

A recogniser of phonemes says it, the package hama (Apache-2.0). Its authors do not say which speech taught it; it knows letters
for English, for Korean and for some other languages, and writes nearly all clips down in those of English. What it said of the
clips in the box is kept there, by the clips' sha256, so that no other clip can be taken for one of them; of others it is asked
where it is installed.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path

import numpy as np

from shoulders import sounds
from shoulders.sounds.phonemes import SIGNS, PhonemeError
from shoulders.support import places

INSTALL = "hama==1.7.0"

BEFORE, PEAK = 0.3, 0.5
"""Seconds of silence put before and after a clip, and its loudest sample. Without the silence the recogniser loses first sounds
(of 250 training clips 5 in 100 more were taken for another word); and how loud somebody speaks is not what was said."""

MOMENTS = 50
"""A second."""

SEEN, FINE, CUT = -8.0, 20.0, -10.0
"""Of a log probability: below the first it is not kept; it is kept as `FINE` times the root of its negative, rounded, so that
likely sounds are kept most exactly; and what was not kept comes back as the last."""

_NOT_KEPT = 255
_SAME = {"": ("<blank>", "<wb>"), "g": ("g", "ɡ")}  # what the recogniser writes in two ways


def columns(tokens: list[str]) -> list[list[int]]:
    """Of silence and each sign of `SIGNS`: the recogniser's columns that are it, among its tokens."""
    return [[tokens.index(token) for token in _SAME.get(sign, (sign,))] for sign in ("", *SIGNS)]


def heard(wave: np.ndarray, rate: int = sounds.RATE) -> np.ndarray:
    """Ask the recogniser, which has to be installed.

    Parameters
    ----------
    wave : numpy.ndarray, shape (n,)
        One clip, mono.
    rate : int
        Its samples a second.

    Returns
    -------
    numpy.ndarray, shape (moments, 1 + len(SIGNS)), float32
        Log probabilities of silence and of each sign of `shoulders.sounds.phonemes.SIGNS`, `MOMENTS` rows a second. What else the
        recogniser has letters for is left out, so a row may sum to less than one.

    Raises
    ------
    shoulders.sounds.phonemes.PhonemeError
        Where the package is not installed, has no engine for this machine, or the clip is silent.
    """
    model = _recogniser()
    padded = _prepared(sounds.resampled(np.asarray(wave, np.float32), rate, sounds.RATE))
    asked = {"waveform": padded[None], "waveform_lengths": np.array([len(padded)])}
    told, lengths = model.session.run(["log_probs", "out_lengths"], asked)
    told = told[0, : int(lengths[0])]
    kept = [np.logaddexp.reduce(told[:, some], axis=1) for some in columns(model.decoder_tokens)]
    return np.stack(kept, 1).astype(np.float32)


def _prepared(wave):
    loudest = float(np.abs(wave).max(initial=0))
    if not loudest > 1e-4 or not np.isfinite(loudest):
        raise PhonemeError("There is no sound in this clip: record it again, nearer to the microphone.")
    silence = np.zeros(round(BEFORE * sounds.RATE), np.float32)
    return np.concatenate([silence, wave / loudest * PEAK, silence])


@cache
def _recogniser():
    try:
        from hama import ASRModel

        return ASRModel()
    except ImportError as error:
        raise PhonemeError(f"What is in a new clip only the recogniser can say: pip install {INSTALL}.") from error
    except RuntimeError as error:  # its wheel is for every machine, the engine in it for Linux and macOS
        raise PhonemeError(f"{INSTALL} has no engine for this machine: use the clips of the box, or Linux or macOS.") from error


def of(source) -> np.ndarray:
    """What is heard in a clip: from the box where it is one of the box's, else live.

    Parameters
    ----------
    source : path, or open binary file

    Returns
    -------
    numpy.ndarray, shape (moments, 1 + len(SIGNS)), float32

    Raises
    ------
    shoulders.sounds.phonemes.PhonemeError, shoulders.sounds.SoundError
    """
    content = source.read() if hasattr(source, "read") else Path(source).read_bytes()
    known = box().get(hashlib.sha256(content).hexdigest())
    if known is not None:
        return known
    return heard(sounds.read(io.BytesIO(content)))


@cache
def box() -> dict[str, np.ndarray]:
    """What was heard in every clip of the box, by its sha256."""
    path = places.box() / "voices" / "phonemes.npz"
    return read(path) if path.exists() else {}


def write(path, clips: dict[str, np.ndarray]) -> None:
    """Keep what was heard, some 500 bytes a clip.

    Parameters
    ----------
    path : path
        Of an npz file.
    clips : dict
        What `heard` gave, by the sha256 of each clip's file.
    """
    rows = np.concatenate(list(clips.values()))
    codes = np.where(rows > SEEN, np.rint(FINE * np.sqrt(np.maximum(-rows, 0))), _NOT_KEPT).astype(np.uint8)
    digests = np.frombuffer(bytes.fromhex("".join(clips)), np.uint8).reshape(len(clips), 32)
    moments = np.array([len(clip) for clip in clips.values()], np.uint16)
    np.savez_compressed(path, codes=np.ascontiguousarray(codes.T), digests=digests, moments=moments, signs=np.array(SIGNS))


def read(path) -> dict[str, np.ndarray]:
    """What `write` kept.

    Raises
    ------
    shoulders.sounds.phonemes.PhonemeError
        Where it was written with other signs.
    """
    with np.load(path) as file:
        if tuple(file["signs"].tolist()) != SIGNS:
            raise PhonemeError(f"{path} was written with other phonemes than these: python -m studio.phonemes makes it again.")
        codes, digests, ends = file["codes"].T, file["digests"], np.cumsum(file["moments"], dtype=int)
    rows = np.where(codes == _NOT_KEPT, CUT, -((codes / FINE) ** 2)).astype(np.float32)
    return {digest.tobytes().hex(): clip for digest, clip in zip(digests, np.split(rows, ends[:-1]))}

