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
from shoulders.course.exercises.lesson_05 import FACES, PAPER, Lesson05
from shoulders.datasets import Samples
from shoulders.visualize.controls import Randomisation
from shoulders.visualize.growth import Evolution
from shoulders.visualize.moving import Curves, Invariance
from shoulders.visualize.projection import Projection
from shoulders.visualize.search import Tops


@pytest.fixture
def lesson():
    return exercises.lesson_05(None)


def says(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


def verdicts(exercise, answers, capsys):
    return [says(exercise, answer, capsys).split(":")[0].split(".")[0] for answer in answers]


def by_hand(winners):
    return sum(a != b for row in winners.tolist() for a, b in zip(row, row[1:]))


def test_exercise_1(lesson, capsys):
    right = (
        lambda w: (w[:, 1:] != w[:, :-1]).sum(),
        by_hand,
        lambda w: np.count_nonzero(np.diff(w.numpy(), axis=1)),
        lambda w: float((w.diff(dim=1) != 0).float().sum()),
    )
    assert verdicts(lesson.jumps, right, capsys) == ["Right"] * 4
    wrong = (
        lambda w: 5,
        lambda w: 4,
        lambda w: by_hand(w) + 1,
        lambda w: sum(len(set(row)) - 1 for row in w.tolist()),
        lambda w: (w[:, 1:] == w[:, :-1]).sum(),
        lambda w: (w[:, 1:] != w[:, :1]).sum(),
        lambda w: (w[1:] != w[:-1]).sum(),
        lambda w: (w[:, 1:] != w[:, :-1]).sum(1),
        lambda w: None,
        5,
    )
    assert verdicts(lesson.jumps, wrong, capsys) == ["Not yet"] * len(wrong)
    assert "comes back" in says(lesson.jumps, wrong[3], capsys) and "stays" in says(lesson.jumps, wrong[4], capsys)
    assert "all maps together" in says(lesson.jumps, wrong[7], capsys)
    assert "5" not in says(lesson.jumps, lambda w: 700, capsys).replace("[[4, 4, 7, 4], [1, 1, 1, 1], [0, 2, 3, 0]]", "")


def places(numbers):
    return numbers.argsort().argsort()


def test_exercise_2(lesson, capsys):
    asked = lesson.rank_correlation
    right = (
        lambda a, b: np.corrcoef(places(a), places(b))[0, 1],
        lambda a, b: spearmanr(a, b).statistic,
        lambda a, b: pd.Series(a).corr(pd.Series(b), method="spearman"),
        lambda a, b: 1 - 6 * ((places(a) - places(b)) ** 2).sum() / (len(a) * (len(a) ** 2 - 1)),
    )
    assert verdicts(asked, right, capsys) == ["Right"] * 4
    wrong = (
        lambda a, b: 1.0,
        lambda a, b: 0.9,
        lambda a, b: np.corrcoef(a, b)[0, 1],
        lambda a, b: np.corrcoef(a.argsort(), b.argsort())[0, 1],
        lambda a, b: -np.corrcoef(places(a), places(b))[0, 1],
        lambda a, b: abs(np.corrcoef(places(a), places(b))[0, 1]),
        lambda a, b: np.cov(places(a), places(b))[0, 1],
        lambda a, b: np.corrcoef(places(a), places(b)),
        0.9,
    )
    assert verdicts(asked, wrong, capsys) == ["Not yet"] * len(wrong)
    assert "of the numbers, not of their ranks" in says(asked, wrong[2], capsys)
    assert "places, not ranks" in says(asked, wrong[3], capsys)
    assert "a table of four" in says(asked, wrong[7], capsys)
    assert "without calling it" in says(asked, 0.9, capsys)
    assert "0.9" not in says(asked, lambda a, b: 7.0, capsys)


def first_of(rivals, ours, gap, ahead):
    return next((name for name, theirs in rivals.items() if ahead(ours, theirs) == gap), "nobody")


def test_exercise_3(lesson, capsys):
    def by_loop(rivals, ours, gap):
        found = [name for name in rivals if abs(ours - rivals[name] - gap) < 0.05]
        return found[0]

    right = (
        lambda rivals, ours, gap: first_of(rivals, ours, gap, lambda a, b: round(a - b, 1)),
        by_loop,
        lambda rivals, ours, gap: min(rivals, key=lambda name: abs(ours - rivals[name] - gap)),
        lambda rivals, ours, gap: list(rivals)[int(np.abs(ours - gap - np.array(list(rivals.values()))).argmin())],
    )
    assert verdicts(lesson.beaten, right, capsys) == ["Right"] * 4
    wrong = (
        lambda rivals, ours, gap: "Jianchao",
        lambda rivals, ours, gap: "Bela",
        lambda rivals, ours, gap: first_of(rivals, ours, gap, lambda a, b: round(b - a, 1)),
        lambda rivals, ours, gap: first_of(rivals, ours, gap, lambda a, b: round(abs(a - b), 1)),
        lambda rivals, ours, gap: first_of(rivals, ours, gap, lambda a, b: a - b),
        lambda rivals, ours, gap: first_of(rivals, ours, gap, lambda a, b: round(a - b)),
        lambda rivals, ours, gap: max(rivals, key=rivals.get),
        lambda rivals, ours, gap: gap,
        "Jianchao",
    )
    assert verdicts(lesson.beaten, wrong, capsys) == ["Not yet"] * len(wrong)
    assert "which is more than 55.1" in says(lesson.beaten, wrong[3], capsys)
    assert "the name of one of the rivals" in says(lesson.beaten, wrong[7], capsys)
    assert all("Jianchao" not in says(lesson.beaten, one, capsys) for one in wrong[1:-1])


def evolution(jumps):
    winners = torch.tensor([[0, 1, 2 if jumped else 1] for jumped in jumps])
    empty = torch.zeros(0)
    return Evolution(empty, empty, empty, winners, (0, 1, 5), tuple(range(len(jumps))), 150, "a", "b")


def test_settling_says_which_block_is_first_unless_it_can_be_luck():
    still, wild, few = evolution([False] * 24), evolution([True] * 12 + [False] * 12), evolution([True] * 2 + [False] * 22)
    said = Lesson05.settling({1: still, 2: few, 3: wild})
    assert said.startswith("From epoch 1 to 5, 0 % of block 1's, 8 % of block 2's, 50 % of block 3's maps change")
    assert said.endswith("block 1 has settled before block 3, as in the paper.")
    assert "the opposite of the paper" in Lesson05.settling({1: wild, 3: still})
    assert "can be luck" in Lesson05.settling({1: still, 3: few})


def moving(low, high):
    curves = {kind: Curves((1.0,), np.full((2, 1), low), np.full((2, 1), high), np.ones((2, 1))) for kind in "ab"}
    return Invariance(curves, None, "x", "y", (0, 0), ("n", "n"), "z")


def test_calm_is_no_merit_where_the_network_that_knows_nothing_is_calmer():
    said = Lesson05.calm(moving(1.0, 0.1), moving(0.4, 0.0004))
    assert "by 1.00 of its length, and the scores by 0.10: much less" in said and "by 0.0004, less still" in said
    assert "hardly less" in Lesson05.calm(moving(1.0, 0.9), moving(1, 1.0)) and "even more" in Lesson05.calm(moving(0.1, 0.2), moving(1, 1.0))
    assert "the calm was learnt" in Lesson05.calm(moving(1.0, 0.1), moving(1, 0.5))


def test_agrees_needs_more_than_luck_and_more_than_the_shuffled_network(monkeypatch):
    monkeypatch.setitem(Lesson05.agrees.__globals__, "agreement", lambda one: {"spearman": one})

    def said(trained, shuffled):
        return Lesson05.agrees(trained, shuffled)

    dead, high, none = float("nan"), [0.5, 0.6, 0.4, 0.5], [0.1, -0.1, 0.05, -0.05]
    assert said(high, none) == (
        "0.50 on average (95 % interval 0.37 to 0.63, 4 pictures), with shuffled weights 0.00: yes, and because of what was learnt"
    )
    assert said(high, high[::-1]).endswith("yes, but perhaps with any weights")
    assert said(none, none[::-1]).endswith("that can be luck")
    assert said([-one for one in high], none).endswith("no, the opposite")
    assert said(none, [-one for one in high]).endswith("not surely, but more than without what was learnt")
    assert "3 pictures" in said(high, [*none[:3], dead]) and said([dead, 0.5], [0.1, 0.1]).startswith("too few")


def test_corresponds_says_nothing_found_near_one():
    def table(random):
        rows = [("block 5", part, value) for part, value in (("left eye", 0.4), ("right eye", 0.6), ("nose", 0.9), ("random", random))]
        return pd.DataFrame(rows, columns=["layer", "part", "distance"])

    assert Lesson05.corresponds(table(0.5), ("block 5",)) == "Random over eyes is 1.00 (block 5): near 1, nothing found."
    assert Lesson05.corresponds(table(0.8), ("block 5",)) == "Random over eyes is 1.60 (block 5): above 1, with five dogs only."


def test_depth_compares_the_same_seeds():
    def said(*gains):
        names = ["the whole network", "without"]
        return Lesson05.depth([pd.DataFrame({"network": names, "accuracy": [0.6, 0.6 + gain]}) for gain in gains])

    assert said(-0.2, -0.22, -0.18) == (
        "60.0 % with all layers, 40.0 % without (means of 3 seeds). The difference lies between -25.0 and -15.0 points "
        "(95 % interval): layers matter."
    )
    assert "fewer layers do better here" in said(0.2, 0.22, 0.18) and "nothing about depth" in said(0.1, -0.1, 0.05)


def test_deeper_names_the_blocks_that_fall_back():
    columns = {"layer": ["block 1", "block 2", "block 3"], "low": [0.4, 0.4, 0.8], "high": [0.6, 0.6, 0.95]}
    said = Lesson05.deeper(pd.DataFrame(columns | {"accuracy": [0.52, 0.5, 0.9]}))
    assert said.startswith("52.0 % at block 1, 90.0 % at block 3, intervals apart: deeper knows more. Behind the one before: block 2, ")
    assert said.endswith("but by no more than luck can do.")
    columns_apart = {"layer": ["block 1", "block 2"], "low": [0.8, 0.4], "high": [0.95, 0.6], "accuracy": [0.9, 0.5]}
    assert Lesson05.deeper(pd.DataFrame(columns_apart)).endswith("Behind the one before: block 2, by more than luck.")
    assert Lesson05.deeper(pd.DataFrame(columns | {"accuracy": [0.5, 0.5, 0.9]})).endswith("None falls behind the one before it.")
    assert "too close to call" in Lesson05.deeper(pd.DataFrame(columns | {"accuracy": [0.5, 0.5, 0.5], "low": 0.4}))


def test_survives_stands_beside_the_guess_where_there_is_one():
    control = {
        rule: Randomisation(None, None, torch.tensor(left))
        for rule, left in (("gradient", [0.1, 0.3]), ("deconvnet", [0.6, 0.8]), ("guided", [0.96, float("nan")]))
    }
    lines = Lesson05.survives(control, {"guided": 0.1}).splitlines()
    assert lines[0] == "gradient: 0.20 (0.10 to 0.30, 2 pictures). It notices." and lines[1].endswith("It notices, in part.")
    assert lines[2] == "guided: 0.96 (0.96 to 0.96, 2 pictures); your guess 0.1. It hardly notices."


def test_the_envelope():
    kinds = np.array(["single maps", "mixtures"])
    assert Lesson05.envelope(kinds, None) == "B held the mixtures."
    assert Lesson05.envelope(kinds, 2.0).endswith("You told them apart.")
    assert Lesson05.envelope(kinds, 1.0).endswith("You took the other one for them.")


def test_alike_counts_the_commonest_kind():
    pictures = Samples(("",) * 27, np.repeat([0, 1, 2], 9), ("",) * 27, ("a", "b", "c"))
    one, mixed = list(range(9)), [*range(3), *range(9, 12), *range(18, 21)]
    tops = [Tops(torch.ones(6, 9), torch.tensor([which] * 6), torch.zeros(6, 9, 2), 27, torch.ones(6), "x", None) for which in (one, mixed)]
    said = Lesson05.alike(pictures, dict(zip(("mixtures", "single maps"), tops)))
    assert "9.0 of mixtures, 3.0 of single maps" in " ".join(said.split()) and said.endswith("the two differ.")
    assert Lesson05.alike(pictures, dict(zip("ab", (tops[0], tops[0])))).split()[-5:] == ["nothing", "tells", "the", "two", "apart."]


def test_pairs_are_the_first_ones_of_each_rule():
    found = Projection(torch.rand(5, 3, 4, 4), torch.arange(5), torch.zeros(5, 2), torch.ones(5), "x", "guided", "")
    random = replace(found, pixels=-found.pixels)
    pairs = Lesson05.pairs({"guided": Randomisation(found, random, torch.ones(5))}, 2)
    assert list(pairs) == ["guided, trained", "guided, top shuffled"]
    assert torch.equal(pairs["guided, top shuffled"].pixels, -found.pixels[:2]) and pairs["guided, trained"].maps.tolist() == [0, 1]


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
