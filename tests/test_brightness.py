"""Which numbers mean black and white: values by hand, files by hand, and torchvision's reader beside ours."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from shoulders import pictures
from shoulders.pictures import PictureError


def png(numbers, bits=16, chunks=()):
    """A PNG of these numbers as they are: grey, grey with alpha, colours, colours with alpha."""
    numbers = numbers if numbers.ndim == 3 else numbers[..., None]
    height, width, colours = numbers.shape

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = numbers.astype(">u2" if bits == 16 else "u1").reshape(height, -1)
    packed = b"".join(b"\0" + (row.tobytes() if bits >= 8 else _packed(row, bits)) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, {1: 0, 2: 4, 3: 2, 4: 6}[colours], 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(packed)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def _packed(row, bits):
    digits = "".join(f"{value:0{bits}b}" for value in row)
    return bytes(int(digits[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(digits), 8))


def tiff(numbers, bits=None, white_is_zero=False, separate=False, order="<", more=None):
    """A TIFF of these numbers as they are, in one strip or one for each colour. `more`: tag to (kind, values)."""
    numbers = np.asarray(numbers)
    colours = numbers.shape[2] if numbers.ndim == 3 else 1
    bits = bits or 8 * numbers.dtype.itemsize
    numbers = numbers.astype(numbers.dtype.newbyteorder(order))
    strips = [numbers[..., i].tobytes() for i in range(colours)] if separate else [numbers.tobytes()]
    if bits == 12:
        strips = [b"".join(_packed(row, 12) for row in numbers)]
    kind = {"u": 1, "i": 2, "f": 3}[numbers.dtype.kind]
    tags = {
        256: ("I", [numbers.shape[1]]), 257: ("I", [numbers.shape[0]]), 258: ("H", [bits] * colours), 259: ("H", [1]),
        262: ("H", [2 if colours > 1 else 0 if white_is_zero else 1]), 273: ("I", [0] * len(strips)), 277: ("H", [colours]),
        278: ("I", [numbers.shape[0]]), 279: ("I", list(map(len, strips))), 284: ("H", [2 if separate else 1]),
        339: ("H", [kind] * colours), **(more or {}),
    }  # fmt: skip
    start = len(_directory(tags, order))
    tags[273] = "I", [start + sum(map(len, strips[:i])) for i in range(len(strips))]
    return _directory(tags, order) + b"".join(strips)


def _directory(tags, order):
    place, table, long = 8 + 2 + 12 * len(tags) + 4, b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        body = struct.pack(f"{order}{len(values)}{kind}", *values)
        table += struct.pack(f"{order}HHI", tag, {"H": 3, "I": 4, "f": 11}[kind], len(values))
        table += body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(f"{order}I", place + len(long))
        long += body if len(body) > 4 else b""
    begin = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return begin + table + bytes(4) + long


def seen(content):
    """The red of every pixel, and what was told."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        verdict = pictures.look(content)
        return np.asarray(pictures.read(io.BytesIO(content)))[..., 0], verdict


def grey(*values, kind=np.uint16):
    return np.array([values] * 40, kind)


def ramp(most, kind=np.uint16, shape=(40, 50)):
    return np.linspace(0, most, shape[0] * shape[1]).reshape(shape).astype(kind)


# ------------------------------------------------------------------------------------------------------- what is declared

STRETCHED = grey(0, 4080, 2048 << 4, 65535)
"""12 bits as the PNG specification wants them: 0, 255, 2048 and 4095, each brought to 16."""


