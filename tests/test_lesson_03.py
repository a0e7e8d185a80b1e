"""Lesson 03: right answers are right and wrong ones wrong, the settings are what the text says, figures say what is in the runs."""

import io
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from making import COURSE, network, set_of
from scipy import stats
from test_comparison import row

from shoulders import backbones, comparison, costs, cutting, datasets, editions, exercises, features, plots, training
from shoulders.course.exercises.lesson_03 import QUESTIONS, SUSPECTS, _squares

LESSON = COURSE / "lessons" / "03_three_ways.py"


@pytest.fixture
def lesson(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 12, 6))
    edition = editions.Edition("pocket", held, network("vgg16_tiny"), "")
    return edition, exercises.lesson_03(edition)


def said(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def none_tells(exercise, wrong, secrets, capsys):
    """Every wrong answer is refused, and no sentence names the right one."""
    for answer in wrong:
        words = said(exercise, answer, capsys)
        assert words.startswith("Not yet"), (answer, words)
        assert not [secret for secret in secrets if secret in words and secret not in repr(answer)], (answer, words)


@pytest.mark.parametrize("valid", [6, 9])
def test_exercise_1_is_the_arithmetic_of_a_training(tmp_path, lesson, capsys, exact, valid):
    edition, _ = lesson
    held = datasets.load(set_of(tmp_path / "other", 12, valid))
    blank = replace(backbones.load("vgg16_tiny", "random"), transform=backbones.Transform(40, 32))
    work = exercises.lesson_03(replace(edition, pictures=held, backbone=blank)).work
    with costs.meter() as one:
        features.extract(blank, held.valid.take([0]), remember=False)
    with costs.meter() as spent:
        training.from_scratch(blank, held, 10, epochs=1, curve=False)
    looked = 2 * valid
    assert spent.gflops == pytest.approx(one.gflops * (1 * 3 * 140 + looked), rel=0.03)
    right = one.gflops * (5 * 3 * 140 + looked)
    for answer in (right, np.array([right]), torch.tensor(right), pd.Series([right])):
        assert said(work, answer, capsys).startswith("Right")
    assert "the way back is missing" in said(work, one.gflops * (5 * 140 + looked), capsys)
    assert "looked at once" in said(work, one.gflops * 5 * (3 * 140 + looked), capsys)
    assert "is missing" in said(work, one.gflops * 5 * 3 * 140, capsys)
    assert "one epoch" in said(work, one.gflops * (3 * 140 + looked), capsys)
    assert "too much" in said(work, 2 * right, capsys)
    wrong = (right / 2, 2 * right, -right, one.gflops, one.gflops * (5 * 3 * 20 + looked), 6 / 5 * right, "many", None)
    none_tells(work, wrong, (f"{right:.0f}", f"{right:,.0f}", f"{right:.1f}", "2 times"), capsys)


def student(values):
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return np.mean(values), half


def right_and_wrong(values):
    middle, half = student(values)
    low, high = middle - half, middle + half
    right = [(low, high), [low, high], np.array([low, high]), torch.tensor([low, high]), pd.Series([low, high]),
             (round(low, 4), round(high, 4)), stats.t.interval(0.95, len(values) - 1, middle, stats.sem(values))]  # fmt: skip
    loose = half * len(values) ** 0.5
    small = half * (1 - 1 / len(values)) ** 0.5
    normal = half * 1.96 / stats.t.ppf(0.975, len(values) - 1)
    wrong = [(middle, middle), (0, 1), (high, low), (100 * low, 100 * high), (middle - loose, middle + loose), (-half, half + 1e-9),
             (middle - small, middle + small), (middle - normal, middle + normal), (low + half / 4, high + half / 4),
             (min(values), max(values)), (low, middle), 0.9, None]  # fmt: skip
    return right, wrong, [f"{bound:.{digits}f}" for bound in (low, high, half) for digits in (3, 4)]


@pytest.mark.parametrize("seed", [0, 1])
def test_exercise_2_is_students_interval(lesson, capsys, monkeypatch, seed):
    _, exercise = lesson
    runs = pd.Series(np.random.default_rng(seed).normal(0.8, 0.03, 20))
    tables = {((5,), 20): pd.DataFrame({"accuracy": runs})}
    monkeypatch.setattr(comparison, "compare", lambda held, network, per_class, seeds: tables[per_class, seeds])
    right, wrong, secrets = right_and_wrong(runs)
    for answer in right:
        assert said(exercise.mean, answer, capsys).startswith("Right"), answer
    none_tells(exercise.mean, wrong, secrets, capsys)
    middle, half = student(runs)
    assert "square root" in said(exercise.mean, (middle - half * 20**0.5, middle + half * 20**0.5), capsys)
    assert "comes first" in said(exercise.mean, (middle + half, middle - half), capsys)
    assert "not per cent" in said(exercise.mean, (100 * middle - 100 * half, 100 * middle + 100 * half), capsys)
    assert "ddof" in said(exercise.mean, (middle - half * 0.95**0.5, middle + half * 0.95**0.5), capsys)


@pytest.mark.parametrize(("seed", "draws"), [(0, 10), (1, 5)])
def test_exercise_3_subtracts_draw_by_draw(lesson, capsys, monkeypatch, seed, draws):
    _, exercise = lesson
    rng = np.random.default_rng(seed)
    headed = rng.normal(0.85, 0.03, draws + 3)
    tuned = headed[:draws] + rng.normal(0.01, 0.015, draws)
    runs = [row(one, "fine_tuning", "20", s) for s, one in enumerate(tuned)][::-1]  # in another order
    runs += [row(one, "feature_extraction", "20", s) for s, one in enumerate(headed)]
    runs += [row(0.5, way, size, s) for way in ("fine_tuning", "feature_extraction") for size in ("2", "all") for s in range(9)]
    table = pd.DataFrame(runs)
    monkeypatch.setattr(comparison, "shipped", lambda *_: comparison.Grid(table))
    assert np.allclose(exercise.twins(table, "fine_tuning", "feature_extraction"), [tuned, headed[:draws]])
    right, wrong, secrets = right_and_wrong(tuned - headed[:draws])
    for answer in right[:-2] + right[-1:]:  # a small difference is rounded away
        assert said(exercise.ahead, answer, capsys).startswith("Right"), answer
    (low, high), middle = right[0], np.mean(tuned - headed[:draws])
    free = np.hypot(student(tuned)[1], student(headed[:draws])[1])
    none_tells(exercise.ahead, [*wrong, (-high, -low), (middle - free, middle + free)], secrets, capsys)
    assert "the other way round" in said(exercise.ahead, (-high, -low), capsys)
    assert "draw by draw" in said(exercise.ahead, (middle - free, middle + free), capsys)


def test_exercise_3_does_not_stop_who_has_no_table(lesson, capsys, monkeypatch):
    _, exercise = lesson
    monkeypatch.setattr(comparison, "shipped", lambda *_: comparison.Grid(pd.DataFrame([row(0.8, "fine_tuning", "20")])))
    assert "go on without" in said(exercise.ahead, (0, 1), capsys)


def test_what_the_same_draws_gain_is_said(lesson):
    _, exercise = lesson
    one = np.array([0.7, 0.8, 0.9, 0.85])
    words = exercise.apart(one + [0.01, 0.02, 0.01, 0.02], one)
    low, high = stats.ttest_ind(one + [0.01, 0.02, 0.01, 0.02], one, equal_var=False).confidence_interval()
    assert f"{100 * low:+.1f} to {100 * high:+.1f} points" in words and "narrower" in words
    assert "wider" in exercise.apart(one, 1.6 - one)
    assert "no two draws" in exercise.apart(one[:1], one[:1])


def test_a_guess_is_drawn_where_it_belongs(lesson):
    _, exercise = lesson
    guess = {"from scratch with 10 of each": 60, "feature extraction with all": 95, "feature extraction with 1 of each": 55}
    curves = exercise.curves(guess, 120)
    assert curves == {"from_scratch": {10: 60}, "feature_extraction": {120: 95, 1: 55}}
    assert exercise.curves({}, 120) == {}
    plots.comparison(grid(2), guess=curves)
    for name in ("by magic with 10 of each", "from scratch", "from scratch with ten"):
        with pytest.raises(comparison.ComparisonError, match="none of the questions"):
            exercise.curves({name: 5}, 120)
    lines = exercise.guessed(guess, pd.DataFrame(grid(2))).splitlines()
    assert len(lines) == len(QUESTIONS) and lines[0].startswith("Feature extraction with 1 of each: You guessed 55 %, and it was 70 %")
    assert lines[4].startswith("From scratch with 10 of each: You guessed 60 %, and it was 80 %: 20 more")
    assert lines[1] == "Feature extraction with 10 of each: 70.0 %."
    assert "no such run" in exercise.guessed({}, pd.DataFrame(grid(2)[:6])).splitlines()[-1]
    assert set(QUESTIONS) == set(re.findall(r'"((?:feature|from) [^"]*with[^"]*)": None', LESSON.read_text(encoding="utf-8")))


def test_how_far_single_draws_lie_apart_is_said(lesson):
    _, exercise = lesson
    runs = [row(a, per_class=n, seed=s) for n, shares in ((1, (0.5, 0.9)), (50, (0.88, 0.9)), ("all", (0.9, 0.9))) for s, a in enumerate(shares)]
    first, last = exercise.spread(runs).replace("\n", " ").split(" Feature")
    assert first.startswith("Feature extraction with 1 of each class: single draws reach from 50.0 to 90.0 %, their mean is 70.0 % (")
    assert last.startswith(" extraction with 50 of each class: single draws reach from 88.0 to 90.0 %")
    assert exercise.spread(runs[-2:]) == ""
    shown = exercise.summary(runs)
    assert shown["mean"].tolist() == ["70.0 %", "89.0 %", "90.0 %"]
    assert shown["of each class"].tolist() == [1, 50, "all"]


def pairs(*found):
    return pd.DataFrame(found, columns=["per_class", "ahead", "low", "high"])


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (pairs((1, 0.1, 0.05, 0.15), (10, 0.2, 0.1, 0.3), ("all", -0.1, -0.2, 0.1)),
         "Way: ahead with 1 and 10, by 10.0 to 20.0 points; too close to call with all."),
        (pairs((1, -0.1, -0.2, -0.05), (2, 0.1, np.nan, np.nan)),
         "Way: behind with 1, by 10.0 points; a single pair of runs, and no interval, with 2."),
        (pairs((20, -0.1, -0.2, -0.05)), "Way: behind, -10.0 points (95 % interval -20.0 to -5.0)."),
        (pairs((20, 0.1, -0.2, 0.4)), "Way: too close to call, +10.0 points (95 % interval -20.0 to +40.0)."),
        (pairs((20, 0.1, np.nan, np.nan)), "Way: +10.0 points, a single pair of runs, and no interval."),
        (pairs(), "Way: no run on the same pictures."),
    ],
)  # fmt: skip
def test_ahead_is_said_only_where_the_whole_interval_is(lesson, held, words):
    _, exercise = lesson
    assert exercise.told({"way": held, "vgg16_tiny": held}, "the usual").splitlines()[0] == "Against the usual, on the same pictures:"
    assert " ".join(exercise.told({"way": held}, "the usual").splitlines()[1:]) == words
    assert "\nvgg16_tiny: " in exercise.told({"vgg16_tiny": held}, "the usual")


