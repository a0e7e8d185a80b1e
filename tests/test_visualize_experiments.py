"""Search, plates, covering, controls and the other experiments: brute force, captum, and toys with known answers."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from captum import attr
from making import alike, folder_of, network, set_of, weights_of
from test_visualize import Residual, WrittenOver, pictures, seeded, small
from torch import nn

from shoulders import backbones, datasets, features, plates, training, visualize
from shoulders.support.errors import CourseError
from shoulders.visualize import filters, moving, occluding, parts, surgery
from shoulders.visualize.machinery import locality, networks, walk

pytestmark = pytest.mark.usefixtures("exact")


def scores(side=24, pool=None):
    """A small network that ends in three classes."""
    return seeded(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), pool or nn.MaxPool2d(2), nn.Conv2d(6, 5, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, 3),
    )  # fmt: skip


class Quadrant(nn.Module):
    """Says the mean of the upper left quarter of the picture, and nothing else."""

    def __init__(self):
        super().__init__()
        self.look = nn.Identity()

    def forward(self, images):
        half = images.shape[2] // 2
        mean = self.look(images[:, :, :half, :half]).mean((1, 2, 3))
        return torch.stack([mean, -mean], 1)


# ------------------------------------------------------------------------------------------------------------ the search


def by_brute_force(module, images, layer, k):
    """(value, picture) pairs of every map, sorted whole."""
    with torch.no_grad():
        peaks = walk.forward(module, images, layer)[0].flatten(2).amax(2)
    return [sorted(((-float(v), i) for i, v in enumerate(column)))[:k] for column in peaks.T]


@pytest.mark.parametrize("batch_size", [1, 4, 50])
def test_the_best_pictures_are_those_of_brute_force(batch_size):
    module, images = small(), pictures(23)
    tops = visualize.top_activations(module, images, "4", 5, batch_size)
    expected = by_brute_force(module, images, "4", 5)
    assert tops.indices.tolist() == [[i for _, i in row] for row in expected]
    np.testing.assert_allclose(tops.values, [[-v for v, _ in row] for row in expected], rtol=1e-5)
    assert tops.searched == 23 and all(len(set(row)) == 5 for row in tops.indices.tolist())  # one peak a picture


def test_the_order_of_the_pictures_changes_nothing_but_their_numbers():
    module, images = small(), pictures(19)
    order = torch.randperm(19, generator=torch.Generator().manual_seed(3))
    straight, mixed = (visualize.top_activations(module, i, "4", 4, 6) for i in (images, images[order]))
    excited = straight.values > 0  # a silent map's pictures are all equal
    assert excited.any() and torch.equal(order[mixed.indices][excited], straight.indices[excited])
    torch.testing.assert_close(mixed.values, straight.values)
    assert torch.equal(mixed.positions[excited], straight.positions[excited])


def test_equal_activations_are_ordered_by_position():
    one = pictures(1)
    tops = visualize.top_activations(small(), one.repeat(9, 1, 1, 1), "4", 4, batch_size=3)
    assert tops.indices.tolist() == [[0, 1, 2, 3]] * 6


def test_positions_values_and_means_belong_together():
    module, images = small(), pictures(7)
    tops = visualize.top_activations(module, images, "4", 3)
    with torch.no_grad():
        maps = walk.forward(module, images, "4")[0]
    for m, j in itertools.product(range(6), range(3)):
        row, column = tops.positions[m, j]
        assert abs(maps[tops.indices[m, j], m, row, column] - tops.values[m, j]) < 1e-5
    torch.testing.assert_close(tops.means, maps.flatten(2).amax(2).mean(0))


def test_dead_maps_are_told_and_never_drawn():
    module = small()
    with torch.no_grad():
        module[3].bias[:] = 3
        module[3].bias[[1, 4]] = -1e6
    tops = visualize.top_activations(module, pictures(5), "4", 2)
    assert tops.dead == (1, 4) and "2 maps dead" in str(tops)
    assert visualize.random_maps(tops, 99) == [0, 2, 3, 5]
    assert visualize.random_maps(tops, 2, 1) == visualize.random_maps(tops, 2, 1)
    with torch.no_grad():
        module[3].bias[:] = -1e6
    with pytest.raises(visualize.VisualizeError, match="No map of 4 answers"):
        visualize.plate(module, pictures(5), "4")


def test_several_layers_are_read_in_one_pass_that_needs_no_classes():
    module, images = nn.Sequential(*small(), nn.Flatten(), nn.Linear(7, 2)), pictures(5)  # its head would refuse these pictures
    together = visualize.top_activations(module, images, ["1", "4", "4"], 2)
    for layer, tops in together.items():
        alone = visualize.top_activations(module, images, layer, 2)
        assert alike(tops.values, alone.values) and torch.equal(tops.indices, alone.indices)


def test_several_layers_are_told_as_they_were_before_a_function_wrote_over_them():
    module, images = nn.Sequential(WrittenOver(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval(), pictures(5)
    together = visualize.top_activations(module, images, ["0.second", "0.last"], 2)["0.second"]
    alone = visualize.top_activations(module, images, "0.second", 2)
    torch.testing.assert_close(together.values, alone.values)


def test_files_and_tensors_give_the_same(tmp_path):
    backbone = network("vgg16_tiny")
    held = datasets.load(folder_of(tmp_path, {"cats": 5, "dogs": 5})).train
    files = visualize.top_activations(backbone, held, "features.8", 3, 4)
    tensor = visualize.top_activations(backbone, networks.opened(backbone, shown=held).pictures, "features.8", 3, 4)
    assert torch.equal(files.indices, tensor.indices) and alike(files.values, tensor.values)


# ---------------------------------------------------------------------------------------------------------------- plates


def test_a_plate_shows_what_the_search_found():
    module, images = small(), pictures(12)
    found = visualize.plate(module, images, "4", maps=3, k=4, seed=5)
    field = visualize.receptive_field(module, "4", 17)
    assert found.maps == tuple(visualize.random_maps(found.tops, 3, 5)) and found.patches.shape == (3, 4, 3, 8, 8)
    seen = networks.opened(module, shown=images).pictures
    for r, m in enumerate(found.maps):
        for j in range(4):
            top, left, bottom, right = field.window(*found.tops.positions[m, j].tolist(), (17, 17))
            assert torch.equal(found.patches[r, j], seen[found.tops.indices[m, j], :, top:bottom, left:right])
    lone = visualize.project(module, images[found.tops.indices[m]][:1], "4", m)
    assert torch.isclose(lone.pixels.abs().sum(), found.projections[-1, 0].abs().sum())  # all of it lies in the patch


def test_a_tight_plate_is_cut_to_where_the_projections_are():
    module = seeded(nn.Conv2d(3, 4, 21, padding=10), nn.ReLU())
    with torch.no_grad():
        kept = torch.zeros(21, 21)
        kept[3:6, 3:6] = 1  # of what a place could see it sees a corner
        module[0].weight.mul_(kept)
    found = visualize.plate(module, pictures(8, 40), "1", maps=2, k=3)
    tight = visualize.plate(module, pictures(8, 40), "1", maps=2, k=3, tight=True)
    assert found.patches.shape[-1] == 21 and 3 <= tight.patches.shape[-1] == tight.projections.shape[-1] <= 5
    assert "cut to where the projections are" in " ".join(plates.plate(tight).words.split())
    inside = tight.projections.abs().sum((2, 3, 4)) / found.projections.abs().sum((2, 3, 4))
    assert inside.median() > 0.85


def test_a_plate_refuses_what_does_not_belong_to_it():
    module, images = small(), pictures(6)
    with pytest.raises(visualize.VisualizeError, match="no map 99: its maps are 0 to 5"):
        visualize.plate(module, images, "4", maps=[99])
    with pytest.raises(visualize.VisualizeError, match="The tops are of '4', not of '1'"):
        visualize.plate(module, images, "1", maps=[0], tops=visualize.top_activations(module, images, "4", 2))


def test_a_plate_is_drawn_with_what_one_has_to_know():
    drawing = plates.plate(visualize.plate(small(), pictures(12), "4", maps=2, k=4))
    words = " ".join(drawing.words.split())
    assert all(part in words for part in ("12 pictures", "deconvnet", "8 × 8 pixels", "drawn at random", "maps are dead"))


def test_a_plate_is_drawn_with_each_projection_over_its_patch():
    found = visualize.plate(small(), pictures(12), "4", maps=2, k=4)
    shown = plates.plate(found, overlay=True).figure.axes[0].images[0].get_array()
    side = found.patches.shape[-1]
    one, weak = shown[:side, :side], found.projections[0, 0].abs().amax(0) == 0
    strong = found.projections[0, 0].abs().amax(0) > plates.scale_of(found.projections[0])
    assert shown.shape == (2 * side + 1, 3 * side + 2, 4) and (shown[side + 1 :, side + 1 :, 3] == 0).all()
    assert (one[weak][:, 0] == one[weak][:, 2]).all() and np.allclose(one[strong][:, :3], [0.85, 0.2, 0])


def test_the_projection_scale_is_shared_and_grey_is_nothing():
    values = torch.zeros(2, 3, 4, 4)
    values[0, 0, 0, 0], values[1, 0, 0, 0] = 2, -1
    shown = [plates.around_grey(value, 2) for value in values]
    assert shown[0][0, 0, 0] == 1 and shown[1][0, 0, 0] == 0.25 and shown[0][1, 1, 1] == 0.5


def test_numbers_are_drawn_where_they_stand():
    drawing = plates.numbers([torch.tensor([[1.0, -2], [0.5, 3]]), np.eye(3)], ["one", "two"])
    texts = {(t.get_position(), t.get_text()) for t in drawing.figure.axes[0].texts}
    assert ((1.5, 0.5), "-2") in texts and ((0.5, 1.5), "0.5") in texts and "two 3 × 3" in drawing.words


# -------------------------------------------------------------------------------------------------------------- covering


def captums(module, image, target, patch, stride, size=1):
    """What each window takes from a class's probability, on captum's word; at the size of the picture."""
    share = lambda images: module(images).softmax(1)  # noqa: E731
    found = attr.Occlusion(share).attribute(
        image[None], (3, patch, patch), (3, stride, stride), target=target, perturbations_per_eval=size
    )
    return found[0, 0]


@pytest.mark.parametrize("patch, stride", [(6, 6), (5, 5), (7, 3), (5, 2)])
@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 2, 1)], ids=str)
def test_covering_agrees_with_captum(patch, stride, pool):
    module, image = scores(pool=pool), pictures(1, 24)[0]
    found = visualize.occlusion(module, image, "4", target=1, patch=patch, stride=stride)
    ours = found.spread(found.whole_probability - found.probability)
    torch.testing.assert_close(ours, captums(module, image, 1, patch, stride), rtol=0, atol=1e-5)


def test_all_five_panels_are_those_of_one_window_after_the_other():
    module, image = scores(), pictures(1, 24)[0]
    found = visualize.occlusion(module, image, "4", patch=8, stride=5, fill=0.3)
    assert len(found.boxes) == found.activity.numel() == 25
    for n, (top, left, bottom, right) in enumerate(found.boxes):
        covered = image[None].clone()
        covered[:, :, top:bottom, left:right] = 0.3
        with torch.no_grad():
            shares, maps = module(covered).softmax(1)[0], walk.forward(module, covered, "4")[0][0]
        row, column = divmod(n, 5)
        assert abs(found.probability[row, column] - shares[found.target]) < 1e-6
        assert abs(found.activity[row, column] - maps[found.map].sum()) < 1e-4
        assert found.label[row, column] == shares.argmax()
    expected = visualize.project(module, image, "4", found.map)
    assert alike(found.projection, expected.pixels[0])
    with torch.no_grad():
        whole = walk.forward(module, image[None], "4")[0][0]
    assert found.map == int(whole.flatten(1).amax(1).argmax())


@pytest.mark.parametrize("make", [scores, Quadrant, lambda: network("resnet18"), lambda: network("vgg16_tiny")])
def test_the_number_of_windows_at_once_changes_nothing(make):
    module = make()
    layer = {"Sequential": "4", "Quadrant": "look"}.get(type(module).__name__, "layer2")
    layer = "features.22" if getattr(module, "name", "") == "vgg16_tiny" else layer
    image = pictures(1, 64 if hasattr(module, "name") else 24)[0]
    one, many = (visualize.occlusion(module, image, layer, patch=12, stride=12, batch_size=size) for size in (2, 99))
    torch.testing.assert_close(one.probability, many.probability, rtol=0, atol=1e-6)
    torch.testing.assert_close(one.activity, many.activity, rtol=1e-5, atol=1e-5)


def test_a_network_that_looks_at_one_quarter_minds_nothing_else():
    found = visualize.occlusion(Quadrant(), torch.ones(3, 8, 8), "look", target=0, patch=4, stride=4)
    drop = found.whole_probability - found.probability
    assert drop[0, 0] > 0.3 and drop.flatten()[1:].abs().max() == 0
    assert visualize.pointing(found, (0, 0, 4, 4)) and not visualize.pointing(found, (4, 4, 8, 8))


ODD = {
    "strides": lambda: [nn.Conv2d(3, 4, 5, 3, 1, 2), nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(3, 2, 1, ceil_mode=True)],
    "nested": lambda: [nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)), nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=2))],
    "lopsided": lambda: [nn.Conv2d(3, 4, (3, 5), (2, 1), (0, 2)), nn.ReLU(), nn.MaxPool2d((1, 2)), nn.Conv2d(4, 4, 2)],
    "padded": lambda: [nn.ZeroPad2d((0, 0, 0, 5)), nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(4, 4, 3, 2)],
    "groups": lambda: [nn.Conv2d(3, 6, 3, groups=3), nn.Dropout(), nn.ReLU(), nn.Conv2d(6, 4, 1), nn.MaxPool2d(3, 1, 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("patch, stride", [(4, 3), (6, 6)])
def test_computing_only_what_changes_gives_the_same(name, patch, stride, monkeypatch):
    module = seeded(*ODD[name](), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3))
    image = pictures(1, 37)[0, :, :33]  # not square
    short = visualize.occlusion(module, image, "2", patch=patch, stride=stride)
    plan, copied, whole = locality.plan, networks.quiet_copy(module), image[None]
    _, steps = walk.forward(copied, whole, "2", locality.units(copied))
    assert len(plan(steps, whole, short.boxes)) > 1
    monkeypatch.setattr(locality, "plan", lambda *given: plan(*given)[:1])
    long = visualize.occlusion(module, image, "2", patch=patch, stride=stride)
    torch.testing.assert_close(short.probability, long.probability, rtol=0, atol=1e-6)
    torch.testing.assert_close(short.activity, long.activity, rtol=1e-5, atol=1e-5)


class Peeks(nn.Module):
    """A chain, and a second look at the picture itself."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 4, 3))
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        return self.head(self.features(images).mean((2, 3)) + images.mean((1, 2, 3))[:, None])


