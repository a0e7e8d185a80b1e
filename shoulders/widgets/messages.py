"""What a page asks of Python, and what becomes of it when it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shoulders.support.errors import CourseError, reason


def done(does: dict[str, Callable], asked: dict, buffers: Sequence, trouble: Callable[[str], None]) -> None:
    """Do what is asked; what goes wrong becomes a sentence for the page, which waits for an answer, and nobody sees a log.

    Parameters
    ----------
    does : dict of str to callable
        By the name in ``asked["do"]``; each takes what is asked and the buffers.
    asked : dict
    buffers : sequence of bytes
    trouble : callable
        Takes the sentence.
    """
    try:
        does[asked["do"]](asked, buffers)
    except CourseError as error:
        trouble(str(error))
    except Exception as error:
        trouble(f"Python could not do this: {type(error).__name__}, {reason(error)}")
