"""The page stands alone, says what the numbers say, and survives what people call their classes."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from making import folder_of, network, paint
from PIL import Image

from shoulders import comparison, datasets, report
from shoulders.comparison import ComparisonError
from shoulders.datasets import copies
from shoulders.plots import lettering
from shoulders.report import study

STRANGE = 'a<b>&"c'


def question(root):
    """Uneven classes, a strange name, a class of one picture, files of all kinds, a near copy, and a wrong label."""
    folder_of(root / "train", {"cats": 22, "dogs": 14, STRANGE: 7})
    folder_of(root / "valid", {"cats": 8, "dogs": 4, STRANGE: 3}, start=50_000)
    for i in range(7):
        paint(9000 + i, colour=(30, 30, 30)).save(root / "train" / STRANGE / f"{STRANGE}_{i:03}.jpg")
    (root / "train" / "owls").mkdir()
    paint(1, colour=(80, 190, 80)).save(root / "train" / "owls" / "owl.png")
    (root / "train" / "cats" / "cats_004.jpg").rename(root / "train" / "dogs" / "planted.jpg")
    Image.open(root / "train" / "cats" / "cats_002.jpg").resize((60, 45)).save(root / "valid" / "dogs" / "copy.jpg", quality=60)
    (root / "train" / "cats" / "empty.jpg").write_bytes(b"")
    (root / "valid" / "dogs" / "note & <i>.txt").write_text("no picture")
    paint(77).convert("CMYK").save(root / "train" / "cats" / "print.jpg")
    return root


def asked(folder, networks, head="logistic_regression", per_class=(None,)):
    held = datasets.load(folder)
    rows = comparison.rows_of_each(held, networks, per_class=per_class, head=head)
    return study.study(held, networks, rows, per_class, head)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return asked(question(tmp_path_factory.mktemp("question") / "my set"), [network("squeezenet1_1"), network("squeezenet1_0")])


@pytest.fixture(scope="module")
def text(found):
    return report.page(found, 'shoulders compare "a & b" <x>')


class Reader(HTMLParser):
    """Every tag with its attributes, and the text of the page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self._open = [], [], []
        self.feed(text)
        self.said = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self._open:
            self.words.append(data)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def page(text):
    return Reader(text)


def test_no_picture_is_broken_and_each_says_what_it_shows(page):
    images = page.all("img")
    assert len(images) >= 6
    for image in images:
        kind, content = re.fullmatch(r"data:image/(png|jpeg);base64,(.+)", image["src"]).groups()
        opened = Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
        opened.load()
        assert opened.format.lower() == kind
        assert len(image["alt"]) > 15 and int(image["width"]) > 0
    assert not any(Image.open(io.BytesIO(base64.b64decode(i["src"].split(",")[1]))).getexif() for i in images)


def test_nothing_on_the_page_leads_outside(text, page):
    bare = re.sub(r"data:image/\w+;base64,[A-Za-z0-9+/=]+", "", text)
    assert not re.search(r"https?:|//|url\(|@import|<script|<link|<iframe|<a\b|href=|\bon\w+=", bare)
    assert all(attrs.get("src", "").startswith("data:") for _, attrs in page.tags if "src" in attrs)
    assert {"img-src data:"} <= {part.strip() for part in page.all("meta")[3]["content"].split(";")}


def test_names_are_text_whatever_they_hold(text, page):
    assert not page.all("b", "i", "x")
    assert STRANGE in page.said and "note & <i>.txt" in page.said and 'shoulders compare "a & b" <x>' in page.said
    assert any(STRANGE in image["alt"] for image in page.all("img"))


def test_the_page_is_made_for_readers_of_all_kinds(text, page):
    assert text.startswith("<!DOCTYPE html>") and page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    assert "prefers-color-scheme: dark" in text and "@media print" in text
    assert len(page.all("title")) == len(page.all("main")) == 1


