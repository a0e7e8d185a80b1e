"""Which machines a kit is for: a platform and a Python, as pip's options and the markers in packages' requirements name them."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field

from shoulders.support.errors import CourseError
from shoulders.support.names import near


class KitError(CourseError):
    """A kit cannot be made, or is not whole; the message says what to do."""


PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True)
class Platform:
    """A system and its processor.

    Attributes
    ----------
    title : str
    tags : tuple of str
        Of the wheels that run there, for pip's ``--platform`` (PEP 425, 600); of the oldest system that has a PyTorch.
    markers : dict of str to str
        What requirements ask about it (PEP 508).
    """

    title: str
    tags: tuple[str, ...]
    markers: dict[str, str] = field(hash=False)


def _manylinux(machine):
    """From glibc 2.28 down; pip knows these tags by their names alone."""
    return (*(f"manylinux_2_{minor}_{machine}" for minor in range(28, 4, -1)), f"manylinux2014_{machine}",
            f"manylinux2010_{machine}", f"manylinux1_{machine}")  # fmt: skip


def _markers(os_name, sys_platform, system, machine):
    return {
        "os_name": os_name, "sys_platform": sys_platform, "platform_system": system, "platform_machine": machine,
        "platform_release": "", "platform_version": "", "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }  # fmt: skip


PLATFORMS = {
    "linux": Platform("Linux", _manylinux("x86_64"), _markers("posix", "linux", "Linux", "x86_64")),
    "linux-arm": Platform("Linux on ARM", _manylinux("aarch64"), _markers("posix", "linux", "Linux", "aarch64")),
    "macos": Platform("macOS", ("macosx_14_0_arm64",), _markers("posix", "darwin", "Darwin", "arm64")),
    "windows": Platform("Windows", ("win_amd64",), _markers("nt", "win32", "Windows", "AMD64")),
}


@dataclass(frozen=True)
class Target:
    """A platform, by its name in `PLATFORMS`, and a Python, as ``3.12``."""

    platform: str
    python: str

    def __str__(self):
        return f"{PLATFORMS[self.platform].title}, Python {self.python}"

    @property
    def name(self):
        return f"{self.platform}-{self.python}"

    @property
    def markers(self):
        """With the first release of that Python: what only it needs does the others no harm."""
        release = f"{self.python}.0"
        versions = {"python_version": self.python, "python_full_version": release, "implementation_version": release}
        return PLATFORMS[self.platform].markers | versions

    @property
    def options(self):
        """For pip: take no wheels but those that run there."""
        tags = [word for tag in PLATFORMS[self.platform].tags for word in ("--platform", tag)]
        return ["--only-binary=:all:", "--implementation", "cp", "--python-version", self.python, *tags]


def targets(platforms=(), pythons=()) -> list[Target]:
    """Every Python on every platform; of what is not named, this machine's.

    Raises
    ------
    KitError
        For a name that is not known, or where this machine is none that PyTorch supports.
    """
    platforms, pythons = platforms or (here(),), pythons or (".".join(map(str, sys.version_info[:2])),)
    for name in platforms:
        if name not in PLATFORMS:
            raise KitError(f"--platform {name!r}: choose among {', '.join(PLATFORMS)}.{near(name, PLATFORMS)}")
    for python in pythons:
        if python not in PYTHONS:
            raise KitError(f"--python {python!r}: the course runs on {', '.join(PYTHONS)}.")
    return [Target(platform, python) for platform in dict.fromkeys(platforms) for python in dict.fromkeys(pythons)]


def here() -> str:
    """The platform of this machine.

    Raises
    ------
    KitError
    """
    system, machine = sys.platform, platform.machine()
    for name, known in PLATFORMS.items():
        if (known.markers["sys_platform"], known.markers["platform_machine"].lower()) == (system, machine.lower()):
            return name
    raise KitError(f"This machine ({system}, {machine}) is none that PyTorch supports: name others with --platform.")
