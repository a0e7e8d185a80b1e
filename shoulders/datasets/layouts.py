"""What the folders of a picture set are taken for: parts and classes, and everything that is neither, with the reason."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from shoulders.datasets import masks
from shoulders.datasets import parts as parts_of
from shoulders.datasets.notes import Notes, listed, quoted
from shoulders.support.errors import DatasetError
from shoulders.support.folders import form, inside, loosely, ordered, walked
from shoulders.support.names import near


@dataclass(frozen=True)
class Layout:
    """Where the pictures of each part and each class lie.

    Attributes
    ----------
    parts : dict of str to list of Path
        ``'train'``, and ``'valid'`` where there is a part for validation.
    classes : tuple of str
    homes : dict of (str, str) to list of Path
        Folders of a part and a class.
    """

    parts: dict[str, list[Path]]
    classes: tuple[str, ...]
    homes: dict[tuple[str, str], list[Path]]

    def named(self, notes: Notes) -> dict[str, str]:
        """What on disk each part is taken from, in words."""
        names = {part: ", ".join(map(notes.named, roots)) for part, roots in self.parts.items()}
        if len(set(names.values())) < len(names):
            names = {part: f"{self.homes[part, self.classes[0]][0].name} in each class folder" for part in names}
        return names

    def files(self, notes: Notes) -> list[tuple[str, str, Path, Path]]:
        """Part, class, path and class folder of every file that may be a picture of its class."""
        homes = [(part, c, home) for part in self.parts for c in self.classes for home in self.homes.get((part, c), ())]
        found = (masks.left_out(home, sorted(walked(home, notes.aside)), notes.aside) for *_, home in homes)
        return [(part, c, path, home) for (part, c, home), paths in zip(homes, found) for path in paths]


def read(folder: Path, notes: Notes, train=(), valid=(), classes=(), groups_below: bool = False) -> Layout:
    """Look at names, not yet into files.

    Parameters
    ----------
    folder : Path
    notes : Notes
        Is told what is not used, and what is taken for something that it might not be.
    train, valid : sequence of path
        Folders of class folders, as a person names them, from here or from `folder`.
    classes : sequence of str
        The class folders to use, in this order; none for all.
    groups_below : bool
        Whether the folders in a class folder are known to be groups.

    Raises
    ------
    DatasetError
        Where it is not plain what is meant.
    """
    parts = parts_of.find(folder, notes, train, valid, classes)
    found = _class_folders(parts, classes, notes)
    if inner := parts_of.turned(found, notes):
        parts, found = inner
    elif not groups_below and not classes:
        parts_of.need_none(folder, found, notes)
    return _labelled(folder, parts, found, classes, notes)


def _class_folders(parts, classes, notes):
    """For each part, and each of its folders, the class folders in it."""
    roots = {root for roots in parts.values() for root in roots}
    return {
        part: {root: {path.name: path for path in _kept(root, roots, classes, notes, part)} for root in home}
        for part, home in parts.items()
    }


def _kept(root, roots, classes, notes, part):
    kept = []
    for path in inside(root):
        if any(path == other or path in other.parents for other in roots - {root}):
            continue
        if classes and form(path.name) not in map(form, classes):
            notes.add(path, "not used: not among --classes", part=part)
        elif path.name.startswith("_") and not classes:
            notes.add(path, "not used: the name begins with an underscore", "If it is a class, rename it.", part=part)
        else:
            kept.append(path)
    if not classes:
        for path, beside in masks.among(kept):
            kept.remove(path)
            told = f"not used: {masks.kind(path)}, named as the pictures in {beside}"
            notes.add(path, told, "If it is a class, name the classes with --classes.", part=part)
    notes.beside(root, inside(root))
    return kept


def _labelled(folder, parts, found, classes, notes):
    """Class folders of both parts under the names that they have in the training part."""
    homes = defaultdict(list)
    for kept in found["train"].values():
        for name, path in kept.items():
            homes["train", form(name)].append(path)
    known = ordered(label for _, label in homes)
    _tell_alike(found["train"], known, notes)
    for kept in found.get("valid", {}).values():
        for name, path in kept.items():
            homes["valid", label := _label(name, known, kept)].append(path)
            if label in known and not any(name in names for names in found["train"].values()):
                told = f"taken for class {label} of the training part, which is written otherwise"
                notes.add(path, told, "Give both the same name.", "used", "valid", label)
    _need_classes(parts, known, [label for part, label in homes if part == "valid"], classes, notes.sense.WORD)
    _need_several(home for paths in homes.values() for home in paths)
    return Layout(parts, tuple(map(form, classes)) or tuple(known), dict(homes))


def _label(name, known, beside):
    """The class that a folder of the validation part is of: by its name, or by the one that differs in nothing that is seen."""
    if form(name) in known:
        return form(name)
    taken = {form(other) for other in beside}
    alike = [label for label in known if loosely(label) == loosely(name) and label not in taken]
    return alike[0] if len(alike) == 1 else form(name)


def _tell_alike(kept, known, notes):
    """Names in the training part that a person could take for one."""
    for name, path in ((name, path) for folders in kept.values() for name, path in folders.items()):
        first = next(label for label in known if loosely(label) == loosely(name))
        if first != form(name):
            told = f"looks like class {first}, but for capital letters or spaces: taken for a class of its own"
            notes.add(path, told, "If they are one class, put them in one folder.", "used", "train", form(name))
    for folders in kept.values():
        for name, path in folders.items():
            if name != form(name) and form(name) in folders:
                told = "the same name as another folder's, in another form of Unicode: taken for one class"
                notes.add(path, told, "Put them in one folder.", "used", "train", form(name))


def _need_several(homes):
    """No folder comes twice, by a link or a person's word: each of its pictures would be a copy of itself."""
    first = {}
    for home in homes:
        if (other := first.setdefault(os.path.realpath(home), home)) is not home:
            how, what = (
                ("is named twice", "give each part")
                if other == home
                else (f"is {other}, too, by a link", "remove it, or give each")
            )
            raise DatasetError(f"{home} {how}: {what} a folder of its own.")


def _need_classes(parts, known, of_valid, classes, word):
    train, valid = (listed(map(str, parts[part])) if part in parts else "" for part in ("train", "valid"))
    if lost := [name for name in classes if form(name) not in known]:
        here = [path.name for root in parts["train"] for path in inside(root)] or ["no folder"]
        raise DatasetError(f"{train} has no class folder {lost[0]!r}: it holds {listed(here)}.{near(lost[0], here)}")
    if twice := next((name for i, name in enumerate(map(form, classes)) if name in map(form, classes[:i])), None):
        raise DatasetError(f"--classes names {twice} twice: name each class once.")
    if not known:
        raise DatasetError(f"{train} holds no class folders: put the {word}s of each class in a folder of its own.")
    if strange := sorted(set(of_valid) - set(known)):
        raise DatasetError(
            f"{valid} has class folders that {train} lacks ({', '.join(strange)}): give each class the same folder name in "
            f"both, and at least one training {word}; or leave them out, with `--classes {quoted(','.join(known))}`."
        )
