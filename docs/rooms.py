"""The rooms of the package, floor by floor, from its own imports and first lines: ``python docs/rooms.py``.

A room is a file or a folder of `shoulders`. It stands one floor above the highest of the rooms that it imports, so all arrows
lead down. A test holds what `plan` finds to the limits in CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import textwrap
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "shoulders"


def files(package: Path = PACKAGE) -> dict[str, list[Path]]:
    """The Python files of each room; those that bear the package's own name are the house, and no room of it."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        found.setdefault(inside.parts[0].removesuffix(".py"), []).append(path)
    del found["__init__"]
    return found


def sentence(path: Path) -> str:
    """The first line of a file's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def imported(path: Path, rooms) -> set[str]:
    """The rooms that a file imports when it runs, also inside its functions; what only a type checker reads does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aside = {id(inner) for node in ast.walk(tree) if _for_types(node) for inner in ast.walk(node)}
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and id(node) not in aside]
    names = [f"{line.module}.{alias.name}".split(".") for line in lines for alias in line.names]
    return {parts[1] for parts in names if parts[0] == "shoulders" and parts[1] in rooms}


def _for_types(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def plan(package: Path = PACKAGE) -> dict[str, int]:
    """The floor of each room, from 1, in the order in which they can be built.

    Raises
    ------
    graphlib.CycleError
        Where rooms import each other in a circle; names them.
    """
    rooms, floors = files(package), {}
    below = {room: set().union(*(imported(path, rooms) for path in paths)) - {room} for room, paths in rooms.items()}
    for room in TopologicalSorter(below).static_order():
        floors[room] = 1 + max((floors[other] for other in below[room]), default=0)
    return floors


def drawn(package: Path = PACKAGE):
    """The lines of the page: the top floor first, each room with its sentence, and a folder's files with theirs."""
    rooms, floors = files(package), plan(package)
    for floor in range(max(floors.values()), 0, -1):
        yield f"floor {floor}"
        for room in sorted(room for room in floors if floors[room] == floor):
            first, *more = sorted(rooms[room], key=lambda path: (path.name != "__init__.py", len(path.parts), path))
            yield _line("  ", room + "/" * bool(more), first)
            yield from (_line("      ", str(path.relative_to(package / room)), path) for path in more if sentence(path))


def _line(indent, name, path):
    return textwrap.fill(f"{name}: {sentence(path)}", 120, initial_indent=indent, subsequent_indent=indent + "    ")


if __name__ == "__main__":
    print(*drawn(), sep="\n")
