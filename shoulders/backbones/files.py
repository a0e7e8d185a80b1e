"""Weights files as training scripts leave them: which of the tensors are a network's, under the network's names.

Taken is what fits: all of a network below its head, under one prefix, whatever wrapped it (`DataParallel`, ``compile``, a
checkpoint's dict, a model that held it). Nothing in a file is executed.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from shoulders.backbones.transform import BackboneError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from shoulders.backbones.card import Card


def state_digest(module: nn.Module) -> str:
    """sha256 of all that a network has learnt, and of the names."""
    state = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        state.update(name.encode() + tensor.cpu().numpy().tobytes())
    return state.hexdigest()


def state(path: Path, network: nn.Module, card: Card, renamed: Callable = dict, twin: str = "") -> dict[str, torch.Tensor]:
    """The tensors of a file that are a network's, under its names, float32; a warning tells what was left out.

    Parameters
    ----------
    path : path
        ``.safetensors``, or what ``torch.load(weights_only=True)`` takes.
    network : torch.nn.Module
        For its names and shapes: it may lie on torch's device ``meta``.
    card : Card
        For the network's name and its head.
    renamed : callable
        From names and tensors to the same under today's names.
    twin : str
        What is to be said of another network with the same tensors.

    Returns
    -------
    dict of str to torch.Tensor
        All of the network below its head. The head's own tensors where the file has such a head, of as many classes as it may
        have; else none of them.

    Raises
    ------
    BackboneError
        For a file that would run code, is damaged, holds something else, or holds more than one such network.
    """
    content = _read(path)
    wanted, head = network.state_dict(), head_of(network, card)
    children = [name for name, _ in network.named_children()]
    places = [place for where, found in _states(content) for place in _places(where, found, wanted, head, renamed, children)]
    if not places:
        raise BackboneError(f"{path} holds no state_dict (names and tensors){_instead(content)}: save `network.state_dict()`.")
    whole = [place for place in places if place.whole]
    place = _plain(whole, card.name, path) if whole else max(places, key=lambda place: place.fitting)
    _need_plain(place, path)
    if not place.whole or place.strange:
        raise BackboneError(f"{path} does not fit {card.name}: {place.misfit()}. {place.advice}.")
    if told := [*_beside(place, content), *_about_head(place), *_about_name(content, card, twin, path)]:
        warnings.warn(f"{path} was taken for {card.name}: {'; '.join(told)}.", stacklevel=4)
    names = [name for name in wanted if name in place.tensors and (place.head_fits or not place.in_head(name))]
    found = {name: _float32(place.tensors[name]) for name in names}
    _need_finite(found, path)
    return found


def _float32(tensor):
    return tensor.float() if tensor.is_floating_point() else tensor


# ---------------------------------------------------------------------------------------------------------------- reading


def _read(path):
    import torch

    try:
        if _is_safetensors(path):
            from safetensors.torch import load_file

            return load_file(path)
        with torch.serialization.safe_globals(_harmless()), open(path, "rb") as file:  # torch goes by the name of a path
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        program = "TorchScript" in str(error) and "it is a program of TorchScript, which is never run here"
        damaged = "it is damaged, or holds code instead of tensors alone, which is never run here"
        what = program or _objects(path) or _text(path) or damaged
        advice = "Save `network.state_dict()` as .safetensors, or get it again"
        raise BackboneError(f"{path} cannot be read as weights: {what}. {advice}.") from error


def _is_safetensors(path):
    """By its beginning, whatever it is called: the length of its table, and the table."""
    with open(path, "rb") as file:
        return file.read(9)[8:] == b"{"


def _text(path):
    """What is said of a file that a person can read: a page of errors, a pointer to a large file, a list of parts."""
    with open(path, "rb") as file:
        start = file.read(60)
    if not start:
        return "it is empty"
    line = start.decode("latin").strip().partition("\n")[0]
    return f"it is a text, which begins with {line[:40]!r}" if line.isascii() and line.isprintable() else ""


def _harmless():
    """Plain data that training scripts put beside the weights: their options with places of files, and numbers of numpy's."""
    import numpy as np

    scalar = np.float64(0).__reduce__()[0]
    numbers = [scalar, np.dtype, *{type(np.dtype(kind)) for kind in "?bhilqBHILQefd"}]
    paths = [(PurePath, f"{module}.{kind}Path") for module in ("pathlib", "pathlib._local") for kind in ("Posix", "Windows")]
    tables = [(lambda *kind: {}, "collections.defaultdict"), list, dict]
    return [argparse.Namespace, *tables, *paths, *numbers]


def _objects(path):
    import torch

    try:
        with torch.serialization.safe_globals(_harmless()):
            found = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # no file of torch's
        return ""
    return f"it holds objects instead of tensors alone ({_few(found)}), whose code is never run here" if found else ""


def _states(content, where=(), depth=4) -> Iterator[tuple[tuple, dict]]:
    """Every dict with names and tensors, and where it lies: a checkpoint holds its network somewhere inside."""
    import torch

    if not isinstance(content, dict) or not depth:
        return
    inside = {name: value for name, value in content.items() if isinstance(name, str)}
    tensors = {name: value for name, value in inside.items() if isinstance(value, torch.Tensor) and not value.is_nested}
    if any("." in name for name in tensors):
        yield where, tensors
    for name, value in inside.items():
        yield from _states(value, (*where, name), depth - 1)


def _instead(content):
    if not isinstance(content, dict):
        return f", but a {type(content).__name__}"
    return f", but {_few(content)}" if content else ""


# ---------------------------------------------------------------------------------------------------------------- choosing


@dataclass(frozen=True)
class _Place:
    """Tensors of a file that lie together, without the prefix of their names, and what they are to a network.

    Attributes
    ----------
    where : tuple of str
        The keys that lead to them in the file.
    prefix : str
    tensors, wanted : dict of str to torch.Tensor
        Of the file; of the network.
    head : str
        How the names of the network's head begin; ``''`` where it has none.
    beside : list of str
        Names without the prefix, in the same dict.
    """

    where: tuple
    prefix: str
    tensors: dict
    wanted: dict
    head: str
    beside: list

    def in_head(self, name):
        return bool(self.head) and name.startswith(f"{self.head}.")

    @property
    def heads(self):
        """The tensors of the file's head, and those of the network's."""
        return [{name: tensor for name, tensor in all_.items() if self.in_head(name)} for all_ in (self.tensors, self.wanted)]

    @property
    def body(self):
        return [name for name in self.wanted if not self.in_head(name) and not name.endswith(_COUNTERS)]

    @property
    def fitting(self):
        return sum(name in self.tensors for name in self.wanted)

    @property
    def whole(self):
        """Whether all of the network below its head is there."""
        return all(name in self.tensors and self.tensors[name].shape == self.wanted[name].shape for name in self.body)

    @property
    def strange(self):
        """Names that are neither the network's nor its head's."""
        return [n for n in self.tensors if n not in self.wanted and not n.endswith(_COUNTERS) and not self.in_head(n)]

    @property
    def head_fits(self):
        """Whether the file has such a head, of any number of classes."""
        theirs, own = self.heads
        alike = theirs.keys() == own.keys() and all(theirs[name].shape[1:] == own[name].shape[1:] for name in own)
        return alike and len({tensor.shape[:1] for tensor in theirs.values()}) <= 1

    @property
    def advice(self):
        """What to do about a misfit: of pictures with more or fewer colours there is no better backbone."""
        changed = [name for name, tensor in self.tensors.items() if name in self.body and tensor.shape != self.wanted[name].shape]
        if len(changed) == 1 and self.tensors[changed[0]].ndim == 4 and not self.strange:
            (_, channels, *their_size), (_, three, *size) = (all_[changed[0]].shape for all_ in (self.tensors, self.wanted))
            if three == 3 and their_size == size:
                plural = "s" * (channels > 1)
                return f"It takes pictures of {channels} channel{plural}, and here they have three: red, green and blue"
        return "Choose the backbone that it was saved from"

    @property
    def called(self):
        return ".".join(filter(None, (*self.where, self.prefix.rstrip(".")))) or "no prefix"

    def misfit(self):
        """What keeps it from being the network, counted."""
        found, wanted = self.tensors, self.wanted
        both = [name for name in wanted if name in found and found[name].shape != wanted[name].shape]
        wrong = [f"{name} is {_shape(found[name])} instead of {_shape(wanted[name])}" for name in both]
        missing = [name for name in wanted if name not in found and not name.endswith(_COUNTERS)]
        groups = {"wrong shapes:": wrong, "missing:": missing, "not in the network:": self.strange}
        return "; ".join(f"{what} {len(names)} ({_few(names)})" for what, names in groups.items() if names)


