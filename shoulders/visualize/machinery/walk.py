"""Up to a layer and back to the pictures: one pass, what it says on its way, and each step of it undone.

A chain is what Zeiler & Fergus draw: every step takes what the last one gave. VGG and AlexNet are chains. Their way back needs
no autograd, and every step of it can be printed. Any other network is one step, which autograd undoes.
"""

from __future__ import annotations

import difflib
import itertools
import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from shoulders import cutting
from shoulders.support import devices
from shoulders.support.errors import reason
from shoulders.visualize.machinery import VisualizeError, rules
from shoulders.visualize.machinery.deconvnet import UNDONE, is_odd


@dataclass(frozen=True)
class Step:
    """One module in a pass: what went in, what came out, and how often that had been written to when it came out."""

    module: nn.Module
    input: torch.Tensor
    output: torch.Tensor
    written: int

    @property
    def stands(self) -> bool:
        """Whether nothing has changed the output in place since (``out += shortcut``, ``F.relu(out, inplace=True)``)."""
        return _written(self.output) == self.written


def step(module: nn.Module, signal: torch.Tensor) -> Step:
    """One module's step on its own."""
    output = module(signal)
    return Step(module, signal, output, _written(output))


def _written(output):
    """How often a tensor was written to; 0 for what torch does not count."""
    return output._version if isinstance(output, torch.Tensor) and not output.is_inference() else 0


@contextmanager
def exact():
    """Full float32 in convolutions: a GPU would round to 10 bits (TF32), and no longer agree with a CPU."""
    if devices.device() != "cuda":
        yield
        return
    convolutions = torch.backends.cudnn.conv
    before = convolutions.fp32_precision
    convolutions.fp32_precision = "ieee"
    try:
        yield
    finally:
        convolutions.fp32_precision = before


def submodule(module: nn.Module, layer: str) -> nn.Module:
    """A module's part by its name; names the layers that are nearest in spelling where there is none."""
    names = dict(module.named_modules())
    if not layer or layer not in names:
        near = ", ".join(difflib.get_close_matches(layer, names, 4, 0.3) or list(names)[1:5])
        raise VisualizeError(f"The network has no layer {layer!r}: for instance {near}.")
    return names[layer]


def forward(module: nn.Module, images: torch.Tensor, layer: str, parts=None) -> tuple[torch.Tensor, list[Step]]:
    """One pass that stops at a layer: what it says, (n, channels, height, width) or (n, channels), and every step on the way.

    Recorded are the steps of some parts of the quiet copy; by default, of those without children.
    """
    steps, found = [], {}

    def passed(part, taken, output):
        steps.append(Step(part, taken[0] if taken else None, output, _written(output)))

    def reached(part, taken, output):
        found[layer] = output
        raise cutting.Enough(found)

    if parts is None:
        parts = _leaves(module)
    hooks = [(part.register_forward_hook, passed) for part in parts]
    with cutting.hooked([*hooks, (submodule(module, layer).register_forward_hook, reached)], found), exact():
        module(images)
    return _answer(found, layer), steps


def _leaves(module):
    return [part for part in module.modules() if next(part.children(), None) is None]


@contextmanager
def listening(module: nn.Module, layers, stop: bool = False, hooks=()):
    """Within, a pass without gradients: a dict with what each of some layers says, as it is when the layer says it.

    With `stop` the block ends when all of them have answered. A layer that answers twice is refused. More `hooks`: as
    `shoulders.cutting.hooked` takes them.
    """
    found = {}

    def answered(layer, part, taken, output):
        if layer in found:
            raise VisualizeError(f"The layer {layer!r} runs more than once in a pass: choose the block that holds it.")
        # what comes next may write over it, module or not: ``out += shortcut``
        found[layer] = output.clone() if isinstance(output, torch.Tensor) else output
        if stop and len(found) == len(wanted):
            raise cutting.Enough(found)

    wanted = set(layers)
    own = [(submodule(module, layer).register_forward_hook, partial(answered, layer)) for layer in wanted]
    with cutting.hooked([*hooks, *own], found), torch.no_grad(), exact():
        yield found


def answers(module: nn.Module, images: torch.Tensor, layers) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """One whole pass without gradients: what each of some layers says, and the score of each class, (n, classes)."""
    with listening(module, layers) as found:
        scores = module(images)
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:
        raise VisualizeError("The network does not give one score for each class and picture: use one that ends in classes.")
    for layer in layers:
        _answer(found, layer)
    return found, scores


