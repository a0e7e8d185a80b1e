"""Run a notebook to its end with the Python and the libraries that run this; what came out as one line of JSON.

    python lesson.py NOTEBOOK FOLDER [CODE]

The kernel starts in FOLDER. CODE runs after the last cell, and what it prints is told.
"""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata

import nbformat
from nbclient import NotebookClient


def installed():
    return {one.metadata["Name"]: one.version for one in metadata.distributions()}


def told(notebook, name):
    """All text on a stream."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ()) if output.output_type == "stream"]
    return "".join(output.text for output in outputs if output.name == name)


def main(path, folder, code=""):
    before = installed()
    notebook = nbformat.read(path, as_version=4)
    if code:
        notebook.cells.append(nbformat.v4.new_code_cell(code))
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", resources={"metadata": {"path": folder}})
    client.execute()
    after = installed()
    last = notebook.cells[-1].get("outputs", ())
    found = {
        "python": platform.python_version(),
        "cells": sum(cell.cell_type == "code" for cell in notebook.cells) - bool(code),
        "brought": {name: version for name, version in after.items() if before.get(name) != version},
        "right": told(notebook, "stdout").count("Right. Exercise"),
        "not yet": told(notebook, "stdout").count("Not yet:"),
        "stderr": told(notebook, "stderr"),
        "then": "".join(output.get("text", "") for output in last) if code else "",
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
