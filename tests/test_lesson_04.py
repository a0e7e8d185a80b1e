"""Lesson 04: the paper-and-pencil numbers, the exercises, the pool, the faulty deconvnets, and the filter browser."""

import copy
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from making import network, paint, set_of
from torch import nn

from shoulders import datasets, editions, exercises, plates, visualize, widgets
from shoulders.course.exercises.lesson_04 import BACK, SWITCHES
from shoulders.visualize.machinery import networks
from shoulders.visualize.projection import Projection
from shoulders.visualize.search import Tops
from shoulders.widgets import browsing

PICTURE = torch.tensor([[0.0, 1, 4, 5], [3, 3, 4, 5], [2, 4, 2, 0], [3, 4, 4, 3]])
FILTER = torch.tensor([[-1.0, 1], [-1, 1]])
ABOVE = torch.tensor([[2.0, 1], [-1, 3]])


@pytest.fixture
def lesson(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 4, 3))
    return exercises.lesson_04(editions.Edition("pocket", held, network("vgg16_tiny"), ""))


def says(exercise, answer, capsys):
    capsys.readouterr()
    exercise.check(answer)
    return capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------------- by hand


def by_loops(rule):
    """Map, switches, and the three rules in plain loops: nothing of torch, nothing of ours."""
    x, w, above = (tensor.int().tolist() for tensor in (PICTURE, FILTER, ABOVE))
    spots = [(0, 0), (0, 1), (1, 0), (1, 1)]
    found = [[sum(w[a][b] * x[i + a][j + b] for a, b in spots) for j in range(3)] for i in range(3)]
    signal = [[max(0, value) for value in row] for row in found]
    sent = [[0] * 3 for _ in range(3)]
    switches = [[0, 0], [0, 0]]
    for i, j in spots:
        a, b = max(spots, key=lambda s: signal[i + s[0]][j + s[1]])
        switches[i][j] = 3 * (i + a) + j + b
        sent[i + a][j + b] += above[i][j]
    pixels = [[0] * 4 for _ in range(4)]
    for i in range(3):
        for j in range(3):
            passes = {"gradient": found[i][j] > 0, "deconvnet": sent[i][j] > 0}
            if all(passes.values()) if rule == "guided" else passes[rule]:
                for a, b in spots:
                    pixels[i + a][j + b] += sent[i][j] * w[a][b]
    return switches, pixels


@pytest.mark.parametrize("rule", BACK)
def test_the_numbers_on_paper(rule):
    assert by_loops(rule) == (SWITCHES, BACK[rule])


def test_the_steps_of_the_course_give_the_numbers_on_paper():
    image, convolution, pool = PICTURE[None, None].clone().requires_grad_(), nn.Conv2d(1, 1, 2, bias=False), nn.MaxPool2d(2, 1)
    convolution.weight.data[:] = FILTER
    signal = F.relu(convolution(image))
    pooled, switches = visualize.switches(signal, pool)
    assert switches[0, 0].tolist() == SWITCHES
    unpooled = visualize.unpool(ABOVE[None, None], switches, (3, 3))
    for rule, keep in visualize.RULES.items():
        assert visualize.transposed(keep(signal, unpooled), convolution, (4, 4))[0, 0].tolist() == BACK[rule]
    assert torch.autograd.grad(pooled, image, ABOVE[None, None])[0][0, 0].tolist() == BACK["gradient"]


def forwards(steps):
    size, jump = 1, 1
    for window, step in steps:
        size, jump = size + (window - 1) * jump, jump * step
    return size


def backwards(steps):
    size = 1
    for window, step in reversed(steps):
        size = (size - 1) * step + window
    return torch.tensor(size)


def in_arrays(steps):
    windows, strides = np.array(steps).T
    return 1 + ((windows - 1) * np.cumprod([1, *strides[:-1]])).sum()


def least_by_loops(grid):
    places = [(float(value), (i, j)) for i, row in enumerate(grid) for j, value in enumerate(row)]
    return [*min(places)[1]]


def shared_anywhere(before, after):
    return np.array([np.isin(b, a).sum() for b, a in zip(before, after)])


