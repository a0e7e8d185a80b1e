"""Picture sets: any folder of class folders, checked picture by picture, split without leaks, never changed on disk."""

import hashlib
import io
import os
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from making import COLOURS, folder_of, paint, photograph, serving, set_of
from PIL import Image
from test_pictures import bytes_of, png_that_claims, rotated

from shoulders import datasets, pictures
from shoulders.datasets import Archive, DatasetError
from shoulders.support import downloads, places
from shoulders.support.errors import CourseError

# ------------------------------------------------------------------------------------------ a damaged copy of every kind

HEIC = b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic" + bytes(range(200))
KINDS = {
    "alpha.png": (bytes_of(paint(11).convert("RGBA"), "PNG"), "converted", "alpha"),
    "bits16.png": (bytes_of(Image.fromarray(np.full((40, 50), 40_000, np.uint16)), "PNG"), "converted", "16-bit: 65535 taken for white"),
    "bomb.png": (png_that_claims(60_000, 60_000), "skipped", "too many pixels"),
    "clear_palette.png": (bytes_of(paint(12).convert("P"), "PNG", transparency=3), "converted", "palette, alpha"),
    "cmyk.jpg": (bytes_of(paint(13).convert("CMYK"), "JPEG"), "converted", "CMYK without a profile"),
    "cut.jpg": (bytes_of(paint(14), "JPEG")[:-500], "skipped", "truncated or damaged"),
    "empty.jpg": (b"", "skipped", "zero bytes"),
    "heic.jpg": (HEIC, "skipped", "HEIC, which Pillow cannot read"),
    "palette.png": (bytes_of(paint(15).convert("P"), "PNG"), "converted", "palette"),
    "placeholder.jpg": (bytes_of(paint(16).convert("P"), "GIF"), "skipped", "GIF"),
    "text.jpg": (b"<html>403 forbidden</html>", "skipped", "a web page, and no picture"),
    "turned.jpg": (bytes_of(paint(17), "JPEG", exif=rotated(6)), "converted", "EXIF rotation"),
}


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """Cats and dogs, four good pictures each and two for validation, with everything wrong that a folder can have."""
    root = set_of(tmp_path / "zoo", train=4, valid=2)
    for name, (content, *_) in KINDS.items():
        (root / "train" / "cats" / name).write_bytes(content)
    twin = (root / "valid" / "dogs" / "dogs_000.jpg").read_bytes()
    (root / "train" / "dogs" / "twin.jpg").write_bytes(twin)
    (root / "train" / "dogs" / "locked.jpg").write_bytes(bytes_of(paint(18), "JPEG"))
    (root / "train" / "owls").mkdir()
    (root / "train" / "dogs" / "Thumbs.db").write_bytes(b"junk")
    (root / "train" / "dogs" / "._dogs_000.jpg").write_bytes(b"junk")
    (root / "train" / "dogs" / ".ipynb_checkpoints").mkdir()
    (root / "train" / "dogs" / ".ipynb_checkpoints" / "dogs_000-checkpoint.jpg").write_bytes(twin)
    (root / "train" / ".ipynb_checkpoints").mkdir()
    digest = places.digest

    def forbids_one(path):
        if path.name == "locked.jpg":
            raise PermissionError(13, "Permission denied", str(path))
        return digest(path)

    monkeypatch.setattr(places, "digest", forbids_one)
    return root


def test_the_report_names_every_kind_and_nothing_else(zoo):
    report = datasets.load(zoo).report()
    found = {tuple(row) for row in report[["file", "part", "class", "action", "problem"]].itertuples(index=False)}
    assert found == {(f"train/cats/{name}", "train", "cats", action, problem) for name, (_, action, problem) in KINDS.items()} | {
        ("train/dogs/twin.jpg", "train", "dogs", "skipped", "the same picture is in the validation part"),
        ("train/dogs/locked.jpg", "train", "dogs", "skipped", "unreadable"),
        ("train/owls", "train", "owls", "skipped", "empty class"),
        ("train/.ipynb_checkpoints", "", "", "skipped", "hidden: the name begins with a dot; 2 such"),
        ("train/dogs/Thumbs.db", "", "", "skipped", "Thumbs.db: thumbnails of Windows"),
        ("train/dogs/._dogs_000.jpg", "", "", "skipped", "what macOS puts beside files (._…)"),
    }
    assert len(report) == len(found)
    assert (report.query("action == 'skipped' and part != ''").remedy != "").all()
    asked = report.query("action == 'converted' and remedy != ''")
    assert set(asked.problem) == {"16-bit: 65535 taken for white"}  # what is assumed can be wrong; the others ask for nothing


