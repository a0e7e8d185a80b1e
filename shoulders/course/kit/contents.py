"""What a kit holds beside packages: the course, picture sets and weights of this machine, each as one file."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from shoulders import backbones, datasets
from shoulders.backbones import torchvision
from shoulders.course.kit import sticks
from shoulders.course.kit.targets import KitError
from shoulders.support import places
from shoulders.support.folders import walked
from shoulders.support.names import near


@dataclass(frozen=True)
class Part:
    """One file of a kit: an archive of files of this machine, or a copy of one.

    Attributes
    ----------
    name : str
        Its path in the kit.
    title : str
        What it is, for people.
    members : tuple of (str, Path)
        Names in the archive and the files; for a copy the one file, under ``''``.
    """

    name: str
    title: str
    members: tuple[tuple[str, Path], ...]

    @property
    def bytes(self):
        """Of an archive that stores its files as they are: 30 and 46 before each and in its list, 22 at the end (APPNOTE 4.3)."""
        sizes = sum(path.stat().st_size for _, path in self.members)
        if self.members[0][0] == "":
            return sizes
        return sizes + sum(76 + 2 * len(name.encode()) for name, _ in self.members) + 22

    def bring(self, folder: Path) -> str:
        """Put it in the kit, if it is not there and whole; its sha256."""
        if self.members[0][0] == "":
            return _carried(self.members[0][1], folder / self.name)
        with tempfile.TemporaryDirectory(prefix="shoulders-kit-") as room:
            return _carried(_zipped(self.members, Path(room, "archive.zip")), folder / self.name)


def _carried(source, target):
    sha256 = places.digest(source)
    if not sticks.holds(target, sha256):
        sticks.carry(source, target)
    return sha256


def _zipped(members, target):
    """The same files make the same bytes: pictures are not compressed again, and dates are left out."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(members):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            archive.writestr(entry, path.read_bytes())
    return target


def _archive(name, title, members):
    """A part, of which it is known that a stick and Windows can hold it."""
    part = Part(name, title, tuple(sorted(members)))
    sticks.need_names([name for name, _ in part.members], title)
    sticks.need_size(part.bytes, title)
    return part


# ---------------------------------------------------------------------------------------------------------- the course


def is_clone() -> bool:
    """Whether the course runs from its repository, or was installed as a package."""
    return (places.course() / "pyproject.toml").is_file()


def course() -> Part:
    """What git tracks, as it lies here; of an installed package its notebooks, whose data the package holds.

    Raises
    ------
    KitError
        For a repository that git does not know.
    """
    home = places.course()
    if is_clone():
        members = [(name, home / name) for name in _tracked(home)]
    else:
        members = [(path.relative_to(home).as_posix(), path) for path in walked(home / "notebooks")]
    return _archive("course.zip", "the course", members)


def _tracked(home):
    command = ["git", "-c", f"safe.directory={home}", "ls-files", "-z"]
    try:
        done = subprocess.run(command, cwd=home, capture_output=True, stdin=subprocess.DEVNULL)
        names = done.stdout.decode().split("\0")[:-1] if done.returncode == 0 else []
    except OSError:
        names = []
    if "pyproject.toml" not in names:
        raise KitError(f"A kit takes what git tracks, and git tells nothing about {home}: get the course by `git clone`.")
    if gone := next((name for name in names if not (home / name).is_file()), None):
        raise KitError(f"{home / gone} is tracked by git and is not there: `git restore {gone}` brings it back.")
    return names


def requirements(room: Path) -> list[str]:
    """What a laptop needs to run the course in JupyterLab, and pip to install it.

    Parameters
    ----------
    room : path
        Where an installed package is made a wheel again, if the course is one.
    """
    if not is_clone():
        return [f"shoulders[lab] @ {_packed(room).as_uri()}", "pip"]
    about = tomllib.loads((places.course() / "pyproject.toml").read_text(encoding="utf-8"))
    project = about["project"]
    builds = [*about["build-system"]["requires"], "editables"]
    return [*project["dependencies"], *project["optional-dependencies"]["lab"], *builds, "pip"]


