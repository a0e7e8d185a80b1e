"""What a training looks at again and again, made once: decoded pictures, or what the frozen layers say about them.

Below the first layer that learns nothing changes from epoch to epoch. So what comes out there is computed once for each
picture and once for its mirror image, and the epochs run the layers above alone.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from torch import nn

from shoulders import cutting
from shoulders.backbones import Backbone, Transform
from shoulders.datasets import Samples, SampleSet
from shoulders.engine import pytorch
from shoulders.support import devices, places
from shoulders.support.errors import CourseError
from shoulders.support.places import size
from shoulders.support.progress import track
from shoulders.support.samples import stream

LEAST = 128
"""Pictures in an epoch. A smaller set is repeated: else two pictures would make a handful of steps."""

_KEPT, _AT_MOST = OrderedDict(), 8


class Rows:
    """A row for each picture of a part, made when it is first asked for, and kept in a file without a name.

    Parameters
    ----------
    count : int
    ready : callable
        From positions, shape (k,), and which of them are mirrored, shape (k,), to what goes into the network.
    """

    def __init__(self, count: int, ready: Callable):
        self.made, self.ready, self.rows = np.zeros(count, bool), ready, None

    def fill(self, make: Callable, positions: np.ndarray, words: str) -> Rows:
        """Make the rows that are missing, with a bar that says `words`.

        `make`, from positions, shape (k,), to a tensor of k rows, is not kept: it may hold a network.
        """
        missing = np.unique(positions[~self.made[positions]])
        parts = np.split(missing, range(pytorch.BATCH, len(missing), pytorch.BATCH)) if len(missing) else []
        for part in track(parts, len(missing), words, size=len):
            values = make(part)
            if self.rows is None:
                self.rows = _on_disk((len(self.made), *values.shape[1:]), values.dtype)
            self.rows[part] = values
            self.made[part] = True
        return self


def _on_disk(shape, dtype):
    """Memory need not hold all the rows; the room on the disk is taken now."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it goes with the memory map)
    length = int(np.prod(shape)) * dtype.itemsize
    try:
        places.reserve(file, length)
    except OSError as error:
        where = f"make room in {tempfile.gettempdir()}, or set TMPDIR to a folder on a larger disk"
        raise CourseError(f"{size(length)} of decoded pictures do not fit on the disk: {where}.") from error
    return torch.from_numpy(np.memmap(file, np.uint8, "r+", shape=length)).view(dtype).view(shape)


def decoded(pictures: Samples, transform: Transform, positions: np.ndarray) -> Rows:
    """The pictures at these positions as the network takes them, uint8, shape (n, 3, crop, crop)."""

    def decode(position):
        return transform.picture(stream(pictures.paths[position], pictures.digests[position]))

    def make(positions):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return torch.stack(list(pool.map(decode, positions)))

    def ready(positions, mirrored):
        images = rows.rows[positions].to(devices.device())
        return torch.where(mirrored.to(images.device)[:, None, None, None], images.flip(-1), images)

    rows = _kept((pictures.paths, pictures.digests, repr(transform)), lambda: Rows(len(pictures), ready))
    return rows.fill(make, positions, "Decoding")


def answers(backbone: Backbone, read: Callable, at: str, pictures: Samples, positions: np.ndarray, mirrors: bool = True) -> Rows:
    """What the layers below `at` say about these pictures and about their mirror images, (n, 2, height, width, channels).

    Parameters
    ----------
    read : callable
        From uint8 pictures, shape (n, 3, crop, crop), to the answers: of `shoulders.engine.pytorch.split`.
    positions : numpy.ndarray of int
        Of the pictures that are asked for; the others have rows, too, not yet made.
    mirrors : bool
        ``False``: no mirror images, (n, 1, height, width, channels).
    """
    images = decoded(pictures, backbone.transform, positions)
    sides = (False, True) if mirrors else (False,)

    def make(positions):
        both = [read(images.rows[positions].flip(-1) if mirrored else images.rows[positions]) for mirrored in sides]
        return torch.stack([answer.movedim(1, -1) for answer in both], 1)  # channels last, as the layers above want them

    def ready(positions, mirrored):
        return rows.rows[positions, mirrored.long()].movedim(-1, 1).to(devices.device())

    network = backbone.name, backbone.digest, repr(backbone.transform), at, devices.device(), devices.precision()
    rows = _kept((pictures.digests, network, sides), lambda: Rows(len(pictures), ready))
    return rows.fill(make, positions, "Looking")


