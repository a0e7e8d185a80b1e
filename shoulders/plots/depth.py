"""Accuracy against the depth of a network: which of its layers knows the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shoulders.plots.axes import bars, below, per_cent
from shoulders.plots.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, SMALL, WIDEST, Drawing, new
from shoulders.support.words import counted, share

if TYPE_CHECKING:
    import pandas as pd

_LOOKS = (BLUE, ORANGE, GREEN, PURPLE), "osD^"


def depth(table: pd.DataFrame, heading: str, guessing: float) -> Drawing:
    """A panel for each network: how often a head is right that stands on one layer, from the first to the last.

    Parameters
    ----------
    table : pandas.DataFrame
        ``giant``, ``layer``, ``place`` (1 for the first), ``mean``, ``low``, ``high`` (shares): a row for each layer.
    heading : str
    guessing : float
        What guessing blindly gives.
    """
    giants = list(dict.fromkeys(table.giant))
    figure, axes = new(WIDEST, 3.6, 1, len(giants), sharey=True, squeeze=False)
    for i, (ax, giant) in enumerate(zip(axes[0], giants)):
        some = table[table.giant == giant].sort_values("place")
        ax.plot(some.place, some["mean"], color=_LOOKS[0][i % 4], lw=1)
        bars(ax, some.place, some["mean"], some.low, some.high, upright=True, fmt=_LOOKS[1][i % 4], color=_LOOKS[0][i % 4])
        ax.axhline(guessing, color=INK, ls="--", lw=1, label="guessing blindly")
        ax.set_xticks(some.place, some.layer, rotation=40, ha="right", fontsize=SMALL)
        ax.set(title=giant, xlim=(0.5, some.place.max() + 0.5), ylim=(0, 1.02))
        per_cent(ax, "y")
    axes[0][0].set_ylabel("accuracy\n(bars: 95 % interval)")
    figure.suptitle(heading)
    below(figure, *axes[0][0].get_legend_handles_labels())
    return Drawing(figure, " ".join(_said(giant, table[table.giant == giant]) for giant in giants))


def _said(giant, some):
    best, last = some.loc[some["mean"].idxmax()], some.loc[some.place.idxmax()]
    told = f"{giant}, {counted(len(some), 'layer')}: best {best.layer} with {share(best['mean'])}"
    return f"{told}; the last, {last.layer}, {share(last['mean'])}." if last.layer != best.layer else f"{told}, its last."
