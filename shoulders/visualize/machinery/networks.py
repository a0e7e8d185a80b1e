"""A network to look into: a quiet copy that shares the weights, pictures as it takes them, one pass up to a layer.

Everything here is done to the copy. The network that was given keeps its hooks, mode, gradients and in-place layers
whatever happens, because nobody touches them.
"""

from __future__ import annotations

import copy
import difflib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from shoulders import backbones, cutting, features
from shoulders.backbones import Backbone, Transform
from shoulders.datasets import Pictures
from shoulders.pictures import stream
from shoulders.support import devices
from shoulders.support.errors import CourseError, reason


class VisualizeError(CourseError):
    """A network cannot be looked into as was asked; the message says what would be right."""


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


def quiet_copy(network: Backbone | nn.Module) -> nn.Module:
    """The network again, on the fastest device, in eval mode, in float32, without in-place layers; on a CPU its weights
    are the same memory, without gradients.

    Raises
    ------
    VisualizeError
        For a network that holds computed tensors, which torch does not copy.
    """
    module = module_of(network)
    shared = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in module.parameters()}
    try:
        copied = copy.deepcopy(module, shared | {id(buffer): buffer for buffer in module.buffers()}).eval()
    except RuntimeError as error:
        raise VisualizeError(
            f"{name_of(network)} holds tensors that torch does not copy: where torch.nn.utils.weight_norm made them, call "
            "remove_weight_norm first, or take torch.nn.utils.parametrizations.weight_norm."
        ) from error
    for part in copied.modules():
        if getattr(part, "inplace", False):
            part.inplace = False
    return copied.to(devices.device(), torch.float32)


def module_of(network: Backbone | nn.Module) -> nn.Module:
    """The torch module of a backbone, or the module itself.

    Raises
    ------
    VisualizeError
        For what is neither.
    """
    if isinstance(network, Backbone | nn.Module):
        return network.module if isinstance(network, Backbone) else network
    raise VisualizeError(
        f"A {type(network).__name__} is no network: give a Backbone or a module of torch; of a model that was loaded its "
        "backbone, of the result of a training its model."
    )


def name_of(network: Backbone | nn.Module) -> str:
    """A backbone's name, also of what a training made of it; or the name of a module's class."""
    return network.name if _is_known(network) else type(network).__name__


def classes_of(network: Backbone | nn.Module) -> tuple[str, ...]:
    """The names of a backbone's classes; empty for a plain module, whose classes nobody has named."""
    return network.classes if _is_known(network) else ()


def transform_of(network: Backbone | nn.Module) -> Transform | None:
    """How a network takes its pictures; None for a plain module."""
    return network.transform if _is_known(network) else None


def backbone_of(network: Backbone | nn.Module) -> Backbone:
    """A backbone, or what a training made of one as a backbone: for whom features are to be extracted.

    Raises
    ------
    VisualizeError
        For a plain module, which has no transform.
    """
    if isinstance(network, Backbone):
        return network
    transform, module = _need_transform(network), module_of(network)
    card = backbones.Card(network.name, "ours", transform, head="1", classes=network.classes)
    return Backbone(card, transform, backbones.state_digest(module), "a training", lambda: module)


def _is_known(network):
    """Whether it knows its name, its classes and its transform: a backbone does, and the model of a training's result."""
    return isinstance(network, Backbone | cutting.Taught) and network.transform is not None


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


# ------------------------------------------------------------------------------------------------------------ pictures


def inputs(network: Backbone | nn.Module, images) -> torch.Tensor:
    """Pictures as the network takes them.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    images : Pictures, path, PIL.Image, a sequence of these, or tensor of shape (n, 3, height, width)
        A float tensor is taken as it is: normalised already. uint8 is normalised by the backbone's transform.

    Returns
    -------
    torch.Tensor, shape (n, 3, height, width), float32, on the fastest device

    Raises
    ------
    VisualizeError
        For pictures to a module that has no transform.
    """
    if is_ready(images):
        return several(images).to(devices.device(), torch.float32)
    return _need_transform(network).batch(decoded(network, images).to(devices.device()))


def is_ready(images) -> bool:
    """Whether these are numbers as the network takes them, and not pictures."""
    return isinstance(images, torch.Tensor) and images.is_floating_point()