RIGHT = {
    "sees": [forwards, backwards, in_arrays],
    "commonest": [
        lambda kinds: max(kinds.count(one) for one in kinds),
        lambda kinds: Counter(kinds).most_common(1)[0][1],
        lambda kinds: torch.tensor(kinds).bincount().max(),
        lambda kinds: np.unique(kinds, return_counts=True)[1].max(),
    ],
    "window": [
        lambda grid: np.unravel_index(np.argmin(grid), grid.shape),
        least_by_loops,
        lambda grid: np.argwhere(grid == grid.min())[0],
        lambda grid: torch.tensor(divmod(int(grid.argmin()), grid.shape[1])),
        lambda grid: np.where(grid == grid.min()),
    ],
    "shared": [
        lambda before, after: [len(set(b) & set(a)) for b, a in zip(before, after)],
        lambda before, after: [len(set(b.tolist()) & set(a.tolist())) for b, a in zip(before, after)],
        shared_anywhere,
        lambda before, after: torch.tensor([sum(one in list(a) for one in b) for b, a in zip(before, after)]),
        lambda before, after: (before[:, :, None] == after[:, None]).sum((1, 2)),
    ],
    "switches": [SWITCHES, np.array(SWITCHES), torch.tensor(SWITCHES), ((1.0, 1.0), (6.0, 4.0))],
    "rules": [
        BACK,
        {rule: torch.tensor(picture) for rule, picture in BACK.items()},
        {rule: np.array(BACK[rule], float) for rule in reversed(BACK)},
    ],
    "culprit": ["filter", "Filter", " FILTER "],
}

NOTHING = np.zeros((4, 4))
WRONG = {
    "sees": [
        lambda steps: 10,
        lambda steps: 1 + sum(window - 1 for window, _ in steps),
        lambda steps: sum(window for window, _ in steps),
        lambda steps: math.prod(step for _, step in steps),
        lambda steps: forwards(steps) + 1,
        lambda steps: forwards(steps[::-1]),
    ],
    "commonest": [
        lambda kinds: 3,
        lambda kinds: len(set(kinds)),
        lambda kinds: Counter(kinds).most_common(1)[0][0],
        lambda kinds: kinds.count(kinds[0]),
        lambda kinds: len(kinds) - len(set(kinds)) + 1,
        max,
    ],
    "window": [
        lambda grid: (1, 2),
        lambda grid: np.unravel_index(np.argmax(grid), grid.shape),
        lambda grid: np.unravel_index(np.argmin(grid), grid.shape)[::-1],
        lambda grid: np.argmin(grid),
        lambda grid: tuple(one + 1 for one in np.unravel_index(np.argmin(grid), grid.shape)),
        lambda grid: grid.min(),
    ],
    "shared": [
        lambda before, after: [2, 3, 0],
        lambda before, after: [0 for _ in before],
        lambda before, after: [sum(x == y for x, y in zip(b, a)) for b, a in zip(before, after)],
        lambda before, after: [len(set(b) | set(a)) for b, a in zip(before, after)],
        lambda before, after: [len(set(b) - set(a)) for b, a in zip(before, after)],
        lambda before, after: sum(len(set(b) & set(a)) for b, a in zip(before, after)),
        lambda before, after: [len(set(b) & set(a)) for b, a in zip(before, before)],
    ],
    "switches": [[[1, 2], [6, 4]], [[1, 1], [6, 5]], [[2, 2], [7, 5]], [[0, 1], [2, 3]], [1, 1, 6, 4], [[4, 4], [3, 0]]],
    "rules": [
        BACK | {"deconvnet": BACK["guided"]},
        BACK | {"gradient": -np.array(BACK["gradient"])},
        BACK | {"guided": [[0, -1, 1, 0], [0, -1, 1, 0], [0] * 4, [0] * 4]},
        {"gradient": BACK["gradient"]},
        dict.fromkeys(BACK, NOTHING),
        BACK | {"guided": BACK["guided"][:3]},
    ],
    "culprit": ["unpool", "rectify", "bias", "", 3, "switches"],
}


def each(answers):
    return [(name, i) for name, these in answers.items() for i in range(len(these))]


def test_a_class_hears_of_which_lesson_an_exercise_is(lesson):
    assert {getattr(lesson, name).lesson for name in RIGHT} == {"04"}


@pytest.mark.parametrize(("name", "i"), each(RIGHT))
def test_what_is_right_passes_however_it_is_written(lesson, name, i, capsys):
    assert says(getattr(lesson, name), RIGHT[name][i], capsys).startswith("Right")


