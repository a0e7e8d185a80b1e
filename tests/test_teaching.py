"""Frames become examples, and examples folders: the same answers come back, and nothing is overwritten."""

import io
from pathlib import Path

import numpy as np
import pytest
from making import COLOURS, paint, photograph

from shoulders import pictures, teaching
from shoulders.teaching import Examples, TeachingError


def look(sources):
    """A network that sees small colours; it opens what it is given as the real ones do."""
    small = [np.asarray(pictures.read(source).resize((4, 4)), np.float32).ravel() - 128 for source in sources]
    return {"hidden": np.stack(small)}


def frame(seed, label="cats", kind="JPEG", size=(60, 60)):
    file = io.BytesIO()
    paint(seed, size, COLOURS[label]).save(file, kind)
    return file.getvalue()


@pytest.fixture
def examples():
    """Two presses of each class."""
    found = Examples(COLOURS)
    for c, label in enumerate(COLOURS):
        for press in range(2):
            for i in range(4):
                teaching.see(found, look, frame(100 * c + 10 * press + i, label), label, f"day_{press}", press=(c, press))
    return found


ASKED = [frame(1000 + i, label) for i, label in enumerate([*COLOURS] * 4)]


def answers(examples, **asked):
    found = [teaching.see(examples, look, picture, **asked) for picture in ASKED]
    return [(one.label, one.share, [(n.example.picture, n.similarity) for n in one.voters]) for one in found]


def test_frames_are_answered_before_they_are_learnt(examples):
    new = frame(77, "owls")
    answer = teaching.see(examples, look, new, "owls")
    assert answer.label == "owls" and all(one.example.picture != new for one in answer.voters)
    assert teaching.see(examples, look, new).voters[0].example.picture == new
    assert len(examples) == 25 and examples.held[-1].label == "owls"


def test_recorded_frames_go_the_same_way_as_one_press(examples, tmp_path):
    paths = [tmp_path / f"{i}.jpg" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(frame(500 + i, "dogs"))
    before = answers(examples)
    said = teaching.replay(examples, look, paths, neighbours=3)
    assert [one.label for one in said] == ["dogs"] * 3 and {len(one.voters) for one in said} == {3}
    assert len(examples) == 24
    teaching.replay(examples, look, paths, "dogs", "second")
    assert examples.counts["dogs"] == 11 and examples.held[-1].group == "second"
    assert examples.held[-1].picture == paths[-1].read_bytes()
    assert examples.undo() == 3 and answers(examples) == before


@pytest.mark.parametrize("kind, size", [("PNG", (60, 60)), ("JPEG", (200, 50)), ("JPEG", (30, 90))])
def test_odd_frames_are_looked_at_as_others_are(examples, kind, size):
    assert teaching.see(examples, look, frame(3, "dogs", kind, size)).label == "dogs"
    grey = io.BytesIO()
    paint(3).convert("L").save(grey, "JPEG")
    assert len(teaching.see(examples, look, grey.getvalue(), "cats").voters) == 5


def test_a_turned_frame_is_seen_upright(examples):
    image, upright, turned = paint(9, (40, 60), COLOURS["cats"]), io.BytesIO(), io.BytesIO()
    image.save(upright, "PNG")
    exif = image.getexif()
    exif[274] = 6  # lies on its side; a viewer turns it by a quarter
    image.rotate(90, expand=True).save(turned, "PNG", exif=exif)
    a, b = (teaching.see(examples, look, file.getvalue()) for file in (upright, turned))
    assert a.similarity == pytest.approx(b.similarity, abs=1e-6)


def test_no_frame_at_all_is_said(examples):
    with pytest.raises(pictures.PictureError, match="The picture: not a picture"):
        teaching.see(examples, look, b"no frame", "cats")
    assert len(examples) == 24


def test_saved_and_opened_again_it_answers_the_same(examples, tmp_path):
    examples.add_class("nothing")
    examples.rename_class("owls", "night owls")
    examples.undo()
    home = teaching.save(examples, tmp_path / "new" / "signs")
    assert sorted(path.name for path in home.iterdir()) == ["cats", "dogs", "night owls", "nothing"]
    assert (home / "cats" / "day_1_00004.jpg").read_bytes() == examples.held[4].picture
    again = teaching.load(home, look)
    assert {name: again.counts[name] for name in examples.classes} == examples.counts
    assert [(one.label, one.group, one.picture) for one in again.held] == [
        (one.label, one.group, one.picture) for one in examples.held
    ]
    assert answers(again) == answers(examples)
    assert answers(again, threshold=0.999)[0][0] is None


def test_nothing_that_is_there_is_overwritten(examples, tmp_path):
    home = teaching.save(examples, tmp_path / "signs")
    before = photograph(tmp_path)
    file = tmp_path / "file"
    file.write_text("mine")
    for taken in (home, file):
        with pytest.raises(TeachingError, match="nothing is overwritten"):
            teaching.save(examples, taken)
    assert photograph(tmp_path) == before | {"file": photograph(tmp_path)["file"]}
    (tmp_path / "empty").mkdir()
    assert teaching.save(examples, tmp_path / "empty") == tmp_path / "empty"


def test_what_cannot_be_saved_is_said_before_anything_is_written(examples, tmp_path):
    with pytest.raises(TeachingError, match="no example to save"):
        teaching.save(Examples(["a"]), tmp_path / "signs")
    examples.add(examples.rows[0], "cats")
    with pytest.raises(TeachingError, match="Example 24 has no JPEG or PNG"):
        teaching.save(examples, tmp_path / "signs")
    assert not (tmp_path / "signs").exists()
    examples.undo()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TeachingError, match="not all was saved"):
        teaching.save(examples, tmp_path / "file" / "signs")


def test_folders_that_are_none_are_said(tmp_path):
    for make, said in (
        (lambda: None, "is not a folder"),
        (lambda: (tmp_path / "signs").mkdir(), "holds no folder"),
        (
            lambda: (tmp_path / "signs" / "cats").mkdir() or (tmp_path / "signs" / "a.jpg").write_bytes(ASKED[0]),
            "a.jpg lies in no class",
        ),
    ):
        make()
        with pytest.raises(TeachingError, match=said):
            teaching.load(tmp_path / "signs", look)
    Path(tmp_path / "signs" / "a.jpg").rename(tmp_path / "signs" / "cats" / "a.jpg")
    (tmp_path / "signs" / "cats" / "notes.txt").write_text("five today")
    with pytest.raises(pictures.PictureError, match="notes.txt: not a picture"):
        teaching.load(tmp_path / "signs", look)


def test_files_of_other_cameras_keep_their_order(tmp_path):
    for name in ("fist_a_002.jpg", "fist_a_010.jpg", "fist_a_000.jpg", "selfie.jpg"):
        (tmp_path / "fist").mkdir(exist_ok=True)
        (tmp_path / "fist" / name).write_bytes(frame(len(name)))
    (tmp_path / ".ipynb_checkpoints").mkdir()
    held = teaching.load(tmp_path, look).held
    assert [one.group for one in held] == ["fist_a", "", "fist_a", "fist_a"]
    assert [one.number for one in held] == [0, 1, 2, 3]


def test_neither_torch_nor_a_widget_is_needed():
    from making import finish, start

    code = "import sys; from shoulders import teaching; print(sorted({'torch', 'ipywidgets', 'sklearn'} & set(sys.modules)))"
    assert finish(start(code)).strip() == "[]"
