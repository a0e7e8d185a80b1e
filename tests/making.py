"""Small painted pictures, class folders, small networks, and a server on 127.0.0.1 that can misbehave."""

import hashlib
import itertools
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

COURSE = Path(__file__).resolve().parent.parent
COLOURS = {"cats": (200, 90, 60), "dogs": (60, 90, 200), "owls": (80, 190, 80)}


def paint(seed, size=(80, 60), colour=(128, 128, 128)):
    """An RGB picture, (width, height): broad waves around a colour, and a little noise; every seed another one."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    waves = [np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in rng.uniform(-4, 4, (3, 3))]
    values = np.stack(waves, -1) * 50 + colour + rng.normal(0, 4, (size[1], size[0], 3))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def folder_of(root, counts, start=0, size=(80, 60)):
    """Class folders of painted JPEGs: `counts` is ``{'cats': 3, …}``."""
    for c, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            picture = paint(start + 1000 * c + i, size, COLOURS.get(name, (128, 128, 128)))
            picture.save(root / name / f"{name}_{i:03}.jpg", quality=90)
    return root


def set_of(root, train, valid, classes=("cats", "dogs")):
    """A folder with ``train/`` and ``valid/``, `train` and `valid` pictures of each class."""
    folder_of(root / "train", dict.fromkeys(classes, train))
    folder_of(root / "valid", dict.fromkeys(classes, valid), start=50_000)
    return root


def chirp(seed, up=True, seconds=0.5, rate=16_000):
    """A tone that rises or falls, with a little noise: float32, shape (seconds × rate,)."""
    rng = np.random.default_rng(seed)
    low, high = sorted(rng.uniform(300, 2500, 2)) if seed else (400.0, 1600.0)
    pitch = np.linspace(low, high + 500, round(seconds * rate))[:: 1 if up else -1]
    wave = np.sin(2 * np.pi * np.cumsum(pitch) / rate) * np.hanning(len(pitch)) ** 0.3 * rng.uniform(0.2, 0.8)
    quiet = np.zeros(round(0.1 * rate))
    noise = rng.normal(size=len(wave) + 2 * len(quiet)) * 0.002
    return (np.concatenate([quiet, wave, quiet]) + noise).astype(np.float32)


def clips_of(root, train, valid, classes=("falls", "rises")):
    """A set of class folders of WAV files: each class a way in which a tone moves."""
    import soundfile

    for part, count in (("train", train), ("valid", valid)):
        for c, name in enumerate(classes):
            (root / part / name).mkdir(parents=True, exist_ok=True)
            for i in range(count):
                seed = 1 + i + 1000 * (part == "valid") + 100 * c
                soundfile.write(root / part / name / f"{name}_{i:03}.wav", chirp(seed, bool(c)), 16_000)
    return root


def photograph(folder):
    """sha256 of every file's bytes, by name: a folder before and after."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@cache
def _network(name, seed):
    from shoulders import backbones
    from shoulders.backbones import ours

    if name == "vgg16_tiny":
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = ours.vgg16_tiny(8).eval()
        card = backbones.Card("vgg16_tiny", "ours", backbones.Transform(72, 64), head="classifier")
        return backbones.Backbone(card, card.transform, f"tiny {seed}", f"random weights, seed {seed}", lambda: module)
    return backbones.load(name, "random", seed)


def network(name="squeezenet1_1", seed=0, crop=64):
    """A backbone with random weights that looks at small pictures."""
    from shoulders.backbones import Transform

    return replace(_network(name, seed), transform=Transform(crop + 8, crop))


def weights_of(module):
    """Every parameter and buffer, as bytes."""
    return {name: tensor.detach().cpu().numpy().tobytes() for name, tensor in module.state_dict().items()}


# ---------------------------------------------------------------------------------------------------------- the server


