"""Train `vgg16_tiny`, the pretrained network that ships in the box, from nothing to its card.

One command does everything, and picks up where it stopped when it is started again:

    python studio/train_vgg16_tiny.py --photos FOLDER            # downloads Tiny ImageNet (237 MB)
    python studio/train_vgg16_tiny.py --photos FOLDER --source UNPACKED_COPY

The network is VGG16 (Simonyan & Zisserman 2015, arXiv:1409.1556), three eighths as wide, with one linear layer on
pooled features instead of three large ones. It trains with BatchNorm, which is folded into the convolutions at the
end, so that what ships is convolutions and ReLU and nothing else.
"""

import copy
import csv
import dataclasses
import datetime
import functools
import hashlib
import json
import math
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pooch
import torch
import torch.nn.functional as F
import typer
from PIL import Image
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torchvision.transforms import CenterCrop, Compose, Resize

# The publisher's archive. The MD5 is the one that public data set readers (Avalanche among them) check against.
URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
MD5 = "90528d7ca1a48142e341f4ef8d21d0de"

HERE = Path(__file__).resolve()
WIDTH = 24  # VGG16 has 64
CLASSES = 200
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 64  # Tiny ImageNet's pictures are 64 x 64
BATCH = 256
EPOCH = math.ceil(100_000 / BATCH)  # steps
SEED = 0
PHOTO_SIZES = (64, 96, 128, 160)
PHOTO_SETS = {"cats_and_dogs_filtered": ("train", "validation"), "hymenoptera_data": ("train", "val")}
SETTLED_ON = 5000  # training pictures that BatchNorm's statistics are measured on before it is folded away
RANDOM_SEEDS = (1, 2, 3)  # of the networks with random weights, measured for comparison
EVOLUTION_EPOCHS = (0, 1, 2, 5, 10, 15)  # and the last
EVOLUTION_CONVS = 8  # conv1_1 .. conv4_1: what fits in 6 MB

# A batch is worked through in four parts by two workers of one thread each. Two threads inside every operation would
# wait for one another hundreds of times a step, which is ruinous as soon as another programme wants a core.
PARTS = 1 if torch.cuda.is_available() else 4
torch.set_num_threads(1)
WORKERS = ThreadPoolExecutor(2)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclasses.dataclass(frozen=True)
class Stage:
    """Some epochs at one picture size, with the learning rate going straight from `lr[0]` to `lr[1]`.

    A stage not yet over may be changed between two runs of the command: the checkpoint knows only how many steps are
    done. `scale` is the range of the crop's area as a share of the picture.
    """

    epochs: float
    px: int
    lr: tuple[float, float]
    scale: tuple[float, float]
    smoothing: float
    frozen: int = 0  # so many first blocks stand still


# Small pictures first, because an epoch at 32 pixels costs a fifth of one at 64. A crop enlarges things, so a network
# that trains on crops at 48 pixels sees them about as large as in a whole picture at 64 (Touvron et al. 2019,
# arXiv:1906.06423).
#
# These are the stages of the shipped weights, mistakes included: 0.03 was too high (the loss stood still until it
# fell to 0.012). A whole picture is not what the network trains on at 32 pixels, so the log's top-1 stood still there
# and rose by half in the first epoch at 48. A second sitting at 64 pixels, from 0.001 down, was stopped at 0.0004 in its
# fourth epoch: the log's top-1 stood at 0.533 to 0.536 instead of 0.525 (2,000 pictures), and logistic regression on its
# features told photographs and felt animals apart no better, within the intervals. It does not ship.
STAGES = (
    Stage(1, 32, (0.005, 0.03), (0.4, 1.0), 0.05),
    Stage(1, 32, (0.03, 0.03), (0.4, 1.0), 0.05),
    Stage(2, 32, (0.012, 0.0107), (0.4, 1.0), 0.05),
    Stage(1, 32, (0.007, 0.007), (0.4, 1.0), 0.05),
    Stage(0.064, 32, (0.004, 0.0038), (0.4, 1.0), 0.05, frozen=1),
    Stage(7, 32, (0.006, 0.004), (0.4, 1.0), 0.05),
    Stage(8, 48, (0.004, 0.0004), (0.5, 1.0), 0.05, frozen=1),
    Stage(1.5, 64, (0.0004, 0.0), (0.6, 1.0), 0.05, frozen=2),
)


