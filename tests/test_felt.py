"""The felt big cats: what ships is what their cards say, and no colour tells one from another."""

import hashlib
import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from shoulders import datasets
from shoulders.support import places
from studio import check

FELT = places.box() / "felt"
CATS = check.SETS["big_cats"]
pytestmark = pytest.mark.skipif(datasets.find("felt_big_cats") is None, reason="the felt pictures are not in this copy")


def cards(name):
    return [json.loads(line) for line in (FELT / name / "scenes.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def mine():
    return cards("big_cats")


def test_sixty_to_learn_from_and_forty_to_be_tested_on():
    held = datasets.load("felt_big_cats")
    assert list(held.classes) == sorted(CATS)
    assert held.counts().to_dict() == {part: dict.fromkeys(held.classes, n) for part, n in (("train", 60), ("valid", 40))}


def test_each_picture_was_made_from_its_card_and_the_set_stays_small(mine):
    shown = {path.relative_to(FELT / "big_cats").as_posix() for path in (FELT / "big_cats").rglob("*.jpg")}
    assert shown == {card["file"] for card in mine}
    for card in mine:
        with Image.open(FELT / "big_cats" / card["file"]) as picture:
            assert picture.size == (192, 192)
            made_from = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()[:16]
            assert picture.info["comment"].decode() == made_from, card["file"]
    assert sum(path.stat().st_size for path in (FELT / "big_cats").rglob("*") if path.is_file()) < 6_000_000


def test_no_seed_makes_two_pictures_in_any_set(mine):
    seeds = Counter(card["seed"] for path in FELT.glob("*/scenes.jsonl") for card in cards(path.parent.name))
    assert [card["seed"] for card in mine] == list(range(60_000, 60_300))
    assert all(seeds[card["seed"]] == 1 for card in mine)


def test_marks_belong_to_the_class_and_coats_to_nobody(mine):
    marks, wools = {kind: set() for kind in CATS}, {kind: Counter() for kind in CATS}
    for card in mine:
        marks[card["class"]].add(card["params"]["shape"]["marks"])
        wools[card["class"]].update(card["params"]["coat"][which] for which in ("first", "second"))
    assert marks == {"puma": {"saddle", "points"}, "leopard": {"rosettes"}, "cheetah": {"spots"}}
    assert len({frozenset(counted) for counted in wools.values()}) == 1, "each class wears every wool"


@pytest.mark.parametrize("kind", ["colour histogram", "tone histogram"])
def test_colour_alone_tells_at_most_ten_points_above_chance(kind):
    parts = [check.pictures("big_cats", part) for part in ("train", "valid")]
    images, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    right = check.cross_validated(check.shortcut(kind, images), labels)
    assert right / len(labels) <= 1 / len(CATS) + check.SHORTCUTS[kind]
