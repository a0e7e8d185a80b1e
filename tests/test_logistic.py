"""Logistic regression in the space of the pictures: scikit-learn, on the same scaled rows, is the referee."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler, normalize

from shoulders import heads
from shoulders.heads import logistic
from shoulders.heads.logistic import STRENGTHS


def clouds(n, d, share=0.5, apart=0.5, seed=0):
    """n points in d dimensions, a share of them in the second class, and the first two of different classes."""
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < share
    labels[:2] = False, True
    return rng.normal(size=(n, d)) + apart * labels[:, None] * rng.normal(size=d), labels


def scaled(features):
    mean, spread = logistic.scale(features)
    return (features - mean) / spread


def brought(features):
    """Rows as the head's last step sees them."""
    return scaled(normalize(features))


def referee(rows, labels, strength):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no digit can be gained any more
        return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(rows, labels)


def value(rows, labels, strength, weights, intercept):
    scores = rows @ weights + intercept
    return strength * np.logaddexp(0, np.where(labels, -scores, scores)).sum() + weights @ weights / 2


# ------------------------------------------------------------------------------------------------------------- the scale


def test_the_scale_by_hand():
    """Variances 1 and 9, their mean 5; of four pictures of two classes each counts (2 · own + 50 · 5) / 52."""
    mean, spread = logistic.scale(np.array([[1.0, 10.0], [3.0, 4.0]] * 2))
    np.testing.assert_allclose(mean, [2, 7])
    np.testing.assert_allclose(spread**2, [(2 * 1 + 50 * 5) / 52, (2 * 9 + 50 * 5) / 52])


@pytest.mark.parametrize("classes", [2, 3])
def test_of_one_picture_a_class_all_features_have_one_scale(classes):
    features = np.random.default_rng(0).normal(size=(classes, 9)) * np.arange(1, 10)
    mean, spread = logistic.scale(features, classes)
    np.testing.assert_allclose(spread, np.sqrt(features.var(0).mean()))
    assert np.ptp(logistic.scale(np.repeat(features, 2, 0), classes)[1]) > 0


def test_rows_are_brought_to_length_one_by_hand():
    np.testing.assert_allclose(logistic.unit(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, -2.0]])), [[0.6, 0.8], [0, 0], [0, -1]])


def test_the_scale_of_many_pictures_is_the_plain_one():
    features, _ = clouds(200_000, 3)
    features = features * [1, 2, 5]
    np.testing.assert_allclose(logistic.scale(features)[1], features.std(0), rtol=2e-3)


def test_features_that_stay_the_same_are_not_divided_by_zero():
    mean, spread = logistic.scale(np.full((3, 2), 7.0))
    assert mean.tolist() == [7, 7] and spread.tolist() == [1, 1]
    _, spread = logistic.scale(np.array([[0.0, 5.0], [2.0, 5.0]] * 2))  # variances 1 and 0, their mean 1/2
    np.testing.assert_allclose(spread**2, [27 / 52, 25 / 52])


# --------------------------------------------------------------------------------------------------------- the solution

CASES = {
    "fewer pictures than features, separable": (20, 100, 0.5, 1.0),
    "more pictures than features, separable": (60, 3, 0.5, 8.0),
    "more pictures than features, mixed": (120, 5, 0.5, 0.5),
    "nothing to learn": (80, 10, 0.5, 0.0),
    "one class is rare": (100, 8, 0.06, 0.7),
    "one class is rare, fewer pictures than features": (30, 200, 0.1, 0.5),
    "one feature": (40, 1, 0.5, 0.7),
    "two pictures": (2, 50, 0.5, 1.0),
    "two pictures, one feature": (2, 1, 0.5, 1.0),
}


