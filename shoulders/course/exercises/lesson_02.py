"""Lesson 02: bees and ants."""

from __future__ import annotations

import copy
import math
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from shoulders.course import guesses
from shoulders.course.checks import Exercise
from shoulders.datasets import SampleSet
from shoulders.features import Features
from shoulders.results import Result
from shoulders.support.words import wrapped


@dataclass(frozen=True)
class Lesson02:
    """The exercises of lesson 02."""

    learnt: Exercise
    flattery: Exercise
    mended: Exercise
    lent: list = field(repr=False)

    def colleague(self, model):
        """The planted mistake: the same weights, left in train mode; what was frozen is so no more, as after loading a file."""
        theirs = copy.deepcopy(model)
        for layer in theirs.modules():
            vars(layer).pop("train", None)  # what `shoulders.cutting.freeze` has put there
        self.lent[:] = [theirs.train(), copy.deepcopy(theirs)]
        return theirs

    @staticmethod
    def normalises(model) -> bool:
        """Whether any layer of a network is BatchNorm."""
        return any("BatchNorm" in type(layer).__name__ for layer in model.modules())

    @staticmethod
    def curve(result: Result) -> str:
        """How the validation loss went from epoch to epoch, in one sentence."""
        losses = [row["valid_loss"] for row in result.history]
        lowest = losses.index(min(losses)) + 1
        end = "in the last epoch: more might help" if lowest == len(losses) else f"in epoch {lowest} of {len(losses)}"
        return wrapped(f"The validation loss went from {losses[0]:.3f} to {losses[-1]:.3f}, and was lowest {end}.")

    @staticmethod
    def best_of(runs, guess=None) -> str:
        """What choosing the best epoch would add to several runs, and the reader's guess, in pictures."""
        curves = [[row["accuracy"] for row in run.history] for run in runs]
        gains = [max(curve) - curve[-1] for curve in curves]
        mean, total = sum(gains) / len(gains), len(runs[0].valid)
        told = f"In {sum(gain > 0 for gain in gains)} of {len(runs)} runs an earlier epoch was better than the last."
        more = f"On average the best one names {total * mean:.1f} of {total} pictures more."
        return wrapped(f"{told} {more}\n{guesses.beside(guess, total * mean, 'pictures')}")

    @staticmethod
    def own_words(said: Features, words, head: Result) -> str:
        """What a network calls the pictures of each class by itself, and how many a new head on its features names correctly.

        Parameters
        ----------
        said : Features
            With its own scores, ``'classes'``.
        words : sequence of str
            The names of the classes that it was trained on.
        head : Result
            Of the same network and pictures.
        """
        first, lines, right = [words[i] for i in said["classes"].argmax(1)], [], 0
        for number, name in enumerate(said.pictures.classes):
            counts = Counter(word for word, label in zip(first, said.labels) if label == number)
            own = sorted({name, name.removesuffix("s")} & set(words))
            right += sum(counts[word] for word in own)
            known = f"is said of {sum(counts[word] for word in own)} of {counts.total()}" if own else "is not among its words"
            often = ", ".join(f"{word} ({count})" for word, count in counts.most_common(4))
            lines.append(f"{name}: “{' or '.join(own) or name}” {known}; it says most often {often}")
        by_head = f"a new head on its features {head.right.sum()}"
        return "\n".join([*lines, f"So its own words name {right} of {len(first)} pictures correctly, and {by_head}."])

    @staticmethod
    def folder_with_placeholders(pictures: SampleSet, folder, per_class: int = 6) -> Path:
        """Class folders with copies of a few pictures, and a GIF of the first class that shows no such thing, under two names.

        Parameters
        ----------
        pictures : SampleSet
            Stays as it is.
        folder : path
            An empty one.
        """
        folder = Path(folder)
        for i in pictures.train.sample(per_class):
            home = folder / pictures.classes[pictures.train.labels[i]]
            home.mkdir(parents=True, exist_ok=True)
            shutil.copy(pictures.train.paths[i], home)
        first = folder / pictures.classes[0]
        _placeholder().save(first / "photo_1.gif")
        _placeholder().save(first / "photo_2.jpg", "GIF")
        return folder


def _placeholder():
    from PIL import Image, ImageDraw

    image = Image.new("P", (300, 300))
    image.putpalette([235, 235, 235, 120, 120, 120])
    ImageDraw.Draw(image).text((150, 150), "This photo is\nno longer here", 1, anchor="mm", align="center", font_size=30)
    return image


