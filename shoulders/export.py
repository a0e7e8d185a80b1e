"""A model as one ONNX file, from pixels to probabilities. What runs it needs neither this course nor PyTorch.

The file tells the classes, how a picture is brought to size, and the model's card. This is all that it takes to ask it, for
instance as ``python ask.py model.onnx picture.jpg …``::

    import json
    import sys

    import numpy as np
    import onnxruntime
    from PIL import Image, ImageOps

    file, *pictures = sys.argv[1:]
    session = onnxruntime.InferenceSession(file)
    about = session.get_modelmeta().custom_metadata_map
    classes, transform = json.loads(about["classes"]), json.loads(about["transform"])
    resize, crop, fit = transform["resize"], transform["crop"], transform["fit"]

    for picture in pictures:
        image = ImageOps.exif_transpose(Image.open(picture)).convert("RGB")
        shorter, longer = sorted(image.size)
        up, down = {"crop": (resize, shorter), "pad": (crop, longer), "squeeze": (crop, 0)}[fit]
        size = [max(1, up * side // (down or side)) for side in image.size]
        image = image.resize(size, Image.Resampling[transform["interpolation"].upper()])
        left, top = (round((crop - side) / 2) for side in size)
        square = Image.new("RGB", (crop, crop), tuple(round(255 * value) for value in transform["mean"]))
        square.paste(image, (left, top))
        pixels = np.asarray(square)[None]
        (probabilities,) = session.run(["probabilities"], {"pixels": pixels})
        print(picture, classes[probabilities[0].argmax()], f"{probabilities[0].max():.1%}")

It leaves out what `shoulders.pictures` does for odd files: transparency, more than 8 bits, colour profiles, and JPEGs far larger
than needed, which are decoded smaller.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from shoulders.backbones.graphs import IR, OPSET, Graph
from shoulders.engine import onnx as runtime
from shoulders.models import Model, sure_of
from shoulders.support import places
from shoulders.support.errors import CourseError, reason

if TYPE_CHECKING:
    import onnx

MOST = 1e-3
"""By how much a probability of the file may differ from ours: more is no rounding."""

_ROOM = 2 * 10**9  # bytes: what one ONNX file can hold


class ExportError(CourseError):
    """A model cannot be exported; the message says why."""


def write(path, model: Model) -> float:
    """Write a model as one ONNX file, and check it on the spot. The file appears only when it says what we say.

    Parameters
    ----------
    path : path
    model : Model

    Returns
    -------
    float
        By how much its probabilities differ from ours at most, on eight pictures of noise, in float32.

    Raises
    ------
    ExportError
        For a network of which PyTorch can make no graph, for one that is too large for one file, and for answers that
        differ by more than `MOST` (features: of the largest).
    shoulders.models.ModelError
        For a head that does not fit the network.

    Notes
    -----
    Input ``pixels``: uint8, shape (n, crop, crop, 3), red, green, blue. Output ``probabilities``: float32, shape (n, classes).
    Metadata, as JSON: ``classes``, ``transform``, and ``card``, without the place of the weights on this machine.

    A network without a graph of its own goes through the exporter of PyTorch that traces: the other one needs a package more
    (onnxscript). The file computes in float32; where PyTorch computes in bfloat16 (`shoulders.support.devices.precision`), what
    `shoulders predict` says differs from it by that rounding: by 0.08 at most on 153 photographs of bees and ants (MobileNetV2).
    """
    _need_libraries()
    drawn = model.backbone.draw is not None and model.layer in ("hidden", "classes")
    body, features, said = (_drawn if drawn else _traced)(model.backbone, model.layer)
    pixels = _noise(_side(model.backbone))
    ours = sure_of(model, said(pixels))
    graph = _joined(body, _head(model.head, ours.shape[1]), (features, "features"))
    _tell(graph, model)
    with places.whole(path) as part:
        part.write_bytes(graph.SerializeToString())
        differs = float(abs(_asked(part, pixels) - ours).max())
        if not differs <= MOST:
            raise ExportError(
                f"{path} is not written: a probability differs from our own by {differs:.2g}, which is no rounding. "
                "Choose another network, layer or head."
            )
    return differs


def _need_libraries():
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        what = "onnx and onnxruntime write and check the file, and one of them does not load"
        raise ExportError(f"{what} ({reason(error)}): run `pip install --force-reinstall onnx onnxruntime`.") from error


def _joined(first, second, by):
    """Two graphs as one; what nobody asks for, such as the network's own classes, goes."""
    from onnx import compose

    wanted = [output.name for output in second.graph.output]
    return compose.merge_models(first, second, [by], outputs=wanted, name="model", producer_name="shoulders")


