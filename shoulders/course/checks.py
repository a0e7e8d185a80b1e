"""Self-checks for exercises: a verdict, and a ladder of three hints. Nothing is ever raised at a learner."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shoulders.course import observers


@dataclass(frozen=True)
class Exercise:
    """A question with a check of the answer and hints that come one at a time.

    Attributes
    ----------
    name : str
    call : str
        How the learner writes it, for instance ``'exercise.softmax'``.
    test : callable
        Given the answer, returns ``True``, or a sentence that says what is not right yet.
    hints : sequence of str
    """

    name: str
    call: str
    test: Callable
    hints: Sequence[str]

    def check(self, answer) -> None:
        """Print a verdict: it begins with “Right” or “Not yet”."""
        if answer is None:
            print(f"Not yet: exercise {self.name} has no answer. Fill in this cell; {self.call}.hint() helps.")
            return
        try:
            said = self.test(answer)
            short = "" if said is True else str(said)
        except Exception as error:
            kind = type(error).__name__
            said, short = (f"the answer could not be checked ({told})." for told in (f"{kind}: {error}", kind))
        print(f"Right. Exercise {self.name} is done." if said is True else f"Not yet: {said} {self.call}.hint() helps.")
        facts = {"lesson": self.lesson, "exercise": self.name, "call": self.call}
        observers.tell("exercise", **facts, right=said is True, said=short)

    @property
    def lesson(self) -> str:
        """The number of the lesson, by the file in which the test stands: ``'01'``; ``''`` for a test from elsewhere."""
        found = re.search(r"lesson_(\d+[a-z]?)$", getattr(self.test, "__module__", None) or "")
        return found[1] if found else ""

    def hint(self, number: int = 1) -> None:
        """Print one hint; 1 is the gentlest, 3 nearly gives it away."""
        number = min(max(1, number), len(self.hints))
        more = (
            f" ({self.call}.hint({number + 1}) says more)"
            if number < len(self.hints)
            else " (the solution is behind the fold below)"
        )
        print(f"Hint {number} of {len(self.hints)}: {self.hints[number - 1]}{more}")


def tried(answer: Callable, cases: Sequence[tuple], same: Callable, wrong: Callable):
    """Whether a learner's function is right: True, or what `wrong` says of the first case that is not.

    Parameters
    ----------
    answer : callable
    cases : sequence of tuple
        What the function is given, and last what is right.
    same : callable
        Of an answer and what is right: whether they are the same.
    wrong : callable
        Of what was given and the answer: a sentence.
    """
    if not callable(answer):
        return "the answer should be the function itself, without calling it."
    for *given, right in cases:
        found = answer(*given)
        if found is None:
            return "the function gives nothing back yet."
        if not same(found, right):
            return wrong(*given, found)
    return True
