"""Open one picture as a person would see it, and say what is wrong with one that cannot be opened.

The rule, for every format of `FORMATS`:

* which numbers mean black and white: see `brightness`; which colours they mean: see `colours`, both in this folder;
* which way is up: as EXIF says, or XMP in its place, in JPEG, PNG, WebP, AVIF and TIFF alike;
* which of several pages or frames: the first, and a finding says of how many. A GIF is read so, too, and left out of folders;
* what shines through: white, behind alpha, a transparent colour, or a palette that has some.

A path, its bytes and an image that is opened and not yet decoded give the same pixels, to one picture alone as in a folder. An
image that is decoded already is taken as it is: a large JPEG is then not decoded smaller, and some of what its file said is lost.
"""

import hashlib
import importlib.util
import io
import os
import warnings

import PIL
from PIL import Image, UnidentifiedImageError

from shoulders.pictures import brightness, colours
from shoulders.support import samples
from shoulders.support.names import PICTURE_ENDINGS
from shoulders.support.samples import SIDE, Checked, SampleError, Verdict

WORD, NOUN, ENDINGS = "picture", "picture", PICTURE_ENDINGS
"""What one sample is called, what it is, and how names of such files end. Whether it is one, its content says."""

MIRRORED = True
"""Whether a mirrored thumbnail shows the same thing."""

MOST_PIXELS = 150_000_000
"""A picture with more pixels is not decoded: a small file can unpack to many gigabytes (a decompression bomb)."""

# Pillow's own notes on sizes and EXIF: we say what matters ourselves. Once and for Pillow alone: `catch_warnings` in the threads
# that decode would now and then leave every warning of the process switched off.
warnings.filterwarnings("ignore", module=r"PIL\.")

VERSION = 9
"""Part of the memory's name: raised whenever the check would say something else. (Pillow's version is part of it too.)"""

MEMORY = f"checked-pictures-{VERSION}-pillow-{PIL.__version__}.jsonl"

LONGEST = 50
"""Nor is one whose longer side is more than this many times the shorter: scaled to a network's size it would be huge."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000")
FORMATS += ("AVIF",) if importlib.util.find_spec("PIL._avif") else ()
"""Pillow can do more, but some of it starts other programs (EPS: Ghostscript), and none of it is a photograph."""

_ORIENTATION = 274  # the EXIF tag

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture of each orientation upright. `ImageOps.exif_transpose` writes the EXIF block anew as well, and stops at
one bad byte of it, which cameras do write."""


class PictureError(SampleError):
    """A picture cannot be used; the message names the file and the remedy."""


STRANGE = {
    "HEIC, which Pillow cannot read": "Export it as JPEG.",
    "JPEG XL, which Pillow cannot read": "Convert it to JPEG or PNG.",
    "Git LFS's word for a file that is not here": "Bring the file with `git lfs pull`.",
}
"""What many files of a folder are at once, and what to do."""

