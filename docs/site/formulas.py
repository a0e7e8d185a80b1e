"""A Sphinx extension: formulas are written as MathML when the site is built, by docutils; a browser needs no script for them."""

from __future__ import annotations

from docutils.utils.math import latex2mathml
from sphinx.util.docutils import nodes


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(formula: str, as_block: bool = False) -> str:
    """A formula in LaTeX as MathML."""
    return latex2mathml.tex2mathml(formula, as_block=as_block)


def _inline(writer, node):
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _display(writer, node):
    writer.body.append(mathml(node.astext(), as_block=True))
    raise nodes.SkipNode
