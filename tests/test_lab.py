"""What `make lab` asks JupyterLab's server for."""

import re
from pathlib import Path

import pytest

pytest.importorskip("jupyter_server", reason="jupyterlab is not installed")


def test_what_a_kernel_says_is_sent_at_once(monkeypatch):
    from jupyter_server.services.kernels.connection import channels
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    from shoulders.course.lab import PromptConnection

    class Handler(KernelWebsocketHandler):
        def __init__(self):
            pass

        def set_nodelay(self, value):
            done.append(value)

    done = []
    monkeypatch.setattr(channels.ZMQChannelsWebsocketConnection, "__init__", lambda self: None)
    monkeypatch.setattr(channels.ZMQChannelsWebsocketConnection, "connect", lambda self: done.append("connected"))
    connection = PromptConnection()
    connection.websocket_handler = Handler()
    connection.connect()
    assert done == [True, "connected"]


def test_make_lab_names_it():
    makefile = (Path(__file__).resolve().parent.parent / "Makefile").read_text(encoding="utf-8")
    (named,) = re.findall(r"kernel_websocket_connection_class=(\S+)", makefile)
    assert named == "shoulders.course.lab.PromptConnection"
