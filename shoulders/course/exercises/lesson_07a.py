"""Lesson 07a: whose shoulders?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from shoulders import comparison, intervals
from shoulders.course.checks import Exercise, tried
from shoulders.support import places
from shoulders.support.words import counted, wrapped

NEAR, FAR = "mammals", "things"

PETS = (
    "Chihuahua", "Yorkshire terrier", "golden retriever", "Labrador retriever", "German shepherd", "standard poodle",
    "tabby cat", "Persian cat", "Egyptian cat",
)  # fmt: skip
"""Of the mammals' network: the classes that are cats and dogs."""

CASES = (
    ([0.62, 0.66, 0.61, 0.67, 0.59], [0.55, 0.60, 0.63, 0.58, 0.60]),
    ([0.5, 0.75, 0.9], [0.6, 0.8, 0.65]),
)
"""Accuracies of trainings that belong together, for the exercises."""


@dataclass(frozen=True)
class Lesson07a:
    """The exercises of lesson 07a, and what came out in sentences."""

    lead: Exercise
    seen: Exercise
    opposite: Exercise
    grid: comparison.Grid

    def about(self) -> str:
        """How the large table was made."""
        card, questions = self.grid.card, self.grid.table[["question", "pictures"]].drop_duplicates()
        felt = int((questions.pictures == "felt").sum())
        kinds = f"({felt} of felt, {len(questions) - felt} of photographs)"
        networks = f"{len(card['networks'])} networks at {len(questions)} questions {kinds}"
        draws = self.grid.table.draws.max()
        made = f"Made on {card['date']} ({card['processor']}) by `{card['command']}`."
        return wrapped(" ".join([f"{networks}, {draws} draws of 5, of 10 and of 20 pictures a class. {made}", *card["notes"]]))

    def ask(self, kind: str | None = None) -> pd.DataFrame:
        """The rows of the large table: of felt pictures, of photographs, or all; the question says which where both are there."""
        table = self.grid.table.copy()
        if kind:
            return table[table.pictures == kind]
        return table.assign(question=table.question + ", " + table.pictures)

    @staticmethod
    def leads(table, near: str = NEAR, far: str = FAR) -> pd.DataFrame:
        """By how much one source is ahead of another: a line for each question and number of pictures.

        Returns
        -------
        pandas.DataFrame
            ``question``, and what `shoulders.intervals.paired` gives: a run is a training, the mean over its draws.
        """
        rows = table.rename(columns={"source": "regime", "training": "seed"})
        questions = rows.groupby("question", sort=False)
        return pd.concat([intervals.paired(some, near, far).assign(question=name) for name, some in questions], ignore_index=True)

    @staticmethod
    def means(table, per_class) -> pd.DataFrame:
        """How often each source is right, with so many training pictures of each class, as `shoulders.plots.sources` draws it."""
        some = table[table.per_class.astype(str) == str(per_class)]
        lines = [
            (*key, runs.accuracy.mean(), *np.clip(intervals.interval(runs.accuracy), 0, 1), runs.largest.iloc[0])
            for key, runs in some.groupby(["question", "source"], sort=False)
        ]
        return pd.DataFrame(lines, columns=["question", "source", "mean", "low", "high", "largest"])

    @staticmethod
    def told(lines, near: str = NEAR, far: str = FAR) -> str:
        """A sentence for each line of `leads`."""
        return "\n".join(wrapped(_told(line, near, far)) for line in lines.itertuples())


def _told(line, near, far):
    who, behind, low, high = (near, far, line.low, line.high) if line.ahead > 0 else (far, near, -line.high, -line.low)
    interval = f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
    count = f"{line.per_class} pictures" if str(line.per_class) != "all" else "all pictures"
    start = f"{line.question}, {count} of each: {who} {abs(100 * line.ahead):.1f} points ahead of {behind} ({interval})"
    return f"{start}." if line.low > 0 or line.high < 0 else f"{start}: the interval holds 0, so it may be chance."


