"""What the clips are, in numbers: how long, how loud, and how well a word is told without any giant.

MFCC (Davis and Mermelstein, 1980) of six equal stretches of the spoken part, or how long that part is, under a logistic regression.
"""
import numpy as np
import soundfile
from scipy.fft import dct
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shoulders import intervals

from . import plan
from .engines import RATE

FRAME, HOP, FILTERS, KEPT, STRETCHES = 400, 160, 26, 13, 6
PER_CLASS, DRAWS = (1, 5, 20), 5


def wave(clip):
    """Samples of a clip as it lies on disk, shape (n,)."""
    samples, rate = soundfile.read(plan.HOME / clip.file, dtype="float32")
    if rate != RATE or samples.ndim > 1:
        raise ValueError(f"{clip.file} is not mono at {RATE} Hz: speak it again.")
    return samples


def loudness(samples):
    """Of each frame in dB, shape (frames,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    return 10 * np.log10(np.mean(frames.astype(float) ** 2, axis=1) + 1e-12)


def spoken(samples):
    """First frame where something is said, and the one after the last: halfway, in dB, from the quietest tenth to the loudest."""
    loud = loudness(samples)
    low, high = np.percentile(loud, (10, 98))
    inside = np.flatnonzero(loud > low + 0.4 * (high - low))
    return inside[0], inside[-1] + 1


def mfcc(samples):
    """Means of six stretches of the spoken part, shape (78,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), 512)) ** 2
    cepstra = dct(np.log(power @ _mels().T + 1e-8), norm="ortho")[:, :KEPT]
    first, end = spoken(samples)
    return np.concatenate([part.mean(0) for part in np.array_split(cepstra[first:end], STRETCHES)])


def _mels():
    """Triangles that are equally wide in mel, shape (FILTERS, 257)."""
    ends = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), FILTERS + 2) / 2595) - 1)
    pitch = np.fft.rfftfreq(512, 1 / RATE)
    left, middle, right = (ends[i : i + FILTERS, None] for i in range(3))
    return np.clip(np.minimum((pitch - left) / (middle - left), (right - pitch) / (right - middle)), 0, None)


def figures(clips, waves):
    """A list of figures: how many of the mangled validation clips are told by what was learnt on some of the training ones."""
    rows = {"MFCC": np.stack([mfcc(one) for one in waves]), "duration": np.array([[np.subtract(*spoken(one)) * -1.0] for one in waves])}
    words, train, valid = asked(clips)
    engine = np.array([clip.engine for clip in clips])
    said = [figure(f"{name}, {count} clips a word", rows[name], words, train, valid, count) for name in rows for count in PER_CLASS]
    for teacher in ("espeak", "festival"):
        for judge in ("espeak", "flite", "pico"):
            what = f"MFCC, taught by {teacher} alone, 8 clips a word, asked about {judge}"
            said.append(figure(what, rows["MFCC"], words, train & (engine == teacher), valid & (engine == judge), 8))
    native = np.array([(clip.reading, clip.part) == ("native", "valid") for clip in clips])
    return [*said, figure("MFCC, 20 clips a word, asked about native clips", rows["MFCC"], words, train, native, 20)]


def asked(clips):
    """The word of each clip, and which of them teach and which judge: the mangled ones."""
    parts = [clip.part if clip.reading != "native" else "" for clip in clips]
    return np.array([clip.word for clip in clips]), *(np.array([one == part for one in parts]) for part in ("train", "valid"))


def figure(what, rows, words, train, valid, count):
    """The mean over some draws of what is learnt on `count` clips of each word."""
    right = []
    for draw in range(DRAWS):
        rng = np.random.default_rng([plan.SEED, draw])
        chosen = np.concatenate([rng.permutation(np.flatnonzero(train & (words == word)))[:count] for word in sorted(set(words))])
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        right.append(int((model.fit(rows[chosen], words[chosen]).predict(rows[valid]) == words[valid]).sum()))
    n = int(valid.sum())
    low, high = intervals.wilson(float(np.mean(right)), n)
    shares = {"accuracy": np.mean(right) / n, "interval": [low, high]}
    return {"what": what, "right_by_draw": right, "n": n} | {name: np.round(value, 4).tolist() for name, value in shares.items()}