# ---------------------------------------------------------------- the network


class VGG(nn.Module):
    """VGG16's thirteen convolutions; without BatchNorm its state dict has torchvision's names.

    The pools round up, which matters only where a side is not a multiple of 32: at 48 pixels the last pool sees
    3 x 3 positions, and rounding down would throw five of them away.
    """

    def __init__(self, batch_norm, width=WIDTH, classes=CLASSES):
        super().__init__()
        layers, channels = [], 3
        for depth, wide in zip((2, 2, 3, 3, 3), (1, 2, 4, 8, 8)):
            for _ in range(depth):
                layers.append(nn.Conv2d(channels, width * wide, 3, padding=1, bias=not batch_norm))
                layers += [nn.BatchNorm2d(width * wide)] if batch_norm else []
                layers.append(nn.ReLU(inplace=True))
                channels = width * wide
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def split(self, blocks):
        """(the first `blocks` blocks, the others): the same layers, not copies."""
        ends = [0] + [i + 1 for i, layer in enumerate(self.features) if isinstance(layer, nn.MaxPool2d)]
        return self.features[: ends[blocks]], self.features[ends[blocks] :]

    def pooled(self, x):
        """(n, 3, h, w) -> (n, 8 * width): the mean over positions of the last features."""
        return self.features(x).mean((2, 3))

    def forward(self, x):
        return self.classifier(self.pooled(x))


def of_kind(net, kind):
    return [module for module in net.modules() if isinstance(module, kind)]


def initialise(net, seed):
    """He et al. 2015, as torchvision's VGG does it, from a seed of its own."""
    generator = torch.Generator().manual_seed(seed)
    for conv in of_kind(net, nn.Conv2d):
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu", generator=generator)
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
    nn.init.normal_(net.classifier.weight, 0, 0.01, generator=generator)
    nn.init.zeros_(net.classifier.bias)
    return net


