"""Move, enlarge and turn pictures, and see how far a layer moves with them: figure 5 of Zeiler & Fergus."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import affine

from shoulders.backbones import Backbone
from shoulders.support.progress import track
from shoulders.visualize.machinery import VisualizeError, walk
from shoulders.visualize.machinery.networks import opened

AMOUNTS = {
    "translation": tuple(np.round(np.linspace(-0.27, 0.27, 13), 3).tolist()),
    "scale": tuple(np.round(np.linspace(1, 1.8, 9), 3).tolist()),
    "rotation": tuple(np.arange(0.0, 360.0, 15).tolist()),
}
"""Downwards, as a share of the picture's side (the paper: 60 of 224 pixels); times as large; degrees."""


@dataclass(frozen=True)
class Curves:
    """What one kind of change does to n pictures, amount by amount: arrays of shape (n, amounts).

    `low` and `high` are distances between what a layer says of the changed and of the unchanged picture, as a share of the
    length of the latter; `probability` is that of the class that was asked for.
    """

    amounts: tuple[float, ...]
    low: np.ndarray = field(repr=False)
    high: np.ndarray = field(repr=False)
    probability: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Invariance:
    """How a low and a high layer take it when pictures are moved, enlarged and turned.

    Attributes
    ----------
    curves : dict of str to Curves
        ``'translation'`` (downwards), ``'scale'``, ``'rotation'``.
    pictures : torch.Tensor of uint8, shape (n, 3, height, width)
    low, high : str
        The layers.
    targets : tuple of int
    names : tuple of str
        Of the targets.
    network : str
    """

    curves: dict[str, Curves]
    pictures: torch.Tensor = field(repr=False)
    low: str
    high: str
    targets: tuple[int, ...]
    names: tuple[str, ...]
    network: str


def moved(pictures: torch.Tensor, kind: str, amount: float, fill=(124, 116, 104)) -> torch.Tensor:
    """Pictures moved down, enlarged, or turned about their middle.

    Parameters
    ----------
    pictures : torch.Tensor of uint8, shape (n, 3, height, width)
    kind : 'translation', 'scale' or 'rotation'
    amount : float
        In the units of `AMOUNTS`.
    fill : three numbers
        Red, green, blue, 0 to 255: the colour of what comes in at the border.

    Returns
    -------
    torch.Tensor of uint8, of the same shape

    Raises
    ------
    VisualizeError
        For another kind.
    """
    if kind not in AMOUNTS:
        raise VisualizeError(f"No change is called {kind!r}: choose one of {', '.join(AMOUNTS)}.")
    change = {"translate": [0, 0], "scale": 1.0, "angle": 0.0, "shear": [0.0, 0.0]}
    if kind == "translation":
        change["translate"] = [0, round(amount * pictures.shape[2])]
    else:
        change["scale" if kind == "scale" else "angle"] = float(amount)
    return affine(pictures, **change, interpolation=InterpolationMode.BILINEAR, fill=list(map(float, fill)))


def invariance(network: Backbone, images, low: str, high: str, targets=None, amounts: dict | None = None) -> Invariance:
    """How far a low and a high layer move when a picture is moved, enlarged or turned, and what the network then says.

    Parameters
    ----------
    network : Backbone
    images : as in `project`
        The paper shows five.
    low, high : str
        Layers: the paper takes its first and its seventh.
    targets : int or sequence of int, optional
        The class of each picture; default: the likeliest for the unchanged picture.
    amounts : dict of str to sequence of float, optional
        Default: `AMOUNTS`.

    Returns
    -------
    Invariance
        ``plates.invariance`` draws it. What comes into a picture at its border is the training pictures' mean colour.

    Raises
    ------
    VisualizeError
        For an unknown layer or kind of change, no amount, a scale of zero, and a class that the network has not.

    Notes
    -----
    Zeiler & Fergus 2013, section 4.1 and figure 5. All places of a layer's maps count, none are averaged away.
    """
    look = opened(network, (low, high), images)
    pictures = look.pictures
    look = look.at(pictures)
    start, scores = walk.answers(look.module, look.images, look.layers)
    targets = walk.targets_of(scores, targets)
    fill = [255 * value for value in look.need_transform().mean]
    curves = {}
    for kind, steps in (amounts or AMOUNTS).items():
        if not len(steps) or kind == "scale" and min(steps) <= 0:
            raise VisualizeError(f"{kind.capitalize()} by {tuple(steps)}: give at least one amount; a scale is more than zero.")
        rows = []
        for amount in track(steps, len(steps), kind.capitalize(), "steps"):
            rows.append(_compared(look.at(moved(pictures, kind, amount, fill)), start, targets))
        curves[kind] = Curves(tuple(steps), *np.stack(rows, -1))
    targets = tuple(targets.tolist())
    return Invariance(curves, pictures, low, high, targets, look.called(targets), look.name)


def _compared(look, start, targets):
    """Distances at both layers and the targets' probabilities, shape (3, n)."""
    found, scores = walk.answers(look.module, look.images, look.layers)
    away = [
        (found[layer] - start[layer]).flatten(1).norm(dim=1) / start[layer].flatten(1).norm(dim=1).clamp(min=1e-12)
        for layer in look.layers
    ]
    shares = scores.softmax(1).gather(1, targets[:, None])[:, 0]
    return torch.stack([*away, shares]).cpu().numpy()
