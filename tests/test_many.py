"""Features in parts: what is planned, what is read of a list, what a head of parts says; and, with Ray, what survives a kill."""

import csv
import hashlib
import importlib.util
import json
import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest
from making import alike, folder_of, paint, start

from shoulders import backbones, features, heads, many
from shoulders.cli import app
from shoulders.many import head, lists, parts
from shoulders.many.lists import ListError
from shoulders.many.parts import PartsError

needs_arrow = pytest.mark.skipif(not importlib.util.find_spec("pyarrow"), reason="no pyarrow: pip install 'shoulders[ray]'")
needs_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="no Ray: pip install 'shoulders[ray]'")


@pytest.fixture(scope="module")
def small():
    """A network with random weights, of which nothing but its name and seed is needed to have it again."""
    backbone = backbones.load("vgg16_tiny", "random", 3)
    return replace(backbone, transform=replace(backbone.transform, resize=36, crop=32))


@pytest.fixture
def by_hand(monkeypatch):
    """The pass without Ray: one worker, in this process, from the last part to the first."""
    from shoulders.many import by_ray

    def look(folder, missing, card, workers=0):
        backbone = backbones.again(card["backbone"], card["weights_file"])
        read = features.reader(replace(backbone, transform=backbones.transform_from(card["transform"])), card["layer"])
        yield from (parts.write(folder, part, read, card) for part in reversed(missing))

    monkeypatch.setattr(by_ray, "look", look)


def everything(folder):
    columns = [parts.read(path, *parts.SCHEMA) for path in parts.written(folder)]
    *words, values = zip(*columns)
    return *([one for part in column for one in part] for column in words), np.concatenate(values)


# ----------------------------------------------------------------------------------------------------------------- lists


