"""lessons/build.py: editions, the first cell, the public address, and that building again changes nothing."""

import importlib.util
import os
import platform
import subprocess
import sys
import types
from pathlib import Path

import nbformat
import pytest

COURSE = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("build", COURSE / "lessons" / "build.py")
build = sys.modules["build"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)

LESSON = """\
# %% [markdown]
# # 07 · Sums
#
# *Minutes: 5 teaching, 3 exercises.*
#
# Somebody added two numbers. And you ask: **what is two and two?** Then you check.

# %%
a, b = 2, 2

# %% [markdown]
# ## Exercise

# %% tags=["hide-input", "keep"]
def add(a, b):
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION
    ### BEGIN LEARNER
    # if a:
    #     return None  # your line
    #
    # return 0
    ### END LEARNER


print("sum", add(a, b))

# %%
### BEGIN SOLUTION
secret = 42
### END SOLUTION
"""
PLAIN = "# %% [markdown]\n# # Start\n#\n# <!-- lessons -->\n# <!-- /lessons -->\n\n# %% tags=[\"this-machine\"]\nprint('here')\n"
PYPROJECT = """\
[project]
dependencies = ["torch>=2,<3", "scikit-learn>=1.5", "pooch[progress]>=1.8", "fastprogress"]
[tool.shoulders]
repository = "{address}"
"""


@pytest.fixture
def course(tmp_path):
    """A small course of two lessons: 00 without markers, 07 with."""
    root = tmp_path / "course"
    (root / "lessons").mkdir(parents=True)
    (root / "shoulders").mkdir()
    (root / "shoulders" / "__init__.py").touch()
    (root / "lessons" / "00_start.py").write_text(PLAIN, encoding="utf-8")
    (root / "lessons" / "07_sums.py").write_text(LESSON, encoding="utf-8")
    (root / "README.md").write_text("before\n<!-- lessons -->\nold\n<!-- /lessons -->\nafter\n", encoding="utf-8")
    address(root, "")
    return root


def address(root, value):
    (root / "pyproject.toml").write_text(PYPROJECT.format(address=value), encoding="utf-8")


def made(root, edition="learner", name="07_sums"):
    return build.generate(root / "lessons" / f"{name}.py", edition, root)


def code(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def names_in(source):
    space = {}
    exec(source, space)
    return space


# -------------------------------------------------------------------------------------------------------------- editions


def test_each_edition_holds_its_own_lines_and_no_markers(course):
    learner, solution = (code(made(course, edition)) for edition in build.EDITIONS)
    for text in (learner, solution):
        assert "###" not in text
    assert "a + b" not in learner
    assert "secret" not in learner
    assert "your line" not in solution
    assert names_in(solution)["add"](20, 3) == 23
    assert names_in(learner)["add"](0, 3) == 0


def test_a_learners_lines_keep_their_indentation(course):
    cell = made(course).cells[4].source
    assert "    if a:\n        return None  # your line\n\n    return 0" in cell


def test_a_cell_that_is_all_solution_leaves_a_place_to_write(course):
    assert made(course).cells[-1].source == build.EMPTY


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("### BEGIN SOLUTION\nx = 1", "no '### END SOLUTION'"),
        ("x = 1\n### END LEARNER", "without its BEGIN"),
        ("### BEGIN SOLUTION\n### BEGIN LEARNER\n### END LEARNER\n### END SOLUTION", "inside SOLUTION"),
        ("### BEGIN SOLUTION\nx = 1\n### END LEARNER", "inside SOLUTION"),
        ("### BEGIN LEARNER\nx = 1\n### END LEARNER", "begin with '# '"),
    ],
)
def test_markers_that_do_not_fit_are_refused(course, source, said):
    path = course / "lessons" / "08_wrong.py"
    path.write_text(f"# %% [markdown]\n# # Wrong\n\n# %%\n{source}\n", encoding="utf-8")
    with pytest.raises(build.BuildError, match=said) as caught:
        build.generate(path, "learner", course)
    assert "08_wrong.py, cell 2" in str(caught.value)


def test_only_lessons_with_markers_have_a_solution_edition(course):
    assert [path.relative_to(course / "notebooks").as_posix() for path in build.outlines(course)] == [
        "00_start.ipynb",
        "07_sums.ipynb",
        "solutions/07_sums.ipynb",
    ]


