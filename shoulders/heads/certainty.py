"""How sure a head may be: by what its scores are multiplied before their softmax, as left-out pictures say."""

import numpy as np

SHARPNESS = {"ridge": 3.0, "nearest_neighbours": 1.5}
"""By what scores are multiplied before their softmax is how sure a head is, where no picture can be left out to find it: ridge's
scores as multiples of their spread on the training pictures, and votes. Half and double are as usual as once: the middle of
what fitted validation pictures best on five sets, 1 to 60 pictures of each class (efficientnet_lite0).
"""

_USUAL = 0.5  # how far a sharpness lies from `SHARPNESS`, as the standard deviation of its logarithm


def dealt(labels: np.ndarray, most: int = 10) -> np.ndarray:
    """A fold for each picture, each class dealt out evenly: left out with others of all classes, none lacks a class of its own.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
    most : int
        Folds; there are no more of them than the smallest class of several pictures has.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        -1 for the only picture of a class, which no fit can do without.
    """
    counts, order = np.bincount(labels), np.argsort(labels, kind="stable")
    turns = np.empty(len(labels), int)
    turns[order] = np.arange(len(labels)) - (np.cumsum(counts) - counts)[labels[order]]
    return np.where(counts[labels] > 1, turns % min(most, *counts[counts > 1], most), -1)


def sharpness(scores: np.ndarray, right: np.ndarray, usual: float) -> float:
    """By what to multiply scores so that their softmax says how often such a picture is of a class.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, classes)
        Of pictures that the head was not taught with; none at all gives `usual`.
    right : numpy.ndarray of int, shape (n,)
        The column of each one's class.
    usual : float
        What it is where these say nothing.

    Notes
    -----
    Temperature scaling (Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599): the least log loss. Few pictures are often all told
    rightly, and the least loss then lies at infinity: so this is the likeliest value under a log-normal prior about `usual`.
    """
    from scipy.optimize import minimize_scalar

    def misfit(distance):
        powers = usual * np.exp(distance) * scores
        powers = powers - powers.max(1, keepdims=True)
        loss = np.log(np.exp(powers).sum(1)) - powers[np.arange(len(right)), right]
        return loss.sum() + (distance / _USUAL) ** 2 / 2

    return float(usual * np.exp(minimize_scalar(misfit, bounds=(-5, 5), method="bounded").x))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores of classes, shape (…, classes), as probabilities that add up to one.

    Examples
    --------
    >>> softmax(np.log([1.0, 2.0, 5.0])).round(3).tolist()
    [0.125, 0.25, 0.625]
    """
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
