"""Lesson 01: predictions on predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from shoulders import cutting, features, guesses, heads, intervals, pictures, plots, training
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.results import Result, apart
from shoulders.support.words import share, wrapped

FEW = (1, 2, 5, 10, 20, 50)
"""Pictures of each class, among which exercise 2 looks."""


@dataclass(frozen=True)
class Lesson01:
    """The exercises of lesson 01, and the sentences that say what came out."""

    softmax: Exercise
    few: Exercise
    neighbours: Exercise
    culprit: Exercise

    @staticmethod
    def colleague(network: Backbone) -> Backbone:
        """The planted mistake: the same weights behind another normalisation."""
        transform = replace(network.transform, std=tuple(60 * s for s in network.transform.std))
        return replace(network, transform=transform, build=lambda: network.module)

    @staticmethod
    def above_guessing(result: Result) -> str:
        """Whether a result is more than naming always the largest class would reach: one sentence."""
        low, high = result.interval
        blind = result.row()["largest"]
        if low <= blind <= high:
            return wrapped(f"Its interval holds the {share(blind)} of blind guessing: so far, these answers are worth nothing.")
        where = "above" if low > blind else "below"
        return wrapped(f"Its whole interval lies {where} the {share(blind)} of blind guessing: that is more than luck.")

    @staticmethod
    def places(network: Backbone):
        """Where to cut: the last block at each size of the maps, what goes into the head, and what comes out.

        Returns
        -------
        pandas.DataFrame
            First blocks first; ``gives``: what a picture has become there; ``in the code``: the layer's name.
        """
        import pandas as pd

        ends = {f"block {number}": layer for number, layer in _ends(network).items()}
        ends |= {"hidden: into the head": cutting.HIDDEN, "classes: out of the head": cutting.CLASSES}
        shapes = cutting.layers(network)["output"]
        gives = [_gives(shapes.get(layer)) for layer in ends.values()]
        gives[-2:] = f"{cutting.decapitate(network).out_features:,} features", f"{len(network.classes):,} scores"
        return pd.DataFrame({"gives": gives, "in the code": list(ends.values())}, list(ends)).rename_axis(columns="place")

    @staticmethod
    def by_depth(results: dict[str, Result]) -> str:
        """Which place is ahead, which ones it cannot be told apart from, and where guessing would do as well: two sentences."""
        best = max(results, key=lambda place: results[place].accuracy)
        level = [place for place, result in results.items() if place != best and not apart(results[best], result)]
        blind = [place for place, result in results.items() if result.interval[0] <= result.row()["largest"]]
        ahead = f"Ahead: {best}, with {share(results[best].accuracy)}; too close to call: {_listed(level)}."
        return wrapped(f"{ahead}\nNo better than blind guessing: {_listed(blind)}.")

    @staticmethod
    def saving(rows, guess: float | None = None) -> str:
        """How many pictures the better giant needs for what the other gets from all, beside the guess; and their distance.

        Parameters
        ----------
        rows : sequence of dict
            As `shoulders.comparison.rows_of_each` gives them, of two giants.
        guess : float, optional
            Pictures of each class.
        """
        lines = intervals.summary(rows)
        ends = lines.groupby("backbone", sort=False).tail(1).set_index("backbone")
        if len(ends) < 2:
            return "One giant is on this machine, and there is none to hold it against."
        better, other = ends["mean"].idxmax(), ends["mean"].idxmin()
        goal, most = ends["mean"][other], ends.pictures[other]
        curves = {name: lines[lines.backbone == name].set_index("pictures")["mean"] for name in (better, other)}
        enough = curves[better].index[curves[better] >= goal].min()
        gap = 100 * (curves[better] - curves[other])
        first, last = gap.iloc[[0, -1]]
        return wrapped(
            f"{other} gets {share(goal)} from {most:.0f} pictures of each class, {better} as much or more from {enough:.0f}.\n"
            f"{guesses.beside(guess, float(enough), 'pictures of each class')}\n"
            f"{better} is ahead by {first:.1f} points with {gap.index[0]:.0f} of each class, by {last:.1f} with {most:.0f}."
        )

    @staticmethod
    def bill(results: dict[str, Result]) -> str:
        """What each way cost: a line of numbers learnt and of seconds, and whether its look at the pictures is among them."""
        lines = (
            f"{name}: {result.trained_parameters:,} numbers learnt, in {result.seconds['total']:.1f} s"
            + " (without the look at the pictures, which was remembered)" * result.cached
            for name, result in results.items()
        )
        return wrapped("\n".join(lines))


def _ends(network):
    """Of the last block at each height and width: its number, and the layer with which it ends."""
    table = cutting.layers(network)
    last = {}
    for number, group in enumerate(cutting.blocks(network.module), 1):
        end = _with_activation(table, group[-1])
        shape = table["output"].get(end, ())
        if len(shape) == 3 and shape[1] > 1 and table["runs"][end] == 1 and not shape[0] == shape[1] != shape[2]:
            last[shape[1:]] = number, end
    return dict(last.values())


def _with_activation(table, layer):
    """The layer, or the ReLU that follows it."""
    following = table[list(table.index).index(layer) + 1 :] if layer in table.index else table[:0]
    return following.index[0] if len(following) and following["kind"].iloc[0].startswith("ReLU") else layer


def _gives(shape):
    return "{:,} maps of {} × {}".format(*shape) if shape else ""


def _listed(names):
    return ", ".join(name.partition(":")[0] for name in names) or "none"


def lesson_01(edition: Edition) -> Lesson01:
    """The exercises, for the pictures and the network of this edition."""
    return Lesson01(
        Exercise("1", "exercise.softmax", _is_softmax, (
            "np.exp raises e to each number of an array; .sum() adds an array up.",
            "Subtract scores.max() first: the largest power is then e to the 0, which is 1.",
            "powers = np.exp(scores - scores.max()); what must powers be divided by?",
        )),
        Exercise("2", "exercise.few", lambda answer: _is_enough(answer, edition), (
            "Every result has .accuracy, a number between 0 and 1. Print it for each of the six numbers.",
            "Five points are 0.05: you look for the first number whose accuracy is at least on_hidden.accuracy - 0.05.",
            "{n: training.feature_extraction(network, pictures, per_class=n).accuracy for n in (1, 2, 5, 10, 20, 50)}",
        )),
        Exercise("3", "exercise.neighbours", lambda answer: _is_neighbours(answer, edition), (
            "print(heads.HEADS) shows the names of the three heads.",
            "training.feature_extraction takes the name as head=….",
            "Leave everything else as it is: the network, the pictures, the hidden layer.",
        )),
        Exercise("4", "exercise.culprit", lambda answer: _is_culprit(answer, edition.backbone), (
            "resize, crop and interpolation say which pixels there are. Two fields say which numbers they become.",
            "Taking something away moves the smallest and the largest number alike. What brings the two closer together?",
            "print(theirs.transform) beside print(network.transform): six fields, one differs.",
        )),
    )  # fmt: skip


def _is_softmax(answer: Callable):
    if not callable(answer):
        return "the check tries your function on scores of its own: give it softmax, without brackets behind it."
    for scores in ([0.0, 1.0], [2.0, -1.0, 0.5, 2.0], [3.0] * 5):
        if (wrong := _no_softmax(answer, scores)) is not True:
            return wrong
    for scores in ([-5000.0, 999.0, 1000.0], [-1000.0, -1001.0], [0.0, -800.0, 800.0]):
        if _no_softmax(answer, scores) is not True:
            limits = "no power of e may be too large for a number, nor may all of them be too small for one"
            return f"small scores come out right, {scores} do not: {limits}."
    return True


def _no_softmax(answer, scores):
    """True, or what is wrong with a function's answer about these scores."""
    with np.errstate(all="ignore"):
        said = answer(np.array(scores))
    if said is None:
        return "softmax gives nothing back yet: it ends with return and the probabilities."
    said = np.asarray(said, dtype=float)
    if said.shape != (len(scores),):
        return f"{len(scores)} scores must give {len(scores)} probabilities, not an array of shape {said.shape}."
    if not np.isfinite(said).all() or (said < 0).any():
        return f"of the scores {scores} it makes {_told(said)}: probabilities are numbers from 0 to 1."
    if not np.isclose(said.sum(), 1):
        return f"probabilities add up to 1; of the scores {scores} yours add up to {said.sum():.3g}."
    powers = np.exp(np.array(scores) - max(scores))
    if not np.allclose(said, powers / powers.sum(), atol=1e-6):
        return f"of the scores {scores} it makes {_told(said)}: each should be as large a share of 1 as its power of e is of all."
    return True


