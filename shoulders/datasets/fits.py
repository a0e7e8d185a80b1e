"""Whether a network sees its pictures whole: a finding for each class of which much is cut off, or one for many classes."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from shoulders import pictures
from shoulders.datasets import SampleSet
from shoulders.support.words import share

MOST_CLASSES = 5
"""So many classes are told of one by one; of more, how many there are."""

LEAST = 0.5
"""The share of its area that is seen of a picture, or else it is counted: photographs of 4:3 and 3:2 pass, 16:9 does not."""


def told(held: SampleSet, transforms: Iterable) -> SampleSet:
    """The same pictures, with a finding for each class of which some lose more than half of their area; of many classes, one.

    Parameters
    ----------
    held : SampleSet
    transforms : iterable of shoulders.backbones.Transform
        How the networks take their pictures; of several, the one that cuts most off counts.

    Raises
    ------
    shoulders.pictures.PictureError
        For a picture that has gone since it was checked.
    """
    most = min(transforms, key=lambda transform: transform.seen(4, 1))
    if most.fit != "crop":  # as of all that hear: they hear a clip whole
        return held
    home = os.path.commonpath([os.path.dirname(path) for part in (held.train, held.valid) for path in part.paths])
    parts = (("train", held.train), ("valid", held.valid))
    return replace(held, findings=held.findings + tuple(row for name, part in parts for row in _cut(home, name, part, most)))


def _cut(home, name, part, transform):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = [transform.seen(*size) for size in pool.map(pictures.size, part.paths)]
    classes = defaultdict(list)
    for path, label, whole in zip(part.paths, part.labels, seen):
        if whole < LEAST:
            classes[int(label)].append((whole, path))
    if len(classes) > MOST_CLASSES:
        cut = [pair for pairs in classes.values() for pair in pairs]
        yield _told(home, name, "", cut, f"{len(part)}, in {len(classes)} classes,")
        return
    for label, cut in sorted(classes.items()):
        yield _told(home, name, part.classes[label], cut, f"{np.count_nonzero(part.labels == label)} in its class")


def _told(home, part, label, cut, of):
    least, path = min(cut)
    return {
        "file": os.path.relpath(path, home), "part": part, "class": label, "action": "used",
        "problem": f"{share(1 - least, 0)} of it is cut off; {len(cut)} of the {of} lose more than half",
        "remedy": "Show networks all of them with --fit pad or --fit squeeze.",
    }  # fmt: skip
