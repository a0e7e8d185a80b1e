"""Lesson 01: its checks know right from wrong, its sentences say what came out, its planted mistake is what it claims."""

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import jupytext
import numpy as np
import pytest
import torch
from making import COURSE, network, set_of

from shoulders import backbones, cutting, datasets, editions, exercises, features, training
from shoulders.course.exercises.lesson_01 import FEW, Lesson01, _is_enough
from shoulders.results import Result, apart

SCORES = np.array([-5000.0, 999.0, 1000.0])


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    held = datasets.load(set_of(tmp_path_factory.mktemp("lesson_01") / "set", 12, 6))
    return editions.Edition("pocket", held, network("squeezenet1_1"), "")


@pytest.fixture(scope="module")
def exercise(edition):
    return exercises.lesson_01(edition)


@pytest.fixture
def says(capsys):
    def of(exercise, answer):
        capsys.readouterr()
        exercise.check(answer)
        return " ".join(capsys.readouterr().out.split())

    return of


@pytest.fixture
def right(says):
    return lambda exercise, answer: says(exercise, answer).startswith("Right")


# ------------------------------------------------------------------------------------------------------------ exercise 1


def numpys(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def listed(scores):
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    return [power / sum(powers) for power in powers]


def by_logarithms(scores):
    return np.exp(scores - np.logaddexp.reduce(scores))


def in_place(scores):
    scores -= scores.max()
    np.exp(scores, out=scores)
    scores /= scores.sum()
    return scores


@pytest.mark.parametrize("softmax", [numpys, listed, by_logarithms, in_place, lambda s: torch.tensor(s).softmax(0)])
def test_exercise_1_takes_every_softmax(exercise, right, softmax):
    assert right(exercise.softmax, softmax)


def shares(powers):
    return powers / powers.sum()


WRONG = {
    "nothing": lambda s: None,
    "not shifted": lambda s: shares(np.exp(s)),
    "shifted by the smallest": lambda s: shares(np.exp(s - s.min())),
    "shifted by the mean": lambda s: shares(np.exp(s - s.mean())),
    "shifted by a constant": lambda s: shares(np.exp(s - 1000)),
    "cut at a constant": lambda s: shares(np.exp(np.minimum(s, 700))),
    "not divided": lambda s: np.exp(s - s.max()),
    "by the largest": lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).max(),
    "powers of two": lambda s: shares(2.0 ** (s - s.max())),
    "no powers": shares,
    "wrong sign": lambda s: shares(np.exp(s.min() - s)),
    "wrong order": lambda s: numpys(s)[::-1],
    "the winner takes it all": lambda s: (s == s.max()) / (s == s.max()).sum(),
    "all alike": lambda s: np.full(len(s), 1 / len(s)),
    "a constant": lambda s: np.array([0, 1 / (1 + np.e), np.e / (1 + np.e)]),
    "logarithms": lambda s: s - np.logaddexp.reduce(s),
    "logistic": lambda s: 1 / (1 + np.exp(-s)),
    "one number": lambda s: 1.0,
    "the scores": lambda s: s,
}


@pytest.mark.parametrize("name", WRONG)
def test_exercise_1_takes_no_other_function(exercise, says, name):
    said = says(exercise.softmax, WRONG[name])
    assert said.startswith("Not yet") and "max" not in said.replace("softmax", "") and "could not be checked" not in said


@pytest.mark.parametrize("name", ["not shifted", "shifted by the smallest", "cut at a constant"])
def test_exercise_1_speaks_of_no_shift_that_may_not_be_there(exercise, says, name):
    said = says(exercise.softmax, WRONG[name])
    assert "small scores come out right" in said and "shift" not in said


def test_exercise_1_wants_the_function_and_an_answer(exercise, says):
    assert "without brackets" in says(exercise.softmax, numpys(SCORES))
    assert "gives nothing back yet" in says(exercise.softmax, WRONG["nothing"])
    assert "has no answer" in says(exercise.softmax, None)


# ------------------------------------------------------------------------------------------------------------ exercise 2


def judged(monkeypatch, accuracies):
    """What exercise 2 says where the accuracy of so many pictures of each class, None for all, is as given."""
    monkeypatch.setattr(training, "feature_extraction", lambda _, __, n=None: SimpleNamespace(accuracy=accuracies[n]))
    return lambda answer: _is_enough(answer, SimpleNamespace(backbone=None, pictures=None))


RISING = dict(zip((*FEW, None), (0.6, 0.7, 0.8, 0.92, 0.9, 0.97, 0.96)))
LATE = dict(zip((*FEW, None), (0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9)))
EXACT = dict(zip((*FEW, None), (0.5, 0.85, 0.85, 0.85, 0.9, 0.9, 0.9)))  # 0.9 - 0.05 is not 0.85 in binary