def test_a_network_that_looks_twice_is_not_shortened():
    torch.manual_seed(0)
    module, image = Peeks().eval(), pictures(1, 24)[0]
    found = visualize.occlusion(module, image, "features", target=0, patch=8, stride=8)
    ours = found.spread(found.whole_probability - found.probability)
    torch.testing.assert_close(ours, captums(module, image, 0, 8, 8), rtol=0, atol=1e-5)


class Across(nn.Module):
    """Weighs places by where they stand."""

    def forward(self, signal):
        return signal * torch.linspace(-1, 1, signal.shape[-1])


class Fixed(nn.Module):
    """Made for one size of picture alone."""

    def __init__(self, side):
        super().__init__()
        self.where = nn.Parameter(torch.randn(4, side, side, generator=torch.Generator().manual_seed(0)))

    def forward(self, signal):
        return signal + self.where


class Rectified(nn.Module):
    """Writes over what its first convolution said, and pools."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.head = *seeded(nn.Conv2d(3, 4, 3, padding=1), nn.AvgPool2d(2)), seeded(nn.Linear(4, 3))[0]

    def forward(self, images):
        return self.head(self.pool(nn.functional.relu(self.conv(images), inplace=True)).mean((2, 3)))


def unusual(unit):
    return seeded(nn.Conv2d(3, 4, 3, padding=1), unit, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3))


UNUSUAL = {
    "InstanceNorm": lambda: (unusual(nn.InstanceNorm2d(4)), "2"),
    "by place": lambda: (unusual(Across()), "2"),
    "one size": lambda: (unusual(Fixed(64)), "2"),
    "written over": lambda: (Rectified().eval(), "pool"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_covering_agrees_with_captum_for_unusual_units(name):
    (module, layer), image = UNUSUAL[name](), pictures(1, 64)[0]
    found = visualize.occlusion(module, image, layer, target=0, patch=8, stride=8, rule="gradient")
    ours = found.spread(found.whole_probability - found.probability)
    torch.testing.assert_close(ours, captums(module, image, 0, 8, 8), rtol=0, atol=1e-5)
    with torch.no_grad():
        told, _ = walk.forward(networks.quiet_copy(module), image[None], layer)
    assert found.whole_activity == pytest.approx(float(told[0, found.map].sum()), rel=1e-5)


class ChannelsLast(nn.Module):
    """As Swin and ConvNeXt keep their maps."""

    def __init__(self):
        super().__init__()
        self.conv, self.look, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Identity(), nn.Linear(8, 3)

    def forward(self, images):
        return self.head(self.look(self.conv(images).permute(0, 2, 3, 1)).mean((1, 2)))


def cover(*given, **more):
    return visualize.occlusion(scores(), pictures(1, 24)[0], "4", *given, **more)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: visualize.occlusion(ChannelsLast(), pictures(1)[0], "look", rule="gradient"), "channels last"),
        (lambda: visualize.grad_cam(ChannelsLast(), pictures(1), "look"), "channels last"),
        (lambda: visualize.grad_cam(scores(), pictures(1, 24), "7"), "'7' has no maps"),
        (lambda: visualize.grad_cam(scores(), pictures(3, 24), "4", [0, 1]), "2 classes do not go with 3 pictures"),
        (lambda: visualize.integrated_gradients(scores(), pictures(3, 24), [0, 1]), "2 classes do not go with 3 pictures"),
        (lambda: visualize.grad_cam(scores(), pictures(3, 24), "4", 9), "no class 9: its classes are 0 to 2"),
        (lambda: cover(7), "no class 7: its classes are 0 to 2"),
        (lambda: cover(fill=(0.1, 0.2)), "fill has 2 numbers"),
        (lambda: cover(fill="red"), "fill 'red' is not known"),
        (lambda: visualize.grad_cam(ChannelsLast(), pictures(1, 24)[:, :, :20], "look"), "channels last"),
        (lambda: cover("dog"), "Classes are told by their numbers, 0 to 2"),
        (lambda: visualize.grad_cam(scores(), pictures(1, 24), "4", 1.5), "give whole ones"),
        (lambda: visualize.integrated_gradients(scores(), pictures(1, 24), steps=0), "0 steps"),
        (lambda: visualize.project(network("vgg16_tiny"), [], "features.3", 0), "no picture to look at"),
        (lambda: visualize.project(scores(), torch.zeros(24, 24), "4", 0), r"shape \(24, 24\) holds no pictures"),
        (lambda: visualize.project(scores(), pictures(1, 2), "4", 0), "cannot take pictures of 3 × 2 × 2 as far as '4'"),
        (lambda: visualize.project(scores(), pictures(1, 24), "4", 0, directions=torch.ones(2, 4)), "2 × 4 do not go with 5 maps"),
        (lambda: visualize.plate(scores(), pictures(2, 24), "4", maps=-1), "-1 maps: ask for at least one"),
        (lambda: visualize.plate(scores(), pictures(2, 24), "4", maps=[]), "No map is named"),
        (lambda: visualize.agreement(cover(patch=24, stride=24)), "One window has nothing to agree with"),
        (lambda: visualize.top_activations(network("vgg16_tiny"), "nofile.png", "features.3"), r"nofile\.png: does not exist"),
    ],
)
def test_wrong_wishes_get_one_sentence(call, words):
    with pytest.raises(CourseError, match=words) as error:
        call()
    assert "\n" not in str(error.value)


def test_a_class_that_there_is_not_is_refused_before_anything_is_covered(monkeypatch):
    monkeypatch.setattr(locality, "covered", lambda *given: pytest.fail("covered"))
    with pytest.raises(visualize.VisualizeError, match="no class 7"):
        cover(7)


@pytest.mark.parametrize("fill", [(0.1, 0.2, 0.3), np.array([0.1, 0.2, 0.3]), torch.tensor([0.1, 0.2, 0.3])])
def test_a_colour_may_come_as_any_three_numbers(fill):
    assert alike(cover(fill=fill).probability, cover(fill=[0.1, 0.2, 0.3]).probability)


@pytest.mark.parametrize("patch, stride", [(0.5, 1), (4, 5), (25, 5), (4, -1)])
def test_windows_that_cannot_stand_are_refused(patch, stride):
    with pytest.raises(visualize.VisualizeError, match="0 < stride <= patch"):
        occluding.windows(24, 24, patch, stride)


def test_a_network_without_relus_is_covered_with_the_gradient():
    module = seeded(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(visualize.VisualizeError, match="use rule='gradient'"):
        visualize.occlusion(module, pictures(1)[0], "1")
    found = visualize.occlusion(module, pictures(1)[0], "1", target=2, patch=5, stride=4, rule="gradient")
    ours = found.spread(found.whole_probability - found.probability)
    torch.testing.assert_close(ours, captums(module, pictures(1)[0], 2, 5, 4), rtol=0, atol=1e-5)


def test_grey_is_the_mean_of_the_training_pictures():
    backbone = network("vgg16_tiny")
    mean = visualize.occlusion(backbone, pictures(1, 64)[0], "features.8", patch=32, stride=32, fill=backbone.transform.mean)
    grey = visualize.occlusion(backbone, pictures(1, 64)[0], "features.8", patch=32, stride=32)
    torch.testing.assert_close(mean.probability, grey.probability)
    np.testing.assert_allclose(grey.colour, backbone.transform.mean, atol=1e-6)
    black = visualize.occlusion(backbone, pictures(1, 64)[0], "features.8", patch=32, stride=32, fill=0.0)
    drawn = plates.occlusion(black).figure.axes[0].patches[0].get_facecolor()
    np.testing.assert_allclose(drawn, (0, 0, 0, 1), atol=1e-6)
    assert cover().colour is None
    assert "32 pixels every 32, filled with the training pictures' mean colour" in " ".join(plates.occlusion(grey).words.split())


# -------------------------------------------------------------------------------------------------------------- controls


def test_shuffled_weights_are_the_same_numbers_elsewhere():
    module = scores()
    before = weights_of(module)
    shuffled, again = (visualize.random_weights(module, seed=1) for _ in range(2))
    assert weights_of(module) == before and weights_of(shuffled) == weights_of(again)
    for name, tensor in module.state_dict().items():
        other = shuffled.state_dict()[name]
        assert torch.equal(other.flatten().sort().values, tensor.flatten().sort().values)
    assert not torch.equal(module[0].weight, shuffled[0].weight)


def test_shuffled_weights_keep_the_signal_behind_a_batch_norm():
    """Its statistics were taken behind filters of another length each."""
    blocks = [[nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()] for _ in range(6)]
    module = seeded(nn.Conv2d(3, 8, 3, padding=1), *(part for block in blocks for part in block)).train()
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.Conv2d):
                part.weight *= torch.randn(8, 1, 1, 1).exp()
        for _ in range(200):
            module(pictures(4, 24))
        spread, shuffled = module.eval()(pictures(4, 24)).std(), visualize.random_weights(module)(pictures(4, 24)).std()
    assert 0.2 < shuffled / spread < 5


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_projections_where_gradients_are_switched_off(off):
    backbone = network("resnet18")
    expected = visualize.project(backbone, pictures(1, 64), "layer1", 1)
    with off():
        found = visualize.project(backbone, pictures(1, 64), "layer1", 1)
    assert alike(found.pixels, expected.pixels)


def test_several_maps_of_one_picture_are_all_drawn():
    found = visualize.project(scores(), pictures(1, 24), "4", [1, 2, 3])
    assert len(plates.projections(found, [networks.opened(scores(), shown=pictures(1, 24)).pictures[0]]).figure.axes) == 6
    with pytest.raises(ValueError, match="zip"):
        plates.projections(found, torch.zeros(2, 3, 24, 24, dtype=torch.uint8))


def test_every_variant_of_a_network_has_features_of_its_own(tmp_path):
    """They are remembered by a digest: of all that the variant has learnt."""
    backbone, held = network("vgg16_tiny"), datasets.load(set_of(tmp_path, 3, 1))
    variants = [backbone, *(visualize.random_weights(backbone, 0, above) for above in ("", "features.20", "features.28"))]
    tuned = [training.fine_tune(backbone, held, head_epochs=1, epochs=1, blocks=1, rate=rate) for rate in (1e-4, 5e-2)]
    variants += [visualize.retrained(backbone, result) for result in tuned]
    assert len({one.digest for one in variants}) == len(variants)
    assert variants[1].digest == visualize.random_weights(backbone, 0).digest
    found = [features.extract(one, held.valid)["hidden"] for one in variants]
    assert len({rows.tobytes() for rows in found}) == len(variants)


@pytest.mark.parametrize("above, same", [("3", ["0"]), ("1", ["0"]), ("7", ["0", "3"]), ("", [])])
def test_shuffling_begins_where_it_is_told(above, same):
    module = scores()
    shuffled = visualize.random_weights(module, above=above)
    kept = [
        name for name in ("0", "3", "7") if torch.equal(module.get_submodule(name).weight, shuffled.get_submodule(name).weight)
    ]
    assert kept == same


def test_the_randomisation_of_weights_is_measured():
    module, images = scores(), pictures(2, 24)
    found = visualize.randomisation(module, images, "4", int(visualize.top_activations(module, images, "4").alive[0]))
    assert found.correlations.shape == (2,) and found.trained.rule == found.random.rule == "deconvnet"
    still = visualize.randomisation(module, images, "0", 1, above="7")  # nothing below the layer has changed
    torch.testing.assert_close(still.correlations, torch.ones(2, dtype=still.correlations.dtype))


def test_random_units_are_directions_of_length_one():
    units = visualize.random_units(network("vgg16_tiny"), "features.8", 5, seed=2)
    assert units.shape == (5, 16)
    torch.testing.assert_close(units.norm(dim=1), torch.ones(5))
    tops = visualize.top_activations(network("vgg16_tiny"), pictures(6, 64), "features.8", 2, directions=units)
    assert tops.values.shape == (5, 2)


def test_drop_and_projection_agree_where_they_must():
    """One map, its value the sum of one place: covering the place is the only thing that counts."""
    module = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2))
    nn.init.ones_(module[0].weight)
    image = torch.zeros(3, 8, 8)
    image[:, 2:4, 4:6] = 1
    found = visualize.occlusion(module.eval(), image, "1", patch=2, stride=2)
    agreement = visualize.agreement(found)
    assert agreement["pearson"] == pytest.approx(1) and agreement["windows"] == 16


# ----------------------------------------------------------------------------------------------------- other experiments


def test_correspondence_of_the_same_changes_is_zero_and_of_random_ones_a_half():
    change = torch.randn(1, 4, 50, generator=torch.Generator().manual_seed(0))
    assert not parts.pairs(change.repeat(5, 1, 1)).any()
    random = torch.randn(6, 4, 5000, generator=torch.Generator().manual_seed(0))
    assert parts.pairs(random).shape == (15,) and (parts.pairs(random) - 0.5).abs().max() < 0.02
    torch.testing.assert_close(parts.pairs(random).sort().values, parts.pairs(-random.flip(0)).sort().values)
    assert parts.pairs(torch.tensor([[1.0, -1, 0, 2], [1, 1, 0, 0]])).tolist() == [0.5]


def test_correspondence_of_one_picture_with_itself_is_perfect():
    backbone, image = network("vgg16_tiny"), pictures(1, 64)
    boxes = {"nose": [(10, 10, 20, 20)] * 3}
    table = visualize.correspondence(backbone, image.repeat(3, 1, 1, 1), boxes, ["features.8", "classes"], draws=2)
    assert table[table.part == "nose"].distance.eq(0).all() and table[table.part == "random"].distance.gt(0).all()
    assert table.pairs.tolist() == [3, 3, 6, 6]
    with pytest.raises(visualize.VisualizeError, match="1 boxes for 3 pictures"):
        visualize.correspondence(backbone, image.repeat(3, 1, 1, 1), {"nose": [(1, 1, 2, 2)]}, "features.8")


@pytest.mark.parametrize(
    "boxes, words",
    [
        ({}, "name at least one"),
        ({"nose": [(0, 0, 80, 80)] * 2}, r"\(0, 0, 80, 80\) of 'nose' does not lie in 64 × 64"),
        ({"nose": [(1, 1, 9, 9), (70, 70, 80, 80)]}, "does not lie in"),
        ({"nose": [(9, 1, 9, 9)] * 2}, "does not lie in"),
    ],
)
def test_parts_that_cannot_be_covered_are_refused(boxes, words):
    with pytest.raises(visualize.VisualizeError, match=words):
        visualize.correspondence(network("vgg16_tiny"), pictures(2, 64), boxes, "features.8", draws=1)


def test_any_number_of_parts_is_framed():
    drawing = plates.boxes(torch.zeros(1, 3, 9, 9, dtype=torch.uint8), {f"part {i}": [(0, 0, 5, 5)] for i in range(6)})
    assert len(drawing.figure.axes[0].patches) == 6 and "part 5" in drawing.words


def test_the_spectrum_finds_a_wave():
    y = torch.arange(11.0)
    wave = torch.cos(2 * torch.pi * 0.25 * y)[:, None].expand(11, 11).repeat(4, 3, 1, 1)
    frequencies, power = filters.spectrum(wave)
    assert abs(frequencies[power.argmax()] - 0.25) < 0.04 and power.sum() == pytest.approx(1)
    flat = filters.spectrum(torch.ones(1, 3, 11, 11))[1]
    assert flat.argmax() == 0


def test_short_filters_are_called_dead():
    module = small()
    with torch.no_grad():
        module[0].weight[[2, 5]] *= 1e-4
    found = visualize.first_filters(module)
    assert found.dead == (2, 5) and found.layer == "0" and "2 of them dead" in plates.first_filters(found).words


def test_a_moved_picture():
    picture = torch.zeros(1, 3, 9, 9, dtype=torch.uint8)
    picture[:, :, 2, 4] = 200
    down = moving.moved(picture, "translation", 2 / 9, fill=(7, 7, 7))
    assert down[0, 0, 4, 4] == 200 and (down[0, :, :2] == 7).all()
    assert moving.moved(picture, "rotation", 180)[0, 0, 6, 4] == 200
    assert torch.equal(moving.moved(picture, "scale", 1), picture)
    with pytest.raises(visualize.VisualizeError, match="No change is called 'translaton': choose one of translation, scale"):
        moving.moved(picture, "translaton", 0.1)


def test_what_is_not_changed_is_at_distance_zero():
    backbone, images = network("vgg16_tiny"), (255 * torch.rand(2, 3, 64, 64)).byte()
    amounts = {"translation": [0, 0.2], "scale": [1, 1.5], "rotation": [0, 90]}
    found = visualize.invariance(backbone, images, "features.3", "classifier", amounts=amounts)
    for curves in found.curves.values():
        assert not curves.low[:, 0].any() and not curves.high[:, 0].any() and curves.low[:, 1].all()
    with torch.no_grad():
        shares = backbone.module(backbone.transform.batch(images)).softmax(1)
    np.testing.assert_allclose(found.curves["scale"].probability[:, 0], shares.amax(1), rtol=1e-5)
    assert "2 pictures moved" in plates.invariance(found).words


def of_epochs(found, count):
    """The last epoch of what was found, so often as if it had gone on."""
    names = "patches", "projections", "values", "winners"
    more = {name: getattr(found, name)[:, -1:].repeat_interleave(count, 1) for name in names}
    return replace(found, **more, epochs=tuple(range(count)))


def test_evolution_follows_the_same_maps_and_marks_jumps():
    backbone, images = network("vgg16_tiny"), (255 * torch.rand(6, 3, 64, 64)).byte()
    state = {name: tensor for name, tensor in backbone.module.state_dict().items() if name.startswith("features.0.")}
    other = {name: tensor.flip(0) for name, tensor in state.items()}  # the maps in reverse order
    found = visualize.evolution(backbone, [(0, state), (1, other), (2, other)], images, "features.1", maps=[0, 7])
    assert torch.equal(found.winners[0, 0], found.winners[1, 1]) and alike(found.values[0, 0], found.values[1, 1])
    assert found.jumps.tolist() == [[False, bool(found.winners[0, 0] != found.winners[1, 0]), False]] * 2
    few, many = plates.evolution(found), plates.evolution(of_epochs(found, 7), most=1)  # side by side, and one above the other
    assert few.words.startswith("2 maps of features.1 at 3 epochs") and many.words.startswith("1 map (of 2) of features.1 at 7 epochs")
    heights = [drawing.figure.axes[0].images[0].get_array().shape[:2] for drawing in (few, many)]
    assert heights[0][1] > 2 * heights[0][0] and heights[1][0] > 2 * heights[1][1]
    with pytest.raises(visualize.VisualizeError, match="needs features.2.weight"):
        visualize.evolution(backbone, [(0, state)], images, "features.3", maps=[0])
    with pytest.raises(visualize.VisualizeError, match="no map 99"):
        visualize.evolution(backbone, [(0, state)], images, "features.1", maps=[99])
    with pytest.raises(visualize.VisualizeError, match="There is no checkpoint"):
        visualize.evolution(backbone, [], images, "features.1", maps=[0])


def test_the_classes_evolve_too():
    backbone, images = network("vgg16_tiny"), (255 * torch.rand(3, 3, 64, 64)).byte()
    found = visualize.evolution(backbone, [(0, backbone.module.state_dict())], images, "classes", maps=[11], rule="gradient")
    with torch.no_grad():
        expected = backbone.module(backbone.transform.batch(images))[:, 11]
    torch.testing.assert_close(found.values[0, 0], expected.max())


def test_a_checkpoint_must_hold_the_running_statistics():
    module = seeded(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    backbone, images = replace(network("vgg16_tiny"), build=lambda: module), (255 * torch.rand(2, 3, 64, 64)).byte()
    learnt = {name: parameter.detach() for name, parameter in module.named_parameters()}
    with pytest.raises(visualize.VisualizeError, match="needs 1.running_mean"):
        visualize.evolution(backbone, [(0, learnt)], images, "2", maps=[0])
    whole = {name: tensor for name, tensor in module.state_dict().items() if "tracked" not in name}
    assert visualize.evolution(backbone, [(0, whole)], images, "2", maps=[0]).searched == 2


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_old_weight_norm_is_told_what_to_do():
    old, new = (seeded(norm(nn.Conv2d(3, 4, 3))) for norm in (nn.utils.weight_norm, nn.utils.parametrizations.weight_norm))
    with pytest.raises(visualize.VisualizeError, match="Sequential holds tensors that torch does not copy.*remove_weight_norm"):
        visualize.project(old, torch.randn(1, 3, 8, 8), "0", [0])
    assert visualize.project(new, torch.randn(1, 3, 8, 8), "0", [0]).pixels.any()


class Scaled(nn.Module):
    """A block with a weight of its own, as ConvNeXt's have one."""

    def __init__(self):
        super().__init__()
        self.inner, self.scale = nn.Conv2d(3, 4, 3), nn.Parameter(torch.full((4, 1, 1), 2.0))

    def forward(self, x):
        return self.scale * self.inner(x)


