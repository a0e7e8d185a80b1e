"""Write a network as an ONNX graph, layer by layer. onnx is imported when a graph is written, which no help page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

    from shoulders.backbones.hearing.transform import Heard
    from shoulders.backbones.transform import Transform

OPSET, IR = 17, 9
"""The versions of the operators and of the file that all graphs here have: two are joined only where they agree."""


class Graph:
    """A graph that grows: each method adds something and gives its name."""

    def __init__(self):
        self.nodes, self.constants = [], {}

    def add(self, kind: str, inputs, output: str = "", more=(), **attributes) -> str:
        """A layer, and the name of what comes out first; `more` names what else does."""
        from onnx import helper

        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output, *more], output, **attributes))
        return output

    def held(self, name: str, value, kind=np.float32) -> str:
        """A constant."""
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, kind), name)
        return name

    def normalised(self, pixels: str, transform: Transform, output: str = "") -> str:
        """uint8, shape (n, height, width, 3), to float32, shape (n, 3, height, width), as `Transform.batch` does."""
        mean, std = (self.held(name, 255 * np.array(getattr(transform, name)).reshape(3, 1, 1)) for name in ("mean", "std"))
        signal = self.add("Transpose", [self.add("Cast", [pixels], to=1)], perm=[0, 3, 1, 2])  # 1: float32
        return self.add("Div", [self.add("Sub", [signal, mean]), std], output)

    def stretches(self, answers: str, clips: str, transform: Heard, stride: float, first: float, output: str = "") -> str:
        """What `shoulders.backbones.hearing.stretches.Stretches` does, for any number of frames.

        Parameters
        ----------
        answers : str
            (n, channels, answers, 1).
        clips : str
            (n, frames, bands, 1): for the number of frames.
        transform : Heard
        stride, first : float
            Frames from one answer to the next; the middle of the first, from the beginning of the first frame.
        """
        place, said = self._count(answers, 2), self._count(clips, 1)
        said = self.add("Sub", [said, self.held("context", 2 * transform.around)])
        numbers = self.add("Range", [self.held("none", 0), place, self.held("one", 1)])
        steps = self.add("Mul", [numbers, self.held("stride", stride)])
        middle = self.add("Add", [steps, self.held("first", first - transform.around)])
        parts = np.arange(transform.stretches + 1)[:, None] / transform.stretches
        edges = [self.add("Mul", [said, self.held(f"part{side}", parts[side : side + transform.stretches])]) for side in (0, 1)]
        half = self.held("half", stride / 2)
        begin = self.add("Max", [self.add("Sub", [middle, half]), edges[0]])
        inside = self.add("Relu", [self.add("Sub", [self.add("Min", [self.add("Add", [middle, half]), edges[1]]), begin])])
        share = self.add("Div", [inside, self.add("ReduceSum", [inside, self.held("along", [1], np.int64)], keepdims=1)])
        answers = self.add("Squeeze", [self.add("Transpose", [answers], perm=[0, 2, 1, 3]), self.held("bands", [3], np.int64)])
        return self.add("Flatten", [self.add("MatMul", [share, answers])], output, axis=1)

    def _count(self, signal, axis):
        """How long an axis is, as a float32."""
        shape = self.add("Shape", [signal], start=axis, end=axis + 1)
        return self.add("Squeeze", [self.add("Cast", [shape], to=1)])  # 1: float32

    def model(self, name: str, takes: dict[str, tuple], gives: dict[str, tuple], heard: bool = False) -> onnx.ModelProto:
        """The whole: inputs and outputs by name, with their shapes. ``pixels`` are uint8, but of clips; all else is float32."""
        from onnx import helper

        ends = [[_value(*end, heard) for end in shapes.items()] for shapes in (takes, gives)]
        drawn = helper.make_graph(self.nodes, name, *ends, list(self.constants.values()))
        return helper.make_model(drawn, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="shoulders")


def _value(name, shape, heard):
    from onnx import TensorProto, helper

    kind = TensorProto.UINT8 if name == "pixels" and not heard else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, shape)
