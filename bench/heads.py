"""The default head against those that it has to keep up with, from one picture a class to all.

    python bench/heads.py [SETS …] [--backbone efficientnet_lite0] [--weights FILE] [--draws 100] [--first 0] [--out FILE]

SETS are names of picture sets, or folders of class folders, of two classes; by default the felt ones and the photographs,
as far as they are on this machine. Few pictures are drawn from the training part, and judged on the validation part. Of all
pictures there is but one draw: there, all of both parts are dealt anew each time, into parts as large as the set's own. The
set's own split stands below; one picture of 150 is 0.7 points.

What the default is compared with is written in plain scikit-learn, none of it ours. Every strength is chosen by leaving out
each picture once, of more than 40 pictures by five folds. Reported: mean accuracy over the draws with its 95 % interval, by
how much the default is ahead of the best of the three others (a paired difference), and the log loss, for a head can be
right and much too sure, or too unsure.
"""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import LeaveOneOut, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from shoulders import backbones, comparison, datasets, features, heads
from shoulders.results import wilson
from shoulders.support import devices
from shoulders.support.progress import track

warnings.filterwarnings("ignore")  # that lbfgs can gain no further digit

SETS = ("felt_cats_vs_dogs", "felt_bees_vs_ants", "cats_vs_dogs", "bees_vs_ants")
SIZES = ("1", "2", "5", "10", "20", "all", "all, own split")
STRENGTHS = np.logspace(-4, 2, 7)
FEW = 40
"""Up to so many pictures each is left out once; of more, five folds say the same and take seconds instead of minutes."""

# ------------------------------------------------------------------------------------------------------ heads, by scikit-learn


def standardised(rows, labels, new):
    """The default until now: each feature to its own spread, drawn towards the mean one as if by ten further pictures."""
    mean, variance, n = rows.mean(0), rows.var(0), len(rows)
    spread = np.sqrt((n * variance + 10 * variance.mean()) / (n + 10))
    return _logistic((rows - mean) / spread, labels, (new - mean) / spread, alone=1e-2)


def length_one(rows, labels, new):
    """Each row to length one, and no feature to a scale of its own. (One factor for all makes the same strengths fit.)"""
    rows, new = normalize(rows), normalize(new)
    mean, spread = rows.mean(0), rows.std(0)
    factor = np.sqrt((spread**2).mean())
    return _logistic((rows - mean) / factor, labels, (new - mean) / factor, alone=1e-1)


def nearest_by_cosine(rows, labels, new):
    """One neighbour. It is sure of everything, so its log loss is not told."""
    return KNeighborsClassifier(1, metric="cosine").fit(rows, labels).predict_proba(new)[:, 1]


def _logistic(rows, labels, new, alone):
    """How sure L2-regularised logistic regression is of the second class. In a base of the rows' space: the same, sooner."""
    rows, new = _in_their_space(rows, new)
    if np.bincount(labels).min() == 1:
        head = LogisticRegression(C=alone, solver="newton-cholesky", tol=1e-8)
    else:
        few = len(rows) <= FEW
        cut, solver = (LeaveOneOut(), "newton-cholesky") if few else (StratifiedKFold(5, shuffle=True, random_state=0), "lbfgs")
        head = LogisticRegressionCV(Cs=STRENGTHS, cv=cut, scoring=_foretold, solver=solver, tol=1e-5, max_iter=2000, **_NEW)
    return expit(head.fit(rows, labels).decision_function(new))


_NEW = {"use_legacy_attributes": False} if tuple(map(int, version("scikit-learn").split(".")[:2])) >= (1, 8) else {}


def _in_their_space(rows, new):
    _, sizes, base = np.linalg.svd(rows, full_matrices=False)
    base = base[sizes > 1e-9 * sizes[0]].T
    return rows @ base, new @ base


def _foretold(head, rows, labels):
    return -np.logaddexp(0, np.where(labels == 1, -1, 1) * head.decision_function(rows)).mean()