def test_a_checkpoint_must_hold_the_weights_of_the_blocks_around():
    module = seeded(Scaled(), nn.ReLU())
    backbone, images = replace(network("vgg16_tiny"), build=lambda: module), (255 * torch.rand(2, 3, 64, 64)).byte()
    learnt = {name: tensor for name, tensor in module.state_dict().items() if "scale" not in name}
    with pytest.raises(visualize.VisualizeError, match="needs 0.scale"):
        visualize.evolution(backbone, [(0, learnt)], images, "1", maps=[0], rule="gradient")
    found = visualize.evolution(backbone, [(0, module.state_dict())], images, "1", maps=[0], rule="gradient")
    assert found.searched == 2


def test_a_plain_module_evolves_on_pictures_that_are_ready():
    module, images = seeded(nn.Conv2d(3, 4, 3), nn.ReLU()), torch.randn(3, 3, 16, 16)
    turned = {name: tensor.flip(0) for name, tensor in module.state_dict().items()}  # the maps in reverse order
    found = visualize.evolution(module, [(0, module.state_dict()), (1, turned)], images, "1", maps=[0, 3])
    with torch.no_grad():
        assert alike(found.values[0, 0], module(images)[:, 0].max())
    assert torch.equal(found.winners[0], found.winners[1].flip(0)) and found.network == "Sequential"
    with pytest.raises(visualize.VisualizeError, match="plain module and has no transform"):
        visualize.evolution(module, [(0, module.state_dict())], (255 * images.abs()).byte(), "1", maps=[0])


