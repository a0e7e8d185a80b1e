"""Places: a home that is not known is a sentence; what is written is whole or not there."""

import os
import tempfile

import platformdirs
import pytest

from shoulders import backbones, datasets, editions
from shoulders.support import names, places
from shoulders.support.errors import CourseError


@pytest.mark.parametrize(
    "look",
    [
        lambda: places.cache(),
        lambda: places.pictures(),
        lambda: backbones.weights_path(backbones.card("resnet18")),
        lambda: backbones.load("resnet18", "~nosuch/x"),
        lambda: datasets.load("~nosuch/x"),
        lambda: editions.decide("01"),
    ],
    ids=["cache", "data", "torch", "weights", "set", "own pictures"],
)
def test_the_home_of_nobody_is_one_sentence(monkeypatch, look):
    for name in ("SHOULDERS_CACHE", "SHOULDERS_DATA", "SHOULDERS_PICTURES", "TORCH_HOME"):
        monkeypatch.setenv(name, "~nosuch/x")
    with pytest.raises(CourseError, match="^~nosuch/x: no such home folder on this machine: write the path in full"):
        look()


def test_what_cannot_be_remembered_at_home_is_remembered_elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("SHOULDERS_CACHE")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    home = tmp_path / "home" / "shoulders"
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(home))
    assert places.cache() == home
    home.parent.write_text("a file where the folder would be")
    with places.locked(places.cache() / "facts"):
        assert [folder.parent.name for folder in (tmp_path / "temporary").rglob("facts.lock")] == [places.cache().name]
    home.parent.unlink()
    home.mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, mode: path != home)  # sudo made it
    assert places.cache().parent == tmp_path / "temporary"


def test_a_place_is_refused_before_the_work(tmp_path, monkeypatch):
    places.need_place(tmp_path / "new" / "a.json")
    assert (tmp_path / "new").is_dir()
    with pytest.raises(CourseError, match="new is a folder: give the name of a file"):
        places.need_place(tmp_path / "new")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "new")
    with pytest.raises(CourseError, match="new cannot be written to: check its permissions"):
        places.need_place(tmp_path / "new" / "a.json")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stopped"])
def test_whole_or_not_at_all(tmp_path, error):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(type(error)) as raised, places.whole(path) as part:
        part.write_text("half")
        raise error
    assert [left.name for left in tmp_path.iterdir()] == ["a.json"] and path.read_text() == "old"
    assert getattr(raised.value, "filename", str(path)) == str(path)


def test_sizes_for_people():
    assert [places.size(n) for n in (5, 1500, 528_000_000, 2_340_000_000)] == ["5 bytes", "2 kB", "528 MB", "2.3 GB"]


def test_a_name_is_offered_where_it_is_near():
    assert names.near("vgg_16", ["vgg16", "resnet18"]) == " Did you mean vgg16?"
    assert names.near("unicorns", ["vgg16", "resnet18"]) == ""
