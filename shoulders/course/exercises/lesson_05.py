"""Lesson 05: the paper of Zeiler & Fergus, item by item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from shoulders import datasets
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.datasets import Pictures

SIDE = 192
"""Pixels a side of the felt pictures, in which the boxes of `FACES` are counted."""

FACES = {
    "dogs/dogs_009.jpg": (
        "7d144575ec2e",
        {"left eye": (35, 52, 60, 75), "right eye": (26, 96, 53, 122), "nose": (73, 65, 91, 94)},
    ),
    "dogs/dogs_032.jpg": (
        "d79954ddeac3",
        {"left eye": (32, 72, 60, 98), "right eye": (28, 128, 57, 155), "nose": (68, 102, 88, 136)},
    ),
    "dogs/dogs_039.jpg": (
        "3642fcda45e1",
        {"left eye": (53, 50, 78, 74), "right eye": (47, 89, 69, 114), "nose": (101, 72, 121, 94)},
    ),
    "dogs/dogs_059.jpg": (
        "a67c9c22d663",
        {"left eye": (40, 78, 65, 102), "right eye": (42, 122, 67, 146), "nose": (79, 100, 96, 129)},
    ),
    "dogs/dogs_062.jpg": (
        "f79215f58f44",
        {"left eye": (76, 68, 102, 94), "right eye": (71, 116, 96, 140), "nose": (112, 110, 133, 143)},
    ),
}
"""Felt dogs seen from the front: the first digits of the file's sha256, and boxes around parts, set by hand on that very file:
top, left, bottom, right. Left and right are the reader's."""

PAPER = (
    ("Figure 1: the deconvnet", "done", "a diagram",
     "lesson 04, by hand and against autograd; where windows share a switch we add, and the paper is silent"),
    ("Figure 2: nine best of each map", "smaller", "50,000 pictures searched",
     "lesson 04; fewer pictures, and another network"),
    ("Figure 3: the network", "another one", "8 layers with weights, 7 × 7 filters first",
     "VGG's layout: 3 × 3 filters throughout; published weights of the paper's own network are not in torchvision"),
    ("Figure 4: maps while learning", "smaller", "epochs 1 to 64; upper layers settle after 40 to 50",
     "the checkpoints of vgg16_tiny's own, shorter training; three of five blocks"),
    ("Figure 5: move, enlarge, turn", "smaller", "curves only",
     "distances divided by the length of the unchanged answer; the likeliest class instead of the true one; what comes in at the "
     "border is the mean colour"),
    ("Figure 6: the first filters", "smaller", "stride 4 to 2, 11 × 11 to 7 × 7, against aliases and dead filters",
     "lesson 04; one network instead of two, and its stride is 1"),
    ("Figure 7: covering", "smaller", "three pictures, looked at",
     "lesson 04; the correlation is ours: what a window takes from the strongest map, and how much of its projection lies under "
     "the window; the paper gives no sizes for it"),
    ("Figure 8, table 1: corresponding parts", "smaller", "random / eyes: 1.6 (layer 5), 1.06 (layer 7)",
     "five felt dogs; values by share of signs, so only the ratio compares"),
    ("Table 2: ImageNet", "not done", "38.4 % errors (16.5 % among five), one network",
     "1.3 million photographs, 12 days on one graphics card of 2013"),
    ("Table 3: layers taken out", "smaller",
     "its copy of Krizhevsky's network: errors 40.5 %, without layers 3 and 4 45.4 %, without 3, 4, 6, 7 71.3 %",
     "two classes, a few hundred pictures, trained from nothing: mostly noise"),
    ("Figure 9: pictures per class", "lesson 03", "6 pictures per class beat the best rival's 60 (55.2 %) on Caltech-256",
     "two classes instead of 256; lesson 03 has the curve"),
    ("Tables 4, 5: Caltech", "lesson 03", "30 per class: 46.5 % from scratch, 86.5 % pretrained (Caltech-101)",
     "Caltech's pictures are not in this course; lesson 03 has both arms"),
    ("Table 6: PASCAL", "not done", "79.0 %, mean of 20 classes",
     "several things in one picture: another kind of question"),
    ("Table 7: a head on each layer", "smaller", "44.8 % (layer 1) to 86.2 % (layer 5), Caltech-101",
     "two classes; each map counts by its mean over the picture"),
)  # fmt: skip
"""What the paper has: item, what we did of it, its number, why ours differs."""


@dataclass(frozen=True)
class Lesson05:
    """The exercises of lesson 05."""

    jumps: Exercise
    rank_correlation: Exercise
    distance: Exercise


