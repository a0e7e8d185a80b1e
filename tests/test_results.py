"""Results: an accuracy with an honest interval, and the mistakes in the order of their confidence."""

from pathlib import Path

import numpy as np
import pytest

from shoulders.datasets import Pictures
from shoulders.results import Result, wilson


def result_of(probabilities, labels, classes=("cats", "dogs", "owls")):
    probabilities = np.asarray(probabilities, float)
    valid = Pictures(
        tuple(Path(f"{i}.jpg") for i in range(len(labels))), np.array(labels), tuple(map(str, range(len(labels)))), classes
    )
    seconds = {"decode": 1.0, "features": 2.0, "train": 3.0, "total": 5.5}
    return Result("feature_extraction", "ridge", "vgg16", 5, 2, 15, valid, probabilities, seconds, 99, False, "cpu", "fp32")


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, table I, score method; and two by hand: n 10, all or none: z²/(n + z²)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
     (0, 10, 0.0, 0.27754), (10, 10, 0.72246, 1.0)],
)  # fmt: skip
def test_wilson_by_hand(correct, n, low, high):
    assert wilson(correct, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("correct", "n", "z"), [(146, 153, 1.96), (3, 7, 1.0), (1, 1000, 2.5758), (500, 1000, 1.6449)])
def test_wilson_bounds_solve_its_defining_equation(correct, n, z):
    """At each bound p, the distance from p to the share is z standard deviations of p."""
    for bound in wilson(correct, n, z):
        assert abs(correct / n - bound) == pytest.approx(z * np.sqrt(bound * (1 - bound) / n))


@pytest.mark.parametrize("n", [10, 153])
@pytest.mark.parametrize("truth", [0.5, 0.9, 0.97])
def test_wilson_covers_the_truth_about_95_times_in_100(n, truth):
    """Exactly, by the binomial distribution; Wald's interval covers 65 % for n 10 and 0.9."""
    from scipy.stats import binom

    covered = [low <= truth <= high for low, high in (wilson(k, n) for k in range(n + 1))]
    assert 0.88 < binom.pmf(np.arange(n + 1), n, truth)[covered].sum() < 0.99


def test_wilson_is_symmetric_and_stays_between_0_and_1():
    for n in (1, 2, 30):
        for k in range(n + 1):
            low, high = wilson(k, n)
            assert 0 <= low < high <= 1
            assert low <= k / n <= high
            assert (1 - high, 1 - low) == pytest.approx(wilson(n - k, n))


PROBABILITIES = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.0, 0.9], [0.6, 0.3, 0.1], [0.1, 0.9, 0.0], [0.4, 0.3, 0.3]]
LABELS = [0, 0, 1, 0, 2, 2]


def test_accuracy_predictions_and_mistakes_by_hand():
    result = result_of(PROBABILITIES, LABELS)
    assert result.predictions.tolist() == [0, 1, 2, 0, 1, 0]
    assert result.right.tolist() == [True, False, False, True, False, False]
    assert result.accuracy == 2 / 6
    assert result.interval == wilson(2, 6)
    assert result.mistakes().tolist() == [2, 4, 1, 5]  # 0.9 before 0.9 in their order, then 0.7, 0.4
    assert str(result) == "33.3% of 6 pictures right (95 % interval 9.7% to 70.0%)"


def test_confusion_counts_every_picture_once():
    table = result_of(PROBABILITIES, LABELS).confusion()
    assert table.to_numpy().tolist() == [[2, 1, 0], [0, 0, 1], [1, 1, 0]]
    assert table.loc["dogs", "owls"] == 1  # really dogs, told as owls
    assert (table.index.name, table.columns.name) == ("really", "predicted")
    rng = np.random.default_rng(0)
    result = result_of(rng.random((200, 3)), rng.integers(0, 3, 200))
    assert result.confusion().sum(axis=1).tolist() == np.bincount(result.valid.labels).tolist()
    assert result.confusion().sum().tolist() == np.bincount(result.predictions).tolist()
    assert np.trace(result.confusion()) == result.right.sum() == 200 - len(result.mistakes())


def test_mistakes_are_the_most_confident_first():
    rng = np.random.default_rng(1)
    result = result_of(rng.dirichlet((1, 1, 1), 100), rng.integers(0, 3, 100))
    sure = result.probabilities[result.mistakes()].max(1)
    assert (np.diff(sure) <= 0).all()
    assert not result.right[result.mistakes()].any()


def test_a_row_is_plain_and_complete():
    import json

    row = result_of(PROBABILITIES, LABELS).row()
    assert json.loads(json.dumps(row)) == row
    assert row == {
        "regime": "feature_extraction", "head": "ridge", "backbone": "vgg16", "layer": "hidden", "per_class": 5, "seed": 2,
        "accuracy": 2 / 6, "low": wilson(2, 6)[0], "high": wilson(2, 6)[1], "n_valid": 6, "n_train": 15, "classes": 3,
        "largest": 3 / 6,
        "seconds_features": 2.0, "seconds_train": 3.0, "seconds_total": 5.5, "cached": False, "trained_parameters": 99,
        "device": "cpu", "precision": "fp32",
    }  # fmt: skip
