"""What belongs together stays together, by table, folder or name; and who is held out is a question of a hash alone."""

import hashlib

import numpy as np
import pytest
from making import folder_of, paint

from shoulders import datasets
from shoulders.datasets import DatasetError, splits


def test_groups_that_share_a_picture_are_one_and_a_picture_without_a_group_is_one_by_itself():
    assert splits.units(list("ppqrst"), ["b", "a", "a", "", "c", "c"]) == ["a", "a", "a", "r", "c", "c"]
    assert splits.units(list("xyx"), [""] * 3) == ["x", "y", "x"]


def test_about_a_quarter_is_held_out_by_the_hash_alone():
    names = [f"{i}" for i in range(4000)]
    out, moved = splits.held_out(names, np.arange(4000) % 4, 0.25, 7)
    assert 0.22 < out.mean() < 0.28 and moved == {}
    assert out.tolist() == [splits.share(name, 7) < 0.25 for name in names]
    other, _ = splits.held_out(names, np.arange(4000) % 4, 0.25, 8)
    assert 0.3 < (out != other).mean() < 0.45  # 2 × 0.25 × 0.75
    assert splits.share("1", 0) == int(hashlib.sha256(b"0:1").hexdigest()[:16], 16) / 2**64


def test_the_nearest_to_the_threshold_decides_where_a_class_would_have_none():
    names, labels = list("abcdefgh"), np.array([0] * 4 + [1] * 4)
    shares = {name: splits.share(name, 0) for name in names}
    few, moved = splits.held_out(names, labels, 1e-9, 0)
    lowest = [min(part, key=shares.get) for part in ("abcd", "efgh")]
    assert [name for name, out in zip(names, few) if out] == lowest and moved == dict(enumerate(lowest))
    most, moved = splits.held_out(names, labels, 1 - 1e-9, 0)
    highest = [max(part, key=shares.get) for part in ("abcd", "efgh")]
    assert [name for name, out in zip(names, most) if not out] == highest and moved == dict(enumerate(highest))


def test_no_class_loses_its_last_pictures_to_the_other_side():
    """A group of two classes is the only one of the second: it cannot be held out for the first."""
    out, moved = splits.held_out(["a", "b", "a"], np.array([0, 0, 1]), 1e-9, 0)
    assert out.tolist() == [False, True, False] and moved == {0: "b"}
    out, moved = splits.held_out(["a", "a", "b"], np.array([0, 1, 2]), 1 - 1e-9, 0)
    assert not out.any() and moved == {}


# --------------------------------------------------------------------------------------------------------------- groups


@pytest.fixture
def frames(tmp_path):
    """Five frames of each of eight patients, half of them ill."""
    for patient in range(8):
        home = tmp_path / "set" / ("ill" if patient % 2 else "well")
        home.mkdir(parents=True, exist_ok=True)
        for frame in range(5):
            paint(patient * 10 + frame, (24, 24)).save(home / f"patient{patient:02}_frame{frame}.png")
    return tmp_path / "set"


def told(held):
    return {(finding["file"], finding["action"], finding["problem"]) for finding in held.findings}


def patients(part):
    return {path.name[:9] for path in part.paths}


@pytest.mark.parametrize("seed", range(3))
def test_a_patient_is_on_one_side_however_it_is_said(frames, tmp_path, seed):
    by_name = datasets.load(frames, seed, groups=r"patient\d+")
    assert not patients(by_name.train) & patients(by_name.valid)
    assert set(by_name.valid.together) == patients(by_name.valid)
    assert f"Groups, by patient\\d+: {len(patients(by_name.train))} in training" in by_name.overview()
    lines = [f"{path.parent.name}\\{path.name};{path.name[:9]}" for path in sorted(frames.rglob("*.png"))]
    (table := tmp_path / "patients.csv").write_text("\n".join(["File;Group;age", *lines]), encoding="utf-8-sig")
    assert datasets.load(frames, seed, groups=table).valid.paths == by_name.valid.paths
    for path in list(frames.rglob("*.png")):
        (path.parent / path.name[:9]).mkdir(exist_ok=True)
        path.rename(path.parent / path.name[:9] / path.name[10:])
    by_folder = datasets.load(frames, seed, groups="folder")
    assert by_folder.valid.digests == by_name.valid.digests
    assert datasets.load(frames, seed, groups=r"patient(\d+)/").classes == ("ill", "well")


