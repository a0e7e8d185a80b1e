"""The site: every lesson and every card is on it, links hold, nothing comes from elsewhere. Sphinx builds a part where it is installed."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs" / "site"))

import giants
import reference
import rooms
import sources

from lessons import build
from shoulders import backbones

COURSE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def made():
    return sources.pages()


def test_every_lesson_and_every_guide_is_in_the_sidebar(made):
    listed = made["index.md"].split("```{toctree}", 1)[1]
    wanted = [f"lessons/{path.stem}" for path in build.lesson_files(COURSE)]
    wanted += ["lessons/glossary", *(f"docs/{path.stem}" for path in (COURSE / "docs").glob("*.md"))]
    assert all(f"\n{name}\n" in listed for name in wanted)
    assert listed.index("lessons/00") < listed.index("lessons/01")


def test_every_page_is_listed_once(made):
    listed = made["index.md"].split("```{toctree}", 1)[1].splitlines()
    pages = [Path(name).with_suffix("").as_posix() for name in made if not name.startswith(sources.FILES)]
    assert sorted(line for line in listed if line in pages) == sorted(set(pages) - {"index"})


def test_a_lesson_keeps_its_outputs_and_offers_the_learners_edition(made):
    (path,) = (COURSE / "notebooks" / "solutions").glob("01_*")
    cells = [nbformat.reads(text, as_version=4).cells for text in (made[f"lessons/{path.name}"], path.read_text(encoding="utf-8"))]
    pictures = [[output.data["image/png"] for cell in nb for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
                for nb in cells]  # fmt: skip
    assert pictures[0] == pictures[1] != []
    copy = f"files/notebooks/{path.name}"
    assert f"</{copy}>" in cells[0][0].source
    assert made[copy] == (COURSE / "notebooks" / path.name).read_bytes()


def course(tmp_path, address=""):
    """A small course: two lessons, a guide, a licence."""
    for name in ("README.md", "CONTRIBUTING.md", "LICENSE"):
        (tmp_path / name).write_text("# Title\n")
    (tmp_path / "pyproject.toml").write_text(f"[tool.shoulders]\nrepository = '{address}'\n")
    for folder in ("docs", "notebooks/solutions", "data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "docs" / "zoo.jpg").write_bytes(b"picture")
    (tmp_path / "docs" / "guide.md").write_text("# Guide\n")
    for name in ("notebooks/01_one.ipynb", "notebooks/solutions/01_one.ipynb", "notebooks/02_two.ipynb"):
        cells = [nbformat.v4.new_markdown_cell("# 01 · One\n\nText [two](../02_two.ipynb).")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[two](../notebooks/solutions/01_one.ipynb#part)", "[two](../lessons/01_one.ipynb#part)"),
        ("[two](../notebooks/02_two.ipynb)", "[two](../lessons/02_two.ipynb)"),
        ("[start](../README.md)", "[start](../index.md)"),
        ("![felt](zoo.jpg)", "![felt](../files/docs/zoo.jpg)"),
        ("[the `LICENSE`](../LICENSE)", "{download}`the LICENSE </files/LICENSE>`"),
        ("[all data](../data)", "all data"),
        ("[below](#below) [far](https://example.org/a) [lost](lost.md)", "[below](#below) [far](https://example.org/a) [lost](lost.md)"),
        ("[![Open](https://example.org/a.svg)](https://example.org/b)", "[Open](https://example.org/b)"),
    ],
)
def test_links_lead_to_pages_of_the_site(tmp_path, written, read):
    root = course(tmp_path)
    text, carried = sources.rewritten(written, root / "docs" / "guide.md", root)
    assert text == read
    assert carried == [root / path for path in ("docs/zoo.jpg", "LICENSE") if f"/{path}" in read]


def test_a_public_course_links_to_colab_in_words(tmp_path):
    root = course(tmp_path, "someone/course")
    text, _ = sources.lesson(root / "notebooks" / "solutions" / "01_one.ipynb", root)
    source = nbformat.reads(text, as_version=4).cells[0].source
    assert source.startswith("# 01 · One\n") and "[two](02_two.ipynb)" in source
    assert "[Open in Colab](https://colab.research.google.com/github/someone/course/" in source
    assert "svg" not in source, "a badge is a picture from another server"


def test_only_what_changed_is_written_and_what_went_is_taken_away(tmp_path):
    assert not sources.lay(tmp_path, {"a.md": "a", "b/c.md": b"c"})
    before = (tmp_path / "a.md").stat().st_mtime_ns
    assert sources.lay(tmp_path, {"a.md": "a", "d.md": "d"})
    assert (tmp_path / "a.md").stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == ["a.md", "d.md"]


def test_every_giant_has_its_section_and_a_new_one_gets_it_by_itself(monkeypatch):
    new = replace(backbones.card("vgg16"), name="new_giant", top1=None, year=None, gmacs=None)
    cards = {"vgg16": backbones.card("vgg16"), "new_giant": new}
    monkeypatch.setattr(backbones, "cards", lambda: cards)
    text = giants.page()
    assert text.count("\n## ") == 2 and "(giant-new-giant)=\n\n## new_giant" in text
    assert "| top-1" not in text.split("## new_giant")[1] and "None" not in text
    assert "[arXiv 1409.1556](https://arxiv.org/abs/1409.1556)" in text and "71.6 % (torchvision model zoo" in text


def test_every_public_name_is_described_once(made):
    told = [name for names in reference.shown().values() for name in names]
    assert "fit" in told and not [name for name in told if name.startswith("_")]
    assert ".. autofunction:: fit" in made["reference/heads.rst"]
    assert made["reference/errors.rst"].count("DatasetError") == 2, "in the table, and below it"
    assert "DatasetError" not in made["reference/datasets.rst"], "it is described where errors are"
    assert {f"reference/{room}.rst" for room in rooms.files()} - set(made) == {"reference/__main__.rst", "reference/cli.rst"}


def test_every_command_is_on_the_page_of_commands(made):
    from shoulders.cli import app

    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert all(f"## `shoulders {name}`" in made["reference/commands.md"] for name in names)


def test_the_settings_ask_no_other_server():
    folder = COURSE / "docs" / "site"
    texts = [(folder / "conf.py").read_text(encoding="utf-8"), (folder / "static" / "site.css").read_text(encoding="utf-8")]
    outside = [line for text in texts for line in text.splitlines() if "//" in line and "{repository}" not in line and "{name}" not in line]
    assert outside == []


def test_the_workflow_publishes_nothing_before_there_is_an_address():
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load((COURSE / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))["jobs"]
    assert "needs.address.outputs.repository != ''" in jobs["build"]["if"]
    assert jobs["build"]["needs"] == "address" and jobs["publish"]["needs"] == "build"
    assert not any("pages" in (job.get("permissions") or {}) for name, job in jobs.items() if name != "publish")


# ---------------------------------------------------------------------------------------------- with Sphinx and its like


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A site of two lessons and two other pages, in HTML, and what Sphinx printed of it."""
    for name in ("sphinx", "myst_nb", "sphinx_book_theme", "bs4"):
        pytest.importorskip(name, reason=f"{name} is not installed: run make site")
    import build_site

    goal = tmp_path_factory.mktemp("site")
    figure = nbformat.v4.new_output("display_data", {"image/png": PIXEL}, metadata={"image/png": {"alt": "A red dot."}})
    plain = nbformat.v4.new_output("display_data", {"image/png": OTHER, "text/plain": "<PIL.Image>"})
    said = nbformat.v4.new_output("stream", name="stdout", text="Another\ndot.\n")
    cells = [nbformat.v4.new_markdown_cell("# 01 · One\n\nHalf is $1/2$."), nbformat.v4.new_code_cell("1", outputs=[figure, plain, said])]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=build.KERNEL)
    made = {
        "index.md": "# Start\n\n[one](lessons/01_one.ipynb)\n\n" + sources.toctree("All", ["lessons/01_one", "words"]),
        "lessons/01_one.ipynb": nbformat.writes(notebook),
        "words.rst": "Words\n=====\n\n.. automodule:: shoulders.support.words\n\n.. autofunction:: share\n",
    }
    code = build_site.build(goal, made)
    return goal / "html", code


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)
OTHER = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/5SIyRAAAAABJRU5ErkJggg=="
)


