"""Near copies: pictures that are almost the same, told by the small grey thumbnails that the check keeps of every picture."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shoulders import senses
from shoulders.support.memory import Memory
from shoulders.support.progress import track
from shoulders.support.samples import SIDE

if TYPE_CHECKING:
    from shoulders.datasets import Samples

REACH, ALIKE, DETAIL = 3, 0.97, 0.93
"""Two pictures are near copies where their thumbnails of SIDE × SIDE pixels, smoothed a little, correlate by ALIKE when one is
moved over the other by up to REACH pixels (a tenth of the picture), and by DETAIL when each pixel is taken for what it differs
from those around it: plain pictures share a light, and two moles a blot, but nothing fine.

Measured on eleven sets (photographs of animals, people, things, hands and moles, sketches, felt; up to 900 pictures of each). Of
the pairs of different pictures, each picture with the twenty most like it in half of its set, drawn four times, none is taken for
a near copy; the nearest are hands before one wall (0.980, in detail between 0.90 and 0.92) and two moles (0.986, in detail below
0.85). Two sets hold one copy each, and the sketches, of which many are copies, were left out of this. Of 30 pictures of each set,
saved again: JPEG of quality 30, grey and mirrored are found in 330 of 330, a quarter of the size in 326, half the size, lighter
and of quality 50 in 322, a third lighter in 304, with 2 % cut off at each side in 293, with 5 % in 1. Of neighbouring frames,
made by moving a window by 1, 2, 4 and 7 % of its side, with noise and in another light: 329, 326, 316 and 179 of 330."""

CLOSELY, ROUGHLY = 20, 0.5
"""Of each picture, so many that are most alike where they lie are looked at closely, if they correlate at all."""

VERSION = 1
MEMORY = f"near-copies-{VERSION}.jsonl"


class NearCopy(NamedTuple):
    """A validation picture and the training picture that it is a near copy of: positions, and how their thumbnails correlate."""

    valid: int
    train: int
    alike: float


def near_copies(train: Samples, valid: Samples) -> list[NearCopy]:
    """Validation pictures of which the training part holds almost the same.

    Saved again, made smaller, lit anew, mirrored (pictures), or the next frame of a film or a burst. Parts that were cut off by
    more than a few per cent, and other shots of the same scene, are not found. What was found is remembered.

    Parameters
    ----------
    train, valid : Samples

    Returns
    -------
    list of NearCopy
        For each such picture the training picture most like it; the most alike first.
    """
    there, here = thumbnails(train), thumbnails(valid)
    mirrored = senses.of(train.sense).MIRRORED
    between = b"|" if mirrored else b"|as it is|"
    key = hashlib.sha256(there.tobytes() + between + here.tobytes()).hexdigest()
    memory = Memory(MEMORY, _sound)
    if key not in memory.known:
        with memory.adding() as add:
            add(key, _found(there, here, mirrored, f"{train.word}s"))
    return memory.known[key]


def _sound(pairs):
    return [NearCopy(int(valid), int(train), float(alike)) for valid, train, alike in pairs]


def thumbnails(held: Samples) -> np.ndarray:
    """As the check kept them, uint8, shape (n, SIDE, SIDE); of pictures that came another way they are looked up."""
    if held.thumbnails is not None:
        return held.thumbnails.reshape(-1, SIDE, SIDE)
    kept = b"".join(one.thumbnail for one in senses.of(held.sense).check(held.paths))
    return np.frombuffer(kept, np.uint8).reshape(-1, SIDE, SIDE)


def _found(there, here, mirrored, unit):
    """Each picture, as it is and where asked mirrored, against those that are roughly like it."""
    n, best = len(here), {}
    here = np.concatenate([here, here[:, :, ::-1]]) if mirrored else here
    asked = _worth_a_look(_roughly(there), _roughly(here))
    for position, others in track(asked.items(), len(asked), "Looking for near copies", unit):
        for i, alike in zip(others, _alike(*_smooth(there[[position]]), _smooth(here[others]))):
            if alike >= ALIKE and alike > best.get(i % n, (0, 0))[0]:
                best[i % n] = float(alike), position
    return sorted(((i, position, alike) for i, (alike, position) in best.items()), key=lambda pair: (-pair[2], pair[0]))


def _worth_a_look(there, here):
    """Positions in `here` by the position in `there` that they are to be compared with."""
    asked, at_once = defaultdict(list), max(1, 2**24 // len(there))
    for start in range(0, len(here), at_once):
        alike = here[start : start + at_once] @ there.T
        most = np.argpartition(-alike, min(CLOSELY, len(there)) - 1, 1)[:, :CLOSELY]
        for i, positions in enumerate(most, start):
            for position in positions[alike[i - start, positions] >= ROUGHLY].tolist():
                asked[position].append(i)
    return asked


def _roughly(thumbnails, at_once=4096):
    """At half the size, as rows of mean 0 and length 1, float32."""
    parts = (_smooth(thumbnails[start : start + at_once]) for start in range(0, len(thumbnails), at_once))
    return np.concatenate(
        [_unit(part.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean((2, 4)).reshape(len(part), -1)) for part in parts]
    )


def _alike(one, others):
    """How one thumbnail correlates with the middles of others, where it fits them best; 0 where what is fine in them differs."""
    windows, middles = _windows(one), others[:, REACH:-REACH, REACH:-REACH].reshape(len(others), -1)
    fits = _unit(middles) @ _unit(windows).T
    where, best = fits.argmax(1), fits.max(1)
    if (near := np.flatnonzero(best >= ALIKE)).size:
        best[near] *= (_unit(_fine(middles[near])) * _unit(_fine(windows[where[near]]))).sum(1) >= DETAIL
    return best


def _windows(small):
    """All that a frame of the middle's size sees, moved by half pixels over one thumbnail: shape (moves, pixels)."""
    side = SIDE - 2 * REACH
    for axis in (0, 1):
        low, high = (small.take(range(start, small.shape[axis] - 1 + start), axis) for start in (0, 1))
        between = np.stack([low, (low + high) / 2], axis + 1)
        shape = [2 * size if at == axis else size for at, size in enumerate(low.shape)]
        small = np.concatenate([between.reshape(shape), small.take([-1], axis)], axis)
    frames = np.lib.stride_tricks.sliding_window_view(small, (2 * side - 1,) * 2)[:, :, ::2, ::2]
    return frames.reshape(-1, side * side)


def _smooth(thumbnails):
    """Each pixel averaged with its neighbours by 1 : 2 : 1, down and across: half a pixel more or less makes no difference."""
    smooth = np.pad(thumbnails.astype(np.float32), ((0, 0), (1, 1), (1, 1)), mode="edge")
    smooth = (smooth[:, :-2] + 2 * smooth[:, 1:-1] + smooth[:, 2:]) / 4
    return (smooth[:, :, :-2] + 2 * smooth[:, :, 1:-1] + smooth[:, :, 2:]) / 4


def _fine(rows):
    """What differs from the mean of 5 × 5 pixels around: of a smooth surface, nothing."""
    side = int(rows.shape[1] ** 0.5)
    squares = rows.reshape(-1, side, side)
    around = np.lib.stride_tricks.sliding_window_view(squares, (5, 5), (1, 2)).mean((3, 4))
    return (squares[:, 2:-2, 2:-2] - around).reshape(len(rows), -1)


def _unit(rows):
    """Each of mean 0 and length 1."""
    rows = rows - rows.mean(1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
