"""A label is doubted by heads that never saw its picture, nor a copy of it, nor one of its group."""

from dataclasses import replace

import numpy as np
import pytest
from making import network, set_of

from shoulders import datasets, features, heads
from shoulders.report import doubts
from shoulders.report.doubts import Doubt


def looked(folder):
    """Features of the two parts of a folder."""
    held = datasets.load(folder)
    return [features.extract(network(), part) for part in (held.train, held.valid)]


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
    held = datasets.Samples((None,) * len(labels), np.array(labels), tuple(digests), classes)
    return features.Features({"hidden": rows}, held, True, {}, "cpu", "fp32")


@pytest.mark.parametrize("grouped", [False, True])
def test_no_head_has_seen_the_picture_that_it_judges_nor_a_copy_of_it(monkeypatch, grouped):
    train = part_of([0] * 8 + [1] * 7, [*"aabcdefg", *"hhijklm"])
    if grouped:
        train = replace(train, pictures=replace(train.pictures, together=tuple("aaabbcdefghhijk")))
    taught, asked = [], []
    monkeypatch.setattr(heads, "fit", lambda head, rows, labels, seed: taught.append(set(rows[:, 0].astype(int))))
    monkeypatch.setattr(
        heads, "probabilities", lambda _, rows: asked.append(rows[:, 0].astype(int)) or np.full((len(rows), 2), 0.5)
    )
    said = doubts.out_of_fold(train)
    digests = train.pictures.together or train.pictures.digests
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
