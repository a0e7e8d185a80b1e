"""A training that is read from disk is the one that was done, to the last digit; what differs in anything is trained anew."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from making import network, set_of, weights_of
from safetensors import SafetensorError

from shoulders import datasets, recall, training, views

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch.optim", "ignore:Detected call of")
SHORT = {"head_epochs": 1, "epochs": 2, "batch_size": 4}


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(views, "LEAST", 1)


@pytest.fixture
def held(tmp_path):
    return datasets.load(set_of(tmp_path / "set", 5, 4))


@pytest.fixture
def counted(monkeypatch):
    """The trainings that were really done."""
    done = []
    for name in ("fine_tune", "from_scratch"):
        train = getattr(training, name)

        def told(*args, _train=train, **settings):
            done.append(_train.__name__)
            return _train(*args, **settings)

        told.__name__ = name
        monkeypatch.setattr(training, name, told)
    return done


@pytest.mark.parametrize(
    ("way", "name", "settings"),
    [
        ("fine_tune", "squeezenet1_1", SHORT | {"blocks": 1}),
        ("fine_tune", "resnet18", SHORT | {"curve": False, "per_class": 3}),
        ("from_scratch", "vgg16_tiny", {"epochs": 1, "batch_size": 4, "helped": True}),
        ("from_scratch", "squeezenet1_1", {"epochs": 1, "batch_size": 4, "seed": 3}),
    ],
)
def test_what_was_trained_before_comes_back_to_the_last_digit(way, name, settings, held, counted):
    backbone = network(name)
    first, again = (recall.trained(getattr(training, way), backbone, held, **settings) for _ in range(2))
    assert counted == [way]
    for one in fields(first):
        if one.name not in ("model", "probabilities", "valid"):
            assert getattr(first, one.name) == getattr(again, one.name), one.name
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert weights_of(first.model) == weights_of(again.model)
    assert [p.requires_grad for p in first.model.parameters()] == [p.requires_grad for p in again.model.parameters()]
    assert (again.model.name, again.model.transform, again.model.classes) == (first.model.name, first.model.transform, ("cats", "dogs"))
    images = torch.rand(2, 3, backbone.transform.crop, backbone.transform.crop)
    with torch.inference_mode():
        torch.testing.assert_close(first.model(images), again.model(images))
    assert not again.model.training


def test_other_pictures_another_seed_or_other_weights_are_trained_anew(held, counted):
    backbone, less = network("squeezenet1_1"), held.small(4)
    recall.trained(training.fine_tune, backbone, held, **SHORT)
    for others in (
        (backbone, held, SHORT | {"seed": 1}),
        (backbone, less, SHORT),
        (replace(backbone, digest="0" * 64), held, SHORT),
        (replace(backbone, transform=replace(backbone.transform, fit="pad")), held, SHORT),
        (backbone, held, SHORT | {"blocks": 1}),
    ):
        recall.trained(training.fine_tune, *others[:2], **others[2])
    assert counted == ["fine_tune"] * 6


def test_a_damaged_file_is_trained_anew_and_mended(held, counted, tmp_path):
    backbone = network("squeezenet1_1")
    first = recall.trained(training.fine_tune, backbone, held, **SHORT)
    (path,) = (tmp_path / "cache" / "trainings").glob("*.safetensors")
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", json.dumps({}).encode()):
        path.write_bytes(damaged)
        np.testing.assert_array_equal(recall.trained(training.fine_tune, backbone, held, **SHORT).probabilities, first.probabilities)
    assert counted == ["fine_tune"] * 4
    recall.trained(training.fine_tune, backbone, held, **SHORT)
    assert counted == ["fine_tune"] * 4


def test_where_nothing_can_be_written_the_training_counts_all_the_same(held, tmp_path):
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / "trainings").write_text("a file")
    with pytest.warns(UserWarning, match="This training is not remembered"):
        assert recall.trained(training.fine_tune, network("squeezenet1_1"), held, **SHORT).regime == "fine_tuning"


def test_on_a_full_disk_the_training_counts_all_the_same(held, monkeypatch):
    import safetensors.torch

    def full(*_):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(safetensors.torch, "save_file", full)
    with pytest.warns(UserWarning, match="not remembered: .*No space left"):
        recall.trained(training.fine_tune, network(), held, epochs=np.int64(1))