@pytest.mark.parametrize(("name", "i"), each(WRONG))
def test_what_is_wrong_does_not_pass(lesson, name, i, capsys):
    said = says(getattr(lesson, name), WRONG[name][i], capsys)
    assert said.startswith("Not yet: ") and "could not be checked" not in said, said


@pytest.mark.parametrize("name", ["sees", "commonest", "window", "shared"])
def test_a_function_that_is_called_or_empty_is_told_so(lesson, name, capsys):
    assert "without calling it" in says(getattr(lesson, name), [1, 2], capsys)
    assert "nothing back yet" in says(getattr(lesson, name), lambda *given: None, capsys)


@pytest.mark.parametrize(
    ("name", "i", "said"),
    [
        ("sees", 1, "reaches twice as far"),
        ("commonest", 1, "how many kinds there are"),
        ("window", 1, "hurts least"),
        ("window", 2, "the row comes first"),
        ("window", 3, "two numbers"),
        ("shared", 2, "order does not matter"),
        ("shared", 0, "must give 2 numbers"),
        ("switches", 0, "upper right"),
        ("switches", 4, "shape (4,)"),
        ("rules", 0, "what guided gives"),
        ("rules", 1, "signs are turned"),
        ("rules", 2, "guided: row 0, column 1"),
        ("rules", 3, "give a picture for each"),
        ("culprit", 0, "nothing out of nothing"),
        ("culprit", 2, "none of"),
    ],
)
def test_a_mistake_that_is_often_made_is_named(lesson, name, i, said, capsys):
    assert said in says(getattr(lesson, name), WRONG[name][i], capsys)


def test_what_a_place_sees_is_what_the_course_says():
    steps = [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1)]
    assert forwards(steps) == backwards(steps) == in_arrays(steps) == 14
    assert visualize.receptive_field(network("vgg16_tiny"), "features.8").size == (14, 14)


# ------------------------------------------------------------------------------------------------ what came out, in words


def kinds_of(rows, labels):
    """Pictures with these labels, and the strongest of some maps."""
    pictures = datasets.Samples(tuple(map(str, range(len(labels)))), np.array(labels), ("",) * len(labels), ("a", "b", "c"))
    numbers = torch.tensor(rows)
    values = torch.tensor([[1.0], [1.0], [0.0]])[: len(rows)].expand(numbers.shape)
    return pictures, Tops(values, numbers, torch.zeros(*numbers.shape, 2, dtype=int), len(labels), values[:, 0], "4", None)


def test_the_commonest_kind_is_counted_in_maps_that_are_alive(lesson):
    pictures, tops = kinds_of([[0, 1, 4], [2, 3, 4], [2, 3, 5]], [0, 1, 2, 2, 2, 1])
    assert lesson.alike(pictures, tops).tolist() == [1, 3]


def test_luck_alone_is_the_mean_over_draws(lesson):
    pictures, _ = kinds_of([[0]], [0] * 50 + [1] * 50)
    assert lesson.alike_by_luck(pictures, k=2) == pytest.approx(1 + 49 / 99, abs=0.04)
    assert lesson.alike_by_luck(kinds_of([[0]], [1] * 20)[0]) == 9


@pytest.mark.parametrize(("counts", "said"), [([2, 3], "Hardly any map"), ([5, 4], "Some maps"), ([9, 8], "Most are")])
def test_whether_maps_are_of_things_is_said_against_luck(lesson, counts, said):
    told = " ".join(lesson.maps_of_things(np.array(counts), 2.0).split())
    assert told.startswith(said) and f"on average {np.mean(counts):.1f} of 9" in told and "luck alone gives 2.0" in told
    assert told.endswith(f"all 9 do in {counts.count(9)} of 2 maps.")


@pytest.mark.parametrize(("after", "said"), [(2.9, "have not become"), (4, "come a little nearer"), (7, "have become")])
def test_whether_maps_became_maps_of_things_is_said(lesson, after, said):
    told = " ".join(lesson.turned(np.array([3.0, 3.0]), np.array([after, after]), 2.0).split())
    assert told.startswith(f"Before 3.0, after {after:.1f} of 9 are of one kind, by luck 2.0: the maps {said}")


