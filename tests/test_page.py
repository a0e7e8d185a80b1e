"""The camera's page without a notebook: who may ask, what comes back, and the command that opens it."""

import json
import socket
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
from making import COLOURS, folder_of

from shoulders import cli, pictures, teaching
from shoulders.widgets import page


def look(sources):
    """A network that sees the mean colour."""
    return {"hidden": np.stack([np.asarray(pictures.read(one).resize((1, 1)), np.float32).ravel() for one in sources])}


@pytest.fixture
def shown(tmp_path):
    examples = teaching.load(folder_of(tmp_path / "animals", dict.fromkeys(COLOURS, 3)), look)
    shown = page.Page(examples, look, str(tmp_path / "new"))
    thread = threading.Thread(target=shown.run)
    thread.start()
    yield shown, examples, tmp_path
    shown.stop()
    thread.join()


def get(address, body=None):
    with urllib.request.urlopen(address, data=body, timeout=10) as answer:
        return answer.read(), answer.headers["Content-Type"]


def ask(shown, do, picture=b"", **asked):
    return json.loads(get(shown.address + "ask", json.dumps({"do": do} | asked).encode() + b"\n" + picture)[0])


def test_a_frame_is_answered_and_learnt(shown):
    shown, examples, home = shown
    ((state, _),) = ask(shown, "hello", view="v")
    assert [one["count"] for one in state["classes"]] == [3, 3, 3] and state["folder"] == str(home / "new")
    owl = (home / "animals" / "owls" / "owls_001.jpg").read_bytes()
    (answer, _), (state, _) = ask(shown, "look", owl, frame=5, label="owls", press="one")
    assert answer["frame"] == 5 and answer["answer"]["label"] == "owls"
    assert examples.counts["owls"] == 4 and examples.held[-1].picture == owl
    ((told, files),) = ask(shown, "pictures", numbers=[9])
    assert told["numbers"] == [9] and len(files) == 1
    ask(shown, "save", folder=state["folder"])
    assert teaching.load(home / "new", look).counts == examples.counts


def test_the_page_is_there_and_nothing_without_the_token(shown):
    shown, examples, _ = shown
    for name, kind in (("", "text/html"), ("camera.js", "text/javascript"), ("camera.css", "text/css")):
        content, told = get(shown.address + name)
        assert content and told == f"{kind}; charset=utf-8"
    root = shown.address.rsplit("/", 2)[0]
    for address in ("/", "/ask", "/wrong/", "/wrong/ask", "/wrong/camera.js"):
        for body in (None, b'{"do": "undo"}\n'):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(root + address, body)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(shown.address + "../page.py")
    assert len(examples) == 9
    assert shown.address.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(page.PageError, match="choose another one"):
            page.Page(teaching.Examples(), look, port=taken.getsockname()[1])
    with pytest.raises(page.PageError, match="Port 70000"):
        page.Page(teaching.Examples(), look, port=70_000)


@pytest.mark.parametrize("held", [0, 2])
def test_the_command_opens_what_was_saved(tmp_path, monkeypatch, capsys, held):
    from shoulders import features

    monkeypatch.setattr(features, "looker", lambda network, threads: look)
    monkeypatch.setattr(page.Page, "run", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    folder = tmp_path / "animals"
    if held:
        folder_of(folder, {"cats": held, "dogs": held})
    cli.teach(folder, "", None, port=0, browser=False)
    told = capsys.readouterr().out
    assert f"{2 * held} pictures of {held} classes" in told and "http://127.0.0.1:" in told
    assert teaching.free(folder) == (tmp_path / "animals_2" if held else folder)


@pytest.mark.parametrize("lost", [BrokenPipeError, ConnectionResetError])
def test_a_page_that_was_closed_meanwhile_is_no_error(lost):
    class Closed:
        wfile = property(lambda self: self)

        def send_response(self, *_):
            pass

        send_header = send_response

        def end_headers(self):
            raise lost

        def write(self, _):
            raise lost

    page.Page._answer(Closed(), b"told", "application/json")
