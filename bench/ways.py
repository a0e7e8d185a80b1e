"""Three ways to bees and ants, side by side: the PyTorch tutorial's loop, fastai, scikit-learn on features, ours.

    python bench/ways.py [DIR] [--backbone NAME] [--weights FILE] [--parts ours,epoch,fastai,tutorial,page]

DIR is any folder of class folders; by default the felt bees and ants. Every way sees the same pictures, the same split, the
same backbone and as many threads, each in a process of its own. The tutorial's loop (batches of 4, 25 epochs, SGD with a rate
of 1e-3 and momentum 0.9, a tenth of it every 7 epochs, crops and mirrors drawn anew) also runs with ResNet18, which the
tutorial uses: with its published weights where they are on this machine, else with random ones, for the time alone.

Parts can run one by one, and the rows are collected in ways.json beside the page; a row that is measured again replaces
the old one. `page` writes ways.md and ways.svg from what is there. Reported: seconds to the first result with nothing
remembered, seconds of the next experiment, accuracy over resplits of all pictures, peak memory, pictures decoded and looked
at per second, and an epoch of fine-tuning against fastai's.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import product
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import typer

warnings.filterwarnings("ignore", category=FutureWarning)

EPOCHS = 25
"""Of the tutorial. Where fewer were run, the page says that the rest is extrapolated."""

LEAST = 128
"""Pictures in an epoch of ours (`shoulders.views.LEAST`, which would import torch): for epochs of equal length, have as many."""

PARTS = ("ours", "epoch", "fastai", "tutorial", "page")

# ------------------------------------------------------------------------------------------------ pictures, the same for all


def parts_of(held, split):
    """Positions of training and validation pictures among all: split 0 is the set's own, the others are drawn anew."""
    import numpy as np

    count, labels = len(held.train), np.concatenate([held.train.labels, held.valid.labels])
    if split == 0:
        return np.arange(count), np.arange(count, len(labels))
    rng, train = np.random.default_rng(split), []
    for c, size in enumerate(np.bincount(held.train.labels)):
        train.append(rng.permutation(np.flatnonzero(labels == c))[:size])
    train = np.sort(np.concatenate(train))
    return train, np.setdiff1d(np.arange(len(labels)), train)


def pooled(held):
    """Training and validation pictures in one."""
    import numpy as np

    both = held.train, held.valid
    return replace(
        held.train,
        paths=held.train.paths + held.valid.paths,
        digests=held.train.digests + held.valid.digests,
        labels=np.concatenate([part.labels for part in both]),
    )


def loaded(task):
    """The set, divided as the task says, and the backbone."""
    from shoulders import backbones, datasets

    held = datasets.load(task["source"])
    train, valid = parts_of(held, task.get("split", 0))
    everything = pooled(held)
    held = replace(held, train=everything.take(train), valid=everything.take(valid))
    return held, backbones.load(task["backbone"], task["weights"])


def woken(task, backbone, held):
    """Wake BatchNorm that was folded into its convolution, which left mean 0 and variance 1: measure both on training pictures.

    Weight and bias make up for it: in eval mode the network says what it said, and in train mode BatchNorm works as it does
    with weights that were never folded. Returns the seconds that it took.
    """
    import torch
    from torch import nn

    from shoulders import cutting

    started = time.perf_counter()
    norms = [layer for layer in backbone.module.modules() if isinstance(layer, nn.BatchNorm2d)]
    lived_in = any((layer.running_var != 1).any() or layer.running_mean.any() for layer in norms)
    if not norms or lived_in or named(task["weights"]) == "random":
        return 0.0
    seen = {layer: [] for layer in norms}

    def note(layer, inputs):
        seen[layer].append((inputs[0].mean((0, 2, 3)), inputs[0].square().mean((0, 2, 3))))

    with cutting.hooked((layer.register_forward_pre_hook, note) for layer in norms), torch.inference_mode():
        for paths in torch.arange(len(held.train)).split(32):
            images = torch.stack([backbone.transform.picture(held.train.paths[i]) for i in paths])
            backbone.module.eval()(backbone.transform.batch(images))
    with torch.no_grad():
        for layer, parts in seen.items():
            mean, square = (torch.stack(part).mean(0).clone() for part in zip(*parts))
            layer.running_mean.copy_(mean)
            layer.running_var.copy_((square - mean**2).clamp(min=0))
            layer.bias.add_(layer.weight * mean)
            layer.weight.mul_((layer.running_var + layer.eps).sqrt())
    return time.perf_counter() - started


