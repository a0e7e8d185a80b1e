"""Which colours the numbers of a picture mean, and what they are in sRGB, for which every network here was trained.

The first of these counts, and what is not there means sRGB (for CMYK: what Pillow makes of it without a profile, which is told):

1. a PNG's cICP, by the PNG specification; 2. an embedded ICC profile (JPEG, PNG, TIFF, WebP, AVIF, JPEG 2000, BMP); 3. an AVIF's
numbers in the place of a profile (nclx); a PNG's sRGB, then its gAMA and cHRM; a camera's Adobe RGB, which EXIF calls R03.

Colours are brought to sRGB by LittleCMS: relative colorimetric with black point compensation, Photoshop's default, so that greys
stay grey whatever paper a profile is for. A profile that moves no colour by more than `ALIKE` of 255 is sRGB under another name:
it costs nothing, changes nothing, and is not told. One that cannot be used is told, and the numbers stay as they are; so do those
of high dynamic range (PQ, HLG), as how bright they should look on which screen is not written in the file. The curve of video
(BT.709, BT.2020) is taken for that of sRGB, and so is a gAMA of 1/2.2: whoever writes it means sRGB.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from PIL import Image

from shoulders.pictures.brightness import chunk, head

ALIKE = 2

_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
"""What an ICC profile calls its colours, from byte 16 on."""

_D65 = 0.3127, 0.3290
_PRIMARIES = {
    1: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060), 5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070), 9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}  # fmt: skip
"""x and y of red, green and blue; the numbers are those of ITU-T H.273: sRGB, PAL, NTSC, BT.2020, P3."""

_CURVES = {1: None, 6: None, 13: None, 14: None, 15: None, 4: 2.2, 5: 2.8, 8: 1.0}
"""The exponent of H.273's curves, or None for that of sRGB; PQ and HLG have none."""

_ADOBE = "Adobe RGB", (0.640, 0.330, 0.210, 0.710, 0.150, 0.060), 563 / 256

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.9642, 1, 0.8249])

_BROKEN = "a colour profile that cannot be used"


def meant(image: Image.Image) -> tuple[bytes | None, list[str]]:
    """The ICC profile of a picture's colours, embedded or made from what else the file says, or None; and what is to be told.

    What Pillow keeps no note of is read from the file, so only where the picture is not decoded yet: cICP, nclx, and the
    profiles of JPEG 2000 and BMP.
    """
    profile, said = _found(image)
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        return profile, [*said, "no ink taken for 255, as Adobe writes it"]
    return profile, said


def _found(image):
    if image.format == "PNG" and image.tile and len(code := chunk(head(image), b"cICP")) == 4:
        return _of_code(*code[:2])
    if "icc_profile" in image.info:
        profile = image.info["icc_profile"]
        return profile, [] if profile else [_BROKEN]
    search = _ELSEWHERE.get(image.format)
    return search(image) if search else (None, [])


def _of_code(primaries, curve):
    """Of the numbers of ITU-T H.273; 2 stands for what nobody says."""
    primaries, curve = (1 if number == 2 else number for number in (primaries, curve))
    if primaries not in _PRIMARIES or curve not in _CURVES:
        names = {16: "PQ", 18: "HLG"}
        return None, [f"colours of {names.get(curve, f'H.273 {primaries}/{curve}')} taken for sRGB"]
    name = {5: "PAL", 6: "NTSC", 9: "BT.2020", 12: "P3"}.get(primaries, "gamma")
    return _made(name, _PRIMARIES[primaries], _CURVES[curve]), []


def _of_png(image):
    gamma, found = image.info.get("gamma"), image.info.get("chromaticity", (*_D65, *_PRIMARIES[1]))
    if "srgb" in image.info or not (gamma or "chromaticity" in image.info):
        return None, []
    exponent = None if gamma is None or abs(gamma - 1 / 2.2) < 0.01 else 1 / max(gamma, 1e-9)
    try:
        return _made("of gAMA and cHRM", tuple(found[2:]), exponent, tuple(found[:2])), []
    except (ArithmeticError, np.linalg.LinAlgError, struct.error):  # colours that there are not
        return None, [_BROKEN]


def _of_avif(image):
    start = (found := head(image)).find(b"colrnclx") if image.tile and image.fp else -1
    return (None, []) if start < 0 else _of_code(*struct.unpack(">2H", found[start + 8 : start + 12]))


def _of_jpeg2000(image):
    start = (found := head(image)).find(b"colr\2") if image.tile else -1
    return (found[start + 7 : start - 4 + int.from_bytes(found[start - 4 : start], "big")], []) if start > 4 else (None, [])


