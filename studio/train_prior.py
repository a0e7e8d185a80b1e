"""Train the two networks that grew up apart: `vgg16_mammals` and `vgg16_things`, five seeds each.

One command does everything, and picks up where it stopped when it is started again:

    python -m studio.train_prior                             # downloads Tiny ImageNet (237 MB)
    python -m studio.train_prior --source UNPACKED_COPY

Both have the layout of `vgg16_tiny`, 16 channels wide where that has 24, and train alike: 24 classes of Tiny ImageNet with 500
photographs each, the same epochs, sizes, rates and seeds. Only what they saw differs, so what differs afterwards comes from
that. Seed 0 ships; the others' figures stand in its card. Two networks train side by side, one thread each.
"""

import copy
import datetime
import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import typer

from studio import train_vgg16_tiny as tiny
from studio.train_vgg16_tiny import VGG, Stage

WIDTH, BATCH, SEEDS = 16, 128, (0, 1, 2, 3, 4)
STAGES = (  # an epoch is 12,000 photographs
    Stage(1, 32, (0.002, 0.02), (0.4, 1.0), 0.1),
    Stage(13, 32, (0.02, 0.012), (0.4, 1.0), 0.1),
    Stage(12, 48, (0.012, 0.004), (0.5, 1.0), 0.1),
    Stage(6, 64, (0.004, 0.0), (0.6, 1.0), 0.1),
)

# All mammals of Tiny ImageNet but two. Cougar and lion are left out because the question that this network is for is about
# big cats. House cats are in: the child of the question knows them.
MAMMALS = ["n01882714", "n02074367", "n02085620", "n02094433", "n02099601", "n02099712", "n02106662", "n02113799", "n02123045", "n02123394", "n02124075", "n02132136", "n02364673", "n02395406", "n02403003", "n02410509", "n02415577", "n02423022", "n02437312", "n02480495", "n02481823", "n02486410", "n02504458", "n02509815"]

# Things that people make, and four fruits. Broom, plunger and water jug, tractor, lawn mower and go-kart are left out, because
# questions are asked about them; clothes, buildings and scenes, because people and animals are often in the picture. The wooden
# spoon is in: one question is whether who knows a spoon learns a shovel sooner.
THINGS = ["n02814533", "n02823428", "n02909870", "n02917067", "n03085013", "n03100240", "n03179701", "n03250847", "n03400231", "n03584254", "n03670208", "n03902125", "n04070727", "n04099969", "n04133789", "n04146614", "n04259630", "n04398044", "n04507155", "n04597913", "n07747607", "n07749582", "n07753592", "n07768694"]

SOURCES = {"mammals": MAMMALS, "things": THINGS}
SEEN = {"mammals": "mammals", "things": "things and fruit"}
LEFT_OUT = {
    "mammals": "cougar and lion, because the question asked of this network is about big cats; house cats are in",
    "things": "broom, plunger, water jug, tractor, lawn mower and go-kart, because questions are asked about them; clothes, "
    "buildings and scenes, because people and animals are often in the picture",
}


def part_of(pictures, labels, ids, known):
    """(uint8 pictures (n, 64, 64, 3), classes (n,) numbered in the order of `ids`) of these classes alone."""
    numbers = torch.tensor([known.index(wnid) for wnid in ids])
    mine = torch.isin(labels, numbers).nonzero().flatten()
    place = torch.full((len(known),), -1)
    place[numbers] = torch.arange(len(ids))
    return pictures[mine], place[labels[mine]]


def steps(epochs, pictures):
    return round(epochs * pictures / BATCH)


def position(step, pictures):
    """(stage, how far through it) at a step; None when all stages are done."""
    for stage in STAGES:
        if step < steps(stage.epochs, pictures):
            return stage, step / steps(stage.epochs, pictures)
        step -= steps(stage.epochs, pictures)
    return None


