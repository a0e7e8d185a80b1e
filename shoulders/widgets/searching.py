"""The catalogue, and a box of words that searches it."""

from __future__ import annotations

import html

import ipywidgets

from shoulders.backbones import catalogue
from shoulders.support.errors import CourseError
from shoulders.support.words import counted

SHOWN = ["library", "trained_on", "megabytes", "parameters", "gmacs", "top1", "licence", "on_disk"]
MOST = 30
"""Rows that are shown."""


def found(words: str = "") -> str:
    """What a search finds, as a page: how many giants, a table of the first `MOST`, and what was left out.

    Parameters
    ----------
    words : str
        Parted by blanks; `shoulders.backbones.catalogue.search` takes them.
    """
    try:
        told = catalogue.search(words.split())
    except CourseError as error:
        return html.escape(str(error))
    shown = catalogue.table(told.cards[:MOST])[SHOWN].to_html(na_rep=catalogue.UNKNOWN, float_format="{:.3g}".format)
    more = f"; here are the first {MOST}" if len(told.cards) > MOST else ""
    remarks = "<br>".join(map(html.escape, told.remarks))
    return f"<p>{counted(len(told.cards), 'giant')}{more}.</p>{shown}<p>{remarks}</p>"


def giants(words: str = "") -> ipywidgets.VBox:
    """Type words, press Enter: the table holds the giants in whose card each of them stands.

    Parameters
    ----------
    words : str
        To begin with.
    """
    box = ipywidgets.Text(words, placeholder="name, library, training data, licence", continuous_update=False)
    page = ipywidgets.HTML(found(words))

    def changed(_):
        page.value = found(box.value)

    box.observe(changed, "value")
    return ipywidgets.VBox([box, page], layout={"overflow": "auto"})
