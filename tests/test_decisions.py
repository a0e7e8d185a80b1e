"""Decisions: counts by hand, curves and scores as scikit-learn has them, DeLong's interval by another route."""

import math
from fractions import Fraction

import numpy as np
import pytest

from shoulders import heads, plots
from shoulders.heads import decisions
from shoulders.intervals import wilson


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(0)
    labels = (rng.random(150) < 0.25).astype(int)
    return np.round(1 / (1 + np.exp(-rng.normal(1.3 * labels - 0.8))), 2), labels  # with ties


def test_counts_by_hand():
    found = decisions.decide([0.1, 0.5, 0.4, 0.9, 0.5, 0.2], [0, 0, 1, 1, 1, 0], 0.5)
    assert (found.hits, found.misses, found.alarms, found.passed) == (2, 1, 1, 2)
    assert (found.sensitivity, found.specificity, found.accuracy) == (2 / 3, 2 / 3, 4 / 6)
    assert found.sensitivity_interval == wilson(2, 3) and found.specificity_interval == wilson(2, 3)
    assert found.cost(0.1, miss=30, alarm=2) == pytest.approx(1000 * (0.1 * 30 / 3 + 0.9 * 2 / 3))
    assert str(found).startswith("sensitivity: 66.7 % of 3 (95 % interval ")


def test_of_one_class_nothing_is_decided():
    with pytest.raises(heads.HeadError, match="of both"):
        decisions.decide([0.1, 0.2], [0, 0], 0.5)


def test_the_curve_is_scikit_learns(answers):
    from sklearn.metrics import roc_auc_score, roc_curve

    sure, labels = answers
    false, true, cuts = roc_curve(labels, sure, drop_intermediate=False)
    for x, y, cut in zip(false, true, cuts):
        found = decisions.decide(sure, labels, cut)
        assert (1 - found.specificity, found.sensitivity) == pytest.approx((x, y))
    drawn = plots.roc({"these": answers}, {"these": decisions.decide(sure, labels, 0.5)})
    curve = drawn.figure.axes[0].lines[1]
    np.testing.assert_allclose(curve.get_xydata(), np.stack([false, true], 1))
    assert decisions.auc(sure, labels)[0] == pytest.approx(roc_auc_score(labels, sure))
    assert decisions.brier(sure, labels) == pytest.approx(np.mean((sure - labels) ** 2))


def test_delong_by_its_definition(answers):
    """Every pair is compared, and the variance is that of the placements: no ranks."""
    sure, labels = answers
    ill, well = sure[labels == 1], sure[labels == 0]
    wins = (ill[:, None] > well) + 0.5 * (ill[:, None] == well)
    variance = wins.mean(1).var(ddof=1) / len(ill) + wins.mean(0).var(ddof=1) / len(well)
    area = wins.mean()
    middle, reach = math.log(area / (1 - area)), 1.96 * math.sqrt(variance) / (area * (1 - area))
    assert decisions.auc(sure, labels) == pytest.approx(
        (area, *(1 / (1 + math.exp(-m)) for m in (middle - reach, middle + reach)))
    )


def test_delongs_interval_is_near_the_bootstraps(answers):
    from sklearn.metrics import roc_auc_score

    sure, labels = answers
    rng, places = np.random.default_rng(1), [np.flatnonzero(labels == c) for c in (0, 1)]
    draws = (np.concatenate([rng.choice(where, len(where)) for where in places]) for _ in range(600))
    areas = [roc_auc_score(labels[drawn], sure[drawn]) for drawn in draws]
    assert decisions.auc(sure, labels)[1:] == pytest.approx(np.quantile(areas, (0.025, 0.975)), abs=0.025)


def test_where_all_are_told_apart_no_spread_is_known():
    area, low, high = decisions.auc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert area == 1 and math.isnan(low) and math.isnan(high)


def test_the_cheapest_threshold_is_the_cheapest_of_all(answers):
    sure, labels = answers
    for miss in (1, 10, 60):
        best = decisions.cheapest(sure, labels, 0.1, miss)
        costs = [decisions.decide(sure, labels, t).cost(0.1, miss) for t in np.linspace(0, 1.001, 700)]
        assert best.cost(0.1, miss) == pytest.approx(min(costs))
    assert decisions.cheapest(sure, labels, 0.1, 1e6).misses == 0 and decisions.cheapest(sure, labels, 0.1, 0).alarms == 0


def test_odds_are_shifted_as_bayes_says():
    """A sign that 8 of 10 ill and 2 of 10 well people have: half of them are ill where half of all are, and 4 of 13 where a tenth is."""
    now = Fraction(8, 10) * Fraction(1, 10) / (Fraction(8, 10) * Fraction(1, 10) + Fraction(2, 10) * Fraction(9, 10))
    assert decisions.shifted([0.8], 0.5, 0.1)[0] == pytest.approx(float(now))
    sure = np.linspace(0, 1, 11)
    np.testing.assert_allclose(decisions.shifted(decisions.shifted(sure, 0.3, 0.1), 0.1, 0.3), sure, atol=1e-12)


def test_groups_are_scikit_learns(answers):
    from sklearn.calibration import calibration_curve

    sure, labels = answers
    came, said = calibration_curve(labels, sure, n_bins=5, strategy="quantile")
    rows = decisions.binned(sure, labels)
    np.testing.assert_allclose([row["said"] for row in rows], said)
    np.testing.assert_allclose([row["came"] for row in rows], came)
    assert sum(row["pictures"] for row in rows) == len(sure)
    assert all(row["low"] <= row["came"] <= row["high"] for row in rows)


def test_left_out_pictures_never_taught_their_own_answer():
    """Of features that say nothing, a head that is asked about what it was taught knows all; of left-out ones, nothing."""
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(60, 200)), np.tile([0, 1], 30)
    seen = heads.answers("logistic_regression", features, labels, features)[0][:, 1]
    assert decisions.auc(seen, labels)[0] > 0.9 > 0.7 > decisions.auc(decisions.left_out(features, labels), labels)[0]


def test_figures_say_what_they_show(answers):
    sure, labels = answers
    best = decisions.cheapest(sure, labels, 0.1, 20)
    drawn = plots.price(sure, labels, 0.1, 20, chosen=best.threshold)
    assert f"{best.cost(0.1, 20):,.0f} per 1,000" in drawn.words
    drawn = plots.reliability({"as it was": sure, "shifted": decisions.shifted(sure, 0.25, 0.1)}, labels)
    assert f"Brier score {decisions.brier(sure, labels):.3f}" in drawn.words