def test_a_folder_gives_its_files_and_the_names_of_their_folders(tmp_path):
    folder_of(tmp_path / "set", {"cats": 2, "dogs": 1})
    (tmp_path / "set/cats/.hidden.jpg").touch()
    found = list(lists.entries(tmp_path / "set"))
    names = ["cats/cats_000.jpg", "cats/cats_001.jpg", "dogs/dogs_000.jpg"]
    assert found == [(str(tmp_path / "set" / name), name[:4]) for name in names]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.csv", 'label,path\ncats,"a, b.jpg"\n,/abs/c.jpg\n'),
        ("list.csv", '\ufefflabel,path,more\r\ncats,"a, b.jpg",1\r\n,/abs/c.jpg,2\r\n'),
        ("list.txt", "a, b.jpg\tcats\n\n/abs/c.jpg"),
        ("list", "a, b.jpg\tcats\r\n/abs/c.jpg\r\n"),
    ],
)
def test_a_list_has_a_path_a_line_and_perhaps_a_label(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert list(lists.entries(tmp_path / name)) == [(str(tmp_path / "a, b.jpg"), "cats"), (os.path.abspath("/abs/c.jpg"), "")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.csv", "file,label\na.jpg,cats\n", "needs a column called path in its first line, which has file, label"),
        ("list.csv", "", "needs a column called path in its first line, which has nothing"),
        ("list.csv", "path,label\na.jpg,cats\n,dogs\n", "line 3: no path stands there"),
        ("list.csv", "path\n", "names no picture"),
        ("list.csv", 'path\n"a.jpg\n', "this is no CSV"),
        ("list.txt", "\n", "names no picture"),
        ("list.txt", "a.jpg\n\tcats\n", "line 2: no path stands there"),
        ("list.txt", "a\0.jpg\n", "line 1: a path holds no zero byte"),
        ("list.jpg", "", "is a picture"),
    ],
)
def test_what_a_list_lacks_is_said_in_one_sentence(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(ListError, match=said):
        list(lists.entries(tmp_path / name))
    with pytest.raises(ListError, match="does not exist"):
        list(lists.entries(tmp_path / "nowhere.csv"))


def test_any_name_comes_back_from_our_list_by_its_place(tmp_path):
    names = ["ä b.jpg", "new\nline.jpg", 'quo"te.jpg', "\udcff.jpg", "日本.png"]
    (tmp_path / "in.csv").write_bytes(b"path\n" + b"".join(b'"%s"\n' % os.fsencode(n).replace(b'"', b'""') for n in names))
    assert lists.write(tmp_path / "list.jsonl", tmp_path / "in.csv") == 5
    planned = parts.plan(tmp_path / "list.jsonl", 2)
    assert [part.count for part in planned] == [2, 2, 1]
    read = [entry for part in planned for entry in lists.read(tmp_path / "list.jsonl", part.start, part.count)]
    assert read == [(str(tmp_path / name), "") for name in names]


# ----------------------------------------------------------------------------------------------------------------- parts


def test_a_part_is_named_by_its_place_and_what_is_in_it(tmp_path):
    lines = [f'["/{i}",""]\n' for i in range(5)]
    (tmp_path / "list").write_text("".join(lines))
    planned = parts.plan(tmp_path / "list", 2)
    names = [f"{i:08}-{hashlib.sha256(''.join(lines[2 * i : 2 * i + 2]).encode()).hexdigest()[:16]}" for i in range(3)]
    assert planned == [parts.Part(names[0], 0, 2), parts.Part(names[1], 20, 2), parts.Part(names[2], 40, 1)]
    (tmp_path / "list").write_text("".join(lines + ['["/5",""]\n']))
    longer = parts.plan(tmp_path / "list", 2)
    assert longer[:2] == planned[:2] and longer[2] != planned[2]
    with pytest.raises(PartsError, match="one picture is the least"):
        parts.plan(tmp_path / "list", 0)


@needs_arrow
def test_every_picture_is_a_row_or_a_finding_and_the_rows_are_those_of_the_plain_pass(tmp_path, small, by_hand, exact):
    folder_of(tmp_path / "set", {"cats": 7, "dogs": 6})
    broken = {"empty.jpg": b"", "text.jpg": b"no picture", "torn.jpg": (tmp_path / "set/cats/cats_000.jpg").read_bytes()[:300]}
    for name, content in broken.items():
        (tmp_path / "set/cats" / name).write_bytes(content)
    done = many.write(tmp_path / "out", tmp_path / "set", small, part=5)
    assert done == many.Pass(pictures=16, findings=3, parts=4, earlier=0)
    paths, labels, digests, values = everything(tmp_path / "out")
    good = sorted(path for path in (tmp_path / "set").rglob("*_*.jpg"))
    assert paths == [str(path) for path in good] and labels == [path.parent.name for path in good]
    assert digests == [hashlib.sha256(path.read_bytes()).hexdigest() for path in good]
    assert alike(values, features.look(small, good)["hidden"], 1e-6)
    with open(tmp_path / "out/findings.csv", newline="") as file:
        found = {row["path"]: row for row in csv.DictReader(file)}
    assert {os.path.basename(path) for path in found} == set(broken)
    said = {os.path.basename(path): row["problem"] for path, row in found.items()}
    assert "zero bytes" in said["empty.jpg"] and "not a picture" in said["text.jpg"] and "truncated" in said["torn.jpg"]
    torn = found[str(tmp_path / "set/cats/torn.jpg")]
    assert torn["label"] == "cats" and torn["digest"] == hashlib.sha256(broken["torn.jpg"]).hexdigest()


@needs_arrow
def test_what_is_there_is_not_done_again_and_what_is_lost_is(tmp_path, small, by_hand):
    folder_of(tmp_path / "set", {"cats": 6})
    many.write(tmp_path / "out", tmp_path / "set", small, part=2)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in parts.written(tmp_path / "out")}
    first, lost, last = before
    lost.unlink()
    torn = lost.with_name(f".{lost.name}.4711.part")
    torn.write_bytes(b"half")
    assert many.write(tmp_path / "out", tmp_path / "set", small, part=2) == many.Pass(6, 0, 3, earlier=2)
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in parts.written(tmp_path / "out")}
    assert after[first] == before[first] and after[last] == before[last] and after[lost][1] == before[lost][1]
    assert not torn.exists()


