"""What Sphinx reads, put together from the course's own files: no page of the site is written twice, none is listed by hand.

The start page is README.md; a lesson's page is its notebook with outputs as it lies in notebooks/, not run again; every docs/*.md
is a page; the giants' cards, the commands and the reference come from the package. `pages` gives all of it as texts and bytes, by
their names below the source folder; `lay` writes what has changed.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path, PurePosixPath

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import giants
import reference

from lessons import build

ROOT = Path(__file__).resolve().parents[2]

FILES = "files"
"""The folder of what a page shows or offers, and what is no page: Sphinx does not read it."""

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
BADGE = re.compile(r"\[!\[([^\]]*)\]\([^)]*\)\](\([^)]*\))")
"""A picture from another server that is a link: a page that asks nobody keeps its words."""

STYLE = re.compile(r"\s*<style>.*</style>\s*", re.DOTALL)
"""An output that is nothing but a style sheet, as progress bars leave it."""

PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md"}


# ------------------------------------------------------------------------------------------------- which file is which page


@cache
def homes(root: Path = ROOT) -> dict[Path, str]:
    """The page that each of the course's files becomes; both editions of a lesson are one page."""
    found = {root / name: page for name, page in PAGES.items()}
    found |= {path: f"docs/{path.name}" for path in sorted((root / "docs").glob("*.md"))}
    notebooks = (root / "notebooks").glob("*.ipynb"), (root / "notebooks" / "solutions").glob("*.ipynb")
    return found | {path: f"lessons/{path.name}" for folder in notebooks for path in sorted(folder)}


def lessons(root: Path = ROOT) -> list[str]:
    """The names of the lessons, in their order."""
    return sorted(path.stem for path in (root / "notebooks").glob("[0-9][0-9]*_*.ipynb"))


def rewritten(text: str, path: Path, root: Path = ROOT) -> tuple[str, list[Path]]:
    """The Markdown of a file of the course, with links that hold on the site; and the files that it shows or offers.

    A link to a file that is a page leads to the page; one to a picture, or to another file, leads to a copy of it. Of a link to a
    folder the words remain. Links within a page and to other places stay, and so does what leads nowhere: Sphinx tells of it.
    """
    page, carried = PurePosixPath(homes(root)[path]), []

    def linked(found):
        picture, words, (target, _, anchor) = found[1], found[2], found[3].partition("#")
        if not target or re.match(r"[a-z]+:", target) or not (goal := (path.parent / target).resolve()).exists():
            return found[0]
        if goal in homes(root):
            return f"[{words}]({_beside(page, homes(root)[goal])}{'#' * bool(anchor)}{anchor})"
        if goal.is_dir():
            return words
        carried.append(goal)
        copy = _copy(goal, root)
        return f"![{words}]({_beside(page, copy)})" if picture else f"{{download}}`{words.replace('`', '')} </{copy}>`"

    return LINK.sub(linked, BADGE.sub(r"[\1]\2", text)), carried


def _beside(page, goal):
    return os.path.relpath(goal, page.parent).replace(os.sep, "/")


def _copy(path, root):
    return f"{FILES}/{path.relative_to(root).as_posix()}"


# ----------------------------------------------------------------------------------------------------------------- the pages


def pages(root: Path = ROOT) -> dict[str, str | bytes]:
    """Everything that Sphinx reads, by its name below the source folder."""
    made, carried = {}, []
    for path, page in homes(root).items():
        solved = root / "notebooks" / "solutions" / path.name
        if path.suffix == ".md":
            made[page], files = rewritten(path.read_text(encoding="utf-8"), path, root)
        elif path.parent != solved.parent:
            made[page], files = lesson(solved if solved.exists() else path, root)
            files += [path]
        else:
            continue
        carried += files
    made |= {"giants.md": giants.page(), "reference/commands.md": reference.commands(root)} | reference.pages()
    made["index.md"] += "\n" + contents(made, root)
    return made | {_copy(path, root): path.read_bytes() for path in carried}


def lesson(path: Path, root: Path = ROOT) -> tuple[str, list[Path]]:
    """A notebook for the site, as text: with its outputs, with links that hold, and a word about the learner's edition."""
    notebook, carried = nbformat.read(path, as_version=4), []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source, files = rewritten(cell.source, path, root)
            carried += files
        else:
            cell.outputs = [output for output in cell.get("outputs", []) if not STYLE.fullmatch(html(output))]
    first = notebook.cells[0]
    title, _, rest = first.source.partition("\n")
    if (number := build.sitting(path)).isalnum() and number[0].isdigit() and number not in title:
        title = f"# {number} · {title.removeprefix('# ')}"
    rest = "\n".join(line for line in rest.splitlines() if not line.startswith("[Open in "))
    first.source = "\n".join([title, *([_learners(path, root)] if path.parent.name == "solutions" else []), rest])
    return build.as_text(notebook), carried


def html(output):
    return output.get("data", {}).get("text/html", "")


def _learners(path, root):
    """Where to get the lesson to do it; a badge is a picture from another server, so its words alone are taken."""
    learner = _copy(root / "notebooks" / path.name, root)
    links = BADGE.sub(r"[\1]\2", build.badges(build.repository(root), path.stem)).replace(") [", "), [")
    elsewhere = f" Without an installation: {links}." if links else ""
    return (
        "\n```{note}\nThis page holds all results and solutions. To guess first and to do it yourself, take "
        f"{{download}}`the learner's notebook </{learner}>`; it runs in the course's folder `notebooks`.{elsewhere}\n```\n"
    )


def contents(made, root: Path = ROOT) -> str:
    """What the sidebar lists: every page of those that are made, flat: lists in lists fold, and their handles have no name."""
    guides = [f"docs/{path.stem}" for path in sorted((root / "docs").glob("*.md"))]
    around = ["lessons/glossary"] * ("lessons/glossary.ipynb" in homes(root).values())
    lists = {
        "Lessons": [f"lessons/{name}" for name in lessons(root)],
        "Beside the lessons": [*around, "giants", *guides],
        "Reference": ["reference/commands", "reference/index", "contributing"],
        "Rooms": [name.removesuffix(".rst") for name in sorted(made) if name.endswith(".rst") and name != "reference/index.rst"],
    }
    return "\n".join(toctree(caption, entries) for caption, entries in lists.items())


def toctree(caption: str, entries) -> str:
    """One list of the sidebar, as MyST writes it."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""])


# ------------------------------------------------------------------------------------------------------------------ to disk


def lay(goal: Path, made: dict[str, str | bytes]) -> bool:
    """Write what differs from what lies in `goal`, and take away what is no longer made; says whether anything was taken away."""
    for name, content in made.items():
        data = content.encode() if isinstance(content, str) else content
        if not (path := goal / name).is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    old = [path for path in goal.rglob("*") if path.is_file() and path.relative_to(goal).as_posix() not in made]
    for path in old:
        path.unlink()
    return bool(old)


def clear(folder: Path) -> None:
    """What Sphinx made before: a page whose source went would stay."""
    shutil.rmtree(folder, ignore_errors=True)
