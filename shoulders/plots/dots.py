"""Accuracies as dots with their intervals: one above the other, of one run or of several; beside and against what they cost."""

import textwrap

import numpy as np

from shoulders.intervals import interval
from shoulders.plots.axes import WAYS, bars, below, dots, guessing, per_cent, told
from shoulders.plots.drawing import BLUE, GREEN, ORANGE, PURPLE, SKY, SMALL, Drawing, new
from shoulders.plots.lettering import wrapped
from shoulders.support.words import share


def accuracies(labels, results, heading: str, xlabel: str = "accuracy", chance: float | None = None) -> Drawing:
    """Accuracies with their 95 % intervals, one above the other.

    Parameters
    ----------
    labels : sequence of str
    results : sequence of Result
    chance : float, optional
        Accuracy of guessing, drawn as a line.
    """
    figure, ax = new(7, 0.42 * len(labels) + 1.2)
    shares = [result.accuracy for result in results]
    dots(ax, [wrapped(label, 30) for label in labels], shares, *zip(*(result.interval for result in results)), chance)
    marks = "bars: 95 % interval" + "; dashed: guessing" * (chance is not None)
    ax.set(xlabel=f"{xlabel} on {len(results[0].valid)} {results[0].valid.word}s\n({marks})", title=heading)
    worst, best = np.argmin(shares), np.argmax(shares)
    return Drawing(figure, f"From {share(shares[worst])} ({labels[worst]}) to {share(shares[best])} ({labels[best]}).")


def runs(groups, heading: str, chance: float | None = None, guess: float | None = None) -> Drawing:
    """Accuracies of several runs of each kind, one kind above the other, with the mean and its 95 % interval.

    Parameters
    ----------
    groups : dict of str to sequence of Result, or of dict
        Runs, or rows as `shoulders.comparison.rows` gives them.
    heading : str
    chance : float, optional
        Accuracy of guessing, drawn as a line.
    guess : float, optional
        The reader's own, per cent, drawn as a line.
    """
    figure, ax = new(7.6, 0.46 * len(groups) + 1.3)
    first = next(iter(groups.values()))[0]
    word = "picture" if isinstance(first, dict) else first.valid.word
    groups = {name: [run if isinstance(run, dict) else run.row() for run in results] for name, results in groups.items()}
    means, alike = zip(*(_runs_of_one_kind(ax, y, rows) for y, rows in enumerate(groups.values())))
    fewest, most = (f(map(len, groups.values())) for f in (min, max))
    ax.set_yticks(range(len(groups)), [wrapped(name, 30) for name in groups])
    ax.set_ylim(len(groups) - 0.5, -0.5)
    alone = "; of a single run, or of runs that are all alike, its own" * any(alike)
    marks = f"light: single runs; bars: 95 % interval for the mean{alone}" if most > 1 else "bars: 95 % interval of a single run"
    marks += "; dashed: guessing blindly" * (chance is not None) + "; dotted: your guess" * (guess is not None)
    guessing(ax, chance)
    if guess is not None:
        ax.axvline(guess / 100, color=PURPLE, ls=":", lw=2)
    counts = [row["n_valid"] for rows in groups.values() for row in rows if "n_valid" in row]  # a control may not tell it
    pictures = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else counts[0]
    ax.set(xlabel=f"accuracy on {pictures} {word}s\n{textwrap.fill(f'({marks})', 64)}", title=heading)
    per_cent(ax)
    kind = "Single runs" if most == 1 else f"Means of {fewest if fewest == most else f'{fewest} to {most}'} runs"
    return Drawing(figure, f"{kind}: {', '.join(f'{name} {share(mean)}' for name, mean in zip(groups, means))}.")


