"""What the folders of a picture set are taken for: parts and classes, and everything that is neither, with the reason."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from shoulders import masks, places
from shoulders.errors import DatasetError
from shoulders.folders import counted, inside, note, ordered, system, walked
from shoulders.names import PICTURE_ENDINGS, near

_TAILS = ("", "_set", "set", "_data", "data", "_images", "images", "_pictures", "_part")


def _with_tails(*words):
    return tuple(word + tail for word in words for tail in _TAILS)


TRAIN_NAMES = _with_tails("train", "training")
VALID_NAMES = _with_tails("valid", "val", "validation", "dev", "eval", "evaluation", "holdout", "test", "testing")
"""Of the parts of a set, in small or capital letters; the first in this order that holds pictures counts."""

_PART = re.compile(
    r"(?:(?P<before>.+?)_)?(?P<word>"
    + "|".join(sorted(TRAIN_NAMES + VALID_NAMES, key=len, reverse=True))
    + r")(?:_?(?P<number>\d+))?"
)


@dataclass
class Notes:
    """What was noticed in a folder: `findings` as a `PictureSet` keeps them, and `aside` as `shoulders.folders.note` counts.

    Nothing is said of files beside the folders that bear one of the names in `known`.
    """

    folder: Path
    known: tuple[str, ...] = ()
    findings: list[dict] = field(default_factory=list)
    aside: dict = field(default_factory=dict)

    def named(self, path: Path) -> str:
        """As a person would name it who looks at the folder."""
        if path == self.folder:
            return path.resolve().name
        there, folder = path.absolute(), self.folder.absolute()
        return str(there.relative_to(folder) if there.is_relative_to(folder) else path)

    def add(self, path, problem, remedy="", action="skipped", part="", label=""):
        told = {"file": self.named(path), "part": part, "class": label}
        self.findings.append(told | {"action": action, "problem": problem, "remedy": remedy})

    def all(self) -> list[dict]:
        """Every finding, and one for each reason in `aside`."""
        whole = Notes(self.folder, findings=list(self.findings))
        for reason, (first, count) in self.aside.items():
            whole.add(first, counted(reason, count))
        return whole.findings


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
    parts = (
        _as_named(folder, notes, train, valid, classes) if train or valid else _parts(_unwrapped(folder, notes), classes, notes)
    )
    found = _class_folders(parts, classes, notes)
    if inner := _parts_in_classes(found, notes):
        parts, found = inner
        notes.add(folder, "each class folder holds parts: taken for the parts of the set", action="used")
    elif not groups_below and not classes:
        _need_no_parts(folder, found, notes)
    return _labelled(folder, parts, found, classes, notes)


# ---------------------------------------------------------------------------------------------------------------- parts


def _part_of(name):
    """``'train'`` or ``'valid'``, the place in the order of the names, and what stands around the word; None for other names."""
    if not (match := _PART.fullmatch(re.sub(r"[\s_.-]+", "_", name.lower()).strip("_"))):
        return None
    part, names = ("train", TRAIN_NAMES) if match["word"] in TRAIN_NAMES else ("valid", VALID_NAMES)
    return part, names.index(match["word"]), (match["before"] or "", match["number"] or "")


def _parts(home, classes, notes):
    below = inside(home)
    if classes and all(any(_same(path.name, name) for path in below) for name in classes):
        return {"train": [home]}
    claims = _claims(below)
    for around in sorted(claims):
        train = [path for path in claims[around]["train"] if inside(path)]
        if train and (claims[around]["valid"] or around == ("", "")):
            return _settled(home, train, claims[around]["valid"], notes)
    if not classes:
        _need_plain_names(home, below)
    return {"train": [home]}  # a class may be called "train"


def _claims(folders):
    """Of the same words around the name, the folders that are called as one part and as the other, in the order of the names."""
    claims = defaultdict(lambda: {"train": [], "valid": []})
    known = [(_part_of(path.name), path) for path in folders]
    for (part, _, around), path in sorted(((place, path) for place, path in known if place), key=lambda one: (one[0][1], one[1])):
        claims[around][part].append(path)
    return claims


def _settled(home, trains, called, notes):
    """One folder for each part; of the others is told why they are not used."""
    train = trains[0]
    classes = {_loose(path.name) for path in inside(train)}
    filled = [path for path in called if any(any(walked(below)) for below in inside(path)) and not _unnamed(path, classes)]
    empty = [
        path for path in called if not _pictures_in(path) and not _unnamed(path, classes)
    ]  # class folders without files: told as an error
    valid = (filled or empty or [None])[0]
    used = [path for path in (train, valid) if path]

    def why(path):
        if path in called and path not in filled and _pictures_below(path):
            return "not used: holds pictures without class folders, so nobody knows what they show"
        if path in called and valid:
            return f"not used: {valid.name} is taken for validation (--valid {_quoted(path)} takes this one)"
        if path in trains:
            return f"not used: {train.name} is taken for training (--train {_quoted(path)} takes this one)"
        return f"not used: lies beside {' and '.join(one.name for one in used)}, and is neither part"

    _tell_beside(home, used, notes, why)
    return {part: [_unwrapped(path, notes, train)] for part, path in (("train", train), ("valid", valid)) if path}


def _unnamed(part, classes):
    """Whether a part holds one folder of pictures, and that bears the name of no class."""
    below = inside(part)
    return len(below) == 1 and _loose(below[0].name) not in classes and _pictures_in(below[0])


def _as_named(folder, notes, train, valid, classes):
    """The parts that a person named; where that is the validation part alone, the rest is for training."""
    named = {
        "train": [_found(folder, path, "--train") for path in train],
        "valid": [_found(folder, path, "--valid") for path in valid],
    }
    if not train:
        claimed = [path for path in _claims(inside(folder))["", ""]["train"] if inside(path) and path not in named["valid"]]
        named["train"] = claimed[:1] or [folder]
        if not claimed and not classes:
            _need_plain_names(folder, [path for path in inside(folder) if path not in named["valid"]])
    used = [*named["train"], *named["valid"]]
    if folder not in used:
        _tell_beside(folder, used, notes, lambda path: "not used: neither --train nor --valid names it")
    return {part: [_unwrapped(root, notes, root) for root in roots] for part, roots in named.items() if roots}


def _found(folder, path, option):
    there = [place for place in (places.expanded(path), folder / path) if place.is_dir()]
    if not there:
        raise DatasetError(f"{option} {path}: no such folder, neither here nor in {folder}: check the path.")
    if len(there) > 1 and not there[0].samefile(there[1]):
        raise DatasetError(f"{option} {path} is a folder here, and another one in {folder}: write its path in full.")
    return there[-1]


def _unwrapped(folder, notes, part=None):
    """The folder, or what lies in it where it holds nothing but one more folder around everything.

    A part's one folder may be a class, if it is one in the training part, too.
    """
    for _ in range(5):
        below = inside(folder)
        filled = list(islice((path for path in below if _pictures_below(path)), 2))
        if len(filled) != 1 or _pictures_in(folder) or not _promising(filled[0], bool(part)):
            break
        if not all(any(walked(path)) for path in below):  # an empty folder may be a class to come
            break
        is_class = part and folder != part and (part / filled[0].name).is_dir() and len(inside(part)) > 1
        if is_class or not part and _part_of(filled[0].name):
            break
        notes.add(filled[0], f"the only folder with pictures in {folder.name}: taken for what is around them all", action="used")
        _tell_beside(folder, filled, notes, lambda path: "not used: holds no picture")
        folder = filled[0]
    return folder


def _promising(folder, in_part):
    """Whether a folder holds parts or classes, and not the pictures of one class."""
    below = inside(folder)
    if not below or _pictures_in(folder):
        return False
    return len(below) > 1 or (not in_part and bool(_part_of(below[0].name))) or _promising(below[0], in_part)


def _pictures_below(folder):
    return any(path.suffix.lower() in PICTURE_ENDINGS for path in walked(folder))


def _pictures_in(folder):
    """Whether pictures lie in the folder itself."""
    return any(path.suffix.lower() in PICTURE_ENDINGS and not system(path.name) and path.is_file() for path in folder.iterdir())


# ------------------------------------------------------------------------------------------- what is not plain is asked


def _need_plain_names(home, below):
    """No folder becomes a class that bears the name of a part."""
    claims = _claims(below)
    both = [around for around, parts in claims.items() if parts["train"] and parts["valid"]]
    named = {around: claims[around]["train"] + claims[around]["valid"] for around in {("", ""), *both}}
    known = [path for paths in named.values() for path in paths]
    if len(known) == len(below) > 1:
        raise DatasetError(
            f"{home} holds {_and(path.name.lower() for path in sorted(known))}, but no class folders in a training part: put the "
            f"pictures of each class in a folder of its own, as in {home / 'train' / 'cats'}; or name the classes with --classes."
        )
    strange = claims["", ""]["valid"] or [path for around in both for path in named[around]]
    if strange:
        others = [path.name for path in below if path not in strange] or ["no other"]
        raise DatasetError(
            f"{home} holds {_and(path.name for path in strange)} beside {_and(others)}: say which is a part, as in "
            f"`shoulders compare {_quoted(home)} --valid {_quoted(strange[0])}`, or name the classes, as in "
            f"`--classes {_quoted(','.join(path.name for path in below))}`."
        )


def _need_no_parts(folder, found, notes):
    """Folders that are numbered alike, each with the same folders in it, are rather parts than classes."""
    for root, kept in ((root, list(kept.values())) for roots in found.values() for root, kept in roots.items()):
        if len(kept) < 2 or any(map(_pictures_in, kept)):
            continue
        common = set.intersection(*({_form(path.name) for path in inside(one)} for one in kept))
        if len(common) < 2 or {*map(str.lower, common)} <= {*masks.IMAGES, *masks.MASKS, *masks.SMALL}:
            continue
        names, same = [path.name for path in kept], _and(ordered(common))
        if len({re.sub(r"\d+", "", name).strip(" _-.").lower() for name in names}) == 1 or all(map(_part_of, names)):
            *most, last = map(_quoted, kept)
            taught = " ".join(f"--train {one}" for one in most)
            raise DatasetError(
                f"{root} holds {_and(names)}, each with the folders {same}: say which are for training and which for validation, "
                f"as in `shoulders compare {_quoted(folder)} {taught} --valid {last}`, or that these are the classes, with "
                f"`--classes {_quoted(','.join(names))}`."
            )
        notes.add(root, f"every class folder holds the folders {same}: these are taken for parts of the classes", action="used")


def _parts_in_classes(found, notes):
    """Where each class folder holds a training and a validation part, and nothing else: parts and class folders, turned round."""
    if list(found) != ["train"] or len(found["train"]) != 1:
        return None
    [(root, kept)] = found["train"].items()
    if len(kept) < 2 or any(map(_pictures_in, kept.values())):
        return None
    claims = {name: _claims(inside(path))["", ""] for name, path in kept.items()}
    whole = all(len(claim["train"]) == len(claim["valid"]) == 1 for claim in claims.values())
    if not whole or any(len(inside(path)) > 2 for path in kept.values()):
        return None
    for path in kept.values():
        _tell_beside(path, inside(path), notes)
    turned = {part: {root: {name: claim[part][0] for name, claim in claims.items()}} for part in ("train", "valid")}
    return {part: [root] for part in turned}, turned


def _and(names):
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _quoted(path):
    return shlex.quote(str(path))


# -------------------------------------------------------------------------------------------------------------- classes


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
        if classes and not any(_same(path.name, name) for name in classes):
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
    _tell_beside(root, inside(root), notes)
    return kept


def _tell_beside(level, used, notes, why=None):
    """Of what lies beside the folders that are used: each other folder, and the files, counted."""
    for path in inside(level, notes.aside):
        if not any(path == one or path in one.parents for one in used):
            notes.add(path, why(path))
    loose = {True: [], False: []}
    for path in sorted(path for path in level.iterdir() if not path.is_dir()):
        if reason := system(path.name):
            note(notes.aside, path, reason)
        elif path.is_symlink() and not path.exists():
            notes.add(path, "a link that leads nowhere", "Remove it, or bring back what it leads to.")
        elif path.name not in notes.known:
            loose[path.suffix.lower() in PICTURE_ENDINGS].append(path)
    if loose[True]:
        told = counted("not used: a picture that lies in no class folder", len(loose[True]))
        notes.add(loose[True][0], told, "Put each in the folder of its class.")
    if loose[False]:
        notes.add(loose[False][0], counted("not used: a file beside the folders, no picture", len(loose[False])))


def _form(name):
    """One of the ways in which Unicode writes the same name."""
    return unicodedata.normalize("NFC", name)


def _same(name, other):
    return _form(name) == _form(other)


def _loose(name):
    return " ".join(_form(name).casefold().split())


def _labelled(folder, parts, found, classes, notes):
    """Class folders of both parts under the names that they have in the training part."""
    homes = defaultdict(list)
    for kept in found["train"].values():
        for name, path in kept.items():
            homes["train", _form(name)].append(path)
    known = ordered(label for _, label in homes)
    _tell_alike(found["train"], known, notes)
    for kept in found.get("valid", {}).values():
        for name, path in kept.items():
            homes["valid", label := _label(name, known, kept)].append(path)
            if label in known and not any(name in names for names in found["train"].values()):
                told = f"taken for class {label} of the training part, which is written otherwise"
                notes.add(path, told, "Give both the same name.", "used", "valid", label)
    _need_classes(folder, parts, known, [label for part, label in homes if part == "valid"], classes)
    return Layout(parts, tuple(map(_form, classes)) or tuple(known), dict(homes))


def _label(name, known, beside):
    """The class that a folder of the validation part is of: by its name, or by the one that differs in nothing that is seen."""
    if _form(name) in known:
        return _form(name)
    taken = {_form(other) for other in beside}
    alike = [label for label in known if _loose(label) == _loose(name) and label not in taken]
    return alike[0] if len(alike) == 1 else _form(name)


def _tell_alike(kept, known, notes):
    """Names in the training part that a person could take for one."""
    for name, path in ((name, path) for folders in kept.values() for name, path in folders.items()):
        first = next(label for label in known if _loose(label) == _loose(name))
        if first != _form(name):
            told = f"looks like class {first}, but for capital letters or spaces: taken for a class of its own"
            notes.add(path, told, "If they are one class, put them in one folder.", "used", "train", _form(name))
    for folders in kept.values():
        for name, path in folders.items():
            if name != _form(name) and _form(name) in folders:
                told = "the same name as another folder's, in another form of Unicode: taken for one class"
                notes.add(path, told, "Put them in one folder.", "used", "train", _form(name))


def _need_classes(folder, parts, known, of_valid, classes):
    train, valid = (_and(map(str, parts[part])) if part in parts else "" for part in ("train", "valid"))
    if lost := [name for name in classes if _form(name) not in known]:
        here = [path.name for root in parts["train"] for path in inside(root)] or ["no folder"]
        raise DatasetError(f"{train} has no class folder {lost[0]!r}: it holds {_and(here)}.{near(lost[0], here)}")
    if strange := sorted(set(of_valid) - set(known)):
        raise DatasetError(
            f"{valid} has class folders that {train} lacks ({', '.join(strange)}): give each class the same folder name in "
            f"both, and at least one training picture; or leave them out, with `--classes {_quoted(','.join(known))}`."
        )
    if not known:
        raise DatasetError(f"{folder} holds no class folders: put the pictures of each class in a folder of its own.")
