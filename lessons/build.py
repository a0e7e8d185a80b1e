"""The one way from lessons/ to notebooks/.

    python lessons/build.py                     # every lesson: generate, run, write; then the table in README.md
    python lessons/build.py 01 --no-outputs     # run it as a check, write it without outputs
    python lessons/build.py 01 --learner        # run the learner edition, too, as a check
    python lessons/build.py --no-execute        # generate only; outputs stay where no code has changed
    python lessons/build.py --check             # do notebooks/ and README.md hold what lessons/ says? writes nothing

A lesson is ``lessons/NN_name.py`` in jupytext's percent format, with its solutions. In a code cell

* lines from ``### BEGIN SOLUTION`` to ``### END SOLUTION`` are in the solution edition alone;
* lines from ``### BEGIN LEARNER`` to ``### END LEARNER`` are in the learner edition alone; in the source each of them is
  a comment, and loses its ``# `` on the way.

A lesson without markers has no solution edition. Where there is one, it alone holds outputs: a learner who guesses has not seen
the answer. A cell tagged ``this-machine`` runs, but its outputs are not kept. ``lessons/glossary.py`` is a page of text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
EDITIONS = ("learner", "solution")
KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
EMPTY = "# Your code here."
MARKER = re.compile(r"\s*### (BEGIN|END) (SOLUTION|LEARNER)\s*")
LIST = re.compile(r"<!-- lessons -->.*?<!-- /lessons -->", re.DOTALL)
BESIDE = re.compile(r"\]\((?![a-z]+:|#)")
"""Where a link to a file begins, as seen from notebooks/."""
GLOSSARY = "glossary.py"
WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 600

# What a hosted runtime brings by itself, in versions that fit together there: never installed over.
HOSTED = ("torch", "torchvision", "numpy", "pandas", "scikit-learn", "pillow", "matplotlib", "ipython", "ipywidgets", "ipykernel")

FIRST_CELL = '''\
# This cell finds the course. On Google Colab it fetches it; elsewhere there is nothing for you to do.
import importlib.util
import os
import pathlib
import subprocess
import sys

IN_COLAB = "google.colab" in sys.modules
REPOSITORY = {repository!r}
NEEDED = {needed}

if IN_COLAB and not REPOSITORY:
    print("This copy has no public address: clone the course, and open the notebook from the clone.")
elif IN_COLAB:
    course = pathlib.Path("/content") / REPOSITORY.split("/")[1]
    if not course.exists():
        subprocess.run(["git", "clone", "-q", "--depth", "1", f"https://github.com/{{REPOSITORY}}", str(course)], check=True)
    os.chdir(course / "notebooks")
    if str(course) not in sys.path:
        sys.path.insert(0, str(course))
    missing = [name for name in NEEDED if importlib.util.find_spec(name.replace("-", "_")) is None]
    if missing:
        held = subprocess.run([sys.executable, "-m", "pip", "list", "--format=freeze"], stdout=subprocess.PIPE, check=True)
        (course.parent / "held.txt").write_bytes(held.stdout)  # nothing that is here may change
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-c", str(course.parent / "held.txt"), *missing], check=True)
elif importlib.util.find_spec("shoulders") is None:
    here = pathlib.Path.cwd()
    courses = [folder for folder in (here, *here.parents) if (folder / "shoulders" / "__init__.py").is_file()]
    sys.path[:0] = [str(folder) for folder in courses[:1]]

if importlib.util.find_spec("shoulders"):
    import shoulders  # before torch: it says how torch's threads wait
'''


class BuildError(Exception):
    """A lesson that cannot become a notebook; the message names the file and the cell."""


@dataclass(frozen=True)
class Front:
    """What the first cell of a lesson says about it."""

    title: str
    question: str
    teaching: int | None
    exercises: int | None

    @property
    def minutes(self):
        parts = [str(n) for n in (self.teaching, self.exercises) if n is not None]
        return " + ".join(parts)


# ------------------------------------------------------------------------------------------------- from lesson to cells


def sources(root: Path, names=()) -> list[Path]:
    """The lessons in order, and the page of words; `names` are numbers or beginnings of names.

    Raises
    ------
    BuildError
        For a name that fits no lesson.
    """
    files = [*lesson_files(root), *(root / "lessons").glob(GLOSSARY)]
    for name in names:
        if not any(path.stem.startswith(name) for path in files):
            raise BuildError(f"No lesson is called {name}: there are {', '.join(path.stem for path in files) or 'none yet'}.")
    return [path for path in files if not names or any(path.stem.startswith(name) for name in names)]


def lesson_files(root: Path) -> list[Path]:
    """The lessons in order: ``01_name.py``; of one that takes several sittings ``04a_name.py``, ``04b_name.py``."""
    return sorted((root / "lessons").glob("[0-9][0-9]*_*.py"))


def sitting(path: Path) -> str:
    """A lesson's number, with its letter."""
    return path.stem.partition("_")[0]