@pytest.mark.parametrize(
    ("content", "expected", "told"),
    [
        (png(grey(0, 1000, 2048, 4095), chunks=[(b"sBIT", b"\x0c")]), [0, 62, 128, 255], "16-bit"),
        (png(STRETCHED, chunks=[(b"sBIT", b"\x0c")]), [0, 16, 128, 255], "16-bit"),
        (png(grey(0, 16, 240, 4080), chunks=[(b"sBIT", b"\x0c")]), [0, 0, 1, 16], "16-bit"),  # stretched, and dark
        (png(grey(0, 300, 512, 1023), chunks=[(b"sBIT", b"\x0a")]), [0, 75, 128, 255], "16-bit"),
        (tiff(grey(0, 1000, 2048, 4095), bits=12), [0, 62, 128, 255], "12-bit"),
        (tiff(grey(0, 100, 256, 1023), more={281: ("H", [1023])}), [0, 25, 64, 255], "16-bit"),
        (tiff(grey(0, 100, 256, 1023), more={281: ("H", [65535])}), [0, 0, 1, 4], "16-bit"),
        (tiff(grey(0, 50, 100, kind="<f4"), more={341: ("f", [255.0])}), [0, 50, 100], "floating point"),
        (tiff(grey(0, 0.5, 1, kind="<f4"), more={341: ("f", [1.0])}), [0, 128, 255], "floating point"),
        (b"P5 4 40 4095\n" + grey(0, 1000, 2048, 4095).astype(">u2").tobytes(), [0, 62, 128, 255], "16-bit"),
        (b"P5 4 40 65535\n" + grey(0, 1000, 2048, 4095).astype(">u2").tobytes(), [0, 4, 8, 16], "16-bit"),
        (b"P5 4 40 100\n" + grey(0, 25, 50, 100, kind=np.uint8).tobytes(), [0, 64, 128, 255], ""),
    ],
)  # fmt: skip
def test_what_the_file_declares_is_white(content, expected, told):
    values, verdict = seen(content)
    np.testing.assert_allclose(values, [expected] * 40, atol=0.51)
    assert (verdict.problem, verdict.remedy) == (told, "")


def test_the_depth_of_a_jpeg_2000():
    """12 bits: Pillow writes 16, so that numbers are moved by half of both ranges, and the depth is changed where it stands."""
    memory = io.BytesIO()
    Image.fromarray(grey(*[0, 1000, 2048, 4095] * 10) + 32768 - 2048).save(memory, "JPEG2000", irreversible=False)
    content = bytearray(memory.getvalue())
    content[content.index(b"\xff\x4f\xff\x51") + 42] = content[content.index(b"ihdr") + 14] = 11
    values, verdict = seen(bytes(content))
    np.testing.assert_array_equal(values, [[0, 62, 128, 255] * 10] * 40)
    assert verdict.problem == "16-bit"
    assert seen(memory.getvalue())[1].problem == "16-bit: 65535 taken for white"


@pytest.mark.parametrize(("most", "expected"), [(3000, 187), (60000, 233)])
def test_a_most_that_is_no_depth_describes_the_pixels(most, expected):
    values, verdict = seen(tiff(ramp(most), more={281: ("H", [most])}))
    assert values.max() == expected
    assert verdict.problem == f"16-bit: {4095 if most < 4096 else 65535} taken for white"


# -------------------------------------------------------------------------------------------------------- what is assumed


@pytest.mark.parametrize(
    ("numbers", "white"),
    [
        (ramp(200), 255), (ramp(3000), 4095), (ramp(4095), 4095), (ramp(5000), 65535), (ramp(16383), 65535), (ramp(65535), 65535),
        (ramp(4095, np.int16), 4095), (ramp(32767, np.int16), 32767), (ramp(60000, np.int32), 65535),
        (ramp(4294967295, np.uint32), 4294967295), (ramp(2147483647, np.int32), 2147483647),
        (ramp(0.3, np.float32), 1), (ramp(1, np.float32), 1), (ramp(1.09, np.float32), 1), (ramp(200, np.float32), 255),
        (ramp(256, np.float32), 255), (ramp(4095, np.float32), 4095), (ramp(65535, np.float32), 65535),
    ],
)  # fmt: skip
def test_white_that_nobody_declares_is_told(numbers, white):
    values, verdict = seen(tiff(numbers))
    np.testing.assert_allclose(values, (numbers.astype(float) / white).clip(0, 1) * 255, atol=0.51)
    kind = "floating point" if numbers.dtype.kind == "f" else f"{8 * numbers.dtype.itemsize}-bit"
    assert verdict.action == "converted"
    assert verdict.problem.startswith(f"{kind}: {white} taken for white")
    assert ("brighter" in verdict.problem) == (numbers.max() > white)
    assert "white" in verdict.remedy
    if numbers.dtype == np.uint16:
        np.testing.assert_array_equal(seen(png(numbers))[0], values)


