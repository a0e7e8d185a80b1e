"""EfficientNet-Lite0 on a processor: this checkout against an older one and against the loop that a learner writes.

    python bench/engines.py [DIR] [--before CHECKOUT] [--repeats 5] [--parts pass,cold,formats]

DIR is any folder of class folders; by default the first picture set on this machine. CHECKOUT is a clone of this course, for
instance of commit c08f44a, which ran every network with PyTorch: it gets the same weights through timm. Each way has a process
of its own, and in every turn each is asked once, one after the other.

pass     pictures a second of a whole pass (decoding included), milliseconds for one picture
cold     seconds of `shoulders compare` on 48 pictures in a new process with nothing remembered
formats  what number formats bring and cost: pictures a second of the network alone, accuracy with n and interval

Tried and not taken: OpenVINO 2026.4.1 (181 MB on disk) with the same ONNX graph, LATENCY hint, batch 4, 64 pictures, four turns
beside ONNX Runtime 1.32 (two cores of an AMD EPYC): 318 to 335 pictures a second in float32, where ONNX Runtime had 341 to 369 in
the same turns; 627 to 632 in bfloat16, but then features differ by 7.5 % of the largest value, and two engines should agree
to 1e-4.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer

HERE = Path(__file__).resolve().parents[1]
NAME = "efficientnet_lite0"

# A course of any age: it knows `features.extract`, and a way to look at one picture with a network that is ready.
COURSE = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
source, weights, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
from shoulders import backbones, datasets, features
held = datasets.load(source).train
held = held.take(range(0, len(held), max(1, len(held) // count)))
if hasattr(features, "looker"):
    backbone = backbones.load("efficientnet_lite0")
    look = features.looker(backbone)
    ask = lambda path: look([path])["hidden"]
else:
    import torch
    from shoulders import cutting
    backbone = backbones.load("tf_efficientnet_lite0", weights)
    read = cutting.reader(backbone, ["hidden"])
    ask = lambda path: read(torch.stack([backbone.transform.picture(path)]))["hidden"]
features.extract(backbone, held.take(range(8)), remember=False)
for line in sys.stdin:
    started = time.perf_counter()
    if line.strip() == "pass":
        found = features.extract(backbone, held, remember=False)
        print(json.dumps(len(held) / (time.perf_counter() - started)), flush=True)
    else:
        took = []
        for path in held.paths[:40]:
            started = time.perf_counter()
            ask(path)
            took.append(time.perf_counter() - started)
        print(json.dumps(1000 * sorted(took)[len(took) // 2]), flush=True)
"""

