"""The reference: a page for each room of the package, made from its docstrings; and the commands, from their own help.

Which rooms there are, and their sentences, comes from ``docs/rooms.py``; which names are public, from ``__all__`` or,
without one, from their first letter. Sphinx's autodoc and autosummary do the rest.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import rooms

ELSEWHERE = ("__main__", "cli")
"""Rooms that have no page here: their functions are commands."""

INTRODUCTION = """\
The package
===========

Import the room, not its contents: ``from shoulders import datasets, features``. The rooms, from those that call the others down
to those that are only called:
"""


def pages(package: Path = rooms.PACKAGE) -> dict[str, str]:
    """The pages in reStructuredText, by their names: one for each room, and their list."""
    found = {room: paths for room, paths in rooms.files(package).items() if room not in ELSEWHERE}
    floors, told = rooms.plan(package), shown(package)
    made = {f"reference/{room}.rst": page(paths, told, package) for room, paths in found.items()}
    order = sorted(found, key=lambda room: (-floors[room], room))
    rows = [line for room in order for line in (f"   * - :doc:`{room}`", f"     - {rooms.sentence(first(found[room]))}")]
    table = [".. list-table::", "   :header-rows: 1", "   :widths: 20 80", "", "   * - room", "     - what lives there", *rows]
    return made | {"reference/index.rst": "\n".join([INTRODUCTION, *table, ""])}


def shown(package: Path = rooms.PACKAGE) -> dict[Path, list[str]]:
    """What is described at which file: a name that several offer once, on the lowest floor that lists it in an ``__all__``."""
    files, floors = rooms.files(package), rooms.plan(package)
    paths = [path for room in sorted(files, key=floors.get) for path in files[room]]
    offers = {path: public(path, package) for path in paths}
    owners = {}
    for path in paths:
        for name, origin in offers[path].items():
            if origin != f"{module(path, package)}.{name}":
                owners.setdefault(origin, path)
    return {path: [name for name, origin in names.items() if owners.get(origin, path) == path] for path, names in offers.items()}


def first(paths) -> Path:
    """Of a folder the file that opens it."""
    return min(paths, key=lambda path: (path.name != "__init__.py", len(path.parts), path))


def page(paths, told: dict[Path, list[str]], package: Path = rooms.PACKAGE) -> str:
    """The page of a room: what it offers itself; of a folder then, file by file, what else is public there.

    A file whose name its folder gives to a function has no part of its own: both would have one name.
    """
    opening = first(paths)
    taken = {f"{module(path, package)}.{name}" for path in paths for name in told[path]}
    blocks = described(opening, told[opening], "=", package)
    for path in sorted(set(paths) - {opening}, key=lambda path: path.relative_to(package)):
        if told[path] and module(path, package) not in taken:
            blocks += described(path, told[path], "-", package)
    return "\n".join(blocks)


def described(path: Path, names: list[str], line: str, package: Path = rooms.PACKAGE) -> list[str]:
    """The lines for one file: its title, what its docstring says, a table of its public names, then each."""
    title = module(path, package)
    head = [title, line * len(title), "", f".. automodule:: {title}"]
    if not names:
        return [*head, ""]
    table = [".. autosummary::", "   :nosignatures:", "", *(f"   {name}" for name in names), ""]
    entries = [f".. autoclass:: {name}\n   :members:" if name[0].isupper() else f".. autofunction:: {name}" for name in names]
    return [*head, "", *table, *entries, ""]


def module(path: Path, package: Path = rooms.PACKAGE) -> str:
    """What a file is called when it is imported."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def public(path: Path, package: Path = rooms.PACKAGE) -> dict[str, str]:
    """The functions and classes that a file offers, with the place where each is written.

    Those of its ``__all__`` or, without one, its own whose names begin with no underscore.
    """
    body, own = ast.parse(path.read_text(encoding="utf-8")).body, module(path, package)
    written = (ast.FunctionDef, ast.ClassDef)
    found = {node.name: f"{own}.{node.name}" for node in body if isinstance(node, written) and not node.name.startswith("_")}
    listed = next((ast.literal_eval(node.value) for node in body if isinstance(node, ast.Assign) and _is_all(node)), None)
    if listed is None:
        return found
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package.name)]
    found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    return {name: found[name] for name in listed if name in found and not name.isupper()}


def _is_all(node):
    return [target.id for target in node.targets if isinstance(target, ast.Name)] == ["__all__"]


def commands(root: Path) -> str:
    """The page of the commands, as typer writes it from their help."""
    ask = [sys.executable, "-m", "typer", "shoulders.cli", "utils", "docs", "--name", "shoulders", "--title", "Commands"]
    plain = os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1"}
    return subprocess.run(ask, cwd=root, env=plain, check=True, capture_output=True, text=True, encoding="utf-8").stdout
