"""Which pictures excite a map most: one pass over any number of pictures, in constant memory."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.support.progress import track
from shoulders.visualize.machinery import VisualizeError, walk
from shoulders.visualize.machinery.networks import Opened, opened, quiet_copy, several, taken


@dataclass(frozen=True)
class Tops:
    """The k strongest pictures of every map of a layer, the strongest first; of each picture only its one peak.

    Attributes
    ----------
    values : torch.Tensor, shape (maps, k), float32
    indices : torch.Tensor of int, shape (maps, k)
        Which picture.
    positions : torch.Tensor of int, shape (maps, k, 2)
        Row and column of the peak in the map.
    searched : int
        How many pictures were looked at.
    means : torch.Tensor, shape (maps,)
        Of the peaks of all pictures: what the strongest are to be compared with.
    layer : str
    images : object
        What was searched, as it was given.
    directions : torch.Tensor or None
        See `project`.
    """

    values: torch.Tensor = field(repr=False)
    indices: torch.Tensor = field(repr=False)
    positions: torch.Tensor = field(repr=False)
    searched: int
    means: torch.Tensor = field(repr=False)
    layer: str
    images: object = field(repr=False)
    directions: torch.Tensor | None = field(default=None, repr=False)

    @property
    def dead(self) -> tuple[int, ...]:
        """The maps that no picture excited."""
        return tuple(torch.flatten(torch.nonzero(self.values[:, 0] <= 0)).tolist())

    @property
    def alive(self) -> tuple[int, ...]:
        """The others."""
        return tuple(torch.flatten(torch.nonzero(self.values[:, 0] > 0)).tolist())

    def __str__(self):
        return f"{self.layer}: {len(self.values)} maps, {self.searched} pictures searched, {len(self.dead)} maps dead on them."


def top_activations(
    network: Backbone | nn.Module,
    images,
    layer: str | Sequence[str],
    k: int = 9,
    batch_size: int = 32,
    directions: torch.Tensor | None = None,
) -> Tops | dict[str, Tops]:
    """The k best pictures for every map of a layer, and where in them.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    images : Samples, sequence of path or PIL.Image, or tensor of shape (n, 3, height, width)
        A `Samples` is decoded as it is needed; memory holds two batches and k numbers a map, however many there are.
    layer : str or sequence of str
        The pass stops there. Of several layers: one pass for all.
    k : int
        At least 1. With fewer pictures than k, all of them.
    batch_size : int
    directions : torch.Tensor, shape (m, channels), optional
        Mixtures of maps to look at instead of the maps.

    Returns
    -------
    Tops, or dict of str to Tops for several layers
        Equal activations are ordered by the picture's position in `images`.

    Raises
    ------
    VisualizeError
        For an unknown layer, no picture, or k below 1.

    Notes
    -----
    Zeiler & Fergus 2013, figure 2: nine pictures a map, of 50,000.
    """
    wanted = [layer] if isinstance(layer, str) else list(layer)
    tops = strongest(opened(network, wanted, several(images)), k, batch_size, directions)
    return tops[0] if isinstance(layer, str) else dict(zip(wanted, tops))


def strongest(look: Opened, k: int, batch_size: int = 32, directions: torch.Tensor | None = None) -> list[Tops]:
    """As `top_activations`, of a network that is open already: for each of its layers."""
    if k < 1 or not len(look.shown):
        raise VisualizeError(f"The {k} best of {len(look.shown)} pictures: give at least one picture, and k of at least 1.")
    one, module = look.at(taken(look.shown, [0])), quiet_copy(look.module).to(memory_format=torch.channels_last)
    for layer in look.layers:
        walk.first(look.module, one.images, layer)
    best, totals, searched = dict.fromkeys(look.layers), dict.fromkeys(look.layers, 0.0), 0
    for batch in track(look.batches(batch_size), len(look.shown), "Searching", size=len):
        with walk.listening(module, look.layers, stop=True) as found:  # the last of them is not passed by
            module(batch)
        for layer, output in found.items():
            peaks = _peaks(walk.mixed(output, directions), searched)
            best[layer] = _best(best[layer], peaks, k)
            totals[layer] = totals[layer] + peaks[0].double().sum(1)
        searched += len(batch)
    return [_tops(best[layer], totals[layer] / searched, searched, layer, look.shown, directions) for layer in look.layers]


def _tops(best, means, searched, layer, images, directions):
    values, indices, places, width = best
    positions = torch.stack([places // width, places % width], 2)
    return Tops(values, indices, positions, searched, means.float(), layer, images, directions)


def _peaks(output, start):
    """Of every map its strongest value in each picture, the picture's number, and the place: each (maps, pictures)."""
    values, places = output.flatten(2).max(2)
    numbers = torch.arange(start, start + len(output)).expand(output.shape[1], -1)
    return values.T.cpu(), numbers, places.T.cpu(), output.shape[3]


def _best(best, found, k):
    """The k strongest of what was kept and what was found; earlier pictures first among equals, as the sort is stable."""
    values, numbers, places, width = found
    if best is not None:
        values, numbers, places = (torch.cat(pair, 1) for pair in zip(best[:3], (values, numbers, places)))
    order = values.sort(dim=1, descending=True, stable=True).indices[:, :k]
    return (*(part.gather(1, order) for part in (values, numbers, places)), width)


def random_maps(tops: Tops, count: int, seed: int = 0) -> list[int]:
    """Maps drawn by a seed among those that are alive: nobody picks the beautiful ones.

    Raises
    ------
    VisualizeError
        When every map is dead, or none is asked for.
    """
    if count < 1:
        raise VisualizeError(f"{count} maps: ask for at least one.")
    if not tops.alive:
        raise VisualizeError(f"No map of {tops.layer} answers to any of {tops.searched} pictures: search more pictures.")
    drawn = np.random.default_rng(seed).permutation(tops.alive)[:count]
    return sorted(int(m) for m in drawn)


def chosen(tops: Tops, maps: int | Sequence[int], seed: int) -> list[int]:
    """So many maps, drawn as in `random_maps`; or those that are named.

    Raises
    ------
    VisualizeError
        For a map that the layer has not.
    """
    if isinstance(maps, numbers.Integral):
        return random_maps(tops, maps, seed)
    if not len(maps):
        raise VisualizeError("No map is named: name at least one, or say how many to draw.")
    walk.need_maps(tops.values.T, maps)
    return [int(m) for m in maps]
