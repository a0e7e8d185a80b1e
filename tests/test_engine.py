"""Engines: two libraries say the same of the same network, and PyTorch, tuned, says what it said before."""

import copy
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from making import finish, network, paint, set_of, start, weights_of
from torch import nn

from shoulders import backbones, cutting, datasets, engine, features
from shoulders.engine import onnx, pytorch
from shoulders.support import devices

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
GIANTS = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]
here = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.skipif(not backbones.on_disk(n), reason=f"{n} comes with an extra")) for n in GIANTS]
)


def pixels_of(images):
    """uint8 pictures as engines take them."""
    return images.permute(0, 2, 3, 1).contiguous().numpy()


def painted(backbone, count=3):
    return np.stack([backbone.transform.pixels(paint(seed, (300 + 40 * seed, 280))) for seed in range(count)])


# ------------------------------------------------------------------------------------------------------------ two engines


@here
def test_two_engines_say_the_same(name, exact):
    backbone = backbones.load(name)
    assert engine.chosen(backbone, ["hidden", "classes"]) is onnx
    pixels, wanted = painted(backbone), ["classes", "hidden"]
    ours, theirs = onnx.reader(backbone, wanted)(pixels), pytorch.reader(backbone, wanted)(pixels)
    for layer in wanted:
        assert ours[layer].dtype == np.float32 and ours[layer].shape == theirs[layer].shape
        assert abs(ours[layer] - theirs[layer]).max() <= 1e-4 * abs(theirs[layer]).max()


def test_two_engines_say_the_same_of_random_weights(exact):
    backbone = backbones.load("efficientnet_lite0", "random", 3)
    pixels = painted(backbone)
    ours, theirs = (by.reader(backbone, ["hidden"])(pixels)["hidden"] for by in (onnx, pytorch))
    assert abs(ours - theirs).max() <= 1e-4 * abs(theirs).max()


@pytest.mark.parametrize("weights", [None, "random"])
def test_another_transform_is_taken_by_both(weights, exact):
    """A model file brings its own, whatever the catalogue says."""
    transform = backbones.Transform(80, 64, "bicubic", (0.1, 0.2, 0.3), (0.2, 0.3, 0.4))
    backbone = replace(backbones.load("efficientnet_lite0", weights), transform=transform)
    pixels = painted(backbone)
    ours, theirs = (by.reader(backbone, ["hidden"])(pixels)["hidden"] for by in (onnx, pytorch))
    assert abs(ours - theirs).max() <= 1e-4 * abs(theirs).max()


def test_wrong_padding_is_noticed(exact):
    """timm's twin without ``tf_`` takes the same tensors, pads evenly, and answers something else."""
    import timm

    backbone = backbones.load("efficientnet_lite0")
    twin = timm.create_model("efficientnet_lite0", pretrained=False).eval()
    twin.load_state_dict(backbone.module.state_dict())
    pixels = painted(backbone)
    with torch.inference_mode():
        other = twin(backbone.transform.batch(torch.from_numpy(pixels).permute(0, 3, 1, 2))).numpy()
    for by in (onnx, pytorch):
        said = by.reader(backbone, ["classes"])(pixels)["classes"]
        assert abs(said - other).max() > 0.05 * abs(other).max()


def test_the_giant_knows_what_it_sees():
    """A golden value: felt cats and dogs are told apart by 1,000 scores of which none is *cat* or *dog*."""
    backbone, held = backbones.load("efficientnet_lite0"), datasets.load("felt_cats_vs_dogs")
    some = held.valid.take(range(0, len(held.valid), 8))
    said = features.extract(backbone, some, "classes", remember=False)["classes"].argmax(1)
    dogs, cats = set(range(151, 269)), set(range(281, 294))  # ImageNet's breeds of dogs; its cats, great and small
    assert {label: backbone.classes[label] for label in (151, 268, 281, 293)} == {
        151: "Chihuahua", 268: "Mexican hairless", 281: "tabby", 293: "cheetah",
    }  # fmt: skip
    is_dog = np.array([held.classes[label] == "dogs" for label in some.labels])
    named = {kind: np.isin(said, list(words)) for kind, words in (("dog", dogs), ("cat", cats))}
    assert named["dog"][is_dog].mean() > 0.5  # felt cats are terriers, too: that is the lesson
    assert named["cat"][~is_dog].any() and not named["cat"][is_dog].any()


