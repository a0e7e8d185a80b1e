"""How a number is told, everywhere in the same way, and how long a printed line is."""

import textwrap

WIDTH = 72
"""Of a printed line, in characters: a page breaks longer ones in the middle of a word."""


def share(value: float, digits: int = 1) -> str:
    """A share of one, as ``87.5 %``: with a space, as the SI brochure writes it (9th edition, 5.4.7).

    Examples
    --------
    >>> share(7 / 8)
    '87.5 %'
    """
    return f"{100 * value:.{digits}f} %"


def bounds(low: float, high: float, digits: int = 1) -> str:
    """``81.5 to 91.8 %``; one number where both are told alike.

    Examples
    --------
    >>> bounds(0.815, 0.918), bounds(0.999, 0.9991)
    ('81.5 to 91.8 %', '99.9 %')
    """
    ends = f"{100 * low:.{digits}f}", share(high, digits)
    return ends[1] if f"{ends[0]} %" == ends[1] else " to ".join(ends)


def counted(number: int, noun: str) -> str:
    """``1 map``, ``1,200 maps``: of nouns that only take an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def wrapped(text: str) -> str:
    """The text in lines of `WIDTH`, whole words and whole shares on each; lines that it has stay apart."""
    held = text.replace(" %", "\N{NO-BREAK SPACE}%").splitlines()
    lines = (textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in held)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}%", " %")


def about(seconds: float) -> str:
    """A range around some seconds, from half to twice as long, in round numbers: ``15 to 65 s``, ``1 to 3 minutes``."""
    low, high = seconds / 2, seconds * 2
    if high <= 120:
        return f"{_round(low)} to {_round(high)} s"
    return f"{max(1, round(low / 60))} to {max(2, round(high / 60))} minutes"


def _round(seconds):
    return max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5)
