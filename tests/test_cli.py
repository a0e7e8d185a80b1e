"""The commands, as a person types them."""

import errno
import io
import json
import os
import subprocess
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from making import network, photograph, set_of, weights_of
from PIL import Image
from safetensors.numpy import load_file
from safetensors.torch import save_file

from shoulders import backbones, cli, comparison, datasets, doctor, models, views
from shoulders.course import lessons
from shoulders.datasets import fits
from shoulders.report.rows import say_classes
from shoulders.support import places, terminal
from shoulders.support.errors import CourseError


def shoulders(*words, code=0):
    """Run a command in this process, which has torch already; its exit code is checked, and a traceback is never shown."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n", write_through=True) for _ in range(2))
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        warnings.catch_warnings(record=True) as said,
        pytest.MonkeyPatch.context() as patch,
    ):
        warnings.simplefilter("default", UserWarning)
        patch.setattr(sys, "argv", ["shoulders", *map(str, words)])
        patch.setattr(warnings, "formatwarning", warnings.formatwarning)
        with pytest.raises(SystemExit) as end:
            cli.main()
        for one in said:
            err.write(warnings.formatwarning(one.message, one.category, one.filename, one.lineno))
    return _checked(end.value.code or 0, *(file.buffer.getvalue().decode() for file in (out, err)), code)


def typed(*words, code=0, **environment):
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "shoulders", *map(str, words)],
        capture_output=True, text=True, timeout=300, env={**os.environ, **environment},
    )  # fmt: skip
    return _checked(done.returncode, done.stdout, done.stderr, code)


def _checked(found, out, err, code):
    assert found == code, out + err
    assert "Traceback" not in err
    return SimpleNamespace(stdout=out, stderr=err)


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
    first = typed(*words, "--json", tmp_path / "1.json", "--plot", tmp_path / "p.png", "--save", tmp_path / "m.safetensors")
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
    told = ["2 classes, training + validation pictures: cats 6 + 4, dogs 6 + 4.", "Training: train. Validation: valid."]
    assert second.stderr.splitlines()[:2] == told
    assert all(row["near_copies"] == 0 and "wrong" not in row for row in rows)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "Model written" in first.stdout
    pictures = sorted((own_set / "valid").rglob("*.jpg"))
    shoulders("predict", tmp_path / "m.safetensors", *pictures, "--json", tmp_path / "a.json")
    answers = json.loads((tmp_path / "a.json").read_text())
    right = sum(answer["class"] == path.parent.name for answer, path in zip(answers, pictures))
    assert right / len(pictures) == rows[2]["accuracy"]
    assert all(abs(sum(answer["probabilities"].values()) - 1) < 1e-6 for answer in answers)
    assert photograph(own_set) == before


def test_a_report_is_a_page_of_what_the_table_says(own_set, weights, tmp_path):
    words = ["--backbone", "squeezenet1_1", "--weights", weights, "--json", tmp_path / "1.json", "--report", tmp_path / "p.html"]
    done = shoulders("compare", own_set, *words)
    page, (row,) = (tmp_path / "p.html").read_text(), json.loads((tmp_path / "1.json").read_text())
    assert f"rightly names {100 * row['accuracy']:.1f} % of 8 pictures" in page
    assert f"shoulders compare {own_set} --backbone squeezenet1_1" in page
    assert "Page written to" in done.stdout and "It holds pictures of the folder" in done.stdout


def test_predict_answers_for_the_good_and_names_the_bad(own_set, weights, tmp_path):
    model = tmp_path / "m.safetensors"
    shoulders("compare", own_set, "--backbone", "squeezenet1_1", "--weights", weights, "--save", model)
    good = next((own_set / "valid").rglob("*.jpg"))
    (bad := tmp_path / "note.jpg").write_text("not a picture")
    done = shoulders("predict", model, bad, good, "--json", tmp_path / "a.json", code=1)
    assert "note.jpg: not a picture" in done.stderr
    assert good.name in done.stdout
    (strange := tmp_path / "猫.jpg").write_bytes(good.read_bytes())
    assert "\\u732b.jpg" in typed("predict", model, strange, PYTHONIOENCODING="cp1252").stdout
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
    assert card["parts"] == {"train": "train", "valid": "valid"}


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
        (["lesson", ""], "There is no lesson '': choose"),
        (["fetch", "unicorns"], "No backbone is called 'unicorns'"),
        (["fetch", "vgg16", "--all"], "give names, or --all"),
    ],
)
def test_a_mistake_is_one_sentence(words, said, own_set):
    done = shoulders(*[word.format(set=own_set) for word in words], code=1)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", [["compare"], ["features", "--out", "{out}"]])
def test_a_mistyped_layer_is_told_before_the_pictures_are_looked_for(command, tmp_path):
    words = [word.format(out=tmp_path / "f.safetensors") for word in command]
    done = shoulders(*words, "nowhere", "--backbone", "resnet18", "--weights", "random", "--layer", "layer9", code=1)
    assert "no layer 'layer9'" in done.stderr


@pytest.mark.parametrize("more", [[], ["--per-class", "1"]])
def test_no_warm_comparison_waits_for_what_it_does_not_need(own_set, weights, more):
    """Neither one that was run before, nor another one on features that are remembered."""
    words = ["compare", str(own_set), "--backbone", "squeezenet1_1", "--weights", str(weights)]
    shoulders(*words)
    words += more
    code = (
        f"import sys; from shoulders import cli; sys.argv = ['shoulders', *{words!r}]\ntry: cli.app()\nexcept SystemExit: pass\n"
    )
    code += "print('heavy:', [name for name in ('torch', 'sklearn', 'pandas', 'matplotlib', 'jinja2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert "heavy: []" in done.stdout


def test_a_warning_is_one_sentence_without_a_line_of_code(own_set, weights, monkeypatch):
    class Full(comparison.Memory):
        def adding(self):
            raise CourseError("The disk is full.")

    monkeypatch.setattr(comparison, "Memory", Full)
    done = shoulders("compare", own_set, "--backbone", "squeezenet1_1", "--weights", weights)
    said = [line for line in done.stderr.splitlines() if "not remembered" in line]
    assert said == ["shoulders: This run is not remembered: The disk is full."] and "warn(" not in done.stderr
    assert "feature_extraction" in done.stdout


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
    from shoulders.support.errors import CourseError

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
    assert all(name in done.stdout for name in ("doctor", "fetch", "kit", "lesson", "compare", "features", "predict"))


# ------------------------------------------------------------------------------------------------- what is said, and when


def test_no_cell_is_cut_and_no_bracket_is_markup(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    names = ["cat[bold].jpg", "x[/b].jpg", "long/" * 60 + "cat.jpg"]
    terminal.table([(name, "[red]", "87.6%") for name in names], ["picture", "class", "how sure"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:]] == [[name, "[red]", "87.6%"] for name in names]


def test_uneven_classes_have_a_table_of_their_own(capsys):
    even = {"regime": "feature_extraction", "backbone": "b", "per_class": "all", "seed": 0,
            "balanced_accuracy": 0.5, "balanced_low": 0.35, "balanced_high": 0.897}  # fmt: skip
    one = {"pictures": 9, "recall": 1.0, "recall_low": 0.701, "recall_high": 1.0}
    say_classes([even | {"by_class": [one | {"class": "common"}, one | {"class": "seldom"}]}, {"accuracy": 1.0}])
    assert not capsys.readouterr().out
    rare = {"class": "seldom[/b]", "pictures": 1, "recall": 0.0, "recall_low": 0.0, "recall_high": 0.793}
    say_classes([even | {"by_class": [one | {"class": "common"}, rare]}])
    sentence, _, line = capsys.readouterr().out.splitlines()
    assert "every class counted alike" in sentence
    told = "common 9 of 9 (70.1 to 100.0 %), seldom[/b] 0 of 1 (0.0 to 79.3 %)"
    assert " ".join(line.split()) == f"feature_extraction b all 0 50.0 % 35.0 to 89.7 % {told}"


def found(action, count):
    return [{"file": f"{action}{i}", "action": action, "problem": "odd", "remedy": ""} for i in range(count)]


@pytest.mark.parametrize(
    ("skipped", "used", "converted", "told", "rest"),
    [
        (1, 1, 3, 5, ""),
        (3, 1, 16, 10, "… and 10 more converted."),
        (20, 5, 16, 25, "… and 16 more converted."),
        (300, 2, 1, 100, "… and 200 more skipped, 2 more used, 1 more converted."),
    ],
)
def test_what_is_lost_is_told_before_what_is_converted(capsys, skipped, used, converted, told, rest):
    cli.options._say_findings(SimpleNamespace(findings=found("converted", converted) + found("used", used) + found("skipped", skipped)))
    lines = capsys.readouterr().err.splitlines()
    order = (["skipped"] * skipped + ["used"] * used + ["converted"] * converted)[:told]
    assert [line.split(":")[0] for line in lines[:told]] == order
    assert lines[told:] == ([rest] if rest else [])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left", "a.json"), "a.json: No space left. Make room there, or choose another place."),
        (
            OSError(errno.EACCES, "Permission denied", "b"),
            "b: Permission denied. Check its permissions, or choose another place.",
        ),
        (OSError(errno.ENOTDIR, "Not a directory", ".p", None, "c"), "c: Not a directory. Check the path."),
        (OSError("strange"), "strange. Check the path."),
    ],
)
def test_advice_goes_by_what_went_wrong(capsys, monkeypatch, error, said):
    monkeypatch.setattr(cli, "app", lambda: (_ for _ in ()).throw(error))
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err.startswith(f"shoulders: {said}")


def test_ctrl_c_is_answered(capsys, monkeypatch):
    monkeypatch.setattr(cli, "app", lambda: sys.exit(130))
    with pytest.raises(SystemExit):
        cli.main()
    assert "Finished downloads, checks of pictures, features, runs and rows of --csv are kept" in capsys.readouterr().err


def test_one_that_cannot_be_fetched_keeps_no_other_from_coming(capsys):
    def fails(name, progress):
        raise CourseError(f"{name} could not be downloaded.")

    def comes(name, progress):
        return "/there"

    offers = [SimpleNamespace(name=name, licence="free", fetch=how) for name, how in (("a", fails), ("b", comes), ("c", fails))]
    with pytest.raises(CourseError, match=r"^a could not be downloaded\.\nc could not be downloaded\.$"):
        cli.machine._fetch_each(offers)
    assert "b: /there" in capsys.readouterr().out


def never(*_, **__):
    pytest.fail("work was done that could not be kept")


@pytest.mark.parametrize(
    "command",
    [
        lambda place: cli.doctor(json_file=place),
        lambda place: cli.fetch(["resnet18"], json_file=place),
        lambda place: cli.lesson("01", html=place),
        lambda place: cli.lesson("01", json_file=place),
        lambda place: cli.compare("nowhere", json_file=place),
        lambda place: cli.compare("nowhere", save=place),
        lambda place: cli.compare("nowhere", plot=place),
        lambda place: cli.compare("nowhere", report=place.with_suffix(".html")),
        lambda place: cli.features("nowhere", place),
        lambda place: cli.features("nowhere", place / "f.safetensors", json_file=place),
        lambda place: cli.predict("m.safetensors", ["a.jpg"], json_file=place),
        lambda place: cli.predict("m.safetensors", ["a.jpg"], csv_file=place),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch, command):
    for room, work in ((doctor, "examine"), (lessons, "run"), (datasets, "load"), (backbones, "load"), (models, "load")):
        monkeypatch.setattr(room, work, never)
    for name in ("p.svg", "p.html"):
        (tmp_path / name).mkdir()
    with pytest.raises(CourseError, match="p.(svg|html) is a folder: give the name of a file"):
        command(tmp_path / "p.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.html", "p.svg"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (lambda at: cli.predict("m.safetensors", ["a.jpg"], json_file=at / "set/cats/0.jpg"), "has the name of a picture"),
        (lambda at: cli.compare(str(at / "set"), save=at / "set/cats/new"), "would lie in a class folder"),
        (lambda at: cli.features(str(at / "set"), at / "set/cats/0.txt"), "would lie in a class folder"),
        (lambda at: cli.compare("nowhere", weights=str(at / "w"), save=at / "w"), "is read by this command"),
        (lambda at: cli.compare("nowhere", weights=str(at / "w"), save=at / "link"), "is read by this command"),
        (lambda at: cli.predict(at / "w", ["a.jpg"], json_file=at / "w"), "is read by this command"),
        (lambda at: cli.predict("m.safetensors", [str(at / "w")], json_file=at / "w"), "is read by this command"),
        (lambda at: cli.compare("nowhere", json_file=at / "same", save=at / "same"), "was given for two outputs"),
        (lambda at: cli.compare(str(at / "set"), report=at / "set/cats/p.html"), "would lie in a class folder"),
        (lambda at: cli.compare("nowhere", json_file=at / "p.html", report=at / "p.html"), "was given for two outputs"),
        (lambda at: cli.compare("nowhere", json_file=at / "same.svg", plot=at / "same.svg"), "was given for two outputs"),
        (lambda at: cli.compare(str(at / "set"), plot=at / "set/cats/0.jpg"), "would lie in a class folder"),
        (lambda at: cli.doctor(json_file=at / "pipe"), "is no ordinary file"),
    ],
)
def test_nothing_that_is_read_is_overwritten(tmp_path, monkeypatch, command, said):
    for room, work in ((doctor, "examine"), (datasets, "load"), (backbones, "load"), (models, "load")):
        monkeypatch.setattr(room, work, never)
    (tmp_path / "set" / "cats").mkdir(parents=True)
    for name in ("set/cats/0.jpg", "set/cats/0.txt", "w"):
        (tmp_path / name).write_text("kept")
    (tmp_path / "link").symlink_to("w")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CourseError, match=said):
        command(tmp_path)
    assert {(tmp_path / name).read_text() for name in ("set/cats/0.jpg", "set/cats/0.txt", "w")} == {"kept"}


def test_what_a_command_wrote_beside_the_class_folders_it_may_write_again(tmp_path):
    (tmp_path / "set" / "cats").mkdir(parents=True)
    for name in ("table.json", "curve.png"):
        (tmp_path / "set" / name).write_text("of the last run")
    places.need_places([tmp_path / "set" / "table.json"], [tmp_path / "set"], str(tmp_path / "set" / "curve.png"))


def test_a_table_holds_nothing_that_a_terminal_obeys(capsys):
    terminal.table([("red\x1b[31m.jpg", "two\nlines", "Käfer 猫")], ["a", "b", "c"])
    out = capsys.readouterr().out
    terminal.say("bad\x1b[2J.jpg\nnext", sys.stdout)
    assert capsys.readouterr().out == "bad\\x1b[2J.jpg\nnext\n"
    assert "red\\x1b[31m.jpg" in out and "two\\nlines" in out and "Käfer 猫" in out and "\x1b" not in out


def test_json_is_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises((CourseError, OSError)):
        cli.options.write_json(tmp_path / "there", {})
    with pytest.raises(TypeError):
        cli.options.write_json(tmp_path / "a.json", object())
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(
    "words",
    [
        {"backbone": "resnet19"}, {"regime": "magic"}, {"head": "big"}, {"seeds": 0}, {"report": "page.pdf"},
        {"report": "p.html", "regime": "fine_tuning"},
    ],
)  # fmt: skip
def test_a_mistyped_word_is_told_before_the_pictures_are_checked(monkeypatch, words):
    monkeypatch.setattr(datasets, "load", never)
    with pytest.raises(CourseError, match="resnet19|magic|big|seeds 0|page.pdf: a page's name|add it to --regime"):
        cli.compare("nowhere", **words)


def test_several_networks_are_named_once_each_and_share_no_weights_file(monkeypatch):
    loaded = []
    monkeypatch.setattr(backbones, "load", lambda *asked, **sense: loaded.append((*asked, *sense.values())))
    cli.options.named_networks("resnet18, squeezenet1_1,resnet18,", "random")
    cli.options.named_networks("", None)
    assert loaded == [("resnet18", "random"), ("squeezenet1_1", "random"), (None, None, "pictures")]
    with pytest.raises(CourseError, match="^w.pth holds the weights of one network, and --backbone names 2: give one of them.$"):
        cli.options.named_networks("resnet18,squeezenet1_1", "w.pth")


def test_a_mistyped_name_among_several_is_told_before_the_pictures_are_checked(monkeypatch):
    monkeypatch.setattr(datasets, "load", never)
    with pytest.raises(CourseError, match="No backbone is called 'resnet19'"):
        cli.compare("nowhere", backbone="squeezenet1_1,resnet19", weights="random")
    with pytest.raises(CourseError, match="--save keeps one model, and --backbone names 2: give one of them"):
        cli.compare("nowhere", backbone="squeezenet1_1,resnet18", weights="random", save="m.safetensors")


def test_regimes_may_be_written_with_spaces(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(backbones, "load", lambda *_, **__: SimpleNamespace(transform=None, card=SimpleNamespace(sense="pictures")))
    monkeypatch.setattr(datasets, "sense", lambda *_: "pictures")
    held = datasets.load(set_of(tmp_path / "set", 2, 1))
    monkeypatch.setattr(datasets, "load", lambda *_, **__: held)
    monkeypatch.setattr(fits, "told", lambda held, transforms: held)
    monkeypatch.setattr(comparison, "rows", lambda held, network, regimes, *_, **__: asked.extend(regimes) or [])
    cli.compare("nowhere", regime="feature_extraction, fine_tuning ")
    assert asked == ["feature_extraction", "fine_tuning"]


def test_predict_walks_folders_and_writes_a_table(own_set, weights, tmp_path):
    model, out = tmp_path / "m.safetensors", own_set / "answers.csv"
    shoulders("compare", own_set, "--backbone", "squeezenet1_1", "--weights", weights, "--save", model)
    try:
        for _ in range(2):  # what the command wrote into the folder is none of its pictures
            done = shoulders("predict", model, own_set, "--csv", out)
            said = [f"{own_set}: 20 files.", f"{out}: 20 rows, 0 of them with a problem."]
            assert done.stderr.strip().splitlines() == said and not done.stdout
        assert out.read_text().startswith("file,class,probability,margin,note,problem\n")
        asked = shoulders("predict", model, own_set / "valid", out, "--json", tmp_path / "a.json", code=1)
        assert "answers.csv: not a picture" in asked.stderr and "cats_003.jpg" in asked.stdout
        assert len(json.loads((tmp_path / "a.json").read_text())) == 9
        (tmp_path / "d").mkdir()
        for name in ("notes.txt", "Thumbs.db", "._1.jpg", "._2.jpg"):
            (tmp_path / "d" / name).write_text("no picture")
        told = shoulders("predict", model, tmp_path / "d", "--csv", tmp_path / "b.csv", code=1).stderr
        assert "1 of them with a problem" in told and f"{tmp_path / 'd'}: 1 file.\n" in told
        assert f"left out: {tmp_path / 'd' / '._1.jpg'}: what macOS puts beside files (._…); 2 such.\n" in told
        assert f"left out: {tmp_path / 'd' / 'Thumbs.db'}: Thumbs.db: thumbnails of Windows.\n" in told
    finally:
        out.unlink(missing_ok=True)


def test_a_fine_tuned_network_is_kept_asked_and_exported(own_set, weights, tmp_path, monkeypatch, capsys, exact):
    """In this process, as the command does it; the network is trained once, and again where only its row is remembered."""
    trained = []
    run = comparison._RUN["fine_tuning"]
    monkeypatch.setattr(views, "LEAST", 1)
    monkeypatch.setitem(comparison._RUN, "fine_tuning", lambda *args, **more: trained.append(run(*args, **more)) or trained[-1])
    model, answers = tmp_path / "m.safetensors", tmp_path / "a.json"
    words = {"backbone": "squeezenet1_1", "weights": str(weights), "regime": "fine_tuning", "per_class": "2,4", "save": model}
    for runs in (2, 3):
        cli.compare(str(own_set), **words)
        said = capsys.readouterr().out
        assert len(trained) == runs and f"Model written to {model}: {trained[-1]}" in said
        assert "fine_tuning of squeezenet1_1: 387,202 of 723,522 parameters learnt (54 %), the new head's among them." in said
        kept = models.load(model)
        assert (kept.card["regime"], kept.card["n_train"], kept.card["seed"]) == ("fine_tuning", 8, 0)
        assert weights_of(kept.backbone.module) == weights_of(trained[1].model)  # on the most pictures, of seed 0
    pictures = [str(path) for path in trained[1].valid.paths]
    cli.predict(model, pictures, json_file=answers)
    rows = json.loads(answers.read_text())
    assert [row["class"] for row in rows] == [("cats", "dogs")[i] for i in trained[1].predictions]
    found = [[row["probabilities"][name] for name in ("cats", "dogs")] for row in rows]
    assert torch.allclose(torch.tensor(found), torch.tensor(trained[1].probabilities), rtol=1e-3, atol=1e-4)
    cli.predict(model, pictures, csv_file=tmp_path / "a.csv")
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + len(pictures)
    cli.export(model, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").stat().st_size > 2e6
    with pytest.raises(CourseError, match=r"m\.safetensors holds all of its network's weights: leave .* out"):
        cli.predict(model, pictures, weights=str(weights))


def test_save_keeps_the_model_of_one_regime(monkeypatch):
    monkeypatch.setattr(datasets, "load", never)
    with pytest.raises(CourseError, match="--save keeps one model, and --regime names 2: give one"):
        cli.compare("nowhere", regime="feature_extraction,fine_tuning", save="m.safetensors")


def test_predict_says_what_it_took_for_white(own_set, weights, tmp_path):
    model, plain = tmp_path / "m.safetensors", next((own_set / "valid").rglob("*.jpg"))
    shoulders("compare", own_set, "--backbone", "squeezenet1_1", "--weights", weights, "--save", model)
    deep = np.linspace(0, 4095, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    done = shoulders("predict", model, plain, tmp_path / "deep.png", "--json", tmp_path / "a.json")
    assert done.stderr.strip() == f"{tmp_path / 'deep.png'}: 16-bit: 4095 taken for white."
    assert ["note" in row for row in json.loads((tmp_path / "a.json").read_text())] == [False, True]
    shoulders("predict", model, tmp_path / "deep.png", "--csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().endswith(",16-bit: 4095 taken for white,\n")


def test_predict_writes_one_kind_of_file(tmp_path):
    with pytest.raises(CourseError, match="--json keeps every answer in memory until the last, and --csv none: give one"):
        cli.predict("m.safetensors", ["a.jpg"], csv_file=tmp_path / "a.csv", json_file=tmp_path / "a.json")
