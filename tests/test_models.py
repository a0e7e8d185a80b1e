"""Models: what was saved says the same again, and nothing but what was saved is taken for it."""

import copy
import hashlib
import json
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import onnxruntime
import pytest
import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from making import folder_of, network, paint, photograph, set_of, weights_of

from shoulders import backbones, datasets, export, features, heads, models, pictures, predictions, training, views
from shoulders.models import ModelError
from shoulders.support.errors import CourseError


def asked(model, paths):
    """Probabilities, shape (n, classes), of pictures that can all be read."""
    rows = models.answers(model, paths)
    assert [row["file"] for row in rows] == [str(path) for path in paths]
    for row in rows:
        assert row["probabilities"][row["class"]] == row["probability"] == max(row["probabilities"].values())
    return np.array([[row["probabilities"][name] for name in model.classes] for row in rows])


@pytest.fixture
def backbone(tmp_path):
    """With weights from a file, as anyone's own."""
    path = tmp_path / "weights.safetensors"
    if not path.exists():
        safetensors.torch.save_file(backbones.load("squeezenet1_1", "random", 4).module.state_dict(), path)
    return backbones.load("squeezenet1_1", path)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
def test_saved_loaded_and_asked_again(tmp_path, backbone, head, classes, exact):
    names = ("cats", "dogs", "owls")[:classes]
    held = datasets.load(set_of(tmp_path / "set", 4, 2, names))
    result = training.feature_extraction(backbone, held, head=head)
    path = models.save(tmp_path / "deep" / "model.safetensors", result, backbone, held)
    model = models.load(path)
    assert model.classes == names
    assert (model.backbone.digest, model.layer) == (backbone.digest, "hidden")
    np.testing.assert_allclose(asked(model, held.valid.paths), result.probabilities, atol=1e-5)
    one = asked(model, [str(held.valid.paths[-1])])
    np.testing.assert_allclose(one[0], result.probabilities[-1], rtol=1e-3, atol=1e-4)


@pytest.fixture
def saved(tmp_path, backbone):
    held = datasets.load(set_of(tmp_path / "set", 3, 2))
    result = training.feature_extraction(backbone, held, layer="features.6")
    return models.save(tmp_path / "model.safetensors", result, backbone, held), result, held


def test_a_head_that_was_thrown_away_cannot_be_saved(tmp_path, backbone):
    held = datasets.load(set_of(tmp_path / "set", 4, 2))
    thrown = training.feature_extraction(backbone, held, keep=False)
    with pytest.raises(ModelError, match="thrown away: run feature_extraction with keep=True"):
        models.save(tmp_path / "m.safetensors", thrown, backbone, held)
    np.testing.assert_allclose(thrown.probabilities, training.feature_extraction(backbone, held).probabilities, atol=1e-5)


def test_what_is_saved_looks_where_the_head_was_fitted(tmp_path):
    """Three layers of vgg16_tiny are equally wide: a mistake here would be answered, and wrongly."""
    tiny, held = backbones.load("vgg16_tiny"), datasets.load("felt_bees_vs_ants").small(12)
    result = training.feature_extraction(tiny, held, layer="features.22")
    model = models.load(models.save(tmp_path / "m.safetensors", result, tiny, held))
    assert model.layer == "features.22"
    np.testing.assert_allclose(asked(model, held.valid.paths), result.probabilities, rtol=1e-4, atol=1e-5)


