"""Lesson 06: its exercises know right from wrong, nobody is on both sides, and the rooms are what the lesson says."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
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


def by_nearest(labels, k):
    counts = np.bincount(labels[:k])
    return next(label for label in labels[:k] if counts[label] == counts.max())


VOTES_RIGHT = (
    by_nearest,
    lambda labels, k: Counter(labels[:k].tolist()).most_common(1)[0][0],
    lambda labels, k: torch.tensor(max(labels[:k], key=labels[:k].tolist().count)),
)
VOTES_WRONG = (
    lambda labels, k: int(np.bincount(labels[:k]).argmax()),  # ties to the smallest number
    lambda labels, k: by_nearest(labels[:k][::-1], k),  # ties to the furthest
    lambda labels, k: max(set(labels[:k].tolist()), key=lambda one: (labels[:k].tolist().count(one), one)),  # to the largest
    lambda labels, k: labels[0],
    lambda labels, k: by_nearest(labels, len(labels)),  # all vote
    lambda labels, k: by_nearest(labels, k - 1) if k > 1 else labels[0],
    lambda labels, k: np.bincount(labels[:k]).max(),  # how often, and not which
    lambda labels, k: 2,
    lambda labels, k: None,
    lambda labels, k: labels[:k],
    3,
)


@pytest.mark.parametrize("answer", VOTES_RIGHT)
def test_a_vote_is_right_however_it_is_written(exercise, answer, capsys):
    exercise.vote.check(answer)
    assert said(capsys).startswith("Right")


@pytest.mark.parametrize("answer", VOTES_WRONG)
def test_a_vote_that_is_wrong_does_not_pass_and_is_not_told_who_wins(exercise, answer, capsys):
    exercise.vote.check(answer)
    told = said(capsys)
    assert told.startswith("Not yet") and "elects" not in told


def test_a_vote_is_told_what_went_wrong(exercise, capsys):
    exercise.vote.check(VOTES_WRONG[0])
    assert "the one with the nearest neighbour wins" in said(capsys)
    exercise.vote.check(VOTES_WRONG[6])
    assert "Not one of the k neighbours is of that class" in said(capsys)
    exercise.vote.check(3)
    assert "should be a function" in said(capsys)


def test_what_one_picture_of_a_new_person_mends(held, exercise, capsys):
    right, without = (mended(network("squeezenet1_1"), held, add) for add in (True, False))
    assert abs(right - without) > 0.01  # else the check could not tell them apart
    for answer, verdict in (
        (right, "Right"),
        (np.float64(right), "Right"),
        (torch.tensor(right), "Right"),
        (100 * right, "Not yet: the answer should be one number from 0 to 1"),
        (1 - right, "Not yet"),
        (0.5, "Not yet"),
        (1, "Not yet"),
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
    assert len(alike) == 80  # 4 of them are refused
    for right in (float(np.quantile(alike, 0.05)), sorted(alike)[4], torch.quantile(torch.tensor(alike), 0.05)):
        exercise.threshold.check(right)
        assert said(capsys).startswith("Right")
    for wrong in (0.05, 0.95, np.quantile(alike, 0.95), alike.min() - 0.01, -np.quantile(alike, 0.05), alike):
        exercise.threshold.check(wrong)
        assert said(capsys).startswith("Not yet")
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


def test_a_line_of_right_answers(exercise):
    assert exercise.told("there", [True] * 3 + [False]) == "there: 75.0 % of 4 (95 % interval 30.1 to 95.4 %)"


def test_frames_of_the_same_recording_flatter_or_not(exercise):
    right = {(home, asked): np.arange(12) < (11 if home == asked else 5) for home in "abc" for asked in "abc"}
    flattered = exercise.flattery(right).replace("\n", " ")
    assert flattered.startswith("The same recording: 91.7 % right; a second one, in another room: 41.7 %.")
    assert flattered.endswith("a second recording is harder.")
    level = {rooms: np.arange(12) < 5 + (rooms[0] == rooms[1] == "a") for rooms in right}
    assert "that can be luck" in exercise.flattery(level).replace("\n", " ")


@pytest.mark.parametrize(("right", "kind"), [(3, "no better than"), (20, "better than"), (0, "no better than")])
def test_answers_are_held_against_guessing(exercise, right, kind):
    told = exercise.against_guessing(np.arange(24) < right, 8)
    assert "where guessing gives 12.5 %" in told and told.replace("\n", " ").endswith(f": {kind} guessing.")


def test_company_counts_rooms_and_signs(exercise):
    asked, nearest = [Path("b/ok/1"), Path("b/fist/1"), Path("c/ok/1")], [Path("b/ok/2"), Path("b/ok/1"), Path("b/ok/1")]
    assert exercise.company(asked, nearest) == "Of 3 pairs, 2 share the room and 2 the sign."


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (20, 10, "new ahead by 41.7 points, more than luck"),
        (10, 20, "old ahead by 41.7 points, more than luck"),
        (11, 9, "too close to call"),
        (9, 9, "too close to call"),
    ],
)
def test_two_ways_on_the_same_pictures(exercise, ours, theirs, kind):
    one, other = np.arange(24) < ours, np.arange(24) < theirs
    assert kind in exercise.versus(("new", "old"), one, other).replace("\n", " ")


@pytest.mark.parametrize(("gap", "kind"), [(0.2, "new ahead"), (-0.2, "old ahead"), (0, "too close to call")])
def test_two_heads_on_the_same_draws(exercise, gap, kind):
    luck = [0.01, -0.01, 0.02, -0.02, 0]
    rows = {
        "old": [{"seed": seed, "per_class": n, "accuracy": 0.5} for seed in range(5) for n in (1, 20)],
        "new": [{"seed": seed, "per_class": n, "accuracy": 0.5 + gap + luck[seed]} for seed in range(5) for n in (1, 20)],
    }
    told = exercise.heads_compared(rows, 20).replace("\n", " ")
    assert told.startswith("20 pictures of each sign: old 50.0 %, new ") and kind in told
    assert exercise.heads_compared(rows, 1).startswith("1 picture of")


def test_controls_are_held_against_guessing(exercise):
    groups = {name: [{"accuracy": one} for one in ones] for name, ones in {"giant": (0.74, 0.76), "colours": (0.1, 0.15)}.items()}
    giant, colours, guessing = exercise.controls(groups, 0.125).splitlines()
    assert giant.startswith("giant: 75.0 %") and colours.endswith("no more than guessing") and guessing == "guessing: 12.5 %"