def test_what_is_left_is_what_can_be_used(zoo):
    held = datasets.load(zoo)
    converted = {name for name, (_, action, _) in KINDS.items() if action == "converted"}
    assert held.classes == ("cats", "dogs")
    assert {path.name for path in held.train.paths} == converted | {f"{c}_{i:03}.jpg" for c in held.classes for i in range(4)}
    assert held.counts().to_dict() == {"train": {"cats": 4 + len(converted), "dogs": 4}, "valid": {"cats": 2, "dogs": 2}}
    for path, label, digest in zip(held.train.paths, held.train.labels, held.train.digests):
        assert path.parent.name == held.classes[label]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
        assert pictures.read(path).mode == "RGB"


def test_nothing_on_disk_changes(zoo):
    before = photograph(zoo)
    datasets.load(zoo)
    datasets.load(zoo)
    assert photograph(zoo) == before


def test_the_second_check_decodes_nothing_and_finds_the_same(zoo, monkeypatch):
    first = datasets.load(zoo)
    monkeypatch.setattr(pictures, "_examined", lambda content: pytest.fail("decoded again"))
    second = datasets.load(zoo)
    assert second.findings == first.findings
    assert second.train.paths == first.train.paths


def test_a_leak_is_found_by_content_whatever_the_name(tmp_path):
    root = set_of(tmp_path / "set", 3, 2)
    (root / "train" / "dogs" / "other.png").write_bytes((root / "valid" / "dogs" / "dogs_001.jpg").read_bytes())
    held = datasets.load(root)
    assert not set(held.train.digests) & set(held.valid.digests)
    assert [finding["file"] for finding in held.findings] == ["train/dogs/other.png"]


def odd(held):
    return [(finding["file"], finding["action"], finding["problem"]) for finding in held.findings]


def test_every_copy_after_the_first_is_listed_and_used_and_what_lies_in_two_classes_is_not(tmp_path):
    root = set_of(tmp_path / "set", 3, 2)
    for part in ("train", "valid"):
        twin = (root / part / "cats" / "cats_000.jpg").read_bytes()
        (root / part / "cats" / "copy.jpg").write_bytes(twin)
        (root / part / "dogs" / "a_cat.jpg").write_bytes((root / part / "cats" / "cats_001.jpg").read_bytes())
    held = datasets.load(root)
    assert held.counts().to_dict() == {"train": {"cats": 3, "dogs": 3}, "valid": {"cats": 2, "dogs": 2}}
    two = (("cats/cats_001.jpg", "dogs"), ("dogs/a_cat.jpg", "cats"))
    parts = ("train", "valid")
    doubted = [
        (f"{part}/{name}", "skipped", f"the same picture is in class {other} too") for part in parts for name, other in two
    ]
    assert odd(held) == doubted + [
        (f"{part}/cats/copy.jpg", "used", f"the same picture as {part}/cats/cats_000.jpg") for part in parts
    ]


def test_a_class_that_is_not_measured_is_listed(tmp_path):
    folder_of(tmp_path / "set", {"cats": 4, "dogs": 1})
    alone = "its only picture is for training: no accuracy is measured on this class"
    assert ("dogs", "used", alone) in odd(datasets.load(tmp_path / "set"))


def test_a_folder_that_may_not_be_looked_into_is_listed(tmp_path, monkeypatch):
    root = set_of(tmp_path / "set", 4, 2)
    closed, scandir = root / "train" / "cats" / "summer", os.scandir
    closed.mkdir()

    def forbids_one(path):
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbids_one)
    assert odd(datasets.load(root)) == [("train/cats/summer", "skipped", "unreadable")]