def test_groups_are_held_against_the_usual_on_the_same_draws(lesson):
    _, exercise = lesson
    groups = {"usual": [row(0.8 + 0.01 * s, seed=s) for s in range(4)], "other": [row(0.7 + 0.012 * s, seed=s) for s in range(4)]}
    gains = exercise.against(groups, "usual")
    assert list(gains) == ["other"]
    assert gains["other"].ahead.tolist() == pytest.approx([-0.097])
    assert (gains["other"].low.iloc[0], gains["other"].high.iloc[0]) == pytest.approx(comparison.interval([0.002 * s - 0.1 for s in range(4)]))


def test_guessing_is_named(lesson):
    _, exercise = lesson
    groups = {"good": (0.8, 0.82, 0.81), "lost": (0.45, 0.55, 0.52), "mirrored": (0.1, 0.11, 0.12)}
    lines = exercise.levels({name: [row(a, seed=s) for s, a in enumerate(shares)] for name, shares in groups.items()}).splitlines()
    assert [line.rpartition(", ")[2] for line in lines] == ["above guessing.", "not told from guessing.", "below guessing."]
    assert lines[0].startswith("Good: 81.0 % (")


def test_a_training_that_never_began_is_counted(lesson):
    _, exercise = lesson
    runs = [row(a, "from_scratch", seed=s) for s, a in enumerate((0.5, 0.6, 0.5))] + [row(0.5)]
    runs = pd.DataFrame(runs).assign(largest=0.5)
    assert exercise.stuck(runs).startswith("Bare trainings from scratch: 3; 2 are right exactly")
    uneven = pd.DataFrame([row(a, "from_scratch", seed=s) | {"largest": 0.6} for s, a in enumerate((0.6, 0.4, 0.5))])
    assert "3; 2 are right" in exercise.stuck(uneven)
    assert exercise.stuck(runs[runs.accuracy > 0.55]).endswith("1; none answers every picture alike.")
    assert exercise.stuck(runs[-1:]).endswith("0; none answers every picture alike.")