def _runs_of_one_kind(ax, y, rows):
    """Every run, their mean, and its interval; returns the mean, and whether they are all alike: that tells nothing of spread."""
    shares = [row["accuracy"] for row in rows]
    mean, aside = np.mean(shares), np.linspace(-0.16, 0.16, len(shares)) * (len(shares) > 1)
    alike = len(set(shares)) == 1
    low, high = (rows[0]["low"], rows[0]["high"]) if alike else np.clip(interval(shares), 0, 1)
    ax.plot(shares, y + aside, ".", color=SKY, ms=5)
    bars(ax, [mean], [y], [low], [high])
    told(ax, y, mean)
    return mean, alike


def shares(table, heading: str, xlabel: str, chance: float | None = None) -> Drawing:
    """Several shares a line, each with its 95 % interval.

    Parameters
    ----------
    table : pandas.DataFrame
        ``line``, ``of`` (what a mark stands for, at most four), ``share``, ``low``, ``high``.
    heading, xlabel : str
    chance : float, optional
        What guessing gives, drawn as a line.
    """
    lines, kinds = (list(dict.fromkeys(table[name])) for name in ("line", "of"))
    figure, ax = new(7.6, 0.21 * len(lines) * max(2, len(kinds)) + 1.7)
    for i, (kind, some) in enumerate(table.groupby("of", sort=False)):
        y = some.line.map(lines.index) + 0.25 * (i - (len(kinds) - 1) / 2)
        bars(ax, some.share, y, some.low, some.high, fmt="osD^"[i], color=(BLUE, ORANGE, GREEN, PURPLE)[i], label=kind)
    ax.set_yticks(range(len(lines)), [wrapped(line, 30) for line in lines])
    ax.set_ylim(len(lines) - 0.5, -0.5)
    guessing(ax, chance)
    marks = "bars: 95 % interval" + "; dashed: guessing" * (chance is not None)
    ax.set(xlabel=f"{xlabel}\n({marks})", title=heading, xlim=(-0.01, 1.01))
    per_cent(ax)
    below(figure, *ax.get_legend_handles_labels())
    told = table.assign(told=[f"{row.of} {share(row.share)}" for row in table.itertuples()]).groupby("line", sort=False).told
    said = [f"{line}: {', '.join(some)}" for line, some in told]
    return Drawing(figure, f"{'; '.join(said)}.")


def bills(table) -> Drawing:
    """Accuracy against what it cost, in four currencies: dicts of `shoulders.costs.bill`, or a pandas.DataFrame of these."""
    import pandas as pd

    table = pd.DataFrame(table)
    currencies = "seconds", "gflops", "trained_parameters", "megabytes"
    words = "seconds here", "billions of additions\nand multiplications", "numbers learnt", "megabytes of memory\nneeded to learn"
    figure, axes = new(9.6, 3.8, 1, 4, sharey=True)
    for ax, currency, xlabel in zip(axes, currencies, words):
        _against(ax, table, currency)
        ax.set_xlabel(xlabel)
    axes[0].set_ylabel(f"accuracy on {table.n_valid.iloc[0]} pictures")
    per_cent(axes[0], "y")
    below(figure, *axes[-1].get_legend_handles_labels())
    figure.suptitle("What an accuracy costs: up is better, left is cheaper\n(bars: 95 % interval of one run; costs logarithmic)")
    return Drawing(figure, _dearest_and_cheapest(table))


def _against(ax, table, currency):
    """Accuracies against one currency; what costs nothing stands at the left, and says so."""
    places = _on_a_log_axis(table[currency])
    for line, x, amount in zip(table.itertuples(), places, table[currency]):
        (colour, mark), label = WAYS[line.regime], line.regime.replace("_", " ")
        bars(ax, [x], [line.accuracy], [line.low], [line.high], upright=True, fmt=mark, color=colour, label=label)
        if not amount:
            ax.annotate("0", (x, line.accuracy), (6, 0), textcoords="offset points", va="center", fontsize=SMALL)
    ax.set(xscale="log", xlim=(min(places) / 3.2, max(places) * 3.2))  # so far that there is a power of ten, named alone
    ax.xaxis.set_minor_formatter("")


