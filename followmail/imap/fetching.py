"""Several FETCHes of one open folder, some of them on their way at any time, and the heads of messages read at speed.

Nearly every server answers in one form, which one pattern knows; all else goes on to whoever reads it with imapclient.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import pairwise

from followmail.imap.verdicts import readable
from followmail.imap.wire import Wire

IN_FLIGHT = 4  # commands: while one is worked through, the server already has the next
# A response to a FETCH of four items, in any order, and a header: all of it but the header itself. (That its names stand on
# one line is seen to by whoever reads: one character that ends them is looked for at twice the speed of several.)
_USUAL = re.compile(
    rb"\* \d+ FETCH \((?:UID (\d{1,10}) |FLAGS \(([^()\"{\r\n]*)\) |INTERNALDATE \"([^\"\r\n]+)\" |RFC822\.SIZE (\d{1,18}) ){4}"
    rb"BODY\[HEADER\.FIELDS \([^)]*\)\](?:<0>)? \{(\d{1,8})\}\r\n"
)

Take = Callable[[list[bytes]], None]  # a response as text, literal, text, …
TakeHead = Callable[
    [bytes, bytes, bytes, bytes, bytes], bool
]  # UID, flags, INTERNALDATE, size, header; whether it was read
Read = Callable[[Wire], list[bytes]]  # the next response


def ascending(uids: Iterable[int]) -> list[int]:
    """Each once, in order; as they nearly always come, of a large folder this holds them only once."""
    found = list(uids)
    return found if all(a < b for a, b in pairwise(found)) else sorted(set(found))


class Fetching:
    """FETCHes whose answers come set by set. Before another command is sent, the wire has them settled."""

    def __init__(
        self,
        wire: Wire,
        guard: Callable[[], AbstractContextManager[None]],
        sets: Iterable[str],
        items: str,
        take: Take,
        read: Read = Wire.read_response,
    ) -> None:
        self._wire, self._guard, self._items, self._take, self._read = wire, guard, items, take, read
        self._waiting = deque(enumerate(sets))
        self._flying: dict[bytes, int] = {}
        self._done: deque[tuple[int, str]] = deque()

    def next(self) -> tuple[int, str] | None:
        """The place of a set that has been answered, and its refusal (NO, BAD) or ""; None: all were."""
        with self._guard():
            if self._wire.pending != self.settle:
                self._wire.settle()
                self._wire.untagged_responses.clear()
            self._send()
            while self._flying and not self._done:
                self._receive()
            self._send()
        return self._done.popleft() if self._done else None

    def settle(self) -> None:
        """Take in what is on its way; nothing is asked for until `next`."""
        while self._flying:
            self._receive()

    def _send(self) -> None:
        while self._waiting and len(self._flying) < IN_FLIGHT:
            place, uids = self._waiting.popleft()
            self._wire.pending = self.settle
            self._flying[bytes(self._wire._command("UID", "FETCH", uids, self._items))] = place

    def _receive(self) -> None:
        response = self._read(self._wire)
        tag, _, rest = response[0].partition(b" ")
        if tag in self._flying:
            del self._wire.tagged_commands[tag]
            self._done.append((self._flying.pop(tag), "" if rest[:2].upper() == b"OK" else readable(rest)))
        elif tag == b"*" and rest[:3].upper() == b"BYE":
            raise self._wire.abort(readable(rest))
        elif b" FETCH (" in response[0][:40].upper():
            self._take(response)


def usual_heads(take: TakeHead) -> Read:
    """Reads responses, of which those of the usual form go to `take`, and only what is left comes back."""

    def read(wire: Wire) -> list[bytes]:
        while usual := wire.read_form(_USUAL):
            text, (uid, flags, arrived, size, _), header = usual
            if not (uid and flags is not None and arrived and size and take(uid, flags, arrived, size, header)):
                return [text, header, b")"]
        return wire.read_response()

    return read
