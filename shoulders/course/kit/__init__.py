"""Everything for a stick: packages for the platforms asked for, course, pictures, weights, sums, a start without network."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from shoulders.course.kit import contents, launchers, sticks, wheels
from shoulders.course.kit.contents import Part
from shoulders.course.kit.sticks import Check, verify
from shoulders.course.kit.targets import PLATFORMS, PYTHONS, KitError, Target, targets
from shoulders.course.kit.wheels import Wheel
from shoulders.support import places
from shoulders.support.progress import bar, track
from shoulders.support.words import counted

__all__ = ["PLATFORMS", "PYTHONS", "Check", "KitError", "Plan", "make", "plan", "verify"]


@dataclass(frozen=True)
class Plan:
    """A kit before it is made: `print` it to see what it takes.

    Attributes
    ----------
    folder : Path
    parts : tuple of Part
        The course, pictures, weights.
    wheels : dict of Target to list of Wheel
        What pip chose.
    lacks : tuple of str
        A sentence for each target that had to be left out.
    notes : tuple of str
    room : tempfile.TemporaryDirectory
        Holds what was made for the plan, as long as the plan is held.
    """

    folder: Path
    parts: tuple[Part, ...]
    wheels: dict[Target, list[Wheel]]
    lacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    room: tempfile.TemporaryDirectory | None = field(default=None, repr=False)

    @cached_property
    def files(self) -> dict[str, int | None]:
        """Bytes of each file by its path in the kit, without the small ones that are written last; None where not known."""
        found = {f"wheels/{wheel.file}": wheel.bytes for wheel in _each_once(self.wheels)}
        return found | {part.name: part.bytes for part in self.parts}

    @cached_property
    def here(self) -> set[str]:
        """Those that seem to be there: so they are called, and as long they are. Their content is looked at by `make`."""
        there = {name: self.folder / name for name in self.files if (self.folder / name).is_file()}
        return {name for name, path in there.items() if self.files[name] in (None, path.stat().st_size)}

    @cached_property
    def earlier(self) -> dict[str, int]:
        """Files of an earlier kit that this one does not need, and their bytes."""
        needed = {*self.files, *launchers.names(self.wheels)}
        names = [name for name in sticks.read_sums(self.folder) if name not in needed]
        return {name: (self.folder / name).stat().st_size for name in names if (self.folder / name).is_file()}

    @property
    def to_write(self):
        """Bytes that the stick still has to take, as far as they are known."""
        lacking = [name for name in self.files if name not in self.here]
        return sum((self.files[name] or 0) + sticks.CLUSTER for name in lacking) - sum(self.earlier.values())

    def __str__(self):
        lines = [_line(str(target), held) for target, held in self.wheels.items()]
        lines += [f"{part.title[0].upper()}{part.title[1:]}: {places.size(part.bytes)}." for part in self.parts]
        known, here = (sum(filter(None, (self.files[name] for name in names))) for names in (self.files, self.here))
        least = "at least " * (None in self.files.values())
        there = f", of which {places.size(here)} seem to be there" if here else ""
        free = f"{places.size(sticks.free(self.folder))} are free in {self.folder}"
        lines.append(f"Together {least}{places.size(known)}{there}; {free}.")
        if gone := self.earlier:
            lines.append(f"{counted(len(gone), 'file')} of an earlier kit will be removed: {places.size(sum(gone.values()))}.")
        return "\n".join([*lines, *self.notes, *self.lacks])


def _line(title, held):
    unknown = sum(wheel.bytes is None for wheel in held)
    more = f", and {unknown} whose size nobody tells" if unknown else ""
    return f"{title}: {counted(len(held), 'wheel')}, {places.size(sum(wheel.bytes or 0 for wheel in held))}{more}."


def _each_once(held):
    return {wheel.file: wheel for wheels in held.values() for wheel in wheels}.values()


def plan(folder, platforms=(), pythons=(), names=(), cpu: bool = False) -> Plan:
    """Look at what is to be in a kit, ask pip which wheels that takes, and how large all is. Writes nothing in the folder.

    Parameters
    ----------
    folder : path
    platforms, pythons : sequence of str
        Of `PLATFORMS` and `PYTHONS`; of what is not named, this machine's.
    names : sequence of str
        Sets and networks to take along; they must be on this machine.
    cpu : bool
        Of PyTorch for Linux the smaller build, without CUDA.

    Raises
    ------
    KitError
        Where something that was asked for is not here or does not fit on the stick, or no target has all of its wheels.
    """
    folder, asked = places.expanded(folder), targets(platforms, pythons)
    note = wheels.need_pip()
    if cpu:
        wheels.need_cpu()
    wishes = contents.wished(names)
    parts = (contents.course(), *wishes.parts)
    room = tempfile.TemporaryDirectory(prefix="shoulders-kit-")
    held, lacks = _asked_each(asked, Path(room.name), wishes.packages, cpu)
    planned = Plan(folder, parts, held, tuple(lacks), (*wishes.notes, *filter(None, [note])), room)
    for wheel in _each_once(held):
        sticks.need_size(wheel.bytes or 0, wheel.file)
    sticks.need_names([*planned.files, *launchers.names(held)], "the kit")
    sticks.need_room(folder, planned.to_write)
    return planned


def _asked_each(asked, room, packages, cpu):
    """What pip says of each target; one that cannot be served keeps no other from coming."""
    wanted, listed = [*contents.requirements(room), *packages], contents.constraints(room)
    held, lacks = {}, []
    for target in track(asked, len(asked), "Asking pip", "platforms"):
        try:
            held[target] = wheels.weighed(wheels.chosen(target, wanted, listed, cpu))
        except KitError as error:
            lacks.append(f"{error} The kit has nothing for {target}.")
    if not held:
        raise KitError("\n".join(lacks))
    return held, lacks


def make(planned: Plan) -> str:
    """Bring everything into the folder. Safe to interrupt and to repeat: what is there and whole is not brought again.

    Returns
    -------
    str
        What was made, in a sentence or two.

    Raises
    ------
    KitError, OSError
        Nothing that was brought is lost.
    """
    folder = planned.folder
    _clear(planned)
    with bar(sum(filter(None, planned.files.values())) // 10**6, "Kit", "MB") as step:
        sums = {}
        for part in planned.parts:
            sums[part.name] = part.bring(folder)
            step(part.bytes / 1e6)
        sums |= _brought(planned.wheels, folder / "wheels", lambda number: step(number / 1e6))
    sums |= launchers.write(folder, planned.wheels, sums)
    sticks.write_sums(folder, sums)
    made = f"{folder}: {counted(len(sums), 'file')}, {places.size(sum((folder / name).stat().st_size for name in sums))}."
    again = shlex.join(["shoulders", "kit", str(folder), "--verify"])
    return "\n".join([made, *planned.lacks, f"Take the stick out and put it in again, then: {again}"])


def _clear(planned):
    """What an earlier kit, or one that was stopped, has left; until it is finished, the new one has no sums."""
    for name in planned.earlier:
        (planned.folder / name).unlink(missing_ok=True)
    for home in ("", "wheels", "pictures", "weights"):
        for part in (planned.folder / home).glob(".*.[0-9]*.part"):  # as `places.whole` names them
            part.unlink(missing_ok=True)
    (planned.folder / sticks.SUMS).unlink(missing_ok=True)


def _brought(held, folder, step):
    """A wheel that several targets take comes with the first of them."""
    done = {}
    for target, chosen in held.items():
        lacking = [wheel for wheel in chosen if f"wheels/{wheel.file}" not in done]
        wheels.bring(target, lacking, folder, step)
        done |= {f"wheels/{wheel.file}": wheel.sha256 for wheel in lacking}
    return done
