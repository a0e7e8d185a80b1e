"""A network opened to be looked into: what is asked of it again and again is found here, once.

Everything is done to a quiet copy that shares the weights. The network that was given keeps its hooks, mode, gradients and
in-place layers whatever happens, because nobody touches them.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from shoulders import backbones, cutting, features
from shoulders.backbones import Backbone, Transform
from shoulders.datasets import Samples
from shoulders.support import devices
from shoulders.support.samples import stream
from shoulders.visualize.machinery import VisualizeError


@dataclass(frozen=True)
class Opened:
    """A network to look into, the layers that are looked at, and the pictures that it is shown.

    Attributes
    ----------
    module : torch.nn.Module
        A quiet copy.
    layers : tuple of str
        As the module calls them.
    name : str
    classes : tuple of str
        Empty for a plain module, whose classes nobody has named.
    transform : Transform or None
        How it takes its pictures; None for a plain module.
    shown : object
        The pictures, as they were given.
    """

    module: nn.Module
    layers: tuple[str, ...]
    name: str
    classes: tuple[str, ...]
    transform: Transform | None
    shown: object = None

    @property
    def layer(self) -> str:
        """The layer, where it is one."""
        return self.layers[0]

    def at(self, shown) -> Opened:
        """The same network in front of other pictures."""
        return replace(self, shown=shown)

    @cached_property
    def images(self) -> torch.Tensor:
        """The pictures as the network takes them: (n, 3, height, width), float32, on the fastest device."""
        if is_ready(self.shown):
            return several(self.shown).to(devices.device(), torch.float32)
        return self.need_transform().batch(self.pictures.to(devices.device()))

    @cached_property
    def pictures(self) -> torch.Tensor:
        """The pictures as a person sees them, cropped as the network sees them: uint8, (n, 3, height, width).

        A float tensor is turned back with the transform; of a plain module it is stretched to 0..255.
        """
        images = several(self.shown)
        if isinstance(images, torch.Tensor):
            return _visible(images.cpu(), self.transform) if images.is_floating_point() else images.cpu()
        if not len(images):
            raise VisualizeError("There is no picture to look at: give at least one.")
        if isinstance(images, Samples):
            images = [stream(*file) for file in zip(images.paths, images.digests)]
        return torch.stack([self.need_transform().picture(image) for image in images])

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """`images`, a few at a time; a `Samples` is decoded ahead by threads, and never held whole."""
        if isinstance(self.shown, Samples):
            for decoded_ahead in features.batches(self.need_transform(), self.shown, False, size, {"decode": 0.0}):
                yield self.at(torch.from_numpy(decoded_ahead).permute(0, 3, 1, 2)).images
        else:
            for start in range(0, len(self.shown), size):
                yield self.at(self.shown[start : start + size]).images

    def need_transform(self) -> Transform:
        """The transform; refuses a plain module, which has none."""
        if self.transform:
            return self.transform
        raise VisualizeError(
            f"{self.name} is a plain module and has no transform for pictures: give a Backbone, or a float tensor "
            "(n, 3, height, width) that is normalised already."
        )

    def called(self, targets) -> tuple[str, ...]:
        """The names of some classes."""
        return tuple(self.classes[target] if self.classes else f"class {target}" for target in targets)


def opened(network: Backbone | nn.Module, layers: str | Sequence[str] = (), shown=None) -> Opened:
    """The entrance: what stands below takes what is found here, tensors and steps, and asks no network again.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
        Or what a training made of a backbone (`shoulders.cutting.Taught`).
    layers : str or sequence of str
        Names of modules. ``'classes'`` of a backbone is its head; of what a training made the new head, and ``'hidden'`` the
        cut network.
    shown : Samples, path, PIL.Image, a sequence of these, or tensor of shape (n, 3, height, width)
        A float tensor is taken as it is: normalised already. uint8 is normalised by the backbone's transform.

    Raises
    ------
    VisualizeError
        For what is no network, and for one that holds computed tensors, which torch does not copy.
    """
    names = [layers] if isinstance(layers, str) else layers
    module = quiet_copy(network)
    about = (network.classes, network.transform) if _is_known(network) else ((), None)
    return Opened(module, tuple(_layer_of(network, layer) for layer in names), name_of(network), *about, shown)


def quiet_copy(network: Backbone | nn.Module) -> nn.Module:
    """The network again, on the fastest device, in eval mode, in float32, without in-place layers; on a CPU its weights
    are the same memory, without gradients."""
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
    """The torch module of a backbone, or the module itself."""
    if isinstance(network, Backbone | nn.Module):
        return network.module if isinstance(network, Backbone) else network
    raise VisualizeError(
        f"A {type(network).__name__} is no network: give a Backbone or a module of torch; of a model that was loaded its "
        "backbone, of the result of a training its model."
    )


def name_of(network: Backbone | nn.Module) -> str:
    """A backbone's name, also of what a training made of it; or the name of a module's class."""
    return network.name if _is_known(network) else type(network).__name__


def _is_known(network):
    """Whether it knows its name, its classes and its transform: a backbone does, and the model of a training's result."""
    return isinstance(network, Backbone | cutting.Taught) and network.transform is not None


def _layer_of(network, layer):
    if isinstance(module_of(network), cutting.Taught):
        return {cutting.HIDDEN: "0", cutting.CLASSES: "1"}.get(layer, layer)
    return cutting.head_of(network) if layer == cutting.CLASSES and isinstance(network, Backbone) else layer


def backbone_of(network: Backbone | nn.Module) -> Backbone:
    """A backbone, or what a training made of one as a backbone: for whom features are to be extracted."""
    if isinstance(network, Backbone):
        return network
    transform, module = opened(network).need_transform(), module_of(network)
    card = backbones.Card(network.name, "ours", transform, head="1", classes=network.classes)
    return Backbone(card, transform, backbones.state_digest(module), "a training", lambda: module)


def variant(network: Backbone | nn.Module, module: nn.Module, about: str = "changed"):
    """The same kind of network around another module: a backbone keeps its transform, its card and its classes."""
    if not isinstance(network, Backbone):
        return module
    return replace(network, build=lambda: module, digest=backbones.state_digest(module), source=f"{about} {network.source}")


# ------------------------------------------------------------------------------------------------------------ pictures


def is_ready(images) -> bool:
    """Whether these are numbers as the network takes them, and not pictures."""
    return isinstance(images, torch.Tensor) and images.is_floating_point()


def several(images):
    """One picture as a sequence of one; several as they are."""
    if isinstance(images, torch.Tensor):
        if images.ndim not in (3, 4) or not images.numel():
            raise VisualizeError(f"A tensor of shape {tuple(images.shape)} holds no pictures: give (n, channels, height, width).")
        return images if images.ndim == 4 else images[None]
    return [images] if isinstance(images, str | Path | Image.Image | io.BytesIO) else images


def statistics(transform: Transform) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the training pictures' colours, each (3, 1, 1)."""
    return tuple(torch.tensor(values).view(3, 1, 1) for values in (transform.mean, transform.std))


def _visible(images, transform):
    if transform:
        mean, std = statistics(transform)
        values = images * std + mean
    else:
        low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
        values = (images - low) / (high - low).clamp(min=1e-12)
    return (255 * values).round().clamp(0, 255).byte()


def taken(images, indices) -> object:
    """Some of the pictures, by position, in whatever form they are."""
    if isinstance(images, Samples):
        return images.take(indices)
    if isinstance(images, torch.Tensor):
        return images[torch.as_tensor(np.asarray(indices), dtype=torch.long)]
    return [images[i] for i in indices]