def lesson_02() -> Lesson02:
    """The exercises: they ask for functions and for a network, and need no pictures."""
    lent = []
    return Lesson02(
        Exercise("1", "exercise.learnt", _is_learnt, (
            "model.parameters() gives the weights, layer by layer; each has .requires_grad, which says whether it learns.",
            "How many numbers a layer's weights hold: .numel(). Add up those that learn, and only those.",
            "sum(weights.numel() for weights in model.parameters() if …): what belongs behind the if?",
        )),
        Exercise("2", "exercise.flattery", _is_flattery, (
            "accuracies = [row['accuracy'] for row in history] is a list with a number for each epoch.",
            "max(…) of a list is its largest number, […][-1] its last.",
            "The best accuracy minus the last one: nothing is multiplied by 100.",
        )),
        Exercise("3", "exercise.mended", lambda answer: _is_mended(answer, lent), (
            "The network must not care about what else is in the batch. Which layer of it looks at the whole batch?",
            "BatchNorm has two modes, one to learn in and one to answer in. Compare theirs.training with ours.model.training.",
            "Modules have .train() and .eval(). Which of the two did the colleague forget?",
        )),
        lent,
    )  # fmt: skip


def _is_learnt(answer):
    if not callable(answer):
        return "hand over the function itself: learnt, without brackets behind it."
    for model in _half_frozen():
        counts = [(weights.numel(), weights.requires_grad) for weights in model.parameters()]
        right, every = sum(count for count, learns in counts if learns), sum(count for count, _ in counts)
        said = _number(answer(model))
        if said is None:
            return "it gives no number back yet: a function ends with return and the number."
        if said == every:
            return f"of a small network it says {said:g}, which is all that it has; what is frozen does not learn."
        if said == every - right:
            return f"of a small network it says {said:g}: these are the frozen ones."
        if said == sum(learns for _, learns in counts):
            return f"of a small network it says {said:g}: so many tables learn, and each of them holds more than one number."
        if said != right:
            return f"of a small network with {len(counts)} tables it says {said:g}: that is another count."
    return True


def _half_frozen():
    """Two small networks of which some tables learn: below in the one, above in the other."""
    from torch import nn

    above = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3), nn.Linear(2, 3))
    above[0].requires_grad_(False)
    below = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    below[0].bias.requires_grad_(False)
    below[2].requires_grad_(False)
    return above, below


def _is_flattery(answer):
    if not callable(answer):
        return "hand over the function itself: flattery, without brackets behind it."
    for accuracies in ((0.6, 0.9, 0.85, 0.8), (0.5, 0.7, 0.7, 0.65, 0.75), (0.95, 0.7, 0.8)):
        right = max(accuracies) - accuracies[-1]
        history = [{"epoch": i, "train_loss": 2.0, "accuracy": one} for i, one in enumerate(accuracies, 1)]
        said = _number(answer(history))
        if said is None:
            return "it gives no number back yet: a function ends with return and the number."
        if math.isclose(said, right, abs_tol=1e-6):
            continue
        if math.isclose(said, -right, abs_tol=1e-6):
            return "that is the last minus the best: turn it around."
        if math.isclose(said, 100 * right, abs_tol=1e-6):
            return "leave it as a share of one: a tenth, not ten per cent."
        return f"of epochs with {', '.join(map(str, accuracies))} it says {said:.3g}: is that the best minus the last?"
    return True


def _number(said):
    """As a float; None for what is no number."""
    try:
        return float(said)
    except (TypeError, ValueError):
        return None


def _is_mended(answer, lent):
    import torch
    from torch import nn

    if not lent:
        return "run the cell in which the colleague gets the network first."
    if not isinstance(answer, nn.Module):
        return "the answer should be a network: the colleague's, mended."
    theirs, before, own = (model.state_dict() for model in (*lent, answer))
    weights = [name for name, _ in lent[1].named_parameters()]
    if before.keys() != own.keys() or not all(torch.equal(own[name], before[name]) for name in weights):
        return "this is another network than the colleague's: its layers or weights are not the same."
    if not all(torch.equal(own[name], theirs[name]) for name in own):
        return "this is another network than the colleague's, which has looked at pictures since: mend theirs."
    if any(layer.training and type(layer).__name__.startswith(("BatchNorm", "Dropout")) for layer in answer.modules()):
        return "some of its layers are still in train mode."
    images = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        same = torch.allclose(answer(images)[:1], answer(images[:1]), atol=1e-4)
    return True if same else "its answer still depends on what else is in the batch."
