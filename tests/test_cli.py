"""The commands, as a person types them: in a process of their own."""

import json
import os
import subprocess
import sys

import pytest
import torch
from making import network, photograph, set_of
from safetensors.numpy import load_file
from safetensors.torch import save_file


def shoulders(*words, code=0):
    """Run a command; its exit code is checked, and a traceback is never shown."""
    done = subprocess.run(
        [sys.executable, "-m", "shoulders", *map(str, words)], capture_output=True, text=True, timeout=300, env=os.environ
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def own_set(tmp_path_factory):
    return set_of(tmp_path_factory.mktemp("question"), 6, 4)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "squeezenet.safetensors"
    save_file(network("squeezenet1_1", 3).module.state_dict(), path)
    return path


def test_compare_save_predict_on_a_folder_of_ones_own(own_set, weights, tmp_path):
    before = photograph(own_set)
    words = ["compare", own_set, "--backbone", "squeezenet1_1", "--weights", weights, "--per-class", "2,all", "--seeds", 2]
    first = shoulders(*words, "--json", tmp_path / "1.json", "--plot", tmp_path / "p.png", "--save", tmp_path / "m.safetensors")
    second = shoulders(*words, "--json", tmp_path / "2.json")
    rows, again = (json.loads((tmp_path / f"{n}.json").read_text()) for n in (1, 2))
    wanted = "regime head backbone per_class seed accuracy low high n_valid n_train seconds_features seconds_train seconds_total cached device precision"
    assert set(wanted.split()) <= set(rows[0])
    assert [(row["per_class"], row["seed"], row["n_train"]) for row in rows] == [
        (2, 0, 4),
        (2, 1, 4),
        ("all", 0, 12),
        ("all", 1, 12),
    ]
    assert [row["cached"] for row in rows][0] is False
    assert all(row["cached"] for row in again)
    assert [row["accuracy"] for row in rows] == [row["accuracy"] for row in again]
    assert all(row["low"] <= row["accuracy"] <= row["high"] and row["n_valid"] == 8 for row in rows)
    assert "95 % interval" in second.stdout
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "Model written" in first.stdout
    pictures = sorted((own_set / "valid").rglob("*.jpg"))
    shoulders("predict", tmp_path / "m.safetensors", *pictures, "--json", tmp_path / "a.json")
    answers = json.loads((tmp_path / "a.json").read_text())
    right = sum(answer["class"] == path.parent.name for answer, path in zip(answers, pictures))
    assert right / len(pictures) == rows[2]["accuracy"]
    assert all(abs(sum(answer["probabilities"].values()) - 1) < 1e-6 for answer in answers)
    assert photograph(own_set) == before


def test_predict_answers_for_the_good_and_names_the_bad(own_set, weights, tmp_path):
    model = tmp_path / "m.safetensors"
    shoulders("compare", own_set, "--backbone", "squeezenet1_1", "--weights", weights, "--save", model)
    good = next((own_set / "valid").rglob("*.jpg"))
    (bad := tmp_path / "note.jpg").write_text("not a picture")
    done = shoulders("predict", model, bad, good, "--json", tmp_path / "a.json", code=1)
    assert "note.jpg: not a picture" in done.stderr
    assert good.name in done.stdout
    assert [("problem" in row, "class" in row) for row in json.loads((tmp_path / "a.json").read_text())] == [
        (True, False),
        (False, True),
    ]
    weights_moved = weights.with_name("moved.safetensors")
    weights.rename(weights_moved)
    try:
        assert "squeezenet1_1" in shoulders("predict", model, good, code=1).stderr
        assert good.name in shoulders("predict", model, good, "--weights", weights_moved).stdout
    finally:
        weights_moved.rename(weights)


def test_features_writes_rows_labels_and_a_card(own_set, weights, tmp_path):
    out = tmp_path / "f.safetensors"
    shoulders(
        "features", own_set, "--out", out, "--backbone", "squeezenet1_1", "--weights", weights, "--json", tmp_path / "f.json"
    )
    arrays, card = load_file(out), json.loads((tmp_path / "f.json").read_text())
    assert arrays["train"].shape == (12, 512) and arrays["valid"].shape == (8, 512)
    assert arrays["valid_labels"].tolist() == [0] * 4 + [1] * 4
    assert card["classes"] == ["cats", "dogs"] and len(card["files"]["train"]) == 12


@pytest.mark.parametrize(
    "words, said",
    [
        (["compare", "nowhere"], "neither a folder nor a known set"),
        (["compare", "{set}", "--backbone", "resnet19"], "No backbone is called 'resnet19'"),
        (["compare", "{set}", "--backbone", "resnet18"], "shoulders fetch resnet18"),
        (
            ["compare", "{set}", "--backbone", "resnet18", "--weights", "random", "--regime", "magic"],
            "No regime is called 'magic'",
        ),
        (["compare", "{set}", "--backbone", "resnet18", "--weights", "random", "--head", "big"], "No head is called 'big'"),
        (["compare", "{set}", "--backbone", "resnet18", "--weights", "random", "--per-class", "ten"], "numbers and `all`"),
        (["compare", "{set}", "--backbone", "resnet18", "--weights", "random", "--layer", "layer9"], "no layer 'layer9'"),
        (["compare", "bees_vs_ants"], "shoulders fetch bees_vs_ants"),
        (["predict", "{set}/train/cats/cats_000.jpg", "x.jpg"], "is no model file"),
        (["lesson", "77"], "There is no lesson 77"),
        (["fetch", "unicorns"], "No backbone is called 'unicorns'"),
    ],
)
def test_a_mistake_is_one_sentence(words, said, own_set):
    done = shoulders(*[word.format(set=own_set) for word in words], code=1)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_first_wait_of_a_warm_comparison_is_not_for_torch(own_set, weights):
    words = ["compare", str(own_set), "--backbone", "squeezenet1_1", "--weights", str(weights)]
    shoulders(*words)
    code = (
        f"import sys; from shoulders import cli; sys.argv = ['shoulders', *{words!r}]\ntry: cli.app()\nexcept SystemExit: pass\n"
    )
    code += "print('heavy:', [name for name in ('torch', 'sklearn', 'pandas', 'matplotlib') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert "heavy: []" in done.stdout


def test_doctor_says_what_is_here_and_exits_by_it(tmp_path, monkeypatch):
    done = shoulders("doctor", "--no-network", "--json", tmp_path / "d.json", code=_expected_doctor_code())
    found = {row["what"]: row for row in json.loads((tmp_path / "d.json").read_text())}
    assert {"python", "libraries", "device", "disk", "memory", "pictures", "weights", "box", "lesson 01"} <= set(found)
    assert torch.__version__.split("+")[0] in found["libraries"]["found"]
    assert "network" not in found
    assert len(done.stdout.splitlines()) == len(json.loads((tmp_path / "d.json").read_text()))
    monkeypatch.setenv("SHOULDERS_EDITION", "full")
    assert "shoulders fetch cats_vs_dogs vgg16" in shoulders("doctor", "--no-network", code=1).stdout


def _expected_doctor_code():
    from shoulders import editions
    from shoulders.errors import CourseError

    try:
        editions.decide("01")
        return 0
    except CourseError:
        return 1


def test_fetch_lists_what_there_is():
    done = shoulders("fetch")
    assert "cats_vs_dogs" in done.stdout and "vgg16" in done.stdout and "not here" in done.stdout


def test_help_tells_every_command():
    done = shoulders("--help")
    assert all(name in done.stdout for name in ("doctor", "fetch", "lesson", "compare", "features", "predict"))