def read_lesson(path: Path):
    """The cells of a lesson, as jupytext reads them, markers and all."""
    cells = jupytext.read(path, fmt="py:percent").cells
    for number, cell in enumerate(cells, 1):
        if cell.cell_type != "code" and MARKER.search(cell.source):
            raise BuildError(f"{path.name}, cell {number}: markers belong in code cells.")
    if not cells or not (cells[0].cell_type == "markdown" and cells[0].source.lstrip().startswith("# ")):
        raise BuildError(f"{path.name}: the first cell has to be markdown that begins with a title, '# …'.")
    return cells


def has_solution(cells) -> bool:
    """Whether any cell has a marker."""
    return any(MARKER.fullmatch(line) for cell in cells for line in cell.source.splitlines())


def in_edition(source: str, edition: str) -> str:
    """The source of a code cell in the learner's or the solution edition.

    Raises
    ------
    BuildError
        For a marker without its partner, or a learner's line that is no comment.
    """
    kept, inside = [], None
    for line in source.splitlines():
        if marker := MARKER.fullmatch(line):
            inside = _step(inside, *marker.groups())
        elif inside is None or (inside, edition) == ("SOLUTION", "solution"):
            kept.append(line)
        elif inside == "LEARNER":
            bare = _uncommented(line)
            kept += [bare] * (edition == "learner")
    if inside:
        raise BuildError(f"'### BEGIN {inside}' has no '### END {inside}'.")
    return "\n".join(kept).strip("\n")


def _step(inside, what, name):
    if (what == "BEGIN") == (inside is None) and (what == "BEGIN" or inside == name):
        return name if what == "BEGIN" else None
    raise BuildError(f"'### {what} {name}' stands {f'inside {inside}' if inside else 'without its BEGIN'}.")


def _uncommented(line):
    if not line.strip():
        return ""
    if not (comment := re.fullmatch(r"(\s*)#(?: (.*))?", line)):
        raise BuildError(f"a learner's line has to begin with '# ': {line.strip()!r}.")
    return (comment[1] + (comment[2] or "")).rstrip()


def front(cells) -> Front:
    """Title, minutes and question of a lesson.

    The title is the H1 of the first cell, less a number before it. The minutes stand in a line of that cell like
    ``*Minutes: 25 teaching, 20 exercises.*``, with or without stars. The question is the first thing there that ends in
    a question mark.
    """
    lines = [line.strip() for line in cells[0].source.splitlines()]
    title = re.sub(r"^\d+[a-z]?\s*[·:.–-]\s*", "", next(line[2:].strip() for line in lines if line.startswith("# ")))
    minutes = next((line for line in lines if re.match(r"[*_\s]*minutes\b", line, re.IGNORECASE)), "")

    def count(word):
        found = re.search(rf"(\d+)\s*(?:min\w*\s*)?(?:(?:of|for)\s+)?{word}", minutes, re.IGNORECASE)
        return int(found[1]) if found else None

    text = " ".join(line for line in lines if line and line != minutes and not line.startswith("#"))
    asked = re.search(r"(?:^|(?<=[.!?:]\s))[^.!?:]*\?", re.sub(r"[*_]{1,2}|<!--.*?-->", "", text))
    question = asked[0].strip() if asked else ""
    return Front(title, question[:1].upper() + question[1:], count("teach"), count("exerc"))


