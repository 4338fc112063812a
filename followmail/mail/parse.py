"""Bytes → the standard library's message, as leniently as it can be, and in bounded time whatever the bytes are."""

import re
from email import message_from_bytes
from email.message import Message

# More than a mail needs that a person reads; a hostile one brings more, and the parser's work grows with each of these.
MAX_RAW = 128 * 1024
MAX_LINES = 10_000
MAX_BOUNDARIES = 400
MAX_NESTED = 25
MAX_PARTS = 60
MAX_FIELD = 2000

_NESTING = re.compile(rb"^content-type:[ \t]*(?:multipart|message)/", re.I | re.M)
_BOUNDARY = re.compile(rb"^--(?!-)", re.M)
_BLANK = re.compile(rb"\n(?=\r?\n)")


def tame(raw: bytes, limit: int = MAX_RAW) -> bytes:
    """As much of a message as is looked at: whole lines of it, and no more parts than a parser can take."""
    raw = raw[:limit]
    if raw.count(b"\n") > MAX_LINES:
        raw = b"\n".join(raw.split(b"\n", MAX_LINES)[:MAX_LINES])
    if (report := raw.lower().find(b"message/delivery-status")) >= 0:  # the parser makes a message of each block of one
        blanks = [m.start() for m in _BLANK.finditer(raw, report)]
        raw = raw[: blanks[MAX_BOUNDARIES]] if len(blanks) > MAX_BOUNDARIES else raw
    if raw.count(b"\n--") > MAX_BOUNDARIES:
        marks = [m.start() for m in _BOUNDARY.finditer(raw)]
        raw = raw[: marks[MAX_BOUNDARIES]] if len(marks) > MAX_BOUNDARIES else raw
    nested = [m.start() for m in _NESTING.finditer(raw)]
    return raw[: nested[MAX_NESTED]] if len(nested) > MAX_NESTED else raw


def parse(raw: bytes) -> Message:
    """The message that tamed bytes are; never raises."""
    try:
        message = message_from_bytes(raw)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        message = message_from_bytes(b"Subject: \n\n" + raw)
    for part, _ in zip(message.walk(), range(MAX_PARTS), strict=False):
        _shorten(part)
    return message


def _shorten(part: Message) -> None:
    """Long parameters are cut: the standard library reads them in quadratic time, and anew at each question."""
    for name in ("Content-Type", "Content-Disposition"):
        if len(value := str(part.get(name, ""))) > MAX_FIELD:
            part.replace_header(name, value[:MAX_FIELD])
