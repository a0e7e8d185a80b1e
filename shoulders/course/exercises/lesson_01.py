"""Lesson 01: predictions on predictions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shoulders import features, heads, pictures, plots, training
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.results import Result
from shoulders.support.words import share


@dataclass(frozen=True)
class Lesson01:
    """The exercises of lesson 01."""

    softmax: Exercise
    few: Exercise
    neighbours: Exercise
    culprit: Exercise

    @staticmethod
    def colleague(network: Backbone) -> Backbone:
        """The planted mistake: the same weights behind another normalisation."""
        transform = replace(network.transform, std=tuple(60 * s for s in network.transform.std))
        return replace(network, transform=transform, build=lambda: network.module)


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
        Exercise("4", "exercise.culprit", _is_culprit, (
            "resize, crop and interpolation say which pixels there are. Two fields say which numbers they become.",
            "Taking something away moves the smallest and the largest number alike. What brings the two closer together?",
            "print(theirs.transform) beside print(network.transform): six fields, one differs.",
        )),
    )  # fmt: skip


def _is_softmax(answer):
    answer = np.asarray(answer, dtype=float)
    if answer.shape != (3,):
        return f"three scores must give three probabilities, not an array of shape {answer.shape}."
    if np.isnan(answer).any():
        return "there are numbers that are not numbers (nan): the powers have become too large. Shift the scores further down."
    if not np.isclose(answer.sum(), 1):
        return f"probabilities add up to 1, yours to {answer.sum():.3g}."
    if not np.isclose(answer[0], 0):
        return "a score thousands below the others must get a probability of hardly more than zero."
    if not np.isclose(answer[2], np.e * answer[1], rtol=1e-3):
        return "of scores that are one apart, each must get e (2.718) times the probability of the one before."
    return True


def _is_enough(answer, edition):
    whole = training.feature_extraction(edition.backbone, edition.pictures).accuracy
    for count in (1, 2, 5, 10, 20, 50):
        if training.feature_extraction(edition.backbone, edition.pictures, count).accuracy >= whole - 0.05:
            right = count
            break
    else:
        right = "all"
    answer = f"{answer:g}" if isinstance(answer, float) else str(answer)
    if answer == str(right):
        return True
    return f"{answer} is not the smallest number within five points of {share(whole)} (with the draw of seed 0, the default)."


def _is_neighbours(answer, edition):
    if not isinstance(answer, Result):
        return "the answer should be what training.feature_extraction gives."
    if answer.head != "nearest_neighbours":
        return f"the head is {answer.head}, not nearest_neighbours."
    right = training.feature_extraction(edition.backbone, edition.pictures, head="nearest_neighbours")
    same = (answer.layer, answer.n_train) == (right.layer, right.n_train)
    same = same and answer.probabilities.shape == right.probabilities.shape
    if same and np.allclose(answer.probabilities, right.probabilities, atol=1e-3):
        return True
    return "the head is right, but the network, the pictures or the layer are not those of on_hidden."


def _is_culprit(answer):
    return True if answer == "std" else f"{answer!r} is the same at the colleague's, or is no field of a transform."


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
