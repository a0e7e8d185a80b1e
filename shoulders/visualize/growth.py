"""How maps come to be: the same maps of one network at several epochs of its training, figure 4 of Zeiler & Fergus."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.support import places
from shoulders.support.errors import reason
from shoulders.visualize.machinery import VisualizeError
from shoulders.visualize.machinery.fields import seen_by
from shoulders.visualize.machinery.networks import is_ready, opened, several
from shoulders.visualize.patches import cut
from shoulders.visualize.projection import projected
from shoulders.visualize.search import chosen, strongest


@dataclass(frozen=True)
class Evolution:
    """The strongest picture of some maps at every checkpoint: patches and projections of shape (maps, epochs, 3, h, w).

    Attributes
    ----------
    patches : torch.Tensor of uint8
    projections : torch.Tensor of float32
        In the network's input units.
    values : torch.Tensor, shape (maps, epochs)
        The activations.
    winners : torch.Tensor of int, shape (maps, epochs)
        Which picture.
    epochs : tuple
    maps : tuple of int
    searched : int
        Pictures.
    layer, network : str
    """

    patches: torch.Tensor = field(repr=False)
    projections: torch.Tensor = field(repr=False)
    values: torch.Tensor = field(repr=False)
    winners: torch.Tensor = field(repr=False)
    epochs: tuple
    maps: tuple[int, ...]
    searched: int
    layer: str
    network: str

    @property
    def jumps(self) -> torch.Tensor:
        """Whether another picture than before excites the map most, shape (maps, epochs); never at the first."""
        changed = torch.zeros_like(self.winners, dtype=torch.bool)
        changed[:, 1:] = self.winners[:, 1:] != self.winners[:, :-1]
        return changed


def checkpoints() -> list[tuple[int, Path]]:
    """Epoch and file of the checkpoints of `vgg16_tiny` that ship with the course: its first eight convolutions.

    Raises
    ------
    VisualizeError
        When the course was copied without them.
    """
    home = places.box() / "weights"
    card = home / "vgg16_tiny.json"
    listed = json.loads(card.read_text(encoding="utf-8")).get("epochs", []) if card.exists() else []
    found = [(entry["epoch"], home / entry["file"]) for entry in listed]
    if not found or not all(path.exists() for _, path in found):
        raise VisualizeError(f"The checkpoints of vgg16_tiny are not in {home}: get the course again.")
    return found


def evolution(
    network: Backbone | nn.Module,
    checkpoints: Sequence[tuple[object, object]],
    images,
    layer: str,
    maps: int | Sequence[int] = 6,
    rule: str = "deconvnet",
    seed: int = 0,
) -> Evolution:
    """What excites some maps most at each checkpoint of a training, and its projection.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
        The layout; its own weights are used where a checkpoint has none.
    checkpoints : sequence of (epoch, path of a .safetensors file, or dict of tensors)
    images : as in `project`
        All are held in memory, decoded.
    layer : str
        Everything up to it must be in the checkpoints.
    maps : int or sequence of int
        How many, drawn by `seed` among those that are alive at the last checkpoint; or which.
    rule : str
    seed : int

    Returns
    -------
    Evolution
        ``plates.evolution`` draws it.

    Raises
    ------
    VisualizeError
        For no checkpoint, one that lacks weights that the layer needs or does not fit, and a map that the layer has not.

    Notes
    -----
    Zeiler & Fergus 2013, section 4 and figure 4: a sudden jump comes from a change of the strongest picture.
    """
    if not checkpoints:
        raise VisualizeError("There is no checkpoint to look at: give at least one, as (epoch, file).")
    look = opened(network, layer, several(images))
    pictures = look.pictures
    if not is_ready(look.shown):
        look.need_transform()
        look = look.at(pictures)
    field, steps = seen_by(look.module, look.layer, pictures.shape[-1])
    needed = _needed(look.module, steps)
    stages = [replace(look, module=_at(look, checkpoint, needed)) for _, checkpoint in checkpoints]
    found = [strongest(stage, 1)[0] for stage in stages]
    maps = chosen(found[-1], maps, seed)
    columns = [_frame(stage, pictures, tops, maps, rule, field) for stage, tops in zip(stages, found)]
    patches, projections = (torch.stack([column[part] for column in columns], 1) for part in range(2))
    values, winners = (torch.stack([getattr(tops, part)[maps, 0] for tops in found], 1) for part in ("values", "indices"))
    epochs = tuple(epoch for epoch, _ in checkpoints)
    return Evolution(patches, projections, values, winners, epochs, tuple(maps), found[0].searched, look.layer, look.name)


def _frame(stage, pictures, tops, maps, rule, field):
    """Patch and projection of the winner of each map at one checkpoint."""
    winners, positions = tops.indices[maps, 0], tops.positions[maps, 0]
    boxes = [field.window(*place, pictures.shape[2:]) for place in positions.tolist()]
    found = projected(stage.at(stage.shown[winners]), maps, rule, positions)
    return cut(pictures[winners], boxes), cut(found.pixels, boxes)


def _at(look, checkpoint, needed):
    """The network with the weights of a checkpoint."""
    state, module = _state(checkpoint), copy.deepcopy(look.module)
    if missing := [name for name in needed if name not in state]:
        raise VisualizeError(
            f"The layer {look.layer!r} needs {missing[0]}, which the checkpoint does not hold: choose a lower layer "
            f"(it holds {', '.join(sorted(state)[:3])}, …)."
        )
    try:
        module.load_state_dict({name: tensor.float() for name, tensor in state.items()}, strict=False)
    except RuntimeError as error:
        said = str(error).splitlines()[-1].strip()
        raise VisualizeError(f"A checkpoint does not fit {look.name}: {said}") from error
    return module


def _state(checkpoint):
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if isinstance(checkpoint, dict):
        return checkpoint
    if lack := places.lack(checkpoint):
        raise VisualizeError(f"{checkpoint} {lack}.")
    try:
        return load_file(checkpoint)
    except SafetensorError as error:
        raise VisualizeError(f"{checkpoint} is no whole safetensors file ({reason(error)}): get it again.") from error


def _needed(module, steps):
    """The weights and running statistics that a picture passes on its way to the layer, those of the blocks around included."""
    passed = {id(step.module) for step in steps}
    names = [name for name, part in module.named_modules() if id(part) in passed]
    around = {".".join(name.split(".")[:depth]) for name in names for depth in range(name.count(".") + 2)}
    own = [name for name in module.state_dict() if name.rpartition(".")[0] in around]
    return [name for name in own if not name.endswith("num_batches_tracked")]
