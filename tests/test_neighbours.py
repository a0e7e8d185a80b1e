"""Examples that answer while they come: votes by hand and as scikit-learn counts them, presses taken back, classes renamed."""

import threading
import tracemalloc

import numpy as np
import pytest

from shoulders.heads import arrays, neighbours
from shoulders.heads.neighbours import Examples, TeachingError


def rows(seed, n, d=8):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def taught(seed=0, n=30, classes="abc"):
    """Examples of each class in turn, and their rows."""
    examples, values = Examples(classes), rows(seed, n)
    for i, row in enumerate(values):
        examples.add(row, classes[i % len(classes)], b"%d" % i)
    return examples, values


def at(*degrees):
    return [np.array([np.cos(a), np.sin(a)], np.float32) for a in np.radians(degrees)]


def test_a_vote_by_hand():
    examples = Examples(["left", "right"])
    for row, label in zip(at(0, 10, 80, 90, 70), ["right", "right", "left", "left", "left"]):
        examples.add(3 * row, label)
    answer = examples.answer(at(30)[0], neighbours=5)
    assert [one.position for one in answer.voters] == [1, 0]  # two of five: the smallest class has no more
    assert answer.label == "right" and answer.share == 1
    assert answer.similarity == pytest.approx(np.cos(np.radians(20)), abs=1e-6)
    assert examples.answer(at(60)[0], neighbours=1).label == "left"


def test_ties_go_to_the_nearest():
    examples = Examples(["a", "b"])
    for row, label in zip(at(0, 21, 40, 60), ["a", "b", "a", "b"]):
        examples.add(row, label)
    assert examples.answer(at(12)[0], neighbours=2).label == "b"  # 9 degrees and 12
    assert examples.answer(at(10)[0], neighbours=2).label == "a"
    assert examples.answer(at(10)[0], neighbours=2).share == 0.5


