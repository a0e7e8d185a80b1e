"""Lesson 05: the exercises, the table of the paper, and the boxes on the felt dogs."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from making import COURSE, network, paint
from scipy.stats import spearmanr

from shoulders import datasets, exercises, plates, visualize
from shoulders.backbones import Transform
from shoulders.course.exercises.lesson_05 import FACES, PAPER


@pytest.fixture
def lesson():
    return exercises.lesson_05(None)


def says(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def test_exercise_1(lesson, capsys):
    assert says(lesson.jumps, lambda w: (w[:, 1:] != w[:, :-1]).sum(), capsys).startswith("Right")
    assert says(lesson.jumps, lambda w: sum(len(set(row.tolist())) - 1 for row in w), capsys).startswith("Not yet")
    assert "a picture that comes back" in says(lesson.jumps, lambda w: (w[:, 1:] != w[:, :1]).sum() + 3, capsys)
    assert says(lesson.jumps, lambda w: (w[:, 1:] != w[:, :1]).sum(), capsys).startswith("Not yet")
    assert says(lesson.jumps, lambda w: (w[:, :-1] != w[:, -1:]).sum(), capsys).startswith("Not yet")
    assert "without calling it" in says(lesson.jumps, 4, capsys)


def test_exercise_2(lesson, capsys):
    asked = lesson.rank_correlation
    ranks = (lambda a, b: np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1], lambda a, b: spearmanr(a, b).statistic)
    assert all(says(asked, right, capsys).startswith("Right") for right in ranks)
    assert "of the numbers, not of their ranks" in says(asked, lambda a, b: np.corrcoef(a, b)[0, 1], capsys)
    assert "places, not ranks" in says(asked, lambda a, b: np.corrcoef(a.argsort(), b.argsort())[0, 1], capsys)
    assert "you say 0." in says(asked, lambda a, b: 0, capsys)
    assert "without calling it" in says(asked, 0.9, capsys)


def test_exercise_3(lesson, capsys):
    assert says(lesson.distance, lambda a, b: (a.sign() != b.sign()).float().mean(), capsys).startswith("Right")
    for wrong in (
        lambda a, b: (a != b).float().mean(),
        lambda a, b: (a.sign() != b.sign()).sum(),
        lambda a, b: (a * b < 0).float().mean(),
        lambda a, b: ((a > 0) != (b > 0)).float().mean(),
        lambda a, b: ((a >= 0) != (b >= 0)).float().mean(),
    ):
        assert says(lesson.distance, wrong, capsys).startswith("Not yet")


def test_every_number_of_ours_finds_its_row():
    keys = re.findall(r'ours\["(.+?)"\]', (COURSE / "lessons" / "05_zeiler_and_fergus_again.py").read_text(encoding="utf-8"))
    for key in keys:
        assert len([item for item, *_ in PAPER if item.startswith(key)]) == 1, key
    table = exercises.compared(dict.fromkeys(keys, "OURS")).data.splitlines()
    assert len(table) == 2 + len(PAPER) and all(line.count("|") == 6 for line in table)
    assert sum("OURS" in line for line in table) == len(set(keys))


def test_what_is_not_done_has_no_number_of_ours():
    table = exercises.compared({"Table": "OURS"}).data.splitlines()
    assert all("OURS" in line for line in table if line.startswith("| Table"))
    assert {here for _, here, _, _ in PAPER} <= {"done", "smaller", "another one", "not done", "lesson 03"}


@pytest.fixture
def dogs():
    if datasets.find("felt_cats_vs_dogs") is None:
        pytest.skip("the felt pictures are not in this copy")
    return datasets.load("felt_cats_vs_dogs").valid


def test_the_boxes_were_set_on_these_very_pictures(dogs):
    digests = {f"{path.parent.name}/{path.name}": digest for path, digest in zip(dogs.paths, dogs.digests)}
    for name, (start, _) in FACES.items():
        assert digests[name].startswith(start), f"{name} has been rendered again: set the boxes of FACES again"


def test_boxes_lie_in_the_picture_whatever_the_network_crops(dogs):
    backbone = network("vgg16_tiny")
    for transform in (Transform(192, 192), Transform(96, 96), Transform(256, 224)):
        chosen, parts = exercises.faces(replace(backbone, transform=transform))
        boxes = np.array(list(parts.values()))
        assert boxes.shape == (3, len(chosen), 4)
        assert (boxes[..., 2:] - boxes[..., :2] >= 4).all() and boxes.min() >= 0 and boxes.max() <= transform.crop
        assert (boxes[0, :, 3] <= boxes[1, :, 1] + 1).all(), "the left eye is left of the right one"
        assert (boxes[2, :, 0] > boxes[:2, :, 0].max(0)).all(), "the nose is below the eyes"
    same = exercises.faces(replace(backbone, transform=Transform(192, 192)))[1]
    assert torch.tensor(same["nose"]).tolist() == [list(known["nose"]) for _, known in FACES.values()]


def test_invariance_shows_its_pictures_and_names_the_answers():
    images = torch.stack([torch.from_numpy(np.array(paint(seed, (64, 64)))).permute(2, 0, 1) for seed in range(3)])
    amounts = {"translation": (0.0, 0.1), "rotation": (0.0, 90.0)}
    found = visualize.invariance(network("vgg16_tiny"), images, "features.3", "classes", amounts=amounts)
    figure = plates.invariance(found).figure
    axes = figure.axes
    curves, shown = axes[:-1], axes[-1]
    assert [text.get_text() for text in shown.texts] == ["1", "2", "3"] and len(curves) == 6
    np.testing.assert_allclose(shown.images[0].get_array()[:64, 72:136, :3], images[1].permute(1, 2, 0) / 255, atol=1e-6)
    assert figure.legends[0].get_title().get_text().split() == ["what", "the", "network", "takes", "them", "for"]


def test_probes_draw_what_guessing_would_give():
    columns = {"layer": ["a", "b"], "accuracy": [0.7, 0.8], "low": [0.6, 0.7], "high": [0.8, 0.9], "n": 9, "n_train": 5}
    drawn, plain = (plates.probes(pd.DataFrame(columns), chance).figure.axes[0] for chance in (0.5, None))
    dashed = [line for line in drawn.lines if line.get_linestyle() == "--"]
    assert list(dashed[0].get_xdata()) == [0.5, 0.5] and drawn.get_xlim()[0] < 0.5
    assert "dashed: guessing blindly" in drawn.get_xlabel() and "dashed" not in plain.get_xlabel()
    assert all(label.get_text().endswith("0 %") for label in drawn.get_xticklabels())
    assert plates.probes(pd.DataFrame(columns)).words == "From 70.0 % (a) to 80.0 % (b), each from 5 training pictures."
    assert plates.probes(pd.DataFrame(columns | {"accuracy": 0.7})).words == "70.0 % everywhere, each from 5 training pictures."
