"""What lies below a folder: all of it, once, in an order that people expect."""

import pytest

from shoulders import pictures
from shoulders.support import folders
from shoulders.support.errors import CourseError


def tree(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(*sources, but=()):
    return [str(path) for path in folders.files(sources, but)]


def test_one_comes_before_ten_and_files_before_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tree(tmp_path, "10.jpg", "2.jpg", "02.jpg", "a/1.jpg", "a/b/1.jpg", "b10/x", "b9/x"))
    assert found(".") == ["02.jpg", "2.jpg", "10.jpg", "a/1.jpg", "a/b/1.jpg", "b9/x", "b10/x"]


def test_files_stay_as_they_were_given_and_nothing_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tree(tmp_path, "d/notes.txt", "d/.DS_Store", "d/.git/x", "d/Thumbs.db", "e.jpg"))
    (tmp_path / "d" / "nothing.jpg").symlink_to("gone")
    assert found("gone.jpg", "d", "e.jpg") == ["gone.jpg", "d/notes.txt", "d/nothing.jpg", "e.jpg"]


def test_links_are_followed_and_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tree(tmp_path, "d/a/1.jpg", "elsewhere/2.jpg"))
    (tmp_path / "d" / "back").symlink_to(tmp_path / "d")
    (tmp_path / "d" / "up").symlink_to(tmp_path)
    (tmp_path / "d" / "z").symlink_to(tmp_path / "elsewhere")
    assert found("d") == ["d/a/1.jpg", "d/z/2.jpg"]


def test_what_a_command_writes_it_does_not_ask_about(tmp_path, monkeypatch):
    monkeypatch.chdir(tree(tmp_path, "d/1.jpg", "d/answers.csv", "d/e/answers.csv"))
    assert found("d", but=[tmp_path / "d" / "answers.csv", None]) == ["d/1.jpg", "d/e/answers.csv"]


@pytest.mark.parametrize("names", [[], ["d/.hidden"], ["d/m.safetensors"]])
def test_a_folder_without_files_is_told(tmp_path, names):
    tree(tmp_path, "a.jpg", *names)
    (tmp_path / "d").mkdir(exist_ok=True)
    with pytest.raises(CourseError, match=f"{tmp_path / 'd'} holds no file to look at"):
        found(tmp_path / "a.jpg", tmp_path / "d", but=[tmp_path / "d" / "m.safetensors"])


def test_a_folder_that_may_not_be_looked_into_is_named_and_called_unreadable(tmp_path, monkeypatch):
    tree(tmp_path, "d/1.jpg", "d/closed/2.jpg")
    monkeypatch.setattr(pictures.os, "access", lambda path, mode: False)  # root may look everywhere
    scandir = folders.os.scandir

    def refusing(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(folders.os, "scandir", refusing)
    assert found(tmp_path / "d") == [str(tmp_path / "d" / "1.jpg"), str(tmp_path / "d" / "closed")]
    with pytest.raises(pictures.PictureError, match=r"closed: unreadable\. Check the file's permissions"):
        pictures.read(tmp_path / "d" / "closed")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (".a.HEIC.icloud", "*.icloud: in iCloud, and not on this disk"), ("a.jpg:Zone.Identifier", "*:zone.identifier: what Windows"),
        ("Roll Previews.lrdata", "*.lrdata: Lightroom's own"), ("icloud", ""), ("a.jpg", ""), (".a.jpg", "hidden"),
    ],
)  # fmt: skip
def test_what_systems_name_by_an_ending(name, what):
    assert folders.system(name).startswith(what) and bool(folders.system(name)) == bool(what)
