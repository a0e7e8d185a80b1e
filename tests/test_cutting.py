"""Cutting: what a layer says is read as it was said, the cut network says the same, and frozen means byte-equal."""

import copy

import pytest
import torch
from making import alike, network, weights_of
from torch import nn

from shoulders import backbones, cutting
from shoulders.backbones import Backbone, BackboneError, Card, Transform, torchvision

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def backbone_of(module, name="mine", head="", crop=8):
    transform = Transform(crop, crop)
    return Backbone(Card(name, "ours", transform, head=head), transform, "digest", "here", lambda: module.eval())


def hooks_of(module):
    return [hook for part in module.modules() for hook in (*part._forward_hooks, *part._forward_pre_hooks)]


def forward_by_hand(module, layer):
    """Every child of a plain chain, one after the other, up to a layer: no hooks."""
    images = IMAGES
    for name, child in module.named_children():
        images = child(images)
        if name == layer:
            return images
    raise AssertionError(layer)


# ------------------------------------------------------------------------------------------------------------------- run


def test_layers_of_resnet_equal_a_pass_by_hand():
    module = network("resnet18").module
    with torch.inference_mode():
        found = cutting.run(module, IMAGES, ["layer1", "layer3", "hidden", "classes"], "fc")
        for layer in ("layer1", "layer3"):
            assert alike(found[layer], forward_by_hand(module, layer))
        assert alike(found["hidden"], forward_by_hand(module, "avgpool").flatten(1))
        assert alike(found["classes"], module(IMAGES))
        torch.testing.assert_close(module.fc(found["hidden"]), found["classes"])


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small", "resnet18", "vgg16_tiny"])
def test_hidden_goes_into_the_head_and_classes_come_out(name):
    backbone = network(name)
    head = backbone.module.get_submodule(cutting.head_of(backbone))
    seen = []
    handle = head.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0].clone(), output.clone())))
    with torch.inference_mode():
        expected = backbone.module(IMAGES)
        handle.remove()
        found = cutting.run(backbone.module, IMAGES, ["classes", "hidden"], cutting.head_of(backbone))
        assert alike(found["hidden"], seen[0][0])
        assert alike(head(found["hidden"]), seen[0][1])
    assert alike(found["classes"], expected)


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, images):
        self.calls += 1
        return images + 1


def test_a_pass_that_stops_inside_another_ends_its_own_alone():
    """The body of a trained network stops at what goes into its head; who looks inside it stops sooner, and looks on above."""
    body = cutting.decapitate(network("resnet18"))
    model = nn.Sequential(body, nn.Linear(512, 2))
    with torch.inference_mode():
        inner, outer = cutting.run(model, IMAGES, ["0.network.layer1"], "1"), cutting.run(model, IMAGES, ["hidden", "classes"], "1")
        assert torch.equal(inner["0.network.layer1"], forward_by_hand(network("resnet18").module, "layer1"))
        assert torch.equal(outer["hidden"], body(IMAGES)) and torch.equal(outer["classes"], model(IMAGES))
    assert not hooks_of(model)


def chain(*names):
    module = nn.Sequential()
    for name in names:
        module.add_module(name, Counts())
    return module


def test_a_pass_stops_at_the_last_wanted_layer():
    module = chain("a", "b", "c", "d")
    found = cutting.run(module, torch.zeros(1), ["c", "a"], "d")
    assert {layer: value.item() for layer, value in found.items()} == {"a": 1, "c": 3}
    assert [part.calls for part in module] == [1, 1, 1, 0]
    cutting.run(module, torch.zeros(1), ["hidden"], "d")
    assert [part.calls for part in module] == [2, 2, 2, 0]
    assert cutting.run(module, torch.zeros(1), ["b", "classes"], "d")["classes"].item() == 4
    assert [part.calls for part in module] == [3, 3, 3, 1]


def test_hooks_are_gone_also_after_an_exception():
    module = network("resnet18").module
    cutting.run(module, IMAGES, ["layer1", "hidden", "classes"], "fc")
    assert not hooks_of(module)
    with pytest.raises(RuntimeError):
        cutting.run(module, torch.zeros(1, 1, 8, 8), ["layer1"], "fc")
    with pytest.raises(AttributeError):
        cutting.run(module, IMAGES, ["layer1", "nowhere"], "fc")
    with pytest.raises(ZeroDivisionError):
        cutting.run(module, IMAGES, ["layer1"], "fc", keep=lambda tensor: 1 / 0)
    assert not hooks_of(module)


def test_hooks_that_were_in_place_go_when_the_next_one_fails():
    module = chain("a", "b")
    with (
        pytest.raises(AttributeError),
        cutting.hooked((module.get_submodule(name).register_forward_hook, print) for name in ("a", "nowhere")),
    ):
        pass
    assert not hooks_of(module)


