"""Do scores foretell which giant will do best? Every giant at every question: scores first, then what training really gives.

    python -m studio.foretelling
    python -m studio.foretelling --photographs FOLDER --mobilenet FILE

Writes data/results/studies/foretelling.csv and the card beside it, whole or not at all: numbers only, no pictures. What was run
is remembered: after an interruption the same command goes on where it stopped. On one core it takes about twenty minutes.
`--only QUESTION`, which may be given several times, asks these alone.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, NamedTuple, Optional

import pandas as pd
import typer

from shoulders import backbones, comparison, datasets, features, transferability
from shoulders.support import devices, places
from studio.grid import asked, circumstances, write

DRAWS, FEW, PER_CLASS = 5, 10, (5, 20)
"""Draws of pictures; pictures of each class that a score sees; pictures of each class that a head learns from, beside all."""

PATH = Path("results") / "studies" / "foretelling.csv"
"""In the box."""


class Question(NamedTuple):
    name: str
    kind: str
    source: str | Path
    how: dict


FELT = (
    ("cats or dogs", "felt_cats_vs_dogs", {}),
    ("bees or ants", "felt_bees_vs_ants", {}),
    ("big cats", "felt_big_cats", {}),
    ("hand signs", "felt_hand_signs", {}),
    ("spoon or shovel", "shelf", {"classes": ["spoon", "shovel"]}),
    ("vehicles", "shelf", {"classes": ["boat", "car", "motorbike", "rocket"]}),
    ("animals", "shelf", {"classes": ["bat", "bird", "butterfly", "fish", "snail", "spider"]}),
    ("household", "shelf", {"classes": ["ball", "guitar", "house", "mug", "mushroom", "piano", "strawberry", "teddy_bear", "tree"]}),
)
"""Name, set, and how it is loaded. The shelf makes four questions that share no picture."""

PHOTOGRAPHS = (
    ("cats or dogs, photographs", "cats_and_dogs_filtered", {}),
    ("bees or ants, photographs", "hymenoptera_data", {}),
    ("big cats, photographs", "big_cats", {"classes": ["cheetah", "leopard", "puma"]}),
    ("hand signs, photographs", "sign_language_digits", {}),
    ("skin, photographs", "skin_lesions", {}),
    ("buttons and boxes, drawn by hand", "ui_sketches/crops", {}),
)

COLUMNS = {
    "question": "what is asked",
    "kind": "felt: renderings of this course; photographs: pictures of others, of which only numbers are here",
    "classes": "number of classes",
    "n_train": "training pictures",
    "n_valid": "validation pictures",
    "giant": "the network, cut before its head",
    "gmacs": "billions of multiplications for one picture",
    "seed": "of the draw",
    **dict.fromkeys(transferability.CHOICES, f"score, on {FEW} training pictures of each class, drawn by the seed"),
    **{f"accuracy_{n}": f"of the head on {n} training pictures of each class, drawn by the same seed" for n in PER_CLASS},
    "accuracy_all": "of the head on all training pictures: the same in every draw",
}


def questions(photographs: Path | None = None) -> list[Question]:
    """Those of the box, and of a folder with photographs."""
    shelf = {"valid_fraction": 0.4}  # 24 pictures of each class: ten for the scores, and some to judge by
    box = places.box() / "felt"
    found = [Question(name, "felt", *((box / one, how | shelf) if one == "shelf" else (one, how))) for name, one, how in FELT]
    return found + [Question(name, "photographs", photographs / one, how) for name, one, how in PHOTOGRAPHS if photographs]


def giants(mobilenet: Path | None = None) -> dict[str, backbones.Backbone]:
    """Learnt weights of every source that is here, and random ones of two layouts."""
    names = "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "vgg16_tiny", "vgg16_mammals", "vgg16_things"
    found = {name: backbones.load(name) for name in names}
    if mobilenet:
        found["mobilenet_v2"] = backbones.load("mobilenet_v2", mobilenet)
    return found | {f"{name}, random": backbones.load(name, "random") for name in ("vgg16_tiny", "efficientnet_lite0")}


def rows(question: Question, held, networks) -> pd.DataFrame:
    """A row for each giant and draw: what was promised, and what came out."""
    about = {"question": question.name, "kind": question.kind, "classes": len(held.classes)}
    about |= {"n_train": len(held.train), "n_valid": len(held.valid)}
    found = []
    for name, network in networks.items():
        about |= {"giant": name, "gmacs": network.card.gmacs}
        found.append(_promised(held.train, network).merge(_came_out(held, network), on="seed").assign(**about))
    return pd.concat(found)[list(COLUMNS)]


def _promised(train, network):
    """As `transferability.foretell` gives it, from one look at all pictures instead of one for each draw."""
    seen = features.extract(network, train, ["hidden", "classes"])
    draws = [train.sample(FEW, seed) for seed in range(DRAWS)]
    told = [transferability.promises(seen["hidden"][few], seen["classes"][few], train.labels[few]) for few in draws]
    return pd.DataFrame(told).assign(seed=range(DRAWS))


def _came_out(held, network):
    few = comparison.rows(held, network, per_class=PER_CLASS, seeds=DRAWS)
    (whole,) = comparison.rows(held, network)
    table = pd.DataFrame(few).pivot(index="seed", columns="per_class", values="accuracy")
    table.columns = [f"accuracy_{n}" for n in table.columns]
    return table.reset_index().assign(accuracy_all=whole["accuracy"])


def card(held, networks, command: str) -> dict:
    """How the table was made: enough to make it again."""
    return circumstances(command) | {
        "head": "logistic_regression",
        "scores_on": FEW,
        "draws": DRAWS,
        "questions": [asked(name, one) for name, one in held.items()],
        "giants": [{"name": name, "file": Path(one.source).name, "digest": one.digest} for name, one in networks.items()],
        "columns": COLUMNS,
    }


def main(
    photographs: Annotated[Optional[Path], typer.Option(metavar="FOLDER", help="That holds sets of photographs.")] = None,  # noqa: UP045
    mobilenet: Annotated[Optional[Path], typer.Option(metavar="FILE", help="ImageNet weights of mobilenet_v2.")] = None,  # noqa: UP045
    only: Annotated[Optional[list[str]], typer.Option(metavar="QUESTION", help="May be given several times; else all.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Another place for the table.")] = None,  # noqa: UP045
) -> None:
    """Run the study and write it."""
    if strange := set(only or ()) - {one.name for one in questions(photographs)}:
        raise typer.BadParameter(f"No question is called {', '.join(strange)}.")
    devices.precision = lambda on=None: "fp32"  # most readers' processors are fastest with it
    networks, found, held = giants(mobilenet), [], {}
    for question in (one for one in questions(photographs) if not only or one.name in only):
        held[question.name] = datasets.load(question.source, **question.how)
        found.append(rows(question, held[question.name], networks))
        print(question.name, len(held[question.name].train), len(held[question.name].valid), flush=True)
    table = pd.concat(found, ignore_index=True)
    path = out or places.box() / PATH
    write(path, table, card(held, networks, _command()), COLUMNS)
    print(f"{len(table)} rows written to {path}")


def _command():
    """As it was typed, but folders of this machine are left out."""
    words = [Path(word).name if "/" in word else word for word in sys.argv[1:]]
    return shlex.join(["python", "-m", "studio.foretelling", *words])


if __name__ == "__main__":
    typer.run(main)