def _of_bmp(image):
    """Of version 5, whose header has 124 bytes."""
    found = head(image, 138) if image.tile else b""
    if found[14:18] != b"\x7c\0\0\0" or found[70:74] != b"DEBM":
        return None, []
    start, size = struct.unpack("<2I", found[126:134])
    return head(image, -1)[14 + start : 14 + start + size], []


def _of_jpeg(image):
    """Cameras say Adobe RGB in a word of EXIF, and embed no profile."""
    try:
        exif = image.getexif() if "exif" in image.info else {}
        adobe = bool(exif) and exif.get_ifd(0x8769).get(0xA001) == 65535 and exif.get_ifd(0xA005).get(1) == "R03"
    except Exception:  # whatever Pillow's parsers meet there
        adobe = False
    return (_made(*_ADOBE) if adobe else None), []


_ELSEWHERE = {
    "PNG": _of_png, "AVIF": _of_avif, "JPEG2000": _of_jpeg2000, "BMP": _of_bmp, "JPEG": _of_jpeg, "MPO": _of_jpeg
}  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- to sRGB


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, list[str]]:
    """A picture with 8 bits and without alpha as sRGB, and what is to be told."""
    if image.mode == "LAB":
        return _lab().apply(image), ["CIELAB"]
    plain = image if image.mode in ("L", "CMYK") else image.convert("L" if image.mode == "1" else "RGB")
    if not profile:
        return plain.convert("RGB"), ["CMYK without a profile"] if image.mode == "CMYK" else []
    mode = _MODES.get(profile[16:20])
    if (plain.mode, mode) == ("L", "RGB"):
        plain = plain.convert("RGB")
    convert, name = _conversion(profile, mode) if mode == plain.mode else (None, _BROKEN)
    told = ["CMYK"] * (plain.mode == "CMYK") + [name] * bool(name)
    return (convert.apply(plain) if convert else plain.convert("RGB")), told


@lru_cache(32)
def _conversion(profile, mode):
    """LittleCMS's conversion and the profile's name; neither for sRGB under another name; no conversion where none can be."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        convert, name = _built(source, mode), ImageCms.getProfileDescription(source)
        probe = _probe(mode)
        differs = np.abs(np.asarray(convert.apply(probe), int) - np.asarray(probe.convert("RGB"), int)).max()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, ImportError):
        return None, _BROKEN
    alike = differs <= ALIKE and mode != "CMYK"
    return (None, "") if alike else (convert, f"colour profile {' '.join(name.split())[:40]}".strip())


def _built(source, mode):
    from PIL import ImageCms

    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":
        flags |= ImageCms.Flags.NOOPTIMIZE  # else the darkest eight greys of a steep curve lie on one line
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", intent, flags)


@lru_cache(1)
def _lab():
    from PIL import ImageCms

    return _built(ImageCms.createProfile("LAB"), "LAB")


def _probe(mode):
    """Colours from everywhere: 16 levels of each, or every grey."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), -1).reshape(64, 64, 3)).convert(mode)


@lru_cache(32)
def _made(name, primaries, exponent, white=_D65):
    """The ICC profile (ICC.1:2022) of three colours and a white, all as x and y, and an exponent, or None for sRGB's curve."""
    rgb = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(primaries[::2], primaries[1::2])]).T
    light = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    adapted = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ light)) @ _BRADFORD
    columns = (adapted @ (rgb * np.linalg.solve(rgb, light))).T
    curve = _fixed(exponent) if exponent else _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    curve = b"para" + bytes(4) + struct.pack(">2H", 0 if exponent else 3, 0) + curve
    tags = {b"desc": _words(name), b"cprt": _words("none"), b"wtpt": b"XYZ " + bytes(4) + _fixed(*_D50)}
    for letter, column in zip((b"r", b"g", b"b"), columns):
        tags |= {letter + b"XYZ": b"XYZ " + bytes(4) + _fixed(*column), letter + b"TRC": curve}
    return _file(tags)


def _fixed(*numbers):
    return struct.pack(f">{len(numbers)}i", *(round(65536 * number) for number in numbers))


def _words(text):
    return b"mluc" + struct.pack(">3I4s2I", 0, 1, 12, b"enGB", 2 * len(text), 28) + text.encode("utf-16-be")


def _file(tags):
    start, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">2I", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    kind = struct.pack(">I4sI12s", start + len(body), b"", 0x04200000, b"mntrRGB XYZ ") + bytes(12) + b"acsp"
    return (kind + bytes(28) + _fixed(*_D50)).ljust(128, b"\0") + table + body
