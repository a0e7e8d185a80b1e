"""Open one picture as a person would see it, and say what is wrong with one that cannot be opened."""

import base64
import hashlib
import io
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError

from shoulders.errors import CourseError
from shoulders.memory import Memory
from shoulders.places import digest
from shoulders.progress import track

MOST_PIXELS = 150_000_000
"""A picture with more pixels is not decoded: a small file can unpack to many gigabytes (a decompression bomb)."""

# Pillow's own notes on sizes and EXIF: we say what matters ourselves. Once and for Pillow alone: `catch_warnings` in the threads
# that decode would now and then leave every warning of the process switched off.
warnings.filterwarnings("ignore", module=r"PIL\.")

VERSION = 6
"""Part of the memory's name: raised whenever the check would say something else. (Pillow's version is part of it too.)"""

MEMORY = f"checked-pictures-{VERSION}-pillow-{PIL.__version__}.jsonl"

SIDE = 32
"""Of the grey thumbnail that the check keeps of every picture, for `shoulders.copies`."""

LONGEST = 50
"""Nor is one whose longer side is more than this many times the shorter: scaled to a network's size it would be huge."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000")
"""Pillow can do more, but some of it starts other programs (EPS: Ghostscript), and none of it is a photograph."""

_ORIENTATION = 274  # the EXIF tag

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture of each orientation upright. `ImageOps.exif_transpose` writes the EXIF block anew as well, and stops at
one bad byte of it, which cameras do write."""


class PictureError(CourseError):
    """A picture cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Verdict:
    """What the check of one picture found. `action` is ``'used'``, ``'converted'`` or ``'skipped'``."""

    action: str
    problem: str = ""
    remedy: str = ""


_REMEDY = {
    "zero bytes": "Copy the file again.",
    "not a picture": "Remove it, or convert it to JPEG or PNG (HEIC: export as JPEG).",
    "truncated or damaged": "Copy or download the file again.",
    "GIF": "GIFs among photographs are placeholders or animations; save it as PNG or JPEG if it belongs to the class.",
    "too many pixels": f"Make it smaller than {MOST_PIXELS // 1_000_000} megapixels, and no side over {LONGEST} times the other.",
    "does not exist": "Check the path.",
    "a folder": "Give the pictures in it.",
    "unreadable": "Check the file's permissions.",
}


def read(path, at_least=None) -> Image.Image:
    """Open a picture as 8-bit RGB, upright.

    Parameters
    ----------
    path : path or file object
        The error names a file object by its `name`, if it has one.
    at_least : int, optional
        Pixels that the shorter side must keep. A JPEG at least twice as large is decoded at a half, a quarter or an eighth
        of its size, which is much faster.

    Returns
    -------
    PIL.Image.Image
        Mode RGB; EXIF rotation applied; alpha laid on white; 16-bit scaled to 8; CMYK and palettes converted.

    Raises
    ------
    PictureError
        Names the file, what is wrong, and the remedy.
    """
    try:
        image = _open(path)
        if at_least:
            _draft(image, at_least)
        return to_rgb(image)
    except MemoryError:
        raise
    except Exception as error:
        problem = "zero bytes" if _is_empty(path) else _problem_of(error)
        name = path if isinstance(path, str | os.PathLike) else getattr(path, "name", "The picture")
        raise PictureError(f"{name}: {problem}. {_REMEDY[problem]}") from error


def content(path, expected: str) -> bytes:
    """A file's bytes, if they are still those of which the sha256 is `expected`.

    Raises
    ------
    PictureError
        When the file cannot be read, or has changed.
    """
    try:
        found = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: unreadable. {_REMEDY['unreadable']}") from error
    if hashlib.sha256(found).hexdigest() != expected:
        raise PictureError(f"{path}: changed since it was checked. Load the pictures again.")
    return found


def stream(path, expected: str) -> io.BytesIO:
    """`content` as a file that keeps its name, by which an error names it."""
    file = io.BytesIO(content(path, expected))
    file.name = str(path)
    return file


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB, upright, of a picture in any mode."""
    image.load()
    image = _upright(image)
    if image.mode.startswith(("I", "F")):
        image = _to_8_bit(image)
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBA", "RGBa", "La"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    rgb = image.convert("RGB")
    rgb.info = {}  # else a picture that was turned would say that it must be turned, and be turned again
    return rgb