def test_one_picture_or_many_say_the_same(exact):
    backbone = backbones.load("efficientnet_lite0")
    pixels = painted(backbone, 5)
    read = engine.reader(backbone, ["hidden"])
    alone = np.concatenate([read(pixels[i : i + 1])["hidden"] for i in range(5)])
    np.testing.assert_allclose(alone, read(pixels)["hidden"], atol=1e-5 * abs(alone).max())


def test_layers_in_the_middle_stay_with_pytorch(exact):
    backbone = backbones.load("efficientnet_lite0")
    assert engine.chosen(backbone, ["hidden", "blocks.3"]) is pytorch
    assert engine.name(backbone, ["blocks.3"]) == "torch"
    assert engine.chosen(network("resnet18"), ["hidden"]) is pytorch
    assert pytorch.reader(backbone, ["blocks.0"])(painted(backbone, 1))["blocks.0"].shape == (1, 16)


def test_a_gpu_takes_pytorch(monkeypatch):
    monkeypatch.setattr(devices, "device", lambda: "cuda")
    assert engine.name(backbones.load("efficientnet_lite0"), ["hidden"]) == "torch"


def test_the_engine_is_part_of_the_memorys_key(tmp_path, exact, monkeypatch):
    held, backbone = datasets.load(set_of(tmp_path / "set", 2, 1)).train, backbones.load("efficientnet_lite0")
    first = features.extract(backbone, held)
    assert features.extract(backbone, held).cached
    monkeypatch.setattr(onnx, "serves", lambda *_: False)
    other = features.extract(backbone, held)
    assert not other.cached
    assert abs(first["hidden"] - other["hidden"]).max() <= 1e-4 * abs(first["hidden"]).max()


def test_what_is_missing_is_computed_by_the_engine_that_its_key_names(tmp_path, exact, monkeypatch):
    held, backbone = datasets.load(set_of(tmp_path / "set", 2, 1)).train, backbones.load("efficientnet_lite0")
    features.extract(backbone, held, "blocks.0")
    monkeypatch.setattr(onnx, "reader", lambda *_, **__: pytest.fail("rows of one engine under the other's name"))
    both = features.extract(backbone, held, ["blocks.0", "hidden"])  # PyTorch runs both, and only hidden is missing
    assert not both.cached and both["hidden"].shape == (4, 1280)