@torch.no_grad()
def fold(trained):
    """The same function without BatchNorm: each norm's scale and shift go into the convolution before it."""
    plain = VGG(False, trained.classifier.in_features // 8, trained.classifier.out_features).eval()
    pairs = zip(of_kind(trained, nn.Conv2d), of_kind(trained, nn.BatchNorm2d), of_kind(plain, nn.Conv2d))
    for conv, norm, target in pairs:
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        target.weight.copy_(conv.weight * scale[:, None, None, None])
        target.bias.copy_(norm.bias - norm.running_mean * scale)
    plain.classifier.load_state_dict(trained.classifier.state_dict())
    return plain


@torch.no_grad()
def check_fold(trained, plain, pictures):
    """Raise if folding changed the scores by more than rounding, on some real pictures."""
    x = normalised(pictures, next(trained.parameters()).device)
    before, after = trained.eval()(x), plain.to(x.device)(x)
    gap = (before - after).abs().max().item()
    if gap > 1e-3 * before.abs().max().item():
        raise ValueError(f"the folded network differs from the trained one by {gap:.2g} in its scores: see fold().")
    return gap


# ---------------------------------------------------------------- the pictures


def unpacked(source, work):
    """The folder of Tiny ImageNet: the copy that is given, or a checked download."""
    if source is None:
        pooch.retrieve(URL, f"md5:{MD5}", "tiny-imagenet-200.zip", work, pooch.Unzip(extract_dir="."), progressbar=True)
        source = work / "tiny-imagenet-200"
    if not (source / "wnids.txt").is_file():
        raise FileNotFoundError(f"{source} has no wnids.txt: give the folder that holds train/, val/ and wnids.txt.")
    return source


def wnids(source):
    """The 200 WordNet ids, sorted: a class's number is its place in this list."""
    return sorted((source / "wnids.txt").read_text().split())


def listed(source, split):
    """(files, class numbers) of `train` or `val`, always in the same order."""
    number = {wnid: i for i, wnid in enumerate(wnids(source))}
    if split == "train":
        pairs = [(f, number[w]) for w in number for f in sorted((source / "train" / w / "images").glob("*.JPEG"))]
    else:
        rows = csv.reader((source / "val" / "val_annotations.txt").open(), delimiter="\t")
        pairs = [(source / "val" / "images" / row[0], number[row[1]]) for row in rows]
    expected = {"train": 100_000, "val": 10_000}[split]
    if len(pairs) != expected:
        raise ValueError(f"{source} has {len(pairs)} pictures in {split}, not {expected}: unpack the archive again.")
    return zip(*pairs)


def decoded(file):
    return np.asarray(Image.open(file).convert("RGB"))


def cached(source, work, split):
    """(uint8 pictures (n, 64, 64, 3), classes (n,)), decoded once and then read from the disk as they are needed."""
    pictures, labels = work / f"{split}_pictures.npy", work / f"{split}_labels.npy"
    if not labels.exists():  # written last, so its presence says that both are whole
        files, classes = listed(unpacked(source, work), split)
        with ThreadPoolExecutor(2) as pool:
            np.save(pictures, np.stack(list(pool.map(decoded, files))))
        np.save(labels, np.array(classes))
    # "c": private pages, so that torch gets the writable array it insists on without a copy.
    return torch.from_numpy(np.load(pictures, mmap_mode="c")), torch.from_numpy(np.load(labels)).long()


def normalised(pictures, device="cpu"):
    """uint8 (n, h, w, 3) -> float (n, 3, h, w), channels last in memory because convolutions are faster so."""
    x = pictures.to(device).permute(0, 3, 1, 2).float()
    mean, std = (255 * torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, STD))
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def crops(pictures, index, px, scale, generator):
    """A random crop of each picture named by `index`, half of them mirrored, at `px` x `px`, uint8.

    Place and mirroring are drawn per picture. The crop's shape is drawn per sixteenth of the batch, so that one call
    resizes a whole group; 16 shapes a batch are plenty.
    """
    groups = []
    for group in index.chunk(16):
        area, aspect = torch.rand(2, generator=generator).tolist()
        side = SIDE * math.sqrt(scale[0] + area * (scale[1] - scale[0]))
        stretch = (4 / 3) ** (aspect - 0.5)
        high, wide = min(SIDE, round(side * stretch)), min(SIDE, round(side / stretch))
        top = torch.randint(SIDE - high + 1, (len(group), 1), generator=generator)
        left = torch.randint(SIDE - wide + 1, (len(group), 1), generator=generator)
        mirrored = torch.rand(len(group), 1, generator=generator) < 0.5
        rows, columns = top + torch.arange(high), torch.arange(wide).expand(len(group), -1)
        columns = left + torch.where(mirrored, wide - 1 - columns, columns)
        crop = pictures[group[:, None, None], rows[:, :, None], columns[:, None, :]]
        crop = crop.permute(0, 3, 1, 2)
        groups.append(F.interpolate(crop, size=(px, px), mode="bilinear", antialias=True))
    return torch.cat(groups).permute(0, 2, 3, 1)


# ---------------------------------------------------------------- the optimiser


@torch.no_grad()
def orthogonalised(matrix, steps=5):
    """The nearest matrix with orthonormal rows or columns, roughly, by a Newton-Schulz iteration.

    The quintic's three coefficients are Keller Jordan's (https://kellerjordan.github.io/posts/muon/): singular values end
    between about 0.7 and 1.2, which is close enough, after far fewer steps than the textbook cubic needs.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16() / (matrix.norm() + 1e-7)
    x = x.T if matrix.shape[0] > matrix.shape[1] else x
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if matrix.shape[0] > matrix.shape[1] else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum whose every step is orthogonalised (Jordan et al. 2024), for convolutions followed by BatchNorm.

    BatchNorm makes a kernel's length meaningless, so each kernel is put back to a fixed length after its step. The
    learning rate is then the share of its length by which a kernel turns, and no weight decay is needed.
    """

    def __init__(self, params, lr, momentum=0.95):
        super().__init__(params, {"lr": lr, "momentum": momentum})
        for weight in self.weights():
            self.set_length(weight)

    def weights(self):
        return [weight for group in self.param_groups for weight in group["params"]]

    @staticmethod
    @torch.no_grad()
    def set_length(weight):
        weight.mul_(math.sqrt(len(weight)) / weight.norm())

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            # By size, largest first, so that no worker is left with a large one at the end.
            largest_first = sorted((w for w in group["params"] if w.grad is not None), key=lambda weight: -weight.numel())
            turn = functools.partial(self.turn, lr=group["lr"], momentum=group["momentum"])
            list(WORKERS.map(turn, largest_first))

    @torch.no_grad()
    def turn(self, weight, lr, momentum):
        state = self.state[weight]
        velocity = state.setdefault("velocity", torch.zeros_like(weight))
        velocity.lerp_(weight.grad, 1 - momentum)
        ahead = weight.grad.lerp(velocity, momentum)  # Nesterov's look ahead
        update = orthogonalised(ahead.flatten(1)).view_as(weight)
        weight.sub_(update, alpha=lr * math.sqrt(len(weight)) / update.norm().item())
        self.set_length(weight)


