"""Classifiers on top of features: logistic regression, ridge, nearest neighbours. scikit-learn fits them."""

from __future__ import annotations

import numpy as np

from shoulders.errors import CourseError
from shoulders.names import HEADS

_STRENGTHS = np.logspace(-4, 2, 7)


class HeadError(CourseError):
    """A head cannot be fitted; the message says why."""


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
        Of the folds on which the regulariser is chosen.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted; it scales the features itself.

    Raises
    ------
    HeadError
        For an unknown name, fewer than two classes, or features that are not finite.
    """
    makers = {"logistic_regression": logistic_regression, "ridge": ridge, "nearest_neighbours": nearest_neighbours}
    if head not in makers:
        raise HeadError(f"No head is called {head!r}: choose one of {', '.join(HEADS)}.")
    if len(np.unique(labels)) < 2:
        raise HeadError("A head needs pictures of at least two classes: draw more pictures.")
    if not np.isfinite(features).all():
        raise HeadError("Some features are not finite: the weights are damaged, or their transform is wrong.")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # for matrices this small, starting threads costs more than the sums (10 times, seen on two cores)
        fitted = makers[head](features, labels, seed).fit(features, labels)
    return getattr(fitted, "best_estimator_", fitted)


def logistic_regression(features, labels, seed=0):
    """L2-regularised logistic regression on standardised features (Cox 1958).

    The strength is chosen among seven, 1e-4 to 1e2, by the log loss of up to five folds of these pictures; with one
    picture of some class it cannot be chosen and is 1e-2.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(5, _fewest(labels))
    if folds < 2:
        return make_pipeline(StandardScaler(), LogisticRegression(C=1e-2, max_iter=1000))
    return GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        {"logisticregression__C": _STRENGTHS},
        scoring="neg_log_loss",
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
    )


def ridge(features, labels, seed=0):
    """Ridge regression onto the classes, standardised features; the strength by leave-one-out, in closed form."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=1 / _STRENGTHS))


def nearest_neighbours(features, labels, seed=0, neighbours=5):
    """A vote of the nearest training pictures, after centring and scaling each vector to length one.

    Wang, Chao, Weinberger, van der Maaten 2019, "SimpleShot", arXiv 1911.04623, for the centring and scaling.
    """
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    neighbours = min(neighbours, 2 * _fewest(labels) - 1)
    return make_pipeline(StandardScaler(with_std=False), Normalizer(), KNeighborsClassifier(neighbours))


def _fewest(labels):
    return int(np.bincount(labels)[np.unique(labels)].min())


def weights(fitted, classes: int = 2) -> np.ndarray:
    """What each standardised feature adds to each class's score, shape (classes, d); of a linear head.

    With two classes scikit-learn keeps one row, for the second class: it is returned as two that mirror each other.
    """
    rows = np.atleast_2d(fitted[-1].coef_)
    return np.concatenate([-rows, rows]) / 2 if len(rows) == 1 and classes == 2 else rows


def probabilities(fitted, features: np.ndarray) -> np.ndarray:
    """How sure a fitted head is of each class, shape (n, classes). Ridge has no probabilities: softmax of its scores."""
    if hasattr(fitted, "predict_proba"):
        return fitted.predict_proba(features)
    scores = fitted.decision_function(features)
    scores = np.stack([-scores, scores], 1) if scores.ndim == 1 else scores
    return softmax(scores)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores of classes, shape (…, classes), as probabilities that add up to one."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def to_arrays(fitted) -> dict[str, np.ndarray]:
    """The numbers of a fitted head, by name: all that `from_arrays` needs."""
    scaler, last = fitted[0], fitted[-1]
    arrays = {"mean": scaler.mean_, "classes": last.classes_}
    if scaler.scale_ is not None:
        arrays["scale"] = scaler.scale_
    if hasattr(last, "coef_"):  # by columns in memory, for three classes: safetensors writes the memory as it lies
        return arrays | {"coef": np.ascontiguousarray(last.coef_), "intercept": np.atleast_1d(last.intercept_)}
    return arrays | {"vectors": last._fit_X, "labels": last._y, "neighbours": np.array([last.n_neighbors])}


def from_arrays(head: str, arrays: dict[str, np.ndarray]):
    """The fitted head again."""
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    scaler = StandardScaler(with_std="scale" in arrays)
    scaler.mean_, scaler.scale_, scaler.n_features_in_ = arrays["mean"], arrays.get("scale"), len(arrays["mean"])
    if head == "nearest_neighbours":
        last = KNeighborsClassifier(int(arrays["neighbours"][0])).fit(arrays["vectors"], arrays["labels"])
        return make_pipeline(scaler, Normalizer(), last)
    last = LogisticRegression() if head == "logistic_regression" else RidgeClassifier()
    last.coef_, last.intercept_ = arrays["coef"], arrays["intercept"]
    if head == "ridge":
        last._label_binarizer = _binarizer(arrays["classes"])
    if not isinstance(getattr(type(last), "classes_", None), property):  # which it is for ridge before scikit-learn 1.9
        last.classes_ = arrays["classes"]
    return make_pipeline(scaler, last)


def _binarizer(classes):
    from sklearn.preprocessing import LabelBinarizer

    return LabelBinarizer(pos_label=1, neg_label=-1).fit(classes)