def _tell(graph, model):
    from onnx import helper

    card = {name: value for name, value in model.card.items() if name != "weights_file"}  # a path tells whose machine it was
    told = {"classes": list(model.classes), "transform": asdict(model.backbone.transform), "card": card}
    helper.set_model_props(graph, {name: json.dumps(value) for name, value in told.items()})


def _asked(path, pixels):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = [session.run(["probabilities"], {"pixels": part})[0] for part in (pixels[:1], pixels[1:])]  # any number at once
    return np.concatenate(parts)


def _side(backbone):
    """Of the pictures that a network takes."""
    if not hasattr(backbone.transform, "crop"):
        raise ExportError(
            f"{backbone.name} takes spectra of clips, which no ONNX file makes of a recording: ask it with `shoulders predict`."
        )
    return backbone.transform.crop


def _noise(crop):
    """Eight pictures, from one plain colour to a colour for each pixel: uint8, shape (8, crop, crop, 3)."""
    rng, pictures = np.random.default_rng(0), []
    for side in (1, 3, 12, crop):
        coarse, place = rng.integers(0, 256, (2, side, side, 3), np.uint8), np.arange(crop) * side // crop
        pictures.append(coarse[:, place][:, :, place])
    return np.concatenate(pictures)


# -------------------------------------------------------------------------------------------------------------- the network


def _drawn(backbone, layer) -> tuple[onnx.ModelProto, str, Callable]:
    """From ``pixels`` to a layer, by the graph of the network's source; the layer's name; what says the same of pixels."""
    read = runtime.reader(backbone, [layer])
    return backbone.draw(backbone.transform), layer, lambda pixels: read(pixels)[layer]


def _traced(backbone, layer) -> tuple[onnx.ModelProto, str, Callable]:
    """The same of a network that PyTorch runs, which says it in float32 and on the CPU here."""
    import torch

    from shoulders import cutting

    body, crop = cutting.decapitate(backbone, layer).eval(), backbone.transform.crop  # else the exporter leaves it in training
    _need_room(backbone.name, body)
    front = Graph()
    front.normalised("pixels", backbone.transform, "images")
    front = front.model("front", {"pixels": ("n", crop, crop, 3)}, {"images": ("n", 3, crop, crop)})

    @torch.inference_mode()
    def said(pixels):
        return body(backbone.transform.batch(torch.from_numpy(pixels).permute(0, 3, 1, 2))).numpy()

    graph = _joined(front, _exported(backbone.name, body, crop), ("images", "images"))
    _need_same(backbone.name, graph, said, _noise(crop))
    return graph, "features", said


def _need_same(name, graph, said, pixels):
    """Of the features, too: far from what it knows, a head can be so sure that its probabilities show nothing."""
    (theirs,), ours = runtime.session(graph).run(["features"], {"pixels": pixels}), said(pixels)
    if not (differs := abs(theirs - ours).max()) <= MOST * abs(ours).max():
        raise ExportError(
            f"PyTorch's ONNX graph of {name} says something else than {name} ({differs:.2g} of {abs(ours).max():.2g}): "
            "choose another network or layer."
        )


def _need_room(name, body):
    if (needed := 4 * sum(weight.numel() for weight in body.parameters())) > _ROOM:
        raise ExportError(
            f"{name} has {places.size(needed)} of weights, and one ONNX file holds {places.size(_ROOM)}: choose a smaller one."
        )


