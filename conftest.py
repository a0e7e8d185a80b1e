"""For tests/ and for the notebooks under nbval: a cache of their own, one line per notebook, and no cascades.

A notebook stops at its first exception, and a dead kernel is reported within a second or two. A notebook whose lesson
finds neither its pictures nor its network on this machine is skipped, with the sentence that says what to do.
"""

from __future__ import annotations

import collections
import os
import queue
import shutil
import tempfile
import time
from pathlib import Path

import pytest

SECONDS = collections.Counter()
NOT_COMPARED = ("stderr", "text/html", "image/svg+xml", "application/javascript")
POLL = 1.0


def pytest_configure(config):
    """What the tests compute is remembered in a folder of this run; the notebooks' kernels inherit it."""
    config.own_cache = None
    if not os.environ.get("SHOULDERS_CACHE"):
        config.own_cache = os.environ["SHOULDERS_CACHE"] = tempfile.mkdtemp(prefix="shoulders-tests-")
    _notice_dead_kernels()


def pytest_unconfigure(config):
    if getattr(config, "own_cache", None):
        del os.environ["SHOULDERS_CACHE"]
        shutil.rmtree(config.own_cache, ignore_errors=True)


# ------------------------------------------------------------------------------------------------------------- notebooks


def _is_cell(item):
    return item.nodeid.split("::")[0].endswith(".ipynb")


def lacking(notebook: Path) -> str:
    """Why the lesson of a notebook cannot run on this machine, or nothing."""
    from shoulders import editions
    from shoulders.support.errors import CourseError

    lesson = next((name for name in (notebook.name.split("_")[0], notebook.name[:2]) if name in editions.NEEDS), None)
    if lesson is None:
        return ""
    try:
        editions.decide(lesson)
    except CourseError as error:
        return str(error)
    return ""


def pytest_collectstart(collector):
    """nbval's own list of what differs from run to run is too short for us."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare = (*collector.skip_compare, *NOT_COMPARED)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Before the first cell: nbval would start a kernel for a notebook that is then skipped."""
    reasons = {}
    for item in filter(_is_cell, items):
        path = Path(item.path)
        if path not in reasons:
            reasons[path] = lacking(path)
        if reasons[path]:
            item.add_marker(pytest.mark.skip(reason=reasons[path]))


def pytest_runtest_setup(item):
    if _is_cell(item) and (failed := getattr(item.parent, "first_exception", None)):
        pytest.skip(f"{failed} of this notebook failed before")


def pytest_runtest_makereport(item, call):
    """An exception stops the notebook; an output that differs does not."""
    if not _is_cell(item) or call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
        return
    if "outputs differ" not in str(call.excinfo.value) and not hasattr(item.parent, "first_exception"):
        item.parent.first_exception = item.name


def pytest_runtest_logreport(report):
    notebook = report.nodeid.split("::")[0]
    if notebook.endswith(".ipynb"):
        SECONDS[notebook] += report.duration


def pytest_terminal_summary(terminalreporter):
    if SECONDS:
        jobs = getattr(terminalreporter.config.option, "numprocesses", None)
        beside = f" ({jobs} side by side, one thread each)" if jobs else ""
        terminalreporter.section(f"seconds per notebook{beside}")
        for notebook, seconds in SECONDS.most_common():
            terminalreporter.write_line(f"{seconds:8.1f}  {notebook}")


def _notice_dead_kernels():
    """nbval waits for a reply until the cell's time is up; a kernel that is gone will never send one."""
    try:
        from nbval.kernel import RunningKernel
    except ImportError:
        return

    def await_reply(self, msg_id, timeout=None):
        end = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while (left := end - time.monotonic()) > 0:
            try:
                message = self.get_message(stream="shell", timeout=min(POLL, left))
            except queue.Empty:
                if not self.is_alive():
                    raise RuntimeError("The kernel died: out of memory?") from None
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                if message["content"]["status"] == "aborted":
                    raise RuntimeError("The kernel aborted the request.")
                return
        raise queue.Empty

    RunningKernel.await_reply = await_reply
