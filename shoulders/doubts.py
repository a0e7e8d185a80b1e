"""What in a folder deserves a second look: near copies across its parts, and labels that the other pictures contradict."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from shoulders import heads, pictures
from shoulders.datasets import Pictures
from shoulders.features import Features
from shoulders.progress import track

SIDE, ALIKE, COSINE = 16, 0.98, 0.4
"""Two pictures are near copies where their grey thumbnails of SIDE × SIDE pixels correlate by ALIKE and their features' cosine is
COSINE or more.

Measured with efficientnet_lite0 on nine sets. Of 555,690 pairs of different pictures none came above 0.970 (two moles on plain
skin; hands before one wall 0.93, other photographs and felt 0.88). Of 40 training pictures of each of four sets, saved again:
JPEG of quality 30 is found in 160 of 160, grey in 160, mirrored in 159, half the size, lighter, and of quality 50 in 155,
a quarter of the size in 152, a third lighter in 139, with 2 % cut off at each side in 103, with 5 % in 16.
The network alone would not do: hands of different people reach a cosine of 0.96, and a picture at a quarter of its size keeps
one of 0.5. Thumbnails alone would do on these sets: the cosine is for plain pictures, which share little but a gradient."""

FOLDS = 5


class NearCopy(NamedTuple):
    """A validation picture and the training picture that it is a near copy of: positions, and how their thumbnails correlate."""

    valid: int
    train: int
    alike: float


class Doubt(NamedTuple):
    """A picture whose label is contradicted: its position, the class that it looks like, and the probability of that class."""

    position: int
    instead: int
    probability: float


def near_copies(train: Features, valid: Features, layer: str = "hidden") -> list[NearCopy]:
    """Validation pictures of which the training part holds almost the same: saved again, made smaller, lit anew, or mirrored.

    Parts that were cut off by more than a few per cent, and other shots of the same scene, are not found.

    Parameters
    ----------
    train, valid : Features
    layer : str

    Returns
    -------
    list of NearCopy
        For each such picture the training picture most like it; the most alike first.

    Raises
    ------
    shoulders.pictures.PictureError
        For a picture that has gone or changed.
    """
    there, here = (_thumbnails(part.pictures) for part in (train, valid))
    mirrored = there.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(there.shape)
    directions, found = _unit(train[layer]).T, []
    for i, (small, said) in enumerate(zip(here, _unit(valid[layer]))):
        alike = np.maximum(there @ small, mirrored @ small) * (said @ directions >= COSINE)
        found.append(NearCopy(i, int(alike.argmax()), float(alike.max())))
    return sorted((pair for pair in found if pair.alike >= ALIKE), key=lambda pair: -pair.alike)


def _thumbnails(held: Pictures) -> np.ndarray:
    """Small and grey, each of mean 0 and length 1, shape (n, SIDE²)."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        small = pool.map(_thumbnail, held.paths, held.digests)
        return _unit(np.stack(list(track(small, len(held), "Looking for near copies"))))


def _thumbnail(path, digest):
    image = pictures.read(pictures.stream(path, digest), at_least=4 * SIDE).convert("L")
    values = np.asarray(image.resize((SIDE, SIDE), pictures.Image.Resampling.BILINEAR), np.float32).ravel()
    return values - values.mean()


def _unit(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def out_of_fold(train: Features, layer: str = "hidden", head: str = "logistic_regression", seed: int = 0) -> np.ndarray:
    """What heads that did not see a training picture say of it, shape (n, classes).

    Copies of one file are in one fold. nan where the other folds hold no picture of its class, or of only one class.

    Parameters
    ----------
    train : Features
    layer, head : str
    seed : int
        Of the folds, and of the heads.
    """
    rows, labels, digests = train[layer], train.labels, np.array(train.pictures.digests)
    found = np.full((len(labels), len(train.pictures.classes)), np.nan)
    for others, asked in track(_folds(labels, digests, seed), FOLDS, "Doubting labels", "folds"):
        known = np.unique(labels[others])
        if len(known) > 1:
            asked = asked[np.isin(labels[asked], known)]
            found[asked] = 0
            if len(asked):
                fitted = heads.fit(head, rows[others], labels[others], seed)
                found[np.ix_(asked, known)] = heads.probabilities(fitted, rows[asked])
    return found


def _folds(labels, digests, seed):
    from sklearn.model_selection import StratifiedGroupKFold

    most = max(len(set(digests[labels == c])) for c in np.unique(labels))
    if most < 2:
        return []
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of classes with fewer pictures than there are folds
        folds = StratifiedGroupKFold(min(FOLDS, most), shuffle=True, random_state=seed)
        return list(folds.split(labels, labels, digests))


def right_out_of_fold(probabilities: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """How many of those that `out_of_fold` could judge are named rightly, and how many these are."""
    judged = ~np.isnan(probabilities[:, 0])
    return int((probabilities[judged].argmax(1) == labels[judged]).sum()), int(judged.sum())


def wrong_labels(probabilities: np.ndarray, labels: np.ndarray) -> list[Doubt]:
    """The labels that are confidently contradicted, the most confidently first.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (n, classes)
        As `out_of_fold` gives them; rows of nan are not judged.
    labels : numpy.ndarray of int, shape (n,)

    Notes
    -----
    Confident learning: Northcutt, Jiang, Chuang 2021, Journal of Artificial Intelligence Research 70. A label is contradicted
    where another class is the likeliest, and is as likely as it is, on average, for the pictures that bear its name.

    Measured with efficientnet_lite0, on labels of which 5 % were changed on purpose: 132 of 164 are found on six sets that the
    network tells apart well, among 137 that are named; on moles 26 of 40 among 89, on six classes of sketches, sixteen pictures
    each, 5 of 8 among 43.
    """
    sure = [_mean(probabilities[labels == c, c]) for c in range(probabilities.shape[1])]
    found = []
    for i in np.flatnonzero(~np.isnan(probabilities[:, 0])):
        instead = int(probabilities[i].argmax())
        if instead != labels[i] and probabilities[i, instead] >= sure[instead]:
            found.append(Doubt(int(i), instead, float(probabilities[i, instead])))
    return sorted(found, key=lambda doubt: probabilities[doubt.position, labels[doubt.position]] - doubt.probability)


def _mean(values):
    """Of those that were judged; nothing is as sure as a class of which none was."""
    judged = values[~np.isnan(values)]
    return judged.mean() if len(judged) else np.inf
