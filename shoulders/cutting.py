"""A network's layers: name them, read any of them, cut off what lies above, freeze what lies below."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import pandas as pd
import torch
from torch import nn

from shoulders.backbones import Backbone, BackboneError
from shoulders.backbones.headless import NoClasses, NoHead
from shoulders.blocks import blocks, chain  # noqa: F401 (asked for here)

HIDDEN, CLASSES = "hidden", "classes"
"""Two layers that every network has: what goes into its head, and what comes out of it."""


class Enough(Exception):
    """Raised in a hook once every wanted layer has answered: what lies above need not run.

    Parameters
    ----------
    found : object
        What the hooks fill. Where one pass runs inside another, it tells whose end this is.
    """

    def __init__(self, found):
        super().__init__()
        self.found = found


@contextmanager
def hooked(hooks, found=None):
    """Within: these hooks are there, and `Enough` ends the block; afterwards none of them is left, whatever happened.

    Parameters
    ----------
    hooks : iterable of (callable, callable)
        What registers a hook, such as ``layer.register_forward_hook``, and the hook.
    found : object, optional
        What they fill: of others, `Enough` goes on to the pass around this one.
    """
    with ExitStack() as stack:
        for register, hook in hooks:
            stack.enter_context(register(hook))
        try:
            yield
        except Enough as end:
            if end.found is not found:
                raise


def run(module: nn.Module, images: torch.Tensor, layers, head: str, keep: Callable | None = None) -> dict[str, torch.Tensor]:
    """One forward pass that stops at the last wanted layer.

    Parameters
    ----------
    module : torch.nn.Module
    images : torch.Tensor, shape (n, 3, height, width)
    layers : sequence of str
        Module names, `HIDDEN` or `CLASSES`.
    head : str
        The module whose input is `HIDDEN`.
    keep : callable, optional
        Applied to each output at once (an in-place ReLU would change it later); default: keep as it is.

    Returns
    -------
    dict of str to torch.Tensor
    """
    keep = keep or (lambda tensor: tensor)
    found = {}

    def got(layer, part, inputs, output=None):
        found[layer] = keep(inputs[0] if layer == HIDDEN else output)
        if len(found) == len(layers):
            raise Enough(found)

    def hook(layer):
        if layer == HIDDEN:
            return module.get_submodule(head).register_forward_pre_hook, partial(got, layer)
        return module.get_submodule(layer).register_forward_hook, partial(got, layer)

    with hooked((hook(layer) for layer in layers if layer != CLASSES), found):
        scores = module(images)
        if CLASSES in layers:
            found[CLASSES] = keep(scores)
    return found


def trial(module, samples):
    """Every layer in the order in which it answers: (name, module, shape of its output, how often it runs).

    `samples` is what a network takes, as `Transform.blank` gives it.
    """
    seen = {}

    def saw(name, layer, _, output):
        if isinstance(output, torch.Tensor):
            seen[name] = (layer, tuple(output.shape[1:]), seen.get(name, (0, 0, 0))[2] + 1)

    hooks = [(layer.register_forward_hook, partial(saw, name)) for name, layer in module.named_modules() if name]
    training = [layer for layer in module.modules() if layer.training]
    try:
        with hooked(hooks), torch.inference_mode(), suppress(NoClasses):
            module.eval()(samples)
    finally:
        for layer in training:
            layer.training = True
    return seen


def layers(backbone: Backbone) -> pd.DataFrame:
    """The layers in the order in which they answer: kind, output shape (channels, height, width), parameters."""
    seen = trial(backbone.module, backbone.transform.blank())
    rows = [
        {
            "layer": name,
            "kind": type(layer).__name__,
            "output": shape,
            "parameters": sum(p.numel() for p in layer.parameters()),
            "runs": runs,
        }
        for name, (layer, shape, runs) in seen.items()
    ]
    return pd.DataFrame(rows).set_index("layer")


def last_at_each_size(backbone: Backbone) -> list[str]:
    """The last layer at each height and width that the picture has on its way, first layers first."""
    seen = trial(backbone.module, backbone.transform.blank())
    last = {}
    for name, (_, shape, runs) in seen.items():
        inside = {shape[1:] for inner, (_, shape, _) in seen.items() if inner.startswith(f"{name}.")}
        if len(shape) == 3 and shape[1] > 1 and runs == 1 and len(inside) <= 1 and not _channels_last(shape):
            last[shape[1:]] = name
    return list(last.values())


def head_of(backbone: Backbone) -> str:
    """The layer that gives the classes: the card's, or the last one with weights in a trial run."""
    if backbone.card.head:
        return backbone.card.head
    missing = (name for name, layer in backbone.module.named_modules() if isinstance(layer, NoHead))
    return next(missing, None) or _last_with_weights(trial(backbone.module, backbone.transform.blank()), backbone.name)


def _last_with_weights(seen, name):
    leaves = [key for key, (layer, *_) in seen.items() if type(layer).__name__ in ("Linear", "Conv2d", "NormMlpClassifierHead")]
    if not leaves:
        raise BackboneError(f"{name} has no linear or convolutional layer to cut off: name a layer yourself.")
    return leaves[-1]