def decoded(network: Backbone | nn.Module, images) -> torch.Tensor:
    """Pictures as a person sees them, cropped as the network sees them: uint8, shape (n, 3, height, width).

    A float tensor is turned back with the backbone's transform; of a plain module it is stretched to 0..255.
    """
    images = several(images)
    if isinstance(images, torch.Tensor):
        return _visible(network, images.cpu()) if images.is_floating_point() else images.cpu()
    if not len(images):
        raise VisualizeError("There is no picture to look at: give at least one.")
    if isinstance(images, Pictures):
        images = [stream(*file) for file in zip(images.paths, images.digests)]
    return torch.stack([_need_transform(network).picture(image) for image in images])


def several(images):
    """One picture as a sequence of one; several as they are.

    Raises
    ------
    VisualizeError
        For a tensor that is no picture, and no batch of pictures.
    """
    if isinstance(images, torch.Tensor):
        if images.ndim not in (3, 4) or not images.numel():
            raise VisualizeError(f"A tensor of shape {tuple(images.shape)} holds no pictures: give (n, channels, height, width).")
        return images if images.ndim == 4 else images[None]
    return [images] if isinstance(images, str | Path | Image.Image | io.BytesIO) else images


def _need_transform(network):
    module_of(network)
    if transform := transform_of(network):
        return transform
    raise VisualizeError(
        f"{name_of(network)} is a plain module and has no transform for pictures: give a Backbone, or a float tensor "
        "(n, 3, height, width) that is normalised already."
    )


def _visible(network, images):
    if transform := transform_of(network):
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (transform.mean, transform.std))
        values = images * std + mean
    else:
        low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
        values = (images - low) / (high - low).clamp(min=1e-12)
    return (255 * values).round().clamp(0, 255).byte()


def taken(images, indices) -> object:
    """Some of the pictures, by position, in whatever form they are."""
    if isinstance(images, Pictures):
        return images.take(indices)
    if isinstance(images, torch.Tensor):
        return images[torch.as_tensor(np.asarray(indices), dtype=torch.long)]
    return [images[i] for i in indices]


def batches(network: Backbone | nn.Module, images, batch_size: int) -> Iterator[torch.Tensor]:
    """`inputs`, a few pictures at a time; a `Pictures` is decoded ahead by threads, and never held whole."""
    if isinstance(images, Pictures):
        for decoded_ahead in features.batches(_need_transform(network), images, False, batch_size, {"decode": 0.0}):
            yield inputs(network, torch.from_numpy(decoded_ahead).permute(0, 3, 1, 2))
    else:
        for start in range(0, len(images), batch_size):
            yield inputs(network, images[start : start + batch_size])


# ------------------------------------------------------------------------------------------------------------ one pass


def layer_of(network: Backbone | nn.Module, layer: str) -> str:
    """A layer's name as a module's: ``'classes'`` of a backbone is its head.

    Of what a training made (`shoulders.cutting.Taught`), ``'hidden'`` is the cut network, and ``'classes'`` the new head.
    """
    if isinstance(module_of(network), cutting.Taught):
        return {cutting.HIDDEN: "0", cutting.CLASSES: "1"}.get(layer, layer)
    return cutting.head_of(network) if layer == cutting.CLASSES and isinstance(network, Backbone) else layer


def forward(module: nn.Module, images: torch.Tensor, layer: str, parts=None) -> tuple[torch.Tensor, list[Step]]:
    """One pass that stops at a layer: what the layer says, and every step on the way to it.

    Parameters
    ----------
    module : torch.nn.Module
        A `quiet_copy`.
    images : torch.Tensor, shape (n, 3, height, width)
    layer : str
        The name of a module.
    parts : sequence of torch.nn.Module, optional
        Whose steps to record; default: those without children.

    Returns
    -------
    output : torch.Tensor, shape (n, channels, height, width) or (n, channels)
    steps : list of Step
    """
    steps, found = [], {}

    def passed(part, taken, output):
        steps.append(Step(part, taken[0] if taken else None, output, _written(output)))

    def reached(part, taken, output):
        found[layer] = output
        raise cutting.Enough(found)

    if parts is None:
        parts = [part for part in module.modules() if next(part.children(), None) is None]
    hooks = [(part.register_forward_hook, passed) for part in parts]
    with cutting.hooked([*hooks, (submodule(module, layer).register_forward_hook, reached)], found), exact():
        module(images)
    return _answer(found, layer), steps


