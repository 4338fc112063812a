"""How commands speak: JSON for scripts, tables for people, plain where it is no terminal."""

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from followmail.books import Books
from followmail.settings import Settings, load

if TYPE_CHECKING:
    from followmail.rounds import Office

# Text that came in by mail must not move the cursor, change colours or turn the direction of a line.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)

json_option = click.option("--json", "as_json", is_flag=True, help="The same as JSON.")


def now() -> datetime:
    return datetime.now(UTC)


def settings_of(ctx: click.Context) -> Settings:
    """The settings; their warnings go to standard error. Raises SettingsError."""
    settings = read_settings(ctx)
    for warning in settings.warnings:
        click.echo(f"followmail: {warning}", err=True)
    return settings


def read_settings(ctx: click.Context) -> Settings:
    """What config.env and the environment say at this moment. Raises SettingsError."""
    config = ctx.find_root().obj
    return load(Path(config) if config else None, os.environ, directory=Path.cwd())


def books_of(ctx: click.Context) -> Books:
    """The books, closed when the command ends: for what asks no server."""
    books = Books.open(settings_of(ctx))
    ctx.call_on_close(books.close)
    return books


def office_of(ctx: click.Context) -> "Office":
    """The office, closed when the command ends."""
    from followmail.rounds import Office  # late: it brings all that speaks to servers along

    office = Office.open(settings_of(ctx))
    office.clock = now
    ctx.call_on_close(office.close)
    return office


def say_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    click.echo(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def say(text: str) -> None:
    click.echo(safe(text))


def say_all(lines: Iterable[str], as_json: bool) -> None:
    """Sentences, a line each, or as a JSON list."""
    if as_json:
        say_json(list(lines))
        return
    for line in lines:
        say(line)


def safe(text: str) -> str:
    return _UNSAFE.sub("", text)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table for people; a line that says so where there is nothing."""
    cells = [[safe("" if value is None else str(value)) for value in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    if not sys.stdout.isatty():
        _plain_table(heads, cells)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        drawn.add_column(head, overflow="fold")
    for row in cells:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)


def _plain_table(heads: Sequence[str], cells: list[list[str]]) -> None:
    widths = [max(len(row[n]) for row in [list(heads), *cells]) for n in range(len(heads))]
    for row in [list(heads), *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def when(stamp: str | None) -> str:
    """A moment for people: `Tue 4 May 09:10`."""
    if not stamp:
        return ""
    moment = datetime.fromisoformat(stamp)
    return f"{moment:%a} {moment.day} {moment:%b} {moment:%H:%M}"


class Bar:
    """Progress of long work on standard error, only at a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "Bar":
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._bar is None:
            return
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(safe(what), total=total or None)
        self._bar.update(self._tasks[what], completed=done, total=total or None)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