def targets_of(scores: torch.Tensor, targets) -> torch.Tensor:
    """The class that was asked for, one for all pictures or one for each: (n,); the likeliest one where none was."""
    if targets is None:
        return scores.argmax(1)
    try:
        targets = torch.as_tensor(targets, device=scores.device).flatten()
        whole = not targets.is_floating_point()
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise VisualizeError(f"Classes are told by their numbers, 0 to {scores.shape[1] - 1}: give whole ones.")
    if len(targets) not in (1, len(scores)):
        raise VisualizeError(f"{len(targets)} classes do not go with {len(scores)} pictures: give one, or one for each picture.")
    if strange := [target for target in targets.tolist() if not 0 <= target < scores.shape[1]]:
        raise VisualizeError(f"The network has no class {strange[0]}: its classes are 0 to {scores.shape[1] - 1}.")
    return targets.expand(len(scores))


def _answer(found, layer):
    if layer not in found:
        raise VisualizeError(f"The layer {layer!r} does not run when the network looks at a picture: choose another one.")
    if not isinstance(found[layer], torch.Tensor) or found[layer].ndim not in (2, 4):
        raise VisualizeError(f"The layer {layer!r} gives neither maps (n, c, h, w) nor a vector (n, c): choose another one.")
    return found[layer]


@dataclass(frozen=True)
class Way:
    """The way up to a layer of a quiet copy, as a first pass has found it, and what the layer says in this pass.

    `chain`: the steps, where each takes what the last one gave and is one that `back` knows.
    """

    module: nn.Module
    layer: str
    answer: torch.Tensor
    chain: list[Step] | None


def first(module: nn.Module, images: torch.Tensor, layer: str, dry: bool = False) -> Way:
    """The way to a layer, from one whole pass of the first picture; refuses a layer that answers twice, or with channels last.

    `dry`: tried with no picture at all, which costs nothing; what is found in this way is a chain.
    """
    if dry and (way := _dry(module, images, layer)):
        return way
    image, steps, ends = images[:1].detach(), [], []

    def passed(part, taken, output):
        if not ends:
            steps.append(Step(part, taken[0] if taken else None, output, _written(output)))

    def reached(part, taken, output):
        ends.append((output, all(step.stands for step in steps)))  # now: what lies above may write over it

    hooks = [(part.register_forward_hook, passed) for part in _leaves(module)]
    with listening(module, [layer], hooks=[*hooks, (submodule(module, layer).register_forward_hook, reached)]) as found:
        try:
            module(image)
        except RuntimeError as error:
            if not found:  # else what lies above the layer may want pictures of another size
                shape = " × ".join(map(str, images.shape[1:]))
                said = f"The network cannot take pictures of {shape} as far as {layer!r}"
                raise VisualizeError(f"{said}: {reason(error)}.") from error
    answer, (end, stand) = _answer(found, layer), ends[0]
    way = Way(module, layer, answer, steps if stand and _leads(steps, image, end) else None)
    need_channels_first(answer, images, layer)
    if not way.chain and images.shape[2] != images.shape[3]:  # where the channels stand, a square picture shows
        side = min(images.shape[2:])
        first(module, image[:, :, :side, :side], layer)
    return way


def _dry(module, images, layer):
    try:
        way = first(module, images[:0], layer)
    except Exception:  # whatever somebody's network says to an empty batch: it is looked at with a picture
        return None
    return way if way.chain else None


def short(module: nn.Module, images: torch.Tensor, layer: str, parts) -> tuple[Way, list[Step]]:
    """The way to a layer, from one pass of all pictures that stops there, and the steps of some parts of the network."""
    leaves = _leaves(module)
    output, steps = forward(module, images, layer, dict.fromkeys([*leaves, *parts]))
    chain, units = ([step for step in steps if step.module in some] for some in (set(leaves), set(parts)))
    return Way(module, layer, output, chain if is_chain(chain, images, output) else None), units


def is_chain(steps: list[Step], images: torch.Tensor, output: torch.Tensor) -> bool:
    """Whether the steps lead from the pictures to the output one after the other, and each is one that `back` knows."""
    return all(step.stands for step in steps) and _leads(steps, images, output)


def _leads(steps, images, output):
    signal = images
    for step in steps:
        if step.input is not signal or type(step.module) not in UNDONE or is_odd(step.module):
            return False
        signal = step.output
    return signal is output


