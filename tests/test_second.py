"""A second giant beside a classifier: its one weight, and classes that the classifier never met."""

import numpy as np
import pytest
from making import alike
from scipy.special import log_softmax, softmax

from shoulders import heads
from shoulders.heads import second


def examples(n, classes, sharp, seed=0):
    """Log probabilities of a first and of a second giant, each sure to a degree, and wrong in ways of its own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    told = rng.normal(0, 1, (2, n, classes)) + np.array(sharp)[:, None, None] * np.eye(classes)[labels]
    return log_softmax(told[0], 1), told[1], labels


def test_the_weight_is_where_the_log_loss_is_least():
    told, scores, labels = examples(4000, 6, (2.0, 1.0))
    found = second.weight(told, scores, labels)

    def loss(w):
        return -log_softmax(told + w * scores, 1)[np.arange(len(labels)), labels].mean()

    grid = np.linspace(0.2, 2, 181)
    assert alike(found, grid[np.argmin([loss(w) for w in grid])], 0.02)


def test_a_second_giant_that_knows_as_much_gets_the_weight_that_bayes_gives_it():
    """Of two giants whose scores are true log likelihoods with noise of their own, the sum is right: weight 1."""
    rng, classes = np.random.default_rng(1), 5
    labels = rng.integers(classes, size=20_000)
    seen = [np.eye(classes)[labels] + rng.normal(0, 1, (len(labels), classes)) for _ in range(2)]
    told, scores = (log_softmax(one, 1) for one in seen)  # log p(class | seen) of unit Gaussians about the class's corner
    assert alike(second.weight(told, scores, labels), 1.0, 0.05)


def test_scores_of_nothing_get_no_weight_and_few_examples_stay_near_the_usual():
    told, _, labels = examples(3000, 6, (2.0, 1.0))
    noise = np.random.default_rng(3).normal(0, 5, told.shape)
    assert second.weight(told, noise, labels) < 0.03
    assert second.weight(told[:0], noise[:0], labels[:0], usual=0.7) == pytest.approx(0.7, rel=1e-3)
    sure = 50 * np.eye(2)
    assert second.weight(np.zeros((2, 2)), sure, np.arange(2), usual=0.7) < 7, "two right answers are no proof of infinity"


def test_with_every_class_met_both_are_multiplied_and_with_none_the_second_is_alone():
    told, scores, _ = examples(50, 4, (2.0, 1.0))
    both = second.Second(0.6, 1.7, np.arange(4))
    alike_to = softmax(told + 0.6 * scores, 1)
    assert np.allclose(second.joined(told, scores, both), alike_to)
    none = second.joined(np.zeros((50, 0)), scores, second.Second(0.6, 1.7, np.arange(0)))
    assert np.allclose(none, softmax(1.7 * scores, 1))


def test_a_class_without_examples_has_what_the_second_giant_says_however_sure_the_first_is():
    rng = np.random.default_rng(5)
    scores, both = rng.normal(0, 2, (30, 5)), second.Second(0.6, 1.0, np.array([0, 2, 3]))
    sure, unsure = log_softmax(100 * rng.normal(size=(30, 3)), 1), np.full((30, 3), -np.log(3))
    found = [second.joined(told, scores, both) for told in (sure, unsure)]
    for one in found:
        assert np.allclose(one.sum(1), 1)
        assert np.allclose(one[:, [1, 4]], softmax(scores, 1)[:, [1, 4]])
    assert not np.allclose(*found)
    ratio = found[0][:, [0, 2, 3]] / found[0][:, [0, 2, 3]].sum(1, keepdims=True)
    assert np.allclose(ratio, softmax(sure + 0.6 * scores[:, [0, 2, 3]], 1))


def test_learning_leaves_each_example_out_and_knows_which_classes_were_met():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 3], 6)
    features = rng.normal(0, 1, (18, 40)) + 1.5 * np.eye(40)[labels]
    fitted = heads.fit("logistic_regression", features, labels)
    told = second.left_out("logistic_regression", fitted, features, labels)
    taught = np.log(heads.probabilities(fitted, features))
    right = np.arange(18), np.searchsorted([0, 1, 3], labels)
    assert told.shape == (18, 3) and np.allclose(np.exp(told).sum(1), 1)
    assert told[right].mean() < taught[right].mean() - 0.1, "what was left out is told less surely than what was learnt"
    scores = rng.normal(0, 0.3, (18, 4)) + 3 * np.eye(4)[labels]
    both = second.learn(told, fitted[-1].classes_, labels, scores)
    assert both.met.tolist() == [0, 1, 3] and both.weight > 0
    asked = second.answers(fitted, features, scores, both)
    assert asked.shape == (18, 4) and (asked.argmax(1) == labels).all()


def test_whole_groups_are_left_out_and_a_class_of_one_group_alone_says_nothing_of_the_weight():
    """Three speakers, of whom the first alone says class 3; each speaker's numbers lie far from the others'."""
    rng, labels = np.random.default_rng(0), np.array([0, 1, 2, 3, 0, 1, 2, 0, 1, 2])
    groups = np.array(list("aaaabbbccc"))
    features = rng.normal(0, 0.1, (10, 12)) + 2 * np.eye(12)[labels] + np.eye(12)[[4 + "abc".index(g) for g in groups]]
    fitted = heads.fit("logistic_regression", features, labels)
    told = second.left_out("logistic_regression", fitted, features, labels, groups)
    assert np.isnan(told[3]).all() and not np.isnan(np.delete(told, 3, 0)).any()
    assert np.isneginf(told[:3, 3]).all(), "without the first speaker nobody says class 3"
    assert np.isfinite(told[4:]).all() and np.allclose(np.exp(np.delete(told, 3, 0)).sum(1), 1)
    without = heads.fit("logistic_regression", features[groups != "a"], labels[groups != "a"])
    assert (told[:3].argmax(1) == without.predict(features[:3])).all()
    assert np.isfinite(second.learn(told, fitted[-1].classes_, labels, rng.normal(size=(10, 5))).weight)
    alone = second.left_out("logistic_regression", fitted, features, labels, ["a"] * 10)
    assert np.isnan(alone).all(), "of one speaker nobody can be left out"


def test_one_example_of_each_class_leaves_the_usual_weight():
    rng = np.random.default_rng(0)
    features, labels, scores = rng.normal(size=(4, 10)), np.arange(4), 3 * np.eye(4)
    fitted = heads.fit("logistic_regression", features, labels)
    told = second.left_out("logistic_regression", fitted, features, labels)
    assert np.isnan(told).all()
    assert second.learn(told, fitted[-1].classes_, labels, scores, usual=0.25).weight == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("scores, said", [(np.zeros((3, 4)), "a row for each of the 2"), (np.full((2, 4), -np.inf), "are no numbers")])
def test_scores_that_cannot_be_are_refused_in_a_sentence(scores, said):
    with pytest.raises(heads.HeadError, match=said):
        second.learn(np.zeros((2, 2)), np.arange(2), np.arange(2), scores)
