"""Classifiers on top of features: logistic regression, ridge, nearest neighbours, as scikit-learn's pipelines.

All begin alike: the features of each picture are brought to length one. One picture a class then decides by the smaller
angle, and not by which of the two pictures has the larger numbers (`bench/heads.py` compares).

scikit-learn fits them, but for logistic regression on two classes and up to 2,000 pictures: hundreds of these are fitted in
an experiment, and `shoulders.heads.logistic` comes to the same weights in a tenth of the time.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from shoulders.heads import logistic
from shoulders.heads.arrays import UNIT, HeadError, from_arrays, one_picture_is_enough, ranked, to_arrays, votes
from shoulders.heads.certainty import SHARPNESS, dealt, sharpness, softmax
from shoulders.support.names import HEADS

__all__ = ["HeadError", "SHARPNESS", "answers", "calibrated", "dealt", "draws", "fit", "from_arrays", "from_linear", "learnt",
    "probabilities", "scalers", "sharpness", "softmax", "to_arrays", "votes"]  # fmt: skip

_ALONE = np.array([1e-1])  # the strength where a class has one picture: leaving it out would leave no such class
_MANY = 2000  # what `logistic` takes grows with the third power of the pictures: from here on scikit-learn is sooner

def fit(head: str, features: np.ndarray, labels: np.ndarray, seed: int = 0):
    """Fit a head. The same features, labels and seed give the same head to the last digit.

    Parameters
    ----------
    head : str
        One of `HEADS`.
    features : numpy.ndarray, shape (n, d)
    labels : numpy.ndarray of int, shape (n,)
        At least two classes.
    seed : int
        Of the folds on which the regulariser is chosen, where there are folds.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted; it scales the features itself, and the length of a row makes no difference to it.

    Raises
    ------
    HeadError
        For an unknown name, fewer than two classes, or features that are not finite.

    Examples
    --------
    >>> features = np.array([[1.0, 0.1], [0.9, 0.2], [0.1, 1.0], [0.2, 0.8]])
    >>> head = fit("logistic_regression", features, np.array([0, 0, 1, 1]))
    >>> head.predict([[5.0, 1.0], [1.0, 5.0]]).tolist()
    [0, 1]
    """
    makers = {"logistic_regression": logistic_regression, "ridge": ridge, "nearest_neighbours": nearest_neighbours}
    _need_sense(head, features, labels)
    with _libraries().limit(limits=1), one_picture_is_enough():  # of matrices this small threads cost ten times the sums (seen)
        return makers[head](features, labels, seed)


def answers(head: str, features: np.ndarray, labels: np.ndarray, asked: np.ndarray, seed: int = 0) -> tuple[np.ndarray, int]:
    """What the head that `fit` would give says of other pictures, for experiments that throw it away.

    Of logistic regression on two classes this needs no scikit-learn, whose import takes longer than a hundred such fits.

    Parameters
    ----------
    head, features, labels, seed
        As for `fit`.
    asked : numpy.ndarray, shape (m, d)

    Returns
    -------
    probabilities : numpy.ndarray, shape (m, classes)
    learnt : int
        How many numbers the head learnt.

    Raises
    ------
    HeadError
    """
    _need_sense(head, features, labels)
    if head != "logistic_regression" or draws(head, labels):
        fitted = fit(head, features, labels, seed)
        return probabilities(fitted, asked), learnt(fitted)
    from scipy.special import expit

    with _libraries().limit(limits=1):
        numbers = _two_classes(features, labels)
        weights = numbers["coef"][0] / numbers["scale"]
        scores = logistic.unit(asked.astype(float)) @ weights + (numbers["intercept"] - numbers["mean"] @ weights)
    return np.stack([expit(-scores), expit(scores)], 1), numbers["coef"].size + 1


def learnt(fitted) -> int:
    """How many numbers a fitted head has learnt: weights and intercepts; nearest neighbours have none."""
    return sum(getattr(fitted[-1], name).size for name in ("coef_", "intercept_") if hasattr(fitted[-1], name))


def _need_sense(head, features, labels):
    if head not in HEADS:
        raise HeadError(f"No head is called {head!r}: choose one of {', '.join(HEADS)}.")
    if len(np.unique(labels)) < 2:
        raise HeadError("A head needs pictures of at least two classes: draw more pictures.")
    if not np.isfinite(features).all():
        raise HeadError("Some features are not finite: the weights are damaged (get them again), or their transform is wrong.")


def draws(head: str, labels: np.ndarray) -> bool:
    """Whether the seed has a say in `fit`: it does where pictures are dealt into folds."""
    return head == "logistic_regression" and (len(np.unique(labels)) > 2 or len(labels) > _MANY)


@cache
def _libraries():
    """The libraries that multiply matrices in this process: looked for once, which takes longer than a fit."""
    import scipy.linalg  # noqa: F401 (brings its own)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def logistic_regression(features, labels, seed=0):
    """Each picture's features are divided by their length, each feature is brought to a common scale, and a logistic regression
    is fitted whose weights are kept as small as best foretells training pictures that were left out.

    Logistic regression: Cox 1958. The scale: `shoulders.heads.logistic.scale`. The strength of its L2 penalty is chosen among
    `logistic.STRENGTHS` by the log loss. Of two classes, `shoulders.heads.logistic` leaves out each picture once, in closed
    form. Of more, or of over 2,000 pictures, scikit-learn fits up to five folds. With one picture of some class the strength
    cannot be chosen and is 1e-1; of two classes with one picture each, the head is the nearest neighbour by cosine.
    """
    if draws("logistic_regression", labels):
        return _logistic_by_sklearn(features, labels, _strengths(labels), min(5, _fewest(labels)), seed)
    numbers = _two_classes(features, labels)
    fitted = from_arrays("logistic_regression", numbers)
    fitted[-1].C = numbers["strength"]
    return fitted


def _strengths(labels):
    return logistic.STRENGTHS if _fewest(labels) > 1 else _ALONE


def _two_classes(features, labels):
    """A fitted logistic regression as `from_arrays` takes it, and its strength."""
    classes = np.unique(labels)
    mean, spread, coef, intercept, strength = logistic.fit(features.astype(float), labels == classes[1], _strengths(labels))
    arrays = {"mean": mean, "scale": spread, "classes": classes, "coef": coef[None], "intercept": np.array([intercept])}
    return arrays | {"unit": UNIT, "strength": strength}


def _logistic_by_sklearn(features, labels, strengths, folds, seed):
    """In double precision: in single, L-BFGS finds no better step long before `tol`, and scikit-learn says so to the learner."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import Pipeline

    last = _logistic_kind()(C=strengths[0], tol=1e-7, max_iter=10_000)
    pipeline = Pipeline([*((str(i), step) for i, step in enumerate(scalers())), ("last", last)])
    features = features.astype(float)
    if folds == 1:
        return _plain("logistic_regression", pipeline.fit(features, labels))
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
    search = GridSearchCV(pipeline, {"last__C": strengths}, scoring="neg_log_loss", cv=cut)
    return _plain("logistic_regression", search.fit(features, labels).best_estimator_)


