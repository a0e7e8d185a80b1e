"""What a threshold does: the ROC curve with the threshold on it, what each threshold costs, and how far a probability is one."""

import numpy as np

from shoulders.heads import decisions
from shoulders.plots.axes import bars, below, per_cent
from shoulders.plots.drawing import BLUE, GREY, INK, ORANGE, PURPLE, RED, Drawing, new
from shoulders.plots.lettering import short
from shoulders.support.words import bounds, share

_LOOKS = (BLUE, "-"), (ORANGE, "--"), (PURPLE, "-."), (RED, ":"), (GREY, "-")


def roc(answers: dict, chosen: dict | None = None) -> Drawing:
    """ROC curves, by scikit-learn's `roc_curve`.

    Parameters
    ----------
    answers : dict of str to (sure, labels)
        As `shoulders.heads.decisions` takes them; at most five.
    chosen : dict of str to shoulders.heads.decisions.Decided, optional
        The point at which a curve of that name is used, with its intervals.
    """
    from sklearn.metrics import roc_curve

    figure, ax = new(6.4, 5)
    ax.plot([0, 1], [0, 1], color=GREY, lw=1, ls=(0, (2, 3)))
    told = []
    for (name, (sure, labels)), (colour, line) in zip(answers.items(), _LOOKS):
        false, true, _ = roc_curve(labels, sure, drop_intermediate=False)
        area, low, high = decisions.auc(sure, labels)
        told.append(f"{name} {area:.2f}{'' if low != low else f' (95 % interval {low:.2f} to {high:.2f})'}")
        ax.plot(false, true, line, color=colour, lw=1.8, label=f"{short(name, 24)}: {area:.2f}")
        if point := (chosen or {}).get(name):
            _crossed(ax, point, colour)
    ax.set(xlabel="benign called in (1 - specificity)", ylabel="malignant found (sensitivity)")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    per_cent(ax)
    per_cent(ax, "y")
    below(figure, *ax.get_legend_handles_labels())
    ax.set_title("What is found, against who is called in for nothing")
    return Drawing(figure, f"Area under the curve: {', '.join(told)}.")


def _crossed(ax, point, colour):
    """A point with its two intervals."""
    low, high = point.sensitivity_interval
    right, left = (1 - end for end in point.specificity_interval)
    at = 1 - point.specificity, point.sensitivity
    bars(ax, [at[0]], [at[1]], [left], [right], color=colour, ms=7)
    bars(ax, [at[0]], [at[1]], [low], [high], upright=True, color=colour, ms=7)


def price(sure, labels, prevalence: float, miss: float, alarm: float = 1.0, chosen: float | None = None) -> Drawing:
    """What each threshold costs a thousand people, and what of it are misses and alarms.

    Parameters
    ----------
    sure, labels, prevalence, miss, alarm
        As in `shoulders.heads.decisions.cheapest`.
    chosen : float, optional
        A threshold that is marked.
    """
    found = [decisions.decide(sure, labels, threshold) for threshold in decisions.thresholds(sure)]
    at = np.clip([one.threshold for one in found], 0, 1)
    missed, alarmed = ([one.cost(prevalence, *pair) for one in found] for pair in ((miss, 0), (0, alarm)))
    both = np.add(missed, alarmed)
    figure, ax = new(7, 3.8)
    parts = {"together": both, "misses": missed, "false alarms": alarmed}
    for (name, values), (colour, line) in zip(parts.items(), _LOOKS):
        ax.step(at, values, line, where="mid", color=colour, label=name)
    if chosen is not None:
        ax.axvline(chosen, color=INK, ls=":", lw=1.4, label=f"threshold {share(chosen)}")
    ax.set(xlabel="threshold: called in from here on", ylabel="cost, per 1,000 people", xlim=(0, 1), ylim=(0, None))
    per_cent(ax)
    below(figure, *ax.get_legend_handles_labels())
    ax.set_title(f"A miss costs {miss:g}, a false alarm {alarm:g}")
    least = found[int(both.argmin())]
    words = f"Cheapest on these pictures: {both.min():,.0f} per 1,000 people"
    return Drawing(figure, f"{words}, at a threshold of {share(min(1, least.threshold))}.")


def reliability(answers: dict, labels, bins: int = 5) -> Drawing:
    """How sure the answers were, and how many were ill: on the diagonal, a probability is one.

    Parameters
    ----------
    answers : dict of str to array of float
        How sure, of the same pictures, in one way or another.
    labels : array of int
    """
    figure, ax = new(6, 4.6)
    told, most = [], max(float(np.max(sure)) for sure in answers.values())
    ax.plot([0, most], [0, most], color=GREY, lw=1, ls=(0, (2, 3)))
    for (name, sure), (colour, line), mark in zip(answers.items(), _LOOKS, "os^Dv"):
        rows = decisions.binned(sure, labels, bins)
        said, came, low, high = ([row[key] for row in rows] for key in ("said", "came", "low", "high"))
        ax.plot(said, came, line, color=colour, lw=1)
        bars(ax, said, came, low, high, upright=True, fmt=mark, color=colour, label=short(name, 30))
        told.append(f"{name}: said {share(float(np.mean(sure)))} on average, Brier score {decisions.brier(sure, labels):.3f}")
    ax.set(xlabel="said: probability of malignant, mean of a group", ylabel="came: share that was malignant")
    ax.set(xlim=(-0.02, None), ylim=(-0.02, 1.02))
    per_cent(ax)
    per_cent(ax, "y")
    below(figure, *ax.get_legend_handles_labels())
    ax.set_title("Are the probabilities probabilities?")
    low, high = decisions.wilson(int(np.sum(labels)), len(labels))
    came = f"Malignant were {share(float(np.mean(labels)))} of {len(labels)} ({bounds(low, high)})"
    return Drawing(figure, f"{'; '.join(told)}. {came}.")