# --------------------------------------------------------------------------------------------------------------- errors


def test_one_class_alone_is_no_question(tmp_path):
    folder_of(tmp_path / "set", {"cats": 3})
    with pytest.raises(DatasetError, match=r"set has only one class with pictures \(cats\).*add a folder"):
        datasets.load(tmp_path / "set")


def test_a_second_class_without_a_good_picture_names_the_first_problem(tmp_path):
    folder_of(tmp_path / "set", {"cats": 3})
    (tmp_path / "set" / "dogs").mkdir()
    (tmp_path / "set" / "dogs" / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"only one class.*First problem: dogs.a\.jpg: not a picture"):
        datasets.load(tmp_path / "set")


def test_many_files_of_which_none_is_here_yet_are_one_finding(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 6, "dogs": 6})
    for i in range(5):
        (root / "cats" / f"{i}.heic").write_bytes(HEIC + bytes([i]))
        (root / "dogs" / f"{i}.png").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{i}\nsize 3\n")
    assert {told for told in odd(datasets.load(root)) if told[1] == "skipped"} == {
        ("cats/0.heic", "skipped", "HEIC, which Pillow cannot read: export it as JPEG; 5 such"),
        ("dogs/0.png", "skipped", "Git LFS's word for a file that is not here: bring the file with `git lfs pull`; 5 such"),
    }


def test_a_class_that_only_the_training_part_has_is_not_measured_and_told(tmp_path):
    root = set_of(tmp_path / "set", 2, 2)
    folder_of(root / "train", {"owls": 2}, start=500)
    held = datasets.load(root)
    assert held.classes == ("cats", "dogs", "owls")
    assert odd(held) == [("valid", "used", "no folder owls: no accuracy is measured on this class")]


def test_a_class_that_only_the_validation_part_has(tmp_path):
    root = set_of(tmp_path / "set", 2, 2)
    folder_of(root / "valid", {"owls": 2})
    with pytest.raises(DatasetError, match=r"set.valid has class folders that .*set.train lacks \(owls\)"):
        datasets.load(root)


def test_pictures_without_class_folders(tmp_path):
    (tmp_path / "set").mkdir()
    paint(0).save(tmp_path / "set" / "a.png")
    with pytest.raises(DatasetError, match="holds no class folders: put the pictures of each class in a folder"):
        datasets.load(tmp_path / "set")


def test_no_such_folder(tmp_path):
    with pytest.raises(DatasetError, match="nowhere is neither a folder nor a known set.*cats_vs_dogs"):
        datasets.load(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="^'' is neither a folder nor a known set"):
        datasets.load("")
    with pytest.raises(DatasetError, match=r"Did you mean felt_cats_vs_dogs\?$"):
        datasets.load("felt_cat_vs_dogs")


def test_a_known_set_that_is_not_here_names_command_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")
    with pytest.raises(DatasetError, match=r"run `shoulders fetch bees_vs_ants` \(47 MB\).*SHOULDERS_DATA.*hymenoptera_data"):
        datasets.load("bees_vs_ants")


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, 25, float("nan")])
def test_a_share_is_between_0_and_1(tmp_path, fraction):
    folder_of(tmp_path / "set", {"cats": 3, "dogs": 3})
    with pytest.raises(DatasetError, match=f"valid_fraction is {fraction}: give a share between 0 and 1"):
        datasets.load(tmp_path / "set", valid_fraction=fraction)


def test_one_picture_a_class_leaves_nothing_to_measure_on(tmp_path):
    folder_of(tmp_path / "set", {"cats": 1, "dogs": 1})
    with pytest.raises(DatasetError, match="leaves no validation pictures: put at least two pictures in each class"):
        datasets.load(tmp_path / "set")


# ---------------------------------------------------------------------------------------------------------------- split


