"""Lesson 04: what a network sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from shoulders import cutting, datasets
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.datasets import Pictures
from shoulders.support import places
from shoulders.support.words import share
from shoulders.visualize import project
from shoulders.visualize.machinery import deconvnet, networks, walk
from shoulders.visualize.occluding import Occlusion
from shoulders.visualize.projection import Projection

SWITCHES = [[1, 1], [6, 4]]
"""The places of the maxima in the 3 × 3 map of exercise 1, counted row by row; of an empty window, the first place."""

BACK = {
    "gradient": [[0, -3, 3, 0], [0, -3, 3, 0], [1, -1, 0, 0], [1, -1, 0, 0]],
    "deconvnet": [[0, -3, 3, 0], [0, -6, 6, 0], [0, -3, 3, 0], [0, 0, 0, 0]],
    "guided": [[0, -3, 3, 0], [0, -3, 3, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
}
"""What each rule gives at the pixels in exercise 2, computed on paper."""


@dataclass(frozen=True)
class Lesson04:
    """The exercises of lesson 04."""

    switches: Exercise
    rules: Exercise
    shared: Exercise
    culprit: Exercise

    @staticmethod
    def colleague(network: Backbone, images, layer: str, one: int, strength: float = 1.0) -> Projection:
        """The planted mistake: a deconvnet whose transposed filters brought biases along."""
        return by_hand(network, images, layer, one, strength, biases=True)

    @staticmethod
    def as_covering(found: Occlusion, values: torch.Tensor) -> str:
        """Whether a method says of the windows what covering them says: Spearman's rank correlation, in words.

        Parameters
        ----------
        found : Occlusion
        values : torch.Tensor, shape (height, width)
            What the method gives each pixel.
        """
        from scipy.stats import spearmanr

        if not values.any():
            return "dark all over"
        under = [float(values[top:bottom, left:right].mean()) for top, left, bottom, right in found.boxes]
        fall = (found.whole_probability - found.probability).flatten().tolist()
        return f"{spearmanr(fall, under).statistic:+.2f}"

    @staticmethod
    def moved(before: Backbone, after: Backbone) -> dict[str, str]:
        """How far the weights of each block have gone: the length of their change as a share of their own, in words.

        Parameters
        ----------
        before, after : Backbone
            The same layers, with another head.
        """
        head = cutting.head_of(before)
        groups = [[name for name in group if name != head] for group in cutting.blocks(before.module)]
        said = {
            f"block {i} ({group[0]} to {group[-1]})": _way(before.module, after.module, group)
            for i, group in enumerate(filter(None, groups), 1)
        }
        return said | {f"head ({head})": "new"}


def pool(edition: Edition) -> Pictures:
    """The pictures in which the lesson looks for what excites a map: none of them is ever learnt from.

    The validation parts of the two-class sets on this machine, of felt or photographs as the edition has them; of felt the
    shelf of further classes too.
    """
    felt = edition.pictures.name.startswith("felt_")
    pairs = (name for name, card in datasets.CARDS.items() if len(card.classes) == 2)
    names = [name for name in pairs if name.startswith("felt_") == felt and datasets.find(name)]
    parts = [edition.pictures.valid]
    parts += [datasets.load(name).small(150).valid for name in names if name != edition.pictures.name]
    shelf = places.box() / "felt" / "shelf"
    if felt and shelf.is_dir():
        held = datasets.load(shelf)
        parts += [held.train, held.valid]
    return joined(parts)


def joined(parts) -> Pictures:
    """Some pictures after the other, with all their classes."""
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    labels = [classes.index(part.classes[label]) for part in parts for label in part.labels]
    paths, digests = (tuple(value for part in parts for value in getattr(part, name)) for name in ("paths", "digests"))
    return Pictures(paths, np.array(labels, dtype=int), digests, classes)


def in_common(before, after) -> list[int]:
    """For each map, how many of its strongest pictures before are among those after.

    Parameters
    ----------
    before, after : torch.Tensor of int, shape (maps, k)
        Numbers of pictures.
    """
    return [len(set(b.tolist()) & set(a.tolist())) for b, a in zip(before, after)]


def larger(network: Backbone, side: int = 128) -> Backbone:
    """The same network, given larger pictures if its own are small: its maps then answer to smaller parts of them.

    Parameters
    ----------
    network : Backbone
    side : int
        Pixels.
    """
    if network.transform.crop >= side:
        return network
    return replace(network, transform=replace(network.transform, resize=side, crop=side))


def by_hand(
    network: Backbone, images, layer: str, one: int, strength: float = 1.0, biases: bool = False, switches: bool = True
) -> Projection:
    """A deconvnet that may have a fault, for a network that is a chain (VGG, AlexNet).

    Parameters
    ----------
    network, images, layer
        As in `shoulders.visualize.project`.
    one : int
        The map.
    strength : float
        The chosen activation is multiplied by it first.
    biases : bool
        Every transposed filter adds a constant, as ``torch.nn.ConvTranspose2d`` does unless told otherwise.
    switches : bool
        ``False`` puts every value into the upper left corner of its window.
    """
    honest = project(network, images, layer, one)
    look = networks.opened(network, honest.layer, images)
    with torch.no_grad():
        output, steps = walk.forward(look.module, look.images, look.layer)
        signal = torch.zeros_like(output)
        signal[torch.arange(len(output)), one, *honest.positions.T] = strength * honest.values.to(signal)
        generator = torch.Generator().manual_seed(0)
        for step in reversed(steps):
            signal = _down(step, signal, generator if biases else None, switches)
    return replace(honest, pixels=signal.cpu(), values=strength * honest.values)


def _way(before, after, layers):
    """What has become of the weights of some layers."""
    old, new = (
        torch.cat([p.detach().cpu().flatten() for layer in layers for p in module.get_submodule(layer).parameters()])
        for module in (before, after)
    )
    return "the same to the byte" if torch.equal(old, new) else f"moved by {share(float((new - old).norm() / old.norm()))}"


def _down(step, signal, generator, switches):
    """One step towards the pixels."""
    if isinstance(step.module, nn.MaxPool2d) and not switches:
        corners = deconvnet.switches(torch.zeros_like(step.input), step.module)[1]
        return deconvnet.unpool(signal, corners, step.input.shape[2:])
    signal = walk.back([step], signal, "deconvnet")
    if isinstance(step.module, nn.Conv2d) and generator is not None:
        most = step.module.weight[:, 0].numel() ** -0.5  # as torch draws the biases of a new layer
        drawn = most * (2 * torch.rand(signal.shape[1], 1, 1, generator=generator) - 1)
        signal = signal + drawn.to(signal)
    return signal


def lesson_04(edition: Edition) -> Lesson04:
    """The exercises, for the pictures and the network of this edition."""
    return Lesson04(
        Exercise("1", "exercise.switches", _is_switches, (
            "The places of a 3 × 3 map, row by row: 0 1 2, 3 4 5, 6 7 8. The window at the upper left covers 0, 1, 3 and 4.",
            "The windows overlap: two of them may find their maximum in the same place.",
            "The window at the lower right holds zeros only. Take its first place, which is 4.",
        )),
        Exercise("2", "exercise.rules", _is_back, (
            "First put the four numbers from above back at their switches: 3 in place 1, -1 in place 6, 3 in place 4.",
            "gradient keeps what stands where the map was above zero: places 1 and 6. deconvnet keeps what is above zero itself: "
            "places 1 and 4. guided keeps what passes both.",
            "A value v in row i, column j paints -v in column j and +v in column j + 1, in rows i and i + 1. Add up where "
            "paintings overlap.",
        )),
        Exercise("3", "exercise.shared", _is_shared, (
            "before[m] and after[m] hold the numbers of the nine pictures of map m. Their order does not matter.",
            "set(before[m].tolist()) makes a set of them; & gives what two sets have in common, len how many that is.",
            "[len(set(b.tolist()) & set(a.tolist())) for b, a in zip(before, after)]",
        )),
        Exercise("4", "exercise.culprit", _is_culprit, (
            "Give them strength=2, then strength=0. What should the picture do each time?",
            "Which of the three operations could make something out of nothing at all? Take one value, zero, through each.",
            "Unpooling moves values, rectifying removes some. Only one operation of the three could also add something.",
        )),
    )  # fmt: skip


def _is_switches(answer):
    answer = np.asarray(answer)
    if answer.shape != (2, 2):
        return f"four windows must give 2 × 2 places, not an array of shape {answer.shape}."
    wrong = np.argwhere(answer != np.array(SWITCHES))
    if not len(wrong):
        return True
    windows = {(0, 0): "upper left", (0, 1): "upper right", (1, 0): "lower left", (1, 1): "lower right"}
    row, column = wrong[0]
    return f"the window at the {windows[row, column]} does not have its maximum in place {answer[row, column]}."


def _is_back(answer):
    if set(answer) != set(BACK):
        return f"give a picture for each of {', '.join(BACK)}."
    for rule, right in BACK.items():
        found = np.asarray(answer[rule], dtype=float)
        if found.shape != (4, 4):
            return f"the picture of {rule} should be 4 × 4, not of shape {found.shape}."
        if not np.array_equal(found, right):
            return f"{rule}: {_why(rule, found)}"
    return True


def _why(rule, found):
    """What is most likely wrong with a picture, in a sentence."""
    right = np.array(BACK[rule])
    if np.array_equal(found, -right):
        return "all signs are turned: the filter is -1 on the left and +1 on the right."
    if others := [name for name, picture in BACK.items() if np.array_equal(found, picture)]:
        return f"that is what {others[0]} gives."
    row, column = np.argwhere(found != right)[0]
    return f"row {row}, column {column} (both counted from 0) is not {found[row, column]:g}."


def _is_shared(answer: Callable):
    if not callable(answer):
        return "the answer should be the function itself: exercise.shared.check(shared), without calling it."
    before, after = torch.tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]]), torch.tensor([[2, 9, 1], [5, 4, 3], [0, 1, 2]])
    found = np.asarray(answer(before, after), dtype=float)
    if found.shape != (3,):
        return f"three maps must give three numbers, not an array of shape {found.shape}."
    if np.array_equal(found, [0, 1, 0]):
        return "a picture counts wherever it stands among the nine: the order does not matter."
    if np.array_equal(found, [2, 3, 0]):
        return True
    return f"of three maps that share 2, 3 and 0 pictures, you say {found.tolist()}."


def _is_culprit(answer):
    if answer in ("unpool", "rectify"):
        return f"{answer!r} makes nothing out of nothing, and twice as much out of twice as much."
    return True if answer == "filter" else f"{answer!r} is none of 'unpool', 'rectify' and 'filter'."
