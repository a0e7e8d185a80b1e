"""Tables of answers: a row for each file, whatever it is, the same after a kill as in one go, in memory that does not grow."""

import csv
import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest
from making import finish, network, paint, start

from shoulders import backbones, heads, models, predictions
from shoulders.predictions import COLUMNS, PredictionError, Table


def model_of(backbone, width, seed=0, classes=("cats", "dogs")):
    rng = np.random.default_rng(seed)
    head = heads.fit("ridge", rng.normal(size=(12, width)), np.arange(12) % len(classes))
    return models.Model(head, backbone, "hidden", classes, {"backbone": backbone.name, "seed": seed})


@pytest.fixture(params=["torch", "onnxruntime"])
def model(request):
    if request.param == "torch":
        return model_of(network("squeezenet1_1", 1, crop=32), 512)
    lite = backbones.load("efficientnet_lite0", "random", 1)
    return model_of(replace(lite, transform=backbones.Transform(40, 32)), 1280)


def folder_with(root, good, bad=True):
    """Painted pictures in two folders; among them what is none."""
    painted = [paint(seed, (48, 40)) for seed in range(7)]
    for number in range(good):
        (home := root / f"part {number % 2}").mkdir(parents=True, exist_ok=True)
        painted[number % 7].save(home / f"{number}.jpg")
    if bad:
        (root / "part 0" / "empty.jpg").touch()
        (root / "part 0" / "notes.txt").write_text("no picture")
        (root / "part 1" / "half.jpg").write_bytes((root / "part 1" / "1.jpg").read_bytes()[:700])
        (root / "part 1" / "nothing.jpg").symlink_to("gone")
        (root / "part 1" / "folder.jpg").mkdir()
    return root


PROBLEMS = {"empty.jpg": "zero bytes", "notes.txt": "not a picture", "half.jpg": "truncated", "nothing.jpg": "does not exist"}


def rows_of(path):
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def test_every_file_has_one_row(tmp_path, model):
    folder, out = folder_with(tmp_path / "set", 70), tmp_path / "deep" / "answers.csv"
    out.parent.mkdir()
    assert predictions.write(out, model, [folder]) == Table(74, 4, 0)
    rows = rows_of(out)
    assert tuple(rows[0]) == COLUMNS
    assert sorted(row["file"] for row in rows) == sorted(str(path) for path in folder.rglob("*") if not path.is_dir())
    told = models.answers(model, [row["file"] for row in rows])
    for row, right in zip(rows, told):
        assert (row["class"], row["problem"]) == (right.get("class", ""), right.get("problem", ""))
        if row["class"]:
            assert abs(float(row["probability"]) - right["probability"]) < 1e-5
            first, second = sorted(right["probabilities"].values())[::-1]
            assert abs(float(row["margin"]) - (first - second)) < 1e-5
        else:
            assert PROBLEMS[os.path.basename(row["file"])] in row["problem"] and not row["probability"] + row["margin"]
    assert [path.name for path in out.parent.iterdir()] == ["answers.csv"]


def test_names_that_hold_anything_come_back(tmp_path, model):
    names = ["a,b.png", 'say "a".png', "two\nlines.png", "a\rb.png", "=1+1.png", " b.png", "猫.png", os.fsdecode(b"\xff.png")]
    (folder := tmp_path / "set").mkdir()
    for name in names:
        paint(1).save(folder / name, format="png")
    (folder / "bad,\n.png").touch()
    predictions.write(folder / "answers.csv", model, [folder])
    rows = rows_of(folder / "answers.csv")
    assert {row["file"] for row in rows if row["class"]} == {str(folder / name) for name in names}
    assert [row["problem"].split(":")[0] for row in rows if row["problem"]] == [str(folder / "bad,\n.png")]


def test_what_else_the_command_reads_is_none_of_the_pictures(tmp_path, model):
    folder = folder_with(tmp_path / "set", 3, bad=False)
    (folder / "m.safetensors").touch()
    assert predictions.write(folder / "answers.csv", model, [folder], iter([folder / "m.safetensors", None])) == Table(3, 0, 0)


def part_of(out):
    return next(out.parent.glob(f".{out.name}.*.part"), None)


@pytest.fixture
def stopped(tmp_path, model, monkeypatch):
    """A table that was stopped after 100 of 154 rows, and the whole one."""
    folder, out = folder_with(tmp_path / "set", 150), tmp_path / "answers.csv"
    predictions.write(tmp_path / "right.csv", model, [folder])
    each_answer = models.each_answer

    def stops(*asked):
        for number, row in enumerate(each_answer(*asked)):
            if number == 100:
                raise KeyboardInterrupt
            yield row

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(predictions, "each_answer", stops)
        predictions.write(out, model, [folder])
    assert not out.exists() and len(rows_of(part_of(out))) == 100
    return folder, out, (tmp_path / "right.csv").read_bytes()


