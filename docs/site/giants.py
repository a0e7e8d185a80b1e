"""The page of the giants: a section for each card of `shoulders.backbones`, whichever there are."""

from __future__ import annotations

import re

from shoulders import backbones
from shoulders.backbones import Card

INTRODUCTION = """\
# Giants

A *giant* is a network that somebody else has trained. Each of these has a card that says what it is, what it has learnt from, and
under which terms it comes. Accuracies were measured on pictures that the network was not trained on, and have their source.
Any other network of torchvision or timm is taken by its name, too.
"""

ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")


def page() -> str:
    """The page, in Markdown: a table of all cards, then each."""
    cards = backbones.cards().values()
    rows = ["| giant | year | weights | top-1 accuracy | computing |", "|---|---|---|---|---|", *map(_row, cards)]
    return "\n".join([INTRODUCTION, *rows, "", *map(section, cards)])


def _row(card):
    return f"| [{card.name}](#{_anchor(card)}) | {_or_dash(card.year)} | {_millions(card)} | {_top1(card)} | {_macs(card)} |"


def section(card: Card) -> str:
    """One card: a heading, and a table of what is known of the network."""
    facts = {
        "published": ", ".join(filter(None, [str(card.year or ""), _paper(card)])),
        "learnt from": card.trained_on,
        "size": f"{_millions(card)} weights, {_macs(card)} multiplications for a picture",
        "accuracy": f"{_top1(card)} ({card.accuracy_source})" if card.top1 else "",
        "our measurement": card.ours,
        "sees": card.transform.told_exactly,
        "licence": card.licence,
        "comes by": "in the box" if card.library == "ours" else f"`{card.bringing}` ({card.size})",
    }
    rows = [f"| {name} | {fact} |" for name, fact in facts.items() if fact]
    return "\n".join([f"({_anchor(card)})=", "", f"## {card.name}", "", "| | |", "|---|---|", *rows, ""])


def _anchor(card):
    return f"giant-{card.name.replace('_', '-').lower()}"


def _paper(card):
    return ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", card.paper)


def _or_dash(value):
    return "–" if value is None else value


def _millions(card):
    return "–" if card.parameters is None else f"{card.parameters / 1e6:.1f} million"


def _macs(card):
    return "–" if card.gmacs is None else f"{card.gmacs:.2g} billion"


def _top1(card):
    return "–" if card.top1 is None else f"{card.top1:.1f} %"


