"""What giants there are: a table that can be searched, offline. What nobody tells of a network is unknown, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shoulders import backbones
from shoulders.backbones import timm
from shoulders.backbones.card import Card
from shoulders.backbones.transform import BackboneError
from shoulders.support.names import near
from shoulders.support.words import counted

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = "unknown"

FRAME, SLOW, OF = 50, 39, 0.385
"""Of `shoulders teach`: milliseconds between two frames; and from frame to answer, in 19 of 20 frames, with PyTorch on one
thread, of a network of so many GMACs: efficientnet_lite0 on an AMD EPYC, bench/results/camera.md."""

CAMERA = round(OF * FRAME / SLOW, 2)
"""GMACs up to which a giant fits the camera."""

RULE = (
    f"A giant fits the camera up to {CAMERA} GMACs: efficientnet_lite0, of {OF}, answered within {SLOW} ms with PyTorch on one "
    f"thread of an AMD EPYC (19 of 20 frames, bench/results/camera.md), and the page asks every {FRAME} ms. That is a rule, not "
    "a measurement on this machine."
)


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    cards : tuple of Card
    remarks : tuple of str
        What was left out and why, and the rule of the camera.
    """

    cards: tuple[Card, ...]
    remarks: tuple[str, ...] = ()


def search(words=(), max_mb: float | None = None, licence: str = "", camera: bool = False, everything: bool = False) -> Found:
    """The giants that meet all wishes. Without any wish: those of the catalogue.

    Parameters
    ----------
    words : sequence of str
        Each must stand in a card's name, sense, library, training data, licence, paper or year; large or small letters.
    max_mb : float, optional
        Of the weights' download. Networks whose size nobody tells are left out, and counted in a remark.
    licence : str
        Must stand in the licence; ``'unknown'`` finds those of which none is known.
    camera : bool
        At most `CAMERA` GMACs.
    everything : bool
        Search beyond the catalogue without a wish, too.

    Raises
    ------
    BackboneError
        Where none is found.
    """
    wished = bool(words or licence or camera or max_mb is not None)
    cards, remarks = [*backbones.cards().values()], []
    if not (wished or everything):
        return Found(tuple(cards), ("torchvision and timm have more: give words to search for, such as a name or `timm`.",))
    cards += _others()
    cards = [card for card in cards if all(word.casefold() in _text(card) for word in words)]
    cards = [card for card in cards if licence.casefold() in (card.licence or UNKNOWN).casefold()]
    if max_mb is not None:
        cards = _at_most(cards, lambda card: card.bytes / 1e6, max_mb, "size", remarks)
    if camera:
        cards = [card for card in cards if card.transform.CAMERA]
        cards = _at_most(cards, lambda card: card.gmacs, CAMERA, "GMACs", remarks)
        remarks.append(RULE)
    if not cards:
        raise BackboneError(_nothing(words, remarks))
    left = f"timm has {timm.left_out()} more, whose weights lie elsewhere or whose pictures are cropped in a way not known here."
    return Found(tuple(cards), (*remarks, left) if any(card.library == "timm" for card in cards) else tuple(remarks))


@cache
def _others():
    return tuple(backbones.others())


def _text(card):
    known = card.trained_on or UNKNOWN, card.licence or UNKNOWN, card.paper, str(card.year or "")
    told = card.name, card.sense, card.library, *known
    return " ".join(told).casefold()


def _at_most(cards, of, most, what, remarks):
    """Those of which it is known; how many are left out because it is not stands in a remark."""
    if unknown := sum(not of(card) for card in cards):
        advice = "`shoulders giants NAME` counts the numbers and GMACs of one"
        remarks.append(f"{counted(unknown, 'giant')} of unknown {what}, left out: {advice}.")
    return [card for card in cards if of(card) and of(card) <= most]


def _nothing(words, remarks):
    known = [card.name for card in (*backbones.cards().values(), *_others())]
    asked = f" of {' '.join(words)!r}" if words else ""
    hint = near(words[0], known) if len(words) == 1 else ""
    return " ".join([f"The catalogue holds no giant{asked} that meets these wishes: ask for less.{hint}", *remarks])


def row(card: Card) -> dict:
    """What is known of a giant, plain numbers and words; None where nobody tells.

    Returns
    -------
    dict
        ``megabytes`` of the download; ``parameters``; ``gmacs`` of one picture; ``top1`` in per cent, as ``top1_source`` tells
        it; ``on_disk``: whether its published weights are here; ``command`` brings them.
    """
    return {
        "name": card.name, "sense": card.sense, "library": card.library, "year": card.year, "paper": card.paper or None,
        "trained_on": card.trained_on or UNKNOWN, "megabytes": round(card.bytes / 1e6, 1) if card.bytes else None,
        "parameters": card.parameters, "gmacs": card.gmacs, "top1": card.top1, "top1_source": card.accuracy_source or None,
        "licence": card.licence or UNKNOWN, "on_disk": backbones.weights_path(card) is not None, "command": card.bringing,
    }  # fmt: skip


def table(cards=None) -> pd.DataFrame:
    """Rows as `row` gives them, by name; the catalogue's where no cards are given.

    Parameters
    ----------
    cards : sequence of Card, optional
    """
    import pandas as pd

    return pd.DataFrame(map(row, search().cards if cards is None else cards)).set_index("name")
