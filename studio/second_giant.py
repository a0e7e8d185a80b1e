"""What a second giant adds: a classifier on the first one's features, phoneme strings on their own, both, and both with wrong strings.

    python -m studio.second_giant
    python -m studio.second_giant --digits spoken_digits --people FOLDER

Writes data/results/studies/voices_second.csv and the card beside it. `--people` is a folder of Spanish digits, 0 to 9, by people:
numbers alone are kept of it. `--digits`, the free spoken digits in English, finds `shoulders.heads.second.USUAL` again, on other words.
What is heard in clips that are not the box's needs hama==1.7.0. On two cores it takes about ten minutes.
"""

from __future__ import annotations

import csv
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import numpy as np
import pandas as pd
import typer

from shoulders import backbones, datasets, features, heads
from shoulders.heads import second
from shoulders.intervals import interval
from shoulders.sounds import ears, phonemes
from shoulders.support import places
from studio.grid import circumstances, write

PATH = Path("results") / "studies" / "voices_second.csv"
"""In the box."""

HEAD, COUNTS, DRAWS, FOLDS = "logistic_regression", (1, 2, 5, 10, 20), 10, 4
GIANTS = "speech_embedding", "mfcc"

CERO = ["sˈeɹo", "θˈeɹo", "sˈeɪɹoʊ", "sˈɪɹoʊ"]
"""The digit that is not among the words of the box, by hand: of Latin America, of Spain, through English sounds, read."""

DIGITS = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")

IN_ENGLISH = {
    "zero": ["zˈɪɹoʊ"], "one": ["wˈʌn"], "two": ["tˈu"], "three": ["θɹˈi"], "four": ["fˈɔɹ"], "five": ["fˈaɪv"],
    "six": ["sˈɪks"], "seven": ["sˈɛvən"], "eight": ["ˈeɪt"], "nine": ["nˈaɪn"],
}  # fmt: skip

COLUMNS = {
    "question": "what is asked",
    "giant": "the first giant",
    "clips": "training clips of each word that the classifier met, English readings; 0: none of any word",
    "draw": "seed of the clips, and of which word gets which wrong strings",
    "judged": "clips that are judged: of which engine, or by people",
    "n": "how many",
    "first": "accuracy of the classifier alone",
    "second": "accuracy of the strings alone",
    "both": "accuracy of both, the weight learned on training clips of voices that were left out",
    "both_engines": "accuracy of both, the weight learned on training clips of engines that were left out",
    "second_shuffled": "accuracy of the strings alone, every word with another word's",
    "both_shuffled": "accuracy of both with these, the weight learned anew",
    "weight": "the weight where voices were left out",
    "weight_engines": "the weight where engines were left out",
}


@dataclass(frozen=True)
class Clips:
    """Clips of some words: `table` has a row each; features by giant, and the strings' scores, lie beside it."""

    table: pd.DataFrame
    seen: dict[str, np.ndarray]
    scores: np.ndarray

    def where(self, keep):
        places_ = np.flatnonzero(keep)
        return Clips(self.table.iloc[places_].reset_index(drop=True), {g: v[places_] for g, v in self.seen.items()}, self.scores[places_])


def clips(paths, table: pd.DataFrame, words: dict) -> Clips:
    """Look at clips with every giant, and hear their phonemes. `table` has at least ``label``, each one's place among `words`."""
    digests = tuple(places.digest(path) for path in paths)
    asked = datasets.Samples(tuple(map(Path, paths)), table.label.to_numpy(), digests, tuple(words), sense="sounds")
    seen = {name: features.extract(backbones.load(name), asked)["hidden"] for name in GIANTS}
    return Clips(table, {g: np.array(v) for g, v in seen.items()}, phonemes.scores([ears.of(path) for path in paths], words))


