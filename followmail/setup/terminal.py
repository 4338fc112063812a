"""Who is asked: the few ways in which a question is put, so that the questions know no terminal."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from followmail.errors import FollowmailError
from followmail.rounds import Office


class GivenUp(FollowmailError):
    """The set-up cannot go on: one sentence that says what to do."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.exit_status = status


class Terminal(Protocol):
    """A person at a keyboard. A Ctrl-C at any question passes through as KeyboardInterrupt."""

    def say(self, text: str) -> None: ...

    def ask(self, question: str, default: str = "") -> str:
        """A line; Enter alone takes the default, which is shown."""

    def secret(self, question: str) -> str:
        """A line that is not shown while it is typed; it may be empty."""

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None: ...

    def log_in(self, office: Office, device: bool) -> None:
        """OAuth2, once: by a browser here, or by a code on another device. Raises LoginRefused and the like."""

    def working(self) -> AbstractContextManager[Callable[[str, int, int], None]]:
        """Shows how far long work has come: what, done, in all."""


def valid(t: Terminal, question: str, parse: Callable[[str], object], default: str = "") -> str:
    """Asks until the answer can be read; the answer as it was typed."""
    while True:
        typed = t.ask(question, default).strip()
        try:
            parse(typed)
        except ValueError as fault:
            t.say(f"{str(fault)[:1].upper()}{str(fault)[1:]}.")
            continue
        return typed


def yes(t: Terminal, question: str, default: bool = True) -> bool:
    """Yes or no; Enter alone is the default."""
    while True:
        typed = t.ask(f"{question} ({'Y/n' if default else 'y/N'})").strip().lower()
        if typed in ("", "y", "yes", "n", "no"):
            return default if not typed else typed[0] == "y"
        t.say("Please answer y or n.")


def choice(t: Terminal, question: str, among: Sequence[str], default: str) -> str:
    """One of a list, by number or name; Enter alone is the default."""
    for number, one in enumerate(among, 1):
        t.say(f"  {number}. {one}")
    while True:
        typed = t.ask(question, default).strip()
        if typed in among:
            return typed
        if typed.isascii() and typed.isdecimal() and 0 < int(typed) <= len(among):
            return among[int(typed) - 1]
        t.say(f"Type a number from 1 to {len(among)}, or a name from the list.")
