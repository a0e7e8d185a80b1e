"""Near copies are found and other pictures are not; a label is doubted by heads that never saw its picture."""

from dataclasses import replace

import numpy as np
import pytest
from making import network, paint, set_of
from PIL import Image, ImageOps

from shoulders import datasets, doubts, features, heads
from shoulders.doubts import Doubt


def looked(folder):
    """Features of the two parts of a folder."""
    held = datasets.load(folder)
    return [features.extract(network(), part) for part in (held.train, held.valid)]


def named(train, valid, pair):
    return valid.pictures.paths[pair.valid].name, train.pictures.paths[pair.train].name


def test_copies_that_were_saved_again_are_found_and_other_pictures_are_not(tmp_path):
    folder = set_of(tmp_path / "set", 6, 5)
    source = folder / "train" / "cats"
    smaller = Image.open(source / "cats_001.jpg").resize((40, 30))
    smaller.save(folder / "valid" / "cats" / "smaller.jpg", quality=40)
    ImageOps.mirror(Image.open(source / "cats_002.jpg")).save(folder / "valid" / "dogs" / "mirrored.png")
    train, valid = looked(folder)
    pairs = doubts.near_copies(train, valid)
    found = {named(train, valid, pair) for pair in pairs}
    assert found == {("smaller.jpg", "cats_001.jpg"), ("mirrored.png", "cats_002.jpg")}
    assert pairs[0].alike >= pairs[1].alike >= doubts.ALIKE


def test_thumbnails_that_agree_are_no_copy_where_the_network_says_otherwise(tmp_path):
    folder = set_of(tmp_path / "set", 3, 2)
    Image.open(folder / "train" / "cats" / "cats_000.jpg").save(folder / "valid" / "cats" / "again.png")
    train, valid = looked(folder)
    assert len(doubts.near_copies(train, valid)) == 1
    both = np.eye(2, dtype=np.float32)
    apart = [replace(part, values={"hidden": both[[i] * len(part.labels)]}) for i, part in enumerate((train, valid))]
    assert doubts.near_copies(*apart) == []


def test_plain_pictures_are_not_alike(tmp_path):
    folder = set_of(tmp_path / "set", 3, 2)
    for part, shade in (("train", "grey"), ("valid", "white")):
        Image.new("RGB", (80, 60), shade).save(folder / part / "cats" / "plain.png")
    assert doubts.near_copies(*looked(folder)) == []


def test_planted_labels_are_found_and_no_other(tmp_path):
    folder = set_of(tmp_path / "set", 30, 3)
    for name in ("cats_003.jpg", "cats_008.jpg"):
        (folder / "train" / "cats" / name).rename(folder / "train" / "dogs" / name)
    train, _ = looked(folder)
    doubted = doubts.wrong_labels(doubts.out_of_fold(train), train.labels)
    assert {train.pictures.paths[doubt.position].name for doubt in doubted} == {"cats_003.jpg", "cats_008.jpg"}
    assert {doubt.instead for doubt in doubted} == {0}


def part_of(labels, digests=None, classes=("a", "b", "c")):
    """Features whose one number is the position of the picture."""
    rows = np.arange(len(labels), dtype=np.float32)[:, None]
    digests = digests or [str(i) for i in range(len(labels))]
    held = datasets.Pictures((None,) * len(labels), np.array(labels), tuple(digests), classes)
    return features.Features({"hidden": rows}, held, True, {}, "cpu", "fp32")


def test_no_head_has_seen_the_picture_that_it_judges_nor_a_copy_of_it(monkeypatch):
    train = part_of([0] * 8 + [1] * 7, [*"aabcdefg", *"hhijklm"])
    taught, asked = [], []
    monkeypatch.setattr(heads, "fit", lambda head, rows, labels, seed: taught.append(set(rows[:, 0].astype(int))))
    monkeypatch.setattr(
        heads, "probabilities", lambda _, rows: asked.append(rows[:, 0].astype(int)) or np.full((len(rows), 2), 0.5)
    )
    said = doubts.out_of_fold(train)
    digests = train.pictures.digests
    assert sorted(np.concatenate(asked)) == list(range(15)) and not np.isnan(said[:, :2]).any()
    for known, judged in zip(taught, asked):
        assert not {digests[i] for i in known} & {digests[i] for i in judged}


def test_what_cannot_be_judged_is_left_out():
    lonely = doubts.out_of_fold(part_of([0] * 6 + [1] * 6 + [2]))
    assert np.isnan(lonely[12]).all() and not np.isnan(lonely[:12]).any()
    assert doubts.right_out_of_fold(lonely, np.array([0] * 6 + [1] * 6 + [2]))[1] == 12
    assert np.isnan(doubts.out_of_fold(part_of([0, 1, 2]))).all()
    assert np.isnan(doubts.out_of_fold(part_of([0] * 4, classes=("a",)))).all()
    nothing = doubts.out_of_fold(part_of([0, 1, 2]))
    assert doubts.right_out_of_fold(nothing, np.array([0, 1, 2])) == (0, 0)
    assert doubts.wrong_labels(nothing, np.array([0, 1, 2])) == []


def test_a_label_is_contradicted_by_what_is_sure_for_its_class_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    sure_of_0 = [0.9, 0.9, 0.3, 0.1, 0.2, 0.75, 0.6]
    probabilities = np.stack([sure_of_0, 1 - np.array(sure_of_0)], 1)
    # class 0 is sure by (0.9 + 0.9 + 0.3) / 3 = 0.7 on average, class 1 by (0.9 + 0.8 + 0.25 + 0.4) / 4 = 0.5875
    found = doubts.wrong_labels(probabilities, labels)
    assert [(doubt.position, doubt.instead) for doubt in found] == [(5, 0), (2, 1)]  # 0.6 is below 0.7
    assert found[0] == Doubt(5, 0, 0.75)
    assert doubts.wrong_labels(np.vstack([probabilities, [[np.nan, np.nan]]]), np.append(labels, 0)) == found


@pytest.mark.parametrize("seed", range(3))
def test_painted_pictures_that_differ_are_told_apart(tmp_path, seed):
    """The tests' own pictures are not so alike that finding a copy among them would mean nothing."""
    small = doubts._unit(np.stack([_small(paint(seed * 100 + i)) for i in range(30)]))
    assert np.triu(small @ small.T, 1).max() < 0.95


def _small(image):
    values = np.asarray(image.convert("L").resize((doubts.SIDE, doubts.SIDE)), np.float32).ravel()
    return values - values.mean()
