"""Fine-tuning in several processes at once, a GPU each: fastai's `distrib_ctx`, by accelerate.

    pip install accelerate
    torchrun --nproc_per_node 2 bench/several_gpus.py DIR|SET [--backbone vgg16_tiny] [--epochs 2]

Without a GPU the processes take the processor and speak by gloo. Every process has its share of the pictures, gradients are
averaged after each batch, and all end with the same weights: each prints their digest, how many batches it saw of how many, and
the accuracy on all validation pictures.
"""

from __future__ import annotations

import json
import os
from typing import Annotated

import numpy as np
import torch
import typer
from fastai.callback.core import Callback
from fastai.distributed import DistributedDL, num_distrib, rank_distrib, setup_distrib, teardown_distrib

from shoulders import backbones, cutting, datasets, learning, views


class Steps(Callback):
    """How many batches a process has learnt from."""

    taken = 0

    def after_step(self):
        self.taken += 1


def main(
    source: Annotated[str, typer.Argument(metavar="DIR|SET")],
    backbone: Annotated[str, typer.Option()] = "vgg16_tiny",
    epochs: Annotated[int, typer.Option()] = 2,
    batch_size: Annotated[int, typer.Option(help="Of each process.")] = 16,
) -> None:
    """Fine-tune all of a network in as many processes as torchrun started."""
    setup_distrib(rank_distrib()) if torch.cuda.is_available() else _on_processors()
    held, network = datasets.load(source), backbones.load(backbone)
    body = cutting.decapitate(network)
    seen = views.seen(network, body, None, held, np.arange(len(held.train)))
    loaders = views.loaders(seen, len(held.classes), batch_size)
    alone = len(loaders.train)
    learner, _ = learning.learner_for(loaders, seen.module, body.out_features, seed=0)
    steps = Steps()
    with learner.distrib_ctx(sync_bn=False):  # BatchNorm keeps its statistics: learning.learner_for says so
        learner.fit_one_cycle(epochs, 2e-3, cbs=steps)
    accuracy = learner.validate()[1]
    digest = backbones.state_digest(learner.model)
    told = {"rank": rank_distrib(), "processes": max(1, num_distrib()), "batches": steps.taken, "alone": epochs * alone}
    print(json.dumps(told | {"weights": digest, "accuracy": accuracy, "n_valid": len(held.valid)}), flush=True)
    teardown_distrib()


def _on_processors():
    """fastai 2.8.12 sends the order of the pictures by way of a GPU, also where there is none."""

    def broadcast(loader, order, sender):
        order = torch.tensor(order)
        torch.distributed.broadcast(order, sender)
        return order.tolist()

    os.environ["ACCELERATE_USE_CPU"], DistributedDL._broadcast = "true", broadcast


if __name__ == "__main__":
    typer.run(main)
