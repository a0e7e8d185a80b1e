"""What the played platforms share: a copy of the course, an environment of lent packages, a room, and a watch over memory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

COURSE = Path(__file__).resolve().parents[2]
LESSONS = ("01", "06")
LENDER = Path(sysconfig.get_path("purelib"))

ROOM = """
set -e
root=$1; instead=$2; shift 2
mount -t tmpfs -o mode=755 tmpfs "$root"
for each in /*; do
  if [ -L "$each" ]; then cp -P "$each" "$root/"
  elif [ -d "$each" ] && [ "$each" != "$instead" ]; then mkdir "$root$each"; mount --rbind "$each" "$root$each"
  fi
done
while [ "$1" != -- ]; do
  [ -d "$root$2" ] || mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
  shift 3
done
shift
exec chroot "$root" "$@"
"""


def need_root(platform: str) -> None:
    """End with one sentence where no room can be made."""
    if not (sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare")):
        sys.exit(f"{platform} is played in a mount namespace of its own: run this as root on Linux, or in a container.")


def asked(*extras: str) -> dict[str, Requirement]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {canonicalize_name(found.name): found for found in map(Requirement, lines)}


def packages(names: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Installed packages by name, with all that they depend on."""
    found, todo = {}, [(name, ()) for name in names]
    while todo:
        name, extras = todo.pop()
        key = canonicalize_name(name)
        if key not in found or extras:
            try:
                found[key] = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue
            wanted = map(Requirement, found[key].requires or ())
            here = [one for one in wanted if not one.marker or any(one.marker.evaluate({"extra": e}) for e in ("", *extras))]
            todo += [(one.name, tuple(one.extras)) for one in here if canonicalize_name(one.name) not in found or one.extras]
    return found


def environment(folder: Path, *wanted: str) -> Path:
    """A virtual environment with what pip is asked to install; its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    if wanted:
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True)
    return python


def lend(python: Path, names: Iterable[str]) -> None:
    """Links from an environment to packages of this one; what it has of its own stays first.

    So nothing is downloaded twice, and what a platform lacks is missing.
    """
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    home = Path(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip())
    for one in packages(names).values():
        tops = {file.parts[0] for file in one.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            if not os.path.lexists(home / top):
                (home / top).symlink_to(LENDER / top)


def clone(folder: Path, address: str = "") -> Path:
    """What is committed of the course; with a public address as if it were published there."""
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{COURSE}", folder], check=True)
    if address:
        project = folder / "pyproject.toml"
        held = project.read_text(encoding="utf-8")
        project.write_text(held.replace('repository = ""', f'repository = "{address}"'), encoding="utf-8")
        build = [sys.executable, "lessons/build.py", "--no-execute"]
        subprocess.run(build, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(folder)})
        author = ["-c", "user.name=a teacher", "-c", "user.email=teacher@example.org"]
        subprocess.run(["git", *author, "commit", "-qam", "A public address"], cwd=folder, check=True)
    return folder


def room(root: Path, places, command, instead: str = "/nothing") -> list[str]:
    """The command line that runs `command` where further folders stand, and leaves nothing behind when it ends.

    Parameters
    ----------
    root : path
        An empty folder.
    places : sequence of (folder, where it stands there, "ro" or "rw")
    command : sequence of str
    instead : str
        A folder of the root that is not there but for what `places` put into it.
    """
    root.mkdir(exist_ok=True)
    flat = [str(word) for place in places for word in place]
    return ["unshare", "--mount", "sh", "-c", ROOM, "room", str(root), instead, *flat, "--", *map(str, command)]


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Watch(threading.Thread):
    """The memory of a process and all below it, five times a second: each page counted once, whoever shares it.

    Attributes
    ----------
    peak : int
        Bytes (the sum of Linux's proportional set sizes).
    over : bool
        Whether the limit was passed: then all of them were ended, as a container's would be.
    """

    def __init__(self, process: int, limit: float = float("inf")):
        super().__init__(daemon=True)
        self.process, self.limit = psutil.Process(process), limit
        self.peak, self.over, self.done = 0, False, threading.Event()
        self.started = time.perf_counter()
        self.start()

    def run(self):
        while not self.done.wait(0.2):
            family = self._family()
            self.peak = max(self.peak, sum(map(proportional, family)))
            if self.peak > self.limit:
                self.over = True
                self._end(family)
                return

    def stop(self) -> float:
        """End the watch; the seconds since it began."""
        self.done.set()
        self.join()
        return time.perf_counter() - self.started

    def _family(self):
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    @staticmethod
    def _end(family):
        for one in family:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue


def proportional(process: psutil.Process) -> int:
    """Bytes of a process, a page that several share divided among them; 0 for one that has ended."""
    try:
        return process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return 0


def row(platform: str, notebook: str, cells: int, seconds: float, peak: int, said: str) -> str:
    """A row of the README's table."""
    return f"| {platform} | {notebook} | {cells} | {seconds:.0f} | {peak / 1e9:.2f} GB | {said} |"
