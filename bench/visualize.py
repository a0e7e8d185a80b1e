"""Looking into a network: ours against captum, in one run, turn by turn.

    python bench/visualize.py [--repeats 5] [--out bench/results/visualize.md]

Weights are random where speed does not depend on them. Compared: covering a picture window by window, with captum's Occlusion
as it comes and with the batch that is fastest for it here; nine projections of one map in one call, with nine calls of
captum's NeuronDeconvolution; memory and time of a search for the nine best pictures. Every comparison says how far the two
answers are apart.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import torch
import typer
from captum import attr
from PIL import Image

from shoulders import backbones, visualize
from shoulders.support import devices
from shoulders.visualize.machinery import networks, walk

warnings.filterwarnings("ignore")

COVERED = (  # network, window, step, layer that ours watches too
    ("vgg16_tiny", 16, 8, "features.29"),
    ("vgg16_tiny", 8, 8, "features.29"),
    ("vgg16", 32, 32, "features.29"),
    ("vgg16", 16, 16, "features.29"),
    ("alexnet", 32, 16, "features.11"),
    ("alexnet", 16, 16, "features.11"),
    ("resnet18", 32, 32, "layer4"),
)
PROJECTED = (
    ("vgg16_tiny", "features.8"), ("vgg16_tiny", "features.15"), ("vgg16_tiny", "features.29"),
    ("vgg16", "features.8"), ("vgg16", "features.15"), ("vgg16", "features.22"), ("vgg16", "features.29"),
    ("alexnet", "features.4"), ("alexnet", "features.11"), ("resnet18", "layer2"),
)  # fmt: skip
AT_ONCE = (4, 16, 64)
"""Windows at once, of which the fastest is captum's best here."""

SEARCHED = (250, 1000)
MAP = 7


def timed(work):
    """Seconds, and what the work gave."""
    started = time.perf_counter()
    found = work()
    if devices.device() == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, found


def loaded(name):
    return backbones.load(name, None if name == "vgg16_tiny" else "random")


def noise(backbone, n):
    """Pictures of noise, normalised."""
    side = backbone.transform.crop
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(0))


# ------------------------------------------------------------------------------------------------------------- covering


def captums_map(module, image, target, patch, stride, at_once):
    """What each pixel's windows take from a class's probability."""
    shares = lambda images: module(images).softmax(1)  # noqa: E731
    with torch.no_grad():
        return attr.Occlusion(shares).attribute(
            image, (3, patch, patch), (3, stride, stride), target=target, perturbations_per_eval=at_once
        )[0, 0]


def covering(name, patch, stride, layer, repeats):
    """Seconds of ours, of captum as it comes, and of captum at its best, turn by turn."""
    backbone = loaded(name)
    image, module = noise(backbone, 1).to(devices.device()), networks.quiet_copy(backbone)
    ours = lambda: visualize.occlusion(backbone, image, layer, patch=patch, stride=stride)  # noqa: E731
    found = ours()
    theirs = lambda at_once: captums_map(module, image, found.target, patch, stride, at_once)  # noqa: E731
    best = min(AT_ONCE, key=lambda at_once: timed(lambda: theirs(at_once))[0])
    rows = []
    for _ in range(repeats):
        seconds, found = timed(ours)
        row = {"ours": seconds, "captum as it comes": timed(lambda: theirs(1))[0]}
        row["captum at its best"], other = timed(lambda: theirs(best))
        rows.append(row)
    apart = (found.spread(found.whole_probability - found.probability) - other.cpu()).abs().max().item()
    about = {"network": name, "patch": patch, "stride": stride, "windows": len(found.boxes)}
    return {**about, "best": best, "apart": apart, "turns": rows}


# ----------------------------------------------------------------------------------------------------------- projecting


def captums_projections(module, images, layer, places):
    """Nine calls, each for one activation."""
    part = module.get_submodule(layer)
    return torch.cat([
        attr.NeuronDeconvolution(module, part).attribute(image[None].requires_grad_(), (MAP, *place))
        for image, place in zip(images, places)
    ])  # fmt: skip


