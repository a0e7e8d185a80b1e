"""Run a backbone once over pictures and remember what comes out.

What is remembered is keyed by everything that made it: the digest of the weights, the layer, the transform, the digest of
every picture, the precision. Change any of them and the key changes, so nothing stale can be read.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path

import numpy as np

from shoulders import backbones, engine
from shoulders.backbones import Backbone
from shoulders.datasets import Samples
from shoulders.features import rows as rows_of
from shoulders.features.rows import FeatureError
from shoulders.support import devices, places
from shoulders.support.places import locked
from shoulders.support.progress import track
from shoulders.support.samples import SampleError, stream

VERSION = 5
"""Part of every key: raised whenever this code would compute something else."""

@dataclass(frozen=True)
class Features:
    """What a backbone says about some pictures.

    Attributes
    ----------
    values : dict of str to numpy.ndarray, shape (n, d), float32
        For each layer; row i belongs to picture i.
    pictures : Samples
    cached : bool
        Whether all of it was remembered from an earlier run.
    seconds : dict of str to float
        ``decode`` (summed over threads), ``features`` (the whole pass as the clock on the wall saw it).
    device, precision : str
    """

    values: dict[str, np.ndarray]
    pictures: Samples
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
    pictures: Samples,
    layers: str | Sequence[str] = "hidden",
    flip: bool = False,
    batch_size: int | None = None,
    remember: bool = True,
) -> Features:
    """One pass of the backbone over the pictures; nothing at all where it was done before.

    Parameters
    ----------
    backbone : Backbone
    pictures : Samples
    layers : str or sequence of str
        ``'hidden'`` (what goes into the head), ``'classes'`` (the head's outputs before softmax), or names of
        `shoulders.cutting.layers`. A map is averaged over its positions.
    flip : bool
        Look at each picture in a mirror, left and right exchanged.
    batch_size : int, optional
        Pictures that go through the network together: what suits the engine (`shoulders.engine`), unless you say otherwise.
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
        When the disk is full, for no picture, for samples of another sense than the network's, and for a `batch_size` below 1.
    shoulders.support.samples.SampleError
        For a picture that has gone or changed since it was checked.

    Notes
    -----
    `shoulders.engine` says which library runs the network. BatchNorm is folded into the convolution before it, which changes
    what a layer says by rounding alone. ONNX Runtime computes in float32; PyTorch in bfloat16 exactly where the processor
    multiplies it in hardware (`shoulders.support.devices.precision`). Pictures are decoded by threads while the network computes.
    Memory holds a few batches, whatever the number of pictures: rows go to a memory-mapped file, and come from it as they are
    used.
    """
    if not len(pictures):
        raise FeatureError(f"There is no {pictures.word} to look at: load a set that has some.")
    if backbone.card.sense != pictures.sense:
        raise FeatureError(
            f"{backbone.name} is for {backbone.card.sense}, and these are {pictures.word}s: choose a network that is for "
            f"{pictures.sense}, as {backbones.DEFAULTS[pictures.sense]}."
        )
    if batch_size is not None and batch_size < 1:
        raise FeatureError(f"batch_size is {batch_size}: one picture at a time is the least.")
    layers = [layers] if isinstance(layers, str) else list(layers)
    folder = places.cache() / "features" if remember else None
    precision, started, clock = engine.precision(backbone, layers), time.perf_counter(), {"decode": 0.0}
    by = [engine.name(backbone, layers), flip, devices.device(), precision]
    files = {layer: _key(backbone, pictures, layer, by) for layer in layers}
    values = {layer: rows_of.recall(folder, key) for layer, key in files.items()} if folder else {}
    missing = {layer: key for layer, key in files.items() if values.get(layer) is None}
    if missing:
        lock = _key(backbone, pictures, "", by)
        values |= _compute(folder, lock, missing, partial(_fill, backbone, pictures, flip, batch_size, clock, layers))
    seconds = {"decode": clock["decode"], "features": time.perf_counter() - started}
    return Features({layer: values[layer] for layer in layers}, pictures, not missing, seconds, devices.device(), precision)


def look(backbone: Backbone, sources, layers: str | Sequence[str] = "hidden") -> dict[str, np.ndarray]:
    """What a backbone says about a few pictures, at once and without remembering it: `looker`, used once."""
    return looker(backbone, layers)(sources)


def looker(backbone: Backbone, layers: str | Sequence[str] = "hidden", threads: int = 0) -> Callable:
    """A network made ready: what it says about a few pictures at a time, again and again.

    Parameters
    ----------
    backbone : Backbone
    layers : str or sequence of str
        As in `extract`.
    threads : int
        As for `shoulders.engine.reader`: one beside a camera, since on a busy machine two that wait for each other are slow.

    Returns
    -------
    callable
        From pictures (a sequence of paths, file objects, images, or of arrays that `Transform.pixels` gave) to a dict of
        float32 arrays, shape (n, d).

    Raises
    ------
    shoulders.support.samples.SampleError, shoulders.backbones.BackboneError
    """
    layers = [layers] if isinstance(layers, str) else list(layers)
    size, read = _at_once(backbone, engine.chosen(backbone, layers)), engine.reader(backbone, layers, threads)

    def pixels(source):
        return source if isinstance(source, np.ndarray) else backbone.transform.pixels(source)

    def ask(sources):
        sources = list(sources)
        starts = range(0, len(sources), size)
        parts = [read(np.stack([pixels(source) for source in sources[start : start + size]])) for start in starts]
        return {layer: np.concatenate([part[layer] for part in parts]) for layer in layers}

    return ask


def each(backbone: Backbone, paths, layer: str = "hidden") -> Iterator[tuple[list, np.ndarray]]:
    """What a layer says about any number of files, a batch at a time and in their order; nothing is remembered.

    Each file is opened once, and memory holds a few batches.

    Parameters
    ----------
    backbone : Backbone
    paths : iterable of path
        Asked for its next as there is room.
    layer : str
        As in `extract`.

    Yields
    ------
    files : list of (path, str)
        With what is wrong with a file that cannot be read, and ``''`` for a good one.
    values : numpy.ndarray, shape (m, d), float32
        A row for each of the m good ones.

    Raises
    ------
    shoulders.backbones.BackboneError
    """

    def decode(path):
        try:
            return path, "", backbone.transform.pixels(path)
        except SampleError as error:
            return path, str(error), None  # the error itself would keep the picture, by its traceback

    by = engine.chosen(backbone, [layer])
    return _passed(_read_by(by, backbone, [layer]), by, paths, decode, partial(_good, layer), _at_once(backbone, by))


def reader(backbone: Backbone, layer: str = "hidden", threads: int = 0) -> Callable:
    """`each`, made ready once and asked again and again, of files that are read once: it tells their digests, too.

    Parameters
    ----------
    backbone : Backbone
    layer : str
        As in `extract`.
    threads : int
        That decode beside the network; 0 for as many as there are cores.

    Returns
    -------
    callable
        From an iterable of paths to what `each` yields, with (path, digest, problem) of each file: the sha256 of the very bytes
        that the network saw, ``''`` of a file that cannot be read at all.

    Raises
    ------
    shoulders.backbones.BackboneError
    """
    by = engine.chosen(backbone, [layer])
    read, decode = _read_by(by, backbone, [layer]), partial(_digested, backbone.transform)
    size = _at_once(backbone, by)
    return lambda paths: _passed(read, by, paths, decode, partial(_good, layer), size, threads)


def _digested(transform, path):
    digest = ""
    try:
        if not os.path.isfile(path) or not os.path.getsize(path):
            transform.pixels(path)  # which says what it is instead
        file = stream(Path(path))
        digest = hashlib.sha256(file.getbuffer()).hexdigest()
        return path, digest, "", transform.pixels(file)
    except SampleError as error:
        return path, digest, str(error), None


def _good(layer, read, found):
    """The files of a batch, and what the layer says of those that could be read."""
    good = [pixels for *_, pixels in found if pixels is not None]
    return [file for *file, _ in found], read(np.stack(good))[layer] if good else np.zeros((0, 0), np.float32)


def join(*giants: Features) -> Features:
    """What several giants say of the same samples, side by side: for one head on all of them.

    Each giant's row of a sample is brought to length one first, as every head does with the features of one giant: so none has
    the say because its numbers are larger. The giants may be of different senses, as words with pictures.

    Parameters
    ----------
    giants : Features
        Of one layer each, about the same samples in the same order.

    Returns
    -------
    Features
        Its one layer is called ``'hidden'``; the samples are those of the first.

    Raises
    ------
    FeatureError
        For features of several layers, and for samples that are not the same number or have other labels.

    Examples
    --------
    >>> joined_rows([np.array([[3.0, 4.0]]), np.array([[0.0, 2.0, 0.0]])]).astype(float).round(2).tolist()
    [[0.6, 0.8, 0.0, 1.0, 0.0]]
    """
    if several := next((giant for giant in giants if len(giant.values) != 1), None):
        raise FeatureError(f"These features are of the layers {', '.join(several.values)}: extract one, and join that.")
    first = giants[0]
    if any(not np.array_equal(giant.labels, first.labels) for giant in giants):
        counts = " and ".join(f"{len(giant.labels)}" for giant in giants)
        raise FeatureError(f"Features of {counts} samples cannot be joined: give those of the same samples, in the same order.")
    rows = joined_rows([next(iter(giant.values.values())) for giant in giants])
    seconds = {name: sum(giant.seconds[name] for giant in giants) for name in first.seconds}
    return replace(first, values={"hidden": rows}, cached=all(giant.cached for giant in giants), seconds=seconds)


def joined_rows(values: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of several giants side by side, each brought to length one first; a row of zeros stays one.

    Parameters
    ----------
    values : sequence of numpy.ndarray, shape (n, d)

    Returns
    -------
    numpy.ndarray, shape (n, sum of the d), float32
    """
    lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in values]
    return np.concatenate([rows / np.where(length > 0, length, 1) for rows, length in zip(values, lengths)], 1, dtype=np.float32)


