"""What a table of runs says: means with intervals, paired differences, the band in which a new run should fall."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from shoulders.support.errors import CourseError
from shoulders.support.words import bounds

if TYPE_CHECKING:
    import pandas as pd


class ComparisonError(CourseError):
    """A comparison cannot be run as asked, or a table cannot be read; the message says what would be right."""


def wilson(correct: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The interval in which an accuracy measured on `n` pictures lies: Wilson 1927, JASA 22, 95 % by default.

    Parameters
    ----------
    correct, n : int
        `n` at least 1.
    z : float
        Standard deviations.

    Returns
    -------
    low, high : float
        Between 0 and 1.

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson(146, 153)]
    [0.909, 0.978]
    """
    share, spread = correct / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def uneven(row: dict) -> bool:
    """Whether the classes of a row hold different numbers of validation pictures: one accuracy then hides the smaller ones."""
    return len({one["pictures"] for one in row.get("by_class", ())}) > 1


def recalls(row: dict, most: int = 4) -> str:
    """How many validation pictures of each class a run named rightly, in words.

    Parameters
    ----------
    row : dict
        As `shoulders.comparison.rows` gives it.
    most : int
        Of more classes than these the ones of which least was found, and of the rest how many they are.
    """
    classes = row["by_class"]
    if len(classes) <= most:
        return ", ".join(map(_recall, classes))
    worst = sorted((one for one in classes if one["pictures"]), key=lambda one: (one["recall"], -one["pictures"]))
    shown, rest, absent = worst[: most - 1], worst[most - 1 :], len(classes) - len(worst)
    ends = bounds(rest[0]["recall"], rest[-1]["recall"]) if rest else ""
    told = [*map(_recall, shown), *[f"the other {len(rest)}: {ends}"] * bool(rest)]
    return ", ".join([*told, *[f"{absent} without a picture"] * bool(absent)])


def _recall(one):
    if not one["pictures"]:
        return f"{one['class']} without a picture"
    right = round(one["recall"] * one["pictures"])
    return f"{one['class']} {right} of {one['pictures']} ({bounds(one['recall_low'], one['recall_high'])})"


def class_by_class(rows) -> list[tuple[str, int, dict]]:
    """Of uneven classes, the worst first: name, pictures, and the mean recall of each regime and network at its most pictures.

    Of classes as badly found, the largest comes first.

    Parameters
    ----------
    rows : sequence of dict
        Of a table, which holds no classes, and of even classes: nothing.
    """
    rows, most, found = [row for row in rows if isinstance(row, dict) and uneven(row)], {}, {}
    for row in rows:
        way = row["regime"], row["backbone"]
        most[way] = max(most.get(way, 0), row["n_train"])
    for row in rows:
        way = row["regime"], row["backbone"]
        for one in row["by_class"] if row["n_train"] == most[way] else ():
            if one["pictures"]:
                found.setdefault((one["class"], one["pictures"]), {}).setdefault(way, []).append(one["recall"])
    means = [(*kind, {way: float(np.mean(recalls)) for way, recalls in of.items()}) for kind, of in found.items()]
    return sorted(means, key=lambda told: (np.mean(list(told[2].values())), -told[1]))


def balanced_means(rows):
    """Of uneven classes the mean balanced accuracies, a pandas series by ``regime``, ``backbone`` and ``pictures``; else nothing.

    Parameters
    ----------
    rows : sequence of dict, or pandas.DataFrame
        As `shoulders.comparison.rows` or `compare` give them.
    """
    import pandas as pd

    table = pd.DataFrame(rows)
    if "balanced_accuracy" not in table or (table.largest <= 1 / table.classes + 1e-9).all():
        return []
    table["pictures"] = table.n_train / table.classes
    return table.groupby(["regime", "backbone", "pictures"], sort=False).balanced_accuracy.mean()


