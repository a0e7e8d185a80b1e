"""A lesson run without a browser: every cell, the verdict, the page; a failing cell is named."""

import nbformat
import pytest

from shoulders.course import lessons
from shoulders.support import places


@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "solutions").mkdir(parents=True)
    monkeypatch.setattr(places, "course", lambda: tmp_path)
    return tmp_path / "notebooks"


def write(path, *cells):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A lesson"), *map(nbformat.v4.new_code_cell, cells)])
    nbformat.write(book, path)
    return path.read_bytes()


def test_runs_every_cell_and_writes_the_page(course, tmp_path):
    before = write(
        course / "05_small.ipynb", "x = 6", "print('Right. Exercise 1 is done.')\nprint('Not yet: no')", "print(x * 7)"
    )
    done = lessons.run("5", tmp_path / "out" / "page.html")
    assert (done.cells, done.verdict) == (3, "1 of 2 checks passed")
    page = (tmp_path / "out" / "page.html").read_text()
    assert "A lesson" in page and ">42" in page.replace("\n", "")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["page.html"]
    assert (course / "05_small.ipynb").read_bytes() == before


def test_solutions_go_first(course):
    write(course / "05_small.ipynb", "print('Not yet: learner')")
    write(course / "solutions" / "05_small.ipynb", "print('Right. Exercise 1 is done.', 'Right, but no check')\nprint('Right before: 3')")
    assert lessons.run("05").verdict == "1 of 1 checks passed"


def test_a_failing_cell_is_named_and_no_page_written(course, tmp_path):
    write(course / "05_small.ipynb", "x = 1", "1 / 0")
    with pytest.raises(lessons.LessonError, match=r"Cell 2 of 05_small.ipynb failed: ZeroDivisionError"):
        lessons.run("05", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_an_unknown_lesson_names_the_known(course):
    write(course / "05_small.ipynb", "x = 1")
    with pytest.raises(lessons.LessonError, match="There is no lesson 09: choose one of 05"):
        lessons.run("09")
