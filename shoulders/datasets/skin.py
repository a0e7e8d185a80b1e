"""HAM10000 as its publishers give it: pictures in two archives, and a table that says which lesion each shows and what it was."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from shoulders.support.errors import DatasetError

KINDS = dict.fromkeys(("mel", "bcc", "akiec"), "malignant") | dict.fromkeys(("nv", "bkl", "df", "vasc"), "benign")
"""Melanoma, basal cell carcinoma, actinic keratosis and Bowen's disease; naevus, keratosis, dermatofibroma, vascular lesion."""

PICTURES = 10_015
TABLE = "HAM10000_metadata.csv"


def arranged(room: Path, table: Path, kinds: dict[str, str] = KINDS, pictures: int = PICTURES) -> Path:
    """The set's folder inside `room`: class folders, files named after the lesion and the picture, the table beside them.

    Pictures of one lesion begin alike, as ``HAM_0000118``, and are a group.

    Parameters
    ----------
    room : path
        Where the archives were unpacked.
    table : path
        Columns ``lesion_id``, ``image_id``, ``dx``.

    Raises
    ------
    DatasetError
        For a picture that is missing, a diagnosis that is not known, or another number of pictures.
    """
    found, goal = {path.stem: path for path in room.rglob("ISIC_*.jpg")}, room / "set"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    if len(rows) != pictures:
        raise DatasetError(f"{table} has {len(rows):,} pictures, and not {pictures:,}: delete it and fetch again.")
    for row in rows:
        name, diagnosis = row["image_id"], row["dx"]
        if name not in found or diagnosis not in kinds:
            lack = f"the archives lack {name}" if name not in found else f"{name} has a diagnosis {diagnosis!r} that is not known"
            raise DatasetError(f"{table.name}: {lack}: delete the archives beside it and fetch again.")
        place = goal / kinds[diagnosis] / f"{row['lesion_id']}-{name}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        found[name].rename(place)
    shutil.copy(table, goal / TABLE)
    return goal
