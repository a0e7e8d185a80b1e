"""Keep what was learnt and ask it again: one safetensors file with the head, the backbone's name, the transform and a card.

Of a network that was trained (fine-tuned, or from scratch), the file holds all of its tensors too, and needs no other file.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

import shoulders
from shoulders import backbones, engine, features, heads, senses
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet
from shoulders.results import Result
from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.samples import SampleError


class ModelError(CourseError):
    """A model file cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Model:
    """What `save` wrote.

    Attributes
    ----------
    head : sklearn.pipeline.Pipeline
    backbone : Backbone
        What the head stands on. Of a trained network, that network: its module is the result's (`shoulders.cutting.Taught`),
        its classes are the new ones, and `shoulders.visualize` takes it.
    layer : str
    classes : tuple of str
    card : dict
    """

    head: object
    backbone: Backbone
    layer: str
    classes: tuple[str, ...]
    card: dict


def save(path, result: Result, backbone: Backbone, held: SampleSet) -> Path:
    """Write the head of a feature extraction, or a trained network. The file appears only when it is whole.

    Parameters
    ----------
    path : path
    result : Result
        It knows its classes, and where the network was cut.
    backbone : Backbone
    held : SampleSet
        Of which only the name is written.

    Raises
    ------
    ModelError
        For a result that threw its head away, for one of another backbone, and for a trained network whose layout is not the
        one of its name.
    """
    if result.model is None:
        raise ModelError(f"{path}: the head was thrown away: run feature_extraction with keep=True.")
    if result.backbone != backbone.name:
        raise ModelError(f"{path}: the result is of {result.backbone}, not of {backbone.name}: give its own backbone.")
    low, high = result.interval
    card = {
        "regime": result.regime, "head": result.head, "backbone": backbone.name, "weights_sha256": backbone.digest,
        "weights_file": backbone.source, "layer": result.layer, "transform": asdict(backbone.transform),
        "classes": list(result.valid.classes), "pictures": held.name, "n_train": result.n_train, "n_valid": len(result.valid),
        "accuracy": result.accuracy, "low": low, "high": high, "seed": result.seed,
        "precision": result.precision, "backbone_licence": backbone.card.licence,
    }  # fmt: skip
    trained = result.regime != "feature_extraction"
    return _write(path, _tensors(path, result.model, card) if trained else heads.to_arrays(result.model), _told_by(card))


def write_head(path, head, card: dict) -> Path:
    """Write a logistic regression that was fitted elsewhere on a backbone's features, as a model that `load` reads.

    Parameters
    ----------
    path : path
    head : sklearn.pipeline.Pipeline
    card : dict
        ``backbone``, ``weights_sha256``, ``weights_file``, ``layer``, ``transform`` and ``classes``, and what else is known.
    """
    kind = {"regime": "feature_extraction", "head": "logistic_regression"}
    licence = {"backbone_licence": backbones.card(card["backbone"]).licence}
    return _write(path, heads.to_arrays(head), _told_by(kind | card | licence))


def _told_by(card):
    return {
        "made_by": f"shoulders {shoulders.__version__}, {date.today()}", **card,
        "not_for": "decisions about people; pictures unlike the training pictures: it always names one of its classes",
    }  # fmt: skip


def _tensors(path, network, card):
    """All of a trained network, under the names of its backbone's module, and its head. It is put together again on the spot."""
    from shoulders.cutting import Taught

    if not isinstance(network, Taught):
        raise ModelError(f"{path}: this result of {card['regime']} holds no trained network: run the training again.")
    whole = {f"network.{name}": tensor for name, tensor in network[0].network.state_dict().items()}
    whole |= {f"head.{name}": tensor for name, tensor in network[1].state_dict().items()}
    arrays = {name: np.ascontiguousarray(tensor.cpu().numpy()) for name, tensor in whole.items()}
    _trained(path, card, arrays, network.transform).module  # noqa: B018 (else it would be refused when it is asked)
    return arrays


