"""What a learner guesses before a cell runs: asked for once, kept on this machine, and held against what came out."""

from __future__ import annotations

import math
from numbers import Real

from shoulders.course import observers
from shoulders.support.errors import CourseError
from shoulders.support.memory import Memory
from shoulders.support.words import wrapped


class Guess(float):
    """A number that knows which question it answers, and under which name where there are several."""

    def __new__(cls, value, question="", name=""):
        guess = super().__new__(cls, value)
        guess.question, guess.name = question, name
        return guess


def keep(question: str, guess, low: float = 0, high: float = 100, unit: str = "%"):
    """A guess that stands beside the result; nothing is raised at a learner.

    Parameters
    ----------
    question : str
        Under which it is kept, as ``'01 new pictures'``: another session finds it again.
    guess : number, or dict of str to number
        None for what is not guessed yet.
    low, high : float
        The least and the most that make sense.
    unit : str
        Behind the number where it is told.

    Returns
    -------
    Guess or dict of str to Guess or None
        What was guessed, now or in an earlier session; of several numbers those that there are. None, or an empty dict, so far.
    """
    several = isinstance(guess, dict)
    given = {name: one for name, one in (guess if several else {"": guess}).items() if one is not None}
    if wrong := [one for one in given.values() if not _is_number(one, low, high)]:
        print(wrapped(f"A guess is a number from {low} to {high}, and not {wrong[0]!r}: write one, and run this cell again."))
        given = {}
    memory = Memory("guesses.jsonl", _numbers)
    earlier = {name: one for name, one in memory.known.get(question, {}).items() if bool(name) == several}
    if given:
        kept = "Kept" if _remember(memory, question, given) else "For as long as this notebook runs"
        print(wrapped(f"{kept}: {_listed(given, unit)}. It stands beside the result later on."))
    elif earlier:
        print(wrapped(f"Your guess of before: {_listed(earlier, unit)}."))
    elif not wrong:
        place = "of each None" if several else "of None"
        print(wrapped(f"No guess yet: write a number from {low} to {high} in place {place}, and run this cell again."))
        print("The lesson goes on without one, too.")
    held = {name: Guess(one, question, name) for name, one in (given or earlier).items()}
    if held:
        observers.tell("guess", question=question, values=_numbers(held), low=float(low), high=float(high), unit=unit)
    return held if several else held.get("")


def _is_number(guess, low, high):
    return isinstance(guess, Real) and not isinstance(guess, bool) and low <= guess <= high


def _numbers(guesses):
    return {name: float(one) for name, one in guesses.items() if math.isfinite(one)}


def _remember(memory, question, given):
    try:
        with memory.adding() as add:
            add(question, _numbers(given))
    except CourseError as error:  # the guess counts in this session
        print(error)
        return False
    return True


def _listed(guesses, unit):
    return ", ".join(f"{name} {float(one):g} {unit}".strip() for name, one in guesses.items())


def beside(guess, came_out: float, unit: str = "%") -> str:
    """``You guessed 75 %, and it was 87.5 %: 12.5 more.``; without a guess what came out alone.

    Parameters
    ----------
    guess : number or None
        As `keep` gave it.
    came_out : float
        In the same unit.
    """
    result = f"{came_out:.3g} {unit}".strip()
    if isinstance(guess, Guess):
        observers.tell("came out", question=guess.question, name=guess.name, value=float(came_out), unit=unit)
    if guess is None:
        return f"It was {result}. You made no guess."
    guess = float(guess)
    gap = came_out - guess
    told = f"{abs(gap):.3g} {'more' if gap > 0 else 'less'}"
    if f"{guess:.3g}" == f"{came_out:.3g}":
        told = "your guess, to the digit"
    return f"You guessed {f'{guess:g} {unit}'.strip()}, and it was {result}: {told}."
