"""Networks with layers taken out, trained from nothing; and networks put together again after fine-tuning."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from shoulders import backbones, cutting, heads, training
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet
from shoulders.results import Result
from shoulders.visualize.machinery import VisualizeError, locality, walk
from shoulders.visualize.machinery.networks import opened, variant


def retrained(backbone: Backbone, result: Result) -> Backbone:
    """The network after `training.fine_tune` or `training.from_scratch`, whole again: the same layer names, the new classes.

    Parameters
    ----------
    backbone : Backbone
        What was trained.
    result : Result

    Returns
    -------
    Backbone
        For the same maps, before and after.

    Raises
    ------
    VisualizeError
        For a result without a trained network (feature extraction leaves the network as it was), for one of another backbone,
        and for a backbone whose head is no linear layer.
    """
    if not isinstance(backbone, Backbone):
        raise VisualizeError(f"{type(backbone).__name__} is no backbone: give the one that was trained.")
    if not isinstance(result.model, nn.Sequential) or not isinstance(result.model[0], cutting.Headless):
        raise VisualizeError(f"A result of {result.regime} holds no trained network: give one of fine_tune or from_scratch.")
    if result.backbone != backbone.name:
        raise VisualizeError(f"The result is of {result.backbone}, not of {backbone.name}: give the backbone that was trained.")
    head = cutting.head_of(backbone)
    if not isinstance(backbone.module.get_submodule(head), nn.Linear):
        raise VisualizeError(f"The head of {backbone.name}, {head!r}, is not linear: look into result.model instead.")
    module = copy.deepcopy(result.model[0].network)
    module.set_submodule(head, copy.deepcopy(result.model[1]))
    known = variant(backbone, module.float().cpu().eval(), f"{result.regime}, seed {result.seed}, {result.n_train} pictures:")
    return replace(known, card=replace(known.card, classes=tuple(result.valid.classes)))


def with_head(backbone: Backbone, result: Result) -> cutting.Taught:
    """The network and the linear head that `training.feature_extraction` fitted on what it says, in one row: to be looked into.

    Parameters
    ----------
    backbone : Backbone
        What was asked; it stays as it is.
    result : Result
        With its model, of logistic regression.

    Raises
    ------
    VisualizeError
        For a result of another backbone, of another layer than ``'hidden'``, or without a logistic regression.
    """
    if result.backbone != backbone.name or result.layer != "hidden":
        raise VisualizeError(f"The result is of {result.backbone}, layer {result.layer}: give one of {backbone.name}, 'hidden'.")
    if result.head != "logistic_regression" or not hasattr(result.model, "steps"):
        raise VisualizeError(f"A result of {result.regime}, {result.head}, holds no logistic regression: fit one, and keep it.")
    numbers = {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in heads.to_arrays(result.model).items()}
    weight = numbers["coef"] / numbers["scale"]
    bias = numbers["intercept"] - weight @ numbers["mean"]
    if len(weight) == 1:
        weight, bias = torch.cat([0 * weight, weight]), torch.cat([0 * bias, bias])
    head = _OfLengthOne(weight.shape[1], len(weight))
    head.load_state_dict({"weight": weight, "bias": bias})
    return cutting.taught(cutting.decapitate(backbone), head.eval(), backbone, result.valid.classes)


class _OfLengthOne(nn.Linear):
    """A linear layer that brings what it gets to length one first, as our heads do."""

    def forward(self, features):
        return super().forward(nn.functional.normalize(features))


def without(network: Backbone | nn.Module, layers) -> nn.Module:
    """A copy of a chain with some convolutions taken out, their BatchNorm and ReLU too; the next layer fits what now comes.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
        A chain such as VGG or AlexNet.
    layers : sequence of str
        Names of convolutions.

    Returns
    -------
    torch.nn.Module
        Layers that had to change their width have new random weights.

    Raises
    ------
    VisualizeError
        For a network that is no chain, and a name that is no convolution.
    """
    network = network.module if isinstance(network, Backbone) else network
    _need_chain(network)
    network = copy.deepcopy(network)
    for name in layers:
        if not isinstance(walk.submodule(network, name), nn.Conv2d):
            raise VisualizeError(f"{name!r} is a {type(walk.submodule(network, name)).__name__}: name convolutions to take out.")
    names = [name for name, part in network.named_modules() if next(part.children(), None) is None]
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    for name in layers:
        for after in names[names.index(name) + 1 :]:
            if not isinstance(network.get_submodule(after), _BELONGS):
                break
            network.set_submodule(after, nn.Identity())
        network.set_submodule(name, nn.Identity())
    return _fitted(network, names, convolutions[0].in_channels, convolutions[-1].out_channels)


def _need_chain(network):
    """Every convolution stands in one row, and sees all maps of the one before."""
    row = {id(unit) for unit in locality.units(network)}
    odd = [part for part in network.modules() if isinstance(part, nn.Conv2d) and (id(part) not in row or part.groups > 1)]
    if odd:
        raise VisualizeError(f"{type(network).__name__} is more than a chain of layers: take one such as VGG or AlexNet.")


_BELONGS = (nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.Dropout2d, nn.Identity)
"""What goes with the convolution before it."""


def _fitted(network, names, width, was):
    """Give every convolution and the first linear layer the width of what now comes before it.

    `width`: of the pictures. `was`: of the last convolution, before layers were taken out.
    """
    for name in names:
        part = network.get_submodule(name)
        if isinstance(part, nn.Linear):
            if width != was:
                fitting = nn.Linear(part.in_features // was * width, part.out_features, part.bias is not None)
                network.set_submodule(name, fitting)
            break
        if isinstance(part, nn.Conv2d):
            if width != part.in_channels:
                part = nn.Conv2d(
                    width, part.out_channels, part.kernel_size, part.stride, part.padding, part.dilation,
                    bias=part.bias is not None, padding_mode=part.padding_mode,
                )  # fmt: skip
                network.set_submodule(name, part)
            width = part.out_channels
    return network


def ablation(
    backbone: Backbone, held: SampleSet, layers: dict, epochs: int = 10, rate: float = 1e-3, batch_size: int = 32, seed: int = 0
) -> pd.DataFrame:
    """Take layers out, train what is left from nothing on few pictures, and compare.

    Parameters
    ----------
    backbone : Backbone
        A chain; only its layout and transform are used.
    held : SampleSet
    layers : dict of str to sequence of str
        What to call each ablation, and the convolutions that it takes out. The whole network is trained too.
    epochs : int
    rate : float
    batch_size : int
    seed : int
        Of the weights and of the order of the pictures.

    Returns
    -------
    pandas.DataFrame
        `train` and `accuracy` on the validation pictures, `low`, `high` (95 %, Wilson), `n`, `n_train`, `parameters`.

    Raises
    ------
    VisualizeError
        As `without`.

    Notes
    -----
    After table 3 of Zeiler & Fergus 2013, which needs 1.3 million photographs: with a few hundred pictures this is a small
    imitation, and the differences are mostly smaller than their intervals. A network without BatchNorm gets some, or its
    deep chains would not learn at all.
    """
    from fastai.torch_core import no_random

    rows = []
    for name, taken in {"the whole network": (), **layers}.items():
        with no_random(seed):
            network = cutting.with_batch_norm(without(backbones.load(backbone.name, "random", seed).module, taken))
        body = cutting.Headless(network, cutting.HIDDEN, cutting.head_of(backbone), backbone.transform.blank())
        result = training.train(backbone, body, held, seed, epochs, rate, batch_size)
        rows.append({"network": name, **_judged(held, result)})
    return pd.DataFrame(rows)


def _judged(held, result):
    low, high = result.interval
    return {
        "train": _right(held.train, result.model) / len(held.train), "accuracy": result.accuracy,
        "low": low, "high": high, "n": len(held.valid), "n_train": len(held.train), "parameters": result.trained_parameters,
    }  # fmt: skip


@torch.no_grad()
def _right(pictures, model):
    """How many pictures the model names rightly."""
    look = opened(model, shown=pictures)
    guesses = torch.cat([look.module(batch).argmax(1).cpu() for batch in look.batches(32)])
    return int((guesses.numpy() == pictures.labels).sum())