def test_what_has_no_outputs_is_not_compared_with_any(course):
    (course / "lessons" / "07_sums.py").write_text(LESSON.replace('"hide-input", "keep"', '"nbval-check-output"'), encoding="utf-8")
    tagged = [[cell.metadata.get("tags") for cell in made(course, edition).cells] for edition in build.EDITIONS]
    assert ["nbval-check-output"] not in tagged[0]
    assert ["nbval-check-output"] in tagged[1]


def test_tags_are_kept_and_hidden_cells_are_folded_in_jupyterlab(course):
    metadata = made(course).cells[4].metadata
    assert metadata["tags"] == ["hide-input", "keep"]
    assert metadata["jupyter"]["source_hidden"] is True


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ("*Minutes: 25 teaching, 20 exercises.*", "25 + 20"),
        ("Minutes: 25 teaching", "25"),
        ("_minutes: 20 for exercises, 25 for teaching_", "25 + 20"),
        ("**Minutes**: 25 min teaching / 20 min exercises", "25 + 20"),
        ("It takes minutes.", ""),
    ],
)
def test_minutes_are_read_from_the_first_cell(line, minutes):
    cell = nbformat.v4.new_markdown_cell(f"# 3. Title\n\n{line}\n\nOne line. Is this asked? Another one?")
    about = build.front([cell])
    assert (about.title, about.question, about.minutes) == ("Title", "Is this asked?", minutes)


# ------------------------------------------------------------------------------------------- the first cell and address


def test_without_an_address_there_are_no_links(course):
    text = build.as_text(made(course)) + build.readme(course)
    assert "https://colab" not in text
    assert "mybinder" not in text


def test_the_address_makes_links_for_each_edition(course):
    address(course, "someone/a-course")
    for edition, place in (("learner", "notebooks/07_sums.ipynb"), ("solution", "notebooks/solutions/07_sums.ipynb")):
        lines = made(course, edition).cells[0].source.splitlines()
        assert lines[0] == "# 07 · Sums"
        assert f"github/someone/a-course/blob/main/{place}" in lines[2]
        assert f"gh/someone/a-course/HEAD?urlpath=lab/tree/{place}" in lines[2]
    assert build.readme(course).count("mybinder.org/v2/gh/someone/a-course") == 2


def first_cell(course):
    return next(cell.source for cell in made(course).cells if cell.cell_type == "code")


@pytest.fixture
def colab(monkeypatch, tmp_path):
    """A pretended Colab: the commands that the first cell would run, and /content somewhere harmless."""
    commands = []
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))

    def run(command, check, stdout=None):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, b"numpy==2.0.2\n")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(os, "chdir", lambda path: commands.append(["cd", str(path)]))
    monkeypatch.setattr(sys, "path", list(sys.path))
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pooch" else find(name))
    return commands


def test_on_colab_it_clones_once_and_installs_only_what_is_missing(course, colab, tmp_path):
    address(course, "someone/a-course")
    cell = first_cell(course).replace('"/content"', repr(str(tmp_path)))
    exec(cell, {})
    clone, change, held, install = colab
    assert clone[:3] == ["git", "clone", "-q"]
    assert clone[-2:] == ["https://github.com/someone/a-course", str(tmp_path / "a-course")]
    assert change == ["cd", str(tmp_path / "a-course" / "notebooks")]
    assert held[1:] == ["-m", "pip", "list", "--format=freeze"]
    assert install[1:] == ["-m", "pip", "install", "-q", "-c", str(tmp_path / "held.txt"), "pooch"]
    assert (tmp_path / "held.txt").read_text() == "numpy==2.0.2\n"
    assert sys.path[0] == str(tmp_path / "a-course")

    (tmp_path / "a-course").mkdir()
    colab.clear()
    exec(cell, {})
    assert [command[0] for command in colab] == ["cd", sys.executable, sys.executable]
    assert sys.path.count(str(tmp_path / "a-course")) == 1


def test_on_colab_without_an_address_one_sentence_is_said(course, colab, capsys):
    exec(first_cell(course), {})
    assert colab == []
    assert "clone the course" in capsys.readouterr().out


def test_a_hosted_runtimes_own_libraries_are_never_installed_over():
    assert not set(build.needed(COURSE)) & {"torch", "torchvision", "numpy", "ipywidgets"}


