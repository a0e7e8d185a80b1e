"""Fetch a file or a repository once and whole: mirrors, checksum, lock, atomic rename; archives cannot escape their folder."""

import errno
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

from shoulders.support.errors import CourseError, reason
from shoulders.support.places import digest, locked, size


class DownloadError(CourseError):
    """A file could not be fetched; the message says which, from where, and what to do."""


def fetch(urls, target, checksum, bytes_=0, progress=True) -> Path:
    """Download the first mirror that delivers a file with the right checksum.

    Parameters
    ----------
    urls : sequence of str
        Mirrors, tried in order.
    target : path
        Where the file will be. It appears only when it is whole and checked; an existing right one is kept.
    checksum : str
        ``'sha256:…'`` or ``'md5:…'``, as the publisher gives it; the first digits suffice (torchvision publishes eight).
    bytes_ : int
        Size, if known: refused at once where the disk is too full.

    Raises
    ------
    DownloadError
        When every mirror failed; names each with its reason. Nothing is left behind.
    """
    target = Path(target)
    with locked(target):
        if target.exists() and _matches(target, checksum):
            return target
        _remove_leftovers(target)
        _need_space(target, bytes_)
        reasons = []
        for url in urls:
            try:
                return _fetch_one(url, target, checksum, progress)
            except Exception as error:  # whatever a server or a wire can do wrong: say it, try the next mirror
                reasons.append(f"{url}: {_why(error)}")
        here = f"The file that lies there is another one, of {size(target.stat().st_size)}. " if target.exists() else ""
    raise DownloadError(
        f"{target.name} could not be downloaded ({'; '.join(reasons)}). {here}Check the network and run the same command "
        f"again, or put the file at {target} yourself."
    )


def _why(error):
    """A library's own words for it are cut before they come to the point."""
    return "the server's name is not known: is there a network?" if "NameResolutionError" in str(error) else reason(error)


def _fetch_one(url, target, checksum, progress):
    import pooch

    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 16, timeout=30)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.part-") as folder:
        part = Path(pooch.retrieve(url, None, fname=target.name, path=folder, downloader=downloader))
        if not _matches(part, checksum):
            raise ValueError(f"wrong checksum ({checksum} expected, {part.stat().st_size:,} bytes received)")
        os.replace(part, target)
    return target


def _matches(path, checksum):
    algorithm, _, expected = checksum.partition(":")
    return digest(path, algorithm).startswith(expected)


def _remove_leftovers(target):
    for part in target.parent.glob(f".{target.name}.part-*"):  # of a process that was killed: we hold the lock
        shutil.rmtree(part, ignore_errors=True)


def _need_space(target, bytes_):
    free = shutil.disk_usage(target.parent).free
    if bytes_ and free < 1.1 * bytes_:
        raise DownloadError(f"{target.name} needs {size(bytes_)} but only {size(free)} are free in {target.parent}.")


def unpack(archive, folder, arrange=None) -> Path:
    """Unpack a .zip or .tar(.gz) so that `folder` appears only when it is complete.

    Parameters
    ----------
    archive : path or sequence of path
        Several go into one folder.
    folder : path
        Must not exist yet; an existing one is returned as it is.
    arrange : callable, optional
        Given the unpacked temporary folder, returns the folder inside it that is to become `folder`.

    Raises
    ------
    DownloadError
        For an archive that is damaged or holds a name that would escape the folder.
    """
    archives = [archive] if isinstance(archive, str | os.PathLike) else archive
    return _made(Path(folder), lambda room: [_unpacked(Path(one), room) for one in archives], arrange)