def test_a_cost_is_told_with_its_interval_and_whether_it_can_be_nothing(lesson):
    assert lesson.cost("floor", [0.01, -0.01, 0.02, -0.02]) == (
        "floor: 0.0 points (95 % interval -2.9 to 2.9): that can be nothing"
    )
    assert lesson.cost("head", [0.3, 0.32, 0.34]).endswith("more than nothing")
    assert lesson.cost("wall", [-0.3, -0.32, -0.34]).endswith(": it helps")


@pytest.mark.parametrize(
    ("correlations", "said"),
    [
        ([0.5, -0.5, 0.1], "they do not agree, mean rank correlation +0.03"),
        ([0.4, 0.5, 0.45], "they agree in part, mean rank correlation +0.45"),
        ([0.9, 0.95, 0.92], "they agree, mean"),
        ([-0.9, -0.8, -0.85], "one says the opposite of the other, mean rank correlation -0.85"),
    ],
)
def test_whether_two_ways_agree_is_said(lesson, correlations, said):
    told = " ".join(lesson.agreement("dogs", [*correlations, float("nan")]).split())
    assert told.startswith(f"dogs: {said}") and told.endswith("3 pictures; of 1 more the map is zero all over")
    assert " ".join(lesson.agreement("dogs", correlations).split()).endswith("3 pictures")


# ------------------------------------------------------------------------------------------------------------ the pool


def test_the_pool_holds_no_training_picture_and_every_label(tmp_path, monkeypatch):
    own, other = (
        set_of(tmp_path / "data" / "cats_vs_dogs", 4, 3),
        set_of(tmp_path / "data" / "bees_vs_ants", 5, 2, ("owls", "cats")),
    )
    held = replace(datasets.load(own), name="cats_vs_dogs")
    pool = exercises.pool(editions.Edition("full", held, None, ""))
    assert set(pool.paths) == {path for root in (own, other) for path in (root / "valid").rglob("*.jpg")}
    assert [pool.classes[label] for label in pool.labels] == [path.parent.name for path in pool.paths]
    assert len(pool.digests) == len(pool) == 10


def test_felt_brings_the_shelf_along():
    if datasets.find("felt_cats_vs_dogs") is None:
        pytest.skip("the felt pictures are not in this copy")
    held = datasets.load("felt_cats_vs_dogs")
    pool = exercises.pool(editions.Edition("pocket", held, None, ""))
    assert not set(pool.paths) & set(held.train.paths) and len(set(pool.digests)) == len(pool)
    assert {"cats", "dogs", "ants", "bees", "teddy_bear"} <= set(pool.classes)


# --------------------------------------------------------------------------------------------------- faulty deconvnets


@pytest.fixture
def tiny(exact):
    images = torch.stack([torch.from_numpy(np.array(paint(seed, (64, 64)))).permute(2, 0, 1) for seed in range(4)])
    return network("vgg16_tiny"), images


def strongest(backbone, images, layer):
    return visualize.top_activations(backbone, images, layer, k=1).values.argmax().item()


def test_several_layers_in_one_pass_are_what_each_is_alone(tiny):
    backbone, images = tiny
    together = visualize.top_activations(backbone, images, ["features.8", "features.3"], k=2, batch_size=3)
    assert list(together) == ["features.8", "features.3"]
    for layer, tops in together.items():
        alone = visualize.top_activations(backbone, images, layer, k=2)
        torch.testing.assert_close(tops.values, alone.values)
        torch.testing.assert_close(tops.means, alone.means)
        assert torch.equal(tops.indices, alone.indices) and tops.layer == layer and tops.searched == len(images)


def test_without_a_fault_it_is_the_deconvnet(tiny):
    backbone, images = tiny
    one = strongest(backbone, images, "features.8")
    honest = visualize.project(backbone, images, "features.8", one)
    assert honest.pixels.any()
    for strength in (0, 1, 2):
        found = exercises.by_hand(backbone, images, "features.8", one, strength)
        torch.testing.assert_close(found.pixels, strength * honest.pixels)


def test_biases_make_something_of_nothing(lesson, tiny):
    backbone, images = tiny
    one = strongest(backbone, images, "features.8")
    nothing, once, twice = (lesson.colleague(backbone, images, "features.8", one, strength).pixels for strength in (0, 1, 2))
    assert nothing.any()
    assert not torch.allclose(twice, 2 * once, rtol=0.05)


