"""Where things lie on this machine: pictures, what ships in the box, and what was computed before."""

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from shoulders.support.errors import CourseError, reason
from shoulders.support.names import PICTURE_ENDINGS, SOUND_ENDINGS

_PACKAGE = Path(__file__).resolve().parents[1]


def course() -> Path:
    """The folder that holds ``notebooks/`` and ``data/``: the clone, or the package itself when installed as a wheel."""
    clone = _PACKAGE.parent
    return clone if (clone / "lessons").is_dir() else _PACKAGE


def box() -> Path:
    """What ships with the course and needs no network: felt pictures and small weights."""
    return course() / "data"


def reserve(file, length: int) -> None:
    """Take the room on the disk now: writing to a memory map on a full disk would kill the process without a word.

    Raises
    ------
    OSError
    """
    file.truncate(length)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, length)


def expanded(path) -> Path:
    """A path with ``~`` and ``~name`` filled in.

    Raises
    ------
    CourseError
        For a user who is not known on this machine.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise CourseError(f"{path}: no such home folder on this machine: write the path in full.") from error


def lack(path) -> str:
    """What keeps `path` from being a file, and what to do; ``''`` for a file."""
    path = Path(path)
    if path.is_dir():
        return "is a folder: give a file in it"
    return "" if path.exists() else "does not exist: check the path"


def need_place(path) -> None:
    """Make the folder in which a file is to be written; refuse a place that cannot hold it before the work begins.

    Raises
    ------
    CourseError, OSError
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise CourseError(f"{path} is a folder: give the name of a file to write in it.")
    if path.exists() and not path.is_file():
        raise CourseError(f"{path} is no ordinary file (a device, or a pipe): give the name of a file to write.")
    if not os.access(path.parent, os.W_OK):
        raise CourseError(f"{path.parent} cannot be written to: check its permissions, or choose another place.")


def need_places(written, read=(), drawn=None) -> None:
    """Before the work: every output has a place of its own, and none takes that of what is read.

    Parameters
    ----------
    written : sequence of path or None
        Outputs; none of them is a picture or a clip, so none may have the name of one.
    read : sequence of path or None
        Files, and folders of class folders: what lies in these stays as it is.
    drawn : path, optional
        An output that is a picture.

    Raises
    ------
    CourseError, OSError
    """
    read, taken = {Path(path).resolve() for path in read if path}, set()
    for path in filter(None, written):
        if Path(path).suffix.lower() in PICTURE_ENDINGS + SOUND_ENDINGS:
            what = "picture" if Path(path).suffix.lower() in PICTURE_ENDINGS else "clip"
            raise CourseError(f"{path} has the name of a {what}, and something else would be written to it: give another name.")
    for path in filter(None, (*written, drawn)):
        where = Path(path).resolve()
        if where in taken:
            raise CourseError(f"{path} was given for two outputs: give each a name of its own.")
        if where in read:
            raise CourseError(f"{path} is read by this command and would be overwritten: give another name.")
        if read & set(where.parents[1:]):
            raise CourseError(f"{path} would lie in a class folder, among its samples: give another place.")
        need_place(path)
        taken.add(where)


@contextmanager
def whole(path):
    """A name beside `path` to write to: put in its place when that went well, removed when not.

    Raises
    ------
    CourseError, OSError
        Which names `path`, not the name beside it.
    """
    path = Path(os.path.realpath(path))  # where a link leads
    need_place(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def locked(path):
    """Hold a lock beside `path` so that two notebooks do not make the same thing at once.

    The lock is the operating system's: it ends with the process, even one that is killed.

    Raises
    ------
    CourseError
        Where nothing can be written, or locked.
    """
    from filelock import FileLock  # brings asyncio, which no help page needs

    path = Path(path)
    lock = FileLock(str(path) + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        wish = "set SHOULDERS_CACHE, or SHOULDERS_DATA for pictures, TORCH_HOME for weights, to a folder that you may write to"
        raise CourseError(f"{path.parent} cannot be written or locked ({reason(error)}): {wish}.") from error
    try:
        yield
    finally:
        lock.release()


def digest(path, algorithm="sha256") -> str:
    """Hexadecimal digest of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def size(number: float) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> size(553_434_218), size(1_500_000_000)
    ('553 MB', '1.5 GB')
    """
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def pictures() -> Path:
    """Where picture sets live: ``SHOULDERS_DATA`` if set, else ``data/`` of the clone, else a folder of the user's."""
    if chosen := os.environ.get("SHOULDERS_DATA"):
        return expanded(chosen)
    try:
        return box() if course() != _PACKAGE else Path(platformdirs.user_data_dir("shoulders"))
    except RuntimeError:  # a container's user without a home
        return box()


def cache() -> Path:
    """Where computed features and checked pictures are remembered: ``SHOULDERS_CACHE`` or the user's cache folder.

    Where this user has none, or may not write to it (a home that is read only, a folder that ``sudo`` made): a folder of the
    user's among the temporary files.
    """
    if chosen := os.environ.get("SHOULDERS_CACHE"):
        return expanded(chosen)
    try:
        home = Path(platformdirs.user_cache_dir("shoulders"))
    except RuntimeError:  # a container's user without a home
        home = None
    if home and can_hold(home):
        return home
    owner = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"shoulders{owner}"


def standing(folder: Path) -> Path | None:
    """The folder, or the nearest above it that is there; None on a drive that is not there."""
    return next((each for each in (folder, *folder.parents) if os.path.exists(each)), None)


def can_hold(folder: Path) -> bool:
    """Whether a folder can be written to, or made."""
    there = standing(folder)
    return there is not None and there.is_dir() and os.access(there, os.W_OK | os.X_OK)
