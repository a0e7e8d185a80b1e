"""Results: an accuracy with an honest interval, and the mistakes in the order of their confidence."""

from pathlib import Path

import numpy as np
import pytest

from shoulders.datasets import Samples
from shoulders.intervals import class_by_class, recalls, uneven, wilson
from shoulders.results import Result, apart, verdict
from shoulders.support.words import WIDTH


def result_of(probabilities, labels, classes=("cats", "dogs", "owls")):
    probabilities = np.asarray(probabilities, float)
    valid = Samples(
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
    assert str(result) == "33.3 % of 6 pictures right (95 % interval 9.7 to 70.0 %)"


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
        "parameters": None,
        "device": "cpu", "precision": "fp32",
        "balanced_accuracy": 2 / 9, "balanced_low": pytest.approx(0.1, abs=0.1), "balanced_high": pytest.approx(0.6, abs=0.1),
        "by_class": row["by_class"],
    }  # fmt: skip
    assert (row["balanced_low"], row["balanced_high"]) == result_of(PROBABILITIES, LABELS).balanced_interval


def test_a_row_tells_class_by_class_and_holds_nothing_that_json_does_not_know():
    import json

    result = result_of([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]], [0, 1, 1], ("a", "b", "never"))
    row = result.row()
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    first, second, never = row["by_class"]
    assert first == {
        "class": "a", "pictures": 1, "recall": 1.0, "recall_low": wilson(1, 1)[0], "recall_high": 1.0,
        "named": 2, "precision": 0.5, "precision_low": wilson(1, 2)[0], "precision_high": wilson(1, 2)[1],
    }  # fmt: skip
    assert (second["recall"], second["precision"]) == (0.5, 1.0)
    assert (never["pictures"], never["recall"], never["recall_low"], never["named"], never["precision"]) == (0, None, None, 0, None)
    assert row["balanced_accuracy"] == 0.75


def test_recalls_in_words():
    """0 of n and n of n have intervals, a class without a picture has none, and of many classes the worst are named."""
    few = result_of([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]], [0, 1, 1], ("a", "b", "never")).row()
    assert uneven(few) and not uneven(result_of([[1, 0], [1, 0]], [0, 1], ("a", "b")).row()) and not uneven({"accuracy": 0.5})
    assert recalls(few) == "a 1 of 1 (20.7 to 100.0 %), b 1 of 2 (9.5 to 90.5 %), never without a picture"
    labels = np.repeat(np.arange(49), 4)
    said = np.where(labels == 7, 8, labels)
    said[labels == 30] = [30, 0, 0, 30]
    said[labels == 20] = [20, 20, 20, 1]
    many = result_of(np.eye(50)[said], labels, tuple(f"c{i:02}" for i in range(50))).row()
    worst = ["c07 0 of 4 (0.0 to 49.0 %)", "c30 2 of 4 (15.0 to 85.0 %)", "c20 3 of 4 (30.1 to 95.4 %)"]
    assert recalls(many) == ", ".join([*worst, "the other 46: 100.0 %", "1 without a picture"])
    assert [name for name, *_ in class_by_class([many])[:4]] == ["c07", "c30", "c20", "c00"]
    two = result_of([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]], [0, 1, 2, 2], ("right", "one", "two")).row()
    assert [name for name, *_ in class_by_class([two])] == ["two", "one", "right"]
    assert "the other 47: 75.0 to 100.0 %" in recalls(many, most=3)
    assert [(one["class"], one["named"]) for one in many["by_class"] if one["named"] != 4] == [
        ("c00", 6), ("c01", 5), ("c07", 0), ("c08", 8), ("c20", 3), ("c30", 2), ("c49", 0),
    ]  # fmt: skip


