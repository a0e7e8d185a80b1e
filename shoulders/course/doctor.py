"""What this machine has, what a lesson needs of it, and what to do about the difference."""

from __future__ import annotations

import copy
import html
import importlib
import importlib.metadata
import os
import shutil
import socket
import sys
import time
from dataclasses import dataclass

from shoulders import backbones, datasets, engine
from shoulders.course import editions
from shoulders.support import devices, places, progress
from shoulders.support.errors import CourseError, reason
from shoulders.support.words import about

HOST = ("download.pytorch.org", 443)
"""Asked, with a patience of two seconds, whether the network is there."""


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, whether lessons can run with it, and what to do if not."""

    what: str
    found: str
    good: bool = True
    advice: str = ""

    def __str__(self):
        line = f"{'ok ' if self.good else 'NOT'} {self.what:<9} {self.found}"
        return f"{line}. {self.advice}" if self.advice else line


def examine(network: bool = True, host: tuple[str, int] = HOST) -> list[Finding]:
    """Look at Python, torch, the device, disk, memory, pictures, weights, lessons and the network.

    Parameters
    ----------
    network : bool
        Whether to try to reach `host`.
    host : (str, int)
    """
    looks = [_python, _torch, _device, _disk, _memory, *(_pictures(name) for name in datasets.CARDS), _giants, _weights, _box]
    looks += [_lesson(lesson) for lesson in editions.NEEDS]
    looks += [lambda: _network(host)] if network else []
    return [_tried(look) for look in looks]


def _tried(look):
    """What one look finds, whatever is broken: the others still tell."""
    try:
        return look()
    except Exception as error:
        return Finding("check", f"failed: {type(error).__name__}: {reason(error)}", False, "Please report this line.")


def show(network: bool = False) -> None:
    """Show in one line what `examine` finds, and the rest behind a fold. Never raises, so that a first cell never fails."""
    try:
        findings = examine(network)
        said = _in_short(findings)
        _display("\n".join([said, *map(str, findings)]), _folded(said, findings))
    except Exception as error:
        print(f"The check itself failed ({type(error).__name__}: {error}). Please report this line.")


def _in_short(findings):
    wrong = [str(finding) for finding in findings if not finding.good]
    if not wrong:
        return "All fine: every lesson can run here."
    return "\n".join([f"{len(wrong)} of {len(findings)} looks found something to mend:", *wrong])


def _folded(said, findings):
    whole = html.escape("\n".join(map(str, findings)))
    lines = html.escape(said).replace("\n", "<br>")
    fold = f'<details><summary>What was looked at</summary><pre style="white-space: pre-wrap">{whole}</pre></details>'
    return f"<p>{lines}</p>{fold}"


def _display(plain, page):
    """As a page where a notebook shows it, else in plain text."""
    if progress.in_notebook():
        from IPython.display import display

        display({"text/plain": plain, "text/html": page}, raw=True)
    else:
        print(plain)


SECONDS = {
    "01": 32, "02": 53, "03": 34, "04a": 15, "04b": 26, "04c": 19, "05": 36, "06": 52, "07a": 37, "07b": 16, "07c": 22,
    "11a": 82, "11b": 80,
}  # fmt: skip
"""What a lesson's pocket edition took, the first time, with one thread on an AMD EPYC (Zen 5) of two cores without a GPU, where
another lesson ran on the second core (that core was idle for those of 07 and 11)."""

STEP = 0.033
"""Seconds of one step of learning there, as `step` measures them."""


def pace() -> None:
    """Say for how long the lessons of the pocket edition compute on this machine, as ranges. Never raises.

    The seconds are those of another machine, times what a small run takes here over what it took there. Pictures, disk and
    what else the machine does have their own part in them: hence a range, from half to twice as long. A graphics card is not
    asked: it shortens a training, and nothing else.
    """
    try:
        times = step() / STEP
        print("The machine's part, the first time, in the pocket edition:")
        print(*(f"lesson {lesson}: {about(seconds * times)}" for lesson, seconds in SECONDS.items()), sep="\n")
    except Exception as error:
        print(f"How fast this machine is could not be measured ({type(error).__name__}: {reason(error)}).")


def step(patience: float = 1.0) -> float:
    """Seconds of one step in which the shipped network learns from eight pictures: the fastest within `patience` seconds."""
    import torch

    network = copy.deepcopy(backbones.load(backbones.SMALL).module).cpu().train()
    pictures = torch.rand(8, 3, 64, 64)
    taken, end = [], time.perf_counter() + patience
    while len(taken) < 2 or time.perf_counter() < end:
        started = time.perf_counter()
        network(pictures).square().mean().backward()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _python():
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] <= (3, 14)
    return Finding("python", version, good, "" if good else "Install Python 3.11, 3.12, 3.13 or 3.14.")


def _torch():
    found = {name: _library(name) for name in ("torch", "torchvision", "timm", "onnxruntime", "fastai", "captum", "ipywidgets")}
    good = not any(said.startswith(("missing", "broken")) for said in found.values())
    return Finding("libraries", ", ".join(" ".join(pair) for pair in found.items()), good, "" if good else INSTALL)


INSTALL = "Install the course again: `make setup`, or as README says for this system."


def _library(name):
    """Its version; what is installed may still not load, for want of a system's library. (Those of Jupyter run elsewhere.)"""
    try:
        version = importlib.metadata.version(name)
        if name in ("torch", "torchvision", "onnxruntime"):
            importlib.import_module(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
    except Exception as error:
        return f"broken ({reason(error)})"
    return version


def _device():
    try:
        device, precision = devices.device(), devices.precision()
    except Exception as error:  # told above, as a library
        return Finding("device", f"not known ({reason(error)})", False, INSTALL)
    why = {"bf16": "bfloat16 in hardware", "fp32": "no bfloat16 in hardware: about half as fast or less"}[precision]
    return Finding("device", f"{device} ({devices.processor()}), {precision}: {why}")


def _disk():
    cache = places.cache()
    home = places.standing(cache)
    if home is None:  # a drive that is not there
        return Finding("disk", f"no {cache.anchor} for {cache}", False, "Set SHOULDERS_CACHE to a folder that you may write to.")
    free = shutil.disk_usage(home).free
    good = free > 1e9 and places.can_hold(cache)
    advice = "" if good else "Free at least 1 GB, or set SHOULDERS_CACHE to a folder that you may write to."
    return Finding("disk", f"{places.size(free)} free for {cache}", good, advice)


def _memory():
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("memory", "not told by this system")
    good = total > 3e9
    return Finding("memory", places.size(total), good, "" if good else "4 GB are needed for the full edition's networks.")


def _pictures(name):
    def look():
        card, folder = datasets.CARDS[name], datasets.find(name)
        if folder:
            return Finding("pictures", f"{name}: {folder}")
        advice = f"`shoulders fetch {name}` brings them ({card.size})." if card.sources else ""
        return Finding("pictures", f"{name}: not here", True, advice)

    return look


def _giants():
    """The two networks of the pocket edition, as they were published, and what runs the real one."""
    here = [name for name in (backbones.DEFAULT, backbones.SMALL) if backbones.on_disk(name)]
    try:
        loaded = [backbones.load(name) for name in here]
    except CourseError as error:
        return Finding("giants", "damaged", False, str(error))
    engines = [f"{network.name} (run by {engine.name(network, ['hidden'])})" for network in loaded]
    if backbones.DEFAULT in here:
        return Finding("giants", ", ".join(engines))
    bring = backbones.card(backbones.DEFAULT).bringing
    advice = f"`{bring}` brings {backbones.DEFAULT}; without it lessons use the small network."
    return Finding("giants", ", ".join(engines) or "none", bool(here), advice)


def _weights():
    here = [name for name, card in backbones.cards().items() if backbones.weights_path(card)]
    if here:
        return Finding("weights", f"{', '.join(here)} of {len(backbones.cards())} in the catalogue")
    return Finding("weights", f"none of {len(backbones.cards())} in the catalogue", True, "`shoulders fetch NAME` brings them.")


def _box():
    """What ships with the course, byte for byte as its cards say."""
    wrong = [path.name for path, digest in _shipped() if not path.exists() or places.digest(path) != digest]
    advice = "Get the course again: these files are not as they were made." if wrong else ""
    count = len(list(_shipped()))
    return Finding("box", f"{count - len(wrong)} of {count} files as they were made", not wrong, advice)


def _shipped():
    listed = places.box() / "SHA256SUMS"
    for line in listed.read_text(encoding="utf-8").splitlines() if listed.exists() else ():
        digest, _, name = line.partition("  ")
        yield places.box() / name, digest


def _lesson(lesson):
    def look():
        try:
            return Finding(f"lesson {lesson}", f"runs, in the {editions.decide(lesson)} edition")
        except CourseError as error:
            return Finding(f"lesson {lesson}", "cannot run", False, str(error))

    return look


def _network(host):
    try:
        socket.create_connection(host, timeout=2).close()
        return Finding("network", f"{host[0]} can be reached")
    except OSError:
        return Finding("network", f"{host[0]} cannot be reached", True, "Lessons run without; `shoulders fetch` needs it.")
