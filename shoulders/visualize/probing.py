"""How much each layer knows: a linear head on every layer, table 7 of Zeiler & Fergus."""

from __future__ import annotations

import pandas as pd

from shoulders import cutting, features, heads
from shoulders.backbones import Backbone
from shoulders.datasets import SampleSet
from shoulders.results import wilson
from shoulders.visualize.machinery import networks


def probes(
    backbone: Backbone,
    held: SampleSet,
    layers=None,
    head: str = "logistic_regression",
    per_class: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """The accuracy of a linear head on what each layer says, frozen.

    Parameters
    ----------
    backbone : Backbone
        Or the model of a training's result.
    held : SampleSet
    layers : str or sequence of str, optional
        Default: the last layer at each size that the picture has on its way, and what goes into the network's own head.
    head : str
        One of `shoulders.heads.HEADS`.
    per_class : int, optional
        Training pictures of each class; all by default.
    seed : int

    Returns
    -------
    pandas.DataFrame
        A row for each layer: `accuracy`, `low`, `high` (95 %, Wilson), `n` validation pictures, `n_train`, `values` a picture.

    Raises
    ------
    shoulders.backbones.BackboneError
        For an unknown layer, or one that cannot be read.
    shoulders.heads.HeadError
        For an unknown head.

    Notes
    -----
    Zeiler & Fergus 2013, section 5.3. A map counts by its mean over places (the paper keeps the places); the head, one of
    `shoulders.heads`, scales the means and chooses its regulariser on the training pictures alone.
    """
    backbone = networks.backbone_of(backbone)
    layers = [layers] if isinstance(layers, str) else list(layers or [*cutting.last_at_each_size(backbone), cutting.HIDDEN])
    train, valid = (features.extract(backbone, part, layers) for part in (held.train, held.valid))
    chosen = held.train.sample(per_class, seed)
    return pd.DataFrame([_row(layer, train, valid, chosen, head, seed) for layer in layers])


def _row(layer, train, valid, chosen, head, seed):
    fitted = heads.fit(head, train[layer][chosen], train.labels[chosen], seed)
    right = int((heads.probabilities(fitted, valid[layer]).argmax(1) == valid.labels).sum())
    low, high = wilson(right, len(valid.labels))
    return {
        "layer": layer, "accuracy": right / len(valid.labels), "low": low, "high": high, "n": len(valid.labels),
        "n_train": len(chosen), "values": valid[layer].shape[1], "head": head,
    }  # fmt: skip