def check_out(url, commit, folder, arrange=None, bytes_=0, progress=True) -> Path:
    """What a git repository holds at one commit, so that `folder` appears only when it is complete.

    The commit is the checksum: the program git computes it anew from what arrives. Nothing older is fetched.

    Parameters
    ----------
    url : str
    commit : str
        All its hexadecimal digits.
    folder, arrange
        As for `unpack`.
    bytes_ : int
        About the size of its files, if known: refused where the disk is too full for them and for what git keeps beside them.

    Raises
    ------
    DownloadError
        Where git is not installed or did not bring the commit; tells git's own reason. Nothing is left behind.
    """
    folder = Path(folder)

    def fetched(room):
        _need_space(folder, 2 * bytes_)
        if progress:
            print(f"git fetches about {size(bytes_)} from {url}, for {folder}.", file=sys.stderr)
        for words in (["init"], ["fetch", "--depth", "1", url, commit], ["checkout", "FETCH_HEAD"]):
            _git(words, room, url, commit)

    return _made(folder, fetched, arrange)


_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
"""In the environment, these would take git to another repository."""


def _git(words, room, url, commit):
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    told = kept | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    wishes = ("core.symlinks=false", f"core.hooksPath={os.devnull}", "http.lowSpeedLimit=1", "http.lowSpeedTime=30")
    command = ["git", *(word for wish in wishes for word in ("-c", wish)), words[0], "--quiet", *words[1:]]
    try:
        done = subprocess.run(command, cwd=room, env=told, stdin=subprocess.DEVNULL, capture_output=True)
    except FileNotFoundError as error:
        remedy = "install it from https://git-scm.com and run the same command again"
        raise DownloadError(f"{url} is fetched by the program git, which is not on this machine: {remedy}.") from error
    if done.returncode:
        raise DownloadError(f"{url} could not be fetched at commit {commit}: {_git_says(done.stderr.decode(errors='replace'))}")


def _git_says(said):
    """Why git failed, and what to do."""
    if "not our ref" in said:
        return "its publisher has no such commit any more. Get the newest version of this course, or use other pictures."
    lines = [line for line in said.splitlines() if line.strip()]
    why = next((line for line in lines if line.startswith(("fatal:", "error:"))), *lines[:1] or ["it says nothing"])
    return f"git says {why!r}. Check the network and the disk, and run the same command again."


def _made(folder, fill, arrange):
    """The folder, once `fill` has filled a room beside it, of which `arrange` says what is to become the folder."""
    with locked(folder):
        for left in folder.parent.glob(f".{folder.name}.unpack-*"):
            shutil.rmtree(left, ignore_errors=True)
        if folder.exists():
            return folder
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.unpack-") as room:
            fill(Path(room))
            os.replace((arrange or room_of)(Path(room)), folder)
    return folder


def _unpacked(archive, room):
    try:
        _extract(archive, room)
    except (OSError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC
        advice = f"Make room in {room.parent} and run it again" if full else "Delete it and fetch it again"
        raise DownloadError(f"{archive} cannot be unpacked: {reason(error)}. {advice}.") from error


def room_of(folder):
    """The only folder inside `folder`, or else `folder`'s contents gathered in a new one."""
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    if len(inside) == 1 and inside[0].is_dir():
        return inside[0]
    gathered = folder / ".all"
    gathered.mkdir()
    for path in inside:
        path.rename(gathered / path.name)
    return gathered


def _need_inside(names, folder):
    for name in names:
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise OSError(f"it holds {name!r}, which would be written outside its folder")


def _extract(archive, folder):
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            _need_inside(file.namelist(), folder)
            file.extractall(folder)
    else:
        with tarfile.open(archive) as file:
            if hasattr(tarfile, "data_filter"):
                file.extractall(folder, filter="data")  # refuses absolute names, '..', links that point outside, devices
            else:  # Python before 3.11.4
                _need_inside(file.getnames(), folder)
                if odd := [member.name for member in file if not (member.isfile() or member.isdir())]:
                    raise OSError(f"it holds {odd[0]!r}, a link or device that may point outside its folder")
                file.extractall(folder)
            while file.fileobj.read(1 << 20):  # to the end: only there gzip compares its own checksum
                pass