def test_the_first_bracket_of_a_pattern_names_the_group(frames):
    held = datasets.load(frames, groups=r"patient\d(\d)")
    assert {*held.train.together, *held.valid.together} == set("01234567")
    with pytest.raises(DatasetError, match=r"--groups .* puts all 40 pictures in one group, '0': name several"):
        datasets.load(frames, groups=r"patient(\d)\d")


def test_who_has_no_group_and_who_is_not_there_is_told(frames, tmp_path):
    (table := tmp_path / "some.csv").write_text(
        "file,group\npatient00_frame0.png,a\ngone.png,b\nlost.png,b\npatient00_frame1.png,a\n"
    )
    found = told(datasets.load(frames, groups=table))
    assert (str(table), "skipped", "names no picture that is used: gone.png, and 1 more such lines") in found
    why = f"no group by --groups {table}: taken for a group of its own; 38 such"
    assert ("ill/patient01_frame0.png", "used", why) in found


def test_a_table_from_another_machine_or_without_endings_names_the_same_groups(frames, tmp_path):
    names = [path.relative_to(frames).as_posix() for path in sorted(frames.rglob("*.png"))]
    expected = datasets.load(frames, groups=r"patient\d+").valid.paths
    (table := tmp_path / "g.csv").touch()
    for above, ending in (("C:\\data\\set\\", ".png"), ("/home/anna/", ".png"), ("other/", ""), ("", "")):
        lines = [f"{above}{name.removesuffix('.png')}{ending},{name[-20:-11]}" for name in names]
        table.write_text("\n".join(["file,group", *lines, f"{above}elsewhere/{names[0]},x"]))
        held = datasets.load(frames, groups=table)
        assert held.valid.paths == expected
        assert [finding["problem"] for finding in held.findings] == [
            f"names no picture that is used: {above}elsewhere/{names[0]}"
        ]


def test_a_group_in_both_parts_is_told(frames, tmp_path):
    root = tmp_path / "parts"
    for i, path in enumerate(sorted(frames.rglob("*.png"))):
        goal = root / ("valid" if i % 5 == 0 else "train") / path.parent.name / path.name
        goal.parent.mkdir(parents=True, exist_ok=True)
        path.rename(goal)
    held = datasets.load(root, groups=r"patient\d+")
    both = "its group, patient01, is in the training part too; 8 such"
    assert ("valid/ill/patient01_frame0.png", "used", both) in told(held)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            "zebra",
            r"--groups zebra: it names the group of no picture \(in ill/patient01_frame0.png it is looked for in "
            r"'patient01_frame0'\): give a CSV file, `folder`",
        ),
        ("folder", "--groups folder: no picture lies in a folder below its class folder"),
        ("patient(", r"--groups 'patient\(' is neither a CSV file nor `folder`, and no regular expression"),
        ("nowhere.csv", "--groups nowhere.csv cannot be read"),
        ("{lost}", "lost.csv names no picture that is used; its first is ILL/p.png: write names as ill/patient01_frame0.png"),
        ("{table}", "needs the columns file and group, and its first line names name, patient"),
    ],
)
def test_what_is_no_way_to_name_groups_is_one_sentence(frames, tmp_path, groups, said):
    (table := tmp_path / "table.csv").write_text("name,patient\na,b\n")
    (lost := tmp_path / "lost.csv").write_text("file,group\nILL/p.png,a\n")
    with pytest.raises(DatasetError, match=said):
        datasets.load(frames, groups=groups.replace("{table}", str(table)).replace("{lost}", str(lost)))


def test_a_name_that_may_be_two_files_and_a_file_in_two_groups(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 3, "dogs": 3})
    for name in ("cats", "dogs"):
        (root / name / f"{name}_000.jpg").rename(root / name / "1.jpg")
    (table := tmp_path / "g.csv").write_text("file,group\n1.jpg,a\n")
    with pytest.raises(DatasetError, match="1.jpg may be any of 2 files: write it with its folders, as cats/1.jpg"):
        datasets.load(root, groups=table)
    table.write_text("file,group\ncats/1.jpg,a\nset/cats/1.jpg,b\n")
    with pytest.raises(DatasetError, match="set/cats/1.jpg is in group a and in group b: leave one of the two lines"):
        datasets.load(root, groups=str(table))
