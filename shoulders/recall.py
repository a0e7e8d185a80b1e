"""A training that was done before on this machine, again: read from disk in a second, to the last digit."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable

from shoulders import features
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet
from shoulders.results import Result
from shoulders.support import devices, places
from shoulders.support.errors import CourseError, reason

VERSION = 1
"""Part of every key: raised whenever the code would train something else."""

_KEPT = ("regime", "head", "backbone", "per_class", "seed", "n_train", "seconds", "trained_parameters", "cached", "device",
         "precision", "layer", "history", "parameters")  # fmt: skip


def trained(train: Callable, backbone: Backbone, held: SampleSet, **settings) -> Result:
    """What ``train(backbone, held, **settings)`` gives, from disk where this machine has done it before.

    Parameters
    ----------
    train : callable
        `shoulders.training.fine_tune` or `shoulders.training.from_scratch`.
    backbone : Backbone
    held : SampleSet
    **settings
        Of the training: plain numbers and words.

    Returns
    -------
    Result
        Its seconds are those of the training, whenever that was.

    Raises
    ------
    shoulders.training.TrainingError
    """
    path = places.cache() / "trainings" / f"{_key(train, backbone, held, settings)}.safetensors"
    if path.exists() and (result := _again(path, backbone, held)):
        return result
    result = train(backbone, held, **settings)
    _keep(path, result)
    return result


def _key(train, backbone, held, settings):
    network = [backbone.name, backbone.digest, repr(backbone.transform), devices.device(), devices.precision()]
    pictures = [[part.digests, part.labels.tolist()] for part in (held.train, held.valid)]
    made_by = [VERSION, features.versions(), train.__name__, settings, network, pictures]
    return hashlib.sha256(json.dumps(made_by, sort_keys=True, default=lambda number: number.item()).encode()).hexdigest()[:40]


def _keep(path, result):
    """The file appears only when it is whole; where it cannot be written the result counts all the same."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    network = result.model
    card = {name: getattr(result, name) for name in _KEPT}
    card["learnt"] = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    tensors = {f"network.{name}": tensor.contiguous() for name, tensor in network.state_dict().items()}
    tensors["probabilities"] = torch.from_numpy(result.probabilities)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with places.whole(path) as part:
            save_file(tensors, part, {"card": json.dumps(card)})
    except (OSError, SafetensorError, CourseError) as error:  # a full disk is the second
        warnings.warn(f"This training is not remembered: {reason(error)}.", stacklevel=3)


def _again(path, backbone, held):
    """The result of before; None of a file that does not hold it whole."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            card = json.loads(file.metadata()["card"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        probabilities = tensors.pop("probabilities").numpy()
        network = _network(backbone, held, card["regime"], card.pop("learnt"), tensors)
        history = tuple(card.pop("history"))
        return Result(valid=held.valid, probabilities=probabilities, history=history, model=network, **card)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, RuntimeError):
        return None


def _network(backbone, held, regime, learnt, tensors):
    """The layers as they were trained, with their numbers."""
    import torch
    from torch import nn

    from shoulders import backbones, cutting

    body = cutting.decapitate(backbone if regime == "fine_tuning" else backbones.load(backbone.name, "random"))
    if regime == "from_scratch_helped":
        cutting.with_batch_norm(body.network)
    network = cutting.taught(body, nn.Linear(body.out_features, len(held.train.classes)), backbone, held.train.classes)
    network.load_state_dict({name.removeprefix("network."): tensor for name, tensor in tensors.items()})
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in learnt)
    return network.to(memory_format=torch.channels_last).eval()  # as a training leaves it
