"""Plates as in figure 2 of Zeiler & Fergus: what excites a map most, and the projection of it, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import VisualizeError
from shoulders.visualize.machinery.fields import seen_by
from shoulders.visualize.machinery.networks import opened, several, taken
from shoulders.visualize.projection import projected
from shoulders.visualize.search import Tops, chosen, strongest

HELD = 0.9
"""The share of a projection, by the sizes of its values, that a tight patch shows."""


@dataclass(frozen=True)
class Plate:
    """The strongest pictures of some maps, cut to what the map saw, and their projections.

    Attributes
    ----------
    patches : torch.Tensor of uint8, shape (maps, k, 3, height, width)
    projections : torch.Tensor of float32, same shape
        In the network's input units.
    values : torch.Tensor, shape (maps, k)
        The activations.
    maps : tuple of int
    tops : Tops
        All that was found in the search.
    field : (float, float)
        Height and width of the receptive field in pixels; patches are no larger than the picture.
    cut : str
        To what the patches were cut.
    network, layer, rule, words : str
    chosen : str
        How the maps were chosen.
    """

    patches: torch.Tensor = field(repr=False)
    projections: torch.Tensor = field(repr=False)
    values: torch.Tensor = field(repr=False)
    maps: tuple[int, ...]
    tops: Tops = field(repr=False)
    field: tuple[float, float]
    cut: str
    network: str
    layer: str
    rule: str
    words: str
    chosen: str


def plate(
    network: Backbone | nn.Module,
    images,
    layer: str,
    maps: int | Sequence[int] = 8,
    k: int = 9,
    rule: str = "deconvnet",
    seed: int = 0,
    tops: Tops | None = None,
    tight: bool = False,
) -> Plate:
    """The k best patches of some maps of a layer, each beside its projection.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    images : Samples, sequence of path or PIL.Image, or tensor
        What is searched: pictures that the network was not trained on.
    layer : str
    maps : int or sequence of int
        How many, drawn by `seed` among the living; or which.
    k : int
    rule : str
        See `project`.
    seed : int
    tops : Tops, optional
        Of the same network, pictures and layer, from `top_activations`: spares the search.
    tight : bool
        Cut the patches to where the projections are, not to the receptive field: in high layers it is larger than the picture,
        and what is seen in it small. One size for all, of which half of the projections show `HELD` or more of themselves.

    Returns
    -------
    Plate
        ``plates.plate`` draws it. Patches have the size of the receptive field; at the border of a picture they are moved
        inside.

    Raises
    ------
    VisualizeError
        For an unknown layer, map or rule, a layer whose maps are all dead, and `tops` of another layer.

    Notes
    -----
    Zeiler & Fergus 2013, arXiv 1311.2901, figure 2.
    """
    look = opened(network, layer, several(images))
    tops = tops or strongest(look, k)[0]
    if tops.layer != look.layer:
        raise VisualizeError(f"The tops are of {tops.layer!r}, not of {layer!r}: search {layer!r}, or leave tops out.")
    how = "drawn at random" if isinstance(maps, int) else "chosen"
    maps = chosen(tops, maps, seed)
    field, _ = seen_by(look.module, look.layer, look.at(taken(look.shown, [0])).pictures.shape[-1])
    best = [look.at(taken(tops.images, tops.indices[one, :k].tolist())) for one in maps]
    found = [projected(some, one, rule, tops.positions[one, :k], tops.directions) for some, one in zip(best, maps)]
    pictures, pixels = torch.stack([some.pictures for some in best]), torch.stack([row.pixels for row in found])
    places = tops.positions[maps, :k].flatten(0, 1).tolist()
    boxes = _tight(pixels.flatten(0, 1)) if tight else [field.window(*place, pictures.shape[3:]) for place in places]
    patches, projections = (cut(part.flatten(0, 1), boxes).unflatten(0, part.shape[:2]) for part in (pictures, pixels))
    return Plate(
        patches, projections, tops.values[maps, :k], tuple(maps), tops, field.size,
        "where the projections are" if tight else "what a place sees", look.name, layer, rule, found[0].words, how,
    )  # fmt: skip


def cut(pictures: torch.Tensor, boxes) -> torch.Tensor:
    """One box of each picture: top, left, bottom, right (the last two excluded); all of one size."""
    return torch.stack([picture[:, top:bottom, left:right] for picture, (top, left, bottom, right) in zip(pictures, boxes)])


def _tight(pixels):
    """Squares of one size, each around the middle of a projection; moved inside at a border."""
    sizes = pixels.abs().sum(1)
    size = torch.tensor(sizes.shape[1:])
    middles = [_middle(one) for one in sizes]
    reaches = [_reach(one, middle) for one, middle in zip(sizes, middles) if one.any()]
    side = min(math.ceil(2 * torch.tensor(reaches or [size.max()]).float().median()) + 1, int(size.min()))
    corners = [torch.minimum((middle - (side - 1) / 2).round().long().clamp(min=0), size - side).tolist() for middle in middles]
    return [(top, left, top + side, left + side) for top, left in corners]


def _grid(sizes):
    return torch.stack(torch.meshgrid(*(torch.arange(side, dtype=torch.float32) for side in sizes.shape), indexing="ij"), -1)


def _middle(sizes):
    """Row and column of the centre of gravity; of nothing, the middle."""
    weights = sizes if sizes.any() else torch.ones_like(sizes)
    return (_grid(sizes) * weights[..., None]).sum((0, 1)) / weights.sum()


def _reach(sizes, middle):
    """How far from its middle, down or across, a projection has to be shown for `HELD` of it to be seen."""
    away = (_grid(sizes) - middle).abs().amax(-1).flatten()
    order = away.argsort()
    held = sizes.flatten()[order].cumsum(0) / sizes.sum()
    return float(away[order][int((held < HELD).sum().clamp(max=len(order) - 1))])
