"""One picture: read as a person would see it, or refused with its name, what is wrong, and the remedy."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from making import paint
from PIL import Image

from shoulders import pictures
from shoulders.pictures import PictureError, Verdict
from shoulders.support import places


def png_that_claims(width, height):
    """A valid PNG header of that size, and next to nothing behind it."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def bytes_of(image, kind, **options):
    memory = io.BytesIO()
    image.save(memory, kind, **options)
    return memory.getvalue()


def rotated(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def rotated_with_a_bad_byte(orientation=6):
    """The EXIF block of a camera that calls a resolution a text: it can be read, and not be written again."""
    exif = rotated(orientation)
    exif[282] = 72.0
    block = bytearray(exif.tobytes())
    assert block[31] == 5
    block[31] = 2
    return bytes(block)


def close(image, expected, within):
    difference = np.asarray(image, float) - np.asarray(expected, float)
    assert image.size == expected.size
    assert np.abs(difference).mean() < within


# ----------------------------------------------------------------------------------------------------------------- read

UNDONE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip
"""What a camera that writes this orientation did to the scene: its inverse is what the reader must do."""


@pytest.mark.parametrize("orientation", sorted(UNDONE))
def test_exif_rotation_comes_out_upright(tmp_path, orientation):
    scene = paint(1)
    scene.transpose(UNDONE[orientation]).save(tmp_path / "a.png", exif=rotated(orientation))
    np.testing.assert_array_equal(pictures.read(tmp_path / "a.png"), scene)


def test_exif_rotation_of_a_jpeg(tmp_path):
    scene = paint(1)
    scene.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", exif=rotated(6), quality=98)
    close(pictures.read(tmp_path / "a.jpg"), scene, 5)
    assert np.abs(np.asarray(scene.rotate(180), float) - np.asarray(scene, float)).mean() > 20  # which would be seen


def test_a_bad_byte_in_the_exif_block_costs_neither_the_picture_nor_its_turn(tmp_path):
    scene = paint(1)
    turned = scene.transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "a.jpg", exif=rotated_with_a_bad_byte(), quality=98)
    close(pictures.read(tmp_path / "a.jpg"), scene, 5)


def test_an_exif_block_that_cannot_be_read_turns_nothing(monkeypatch):
    monkeypatch.setattr(Image.Image, "getexif", lambda self: (_ for _ in ()).throw(struct.error("no EXIF")))
    np.testing.assert_array_equal(pictures.to_rgb(paint(1)), paint(1))
    assert pictures.look(bytes_of(paint(1), "JPEG", exif=rotated(6))) == Verdict("used")


def test_what_is_upright_is_not_turned_again():
    image = Image.open(io.BytesIO(bytes_of(paint(1), "PNG", exif=rotated(6))))
    once = pictures.to_rgb(image)
    np.testing.assert_array_equal(pictures.to_rgb(once), once)


def test_alpha_is_laid_on_white(tmp_path):
    values = np.zeros((4, 6, 4), np.uint8)
    values[..., 0], values[:, :2, 3], values[:, 2:4, 3] = 200, 255, 51  # opaque, one fifth opaque, transparent; all red 200
    Image.fromarray(values).save(tmp_path / "a.png")
    seen = np.asarray(pictures.read(tmp_path / "a.png"))
    assert seen[0, [0, 2, 4]].tolist() == [[200, 0, 0], [244, 204, 204], [255, 255, 255]]


def test_palette_and_its_transparent_colour(tmp_path):
    image = Image.new("P", (4, 2), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((3, 1), 1)
    image.save(tmp_path / "plain.png")
    image.save(tmp_path / "clear.png", transparency=0)
    plain, clear = (np.asarray(pictures.read(tmp_path / name)) for name in ("plain.png", "clear.png"))
    assert plain[0, 0].tolist() == [10, 20, 30]
    assert clear[0, 0].tolist() == [255, 255, 255]
    assert plain[1, 3].tolist() == clear[1, 3].tolist() == [200, 100, 50]


def test_sixteen_bits_become_eight(tmp_path):
    Image.fromarray(np.array([[0, 257, 32896, 65535]], np.uint16)).save(tmp_path / "a.png")
    assert np.asarray(pictures.read(tmp_path / "a.png"))[0].tolist() == [[v] * 3 for v in (0, 1, 128, 255)]


def test_cmyk_grey_and_black_and_white(tmp_path):
    scene = paint(2)
    scene.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=98)
    scene.convert("L").save(tmp_path / "grey.png")
    scene.convert("1").save(tmp_path / "bits.png")
    close(pictures.read(tmp_path / "cmyk.jpg"), scene, 3)
    np.testing.assert_array_equal(pictures.read(tmp_path / "grey.png"), scene.convert("L").convert("RGB"))
    np.testing.assert_array_equal(pictures.read(tmp_path / "bits.png"), scene.convert("1").convert("RGB"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "I;16", "F"])
