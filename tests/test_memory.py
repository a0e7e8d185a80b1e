"""The memory of what was found before: only whole lines that make sense are believed, and a full disk is a sentence."""

import io
import os

import pytest

from shoulders.support.errors import CourseError
from shoulders.support.memory import Memory


def test_what_is_added_is_known_at_once_and_by_the_next_process():
    memory = Memory("facts.jsonl", int)
    with memory.adding() as add:
        add("a", 1)
        assert memory.known == Memory("facts.jsonl", int).known == {"a": 1}
        add("b", 2)
    assert Memory("facts.jsonl", int).known == {"a": 1, "b": 2}


def test_the_half_line_of_a_killed_process_spoils_no_other():
    memory = Memory("facts.jsonl", int)
    for key in "ab":
        with memory.adding() as add:
            add(key, 1)
    memory.path.write_bytes(memory.path.read_bytes()[:-4])
    with Memory("facts.jsonl", int).adding() as add:
        add("c", 3)
    assert Memory("facts.jsonl", int).known == {"a": 1, "c": 3}


def test_the_newest_value_of_a_key_counts_and_a_value_that_is_not_sound_is_no_value():
    with Memory("facts.jsonl", int).adding() as add:
        add("a", 1)
        add("a", 2)
    assert Memory("facts.jsonl", int).known == {"a": 2}
    assert Memory("facts.jsonl", len).known == {}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told_with_the_file(monkeypatch):
    memory = Memory("facts.jsonl", int)
    monkeypatch.setattr("builtins.open", lambda *_, **__: io.FileIO("/dev/full", "w"))
    with pytest.raises(CourseError, match=r"facts\.jsonl cannot be written \(No space left on device\): make room"), memory.adding():
        pass


def test_a_memory_that_belongs_to_somebody_else_is_told_and_not_a_traceback(monkeypatch):
    memory = Memory("facts.jsonl", int)
    with memory.adding() as add:
        add("a", 1)

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", forbidden)
    with pytest.raises(CourseError, match=r"facts\.jsonl cannot be written \(Permission denied\)"), memory.adding():
        pass
    monkeypatch.setattr(type(memory.path), "read_text", forbidden)
    assert Memory("facts.jsonl", int).known == {}
