"""The blocks of a network: what ``blocks=2`` of fine-tuning counts, and how its layers follow each other."""

from __future__ import annotations

import re

from torch import nn

FEWEST, NEARLY_ALL = 4, 0.985
"""Blocks of a network, at least; and the share of its parameters from which on the last two would be the whole network."""

CONTAINERS = ("features", "classifier", "blocks", "layers", "stages")
"""Names under which torchvision and timm keep a network's blocks, each a child of its own."""

_NORM = re.compile(r"Norm(Act)?(\dd)?$")  # BatchNorm2d, LayerNorm, timm's BatchNormAct2d


def blocks(network: nn.Module) -> list[list[str]]:
    """The layers with weights, grouped in the order of the network: what `blocks=2` of fine-tuning counts.

    A residual stage or an inverted bottleneck is one block; in a plain chain such as VGG16 a block ends at its pooling. What
    only normalises what a block says belongs to that block. A list of layers is opened; and of a network whose last two blocks
    would be (nearly) all of it the largest ones are, as far as they merely hold blocks; in a plain chain, each layer is one then.
    """
    layers = chain(network)
    found = _grouped(layers)
    return _grouped(layers, apart=True) if _too_few(found, network) else found


def chain(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Names and layers of which `blocks` are made, in the order of the network."""
    layers = list(_walked(network))
    while _too_few(_grouped(layers), network):
        at = max(range(len(layers)), key=lambda i: size(layers[i][1]), default=None)
        if at is None or not _opens(layers[at][1], network):
            break
        layers[at : at + 1] = _walked(layers[at][1], f"{layers[at][0]}.")
    return layers


def size(*layers: nn.Module) -> int:
    """How many parameters some layers have together.

    Examples
    --------
    >>> size(nn.Linear(3, 2), nn.ReLU())  # six weights and two biases
    8
    """
    return sum(parameter.numel() for layer in layers for parameter in layer.parameters())


def _walked(network, prefix=""):
    for name, layer in network.named_children():
        known = name == "encoder" or (type(layer).__name__ == "Sequential" and name in CONTAINERS)
        if known or isinstance(layer, nn.ModuleList):
            yield from _walked(layer, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", layer


def _too_few(groups, network):
    two = size(*(network.get_submodule(name) for group in groups[-2:] for name in group))
    return len(groups) < FEWEST or two > NEARLY_ALL * size(network)


def _opens(layer, network):
    """Whether it merely holds blocks: a sequence of layers, several of one kind, or what holds nearly all of the network."""
    inside = list(layer.children())
    alike = len(inside) > 1 and len(set(map(type, inside))) == 1
    return bool(inside) and (isinstance(layer, nn.Sequential) or alike or 10 * size(layer) > 9 * size(network))


def _is_norm(layer):
    return _NORM.search(type(layer).__name__) is not None


def _grouped(layers, apart=False):
    groups, found = [[]], []
    for name, layer in layers:
        if next(layer.children(), None) is not None:
            groups += [[(name, layer)], []]
        elif size(layer):
            groups += [[]] * (apart and not _is_norm(layer))
            groups[-1] = [*groups[-1], (name, layer)]
        elif "Pool" in type(layer).__name__:
            groups.append([])
    for group in groups:
        names = [name for name, _ in group]
        if found and group and all(_is_norm(layer) for _, layer in group):
            found[-1] += names
        elif size(*(layer for _, layer in group)):
            found.append(names)
    return found
