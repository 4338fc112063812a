"""A header block → its fields, each name once (RFC 5322 §2.2)."""

import re
from collections.abc import Iterable

# What a look asks for (HEADER.FIELDS, RFC 9051 §6.4.5). Received is asked only where its absence means something.
HEADER_FIELDS = (
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "List-Post",
    "Return-Path",
    "X-Autoreply",
    "X-Autorespond",
    "X-Failed-Recipients",
    "Reply-To",
    "X-Original-From",  # Google Groups, where it writes the group's address into From
    "X-Microsoft-Original-Message-ID",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",  # Fastmail
    "X-Rcpt-To",
)
ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to")

_FIELD = re.compile(rb"^([^ \t\n:][^\n:]*):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)


def read_fields(head: bytes) -> dict[str, bytes]:
    """Field name (lower case) → raw value, perhaps still folded: whoever reads one takes a line's end for a blank. A line
    that is no field is passed over."""
    return _usual_fields(head.partition(b"\r\n\r\n")[0]) or _any_fields(head)


def _usual_fields(block: bytes) -> dict[str, bytes] | None:
    """The fields, where each is of those that are asked for and stands there once; None where it is otherwise."""
    lines = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t").splitlines()
    fields = {}
    try:
        for line in lines:
            raw, _, value = line.partition(b": ")
            fields[_NAMES[raw]] = value
    except KeyError:
        return None
    if len(fields) < len(lines) or b"" in fields.values():  # a name alone, with no colon, is no field
        return None
    return fields


def _any_fields(head: bytes) -> dict[str, bytes]:
    text = head.replace(b"\r\n", b"\n")
    block = text.partition(b"\n\n")[0] if text[:1] != b"\n" else b""
    return _together(_FIELD.findall(block.replace(b"\r", b"\n")))


def _together(found: Iterable[tuple[bytes, bytes]]) -> dict[str, bytes]:
    """Of fields that stand there several times: people and ids together, of all others the first."""
    fields: dict[str, bytes] = {}
    for raw, value in found:
        name = _field_name(raw)
        if name not in fields:
            fields[name] = value
        elif name in _ADDED_UP:
            fields[name] += _ADDED_UP[name] + value
    return fields


_ADDED_UP = dict.fromkeys(("from", "to", "cc", "bcc", *ENVELOPE), b", ") | {
    "references": b" ",
    "in-reply-to": b" ",
}


def _field_name(raw: bytes) -> str:
    return raw.strip().decode("ascii", "replace").lower()


# As programs write the names.
_NAMES = {
    form(name).encode(): name.lower()
    for name in (*HEADER_FIELDS, "Received", "List-ID")
    for form in (str, str.lower, str.upper, str.title)
}
