"""Exercises: verdicts, hints, and that a right answer is right and a wrong one wrong."""

import numpy as np
import pytest
from making import network, set_of

from shoulders import checks, datasets, editions, exercises, training


def test_nothing_is_raised_at_a_learner(capsys):
    exercise = checks.Exercise("7", "exercise.it", lambda answer: answer > 3, ("look", "look closer", "it is 4"))
    exercise.check(None)
    exercise.check("four")
    exercise.check(4)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Not yet") and "no answer" in said[0] and "exercise.it.hint() helps" in said[0]
    assert said[1].startswith("Not yet") and "TypeError" in said[1]
    assert said[2].startswith("Right")


def test_hints_are_a_ladder(capsys):
    exercise = checks.Exercise("7", "exercise.it", lambda answer: True, ("look", "look closer", "it is 4"))
    for number in (0, 1, 2, 3, 9):
        exercise.hint(number)
    said = capsys.readouterr().out.splitlines()
    assert ["look (" in said[0], "look (" in said[1], "closer" in said[2], "it is 4" in said[3], said[3] == said[4]] == [True] * 5


@pytest.fixture
def lesson(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 12, 6))
    edition = editions.Edition("pocket", held, network("squeezenet1_1"), "")
    return edition, exercises.lesson_01(edition)


def said_right(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out.startswith("Right")


def test_exercise_1(lesson, capsys):
    _, exercise = lesson
    scores = np.array([-5000.0, 999.0, 1000.0])
    shifted = np.exp(scores - scores.max())
    assert said_right(exercise.softmax, shifted / shifted.sum(), capsys)
    with np.errstate(all="ignore"):
        for shift in (0, scores.min(), scores.mean()):  # none of them survives such scores
            powers = np.exp(scores - shift)
            assert not said_right(exercise.softmax, powers / powers.sum(), capsys)
    powers_of_two = 2 ** (scores - 1000)
    for wrong in (
        shifted[::-1] / shifted.sum(),
        scores,
        scores / scores.sum(),
        np.roll(shifted, 1) / shifted.sum(),
        (scores == 1000) * 1.0,
        powers_of_two / powers_of_two.sum(),
        1.0,
    ):
        assert not said_right(exercise.softmax, wrong, capsys)


def test_exercise_2(lesson, capsys):
    edition, exercise = lesson
    counts = (1, 2, 5, 10, 20, 50)
    whole = training.feature_extraction(edition.backbone, edition.pictures).accuracy
    good = [n for n in counts if training.feature_extraction(edition.backbone, edition.pictures, n).accuracy >= whole - 0.05]
    right = good[0] if good else "all"
    assert said_right(exercise.few, right, capsys) and (right == "all" or said_right(exercise.few, float(right), capsys))
    assert not any(said_right(exercise.few, n, capsys) for n in (*counts, "all", 3) if n != right)


def test_exercise_3(lesson, capsys):
    edition, exercise = lesson
    assert said_right(
        exercise.neighbours, training.feature_extraction(edition.backbone, edition.pictures, head="nearest_neighbours"), capsys
    )
    assert not said_right(exercise.neighbours, training.feature_extraction(edition.backbone, edition.pictures), capsys)
    assert not said_right(exercise.neighbours, 0.9, capsys)
    other = training.feature_extraction(edition.backbone, edition.pictures, head="nearest_neighbours", layer="classes")
    assert not said_right(exercise.neighbours, other, capsys)


def test_exercise_4_names_what_differs(lesson, capsys):
    edition, exercise = lesson
    theirs = exercise.colleague(edition.backbone)
    differs = [name for name, value in vars(theirs.transform).items() if value != getattr(edition.backbone.transform, name)]
    assert len(differs) == 1
    assert said_right(exercise.culprit, differs[0], capsys)
    assert not said_right(exercise.culprit, "resize", capsys)
    assert theirs.module is edition.backbone.module


def test_a_picture_of_ones_own_is_named(lesson):
    edition, _ = lesson
    fitted = training.feature_extraction(edition.backbone, edition.pictures).model
    drawing = exercises.name_it(edition.pictures.valid.paths[0], edition.backbone, fitted, edition.pictures.classes)
    assert "cats" in drawing.words or "dogs" in drawing.words
