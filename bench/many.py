"""Features by Ray against the plain pass: what a start costs, what a picture costs, and from how many pictures it is worth it.

    pip install 'shoulders[ray]' psutil
    python bench/many.py [--pictures 2000] [--more 8000] [--workers 2] [--backbone vgg16_tiny] [--out bench/results/many.md]

Felt pictures are written again at 80 × 80 pixels, each with other numbers, into a temporary folder. Two counts of them are looked
at by each way, in a process of its own: seconds = start + pictures · cost gives start and cost. Besides: how far features are
apart, and the memory of driver and workers over time. On one machine both ways share its cores, so Ray can be worth it
only by what it adds elsewhere: the number of machines from which on it is sooner is computed, and told as such.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer
from PIL import Image

from shoulders.many import parts
from shoulders.support import devices, places
from shoulders.support.words import counted

HERE = Path(__file__).resolve().parents[1]

PLAIN = """
import sys
import numpy as np
from pathlib import Path
from shoulders import backbones, features
from shoulders.support import folders
said = [values for _, values in features.each(backbones.load(sys.argv[3]), folders.files([Path(sys.argv[1])]))]
np.save(sys.argv[2], np.concatenate(said))
"""

RAY = """
import sys
from shoulders import backbones, many
if __name__ == "__main__":
    many.write(sys.argv[2], sys.argv[1], backbones.load(sys.argv[3]), part=512, workers=int(sys.argv[4]))
"""


def make(folder, count, side=80):
    """Pictures that are all different, from those in the box."""
    felt = sorted((places.box() / "felt").rglob("*.jpg"))[:200]
    small = [np.asarray(Image.open(path).convert("RGB").resize((side, side))) for path in felt]
    rng = np.random.default_rng(0)
    for i in range(count):
        (folder / f"{i // 1000:03}").mkdir(parents=True, exist_ok=True)
        pixels = (small[i % len(small)] * rng.uniform(0.7, 1, 3)).astype(np.uint8)
        pixels[rng.integers(side), rng.integers(side)] = rng.integers(0, 256, 3)
        Image.fromarray(pixels).save(folder / f"{i // 1000:03}" / f"{i:07}.jpg", quality=85)
    return folder


def timed(code, *arguments):
    """Seconds of a process, and its memory over time: (seconds, MB of the driver, MB of the largest worker)."""
    started, memory = time.perf_counter(), []
    environment = {**os.environ, "PYTHONPATH": str(HERE), "SHOULDERS_CACHE": tempfile.mkdtemp()}
    process = psutil.Popen([sys.executable, "-c", code, *map(str, arguments)], env=environment)
    while process.poll() is None:
        try:
            workers = [child for child in process.children(recursive=True) if "MapWorker" in " ".join(child.cmdline())]
            taken = [one.memory_full_info().uss / 1e6 for one in (process, *workers)]
            memory.append((time.perf_counter() - started, taken[0], max(taken[1:], default=0.0)))
        except psutil.Error:
            pass
        time.sleep(1)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, code)
    return time.perf_counter() - started, memory


def main(
    pictures: Annotated[int, typer.Option()] = 2000,
    more: Annotated[int, typer.Option()] = 8000,
    workers: Annotated[int, typer.Option()] = 2,
    backbone: Annotated[str, typer.Option()] = "vgg16_tiny",
    beside: Annotated[str, typer.Option(help="What else ran meanwhile, in words.")] = "",
    out: Annotated[Path, typer.Option()] = Path("bench/results/many.md"),
) -> None:
    """Run the bench and write its page."""
    seconds, memory = {}, []
    with tempfile.TemporaryDirectory() as room:
        room = Path(room)
        for count in (pictures, more):
            source = make(room / str(count), count)
            seconds["plain", count], _ = timed(PLAIN, source, room / f"{count}.npy", backbone)
            seconds["ray", count], memory = timed(RAY, source, room / f"out{count}", backbone, workers)
            rows = np.concatenate([parts.read(path, "features")[0] for path in parts.written(room / f"out{count}")])
            plain = np.load(room / f"{count}.npy")
            apart = float(abs(rows - plain).max() / abs(plain).max())
            print(count, {way: f"{seconds[way, count]:.1f} s" for way in ("plain", "ray")}, f"apart {apart:.1g}", flush=True)
    write(out, seconds, memory, apart, (pictures, more), workers, backbone, beside)


def write(out, seconds, memory, apart, counts, workers, backbone, beside):
    """The page and the numbers behind it."""
    few, many = counts
    cost = {way: (seconds[way, many] - seconds[way, few]) / (many - few) for way in ("plain", "ray")}
    start = {way: seconds[way, few] - few * cost[way] for way in cost}
    worth = [(m, (start["ray"] - start["plain"]) / (cost["plain"] - cost["ray"] / m)) for m in (1, 2, 4, 10)]
    machine = f"{devices.processor()}, {os.cpu_count()} cores, {devices.device()}, {devices.precision()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("ray", "pyarrow", "torch"))
    late = [row for row in memory if row[2] and row[0] > memory[-1][0] / 2]
    head = ["", "s, start (computed)", *(f"s, {count:,} pictures" for count in counts), "ms a picture (computed)"]
    rows = [[way, start[way], seconds[way, few], seconds[way, many], 1000 * cost[way]] for way in cost]
    lines = [
        "# Features by Ray against the plain pass", "",
        f"{date.today()}. {machine}. Python {platform.python_version()}, {libraries}. {backbone}, pictures of 80 × 80 pixels, "
        f"{workers} workers on one machine, a turn of each. {beside} Made by `python bench/many.py`.", "",
        f"| {' | '.join(head)} |", "|---|---|---|---|---|",
        *(f"| {way} | {' | '.join(f'{number:.2f}' for number in numbers)} |" for way, *numbers in rows),
        "", f"* The features differ by {apart:.1g} of the largest at most.", *(_worth(*pair) for pair in worth),
        *([_memory(late)] if late else []), "",
    ]  # fmt: skip
    out.write_text("\n".join(lines), encoding="utf-8")
    told = {"seconds": {" ".join(map(str, key)): value for key, value in seconds.items()}, "apart": apart, "memory": memory}
    out.with_suffix(".json").write_text(json.dumps(told | {"machine": machine, "beside": beside}, indent=1) + "\n")
    print("\n".join(lines))


def _worth(machines, pictures):
    when = f"from {pictures:,.0f} pictures on" if pictures > 0 else "never"
    return f"* {counted(machines, 'such machine')}: sooner than one without Ray {when} (extrapolated: Ray's ms by the machines)."


def _memory(rows):
    (_, *driver), (_, *worker) = ((name, min(one), max(one)) for name, one in zip("dw", list(zip(*rows))[1:]))
    driver, worker = (f"{low:.0f} to {high:.0f} MB" for low, high in (driver, worker))
    return f"* Memory in the second half of the larger pass: driver {driver}, the largest worker {worker}."


if __name__ == "__main__":
    typer.run(main)
