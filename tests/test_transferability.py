"""Scores that foretell: each against its definition computed in another way, and the properties that the papers state."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from shoulders import heads, transferability
from shoulders.transferability import TransferError, h_score, leep, logme, nearest_mean, probe


def question(n=60, d=8, classes=3, apart=1.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return rng.normal(size=(n, d)) + apart * rng.normal(size=(classes, d))[labels], labels


@pytest.mark.parametrize(("n", "d", "classes", "apart"), [(60, 8, 3, 1.0), (20, 30, 2, 0.5), (40, 5, 4, 3.0)])
def test_logme_is_the_largest_evidence_that_any_search_finds(n, d, classes, apart):
    """The labels of a class are Gaussian with covariance 1 / beta + F F' / alpha: maximised by another method."""
    rows, labels = question(n, d, classes, apart)
    found = []
    for c in range(classes):
        target = (labels == c).astype(float)

        def misfit(logs, target=target):
            alpha, beta = np.exp(logs)
            return -multivariate_normal(np.zeros(n), np.eye(n) / beta + rows @ rows.T / alpha).logpdf(target)

        searches = [minimize(misfit, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}) for start in ([0, 0], [3, 1])]
        found.append(-min(search.fun for search in searches) / n)
    assert logme(rows, labels) == pytest.approx(np.mean(found), abs=1e-6)


def test_h_score_is_the_trace_of_its_definition_and_lies_between_its_bounds():
    rows, labels = question()
    expected = np.stack([rows[labels == c].mean(0) for c in labels])  # of the features, given the label
    by_definition = np.trace(np.linalg.inv(np.cov(rows.T, bias=True)) @ np.cov(expected.T, bias=True))
    assert h_score(rows, labels) == pytest.approx(by_definition, abs=1e-9)
    assert h_score(np.eye(3)[labels] + 1e-6 * rows[:, :3], labels) == pytest.approx(2, abs=1e-3), "classes less one"
    assert h_score(rows @ np.diag(np.arange(1, 9)), labels) == pytest.approx(by_definition, abs=1e-9), "whatever the scale"


@pytest.mark.parametrize(("n", "d"), [(20, 200), (21, 20), (60, 8)])
def test_h_score_is_never_more_than_the_classes_less_one(n, d):
    """Also of features that hardly differ beside their mean, as those of random weights, in float32."""
    rows, labels = question(n, d, 3)
    assert h_score((1000 + rows).astype(np.float32), labels) <= 2 + 1e-9
    assert h_score(rows, labels) == pytest.approx(2, abs=1e-6) or n > d + 1, "fewer pictures than features: the largest"


def test_leep_is_its_definition_term_by_term():
    rng = np.random.default_rng(1)
    labels, said = np.arange(50) % 3, rng.dirichlet(np.ones(7), 50)
    total = 0.0
    for i in range(50):
        likelihood = 0.0
        for z in range(7):
            together = sum(said[j, z] for j in range(50) if labels[j] == labels[i]) / 50
            likelihood += together / (said[:, z].sum() / 50) * said[i, z]
        total += np.log(likelihood) / 50
    assert leep(said, labels) == pytest.approx(total, abs=1e-6)
    assert leep(np.eye(3)[labels], labels) == pytest.approx(0, abs=1e-9), "own classes that are the labels tell them"
    alike = np.full((50, 7), 1 / 7)
    shares = np.bincount(labels) / 50
    assert leep(alike, labels) == pytest.approx((shares * np.log(shares)).sum(), abs=1e-9), "those that know nothing tell their shares"


@pytest.mark.parametrize(("apart", "classes"), [(0.3, 2), (1.0, 3)])
def test_nearest_mean_leaves_each_picture_out(apart, classes):
    rows, labels = question(apart=apart, classes=classes)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    right = []
    for i in range(len(rows)):
        others = np.arange(len(rows)) != i
        means = [rows[others & (labels == c)].mean(0) for c in range(classes)]
        right.append(np.argmax([rows[i] @ mean / np.linalg.norm(mean) for mean in means]) == labels[i])
    assert nearest_mean(rows, labels) == pytest.approx(np.mean(right))


def test_a_class_with_one_picture_has_no_mean_without_it():
    rows, labels = question(12, 4, 2, 5.0)
    assert nearest_mean(np.vstack([rows, 9 * np.ones(4)]), np.append(labels, 2)) <= 12 / 13


@pytest.mark.parametrize("classes", [2, 4])
def test_probe_is_scikit_learns_ridge_fitted_without_each_picture(classes):
    rows, labels = question(40, 12, classes, 0.8, seed=3)
    fitted = heads.fit("ridge", rows, labels)
    scaled = fitted[:-1].transform(rows)
    said = cross_val_predict(RidgeClassifier(fitted[-1].alpha), scaled, labels, cv=LeaveOneOut())
    assert probe(rows, labels) == pytest.approx((said == labels).mean())


def test_features_that_tell_the_classes_promise_more_than_noise():
    good, labels = question(apart=2.0)
    noise, _ = question(apart=0.0)
    for name, score in transferability.SCORES.items():
        assert score(good, labels) > score(noise, labels), name
        assert score(good, 5 + 10 * labels) == pytest.approx(score(good, labels)), "labels are names"


@pytest.mark.parametrize("score", [*transferability.SCORES.values(), leep])
def test_what_cannot_be_scored_is_one_sentence(score):
    rows, labels = question()
    with pytest.raises(TransferError, match="at least two classes"):
        score(rows, np.zeros(60, int))
    with pytest.raises(TransferError, match="not finite"):
        score(np.where(np.arange(8) == 3, np.nan, rows), labels)
    with pytest.raises(TransferError, match=r"\(60, 8\) and labels of shape \(59,\) do not fit"):
        score(rows, labels[1:])


def test_scores_are_no_probabilities():
    rows, labels = question()
    with pytest.raises(TransferError, match="needs probabilities"):
        leep(rows, labels)