def compared(ours: dict):
    """The paper's items beside ours, as a table to display.

    Parameters
    ----------
    ours : dict of str to str
        By the beginning of an item's name, such as ``'Figure 4'``: our number.

    Returns
    -------
    IPython.display.Markdown
    """
    from IPython.display import Markdown

    lines = ["| in the paper | here | our number | its number | why ours differs |", "|---|---|---|---|---|"]
    for item, here, its, why in PAPER:
        own = next((number for start, number in ours.items() if item.startswith(start)), "")
        lines.append(f"| {item} | {here} | {own} | {its} | {why} |")
    return Markdown("\n".join(lines))


def faces(network: Backbone) -> tuple[Pictures, dict]:
    """Five felt dogs seen from the front, and the boxes of their parts in pixels as the network sees the pictures.

    Returns
    -------
    Pictures, dict of str to list of (top, left, bottom, right)
    """
    held = datasets.load("felt_cats_vs_dogs")
    names = {f"{path.parent.name}/{path.name}": i for i, path in enumerate(held.valid.paths)}
    chosen = held.valid.take([names[name] for name in FACES])
    scale, cut = network.transform.resize / SIDE, (network.transform.resize - network.transform.crop) / 2
    boxes = [known for _, known in FACES.values()]
    parts = {part: [tuple(max(0, round(scale * edge - cut)) for edge in known[part]) for known in boxes] for part in boxes[0]}
    return chosen, parts


def lesson_05(edition: Edition) -> Lesson05:
    """The exercises, for the pictures and the network of this edition."""
    return Lesson05(
        Exercise("1", "exercise.jumps", _is_jumps, (
            "winners has a row for each map and a column for each epoch. Compare each column with the one before it.",
            "winners[:, 1:] is all but the first column, winners[:, :-1] all but the last.",
            "Where the two differ the picture has changed: (… != …).sum().",
        )),
        Exercise("2", "exercise.rank_correlation", _is_rank_correlation, (
            "Give each number its rank first, in both arrays; then take the ordinary correlation of the ranks.",
            "first.argsort().argsort() are the ranks of first, from 0 to n - 1.",
            "np.corrcoef(first.argsort().argsort(), second.argsort().argsort())[0, 1]",
        )),
        Exercise("3", "exercise.distance", _is_distance, (
            "torch.sign gives -1, 0 or 1 for each number.",
            "Comparing two tensors with != gives True where they differ; the mean of True and False needs .float() first.",
            "(first.sign() != second.sign()).float().mean()",
        )),
    )  # fmt: skip


def _is_jumps(answer: Callable):
    if not callable(answer):
        return "the answer should be the function itself: exercise.jumps.check(jumps), without calling it."
    winners = torch.tensor([[4, 4, 7, 4], [1, 1, 1, 1], [0, 2, 3, 0]])
    found = int(answer(winners))
    if found == 6:
        return "a picture that comes back is a change too, but one that stays is none: 4 4 7 4 has two changes."
    return True if found == 5 else f"the three maps of the check change their picture 5 times, and you say {found}."


def _is_rank_correlation(answer: Callable):
    if not callable(answer):
        return "the answer should be the function itself: exercise.rank_correlation.check(rank_correlation), without calling it."
    first, second = np.array([0.2, 5.0, 1.0, 40.0, 3.0]), np.array([1.0, 30.0, 2.0, 4.0, 3.0])
    for pair, right in (((first, first**3), 1.0), ((first, -first), -1.0), ((first, second), 0.9)):
        found = float(answer(*pair))
        if np.isclose(found, right):
            continue
        if np.isclose(found, np.corrcoef(*pair)[0, 1]):
            return "that is the correlation of the numbers, not of their ranks."
        if np.isclose(found, np.corrcoef(*(one.argsort() for one in pair))[0, 1]):
            return "argsort once gives places, not ranks."
        return f"between {pair[0].round(3).tolist()} and {pair[1].round(3).tolist()} it is {right:g}, and you say {found:.3g}."
    return True


def _is_distance(answer: Callable):
    if not callable(answer):
        return "the answer should be the function itself: exercise.distance.check(distance), without calling it."
    first, second = torch.tensor([1.0, -2, 3, 0, 0]), torch.tensor([5.0, 2, 1, 4, -1])
    for pair, right in (((first, first), 0.0), ((first, -first), 0.6), ((first, second), 0.6)):
        if not np.isclose(float(answer(*pair)), right):
            return f"between {pair[0].tolist()} and {pair[1].tolist()} it is {right}, and you say {float(answer(*pair)):.3g}."
    return True
