"""Slides: made from every lesson, by rules; what must be said stands beside them; nothing comes from elsewhere, no solution is shown."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs" / "slides"))

import build_slides
import decks

from lessons import build

COURSE = Path(__file__).resolve().parent.parent
LESSONS = {build.sitting(path): path for path in build.lesson_files(COURSE)}
OUTSIDE = re.compile(
    r"""<(?:script|img|iframe|source|video)[^>]+src=["']?(?:https?:)?//|<link[^>]+href=["']?(?:https?:)?//|url\(["']?(?:https?:)?//|"""
    r"""@import\s+(?:url\()?["']?(?:https?:)?//|\bfrom\s+["']https?:|require\("""
)


def kinds(deck):
    return [cell.metadata["slideshow"]["slide_type"] for cell in deck.cells]


@pytest.mark.parametrize("number", LESSONS)
def test_every_lesson_has_slides_and_what_must_be_said_stands_beside_them(number):
    deck = decks.deck(LESSONS[number])
    assert kinds(deck).count("slide") >= 3 and kinds(deck)[0] == "slide"
    notes = "\n".join(cell.source for cell, kind in zip(deck.cells, kinds(deck)) if kind == "notes")
    told = decks.said(number)
    assert len(told) >= 3 and all(one.words in notes for one in told), "begins with a heading of the lesson, in bold?"


@pytest.mark.parametrize("number", ["01", "07b"])
def test_a_deck_asks_no_other_server_and_shows_no_solution(number):
    if number == "07b":
        pytest.importorskip("docutils", reason="docutils, which draws formulas, is not installed: run make slides")
    text = build_slides.page(LESSONS[number])
    assert OUTSIDE.findall(text) == []
    assert 'src="reveal.js/dist/reveal.js"' in text and text.count("<section") > 20 and '<aside class="notes">' in text
    assert "powers / powers.sum()" not in text and "BEGIN" not in text and "You made no guess" not in text
    assert "<math" in text if number == "07b" else "data:image/png" in text


@pytest.mark.parametrize(
    "wrong", ['<script src="https://a.org/b.js">', "url(//a.org/b.png)", '<link rel="x" href="http://a.org">', '@import "https://a.org/b.css"']
)
def test_the_test_would_see_an_outside_address(wrong):
    assert OUTSIDE.search(wrong) and not OUTSIDE.search('<a href="https://arxiv.org/abs/1311.2901">')


def sentence(words, number=1):
    return " ".join(["A", *["word"] * (words * number - 2), "end."])


def test_long_text_goes_to_the_speaker_and_its_first_sentences_stay():
    short, long = sentence(20), f"{sentence(30)} {sentence(40)}"
    assert decks.at_a_glance(f"{short}\n\n{long}") == (f"{short}\n\n{sentence(30)}", [long])
    assert decks.at_a_glance(f"{long}\n\n{short} {long}") == (sentence(30), [long, f"{short} {long}"])
    assert decks.at_a_glance(sentence(61)) == ("", [sentence(61)])
    listed = "\n".join(f"* {sentence(20)}" for _ in range(5))
    assert decks.at_a_glance(listed) == (listed, [])


@pytest.fixture
def small(monkeypatch):
    """The slides of a lesson of our own: pairs of cells, with its outputs and as the learner has it."""
    path = LESSONS["01"]

    def made(*pairs, guide=""):
        monkeypatch.setattr(decks, "_pairs", lambda _: [pair if isinstance(pair, tuple) else (pair, pair) for pair in pairs])
        return decks.deck(path, guide)

    return made


FIGURE = new_output("display_data", {"image/png": "AAAA", "text/plain": "What it shows."})


def test_a_heading_begins_a_slide_and_a_figure_has_its_own(small):
    printed = new_output("stream", name="stdout", text="Right.\n")
    below = new_output("stream", name="stdout", text="What it\nshows.\n")
    deck = small(
        new_markdown_cell("# Title\n\n## Step 1\n\nLook.\n\n### Closer"),
        new_code_cell("see()", outputs=[printed, FIGURE, below]),
        new_code_cell("import this"),
    )
    assert kinds(deck) == ["slide", "slide", "subslide", "-", "subslide"]
    assert [len(cell.outputs) for cell in deck.cells if cell.cell_type == "code"] == [1, 1], "the line below a figure is said in its alt text"
    assert deck.cells[-1].metadata["tags"] == ["hide-input"] and deck.cells[-1].outputs == [FIGURE]


def test_an_exercise_is_shown_as_the_learner_has_it(small):
    right = new_output("stream", name="stdout", text="Right.\n")
    solved, asked = new_code_cell("answer = 5", outputs=[right]), new_code_cell("answer = None")
    code = small(new_markdown_cell("# Title"), (solved, asked)).cells[-1]
    assert (code.source, code.outputs) == ("answer = None", [])


def test_references_folds_and_links_to_files_are_left_out(small):
    text = "# Title\n\nSee [words](glossary.ipynb), [far](https://a.org).\n\n<details>hidden</details>\n\n## References\n\n* one"
    deck = small(new_markdown_cell(text), new_code_cell("1", outputs=[FIGURE]), new_markdown_cell("## Key points\n\n* two"))
    assert [cell.source for cell in deck.cells] == ["# Title\n\nSee words, [far](https://a.org).", "## Key points\n\n* two"]


def test_notes_stand_at_the_step_that_the_guide_names(small):
    guide = "## 01 · One\n\n### What must be said\n\n* At the start.\n* **Step 1.** Slowly,\n  and twice.\n\n### Next\n\n* no"
    assert decks.said("01", guide) == [decks.Said("", "At the start."), decks.Said("Step 1", "Slowly, and twice.")]
    deck = small(new_markdown_cell("# Title\n\n## Step 1: see"), guide=guide)
    assert kinds(deck) == ["slide", "notes", "slide", "notes"]
    assert [cell.source for cell in deck.cells[1::2]] == ["**Say:** At the start.", "**Say:** Slowly, and twice."]


def test_without_the_package_that_carries_reveal_one_sentence_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(build_slides, "CARRIER", "no_such_package")
    assert build_slides.main(["01"]) == 1
    assert "`make slides` brings it" in capsys.readouterr().err


def test_reveal_is_carried_whole_and_asks_no_other_server(tmp_path):
    pytest.importorskip(build_slides.CARRIER, reason="sphinx-revealjs is not installed: run make slides")
    build_slides.carry(tmp_path)
    assert all((tmp_path / part).exists() for part in build_slides.PARTS)
    assert not [path for path in tmp_path.rglob("*.css") if OUTSIDE.search(path.read_text(encoding="utf-8"))]


def test_a_deck_is_a_valid_notebook():
    nbformat.validate(decks.deck(LESSONS["00"]))
