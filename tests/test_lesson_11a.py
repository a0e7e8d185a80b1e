"""Lesson 11a: its exercises know right from wrong, and its parts are what they are called."""

import numpy as np
import pandas as pd
import pytest
import torch

from shoulders import backbones, comparison, datasets, exercises, features, heads, plots, training
from shoulders.course.exercises.lesson_11a import ENGLISH, VOICES, _strangers


@pytest.fixture(scope="module")
def exercise():
    return exercises.lesson_11a()


@pytest.fixture(scope="module")
def clips():
    return datasets.load("voices")


@pytest.fixture(scope="module")
def giant():
    return backbones.load("speech_embedding")


def said(capsys):
    return capsys.readouterr().out.replace("\n", " ")


def parted(rows, count):
    return np.concatenate([part.mean(0) for part in np.split(rows, count)])


RIGHT = {
    "stretches": (
        parted,
        lambda rows, count: rows.reshape(count, -1, rows.shape[1]).mean(1).ravel(),
        lambda rows, count: torch.tensor(rows).reshape(count, -1, rows.shape[1]).mean(1).ravel(),
        lambda rows, count: parted(rows, count).tolist(),
    ),
    "strangers": (
        lambda taught, asked: np.flatnonzero(~np.isin(asked, taught)),
        lambda taught, asked: [i for i, voice in enumerate(asked) if voice not in taught.tolist()],
        lambda taught, asked: torch.tensor(_strangers(taught, asked)),
    ),
    "ways": ({"voice", "engine"}, ["engine", "voice"], ("voice", "engine")),
}
WRONG = {
    "stretches": (
        (lambda rows, count: rows.mean(0), "numbers, and yours are"),
        (lambda rows, count: np.stack([part.mean(0) for part in np.split(rows, count)]), "one after the other"),
        (lambda rows, count: np.tile(rows.mean(0), count), "cut the rows first"),
        (lambda rows, count: parted(rows, count)[::-1], "in another order"),
        (lambda rows, count: parted(rows, count) + 1, "the answer begins with"),
        (lambda rows, count: None, "gives nothing back"),
        (lambda rows, count: (part.mean(0) for part in np.split(rows, count)), "'generator', and not one row"),
        (lambda rows, count: "hello", "'str', and not one row"),
        (lambda rows, count: [[1.0, 2.0], [3.0]], "'list', and not one row"),
        (lambda rows, count: rows.fill(0), "read-only"),
        (lambda rows, count: 1 / 0, "could not be checked (ZeroDivisionError"),
        (np.ones(3), "the function itself"),
    ),
    "strangers": (
        (lambda taught, asked: np.flatnonzero(np.isin(asked, taught)), "strangers are the others"),
        (lambda taught, asked: ~np.isin(asked, taught), "give the positions"),
        (lambda taught, asked: [0], "the strangers are at"),
        (lambda taught, asked: np.arange(len(asked)), "['ben', 'dora', 'ana', 'dora', 'emil'] in validation the strangers are at"),
        (lambda taught, asked: np.where(~np.isin(asked, taught)), "should stand in one row"),
        (lambda taught, asked: _strangers(taught, asked)[::-1], "in the order of the clips"),
        (lambda taught, asked: np.array(_strangers(taught, asked)) + 1, "too large by one"),
        (lambda taught, asked: _strangers(asked, taught), "have changed places"),
        (lambda taught, asked: len(_strangers(taught, asked)), "that is one number"),
        (lambda taught, asked: asked[~np.isin(asked, taught)], "these are names"),
        (lambda taught, asked: [voice for voice in asked if voice not in taught], "these are names"),
        (lambda taught, asked: set(_strangers(taught, asked)), "'set', and not a row"),
        (lambda taught, asked: [None], "'list', and not a row"),
    ),
    "ways": (
        ({"voice"}, "an engine that taught nothing"), ({"engine"}, "a voice on both sides flatters"),
        ({"word", "voice"}, "cannot be named"), ({"voice", "engine", "reading"}, "it may be shared"),
        ("colour", "none of the four"), (set(), "a voice on both sides"), ({"colour", 3}, "3 is none of the four"),
        (3, "give a set of names"), ([["voice"], ["engine"]], "give a set of names"), (b"voice", "none of the four"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_is_right_however_it_is_written(exercise, name, capsys):
    for answer in RIGHT[name]:
        getattr(exercise, name).check(answer)
        assert said(capsys).startswith("Right.")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(exercise, name, capsys):
    for answer, sentence in WRONG[name]:
        getattr(exercise, name).check(answer)
        told = said(capsys)
        assert told.startswith("Not yet") and sentence in told, told


def test_the_cases_have_strangers_and_none():
    assert [len(_strangers(*case)) for case in VOICES] == [3, 2, 0]


def test_every_word_of_the_clips_has_its_meaning(clips):
    assert set(clips.classes) == set(ENGLISH)
    assert "28 words: anteojos (glasses), " in exercises.lesson_11a().meanings(clips)
    table = pd.read_csv(clips.train.paths[0].parents[3] / "clips.csv")
    assert table.groupby("word").english.first().str.lower().to_dict() == {word: there.lower() for word, there in ENGLISH.items()}


def test_names_tell_reading_engine_and_voice(exercise, clips):
    table = pd.read_csv(clips.train.paths[0].parents[3] / "clips.csv").set_index("file")
    for part in (clips.train, clips.valid):
        rows = table.loc[[f"{path.parts[-4]}/{path.parts[-3]}/{path.parts[-2]}/{path.name}" for path in part.paths]]
        for name in ("reading", "engine", "voice"):
            assert exercise.told(part, name).tolist() == rows[name].tolist()


def test_our_split_has_strangers_alone_and_the_colleagues_none(exercise, clips):
    theirs = exercise.colleague(clips)
    voices = [[set(exercise.told(part, "voice")) for part in (held.train, held.valid)] for held in (clips, theirs)]
    assert not voices[0][0] & voices[0][1] and voices[1][1] <= voices[1][0]
    assert len(theirs.train) + len(theirs.valid) == len(clips.train) + len(clips.valid)
    assert not set(theirs.train.digests) & set(theirs.valid.digests)
    assert (np.bincount(theirs.valid.labels) == np.bincount(theirs.valid.labels)[0]).all()


def test_parts_by_engine(exercise, clips):
    espeak = exercise.only(clips, engine="espeak")
    assert set(exercise.told(espeak.train, "engine")) == {"espeak"} and len(espeak.valid) == len(clips.valid)
    flite = exercise.asked(espeak, engine="flite")
    assert set(exercise.told(flite.valid, "engine")) == {"flite"} and len(flite.train) == len(espeak.train)
    abroad = exercise.elsewhere(clips)
    assert set(exercise.told(abroad.valid, "engine")) == {"pico"} and "pico" not in exercise.told(abroad.train, "engine")
    assert abroad.classes == clips.classes


def test_clips_of_a_word_are_found_by_what_their_names_say(exercise, clips):
    path = exercise.one_of(clips.train, "nariz", reading="accent", engine="festival")
    assert path.parent.name == "nariz" and path.name.startswith("accent-festival-")
    assert exercise.native(clips).classes == clips.classes


def test_the_giant_is_ahead_of_every_control_with_one_clip(exercise, clips, giant):
    """The claim of step 3."""
    ours = training.feature_extraction(giant, clips, 1)
    others = {name: training.feature_extraction(network, clips, 1) for name, network in exercise.controls().items()}
    assert ours.interval[0] > max(result.interval[1] for result in others.values()), others
    assert others["duration"].accuracy > 1 / len(clips.classes)


def test_the_split_flatters_and_another_engine_costs_more(exercise, clips, giant):
    """The claims of steps 5 and 6: with intervals that do not touch."""
    espeak = exercise.only(clips, engine="espeak")
    known = training.feature_extraction(giant, exercise.asked(espeak, engine="espeak"), 10)
    foreign = training.feature_extraction(giant, exercise.asked(espeak, engine="flite"), 10)
    abroad = training.feature_extraction(giant, exercise.only(exercise.elsewhere(clips), engine="espeak"), 10)
    assert known.interval[0] > foreign.interval[1] > foreign.interval[0] > abroad.interval[1]
    told = exercise.drop(foreign, known)
    assert f"The colleague: {known}. We: {foreign}." in told.replace("\n", " ")
    assert f"worth {100 * (known.accuracy - foreign.accuracy):.0f} points" in told.replace("\n", " ")


def test_no_other_voice_of_espeak_is_heard_as_badly_as_another_engine(exercise, clips, giant):
    """What the guide says of step 6."""
    espeak = exercise.only(clips, engine="espeak")
    held = {name: exercise.asked(espeak, engine=name) for name in ("espeak", "flite")}
    held["pico"] = exercise.only(exercise.elsewhere(clips), engine="espeak")
    right = {name: _by_voice(exercise, giant, asked) for name, asked in held.items()}
    assert min(right["espeak"]) > max(right["flite"] + right["pico"])


def _by_voice(exercise, giant, held):
    found, voices = training.feature_extraction(giant, held, 10), exercise.told(held.valid, "voice")
    right = found.predictions == held.valid.labels
    return [right[voices == voice].mean() for voice in np.unique(voices)]


def test_three_stretches_know_more_than_one_mean(clips, giant):
    """The claim of step 2: about 7 in 100."""
    rows = {part: features.extract(giant, getattr(clips, part))["hidden"] for part in ("train", "valid")}
    draws = [np.concatenate([np.flatnonzero(clips.train.labels == word)[n : n + 5] for word in range(28)]) for n in (0, 6, 12, 18)]

    def correct(shrunk):
        heard = [heads.fit("ridge", shrunk(rows["train"][some]), clips.train.labels[some]) for some in draws]
        return np.mean([head.predict(shrunk(rows["valid"])) == clips.valid.labels for head in heard])

    assert 0.04 < correct(lambda row: row) - correct(lambda row: row.reshape(len(row), 3, -1).mean(1)) < 0.1


def test_the_kept_table_says_which_layer_has_forgotten_the_words(exercise, readable):
    kept = exercise.kept(5)
    voices = kept[kept.giant == "resemblyzer"].set_index("layer")["mean"]
    assert voices["lstm1"] > 2 * voices["embedding"]
    drawing = plots.depth(kept, "Five clips of each word", 1 / 28)
    assert "resemblyzer, 4 layers: best lstm1" in drawing.words and "the last, embedding" in drawing.words
    assert "10 draws" in exercise.about().replace("\n", " ")


def test_layers_are_those_that_the_network_tells(exercise, giant):
    assert exercise.layers(giant) == [f"told.{name}" for name in ("pool1", "pool2", "pool3", "pool4", "embedding")]


def test_the_microphone_is_answered_with_words_and_their_meaning(exercise, clips, giant):
    ask = exercise.answering(giant, clips, 5)
    with open(exercise.one_of(clips.train, "lunes"), "rb") as clip:
        told = ask(clip)
    assert len(told) == 5 and told[0][0] == "lunes · Monday" and told[0][1] >= told[1][1]


def test_the_kept_table_was_made_with_these_clips_and_this_giant(exercise, clips, giant):
    card = exercise.study.card
    assert card["pictures"]["digest"] == comparison.pictures_digest(clips)
    assert giant.digest in {one["digest"] for one in card["giants"]}