# ---------------------------------------------------------------------------------------------- from cells to notebooks


def repository(root: Path) -> str:
    """The public address, ``owner/name``, or nothing."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["shoulders"]["repository"].strip()


def needed(root: Path) -> list[str]:
    """The packages that a hosted runtime may lack: what pyproject.toml asks for, less `HOSTED`."""
    asked = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = [re.match(r"[A-Za-z0-9._-]+", line)[0] for line in asked]
    return [name for name in names if name not in HOSTED]


def badges(address: str, notebook: str) -> str:
    """Links that open a notebook on Colab and on Binder; nothing without an address."""
    if not address:
        return ""
    colab = f"https://colab.research.google.com/github/{address}/blob/main/notebooks/{notebook}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{address}/HEAD?urlpath=lab/tree/notebooks/{notebook}.ipynb"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def generate(path: Path, edition: str, root: Path = ROOT):
    """A lesson's notebook, without outputs.

    Raises
    ------
    BuildError
        Names the lesson and the cell.
    """
    source, address = read_lesson(path), repository(root)
    cells = []
    for number, cell in enumerate(source, 1):
        try:
            cells.append(_cell(cell, edition, path.stem, root))
        except BuildError as error:
            raise BuildError(f"{path.name}, cell {number}: {error}") from None
    name = f"solutions/{path.stem}" if edition == "solution" else path.stem
    if address:
        title, _, rest = cells[0].source.partition("\n")
        cells[0].source = f"{title}\n\n{badges(address, name)}\n{rest}".rstrip("\n")
    if edition == "learner" and has_solution(source):
        cells[0].source += f"\n\n{_with_results(path.stem, address)}"
        for cell in cells:  # without outputs there is nothing to compare with
            cell.metadata["tags"] = [tag for tag in cell.metadata.pop("tags", ()) if tag != "nbval-check-output"]
            cell.metadata = {name: value for name, value in cell.metadata.items() if value}
    first = next((i for i, cell in enumerate(cells) if cell.cell_type == "code"), None)
    if first is not None:
        cells.insert(first, _first_cell(address, needed(root)))
    _number(cells, sitting(path))
    notebook = new_notebook(cells=cells, metadata=json.loads(json.dumps(KERNEL)))
    nbformat.validate(notebook)
    return notebook


def _with_results(stem, address):
    """For who reads and does not run."""
    where = f"https://github.com/{address}/blob/main/notebooks/" if address else ""
    return f"*Only reading? [The same lesson with all results and solutions]({where}solutions/{stem}.ipynb).*"


def _first_cell(address, names):
    tags = {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}
    listed = f'"{" ".join(names)}".split()'
    return new_code_cell(FIRST_CELL.format(repository=address, needed=listed).rstrip("\n"), metadata=tags)


def _cell(cell, edition, stem, root):
    metadata = {"tags": sorted(set(cell.metadata["tags"]))} if cell.metadata.get("tags") else {}
    if "hide-input" in metadata.get("tags", ()):
        metadata["jupyter"] = {"source_hidden": True}
    if cell.cell_type == "code":
        return new_code_cell(in_edition(cell.source, edition) or EMPTY, metadata=metadata)
    text = LIST.sub(lambda _: lesson_list(root, stem), cell.source)
    return new_markdown_cell(BESIDE.sub("](../", text) if edition == "solution" else text, metadata=metadata)


def _number(cells, prefix):
    """Identifiers that follow from the content: building again gives the same file, and a change moves no other cell's."""
    seen = Counter()
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        cell.id = f"{prefix}-{digest}" + (f"-{seen[digest]}" if seen[digest] else "")
        seen[digest] += 1


# ------------------------------------------------------------------------------------------------------------- to run it


