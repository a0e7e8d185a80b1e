"""Steps that figures of several kinds take: points with intervals, one above the other; one picture, and pictures in rows."""

import textwrap
from collections import Counter

import numpy as np

from shoulders.plots.drawing import BLUE, GREEN, INK, ORANGE, RED, SMALL, WIDEST, Drawing, new
from shoulders.plots.lettering import width, wrapped
from shoulders.support.words import counted, share

WAYS = {
    "feature_extraction": (BLUE, "o"),
    "fine_tuning": (ORANGE, "s"),
    "from_scratch": (RED, "^"),
    "from_scratch_helped": (GREEN, "D"),
}
"""Colour and mark of each regime, the same in every figure."""


def per_cent(ax, along: str = "x"):
    """Shares along an axis that is drawn so far, in per cent: it ends at 0 and 100 %, though marks there may need more room."""
    axis, spine = getattr(ax, f"{along}axis"), ax.spines["bottom" if along == "x" else "left"]
    low, high = np.clip(sorted(axis.get_view_interval()), 0, 1)
    places = ticks(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    axis.set_ticks([tick for tick in places if low <= tick <= high])
    axis.set_major_formatter(in_per_cent)
    spine.set_bounds(low, high)


def in_per_cent(tick, _=None):
    return f"{round(100 * tick, 2):g} %"


def ticks(most: int, **kwargs):
    """Where to mark an axis: at `most` places, or fewer."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, min_n_ticks=1, **kwargs)


def beside(ax, **kwargs):
    """The legend, to the right of what it explains."""
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), **kwargs)


def below(figure, handles, labels, **kwargs):
    """One legend for a whole figure, under it, in as many columns as there is room for."""
    labels, handles = zip(*dict(zip(labels, handles)).items())  # one of each
    columns = int(14 * figure.get_figwidth() / (8 + max(map(width, labels))))  # letters in an inch; a handle takes eight
    look = {"loc": "outside lower center", "frameon": False, "fontsize": SMALL, "ncols": min(len(labels), max(1, columns))}
    figure.legend(handles, labels, **look | kwargs)


def bars(ax, x, y, low, high, upright: bool = False, fmt: str = "o", color=BLUE, **kwargs):
    """Points with their intervals, from left to right or upright; an interval that is not known has no length."""
    at, reach = (y, "yerr") if upright else (x, "xerr")
    kwargs[reach] = np.nan_to_num(np.clip([np.subtract(at, low), np.subtract(high, at)], 0, None))
    ax.errorbar(x, y, fmt=fmt, color=color, capsize=3, **kwargs)


def guessing(ax, chance: float | None, color=RED, **kwargs):
    """A dashed line where guessing would be."""
    if chance is not None:
        ax.axvline(chance, color=color, ls="--", lw=1, **kwargs)


def dots(ax, labels, shares, lows, highs, chance: float | None = None, **line):
    """Shares with their intervals, one above the other, each in figures at the right."""
    bars(ax, shares, range(len(labels)), lows, highs)
    for y, value in enumerate(shares):
        told(ax, y, value)
    ax.set_yticks(range(len(labels)), labels)
    guessing(ax, chance, **line)
    ax.set(xlim=(max(0, min(*lows, 1 if chance is None else chance) - 0.03), 1.015), ylim=(len(labels) - 0.5, -0.5))
    per_cent(ax)


def told(ax, y, value):
    """A share in figures, at the right of its line."""
    ax.text(1.01, y, share(value), va="center", fontsize=SMALL, transform=ax.get_yaxis_transform())


def show_picture(image, ax, title: str = "", colour: str = INK):
    """One picture without axes, a line of text above it."""
    ax.imshow(image)
    ax.set_axis_off()
    inches = ax.figure.get_figwidth() * ax.get_position().width
    ax.set_title(wrapped(title, max(8, int(14 * inches))), fontsize=SMALL, color=colour)
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
    titles, colours = titles or [""] * len(images), colours or [INK] * len(images)
    columns = min(columns, max(1, len(images)))
    rows, wide = max(1, -(-len(images) // columns)), min(max(1.5 * columns, 3), WIDEST)
    figure, axes = new(wide, (wide / columns + 0.3) * rows + 0.3 * bool(heading), rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for image, title, colour, ax in zip(images, titles, colours, axes.flat):
        show_picture(image, ax, title, colour)
    figure.suptitle(textwrap.fill(heading, int(9 * wide)))
    kinds = ", ".join(f"{count} {title}" for title, count in Counter(filter(None, titles)).items())
    return Drawing(figure, words or f"{counted(len(images), 'picture')}: {kinds}.".replace(": .", "."))
