"""Lesson 07a: its exercises know right from wrong, its table is whole, its sentences and figures hold the numbers."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from shoulders import exercises, intervals, plots
from shoulders.course.exercises.lesson_07a import PETS, Lesson07a
from shoulders.support import places

pytestmark = pytest.mark.skipif(
    not (places.box() / "results" / "studies" / "prior_knowledge.csv").exists(), reason="the table is not in this copy of the course"
)


@pytest.fixture(scope="module")
def exercise():
    return exercises.lesson_07a()


def verdict(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def by_scipy(near, far):
    found = stats.ttest_rel(near, far).confidence_interval(0.95)
    return np.mean(near) - np.mean(far), found.low, found.high


def by_torch(near, far):
    ahead = torch.tensor(near, dtype=torch.float64) - torch.tensor(far, dtype=torch.float64)
    return torch.tensor([ahead.mean(), *intervals.interval(ahead.numpy())], dtype=torch.float64)


def in_a_loop(near, far):
    ahead = [one - other for one, other in zip(near, far)]
    return [sum(ahead) / len(ahead), *intervals.interval(ahead)]


@pytest.mark.parametrize("lead", [by_scipy, by_torch, in_a_loop])
def test_a_lead_may_be_computed_in_several_ways(exercise, lead, capsys):
    assert verdict(exercise.lead, lead, capsys).startswith("Right.")


@pytest.mark.parametrize(("lead", "said"), [
    (lambda near, far: (0.07, 0.02, 0.12), "not the mean"),
    (lambda near, far: [-one for one in in_a_loop(near, far)], "other sign"),
    (lambda near, far: np.mean(np.subtract(near, far)), "three are asked for"),
    (lambda near, far: (in_a_loop(near, far)[0], *intervals.interval(near)), "not those of Student's interval"),
    (lambda near, far: in_a_loop(near, far)[:1] + in_a_loop(near, far)[:0:-1], "the lower one first"),
    (lambda near, far: [100 * one for one in in_a_loop(near, far)], "as a share"),
    (lambda near, far: None, "nothing back"),
    ((0.07, 0.02, 0.12), "the function itself"),
])  # fmt: skip
def test_a_wrong_lead_is_told_what_is_wrong(exercise, lead, said, capsys):
    out = verdict(exercise.lead, lead, capsys)
    assert out.startswith("Not yet: ") and said in out


@pytest.mark.parametrize("answer", [list(PETS), tuple(reversed(PETS)), {name.upper() for name in PETS}])
def test_the_names_may_stand_in_any_order(exercise, answer, capsys):
    assert verdict(exercise.seen, answer, capsys).startswith("Right.")


@pytest.mark.parametrize(("answer", "said"), [
    (["tabby cat", "Persian cat", "Egyptian cat"], "6 names"),
    (list(PETS[:-1]), "1 name of the list is"),
    ([*PETS, "koala"], "'koala' is no cat"),
    (["cat", "dog"], "'cat' is no cat and no dog of that network"),
    ("tabby cat", "a list of names"),
    ([1, 2], "a list of names"),
    ([], "9 names"),
])  # fmt: skip
def test_wrong_names_are_told_what_is_wrong_and_not_the_right_ones(exercise, answer, said, capsys):
    out = verdict(exercise.seen, answer, capsys)
    assert out.startswith("Not yet: ") and said in out
    assert not [name for name in PETS if name in out and name not in answer]


def test_the_network_of_the_lesson_has_these_classes():
    from shoulders import backbones

    assert set(PETS) < set(backbones.card("vgg16_mammals").classes)
    assert not set(PETS) & set(backbones.card("vgg16_things").classes)
    assert not {"cougar", "lion"} & set(backbones.card("vgg16_mammals").classes)


def pairs(near, far):
    return sum(other > one for one in near for other in far) / (len(near) * len(far))


@pytest.mark.parametrize("opposite", [
    pairs,
    lambda near, far: torch.tensor(far)[:, None].gt(torch.tensor(near)).double().mean(),
    lambda near, far: stats.mannwhitneyu(far, near).statistic / (len(near) * len(far)),  # no two are the same
])  # fmt: skip
def test_the_opposite_may_be_counted_in_several_ways(exercise, opposite, capsys):
    assert verdict(exercise.opposite, opposite, capsys).startswith("Right.")


@pytest.mark.parametrize(("opposite", "said"), [
    (lambda near, far: pairs(near, far) * len(near) * len(far), "divide"),
    (lambda near, far: pairs(far, near), "the opposite is asked for"),
    (lambda near, far: np.mean(np.greater(far, near)), "each of one may meet each"),
    (lambda near, far: 0.5, "not the share of the"),
    (lambda near, far: np.greater.outer(far, near), "several numbers"),
    (lambda near, far: None, "nothing back"),
])  # fmt: skip
def test_a_wrong_count_is_told_what_is_wrong(exercise, opposite, said, capsys):
    out = verdict(exercise.opposite, opposite, capsys)
    assert out.startswith("Not yet: ") and said in out


def test_the_table_holds_every_question_for_every_source_and_training(exercise):
    table = exercise.grid.table
    assert set(table.source) == {"mammals", "things", "nothing", "all of Tiny ImageNet", "ImageNet"}
    counts = table.groupby(["question", "pictures", "source"]).size()
    assert (counts == 5 * 4).all()  # trainings, and 5, 10, 20, all pictures
    assert table.accuracy.between(0, 1).all()
    assert len(exercise.grid.card["questions"]) == table[["question", "pictures"]].drop_duplicates().shape[0] >= 8
    felt = {row["name"]: row for row in exercise.grid.card["questions"] if row["pictures"] == "felt"}
    from shoulders import comparison, datasets

    held = datasets.load("felt_big_cats", classes=["puma", "leopard", "cheetah"])
    assert felt["puma, leopard or cheetah"]["digest"] == comparison.pictures_digest(held), "the table was made with other pictures"


@pytest.fixture
def rows():
    """Two questions, two sources, three trainings: mammals ahead by 10, 12, 14 points at one, by -1, 0, 1 at the other."""
    lines = []
    for training, (near, tie) in enumerate([(0.70, 0.49), (0.72, 0.50), (0.74, 0.51)]):
        for question, one, other in (("cats", near, 0.60), ("ants", tie, 0.50)):
            for source, accuracy in (("mammals", one), ("things", other)):
                lines.append({"question": question, "per_class": "5", "training": training, "source": source, "accuracy": accuracy, "largest": 0.5, "n_train": 10, "classes": 2})
    return pd.DataFrame(lines)


def test_leads_are_paired_by_training_and_have_students_interval(rows):
    lines = Lesson07a.leads(rows)
    assert lines.ahead.tolist() == pytest.approx([0.12, 0.0])
    reach = stats.t.ppf(0.975, 2) * 0.02 / 3**0.5
    assert (lines.low[0], lines.high[0]) == pytest.approx((0.12 - reach, 0.12 + reach))
    said = " ".join(Lesson07a.told(lines).split())
    assert "cats, 5 pictures of each: mammals 12.0 points ahead of things (95 % interval +7.0 to +17.0)." in said
    assert "the interval holds 0, so it may be chance" in said
    behind = " ".join(Lesson07a.told(Lesson07a.leads(rows, "things", "mammals"), "things", "mammals").split())
    assert "cats, 5 pictures of each: mammals 12.0 points ahead of things (95 % interval +7.0 to +17.0)." in behind


def test_the_figures_say_how_many_intervals_lie_where(rows):
    lesson = Lesson07a
    drawn = plots.leads(lesson.leads(rows), ("mammals", "things"))
    assert drawn.words == "Of 2 intervals, 1 lie on the side of mammals, 0 on that of things, and 1 tell neither."
    means = lesson.means(rows, 5)
    assert means.set_index(["question", "source"])["mean"]["cats", "mammals"] == pytest.approx(0.72)
    assert "mammals is ahead" in plots.sources(means, 5).words