def test_every_mode_becomes_rgb(mode):
    image = Image.new(mode, (5, 4))
    rgb = pictures.to_rgb(image)
    assert (rgb.mode, rgb.size) == ("RGB", (5, 4))


@pytest.mark.parametrize(
    ("mode", "values", "expected"),
    [
        ("F", [0, 0.5, 1], [0, 128, 255]),
        ("F", [0, 100, 200], [0, 100, 200]),
        ("F", [0, 32768, 65535], [0, 128, 255]),
        ("I;16", [0, 32768, 65535], [0, 128, 255]),
        ("I;16", [0, 128, 255], [0, 128, 255]),
        ("I", [0, 100, 200], [0, 100, 200]),
    ],
)
def test_more_than_8_bits_keep_their_brightness(mode, values, expected, tmp_path):
    kind = {"F": np.float32, "I;16": np.uint16, "I": np.int32}[mode]
    image = Image.fromarray(np.array([values], kind))
    assert image.mode == mode
    image.save(tmp_path / "a.tiff")
    assert np.asarray(pictures.read(tmp_path / "a.tiff"))[0, :, 0].tolist() == expected


def test_a_large_jpeg_is_decoded_smaller_but_not_too_small(tmp_path):
    paint(3, (1600, 1200)).save(tmp_path / "a.jpg", quality=95)
    assert pictures.read(tmp_path / "a.jpg").size == (1600, 1200)
    assert pictures.read(tmp_path / "a.jpg", at_least=300).size == (400, 300)
    assert pictures.read(tmp_path / "a.jpg", at_least=301).size == (800, 600)
    assert pictures.read(tmp_path / "a.jpg", at_least=601).size == (1600, 1200)


FILES = {
    "JPEG": {"quality": 95},
    "PNG": {},
    "WEBP": {"lossless": True},
    "BMP": {},
    "TIFF": {},
    "PPM": {},
    "JPEG2000": {},
    "MPO": {},
}


@pytest.mark.parametrize("kind", [*FILES, "AVIF"])
def test_a_path_its_bytes_and_its_image_give_the_same_pixels(tmp_path, kind):
    if kind == "AVIF" and kind not in pictures.FORMATS:
        pytest.skip("this Pillow reads no AVIF")
    content = bytes_of(paint(3, (480, 360)), kind, **FILES.get(kind, {}))
    (tmp_path / "a").write_bytes(content)
    by_path = pictures.read(tmp_path / "a", at_least=90)
    for image in (Image.open(io.BytesIO(content)), Image.open(tmp_path / "a")):
        np.testing.assert_array_equal(pictures.to_rgb(image, at_least=90), by_path)
        assert image.size == (480, 360)  # it is still the caller's
    np.testing.assert_array_equal(pictures.read(io.BytesIO(content), at_least=90), by_path)
    assert by_path.size == ((120, 90) if kind in ("JPEG", "MPO") else (480, 360))
    assert pictures.size(tmp_path / "a") == (480, 360)


def test_an_image_that_is_decoded_already_is_taken_as_it_is():
    image = Image.open(io.BytesIO(bytes_of(paint(3, (480, 360)), "JPEG")))
    image.load()
    np.testing.assert_array_equal(pictures.to_rgb(image, at_least=90), image)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_format_with_exif_comes_out_upright(kind):
    if kind not in pictures.FORMATS:
        pytest.skip("this Pillow reads no AVIF")
    scene = paint(1)
    content = bytes_of(scene.transpose(Image.Transpose.ROTATE_90), kind, exif=rotated(6), quality=98)
    close(pictures.read(io.BytesIO(content)), scene, 6)
    assert pictures.look(content) == Verdict("converted", "EXIF rotation")


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "WEBP", "AVIF"])
def test_of_several_pages_or_frames_the_first_is_meant(kind):
    if kind not in pictures.FORMATS:
        pytest.skip("this Pillow reads no AVIF")
    content = bytes_of(paint(1), kind, save_all=True, append_images=[paint(2)], quality=98)
    close(pictures.read(io.BytesIO(content)), paint(1), 6)
    assert pictures.look(content).problem == f"the first of 2 {'pages' if kind == 'TIFF' else 'frames'}"