def test_the_first_lines_are_the_verdict(found, page):
    result = found.best.result
    first = f"With {result.backbone}, a new head rightly names {100 * result.accuracy:.1f} % of 16 pictures that it was not taught with"
    assert first in page.said
    low, high = result.interval
    assert f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %)" in page.said
    assert "Always naming the largest class, “cats”, would be right for 50.0 %." in page.said
    assert f"the balanced accuracy is {100 * result.balanced_accuracy:.1f} %" in page.said
    assert "Of “owls” there is no validation picture: nothing is known of it." in page.said
    assert page.said.count("This page holds pictures of the folder") == 2


def test_what_was_skipped_is_told_with_its_reason(page):
    assert "Training: train. Validation: valid." in page.said
    for words in ("train/cats/empty.jpg skipped zero bytes", "note & <i>.txt skipped not a picture", "print.jpg converted CMYK"):
        assert words in page.said
    # The one that is odd: of owls nothing is measured.
    assert "2 skipped; 1 used, although something is odd; 1 converted as they were read." in page.said
    assert page.said.index("empty.jpg") < page.said.index("print.jpg")


def test_a_near_copy_and_a_planted_label_are_shown(found, page):
    alts = [image["alt"] for image in page.all("img")]
    assert "validation, dogs: valid/dogs/copy.jpg" in alts and "training, cats: train/cats/cats_002.jpg" in alts
    assert "The two bear different labels." in page.said
    assert any(re.fullmatch(r"labelled dogs, looks like cats, .+sure: train/dogs/planted.jpg", alt) for alt in alts)
    left = np.delete(found.best.result.right, [pair.valid for pair in found.copies])
    assert f"without them the accuracy is {100 * left.mean():.1f} % of 15" in page.said


def test_every_class_has_its_line(found, page):
    for row in found.best.result.by_class().itertuples():
        if row.pictures:
            assert f"{row.Index} {row.pictures} {100 * row.recall:.1f} % {100 * row.recall_low:.1f} to {100 * row.recall_high:.1f} %" in page.said
    assert re.search(r"owls 0 not measured", page.said)


def test_the_table_of_giants_and_the_curve_hold_every_run(found, page):
    for one in found.candidates:
        low, high = one.result.interval
        assert re.search(rf"{one.network.name}( \(chosen\))? {100 * one.result.accuracy:.1f} % {100 * low:.1f} to {100 * high:.1f} %", page.said)
    assert page.said.count("(chosen)") == 1
    curve = next(image["alt"] for image in page.all("img") if "runs here" in image["alt"])
    assert "squeezenet1_1" in curve and "squeezenet1_0" in curve
    assert sorted({row["per_class"] for row in found.more}) == [1, 2, 5, 10, 20]
    assert len(found.more) == 2 * 5 * study.DRAWS


def test_what_the_page_shows_is_what_the_table_says(found):
    for one, row in zip(found.candidates, found.rows):
        assert (one.network.name, one.result.accuracy) == (row["backbone"], row["accuracy"])


def test_the_giant_is_chosen_by_training_pictures_alone(found, monkeypatch):
    """The one that does worst on the validation pictures is taken, if the training pictures say so."""
    shares = {"squeezenet1_1": (3, 10), "squeezenet1_0": (9, 10)}
    wrong = np.roll(np.eye(4)[found.held.valid.labels], 1, axis=1)
    crafted = {
        one.network.name: replace(one, right=shares[one.network.name][0], judged=10, result=replace(one.result, probabilities=p))
        for one, p in zip(found.candidates, (np.eye(4)[found.held.valid.labels], wrong))
    }
    monkeypatch.setattr(study, "candidate", lambda held, network, *_: crafted[network.name])
    chosen = study.study(found.held, [one.network for one in found.candidates], found.rows, (None, 2))
    assert chosen.best.network.name == "squeezenet1_0" and chosen.best.result.accuracy == 0
    assert "squeezenet1_0 was chosen because no other names more" in report._choice(chosen)
    assert "Of equals the first" not in report._choice(chosen)
    assert "Of equals the first" in report._choice(replace(chosen, candidates=(chosen.best, chosen.best)))
    assert "One giant was asked for" in report._choice(replace(chosen, candidates=(chosen.best,)))


