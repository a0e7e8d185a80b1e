"""What a ReLU does to the signal on its way back to the picture: the one line in which three methods differ."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from shoulders.visualize.machinery import VisualizeError

RULES = {
    "gradient": lambda forward, back: back * (forward > 0),
    "deconvnet": lambda forward, back: back * (back > 0),
    "guided": lambda forward, back: back * (forward > 0) * (back > 0),
}
"""From what went through a ReLU and the signal that comes back to what is passed on.

``'gradient'``: Simonyan, Vedaldi, Zisserman 2013, arXiv 1312.6034. ``'deconvnet'``: Zeiler & Fergus 2013, arXiv 1311.2901.
``'guided'`` backpropagation: Springenberg, Dosovitskiy, Brox, Riedmiller 2014, arXiv 1412.6806.
"""

RECTIFIERS = {nn.ReLU: None, nn.ReLU6: 6.0}
"""The modules that the rules know, and their ceiling."""

UNREACHED = {
    "relu", "relu_", "relu6", "threshold", "threshold_", "clamp", "clamp_", "clamp_min", "clamp_min_", "maximum",
    "minimum", "fmax", "fmin", "where", "abs", "abs_", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_",
    "rrelu_with_noise", "prelu", "_prelu_kernel", "elu", "elu_", "celu", "celu_", "gelu", "silu", "silu_", "mish", "mish_",
    "hardswish", "hardswish_", "softplus", "log_sigmoid_forward", "glu", "hardshrink", "softshrink", "tanh", "tanh_",
}  # fmt: skip
"""Operations that bend the signal. Outside the modules of `RECTIFIERS` no rule reaches them.

A sigmoid is let through, for it gates maps in squeeze-and-excitation: gate, and plain sigmoid too, send back the gradient.
"""


def need_rule(rule: str) -> None:
    """Refuse an unknown name."""
    if rule not in RULES:
        raise VisualizeError(f"No rule is called {rule!r}: choose one of {', '.join(RULES)}.")


class _Rectify(torch.autograd.Function):
    """A ReLU whose way back is one of `RULES`."""

    @staticmethod
    def forward(context, signal, rule, ceiling):
        context.rule, context.ceiling = rule, ceiling
        output = signal.masked_fill(signal <= 0, 0)
        if ceiling is not None:
            output = output.masked_fill(signal >= ceiling, ceiling)
        context.save_for_backward(output)
        return output

    @staticmethod
    def backward(context, back):
        (output,) = context.saved_tensors
        open_ = output if context.ceiling is None else output * (output < context.ceiling)
        return RULES[context.rule](open_, back), None, None


class _Watch(TorchDispatchMode):
    """Refuses what the rule would miss, while the network runs."""

    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        if name in UNREACHED:
            raise VisualizeError(
                f"The network computes {name.strip('_')!r} outside nn.ReLU and nn.ReLU6 modules, where the rule {self.rule!r} "
                "does not reach and would be wrong: use rule='gradient', or a network whose ReLUs are modules."
            )
        return function(*args, **(kwargs or {}))


@contextmanager
def instead(forwards: dict[nn.Module, Callable]):
    """Within: modules do something else with their signal."""
    own = {part: vars(part).get("forward") for part in forwards}
    for part, forward in forwards.items():
        part.forward = forward
    try:
        yield
    finally:
        for part, forward in own.items():
            del part.forward
            if forward is not None:
                part.forward = forward


@contextmanager
def applied(module: nn.Module, rule: str):
    """Within: the ReLU modules of a quiet copy send back by the rule, and an operation that it would miss is refused.

    The gradient needs neither: it is what autograd does anyway, with any network.
    """
    need_rule(rule)
    if rule == "gradient":
        yield
        return
    rectifiers = [part for part in module.modules() if type(part) in RECTIFIERS]
    with instead({part: partial(_rectify, rule, RECTIFIERS[type(part)]) for part in rectifiers}), _Watch(rule):
        yield


def _rectify(rule, ceiling, signal):
    return _Rectify.apply(signal, rule, ceiling)
