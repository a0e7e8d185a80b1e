"""Lesson 07b: can you tell beforehand which giant will serve you best?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from shoulders import backbones, comparison, transferability
from shoulders.backbones import Backbone
from shoulders.course.checks import Exercise, tried
from shoulders.support import places
from shoulders.support.words import bounds, counted, share, wrapped

NAMES = {
    "nearest_mean": "nearest mean",
    "probe": "probe",
    "logme": "LogME",
    "h_score": "H-score",
    "leep": "LEEP",
    "gmacs": "arithmetic",
}
"""What the scores are called; last the control: how much a giant computes for a picture, whatever the question is."""

GIANTS = (backbones.DEFAULT, backbones.SMALL, "vgg16_mammals", "vgg16_things")
"""Those of the taste, as far as they are on this machine; beside them one with random weights."""

ORDERS = (
    ([0.2, 0.5, 0.9, 0.4], [0.61, 0.72, 0.95, 0.75]),
    ([-3.0, -1.0, -2.0], [0.9, 0.7, 0.8]),
    ([1.0, 2.0, 3.0, 4.0, 5.0], [0.5, 0.6, 0.55, 0.9, 0.8]),
)
"""What was promised and what came out, without ties."""

LOSSES = (
    ([0.2, 0.5, 0.9, 0.4], [0.61, 0.72, 0.80, 0.95]),
    ([-3.0, -1.0, -2.0], [0.9, 0.7, 0.8]),
    ([0.7, 0.9, 0.8], [0.6, 0.97, 0.8]),
)

WAITS = (
    ([0.4, 0.6, 0.2], 0, 20, 400),
    ([0.4, 0.6, 0.2], 1, 20, 400),
    ([1.0, 3.0], 1, 100, 300),
)
"""Arithmetic of each giant, which of them is chosen, pictures that all look at, pictures in all."""


@dataclass(frozen=True)
class Lesson07b:
    """The exercises of lesson 07b, its large table, and what came out in sentences."""

    tau: Exercise
    lost: Exercise
    saved: Exercise
    study: comparison.Grid
    names: dict[str, str]

    @staticmethod
    def giants() -> dict[str, Backbone]:
        """The giants of the taste."""
        found = {name: backbones.load(name) for name in GIANTS if backbones.on_disk(name)}
        return found | {"random weights": backbones.load(backbones.SMALL, "random")}

    def about(self) -> str:
        """How the large table was made."""
        card, table = self.study.card, self.study.table
        kinds = table.groupby("kind", sort=False).question.nunique()
        asked = " and ".join(f"{count} of {kind}" for kind, count in kinds.items())
        pairs = table.groupby(["question", "giant"]).ngroups
        return wrapped(
            f"{table.giant.nunique()} giants at {counted(table.question.nunique(), 'question')} ({asked}): {pairs} pairs of a "
            f"giant and a question, {card['draws']} draws of {card['scores_on']} pictures a class; what came out was measured on "
            f"{table.n_valid.min()} to {table.n_valid.max()} pictures. Made on {card['date']} ({card['processor']}) by "
            f"`{card['command']}`."
        )

    @staticmethod
    def foretold(found: pd.DataFrame) -> str:
        """Which scores foretell an order, and whether they do it better than the control, in a sentence.

        Parameters
        ----------
        found : pandas.DataFrame
            As `shoulders.transferability.agreement` gives it, with a row for ``gmacs``.
        """
        good = [NAMES[name] for name, row in found.iterrows() if row.low > 0 and name != "gmacs"]
        none = [NAMES[name] for name, row in found.iterrows() if not row.low > 0 and name != "gmacs"]
        best, control = found.drop("gmacs").tau.idxmax(), found.loc["gmacs"]
        said = f"{', '.join(good)}: an interval above 0. " if good else "No score has an interval above 0. "
        said += f"{', '.join(none)}: not told from no order at all. " if none else ""
        said += f"Nearest to the order that came out is {NAMES[best]} ({found.tau[best]:+.2f})"
        known = "an interval above 0, too" if control.low > 0 else "an interval that holds 0" if control.high > 0 else "reversed"
        return wrapped(f"{said}; the control, the larger the better, has {control.tau:+.2f} ({known}).")

    @staticmethod
    def ahead(table: pd.DataFrame, score: str, other: str, came_out: str = "accuracy_all") -> str:
        """Whether one score foretells better than another, question by question, in a sentence."""
        gap = transferability.taus(table, score, came_out) - transferability.taus(table, other, came_out)
        mean, low, high = transferability.over_questions(gap)
        winner = NAMES[score] if low > 0 else NAMES[other] if high < 0 else None
        told = f"{winner} foretells better" if winner else "too close to call"
        by = f"{mean:+.2f} of tau (95 % interval {low:+.2f} to {high:+.2f})"
        return wrapped(f"{NAMES[score]} against {NAMES[other]}: {by}, {told}.")

    @staticmethod
    def chosen(found: pd.DataFrame) -> pd.DataFrame:
        """`shoulders.transferability.choices` for a page: points that are lost, and how often the choice was the best."""
        points = found[["lost", "low", "high", "worst"]].map(lambda value: f"{100 * value:.1f}")
        table = pd.DataFrame(
            {
                "points lost": points.lost,
                "95 % interval": points.low + " to " + points.high,
                "at the worst question": points.worst,
                "as good as the best": found.best.map(lambda value: share(value, 0)),
            }
        )
        return table.rename(index=NAMES).rename(index={"any": "any, blindly"})

    @staticmethod
    def against(table: pd.DataFrame, score: str, other: str, came_out: str = "accuracy_all") -> str:
        """Whether one way of choosing loses less than another at the same questions and draws, in a sentence.

        Parameters
        ----------
        score, other : str
            As `shoulders.transferability.losses` takes them.
        """
        lost = [transferability.losses(table, way, came_out).groupby(level=0).mean() for way in (score, other)]
        mean, low, high = (100 * one for one in transferability.over_questions(lost[1] - lost[0]))
        told = "fewer" if low > 0 else "more" if high < 0 else None
        names = [NAMES.get(way, "a blind choice" if way == "any" else way) for way in (score, other)]
        verdict = f"{names[0]} loses {told} points" if told else "too close to call"
        return wrapped(f"{names[0]} against {names[1]}: {mean:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}), {verdict}.")

    @staticmethod
    def fooled(cases: dict[str, dict[str, float]]) -> str:
        """Which scores promise no less of nonsense than of the truth, in two sentences.

        Parameters
        ----------
        cases : dict of str to dict
            By case, the truth first: `shoulders.transferability.promises`.
        """
        truth, *others = cases
        lines = []
        for case in others:
            names = [NAMES[score] for score, value in cases[case].items() if value >= cases[truth][score] - 1e-9]
            lines.append(f"{case}: {', '.join(names) if names else 'no score'} promises as much as of the truth, or more.")
        return "\n".join(map(wrapped, lines))

    @staticmethod
    def waits(table: pd.DataFrame, score: str = "probe") -> str:
        """The share of the arithmetic that a choice saves, over questions, in a sentence."""
        saved = transferability.waiting(table, score)
        return wrapped(
            f"Whoever chooses by {NAMES[score]} saves {share(saved.mean(), 0)} of the arithmetic on average, "
            f"{bounds(saved.min(), saved.max(), 0)} from question to question."
        )


def _tau(promised, came_out):
    steps = np.sign(np.subtract.outer(promised, promised)) * np.sign(np.subtract.outer(came_out, came_out))
    return steps.sum() / (len(promised) * (len(promised) - 1))


def _lost(promised, came_out):
    return max(came_out) - came_out[int(np.argmax(promised))]


def _saved(gmacs, chosen, few, pictures):
    return 1 - (sum(gmacs) * few + gmacs[chosen] * (pictures - few)) / (sum(gmacs) * pictures)


def _cases(rows, right):
    return [(*map(_given, row), right(*row)) for row in rows]


def _given(one):
    return np.array(one) if isinstance(one, list) else one


def _same(found, right):
    found = np.asarray(found, float)
    return found.size == 1 and abs(float(found.reshape(())) - right) < 1e-6


def _wrong_tau(promised, came_out, found):
    if np.asarray(found).size != 1:
        return "the function should give one number."
    if not -1 <= float(found) <= 1:
        return f"{float(found):.3g} is no tau: it lies between −1 and 1. Divide by the number of pairs."
    return f"for {promised.tolist()} promised and {came_out.tolist()} come out, tau is not {float(found):.3g}."


def _wrong_lost(promised, came_out, found):
    if np.asarray(found).size != 1:
        return "the function should give one number."
    if float(found) < 0:
        return "a loss is never below zero: it is the best accuracy less that of the chosen giant."
    return f"for {promised.tolist()} promised and {came_out.tolist()} come out, {float(found):.3g} is not what is lost."


def _wrong_saved(gmacs, chosen, few, pictures, found):
    if np.asarray(found).size != 1:
        return "the function should give one number."
    if not 0 <= float(found) <= 1:
        return f"{float(found):.3g} is no share: it lies between 0 and 1."
    told = f"giants of {gmacs.tolist()}, number {chosen} chosen, {few} of {pictures} pictures looked at by all"
    return f"for {told}, {float(found):.3g} is not the share that is saved."


def lesson_07b() -> Lesson07b:
    """The exercises, and the table that ships."""
    return Lesson07b(
        Exercise("1", "exercise.tau", lambda answer: tried(answer, _cases(ORDERS, _tau), _same, _wrong_tau), (
            "Take each pair of giants once. Does the one that was promised more come out better?",
            "Count 1 for a pair in the right order, and −1 for a pair in the wrong one. Divide the sum by the number of pairs.",
            "For i < j: np.sign(promised[i] - promised[j]) * np.sign(came_out[i] - came_out[j]) is 1 or −1. Take the mean.",
        )),
        Exercise("2", "exercise.lost", lambda answer: tried(answer, _cases(LOSSES, _lost), _same, _wrong_lost), (
            "Which giant would you take, and what would the best one have given?",
            "np.argmax(promised) is the place of the giant that you take.",
            "np.max(came_out) - came_out[np.argmax(promised)].",
        )),
        Exercise("3", "exercise.saved", lambda answer: tried(answer, _cases(WAITS, _saved), _same, _wrong_saved), (
            "Without a choice every giant looks at every picture. With one, all look at few, and one goes on alone.",
            "All: sum(gmacs) * pictures. Choosing: sum(gmacs) * few, and gmacs[chosen] for each picture that is left.",
            "1 - (sum(gmacs) * few + gmacs[chosen] * (pictures - few)) / (sum(gmacs) * pictures).",
        )),
        comparison.read(places.box() / "results" / "studies" / "foretelling.csv"),
        NAMES,
    )  # fmt: skip
