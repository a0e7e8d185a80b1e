"""Logistic regression on few pictures and many features: Newton's method in the space of the pictures.

The weights that minimise a penalised loss are sums of the training rows (Kimeldorf & Wahba 1971), so with n rows of d
features there are n unknowns to find, not d. All strengths are solved side by side. scikit-learn's solver walks through
the d features instead and ends at the same place; the tests compare the two.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

SHRUNK_BY = 10
"""As many pictures' worth of trust in the mean variance of all features as in each feature's own."""

STRENGTHS = np.logspace(-4, 2, 7)
"""Among these the strength is chosen: scikit-learn's C, the larger the closer the fit to the training rows."""

_STEPS, _TOLERANCE = 100, 1e-5  # Newton's method doubles the digits in a step: after one that brings so little, nothing is left


def scale(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread by which features are brought to one scale, each of shape (d,).

    The variance of each feature is drawn towards the mean variance of all: of two pictures, a feature's own says little.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    """
    mean, variance = features.mean(0), features.var(0)
    drawn = (len(features) * variance + SHRUNK_BY * variance.mean()) / (len(features) + SHRUNK_BY)
    return mean, np.sqrt(np.where(drawn > 0, drawn, 1))


def fit(features: np.ndarray, labels: np.ndarray, folds, strengths: np.ndarray = STRENGTHS):
    """Fit on standardised features, with the strength whose mean log loss over the folds is least.

    The search begins with three strengths around 1e-2 and goes on, up or down, for as long as the log loss falls: on either
    side of the best strength it rises, and the largest strengths take the longest to solve.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    labels : numpy.ndarray, shape (n,)
        0 or 1, both of them.
    folds : sequence of (numpy.ndarray, numpy.ndarray)
        Rows to learn from and rows to judge by. Not asked for where there is one strength only.
    strengths : numpy.ndarray, shape (k,)
        In rising order.

    Returns
    -------
    mean, spread, weights : numpy.ndarray, shape (d,)
    intercept, strength : float
    """
    mean, spread = scale(features)
    rows = (features - mean) / spread
    gram = rows @ rows.T
    if len(strengths) == 1:
        (a,), (b,) = solve(gram, labels, strengths)
        return mean, spread, a @ rows, float(b), float(strengths[0])
    best, (a, b) = _chosen(gram, features, labels, list(folds), strengths)
    return mean, spread, a @ rows, float(b), float(strengths[best])


def _chosen(gram, features, labels, folds, strengths):
    """The number of the best strength, and what all rows teach with it."""
    taught, losses = {}, {}
    middle = int(np.abs(np.log(strengths / 1e-2)).argmin())
    untried = [middle - 1, middle, middle + 1]
    with ThreadPoolExecutor(2) as pool:  # the sums let other threads run
        parts = list(pool.map(lambda fold: _part(features, labels, *fold), folds))
        while untried := [i for i in untried if 0 <= i < len(strengths) and i not in losses]:
            a, b = solve(gram, labels, strengths[untried])
            judged = [pool.submit(_judged, *part, strengths[untried], a, b) for part in parts]
            losses.update(zip(untried, np.mean([part.result() for part in judged], 0)))
            taught.update(zip(untried, zip(a, b)))
            best = min(losses, key=losses.get)
            untried = [best - 1, best + 1]
    return best, taught[best]


def _part(features, labels, learn, judge):
    """What a fold needs: products of its rows with each other and with those that it is judged by; labels; which rows."""
    mean, spread = scale(features[learn])
    rows = (features - mean) / spread
    return rows[learn] @ rows[learn].T, rows[learn] @ rows[judge].T, labels[learn], labels[judge], learn


def _judged(gram, across, labels, asked, learn, strengths, a, b):
    """Mean log loss of a fold for each strength, setting out from the `a` and `b` that all rows taught."""
    a, b = solve(gram, labels, strengths, (a[:, learn], b))
    return loss(a @ across + b[:, None], asked)


def solve(gram: np.ndarray, labels: np.ndarray, strengths: np.ndarray, start=None) -> tuple[np.ndarray, np.ndarray]:
    """Minimise ``C · Σ log(1 + exp(-y f)) + |w|² / 2`` for every C at once, where ``f = gram @ a + b`` and w = rowsᵀ a.

    Parameters
    ----------
    gram : numpy.ndarray, shape (n, n)
        Products of the scaled rows with each other.
    labels : numpy.ndarray, shape (n,)
        0 or 1.
    strengths : numpy.ndarray, shape (k,)
        scikit-learn's C.
    start : (numpy.ndarray, numpy.ndarray), optional
        An `a` and a `b` to set out from: the nearer to the end, the fewer steps. Default: zeros.

    Returns
    -------
    a : numpy.ndarray, shape (k, n)
    b : numpy.ndarray, shape (k,)

    Notes
    -----
    Iteratively reweighted least squares (Rasmussen & Williams 2006, algorithm 3.1), with the intercept left unpenalised. A
    step that makes things worse is halved.
    """
    a, b = start or (np.zeros((len(strengths), len(labels))), np.zeros(len(strengths)))
    a, b = a.copy(), b.copy()
    value = _value(gram, labels, strengths, a, b)
    going = np.arange(len(strengths))
    for _ in range(_STEPS):
        to_a, to_b = _newton(gram, labels, strengths[going], a[going], b[going])
        a[going], b[going], new = _walk(gram, labels, strengths[going], a[going], b[going], to_a, to_b, value[going])
        better = value[going] - new
        value[going] = new
        going = going[better > _TOLERANCE * np.abs(new)]  # relative: where C is small, so is the value
        if not len(going):
            break
    return a, b


def _newton(gram, labels, strengths, a, b):
    """Where Newton's method would go next."""
    f = a @ gram + b[:, None]
    p = np.exp(-np.logaddexp(0, -f))
    root = np.sqrt(np.maximum(strengths[:, None] * p * (1 - p), 1e-12))
    target = root * f + strengths[:, None] * (labels - p) / root
    both = np.stack([_solved(gram, *sides) for sides in zip(root, target)]) * root[:, :, None]
    to_b = both[:, :, 0].sum(1) / both[:, :, 1].sum(1)
    return both[:, :, 0] - to_b[:, None] * both[:, :, 1], to_b


def _solved(gram, root, target):
    """(1 + root · gram · root) x = target, and = root: by Cholesky, which is half the work of numpy's solve."""
    from scipy.linalg.lapack import dposv

    matrix = gram * root[:, None]
    matrix *= root
    matrix.flat[:: len(root) + 1] += 1
    return dposv(matrix.T, np.stack([target, root], 1), lower=True, overwrite_a=True)[1]  # symmetric: .T spares a copy


def _walk(gram, labels, strengths, a, b, to_a, to_b, value):
    """Go there, or half as far as often as needed; returns the new place and its value."""
    share = np.ones(len(strengths))
    for _ in range(30):
        new_a, new_b = a + share[:, None] * (to_a - a), b + share * (to_b - b)
        new = _value(gram, labels, strengths, new_a, new_b)
        worse = ~(new <= value + 1e-12 * np.abs(value))
        if not worse.any():
            return new_a, new_b, new
        share[worse] /= 2
    return np.where(worse[:, None], a, new_a), np.where(worse, b, new_b), np.where(worse, value, new)


def _value(gram, labels, strengths, a, b):
    product = a @ gram
    return strengths * loss(product + b[:, None], labels) * len(labels) + (product * a).sum(1) / 2


def loss(f: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean log loss of scores f, shape (…, n), for labels 0 or 1."""
    return np.logaddexp(0, np.where(labels, -f, f)).mean(-1)
