"""The house stands: no circle, eleven floors at the most, a job a file, and each room says in its first line what it is."""

import sys
from graphlib import CycleError
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))

import rooms

EVERY = [path for paths in rooms.files().values() for path in paths]


def test_no_room_imports_in_a_circle_and_there_are_at_most_eleven_floors():
    floors = rooms.plan()
    assert max(floors.values()) <= 11
    assert floors["support"] == 1
    assert floors["pictures"] < floors["datasets"] < floors["features"] < floors["training"] < floors["comparison"] < floors["cli"]


def test_a_room_does_what_its_name_says_and_no_more():
    """Whom a room may not know: docs/rooms.py draws who knows whom."""
    known = {room: set().union(*(rooms.imported(path, rooms.files()) for path in paths)) for room, paths in rooms.files().items()}
    assert known["support"] <= {"support"}
    assert not known["datasets"] & {"backbones", "engine", "features", "heads"}, "a set of pictures knows no network"
    assert not known["heads"] & {"pictures", "datasets", "features"}, "a head sees no picture"
    assert not known["backbones"] & {"datasets", "features"}, "a network knows no set of pictures"
    assert not {room for room, others in known.items() if "widgets" in others} - {"widgets", "cli", "course"}


def test_no_folder_and_no_file_has_grown_out_of_its_job():
    assert len(list(rooms.PACKAGE.glob("*.py"))) <= 20
    for folder in {path.parent for path in EVERY} - {rooms.PACKAGE}:
        assert len(list(folder.glob("*.py"))) <= 14, folder
    for path in EVERY:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, path


def test_each_file_says_what_it_is():
    assert [path for path in EVERY if not rooms.sentence(path)] == []


@pytest.fixture
def house(tmp_path):
    def built(**files):
        for name, content in files.items():
            path = tmp_path / (name.replace("__in__", "/") + ".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        (tmp_path / "__init__.py").touch()
        return tmp_path

    return built


def test_a_room_stands_above_what_it_imports_also_inside_a_function(house):
    inside = '"""Upper."""\n\n\ndef f():\n    from shoulders.middle import one\n'
    below = '"""Middle."""\nfrom typing import TYPE_CHECKING\nfrom shoulders import low\nif TYPE_CHECKING:\n    from shoulders import upper\n'
    package = house(upper=inside, middle__in____init__=below, middle__in__one='"""One."""\n', low='"""Low."""\n')
    assert rooms.plan(package) == {"low": 1, "middle": 2, "upper": 3}
    drawn = "\n".join(rooms.drawn(package))
    assert drawn == "floor 3\n  upper: Upper.\nfloor 2\n  middle/: Middle.\n      one.py: One.\nfloor 1\n  low: Low."


def test_a_circle_is_named(house):
    package = house(a="from shoulders import b\n", b="from shoulders.c import x\n", c="from shoulders import a\n")
    with pytest.raises(CycleError, match="a"):
        rooms.plan(package)


def test_what_others_import_by_its_old_name_is_the_same_thing():
    import shoulders
    from shoulders.errors import CourseError
    from shoulders.support import errors

    assert CourseError is errors.CourseError
    for name in ("checks", "doctor", "editions", "exercises", "lessons"):
        assert getattr(shoulders, name).__name__ == f"shoulders.course.{name}"
    with pytest.raises(ImportError, match="nothing_like_it"):
        from shoulders import nothing_like_it  # noqa: F401