@torch.no_grad()
def active(maps):
    """A place of each map (n, rows, columns), drawn at random among those where it answers; among all, where it is silent."""
    shares = (maps > 0).flatten(1).float() + 1e-9
    drawn = torch.multinomial(shares, 1, generator=torch.Generator().manual_seed(0))[:, 0]
    return torch.stack([drawn // maps.shape[2], drawn % maps.shape[2]], 1)


def projecting(name, layer, repeats):
    """Seconds of nine projections at given places: ours in one call, captum's in nine."""
    backbone = loaded(name)
    images, module = noise(backbone, 9).to(devices.device()), networks.quiet_copy(backbone)
    places = active(walk.forward(module, images.to(devices.device()), layer)[0][:, MAP].cpu())
    ours = lambda: visualize.project(backbone, images, layer, MAP, positions=places)  # noqa: E731
    theirs = lambda: captums_projections(module, images, layer, places.tolist())  # noqa: E731
    ours(), theirs()  # the first turn warms up and is not counted
    rows = []
    for _ in range(repeats):
        seconds, found = timed(ours)
        others, other = timed(theirs)
        rows.append({"ours": seconds, "captum": others})
    expected = found.values[:, None, None, None] * other.detach().cpu()
    apart = ((found.pixels - expected).abs().max() / expected.abs().max().clamp(min=1e-30)).item()
    return {"network": name, "layer": layer, "apart": apart, "turns": rows}


# ------------------------------------------------------------------------------------------------------------ searching


SEARCH = """
import sys, time
from pathlib import Path
import numpy as np
from shoulders import backbones, datasets, visualize
held = datasets.load(sys.argv[1], valid_fraction=0.01).train
held = held.take(range(int(sys.argv[2])))
backbone = backbones.load("vgg16_tiny")
visualize.top_activations(backbone, held.take(range(64)), "features.22")
started = time.perf_counter()
visualize.top_activations(backbone, held, "features.22")
seconds = time.perf_counter() - started
status = Path("/proc/self/status")  # getrusage would tell the peak of the parent, too, if that was higher
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: nan kB"]
print(seconds, next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")))
"""


def painted(folder, count):
    """Photograph-sized pictures of coarse noise, in two classes."""
    rng = np.random.default_rng(0)
    for i in range(count):
        path = folder / f"{'ab'[i % 2]}" / f"{i:05}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((640, 480)).save(path)


def searching(folder, count):
    """Seconds and peak memory (MiB) of a search in a process of its own."""
    done = subprocess.run([sys.executable, "-c", SEARCH, folder, str(count)], stdout=subprocess.PIPE, text=True, check=True)
    seconds, peak = map(float, done.stdout.split()[-2:])
    return {"pictures": count, "seconds": seconds, "peak": peak}


# -------------------------------------------------------------------------------------------------------------- the page


def ratio(rows, other, ours="ours"):
    """How many times as fast ours is, turn by turn: median, smallest, largest."""
    found = sorted(row[other] / row[ours] for row in rows)
    return f"{median(found):.1f} ({found[0]:.1f} to {found[-1]:.1f})"


def middle(rows, name):
    return f"{median(row[name] for row in rows):.3f}"


def page(covered, projected, searched, repeats):
    """The lines of the page of results."""
    machine = f"{devices.processor()}, {torch.get_num_threads()} threads, {devices.device()}"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, captum {version('captum')}"
    lines = [
        "# Looking into a network: ours against captum", "",
        f"{date.today()}. {machine}. {versions}. float32. {repeats} turns after one that is not counted; seconds are medians, "
        "ratios are taken turn by turn: median (smallest to largest). Made by `python bench/visualize.py`.", "",
        "## Covering a picture, window by window", "",
        "Ours gives the probability of a class, the likeliest class, the activity of a layer's strongest map and its projection; "
        "captum gives the probability.", "",
        "| network | window, step | windows | ours, s | captum as it comes, s | captum at its best, s | times as fast | "
        "as its best | apart |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for one in covered:
        turns = one["turns"]
        lines.append(
            f"| {one['network']} | {one['patch']}, {one['stride']} | {one['windows']} | {middle(turns, 'ours')} | "
            f"{middle(turns, 'captum as it comes')} | {middle(turns, 'captum at its best')} ({one['best']} at once) | "
            f"{ratio(turns, 'captum as it comes')} | {ratio(turns, 'captum at its best')} | {one['apart']:.0e} |"
        )
    lines += ["", "## Nine projections of one map, at given places", ""]
    lines += ["The places are drawn at random where the map answers.", ""]
    lines += [
        "| network | layer | ours, s | captum, s | times as fast | apart, of the largest value |",
        "|---|---|---|---|---|---|",
    ]
    for one in projected:
        turns = one["turns"]
        lines.append(
            f"| {one['network']} | {one['layer']} | {middle(turns, 'ours')} | {middle(turns, 'captum')} | "
            f"{ratio(turns, 'captum')} | {one['apart']:.0e} |"
        )
    lines += ["", "## The nine best pictures of each of 192 maps (vgg16_tiny, features.22)", ""]
    lines += ["| pictures | seconds | peak memory of the process, MiB |", "|---|---|---|"]
    lines += [f"| {one['pictures']} | {one['seconds']:.1f} | {one['peak']:.0f} |" for one in searched]
    return [*lines, ""]


def main(
    repeats: Annotated[int, typer.Option(help="How many turns.")] = 5,
    only: Annotated[str, typer.Option(help="Networks, with commas between; all by default.")] = "",
    out: Annotated[Path, typer.Option(help="Where the page of results goes; a .json lies beside it.")] = Path(
        "bench/results/visualize.md"
    ),
) -> None:
    """Run the bench and write its page."""
    wanted = only.split(",") if only else [name for name, *_ in COVERED]
    covered = [covering(*one, repeats) for one in COVERED if one[0] in wanted]
    projected = [projecting(name, layer, repeats) for name, layer in PROJECTED if name in wanted]
    with tempfile.TemporaryDirectory() as folder:
        painted(Path(folder), round(1.05 * max(SEARCHED)))
        searched = [searching(folder, count) for count in SEARCHED]
    lines = page(covered, projected, searched, repeats)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")
    found = {"covered": covered, "projected": projected, "searched": searched, "torch": torch.__version__}
    out.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    typer.run(main)
