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
    """One clip: `number` counts those of one word, reading, engine and voice; `home` is the folder of its set."""

    word: str
    home: str
    part: str
    reading: str
    engine: str
    voice: str
    number: int
    language: str

    @property
    def file(self):
        """Below `HOME`."""
        return f"{self.home}/{self.part}/{self.word}/{self.reading}-{self.engine}-{self.voice}-{self.number}.opus"

    def rng(self, what):
        """What is drawn for a clip, its `speech` or its `room`, hangs on its name alone."""
        return np.random.default_rng([SEED, crc32(f"{what} of {self.file}".encode())])


def clips():
    """All of them, word by word."""
    return [Clip(word.spanish, *rest) for at, word in enumerate(WORDS) for rest in (*_train(at), *_valid(at), *_elsewhere(at))]


def _train(at):
    """Of one word 24 mangled and 6 native ones."""
    for i, voice in enumerate(TRAIN):
        for reading in ("accent", "read"):
            language = _turn(ENGLISH["train"], at + i + (reading == "read"))
            yield "mangled", "train", reading, "espeak", voice, 0, language
    for voice in ("kal", "ked"):
        for reading in ("accent", "read"):
            yield from (("mangled", "train", reading, "festival", voice, number, "en-us") for number in range(2))
    for i in range(6):
        yield "native", "train", "native", "espeak", _turn(TRAIN, at + i), 0, _turn(SPANISH, at + i)


def _valid(at):
    """15 mangled and 6 native ones. Voices take turns, so that none tells the word."""
    for i in range(9):
        reading = "accent" if i < 5 else "read"
        yield "mangled", "valid", reading, "espeak", _turn(VALID, at + i), 0, _turn(ENGLISH["valid"], at // 2 + i)
    for voice in FLITE:
        yield from (("mangled", "valid", reading, "flite", voice, 0, "en-us") for reading in ("accent", "read"))
    for i in range(4):
        yield "native", "valid", "native", "espeak", _turn(VALID, at + i), 0, _turn(SPANISH, at + i)
    yield from (("native", "valid", "native", "pico", "zl0", number, "es") for number in range(2))


def _elsewhere(at):
    """6 by an engine of which nothing is in train: other letter-to-sound rules, other voices."""
    for voice, language in PICO:
        yield from (("elsewhere", "valid", "read", "pico", voice, number, language) for number in range(3))


def _turn(names, at):
    return names[at % len(names)]
