"""Near and far knowledge: networks that grew up with mammals, with things, or with nothing, at questions that none was asked.

    python -m studio.prior_grid FOLDER --photos FOLDER --tiny UNPACKED_TINY_IMAGENET

Writes data/results/studies/prior_knowledge.csv and its card. FOLDER is where studio/train_prior.py left vgg16_mammals0.safetensors
and its kin; the photographs give numbers alone. What the networks say is remembered: after an interruption only the heads are
fitted again.
"""

from __future__ import annotations

import multiprocessing
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
import typer

from shoulders import backbones, datasets, training
from shoulders.support import places
from shoulders.support.progress import track
from studio import grid

HERE = {}
"""The pictures and the networks, for the two processes that are forked from this one."""

TRAININGS, DRAWS, COUNTS = 5, 10, (5, 10, 20, None)

COLUMNS = {
    "question": "what is asked",
    "pictures": "felt, or photographs",
    "source": "what the network had seen before: mammals, things, all of Tiny ImageNet, ImageNet, nothing",
    "backbone": "the network",
    "training": "seed of the network's own training; of a network that was trained once, the number of the group of draws",
    "per_class": "training pictures of each class; all: every one",
    "draws": "drawings of these pictures, other ones for each training, the same ones for each source",
    "accuracy": "share of the validation pictures named correctly by logistic regression on the features, mean over draws",
    "n_valid": "validation pictures",
    "n_train": "training pictures in a draw",
    "classes": "number of classes",
    "largest": "accuracy of always naming the largest class",
}


@dataclass(frozen=True)
class Question:
    """Some classes of a folder of pictures; `wnids` where they have to be taken out of Tiny ImageNet first."""

    name: str
    kind: str
    folder: str
    classes: tuple[str, ...]
    wnids: tuple[str, ...] = ()


CATS = ("puma", "leopard", "cheetah")
QUESTIONS = (
    Question("puma, leopard or cheetah", "felt", "big_cats", CATS),
    Question("puma, leopard or cheetah", "photographs", "big_cats", CATS),
    Question("cat or dog", "felt", "cats_vs_dogs", ("cats", "dogs")),
    Question("cat or dog", "photographs", "cats_and_dogs_filtered", ("cats", "dogs")),
    Question("bee or ant", "felt", "bees_vs_ants", ("bees", "ants")),
    Question("bee or ant", "photographs", "hymenoptera_data", ("bees", "ants")),
    Question("spoon or shovel", "felt", "things", ("spoon", "shovel")),
    Question("boat, car or rocket", "felt", "things", ("boat", "car", "rocket")),
    Question("tractor, lawn mower or go-kart", "photographs", "tiny", ("tractor", "lawn mower", "go-kart"),
             ("n04465501", "n03649909", "n03444034")),
    Question("broom, plunger or water jug", "photographs", "tiny", ("broom", "plunger", "water jug"),
             ("n02906734", "n03970156", "n04560804")),
)  # fmt: skip


def taken_out(question, tiny, work):
    """A folder of 100 + 100 photographs of each class, copied out of Tiny ImageNet's training part."""
    home = work / question.name.replace(", ", "_").replace(" ", "_")
    for name, wnid in zip(question.classes, question.wnids):
        files = sorted((tiny / "train" / wnid / "images").glob("*.JPEG"))
        for part, some in (("train", files[:100]), ("valid", files[100:200])):
            (home / part / name).mkdir(parents=True, exist_ok=True)
            for file in some:
                shutil.copy(file, home / part / name / file.name)
    return home


def pictures(question, photos, tiny, work):
    """The question's pictures, or None where there are none of them here."""
    if question.wnids:
        return datasets.load(taken_out(question, tiny, work)) if tiny else None
    home = places.box() / "felt" if question.kind == "felt" else photos
    return datasets.load(home / question.folder, classes=list(question.classes)) if home else None


def every_network(folder):
    """(source, training, backbone) of each: five trainings where we trained, one network where others did or there is one."""
    trained = {"mammals": "vgg16_mammals", "things": "vgg16_things"}
    for training_seed in range(TRAININGS):
        for source, name in trained.items():
            yield source, training_seed, backbones.load(name, folder / f"{name}{training_seed}.safetensors")
        yield "nothing", training_seed, backbones.load("vgg16_mammals", "random", seed=training_seed)
    for source, name in (("all of Tiny ImageNet", "vgg16_tiny"), ("ImageNet", "efficientnet_lite0")):
        network = backbones.load(name)
        for group in range(TRAININGS):
            yield source, group, network


def mean(held, network, count, group):
    """The mean accuracy over the draws of a group, and what is the same in all of them."""
    seeds = range(group * DRAWS, (group + 1) * DRAWS) if count else range(1)
    runs = [training.feature_extraction(network, held, count, seed, keep=False).row() for seed in seeds]
    kept = ("n_valid", "n_train", "classes", "largest", "backbone", "per_class")
    return {name: runs[0][name] for name in kept} | {"draws": len(runs), "accuracy": sum(r["accuracy"] for r in runs) / len(runs)}


def asked(job):
    """The rows of one network at one question."""
    question, place = job
    source, seed, network = HERE["known"][place]
    told = {"question": question.name, "pictures": question.kind, "source": source, "training": seed}
    return [told | mean(HERE["held"][question], network, count, seed) for count in COUNTS]


def card(held, known, command):
    """How the table was made."""
    return grid.circumstances(command) | {
        "questions": [grid.asked(q.name, h) | {"pictures": q.kind} for q, h in held.items()],
        "networks": [{"source": source, "training": seed, "backbone": network.name, "digest": network.digest}
                     for source, seed, network in known if source in ("mammals", "things", "nothing") or seed == 0],
        "notes": [
            "Mammals and things: 24 classes of Tiny ImageNet each, trained alike (studio/train_prior.py), five times each. Nothing: "
            "the same layers with random weights.",
            "Tiny ImageNet's other classes were asked about with photographs of its training part, which neither network had seen. "
            "The network of all of Tiny ImageNet had seen them, and cougars besides: there its row is no transfer. The mammals' "
            "network had seen house cats and dogs.",
            "Of a network that was trained once, an interval knows nothing of what another training would give.",
        ],
        "columns": COLUMNS,
    }  # fmt: skip


def main(networks: Path, photos: Path = None, tiny: Path = None, out: Path = None):
    """Ask every network every question, and write the table."""
    torch.set_num_threads(1)  # of each of the two processes
    work = places.cache() / "prior_questions"
    known = list(every_network(networks))
    held = {question: pictures(question, photos, tiny, work) for question in QUESTIONS}
    held = {question: found for question, found in held.items() if found is not None}
    HERE.update(held=held, known=known)
    jobs = [(question, place) for question in held for place in range(len(known))]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        rows = [row for rows in track(pool.imap(asked, jobs), len(jobs), "Asking", "networks") for row in rows]
    path = out or places.box() / "results" / "studies" / "prior_knowledge.csv"
    command = "python -m studio.prior_grid FOLDER --photos FOLDER --tiny FOLDER"
    grid.write(path, pd.DataFrame(rows), card(held, known, command), COLUMNS)
    print(f"{len(rows)} means written to {path}")


if __name__ == "__main__":
    typer.run(main)
