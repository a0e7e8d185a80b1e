"""Run a network with PyTorch, tuned: BatchNorm folded, channels last, in the precision that the hardware multiplies.

It takes every network and every layer, on a CPU or a GPU.
"""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from shoulders import cutting
from shoulders.backbones import Backbone
from shoulders.cutting import HIDDEN, Headless, hooked, pooled, run
from shoulders.support import devices

NAME, BATCH, IN_THREADS = "torch", 32, False


def serves(backbone: Backbone, layers) -> bool:
    return True


def reader(backbone: Backbone, layers, threads: int = 0) -> Callable[[np.ndarray], dict]:
    """As `shoulders.engine.reader`; PyTorch takes as many threads as it is set to.

    It holds a copy of the network on the fastest device, channels last, in the precision that the hardware multiplies, with
    BatchNorm folded into the convolutions where that changes nothing (elsewhere it stays, in float32). Where a GPU's memory
    is too small the batch is halved, and a warning says so.
    """
    cutting.need_layers(backbone, layers)
    head = cutting.head_of(backbone)
    network = _fast(_folded(backbone.module, layers, head, backbone.transform.blank()))

    def read(pixels):
        outputs = run(network, _taken(backbone, torch.from_numpy(pixels).permute(0, 3, 1, 2)), layers, head, pooled)
        return {layer: output.cpu().numpy() for layer, output in outputs.items()}

    return _halving(read, lambda first, second: {layer: np.concatenate([first[layer], second[layer]]) for layer in first})


def _folded(module, layers, head, blank):
    """The network with BatchNorm folded into the convolution right before it: a copy in eval mode that says the same.

    Jacob et al. 2018, arXiv 1712.05877, section 3.2. Where something else looks at what lies between the two, the same would
    not be said: so the wanted layers are compared on noise, and where they differ the network comes back as it was.
    """
    if not any(_plain_norm(layer) for layer in module.modules()):
        return module
    network = copy.deepcopy(module).eval().cpu()
    noise = torch.rand(blank.shape, generator=torch.Generator().manual_seed(0))
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
    names = [name for name, _ in cutting.chain(body.network)]
    under = names if at == HIDDEN else names[: names.index(at)]
    if not under:
        return None
    last, keep = (HIDDEN, pooled) if at == HIDDEN else (under[-1], torch.clone)
    network, above = _fast(body.network), nn.Identity() if at == HIDDEN else _sharing(body)

    def read(images):
        return run(network, _taken(backbone, images), [last], body.head, keep)[last].cpu()

    if at != HIDDEN:
        for name in under:
            cutting.drop(above.network, name, under)
    noise = torch.rand(backbone.transform.blank(2).shape, generator=torch.Generator().manual_seed(0))
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
