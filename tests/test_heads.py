"""Heads: fitted as announced, the same every time, and the same after being kept as arrays."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from shoulders import heads
from shoulders.heads import HeadError

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2)


def clouds(n=30, d=6, classes=2, apart=1.0, seed=0):
    """`n` points of each class around centres that are `apart`."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, apart, (classes, d))
    labels = np.repeat(np.arange(classes), n)
    return (centres[labels] + rng.normal(0, 1, (n * classes, d))).astype(np.float32) * 7 + 3, labels


def lengths_one(features):
    return features / np.linalg.norm(features.astype(float), axis=1, keepdims=True)


def scaled(features, classes, by=None):
    """Length one, then each variance as if fifty more pictures had shown the mean variance: the heads' announced scale."""
    rows, by = lengths_one(features), lengths_one(features if by is None else by)
    n, variance = len(by) - classes, by.var(0)
    return (rows - by.mean(0)) / np.sqrt((n * variance + 50 * variance.mean()) / (n + 50))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
def test_the_same_every_time_to_the_last_digit(head, classes):
    features, labels = clouds(classes=classes)
    new, _ = clouds(classes=classes, seed=1)
    first, again = (heads.probabilities(heads.fit(head, features.copy(), labels.copy(), 3), new) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (30 * classes, classes)
    np.testing.assert_allclose(first.sum(1), 1, rtol=1e-6)
    assert (first.argmax(1) == np.repeat(range(classes), 30)).mean() > 0.7


@pytest.mark.parametrize("each", [1, 30])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
def test_what_a_head_says_is_the_same_where_the_head_itself_is_not_wanted(head, classes, each):
    features, labels = clouds(n=each, classes=classes)
    new, _ = clouds(classes=classes, seed=1)
    fitted = heads.fit(head, features, labels, 3)
    told, learnt = heads.answers(head, features, labels, new, 3)
    np.testing.assert_allclose(told, heads.probabilities(fitted, new), atol=1e-5)
    assert learnt == {"nearest_neighbours": 0}.get(head, 7 * (1 if classes == 2 else 3))
    with pytest.raises(HeadError, match="two classes"):
        heads.answers(head, features, np.zeros_like(labels), new)


@pytest.mark.parametrize("seed", [0, 1])
def test_of_three_classes_the_regulariser_is_chosen_on_folds_of_the_training_pictures(seed):
    """By the same folds in a loop of our own."""
    from sklearn.linear_model import LogisticRegression

    features, labels = clouds(n=12, classes=3, apart=0.4)
    losses = []
    for strength in STRENGTHS:
        folds = []
        for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(features, labels):
            model = LogisticRegression(C=strength, max_iter=1000).fit(scaled(features[train], 3), labels[train])
            folds.append(log_loss(labels[test], model.predict_proba(scaled(features[test], 3, features[train]))))
        losses.append(np.mean(folds))
    assert pytest.approx(STRENGTHS[int(np.argmin(losses))]) == heads.fit("logistic_regression", features, labels, seed)[-1].C
    assert len({round(loss, 6) for loss in losses}) == 7


def test_logistic_regression_is_at_its_minimum():
    """There the gradient of C × (sum of log losses) + |w|² / 2 is zero."""
    features, labels = clouds(n=40, apart=0.5)
    fitted = heads.fit("logistic_regression", features, labels)
    inside = scaled(features, 2)
    miss = heads.probabilities(fitted, features)[:, 1] - labels
    gradient = fitted[-1].C * inside.T @ miss + fitted[-1].coef_[0]
    assert abs(gradient).max() < 1e-2 * fitted[-1].C * abs(inside.T @ (labels - 0.5)).max()
    assert abs(miss.sum()) < 0.05


def test_ridge_is_the_closed_form_at_the_best_left_out_error():
    features, labels = clouds(n=10, apart=0.5)
    inside, targets = scaled(features, 2), 2.0 * labels - 1

    def solved(keep, alpha):
        x, y = inside[keep], targets[keep]
        middle, level = x.mean(0), y.mean()
        weights = np.linalg.solve((x - middle).T @ (x - middle) + alpha * np.eye(x.shape[1]), (x - middle).T @ (y - level))
        return weights, level - middle @ weights

    def left_out(alpha):
        errors = []
        for i in range(len(labels)):
            weights, level = solved(np.arange(len(labels)) != i, alpha)
            errors.append((inside[i] @ weights + level - targets[i]) ** 2)
        return np.mean(errors)

    alphas = 1 / np.array(STRENGTHS)
    best = alphas[np.argmin([left_out(alpha) for alpha in alphas])]
    fitted = heads.fit("ridge", features, labels)
    assert fitted[-1].alpha == pytest.approx(best)
    weights, level = solved(np.ones(len(labels), bool), best)
    np.testing.assert_allclose(fitted.decision_function(features), inside @ weights + level, rtol=1e-6, atol=1e-8)


def by_cosine(features, new):
    """For each new picture all others from near to far: length one, centring, length one."""
    middle = lengths_one(features).mean(0)
    near, asked = (lengths_one(lengths_one(rows) - middle) for rows in (features, new))
    return np.argsort(-(asked @ near.T), axis=1)


def test_neighbours_vote_after_length_one_and_centring():
    features, labels = clouds(n=9, classes=3)
    new, _ = clouds(n=5, classes=3, seed=4)
    nearest = by_cosine(features, new)[:, :5]
    votes = np.stack([(labels[nearest] == c).sum(1) for c in range(3)], 1)
    fitted = heads.fit("nearest_neighbours", features, labels)
    np.testing.assert_allclose(fitted.predict_proba(new), votes / 5, atol=1e-3)  # what decides ties
    told = heads.probabilities(fitted, new)
    np.testing.assert_allclose(told, heads.softmax(fitted[-1].sharpness_ * votes), atol=0.01)
    for same in (told[votes.max(1) == most].max(1) for most in (3, 4, 5)):  # the more votes, the surer, and never quite
        assert 1 / 3 < same.max() < 1


def test_of_classes_with_as_many_votes_the_one_whose_nearest_picture_is_nearest():
    """By a plain loop. Of five votes for three classes 2 : 2 : 1 is a tie too, and the nearest of all may have the one."""
    features, labels = clouds(n=6, classes=3, apart=0.3)
    new, _ = clouds(n=200, classes=3, apart=0.3, seed=4)
    told = heads.probabilities(heads.fit("nearest_neighbours", features, labels), new).argmax(1)
    ties = outsiders = 0
    for said, near in zip(told, labels[by_cosine(features, new)[:, :5]]):
        votes = np.bincount(near, minlength=3)
        first = [c for c in near if votes[c] == votes.max()]
        assert said == first[0]
        ties += len(set(first)) > 1
        outsiders += len(set(first)) > 1 and near[0] != first[0]
    assert ties > 50 and outsiders > 10


def test_two_pictures_of_a_class_are_no_worse_than_one_by_hand():
    """A compass: north and south are of class 0, east and west of class 1, and the question lies a little south of east.

    With three votes, north and south together outvoted east. With two the tie goes to east, as it did with one a class.
    """
    compass = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])
    question, labels = np.array([[1.0, -0.2]]), np.array([0, 0, 1, 1])
    two = heads.fit("nearest_neighbours", compass, labels)
    assert two[-1].n_neighbors == 2
    told = heads.probabilities(two, question)[0]
    np.testing.assert_allclose(told, [0.5, 0.5], atol=1e-3)
    assert told.argmax() == two.predict(question)[0] == 1
    for one in ([0, 2], [1, 2]):
        assert heads.fit("nearest_neighbours", compass[one], labels[one]).predict(question)[0] == 1


