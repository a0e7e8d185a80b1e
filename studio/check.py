"""Are the felt pictures an honest exercise? python -m studio.check [--scratch] [--backbone NAME[=FILE]] [--save FILE]

Shortcuts (colour, thumbnails, the border) must not tell the classes apart; a pretrained network must, and a
network trained from scratch on the training pictures must find it hard. Exit code 1 if a bound is broken.
"""
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import typer
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DATA = Path(__file__).resolve().parents[1] / "data" / "felt"
SETS = {"cats_vs_dogs": ("cats", "dogs"), "bees_vs_ants": ("bees", "ants"), "big_cats": ("puma", "leopard", "cheetah")}
# How far above chance each may come.
SHORTCUTS = {"colour histogram": .10, "tone histogram": .10, "8x8 thumbnail": .20, "border histogram": .10,
             "border thumbnail": .10}
PRETRAINED = {"cats_vs_dogs": .95, "bees_vs_ants": .92, "big_cats": .55}
SCRATCH = .85
SIDES = [96, 64]  # at which a network is trained from scratch: vgg16_tiny looks at 64
BACKBONES = ["vgg16_tiny", "efficientnet_lite0"]


def wilson(right, n, z=1.96):
    """95 % interval of a proportion (Wilson 1927)."""
    p, d = right / n, 1 + z * z / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    middle = (p + z * z / (2 * n)) / d
    return middle - half, middle + half


def pictures(name, split, kinds=None):
    """Pictures (n, 192, 192, 3) uint8 and labels (n,), in the order of the file names."""
    found = [(path, label) for label, kind in enumerate(kinds or SETS[name])
             for path in sorted((DATA / name / split / kind).glob("*.jpg"))]
    return np.stack([np.asarray(Image.open(p).convert("RGB")) for p, _ in found]), np.array([y for _, y in found])


def histogram(pixels, bins=4):
    """Joint colour histogram (bins^3), square root of the shares; `pixels` (n, 3) uint8."""
    index = (pixels.astype(int) * bins // 256) @ [bins * bins, bins, 1]
    return np.sqrt(np.bincount(index, minlength=bins**3) / len(index))


def tones(picture, bins=16):
    """Histogram of how bright the pixels are (bins), square root of the shares: do dark marks tell it?"""
    grey = np.asarray(Image.fromarray(picture).convert("L"))
    return np.sqrt(np.bincount(grey.ravel() // (256 // bins), minlength=bins) / grey.size)


def ring(size, share=.15):
    """Mask of the outer `share` of a picture."""
    edge = round(size * share)
    mask = np.ones((size, size), bool)
    mask[edge:-edge, edge:-edge] = False
    return mask


def small(picture, size):
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.BOX)) / 255


def shortcut(kind, images):
    """Features (n, d) that hold no shape."""
    border = ring(images.shape[1])
    make = {"colour histogram": lambda x: histogram(x.reshape(-1, 3)),
            "tone histogram": tones,
            "8x8 thumbnail": lambda x: small(x, 8).ravel(),
            "border histogram": lambda x: histogram(x[border]),
            "border thumbnail": lambda x: small(x, 16)[ring(16)].ravel()}[kind]
    return np.stack([make(x) for x in images])


def check_hands(report, backbones):
    """One person's gloves must not tell another's sign: what holds no shape stays within six points of chance."""
    name, kinds = "hand_signs", sorted(p.name for p in (DATA / "hand_signs" / "train").iterdir())
    (x, y), (u, v) = (pictures(name, split, kinds) for split in ("train", "valid"))
    for kind, bound in {"colour histogram": 1 / len(kinds) + .06, "8x8 thumbnail": .5}.items():
        model = make_pipeline(StandardScaler(), LogisticRegression(C=.01, max_iter=2000)).fit(shortcut(kind, x), y)
        report.add(name, f"shortcut: {kind}", int((model.predict(shortcut(kind, u)) == v).sum()), len(v), high=bound)
    for each in backbones:
        features = network(each)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=.01, max_iter=2000)).fit(features(x), y)
        report.add(name, "pretrained: " + each.partition("=")[0], int((model.predict(features(u)) == v).sum()), len(v))