def interval(values) -> tuple[float, float]:
    """95 % interval for the mean that endlessly many such values would have: Student 1908, Biometrika 6.

    Parameters
    ----------
    values : sequence of float
        At least two; independent draws of roughly normal spread. Of fewer, both bounds are nan.

    Examples
    --------
    >>> [round(bound, 3) for bound in interval([0.90, 0.94, 0.92])]
    [0.87, 0.97]
    """
    values = np.asarray(values, float)
    reach = _student(len(values)) * _spread(values) / len(values) ** 0.5
    return float(values.mean() - reach), float(values.mean() + reach)


def band(values, runs: int = 1, step: float = 0.0) -> tuple[float, float]:
    """Where the mean of `runs` further values should fall, in 95 of 100 cases.

    Parameters
    ----------
    values : sequence of float
        Accuracies of earlier runs, at least two; of fewer, both bounds are nan.
    runs : int
    step : float
        The band reaches at least this far to each side of the mean. Give ``1 / n_valid``: another processor rounds in
        another way, which may turn one picture over.

    Returns
    -------
    low, high : float
        Within 0 and 1.

    Notes
    -----
    Student's prediction interval (Hahn & Meeker 1991, *Statistical intervals*).
    """
    values = np.asarray(values, float)
    reach = np.maximum(step, _student(len(values)) * _spread(values) * (1 / runs + 1 / len(values)) ** 0.5)  # nan stays nan
    low, high = np.clip([values.mean() - reach, values.mean() + reach], 0, 1)
    return float(low), float(high)


def _student(n):
    from scipy.special import stdtrit  # `scipy.stats` has it as `t.ppf`, and takes a second to import

    return float(stdtrit(n - 1, 0.975)) if n > 1 else float("nan")


def _spread(values):
    return values.std(ddof=1) if len(values) > 1 else float("nan")


def summary(rows) -> pd.DataFrame:
    """A line for each regime, each network and each number of pictures.

    Parameters
    ----------
    rows : sequence of dict, or pandas.DataFrame
        As `shoulders.comparison.rows` gives them.

    Returns
    -------
    pandas.DataFrame
        ``regime``, ``backbone``, ``per_class``, ``pictures`` (of a class, the real number behind “all”), ``runs``, ``mean``;
        ``low`` and ``high``: `interval` for the mean over draws, within 0 and 1, or, of a single run and of runs that are all
        alike, as those on all pictures often are, its own Wilson interval; ``alone_low`` and ``alone_high``: Wilson's interval
        of one run with that mean, which is all that a single run would know; ``n_valid``, ``classes``, ``largest`` (accuracy of
        always naming the largest class). Regimes and networks in their order, pictures from few to many.

    Raises
    ------
    ComparisonError
        For a regime that was run on one network with more than one head or layer.
    """
    import pandas as pd

    table = _of_one_kind(rows, ("regime", "backbone"))
    ways = table.groupby(["regime", "backbone"], sort=False)
    lines = [_line(*way, n, runs) for way, held in ways for n, runs in held.groupby("pictures")]
    return pd.DataFrame(lines, columns=_LINE)


def _of_one_kind(rows, way=("regime",)):
    """The rows as a table, with `pictures` of a class; no run twice, and in each `way` no more than one head or network.

    Where a class holds less than was asked for, 20 of each, 50 and all are the same draw: one run, and not three.
    """
    import pandas as pd

    table, way = pd.DataFrame(rows), list(way)
    if table.empty:
        return pd.DataFrame(columns=["regime", "backbone", "pictures", "seed", "accuracy", "per_class"])
    if "backbone" not in table:
        table["backbone"] = ""
    for kind, (name, runs) in product(("head", "layer", "backbone"), table.groupby(way, sort=False)):
        if kind in table and len(kinds := runs[kind].unique()) > 1:
            names = " and ".join(map(str, kinds))
            raise ComparisonError(f"{name[0]} was run with more than one {kind}, {names}: give the rows of one at a time.")
    table["pictures"] = table.n_train / table.classes
    same = table.columns.intersection([*way, "pictures", "seed"])
    return table.drop_duplicates(same, keep="last") if "seed" in same else table


_LINE = (
    "regime", "backbone", "per_class", "pictures", "runs", "mean", "low", "high", "alone_low", "alone_high", "n_valid", "classes",
    "largest",
)  # fmt: skip