def ridge(features, labels, seed=0):
    """Ridge regression onto the classes, scaled as for logistic regression; the strength by leave-one-out, in closed form.

    Its scores lie about -1 and 1 and are no probabilities: those of left-out folds say by what to multiply them (`sharpness`).
    """
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(*scalers(), RidgeClassifierCV(alphas=1 / logistic.STRENGTHS))
    fitted, folds = _plain("ridge", pipeline.fit(features, labels)), dealt(labels)
    spread = _spread(_scores(fitted, features)) or 1.0
    left_out, right = _left_out_by_ridge(fitted, features, labels, folds)[folds >= 0], _places(fitted, labels)[folds >= 0]
    fitted[-1].sharpness_ = sharpness(left_out / spread, right, SHARPNESS["ridge"]) / spread
    return fitted


def _spread(scores):
    return float(np.sqrt(np.mean((scores - scores.mean(1, keepdims=True)) ** 2)))


def _left_out_by_ridge(fitted, features, labels, folds):
    """The scores of the pictures of each fold by the ridge regression on all others; nan of those in none."""
    from sklearn.linear_model import Ridge

    rows = fitted[:-1].transform(features.astype(float))
    targets = 2.0 * np.eye(len(fitted[-1].classes_))[_places(fitted, labels)] - 1
    scores = np.full(targets.shape, np.nan)
    for fold in range(folds.max() + 1):
        out = folds == fold
        scores[out] = Ridge(fitted[-1].alpha).fit(rows[~out], targets[~out]).predict(rows[out])
    return scores


def _places(fitted, labels):
    """Each label's column among the scores."""
    return np.searchsorted(fitted[-1].classes_, labels)


def nearest_neighbours(features, labels, seed=0, neighbours=5):
    """A vote of the nearest training pictures by cosine, after length one and centring; a tie goes to the nearest.

    `neighbours` vote, but never more than the smallest class has pictures: it would be outvoted where all of it is nearest.
    Wang, Chao, Weinberger, van der Maaten 2019, "SimpleShot", arXiv 1911.04623, for centring and scaling. Length one comes
    before centring, too: of one picture a class, the mean would lie in the direction of the one with the larger numbers.

    All votes for one class do not make it sure: what votes are worth is seen on pictures that were left out (`sharpness`).
    """
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    voters = KNeighborsClassifier(min(neighbours, _fewest(labels)), weights=ranked)
    fitted = make_pipeline(Normalizer(), StandardScaler(with_std=False), Normalizer(), voters).fit(features, labels)
    voters.sharpness_ = sharpness(*_votes_left_out(fitted, labels, neighbours), SHARPNESS["nearest_neighbours"])
    return fitted