@needs_arrow
def test_parts_of_other_pictures_networks_or_sizes_are_never_mixed(tmp_path, small, by_hand):
    folder_of(tmp_path / "set", {"cats": 3})
    many.write(tmp_path / "out", tmp_path / "set", small, part=2)
    for change, said in [({"layer": "classes"}, "layer was hidden, and is classes"), ({"part": 3}, "part was 2, and is 3")]:
        with pytest.raises(PartsError, match=said):
            many.write(tmp_path / "out", tmp_path / "set", small, **{"part": 2, **change})
    with pytest.raises(PartsError, match="weights_sha256 was"):
        many.write(tmp_path / "out", tmp_path / "set", replace(small, digest="another"), part=2)
    with pytest.raises(ListError, match="lies in"):
        many.write(tmp_path / "set/out", tmp_path / "set", small)
    paint(9).save(tmp_path / "set/cats/more.jpg")
    with pytest.raises(ListError, match="was begun with other pictures"):
        many.write(tmp_path / "out", tmp_path / "set", small, part=2)


@needs_arrow
def test_a_part_that_kills_its_workers_is_named_and_given_up(tmp_path, small):
    folder_of(tmp_path / "set", {"cats": 2})
    (tmp_path / "out/parts").mkdir(parents=True)
    lists.write(tmp_path / "out/list.jsonl", tmp_path / "set")
    (part,) = parts.plan(tmp_path / "out/list.jsonl")

    def killed(paths):
        raise KeyboardInterrupt

    for _ in range(parts.TRIES):
        with pytest.raises(KeyboardInterrupt):
            parts.write(tmp_path / "out", part, killed, {})
    with pytest.raises(PartsError, match=f"4 workers died of part {part.name}"):
        parts.write(tmp_path / "out", part, killed, {})
    assert parts.missing(tmp_path / "out", [part]) == [part]  # which forgets: the next command tries again
    assert parts.write(tmp_path / "out", part, features.reader(small), {}) == {"rows": 2, "findings": 0}


# ------------------------------------------------------------------------------------------------------------------ head


@pytest.fixture
def taught_parts(tmp_path):
    """400 rows of two classes in parts of 50, a class after the other, as a folder gives them."""
    rng = np.random.default_rng(0)
    labels = np.repeat(["cats", "dogs"], 200)
    rows = rng.normal(0, 1, (400, 12)).astype(np.float32) + (labels == "dogs")[:, None] * np.linspace(0, 1, 12, dtype=np.float32)
    digests = [hashlib.sha256(row.tobytes()).hexdigest() for row in rows]
    (tmp_path / "out/parts").mkdir(parents=True)
    for i in range(8):
        part = slice(50 * i, 50 * i + 50)
        told = [(f"/{n}", label, digest) for n, label, digest in zip(range(50), labels[part], digests[part])]
        parts._write_table(tmp_path / f"out/parts/{i:08}-{i:016x}.parquet", told, [rows[part]], {})
    return tmp_path / "out", rows, labels, np.array([int(digest[:8], 16) % 10 == 0 for digest in digests]), digests


@needs_arrow
def test_a_head_of_few_parts_is_the_plain_head(taught_parts):
    folder, rows, labels, out, _ = taught_parts
    taught = head.fit(folder)
    assert (taught.n_train, taught.n_labelled, taught.n_valid) == ((~out).sum(), (~out).sum(), out.sum())
    plain = heads.fit("logistic_regression", rows[~out], np.unique(labels[~out], return_inverse=True)[1])
    assert alike(taught.head[-1].coef_, plain[-1].coef_) and alike(taught.head[-1].intercept_, plain[-1].intercept_)
    right = np.array(taught.classes)[heads.probabilities(plain, rows[out]).argmax(1)] == labels[out]
    assert taught.right == right.sum() and taught.accuracy > 0.8
    assert str(taught).startswith(f"logistic regression on all {taught.n_train} labelled pictures of 2 classes; ")


@needs_arrow
def test_a_sample_is_told_and_is_those_with_the_smallest_digests(taught_parts):
    folder, rows, labels, out, digests = taught_parts
    drawn = sorted(np.flatnonzero(~out), key=lambda i: digests[i][8:])[:100]
    taught, plain = head.fit(folder, sample=100), heads.fit("logistic_regression", rows[np.sort(drawn)], (labels == "dogs")[np.sort(drawn)].astype(int))
    assert taught.n_train == 100 and f"a sample of 100 of {(~out).sum()}" in str(taught)
    assert alike(taught.head[-1].coef_, plain[-1].coef_)