def test_a_small_site_is_built_without_a_warning_and_is_whole(small):
    import check_site

    html, code = small
    assert code == 0
    assert check_site.problems(html) == []
    page = (html / "lessons" / "01_one.html").read_text(encoding="utf-8")
    assert 'alt="A red dot."' in page and 'alt="Another dot."' in page
    assert "<math" in page and "mathjax.js" not in page.lower()


def test_the_check_finds_what_is_wrong(small, tmp_path):
    import check_site

    html = tmp_path / "html"
    shutil.copytree(small[0], html)
    wrong = '<img src="_static/none.png"><script src="https://example.org/a.js"></script><a href="words.html#none">x</a>'
    (html / "wrong.html").write_text(f"<html><body>{wrong}</body></html>")
    assert sorted(check_site.problems(html)) == [
        "wrong.html: a link to a place that is not on its page, words.html#none",
        "wrong.html: a link to what is not there, _static/none.png",
        "wrong.html: a picture without words, _static/none.png",
        "wrong.html: comes from another server, https://example.org/a.js",
    ]


def test_a_name_in_a_docstring_leads_to_what_it_means_or_nowhere():
    crossings = pytest.importorskip("crossings", reason="sphinx is not installed: run make site")
    entry = type("Entry", (), {"aliased": False})()
    known = dict.fromkeys(["a.Card", "b.Card", "a.One", "a.Some.classes"], entry)
    assert crossings.may_be_sought("One", "b", known)
    assert not crossings.may_be_sought("Card", "c", known), "two rooms have it"
    assert not crossings.may_be_sought("One", "a", known), "the module's own is found first"
    assert not crossings.may_be_sought("classes", "b", known), "a dimension, not an attribute"


def test_a_picture_that_nothing_is_said_of_is_told_of_and_given_no_words():
    alt_texts = pytest.importorskip("alt_texts", reason="sphinx is not installed: run make site")
    dumb = nbformat.v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "<PIL.Image>"})
    cell = nbformat.v4.new_code_cell("1", outputs=[dumb])
    assert alt_texts.told(nbformat.v4.new_notebook(cells=[cell])) == {}
    dumb.metadata["image/png"] = {"alt": "A red dot."}
    assert list(alt_texts.told(nbformat.v4.new_notebook(cells=[cell])).values()) == ["A red dot."]
