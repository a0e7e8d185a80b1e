"""Which numbers of a picture mean black and white, where they are not the 0 and 255 of 8 bits.

Black is 0. White is the first of these that the picture has an answer to:

1. What the file itself says: BitsPerSample of a TIFF with 12 bits, its MaxSampleValue or SMaxSampleValue where that is the top of
   a depth (TIFF 6.0: any other value describes the pixels), the depth of a JPEG 2000, maxval of a PPM, the significant bits of a
   PNG (sBIT). Numbers with 12 significant bits are stretched to 16, says the PNG specification; where the bits below show that
   they were not, white is 4095. That a number takes 16 bits says nothing: cameras with 12 bits write such files.
2. The lowest of 255, 4095 and the most that the file can hold (for floating point 1, 255, 4095, 65535) that holds the picture,
   but for one pixel in a thousand, and with a tenth to spare: a hot pixel must not change a picture's scale, nor what resizing
   adds. This is a guess, and a finding says what was taken for white. The steps are few, so that pictures of one folder seldom
   lie on two sides of one: 10 and 14 bits that nobody declares look darker than they are.

Brighter numbers are white. Infinities are white and black; what is not a number is black, as in ImageMagick. Numbers of which a
TIFF says that zero is white are turned round, which Pillow does for 8 bits alone. Where much lies below black by more than that
tenth (temperatures, Hounsfield units), and where numbers are so large or, in floating point, so small that no such white is near
(0 to 5 metres), nobody can know: `ScaleError`.

Of a picture that was decoded before it came here, some of this is lost, and rule 2 decides: Pillow keeps no note of sBIT, of the
depth of a JPEG 2000, and of the lower 8 of 16 bits a colour.
"""

from __future__ import annotations

import io
import sys

import numpy as np
from PIL import Image

from shoulders.support.errors import CourseError

_SAMPLE_FORMAT, _PHOTOMETRIC, _BITS, _PLANAR = 339, 262, 258, 284  # TIFF tags
_MOST = 281, 341  # MaxSampleValue, SMaxSampleValue

_DEPTHS = {1, *(2**bits - 1 for bits in range(8, 33))}

_SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
"""The byte order in which Pillow would take the lower byte of a number for the upper one."""


class ScaleError(CourseError):
    """It cannot be known which numbers of a picture mean black and white: `problem` and `remedy` say why, and what to do."""

    def __init__(self, problem):
        self.problem, self.remedy = problem, REMEDY
        super().__init__(f"The picture: {problem}. {REMEDY}")


REMEDY = "Which of them mean black and white is not known: scale them to 0 to 255, and save the picture with 8 bits."


