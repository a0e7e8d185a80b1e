"""What was promised beside what came out: scores of several giants against their accuracy, and how often the order was right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shoulders.plots.axes import bars, below, per_cent
from shoulders.plots.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, RED, SKY, SMALL, Drawing, new
from shoulders.support.words import counted

if TYPE_CHECKING:
    import pandas as pd

_COLOURS, _MARKS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY), "osD^vP*Xh"


def promised(table: pd.DataFrame, scores: dict[str, str], came_out: str, heading: str) -> Drawing:
    """A panel for each score: how much it promised of each giant, and the accuracy that came out.

    Parameters
    ----------
    table : pandas.DataFrame
        By giant: a column for each score, and one with the accuracy.
    scores : dict of str to str
        Columns, and what they are called.
    came_out : str
        The column with the accuracy.
    """
    figure, axes = new(9.6, 3.4 + 0.18 * (len(table) / 3), 1, len(scores), sharey=True)
    for ax, (score, name) in zip(np.atleast_1d(axes), scores.items()):
        for i, (giant, row) in enumerate(table.iterrows()):
            look = {"color": _COLOURS[i % len(_COLOURS)], "label": giant}
            ax.plot([row[score]], [row[came_out]], _MARKS[i % len(_MARKS)], ms=8, **look)
        low, high = table[score].min(), table[score].max()
        reach = 0.15 * (high - low) if high - low > 1e-6 else 0.5
        ax.set(xlim=(low - reach, high + reach), title=name, xlabel="promised")
        ax.set_xticks([low, high] if high - low > 1e-6 else [low])
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.2f}")
    axes = np.atleast_1d(axes)
    axes[0].set_ylabel("accuracy that came out")
    per_cent(axes[0], "y")
    below(figure, *axes[0].get_legend_handles_labels())
    figure.suptitle(heading)
    best = table[came_out].idxmax()
    right = [name for score, name in scores.items() if table[score].idxmax() == best and table[score].round(9).nunique() > 1]
    return Drawing(figure, f"{best} came out best. It was put first by {', '.join(right) or 'none'}.")


def foretold(found: pd.DataFrame, single: dict[str, pd.Series], names: dict[str, str], heading: str) -> Drawing:
    """How nearly each score foretold the order of the giants: the mean over questions with its interval, and single questions.

    Parameters
    ----------
    found : pandas.DataFrame
        As `shoulders.transferability.agreement` gives it.
    single : dict of str to pandas.Series
        By score: `shoulders.transferability.taus`.
    names : dict of str to str
        What the scores are called.
    """
    figure, ax = new(7.6, 0.55 * len(found) + 1.5)
    for y, (score, row) in enumerate(found.iterrows()):
        values = single[score].to_numpy()
        ax.plot(values, y + np.linspace(-0.18, 0.18, len(values)), ".", color=SKY, ms=5)
        bars(ax, [row.tau], [y], [row.low], [row.high])
        ax.text(1.09, y, f"{row.tau:+.2f}", va="center", fontsize=SMALL, transform=ax.get_yaxis_transform(), ha="right")
    ax.axvline(0, color=INK, lw=1)
    ax.set_yticks(range(len(found)), [names[score] for score in found.index])
    marks = "light: single questions; bars: 95 % interval for the mean"
    ax.set(xlabel=f"Kendall's tau: −1 reversed, 0 no order in common, 1 the same\n({marks})", title=heading)
    ax.set(xlim=(-1.03, 1.03), ylim=(len(found) - 0.5, -0.5))
    told = ", ".join(f"{names[score]} {row.tau:+.2f}" for score, row in found.iterrows())
    return Drawing(figure, f"Over {counted(int(found.questions.max()), 'question')}: {told}.")
