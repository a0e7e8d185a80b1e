"""The instructor's side of a class: what learners tell comes in, and one page shows what it adds up to."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
import threading
from contextlib import suppress
from pathlib import Path

import jinja2
from tornado import httpserver, netutil, web

from shoulders.course.classroom import board, messages
from shoulders.course.classroom.book import Book
from shoulders.course.classroom.messages import ClassError
from shoulders.support.errors import reason
from shoulders.support.words import counted

VIEWS = ("exercises", "guesses", "machines")
ANYWHERE = ("0.0.0.0", "::")


class Server:
    """A class that is open: `run` answers until `stop`, or Ctrl-C.

    Parameters
    ----------
    path : path
        The file of the class, as for `shoulders.course.classroom.book.Book`.
    host : str
        ``127.0.0.1`` for this machine alone, ``0.0.0.0`` for the local network.
    port : int
        0 for any that is free.

    Attributes
    ----------
    book : Book
    line : str
        What is dictated: ``192.168.1.5:8123/K7F3QM``.
    page : str
        The address of the board, with its key: for the instructor alone.

    Raises
    ------
    ClassError
        Where the port is taken, this machine is in no network, or the file cannot be used.
    """

    def __init__(self, path, host: str = "127.0.0.1", port: int = messages.PORT):
        self.host, outside = host, _outside(host)
        if not 0 <= port <= 65_535:
            raise ClassError(f"There is no port {port}: choose another --port, or 0 for any.")
        try:
            self._sockets = netutil.bind_sockets(port, host, backlog=256)
        except OSError as error:
            raise ClassError(f"{host}:{port} cannot be used ({reason(error)}): choose another --port, or 0 for any.") from error
        try:
            self.book = Book(path)
        except Exception:
            self._close()
            raise
        self.port = self._sockets[0].getsockname()[1]
        self.line = f"{_bracketed(outside)}:{self.port}/{self.book.token}"
        self.page = f"http://{_bracketed(_inside(host))}:{self.port}/?key={self.book.key}"
        self._loop, self._over, self._ready = None, None, threading.Event()

    def told(self) -> str:
        """What a terminal says when the class is open."""
        book, place = self.book, f"{self.book.path}: "
        before = f"{counted(len(book.learners), 'learner')} and {counted(len(book.told), 'answer')} of before."
        lost = f" Left out, because it could not be read: {counted(book.damaged, 'line')}." * bool(book.damaged)
        alone = "Only this machine can reach it: `--lan` lets in the local network."
        wide = "Whoever is on the same network can reach it, and what is sent there is not encrypted."
        reach = alone if self.host in ("127.0.0.1", "::1", "localhost") else wide
        join = f'Learners write in a cell:\n    from shoulders import classroom; classroom.join("{self.line}")'
        first = f"{place}{before if book.told else 'a new class.'}{lost}\nThe board, for you alone: {self.page}"
        return f"{first}\n{join}\n{reach}\nCtrl-C ends it; the same command goes on."

    def run(self) -> None:
        """Answer until `stop`, or Ctrl-C."""
        try:
            asyncio.run(self._answer())
        finally:
            self._close()
            self.book.close()

    def stop(self) -> None:
        """Let `run` end, from another thread."""
        self._ready.wait()
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._over.set)

    async def _answer(self):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        rooms = [("/told", _Told), ("/", _Board)]
        application = web.Application(rooms, default_handler_class=_Elsewhere, log_function=lambda handler: None, server=self)
        limits = {"max_body_size": 4 * messages.LARGEST, "max_header_size": 16_000}
        limits |= {"body_timeout": 20, "idle_connection_timeout": 60}  # seconds
        server = httpserver.HTTPServer(application, **limits)
        server.add_sockets(self._sockets)
        self._ready.set()
        await self._over.wait()
        server.stop()
        await server.close_all_connections()

    def _close(self):
        for one in self._sockets:
            one.close()


class _Handler(web.RequestHandler):
    """Answers nobody without the token, and is never obeyed by what comes in."""

    @property
    def book(self):
        return self.settings["server"].book

    def set_default_headers(self):
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")

    def prepare(self):
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if not (scheme == "Bearer" and _same(token.strip().upper(), self.book.token)):
            self.refuse(401, "This class is for those who know its token: ask for the line again.")

    def refuse(self, status, sentence):
        self.set_status(status)
        self.finish({"problem": sentence})

    def write_error(self, status_code, **_):
        self.finish({"problem": f"This cannot be answered ({status_code})."})


class _Told(_Handler):
    def post(self):
        try:
            if len(self.request.body) > messages.LARGEST:
                return self.refuse(413, f"A message has at most {messages.LARGEST:,} bytes.")
            message = messages.loads(self.request.body)
            if not isinstance(message, dict) or set(message) != {"learner", "name", "events"}:
                raise ClassError("A message has the fields learner, name, events.")
            kept, refused = self.book.add(**message)
        except ClassError as error:
            return self.refuse(400, str(error))
        except OSError as error:
            return self.refuse(507, f"the class cannot write: {reason(error)}")
        return self.finish({"number": self.book.number(message["learner"]), "kept": kept, "refused": refused})


class _Elsewhere(_Handler):
    def prepare(self):
        super().prepare()
        if not self._finished:
            self.refuse(404, "There is nothing here.")


class _Board(_Handler):
    def prepare(self):
        """The key comes once in the address, and then in a cookie: no projector shows it."""
        cookie, key = f"class_{self.settings['server'].port}", self.get_query_argument("key", None)
        if key is not None and _same(key, self.book.key):
            self.set_cookie(cookie, self.book.key, httponly=True, samesite="Lax")
            self.redirect("/")
        elif not _same(self.get_cookie(cookie, ""), self.book.key):
            self.refuse(401, "The board is the instructor's: open the address that the terminal shows.")

    def get(self):
        nonce = secrets.token_urlsafe(16)
        rules = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; img-src data:; connect-src 'self'"
        self.set_header("Content-Security-Policy", f"{rules}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
        asked = {name: self.get_query_argument(name, None) for name in ("view", "lesson", "question", "shown")}
        self.finish(page(self.settings["server"], nonce=nonce, **asked))


def page(server: Server, view=None, lesson=None, question=None, shown=None, nonce="") -> str:
    """The board: of the exercises of one lesson, the histograms of one question, or the machines.

    Parameters
    ----------
    server : Server
    view, lesson, question : str, optional
        One of `VIEWS`; of which lesson, or ``all``; which question. Without: the one that was told of last.
    shown : str, optional
        Whether what came out is shown: only for ``'yes'`` is it in the page at all.
    nonce : str
        Of the page's script: nothing else on it may run.
    """
    book = server.book
    view = view if view in VIEWS else VIEWS[0]
    lessons, questions = board.lessons(book), board.questions(book)
    lesson = lesson if lesson in lessons or lesson == "all" else board.newest_lesson(book)
    question = question if question in questions else board.newest_question(book)
    content = {"line": server.line, "learners": len(board.here(book)), "view": view, "views": VIEWS, "nonce": nonce}
    content |= {"lessons": lessons, "lesson": lesson, "questions": questions, "question": question, "shown": shown == "yes"}
    content["exercises"] = board.exercises(book, None if lesson == "all" else lesson) if view == "exercises" else []
    content["histograms"] = board.histograms(book, question) if view == "guesses" else []
    content["machines"] = board.machines(book)
    room = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return room.from_string(Path(__file__).with_name("board.html").read_text(encoding="utf-8")).render(content)


def _same(given, right):
    """In the same time wherever the two differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _outside(host):
    """The address by which others reach this machine. Nothing is sent for it: the system only says which way it would take."""
    if host not in ANYWHERE:
        return host
    for far in ("192.0.2.1", "10.255.255.255", "192.168.255.255"):
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.connect((far, 9))
            return asked.getsockname()[0]
    with suppress(OSError):
        found = [one for one in socket.gethostbyname_ex(socket.gethostname())[2] if not one.startswith("127.")]
        if found:
            return found[0]
    raise ClassError("This machine is in no network: connect it first, or give its address with --host.")


def _inside(host):
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _bracketed(host):
    return f"[{host}]" if ":" in host else host