class Run:
    """What must survive a restart."""

    def __init__(self, name, seed):
        self.name, self.seed, self.step, self.history, self.losses, self.seconds = name, seed, 0, [], [], 0.0
        self.net = tiny.initialise(VGG(True, WIDTH, len(SOURCES[name])), seed).to(memory_format=torch.channels_last)
        self.average, self.optimisers = copy.deepcopy(self.net), tiny.optimisers(self.net)

    def state(self):
        told = {key: vars(self)[key] for key in ("step", "history", "losses", "seconds")}
        nets = {"net": self.net.state_dict(), "average": self.average.state_dict()}
        return {**told, **nets, "optimisers": [optimiser.state_dict() for optimiser in self.optimisers]}

    def save(self, file):
        torch.save(self.state(), file.with_suffix(".part"))
        os.replace(file.with_suffix(".part"), file)

    def load(self, file):
        state = torch.load(file)
        self.net.load_state_dict(state.pop("net"))
        self.average.load_state_dict(state.pop("average"))
        for optimiser, saved in zip(self.optimisers, state.pop("optimisers")):
            optimiser.load_state_dict(saved)
        vars(self).update(state)


def batch(run, pictures, labels):
    """The pictures and classes of a step: all chance comes from the seed and the step's number, so a restart repeats it."""
    epoch, place = divmod(run.step * BATCH, len(pictures))
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(1000 * run.seed + epoch))
    index = order[place : place + BATCH]
    generator = torch.Generator().manual_seed(10**6 * (run.seed + 1) + run.step)
    stage, _ = position(run.step, len(pictures))
    return tiny.normalised(tiny.crops(pictures, index, stage.px, stage.scale, generator)), labels[index]


def train_step(run, x, y, smoothing):
    with tiny.low_precision("cpu"):
        loss = F.cross_entropy(run.net(x).float(), y, label_smoothing=smoothing)
    run.net.zero_grad(set_to_none=True)
    loss.backward()
    for optimiser in run.optimisers:
        optimiser.step()
    tiny.follow(run.average, run.net)
    return loss.item()


