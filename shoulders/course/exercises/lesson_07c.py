"""Lesson 07c: skin, a question with a price."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shoulders import backbones, datasets, features, heads, training
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise, tried
from shoulders.course.editions import Edition
from shoulders.datasets import Samples, SampleSet, skin
from shoulders.heads import decisions
from shoulders.results import Result
from shoulders.support import places
from shoulders.support.words import bounds, counted, share, wrapped

GIANTS = ("nasnetalarge", "vgg16", "inception_v4", "resnet152", "googlenet")
"""Those of the notable work, as this course calls them."""


@dataclass(frozen=True)
class Lesson07c:
    """The exercises of lesson 07c, and the moles of its two cameras.

    Attributes
    ----------
    cameras : dict of str to SampleSet
        Rendered moles: ``'a'``, whose glass has a scale, and ``'b'``, whose glass has none.
    """

    shares: Exercise
    cheapest: Exercise
    odds: Exercise
    cameras: dict[str, SampleSet]

    @staticmethod
    def blind(labels) -> str:
        """What somebody reaches who calls everything benign, in a sentence."""
        ill = int(np.sum(labels))
        right = share(1 - ill / len(labels))
        told = f"Calling all {len(labels)} pictures benign is right about {right} of them"
        return wrapped(f"{told}, and finds 0 of {ill} malignant ones.")

    @staticmethod
    def giants(edition: Edition) -> dict[str, Result]:
        """A head on each giant that is on this machine: those of the notable work in the full edition, ours in both."""
        names = [edition.backbone.name, *(GIANTS if edition.name == "full" else ()), backbones.SMALL]
        names = [name for name in dict.fromkeys(names) if name == edition.backbone.name or _here(name)]
        networks = [edition.backbone if name == edition.backbone.name else backbones.load(name) for name in names]
        return {network.name: training.feature_extraction(network, edition.pictures) for network in networks}

    @staticmethod
    def told(name: str, sure, labels, threshold: float) -> str:
        """What one threshold does, and the area under the curve, in three lines."""
        area, low, high = decisions.auc(sure, labels)
        ends = "" if low != low else f" (95 % interval {low:.2f} to {high:.2f})"
        found = decisions.decide(sure, labels, threshold)
        return f"{name}, threshold {share(threshold)}\n{found}\narea under the curve: {area:.2f}{ends}"

    @staticmethod
    def drop(name: str, one: decisions.Decided, other: decisions.Decided) -> str:
        """Whether as many malignant ones are found on two sets of pictures (Fisher's exact test), in a sentence."""
        from scipy.stats import fisher_exact

        table = [[each.hits, each.misses] for each in (one, other)]
        luck = fisher_exact(table).pvalue >= 0.05
        found = " and ".join(f"{each.hits} of {each.hits + each.misses}" for each in (one, other))
        kind = "that can be luck" if luck else "fewer" if other.sensitivity < one.sensitivity else "more"
        return wrapped(f"{name}: of malignant moles {found} are found: {kind}{'' if luck else ', more than luck explains'}.")

    @staticmethod
    def regained(name: str, before, after, labels, threshold: float = 0.5) -> str:
        """Whether a remedy finds more malignant moles of the same ones, and calls in more others (sign tests), in a sentence."""
        from scipy.stats import binomtest

        told = []
        for which, what in ((1, "malignant moles called in"), (0, "benign ones")):
            one, other = (np.asarray(sure)[np.asarray(labels) == which] >= threshold for sure in (before, after))
            gained, lost = int((other & ~one).sum()), int((one & ~other).sum())
            luck = gained == lost or binomtest(gained, gained + lost).pvalue >= 0.05
            kind = "can be luck" if luck else "more than luck"
            told.append(f"{what} {int(one.sum())} before, {int(other.sum())} after ({kind})")
        return wrapped(f"{name}: {', '.join(told)}.")

    @staticmethod
    def sharper(name: str, before, after, labels) -> str:
        """Whether probabilities came nearer to what was (Student's interval of the differences), in a sentence."""
        from shoulders.intervals import interval

        gains = (np.asarray(before) - labels) ** 2 - (np.asarray(after) - labels) ** 2
        low, high = interval(gains)
        kind = "better" if low > 0 else "worse" if high < 0 else "too close to call"
        scores = f"Brier score {decisions.brier(before, labels):.3f} before, {decisions.brier(after, labels):.3f} after"
        return wrapped(f"{name}: {scores}: {kind} (by {low:+.3f} to {high:+.3f}, 95 % interval).")

    def with_scale(self, most: int = 6) -> Samples:
        """The first malignant moles of camera A's validation part beside which the scale lies."""
        held, boxes = self.cameras["a"].valid, rulers()
        these = [i for i, path in enumerate(held.paths) if held.labels[i] and boxes[_filed(path)]]
        return held.take(these[:most])

    @staticmethod
    def skin(pictures: Samples, network: Backbone) -> tuple[float, float, float]:
        """The median colour of these pictures, of which most is skin, as `shoulders.visualize.occlusion` takes it."""
        pixels = np.concatenate([np.asarray(network.transform.cropped(path)).reshape(-1, 3) for path in pictures.paths])
        return tuple(round(float(one) / 255, 2) for one in np.median(pixels, axis=0))

    @staticmethod
    def scales(pictures: Samples, network: Backbone) -> list[tuple[float, float, float, float]]:
        """Where the scale lies in each picture as the network gets it: top, left, bottom, right in pixels."""
        return [_as_cropped(rulers()[_filed(path)], path, network.transform) for path in pictures.paths]

    @staticmethod
    def on_the_scale(found: Sequence, pictures: Samples, network: Backbone) -> str:
        """In how many covered pictures the window that hurts most lies on the scale, beside luck's share, in a sentence.

        Parameters
        ----------
        found : sequence of shoulders.visualize.occluding.Occlusion
        """
        hits, luck = zip(*(_touches(one, scale) for one, scale in zip(found, Lesson07c.scales(pictures, network))))
        low, high = decisions.wilson(sum(hits), len(hits))
        kind = "the answer hangs on the scale" if low > np.mean(luck) else "no more than luck would give"
        told = f"The window that hurts most lies on the scale in {sum(hits)} of {len(hits)} pictures"
        by_luck = f"a window at random would in {share(float(np.mean(luck)))}"
        return wrapped(f"{told} (95 % interval {bounds(low, high)}); {by_luck}: {kind}.")

    @staticmethod
    def confirmed(edition: Edition) -> str:
        """How the labels of the set are known, class by class: of HAM10000 from its own table."""
        folder = datasets.find("skin")
        if edition.pictures.name != "skin" or folder is None:
            return wrapped("Nobody found out what these moles are: they were drawn so. Labels of real sets are findings.")
        rows = csv.DictReader((folder / skin.TABLE).read_text(encoding="utf-8").splitlines())
        ways = Counter((skin.KINDS[row["dx"]], row["dx_type"]) for row in rows)
        lines = []
        for kind in ("malignant", "benign"):
            total = sum(count for (one, _), count in ways.items() if one == kind)
            lines.append(f"{kind}: {share(ways[kind, 'histo'] / total)} of {total:,} pictures confirmed under the microscope")
        return "\n".join(lines)

    @staticmethod
    def covered(pictures: Samples, network: Backbone) -> list:
        """The pictures as the network gets them, with a margin of skin colour over all four edges, where a scale may lie."""
        return [_framed(network.transform.cropped(path)) for path in pictures.paths]

    @staticmethod
    def mended(network: Backbone, parts: Sequence[Samples], asked: Samples, cover: bool = False) -> np.ndarray:
        """How sure a head that was taught on all these parts is that others are malignant; all covered, if you say so."""

        def rows(part):
            if cover:
                return features.look(network, Lesson07c.covered(part, network))["hidden"]
            return features.extract(network, part)["hidden"]

        labels = np.concatenate([part.labels for part in parts])
        return heads.answers("logistic_regression", np.concatenate([rows(part) for part in parts]), labels, rows(asked))[0][:, 1]


def _here(name):
    try:
        return backbones.on_disk(name)
    except backbones.BackboneError:  # a library that is not installed here
        return False


def _framed(image, share_of_side: float = 0.22):
    """The margin takes the median colour that the picture has beside it."""
    from PIL import Image

    pixels = np.array(image)
    edge = round(share_of_side * len(pixels))
    inner = pixels[edge:-edge, edge:-edge].copy()
    rim = np.concatenate([inner[:8].reshape(-1, 3), inner[:, :8].reshape(-1, 3)])
    pixels[:] = np.median(rim, axis=0).astype(np.uint8)
    pixels[edge:-edge, edge:-edge] = inner
    return Image.fromarray(pixels)


def rulers() -> dict[str, list[int] | None]:
    """By its place in data/moles, where the scale lies in each mole: left, top, right, bottom in pixels; None without."""
    lines = (places.box() / "moles" / "scenes.jsonl").read_text(encoding="utf-8").splitlines()
    return {f"{card['file']}": card["box"] for card in map(json.loads, lines)}


def _filed(path):
    return "/".join(path.parts[-4:])


def _as_cropped(box, path, transform):
    """A box (left, top, right, bottom) of the file, as (top, left, bottom, right) of the square that the network gets."""
    from shoulders.pictures import read

    times, cut = transform.resize / min(read(path).size), (transform.resize - transform.crop) / 2
    left, top, right, bottom = (times * end - cut for end in box)
    return top, left, bottom, right


def _touches(found, scale):
    """Whether the window that hurts most lies on the scale; the share of windows that do."""
    top, left, bottom, right = scale
    on = [min(right, r) > max(left, x) and min(bottom, b) > max(top, y) for y, x, b, r in found.boxes]
    return on[int(found.probability.argmin())], float(np.mean(on))


def lesson_07c(edition: Edition) -> Lesson07c:
    """The exercises, and the moles of the two cameras, which ship with the course."""
    home = places.box() / "moles"
    return Lesson07c(
        Exercise("1", "exercise.shares", _is_shares, (
            "Sensitivity looks at malignant moles alone: how many were called in? Specificity looks at benign ones alone.",
            "called[labels == 1] holds the answers about malignant ones. What share of them is True?",
            "called[labels == 1].mean(), (~called[labels == 0]).mean()",
        )),
        Exercise("2", "exercise.cheapest", _is_cheapest, (
            "What does each threshold cost? Add the price of its misses and the price of its alarms.",
            "miss * misses + alarms has a number for each threshold. Which place holds the least?",
            "thresholds[np.argmin(miss * np.array(misses) + np.array(alarms))]",
        )),
        Exercise("3", "exercise.odds", _is_odds, (
            "Odds are sure / (1 - sure). What would the odds be of somebody of whom nothing is known, before and now?",
            "Multiply the odds by now / (1 - now), and divide them by before / (1 - before).",
            "odds = sure / (1 - sure) * now / (1 - now) * (1 - before) / before; return odds / (1 + odds).",
        )),
        {"a": datasets.load("moles"), "b": datasets.load(home / "b")},
    )  # fmt: skip


_CALLED = (
    (np.array([True, False, True, True, False, False, False]), np.array([1, 1, 0, 1, 0, 0, 0]), (2 / 3, 3 / 4)),
    (np.array([False, False, True, True, False]), np.array([1, 0, 0, 1, 1]), (1 / 3, 1 / 2)),
)


def _is_shares(answer):
    return tried(answer, _CALLED, _are_near, _not_the_shares)


def _numbers(found):
    return [float(one) for one in np.ravel(np.asarray(found, float))]


def _are_near(found, right):
    try:
        found = _numbers(found)
    except (TypeError, ValueError):
        return False
    return len(found) == len(np.ravel(right)) and bool(np.allclose(found, np.ravel(right), atol=1e-3))


def _not_the_shares(called, labels, found):
    right = called[labels == 1].mean(), (~called[labels == 0]).mean()
    if np.size(found) != 2:
        return f"the answer should be two numbers, first of malignant moles, then of benign ones, and not {found}."
    first, second = _numbers(found)
    if _are_near((second, first), right):
        return "the two stand in the other order: of malignant moles comes first."
    if _are_near((first, 1 - second), right):
        return "the second is the share of benign moles that are called in: turn it round."
    if _are_near((first, second), (labels[called].mean(), 1 - labels[~called].mean())):
        return "these are shares of who was called, and of who was not: take shares of who is malignant, and of who is benign."
    return f"called {called.astype(int).tolist()} of labels {labels.tolist()} does not give {first:.3g} and {second:.3g}."


_PRICES = (
    (np.array([0.1, 0.3, 0.5, 0.7, 0.9]), np.array([0, 1, 2, 5, 9]), np.array([50, 30, 18, 6, 1]), 10, 0.5),
    (np.array([0.05, 0.2, 0.4, 0.8]), np.array([1, 2, 3, 8]), np.array([60, 25, 19, 0]), 30, 0.2),
)


def _is_cheapest(answer):
    return tried(answer, [(*case[:4], case[4]) for case in _PRICES], _are_near, _not_the_cheapest)


def _not_the_cheapest(thresholds, misses, alarms, miss, found):
    if np.size(found) != 1:
        return f"the answer should be one threshold, and not {found}."
    (found,) = _numbers(found)
    if found not in thresholds:
        return f"{found:g} is none of the thresholds {thresholds.tolist()}."
    if found == thresholds[np.argmin(misses + alarms)]:
        return f"with it, fewest are told wrongly; but a miss costs {miss:g} and an alarm 1."
    return f"of {counted(len(thresholds), 'threshold')}, another one costs less than {found:g}."


_SHIFTS = (
    (np.array([0.5, 0.8, 0.2]), 0.5, 0.1, np.array([0.1, 4 / 13, 1 / 37])),
    (np.array([0.25, 0.6, 0.9]), 0.25, 0.5, np.array([0.5, 9 / 11, 27 / 28])),
)


def _is_odds(answer):
    return tried(answer, _SHIFTS, _are_near, _not_the_odds)


def _not_the_odds(sure, before, now, found):
    if np.shape(found) != np.shape(sure):
        return f"{len(sure)} probabilities must give {len(sure)}, and not {found}."
    found = np.asarray(_numbers(found))
    if np.allclose(found, sure):
        return "these are the probabilities as they were."
    if np.allclose(found, decisions.shifted(sure, now, before)):
        return "that is the way back: before and now have changed places."
    if np.allclose(found, np.asarray(sure) * now / before):
        return "it is the odds that are multiplied, and not the probabilities."
    right = decisions.shifted(sure, before, now)
    if np.allclose(found, right / (1 - right)):
        return "these are odds: make probabilities of them."
    return f"{sure.tolist()}, learnt where a share of {before:g} was malignant, do not become that where it is {now:g}."