@pytest.mark.parametrize(("fewest", "neighbours"), [(1, 1), (2, 2), (3, 3), (5, 5), (20, 5)])
def test_no_more_neighbours_than_the_smallest_class_has_pictures(fewest, neighbours):
    features, labels = clouds(n=20)
    keep = np.r_[:20, 20 : 20 + fewest]
    assert heads.fit("nearest_neighbours", features[keep], labels[keep])[-1].n_neighbors == neighbours


@pytest.mark.parametrize("head", heads.HEADS)
def test_of_one_picture_a_class_every_head_is_the_nearest_by_cosine(head):
    """Cosine of the features as they come: as many numbers as a network gives, none negative, some pictures far louder."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        features, new = (rng.gamma(0.5, np.exp(rng.normal(0, 1, (n, 1))), (n, 100)).astype(np.float32) for n in (2, 300))
        right = (lengths_one(new) @ lengths_one(features).T).argmax(1)
        by_distance = np.linalg.norm(new[:, None] - features, axis=2).argmin(1)
        for told in (heads.probabilities(heads.fit(head, features, np.arange(2)), new),
                     heads.answers(head, features, np.arange(2), new)[0]):  # fmt: skip
            np.testing.assert_array_equal(told.argmax(1), right)
        assert (right != by_distance).sum() > 10


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
def test_one_picture_of_a_class_is_enough(head, classes):
    features, labels = clouds(n=1, classes=classes, apart=5)
    fitted = heads.fit(head, features, labels)
    assert heads.probabilities(fitted, features).argmax(1).tolist() == list(range(classes))


@pytest.mark.parametrize("head", heads.HEADS)
def test_many_classes_of_one_picture_each_are_no_mistake(head, recwarn):
    features, labels = clouds(n=1, d=30, classes=25, apart=3)
    fitted = heads.fit(head, features, labels)
    again = heads.from_arrays(head, heads.to_arrays(fitted))
    assert (heads.probabilities(again, features).argmax(1) == labels).all() and not recwarn.list


@pytest.mark.parametrize("head", heads.HEADS)
def test_labels_at_random_are_learnt_at_chance(head):
    features, labels = clouds(n=200, apart=1)
    rng = np.random.default_rng(5)
    fitted = heads.fit(head, features, rng.permutation(labels))
    new, truth = clouds(n=1000, apart=1, seed=6)
    told = heads.probabilities(fitted, new).argmax(1)
    assert abs((told == rng.permutation(truth)).mean() - 0.5) < 0.05  # 4.5 standard deviations


@pytest.mark.parametrize("head", ["logistic_regression", "ridge"])
@pytest.mark.parametrize("classes", [2, 3])
def test_weights_give_the_scores_again(head, classes):
    features, labels = clouds(classes=classes)
    fitted = heads.fit(head, features, labels)
    scores = scaled(features, classes) @ fitted[-1].coef_.T + fitted[-1].intercept_
    told = fitted.decision_function(features).reshape(scores.shape)
    np.testing.assert_allclose(scores, told, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
def test_a_head_can_be_pickled(head, classes):
    features, labels = clouds(classes=classes)
    fitted = heads.fit(head, features, labels)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(heads.probabilities(again, features), heads.probabilities(fitted, features))


@pytest.mark.parametrize("head", heads.HEADS)
def test_a_head_kept_as_arrays_keeps_the_numbers_of_the_classes(head):
    features, labels = clouds()
    fitted = heads.fit(head, features, 2 * labels)
    again = heads.from_arrays(head, heads.to_arrays(fitted))
    assert set(again.predict(features)) == {0, 2}
    assert again.predict(features).tolist() == fitted.predict(features).tolist()


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("head", heads.HEADS)
def test_a_head_kept_as_arrays_says_the_same(head, classes, tmp_path):
    from safetensors.numpy import load_file, save_file

    features, labels = clouds(classes=classes)
    new, _ = clouds(classes=classes, seed=8)
    fitted = heads.fit(head, features, labels)
    if hasattr(fitted[-1], "intercept_"):  # every other number in memory, as scikit-learn 1.6 leaves it
        fitted[-1].intercept_ = np.repeat(np.atleast_1d(fitted[-1].intercept_), 2)[::2]
    arrays = heads.to_arrays(fitted)
    save_file(arrays, tmp_path / "head.safetensors")
    kept = load_file(tmp_path / "head.safetensors")
    assert {name: array.tobytes() for name, array in kept.items()} == {name: array.tobytes() for name, array in arrays.items()}
    again = heads.from_arrays(head, kept)
    np.testing.assert_allclose(heads.probabilities(again, new), heads.probabilities(fitted, new), atol=1e-6)
    assert again.predict(new).tolist() == fitted.predict(new).tolist()


def test_ridge_probabilities_are_a_softmax_by_hand():
    features, labels = clouds(classes=3)
    fitted = heads.fit("ridge", features, labels)
    scores, times = fitted.decision_function(features[:2]), fitted[-1].sharpness_
    expected = [[np.exp(times * s) / sum(np.exp(times * t) for t in row) for s in row] for row in scores]
    np.testing.assert_allclose(heads.probabilities(fitted, features[:2]), expected, rtol=1e-5)


# ----------------------------------------------------------------------------------------------------------- how sure it is


@pytest.mark.parametrize("classes", [2, 3])
def test_left_out_scores_of_ridge_are_those_of_the_fit_to_all_other_folds(classes):
    """In closed form, on the scale of all pictures."""
    features, labels = clouds(n=7, d=30, classes=classes, apart=0.5)
    targets, folds = 2.0 * np.eye(classes)[labels] - 1, heads.dealt(labels, 3)
    for rows in (features, features[:, :4]):  # more features than pictures, and fewer
        fitted = heads.fit("ridge", rows, labels)
        inside = fitted[:-1].transform(rows.astype(float))
        found = heads._left_out_by_ridge(fitted, rows, labels, folds)
        for out in (folds == fold for fold in range(3)):
            x, y = inside[~out], targets[~out]
            gram = (x - x.mean(0)).T @ (x - x.mean(0)) + fitted[-1].alpha * np.eye(x.shape[1])
            weights = np.linalg.solve(gram, (x - x.mean(0)).T @ (y - y.mean(0)))
            np.testing.assert_allclose(found[out], (inside[out] - x.mean(0)) @ weights + y.mean(0), atol=1e-8)


def test_folds_hold_a_share_of_every_class_and_the_only_picture_of_one_stays_in():
    assert heads.dealt(np.array([0, 1, 0, 1, 0, 1, 0])).tolist() == [0, 0, 1, 1, 2, 2, 0]
    assert heads.dealt(np.array([3, 0, 3, 2, 3])).tolist() == [0, -1, 1, -1, 2]
    assert heads.dealt(np.array([0, 1])).tolist() == [-1, -1]
    assert heads.dealt(np.zeros(25, int)).tolist() == [*range(10)] * 2 + [*range(5)]


def test_ridge_is_as_sure_of_many_classes_of_two_pictures_as_it_is_right():
    """Left out alone, each picture would leave its class with half of what all others have: it would seem to be right of none."""
    rng = np.random.default_rng(0)
    middles, labels = rng.normal(0, 1, (50, 64)), np.arange(50).repeat(2)
    features, asked = (middles.repeat(n, 0) + rng.normal(0, 1.8, (50 * n, 64)) for n in (2, 20))
    sure = heads.probabilities(heads.fit("ridge", features, labels), asked)
    right = np.mean(sure.argmax(1) == np.arange(50).repeat(20))
    assert 0.3 < right < 0.8
    assert abs(sure.max(1).mean() - right) < 0.1


def test_left_out_votes_are_those_of_the_other_pictures():
    """By a plain loop; as many vote as the smallest class then has pictures."""
    features, labels = clouds(n=5, classes=3, apart=0.4)
    features, labels = features[:-3], labels[:-3]  # 5, 5 and 2 pictures
    fitted = heads.fit("nearest_neighbours", features, labels)
    votes, right = heads._votes_left_out(fitted, labels, 5)
    assert right.tolist() == labels.tolist()
    inside = fitted[:-1].transform(features)
    for i, label in enumerate(labels):
        near = [k for k in np.argsort(-(inside @ inside[i])) if k != i][: 1 if label == 2 else 2]
        assert votes[i].tolist() == np.bincount(labels[near], minlength=3).tolist()


def test_the_sharpness_is_the_likeliest():
    """Against a fine grid; without a picture it is the usual one, and of ever more pictures it is what their log loss says."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1, (400, 3))
    right = np.array([rng.choice(3, p=p) for p in heads.softmax(2.5 * scores)])
    tried = np.logspace(-0.5, 1.5, 401)
    for count in (3, 40):
        told = heads.softmax(tried[:, None, None] * scores[:count])
        losses = -np.log(told[:, np.arange(count), right[:count]]).mean(1)
        posterior = count * losses + (np.log(tried / 6) / 0.5) ** 2 / 2
        assert heads.sharpness(scores[:count], right[:count], 6.0) == pytest.approx(tried[posterior.argmin()], rel=0.01)
    assert heads.sharpness(scores[:0], right[:0], 6.0) == pytest.approx(6, rel=1e-3)
    assert heads.sharpness(np.tile(scores, (5, 1)), np.tile(right, 5), 6.0) == pytest.approx(2.5, rel=0.2)