def execute(notebook, folder: Path, name: str) -> None:
    """Run a notebook in `folder` with this Python, in place, with the environment as it is and an empty memory.

    So its seconds are those of a first run, and no look at the pictures is missing from a bill.

    Raises
    ------
    BuildError
        Names the notebook and the first cell that failed.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from shoulders.course import lessons

    client = NotebookClient(
        notebook,
        km=lessons.kernel(),
        timeout=CELL_SECONDS,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with tempfile.TemporaryDirectory() as empty:
            client.execute(cleanup_kc=True, env=os.environ | {"SHOULDERS_CACHE": empty})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        last = [i for i, cell in enumerate(notebook.cells, 1) if cell.get("execution_count") or cell.get("outputs")]
        raise BuildError(f"{name}, about cell {last[-1] if last else 1}: {error}") from None


def strip(notebook) -> None:
    """Without outputs and without execution counts."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def tidy(notebook) -> None:
    """Keep what every reader can see: no timestamps, no widgets without their state, no traces of this machine's kernel."""
    notebook.metadata = nbformat.from_dict(json.loads(json.dumps(KERNEL)))
    count = 0
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        if "this-machine" in cell.metadata.get("tags", ()):
            cell.outputs, cell.execution_count = [], None
            continue
        cell.outputs = [output for output in cell.outputs if not _nothing_to_see(output.get("data", {}))]
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count


def _nothing_to_see(data):
    """A widget, whose state is not kept, or what a progress bar leaves when it has cleared itself."""
    return WIDGET in data or data.get("text/html") == ""


HOMES = re.compile(r"/home/[\w.-]+|/Users/[\w.-]+|/root/[\w.-]+|[A-Z]:\\\\?Users\\|/tmp/[\w.-]+|/var/folders/|site-packages")
BASE64 = re.compile(r"base64,[A-Za-z0-9+/=\s]+")


def machine_paths(notebook, root: Path | None = None) -> list[tuple[int, str]]:
    """Cell numbers (from 1) and the first trace of a machine in their outputs: a home folder, a temporary one, the clone."""
    own = [str(path) for path in (root, Path.home(), sys.prefix) if path and len(str(path)) > 4]
    pattern = re.compile("|".join([HOMES.pattern, *map(re.escape, own)]))
    found = []
    for number, cell in enumerate(notebook.cells, 1):
        text = BASE64.sub("", "\n".join(_texts(cell)))
        if trace := pattern.search(text):
            found.append((number, trace[0]))
    return found


def _texts(cell):
    for output in cell.get("outputs", ()):
        yield output.get("text", "")
        yield from output.get("traceback", ())
        for kind, data in output.get("data", {}).items():
            if kind not in ("image/png", "image/jpeg", "application/pdf"):
                yield data if isinstance(data, str) else json.dumps(data)


# ------------------------------------------------------------------------------------------------------ files and tables


def target(path: Path, edition: str, root: Path = ROOT) -> Path:
    """Where a lesson's notebook lies."""
    folder = root / "notebooks" / ("solutions" if edition == "solution" else "")
    return folder / f"{path.stem}.ipynb"


def outlines(root: Path = ROOT) -> dict[Path, str]:
    """Every notebook that lessons/ would generate: its place and its edition, in order."""
    return {
        target(path, edition, root): edition
        for path in sources(root)
        for edition in EDITIONS
        if edition == "learner" or has_solution(read_lesson(path))
    }


def lesson_list(root: Path, own: str = "") -> str:
    """The lessons with links, for the start page."""
    rows = [
        f"* **{sitting(path)}** [{about.title}]({path.stem}.ipynb): {about.question}".rstrip(": ")
        + (f" ({about.minutes} minutes)" if about.minutes else "")
        for path in lesson_files(root)
        if path.stem != own
        for about in [front(read_lesson(path))]
    ]
    return "\n".join(["<!-- lessons -->", *rows, "<!-- /lessons -->"])


def lesson_table(root: Path = ROOT) -> str:
    """The table in README.md."""
    address = repository(root)
    heads = ["", "lesson", "question", "minutes", *["open"] * bool(address)]
    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for path in lesson_files(root):
        about = front(read_lesson(path))
        cells = [sitting(path), f"[{about.title}](notebooks/{path.stem}.ipynb)", about.question, about.minutes]
        rows.append("| " + " | ".join(cells + [badges(address, path.stem)] * bool(address)) + " |")
    return "\n".join(["<!-- lessons -->", "", *rows, "", "<!-- /lessons -->"])


