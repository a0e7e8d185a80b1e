"""Lesson 04 in its three sittings: what a network sees, what its answer hangs on, and the way back to the pixels by hand."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from shoulders import cutting, datasets, intervals
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise, tried
from shoulders.course.editions import Edition
from shoulders.datasets import Samples
from shoulders.support import places
from shoulders.support.words import share
from shoulders.visualize import occlusion, project
from shoulders.visualize.machinery import deconvnet, networks, walk

if TYPE_CHECKING:
    from shoulders.visualize.occluding import Occlusion
    from shoulders.visualize.projection import Projection
    from shoulders.visualize.search import Tops

SWITCHES = [[1, 1], [6, 4]]
"""The places of the maxima in the 3 × 3 map of 04c, counted row by row; of an empty window, the first place."""

BACK = {
    "gradient": [[0, -3, 3, 0], [0, -3, 3, 0], [1, -1, 0, 0], [1, -1, 0, 0]],
    "deconvnet": [[0, -3, 3, 0], [0, -6, 6, 0], [0, -3, 3, 0], [0, 0, 0, 0]],
    "guided": [[0, -3, 3, 0], [0, -3, 3, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
}
"""What each rule gives at the pixels in 04c, computed on paper."""

_WIDTH = 80
"""A page breaks longer lines in the middle of a word."""


@dataclass(frozen=True)
class Lesson04:
    """The exercises of lesson 04: ``sees`` and ``commonest`` in 04a, ``window`` and ``shared`` in 04b, the others in 04c."""

    sees: Exercise
    commonest: Exercise
    window: Exercise
    shared: Exercise
    switches: Exercise
    rules: Exercise
    culprit: Exercise

    @staticmethod
    def colleague(network: Backbone, images, layer: str, one: int, strength: float = 1.0) -> Projection:
        """The planted mistake: a deconvnet whose transposed filters brought biases along."""
        return by_hand(network, images, layer, one, strength, biases=True)

    @staticmethod
    def alike(pictures: Samples, tops: Tops) -> np.ndarray:
        """For each living map, how many of its strongest pictures show the kind of thing that most of them show."""
        return np.array([_commonest(pictures.labels[row].tolist()) for row in tops.indices[list(tops.alive)].numpy()])

    @staticmethod
    def alike_by_luck(pictures: Samples, k: int = 9, draws: int = 2000) -> float:
        """The same of k pictures that are drawn without looking, on average."""
        rng = np.random.default_rng(0)
        return float(np.mean([_commonest(pictures.labels[rng.permutation(len(pictures))[:k]].tolist()) for _ in range(draws)]))

    @staticmethod
    def maps_of_things(counts: np.ndarray, luck: float, k: int = 9) -> str:
        """Whether maps are maps of one kind of thing each, in a sentence: `alike` beside `alike_by_luck`."""
        way = (counts.mean() - luck) / (k - luck)
        kind = "Hardly any map of this block is" if way < 0.25 else "Some maps of this block are" if way < 0.6 else "Most are"
        return textwrap.fill(
            f"{kind} for one kind of thing: on average {counts.mean():.1f} of {k} pictures show the same, where luck alone gives "
            f"{luck:.1f}; all {k} do in {int((counts == k).sum())} of {len(counts)} maps.",
            _WIDTH,
        )

    @staticmethod
    def turned(before: np.ndarray, after: np.ndarray, luck: float, k: int = 9) -> str:
        """Whether maps have become maps of one kind of thing, in a sentence: `alike`, twice, beside `alike_by_luck`."""
        way = (after.mean() - before.mean()) / (k - luck)
        kind = "have not become" if way < 0.1 else "come a little nearer to being" if way < 0.4 else "have become"
        counts = f"Before {before.mean():.1f}, after {after.mean():.1f} of {k} are of one kind, by luck {luck:.1f}"
        return textwrap.fill(f"{counts}: the maps {kind} maps of things.", _WIDTH)

    @staticmethod
    def covered(network: Backbone, pictures: Samples, layer: str) -> list[Occlusion]:
        """Each picture covered by windows of a quarter of its side; the class that is watched is the right one."""
        side = network.transform.crop // 4
        named = zip(pictures.paths, pictures.labels.tolist())
        return [occlusion(network, path, layer, label, patch=side, stride=side) for path, label in named]

    @staticmethod
    def cost(place: str, falls) -> str:
        """What covering one place costs: by how much the probability of the right answer fell, picture by picture."""
        falls = 100 * np.asarray(falls)
        low, high = intervals.interval(falls)
        kind = "more than nothing" if low > 0 else "it helps" if high < 0 else "that can be nothing"
        return f"{place}: {falls.mean():.1f} points (95 % interval {low:.1f} to {high:.1f}): {kind}"

    @staticmethod
    def as_covering(found: Occlusion, values: torch.Tensor) -> float:
        """Whether a method says of the windows what covering them says: Spearman's rank correlation; nan if it is zero all over.

        Parameters
        ----------
        found : Occlusion
        values : torch.Tensor, shape (height, width)
            What the method gives each pixel.
        """
        from scipy.stats import spearmanr

        if not values.any():
            return float("nan")
        under = [float(values[top:bottom, left:right].mean()) for top, left, bottom, right in found.boxes]
        return float(spearmanr((found.whole_probability - found.probability).flatten().tolist(), under).statistic)

    @staticmethod
    def agreement(name: str, correlations) -> str:
        """Whether two ways to ask agree, in a sentence; `as_covering` of several pictures."""
        known = np.asarray([one for one in correlations if one == one])
        dark = len(correlations) - len(known)
        low, high = intervals.interval(known)
        kind = "they do not agree" if low <= 0 <= high else "one says the opposite of the other" if high < 0 else "they agree"
        partly = " in part" if low > 0 and known.mean() < 0.7 else ""
        silent = f"; of {dark} more the map is zero all over" if dark else ""
        mean = f"mean rank correlation {known.mean():+.2f} (95 % interval {low:+.2f} to {high:+.2f})"
        return textwrap.fill(f"{name}: {kind}{partly}, {mean}, {len(known)} pictures{silent}", _WIDTH)

    @staticmethod
    def moved(before: Backbone, after: Backbone) -> dict[str, float | None]:
        """How far the weights of each block have gone: the length of their change as a share of their own; None of a new head.

        Parameters
        ----------
        before, after : Backbone
            The same layers, with another head.
        """
        head = cutting.head_of(before)
        groups = [[name for name in group if name != head] for group in cutting.blocks(before.module)]
        said = {f"block {i}": _way(before.module, after.module, group) for i, group in enumerate(filter(None, groups), 1)}
        return said | {"head": None}

    @staticmethod
    def way(moved: float | None) -> str:
        """One of `moved`, in words."""
        return "new" if moved is None else f"moved by {share(moved)}" if moved else "the same to the byte"


ANIMALS = ("cats_vs_dogs", "bees_vs_ants")


def pool(edition: Edition) -> Samples:
    """The pictures in which the lesson looks for what excites a map: none of them is ever learnt from.

    The validation parts of `ANIMALS` on this machine, of felt or photographs as the edition has them; of felt the shelf of
    further classes too.
    """
    felt = edition.pictures.name.startswith("felt_")
    names = [name for name in ("felt_" * felt + animals for animals in ANIMALS) if datasets.find(name)]
    parts = [edition.pictures.valid]
    parts += [datasets.load(name).small(150).valid for name in names if name != edition.pictures.name]
    shelf = places.box() / "felt" / "shelf"
    if felt and shelf.is_dir():
        held = datasets.load(shelf)
        parts += [held.train, held.valid]
    return joined(parts)


def joined(parts) -> Samples:
    """Some pictures after the other, with all their classes."""
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    labels = [classes.index(part.classes[label]) for part in parts for label in part.labels]
    paths, digests = (tuple(value for part in parts for value in getattr(part, name)) for name in ("paths", "digests"))
    return Samples(paths, np.array(labels, dtype=int), digests, classes)


def in_common(before, after) -> list[int]:
    """For each map, how many of its strongest pictures before are among those after.

    Parameters
    ----------
    before, after : torch.Tensor of int, shape (maps, k)
        Numbers of pictures.
    """
    return [len(set(b.tolist()) & set(a.tolist())) for b, a in zip(before, after)]


def _commonest(kinds):
    return max(map(kinds.count, kinds))


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
    """The length of the change of some layers' weights, as a share of theirs."""
    old, new = (
        torch.cat([p.detach().cpu().flatten() for layer in layers for p in module.get_submodule(layer).parameters()])
        for module in (before, after)
    )
    return float((new - old).norm() / old.norm())


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
        Exercise("1", "exercise.sees", _is_sees, (
            "Begin with size = 1 and jump = 1: one place sees itself, and its neighbour lies one pixel further.",
            "A window of w places reaches w - 1 places further than its first one, and these lie `jump` pixels apart.",
            "for window, step in steps: first size += (window - 1) * jump, then jump *= step. At the end, return size.",
        )),
        Exercise("2", "exercise.commonest", _is_commonest, (
            "kinds is a list of nine numbers. First: how often does one of them come?",
            "kinds.count(one) says how often. Ask it of each of the nine.",
            "max(kinds.count(one) for one in kinds)",
        )),
        Exercise("1", "exercise.window", _is_window, (
            "Where covering hurts, what is left of the probability is small.",
            "np.argmin(grid) finds the least, but counts all windows in one row: 0, 1, 2 … Which row and column is that?",
            "np.unravel_index(np.argmin(grid), grid.shape)",
        )),
        Exercise("2", "exercise.shared", _is_shared, (
            "before[m] and after[m] are the numbers of the nine pictures of map m. Their order does not matter.",
            "set(before[m]) makes a set of them; & gives what two sets have in common, len how many that is.",
            "[len(set(b) & set(a)) for b, a in zip(before, after)]",
        )),
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
        Exercise("3", "exercise.culprit", _is_culprit, (
            "Give them strength=2, then strength=0. What should the picture do each time?",
            "Which of the three operations could make something out of nothing at all? Take one value, zero, through each.",
            "Unpooling moves values, rectifying removes some. Only one operation of the three could also add something.",
        )),
    )  # fmt: skip


