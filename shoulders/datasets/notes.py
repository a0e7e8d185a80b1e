"""What is noticed in a folder of samples: findings, each with its reason and what to do, and counts of what is left out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from shoulders import pictures, senses
from shoulders.support.folders import counted, inside, note, system, walked


@dataclass
class Notes:
    """What was noticed in a folder: `findings` as a `SampleSet` keeps them, and `aside` as `folders.note` counts.

    Nothing is said of files beside the folders that bear one of the names in `known`. `sense` is the room of the samples' sense.
    """

    folder: Path
    known: tuple[str, ...] = ()
    findings: list[dict] = field(default_factory=list)
    aside: dict = field(default_factory=dict)
    sense: ModuleType = pictures

    def named(self, path: Path) -> str:
        """As a person would name it who looks at the folder."""
        if path == self.folder:
            return path.resolve().name
        there, folder = path.absolute(), self.folder.absolute()
        return str(there.relative_to(folder) if there.is_relative_to(folder) else path)

    def add(self, path, problem, remedy="", action="skipped", part="", label=""):
        told = {"file": self.named(path), "part": part, "class": label}
        self.findings.append(told | {"action": action, "problem": problem, "remedy": remedy})

    def all(self) -> list[dict]:
        """Every finding, and one for each reason in `aside`."""
        whole = Notes(self.folder, findings=list(self.findings), sense=self.sense)
        for reason, (first, count) in self.aside.items():
            whole.add(first, counted(reason, count))
        return whole.findings

    def beside(self, level, used, why=None):
        """Of what lies beside the folders that are used: each other folder, and the files, counted."""
        for path in inside(level, self.aside):
            if not any(path == one or path in one.parents for one in used):
                self.add(path, why(path))
        loose = {True: [], False: []}
        for path in sorted(path for path in level.iterdir() if not path.is_dir()):
            if reason := system(path.name):
                note(self.aside, path, reason)
            elif path.is_symlink() and not path.exists():
                self.add(path, "a link that leads nowhere", "Remove it, or bring back what it leads to.")
            elif path.name not in self.known:
                loose[path.suffix.lower() in self.sense.ENDINGS].append(path)
        if loose[True]:
            told = counted(f"not used: a {self.sense.WORD} that lies in no class folder", len(loose[True]))
            self.add(loose[True][0], told, "Put each in the folder of its class.")
        if loose[False]:
            self.add(loose[False][0], counted(f"not used: a file beside the folders, no {self.sense.WORD}", len(loose[False])))


def samples_below(folder):
    return any(senses.known(path) for path in walked(folder))


def samples_in(folder):
    """Whether samples of any sense lie in the folder itself."""
    return any(senses.known(path) and not system(path.name) and path.is_file() for path in folder.iterdir())


def listed(names) -> str:
    """``'a, b and c'``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def quoted(path) -> str:
    """As a command line takes it."""
    return shlex.quote(str(path))