def now():
    """Seconds, once the GPU has done what it was told."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


# ------------------------------------------------------------------------------------------------------ the tutorial's loop


def tutorial(task):
    """Fixed extractor or fine-tuning, every epoch with the whole network, BatchNorm in training mode."""
    import torch
    from torch import nn

    from shoulders.support import devices

    held, backbone = loaded(task)
    apart = woken(task, backbone, held)
    torch.manual_seed(task["split"])
    network, learning = _new_head(backbone.module, len(held.classes), task["fixed"])
    network.to(devices.device())
    loaders = _tutorial_loaders(held, backbone.transform)
    optimiser = torch.optim.SGD(learning, lr=1e-3, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=7, gamma=0.1)
    started, seconds, accuracies = now(), [], []
    for _ in range(task["epochs"]):
        begun = now()
        _train(network, loaders["train"], optimiser, nn.CrossEntropyLoss())
        schedule.step()
        accuracies.append(_accuracy(network, loaders["valid"]))
        seconds.append(now() - begun)
    told = {"accuracy": accuracies[-1], "best": max(accuracies), "n": len(held.valid)}
    return {"train": now() - started, "epoch_seconds": seconds, "epochs": task["epochs"], "apart": apart, **told}


def _new_head(network, classes, fixed):
    """The last linear layer made anew; the parameters that learn."""
    from torch import nn

    network.requires_grad_(not fixed)
    name, old = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Linear)][-1]
    network.set_submodule(name, nn.Linear(old.in_features, classes))
    return network, [parameter for parameter in network.parameters() if parameter.requires_grad]


def _tutorial_loaders(held, transform):
    from torch.utils.data import DataLoader
    from torchvision import transforms

    last = [transforms.ToTensor(), transforms.Normalize(transform.mean, transform.std)]
    ways = {
        "train": [transforms.RandomResizedCrop(transform.crop), transforms.RandomHorizontalFlip(), *last],
        "valid": [transforms.Resize(transform.resize), transforms.CenterCrop(transform.crop), *last],
    }
    workers = min(4, os.cpu_count())
    return {
        part: DataLoader(_Opened(getattr(held, part), transforms.Compose(way)), 4, shuffle=True, num_workers=workers)
        for part, way in ways.items()
    }


class _Opened:
    """A dataset as torch wants it."""

    def __init__(self, pictures, transform):
        self.pictures, self.transform = pictures, transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        from PIL import Image

        image = Image.open(self.pictures.paths[index]).convert("RGB")
        return self.transform(image), int(self.pictures.labels[index])


def _train(network, loader, optimiser, criterion):
    device = next(network.parameters()).device
    network.train()
    for images, labels in loader:
        optimiser.zero_grad()
        criterion(network(images.to(device)), labels.to(device)).backward()
        optimiser.step()


def _accuracy(network, loader):
    import torch

    device, right = next(network.parameters()).device, 0
    network.eval()
    with torch.no_grad():
        for images, labels in loader:
            right += (network(images.to(device)).argmax(1).cpu() == labels).sum().item()
    return right / len(loader.dataset)


# ------------------------------------------------------------------------------------------------------------------- fastai


def fastai_loaders(held, transform, batch_size):
    """fastai's ``ImageDataLoaders``: its own decoding, workers and order; the pictures and the split are ours."""
    from fastai.vision.all import CategoryBlock, DataBlock, ImageBlock, ImageDataLoaders, IndexSplitter, Normalize, Resize

    everything, count = pooled(held), len(held.train)
    names = [held.classes[label] for label in everything.labels]
    block = DataBlock(
        (ImageBlock, CategoryBlock(vocab=list(held.classes))),
        get_x=partial(_at, everything.paths),  # workers that are started anew get no lambda
        get_y=partial(_at, names),
        splitter=IndexSplitter(range(count, len(everything))),
        item_tfms=Resize(transform.crop),
        batch_tfms=Normalize.from_stats(transform.mean, transform.std),
    )
    return ImageDataLoaders.from_dblock(block, range(len(everything)), bs=batch_size)