@pytest.mark.parametrize("accuracies, answer", [(RISING, 10), (EXACT, 2)])
def test_exercise_2_takes_the_number_however_it_is_written(monkeypatch, accuracies, answer):
    says = judged(monkeypatch, accuracies)
    assert all(says(one) is True for one in (answer, float(answer), str(answer), np.int64(answer), torch.tensor(answer)))
    for wrong in {*FEW, "all"} - {answer}:
        assert f"{wrong} is not the smallest" in says(wrong) and str(answer) not in says(wrong).replace(str(wrong), "").split()


def test_exercise_2_all(monkeypatch):
    says = judged(monkeypatch, LATE)
    assert all(says(one) is True for one in ("all", "All", " all "))
    assert not any(says(wrong) is True for wrong in (*FEW, "none", 120))


@pytest.mark.parametrize("wrong", [0, 3, 11, -10, 0.97, True, "ten", [10, 20], "1e1"])
def test_exercise_2_names_what_is_no_answer(monkeypatch, wrong):
    assert "is none of the answers" in judged(monkeypatch, RISING)(wrong)


def test_exercise_2_on_pictures(edition, exercise, right):
    whole = training.feature_extraction(edition.backbone, edition.pictures).accuracy
    good = [n for n in FEW if training.feature_extraction(edition.backbone, edition.pictures, n).accuracy >= whole - 0.05]
    answer = good[0] if good else "all"
    assert right(exercise.few, answer) and not any(right(exercise.few, n) for n in (*FEW, "all") if n != answer)


# ------------------------------------------------------------------------------------------------------ exercises 3 and 4


@pytest.mark.parametrize("more", [{}, {"keep": False}, {"layer": "hidden", "seed": 1}])
def test_exercise_3_takes_the_neighbours(edition, exercise, right, more):
    result = training.feature_extraction(edition.backbone, edition.pictures, head="nearest_neighbours", **more)
    assert right(exercise.neighbours, result)


@pytest.mark.parametrize("more", [{}, {"head": "ridge"}, {"layer": "classes"}, {"per_class": 5}, {"layer": "features.7"}])
def test_exercise_3_takes_no_neighbours_of_another_kind(edition, exercise, says, more):
    given = more if more in ({}, {"head": "ridge"}) else {"head": "nearest_neighbours", **more}
    said = says(exercise.neighbours, training.feature_extraction(edition.backbone, edition.pictures, **given))
    assert said.startswith("Not yet") and ("nearest" not in said or "head" in given)


def test_exercise_3_takes_no_other_pictures_and_no_number(edition, exercise, right):
    turned = replace(edition.pictures, train=edition.pictures.valid, valid=edition.pictures.train)
    assert not right(exercise.neighbours, training.feature_extraction(edition.backbone, turned, head="nearest_neighbours"))
    assert not any(right(exercise.neighbours, wrong) for wrong in (0.9, "nearest_neighbours", training.feature_extraction))


@pytest.mark.parametrize("name", ["squeezenet1_1", "vgg16_tiny"])
def test_exercise_4_names_what_differs(edition, says, name):
    lesson = replace(edition, backbone=network(name))
    exercise = exercises.lesson_01(lesson)
    theirs = exercise.colleague(lesson.backbone)
    differs = [field for field, value in vars(theirs.transform).items() if value != getattr(lesson.backbone.transform, field)]
    assert differs == ["std"] and theirs.module is lesson.backbone.module
    assert all(says(exercise.culprit, one).startswith("Right") for one in ("std", " std", "STD"))
    for wrong in ("mean", "resize", "crop", "interpolation", "fit"):
        assert f"{wrong} is the same at the colleague's" in says(exercise.culprit, wrong)
    for wrong in ("transform", "sdt", theirs.transform.std, 3):
        said = says(exercise.culprit, wrong)
        assert "is no field of a transform" in said and "std" not in said


# ----------------------------------------------------------------------------------------------------- what the lesson says


def answers(right, total):
    """A result about so many pictures of two classes, alternating, of which the first `right` are told rightly."""
    labels = np.arange(total) % 2
    said = np.where(np.arange(total) < right, labels, 1 - labels)
    held = datasets.Samples((None,) * total, labels, tuple(map(str, range(total))), ("cats", "dogs"))
    return Result(
        "feature_extraction", "logistic_regression", "a", None, 0, 40, held, np.eye(2)[said],
        {"features": 1.0, "train": 1.0, "total": 2.0}, 7, False, "cpu", "fp32",
    )  # fmt: skip


def test_more_than_guessing_is_said_only_of_a_whole_interval():
    assert "whole interval lies above the 50.0 %" in Lesson01.above_guessing(answers(90, 100))
    assert "holds the 50.0 %" in Lesson01.above_guessing(answers(55, 100))
    assert "lies below" in Lesson01.above_guessing(answers(10, 100))


