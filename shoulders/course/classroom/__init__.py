"""A class that sees how far it is: a learner joins by one cell, and without it no notebook says anything to anybody."""

from __future__ import annotations

import atexit
import json
from dataclasses import asdict

from shoulders.course import observers
from shoulders.course.classroom import messages
from shoulders.support.errors import CourseError
from shoulders.support.words import counted, wrapped

_joined = []


def join(line: str, token: str | None = None, name: str | None = None) -> None:
    """Join a class, until this notebook ends or `leave` is called. Nothing is raised at a learner.

    Parameters
    ----------
    line : str
        What the instructor dictates: ``'192.168.1.5:8123/K7F3QM'``; or the address alone.
    token : str, optional
        Where the line does not hold it.
    name : str, optional
        Seen by the instructor. Without one, the class counts you and does not know you.

    Examples
    --------
    ``from shoulders import classroom; classroom.join("192.168.1.5:8123/K7F3QM")``
    """
    from shoulders.course.classroom.client import Client
    from shoulders.course.classroom.outbox import learner

    try:
        host, port, token = messages.address(line, token)
        name = messages.name(name)
    except CourseError as error:
        return print(wrapped(str(error)))
    if _joined:
        leave()
    client = Client(host, port, token, learner(token), name)
    client.told({"kind": "joined"})
    client.heard.wait(messages.PATIENCE + 0.2)
    if client.ended:
        client.keep_back()
        return client.speak()
    _joined.append(client)
    observers.OBSERVERS.append(client.told)
    atexit.register(client.finish)
    print(wrapped(_welcome(client)))
    return client.speak()


def _welcome(client):
    number = "" if client.number is None else f" as learner {client.number}"
    kept = "your files" if client.name else "your files, or who you are"
    name = f", by the name of {client.name}" if client.name else ", without a name"
    return (
        f"You are in the class at {client.host}:{client.port}{number}{name}.\n"
        "From now on this notebook tells it: which exercise you check, whether it is right and what the check says; "
        "your guesses, and what came out beside them. What the doctor finds here: only if you call classroom.doctor().\n"
        f"It does not tell your code, your pictures or {kept}.\n"
        "classroom.sent() shows every word that went out, classroom.leave() ends it."
    )


def sent() -> None:
    """Print what this notebook has told the class, letter by letter, and what still waits."""
    if not _joined:
        return print("This notebook is in no class, and tells nobody anything.")
    for state, event in _joined[0].log:
        print(f"{state}: {json.dumps(event, ensure_ascii=False)}")
    return None


def doctor(network: bool = False) -> None:
    """Tell the class what the doctor finds on this machine, without the places of files: so that somebody comes and helps.

    Parameters
    ----------
    network : bool
        Whether to try as well if the internet can be reached.
    """
    from shoulders.course import doctor as looks

    if not _joined:
        return print("This notebook is in no class: classroom.join(…) first, with the line that the instructor dictates.")
    findings = [asdict(finding) for finding in looks.examine(network)]
    wrong = [finding for finding in findings if not finding["good"]]
    _joined[0].told({"kind": "machine", "findings": findings})
    print(f"Told the class: {counted(len(findings), 'look')}, {len(wrong) or 'none'} with something to mend.")
    return None


def leave() -> None:
    """Tell the class nothing any more. What it was told before stays there; what has not been sent yet never will be."""
    if not _joined:
        return print("This notebook is in no class.")
    client = _joined.pop()
    observers.OBSERVERS.remove(client.told)
    atexit.unregister(client.finish)
    client.told({"kind": "left"})
    left = client.finish()
    client.keep_back()
    rest = f" Never sent, because it could not be reached: {counted(len(left), 'message')}." if left else ""
    print(wrapped(f"You have left the class at {client.host}:{client.port}: this notebook tells it nothing any more.{rest}"))
    return None
