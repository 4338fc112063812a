"""Servers other than Dovecot, and every kind of server that the tests of the IMAP edge and of whole days go through.

def test_something(dovecots, others, kind):
    server = KINDS["Courier"].start(dovecots, others)
"""

import dataclasses
import os
from collections.abc import Callable
from typing import Any, cast

from tests.servers import packages
from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecots, Mailbox
from tests.servers.unpacked import Unpacked


class Others:
    """Servers by their options: each is started when first asked for and kept until the end of the run."""

    def __init__(self, missing: Callable[[str], None]) -> None:
        self._missing = missing  # told what cannot be tested here; does not come back
        self._running: dict[tuple[str, tuple[tuple[str, Any], ...]], Unpacked] = {}

    def __call__(self, name: str, **options: Any) -> Unpacked:
        if not packages.where(name):
            self._missing(f"{name} was not fetched (`make servers` does it): nothing here was tested against it")
        if name == "courier" and os.geteuid() != 0:
            self._missing("Courier wants root, for a view of the file system of its own: nothing was tested against it")
        wanted = (name, tuple(sorted(options.items())))
        if wanted not in self._running:
            made: Unpacked = Cyrus(**options) if name == "cyrus" else Courier(**options)
            self._running[wanted] = made.start()
        return self._running[wanted]

    def hang_up(self) -> None:
        for server in self._running.values():
            server.hang_up()

    def close(self) -> None:
        for server in self._running.values():
            server.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A server as somebody has it: which program plays it, with what, and what its folders are called."""

    program: str
    options: tuple[tuple[str, Any], ...]
    sent: str
    drafts: str
    trash: str
    prefix: str = ""
    separator: str = "/"

    def mailbox(self, dovecots: Dovecots, others: Others) -> Mailbox:
        """A new user on it."""
        options = dict(self.options)
        server = dovecots(**options) if self.program == "dovecot" else others(self.program, **options)
        return cast(Mailbox, server.mailbox())

    def path(self, *names: str) -> str:
        """The whole name of a folder of ours on it."""
        return self.prefix + self.separator.join(names)


def _dovecot(sent: str, drafts: str, trash: str, **options: Any) -> Kind:
    return Kind("dovecot", tuple(options.items()), sent, drafts, trash)


KINDS = {
    "Dovecot": _dovecot("Sent", "Drafts", "Trash"),
    # It can append, search, fetch and mark, and nothing more of what helps.
    "Exchange": _dovecot(
        "Sent Items",
        "Drafts",
        "Deleted Items",
        folders=(("", "Sent Items"), ("", "Drafts"), ("", "Deleted Items"), ("", "Junk Email")),
        special_use=False,
        capability="IMAP4 IMAP4rev1 SASL-IR ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
    ),
    "Gmail": _dovecot(
        "[Gmail]/Gesendet",
        "[Gmail]/Entwürfe",
        "[Gmail]/Papierkorb",
        folders=(
            (r"\Sent", "[Gmail]/Gesendet"),
            (r"\Drafts", "[Gmail]/Entwürfe"),
            (r"\Trash", "[Gmail]/Papierkorb"),
            (r"\Junk", "[Gmail]/Spam"),
            (r"\All", "[Gmail]/Alle Nachrichten"),
        ),
    ),
    "Cyrus": Kind("cyrus", (), "INBOX.Sent", "INBOX.Drafts", "INBOX.Trash", "INBOX.", "."),
    "Cyrus with slashes": Kind("cyrus", (("slashes", True),), "Sent", "Drafts", "Trash"),
    "Courier": Kind("courier", (), "INBOX.Sent", "INBOX.Drafts", "INBOX.Trash", "INBOX.", "."),
}
