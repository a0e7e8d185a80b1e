"""The card that travels with the clips."""
import json
from collections import Counter

import numpy as np

from . import measure, plan
from .engines import RATE

ENGINES = {
    "espeak": {
        "what": "espeak-ng 1.51 (formants), its variants as voices",
        "licence": "GPL-3.0-or-later, the program and its data; what a program says is not covered by its licence, and no part of the "
                   "program goes into a clip but the sounds that it computes",
        "found_in": "the package's copyright file, https://github.com/espeak-ng/espeak-ng",
    },
    "festival": {
        "what": "Festival 2.5.0, diphones of two speakers (kal, ked); lexicon and letter-to-sound rules of CMU",
        "licence": "permission to use, copy, change, distribute and sell without restriction, with its notice: kal, Alan W Black and Kevin Lenzo "
                   "1998; ked, CSTR, University of Edinburgh, 1997; the program, CSTR, and the CMU lexicon likewise",
        "found_in": "the copyright files of festvox-kallpc16k, festvox-kdlpc16k and festival",
    },
    "flite": {
        "what": "Flite 2.2, three of its own voices (slt, rms, awb); letter-to-sound rules of CMU",
        "licence": "permission to use, copy, change, distribute and sell without restriction, with its notice: Language Technologies "
                   "Institute, Carnegie Mellon University, 1999 to 2001",
        "found_in": "the package's copyright file, in what it says of all files that it does not name",
    },
    "pico": {
        "what": "SVOX Pico, as the package py-nanotts 0.1.1 brings it: en-US lh0, en-GB kh0, es-ES zl0",
        "licence": "Apache-2.0, SVOX AG 2008-2009, the program and its voices",
        "found_in": "the package's licence file, and NOTICE of Android's external/svox, from which it comes",
    },
}  # fmt: skip


def write():
    """data/voices/card.json from what is on disk."""
    clips = plan.clips()
    waves = [measure.wave(clip) for clip in clips]
    seconds = [len(one) / RATE for one in waves]
    card = {
        "title": "Voices: 28 Spanish words in Spanish and in English mouths",
        "what": "Synthetic speech, no recordings of people: one word a clip, mono, 16 kHz, Opus at 16 kb/s in Ogg. mangled/train and "
                "mangled/valid; native/train and native/valid; elsewhere/valid, by an engine of which nothing is in train: each with a "
                "folder a word. clips.csv says of every clip the word, reading, engine, voice, language and seconds.",
        "readings": {
            "native": "a Spanish voice says the word",
            "accent": "an English voice says English sounds that are near the Spanish ones, written down by hand (studio/voices/words.py)",
            "read": "an English voice reads the spelling, without its accents, by its own rules",
        },
        "how_made": "Spoken by studio/voices; speed, pitch, silence (0.05 to 0.2 s at both ends), echo (every second clip), noise "
                    "(20 to 45 dB below), microphone and level are drawn from generators that know the clip's name alone. No voice "
                    "is in both train and valid. Festival and Flite have their letter-to-sound rules from one source: 22 of the 28 "
                    "words come out alike; those of espeak-ng and of pico are their own. How a word sounds in Spanish was written by "
                    "hand, not taken from an engine.",
        "again": "The same programs make the same clips, byte for byte, but those of pico: its samples may differ from run to run.",
        "names": "Class folders bear the words as they are spelled, miércoles and sábado in composed letters (NFC).",
        "command": ["python -m studio.voices", "python -m studio.voices card"],
        "licence": "CC BY 4.0",
        "authors": "the contributors of Standing on the shoulders of giants",
        "not_for": "Nobody speaks like this. Do not use them to judge how well speech of people is recognised, nor anybody's Spanish.",
        "engines": ENGINES,
        "clips": _counts(clips),
        "voices": {part: sorted({f"{clip.engine} {clip.voice}" for clip in clips if clip.part == part}) for part in ("train", "valid")},
        "bytes": sum((plan.HOME / clip.file).stat().st_size for clip in clips),
        "seconds": {"all": round(sum(seconds)), **_ends(seconds)},
        "peak": _ends([np.abs(one).max() for one in waves]),
        "figures": measure.figures(clips, waves),
    }  # fmt: skip
    (plan.HOME / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _counts(clips):
    """How many clips of each set, part, reading and engine."""
    names = ("home", "part", "reading", "engine")
    counted = Counter(tuple(getattr(clip, name) for name in names) for clip in clips)
    return [dict(zip(names, key)) | {"clips": n} for key, n in sorted(counted.items())]


def _ends(values):
    return {name: round(float(how(values)), 3) for name, how in (("least", np.min), ("median", np.median), ("most", np.max))}