@pytest.mark.parametrize("case", CASES)
def test_scikit_learn_ends_at_the_same_place(case):
    features, labels = clouds(*CASES[case])
    rows = scaled(features)
    a, b = logistic.solve(rows @ rows.T, labels, STRENGTHS)
    assert a.shape == (len(STRENGTHS), len(labels)) and b.shape == (len(STRENGTHS),)
    for strength, weights, intercept in zip(STRENGTHS, a @ rows, b):
        right = referee(rows, labels, strength)
        np.testing.assert_allclose(weights, right.coef_[0], atol=2e-3 * abs(right.coef_).max())
        assert intercept == pytest.approx(right.intercept_[0], rel=2e-3, abs=2e-3)
        np.testing.assert_allclose(expit(rows @ weights + intercept), right.predict_proba(rows)[:, 1], atol=2e-4)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_zero_there(case):
    """Of C · Σ loss + |w|² / 2: in w, and in the intercept, which is not penalised."""
    features, labels = clouds(*CASES[case])
    rows = scaled(features)
    a, b = logistic.solve(rows @ rows.T, labels, STRENGTHS)
    for strength, weights, intercept in zip(STRENGTHS, a @ rows, b):
        miss = expit(rows @ weights + intercept) - labels
        at_first = strength * abs(rows.T @ (labels - labels.mean())).max()
        assert abs(strength * rows.T @ miss + weights).max() < 2e-3 * at_first
        assert abs(miss.sum()) < 2e-3 * min(labels.sum(), (~labels).sum())


def test_two_pictures_by_hand():
    """At -1 and 1: the intercept is 0, and w is where C · (log(1 + exp(-w)) · 2) + w² / 2 is least."""
    rows, strength = np.array([[-1.0], [1.0]]), 3.0
    a, b = logistic.solve(rows @ rows.T, np.array([False, True]), np.array([strength]))
    by_hand = minimize_scalar(lambda w: 2 * strength * np.log1p(np.exp(-w)) + w * w / 2, tol=1e-10).x
    assert (a @ rows).item() == pytest.approx(by_hand, rel=1e-4)
    assert b[0] == pytest.approx(0, abs=1e-9)


def test_classes_change_places():
    features, labels = clouds(40, 6)
    rows = scaled(features)
    a, b = logistic.solve(rows @ rows.T, labels, STRENGTHS)
    mirrored = logistic.solve(rows @ rows.T, ~labels, STRENGTHS)
    np.testing.assert_allclose(mirrored[0], -a, atol=1e-9)
    np.testing.assert_allclose(mirrored[1], -b, atol=1e-9)


def test_strengths_side_by_side_are_as_each_alone():
    features, labels = clouds(50, 20, 0.3)
    rows = scaled(features)
    a, b = logistic.solve(rows @ rows.T, labels, STRENGTHS)
    for k in range(len(STRENGTHS)):
        alone = logistic.solve(rows @ rows.T, labels, STRENGTHS[[k]])
        np.testing.assert_allclose(alone[0][0], a[k], rtol=1e-9, atol=1e-12)
        assert alone[1][0] == pytest.approx(b[k])


def plain_newton(rows, labels, strength, steps=8):
    """Values on the way, in the space of the features, without looking where it goes."""
    wide, w = np.column_stack([rows, np.ones(len(rows))]), np.zeros(rows.shape[1] + 1)
    penalty = np.diag([1.0] * rows.shape[1] + [0])
    for _ in range(steps):
        p = expit(wide @ w)
        hessian = strength * (wide * (p * (1 - p))[:, None]).T @ wide + penalty
        w = w - np.linalg.solve(hessian, strength * wide.T @ (p - labels) + penalty @ w)
        yield value(rows, labels, strength, w[:-1], w[-1])


