"""A network's layers: name them, read any of them, cut off what lies above, freeze what lies below."""

from __future__ import annotations

import copy
import difflib
import re
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from shoulders import devices
from shoulders.backbones import Backbone, BackboneError

HIDDEN, CLASSES = "hidden", "classes"
"""Two layers that every network has: what goes into its head, and what comes out of it."""


class Enough(Exception):
    """Raised in a hook once every wanted layer has answered: what lies above need not run. `hooked` catches it."""


@contextmanager
def hooked(hooks):
    """Within: these hooks are there, and `Enough` ends the block; afterwards none of them is left, whatever happened.

    Parameters
    ----------
    hooks : iterable of (callable, callable)
        What registers a hook, such as ``layer.register_forward_hook``, and the hook.
    """
    with suppress(Enough), ExitStack() as stack:
        for register, hook in hooks:
            stack.enter_context(register(hook))
        yield


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
            raise Enough

    def hook(layer):
        if layer == HIDDEN:
            return module.get_submodule(head).register_forward_pre_hook, partial(got, layer)
        return module.get_submodule(layer).register_forward_hook, partial(got, layer)

    with hooked(hook(layer) for layer in layers if layer != CLASSES):
        scores = module(images)
        if CLASSES in layers:
            found[CLASSES] = keep(scores)
    return found


def _trial(module, crop):
    """Every layer in the order in which it answers: (name, module, shape of its output, how often it runs)."""
    seen = {}

    def saw(name, layer, _, output):
        if isinstance(output, torch.Tensor):
            seen[name] = (layer, tuple(output.shape[1:]), seen.get(name, (0, 0, 0))[2] + 1)

    hooks = [(layer.register_forward_hook, partial(saw, name)) for name, layer in module.named_modules() if name]
    training = [layer for layer in module.modules() if layer.training]
    try:
        with hooked(hooks), torch.inference_mode():
            module.eval()(torch.zeros(1, 3, crop, crop))
    finally:
        for layer in training:
            layer.training = True
    return seen


def layers(backbone: Backbone) -> pd.DataFrame:
    """The layers in the order in which they answer: kind, output shape (channels, height, width), parameters."""
    seen = _trial(backbone.module, backbone.transform.crop)
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
    seen = _trial(backbone.module, backbone.transform.crop)
    last = {}
    for name, (_, shape, runs) in seen.items():
        inside = {shape[1:] for inner, (_, shape, _) in seen.items() if inner.startswith(f"{name}.")}
        if len(shape) == 3 and shape[1] > 1 and runs == 1 and len(inside) <= 1 and not _channels_last(shape):
            last[shape[1:]] = name
    return list(last.values())


def head_of(backbone: Backbone) -> str:
    """The layer that gives the classes: the card's, or the last one with weights in a trial run."""
    return backbone.card.head or _last_with_weights(_trial(backbone.module, backbone.transform.crop), backbone.name)


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
        seen = _trial(backbone.module, backbone.transform.crop)
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


def reader(backbone: Backbone, layers) -> Callable[[torch.Tensor], dict]:
    """A function from pictures (uint8, (n, 3, crop, crop)) to pooled outputs (float32 arrays, (n, d)) of every layer.

    It holds a copy of the network on the fastest device, channels last, in the precision that the hardware multiplies, with
    BatchNorm folded into the convolutions where that changes nothing (elsewhere it stays, in float32). Where a GPU's memory
    is too small the batch is halved, and a warning says so.
    """
    head = head_of(backbone)
    network = _fast(_folded(backbone.module, layers, head, backbone.transform.crop))

    def read(images):
        outputs = run(network, _taken(backbone, images), layers, head, pooled)
        return {layer: output.cpu().numpy() for layer, output in outputs.items()}

    return _halving(read, lambda first, second: {layer: np.concatenate([first[layer], second[layer]]) for layer in first})


