"""Small plot functions. Each gives a `Drawing`: a matplotlib figure, and one sentence that says what it shows.

Colours are those of Okabe & Ito, which colour-blind readers tell apart.
"""

from __future__ import annotations

import base64
import io
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders import lettering
from shoulders.intervals import balanced_means, class_by_class, interval, summary, wilson
from shoulders.lettering import short, wrapped
from shoulders.support import places
from shoulders.support.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shoulders.results import Result

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#333333",
)  # fmt: skip

_LARGE = 100_000  # bytes

FORMATS = (".png", ".svg", ".pdf", ".jpg")


class PlotError(CourseError):
    """A figure cannot be written; the message says what would be right."""


def need_format(path) -> Path:
    """Refuse a file name whose ending is none of `FORMATS`."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise PlotError(f"{path}: a picture's name ends in {', '.join(FORMATS)}.")
    return path


@dataclass(frozen=True)
class Drawing:
    """A figure and the sentence that belongs under it; as the last line of a cell it shows both."""

    figure: Figure
    words: str

    def __post_init__(self):
        lettering.plain(self.figure)

    def _ipython_display_(self):
        from IPython.display import display

        kind, page, width = self.page()
        image, about = base64.b64encode(page).decode(), {"width": width, "alt": self.words}
        display({kind: image, "text/plain": self.words}, raw=True, metadata={kind: about})
        print(textwrap.fill(self.words, 88))  # a page breaks longer lines in the middle of a word

    def page(self) -> tuple[str, bytes, int]:
        """The figure for a page: its kind, its bytes, and its width there in pixels.

        PNG, or JPEG where photographs would make that several times larger.
        """
        from PIL import Image

        page, width = io.BytesIO(), round(self.figure.get_figwidth() * self.figure.dpi)
        with lettering.quietly():
            self.figure.savefig(page, format="png", dpi=1.4 * self.figure.dpi, facecolor="white")  # sharper on dense screens
        if page.tell() <= _LARGE:
            return "image/png", page.getvalue(), width
        smaller = io.BytesIO()
        Image.open(page).convert("RGB").save(smaller, "JPEG", quality=85)
        return "image/jpeg", smaller.getvalue(), width

    def save(self, path) -> str:
        """Write the picture, whole or not at all; returns a sentence that names the file.

        Raises
        ------
        PlotError
            For an ending that is none of `FORMATS`.
        shoulders.support.errors.CourseError, OSError
            For a place that cannot be written to.
        """
        path = need_format(path)
        with places.whole(path) as part, lettering.quietly():
            self.figure.savefig(part, format=path.suffix[1:].lower(), dpi=150, facecolor="white")
        return f"Picture written to {path}. {self.words}"


def new(width: float = 7, height: float = 3.6, rows: int = 1, columns: int = 1, **kwargs):
    """A figure with a white ground (it is looked at in dark rooms too) and its axes, as an array where there are many.

    Parameters
    ----------
    width, height : float
        Inches.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white", dpi=100)
    axes = figure.subplots(rows, columns, **kwargs)
    for ax in np.atleast_1d(axes).flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def show_picture(image, ax, title: str = "", colour: str = BLACK):
    """One picture without axes, a line of text above it."""
    ax.imshow(image)
    ax.set_axis_off()
    ax.set_title(wrapped(title), fontsize=9, color=colour)
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
    rows = max(1, -(-len(images) // columns))
    width = max(1.5 * columns, 3)
    figure, axes = new(width, 1.8 * rows + 0.3 * bool(heading), rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for image, title, colour, ax in zip(images, titles, colours, axes.flat):
        show_picture(image, ax, title, colour)
    figure.suptitle(textwrap.fill(heading, int(9 * width)))
    counted = ", ".join(f"{count} {title}" for title, count in Counter(filter(None, titles)).items())
    return Drawing(figure, words or f"{len(images)} pictures: {counted}.".replace(": .", "."))


def guesses(image, names, shares, heading: str = "What the network sees") -> Drawing:
    """A picture beside bars of the classes that the network finds likeliest.

    Parameters
    ----------
    image : PIL.Image
    names : sequence of str
    shares : sequence of float
        Probabilities, the largest first.
    """
    from matplotlib.ticker import MaxNLocator

    figure, (left, right) = new(7, 2.8, 1, 2, width_ratios=(1, 1.8))
    show_picture(image, left)
    place = np.arange(len(names))
    right.barh(place, shares, color=BLUE)
    right.set_yticks(place, [wrapped(name, 24) for name in names])
    right.invert_yaxis()
    right.set(xlabel="probability")
    right.set_xticks([tick for tick in MaxNLocator(5).tick_values(0, max(shares) * 1.25) if tick <= 1])
    right.set_xlim(0, max(shares) * 1.25)
    _per_cent(right.xaxis)
    for y, share in zip(place, shares):
        right.text(share, y, f" {lettering.sure(share)}", va="center", fontsize=9)
    figure.suptitle(heading)
    return Drawing(figure, f"The network's first guess is “{names[0]}”, with {lettering.sure(shares[0])}.")


def votes(names, strengths, classes, most: int = 8, xlabel: str = "weight of the vote") -> Drawing:
    """Which of the backbone's own classes speak for which of ours.

    Parameters
    ----------
    names : sequence of str, length d
        The backbone's classes.
    strengths : numpy.ndarray, shape (d,)
        Positive: for ``classes[1]``; negative: for ``classes[0]``.
    classes : (str, str)
    xlabel : str
        What `strengths` are, with their unit.
    """
    order = np.argsort(strengths)
    most = min(most, len(names) // 2)
    chosen = np.concatenate([order[:most], order[len(order) - most :]])
    figure, ax = new(7, 0.27 * len(chosen) + 1)
    place = np.arange(len(chosen))
    ax.barh(place, strengths[chosen], color=[ORANGE if s < 0 else BLUE for s in strengths[chosen]])
    ax.set_yticks(place, [short(names[i], 32) for i in chosen], fontsize=9)
    ax.axvline(0, color=BLACK, lw=0.8)
    ends, gap = [short(name, 16) for name in classes], " " * 8
    words = f"← {ends[0]}{gap}{xlabel}{gap}{ends[1]} →"
    words = words if lettering.width(words) < 56 else f"← {ends[0]}{gap}{ends[1]} →\n{xlabel}"
    ax.set(xlabel=words, title="Which of its classes go with which of ours")
    strongest = names[order[0]], names[order[-1]]
    return Drawing(figure, f"“{strongest[0]}” goes most with {classes[0]}, “{strongest[1]}” most with {classes[1]}.")


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
    place = np.arange(len(labels))
    shares = np.array([result.accuracy for result in results])
    bounds = np.array([result.interval for result in results])
    ax.errorbar(shares, place, xerr=np.abs(bounds.T - shares), fmt="o", color=BLUE, capsize=3)
    for x, y in zip(bounds[:, 1], place):
        ax.text(x + 0.008, y, f"{shares[y]:.1%}", va="center", fontsize=9)
    ax.set_yticks(place, [wrapped(label, 30) for label in labels])
    ax.invert_yaxis()
    guessing = "; dashed: guessing" if chance is not None else ""
    left = min(bounds.min(), chance if chance is not None else 1) - 0.03
    ax.set(
        xlim=(max(0, left), 1.08),
        xlabel=f"{xlabel} on {len(results[0].valid)} pictures\n(bars: 95 % interval{guessing})",
        title=heading,
    )
    _per_cent(ax.xaxis)
    if chance is not None:
        ax.axvline(chance, color=RED, ls="--", lw=1)
    best = int(shares.argmax())
    return Drawing(figure, f"From {shares.min():.1%} ({labels[int(shares.argmin())]}) to {shares[best]:.1%} ({labels[best]}).")


def _per_cent(axis):
    axis.set_major_formatter(lambda share, _: f"{round(100 * share, 2):g}%")


def history(result: Result) -> Drawing:
    """Loss and accuracy after each epoch of a training.

    Raises
    ------
    PlotError
        For a result without a curve.
    """
    if not result.history or "valid_loss" not in result.history[0]:
        raise PlotError("This result holds no curve: train with curve=True (feature extraction has none).")
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in result.history]
    figure, (left, right) = new(7, 2.8, 1, 2)
    left.plot(epochs, [row["train_loss"] for row in result.history], "o-", color=ORANGE, label="training")
    left.plot(epochs, [row["valid_loss"] for row in result.history], "s--", color=BLUE, label="validation")
    left.set(xlabel="epoch", ylabel="loss", title="How wrong it is")
    left.legend(frameon=False)
    right.plot(epochs, [row["accuracy"] for row in result.history], "s--", color=BLUE)
    lowest = min(0.4, *(row["accuracy"] - 0.05 for row in result.history))
    right.set(xlabel="epoch", ylabel="accuracy", title="How often it is right", ylim=(max(lowest, 0), 1.02))
    _per_cent(right.yaxis)
    for ax in (left, right):
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    last = result.history[-1]
    return Drawing(
        figure, f"After {last['epoch']} epochs: validation loss {last['valid_loss']:.3f}, accuracy {last['accuracy']:.1%}."
    )


def confusion(result: Result) -> Drawing:
    """Pictures by what they really are and what was predicted."""
    table = result.confusion()
    names = [short(name) for name in table.columns]
    longest, side = max(map(lettering.width, names)), max(2.0, 0.5 * len(table))
    figure, ax = new(side + 1.4 + 0.06 * longest, side + 1.1 + 0.04 * longest)
    ax.imshow(table, cmap="Blues", vmin=0)
    for (row, column), count in np.ndenumerate(table.to_numpy()):
        ax.text(column, row, count, ha="center", va="center", color="white" if count > table.to_numpy().max() / 2 else BLACK)
    ax.set(xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names)
    if longest * len(table) > 20:
        ax.tick_params("x", rotation=30)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    ax.set(xlabel="predicted", ylabel="really", title="Who is taken for whom")
    wrong = len(result.valid) - int(result.right.sum())
    return Drawing(figure, f"{wrong} of {len(result.valid)} pictures are named wrongly.")


def mistakes(result: Result, transform, most: int = 6) -> Drawing:
    """The pictures told wrongly, the most confident first, as the network sees them."""
    chosen = result.mistakes()[:most]
    if not len(chosen):
        figure, ax = new(4, 1)
        ax.set_axis_off()
        ax.text(0.5, 0.5, "no mistakes", ha="center")
        return Drawing(figure, f"All {len(result.valid)} pictures are named correctly.")
    classes = result.valid.classes
    sure = result.probabilities.max(1)
    return show_pictures(
        [transform.cropped(result.valid.paths[i]) for i in chosen],
        [wrapped(f"{classes[result.predictions[i]]}? {lettering.sure(sure[i])}") for i in chosen],
        [RED] * len(chosen),
        "The most confident mistakes",
        words=f"The {f'{len(chosen)} mistakes' if len(chosen) > 1 else 'mistake'} of which the network was most sure; above "
        f"{'each' if len(chosen) > 1 else 'it'} what it said.",
    )


WAYS = {
    "feature_extraction": (BLUE, "o"),
    "fine_tuning": (ORANGE, "s"),
    "from_scratch": (RED, "^"),
    "from_scratch_helped": (GREEN, "D"),
}
"""Colour and mark of each regime, the same in every figure."""


def comparison(rows, full=None, guess=None) -> Drawing:
    """Accuracy against training pictures per class, one line for each regime and network: mean over seeds, 95 % intervals.

    Where classes are uneven, a dash beside each point is the balanced accuracy, and a panel below tells class by class.

    Parameters
    ----------
    rows : sequence of dict, or pandas.DataFrame
        As `shoulders.comparison.rows` gives them.
    full : pandas.DataFrame, optional
        A larger table of the same kind: then it gives the lines, and the means of `rows` are points over them.
    guess : dict of str to dict of float to float, optional
        The reader's own: for a regime and pictures per class, per cent of right answers.
    """
    own = summary(rows)
    lines = summary(full) if full is not None and len(full) else own
    ways, told = _looks(lines), class_by_class(rows) if lines is own else []
    figure, ax = new(8.6, 4.6)
    if told:
        more = 1.3 + 0.3 * min(_MOST, len(told))
        figure, (ax, below) = new(8.6, 4.6 + more, 2, 1, height_ratios=(4.6, more))
        _recalls(below, told, ways)
    for i, (way, held) in enumerate(lines.groupby(_WAY, sort=False)):
        _curve(ax, held, *ways[way], 1.03**i)
    if lines is not own:
        for i, (way, held) in enumerate(own.groupby(_WAY, sort=False)):
            ax.plot(held.pictures * 1.03**i, held["mean"], WAYS[way[0]][1], mfc="none", mec=BLACK, mew=1.5, ms=12, zorder=3)
        ax.plot([], [], "o", mfc="none", mec=BLACK, mew=1.5, ms=12, label="computed here, now")
    for regime, points in (guess or {}).items():
        ax.plot(list(points), [share / 100 for share in points.values()], "x:", color=WAYS[regime][0], mew=2)
    if guess:
        ax.plot([], [], "x:", color=BLACK, mew=2, label="your guess")
    balanced = balanced_means(rows) if lines is own else []
    largest = lines.largest.max()
    words = "guessing blindly" if largest <= 1 / lines.classes.iloc[0] else "always naming the largest class"
    ax.axhline(largest, color=BLACK, ls="--", lw=1, label=words)
    _sizes(ax, lines, "; of a single run, or of runs that are all alike, its own")
    ax.set(ylabel=f"accuracy on {lines.n_valid.iloc[0]} pictures", title="How many pictures does it take?")
    least = min(lines["mean"].min(), own["mean"].min(), largest, *balanced)
    _per_cent(ax.yaxis)
    ax.set_ylim(max(0, least - 0.08), 1.02)  # of two runs, Student's interval may reach far beyond
    said = _dashes(ax, balanced, ways) if len(balanced) else ""
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    count = own.runs.sum()
    return Drawing(figure, f"{count} run{'s' if count > 1 else ''} here. {_ends(lines)}{said}")


_MOST = 12  # classes in a figure, those of which least was found


def _recalls(ax, told, ways):
    """How many pictures of each class are found, with the interval of one run."""
    some, told = f" ({_MOST} of {len(told)})" * (len(told) > _MOST), told[:_MOST]
    for i, (way, (_, colour, mark, *_)) in enumerate(ways.items()):
        for y, (_, pictures, recalls) in enumerate(told):
            low, high = wilson(round(recalls[way] * pictures), pictures)
            reach = [[max(0.0, recalls[way] - low)], [max(0.0, high - recalls[way])]]
            ax.errorbar([recalls[way]], [y + 0.12 * i], xerr=reach, fmt=mark, color=colour, capsize=3)
    ax.set_yticks(range(len(told)), [f"{short(name, 30)} ({pictures})" for name, pictures, _ in told])
    ax.set(xlim=(-0.02, 1.02), ylim=(len(told) - 0.4, -0.6))
    ax.set_title(f"Which classes are found, those first of which least is{some}")
    ax.set_xlabel("recall with the most training pictures\n(in brackets: pictures of the class; bars: 95 % interval of one run)")
    _per_cent(ax.xaxis)


def _dashes(ax, balanced, ways):
    """A dash at the balanced accuracy beside each point; in words, that of each line's last point."""
    said = []
    for i, (way, held) in enumerate(balanced.groupby(_WAY, sort=False)):
        pictures = held.index.get_level_values("pictures")
        ax.plot(pictures * 1.03**i, held, "_", color=ways[way][1], ms=14, mew=1.5)
        said.append(f"{ways[way][0]} {held.iloc[pictures.argmax()]:.1%} with {pictures.max():.0f}")
    ax.plot([], [], "_", color=BLACK, ms=14, mew=1.5, label="balanced accuracy:\nevery class counts alike")
    return f" Classes are uneven; balanced accuracy: {'; '.join(said)}."


_WAY = ["regime", "backbone"]

_NETWORKS = (BLUE, ORANGE, GREEN, PURPLE, RED), "os^DvPX", ("-", "--", "-.", ":")
"""Colours, marks and lines of several networks: of few, each alone tells them apart; of many, all three together."""


def _looks(lines):
    """Name, colour, mark, line and inside of the mark of each regime and network in a table of `shoulders.comparison.summary`.

    Of several regimes with several networks, colour and mark tell the regime, the line tells the network, and so does the
    mark, which is full for the first: a single point has no line.
    """
    networks, alone = list(dict.fromkeys(lines.backbone)), lines.regime.nunique() == 1
    looks = {}
    for regime, network in lines.groupby(_WAY, sort=False).groups:
        colour, mark, dash = (kinds[networks.index(network) % len(kinds)] for kinds in _NETWORKS)
        full = WAYS[regime][0] if network == networks[0] else "white"
        look = (colour, mark, dash, colour) if alone and len(networks) > 1 else (*WAYS[regime], dash, full)
        words = [regime.replace("_", " ")] * (not alone or len(networks) == 1) + [network] * (len(networks) > 1)
        looks[regime, network] = ", ".join(words), *look
    return looks


def _curve(ax, held, name, colour, mark, dash, inside, aside):
    """One regime; a little to the side, so that intervals do not hide each other."""
    reach = [(held["mean"] - held.low).clip(0), (held.high - held["mean"]).clip(0)]
    fewest, most = held.runs.min(), held.runs.max()
    count = f"{most} run{'s' if most > 1 else ''}" if fewest == most else f"{fewest} to {most} runs"
    look = {"fmt": mark, "ls": dash, "color": colour, "mfc": inside, "capsize": 3}
    ax.errorbar(held.pictures * aside, held["mean"], yerr=reach, label=wrapped(f"{name},\n{count} a point", 30), **look)


def _sizes(ax, lines, more=""):
    """A logarithmic axis of pictures per class, “all” at its real number."""
    ax.set_xscale("log")
    ticks = lines.drop_duplicates("pictures").sort_values("pictures")
    mean = "" if (ticks.pictures % 1 == 0).all() else "about "  # classes that hold less than was asked for give all
    close = len(ticks) > 1 and ticks.pictures.iloc[-1] < 2 * ticks.pictures.iloc[-2]
    whole = "\n" * int(close) + f"all ({mean}" + "{:.0f})"  # a line lower where it would lie on its neighbour
    words = [str(label) if label != "all" else whole.format(n) for n, label in zip(ticks.pictures, ticks.per_class)]
    ax.set_xticks(ticks.pictures, words)
    ax.minorticks_off()
    bars = textwrap.fill(f"(bars: 95 % interval for the mean over seeds{more})", 60)
    ax.set_xlabel(f"training pictures of each class, logarithmic\n{bars}")


def _ends(lines):
    """The mean of each regime and network at its fewest and its most pictures, in words."""
    said, ways = [], _looks(lines)
    for way, held in lines.groupby(_WAY, sort=False):
        first, last = held.iloc[0], held.iloc[-1]
        start = f"{first['mean']:.1%} with {first.pictures:.0f} a class, " * (len(held) > 1)
        said.append(f"{ways[way][0]} {start}{last['mean']:.1%} with {last.pictures:.0f}")
    return f"Mean accuracy: {'; '.join(said)}."


def ahead(tables) -> Drawing:
    """By how much one regime is ahead of another on the same draws, against training pictures per class.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        A label for each, such as ``'fine tuning'``, and what `shoulders.comparison.paired` gave.
    """
    import pandas as pd

    ways = [label for label in tables if label.replace(" ", "_") in WAYS] or tables
    closest = min(ways, key=lambda label: tables[label].ahead.abs().max())
    figure, (left, right) = new(11, 4.2, 1, 2)
    for i, (label, held) in enumerate(tables.items()):
        colour, mark = WAYS.get(label.replace(" ", "_"), (PURPLE, "v"))
        for ax in (left, right) if label == closest else (left,):
            reach = [100 * gap.fillna(0) for gap in (held.ahead - held.low, held.high - held.ahead)]
            x = held.pictures * 1.03**i
            ax.errorbar(x, 100 * held.ahead, yerr=reach, fmt=f"{mark}-", color=colour, capsize=3, label=label)
            alone = held.runs == 1
            ax.plot(x[alone], 100 * held.ahead[alone], mark, color="white", mec=colour, zorder=3)
    if any((held.runs == 1).any() for held in tables.values()):
        left.plot([], [], "o", color="white", mec=BLACK, label="a single run: no interval")
    together = pd.concat(tables.values())
    for ax in (left, right):
        ax.axhline(0, color=BLACK, lw=1)
        _sizes(ax, together)
    left.set_ylim(100 * min(0, together.ahead.min()) - 15, 100 * max(0, together.ahead.max()) + 15)
    left.set(ylabel="points ahead of\nfeature extraction", title="Ahead or behind, on the same pictures?")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    right.set_title(f"{closest[:1].upper()}{closest[1:]} alone, enlarged")
    return Drawing(figure, " ".join(_verdict(label, held) for label, held in tables.items()))


def _verdict(label, held):
    if held.low.isna().all():
        points = f"{100 * held.ahead.iloc[-1]:+.1f} points with {held.per_class.iloc[-1]}"
        return f"{label[:1].upper()}{label[1:]}: single runs, without an interval ({points})."
    sure = {"ahead": held.low > 0, "behind": held.high < 0}
    told = [f"{word} with {', '.join(map(str, held.per_class[where]))} a class" for word, where in sure.items() if where.any()]
    return f"{label[:1].upper()}{label[1:]}: {'; '.join(told) or 'no difference that these runs can tell'}."


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
    groups = {name: [run if isinstance(run, dict) else run.row() for run in results] for name, results in groups.items()}
    means = {name: np.mean([run["accuracy"] for run in results]) for name, results in groups.items()}
    for y, (name, results) in enumerate(groups.items()):
        shares = [run["accuracy"] for run in results]
        told = len(set(shares)) > 1  # runs that are all alike tell nothing of their spread
        low, high = np.clip(interval(shares), 0, 1) if told else (results[0]["low"], results[0]["high"])
        ax.plot(shares, y + np.linspace(-0.16, 0.16, len(shares)) * (len(shares) > 1), ".", color=SKY, ms=5)
        reach = [[max(0.0, means[name] - low)], [max(0.0, high - means[name])]]
        ax.errorbar([means[name]], [y], xerr=reach, fmt="o", color=BLUE, capsize=3)
        ax.text(1.01, y, f"{means[name]:.1%}", va="center", fontsize=9, transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(groups)), [wrapped(name, 30) for name in groups])
    ax.invert_yaxis()
    spread = [len({run["accuracy"] for run in results}) > 1 for results in groups.values()]
    alone = "" if all(spread) else "; of a single run, or of runs that are all alike, its own"
    marks = ["light: single runs", f"bars: 95 % interval for the mean{alone}"]
    if max(map(len, groups.values())) == 1:
        marks = ["bars: 95 % interval of a single run"]
    if chance is not None:
        ax.axvline(chance, color=RED, ls="--", lw=1)
        marks.append("dashed: guessing blindly")
    if guess is not None:
        ax.axvline(guess / 100, color=ORANGE, ls=":", lw=2)
        marks.append("dotted: your guess")
    pictures = next(iter(groups.values()))[0]["n_valid"]
    words = textwrap.fill(f"({'; '.join(marks)})", 64)
    ax.set(xlabel=f"accuracy on {pictures} pictures\n{words}", title=heading)
    _per_cent(ax.xaxis)
    fewest, most = (f(len(results) for results in groups.values()) for f in (min, max))
    kind = "Single runs" if most == 1 else f"Means of {fewest if fewest == most else f'{fewest} to {most}'} runs"
    return Drawing(figure, f"{kind}: {', '.join(f'{name} {mean:.1%}' for name, mean in means.items())}.")


def bills(table) -> Drawing:
    """Accuracy against what it cost, in four currencies.

    Parameters
    ----------
    table : sequence of dict, or pandas.DataFrame
        Lines of `shoulders.costs.bill`.
    """
    import pandas as pd

    table = pd.DataFrame(table)
    panels = (
        ("seconds", "seconds here"),
        ("gflops", "billions of additions\nand multiplications"),
        ("trained_parameters", "numbers learnt"),
        ("megabytes", "megabytes of memory\nneeded to learn"),
    )
    figure, axes = new(9.6, 3.2, 1, 4, sharey=True)
    for ax, (name, words) in zip(axes, panels):
        spots = dict(zip(table.index, _on_a_log_axis(table[name])))
        for line in table.itertuples():
            colour, mark = WAYS[line.regime]
            reach = [[line.accuracy - line.low], [line.high - line.accuracy]]
            label = line.regime.replace("_", " ")
            at, accuracy = spots[line.Index], line.accuracy
            ax.errorbar([at], [accuracy], yerr=reach, fmt=mark, color=colour, capsize=3, label=label)
            if not getattr(line, name):
                ax.annotate("0", (at, accuracy), (6, 0), textcoords="offset points", va="center", fontsize=9)
        ax.set(xscale="log", xlabel=words, xlim=(min(spots.values()) / 3, max(spots.values()) * 3))
    axes[0].set_ylabel(f"accuracy on {table.n_valid.iloc[0]} pictures")
    _per_cent(axes[0].yaxis)
    axes[-1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.suptitle("What an accuracy costs: up is better, left is cheaper (bars: 95 % interval of one run; costs logarithmic)")
    return Drawing(figure, _dearest_and_cheapest(table))


def _dearest_and_cheapest(table):
    """Of the arithmetic, in words."""
    dear, cheap = table.loc[table.gflops.idxmax()], table.loc[table.gflops.idxmin()]
    names = [line.regime.replace("_", " ") for line in (dear, cheap)]
    if cheap.gflops:
        times, said = f"{dear.gflops / cheap.gflops:,.0f} times the arithmetic of {names[1]}", "that one"
    else:
        times, said = f"{dear.gflops:,.0f} billion operations", f"{names[1]}, remembered, takes none and"
    return f"{names[0].capitalize()} takes {times} and names {dear.accuracy:.1%} correctly; {said} names {cheap.accuracy:.1%}."


def _on_a_log_axis(amounts):
    """Where to draw amounts that may be zero: a tenth of the smallest that is not."""
    amounts = [float(amount) for amount in amounts]
    least = min((amount for amount in amounts if amount > 0), default=1.0)
    return [amount if amount > 0 else least / 10 for amount in amounts]


# ---- lesson 02


def costs(ways, guesses=None) -> Drawing:
    """Accuracy with its 95 % interval beside the seconds and the count of learnt numbers that it cost.

    Parameters
    ----------
    ways : dict of str to Result
    guesses : dict of str to float, optional
        The reader's own, per cent of right answers, for some of these ways.
    """
    figure, (left, middle, right) = new(8.6, 0.5 * len(ways) + 1.7, 1, 3, sharey=True, width_ratios=(1.6, 1, 1))
    results, place = list(ways.values()), np.arange(len(ways))
    shares, bounds = np.array([r.accuracy for r in results]), np.array([r.interval for r in results])
    left.errorbar(shares, place, xerr=np.abs(bounds.T - shares), fmt="o", color=BLUE, capsize=3)
    for y, share in zip(place, shares):
        left.text(share, y - 0.14, f"{share:.1%}", ha="center", va="bottom", fontsize=9)
    if guesses:
        left.plot([guesses.get(way, np.nan) / 100 for way in ways], place, "x", color=ORANGE)
    left.axvline(1 / len(results[0].valid.classes), color=RED, ls="--", lw=1)
    left.set_yticks(place, [wrapped(way, 24) for way in ways])
    left.set_ylim(len(ways) - 0.5, -0.6)
    marks = "bars: 95 % interval; dashed: chance" + ";\ncross: your guess" * bool(guesses)
    left.set(xlabel=f"accuracy on {len(results[0].valid)} pictures\n({marks})", title="How often it is right")
    _per_cent(left.xaxis)
    seconds, learnt = [r.seconds["total"] for r in results], [r.trained_parameters for r in results]
    took = [f"{s:.1f}" for s in seconds]
    _amounts(middle, seconds, [time + " (remembered)" * r.cached for time, r in zip(took, results)])
    _amounts(right, learnt, [f"{count:,}" for count in learnt])
    middle.set(xlabel="seconds, logarithmic", title="What it took")
    right.set(xlabel="numbers, logarithmic", title="What was learnt")
    said = ", ".join(
        f"{way} {share:.1%} in {time} s" + " (its look remembered)" * r.cached
        for way, share, time, r in zip(ways, shares, took, results)
    )
    return Drawing(figure, f"{said[:1].upper()}{said[1:]}.")


def _amounts(ax, amounts, words):
    """Dots on a logarithmic axis, each with its amount in words."""
    amounts = _on_a_log_axis(amounts)
    ax.plot(amounts, range(len(amounts)), "o", color=GREEN)
    for y, (amount, said) in enumerate(zip(amounts, words)):
        aside = "left" if len(said) > 10 and amount == min(amounts) else "center"
        ax.text(amount, y - 0.14, said, ha=aside, va="bottom", fontsize=9)
    ax.set(xscale="log", xlim=(min(amounts) / 12, max(amounts) * 12))
    ax.tick_params(left=False)


def best_epochs(results) -> Drawing:
    """What choosing the best epoch by the validation pictures adds: several runs of one training, best epoch against last.

    Parameters
    ----------
    results : sequence of Result
        With a history; the same training with different seeds.
    """
    figure, (left, right) = new(8, 3.4, 1, 2)
    curves = [[row["accuracy"] for row in result.history] for result in results]
    for curve in curves:
        left.plot(range(1, len(curve) + 1), curve, color=SKY, lw=1)
        left.plot(int(np.argmax(curve)) + 1, max(curve), "^", color=ORANGE)
        left.plot(len(curve), curve[-1], "o", color=BLUE)
    left.set(xlabel="epoch", ylabel=f"accuracy on {len(results[0].valid)} pictures", title=f"{len(curves)} runs, epoch by epoch")
    place, best, last = np.arange(len(curves)), np.array([max(c) for c in curves]), np.array([c[-1] for c in curves])
    right.vlines(place, last, best, color=BLACK, lw=1)
    right.plot(place, best, "^", color=ORANGE, label="best epoch")
    right.plot(place, last, "o", color=BLUE, label="last epoch")
    right.set(xlabel="seed", ylabel="accuracy", xticks=place, xticklabels=[r.seed for r in results])
    right.set_title("Best and last, enlarged")
    for ax in (left, right):
        _per_cent(ax.yaxis)
    right.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    gain = 100 * (best - last)
    return Drawing(
        figure,
        f"Over {len(curves)} seeds the best epoch lies {gain.mean():.1f} points above the last on average, "
        f"and up to {gain.max():.1f}; the last alone gives {last.mean():.1%} on average.",
    )


def nearest(result: Result, train, valid, transform, layer: str = "hidden", most: int = 3, neighbours: int = 5) -> Drawing:
    """Beside each of the most confident mistakes the training pictures that lie nearest to it among the features.

    Parameters
    ----------
    result : Result
        Where nothing is wrong, the least sure answers are shown.
    train, valid : Features
        Of the layer that the result was fitted on; `valid` of the result's pictures, in their order.
    transform : Transform
    most, neighbours : int
        How many pictures, and how many neighbours of each.
    """
    wrong = result.mistakes()[:most]
    chosen = wrong if len(wrong) else result.probabilities.max(1).argsort()[:most]
    images, titles, colours, agree, true = [], [], [], 0, 0
    for i in chosen:
        really, said = (train.pictures.classes[k] for k in (result.valid.labels[i], result.predictions[i]))
        near = np.linalg.norm(train[layer] - valid[layer][i], axis=1).argsort()[:neighbours]
        names = [train.pictures.classes[k] for k in train.labels[near]]
        agree, true = agree + names.count(said), true + names.count(really)
        images += [transform.cropped(path) for path in (result.valid.paths[i], *(train.pictures.paths[j] for j in near))]
        titles += [f"{really},\ncalled {said}", *names]
        colours += [RED if really != said else BLACK, *(BLUE if name == really else ORANGE for name in names)]
    kind = "The most confident mistakes" if len(wrong) else "The least sure answers"
    heading = f"{kind} (left), and their nearest training pictures"
    correct = f", {true} of the right one" * bool(len(wrong))
    words = (
        f"Of the {len(chosen) * neighbours} neighbours of these {len(chosen)} pictures, "
        f"{agree} are of the class that was named{correct}."
    )
    return show_pictures(images, titles, colours, heading, neighbours + 1, words)


def company(theirs, ours, name: str) -> Drawing:
    """How sure two networks are about one and the same picture, shown among ever other pictures.

    Parameters
    ----------
    theirs, ours : sequence of float, length k
        Probability of one class, in each of k batches that hold the picture.
    name : str
        Of that class.
    """
    figure, ax = new(7, 3)
    low_high = (dict.fromkeys(f"{share(said):.0%}" for share in (min, max)) for said in (theirs, ours))
    place = np.arange(1, len(theirs) + 1)
    ax.plot(place, ours, "o-", color=BLUE, label="with us")
    ax.plot(place, theirs, "^", color=ORANGE, label="at the colleague's")
    ax.axhline(0.5, color=BLACK, lw=0.8, ls=":")
    ax.set(xlabel="batch: the same picture, each time with other ones", ylabel=wrapped(f"probability of “{short(name)}”", 26))
    ax.set(title="One picture, asked about again and again", xticks=place, ylim=(-0.04, 1.04))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    with_them, with_us = (" to ".join(bounds) for bounds in low_high)
    return Drawing(figure, f"The same picture is “{name}” with {with_them} at the colleague's, with {with_us} with us.")


def drift(moved, xlabel: str = "batches looked at") -> Drawing:
    """How far the features of fixed pictures have moved while a network only looked at others.

    Parameters
    ----------
    moved : dict of str to sequence of float
        For each way to freeze: the relative change after 0, 1, 2, … batches.
    """
    from matplotlib.ticker import PercentFormatter

    figure, ax = new(7, 3)
    for (label, values), colour, mark in zip(moved.items(), (ORANGE, BLUE), ("^-", "o-")):
        ax.plot(values, mark, color=colour, label=label)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set(xlabel=xlabel, ylabel="change of the features", title="No weight has learnt anything, and yet")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    words = "; ".join(f"{label}: {values[-1]:.0%}" for label, values in moved.items())
    return Drawing(figure, f"Change of the same pictures' features after {len(next(iter(moved.values()))) - 1} batches: {words}.")
