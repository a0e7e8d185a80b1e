"""The synthesisers: each takes a voice and something to say, and gives a wave of 16,000 samples a second.

espeak-ng, flite and festival are programs (on Debian: apt install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k
opus-tools); SVOX Pico comes with the package py-nanotts. All are asked twice the same and say twice the same, but Pico, whose
samples may differ from one run to the next.
"""
import re
import subprocess
from math import gcd
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from scipy.signal import resample_poly

from . import accent

RATE = 16_000
NAMES = {"andy": "Andy", "annie": "Annie", "michael": "Michael"}
"""Variants of espeak-ng whose file begins with a capital."""
FESTIVAL = {"kal": "kal_diphone", "ked": "ked_diphone"}
INSTEAD = {("ked", "oreja"): "(((ao r) 0) ((ey) 1) ((ax) 0))"}
"""What festival's rules read where they ask for two sounds in a row (eh, ax) that a voice does not have, with the nearest it has."""
PICO = {"lh0": "en-US", "kh0": "en-GB", "zl0": "es-ES"}


def spoken(clip, word, rng):
    """One word by one voice, shape (n,), float; `clip` as `plan.Clip`. Speed and pitch are drawn."""
    with TemporaryDirectory() as room:
        path = Path(room) / "said.wav"
        SPEAK[clip.engine](clip, word, rng, path)
        wave, rate = soundfile.read(path, dtype="float64")
    return _at_our_rate(wave, rate)


def _at_our_rate(wave, rate):
    part = gcd(rate, RATE)
    return wave if rate == RATE else resample_poly(wave, RATE // part, rate // part)


def _larger(path, factor):
    """The same from a throat that is longer by `factor`: lower in pitch and in formants, and slower."""
    wave, rate = soundfile.read(path, dtype="float64")
    count = round(100 * factor)
    soundfile.write(path, resample_poly(wave, count, 100), rate)


def _espeak(clip, word, rng, path):
    said = {"native": word.spanish, "read": word.plain}.get(clip.reading)
    said = said or accent.for_espeak(accent.through_english(word, rng))
    voice = f"{clip.language}+{NAMES.get(clip.voice, clip.voice)}"
    speed, pitch = (str(rng.integers(*ends)) for ends in ((120, 180), (25, 75)))
    _run(["espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "-w", str(path), said])


def _flite(clip, word, rng, path):
    stretch = f"duration_stretch={rng.uniform(0.9, 1.3):.2f}"
    said = ["-t", word.plain]
    if clip.reading == "accent":
        said = ["-ssml", "-t", accent.for_flite(accent.through_english(word, rng))]
    _run(["flite", "-voice", clip.voice, "--setf", stretch, *said, "-o", str(path)])
    _larger(path, rng.uniform(0.9, 1.12))


def _festival(clip, word, rng, path):
    lines = [f"(voice_{FESTIVAL[clip.voice]})", f"(Parameter.set 'Duration_Stretch {rng.uniform(0.9, 1.3):.2f})"]
    phones = INSTEAD.get((clip.voice, word.plain))
    if clip.reading == "accent":
        phones = accent.for_festival(accent.through_english(word, rng))
    if phones:
        lines.append(f"(lex.add.entry '(\"{word.plain}\" nil {phones}))")
    lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{word.plain}")) "{path}")')
    script = path.with_suffix(".scm")
    script.write_text("\n".join(lines), encoding="ascii")
    _run(["festival", "-b", str(script)])
    _larger(path, rng.uniform(0.9, 1.12))


def _pico(clip, word, rng, path):
    from py_nanotts import NanoTTS

    said = word.spanish if clip.reading == "native" else word.plain
    speed, pitch = rng.uniform(0.8, 1.15), rng.uniform(0.85, 1.15)
    # Louder, its samples are cut off.
    samples = NanoTTS().speak(said, voice=PICO[clip.voice], speed=speed, pitch=pitch, volume=0.5)
    soundfile.write(path, np.frombuffer(samples, "<i2"), RATE)


SPEAK = {"espeak": _espeak, "flite": _flite, "festival": _festival, "pico": _pico}


def _run(command):
    """These programs end well and say so in words where a phone or a voice is missing."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or re.search(r"unknown|missing|not found|error|default diphone", done.stderr, re.IGNORECASE):
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
