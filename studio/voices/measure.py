"""What the clips are, in numbers: how long, how loud, and how well a word is told without any giant.

MFCC (Davis and Mermelstein, 1980) of six equal stretches of the spoken part, or how long that part is, under a logistic regression.
"""
import numpy as np
from scipy.fft import dct
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shoulders import intervals, sounds
from shoulders.sounds import spectrogram

from . import plan
from .engines import RATE

FILTERS, KEPT, STRETCHES = 26, 13, 6
PER_CLASS, DRAWS = (1, 5, 20), 5


def wave(clip):
    """Samples of a clip as it lies on disk, shape (n,)."""
    return sounds.read(plan.HOME / clip.file, RATE)


def seconds_spoken(samples):
    """How long the part is in which something is said."""
    return float(-np.subtract(*sounds.spoken(samples, RATE))) / RATE


def mfcc(samples):
    """Means of six stretches of the spoken part, shape (78,)."""
    start, end = sounds.spoken(samples, RATE)
    power = spectrogram.power(samples[start:end], RATE)
    cepstra = dct(np.log(power @ _mels(power.shape[1]).T + 1e-8), norm="ortho")[:, :KEPT]
    return np.concatenate([part.mean(0) for part in np.array_split(cepstra, STRETCHES)])


def _mels(pitches):
    """Triangles that are equally wide in mel, shape (FILTERS, pitches)."""
    ends = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), FILTERS + 2) / 2595) - 1)
    pitch = np.linspace(0, RATE / 2, pitches)
    left, middle, right = (ends[i : i + FILTERS, None] for i in range(3))
    return np.clip(np.minimum((pitch - left) / (middle - left), (right - pitch) / (right - middle)), 0, None)


def figures(clips, waves):
    """A list of figures: how many clips of each kind are told by what was learnt on some of the mangled training ones."""
    rows = {"MFCC": np.stack([mfcc(one) for one in waves]), "duration": np.array([[seconds_spoken(one)] for one in waves])}
    words, homes, engines = (np.array([getattr(clip, name) for clip in clips]) for name in ("word", "home", "engine"))
    train, valid = asked(clips)
    said = [figure(f"{name}, {count} clips a word", rows[name], words, train, valid, count) for name in rows for count in PER_CLASS]
    mfccs = rows["MFCC"]
    for where in ("native", "elsewhere"):
        said.append(figure(f"MFCC, 20 clips a word, asked about {where}", mfccs, words, train, asked(clips, where)[1], 20))
    for teacher in ("espeak", "festival"):
        for judge, of in (("espeak", valid), ("flite", valid), ("pico", homes == "elsewhere")):
            what = f"MFCC, taught by {teacher} alone, 8 clips a word, asked about {judge}"
            said.append(figure(what, mfccs, words, train & (engines == teacher), of & (engines == judge), 8))
    return said


def asked(clips, home="mangled"):
    """Which clips of a set teach and which judge, two arrays of bool."""
    return [np.array([(clip.home, clip.part) == (home, part) for clip in clips]) for part in ("train", "valid")]


def figure(what, rows, words, train, valid, count):
    """The mean over some draws of what is learnt on `count` clips of each word."""
    right = []
    for draw in range(DRAWS):
        rng = np.random.default_rng([plan.SEED, draw])
        chosen = np.concatenate([rng.permutation(np.flatnonzero(train & (words == word)))[:count] for word in sorted(set(words))])
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        right.append(int((model.fit(rows[chosen], words[chosen]).predict(rows[valid]) == words[valid]).sum()))
    n = int(valid.sum())
    ends = intervals.wilson(float(np.mean(right)), n)
    shares = {"accuracy": np.mean(right) / n, "interval": ends}
    return {"what": what, "right_by_draw": right, "n": n} | {name: np.round(value, 4).tolist() for name, value in shares.items()}
