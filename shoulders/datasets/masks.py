"""Masks and thumbnails that lie among pictures, and are named as the pictures that they belong to."""

from __future__ import annotations

import re
from pathlib import Path

from shoulders.support.folders import note, walked

IMAGES = (
    "images", "image", "imgs", "img", "pictures", "photos", "frames", "jpegimages", "pngimages", "originals", "input", "inputs",
)  # fmt: skip
LABELS = ("labels", "label", "annotations", "annotation")
MASKS = (
    *LABELS, "masks", "mask", "segmentations", "segmentation", "ground_truth", "groundtruth", "gt", "pedmasks", "trimaps",
    "output", "outputs",
)  # fmt: skip
SMALL = ("thumbs", "thumbnails", "thumb", "thumbnail", "_thumbs", "_thumbnails", "previews")
"""What folders of pictures, of their masks, and of small copies of them are called, in small letters."""

_MASK = re.compile(
    r"(?P<of>.+?)[ _.-](?:mask|masks|seg|segmentation|gt|groundtruth|ground_truth|trimap)(?:[ _.-]?\d+)?", re.IGNORECASE
)

_SURELY = re.compile(
    r"(?:.*[ _.-])?(?:ground_?truth|segmentations?|segmentation(?:class|object)\w*|trimaps?|pedmasks)(?:[ _.-]?\d+)?",
    re.IGNORECASE,
)
"""Of a folder: nobody calls a class so, and its pictures may lie in folders of any name."""


def among(folders: list[Path]) -> list[tuple[Path, str]]:
    """Of some folders those that hold masks or thumbnails, each with the name of those that hold the pictures.

    By the names of the folders, and because at least half of the files in the one bear names of files in the others.
    """
    pictured = [path for path in folders if path.name.lower() in IMAGES][:1]
    others = [path for path in folders if path.name.lower() not in SMALL and not _SURELY.fullmatch(path.name)]
    pairs = [(path, pictured) for path in folders if path.name.lower() in MASKS and pictured]
    pairs += [(path, others) for path in folders if _SURELY.fullmatch(path.name) and (path, pictured) not in pairs]
    pairs += [(path, others) for path in folders if path.name.lower() in SMALL]
    found = ((path, beside) for path, beside in pairs if _half(_names(path), set().union(*map(_names, beside))))
    return [(path, beside[0].name if len(beside) == 1 else "the other folders") for path, beside in found]


def kind(folder: Path) -> str:
    """``'masks'``, ``'labels'`` or ``'thumbnails'``, by a folder's name."""
    name = folder.name.lower()
    return "thumbnails" if name in SMALL else "labels" if name in LABELS else "masks"


def _names(folder):
    return {_of(path.stem) or path.stem for path in walked(folder)}


def _half(names, others):
    return 2 * len(names & others) >= len(names) > 0


def _of(stem):
    match = _MASK.fullmatch(stem)
    return match["of"] if match else None


def left_out(home: Path, paths: list[Path], aside: dict) -> list[Path]:
    """The files of a class without its masks and thumbnails, which are told to `aside`, as by `folders.note`."""
    there = {(path.parent, path.stem) for path in paths}
    pictured = {stem for parent, stem in there if parent == home or parent.name.lower() in IMAGES}
    kept = []
    for path in paths:
        of = _of(path.stem)
        if of and (path.parent, of) in there:
            note(aside, path, "not used: a mask, by its name, of the picture beside it")
        elif path.parent != home and path.parent.name.lower() in (*MASKS, *SMALL) and {of, path.stem} & pictured:
            note(aside, path, f"not used: {kind(path.parent)}, in a folder {path.parent.name}, named as the pictures")
        else:
            kept.append(path)
    return kept
