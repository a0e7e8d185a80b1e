"""Projection: numbers worked out on paper, the algebra that the method must obey, captum, and a network that stays as it was."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from captum import attr
from making import alike, network, weights_of
from torch import nn

from shoulders import cutting, visualize
from shoulders.support import devices
from shoulders.visualize.machinery import fields, networks, rules, sight, walk

pytestmark = pytest.mark.usefixtures("exact")


def seeded(*layers, seed=0):
    """A chain with seeded random weights, in eval mode."""
    module = nn.Sequential(*layers)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / max(1, parameter[0].numel()) ** 0.5)
    return module.eval()


def small(pool=None, inplace=False):
    """conv, ReLU, pool, conv, ReLU: what the paper draws."""
    return seeded(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace), pool or nn.MaxPool2d(2), nn.Conv2d(8, 6, 3), nn.ReLU(inplace))


def pictures(n=3, side=17, channels=3, seed=1):
    return torch.randn(n, channels, side, side, generator=torch.Generator().manual_seed(seed))


class Functional(nn.Module):
    """Rectifies where no hook can reach."""

    def __init__(self, bend=torch.relu):
        super().__init__()
        self.first, self.second, self.bend = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3), bend

    def forward(self, images):
        return self.second(self.bend(self.first(images)))


class Residual(nn.Module):
    """BatchNorm, a sum of two ways, one ReLU module used twice."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.relu = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.conv2, self.bn2, self.last = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Identity()

    def forward(self, images):
        signal = self.relu(self.bn1(self.conv1(images)))
        return self.last(self.relu(self.bn2(self.conv2(signal)) + signal))


class WrittenOver(nn.Module):
    """A chain of modules whose answers are changed afterwards, in place, by what is no module."""

    def __init__(self):
        super().__init__()
        self.first, self.relu, self.second, self.last = seeded(
            nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 4, 3)
        )

    def forward(self, images):
        signal = nn.functional.silu(self.first(images), inplace=True)
        signal = self.second(self.relu(signal))
        signal += images
        return self.last(signal)


# --------------------------------------------------------------------------------------------------- worked out on paper

PAPER = torch.tensor([[1.0, -2, 3, 0], [-1, 2, -1, 1], [2, 1, -2, 3], [0, -1, 1, -1]])[None, None]


def paper_net():
    """Twice the picture, rectified; one filter of 3 × 3; rectified."""
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Conv2d(1, 1, 3, padding=1), nn.ReLU()).eval()
    with torch.no_grad():
        module[0].weight.fill_(2), module[0].bias.zero_()
        module[2].weight.copy_(torch.tensor([[1.0, -1, 2], [0, 1, -1], [-1, 2, 1]])), module[2].bias.fill_(-8)
    return module


@pytest.mark.parametrize(
    "rule, expected",
    [
        ("gradient", [[20, 0, 40, 0], [0, 20, 0, 0], [-20, 40, 0, 0], [0, 0, 0, 0]]),
        ("deconvnet", [[20, 0, 40, 0], [0, 20, 0, 0], [0, 40, 20, 0], [0, 0, 0, 0]]),
        ("guided", [[20, 0, 40, 0], [0, 20, 0, 0], [0, 40, 0, 0], [0, 0, 0, 0]]),
    ],
)
def test_three_rules_on_paper(rule, expected):
    found = visualize.project(paper_net(), PAPER, "3", 0, rule, positions=[(1, 1)])
    assert found.values.tolist() == [10]  # 14 + 4 + 0 - 8
    assert found.pixels[0, 0].tolist() == expected


def test_switches_and_unpooling_on_paper():
    signal = torch.relu(2 * PAPER)  # 2 0 6 0 / 0 4 0 2 / 4 2 0 6 / 0 0 2 0
    pooled, switches = visualize.switches(signal, nn.MaxPool2d(2))
    assert pooled[0, 0].tolist() == [[4, 6], [4, 6]]
    assert switches[0, 0].tolist() == [[5, 2], [8, 11]]
    back = visualize.unpool(pooled, switches, (4, 4))
    assert back[0, 0].tolist() == [[0, 0, 6, 0], [0, 4, 0, 0], [4, 0, 0, 6], [0, 0, 0, 0]]


def test_windows_that_share_a_switch_are_summed():
    signal = torch.zeros(1, 1, 5, 5)
    signal[0, 0, 2, 2] = 9
    _, switches = visualize.switches(signal, nn.MaxPool2d(3, 2))
    back = visualize.unpool(torch.tensor([[[[1.0, 2], [3, 4]]]]), switches, (5, 5))
    assert back[0, 0, 2, 2] == 10 and back.sum() == 10