def test_without_switches_every_value_goes_to_a_corner(tiny):
    backbone, images = tiny
    one = strongest(backbone, images, "features.4")
    found = exercises.by_hand(backbone, images, "features.4", one, switches=False)
    row, column = found.positions[0].tolist()
    seen = found.pixels[0].abs().sum(0).nonzero()
    # The pool's corner is at twice the place; two filters of 3 × 3 reach two pixels around it.
    assert (seen - 2 * torch.tensor([row, column])).abs().max() <= 2


def test_larger_only_ever_enlarges(tiny):
    backbone, _ = tiny
    assert exercises.larger(backbone, 96).transform.crop == exercises.larger(backbone, 96).transform.resize == 96
    assert exercises.larger(backbone, 64) is backbone
    assert exercises.larger(backbone, 96).module is backbone.module


# ----------------------------------------------------------------------------------------- what is compared, and how drawn


def test_a_method_is_compared_with_covering_window_by_window(lesson, tiny):
    backbone, images = tiny
    one = visualize.occlusion(backbone, images[0], "features.8", patch=16, stride=16)
    fall = one.spread(one.whole_probability - one.probability)
    assert lesson.as_covering(one, fall) == pytest.approx(1) and lesson.as_covering(one, -fall) == pytest.approx(-1)
    assert np.isnan(lesson.as_covering(one, torch.zeros(64, 64)))


def test_pictures_are_covered_by_quarters_and_their_own_class_is_watched(lesson, tiny, tmp_path):
    held = datasets.load(set_of(tmp_path / "few", 2, 2))
    found = lesson.covered(tiny[0], held.valid, "features.8")
    assert [one.target for one in found] == held.valid.labels.tolist()
    assert all(one.probability.shape == (4, 4) and one.patch == one.stride == 16 for one in found)


def test_moved_weights_are_told_block_by_block(lesson, tiny):
    backbone, _ = tiny
    module = copy.deepcopy(backbone.module)
    with torch.no_grad():
        for parameter in [*module.features[5].parameters(), *module.features[7].parameters()]:
            parameter.mul_(1.5)
    moved = lesson.moved(backbone, networks.variant(backbone, module))
    assert moved.pop("block 2") == pytest.approx(0.5) and moved.pop("head") is None
    assert moved == {f"block {i}": 0 for i in (1, 3, 4, 5)}
    assert [lesson.way(one) for one in (0.5, 0.0, None)] == ["moved by 50.0 %", "the same to the byte", "new"]


def test_frames_stand_around_the_named_pictures(tiny):
    backbone, images = tiny
    found = visualize.plate(backbone, images, "features.8", maps=2, k=4)
    first = found.tops.indices[found.maps[0]].tolist()
    drawn = plates.plate(found, title="before", framed=[{first[1], first[3]}, set()]).figure
    corners = [[frame.get_xy() for frame in ax.patches] for ax in drawn.axes[:2]]
    step = found.patches.shape[-1] + 1
    assert corners == [[(step - 0.5, -0.5), (-0.5, step - 0.5)], []]
    assert drawn._suptitle.get_text().startswith("before, features.8")


def test_a_plate_to_guess_does_not_say_what_it_shows(tiny):
    backbone, images = tiny
    found = visualize.plate(backbone, images, "features.8", maps=2, k=4)
    blind = plates.plate(found, title="A", named=False)
    assert [ax.get_title() for ax in blind.figure.axes] == ["", ""]
    assert "map" not in blind.words and "2 fields of features.8" in blind.words


def test_projections_share_a_row_s_scale_or_have_their_own():
    pixels = torch.zeros(2, 3, 4, 4)
    pixels[0, 0, 0, 0], pixels[1, 0, 0, 0] = 1, 10
    numbers = torch.zeros(2, dtype=int)
    found = Projection(pixels, numbers, torch.zeros(2, 2, dtype=int), torch.ones(2), "4", "guided", "")
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)

    def brightest(**how):
        drawn = plates.projections([found], images, labels=["mine"], **how)
        assert drawn.figure.axes[2].get_ylabel().startswith("mine") and "mine" in drawn.words
        return [float(ax.images[0].get_array().max()) for ax in drawn.figure.axes[2:]], drawn.words

    (low, high), words = brightest()
    assert low == pytest.approx(0.55, abs=0.001) and high == 1 and "each row on the scale" in words
    both, words = brightest(each=True)
    assert both == [1, 1] and "each on a scale of its own" in words


