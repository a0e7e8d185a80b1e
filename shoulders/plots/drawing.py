"""A figure and its sentence: made, shown in a notebook, put on a page, written to a file; colours and sizes in all figures.

Colours are those of Okabe & Ito, which colour-blind readers tell apart.
"""

from __future__ import annotations

import base64
import io
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders.plots import lettering
from shoulders.support import places
from shoulders.support.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#333333", "#BBBBBB",
)  # fmt: skip

HEAT = "cividis"
"""One hue from dark to bright, made for all eyes: what is more is brighter."""

FOR_AND_AGAINST = "PuOr_r"
"""From violet, below zero, by white to orange."""

TINY, SMALL, HEADING = 8, 9, 11
"""Points: of what is read last; of what stands at one picture or one dot; over several panels."""

FORMATS = (".png", ".svg", ".pdf", ".jpg")


class PlotError(CourseError):
    """A figure cannot be written; the message says what would be right."""


def need_format(path) -> Path:
    """Refuse a file name whose ending is none of `FORMATS`."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise PlotError(f"{path}: a picture's name ends in {', '.join(FORMATS)}.")
    return path


@dataclass(frozen=True)
class Drawing:
    """A figure and the sentence that belongs under it; as the last line of a cell it shows both."""

    figure: Figure
    words: str

    def __post_init__(self):
        lettering.plain(self.figure)

    def _ipython_display_(self):
        from IPython.display import display

        kind, page, width = self.page()
        image, about = base64.b64encode(page).decode(), {"width": width, "alt": self.words}
        display({kind: image, "text/plain": self.words}, raw=True, metadata={kind: about})
        print(textwrap.fill(self.words, 88))  # a page breaks longer lines in the middle of a word

    def page(self) -> tuple[str, bytes, int]:
        """The figure for a page: its kind, its bytes, and its width there in pixels.

        PNG, or JPEG where photographs would make that several times larger.
        """
        from PIL import Image

        page, width = io.BytesIO(), round(self.figure.get_figwidth() * self.figure.dpi)
        with lettering.quietly():
            self.figure.savefig(page, format="png", dpi=1.4 * self.figure.dpi, facecolor="white")  # sharper on dense screens
        if page.tell() <= 100_000:  # bytes
            return "image/png", page.getvalue(), width
        smaller = io.BytesIO()
        Image.open(page).convert("RGB").save(smaller, "JPEG", quality=85)
        return "image/jpeg", smaller.getvalue(), width

    def save(self, path) -> str:
        """Write the picture, whole or not at all; returns a sentence that names the file.

        Raises
        ------
        PlotError
            For an ending that is none of `FORMATS`.
        shoulders.support.errors.CourseError, OSError
            For a place that cannot be written to.
        """
        path = need_format(path)
        with places.whole(path) as part, lettering.quietly():
            self.figure.savefig(part, format=path.suffix[1:].lower(), dpi=150, facecolor="white")
        return f"Picture written to {path}. {self.words}"


def new(width: float = 7, height: float = 3.6, rows: int = 1, columns: int = 1, **kwargs):
    """A figure, `width` × `height` inches, white as it is looked at in dark rooms too, and its axes: an array of several."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white", dpi=100)
    axes = figure.subplots(rows, columns, **kwargs)
    for ax in np.atleast_1d(axes).flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes
