"""What a run costs: seconds, floating-point operations, numbers that learn, memory; and what a look would cost, beforehand."""

from __future__ import annotations

import time
import weakref
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from shoulders import backbones, cutting
from shoulders.backbones import Backbone
from shoulders.backbones.headless import NoHead
from shoulders.engine import pytorch
from shoulders.results import Result
from shoulders.support import devices


@dataclass
class Spent:
    """What was spent inside a `meter`.

    Attributes
    ----------
    seconds : float
    gflops : float
        Billions of additions and multiplications of convolutions and matrix products, of torch alone: a stand-in for
        energy that is the same on every machine.
    megabytes : float
        The most that was kept at any one time for the way back through the network (activations).
    """

    seconds: float = 0.0
    gflops: float = 0.0
    megabytes: float = 0.0


@contextmanager
def meter():
    """Count what the code inside spends: ``with meter() as spent: …``; afterwards `Spent` holds it."""
    from shoulders import learning  # noqa: F401 (fastai takes seconds to import, which are on nobody's bill)

    spent, counter, kept, started = Spent(), _counter(), _Kept(), time.perf_counter()
    with counter, torch.autograd.graph.saved_tensors_hooks(kept.pack, kept.unpack):
        yield spent
    spent.seconds = time.perf_counter() - started
    spent.gflops, spent.megabytes = counter.get_total_flops() / 1e9, kept.most / 1e6


def _counter():
    """torch's, but for the way back through a convolution: torch (2.14) takes each of its groups as wide as the whole."""
    return FlopCounterMode(display=False, custom_mapping={torch.ops.aten.convolution_backward: _back})


def _back(said, taken, weights, *rest, out_shape=None, **_):
    """Once for what lies below, once for the weights, as far as each is asked for: either costs what the way there did."""
    *_, transposed, _, _, asked = rest
    return conv_flop_count(taken, weights, said, transposed=transposed) * sum(asked[:2])


class _Kept:
    """Counts the bytes that autograd keeps for the way back: each piece of memory once, and not the weights."""

    def __init__(self):
        self.holders, self.now, self.most = Counter(), 0, 0

    def pack(self, tensor):
        owner = tensor if tensor._base is None else tensor._base  # a linear layer keeps its weights turned on their side
        return tensor if isinstance(owner, torch.nn.Parameter) else _Holder(tensor, self)

    @staticmethod
    def unpack(packed):
        return packed.tensor if isinstance(packed, _Holder) else packed

    def take(self, where, size):
        self.holders[where] += 1
        self.now += size * (self.holders[where] == 1)
        self.most = max(self.most, self.now)

    def let_go(self, where, size):
        self.holders[where] -= 1
        self.now -= size * (self.holders[where] == 0)


class _Holder:
    """A kept tensor; when autograd lets go of it, it is counted out."""

    def __init__(self, tensor, kept):
        memory = tensor.untyped_storage()
        self.tensor, self.kept, self.memory = tensor, kept, (memory.data_ptr(), memory.nbytes())
        kept.take(*self.memory)

    def __del__(self):
        self.kept.let_go(*self.memory)


