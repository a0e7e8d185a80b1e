"""The fastai side of training: a learner for a body and a new head, in the precision that the hardware multiplies."""

import random

import torch
from fastai.callback.core import Callback, CancelValidException
from fastai.callback.schedule import fit_one_cycle  # noqa: F401 (gives Learner its fit_one_cycle)
from fastai.learner import Learner, Recorder
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from fastai.torch_core import set_seed
from torch import nn

from shoulders.support import devices
from shoulders.support.progress import bar


class Diary(Callback):
    """Keeps what fastai's Recorder forgets when `fit` is called again: a row for each epoch."""

    order = Recorder.order + 1

    def __init__(self, curve):
        self.rows, self.curve, self.trained = [], curve, False

    def after_train(self):
        self.trained = True  # get_preds has epochs too, but trains nothing

    def before_validate(self):
        if self.trained and not self.curve:
            raise CancelValidException

    def after_epoch(self):
        if self.trained:
            names = [name for name in self.recorder.metric_names if name not in ("epoch", "time")]
            names = names if self.curve else names[:1]  # the training loss comes first
            self.rows.append({"epoch": len(self.rows) + 1, **dict(zip(names, self.recorder.log[1:]))})
        self.trained = False


class Bar(Callback):
    """Our progress bar in the place of fastai's, whose table cannot be read on a dark page."""

    open = None

    def before_fit(self):
        self.open = bar(self.n_epoch * len(self.dls.train), "Training", "batches")
        self.step = self.open.__enter__()

    def after_batch(self):
        if self.training:
            self.step(1)

    def after_fit(self):
        if self.open:
            self.open.__exit__(None, None, None)
        self.open = None


class BFloat16(Callback):
    """Autocast to bfloat16 on any device; fastai's own callback knows CUDA only."""

    cast = None

    def before_batch(self):
        self.cast = torch.autocast(devices.device(), torch.bfloat16)
        self.cast.__enter__()

    def after_pred(self):
        self.after_cancel_batch()
        self.learn.pred = self.pred.float()

    def after_cancel_batch(self):
        if self.cast:
            self.cast.__exit__(None, None, None)
        self.cast = None


def learner_for(loaders, body: nn.Module, features: int, seed: int, splitter=None, curve: bool = True):
    """A fastai Learner for `body` and a new linear head, and the diary of its epochs.

    Parameters
    ----------
    loaders : fastai DataLoaders
        With `c`, the number of classes.
    body : torch.nn.Module
    features : int
        How many it gives for each picture.
    seed : int
        Of the head's weights, the order of the pictures and the mirroring.
    splitter : callable, optional
        The model's parameters in groups, for discriminative learning rates.
    curve : bool
        Whether the validation pictures are looked at after every epoch.
    """
    set_seed(seed, reproducible=True)
    for loader in loaders.loaders:
        loader.rng = random.Random(seed)  # fastai drew it before the seed was set
    model = nn.Sequential(body, nn.Linear(features, loaders.c)).to(devices.device(), memory_format=torch.channels_last)
    loaders.to(torch.device(devices.device()))
    diary = Diary(curve)
    callbacks = [diary, Bar()] + ([BFloat16()] if devices.precision() == "bf16" else [])
    extra = {"splitter": splitter} if splitter else {}
    learner = Learner(loaders, model, CrossEntropyLossFlat(), metrics=accuracy, train_bn=False, cbs=callbacks, **extra)
    if hasattr(learner, "progress"):
        learner.remove_cb(learner.progress)
    learner.logger = lambda _: None
    return learner, diary