def _channels_last(shape):
    return len(shape) == 3 and shape[0] == shape[1] != shape[2]


def need_layers(backbone: Backbone, layers) -> None:
    """Refuse layers that the network lacks, or that answer more than once in a pass.

    Raises
    ------
    BackboneError
        Names the layers that are nearest in spelling.
    """
    if layers := [layer for layer in layers if layer not in (HIDDEN, CLASSES)]:
        seen = trial(backbone.module, backbone.transform.blank())
        for layer in layers:
            _need_layer(seen, layer, backbone.name)


def _need_layer(seen, layer, name):
    if layer not in seen:
        near = ", ".join(difflib.get_close_matches(layer, seen, 4, 0.3) or list(seen)[:4])
        raise BackboneError(f"{name} has no layer {layer!r} that answers with one tensor: for instance {near}, hidden, classes.")
    _, shape, runs = seen[layer]
    if _channels_last(shape):
        raise BackboneError(f"{layer!r} of {name} gives maps with the channels last, {shape}: choose hidden or classes.")
    if runs > 1:
        raise BackboneError(f"{layer!r} of {name} runs {runs} times in one pass: choose the block that holds it.")


def pooled(output: torch.Tensor) -> torch.Tensor:
    """One vector a picture, float32: the mean over positions of a map (n, c, h, w), over tokens of (n, t, c)."""
    if output.ndim == 4:
        return output.float().mean((2, 3))
    return output.float().mean(1) if output.ndim == 3 else output.float().clone()


def decapitate(backbone: Backbone, at: str = HIDDEN) -> nn.Module:
    """The network without its head, or cut above any named layer: a module that gives one feature vector a picture.

    What lies above the cut is dropped. The weights are copies: the backbone stays as it is.

    Returns
    -------
    torch.nn.Module
        (n, 3, height, width) to (n, features), float32; `out_features` says how many.
    """
    need_layers(backbone, [at])
    return Headless(copy.deepcopy(backbone.module), at, head_of(backbone), backbone.transform.blank())


class Headless(nn.Module):
    """A network that stops at one layer and gives its mean over positions; what lies above is dropped.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    layer, head : str
        The layer to stop at; the module whose input is `HIDDEN`.
    blank : torch.Tensor
        What the network takes, as `Transform.blank` gives it, for the trial run that finds what is used.
    """

    def __init__(self, network, layer, head, blank):
        super().__init__()
        self.network, self.layer, self.head = network.eval(), layer, head
        whole, _ = _called(network, lambda: network(blank))
        used, features = _called(network, lambda: self(blank))
        self.out_features = features.shape[1]
        above = [name for name, module in network.named_modules() if module in whole - used]
        for name in above + [head] * (layer == HIDDEN):
            drop(network, name, above)

    def forward(self, images):
        return run(self.network, images, [self.layer], self.head, pooled)[self.layer]


class Taught(nn.Sequential):
    """A cut network and its new head, as a training leaves them: scores of `classes`, shape (n, classes), from pictures.

    Attributes
    ----------
    name : str
        Of the network.
    transform : Transform
    classes : tuple of str
    """

    name, transform, classes = "", None, ()


def taught(body: Headless, head: nn.Linear, backbone: Backbone, classes) -> Taught:
    """Body and head in one row; name and transform are the backbone's."""
    network = Taught(body, head)
    network.name, network.transform, network.classes = backbone.name, backbone.transform, tuple(classes)
    return network


def _called(network, go):
    """The modules that run while `go` runs, and what it returns."""
    called, found = set(), None
    hooks = [(module.register_forward_pre_hook, lambda module, _: called.add(module)) for module in network.modules()]
    with hooked(hooks), torch.inference_mode(), suppress(NoClasses):
        found = go()
    return called, found


def drop(network, name, above):
    parent, _, child = name.rpartition(".")
    if parent not in above:  # else it goes with its parent
        setattr(network.get_submodule(parent), child, nn.Identity())


def with_batch_norm(module: nn.Module) -> nn.Module:
    """Put BatchNorm after every convolution, in place; a network with norms of any kind is left as it is.

    Ioffe & Szegedy 2015, arXiv 1502.03167: without it, deep chains such as VGG16 hardly learn from random weights.
    """
    if any("Norm" in type(layer).__name__ for layer in module.modules()):
        return module
    for name, layer in list(module.named_modules()):
        if isinstance(layer, nn.Conv2d):
            parent, _, child = name.rpartition(".")
            setattr(module.get_submodule(parent), child, nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels)))
    return module


def freeze(module: nn.Module) -> nn.Module:
    """No gradients, and BatchNorm in eval mode whatever ``.train()`` says: its running statistics stay as they are too."""
    for layer in module.modules():
        if "BatchNorm" in type(layer).__name__:
            layer.eval()
            layer.train = partial(_stay, layer)
    return module.requires_grad_(False)


def _stay(layer, mode=True):
    return layer