def load(path, weights=None) -> Model:
    """Read what `save` wrote; nothing in the file is executed.

    Parameters
    ----------
    path : path
    weights : path, optional
        The backbone's weights, where they do not lie where they lay. A trained network needs none.

    Raises
    ------
    ModelError, shoulders.backbones.BackboneError
        When the file is none of ours, or the weights are not those with which the head was fitted.
    """
    card, arrays, trained, head, transform = _read(path)
    if trained:
        if weights is not None:
            raise ModelError(f"{path} holds all of its network's weights: leave {weights} out.")
        return Model(head, _trained(path, card, arrays, transform), card["layer"], tuple(card["classes"]), card)
    backbone = backbones.again(card["backbone"], card["weights_file"], weights)
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


def _read(path):
    """What a file holds: its card, its arrays, whether they are a network's, the head and the transform."""
    from safetensors import SafetensorError, safe_open

    if lack := places.lack(path):
        raise ModelError(f"{path} {lack}.")
    try:
        with safe_open(path, "np") as file:
            card = json.loads((file.metadata() or {})["card"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if missing := {"backbone", "weights_sha256", "weights_file", "layer", "classes"} - set(card):
            raise KeyError(*missing)
        trained = card.get("regime", "feature_extraction") != "feature_extraction"
        head, transform = _head(card, arrays, trained), backbones.transform_again(card["backbone"], card["transform"])
        _need_fit(head, head.n_features_in_, card)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} is no model file: give one that `shoulders compare … --save FILE` wrote.") from error
    return card, arrays, trained, head, transform


def _head(card, arrays, trained):
    if trained:
        return heads.from_linear(arrays["head.weight"], arrays["head.bias"])
    return heads.from_arrays(card["head"], arrays)


def _trained(path, card, arrays, transform) -> Backbone:
    """The network of a file, or of what is to be one; its module is built when it is first needed."""
    blank, classes = backbones.blank(card["backbone"]), tuple(card["classes"])
    tensors = {name.removeprefix("network."): array for name, array in arrays.items() if name.startswith("network.")}
    head = {part: arrays[f"head.{part}"] for part in ("weight", "bias")}
    draw = backbones.drawing(blank.card, tensors | {f"{blank.card.head}.{part}": array for part, array in head.items()})
    known = replace(blank.card, classes=classes, head="1", sha256="", others={})

    def build():
        return _put_together(path, blank, card["regime"], tensors, head, transform, classes)

    digest = places.digest(path) if Path(path).is_file() else ""
    return Backbone(known, transform, digest, str(Path(path).resolve()), build, draw)


def _put_together(path, blank, regime, tensors, head, transform, classes):
    import torch

    from shoulders import cutting

    body = cutting.decapitate(blank)
    if regime == "from_scratch_helped":
        cutting.with_batch_norm(body.network)
    last = torch.nn.Linear(*reversed(head["weight"].shape))
    try:
        for module, arrays in ((body.network, tensors), (last, head)):
            module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        raise ModelError(
            f"{path}: the layers of this network are not those of {blank.name}, by which it would be built again: keep its "
            "state_dict() yourself, or train it anew."
        ) from error
    return cutting.taught(body, last, replace(blank, transform=transform), classes).eval()


def _need_fit(head, width, card):
    """The parts belong together: asked about a row of zeros, the head gives one probability for each class."""
    sure = heads.probabilities(head, np.zeros((1, width)))
    if sure.shape != (1, len(set(card["classes"]))) or not np.isfinite(sure).all():
        raise ValueError("the head's numbers are not those of these classes")
    if not all(isinstance(card[name], str) for name in ("backbone", "weights_sha256", "weights_file", "layer")):
        raise TypeError("a name is no text")


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
        ``problem`` of one that cannot be read. A ``note`` where something of the picture had to be assumed.

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
            told = {"problem": problem} if problem else _told(model.classes, next(sure)) | _noted(model.backbone.card.sense, path)
            yield {"file": str(path), **told}


def _noted(sense, path):
    try:
        said = senses.of(sense).assumed(path)
    except SampleError:  # it has gone since it was read
        said = ""
    return {"note": said} if said else {}


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


def save_features(path, held: SampleSet, backbone: Backbone, layer: str = "hidden") -> dict:
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
