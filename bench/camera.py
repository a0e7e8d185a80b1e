"""From a camera's frame to the answer on the page: ours against plain timm with scikit-learn's neighbours, turn by turn.

    python bench/camera.py [--turns 5] [--frames 150] [--out bench/results/camera.md]

Chromium, without a window, opens the page of `shoulders teach`; its camera plays the felt glove's recordings in one room, and the
page was taught with those in another. Each way has a process of its own, and in every turn each answers for a while, one after
the other. The page is the same for all, and so are what it was taught and the film.

ours          the fast pass on one thread, and `shoulders.heads.neighbours`
one thread    timm's network as it comes, its own transform, and scikit-learn's neighbours, on one thread of PyTorch's
all threads   the same, on as many threads as PyTorch takes by itself

Reported: milliseconds from the moment in which the page takes a frame from the camera to the one in which it has written the
answer (the screen shows it with its next picture, up to 17 ms later); and answers a second, of which the page asks for 20 at
most. A ratio is that of one turn.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from shoulders import backbones, datasets, features, intervals, teaching
from shoulders.heads.neighbours import Answer, Examples
from shoulders.support import devices, places
from shoulders.widgets.page import Page

NAME = "efficientnet_lite0"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TAUGHT, PLAYED = "a", "b"
"""Rooms."""
SHOWN = 6
"""Frames of the film for which each recorded one is to be seen: of 30 a second, five recorded ones pass."""
FIRST = 10
"""Answers of each turn that are not counted."""

WATCH = """
window.took = [];
let drawn = 0;
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...given) { drawn = performance.now(); return draw.apply(this, given); };
new MutationObserver((changes) => {
    if (!drawn || !changes.some(({ target }) => target.matches?.('.answer .label'))) return;
    took.push([drawn, performance.now()]);
    drawn = 0;
}).observe(document, { subtree: true, childList: true });
"""

# ------------------------------------------------------------------------------------------------------------- the three ways


class ByScikit(Examples):
    """The same examples, whose neighbours scikit-learn finds; fitted again where some have come."""

    _fitted = (0, None)

    def answer(self, row, neighbours=5, threshold=-1.0):
        from sklearn.neighbors import KNeighborsClassifier

        if not len(self):
            return Answer(None, 0.0, ())
        if self._fitted[0] != len(self):
            head = KNeighborsClassifier(min(neighbours, self.fewest), metric="cosine")
            self._fitted = len(self), head.fit(self.rows, self.labels)
        head = self._fitted[1]
        far, near = (found[0] for found in head.kneighbors([row]))
        self._likeness[near] = 1 - far
        label, share = head.predict([row])[0], head.predict_proba([row]).max()
        return Answer(str(label), float(share), tuple(map(self._neighbour, near.tolist())))


def ours():
    return features.looker(backbones.load(NAME), threads=1), Examples


def plain(threads):
    """What a learner writes: open, timm's own transform, the network without its head."""
    import timm
    import torch

    if threads:
        torch.set_num_threads(threads)
    network = timm.create_model("tf_efficientnet_lite0", num_classes=0)
    weights = backbones.load(NAME).module.state_dict()
    network.load_state_dict({name: tensor for name, tensor in weights.items() if not name.startswith("classifier")})
    network.eval()
    transform = timm.data.create_transform(**timm.data.resolve_data_config(model=network))

    def look(sources):
        with torch.no_grad():
            return {"hidden": network(torch.stack([transform(Image.open(one).convert("RGB")) for one in sources])).numpy()}

    return look, ByScikit


WAYS = {"ours": ours, "one thread": lambda: plain(1), "all threads": lambda: plain(0)}
NAMED = {"ours": "ours", "one thread": "timm and scikit-learn, one thread", "all threads": "timm and scikit-learn, all threads"}


def served(way, pipe):
    """A process of its own: tells the page's address and what it says of the recorded frames, then answers until it is ended."""
    look, kind = WAYS[way]()
    examples = kind()
    for label, paths in recorded(TAUGHT).items():
        examples.add_class(label)
        teaching.replay(examples, look, paths, label)
    pictures = [path.read_bytes() for paths in recorded(PLAYED).values() for path in paths]
    said = [teaching.see(examples, look, picture).label for picture in pictures]
    page = Page(examples, look)
    pipe.send((page.address, said))
    page.run()


def recorded(room):
    """The frames of each sign, in the order in which they were taken."""
    home = places.box() / "felt" / "hand_sessions"
    held = datasets.load(home, train=home / room, valid=home / (PLAYED if room == TAUGHT else TAUGHT)).train
    return {name: [held.paths[i] for i in np.flatnonzero(held.labels == c)] for c, name in enumerate(held.classes)}


# ------------------------------------------------------------------------------------------------------------- the browser


