"""The fast pass: which library runs a network here. A file for each, with the same few names.

================  ====================================================================================
``NAME``          of the library: it is part of the key under which features are remembered
``BATCH``         how many pictures at once suit it
``IN_THREADS``    whether threads that each ask about a few pictures are sooner than one that asks about many
``serves``        whether it can run a network up to these layers, on this machine
``reader``        a function from pixels to what the layers say
================  ====================================================================================

Features of two engines agree to 1e-4 of the largest value in float32. An engine's libraries are imported when it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from shoulders.backbones import Backbone
from shoulders.engine import onnx
from shoulders.support import devices


def chosen(backbone: Backbone, layers) -> ModuleType:
    """The engine that runs this network up to these layers: ONNX Runtime where it serves, else PyTorch."""
    if onnx.serves(backbone, layers):
        return onnx
    from shoulders.engine import pytorch

    return pytorch


def name(backbone: Backbone, layers) -> str:
    """The chosen engine's, without importing torch."""
    return onnx.NAME if onnx.serves(backbone, layers) else "torch"


def precision(backbone: Backbone, layers) -> str:
    """``'fp32'``, or ``'bf16'`` where PyTorch runs the network and the hardware multiplies bfloat16."""
    return "fp32" if onnx.serves(backbone, layers) else devices.precision()


def reader(backbone: Backbone, layers, threads: int = 0) -> Callable[[np.ndarray], dict]:
    """A function from pictures to what the layers say of them.

    Parameters
    ----------
    backbone : Backbone
    layers : sequence of str
        ``'hidden'``, ``'classes'``, or names of `shoulders.cutting.layers`. A map is averaged over its positions.
    threads : int
        That one call may use, where the engine can be told; 0 for as many as there are cores.

    Returns
    -------
    callable
        From uint8, shape (n, crop, crop, 3), to a dict of float32 arrays, shape (n, d).

    Raises
    ------
    shoulders.backbones.BackboneError
        For a layer that the network lacks, and for weights that do not fit it.
    """
    return chosen(backbone, layers).reader(backbone, layers, threads)