def _folded(module, layers, head, crop):
    """The network with BatchNorm folded into the convolution right before it: a copy in eval mode that says the same.

    Jacob et al. 2018, arXiv 1712.05877, section 3.2. Where something else looks at what lies between the two, the same would
    not be said: so the wanted layers are compared on noise, and where they differ the network comes back as it was.
    """
    if not any(_plain_norm(layer) for layer in module.modules()):
        return module
    network = copy.deepcopy(module).eval().cpu()
    noise = torch.rand(1, 3, crop, crop, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before = run(network, noise, layers, head, torch.clone)
    for conv, norm in _neighbours(network, noise):
        if conv not in layers:
            network.set_submodule(conv, fuse_conv_bn_eval(network.get_submodule(conv), network.get_submodule(norm)))
            network.set_submodule(norm, nn.Identity())
    with torch.inference_mode():
        after = run(network, noise, layers, head, torch.clone)
    close = (torch.allclose(after[x], before[x], rtol=1e-3, atol=1e-4 * float(before[x].abs().max())) for x in before)
    return network if all(close) else module


def _plain_norm(layer):
    return type(layer) is nn.BatchNorm2d and layer.running_mean is not None


def _neighbours(network, images):
    """Names of (convolution, BatchNorm that takes its very output), where each of them runs once."""
    said, taken, hooks = [], [], []
    for name, layer in network.named_modules():
        if type(layer) is nn.Conv2d:
            hooks.append((layer.register_forward_hook, lambda _, __, output, name=name: said.append((name, output))))
        elif _plain_norm(layer):
            hooks.append((layer.register_forward_pre_hook, lambda _, inputs, name=name: taken.append((name, inputs[0]))))
    with hooked(hooks), torch.inference_mode():
        network(images)
    runs = Counter(name for name, _ in said + taken)
    pairs = ((conv, norm) for conv, output in said for norm, seen in taken if seen is output)
    return [(conv, norm) for conv, norm in pairs if runs[conv] == runs[norm] == 1]


def _fast(module):
    """A copy on the fastest device, in the precision that the hardware multiplies."""
    network = copy.deepcopy(module).eval().to(devices.device(), _dtype(), memory_format=torch.channels_last)
    for layer in network.modules():
        if "BatchNorm" in type(layer).__name__:
            layer.float()
    return network


def _dtype():
    return {"bf16": torch.bfloat16, "fp32": torch.float32}[devices.precision()]


def _taken(backbone, images):
    return backbone.transform.batch(images.to(devices.device())).to(_dtype())


def _halving(read, join):
    """`read`, with half of the pictures at once where memory is too small for all."""

    @torch.inference_mode()
    def careful(images):
        try:
            return read(images)
        except torch.OutOfMemoryError:
            if len(images) == 1:
                raise
        half = len(images) // 2
        warnings.warn(f"The GPU's memory is too small for {len(images)} pictures at once: going on with {half}.", stacklevel=2)
        return join(careful(images[:half]), careful(images[half:]))

    return careful


def decapitate(backbone: Backbone, at: str = HIDDEN) -> nn.Module:
    """The network without its head, or cut above any named layer: a module that gives one feature vector a picture.

    What lies above the cut is dropped. The weights are copies: the backbone stays as it is.

    Returns
    -------
    torch.nn.Module
        (n, 3, height, width) to (n, features), float32; `out_features` says how many.
    """
    need_layers(backbone, [at])
    return Headless(copy.deepcopy(backbone.module), at, head_of(backbone), backbone.transform.crop)


class Headless(nn.Module):
    """A network that stops at one layer and gives its mean over positions; what lies above is dropped.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    layer, head : str
        The layer to stop at; the module whose input is `HIDDEN`.
    crop : int
        Side of the pictures in pixels, for the trial run that finds what is used.
    """

    def __init__(self, network, layer, head, crop):
        super().__init__()
        self.network, self.layer, self.head = network.eval(), layer, head
        images = torch.zeros(1, 3, crop, crop)
        whole, _ = _called(network, lambda: network(images))
        used, features = _called(network, lambda: self(images))
        self.out_features = features.shape[1]
        above = [name for name, module in network.named_modules() if module in whole - used]
        for name in above + [head] * (layer == HIDDEN):
            _drop(network, name, above)

    def forward(self, images):
        return run(self.network, images, [self.layer], self.head, pooled)[self.layer]


def _called(network, go):
    """The modules that run while `go` runs, and what it returns."""
    called = set()
    hooks = [(module.register_forward_pre_hook, lambda module, _: called.add(module)) for module in network.modules()]
    with hooked(hooks), torch.inference_mode():
        return called, go()


def _drop(network, name, above):
    parent, _, child = name.rpartition(".")
    if parent not in above:  # else it goes with its parent
        setattr(network.get_submodule(parent), child, nn.Identity())


_NORM = re.compile(r"Norm(Act)?(\dd)?$")  # BatchNorm2d, LayerNorm, timm's BatchNormAct2d


def blocks(network: nn.Module) -> list[list[str]]:
    """The layers with weights, grouped in the order of the network: what `blocks=2` of fine-tuning counts.

    A residual stage or an inverted bottleneck is one block; in a plain chain such as VGG16 a block ends at its pooling. What
    only normalises what a block says belongs to that block.
    """
    groups = [[]]
    for name, layer in _chain(network):
        if next(layer.children(), None) is not None:
            groups += [[name], []]
        elif next(layer.parameters(), None) is not None:
            groups[-1].append(name)
        elif "Pool" in type(layer).__name__:
            groups.append([])
    found = []
    for group in groups:
        layers = [network.get_submodule(name) for name in group]
        if found and group and all(_NORM.search(type(layer).__name__) for layer in layers):
            found[-1] += group
        elif any(True for layer in layers for _ in layer.parameters()):
            found.append(group)
    return found


CONTAINERS = ("features", "classifier", "blocks", "layers", "stages")
"""Names under which torchvision and timm keep a network's blocks, each a child of its own."""


def _chain(network, prefix=""):
    for name, layer in network.named_children():
        if name == "encoder" or (type(layer).__name__ == "Sequential" and name in CONTAINERS):
            yield from _chain(layer, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", layer


def split(backbone: Backbone, body: Headless, at: str = HIDDEN) -> tuple[Callable, nn.Module] | None:
    """Part a body in two before the layer `at`: what stays the same in a training, and what learns.

    Parameters
    ----------
    backbone : Backbone
        For its transform.
    body : Headless
    at : str
        Of `blocks`; `HIDDEN` where nothing but a head is to learn.

    Returns
    -------
    below : callable
        From uint8 pictures, shape (n, 3, crop, crop), to what goes into `at`, on the CPU, in the precision of `reader`.
    above : torch.nn.Module
        From there to features. Its weights *are* those of `body`: what one learns, the other has learnt.
    ``None`` where nothing lies below, or where the network is more than a chain there: tried with a picture of noise.
    """
    names = [name for name, _ in _chain(body.network)]
    under = names if at == HIDDEN else names[: names.index(at)]
    if not under:
        return None
    last, keep = (HIDDEN, pooled) if at == HIDDEN else (under[-1], torch.clone)
    network, above = _fast(body.network), nn.Identity() if at == HIDDEN else _sharing(body)

    def read(images):
        return run(network, _taken(backbone, images), [last], body.head, keep)[last].cpu()

    if at != HIDDEN:
        for name in under:
            _drop(above.network, name, under)
    noise = torch.rand(2, 3, backbone.transform.crop, backbone.transform.crop, generator=torch.Generator().manual_seed(0))
    try:
        with torch.inference_mode():
            between = run(body.network, noise, [last], body.head, keep)[last]
            whole = body(noise)
            same = torch.allclose(above(between), whole, rtol=1e-3, atol=1e-4 * float(whole.abs().max()))
    except Exception:  # a forward that does more than to pass things on may fail in any way
        same = False
    return (_halving(read, lambda first, second: torch.cat([first, second])), above) if same else None


def _sharing(module):
    """A copy of the structure alone: its parameters and buffers are the same objects."""
    return copy.deepcopy(module, {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())})


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