def calibration_error(told, labels, bins=10):
    """Expected calibration error: how far the share of right answers lies from how sure they were, answers of like sureness together."""
    sure, right = told.max(1), told.argmax(1) == labels
    lies = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(abs(sure[lies == i].sum() - right[lies == i].sum()) for i in range(bins)) / len(labels)


SETS = {"even": (60, 60, 60), "uneven": (150, 20, 40), "two": (60, 60), "two uneven": (150, 20)}


@pytest.mark.parametrize("sizes", SETS.values(), ids=SETS)
@pytest.mark.parametrize("head", heads.HEADS)
def test_of_pictures_that_it_is_so_sure_of_that_share_is_right(head, sizes):
    """New pictures are as frequent as those that it was taught with."""

    def drawn(times, seed):
        features, labels = clouds(n=max(sizes) * times, d=20, classes=len(sizes), apart=0.45, seed=seed)
        kept = np.concatenate([np.flatnonzero(labels == c)[: times * n] for c, n in enumerate(sizes)])
        return features[kept], labels[kept]

    (features, labels), (new, truth) = drawn(1, 0), drawn(20, 1)
    told = heads.probabilities(heads.fit(head, features, labels), new)
    right = (told.argmax(1) == truth).mean()
    assert 0.6 < right < 0.98
    assert calibration_error(told, truth) < 0.08  # a softmax of ridge's scores as they are: 0.1 to 0.3
    assert told.max(1).mean() == pytest.approx(right, abs=0.08)


