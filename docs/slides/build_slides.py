"""A deck of slides for each lesson: ``python docs/slides/build_slides.py``, or of some: ``… 01 06``.

    make slides                 # writes site/slides; open site/slides/index.html
    make slides ARGS="01 06"

In a deck, S opens the speaker's view with the notes and a clock, F fills the screen, and ``…html?print-pdf`` prints it on paper.
Nothing is fetched when slides are shown: reveal.js lies beside them, taken from a Python package that carries it.
"""

from __future__ import annotations

import argparse
import html
import importlib.util
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import decks

from lessons import build
from shoulders.support.errors import CourseError

HERE = Path(__file__).resolve().parent
GOAL = decks.ROOT / "site" / "slides"
CARRIER = "sphinx_revealjs"
"""The package of which reveal.js is taken: a Sphinx theme, of which nothing else is used."""

PARTS = ("LICENSE", "dist/reveal.css", "dist/reveal.js", "dist/theme/white.css", "dist/theme/fonts", "plugin/notes")
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+?)\$(?![\w$])", re.DOTALL)
SIZE = {"reveal_width": "1280", "reveal_height": "720"}


class SlidesError(CourseError):
    """Slides that cannot be made; the message says what is missing and what to do."""


def reveal() -> Path:
    """The folder of reveal.js on this machine.

    Raises
    ------
    SlidesError
        When the package that carries it is not installed.
    """
    found = importlib.util.find_spec(CARRIER)
    if found is None:
        raise SlidesError("reveal.js, which shows slides, is not here: `make slides` brings it, or `pip install -e '.[site]'`.")
    return Path(found.submodule_search_locations[0]) / "_static" / "revealjs"


def exporter():
    """nbconvert's slides, with reveal.js beside them and nothing from elsewhere."""
    from nbconvert import SlidesExporter
    from traitlets.config import Config

    tags = {"enabled": True, "remove_input_tags": {"hide-input"}}
    return SlidesExporter(
        config=Config({"TagRemovePreprocessor": tags}),
        extra_template_basedirs=[str(HERE)],
        template_name="template",
        reveal_url_prefix="reveal.js",
        reveal_theme="white",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        **SIZE,
    )


def page(path: Path, guide: str | None = None) -> str:
    """The deck of a lesson, as one page that needs only reveal.js beside it."""
    deck = decks.deck(path, guide)
    for cell in deck.cells:
        if cell.cell_type == "markdown":
            cell.source = with_formulas(cell.source)
    text, _ = exporter().from_notebook_node(deck, {"metadata": {"name": path.stem}})
    return text


def with_formulas(text: str) -> str:
    """Markdown whose formulas are MathML, which a browser draws without a script."""
    if not FORMULA.search(text):
        return text
    from docutils.utils.math import latex2mathml

    def drawn(found):
        block, inline = found.groups()
        return latex2mathml.tex2mathml((block or inline).strip(), as_block=bool(block)).replace("\n", "")

    return FORMULA.sub(drawn, text)


def carry(goal: Path) -> None:
    """Lay reveal.js beside the decks, with its licence."""
    source = reveal()
    for part in PARTS:
        (goal / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, goal / part, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / part, goal / part)


def contents(paths) -> str:
    """The page that lists the decks."""
    fronts = [(path, build.front(build.read_lesson(path))) for path in paths]
    lines = "\n".join(
        f'<li><a href="{path.stem}.html">{build.sitting(path)} · {html.escape(front.title)}</a></li>' for path, front in fronts
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Slides</title>'
        '<link rel="stylesheet" href="slides.css"></head>\n<body class="contents"><h1>Slides</h1>\n'
        f"<ul>\n{lines}\n</ul>\n<p>S opens the speaker's view, F fills the screen, ? lists all keys.</p></body></html>\n"
    )


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="Builds the slides in site/slides.")
    parser.add_argument("lessons", nargs="*", help="their numbers; without any, all")
    chosen = parser.parse_args(arguments)
    try:
        carry(GOAL / "reveal.js")
        for path in build.sources(decks.ROOT, chosen.lessons):
            if path.name != build.GLOSSARY:
                (GOAL / f"{path.stem}.html").write_text(page(path), encoding="utf-8")
    except (CourseError, build.BuildError) as error:
        print(error, file=sys.stderr)
        return 1
    shutil.copyfile(HERE / "slides.css", GOAL / "slides.css")
    made = [path for path in build.lesson_files(decks.ROOT) if (GOAL / f"{path.stem}.html").exists()]
    (GOAL / "index.html").write_text(contents(made), encoding="utf-8")
    print(f"{GOAL / 'index.html'}: {len(made)} decks.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
