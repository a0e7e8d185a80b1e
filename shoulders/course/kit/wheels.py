"""The packages of a kit: pip says which wheels a target needs, and fetches them; nothing is resolved here."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from shoulders.course.kit import sticks
from shoulders.course.kit.targets import KitError, Target
from shoulders.support import places

CPU = "https://download.pytorch.org/whl/cpu"
"""Where PyTorch's wheels for Linux without CUDA are."""

BATCH = 200_000_000
"""About so many bytes are asked of pip at once: what a stop costs."""

QUIET = (23, 3)
"""The first pip that can say what it would fetch without fetching it."""


@dataclass(frozen=True)
class Wheel:
    """A file that pip chose.

    Attributes
    ----------
    package, version, url, sha256 : str
    bytes : int or None
        None where its server does not say.
    """

    package: str
    version: str
    url: str
    sha256: str
    bytes: int | None = None

    @property
    def file(self):
        return unquote(urlsplit(self.url).path).rpartition("/")[2]

    @property
    def pin(self):
        """A line of a requirements file that only this very file meets."""
        return f"{self.package}=={self.version} --hash=sha256:{self.sha256}"


def need_pip() -> str:
    """What is to be known of this environment's pip; ``''`` for nothing.

    Raises
    ------
    KitError
        Where there is none.
    """
    try:
        version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError as error:
        remedy = f"run `{sys.executable} -m ensurepip --upgrade` and the same command again"
        raise KitError(f"pip chooses and fetches the wheels, and this environment has none: {remedy}.") from error
    if tuple(int(part) for part in version.split(".")[:2]) >= QUIET:
        return ""
    upgrade = f"`{sys.executable} -m pip install --upgrade pip`"
    return f"pip {version} fetches wheels to say which it would take; one of version 23.3 or later does not: {upgrade}."


def need_cpu() -> None:
    """Ask once whether PyTorch's own index is there: pip would ask it, in vain and with patience, for every package.

    Raises
    ------
    KitError
    """
    if os.environ.get("PIP_NO_INDEX"):  # pip asks none
        return
    import requests

    try:
        requests.head(f"{CPU}/torch/", timeout=20, allow_redirects=True).raise_for_status()
    except requests.RequestException as error:
        remedy = "check the network, or make the kit without --cpu, which takes almost 3 GB more for each Python on Linux"
        raise KitError(f"{CPU}, where --cpu looks, cannot be reached: {remedy}.") from error


def chosen(target: Target, requirements: list[str], constraints: Path, cpu: bool = False) -> list[Wheel]:
    """The wheels that pip would install on a target; none is kept.

    Parameters
    ----------
    target : Target
    requirements : list of str
        As in a requirements file.
    constraints : path
    cpu : bool
        Take PyTorch without CUDA, where that is another wheel.

    Raises
    ------
    KitError
        Where a package has no wheel for the target: names both. Where pip fails in another way: tells its own reason.
    """
    with tempfile.TemporaryDirectory(prefix="shoulders-kit-") as room:
        asked, report = Path(room, "asked.txt"), Path(room, "report.json")
        asked.write_text("\n".join(requirements), encoding="utf-8")
        words = ["install", "--dry-run", "--ignore-installed", "--quiet", "--target", str(Path(room, "nowhere"))]
        words += ["--report", str(report), "--requirement", str(asked), "--constraint", str(constraints)]
        words += ["--extra-index-url", CPU] if cpu else []
        done = subprocess.run(_command(target, words), capture_output=True, text=True, env=_environment(room))
        if done.returncode:
            raise KitError(_why(target, done.stderr))
        wheels = [_wheel(entry) for entry in json.loads(report.read_text(encoding="utf-8"))["install"]]
    if cpu:
        _need_without_cuda(target, wheels)
    return sorted(wheels, key=lambda wheel: wheel.file)


def _command(target, words):
    script = Path(__file__).with_name("elsewhere.py")
    command = [sys.executable, "-P", str(script), json.dumps(target.markers), *words, *target.options]
    return [*command, "--disable-pip-version-check", "--no-input"]


def _environment(room):
    """pip unpacks what it fetches in the room; this machine's own constraints stay, as the index does."""
    return os.environ | {"TMPDIR": str(room), "TEMP": str(room), "TMP": str(room), "PYTHONIOENCODING": "utf-8"}


def _wheel(entry):
    about, where = entry["metadata"], entry["download_info"]
    archive = where["archive_info"]
    sha256 = archive.get("hashes", {}).get("sha256") or archive.get("hash", "").removeprefix("sha256=")
    return Wheel(about["name"], about["version"], where["url"], sha256 or places.digest(_local(where["url"])))