@contextmanager
def listening(module: nn.Module, layers, stop: bool = False):
    """Within, a pass without gradients: a dict with what each of some layers says, as it is when the layer says it.

    Parameters
    ----------
    module : torch.nn.Module
        A `quiet_copy`.
    layers : sequence of str
    stop : bool
        End the block when all of them have answered.

    Raises
    ------
    VisualizeError
        In the pass, for a layer that answers twice.
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
    hooks = [(submodule(module, layer).register_forward_hook, partial(answered, layer)) for layer in wanted]
    with cutting.hooked(hooks, found), torch.no_grad(), exact():
        yield found


def answers(module: nn.Module, images: torch.Tensor, layers) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """One whole pass without gradients: what each of some layers says, and the score of each class, (n, classes).

    Raises
    ------
    VisualizeError
        For a network that gives something else than scores, and for a layer that answers twice or not at all.
    """
    with listening(module, layers) as found:
        scores = module(images)
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:
        raise VisualizeError("The network does not give one score for each class and picture: use one that ends in classes.")
    for layer in layers:
        _answer(found, layer)
    return found, scores


def targets_of(scores: torch.Tensor, targets) -> torch.Tensor:
    """The class that was asked for, of each picture: (n,); the likeliest one where none was.

    Parameters
    ----------
    scores : torch.Tensor, shape (n, classes)
    targets : int or sequence of int, or None
        One for all pictures, or one for each.

    Raises
    ------
    VisualizeError
        For another number of them, and for a class that the network has not.
    """
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


def variant(network: Backbone | nn.Module, module: nn.Module, about: str = "changed"):
    """The same kind of network around another module: a backbone keeps its transform, its card and its classes."""
    if not isinstance(network, Backbone):
        return module
    return replace(network, build=lambda: module, digest=backbones.state_digest(module), source=f"{about} {network.source}")


def _answer(found, layer):
    if layer not in found:
        raise VisualizeError(f"The layer {layer!r} does not run when the network looks at a picture: choose another one.")
    if not isinstance(found[layer], torch.Tensor) or found[layer].ndim not in (2, 4):
        raise VisualizeError(f"The layer {layer!r} gives neither maps (n, c, h, w) nor a vector (n, c): choose another one.")
    return found[layer]


def submodule(module: nn.Module, layer: str) -> nn.Module:
    """A module's part by its name.

    Raises
    ------
    VisualizeError
        Names the layers that are nearest in spelling.
    """
    names = dict(module.named_modules())
    if not layer or layer not in names:
        near = ", ".join(difflib.get_close_matches(layer, names, 4, 0.3) or list(names)[1:5])
        raise VisualizeError(f"The network has no layer {layer!r}: for instance {near}.")
    return names[layer]


def need_once(module: nn.Module, images: torch.Tensor, layer: str) -> torch.Tensor:
    """What a layer says of the first picture; refuse one that answers more than once in a pass, or with the channels last.

    Raises
    ------
    VisualizeError
    """
    with listening(module, [layer]) as found:
        try:
            module(images[:1].detach())
        except RuntimeError as error:
            if not found:  # else what lies above the layer may want pictures of another size
                shape = " × ".join(map(str, images.shape[1:]))
                said = f"The network cannot take pictures of {shape} as far as {layer!r}"
                raise VisualizeError(f"{said}: {reason(error)}.") from error
    need_channels_first(_answer(found, layer), images, layer)
    if images.shape[2] != images.shape[3]:  # where the channels stand, a square picture shows
        side = min(images.shape[2:])
        need_once(module, images[:1, :, :side, :side], layer)
    return found[layer]


def need_channels_first(output: torch.Tensor, images: torch.Tensor, layer: str) -> None:
    """Refuse maps of square pictures that are square only when their channels come last.

    Raises
    ------
    VisualizeError
    """
    shape = tuple(output.shape)
    if images.shape[2] == images.shape[3] and len(shape) == 4 and shape[1] == shape[2] != shape[3]:
        raise VisualizeError(f"The layer {layer!r} gives maps with the channels last, {shape}: choose another one.")