def test_a_layer_that_gives_a_vector_is_copied_before_it_is_changed():
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))
    images = torch.randn(5, 3, 2, 2)
    found = cutting.run(module, images, ["1", "classes"], "3", cutting.pooled)
    assert alike(found["1"], module[1](images.flatten(1)))
    assert (found["1"] < 0).any()


def test_pooled_is_the_mean_over_positions_in_float32():
    values = torch.arange(2 * 3 * 4 * 5, dtype=torch.bfloat16)
    assert torch.equal(cutting.pooled(values.view(2, 3, 4, 5)), values.float().view(2, 3, 20).mean(2))
    assert torch.equal(cutting.pooled(values.view(2, 12, 5)), values.float().view(2, 12, 5).mean(1))
    assert torch.equal(cutting.pooled(values.view(2, 60)), values.float().view(2, 60))
    assert {cutting.pooled(values.view(shape)).dtype for shape in ((2, 60), (2, 12, 5), (2, 3, 4, 5))} == {torch.float32}


# --------------------------------------------------------------------------------------------------------- names of layers


def test_layers_are_listed_in_order_with_shapes_by_hand():
    table = cutting.layers(network("resnet18"))
    assert table.index[0] == "conv1" and table.index[-1] == "fc"
    assert [table.loc[name, "output"] for name in ("conv1", "maxpool", "layer1", "layer4", "avgpool", "fc")] == [
        (64, 32, 32), (64, 16, 16), (64, 16, 16), (512, 2, 2), (512, 1, 1), (1000,),
    ]  # fmt: skip
    assert table.loc["conv1", "parameters"] == 64 * 3 * 7 * 7
    assert table.loc["layer1.0.relu", "runs"] == 2
    order = list(table.index)
    assert order.index("layer1.0.conv2") < order.index("layer1.0") < order.index("layer1.1.conv1") < order.index("layer1")


def test_a_wrong_layer_is_told_its_neighbours():
    backbone = network("resnet18")
    with pytest.raises(
        BackboneError, match=r"resnet18 has no layer 'layer5' that answers with one tensor: for instance .*layer4.*hidden"
    ):
        cutting.need_layers(backbone, ["layer5"])
    with pytest.raises(BackboneError, match=r"'layer1\.0\.relu' of resnet18 runs 2 times in one pass: choose the block"):
        cutting.need_layers(backbone, ["layer1.0.relu"])
    for layer in ("hidden", "classes", "layer4.1", "fc"):
        cutting.need_layers(backbone, [layer])


def test_a_trial_leaves_nothing_behind():
    backbone = network("resnet18")
    backbone.module.train()
    backbone.module.layer1.eval()
    try:
        before = weights_of(backbone.module)
        cutting.layers(backbone)
        assert backbone.module.training and backbone.module.layer2[0].training and not backbone.module.layer1[0].training
        assert not hooks_of(backbone.module)
        assert weights_of(backbone.module) == before  # BatchNorm saw zeros, and learnt nothing
    finally:
        backbone.module.eval()


def test_a_network_without_a_linear_layer_has_no_head():
    with pytest.raises(BackboneError, match="pools has no linear or convolutional layer to cut off"):
        cutting.head_of(backbone_of(nn.Sequential(nn.AvgPool2d(2)), "pools"))


# ------------------------------------------------------------------------------------------------------------- decapitate


@pytest.mark.parametrize(
    ("name", "layer"),
    [(name, "hidden") for name in ("squeezenet1_1", "mobilenet_v3_small", "resnet18", "vgg16_tiny")]
    + [("resnet18", "layer2"), ("resnet18", "layer3.1.conv1"), ("resnet18", "classes"), ("vgg16_tiny", "features.16"),
       ("squeezenet1_1", "features.6"), ("mobilenet_v3_small", "features.4.block.1")],
)  # fmt: skip
def test_the_cut_network_says_what_the_whole_one_said_there(name, layer):
    backbone = network(name)
    before = weights_of(backbone.module)
    body = cutting.decapitate(backbone, layer)
    with torch.inference_mode():
        expected = cutting.run(backbone.module, IMAGES, [layer], cutting.head_of(backbone), cutting.pooled)[layer]
        assert alike(body(IMAGES), expected)
    assert expected.shape == (2, body.out_features)
    assert weights_of(backbone.module) == before
    assert not hooks_of(body)
    assert not {p.data_ptr() for p in body.parameters()} & {p.data_ptr() for p in backbone.module.parameters()}


def parameters_of(module):
    return {name.removeprefix("network.") for name, _ in module.named_parameters()}


