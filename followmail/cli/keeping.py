"""`forget`, `export`, `backup`, `restore`: what is stored of people, and keeping it."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from followmail import keeping
from followmail.cli.output import books_of, json_option, now, safe, say_all, settings_of


@click.command("forget", epilog="Example: followmail forget bob@bob.example")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def forget_command(ctx: click.Context, address: str, yes: bool, as_json: bool) -> None:
    """All that is stored of a person is gone; a hash stays, so that they are never mailed. Cannot be undone."""
    books = books_of(ctx)
    count = keeping.stored_of(books, address)
    if not yes and not as_json and sys.stdin.isatty():
        click.confirm(f"Delete all {count} records of {safe(address)}, for good?", abort=True)
    say_all(keeping.forget(books, address, now()), as_json)


@click.command("export", epilog="Example: followmail export bob@bob.example > bob.csv")
@click.argument("address", required=False, default="")
@json_option
@click.pass_context
def export_command(ctx: click.Context, address: str, as_json: bool) -> None:
    """All that is stored as CSV; with an address, all of that person."""
    rows = keeping.export(books_of(ctx), now(), address)
    for line in _as_json(rows) if as_json else _as_csv(rows):
        click.echo(line, nl=False)


def _as_csv(rows: Iterator[keeping.Row]) -> Iterator[str]:
    """RFC 4180, a record at a time."""
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(keeping.COLUMNS)
    yield page.getvalue()
    for row in rows:
        page.seek(page.truncate(0))
        writer.writerow([safe(keeping.defused(row[column])) for column in keeping.COLUMNS])
        yield page.getvalue()


def _as_json(rows: Iterator[keeping.Row]) -> Iterator[str]:
    """One list, an element a line."""
    before = "["
    for row in rows:
        yield f"{before}\n{json.dumps(row, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


@click.command("backup", epilog="Example: followmail backup ~/followmail-2026-05-04.db")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def backup_command(ctx: click.Context, file: Path, as_json: bool) -> None:
    """A consistent copy of all that is stored, also while the daemon runs. Never overwrites."""
    say_all((keeping.backup(settings_of(ctx), file),), as_json)


@click.command("restore", epilog="Example: followmail restore ~/followmail-2026-05-04.db")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def restore_command(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Back from a backup; then it is a first run: nothing leaves before a complete look and your yes."""
    say_all(keeping.restore(settings_of(ctx), file, now()), as_json)
