"""The three ways to teach a network a question: feature extraction, fine-tuning, from scratch. Each gives a `Result`.

Feature extraction needs no torch once the features are remembered, so torch and fastai are imported where they are used.
"""

from __future__ import annotations

import time
import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from shoulders import backbones, features, heads
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet
from shoulders.results import Result
from shoulders.support import devices
from shoulders.support.errors import CourseError

if TYPE_CHECKING:
    from shoulders.cutting import Headless


class TrainingError(CourseError):
    """A network cannot be trained as asked; the message says what to change."""


def feature_extraction(
    backbone: Backbone,
    held: SampleSet,
    per_class: int | None = None,
    seed: int = 0,
    head: str = "logistic_regression",
    layer: str = "hidden",
    keep: bool = True,
    beside: Backbone | None = None,
) -> Result:
    """Cut off the head, look at every picture once, fit a new head on what the network says.

    Parameters
    ----------
    backbone : Backbone
        Stays as it is.
    held : SampleSet
    per_class : int, optional
        Training pictures of each class; all by default.
    seed : int
        Of the draw, and of the head (`shoulders.heads.fit`).
    head : str
        One of `shoulders.heads.HEADS`.
    layer : str
        Where to cut; see `shoulders.features.extract`.
    keep : bool
        ``False`` throws the head away (``model`` is None): sooner, see `shoulders.heads.answers`.
    beside : Backbone, optional
        A second giant that is asked about the same samples: the head learns on what both say (`shoulders.features.join`).
    """
    started, name = time.perf_counter(), backbone.name if beside is None else f"{backbone.name} and {beside.name}"
    parts = [features.extract(backbone, part, layer) for part in (held.train, held.valid)]
    if beside is not None:
        parts, layer = [features.join(part, features.extract(beside, part.pictures)) for part in parts], "hidden"
    train, valid = parts
    chosen = held.train.sample(per_class, seed)
    fitting = time.perf_counter()
    rows, labels, fitted = train[layer][chosen], train.labels[chosen], None
    if absent := set(range(len(held.train.classes))) - set(labels.tolist()):
        raise heads.HeadError(f"No training {held.word} is of {held.train.classes[min(absent)]}: every class needs one.")
    if keep:
        fitted = heads.fit(head, rows, labels, seed)
        probabilities, learnt = heads.probabilities(fitted, valid[layer]), heads.learnt(fitted)
    else:
        probabilities, learnt = heads.answers(head, rows, labels, valid[layer], seed)
    done = time.perf_counter()
    looked = {name: sum(part.seconds[name] for part in parts) for name in ("decode", "features")}
    return Result(
        "feature_extraction", head, name, per_class, seed, len(chosen), held.valid, probabilities,
        looked | {"train": done - fitting, "total": done - started}, learnt,
        all(part.cached for part in parts), train.device, train.precision, layer, model=fitted,
    )  # fmt: skip


