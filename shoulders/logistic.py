"""Logistic regression on few pictures and many features: Newton's method in the space of the pictures.

The weights that minimise a penalised loss are sums of the training rows (Kimeldorf & Wahba 1971), so with n rows of d
features there are n unknowns to find, not d. All strengths are solved side by side. scikit-learn's solver walks through
the d features instead and ends at the same place; the tests compare the two.
"""

from __future__ import annotations

import numpy as np

SHRUNK_BY = 10
"""As many pictures' worth of trust in the mean variance of all features as in each feature's own."""

STRENGTHS = np.logspace(-4, 2, 7)
"""Among these the strength is chosen: scikit-learn's C, the larger the closer the fit to the training rows."""

_STEPS = 100
_ROUGHLY = 1e-3  # to tell strengths apart that lie a factor of ten apart


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

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
    labels : numpy.ndarray, shape (n,)
        0 or 1, both of them.
    folds : sequence of (numpy.ndarray, numpy.ndarray)
        Rows to learn from and rows to judge by. Not asked for where there is one strength only.
    strengths : numpy.ndarray, shape (k,)

    Returns
    -------
    mean, spread, weights : numpy.ndarray, shape (d,)
    intercept, strength : float
    """
    mean, spread = scale(features)
    rows = (features - mean) / spread
    a, b = solve(rows @ rows.T, labels, strengths)
    best = 0
    if len(strengths) > 1:
        best = int(np.mean([_judged(features, labels, strengths, *fold, (a, b)) for fold in folds], 0).argmin())
    return mean, spread, a[best] @ rows, float(b[best]), float(strengths[best])


def _judged(features, labels, strengths, learn, judge, whole):
    """Mean log loss on the rows `judge` of what the rows `learn` teach, for each strength; `whole` is what all rows taught."""
    mean, spread = scale(features[learn])
    rows = (features - mean) / spread
    learnt = rows[learn]
    a, b = solve(learnt @ learnt.T, labels[learn], strengths, (whole[0][:, learn], whole[1]), _ROUGHLY)
    return loss(a @ learnt @ rows[judge].T + b[:, None], labels[judge])


def solve(gram, labels, strengths, start=None, tolerance: float = 1e-5) -> tuple[np.ndarray, np.ndarray]:
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
    tolerance : float
        Done after a step that gains less than this share of the value: Newton's method doubles the digits in a step, so what
        is left to gain is far less.

    Returns
    -------
    a : numpy.ndarray, shape (k, n)
    b : numpy.ndarray, shape (k,)

    Notes
    -----
    Iteratively reweighted least squares (Rasmussen & Williams 2006, section 3.4), with the intercept left unpenalised. A
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
        going = going[better > tolerance * np.abs(new)]  # relative: where C is small, so is the value
        if not len(going):
            break
    return a, b


def _newton(gram, labels, strengths, a, b):
    """Where Newton's method would go next: the least squares that the loss is like, about these scores."""
    from scipy.special import expit

    f = a @ gram + b[:, None]
    p = expit(f)
    curvature = np.maximum(p * (1 - p), 1e-14)
    target, spread = f + (labels - p) / curvature, 1 / (strengths[:, None] * curvature)
    both = np.stack([_solved(gram, *sides) for sides in zip(spread, target)])
    to_b = both[:, :, 0].sum(1) / both[:, :, 1].sum(1)
    return both[:, :, 0] - to_b[:, None] * both[:, :, 1], to_b


def _solved(gram, spread, target):
    """(gram + spread) x = target, and = 1, with the spread on the diagonal: by Cholesky, half the work of numpy's solve."""
    from scipy.linalg.lapack import dposv

    matrix = gram.copy()
    matrix.flat[:: len(target) + 1] += spread
    return dposv(matrix.T, np.stack([target, np.ones_like(target)], 1), lower=True, overwrite_a=True)[1]  # .T spares a copy


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
