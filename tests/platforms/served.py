"""A notebook run by a Jupyter server, through its addresses and its websocket, as a page in a browser runs it."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.error import HTTPError

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect


@dataclass(frozen=True)
class Server:
    """An address that ends in a slash, and a token."""

    address: str
    token: str

    def call(self, method: str, path: str, body=None):
        """What the server answers, from JSON; None for an empty answer.

        Raises
        ------
        urllib.error.HTTPError
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def wait(self, path: str, ready: Callable = bool, seconds: float = 120):
        """Ask until the answer is `ready`."""
        until = time.monotonic() + seconds
        while True:
            try:
                if ready(found := self.call("GET", path)):
                    return found
            except (OSError, HTTPError):
                pass
            if time.monotonic() > until:
                raise TimeoutError(f"{self.address}{path} was not ready within {seconds:.0f} seconds.")
            time.sleep(0.3)


@dataclass
class Session:
    """A notebook that ran: how many code cells, what was printed, and how long it took."""

    cells: int = 0
    said: str = ""
    red: str = ""
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)


async def run(server: Server, path: str, change: Callable = lambda source: source, then: str = "") -> Session:
    """Open a notebook by its path on the server and run its cells; nothing is saved.

    Parameters
    ----------
    server : Server
    path : str
    change : callable
        What a learner writes into a cell: source in, source out.
    then : str
        Code for after the last cell.
    """
    notebook = server.call("GET", f"api/contents/{path}")["content"]
    asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    opened = server.call("POST", "api/sessions", asked)
    where = f"{server.address.replace('http', 'ws', 1)}api/kernels/{opened['kernel']['id']}/channels"
    line = await websocket_connect(
        HTTPRequest(where, headers={"Authorization": f"token {server.token}"}), max_message_size=100 * 2**20
    )
    session, started = Session(), time.perf_counter()
    sources = [change("".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    try:
        for source in [*sources, *([then] if then else [])]:
            await asyncio.wait_for(_execute(line, source, session), 900)
            if session.failed:
                break
        session.cells, session.seconds = len(sources), time.perf_counter() - started
    finally:
        line.close()
        server.call("DELETE", f"api/sessions/{opened['id']}")
    return session


async def _execute(line, source, session):
    """One cell, until its kernel is idle again."""
    number = uuid.uuid4().hex
    header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": "page", "version": "5.3", "date": ""}
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    await line.write_message(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}))
    waiting = {"idle", "reply"}
    while waiting:
        got = await line.read_message()
        if got is None:
            session.failed.append("The connection was closed.")
            return
        if isinstance(got, bytes):  # a widget's picture
            continue
        message = json.loads(got)
        if message["parent_header"].get("msg_id") == number:
            waiting -= _heard(message["msg_type"], message["content"], session)


def _heard(kind, content, session):
    if kind == "stream":
        session.said += content["text"] if content["name"] == "stdout" else ""
        session.red += content["text"] if content["name"] == "stderr" else ""
    if kind == "error":
        session.failed.append(f"{content['ename']}: {content['evalue']}")
    if kind == "execute_reply":
        return {"reply"}
    return {"idle"} if kind == "status" and content["execution_state"] == "idle" else set()
