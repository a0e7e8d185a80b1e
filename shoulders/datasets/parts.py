"""Which folders are the parts of a set: by their names, by a person's word, or asked about."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from itertools import islice
from pathlib import Path

from shoulders.datasets import masks
from shoulders.datasets.notes import Notes, listed, quoted, samples_below, samples_in
from shoulders.support import places
from shoulders.support.errors import DatasetError
from shoulders.support.folders import form, inside, loosely, note, ordered, walked

_TAILS = ("", "_set", "set", "_data", "data", "_images", "images", "_pictures", "_part")


def _with_tails(*words):
    return tuple(word + tail for word in words for tail in _TAILS)


TRAIN_NAMES = _with_tails("train", "training", "trainval")
VALID_NAMES = _with_tails("valid", "val", "validation", "dev", "eval", "evaluation", "holdout", "test", "testing")
"""Of the parts of a set, in small or capital letters; the first in this order that holds pictures counts."""

_PART = re.compile(
    r"(?:(?P<before>.+?)_)?(?P<word>"
    + "|".join(sorted(TRAIN_NAMES + VALID_NAMES, key=len, reverse=True))
    + r")(?:_?(?P<number>\d+))?(?:_(?P<after>.+))?"
)


_ALONE = "", "", ""
"""Nothing around the name of a part."""


def find(folder: Path, notes: Notes, train=(), valid=(), classes=()) -> dict[str, list[Path]]:
    """For ``'train'``, and ``'valid'`` where there is one, the folders that hold the class folders.

    The parameters are those of `shoulders.datasets.layouts.read`.

    Raises
    ------
    DatasetError
        For folders that may be parts or classes.
    """
    if train or valid:
        return _as_named(folder, notes, train, valid, classes)
    return _by_name(_unwrapped(folder, notes), classes, notes)


def _part_of(name):
    """``'train'`` or ``'valid'``, the place in the order of the names, and what stands around the word; None for other names."""
    plain = re.sub(r"[\s_.-]+", "_", name.lower()).strip("_")
    if not (match := _PART.fullmatch(re.sub("train_val(?![a-z])", "trainval", plain))):
        return None
    part, names = ("train", TRAIN_NAMES) if match["word"] in TRAIN_NAMES else ("valid", VALID_NAMES)
    return part, names.index(match["word"]), tuple(match[around] or "" for around in ("before", "number", "after"))


def names_no_class(name: str) -> bool:
    """Whether a folder is called as a part, or as where pictures lie, and not as what they show."""
    return bool(_part_of(name)) or name.lower() in masks.IMAGES


def _by_name(home, classes, notes):
    below = inside(home)
    if classes and {*map(form, classes)} <= {form(path.name) for path in below}:
        return {"train": [home]}
    claims = _claims(below)
    for around in sorted(claims):
        train = [path for path in claims[around]["train"] if inside(path)]
        if train and (claims[around]["valid"] or around == _ALONE):
            parts = _settled(home, train, claims[around]["valid"], notes)
            if not classes:
                _need_no_part_within(notes, **parts)
            return parts
    if not classes:
        _need_plain_names(home, below, notes)
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
    classes = {loosely(path.name) for path in inside(train)}
    filled = [path for path in called if any(any(walked(below)) for below in inside(path)) and not _unnamed(path, classes)]
    empty = [path for path in called if not samples_in(path) and not _unnamed(path, classes)]  # told as an error, later
    valid = (filled or empty or [None])[0]
    used = [path for path in (train, valid) if path]

    def why(path):
        if not any(walked(path)):
            return "not used: it is empty"
        if path in called and path not in filled and samples_below(path):
            return f"not used: holds {notes.sense.WORD}s without class folders, so nobody knows what they show"
        if path in called and valid:
            return f"not used: {valid.name} is taken for validation (--valid {quoted(path)} takes this one)"
        if path in trains:
            return f"not used: {train.name} is taken for training (--train {quoted(path)} takes this one)"
        takes = f" (--{place[0]} {quoted(path)} takes this one)" if (place := _part_of(path.name)) else ""
        return f"not used: lies beside {' and '.join(one.name for one in used)}, and is neither part{takes}"

    notes.beside(home, used, why)
    return {part: [_unwrapped(path, notes, train)] for part, path in (("train", train), ("valid", valid)) if path}


def _unnamed(part, classes):
    """Whether a part holds one folder of pictures, and that bears the name of no class."""
    below = inside(part)
    return len(below) == 1 and loosely(below[0].name) not in classes and samples_in(below[0])


def _as_named(folder, notes, train, valid, classes):
    """The parts that a person named; where that is the validation part alone, the rest is for training."""
    named = {
        "train": [_found(folder, path, "--train") for path in train],
        "valid": [_found(folder, path, "--valid") for path in valid],
    }
    if not train:
        claimed = [path for path in _claims(inside(folder))[_ALONE]["train"] if inside(path) and path not in named["valid"]]
        named["train"] = claimed[:1] or [folder]
        if not claimed and not classes:
            _need_plain_names(folder, [path for path in inside(folder) if path not in named["valid"]], notes)
    used = [*named["train"], *named["valid"]]
    if folder not in used:
        notes.beside(folder, used, lambda path: "not used: neither --train nor --valid names it")
    return {part: [_unwrapped(root, notes, root, used) for root in roots] for part, roots in named.items() if roots}


def _found(folder, path, option):
    there = [place for place in (places.expanded(path), folder / path) if place.is_dir()]
    if not there:
        raise DatasetError(f"{option} {path}: no such folder, neither here nor in {folder}: check the path.")
    if len(there) > 1 and not there[0].samefile(there[1]):
        raise DatasetError(f"{option} {path} is a folder here, and another one in {folder}: write its path in full.")
    return _from(folder, there[-1])


def _from(folder, path):
    """A path below the folder in the folder's own words, however it was written."""
    plain, home = (Path(os.path.abspath(one)) for one in (path, folder))
    return folder / plain.relative_to(home) if plain.is_relative_to(home) else path


