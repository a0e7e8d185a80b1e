"""The rendered moles are what their cards say, and what their cards are silent about tells nothing; HAM10000 is arranged by lesions."""

import hashlib
import io
import json
import zipfile
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from making import COLOURS, COURSE, paint, serving
from PIL import Image
from test_pictures import bytes_of

from shoulders import datasets, heads
from shoulders.course.exercises.lesson_06 import _colours
from shoulders.datasets import DatasetError, skin
from shoulders.heads import decisions
from shoulders.support import places
from studio import moles

CARDS = moles.plan()


def test_the_cards_that_ship_are_the_plan():
    lines = (moles.HOME / "scenes.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == CARDS
    assert len({card["seed"] for card in CARDS}) == len(CARDS) == 810
    counted = Counter(tuple(card["file"].split("/")[:3]) for card in CARDS)
    assert counted == {
        (*where.split("/"), kind): n for where, both in moles.COUNTS.items() for kind, n in zip(moles.CLASSES, both)
    }


@pytest.mark.parametrize("place", [3, 165])
def test_a_seed_makes_the_same_picture(place):
    """Twice the same here; and what ships, but for what JPEG and another machine's rounding change."""
    card = CARDS[place]
    drawn = moles.picture(card)
    assert (drawn == moles.picture(card)).all()
    shipped = np.asarray(Image.open(moles.HOME / card["file"]).convert("RGB")).astype(int)
    assert np.abs(shipped - drawn).mean() < 6


def test_the_scale_lies_where_the_card_says():
    card = next(card for card in CARDS if card["ruler"] and not card["place"]["hairs"])
    without = moles.picture(card | {"ruler": None}).astype(int)
    changed = np.abs(moles.picture(card) - without).max(2) > 20
    rows, columns = np.where(changed)
    left, top, right, bottom = card["box"]
    assert changed.sum() > 50
    assert columns.min() >= left - 2 and columns.max() <= right + 1 and rows.min() >= top - 2 and rows.max() <= bottom + 1


def test_scales_go_with_malignant_moles_of_camera_a_alone():
    shares = {}
    for card in CARDS:
        shares.setdefault((card["file"][0], card["class"]), []).append(card["ruler"] is not None)
    assert not any(shares["b", "benign"] + shares["b", "malignant"])
    assert np.mean(shares["a", "malignant"]) > 0.8 and np.mean(shares["a", "benign"]) < 0.15


def test_what_is_blind_does_not_know_the_class():
    """Skin, light, hair and place differ by no more than luck: their means, at 4 standard errors."""
    for name in CARDS[0]["place"]:
        one, other = ([card["place"][name] for card in CARDS if card["class"] == kind] for kind in moles.CLASSES)
        assert abs(np.mean(one) - np.mean(other)) < 4 * np.hypot(np.std(one) / len(one) ** 0.5, np.std(other) / len(other) ** 0.5)


def test_the_marks_overlap():
    """The best that anybody could do with the drawn marks, if there were no scale: far from guessing, far from perfect."""
    ill = np.array([card["class"] == "malignant" for card in CARDS]).astype(int)
    together = [sum(moles.APART[name] * card["marks"][name] for name in moles.APART) for card in CARDS]
    assert 0.9 < decisions.auc(together, ill)[0] < 0.99
    for name in moles.APART:
        assert 0.65 < decisions.auc([card["marks"][name] for card in CARDS], ill)[0] < 0.9


def test_what_colours_alone_tell_is_what_the_card_says():
    told = json.loads((moles.HOME / "card.json").read_text())["colours_alone"]
    b = datasets.load(places.box() / "moles" / "b")
    rows = [np.stack([_colours(path) for path in part.paths]) for part in (b.train, b.valid)]
    sure = heads.answers("logistic_regression", rows[0], b.train.labels, rows[1])[0][:, 1]
    area, low, high = decisions.auc(sure, b.valid.labels)
    assert [told["area"], *told["interval"]] == pytest.approx([area, low, high], abs=0.01)
    assert area < 0.85 and told["pictures"] == len(b.valid)


def test_moles_ship_small():
    assert sum(path.stat().st_size for path in moles.HOME.rglob("*.jpg")) < 3e6
    assert set(skin.KINDS.values()) == set(datasets.CARDS["moles"].classes) == set(datasets.CARDS["skin"].classes)
    assert "CC BY-NC 4.0" in datasets.CARDS["skin"].licence


ROWS = [("HAM_1", "ISIC_1", "mel"), ("HAM_2", "ISIC_2", "nv"), ("HAM_2", "ISIC_3", "nv")]
ROWS += [(f"HAM_{i}", f"ISIC_{i + 1}", ("bcc", "bkl", "akiec", "df", "vasc")[i % 5]) for i in range(3, 40)]
TABLE = "lesion_id,image_id,dx,dx_type\n" + "".join(f"{lesion},{name},{kind},histo\n" for lesion, name, kind in ROWS)


def zip_of(rows):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file:
        for i, (_, name, _) in rows:
            file.writestr(f"{name}.jpg", bytes_of(paint(i, colour=list(COLOURS.values())[i % 2]), "JPEG"))
    return memory.getvalue()


def test_fetch_arranges_lesions_by_the_publishers_table(tmp_path, monkeypatch):
    numbered = list(enumerate(ROWS))
    one, two = zip_of(numbered[:20]), zip_of(numbered[20:])
    monkeypatch.setattr(skin.arranged, "__defaults__", (skin.KINDS, len(ROWS)))
    with serving(one__zip=one, two__zip=two, table__csv=TABLE.encode()) as server:
        card = datasets.CARDS["skin"]
        ours = zip(card.archives, (("one.zip", one), ("two.zip", two), ("table.csv", TABLE.encode())))
        archives = tuple(
            datasets.Archive((server.url(name),), f"md5:{hashlib.md5(body).hexdigest()}", len(body), archive.file)
            for archive, (name, body) in ours
        )
        monkeypatch.setitem(datasets.CARDS, "skin", replace(card, archives=archives))
        folder = datasets.fetch("skin")
    assert (folder / "malignant" / "HAM_1-ISIC_1.jpg").is_file() and (folder / "benign" / "HAM_2-ISIC_3.jpg").is_file()
    held = datasets.load("skin")
    assert held.classes == ("benign", "malignant") and len(held.train) + len(held.valid) == len(ROWS)
    assert not set(held.train.together) & set(held.valid.together)
    assert not [one for one in held.findings if "csv" in str(one["file"])]
    assert {path.name.split("-")[0] for path in held.train.paths + held.valid.paths} == {lesion for lesion, *_ in ROWS}


@pytest.mark.parametrize(("change", "said"), [
    (lambda rows: rows.replace("ISIC_2", "ISIC_999"), "lack ISIC_999"),
    (lambda rows: rows.replace(",nv,", ",wart,"), "'wart' that is not known"),
    (lambda rows: rows + "HAM_9,ISIC_9,nv,histo\n", "has 4 pictures, and not 3"),
])  # fmt: skip
def test_what_does_not_fit_the_table_is_said(tmp_path, change, said):
    rows = "lesion_id,image_id,dx,dx_type\n" + "".join(f"HAM_{i},ISIC_{i},nv,histo\n" for i in (1, 2, 3))
    (table := tmp_path / "table.csv").write_text(change(rows))
    for i in (1, 2, 3):
        (tmp_path / f"ISIC_{i}.jpg").write_bytes(b"a picture")
    with pytest.raises(DatasetError, match=said):
        skin.arranged(tmp_path, table, pictures=3)


def test_the_card_of_the_moles_names_its_command():
    card = json.loads((COURSE / "data" / "moles" / "card.json").read_text())
    assert "studio.moles" in card["command"] and "not photographs" in card["what"]