def eight_bits(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """A picture with numbers of 0 to 255, and what is to be told of it.

    Parameters
    ----------
    image : PIL.Image.Image
        Best not decoded yet: see above.

    Returns
    -------
    PIL.Image.Image
        The same picture where it has 8 bits; else a new one of mode L, LA, RGB, RGBA or CMYK, with the same `info`.
    list of str
        Empty for 8 bits.

    Raises
    ------
    ScaleError
    """
    if not is_deep(image):
        _mend_transparency(image)
        return image, _shifted(image)
    declared = _declared(image)  # before it is decoded: then the file may be closed
    numbers, alpha, info = _numbers(image)
    white, said = _white(image, numbers, declared)
    values = _scaled(numbers, white)
    if image.format == "TIFF" and image.mode[0] in "IF" and image.tag_v2.get(_PHOTOMETRIC) == 0:
        values = 255 - values
    if alpha is not None:
        values = np.dstack([values, _scaled(alpha, white if alpha.max() <= white else 65535)])
    deep = Image.fromarray(values)
    if image.mode == "CMYK":
        deep = Image.merge("CMYK", deep.split())
    deep.info = info
    return deep, said


def is_deep(image: Image.Image) -> bool:
    """Whether its numbers are others than the 8 bits that everybody means alike."""
    if image.mode[0] in "IF":
        return True
    if image.format == "TIFF":
        signed = image.mode == "L" and first(image, _SAMPLE_FORMAT) == 2  # 8 bits, whose sign Pillow passes over
        return signed or bool(image.tile and first(image, _BITS) == 16)
    return image.format == "PNG" and bool(image.tile) and ";16" in _rawmode(image.tile[0])


def first(image: Image.Image, tag: int, default: int = 1) -> int:
    """What a tag of a TIFF says of the first of its colours."""
    value = image.tag_v2.get(tag, default)
    return value[0] if isinstance(value, tuple) else value


def _mend_transparency(image):
    """Pillow stretches a PNG's grey of 2 or 4 bits to 8, but not the grey that it calls transparent."""
    if image.format == "PNG" and image.mode == "L" and image.tile and "transparency" in image.info:
        image.info["transparency"] *= {"L;2": 85, "L;4": 17}.get(_rawmode(image.tile[0]), 1)


def _shifted(image):
    """Of a JPEG 2000 with several colours, Pillow gives the upper 8 bits of the depth that it declares, and no others."""
    deep = image.format == "JPEG2000" and image.tile and _depth_of_jpeg2000(image) == 16
    return ["16-bit: 65535 taken for white"] if deep else []


# ------------------------------------------------------------------------------------------------------- what the file says


def _declared(image):
    """The number that the file itself calls white, or None; of a PNG, how many bits are significant."""
    if image.format == "TIFF":
        return _of_tiff(image)
    if image.format == "PPM":
        return 65535 if image.mode == "I" else None  # Pillow has brought maxval to this
    if image.format == "JPEG2000" and image.tile:
        bits = _depth_of_jpeg2000(image)
        return (2**bits - 1) << (16 - bits) if bits < 16 else None  # as Pillow shifts it
    if image.format == "PNG" and image.tile:
        return max(chunk(head(image), b"sBIT"), default=None)
    return None


def _of_tiff(image):
    if first(image, _BITS) == 12:
        return 4095
    given = (value for tag in _MOST for value in np.ravel(image.tag_v2.get(tag, 0)))
    most = max(map(float, given))
    return int(most) if most in _DEPTHS else None


def head(image: Image.Image, most: int = 1 << 16) -> bytes:
    """The first bytes of the file from which an image is still to be decoded; -1 for all of them."""
    place = image.fp.tell()
    image.fp.seek(0)
    try:
        return image.fp.read(most)
    finally:
        image.fp.seek(place)


def chunk(content: bytes, name: bytes) -> bytes:
    """The content of a PNG's chunk before the pixels; empty where there is none."""
    place = 8
    while place + 8 <= len(content) and (kind := content[place + 4 : place + 8]) != b"IDAT":
        length = int.from_bytes(content[place : place + 4], "big")
        if kind == name:
            return content[place + 8 : place + 8 + length]
        place += 12 + length
    return b""


def _depth_of_jpeg2000(image):
    start = (found := head(image)).find(b"\xff\x4f\xff\x51") + 42  # the marker SIZ, and in it the depth of the first colour
    return (found[start] & 127) + 1 if 42 <= start < len(found) else 16


# -------------------------------------------------------------------------------------------------------------- the numbers


def _numbers(image):
    """The numbers as they are in the file, shape (height, width) or (height, width, colours); alpha, or None; and the `info`."""
    if image.mode[0] in "IFL":
        image.load()
        numbers, info = _of_one_band(image), dict(image.info)
    else:
        numbers, info = _both_bytes(image)
    if image.mode == "RGBA":
        alone = numbers[..., 0] if numbers.shape[2] == 2 else numbers[..., :-1]
        return alone, numbers[..., -1], info
    if (clear := info.pop("transparency", None)) is None:
        return numbers, None, info
    same = numbers == clear
    return numbers, np.where(same if same.ndim == 2 else same.all(2), np.uint16(0), np.uint16(65535)), info


def _of_one_band(image):
    numbers = np.asarray(image)
    if image.format != "TIFF":
        return numbers
    kind, bits = first(image, _SAMPLE_FORMAT), first(image, _BITS)
    if kind == 1 and bits == 32:
        return numbers.view(np.uint32)  # which Pillow reads with a sign
    return numbers.view(np.int8) if kind == 2 and bits == 8 else numbers


def _both_bytes(image):
    """16 bits a colour, of which Pillow gives the upper 8: decoded again for the lower ones."""
    content, separate = head(image, -1), image.format == "TIFF" and first(image, _PLANAR) == 2
    if separate and image.tile[0].codec_name == "raw":
        return _planes(content, image)
    upper, lower = _again(content, image), _again(content, image)
    if _rawmode(lower.tile[0]) == "LA;16B":  # Pillow makes RGBA of it: here of its bytes as they come
        lower.tile = [_as(tile, "RGBA") for tile in lower.tile]
        two = np.asarray(lower).astype(np.uint16)
        return 256 * two[..., ::2] + two[..., 1::2], dict(lower.info)
    numbers = np.asarray(upper).astype(np.uint16)
    if separate or "a" in _rawmode(lower.tile[0]):  # there no other byte order gives the lower bits
        return 257 * numbers, dict(upper.info)
    lower.tile = [_as(tile, _rawmode(tile)[:-1] + _SWAPPED[_rawmode(tile)[-1]]) for tile in lower.tile]
    return 256 * numbers + np.asarray(lower), dict(upper.info)


def _again(content, image):
    twin = Image.open(io.BytesIO(content), formats=[image.format])
    twin.seek(image.tell())
    return twin


def _planes(content, image):
    """Each colour for itself: Pillow takes the bytes of such a file for 8 bits, and gives noise."""
    order = "I;16" if image.tag_v2.prefix == b"II" else "I;16B"
    bands = []
    for band in image.mode:
        plane = _again(content, image)
        plane._mode, plane.tile = order, [_as(tile, order) for tile in plane.tile if _rawmode(tile) == band]
        bands.append(np.asarray(plane).astype(np.uint16))
    return np.stack(bands, -1), dict(image.info)


def _rawmode(tile):
    return tile.args if isinstance(tile.args, str) else tile.args[0]


def _as(tile, rawmode):
    return tile._replace(args=rawmode if isinstance(tile.args, str) else (rawmode, *tile.args[1:]))


# ------------------------------------------------------------------------------------------------------------ black and white


def _white(image, numbers, declared):
    """The number that is white, and what is to be told."""
    finite = numbers[np.isfinite(numbers)] if numbers.dtype.kind == "f" else numbers
    if not finite.size:
        raise ScaleError("no pixel is a number")
    few = min(-(-finite.size // 1000), finite.size - 1)
    bits = _bits(image, numbers)
    white, said = _told(image, finite, declared, few), [f"{bits}-bit" if bits else "floating point"]
    if white is None:
        white = _assumed(image, finite, bits, few)
        said = [f"{said[0]}: {white} taken for white"]
    if np.count_nonzero(finite < -white / 10) > few:
        raise ScaleError("negative numbers")
    if finite.max() > white:
        said.append("brighter pixels taken for white")
    if finite.size < numbers.size:
        said.append("pixels that are no numbers")
    return white, said


def _bits(image, numbers):
    """How many a number has in the file; 0 for floating point. (Pillow brings 16 bits of some files to 32.)"""
    if numbers.dtype.kind == "f":
        return 0
    return first(image, _BITS) if image.format == "TIFF" else 16 if image.format == "PPM" else 8 * numbers.dtype.itemsize


def _told(image, finite, declared, few):
    """What was declared, where the numbers do not contradict it. Ink is never stretched: little of it is a light picture."""
    if image.mode == "CMYK":
        return 65535
    if declared and image.format == "PNG":
        return _unless_stretched(finite, declared, few)
    return declared if declared and np.count_nonzero(finite > declared) <= few else None


def _unless_stretched(finite, bits, few):
    """White of a PNG with so many significant bits: stretched to 16, a small number has nothing to speak of below them."""
    if bits >= 16:
        return None
    plain = np.count_nonzero(finite >= 2**bits) <= few and (finite & (2 ** (16 - bits) - 1) > 1).any()
    return 2**bits - 1 if plain else 65535


_LEAST = {1: 1 / 510, 255: 255 / 16}
"""Floating-point numbers that are nowhere greater would be black with such a white, or nearly."""


def _assumed(image, finite, bits, few):
    top = 2**bits - 1 >> (finite.dtype.kind == "i")
    for white in (255, 4095, min(top, 65535)) if bits else (1, 255, 4095, 65535):
        if np.count_nonzero(finite > 1.1 * white) <= few:
            if not bits and np.count_nonzero(finite > _LEAST.get(white, 0)) <= few and finite.max() > 0:
                break
            return white
    if bits and np.count_nonzero(finite > top / 16) > few:
        return top
    raise ScaleError(f"numbers up to {finite.max():.6g}")


def _scaled(numbers, white):
    """uint8, of black at 0 and this white."""
    if numbers.dtype.kind == "u" and numbers.dtype.itemsize == 2:
        return _scaled(np.arange(65536, dtype=np.float32), white)[numbers]
    values = np.nan_to_num(numbers.astype(np.float32), nan=0, posinf=white, neginf=0).clip(0, white)
    return (values * np.float32(255 / white)).round().astype(np.uint8)