# ----------------------------------------------------------------------------------------------------------- the cache


def _key(backbone, pictures, layer, by):
    network = [backbone.name, backbone.digest, backbone.card.head, layer, repr(backbone.transform)]
    made_by = [VERSION, versions(), network, by, pictures.digests]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:40]


@cache
def versions() -> dict[str, str | None]:
    """The versions of the libraries that compute: part of every key. Asked of the installation, so nothing is imported."""
    names = ("torch", "torchvision", "timm", "onnxruntime", "pillow", "soundfile", "scipy", "fastai", "scikit-learn")
    return {name: _version(name) for name in names}


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


# ------------------------------------------------------------------------------------------------------------ the pass


def _compute(folder, lock, files, fill):
    """Fill what is missing, under a lock: of two processes that want the same, the second waits and reads.

    The lock is of the network and the pictures, whatever the layers: no two processes ever write one file.
    """
    if folder is None:
        return {layer: rows.values for layer, rows in fill(files, lambda layer, shape: rows_of.InMemory(shape)).items()}
    with locked(folder / lock):
        missing = {layer: key for layer, key in files.items() if rows_of.recall(folder, key) is None}
        if missing:
            fill(missing, lambda layer, shape: rows_of.Rows(folder / f"{files[layer]}.safetensors", shape))
        return {layer: rows_of.recall(folder, key) for layer, key in files.items()}


