"""Curves over epochs, and over batches: a training's loss and accuracy, its best epoch, what only looking does to a network."""

import numpy as np

from shoulders.plots.axes import beside, per_cent, ticks
from shoulders.plots.drawing import BLUE, INK, ORANGE, SKY, Drawing, PlotError, new
from shoulders.plots.lettering import short, wrapped
from shoulders.results import Result
from shoulders.support.words import counted, share


def history(result: Result) -> Drawing:
    """Loss and accuracy after each epoch of a training.

    Raises
    ------
    PlotError
        For a result without a curve.
    """
    rows = result.history
    if not rows or "valid_loss" not in rows[0]:
        raise PlotError("This result holds no curve: train with curve=True (feature extraction has none).")
    epochs, accuracies = ([row[name] for row in rows] for name in ("epoch", "accuracy"))
    figure, (left, right) = new(7, 2.8, 1, 2)
    left.plot(epochs, [row["train_loss"] for row in rows], "o-", color=ORANGE, label="training")
    left.plot(epochs, [row["valid_loss"] for row in rows], "s--", color=BLUE, label="validation")
    left.set(xlabel="epoch", ylabel="loss", title="How wrong it is")
    left.legend(frameon=False)
    right.plot(epochs, accuracies, "s--", color=BLUE)
    lowest = max(0, min(0.4, min(accuracies) - 0.05))
    right.set(xlabel="epoch", ylabel="accuracy", title="How often it is right", ylim=(lowest, 1.02))
    per_cent(right, "y")
    for ax in (left, right):
        ax.xaxis.set_major_locator(ticks(8, integer=True))
    after, loss = counted(epochs[-1], "epoch"), rows[-1]["valid_loss"]
    return Drawing(figure, f"After {after}: validation loss {loss:.3f}, accuracy {share(accuracies[-1])}.")


def best_epochs(results) -> Drawing:
    """What choosing the best epoch by the validation pictures adds: several runs of one training, best epoch against last.

    Parameters
    ----------
    results : sequence of Result
        With a history; the same training with different seeds.
    """
    figure, (left, right) = new(8, 3.4, 1, 2)
    curves = [[row["accuracy"] for row in result.history] for result in results]
    place, best, last = np.arange(len(curves)), np.array([max(c) for c in curves]), np.array([c[-1] for c in curves])
    for curve in curves:
        left.plot(range(1, len(curve) + 1), curve, color=SKY, lw=1)
        left.plot(int(np.argmax(curve)) + 1, max(curve), "^", color=ORANGE, ms=11)  # seen behind the circle of the last
        left.plot(len(curve), curve[-1], "o", color=BLUE, ms=5)
    measured = f"accuracy on {len(results[0].valid)} {results[0].valid.word}s"
    left.set(xlabel="epoch", ylabel=measured, title=f"{len(curves)} runs, epoch by epoch")
    right.vlines(place, last, best, color=INK, lw=1)
    right.plot(place, best, "^", color=ORANGE, ms=11, label="best epoch")
    right.plot(place, last, "o", color=BLUE, ms=5, label="last epoch")
    right.set(xlabel="seed", ylabel="accuracy", title="Best and last, enlarged")
    right.set_xticks(place, [result.seed for result in results])
    for ax in (left, right):
        per_cent(ax, "y")
    beside(right)
    gain = 100 * (best - last)
    words = f"Over {counted(len(curves), 'seed')} the best epoch lies {gain.mean():.1f} points above the last on average, and "
    return Drawing(figure, f"{words}up to {gain.max():.1f}; the last alone gives {share(last.mean())} on average.")


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
    place = np.arange(1, len(theirs) + 1)
    ax.plot(place, ours, "o-", color=BLUE, label="with us")
    ax.plot(place, theirs, "^", color=ORANGE, label="at the colleague's")
    ax.axhline(0.5, color=INK, lw=0.8, ls=":")
    ax.set(xlabel="batch: the same picture, each time with other ones", ylabel=wrapped(f"probability of “{short(name)}”", 26))
    ax.set(title="One picture, asked about again and again", xticks=place, ylim=(-0.04, 1.04))
    per_cent(ax, "y")
    beside(ax)
    with_them, with_us = (" to ".join(dict.fromkeys(share(end(said), 0) for end in (min, max))) for said in (theirs, ours))
    return Drawing(figure, f"The same picture is “{name}” with {with_them} at the colleague's, with {with_us} with us.")
