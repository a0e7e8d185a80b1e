"""Which colours are meant, in every format that can say it: beside published matrices, hand-made profiles and another reader."""

import io
import struct

import numpy as np
import pytest
from making import paint
from PIL import Image, ImageCms
from test_brightness import png

from shoulders import pictures
from shoulders.pictures import Verdict, colours

P3 = np.array([[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]])
"""From the light of P3 to that of sRGB: W3C, CSS Color 4."""

ADOBE = np.array([[1.3984, -0.3984, 0], [0, 1, 0], [0, -0.0429, 1.0429]])
"""From that of Adobe RGB (1998), by its own matrix and that of IEC 61966-2-1."""


def light(values):
    values = np.asarray(values, float) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(values):
    values = values.clip(0, 1)
    return 255 * np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def meant(image, matrix, exponent=None):
    """What sRGB shows of a picture in other colours."""
    there = light(image) if exponent is None else (np.asarray(image, float) / 255) ** exponent
    return encoded(there @ matrix.T)


MUTED = Image.blend(paint(3), Image.new("RGB", (64, 48), "grey").resize(paint(3).size), 0.4)
MUTED_P3 = meant(MUTED, P3)
PROFILE = colours._made("P3", colours._PRIMARIES[12], None)


def bytes_of(image, kind, **options):
    memory = io.BytesIO()
    image.save(memory, kind, **options)
    return memory.getvalue()


def read(content):
    return np.asarray(pictures.read(io.BytesIO(content)), float)


def with_boxed_profile(image):
    """A JPEG 2000 whose `colr` box holds a profile in the place of a number."""
    content = bytes_of(image, "JPEG2000", irreversible=False)
    box = struct.pack(">I4sBBB", 11 + len(PROFILE), b"colr", 2, 0, 0) + PROFILE
    start = content.index(b"colr") - 4
    (old,) = struct.unpack(">I", content[start : start + 4])
    header = content.index(b"jp2h") - 4
    (whole,) = struct.unpack(">I", content[header : header + 4])
    whole = struct.pack(">I", whole - old + len(box))
    return content[:header] + whole + content[header + 4 : start] + box + content[start + old :]


def bmp_with_profile(image):
    """A header of version 5 behind the old one's fields."""
    content = bytes_of(image, "BMP")
    body, header = content[54:], bytearray(124)
    header[:40] = content[14:54]
    struct.pack_into("<I", header, 0, 124)
    header[56:60] = b"DEBM"
    struct.pack_into("<2I", header, 112, 124 + len(body), len(PROFILE))
    whole = 14 + 124 + len(body) + len(PROFILE)
    return b"BM" + struct.pack("<IHHI", whole, 0, 0, 138) + bytes(header) + body + PROFILE


def avif_of(image, primaries, curve):
    content = bytes_of(image, "AVIF", quality=100, subsampling="4:4:4")
    start = content.index(b"colrnclx") + 8
    return content[:start] + struct.pack(">2H", primaries, curve) + content[start + 4 :]


SAYING_P3 = {
    "JPEG": lambda: bytes_of(MUTED, "JPEG", quality=100, subsampling=0, icc_profile=PROFILE),
    "MPO": lambda: bytes_of(MUTED, "MPO", quality=100, subsampling=0, icc_profile=PROFILE, save_all=True),
    "PNG": lambda: bytes_of(MUTED, "PNG", icc_profile=PROFILE),
    "PNG, cICP": lambda: png(np.asarray(MUTED), 8, [(b"cICP", bytes([12, 13, 0, 1]))]),
    "PNG, 16 bits": lambda: png(257 * np.asarray(MUTED, np.uint16), 16, [(b"cICP", bytes([12, 13, 0, 1]))]),
    "TIFF": lambda: bytes_of(MUTED, "TIFF", icc_profile=PROFILE),
    "WEBP": lambda: bytes_of(MUTED, "WEBP", lossless=True, icc_profile=PROFILE),
    "JPEG2000": lambda: with_boxed_profile(MUTED),
    "BMP": lambda: bmp_with_profile(MUTED),
    "AVIF": lambda: bytes_of(MUTED, "AVIF", quality=100, subsampling="4:4:4", icc_profile=PROFILE),
    "AVIF, nclx": lambda: avif_of(MUTED, 12, 13),
}


@pytest.mark.parametrize("kind", SAYING_P3)
def test_colours_of_p3_become_those_of_srgb_in_every_format(kind):
    if "AVIF" in kind and "AVIF" not in pictures.FORMATS:
        pytest.skip("this Pillow reads no AVIF")
    content = SAYING_P3[kind]()
    differs = np.abs(read(content) - MUTED_P3)
    assert differs.mean() < (1.2 if kind in ("JPEG", "MPO") or "AVIF" in kind else 0.5)
    assert np.abs(np.asarray(MUTED, float) - MUTED_P3).mean() > 3  # which would be seen
    assert pictures.look(content).problem.endswith("colour profile P3")
    image = Image.open(io.BytesIO(content))
    np.testing.assert_array_equal(pictures.to_rgb(image), read(content))


