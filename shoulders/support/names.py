"""The names that a person types, known before anything heavy is imported."""

import difflib

HEADS = ("logistic_regression", "ridge", "nearest_neighbours")
REGIMES = ("feature_extraction", "fine_tuning", "from_scratch", "from_scratch_helped")

PICTURE_ENDINGS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".avif", ".heic", ".heif", ".jxl",
    ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
"""How names of pictures end. What is one, its content says."""

SOUND_ENDINGS = (
    ".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64",
    ".m4a", ".aac", ".wma", ".amr",
)  # fmt: skip
"""How names of clips of sound end. What is one, its content says."""


def near(name: str, known) -> str:
    """`` Did you mean vgg16?``, for the end of a sentence; ``''`` where no known name is like this one.

    Examples
    --------
    >>> near("vgg61", ["vgg16", "resnet18"])
    ' Did you mean vgg16?'
    """
    found = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {found[0]}?" if found else ""