def _told(numbers):
    return ", ".join(f"{number:.3g}" for number in numbers)


def _is_enough(answer, edition):
    answer = getattr(answer, "item", lambda: answer)()
    answer = answer.strip().lower() if isinstance(answer, str) else answer
    known = [*FEW, "all"]
    if isinstance(answer, bool) or str(answer) not in (str(n) for n in known) and answer not in known:
        return f"{answer!r} is none of the answers that there are: {', '.join(map(str, FEW))} or \"all\"."
    whole = training.feature_extraction(edition.backbone, edition.pictures).accuracy
    found = ((n, training.feature_extraction(edition.backbone, edition.pictures, n).accuracy) for n in FEW)
    right = next((n for n, accuracy in found if accuracy >= whole - 0.05 - 1e-9), "all")
    if str(answer) == str(right) or answer == right:
        return True
    return f"{answer} is not the smallest number within five points of {share(whole)} (with the draw of seed 0, the default)."


def _is_neighbours(answer, edition):
    if not isinstance(answer, Result):
        return "the answer should be what training.feature_extraction gives."
    if answer.head != "nearest_neighbours":
        return f"its head is {answer.head}, and that is not the one which keeps the training features and lets them vote."
    right = training.feature_extraction(edition.backbone, edition.pictures, head="nearest_neighbours")
    same = (answer.layer, answer.n_train) == (right.layer, right.n_train)
    same = same and answer.probabilities.shape == right.probabilities.shape
    if same and np.allclose(answer.probabilities, right.probabilities, atol=1e-3):
        return True
    return "the head is right, but the network, the pictures or the layer are not those of on_hidden."


def _is_culprit(answer, network):
    ours, theirs = (vars(one.transform) for one in (network, Lesson01.colleague(network)))
    name = str(answer).strip().lower()
    if name not in ours:
        return f"{answer!r} is no field of a transform: give one of the names that the cell prints, as a string."
    return True if ours[name] != theirs[name] else f"{name} is the same at the colleague's."


def name_it(source, network: Backbone, head, classes) -> plots.Drawing:
    """Ask a fitted head about one picture: a drawing of the picture and of how sure it is of each class.

    Parameters
    ----------
    source : path or file object
    network : Backbone
    head : sklearn.pipeline.Pipeline
        Fitted on the hidden features.
    classes : sequence of str

    Raises
    ------
    shoulders.pictures.PictureError
        When the picture cannot be read.
    """
    image = pictures.read(source)
    sure = heads.probabilities(head, features.look(network, [image])["hidden"])[0]
    order = sure.argsort()[::-1]
    return plots.guesses(network.transform.cropped(image), [classes[i] for i in order], sure[order], "What our classifier says")
