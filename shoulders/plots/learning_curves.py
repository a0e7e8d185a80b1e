"""Against the number of training pictures of each class: accuracies, and by how much one way is ahead of another."""

import textwrap

from shoulders.intervals import balanced_means, class_by_class, summary, wilson
from shoulders.plots.axes import WAYS, bars, below, beside, per_cent
from shoulders.plots.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, RED, WIDEST, Drawing, new
from shoulders.plots.lettering import short, wrapped
from shoulders.support.words import counted, share

_NETWORKS = (BLUE, ORANGE, GREEN, PURPLE, RED), "os^DvPX", ("-", "--", "-.", ":")
"""Colours, marks and lines of several networks: of few, each alone tells them apart; of many, all three together."""

_MOST = 12  # classes in a figure, those of which least was found


def comparison(rows, full=None, guess=None, word: str = "picture") -> Drawing:
    """Accuracy against training samples per class, one line for each regime and network: mean over seeds, 95 % intervals.

    Where classes are uneven, a dash beside each point is the balanced accuracy, and a panel below tells class by class.

    Parameters
    ----------
    rows : sequence of dict, or pandas.DataFrame
        As `shoulders.comparison.rows` gives them.
    full : pandas.DataFrame, optional
        A larger table of the same kind: then it gives the lines, and the means of `rows` are points over them.
    guess : dict of str to dict of float to float, optional
        The reader's own: for a regime and pictures per class, per cent of right answers.
    word : str
        What one sample is called (`shoulders.datasets.Samples.word`).
    """
    own, larger = summary(rows), full is not None and len(full)
    lines, told, balanced = (summary(full), [], []) if larger else (own, class_by_class(rows), balanced_means(rows))
    looks, largest = _looks(lines), lines.largest.max()
    figure, ax = new(8.6, 4.6)
    if told:
        more = 1.3 + 0.3 * min(_MOST, len(told))
        figure, (ax, below) = new(8.6, 4.6 + more, 2, 1, height_ratios=(4.6, more))
        _recalls(below, told, looks, word)
    for way, held, aside in _each(lines):
        _curve(ax, held, aside, *looks[way])
    _over_the_curves(ax, own if larger else own[:0], guess or {})
    words = "guessing blindly" if largest <= 1 / lines.classes.iloc[0] else "always naming the largest class"
    ax.axhline(largest, color=INK, ls="--", lw=1, label=words)
    _sizes(ax, lines, "; of a single run, or of runs that are all alike, its own", word)
    ax.set(ylabel=f"accuracy on {lines.n_valid.iloc[0]} {word}s", title=f"How many {word}s does it take?")
    least = min(lines["mean"].min(), own["mean"].min(), largest, *balanced)
    ax.set_ylim(max(0, least - 0.08), 1.02)  # of two runs, Student's interval may reach far beyond
    per_cent(ax, "y")
    said = _dashes(ax, balanced, looks) if len(balanced) else ""
    beside(ax)
    count = own.runs.sum()
    return Drawing(figure, f"{counted(count, 'run')} here. {_ends(lines, looks)}{said}")


def _each(lines):
    """Each regime and network, its lines, and how far to the side it is drawn, so that intervals do not hide each other."""
    return [(way, held, 1.03**i) for i, (way, held) in enumerate(lines.groupby(["regime", "backbone"], sort=False))]


def _looks(lines):
    """Name and look of each regime and network in a table of `shoulders.comparison.summary`.

    Of several regimes with several networks, colour and mark tell the regime, the line tells the network, and so does the
    mark, which is full for the first: a single point has no line.
    """
    networks, alone = list(dict.fromkeys(lines.backbone)), lines.regime.nunique() == 1
    looks = {}
    for (regime, network), _, _ in _each(lines):
        colour, mark, dash = (kinds[networks.index(network) % len(kinds)] for kinds in _NETWORKS)
        if not alone or len(networks) == 1:
            colour, mark = WAYS[regime]
        inside = colour if alone or network == networks[0] else "none"
        words = [regime.replace("_", " ")] * (not alone or len(networks) == 1) + [network] * (len(networks) > 1)
        looks[regime, network] = ", ".join(words), {"color": colour, "fmt": mark, "ls": dash, "mfc": inside}
    return looks


def _recalls(ax, told, looks, word):
    """How many samples of each class are found, with the interval of one run."""
    some, told = f" ({_MOST} of {len(told)})" * (len(told) > _MOST), told[:_MOST]
    for i, (way, (_, look)) in enumerate(looks.items()):
        for y, (_, pictures, recalls) in enumerate(told):
            low, high = wilson(round(recalls[way] * pictures), pictures)
            bars(ax, [recalls[way]], [y + 0.12 * i], [low], [high], fmt=look["fmt"], color=look["color"])
    ax.set_yticks(range(len(told)), [f"{short(name, 30)} ({pictures})" for name, pictures, _ in told])
    ax.set(xlim=(-0.02, 1.02), ylim=(len(told) - 0.4, -0.6))
    ax.set_title(f"Which classes are found, those first of which least is{some}")
    bracketed = f"(in brackets: {word}s of the class; bars: 95 % interval of one run)"
    ax.set_xlabel(f"recall with the most training {word}s\n{bracketed}")
    per_cent(ax)


def _curve(ax, held, aside, name, look):
    """The means of one regime and network, with their intervals."""
    fewest, most = held.runs.min(), held.runs.max()
    count = counted(most, "run") if fewest == most else f"{fewest} to {most} runs"
    label = wrapped(f"{name},\n{count} a point", 30)
    bars(ax, held.pictures * aside, held["mean"], held.low, held.high, upright=True, label=label, **look)


