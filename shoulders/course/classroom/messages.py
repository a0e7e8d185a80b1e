"""What may be told to a class: which fields, of which kind and size. Both ends hold every message against it."""

from __future__ import annotations

import json
import math
import re
from numbers import Real
from urllib.parse import urlsplit

from shoulders.support.errors import CourseError, reason

PORT = 8123
PATIENCE = 1.0
"""Seconds that a learner's notebook waits for the class."""

LARGEST = 256_000
"""Bytes of one message; the answers of a whole lesson have some 10,000."""

LONGEST = 400
"""Signs of one text in it."""

SIGNS = "ACDEFGHJKLMNPQRTUVWXY34679"
"""Of a token: none that is taken for another when it is read out or written on a board, as B and 8, I and 1, O and 0 are."""


class ClassError(CourseError):
    """A class cannot be opened, joined, or told what was to be told; the message says why."""


def address(line: str, token: str | None = None) -> tuple[str, int, str]:
    """Host, port and token of what an instructor dictates: ``192.168.1.5:8123/K7F3QM``.

    Raises
    ------
    ClassError
        For a line that is no address, or one without a token.
    """
    right = "write it as it was dictated, 192.168.1.5:8123/K7F3QM"
    try:
        parts = urlsplit(line if "//" in line else f"//{line}")
        host, port, path = parts.hostname, parts.port or PORT, parts.path.strip("/")
    except (TypeError, ValueError, AttributeError) as error:
        raise ClassError(f"{line!r} is no address ({reason(error)}): {right}.") from error
    token = str(token or path).strip().upper()
    if not host or parts.scheme not in ("", "http") or not re.fullmatch(r"[A-Z0-9]{4,40}", token):
        raise ClassError(f"{line!r} is not a class's address and token: {right}.")
    return host, port, token


def loads(body: bytes):
    """The content of a message in JSON.

    Raises
    ------
    ClassError
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ClassError(f"This message is no JSON ({reason(error)}).") from error


def learner(told) -> str:
    """The number by which a learner is known, sixteen hexadecimal signs made by chance.

    Raises
    ------
    ClassError
    """
    return _checked("learner", told, _identity)


def name(told) -> str | None:
    """A name that somebody typed, or None.

    Raises
    ------
    ClassError
    """
    return None if told is None else _checked("name", told, lambda one: _text(one) and 0 < len(one.strip()) <= 40).strip()


def sound(event) -> dict:
    """The event, if it is one of `KINDS` with all its fields and no other.

    Raises
    ------
    ClassError
        Names the field.
    """
    if not isinstance(event, dict) or not isinstance(event.get("kind"), str) or event["kind"] not in KINDS:
        raise ClassError("An event has a kind, one of " + ", ".join(KINDS) + ".")
    fields = {"id": _identity, "kind": _text} | KINDS[event["kind"]]
    if set(event) != set(fields):
        raise ClassError(f"An event of the kind “{event['kind']}” has the fields {', '.join(fields)}.")
    return {field: _checked(field, event[field], right) for field, right in fields.items()}


def _checked(field, value, right):
    if not right(value):
        raise ClassError(f"The {field} of a message is not as it should be: {ascii(value)[:80]}.")
    return value


def _identity(value):
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{16}", value) is not None


def _text(value):
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()


def _number(value):
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) <= 1e12 and math.isfinite(value)


def _truth(value):
    return isinstance(value, bool)


def _numbers(value):
    return isinstance(value, dict) and 0 < len(value) <= 12 and all(_text(key) and _number(one) for key, one in value.items())


def _findings(value):
    return isinstance(value, list) and 0 < len(value) <= 80 and all(map(_finding, value))


def _finding(value):
    fields = {"what": _text, "found": _text, "good": _truth, "advice": _text}
    return isinstance(value, dict) and set(value) == set(fields) and all(right(value[field]) for field, right in fields.items())


KINDS = {
    "joined": {},
    "left": {},
    "exercise": {"lesson": _text, "exercise": _text, "call": _text, "right": _truth, "said": _text},
    "guess": {"question": _text, "values": _numbers, "low": _number, "high": _number, "unit": _text},
    "came out": {"question": _text, "name": _text, "value": _number, "unit": _text},
    "machine": {"findings": _findings},
}
"""The fields of each kind of event, besides ``id`` and ``kind``. ``machine`` holds what ``shoulders doctor --json`` writes."""
