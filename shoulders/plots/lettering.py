"""Text in figures: as it stands, whatever a class or a file is called, in fonts that are here, and no wider than its place."""

from __future__ import annotations

import unicodedata
import warnings
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate

from shoulders.support.words import share

_JOINERS = "\u200c\u200d"  # Persian, Indian scripts and emoji need them
_DIRECTIONS = {"R", "AL"}  # of Hebrew and Arabic, in Unicode's bidirectional algorithm
_WITH = "\N{NO-BREAK SPACE}%"
_told = set()  # what was said once is not said again


def width(text: str) -> int:
    """Of the longest line, in Latin letters: Chinese, Japanese, Korean signs and emoji take two, accents none."""
    return max(sum(map(_width, line)) for line in text.split("\n"))


def _width(sign):
    if unicodedata.combining(sign) or sign in _JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def short(text: str, most: int = 24) -> str:
    """A text on one line no wider than `most`: the middle gives way to “…”, as names often differ at their end."""
    return _cut(seen(str(text)), most)


def wrapped(text: str, most: int = 18) -> str:
    """A text on lines no wider than `most`, broken at spaces, if not before a %; a word that is wider is cut as in `short`."""
    lines = []
    for line in str(text).replace(" %", _WITH).split("\n"):
        lines.append("")
        for word in line.split(" "):
            if lines[-1] and width(f"{lines[-1]} {word}") > most:
                lines.append(word)
            else:
                lines[-1] += " " * bool(lines[-1]) + word
    return "\n".join(short(line, most) for line in lines)


def seen(line: str) -> str:
    """What has no shape, as Python writes it: a bell, half a sign, a mark that turns the direction round."""
    signs = (" " if unicodedata.category(sign) == "Zs" else sign for sign in line)
    return "".join(sign if sign.isprintable() or sign in _JOINERS else ascii(sign)[1:-1] for sign in signs)


def _cut(line, most):
    if width(line) <= most:
        return line
    tail = (most - 1) // 3
    start = sum(reach <= most - 1 - tail for reach in accumulate(map(_width, line)))
    end = sum(reach <= tail for reach in accumulate(map(_width, line[::-1])))
    while end and not _width(line[-end]):
        end -= 1  # no accent without its letter
    return f"{line[:start]}…{line[len(line) - end :]}"


def plain(figure) -> None:
    """Take every text of a matplotlib figure as it stands: no dollar sign begins a formula, each sign gets a font that has it.

    Labels that a numeric axis makes for itself stay as they are. Fonts are those that matplotlib finds installed; of signs that
    none of them has, a warning tells once.
    """
    from matplotlib.axis import Axis
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    numeric, said = set(), set()
    for axis in figure.findobj(Axis):
        if isinstance(axis.get_major_formatter(), FixedFormatter | FuncFormatter):
            said.update(*(label.get_text() for label in axis.get_majorticklabels()))
        else:
            numeric.update(id(text) for text in axis.findobj(Text) if text is not axis.label)
    texts = [text for text in figure.findobj(Text) if id(text) not in numeric]
    said.update(*(text.get_text() for text in texts))
    families = _families(frozenset(filter(_needs_a_font, said)))
    for text in texts:
        text.set_parse_math(False)
        if families:
            text.set_fontfamily([*text.get_fontfamily(), *families])
    _need_order(said)


def _needs_a_font(sign):
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp") and not "\ufe00" <= sign <= "\ufe0f"


@lru_cache(200)
def _families(signs):
    """The installed fonts that have what the usual one lacks; a warning where none has."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    missing, families = signs - _signs_of(findfont(FontProperties())), []
    for entry in sorted(fontManager.ttflist, key=_order) if missing else ():
        if missing and not entry.name.startswith("Last Resort") and missing & _signs_of(entry.fname):
            families.append(entry.name)
            missing -= _signs_of(entry.fname)
    if new := sorted(missing - _told):
        _told.update(new)
        some = " ".join(new[:8]) + " …" * (len(new) > 8)
        warnings.warn(
            f"No font on this machine has {some}: boxes stand in their place in figures. Install a font that has them, such as "
            "Noto Sans of that script.",
            stacklevel=2,
        )
    return tuple(families)


def _order(entry):
    """Upright and regular first, and Noto's, which are made to go together."""
    return entry.style != "normal", entry.weight != 400, not entry.name.startswith("Noto Sans"), entry.name, entry.fname


@lru_cache(5000)
def _signs_of(path):
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
        return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()  # coloured bitmaps cannot be drawn
    except (OSError, RuntimeError):
        return frozenset()


def _need_order(signs):
    import matplotlib

    if matplotlib.__version_info__ < (3, 11) and any(unicodedata.bidirectional(sign) in _DIRECTIONS for sign in signs):
        said = f"matplotlib {matplotlib.__version__} draws Hebrew and Arabic from left to right and letter by letter: take 3.11."
        if said not in _told:
            _told.add(said)
            warnings.warn(said, stacklevel=3)


def sure(probability: float, digits: int = 0) -> str:
    """A probability as it is told: nothing is 100 % sure."""
    told = share(probability, digits)
    return told if not told.startswith("100") else f"over {share(1 - 10 ** -(2 + digits), digits)}"


@contextmanager
def quietly():
    """Without matplotlib's word on each sign that no font has: `plain` has said so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield
