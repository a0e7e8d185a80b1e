"""Near copies: pictures that are almost the same, told by the small grey thumbnails that the check keeps of every picture."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shoulders import pictures
from shoulders.memory import Memory

if TYPE_CHECKING:
    from shoulders.datasets import Pictures

SIDE, REACH, ALIKE, DETAIL = pictures.SIDE, 3, 0.985, 0.9
"""Two pictures are near copies where their thumbnails of SIDE × SIDE pixels, smoothed a little, correlate by ALIKE when one is
moved over the other by up to REACH pixels (a tenth of the picture), and by DETAIL when each has lost its light: the smooth
quadratic surface that fits it best, which is all that plain pictures share.

Measured on eleven sets (photographs of animals, things, hands and moles, sketches, felt). Of the pairs of different pictures,
each picture with the twenty most like it, none came above 0.982 (hands before one wall; two moles 0.979, a felt spider 0.961,
other photographs 0.90). Of 30 pictures of each set, saved again: JPEG of quality 30, grey and mirrored are found in 330 of 330, a
quarter of the size in 325, half the size, lighter and of quality 50 in 322, a third lighter in 276, with 2 % cut off at each side
in 231, with 5 % in 17. Of neighbouring frames, made by moving a window by 1, 2, 4 and 7 % of its side, with noise and in another
light: 320, 314, 307 and 148 of 330."""

CLOSELY, ROUGHLY = 20, 0.5
"""Of each picture, so many that are most alike where they lie are looked at closely, if they correlate at all."""

VERSION = 1
MEMORY = f"near-copies-{VERSION}.jsonl"


class NearCopy(NamedTuple):
    """A validation picture and the training picture that it is a near copy of: positions, and how their thumbnails correlate."""

    valid: int
    train: int
    alike: float


def near_copies(train: Pictures, valid: Pictures) -> list[NearCopy]:
    """Validation pictures of which the training part holds almost the same.

    Saved again, made smaller, lit anew, mirrored, or the next frame of a film or a burst. Parts that were cut off by more than
    a few per cent, and other shots of the same scene, are not found. What was found is remembered.

    Parameters
    ----------
    train, valid : Pictures

    Returns
    -------
    list of NearCopy
        For each such picture the training picture most like it; the most alike first.
    """
    there, here = thumbnails(train), thumbnails(valid)
    key = hashlib.sha256(there.tobytes() + b"|" + here.tobytes()).hexdigest()
    memory = Memory(MEMORY, _sound)
    if key not in memory.known:
        with memory.adding() as add:
            add(key, _found(there, here))
    return memory.known[key]


def _sound(pairs):
    return [NearCopy(int(valid), int(train), float(alike)) for valid, train, alike in pairs]


def thumbnails(held: Pictures) -> np.ndarray:
    """As the check kept them, uint8, shape (n, SIDE, SIDE); of pictures that came another way they are looked up."""
    if held.thumbnails is not None:
        return held.thumbnails.reshape(-1, SIDE, SIDE)
    kept = b"".join(one.thumbnail for one in pictures.check(held.paths))
    return np.frombuffer(kept, np.uint8).reshape(-1, SIDE, SIDE)


def _found(there, here):
    """Each picture against those that are roughly like it, as they are or mirrored."""
    there = _smooth(np.concatenate([there, there[:, :, ::-1]]))
    here, best = _smooth(here), {}
    for position, asked in _worth_a_look(there, here).items():
        for i, alike in zip(asked, _alike(there[position], here[asked])):
            if alike >= ALIKE and alike > best.get(i, (0, 0))[0]:
                best[i] = float(alike), position % (len(there) // 2)
    return sorted(((int(i), train, alike) for i, (alike, train) in best.items()), key=lambda pair: (-pair[2], pair[0]))


def _worth_a_look(there, here, at_once=256):
    """Positions in `here` by the position in `there` that they are to be compared with."""
    asked, rows = defaultdict(list), _unit(there.reshape(len(there), -1)).T
    for start in range(0, len(here), at_once):
        alike = _unit(here[start : start + at_once].reshape(-1, SIDE * SIDE)) @ rows
        most = np.argpartition(-alike, min(CLOSELY, len(there)) - 1, 1)[:, :CLOSELY] if len(there) else alike.astype(int)
        for i, positions in enumerate(most):
            for position in positions[alike[i, positions] >= ROUGHLY]:
                asked[int(position)].append(start + i)
    return asked


def _alike(one, others):
    """How one thumbnail correlates with the middles of others, where it fits them best; 0 where only the light is the same."""
    windows, middles = _windows(one), others[:, REACH:-REACH, REACH:-REACH].reshape(len(others), -1)
    fits = _unit(middles) @ _unit(windows).T
    where = fits.argmax(1)
    detail = (_unit(_unlit(middles)) * _unit(_unlit(windows[where]))).sum(1)
    return np.where(detail >= DETAIL, fits.max(1), 0)


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


def _unlit(rows):
    """Without the quadratic surface that fits each best."""
    y, x = np.mgrid[-1 : 1 : 1j * rows.shape[1] ** 0.5, -1 : 1 : 1j * rows.shape[1] ** 0.5].reshape(2, -1)
    surface, _ = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1))
    return rows - (rows @ surface) @ surface.T


def _unit(rows):
    """Each of mean 0 and length 1."""
    rows = rows - rows.mean(1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