def lesson_07a() -> Lesson07a:
    """The exercises, and the large table that ships."""
    return Lesson07a(
        Exercise("1", "exercise.lead", _is_lead, (
            "Training 0 of one network and training 0 of the other saw the same draws: subtract one from the other.",
            "np.subtract(near, far) holds the differences. Their mean is the lead; intervals.interval(…) of them the two bounds.",
            "differences = np.subtract(near, far); return differences.mean(), … and the two bounds: a star spreads a pair.",
        )),
        Exercise("2", "exercise.seen", _is_seen, (
            "Read the list of classes above once more. Which of them would you call a cat or a dog?",
            "Besides three kinds of cats there are breeds of dogs: six of them, from the Chihuahua to the poodle.",
            "The names as they are printed, in a list: tabby cat, Persian cat, Egyptian cat, Chihuahua … and five more dogs.",
        )),
        Exercise("3", "exercise.opposite", _is_opposite, (
            "Each training of one network could have met each training of the other: five times five pairs.",
            "In how many of the pairs is the far network's accuracy larger than the near one's? Divide by the number of pairs.",
            "np.greater.outer(far, near) is a table with True where far is larger. What is its mean?",
        )),
        comparison.read(places.box() / "results" / "studies" / "prior_knowledge.csv"),
    )  # fmt: skip


def _is_lead(answer):
    cases = [(near, far, _lead(near, far)) for near, far in CASES]
    return tried(answer, cases, _same, _wrong_lead)


def _lead(near, far):
    ahead = np.subtract(near, far)
    return float(ahead.mean()), *intervals.interval(ahead)


def _numbers(found):
    return np.asarray(list(found) if np.ndim(found) else found, float).ravel()


def _same(found, right):
    found = _numbers(found)
    return found.shape == np.shape(right) and np.allclose(found, right, atol=1e-6)


def _wrong_lead(near, far, found):
    found = _numbers(found)
    if found.shape != (3,):
        return f"the function gives {counted(found.size, 'number')} back: three are asked for, the lead and the two bounds."
    mean, low, high = _lead(near, far)
    if np.isclose(found[0], -mean, atol=1e-6):
        return "the lead has the other sign: near minus far."
    if not np.isclose(found[0], mean, atol=1e-6):
        return "the first number is not the mean of the differences, as a share (0.07 is seven points)."
    if np.isclose(found[1], high, atol=1e-6):
        return "the bounds stand in the other order: the lower one first."
    return "the lead is right, its bounds are not those of Student's interval for the differences."


def _is_seen(answer):
    if isinstance(answer, str) or not all(isinstance(name, str) for name in answer):
        return "the answer should be a list of names, each in quotation marks."
    given = {name.strip().lower() for name in answer}
    known = {name.lower() for name in PETS}
    if more := sorted(given - known):
        return f"{more[0]!r} is no cat and no dog of that network, or is written in another way than in its list."
    lacking = len(known - given)
    return True if not lacking else f"{counted(lacking, 'name')} of the list {'are' if lacking > 1 else 'is'} still missing."


def _is_opposite(answer):
    cases = [(near, far, float(np.greater.outer(far, near).mean())) for near, far in CASES]
    return tried(answer, cases, lambda found, right: np.ndim(found) == 0 and abs(float(found) - right) < 1e-6, _wrong_opposite)


def _wrong_opposite(near, far, found):
    if np.ndim(found):
        return "the function gives several numbers back: one is asked for, a share."
    pairs, right = len(near) * len(far), float(np.greater.outer(far, near).mean())
    if abs(float(found) - right * pairs) < 1e-6 and right:
        return "that is a count: divide by the number of pairs."
    if abs(float(found) - (1 - right)) < 1e-6:
        return "that is how often he would have found the same: the opposite is asked for."
    if abs(float(found) - float(np.greater(far, near).mean())) < 1e-6:
        return "you compare training 0 with training 0 alone, 1 with 1 …: each of one may meet each of the other."
    return f"it is not the share of the {pairs} pairs in which the far network is ahead."
