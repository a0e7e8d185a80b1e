"""Every notebook in the repository is clean, complete, and what lessons/ would generate."""

import re

import nbformat
import pytest
from test_build import COURSE, build

NOTEBOOKS = sorted(path for path in (COURSE / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
NAMES = [path.relative_to(COURSE).as_posix() for path in NOTEBOOKS]


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def notebook(request):
    return nbformat.read(request.param, as_version=nbformat.NO_CONVERT)


def code_cells(notebook):
    return [(number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", ())


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_notebooks_and_table_are_what_lessons_would_generate():
    assert build.stale(COURSE) == []


def test_it_is_valid_and_starts_on_every_machine(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.metadata.kernelspec.name) == (4, "python3")
    assert notebook.metadata.kernelspec.display_name == "Python 3"
    assert "widgets" not in notebook.metadata
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_outputs_come_from_cells_that_were_run_and_did_not_fail(notebook):
    for number, cell in code_cells(notebook):
        assert not cell.outputs or cell.execution_count, f"cell {number} has outputs but was never run"
        assert "execution" not in cell.metadata, f"cell {number} stores timestamps"
        for output in cell.outputs:
            failed = output.output_type == "error"
            assert not failed or "raises-exception" in tags(cell), f"cell {number} shows {output.get('ename')}"
            assert build.WIDGET not in output.get("data", {}), f"cell {number} shows a widget whose state is not stored"


def test_notebooks_were_run_from_top_to_bottom_or_not_at_all(notebook):
    counts = [cell.execution_count for _, cell in code_cells(notebook) if "this-machine" not in tags(cell)]
    assert not any(counts) or counts == list(range(1, len(counts) + 1))


def test_pictures_are_outputs_of_code(notebook):
    for number, cell in enumerate(notebook.cells, 1):
        assert "attachments" not in cell, f"cell {number} carries a picture that no code made"
        if cell.cell_type == "markdown":
            assert "data:image" not in cell.source, f"cell {number} carries a picture that no code made"


def headings(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"^(```|~~~).*?^\1", "", cell.source, flags=re.DOTALL | re.MULTILINE)
            yield from (len(marks) for marks in re.findall(r"^(#{1,6}) ", text, flags=re.MULTILINE))


def test_headings_are_in_order(notebook):
    levels = list(headings(notebook))
    assert levels[0] == 1
    assert levels.count(1) == 1, "one title"
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), f"a level is left out: {levels}"


def test_outputs_do_not_tell_where_they_were_made(notebook):
    assert build.machine_paths(notebook, COURSE) == []


LEARNERS = [path for path in NOTEBOOKS if (COURSE / "notebooks" / "solutions" / path.name).is_file() and path.parent.name == "notebooks"]


@pytest.mark.parametrize("path", LEARNERS, ids=[path.name for path in LEARNERS])
def test_a_learner_has_not_seen_the_answer_and_nobody_has_guessed_for_them(path):
    held = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    code = [cell for cell in held.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    lines = "\n".join(cell.source for cell in code)
    for call in re.findall(r"guesses\.keep\((.*?)\)\n", lines + "\n", flags=re.DOTALL):
        numbers = re.sub(r"""(["']).*?\1|\b(low|high)=[\d.]+""", "", call)
        assert not re.search(r"\d", numbers), f"a guess is filled in: {call}"
    assert not re.search(r"^my_(guess|worth)\w* = (?!None|guesses\.)", lines, flags=re.MULTILINE), "a guess is filled in"
