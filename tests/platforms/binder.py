"""Binder, played: the packages of binder/environment.yml and no others, ``postBuild``, one core, 2 GB.

    python tests/platforms/binder.py [--lessons "01 06"]

The packages are this Python's own, lent: so a name that environment.yml lacks is missing, and versions are compared. The course
is a fresh clone of what is committed, and the user's home, as repo2docker has it. JupyterLab's server counts into the memory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import playing
import served
import yaml
from packaging.requirements import Requirement

GIGABYTES = 2
REPO2DOCKER = ("jupyterlab", "jupyter_server")
"""What it brings by itself."""


def wanted() -> tuple[str, list[Requirement]]:
    """The Python and the packages of binder/environment.yml."""
    held = yaml.safe_load((playing.COURSE / "binder" / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    python = next(line.partition("=")[2] for line in held if isinstance(line, str) and line.startswith("python="))
    return python, [Requirement(line) for line in held[-1]["pip"] if not line.startswith("--")]


def others(asked: list[Requirement]) -> list[str]:
    """Where this Python has another version than Binder; CUDA's PyTorch stands in for that of the CPU."""
    here = {one.name: metadata.version(one.name) for one in asked}
    there = {one.name: next(iter(one.specifier)).version.partition("+")[0] for one in asked}
    return [f"{name} {here[name]}, Binder {there[name]}" for name in here if here[name].partition("+")[0] != there[name]]


def run(course: Path, python: Path, notebook: str) -> tuple[served.Session, playing.Watch]:
    """One notebook in a server and a home of its own, on the first core."""
    token, port = secrets.token_hex(16), playing.free_port()
    environment = {"HOME": str(course), "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    options = [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}", "--no-browser"]
    options += ["--allow-root"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        ["taskset", "-c", "0", python, "-m", "jupyterlab", *options],
        cwd=course, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    watch = playing.Watch(process.pid, GIGABYTES * 1e9)
    try:
        server = served.Server(f"http://127.0.0.1:{port}/", token)
        server.wait("api/status")
        session = asyncio.run(served.run(server, f"notebooks/{notebook}"))
    finally:
        watch.stop()
        process.terminate()
        process.wait()
    return session, watch


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", default=" ".join(playing.LESSONS))
    given = parser.parse_args()
    python_there, asked = wanted()
    if python_there != f"{sys.version_info[0]}.{sys.version_info[1]}":
        print(f"Binder has Python {python_there}, this is {sys.version_info[0]}.{sys.version_info[1]}.")
    for line in others(asked):
        print(f"Another version here: {line}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        course = playing.clone(folder / "course")
        python = playing.environment(folder / "environment")
        playing.lend(python, [*(one.name for one in asked), *REPO2DOCKER])
        built = {"HOME": str(course), "PATH": f"{python.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
        print(subprocess.run(["binder/postBuild"], cwd=course, env=built, check=True, capture_output=True, text=True).stdout)
        for lesson in given.lessons.split():
            for edition in ("", "solutions/"):
                notebook = next((course / "notebooks" / edition).glob(f"{lesson}_*.ipynb")).relative_to(course / "notebooks")
                session, watch = run(course, python, str(notebook))
                said = f"{session.said.count('Right. Exercise')} right, {session.said.count('Not yet:')} not yet"
                print(playing.row("Binder", f"{edition}{lesson}", session.cells, session.seconds, watch.peak, said))
                if session.failed or watch.over:
                    sys.exit(f"{notebook}: {'over the memory' if watch.over else session.failed[0]}")
                print(session.red, end="")


if __name__ == "__main__":
    main()