PLAIN = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
source, weights, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
import timm, torch
from PIL import Image
from safetensors.torch import load_file
from shoulders import datasets
held = datasets.load(source).train
held = held.take(range(0, len(held), max(1, len(held) // count)))
network = timm.create_model("tf_efficientnet_lite0", num_classes=0)
network.load_state_dict({name: tensor for name, tensor in load_file(weights).items() if not name.startswith("classifier")})
network.eval()
transform = timm.data.create_transform(**timm.data.resolve_data_config(model=network))

class Set(torch.utils.data.Dataset):
    def __len__(self):
        return len(held)
    def __getitem__(self, i):
        return transform(Image.open(held.paths[i]).convert("RGB"))

for line in sys.stdin:
    started = time.perf_counter()
    with torch.no_grad():
        if line.strip() == "pass":
            for images in torch.utils.data.DataLoader(Set(), 4, num_workers=2):
                network(images)
            print(json.dumps(len(held) / (time.perf_counter() - started)), flush=True)
        else:
            took = []
            for i in range(min(40, len(held))):
                started = time.perf_counter()
                network(Set()[i][None])
                took.append(time.perf_counter() - started)
            print(json.dumps(1000 * sorted(took)[len(took) // 2]), flush=True)
"""


def child(code, checkout, source, weights, count):
    """A process that answers a line on its input with a line on its output."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", code, source, str(weights), str(count)]
    return subprocess.Popen(command, env=environment, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def asked(process, what):
    process.stdin.write(f"{what}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def passes(source, weights, before, count, repeats):
    """Turns of every way: pictures a second, and milliseconds for one."""
    ways = {"ours": child(COURSE, HERE, source, weights, count), "plain": child(PLAIN, HERE, source, weights, count)}
    if before:
        ways["before"] = child(COURSE, before, source, weights, count)
    turns = []
    for turn in range(repeats + 1):  # the first one warms up and is not counted
        row = {f"{way}, {what}": asked(process, what) for what in ("pass", "one") for way, process in ways.items()}
        print(f"turn {turn}: " + ", ".join(f"{name} {value:.1f}" for name, value in row.items()), flush=True)
        turns += [row] if turn else []
    for process in ways.values():
        process.stdin.close()
        process.wait()
    return turns


def cold(source, weights, before, repeats):
    """Seconds of a new process that compares 48 pictures and remembers nothing, in turn."""
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        small = few(source, Path(folder) / "few")
        ways = {"ours": (HERE, [])}
        if before:
            ways["before"] = (before, ["--backbone", "tf_efficientnet_lite0", "--weights", str(weights)])
        for turn in range(repeats + 1):
            row = {way: whole_process(checkout, small, options, folder) for way, (checkout, options) in ways.items()}
            print(f"cold turn {turn}: {row}", flush=True)
            turns += [row] if turn else []
    return turns


def few(source, folder, count=24):
    """24 pictures of each class, copied."""
    from shoulders import datasets

    held = datasets.load(source).train
    for c, name in enumerate(held.classes):
        (folder / name).mkdir(parents=True)
        for i in np.flatnonzero(held.labels == c)[:count]:
            shutil.copy(held.paths[i], folder / name / f"{i}{held.paths[i].suffix}")
    return folder


def whole_process(checkout, source, options, folder):
    shutil.rmtree(Path(folder) / "cache", ignore_errors=True)
    environment = {**os.environ, "PYTHONPATH": str(checkout), "SHOULDERS_CACHE": str(Path(folder) / "cache")}
    started = time.perf_counter()
    command = [sys.executable, "-m", "shoulders", "compare", str(source), *options]
    subprocess.run(command, env=environment, cwd=checkout, check=True, capture_output=True)
    return time.perf_counter() - started


SETS = ("cats_vs_dogs", "bees_vs_ants", "felt_cats_vs_dogs", "felt_bees_vs_ants")


def formats():
    """ONNX Runtime in fp32, PyTorch in fp32 and, where the hardware has it, bf16: the network's rate, the head's accuracy."""
    from shoulders import backbones, datasets, features, heads
    from shoulders.engine import onnx, pytorch
    from shoulders.results import wilson
    from shoulders.support import devices

    backbone, rows = backbones.load(NAME), []
    native = devices.precision("cpu")
    ways = [(onnx, "fp32"), (pytorch, "fp32")] + [(pytorch, "bf16")] * (native == "bf16")
    held = {name: datasets.load(name) for name in SETS if datasets.find(name)}
    serves = onnx.serves
    for by, precision in ways:
        onnx.serves = serves if by is onnx else lambda *_: False
        devices.precision = lambda on=None, precision=precision: precision
        row = {"library": by.NAME, "format": precision, "rate": rate(by, backbone)}
        for name, one in held.items():
            train, valid = (features.extract(backbone, part, remember=False)["hidden"] for part in (one.train, one.valid))
            said = heads.answers("logistic_regression", train, one.train.labels, valid)[0].argmax(1)
            right, n = int((said == one.valid.labels).sum()), len(one.valid)
            row[name] = {"right": right, "n": n, "interval": wilson(right, n)}
        print(row, flush=True)
        rows.append(row)
    return rows


def rate(by, backbone):
    """Pictures a second of the network alone, in batches that suit the library."""
    read, size = by.reader(backbone, ["hidden"]), by.BATCH
    pixels = np.random.default_rng(0).integers(0, 256, (size, 224, 224, 3), np.uint8)
    read(pixels)
    turns = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(128 // size):
            read(pixels)
        turns.append(128 // size * size / (time.perf_counter() - started))
    return {"median": median(turns), "lowest": min(turns), "highest": max(turns)}


# ------------------------------------------------------------------------------------------------------------- the page


def main(
    source: Annotated[str, typer.Argument(help="A folder of class folders, or a set's name.")] = "",
    before: Annotated[str, typer.Option(help="A clone of an older commit, for the same weights through timm.")] = "",
    pictures: Annotated[int, typer.Option(help="How many pictures a pass reads, about.")] = 240,
    repeats: Annotated[int, typer.Option(help="How many turns.")] = 5,
    parts: Annotated[str, typer.Option(help="Of pass, cold, formats.")] = "pass,cold,formats",
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = Path("bench/results/engines.md"),
) -> None:
    """Run the bench and write its page."""
    from safetensors.torch import save_file

    from shoulders import backbones, datasets

    source, asked_for = source or next(name for name in datasets.CARDS if datasets.find(name)), parts.split(",")
    found = json.loads(out.with_suffix(".json").read_text()) if out.with_suffix(".json").exists() else {}
    found["about"] = about(source, before)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "lite0.safetensors"
        save_file(backbones.load(NAME).module.state_dict(), weights)
        if "pass" in asked_for:
            found["pass"] = passes(source, weights, before, pictures, repeats)
        if "cold" in asked_for:
            found["cold"] = cold(source, weights, before, repeats)
    if "formats" in asked_for:
        found["formats"] = formats()
    out.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    out.write_text("\n".join(page(found)), encoding="utf-8")
    print("\n".join(page(found)))


def about(source, before):
    from shoulders.support import devices

    commit = ["git", "-C", before, "log", "-1", "--format=%h"]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "timm", "onnxruntime", "pillow"))
    return {
        "date": str(date.today()), "set": Path(source).name, "cores": os.cpu_count(),
        "machine": f"{devices.processor()}, {os.cpu_count()} cores; PyTorch computes in {devices.precision()} here",
        "versions": f"Python {platform.python_version()}, {libraries}",
        "before": subprocess.run(commit, capture_output=True, text=True).stdout.strip() if before else "",
    }  # fmt: skip


def ratio(turns, over, under):
    """Median, smallest and largest of the ratios turn by turn."""
    ratios = sorted(row[over] / row[under] for row in turns)
    return f"**{median(ratios):.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def spread(turns, name):
    values = sorted(row[name] for row in turns)
    return f"{median(values):.1f} ({values[0]:.1f} to {values[-1]:.1f})"


def page(found):
    told, labels = found["about"], {"ours": "ours", "plain": "plain loop (timm, DataLoader, batch 4)"}
    labels["before"] = f"commit {told['before']}"
    lines = [f"# {NAME}: engines", "", f"{told['date']}. {told['machine']}. {told['versions']}. Pictures: {told['set']}."]
    lines += ["Made by `python bench/engines.py`. Median (smallest to largest) of the turns; ratios are those of one turn.", ""]
    lines += pass_lines(found["pass"], labels) if "pass" in found else []
    lines += cold_lines(found["cold"], labels) if "cold" in found else []
    return lines + (format_lines(found["formats"]) if "formats" in found else [])


def pass_lines(turns, labels):
    ways = [way for way in labels if f"{way}, pass" in turns[0]]
    lines = [f"## A pass, and one picture ({len(turns)} turns)", ""]
    lines += ["| | pictures a second | ms for one picture |", "|---|---|---|"]
    lines += [f"| {labels[way]} | {spread(turns, f'{way}, pass')} | {spread(turns, f'{way}, one')} |" for way in ways]
    lines += [""]
    for what, words in (("pass", "Pictures a second"), ("one", "Milliseconds for one picture")):
        lines += [f"* {words}, ours to {labels[way]}: {ratio(turns, f'ours, {what}', f'{way}, {what}')}." for way in ways[1:]]
    return [*lines, ""]


def cold_lines(turns, labels):
    lines = [f"## `shoulders compare` on 48 pictures, new process, nothing remembered ({len(turns)} turns)", ""]
    lines += [f"* {labels[way]}: {spread(turns, way)} s." for way in turns[0]]
    lines += [f"* Ours to {labels['before']}: {ratio(turns, 'ours', 'before')}."] * ("before" in turns[0])
    return [*lines, ""]


def format_lines(rows):
    sets = [name for name in SETS if name in rows[0]]
    head = ["library", "format", "network alone, pictures a second", *(f"{name} (n = {rows[0][name]['n']})" for name in sets)]
    lines = ["## Number formats", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [row["library"], row["format"], format(row["rate"]["median"], ".0f"), *(share(row[name]) for name in sets)]
        lines.append(f"| {' | '.join(cells)} |")
    about = "Accuracy of the default head on hidden features, all training pictures, with its 95 % interval. int8 was not tried."
    return [*lines, "", about, ""]


def share(one):
    low, high = one["interval"]
    return f"{100 * one['right'] / one['n']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


if __name__ == "__main__":
    typer.run(main)