@pytest.mark.parametrize("k", [1, 2, 4, 10])
def test_the_rule_is_that_of_the_head(k):
    """scikit-learn's neighbours by cosine, with the head's own votes, are asked the same."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import normalize

    examples, values = taught()
    other = KNeighborsClassifier(k, weights=arrays.ranked).fit(normalize(values), examples.labels)
    asked = rows(1, 50)
    assert [examples.answer(row, k).label for row in asked] == other.predict(normalize(asked)).tolist()


def test_never_more_vote_than_the_smallest_class_has_examples():
    examples, values = taught(n=31)
    examples.add(values[0], "c")
    examples.add_class("nobody yet")
    assert examples.counts == {"a": 11, "b": 10, "c": 11, "nobody yet": 0}
    assert len(examples.answer(values[0], 50).voters) == examples.fewest == 10
    examples.add(values[0], "nobody yet")
    assert len(examples.answer(values[0], 50).voters) == 1


def test_the_length_of_a_row_makes_no_difference_and_a_row_finds_itself():
    examples, values = taught()
    answer = examples.answer(1000 * values[7], 3)
    assert answer.voters[0].position == 7 and answer.voters[0].example.picture == b"7"
    assert answer.similarity == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.linalg.norm(examples.rows, axis=1), 1, atol=1e-6)
    with pytest.raises(ValueError):
        examples.rows[0] = 0


def test_none_of_these_below_the_threshold():
    examples = Examples(["a"])
    assert examples.answer(at(0)[0]) == neighbours.Answer(None, 0.0, ())
    examples.add(at(0)[0], "a")
    alike = float(np.cos(np.radians(40)))
    assert examples.answer(at(40)[0], threshold=alike - 0.01).label == "a"
    unlike = examples.answer(at(40)[0], threshold=alike + 0.01)
    assert unlike.label is None and len(unlike.voters) == 1  # who was nearest is still told


def test_a_press_is_taken_back_whole_and_once():
    examples, values = taught(n=6)
    before = [examples.answer(row) for row in rows(1, 5)]
    for row in values[:4]:
        examples.add(row, "b", press="first")
    for row in values[:2]:
        examples.add(row, "c", press="second")
    assert (examples.undo(), examples.undo()) == (2, 4)
    assert [examples.answer(row) for row in rows(1, 5)] == before
    assert [examples.undo() for _ in range(7)] == [1] * 6 + [0]
    assert examples.answer(values[0]).label is None


def test_a_number_is_never_given_twice():
    examples, values = taught(n=3)
    examples.undo()
    assert examples.add(values[0], "a") == 3
    assert [one.number for one in examples.held] == [0, 1, 3]


def test_classes_are_renamed_and_removed_in_place():
    examples, values = taught()
    answers = [examples.answer(row) for row in rows(1, 20)]
    examples.rename_class("b", "beta")
    renamed = {"a": "a", "b": "beta", "c": "c"}
    assert [examples.answer(row).label for row in rows(1, 20)] == [renamed[one.label] for one in answers]
    assert examples.classes == ["a", "beta", "c"]

    assert examples.remove_class("beta") == 10
    alone = Examples("ac")
    for i, row in enumerate(values):
        if i % 3 != 1:
            alone.add(row, "abc"[i % 3])
    np.testing.assert_array_equal(examples.rows, alone.rows)
    assert examples.labels == alone.labels
    assert [examples.answer(row).label for row in rows(1, 20)] == [alone.answer(row).label for row in rows(1, 20)]
    examples.add_class("b")
    assert examples.counts == {"a": 10, "c": 10, "b": 0}


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "..", ".git", "_x", "con", "COM1.txt", "what?", "end.", "x" * 61, "t\tab", "a\0b"]
)
def test_a_name_that_no_folder_could_have_is_refused(name):
    examples = Examples(["a"])
    for refused in (lambda: examples.add_class(name), lambda: examples.rename_class("a", name)):
        with pytest.raises(TeachingError, match="cannot be called"):
            refused()
    assert examples.classes == ["a"]


def test_names_that_are_one_folder_on_some_systems_are_one_class():
    examples = Examples(["Fist", "caf\u00e9"])
    for twin in ("fist", " FIST ", "cafe\u0301"):
        with pytest.raises(TeachingError, match="already"):
            examples.add_class(twin)
    examples.rename_class("Fist", "fist")  # its own twin
    assert examples.classes == ["fist", "café"]
    for asked in (examples.remove_class, lambda name: examples.add(np.ones(3), name)):
        with pytest.raises(TeachingError, match="No class is called 'open'"):
            asked("open")


def test_rows_that_make_no_sense_are_refused():
    examples, values = taught()
    for row in (np.ones(9), np.ones((1, 8)), np.float32(1)):
        with pytest.raises(TeachingError, match="shape"):
            examples.add(row, "a")
    with pytest.raises(TeachingError, match="not finite"):
        examples.answer(values[0] * np.nan)
    with pytest.raises(TeachingError, match="0 neighbours"):
        examples.answer(values[0], 0)
    assert len(examples) == 30
    for name in "abc":
        examples.remove_class(name)
    examples.add_class("wide")
    examples.add(np.ones(9), "wide")  # another network, once nothing of the first is left
    assert examples.rows.shape == (1, 9)


def test_a_thousand_examples_take_no_new_memory():
    width = 1280
    examples, values = Examples("ab"), rows(0, neighbours.ROOM + 1, width)
    examples.add(values[0], "a")
    home = examples.rows.base
    for i, row in enumerate(values[1:-1]):
        examples.add(row, "ab"[i % 2])
    assert len(examples) == neighbours.ROOM == 1024
    assert examples.rows.base is home
    examples.answer(values[5])
    tracemalloc.start()
    try:
        for row in values[:50]:
            examples.answer(row)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000, "an answer copies what it looks at (5 MB)"

    examples.add(values[-1], "a")
    assert examples.rows.base is not home and len(examples.rows.base) == 2 * neighbours.ROOM
    assert examples.answer(values[5], 1).voters[0].position == 5
    assert examples.answer(values[-1], 1).voters[0].position == neighbours.ROOM


def test_a_cell_may_take_back_while_frames_come():
    examples, values = Examples("ab"), rows(0, 400)
    wrong = []

    def teach():
        for i, row in enumerate(values):
            examples.add(row, "ab"[i % 2])
            if not all(np.isfinite(one.similarity) for one in examples.answer(row).voters):
                wrong.append(i)

    teacher = threading.Thread(target=teach)
    teacher.start()
    gone = 0
    while teacher.is_alive():
        gone += examples.undo()
    assert not wrong and len(examples) == 400 - gone == len(examples.rows) == len(examples.labels)