def test_probabilities_are_drawn_from_zero_to_the_most(tiny):
    backbone, images = tiny
    apart, over = (visualize.occlusion(backbone, images[0], "features.8", patch=16, stride=stride) for stride in (16, 8))
    drawn = plates.occlusion(replace(over, label=torch.zeros_like(over.label)))
    low, high = drawn.figure.axes[3].images[0].get_clim()
    assert low == 0 and high == pytest.approx(float(over.probability.max()))
    assert "one class is named" in drawn.words and "4 pixels at the border stay blank" in drawn.words
    assert "blank" not in plates.occlusion(apart).words


def test_what_pixels_give_is_summed_over_colours_and_squares():
    pixels, images = torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    pixels[0, :, 4:8, 60:64], pixels[0, 1, 63, 0] = 0.5, -6.0
    found = visualize.attribution.Attribution(pixels, torch.zeros(1), torch.zeros(1), ("cats",), "integrated gradients")
    drawn = plates.heat(found, images)
    squares = drawn.figure.axes[1].images[0]
    assert squares.get_array().shape == (16, 16) and squares.get_clim() == (-24, 24)
    assert (
        squares.get_array()[1, 15] == 3 * 16 * 0.5 and squares.get_array()[15, 0] == -6 and abs(squares.get_array()).sum() == 30
    )
    assert "squares of 4 pixels, orange for the class and violet against it, up to ±24" in drawn.words


def test_heat_says_what_it_is_and_draws_nothing_too(tiny):
    backbone, images = tiny
    cam = visualize.grad_cam(backbone, images[:2], "features.8")
    drawn = plates.heat(replace(cam, maps=torch.zeros_like(cam.maps)), images[:2]).figure
    assert " ".join(drawn._suptitle.get_text().split()) == "Grad-CAM at features.8"
    assert not drawn.axes[2].images[1].get_array().any()


# --------------------------------------------------------------------------------------------------- the filter browser


@pytest.fixture
def browser(tiny, monkeypatch):
    backbone, images = tiny
    found = {layer: visualize.top_activations(backbone, images, layer, k=2) for layer in ("features.3", "features.8")}
    drawn, best_of = [], browsing.best_of
    monkeypatch.setattr(browsing, "best_of", lambda *chosen: drawn.append(chosen[2:]) or best_of(*chosen))
    (layer, one), rule, plate, words = opened(widgets.browse(backbone, found))
    one.value = found["features.3"].alive[0]
    return found, layer, one, rule, plate, words, drawn


def opened(box):
    first, *rest = box.children
    return first.children, *rest


def test_another_layer_brings_its_maps_and_one_plate(browser):
    found, layer, one, _, plate, words, drawn = browser
    assert "features.3" in words.value and bytes(plate.value[:4]) == b"\x89PNG"
    before, asked = bytes(plate.value), len(drawn)
    layer.value = "features.8"
    assert one.max == len(found["features.8"].values) - 1 and len(drawn) == asked + 1
    one.value = found["features.8"].alive[-1]
    assert "features.8" in words.value and bytes(plate.value) != before


def test_a_shorter_layer_moves_the_knob_once(browser):
    found, layer, one, *_, drawn = browser
    layer.value = "features.8"
    one.value = one.max
    asked = len(drawn)
    layer.value = "features.3"
    assert one.value == len(found["features.3"].values) - 1 and len(drawn) <= asked + 1


def test_the_rule_changes_the_plate_and_what_was_seen_comes_from_memory(browser):
    *_, rule, plate, words, drawn = browser
    before = bytes(plate.value), words.value
    rule.value = "gradient"
    assert "gradient" in words.value and bytes(plate.value) != before[0]
    asked = len(drawn)
    rule.value = "deconvnet"
    assert (bytes(plate.value), words.value) == before and len(drawn) == asked


def test_a_dead_map_is_said_in_one_sentence(browser, tiny):
    tops = replace(browser[0]["features.3"], values=torch.zeros_like(browser[0]["features.3"].values))
    with pytest.raises(visualize.VisualizeError, match=r"Map 3 of features.3 answers to none of the 4 pictures: choose another"):
        widgets.best_of(tiny[0], tops, 3)
    _, _, plate, words = opened(widgets.browse(tiny[0], {"features.3": tops}))
    assert words.value.startswith("Map 0 of features.3 answers to none") and plate.width == "0"
