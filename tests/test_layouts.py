"""What folders are taken for: parts and classes as people name them; what is not plain is asked, and what is not used is told."""

import shlex
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from making import paint
from typer.testing import CliRunner

from shoulders import cli, datasets
from shoulders.datasets import DatasetError, layouts, parts
from shoulders.datasets.notes import Notes
from shoulders.datasets.parts import TRAIN_NAMES, VALID_NAMES


def tree(root, *names):
    """Files below `root`; a name that ends in a slash is a folder. What they hold is not looked at."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=True) if name.endswith("/") else path.touch()
    return root


def classes(*names, files=("1.jpg", "2.jpg")):
    return [f"{name}/{file}" for name in names for file in files]


def read(root, **said):
    """Parts by name, classes, and each file that is used; and what was told of the rest, by file."""
    notes = Notes(root)
    layout = layouts.read(root, notes, **said)
    files = layout.files(notes)
    return layout.named(notes), layout.classes, files, {told["file"]: told for told in notes.all()}


TWO = ("forest", "sea")

# ---------------------------------------------------------------------------------------------------------------- parts


def test_every_name_of_the_parts(tmp_path):
    root = tree(tmp_path, *classes("train/forest", "train/sea", "valid/forest", "valid/sea"))
    train, valid = root / "train", root / "valid"
    names = [*((name, "test") for name in TRAIN_NAMES), *(("train", name) for name in VALID_NAMES)]
    names += [("Train", "Valid"), ("Training", "Testing"), ("Training Set", "Test-Set"), ("train_data", "dev.data")]
    names += [("seg_train", "seg_test"), ("train2017", "val2017"), ("x-ray train", "x-ray val"), ("train_val", "test")]
    names += [("VOC2012_trainval", "VOC2012_test"), ("train_images_v1", "test_images_v1")]
    for called in names:
        train, valid = train.rename(root / called[0]), valid.rename(root / called[1])
        parts, found, files, told = read(root)
        assert (parts, found, told) == ({"train": called[0], "valid": called[1]}, TWO, {})
        assert len(files) == 8


@pytest.mark.parametrize("name", ["contest", "latest", "trainer", "unlabeled", "evaluate", "tested", "strain"])
def test_no_name_of_a_part(name):
    assert parts._part_of(name) is None


def test_words_around_the_name_are_a_part_only_where_both_parts_bear_them(tmp_path):
    root = tree(tmp_path, *classes("blood_test", "steam_train", "urine_test"))
    assert read(root)[1] == ("blood_test", "steam_train", "urine_test")


def test_parts_under_parts_and_folders_around_everything_are_looked_through(tmp_path):
    inner = classes(*(f"a/a/{part}/{part}/{name}" for part in ("seg_train", "seg_test") for name in TWO))
    root = tree(tmp_path, *inner, "a/a/seg_pred/7.jpg", "a/read.me", "a/a/labels/1.xml")
    parts, found, files, told = read(root)
    assert parts == {"train": "a/a/seg_train/seg_train", "valid": "a/a/seg_test/seg_test"} and found == TWO
    assert len(files) == 8
    assert told["a"]["action"] == told["a/a"]["action"] == told["a/a/seg_test/seg_test"]["action"] == "used"
    assert "taken for what is around them all" in told["a"]["problem"]
    assert told["a/a/seg_pred"]["problem"] == "not used: lies beside seg_train and seg_test, and is neither part"
    assert told["a/read.me"]["problem"] == "not used: a file beside the folders, no picture"
    assert "a/a/labels" in told


@pytest.mark.parametrize("ending", [".avif", ".jfif", ".HEIC", ".ppm"])
def test_pictures_are_known_by_every_ending(tmp_path, ending):
    parts, found, files, _ = read(tree(tmp_path, *classes(*(f"set/{name}" for name in TWO), files=(f"1{ending}",))))
    assert parts == {"train": "set"} and found == TWO and len(files) == 2


def test_one_class_and_an_empty_one_are_no_folder_around_everything(tmp_path):
    root = tree(tmp_path, *classes("cats/summer", "cats/winter"), "dogs/")
    assert read(root)[1] == ("cats", "dogs")


def test_parts_within_classes_are_turned_round(tmp_path):
    root = tree(tmp_path, *classes("forest/train", "forest/val", "sea/Train", "sea/val"), "sea/note.txt")
    parts, found, files, told = read(root)
    assert found == TWO and parts == {"train": "train in each class folder", "valid": "val in each class folder"}
    assert {(part, c, home.name) for part, c, _, home in files} == {
        ("train", "forest", "train"),
        ("valid", "forest", "val"),
        ("train", "sea", "Train"),
        ("valid", "sea", "val"),
    }
    assert told[root.name]["problem"] == "each class folder holds parts: Train is taken for training, val for validation"
    assert "sea/note.txt" in told
    _, _, again, told = read(tree(root, *classes("forest/test", "sea/test")))
    assert again == files and told["forest/test"]["problem"] == "not used: val is taken for validation; 2 such"
    with pytest.raises(DatasetError, match="holds forest and sea, each with a training and a validation part: give one of them"):
        read(tree(root, *classes("forest/other")))


def test_of_two_that_claim_a_part_one_is_taken_and_the_other_told(tmp_path):
    parts = ("train", "training", "val", "validation", "test")
    root = tree(tmp_path, *classes(*(f"{part}/{name}" for part in parts for name in TWO)), *classes("extra/rain"))
    found, _, _, told = read(root)
    assert found == {"train": "train", "valid": "val"}
    for name, option in (("training", "--train"), ("validation", "--valid"), ("test", "--valid")):
        assert told[name]["action"] == "skipped" and f"({option} {root / name} takes this one)" in told[name]["problem"]
    assert told["extra"]["problem"] == "not used: lies beside train and val, and is neither part"
    assert read(root, valid=["test"])[0] == {"train": "train", "valid": "test"}
    other, _, files, told = read(root, train=[root / "training", "val"], valid=["validation"])
    assert other == {"train": "training, val", "valid": "validation"} and len(files) == 12
    assert told["train"]["problem"] == told["extra"]["problem"] == "not used: neither --train nor --valid names it"


def test_of_numbered_parts_the_first_are_taken_and_the_others_can_be_asked_for(tmp_path):
    root = tree(tmp_path, *classes(*(f"{part}/{name}" for part in ("train1", "train2", "val1") for name in TWO)), "test/")
    found, _, _, told = read(root)
    assert found == {"train": "train1", "valid": "val1"} and told["test"]["problem"] == "not used: it is empty"
    assert told["train2"]["problem"].endswith(f"is neither part (--train {root / 'train2'} takes this one)")
    (root / "test").rmdir()
    with pytest.raises(DatasetError, match="holds train1 and train2, each with the folders forest and sea: say") as asked:
        read(root, valid=["val1"])
    command = words_of(asked.value)[0]
    assert command[3:] == ["--train", str(root / "train1"), "--train", str(root / "train2"), "--valid", str(root / "val1")]


def test_pictures_without_classes_are_no_part(tmp_path):
    root = tree(
        tmp_path, *classes("train/forest", "train/sea"), "test/1.jpg", "train/loose.jpg", "train/other.jpg", "train/a.csv"
    )
    parts, _, files, told = read(root)
    assert parts == {"train": "train"} and len(files) == 4
    assert told["test"]["problem"] == "not used: holds pictures without class folders, so nobody knows what they show"
    assert told["train/loose.jpg"]["problem"] == "not used: a picture that lies in no class folder; 2 such"
    assert told["train/a.csv"]["problem"] == "not used: a file beside the folders, no picture"


def test_one_folder_of_pictures_that_bears_no_class_is_no_part(tmp_path):
    root = tree(tmp_path, *classes("train/forest", "train/sea", "test/unknown"))
    parts, _, _, told = read(root)
    assert parts == {"train": "train"} and "nobody knows what they show" in told["test"]["problem"]
    tree(root, *classes("val/sea"))
    assert read(root)[0]["valid"] == "val"


def test_a_path_that_may_be_two_folders_is_asked_about(tmp_path, monkeypatch):
    root = tree(tmp_path / "set", *classes("a/forest", "a/sea", "b/forest", "b/sea"))
    tree(tmp_path, *classes("b/forest", "b/sea"))
    monkeypatch.chdir(tmp_path)
    assert read(root, train=["set/a"], valid=["set/b"])[0]["valid"] == "b"
    with pytest.raises(DatasetError, match="--valid b is a folder here, and another one in .*set: write its path in full"):
        read(root, train=["a"], valid=["b"])


def test_a_named_validation_part_beside_classes(tmp_path):
    root = tree(tmp_path, *classes(*TWO, "check/forest", "check/sea"))
    parts, found, files, _ = read(root, valid=[root / "check"])
    assert found == TWO and parts["valid"] == "check"
    assert [part for part, *_ in files] == ["train"] * 4 + ["valid"] * 4
    with pytest.raises(DatasetError, match=r"--valid nowhere: no such folder, neither here nor in .*: check the path"):
        read(root, valid=["nowhere"])


def test_a_part_may_be_written_in_any_way_and_the_rest_may_lie_in_one_folder(tmp_path, monkeypatch):
    root = tree(tmp_path / "set", *classes(*TWO, "check/forest", "check/sea"))
    monkeypatch.chdir(tmp_path)
    for home, path in (
        ("set", root / "check"),
        ("set", "set/../set/check/"),
        (root, "set/check"),
        (root, "check"),
        (".", "set/check"),
    ):
        parts, found, files, _ = read(Path(home), valid=[path])
        assert found == TWO and parts["valid"].endswith("check") and len(files) == 8
    learn = tree(tmp_path / "other", *classes("learn/forest", "learn/sea", "test/forest", "test/sea"))
    with pytest.raises(DatasetError, match="holds test beside learn: say which is a part") as asked:
        read(learn)
    parts, found, files, _ = read(learn, valid=words_of(asked.value)[0][-1:])
    assert parts == {"train": "learn", "valid": "test"} and found == TWO and len(files) == 8


# ---------------------------------------------------------------------------------------------------------------- asked


def words_of(error):
    """The commands that a sentence offers."""
    return [shlex.split(words) for words in str(error).split("`")[1::2]]


def test_numbered_folds_are_asked_about_and_the_answer_that_is_offered_works(tmp_path):
    root = tree(tmp_path / "my folds", *classes(*(f"fold{i}/{name}" for i in (1, 2, 10) for name in TWO)))
    with pytest.raises(DatasetError, match="holds fold1, fold2 and fold10, each with the folders forest and sea: say") as asked:
        read(root)
    command, as_classes = words_of(asked.value)
    assert command[:3] == ["shoulders", "compare", str(root)]
    said = {"train": [], "valid": []}
    for option, value in zip(command[3::2], command[4::2]):
        said[option.removeprefix("--")].append(value)
    parts, found, files, _ = read(root, **said)
    assert parts == {"train": "fold1, fold2", "valid": "fold10"} and found == TWO and len(files) == 12
    assert read(root, classes=as_classes[1].split(","))[1] == ("fold1", "fold2", "fold10")


def test_the_same_folders_in_every_class_are_asked_about_or_told_and_groups_need_no_word(tmp_path):
    root = tree(tmp_path, *classes("ill/ward", "ill/home", "well/ward", "well/home"))
    with pytest.raises(DatasetError, match=r"holds ill and well, each with the folders home and ward: say .*--classes ill,well"):
        read(root)
    assert read(root, groups_below=True)[1:] == (("ill", "well"), read(root, classes=["ill", "well"])[2], {})
    _, found, _, told = read(tree(root, "well/garden/3.jpg"))
    assert found == ("ill", "well")
    assert told[root.name]["problem"].startswith("the folders in its class folders, as home and ward in ill, are taken for parts")


def test_of_folds_with_both_parts_one_is_asked_for(tmp_path):
    root = tree(tmp_path, *classes(*(f"k{i}/{part}/{name}" for i in (1, 2) for part in ("train", "val") for name in TWO)))
    with pytest.raises(
        DatasetError, match="holds k1 and k2, each with a training and a validation part: give one of them"
    ) as asked:
        read(root)
    assert words_of(asked.value)[0] == ["shoulders", "compare", str(root / "k1")]
    assert read(root / "k1")[0] == {"train": "train", "valid": "val"}


def test_a_set_with_parts_beside_other_pictures_is_asked_about(tmp_path):
    root = tree(tmp_path, *classes(*(f"data/{part}/{name}" for part in ("train", "val") for name in TWO), "docs"))
    with pytest.raises(DatasetError, match="holds data, with a training and a validation part: give it alone, as in") as asked:
        read(root)
    command, as_classes = words_of(asked.value)
    assert command == ["shoulders", "compare", str(root / "data")] and as_classes == ["--classes", "data,docs"]
    assert read(root, classes=["data", "docs"])[1] == ("data", "docs")


def test_a_part_within_the_training_part_is_asked_about_unless_both_parts_hold_it(tmp_path):
    root = tree(tmp_path, *classes(*(f"train/{name}" for name in (*TWO, "val/forest", "val/sea"))))
    with pytest.raises(DatasetError, match="train holds val beside forest and sea: say which is a part") as asked:
        read(root)
    command = words_of(asked.value)[0]
    assert read(Path(command[2]), valid=command[-1:])[1] == TWO
    tree(root, *classes("test/forest", "test/val"))
    assert read(root)[1] == (*TWO, "val")


def test_a_folder_that_is_two_by_a_link_is_told(tmp_path):
    root = tree(tmp_path, *classes(*(f"train/{name}" for name in TWO)))
    (root / "val").symlink_to("train")
    with pytest.raises(
        DatasetError, match=r"val.forest is .*train.forest, too, by a link: remove it, or give each a folder of its own"
    ):
        read(root)
    (root / "val").unlink()
    (root / "train" / "wood").symlink_to("forest")
    with pytest.raises(DatasetError, match=r"train.wood is .*train.forest, too, by a link"):
        read(root)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((*TWO, "test/forest", "test/sea"), "holds test beside forest and sea: say which is a part"),
        ((*TWO, "holdout"), "holds holdout beside forest and sea: say which is a part"),
        (
            ("cats_train", "cats_test", "dogs_train", "dogs_test"),
            "holds cats_test, cats_train, .* but no class folders in a training",
        ),
        (("train", "valid"), "holds train and valid, but no class folders in a training part: put the"),
        (("train2017", "val2017"), "holds train2017 and val2017, but no class folders in a training part: put the"),
        (("test_cats", "test_dogs", "train_cats", "train_dogs"), "but no class folders in a training part: put the"),
    ],
)
def test_no_part_becomes_a_class_unasked(tmp_path, names, said):
    root = tree(tmp_path, *classes(*names))
    with pytest.raises(DatasetError, match=said):
        read(root)
    wanted = tuple(path.name for path in sorted(root.iterdir()))
    assert read(root, classes=wanted)[1] == wanted


# -------------------------------------------------------------------------------------------------------------- classes


def test_classes_that_are_named_are_used_in_their_order_and_no_others(tmp_path):
    root = tree(tmp_path, *classes(*(f"{part}/{name}" for part in ("train", "val") for name in ("a", "b", "c", "_d"))))
    _, found, files, told = read(root, classes=["c", "_d", "a"])
    assert found == ("c", "_d", "a") and {c for _, c, *_ in files} == {"a", "c", "_d"}
    assert told["train/b"]["problem"] == told["val/b"]["problem"] == "not used: not among --classes"
    with pytest.raises(DatasetError, match=r"train has no class folder 'bb': it holds _d, a, b and c\. Did you mean b\?$"):
        read(root, classes=["a", "bb"])


def test_what_is_named_twice_or_holds_no_class_is_told(tmp_path):
    root = tree(tmp_path, *classes(*(f"{part}/{name}" for part in ("train", "val") for name in TWO)))
    for said, problem in (
        ({"classes": ["sea", "forest", "sea"]}, "--classes names sea twice: name each class once"),
        ({"train": ["train"], "valid": ["train"]}, r"train.forest is named twice: give each part a folder of its own"),
        ({"train": ["train/sea"], "valid": ["val"]}, r"train.sea holds no class folders: put the pictures of each class"),
    ):
        with pytest.raises(DatasetError, match=problem):
            read(root, **said)


def test_what_systems_and_people_put_beside_classes_is_told_once_for_each_kind(tmp_path):
    systems = ["@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX", "#recycle", "@Recycle"]
    hidden = [".AppleDouble", ".Trashes", ".thumbnails", ".picasaoriginals"]
    root = tree(tmp_path, *classes(*TWO, *systems, *hidden, "_unsorted"), "sea/Thumbs.db", "desktop.ini", ".DS_Store")
    tree(root, *(f"sea/@eaDir/{i}.jpg/THUMB_M.jpg" for i in range(20)), *(f"forest/._{i}.jpg" for i in range(30)))
    _, found, files, told = read(root)
    assert found == TWO and len(files) == 4
    assert told["_unsorted"]["problem"] == "not used: the name begins with an underscore"
    assert told["@eaDir"]["problem"] == "@eaDir: thumbnails of a file server; 2 such"
    assert told["forest/._0.jpg"]["problem"] == "what macOS puts beside files (._…); 30 such"
    assert told[".AppleDouble"]["problem"] == "hidden: the name begins with a dot; 5 such"
    assert {"$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX", "#recycle", "@Recycle"} <= told.keys()
    assert {"sea/Thumbs.db", "desktop.ini"} <= told.keys() and all(one["action"] == "skipped" for one in told.values())
    assert len(told) == 12


def test_names_that_look_alike_are_one_class_across_parts_and_told(tmp_path):
    composed, taken_apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    root = tree(tmp_path, *classes(f"train/{composed}", "train/Bar", f"valid/{taken_apart}", "valid/bar "))
    _, found, files, told = read(root)
    assert found == ("Bar", composed) and len(files) == 8
    assert told[f"valid/{taken_apart}"]["action"] == told["valid/bar "]["action"] == "used"
    assert told["valid/bar "]["problem"] == "taken for class Bar of the training part, which is written otherwise"
    both = read(tree(tmp_path / "both", *classes(composed, taken_apart, "bar")))
    assert both[1] == ("bar", composed) and len(both[2]) == 6 and "taken for one class" in both[3][taken_apart]["problem"]


def test_classes_that_differ_in_capitals_alone_stay_two_and_are_told(tmp_path):
    root = tree(tmp_path, *classes("train/Cat", "train/cat", "valid/Cat", "valid/cat"))
    if len(list((root / "train").iterdir())) < 2:
        pytest.skip("this disk takes the two names for one")
    _, found, files, told = read(root)
    assert found == ("Cat", "cat") and len(files) == 8
    assert "looks like class Cat, but for capital letters or spaces" in told["train/cat"]["problem"]
    with pytest.raises(DatasetError, match=r"has class folders that .* lacks \(CAT\): .* `--classes Cat,cat`"):
        read(tree(root, *classes("valid/CAT")))


def test_masks_are_told_and_no_class(tmp_path):
    names = [f"{i}.jpg" for i in range(4)]
    root = tree(tmp_path / "beside", *classes("images", "rocks", files=names), *(f"masks/{i}_mask.png" for i in range(4)))
    _, found, _, told = read(root)
    assert found == ("images", "rocks") and told["masks"]["problem"] == "not used: masks, named as the pictures in images"
    assert read(root, classes=["images", "masks"])[1] == ("images", "masks")
    root = tree(tmp_path / "inside", *classes("ill/images", "ill/masks", "well/images", "well/masks", files=names))
    _, found, files, told = read(root)
    assert found == ("ill", "well") and {path.parent.name for *_, path, _ in files} == {"images"}
    assert told["ill/masks/0.jpg"]["problem"] == "not used: masks, in a folder masks, named as the pictures; 8 such"
    root = tree(tmp_path / "by_name", *classes(*TWO), "sea/1_mask.png", "sea/2 (1)_mask_1.png", "sea/2 (1).jpg", "sea/7_mask.png")
    _, _, files, told = read(root)
    assert {path.name for _, c, path, _ in files if c == "sea"} == {"1.jpg", "2.jpg", "2 (1).jpg", "7_mask.png"}
    assert told["sea/1_mask.png"]["problem"] == "not used: a mask, by its name, of the picture beside it; 2 such"


@pytest.mark.parametrize("name", ["X_GroundTruth", "SegmentationClass", "PedMasks", "segmentations", "Part1 ground_truth 2"])
def test_folders_that_nobody_calls_a_class_hold_masks_of_any_folder(tmp_path, name):
    root = tree(tmp_path, *classes("rocks", "trees"), *classes(name, files=("1.png", "2_segmentation.png")))
    _, found, _, told = read(root)
    assert found == ("rocks", "trees") and told[name]["problem"] == "not used: masks, named as the pictures in the other folders"


def test_thumbnails_by_the_names_of_their_pictures(tmp_path):
    root = tree(tmp_path, *classes(*TWO, "thumbnails", "sea/thumbs"), *classes("forest/thumbs", files=("9.jpg",)))
    _, found, files, told = read(root)
    assert found == TWO and len(files) == 5
    assert told["thumbnails"]["problem"] == "not used: thumbnails, named as the pictures in the other folders"
    assert told["sea/thumbs/1.jpg"]["problem"] == "not used: thumbnails, in a folder thumbs, named as the pictures; 2 such"


def test_people_with_masks_on_are_a_class(tmp_path):
    root = tree(tmp_path, *classes("mask", "no_mask"))
    assert read(root)[1:] == (("mask", "no_mask"), read(root)[2], {}) and len(read(root)[2]) == 4


def test_links_are_told(tmp_path):
    root = tree(tmp_path / "set", *classes(*TWO))
    (root / "gone").symlink_to("nowhere")
    (root / "sea" / "up").symlink_to(root)
    (root / "sea" / "twice").symlink_to(root / "sea" / "more")
    tree(root, "sea/more/3.jpg")
    _, found, files, told = read(root)
    assert found == TWO and sorted(path.name for _, c, path, _ in files if c == "sea") == ["1.jpg", "2.jpg", "3.jpg"]
    assert told["gone"]["problem"] == "a link that leads nowhere"
    (again,) = [one for one in told.values() if "by another way" in one["problem"]]
    assert again["problem"].endswith("looked into once; 2 such")


def test_many_files_of_one_kind_are_one_finding(tmp_path):
    root = tmp_path / "set"
    for k, name in enumerate(TWO):
        (root / name).mkdir(parents=True)
        for i in range(4):
            paint(10 * k + i).save(root / name / f"{i}.png")
            (root / name / f"{i}.txt").write_text(f"label {i}")
    (root / "sea" / "notes.md").write_text("notes")
    told = {one["file"]: one["problem"] for one in datasets.load(root).findings if one["action"] == "skipped"}
    assert told == {"forest/0.txt": "not a picture: a file *.txt; 8 such", "sea/notes.md": "not a picture"}


def test_the_commands_hand_on_what_a_person_says(tmp_path, monkeypatch):
    asked = []

    def stop(source, **said):
        asked.append(said)
        raise DatasetError("enough")

    monkeypatch.setattr(datasets, "load", stop)
    network = SimpleNamespace(card=SimpleNamespace(sense="pictures"))
    monkeypatch.setattr(cli.own, "named_networks", lambda *_: [network])
    monkeypatch.setattr(cli.own, "network_of", lambda *_: network)
    monkeypatch.setattr(datasets, "sense", lambda *_: "pictures")
    words = ["x", "--train", "a", "--train", "b", "--valid", "c", "--classes", "sea, forest", "--groups", r"p\d"]
    for command in (["compare"], ["features", "--out", str(tmp_path / "f")]):
        assert isinstance(CliRunner().invoke(cli.app, [*command, *words]).exception, DatasetError)
    assert asked == [{"train": ["a", "b"], "valid": ["c"], "classes": ["sea", "forest"], "groups": r"p\d"}] * 2
