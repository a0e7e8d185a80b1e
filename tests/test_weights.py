"""Weights files as training scripts leave them: taken where it is plain what is meant, and told what was left out."""

import argparse
import warnings
from collections import defaultdict
from functools import partial

import numpy as np
import pytest
import safetensors.torch
import torch
from making import network, weights_of
from torch import nn

from shoulders import backbones, cutting, features
from shoulders.backbones import BackboneError

NAME = "squeezenet1_1"


@pytest.fixture(scope="module")
def state():
    return backbones.load(NAME, "random", 3).module.state_dict()


def loaded(folder, content, name=NAME, file="w.pth"):
    """The backbone of a file, and what was said of it."""
    torch.save(content, folder / file)
    backbone = backbones.load(name, folder / file)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        backbone.module  # noqa: B018
    return backbone, [str(warning.message) for warning in told if warning.category is UserWarning]


def refused(folder, content, words, name=NAME):
    with pytest.raises(BackboneError, match=words) as error:
        loaded(folder, content, name)
    assert len(str(error.value)) < 600 + len(str(folder)) and "\n" not in str(error.value)


def prefixed(state, *prefixes):
    return {f"{''.join(prefixes)}{name}": tensor for name, tensor in state.items()}


def in_the_middle(word, state):
    return {name.replace("features.", f"features.{word}.", 1): tensor for name, tensor in state.items()}


def same(backbone, state):
    return weights_of(backbone.module) == {name: tensor.numpy().tobytes() for name, tensor in state.items()}


WRAPPED = {
    "DataParallel": lambda s: prefixed(s, "module."),
    "compile": lambda s: prefixed(s, "_orig_mod."),
    "both": lambda s: prefixed(s, "module.", "_orig_mod."),
    "both, the other way": lambda s: prefixed(s, "_orig_mod.", "module."),
    "a model in a model": lambda s: prefixed(s, "model.", "backbone."),
    "encoder": lambda s: prefixed(s, "encoder."),
    "net": lambda s: prefixed(s, "net."),
    "a name nobody foresaw": lambda s: prefixed(s, "my_squeezenet."),
    "compiled in part": partial(in_the_middle, "_orig_mod"),
    "sharded in part": partial(in_the_middle, "_fsdp_wrapped_module"),
}  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_names_of_wrappers_are_taken_off_and_nothing_is_left_out(tmp_path, state, wrap):
    backbone, told = loaded(tmp_path, wrap(state))
    assert same(backbone, state) and told == []


CHECKPOINTS = {
    "state_dict": lambda s: {"epoch": 3, "state_dict": s},
    "model_state_dict": lambda s: {"epoch": 3, "model_state_dict": s},
    "model": lambda s: {"epoch": 3, "model": s},
    "net": lambda s: {"epoch": 3, "net": s},
    "weights": lambda s: {"epoch": 3, "weights": s},
    "ema": lambda s: {"epoch": 3, "ema": s},
    "of Lightning": lambda s: {"epoch": 3, "state_dict": prefixed(s, "model.")},
    "parallel and compiled": lambda s: {"epoch": 3, "model": prefixed(s, "module._orig_mod.")},
    "deeper": lambda s: {"epoch": 3, "best": {"model": s}},
}


@pytest.mark.parametrize("wrap", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_a_checkpoint_holds_its_network_somewhere_inside(tmp_path, state, wrap):
    backbone, told = loaded(tmp_path, wrap(state))
    assert same(backbone, state)
    assert len(told) == 1 and "alone, without epoch." in told[0] and "w.pth was taken for squeezenet1_1" in told[0]


def test_what_a_training_script_keeps_beside_the_network_is_told(tmp_path, state):
    module = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 3)).sum().backward(), optimizer.step()
    options = argparse.Namespace(rate=0.1, folder="x")
    backbone, told = loaded(
        tmp_path,
        {"model": state, "optimizer": optimizer.state_dict(), "args": options, "best": np.float64(0.9), "epoch": torch.tensor(3)},
    )
    assert same(backbone, state)
    assert told == [f"{tmp_path / 'w.pth'} was taken for {NAME}: model alone, without optimizer, args, best, …."]