_COUNTERS = ("num_batches_tracked", "total_ops", "total_params")
"""How names end that hold no weights: BatchNorm's counter, and what thop leaves in a network whose operations it counted."""

_WRAPPED = re.compile(r"(?<![^.])(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
"""What torch puts into the names of a network, or of parts of it, that is compiled, sharded or checkpointed."""

_FOLLOWING = {"ema", "averaged", "average", "swa", "teacher", "momentum", "target"}
"""Words for a second network that follows the first one."""


def _places(where, tensors, wanted, head, renamed, children) -> Iterator[_Place]:
    """The same tensors without each of the prefixes under which a network could be."""
    plain = {_WRAPPED.sub("", name): tensor for name, tensor in tensors.items()}
    tensors = plain if len(plain) == len(tensors) else tensors
    starts = Counter(name[: dot.end()] for name in tensors for dot in re.finditer(r"\.", name))
    for prefix in ["", *(start for start, count in starts.items() if 2 * count >= len(wanted))]:
        inside = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        beside = [name for name in tensors if not name.startswith(prefix)]
        yield _Place(where, prefix, renamed(_numbered(inside, children)), wanted, head, beside)


def _numbered(tensors, children):
    """Under the network's names: `Sequential(*network.children())`, as fastai cuts a body, has numbers in their place."""
    parts, numbers = [name.split(".", 1) for name in tensors], {str(place) for place in range(len(children))}
    if not children or children[0].isdigit() or not all(len(part) == 2 and part[0] in numbers for part in parts):
        return tensors
    return {f"{children[int(number)]}.{rest}": tensor for (number, rest), tensor in zip(parts, tensors.values())}


def head_of(network: nn.Module, card: Card) -> str:
    """How the names of a network's head begin: what holds the head and nothing else that learns belongs to it."""
    wanted, head = network.state_dict(), _last(network, card)
    while parent := head.rpartition(".")[0]:
        if any(name.startswith(f"{parent}.") and not name.startswith(f"{head}.") for name in wanted):
            break
        head = parent
    return head


def _last(network, card):
    """The head itself: the card's, or the last layer that can be one."""
    layers = [name for name, layer in network.named_modules() if type(layer).__name__ in ("Linear", "Conv2d")]
    return card.head or (layers[-1] if layers else "")


def _plain(whole, name, path):
    """The one network that is meant: none that merely follows another; and of several alike one, with its head if it can be."""
    import torch

    own = [place for place in whole if not _follows(place.called)] or whole
    first, *others = sorted(own, key=lambda place: not place.head_fits)
    if all(torch.equal(first.tensors[key], other.tensors[key]) for other in others for key in first.body):
        return first
    places = _few([place.called for place in whole])
    raise BackboneError(
        f"{path} holds {len(whole)} networks that fit {name}, under {places}: save the one that you mean in a file of its own."
    )


def _follows(name):
    return bool(_FOLLOWING & set(re.split(r"[^a-z]+", str(name).lower())))


def _need_plain(place, path):
    kinds = {name: _odd(tensor, place.wanted[name]) for name, tensor in place.tensors.items() if name in place.wanted}
    if odd := {name: kind for name, kind in kinds.items() if kind}:
        what = f"{len(odd)} of its tensors hold {' or '.join(sorted(set(odd.values())))} ({_few(odd)})"
        raise BackboneError(
            f"{path} holds no state_dict of plain weights: {what}. Save the network in float32, float16 or bfloat16."
        )


def _need_finite(tensors, path):
    if endless := [name for name, tensor in tensors.items() if not tensor.isfinite().all()]:
        what = f"{len(endless)} of its tensors hold numbers that are not finite ({_few(endless)})"
        raise BackboneError(f"{path}: {what}: its training went astray, or the file is damaged. Take an earlier one.")


def _odd(tensor, like):
    """What a tensor holds that is no weight as it lies there; ``''`` for one that is."""
    import torch

    if tensor.is_quantized:
        return "quantised numbers"
    kinds = {"complex numbers": tensor.is_complex(), "no numbers": tensor.is_meta}
    kinds["an odd layout"] = tensor.layout != torch.strided
    kinds["whole numbers"] = like.is_floating_point() and not tensor.is_floating_point()
    return next((kind for kind, so in kinds.items() if so), "")


def _beside(place, content):
    """What else the file holds, for the sentence."""
    import torch

    outer = [name for name in content if name != place.where[0]] if place.where else []
    inner = [] if place.where else [name for name, value in content.items() if not isinstance(value, torch.Tensor)]
    left = sorted([*outer, *inner, *place.beside], key=lambda name: not _follows(name))  # another network is told first
    return [f"{place.called} alone, without {_few(left)}"] if left else []


def _about_head(place):
    """What is to be known of a head that is not the network's own."""
    theirs, own = place.heads
    if not own:
        return []
    if not place.head_fits:
        lacks = f"without its head ({_few(theirs)}), which is another one" if theirs else "it has no head"
        return [f"{lacks}, so that there are hidden features and no classes"]
    classes, usual = (len(next(iter(tensors.values()))) for tensors in (theirs, own))
    return [f"with its own head of {classes} classes instead of {usual}, whose names are not known"] if classes != usual else []


def _about_name(content, card, twin, path):
    """What the file calls its network, as training scripts of timm and torchvision write it down, where that is another name."""
    options = content.get("args")
    options = vars(options) if isinstance(options, argparse.Namespace) else options if isinstance(options, dict) else {}
    names = [name for name in (content.get("arch"), options.get("arch"), options.get("model")) if isinstance(name, str)]
    if twin and content.get("arch") == card.name:  # timm's training script writes it
        raise BackboneError(f"{path} says that it is of another network than {card.name} here: {twin}.")
    if twin:
        return [] if f"tf_{card.name}" in names else [twin]
    other = [name for name in names if name.split(".")[0] != card.name.split(".")[0]]
    return [f"the file itself calls it {other[0]}"] if other else []


def _few(names):
    names = list(map(str, names))
    return f"{', '.join(names[:3])}{', …' * (len(names) > 3)}"


def _shape(tensor):
    return "×".join(map(str, tensor.shape))


# ----------------------------------------------------------------------------------------------------------------- filling


def fill(network: nn.Module, found: dict[str, torch.Tensor], card: Card, path) -> nn.Module:
    """The network with these weights, in eval mode; its head as they have it.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    found : dict of str to torch.Tensor
        As `state` gives them.
    card : Card
    path : path
        For what is said where somebody asks for classes that there are not.
    """
    head = head_of(network, card)
    theirs = {name.removeprefix(f"{head}."): tensor for name, tensor in found.items() if name.startswith(f"{head}.")}
    if head and not theirs:
        from shoulders.backbones.headless import NoHead

        network.set_submodule(_last(network, card), NoHead(no_classes(card.name, path)))
    for name, tensor in theirs.items():
        _widen(network.get_submodule(head), name, tensor)
    network.load_state_dict(found, strict=False)
    return network.eval()


def no_classes(name: str, path) -> str:
    """The sentence for who asks for them."""
    return f"{path} holds no head of {name}, so it gives no classes: choose the layer hidden, or give a file with the head."


def outputs(network: nn.Module, card: Card) -> int:
    """How many classes a network's head tells; 0 where it has none."""
    head = network.get_submodule(_last(network, card))
    return len(head.weight) if hasattr(head, "weight") else 0


def _widen(layer, name, tensor):
    """Make room for as many classes as a tensor has."""
    from torch import nn

    *inside, last = name.split(".")
    layer = layer.get_submodule(".".join(inside))
    if len(getattr(layer, last)) != len(tensor):
        setattr(layer, last, nn.Parameter(tensor.clone()))
        for width in ("out_features", "out_channels"):
            if hasattr(layer, width):
                setattr(layer, width, len(tensor))
