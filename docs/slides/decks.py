"""From a lesson to slides: no deck is written by hand. What is on a slide, and what is said beside it, follows from these rules.

* Each heading begins a slide: of the first two levels to the right, of the third below.
* A slide holds what can be read at a glance: lists and tables, and text up to `GLANCE` words. Longer paragraphs go to the
  speaker's notes, whole; of the first one those sentences stay that fit.
* A figure or a table that a cell put out has a slide of its own. Of another cell the slide shows what was printed, and its code
  if that has at most `LINES` lines: below the text that leads to it, where both have no more than `BELOW`. A cell that only
  prepares is left out, and so is what a cell that asks for a guess says.
* An exercise is shown as a learner gets it: without its solution, and without what the solution prints.
* Solutions behind a fold, references, and what is for the curious are left out.
* Beside the slide of each step stands what the instructor's guide says must be said there.

Code and outputs are those of the notebooks: a deck is no further run.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "site"))

import sources

from lessons import build

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "instructor.md"
GLANCE, LINES, BELOW, FULL = 60, 12, 9, 20
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
LEFT_OUT = ("References", "For the curious", "Where to go next")
FOLD = re.compile(r"<details>.*?</details>|<!--.*?-->", re.DOTALL)
FENCE = re.compile(r"^(```|~~~)")
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\((?![a-z]+:)([^()\s]*)\)")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[“*A-Z0-9])")


@dataclass(frozen=True)
class Said:
    """What the guide says must be said: the beginning of a section's heading, and the words; without one, at the start."""

    where: str
    words: str


