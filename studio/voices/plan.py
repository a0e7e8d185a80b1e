"""Who says which word how: the list of all clips, the same each time."""
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from .words import WORDS

HOME = Path(__file__).resolve().parents[2] / "data" / "voices"
SEED = 28
TRAIN = ("m1", "m3", "m7", "f1", "f3", "andy", "annie", "klatt2")
VALID = ("m5", "f2", "f4", "michael", "linda", "klatt4", "steph", "victor")
"""Variants of espeak-ng."""
FLITE, PICO = ("slt", "rms", "awb"), (("lh0", "en-us"), ("kh0", "en-gb"))
ENGLISH = {"train": ("en-us", "en-gb"), "valid": ("en-gb-scotland", "en-us-nyc", "en-gb-x-rp", "en-029")}
SPANISH = ("es-419", "es")


@dataclass(frozen=True)
class Clip:
    """One clip: `number` counts those of one word, reading, engine and voice."""

    word: str
    part: str
    reading: str
    engine: str
    voice: str
    number: int
    language: str

    @property
    def file(self):
        """Below `HOME`."""
        name = f"{self.reading}-{self.engine}-{self.voice}-{self.number}.opus"
        return f"{'native' if self.reading == 'native' else 'mangled'}/{self.part}/{self.word}/{name}"

    @property
    def rng(self):
        """What is drawn for a clip hangs on its name alone."""
        return np.random.default_rng([SEED, crc32(self.file.encode())])


def clips():
    """All of them, word by word."""
    return [clip for at, word in enumerate(WORDS) for clip in (*_train(at, word.spanish), *_valid(at, word.spanish))]


def _train(at, word):
    """24 mangled and 6 native ones."""
    for i, voice in enumerate(TRAIN):
        for reading in ("accent", "read"):
            yield Clip(word, "train", reading, "espeak", voice, 0, _turn(ENGLISH["train"], at + i + (reading == "read")))
    for voice in ("kal", "ked"):
        for reading in ("accent", "read"):
            yield from (Clip(word, "train", reading, "festival", voice, number, "en-us") for number in range(2))
    for i in range(6):
        yield Clip(word, "train", "native", "espeak", _turn(TRAIN, at + i), 0, _turn(SPANISH, at + i))


def _valid(at, word):
    """15 mangled and 6 native ones. Voices take turns, so that none tells the word."""
    for i in range(8):
        reading = "accent" if i < 5 else "read"
        yield Clip(word, "valid", reading, "espeak", _turn(VALID, at + i), 0, _turn(ENGLISH["valid"], at // 2 + i))
    for i in range(4):
        yield Clip(word, "valid", ("accent", "read")[i % 2], "flite", _turn(FLITE, at + i), 0, "en-us")
    for i in range(3):
        voice, language = _turn(PICO, at + i)
        yield Clip(word, "valid", "read", "pico", voice, i // 2, language)
    for i in range(4):
        yield Clip(word, "valid", "native", "espeak", _turn(VALID, at + i), 0, _turn(SPANISH, at + i))
    yield from (Clip(word, "valid", "native", "pico", "zl0", number, "es") for number in range(2))


def _turn(names, at):
    return names[at % len(names)]