def _dearest_and_cheapest(table):
    """Of the arithmetic, in words."""
    dear, cheap = table.loc[table.gflops.idxmax()], table.loc[table.gflops.idxmin()]
    names = [line.regime.replace("_", " ") for line in (dear, cheap)]
    if cheap.gflops:
        times, said = f"{dear.gflops / cheap.gflops:,.0f} times the arithmetic of {names[1]}", "that one"
    else:
        times, said = f"{dear.gflops:,.0f} billion operations", f"{names[1]}, remembered, takes none and"
    names_right = [share(line.accuracy) for line in (dear, cheap)]
    return f"{names[0].capitalize()} takes {times} and names {names_right[0]} correctly; {said} names {names_right[1]}."


def _on_a_log_axis(amounts):
    """Where to draw amounts that may be zero: a tenth of the smallest that is not."""
    amounts = [float(amount) for amount in amounts]
    least = min((amount for amount in amounts if amount > 0), default=1.0)
    return [amount if amount > 0 else least / 10 for amount in amounts]


def costs(ways, guesses=None) -> Drawing:
    """Accuracy with its 95 % interval beside the seconds and the count of learnt numbers that it cost.

    Parameters
    ----------
    ways : dict of str to Result
    guesses : dict of str to float, optional
        The reader's own, per cent of right answers, for some of these ways.
    """
    figure, (left, middle, right) = new(8.6, 0.5 * len(ways) + 1.7, 1, 3, sharey=True, width_ratios=(1.6, 1, 1))
    results, place = list(ways.values()), range(len(ways))
    shares, seconds, learnt = zip(*((r.accuracy, r.seconds["total"], r.trained_parameters) for r in results))
    bars(left, shares, place, *zip(*(result.interval for result in results)))
    for y, value in enumerate(shares):
        left.text(value, y - 0.14, share(value), ha="center", va="bottom", fontsize=SMALL)
    if guesses:
        left.plot([guesses.get(way, np.nan) / 100 for way in ways], place, "x", color=PURPLE, mew=2)
    guessing(left, 1 / len(results[0].valid.classes))
    left.set_yticks(place, [wrapped(way, 24) for way in ways])
    marks = "bars: 95 % interval; dashed: chance" + ";\ncross: your guess" * bool(guesses)
    left.set(xlabel=f"accuracy on {len(results[0].valid)} {results[0].valid.word}s\n({marks})", title="How often it is right")
    left.set_ylim(len(ways) - 0.5, -0.6)
    per_cent(left)
    took = [f"{s:.1f}" if s >= 0.1 else f"{s:.1g}" for s in seconds]
    remembered = [f"{s}{' (remembered)' * result.cached}" for s, result in zip(took, results)]
    _amounts(middle, seconds, remembered, xlabel="seconds, logarithmic", title="What it took")
    _amounts(right, learnt, [f"{count:,}" for count in learnt], xlabel="numbers, logarithmic", title="What was learnt")
    notes = [" (its look remembered)" * result.cached for result in results]
    said = ", ".join(f"{way} {share(value)} in {s} s{note}" for way, value, s, note in zip(ways, shares, took, notes))
    return Drawing(figure, f"{said[:1].upper()}{said[1:]}.")


def _amounts(ax, amounts, words, **labels):
    """Dots on a logarithmic axis, each with its amount in words."""
    amounts = _on_a_log_axis(amounts)
    ax.plot(amounts, range(len(amounts)), "o", color=GREEN)
    for y, (amount, said) in enumerate(zip(amounts, words)):
        aside = "left" if len(said) > 10 and amount == min(amounts) else "center"
        ax.text(amount, y - 0.14, said, ha=aside, va="bottom", fontsize=SMALL)
    ax.set(xscale="log", xlim=(min(amounts) / 12, max(amounts) * 12), **labels)
    ax.tick_params(left=False)
