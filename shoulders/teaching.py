"""Teach by showing: frames become examples, and examples become class folders and come back from them.

No widget here: a camera (`shoulders.widgets.camera`) and recorded frames go the same way, through `see`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Hashable, Sequence
from itertools import chain, count
from pathlib import Path

from shoulders.heads.neighbours import NEIGHBOURS, Answer, Examples, TeachingError
from shoulders.support import folders
from shoulders.support.errors import reason

_KINDS = {b"\xff\xd8": "jpg", b"\x89P": "png"}  # a picture's first two bytes
_NUMBERED = re.compile(r"(?:(?P<group>.*)_)?(?P<number>\d+)")


def see(
    examples: Examples, look: Callable, picture: bytes, label: str | None = None, group: str = "", press: Hashable = None,
    neighbours: int = NEIGHBOURS, threshold: float = -1.0,
) -> Answer:  # fmt: skip
    """What becomes of one frame: the network looks, the neighbours answer, and where it has a label it is one more example.

    It is answered first: afterwards its nearest neighbour would be itself.

    Parameters
    ----------
    examples : Examples
    look : callable
        What `shoulders.features.looker` gave for one layer.
    picture : bytes
        A picture's file.
    label : str, optional
        The class to which it is added.
    group, press
        As for `Examples.add`.
    neighbours, threshold
        As for `Examples.answer`.

    Raises
    ------
    TeachingError, shoulders.pictures.PictureError
    """
    row = _row(look, picture)
    answer = examples.answer(row, neighbours, threshold)
    if label is not None:
        examples.add(row, label, picture, group, press)
    return answer


def replay(examples: Examples, look: Callable, paths: Sequence, label: str | None = None, group: str = "", **asked) -> list:
    """Recorded frames in the camera's place, one after another through `see`; with a label they are one press.

    Parameters
    ----------
    examples, look, label, group
        As for `see`.
    paths : sequence of path
    **asked
        `neighbours` and `threshold` of `see`.

    Returns
    -------
    list of Answer

    Raises
    ------
    TeachingError, shoulders.pictures.PictureError
    """
    press = object()
    return [see(examples, look, Path(path).read_bytes(), label, group, press, **asked) for path in paths]


def _row(look, picture, name="The picture"):
    file = io.BytesIO(picture)
    file.name = name
    (rows,) = look([file]).values()
    return rows[0]


def save(examples: Examples, folder) -> Path:
    """Class folders of the pictures' files as they came, named by group and number: ``fist/monday_00012.jpg``.

    Parameters
    ----------
    examples : Examples
    folder : path
        It is made; where it is there already, it must be empty. Nothing is ever overwritten.

    Raises
    ------
    TeachingError
        Where something is there already, where an example has no picture, and where the disk refuses.
    """
    folder, held = Path(folder), examples.held
    if not held:
        raise TeachingError("There is no example to save: collect some first.")
    if taken(folder):
        raise TeachingError(f"{folder} is there already, and nothing is overwritten: choose another folder.")
    names = list(map(_file_name, held))
    try:
        for name in examples.classes:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, example in zip(names, held):
            with open(folder / example.label / name, "xb") as file:
                file.write(example.picture)
    except OSError as error:
        raise TeachingError(f"{folder}: not all was saved ({reason(error)}): choose another folder, or make room.") from error
    return folder


def taken(folder) -> bool:
    """Whether something is there that `save` would have to overwrite."""
    folder = Path(folder)
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def free(folder) -> Path:
    """This folder, or of ``folder_2``, ``folder_3``, … the first where `save` can save."""
    folder = Path(folder)
    names = chain([folder], (folder.with_name(f"{folder.name}_{i}") for i in count(2)))
    return next(name for name in names if not taken(name))


def _file_name(example):
    kind = _KINDS.get(example.picture[:2])
    if kind is None:
        raise TeachingError(f"Example {example.number} has no JPEG or PNG file, and these alone are saved: add it with its file.")
    return f"{example.group}_{example.number:05}.{kind}" if example.group else f"{example.number:05}.{kind}"


def load(folder, look: Callable) -> Examples:
    """Examples from class folders of pictures, as `save` leaves them: they give the same answers again.

    Parameters
    ----------
    folder : path
        A folder for each class. A picture's group is what its name says before its number.
    look : callable
        As for `see`.

    Raises
    ------
    TeachingError
        For a folder without class folders, and for a file that is in none of them.
    shoulders.pictures.PictureError
        For a file that is no picture.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TeachingError(f"{folder} is not a folder: give one that holds a folder for each class.")
    paths = list(folders.walked(folder))
    if stray := next((path for path in paths if path.parent.parent != folder), None):
        raise TeachingError(f"{stray} lies in no class's folder: give a folder of class folders, with pictures alone in these.")
    examples = Examples(folders.ordered(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."))
    if not examples.classes:
        raise TeachingError(f"{folder} holds no folder: there should be one for each class.")
    for path in sorted(paths, key=lambda path: _numbered(path)[1]):
        picture = path.read_bytes()
        examples.add(_row(look, picture, str(path)), path.parent.name, picture, _numbered(path)[0])
    return examples


def _numbered(path):
    """A file's group and number."""
    found = _NUMBERED.fullmatch(path.stem)
    return ((found["group"] or ""), int(found["number"])) if found else ("", 0)
