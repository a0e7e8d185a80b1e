"""Lesson 02: its exercises know right from wrong, its planted mistakes are what they claim, its figures hold the numbers."""

import copy
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from making import network, photograph, set_of, weights_of
from torch import nn
from torchvision.datasets import ImageFolder

from shoulders import cutting, datasets, exercises, features, plots, training
from shoulders.support import progress


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    return datasets.load(set_of(tmp_path_factory.mktemp("set"), 8, 5))


@pytest.fixture(scope="module")
def result(held):
    sure = np.array([[0.9, 0.1]] * 4 + [[0.3, 0.7]] + [[0.2, 0.8]] * 3 + [[0.95, 0.05], [0.6, 0.4]])  # 4 + 3 right
    return replace(training.feature_extraction(network(), held), probabilities=sure)


@pytest.fixture
def exercise():
    return exercises.lesson_02()


def verdict(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def normalised():
    """A network that looks at the batch: BatchNorm, Dropout, and a head that gives two scores."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(4, 2)
    ).eval()


def learning(model):
    return [weights for weights in model.parameters() if weights.requires_grad]


def in_a_loop(model):
    total = 0
    for _, weights in model.named_parameters():
        if weights.requires_grad:
            total += np.prod(weights.shape)
    return total


RIGHT_COUNTS = {
    "a sum": lambda model: sum(weights.numel() for weights in learning(model)),
    "a loop over names and shapes": in_a_loop,
    "a tensor": lambda model: torch.tensor([weights.numel() for weights in learning(model)]).sum(),
    "numpy": lambda model: np.sum([weights.detach().numpy().size for weights in learning(model)]),
    "one long vector": lambda model: len(nn.utils.parameters_to_vector(learning(model))),
}
WRONG_COUNTS = {
    "all": (lambda model: sum(weights.numel() for weights in model.parameters()), "frozen"),
    "the frozen ones": (lambda model: sum(w.numel() for w in model.parameters() if not w.requires_grad), "frozen"),
    "tables": (lambda model: len(learning(model)), "tables"),
    "all tables": (lambda model: len(list(model.parameters())), "another count"),
    "no biases": (lambda model: sum(weights.numel() for weights in learning(model) if weights.ndim > 1), "another count"),
    "rows": (lambda model: sum(len(weights) for weights in learning(model)), "another count"),
    "the last layer alone": (lambda model: sum(weights.numel() for weights in model[-1].parameters()), "another count"),
    "one off": (lambda model: in_a_loop(model) + 1, "another count"),
    "what fits the first network": (lambda model: 83, "another count"),
    "nothing": (lambda model: None, "no number back"),
}


@pytest.mark.parametrize("name", RIGHT_COUNTS)
def test_counting_what_learns(exercise, name, capsys):
    assert verdict(exercise.learnt, RIGHT_COUNTS[name], capsys).startswith("Right")


@pytest.mark.parametrize("name", WRONG_COUNTS)
def test_another_count_is_not_what_learns(exercise, name, capsys):
    answer, word = WRONG_COUNTS[name]
    said = verdict(exercise.learnt, answer, capsys)
    assert said.startswith("Not yet") and word in said
    assert name in ("what fits the first network",) or "83" not in said  # 4·2·9 + 2 + 2·3 + 3 learn of the first network


def test_a_number_in_the_place_of_a_function(exercise, capsys):
    assert "function itself" in verdict(exercise.learnt, 83, capsys)
    assert "function itself" in verdict(exercise.flattery, 0.1, capsys)
    assert "has no answer" in verdict(exercise.mended, None, capsys)


def accuracies(history):
    return [row["accuracy"] for row in history]


def by_sorting(history):
    return sorted(accuracies(history))[-1] - list(history)[-1]["accuracy"]


RIGHT_FLATTERIES = {
    "lists": lambda history: max(accuracies(history)) - accuracies(history)[-1],
    "numpy": lambda history: np.max(accuracies(history)) - np.array(accuracies(history))[-1],
    "a tensor": lambda history: torch.tensor(accuracies(history)).max() - torch.tensor(accuracies(history))[-1],
    "the best of differences": lambda history: max(row["accuracy"] - history[-1]["accuracy"] for row in history),
    "sorting": by_sorting,
}
WRONG_FLATTERIES = {
    "the best of all but the last": (lambda history: max(accuracies(history)[:-1]) - accuracies(history)[-1], "best minus"),
    "the second less the last": (lambda history: accuracies(history)[1] - accuracies(history)[-1], "best minus"),
    "the last less the best": (lambda history: accuracies(history)[-1] - max(accuracies(history)), "turn it around"),
    "per cent": (lambda history: 100 * (max(accuracies(history)) - accuracies(history)[-1]), "share"),
    "the best": (lambda history: max(accuracies(history)), "best minus"),
    "the best less the first": (lambda history: max(accuracies(history)) - accuracies(history)[0], "best minus"),
    "the best less the worst": (lambda history: max(accuracies(history)) - min(accuracies(history)), "best minus"),
    "the best less the second best": (lambda history: np.ptp(sorted(accuracies(history))[-2:]), "best minus"),
    "the best less the last but one": (lambda history: max(accuracies(history)) - accuracies(history)[-2], "best minus"),
    "what fits the first history": (lambda history: 0.1, "best minus"),
    "never anything": (lambda history: 0.0, "best minus"),
    "a row of numbers": (lambda history: accuracies(history), "no number"),
}


@pytest.mark.parametrize("name", RIGHT_FLATTERIES)
def test_flattery_is_the_best_epoch_less_the_last(exercise, name, capsys):
    assert verdict(exercise.flattery, RIGHT_FLATTERIES[name], capsys).startswith("Right")


@pytest.mark.parametrize("name", WRONG_FLATTERIES)
def test_another_difference_is_no_flattery(exercise, name, capsys):
    answer, word = WRONG_FLATTERIES[name]
    said = verdict(exercise.flattery, answer, capsys)
    assert said.startswith("Not yet") and word in said


def test_the_colleague_has_our_weights_and_asks_the_company(exercise):
    model = normalised()
    theirs = exercise.colleague(model)
    assert weights_of(theirs) == weights_of(model)
    images = torch.rand(4, 3, 8, 8)
    with torch.inference_mode():
        assert torch.allclose(model(images)[:2], model(images[:2]), atol=1e-6)
        assert not torch.allclose(theirs(images)[:2], theirs(images[:2]), atol=1e-3)
    assert not model.training


def test_what_was_frozen_is_so_no_more_at_the_colleagues_alone(exercise):
    model = cutting.freeze(normalised())
    theirs = exercise.colleague(model)
    assert theirs[1].training and not model.train()[1].training
    assert exercise.normalises(model) and not exercise.normalises(nn.Sequential(nn.Linear(3, 2)))


def asked(exercise, model):
    """The colleague's network, after it has looked at some pictures."""
    theirs = exercise.colleague(model)
    with torch.inference_mode():
        theirs(torch.rand(4, 3, 8, 8))
    return theirs


def layer_by_layer(theirs):
    for layer in theirs.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.Dropout):
            layer.eval()
    return theirs