@pytest.mark.parametrize("bright", [1.02, 2, 1e30, np.inf])
def test_a_hot_pixel_changes_no_other(bright):
    plain, hot = ramp(1, np.float32), ramp(1, np.float32)
    hot[3, 4] = bright
    expected, values = seen(tiff(plain))[0].copy(), seen(tiff(hot))[0]
    expected[3, 4] = 255
    np.testing.assert_array_equal(values, expected)


def test_a_hot_pixel_of_a_camera_with_12_bits():
    hot = ramp(4000)
    hot[3, 4] = 65535
    values, verdict = seen(png(hot))
    assert (values[3, 4], values[-1, -1]) == (255, 249)
    assert verdict.problem == "16-bit: 4095 taken for white, brighter pixels taken for white"


def test_what_is_not_a_number_is_black_and_told():
    hole = ramp(1, np.float32)
    hole[5, 6], hole[7, 8] = np.nan, -np.inf
    values, verdict = seen(tiff(hole))
    assert values[5, 6] == values[7, 8] == 0
    assert verdict.problem == "floating point: 1 taken for white, pixels that are no numbers"
    np.testing.assert_array_equal(np.delete(values, [5, 7], 0), np.delete(seen(tiff(ramp(1, np.float32)))[0], [5, 7], 0))


def test_a_little_below_black_is_black():
    values, verdict = seen(tiff(grey(-0.05, 0.5, 1, kind=np.float32)))
    assert values[0].tolist() == [0, 128, 255]
    assert verdict.problem == "floating point: 1 taken for white"


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        (grey(-1000, 0, 3000, kind=np.int16), "negative numbers"), (grey(-1, 0, 1, kind=np.float32), "negative numbers"),
        (grey(0, 2, 5, kind=np.float32), "numbers up to 5"), (grey(0, 1e-4, 1e-3, kind=np.float32), "numbers up to 0.001"),
        (grey(-100, 0, 100, kind=np.int8), "negative numbers"), (grey(0, 1, 1e6, kind=np.float32), "numbers up to 1e+06"),
        (grey(0, 1, 1_000_000, kind=np.int32), "numbers up to 1e+06"), (np.full((4, 4), np.nan, "f4"), "no pixel is a number"),
    ],
)  # fmt: skip
def test_what_nobody_can_know_is_left_out_with_a_reason(numbers, problem):
    content = tiff(numbers)
    verdict = pictures.look(content)
    assert (verdict.action, verdict.problem) == ("skipped", problem)
    assert "scale them" in verdict.remedy
    with pytest.raises(PictureError, match=r"negative|numbers up to|no pixel"):
        pictures.read(io.BytesIO(content))