def drawn(classes, n, seed, most_of_one=0.0):
    """Random answers to random questions, the first class the most frequent by `most_of_one`."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(classes), n) * (rng.random(n) > most_of_one)
    return result_of(rng.dirichlet(np.ones(len(classes)), n) + np.eye(len(classes))[labels] * 0.4, labels, classes)


@pytest.mark.parametrize("seed", range(5))
def test_recall_precision_and_balanced_accuracy_are_scikit_learns(seed):
    from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support

    result = drawn(("a", "b", "c", "d"), 60, seed, most_of_one=0.5)
    table, asked = result.by_class(), (result.valid.labels, result.predictions)
    precision, recall, _, pictures = precision_recall_fscore_support(*asked, labels=range(4))
    assert np.allclose(table.recall, recall) and np.allclose(table.precision, precision)
    assert table.pictures.tolist() == pictures.tolist() and table.index.tolist() == ["a", "b", "c", "d"]
    assert result.balanced_accuracy == pytest.approx(balanced_accuracy_score(*asked))
    row = table.iloc[1]
    assert (row.recall_low, row.recall_high) == pytest.approx(wilson(round(row.recall * row.pictures), int(row.pictures)))
    assert (row.precision_low, row.precision_high) == pytest.approx(wilson(round(row.precision * row.named), int(row.named)))


def test_a_class_without_pictures_and_one_that_is_never_named_have_no_share():
    table = result_of([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]], [0, 1, 1], ("a", "b", "never")).by_class()
    assert table.loc["never", ["pictures", "named"]].tolist() == [0, 0]
    assert table.loc["never", ["recall", "recall_low", "precision", "precision_high"]].isna().all()
    result = result_of([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]], [0, 1, 1], ("a", "b", "never"))
    assert result.balanced_accuracy == 0.75  # of 1 of 1 and 1 of 2


def test_the_interval_of_a_balanced_accuracy_is_wilsons_for_one_class_and_covers_the_truth_at_its_rate():
    alone = result_of([[0.9, 0.1]] * 9 + [[0.1, 0.9]], [0] * 10, ("a", "b"))
    assert alone.balanced_interval == pytest.approx(wilson(9, 10))
    rng, truth, sizes = np.random.default_rng(0), (0.95, 0.7, 0.85), (120, 15, 40)
    labels = np.repeat(range(3), sizes)
    covered = 0
    for _ in range(400):
        right = rng.random(len(labels)) < np.array(truth)[labels]
        result = result_of(np.eye(3)[np.where(right, labels, (labels + 1) % 3)], labels)
        low, high = result.balanced_interval
        covered += low <= np.mean(truth) <= high
    assert 0.92 < covered / 400 < 0.98


def judged(right):
    return result_of([[0, 1, 0] if one else [1, 0, 0] for one in right], [1] * len(right))


@pytest.mark.parametrize(
    ("both", "ours", "theirs", "said"),
    [
        (2, 6, 0, "A beat B: 100.0 against 25.0 % of the same 8 pictures. Of the 6 pictures on which they differ, 6 go to the better "
         "side: more than luck."),  # 2 / 2 ** 6 = 0.03
        (2, 0, 6, "A stay behind B: 25.0 against 100.0 % of the same 8 pictures. Of the 6 pictures on which they differ, 6 go to the "
         "better side: more than luck."),
        (3, 5, 0, "A and B are too close to call: 100.0 against 37.5 % of the same 8 pictures. Of the 5 pictures on which they differ, "
         "5 go to the better side: that can be luck."),  # 2 / 2 ** 5 = 0.06
        (7, 0, 1, "A and B are too close to call: 87.5 against 100.0 % of the same 8 pictures. They differ on one picture: that can "
         "be luck."),
        (4, 2, 2, "A and B are level: 75.0 against 75.0 % of the same 8 pictures."),
        (8, 0, 0, "A and B are level: 100.0 against 100.0 % of the same 8 pictures."),
    ],
)  # fmt: skip
def test_two_runs_are_told_apart_by_the_pictures_on_which_they_differ(both, ours, theirs, said):
    one = judged([True] * (both + ours) + [False] * (8 - both - ours))
    other = judged([True] * both + [False] * ours + [True] * theirs + [False] * (8 - both - ours - theirs))
    told = verdict(("A", "B"), one, other)
    assert " ".join(told.split()) == said and max(map(len, told.splitlines())) <= WIDTH
    assert apart(one, other) == apart(other, one) == ("more than luck" in said)


def test_runs_on_other_pictures_are_not_compared():
    with pytest.raises(ValueError, match="judged by different pictures"):
        verdict(("A", "B"), judged([True, False]), judged([True, False, True]))