def _upright(image):
    turn = _TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image):
    """1, which is upright, where the EXIF block cannot be read: the picture itself may still be good."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # whatever Pillow's parsers meet there
        return 1


def _to_8_bit(image):
    values = np.asarray(image, dtype=np.float32)
    most = values.max()
    top = 65535 if image.mode.startswith("I;16") or most > 255 else 1 if image.mode == "F" and most <= 1 else 255
    return Image.fromarray((values.clip(0, top) * (255 / top)).round().astype(np.uint8))


def _open(path):
    if isinstance(path, str | os.PathLike) and os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise UnidentifiedImageError("a pipe or a device")  # opening a pipe would wait for ever
    if isinstance(path, str | os.PathLike) and os.path.isdir(path):
        closed = not os.access(path, os.R_OK | os.X_OK)
        raise PermissionError(path) if closed else IsADirectoryError(path)  # Windows calls either a lack of permission
    image = Image.open(path, formats=FORMATS)
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST * min(image.size):
        raise Image.DecompressionBombError("too many pixels, or a thread")
    return image


def _draft(image, at_least):
    scale = min(image.size) // at_least
    if scale >= 2:
        image.draft("RGB", (image.width // scale, image.height // scale))


def _is_empty(path):
    return isinstance(path, str | os.PathLike) and os.path.isfile(path) and os.path.getsize(path) == 0


def _problem_of(error):
    if isinstance(error, UnidentifiedImageError):
        return "not a picture"
    if isinstance(error, Image.DecompressionBombError):
        return "too many pixels"
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, IsADirectoryError):
        return "a folder"
    if isinstance(error, PermissionError):
        return "unreadable"
    return "truncated or damaged"


def look(content: bytes) -> Verdict:
    """Check one picture's bytes: do all that `read` will do and say what was found."""
    return _examined(content)[0]


def _examined(content):
    """What was found, and the picture as `read` gives it: None of one that is skipped."""
    if not content:
        return _skipped("zero bytes"), None
    try:
        image = _open(io.BytesIO(content))
        if image.format == "GIF":
            return _skipped("GIF"), None
        oddities = _oddities(image)
        rgb = to_rgb(image)
    except MemoryError:
        raise
    except Exception as error:
        return _skipped(_problem_of(error)), None
    return Verdict("converted", ", ".join(oddities)) if oddities else Verdict("used"), rgb


_CHANGED = Verdict("skipped", "changed while it was checked", "Run the check again.")


def _skipped(problem):
    return Verdict("skipped", problem, _REMEDY[problem])


def _oddities(image):
    found = []
    if image.mode == "CMYK":
        found.append("CMYK")
    if image.mode == "P":
        found.append("palette")
    if image.mode.startswith("I"):
        found.append("16-bit")
    if image.mode == "F":
        found.append("floating point")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        found.append("alpha")
    if _orientation(image) != 1:
        found.append("EXIF rotation")
    return found


class Checked(NamedTuple):
    """What the check found of a file.

    Attributes
    ----------
    digest : str
        sha256 of its bytes, ``''`` where it cannot be read.
    verdict : Verdict
    pixels : str
        sha256 of size and pixels, as `read` gives them: the same for the same picture in another file or format. ``''`` of one
        that is skipped.
    thumbnail : bytes
        Grey, `SIDE` × `SIDE`; empty of one that is skipped.
    """

    digest: str
    verdict: Verdict
    pixels: str = ""
    thumbnail: bytes = b""


def check(paths) -> list[Checked]:
    """Look at every file, in order. What was decoded once is remembered by its content.

    Parameters
    ----------
    paths : sequence of path
    """
    memory = Memory(MEMORY, _sound)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        digests = list(pool.map(_digest, paths))
        memory.known[""] = Checked("", _skipped("unreadable"))
        if new := {digest: path for digest, path in zip(digests, paths) if digest not in memory.known}:
            _look_at(new, memory, pool)
    finally:
        pool.shutdown(cancel_futures=True)  # who interrupts a check does not wait for the pictures still to come
    return [memory.known[digest]._replace(digest=digest) for digest in digests]


def _digest(path):
    try:
        return digest(path)
    except OSError:
        return ""


def _look_at(new, memory, pool):
    """Look at each picture and remember it as they come."""
    looks = pool.map(_look_again, new, new.values())
    with memory.adding() as add:
        for key, looked in track(zip(new, looks), len(new), "Checking"):
            memory.known[key] = looked
            if looked.verdict != _CHANGED:
                add(key, _line(looked))


def _look_again(key, path):
    """Never another picture's verdict under this one's digest."""
    try:
        verdict, rgb = _examined(content(path, key))
    except PictureError:
        return Checked(key, _CHANGED)
    return Checked(key, verdict) if rgb is None else Checked(key, verdict, _pixels(rgb), _thumbnail(rgb))


def _pixels(rgb):
    return hashlib.sha256(b"%d %d " % rgb.size + rgb.tobytes()).hexdigest()


def _thumbnail(rgb):
    return rgb.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2).convert("L").tobytes()


def _line(looked):
    """As JSON can hold it."""
    return asdict(looked.verdict) | {"pixels": looked.pixels, "thumbnail": base64.b64encode(looked.thumbnail).decode()}


def _sound(line):
    line = dict(line)
    pixels, thumbnail = line.pop("pixels"), base64.b64decode(line.pop("thumbnail"), validate=True)
    looked = Checked("", Verdict(**line), pixels, thumbnail)
    sizes = {"skipped": (0, 0), "used": (64, SIDE * SIDE), "converted": (64, SIDE * SIDE)}
    if sizes[looked.verdict.action] != (len(pixels), len(thumbnail)):
        raise ValueError("what every line holds")
    return looked