@pytest.mark.parametrize("fraction", [1e-4, 0.25, 0.9999])
def test_no_class_lacks_pictures_on_a_side_and_none_is_on_both(tmp_path, fraction):
    folder_of(tmp_path / "set", {"cats": 12, "dogs": 8})
    held = datasets.load(tmp_path / "set", valid_fraction=fraction)
    assert (held.counts() > 0).all(axis=None)
    assert len(held.train) + len(held.valid) == 20
    assert not set(held.train.digests) & set(held.valid.digests)
    if fraction != 0.25:
        assert held.counts().min(axis=1).to_dict() == {"cats": 1, "dogs": 1}
        assert sum("may change sides" in finding["problem"] for finding in held.findings) == 2


def test_when_pictures_are_added_none_changes_sides(tmp_path):
    """But for those that alone kept their class on a side, which the findings name."""
    folder_of(tmp_path / "all", {"cats": 14, "dogs": 14})
    paths = sorted((tmp_path / "all").rglob("*.jpg"), key=lambda path: path.name[-7:])
    side, may_move = {}, set()
    for count, path in enumerate(paths):
        goal = tmp_path / "set" / path.parent.name / path.name
        goal.parent.mkdir(parents=True, exist_ok=True)
        path.rename(goal)
        if count < 3:
            continue
        held = datasets.load(tmp_path / "set")
        now = {one: part for part in ("train", "valid") for one in getattr(held, part).digests}
        moved = {one for one in side if now[one] != side[one]}
        assert moved <= may_move
        told = [finding["file"] for finding in held.findings if "may change sides" in finding["problem"]]
        side, may_move = now, {hashlib.sha256((tmp_path / "set" / name).read_bytes()).hexdigest() for name in told}
    assert not may_move and set(side.values()) == {"train", "valid"}


def test_a_copy_in_another_format_stays_with_its_picture_and_is_told(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 8, "dogs": 8})
    before = datasets.load(root)
    for path in sorted(root.rglob("*.jpg")):
        Image.open(path).save(path.with_suffix(".bmp"))
        Image.open(path).save(path.with_suffix(".png"), dpi=(300, 300))
    held = datasets.load(root)
    assert {path.stem for path in held.valid.paths} == {path.stem for path in before.valid.paths}
    assert not {path.stem for path in held.valid.paths} & {path.stem for path in held.train.paths}
    assert sum(finding["problem"].startswith("the same picture as") for finding in held.findings) == 32
    Image.open(root / "cats" / "cats_000.jpg").save(root / "dogs" / "another.tiff")
    doubted = {file for file, action, problem in odd(datasets.load(root)) if "too" in problem and action == "skipped"}
    assert doubted == {"dogs/another.tiff", *(f"cats/cats_000.{ending}" for ending in ("jpg", "bmp", "png"))}


def test_a_leak_in_another_format_is_found(tmp_path):
    root = set_of(tmp_path / "set", 3, 2)
    Image.open(root / "valid" / "dogs" / "dogs_001.jpg").save(root / "train" / "dogs" / "other.png")
    assert odd(datasets.load(root)) == [("train/dogs/other.png", "skipped", "the same picture is in the validation part")]


def test_the_same_seed_splits_the_same_and_another_otherwise(tmp_path):
    folder_of(tmp_path / "set", {"cats": 12, "dogs": 12})
    first, again, other = (datasets.load(tmp_path / "set", seed) for seed in (3, 3, 4))
    assert first.valid.paths == again.valid.paths
    assert first.train.paths == again.train.paths
    assert set(first.valid.paths) != set(other.valid.paths)


def test_the_split_goes_by_content_when_files_are_renamed_in_place(tmp_path):
    folder_of(tmp_path / "set", {"cats": 8, "dogs": 8})
    before = datasets.load(tmp_path / "set")
    (tmp_path / "set").rename(tmp_path / "moved")
    assert datasets.load(tmp_path / "moved").valid.digests == before.valid.digests


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_picture_stay_on_one_side(tmp_path, seed):
    root = folder_of(tmp_path / "set", {"cats": 6, "dogs": 6})
    for i in range(6):
        for copy in ("x", "y"):
            (root / "cats" / f"{copy}{i}.jpg").write_bytes((root / "cats" / f"cats_{i:03}.jpg").read_bytes())
    held = datasets.load(root, seed, 0.5)
    assert not set(held.train.digests) & set(held.valid.digests)
    assert held.counts().loc["cats"].sum() == 18 and (held.counts().loc["cats"] % 3 == 0).all()


