#!/bin/bash
# One would guess: a notebook that gives a picture words beside its width (an output's metadata, "image/png": {"alt": …, "width": …})
# keeps both when it becomes a page.
# So is: nbconvert and MyST-NB take the width from there and drop the words. nbconvert writes "No description has been provided for
# this image" in their place, MyST-NB the picture's file name, and neither says anything.
# Whom it hurts: who writes lessons for blind readers, finds the words in the notebook and believes them in the page.
# Seen with nbconvert 7.17.2, myst-nb 1.4.0, sphinx 9.0.4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check myst-nb==1.4.0 sphinx==9.0.4 nbconvert==7.17.2 pillow==13.0.0
cd "$folder"
mkdir book
venv/bin/python - <<'PYTHON'
import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import v4
from PIL import Image

dot = io.BytesIO()
Image.new("RGB", (9, 9), "red").save(dot, "PNG")
picture = {"image/png": base64.b64encode(dot.getvalue()).decode()}
words = {"image/png": {"alt": "A red dot", "width": 90}}
shown = v4.new_output("display_data", picture, metadata=words)
notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# One picture"), v4.new_code_cell("dot", outputs=[shown], execution_count=1)])
notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
nbformat.write(notebook, "book/index.ipynb")
Path("book/conf.py").write_text('extensions = ["myst_nb"]\nnb_execution_mode = "off"\n')
subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", "book", "html"], check=True)


def tag(page):
    return next(tag for tag in re.findall(r"<img[^>]*>", page) if "90" in tag)


book, page = tag(Path("html/index.html").read_text()), tag(HTMLExporter().from_notebook_node(notebook)[0])
print("book:", re.sub(r'src="[^"]*"', "src=…", book))
print("nbconvert:", re.sub(r'src="[^"]*"', "src=…", page)[:120])
assert "90" in page and "A red dot" not in page and "No description has been provided" in page
assert "90" in book and "A red dot" not in book, "the book keeps the width and drops the words"
PYTHON
