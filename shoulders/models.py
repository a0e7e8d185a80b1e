"""Keep a fitted head and ask it again: one safetensors file with the head, the backbone's name, the transform and a card."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

import shoulders
from shoulders import backbones, features, heads
from shoulders.backbones import Backbone
from shoulders.datasets import Pictures, PictureSet
from shoulders.downloads import digest
from shoulders.errors import CourseError
from shoulders.results import Result


class ModelError(CourseError):
    """A model file cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Model:
    """What `save` wrote.

    Attributes
    ----------
    head : sklearn.pipeline.Pipeline
    backbone : Backbone
    layer : str
    classes : tuple of str
    card : dict
    """

    head: object
    backbone: Backbone
    layer: str
    classes: tuple[str, ...]
    card: dict


def save(path, result: Result, backbone: Backbone, held: PictureSet, layer: str = "hidden") -> Path:
    """Write the head of a feature extraction. The file appears only when it is whole.

    Raises
    ------
    ModelError
        For a result without a head on features.
    """
    import os

    from safetensors.numpy import save_file

    if result.regime != "feature_extraction":
        raise ModelError(f"{path}: only the head of a feature extraction is saved, not {result.regime}.")
    low, high = result.interval
    card = {
        "made_by": f"shoulders {shoulders.__version__}, {date.today()}",
        "head": result.head, "backbone": backbone.name, "weights_sha256": backbone.digest, "weights_file": backbone.source,
        "layer": layer, "transform": asdict(backbone.transform), "classes": list(held.classes), "pictures": held.name,
        "n_train": result.n_train, "n_valid": len(held.valid), "accuracy": result.accuracy, "low": low, "high": high,
        "seed": result.seed, "precision": result.precision, "backbone_licence": backbone.card.licence,
        "not_for": "decisions about people; pictures unlike the training pictures: it always names one of its classes",
    }  # fmt: skip
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    save_file(heads.to_arrays(result.model), part, metadata={"card": json.dumps(card)})
    os.replace(part, path)
    return path


def load(path, weights=None) -> Model:
    """Read what `save` wrote; nothing in the file is executed.

    Parameters
    ----------
    path : path
    weights : path, optional
        The backbone's weights, where they do not lie where they lay.

    Raises
    ------
    ModelError, shoulders.backbones.BackboneError
        When the file is none of ours, or the weights are not those with which the head was fitted.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            card = json.loads((file.metadata() or {})["card"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{path} is no model file: give one that `shoulders compare … --save FILE` wrote.") from error
    backbone = _backbone(card, weights)
    if backbone.digest != card["weights_sha256"]:
        raise ModelError(
            f"{path} was fitted on other weights of {card['backbone']} (sha256 {card['weights_sha256'][:12]}…, not "
            f"{backbone.digest[:12]}…): give the file with --weights."
        )
    return Model(heads.from_arrays(card["head"], arrays), backbone, card["layer"], tuple(card["classes"]), card)


def _backbone(card, weights):
    if weights is None and Path(card["weights_file"]).is_file():
        weights = card["weights_file"]
    if weights is None and card["weights_file"].startswith("random weights, seed "):
        return backbones.load(card["backbone"], "random", int(card["weights_file"].rsplit(" ", 1)[1]))
    return backbones.load(card["backbone"], weights)


def predict(model: Model, paths) -> np.ndarray:
    """How sure the model is of each class for each picture, shape (n, classes).

    Raises
    ------
    shoulders.pictures.PictureError
        For a picture that cannot be read.
    """
    paths = tuple(Path(path) for path in paths)
    for path in paths:
        _need_picture(path)
    held = Pictures(paths, np.zeros(len(paths), int), tuple(digest(path) for path in paths), model.classes)
    return heads.probabilities(model.head, features.extract(model.backbone, held, model.layer, remember=False)[model.layer])


def _need_picture(path):
    from shoulders import pictures

    pictures.read(path)