def without_norms(theirs):
    theirs[1] = nn.Identity()
    return theirs.eval()


def with_other_weights(theirs):
    nn.init.zeros_(theirs[-1].weight)
    return theirs.eval()


def the_outermost_flag_alone(theirs):
    theirs.training = False
    return theirs


def norms_alone(theirs):
    theirs[1].eval()
    return theirs


MENDED = {
    "eval": lambda theirs: theirs.eval(),
    "train(False)": lambda theirs: theirs.train(False),
    "a copy": lambda theirs: copy.deepcopy(theirs).eval(),
    "layer by layer": layer_by_layer,
    "frozen": lambda theirs: cutting.freeze(theirs.eval()),
}
NOT_MENDED = {
    "untouched": (lambda theirs: theirs, "train mode"),
    "no gradient": (lambda theirs: theirs.requires_grad_(False), "train mode"),
    "the flag alone": (the_outermost_flag_alone, "train mode"),
    "the norms alone, where there is Dropout": (norms_alone, "train mode"),
    "without norms": (without_norms, "another network"),
    "other weights": (with_other_weights, "another network"),
    "another one": (lambda theirs: nn.Linear(3, 2).eval(), "another network"),
    "no call": (lambda theirs: theirs.eval, "a network"),
}


@pytest.mark.parametrize("name", MENDED)
def test_mending_means_that_it_answers(exercise, name, capsys):
    assert verdict(exercise.mended, MENDED[name](asked(exercise, normalised())), capsys).startswith("Right")


@pytest.mark.parametrize("name", NOT_MENDED)
def test_what_does_not_mend(exercise, name, capsys):
    change, word = NOT_MENDED[name]
    said = verdict(exercise.mended, change(asked(exercise, normalised())), capsys)
    assert said.startswith("Not yet") and word in said


def test_our_own_network_is_not_the_colleagues_mended(exercise, capsys):
    model = normalised()
    assert "first" in verdict(exercise.mended, model, capsys)
    asked(exercise, model)
    assert "another network" in verdict(exercise.mended, model, capsys)


def test_the_curve_is_told_by_where_it_was_lowest(exercise, result):
    def told(*losses):
        return exercise.curve(replace(result, history=tuple({"valid_loss": loss} for loss in losses)))

    assert told(0.7, 0.5, 0.6) == "The validation loss went from 0.700 to 0.600, and was lowest in epoch 2 of 3."
    assert told(0.7, 0.6).endswith("from 0.700 to 0.600, and was lowest in the last epoch: more might help.")


def test_the_best_of_several_runs_is_told_in_pictures(exercise, result):
    curves = ([0.5, 0.9, 0.8], [0.6, 0.7, 0.7], [0.5, 0.9, 0.7])
    runs = [replace(result, history=tuple({"accuracy": one} for one in curve)) for curve in curves]
    said = exercise.best_of(runs, 2)
    assert said.startswith("In 2 of 3 runs an earlier epoch was better than the last. On average the best one names 1.0 of 10 ")
    assert said.endswith("You guessed 2 pictures, and it was 1 pictures: 1 less.")


def test_own_words_are_counted_class_by_class(exercise, held, result):
    words = ("cat", "pot", "pan")
    scores = np.eye(3)[[0, 0, 1, 1, 1, 0, 2, 2, 2, 2]]  # five cats, then five dogs
    said = exercise.own_words(features.Features({"classes": scores}, held.valid, True, {}, "cpu", "fp32"), words, result)
    cats, dogs, both = said.splitlines()
    assert cats == "cats: “cat” is said of 2 of 5; it says most often pot (3), cat (2)"
    assert dogs == "dogs: “dogs” is not among its words; it says most often pan (4), cat (1)"
    assert both == "So its own words name 2 of 10 pictures correctly, and a new head on its features 7."


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


def test_company_says_its_ranges():
    said = plots.company([0.1, 0.8], [0.5, 0.5], "bees").words
    assert said.endswith("with 10 % to 80 % at the colleague's, with 50 % with us.")


def test_a_bar_for_nothing_is_no_bar(monkeypatch):
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(progress.track([], 0, "Decoding")) == []