def _exported(name, body, crop):
    """PyTorch's export, by tracing, of what goes from ``images`` to ``features``."""
    import onnx
    import torch

    file, ends, free = io.BytesIO(), ("images", "features"), {0: "n"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what tracing may miss: the check sees whether it did
            torch.onnx.export(
                body, (torch.zeros(2, 3, crop, crop),), file, dynamo=False, opset_version=OPSET,
                input_names=ends[:1], output_names=ends[1:], dynamic_axes=dict.fromkeys(ends, free),
            )  # fmt: skip
    except RuntimeError as error:
        raise ExportError(f"PyTorch can make no ONNX graph of {name} ({reason(error)}): choose another network.") from error
    graph = onnx.load_model_from_string(file.getvalue())
    graph.ir_version = IR
    return graph


# ----------------------------------------------------------------------------------------------------------------- the head


def _head(head, classes) -> onnx.ModelProto:
    """From ``features`` to ``probabilities``, step by step as scikit-learn's pipeline goes."""
    graph, signal = Graph(), "features"
    *steps, (_, last) = head.steps
    for name, step in steps:
        signal = _scaled(graph, signal, name, step)
    (_linear if hasattr(last, "coef_") else _voted)(graph, signal, last)
    return graph.model("head", {"features": ("n", head.n_features_in_)}, {"probabilities": ("n", classes)})


def _scaled(graph, signal, name, step):
    """`StandardScaler` or `Normalizer`."""
    if hasattr(step, "norm"):
        return graph.add("LpNormalization", [signal], name, axis=1, p={"l1": 1, "l2": 2}[step.norm])
    signal = graph.add("Sub", [signal, graph.held(f"{name}.mean", step.mean_)], f"{name}.centred")
    return signal if step.scale_ is None else graph.add("Div", [signal, graph.held(f"{name}.scale", step.scale_)], name)


def _linear(graph, signal, last):
    """Softmax of one score for each class. Of two, scikit-learn keeps the second's: the first's is 0, or its mirror for ridge."""
    coef, intercept = np.atleast_2d(last.coef_), np.atleast_1d(last.intercept_)
    if len(coef) == 1:
        first = 0 if hasattr(last, "predict_proba") else -1
        coef, intercept = (np.concatenate([first * numbers, numbers]) for numbers in (coef, intercept))
    sharpness = getattr(last, "sharpness_", 1.0)
    numbers = [graph.held("head.coef", sharpness * coef), graph.held("head.intercept", sharpness * intercept)]
    graph.add("Softmax", [graph.add("Gemm", [signal, *numbers], "head.scores", transB=1)], "probabilities", axis=1)


def _voted(graph, signal, last):
    """The vote of the nearest: those of which 2 v·x - v·v is largest, as |x - v|² = x·x - (2 v·x - v·v)."""
    vectors = np.asarray(last._fit_X, float)
    numbers = [graph.held("head.vectors", 2 * vectors), graph.held("head.lengths", -(vectors**2).sum(1))]
    near = graph.add("Gemm", [signal, *numbers], "head.near", transB=1)
    graph.add("TopK", [near, graph.held("head.neighbours", [last.n_neighbors], np.int64)], "head.nearness", ["head.nearest"])
    labels = graph.held("head.labels", np.eye(len(last.classes_))[last._y])
    votes = graph.add("Gather", [labels, "head.nearest"], "head.votes")  # the nearest first
    votes = graph.add("Mul", [votes, graph.held("head.weights", _weights(last)[:, None])], "head.weighed")
    sharpened = hasattr(last, "sharpness_")
    told = "head.told" if sharpened else "probabilities"
    graph.add("ReduceSum", [votes, graph.held("head.axis", [1], np.int64)], told, keepdims=0)
    if sharpened:
        graph.add("Softmax", [told], "probabilities", axis=1)


def _weights(last):
    """How much each neighbour's vote counts, the nearest first: `shoulders.heads` gives the nearer a little more."""
    alike = np.ones((1, last.n_neighbors))
    weights = last.weights(alike) if callable(last.weights) else alike
    return weights[0] / weights.sum() * (last.n_neighbors * last.sharpness_ if hasattr(last, "sharpness_") else 1)
