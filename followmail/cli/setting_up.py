"""`init`: from an address to a working configuration, one question at a time."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from followmail.cli.output import Bar, now, safe, say, table
from followmail.discovery.network import Network

if TYPE_CHECKING:
    from followmail.rounds import Office
    from followmail.setup.interview import Interview

network = Network()


class Console:
    """The terminal that this process has."""

    def say(self, text: str) -> None:
        if text:
            say(text)

    def ask(self, question: str, default: str = "") -> str:
        shown = f"{question} [{safe(default)}]" if default else question
        answer: str = click.prompt(shown, default="", show_default=False, prompt_suffix=": ")
        return answer or default

    def secret(self, question: str) -> str:
        answer: str = click.prompt(question, default="", show_default=False, hide_input=True, prompt_suffix=": ")
        return answer

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        table(heads, rows, "none")

    def log_in(self, office: "Office", device: bool) -> None:
        from followmail.cli.logging_in import log_in

        log_in(office, device=device)

    def working(self) -> Bar:
        return Bar()


@click.command("init", epilog="Example: followmail init")
@click.pass_context
def init_command(ctx: click.Context) -> int:
    """From your address to a working configuration: finds the servers, tests the login, writes config.env.

    Asks at a terminal. Nothing is written before the last answer, and no line that you wrote is ever changed.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "init asks its questions at a terminal, and this is none: run it in one, or copy config.example.env to config.env "
            "and fill in four lines."
        )
    from followmail.setup.interview import Interview

    file = Path(ctx.find_root().obj or os.environ.get("FOLLOWMAIL_CONFIG") or "config.env").absolute()
    interview = Interview(Console(), network, file, os.environ, now)
    try:
        wishes = interview.run()
    except (KeyboardInterrupt, click.Abort):
        say(_stopped(interview))
        return 130
    return _check(interview.file, wishes.folders)


def _stopped(interview: "Interview") -> str:
    if interview.written:
        return f"\nStopped. {interview.written[0]} is written and whole; `followmail check` goes on from here."
    if interview.entry and interview.entry.logged_in:
        return "\nStopped: no settings were written; the tokens of the login stay beside where they would be."
    return "\nStopped: nothing was written."


def _check(file: Path, create_folders: bool) -> int:
    """The set-up ends as `check` does."""
    from followmail import checking
    from followmail.cli.going import show_checks
    from followmail.rounds import Office
    from followmail.settings import load

    office = Office.open(load(file, os.environ, directory=Path.cwd()))
    try:
        found = checking.check(office, now(), create_folders)
    finally:
        office.close()
    show_checks(found)
    status = checking.exit_status(found)
    if not status:
        option = "" if file == Path.cwd() / "config.env" else f"--config {file} "
        say(f"Next: followmail {option}once --dry-run, and followmail {option}run.")
    return status
