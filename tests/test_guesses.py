"""A guess is asked for once, kept on this machine, and held against what came out; nothing is raised at a learner."""

from fractions import Fraction

import pytest

from shoulders import guesses


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path))


def test_a_guess_is_asked_for_until_there_is_one_and_then_kept(capsys):
    assert guesses.keep("01 new", None) is None
    assert capsys.readouterr().out.startswith("No guess yet: write a number from 0 to 100 in place of None")
    assert guesses.keep("01 new", 75) == 75
    assert capsys.readouterr().out == "Kept: 75 %. It stands beside the result later on.\n"
    assert guesses.keep("01 new", None) == 75, "another session has the notebook as it came"
    assert capsys.readouterr().out == "Your guess of before: 75 %.\n"
    assert guesses.keep("02 other", None) is None
    assert guesses.keep("01 new", 80.5) == 80.5
    assert guesses.keep("01 new", None) == 80.5


def test_several_guesses_have_names_and_some_may_be_missing(capsys):
    assert guesses.keep("ways", {"one": None, "other": None}) == {}
    assert guesses.keep("ways", {"one": 80, "other": None}, unit="points") == {"one": 80}
    assert capsys.readouterr().out.splitlines()[-1] == "Kept: one 80 points. It stands beside the result later on."
    assert guesses.keep("ways", {"one": None, "other": None}) == {"one": 80}


@pytest.mark.parametrize("wrong", ["75", 101, -1, float("nan"), True, [75], 0.5j])
def test_what_is_no_number_within_reason_is_told_in_a_sentence(wrong, capsys):
    assert guesses.keep("01 new", wrong) is None
    assert capsys.readouterr().out.startswith(f"A guess is a number from 0 to 100, and not {wrong!r}: ")
    assert guesses.keep("01 new", {"a": wrong}) == {}


def test_a_place_that_cannot_be_written_keeps_the_guess_for_this_session(tmp_path, monkeypatch, capsys):
    (tmp_path / "guesses.jsonl").mkdir()
    assert guesses.keep("01 new", 75) == 75
    assert "cannot be written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (75, "You guessed 75 %, and it was 87.5 %: 12.5 more."),
        (90, "You guessed 90 %, and it was 87.5 %: 2.5 less."),
        (87.5, "You guessed 87.5 %, and it was 87.5 %: your guess, to the digit."),
        (None, "It was 87.5 %. You made no guess."),
    ],
)
def test_a_guess_is_held_against_what_came_out(guess, said):
    assert guesses.beside(guess, 87.5) == said


def test_a_small_number_without_a_unit_is_told_as_closely_as_it_was_guessed():
    assert guesses.beside(0.3, 0.32, unit="") == "You guessed 0.3, and it was 0.32: 0.02 more."
    assert guesses.beside(None, 0.32, unit="") == "It was 0.32. You made no guess."


def test_a_fraction_is_a_guess_too(capsys):
    assert guesses.keep("a fraction", Fraction(1, 2)) == Fraction(1, 2)
    assert "Kept: 0.5 %." in capsys.readouterr().out
    assert guesses.beside(Fraction(1, 2), 0.5).endswith("to the digit.")


@pytest.mark.parametrize(
    "line", ['["q", {"": "abc"}]', '["q", {"": null}]', '["q", {"": [1]}]', '["q", {"": NaN}]', '["q", 5]', '["q", {"": 5']
)
def test_a_line_that_a_broken_disk_has_changed_is_no_guess(line, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path))
    (tmp_path / "guesses.jsonl").write_text(line + "\n")
    assert guesses.keep("q", None) is None
    assert guesses.keep("q", {"a": None}) == {}


def test_one_guess_is_not_taken_for_several(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path))
    guesses.keep("q", 5)
    assert guesses.keep("q", {"a": None}) == {}