def optimisers(net):
    """Muon for the kernels, AdamW for the rest; weight decay on the head's matrix only."""
    kernels = [conv.weight for conv in of_kind(net, nn.Conv2d)]
    small = [p for norm in of_kind(net, nn.BatchNorm2d) for p in norm.parameters()] + [net.classifier.bias]
    groups = [{"params": [net.classifier.weight], "weight_decay": 0.05}, {"params": small, "weight_decay": 0.0}]
    return Muon(kernels, lr=0.0), torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.99))


ADAMW_SHARE = 0.2  # AdamW's learning rate as a share of Muon's


def set_learning_rate(pair, lr):
    for optimiser, share in zip(pair, (1.0, ADAMW_SHARE)):
        for group in optimiser.param_groups:
            group["lr"] = lr * share


# ---------------------------------------------------------------- training


def low_precision(device):
    """bfloat16 where the machine computes in it, else float32."""
    able = device == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device, dtype=torch.bfloat16, enabled=able)


def stage_of(step, stages=STAGES):
    """(stage, its first step, its end) at a step numbered from 0; None when all stages are done."""
    first = 0
    for stage in stages:
        end = first + round(stage.epochs * EPOCH)
        if step < end:
            return stage, first, end
        first = end
    return None


class Run:
    """What must survive a restart: the network, its moving average, the optimisers, and what was measured so far."""

    def __init__(self, device):
        self.device = device
        self.net = initialise(VGG(batch_norm=True), SEED).to(device, memory_format=torch.channels_last)
        self.optimisers = optimisers(self.net)
        self.average = copy.deepcopy(self.net)
        self.history = []  # an entry per epoch
        self.step = 0
        self.losses, self.seconds = [], 0.0  # of the epoch under way

    def save(self, file):
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "progress": (self.step, self.losses, self.seconds, self.history),
            "optimisers": [o.state_dict() for o in self.optimisers],
        }
        torch.save(state, file.with_suffix(".part"))
        os.replace(file.with_suffix(".part"), file)  # a kill leaves the old file or the new one, never half of one

    def load(self, file):
        state = torch.load(file, map_location=self.device)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        self.step, self.losses, self.seconds, self.history = state["progress"]


@torch.no_grad()
def follow(average, net, share=0.01):
    """Move the average one step towards the network's weights."""
    torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), share)


def moving(net, frozen):
    """The parameters that learn while the first `frozen` blocks stand still."""
    return [*net.split(frozen)[1].parameters(), *net.classifier.parameters()]


def part_gradients(run, x, y, stage):
    """(loss, gradients) of one part of a batch; parts run side by side and touch nothing in common that matters.

    The one thing they share is BatchNorm's running statistics, which `settle_norms` measures afresh anyway.
    """
    still, learning = run.net.split(stage.frozen)
    with low_precision(run.device):
        with torch.no_grad():
            x = still(x)
        scores = run.net.classifier(learning(x).mean((2, 3)))
        loss = F.cross_entropy(scores.float(), y, label_smoothing=stage.smoothing)
    return loss.item(), torch.autograd.grad(loss, moving(run.net, stage.frozen))


def train_step(run, x, y, stage):
    """One step on a batch; returns its loss."""
    parts = zip(x.chunk(PARTS), y.chunk(PARTS))
    losses, gradients = zip(*WORKERS.map(lambda part: part_gradients(run, *part, stage), parts))
    for parameter, *shares in zip(moving(run.net, stage.frozen), *gradients):
        parameter.grad = torch.stack(shares).mean(0)
    for optimiser in run.optimisers:
        optimiser.step()
    follow(run.average, run.net)
    return float(np.mean(losses))


