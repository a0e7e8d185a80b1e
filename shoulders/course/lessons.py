"""Run a lesson's notebook without a browser and write it as a page."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.progress import track


class LessonError(CourseError):
    """A lesson is not here, or a cell of it failed; the message says which."""


@dataclass(frozen=True)
class Run:
    """What running a lesson gave: how many cells ran, in how many seconds, and what the last check said."""

    lesson: str
    cells: int
    seconds: float
    verdict: str
    page: str = ""


def find(lesson: str, solutions: bool = False) -> Path:
    """The notebook of a lesson, by its number.

    Raises
    ------
    LessonError
        Names the lessons that are here.
    """
    folder = places.course() / "notebooks" / ("solutions" if solutions else "")
    here = sorted(folder.glob("[0-9][0-9]*_*.ipynb"))
    known = {path.name.partition("_")[0]: path for path in here}
    wanted = f"0{lesson}" if re.fullmatch(r"\d[a-z]?", lesson) else lesson
    if wanted not in known:
        raise LessonError(f"There is no lesson {lesson or repr(lesson)}: choose one of {', '.join(known) or '(none)'}.")
    return known[wanted]


def run(lesson: str, html=None, solutions: bool = True) -> Run:
    """Execute every cell of a lesson in a fresh kernel, with a progress bar; optionally write the page.

    Parameters
    ----------
    lesson : str
        Its number.
    html : path, optional
        Where the page is written, whole or not at all.
    solutions : bool
        Whether the edition with solutions runs (where there is one), whose checks can then pass.

    Raises
    ------
    LessonError
        When a cell fails: names the cell and the error. The notebook on disk is never changed.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    path = _edition(lesson, solutions)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, km=kernel(), timeout=1800, resources={"metadata": {"path": str(path.parent)}})
    started = time.perf_counter()
    code = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    with client.setup_kernel(env=os.environ | _absolute_places(), cleanup_kc=True):
        for number, (index, cell) in enumerate(track(code, len(code), f"Lesson {lesson}", "cells"), 1):
            try:
                client.execute_cell(cell, index, execution_count=number)
            except CellExecutionError as error:
                raise LessonError(f"Cell {number} of {path.name} failed: {error.ename}: {error.evalue}") from error
            except (DeadKernelError, CellTimeoutError) as error:
                what = "ended the kernel (too little memory?)" if isinstance(error, DeadKernelError) else "took too long"
                raise LessonError(
                    f"Cell {number} of {path.name} {what}: close programs, or say SHOULDERS_EDITION=pocket."
                ) from error
    page = str(_write_page(notebook, Path(html))) if html else ""
    return Run(lesson, len(code), time.perf_counter() - started, _verdict(notebook), page)


def kernel():
    """A manager for a kernel of the Python that runs this, whatever other kernels this machine knows."""
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            return KernelSpec(resource_dir="", **get_kernel_dict(["--log-level=ERROR"]))

    return AsyncKernelManager(kernel_spec_manager=ThisPython(), kernel_name="python3")


def _absolute_places():
    """The kernel runs in the notebook's folder: what the environment names relative to this one must hold there too."""
    names = ("SHOULDERS_DATA", "SHOULDERS_CACHE", "SHOULDERS_PICTURES", "SHOULDERS_WEIGHTS")
    given = {name: places.expanded(os.environ[name]) for name in names if os.environ.get(name)}
    return {name: str(path.resolve()) for name, path in given.items() if path.exists() or name == "SHOULDERS_CACHE"}


def _edition(lesson, solutions):
    if solutions:
        try:
            return find(lesson, solutions=True)
        except LessonError:
            pass
    return find(lesson)


def _verdict(notebook):
    """What the lesson's checks said: how many passed, of how many."""
    said = [output.text for cell in notebook.cells for output in cell.get("outputs", ()) if output.output_type == "stream"]
    lines = [line for text in said for line in text.splitlines()]
    passed, failed = (sum(line.startswith(mark) for line in lines) for mark in ("Right. Exercise", "Not yet:"))
    return f"{passed} of {passed + failed} checks passed" if passed + failed else "no checks"


def _write_page(notebook, target):
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    hidden = {"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": ["hide-input"]}}
    page, _ = HTMLExporter(config=Config(hidden)).from_notebook_node(notebook)
    with places.whole(target) as part:
        part.write_text(page, encoding="utf-8")
    return target