@pytest.mark.parametrize("torn", [0, 1, 2, 9, 60, 10_000, -1])
def test_the_same_command_goes_on(stopped, model, torn):
    folder, out, right = stopped
    if torn < 0:
        part_of(out).write_bytes(part_of(out).read_bytes() + b'"a name with a\n')
    else:
        os.truncate(part_of(out), max(0, part_of(out).stat().st_size - torn))
    done = predictions.write(out, model, [folder])
    assert out.read_bytes() == right and part_of(out) is None
    assert (done.rows, done.problems) == (154, 4) and (done.earlier > 60) == (torn < 10_000)


@pytest.mark.parametrize("change", ["come", "go"])
def test_files_that_come_and_go_between_two_sittings(stopped, model, change, tmp_path):
    folder, out, _ = stopped
    if change == "come":
        paint(3).save(folder / "part 1" / "0.jpg")
    else:
        (folder / "part 1" / "1.jpg").unlink()
    done = predictions.write(out, model, [folder])
    assert 0 < done.earlier <= 77
    predictions.write(tmp_path / "now.csv", model, [folder])
    assert out.read_bytes() == (tmp_path / "now.csv").read_bytes()


def test_rows_of_something_else_are_neither_taken_nor_thrown_away(stopped, model, tmp_path):
    folder, out, _ = stopped
    begun, part = part_of(out).read_bytes(), part_of(out)
    other = model_of(model.backbone, model.head.n_features_in_, seed=2)
    for asked in ((other, [folder]), (model, [folder / "part 0"])):
        with pytest.raises(PredictionError, match=f"{part} was begun with another model, other files or other versions"):
            predictions.write(out, *asked)
    assert part.read_bytes() == begun and not out.exists()
    assert predictions.write(tmp_path / "other.csv", other, [folder]).rows == 154


def test_a_full_disk_names_the_file_and_keeps_what_there_is(tmp_path, model, monkeypatch):
    folder = folder_with(tmp_path / "set", 3, bad=False)

    def full(*_):
        yield {"file": str(folder / "part 0" / "0.jpg"), "problem": "x"}
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(predictions, "each_answer", full)
    with pytest.raises(OSError, match=r"answers\.csv") as caught:
        predictions.write(tmp_path / "answers.csv", model, [folder])
    assert caught.value.errno == 28 and len(rows_of(part_of(tmp_path / "answers.csv"))) == 1


RUN = """
import sys
from shoulders import predictions
from test_predictions import model_of, network
model, (folder, out) = model_of(network("squeezenet1_1", 1, crop=32), 512), sys.argv[1:]
print("ready", flush=True)
predictions.write(out, model, [folder])
"""


def test_killed_in_the_middle_then_repeated(tmp_path):
    folder, out = folder_with(tmp_path / "set", 600), tmp_path / "answers.csv"
    process = start(RUN, folder, out)
    while not (part := part_of(out)) or part.stat().st_size < 8000:
        assert process.poll() is None, "it was too quick to be killed"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    model = model_of(network("squeezenet1_1", 1, crop=32), 512)
    assert predictions.write(out, model, [folder]).earlier > 30
    assert predictions.write(tmp_path / "right.csv", model, [folder]).earlier == 0
    assert out.read_bytes() == (tmp_path / "right.csv").read_bytes() and len(rows_of(out)) == 604


MEMORY = """
import sys
from dataclasses import replace
from psutil import Process
from shoulders import backbones, predictions
from test_predictions import model_of

def watched(*asked):
    for number, row in enumerate(each_answer(*asked)):
        if number % 40 == 0:
            held.append(Process().memory_info().rss)
        yield row

each_answer, predictions.each_answer = predictions.each_answer, watched
few, many, out = sys.argv[1:]
model = model_of(replace(backbones.load("efficientnet_lite0"), transform=backbones.Transform(128, 128)), 1280)
for folder in (few, many):
    held = []
    done = predictions.write(out, model, [folder])
    print(done.rows, done.problems, max(held))
"""


@pytest.mark.skipif(not backbones.on_disk("efficientnet_lite0"), reason="its package is not installed")
def test_memory_stays_as_it_is_and_none_of_2000_is_lost(tmp_path):
    """All pixels together would be 88 MB more."""
    few, many = folder_with(tmp_path / "few", 196), folder_with(tmp_path / "many", 1996)
    lines = finish(start(MEMORY, few, many, tmp_path / "answers.csv")).splitlines()
    (*_, after_few), (*counted, after_many) = (map(int, line.split()) for line in lines)
    assert counted == [2000, 4] and len({row["file"] for row in rows_of(tmp_path / "answers.csv")}) == 2000
    assert after_many - after_few < 60e6  # 16 to 34 MB were seen; with all pixels kept, 88 and more