def _is_number(found, right):
    return np.asarray(found).size == 1 and float(found) == right


def _is_sees(answer):
    cases = ([(3, 1), (3, 1), (2, 2), (3, 1)], 10), ([(5, 2), (3, 2), (2, 1)], 13), ([(7, 1)], 7), ([(3, 3), (2, 1)], 6)
    return tried(answer, cases, _is_number, _sees_too_little)


def _sees_too_little(steps, found):
    if _is_number(found, 1 + sum(window - 1 for window, _ in steps)):
        return "behind a step of two, neighbouring places lie two pixels apart: a window there reaches twice as far."
    return f"after {steps} a place does not see {found} pixels."


def _is_commonest(answer):
    cases = ([4, 4, 7, 2, 7, 7, 1, 0, 9], 3), ([6, 6, 2, 8, 6, 6, 2, 6, 8], 5), ([0, 1, 2, 3, 4, 5, 6, 7, 8], 1)
    return tried(answer, cases, _is_number, _not_commonest)


def _not_commonest(kinds, found):
    if _is_number(found, len(set(kinds))):
        return f"{found} is how many kinds there are among {kinds}."
    return f"of {kinds} the answer is not {found}: how often does the kind come that comes most often?"


def _is_window(answer):
    wide = np.array([[0.9, 0.8, 0.7, 0.9], [0.6, 0.95, 0.2, 0.8], [0.3, 0.5, 0.4, 0.85]])
    narrow = np.array([[0.5, 0.6], [0.7, 0.9], [0.1, 0.8]])
    return tried(answer, [(wide, (1, 2)), (narrow, (2, 0))], _is_place, _not_the_window)