def _kept(key, make):
    """The rows of this key if they were made before; the ones that were used longest ago make room."""
    _KEPT[key] = _KEPT.pop(key, None) or make()
    while len(_KEPT) > _AT_MOST:
        _KEPT.popitem(last=False)
    return _KEPT[key]


@dataclass(frozen=True)
class Part:
    """Which rows a training uses, and their labels."""

    rows: Rows
    positions: np.ndarray
    labels: np.ndarray

    def repeated(self) -> Part:
        """The same pictures several times over, at least `LEAST` rows in all."""
        times = -(-LEAST // len(self.positions))
        return Part(self.rows, np.tile(self.positions, times), np.tile(self.labels, times))


@dataclass(frozen=True)
class Seen:
    """What a training needs: its rows, the module that they go into, and how long it took to make them.

    Attributes
    ----------
    train, valid : Part
    module : torch.nn.Module
    prepare : callable
        From rows to what goes into the module.
    seconds : dict of str to float
        ``decode``, ``features``.
    """

    train: Part
    valid: Part
    module: nn.Module
    prepare: Callable
    seconds: dict[str, float]


def seen(backbone: Backbone, body: cutting.Headless, at: str | None, held: SampleSet, chosen: np.ndarray) -> Seen:
    """Make, or find made, the rows of the training pictures `chosen` and of all validation pictures.

    Parameters
    ----------
    backbone : Backbone
    body : Headless
    at : str or None
        The first layer that learns; None where all of them do.
    held : SampleSet
    chosen : numpy.ndarray of int
    """
    parts = [(held.train, chosen), (held.valid, np.arange(len(held.valid)))]
    started = time.perf_counter()
    images = [decoded(part, backbone.transform, positions) for part, positions in parts]
    decode, started = time.perf_counter() - started, time.perf_counter()
    halves = pytorch.split(backbone, body, at) if at else None
    below, module = halves or (None, body)
    if below:
        images = [answers(backbone, below, at, *part, mirrors) for part, mirrors in zip(parts, (True, False))]
    train, valid = (Part(rows, positions, part.labels[positions]) for rows, (part, positions) in zip(images, parts))
    prepare = _as_it_is if below else backbone.transform.batch
    return Seen(train, valid, module, prepare, {"decode": decode, "features": time.perf_counter() - started})


def _as_it_is(rows):
    return rows


def loaders(seen: Seen, classes: int, batch_size: int, augment: Callable | None = None) -> DataLoaders:
    """fastai ``DataLoaders``: half of the training pictures mirrored, drawn anew for each batch.

    Parameters
    ----------
    seen : Seen
    classes : int
    batch_size : int
    augment : callable, optional
        Applied to batches of training pictures (uint8).
    """

    def loader(part, training):
        return DataLoader(
            list(zip(part.positions.tolist(), part.labels.tolist())),
            shuffle=training,
            num_workers=0,
            after_batch=partial(_look, rows=part.rows, training=training, prepare=seen.prepare, augment=augment),
        )

    both = DataLoaders(loader(seen.train.repeated(), True), loader(seen.valid, False))
    both.c = classes
    return in_batches_of(both, batch_size)


def in_batches_of(both: DataLoaders, batch_size: int) -> DataLoaders:
    """Set the number of pictures that go through the network together; in a training the last batch is never one picture
    alone, unless all are: BatchNorm needs two."""
    for loader in both.loaders:
        loader.bs = min(batch_size, loader.n)
        loader.drop_last = loader.shuffle and loader.n % loader.bs == 1 < loader.n
    return both


def _look(batch, rows, training, prepare, augment):
    positions, labels = batch
    mirrored = torch.rand(len(positions)) < 0.5 if training else torch.zeros(len(positions), dtype=torch.bool)
    images = rows.ready(positions.cpu(), mirrored)  # drawn on the CPU: the same on every device
    if training and augment:
        images = augment(images)
    return prepare(images), labels


def varied(images: torch.Tensor) -> torch.Tensor:
    """fastai's augmentation: turned, enlarged, tilted, brighter or darker, each picture in its own way.

    Parameters
    ----------
    images : torch.Tensor of uint8, shape (n, 3, height, width)
    """
    from fastai.vision.augment import aug_transforms
    from fastai.vision.core import TensorImage

    changed = TensorImage(images.float() / 255)
    for change in aug_transforms(do_flip=False, max_zoom=1.4, max_lighting=0.3):
        changed = change(changed, split_idx=0)
    return (torch.Tensor(changed).clamp(0, 1) * 255).round().to(torch.uint8)