def test_the_card_says_where_it_comes_from(saved, backbone):
    path, result, held = saved
    card = models.load(path).card
    assert card["weights_sha256"] == backbone.digest
    assert card["transform"] == {"resize": 256, "crop": 224, "interpolation": "bilinear",
                                 "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "fit": "crop"}  # fmt: skip
    assert (card["layer"], card["classes"], card["n_train"], card["n_valid"]) == ("features.6", ["cats", "dogs"], 6, 4)
    assert (card["accuracy"], card["low"], card["high"]) == (result.accuracy, *result.interval)
    assert models.load(path).layer == "features.6"


def test_other_weights_are_refused_and_moved_ones_can_be_named(tmp_path, saved, backbone):
    path, *_ = saved
    safetensors.torch.save_file(backbones.load("squeezenet1_1", "random", 5).module.state_dict(), tmp_path / "others.safetensors")
    with pytest.raises(ModelError, match=r"was fitted on other weights of squeezenet1_1 \(sha256 .*give the right file with --weights"):
        models.load(path, tmp_path / "others.safetensors")
    moved = tmp_path / "moved.safetensors"
    (tmp_path / "weights.safetensors").rename(moved)
    with pytest.raises(backbones.BackboneError, match="--weights FILE"):
        models.load(path)
    assert models.load(path, moved).backbone.digest == backbone.digest


def test_weights_that_changed_in_their_place_are_refused(tmp_path, saved):
    safetensors.torch.save_file(
        backbones.load("squeezenet1_1", "random", 5).module.state_dict(), tmp_path / "weights.safetensors"
    )
    with pytest.raises(ModelError, match="other weights"):
        models.load(saved[0])


def test_a_model_may_be_read_by_whoever_may_read_other_files_here(tmp_path, saved):
    (tmp_path / "plain.txt").touch()
    assert saved[0].stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


@pytest.mark.parametrize(
    "field", [{"crop": 0}, {"crop": "x"}, {"interpolation": "x"}, {"mean": [0, 0]}, {"std": [0, 1, 1]}, {"resize": 1e9}, None]
)
def test_a_damaged_transform_is_refused(tmp_path, saved, field):
    with safetensors.safe_open(saved[0], "np") as file:
        card, arrays = json.loads(file.metadata()["card"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    card["transform"] = field and card["transform"] | field
    safetensors.numpy.save_file(arrays, tmp_path / "damaged.safetensors", metadata={"card": json.dumps(card)})
    with pytest.raises(ModelError, match="damaged.safetensors is no model file"):
        models.load(tmp_path / "damaged.safetensors")


def test_a_head_without_its_scale_is_refused(tmp_path, saved):
    with safetensors.safe_open(saved[0], "np") as file:
        card, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys() if name != "scale"}  # noqa: SIM118
    safetensors.numpy.save_file(arrays, tmp_path / "less.safetensors", metadata=card)
    with pytest.raises(ModelError, match="is no model file"):
        models.load(tmp_path / "less.safetensors")


def test_random_weights_are_drawn_again(tmp_path):
    backbone = backbones.load("squeezenet1_1", "random", 7)
    held = datasets.load(set_of(tmp_path / "set", 2, 1))
    result = training.feature_extraction(backbone, held)
    model = models.load(models.save(tmp_path / "m.safetensors", result, backbone, held))
    assert model.backbone.digest == backbone.digest
    np.testing.assert_allclose(asked(model, held.valid.paths), result.probabilities, rtol=1e-3, atol=1e-4)


def test_a_head_that_was_saved_before_heads_were_calibrated_answers_as_it_did_and_is_told(tmp_path, backbone, recwarn):
    held = datasets.load(set_of(tmp_path / "set", 4, 2))
    result = training.feature_extraction(backbone, held, head="ridge")
    path = models.save(tmp_path / "m.safetensors", result, backbone, held)
    new = asked(models.load(path), held.valid.paths)
    assert not [said for said in recwarn if "earlier version" in str(said.message)]
    with safetensors.safe_open(path, "np") as file:
        card, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys() if name != "sharpness"}  # noqa: SIM118
    safetensors.numpy.save_file(arrays, path, metadata=card)
    with pytest.warns(UserWarning, match="m.safetensors was saved by an earlier version: .* is no probability"):
        old = asked(models.load(path), held.valid.paths)
    scores = result.model.decision_function(features.extract(backbone, held.valid)["hidden"])
    np.testing.assert_allclose(old[:, 1], 1 / (1 + np.exp(-2 * scores)), rtol=1e-4)
    assert old.argmax(1).tolist() == new.argmax(1).tolist() and abs(old - new).max() > 0.01


@pytest.mark.parametrize("content", [b"a text", b"", b"\x08\0\0\0\0\0\0\0{}      "], ids=["text", "empty", "no card"])
def test_another_file_is_no_model(tmp_path, content):
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(ModelError, match=r"notes\.txt is no model file: give one that `shoulders compare"):
        models.load(tmp_path / "notes.txt")


def test_weights_and_missing_files_are_no_models(tmp_path, backbone):
    said = {"weights.safetensors": "is no model file", "nowhere.safetensors": "does not exist", "": "is a folder"}
    for name, words in said.items():
        with pytest.raises(ModelError, match=f"{tmp_path / name} {words}"):
            models.load(tmp_path / name)
    safetensors.numpy.save_file({"a": np.zeros(2)}, tmp_path / "strange.safetensors", metadata={"card": "no json"})
    with pytest.raises(ModelError, match=r"strange\.safetensors is no model file"):
        models.load(tmp_path / "strange.safetensors")


@pytest.mark.parametrize("card", [{}, [], {"backbone": "squeezenet1_1"}])
def test_a_card_that_is_not_ours(tmp_path, card):
    safetensors.numpy.save_file({"mean": np.zeros(2)}, tmp_path / "theirs.safetensors", metadata={"card": json.dumps(card)})
    with pytest.raises(ModelError, match=r"theirs\.safetensors is no model file"):
        models.load(tmp_path / "theirs.safetensors")


MISFITS = [
    {"coef": np.zeros((1, 3))}, {"coef": np.full((1, 512), np.nan)}, {"coef": np.zeros((3, 512)), "intercept": np.zeros(3)},
    {"weights_file": None}, {"layer": 3}, {"head": "foo"}, {"head": "nearest_neighbours"},
    {"classes": ["cats"]}, {"classes": ["cats", "cats"]}, {"classes": 2},
]  # fmt: skip


@pytest.mark.parametrize("change", MISFITS, ids=str)
def test_parts_that_do_not_fit_each_other(tmp_path, saved, change):
    with safetensors.safe_open(saved[0], "np") as file:
        card, arrays = json.loads(file.metadata()["card"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, value in change.items():
        (arrays if isinstance(value, np.ndarray) else card)[name] = value
    safetensors.numpy.save_file(arrays, tmp_path / "odd.safetensors", metadata={"card": json.dumps(card)})
    with pytest.raises(ModelError, match=r"odd\.safetensors is no model file: give one"):
        models.load(tmp_path / "odd.safetensors")


def test_a_disk_that_is_full_is_one_sentence(tmp_path, saved, backbone, monkeypatch):
    path, result, held = saved
    before = {name: digest for name, digest in photograph(tmp_path).items() if not name.startswith("cache")}

    def full(arrays, part, metadata):
        part.write_bytes(b"half")
        raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    for write in (lambda: models.save(path, result, backbone, held), lambda: models.save_features(path, held, backbone)):
        with pytest.raises(ModelError, match=r"model\.safetensors cannot be written \(.*No space.*: make room there, or choose"):
            write()
    assert {name: digest for name, digest in photograph(tmp_path).items() if not name.startswith("cache")} == before


def test_when_saving_fails_the_old_model_stays_and_nothing_half_written(tmp_path, saved, backbone, monkeypatch):
    path, result, held = saved
    before = photograph(tmp_path)

    def breaks(arrays, part, metadata):
        part.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", breaks)
    with pytest.raises(OSError, match="No space left"):
        models.save(path, result, backbone, held)
    assert photograph(tmp_path) == before


def test_a_head_of_another_width_is_refused_in_one_sentence(tmp_path, saved):
    path = tmp_path / "wider.safetensors"
    with safetensors.safe_open(saved[0], "np") as file:
        card, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in ("mean", "scale", "coef"):
        arrays[name] = np.concatenate([arrays[name], arrays[name]], -1)
    safetensors.numpy.save_file(arrays, path, metadata=card)
    paint(1).save(tmp_path / "good.png")
    with pytest.raises(ModelError, match="The head asks for 512 features, and layer 'features.6' of squeezenet1_1 gives 256"):
        models.answers(models.load(path), [tmp_path / "good.png"])


def test_what_is_saved_is_whole_and_of_this_backbone(tmp_path, saved, backbone):
    _, result, held = saved
    with pytest.raises(ModelError, match="this result of fine_tuning holds no trained network: run the training again"):
        models.save(tmp_path / "no.safetensors", replace(result, regime="fine_tuning"), backbone, held)
    with pytest.raises(ModelError, match="the result is of squeezenet1_1, not of resnet18: give its own backbone"):
        models.save(tmp_path / "no.safetensors", result, network("resnet18"), held)
    assert not (tmp_path / "no.safetensors").exists()


# ------------------------------------------------------------------------------------------------------- trained networks


def few(monkeypatch):
    monkeypatch.setattr(views, "LEAST", 1)  # an epoch sees each of the few pictures once


def lite():
    return replace(network("efficientnet_lite0", 1), transform=backbones.Transform(72, 64, "bicubic", (0.5, 0.4, 0.3)))


TRAININGS = {
    "resnet18, two classes": (lambda: network("resnet18", 2), 2, partial(training.fine_tune, head_epochs=1, epochs=1, rate=1e-2)),
    "squeezenet, three": (lambda: network("squeezenet1_1", 2), 3, partial(training.fine_tune, head_epochs=1, epochs=1, rate=1e-2)),
    "lite, with a graph": (lite, 3, partial(training.fine_tune, head_epochs=1, epochs=1, rate=1e-2)),
    "from scratch": (lambda: network("squeezenet1_1", 2), 2, partial(training.from_scratch, epochs=1)),
    "from scratch, helped": (lambda: network("squeezenet1_1", 2), 2, partial(training.from_scratch, epochs=2, helped=True)),
}  # fmt: skip


@pytest.mark.parametrize(("backbone", "classes", "teach"), TRAININGS.values(), ids=TRAININGS)
def test_a_trained_network_says_again_what_the_training_said(tmp_path, monkeypatch, backbone, classes, teach, exact):
    few(monkeypatch)
    backbone, names = backbone(), ("cats", "dogs", "owls")[:classes]
    held = datasets.load(set_of(tmp_path / "set", 5, 3, names))
    result = teach(backbone, held, batch_size=4)
    path = models.save(tmp_path / "m.safetensors", result, backbone, held)
    model = models.load(path)
    found = asked(model, held.valid.paths)
    np.testing.assert_allclose(found, result.probabilities, rtol=1e-3, atol=1e-4)
    assert (found.argmax(1) == result.predictions).all()
    assert np.ptp(found, axis=0).max() > 1e-3  # else the pictures would show nothing
    assert (model.classes, model.layer, model.card["regime"]) == (names, "hidden", result.regime)
    assert model.backbone.transform == backbone.transform and model.backbone.classes == names
    assert model.backbone.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    module = model.backbone.module
    assert weights_of(module) == weights_of(result.model) and not module.training
    theirs = features.look(model.backbone, held.valid.paths, ["hidden", "classes"])
    np.testing.assert_allclose(heads.softmax(theirs["classes"]), result.probabilities, rtol=1e-3, atol=1e-4)
    assert theirs["hidden"].shape[1] == result.model[0].out_features

    differs = export.write(tmp_path / "m.onnx", model)
    pixels = np.stack([backbone.transform.pixels(picture) for picture in held.valid.paths])
    (said,) = onnxruntime.InferenceSession(tmp_path / "m.onnx").run(None, {"pixels": pixels})
    assert differs < 1e-4
    np.testing.assert_allclose(said, result.probabilities, rtol=1e-3, atol=1e-4)


@pytest.fixture
def tuned(tmp_path, monkeypatch, exact):
    few(monkeypatch)
    backbone, held = network("resnet18", 2), datasets.load(set_of(tmp_path / "set", 4, 2))
    result = training.fine_tune(backbone, held, head_epochs=0, epochs=1, batch_size=4)
    return models.save(tmp_path / "m.safetensors", result, backbone, held), result, held


def test_a_trained_network_needs_no_other_file_and_takes_none(tmp_path, tuned):
    path, result, held = tuned
    with safetensors.safe_open(path, "np") as file:
        names, card = set(file.keys()), json.loads(file.metadata()["card"])
    body = {f"network.{name}" for name in result.model[0].network.state_dict()}
    assert names == body | {"head.weight", "head.bias"} and "network.layer4.1.conv2.weight" in body
    assert card["regime"] == "fine_tuning" and card["backbone"] == "resnet18" and card["head"] == "linear"
    moved = (tmp_path / "elsewhere").mkdir() or path.rename(tmp_path / "elsewhere" / "m.safetensors")
    np.testing.assert_allclose(asked(models.load(moved), held.valid.paths), result.probabilities, rtol=1e-3, atol=1e-4)
    with pytest.raises(ModelError, match=r"m\.safetensors holds all of its network's weights: leave w\.pth out"):
        models.load(moved, "w.pth")


def test_a_trained_networks_rows_are_written_as_a_table(tmp_path, tuned):
    path, result, held = tuned
    done = predictions.write(tmp_path / "t.csv", models.load(path), held.valid.paths)
    rows = [line.split(",") for line in (tmp_path / "t.csv").read_text().splitlines()[1:]]
    assert done.rows == len(rows) == len(held.valid) and done.problems == 0
    assert [row[1] for row in rows] == [held.valid.classes[i] for i in result.predictions]
    np.testing.assert_allclose([float(row[2]) for row in rows], result.probabilities.max(1), rtol=1e-3, atol=1e-4)


def test_a_trained_network_can_be_the_weights_of_the_next_one(tuned):
    path, result, _ = tuned
    with pytest.warns(UserWarning, match=r"m\.safetensors was taken for resnet18: network alone, without head\.bias, head\.weight; it has no head"):
        found = weights_of(backbones.load("resnet18", path).module)
    assert found == weights_of(result.model[0].network)


DAMAGES = {
    "a layer is missing": (lambda arrays, card: arrays.pop("network.layer4.1.conv2.weight"), "the layers of this network are not those of resnet18"),
    "a layer too many": (lambda arrays, card: arrays.update({"network.x.weight": np.zeros(2, "f4")}), "the layers of this network are not those"),
    "no head": (lambda arrays, card: arrays.pop("head.weight"), "is no model file"),
    "a head of more classes": (lambda arrays, card: card.update(classes=["a", "b", "c"]), "is no model file"),
    "an unknown network": (lambda arrays, card: card.update(backbone="resnet19"), "No backbone is called 'resnet19'"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "words"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_trained_network_is_one_sentence(tmp_path, tuned, damage, words):
    with safetensors.safe_open(tuned[0], "np") as file:
        card, arrays = json.loads(file.metadata()["card"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    damage(arrays, card)
    safetensors.numpy.save_file(arrays, tmp_path / "odd.safetensors", metadata={"card": json.dumps(card)})
    with pytest.raises(CourseError, match=words):
        models.load(tmp_path / "odd.safetensors").backbone.module  # noqa: B018


def test_a_layout_of_ones_own_is_refused_before_it_is_written(tmp_path, tuned):
    _, result, held = tuned
    other = copy.deepcopy(result.model)
    other[0].network.layer1 = torch.nn.Identity()
    with pytest.raises(ModelError, match="the layers of this network are not those of resnet18, by which it would be built again"):
        models.save(tmp_path / "no.safetensors", replace(result, model=other), network("resnet18"), held)
    assert not (tmp_path / "no.safetensors").exists()


def test_a_picture_that_cannot_be_read_has_a_row_with_its_problem(tmp_path, saved):
    (tmp_path / "text.jpg").write_text("no picture")
    paint(1).save(tmp_path / "good.png")
    model, good = models.load(saved[0]), tmp_path / "good.png"
    rows = models.answers(model, [tmp_path / "text.jpg", good, tmp_path / "gone.jpg"])
    assert [set(row) for row in rows] == [
        {"file", "problem"},
        {"file", "class", "probability", "margin", "probabilities"},
        {"file", "problem"},
    ]
    assert "text.jpg: not a picture" in rows[0]["problem"] and "gone.jpg: does not exist" in rows[2]["problem"]
    np.testing.assert_allclose(list(rows[1]["probabilities"].values()), asked(model, [good])[0], atol=1e-5)


def test_each_file_is_opened_once_and_no_more_than_there_is_room_for(tmp_path, saved, monkeypatch):
    paint(1).save(tmp_path / "good.png")
    opened, asked_for = Counter(), Counter()
    read = pictures.read
    monkeypatch.setattr(pictures, "read", lambda path, *rest, **more: opened.update([path]) or read(path, *rest, **more))

    def paths():
        for number in range(10_000):
            asked_for["path"] += 1
            (tmp_path / f"{number}.png").symlink_to("good.png")
            yield tmp_path / f"{number}.png"

    rows = list(islice(models.each_answer(models.load(saved[0]), paths()), 10))
    assert [row["probability"] for row in rows] == pytest.approx([rows[0]["probability"]] * 10, abs=1e-5)
    assert [row["margin"] for row in rows] == pytest.approx([2 * rows[0]["probability"] - 1] * 10, abs=1e-5)
    assert set(opened.values()) == {1} and len(opened) == asked_for["path"] < 200


def test_saved_features_are_what_was_extracted_and_no_model(tmp_path, backbone):
    held = datasets.load(set_of(tmp_path / "set", 3, 2))
    card = models.save_features(tmp_path / "features.safetensors", held, backbone)
    kept = safetensors.numpy.load_file(tmp_path / "features.safetensors")
    for part in ("train", "valid"):
        pictures = getattr(held, part)
        np.testing.assert_array_equal(kept[part], features.extract(backbone, pictures)["hidden"])
        assert kept[f"{part}_labels"].tolist() == pictures.labels.tolist()
        assert card["files"][part] == [str(path) for path in pictures.paths]
    assert (card["n_train"], card["n_valid"], card["dimensions"], card["weights_sha256"]) == (6, 4, 512, backbone.digest)
    with pytest.raises(ModelError, match=r"features\.safetensors is no model file"):
        models.load(tmp_path / "features.safetensors")


def test_asking_leaves_nothing_behind(tmp_path, saved):
    folder = folder_of(tmp_path / "new", {"cats": 2})
    before = photograph(tmp_path)
    asked(models.load(saved[0]), sorted(folder.rglob("*.jpg")))
    assert photograph(tmp_path) == before


def test_the_transform_is_the_one_with_which_the_head_was_fitted(tmp_path, backbone, exact):
    held = datasets.load(set_of(tmp_path / "set", 4, 2))
    other = replace(backbone, transform=backbones.Transform(80, 64, "bicubic", (0.1, 0.2, 0.3)))
    result = training.feature_extraction(other, held)
    model = models.load(models.save(tmp_path / "m.safetensors", result, other, held))
    assert model.backbone.transform == other.transform
    np.testing.assert_allclose(asked(model, held.valid.paths), result.probabilities, atol=1e-5)