def far_out(seed):
    """Some pictures lie hundreds of times as far out as others, and some have the wrong label."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(22, 8)) * np.exp(rng.normal(0, 3, (22, 1)))
    return rows, rng.random(22) < expit(rows @ rng.normal(size=8))


@pytest.mark.parametrize("seed", [111, 304])
def test_a_step_that_makes_things_worse_is_halved(seed, monkeypatch):
    (rows, labels), strength = far_out(seed), 100.0
    assert max(np.diff(list(plain_newton(rows, labels, strength)))) > 100  # plain Newton goes uphill here
    walked, walk = [], logistic._walk
    monkeypatch.setattr(logistic, "_walk", lambda *args: walked.append(walk(*args)) or walked[-1])
    a, b = logistic.solve(rows @ rows.T, labels, np.array([strength]))
    values = [strength * len(labels) * np.log(2), *(new[0] for *_, new in walked)]
    assert (np.diff(values) <= 0).all() and len(values) > 5
    right = referee(rows, labels, strength)
    best = value(rows, labels, strength, right.coef_[0], right.intercept_[0])
    assert value(rows, labels, strength, (a @ rows)[0], b[0]) == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_pictures_far_out_do_no_harm(seed):
    """Lengths over several powers of ten; numpy says nothing, and no start is better than the end."""
    features, labels = clouds(40, 12, 0.3, seed=seed)
    features *= np.exp(np.random.default_rng(seed).normal(0, 2, (40, 1)))
    rows = scaled(features)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, b = logistic.solve(rows @ rows.T, labels, STRENGTHS)
    for strength, weights, intercept in zip(STRENGTHS, a @ rows, b):
        right = referee(rows, labels, strength)
        best = value(rows, labels, strength, right.coef_[0], right.intercept_[0])
        assert value(rows, labels, strength, weights, intercept) <= best * (1 + 1e-5)


def test_the_loss_is_scikit_learns():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(3, 20)), rng.random(20) < 0.5
    for row, mine in zip(scores, logistic.loss(scores, labels)):
        assert mine == pytest.approx(log_loss(labels, expit(row)))
    assert logistic.loss(np.array([-1e4, 1e4]), np.array([True, True])) == 5e3  # and never infinite


# --------------------------------------------------------------------------------------------------- rows that are left out


def without_each(rows, labels, strength):
    """The score of each row by scikit-learn's fit to the others."""
    others = [np.arange(len(rows)) != i for i in range(len(rows))]
    fits = [referee(rows[keep], labels[keep], strength) for keep in others]
    return np.concatenate([fitted.decision_function(rows[[i]]) for i, fitted in enumerate(fits)])


@pytest.mark.parametrize(
    ("n", "d", "share", "apart"), [(60, 10, 0.5, 0.5), (30, 60, 0.5, 0.4), (50, 8, 0.08, 1.0), (9, 40, 0.3, 0.8)]
)  # fmt: skip
def test_leaving_out_is_as_fitting_without_each_row(n, d, share, apart):
    features, labels = clouds(n, d, share, apart, seed=1)
    rows = scaled(features)
    scores = logistic.left_out(rows @ rows.T, labels, STRENGTHS, *logistic.solve(rows @ rows.T, labels, STRENGTHS))
    exact = np.array([without_each(rows, labels, strength) for strength in STRENGTHS])
    mine, theirs = logistic.loss(scores, labels), logistic.loss(exact, labels)
    np.testing.assert_allclose(mine[STRENGTHS <= 1], theirs[STRENGTHS <= 1], rtol=0.05)
    assert mine.argmin() == theirs.argmin()
    assert theirs[theirs.argmin()] < 0.9 * theirs[0] and theirs.argmin() not in (0, len(STRENGTHS) - 1)  # it matters which
    seen = logistic.loss(np.array([referee(rows, labels, c).decision_function(rows) for c in STRENGTHS]), labels)
    assert (mine > seen).all()  # a row that was seen is told better


# ------------------------------------------------------------------------------------------- the strength, and the head


def searched(features, labels, seed, folds=5):
    """GridSearchCV over a scaler that follows the heads' announced scale, from its formula."""

    class Scaler(StandardScaler):
        def fit(self, features, labels=None):
            super().fit(features)
            n, variance = len(features) - len(set(labels)), features.var(0)
            self.scale_ = np.sqrt((n * variance + 50 * variance.mean()) / (n + 50))
            return self

    pipeline = make_pipeline(Normalizer(), Scaler(), LogisticRegression(solver="newton-cg", tol=1e-8, max_iter=1000))
    search = GridSearchCV(
        pipeline, {"logisticregression__C": STRENGTHS}, scoring="neg_log_loss",
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
    )  # fmt: skip
    return search.fit(features, labels)


@pytest.mark.parametrize("names", [(0, 1), (3, 7)])
@pytest.mark.parametrize(
    ("n", "d", "share", "apart", "folds"), [(60, 10, 0.5, 0.5, 5), (30, 60, 0.5, 0.4, 5), (50, 8, 0.08, 1.0, 4), (9, 40, 0.3, 0.8, 2)]
)  # fmt: skip
def test_of_too_many_pictures_the_head_is_the_one_that_grid_search_finds(n, d, share, apart, folds, names, monkeypatch):
    monkeypatch.setattr(heads, "_MANY", n - 1)
    features, second = clouds(n, d, share, apart, seed=1)
    labels = np.where(second, names[1], names[0])
    assert min(5, np.unique(labels, return_counts=True)[1].min()) == folds
    for seed in (0, 1):
        mine, theirs = heads.fit("logistic_regression", features, labels, seed), searched(features, labels, seed, folds)
        assert theirs.best_params_["logisticregression__C"] == mine[-1].C
        new, _ = clouds(200, d, share, apart, seed=2)
        np.testing.assert_allclose(heads.probabilities(mine, new), theirs.predict_proba(new), atol=1e-3)
        assert mine.predict(new).tolist() == theirs.predict(new).tolist()
        assert mine.classes_.tolist() == list(names)