def need_channels_first(output: torch.Tensor, images: torch.Tensor, layer: str) -> None:
    """Refuse maps of square pictures that are square only when their channels come last."""
    shape = tuple(output.shape)
    if images.shape[2] == images.shape[3] and len(shape) == 4 and shape[1] == shape[2] != shape[3]:
        raise VisualizeError(f"The layer {layer!r} gives maps with the channels last, {shape}: choose another one.")


PIXELS = 2 * 224 * 224
"""That go up and back together on a CPU: of more, what lies between would be fetched from memory again and again."""


def passes(way: Way, images: torch.Tensor, maps: torch.Tensor, rule: str, positions=None):
    """Up to the layer, a few pictures at a time: the steps, the maps that are asked for, and the places."""
    for some, of, places in groups(images.shape[2:], images, maps, positions):
        yield up(way, some, rule), of, places


def groups(size, images, maps, positions=None):
    """A few pictures at a time, of which so much is looked at, with what is asked of each."""
    together = max(1, PIXELS // math.prod(size)) if images.device.type == "cpu" else len(images)
    places = itertools.repeat(None) if positions is None else positions.split(together)
    return zip(images.detach().split(together), maps.split(together), places)


def up(way: Way, images: torch.Tensor, rule: str) -> list[Step]:
    """Forward to the layer: the steps of a chain; or of any other network a single one, that autograd can undo by the rule."""
    if not way.chain:
        return [_in_one(way, images, rule)]
    taken = []
    with torch.no_grad(), exact():
        for one in way.chain:
            taken.append(step(one.module, taken[-1].output if taken else images))
    return taken


def _in_one(way, images, rule):
    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller has switched off
        images = images.clone().requires_grad_()
        with rules.applied(way.module, rule):
            output, _ = forward(way.module, images, way.layer)
    return Step(way, images, output, _written(output))


def mixed(output: torch.Tensor, directions: torch.Tensor | None) -> torch.Tensor:
    """What a layer says as (n, units, height, width): its maps, or the mixtures of them that `directions` names."""
    output = output[..., None, None] if output.ndim == 2 else output
    if directions is None:
        return output
    if directions.ndim != 2 or directions.shape[1] != output.shape[1]:
        shape = " × ".join(map(str, directions.shape))
        raise VisualizeError(f"Directions of {shape} do not go with {output.shape[1]} maps: give (m, {output.shape[1]}).")
    return torch.einsum("nchw,mc->nmhw", output, directions.to(output))


def need_maps(output: torch.Tensor, maps) -> None:
    """Refuse a map that the layer has not."""
    if strange := [int(m) for m in maps if not 0 <= m < output.shape[1]]:
        raise VisualizeError(f"The layer has no map {strange[0]}: its maps are 0 to {output.shape[1] - 1}.")


def kept(output: torch.Tensor, maps, positions=None, directions=None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The layer with all but one activation a picture set to zero, these activations, and where they stand, (n, 2).

    They stand at given places of the maps (n,), or where each is strongest; of maps, or of the mixtures in `directions`.
    """
    units = mixed(output.detach(), directions)
    every, maps = torch.arange(len(units), device=units.device), maps.to(units.device)
    chosen = units[every, maps]
    if positions is None:
        places = chosen.flatten(1).argmax(1)
        positions = torch.stack([places // chosen.shape[2], places % chosen.shape[2]], 1)
    positions = positions.to(units.device)
    rows, columns = positions.T
    values = chosen[every, rows, columns]
    units = torch.zeros_like(units)
    units[every, maps, rows, columns] = values
    seeds = units if directions is None else torch.einsum("nmhw,mc->nchw", units, directions.to(units))
    return seeds.reshape(output.shape), values, positions


def back(steps: list[Step], signal: torch.Tensor, rule: str) -> torch.Tensor:
    """From a signal at the top of the steps, (n, c, rows, columns), down to the pixels, (n, 3, height, width)."""
    with exact():
        for step in reversed(steps):
            signal = _by_autograd(step, signal) if isinstance(step.module, Way) else _undone(step, signal, rule)
    return signal


@torch.no_grad()
def _undone(step, signal, rule):
    return UNDONE[type(step.module)](step, signal, rule)


def _by_autograd(step, signal):
    with torch.inference_mode(False):
        return torch.autograd.grad(step.output, step.input, signal.clone())[0]