def test_the_checkpoints_in_the_box_belong_to_the_network():
    found = visualize.checkpoints()
    assert len(found) >= 6 and [epoch for epoch, _ in found] == sorted({epoch for epoch, _ in found})
    assert backbones.on_disk("vgg16_tiny") and all(path.suffix == ".safetensors" for _, path in found)


def test_integrated_gradients_add_up_to_the_difference_of_the_scores():
    module, images = scores(), pictures(2, 24)
    found = visualize.integrated_gradients(module, images, targets=[0, 2], steps=100)
    with torch.no_grad():
        gained = module(images)[[0, 1], [0, 2]] - module(torch.zeros_like(images))[[0, 1], [0, 2]]
    torch.testing.assert_close(found.pixels.sum((1, 2, 3)), gained, rtol=0.05, atol=0.02)
    torch.testing.assert_close(found.gap, found.pixels.sum((1, 2, 3)) - gained, rtol=1e-3, atol=1e-4)


def test_grad_cam_of_the_mean_of_a_map_is_the_map():
    """Class c is the mean of map c: its gradient is the same everywhere, so the map itself comes back."""
    module = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    images = pictures(2, 12)
    found = visualize.grad_cam(module, images, "1", targets=1)
    with torch.no_grad():
        expected = module[1](module[0](images))[:, 1] / 144
    torch.testing.assert_close(found.maps, expected)
    assert found.names == ("class 1", "class 1")


