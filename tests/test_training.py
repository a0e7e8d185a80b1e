"""Training: what is frozen stays byte for byte, the same seed gives the same numbers, the last epoch is what is reported."""

import random
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from making import folder_of, network, set_of, weights_of
from sklearn.linear_model import LogisticRegression

from shoulders import cutting, datasets, features, heads, learning, training, views
from shoulders.backbones import Transform

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch.optim", "ignore:Detected call of")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """An epoch sees each of the few pictures once."""
    monkeypatch.setattr(views, "LEAST", 1)


@pytest.fixture
def held(tmp_path):
    return datasets.load(set_of(tmp_path / "set", 7, 5))


def tuned(backbone, held, **options):
    return training.fine_tune(backbone, held, **{"head_epochs": 1, "epochs": 2, "batch_size": 4, **options})


# ---------------------------------------------------------------------------------------------------- feature extraction


def test_a_training_part_without_a_class_is_refused(held):
    """Its head would have a column less, and the others would be read as other classes."""
    one = replace(held, train=held.train.take(np.flatnonzero(held.train.labels == 1)))
    with pytest.raises(heads.HeadError, match="No training picture is of cats"):
        training.feature_extraction(network(), one)


def test_feature_extraction_is_features_and_a_head(held):
    backbone = network()
    before = weights_of(backbone.module)
    result = training.feature_extraction(backbone, held, per_class=4, seed=2)
    rows = {part: features.extract(backbone, getattr(held, part))["hidden"] for part in ("train", "valid")}
    chosen = held.train.sample(4, 2)
    fitted = heads.fit("logistic_regression", rows["train"][chosen], held.train.labels[chosen], 2)
    np.testing.assert_array_equal(result.probabilities, heads.probabilities(fitted, rows["valid"]))
    assert isinstance(result.model[-1], LogisticRegression)
    assert (result.n_train, result.trained_parameters, result.cached) == (8, 512 + 1, False)
    assert weights_of(backbone.module) == before
    again = training.feature_extraction(backbone, held, per_class=4, seed=2)
    np.testing.assert_array_equal(again.probabilities, result.probabilities)
    assert again.cached and again.accuracy == result.accuracy
    assert result.seconds["decode"] > 0 == again.seconds["decode"]


@pytest.mark.parametrize(("head", "parameters"), [("ridge", 3 * 512 + 3), ("nearest_neighbours", 0)])
def test_every_head_and_what_it_learns(tmp_path, head, parameters):
    held = datasets.load(folder_of(tmp_path / "set", {"cats": 6, "dogs": 6, "owls": 6}))
    result = training.feature_extraction(network(), held, head=head)
    assert result.trained_parameters == parameters
    assert result.probabilities.shape == (len(held.valid), 3)
    assert result.accuracy > 0.6  # three colours: a network that was never taught tells them apart


def test_feature_extraction_at_any_layer(held):
    assert training.feature_extraction(network(), held, layer="features.6").trained_parameters == 256 + 1


# ------------------------------------------------------------------------------------------------------------ fine-tuning


@pytest.mark.parametrize(
    ("name", "blocks", "learning", "parameters"),
    [
        ("resnet18", 1, ["layer4"], 8_393_728 + 512 * 2 + 2),
        ("vgg16_tiny", 2, [f"features.{i}" for i in (17, 19, 21, 24, 26, 28)], 18_496 + 5 * 36_928 + 64 * 2 + 2),
        ("vgg16_tiny", 0, [], 64 * 2 + 2),
    ],
)
def test_frozen_is_byte_equal_and_the_rest_has_learnt(held, name, blocks, learning, parameters):
    backbone = network(name)
    before = weights_of(backbone.module)
    result = tuned(backbone, held, blocks=blocks, head_epochs=1, epochs=1)
    after = {key.removeprefix("0.network."): value for key, value in weights_of(result.model).items()}
    changed = {key for key in after if key in before and after[key] != before[key]}
    may_change = {key for key in before if any(key.startswith(layer + ".") for layer in learning)}
    assert changed <= may_change
    assert {key for key in may_change if key.endswith(("weight", "bias"))} <= changed
    assert weights_of(backbone.module) == before  # the given backbone, all of it
    assert all(p.requires_grad for p in backbone.module.parameters())
    assert result.trained_parameters == parameters


def test_two_blocks_learn_and_never_more_than_half_of_those_there_are(held, monkeypatch):
    """Told in numbers: how many parameters learnt, of how many."""
    backbone = network("resnet18")
    two, asked = (tuned(backbone, held, epochs=1, curve=False, **more) for more in ({}, {"blocks": 2}))
    assert two.trained_parameters == asked.trained_parameters == 8_393_728 + 2_099_712 + 512 * 2 + 2
    assert two.parameters == asked.parameters == 11_176_512 + 512 * 2 + 2 == two.row()["parameters"]
    three = [["conv1", "bn1"], ["layer1", "layer2", "layer3"], ["layer4"]]
    monkeypatch.setattr(cutting, "blocks", lambda network: three)
    assert tuned(backbone, held, epochs=1, curve=False).trained_parameters == 8_393_728 + 512 * 2 + 2


def test_more_blocks_than_there_are_are_all_of_them(held):
    result = tuned(network("vgg16_tiny"), held, blocks=99, epochs=1)
    assert result.trained_parameters == sum(p.numel() for p in result.model.parameters())
    with pytest.raises(training.TrainingError, match="blocks is -1: give 0, for the new head alone, to 5, for all of vgg16_tiny"):
        training.fine_tune(network("vgg16_tiny"), held, blocks=-1)


def test_a_training_that_went_astray_is_no_result(held):
    with pytest.raises(training.TrainingError, match="went astray.*lower rate"):
        tuned(network("vgg16_tiny"), held, epochs=1, rate=1e30)


@pytest.mark.parametrize("regime", ["fine_tuning", "from_scratch"])
def test_the_last_epoch_is_reported_and_every_epoch_has_a_row(held, regime):
    backbone = network("squeezenet1_1")
    result = tuned(backbone, held) if regime == "fine_tuning" else training.from_scratch(backbone, held, epochs=3, batch_size=4)
    assert [row["epoch"] for row in result.history] == [1, 2, 3]
    assert set(result.history[0]) == {"epoch", "train_loss", "valid_loss", "accuracy"}
    assert result.history[-1]["accuracy"] == pytest.approx(result.accuracy)
    loss = -np.log(result.probabilities[np.arange(len(held.valid)), held.valid.labels]).mean()
    assert result.history[-1]["valid_loss"] == pytest.approx(loss, rel=1e-3)
    assert result.regime == regime
    assert not result.model.training
    np.testing.assert_allclose(result.probabilities.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("regime", ["fine_tuning", "from_scratch"])
def test_without_a_curve_the_validation_pictures_are_looked_at_once(held, regime, monkeypatch):
    looks, look = [], views._look
    monkeypatch.setattr(views, "_look", lambda *args, training, **kw: looks.append(training) or look(*args, training=training, **kw))
    teach = tuned if regime == "fine_tuning" else partial(training.from_scratch, epochs=3, batch_size=4)
    result = teach(network("squeezenet1_1"), held, curve=False)
    assert looks.count(False) == -(-len(held.valid) // 4)
    assert [set(row) for row in result.history] == [{"epoch", "train_loss"}] * 3
    assert result.probabilities.shape == (len(held.valid), 2)


@pytest.mark.parametrize("regime", ["fine_tuning", "from_scratch"])
def test_the_same_seed_gives_the_same_numbers_whatever_ran_before(held, regime):
    def run(dice, seed):
        random.seed(dice), np.random.seed(dice), torch.manual_seed(dice)
        if regime == "fine_tuning":
            return tuned(network("vgg16_tiny"), held, seed=seed, per_class=5, rate=1e-2)
        return training.from_scratch(network("squeezenet1_1"), held, per_class=5, seed=seed, epochs=2, batch_size=4)

    first, again, other = run(1, seed=0), run(2, seed=0), run(1, seed=1)
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert first.history == again.history
    assert weights_of(first.model) == weights_of(again.model)
    assert (first.probabilities != other.probabilities).any()


def test_the_model_that_is_returned_is_the_one_that_was_measured(held, exact):
    result = tuned(network("vgg16_tiny"), held)
    transform = Transform(72, 64)
    images = transform.batch(torch.stack([transform.picture(path) for path in held.valid.paths]))
    with torch.inference_mode():
        np.testing.assert_allclose(result.model(images).softmax(1), result.probabilities, rtol=1e-3, atol=1e-5)


def test_fine_tuning_learns_two_colours(held):
    result = training.fine_tune(network("resnet18"), held, blocks=1, head_epochs=2, epochs=3, batch_size=4, rate=5e-3)
    assert result.accuracy == 1
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"]


# ----------------------------------------------------------------------------------------------------------- from scratch


def test_from_scratch_owes_the_backbone_nothing(held):
    """Weights drawn by the seed alone: another seed's backbone of that layout gives the same."""
    seeds = [network("squeezenet1_1", seed) for seed in (0, 5)]
    before = [weights_of(backbone.module) for backbone in seeds]
    results = [training.from_scratch(backbone, held, epochs=1, batch_size=4, seed=3) for backbone in seeds]
    np.testing.assert_array_equal(results[0].probabilities, results[1].probabilities)
    assert [weights_of(backbone.module) for backbone in seeds] == before
    head = 512 * 2 + 2
    assert results[0].trained_parameters == sum(p.numel() for p in seeds[0].module.features.parameters()) + head
    body = cutting.decapitate(seeds[0])
    assert all(value != weights_of(body)[name] for name, value in weights_of(results[0].model[0]).items())