def ours(head):
    """One of `shoulders.heads`, as an experiment asks it."""
    return lambda rows, labels, new: heads.answers(head, rows, labels, new)[0][:, 1]


HEADS = {
    "default": ours("logistic_regression"),
    "standardised": standardised,
    "length one": length_one,
    "nearest by cosine": nearest_by_cosine,
    "our neighbours": ours("nearest_neighbours"),
}
OTHERS = ("standardised", "length one", "nearest by cosine")
SURE = ("default", "standardised", "length one")
"""Of these the log loss is told."""

# ------------------------------------------------------------------------------------------------------------ pictures, draws


def parts(held, backbone):
    """Features and labels of the training and the validation part."""
    found = [features.extract(backbone, part)["hidden"] for part in (held.train, held.valid)]
    return found[0], held.train.labels, found[1], held.valid.labels


def draws(held, values, size, seeds) -> Iterator[tuple]:
    """Rows and labels to learn from, and to judge by, for each seed; the own split of all pictures once."""
    rows, labels, new, truth = values
    for seed in seeds if size != SIZES[-1] else [0]:
        if size == "all":
            yield _dealt(values, seed)
        else:
            chosen = held.train.sample(None if size == SIZES[-1] else int(size), seed)
            yield rows[chosen], labels[chosen], new, truth


def _dealt(values, seed):
    """All pictures into two parts as large as these, class by class."""
    rows, labels = np.concatenate([values[0], values[2]]), np.concatenate([values[1], values[3]])
    rng, counts = np.random.default_rng(seed), np.bincount(values[1])
    train = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[: counts[c]] for c in range(len(counts))])
    learns = np.isin(np.arange(len(labels)), train)
    return rows[learns], labels[learns], rows[~learns], labels[~learns]


def measured(held, backbone, seeds) -> Iterator[dict]:
    """A row for each number of pictures and each head: how many were right in each draw, and the mean log loss."""
    values = parts(held, backbone)
    if len(held.classes) != 2:
        raise typer.BadParameter(f"{held.name} has {len(held.classes)} classes: give sets of two.")
    for size in SIZES:
        told = {head: [] for head in HEADS}
        for rows, labels, new, truth in track(draws(held, values, size, seeds), len(seeds), f"{held.name}, {size}", "draws"):
            for head, answer in HEADS.items():
                sure = np.where(truth == 1, 1, -1) * (answer(rows.astype(float), labels, new.astype(float)) - 0.5) + 0.5
                told[head].append((int((sure > 0.5).sum()), float(-np.log(np.maximum(sure, 1e-15)).mean())))
        for head, found in told.items():
            right, losses = zip(*found)
            row = {"set": held.name, "size": size, "head": head, "n": len(truth), "right": right}
            yield row | ({"log_loss": round(float(np.mean(losses)), 4)} if head in SURE else {})


# --------------------------------------------------------------------------------------------------------------------- the page


def line(name, size, by_head) -> tuple[str, float]:
    """A line of the table, and by how much the default is ahead of the best other one, in points."""
    accuracy = {head: 100 * np.array(row["right"]) / row["n"] for head, row in by_head.items()}
    best = max(OTHERS, key=lambda head: accuracy[head].mean())
    ahead = accuracy["default"] - accuracy[best]
    low, high = comparison.interval(ahead)
    bounds = f" ({low:+.2f} to {high:+.2f})" if len(ahead) > 1 else ""
    cells = [_accuracy(by_head[head]) for head in HEADS]
    losses = " / ".join(f"{by_head[head]['log_loss']:.2f}" for head in SURE)
    told = f"{round(ahead.mean(), 9) + 0.0:+.2f}{bounds}, {best}"
    return f"| {name} | {size} | {' | '.join(cells)} | {told} | {losses} | {by_head['default']['n']} |", float(ahead.mean())


def _accuracy(row):
    share = np.array(row["right"]) / row["n"]
    bounds = comparison.interval(share) if len(share) > 1 else wilson(row["right"][0], row["n"])
    low, high = np.clip(bounds, 0, 1)
    return f"{100 * share.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})"