def test_damaged_later_pages_do_not_cost_the_first():
    content = bytearray(bytes_of(paint(1), "TIFF", save_all=True, append_images=[paint(2)]))
    (first,) = struct.unpack("<I", content[4:8])
    (entries,) = struct.unpack("<H", content[first : first + 2])
    (second,) = struct.unpack("<I", content[first + 2 + 12 * entries :][:4])
    content[second : second + 2] = b"\xff\xff"
    assert pictures.look(bytes(content)).action != "skipped"
    np.testing.assert_array_equal(pictures.read(io.BytesIO(content)), paint(1))


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        (b"II*\0" + bytes(30), "a kind of TIFF that Pillow cannot read"),
        (b"\0\0\0\x20ftypheic" + bytes(30), "HEIC, which Pillow cannot read"),
        (b"\xff\x0a" + bytes(30), "JPEG XL, which Pillow cannot read"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(30), "JPEG XL, which Pillow cannot read"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS's word for a file that is not here"),
        (b"\n<!DOCTYPE html><html>404</html>", "a web page, and no picture"),
        (b"\0\0\0\x20ftypmp42" + bytes(30), "not a picture"),
        (bytes_of(Image.new("L", (3000, 1)), "PNG"), "too thin"),
        (bytes_of(paint(0), "JPEG").replace(b"\x08\x00\x3c\x00\x50\x03", b"\x0c\x00\x3c\x00\x50\x03"), "a kind of JPEG that Pillow cannot read"),
    ],
)
def test_what_pillow_cannot_identify_is_called_what_it_is(tmp_path, start, problem):
    (tmp_path / "a").write_bytes(start)
    assert pictures.look(start).problem == problem
    with pytest.raises(PictureError, match=problem):
        pictures.read(tmp_path / "a")


def test_avif_that_pillow_cannot_read_names_what_helps(monkeypatch):
    monkeypatch.setattr(pictures, "FORMATS", [kind for kind in pictures.FORMATS if kind != "AVIF"])
    verdict = pictures.look(b"\0\0\0\x20ftypavif" + bytes(30))
    assert (verdict.action, verdict.problem) == ("skipped", "AVIF, which this Pillow cannot read")
    assert "pip install --upgrade pillow" in verdict.remedy


CONTENTS = {
    "zero bytes": b"",
    "not a picture": b"this is no picture, whatever its name says",
    "GIF": bytes_of(paint(0).convert("P"), "GIF"),
    "truncated or damaged": bytes_of(paint(0), "JPEG")[:-400],
    "too many pixels": png_that_claims(40_000, 30_000),
}


@pytest.mark.parametrize("problem", [name for name in CONTENTS if name != "GIF"])
def test_an_error_names_the_file_what_is_wrong_and_the_remedy(tmp_path, problem):
    (tmp_path / "odd.jpg").write_bytes(CONTENTS[problem])
    with pytest.raises(PictureError) as error:
        pictures.read(tmp_path / "odd.jpg")
    said, verdict = str(error.value), pictures.look(CONTENTS[problem])
    assert said == f"{tmp_path / 'odd.jpg'}: {verdict.problem}. {verdict.remedy}"