# --------------------------------------------------------------------------------------------------------- little memory


@pytest.mark.parametrize("regime", ["fine_tuning, first batch", "fine_tuning, blocks", "from_scratch"])
def test_too_little_memory_starts_again_with_half_the_batch(held, monkeypatch, regime):
    """The result equals a run that began with that batch: nothing of the failed attempt is left."""

    def run(batch_size):
        if regime == "from_scratch":
            return training.from_scratch(network("squeezenet1_1"), held, epochs=2, batch_size=batch_size)
        return tuned(network("vgg16_tiny"), held, batch_size=batch_size, rate=1e-2)

    expected, forward = run(2), cutting.Headless.forward

    def small_memory(self, images):
        blocks_learn = any(p.requires_grad for p in self.parameters())
        if torch.is_grad_enabled() and len(images) > 3 and (blocks_learn or "first" in regime):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, images)

    monkeypatch.setattr(cutting.Headless, "forward", small_memory)
    with pytest.warns(UserWarning, match="starting again with 2 pictures at once"):
        result = run(4)
    assert result.history == expected.history
    np.testing.assert_array_equal(result.probabilities, expected.probabilities)
    assert weights_of(result.model) == weights_of(expected.model)
    assert not torch.is_autocast_enabled("cpu")


def test_memory_too_small_for_one_picture_is_an_error(held, monkeypatch):
    def no_memory(self, images):
        raise torch.OutOfMemoryError("CUDA out of memory")

    backbone = network("vgg16_tiny")
    body = cutting.decapitate(backbone)
    monkeypatch.setattr(cutting, "decapitate", lambda backbone: body)
    monkeypatch.setattr(cutting.Headless, "forward", no_memory)
    with pytest.warns(UserWarning, match="with 1 pictures"), pytest.raises(torch.OutOfMemoryError):
        tuned(backbone, held, batch_size=4)
    assert not torch.is_autocast_enabled("cpu")


def test_a_training_leaves_the_dice_as_they_lay(held):
    def dice():
        flags = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
        return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist(), flags

    before = dice()
    tuned(network("vgg16_tiny"), held)
    assert dice() == before


def test_an_interrupt_leaves_no_bar(held, monkeypatch):
    closed = []

    @contextmanager
    def counted(*_):
        try:
            yield lambda size: stop()
        finally:
            closed.append(True)

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(learning, "bar", counted)
    with pytest.raises(KeyboardInterrupt):
        tuned(network("vgg16_tiny"), held)
    assert closed == [True]


def test_an_interrupt_leaves_autocast(held, monkeypatch):
    forward = cutting.Headless.forward

    def stops(self, images):
        if torch.is_grad_enabled() and len(images) > 1:
            raise KeyboardInterrupt
        return forward(self, images)

    monkeypatch.setattr(cutting.Headless, "forward", stops)
    with pytest.raises(KeyboardInterrupt):
        tuned(network("vgg16_tiny"), held)
    assert not torch.is_autocast_enabled("cpu")