def _votes_left_out(fitted, labels, neighbours):
    """What each training picture is told by the others, with as many votes as there were without it; and its class."""
    near = fitted[-1].kneighbors(return_distance=False)  # without the picture itself
    counts, places = np.bincount(labels)[fitted[-1].classes_], _places(fitted, labels)
    without = np.array([np.delete(counts, c).min() for c in range(len(counts))])
    voting = np.minimum(np.minimum(without, counts - 1), neighbours)[places]
    votes = np.eye(len(counts))[places[near]] * (np.arange(near.shape[1]) < voting[:, None])[:, :, None]
    return votes.sum(1)[voting > 0], places[voting > 0]


def scalers():
    """The first steps of a linear head, unfitted: each row to length one, then each feature to `logistic.scale`."""
    from sklearn.preprocessing import Normalizer

    return Normalizer(), _scaler_kind()()


@cache
def _scaler_kind():
    from sklearn.preprocessing import StandardScaler

    class ShrunkScaler(StandardScaler):
        """Each feature's variance drawn towards the mean variance: `shoulders.heads.logistic.scale`."""

        def fit(self, features, labels=None, sample_weight=None):
            super().fit(features)
            self.mean_, self.scale_ = logistic.scale(features.astype(float), len(np.unique(labels)))
            return self

    return ShrunkScaler


@cache
def _logistic_kind():
    from sklearn.linear_model import LogisticRegression

    class InTheRows(LogisticRegression):
        """The same weights, looked for among the sums of the rows where these are fewer than the features: there they lie.

        Kimeldorf & Wahba 1971, as for `shoulders.heads.logistic`. On 112 rows of 1,152 features, five times as fast.
        """

        def fit(self, features, labels, sample_weight=None):
            if len(features) >= features.shape[1]:
                return super().fit(features, labels)
            turn = np.linalg.svd(features, full_matrices=False)[2]
            super().fit(features @ turn.T, labels)
            self.coef_, self.n_features_in_ = self.coef_ @ turn, features.shape[1]
            return self

    return InTheRows


def _plain(head, fitted):
    """The same head in scikit-learn's classes alone: it can be pickled."""
    plain, last = from_arrays(head, to_arrays(fitted)), fitted[-1]
    strength = {"alpha": last.alpha_} if head == "ridge" else {"C": last.C}
    plain[-1].set_params(**strength)
    return plain


def _fewest(labels):
    return int(np.bincount(labels)[np.unique(labels)].min())


def from_linear(weight: np.ndarray, bias: np.ndarray):
    """A linear layer and softmax, as a fitted head: it is what a logistic regression without scales says.

    Parameters
    ----------
    weight : numpy.ndarray, shape (classes, d)
    bias : numpy.ndarray, shape (classes,)
        Of two classes, the differences alone count.
    """
    weight, bias, classes = weight.astype(float), bias.astype(float), np.arange(len(bias))
    if len(classes) == 2:
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    scale = {"mean": np.zeros(weight.shape[1]), "scale": np.ones(weight.shape[1])}
    return from_arrays("logistic_regression", scale | {"classes": classes, "coef": weight, "intercept": bias})


def probabilities(fitted, features: np.ndarray) -> np.ndarray:
    """How sure a fitted head is of each class, shape (n, classes): of 100 answers of which it is 80 % sure, some 80 are right.

    Logistic regression's own, whose strength is chosen by the log loss on left-out pictures; for the others the softmax of their
    scores times `sharpness`. With one or two pictures of a class all heads guess how sure they may be.
    """
    if hasattr(fitted[-1], "sharpness_"):
        return softmax(fitted[-1].sharpness_ * _scores(fitted, features))
    return fitted.predict_proba(features) if hasattr(fitted, "predict_proba") else softmax(_scores(fitted, features))


def calibrated(fitted) -> bool:
    """Whether `probabilities` are probabilities: of ridge and neighbours that were saved without a `sharpness` they are not."""
    plain = hasattr(fitted, "predict_proba") and not hasattr(fitted[-1], "n_neighbors")
    return plain or hasattr(fitted[-1], "sharpness_")


def _scores(fitted, features):
    """Shape (n, classes): ridge's, or votes."""
    if hasattr(fitted[-1], "n_neighbors"):
        return fitted[-1].n_neighbors * fitted.predict_proba(features)
    scores = fitted.decision_function(features)
    return np.stack([-scores, scores], 1) if scores.ndim == 1 else scores