def test_safetensors_may_be_wrapped_too(tmp_path, state):
    safetensors.torch.save_file(prefixed(state, "module."), tmp_path / "w.safetensors")
    assert same(backbones.load(NAME, tmp_path / "w.safetensors"), state)


# ----------------------------------------------------------------------------------------------------------- which network


def other(state):
    return {name: tensor + 1 for name, tensor in state.items()}


@pytest.mark.parametrize("name", ["ema", "model_ema", "state_dict_ema", "ema_model.module", "teacher"])
def test_of_a_network_and_what_follows_it_the_plain_one_is_taken_and_the_other_told(tmp_path, state, name):
    for content in ({name: other(state), "model": state}, {"model": state, name: other(state)}):
        backbone, told = loaded(tmp_path, content)
        assert same(backbone, state)
        assert told == [f"{tmp_path / 'w.pth'} was taken for {NAME}: model alone, without {name}."]
    backbone, told = loaded(tmp_path, {**prefixed(other(state), f"{name}."), **prefixed(state, "model.")})
    assert same(backbone, state) and len(told) == 1 and f"model alone, without {name}.features.0.weight, " in told[0]


def test_two_networks_are_listed_and_neither_is_guessed(tmp_path, state):
    words = r"w\.pth holds 2 networks that fit squeezenet1_1, under first, second: save the one that you mean in a file of its own"
    refused(tmp_path, {"first": state, "second": other(state)}, words)
    refused(tmp_path, {**prefixed(state, "first."), **prefixed(other(state), "second.")}, words)


def test_the_same_network_under_two_names_is_one(tmp_path, state):
    backbone, _ = loaded(tmp_path, {**prefixed(body_of(state), "encoder."), **prefixed(state, "model."), **prefixed(other(state), "ema.")})
    assert same(backbone, state)  # with its head
    backbone, told = loaded(tmp_path, {"ema": state, "model": state})
    assert same(backbone, state) and told[0].endswith("model alone, without ema.")


def test_another_networks_checkpoint_stays_refused(tmp_path, state):
    refused(tmp_path, {"epoch": 3, "model": prefixed(state, "module.")}, r"does not fit resnet18: missing: 102 \(conv1\.weight, .*, …\)", "resnet18")
    deeper = network("resnet18").module.state_dict() | {"layer1.2.conv1.weight": torch.zeros(64, 64, 3, 3)}
    refused(tmp_path, prefixed(deeper, "module."), r"not in the network: 1 \(layer1\.2\.conv1\.weight\)", "resnet18")


def test_a_strange_layer_or_one_that_is_missing_is_refused_whatever_wraps_it(tmp_path, state):
    refused(tmp_path, prefixed({**state, "features.3.gate.weight": torch.zeros(2)}, "module."), r"not in the network: 1 \(features\.3\.gate")
    refused(tmp_path, {"model": {**state, "norm.weight": torch.zeros(2)}}, r"not in the network: 1 \(norm\.weight\)")
    less = {name: tensor for name, tensor in state.items() if name != "features.4.squeeze.bias"}
    refused(tmp_path, prefixed(less, "module."), r"does not fit squeezenet1_1: missing: 1 \(features\.4\.squeeze\.bias\)")
    wider = {**state, "features.0.weight": torch.zeros(64, 3, 7, 7)}
    refused(tmp_path, prefixed(wider, "net."), r"wrong shapes: 1 \(features\.0\.weight is 64×3×7×7 instead of 64×3×3×3\)")


# ---------------------------------------------------------------------------------------------------------------- the head


def body_of(state):
    return {name: tensor for name, tensor in state.items() if not name.startswith(("classifier.", "fc."))}


def hidden_of(backbone, images):
    with torch.inference_mode():
        return cutting.run(backbone.module, images, ["hidden"], cutting.head_of(backbone))["hidden"]


IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_a_head_of_other_classes_is_taken_as_it_is(tmp_path, state):
    five = body_of(state) | {"classifier.1.weight": torch.randn(5, 512, 1, 1), "classifier.1.bias": torch.randn(5)}
    backbone, told = loaded(tmp_path, five)
    assert same(backbone, five)
    assert told == [f"{tmp_path / 'w.pth'} was taken for {NAME}: with its own head of 5 classes instead of 1000, whose names are not known."]
    with torch.inference_mode():
        hidden, scores = hidden_of(backbone, IMAGES), backbone.module(IMAGES)
    by_hand = nn.functional.conv2d(hidden, five["classifier.1.weight"], five["classifier.1.bias"]).relu().mean((2, 3))
    torch.testing.assert_close(scores, by_hand)
    assert backbone.classes[4] == "class 4"
    assert backbone.module.classifier[1].out_channels == 5
    assert loaded(tmp_path, state)[0].classes[4] == "hammerhead"


OTHER_HEADS = {
    "none": {},
    "a linear one": {"classifier.weight": torch.zeros(5, 512), "classifier.bias": torch.zeros(5)},
    "of two layers": {"classifier.1.weight": torch.zeros(64, 512, 1, 1), "classifier.1.bias": torch.zeros(64), "classifier.3.weight": torch.zeros(5, 64)},
    "on other features": {"classifier.1.weight": torch.zeros(5, 1024, 1, 1), "classifier.1.bias": torch.zeros(5)},
}  # fmt: skip


@pytest.mark.parametrize("head", OTHER_HEADS.values(), ids=OTHER_HEADS)
def test_without_a_head_of_its_own_the_hidden_features_are_there_and_classes_are_one_sentence(tmp_path, state, head, exact):
    backbone, told = loaded(tmp_path, body_of(state) | head)
    assert len(told) == 1 and told[0].endswith("so that there are hidden features and no classes.")
    assert ("classifier" in told[0]) == bool(head)
    expected = hidden_of(loaded(tmp_path, state, file="whole.pth")[0], IMAGES)
    torch.testing.assert_close(hidden_of(backbone, IMAGES), expected)
    torch.testing.assert_close(cutting.decapitate(backbone)(IMAGES), expected.mean((2, 3)))
    assert "features.12" in cutting.layers(backbone).index and backbone.classes[0] == "class 0"
    sentence = r"w\.pth holds no head of squeezenet1_1, so it gives no classes: choose the layer hidden, or give a file with the head"
    for ask in (lambda: backbone.module(IMAGES), lambda: features.looker(backbone, "classes")(np.zeros((1, 224, 224, 3), np.uint8))):
        with pytest.raises(BackboneError, match=sentence):
            ask()


