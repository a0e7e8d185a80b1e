"""Run a backbone once over pictures and remember what comes out.

What is remembered is keyed by everything that made it: the digest of the weights, the layer, the transform, the digest of
every picture, the precision. Change any of them and the key changes, so nothing stale can be read.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import struct
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path

import numpy as np

from shoulders import devices, places
from shoulders.backbones import Backbone
from shoulders.datasets import Pictures
from shoulders.errors import CourseError
from shoulders.pictures import stream
from shoulders.places import locked, size
from shoulders.progress import track

VERSION = 3
"""Part of every key: raised whenever this code would compute something else."""


BATCH = 32
"""Pictures that go through the network together, unless you say otherwise."""


class FeatureError(CourseError):
    """Features cannot be kept; the message says what is missing."""


@dataclass(frozen=True)
class Features:
    """What a backbone says about some pictures.

    Attributes
    ----------
    values : dict of str to numpy.ndarray, shape (n, d), float32
        For each layer; row i belongs to picture i.
    pictures : Pictures
    cached : bool
        Whether all of it was remembered from an earlier run.
    seconds : dict of str to float
        ``decode`` (summed over threads), ``features`` (the whole pass as the clock on the wall saw it).
    device, precision : str
    """

    values: dict[str, np.ndarray]
    pictures: Pictures
    cached: bool
    seconds: dict[str, float] = field(compare=False)
    device: str
    precision: str

    def __getitem__(self, layer) -> np.ndarray:
        return self.values[layer]

    @property
    def labels(self):
        return self.pictures.labels


def extract(
    backbone: Backbone,
    pictures: Pictures,
    layers: str | Sequence[str] = "hidden",
    flip: bool = False,
    batch_size: int = BATCH,
    remember: bool = True,
) -> Features:
    """One pass of the backbone over the pictures; nothing at all where it was done before.

    Parameters
    ----------
    backbone : Backbone
    pictures : Pictures
    layers : str or sequence of str
        ``'hidden'`` (what goes into the head), ``'classes'`` (the head's outputs before softmax), or names of
        `shoulders.cutting.layers`. A map is averaged over its positions.
    flip : bool
        Look at each picture in a mirror, left and right exchanged.
    batch_size : int
        Halved as often as needed when a GPU's memory is too small.
    remember : bool
        ``False`` neither reads nor writes the cache.

    Returns
    -------
    Features

    Raises
    ------
    shoulders.backbones.BackboneError
        For a layer that the network lacks.
    FeatureError
        When the disk is full, for no picture, and for a `batch_size` below 1.
    shoulders.pictures.PictureError
        For a picture that has gone or changed since it was checked.

    Notes
    -----
    BatchNorm is folded into the convolution before it, which changes what a layer says by rounding alone. On a CPU the
    network runs channels-last, and in bfloat16 exactly where the processor multiplies it in hardware
    (`shoulders.devices.precision`). Pictures are decoded ahead by threads while the network computes. Memory holds a few
    batches, whatever the number of pictures: rows go to a memory-mapped file, and come from it as they are used.
    """
    if not len(pictures):
        raise FeatureError("There is no picture to look at: load a set that has some.")
    if batch_size < 1:
        raise FeatureError(f"batch_size is {batch_size}: one picture at a time is the least.")
    layers = [layers] if isinstance(layers, str) else list(layers)
    folder = places.cache() / "features" if remember else None
    precision, started, clock = devices.precision(), time.perf_counter(), {"decode": 0.0}
    files = {layer: _key(backbone, pictures, layer, flip, precision) for layer in layers}
    values = {layer: _recall(folder, key) for layer, key in files.items()} if folder else {}
    missing = {layer: key for layer, key in files.items() if values.get(layer) is None}
    if missing:
        lock = _key(backbone, pictures, "", flip, precision)
        values |= _compute(folder, lock, missing, partial(_fill, backbone, pictures, flip, batch_size, clock))
    seconds = {"decode": clock["decode"], "features": time.perf_counter() - started}
    return Features({layer: values[layer] for layer in layers}, pictures, not missing, seconds, devices.device(), precision)


def look(backbone: Backbone, sources, layers: str | Sequence[str] = "hidden") -> dict[str, np.ndarray]:
    """What a backbone says about a few pictures, at once and without remembering it.

    Parameters
    ----------
    backbone : Backbone
    sources : sequence of path, file object or PIL.Image
    layers : str or sequence of str
        As in `extract`.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n, d), float32

    Raises
    ------
    shoulders.pictures.PictureError, shoulders.backbones.BackboneError
    """
    import torch

    from shoulders import cutting

    layers = [layers] if isinstance(layers, str) else list(layers)
    cutting.need_layers(backbone, layers)
    read, sources = cutting.reader(backbone, layers), list(sources)
    starts = range(0, len(sources), BATCH)
    parts = [read(torch.stack([backbone.transform.picture(source) for source in sources[i : i + BATCH]])) for i in starts]
    return {layer: np.concatenate([part[layer] for part in parts]) for layer in layers}


# ----------------------------------------------------------------------------------------------------------- the cache


def _key(backbone, pictures, layer, flip, precision):
    network = [backbone.name, backbone.digest, backbone.card.head, layer, repr(backbone.transform)]
    made_by = [VERSION, versions(), network, flip, devices.device(), precision, pictures.digests]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:40]


@cache
def versions() -> dict[str, str | None]:
    """The versions of the libraries that compute: part of every key. Asked of the installation, so nothing is imported."""
    names = ("torch", "torchvision", "timm", "pillow", "fastai", "scikit-learn")
    return {name: _version(name) for name in names}


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _recall(folder, key):
    """The rows, read from disk as they are used, or None. A file that is not whole is computed again."""
    path = folder / f"{key}.safetensors"
    try:
        with open(path, "rb") as file:
            start = 8 + struct.unpack("<Q", file.read(8))[0]
            about = json.loads(file.read(start - 8))["features"]
        rows = np.memmap(path, np.float32, "r", start, tuple(about["shape"]))
        return rows if path.stat().st_size == start + rows.nbytes else None
    except (OSError, ValueError, KeyError, TypeError, struct.error, OverflowError, MemoryError):
        return None


class _Rows:
    """A safetensors file of one float32 matrix, filled row by row through a memory map, in place only when it is full."""

    def __init__(self, path: Path, shape):
        self.path, self.part = path, path.with_name(f".{path.name}.{os.getpid()}.part")
        _remove_dead(path)
        span = 4 * int(np.prod(shape))
        header = json.dumps({"features": {"dtype": "F32", "shape": list(shape), "data_offsets": [0, span]}}).encode()
        header += b" " * (-len(header) % 8)
        try:
            with open(self.part, "wb") as file:
                file.write(struct.pack("<Q", len(header)) + header)
                reserve(file, 8 + len(header) + span)
        except OSError as error:
            self.part.unlink(missing_ok=True)
            room = f"make room in {path.parent}, or set SHOULDERS_CACHE to a folder on a larger disk"
            raise FeatureError(f"{size(span)} of features do not fit on the disk: {room}.") from error
        self.values = np.memmap(self.part, np.float32, "r+", 8 + len(header), shape)

    def close(self, complete):
        self.values.flush()
        del self.values  # Windows renames no file that is mapped
        try:
            if complete:
                os.replace(self.part, self.path)
        finally:
            self.part.unlink(missing_ok=True)


def reserve(file, length: int) -> None:
    """Take the room on the disk now: writing to a memory map on a full disk would kill the process without a word.

    Raises
    ------
    OSError
    """
    file.truncate(length)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, length)


def _remove_dead(path):
    for part in path.parent.glob(f".{path.name}.*.part"):  # of a process that was killed: the lock is ours
        part.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------------------ the pass


def _compute(folder, lock, files, fill):
    """Fill what is missing, under a lock: of two processes that want the same, the second waits and reads.

    The lock is of the network and the pictures, whatever the layers: no two processes ever write one file.
    """
    if folder is None:
        return {layer: rows.values for layer, rows in fill(files, lambda layer, shape: _InMemory(shape)).items()}
    with locked(folder / lock):
        missing = {layer: key for layer, key in files.items() if _recall(folder, key) is None}
        if missing:
            fill(missing, lambda layer, shape: _Rows(folder / f"{files[layer]}.safetensors", shape))
        return {layer: _recall(folder, key) for layer, key in files.items()}


class _InMemory:
    """The same as `_Rows` where nothing is to be remembered."""

    def __init__(self, shape):
        self.values = np.zeros(shape, np.float32)

    def close(self, complete):
        pass


def _fill(backbone, pictures, flip, batch_size, clock, layers, place):
    """Place every layer's rows, batch by batch."""
    from shoulders import cutting

    cutting.need_layers(backbone, layers)
    reader = cutting.reader(backbone, layers)
    rows, done, complete = {}, 0, False
    try:
        ahead = batches(backbone.transform, pictures, flip, batch_size, clock)
        for images in track(ahead, len(pictures), "Looking", size=len):
            for layer, values in reader(images).items():
                if layer not in rows:
                    rows[layer] = place(layer, (len(pictures), values.shape[1]))
                rows[layer].values[done : done + len(values)] = values
            done += len(images)
        complete = done == len(pictures)
    finally:
        for row in rows.values():
            row.close(complete)
    return rows


def batches(transform, pictures, flip, batch_size, clock):
    """uint8 tensors of shape (≤ batch_size, 3, crop, crop), decoded two batches ahead by threads."""
    import torch

    def decode(path, digest):
        started = time.perf_counter()
        image = transform.picture(stream(path, digest))
        return image, time.perf_counter() - started

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ahead, files = deque(), zip(pictures.paths, pictures.digests)
        for file in islice(files, 2 * batch_size):
            ahead.append(pool.submit(decode, *file))
        while ahead:
            images = []
            while ahead and len(images) < batch_size:
                image, seconds = ahead.popleft().result()
                clock["decode"] += seconds
                images.append(image)
                if (file := next(files, None)) is not None:
                    ahead.append(pool.submit(decode, *file))
            batch = torch.stack(images)
            yield batch.flip(-1) if flip else batch
