"""The catalogue, and a box of words that searches it."""

from __future__ import annotations

import html

import ipywidgets

from shoulders.backbones import catalogue
from shoulders.support.errors import CourseError
from shoulders.support.words import counted

SHOWN = {
    "trained_on": "trained on", "megabytes": "MB", "gmacs": "GMACs", "top1": "top-1, %", "licence": "licence", "on_disk": "here",
}  # fmt: skip
"""Columns, and what they are called."""

MOST = 12
"""Rows that are shown."""

_STYLE = """<style>.giants-found {border-collapse: collapse; line-height: 1.4; font-size: 13px}
.giants-found :is(th, td) {border: 0; border-bottom: 1px solid #7979797f; padding: 3px 8px; text-align: left; vertical-align: top}
.giants-found td:nth-child(6) {min-width: 17em; white-space: normal}</style>"""


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
    rows = catalogue.table(told.cards[:MOST])[list(SHOWN)].rename(columns=SHOWN).rename_axis("giant").reset_index()
    rows["trained on"] = rows["trained on"].str.partition(":")[0]
    rows["here"] = rows.here.map({True: "yes", False: "no"})
    look = {"na_rep": catalogue.UNKNOWN, "float_format": "{:.3g}".format, "index": False, "border": 0, "classes": "giants-found"}
    shown = _STYLE + rows.to_html(**look)
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
