"""On a learner's machine: pictures and weights of a kit, put where the course looks for them.

    python -m shoulders.course.kit.arriving KIT
"""

import sys
from pathlib import Path

from shoulders import datasets
from shoulders.backbones import torchvision
from shoulders.course.kit import sticks
from shoulders.support import downloads, places
from shoulders.support.errors import CourseError
from shoulders.support.terminal import say


def take(kit: Path) -> list[str]:
    """Unpack and copy what is not here yet; a sentence for each.

    Parameters
    ----------
    kit : path

    Raises
    ------
    KitError
        For a file that is not as it was made.
    shoulders.support.downloads.DownloadError
    """
    sums = sticks.read_sums(kit)
    return [_taken(kit, name, sums[name]) for name in sums if name.startswith(("pictures/", "weights/"))]


def _taken(kit, name, sha256):
    file = kit / name
    if name.startswith("weights/"):
        goal = torchvision.home() / file.name
        if not sticks.holds(goal, sha256):
            _need_whole(file, sha256)
            sticks.carry(file, goal)
    elif (goal := datasets.find(file.stem)) is None:
        _need_whole(file, sha256)
        home = places.pictures() / datasets.CARDS[file.stem].folders[0]
        goal = downloads.unpack(file, home)
    return f"{file.stem}: {goal}"


def _need_whole(file, sha256):
    if not sticks.holds(file, sha256):
        raise sticks.KitError(f"{file} is not as it was made: run `shoulders kit {file.parents[1]} --verify` where it was made.")


if __name__ == "__main__":
    try:
        say("\n".join(take(Path(sys.argv[1]))), sys.stdout)
    except CourseError as error:
        sys.exit(f"shoulders: {error}")