# ---------------------------------------------------------------------------------------------------------- the algebra


def test_without_relus_and_pools_it_is_the_gradient():
    module, images = (
        seeded(nn.Conv2d(3, 5, 3, 2, 1), nn.Conv2d(5, 4, (3, 2), dilation=2), nn.Conv2d(4, 6, 3)),
        pictures(),
    )
    found = visualize.project(module, images, "2", [0, 1, 2])
    leaf = images.clone().requires_grad_()
    units = module(leaf)[range(3), [0, 1, 2], found.positions[:, 0], found.positions[:, 1]]
    expected = torch.autograd.grad(units.sum(), leaf)[0] * units.detach()[:, None, None, None]
    torch.testing.assert_close(found.pixels, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2}, {"padding": 2}, {"stride": 3, "padding": 1, "dilation": 2}, {"groups": 2}, {"stride": (2, 3)}]
)
def test_transposed_filters_are_the_adjoint(options):
    convolution = seeded(nn.Conv2d(4, 6, (3, 4), **options), seed=2)[0]
    signal = torch.randn(2, 4, 15, 14, dtype=torch.float64)
    convolution.double()
    answer = nn.functional.conv2d(
        signal, convolution.weight, None, convolution.stride, convolution.padding, convolution.dilation, convolution.groups
    )
    other = torch.randn_like(answer)
    back = visualize.transposed(other, convolution, (15, 14))
    assert back.shape == signal.shape
    torch.testing.assert_close((answer * other).sum(), (signal * back).sum())


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 3)])
def test_pooling_again_what_was_unpooled_gives_it_back(pool):
    signal = pictures(2, 12, 5).relu()
    pooled, switches = visualize.switches(signal, pool)
    back = visualize.unpool(pooled, switches, (12, 12))
    assert torch.equal(pool(back), pooled)
    assert torch.equal(back[back != 0], signal[back != 0]) and (back != 0).sum() == (pooled != 0).sum()


@pytest.mark.parametrize("pool", [nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True)])
def test_unpooling_is_the_adjoint_of_choosing(pool):
    signal = pictures(2, 14, 4).relu().requires_grad_()
    pooled, switches = visualize.switches(signal, pool)
    weights = torch.randn_like(pooled)
    expected = torch.autograd.grad(pooled, signal, weights)[0]
    torch.testing.assert_close(visualize.unpool(weights, switches, (14, 14)), expected)


def test_a_silent_unit_gives_nothing_and_biases_play_no_part():
    module = small()
    with torch.no_grad():
        module[3].bias[2] = -1e6
    assert not visualize.project(module, pictures(), "4", 2).pixels.any()
    assert visualize.project(module, pictures(), "4", 1).pixels.any()


def test_twice_the_activation_gives_twice_the_projection():
    signal, steps = pictures(2, 8, 6).relu(), None
    module = networks.quiet_copy(small())
    images = pictures(2)
    with torch.no_grad():
        output, steps = walk.forward(module, images, "4")
    signal = torch.rand_like(output)
    once, twice = (walk.back(steps, factor * signal, "deconvnet") for factor in (1, 2))
    torch.testing.assert_close(twice, 2 * once)


@pytest.mark.parametrize("rule", rules.RULES)
def test_where_everything_is_positive_the_rules_agree(rule):
    module = small()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    images = pictures().abs() + 0.1
    expected = visualize.project(module, images, "4", 3, "gradient").pixels
    torch.testing.assert_close(visualize.project(module, images, "4", 3, rule).pixels, expected)


def test_every_sample_of_a_batch_has_its_own_seed():
    module, images = small(), pictures()
    together = visualize.project(module, images, "4", [5, 0, 3], positions=[(0, 0), (3, 2), (1, 4)])
    for i, (one, place) in enumerate(zip([5, 0, 3], [(0, 0), (3, 2), (1, 4)])):
        alone = visualize.project(module, images[i : i + 1], "4", one, positions=[place])
        torch.testing.assert_close(together.pixels[i], alone.pixels[0])
        assert alike(together.values[i], module(images)[i, one, place[0], place[1]])