def _over_the_curves(ax, own, guess):
    """Rings where means were computed here, and not read from a larger table; crosses where the reader expects them."""
    ring, cross = {"mfc": "none", "mec": INK, "mew": 1.5, "ms": 12}, {"mew": 2}
    for (regime, _), held, aside in _each(own):
        ax.plot(held.pictures * aside, held["mean"], WAYS[regime][1], zorder=3, **ring)
    for regime, points in guess.items():
        ax.plot(list(points), [share / 100 for share in points.values()], "x:", color=WAYS[regime][0], **cross)
    if len(own):
        ax.plot([], [], "o", label="ring: computed here, now", **ring)
    if guess:
        ax.plot([], [], "x:", color=INK, label="your guess", **cross)


def _dashes(ax, balanced, looks):
    """A dash at the balanced accuracy beside each point; in words, that of each line's last point."""
    said, look = [], {"ms": 14, "mew": 1.5}
    for way, held, aside in _each(balanced):
        pictures = held.index.get_level_values("pictures")
        ax.plot(pictures * aside, held, "_", color=looks[way][1]["color"], **look)
        said.append(f"{looks[way][0]} {share(held.iloc[pictures.argmax()])} with {pictures.max():.0f}")
    ax.plot([], [], "_", color=INK, label="balanced accuracy:\nevery class counts alike", **look)
    return f" Classes are uneven; balanced accuracy: {'; '.join(said)}."


def _ends(lines, looks):
    """The mean of each regime and network at its fewest and its most pictures, in words."""
    said = []
    for way, held, _ in _each(lines):
        first, last = held.iloc[0], held.iloc[-1]
        start = f"{share(first['mean'])} with {first.pictures:.0f} a class, " * (len(held) > 1)
        said.append(f"{looks[way][0]} {start}{share(last['mean'])} with {last.pictures:.0f}")
    return f"Mean accuracy: {'; '.join(said)}."


def _sizes(ax, lines, more="", word="picture"):
    """A logarithmic axis of samples per class, “all” at its real number."""
    ax.set_xscale("log")
    ticks = lines.drop_duplicates("pictures").sort_values("pictures")
    mean = "" if (ticks.pictures % 1 == 0).all() else "about "  # classes that hold less than was asked for give all
    close = len(ticks) > 1 and ticks.pictures.iloc[-1] < 2 * ticks.pictures.iloc[-2]
    whole = "\n" * int(close) + f"all ({mean}" + "{:.0f})"  # a line lower where it would lie on its neighbour
    words = [str(label) if label != "all" else whole.format(n) for n, label in zip(ticks.pictures, ticks.per_class)]
    ax.set_xticks(ticks.pictures, words)
    ax.minorticks_off()
    told = textwrap.fill(f"(bars: 95 % interval for the mean over seeds{more})", 60)
    ax.set_xlabel(f"training {word}s of each class, logarithmic\n{told}")


def ahead(tables) -> Drawing:
    """By how much one regime is ahead of another on the same draws, against training pictures per class.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        A label for each, such as ``'fine tuning'``, and what `shoulders.comparison.paired` gave, which says what it is ahead of.
    """
    import pandas as pd

    ways = [label for label in tables if label.replace(" ", "_") in WAYS] or tables
    closest = min(ways, key=lambda label: tables[label].ahead.abs().max())
    figure, (left, right) = new(WIDEST, 4.4, 1, 2)
    for i, (label, held) in enumerate(tables.items()):
        colour, mark = WAYS.get(label.replace(" ", "_"), (PURPLE, "v"))
        x, y, alone = held.pictures * 1.03**i, 100 * held.ahead, held.runs == 1
        for ax in (left, right) if label == closest else (left,):
            bars(ax, x, y, 100 * held.low, 100 * held.high, upright=True, fmt=f"{mark}-", color=colour, label=label)
            ax.plot(x[alone], y[alone], mark, color=colour, mfc="none", ms=11, zorder=3)
    together = pd.concat(tables.values())
    if (together.runs == 1).any():
        left.plot([], [], "o", color=INK, mfc="none", ms=11, label="ringed: a single run, no interval")
    for ax in (left, right):
        ax.axhline(0, color=INK, lw=1)
        _sizes(ax, together)
    left.set_ylim(100 * min(0, together.ahead.min()) - 15, 100 * max(0, together.ahead.max()) + 15)
    others = dict.fromkeys(_told(held.attrs["other"]) for held in tables.values() if "other" in held.attrs)
    left.set(ylabel=f"points ahead{' of' * bool(others)}\n{' or '.join(others)}", title="Ahead or behind, on the same pictures?")
    below(figure, *left.get_legend_handles_labels())
    right.set_title(f"{_first(closest)} alone, enlarged")
    return Drawing(figure, " ".join(_verdict(label, held) for label, held in tables.items()))


def _told(way):
    """A regime in words; a network's name as it stands."""
    return way.replace("_", " ") if way in WAYS else way


def _first(label):
    """The first word of a sentence: a regime's begins with a capital, a network's name as it is written."""
    return label.capitalize() if label.replace(" ", "_") in WAYS else label


def _verdict(label, held):
    name = _first(label)
    if held.low.isna().all():
        points = f"{100 * held.ahead.iloc[-1]:+.1f} points with {held.per_class.iloc[-1]}"
        return f"{name}: single runs, without an interval ({points})."
    sure = {"ahead": held.low > 0, "behind": held.high < 0}
    told = [f"{word} with {', '.join(map(str, held.per_class[where]))} a class" for word, where in sure.items() if where.any()]
    return f"{name}: {'; '.join(told) or 'no difference that these runs can tell'}."
