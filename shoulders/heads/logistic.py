"""Logistic regression on few pictures and many features: Newton's method in the space of the pictures.

The weights that minimise a penalised loss are sums of the training rows (Kimeldorf & Wahba 1971), so with n rows of d
features there are n unknowns to find, not d. All strengths are solved side by side. scikit-learn's solver walks through
the d features instead and ends at the same place; the tests compare the two.
"""

from __future__ import annotations

import numpy as np

SHRUNK_BY = 50
"""The mean variance of all features counts as much as each feature's own on so many pictures (`bench/heads.py`)."""

STRENGTHS = np.logspace(-4, 2, 7)
"""Among these the strength is chosen: scikit-learn's C, the larger the closer the fit to the training rows."""

_STEPS, _TOLERANCE = 100, 1e-5  # Newton's method doubles the digits in a step: after one that brings so little, nothing is left


def unit(features: np.ndarray) -> np.ndarray:
    """Each row divided by its length, as scikit-learn's Normalizer does it: what is left is the mixture of the features.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
        A row of zeros stays one.

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    return features / _lengths(features)[:, None]


def _lengths(features):
    lengths = np.sqrt(np.einsum("ij,ij->i", features, features))
    return np.where(lengths > 0, lengths, 1)


def scale(features: np.ndarray, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread by which features are brought to one scale, each of shape (d,).

    The variance of each feature is drawn towards the mean variance of all, the more so the fewer the pictures. A picture of
    each class does not count: of one picture a class, a feature's variance is nothing but the difference of the classes,
    and to divide by it would undo what tells them apart. All features then have the same spread.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    classes : int
        At most n.
    """
    mean, variance, known = features.mean(0), features.var(0), len(features) - classes
    drawn = (known * variance + SHRUNK_BY * variance.mean()) / (known + SHRUNK_BY)
    return mean, np.sqrt(np.where(drawn > 0, drawn, 1))


def fit(features: np.ndarray, labels: np.ndarray, strengths: np.ndarray = STRENGTHS):
    """Fit on rows of length one, brought to one scale, with the strength whose mean log loss on rows left out is least.

    Each row is left out once, alone.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    labels : numpy.ndarray, shape (n,)
        0 or 1, both of them.
    strengths : numpy.ndarray, shape (k,)

    Returns
    -------
    mean, spread, weights : numpy.ndarray, shape (d,)
        Mean and spread of the rows of length one.
    intercept, strength : float
    """
    rows = unit(features)
    mean, spread = scale(rows)
    rows = (rows - mean) / spread
    gram = rows @ rows.T
    a, b = solve(gram, labels, strengths)
    best = loss(left_out(gram, labels, strengths, a, b), labels).argmin()
    return mean, spread, a[best] @ rows, float(b[best]), float(strengths[best])


def solve(gram: np.ndarray, labels: np.ndarray, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minimise ``C · Σ log(1 + exp(-y f)) + |w|² / 2`` for every C at once, where ``f = gram @ a + b`` and w = rowsᵀ a.

    Parameters
    ----------
    gram : numpy.ndarray, shape (n, n)
        Products of the scaled rows with each other.
    labels : numpy.ndarray, shape (n,)
        0 or 1.
    strengths : numpy.ndarray, shape (k,)
        scikit-learn's C.

    Returns
    -------
    a : numpy.ndarray, shape (k, n)
    b : numpy.ndarray, shape (k,)

    Notes
    -----
    Iteratively reweighted least squares (Rasmussen & Williams 2006, section 3.4), with the intercept left unpenalised. A
    step that makes things worse is halved.
    """
    a, b = np.zeros((len(strengths), len(labels))), np.zeros(len(strengths))
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


def left_out(gram, labels, strengths, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The score of each row by the fit to all other rows, as near as one step of Newton's method comes to it.

    Parameters
    ----------
    gram, labels, strengths
        As for `solve`.
    a, b : numpy.ndarray
        What `solve` returned.

    Returns
    -------
    numpy.ndarray, shape (k, n)

    Notes
    -----
    Approximate leave-one-out (Rad & Maleki 2020, arXiv 1801.10243): of the least squares that the loss is like at its
    minimum, leaving a row out has a closed form. Ridge regression's is exact.
    """
    return np.stack([_left_out(gram, *of) for of in zip(*_least_squares(gram, labels, strengths, a, b))])


def _left_out(gram, target, spread):
    inverse = _solved(gram, spread, np.eye(len(gram)))
    ones = inverse.sum(1)
    inverse -= np.outer(ones, ones) / ones.sum()  # the intercept is fitted, too
    return target - inverse @ target / inverse.diagonal()


def _least_squares(gram, labels, strengths, a, b):
    """What the loss is like about these scores: targets for them, and how far each may stay from its own; both (k, n)."""
    from scipy.special import expit

    f = a @ gram + b[:, None]
    p = expit(f)
    curvature = np.maximum(p * (1 - p), 1e-14)
    return f + (labels - p) / curvature, 1 / (strengths[:, None] * curvature)


def _newton(gram, labels, strengths, a, b):
    """Where Newton's method would go next."""
    target, spread = _least_squares(gram, labels, strengths, a, b)
    sides = np.stack([target, np.ones_like(target)], 2)
    both = np.stack([_solved(gram, *of) for of in zip(spread, sides)])
    to_b = both[:, :, 0].sum(1) / both[:, :, 1].sum(1)
    return both[:, :, 0] - to_b[:, None] * both[:, :, 1], to_b


def _solved(gram, spread, sides):
    """x of (gram + spread on the diagonal) x = sides: by Cholesky, half the work of numpy's solve."""
    from scipy.linalg.lapack import dposv

    matrix = gram.copy()
    matrix.flat[:: len(spread) + 1] += spread
    return dposv(matrix.T, sides, lower=True, overwrite_a=True)[1]  # symmetric: .T spares a copy


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