def bill(result: Result, spent: Spent, backbone: Backbone) -> dict:
    """What a run brought and what it cost, one line of a table.

    Memory counts the network's weights; for every number that learns, its gradient and Adam's two running means; and the
    activations that were kept for the way back. Four bytes a number, but for activations, which are counted as they are.

    Parameters
    ----------
    result : Result
    spent : Spent
        Of a `meter` around all that the run needed.
    backbone : Backbone
    """
    low, high = result.interval
    numbers = sum(parameter.numel() for parameter in backbone.module.parameters()) + 3 * result.trained_parameters
    above_guessing = result.accuracy - 1 / len(result.valid.classes)
    return {
        "regime": result.regime, "accuracy": result.accuracy, "low": low, "high": high, "n_valid": len(result.valid),
        "seconds": spent.seconds, "trained_parameters": result.trained_parameters, "gflops": spent.gflops,
        "megabytes": 4 * numbers / 1e6 + spent.megabytes, "points_per_second": 100 * above_guessing / spent.seconds,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ beforehand


@dataclass(frozen=True)
class Layout:
    """What a network takes to look at one picture, known from its layout alone.

    Attributes
    ----------
    parameters : int
    gmacs : float
        Billions of multiply-accumulates.
    activations : float
        Millions of numbers that its convolutions and linear layers give.
    features : int
        Numbers that go into its head.
    megabytes : float
        Of all maps that are there at one time, at the most, in float32.
    """

    parameters: int
    gmacs: float
    activations: float
    features: int
    megabytes: float

    def memory(self, pictures: int = pytorch.BATCH) -> float:
        """Megabytes to look at so many pictures at once: weights as they are read, the fast pass's copy of them, and the maps."""
        number = {"bf16": 2, "fp32": 4}[devices.precision()]
        return (4 + number) * self.parameters / 1e6 + pictures * self.megabytes * number / 4

    def seconds(self, pictures: int) -> float:
        """An estimate for so many pictures that are decoded already, from `pace`: a rough one.

        Notes
        -----
        How long a network takes goes with the numbers that it gives as well as with its sums: Dollár, Singh, Girshick 2021,
        arXiv 2103.06877.
        """
        return pictures * float(np.dot(pace(), (self.gmacs, self.activations)))


def layout(network: str | Backbone) -> Layout:
    """Run a network without a number in it (torch's meta device) over one picture; no weights are needed.

    Parameters
    ----------
    network : str or Backbone
        A name, or a network whose module is not built yet.

    Raises
    ------
    shoulders.backbones.BackboneError
        For an unknown name.
    """
    network = backbones.blank(network) if isinstance(network, str) else network
    alive, counter, given = _Alive(), FlopCounterMode(display=False), []
    with torch.device("meta"), torch.inference_mode():
        module, head = network.module.eval(), cutting.head_of(network)
        kinds = (layer for layer in module.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear))
        hooks = [(layer.register_forward_hook, lambda _, __, said: given.append(said.numel())) for layer in kinds]
        picture = network.transform.blank()
        with cutting.hooked(hooks), counter, alive:
            asked = [cutting.HIDDEN] + [cutting.CLASSES] * (not isinstance(module.get_submodule(head), NoHead))
            hidden = cutting.run(module, picture, asked, head, lambda said: cutting.pooled(said).shape[1])[cutting.HIDDEN]
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Layout(parameters, counter.get_total_flops() / 2e9, sum(given) / 1e6, hidden, alive.most / 1e6)


class _Alive(TorchDispatchMode):
    """Counts the bytes of what is made inside and not yet let go: each piece of memory once."""

    def __init__(self):
        super().__init__()
        self.known, self.now, self.most = set(), 0, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._take(tensor.untyped_storage())
        return made

    def _take(self, memory):
        if memory._cdata not in self.known:
            self.known.add(memory._cdata)
            self.now += memory.nbytes()
            self.most = max(self.most, self.now)
            weakref.finalize(memory, self._let_go, memory._cdata, memory.nbytes())

    def _let_go(self, where, size):
        self.known.discard(where)
        self.now -= size


DENSE, DEPTHWISE = "resnet18", "mobilenet_v2"
"""Two networks of which one takes its time for sums, the other for what it writes to memory: with random weights, `pace` asks."""


@cache
def pace(patience: float = 0.5) -> tuple[float, float]:
    """Seconds that this machine's PyTorch takes for a GMAC, and for a million activations: measured once, in a second or two.

    Parameters
    ----------
    patience : float
        Seconds for each of two networks; the fastest look counts.
    """
    from scipy.optimize import nnls

    networks = [backbones.load(name, "random") for name in (DENSE, DEPTHWISE)]
    layouts = list(map(layout, (DENSE, DEPTHWISE)))
    taken = np.array([_look(network, patience) for network in networks])
    sums = np.array([[one.gmacs, one.activations] for one in layouts])
    return tuple(map(float, nnls(sums / taken[:, None], np.ones(2))[0]))


def _look(network, patience, pictures=8):
    """Seconds for one picture, of several at once."""
    read = pytorch.reader(network, [cutting.HIDDEN])
    noise = np.random.default_rng(0).integers(0, 256, (pictures, *2 * [network.transform.crop], 3), dtype=np.uint8)
    read(noise)
    taken, end = [], time.perf_counter() + patience
    while len(taken) < 2 or time.perf_counter() < end:
        started = time.perf_counter()
        read(noise)
        taken.append(time.perf_counter() - started)
    return min(taken) / pictures
