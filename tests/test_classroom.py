"""A class: nothing is told without joining, nothing is lost, nothing counts twice, and nobody is known who did not say who she is."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from http.client import HTTPConnection

import pytest

from shoulders import checks, classroom, cli, guesses
from shoulders.course import doctor, observers
from shoulders.course.classroom import board, messages, outbox, private, server
from shoulders.course.classroom.book import Book
from shoulders.course.classroom.client import Client
from shoulders.course.classroom.messages import ClassError

COURSE = cli.__file__.rsplit(os.sep, 3)[0]


def until(true, patience=10):
    end = time.monotonic() + patience
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def opened(tmp_path):
    opened = server.Server(tmp_path / "class.jsonl", port=0)
    thread = threading.Thread(target=opened.run)
    thread.start()
    yield opened
    opened.stop()
    thread.join()


@pytest.fixture
def learner():
    """Makes learners that join a class at a port, each in a thread of her own."""
    made = []

    def new(port, token, name=None, number=None):
        made.append(Client("127.0.0.1", port, token, number or secrets.token_hex(8), name, pause=0.1))
        return made[-1]

    yield new
    for one in made:
        one.finish(2)


@pytest.fixture
def joined(opened, capsys):
    classroom.join(opened.line)
    yield opened
    if classroom._joined:
        classroom.leave()
    assert not observers.OBSERVERS


def answer(said="", exercise="1", lesson="01"):
    facts = {"lesson": lesson, "exercise": exercise, "call": "exercise.it"}
    return {"kind": "exercise", **facts, "right": not said, "said": said}


def guess(value, question="01 new", name="", low=0.0, high=100.0):
    return {"kind": "guess", "question": question, "values": {name: value}, "low": low, "high": high, "unit": "%"}


def came_out(value, question="01 new"):
    return {"kind": "came out", "question": question, "name": "", "value": value, "unit": "%"}


def post(opened, body, token=None):
    line = HTTPConnection("127.0.0.1", opened.port, timeout=5)
    try:
        line.request("POST", "/told", body, {"Authorization": f"Bearer {token or opened.book.token}"})
        told = line.getresponse()
        return told.status, json.loads(told.read())
    finally:
        line.close()


def get(opened, path, cookie=None):
    line = HTTPConnection("127.0.0.1", opened.port, timeout=5)
    try:
        line.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        told = line.getresponse()
        return told.status, told.read().decode(), told.headers
    finally:
        line.close()


def message(*events, number="0" * 16, name=None):
    events = [{"id": secrets.token_hex(8), **event} for event in events]
    return json.dumps({"learner": number, "name": name, "events": events}).encode()


def test_of_forty_learners_nothing_is_lost(opened, learner):
    class_ = [learner(opened.port, opened.book.token) for _ in range(40)]
    for turn in range(5):
        for number, one in enumerate(class_):
            one.told(answer("" if turn == 4 else f"wrong {number % 3}"))
    until(lambda: not any(one.waiting for one in class_))
    assert len(opened.book.told) == 200 and len(opened.book.learners) == 40
    assert sorted(one.number for one in class_) == list(range(1, 41))
    (row,) = board.exercises(opened.book)
    assert (row.done, row.tried, row.waiting) == (40, 0, 0)
    assert row.wrong == [("wrong 0", 14), ("wrong 1", 13), ("wrong 2", 13)], "learners are counted, not their tries"


def started(path, port):
    command = [sys.executable, "-m", "shoulders", "class", str(path), "--port", str(port), "--no-browser"]
    environment = os.environ | {"PYTHONPATH": COURSE}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    told = ""
    while "Ctrl-C" not in told:
        line = process.stdout.readline()
        assert line, "the server did not start"
        told += line
    return process, told


def killed(process):
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    process.stdout.close()


def test_a_server_that_is_killed_in_the_middle_comes_back_with_all_answers_and_none_twice(tmp_path, learner, capsys):
    path, port = tmp_path / "class.jsonl", free_port()
    process, told = started(path, port)
    try:
        token = re.search(rf'classroom\.join\("127\.0\.0\.1:{port}/(\w+)"\)', told)[1]
        class_ = [learner(port, token) for _ in range(40)]
        speak = threading.Thread(target=lambda: [(one.told(answer(f"wrong {turn}")), time.sleep(0.001)) for turn in range(10) for one in class_])
        speak.start()
        until(lambda: sum(len(one.log) - len(one.waiting) for one in class_) > 60)
        killed(process)
        speak.join()
        assert any(one.waiting for one in class_), "killed too late to show anything"
        process, again = started(path, port)
        assert f"/{token}" in again and "learners and" in again
        until(lambda: not any(one.waiting for one in class_), 15)
    finally:
        killed(process)
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    held = [line["event"]["id"] for line in lines if "event" in line]
    sent = [event["id"] for one in class_ for state, event in one.log]
    assert len(held) == len(set(held)) == 400 and sorted(held) == sorted(sent)
    assert capsys.readouterr().out.count("cannot be told now") <= 40, "each says it once"


def test_what_is_told_twice_counts_once(opened):
    body = message(answer("wrong"), answer())
    assert post(opened, body) == post(opened, body)
    assert len(opened.book.told) == 2
    assert len(opened.book.path.read_text().splitlines()) == 4, "the class, a learner, two answers"


@pytest.mark.parametrize("token", ["AAAAAA", "é", "", "K7F3QMK7F3QM"])
def test_without_the_token_nobody_is_heard(opened, token):
    status, told = post(opened, message(answer()), token.encode().decode("latin-1") or " ")
    assert status == 401 and told == {"problem": "This class is for those who know its token: ask for the line again."}
    assert not opened.book.told and not opened.book.learners


def test_every_address_asks_for_the_token_and_the_board_for_its_key(opened):
    assert post(opened, b"{}", opened.book.token.lower())[0] == 400, "a token is heard, and small letters are no other ones"
    for path in ("/", "/?key=" + opened.book.token, "/?key=%F0%9F%99%82", "/told", "/elsewhere", "/../book.py"):
        status, told, _ = get(opened, path)
        assert status == 401 and opened.book.key not in told and "learner" not in told, path
    status, _, headers = get(opened, "/?key=" + opened.book.key)
    assert status == 302 and headers["Location"] == "/", "no projector shows the key"
    assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=Lax" in headers["Set-Cookie"]
    status, told, headers = get(opened, "/", headers["Set-Cookie"].partition(";")[0])
    assert status == 200 and "0 learners" in told and opened.book.key not in told
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_learner_with_a_wrong_token_is_told_in_one_sentence(opened, capsys):
    classroom.join(opened.line[:-6] + "AAAAAA")
    assert capsys.readouterr().out.split() == (
        f"The class at 127.0.0.1:{opened.port} does not know this token: ask for the line again.".split()
    )
    assert not classroom._joined and not observers.OBSERVERS


def test_what_is_too_large_is_refused(opened):
    status, told = post(opened, b"[" + b" " * messages.LARGEST)
    assert status == 413 and told["problem"] == "A message has at most 256,000 bytes."
    with pytest.raises((OSError, json.JSONDecodeError)):
        post(opened, b"[" + b" " * 5 * messages.LARGEST)
    assert post(opened, message(answer()))[0] == 200, "the class goes on"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"[" * 100_000, b"\xff", b'{"learner": 1}', message(number="anna"), message(name=7), message(name="a\x00b"),
     message(name="x" * 41), json.dumps({"learner": "0" * 16, "name": None, "events": 5}).encode(), b"1" * 9000],
)  # fmt: skip
def test_a_message_that_is_none_is_refused_in_a_sentence(opened, body):
    status, told = post(opened, body)
    assert status == 400 and told["problem"].endswith(".") and "Traceback" not in told["problem"]
    assert not opened.book.told


@pytest.mark.parametrize(
    "event",
    [
        5, {}, {"kind": "shell"}, {"kind": ["joined"]}, answer() | {"more": 1}, answer() | {"right": 1}, answer("x" * 401), answer("a\nb"),
        answer("\ud800"), answer("\u202e"), guess(float("nan")), guess(float("inf")), guess(True), guess("75"), guess(10**400),
        guess(5) | {"values": {}}, guess(5) | {"values": {str(n): n for n in range(13)}}, {"kind": "machine", "findings": []},
        {"kind": "machine", "findings": [{"what": "python"}]},
    ],
)  # fmt: skip
def test_an_event_that_is_none_is_refused_and_the_others_count(opened, event):
    bad = {"id": "f" * 16, **event} if isinstance(event, dict) else event
    body = json.dumps({"learner": "0" * 16, "name": None, "events": [bad, {"id": "a" * 16, **answer()}]}).encode()
    status, told = post(opened, body)
    assert status == 200 and told["kept"] == ["a" * 16] and len(told["refused"]) == 1
    assert [one.event for one in opened.book.told.values()] == [{"id": "a" * 16, **answer()}]


def test_two_learners_without_names_are_two_and_a_name_is_a_persons_own(opened, learner):
    for name in (None, None, "Ada"):
        learner(opened.port, opened.book.token, name).told({"kind": "joined"})
    until(lambda: len(opened.book.learners) == 3)
    told = {board.who(opened.book, one) for one in opened.book.learners}
    assert len(told) == 3 and "Ada" in told and len([one for one in told if re.fullmatch(r"learner [123]", one)]) == 2


def test_markup_is_text_on_the_board(opened):
    bad = "<script>alert(1)</script>"
    rows = [{"what": bad, "found": bad, "good": False, "advice": bad}]
    events = [answer(bad, bad, bad), guess(5, bad, bad), {"kind": "machine", "findings": rows}]
    assert post(opened, message(*events, name="<img src=x onerror=alert(1)>"))[1]["refused"] == {}
    for view in server.VIEWS:
        page = server.page(opened, view, shown="yes")
        assert "&lt;script&gt;alert(1)" in page and "alert(1)</script>" not in page and "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


ALONE = """
import sys
seen = []
sys.addaudithook(lambda name, args: seen.append(name) if name.startswith("socket.") else None)
from shoulders import checks, guesses
checks.Exercise("7", "exercise.it", lambda answer: answer > 3, ("look",)).check(4)
guesses.beside(guesses.keep("01 new", 75), 80)
print(seen, [name for name in sys.modules if "classroom" in name or name.split(".")[0] in ("tornado", "http", "jinja2")])
"""


def test_a_notebook_that_has_not_joined_opens_no_socket_and_loads_nothing_for_it():
    environment = os.environ | {"PYTHONPATH": COURSE}
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, env=environment)
    told = done.stdout.splitlines()
    assert told[0] == "Right. Exercise 7 is done." and told[1].startswith("Kept: 75 %") and told[-1] == "[] []"


def test_what_a_learner_does_is_told_seen_and_ended(joined, capsys):
    said = capsys.readouterr().out
    assert "your files, or who you are." in " ".join(said.split())
    assert "as learner 1, without a name." in " ".join(said.split()) and "classroom.leave() ends it." in " ".join(said.split())
    exercise = checks.Exercise("7", "exercise.it", lambda answer: answer > 3 or "too little.", ("look",))
    for tried in (None, 2, 4, "four"):
        exercise.check(tried)
    assert "You guessed 75 %" in guesses.beside(guesses.keep("01 new", 75), 80)
    client = classroom._joined[0]
    until(lambda: not client.waiting)
    classroom.sent()
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("sent: ")]
    held = [told.event for told in joined.book.told.values()]
    assert [json.loads(line.removeprefix("sent: ")) for line in shown] == held
    assert [event["kind"] for event in held] == ["joined", *["exercise"] * 3, "guess", "came out"]
    assert [event["said"] for event in held[1:4]] == ["too little.", "", "the answer could not be checked (TypeError)."]
    classroom.leave()
    exercise.check(4)
    assert len(joined.book.told) == 7 and board.here(joined.book) == set()
    classroom.sent()
    assert capsys.readouterr().out.endswith("This notebook is in no class, and tells nobody anything.\n")


def test_the_second_notebook_of_a_learner_is_the_same_learner_and_another_class_knows_her_not(joined, capsys):
    classroom.join("http://" + joined.line.partition("/")[0], joined.book.token.lower(), name="Ada")
    until(lambda: not classroom._joined[0].waiting)
    assert "who you are" not in capsys.readouterr().out.partition("by the name of Ada")[2], "the name tells"
    assert list(joined.book.learners.values()) == ["Ada"] and len(board.here(joined.book)) == 1
    assert outbox.learner(joined.book.token) == list(joined.book.learners)[0] != outbox.learner("AAAAAA")


def test_what_is_stored_holds_no_user_no_computer_and_no_place(joined, tmp_path, monkeypatch, capsys):
    home = tmp_path / "home" / "Anna Smith"
    home.mkdir(parents=True)
    for name, value in {"USER": "asmith", "LOGNAME": "asmith", "HOME": str(home), "USERPROFILE": str(home)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(private.socket, "gethostname", lambda: "annas-laptop.school.example")
    secret = str(home / "cat pictures" / "moritz.jpg")

    def test(answer):
        if answer is None or isinstance(answer, int):
            raise FileNotFoundError(2, "No such file", secret)
        return f"{answer!r} is no field; {secret} neither, says asmith at Annas-Laptop."

    exercise = checks.Exercise("7", "exercise.it", test, ("look",))
    for tried in (1, secret, "moritz", "it's asmith's"):
        exercise.check(tried)
    findings = [doctor.Finding("pictures", f"cats: {secret}"), doctor.Finding("disk", f"5 GB free for {home}", False, f"{secret} is bad.")]
    monkeypatch.setattr(doctor, "examine", lambda network: findings)
    classroom.doctor()
    assert "2 looks, 1 with something to mend." in capsys.readouterr().out
    until(lambda: not classroom._joined[0].waiting)
    stored = joined.book.path.read_text().lower()
    assert stored.count('"event"') == 6
    for word in ("asmith", "anna", "smith", "laptop", "moritz", "cat pictures", "school", str(tmp_path).lower(), "127.0.0.1"):
        assert word not in stored, word
    (machine,) = board.machines(joined.book)
    assert machine.looks == 2 and machine.wrong[0]["found"].startswith("5 GB free for ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12 GB free for /srv/anna/.cache. Free at least 1 GB.", "12 GB free for …. Free at least 1 GB."),
        (r"C:\Users\Anna Smith\cats\moritz.jpg is damaged", "… is damaged"),
        ("'C:\\\\Users\\\\Anna\\\\x'", "'…'"),
        ("the square root of 1/2, and/or 3 / 4 of https://pytorch.org", "the square root of 1/2, and/or 3 / 4 of https://pytorch.org"),
        ("~anna/x and ../cats, ./dogs", "…, …"),
        ("two\nlines\u202e", "two lines "),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_places_are_taken_out_of_a_sentence_and_nothing_else(text, told, monkeypatch):
    monkeypatch.setattr(private, "_names", list)
    assert private.told(text) == told


def test_quotation_marks_hold_what_a_learner_wrote_and_apostrophes_do_not(monkeypatch):
    monkeypatch.setattr(private, "_names", list)
    said = "'my \\'own\\'' and \"it's\" are no field of the colleague's network."
    assert private.of_event(answer(said))["said"] == "'…' and \"…\" are no field of the colleague's network."


def test_the_class_is_away_the_notebook_goes_on_and_the_next_one_sends(tmp_path, learner, capsys):
    port, number = free_port(), "1" * 16
    first = learner(port, "K7F3QM", number=number)
    for turn in range(3):
        first.told(answer(f"wrong {turn}"))
        first.heard.wait(5)
    assert len(first.finish(5)) == 3
    first.speak()
    assert capsys.readouterr().out.count("cannot be told now") == 1, "said once"
    opened = server.Server(tmp_path / "class.jsonl", port=port)
    opened.book.token = "K7F3QM"
    thread = threading.Thread(target=opened.run)
    thread.start()
    try:
        until(lambda: not learner(port, "K7F3QM", number=number).waiting)
        assert [told.event["said"] for told in opened.book.told.values()] == ["wrong 0", "wrong 1", "wrong 2"]
        assert not outbox.Outbox(number).left
    finally:
        opened.stop()
        thread.join()


def test_joining_a_class_that_is_away_says_so_and_leaving_it_keeps_all_back(capsys):
    classroom.join(f"127.0.0.1:{free_port()}/K7F3QM")
    number = classroom._joined[0].learner
    said = " ".join(capsys.readouterr().out.split())
    assert "go on; what you do is kept here and sent when it can be." in said
    classroom.leave()
    assert "Never sent, because it could not be reached: 2 messages." in " ".join(capsys.readouterr().out.split())
    assert not outbox.Outbox(number).left


@pytest.mark.parametrize("line", ["", "192.168.1.5:8123", "http://", "https://a:1/K7F3QM", "a:99999/K7F3QM", "a:b/K7F3QM", None, 5, "a/K7 F3"])
def test_a_line_that_leads_nowhere_is_a_sentence(line, capsys):
    classroom.join(line)
    assert "write it as it was dictated" in " ".join(capsys.readouterr().out.split()) and not classroom._joined


def test_what_is_dictated_is_understood():
    wanted = ("192.168.1.5", 8123, "K7F3QM")
    for given in [("192.168.1.5:8123/K7F3QM",), ("http://192.168.1.5:8123", "k7f3qm "), ("192.168.1.5/k7f3qm",)]:
        assert messages.address(*given) == wanted
    assert messages.address("[::1]:9/K7F3QM")[:2] == ("::1", 9)


def test_a_histogram_counts_each_learners_last_guess_and_hides_what_came_out(opened):
    for number, values in enumerate(([10, 75], [75], [79.9], [80], [100], [0])):
        post(opened, message(*map(guess, values), number=f"{number:016x}"))
    post(opened, message(guess(120) | {"high": 200.0}, number="e" * 16))
    post(opened, message(guess(75), came_out(85), came_out(87.5), number="0" * 16))
    post(opened, message(came_out(91.5), number="1".zfill(16)))
    (found,) = board.histograms(opened.book, "01 new")
    assert found.counts == [1, 0, 0, 0, 0, 0, 0, 3, 1, 1] and found.outside == 1
    assert found.came_out == [87.5, 91.5] and found.middle == 89.5 and found.place == 0.895
    assert found.alt == "6 learners guessed; the most, 3, guessed 70 to 80 %."
    hidden, shown = (server.page(opened, "guesses", shown=shown) for shown in (None, "yes"))
    assert "89.5" not in hidden and "It was 89.5 %: the median of 2 machines, which found 87.5 to 91.5." in shown


def test_few_whole_numbers_have_a_bar_each(opened):
    for number, value in enumerate((1, 5, 5, 9)):
        post(opened, message(guess(value, low=1, high=9), number=f"{number:016x}"))
    (found,) = board.histograms(opened.book, "01 new")
    assert found.counts == [1, 0, 0, 0, 2, 0, 0, 0, 1] and found.labels == list("123456789")
    assert board.histograms(opened.book, "another") == []


def test_done_tried_and_not_yet_are_learners_who_are_here(opened):
    story = [[answer("wrong"), answer()], [answer("wrong"), answer("worse")], [{"kind": "joined"}], [answer(), answer("wrong")]]
    story += [[{"kind": "joined"}, {"kind": "left"}]]
    for number, events in enumerate(story):
        post(opened, message(*events, number=f"{number:016x}"))
    (row,) = board.exercises(opened.book, "01")
    assert (row.done, row.tried, row.waiting) == (2, 1, 1) and row.wrong == [("wrong", 3), ("worse", 1)]
    assert board.exercises(opened.book, "02") == [] and row.title == "01 · 1"
    page = server.page(opened)
    assert "4 learners" in page and 'viewBox="0 0 4 1"' in page


def test_the_lesson_of_an_exercise_is_that_of_its_file():
    def test(answer):
        return True

    for file, lesson in {"shoulders.course.exercises.lesson_04": "04", "tests.test_lesson": "", "mine": ""}.items():
        test.__module__ = file
        assert checks.Exercise("1", "exercise.it", test, ()).lesson == lesson


def test_the_book_of_a_class_goes_on_after_a_half_line_and_says_what_is_damaged(tmp_path):
    path = tmp_path / "class.jsonl"
    book = Book(path)
    with pytest.raises(ClassError, match="belongs to a class that is open"):
        Book(path)
    book.add("0" * 16, "Ada", [{"id": "a" * 16, **answer()}, {"id": "b" * 16, **answer("wrong")}])
    book.close()
    path.write_bytes(path.read_bytes()[:-9])
    again = Book(path)
    assert (again.token, again.key) == (book.token, book.key)
    assert list(again.told) == ["a" * 16] and again.learners == {"0" * 16: "Ada"} and again.damaged == 1
    again.add("0" * 16, "Ada", [{"id": "b" * 16, **answer("wrong")}])
    again.close()
    last = Book(path)
    assert list(last.told) == ["a" * 16, "b" * 16]
    last.close()
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_said_to_the_learner_and_leaves_no_half_answer(opened, monkeypatch):
    class Full:
        def __init__(self, file):
            self._file = file

        def write(self, content):
            if len(content) < 20:
                raise OSError(28, "No space left on device")
            return self._file.write(content[:-10])

        def __getattr__(self, name):
            return getattr(self._file, name)

    before, file = opened.book.path.read_bytes(), opened.book._file
    opened.book._file = Full(file)
    status, told = post(opened, message(answer()))
    assert status == 507 and "No space left" in told["problem"] and not opened.book.told
    assert opened.book.path.read_bytes() == before
    opened.book._file = file
    assert post(opened, message(answer()))[0] == 200


def test_a_file_of_something_else_stays_as_it_is(tmp_path):
    for content in ("file,label\n", '{"a": 1}\n', "\n\nx", "[" * 10_000):
        path = tmp_path / "mine.csv"
        path.write_text(content)
        with pytest.raises(ClassError, match="is not the file of a class: it stays as it is"):
            Book(path)
        assert path.read_text() == content


def test_a_class_has_room_for_so_many(opened, monkeypatch):
    monkeypatch.setattr("shoulders.course.classroom.book.EACH", 2)
    monkeypatch.setattr("shoulders.course.classroom.book.LEARNERS", 1)
    told = post(opened, message(answer(), answer(), answer()))[1]
    assert len(told["kept"]) == 2 and list(told["refused"].values()) == ["2 events of one learner are held, and no more."]
    assert post(opened, message(answer(), number="1" * 16)) == (400, {"problem": "This class is full: 1 learners have joined."})


def test_a_port_that_is_taken_is_said_and_the_file_is_free_again(opened, tmp_path):
    with pytest.raises(ClassError, match="choose another --port"):
        server.Server(tmp_path / "other.jsonl", port=opened.port)
    with pytest.raises(ClassError, match="choose another --port"):
        server.Server(tmp_path / "other.jsonl", port=70_000)
    assert not (tmp_path / "other.jsonl").exists()


def test_the_local_network_is_let_in_only_when_asked(tmp_path, monkeypatch, capsys):
    bound = server.netutil.bind_sockets
    asked = []
    monkeypatch.setattr(server.netutil, "bind_sockets", lambda port, host, backlog: asked.append(host) or bound(0, "127.0.0.1"))
    monkeypatch.setattr(server, "_outside", lambda host: "192.168.1.5" if host == "0.0.0.0" else host)
    monkeypatch.setattr(server.Server, "run", lambda self: (self._close(), self.book.close()))
    for lan in (False, True):
        cli.class_(tmp_path / "class.jsonl", lan=lan, host="127.0.0.1", port=0, browser=False)
    alone, wide = capsys.readouterr().out.split("Ctrl-C ends it")[:2]
    assert asked == ["127.0.0.1", "0.0.0.0"]
    assert 'classroom.join("127.0.0.1:' in alone and "Only this machine can reach it" in alone
    assert 'classroom.join("192.168.1.5:' in wide and "not encrypted" in wide and "http://127.0.0.1:" in wide


def test_a_token_is_made_of_signs_that_nobody_takes_for_others(tmp_path):
    book = Book(tmp_path / "class.jsonl")
    book.close()
    assert re.fullmatch(rf"[{messages.SIGNS}]{{6}}", book.token) and len(book.key) > 20
    assert not set("B8I1lO0S5Z2") & set(messages.SIGNS)


def test_what_the_doctor_writes_as_json_is_what_is_told(joined):
    findings = [asdict(finding) for finding in (doctor.Finding("python", "3.12"), doctor.Finding("box", "1 of 2", False, "Again."))]
    classroom._joined[0].told({"kind": "machine", "findings": findings})
    until(lambda: not classroom._joined[0].waiting)
    page = server.page(joined, "machines")
    assert "learner 1: not ready" in page and "Machines (1 not ready)" in page and "Ready: 0 of 1" in page