@pytest.mark.parametrize("names", [(0, 1), (3, 7)])
def test_the_head_is_scikit_learns_with_the_strength_of_the_least_loss_left_out(names):
    features, second = clouds(60, 10, 0.5, 0.5, seed=1)
    labels, rows = np.where(second, names[1], names[0]), brought(features)
    losses = [log_loss(second, expit(without_each(rows, second, strength))) for strength in STRENGTHS]
    mine, theirs = heads.fit("logistic_regression", features, labels), referee(rows, labels, STRENGTHS[np.argmin(losses)])
    assert mine[-1].C == theirs.C
    np.testing.assert_allclose(heads.probabilities(mine, features), theirs.predict_proba(rows), atol=1e-3)
    assert mine.classes_.tolist() == list(names)


def test_the_same_accuracy_within_one_picture():
    """On one split as large as that of the bees and ants, 244 pictures to learn from and 153 to judge by."""
    for seed in range(2):
        features, labels = clouds(397, 100, 0.5, 0.2, seed)
        learn, judge = slice(0, 244), slice(244, None)
        mine = heads.fit("logistic_regression", features[learn], labels[learn].astype(int), seed)
        theirs = searched(features[learn], labels[learn], seed)
        right = [(fitted.predict(features[judge]) == labels[judge]).sum() for fitted in (mine, theirs)]
        assert abs(right[0] - right[1]) <= 1
        assert 0.6 * 153 < right[0] < 153  # neither trivial nor hopeless


def test_one_picture_of_a_class_leaves_the_strength_as_announced():
    features, labels = clouds(5, 12)
    labels = np.arange(5) == 2
    fitted = heads.fit("logistic_regression", features, labels.astype(int))
    right = referee(brought(features), labels, 1e-1)
    assert fitted[-1].C == 1e-1
    np.testing.assert_allclose(fitted[-1].coef_, right.coef_, atol=1e-3 * abs(right.coef_).max())
    assert fitted[-1].intercept_ == pytest.approx(right.intercept_, rel=1e-3)


def test_three_classes_are_scikit_learns_with_the_same_scale():
    features, _ = clouds(45, 6)
    labels = np.arange(45) % 3
    features += np.eye(3, 6)[labels]
    fitted, theirs = heads.fit("logistic_regression", features, labels), searched(features, labels, 0)
    assert theirs.best_params_["logisticregression__C"] == fitted[-1].C
    np.testing.assert_allclose(heads.probabilities(fitted, features), theirs.predict_proba(features), atol=2e-3)


def test_the_head_needs_no_scaling_of_its_input():
    """Multiply each picture's features by a number of its own: the probabilities stay."""
    features, labels = clouds(40, 10)
    new, _ = clouds(40, 10, seed=1)
    by = np.exp(np.random.default_rng(2).normal(0, 2, (2, 40, 1)))
    for told in (heads.answers, lambda *given: (heads.probabilities(heads.fit(*given[:-1]), given[-1]), None)):
        plain, _ = told("logistic_regression", features, labels.astype(int), new)
        moved, _ = told("logistic_regression", by[0] * features, labels.astype(int), by[1] * new)
        np.testing.assert_allclose(moved, plain, atol=1e-9)


def test_shrinking_the_variances_leaves_a_pipeline_of_scikit_learn():
    features, labels = clouds(40, 10)
    fitted = heads.fit("logistic_regression", features, labels.astype(int))
    assert [type(step).__name__ for _, step in fitted.steps] == ["Normalizer", "StandardScaler", "LogisticRegression"]
    by_hand = make_pipeline(FunctionTransformer(lambda rows: (normalize(rows) - fitted[1].mean_) / fitted[1].scale_), fitted[-1])
    np.testing.assert_allclose(by_hand.predict_proba(features), fitted.predict_proba(features))
