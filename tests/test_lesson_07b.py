"""Lesson 07b: its exercises know right from wrong, and its sentences say what is in the numbers."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import kendalltau

from shoulders import exercises, transferability
from shoulders.course.exercises.lesson_07b import LOSSES, NAMES, ORDERS, WAITS


@pytest.fixture(scope="module")
def exercise():
    return exercises.lesson_07b()


def said(capsys):
    return capsys.readouterr().out.replace("\n", " ")


def by_pairs(promised, came_out):
    pairs = [(i, j) for i in range(len(promised)) for j in range(i)]
    return np.mean([np.sign(promised[i] - promised[j]) * np.sign(came_out[i] - came_out[j]) for i, j in pairs])


def loss(promised, came_out):
    return came_out.max() - came_out[promised.argmax()]


def share_saved(gmacs, chosen, few, pictures):
    return 1 - (gmacs.sum() * few + gmacs[chosen] * (pictures - few)) / (gmacs.sum() * pictures)


RIGHT = {
    "tau": (
        by_pairs,
        lambda promised, came_out: kendalltau(promised, came_out).statistic,
        lambda promised, came_out: torch.tensor(by_pairs(promised.tolist(), came_out.tolist())),
    ),
    "lost": (
        loss,
        lambda promised, came_out: [max(came_out) - dict(zip(promised.tolist(), came_out.tolist()))[max(promised)]],
        lambda promised, came_out: torch.tensor(came_out).max() - torch.tensor(came_out)[torch.tensor(promised).argmax()],
    ),
    "saved": (
        share_saved,
        lambda gmacs, chosen, few, pictures: (1 - few / pictures) * (1 - gmacs[chosen] / sum(gmacs)),
        lambda gmacs, chosen, few, pictures: torch.tensor(share_saved(gmacs, chosen, few, pictures)),
    ),
}
WRONG = {
    "tau": (
        lambda promised, came_out: np.corrcoef(promised, came_out)[0, 1],
        lambda promised, came_out: -by_pairs(promised, came_out),
        lambda promised, came_out: (by_pairs(promised, came_out) + 1) / 2,  # the share of pairs in the right order
        lambda promised, came_out: by_pairs(promised, came_out) * len(promised) * (len(promised) - 1) / 2,
        lambda promised, came_out: by_pairs(promised, came_out) * (len(promised) - 1) / len(promised),  # all n² pairs
        lambda promised, came_out: 1.0,
        lambda promised, came_out: promised - came_out,
        3,
    ),
    "lost": (
        lambda promised, came_out: came_out.max(),
        lambda promised, came_out: came_out[promised.argmax()],
        lambda promised, came_out: -loss(promised, came_out),
        lambda promised, came_out: came_out.max() - came_out.mean(),
        lambda promised, came_out: came_out.max() - came_out[promised.argmin()],
        lambda promised, came_out: promised.max() - came_out.max(),
        lambda promised, came_out: 0.0,
    ),
    "saved": (
        lambda gmacs, chosen, few, pictures: 1 - share_saved(gmacs, chosen, few, pictures),
        lambda gmacs, chosen, few, pictures: 1 - few / pictures,
        lambda gmacs, chosen, few, pictures: 1 - (gmacs.sum() * few + gmacs[chosen] * pictures) / (gmacs.sum() * pictures),
        lambda gmacs, chosen, few, pictures: 100 * share_saved(gmacs, chosen, few, pictures),
        lambda gmacs, chosen, few, pictures: share_saved(gmacs, 0, few, pictures),
        lambda gmacs, chosen, few, pictures: 0.5,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_is_right_however_it_is_written(exercise, name, capsys):
    for answer in RIGHT[name]:
        getattr(exercise, name).check(answer)
        assert said(capsys).startswith("Right"), answer


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_does_not_pass(exercise, name, capsys):
    for number, answer in enumerate(WRONG[name]):
        getattr(exercise, name).check(answer)
        assert said(capsys).startswith("Not yet"), number
    getattr(exercise, name).check(lambda *given: None)
    assert "gives nothing back yet" in said(capsys)


def test_the_cases_tell_the_neighbouring_answers_apart():
    assert {round(float(by_pairs(np.array(a), np.array(b))), 3) for a, b in ORDERS} == {round(2 / 3, 3), -1.0, 0.6}
    assert len({round(float(loss(np.array(a), np.array(b))), 3) for a, b in LOSSES}) == 3 and len(WAITS) > 1


def found(**rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=["tau", "low", "high"])


@pytest.mark.parametrize(
    ("control", "told"),
    [((0.3, 0.1, 0.5), "an interval above 0, too"), ((0.1, -0.1, 0.3), "an interval that holds 0"), ((-0.3, -0.5, -0.1), "reversed")],
)
def test_what_was_foretold_in_a_sentence(exercise, control, told):
    table = found(logme=(0.5, 0.2, 0.7), h_score=(0.0, -0.1, 0.1), leep=(0.4, 0.1, 0.6), gmacs=control)
    words = exercise.foretold(table).replace("\n", " ")
    assert words.startswith("LogME, LEEP: an interval above 0. H-score: not told from no order at all. Nearest")
    assert f"is LogME (+0.50); the control, the larger the better, has {control[0]:+.2f} ({told})." in words
    none = exercise.foretold(found(leep=(0.1, -0.1, 0.3), gmacs=control))
    assert none.startswith("No score has an interval above 0.")


@pytest.fixture
def table():
    rows = []
    for number in range(6):
        accuracies = 0.5 + 0.1 * np.random.default_rng(number).permutation(4)
        for giant, accuracy in zip("abcd", accuracies):
            scores = {"logme": accuracy, "leep": -accuracy, "probe": 1.0, "gmacs": 1.0 + "abcd".index(giant)}
            rows.append({"question": f"q{number}", "giant": giant, "seed": 0, "accuracy_all": accuracy} | scores)
    return pd.DataFrame(rows).assign(classes=2, n_train=60, n_valid=40)


def test_two_scores_and_two_choices_are_held_against_each_other(exercise, table):
    assert exercise.ahead(table, "logme", "leep").replace("\n", " ").endswith("LogME foretells better.")
    assert "LogME foretells better" in exercise.ahead(table, "leep", "logme").replace("\n", " ")
    assert exercise.ahead(table, "logme", "logme").replace("\n", " ").endswith("too close to call.")
    assert "LogME loses fewer points" in exercise.against(table, "logme", "leep").replace("\n", " ")
    assert "LEEP loses more points" in exercise.against(table, "leep", "any").replace("\n", " ")
    assert "probe against a blind choice: +0.0 points" in exercise.against(table, "probe", "any").replace("\n", " ")


def test_choices_are_a_table_for_a_page(exercise, table):
    shown = exercise.chosen(transferability.choices(table, scores=["logme", "leep"], always=["a"]))
    assert shown.index.tolist() == ["LogME", "LEEP", "always a", "any, blindly"]
    assert shown.loc["LogME", "points lost"] == "0.0" and shown.loc["LogME", "as good as the best"] == "100 %"
    assert shown.loc["LEEP", "points lost"] == shown.loc["LEEP", "at the worst question"] == "30.0"


def test_what_is_saved_in_a_sentence(exercise, table):
    alike = table.assign(gmacs=2.0)  # 20 of 100 pictures by four giants, 80 by one of them
    told = exercise.waits(alike, "logme").replace("\n", " ")
    assert told == "Whoever chooses by LogME saves 60 % of the arithmetic on average, 60 % from question to question."


def test_who_is_fooled_is_named(exercise):
    cases = {"as it is": {"logme": -0.5, "leep": -0.4}, "nonsense": {"logme": -0.8, "leep": -0.6}, "twice": {"logme": 16, "leep": -0.6}}
    assert exercise.fooled(cases).splitlines() == [
        "nonsense: no score promises as much as of the truth, or more.",
        "twice: LogME promises as much as of the truth, or more.",
    ]


def test_the_taste_has_a_giant_with_random_weights(exercise):
    giants = exercise.giants()
    assert list(giants)[-1] == "random weights" and {"vgg16_tiny", "vgg16_mammals", "vgg16_things"} <= set(giants)
    assert set(NAMES) == {*transferability.CHOICES, "gmacs"} == set(exercise.names)


def test_the_large_table_says_how_it_was_made(exercise):
    told = exercise.about().replace("\n", " ")
    assert f"{exercise.study.table.groupby(['question', 'giant']).ngroups} pairs of a giant" in told and "studio.foretelling" in told
