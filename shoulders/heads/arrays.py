"""A fitted head as arrays that a file can hold, and the head again."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import numpy as np

from shoulders.support.errors import CourseError
from shoulders.support.names import HEADS

UNIT = np.ones(1)
"""In a head's arrays: its rows have length one, and its neighbours' ties go to the nearest."""


class HeadError(CourseError):
    """A head cannot be fitted; the message says why."""


def to_arrays(fitted) -> dict[str, np.ndarray]:
    """The numbers of a fitted head, by name: all that `from_arrays` needs.

    They lie in memory row by row, which scikit-learn's do not always: safetensors writes the memory as it lies.
    """
    return {name: np.ascontiguousarray(array) for name, array in _numbers(fitted).items()}


def _numbers(fitted):
    scaler, last = next(step for _, step in fitted.steps if hasattr(step, "mean_")), fitted[-1]
    arrays = {"mean": scaler.mean_, "classes": last.classes_}
    if scaler is not fitted[0]:
        arrays["unit"] = UNIT
    if scaler.scale_ is not None:
        arrays["scale"] = scaler.scale_
    if hasattr(last, "sharpness_"):
        arrays["sharpness"] = np.array([last.sharpness_])
    if hasattr(last, "coef_"):
        return arrays | {"coef": last.coef_, "intercept": np.atleast_1d(last.intercept_)}
    return arrays | {"vectors": last._fit_X, "labels": last._y, "neighbours": np.array([last.n_neighbors])}


def from_arrays(head: str, arrays: dict[str, np.ndarray]):
    """The fitted head again.

    Raises
    ------
    HeadError, KeyError, ValueError
        For an unknown name, and for arrays that are not those of such a head.
    """
    if head not in HEADS:
        raise HeadError(f"No head is called {head!r}: choose one of {', '.join(HEADS)}.")
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    first = _first_steps(head, arrays)
    if head == "nearest_neighbours":
        labels, votes = arrays["classes"][arrays["labels"]], ranked if "unit" in arrays else "uniform"
        with one_picture_is_enough():
            last = KNeighborsClassifier(int(arrays["neighbours"][0]), weights=votes).fit(arrays["vectors"], labels)
        return make_pipeline(*first, Normalizer(), _sharpened(last, arrays))
    last = LogisticRegression() if head == "logistic_regression" else RidgeClassifier()
    last.coef_, last.intercept_ = arrays["coef"], arrays["intercept"]
    if head == "ridge":
        last._label_binarizer = _binarizer(arrays["classes"])
    if not isinstance(getattr(type(last), "classes_", None), property):  # which it is for ridge before scikit-learn 1.9
        last.classes_ = arrays["classes"]
    return make_pipeline(*first, _sharpened(last, arrays))


def _sharpened(last, arrays):
    if "sharpness" in arrays:
        (last.sharpness_,) = map(float, arrays["sharpness"])
    return last


def _first_steps(head, arrays):
    """Length one, unless the head was saved before heads began with it, and the scale."""
    from sklearn.preprocessing import Normalizer, StandardScaler

    scales = head != "nearest_neighbours"
    scaler = StandardScaler(with_std=scales)
    scaler.mean_, scaler.scale_ = arrays["mean"], arrays["scale"] if scales else None
    steps = [Normalizer(), scaler] if "unit" in arrays else [scaler]
    for step in steps:
        step.n_features_in_ = len(scaler.mean_)
    return steps


def _binarizer(classes):
    from sklearn.preprocessing import LabelBinarizer

    return LabelBinarizer(pos_label=1, neg_label=-1).fit(classes)


def votes(neighbours: int) -> np.ndarray:
    """A vote for each neighbour, the nearest first, and a thousandth more the nearer it is: it decides ties, and nothing else.

    Each addition is larger than those of all further neighbours together: of classes with as many votes, the one wins whose
    nearest picture is nearest. float64, shape (neighbours,).
    """
    return 1 + 2.0 ** -np.arange(10, 10 + neighbours)


def ranked(distances):
    return np.tile(votes(distances.shape[1]), (len(distances), 1))


@contextmanager
def one_picture_is_enough():
    """scikit-learn holds many classes of few pictures each for a mistake, and says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes is greater than", UserWarning)
        yield