def _local(url):
    """The file that a ``file:`` address names; None for another address."""
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


_UNREACHED = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|ConnectionReset")


def _why(target, said):
    """pip's reasons are many lines, and the last are the most general."""
    if missing := re.search(r"No matching distribution found for ([^\s;(]+)", said):
        if _UNREACHED.search(said):
            return f"{target}: {missing[1]} was not found, and pip could not reach its index: check the network, and try again."
        return f"{target}: no wheel of {missing[1]} exists for it where pip looks."
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")] or said.splitlines()
    return f"{target}: pip cannot choose its wheels: {(lines or ['it says nothing'])[0].rstrip('.')[:300]}."


def _need_without_cuda(target, wheels):
    """Where the second index cannot be reached, pip takes the first one's without a word."""
    if target.platform.startswith("linux") and any(wheel.package.startswith(("nvidia-", "cuda-")) for wheel in wheels):
        remedy = f"see that {CPU} can be reached, or make the kit without --cpu"
        raise KitError(f"{target}: pip found no PyTorch without CUDA: {remedy}.")


def weighed(wheels: list[Wheel]) -> list[Wheel]:
    """The same wheels with their sizes, where their servers say them."""
    with ThreadPoolExecutor(8) as pool:
        return [replace(wheel, bytes=number) for wheel, number in zip(wheels, pool.map(_bytes, wheels))]


def _bytes(wheel):
    if file := _local(wheel.url):
        return file.stat().st_size
    import requests  # pooch brings it

    with contextlib.suppress(requests.RequestException, ValueError):
        answer = requests.head(wheel.url, allow_redirects=True, timeout=20, headers={"Accept-Encoding": "identity"})
        if answer.ok and int(answer.headers.get("Content-Length", 0)):
            return int(answer.headers["Content-Length"])
    return None


def bring(target: Target, wheels: list[Wheel], folder: Path, step: Callable[[float], None]) -> None:
    """Fetch the wheels that are not in a folder, or not whole there; each appears in it only whole.

    Parameters
    ----------
    target : Target
        One that they run on.
    wheels : list of Wheel
    folder : path
    step : callable
        Is told of bytes as they come.

    Raises
    ------
    KitError
        Tells pip's reason. What has come is kept.
    """
    lacking = []
    for wheel in wheels:
        if sticks.holds(folder / wheel.file, wheel.sha256):
            step(wheel.bytes or 0)
        else:
            lacking.append(wheel)
    for batch in _batches(lacking):
        with tempfile.TemporaryDirectory(prefix="shoulders-kit-") as room:
            for wheel in _fetched(target, batch, Path(room), step):
                sticks.carry(Path(room, "whole", wheel.file), folder / wheel.file)


def _batches(wheels) -> Iterator[list[Wheel]]:
    batch = []
    for wheel in wheels:
        if batch and sum(each.bytes or 0 for each in (*batch, wheel)) > BATCH:
            yield batch
            batch = []
        batch.append(wheel)
    if batch:
        yield batch


def _fetched(target, batch, room, step):
    """The batch, each of which then lies whole in a folder of the room."""
    asked, said = room / "asked.txt", room / "said.txt"
    asked.write_text("".join(f"{each.package} @ {each.url} --hash=sha256:{each.sha256}\n" for each in batch), encoding="utf-8")
    words = ["download", "--quiet", "--no-deps", "--require-hashes", "--dest", str(room / "whole"), "--requirement", str(asked)]
    with open(said, "w", encoding="utf-8") as file:
        process = subprocess.Popen(_command(target, words), stdout=file, stderr=file, env=_environment(room))
        try:
            _watch(process, room, sum(each.bytes or 0 for each in batch), step)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode:
        reason = _why(target, said.read_text(encoding="utf-8", errors="replace")).removeprefix(f"{target}: ")
        raise KitError(f"{', '.join(each.file for each in batch[:3])}: {reason} The same command goes on from here.")
    return batch


def _watch(process, room, total, step):
    """Tell the bytes of what pip has fetched, until it ends."""
    told = 0
    while process.poll() is None:
        now = max(told, min(_filled(room), total))
        step(now - told)
        told = now
        time.sleep(0.2)
    step(total - told)


def _filled(folder):
    number = 0
    for home, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # pip has moved it
                number += os.stat(os.path.join(home, name)).st_size
    return number
