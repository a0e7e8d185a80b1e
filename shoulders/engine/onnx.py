"""Run a network with ONNX Runtime: on a CPU, sooner than PyTorch where a network is depthwise, and without importing torch.

It takes the networks whose source gives a graph (`shoulders.backbones.efficientnet_lite`), and of them what goes into the
head and what comes out of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np

from shoulders.backbones import Backbone, BackboneError, files
from shoulders.support import devices
from shoulders.support.errors import reason

NAME, BATCH, IN_THREADS = "onnxruntime", 4, True


def serves(backbone: Backbone, layers) -> bool:
    """On a CPU, where the libraries are there, the network has a graph, and nothing from its middle is wanted."""
    whole = backbone.draw is not None and set(layers) <= {"hidden", "classes"}
    return whole and devices.device() == "cpu" and _loads()


@cache
def _loads():
    """What is installed may still not load, for want of a system's library: then the course goes on without."""
    if not (find_spec("onnxruntime") and find_spec("onnx")):
        return False
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except Exception as error:
        warnings.warn(f"ONNX Runtime does not load ({reason(error)}): going on with PyTorch, which is slower.", stacklevel=2)
        return False
    return True


def reader(backbone: Backbone, layers, threads: int = 0) -> Callable[[np.ndarray], dict]:
    """As `shoulders.engine.reader`. Several threads may call what it returns at once."""
    graph, layers = backbone.draw(backbone.transform), list(layers)
    if "classes" in layers and "classes" not in {output.name for output in graph.graph.output}:
        raise BackboneError(files.no_classes(backbone.name, backbone.source))
    asked = session(graph, threads)

    def read(pixels):
        return dict(zip(layers, asked.run(layers, {"pixels": pixels})))

    return read


def session(graph, threads: int = 0):
    """What answers for a graph; 0 threads: as many as there are cores.

    Parameters
    ----------
    graph : onnx.ModelProto
    threads : int
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3  # 3: errors alone
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