def test_probes_measure_every_layer(tmp_path):
    held = datasets.load(set_of(tmp_path, 6, 4))
    table = visualize.probes(network("vgg16_tiny"), held, ["features.3", "hidden"])
    assert table.layer.tolist() == ["features.3", "hidden"] and table.n.eq(8).all() and table.n_train.eq(12).all()
    expected = training.feature_extraction(network("vgg16_tiny"), held)
    assert table.accuracy[1] == expected.accuracy and "8 pictures" in plates.probes(table).figure.axes[0].get_xlabel()


def test_the_retrained_network_is_whole_and_says_the_same(tmp_path):
    backbone, held = network("vgg16_tiny"), datasets.load(set_of(tmp_path, 4, 2))
    result = training.fine_tune(backbone, held, head_epochs=1, epochs=1, blocks=1)
    after = visualize.retrained(backbone, result)
    images = backbone.transform.batch(networks.opened(backbone, shown=held.valid).pictures)
    with torch.no_grad():
        np.testing.assert_allclose(after.module(images).softmax(1), result.probabilities, atol=1e-5)
    assert (
        after.classes == ("cats", "dogs")
        and dict(after.module.named_modules()).keys() == dict(backbone.module.named_modules()).keys()
    )
    with pytest.raises(visualize.VisualizeError, match="holds no trained network"):
        visualize.retrained(backbone, training.feature_extraction(backbone, held))
    with pytest.raises(visualize.VisualizeError, match="The result is of vgg16_tiny, not of resnet18"):
        visualize.retrained(network("resnet18"), result)
    with pytest.raises(visualize.VisualizeError, match="Taught is no backbone: give the one that was trained"):
        visualize.retrained(result.model, result)