@pytest.mark.parametrize("head", ["none", "three", "whole"])
def test_the_graph_of_a_lite_says_the_same_of_whatever_head(tmp_path, head, exact):
    state = backbones.load("efficientnet_lite0", "random", 1).module.state_dict()
    full = dict(state)
    if head != "whole":
        state = body_of(state) | ({"classifier.weight": torch.randn(3, 1280), "classifier.bias": torch.randn(3)} if head == "three" else {})
    backbone, told = loaded(tmp_path, prefixed(state, "module."), "efficientnet_lite0")
    assert len(told) == 1 and ("head" in told[0]) == (head != "whole")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    layers = ["hidden"] if head == "none" else ["hidden", "classes"]
    found = features.looker(backbone, layers)(pixels)
    whole, _ = loaded(tmp_path, full, "efficientnet_lite0", "full.pth")
    with torch.inference_mode():
        images = backbone.transform.batch(torch.from_numpy(pixels).permute(0, 3, 1, 2))
        expected = hidden_of(whole, images)
    np.testing.assert_allclose(found["hidden"], expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
    if head == "none":
        with pytest.raises(BackboneError, match="holds no head of efficientnet_lite0"):
            features.looker(backbone, "classes")
    else:
        scores = expected @ state["classifier.weight"].T + state["classifier.bias"]
        np.testing.assert_allclose(found["classes"], scores, rtol=1e-3, atol=1e-3 * float(scores.abs().max()))


def test_a_body_inside_another_model_is_taken_and_the_rest_told(tmp_path, state):
    held = prefixed(body_of(state), "backbone.features_of.") | {"head.weight": torch.zeros(5, 512), "head.bias": torch.zeros(5)}
    backbone, told = loaded(tmp_path, held)
    assert told == [
        f"{tmp_path / 'w.pth'} was taken for {NAME}: backbone.features_of alone, without head.weight, head.bias; it has no head, so "
        "that there are hidden features and no classes."
    ]
    assert same(backbone, body_of(state))


@pytest.mark.parametrize("name", ["resnet18", "vit_b_16", "mobilenet_v3_small", "vgg16", "swin_t", "efficientnet_b1", "regnet_y_400mf", "shufflenet_v2_x0_5", "mnasnet0_5", "googlenet", "tf_efficientnet_lite0", "vit_tiny_patch16_224", "convnext_atto", "resnet10t"])  # fmt: skip
def test_the_head_of_a_file_is_the_one_that_is_cut_off(name):
    from shoulders.backbones import _SOURCES, files

    card = backbones.card(name)
    with torch.device("meta"):
        module = _SOURCES[card.library].network(card) if name != "regnet_y_400mf" else None
    module = module or _SOURCES[card.library].network(card)
    head = files.head_of(module, card)
    inside = [key for key in module.state_dict() if key.startswith(f"{head}.")]
    weight = next(module.get_parameter(key) for key in inside if key.endswith("weight"))
    assert len(inside) == 2 and len(weight) == 1000


# --------------------------------------------------------------------------------------------------- what is no plain weight


def test_numbers_of_another_kind_are_one_sentence(tmp_path, state):
    first = state["features.0.weight"]
    quantised = torch.quantize_per_tensor(first, 0.1, 0, torch.qint8)
    for odd, words in ((quantised, "quantised numbers"), ((first * 10).to(torch.int8), "whole numbers"), (first.to(torch.complex64), "complex numbers")):
        content = {"model": {**state, "features.0.weight": odd}}
        refused(tmp_path, content, rf"w\.pth holds no state_dict of plain weights: 1 of its tensors hold {words} \(features\.0\.weight\)")


def test_a_whole_network_that_was_pickled_is_named_and_not_opened(tmp_path):
    torch.save({"model": nn.Sequential(nn.Linear(2, 2))}, tmp_path / "whole.pth")
    with pytest.raises(BackboneError, match=r"whole\.pth cannot be read as weights: it holds objects instead of tensors alone \(torch\.nn\.modules.*never run here"):
        backbones.load(NAME, tmp_path / "whole.pth").module  # noqa: B018


class Trap:
    """Unpickling this would make a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        import os

        return os.mkdir, (self.path,)


def test_options_beside_the_weights_run_no_code_either(tmp_path, state):
    trap = Trap(tmp_path / "it_ran")
    for options in (argparse.Namespace(folder=trap), {"best": np.array([trap, 1], object)}):
        torch.save({"model": state, "args": options}, tmp_path / "w.pth")
        with pytest.raises(BackboneError, match=r"w\.pth cannot be read as weights: it holds objects.*\(.*\), whose code is never run here"):
            backbones.load(NAME, tmp_path / "w.pth").module  # noqa: B018
        assert not (tmp_path / "it_ran").exists()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_program_is_not_run(tmp_path):
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "script.pt")
    with pytest.raises(BackboneError, match=r"script\.pt cannot be read as weights: it is a program of TorchScript, which is never run here"):
        backbones.load(NAME, tmp_path / "script.pt").module  # noqa: B018


def test_counters_that_a_profiler_left_are_no_layers(tmp_path, state):
    left = {"total_ops": torch.zeros(1), "features.0.total_params": torch.zeros(1)}
    backbone, told = loaded(tmp_path, state | left)
    assert same(backbone, state) and told == []


def test_what_a_file_holds_instead_is_named(tmp_path):
    for content, words in (({"epoch": 3, "args": {}}, ", but epoch, args: save"), ([1], ", but a list: save"), ({}, r"tensors\): save")):
        refused(tmp_path, content, rf"w\.pth holds no state_dict \(names and tensors\)?{words}" if "but" in words else words)


# ------------------------------------------------------------------------------------------------- what scripts leave beside


def test_places_and_tables_of_a_training_script_are_no_code(tmp_path, state):
    options = argparse.Namespace(data=tmp_path, model=NAME, rates=defaultdict(list, first=[0.1]))
    backbone, told = loaded(
        tmp_path, {"model": state, "model_ema": state | {"x.y": torch.zeros(1)}, "a": 1, "b": 2, "args": options}
    )
    assert same(backbone, state)
    assert "without model_ema, a, b, …" in told[0]  # a network that is left is told before what else is


def test_a_file_is_read_by_what_it_holds_whatever_it_is_called(tmp_path, state):
    safetensors.torch.save_file(state, tmp_path / "really.pth")
    torch.save(state, tmp_path / "really.safetensors")
    assert all(same(backbones.load(NAME, tmp_path / f"really.{end}"), state) for end in ("pth", "safetensors"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "it is a text, which begins with 'version https://git-lfs"),
        (b'{"weight_map": {"a": "model-00001-of-00002.safetensors"}}', 'it is a text, which begins with \'{"weight_map"'),
        (b"PK\x03\x04 no archive", "damaged"),
    ],
)
def test_what_is_no_weights_file_is_called_what_it_is(tmp_path, content, words):
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(BackboneError, match=words):
        backbones.load(NAME, tmp_path / "w.safetensors").module  # noqa: B018


@pytest.mark.parametrize("prefix", ["", "features.", "0."], ids=["as it is", "in a model", "of fastai"])
def test_the_children_of_a_network_in_a_row_are_the_network(tmp_path, prefix):
    layers = network("resnet18").module
    row = nn.Sequential(*list(layers.children())[:-1]).state_dict()
    backbone, told = loaded(tmp_path, prefixed(row, prefix) | {"1.2.weight": torch.ones(3)} if prefix else row, "resnet18")
    whole = backbone.module.state_dict()
    assert all(torch.equal(tensor, whole[name]) for name, tensor in layers.state_dict().items() if not name.startswith("fc."))
    assert "it has no head" in told[0] and ("1.2.weight" in told[0]) == bool(prefix)


@pytest.mark.parametrize("channels", [1, 4])
def test_a_network_of_other_colours_is_one_sentence_of_its_own(tmp_path, state, channels):
    first = "features.0.weight"
    changed = state | {first: torch.zeros(64, channels, *state[first].shape[2:])}
    refused(tmp_path, changed, f"pictures of {channels} channel.*red, green and blue")


def test_what_a_file_calls_its_network_is_told_where_it_is_another_name(tmp_path, state):
    assert "the file itself calls it squeezenet9" in loaded(tmp_path, {"arch": "squeezenet9", "state_dict": state})[1][0]
    assert "itself" not in loaded(tmp_path, {"arch": NAME, "state_dict": state})[1][0]


def test_the_twin_of_a_lite_with_the_same_tensors_is_not_taken_for_it(tmp_path):
    name = "efficientnet_lite0"
    state = backbones.load(name, "random").module.state_dict()
    assert "pads like TensorFlow" in loaded(tmp_path, state, name)[1][0]
    assert "pads" not in loaded(tmp_path, {"arch": f"tf_{name}", "state_dict": state}, name)[1][0]
    refused(tmp_path, {"arch": name, "state_dict": state}, f"another network.*{name}.ra_in1k", name)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(tmp_path, state, number):
    first = "features.0.weight"
    refused(tmp_path, state | {first: state[first] * number}, r"1 of its tensors hold numbers that are not finite \(features\.0\.weight\)")
