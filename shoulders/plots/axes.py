"""Steps that figures of several kinds take: points with intervals, one above the other; one picture, and pictures in rows."""

import textwrap
from collections import Counter

import numpy as np

from shoulders.plots.drawing import BLACK, BLUE, GREEN, ORANGE, RED, SMALL, Drawing, new
from shoulders.plots.lettering import wrapped

WAYS = {
    "feature_extraction": (BLUE, "o"),
    "fine_tuning": (ORANGE, "s"),
    "from_scratch": (RED, "^"),
    "from_scratch_helped": (GREEN, "D"),
}
"""Colour and mark of each regime, the same in every figure."""


def per_cent(axis):
    axis.set_major_formatter(lambda share, _: f"{round(100 * share, 2):g}%")


def ticks(most: int, **kwargs):
    """Where to mark an axis: at `most` places, or fewer."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, min_n_ticks=1, **kwargs)


def beside(ax, **kwargs):
    """The legend, to the right of what it explains."""
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), **kwargs)


def bars(ax, x, y, low, high, upright: bool = False, fmt: str = "o", color=BLUE, **kwargs):
    """Points with their intervals, from left to right or upright; an interval that is not known has no length."""
    at, reach = (y, "yerr") if upright else (x, "xerr")
    kwargs[reach] = np.nan_to_num(np.clip([np.subtract(at, low), np.subtract(high, at)], 0, None))
    ax.errorbar(x, y, fmt=fmt, color=color, capsize=3, **kwargs)


def guessing(ax, chance: float | None, color=RED, **kwargs):
    """A dashed line where guessing would be."""
    if chance is not None:
        ax.axvline(chance, color=color, ls="--", lw=1, **kwargs)


def dots(ax, labels, shares, lows, highs, chance: float | None = None, left: float = 0.03, right: float = 1.08, **line):
    """Shares with their intervals, one above the other, each in figures behind its interval; room left of all, up to `right`."""
    bars(ax, shares, range(len(labels)), lows, highs)
    for y, (share, high) in enumerate(zip(shares, highs)):
        ax.text(high + 0.008, y, f"{share:.1%}", va="center", fontsize=SMALL)
    ax.set_yticks(range(len(labels)), labels)
    ax.invert_yaxis()
    guessing(ax, chance, **line)
    ax.set_xlim(max(0, min(*lows, 1 if chance is None else chance) - left), right)


def show_picture(image, ax, title: str = "", colour: str = BLACK):
    """One picture without axes, a line of text above it."""
    ax.imshow(image)
    ax.set_axis_off()
    ax.set_title(wrapped(title), fontsize=SMALL, color=colour)
    return ax


def show_pictures(images, titles=None, colours=None, heading: str = "", columns: int = 6, words: str = "") -> Drawing:
    """Pictures in rows.

    Parameters
    ----------
    images : sequence of PIL.Image or array
    titles, colours : sequence of str, optional
        One for each picture.
    """
    images = list(images)
    titles, colours = titles or [""] * len(images), colours or [BLACK] * len(images)
    columns = min(columns, max(1, len(images)))
    rows, width = max(1, -(-len(images) // columns)), max(1.5 * columns, 3)
    figure, axes = new(width, 1.8 * rows + 0.3 * bool(heading), rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for image, title, colour, ax in zip(images, titles, colours, axes.flat):
        show_picture(image, ax, title, colour)
    figure.suptitle(textwrap.fill(heading, int(9 * width)))
    counted = ", ".join(f"{count} {title}" for title, count in Counter(filter(None, titles)).items())
    return Drawing(figure, words or f"{len(images)} pictures: {counted}.".replace(": .", "."))