_REMEDY = {
    **STRANGE,
    "zero bytes": "Copy the file again.",
    "not a picture": "Remove it, or convert it to JPEG or PNG.",
    "a web page, and no picture": "Download the picture again.",
    "a kind of TIFF that Pillow cannot read": "Copy it again, or save it as PNG with 8 or 16 bits a colour.",
    "a kind of JPEG that Pillow cannot read": "Copy it again, or save it with 8 bits a colour.",
    "AVIF, which this Pillow cannot read": "Run `pip install --upgrade pillow`, or convert it to JPEG or PNG.",
    "truncated or damaged": "Copy or download the file again.",
    "GIF": "GIFs among photographs are placeholders or animations; save it as PNG or JPEG if it belongs to the class.",
    "too many pixels": f"Make it smaller than {MOST_PIXELS // 1_000_000} megapixels.",
    "too thin": f"Cut it up: the longer side may be {LONGEST} times the shorter.",
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
        Mode RGB, sRGB, upright, on white.

    Raises
    ------
    PictureError
        Names the file, what is wrong, and the remedy.
    """
    try:
        with _open(path) as image:
            return to_rgb(image, at_least)
    except MemoryError:
        raise
    except Exception as error:
        raise _error(path, error) from error


shown = read
"""A picture for people, as every sense has one."""


def playable(source) -> bytes:
    """What a page can play of it: nothing."""
    return b""


def assumed(path) -> str:
    """What `read` takes for white where the file does not say it, in words; ``''`` for any other picture, after its header.

    Raises what `read` raises.
    """
    try:
        with _open(path) as image:
            found = _seen(image)[1] if brightness.is_deep(image) else []
    except MemoryError:
        raise
    except Exception as error:
        raise _error(path, error) from error
    return ", ".join(one for one in found if "taken for white" in one)


def size(path) -> tuple[int, int]:
    """Width and height as they are stored, without decoding; raises what `read` raises."""
    try:
        with _open(path) as image:
            return image.size
    except Exception as error:
        raise _error(path, error) from error


def to_rgb(image: Image.Image, at_least: int | None = None) -> Image.Image:
    """What `read` gives, of an image of Pillow's; the image itself stays as large as it is.

    Raises
    ------
    shoulders.pictures.brightness.ScaleError
        Where it cannot be known which of its numbers mean black and white.
    """
    if at_least and _is_undecoded_jpeg(image):
        image = Image.open(io.BytesIO(brightness.head(image, -1)), formats=("JPEG",))
        _draft(image, at_least)
    return _seen(image)[0]


def _is_undecoded_jpeg(image):
    return image.format in ("JPEG", "MPO") and bool(image.tile) and not image.decoderconfig and image.tell() == 0


def _seen(image):
    """The picture as 8-bit sRGB, upright, on white; and what was converted for that."""
    turned = image.format == "TIFF" and _orientation(image) != 1  # Pillow turns a TIFF as it decodes it
    palette = ["palette"] * (image.mode == "P")
    profile, meant = colours.meant(image)
    image, scaled = brightness.eight_bits(image)
    image.load()
    turn = _TURNS.get(_orientation(image))
    rgb, alpha = _without_alpha(image)
    rgb, converted = colours.to_srgb(rgb, profile)
    if alpha:
        rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
    if turn is not None:
        rgb = rgb.transpose(turn)
    rgb.info = {}  # else a picture that was turned would say that it must be turned, and be turned again
    rotation = ["EXIF rotation"] * (turned or turn is not None)
    return rgb, [*palette, *scaled, *["alpha"] * bool(alpha), *converted, *meant, *rotation]


def _without_alpha(image):
    if not image.has_transparency_data:
        return image, None
    if image.mode in ("L", "LA", "La"):
        image = image.convert("LA")
        return image.getchannel("L"), image.getchannel("A")
    image = image.convert("RGBA")
    return image.convert("RGB"), image.getchannel("A")


def _orientation(image):
    """1, which is upright, where the EXIF block cannot be read: the picture itself may still be good."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # whatever Pillow's parsers meet there
        return 1


def _open(path):
    if isinstance(path, str | os.PathLike) and os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise UnidentifiedImageError("a pipe or a device")  # opening a pipe would wait for ever
    if isinstance(path, str | os.PathLike) and os.path.isdir(path):
        closed = not os.access(path, os.R_OK | os.X_OK)
        raise PermissionError(path) if closed else IsADirectoryError(path)  # Windows calls either a lack of permission
    try:
        image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnidentifiedImageError(_called(path)) from error
    huge, thin = image.width * image.height > MOST_PIXELS, max(image.size) > LONGEST * min(image.size)
    if huge or thin:
        with image:
            raise Image.DecompressionBombError("too many pixels" if huge else "too thin")
    return image


def _called(path):
    """What to call a file that Pillow cannot identify."""
    if isinstance(path, str | os.PathLike):
        with open(path, "rb") as file:
            return _called(file)
    path.seek(0)
    start = path.read(64)
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "a kind of TIFF that Pillow cannot read"
    if start[:3] == b"\xff\xd8\xff":  # of 12 bits, for instance
        return "a kind of JPEG that Pillow cannot read"
    if start[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF, which this Pillow cannot read"
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"):
        return "HEIC, which Pillow cannot read"
    plain = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return next((problem for problem, starts in _STARTS.items() if plain.startswith(starts)), "not a picture")


_STARTS = {
    "JPEG XL, which Pillow cannot read": (b"\xff\x0a", b"\0\0\0\x0cjxl "),
    "Git LFS's word for a file that is not here": (b"version https://git-lfs",),
    "a web page, and no picture": (b"<!doctype html", b"<html"),
}


def _draft(image, at_least):
    scale = min(image.size) // at_least
    if scale >= 2:
        image.draft("RGB", (image.width // scale, image.height // scale))


def _is_empty(path):
    return isinstance(path, str | os.PathLike) and os.path.isfile(path) and os.path.getsize(path) == 0


def _error(path, error):
    verdict = _skipped("zero bytes") if _is_empty(path) else _refused(error)
    name = path if isinstance(path, str | os.PathLike) else getattr(path, "name", "The picture")
    return PictureError(f"{name}: {verdict.problem}. {verdict.remedy}")


def _refused(error):
    if isinstance(error, brightness.ScaleError):
        return Verdict("skipped", error.problem, error.remedy)
    return _skipped(_problem_of(error))


def _problem_of(error):
    if isinstance(error, UnidentifiedImageError):
        return error.args[0] if error.args[0] in _REMEDY else "not a picture"
    if isinstance(error, Image.DecompressionBombError):
        return error.args[0] if error.args[0] in _REMEDY else "too many pixels"
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
        several = _several(_open(io.BytesIO(content)) if image.format == "TIFF" else image)
        rgb, found = _seen(image)
    except MemoryError:
        raise
    except Exception as error:
        return _refused(error), None
    found = found + several
    assumed = any("taken for white" in one for one in found)
    remedy = "If white is another number, scale the picture to 8 bits yourself." if assumed else ""
    return (Verdict("converted", ", ".join(found), remedy) if found else Verdict("used")), rgb


def _skipped(problem):
    return Verdict("skipped", problem, _REMEDY[problem])


def _several(image):
    """Which of several pages or frames is meant. (Of a TIFF, counting pages that are damaged leaves the image broken.)"""
    try:
        count = getattr(image, "n_frames", 1)
    except Exception:  # whatever Pillow's parsers meet there
        count = 1
    preview = image.format == "TIFF" and brightness.first(image, 254, 0) & 1
    what = "pages" if image.format == "TIFF" else "frames"
    return [f"the first of {count} {what}"] * (count > 1) + ["a preview of the picture in the file"] * bool(preview)


def check(paths) -> list[Checked]:
    """Look at every file, in order. What was decoded once is remembered by its content.

    Parameters
    ----------
    paths : sequence of path
    """
    return samples.check(paths, MEMORY, lambda content: _checked(*_examined(content)))


def _checked(verdict, rgb):
    return Checked("", verdict) if rgb is None else Checked("", verdict, _pixels(rgb), _thumbnail(rgb))


def _pixels(rgb):
    return hashlib.sha256(b"%d %d " % rgb.size + rgb.tobytes()).hexdigest()


def _thumbnail(rgb):
    return rgb.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2).convert("L").tobytes()
