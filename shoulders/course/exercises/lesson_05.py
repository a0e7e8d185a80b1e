"""Lesson 05: the paper of Zeiler & Fergus, item by item."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from shoulders import datasets, intervals
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise, tried
from shoulders.course.editions import Edition
from shoulders.datasets import Samples
from shoulders.support.words import share
from shoulders.visualize.controls import Randomisation, agreement
from shoulders.visualize.growth import Evolution
from shoulders.visualize.moving import Invariance
from shoulders.visualize.occluding import Occlusion
from shoulders.visualize.projection import Projection
from shoulders.visualize.search import Tops

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

TABLE_4 = {"Bo": 81.4, "Jianchao": 84.3}
"""The paper's rivals on Caltech-101 with 30 pictures per class, per cent: its table 4. Its own network: 86.5."""

PAPER = (
    ("Figure 1: the deconvnet", "done", "a diagram",
     "lesson 04c, by hand and against autograd; where windows share a switch we add, and the paper is silent"),
    ("Figure 2: nine best of each map", "smaller", "50,000 pictures searched (its validation set)",
     "lesson 04a; fewer pictures, and another network"),
    ("Figure 3: the network", "another one", "8 layers with weights, 7 × 7 filters first, stride 2",
     "VGG's layout: 3 × 3 filters throughout; published weights of the paper's own network are not in torchvision"),
    ("Figure 4: maps while learning", "smaller", "epochs 1 to 64; upper layers settle after 40 to 50 (section 4)",
     "the states of vgg16_tiny's own, shorter training; three of five blocks"),
    ("Figure 5: move, enlarge, turn", "smaller", "curves only",
     "distances divided by the length of the unchanged answer; what comes in at the border is the mean colour"),
    ("Figure 6: the first filters", "smaller",
     "filters of 7 × 7 with stride 2 instead of AlexNet's 11 × 11 with stride 4: fewer dead ones (section 4.1)",
     "lesson 04a; one network instead of two, and its stride is 1"),
    ("Figure 7: covering", "smaller", "three pictures, looked at",
     "lesson 04b; the correlation is ours: what a window takes from the strongest map, and how much of its projection lies under "
     "the window; the paper gives no sizes for it"),
    ("Figure 8, table 1: corresponding parts", "smaller", "random / eyes: 1.6 (layer 5), 1.06 (layer 7)",
     "five felt dogs; values by share of signs, so only the ratio compares"),
    ("Table 2: ImageNet", "not done", "38.4 % errors (16.5 % among five), one network",
     "1.3 million photographs, 12 days on one graphics card of 2013 (section 3)"),
    ("Table 3: layers taken out", "smaller",
     "its copy of AlexNet: errors 40.5 %, without layers 3 and 4 45.4 %, without 3, 4, 6, 7 71.3 %",
     "two classes, a few hundred pictures, trained from nothing: mostly noise"),
    ("Figure 9: pictures per class", "lesson 03",
     "on Caltech-256, 6 pictures per class beat the best rival's 60 (55.2 %, table 5)",
     "two classes instead of 256; lesson 03 has the curve"),
    ("Tables 4, 5: Caltech", "lesson 03", "30 per class: 46.5 % from scratch, 86.5 % pretrained (Caltech-101, table 4)",
     "Caltech's pictures are not in this course; lesson 03 has both arms"),
    ("Table 6: PASCAL", "not done", "79.0 %, mean of 20 classes",
     "several things in one picture: another kind of question"),
    ("Table 7: a head on each layer", "smaller", "44.8 % (layer 1) to 86.2 % (layer 5), Caltech-101",
     "two classes; each map counts by its mean over the picture"),
)  # fmt: skip
"""What the paper has: item, what we did of it, its number (of the item itself, or with its place), why ours differs."""


