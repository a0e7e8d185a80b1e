"""Downloads: whatever a server, a wire or a kill does, the file is there whole and checked, or not there at all."""

import errno
import gzip
import hashlib
import io
import tarfile
import threading
import zipfile

import pytest
from making import closed_port, finish, send, serving, start

from shoulders.support import downloads
from shoulders.support.downloads import DownloadError

BODY = bytes(range(256)) * 2000
SHA256 = "sha256:" + hashlib.sha256(BODY).hexdigest()


def names(folder):
    """What lies in a folder; a lock's empty file is no leftover."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def breaks_half_way(handler):
    send(handler, BODY[: len(BODY) // 2], length=len(BODY))


def zip_of(**members):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return memory.getvalue()


def tar_of(members, mode="w:gz"):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=mode) as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return memory.getvalue()


# ---------------------------------------------------------------------------------------------------------------- fetch


def test_a_file_arrives_whole_and_is_asked_for_once(tmp_path):
    with serving(file__bin=BODY) as server:
        for _ in range(3):
            path = downloads.fetch([server.url("file.bin")], tmp_path / "sub" / "file.bin", SHA256, len(BODY))
    assert path.read_bytes() == BODY
    assert server.asked == {"file.bin": 1}
    assert names(tmp_path / "sub") == ["file.bin"]


@pytest.mark.parametrize("checksum", [SHA256[: len("sha256:") + 8], "md5:" + hashlib.md5(BODY).hexdigest()])
def test_checksums_as_publishers_give_them(tmp_path, checksum):
    with serving(file__bin=BODY) as server:
        assert downloads.fetch([server.url("file.bin")], tmp_path / "f", checksum, progress=False).read_bytes() == BODY


@pytest.mark.parametrize("bad", [breaks_half_way, BODY[:-1] + b"!", b"", None], ids=["breaks", "lies", "empty", "404"])
def test_a_bad_mirror_leaves_nothing_and_is_named(tmp_path, bad):
    with serving(**({"file__bin": bad} if bad is not None else {})) as server:
        with pytest.raises(DownloadError, match="file.bin could not be downloaded") as error:
            downloads.fetch([server.url("file.bin")], tmp_path / "file.bin", SHA256, progress=False)
        assert server.url("file.bin") in str(error.value)
        assert str(tmp_path / "file.bin") in str(error.value)
    assert names(tmp_path) == []


def test_a_wrong_file_in_its_place_is_told(tmp_path):
    (tmp_path / "file.bin").write_bytes(b"half")
    with pytest.raises(DownloadError, match="The file that lies there is another one, of 4 bytes"):
        downloads.fetch([closed_port()], tmp_path / "file.bin", SHA256, progress=False)
    assert (tmp_path / "file.bin").read_bytes() == b"half"


def test_a_name_that_nobody_knows_is_said_in_plain_words(tmp_path):
    with pytest.raises(DownloadError, match="the server's name is not known: is there a network"):
        downloads.fetch(["https://nowhere.invalid/file.bin"], tmp_path / "file.bin", SHA256, progress=False)


def test_a_lie_about_the_checksum_is_called_so(tmp_path):
    with serving(file__bin=b"something else") as server, pytest.raises(DownloadError, match="wrong checksum.*14 bytes"):
        downloads.fetch([server.url("file.bin")], tmp_path / "file.bin", SHA256, progress=False)


def test_the_next_mirror_is_tried_and_the_rest_is_not(tmp_path):
    with serving(breaks__bin=breaks_half_way, lies__bin=b"x", good__bin=BODY, never__bin=BODY) as server:
        mirrors = [closed_port(), *map(server.url, ("breaks.bin", "lies.bin", "missing.bin", "good.bin", "never.bin"))]
        path = downloads.fetch(mirrors, tmp_path / "file.bin", SHA256, progress=False)
    assert path.read_bytes() == BODY
    assert list(server.asked) == ["breaks.bin", "lies.bin", "missing.bin", "good.bin"]
    assert names(tmp_path) == ["file.bin"]


def test_a_server_that_is_gone_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(DownloadError, match="Check the network and run the same command again"):
        downloads.fetch([closed_port()], tmp_path / "file.bin", SHA256, progress=False)
    assert names(tmp_path) == []


def test_a_wrong_file_in_its_place_is_replaced(tmp_path):
    (tmp_path / "file.bin").write_bytes(BODY[:100])
    with serving(file__bin=BODY) as server:
        downloads.fetch([server.url("file.bin")], tmp_path / "file.bin", SHA256, progress=False)
    assert (tmp_path / "file.bin").read_bytes() == BODY


def test_a_disk_too_small_is_said_before_anything_is_asked_for(tmp_path):
    with serving(file__bin=BODY) as server, pytest.raises(DownloadError, match="needs 1000000.0 GB but only"):
        downloads.fetch([server.url("file.bin")], tmp_path / "file.bin", SHA256, 10**15)
    assert not server.asked


FETCH = """
import sys
from shoulders.support import downloads
print("ready", flush=True)
downloads.fetch([sys.argv[1]], sys.argv[2], sys.argv[3], progress=False)
print("done", flush=True)
"""


def test_killed_in_the_middle_then_repeated(tmp_path):
    half_sent, go_on = threading.Event(), threading.Event()

    def slow(handler):
        send(handler, BODY[: len(BODY) // 2], length=len(BODY))
        handler.wfile.flush()
        half_sent.set()
        go_on.wait(60)

    target = tmp_path / "file.bin"
    with serving(file__bin=slow) as server:
        process = start(FETCH, server.url("file.bin"), target, SHA256)
        assert half_sent.wait(60)
        process.kill()
        process.wait()
        go_on.set()
        assert not target.exists()
        assert any(name.startswith(".file.bin.part-") for name in names(tmp_path))  # it was in the middle
        server.answers["file.bin"] = BODY
        assert downloads.fetch([server.url("file.bin")], target, SHA256, progress=False).read_bytes() == BODY
    assert names(tmp_path) == ["file.bin"]


def test_two_processes_at_once_ask_once(tmp_path):
    both_want_it = threading.Event()

    def waits(handler):
        both_want_it.wait(60)
        send(handler, BODY)

    target = tmp_path / "file.bin"
    with serving(file__bin=waits) as server:
        processes = [start(FETCH, server.url("file.bin"), target, SHA256) for _ in range(2)]
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 2
        both_want_it.set()
        assert [finish(process) for process in processes] == ["done\n"] * 2
        assert server.asked == {"file.bin": 1}
    assert target.read_bytes() == BODY
    assert names(tmp_path) == ["file.bin"]


# --------------------------------------------------------------------------------------------------------------- unpack


def unpacked(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_the_only_folder_inside_becomes_the_folder(tmp_path, kind):
    members = {"set/train/a.txt": b"a", "set/valid/b.txt": b"b", "__MACOSX/._a.txt": b"junk"}
    body = zip_of(**members) if kind == "zip" else tar_of(members, {"tar": "w", "tar.gz": "w:gz"}[kind])
    (tmp_path / f"archive.{kind}").write_bytes(body)
    folder = downloads.unpack(tmp_path / f"archive.{kind}", tmp_path / "here")
    assert unpacked(folder) == {"train/a.txt": b"a", "valid/b.txt": b"b"}
    assert names(tmp_path) == [f"archive.{kind}", "here"]


def test_several_folders_inside_are_kept(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_of(**{"train/a.txt": b"a", "valid/b.txt": b"b"}))
    assert unpacked(downloads.unpack(tmp_path / "a.zip", tmp_path / "here")) == {"train/a.txt": b"a", "valid/b.txt": b"b"}
    assert names(tmp_path) == ["a.zip", "here"]


def test_an_unpacked_folder_is_left_as_it_is(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mine.txt").write_text("mine")
    (tmp_path / "a.zip").write_bytes(zip_of(**{"set/mine.txt": b"theirs"}))
    assert unpacked(downloads.unpack(tmp_path / "a.zip", tmp_path / "here")) == {"mine.txt": b"mine"}


@pytest.mark.parametrize("name", ["../evil.txt", "set/../../evil.txt", "{outside}/evil.txt"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_that_would_escape_is_refused(tmp_path, kind, name):
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    members = {"set/good.txt": b"good", name.format(outside=outside): b"evil"}
    (home / "a").write_bytes(zip_of(**members) if kind == "zip" else tar_of(members))
    strips = hasattr(tarfile, "data_filter")  # the leading slash, from Python 3.11.4: it stays inside, which is as good
    if kind == "tar" and name.startswith("{") and strips:
        downloads.unpack(home / "a", home / "set")
    else:
        with pytest.raises(DownloadError, match="cannot be unpacked.*(outside|escap)"):
            downloads.unpack(home / "a", home / "set")
        assert names(home) == ["a"]
    assert names(outside) == []
    assert not list(tmp_path.glob("evil.txt"))


def test_a_link_that_points_outside_is_refused(tmp_path):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as file:
        link = tarfile.TarInfo("set/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../../secret"
        file.addfile(link)
    (tmp_path / "a.tar").write_bytes(memory.getvalue())
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        downloads.unpack(tmp_path / "a.tar", tmp_path / "set")
    assert names(tmp_path) == ["a.tar"]


def damaged():
    text = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(256)) * 8
    zipped, tarred = zip_of(**{"set/a.bin": text}), tar_of({"set/a.bin": text})
    middle = len(tarred) // 2
    deflated = io.BytesIO()
    with zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("set/a.bin", text)
    deflated = deflated.getvalue()
    yield "a zip cut short", zipped[: len(zipped) // 2]
    yield "a zip with wrong bytes", zipped[:200] + b"\0" * 50 + zipped[250:]
    yield "a deflated zip with wrong bytes", deflated[:60] + b"\xff" * 200 + deflated[260:]
    yield "a tar.gz cut short", tarred[:middle]
    yield "a tar.gz with wrong bytes", tarred[:middle] + b"\xff" * 200 + tarred[middle + 200 :]
    yield "a tar.gz with a wrong end", gzip.compress(gzip.decompress(tarred))[:-8] + b"\0" * 8
    yield "a page of text", b"<html>404</html>"
    yield "nothing", b""


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in damaged()])
def test_a_damaged_archive_is_an_error_and_leaves_nothing(tmp_path, content):
    (tmp_path / "archive").write_bytes(content)
    with pytest.raises(DownloadError, match="archive cannot be unpacked: .*Delete it and fetch it again"):
        downloads.unpack(tmp_path / "archive", tmp_path / "set")
    assert names(tmp_path) == ["archive"]


def test_a_disk_that_fills_up_while_unpacking_is_not_blamed_on_the_archive(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.zip").write_bytes(zip_of(**{"set/good.txt": b"good"}))
    monkeypatch.setattr(downloads, "_extract", full)
    with pytest.raises(DownloadError, match="No space left on device.*Make room in"):
        downloads.unpack(tmp_path / "a.zip", tmp_path / "set")
    assert names(tmp_path) == ["a.zip"]


def test_what_a_killed_process_left_is_swept(tmp_path):
    (tmp_path / ".set.unpack-abc").mkdir()
    (tmp_path / ".set.unpack-abc" / "half.txt").write_text("half")
    (tmp_path / "a.zip").write_bytes(zip_of(**{"set/a.txt": b"a"}))
    downloads.unpack(tmp_path / "a.zip", tmp_path / "set")
    assert names(tmp_path) == ["a.zip", "set"]
