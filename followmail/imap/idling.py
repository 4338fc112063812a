"""IDLE (RFC 2177): one wait, from its beginning to its acknowledged end."""

import re

from followmail import waiting
from followmail.imap.verdicts import readable
from followmail.imap.wire import Wire

_CHANGED = re.compile(rb"\* (?:\d+ (?:EXISTS|EXPUNGE|RECENT)|VANISHED)\b", re.IGNORECASE)
_END = 15.0  # seconds in which the end must be acknowledged: whoever wakes us is in a hurry


def wait(wire: Wire, seconds: float, wake_fd: int | None, patience: float) -> bool:
    """Whether the server reported a change. `patience`: seconds that a read may take outside the wait itself."""
    tag = bytes(wire._command("IDLE"))
    changed = _begin(wire, tag)
    end = waiting.now() + seconds
    while not changed and (left := end - waiting.now()) > 0 and wire.wait(left, wake_fd):
        response = wire.read_response()  # often a keep-alive, or a flag that another client set
        if response[0].startswith(tag + b" "):
            raise wire.abort("the server ended the wait by itself")
        changed = _is_change(wire, response)
    wire.patience(min(_END, patience))
    wire.send(b"DONE\r\n")
    changed |= _end(wire, tag)
    wire.patience(patience)
    return changed


def _begin(wire: Wire, tag: bytes) -> bool:
    """Reads until the server waits with us; whether it reported something on the way."""
    changed = False
    while not (response := wire.read_response())[0].startswith(b"+"):
        if response[0].startswith(tag + b" "):
            del wire.tagged_commands[tag]
            raise wire.error(readable(response[0].partition(b" ")[2]))
        changed |= _is_change(wire, response)
    return changed


def _end(wire: Wire, tag: bytes) -> bool:
    """Reads until the server has stopped waiting."""
    changed = False
    while not (response := wire.read_response())[0].startswith(tag + b" "):
        changed |= _is_change(wire, response)
    del wire.tagged_commands[tag]
    return changed


def _is_change(wire: Wire, response: list[bytes]) -> bool:
    if response[0][:6].upper() == b"* BYE ":
        raise wire.abort(readable(response[0][2:]))
    return _CHANGED.match(response[0]) is not None
