"""A second giant beside a classifier: one learned weight on its scores, for classes with pictures or clips and for those without.

The first giant's classifier has been taught with examples and says how likely each class is that it has met. The second has
been taught with none of them, knows something else about all classes (how a word sounds, what a thing is called), and gives each
a score. Their sum, the score times a weight, is the answer: a product of experts (Hinton 2002, Neural Computation 14) with one
number learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoulders import heads
from shoulders.heads.arrays import HeadError, one_picture_is_enough
from shoulders.heads.certainty import dealt

USUAL = 0.42
"""The weight where no example can be left out to find it. It comes from other words, English digits of six speakers, and is for
log probabilities of phoneme strings (`studio/second_giant.py` finds it again); other scores want another one."""

_SPREAD = 1.0  # how far a weight may lie from `USUAL`, as the standard deviation of its logarithm, before left-out examples speak


@dataclass(frozen=True)
class Second:
    """What was learnt for the second giant.

    Attributes
    ----------
    weight : float
        Of its scores beside the classifier's log probabilities.
    alone : float
        Of its scores where it decides alone.
    met : numpy.ndarray of int, shape (k,)
        The classes, as columns of the scores, that the classifier has met; its columns in their order.
    """

    weight: float
    alone: float
    met: np.ndarray


def learn(told: np.ndarray, met: np.ndarray, labels: np.ndarray, scores: np.ndarray, usual: float = USUAL) -> Second:
    """Find the second giant's weights on the classifier's training examples.

    Parameters
    ----------
    told : numpy.ndarray, shape (n, k)
        The classifier's log probabilities of examples that it was not taught with, as `left_out` gives them.
    met : numpy.ndarray of int, shape (k,)
        Which classes these are: ``fitted[-1].classes_``.
    labels : numpy.ndarray of int, shape (n,)
        Of all classes: columns of `scores`.
    scores : numpy.ndarray, shape (n, classes)
        The second giant's. It was taught with none of these examples, so none has to be left out for it.
    usual : float
        The weight where each class has one example, so that none could be left out; with more it is what they start from.

    Raises
    ------
    shoulders.heads.HeadError
    """
    labels, met = np.asarray(labels), np.asarray(met)
    _need_scores(scores, len(labels))
    known = ~np.isnan(told).any(1)
    beside = weight(told[known], scores[known][:, met], np.searchsorted(met, labels[known]), usual)
    return Second(beside, weight(np.zeros(scores.shape), scores, labels, usual), met)


def _need_scores(scores, n):
    if scores.ndim != 2 or len(scores) != n:
        raise HeadError(f"The second giant's scores have the shape {scores.shape}: give a row for each of the {n} examples.")
    if not np.isfinite(scores).all():
        raise HeadError("Some of the second giant's scores are no numbers: give a low one where it has nothing to say.")


def left_out(head: str, fitted, features: np.ndarray, labels: np.ndarray, groups=None, most: int = 4) -> np.ndarray:
    """What a classifier says of each training example that it was not taught with: of each fold by one taught with all others.

    Parameters
    ----------
    head : str
    fitted : sklearn.pipeline.Pipeline
        What `shoulders.heads.fit` made of all these features and labels. A logistic regression's strength is taken from it, for
        choosing it again in each fold would take most of the time.
    groups : sequence of str, optional
        What must not be on both sides, such as each clip's voice: whole groups are then left out. Give them where the classifier
        will be asked about groups that are new to it; else it is taken to be as good with them as with those that it knows.
    most : int
        Folds; there are no more of them than groups, or than the smallest class of several examples has.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Log probabilities of the k classes that `labels` holds; ``-inf`` for a class without an example outside the fold, and a
        row of nan for an example of such a class.
    """
    folds, classes = _folds(labels, groups, most), fitted[-1].classes_
    told = np.full((len(labels), len(classes)), np.nan)
    for fold in range(folds.max() + 1):
        out = folds == fold
        met = np.isin(classes, labels[~out])
        rows = out & np.isin(labels, classes[met])
        if met.sum() > 1 and rows.any():
            told[rows] = -np.inf
            told[np.ix_(rows, met)] = logarithm(_answers(head, fitted, features[~out], labels[~out], features[rows]))
    return told


def _folds(labels, groups, most):
    if groups is None:
        return dealt(labels, most)
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    return places % min(most, len(names)) if len(names) > 1 else np.full(len(labels), -1)


def _answers(head, fitted, features, labels, asked):
    if head != "logistic_regression":
        return heads.answers(head, features, labels, asked)[0]
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    alike = make_pipeline(*heads.scalers(), LogisticRegression(C=fitted[-1].C, max_iter=10_000))
    with one_picture_is_enough():
        return alike.fit(features.astype(float), labels).predict_proba(asked)


def logarithm(probabilities: np.ndarray) -> np.ndarray:
    """Of probabilities, none taken for less than one in a million million: what is impossible to one giant is not to both."""
    return np.log(np.maximum(probabilities, 1e-12))


def weight(told: np.ndarray, scores: np.ndarray, right: np.ndarray, usual: float = USUAL) -> float:
    """By what to multiply the second giant's scores before they are added to what the first said: the likeliest weight.

    Parameters
    ----------
    told : numpy.ndarray, shape (n, k)
        Log probabilities of examples that the classifier was not taught with; zeros where it says nothing.
    scores : numpy.ndarray, shape (n, k)
    right : numpy.ndarray of int, shape (n,)
        The column of each one's class.
    usual : float
        What the weight is where no example says anything. The logarithm of the weight has a normal prior about its logarithm.

    Notes
    -----
    As in `shoulders.heads.certainty.sharpness`, and for its reason: where all of few left-out examples are told rightly, the
    least log loss lies at infinity, or at zero.
    """
    from scipy.optimize import minimize_scalar

    def misfit(distance):
        rows = told + usual * np.exp(distance) * scores
        return -normalised(rows)[np.arange(len(right)), right].sum() + (distance / _SPREAD) ** 2 / 2

    return float(usual * np.exp(minimize_scalar(misfit, bounds=(-5, 5), method="bounded").x))


def normalised(rows: np.ndarray) -> np.ndarray:
    """Logarithms of what is proportional to probabilities, shape (n, k), as log probabilities."""
    from scipy.special import logsumexp

    return rows - logsumexp(rows, 1, keepdims=True)


def answers(fitted, features: np.ndarray, scores: np.ndarray, second: Second) -> np.ndarray:
    """What a classifier and the second giant say together of other examples: probabilities of all classes, shape (n, classes)."""
    return joined(logarithm(heads.probabilities(fitted, features)), scores, second)


def joined(told: np.ndarray, scores: np.ndarray, second: Second) -> np.ndarray:
    """What both giants say: probabilities of all classes, shape (n, classes).

    Parameters
    ----------
    told : numpy.ndarray, shape (n, k)
        Log probabilities of the classifier, of the classes that it has met; k may be 0.
    scores : numpy.ndarray, shape (n, classes)
    second : Second

    Notes
    -----
    The classifier deals its whole certainty out to classes that it has met, also for an example of none of them: what it says
    is no evidence that the class is a met one. So the second giant alone says how likely each class without examples is, and how
    likely the met ones are together; among these, both decide. With every class met that is the product of both; with none, the
    second alone.

    Examples
    --------
    >>> both = Second(1.0, 1.0, np.array([0, 1]))
    >>> joined(np.log([[0.9, 0.1]]), np.log([[0.25, 0.25, 0.5]]), both).round(3).tolist()
    [[0.45, 0.05, 0.5]]
    """
    alone = normalised(second.alone * scores)
    if not len(second.met):
        return np.exp(alone)
    from scipy.special import logsumexp

    among = normalised(told + second.weight * scores[:, second.met])
    alone[:, second.met] = logsumexp(alone[:, second.met], 1, keepdims=True) + among
    return np.exp(alone)