def test_an_empty_part_gives_way_to_one_with_pictures_and_else_is_named(tmp_path):
    root = set_of(tmp_path / "set", 3, 2)
    (root / "valid").rename(root / "test")
    (root / "valid" / "cats").mkdir(parents=True)
    assert {path.parent.parent.name for path in datasets.load(root).valid.paths} == {"test"}
    shutil.rmtree(root / "test")
    with pytest.raises(DatasetError, match=r"set.valid holds no class folders with pictures.*: put some in it, or move it away"):
        datasets.load(root)


def test_train_alone_is_split(tmp_path):
    folder_of(tmp_path / "set" / "train", {"cats": 8, "dogs": 8})
    held = datasets.load(tmp_path / "set")
    assert held.counts().sum(axis=1).to_dict() == {"cats": 8, "dogs": 8}
    assert held.parts == {"train": "train"} and f"{len(held.valid)} of its 16 pictures, held out here" in held.overview()


def test_classes_are_in_the_order_that_people_count(tmp_path):
    folder_of(tmp_path / "set", {"10 cents": 2, "2 cents": 2, "1 cent": 2, "10²": 2, "②": 2})
    assert datasets.load(tmp_path / "set").classes == ("1 cent", "2 cents", "10 cents", "10²", "②")


def test_pictures_deeper_inside_a_class_count(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 4, "dogs": 4})
    (root / "cats" / "summer").mkdir()
    paint(99).save(root / "cats" / "summer" / "more.png")
    assert datasets.load(root).counts().sum(axis=1)["cats"] == 5


# --------------------------------------------------------------------------------------------------------------- samples


@pytest.mark.parametrize("seed", range(3))
def test_samples_are_nested(tmp_path, seed):
    held = datasets.load(set_of(tmp_path / "set", 14, 1)).train
    samples = {count: set(held.sample(count, seed).tolist()) for count in (1, 5, 10, 14, 100)}
    assert samples[1] < samples[5] < samples[10] < samples[14] == samples[100] == set(range(28))
    for count in (1, 5, 10):
        assert np.bincount(held.labels[sorted(samples[count])]).tolist() == [count, count]
    np.testing.assert_array_equal(held.sample(None, seed), np.arange(28))


@pytest.mark.parametrize("count", [0, -1])
def test_a_sample_of_no_picture_is_refused(tmp_path, count):
    held = datasets.load(set_of(tmp_path / "set", 3, 1)).train
    with pytest.raises(datasets.DatasetError, match=f"{count} pictures of each class were asked for: give 1 or more"):
        held.sample(count)


def test_samples_differ_by_seed(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 14, 1)).train
    assert held.sample(5, 0).tolist() == held.sample(5, 0).tolist() != held.sample(5, 1).tolist()


def test_take_keeps_everything_together(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 4, 1)).train
    some = held.take([6, 1])
    assert some.paths == (held.paths[6], held.paths[1])
    assert some.digests == (held.digests[6], held.digests[1])
    assert some.labels.tolist() == [1, 0]
    assert len(held.take([])) == 0


def test_small_halves_the_validation_part(tmp_path):
    small = datasets.load(set_of(tmp_path / "set", 6, 5)).small(4)
    assert small.counts().to_dict() == {"train": {"cats": 4, "dogs": 4}, "valid": {"cats": 2, "dogs": 2}}


# ---------------------------------------------------------------------------------------------------------------- fetch


def jpeg(seed):
    return bytes_of(paint(seed, colour=list(COLOURS.values())[seed % 2]), "JPEG")


def tar_of(members):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return memory.getvalue()


def offered(monkeypatch, name, **archives):
    """Put archives of ours, (url, content, algorithm), in the place of a card's."""
    ours = tuple(
        Archive((url,), f"{kind}:{hashlib.new(kind, body).hexdigest()}", len(body)) for url, body, kind in archives.values()
    )
    monkeypatch.setitem(datasets.CARDS, name, replace(datasets.CARDS[name], archives=ours))


