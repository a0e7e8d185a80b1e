"""A Sphinx extension: a name in a docstring's types leads to what it means, or nowhere; never to something else of that name.

For types Sphinx searches the whole package by a name's last part: of an array of shape (n, classes) the word *classes* became a
link to `shoulders.backbones.Backbone.classes`, and two rooms have a `Card`. A name of the same module goes first; one that
several modules have, or that is no class, is sought no further.
"""

from __future__ import annotations

from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform


def setup(app):
    app.add_post_transform(Crossings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Crossings(SphinxPostTransform):
    """Before Sphinx follows the names: which of them it may seek everywhere."""

    default_priority = 5

    def run(self, **kwargs):
        known = self.env.domains["py"].objects
        for name in self.document.findall(pending_xref):
            wide = name.get("refdomain") == "py" and "refspecific" in name
            if wide and not may_be_sought(name["reftarget"], name.get("py:module"), known):
                del name["refspecific"]  # Sphinx asks whether it is there, not what it says


def may_be_sought(target: str, module: str | None, known) -> bool:
    """Whether a name is a class's, not in `module`, and in no more than one other; `known` are all names with what they are."""
    found = [name for name, entry in known.items() if name.endswith(f".{target}") and not entry.aliased]
    return target.rpartition(".")[2][:1].isupper() and f"{module}.{target}" not in known and len(found) == 1
