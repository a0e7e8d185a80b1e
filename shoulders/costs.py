"""What a run costs: seconds, floating-point operations, numbers that learn, and the memory that learning needs."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from shoulders.backbones import Backbone
from shoulders.results import Result


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
