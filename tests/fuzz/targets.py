"""Everything that reads bytes or text of others. A target raises nothing, and takes no longer than a mail is worth."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import islice

from followmail import contacts
from followmail.discovery import autoconfig
from followmail.errors import UserError
from followmail.imap import folders, reader, structure
from followmail.mail import event, message, names, note, phone, quote, text, vcard
from followmail.mail.identity import Identity
from followmail.mail.kinds import classify
from followmail.rendering.digest_html import html_of
from followmail.sequence import orders
from followmail.sequence.workdays import Calendar, window

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
TODAY = date(2026, 5, 4)
ALEX = Identity("Alex Consultant", "alex@consult.example")
WEEK = Calendar("Europe/Berlin", *window("Mon-Fri 08:30-17:30"))
SLOW = 0.1  # seconds of processor time for each 64 KB
PORTION = 65_536


class TooSlowError(Exception):
    """An input that takes longer than `SLOW`."""


def _words(data: bytes) -> str:
    """As a decoded body comes: any characters, lone surrogates aside."""
    return data.decode("utf-8", "replace")


def _contacts(data: bytes) -> None:
    with suppress(UserError):  # the faults of a file are told
        contacts.read(data, "people.csv")
    for card in islice(vcard.read_cards(data), 100):
        contacts.of_card(card)


def _text(data: bytes) -> None:
    text.text_of(data)
    text.text_of(data, signed=True)
    text.plain(_words(data))


def _quote(data: bytes) -> None:
    body = _words(data)
    quote.own_words(quote.new_text(body))
    quote.unquoted(body)
    quote.forwarded(body)


def _names(data: bytes) -> None:
    names.first_name(_words(data), "bob@bob.example")
    names.last_name(_words(data))


def _response(data: bytes) -> list[bytes]:
    """What the wire hands on: a line, and for each literal its bytes and the line after it."""
    found = data.split(b"\0")
    return found if len(found) % 2 else found[:-1] or [b""]


def _fetch(data: bytes) -> None:
    response = _response(data)
    reader._Portion("INBOX", list(range(1, 10))).take(response)
    for body in reader._body_of(response).values():
        assert isinstance(body, bytes)


def _structure(data: bytes) -> None:
    found = reader._parsed([b"* 1 FETCH (UID 1 BODYSTRUCTURE " + data + b")"])
    for part in structure.parts(found.get(b"BODYSTRUCTURE")):
        part.header.decode("ascii")


def _folders(data: bytes) -> None:
    records: list[bytes | tuple[bytes, bytes] | None] = []
    for line in data.split(b"\n"):
        head, zero, literal = line.partition(b"\0")
        records.append((head, literal) if zero else line)
    status = folders.read_status(records)
    spaces = folders.read_namespaces(data)
    folders.assemble(folders.read_list(records), spaces, lambda name: status.get(name, {}), lambda name: "")
    reader.read_internaldate(data)


def _message(data: bytes) -> None:
    message.read(data, NOW)


def _event(data: bytes) -> None:
    event.read(data, UTC)
    event.read(b"Content-Type: text/calendar; method=REQUEST\n\n" + data, UTC)


TARGETS: dict[str, Callable[[bytes], object]] = {
    "classify": lambda data: classify(data, TODAY),
    "message": _message,
    "text": _text,
    "quote": _quote,
    "names": _names,
    "phone": lambda data: phone.phone_in(_words(data)),
    "event": _event,
    "note": lambda data: note.read_note(data, ALEX, TODAY),
    "contacts": _contacts,
    "orders": lambda data: orders.read(_words(data), NOW, WEEK, "Alex Consultant"),
    "digest": lambda data: html_of(_words(data)),
    "fetch": _fetch,
    "structure": _structure,
    "folders": _folders,
    "autoconfig": lambda data: autoconfig.read(data, ALEX.address),
}


def run(name: str, data: bytes, patience: float = 1) -> None:
    """One input. Raises what the target raises, and TooSlowError; `patience`: how much slower a traced run may be."""
    allowed = SLOW * patience * max(1, len(data) / PORTION)
    taken = _seconds(name, data)
    if taken > allowed and (taken := min(taken, _seconds(name, data))) > allowed:
        raise TooSlowError(f"{name}: {taken * 1000:.0f} ms for {len(data)} bytes")


def _seconds(name: str, data: bytes) -> float:
    began = time.process_time()
    TARGETS[name](data)
    return time.process_time() - began
