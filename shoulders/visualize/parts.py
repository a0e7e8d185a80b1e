"""Does the network know that eyes correspond to eyes? Section 4.3 and table 1 of Zeiler & Fergus."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import VisualizeError, walk
from shoulders.visualize.machinery.networks import opened


def correspondence(network: Backbone, images, parts: dict, layers, draws: int = 10, seed: int = 0) -> pd.DataFrame:
    """Cover the same part in several pictures: do the layers change in the same way each time?

    Parameters
    ----------
    network : Backbone
    images : as in `project`
        At least two, of the same kind and pose: the paper takes five dogs seen from the front.
    parts : dict of str to sequence of (top, left, bottom, right)
        For each part one box for each picture, in pixels of the picture as the network sees it.
    layers : str or sequence of str
    draws : int
        How often a box of the parts' mean size is put anywhere in each picture, for comparison (``'random'``).
    seed : int
        Of these draws.

    Returns
    -------
    pandas.DataFrame
        For each layer and part: `distance`, the share of a layer's values whose change has another sign in one picture than
        in another, mean over all pairs (and draws); `sd` over them; `pairs`. Lower: the part changes the layer in the same way
        in all of them.

    Raises
    ------
    VisualizeError
        For a single picture, no part, a part that is called random, one without a box for each picture, and a box that does
        not lie in the picture.

    Notes
    -----
    Zeiler & Fergus 2013, section 4.3. The paper prints a sum over pairs and values that are not sums; these are shares of the
    values, so compare the ratio of random to part, never the numbers themselves. A change of zero has a sign of its own.
    """
    look, rng = opened(network, layers, images), np.random.default_rng(seed)
    whole = look.images
    _need_boxes(whole, parts)
    random = [_anywhere(whole, parts, rng) for _ in range(draws)]
    start, _ = walk.answers(look.module, whole, look.layers)
    trials = [*parts.items()] + [("random", boxes) for boxes in random]
    rows = []
    for part, boxes in trials:
        after, _ = walk.answers(look.module, covered(whole, boxes), look.layers)
        rows += [(layer, part, value) for layer in look.layers for value in pairs((start[layer] - after[layer]).cpu()).tolist()]
    table = pd.DataFrame(rows, columns=["layer", "part", "distance"]).groupby(["layer", "part"], sort=False)["distance"]
    return table.agg(distance="mean", sd="std", pairs="size").reset_index()


def covered(images: torch.Tensor, boxes) -> torch.Tensor:
    """Each picture with its box set to the training pictures' mean colour (zero for the network)."""
    images = images.clone()
    for image, (top, left, bottom, right) in zip(images, boxes):
        image[:, top:bottom, left:right] = 0
    return images


def pairs(changes: torch.Tensor) -> torch.Tensor:
    """For each pair of pictures, the share of values whose change has another sign.

    Parameters
    ----------
    changes : torch.Tensor, shape (n, …)

    Returns
    -------
    torch.Tensor, shape (n (n - 1) / 2,)
        0: the same everywhere. About 1/2: signs that have nothing to do with each other.
    """
    signs = changes.flatten(1).sign()
    first, second = torch.triu_indices(len(signs), len(signs), 1)
    return (signs[first] != signs[second]).float().mean(1)


def _need_boxes(whole, parts):
    if len(whole) < 2:
        raise VisualizeError("Correspondence compares pictures: give at least two.")
    if not parts:
        raise VisualizeError("Correspondence covers parts: name at least one, with a box for each picture.")
    if "random" in parts:
        raise VisualizeError("'random' is what the boxes put anywhere are called: give the part another name.")
    height, width = whole.shape[2:]
    for part, boxes in parts.items():
        if len(boxes) != len(whole):
            raise VisualizeError(f"The part {part!r} has {len(boxes)} boxes for {len(whole)} pictures: give one for each.")
        for box in boxes:
            if len(box) != 4:
                raise VisualizeError(f"The box {tuple(box)} of {part!r} has {len(box)} numbers: give top, left, bottom, right.")
            top, left, bottom, right = box
            if not (0 <= top < bottom <= height and 0 <= left < right <= width):
                raise VisualizeError(
                    f"The box ({top}, {left}, {bottom}, {right}) of {part!r} does not lie in {height} × {width} pixels: give "
                    "top, left, bottom, right."
                )


def _anywhere(whole, parts, rng):
    """For each picture a box of the parts' mean size, anywhere in it."""
    boxes = np.array([box for boxes in parts.values() for box in boxes])
    size = np.maximum(1, (boxes[:, 2:] - boxes[:, :2]).mean(0).round().astype(int))
    starts = [[rng.integers(0, side - length + 1) for side, length in zip(whole.shape[2:], size)] for _ in whole]
    return [(top, left, top + size[0], left + size[1]) for top, left in starts]
