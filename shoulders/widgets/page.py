"""The camera on a page of its own, without a notebook: on 127.0.0.1 alone, and for whoever knows the token in its address."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shoulders.heads.neighbours import Examples
from shoulders.support.errors import CourseError, reason
from shoulders.widgets.camera import beside
from shoulders.widgets.desk import Desk

_FILES = {"": ("page.html", "text/html"), "camera.js": ("camera.js", "text/javascript"), "camera.css": ("camera.css", "text/css")}
_LARGEST = 8_000_000  # bytes of a question: a frame has some 20,000


class PageError(CourseError):
    """The page cannot be shown; the message says why."""


class Page:
    """A server for one person's page; `address` is what a browser opens, `run` answers until it is interrupted.

    Parameters
    ----------
    examples, look, folder
        As for `shoulders.widgets.camera.Camera`.
    port : int
        0 for any that is free.

    Raises
    ------
    PageError
        Where the port is taken.
    """

    def __init__(self, examples: Examples, look: Callable, folder: str = "my_pictures", port: int = 0):
        self._token, self._told, self._alone = secrets.token_urlsafe(16), [], threading.Lock()
        self._desk = Desk(lambda told, buffers: self._told.append((told, buffers)), examples, look, folder=folder)
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name, kind = _FILES.get(page._below(self.path), ("", ""))
                page._answer(self, beside(name).encode() if name else None, kind)

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                known = page._below(self.path) == "ask" and length <= _LARGEST
                page._answer(self, page._asked(self.rfile.read(length)) if known else None, "application/json")

            def log_message(self, *_):
                pass

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            raise PageError(f"Port {port} cannot be used ({reason(error)}): choose another one, or 0 for any.") from error
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/{self._token}/"

    def run(self) -> None:
        """Answer until `stop`, or Ctrl-C."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._server.server_close()

    def stop(self) -> None:
        """Let `run` end, from another thread."""
        self._server.shutdown()

    def _below(self, path):
        """What is asked for below the token; None without it."""
        _, token, *rest = path.split("/")
        return "/".join(rest) if rest and secrets.compare_digest(token.encode(), self._token.encode()) else None

    def _asked(self, body):
        """A line of JSON, then a frame's bytes; what is told of it, as JSON."""
        asked, _, frame = body.partition(b"\n")
        with self._alone:
            self._told.clear()
            self._desk.got(json.loads(asked), [frame])
            told = [(content, [base64.b64encode(file).decode() for file in files]) for content, files in self._told]
        return json.dumps(told).encode()

    @staticmethod
    def _answer(handler, content, kind):
        handler.send_response(404 if content is None else 200)
        handler.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
        handler.send_header("Content-Length", str(len(content or b"")))
        handler.send_header("Cache-Control", "no-store")
        with suppress(ConnectionError):  # the page was closed while its answer was under way
            handler.end_headers()
            handler.wfile.write(content or b"")
