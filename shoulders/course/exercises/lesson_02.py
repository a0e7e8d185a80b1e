"""Lesson 02: bees and ants."""

from __future__ import annotations

import copy
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shoulders.course.checks import Exercise
from shoulders.course.editions import Edition
from shoulders.datasets import PictureSet


@dataclass(frozen=True)
class Lesson02:
    """The exercises of lesson 02."""

    learnt: Exercise
    flattery: Exercise
    mended: Exercise

    @staticmethod
    def colleague(model):
        """The planted mistake: the same weights, left in train mode."""
        return copy.deepcopy(model).train()

    @staticmethod
    def folder_with_placeholders(pictures: PictureSet, folder, per_class: int = 6) -> Path:
        """Class folders with copies of a few pictures, and a GIF of the first class that shows no such thing, under two names.

        Parameters
        ----------
        pictures : PictureSet
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


def lesson_02(edition: Edition) -> Lesson02:
    """The exercises, for the pictures and the network of this edition."""
    return Lesson02(
        Exercise("1", "exercise.learnt", lambda answer: _is_learnt(answer, edition), (
            "model.parameters() gives the weights, layer by layer; each has .requires_grad, which says whether it learns.",
            "How many numbers a layer's weights hold: .numel(). Add up those that learn, and only those.",
            "sum(weights.numel() for weights in model.parameters() if …): what belongs behind the if?",
        )),
        Exercise("2", "exercise.flattery", _is_flattery, (
            "accuracies = [row['accuracy'] for row in history] is a list with a number for each epoch.",
            "max(…) of a list is its largest number, […][-1] its last.",
            "The best accuracy minus the last one: nothing is multiplied by 100.",
        )),
        Exercise("3", "exercise.mended", _is_mended, (
            "The network must not care about what else is in the batch. Which layer of it looks at the whole batch?",
            "BatchNorm has two modes, one to learn in and one to answer in. Compare theirs.training with scratch.model.training.",
            "Modules have .train() and .eval(). Which of the two did the colleague forget?",
        )),
    )  # fmt: skip


def _is_learnt(answer, edition):
    from shoulders import cutting

    body = cutting.decapitate(edition.other or edition.backbone)
    last = cutting.blocks(body.network)[-1]
    head = len(edition.pictures.classes) * (body.out_features + 1)
    right = head + sum(p.numel() for name in last for p in body.network.get_submodule(name).parameters())
    every = head + sum(p.numel() for p in body.parameters())
    if answer == right:
        return True
    if answer == every:
        return f"{every:,} is all that the network has; what is frozen does not learn."
    if answer in (head, right - head):
        return "both learn, the new head and the last block: add them up."
    return f"{answer} is not the count of numbers that learn."


def _is_flattery(answer):
    if not isinstance(answer, int | float | np.number):
        return "the answer should be one number."
    if np.isclose(answer, 0.1):
        return True
    if np.isclose(answer, -0.1):
        return "that is the last minus the best: turn it around."
    if np.isclose(answer, 10):
        return "leave it as a share: a tenth, not ten per cent."
    return f"the best of these four epochs has 0.9, the last has 0.8, and you say {answer:.3g}."


def _is_mended(answer):
    import torch
    from torch import nn

    if not isinstance(answer, nn.Module):
        return "the answer should be a network: the colleague's, mended."
    if any(layer.training for layer in answer.modules()):
        return "some of its layers are still in train mode."
    if not any("BatchNorm" in type(layer).__name__ for layer in answer.modules()):
        return "this is another network than the colleague's."
    images = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        same = torch.allclose(answer(images)[:1], answer(images[:1]), atol=1e-4)
    return True if same else "its answer still depends on what else is in the batch."
