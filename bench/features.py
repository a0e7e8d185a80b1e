"""Features of VGG16: ours against the loop that a learner writes, in one run, turn by turn.

    python bench/features.py [DIR] [--pictures 64] [--repeats 5] [--out bench/results/features.md]

DIR is any folder of class folders; by default the first picture set on this machine. The weights are random: speed does
not depend on them. Reported: pictures per second of each (median over the repeats), the ratio turn by turn with its
smallest and largest value, decoding and computing apart, and what share of the measured matrix-product peak is used.
"""

from __future__ import annotations

import copy
import json
import platform
import time
import warnings
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import torch
import typer

from shoulders import backbones, datasets, engine, features
from shoulders.support import devices

warnings.filterwarnings("ignore", category=FutureWarning)


@dataclass
class Learners(torch.utils.data.Dataset):
    """What a tutorial's reader writes: open, convert, the weights' own transform."""

    paths: tuple
    preset: object

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        from PIL import Image

        return self.preset(Image.open(self.paths[index]).convert("RGB"))


def plain_loop(network, card, pictures, batch_size):
    """Pictures per second of a DataLoader, fp32, and the network up to its head, on the same device."""
    from torchvision.models import get_weight

    preset = get_weight(f"{_weights_class(card.name)}.{card.weights}").transforms()
    loader = torch.utils.data.DataLoader(Learners(pictures.paths, preset), batch_size, num_workers=2)
    body = torch.nn.Sequential(network.features, network.avgpool, torch.nn.Flatten(), *list(network.classifier)[:-1])
    body = copy.deepcopy(body).to(devices.device()).eval()
    started, found = time.perf_counter(), []
    with torch.no_grad():
        for images in loader:
            found.append(body(images.to(devices.device())).cpu())
    return len(pictures) / (time.perf_counter() - started), torch.cat(found)


def _weights_class(name):
    return {"vgg16": "VGG16_Weights"}[name]


def ours(backbone, pictures):
    """Pictures per second of `features.extract`, nothing remembered, and what it gave."""
    started = time.perf_counter()
    found = features.extract(backbone, pictures, remember=False)
    return len(pictures) / (time.perf_counter() - started), torch.from_numpy(found["hidden"])


def decoding(backbone, pictures):
    """Pictures per second of decoding and cropping alone, with all threads."""
    started = time.perf_counter()
    count = sum(len(batch) for batch in features.batches(backbone.transform, pictures, False, 32, {"decode": 0.0}))
    return count / (time.perf_counter() - started)


def computing(backbone, batches=2):
    """Pictures per second of the network alone, on batches of 32 that are in memory already."""
    read = engine.reader(backbone, ["hidden"])
    images = np.random.default_rng(0).integers(0, 256, (32, backbone.transform.crop, backbone.transform.crop, 3), np.uint8)
    read(images)
    started = time.perf_counter()
    for _ in range(batches):
        read(images)
    return 32 * batches / (time.perf_counter() - started)


def matrix_peak(precision, size=4096, times=4):
    """Billions of multiply-accumulates per second of one large matrix product."""
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]
    matrix = torch.randn(size, size, device=devices.device()).to(dtype)
    matrix @ matrix
    if devices.device() == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(times):
        matrix @ matrix
    if devices.device() == "cuda":
        torch.cuda.synchronize()
    return times * size**3 / (time.perf_counter() - started) / 1e9


def main(
    source: Annotated[str, typer.Argument(help="A folder of class folders, or a set's name.")] = "",
    pictures: Annotated[int, typer.Option(help="How many pictures each turn reads.")] = 64,
    repeats: Annotated[int, typer.Option(help="How many turns.")] = 5,
    out: Annotated[Path, typer.Option(help="Where the page of results goes; a .json lies beside it.")] = Path(
        "bench/results/features.md"
    ),
) -> None:
    """Run the bench and write its page."""
    source = source or next(name for name in datasets.CARDS if datasets.find(name))
    train = datasets.load(source).train
    held = train.take(np.linspace(0, len(train) - 1, min(pictures, len(train))).astype(int))
    backbone = backbones.load("vgg16", "random")
    turns = []
    for turn in range(repeats + 1):  # the first turn warms up and is not counted
        row = {}
        row["plain, batch 4"], _ = plain_loop(backbone.module, backbone.card, held, 4)
        row["plain, batch 32"], theirs = plain_loop(backbone.module, backbone.card, held, 32)
        row["ours"], mine = ours(backbone, held)
        row["ours, decoding alone"] = decoding(backbone, held)
        row["ours, computing alone"] = computing(backbone)
        row["peak GMAC/s"] = matrix_peak(devices.precision())
        row["fp32 peak GMAC/s"] = matrix_peak("fp32")
        print(f"turn {turn}: " + ", ".join(f"{name} {value:.1f}" for name, value in row.items()), flush=True)
        turns += [row] if turn else []
    similar = torch.nn.functional.cosine_similarity(theirs, mine).min().item()
    write(out, turns, held, backbone, similar)


def write(out, turns, held, backbone, similar):
    """The page and the numbers behind it."""
    middle = {name: median(row[name] for row in turns) for name in turns[0]}
    spread = {name: (min(row[name] for row in turns), max(row[name] for row in turns)) for name in turns[0]}
    ratios = {batch: sorted(row["ours"] / row[f"plain, batch {batch}"] for row in turns) for batch in (4, 32)}
    shares = sorted(row["ours, computing alone"] * backbone.card.gmacs / row["peak GMAC/s"] for row in turns)
    machine = f"{devices.processor()}, {torch.get_num_threads()} threads, {devices.device()}, {devices.precision()}"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    rows = [
        f"| {name} | {middle[name]:.1f} | {low:.1f} to {high:.1f} |" for name, (low, high) in spread.items() if "peak" not in name
    ]
    faster = [f"* Ours against the plain loop with batch {batch} (fp32, DataLoader with two workers): {median(ratio):.1f} times "
              f"as fast ({ratio[0]:.1f} to {ratio[-1]:.1f})." for batch, ratio in ratios.items()]  # fmt: skip
    lines = [
        "# VGG16 features: ours against the plain loop", "",
        f"{date.today()}. {machine}. {versions}. {len(held)} pictures, {len(turns)} turns after one that is not counted. "
        "Made by `python bench/features.py`.", "",
        "| | pictures per second, median | smallest to largest |", "|---|---|---|", *rows, "",
        *faster,
        f"* While computing: {median(shares):.0%} ({shares[0]:.0%} to {shares[-1]:.0%}) of the measured {devices.precision()} "
        f"matrix-product peak, {middle['peak GMAC/s']:.0f} GMAC/s.",
        f"* The peak in fp32 is {middle['fp32 peak GMAC/s']:.0f} GMAC/s: the ratio of the two is what the format can bring here.",
        f"* The features agree: the smallest cosine between theirs (fp32) and ours is {similar:.4f}.", "",
    ]  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")
    out.with_suffix(".json").write_text(
        json.dumps({"machine": machine, "torch": torch.__version__, "turns": turns}, indent=1) + "\n"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    typer.run(main)