# ------------------------------------------------------------------------------------------------- inverted, alpha, colours


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (grey(0, 100, 255, kind=np.uint8), [255, 155, 0]), (grey(0, 32768, 65535), [255, 127, 0]),
        (grey(0, 0.25, 1, kind=np.float32), [255, 191, 0]),
    ],
)  # fmt: skip
def test_where_zero_is_white_the_scale_is_turned_round(numbers, expected):
    assert seen(tiff(numbers, white_is_zero=True))[0][0].tolist() == expected


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("most", [4095, 65535])
def test_16_bits_a_colour_in_a_tiff(most, separate, order):
    numbers = np.stack([ramp(most), ramp(most)[::-1], np.full_like(ramp(most), most // 3)], -1)
    content = tiff(numbers, separate=separate, order=order)
    np.testing.assert_allclose(pictures.read(io.BytesIO(content)), numbers / most * 255, atol=0.51)
    assert pictures.look(content).problem == f"16-bit: {most} taken for white"


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("order", "<>")
def test_a_fourth_number_in_a_tiff_is_nothing_or_alpha(kind, order):
    """ExtraSamples: 0 nobody knows what, 1 alpha by which the colours are multiplied, 2 alpha."""
    colours, alpha = np.stack([ramp(65535)] * 3, -1), np.full((40, 50, 1), 32768, np.uint16)
    stored = colours // 2 if kind == 1 else colours
    content = tiff(np.concatenate([stored, alpha], -1), order=order, more={338: ("H", [kind])})
    shown = colours / 257 if kind == 0 else (colours / 257 + 255) / 2
    np.testing.assert_allclose(pictures.read(io.BytesIO(content)), shown, atol=2.1)


def test_ink_of_16_bits_is_never_stretched():
    """Little ink is a light picture: here a tenth of black and nothing else."""
    numbers = np.zeros((40, 50, 4), np.uint16)
    numbers[..., 3] = 6554 // 2
    content = tiff(numbers, more={262: ("H", [5])})
    np.testing.assert_allclose(pictures.read(io.BytesIO(content)), 255 * 0.95, atol=1)
    assert pictures.look(content).problem == "16-bit, CMYK without a profile"


def test_an_image_at_its_second_page_stays_there():
    writer = pytest.importorskip("tifffile")
    memory, numbers = io.BytesIO(), np.stack([ramp(65535)] * 3, -1)
    with writer.TiffWriter(memory) as file:
        for page in (numbers, numbers[::-1]):
            file.write(page, photometric="rgb")
    image = Image.open(memory)
    image.seek(1)
    np.testing.assert_allclose(pictures.to_rgb(image), numbers[::-1] / 257, atol=0.51)


def test_compressed_16_bits_a_colour_in_a_tiff(monkeypatch):
    from PIL import TiffImagePlugin

    monkeypatch.setattr(TiffImagePlugin, "READ_LIBTIFF", True)  # as for a compressed one
    numbers = np.stack([ramp(4095)] * 3, -1)
    np.testing.assert_allclose(pictures.read(io.BytesIO(tiff(numbers))), numbers / 4095 * 255, atol=0.51)


@pytest.mark.parametrize("colours", [1, 2, 3, 4])
def test_torchvision_sees_the_same_16_bits_in_a_png(colours):
    reader = pytest.importorskip("torchvision.io")
    import torch

    numbers = np.random.default_rng(0).integers(0, 65536, (8, 9, colours))
    numbers[..., colours - 1 if colours in (2, 4) else 0] |= 0xFF00 if colours in (2, 4) else 0
    content = png(numbers)
    theirs = reader.decode_png(torch.frombuffer(bytearray(content), dtype=torch.uint8)).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(theirs, numbers)
    shown = theirs / 65535
    if colours in (2, 4):
        shown = shown[..., :-1] * shown[..., -1:] + 1 - shown[..., -1:]
    np.testing.assert_allclose(pictures.read(io.BytesIO(content)), np.broadcast_to(shown * 255, (8, 9, 3)), atol=1.6)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "uint32", "float32"])
def test_tifffile_sees_the_same_numbers(kind):
    reader = pytest.importorskip("tifffile")
    numbers = ramp(1 if kind == "float32" else np.iinfo(kind).max, kind)
    for white_is_zero in (False, True) if kind in ("uint8", "uint16", "float32") else (False,):
        memory = io.BytesIO()
        reader.imwrite(memory, numbers, photometric="miniswhite" if white_is_zero else "minisblack")
        for content in (memory.getvalue(), tiff(numbers, white_is_zero=white_is_zero)):
            np.testing.assert_array_equal(reader.imread(io.BytesIO(content)), numbers)
            shown = numbers / numbers.max()
            np.testing.assert_allclose(seen(content)[0], 255 * (1 - shown if white_is_zero else shown), atol=0.51)


@pytest.mark.parametrize("layout", [{}, {"planarconfig": "separate"}, {"tile": (16, 16)}, {"bigtiff": True}, {"byteorder": ">"}])
@pytest.mark.parametrize("most", [4095, 65535])
def test_tifffile_writes_what_we_see_as_it_was(layout, most):
    writer = pytest.importorskip("tifffile")
    numbers, memory = np.stack([ramp(most), ramp(most)[::-1], ramp(most)[:, ::-1]], -1), io.BytesIO()
    planes = numbers.transpose(2, 0, 1) if "planarconfig" in layout else numbers
    writer.imwrite(memory, planes, photometric="rgb", **layout)
    np.testing.assert_allclose(pictures.read(io.BytesIO(memory.getvalue())), numbers / most * 255, atol=0.51)


@pytest.mark.parametrize("most", [4095, 65535])
def test_a_pixmap_of_16_bits_and_a_floating_one(most):
    """Pillow brings a pixmap to 8 bits by the maxval that it declares; floating numbers lie upside down in the file."""
    numbers = np.stack([ramp(most), ramp(most)[::-1], ramp(most) // 2], -1)
    content = f"P6 50 40 {most}\n".encode() + numbers.astype(">u2").tobytes()
    np.testing.assert_allclose(pictures.read(io.BytesIO(content)), numbers / most * 255, atol=0.51)
    assert pictures.look(content).action == "used"
    values, verdict = seen(b"Pf 50 40 -1.0\n" + (ramp(most) / np.float32(most)).astype("<f4")[::-1].tobytes())
    np.testing.assert_allclose(values, ramp(most) / most * 255, atol=0.51)
    assert verdict.problem == "floating point: 1 taken for white"


def test_12_bits_a_colour_in_a_png_with_alpha():
    numbers = np.stack([ramp(4095)] * 3 + [np.full((40, 50), 4095)], -1)
    content = png(numbers)
    np.testing.assert_allclose(pictures.read(io.BytesIO(content)), numbers[..., :3] / 4095 * 255, atol=0.51)
    assert pictures.look(content).problem == "16-bit: 4095 taken for white, alpha"
    numbers[..., 3] = 65535
    np.testing.assert_allclose(pictures.read(io.BytesIO(png(numbers))), numbers[..., :3] / 4095 * 255, atol=0.51)


@pytest.mark.parametrize(
    ("numbers", "bits", "clear", "expected"),
    [
        (grey(0, 3, 15, kind=np.uint8), 4, [3], [0, 255, 255]), (grey(0, 1, 2, kind=np.uint8), 2, [0], [255, 85, 170]),
        (grey(0, 100, 200, kind=np.uint8), 8, [100], [0, 255, 200]), (grey(0, 30000, 60000), 16, [0], [255, 117, 233]),
        (np.stack([grey(0, 30000, 60000)] * 3, -1), 16, [30000] * 3, [0, 255, 233]),
        (np.stack([grey(0, 30000, 60000)] * 3, -1), 16, [30001] * 3, [0, 117, 233]),
    ],
)  # fmt: skip
def test_a_transparent_colour_is_white_in_every_depth(numbers, bits, clear, expected):
    content = png(numbers, bits, [(b"tRNS", struct.pack(f">{len(clear)}H", *clear))])
    assert seen(content)[0][0].tolist() == expected
    assert "alpha" in pictures.look(content).problem


def test_an_image_tells_what_its_file_tells(tmp_path):
    """As long as it is not decoded: then Pillow keeps no note of the significant bits."""
    content = png(grey(0, 300, 512, 1023), chunks=[(b"sBIT", b"\x0a")])
    (tmp_path / "a.png").write_bytes(content)
    for image in (Image.open(io.BytesIO(content)), Image.open(tmp_path / "a.png")):
        np.testing.assert_array_equal(pictures.to_rgb(image), pictures.read(tmp_path / "a.png"))
    assert np.asarray(pictures.to_rgb(Image.fromarray(grey(0, 300, 512, 1023)))).max() == 64