def test_a_clone_without_installation_is_found(course, tmp_path):
    (course / "notebooks" / "solutions").mkdir(parents=True)
    (course / "shoulders" / "__init__.py").write_text("answer = 42\n")
    script = first_cell(course) + "\nimport shoulders\nprint(shoulders.answer)"
    command = [sys.executable, "-S", "-c", script]  # -S: without site-packages, where the installed course lies
    nowhere_else = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for folder in ("notebooks", "notebooks/solutions"):
        done = subprocess.run(command, cwd=course / folder, capture_output=True, text=True, env=nowhere_else)
        assert done.stdout == "42\n"


@pytest.mark.parametrize(
    ("own", "spins"), [({}, "6000"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None), ({"GOMP_SPINCOUNT": "7"}, "7")]
)
def test_the_first_cell_says_how_threads_wait_before_torch_is_loaded(course, own, spins):
    names = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"
    environment = {name: value for name, value in os.environ.items() if name not in names} | own
    script = first_cell(course) + "\nprint(os.environ.get('GOMP_SPINCOUNT'), 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], cwd=COURSE, env=environment, capture_output=True, text=True).stdout
    assert said == f"{spins} False\n"


AGAIN = """
import resource, numpy, shoulders
for turn in range(5):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    numpy.ones(2**27, numpy.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc is the library that gives memory back at once")
@pytest.mark.parametrize(("own", "kept"), [({}, True), ({"MALLOC_MMAP_THRESHOLD_": "1000000"}, False)])
def test_memory_that_was_used_once_is_used_again_unless_the_learner_says_otherwise(own, kept):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    environment |= {"NUMPY_MADVISE_HUGEPAGE": "0"} | own  # pages of 4 kB, so that they can be counted
    command = [sys.executable, "-c", AGAIN]
    pages = int(subprocess.run(command, cwd=COURSE, env=environment, capture_output=True, text=True, check=True).stdout)
    assert (pages < 100) == kept


# ------------------------------------------------------------------------------------------------- building and checking


def test_building_again_changes_no_byte_and_the_check_agrees(course):
    assert build.main(["--no-execute"], course) == 0
    files = {path: path.read_bytes() for path in [*course.rglob("*.ipynb"), course / "README.md"]}
    assert len(files) == 4
    assert build.main(["--no-execute"], course) == 0
    assert files == {path: path.read_bytes() for path in files}
    assert build.main(["--check"], course) == 0


def test_a_change_elsewhere_moves_no_cells_identifier(course):
    path = course / "lessons" / "07_sums.py"
    before = [cell.id for cell in made(course).cells]
    path.write_text(LESSON.replace("a, b = 2, 2", "a, b = 2, 3"), encoding="utf-8")
    after = [cell.id for cell in made(course).cells]
    assert len(set(after)) == len(after)
    assert [old != new for old, new in zip(before, after)].count(True) == 1


def test_who_only_reads_is_led_to_the_results_and_links_hold_in_both_editions(course):
    link = "\n# See [the page](../docs/page.md), [here](#here), [a word](glossary.ipynb), [afar](https://example.org/x).\n"
    (course / "lessons" / "07_sums.py").write_text(LESSON.replace("# ## Exercise", "# ## Exercise\n#" + link), encoding="utf-8")
    learner, solution = (made(course, edition).cells for edition in build.EDITIONS)
    assert "[The same lesson with all results and solutions](solutions/07_sums.ipynb)" in learner[0].source
    assert "Only reading?" not in solution[0].source
    assert "(../docs/page.md), [here](#here), [a word](glossary.ipynb), [afar](https://example.org/x)" in learner[3].source
    assert "(../../docs/page.md), [here](#here), [a word](../glossary.ipynb), [afar](https://example.org/x)" in solution[3].source
    address(course, "someone/a-course")
    where = "https://github.com/someone/a-course/blob/main/notebooks/solutions/07_sums.ipynb"
    assert where in made(course).cells[0].source


def test_a_lesson_may_take_several_sittings_and_a_page_holds_the_words(course):
    (course / "lessons" / "07_sums.py").rename(course / "lessons" / "07a_sums.py")
    (course / "lessons" / "glossary.py").write_text("# %% [markdown]\n# # Words\n#\n# **sum**: what adds up\n", encoding="utf-8")
    assert build.main(["--no-execute"], course) == 0
    names = sorted(path.relative_to(course / "notebooks").as_posix() for path in course.rglob("*.ipynb"))
    assert names == ["00_start.ipynb", "07a_sums.ipynb", "glossary.ipynb", "solutions/07a_sums.ipynb"]
    words = nbformat.read(course / "notebooks" / "glossary.ipynb", as_version=4)
    assert [cell.cell_type for cell in words.cells] == ["markdown"]
    assert "| 07a | [" in (course / "README.md").read_text(encoding="utf-8")
    assert build.front([nbformat.v4.new_markdown_cell("# 07a · Sums")]).title == "Sums"
    assert "glossary" not in (course / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in build.sources(course, ["07a"])] == ["07a_sums"]


@pytest.mark.parametrize("change", ["lesson", "notebook", "missing", "stray", "table", "address"])
def test_the_check_notices(course, change, capsys):
    build.main(["--no-execute"], course)
    notebook = course / "notebooks" / "07_sums.ipynb"
    if change == "lesson":
        (course / "lessons" / "07_sums.py").write_text(LESSON.replace("2, 2", "2, 3"), encoding="utf-8")
    if change == "notebook":
        notebook.write_text(notebook.read_text(encoding="utf-8").replace("your line", "my line"), encoding="utf-8")
    if change == "missing":
        notebook.unlink()
    if change == "stray":
        notebook.with_name("09_stray.ipynb").write_bytes(notebook.read_bytes())
    if change == "table":
        (course / "README.md").write_text("<!-- lessons -->\n<!-- /lessons -->\n", encoding="utf-8")
    if change == "address":
        address(course, "someone/a-course")
    assert build.main(["--check"], course) == 1
    assert "Build them again" in capsys.readouterr().out


def test_executed_notebooks_hold_what_every_reader_may_see(course):
    assert build.main([], course) == 0
    solution = nbformat.read(course / "notebooks" / "solutions" / "07_sums.ipynb", as_version=4)
    assert [output.text for cell in solution.cells for output in cell.get("outputs", ())] == ["sum 4\n"]
    assert [cell.execution_count for cell in solution.cells if cell.cell_type == "code"] == [1, 2, 3, 4]
    assert solution.metadata == build.KERNEL
    assert not any("execution" in cell.metadata for cell in solution.cells)
    start = nbformat.read(course / "notebooks" / "00_start.ipynb", as_version=4)
    assert start.cells[-1].outputs == []
    learner = nbformat.read(course / "notebooks" / "07_sums.ipynb", as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in learner.cells)

    assert build.main(["--no-execute"], course) == 0
    again = nbformat.read(course / "notebooks" / "solutions" / "07_sums.ipynb", as_version=4)
    assert again == solution

    (course / "lessons" / "07_sums.py").write_text(LESSON.replace("2, 2", "2, 3"), encoding="utf-8")
    assert build.main(["--no-execute"], course) == 0
    changed = nbformat.read(course / "notebooks" / "solutions" / "07_sums.ipynb", as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in changed.cells)

    assert build.main(["07", "--no-outputs"], course) == 0
    bare = nbformat.read(course / "notebooks" / "07_sums.ipynb", as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in bare.cells)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import os; print(os.getcwd())", "paths of this machine"),
        ("from pathlib import Path; Path.home()", "paths of this machine"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_notebook_that_fails_or_tells_of_this_machine_is_not_written(course, capsys, line, said):
    (course / "lessons" / "07_sums.py").write_text(f"# %% [markdown]\n# # Sums\n\n# %%\n{line}\n", encoding="utf-8")
    assert build.main(["07"], course) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "cell 3" in error
    assert list((course / "notebooks").rglob("*")) == []


def test_widgets_without_their_state_and_bars_that_cleared_themselves_are_left_out(course):
    notebook = made(course)
    view = nbformat.v4.new_output("display_data", {build.WIDGET: {"model_id": "1"}, "text/plain": "Button()"})
    text = nbformat.v4.new_output("stream", text="hello")
    gone = nbformat.v4.new_output("display_data", {"text/html": "", "text/plain": "<IPython.core.display.HTML object>"})
    notebook.cells[-1].outputs, notebook.cells[-1].execution_count = [gone, view, text], 9
    notebook.metadata["widgets"] = {"state": {}}
    build.tidy(notebook)
    assert notebook.cells[-1].outputs == [text]
    assert "widgets" not in notebook.metadata


def test_pictures_may_spell_anything():
    cell = nbformat.v4.new_code_cell("x")
    html = "<img src='data:image/png;base64,AAA/home/aaa/AAAA=='>"
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": html})]
    assert build.machine_paths(nbformat.v4.new_notebook(cells=[cell])) == []
