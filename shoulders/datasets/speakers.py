"""Free spoken digits, arranged by who speaks."""

from __future__ import annotations

import re
from pathlib import Path

from shoulders.support.errors import DatasetError

JUDGES = ("theo", "yweweler")
"""Of six speakers, the last two by name, one from the USA and one from Germany: what they say is for validation."""


def arranged(room: Path) -> Path:
    """Training and validation folders of the ten digits from the publisher's ``recordings/7_jackson_32.wav``.

    The publisher's own split, the first five of each digit for testing, has every speaker on both sides.

    Raises
    ------
    DatasetError
        Where nobody is left for one of the two parts.
    """
    named = [(re.fullmatch(r"(\d)_([a-z]+)_\d+", path.stem), path) for path in sorted(room.glob("recordings/*.wav"))]
    clips = [(found[1], found[2], path) for found, path in named if found]
    speakers = {speaker for _, speaker, _ in clips}
    if not speakers & set(JUDGES) or not speakers - set(JUDGES):
        raise DatasetError(f"{room}/recordings has clips of {len(speakers)} speakers, too few for two parts: fetch again.")
    for digit, speaker, path in clips:
        goal = room / "set" / ("valid" if speaker in JUDGES else "train") / digit / path.name
        goal.parent.mkdir(parents=True, exist_ok=True)
        path.rename(goal)
    return room / "set"