SURE = [(head, n) for head in heads.HEADS for n in (2, 3, 10, 50) if (head, n) != ("logistic_regression", 50)]  # whose folds take long


@pytest.mark.parametrize(("head", "classes"), SURE)
def test_of_classes_that_lie_far_apart_a_head_is_sure(head, classes):
    features, labels = clouds(n=8, d=60, classes=classes, apart=4)
    new, truth = clouds(n=8, d=60, classes=classes, apart=4, seed=1)
    told = heads.probabilities(heads.fit(head, features, labels), new)
    assert (told.argmax(1) == truth).all() and np.median(told.max(1)) > 0.9


@pytest.mark.parametrize("head", heads.HEADS)
def test_of_labels_at_random_a_head_is_unsure(head):
    features, labels = clouds(n=60, d=20)
    rng = np.random.default_rng(1)
    told = heads.probabilities(heads.fit(head, features, rng.permutation(labels)), clouds(n=500, d=20, seed=2)[0])
    assert told.max(1).mean() < 0.66


@pytest.mark.parametrize("each", [1, 2])
@pytest.mark.parametrize("head", ["ridge", "nearest_neighbours"])
def test_one_or_two_pictures_of_a_class_make_no_head_quite_sure(head, each):
    features, labels = clouds(n=each, d=20)
    told = heads.probabilities(heads.fit(head, features, labels), clouds(n=50, d=20, seed=1)[0])
    assert 0.6 < told.max(1).mean() < 0.98


