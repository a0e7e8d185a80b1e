"""Exported models: one file that says what we say, and that needs nothing of ours."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import asdict, replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from making import network, paint
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from shoulders import backbones, cli, datasets, export, features, heads, models, training
from shoulders.export import ExportError
from shoulders.support.errors import CourseError

NETWORKS = {
    "efficientnet_lite0": lambda: replace(
        backbones.load("efficientnet_lite0", "random", 1), transform=backbones.Transform(72, 64, "bicubic", (0.5, 0.4, 0.3))
    ),
    "vgg16_tiny": lambda: backbones.load("vgg16_tiny"),
    "squeezenet1_1": lambda: network("squeezenet1_1", 2),
}


@pytest.fixture(autouse=True)
def on_the_cpu(exact):
    pass


def model_of(backbone, head="logistic_regression", classes=2, layer="hidden"):
    """A head on what the network says of painted pictures, one colour a class."""
    colours = [(200, 90, 60), (60, 90, 200), (80, 190, 80)][:classes]
    painted = [paint(seed, (90, 80), colour) for seed in range(8) for colour in colours]
    values = features.look(backbone, painted, layer)[layer]
    fitted = heads.fit(head, values, np.arange(len(painted)) % classes) if isinstance(head, str) else head(values, classes)
    names = ("cats", "dogs", "猫")[:classes]
    return models.Model(fitted, backbone, layer, names, {"head": str(head), "weights_file": "/home/me/w.pth", "accuracy": 0.9})


def pixels_of(model, count=9):
    return np.stack(
        [model.backbone.transform.pixels(paint(100 + seed, (110, 90), (40 * seed % 255, 99, 150))) for seed in range(count)]
    )


def said(path, pixels):
    (probabilities,) = onnxruntime.InferenceSession(path).run(None, {"pixels": pixels})
    return probabilities


def agrees(path, model):
    pixels = pixels_of(model)
    ours = heads.probabilities(model.head, features.look(model.backbone, list(pixels), model.layer)[model.layer])
    theirs = said(path, pixels)
    assert theirs.dtype == np.float32 and theirs.shape == (len(pixels), len(model.classes))
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-4)
    np.testing.assert_allclose(said(path, pixels[:1]), theirs[:1], rtol=0, atol=1e-5)
    assert np.ptp(ours, axis=0).max() > 0.1  # else the pictures would show nothing


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("head", heads.HEADS)
@pytest.mark.parametrize("name", NETWORKS)
def test_one_file_says_what_we_say(tmp_path, name, head, classes):
    model, path = model_of(NETWORKS[name](), head, classes), tmp_path / "deep" / "m.onnx"
    assert export.write(path, model) < 1e-4
    agrees(path, model)
    assert [file.name for file in path.parent.iterdir()] == ["m.onnx"]
    onnx.checker.check_model(path, full_check=True)


@pytest.mark.parametrize("head", ["ridge", "nearest_neighbours"])
def test_a_head_that_was_saved_before_heads_were_calibrated_says_in_its_file_what_it_says(tmp_path, head):
    model = model_of(NETWORKS["vgg16_tiny"](), head, 3)
    del model.head[-1].sharpness_
    assert export.write(tmp_path / "m.onnx", model) < 1e-4
    agrees(tmp_path / "m.onnx", model)


@pytest.mark.parametrize(("name", "layer"), [("squeezenet1_1", "features.6"), ("efficientnet_lite0", "classes"), ("efficientnet_lite0", "blocks.3"), ("vgg16_tiny", "classes")])  # fmt: skip
def test_where_the_network_was_cut(tmp_path, name, layer):
    model = model_of(NETWORKS[name](), layer=layer)
    export.write(tmp_path / "m.onnx", model)
    agrees(tmp_path / "m.onnx", model)


@pytest.mark.parametrize("scales", [True, False])
@pytest.mark.parametrize("classes", [2, 3])
def test_vectors_of_length_one(tmp_path, scales, classes):
    def fitted(values, classes):
        head = make_pipeline(StandardScaler(with_std=scales), Normalizer(), LogisticRegression(C=100))
        return head.fit(values, np.arange(len(values)) % classes)

    model = model_of(NETWORKS["squeezenet1_1"](), fitted, classes)
    export.write(tmp_path / "m.onnx", model)
    agrees(tmp_path / "m.onnx", model)


def test_a_vector_without_length_stays_one():
    head = make_pipeline(StandardScaler(with_std=False), Normalizer(), LogisticRegression())
    values = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    head.fit(values, [0, 1, 0, 1])
    session = onnxruntime.InferenceSession(export._head(head, 2).SerializeToString())
    asked = np.array([[0, 0], [3, 1]], np.float32)
    np.testing.assert_allclose(session.run(None, {"features": asked})[0], head.predict_proba(asked), atol=1e-6)


def test_the_metadata_tell_how_to_ask_and_not_whose_machine_it_was(tmp_path):
    model = model_of(NETWORKS["efficientnet_lite0"](), classes=3)
    export.write(tmp_path / "m.onnx", model)
    about = {name: json.loads(text) for name, text in onnxruntime.InferenceSession(tmp_path / "m.onnx").get_modelmeta().custom_metadata_map.items()}  # fmt: skip
    assert (
        backbones.transform_from(about["transform"]) == model.backbone.transform
        and about["transform"].keys() == asdict(model.backbone.transform).keys()
    )
    assert about["classes"] == ["cats", "dogs", "猫"]
    assert about["card"] == {"head": "logistic_regression", "accuracy": 0.9}
    assert b"/home/me" not in (tmp_path / "m.onnx").read_bytes()
    assert not any(held.name.startswith("classifier") for held in onnx.load(tmp_path / "m.onnx").graph.initializer)


ALONE = "import sys; sys.modules.update(dict.fromkeys(('shoulders', 'torch', 'sklearn', 'onnx')))\n"


def test_the_lines_in_the_docstring_are_all_it_takes(tmp_path):
    lines = textwrap.dedent(export.__doc__.split("::\n", 1)[1].split("\nIt leaves out")[0])
    tiny, held = backbones.load("vgg16_tiny"), datasets.load("felt_bees_vs_ants").small(6)
    result = training.feature_extraction(tiny, held)
    model = models.load(models.save(tmp_path / "m.safetensors", result, tiny, held))
    export.write(tmp_path / "m.onnx", model)
    asked = [*map(str, held.valid.paths[:4])]
    (exif := Image.Exif())[274] = 6  # lies on its side
    paint(7, (50, 131)).save(turned := str(tmp_path / "turned.jpg"), exif=exif)
    done = subprocess.run([sys.executable, "-c", ALONE + lines, tmp_path / "m.onnx", *asked, turned], capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = models.answers(model, [*asked, turned])
    told = [line.rsplit(" ", 2) for line in done.stdout.splitlines()]
    assert [line[:2] for line in told] == [[row["file"], row["class"]] for row in rows]
    assert [float(share.rstrip("%")) for *_, share in told] == pytest.approx([100 * row["probability"] for row in rows], abs=0.15)


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
@pytest.mark.parametrize("size", [(80, 60), (131, 50), (57, 400), (64, 64)])
def test_the_lines_in_the_docstring_bring_a_picture_to_size_as_we_do(tmp_path, fit, size):
    transform = backbones.Transform(72, 64, "bicubic", (0.5, 0.4, 0.3), fit=fit)
    paint(3, size).save(tmp_path / "a.png")
    lines = textwrap.dedent(export.__doc__.split("in pictures:\n", 1)[1].split("(probabilities,)")[0])
    known = {"resize": 72, "crop": 64, "fit": fit, "transform": asdict(transform), "picture": tmp_path / "a.png"}
    exec("import numpy as np\nfrom PIL import Image, ImageOps\n" + lines, known)
    np.testing.assert_array_equal(known["pixels"][0], transform.pixels(tmp_path / "a.png"))


@pytest.mark.parametrize("wrong", [0.01, float("nan")])
def test_a_file_that_says_something_else_is_not_kept(tmp_path, monkeypatch, wrong):
    model = model_of(NETWORKS["squeezenet1_1"]())
    monkeypatch.setattr(export, "_asked", lambda path, pixels: np.full((len(pixels), 2), wrong))
    with pytest.raises(ExportError, match=r"m\.onnx is not written: a probability differs from our own by .* no rounding"):
        export.write(tmp_path / "m.onnx", model)
    assert not [*tmp_path.glob("*")]


def test_a_graph_that_says_something_else_is_noticed_even_where_the_head_is_sure(tmp_path, monkeypatch):
    model = model_of(NETWORKS["squeezenet1_1"]())
    model.head[-1].intercept_ = np.array([1e6])
    exported = export._exported
    monkeypatch.setattr(
        export, "_exported", lambda name, body, crop: exported(name, torch.nn.Sequential(body, torch.nn.ReLU6()).eval(), crop)
    )
    with pytest.raises(ExportError, match="ONNX graph of squeezenet1_1 says something else than squeezenet1_1"):
        export.write(tmp_path / "m.onnx", model)


def test_what_cannot_be_exported_is_one_sentence(tmp_path, monkeypatch):
    model = model_of(NETWORKS["squeezenet1_1"]())

    def unknown(*_, **__):
        raise torch.onnx.errors.UnsupportedOperatorError("aten::x", 17, None)

    with (
        monkeypatch.context() as patch,
        pytest.raises(ExportError, match=r"squeezenet1_1 has 3 MB of weights, and one .* 1 kB: choose"),
    ):
        patch.setattr(export, "_ROOM", 1000)
        export.write(tmp_path / "m.onnx", model)
    with (
        monkeypatch.context() as patch,
        pytest.raises(ExportError, match="PyTorch can make no ONNX graph of squeezenet1_1 .*aten::x"),
    ):
        patch.setattr(torch.onnx, "export", unknown)
        export.write(tmp_path / "m.onnx", model)
    other = replace(model_of(NETWORKS["vgg16_tiny"]()), backbone=model.backbone)
    with pytest.raises(models.ModelError, match="The head asks for 192 features, and layer 'hidden' of squeezenet1_1 gives 512"):
        export.write(tmp_path / "m.onnx", other)
    assert not [*tmp_path.glob("*.onnx")]


def test_a_processor_that_multiplies_bfloat16_is_compared_in_float32(tmp_path, monkeypatch):
    monkeypatch.setattr(export.runtime.devices, "precision", lambda on=None: "bf16")
    assert export.write(tmp_path / "m.onnx", model_of(NETWORKS["squeezenet1_1"]())) < 1e-4


def test_the_command(tmp_path, capsys):
    tiny, held = backbones.load("vgg16_tiny"), datasets.load("felt_bees_vs_ants").small(6)
    path = models.save(tmp_path / "m.safetensors", training.feature_extraction(tiny, held), tiny, held)
    cli.export(path, tmp_path / "m.onnx")
    assert "m.onnx: 8 MB; on noise its probabilities differ from ours in float32 by" in capsys.readouterr().out
    with pytest.raises(CourseError, match="is read by this command"):
        cli.export(path, path)


def test_on_felt_pictures(tmp_path):
    giant, held = backbones.load(), datasets.load("felt_bees_vs_ants").small(30)
    result = training.feature_extraction(giant, held)
    model = models.Model(result.model, giant, "hidden", held.classes, {})
    export.write(tmp_path / "m.onnx", model)
    theirs = said(tmp_path / "m.onnx", np.stack([giant.transform.pixels(path) for path in held.valid.paths]))
    np.testing.assert_allclose(theirs, result.probabilities, rtol=0, atol=1e-4)