def said(number: str, guide: str | None = None) -> list[Said]:
    """What must be said in a lesson, from the guide: the list below **What must be said** in its section."""
    text = GUIDE.read_text(encoding="utf-8") if guide is None else guide
    found = re.search(rf"^## {number} · .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    listed = re.search(r"^### What must be said\n+(.*?)(?=^### |\Z)", found[0] if found else "", re.MULTILINE | re.DOTALL)
    items = [" ".join(item.split()) for item in re.split(r"^\* ", listed[1], flags=re.MULTILINE)[1:]] if listed else []
    marked = [(re.match(r"\*\*(.+?)\.\*\* (.*)", item), item) for item in items]
    return [Said(found[1], found[2]) if found else Said("", item) for found, item in marked]


def deck(path: Path, guide: str | None = None):
    """A lesson's slides as a notebook, whose cells know which kind of slide they are.

    Parameters
    ----------
    path : Path
        The lesson's source, ``lessons/NN_name.py``.
    guide : str, optional
        The text of docs/instructor.md.
    """
    cells, told, skipping = [], said(build.sitting(path), guide), False
    for shown, learner in _pairs(path):
        if shown.cell_type == "code":
            cells += [] if skipping else _of_code(shown, learner, leading=_last(cells).cell_type == "markdown")
            continue
        for level, title, text in _sections(FOLD.sub("", shown.source)):
            if level in (1, 2):
                skipping = title.startswith(LEFT_OUT)
            if not skipping:
                cells += _of_text(level, title, text, told)
    return new_notebook(cells=cells, metadata=build.KERNEL | {"title": build.front(build.read_lesson(path)).title})


def _last(cells):
    """The last cell that is on a slide; before the first, an empty one of code."""
    return next((cell for cell in reversed(cells) if cell.metadata["slideshow"]["slide_type"] != "notes"), new_code_cell())


def _pairs(path):
    """Each cell with its outputs, and the same cell as the learner's edition has it."""
    learner, solved = (ROOT / "notebooks" / folder / f"{path.stem}.ipynb" for folder in ("", "solutions"))
    one = nbformat.read(learner, as_version=4).cells
    other = nbformat.read(solved, as_version=4).cells if solved.exists() else one
    return list(zip(other, one, strict=True))


# ---------------------------------------------------------------------------------------------------------------- text


def _sections(text):
    """Level, title and text of what stands below each heading of a cell; of what stands above the first, level 0."""
    found, fenced = [(0, "", [])], False
    for line in text.splitlines():
        fenced ^= bool(FENCE.match(line))
        if not fenced and (heading := re.match(r"(#{1,3}) (.*)", line)):
            found.append((len(heading[1]), heading[2].strip(), []))
        else:
            found[-1][2].append(line)
    return [(level, title, "\n".join(lines).strip()) for level, title, lines in found if title or "".join(lines).strip()]


def _of_text(level, title, text, told):
    """The cells of one slide: what is shown, and what is said."""
    shown, aside = at_a_glance(_unlinked(text))
    heading = f"{'#' * level} {title}\n\n" * bool(title)
    kind = {1: "slide", 2: "slide", 3: "subslide", 0: "subslide"}[level]
    notes = [one.words for one in told if (title.startswith(one.where) if one.where else level == 1) and title]
    cells = [_cell(new_markdown_cell(f"{heading}{shown}".strip()), kind)] if title or shown else []
    return cells + [_cell(new_markdown_cell("\n\n".join([*(f"**Say:** {words}" for words in notes), *aside])), "notes")] * bool(
        notes or aside
    )


def at_a_glance(text: str) -> tuple[str, list[str]]:
    """What of some Markdown stands on a slide, and which whole paragraphs are for the speaker.

    Returns
    -------
    shown : str
    aside : list of str
    """
    shown, aside, left = [], [], GLANCE
    for block in filter(str.strip, _blocks(text)):
        count = len(block.split())
        listed = re.match(r"\s*([*-] |\d+\. |\||\$\$|!\[)", block) or FENCE.match(block)
        if count <= left + GLANCE * bool(listed):
            shown.append(block)
            left -= count
            continue
        if not listed and not aside and (start := _sentences(block, left)):
            shown.append(start)
            left -= len(start.split())
        aside.append(block)
    return "\n\n".join(shown), aside


def _sentences(block, words):
    """The first sentences of a paragraph, as many as have no more than so many words."""
    start = ""
    for sentence in SENTENCE.split(block):
        if len(f"{start} {sentence}".split()) > words:
            break
        start = f"{start} {sentence}".strip()
    return start


def _blocks(text):
    """Paragraphs; a fence, a formula or a list is one."""
    block, fenced = [], False
    for line in text.splitlines():
        fenced ^= bool(FENCE.match(line))
        if not line.strip() and not fenced:
            yield "\n".join(block)
            block = []
        else:
            block.append(line)
    yield "\n".join(block)


def _unlinked(text):
    """Links to files keep their words; a picture that is a file of the course comes along as data."""
    return LINK.sub(lambda found: f"![{found[2]}]({_data(found[3])})" if found[1] else found[2], text)


def _data(target):
    from base64 import b64encode

    path = (ROOT / "notebooks" / target).resolve()
    return f"data:image/{path.suffix[1:].replace('jpg', 'jpeg')};base64,{b64encode(path.read_bytes()).decode()}"


# ---------------------------------------------------------------------------------------------------------------- code


def _of_code(cell, learner, leading):
    """What a cell gives: code with what it printed, below the text that leads to it; a slide for each figure or table."""
    asks, source = cell.source != learner.source, learner.source
    outputs = [] if asks or "guesses.keep(" in source else cell.get("outputs", [])
    outputs = [_unguessed(output) for output in outputs if not sources.STYLE.fullmatch(sources.html(output))]
    large = [output for output in outputs if _is_large(output)]
    small = [output for output in outputs if output.output_type == "stream" or set(output.get("data", ())) == {"text/plain"}]
    if large:  # the line below a figure is its words, too
        told = [_printed(output).split() for output in large]
        small = [output for output in small if _printed(output).split() not in told]
    found = []
    if small or asks or "guesses.keep(" in source:
        lines = [len(text.splitlines()) for text in (source, *map(_printed, small))]
        long = not asks and (lines[0] > LINES or sum(lines) > FULL)
        code = new_code_cell(source, outputs=small, metadata={"tags": ["hide-input"] * long})
        found.append(_cell(code, "-" if leading and sum(lines[long:]) <= BELOW else "subslide"))
    return found + [_cell(new_code_cell(source, outputs=[one], metadata={"tags": ["hide-input"]}), "subslide") for one in large]


def _printed(output):
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def _unguessed(output):
    """The run that made the solutions guessed nothing; a class has."""
    if "text" in output:
        output.text = output.text.replace(" You made no guess.", "")
    return output


def _is_large(output):
    data = output.get("data", {})
    return bool(set(PICTURES) & set(data)) or "<table" in sources.html(output)


def _cell(cell, kind):
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell
