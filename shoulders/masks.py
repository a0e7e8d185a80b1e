"""Masks that lie among pictures: pictures of where something is, named as the pictures that they belong to."""

from __future__ import annotations

import re
from pathlib import Path

from shoulders.folders import note, walked

IMAGES = ("images", "image", "imgs", "img", "pictures", "photos", "frames", "jpegimages", "originals", "input", "inputs")
MASKS = (
    "masks", "mask", "labels", "label", "annotations", "annotation", "segmentations", "segmentation", "ground_truth",
    "groundtruth", "gt", "pedmasks", "trimaps", "output", "outputs",
)  # fmt: skip
"""What folders of pictures, and folders of their masks, are called, in small letters."""

_MASK = re.compile(
    r"(?P<of>.+?)[ _.-](?:mask|masks|seg|segmentation|gt|groundtruth|ground_truth|trimap)(?:[ _.-]?\d+)?", re.IGNORECASE
)


def among(folders: list[Path]) -> list[tuple[Path, Path]]:
    """Of some folders those that hold masks, each with the folder that holds the pictures.

    By the names of both folders, and because at least half of the files in the one bear names of files in the other.
    """
    pictured = [path for path in folders if path.name.lower() in IMAGES]
    masked = [path for path in folders if path.name.lower() in MASKS]
    return [(mask, images) for mask in masked for images in pictured[:1] if _half(_names(mask), _names(images))]


def _names(folder):
    return {_of(path.stem) or path.stem for path in walked(folder)}


def _half(names, others):
    return 2 * len(names & others) >= len(names) > 0


def _of(stem):
    match = _MASK.fullmatch(stem)
    return match["of"] if match else None


def left_out(home: Path, paths: list[Path], aside: dict) -> list[Path]:
    """The files of a class without its masks, which are told to `aside`, as by `shoulders.folders.note`."""
    there = {(path.parent, path.stem) for path in paths}
    pictured = {stem for parent, stem in there if parent == home or parent.name.lower() in IMAGES}
    kept = []
    for path in paths:
        of = _of(path.stem)
        if of and (path.parent, of) in there:
            note(aside, path, "not used: a mask, by its name, of the picture beside it")
        elif path.parent != home and path.parent.name.lower() in MASKS and {of, path.stem} & pictured:
            note(aside, path, f"not used: masks, in a folder {path.parent.name}, named as the pictures")
        else:
            kept.append(path)
    return kept