@needs_arrow
def test_a_head_needs_two_classes_all_of_them_in_the_sample(taught_parts):
    folder, *_ = taught_parts
    with pytest.raises(PartsError, match="has no picture of"):
        head.fit(folder, sample=1)
    for path in parts.written(folder)[4:]:
        path.unlink()
    with pytest.raises(PartsError, match="of 1 classes.*needs two classes"):
        head.fit(folder)


# --------------------------------------------------------------------------------------------------------------- command


def cli(*arguments):
    from typer.testing import CliRunner

    return CliRunner().invoke(app, ["features", *map(str, arguments)], catch_exceptions=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "dask"], "No engine is called 'dask'"),
        (["--engine", "ray", "--groups", "folder"], "--groups is for class folders"),
        (["--workers", "2"], "give --engine ray, too"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(tmp_path, options, said):
    done = cli(tmp_path, "--out", tmp_path / "out", "--backbone", "vgg16_tiny", *options)
    assert done.exit_code == 1 and said in str(done.exception)


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is here")
def test_without_ray_one_sentence_says_what_brings_it(tmp_path, small):
    folder_of(tmp_path / "set", {"cats": 1})
    with pytest.raises(PartsError, match=r"pip install 'shoulders\[ray\]'"):
        many.write(tmp_path / "out", tmp_path / "set", small)


@needs_arrow
def test_the_command_writes_parts_and_a_model_that_answers(tmp_path, by_hand):
    from shoulders import models

    folder_of(tmp_path / "set", {"cats": 20, "dogs": 20})
    out, model = tmp_path / "out", tmp_path / "m.safetensors"
    done = cli(tmp_path / "set", "--out", out, "--backbone", "vgg16_tiny", "--engine", "ray", "--save", model, "--json", tmp_path / "j.json")
    assert done.exit_code == 0, done.output
    assert f"{out}: 40 pictures in 1 parts" in done.stdout and "logistic regression on all" in done.stdout
    assert json.loads((tmp_path / "j.json").read_text()) == {"pictures": 40, "findings": 0, "parts": 1, "earlier": 0}
    answers = models.answers(models.load(model), sorted((tmp_path / "set").rglob("*.jpg")))
    assert np.mean([answer["class"] in answer["file"] for answer in answers]) > 0.9


# --------------------------------------------------------------------------------------------------------------- with Ray

PASS = """
import sys
from shoulders import backbones, many

if __name__ == "__main__":
    print(many.write(sys.argv[1], sys.argv[2], backbones.load("vgg16_tiny"), part=8, workers=2))
"""


def processes_below(pid):
    psutil = pytest.importorskip("psutil")
    return psutil.Process(pid).children(recursive=True)


def wait_for(folder, count, process, seconds=180):
    end = time.monotonic() + seconds
    while len(list(folder.glob("parts/*.parquet"))) < count:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)


@needs_ray
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is not for Windows")
def test_a_killed_worker_and_a_killed_driver_lose_nothing_and_do_nothing_twice(tmp_path):
    small_set, out = folder_of(tmp_path / "set", {"cats": 240, "dogs": 240}), tmp_path / "out"
    (small_set / "cats/torn.jpg").write_bytes(b"\xff\xd8\xff")
    process = start(PASS, out, small_set)
    try:
        wait_for(out, 3, process)
        below = processes_below(process.pid)
        listening = {c.laddr.ip for one in below if one.is_running() for c in one.net_connections("tcp") if c.status == "LISTEN"}
        assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
        os.kill(next(one.pid for one in below if "MapWorker" in one.name() + " ".join(one.cmdline())), signal.SIGKILL)
        there = len(list(out.glob("parts/*.parquet")))
        wait_for(out, there + 3, process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in parts.written(out)}
    assert 6 <= len(kept) < 61
    again = start(PASS, out, small_set)
    said, _ = again.communicate(timeout=180)
    assert again.returncode == 0 and f"Pass(pictures=481, findings=1, parts=61, earlier={len(kept)})" in said
    assert all(path.stat().st_mtime_ns == kept[path] for path in kept)
    paths, labels, digests, values = everything(out)
    assert len(paths) == len(set(paths)) == len(set(digests)) == 480 and labels == ["cats"] * 240 + ["dogs"] * 240
    assert alike(values, features.look(backbones.load("vgg16_tiny"), paths)["hidden"], 1e-6)
    assert not importlib.import_module("psutil").wait_procs(below, 60)[1], "processes that outlive the driver"