def page(rows, made) -> str:
    """The table, and above it where the default is furthest behind."""
    cells = {}
    for row in rows:
        cells.setdefault((row["set"], row["size"]), {})[row["head"]] = row
    lines, aheads = zip(*(line(*key, by_head) for key, by_head in cells.items()))
    draws_of = {key: ahead for key, ahead in zip(cells, aheads) if key[1] != SIZES[-1]}
    own = {key: ahead for key, ahead in zip(cells, aheads) if key[1] == SIZES[-1]}
    heading = ["set", "pictures a class", *HEADS, "default less the best other", f"log loss: {', '.join(SURE)}", "n valid"]
    return "\n".join([
        "# The default head, from one picture a class to all", "",
        f"Made by `{made['command']}`.", "",
        f"* {made['date']}. {made['machine']}. {made['versions']}. {made['draws']} draws. Features of {made['backbone']}.",
        f"* The default is {_behind(draws_of)}",
        f"* On the sets' own splits, one draw of all pictures, it is {_behind(own)}", "",
        f"| {' | '.join(heading)} |", "|" + "---|" * len(heading), *lines, "",
        "Accuracies in %, in brackets the 95 % interval of the mean over draws (of the own split: Wilson's). Differences in "
        f"points, on the same draws, from the best of {', '.join(OTHERS)}. *default*: `heads.fit(\"logistic_regression\", …)`. "
        "*standardised*: the default until now. *length one*: logistic regression on rows of length one. *our neighbours*: "
        "`heads.fit(\"nearest_neighbours\", …)`.", "",
    ])  # fmt: skip


def _behind(aheads):
    least, within = min(aheads, key=aheads.get), sum(ahead >= -0.5 for ahead in aheads.values())
    where = f"{', '.join(least)}: {aheads[least]:+.2f}"
    return f"in {within} of {len(aheads)} lines no more than 0.5 points behind the best; least in {where}."


def main(
    sets: Annotated[list[str] | None, typer.Argument(help="Sets' names, or folders of class folders.")] = None,
    backbone: Annotated[str, typer.Option(envvar="SHOULDERS_BACKBONE")] = "efficientnet_lite0",
    weights: Annotated[str, typer.Option(envvar="SHOULDERS_WEIGHTS", help="A weights file, or `random`.")] = "",
    draws: Annotated[int, typer.Option(help="How often pictures are drawn.")] = 100,
    first: Annotated[int, typer.Option(help="The first seed: others are other draws, to see what was luck.")] = 0,
    out: Annotated[Path, typer.Option(help="The page; a .json lies beside it.")] = Path("bench/results/heads.md"),
) -> None:
    """Run the bench and write its page."""
    network, rows = backbones.load(backbone, weights or None), []
    for name in sets or [name for name in SETS if datasets.find(name)]:
        rows += measured(datasets.load(name), network, range(first, first + draws))
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "torch"))
    given = {"--weights": Path(weights).name if weights else "", "--first": first or ""}
    options = "".join(f" {name} {value}" for name, value in given.items() if value)
    asked = "".join(f" {Path(name).name}" for name in sets or [])
    made = {
        "command": f"python bench/heads.py{asked} --backbone {backbone}{options} --draws {draws}", "date": str(date.today()),
        "machine": f"{devices.processor()}, {devices.device()}, {devices.precision()}",
        "versions": f"Python {platform.python_version()}, {libraries}", "draws": draws,
        "backbone": f"{network.name}, sha256 of its weights {network.digest[:12]}…",
    }  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(rows, made), encoding="utf-8")
    kept = ",\n ".join(json.dumps(row) for row in rows)
    out.with_suffix(".json").write_text(f'{{"made": {json.dumps(made)},\n"rows": [\n {kept}\n]}}\n', encoding="utf-8")
    print(page(rows, made))


if __name__ == "__main__":
    typer.run(main)
