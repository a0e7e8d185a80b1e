"""One progress bar with the time left: rich in a terminal, fastprogress in a notebook, nothing where nobody looks."""

import sys
from contextlib import contextmanager


def in_notebook() -> bool:
    """Whether this code runs in a Jupyter kernel."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ in ("ZMQInteractiveShell", "Shell")


def track(items, total, description, unit="pictures", size=lambda item: 1):
    """Yield the items while a bar counts `size(item)` of each up to `total`.

    Parameters
    ----------
    items : iterable
    total : int
    description, unit : str
    size : callable
    """
    with bar(total, description, unit) as step:
        for item in items:
            yield item
            step(size(item))


def bar(total, description, unit="pictures"):
    """The bar alone: a context that gives a function to call with how much was done.

    Parameters
    ----------
    total : int
    description, unit : str
    """
    if not total:  # fastprogress warns of an empty one
        return _no_bar()
    if in_notebook():
        return _notebook_bar(total, f"{description}, {unit}")
    return _terminal_bar(total, description, unit) if sys.stderr.isatty() else _no_bar()


@contextmanager
def _no_bar():
    yield lambda size: None


@contextmanager
def _notebook_bar(total, description):
    from fastprogress.fastprogress import progress_bar

    bar, done = progress_bar(range(total), total=total, leave=False), [0]
    bar.comment = description
    bar.update(0)

    def step(size):
        done[0] += size
        bar.update(min(done[0], total))

    try:
        yield step
    finally:
        if done[0] < total:
            bar.update(total)  # else it has cleared itself


@contextmanager
def _terminal_bar(total, description, unit):
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda size: bar.advance(task, size)