def test_no_judge_no_choice():
    none = SimpleNamespace(right=0, judged=0)
    assert study.Candidate.promise.fget(none) == 0


def test_a_curve_that_was_asked_for_is_not_added_to(tmp_path):
    folder = folder_of(tmp_path / "set", {"cats": 8, "dogs": 8})
    assert asked(folder, [network()], per_class=(1, 3)).more == []
    assert {row["per_class"] for row in asked(folder, [network()], per_class=(3,)).more} == {1, 2}


def test_one_picture_of_each_class_is_enough_for_a_page(tmp_path):
    folder_of(tmp_path / "set" / "train", {"cats": 1, "dogs": 1})
    folder_of(tmp_path / "set" / "valid", {"cats": 2, "dogs": 2}, start=50_000)
    said = Reader(report.page(asked(tmp_path / "set", [network("squeezenet1_1"), network("squeezenet1_0")]))).said
    assert "too few to judge" in said and "There are too few training pictures to judge labels by" in said
    assert "squeezenet1_1 is the first that was named" in said
    assert "Every file is a picture that can be read as it is." in said


def test_of_many_classes_the_confusions_are_listed(tmp_path):
    folder = folder_of(tmp_path / "set", {f"class {i}": 3 for i in range(26)})
    page = Reader(report.page(asked(folder, [network()], "nearest_neighbours")))
    assert "26 classes" in page.said and "Who is most often taken for whom" in page.said
    assert "… and" in page.said  # more mistakes than are shown
    assert len(page.all("img")) <= 1 + 2 * report.MOST["pictures"]


def test_a_perfect_result_says_so_and_one_like_the_largest_class_too(found):
    counts = np.bincount(found.held.valid.labels)
    assert report._baseline(found.best.result, np.array([5, 5])).startswith("Always naming one class would be right for 50.0 %.")
    perfect = replace(found.best.result, probabilities=np.eye(4)[found.held.valid.labels])
    blind = replace(found.best.result, probabilities=np.eye(4)[[int(counts.argmax())] * len(found.held.valid)])
    said = Reader(report.page(replace(found, best=replace(found.best, result=perfect)))).said
    assert "All 16 validation pictures are named rightly." in said and "over 99" not in said.split("Labels to look")[0]
    verdict = report.verdict(replace(found, best=replace(found.best, result=blind)))
    assert verdict[1].endswith("nothing shows yet that the network does better.")


def test_nothing_is_a_hundred_per_cent_sure():
    assert report._sure(0.999).split() == ["over", "99", "%", "sure"] and report._sure(0.42).split() == ["42", "%", "sure"]
    said = ["99.9 %", "over 99.9 %", "over 99.9 %", "50.0 %"]
    assert [lettering.sure(share, 1) for share in (0.9994, 0.99951, 1.0, 0.5)] == said


def test_a_page_is_written_whole_and_under_a_pages_name(found, tmp_path):
    said = report.write(tmp_path / "deep" / "page.html", replace(found, copies=[copies.NearCopy(0, 0, 0.99)]))
    assert said.startswith(f"Page written to {tmp_path / 'deep' / 'page.html'}") and "It holds pictures of the folder" in said
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["page.html"]
    with pytest.raises(report.ReportError, match=r"p\.pdf: a page's name ends in \.html or \.htm"):
        report.write(tmp_path / "p.pdf", found)
    with pytest.raises(ComparisonError, match="--report looks into the answers of feature_extraction: add it to --regime"):
        study.need_sense(["fine_tuning"])


def test_a_file_whose_name_is_no_text_is_named_all_the_same(found, tmp_path):
    odd = {"file": "train/cats/\udcff\u202e.jpg", "action": "skipped", "problem": "zero bytes", "remedy": ""}
    report.write(tmp_path / "page.html", replace(found, held=replace(found.held, findings=(odd,))))
    assert "train/cats/\\udcff\\u202e.jpg" in (tmp_path / "page.html").read_text(encoding="utf-8")
