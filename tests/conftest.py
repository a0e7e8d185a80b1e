"""Every test has places of its own: no test sees, or changes, the pictures, weights and caches of this machine."""

import os

import pytest
import torch

from shoulders.support import devices

# the networks here are tiny: threads that wait for each other on a busy machine cost more than they give
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch, request):
    """Caches, weights and picture sets in the test's own folder (the photographs stay where they are, for those who ask)."""
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "cache"))
    if "photographs" not in request.fixturenames:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        monkeypatch.setenv("SHOULDERS_DATA", str(tmp_path / "data"))
        for name in ("SHOULDERS_EDITION", "SHOULDERS_PICTURES", "SHOULDERS_BACKBONE", "SHOULDERS_WEIGHTS"):
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def exact(monkeypatch):
    """float32 on the CPU, wherever the tests run: for comparisons to the last digits."""
    monkeypatch.setattr(devices, "device", lambda: "cpu")
    monkeypatch.setattr(devices, "precision", lambda on=None: "fp32")


@pytest.fixture(autouse=True)
def readable(monkeypatch):
    """Of every figure that any test makes: no letter is too small, and no words lie upon each other."""
    from making import unreadable

    from shoulders import plots

    drawn, made = [], plots.Drawing.__post_init__
    monkeypatch.setattr(plots.Drawing, "__post_init__", lambda drawing: (made(drawing), drawn.append(drawing)))
    yield
    assert not [told for drawing in drawn for told in unreadable(drawing.figure)]
