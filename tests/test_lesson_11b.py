"""Lesson 11b: its exercises know right from wrong, and what it claims is so."""

from itertools import groupby

import numpy as np
import pandas as pd
import pytest
import torch

from shoulders import backbones, datasets, exercises, plots
from shoulders.course.exercises import two_giants
from shoulders.heads import second
from shoulders.sounds import ears, phonemes


@pytest.fixture(scope="module")
def exercise():
    return exercises.lesson_11b()


@pytest.fixture(scope="module")
def clips():
    return datasets.load("voices")


@pytest.fixture(scope="module")
def giant():
    return backbones.load("speech_embedding")


@pytest.fixture(scope="module")
def words(clips):
    return {word: phonemes.strings()[word] for word in clips.classes}


@pytest.fixture(scope="module")
def scores(clips, words):
    return {part: two_giants.scored(getattr(clips, part), words) for part in ("train", "valid")}


def said(capsys):
    return capsys.readouterr().out.replace("\n", " ")


def merged(path):
    return [sign for sign, _ in groupby(path) if sign != "_"]


def together(told, scores, weight):
    powers = np.exp(told + weight * scores)
    return powers / powers.sum(1, keepdims=True)


RIGHT = {
    "collapse": (
        merged,
        lambda path: tuple(merged(path)),
        lambda path: np.array(merged(path)),
        lambda path: [b for a, b in zip(["", *path], path) if a != b and b != "_"],
    ),
    "joined": (
        together,
        lambda told, scores, weight: torch.softmax(torch.tensor(told + weight * scores), 1),
        lambda told, scores, weight: together(told, scores, weight).tolist(),
        lambda told, scores, weight: np.exp(second.normalised(told + weight * scores)),
    ),
    "own": (["oreha", "oʊɹeɪhɑ", "oɹd͡ʒə"], ("oɹˈeha", "oʊɹˈeɪhɑː", "ˈoːɹdʒə")),
}
WRONG = {
    "collapse": (
        (lambda path: [sign for sign in path if sign != "_"], "Merge what is repeated"),
        (lambda path: [sign for sign, _ in groupby(path)], "silence left"),
        (lambda path: [sign for sign, _ in groupby(s for s in path if s != "_")], "Merge first, then drop silence"),
        (lambda path: ["o"], "becomes"),
        (lambda path: [], "nothing at all"),
        (lambda path: None, "gives nothing back"),
        (["o"], "the function itself"),
        (lambda path: 1 / 0, "could not be checked"),
    ),
    "joined": (
        (lambda told, scores, weight: told + weight * scores, "these are logarithms"),
        (lambda told, scores, weight: np.log(together(told, scores, weight)), "these are logarithms"),
        (lambda told, scores, weight: np.exp(told + weight * scores), "divide each row by its sum"),
        (lambda told, scores, weight: np.exp(told + weight * scores) / np.exp(told + weight * scores).sum(), "all rows together"),
        (lambda told, scores, weight: together(told, scores, 1), "the weight is missing"),
        (lambda told, scores, weight: together(weight * told, scores, 1), "belongs to the scores"),
        (lambda told, scores, weight: together(told, scores, 0), "the head says alone"),
        (lambda told, scores, weight: together(0 * told, scores, weight), "the strings say alone"),
        (lambda told, scores, weight: together(told, scores, weight)[0], "a row for each clip"),
        (lambda told, scores, weight: together(told, scores, -weight), "comes ["),
        (lambda told, scores, weight: np.exp(told) + np.exp(weight * scores), "and should to 1"),
        (lambda told, scores, weight: None, "gives nothing back"),
    ),
    "own": (
        (["oreja"], "holds the letter j"),
        (["oreña"], "is no phoneme"),
        ("oreha", "give a list"),
        ([3], "give a list"),
        ([], "the list is empty"),
        ([""], "has no sound"),
        (["oreha"], "add another way"),
        (3, "could not be checked"),
        (None, "has no answer"),
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_is_right_however_it_is_written(exercise, name, capsys):
    for answer in RIGHT[name]:
        getattr(exercise, name).check(answer)
        assert said(capsys).startswith("Right."), answer


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(exercise, name, capsys):
    for answer, sentence in WRONG[name]:
        getattr(exercise, name).check(answer)
        told = said(capsys)
        assert told.startswith("Not yet") and sentence in told, told


def test_the_last_hints_are_answers(exercise, capsys):
    exercise.own.check(["oreha", "oʊɹeɪhɑ", "oɹd͡ʒə"])
    assert exercise.own.hints[-1] == '["oreha", "oʊɹeɪhɑ", "oɹd͡ʒə"].' and said(capsys).startswith("Right.")
    assert "sign != path[i - 1]" in exercise.collapse.hints[1] and "keepdims=True" in exercise.joined.hints[2]


def test_what_paths_add_up_to_is_what_the_forward_pass_finds(exercise):
    tiny = pd.DataFrame({"silence": [0.1, 0.6, 0.2, 0.3], "o": [0.8, 0.3, 0.7, 0.3], "h": [0.1, 0.1, 0.1, 0.4]})
    for string, by_hand in (
        (["o"], None),
        (["o", "o"], None),
        (["h", "o", "h"], None),
        (["o", "h", "o", "h"], 0.8 * 0.1 * 0.7 * 0.4),
    ):
        found = exercise.summed(tiny, merged, string).probability.sum()
        np.testing.assert_allclose(exercise.forward(tiny, string), found if by_hand is None else by_hand, rtol=1e-9)
        np.testing.assert_allclose(found, exercise.forward(tiny, string), rtol=1e-9)
    assert len(exercise.summed(tiny, lambda path: None, ["o"])) == 0


def test_no_word_gets_its_own_strings_when_they_are_shuffled():
    for seed in range(20):
        order = two_giants.shuffled(28, seed)
        assert sorted(order) == list(range(28)) and (order != np.arange(28)).all()


def test_strings_alone_name_clips_of_every_engine_and_shuffled_ones_none(exercise, clips, words, readable):
    """The claims of step 4."""
    table = exercise.without_clips(clips, words)
    own = table[table.of == "each word's own strings"].set_index("line")
    assert (own.low > 0.5).all() and len(own) == 4
    assert (table[table.of == "another word's strings"].share < 1 / 28).all()
    assert own.loc["espeak, 252 clips"].low < own.loc["flite, 168 clips"].share  # the circle flatters less than its interval
    assert "flite, 168 clips: each word's own" in plots.shares(table, "x", "y", 1 / 28).words


def test_both_are_ahead_of_either_at_home_and_behind_the_strings_elsewhere(exercise):
    """The claims of step 5, from the kept table."""
    home, abroad = exercise.kept(), exercise.kept(("pico",))
    assert set(home.n_valid) == {420} and set(abroad.n_valid) == {168}
    for count in (1, 2, 5, 10, 20):
        for other in (two_giants.CLIPS, two_giants.STRINGS):
            assert exercise.ahead(home, two_giants.BOTH, other, count).endswith("ahead.")
    assert exercise.ahead(abroad, two_giants.BOTH, two_giants.STRINGS, 20).endswith("behind.")
    left_out = exercise.kept(("pico",), engines=True)
    assert exercise.ahead(left_out, two_giants.ENGINES, two_giants.BOTH, 20).endswith("ahead.")
    assert exercise.ahead(home, two_giants.BOTH, two_giants.BOTH, 5).replace("\n", " ").endswith("too close to call.")
    assert "10 draws of 1 to 20 clips" in exercise.about().replace("\n", " ")


def test_what_is_computed_here_lies_near_the_kept_table(exercise, clips, giant, scores):
    here, kept = pd.DataFrame(exercise.curve(giant, clips, scores, (1, 2), 2)), exercise.kept()
    for count in (1, 2):
        for name in (two_giants.CLIPS, two_giants.STRINGS, two_giants.BOTH, two_giants.SHUFFLED):
            means = [table[(table.per_class == count) & (table.backbone == name)].accuracy.mean() for table in (here, kept)]
            assert means[0] == pytest.approx(means[1], abs=0.08), (count, name, means)


def test_words_never_heard_are_named_by_their_strings_alone(exercise, clips, giant, scores):
    """The claims of step 6."""
    table = exercise.never_heard(giant, clips, scores, exercise.weekdays, 2).set_index(["line", "of"])
    never, other = table.loc["never heard, 105 clips"], table.loc["the other words, 315 clips"]
    assert never.share[two_giants.CLIPS] == 0 and never.low[two_giants.BOTH] > 0.4
    assert other.share[two_giants.BOTH] > other.share[two_giants.CLIPS]
    assert "clips alone 0 %" in exercise.unheard().replace("\n", " ")


def test_the_microphone_names_a_word_that_nobody_taught(exercise, clips, giant, words, scores):
    ask = exercise.answering(giant, clips, words, scores, exercise.weekdays, 1)
    named = []
    for word in exercise.weekdays:
        with open(exercise.one_of(clips.valid, word, reading="accent", engine="espeak"), "rb") as clip:
            told = ask(clip)
        assert len(told) == 5 and [sure for _, sure in told] == sorted((sure for _, sure in told), reverse=True)
        named.append(told[0][0].startswith(word))
    assert sum(named) >= 4


def test_a_word_of_ones_own_is_asked_or_refused(exercise, clips, words):
    few = clips.valid.take(clips.valid.sample(1))
    assert exercise.visitor(few, words, "gato", ["gato"]).startswith("gato (g a t o): ")
    assert "of 28 clips" in exercise.visitor(few, words, "gato", ["gato"]).replace("\n", " ")
    assert "'ñ' in 'gñato' is no phoneme" in exercise.visitor(few, words, "gato", ["gñato"])
    assert exercise.found(None) == exercise.found("oreha") == exercise.found(["ñ"]) == exercise.found([3]) == "no answer yet"
    assert exercise.found(["oreha", "oʊɹeɪhɑ", "oɹd͡ʒə"]).startswith("Your strings find 9 of 15 clips of oreja")


def test_the_verdict_is_better_than_a_coin_at_home(exercise, clips, giant):
    """The claims of step 7, as far as the box can tell: both kinds together, for the giant and for mfcc; length tells little."""
    table = exercise.verdicts(giant, clips)
    assert table.groupby("of").line.nunique().eq(5).all()
    home = table[table.line.str.startswith("espeak")].groupby("of").share.mean()
    assert home["speech_embedding"] > 0.65 and home["mfcc"] > 0.65 and home["duration"] < 0.62
    assert exercise.verdict(table, "mfcc").startswith(f"mfcc: espeak {100 * home['mfcc']:.0f} %, pico ")


def test_mended_strings_flatter_where_they_were_mended_and_cost_elsewhere(exercise, clips, words):
    """The planted mistake."""
    mended, abroad = exercise.mended(clips.valid, words), exercise.elsewhere(clips)
    assert sum(map(len, mended.values())) > sum(map(len, words.values())) and list(mended) == list(words)
    table = exercise.held_against({"looked at": clips.valid, "pico": abroad.valid}, {"ours": words, "theirs": mended})
    share = table.set_index(["line", "of"]).share
    assert share["looked at, 420 clips", "theirs"] > share["looked at, 420 clips", "ours"]
    assert share["pico, 168 clips", "theirs"] < share["pico, 168 clips", "ours"] - 0.1


def test_what_an_ear_hears_is_drawn_step_by_step(exercise, clips, readable):
    path = exercise.one_of(clips.train, "cinco", reading="accent", engine="espeak")
    drawing = plots.phonemes({"cinco": ears.of(path)}, "cinco")
    labels = [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()]
    wrote = exercise.wrote({"cinco": path}).iloc[0, 0].split()
    assert [sign for sign in labels if sign in wrote] == wrote  # the first sign on top, and none of those written is left out
    assert f"cinco: {' '.join(wrote)}." in drawing.words.replace("\n", " ")


def test_readings_stand_side_by_side(exercise):
    table = exercise.readings(["cinco"])
    assert list(table.columns) == list(phonemes.READINGS) and table.loc["cinco", "native"] == "sˈinko or θˈinko"