def _is_place(found, right):
    return np.asarray(found).size == 2 and tuple(float(part) for part in np.ravel(found)) == right


def _not_the_window(grid, found):
    if np.asarray(found).size != 2:
        return f"the answer should be two numbers, a row and a column, and not {found}."
    row, column = (int(part) for part in np.ravel(found))
    if (row, column) == divmod(int(grid.argmax()), grid.shape[1]):
        return "there the network is surest: covering that window hurts least."
    if (column, row) == divmod(int(grid.argmin()), grid.shape[1]):
        return "the row comes first, then the column."
    return f"it is not row {row}, column {column} of a grid of {len(grid)} rows and {grid.shape[1]} columns, counted from 0."


def _is_shared(answer):
    """Right where it is right for lists; whoever expects arrays or tensors gets them, too."""
    cases = (
        (([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[2, 9, 1], [5, 4, 3], [0, 1, 2]]), [2, 3, 0]),
        (([[5, 6, 7, 8], [1, 2, 3, 4]], [[8, 0, 9, 1], [1, 2, 4, 3]]), [1, 4]),
    )
    if not callable(answer):
        return tried(answer, (), None, None)
    said = []
    for kind in (list, np.array, torch.tensor):
        try:
            made = [(*map(kind, given), right) for given, right in cases]
            said.append(tried(answer, made, _are_numbers, _not_shared))
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            said.append(f"the function stops with {type(error).__name__}: {error}.")
        if said[-1] is True:
            return True
    return said[0]


def _are_numbers(found, right):
    return np.shape(found) == np.shape(right) and [float(one) for one in found] == right


def _not_shared(before, after, found):
    if np.shape(found) != (len(before),):
        return f"{len(before)} maps must give {len(before)} numbers, and not {found}."
    if _are_numbers(found, [int((np.array(b) == np.array(a)).sum()) for b, a in zip(before, after)]):
        return "a picture counts wherever it stands among the nine: the order does not matter."
    numbers = [int(one) for one in found]
    return f"of the pictures {list(map(list, before))} before and {list(map(list, after))} after, you count {numbers}."


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


def _is_culprit(answer):
    name = answer.strip().lower() if isinstance(answer, str) else answer
    if name in ("unpool", "rectify"):
        return f"{name!r} makes nothing out of nothing, and twice as much out of twice as much."
    return True if name == "filter" else f"{answer!r} is none of 'unpool', 'rectify' and 'filter'."