def of_the_box(words: dict) -> Clips:
    """Every clip of the box that is one of these words; ``judged`` is who spoke it."""
    home, place = places.box() / "voices", {word: i for i, word in enumerate(words)}
    with open(home / "clips.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["word"] in place]
    table = pd.DataFrame(rows).assign(label=[place[row["word"]] for row in rows])
    table["judged"] = np.where(table.reading == "native", table.engine + ", Spanish voices", table.engine)
    return clips([home / row["file"] for row in rows], table, words)


def of_people(folder: Path, words: dict, names) -> Clips:
    """Class folders 0 to 9, or none; `names` says which word each is."""
    paths = sorted(path for path in folder.rglob("*.wav") if names[int(path.parent.name)] in words)
    labels = [list(words).index(names[int(path.parent.name)]) for path in paths]
    return clips(paths, pd.DataFrame({"label": labels, "judged": "people", "speaker": [p.stem.split("_")[1] for p in paths]}), words)


def teaches(held: Clips):
    """English readings of the training voices."""
    return (held.table.part == "train") & (held.table.reading != "native")


def drawn(labels, among, clips_: int, seed: int) -> np.ndarray:
    """Places of so many clips of each word, among those where `among` holds."""
    rng, keep = np.random.default_rng(seed), np.flatnonzero(among)
    return np.sort(np.concatenate([rng.permutation(keep[labels[keep] == c])[:clips_] for c in np.unique(labels[keep])]))


def elsewhere(classes: int, seed: int) -> np.ndarray:
    """A word for each word, never itself."""
    order = np.random.default_rng(seed).permutation(classes)
    found = np.empty(classes, int)
    found[order] = np.roll(order, 1)
    return found


def run(held: Clips, taught: np.ndarray, asked: Clips, giant: str, seed: int):
    """Teach with some of the clips, and judge by others: right or wrong of each, in every way, and the weight."""
    rows, labels, right = held.seen[giant][taught], held.table.label.to_numpy()[taught], asked.table.label.to_numpy()
    fitted = heads.fit(HEAD, rows, labels)
    groups, met = {by: held.table[by].to_numpy()[taught] for by in ("voice", "engine")}, fitted[-1].classes_
    told = {by: second.left_out(HEAD, fitted, rows, labels, names) for by, names in groups.items()}
    shuffled = elsewhere(held.scores.shape[1], seed)
    found = {"first": met[heads.probabilities(fitted, asked.seen[giant]).argmax(1)] == right, "second": asked.scores.argmax(1) == right}
    found["second_shuffled"] = asked.scores[:, shuffled].argmax(1) == right
    for name, by, columns in (("", "voice", slice(None)), ("_engines", "engine", slice(None)), ("_shuffled", "voice", shuffled)):
        learnt = second.learn(told[by], met, labels, held.scores[taught][:, columns])
        found[f"both{name}"] = second.answers(fitted, asked.seen[giant], asked.scores[:, columns], learnt).argmax(1) == right
        found[f"weight{name}"] = learnt.weight
    del found["weight_shuffled"]
    return found


def told(found: dict, asked: Clips, about: dict) -> list[dict]:
    """A row for each kind of clips, and one for all that the engines said in English."""
    about = about | {name: found.pop(name) for name in ("weight", "weight_engines")}
    right = pd.DataFrame(found).assign(judged=asked.table.judged)
    kinds = dict(list(right.groupby("judged", sort=False)))
    said = right[[kind != "people" and "Spanish" not in kind for kind in right.judged]]
    kinds |= {"all English readings": said} if len(said) else {}
    return [about | {"judged": kind, "n": len(some), **some[list(found)].mean()} for kind, some in kinds.items()]


def seen_words(held: Clips, asked: Clips, question: str, giants=GIANTS) -> list[dict]:
    """Every word met, with few clips and with many; the words that none of the clips is of are never met."""
    rows, labels = [], held.table.label.to_numpy()
    for giant in giants:
        for count in COUNTS:
            for seed in range(DRAWS):
                found = run(held, drawn(labels, teaches(held), count, seed), asked, giant, seed)
                rows += told(found, asked, {"question": question, "giant": giant, "clips": count, "draw": seed})
        print(question, giant, flush=True)
    return rows


def unseen_words(held: Clips, asked: Clips, counts=(1, 5, 20)) -> list[dict]:
    """A quarter of the words is never met: how often these are found among all, and how often the others."""
    rows, labels, right = [], held.table.label.to_numpy(), asked.table.label.to_numpy()
    for count in counts:
        for seed in range(DRAWS):
            unmet = np.random.default_rng(seed).permutation(held.scores.shape[1]) % FOLDS == 0
            found = run(held, drawn(labels, teaches(held) & ~unmet[labels], count, seed), asked, GIANTS[0], seed)
            for kind, keep in (("seven words never met", unmet[right]), ("the other words then", ~unmet[right])):
                part = {name: value[keep] if np.ndim(value) else value for name, value in found.items()}
                rows += told(part, asked.where(keep), {"question": kind, "giant": GIANTS[0], "clips": count, "draw": seed})
    return rows


def usual(digits: Path) -> dict:
    """The weight on other words: English digits, one clip of each, judged by speakers of whom there was none."""
    held = {part: of_people(digits / part, IN_ENGLISH, tuple(IN_ENGLISH)) for part in ("train", "valid")}
    labels, weights = held["train"].table.label.to_numpy(), []
    for seed in range(2 * DRAWS):
        some, other = drawn(labels, labels >= 0, 1, seed), held["valid"]
        fitted = heads.fit(HEAD, held["train"].seen[GIANTS[0]][some], labels[some])
        said = second.logarithm(heads.probabilities(fitted, other.seen[GIANTS[0]]))
        weights.append(second.weight(said, other.scores, other.table.label.to_numpy()))
    low, high = np.exp(interval(np.log(weights)))
    return {"mean": round(float(np.exp(np.mean(np.log(weights)))), 3), "low": round(low, 3), "high": round(high, 3), "draws": len(weights)}


def card(command: str, weight: dict | None) -> dict:
    """How the table was made: enough to make it again."""
    home = places.box() / "voices"
    made = {name: {"sha256": places.digest(home / name)} for name in ("clips.csv", "strings.csv", "phonemes.npz")}
    giants = [{"name": name, "digest": backbones.load(name).digest} for name in GIANTS]
    about = {"head": HEAD, "voices": made, "giants": giants, "usual_weight": second.USUAL, "usual_found_again": weight}
    return circumstances(command) | about | {"by_hand": {"cero": CERO, **IN_ENGLISH}, "columns": COLUMNS}


def main(
    people: Annotated[Optional[Path], typer.Option(metavar="FOLDER", help="Spanish digits by people, in folders 0 to 9.")] = None,  # noqa: UP045
    digits: Annotated[Optional[Path], typer.Option(metavar="FOLDER", help="Free spoken digits, with train and valid.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Another place for the table.")] = None,  # noqa: UP045
) -> None:
    """Run the study and write it."""
    every = phonemes.strings()
    held = of_the_box(every)
    asked = held.where(held.table.part == "valid")
    rows = seen_words(held, asked, "28 words") + unseen_words(held, asked)
    if people:
        for names in (DIGITS[1:], DIGITS):
            words = {word: every.get(word, CERO) for word in names}
            question = "nine digits" if len(names) == 9 else "ten digits, cero never met"
            rows += seen_words(of_the_box(words), of_people(people, words, DIGITS), question, GIANTS[:1])
        rows += seen_words(held, of_people(people, every, DIGITS), "28 words, of which nine are said", GIANTS[:1])
    path = out or places.box() / PATH
    write(path, pd.DataFrame(rows), card(_command(), usual(digits) if digits else None), COLUMNS)
    print(summary(pd.DataFrame(rows)).to_string())


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Means over draws, with the 95 % interval of `both`."""
    ways = table.groupby(["question", "giant", "judged", "clips"], sort=False)
    means = ways[["n", "first", "second", "both", "both_engines", "second_shuffled", "both_shuffled", "weight"]].mean()
    bounds = ways.both.apply(lambda values: interval(values))
    return means.assign(low=[low for low, _ in bounds], high=[high for _, high in bounds]).round(3)


def _command():
    """As it was typed, but folders of this machine are left out."""
    return shlex.join(["python", "-m", "studio.second_giant", *(Path(word).name if "/" in word else word for word in sys.argv[1:])])


if __name__ == "__main__":
    typer.run(main)
