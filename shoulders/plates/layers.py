"""Layers compared: what a change of the picture does to a low and a high one, and how well a linear head does on each."""

import numpy as np

from shoulders.plates.panels import bare, mosaic, picture
from shoulders.plots.axes import below, dots, per_cent
from shoulders.plots.drawing import BLUE, GREEN, GREY, HEADING, INK, ORANGE, PURPLE, WIDEST, Drawing, new
from shoulders.plots.lettering import short
from shoulders.support.words import counted, share

LABELS = {"translation": "moved down, share of the side", "scale": "times as large", "rotation": "turned, degrees"}


def invariance(found) -> Drawing:
    """Figure 5: the pictures of a `shoulders.visualize.moving.Invariance`, and of each three curves for each kind of change."""
    rows = {"low": f"distance at {found.low}", "high": f"distance at {found.high}", "probability": "probability"}
    figure, axes = new(WIDEST, 9.6, 4, len(found.curves), squeeze=False, sharex="col", sharey="row", height_ratios=(0.9, 1, 1, 1))
    _in_a_row(figure, axes[0], found.pictures)
    for column, (kind, curves) in zip(axes[1:].T, found.curves.items()):
        for ax, part in zip(column, rows):
            _of_every_picture(ax, curves.amounts, getattr(curves, part), found.names)
        column[0].set_title(kind, fontsize=10)
        column[-1].set_xlabel(LABELS.get(kind, kind))
    for ax, label in zip(axes[1:, 0], rows.values()):
        ax.set(ylabel=label, ylim=(0, None))
    per_cent(axes[-1, 0], "y")
    below(figure, *axes[1, -1].get_legend_handles_labels(), title="what the network takes them for")
    figure.suptitle(f"{found.network}: what a change of the picture does to a low and a high layer", fontsize=HEADING)
    low, high = (np.mean([getattr(curves, part).mean() for curves in found.curves.values()]) for part in ("low", "high"))
    words = (
        f"{counted(len(found.pictures), 'picture')} moved down, enlarged and turned; distances from the unchanged picture as "
        f"shares of the length of what the layer said of it: {low:.2f} on average at {found.low}, {high:.2f} at {found.high}. "
        "What comes in at the border is the training pictures' mean colour. Probability: of the class that the legend names."
    )
    return Drawing(figure, words)


def _of_every_picture(ax, amounts, lines, names):
    """A curve for each; five colours and five kinds of line tell 25 apart."""
    colours, dashes = (BLUE, ORANGE, GREEN, PURPLE, INK), ("-", "--", ":", "-.", (0, (5, 1, 1, 1)))
    for i, line in enumerate(lines):
        look = {"color": colours[i % 5], "ls": dashes[(i + i // 5) % 5], "lw": 1.4}
        ax.plot(amounts, line, label=f"{i + 1}: {short(names[i])}", **look)
    ax.label_outer()


def _in_a_row(figure, axes, pictures):
    """Numbered pictures, in place of a row of axes."""
    for ax in axes:
        ax.remove()
    ax, side = figure.add_subplot(axes[0].get_gridspec()[0, :]), pictures.shape[-1]
    gap = side // 8
    ax.imshow(mosaic([picture(one) for one in pictures], len(pictures), gap))
    for i in range(len(pictures)):
        ax.text((i + 0.5) * side + i * gap, -0.04 * side, i + 1, ha="center", va="bottom", fontsize=10)
    bare(ax)


def probes(table, chance: float | None = None) -> Drawing:
    """Table 7 as a picture: the accuracy of a linear head on each layer, low layers at the top.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `shoulders.visualize.probes`, or of `ablation`.
    chance : float, optional
        Accuracy of guessing blindly, drawn as a line.
    """
    kind, names, shares = table.columns[0], table[table.columns[0]], table.accuracy
    figure, ax = new(7, 0.4 * len(table) + 1.2)
    dots(ax, [short(name, 40) for name in names], shares, table.low, table.high, chance, color=GREY, zorder=0)
    blindly = "; dashed: guessing blindly" * (chance is not None)
    ax.set_xlabel(f"accuracy on {table.n.iloc[0]} pictures (bars: 95 % interval{blindly})")
    ax.set_title(f"Accuracy, {kind} by {kind}")
    best, worst = shares.idxmax(), shares.idxmin()
    told = f"From {share(shares[worst])} ({names[worst]}) to {share(shares[best])} ({names[best]})"
    if shares[worst] == shares[best]:
        told = f"{share(shares[best])} everywhere"
    return Drawing(figure, f"{told}, each from {counted(table.n_train.iloc[0], 'training picture')}.")
