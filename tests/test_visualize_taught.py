"""Looking into what a training left: the model of a result is taken as a backbone is, and says what the backbone would say."""

import pytest
import torch
from making import network, set_of

from shoulders import datasets, models, plates, training, views, visualize
from shoulders.visualize import VisualizeError
from shoulders.visualize.machinery import networks

AT = "0.network.features.26"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A backbone, its pictures, and the result of a fine-tuning."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("trained")
        patch.setenv("SHOULDERS_CACHE", str(folder / "cache"))
        patch.setattr(views, "LEAST", 1)
        backbone, held = network("vgg16_tiny", 2), datasets.load(set_of(folder / "set", 4, 3))
        return backbone, held, training.fine_tune(backbone, held, head_epochs=0, epochs=1, batch_size=4, curve=False)


@pytest.fixture
def pair(trained):
    """The same network twice: under the names of the result's model, and whole again under those of the backbone."""
    backbone, held, result = trained
    return result.model, visualize.retrained(backbone, result), held.valid.paths


def close(first, second):
    torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rule", ["deconvnet", "gradient"])
def test_projections(pair, rule):
    model, whole, pictures = pair
    found, expected = (visualize.project(net, pictures[:2], at, [0, 1], rule) for net, at in ((model, AT), (whole, AT[10:])))
    close(found.pixels, expected.pixels)
    assert found.pixels.abs().max() > 0
    close(visualize.project(model, pictures[0], "classes", 1, rule).pixels, visualize.project(whole, pictures[0], "classes", 1, rule).pixels)
    close(visualize.project(model, pictures[0], "1", 1, rule).pixels, visualize.project(whole, pictures[0], "classes", 1, rule).pixels)
    close(visualize.project(model, pictures[0], "hidden", 5, rule).pixels, visualize.project(whole, pictures[0], "flatten", 5, rule).pixels)


def test_top_activations_and_the_plate_that_shows_them(pair):
    model, whole, pictures = pair
    tops = visualize.top_activations(model, pictures, [AT, "hidden"], k=2)
    expected = visualize.top_activations(whole, pictures, [AT[10:], "flatten"], k=2)
    for found, wanted in zip(tops.values(), expected.values()):
        close(found.values, wanted.values)
        assert torch.equal(found.indices, wanted.indices)
    plate, wanted = (visualize.plate(net, pictures, at, [0, 1], k=2) for net, at in ((model, AT), (whole, AT[10:])))
    close(plate.projections, wanted.projections)
    assert torch.equal(plate.patches, wanted.patches) and plate.network == "vgg16_tiny"
    plates.plate(plate)


def test_occlusion(pair):
    model, whole, pictures = pair
    found, expected = (visualize.occlusion(net, pictures[0], at, patch=24, stride=20) for net, at in ((model, AT), (whole, AT[10:])))
    close(found.probability, expected.probability)
    close(found.activity, expected.activity)
    close(found.projection, expected.projection)
    assert tuple(found.names) == ("cats", "dogs")


def test_grad_cam_and_gradients_name_the_new_classes(pair):
    pytest.importorskip("captum")
    model, whole, pictures = pair
    found, expected = (visualize.grad_cam(net, pictures[:2], at, 1) for net, at in ((model, AT), (whole, AT[10:])))
    close(found.maps, expected.maps)
    assert found.names == ("dogs", "dogs")
    plates.heat(found, networks.opened(model, shown=pictures[:2]).pictures)
    close(visualize.integrated_gradients(model, pictures[:1], 0, 4).pixels, visualize.integrated_gradients(whole, pictures[:1], 0, 4).pixels)


def test_receptive_fields_and_filters(pair):
    model, whole, _ = pair
    assert visualize.receptive_field(model, AT) == visualize.receptive_field(whole, AT[10:])
    assert torch.equal(visualize.first_filters(model).weights, visualize.first_filters(whole).weights)
    assert visualize.first_filters(model).network == "vgg16_tiny"


def test_probes(trained, exact):
    _, held, result = trained
    found = visualize.probes(result.model, held, ["0.network.features.14", "hidden"])
    expected = visualize.probes(visualize.retrained(*trained[::2]), held, ["features.14", "hidden"])
    columns = ["accuracy", "low", "high", "n", "n_train", "values"]
    assert found[columns].round(6).equals(expected[columns].round(6))
    assert "0.network.features.22" in set(visualize.probes(result.model, held).layer)
    with pytest.raises(VisualizeError, match="Sequential is a plain module and has no transform"):
        visualize.probes(trained[0].module, held)


def test_controls(pair):
    model, _, pictures = pair
    assert visualize.random_units(model, AT, 3).shape == (3, 64)
    both = visualize.randomisation(model, pictures[:1], AT, 0)
    assert both.trained.pixels.shape == both.random.pixels.shape and not torch.equal(both.trained.pixels, both.random.pixels)
    assert visualize.invariance(model, pictures[:1], AT, "classes").network == "vgg16_tiny"


def test_a_model_that_was_saved_and_loaded_is_looked_into_by_its_backbone(tmp_path, monkeypatch):
    monkeypatch.setattr(views, "LEAST", 1)
    backbone, held = network("squeezenet1_1", 2), datasets.load(set_of(tmp_path / "set", 4, 2))
    result = training.fine_tune(backbone, held, head_epochs=0, epochs=1, batch_size=4, curve=False)
    loaded, pictures = models.load(models.save(tmp_path / "m.safetensors", result, backbone, held)), held.valid.paths[:1]
    for layer in ("0.network.features.12.squeeze", "classes", "hidden"):
        first, second = (visualize.project(net, pictures, layer, 1, "gradient") for net in (loaded.backbone, result.model))
        close(first.pixels, second.pixels)
    assert visualize.occlusion(loaded.backbone, pictures[0], "0.network.features.3", patch=32, stride=32).names == ("cats", "dogs")


REFUSED = {
    "a layer that was cut off": (lambda net, x, result: visualize.project(net, x, "0.network.classifier", 0), "'0.network.classifier' does not run"),
    "the network that stops inside": (lambda net, x, result: visualize.top_activations(net, x, "0.network"), "'0.network' does not run"),
    "a layer of the backbone's name": (lambda net, x, result: visualize.project(net, x, "features.26", 0), "no layer 'features.26': for instance 0.network.features.26"),
    "a result": (lambda net, x, result: visualize.project(result, x, AT, 0), "A Result is no network: give a Backbone or a module of torch"),
}  # fmt: skip


@pytest.mark.parametrize(("ask", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_looked_into_is_one_sentence(trained, ask, words):
    _, held, result = trained
    with pytest.raises(VisualizeError, match=words):
        ask(result.model, held.valid.paths[:1], result)