@contextmanager
def browser(film):
    """A Chromium whose camera plays a film."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("Neither Chromium nor Chrome is on this machine: install one.")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", *camera])
        yield opened
        opened.close()


def filmed() -> Iterator[bytes]:
    """JPEGs, 640 × 480: the recordings of a room, one sign after another."""
    for paths in recorded(PLAYED).values():
        for path in paths:
            image, file = Image.new("RGB", (640, 480)), io.BytesIO()
            image.paste(Image.open(path).convert("RGB").resize((480, 480)), (80, 0))
            image.save(file, "JPEG", quality=88)
            yield from [file.getvalue()] * SHOWN


def turn(opened, address, frames):
    """When each frame was taken and its answer written, in milliseconds."""
    page = opened.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    page.get_by_text("Start", exact=True).click()
    page.wait_for_function(f"took.length >= {FIRST + frames}", polling=200, timeout=600_000)
    took = page.evaluate("took")[FIRST : FIRST + frames]
    page.get_by_text("Stop", exact=True).click()
    page.wait_for_timeout(300)  # for the frame under way
    page.close()
    return took


def measured(turns, frames):
    """For each turn and way the milliseconds of each frame, and answers a second; and what each way says of the frames."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mjpeg"
        film.write_bytes(b"".join(filmed()))
        children, told = {}, {}
        try:
            for way in WAYS:
                here, there = context.Pipe()
                children[way] = context.Process(target=served, args=(way, there), daemon=True)
                children[way].start()
                told[way] = here.recv()
            with browser(film) as opened:
                rows = []
                for number in range(turns):
                    order = list(WAYS)[number % len(WAYS) :] + list(WAYS)[: number % len(WAYS)]
                    row = {way: timed(turn(opened, told[way][0], frames)) for way in order}
                    print(f"turn {number + 1}: " + ", ".join(f"{way} {row[way]['median']:.0f} ms" for way in WAYS), flush=True)
                    rows.append(row)
                return rows, {way: said for way, (_, said) in told.items()}, opened.version
        finally:
            for child in children.values():
                child.terminate()


def timed(took):
    """Milliseconds of each frame of a turn, their median, and answers a second."""
    each = [told - drawn for drawn, told in took]
    rate = 1000 * (len(took) - 1) / (took[-1][1] - took[0][1])
    return {"median": median(each), "a second": rate, "ms": np.round(each, 1).tolist()}


# ------------------------------------------------------------------------------------------------------------- the page


def about(browser_version):
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "timm", "onnxruntime", "scikit-learn", "playwright"))
    return {
        "date": str(date.today()), "machine": f"{devices.processor()}, {os.cpu_count()} cores",
        "versions": f"Python {platform.python_version()}, {libraries}, Chromium {browser_version}",
    }  # fmt: skip


def spread(values, form):
    """The median of the turns, and the interval for their mean."""
    low, high = intervals.interval(values)
    return f"{median(values):{form}} ({low:{form}} to {high:{form}})"


def page(found):
    """What stands in the .md file."""
    rows, said, told = found["turns"], found["said"], found["about"]
    frames = sum(len(row["ours"]["ms"]) for row in rows)
    lines = [
        "# From a camera's frame to the answer", "",
        f"{told['date']}. {told['machine']}. {told['versions']}. {NAME}, {found['taught']} examples. n = {frames} frames of each "
        f"way in {len(rows)} turns, the first {FIRST} answers of each turn not counted. Made by `python bench/camera.py`.", "",
        "| | ms, frame to answer | slowest of 20 | answers a second |", "|---|---|---|---|",
    ]  # fmt: skip
    for way, name in NAMED.items():
        slow = [float(np.quantile(row[way]["ms"], 0.95)) for row in rows]
        cells = [spread([row[way]["median"] for row in rows], ".0f"), f"{median(slow):.0f}"]
        lines.append(f"| {name} | {' | '.join(cells)} | {spread([row[way]['a second'] for row in rows], '.1f')} |")
    lines.append("")
    for way in list(NAMED)[1:]:
        ratios = [row[way]["median"] / row["ours"]["median"] for row in rows]
        lines.append(f"* {NAMED[way].capitalize()}: {spread(ratios, '.2f')} times as long as ours.")
    same = [f"{sum(map(str.__eq__, said['ours'], said[way]))} of {len(said['ours'])}" for way in list(NAMED)[1:]]
    right = sum(map(str.__eq__, said["ours"], found["truth"]))
    lines += [
        f"* The same answer as ours to the recorded frames: {' and '.join(same)}. (Ours is right about {right} of them.)", "",
        "Medians of the turns; in brackets the 95 % interval for the mean of such turns. *Slowest of 20*: 95 % of the frames "
        "were answered sooner. The page asks for at most 20 answers a second.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def main(
    turns: Annotated[int, typer.Option(help="How often each way is asked.")] = 5,
    frames: Annotated[int, typer.Option(help="Frames of each turn.")] = 150,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = Path("bench/results/camera.md"),
) -> None:
    """Run the bench and write its page."""
    rows, said, browser_version = measured(turns, frames)
    truth = [name for name, paths in recorded(PLAYED).items() for _ in paths]
    taught = sum(map(len, recorded(TAUGHT).values()))
    found = {"about": about(browser_version), "taught": taught, "truth": truth, "said": said, "turns": rows}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    out.write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    typer.run(main)
