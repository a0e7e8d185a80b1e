"""Sign Language Digits, arranged by who made the sign, as far as the files' numbers tell."""

from __future__ import annotations

import re
from pathlib import Path

from shoulders.support.errors import DatasetError
from shoulders.support.names import PICTURE_ENDINGS

JUDGES, BETWEEN = 1 / 5, 2
"""This share of the signers is for validation, the last ones; so many before them are in no part."""


def arranged(room: Path) -> Path:
    """Training and validation folders from the publisher's ``Dataset/0`` … ``Dataset/9``; the names tell the signer, too.

    The publisher speaks of 218 signers and does not say who made which picture. All that is known are the numbers of the files:
    in their order the digits go from 0 to 9, again and again. So a signer is taken to begin where a digit comes again.
    (Not where it comes again at once: such a picture was taken twice.) Whether somebody came back later is not known.
    Validation has the last numbers, those of another day; two signers before them are left out, since a row of digits may
    begin a picture earlier than it seems. In ``valid/7/p171_IMG_5599.JPG``, ``p171`` is the signer.

    Raises
    ------
    DatasetError
        Where there are too few signers for two parts.
    """
    shown = sorted((_number(path), path) for path in room.glob("Dataset/[0-9]/*") if path.suffix.lower() in PICTURE_ENDINGS)
    signers = whose([(number, int(path.parent.name)) for number, path in shown])
    count = max(signers, default=0)
    first = count - max(1, int(JUDGES * count)) + 1  # of validation
    if first <= BETWEEN + 1:
        raise DatasetError(f"{room} has pictures of {count} signers in Dataset/0 to Dataset/9, too few for two parts.")
    for (_, path), signer in zip(shown, signers):
        if part := "valid" if signer >= first else "train" if signer < first - BETWEEN else "":
            goal = room / "set" / part / path.parent.name / f"p{signer:03}_{path.name}"
            goal.parent.mkdir(parents=True, exist_ok=True)
            path.rename(goal)
    return room / "set"


def _number(path):
    found = re.search(r"\d+", path.stem)
    return int(found[0]) if found else 0


def whose(shown: list[tuple[int, int]]) -> list[int]:
    """A signer's number from 1 on for each picture, of which the file's number and the digit are given in the numbers' order."""
    signers, made, before = [], set(), (0, None)
    for number, digit in shown:
        twice = digit == before[1] and number - before[0] <= 1
        begins = not signers or (digit in made and not twice)
        signers.append(signers[-1] + begins if signers else 1)
        made, before = {digit} if begins else made | {digit}, (number, digit)
    return signers