@torch.no_grad()
def freeze(run, frozen):
    """Let the first blocks take their average's weights, which are the quieter ones, and drop their gradients."""
    for parameter, average in zip(run.net.split(frozen)[0].parameters(), run.average.split(frozen)[0].parameters()):
        parameter.copy_(average)
        parameter.grad = None


def learning_rate(step):
    """On the straight line that the step's stage prescribes."""
    stage, first, end = stage_of(step)
    return stage.lr[0] + (step - first) / (end - first) * (stage.lr[1] - stage.lr[0])


def batch(step, pictures, labels):
    """The pictures and classes of a step. All chance comes from the step's number, so that a restart repeats it."""
    epoch, place = divmod(step, EPOCH)
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(1000 * SEED + epoch))
    index = order[place * BATCH : (place + 1) * BATCH]
    stage = stage_of(step)[0]
    generator = torch.Generator().manual_seed(10**6 * (SEED + 1) + step)
    return normalised(crops(pictures, index, stage.px, stage.scale, generator)), labels[index]


def train_until(run, end, pictures, labels):
    """Steps up to `end`, all in one stage; the next batch is made ready while the network works on this one."""
    stage, began = stage_of(run.step)[0], time.time()
    freeze(run, stage.frozen)
    run.net.train()
    ready = batch(run.step, pictures, labels)
    while run.step < end:
        x, y = ready
        upcoming = WORKERS.submit(batch, min(run.step + 1, end - 1), pictures, labels)
        set_learning_rate(run.optimisers, learning_rate(run.step))
        run.losses.append(train_step(run, x.to(run.device), y.to(run.device), stage))
        run.step += 1
        ready = upcoming.result()
    run.seconds += time.time() - began
    return time.time() - began


@torch.no_grad()
def settle_norms(net, pictures, device, count):
    """Measure BatchNorm's means and variances again, on whole training pictures at full size.

    The average of many networks never ran, so its statistics have to be measured; and crops at 32 pixels have others
    than the pictures that the network will meet.
    """
    norms = of_kind(net, nn.BatchNorm2d)
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None: the plain mean over all batches
    chosen = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(SEED))[:count]
    net.train()
    for index in chosen.split(BATCH):
        net(normalised(pictures[index], device))
    return net.eval()


def right_answers(net, pictures, labels, device):
    """How many of the pictures get the right class as their first answer."""
    net.eval().to(device, memory_format=torch.channels_last)

    @torch.no_grad()  # the switch is each thread's own
    def answers_to(batch):
        return net(normalised(batch, device)).argmax(1).cpu()

    answers = list(WORKERS.map(answers_to, pictures.split(250)))
    return int((torch.cat(answers) == labels).sum())