def test_gamma_and_primaries_of_a_png():
    chromaticity = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    numbers = np.asarray(MUTED)
    content = png(numbers, 8, [(b"gAMA", struct.pack(">I", 100_000)), (b"cHRM", chromaticity)])
    np.testing.assert_allclose(read(content), meant(MUTED, P3, 1), atol=2)
    content = png(numbers[..., :1], 8, [(b"gAMA", struct.pack(">I", 55_556))])
    np.testing.assert_allclose(read(content)[..., 0], meant(numbers[..., :1], np.eye(1), 1.8)[..., 0], atol=2)
    assert pictures.look(content).problem == "colour profile of gAMA and cHRM"


def test_what_a_png_says_first_counts():
    gamma, srgb = (b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")
    for chunks in ([srgb, gamma], [gamma, (b"cICP", bytes([1, 13, 0, 1]))], [(b"gAMA", struct.pack(">I", 45_455))]):
        content = png(np.asarray(MUTED), 8, chunks)
        np.testing.assert_array_equal(read(content), MUTED)
        assert pictures.look(content) == Verdict("used")


@pytest.mark.parametrize(
    "numbers", [[0] * 8, [31270, 32900, 64000, 33000, 64000, 33000, 64000, 33000], [1] * 8, [31270, 0, *[30000] * 6]]
)
def test_primaries_that_are_no_colours_are_told_and_the_numbers_stay(numbers):
    content = png(np.asarray(MUTED), 8, [(b"cHRM", struct.pack(">8I", *numbers))])
    np.testing.assert_array_equal(read(content), MUTED)
    assert pictures.look(content) == Verdict("converted", "a colour profile that cannot be used")


@pytest.mark.parametrize("gamma", [1, 4294967295])
def test_a_gamma_that_no_screen_has(gamma):
    content = png(np.asarray(MUTED), 8, [(b"gAMA", struct.pack(">I", gamma))])
    assert pictures.look(content).action == "converted"
    assert read(content).shape == np.asarray(MUTED).shape


def test_a_camera_that_says_adobe_rgb_in_a_word():
    first = struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    second = struct.pack("<HHHIHHHHIII", 2, 0xA001, 3, 1, 65535, 0, 0xA005, 4, 1, 56, 0)
    third = struct.pack("<HHHI4sI", 1, 1, 2, 4, b"R03", 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + first + second + third
    content = bytes_of(MUTED, "JPEG", quality=100, subsampling=0, exif=exif)
    assert np.abs(read(content) - meant(MUTED, ADOBE, 563 / 256)).mean() < 1.2
    assert pictures.look(content).problem == "colour profile Adobe RGB"


def test_high_dynamic_range_is_told_and_left():
    for code, name in (((9, 16), "PQ"), ((9, 18), "HLG"), ((12, 17), "H.273 12/17")):
        content = png(np.asarray(MUTED), 8, [(b"cICP", bytes([*code, 0, 1]))])
        np.testing.assert_array_equal(read(content), MUTED)
        assert pictures.look(content).problem == f"colours of {name} taken for sRGB"


def test_srgb_under_any_name_costs_and_changes_nothing(monkeypatch):
    names = [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        colours._made("mine", colours._PRIMARIES[1], None),
    ]
    contents = [bytes_of(MUTED, "PNG", icc_profile=profile) for profile in names]
    assert [pictures.look(content) for content in contents] == [Verdict("used")] * 2
    monkeypatch.setattr(ImageCms.ImageCmsTransform, "apply", lambda *_: pytest.fail("converted"))
    monkeypatch.setattr(ImageCms, "ImageCmsProfile", lambda *_: pytest.fail("the profile was read again"))
    for content in contents:
        np.testing.assert_array_equal(read(content), MUTED)


@pytest.mark.parametrize(
    "profile",
    [b"no profile at all, but long enough to have a colour space", PROFILE[:200], PROFILE[:16] + b"CMYK" + PROFILE[20:]],
)
def test_a_profile_that_cannot_be_used_is_told_and_the_numbers_stay(profile):
    content = bytes_of(MUTED, "PNG", icc_profile=profile)
    np.testing.assert_array_equal(read(content), MUTED)
    assert pictures.look(content) == Verdict("converted", "a colour profile that cannot be used")


# --------------------------------------------------------------------------------------------------------- grey and ink


def other_profile(space, tags):
    """A profile of other colours, by which lightness alone is told."""
    tags = {
        b"desc": colours._words("by hand"),
        b"cprt": colours._words("none"),
        b"wtpt": b"XYZ " + bytes(4) + colours._fixed(*colours._D50),
        **tags,
    }
    content = bytearray(colours._file(tags))
    content[16:20] = space
    if space == b"CMYK":
        content[12:16], content[20:24] = b"prtr", b"Lab "
    return bytes(content)


LINEAR_GREY = other_profile(b"GRAY", {b"kTRC": b"para" + bytes(4) + struct.pack(">2H", 0, 0) + colours._fixed(1)})


def ink_profile():
    """Any ink darkens: lightness is 100 without ink, and 0 where black or all three are full, with straight lines between."""
    ends = [(1 - k) * (3 - c - m - y) / 3 for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    grid = b"".join(bytes([round(255 * end), 128, 128]) for end in ends)
    straight = bytes(range(256))
    matrix = colours._fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * straight + grid + 3 * straight
    return other_profile(b"CMYK", {b"A2B0": lut, b"A2B1": lut})


def test_grey_that_is_linear_in_light(tmp_path):
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None].repeat(8, 0))
    expected = encoded(np.arange(256) / 255)
    for kind in ("PNG", "TIFF"):
        content = bytes_of(ramp, kind, icc_profile=LINEAR_GREY)
        np.testing.assert_allclose(read(content)[0, :, 0], expected, atol=1.5)
        assert pictures.look(content).problem == "colour profile by hand"
    clear = ramp.convert("LA")
    clear.putalpha(Image.new("L", ramp.size, 51))
    np.testing.assert_allclose(read(bytes_of(clear, "PNG", icc_profile=LINEAR_GREY))[0, :, 0], expected / 5 + 204, atol=1.5)


def test_a_grey_picture_with_a_profile_of_colours():
    """Photographs in black and white often keep the profile of their colours."""
    exponent = colours._made("of 1.8", colours._PRIMARIES[1], 1.8)
    content = bytes_of(MUTED.convert("L"), "JPEG", quality=100, icc_profile=exponent)
    assert np.abs(read(content)[..., 0] - meant(np.asarray(MUTED.convert("L"))[..., None], np.eye(1), 1.8)[..., 0]).mean() < 1


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_ink_by_its_profile(kind):
    """Lightness 50 is 119 in sRGB (CIE 1976), where Pillow makes 127 of half black; Adobe's JPEGs are inverted, TIFFs are not."""
    black = Image.merge("CMYK", [Image.new("L", (16, 16), value) for value in (0, 0, 0, 127)])
    content = bytes_of(black, kind, icc_profile=ink_profile(), **({"quality": 100} if kind == "JPEG" else {}))
    np.testing.assert_allclose(read(content), 119, atol=1.5)
    assert pictures.look(content).problem == "CMYK, colour profile by hand"
    plain = bytes_of(black, kind, **({"quality": 100} if kind == "JPEG" else {}))
    np.testing.assert_allclose(read(plain), 128, atol=1)
    assert pictures.look(plain).problem == "CMYK without a profile"


def test_torchvision_sees_the_same_ink_in_a_jpeg():
    reader = pytest.importorskip("torchvision.io")
    import torch

    content = bytes_of(paint(2).convert("CMYK"), "JPEG", quality=100)
    theirs = reader.decode_jpeg(torch.frombuffer(bytearray(content), dtype=torch.uint8), reader.ImageReadMode.RGB)
    assert np.abs(read(content) - theirs.permute(1, 2, 0).numpy()).mean() < 1


def test_ink_of_which_nobody_says_which_way_it_counts():
    content = bytes_of(paint(2).convert("CMYK"), "JPEG", quality=100)
    start = content.index(b"Adobe") - 4
    content = content[:start] + content[start + 2 + int.from_bytes(content[start + 2 : start + 4], "big") :]
    assert pictures.look(content).problem == "CMYK without a profile, no ink taken for 255, as Adobe writes it"


def test_lightness_and_two_colours():
    """CIELAB, which Pillow converts to nothing by itself: lightness 50 is 119."""
    content = bytes_of(Image.merge("LAB", [Image.new("L", (16, 16), value) for value in (128, 128, 128)]), "TIFF")
    np.testing.assert_allclose(read(content), 119, atol=1.5)
    assert pictures.look(content).problem == "CIELAB"


def test_colours_below_alpha_are_converted_too():
    clear = MUTED.convert("RGBA")
    clear.putalpha(51)
    content = bytes_of(clear, "PNG", icc_profile=PROFILE)
    np.testing.assert_allclose(read(content), MUTED_P3 / 5 + 204, atol=1.5)
    assert pictures.look(content).problem == "alpha, colour profile P3"
