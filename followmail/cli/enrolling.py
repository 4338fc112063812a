"""`enroll` and `import`: people who come by hand, one by one or from a file."""

import sys
from pathlib import Path
from typing import Any

import click

from followmail import contacts, enrolling, importing
from followmail.books import Books
from followmail.cli.output import books_of, json_option, now, say, say_json, table, when
from followmail.contacts import Contact
from followmail.enrolling import Manner
from followmail.errors import UserError
from followmail.importing import Placed
from followmail.mail.days import read_day
from followmail.sequence.steps import Sequence
from followmail.telling import prospect_rows, stamp


def _sequence(books: Books, name: str) -> Sequence:
    sequence = books.templates.library.sequences.get(name)
    if sequence is None:
        names = ", ".join(books.templates.library.sequences) or "none"
        raise UserError(f"There is no sequence '{name}'; there are: {names}.")
    return sequence


@click.command(
    "enroll", epilog="Example: followmail enroll carla@carla.example --sequence nice-to-meet-you --where 'IT fair'"
)
@click.argument("address")
@click.option("--sequence", "name", required=True, help="The sequence.")
@click.option("--name", "person", default="", help="The person's name.")
@click.option("--met-on", default="", metavar="DAY", help="The day you met, as 2026-05-04.")
@click.option("--where", default="", help="Where you met.")
@click.option("--about", default="", help="What about.")
@click.option("--again", is_flag=True, help="Also where they were once in such a sequence.")
@json_option
@click.pass_context
def enroll_command(
    ctx: click.Context,
    address: str,
    name: str,
    person: str,
    met_on: str,
    where: str,
    about: str,
    again: bool,
    as_json: bool,
) -> None:
    """Put somebody into a sequence by hand."""
    books = books_of(ctx)
    sequence = _sequence(books, name)
    try:
        day = read_day(met_on) if met_on else None
    except ValueError as fault:
        raise click.BadParameter(f"{fault}.", param_hint="--met-on") from None
    contact = Contact(address, person, day, where, about)
    e = enrolling.enroll(books.desk(now()), contact, sequence, Manner(again=again))
    if as_json:
        say_json(prospect_rows(books.cycle(now()), (e,))[0])
    else:
        say(
            f"{e.address} is enrolled in '{e.sequence}' (number {e.id}). `followmail plan` tells when the first mail is due."
        )


@click.command("import", epilog="Example: followmail import fair.csv --sequence nice-to-meet-you")
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--sequence", "name", help="The sequence.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--undo", is_flag=True, help="Take the last import back, as far as nothing of it has left.")
@json_option
@click.pass_context
def import_command(
    ctx: click.Context, file: str | None, name: str | None, yes: bool, undo: bool, as_json: bool
) -> None:
    """Put the people of a CSV or vCard file into a sequence.

    Shows who goes when and who is left out, and asks once. Without a terminal it only shows, unless --yes is given.
    """
    if undo:
        if file or name:
            raise click.UsageError("--undo takes back the last import; it goes without a file and a sequence.")
        _undo(ctx, as_json)
        return
    if not file or not name:
        raise click.UsageError("Name a file and its sequence: followmail import fair.csv --sequence nice-to-meet-you")
    _import(ctx, file, name, yes, as_json)


def _import(ctx: click.Context, file: str, name: str, yes: bool, as_json: bool) -> None:
    books = books_of(ctx)
    sequence = _sequence(books, name)
    people = contacts.read(_bytes(file), Path(file).name)
    work = books.desk(now())
    placed = importing.lay_out(work, people.contacts, sequence)
    going = [p for p in placed if p.on is not None]
    if as_json:
        say_json(_rows(books, placed))
        for line in people.unused:
            click.echo(f"followmail: {line}", err=True)
    else:
        _show(books, placed, people.unused)
    if going and not yes and not _agreed(len(going), as_json):
        click.echo("followmail: Nobody was enrolled: this only showed it. Run it again with --yes.", err=True)
        ctx.exit(2)
    importing.import_contacts(work, placed, sequence)
    if not as_json:
        say(f"{len(going)} enrolled in '{name}', {len(placed) - len(going)} left out.")
        if going:
            say("`followmail import --undo` takes this back, as far as nothing of it has left.")


def _agreed(count: int, as_json: bool) -> bool:
    """Ask at a terminal; a no ends the command. Without a terminal nobody agreed."""
    if as_json or not sys.stdin.isatty():
        return False
    click.confirm(f"Enroll these {count} people?", abort=True)
    return True


def _bytes(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(contacts.MOST_BYTES + 1)
    except OSError as fault:
        raise UserError(f"{file} cannot be read: {fault.strerror}.") from None


def _rows(books: Books, placed: tuple[Placed, ...]) -> list[dict[str, Any]]:
    c = books.cycle(now())
    return [
        {
            "line": p.contact.line,
            "address": p.contact.address,
            "name": p.contact.name or None,
            "on": stamp(p.on, c),
            "fault": p.fault or None,
        }
        for p in placed
    ]


def _show(books: Books, placed: tuple[Placed, ...], unused: tuple[str, ...]) -> None:
    c = books.cycle(now())
    days: dict[str, list[str]] = {}
    for p in placed:
        if p.on is not None:
            day = when(stamp(p.on, c)).rpartition(" ")[0]
            days.setdefault(day, []).append(p.contact.address)
    table(
        ("day", "mails", "to"),
        [(day, len(who), ", ".join(who)) for day, who in days.items()],
        "Nobody can be enrolled.",
    )
    for line in unused:
        say(line)
    for p in placed:
        if p.fault:
            say(f"line {p.contact.line} is left out: {p.fault}")


def _undo(ctx: click.Context, as_json: bool) -> None:
    done = importing.undo(books_of(ctx).desk(now()))
    if as_json:
        say_json(
            [
                {"id": u.enrollment.id, "address": u.enrollment.address, "undone": not u.stays, "why": u.stays or None}
                for u in done
            ]
        )
        return
    for u in done:
        if u.stays:
            say(f"{u.enrollment.address} stays ({u.enrollment.id}): {u.stays}")
    taken = sum(not u.stays for u in done)
    say(f"{taken} taken back, {len(done) - taken} stay. The same file can be imported again.")