def test_a_missing_file_a_folder_and_a_closed_file(tmp_path, monkeypatch):
    with pytest.raises(PictureError, match=r"none\.jpg: does not exist\. Check the path"):
        pictures.read(tmp_path / "none.jpg")
    with pytest.raises(PictureError, match=rf"{tmp_path.name}: a folder\. Give the pictures in it"):
        pictures.read(tmp_path)
    monkeypatch.setattr(Image, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(PictureError, match=r"a\.jpg: unreadable\. Check the file's permissions"):
        pictures.read(tmp_path / "a.jpg")


def test_reading_never_touches_the_warnings_of_the_process(tmp_path, monkeypatch):
    """Threads that decode share them: changed and put back at once by two, they can stay switched off for good."""
    import warnings

    paint(1).save(tmp_path / "a.png")
    seen, opened, filters = [], Image.open, warnings.filters
    monkeypatch.setattr(Image, "open", lambda path, **kwargs: seen.append(warnings.filters is filters) or opened(path, **kwargs))
    pictures.read(tmp_path / "a.png")
    pictures.look((tmp_path / "a.png").read_bytes())
    assert seen == [True, True]


# ----------------------------------------------------------------------------------------------------------------- look


@pytest.mark.parametrize("problem", CONTENTS)
def test_what_cannot_be_used_is_skipped_for_its_reason(problem):
    verdict = pictures.look(CONTENTS[problem])
    assert (verdict.action, verdict.problem) == ("skipped", problem)
    assert verdict.remedy.endswith(".")


def test_a_bomb_is_refused_by_its_header_alone(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert len(CONTENTS["too many pixels"]) < 200
    assert pictures.look(CONTENTS["too many pixels"]).problem == "too many pixels"
    assert pictures.look(png_that_claims(15_001, 10_000)).problem == "too many pixels"  # below Pillow's own limit


def oddities():
    scene = paint(0)
    palette = scene.convert("P")
    yield "", bytes_of(scene, "JPEG")
    yield "", bytes_of(scene.convert("L"), "PNG")
    yield "CMYK without a profile", bytes_of(scene.convert("CMYK"), "JPEG")
    yield "palette", bytes_of(palette, "PNG")
    yield "palette, alpha", bytes_of(palette, "PNG", transparency=0)
    yield "the first of 2 pages", bytes_of(scene, "TIFF", save_all=True, append_images=[paint(1)])
    yield "the first of 2 frames", bytes_of(scene, "PNG", save_all=True, append_images=[paint(1)])
    yield "the first of 2 frames", bytes_of(scene, "WEBP", save_all=True, append_images=[paint(1)])
    yield "the first of 2 frames", bytes_of(scene, "MPO", save_all=True, append_images=[paint(1)])
    yield "alpha", bytes_of(scene.convert("RGBA"), "PNG")
    yield "alpha", bytes_of(scene.convert("LA"), "PNG")
    yield "EXIF rotation", bytes_of(scene, "JPEG", exif=rotated(6))
    yield "alpha, EXIF rotation", bytes_of(scene.convert("RGBA"), "PNG", exif=rotated(3))


@pytest.mark.parametrize(("found", "content"), oddities())
def test_what_is_converted_is_named(found, content):
    assert pictures.look(content) == (Verdict("converted", found) if found else Verdict("used"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F", "I"])
def test_what_the_check_lets_through_can_be_read(mode):
    """The check must never promise a picture at which the first lesson then stops."""
    content = bytes_of(Image.new(mode, (5, 4)), "TIFF")
    if pictures.look(content).action != "skipped":
        assert pictures.read(io.BytesIO(content)).mode == "RGB"


def test_the_check_does_all_that_reading_does(monkeypatch):
    monkeypatch.setattr(pictures, "_seen", lambda image: (_ for _ in ()).throw(ValueError("cannot be converted")))
    content = bytes_of(paint(0), "PNG")
    assert pictures.look(content).problem == "truncated or damaged"
    with pytest.raises(PictureError, match="truncated or damaged"):
        pictures.read(io.BytesIO(content))


# ------------------------------------------------------------------------------------------------------- check, memory


def three(tmp_path):
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.jpg")]
    for i, path in enumerate(paths[:2]):
        paint(i).save(path)
    paths[2].write_bytes(b"")
    return paths


def test_check_keeps_the_order_and_looks_once(tmp_path, monkeypatch):
    paths = three(tmp_path)
    first = pictures.check(paths)
    assert [verdict.action for _, verdict, *_ in first] == ["used", "used", "skipped"]
    monkeypatch.setattr(pictures, "_examined", lambda content: pytest.fail("decoded again"))
    assert pictures.check(paths[::-1]) == first[::-1]


def test_the_memory_goes_by_content_not_by_name(tmp_path, monkeypatch):
    paths = three(tmp_path)
    pictures.check(paths)
    paths[0].rename(tmp_path / "renamed.png")
    paths[1].write_bytes(b"other bytes under the same name")
    looked, look = [], pictures._examined
    monkeypatch.setattr(pictures, "_examined", lambda content: looked.append(content) or look(content))
    found = pictures.check([tmp_path / "renamed.png", paths[1]])
    assert [verdict.problem for _, verdict, *_ in found] == ["", "not a picture"]
    assert looked == [b"other bytes under the same name"]


def test_a_torn_last_line_costs_one_look_and_no_more(tmp_path, monkeypatch):
    paths = three(tmp_path)
    expected = pictures.check(paths)
    memory = places.cache() / pictures.MEMORY
    memory.write_bytes(memory.read_bytes()[:-20])
    looked, look = [], pictures._examined
    monkeypatch.setattr(pictures, "_examined", lambda content: looked.append(content) or look(content))
    assert pictures.check(paths) == expected
    assert looked == [b""]
    assert pictures.check(paths) == expected
    assert looked == [b""]  # the line after the torn one is whole


SHORT = b'["%s", {"action": "used", "problem": "", "remedy": "", "shown": "ab", "thumbnail": ""}]'
STRANGE = [b"", b"{}", b"[1]", b'"x"', b"5", b"null", b'["x"]', b'["x", {"colour": 1}]', b"[[1], {}]", b"\0\0", b"\xff\x80\n"]


@pytest.mark.parametrize("line", [*STRANGE, SHORT, b'["%s", {"action": 3}]', b'["%s", 3]'])
def test_strange_lines_in_the_memory_are_passed_over(tmp_path, line):
    paths = three(tmp_path)
    memory = places.cache() / pictures.MEMORY
    memory.parent.mkdir(parents=True)
    memory.write_bytes(line.replace(b"%s", places.digest(paths[0]).encode()) + b"\n")
    assert [verdict.action for _, verdict, *_ in pictures.check(paths)] == ["used", "used", "skipped"]


def test_the_same_pixels_have_one_digest_in_every_file_and_a_thumbnail_is_kept(tmp_path):
    image = paint(5)
    for name in ("a.png", "b.bmp", "c.tiff"):
        image.save(tmp_path / name)
    image.convert("RGBA").save(tmp_path / "d.png")
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "e.png", exif=rotated(6))
    Image.frombytes("RGB", (60, 80), image.tobytes()).save(tmp_path / "f.png")  # the same bytes in another shape
    found = pictures.check([tmp_path / name for name in ("a.png", "b.bmp", "c.tiff", "d.png", "e.png", "f.png")])
    assert len({one.digest for one in found}) == 6
    assert [one.shown == found[0].shown for one in found] == [True] * 5 + [False]
    by_hand = np.asarray(image.convert("L"), float).reshape(60, 80)[:15, :10].mean()
    small = np.frombuffer(found[0].thumbnail, np.uint8).reshape(pictures.SIDE, pictures.SIDE)
    assert abs(small[:8, :4].mean() - by_hand) < 6
    assert pictures.check([tmp_path / "a.png"]) == found[:1]  # as it was remembered


def test_an_interrupted_check_goes_on_where_it_stopped(tmp_path, monkeypatch):
    paths = three(tmp_path)
    look = pictures._examined

    def stops(content):
        if not content:
            raise KeyboardInterrupt
        return look(content)

    monkeypatch.setattr(pictures, "_examined", stops)
    with pytest.raises(KeyboardInterrupt):
        pictures.check(paths)
    remembered = [json.loads(line) for line in (places.cache() / pictures.MEMORY).read_text().splitlines() if line]
    assert [verdict["action"] for _, verdict in remembered] == ["used", "used"]


def test_a_path_that_cannot_be_read_is_skipped(tmp_path, monkeypatch):
    paths = three(tmp_path)
    digest = places.digest

    def forbidden(path):
        if path == paths[1]:
            raise PermissionError(path)
        return digest(path)

    monkeypatch.setattr(places, "digest", forbidden)
    found = pictures.check([*paths, tmp_path / "gone.png"])
    assert [verdict.problem for _, verdict, *_ in found] == ["", "unreadable", "zero bytes", "unreadable"]
    assert [key == "" for key, *_ in found] == [False, True, False, True]


def test_no_other_program_is_started_on_a_picture(tmp_path, monkeypatch):
    """Pillow hands EPS to Ghostscript: whatever its name ends in, it is no picture here."""
    import subprocess

    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program was started"))
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
    assert pictures.look(eps).problem == "not a picture"


def test_a_picture_that_changes_while_it_is_checked_is_not_remembered(tmp_path, monkeypatch):
    (path,) = [tmp_path / "a.png"]
    paint(1).save(path)
    monkeypatch.setattr(places, "digest", lambda path: "0" * 64)
    assert pictures.check([path])[0][1].problem == "changed while it was checked"
    assert (places.cache() / pictures.MEMORY).read_text().strip() == ""


def test_too_little_memory_is_no_damaged_picture(tmp_path, monkeypatch):
    def too_much(image):
        raise MemoryError

    paint(0).save(tmp_path / "a.png")
    monkeypatch.setattr(pictures, "_seen", too_much)
    with pytest.raises(MemoryError):
        pictures.read(tmp_path / "a.png")


def test_a_folder_is_called_one(tmp_path):
    with pytest.raises(PictureError, match=f"{tmp_path.name}: a folder"):
        pictures.read(tmp_path)