def test_by_depth_tells_who_is_ahead_and_who_is_level():
    said = Lesson01.by_depth({"block 1": answers(50, 100), "block 2": answers(80, 100), "block 3: deep": answers(96, 100),
                              "hidden: into": answers(94, 100)})  # fmt: skip
    assert said.splitlines() == [
        "Ahead: block 3: deep, with 96.0 %; too close to call: hidden.",
        "No better than blind guessing: block 1.",
    ]
    assert not apart(answers(96, 100), answers(94, 100)) and apart(answers(96, 100), answers(80, 100))


def row(backbone, count, accuracy):
    return {
        "regime": "feature_extraction", "head": "a", "layer": "hidden", "backbone": backbone, "per_class": count, "seed": 0,
        "accuracy": accuracy, "low": accuracy - 0.1, "high": accuracy + 0.1, "n_valid": 100, "n_train": 2 * count, "classes": 2,
    }  # fmt: skip


def test_saving_reads_the_two_curves():
    small, large = {1: 0.6, 10: 0.7, 100: 0.8}, {1: 0.7, 10: 0.85, 100: 0.95}
    rows = [row(name, n, share) for name, curve in {"small": small, "large": large}.items() for n, share in curve.items()]
    said = " ".join(Lesson01.saving(rows, 20).split())
    assert said.startswith("small gets 80.0 % from 100 pictures of each class, large as much or more from 10. You guessed 20 ")
    assert "and it was 10 pictures of each class: 10 less." in said and "large is ahead by 10.0 points with 1 of each class, by 15.0 with 100." in said
    assert "You made no guess" in Lesson01.saving(rows)
    assert "none to hold it against" in Lesson01.saving(rows[:3], 20)


def test_bill_says_when_a_look_is_missing_from_it():
    said = Lesson01.bill({"one": answers(9, 10), "two": replace(answers(9, 10), cached=True)}).splitlines()
    line = "{}: 7 numbers learnt, in 2.0 s"
    assert said[0] == line.format("one") and said[1].startswith(f"{line.format('two')} (without the look")


@pytest.mark.parametrize("name", ["vgg16_tiny", "squeezenet1_1", "resnet18", "efficientnet_lite0"])
def test_places_are_ends_of_blocks_one_at_each_size(name):
    giant = backbones.load(name, "random")
    table, shapes = Lesson01.places(giant), cutting.layers(giant)["output"]
    maps = [shapes[layer] for layer in table["in the code"][:-2]]
    sizes = [shape[1] for shape in maps]
    assert sizes == sorted(set(sizes), reverse=True) and len(sizes) >= 4
    assert list(table["gives"][:-2]) == ["{:,} maps of {} × {}".format(*shape) for shape in maps]
    assert list(table["in the code"][-2:]) == ["hidden", "classes"] and table["gives"].iloc[-1] == f"{len(giant.classes):,} scores"
    cutting.need_layers(giant, list(table["in the code"]))


def test_the_first_result_comes_after_350_words_and_before_it_no_answer():
    cells = jupytext.read(COURSE / "lessons" / "01_predictions_on_predictions.py", fmt="py:percent").cells
    first = next(i for i, cell in enumerate(cells) if "guesses.beside" in cell.source)
    text = "\n".join(re.sub(r"\]\(\S+\)", "]", cell.source) for cell in cells[:first] if cell.cell_type == "markdown")
    assert len(text.split()) <= 350 and sum(cell.cell_type == "code" for cell in cells[:first]) <= 4
    assert re.findall(r"\d+(?= of \d| %)", text) == []


# ------------------------------------------------------------------------------------------------------ the planted mistake


def test_the_colleagues_transform_reaches_the_network(tmp_path, exact):
    """A network that has a graph must not go on with the transform that its graph was drawn with."""
    held = datasets.load(set_of(tmp_path / "set", 2, 2))
    backbone = backbones.load("efficientnet_lite0", "random")
    exercise = exercises.lesson_01(editions.Edition("pocket", held, backbone, ""))
    theirs = exercise.colleague(backbone)
    asked = backbone.transform.batch(backbone.transform.picture(held.valid.paths[0])[None])
    given = theirs.transform.batch(theirs.transform.picture(held.valid.paths[0])[None])
    assert np.allclose(given * 60, asked, atol=1e-4)
    ours, said = (features.look(one, [held.valid.paths[0]])["hidden"] for one in (backbone, theirs))
    assert not np.allclose(ours, said, rtol=1e-2)
    undone = replace(theirs, transform=backbone.transform)
    assert np.allclose(features.look(undone, [held.valid.paths[0]])["hidden"], ours, rtol=1e-2, atol=1e-3 * abs(ours).max())


def test_a_picture_of_ones_own_is_named(edition):
    fitted = training.feature_extraction(edition.backbone, edition.pictures).model
    drawing = exercises.name_it(edition.pictures.valid.paths[0], edition.backbone, fitted, edition.pictures.classes)
    assert "cats" in drawing.words or "dogs" in drawing.words