def constraints(room: Path) -> Path:
    """The versions that the course is tested with; of an installed package, which lists none, those that are installed here."""
    listed = places.course() / "constraints.txt"
    if is_clone():
        return listed
    held = {found.name: found.version.partition("+")[0] for found in importlib.metadata.distributions()}
    lines = [f"{name}=={version}\n" for name, version in sorted(held.items()) if name not in ("pip", "shoulders")]
    listed = room / "constraints.txt"
    listed.write_text("".join(lines), encoding="utf-8")
    return listed


def _packed(room):
    """The wheel of the installed package, from the list of its files."""
    package = importlib.metadata.distribution("shoulders")
    files = [file for file in package.files or () if not {"..", "__pycache__"} & set(file.parts)]
    own = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    kept = [file for file in files if not (file.parent.name.endswith(".dist-info") and file.name in own)]
    if not any(file.parts[0] == "shoulders" for file in kept):
        raise KitError("This installation does not list its files: install the course from its wheel or get it by `git clone`.")
    rows = [f"{file.as_posix()},," for file in kept]
    record = next(file.parent for file in kept if file.name == "METADATA") / "RECORD"
    wheel = room / f"shoulders-{package.version}-py3-none-any.whl"
    _zipped([(file.as_posix(), Path(package.locate_file(file))) for file in kept], wheel)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(zipfile.ZipInfo(record.as_posix()), "\n".join([*rows, f"{record.as_posix()},,"]) + "\n")
    return wheel


# ------------------------------------------------------------------------------------------------- pictures and weights


@dataclass(frozen=True)
class Wishes:
    """What was asked for by name: files of this machine, packages for pip, and what is to be said of the others."""

    parts: tuple[Part, ...] = ()
    packages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def wished(names) -> Wishes:
    """Sets and networks by name.

    Raises
    ------
    KitError
        For one that is not on this machine, or that a stick cannot carry: tells what brings it.
    shoulders.backbones.BackboneError
        For a name that nobody knows.
    """
    parts, packages, notes = [], [], []
    for name in dict.fromkeys(names):
        card = datasets.CARDS.get(name) or _network(name)
        if name == backbones.SMALL or (name in datasets.CARDS and not card.sources):
            notes.append(f"{name} is in the course already.")
        elif name in datasets.CARDS:
            parts.append(_pictures(card))
        elif card.package:
            packages.append(card.package)
            notes.append(f"{name} comes with its package, {card.package}.")
        else:
            parts.append(_weights(card))
    return Wishes(tuple(parts), tuple(packages), tuple(notes))


def _network(name):
    try:
        return backbones.card(name)
    except backbones.BackboneError as error:
        if set_ := near(name, datasets.CARDS):
            raise KitError(f"No set and no network is called {name!r}.{set_}") from error
        raise


def _pictures(card):
    if (home := datasets.find(card.name)) is None:
        raise KitError(f"{card.name} is not on this machine: run `shoulders fetch {card.name}` ({card.size}) first.")
    members = [(f"{card.folders[0]}/{path.relative_to(home).as_posix()}", path) for path in walked(home)]
    return _archive(f"pictures/{card.name}.zip", f"{card.name} (licence: {card.licence})", members)


def _weights(card):
    if card.library != "torchvision":
        raise KitError(f"{card.name} is none of torchvision's networks, and only theirs are taken along: leave it out of --with.")
    if (file := torchvision.path(card)) is None:
        raise KitError(f"{card.name} is not on this machine: run `shoulders fetch {card.name}` ({card.size}) first.")
    sticks.need_size(file.stat().st_size, file.name)
    return Part(f"weights/{file.name}", f"{card.name} (licence: {card.licence})", (("", file),))