@pytest.mark.parametrize("head", heads.HEADS)
def test_a_head_that_was_saved_without_sharpness_says_what_it_said_and_is_known(head):
    features, labels = clouds(classes=3)
    fitted = heads.fit(head, features, labels)
    arrays = heads.to_arrays(fitted)
    assert heads.calibrated(fitted) and heads.calibrated(heads.from_arrays(head, arrays))
    old = heads.from_arrays(head, {name: array for name, array in arrays.items() if name != "sharpness"})
    assert heads.calibrated(old) is (head == "logistic_regression")
    said = heads.softmax(fitted.decision_function(features)) if head == "ridge" else fitted.predict_proba(features)
    np.testing.assert_allclose(heads.probabilities(old, features), said, rtol=1e-6)
    np.testing.assert_array_equal(said.argmax(1), heads.probabilities(fitted, features).argmax(1))


def test_errors_say_what_would_be_right():
    features, labels = clouds(n=3)
    with pytest.raises(HeadError, match="No head is called 'svm': choose one of logistic_regression, ridge"):
        heads.fit("svm", features, labels)
    with pytest.raises(HeadError, match="at least two classes"):
        heads.fit("ridge", features, np.zeros(6, int))
    features[2, 1] = np.nan
    with pytest.raises(HeadError, match="not finite"):
        heads.fit("ridge", features, labels)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