def cross_validated(features, labels):
    """Right answers of a logistic regression over five folds."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=.01, max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return int((cross_val_predict(model, features, labels, cv=folds) == labels).sum())


class Report:
    def __init__(self):
        self.rows, self.broken = [], False

    def add(self, name, what, right, n, low=0.0, high=1.0, **more):
        a, b = wilson(right, n)
        ok = low <= right / n <= high
        self.broken |= not ok
        bound = f"<= {high:.0%}" if high < 1 else f">= {low:.0%}"
        self.rows.append(dict(set=name, what=what, right=round(right, 2), n=n, accuracy=round(right / n, 4),
                              interval=[round(a, 4), round(b, 4)], bound=bound, ok=bool(ok), **more))
        print(f"{name:13} {what:34} {right / n:6.1%}  [{a:.1%}, {b:.1%}]  n={n}  {bound:8} {'ok' if ok else 'BROKEN'}",
              flush=True)


def check_scenes(report):
    """No seed and no parameters twice, in any set."""
    for name in sorted(p.parent.name for p in DATA.glob("*/scenes.jsonl")):
        cards = [json.loads(line) for line in (DATA / name / "scenes.jsonl").read_text().splitlines()]
        seeds = Counter(c["seed"] for c in cards)
        params = Counter(json.dumps(c["params"], sort_keys=True) for c in cards)
        twice = sum(v - 1 for v in seeds.values()) + sum(v - 1 for v in params.values())
        there = sum((DATA / name / c["file"]).exists() for c in cards)
        print(f"{name:13} {len(cards)} cards, {there} pictures, {twice} scenes that occur twice", flush=True)
        report.broken |= twice > 0 or there < len(cards)


def network(backbone):
    """Features (n, d) of pictures (n, h, w, 3) from a frozen network of the package: NAME or NAME=FILE.

    The whole picture goes in, at the size the network was made for or the picture's own if that is smaller: a toy may
    stand at the edge, which the usual crop would cut off.
    """
    import torch

    from shoulders import backbones, cutting
    name, _, file = backbone.partition("=")
    loaded = backbones.load(name, weights=file or None)

    def whole(picture):
        picture = np.ascontiguousarray(picture)
        side = min(loaded.transform.crop, len(picture))
        return torch.from_numpy(np.array(Image.fromarray(picture).resize((side, side), Image.BILINEAR))).permute(2, 0, 1)

    @torch.no_grad()
    def features(images):
        out = []
        for start in range(0, len(images), 32):
            batch = loaded.transform.batch(torch.stack([whole(x) for x in images[start:start + 32]]))
            out.append(loaded.module.features(batch).mean((2, 3)) if hasattr(loaded.module, "features") else
                       cutting.run(loaded.module, batch, ["hidden"], loaded.card.head)["hidden"])
        return torch.cat(out).numpy()
    return features


def pretrained(name, features):
    """Right answers on valid of a logistic regression on frozen features of train and of its mirror images.

    The run from scratch sees mirror images too.
    """
    (x, y), (u, v) = pictures(name, "train"), pictures(name, "valid")
    seen = np.concatenate([features(x), features(x[:, :, ::-1])])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=.01, max_iter=2000)).fit(seen, np.tile(y, 2))
    return int((model.predict(features(u)) == v).sum()), len(v)


def small_vgg(classes, widths=((24,) * 2, (48,) * 2, (96,) * 3, (192,) * 3, (192,) * 3)):
    """The layout of VGG16, thinner, with BatchNorm."""
    from torch import nn
    layers, before = [], 3
    for block in widths:
        for width in block:
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
            before = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(.3), nn.Linear(before, classes))


def augment(x, side, rng):
    """Flips and crops: `side` pixels out of a slightly larger picture."""
    import torch
    room = x.shape[-1] - side
    out = []
    for picture in x:
        i, j = rng.integers(0, room + 1, 2)
        picture = picture[:, i:i + side, j:j + side]
        out.append(picture.flip(-1) if rng.random() < .5 else picture)
    return torch.stack(out)


def resized(name, split, side):
    """Pictures (n, 3, side, side), about zero, and labels (n,) as tensors."""
    import torch
    x, y = pictures(name, split)
    x = np.stack([np.asarray(Image.fromarray(p).resize((side, side), Image.BICUBIC)) for p in x])
    return (torch.tensor(x).permute(0, 3, 1, 2).float() / 255 - .45) / .25, torch.tensor(y)


def from_scratch(name, seed, epochs, side):
    """Right answers on valid after the last epoch, n, and the accuracy on the (augmented) training pictures."""
    import torch
    from torch.nn import functional as F

    from shoulders.support import devices
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    (x, y), (u, v) = resized(name, "train", side + 12), resized(name, "valid", side)
    model = small_vgg(len(SETS[name])).to(memory_format=torch.channels_last)
    number_format = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled=devices.precision("cpu") == "bf16")
    steps = epochs * math.ceil(len(x) / 24)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for _ in range(epochs):
        model.train()
        fit = 0
        for batch in torch.tensor(rng.permutation(len(x))).split(24):
            with number_format():
                out = model(augment(x[batch], side, rng).contiguous(memory_format=torch.channels_last)).float()
            F.cross_entropy(out, y[batch]).backward()
            optimiser.step(), optimiser.zero_grad(), schedule.step()
            fit += int((out.argmax(1) == y[batch]).sum())
    model.eval()
    with torch.no_grad(), number_format():
        return int((model(u).argmax(1) == v).sum()), len(v), fit / len(x)


def check_scratch(report, name, epochs, seeds, side):
    """The mean over the seeds is held against the bound; its interval is that of one run on n pictures."""
    from shoulders.support import devices
    rights = []
    for seed in range(seeds):
        right, n, fit = from_scratch(name, seed, epochs, side)
        print(f"{name:13} seed {seed}: {right} of {n} right, {fit:.0%} of the training pictures fitted", flush=True)
        rights.append(right)
    report.add(name, f"from scratch at {side} px: mean of {seeds} seeds", sum(rights) / seeds, n, high=SCRATCH,
               right_by_seed=rights, epochs=epochs, precision=devices.precision("cpu"))


def main(scratch: bool = False, backbone: list[str] = BACKBONES, only: str | None = None, epochs: int = 30,
         seeds: int = 3, px: list[int] = SIDES, save: Path | None = None):
    """All figures for every set; `--backbone` and `--px` (more than once) name networks and sizes from scratch."""
    report = Report()
    check_scenes(report)
    for name in [only] if only else SETS:
        parts = [pictures(name, split) for split in ("train", "valid")]
        images, labels = (np.concatenate(p) for p in zip(*parts))
        for kind, above in SHORTCUTS.items():
            report.add(name, f"shortcut: {kind}", cross_validated(shortcut(kind, images), labels), len(labels),
                       high=1 / len(SETS[name]) + above)
        for each in backbone:
            right, n = pretrained(name, network(each))
            report.add(name, "pretrained: " + each.partition("=")[0], right, n, low=PRETRAINED[name])
        for side in px if scratch else ():
            check_scratch(report, name, epochs, seeds, side)
    if not only:
        check_hands(report, backbone)
    if save:
        save.write_text(json.dumps(report.rows, indent=1) + "\n")
    raise typer.Exit(int(report.broken))


if __name__ == "__main__":
    typer.run(main)
