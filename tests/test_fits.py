"""A picture that is no square: what the network sees of it in each way, and what is told where much is cut off."""

from dataclasses import replace

import numpy as np
import pytest
from making import network, paint, set_of
from PIL import Image

from shoulders import backbones, cli, datasets, features, models, training
from shoulders.backbones import BackboneError, Transform
from shoulders.datasets import fits

WIDE = Image.fromarray(np.repeat(np.repeat(np.array([[10, 60, 110, 160]], np.uint8), 20, 0), 20, 1)).convert("RGB")
"""Four squares of 20 pixels side by side, each of one grey."""

NEAREST = Transform(20, 20, "nearest", mean=(0.2, 0.4, 0.6))


def test_a_crop_sees_the_middle():
    seen = NEAREST.pixels(WIDE)[..., 0]
    assert sorted(set(seen.ravel())) == [60, 110]
    assert NEAREST.seen(*WIDE.size) == 0.25


def test_a_squeeze_sees_all_of_it_narrower():
    squeeze = replace(NEAREST, fit="squeeze")
    np.testing.assert_array_equal(squeeze.pixels(WIDE)[:, :, 0], [np.repeat([10, 60, 110, 160], 5)] * 20)
    assert squeeze.seen(*WIDE.size) == 1


@pytest.mark.parametrize("upright", [False, True])
def test_a_pad_sees_all_of_it_between_bars_that_are_zero_for_the_network(upright):
    pad, image = replace(NEAREST, fit="pad"), WIDE.transpose(Image.Transpose.TRANSPOSE) if upright else WIDE
    seen = pad.pixels(image)
    seen = seen.transpose(1, 0, 2) if upright else seen
    np.testing.assert_array_equal(seen[8:12, :, 0], [np.repeat([10, 60, 110, 160], 5)] * 4)
    bars = np.delete(seen, range(7, 13), 0)
    assert np.unique(bars.reshape(-1, 3), axis=0).tolist() == [[51, 102, 153]]
    normal = pad.batch(pad.picture(image)[None]).numpy()[0]
    assert np.abs(normal[:, 0, 0]).max() < 1e-6
    assert pad.seen(*image.size) == 1


@pytest.mark.parametrize("fit", backbones.transform.FITS)
def test_a_square_is_seen_alike_where_nothing_is_cut(fit):
    square = paint(1, (50, 50))
    np.testing.assert_array_equal(replace(NEAREST, fit=fit).pixels(square), NEAREST.pixels(square))
    thread = replace(NEAREST, fit=fit).pixels(paint(1, (500, 10)))
    assert thread.shape == (20, 20, 3)


def test_another_way_is_refused():
    with pytest.raises(BackboneError, match="fit is 'letterbox': choose one of crop, pad, squeeze"):
        Transform(8, 8, fit="letterbox")


def test_a_way_is_part_of_what_features_are_remembered_by(tmp_path):
    held, small = datasets.load(set_of(tmp_path, 2, 1)).train, network()
    padded = replace(small, transform=replace(small.transform, fit="pad"))
    crop, pad = (features.extract(one, held) for one in (small, padded))
    assert not pad.cached
    assert np.abs(crop["hidden"] - pad["hidden"]).max() > 1e-3
    assert features.extract(padded, held).cached


def test_a_model_keeps_and_honours_its_way(tmp_path):
    tiny = backbones.load("vgg16_tiny")
    padded = replace(tiny, transform=replace(tiny.transform, fit="pad"))
    held = datasets.load(set_of(tmp_path / "set", 3, 2))
    result = training.feature_extraction(padded, held)
    model = models.load(models.save(tmp_path / "m.safetensors", result, padded, held))
    assert model.card["transform"]["fit"] == model.backbone.transform.fit == "pad"
    (row,) = models.answers(model, [held.valid.paths[0]])
    expected = models.sure_of(model, features.extract(padded, held.valid)["hidden"][:1])[0]
    np.testing.assert_allclose(list(row["probabilities"].values()), expected, atol=1e-5)


def wide_set(tmp_path):
    root = set_of(tmp_path, 3, 2)
    for i in (0, 1):
        paint(50 + i, (160, 40)).save(root / "train" / "cats" / f"wide{i}.png")
    paint(60, (160, 45)).save(root / "valid" / "dogs" / "wide.png")
    return datasets.load(root)


def test_what_loses_more_than_half_is_counted_by_class(tmp_path):
    held = wide_set(tmp_path)
    told = fits.told(held, [Transform(64, 64), Transform(72, 64)]).findings
    cats, dogs = told[len(held.findings) :]
    assert (cats["part"], cats["class"], cats["action"]) == ("train", "cats", "used")
    assert cats["file"].replace("\\", "/") == "train/cats/wide0.png"
    assert cats["problem"] == "80 % of it is cut off; 2 of the 5 in its class lose more than half"
    assert dogs["problem"] == "78 % of it is cut off; 1 of the 3 in its class lose more than half"
    assert "--fit pad or --fit squeeze" in dogs["remedy"]


def test_of_many_classes_one_line_for_each_part_is_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(fits, "MOST_CLASSES", 0)
    held = wide_set(tmp_path)
    told = fits.told(held, [Transform(72, 64)]).findings[len(held.findings) :]
    assert [(one["part"], one["class"], one["problem"].split("; ")[1]) for one in told] == [
        ("train", "", f"2 of the {len(held.train)}, in 1 classes, lose more than half"),
        ("valid", "", f"1 of the {len(held.valid)}, in 1 classes, lose more than half"),
    ]


@pytest.mark.parametrize("fit", ["pad", "squeeze"])
def test_where_nothing_is_cut_nothing_is_told(tmp_path, fit):
    held = wide_set(tmp_path)
    assert fits.told(held, [Transform(72, 64, fit=fit)]) is held


@pytest.mark.parametrize(("size", "counted"), [((800, 600), False), ((300, 450), False), ((1920, 1080), True), ((50, 50), False)])
def test_ordinary_photographs_are_not_counted(size, counted):
    assert (Transform(256, 224).seen(*size) < fits.LEAST) == counted


def test_compare_and_features_take_a_way(tmp_path, monkeypatch, capsys):
    wide_set(tmp_path / "set")
    seen = []
    monkeypatch.setattr(
        models,
        "save_features",
        lambda out, held, network, layer: seen.append(network) or {"n_train": 0, "n_valid": 0, "dimensions": 0},
    )
    cli.features(str(tmp_path / "set"), tmp_path / "a.safetensors", "vgg16_tiny", fit="squeeze")
    assert "is cut off" not in capsys.readouterr().err
    cli.features(str(tmp_path / "set"), tmp_path / "a.safetensors", "vgg16_tiny")
    assert "wide0.png: 75 % of it is cut off" in capsys.readouterr().err
    assert [one.transform.fit for one in seen] == ["squeeze", "crop"]
    with pytest.raises(BackboneError, match="fit is 'x'"):
        cli.compare(str(tmp_path / "nowhere"), "vgg16_tiny", fit="x")
    cli.compare(str(tmp_path / "set"), "vgg16_tiny", fit="pad", save=tmp_path / "m.safetensors")
    assert models.load(tmp_path / "m.safetensors").card["transform"]["fit"] == "pad"