def _line(regime, backbone, pictures, runs):
    """One line of `summary`, in the order of `_LINE`."""
    first, mean = runs.iloc[0], runs.accuracy.mean()
    bounds = np.clip(interval(runs.accuracy), 0, 1) if runs.accuracy.nunique() > 1 else (first.low, first.high)
    alone, largest = wilson(round(mean * first.n_valid), first.n_valid), first.get("largest", 1 / first.classes)
    asked = "all" if (runs.per_class == "all").any() else first.per_class
    return regime, backbone, asked, pictures, len(runs), mean, *bounds, *alone, int(first.n_valid), int(first.classes), largest


def paired(rows, regime: str, other: str) -> pd.DataFrame:
    """By how much one regime is ahead of another on the *same* draws: what the luck of a draw gives to both goes out.

    Parameters
    ----------
    rows : sequence of dict, or pandas.DataFrame
    regime, other : str

    Returns
    -------
    pandas.DataFrame
        For each number of pictures that both were run with: ``per_class``, ``pictures``, ``runs`` (seeds in common),
        ``ahead`` (mean difference of accuracies), ``low``, ``high`` (`interval`; nan for a single seed; where every seed gives
        the same difference, which says nothing of the spread, the interval of one such pair on these pictures). Its
        ``attrs["other"]`` says what it is ahead of.

    Notes
    -----
    Of one pair: Newcombe 1998, Statistics in Medicine 17, method 10, as if the two had been judged by different pictures.
    """
    import pandas as pd

    table = _of_one_kind(rows)
    both = [table[table.regime == name] for name in (regime, other)]
    joined = both[0].merge(both[1], on=["pictures", "seed"], suffixes=("", "_other"))
    found = []
    for pictures, draws in joined.groupby("pictures"):
        ahead = draws.accuracy - draws.accuracy_other
        alike = len(ahead) > 1 and ahead.round(9).nunique() == 1
        bounds = _of_one_pair(draws.iloc[0]) if alike else interval(ahead)
        names = "per_class", "pictures", "runs", "ahead", "low", "high"
        found.append(dict(zip(names, (draws.per_class.iloc[0], pictures, len(ahead), ahead.mean(), *bounds))))
    table = pd.DataFrame(found, columns=["per_class", "pictures", "runs", "ahead", "low", "high"])
    table.attrs["other"] = other
    return table


def _of_one_pair(pair):
    """95 % interval for the difference of two accuracies, from Wilson's interval of each."""
    ahead = pair.accuracy - pair.accuracy_other
    below = np.hypot(pair.accuracy - pair.low, pair.high_other - pair.accuracy_other)
    above = np.hypot(pair.high - pair.accuracy, pair.accuracy_other - pair.low_other)
    return ahead - below, ahead + above


def against(rows, expected) -> pd.DataFrame:
    """Do these runs fall where earlier runs say? Every band is computed from the earlier runs.

    Parameters
    ----------
    rows, expected : sequence of dict, or pandas.DataFrame
        New runs, and earlier ones of the same pictures and network.

    Returns
    -------
    pandas.DataFrame
        For each regime and number of pictures that both have: ``regime``, ``per_class``, ``yours`` (mean), ``runs``,
        ``low``, ``high`` (`band` for the mean of as many runs), ``over`` (earlier runs), ``verdict``: ``'inside'``,
        ``'outside'``, or ``'no band'`` where there was one earlier run.
    """
    import pandas as pd

    new, old = summary(_of_one_kind(rows)), _of_one_kind(expected)
    found = []
    for line in new.itertuples() if len(old) else ():
        earlier = old[(old.regime == line.regime) & (old.pictures == line.pictures)].accuracy
        if len(earlier):
            low, high = band(earlier, line.runs, 1 / line.n_valid)
            verdict = "no band" if np.isnan(low) else "inside" if low <= line.mean <= high else "outside"
            found.append((line.regime, line.per_class, line.mean, line.runs, low, high, len(earlier), verdict))
    return pd.DataFrame(found, columns=["regime", "per_class", "yours", "runs", "low", "high", "over", "verdict"])
