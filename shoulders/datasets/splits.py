"""What stays together, and what is held out: by a hash of what a picture shows, so that no old picture moves when others come."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np

from shoulders.support.errors import DatasetError


def units(pixels, groups) -> list[str]:
    """For each picture the name of what must stay on one side: its group, or its pixels where it has none.

    Groups that share a picture are one.

    Parameters
    ----------
    pixels, groups : sequence of str
        For each picture; ``''`` for no group.
    """
    above = {}

    def top(name):
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    named = [(("", group) if group else ("pixels", each)) for group, each in zip(groups, pixels)]
    for each, name in zip(pixels, named):
        one, other = sorted((top(("pixels", each)), top(name)))
        above[other] = one  # a group's name comes first
    return [top(name)[1] for name in named]


def held_out(together, labels, fraction: float, seed: int) -> tuple[np.ndarray, dict[int, str]]:
    """Which pictures are for validation: those of the units whose hash is below the fraction.

    A class that would have no picture on a side is given the unit that is nearest to it: that one alone may move when pictures
    are added. A class of one unit is for training.

    Parameters
    ----------
    together : sequence of str
        As `units` gives them.
    labels : numpy.ndarray of int, shape (n,)
    fraction : float
        Between 0 and 1.
    seed : int

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    dict of int to str
        The unit that was moved for a class.

    Raises
    ------
    shoulders.support.errors.DatasetError
    """
    if not 0 < fraction < 1:
        raise DatasetError(f"valid_fraction is {fraction}: give a share between 0 and 1, for instance 0.25.")
    shares = {unit: share(unit, seed) for unit in dict.fromkeys(together)}
    classes, of = defaultdict(set), defaultdict(set)
    for unit, label in zip(together, np.asarray(labels).tolist()):
        classes[unit].add(label)
        of[label].add(unit)
    out, moved = {unit for unit, where in shares.items() if where < fraction}, {}
    for label in sorted(of):  # nobody can be taught without pictures, so these come first
        if of[label] <= out:
            out.discard(nearest := max(of[label], key=shares.get))
            moved |= {label: nearest} if len(of[label]) > 1 else {}
    for label in sorted(of):
        spare = [unit for unit in of[label] if all(of[other] - out - {unit} for other in classes[unit])]
        if not of[label] & out and spare:
            moved[label] = min(spare, key=shares.get)
            out.add(moved[label])
    return np.array([unit in out for unit in together], dtype=bool), moved


def share(unit: str, seed: int) -> float:
    """Of a unit's name and a seed: from 0 to 1, evenly, and always the same."""
    digest = hashlib.sha256(f"{seed}:{unit}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
