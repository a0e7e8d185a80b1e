"""All that is known of one giant, and from whom: its card as a page."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, field

from shoulders import backbones
from shoulders.backbones import catalogue
from shoulders.backbones.catalogue import UNKNOWN
from shoulders.support import devices, places
from shoulders.support.errors import reason
from shoulders.support.words import WIDTH, about

PICTURES = 1000
"""For how many pictures the seconds are told."""


@dataclass(frozen=True)
class Page:
    """A card to read: `print` it, or leave it as a cell's last line.

    Attributes
    ----------
    name : str
    lines : tuple of (str, str)
        What, and what is known of it.
    facts : dict
        The same for a program: `shoulders.backbones.catalogue.row`, and what was computed from the layout.
    """

    name: str
    lines: tuple[tuple[str, str], ...]
    facts: dict = field(repr=False)

    def __str__(self):
        wide = 2 + max(len(what) for what, _ in self.lines)
        return "\n".join(
            [self.name, *(textwrap.fill(text, WIDTH, initial_indent=f"{what:{wide}}", subsequent_indent=" " * wide,
                                        break_long_words=False, break_on_hyphens=False) for what, text in self.lines)]
        )  # fmt: skip

    def markdown(self) -> str:
        """A heading and a table."""
        rows = (f"| {what} | {text.replace('|', chr(92) + '|')} |" for what, text in self.lines)
        return "\n".join([f"### {self.name}", "", "| | |", "|---|---|", *rows])

    def _repr_html_(self):
        cell = '<td style="text-align: left">{}</td>'
        rows = "".join(f"<tr>{''.join(cell.format(html.escape(text)) for text in line)}</tr>" for line in self.lines)
        return f"<b>{html.escape(self.name)}</b><table>{rows}</table>"


def named(words, *wishes) -> bool:
    """Whether words are one network's exact name, and nothing else is wished for."""
    if len(words) != 1 or any(wish not in (None, "", False) for wish in wishes):
        return False
    try:
        return backbones.card(words[0]).name == words[0]
    except backbones.BackboneError:
        return False


def page(name: str, measure: bool = True) -> Page:
    """The card of a network: of the catalogue, of torchvision or of timm. Its weights need not be here.

    What is not published is computed from the layout (`shoulders.costs.layout`), and is said to be so.

    Parameters
    ----------
    name : str
    measure : bool
        Whether this machine's speed is measured for the estimate of seconds: a second or two.

    Raises
    ------
    shoulders.backbones.BackboneError
        For an unknown name.
    """
    card = backbones.card(name)
    known, computed = catalogue.row(card), _computed(name, measure)
    return Page(name, tuple(_lines(card, known, computed)), known | computed)


def _computed(name, measure):
    from shoulders import costs

    try:
        found = costs.layout(name)
    except Exception as error:  # a layout of somebody else's may fail in any way; its card is known nevertheless
        return {"not_computed": reason(error)}
    facts = {"computed_parameters": found.parameters, "computed_gmacs": round(found.gmacs, 3), "features": found.features}
    batch = min(costs.pytorch.BATCH, backbones.card(name).transform.AT_ONCE)
    facts |= {"batch": batch, "memory_megabytes": round(found.memory(batch))}
    return facts | ({"seconds": round(found.seconds(PICTURES), 2), "pictures": PICTURES} if measure else {})


def _lines(card, known, computed):
    where = backbones.weights_path(card)
    yield "library", known["library"] + (f", weights {card.weights}" if card.weights else "")
    yield "paper", " ".join(filter(None, (card.paper, f"({card.year})" if card.year else ""))) or UNKNOWN
    yield "trained on", known["trained_on"]
    yield card.sense, card.transform.told
    yield "numbers", _published(known["parameters"], computed.get("computed_parameters"), ",.0f", computed)
    gmacs = _published(known["gmacs"], computed.get("computed_gmacs"), ".3f", computed)
    yield "GMACs", f"{gmacs}, for {_some(card, 1)}"
    if "features" in computed:
        yield "features", f"{computed['features']:,} numbers go into its head (layer hidden); `cutting.layers` lists the others"
        yield "memory", (
            f"about {places.size(1e6 * computed['memory_megabytes'])} for {_some(card, computed['batch'])} at once, with "
            f"PyTorch: its weights, a copy in {devices.precision()}, its maps"
        )
    if "seconds" in computed:
        yield "seconds", (
            f"{about(computed['seconds'])} for {_some(card, PICTURES)}, without opening files: an estimate from its layout and "
            "from how fast this machine's PyTorch is with two other networks"
        )
    yield "top-1", f"{known['top1']:.1f} % ({known['top1_source']})" if known["top1"] else UNKNOWN
    if card.ours:
        yield "measured", f"by us: {card.ours}"
    if card.transform.CAMERA:
        yield "camera", _camera(known["gmacs"] or computed.get("computed_gmacs"))
    yield "licence", known["licence"]
    yield "weights", card.size + (f", sha256 {card.sha256[:16]}…" if card.sha256 else "")
    yield "source", card.url or card.package or ("in the box" if where and where.is_relative_to(places.box()) else UNKNOWN)
    yield "here", str(where) if where else f"no: `{card.bringing}` brings it"


def _some(card, count):
    one, several = card.transform.UNITS
    return one if count == 1 else f"{count:,} {several}"


def _published(told, counted, form, computed):
    if told is not None:
        return f"{told:{form}}"
    return f"{counted:{form}} (counted in its layout)" if counted is not None else f"{UNKNOWN} ({computed['not_computed']})"


def _camera(gmacs):
    if gmacs is None:
        return UNKNOWN
    return f"{'fits' if gmacs <= catalogue.CAMERA else 'may be too slow for it'}, by rule: at most {catalogue.CAMERA} GMACs"