FAR = {
    "overlapping": lambda: seeded(nn.Conv2d(3, 8, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(8, 6, 3, padding=1), nn.ReLU()),
    "ceiling": lambda: seeded(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.Conv2d(8, 6, 3, 2, 1), nn.ReLU()),
    "residual": lambda: nn.Sequential(*seeded(Residual())),
    "lopsided": lambda: seeded(nn.Conv2d(3, 8, (3, 5), (2, 1), (0, 3)), nn.ReLU(), nn.MaxPool2d((1, 2)), nn.Conv2d(8, 6, 3), nn.ReLU()),
}  # fmt: skip


def whole_pictures(module, images, layer, maps, rule, places):
    """Pixels and activations of given places, where all of each picture is looked at."""
    steps = walk.up(walk.first(networks.quiet_copy(module), images, layer), images, rule)
    seeds, values, _ = walk.kept(steps[-1].output, maps, places)
    return walk.back(steps, seeds, rule), values


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("rule", rules.RULES)
@pytest.mark.parametrize("shape", [(40, 40), (53, 47), (64, 61)])
def test_looking_only_at_what_a_place_sees_gives_the_same(name, rule, shape, monkeypatch):
    module, layer = FAR[name](), "0" if name == "residual" else "4"
    images = torch.randn(4, 3, *shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        output, _ = walk.forward(networks.quiet_copy(module), images, layer)
    rows, columns = output.shape[2:]
    places = torch.tensor([(0, 0), (rows - 1, columns - 1), (rows // 2, 1), (3, columns // 2)])
    seen, run = [], nn.Conv2d.forward
    monkeypatch.setattr(nn.Conv2d, "forward", lambda part, signal: seen.append(signal.shape) or run(part, signal))
    near = visualize.project(module, images, layer, 2, rule, places)
    whole = [shape[0] for shape in seen if shape[2:] == images.shape[2:] and shape[0]]
    assert set(whole) == ({1} if layer == "0" else set())  # the first picture, where what a place sees has to be tried
    monkeypatch.undo()
    whole = whole_pictures(module, images, layer, torch.tensor([2] * 4), rule, places)
    torch.testing.assert_close(near.values, whole[1], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(near.pixels, whole[0], rtol=1e-4, atol=1e-5)


LONG = {
    "vgg": lambda: [nn.Conv2d(3, 4, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(4, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, 1, 1)],
    "alexnet": lambda: [nn.Conv2d(3, 4, 7, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(4, 4, 5, 1, 2, groups=2), nn.MaxPool2d(3, 1, 1), nn.ReLU()],
    "dilated": lambda: [nn.Conv2d(3, 4, 3, 1, 2, 2), nn.Dropout(), nn.Conv2d(4, 4, 3, 2, 0, 3), nn.ReLU(), nn.Identity(), nn.Conv2d(4, 4, 2, 1, 1)],
    "lopsided": lambda: [nn.Conv2d(3, 4, (3, 9), (2, 1), (0, 6)), nn.ReLU(), nn.MaxPool2d((1, 3), (1, 2), (0, 1)), nn.Conv2d(4, 4, (5, 1), padding=(3, 1)), nn.ReLU(), nn.Conv2d(4, 4, 3, 1, (0, 2))],
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("shape", [(24, 31), (27, 16)])
def test_every_place_of_a_chain_is_seen_aright(name, shape):
    """At every border and corner, and where two of them meet in one window."""
    module = seeded(*LONG[name]())
    image = torch.randn(1, 3, *shape, generator=torch.Generator().manual_seed(0))
    rows, columns = module(image).shape[2:]
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))
    images, maps = image.expand(len(places), -1, -1, -1), torch.zeros(len(places), dtype=torch.long)
    for rule in rules.RULES:
        whole = whole_pictures(module, images, "5", maps, rule, places)
        for group in (torch.arange(len(places)), *torch.arange(len(places)).split(1)):
            near = visualize.project(module, images[group], "5", 0, rule, places[group])
            torch.testing.assert_close(near.values, whole[1][group], rtol=1e-5, atol=1e-6)
            torch.testing.assert_close(near.pixels, whole[0][group], rtol=1e-4, atol=1e-5)


class Picky(nn.Module):
    """A chain, and behind it something that an empty batch cannot pass, or that asks the chain once more."""

    def __init__(self, behind):
        super().__init__()
        self.features, self.behind = small(), behind

    def forward(self, images):
        return self.behind(self, self.features(images))


def test_what_wants_a_picture_gets_one():
    images, places = pictures(), [(1, 4), (0, 0), (3, 2)]
    expected = visualize.project(small(), images, "4", 2, positions=places)
    for behind in (lambda net, maps: maps.view(len(maps), -1), lambda net, maps: maps.mean((1, 2, 3)) / (1 / len(maps))):
        found = visualize.project(Picky(behind), images, "features.4", 2, positions=places)
        torch.testing.assert_close(found.pixels, expected.pixels)
    with pytest.raises(visualize.VisualizeError, match="more than once"):
        visualize.project(Picky(lambda net, maps: net.features[3:](maps[:, [0] * 8])), images, "features.4", 2, positions=places)


def test_ever_less_is_looked_at_on_the_way_up():
    """Of one place of VGG16's last convolution, counted by hand: 3 × 3 of the maps before it, 5, 7, and 14 before the pool."""
    module, images = networks.quiet_copy(network("vgg16_tiny")), pictures(2, 256)
    way = walk.first(module, images, "features.28", dry=True)
    taken, inside = sight.narrowed(way.chain, images, torch.tensor([(7, 8), (6, 9)]))
    sides = [step.input.shape[2] for step in taken if isinstance(step.module, nn.Conv2d)]
    assert sides == [196, 194, 96, 94, 46, 44, 42, 20, 18, 16, 7, 5, 3]
    assert taken[-1].output.shape[2:] == (1, 1) and inside.tolist() == [[0, 0], [0, 0]]
    assert walk.first(networks.quiet_copy(network("resnet18")), images, "layer1", dry=True).chain is None


class Somewhere(nn.Module):
    """Adds to every place a number of its own: a part of a picture is not like the whole."""

    def __init__(self):
        super().__init__()
        self.conv, self.where = nn.Conv2d(3, 4, 3, padding=1), nn.Identity()

    def forward(self, images):
        signal = self.conv(images)
        return self.where(signal + torch.linspace(0, 9, signal[0, 0].numel()).view(1, 1, *signal.shape[2:]))


def test_where_a_part_is_not_like_the_whole_all_of_it_is_looked_at():
    module, images = Somewhere().eval(), pictures(2, 30)
    found = visualize.project(module, images, "where", 1, "gradient", [(20, 20), (5, 7)])
    with torch.no_grad():
        output = module(images)
    torch.testing.assert_close(found.values, torch.stack([output[0, 1, 20, 20], output[1, 1, 5, 7]]))


def test_the_classes_of_a_backbone_are_a_layer_too():
    backbone, images = network("vgg16_tiny"), pictures(2, 64)
    found = visualize.project(backbone, images, "classes", 11, "gradient")
    leaf = images.clone().requires_grad_()
    scores = backbone.module(leaf)[:, 11]
    expected = torch.autograd.grad(scores.sum(), leaf)[0] * scores.detach()[:, None, None, None]
    torch.testing.assert_close(found.values, scores.detach())
    torch.testing.assert_close(found.pixels, expected)


def test_several_maps_of_one_picture():
    module, images = small(), pictures(1)
    found = visualize.project(module, images, "4", [0, 1])
    torch.testing.assert_close(found.pixels[1:], visualize.project(module, images, "4", 1).pixels)


def test_a_direction_along_a_map_is_the_map():
    module, images = small(), pictures()
    axis = torch.eye(6)[[4]]
    mixed, alone = visualize.project(module, images, "4", 0, directions=axis), visualize.project(module, images, "4", 4)
    torch.testing.assert_close(mixed.pixels, alone.pixels)


# ------------------------------------------------------------------------------------------------ another implementation


POOLS = [nn.MaxPool2d(2), nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 2, 1)]
THEIRS = {"deconvnet": attr.NeuronDeconvolution, "guided": attr.NeuronGuidedBackprop, "gradient": attr.NeuronGradient}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rule", THEIRS)
@pytest.mark.parametrize("pool", POOLS, ids=str)
@pytest.mark.parametrize("inplace", [False, True])
def test_a_chain_agrees_with_captum(rule, pool, inplace):
    module, images = small(pool, inplace), pictures(2)
    found = visualize.project(module, images, "4", 2, rule)
    assert found.words == (visualize.projection._GRADIENT if rule == "gradient" else visualize.projection._WALKED)
    fresh = small(pool)
    for i in range(2):
        unit = (2, *found.positions[i].tolist())
        theirs = THEIRS[rule](fresh, fresh[4]).attribute(images[i : i + 1].clone().requires_grad_(), unit)
        torch.testing.assert_close(found.pixels[i], (found.values[i] * theirs[0]).detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rule", ["deconvnet", "guided"])
def test_a_residual_network_agrees_with_captum(rule):
    backbone, images = network("resnet18"), pictures(2, 64)
    found = visualize.project(backbone, images, "layer2", 7, rule)
    assert "BatchNorm" in found.words
    module = networks.quiet_copy(backbone)
    for i in range(2):
        theirs = THEIRS[rule](module, module.layer2).attribute(
            images[i : i + 1].clone().requires_grad_(), (7, *found.positions[i].tolist())
        )
        expected = found.values[i] * theirs[0].detach()
        torch.testing.assert_close(found.pixels[i], expected, rtol=1e-4, atol=1e-6 * float(expected.abs().max()))


def by_autograd(module, images, layer, found):
    """The gradient of the activations that a projection starts from, times these."""
    leaf, answers = images.clone().requires_grad_(), []
    with cutting.hooked(
        [(module.get_submodule(layer).register_forward_hook, lambda _, taken, output: answers.append(output.clone()))]
    ):
        module(leaf + 0)  # nothing may write over a leaf
    units = answers[0][range(len(images)), found.maps, found.positions[:, 0], found.positions[:, 1]]
    return torch.autograd.grad(units.sum(), leaf)[0] * units.detach()[:, None, None, None]


@pytest.mark.parametrize("layer", ["first", "relu", "second", "last"])
def test_what_is_written_over_by_a_function_is_no_chain(layer):
    module, images = WrittenOver().eval(), pictures()
    found = visualize.project(module, images, layer, 2, "gradient")
    torch.testing.assert_close(found.pixels, by_autograd(module, images, layer, found))


@pytest.mark.parametrize("kind", ["forward", "forward_pre"])
def test_a_hook_of_the_learner_counts(kind):
    module, images = small(), pictures()
    hooks = {"forward": lambda _, taken, output: 3 * output, "forward_pre": lambda _, taken: (3 * taken[0],)}
    getattr(module[3], f"register_{kind}_hook")(hooks[kind])
    found = visualize.project(module, images, "4", 2, "gradient")
    torch.testing.assert_close(found.pixels, by_autograd(module, images, "4", found))


def test_a_chain_is_projected_in_inference_mode_too():
    images = pictures()
    expected = visualize.project(small(), images, "4", 2)
    with torch.inference_mode():
        found = visualize.project(small(), images.clone(), "4", 2)
    assert found.words == expected.words and alike(found.pixels, expected.pixels)


@pytest.mark.parametrize("rule", rules.RULES)
@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_the_walk_equals_the_changed_backward_pass(rule, pool):
    module, images = networks.quiet_copy(small(pool)), pictures().requires_grad_()
    with rules.applied(module, rule):
        output, steps = walk.forward(module, images, "4")
    assert walk.is_chain(steps, images, output)
    signal = torch.randn_like(output)
    torch.testing.assert_close(walk.back(steps, signal, rule), torch.autograd.grad(output, images, signal)[0])


def test_relu6_rules():
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU6(), nn.Conv2d(1, 1, 1)).eval()
    with torch.no_grad():
        module[0].weight.fill_(1), module[0].bias.zero_(), module[2].weight.fill_(-1), module[2].bias.fill_(9)
    images = torch.tensor([-1.0, 3, 7]).reshape(3, 1, 1, 1)  # below, inside, above: answers 9, 6, 3
    found = {rule: visualize.project(module, images, "2", 0, rule).pixels.flatten().tolist() for rule in rules.RULES}
    assert found == {"gradient": [0, -6, 0], "deconvnet": [0, 0, 0], "guided": [0, 0, 0]}


# ---------------------------------------------------------------------------------------------------- refused in a sentence


BENDS = {
    "relu": torch.relu, "relu_": nn.functional.relu_, "silu": nn.functional.silu, "gelu": nn.functional.gelu,
    "clamp": lambda x: x.clamp(min=0), "tanh": torch.tanh, "mish_": lambda x: nn.functional.mish(x, inplace=True),
    "celu_": lambda x: nn.functional.celu(x, inplace=True), "where": lambda x: torch.where(x > 0, x, 0.0), "abs": torch.abs,
    "abs_": lambda x: x.abs_(), "minimum": lambda x: torch.minimum(x, torch.ones(())), "fmax": lambda x: torch.fmax(x, torch.zeros(())),
    "fmin": lambda x: torch.fmin(x, torch.ones(())), "logsigmoid": nn.functional.logsigmoid, "glu": lambda x: nn.functional.glu(torch.cat([x, x], 1), 1),
}  # fmt: skip


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
@pytest.mark.parametrize("rule", ["deconvnet", "guided"])
def test_what_the_rule_would_miss_is_refused(bend, rule):
    with pytest.raises(visualize.VisualizeError, match="outside nn.ReLU"):
        visualize.project(Functional(bend), pictures(), "second", 0, rule)
    assert visualize.project(Functional(bend), pictures(), "second", 0, "gradient").pixels.any()
    assert visualize.project(Functional(bend), pictures(), "first", 0, rule).pixels.any()  # below it, all is well


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda m: visualize.project(m, pictures(), "9", 0), "no layer '9'"),
        (lambda m: visualize.project(m, pictures(), "4", 6), "no map 6: its maps are 0 to 5"),
        (lambda m: visualize.project(m, pictures(), "4", 0, positions=[(6, 0)] * 3), r"no place \(6, 0\): it has 6 rows"),
        (lambda m: visualize.project(m, pictures(), "4", [0, 1]), "2 maps do not go with 3 pictures"),
        (lambda m: visualize.project(m, pictures(), "4", 0, positions=[(0, 0)] * 2), r"shape \(2, 2\) do not go with 3 pictures"),
        (lambda m: visualize.project(m, pictures(), "4", 0, positions=[1, 1, 1]), r"shape \(3,\) do not go with 3 pictures"),
        (lambda m: visualize.project(m, pictures(), "4", 0, "magic"), "No rule is called 'magic'"),
        (lambda m: visualize.project(m, ["photo.jpg"], "4", 0), "plain module and has no transform"),
        (
            lambda m: visualize.occlusion(nn.Sequential(Residual(), nn.Flatten()).eval(), pictures()[0], "0.relu"),
            "runs more than once",
        ),
        (lambda m: visualize.project(Residual().eval(), pictures(), "relu", 0), "runs more than once"),
    ],
)
def test_wrong_wishes_get_one_sentence(call, words):
    with pytest.raises(visualize.VisualizeError, match=words) as error:
        call(small())
    assert "\n" not in str(error.value)


def state_of(module):
    """Everything that a careless tool would leave changed."""
    hooks = [
        len(getattr(part, name))
        for part in module.modules()
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    ]
    flags = [(part.training, getattr(part, "inplace", None), part.forward.__func__) for part in module.modules()]
    grads = [(parameter.requires_grad, parameter.grad is None) for parameter in module.parameters()]
    return hooks, flags, grads, weights_of(module)


@pytest.mark.parametrize("make", [lambda: small(inplace=True), Residual, Functional])
def test_the_network_stays_as_it_was_even_after_an_exception(make):
    module = make().train()
    next(module.parameters()).requires_grad_(False)
    before = state_of(module)
    layer = {"Sequential": "4", "Residual": "last", "Functional": "second"}[type(module).__name__]
    for images in (pictures(), pictures(channels=5)):  # the second cannot be looked at
        for rule in rules.RULES:
            try:
                visualize.project(module, images, layer, 0, rule)
                visualize.occlusion(module, images[0], layer)
            except (RuntimeError, visualize.VisualizeError):
                pass
    assert state_of(module) == before


def test_a_quiet_copy_does_again_what_it_did_before_a_rule_was_applied():
    module = networks.quiet_copy(small())
    module[1].forward = lambda signal: 2 * signal
    with pytest.raises(ZeroDivisionError), rules.applied(module, "guided"):
        assert module[1](torch.tensor([-1.0, 3])).tolist() == [0, 3]
        raise ZeroDivisionError
    assert module[1](torch.tensor([-1.0, 3])).tolist() == [-2, 6] and "forward" not in vars(module[4])


def test_below_the_entrance_nobody_knows_a_backbone_or_a_question():
    folder = Path(walk.__file__).parent
    said = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert [name for name, text in said.items() if "Backbone" in text] == ["networks"]
    questions = [path.stem for path in folder.parent.glob("[!_]*.py")]
    assert not [name for name, text in said.items() for question in questions if f"visualize.{question}" in text]


def test_a_layer_is_read_before_an_in_place_relu_changes_it():
    module, images = nn.Sequential(*small(inplace=True), nn.Flatten()), pictures()
    answer, _ = walk.answers(networks.quiet_copy(module), images, ["3"])
    assert (answer["3"] < 0).any()


@pytest.mark.parametrize("layer", ["first", "second"])
def test_a_layer_is_read_before_a_function_writes_over_it(layer):
    module, images = WrittenOver().eval(), pictures()
    with torch.no_grad():
        told, _ = walk.forward(networks.quiet_copy(module), images, layer)  # stops there
    scored = nn.Sequential(module, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    answer, _ = walk.answers(networks.quiet_copy(scored), images, [f"0.{layer}"])
    torch.testing.assert_close(answer[f"0.{layer}"], told)
    torch.testing.assert_close(walk.first(networks.quiet_copy(scored), images, f"0.{layer}").answer, told[:1])


def test_a_layer_counts_although_its_head_wants_pictures_of_another_size():
    module = nn.Sequential(*small(), nn.Flatten(), nn.Linear(7, 2))
    torch.testing.assert_close(
        visualize.project(module, pictures(), "4", 1).pixels, visualize.project(small(), pictures(), "4", 1).pixels
    )
    with pytest.raises(visualize.VisualizeError, match="cannot take pictures of 5 × 17 × 17 as far as '4'.*5 channels"):
        visualize.project(module, pictures(channels=5), "4", 1)


@pytest.mark.parametrize(
    "set_up",
    [
        lambda: None,
        lambda: setattr(torch.backends.cudnn, "allow_tf32", False),
        lambda: setattr(torch.backends, "fp32_precision", "tf32"),
        lambda: setattr(torch.backends, "fp32_precision", "ieee"),
    ],
)
def test_exact_convolutions_with_either_way_to_set_precision(set_up, monkeypatch):
    monkeypatch.setattr(devices, "device", lambda: "cuda")
    general, convolutions = torch.backends.fp32_precision, torch.backends.cudnn.conv
    try:
        set_up()
        before = convolutions.fp32_precision
        with pytest.raises(ZeroDivisionError), walk.exact():
            assert convolutions.fp32_precision == "ieee"
            raise ZeroDivisionError
        assert convolutions.fp32_precision == before
    finally:
        torch.backends.fp32_precision = general
        torch.backends.cudnn.allow_tf32 = True


def test_weights_are_neither_converted_nor_turned_in_memory():
    module = small()
    for kind in (torch.float64, torch.float32):
        module.to(kind)
        before = [(kind, parameter.stride(), True) for parameter in module.parameters()]
        visualize.top_activations(module, pictures(), "4", 2)
        visualize.project(module, pictures(), "4", 1)
        assert [(p.dtype, p.stride(), p.requires_grad) for p in module.parameters()] == before


def test_importing_the_course_imports_neither_torch_nor_visualize():
    code = "import sys, shoulders, shoulders.cli, shoulders.plates; print({'torch', 'shoulders.visualize', 'captum'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")
def test_a_gpu_says_the_same(monkeypatch):
    from shoulders.support import devices

    module, images = nn.Sequential(*small(nn.MaxPool2d(3, 2)), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval(), pictures(4, 40)

    def said():
        covered = visualize.occlusion(module, images[0], "4", patch=10, stride=8, fill=(0.1, 0.2, 0.3))
        return [
            *(visualize.project(module, images, "4", 1, rule).pixels for rule in rules.RULES),
            visualize.project(module, images, "4", 1, positions=[(2, 3)]).pixels,
            covered.activity, covered.probability, covered.projection,
            visualize.top_activations(module, images, "4", 3).values,
            visualize.grad_cam(module, images, "4", targets=1).maps,
        ]  # fmt: skip

    here = said()
    monkeypatch.setattr(devices, "device", lambda: "cuda")
    for there, expected in zip(said(), here):
        torch.testing.assert_close(there, expected, rtol=1e-4, atol=1e-5)


# ------------------------------------------------------------------------------------------------------- receptive fields


def all_ones(module):
    """Every weight one, pooling by the mean: what reaches a place at all, reaches it."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.ones_(part.weight)
    for name, part in list(module.named_modules()):
        if isinstance(part, nn.MaxPool2d):
            mean = nn.AvgPool2d(part.kernel_size, part.stride, part.padding, part.ceil_mode)
            module.set_submodule(name, mean)
    return module.eval()


CHAINS = {
    "plain": lambda: seeded(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 2, 5, padding=2), nn.ReLU()),
    "strided": lambda: seeded(nn.Conv2d(1, 2, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(2, 2, 3, 1, 2, 2), nn.ReLU()),
    "lopsided": lambda: seeded(nn.Conv2d(1, 2, (3, 5), (2, 1), (0, 3)), nn.ReLU(), nn.MaxPool2d((1, 2)), nn.Conv2d(2, 2, (2, 1)), nn.ReLU()),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_the_receptive_field_is_where_a_signal_of_ones_arrives(name):
    side = 44  # no pool leaves a rest: what is left out at a border is seen by nobody
    module, image = all_ones(CHAINS[name]()), torch.ones(1, 1, side, side)
    field = visualize.receptive_field(module, "4", side)
    rows, columns = module(image).shape[2:]
    for place in [(0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1), (0, columns - 1)]:
        reached = visualize.project(module, image, "4", 0, "gradient", positions=[place]).pixels[0, 0].nonzero()
        box = (*reached.amin(0).tolist(), *(reached.amax(0) + 1).tolist())
        assert field.box(*place, (side, side)) == box


@pytest.mark.parametrize(
    "mixes",
    [lambda x: x.cumsum(-1), lambda x: x[:, :, torch.arange(x.shape[2] - 1, -1, -1)], lambda x: x.log_softmax(-1), lambda x: x.flip(2)],
)
def test_nothing_is_measured_behind_what_mixes_places(mixes):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Conv2d(3, 2, 3), nn.Conv2d(2, 2, 3)

        def forward(self, images):
            return self.last(mixes(self.first(images)))

    assert visualize.receptive_field(Mixed(), "last").size == (float("inf"), float("inf"))


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("rule", rules.RULES)
def test_nothing_lies_outside_the_receptive_field(name, rule):
    module = CHAINS[name]()
    field = visualize.receptive_field(module, "4")
    found = visualize.project(module, pictures(3, 41, 1), "4", 1, rule)
    for pixels, place in zip(found.pixels, found.positions.tolist()):
        top, left, bottom, right = field.box(*place, (41, 41))
        assert pixels[0, top:bottom, left:right].any()
        pixels[0, top:bottom, left:right] = 0
        assert not pixels.any()


class Padded(nn.Module):
    """Pads at two sides alone."""

    def forward(self, signal):
        return nn.functional.pad(signal, (1, 1))


@pytest.mark.parametrize(
    "unit, size",
    [
        (lambda: nn.InstanceNorm2d(4), (float("inf"), float("inf"))),
        (lambda: nn.BatchNorm2d(4, track_running_stats=False), (float("inf"), float("inf"))),
        (lambda: nn.ConvTranspose2d(4, 4, 2, 2), (float("inf"), float("inf"))),
        (lambda: nn.ConvTranspose2d(4, 4, 3, 1, 1), (float("inf"), float("inf"))),
        (lambda: nn.BatchNorm2d(4), (3, 3)),
        (Padded, (3, 3)),
    ],
)
def test_what_a_place_sees_through_a_unit(unit, size):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), unit()).eval()
    field = visualize.receptive_field(module, "1")
    assert field.size == size and (size[0] < 9) == (field.window(0, 0, (24, 24)) != (0, 0, 24, 24))
    assert visualize.project(module, pictures(1, 24), "1", 0, "gradient", positions=[(1, 1)]).pixels.any()


def test_known_receptive_fields():
    """VGG16's and ResNet-18's, as published and as everyone who works them out by hand finds them."""
    vgg, resnet = network("vgg16_tiny"), network("resnet18")
    sizes = [
        visualize.receptive_field(vgg, layer).size[0]
        for layer in ("features.3", "features.8", "features.15", "features.22", "features.29")
    ]
    assert sizes == [5, 14, 40, 92, 196]
    assert [visualize.receptive_field(resnet, layer).size[0] for layer in ("relu", "layer1", "layer2", "layer3", "layer4")][
        1:
    ] == [43, 99, 211, 435]
    assert visualize.receptive_field(vgg, "classifier").size == (float("inf"), float("inf"))


def test_windows_are_of_one_size_and_inside():
    field = fields.Field(fields.Span(-4, 5, 2), fields.Span(-4, 5, 2))
    assert field.window(0, 0, (20, 20)) == (0, 0, 10, 10)
    assert field.window(3, 9, (20, 20)) == (2, 10, 12, 20)
    assert field.box(0, 9, (20, 20)) == (0, 14, 6, 20)
    assert fields.Field(fields.WHOLE, fields.WHOLE).window(0, 0, (9, 7)) == (0, 0, 9, 7)
