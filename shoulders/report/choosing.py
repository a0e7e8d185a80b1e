"""Which giant for this folder: each is asked, the training pictures alone choose, the validation pictures stand beside."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from shoulders import backbones, results
from shoulders.backbones import Backbone, catalogue
from shoulders.datasets import SampleSet
from shoulders.intervals import ComparisonError, wilson
from shoulders.report.doubts import FOLDS
from shoulders.report.study import Candidate, candidate
from shoulders.results import Result
from shoulders.support.terminal import say, table
from shoulders.support.words import bounds, share

COLUMNS = ("giant", "right", "95 % interval", "of training", "validation", "95 % interval", "of", "GMACs", "MB")


@dataclass(frozen=True)
class Choice:
    """What was measured on a folder.

    Attributes
    ----------
    held : SampleSet
    tried : tuple of Candidate
        The best first; of equals, the one that was named first.
    seconds : float
    """

    held: SampleSet
    tried: tuple[Candidate, ...]
    seconds: float

    @property
    def best(self) -> Candidate:
        return self.tried[0]

    def level(self) -> list[str]:
        """The giants that these training pictures cannot tell from the best: `shoulders.results.apart`, at 5 %."""
        first, *others = (out_of_fold(self.held, one) for one in self.tried)
        return [other.backbone for other in others if not results.apart(first, other)]

    def rows(self) -> list[dict]:
        """A row for each giant: what the catalogue knows of it, and what was measured.

        ``promise``, ``promise_low``, ``promise_high``: the share of right answers to the ``judged`` training pictures, each given
        by a head that had not seen it, with its 95 % interval (Wilson); ``accuracy``, ``low``, ``high``: of the ``n_valid``
        validation pictures.
        """
        return [_row(one) for one in self.tried]

    def sentences(self) -> Iterator[str]:
        """Which giant is best, and which may be as good."""
        names = [one.network.name for one in self.tried]
        level = self.level()
        behind = [name for name in names[1:] if name not in level]
        best = f"{names[0]} does best: {share(self.best.promise)} of {self.best.judged} training {self.held.word}s"
        yield f"{best}, each named by a head that had not seen it ({FOLDS} folds at most)."
        yield f"The validation {self.held.word}s chose nothing."
        if level:
            yield f"Too close to call against it, as luck may decide so (sign test, 5 %): {', '.join(level)}."
        if behind:
            yield f"Behind it by more than luck: {', '.join(behind)}."


def own_weights(pairs) -> dict[str, str]:
    """``['mobilenet_v2=mine.safetensors']`` by name.

    Raises
    ------
    ComparisonError
    """
    parted = [pair.partition("=") for pair in pairs]
    if wrong := [pair for pair, (name, _, path) in zip(pairs, parted) if not (name and path)]:
        raise ComparisonError(f"--weights is {wrong[0]!r}: give a giant's name and a file, as mobilenet_v2=mine.safetensors.")
    return {name: path for name, _, path in parted}


def here(cards, own=None) -> list[Backbone]:
    """Those of the cards whose weights are on this machine, and those that have a file of their own.

    Parameters
    ----------
    cards : sequence of Card
    own : dict of str to path, optional
        Weights files by the networks' names.

    Raises
    ------
    shoulders.backbones.BackboneError
    """
    own = own or {}
    names = [card.name for card in cards if card.name not in own and backbones.weights_path(card)]
    return [backbones.load(name, own.get(name)) for name in (*names, *own)]


def choose(held: SampleSet, networks) -> Choice:
    """Ask several giants about a folder: feature extraction with each, all with the same folds.

    Parameters
    ----------
    held : SampleSet
    networks : sequence of Backbone

    Raises
    ------
    ComparisonError
        For no network, and where no training picture can be judged by the others.
    """
    if not networks:
        raise ComparisonError("No giant that was asked for is on this machine: `shoulders giants` lists what would bring one.")
    started = time.perf_counter()
    tried = sorted((candidate(held, network) for network in networks), key=lambda one: -one.promise)
    if not tried[0].judged:
        few = f"{held.name} has too few training {held.word}s to choose by"
        raise ComparisonError(f"{few}: give two or more of each of two classes.")
    return Choice(held, tuple(tried), time.perf_counter() - started)


def out_of_fold(held: SampleSet, one: Candidate) -> Result:
    """A giant's answers about the training pictures, as a result: of those that could be judged."""
    judged = np.flatnonzero(~np.isnan(one.out_of_fold[:, 0]))
    return replace(one.result, valid=held.train.take(judged), probabilities=one.out_of_fold[judged])


def _row(one):
    low, high = wilson(one.right, one.judged)
    valid_low, valid_high = one.result.interval
    measured = {
        "promise": one.promise, "promise_low": low, "promise_high": high, "judged": one.judged,
        "accuracy": one.result.accuracy, "low": valid_low, "high": valid_high, "n_valid": len(one.result.valid),
        "weights": one.network.source,
    }  # fmt: skip
    return catalogue.row(one.network.card) | (_OF_A_FILE if one.network.own else {}) | measured


_OF_A_FILE = {
    "trained_on": catalogue.UNKNOWN, "licence": catalogue.UNKNOWN, "top1": None, "top1_source": None, "megabytes": None,
    "on_disk": True, "command": None,
}  # fmt: skip
"""What the catalogue tells of published weights, and nobody of somebody's own."""


def say_choice(choice: Choice) -> list[dict]:
    """The table, and what it says. Gives its rows."""
    rows = choice.rows()
    table([_cells(row) for row in rows], COLUMNS)
    say("\n".join([*choice.sentences(), f"Measured in {choice.seconds:.0f} s."]), sys.stdout)
    return rows


def _cells(row):
    told = [share(row["promise"]), bounds(row["promise_low"], row["promise_high"]), row["judged"]]
    told += [share(row["accuracy"]), bounds(row["low"], row["high"]), row["n_valid"]]
    cost = (row["gmacs"], row["megabytes"])
    name = row["name"] + " (own weights)" * (row["command"] is None)
    return [name, *told, *(catalogue.UNKNOWN if value is None else f"{value:.3g}" for value in cost)]