def test_layers_are_taken_out_and_the_rest_fits_together(tmp_path):
    backbone = network("vgg16_tiny")
    less = visualize.without(backbone, ["features.10", "features.12", "features.14", "features.28"])
    assert less(torch.zeros(1, 3, 64, 64)).shape == (1, 200)
    assert less.features[17].in_channels == 16 and isinstance(less.features[11], nn.Identity)
    assert torch.equal(less.features[19].weight, backbone.module.features[19].weight)
    with pytest.raises(visualize.VisualizeError, match="name convolutions"):
        visualize.without(backbone.module, ["features.1"])


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v2"])
def test_layers_are_taken_out_of_chains_alone(name):
    with pytest.raises(visualize.VisualizeError, match="more than a chain"):
        visualize.without(network(name).module, [])


@pytest.mark.parametrize("taken, kept", [(["3"], [0, 1, 2, 5, 6, 7]), (["0"], [2, 3, 4, 5, 6, 7]), (["0", "3"], [2, 5, 6, 7])])
def test_only_what_belongs_to_a_convolution_goes_with_it(taken, kept):
    module = seeded(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.Flatten(),
        nn.Linear(6 * 36, 2), nn.ReLU(),
    )  # fmt: skip
    less = visualize.without(module, taken)
    assert [i for i, part in enumerate(less) if not isinstance(part, nn.Identity)] == kept
    assert less(torch.zeros(1, 3, 12, 12)).shape == (1, 2)
    assert torch.equal(less[6].weight, module[6].weight) == (taken == ["0"])