def test_fetch_bees_and_ants(tmp_path, monkeypatch):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file:
        for part, count in (("train", 3), ("val", 2)):
            for c, name in enumerate(("ants", "bees")):
                for i in range(count):
                    file.writestr(f"hymenoptera_data/{part}/{name}/{i}.jpg", jpeg(100 * (part == "val") + 10 * c + i))
    body = memory.getvalue()
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")
    with serving(hymenoptera_data__zip=body) as server:
        offered(monkeypatch, "bees_vs_ants", zip=(server.url("hymenoptera_data.zip"), body, "sha256"))
        assert datasets.find("bees_vs_ants") is None
        folder = datasets.fetch("bees_vs_ants")
        assert datasets.fetch("bees_vs_ants") == folder == datasets.find("bees_vs_ants") == tmp_path / "data" / "hymenoptera_data"
        assert server.asked == {"hymenoptera_data.zip": 1}
    held = datasets.load("bees_vs_ants")
    assert held.name == "bees_vs_ants"
    assert held.counts().to_dict() == {"train": {"ants": 3, "bees": 3}, "valid": {"ants": 2, "bees": 2}}
    assert held.findings == ()


def test_fetching_touches_nothing_of_the_learners(tmp_path, monkeypatch):
    """An archive of the same name stays; a folder in the way is told before anything is downloaded."""
    body = b"not even an archive"
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")
    (tmp_path / "data").mkdir()
    own = tmp_path / "data" / "hymenoptera_data.zip"
    own.write_bytes(b"ten years of my own")
    with serving(hymenoptera_data__zip=body) as server:
        offered(monkeypatch, "bees_vs_ants", zip=(server.url("hymenoptera_data.zip"), body, "sha256"))
        with pytest.raises(CourseError, match="cannot be unpacked"):
            datasets.fetch("bees_vs_ants")
        assert own.read_bytes() == b"ten years of my own" and server.asked == {"hymenoptera_data.zip": 1}
        (tmp_path / "data" / "hymenoptera_data").mkdir()
        with pytest.raises(DatasetError, match="hymenoptera_data is there, and holds no class folders"):
            datasets.fetch("bees_vs_ants")
        assert server.asked == {"hymenoptera_data.zip": 1}


def test_a_path_is_a_folder_whatever_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    set_of(tmp_path / "felt_bees_vs_ants", 4, 2)
    assert datasets.load(Path("felt_bees_vs_ants")).train.paths[0].resolve().is_relative_to(tmp_path)
    assert not datasets.load("felt_bees_vs_ants").train.paths[0].resolve().is_relative_to(tmp_path)


def test_fetch_arranges_the_oxford_pets_by_the_publishers_lists(tmp_path, monkeypatch):
    trainval, test = ["Abyssinian_1", "Abyssinian_2", "beagle_1", "beagle_2"], ["Bengal_9", "pug_9"]
    pets = {f"images/{name}.jpg": jpeg(i) for i, name in enumerate(trainval + test)}
    junk = {"images/Abyssinian_34.mat": b"junk", "images/._pug_9.jpg": b"junk"}
    lists = {
        "annotations/trainval.txt": "".join(f"{name} 1 1 1\n" for name in trainval).encode(),
        "annotations/test.txt": "".join(f"{name} 1 1 1\n" for name in test).encode(),
        "annotations/trimaps/pug_9.png": b"junk",
    }
    images, annotations = tar_of(pets | junk), tar_of(lists)
    with serving(images__tar__gz=images, annotations__tar__gz=annotations) as server:
        offered(
            monkeypatch, "cats_vs_dogs",
            images=(server.url("images.tar.gz"), images, "md5"), lists=(server.url("annotations.tar.gz"), annotations, "md5"),
        )  # fmt: skip
        folder = datasets.fetch("cats_vs_dogs")
    assert folder == tmp_path / "data" / "oxford-iiit-pet"
    assert sorted(photograph(folder)) == sorted(
        [f"train/{'cats' if name[0].isupper() else 'dogs'}/{name}.jpg" for name in trainval]
        + ["valid/cats/Bengal_9.jpg", "valid/dogs/pug_9.jpg"]
    )
    assert (folder / "valid" / "dogs" / "pug_9.jpg").read_bytes() == pets["images/pug_9.jpg"]
    assert datasets.load("cats_vs_dogs").counts().to_dict() == {"train": {"cats": 2, "dogs": 2}, "valid": {"cats": 1, "dogs": 1}}


