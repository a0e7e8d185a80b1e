"""Every score of several giants at one question, from a few pictures of each class."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from shoulders import features, heads
from shoulders.datasets import Samples
from shoulders.transferability.scores import SCORES, leep

if TYPE_CHECKING:
    import pandas as pd

    from shoulders.backbones import Backbone


def foretell(giants: dict[str, Backbone], pictures: Samples, per_class: int | None = 10, seed: int = 0) -> pd.DataFrame:
    """What each score promises of each giant. Only the pictures that are drawn are looked at; nothing is trained.

    Parameters
    ----------
    giants : dict of str to Backbone
    pictures : Samples
        Of the training part.
    per_class : int or None
        Pictures of each class that are drawn; a class with fewer gives all it has. None for all.
    seed : int
        Of the draw.

    Returns
    -------
    pandas.DataFrame
        By giant: a column for each of `shoulders.transferability.SCORES`, ``leep``, and the ``seconds`` that it took here,
        next to none where the giant's look was remembered.

    Raises
    ------
    TransferError, shoulders.datasets.DatasetError
    shoulders.backbones.BackboneError
        For a giant without a head of its own, which `leep` asks.
    """
    import pandas as pd

    drawn = pictures.take(pictures.sample(per_class, seed))
    rows = {name: _timed(giant, drawn) for name, giant in giants.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("giant")


def promises(hidden: np.ndarray, classes: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Every score of one giant, by name.

    Parameters
    ----------
    hidden : numpy.ndarray, shape (n, d)
        What goes into its head.
    classes : numpy.ndarray, shape (n, own classes)
        What comes out of it, before softmax.
    labels : numpy.ndarray of int, shape (n,)

    Raises
    ------
    TransferError
    """
    found = {name: score(hidden, labels) for name, score in SCORES.items()}
    return found | {"leep": leep(heads.softmax(classes.astype(float)), labels)}


def _timed(giant, drawn):
    started = time.perf_counter()
    seen = features.extract(giant, drawn, ["hidden", "classes"])
    return promises(seen["hidden"], seen["classes"], drawn.labels) | {"seconds": time.perf_counter() - started}
