"""Near copies are found among other pictures, by their thumbnails alone, and other pictures are none."""

from dataclasses import replace

import numpy as np
import pytest
from making import paint, set_of
from PIL import Image, ImageEnhance, ImageOps

from shoulders import datasets, pictures
from shoulders.datasets import copies


def found(folder):
    held = datasets.load(folder)
    pairs = copies.near_copies(held.train, held.valid)
    assert all(first.alike >= second.alike >= copies.ALIKE for first, second in zip(pairs, pairs[1:]))
    return {(held.valid.paths[pair.valid].name, held.train.paths[pair.train].name) for pair in pairs}


def test_what_was_saved_again_or_filmed_a_moment_later_is_found_and_nothing_else(tmp_path):
    folder = set_of(tmp_path / "set", 9, 5)
    there, here = folder / "train" / "cats", folder / "valid" / "dogs"
    first = [Image.open(path).convert("RGB") for path in sorted(there.iterdir())]
    first[1].resize((40, 30)).save(here / "smaller.jpg", quality=40)
    ImageOps.mirror(first[2]).save(here / "mirrored.png")
    ImageEnhance.Brightness(first[3]).enhance(1.1).convert("L").save(here / "grey.png")
    scene, noise = paint(7, (90, 70)), np.random.default_rng(0).normal(0, 5, (60, 80, 3))
    scene.crop((0, 0, 80, 60)).save(there / "cats_004.jpg", quality=90)
    frame = (np.asarray(scene.crop((3, 2, 83, 62))) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(frame).save(here / "frame.png")
    expected = {"smaller.jpg": 1, "mirrored.png": 2, "grey.png": 3, "frame.png": 4}
    assert found(folder) == {(name, f"cats_{i:03}.jpg") for name, i in expected.items()}


def light(shade, seed):
    """A smooth surface with a little noise, as plain skin, sky and walls are."""
    y, x = np.mgrid[-1:1:60j, -1:1:80j]
    noise = np.random.default_rng(seed).normal(0, 3, (60, 80))
    return Image.fromarray((shade + 40 * x - 20 * y - 30 * x * x + noise).clip(0, 255).astype(np.uint8))


def test_plain_pictures_that_share_nothing_but_the_light_are_not_alike(tmp_path):
    folder = set_of(tmp_path / "set", 3, 2)
    for seed, part in enumerate(("train", "valid")):
        Image.new("RGB", (80, 60), ("grey", "white")[seed]).save(folder / part / "cats" / "plain.png")
        light(120, seed).save(folder / part / "cats" / "light.png")
    assert found(folder) == set()
    small = [np.asarray(light(120, seed).resize((32, 32)), np.float32) for seed in range(2)]
    assert np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] > copies.ALIKE  # the thumbnails alone would say so


def test_what_was_found_is_remembered_and_thumbnails_come_from_the_check(tmp_path, monkeypatch):
    folder = set_of(tmp_path / "set", 4, 2)
    Image.open(folder / "train" / "cats" / "cats_001.jpg").resize((70, 50)).save(folder / "valid" / "cats" / "again.png")
    held = datasets.load(folder)
    by_themselves = [replace(part, thumbnails=None) for part in (held.train, held.valid)]
    for part, other in zip((held.train, held.valid), by_themselves):
        np.testing.assert_array_equal(copies.thumbnails(part), copies.thumbnails(other))
    pairs = copies.near_copies(held.train, held.valid)
    assert len(pairs) == 1
    for room, work in ((copies, "_found"), (pictures, "_examined")):
        monkeypatch.setattr(room, work, lambda *_: pytest.fail("looked again"))
    assert copies.near_copies(*by_themselves) == pairs
    assert copies.near_copies(held.train, held.valid.take([0])) == [] if pairs[0].valid else True


def test_a_window_moves_by_half_pixels_over_the_thumbnail():
    small = np.random.default_rng(1).uniform(0, 255, (copies.SIDE, copies.SIDE)).astype(np.float32)
    moves, side = 4 * copies.REACH + 1, copies.SIDE - 2 * copies.REACH
    windows = copies._windows(small).reshape(moves, moves, side, side)
    np.testing.assert_array_equal(windows[0, 0], small[:side, :side])
    np.testing.assert_array_equal(windows[-1, 4], small[-side:, 2 : 2 + side])
    np.testing.assert_allclose(windows[0, 3], (small[:side, 1 : 1 + side] + small[:side, 2 : 2 + side]) / 2, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_painted_pictures_that_differ_are_told_apart(seed):
    """The tests' own pictures are not so alike that finding a copy among them would mean nothing."""
    small = [np.frombuffer(pictures._thumbnail(paint(seed * 100 + i)), np.uint8).reshape(32, 32) for i in range(30)]
    smooth = copies._smooth(np.stack(small))
    best = max(copies._alike(smooth[i], np.delete(smooth, i, 0)).max() for i in range(10))
    assert best < 0.95