def test_a_feature_that_is_always_zero_does_no_harm(head, classes):
    """As a filter that never answers. It has no part in the scores; by the mean variance it moves the others' scale a little."""
    features, labels = clouds(classes=classes)
    still = np.concatenate([features, np.zeros((len(features), 2), np.float32)], 1)
    fitted = heads.fit(head, still, labels)
    told = heads.probabilities(fitted, still)
    assert np.isfinite(told).all()
    np.testing.assert_allclose(told, heads.probabilities(heads.fit(head, features, labels), features), atol=0.05)
    if head != "nearest_neighbours":
        assert abs(fitted[-1].coef_[..., 6:]).max() < 1e-6


@pytest.mark.parametrize("head", heads.HEADS)
def test_a_row_of_zeros_is_answered(head):
    features, labels = clouds()
    features[3] = 0
    assert np.isfinite(heads.probabilities(heads.fit(head, features, labels), np.zeros((2, 6), np.float32))).all()
    assert np.isfinite(heads.answers(head, features, labels, np.zeros((2, 6), np.float32))[0]).all()


@pytest.mark.parametrize("head", heads.HEADS)
def test_features_that_all_stay_the_same_are_no_error(head):
    told = heads.probabilities(heads.fit(head, np.full((6, 3), 4.2, np.float32), np.arange(6) % 2), np.zeros((2, 3), np.float32))
    assert np.isfinite(told).all()


def test_a_head_of_another_name_is_not_taken_for_ridge():
    with pytest.raises(HeadError, match="No head is called 'foo': choose one of logistic_regression, ridge"):
        heads.from_arrays("foo", heads.to_arrays(heads.fit("ridge", *clouds())))


def test_heads_that_were_saved_before_rows_had_length_one_say_what_they_said():
    """Their arrays lack `unit`. By hand: scale, weigh, add; of neighbours centre, length one, a plain vote."""
    new = np.array([[3.0, 1.0], [0.0, 8.0], [-2.0, 0.5]])
    arrays = {"mean": np.array([1.0, 2.0]), "scale": np.array([2.0, 4.0]), "classes": np.array([0, 1]),
              "coef": np.array([[1.0, -2.0]]), "intercept": np.array([0.5])}  # fmt: skip
    scores = [0.5 + (x - 1) / 2 - 2 * (y - 2) / 4 for x, y in new]
    told = heads.probabilities(heads.from_arrays("logistic_regression", arrays), new)
    np.testing.assert_allclose(told[:, 1], [1 / (1 + np.exp(-score)) for score in scores])
    np.testing.assert_allclose(heads.from_arrays("ridge", arrays).decision_function(new), scores)
    compass = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])
    arrays = {"mean": np.array([1.0, 2.0]), "classes": np.array([0, 1]), "vectors": compass,
              "labels": np.array([0, 0, 1, 1]), "neighbours": np.array([3])}  # fmt: skip
    old = heads.from_arrays("nearest_neighbours", arrays)
    np.testing.assert_allclose(heads.probabilities(old, np.array([[2.0, 1.8]])), [[2 / 3, 1 / 3]])
    assert set(heads.to_arrays(old)) == set(arrays)  # and kept again it stays what it is


def test_of_three_classes_single_precision_does_not_stop_the_search_early(recwarn):
    """scikit-learn 1.9.1 on float32 at tol=1e-7: L-BFGS ends with ABNORMAL on these fifteen rows."""
    features = np.random.default_rng(10).normal(3, 1, (15, 192)).astype(np.float32)
    heads.fit("logistic_regression", features, np.repeat(range(3), 5), 10)
    assert [str(warning.message) for warning in recwarn.list] == []