def fine_tune(
    backbone: Backbone,
    held: SampleSet,
    per_class: int | None = None,
    seed: int = 0,
    blocks: int | None = None,
    head_epochs: int = 2,
    epochs: int = 4,
    rate: float = 2e-3,
    batch_size: int = 32,
    discriminative: bool = True,
    curve: bool = True,
) -> Result:
    """First a new head alone, then the head and the last blocks of the network, these at lower learning rates.

    Parameters
    ----------
    backbone : Backbone
        Stays as it is: a copy is trained.
    held : SampleSet
    per_class, seed : int
    blocks : int, optional
        How many of the last blocks learn (`shoulders.cutting.blocks`); two by default, and never more than half of those that
        there are. (Of the parameters it may be more: a network's last blocks are its widest. The result tells.) All below
        stays frozen, byte for byte. BatchNorm keeps its statistics everywhere: those of small batches would spoil what was
        learnt.
    head_epochs, epochs : int
        With the head alone (Kumar et al. 2022, arXiv 2202.10054, say why it should come first); with the blocks.
    rate : float
        Of the head. The lowest block gets a hundredth of it, those between by equal factors more (Howard & Ruder 2018, arXiv
        1801.06146): of two blocks a hundredth and a tenth.
    batch_size : int
        Halved as often as needed when a GPU's memory is too small.
    discriminative : bool
        ``False`` gives the blocks the rate of the head.
    curve : bool
        Look at the validation pictures after every epoch, for ``history``. ``False`` looks once, at the end: sooner. (The
        training pictures then come in another order.)

    Notes
    -----
    What the frozen layers say is computed once for each picture and its mirror image (`shoulders.views`), wherever the
    network is a chain of layers there (`shoulders.engine.pytorch.split`); else every epoch runs the whole network.
    """
    from shoulders import cutting

    body = cutting.decapitate(backbone)
    groups = cutting.blocks(body.network)
    if blocks is not None and blocks < 0:
        raise TrainingError(f"blocks is {blocks}: give 0, for the new head alone, to {len(groups)}, for all of {backbone.name}.")
    groups = groups[max(0, len(groups) - (min(2, len(groups) // 2) if blocks is None else blocks)) :]
    cutting.freeze(body)
    learning = [[body.network.get_submodule(name) for name in group] for group in groups]

    def teach(learner):
        if head_epochs:
            learner.fit_one_cycle(head_epochs, rate)
        for layer in (layer for group in learning for layer in group):
            layer.requires_grad_(True)
        learner.create_opt()  # of the groups as they are now
        learner.fit_one_cycle(epochs, slice(rate / 100, rate) if discriminative else rate)

    def splitter(model):
        groups = [[p for layer in group for p in layer.parameters()] for group in learning]
        return [*groups, list(model[1].parameters())]

    at = groups[0][0] if groups else cutting.HIDDEN
    return _with_fastai("fine_tuning", backbone, body, held, per_class, seed, batch_size, teach, splitter, at, curve=curve)


def from_scratch(
    backbone: Backbone,
    held: SampleSet,
    per_class: int | None = None,
    seed: int = 0,
    epochs: int = 20,
    rate: float = 1e-3,
    batch_size: int = 32,
    helped: bool = False,
    curve: bool = True,
) -> Result:
    """The same layout with random weights, all of it trained: what your pictures alone can teach.

    Parameters
    ----------
    backbone : Backbone
        Only its layout and transform are used.
    held : SampleSet
    per_class, seed : int
        The seed draws the weights too.
    epochs : int
    rate : float
    batch_size : int
    helped : bool
        With what one does today to train from nothing: BatchNorm after every convolution, and pictures that are turned,
        enlarged and lit anew in every epoch (`shoulders.views.varied`).
    curve : bool
        As `fine_tune`'s.
    """
    from shoulders import cutting

    blank = backbones.load(backbone.name, "random", seed)
    body = cutting.decapitate(blank)
    if helped:
        cutting.with_batch_norm(body.network)
    return _with_fastai(
        "from_scratch_helped" if helped else "from_scratch", backbone, body, held, per_class, seed, batch_size,
        lambda learner: learner.fit_one_cycle(epochs, rate), helped=helped, curve=curve,
    )  # fmt: skip


def train(backbone: Backbone, body: Headless, held: SampleSet, seed: int, epochs: int, rate: float, batch_size: int) -> Result:
    """All of a body and a new linear head, as `from_scratch` does it: for a layout of your own.

    Parameters
    ----------
    backbone : Backbone
        For its name and its transform.
    body : shoulders.cutting.Headless
        Learns in place.
    held : SampleSet
    seed, epochs, rate, batch_size
        As `from_scratch`'s; the body's weights are there already.
    """

    def teach(learner):
        learner.fit_one_cycle(epochs, rate)

    return _with_fastai("from_scratch", backbone, body, held, None, seed, batch_size, teach, curve=False)


def _with_fastai(
    regime, backbone, body, held, per_class, seed, batch_size, teach, splitter=None, at=None, helped=False, curve=True
):
    """Train `body` and a new linear head with fastai."""
    from fastai.torch_core import no_random

    from shoulders import cutting, learning, views

    started = time.perf_counter()
    chosen = held.train.sample(per_class, seed)
    seen = views.seen(backbone, body, at, held, chosen)
    looked = time.perf_counter()
    with no_random(seed):  # and afterwards the generators are as they were
        loaders = views.loaders(seen, len(held.train.classes), batch_size, views.varied if helped else None)
        what = seen.module, body.out_features, seed, splitter, curve
        learner, diary = _taught(partial(learning.learner_for, loaders, *what), body, batch_size, teach, loaders)
        trained = time.perf_counter()
        probabilities = _finite(learner.get_preds(dl=loaders.valid)[0].float().cpu().numpy())
    return Result(
        regime, "linear", backbone.name, per_class, seed, len(chosen), held.valid, probabilities,
        seen.seconds | {"train": trained - looked, "total": time.perf_counter() - started},
        sum(p.numel() for p in learner.model.parameters() if p.requires_grad),
        False, devices.device(), devices.precision(), "hidden", tuple(diary.rows),
        cutting.taught(body, learner.model[1], backbone, held.train.classes).cpu().eval(),
        sum(p.numel() for p in (*body.parameters(), *learner.model[1].parameters())),
    )  # fmt: skip


def _finite(probabilities):
    if not np.isfinite(probabilities).all():
        raise TrainingError("The training went astray: what the network says is not finite any more. Take a lower rate.")
    return probabilities


def _taught(new_learner, body, batch_size, teach, loaders):
    """A learner and its diary after the training; when a GPU's memory is too small, again with half the batch."""
    import torch

    from shoulders import views

    blank = {name: value.clone() for name, value in body.state_dict().items()}
    learns = [parameter.requires_grad for parameter in body.parameters()]
    while True:
        learner, diary = new_learner()
        try:
            teach(learner)
            return learner, diary
        except torch.OutOfMemoryError:
            if batch_size == 1:
                raise
        finally:
            learner("after_cancel_batch")  # leaves autocast, however the last batch ended
            learner.bar.after_fit()
        batch_size //= 2
        warnings.warn(f"The GPU's memory is too small: starting again with {batch_size} pictures at once.", stacklevel=4)
        body.load_state_dict(blank)
        for parameter, learnt in zip(body.parameters(), learns):
            parameter.requires_grad_(learnt).grad = None
        views.in_batches_of(loaders, batch_size)