def readme(root: Path = ROOT) -> str:
    """README.md with today's table."""
    text = (root / "README.md").read_text(encoding="utf-8")
    if not LIST.search(text):
        raise BuildError("README.md has no lines '<!-- lessons -->' and '<!-- /lessons -->' to put the table between.")
    return LIST.sub(lambda _: lesson_table(root), text)


def write(path: Path, text: str) -> None:
    """The whole file or the old one: never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def as_text(notebook) -> str:
    """The file of a notebook."""
    return nbformat.writes(notebook, version=4) + "\n"


def _sources(notebook):
    return [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]


def _code(notebook):
    """What decides the outputs: the code, less the cell that finds the course."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and "REPOSITORY = " not in cell.source]


def keep_outputs(notebook, path: Path) -> None:
    """Take over the outputs of the notebook on disk, if its code is the same."""
    if not path.exists():
        return
    old = nbformat.read(path, as_version=4)
    if _code(old) != _code(notebook):
        return
    codes = [[cell for cell in nb.cells if cell.cell_type == "code"] for nb in (notebook, old)]
    for cell, before in zip(*codes):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count


def stale(root: Path = ROOT) -> list[str]:
    """A sentence for each file that is not what lessons/ would generate. Outputs are not compared."""
    problems, wanted = [], outlines(root)
    for path, edition in wanted.items():
        name = path.relative_to(root).as_posix()
        if not path.exists():
            problems.append(f"{name} is missing.")
            continue
        made, held = generate(root / "lessons" / f"{path.stem}.py", edition, root), nbformat.read(path, as_version=4)
        if _sources(made) != _sources(held) or made.metadata != held.metadata:
            problems.append(f"{name} differs from lessons/{path.stem}.py.")
    for path in sorted((root / "notebooks").rglob("*.ipynb")):
        if path not in wanted and ".ipynb_checkpoints" not in path.parts:
            problems.append(f"{path.relative_to(root).as_posix()} comes from no lesson.")
    if readme(root) != (root / "README.md").read_text(encoding="utf-8"):
        problems.append("README.md holds another table of lessons.")
    return problems


def build(path: Path, edition: str, root: Path = ROOT, run: bool = True, outputs: bool = True) -> Path:
    """Generate, run, tidy and write one notebook; one whose solutions lie beside it holds no outputs."""
    goal, outputs = target(path, edition, root), outputs and (edition == "solution" or not has_solution(read_lesson(path)))
    name = goal.relative_to(root).as_posix()
    notebook = generate(path, edition, root)
    if run:
        goal.parent.mkdir(parents=True, exist_ok=True)
        execute(notebook, goal.parent, name)
    elif outputs:
        keep_outputs(notebook, goal)
    if not outputs:
        strip(notebook)
    tidy(notebook)
    if traces := machine_paths(notebook, root):
        where = "; ".join(f"cell {number}: {trace}" for number, trace in traces)
        raise BuildError(f"{name} prints paths of this machine ({where}): print less, or tag the cell this-machine.")
    nbformat.validate(notebook)
    write(goal, as_text(notebook))
    return goal


def main(arguments=None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Builds notebooks/ from lessons/, and the table of lessons in README.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a lesson's number or the start of its name; without one, all")
    parser.add_argument("--no-execute", action="store_true", help="do not run them; outputs stay where no code has changed")
    parser.add_argument("--no-outputs", action="store_true", help="write them without outputs and execution counts")
    parser.add_argument("--learner", action="store_true", help="run the learner edition, too, which keeps no outputs: a check")
    parser.add_argument("--check", action="store_true", help="only say whether notebooks/ and README.md are up to date")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.check:
            problems = stale(root)
            print("\n".join([*problems, "Build them again: python lessons/build.py"]) if problems else "Up to date.")
            return bool(problems)
        for path in sources(root, chosen.names):
            solved = has_solution(read_lesson(path))
            for edition in EDITIONS[: 1 + solved]:
                run = not chosen.no_execute and (edition == "solution" or not solved or chosen.learner)
                goal = build(path, edition, root, run, not chosen.no_outputs)
                print(goal.relative_to(root).as_posix(), flush=True)
        write(root / "README.md", readme(root))
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