class Server:
    """Answers by name; `asked` counts the requests. An answer is bytes, or a function of the request's handler."""

    def __init__(self, **answers):
        self.answers, self.asked = {name.replace("__", "."): answer for name, answer in answers.items()}, Counter()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rsplit("/", 1)[-1]
                server.asked[name] += 1
                answer = server.answers.get(name)
                if callable(answer):
                    answer(self)
                elif answer is None:
                    self.send_error(404)
                else:
                    send(self, answer)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True

    def url(self, name):
        return f"http://127.0.0.1:{self.http.server_address[1]}/files/{name}"


def send(handler, body, length=None):
    """Answer with `body`, claiming `length` bytes."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serving(**answers):
    """A running `Server`; in a name, two underscores stand for a dot: ``serving(set__zip=b'…')``."""
    server = Server(**answers)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


def closed_port():
    """The address of a server that is not there any more."""
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{gone.getsockname()[1]}/gone"


# ------------------------------------------------------------------------------------------------------ two routes, one sum


def alike(found, expected, room=1e-5):
    """Whether two arrays or tensors are the same but for rounding: no number differs by more than `room` of the largest.

    Sums in another order, as other kernels, batches and threads take them, differ by some 1e-7 of the largest in float32, after
    some twenty layers by 1e-6; another picture, layer or map differs by a large part of it.
    """
    import numpy as np

    found, expected = (np.asarray(one.detach() if hasattr(one, "detach") else one, float) for one in (found, expected))
    return found.shape == expected.shape and bool(abs(found - expected).max() <= room * abs(expected).max())


# ------------------------------------------------------------------------------------------------- processes of our own


def start(code, *arguments):
    """A Python process of its own that runs `code`; the course and these helpers can be imported there."""
    import os

    there = os.pathsep.join([str(COURSE), str(COURSE / "tests"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": there, "OMP_NUM_THREADS": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process, seconds=120):
    """Its output; fails when the process did."""
    output, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, output
    return output


def unreadable(figure, page: int = 960) -> list[str]:
    """What cannot be read of a figure as a page of so many pixels shows it: letters below 9 points, words upon words."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from shoulders.plots import lettering

    canvas = FigureCanvasAgg(figure)
    with lettering.quietly():
        canvas.draw()
    smaller = min(1, page / (figure.get_figwidth() * figure.dpi))
    texts = [text for text in _texts(figure) if text.get_text().strip()]
    said = [f"{text.get_text()!r}: {text.get_fontsize() * smaller:.1f} points" for text in texts]
    said = [told for told, text in zip(said, texts) if text.get_fontsize() * smaller < 8.999]
    boxes = [(text, _box(text)) for text in texts if text.get_rotation() % 90 == 0]
    pairs = itertools.combinations(boxes, 2)
    pairs = [(a, b) for (a, here), (b, there) in pairs if here.overlaps(there) and not np.allclose(here, there)]  # else it is one
    return said + [f"{a.get_text()!r} lies on {b.get_text()!r}" for a, b in pairs]


def _box(text):
    """Where it stands, in pixels; an empty first line, which leaves room, is none of it."""
    box, lines = text.get_window_extent().padded(-1), text.get_text().split("\n")
    if not lines[0]:
        box.y1 -= box.height / len(lines)
    return box


def _texts(figure):
    """Every text that is drawn."""
    from matplotlib.axes import Axes

    legends = list(figure.legends)
    yield from figure.texts
    for ax in figure.findobj(Axes):
        if not ax.get_visible():
            continue
        yield from (ax.title, *ax.texts)
        legends += [ax.get_legend()] if ax.get_legend() else []
        for axis, i in ((ax.xaxis, 0), (ax.yaxis, 1)) if ax.axison else ():
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_ticklabels() + axis.get_ticklabels(minor=True)
            yield from (tick for tick in ticks if tick.get_visible() and low <= tick.get_position()[i] <= high)
            yield from (axis.label, axis.get_offset_text())
    for legend in legends:
        yield from (legend.get_title(), *legend.get_texts())
