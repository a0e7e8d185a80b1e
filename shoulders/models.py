"""Keep a fitted head and ask it again: one safetensors file with the head, the backbone's name, the transform and a card."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

import shoulders
from shoulders import backbones, engine, features, heads, places
from shoulders.backbones import Backbone
from shoulders.datasets import PictureSet
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


def save(path, result: Result, backbone: Backbone, held: PictureSet) -> Path:
    """Write the head of a feature extraction. The file appears only when it is whole.

    Parameters
    ----------
    path : path
    result : Result
        It knows its classes, and where the network was cut.
    backbone : Backbone
    held : PictureSet
        Of which only the name is written.

    Raises
    ------
    ModelError
        For a result without a head on features.
    """
    if result.regime != "feature_extraction":
        raise ModelError(f"{path}: only the head of a feature extraction is saved, not {result.regime}.")
    if result.model is None:
        raise ModelError(f"{path}: the head was thrown away: run feature_extraction with keep=True.")
    low, high = result.interval
    card = {
        "made_by": f"shoulders {shoulders.__version__}, {date.today()}",
        "head": result.head, "backbone": backbone.name, "weights_sha256": backbone.digest, "weights_file": backbone.source,
        "layer": result.layer, "transform": asdict(backbone.transform), "classes": list(result.valid.classes),
        "pictures": held.name, "n_train": result.n_train, "n_valid": len(result.valid),
        "accuracy": result.accuracy, "low": low, "high": high, "seed": result.seed,
        "precision": result.precision, "backbone_licence": backbone.card.licence,
        "not_for": "decisions about people; pictures unlike the training pictures: it always names one of its classes",
    }  # fmt: skip
    return _write(path, heads.to_arrays(result.model), card)


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

    if lack := places.lack(path):
        raise ModelError(f"{path} {lack}.")
    try:
        with safe_open(path, "np") as file:
            card = json.loads((file.metadata() or {})["card"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if missing := {"backbone", "weights_sha256", "weights_file", "layer", "classes"} - set(card):
            raise KeyError(*missing)
        head, transform = heads.from_arrays(card["head"], arrays), backbones.transform_from(card["transform"])
        _need_fit(head, len(arrays["mean"]), card)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} is no model file: give one that `shoulders compare … --save FILE` wrote.") from error
    backbone = _backbone(card, weights)
    if backbone.digest != card["weights_sha256"]:
        raise ModelError(
            f"{path} was fitted on other weights of {card['backbone']} (sha256 {card['weights_sha256'][:12]}…, not "
            f"{backbone.digest[:12]}…): give the {'file' if weights is None else 'right file'} with --weights."
        )
    if not heads.calibrated(head):
        warnings.warn(
            f"{path} was saved by an earlier version: its answers stand, but how sure it is of them is no probability. "
            "`shoulders compare … --save FILE` writes one that is.",
            stacklevel=2,
        )
    backbone = replace(backbone, transform=transform)  # the one with which the head was fitted, whatever the catalogue says today
    return Model(head, backbone, card["layer"], tuple(card["classes"]), card)


def _need_fit(head, width, card):
    """The parts belong together: asked about a row of zeros, the head gives one probability for each class."""
    sure = heads.probabilities(head, np.zeros((1, width)))
    if sure.shape != (1, len(set(card["classes"]))) or not np.isfinite(sure).all():
        raise ValueError("the head's numbers are not those of these classes")
    if not all(isinstance(card[name], str) for name in ("backbone", "weights_sha256", "weights_file", "layer")):
        raise TypeError("a name is no text")


def _backbone(card, weights):
    if weights is None and Path(card["weights_file"]).is_file():
        weights = card["weights_file"]
    if weights is None and card["weights_file"].startswith("random weights, seed "):
        return backbones.load(card["backbone"], "random", int(card["weights_file"].rsplit(" ", 1)[1]))
    return backbones.load(card["backbone"], weights)


def answers(model: Model, paths) -> list[dict]:
    """What `each_answer` gives, all of it: for a few pictures."""
    return list(each_answer(model, paths))


def each_answer(model: Model, paths) -> Iterator[dict]:
    """A row for each of any number of files, as they come and in their order; memory holds a few batches.

    Parameters
    ----------
    model : Model
    paths : iterable of path

    Yields
    ------
    dict
        ``file`` with ``class``, ``probability``, ``margin`` (to the second best) and ``probabilities``, or with the
        ``problem`` of one that cannot be read.

    Raises
    ------
    ModelError
        For a head that was fitted on features of another width than the network's: somebody changed the file.
    shoulders.backbones.BackboneError
        For a layer that the network lacks.
    """
    for files, values in features.each(model.backbone, paths, model.layer):
        sure = iter(sure_of(model, values) if len(values) else ())
        for path, problem in files:
            yield {"file": str(path), **({"problem": problem} if problem else _told(model.classes, next(sure)))}


def sure_of(model: Model, values: np.ndarray) -> np.ndarray:
    """How sure the head is of each class, shape (n, classes), from features of shape (n, d).

    Raises
    ------
    ModelError
        For a head that was fitted on features of another width.
    """
    if (fitted := model.head.n_features_in_) != values.shape[1]:
        raise ModelError(
            f"The head asks for {fitted} features, and layer {model.layer!r} of {model.backbone.name} gives {values.shape[1]}: "
            "they do not belong together. Write the model again with `shoulders compare … --save FILE`."
        )
    return heads.probabilities(model.head, values)


def _told(classes, sure):
    named = dict(zip(classes, map(float, sure)))
    second, best = sorted(named.values())[-2:]
    return {"class": max(named, key=named.get), "probability": best, "margin": best - second, "probabilities": named}


def save_features(path, held: PictureSet, backbone: Backbone, layer: str = "hidden") -> dict:
    """Write features and labels of both parts, float32 and int64, with a card; returns the card."""
    arrays = {}
    for name, part in (("train", held.train), ("valid", held.valid)):
        arrays |= {name: features.extract(backbone, part, layer)[layer], f"{name}_labels": part.labels}
    card = {
        "backbone": backbone.name, "weights_sha256": backbone.digest, "layer": layer, "transform": asdict(backbone.transform),
        "classes": list(held.classes), "pictures": held.name, "n_train": len(held.train), "n_valid": len(held.valid),
        "dimensions": arrays["train"].shape[1], "precision": engine.precision(backbone, [layer]),
        "files": {name: [str(p) for p in part.paths] for name, part in (("train", held.train), ("valid", held.valid))},
        "parts": held.parts, "groups": held.groups,
    }  # fmt: skip
    _write(path, arrays, card)
    return card


def _write(path, arrays, card):
    """Whole or not at all."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        with places.whole(path) as part:
            part.touch()
            mode = part.stat().st_mode
            save_file(arrays, part, metadata={"card": json.dumps(card)})
            part.chmod(mode)  # others may read what others may read here: safetensors makes a file of its owner's alone
    except SafetensorError as error:
        raise ModelError(f"{path} cannot be written ({error}): make room there, or choose another place.") from error
    return Path(path)
