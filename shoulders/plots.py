"""Small plot functions. Each gives a `Drawing`: a matplotlib figure, and one sentence that says what it shows.

Colours are those of Okabe & Ito, which colour-blind readers tell apart.
"""

from __future__ import annotations

import base64
import io
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders.errors import CourseError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shoulders.results import Result

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#333333",
)  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK, YELLOW)


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

    def _ipython_display_(self):
        from IPython.display import display

        page = io.BytesIO()
        self.figure.savefig(page, format="png", dpi=1.4 * self.figure.dpi, facecolor="white")  # sharper on dense screens
        width = round(self.figure.get_figwidth() * self.figure.dpi)
        image, about = base64.b64encode(page.getvalue()).decode(), {"width": width, "alt": self.words}
        display({"image/png": image, "text/plain": self.words}, raw=True, metadata={"image/png": about})
        print(self.words)

    def save(self, path) -> str:
        """Write the picture, whole or not at all; returns a sentence that names the file.

        Raises
        ------
        PlotError
            For an ending that is none of `FORMATS`.
        """
        path = need_format(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        try:
            self.figure.savefig(part, dpi=150, bbox_inches="tight", facecolor="white")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
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
    ax.set_title(title, fontsize=9, color=colour)
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
    figure, axes = new(1.5 * columns, 1.8 * rows + 0.3 * bool(heading), rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for image, title, colour, ax in zip(images, titles, colours, axes.flat):
        show_picture(image, ax, title, colour)
    figure.suptitle(heading)
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
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure, (left, right) = new(7, 2.8, 1, 2, width_ratios=(1, 1.8))
    show_picture(image, left)
    place = np.arange(len(names))
    right.barh(place, shares, color=BLUE)
    right.set_yticks(place, names)
    right.invert_yaxis()
    right.set(xlim=(0, max(shares) * 1.25), xlabel="probability")
    right.xaxis.set_major_locator(MaxNLocator(5))
    right.xaxis.set_major_formatter(PercentFormatter(1))
    for y, share in zip(place, shares):
        right.text(share, y, f" {share:.0%}", va="center", fontsize=9)
    figure.suptitle(heading)
    return Drawing(figure, f"The network's first guess is “{names[0]}”, with {shares[0]:.0%}.")


def votes(names, strengths, classes, most: int = 8) -> Drawing:
    """Which of the backbone's own classes speak for which of ours.

    Parameters
    ----------
    names : sequence of str, length d
        The backbone's classes.
    strengths : numpy.ndarray, shape (d,)
        Positive: for ``classes[1]``; negative: for ``classes[0]``.
    classes : (str, str)
    """
    order = np.argsort(strengths)
    chosen = np.concatenate([order[:most], order[-most:]])
    figure, ax = new(7, 0.27 * len(chosen) + 1)
    place = np.arange(len(chosen))
    ax.barh(place, strengths[chosen], color=[ORANGE if s < 0 else BLUE for s in strengths[chosen]])
    ax.set_yticks(place, [names[i] for i in chosen], fontsize=9)
    ax.axvline(0, color=BLACK, lw=0.8)
    ax.set(
        xlabel=f"← {classes[0]}        weight of the vote        {classes[1]} →",
        title="Which of its classes vote for which of ours",
    )
    strongest = names[order[0]], names[order[-1]]
    return Drawing(figure, f"“{strongest[0]}” speaks most for {classes[0]}, “{strongest[1]}” most for {classes[1]}.")


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
    ax.set_yticks(place, labels)
    ax.invert_yaxis()
    guessing = "; dashed: guessing" if chance is not None else ""
    left = min(bounds.min(), chance if chance is not None else 1) - 0.03
    ax.set(
        xlim=(max(0, left), 1.08),
        xlabel=f"{xlabel} on {len(results[0].valid)} pictures (bars: 95 % interval{guessing})",
        title=heading,
    )
    if chance is not None:
        ax.axvline(chance, color=RED, ls="--", lw=1)
    best = int(shares.argmax())
    return Drawing(figure, f"From {shares.min():.1%} ({labels[int(shares.argmin())]}) to {shares[best]:.1%} ({labels[best]}).")


def history(result: Result) -> Drawing:
    """Loss and accuracy after each epoch of a training."""
    epochs = [row["epoch"] for row in result.history]
    figure, (left, right) = new(7, 2.8, 1, 2)
    left.plot(epochs, [row["train_loss"] for row in result.history], "o-", color=ORANGE, label="training")
    left.plot(epochs, [row["valid_loss"] for row in result.history], "s--", color=BLUE, label="validation")
    left.set(xlabel="epoch", ylabel="loss", title="How wrong it is", xticks=epochs)
    left.legend(frameon=False)
    right.plot(epochs, [row["accuracy"] for row in result.history], "s--", color=BLUE)
    right.set(xlabel="epoch", ylabel="accuracy", title="How often it is right", xticks=epochs, ylim=(0.4, 1.02))
    last = result.history[-1]
    return Drawing(
        figure, f"After {last['epoch']} epochs: validation loss {last['valid_loss']:.3f}, accuracy {last['accuracy']:.1%}."
    )


def confusion(result: Result) -> Drawing:
    """Pictures by what they really are and what was predicted."""
    table = result.confusion()
    figure, ax = new(3.6, 3.2)
    ax.imshow(table, cmap="Blues", vmin=0)
    names = list(table.columns)
    for (row, column), count in np.ndenumerate(table.to_numpy()):
        ax.text(column, row, count, ha="center", va="center", color="white" if count > table.to_numpy().max() / 2 else BLACK)
    ax.set(xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names)
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
        [f"{classes[result.predictions[i]]}? {sure[i]:.0%}" for i in chosen],
        [RED] * len(chosen),
        "The most confident mistakes",
        words=f"The {len(chosen)} mistakes of which the network was most sure; above each what it said.",
    )


def comparison(rows) -> Drawing:
    """Accuracy against training pictures per class, one line for each regime: mean over seeds, 95 % intervals.

    Parameters
    ----------
    rows : sequence of dict, or pandas.DataFrame
        As `shoulders.comparison.rows` gives them.
    """
    import pandas as pd

    table = pd.DataFrame(rows)
    table["pictures"] = table.n_train / table.classes
    figure, ax = new(7, 4)
    for (regime, held), colour, mark in zip(table.groupby("regime", sort=False), COLOURS, "os^"):
        points = held.groupby("pictures").apply(_mean_and_interval, include_groups=False)
        reach = [(points["mean"] - points.low).clip(0), (points.high - points["mean"]).clip(0)]
        ax.errorbar(
            points.index, points["mean"], yerr=reach, fmt=f"{mark}-", color=colour, capsize=3, label=regime.replace("_", " ")
        )
    ax.set_xscale("log")
    ticks = sorted(table.pictures.unique())
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="training pictures of each class", ylabel=f"accuracy on {table.n_valid.iloc[0]} pictures")
    ax.set_title("How many pictures does it take?")
    ax.legend(frameon=False)
    best = table.groupby("regime").accuracy.mean().idxmax()
    return Drawing(figure, f"{len(table)} runs; the highest mean accuracy belongs to {best.replace('_', ' ')}.")


def _mean_and_interval(held):
    """Over several seeds: the mean over draws, with Student's interval for it; of one: its own Wilson interval."""
    import pandas as pd
    from scipy.stats import t

    mean = held.accuracy.mean()
    if len(held) == 1:
        return pd.Series({"mean": mean, "low": held.low.iloc[0], "high": held.high.iloc[0]})
    half = t.ppf(0.975, len(held) - 1) * held.accuracy.std(ddof=1) / len(held) ** 0.5
    return pd.Series({"mean": mean, "low": mean - half, "high": mean + half})
