"""Lesson 03: right answers are right and wrong ones wrong, the settings are what the text says, figures say what is in the runs."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from making import network, set_of
from test_comparison import row

from shoulders import backbones, comparison, costs, datasets, editions, exercises, features, plots, training
from shoulders.course.exercises.lesson_03 import _squares


@pytest.fixture
def lesson(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 12, 6))
    edition = editions.Edition("pocket", held, network("vgg16_tiny"), "")
    return edition, exercises.lesson_03(edition)


def said(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def test_exercise_1_is_the_arithmetic_of_a_training(lesson, capsys, exact):
    edition, _ = lesson
    held = edition.pictures
    blank = replace(backbones.load("vgg16_tiny", "random"), transform=backbones.Transform(40, 32))
    exercise = exercises.lesson_03(replace(edition, backbone=blank))
    with costs.meter() as one:
        features.extract(blank, held.valid.take([0]), remember=False)
    with costs.meter() as spent:
        training.from_scratch(blank, held, 10, epochs=2, curve=False)
    assert spent.gflops == pytest.approx(one.gflops * (2 * 3 * 140 + 12), rel=0.03)
    right = one.gflops * (5 * 3 * 140 + 12)
    assert said(exercise.work, right, capsys).startswith("Right")
    assert "the way back is missing" in said(exercise.work, one.gflops * (5 * 140 + 12), capsys)
    assert "looked at once" in said(exercise.work, one.gflops * 5 * (3 * 140 + 12), capsys)
    for wrong in (right / 2, 2 * right, one.gflops * 20, "many", None):
        assert said(exercise.work, wrong, capsys).startswith("Not yet")


def test_exercise_2_is_students_interval(lesson, capsys, monkeypatch):
    _, exercise = lesson
    runs = pd.Series(np.random.default_rng(0).normal(0.8, 0.03, 20))
    tables = {((5,), 20): pd.DataFrame({"accuracy": runs})}
    monkeypatch.setattr(comparison, "compare", lambda held, network, per_class, seeds: tables[per_class, seeds])
    half = 2.093 * runs.std(ddof=1) / 20**0.5
    assert said(exercise.mean, (runs.mean() - half, runs.mean() + half), capsys).startswith("Right")
    assert "square root" in said(exercise.mean, (runs.mean() - half * 20**0.5, runs.mean() + half * 20**0.5), capsys)
    for wrong in ((runs.mean(), runs.mean()), (runs.mean() - half + 0.05, runs.mean() + half + 0.05), 0.9, None):
        assert said(exercise.mean, wrong, capsys).startswith("Not yet")


@pytest.mark.parametrize(("lead", "right"), [({2: 0.0, 10: 0.05, "all": 0.06}, 10), ({2: 0.0, 10: -0.05, "all": 0.0}, "nowhere")])
def test_exercise_3_reads_the_paired_table(lesson, capsys, monkeypatch, lead, right):
    _, exercise = lesson
    runs = [row(0.8 + 0.01 * s, per_class=n, seed=s) for n in lead for s in range(5)]
    runs += [row(0.8 + 0.01 * s + gain + 0.004 * (-1) ** s, "fine_tuning", n, s) for n, gain in lead.items() for s in range(5)]
    monkeypatch.setattr(comparison, "shipped", lambda *_: comparison.Grid(pd.DataFrame(runs)))
    assert said(exercise.crossing, right, capsys).startswith("Right")
    assert right == "nowhere" or said(exercise.crossing, np.float64(right), capsys).startswith("Right")
    for wrong in {2, 10, "all", "nowhere"} - {right}:
        assert said(exercise.crossing, wrong, capsys).startswith("Not yet")


def test_what_another_giant_is_worth_is_told_in_pictures(lesson):
    _, exercise = lesson
    own = pd.DataFrame([row(a, per_class=n) | {"backbone": "small"} for n, a in ((1, 0.6), (10, 0.8), ("all", 0.9))])
    other = pd.DataFrame([row(0.8, per_class=1) | {"backbone": "large"}, row(0.98, per_class=10) | {"backbone": "large"}])
    low, high = comparison.wilson(120, 150)
    said = f"With 1 of each class, large names 80.0 % ({100 * low:.1f} to {100 * high:.1f} %) correctly.\nsmall does as well with 10: 80.0 %"
    assert exercise.worth(own, other).startswith(said)
    better = other.assign(accuracy=0.95)
    assert "small does not reach that, even with all 120: 90.0 %" in exercise.worth(own, better)


def test_exercise_4_is_found_from_the_curve(lesson, capsys):
    edition, exercise = lesson
    theirs = exercise.colleague(edition.pictures)
    for count in (2, None):
        ours, swapped = (training.feature_extraction(edition.backbone, held, count) for held in (edition.pictures, theirs))
        assert swapped.accuracy == pytest.approx(1 - ours.accuracy)
    assert said(exercise.culprit, "swapped labels", capsys).startswith("Right")
    assert "below" in said(exercise.culprit, "shuffled labels", capsys)
    assert "none of the suspects" in said(exercise.culprit, "the weather", capsys)


def test_shuffled_labels_are_the_same_labels_on_other_pictures(lesson):
    edition, exercise = lesson
    held, shuffled = edition.pictures, exercise.shuffled(edition.pictures)
    assert shuffled.train.paths == held.train.paths and shuffled.valid is held.valid
    assert np.bincount(shuffled.train.labels).tolist() == np.bincount(held.train.labels).tolist()
    assert (shuffled.train.labels != held.train.labels).any()


def test_unscaled_is_the_file_as_it_is(lesson):
    import torch

    edition, exercise = lesson
    wrong = exercise.unscaled(edition.backbone)
    picture = wrong.transform.picture(edition.pictures.train.paths[0])
    assert torch.equal(wrong.transform.batch(picture[None])[0], picture.float())
    assert wrong.module is edition.backbone.module


def test_digits_are_scikit_learns(lesson):
    from sklearn.datasets import load_digits

    _, exercise = lesson
    held, found = exercise.digits(3, 8), load_digits()
    assert held.classes == ("3", "8")
    assert len(held.train) + len(held.valid) == np.isin(found.target, (3, 8)).sum()
    squares = _squares(held.train.paths[0], 8).reshape(8, 8)
    assert np.array_equal(squares, (found.images[int(held.train.paths[0].stem)] * 15.9).astype(np.uint8))
    assert exercise.on_pixels(held, 20, 0).accuracy > 0.8  # 64 squares are enough for most of them


# ------------------------------------------------------------------------------------------------------- the figures


REGIMES = ("feature_extraction", "fine_tuning", "from_scratch", "from_scratch_helped")


def grid(seeds):
    return [row(0.7 + 0.05 * i, way, n, s) for i, way in enumerate(REGIMES) for n in (1, 10, "all") for s in range(seeds)]


def test_every_regime_has_a_line_and_a_mark_of_its_own():
    ax = plots.comparison(grid(3)).figure.axes[0]
    looks = [(bar[0].get_color(), bar[0].get_marker()) for bar in ax.containers]
    assert len(set(looks)) == 4
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "10", "all (120)"]


def test_own_runs_and_guesses_are_drawn_over_the_full_table():
    drawing = plots.comparison([row(0.9, per_class=10)], pd.DataFrame(grid(3)), {"from_scratch": {1: 50, 120: 80}})
    ax = drawing.figure.axes[0]
    assert len(ax.containers) == 4
    points = {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in ax.lines}
    drawn = [(list(x), list(y)) for x, y in points.values()]
    assert ([10], [0.9]) in drawn
    assert ([1, 120], [0.5, 0.8]) in drawn
    assert drawing.words.startswith("1 run here.")
    assert len(plots.comparison([row(0.9)], pd.DataFrame()).figure.axes[0].containers) == 1  # no grid ships: own runs alone


def test_who_is_ahead_is_said_only_where_an_interval_says_so():
    runs = [row(0.8 + 0.01 * s, per_class=n, seed=s) for n in (1, 10) for s in range(4)]
    runs += [row(0.9 + 0.01 * s + 0.004 * (-1) ** s, "fine_tuning", 10, s) for s in range(4)]
    runs += [row(0.8 + 0.01 * s + 0.1 * (-1) ** s, "fine_tuning", 1, s) for s in range(4)] + [row(0.6, "from_scratch", 10)]
    tables = {way: comparison.paired(runs, way, "feature_extraction") for way in ("fine_tuning", "from_scratch")}
    drawing = plots.ahead(tables | {"another giant": tables["from_scratch"]})
    colours = [bar[0].get_color() for bar in drawing.figure.axes[0].containers]
    assert colours == [plots.ORANGE, plots.RED, plots.PURPLE]  # of a way, as in every figure
    drawing = plots.ahead(tables)
    assert drawing.words == "Fine_tuning: ahead with 10 a class. From_scratch: single runs, without an interval (-20.0 points with 10)."
    assert np.allclose(drawing.figure.axes[0].containers[0][0].get_ydata(), [0, 10], atol=1e-6)
    drawing.figure.savefig(io.BytesIO())
    left, right = (ax.xaxis.label.get_window_extent() for ax in drawing.figure.axes)
    assert left.x1 < right.x0  # the words below the two panels do not run into each other


def test_runs_are_means_with_students_interval(lesson):
    edition, _ = lesson
    groups = {"a": [training.feature_extraction(edition.backbone, edition.pictures, 3, s) for s in range(4)]}
    groups["b"] = groups["a"][:1]
    drawing = plots.runs(groups, "Two")
    bars = drawing.figure.axes[0].containers
    shares = [result.accuracy for result in groups["a"]]
    assert np.allclose(bars[0][0].get_xdata(), np.mean(shares))
    assert np.allclose(bars[0][2][0].get_segments()[0][:, 0], comparison.interval(shares))
    assert np.allclose(bars[1][2][0].get_segments()[0][:, 0], groups["b"][0].interval)
    assert drawing.words.startswith("Means of 1 to 4 runs: a ")


def test_bills_compare_the_dearest_with_the_cheapest():
    bills = [
        {"regime": way, "accuracy": a, "low": a - 0.1, "high": 1, "n_valid": 20}
        | dict.fromkeys(("seconds", "trained_parameters", "megabytes"), s)
        | {"gflops": 10 * s}
        for way, a, s in (("feature_extraction", 0.9, 2), ("from_scratch", 0.6, 100))
    ]
    drawing = plots.bills(bills)
    assert "From scratch takes 50 times the arithmetic of feature extraction and names 60.0 % correctly" in drawing.words
    assert [ax.get_xscale() for ax in drawing.figure.axes] == ["log"] * 4