def _unwrapped(folder, notes, part=None, but=()):
    """The folder, or what lies in it where it holds nothing but one more folder around everything (and others that are known).

    A part's one folder may be a class, if it is one in the training part, too.
    """
    for _ in range(20):
        below = [path for path in inside(folder) if path not in but]
        filled = list(islice((path for path in below if samples_below(path)), 2))
        if len(filled) != 1 or samples_in(folder) or not _promising(filled[0], bool(part)):
            break
        if not all(any(walked(path)) for path in below):  # an empty folder may be a class to come
            break
        is_class = part and folder != part and (part / filled[0].name).is_dir() and len(inside(part)) > 1
        if is_class or not part and _part_of(filled[0].name):
            break
        only = f"the only folder with {notes.sense.WORD}s in {folder.name}"
        notes.add(filled[0], f"{only}: taken for what is around them all", action="used")
        notes.beside(folder, [*filled, *but], lambda path: f"not used: holds no {notes.sense.WORD}")
        folder = filled[0]
    return folder


def _promising(folder, in_part):
    """Whether a folder holds parts or classes, and not the pictures of one class."""
    below = inside(folder)
    if not below or samples_in(folder):
        return False
    return len(below) > 1 or (not in_part and bool(_part_of(below[0].name))) or _promising(below[0], in_part)


# ------------------------------------------------------------------------------------------- what is not plain is asked


def _need_no_part_within(notes, train, valid=()):
    """A folder in the training part that is called as one for validation is a class if the validation part holds it, too."""
    common = {path.name for root in valid for path in inside(root)}
    for root in train:
        below = [path for path in inside(root) if path.name not in common]
        if _claims(below)[_ALONE]["valid"]:
            _need_plain_names(root, inside(root), notes)


def _need_plain_names(home, below, notes):
    """No folder becomes a class that bears the name of a part."""
    below = [path for path in below if samples_below(path)]
    claims = _claims(below)
    both = [around for around, parts in claims.items() if parts["train"] and parts["valid"]]
    named = {around: claims[around]["train"] + claims[around]["valid"] for around in {_ALONE, *both}}
    known = [path for paths in named.values() for path in paths]
    if len(known) == len(below) >= 1 or not any(map(inside, below)) and both:
        names = listed(path.name.lower() for path in sorted(known))
        raise DatasetError(
            f"{home} holds {names}, but no class folders in a training part: put the {notes.sense.WORD}s of each class in a "
            f"folder of its own, as in {home / 'train' / 'cats'}; or name the classes with --classes."
        )
    strange = claims[_ALONE]["valid"] or [path for around in both for path in named[around]]
    if strange:
        taught = "".join(f" --train {quoted(path)}" for around in both for path in claims[around]["train"])
        valid = claims[_ALONE]["valid"] or [path for around in both for path in claims[around]["valid"]]
        others = [path.name for path in below if path not in strange] or ["no other"]
        raise DatasetError(
            f"{home} holds {listed(path.name for path in strange)} beside {listed(others)}: say which is a part, as in "
            f"`shoulders compare {quoted(home)}{taught} --valid {quoted(valid[0])}`, or name the classes, as in "
            f"`--classes {quoted(','.join(path.name for path in below))}`."
        )


def need_none(folder: Path, found, notes: Notes) -> None:
    """Refuse class folders that may be sets with parts, or parts: those that hold the same folders, and no pictures themselves.

    Parameters
    ----------
    folder : Path
        That was asked about.
    found : dict of str to dict of Path to dict of str to Path
        For each part, and each of its folders, the class folders by name.
    notes : Notes

    Raises
    ------
    DatasetError
    """
    others = found.get("valid", {}) if "train" in found else {}
    for part, roots in found.items():
        for root, kept in ((root, list(kept.values())) for root, kept in roots.items()):
            _need_no_sets(root, kept)
            _need_no_folds(folder, root, kept, others if part == "train" else ())
            _tell_deeper(root, kept, notes)


def _need_no_sets(root, kept):
    if whole := [path for path in kept if _has_parts(path)]:
        names, (each, one) = _names(whole), ("each ", "one of them") if whole[1:] else ("", "it alone")
        raise DatasetError(
            f"{root} holds {names}, {each}with a training and a validation part: give {one}, as in `shoulders compare "
            f"{quoted(whole[0])}`, or say that the classes are {_names(kept)}, with {_as_classes(kept)}."
        )


def _need_no_folds(folder, root, kept, valid):
    if len(kept) < 2 or any(map(samples_in, kept)):
        return
    below = [{form(path.name) for path in inside(one)} for one in kept]
    common = set.intersection(*below)
    alike = len({re.sub(r"\d+", "", path.name).strip(" _-.").lower() for path in kept}) == 1
    if len(common) < 2 or set(map(str.lower, common)) <= _BESIDE or not (alike or all(one == common for one in below)):
        return
    *most, last = map(quoted, [*kept, *valid])
    taught = " ".join(f"--train {one}" for one in most)
    raise DatasetError(
        f"{root} holds {_names(kept)}, each with the folders {listed(ordered(common))}: say which are for training and which for "
        f"validation, as in `shoulders compare {quoted(folder)} {taught} --valid {last}`, or give one of them alone, or say that "
        f"these are the classes, with {_as_classes(kept)}."
    )


def _tell_deeper(root, kept, notes):
    """Of class folders that hold nothing but more folders: they might be the classes."""
    below = ([path for path in inside(one) if path.name.lower() not in _BESIDE] for one in kept if not samples_in(one))
    if deeper := next((paths for paths in below if len(paths) > 1 and all(map(samples_below, paths[:2]))), None):
        told = f"the folders in its class folders, as {deeper[0].name} and {deeper[1].name} in {deeper[0].parent.name}, are taken"
        notes.add(root, f"{told} for parts of the classes", "To tell those of one class apart, give its folder alone.", "used")


_BESIDE = {*masks.IMAGES, *masks.MASKS, *masks.SMALL}


def _names(folders):
    return listed(path.name for path in folders)


def _as_classes(folders):
    return f"`--classes {quoted(','.join(path.name for path in folders))}`"


def _has_parts(folder):
    """Whether a training and a validation part lie in a folder, and pictures in both."""
    claims = _claims(path for path in inside(folder) if samples_below(path))
    return any(claim["train"] and claim["valid"] for claim in claims.values())


def turned(found, notes: Notes):
    """Parts, and `found` as for `need_none`, where each class folder holds a training and a validation part and no other folder.

    None where they do not.
    """
    if list(found) != ["train"] or len(found["train"]) != 1:
        return None
    [(root, kept)] = found["train"].items()
    if len(kept) < 2 or any(map(samples_in, kept.values())):
        return None
    claims = {name: _claims(inside(path))[_ALONE] for name, path in kept.items()}
    whole = all(len(claim["train"]) == 1 and claim["valid"] and samples_in(claim["train"][0]) for claim in claims.values())
    if not whole or len({_part_of(claim["valid"][0].name) for claim in claims.values()}) > 1:
        return None
    if any(len(inside(path)) > 1 + len(claims[name]["valid"]) for name, path in kept.items()):
        return None
    for name, path in kept.items():
        train, (valid, *others) = claims[name]["train"][0], claims[name]["valid"]
        notes.beside(path, inside(path))
        for other in others:
            note(notes.aside, other, f"not used: {valid.name} is taken for validation")
    notes.add(
        root, f"each class folder holds parts: {train.name} is taken for training, {valid.name} for validation", action="used"
    )
    turned = {part: {root: {name: claim[part][0] for name, claim in claims.items()}} for part in ("train", "valid")}
    return {part: [root] for part in turned}, turned