def test_what_lies_above_the_cut_is_dropped():
    backbone = network("resnet18")
    every = parameters_of(backbone.module)
    assert parameters_of(cutting.decapitate(backbone)) == every - {"fc.weight", "fc.bias"}
    assert parameters_of(cutting.decapitate(backbone, "classes")) == every
    kept = ("conv1", "bn1", "layer1", "layer2")
    assert parameters_of(cutting.decapitate(backbone, "layer2")) == {name for name in every if name.split(".")[0] in kept}
    deep = parameters_of(cutting.decapitate(backbone, "layer2.0.conv1"))
    assert deep == {name for name in every if name.split(".")[0] in ("conv1", "bn1", "layer1")} | {"layer2.0.conv1.weight"}


class Attends(nn.Module):
    """As vision transformers do: attention reads the weights of its own last layer without calling it."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(4, 4), nn.Linear(4, 3)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, images):
        tokens = self.first(images.flatten(2).transpose(1, 2)[:, :6, :1].expand(-1, -1, 4))
        return self.head(self.attention(tokens, tokens, tokens)[0].mean(1))


def test_weights_that_are_read_without_a_call_are_kept():
    backbone = backbone_of(Attends(), head="head")
    body = cutting.decapitate(backbone)
    images = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(backbone.module.head(body(images)), backbone.module(images))
    assert parameters_of(body) == parameters_of(backbone.module) - {"head.weight", "head.bias"}


def test_a_layer_that_runs_twice_and_lies_below_is_kept():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.act, self.last, self.head = nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 1)

        def forward(self, images):
            return self.head(self.act(self.last(self.act(self.stem(images)))))

    backbone = backbone_of(Twice(), head="head")
    body = cutting.decapitate(backbone, "last")
    assert isinstance(body.network.act, nn.ReLU)
    assert isinstance(body.network.head, nn.Identity)
    images = torch.rand(2, 3, 8, 8)
    by_hand = backbone.module.last(backbone.module.stem(images).relu()).mean((2, 3))
    torch.testing.assert_close(body(images), by_hand)


def test_the_cut_network_can_learn():
    body = cutting.decapitate(network("resnet18"), "layer1")
    body(IMAGES).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in body.parameters())


# ----------------------------------------------------------------------------------------------------------------- blocks


def test_blocks_by_hand():
    tiny = cutting.blocks(cutting.decapitate(network("vgg16_tiny")).network)
    assert tiny == [
        ["features.0", "features.2"], ["features.5", "features.7"], ["features.10", "features.12", "features.14"],
        ["features.17", "features.19", "features.21"], ["features.24", "features.26", "features.28"],
    ]  # fmt: skip
    with torch.device("meta"):
        vgg = torchvision.network(backbones.card("vgg16"))
        mobile = torchvision.network(backbones.card("mobilenet_v2"))
    assert cutting.blocks(vgg)[:5] == tiny
    assert cutting.blocks(vgg)[5:] == [["classifier.0", "classifier.3", "classifier.6"]]
    resnet = cutting.blocks(cutting.decapitate(network("resnet18")).network)
    assert resnet == [["conv1", "bn1"], ["layer1"], ["layer2"], ["layer3"], ["layer4"]]
    dense = cutting.blocks(cutting.decapitate(network("densenet121")).network)
    assert dense[-1] == ["features.denseblock4", "features.norm5"]  # a norm alone is no block
    assert cutting.blocks(mobile) == [*([f"features.{i}"] for i in range(19)), ["classifier.1"]]


BLOCKS = {  # how many, the last two, and the share of the parameters below the head that they hold, by hand
    "resnet18": (5, [["layer3"], ["layer4"]], 0.94),
    "mobilenet_v2": (19, [["features.17"], ["features.18"]], 0.40),
    "alexnet": (7, [["classifier.1"], ["classifier.4"]], 0.96),
    "regnet_y_400mf": (5, [["trunk_output.block3"], ["trunk_output.block4"]], 0.97),
    "maxvit_t": (6, [["blocks.3"], ["classifier.2", "classifier.3"]], 0.59),
    "vit_b_16": (13, [["encoder.layers.encoder_layer_10"], ["encoder.layers.encoder_layer_11", "encoder.ln"]], 0.17),
    "swin_t": (8, [["features.6"], ["features.7", "norm"]], 0.56),
    "convnext_tiny": (8, [["features.6"], ["features.7", "classifier.0"]], 0.56),
    "efficientnet_b0": (9, [["features.7"], ["features.8"]], 0.28),
    "tf_efficientnet_lite0": (9, [["blocks.6"], ["conv_head", "bn2"]], 0.30),
    "mobilenetv4_conv_small": (7, [["blocks.4"], ["conv_head", "norm_head"]], 0.54),
    "convnext_atto": (6, [["stages.3"], ["head"]], 0.56),
    "swin_tiny_patch4_window7_224": (5, [["layers.2"], ["layers.3", "norm"]], 0.96),
    "vit_tiny_patch16_224": (13, [["blocks.10"], ["blocks.11", "norm"]], 0.16),
    "beit_base_patch16_224": (13, [["blocks.10"], ["blocks.11", "fc_norm"]], 0.17),
    "eva02_tiny_patch14_224": (13, [["blocks.10"], ["blocks.11", "fc_norm"]], 0.16),
    "regnetx_002": (11, [["s4.b6"], ["s4.b7"]], 0.26),
    "tresnet_m": (5, [["body.layer3"], ["body.layer4"]], 0.95),
    "xcit_nano_12_p16_224": (16, [["cls_attn_blocks.0"], ["cls_attn_blocks.1", "norm"]], 0.14),
    "mvitv2_tiny": (5, [["stages.2"], ["stages.3", "norm"]], 0.96),
}


def layout(name):
    """A network without weights and without its head."""
    from shoulders.backbones import _SOURCES

    card = backbones.card(name)
    source = _SOURCES[card.library]
    if card.library == "torchvision" and name.startswith("regnet"):  # copies its first weights
        module = source.network(card)
    else:
        with torch.device("meta"):
            module = source.network(card)
    head = card.head or [name for name, layer in module.named_modules() if isinstance(layer, nn.Linear)][-1]
    module.set_submodule(head, nn.Identity())
    return module


@pytest.mark.parametrize(("name", "count", "last", "share"), [(name, *rest) for name, rest in BLOCKS.items()], ids=BLOCKS)
def test_no_two_blocks_are_a_whole_network(name, count, last, share):
    module = layout(name)
    groups = cutting.blocks(module)
    assert (len(groups), groups[-2:]) == (count, last)
    inside = sum(p.numel() for group in groups[-2:] for layer in group for p in module.get_submodule(layer).parameters())
    assert inside / sum(p.numel() for p in module.parameters()) == pytest.approx(share, abs=0.006)
    names = [layer for group in groups for layer in group]
    assert len(names) == len(set(names))
    assert set(names) <= {name for name, _ in cutting.chain(module)}


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small", "resnet18", "vgg16_tiny"])
def test_blocks_hold_every_parameter_once(name):
    module = network(name).module
    names = [
        f"{layer}.{p}"
        for group in cutting.blocks(module)
        for layer in group
        for p, _ in module.get_submodule(layer).named_parameters()
    ]
    assert sorted(names) == sorted(parameters_of(module))


# ----------------------------------------------------------------------------------------------------------------- freeze


def step(module):
    """One training step, as a loop does it."""
    module.train()
    learning = [p for p in module.parameters() if p.requires_grad]
    new = nn.Linear(1000, 2)
    optimizer = torch.optim.SGD([*learning, *new.parameters()], 0.1, weight_decay=0.1)
    new(module(IMAGES)).square().sum().backward()
    optimizer.step()


def test_frozen_means_byte_equal_through_a_training_step():
    frozen, free = (copy.deepcopy(network("resnet18").module) for _ in range(2))
    before = weights_of(frozen)
    assert cutting.freeze(frozen) is frozen
    for module in (frozen, free):
        step(module)
    assert weights_of(frozen) == before
    changed = {name for name, value in weights_of(free).items() if value != before[name]}
    assert changed == set(before)  # weights, running means and counters: all of it would have changed


def test_frozen_batchnorm_stays_in_eval_whatever_train_says():
    module = cutting.freeze(copy.deepcopy(network("resnet18").module))
    module.train(), module.layer1.train(), module.bn1.train(True)
    norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 20
    assert not any(m.training for m in norms)
    assert module.layer1.training  # the rest may train: dropout is not a statistic


def test_a_copy_of_a_frozen_module_is_frozen_itself():
    original = cutting.freeze(copy.deepcopy(network("resnet18").module))
    twin = copy.deepcopy(original)
    before = weights_of(twin)
    step(twin)
    assert weights_of(twin) == before
    twin.bn1.running_mean += 1
    assert weights_of(original) == before  # and the two are independent


def test_part_of_a_network_can_learn_again_but_its_statistics_stay():
    module = cutting.freeze(copy.deepcopy(network("resnet18").module))
    module.layer4.requires_grad_(True)
    before = weights_of(module)
    step(module)
    changed = {name for name, value in weights_of(module).items() if value != before[name]}
    assert changed == {f"layer4.{name}" for name, _ in module.layer4.named_parameters()}
