"""On real photographs, where SHOULDERS_DATA points at some: what painted pictures cannot show."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from shoulders import backbones, datasets, training

pytestmark = pytest.mark.usefixtures("photographs")


@pytest.fixture
def photographs():
    if not os.environ.get("SHOULDERS_DATA"):
        pytest.skip("no photographs: set SHOULDERS_DATA to a folder that holds some (`shoulders fetch bees_vs_ants` brings them)")


@pytest.fixture(params=["bees_vs_ants", "cats_vs_dogs"])
def held(request, photographs):
    if datasets.find(request.param) is None:
        pytest.skip(f"SHOULDERS_DATA holds no {request.param}: `shoulders fetch {request.param}` brings it")
    return datasets.load(request.param)


@pytest.fixture
def backbone(photographs):
    """The file of SHOULDERS_WEIGHTS, of the network that SHOULDERS_BACKBONE names, or published weights that are here."""
    name, weights = os.environ.get("SHOULDERS_BACKBONE", "mobilenet_v2"), os.environ.get("SHOULDERS_WEIGHTS")
    if not weights and backbones.weights_path(backbones.card(name)) is None:
        pytest.skip(f"no weights of {name}: set SHOULDERS_WEIGHTS to a file of them, or run `shoulders fetch {name}`")
    return backbones.load(name, weights)


def test_a_set_is_whole_and_has_no_leaks(held):
    assert not set(held.train.digests) & set(held.valid.digests)
    assert set(held.classes) == set(datasets.CARDS[held.name].classes)
    if held.name == "bees_vs_ants":  # by the publisher's own count
        assert held.counts().to_dict() == {"train": {"ants": 123, "bees": 121}, "valid": {"ants": 70, "bees": 83}}
        skipped = [finding["file"] for finding in held.findings if finding["action"] == "skipped"]
        assert [name.rsplit("/", 1)[-1] for name in skipped] in ([], ["imageNotFound.gif"])


def test_decoding_a_photograph_smaller_changes_next_to_nothing(held):
    transform = backbones.card("vgg16").transform
    large = [path for path in held.train.paths if min(Image.open(path).size) >= 4 * transform.resize][:5]
    for path in large:
        short, full = transform.picture(path), transform.picture(Image.open(path))
        assert (short.float() - full.float()).abs().mean() < 3


def test_pixels_equal_torchvisions_preset(held):
    from torchvision import models

    transform, preset = backbones.card("vgg16").transform, models.VGG16_Weights.IMAGENET1K_V1.transforms()
    plain = [path for path in held.train.paths if "icc_profile" not in Image.open(path).info]  # torchvision passes profiles over
    small = [path for path in plain if min(Image.open(path).size) < 4 * transform.resize][:8]
    assert len(small) == 8
    for path in small:
        mine = transform.batch(transform.picture(path)[None])[0]
        torch.testing.assert_close(mine, preset(Image.open(path).convert("RGB")), rtol=0, atol=1e-6)


def test_the_network_knows_a_bee_and_a_cat(held, backbone):
    """Nobody taught it our question: its own classes already split the pictures."""
    if len(backbone.classes) != 1000:
        pytest.skip(f"{backbone.name} was trained on other classes than ImageNet-1K's")
    from shoulders import features

    small = held.small(40).train
    told = features.extract(backbone, small, "classes")["classes"].argmax(1)
    families = {"cats": range(281, 294), "dogs": range(151, 269), "bees": (309,), "ants": (310,)}
    right = np.array([answer in families[small.classes[label]] for answer, label in zip(told, small.labels)])
    assert right.mean() > 0.5  # of 1,000 classes; by chance 6 in 100 at best


def test_predictions_on_predictions(held, backbone):
    result = training.feature_extraction(backbone, held.small(60))
    assert result.interval[1] > 0.92, str(result)
    assert result.accuracy > 0.85, str(result)


def test_an_exported_file_says_of_photographs_what_we_say(held, backbone, tmp_path, exact):
    import onnxruntime

    from shoulders import export, models

    result = training.feature_extraction(backbone, held)
    model = models.load(models.save(tmp_path / "m.safetensors", result, backbone, held), backbone.source)
    assert export.write(tmp_path / "m.onnx", model) < 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    for row in models.each_answer(model, held.valid.paths):
        (theirs,) = session.run(None, {"pixels": backbone.transform.pixels(row["file"])[None]})
        np.testing.assert_allclose(theirs[0], [*row["probabilities"].values()], rtol=0, atol=1e-4, err_msg=row["file"])