def test_ablation_trains_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(backbones, "load", lambda name, *given: network(name))
    held = datasets.load(set_of(tmp_path, 4, 2))
    table = visualize.ablation(network("vgg16_tiny"), held, {"-4": ["features.17", "features.19", "features.21"]}, epochs=1)
    assert table.network.tolist() == ["the whole network", "-4"] and table.parameters[0] > table.parameters[1]
    assert table.n.eq(4).all() and table.n_train.eq(8).all()


def test_the_seed_draws_what_had_to_change_its_width(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(backbones, "load", lambda name, *given: network(name))
    monkeypatch.setattr(training, "train", lambda backbone, body, *rest: seen.append(weights_of(body)))
    monkeypatch.setattr(surgery, "_judged", lambda *_: {})
    for start in range(2):
        torch.manual_seed(start)  # what the learner drew before
        before = torch.get_rng_state()
        visualize.ablation(network("vgg16_tiny"), None, {"less": ["features.10", "features.12", "features.14"]}, seed=3)
        assert torch.equal(torch.get_rng_state(), before)
    assert seen[1] == seen[3] and seen[1].keys() != seen[0].keys()


def test_a_residual_network_can_be_covered_and_searched():
    module = nn.Sequential(Residual(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    found = visualize.occlusion(module, pictures(1, 16)[0], "0.last", patch=8, stride=8)
    ours = found.spread(found.whole_probability - found.probability)
    torch.testing.assert_close(ours, captums(module, pictures(1, 16)[0], found.target, 8, 8), rtol=0, atol=1e-5)