def test_a_set_that_ships_is_not_looked_for_in_the_network(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")
    with pytest.raises((DatasetError, downloads.DownloadError), match="felt_cats_vs_dogs"):
        datasets.fetch("felt_cats_vs_dogs")
    set_of(tmp_path / "box" / "felt" / "cats_vs_dogs", 2, 1)
    assert datasets.fetch("felt_cats_vs_dogs") == tmp_path / "box" / "felt" / "cats_vs_dogs"


def test_every_card_says_whose_it_is():
    for name, card in datasets.CARDS.items():
        assert card.name == name
        assert all([card.title, card.source, card.licence, card.folders])
        assert list(card.classes) == sorted(card.classes)
        for archive in card.archives:
            kind, _, digits = archive.checksum.partition(":")
            assert len(digits) == 2 * hashlib.new(kind).digest_size
            assert all(url.startswith("https://") and (archive.file or url.endswith(archive.name)) for url in archive.urls)
        if card.repository:
            assert card.repository.url.startswith("https://") and len(bytes.fromhex(card.repository.commit)) == 20


def test_the_checksum_of_hymenoptera_is_the_publishers():
    (archive,) = datasets.CARDS["bees_vs_ants"].archives
    assert archive.checksum == "sha256:fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209"


def test_parts_without_class_folders_are_no_classes(tmp_path):
    folder_of(tmp_path, {"train": 2, "valid": 2})
    with pytest.raises(datasets.DatasetError, match="holds train and valid, but no class folders in a training part: put the"):
        datasets.load(tmp_path)


def test_links_are_followed_once_and_told_where_they_lead_nowhere(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 3, "dogs": 6})
    folder_of(tmp_path, {"more": 3}, start=900)
    (root / "cats" / "linked").symlink_to(tmp_path / "more")
    (root / "cats" / "back").symlink_to(root / "cats")
    (root / "dogs" / "gone.jpg").symlink_to(tmp_path / "nothing.jpg")
    held = datasets.load(root)
    assert np.bincount([*held.train.labels, *held.valid.labels]).tolist() == [6, 6]
    told = [row for row in held.findings if row["file"].endswith("gone.jpg")]
    assert len(told) == 1 and told[0]["action"] == "skipped" and told[0]["problem"] == "a link that leads nowhere"


def test_a_link_to_a_folder_above_brings_no_other_class_in(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 4, "dogs": 8})
    (root / "cats" / "loop").symlink_to(root)
    held = datasets.load(root)
    assert np.bincount([*held.train.labels, *held.valid.labels]).tolist() == [4, 8]
    assert ("cats/loop", "skipped", "the same folder by another way (a link): looked into once") in odd(held)


def test_a_set_of_empty_folders_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOULDERS_DATA", str(tmp_path))
    (tmp_path / "hymenoptera_data" / "train" / "ants").mkdir(parents=True)
    assert datasets.find("bees_vs_ants") is None
    set_of(tmp_path / "hymenoptera_data", 2, 1)
    assert datasets.find("bees_vs_ants") == tmp_path / "hymenoptera_data"


def test_a_class_may_be_called_train(tmp_path):
    folder_of(tmp_path / "set", {"bus": 3, "train": 3})
    assert datasets.load(tmp_path / "set").classes == ("bus", "train")


def test_a_class_whose_pictures_all_lie_in_another_one_too_is_empty(tmp_path):
    folder_of(tmp_path / "set", {"a": 1, "b": 7, "c": 8})
    (tmp_path / "set" / "b" / "copy.jpg").write_bytes(next((tmp_path / "set" / "a").iterdir()).read_bytes())
    held = datasets.load(tmp_path / "set")
    assert held.classes == ("b", "c")
    assert ("a", "skipped", "empty class") in odd(held)