def test_a_library_that_does_not_load_is_one_sentence_and_no_end(tmp_path, exact, monkeypatch):
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('DLL load failed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    onnx._loads.cache_clear()
    try:
        with pytest.warns(UserWarning, match=r"^ONNX Runtime does not load \(.*\): going on with PyTorch, which is slower\.$"):
            assert engine.chosen(backbones.load("efficientnet_lite0"), ["hidden"]) is pytorch
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # said once
            assert not onnx.serves(backbones.load("efficientnet_lite0"), ["hidden"])
    finally:
        onnx._loads.cache_clear()


COLD = """
import sys
from shoulders import backbones, datasets, features, heads
from shoulders.support import devices
devices.device = lambda: "cpu"
held = datasets.load(sys.argv[1])
both = [features.extract(backbones.load(), part)["hidden"] for part in (held.train, held.valid)]
heads.answers("logistic_regression", both[0], held.train.labels, both[1])
print(*sorted({"torch", "torchvision", "timm", "fastai", "sklearn", "pandas"} & set(sys.modules)))
"""


def test_a_first_look_imports_neither_torch_nor_timm(tmp_path):
    assert finish(start(COLD, set_of(tmp_path / "set", 3, 2))) == "\n"


# ------------------------------------------------------------------------------------------------------- PyTorch, tuned


def test_an_in_place_relu_does_not_change_what_was_read(exact):
    backbone = network("vgg16_tiny")
    images = (IMAGES * 255).to(torch.uint8)
    read = pytorch.reader(backbone, ["features.0", "features.1"])(pixels_of(images))
    with torch.inference_mode():
        before = backbone.module.features[0](backbone.transform.batch(images))
        assert (before < 0).any()
        torch.testing.assert_close(torch.from_numpy(read["features.0"]), before.mean((2, 3)))
        torch.testing.assert_close(torch.from_numpy(read["features.1"]), before.relu().mean((2, 3)))


def test_the_reader_leaves_the_backbone_as_it_is(exact):
    backbone = network("resnet18")
    before, parameter = weights_of(backbone.module), backbone.module.conv1.weight
    strides = parameter.stride()
    values = pytorch.reader(backbone, ["hidden", "classes", "layer1"])(pixels_of((IMAGES * 255).to(torch.uint8)))
    assert {layer: rows.shape for layer, rows in values.items()} == {"hidden": (2, 512), "classes": (2, 1000), "layer1": (2, 64)}
    assert weights_of(backbone.module) == before
    assert backbone.module.conv1.weight.stride() == strides


def test_the_reader_answers_float32_in_either_precision(monkeypatch):
    from shoulders.support import devices

    images, values = (IMAGES * 255).to(torch.uint8), {}
    monkeypatch.setattr(devices, "device", lambda: "cpu")
    for precision in ("fp32", "bf16"):
        monkeypatch.setattr(devices, "precision", lambda on=None, precision=precision: precision)
        values[precision] = pytorch.reader(network("resnet18"), ["layer2", "hidden", "classes"])(pixels_of(images))
    for layer, exactly in values["fp32"].items():
        roughly = values["bf16"][layer]
        assert roughly.dtype == exactly.dtype == "float32"
        assert abs(roughly - exactly).max() < 0.05 * abs(exactly).max()
        assert (roughly != exactly).any()  # bf16 was used


def lived_in(module):
    """BatchNorm with statistics and weights that are not those of birth."""
    generator = torch.Generator().manual_seed(3)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor, low, high in ((layer.weight, 0.5, 1.5), (layer.bias, -0.3, 0.3), (layer.running_mean, -0.2, 0.2)):
                tensor.data.uniform_(low, high, generator=generator)
            layer.running_var.uniform_(0.5, 2, generator=generator)
    return module


def norms_of(module):
    return [name for name, layer in module.named_modules() if isinstance(layer, nn.BatchNorm2d)]


LAYERS = ["layer1.0.conv1", "layer1.0.bn2", "layer2", "hidden", "classes"]


@pytest.mark.parametrize("layers", [LAYERS[:1], LAYERS[1:], LAYERS])
def test_folded_layers_say_the_same(layers):
    module = lived_in(network("resnet18").module)
    before = copy.deepcopy(module.state_dict())
    folded = pytorch._folded(module, layers, "fc", torch.zeros(1, 3, 64, 64))
    assert norms_of(folded) == (["layer1.0.bn1"] if LAYERS[0] in layers else [])  # what is asked for stays what it was
    with torch.inference_mode():
        right, found = (cutting.run(one, IMAGES, layers, "fc", torch.clone) for one in (module, folded))
    for layer in layers:
        torch.testing.assert_close(found[layer], right[layer], rtol=1e-4, atol=1e-4)
    assert len(norms_of(module)) == 20 and all(torch.equal(now, before[name]) for name, now in module.state_dict().items())


class Odd(nn.Module):
    """A convolution and BatchNorm, with something in between that folding would change."""

    def __init__(self, kind):
        super().__init__()
        self.conv, self.norm, self.fc, self.kind = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2), kind

    def forward(self, images):
        maps = self.conv(images)
        if self.kind == "the convolution is looked at":
            return self.fc((maps + self.norm(maps)).mean((2, 3)))
        if self.kind == "a ReLU in place":
            return self.fc(self.norm(maps.relu_()).mean((2, 3)))
        if self.kind == "the convolution runs twice":
            return self.fc((self.norm(maps) + self.norm(self.conv(images / 2))).mean((2, 3)))
        return self.fc(self.norm(maps).mean((2, 3)))


@pytest.mark.parametrize("kind", ["the convolution is looked at", "a ReLU in place", "the convolution runs twice", "nothing"])
def test_folding_leaves_alone_what_it_would_change(kind):
    module = lived_in(Odd(kind).eval())
    folded = pytorch._folded(module, ["classes"], "fc", torch.zeros(1, 3, 16, 16))
    assert norms_of(folded) == ([] if kind == "nothing" else ["norm"])
    with torch.inference_mode():
        torch.testing.assert_close(folded(IMAGES), module(IMAGES), rtol=1e-4, atol=1e-5)


def test_a_network_without_batchnorm_is_not_copied_for_it():
    module = network("vgg16_tiny").module
    assert pytorch._folded(module, ["hidden"], "classifier", torch.zeros(1, 3, 64, 64)) is module


def test_statistics_that_are_not_kept_cannot_be_folded():
    module = Odd("nothing").eval()
    module.norm = nn.BatchNorm2d(4, track_running_stats=False)
    assert pytorch._folded(module, ["classes"], "fc", torch.zeros(1, 3, 16, 16)) is module
