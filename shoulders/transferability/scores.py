"""Scores that foretell which giant will do best at a question, before anything is trained: from features and labels alone.

A higher score promises more. Of different questions, or of features of another kind, scores are not comparable; of several giants
at one question they are.
"""

from __future__ import annotations

import numpy as np

from shoulders.support.errors import CourseError

STEPS, CLOSE = 1000, 1e-12
"""Of LogME's search: at most so many steps, until the evidence changes by less than this share."""


SMALL = 1e-6
"""Where features differ by less than this share of the most, it is rounding: the H-score leaves such directions out."""


class TransferError(CourseError):
    """A score cannot be computed; the message says what it needs."""


def logme(features: np.ndarray, labels: np.ndarray) -> float:
    """How probable the labels are if they are a linear function of the features, whatever function: the log evidence.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    labels : numpy.ndarray of int, shape (n,)
        At least two classes.

    Returns
    -------
    float
        For a picture and a class on average; each class against all others is a question of its own.

    Raises
    ------
    TransferError
        For a single class, or features that are not finite.

    Notes
    -----
    You, Liu, Wang, Long 2021, arXiv 2102.11005. The noise and the prior of the weights are those that make the labels most
    probable, by MacKay's fixed point: of a function that explains nothing the evidence has no maximum, and the search stops.
    """
    labels = _need_sense(features, labels)
    left, singular, _ = np.linalg.svd(features.astype(float), full_matrices=False)
    targets = labels[:, None] == np.unique(labels)
    return float(np.mean([_evidence(left, singular**2, target.astype(float), features.shape[1]) for target in targets.T]))


def _evidence(left, variances, target, d):
    """The largest log evidence of one target, for a picture; shapes (n, k), (k,), (n,)."""
    n, along = len(target), (left.T @ target) ** 2
    beyond, alpha, beta, last = max(target @ target - along.sum(), 0.0), 1.0, 1.0, -np.inf
    for _ in range(STEPS):
        weights = variances * along / (variances + alpha / beta) ** 2  # the squared length of the weights
        length, error = weights.sum(), (along / (1 + variances * beta / alpha) ** 2).sum() + beyond
        evidence = (
            n * np.log(beta / (2 * np.pi)) + d * np.log(alpha) - beta * error - alpha * length
            - np.log(alpha + beta * variances).sum() - (d - len(variances)) * np.log(alpha)
        ) / 2  # fmt: skip
        if abs(evidence - last) <= CLOSE * abs(evidence):
            break
        last, used = evidence, (beta * variances / (alpha + beta * variances)).sum()
        alpha, beta = used / max(length, 1e-300), (n - used) / max(error, 1e-300)
    return evidence / n


def h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """How much of the features' spread lies between the classes: from 0 to the number of classes less one.

    Parameters
    ----------
    features, labels
        As for `logme`. With fewer pictures than features the score is near its largest whatever they are: take more pictures.

    Raises
    ------
    TransferError

    Notes
    -----
    Bao, Li, Huang, Zhang, Zheng, Zamir, Guibas 2019, IEEE ICIP, equation 4.

    Examples
    --------
    >>> features, labels = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 0, 1, 1])
    >>> round(h_score(features, labels), 3)  # all of the spread lies between the two classes
    1.0
    >>> round(h_score(features, np.array([0, 1, 0, 1])), 3)  # none does
    0.0
    """
    labels = _need_sense(features, labels)
    rows = features.astype(float) - features.mean(0, dtype=float)
    left, singular, _ = np.linalg.svd(rows, full_matrices=False)
    kept = left[:, singular > SMALL * singular.max()]  # of what is left, scales do not count
    return float(sum((kept[labels == c].sum(0) ** 2).sum() / (labels == c).sum() for c in np.unique(labels)))


def leep(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """How well the network's own answers foretell the labels: what it names on average, at most 0.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (n, own classes)
        Of the classes that the network was trained on; each row adds up to 1.
    labels : numpy.ndarray of int, shape (n,)

    Raises
    ------
    TransferError
        For a single class, and for rows that are no probabilities.

    Notes
    -----
    Nguyen, Hassner, Seeger, Archambeau 2020, arXiv 2002.12462: the mean log likelihood of the classifier that takes an own class
    as the network draws it, and a label as it goes with that class among these pictures.
    """
    labels, rows = _need_sense(probabilities, labels), probabilities.astype(float)
    if (rows < 0).any() or not np.allclose(rows.sum(1), 1, atol=1e-3):
        raise TransferError("LEEP needs probabilities: rows that add up to 1 and are not negative (layer `classes`, softmax).")
    together = np.stack([rows[labels == c].sum(0) for c in np.unique(labels)])  # classes × own classes
    given = together / np.maximum(together.sum(0), 1e-300)
    places = np.unique(labels, return_inverse=True)[1]
    return float(np.log(np.maximum((given[places] * rows).sum(1), 1e-300)).mean())


def nearest_mean(features: np.ndarray, labels: np.ndarray) -> float:
    """The share of pictures that lie nearest to the mean of their own class, each left out of that mean; by the angle.

    Parameters
    ----------
    features, labels
        As for `logme`. A class with one picture has no mean without it: its picture counts as wrong.

    Raises
    ------
    TransferError
    """
    labels = _need_sense(features, labels)
    classes, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rows = _unit(features.astype(float))
    sums = np.stack([rows[labels == c].sum(0) for c in classes])
    near = rows @ _unit(sums).T
    own = np.arange(len(rows)), places
    near[own] = np.where(counts[places] > 1, (rows * _unit(sums[places] - rows)).sum(1), -np.inf)
    return float((near.argmax(1) == places).mean())


def probe(features: np.ndarray, labels: np.ndarray) -> float:
    """The share of pictures that a ridge regression on all others names rightly: leave one out, in closed form.

    Parameters
    ----------
    features, labels
        As for `logme`.

    Raises
    ------
    TransferError

    Notes
    -----
    The residual of a picture that was left out is its residual divided by one less its leverage (Allen 1974, Technometrics 16).
    The strength is that of `shoulders.heads.ridge`, chosen by the same residuals.
    """
    labels = _need_sense(features, labels)
    from shoulders import heads

    classes, places = np.unique(labels, return_inverse=True)
    fitted = heads.fit("ridge", features, labels)
    rows = fitted[:-1].transform(features.astype(float))
    rows = rows - rows.mean(0)
    targets = 2.0 * np.eye(len(classes))[places] - 1
    left, singular, _ = np.linalg.svd(rows, full_matrices=False)
    kept = left * (singular**2 / (singular**2 + fitted[-1].alpha))
    leverage = (kept * left).sum(1) + 1 / len(rows)
    residuals = targets - targets.mean(0) - kept @ (left.T @ targets)
    return float(((targets - residuals / (1 - leverage)[:, None]).argmax(1) == places).mean())


SCORES = {"logme": logme, "h_score": h_score, "nearest_mean": nearest_mean, "probe": probe}
"""Those that need features alone; `leep` needs the network's own answers."""


def _unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-300)


def _need_sense(rows, labels):
    labels = np.asarray(labels)
    if rows.ndim != 2 or labels.shape != rows.shape[:1]:
        raise TransferError(f"Rows of shape {rows.shape} and labels of shape {labels.shape} do not fit: give (n, d) and (n,).")
    if not np.isfinite(rows).all():
        raise TransferError("Some features are not finite: the weights are damaged (get them again), or it is another transform.")
    if len(np.unique(labels)) < 2:
        raise TransferError("A score needs pictures of at least two classes: draw more pictures.")
    return labels
