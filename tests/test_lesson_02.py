"""Lesson 02: its exercises know right from wrong, its planted mistakes are what they claim, its figures hold the numbers."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from making import network, photograph, set_of, weights_of
from torch import nn
from torchvision.datasets import ImageFolder

from shoulders import cutting, datasets, editions, exercises, features, plots, training
from shoulders.support import progress


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    return datasets.load(set_of(tmp_path_factory.mktemp("set"), 8, 5))


@pytest.fixture(scope="module")
def result(held):
    sure = np.array([[0.9, 0.1]] * 4 + [[0.3, 0.7]] + [[0.2, 0.8]] * 3 + [[0.95, 0.05], [0.6, 0.4]])  # 4 + 3 right
    return replace(training.feature_extraction(network(), held), probabilities=sure)


@pytest.fixture
def exercise(held):
    return exercises.lesson_02(editions.Edition("pocket", held, network("vgg16_tiny"), ""))


def verdict(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def normalised():
    """A network that looks at the batch: BatchNorm, and a head that gives two scores."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ).eval()


def test_counting_what_learns(exercise, capsys):
    body = cutting.decapitate(network("vgg16_tiny"))
    model = nn.Sequential(cutting.freeze(body), nn.Linear(body.out_features, 2))
    for layer in cutting.blocks(body.network)[-1]:
        body.network.get_submodule(layer).requires_grad_(True)
    counts = [p.numel() for p in model.parameters() if p.requires_grad]
    every = sum(p.numel() for p in model.parameters())
    assert verdict(exercise.learnt, sum(counts), capsys).startswith("Right")
    assert "frozen" in verdict(exercise.learnt, every, capsys)
    assert "add them up" in verdict(exercise.learnt, sum(p.numel() for p in model[1].parameters()), capsys)
    assert verdict(exercise.learnt, sum(counts) + 1, capsys).startswith("Not yet")


def test_counting_is_of_the_small_giant_where_there_is_one(held, capsys):
    both = exercises.lesson_02(editions.Edition("pocket", held, network("resnet18"), "", network("vgg16_tiny")))
    body = cutting.decapitate(network("vgg16_tiny"))
    last = [body.network.get_submodule(name) for name in cutting.blocks(body.network)[-1]]
    count = 2 * (body.out_features + 1) + sum(p.numel() for layer in last for p in layer.parameters())
    assert verdict(both.learnt, count, capsys).startswith("Right")


def test_flattery_is_the_best_epoch_less_the_last(exercise, capsys):
    assert verdict(exercise.flattery, 0.9 - 0.8, capsys).startswith("Right")
    for wrong, said in (
        (0.9 - 0.85, "you say 0.05"),  # the best less the second best
        (0.8 - 0.85, "you say -0.05"),  # the last less the one before
        (0.8 - 0.9, "turn it around"),
        (10.0, "share"),
        (0.4, "you say 0.4"),
        ([0.1], "one number"),
    ):
        assert said in verdict(exercise.flattery, wrong, capsys)


def test_the_colleague_has_our_weights_and_asks_the_company(exercise, capsys):
    model = normalised()
    theirs = exercise.colleague(model)
    assert weights_of(theirs) == weights_of(model)
    images = torch.rand(4, 3, 8, 8)
    with torch.inference_mode():
        assert torch.allclose(model(images)[:2], model(images[:2]), atol=1e-6)
        assert not torch.allclose(theirs(images)[:2], theirs(images[:2]), atol=1e-3)
    assert not model.training


def test_mending_means_eval_everywhere(exercise, capsys):
    theirs = exercise.colleague(normalised())
    assert "train mode" in verdict(exercise.mended, theirs, capsys)
    theirs.training = False  # the outermost flag alone mends nothing
    assert "train mode" in verdict(exercise.mended, theirs, capsys)
    assert "another network" in verdict(exercise.mended, nn.Linear(3, 2).eval(), capsys)
    assert "a network" in verdict(exercise.mended, "eval", capsys)
    assert verdict(exercise.mended, theirs.eval(), capsys).startswith("Right")


def test_placeholders_are_found_by_content_and_missed_by_name(exercise, held, tmp_path):
    before = photograph(held.train.paths[0].parents[1])
    folder = exercise.folder_with_placeholders(held, tmp_path / "few", per_class=4)
    ours, by_name = datasets.load(folder), ImageFolder(folder)
    assert len(ours.train) + len(ours.valid) == 8
    assert len(by_name) == 9  # the one that calls itself .jpg goes in as the first class
    found = ours.report()
    assert list(found.problem) == ["GIF", "GIF"] and set(found["class"]) == {held.classes[0]}
    assert photograph(held.train.paths[0].parents[1]) == before


