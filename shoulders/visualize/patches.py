"""Plates as in figure 2 of Zeiler & Fergus: what excites a map most, and the projection of it, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize import networks
from shoulders.visualize.fields import receptive_field
from shoulders.visualize.projection import cut, project
from shoulders.visualize.search import Tops, random_maps, top_activations


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
) -> Plate:
    """The k best patches of some maps of a layer, each beside its projection.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    images : Pictures, sequence of path or PIL.Image, or tensor
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

    Returns
    -------
    Plate
        ``plates.plate`` draws it. Patches have the size of the receptive field; at the border of a picture they are moved
        inside.

    Raises
    ------
    VisualizeError

    Notes
    -----
    Zeiler & Fergus 2013, arXiv 1311.2901, figure 2.
    """
    tops = tops or top_activations(network, images, layer, k)
    chosen = "drawn at random" if isinstance(maps, int) else "chosen"
    maps = random_maps(tops, maps, seed) if isinstance(maps, int) else list(maps)
    field = receptive_field(network, layer, networks.decoded(network, networks.taken(images, [0])).shape[-1])
    rows = [_row(network, tops, m, k, rule, field) for m in maps]
    patches, projections, words = ([row[part] for row in rows] for part in range(3))
    return Plate(
        torch.stack(patches), torch.stack(projections), tops.values[maps, :k], tuple(maps), tops, field.size,
        networks.name_of(network), layer, rule, words[0], chosen,
    )  # fmt: skip


def _row(network, tops, one, k, rule, field):
    """Patches and projections of one map, and how the projections were computed: its k pictures in one batch."""
    images = networks.taken(tops.images, tops.indices[one, :k].tolist())
    pictures, positions = networks.decoded(network, images), tops.positions[one, :k]
    source = images if networks.is_ready(images) else pictures
    found = project(network, source, tops.layer, one, rule, positions, tops.directions)
    boxes = [field.window(*place, pictures.shape[2:]) for place in positions.tolist()]
    return cut(pictures, boxes), cut(found.pixels, boxes), found.words
