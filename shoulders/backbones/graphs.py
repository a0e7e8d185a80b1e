"""Write a network as an ONNX graph, layer by layer. onnx is imported when a graph is written, which no help page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

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

    def model(self, name: str, takes: dict[str, tuple], gives: dict[str, tuple]) -> onnx.ModelProto:
        """The whole: inputs and outputs by name, with their shapes. What is called ``pixels`` is uint8, all else float32."""
        from onnx import helper

        ends = [[_value(*end) for end in shapes.items()] for shapes in (takes, gives)]
        drawn = helper.make_graph(self.nodes, name, *ends, list(self.constants.values()))
        return helper.make_model(drawn, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="shoulders")


def _value(name, shape):
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.UINT8 if name == "pixels" else TensorProto.FLOAT, shape)