def test_costs_puts_every_number_where_it_belongs(result):
    cheap = replace(result, seconds={"total": 0.5}, trained_parameters=10, cached=True)
    dear = replace(
        result, probabilities=np.eye(2)[result.valid.labels], seconds={"total": 50.0}, trained_parameters=2000, cached=False
    )
    drawing = plots.costs({"cheap": cheap, "dear": dear}, {"cheap": 60, "dear": 90})
    left, middle, right = drawing.figure.axes
    assert np.allclose(left.containers[0][0].get_xdata(), [0.7, 1.0])
    crosses = next(line for line in left.lines if line.get_marker() == "x")
    assert np.allclose(crosses.get_xdata(), [0.6, 0.9])
    assert list(middle.lines[0].get_xdata()) == [0.5, 50.0] and list(right.lines[0].get_xdata()) == [10, 2000]
    assert [text.get_text() for text in middle.texts] == ["0.5 (remembered)", "50.0"]
    assert drawing.words == "Cheap 70.0 % in 0.5 s (its look remembered), dear 100.0 % in 50.0 s."
    (crosses,) = (
        line
        for line in plots.costs({"cheap": cheap, "dear": dear}, {"dear": 90}).figure.axes[0].lines
        if line.get_marker() == "x"
    )
    assert np.array_equal(crosses.get_xdata(), [np.nan, 0.9], equal_nan=True)


def test_best_epochs_counts_what_choosing_adds(result):
    curves = ([0.5, 0.9, 0.8], [0.6, 0.7, 0.7])
    runs = [replace(result, seed=s, history=tuple({"accuracy": a} for a in curve)) for s, curve in enumerate(curves)]
    drawing = plots.best_epochs(runs)
    assert "2 seeds" in drawing.words and "5.0 points" in drawing.words and "up to 10.0" in drawing.words
    assert "75.0 % on average" in drawing.words
    assert [list(line.get_ydata()) for line in drawing.figure.axes[1].lines] == [[0.9, 0.7], [0.8, 0.7]]


def row_of(pictures, values):
    return features.Features({"hidden": np.array(values, np.float32)}, pictures, True, {}, "cpu", "fp32")


def test_nearest_are_nearest(result, held):
    train = row_of(held.train, [[i, 0] for i in range(16)])  # cats at 0 to 7, dogs at 8 to 15
    valid = row_of(held.valid, [[0, 0]] * 8 + [[7.6, 0], [0, 0]])  # the surest mistake lies between 7 and 8
    drawing = plots.nearest(result, train, valid, network().transform, most=1, neighbours=3)
    assert [ax.get_title() for ax in drawing.figure.axes] == ["dogs,\ncalled cats", "dogs", "cats", "dogs"]
    assert drawing.words == "Of the 3 neighbours of this picture, 1 are of the class that was named, 2 of the right one."


def test_nearest_shows_doubts_where_nothing_is_wrong(result, held):
    right = replace(result, probabilities=0.2 + 0.6 * np.eye(2)[result.valid.labels])
    right.probabilities[7] = [0.4, 0.6]
    rows = row_of(held.train, np.zeros((16, 2))), row_of(held.valid, np.zeros((10, 2)))
    drawing = plots.nearest(right, *rows, network().transform, most=1, neighbours=2)
    assert drawing.figure.axes[0].get_title() == "dogs,\ncalled dogs"
    assert "least sure" in drawing.figure.get_suptitle()


def test_company_and_drift_say_their_ranges():
    said = plots.company([0.1, 0.8], [0.5, 0.5], "bees").words
    assert said.endswith("with 10 % to 80 % at the colleague's, with 50 % with us.")
    drawing = plots.drift({"one": [0, 0.1, 0.25], "other": [0, 0, 0]})
    assert drawing.words == "Change of the same pictures' features after 2 batches: one: 25 %; other: 0 %."
    assert list(drawing.figure.axes[0].lines[0].get_ydata()) == [0, 0.1, 0.25]


def test_a_bar_for_nothing_is_no_bar(monkeypatch):
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(progress.track([], 0, "Decoding")) == []