def test_what_a_giant_was_taught_is_said(lesson):
    _, exercise = lesson  # of cats and dogs
    names = {"none": ("teapot",), "cat": ("cat", "teapot"), "cat and dogs": ("cat", "teapot", "dogs")}
    for said_of, classes in names.items():
        giant = SimpleNamespace(name="giant", classes=classes)
        assert exercise.taught(giant) == f"Of your classes, giant was taught to name {said_of}."


def test_blocks_are_counted_as_a_reader_does(lesson):
    edition, exercise = lesson
    named = exercise.depths(edition.backbone)
    assert list(named) == ["block 1", "block 2", "block 3", "block 4", "block 5", "block 5, pooled"]
    assert list(named.values()) == cutting.last_at_each_size(edition.backbone)


def test_what_another_giant_is_worth_is_told_in_pictures(lesson):
    _, exercise = lesson
    own = pd.DataFrame([row(a, per_class=n) | {"backbone": "small"} for n, a in ((1, 0.6), (10, 0.8), ("all", 0.9))])
    other = pd.DataFrame([row(0.8, per_class=1) | {"backbone": "large"}, row(0.98, per_class=10) | {"backbone": "large"}])
    low, high = comparison.wilson(120, 150)
    said = f"With 1 of each class, large names 80.0 % ({100 * low:.1f} to {100 * high:.1f} %) correctly.\nsmall does as well with 10: 80.0 %"
    assert exercise.worth(own, other).startswith(said)
    assert exercise.worth(own, other, 7.0).endswith("Your guess was 7.")
    better = other.assign(accuracy=0.95)
    assert "small does not reach that, even with all 120: 90.0 %" in exercise.worth(own, better)