def _fill(backbone, pictures, flip, batch_size, clock, asked, layers, place):
    """Place the rows of these layers, batch by batch, by the engine of all that were asked for: its name is in their key."""
    rows, done, complete = {}, 0, False
    try:
        said = _said(backbone, pictures, flip, batch_size, clock, layers, engine.chosen(backbone, asked))
        for answers in track(said, len(pictures), "Looking", f"{pictures.word}s", _length):
            for layer, values in answers.items():
                if layer not in rows:
                    rows[layer] = place(layer, (len(pictures), values.shape[1]))
                rows[layer].values[done : done + len(values)] = values
            done += _length(answers)
        complete = done == len(pictures)
    finally:
        for row in rows.values():
            row.close(complete)
    return rows


def _length(answers):
    return len(next(iter(answers.values())))


def _said(backbone, pictures, flip, batch_size, clock, layers, by) -> Iterator[dict]:
    """What the layers say, a batch at a time."""
    decode, files = partial(_decoded, backbone.transform, flip, clock), zip(pictures.paths, pictures.digests)
    read = _read_by(by, backbone, layers)
    size = _at_once(backbone, by, batch_size)
    return _passed(read, by, files, decode, lambda read, found: read(np.stack(found)), size)


def _read_by(by, backbone, layers):
    return by.reader(backbone, layers, threads=1 if by.IN_THREADS else 0)


def _at_once(backbone, by, asked=None):
    """How many samples go through the network together: as many as suit the engine, and as its transform allows."""
    return min(asked or by.BATCH, backbone.transform.AT_ONCE)


def _passed(read, by, tasks, decode, ask, size, threads=0) -> Iterator:
    """What `ask` makes of the network and of each batch: threads that each ask about their own, or one that asks about all's."""
    if not by.IN_THREADS:
        return map(partial(ask, read), _chunks(_ahead(decode, tasks, size, threads), size))
    return _ahead(lambda batch: ask(read, list(map(decode, batch))), _chunks(tasks, size), threads=threads)


def batches(transform, pictures, flip, batch_size, clock) -> Iterator[np.ndarray]:
    """uint8 arrays of shape (≤ batch_size, crop, crop, 3), decoded ahead by threads."""
    files = zip(pictures.paths, pictures.digests)
    return map(np.stack, _chunks(_ahead(partial(_decoded, transform, flip, clock), files, batch_size), batch_size))


def _chunks(items, size):
    items = iter(items)
    return iter(lambda: list(islice(items, size)), [])


def _ahead(work, tasks, more=0, threads=0) -> Iterator:
    """What `work` makes of the tasks, in their order, by threads, one a core; two tasks a thread and `more` are begun ahead."""
    threads, tasks = threads or os.cpu_count() or 1, iter(tasks)
    with ThreadPoolExecutor(threads) as pool:
        begun = deque(pool.submit(work, task) for task in islice(tasks, 2 * threads + more))
        while begun:
            done = begun.popleft().result()
            begun.extend(pool.submit(work, task) for task in islice(tasks, 1))
            yield done


def _decoded(transform, flip, clock, file):
    """uint8, shape (crop, crop, 3)."""
    started = time.perf_counter()
    pixels = transform.pixels(stream(*file))
    clock["decode"] += time.perf_counter() - started
    return pixels[:, ::-1] if flip else pixels