@dataclass(frozen=True)
class Lesson05:
    """The exercises of lesson 05, and what came out of its steps, in a sentence each."""

    jumps: Exercise
    rank_correlation: Exercise
    beaten: Exercise

    @staticmethod
    def say(sentence: str) -> str:
        """Print it, in lines that fit a narrow page, and give it back."""
        print(textwrap.fill(sentence, 76))
        return sentence

    @staticmethod
    def settling(grown: dict[int, Evolution]) -> str:
        """How many maps of each block still change their picture in the last step, and whether low blocks settle first.

        Parameters
        ----------
        grown : dict of int to Evolution
            By block, low ones first.
        """
        from scipy.stats import fisher_exact

        last = {block: one.jumps[:, -1] for block, one in grown.items()}
        told = ", ".join(f"{share(float(moved.float().mean()), 0)} of block {block}'s" for block, moved in last.items())
        (low, first), *_, (high, final) = last.items()
        counts = [[int(moved.sum()), int((~moved).sum())] for moved in (first, final)]
        if fisher_exact(counts).pvalue > 0.05:
            kind = f"between block {low} and block {high} that can be luck"
        elif first.float().mean() < final.float().mean():
            kind = f"block {low} has settled before block {high}, as in the paper"
        else:
            kind = f"block {high} has settled before block {low}: the opposite of the paper"
        return f"From epoch {grown[low].epochs[-2]} to {grown[low].epochs[-1]}, {told} maps change their picture: {kind}."

    @staticmethod
    def calm(trained: Invariance, shuffled: Invariance) -> str:
        """How far small changes move the low and the high layer, and how far a network that knows nothing."""
        low, high, blank = mean_distance(trained, "low"), mean_distance(trained, "high"), mean_distance(shuffled, "high")
        top = "much less" if high < low / 2 else "hardly less" if high < low else "even more"
        merit = "less still: being unmoved is no merit by itself" if blank < high else "more: here the calm was learnt"
        return (
            f"A small change moves block 1 by {low:.2f} of its length, and the scores by {high:.2f}: {top}. "
            f"With shuffled weights the scores move by {blank:.4f}, {merit}."
        )

    @staticmethod
    def agrees(trained: Sequence[Occlusion], shuffled: Sequence[Occlusion]) -> str:
        """Whether projections lie where covering hurts, in a sentence.

        Parameters
        ----------
        trained, shuffled : sequence of Occlusion
            Of the same pictures, by the network as it is and with shuffled weights. A dead map says nothing.
        """
        trained, shuffled = (np.array([agreement(one)["spearman"] for one in found]) for found in (trained, shuffled))
        both = np.isfinite(trained) & np.isfinite(shuffled)
        if both.sum() < 2:
            return "too few pictures have an answer"
        (low, high), (less, _) = intervals.interval(trained[both]), intervals.interval((trained - shuffled)[both])
        kind = "that can be luck"
        if low > 0:
            kind = "yes, and because of what was learnt" if less > 0 else "yes, but perhaps with any weights"
        elif high < 0:
            kind = "no, the opposite"
        elif less > 0:
            kind = "not surely, but more than without what was learnt"
        return (
            f"{trained[both].mean():.2f} on average (95 % interval {low:.2f} to {high:.2f}, {both.sum()} pictures), "
            f"with shuffled weights {shuffled[both].mean():.2f}: {kind}"
        )

    @staticmethod
    def corresponds(table, layers: Sequence[str]) -> str:
        """Whether covered eyes change layers more alike than random boxes do: a table of `shoulders.visualize.correspondence`."""
        known, eyes = table.set_index(["layer", "part"]).distance, ["left eye", "right eye"]
        ratios = [known[layer, "random"] / known[layer][eyes].mean() for layer in table.layer.unique()]
        told = ", ".join(f"{ratio:.2f} ({layer})" for layer, ratio in zip(layers, ratios, strict=True))
        kind = "near 1, nothing found" if max(ratios) < 1.15 else "above 1, with five dogs only"
        return f"Random over eyes is {told}: {kind}."

    @staticmethod
    def depth(tables) -> str:
        """Whether a network with layers taken out does worse, in a sentence.

        Parameters
        ----------
        tables : sequence of pandas.DataFrame
            Of `shoulders.visualize.ablation`, one for each seed: the whole network first, the least one last.
        """
        whole, least = (np.array([table.accuracy.iloc[row] for table in tables]) for row in (0, -1))
        low, high = (100 * end for end in intervals.interval(least - whole))
        kind = "layers matter" if high < 0 else "fewer layers do better here" if low > 0 else "this shows nothing about depth"
        return (
            f"{share(whole.mean())} with all layers, {share(least.mean())} {tables[0].network.iloc[-1]} (means of {len(tables)} "
            f"seeds). The difference lies between {low:.1f} and {high:.1f} points (95 % interval): {kind}."
        )

    @staticmethod
    def deeper(known, blocks: int = 5) -> str:
        """Whether deeper blocks know more, in a sentence: of `shoulders.visualize.probes`, the blocks first."""
        rows = known.iloc[:blocks]
        first, last = rows.iloc[0], rows.iloc[-1]
        shares = f"{share(first.accuracy)} at {first.layer}, {share(last.accuracy)} at {last.layer}"
        apart = "intervals apart: deeper knows more" if last.low > first.high else "intervals that meet: too close to call"
        pairs = [(rows.iloc[i], rows.iloc[i + 1]) for i in range(len(rows) - 1)]
        back = [after.layer for before, after in pairs if after.accuracy < before.accuracy]
        luck = all(after.high >= before.low for before, after in pairs)
        kind = "but by no more than luck can do" if luck else "by more than luck"
        steady = f"Behind the one before: {', '.join(back)}, {kind}." if back else "None falls behind the one before it."
        return f"{shares}, {apart}. {steady}"

    @staticmethod
    def survives(control: dict[str, Randomisation], guessed: dict[str, float]) -> str:
        """A line for each rule: how much of its projections is left once the network's top knows nothing, beside the guess."""
        lines = []
        for rule, found in control.items():
            left = found.correlations.numpy()
            mean = float(np.nanmean(left))
            kind = "hardly notices" if mean > 0.9 else "notices, in part" if mean > 0.4 else "notices"
            own = f"; your guess {guessed[rule]:g}" if rule in guessed else ""
            ends = f"{np.nanmin(left):.2f} to {np.nanmax(left):.2f}, {len(left)} pictures"
            lines.append(f"{rule}: {mean:.2f} ({ends}){own}. It {kind}.")
        return "\n".join(lines)

    @staticmethod
    def pairs(control: dict[str, Randomisation], count: int) -> dict[str, Projection]:
        """The first projections of each rule by the trained network, and by the one whose top was shuffled."""
        both = {"trained": "trained", "top shuffled": "random"}
        kept = {f"{rule}, {name}": getattr(found, part) for rule, found in control.items() for name, part in both.items()}
        return {name: replace(one, pixels=one.pixels[:count], maps=one.maps[:count]) for name, one in kept.items()}

    @staticmethod
    def borders(black: Occlusion, grey: Occlusion) -> str:
        """By how much the uppermost windows change the map's activity, for two colours of the window."""
        most = [share(float(one.drop[0].abs().max()) / one.whole_activity) for one in (black, grey)]
        said = f"The uppermost windows change the map's activity by {most[0]} at most if black, by {most[1]} if grey."
        return textwrap.fill(said, 76)

    @staticmethod
    def envelope(kinds: Sequence[str], choice: float | None) -> str:
        """Which of A and B held the mixtures, and whether that was what somebody chose: 1 for A, 2 for B."""
        place = list(kinds).index("mixtures")
        told = "" if choice is None else " You told them apart." if choice == place + 1 else " You took the other one for them."
        return f"{'AB'[place]} held the mixtures.{told}"

    @staticmethod
    def alike(pictures: Samples, tops: dict[str, Tops]) -> str:
        """Of the strongest pictures of mixtures and of single maps, how many are of one kind, and whether the two differ.

        Parameters
        ----------
        pictures : Samples
            That were searched.
        tops : dict of str to Tops
        """
        from scipy.stats import mannwhitneyu

        rng = np.random.default_rng(0)
        blindly = [_commonest(pictures.labels[rng.permutation(len(pictures))[:9]]) for _ in range(2000)]
        counts = {name: [_commonest(row) for row in pictures.labels[found.indices.numpy()]] for name, found in tops.items()}
        told = ", ".join(f"{np.mean(one):.1f} of {name}" for name, one in counts.items())
        kind = "the two differ" if mannwhitneyu(*counts.values()).pvalue < 0.05 else "nothing tells the two apart"
        blind = f"{np.mean(blindly):.1f} of pictures drawn blindly"
        return textwrap.fill(f"Of one kind are, of nine: {told}, {blind}. By this, {kind}.", 76)


