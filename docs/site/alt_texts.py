"""A Sphinx extension: every picture that a notebook's cell put out says in words what it shows.

A figure of the course carries its sentence with it, in the output's metadata (`shoulders.plots.Drawing`); MyST-NB takes a
picture's width from there, and not its words. Of another picture the words are those that were printed below it. Without any, the
build says where.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util import logging

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


def setup(app):
    app.connect("doctree-read", _tell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _tell(app, doctree):
    path = Path(app.env.doc2path(app.env.docname))
    words = told(nbformat.read(path, as_version=4)) if path.suffix == ".ipynb" else {}
    for image in doctree.findall(nodes.image):
        if not image.get("alt") and (alt := words.get(Path(image["uri"]).stem)):
            image["alt"] = alt
        if not image.get("alt"):
            logger = logging.getLogger(__name__)
            logger.warning("a picture has no words for who cannot see it: give it an alt text", location=image)


def told(notebook) -> dict[str, str]:
    """What each picture of a notebook's outputs shows, by the sha256 of its bytes, which is its name on the site."""
    found = {}
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        for place, output in enumerate(outputs):
            for kind in set(PICTURES) & set(output.get("data", {})):
                below = outputs[place + 1].get("text", "") if place + 1 < len(outputs) else ""
                if words := _words(output, kind, below):
                    found[digest(kind, output.data[kind])] = words
    return found


def _words(output, kind, below):
    """The picture's own sentence; else its text, unless that is a Python object's address; else what was printed below."""
    text = output.data.get("text/plain", "")
    own = output.get("metadata", {}).get(kind, {}).get("alt")
    return own or ("" if text.startswith("<") else text) or " ".join(below.split())


def digest(kind: str, data: str) -> str:
    """The name that MyST-NB gives a picture's file, without its ending."""
    if kind == "image/svg+xml":
        return hashlib.sha256(os.linesep.join(data.splitlines()).encode()).hexdigest()
    return hashlib.sha256(b64decode(data)).hexdigest()
