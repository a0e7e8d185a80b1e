"""Who is ahead at which question: of two, by how many points; of several, how often each is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shoulders.plots.axes import bars, below, per_cent
from shoulders.plots.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, RED, SMALL, Drawing, new
from shoulders.plots.lettering import wrapped
from shoulders.support.words import counted

if TYPE_CHECKING:
    import pandas as pd

_LOOKS = (BLUE, ORANGE, GREEN, PURPLE, RED), "osD^v"


def leads(lines: pd.DataFrame, names: tuple[str, str]) -> Drawing:
    """By how many points the first is ahead of the second at each question, for each number of training pictures.

    Parameters
    ----------
    lines : pandas.DataFrame
        ``question``, ``per_class``, ``ahead``, ``low``, ``high`` (shares): a line for each interval.
    names : tuple of str
        Who is ahead to the right of the middle, and who to the left.
    """
    questions, counts = list(dict.fromkeys(lines.question)), list(dict.fromkeys(lines.per_class))
    figure, ax = new(8.6, 0.62 * len(questions) + 1.7)
    for i, (count, some) in enumerate(lines.groupby("per_class", sort=False)):
        y = some.question.map(questions.index) + _aside(i, len(counts))
        look = {"fmt": _LOOKS[1][i], "color": _LOOKS[0][i], "label": _pictures(count)}
        bars(ax, 100 * some.ahead, y, 100 * some.low, 100 * some.high, **look)
    ax.axvline(0, color=INK, lw=1)
    _questions(ax, questions)
    first, second = names
    ax.set(xlabel=f"← {second} ahead · points of accuracy · {first} ahead →\n(bars: 95 % interval)")
    ax.set_title("Who learns it sooner?")
    below(figure, *ax.get_legend_handles_labels(), title="training pictures of each class")
    return Drawing(figure, _counted(lines, names))


def sources(means: pd.DataFrame, per_class) -> Drawing:
    """How often each is right at each question, with so many training pictures of each class; a dash: guessing.

    Parameters
    ----------
    means : pandas.DataFrame
        ``question``, ``source``, ``mean``, ``low``, ``high``, ``largest`` (shares).
    per_class : int or str
        Told in the heading.
    """
    questions, known = list(dict.fromkeys(means.question)), list(dict.fromkeys(means.source))
    figure, ax = new(8.6, 0.62 * len(questions) + 1.7)
    for i, (source, some) in enumerate(means.groupby("source", sort=False)):
        y = some.question.map(questions.index) + _aside(i, len(known))
        bars(ax, some["mean"], y, some.low, some.high, fmt=_LOOKS[1][i], color=_LOOKS[0][i], label=source)
    for y, (_, some) in enumerate(means.groupby("question", sort=False)):
        ax.plot([some.largest.iloc[0]] * 2, [y - 0.4, y + 0.4], color=INK, lw=1, ls="--", label="guessing")
    _questions(ax, questions)
    ax.set(xlabel="accuracy\n(bars: 95 % interval for the mean over draws and trainings)", xlim=(0.2, 1.01))
    ax.set_title(f"What each network makes of {_pictures(per_class)} of each class")
    per_cent(ax)
    below(figure, *ax.get_legend_handles_labels())
    best = means.loc[means.groupby("question", sort=False)["mean"].idxmax()]
    often = best.source.value_counts()
    return Drawing(figure, f"{often.index[0]} is ahead at {often.iloc[0]} of {counted(len(questions), 'question')}.")


def _aside(i, of):
    """How far above or below its question the i-th of several marks stands."""
    return 0.18 * (i - (of - 1) / 2)


def _pictures(count):
    return "all pictures" if str(count) == "all" else f"{count} pictures"


def _questions(ax, questions):
    ax.set_yticks(range(len(questions)), [wrapped(question, 26) for question in questions], fontsize=SMALL)
    ax.set_ylim(len(questions) - 0.5, -0.5)
    for y in range(1, len(questions)):
        ax.axhline(y - 0.5, color=INK, lw=0.4, alpha=0.5)


def _counted(lines, names):
    """How many intervals lie on either side."""
    first, second = int((lines.low > 0).sum()), int((lines.high < 0).sum())
    return (
        f"Of {counted(len(lines), 'interval')}, {first} lie on the side of {names[0]}, {second} on that of {names[1]}, "
        f"and {len(lines) - first - second} tell neither."
    )