def _at(rows, position):
    return rows[position]


def fastai_one_line(task):
    """``vision_learner(...).fine_tune(1)``, with the weights of the backbone instead of a download."""
    from fastai.vision.all import accuracy, set_seed, vision_learner
    from torch import nn

    held, backbone = loaded(task)
    apart = woken(task, backbone, held)
    set_seed(task["split"])
    loaders = fastai_loaders(held, backbone.transform, 64)

    def layout(pretrained):
        """fastai cuts a network before its last pooling; some networks keep theirs in `forward`."""
        whole = backbone.module
        maps = whole.features if hasattr(whole, "features") else nn.Sequential(*list(whole.children())[:-2])
        return nn.Sequential(maps, nn.AdaptiveAvgPool2d(1))

    started = now()
    learner = vision_learner(loaders, layout, normalize=False, metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(1)
    found = {"train": now() - started, "accuracy": learner.recorder.values[-1][-1], "n": len(held.valid)}
    return {"apart": apart, **found}


# --------------------------------------------------------------------------------------------------------------------- ours


def ours(task):
    """Experiments in one process, heads on features over the resplits, and pictures per second."""
    held, backbone = loaded(task)
    rows = [{"way": "ours, n-th experiment", **following(backbone, held, task["times"])}]
    rows += on_features(backbone, held, task["splits"])
    return [*rows, {"way": "rates", **rates(backbone, held)}]


def following(backbone, held, times):
    """Seconds of experiments after the first."""
    from shoulders import training

    training.feature_extraction(backbone, held)
    seconds = []
    for seed in range(1, times + 1):
        started = now()
        training.feature_extraction(backbone, held, seed=seed)
        seconds.append(now() - started)
    return {"train": median(seconds), "all_seconds": seconds}


def on_features(backbone, held, splits):
    """Our head and scikit-learn's on the same rows: seconds to fit, and accuracy."""
    import numpy as np

    from shoulders import features, heads

    values = np.concatenate([features.extract(backbone, part)["hidden"] for part in (held.train, held.valid)])
    labels = pooled(held).labels
    fits = {
        "ours": partial(heads.fit, "logistic_regression"),
        "scikit-learn": _by_sklearn,
        "scikit-learn, five folds": _by_search,
    }
    for split, (way, fit) in product(range(splits), fits.items()):
        train, valid = parts_of(held, split)
        started = now()
        right = fit(values[train], labels[train], split).predict(values[valid]) == labels[valid]
        seconds = now() - started
        yield {"way": f"{way}, on features", "split": split, "train": seconds, "accuracy": float(right.mean()), "n": len(valid)}


def _by_sklearn(features, labels, _):
    """As a learner writes it: the defaults, after scaling."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(features, labels)


def _by_search(features, labels, seed):
    """The referee: the same scale and strengths, by scikit-learn's solver, asked to go on to the minimum, and search."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline

    from shoulders import heads
    from shoulders.heads import logistic

    pipeline = make_pipeline(*heads.scalers(), LogisticRegression(max_iter=10_000, tol=1e-7))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    search = GridSearchCV(pipeline, {"logisticregression__C": logistic.STRENGTHS}, scoring="neg_log_loss", cv=folds)
    return search.fit(features.astype(float), labels)


def rates(backbone, held):
    """Pictures per second, decoding and looking apart; the median of three turns."""
    from features import computing, decoding  # bench/features.py

    everything = pooled(held)
    return {
        "decoded_per_second": median(decoding(backbone, everything) for _ in range(3)),
        "looked_at_per_second": median(computing(backbone, 4) for _ in range(3)),
    }


def epochs(task):
    """Fine-tuning, ours and fastai's turn by turn: the same blocks, rates and epochs; the seed draws head and order."""
    held, backbone = loaded(task)
    ways = {"ours": our_fine_tune, **{f"fastai, batch {n}": partial(fastai_fine_tune, batch=n) for n in (32, 64)}}
    for seed, (way, tune) in product(range(task["seeds"]), ways.items()):
        yield {"way": f"fine-tuning, {way}", "turn": seed, "pictures": len(held.train), **tune(held, backbone, seed)}


def our_fine_tune(held, backbone, seed):
    """Every turn as in a new process: what an earlier one has seen is let go."""
    from shoulders import training, views

    views._KEPT.clear()
    found = training.fine_tune(backbone, held, seed=seed)
    seconds = {"seconds": found.seconds["total"], "epoch": found.seconds["train"] / len(found.history)}
    return seconds | {"accuracy": found.accuracy, "n": len(held.valid)}


def fastai_fine_tune(held, backbone, seed, batch, blocks=2, head_epochs=2, full_epochs=4, rate=2e-3):
    """The defaults of `shoulders.training.fine_tune` with fastai's own loaders and Learner, in fp32."""
    from fastai.vision.all import CrossEntropyLossFlat, Learner, accuracy, set_seed
    from torch import nn

    from shoulders import cutting

    started = now()
    set_seed(seed)
    body = cutting.freeze(cutting.decapitate(backbone))
    learning = [[body.network.get_submodule(name) for name in group] for group in cutting.blocks(body.network)[-blocks:]]
    model = nn.Sequential(body, nn.Linear(body.out_features, len(held.classes)))
    groups = [[p for layer in group for p in layer.parameters()] for group in learning] + [list(model[1].parameters())]
    loaders = fastai_loaders(held, backbone.transform, batch)
    learner = Learner(
        loaders, model.to(loaders.device), CrossEntropyLossFlat(), metrics=accuracy, train_bn=False, splitter=lambda _: groups
    )  # fmt: skip
    with learner.no_bar(), learner.no_logging():
        fitting = now()
        learner.fit_one_cycle(head_epochs, rate)
        for parameter in (parameter for group in groups for parameter in group):
            parameter.requires_grad_(True)
        learner.create_opt()
        learner.fit_one_cycle(full_epochs, slice(rate / 100, rate))
    done = now()
    right = learner.recorder.values[-1][-1]
    seconds = {"seconds": done - started, "epoch": (done - fitting) / (head_epochs + full_epochs)}
    return seconds | {"accuracy": right, "n": len(held.valid)}


def machine(task):
    """What measures; and the check of the pictures, which the others do without, is remembered for them."""
    import torch

    from shoulders import datasets
    from shoulders.support import devices

    datasets.load(task["source"])

    on = f"{devices.processor()}, {torch.get_num_threads()} threads, {devices.device()}, {devices.precision()}"
    names = ("torch", "torchvision", "fastai", "scikit-learn")
    from importlib.metadata import version

    found = ", ".join(f"{name} {version(name)}" for name in names)
    return {"device": devices.device(), "machine": on, "versions": f"Python {platform.python_version()}, {found}"}


def draw_weights(task):
    """Random weights as a file: read from the disk as published ones are, not drawn again in every process."""
    from safetensors.torch import save_file

    from shoulders import backbones

    save_file(backbones.load(task["backbone"], "random").module.state_dict(), task["file"])
    return []


# ------------------------------------------------------------------------------------------------- a process for each of them

TASKS = {
    "tutorial": tutorial, "fastai": fastai_one_line, "ours": ours, "epoch": epochs, "machine": machine, "draw": draw_weights
}  # fmt: skip


def measured(command, **environment):
    """Run a command; its output, its seconds on the wall, and the peak memory in MB of its largest process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    output = process.stdout.read()
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        memory = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    else:
        process.wait()
        memory = None
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}.")
    return output, seconds, memory


def child(name, task, cache):
    """A task in a process of its own: the rows that it gives, with seconds and memory."""
    command = [sys.executable, __file__, "--task", json.dumps({"name": name, **task})]
    output, seconds, memory = measured(command, SHOULDERS_CACHE=cache)
    return [json.loads(line) for line in output.splitlines() if line.startswith('{"')], seconds, memory


def compared(task, cache, per_class):
    """`shoulders compare` in a new process."""
    page = Path(cache) / "rows.json"
    weights = ["--weights", str(task["weights"])] if task["weights"] else []
    command = [sys.executable, "-m", "shoulders", "compare", str(task["source"]), "--backbone", task["backbone"], *weights]
    _, seconds, memory = measured([*command, "--per-class", per_class, "--json", str(page)], SHOULDERS_CACHE=cache)
    row = json.loads(page.read_text(encoding="utf-8"))[-1]
    return {"seconds": seconds, "memory": memory, "accuracy": row["accuracy"], "n": row["n_valid"]}


def run_ours(task, settings):
    """Cold and warm, each in new processes; then many experiments in one."""
    for turn in range(settings["repeats"]):
        with tempfile.TemporaryDirectory() as cache:
            yield {"way": "ours, cold", "turn": turn, **compared(task, cache, "all")}
            yield {"way": "ours, warm, new process", "turn": turn, **compared(task, cache, "5")}  # not run before
    splits = 1 if named(task["weights"]) == "random" else settings["splits"]  # random weights have no accuracy to tell
    yield from child("ours", {**task, "splits": splits, "times": 20}, settings["cache"])[0]


def run_epoch(task, settings):
    yield from child("epoch", {**task, "seeds": settings["seeds"]}, settings["cache"])[0]


def without_waking(seconds, memory, found):
    """The seconds without those of `woken`; no peak memory where it may have been that of waking."""
    return seconds - found["apart"], None if found["apart"] else memory


def run_fastai(task, settings):
    for split in range(settings["fastai_splits"]):
        (found,), seconds, memory = child("fastai", {**task, "split": split}, settings["cache"])
        seconds, memory = without_waking(seconds, memory, found)
        yield {"way": "fastai, fine_tune(1)", "split": split, "seconds": seconds, "memory": memory, **found}


def run_tutorial(task, settings):
    for split, mode in product(range(settings["tutorial_splits"]), settings["modes"]):
        about = {**task, "split": split, "fixed": mode == "fixed", "epochs": settings["epochs"]}
        (found,), seconds, memory = child("tutorial", about, settings["cache"])
        seconds, memory = without_waking(seconds, memory, found)
        yield {"way": f"tutorial, {mode}", "split": split, "seconds": seconds, "memory": memory, **found}


RUNS = {"ours": run_ours, "epoch": run_epoch, "fastai": run_fastai, "tutorial": run_tutorial}
KEY = ("way", "source", "backbone", "weights", "split", "turn", "device")


def kept(path):
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []


def keep(path, row):
    """Put a row in the place of the one that it repeats."""
    rows = {tuple(old.get(name) for name in KEY): old for old in kept(path)}
    rows[tuple(row.get(name) for name in KEY)] = row
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f" {json.dumps(row)}" for row in rows.values())
    path.write_text(f'{{"rows": [\n{lines}\n]}}\n', encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------------ the page


class Table:
    """Rows of one set of pictures, one device and one backbone, by way."""

    def __init__(self, rows):
        self.ways = defaultdict(list)
        for row in rows:
            self.ways[row["way"]].append(row)

    def values(self, way, name, **where):
        rows = (row for row in self.ways[way] if all(row.get(key) == value for key, value in where.items()))
        return [row[name] for row in rows if row.get(name) is not None]


def whole(row, name):
    """Seconds of all 25 epochs of the tutorial, the missing ones as long as the median epoch."""
    return row[name] + (EPOCHS - row["epochs"]) * median(row["epoch_seconds"]) if "epoch_seconds" in row else row[name]


def spread(values, form="{:.1f}"):
    if not values:
        return "–"
    low, middle, high = (form.format(value) for value in (min(values), median(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def ratios(top, bottom):
    """Every slow one against every quick one."""
    return [slow / quick for slow in top for quick in bottom]


COSTS = {
    "tutorial, fixed": ("The tutorial's loop, fixed extractor", "seconds", "train"),
    "tutorial, fine": ("The tutorial's loop, fine-tuning", "seconds", "train"),
    "fastai, fine_tune(1)": ("fastai, `vision_learner(…).fine_tune(1)`", "seconds", "train"),
    "scikit-learn, on features": ("scikit-learn's logistic regression on our features", None, "train"),
    "scikit-learn, five folds, on features": ("scikit-learn, scale as ours, the strength by five folds", None, "train"),
    "ours, cold": ("Ours, `shoulders compare`, new process, nothing remembered", "seconds", None),
    "ours, warm, new process": ("Ours, `shoulders compare`, new process, features remembered", None, "seconds"),
    "ours, n-th experiment": ("Ours, `training.feature_extraction`, in a running process", None, "train"),
}


def costs(table):
    lines = ["| | first result, s | next experiment, s | peak memory, MB |", "|---|---|---|---|"]
    for way, (title, first, following) in COSTS.items():
        rows = table.ways[way]
        if not rows:
            continue
        cells = [
            spread([whole(row, name) for row in rows], form) if name else "–"
            for name, form in ((first, "{:.1f}"), (following, "{:.3g}"))
        ]
        lines.append(f"| {title} | {' | '.join(cells)} | {spread(table.values(way, 'memory'), '{:.0f}')} |")
    return [*lines, ""]


def faster(table):
    """How many times as fast, of what is there."""
    slow = table.ways["tutorial, fixed"]
    first = ratios([whole(row, "seconds") for row in slow], table.values("ours, cold", "seconds"))
    following = ratios([whole(row, "train") for row in slow], table.values("ours, n-th experiment", "train"))
    lines = []
    if first:
        lines.append(f"* First result: ours {spread(first, '{:.0f}')} times as fast as the tutorial's fixed extractor.")
    if following:
        lines.append(f"* Next experiment: ours {spread(following, '{:.0f}')} times as fast as the tutorial's fixed extractor.")
    return [*lines, *rate_lines(table), ""]


def rate_lines(table):
    rates = [(row["decoded_per_second"], row["looked_at_per_second"]) for row in table.ways["rates"]]
    return [f"* Decoding {decoded:.0f} pictures per second, looking at {seen:.0f}, each alone." for decoded, seen in rates]


RESPLIT = {"ours, on features": "Ours"} | {way: COSTS[way][0] for way in list(COSTS)[:5]}


def accuracies(table):
    """Means over resplits, and against ours in pictures on the same splits."""
    head = "| | splits | mean accuracy (smallest to largest) | 95 % interval, if one split | against ours, pictures a split |"
    mine = {row["split"]: row["accuracy"] for row in table.ways["ours, on features"] if "accuracy" in row}
    found = {title: [row for row in table.ways[way] if "accuracy" in row] for way, title in RESPLIT.items()}
    lines = [accuracy_line(title, rows, mine) for title, rows in found.items() if rows]
    return [head, "|---|---|---|---|---|", *lines, ""] if lines else []


def accuracy_line(title, rows, mine):
    from shoulders.results import wilson

    n, found = rows[0]["n"], [row["accuracy"] for row in rows]
    low, high = wilson(round(n * mean(found)), n)
    apart = [n * (row["accuracy"] - mine[row["split"]]) for row in rows if row["split"] in mine]
    against = f"{mean(apart):+.1f} ({min(apart):+.0f} to {max(apart):+.0f})" if apart else "–"
    return f"| {title} | {len(rows)} | {shares(found)} | {low:.1%} to {high:.1%} of {n} | {against} |"


def shares(found):
    if len(found) < 2:
        return f"{found[0]:.1%}" if found else "–"
    return f"{mean(found):.1%} ({min(found):.1%} to {max(found):.1%})"


def epoch_lines(table):
    """Fine-tuning, ours and fastai's, and the ratios turn by turn."""
    ways = [way for way in table.ways if way.startswith("fine-tuning, ")]
    if not ways:
        return []
    mine, ratio = table.values(ways[0], "epoch"), []
    lines = ["| fine-tuning | seeds | seconds an epoch | seconds in all | mean accuracy |", "|---|---|---|---|---|"]
    for way in ways:
        title, times = way.removeprefix("fine-tuning, "), table.values(way, "epoch")
        cells = [spread(table.values(way, name), "{:.2f}") for name in ("epoch", "seconds")]
        lines.append(f"| {title} | {len(times)} | {' | '.join(cells)} | {shares(table.values(way, 'accuracy'))} |")
        seconds = zip(table.values(way, "seconds"), table.values(ways[0], "seconds"))
        whole = spread([theirs / own for theirs, own in seconds])
        epoch = spread([theirs / own for theirs, own in zip(times, mine)])
        ratio.append(f"* Of {title} the whole training takes {whole} times as long as ours, an epoch {epoch} times.")
    remarks = (
        "* Ours looks once with the frozen layers, before the first epoch: in its seconds in all, not in an epoch's.",
        "* fastai leaves out the last batch of an epoch where it is not full; ours takes it.",
    )
    return [*lines, "", *ratio[1:], *remarks, ""]


def notes(rows):
    """What a reader has to know about these rows."""
    short = sorted({(row["way"], row["epochs"]) for row in rows if row.get("epochs", EPOCHS) < EPOCHS})
    lines = ["Of the tutorial's loop, the accuracy is that of the last epoch. Its next experiment costs what the first one did."]
    if any("int8origin" in row["weights"] for row in rows):
        lines.append(
            "It leaves BatchNorm in train mode, and so does fastai's one line. Weights into which BatchNorm was folded "
            "(int8origin's were) do not survive that, so before both it is woken: its means and variances are measured on the "
            "training pictures, which changes nothing that the network says in eval mode, and is in none of the seconds. "
            "(It would be in the peak memory, which is not told therefore.) In the table of fine-tuning both leave BatchNorm "
            "as it is."
        )
    for way, epochs in short:
        words = f"its seconds are extrapolated to {EPOCHS} by the median epoch, its accuracy is that after {epochs}."
        lines.append(f"**{COSTS[way][0]}, ran {epochs} epochs: {words}**")
    if any(row["weights"] == "random" for row in rows):
        lines.append("Random weights, read from a file as published ones are: no accuracy is told.")
    if any(row.get("pictures", LEAST) < LEAST for row in rows):
        lines.append(f"Ours repeats small sets to {LEAST} pictures an epoch; fastai does not: compare no epochs here.")
    return ["\n".join(lines), ""]


def draw(path, tables):
    """Seconds to the first result and of the next experiment, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams |= {"svg.hashsalt": "ways", "font.size": 9}
    figure, axes = plt.subplots(len(tables), 1, figsize=(8, 2.9 * len(tables)), squeeze=False, layout="constrained")
    for axis, (title, table) in zip(axes[:, 0], tables.items()):
        ways = [way for way in COSTS if table.ways[way]][::-1]
        for place, way in enumerate(ways):
            for name, colour, marker, label in (
                (COSTS[way][1], "#0072B2", "o", "first result"),
                (COSTS[way][2], "#D55E00", "s", "next experiment"),
            ):
                seconds = [whole(row, name) for row in table.ways[way]] if name else []
                axis.plot(seconds, [place] * len(seconds), marker, color=colour, alpha=0.7, label=label)
        axis.set_yticks(range(len(ways)), [COSTS[way][0].replace("`", "") for way in ways])
        axis.set(xscale="log", xlabel="seconds (logarithmic)")
        axis.set_title(f"Seconds of every way\n{title}", loc="right", fontsize=9)
        axis.grid(axis="x", alpha=0.3)
    labels = dict(zip(*axes[0, 0].get_legend_handles_labels()[::-1]))
    figure.legend(labels.values(), labels, loc="outside upper left", ncols=2)
    figure.savefig(path, metadata={"Date": None})


def write(out):
    """The page and the figure, from the rows that were kept."""
    rows, groups, tables = kept(out.with_suffix(".json")), defaultdict(list), {}
    if not rows:
        raise SystemExit(f"{out.with_suffix('.json')} holds no rows: run the other parts first.")
    for row in rows:
        groups[", ".join(row[name] for name in ("source", "backbone", "weights", "device"))].append(row)
    about = (
        "Made by `python bench/ways.py`. Measured once, or the median (smallest to largest). Memory: of the largest process. "
        "Every way imports `shoulders`, and so runs with its memory setting under Linux: faster, with a higher peak. A machine's "
        "number format is that of ours; the tutorial's loop and fastai compute in fp32 on a processor, as they come."
    )
    lines = ["# The tutorial's loop, fastai, scikit-learn and ours, side by side", "", about, ""]
    lines += [f"![Seconds of every way]({out.stem}.svg)", ""]
    for title, some in groups.items():
        tables[title] = table = Table(some)
        made = dict.fromkeys(f"* {row['date']}. {row['machine']}. {row['versions']}." for row in some)
        lines += [f"## {title}", "", *made, "", *notes(some), *costs(table), *faster(table)]
        lines += [*accuracies(table), *epoch_lines(table)]
    out.write_text("\n".join(lines), encoding="utf-8")
    draw(out.with_suffix(".svg"), tables)
    print("\n".join(lines))


# ---------------------------------------------------------------------------------------------------------------------------


def layouts(task, part, only):
    """The backbone of the run; for the times of the tutorial and of ours also the tutorial's own, ResNet18."""
    from shoulders import backbones

    both = [task]
    if part in ("ours", "tutorial") and task["backbone"] != "resnet18":
        both.append({**task, "backbone": "resnet18", "weights": None if backbones.on_disk("resnet18") else "random"})
    return [one for one in both if only in ("", one["backbone"])]


def main(
    source: Annotated[str, typer.Argument(help="A folder of class folders, or a set's name.")] = "felt_bees_vs_ants",
    backbone: Annotated[str, typer.Option(envvar="SHOULDERS_BACKBONE")] = "efficientnet_lite0",
    weights: Annotated[str, typer.Option(envvar="SHOULDERS_WEIGHTS", help="A weights file, or `random`.")] = "",
    parts: Annotated[str, typer.Option(help=f"Of {', '.join(PARTS)}; a row is kept as soon as it is there.")] = ",".join(PARTS),
    only: Annotated[str, typer.Option(help="Of the two layouts, only this one.")] = "",
    modes: Annotated[str, typer.Option(help="Of the tutorial's loop.")] = "fixed,fine",
    epochs: Annotated[int, typer.Option(help="Of the tutorial's loop.")] = EPOCHS,
    tutorial_splits: Annotated[int, typer.Option(help="Splits on which the tutorial's loop runs.")] = 1,
    fastai_splits: Annotated[int, typer.Option(help="Splits on which fastai's line runs.")] = 10,
    splits: Annotated[int, typer.Option(help="Splits on which heads are fitted.")] = 10,
    repeats: Annotated[int, typer.Option(help="Cold and warm turns of ours.")] = 5,
    seeds: Annotated[int, typer.Option(help="Of fine-tuning by ours and by fastai.")] = 5,
    out: Annotated[Path, typer.Option(help="The page; ways.json and ways.svg lie beside it.")] = Path("bench/results/ways.md"),
    task: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Run the bench, or parts of it, and write its page."""
    if task:
        task = json.loads(task)
        found = TASKS[task["name"]](task)
        for row in [found] if isinstance(found, dict) else found:
            print("\n" + json.dumps(row), flush=True)
        return
    settings = {
        "modes": modes.split(","), "epochs": epochs, "tutorial_splits": tutorial_splits, "fastai_splits": fastai_splits,
        "splits": splits, "repeats": repeats, "seeds": seeds,
    }  # fmt: skip
    parts, asked = parts.split(","), {"source": source, "backbone": backbone, "weights": weights or None}
    if parts != ["page"]:
        with tempfile.TemporaryDirectory() as cache:
            about = {"date": str(date.today()), **child("machine", asked, cache)[0][0]}
            for part in parts:
                for one in layouts(asked, part, only):
                    if one["weights"] == "random":
                        one["weights"] = str(Path(cache) / "random.safetensors")
                        child("draw", {"backbone": one["backbone"], "file": one["weights"]}, cache)
                    collect(part, one, settings | {"cache": cache}, about, out.with_suffix(".json"))
    if "page" in parts:
        write(out)


def named(weights):
    """Weights as the page calls them."""
    name = Path(weights).name if weights else "published"
    return name.replace("random.safetensors", "random")


def collect(part, task, settings, about, path):
    """Run a part and keep its rows, each as soon as it is there."""
    weights = named(task["weights"])
    shown = {"source": Path(task["source"]).name, "backbone": task["backbone"], "weights": weights}
    for row in RUNS.get(part, lambda *_: ())(task, settings):
        row = {"split": 0, "turn": 0, **row, **shown, **about}
        if weights == "random":
            row = {name: value for name, value in row.items() if name not in ("accuracy", "best", "n")}
        keep(path, row)
        names = ("way", "backbone", "split", "turn", "seconds", "train", "epoch", "accuracy")
        print({name: row[name] for name in names if name in row}, flush=True)


if __name__ == "__main__":
    typer.run(main)
