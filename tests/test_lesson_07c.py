"""Lesson 07c: its exercises know right from wrong, its sentences follow the numbers, and the answer hangs on the scale."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from making import network

from shoulders import backbones, datasets, editions, exercises, training, visualize
from shoulders.cutting import last_at_each_size
from shoulders.heads import decisions
from shoulders.intervals import wilson


@pytest.fixture(scope="module")
def exercise():
    return exercises.lesson_07c(editions.Edition("pocket", datasets.load("moles"), network(), ""))


def said(capsys):
    return capsys.readouterr().out


SHARES = {
    "numpy": lambda called, labels: (called[labels == 1].mean(), (~called[labels == 0]).mean()),
    "sums, a list": lambda called, labels: [sum(called & (labels == 1)) / sum(labels), sum(~called & (labels == 0)) / sum(1 - labels)],
    "torch": lambda called, labels: torch.stack([
        torch.tensor(called[labels == 1]).double().mean(), 1 - torch.tensor(called[labels == 0]).double().mean(),
    ]),
}  # fmt: skip
NOT_SHARES = {
    "the other order": lambda called, labels: SHARES["numpy"](called, labels)[::-1],
    "alarms": lambda called, labels: (called[labels == 1].mean(), called[labels == 0].mean()),
    "precision": lambda called, labels: (labels[called].mean(), 1 - labels[~called].mean()),
    "accuracy": lambda called, labels: (called == labels).mean(),
    "constants": lambda called, labels: (2 / 3, 3 / 4),
}
CHEAPEST = {
    "numpy": lambda t, misses, alarms, miss: t[np.argmin(miss * misses + alarms)],
    "a loop": lambda t, misses, alarms, miss: min(zip((miss * misses + alarms).tolist(), t.tolist()))[1],
    "torch": lambda t, misses, alarms, miss: torch.tensor(t)[torch.tensor(miss * misses + alarms).argmin()],
}
NOT_CHEAPEST = {
    "the place": lambda t, misses, alarms, miss: np.argmin(miss * misses + alarms),
    "the cost": lambda t, misses, alarms, miss: np.min(miss * misses + alarms),
    "all alike": lambda t, misses, alarms, miss: t[np.argmin(misses + alarms)],
    "the dearest": lambda t, misses, alarms, miss: t[np.argmax(miss * misses + alarms)],
    "a constant": lambda t, misses, alarms, miss: 0.5,
}
ODDS = {
    "numpy": lambda p, before, now: (o := p / (1 - p) * now / (1 - now) * (1 - before) / before) / (1 + o),
    "Bayes": lambda p, before, now: [q * now / before / (q * now / before + (1 - q) * (1 - now) / (1 - before)) for q in p],
    "torch": lambda p, before, now: torch.sigmoid(
        torch.logit(torch.tensor(p)) + torch.logit(torch.tensor([now, before])).diff().mul(-1)
    ),
}
NOT_ODDS = {
    "as it was": lambda p, before, now: p,
    "the way back": lambda p, before, now: decisions.shifted(p, now, before),
    "probabilities": lambda p, before, now: p * now / before,
    "odds": lambda p, before, now: (q := decisions.shifted(p, before, now)) / (1 - q),
    "one number": lambda p, before, now: 0.1,
}
RIGHT = [("shares", name) for name in SHARES] + [("cheapest", name) for name in CHEAPEST] + [("odds", name) for name in ODDS]
WRONG = (
    [("shares", name) for name in NOT_SHARES]
    + [("cheapest", name) for name in NOT_CHEAPEST]
    + [("odds", name) for name in NOT_ODDS]
)


@pytest.mark.parametrize(("which", "name"), RIGHT)
def test_right_answers(exercise, capsys, which, name):
    getattr(exercise, which).check({"shares": SHARES, "cheapest": CHEAPEST, "odds": ODDS}[which][name])
    assert said(capsys).startswith("Right.")


@pytest.mark.parametrize(("which", "name"), WRONG)
def test_wrong_answers(exercise, capsys, which, name):
    getattr(exercise, which).check({"shares": NOT_SHARES, "cheapest": NOT_CHEAPEST, "odds": NOT_ODDS}[which][name])
    told = said(capsys)
    assert told.startswith("Not yet:") and "could not be checked" not in told


def test_no_answer_yet(exercise, capsys):
    for one in (exercise.shares, exercise.cheapest, exercise.odds):
        one.check(lambda *given: None)
        assert "gives nothing back yet" in said(capsys)


def test_the_cameras(exercise):
    a, b = exercise.cameras["a"], exercise.cameras["b"]
    for part in (a.valid, b.valid):
        assert (len(part), part.labels.sum()) == (240, 24)
    assert len(exercise.with_scale(6)) == 6 and exercise.with_scale(6).labels.all()
    assert "right about 90.0 % of them, and finds 0 of 24" in exercise.blind(a.valid.labels).replace("\n", " ")


def test_sentences_follow_the_numbers(exercise):
    many, few = decisions.Decided(0.5, 20, 4, 10, 206), decisions.Decided(0.5, 5, 19, 2, 214)
    assert "20 of 24 and 5 of 24 are found: fewer, more than luck" in exercise.drop("A, B", many, few).replace("\n", " ")
    assert "more, more than luck" in exercise.drop("A, B", few, many).replace("\n", " ")
    assert "that can be luck." in exercise.drop("A, B", many, many).replace("\n", " ")
    labels, rng = np.tile([0, 0, 0, 1], 60), np.random.default_rng(0)
    good, bad = np.clip(labels + rng.normal(0, 0.1, 240), 0.01, 0.99), np.full(240, 0.9)
    assert ": better (by" in exercise.sharper("x", bad, good, labels).replace("\n", " ")
    assert ": worse (by" in exercise.sharper("x", good, bad, labels).replace("\n", " ")
    assert "too close to call" in exercise.sharper("x", good, good, labels).replace("\n", " ")
    assert "they were drawn so" in exercise.confirmed(editions.Edition("pocket", exercise.cameras["a"], network(), ""))


def test_published_intervals_are_wilsons():
    """Haenssle and others 2020: 95.0 % (83.5 to 98.6 %) and 76.7 % (64.6 to 85.6 %); Winkler and others 2019: 79 to 99.2, 76.0 to 89.8."""
    for right, n, low, high in ((38, 40, 83.5, 98.6), (46, 60, 64.6, 85.6), (22, 23, 79, 99.2), (90, 107, 76, 89.8)):
        assert [100 * end for end in wilson(right, n)] == pytest.approx([low, high], abs=0.06)


def test_the_covered_margin_hides_every_scale(exercise):
    from shoulders.course.exercises.lesson_07c import _framed, rulers

    boxes = [np.array(box) for box in rulers().values() if box]
    assert boxes and all(not ((box[0] > 40 and box[2] < 104) and (box[1] > 40 and box[3] < 104)) for box in boxes)
    pixels = np.asarray(_framed(exercise_image(exercise)))
    edge = round(0.22 * len(pixels))
    assert len(np.unique(pixels[:edge].reshape(-1, 3), axis=0)) == 1


def exercise_image(exercise):
    from PIL import Image

    return Image.open(exercise.with_scale(1).paths[0]).convert("RGB")


def test_a_head_in_the_network_says_what_the_head_says(exact):
    held = datasets.load("moles")
    few = replace(held, train=held.train.take(held.train.sample(12)), valid=held.valid.take(held.valid.sample(3)))
    result = training.feature_extraction(network(), few)
    whole = visualize.with_head(network(), result)
    opened = visualize.machinery.networks.opened(whole, (), few.valid)
    with torch.no_grad():
        scores = opened.module(opened.images).softmax(1).cpu().numpy()
    np.testing.assert_allclose(scores, result.probabilities, atol=1e-3)
    with pytest.raises(visualize.VisualizeError, match="logistic regression"):
        visualize.with_head(network(), training.feature_extraction(network(), few, head="ridge"))
    with pytest.raises(visualize.VisualizeError, match="vgg11"):
        visualize.with_head(network("vgg11"), result)


@pytest.mark.skipif(not backbones.on_disk(backbones.DEFAULT), reason="the giant of the pocket edition is not on this machine")
def test_the_answer_hangs_on_the_scale(exercise):
    """Of malignant moles of camera A with a scale, the window that hurts most lies on it, far more often than by luck; and on
    camera B fewer malignant moles are found."""
    giant = backbones.load()
    result = training.feature_extraction(giant, exercise.cameras["a"])
    some = exercise.with_scale(6)
    colour, layer = exercise.skin(some, giant), f"0.network.{last_at_each_size(giant)[-1]}"
    whole = visualize.with_head(giant, result)
    found = [visualize.occlusion(whole, path, layer, 1, patch=64, stride=32, fill=colour) for path in some.paths]
    told = exercise.on_the_scale(found, some, giant)
    assert "the answer hangs on the scale" in told.replace("\n", " "), told


def test_a_remedy_is_told_by_what_it_finds_and_by_what_it_calls_in(exercise):
    labels = np.tile([0, 1], 20)
    none, all_of_them = np.zeros(40), np.ones(40)
    told = exercise.regained("x", none, all_of_them, labels).replace("\n", " ")
    assert told == "x: malignant moles called in 0 before, 20 after (more than luck), benign ones 0 before, 20 after (more than luck)."
    assert exercise.regained("x", none, none, labels).count("can be luck") == 2
