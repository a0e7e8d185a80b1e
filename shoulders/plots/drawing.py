"""A figure and its sentence: made, shown in a notebook, put on a page, written to a file; colours and sizes in all figures.

A figure has no ground of its own: on a page it is transparent, and its colours and its grey ink are read on white and on black
alike. Colours are those of Okabe & Ito, which colour-blind readers tell apart, some of them darker: each has a contrast of three
or more (WCAG 2.2, 1.4.11) on white and on JupyterLab's dark #111111, ink and red, which write, of 4.3 or more.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders.plots import lettering
from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.words import wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, INK, GREY = (
    "#007FC6", "#C48800", "#009E73", "#CC5500", "#CC79A7", "#1F9FC2", "#797979", "#8C8C8C",
)  # fmt: skip

HEAT = "cividis"
"""One hue from dark to bright, made for all eyes: what is more is brighter."""

FOR_AND_AGAINST = "PuOr_r"
"""From violet, below zero, by white to orange."""

SMALL, HEADING = 9, 11
"""Points: of what stands at one picture or one dot, the smallest there is; over several panels."""

WIDEST = 9.6
"""Inches: from a window of about 1100 pixels on, notebooks show a figure so wide, and its letters, at full size."""

ON_PALE = "#111111"
"""What is written on the pale cells of a map of colours, which have no other ground."""

_PAPER = "#222222"  # the ink on paper

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
        _written(self.figure, INK)

    def _ipython_display_(self):
        from IPython.display import display

        kind, page, width = self.page()
        image, about = base64.b64encode(page).decode(), {"width": width, "alt": self.words}
        display({kind: image, "text/plain": self.words}, raw=True, metadata={kind: about})
        print(wrapped(self.words))

    def page(self) -> tuple[str, bytes, int]:
        """The figure for a page, whatever its ground: its kind, its bytes, and its width there in pixels.

        A transparent PNG; where photographs make it large, of 64 shades for each colour: all that show notebooks show it.
        """
        from PIL import Image

        page, width = io.BytesIO(), round(self.figure.get_figwidth() * self.figure.dpi)
        with lettering.quietly():
            self.figure.savefig(page, format="png", dpi=1.4 * self.figure.dpi, transparent=True)  # sharper on dense screens
        if page.tell() > 100_000:  # bytes
            image = Image.open(page).point([shade // 4 * 255 // 63 for shade in range(256)] * 4)
            image.save(page := io.BytesIO(), "PNG")
        return "image/png", page.getvalue(), width

    def save(self, path) -> str:
        """Write the picture, whole or not at all, on white and with a darker ink, for papers; returns a sentence that names it.

        Raises
        ------
        PlotError
            For an ending that is none of `FORMATS`.
        shoulders.support.errors.CourseError, OSError
            For a place that cannot be written to.
        """
        path = need_format(path)
        _written(self.figure, _PAPER)
        try:
            with places.whole(path) as part, lettering.quietly():
                self.figure.savefig(part, format=path.suffix[1:].lower(), dpi=150, facecolor="white")
        finally:
            _written(self.figure, INK)
        return f"Picture written to {path}. {self.words}"


def new(width: float = 7, height: float = 3.6, rows: int = 1, columns: int = 1, **kwargs):
    """A figure, `width` × `height` inches, and its axes: an array of several."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="none", dpi=100)
    axes = figure.subplots(rows, columns, **kwargs)
    for ax in np.atleast_1d(axes).flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _written(figure, ink):
    """Letters, ticks and spines in one ink, but for those that have a colour of their own."""
    from matplotlib.axes import Axes
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    plain = {"#000000", INK, _PAPER}
    for text in figure.findobj(Text):
        if to_hex(text.get_color()) in plain:
            text.set_color(ink)
    for ax in figure.findobj(Axes):
        ax.tick_params(which="both", colors=ink)
        for spine in ax.spines.values():
            if to_hex(spine.get_edgecolor()) in plain:
                spine.set_edgecolor(ink)
