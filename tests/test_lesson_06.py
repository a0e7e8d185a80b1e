"""Lesson 06: its exercises know right from wrong, nobody is on both sides, and the rooms are what the lesson says."""

import json
from dataclasses import replace

import numpy as np
import pytest
from making import network, set_of

from shoulders import datasets, editions, exercises, features
from shoulders.course.exercises.lesson_06 import firsts, mended, newcomers, people
from shoulders.support import places

SIGNS = ("fist", "ok", "open", "point", "rock_on", "three", "thumb_up", "victory")


@pytest.fixture(scope="module")
def held():
    whole = datasets.load("felt_hand_signs")
    few = [
        np.flatnonzero(np.isin(people(part), np.unique(people(part))[:count]))
        for part, count in ((whole.train, 3), (whole.valid, 5))
    ]
    return replace(whole, train=whole.train.take(few[0]), valid=whole.valid.take(few[1]))


@pytest.fixture(scope="module")
def exercise(held):
    return exercises.lesson_06(editions.Edition("pocket", held, network("squeezenet1_1"), ""))


def said(capsys):
    return capsys.readouterr().out


def test_no_person_is_in_both_parts():
    whole = datasets.load("felt_hand_signs")
    train, valid = (set(people(part)) for part in (whole.train, whole.valid))
    assert (len(train), len(valid), train & valid) == (20, 15, set())
    assert whole.classes == SIGNS and (len(whole.train), len(whole.valid)) == (320, 240)
    assert firsts(people(whole.valid), whole.valid.labels).sum() == 120


def test_nothing_but_the_shape_knows_the_sign():
    """All pictures of one person share glove, sleeve, size, hand and room."""
    cards = [json.loads(line) for line in (places.box() / "felt" / "hand_signs" / "scenes.jsonl").read_text().splitlines()]
    shown = {}
    for card in cards:
        blind = {name: card["params"][name] for name in ("coat", "sleeve", "left", "stretch", "fat")}
        room = {name: card["params"]["place"][name] for name in ("ground", "wall", "sun", "lamps", "exposure")}
        shown.setdefault(card["group"], []).append((card["class"], blind, room))
    assert len(shown) == 35
    for seen in shown.values():
        assert sorted(sign for sign, *_ in seen) == sorted(SIGNS * 2)
        assert all(one[1:] == seen[0][1:] for one in seen)


def test_rooms_hold_runs_of_eight_frames_in_their_order(exercise):
    assert set(exercise.rooms) == {"a", "b", "c"} and len(exercise.recordings) == 24
    for room, part in exercise.rooms.items():
        assert part.classes == SIGNS and part.labels.tolist() == np.repeat(range(8), 8).tolist()
        assert [path.parent.parent.name for path in part.paths] == [room] * 64
        assert [int(path.stem[-3:]) for path in part.paths] == list(range(8)) * 8
    assert [path.parent.name for path in exercise.recordings["room b: point"]] == ["point"] * 8
    assert len(exercise.strangers) == 84


def by_count(labels, k):
    return int(np.bincount(labels[:k]).argmax())


def by_nearest(labels, k):
    counts = np.bincount(labels[:k])
    return next(label for label in labels[:k] if counts[label] == counts.max())


def test_a_vote(exercise, capsys):
    exercise.vote.check(by_nearest)
    assert said(capsys).startswith("Right")
    exercise.vote.check(by_count)
    assert "the one with the nearest neighbour wins" in said(capsys)
    exercise.vote.check(lambda labels, k: labels[0])
    assert said(capsys).startswith("Not yet")
    exercise.vote.check(3)
    assert "should be a function" in said(capsys)


def test_what_one_picture_of_a_new_person_mends(held, exercise, capsys):
    right, without = (mended(network("squeezenet1_1"), held, add) for add in (True, False))
    assert abs(right - without) > 0.01  # else the check could not tell them apart
    for answer, verdict in (
        (right, "Right"),
        (without, f"Not yet: {100 * without:.1f} % is what they reach"),
        (right - 0.07, "Not yet: "),
    ):
        exercise.mended.check(answer)
        assert said(capsys).startswith(verdict)
    exercise.mended.check("many")
    assert "one number" in said(capsys)


def test_a_threshold(held, exercise, capsys):
    seen, asked = (features.extract(network("squeezenet1_1"), part)["hidden"] for part in (held.train, held.valid))
    alike = exercises.likeness(asked, seen)
    assert alike.max() <= 1 + 1e-5 and exercises.likeness(seen, seen) == pytest.approx(1, abs=1e-5)
    exercise.threshold.check(float(np.quantile(alike, 0.05)))
    assert len(alike) == 80 and said(capsys).startswith("Right")  # 4 of them are refused
    exercise.threshold.check(float(np.quantile(alike, 0.5)))
    assert "50 % of the known signs are refused, and not 5 %" in said(capsys)


def test_of_few_pictures_the_nearest_share_is_right(held, capsys):
    few = replace(held, valid=held.valid.take(range(0, 80, 5)))
    seen, asked = (features.extract(network("squeezenet1_1"), part)["hidden"] for part in (few.train, few.valid))
    answer = float(np.quantile(exercises.likeness(asked, seen), 0.05))
    check = exercises.lesson_06(editions.Edition("pocket", few, network("squeezenet1_1"), "")).threshold.check
    check(answer)
    assert said(capsys).startswith("Right")
    check(answer + 0.2)
    assert said(capsys).startswith("Not yet")


def test_newcomers_are_the_people_of_the_validation_part(held):
    new = newcomers(held)
    assert str(new) == "5 new people, 40 first pictures and 40 others."
    assert new.pictures is held and new.whose.tolist() == list(held.valid.together)
    for person, label in set(zip(new.whose, held.valid.labels)):
        shown = np.flatnonzero((new.whose == person) & (held.valid.labels == label))
        assert new.first[shown].tolist() == [True, False]


def test_a_folder_that_tells_no_people_is_one_new_person(tmp_path):
    own = datasets.load(set_of(tmp_path / "own", 6, 4, ("paper", "rock", "scissors")))
    new = newcomers(own)
    assert str(new) == (
        "Nothing says whose each picture is: the validation part is taken for one new person, 3 first pictures and 9 others."
    )
    assert new.first.tolist() == [True, False, False, False] * 3 and len(set(new.whose)) == 1
    assert 0 <= mended(network("squeezenet1_1"), own) <= 1


@pytest.mark.parametrize("told", [True, False])
def test_where_nobody_made_a_sign_twice_the_gloves_stand_in(tmp_path, held, told):
    own = held if told else datasets.load(set_of(tmp_path / "own", 3, 1, ("paper", "rock", "scissors")))
    if told:
        own = replace(own, valid=own.valid.take(np.flatnonzero(newcomers(held).first)))
    new = newcomers(own)
    assert new.pictures.name == "felt_hand_signs" and len(new.first) == 240
    assert str(new) == (
        f"Of these {len(own.valid)} pictures, 0 show a sign of the same person again: too few. Felt gloves take their place: "
        "15 new people, 120 first pictures and 120 others."
    )


def rows_of(drawing):
    return [ax.get_title() for ax in drawing.figure.axes if ax.get_title()], drawing.figure.get_suptitle(), drawing.words


def test_the_figure_shows_people_and_where_nothing_tells_them_classes(held, exercise, tmp_path):
    edition = editions.Edition("pocket", held, network("squeezenet1_1"), "")
    names, heading, words = rows_of(exercise.people(edition))
    assert names == list(SIGNS) * 4 and heading.startswith("Four people")
    assert words == "A row for each of four people. 3 people teach, and 5 others judge."
    own = datasets.load(set_of(tmp_path / "own", 2, 1, ("paper", "rock", "scissors")))
    names, heading, words = rows_of(exercise.people(replace(edition, pictures=own)))
    assert names == ["paper", "rock", "scissors"] * 4 and heading.startswith("Pictures of each class")
    assert "Nothing says whose they are" in words
    few = replace(held, train=held.train.take(range(0, len(held.train), 3)))
    assert rows_of(exercise.people(replace(edition, pictures=few)))[2] == "A row has a picture of each class."


def test_colours_are_a_row_for_the_figure(held):
    row = exercises.on_colours(held, 4, 0)
    assert 0 <= row["low"] <= row["accuracy"] <= row["high"] <= 1
    assert row["accuracy"] == exercises.on_colours(held, 4, 0)["accuracy"]


def test_the_figure_names_what_is_cut_and_what_comes_in_its_place(exercise):
    figure = exercise.decapitated(network("squeezenet1_1")).figure
    whole, headless = ([text.get_text() for text in ax.texts if text.get_text()] for ax in figure.axes)
    assert whole[:-1] == headless[:-1] and whole[0].startswith("picture\n3 ×") and whole[-2] == "hidden\n512"
    assert whole[-1] == "head\n1,000" and headless[-1] == "neighbours\nyour signs"