def _commonest(labels):
    return int(np.bincount(labels).max())


def mean_distance(found: Invariance, layer: str) -> float:
    """Over all pictures, kinds of change and amounts: how far the ``'low'`` or ``'high'`` layer has moved."""
    return float(np.mean([getattr(curves, layer).mean() for curves in found.curves.values()]))


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

    lines = ["| in the paper | here | what came out | its number | why ours differs |", "|---|---|---|---|---|"]
    for item, here, its, why in PAPER:
        own = next((number for start, number in ours.items() if item.startswith(start)), "")
        lines.append(f"| {item} | {here} | {own} | {its} | {why} |")
    return Markdown("\n".join(lines))


def faces(network: Backbone) -> tuple[Samples, dict]:
    """Five felt dogs seen from the front, and the boxes of their parts in pixels as the network sees the pictures.

    Returns
    -------
    Samples, dict of str to list of (top, left, bottom, right)
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
        Exercise("3", "exercise.beaten", _is_beaten, (
            "Go through rivals.items(): for each, how far does ours lie above it?",
            "Differences of such numbers are never exact for a computer: round(ours - theirs, 1) before you compare.",
            "next(name for name, theirs in rivals.items() if round(ours - theirs, 1) == gap)",
        )),
    )  # fmt: skip


def _is_close(found, right):
    return _one(found) and bool(np.isclose(float(found), right))


def _one(found):
    return np.asarray(found).size == 1


def _is_jumps(answer: Callable):
    first = torch.tensor([[4, 4, 7, 4], [1, 1, 1, 1], [0, 2, 3, 0]])
    return tried(answer, ((first, 5), (torch.tensor([[6, 6, 0, 0, 0, 6], [3, 9, 9, 9, 2, 2]]), 4)), _is_close, _not_the_jumps)


def _not_the_jumps(winners, found):
    if not _one(found):
        return "give one number for all maps together."
    new = sum(len(set(row)) - 1 for row in winners.tolist())
    if float(found) == new:
        return "a picture that comes back is a change too."
    if float(found) == float((winners[:, 1:] == winners[:, :-1]).sum()):
        return "those are the steps in which the picture stays."
    return f"for {winners.tolist()} it is not {float(found):g}."


def _is_rank_correlation(answer: Callable):
    first, second = np.array([0.2, 5.0, 1.0, 40.0, 3.0]), np.array([1.0, 30.0, 2.0, 4.0, 3.0])
    third = np.array([7.0, 0.5, 90.0, 2.0, 3.0, 11.0])
    pairs = ((first, second), (first, -first), (third, np.array([2.0, 6.0, 5.0, 1.0, 9.0, 4.0])), (first, first**3))
    return tried(answer, [(*pair, float(np.corrcoef(*map(_ranks, pair))[0, 1])) for pair in pairs], _is_close, _not_the_ranks)


def _ranks(numbers):
    return numbers.argsort().argsort()


def _not_the_ranks(first, second, found):
    if not _one(found):
        return "give one number: np.corrcoef gives a table of four, and two of them are what you want."
    if np.isclose(float(found), np.corrcoef(first, second)[0, 1]):
        return "that is the correlation of the numbers, not of their ranks."
    if np.isclose(float(found), np.corrcoef(first.argsort(), second.argsort())[0, 1]):
        return "argsort once gives places, not ranks."
    return f"between {first.tolist()} and {second.tolist()} it is not {float(found):.3g}."


def _is_beaten(answer: Callable):
    others = {"Ada": 57.3, "Bela": 52.9, "Cleo": 48.0, "Dora": 53.0}
    cases = (others, 55.1, 2.2, "Bela"), (others, 55.1, 7.1, "Cleo"), (TABLE_4, 86.5, 5.1, "Bo"), (TABLE_4, 86.5, 2.2, "Jianchao")
    return tried(answer, cases, lambda found, right: isinstance(found, str) and found == right, _not_beaten)


def _not_beaten(rivals, ours, gap, found):
    if not isinstance(found, str) or found not in rivals:
        return f"give the name of one of the rivals, such as {next(iter(rivals))!r}, and not {found!r}."
    if round(rivals[found] - ours, 1) == gap:
        return f"{found} has {rivals[found]}, which is more than {ours}."
    return f"from {ours} to {rivals[found]} of {found} it is not {gap}."