def test_exercise_4_is_found_from_the_curve(lesson, capsys):
    edition, exercise = lesson
    theirs = exercise.colleague(edition.pictures)
    for count in (2, None):
        ours, swapped = (training.feature_extraction(edition.backbone, held, count) for held in (edition.pictures, theirs))
        assert swapped.accuracy == pytest.approx(1 - ours.accuracy)
    for answer in ("swapped labels", "Swapped labels", "swapped_labels "):
        assert said(exercise.culprit, answer, capsys).startswith("Right")
    none_tells(exercise.culprit, [*(one for one in SUSPECTS if one != "swapped labels"), 3, None], ["would be swapped"], capsys)
    assert "below" in said(exercise.culprit, "shuffled labels", capsys)
    assert "none of the suspects" in said(exercise.culprit, "the weather", capsys)


def test_shuffled_labels_are_the_same_labels_on_other_pictures(lesson):
    edition, exercise = lesson
    held, shuffled = edition.pictures, exercise.shuffled(edition.pictures)
    assert shuffled.train.paths == held.train.paths and shuffled.valid is held.valid
    assert np.bincount(shuffled.train.labels).tolist() == np.bincount(held.train.labels).tolist()
    assert (shuffled.train.labels != held.train.labels).any()


def test_unscaled_is_the_file_as_it_is(lesson):
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
