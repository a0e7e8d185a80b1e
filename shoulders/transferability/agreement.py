"""Did the scores foretell it? Whether the order of the giants was right, what a choice by a score loses, and what it saves.

Tables here have a row for each question, giant and draw: ``question``, ``giant``, ``seed``, a column for each score, a column
with the accuracy that came out, and for `waiting` ``gmacs``, ``classes``, ``n_train`` and ``n_valid``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shoulders.transferability.scores import SCORES

if TYPE_CHECKING:
    import pandas as pd

CHOICES = (*SCORES, "leep")
"""The scores by which a giant may be chosen."""

RESAMPLES = 10_000
"""Of the questions, for an interval."""


def taus(table: pd.DataFrame, score: str, came_out: str = "accuracy_all") -> pd.Series:
    """Of each question how nearly a score puts the giants in the order that came out: Kendall's tau-b, the mean over draws.

    Parameters
    ----------
    table : pandas.DataFrame
    score, came_out : str
        Columns.

    Returns
    -------
    pandas.Series
        By question: 1 for the same order, 0 for none in common, −1 for the reverse. A score that says the same of every giant
        has no order, and 0. A question that all giants answered alike has none to foretell, and is left out.

    Notes
    -----
    Kendall 1938, Biometrika 30. Scores are compared within a question alone: of another question they have another scale.
    """
    import pandas as pd
    from scipy.stats import kendalltau

    def of_one(draw):
        flat = draw[score].round(9).nunique() == 1  # what differs in the last digits is no order
        return 0.0 if flat else kendalltau(draw[score].round(9), draw[came_out].round(9)).statistic

    told = table[table.groupby(["question", "seed"])[came_out].transform("nunique") > 1]
    return pd.Series({key: of_one(draw) for key, draw in _draws(told)}, dtype=float).groupby(level=0, sort=False).mean()


def agreement(table: pd.DataFrame, came_out: str = "accuracy_all", scores=CHOICES) -> pd.DataFrame:
    """`taus` of several scores: the mean over the questions, and its interval.

    Parameters
    ----------
    table : pandas.DataFrame
    came_out : str
    scores : sequence of str

    Returns
    -------
    pandas.DataFrame
        By score: ``tau``, ``low``, ``high`` (95 %), ``questions``, ``pairs`` of a giant and a question.

    Notes
    -----
    The interval is a percentile bootstrap over the questions (Efron 1979, Annals of Statistics 7): what it says holds for
    further questions like these, and for these giants.
    """
    import pandas as pd

    of_each = {score: taus(table, score, came_out) for score in scores}
    giants = table.groupby("question").giant.nunique()
    rows = {
        score: dict(zip(("tau", "low", "high"), over_questions(found)))
        | {"questions": len(found), "pairs": int(giants[found.index].sum())}
        for score, found in of_each.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("score")


def choices(table: pd.DataFrame, came_out: str = "accuracy_all", scores=CHOICES, always=()) -> pd.DataFrame:
    """What is lost against the best giant by who takes the one that a score puts first; a share of the pictures.

    Parameters
    ----------
    table : pandas.DataFrame
    came_out : str
    scores : sequence of str
    always : sequence of str
        Giants that somebody takes whatever the question is, to hold the scores against.

    Returns
    -------
    pandas.DataFrame
        By way of choosing, the last of them ``any``, which takes one of the giants blindly: ``lost``, ``low``, ``high`` (95 %,
        as in `agreement`), ``worst`` (of a question, the mean over its draws), ``best`` (the share of draws in which the choice
        was as good as the best). Of giants that a score puts first together, the mean counts.
    """
    import pandas as pd


    rows = {}
    for way in (*scores, *(f"always {name}" for name in always), "any"):
        lost = losses(table, way, came_out)
        of_each = lost.groupby(level=0, sort=False).mean()
        rows[way] = dict(zip(("lost", "low", "high"), over_questions(of_each)))
        rows[way] |= {"worst": of_each.max(), "best": float((lost < 1e-9).mean())}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("chosen by")


def losses(table: pd.DataFrame, way: str, came_out: str = "accuracy_all") -> pd.Series:
    """By question and draw, what is lost against the best giant by one way of choosing.

    Parameters
    ----------
    table : pandas.DataFrame
    way : str
        A score; ``'always NAME'`` of a giant; or ``'any'``, one of them blindly.
    came_out : str
    """
    import pandas as pd

    lost = {key: draw[came_out].max() - draw[came_out][_taken(draw, way)].mean() for key, draw in _draws(table)}
    return pd.Series(lost, dtype=float)


def _taken(draw, way):
    """Which giants of a draw are taken, all that a score puts first together."""
    if way == "any":
        return draw.giant != ""
    if way.startswith("always "):
        return draw.giant == way.removeprefix("always ")
    return draw[way].round(9) == draw[way].round(9).max()


def _draws(table):
    return table.groupby(["question", "seed"], sort=False)


def waiting(table: pd.DataFrame, score: str, per_class: int = 10) -> pd.Series:
    """The share of the arithmetic that a choice saves against who lets every giant look at every picture.

    Parameters
    ----------
    table : pandas.DataFrame
    score : str
        Who chooses. Of giants that it puts first together, the mean counts.
    per_class : int
        Pictures of each class that every giant looks at before the choice; only the chosen one looks at the rest.

    Returns
    -------
    pandas.Series
        By question, the mean over its draws. Multiplications of the networks are counted, no seconds, so the share is the same
        on every machine; heads take next to none.
    """

    import pandas as pd

    def saved(draw):
        first = draw.iloc[0]
        pictures, few = first.n_train + first.n_valid, min(per_class * first.classes, first.n_train)
        ahead = draw.gmacs[_taken(draw, score)].mean()
        return 1 - (draw.gmacs.sum() * few + ahead * (pictures - few)) / (draw.gmacs.sum() * pictures)

    return pd.Series({key: saved(draw) for key, draw in _draws(table)}, dtype=float).groupby(level=0, sort=False).mean()


def over_questions(values) -> tuple[float, float, float]:
    """The mean of a value for each question, and its interval: a percentile bootstrap; of a single question, nan."""
    from scipy.stats import bootstrap

    values = np.asarray(values, float)
    if len(values) < 2:
        return float(values.mean()), np.nan, np.nan
    found = bootstrap((values,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=0).confidence_interval
    return float(values.mean()), float(found.low), float(found.high)