def finished(run, pictures, count):
    """The folded network of this moment, in half precision on the way, and how far folding moved its scores."""
    settled = settle_norms(copy.deepcopy(run.average), pictures, run.device, count)
    plain = fold(settled)
    return plain, check_fold(settled, plain, pictures[:: len(pictures) // 32])


def save_half(state, file):
    """Write a state dict as float16; `file` appears whole or not at all."""
    half = {name: value.half().cpu().contiguous() for name, value in state.items()}
    save_file(half, f"{file}.part", metadata={"format": "pt"})
    os.chmod(f"{file}.part", 0o644)
    os.replace(f"{file}.part", file)


def load_plain(file, width=WIDTH, classes=CLASSES):
    """The shipped network, as everyone else will load it: float16 on the disk, float32 in memory."""
    net = VGG(False, width, classes).eval()
    net.load_state_dict({name: value.float() for name, value in load_file(file).items()})
    return net


def close_epoch(run, work, train_set, val_set, log):
    """Measure the network as it stands, note it in the history, and keep a folded copy."""
    epoch = math.ceil(run.step / EPOCH)
    stage = stage_of(run.step - 1)[0]
    plain, gap = finished(run, train_set[0], 1000)
    # Every tenth picture: enough for a curve in the log. Nothing is chosen by it; the last epoch is what ships.
    some, classes = val_set[0][::10], val_set[1][::10]
    top1 = right_answers(plain, some, classes, run.device) / len(some)
    rates = [round(learning_rate(step), 5) for step in (run.step - len(run.losses), run.step - 1)]
    measures = {"loss": float(np.mean(run.losses)), "top1": top1, "top1_n": len(some), "seconds": round(run.seconds, 1)}
    run.history.append({"epoch": epoch, "step": run.step, **measures, **dataclasses.asdict(stage), "lr": rates})
    run.losses, run.seconds = [], 0.0
    save_half(plain.state_dict(), work / f"epoch_{epoch:02d}.safetensors")
    log(f"EPOCH {epoch} px {stage.px} loss {measures['loss']:.3f} top-1 {top1:.3f} fold gap {gap:.1e}")


def train(run, work, train_set, val_set, log):
    """All stages, from wherever the run stands, with a checkpoint every 25 steps."""
    if run.step == 0:
        save_half(finished(run, train_set[0], 1000)[0].state_dict(), work / "epoch_00.safetensors")
    while position := stage_of(run.step):
        epoch_end = (run.step // EPOCH + 1) * EPOCH
        end, before = min(run.step + 25, epoch_end, position[2]), run.step
        seconds = train_until(run, end, *train_set)
        loss, speed = np.mean(run.losses[-25:]), BATCH * (end - before) / seconds
        log(f"step {end} px {position[0].px} loss {loss:.3f} lr {learning_rate(end - 1):.4f} {speed:.0f}/s")
        if end == epoch_end or stage_of(end) is None:
            close_epoch(run, work, train_set, val_set, log)
        run.save(work / "checkpoint.pt")


# ---------------------------------------------------------------- measuring what ships


def measured(right, n):
    """An accuracy as the card gives it, with Wilson's 95 % interval."""
    z, share = 1.959964, right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return {"accuracy": round(share, 4), "right": right, "n": n, "interval95": [round(middle - half, 4), round(middle + half, 4)]}


def photographs(folder):
    """(files, class numbers) of a folder of class folders; JPEG only, which leaves out a placeholder GIF."""
    names = sorted(f.name for f in folder.iterdir() if f.is_dir())
    pairs = [(f, i) for i, name in enumerate(names) for f in sorted((folder / name).iterdir())]
    pairs = [(f, i) for f, i in pairs if f.suffix.lower() in (".jpg", ".jpeg")]
    return [f for f, _ in pairs], np.array([i for _, i in pairs])


def squares(files, px):
    """uint8 (n, px, px, 3): shorter side to `px` (bilinear), then the centre."""
    square = Compose([Resize(px), CenterCrop(px)])
    return torch.from_numpy(np.stack([np.asarray(square(Image.open(f).convert("RGB"))) for f in files]))


def features_of(net, pictures):
    """(n, 192): the pooled last features."""

    @torch.no_grad()
    def features_of_few(few):
        return net.pooled(normalised(few)).numpy()

    return np.concatenate(list(WORKERS.map(features_of_few, pictures.split(16))))


def classifier():
    """Logistic regression on standardised features, its C chosen by five-fold cross-validation."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    return GridSearchCV(model, {"logisticregression__C": np.logspace(-4, 1, 11)}, cv=folds)


def transfer(net, train, test):
    """(cross-validated accuracy on `train`, the card's entry for `test`); each is (pictures, class numbers)."""
    search = classifier().fit(features_of(net, train[0]), train[1])
    right = int((search.predict(features_of(net, test[0])) == test[1]).sum())
    return float(search.best_score_), measured(right, len(test[1]))


def random_network(seed):
    return initialise(VGG(batch_norm=False), seed).eval()


def photo_results(net, photos, log):
    """(size, the card's entries on photographs); the held-out photographs have no say in the size."""
    found = {}
    for px in PHOTO_SIZES:
        for name, splits in PHOTO_SETS.items():
            listing = [photographs(photos / name / split) for split in splits]
            sets = [(squares(files, px), classes) for files, classes in listing]
            found[px, name] = (*transfer(net, *sets), sets)
            log(f"{name} at {px}: {found[px, name][:2]}")
    scores = {px: float(np.mean([found[px, name][0] for name in PHOTO_SETS])) for px in PHOTO_SIZES}
    best = max(scores, key=scores.get)
    results = []
    for name, splits in PHOTO_SETS.items():
        score, entry, sets = found[best, name]
        chance = [transfer(random_network(seed), *sets)[1] for seed in RANDOM_SEEDS]
        counts = {"trained_on": f"{splits[0]}, {len(sets[0][1])} photographs", "measured_on": splits[1]}
        results.append({"pictures": name, **counts, "cross_validated": round(score, 4), **entry, "random_weights": chance})
        log(f"{results[-1]}")
    return best, {
        "how": "logistic regression on standardised pooled features, its C by 5-fold cross-validation on the training pictures",
        "px": best,
        "px_chosen_by": "cross-validated accuracy on the training pictures, mean of both sets",
        "cross_validated_by_px": {str(px): round(score, 4) for px, score in scores.items()},
        "results": results,
    }


def multiply_adds(net, px):
    """Multiply-adds for one picture of `px` x `px`."""
    total, side = net.classifier.weight.numel(), px
    for layer in net.features:
        if isinstance(layer, nn.Conv2d):
            total += layer.weight.numel() * side * side
        elif isinstance(layer, nn.MaxPool2d):
            side = math.ceil(side / 2)
    return total


# ---------------------------------------------------------------- what ships


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def class_names(source):
    """200 plain names in the order of the class numbers, checked against the data set's own list."""
    rows = list(csv.reader(HERE.with_name("vgg16_tiny_classes.tsv").open(), delimiter="\t"))
    if source and [row[0] for row in rows] != wnids(source):
        raise ValueError("vgg16_tiny_classes.tsv does not list the 200 ids of wnids.txt in sorted order.")
    return [row[0] for row in rows], [row[1] for row in rows]


def processor():
    """The processor's name as the system gives it."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor()


def recipe():
    """How the network was trained, apart from what changed from epoch to epoch: the log has that."""
    return {
        "stages": [dataclasses.asdict(stage) for stage in STAGES],
        "batch": BATCH,
        "parts_of_a_batch_normalised_apart": PARTS,
        "optimiser": "Muon (momentum 0.95, kernels kept at a fixed length) for convolutions; AdamW for norms and head, "
        f"learning rate {ADAMW_SHARE} of Muon's (0.1 in epochs 1 and 2), weight decay 0.05 on the head's matrix",
        "augmentation": "random crop (aspect 0.87 to 1.15), mirroring",
        "loss": "cross-entropy with label smoothing",
        "average": "moving average of the weights, 0.01 a step; BatchNorm measured again on "
        f"{SETTLED_ON:,} whole training pictures",
        "chosen": "the last step. Stages were changed while the network trained, because of the training loss and the time left, "
        "with the log's top-1 in sight; Muon was preferred to SGD after tests of 150 steps on 2,000 validation pictures",
        "again": "a second run follows the same stages but not bit for bit: restarts and the drawing of crops differed",
        "seed": SEED,
        "keys": "px is the side of the crops, scale the range of their area as a share of the picture, lr Muon's learning rate "
        "from and to, frozen the number of first blocks that stood still; the log under `training` has an entry per epoch, and "
        "where the last epoch is not whole, its step says how far it went",
    }


def ship_evolution(work, out, history):
    """Write the first eight convolutions at seven moments of the run; return what the card says about them."""
    out.mkdir(parents=True, exist_ok=True)
    entries = []
    for epoch in (*EVOLUTION_EPOCHS, len(history)):
        net = load_plain(work / f"epoch_{epoch:02d}.safetensors")
        first = [f"features.{i}" for i, layer in enumerate(net.features) if isinstance(layer, nn.Conv2d)][:EVOLUTION_CONVS]
        file = out / f"epoch_{epoch:02d}.safetensors"
        save_half({name: value for name, value in net.state_dict().items() if name.rsplit(".", 1)[0] in first}, file)
        entry = {"epoch": epoch, "file": f"{out.name}/{file.name}", "bytes": file.stat().st_size, "sha256": sha256(file)}
        entries.append({**entry, "top1": history[epoch - 1]["top1"], "top1_n": history[epoch - 1]["top1_n"]} if epoch else entry)
    return entries


def card(file, net, history, top1, photo, px, epochs, source):
    """Everything a reader should know before using the weights, as plain data."""
    ids, names = class_names(source)
    return {
        "name": "vgg16_tiny",
        "file": file.name,
        "bytes": file.stat().st_size,
        "sha256": sha256(file),
        "architecture": "VGG16's 13 convolutions (3 x 3, ReLU, 2 x 2 max-pooling after each of five blocks), 24 channels wide "
        "where VGG16 has 64, BatchNorm folded in; mean over positions; one linear layer (200 x 192)",
        "names": "features.N as in torchvision's vgg16; classifier is the one linear layer",
        "dtype": "float16",
        "parameters": sum(p.numel() for p in net.parameters()),
        "gmacs": round(multiply_adds(net, px) / 1e9, 3),
        "input": {
            "px": px,
            "mean": MEAN,
            "std": STD,
            "range": "RGB in 0..1 before mean and std",
            "interpolation": "bilinear",
            "resize": "shorter side to px, then the px x px centre; px a multiple of 32",
            "trained_at": "crops of Tiny ImageNet's 64 x 64 pictures, at the sizes in the training log",
        },
        "licence": "Apache-2.0 (weights, by this project's contributors)",
        "trained_on": "Tiny ImageNet (Stanford CS231n): 100,000 photographs of 64 x 64 pixels, 200 of ImageNet's classes. The "
        "photographs are for non-commercial research and education under ImageNet's terms; none is included.",
        "not_for": [
            "decisions about people, safety, medicine or anything that matters if it is wrong",
            "naming what is in a photograph beyond its 200 classes, or recognising persons",
            "judging VGG16: it is thinner, and saw a twelfth of the photographs at a twelfth of the area",
            "a claim of novelty: dogs, cats and bees are among its classes, and it may have seen pictures that also "
            "occur in other collections from the web",
        ],
        "accuracy": [{"pictures": "Tiny ImageNet, validation", "measure": "top-1", "px": SIDE, **top1, "chance": 1 / CLASSES}],
        "transfer": photo,
        "recipe": recipe(),
        "training": {
            "seconds": round(sum(entry["seconds"] for entry in history)),
            "seconds_are": "wall time, sum over epochs, without steps lost to restarts; the machine was shared with other work, "
            "which had most of it in epochs 3 to 6",
            "processor": processor(),
            "torch": torch.__version__,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "log": [{key: value for key, value in entry.items() if key != "epochs"} for entry in history],
        },
        "epochs": epochs,
        "classes": names,
        "wnids": ids,
    }


def ship(run, work, out, train_set, val_set, source, photos, log):
    """Export the last epoch, measure the exported file, write the card."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "vgg16_tiny.safetensors"
    save_half(finished(run, train_set[0], SETTLED_ON)[0].state_dict(), file)
    net = load_plain(file)
    top1 = measured(right_answers(net, *val_set, run.device), len(val_set[1]))
    log(f"top-1 {top1}")
    epochs = ship_evolution(work, out / "vgg16_tiny_epochs", run.history)

    def write_card(px, photo):
        text = json.dumps(card(file, net, run.history, top1, photo, px, epochs, source), indent=1)
        file.with_suffix(".json").write_text(text + "\n")

    write_card(SIDE, None)  # the photographs take minutes: a first card now, the whole one then
    if photos:
        write_card(*photo_results(net.to("cpu"), photos, log))


WORK = Path(pooch.os_cache("shoulders-studio"))
OUT = HERE.parents[1] / "data" / "weights"


@app.command()
def main(source: Path = None, photos: Path = None, work: Path = WORK, out: Path = OUT):
    """Train vgg16_tiny, fold it, measure it, and write its weights and card.

    Parameters
    ----------
    source : a folder with Tiny ImageNet's train/, val/ and wnids.txt; without it the archive is downloaded
    photos : a folder with cats_and_dogs_filtered/ and hymenoptera_data/, for the transfer figures; may be left out
    work : where decoded pictures and checkpoints live; start the command again with the same folder to go on
    out : where the weights and the card go
    """

    def log(text):
        print(datetime.datetime.now().strftime("%H:%M:%S"), text, flush=True)

    work.mkdir(parents=True, exist_ok=True)
    train_set, val_set = (cached(source, work, split) for split in ("train", "val"))
    run = Run("cuda" if torch.cuda.is_available() else "cpu")
    if (work / "checkpoint.pt").exists():
        run.load(work / "checkpoint.pt")
        log(f"going on after step {run.step}")
    train(run, work, train_set, val_set, log)
    ship(run, work, out, train_set, val_set, source, photos, log)


if __name__ == "__main__":
    app()
