"""EfficientNet-Lite, layer by layer, as an ONNX graph: what `shoulders.engine` runs without torch.

Tan & Le 2019, arXiv 1905.11946: inverted bottlenecks (widen with a 1 × 1 convolution, look around with a depthwise one, narrow
again). *Lite* leaves out squeeze-and-excite, and has ReLU6 everywhere. The names of the weights are those of timm's
``tf_efficientnet_lite0`` and its sisters.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from shoulders.backbones.graphs import Graph
from shoulders.backbones.transform import BackboneError, Transform

if TYPE_CHECKING:
    import onnx

_STRIDES = (1, 2, 2, 2, 1, 2, 1)  # of the first block of each of the seven stages
_BLOCKS = (1, 2, 2, 3, 3, 4, 1)  # in each stage of the smallest; the larger ones are deeper, but for the first and the last
_DEPTH = {"efficientnet_lite0": 1.0, "efficientnet_lite1": 1.1, "efficientnet_lite2": 1.2}
_EPSILON = 1e-3  # of BatchNorm: TensorFlow's

_PARTS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_WIDENED = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
_WIDENED |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
_PLAIN = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def renamed(name: str, weights: dict) -> dict:
    """The weights of the ``efficientnet_pytorch`` family under timm's names; those that have timm's names stay as they are.

    Parameters
    ----------
    name : str
        ``'efficientnet_lite0'``, ``'efficientnet_lite1'`` or ``'efficientnet_lite2'``.
    weights : dict of str to array or tensor
    """
    if "_conv_stem.weight" not in weights:
        return weights
    last = len(_BLOCKS) - 1
    counts = [n if stage in (0, last) else math.ceil(n * _DEPTH[name]) for stage, n in enumerate(_BLOCKS)]
    blocks = [f"blocks.{stage}.{block}" for stage, count in enumerate(counts) for block in range(count)]
    return {_todays(key, weights, blocks): value for key, value in weights.items()}


def _todays(key, weights, blocks):
    """One name; what is not known stays as it is, and will not fit."""
    if not (inside := re.fullmatch(r"(_blocks\.(\d+))\.(\w+)\.(\w+)", key)):
        part, _, rest = key.partition(".")
        return f"{_PARTS.get(part, part)}.{rest}"
    block, number, part, rest = inside.groups()
    parts = _WIDENED if f"{block}._expand_conv.weight" in weights else _PLAIN
    return f"{blocks[int(number)]}.{parts.get(part, part)}.{rest}" if int(number) < len(blocks) else key


def graph(weights: dict[str, np.ndarray], transform: Transform) -> onnx.ModelProto:
    """The network as an ONNX graph, from pixels to answers.

    Parameters
    ----------
    weights : dict of str to numpy.ndarray
        Under timm's names.
    transform : Transform
        Its mean and spread are the graph's first step; resizing and cropping come before.

    Returns
    -------
    onnx.ModelProto
        Input ``pixels``: uint8, shape (n, crop, crop, 3). Outputs ``hidden``: float32, shape (n, 1280), and ``classes``:
        float32, shape (n, 1000), before softmax; of weights without a head ``hidden`` alone.

    Raises
    ------
    BackboneError
        Where a weight is missing.

    Notes
    -----
    TensorFlow's padding, ``SAME_UPPER``: where a stride leaves an odd pixel over, it goes to the right and below.
    """
    layers = Graph()
    try:
        signal = _convolved(layers, weights, layers.normalised("pixels", transform), "conv_stem", "bn1", stride=2)
        for block in sorted({match[1] for match in map(_IN_BLOCK.match, weights) if match}, key=_numbers):
            signal = _block(layers, weights, signal, block)
        signal = _convolved(layers, weights, signal, "conv_head", "bn2")
    except KeyError as error:
        raise BackboneError(f"These are no weights of an EfficientNet-Lite: {error} is missing.") from error
    signal = layers.add("Flatten", [layers.add("GlobalAveragePool", [signal])], "hidden")
    says = {"hidden": ("n", len(weights["conv_head.weight"]))}
    if "classifier.weight" in weights:
        head = [layers.held(f"classifier.{part}", weights[f"classifier.{part}"]) for part in ("weight", "bias")]
        layers.add("Gemm", [signal, *head], "classes", transB=1)
        says["classes"] = ("n", len(weights["classifier.weight"]))
    return layers.model("EfficientNet-Lite", {"pixels": ("n", transform.crop, transform.crop, 3)}, says)


_IN_BLOCK = re.compile(r"(blocks\.\d+\.\d+)\.")


def _numbers(block):
    return [int(number) for number in block.split(".")[1:]]


def _block(layers, weights, signal, name):
    """One inverted bottleneck; what went in is added to what comes out where the two have the same shape."""
    stage, number = _numbers(name)
    widens = f"{name}.conv_pwl.weight" in weights
    add = partial(_convolved, layers, weights)
    out = add(signal, f"{name}.conv_pw", f"{name}.bn1") if widens else signal
    stride = 1 if number else _STRIDES[stage]
    out = add(out, f"{name}.conv_dw", f"{name}.bn{1 + widens}", stride, depthwise=True)
    out = add(out, f"{name}.conv_pwl" if widens else f"{name}.conv_pw", f"{name}.bn{2 + widens}", relu6=False)
    return layers.add("Add", [out, signal]) if number else out


def _convolved(layers, weights, signal, conv, norm, stride=1, depthwise=False, relu6=True):
    """A convolution, BatchNorm and ReLU6."""
    weight = layers.held(f"{conv}.weight", weights[f"{conv}.weight"])
    group = len(weights[weight]) if depthwise else 1
    signal = layers.add("Conv", [signal, weight], conv, auto_pad="SAME_UPPER", strides=[stride, stride], group=group)
    parts = [f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    numbers = [layers.held(part, weights[part]) for part in parts]
    signal = layers.add("BatchNormalization", [signal, *numbers], norm, epsilon=_EPSILON)
    return layers.add("Clip", [signal, layers.held("zero", 0), layers.held("six", 6)]) if relu6 else signal