def finished(run, pictures):
    """The folded network of this moment."""
    settled = tiny.settle_norms(copy.deepcopy(run.average), pictures, "cpu", tiny.SETTLED_ON)
    plain = tiny.fold(settled)
    tiny.check_fold(settled, plain, pictures[:: len(pictures) // 32])
    return plain


def train(run, file, train_set, val_set, log):
    """All stages, from wherever the run stands, with a checkpoint after each epoch."""
    epoch = steps(1, len(train_set[0]))
    while at := position(run.step, len(train_set[0])):
        began, (stage, through) = time.time(), at
        tiny.set_learning_rate(run.optimisers, stage.lr[0] + through * (stage.lr[1] - stage.lr[0]))
        run.net.train()
        run.losses.append(train_step(run, *batch(run, *train_set), stage.smoothing))
        run.step, run.seconds = run.step + 1, run.seconds + time.time() - began
        if run.step % epoch == 0 or position(run.step, len(train_set[0])) is None:
            run.history.append({"epoch": run.step / epoch, "px": stage.px, "loss": round(float(np.mean(run.losses)), 4)})
            run.losses = []
            if len(run.history) % 4 == 0:
                right = tiny.right_answers(finished(run, train_set[0]), *val_set, "cpu")
                run.history[-1]["top1"] = round(right / len(val_set[0]), 4)
            run.save(file)
            log(f"{run.name} {run.seed}: {run.history[-1]}, {run.seconds:.0f} s")


def grown_up(job):
    """Train one network, or go on with it, and write it in half precision; returns (name, seed, what was measured)."""
    name, seed, source, work = job
    sets = [tiny.cached(source, work, split) for split in ("train", "val")]
    known = tiny.wnids(tiny.unpacked(source, work))
    train_set, val_set = (part_of(*pair, SOURCES[name], known) for pair in sets)
    run, checkpoint = Run(name, seed), work / f"{name}{seed}.pt"
    if checkpoint.exists():
        run.load(checkpoint)
    train(run, checkpoint, train_set, val_set, log)
    file = work / f"vgg16_{name}{seed}.safetensors"
    tiny.save_half(finished(run, train_set[0]).state_dict(), file)
    right = tiny.right_answers(tiny.load_plain(file, WIDTH, len(SOURCES[name])), *val_set, "cpu")
    top1 = tiny.measured(right, len(val_set[1]))
    return name, seed, {"seed": seed, "top1": top1, "seconds": round(run.seconds), "log": run.history}


def card(name, file, runs):
    """Everything a reader should know before using the weights, as plain data."""
    first, ids = runs[0], SOURCES[name]
    named = dict(zip(*tiny.class_names(None)))
    return {
        "name": file.stem,
        "file": file.name,
        "bytes": file.stat().st_size,
        "sha256": tiny.sha256(file),
        "architecture": f"VGG16's 13 convolutions as in vgg16_tiny, {WIDTH} channels wide where VGG16 has 64, BatchNorm folded in; "
        f"mean over positions; one linear layer ({len(ids)} x {8 * WIDTH})",
        "grew_up_with": SEEN[name],
        "width": WIDTH,
        "dtype": "float16",
        "parameters": sum(p.numel() for p in VGG(False, WIDTH, len(ids)).parameters()),
        "gmacs": round(tiny.multiply_adds(VGG(False, WIDTH, len(ids)), tiny.SIDE) / 1e9, 3),
        "input": {
            "px": tiny.SIDE,
            "mean": tiny.MEAN,
            "std": tiny.STD,
            "range": "RGB in 0..1 before mean and std",
            "interpolation": "bilinear",
            "resize": "shorter side to px, then the px x px centre",
        },
        "licence": "Apache-2.0 (weights, by this project's contributors)",
        "trained_on": f"Tiny ImageNet (Stanford CS231n): 12,000 photographs of 64 × 64 pixels, 24 classes of {SEEN[name]}",
        "left_out": LEFT_OUT[name],
        "not_for": [
            "naming what is in a photograph: it is half of an experiment, and as small as its school",
            "decisions about people, safety, medicine or anything that matters if it is wrong",
        ],
        "accuracy": [{"pictures": "Tiny ImageNet, validation, its 24 classes", "measure": "top-1", "px": tiny.SIDE, **first["top1"],
                      "chance": round(1 / len(ids), 4)}],
        "other_seeds": [{key: run[key] for key in ("seed", "top1", "seconds")} for run in runs[1:]],
        "recipe": {
            "stages": [vars(stage) for stage in STAGES],
            "batch": BATCH,
            "optimiser": "Muon for the kernels, AdamW for the rest, as in studio/train_vgg16_tiny.py",
            "augmentation": "random crop (aspect 0.87 to 1.15), mirroring",
            "average": "moving average of the weights, 0.01 a step; BatchNorm measured again on "
            f"{tiny.SETTLED_ON:,} whole training pictures",
            "chosen": "the last step, of seed 0",
        },
        "training": {"seconds": first["seconds"], "processor": tiny.processor(), "torch": torch.__version__, "log": first["log"],
                     "date": datetime.datetime.now(datetime.UTC).date().isoformat()},
        "classes": [named[wnid] for wnid in ids],
        "wnids": ids,
    }  # fmt: skip


def ship(name, runs, work, out):
    """Seed 0's weights and the card of all seeds."""
    file = out / f"vgg16_{name}.safetensors"
    tiny.save_half(tiny.load_file(work / f"vgg16_{name}0.safetensors"), file)
    file.with_suffix(".json").write_text(json.dumps(card(name, file, runs), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def log(text):
    print(datetime.datetime.now().strftime("%H:%M:%S"), text, flush=True)


def main(source: Path = None, work: Path = tiny.WORK, out: Path = tiny.OUT, jobs: int = 2):
    """Train both networks with five seeds each, measure them, write weights and cards.

    Parameters
    ----------
    source : a folder with Tiny ImageNet's train/, val/ and wnids.txt; without it the archive is downloaded
    work : where decoded pictures and checkpoints live; start the command again with the same folder to go on
    out : where the weights and the cards go
    jobs : networks that train side by side, a thread each
    """
    work.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        tiny.cached(source, work, split)  # once, before there are two of us
    wanted = [(name, seed, source, work) for seed in SEEDS for name in SOURCES]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        runs = {(name, seed): told for name, seed, told in pool.imap(grown_up, wanted, chunksize=1)}
    for name in SOURCES:
        ship(name, [runs[name, seed] for seed in SEEDS], work, out)


if __name__ == "__main__":
    typer.run(main)
