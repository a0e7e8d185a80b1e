"""Exercises: verdicts and hints."""

from shoulders import checks


def test_nothing_is_raised_at_a_learner(capsys):
    exercise = checks.Exercise("7", "exercise.it", lambda answer: answer > 3, ("look", "look closer", "it is 4"))
    exercise.check(None)
    exercise.check("four")
    exercise.check(4)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Not yet") and "no answer" in said[0] and "exercise.it.hint() helps" in said[0]
    assert said[1].startswith("Not yet") and "TypeError" in said[1]
    assert said[2].startswith("Right")


def test_hints_are_a_ladder(capsys):
    exercise = checks.Exercise("7", "exercise.it", lambda answer: True, ("look", "look closer", "it is 4"))
    for number in (0, 1, 2, 3, 9):
        exercise.hint(number)
    said = capsys.readouterr().out.splitlines()
    assert ["look (" in said[0], "look (" in said[1], "closer" in said[2], "it is 4" in said[3], said[3] == said[4]] == [True] * 5
