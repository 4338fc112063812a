"""`enroll`, `import`, `approve`, `skip`, `stop`, `resume`, `snooze`, `pause`, `suppress`, `unsuppress`: the consultant's word."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from followmail import desk, importing
from followmail.cli.output import json_option, now, office_of, say, say_json, table, when
from followmail.contacts import Contact, read_csv, read_day
from followmail.errors import UserError
from followmail.rounds import Office
from followmail.sequence.steps import Enrollment, Sequence
from followmail.sequence.when import parse
from followmail.telling import stamp


def _done(lines: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        say_json(list(lines))
        return
    for line in lines:
        say(line)


def _each(
    ctx: click.Context, words: tuple[str, ...], action: Callable[[desk.Desk, Enrollment], str], as_json: bool,
    live_only: bool = True,
) -> None:  # fmt: skip
    work = office_of(ctx).desk(now())
    found = desk.find(work, words, live_only)
    _done(tuple(action(work, e) for e in found), as_json)


def _sequence(office: Office, name: str) -> Sequence:
    sequence = office.templates.library.sequences.get(name)
    if sequence is None:
        names = ", ".join(office.templates.library.sequences) or "none"
        raise UserError(f"There is no sequence '{name}'; there are: {names}.")
    return sequence


@click.command("approve", epilog="Example: followmail approve 3 bob@bob.example")
@click.argument("who", nargs=-1, metavar="[ID|ADDRESS]…")
@click.option("--all", "everybody", is_flag=True, help="All that waits, but what may have left already.")
@json_option
@click.pass_context
def approve_command(ctx: click.Context, who: tuple[str, ...], everybody: bool, as_json: bool) -> None:
    """Yes: for the enrollment; for a mail that may or may not have left: send it."""
    if everybody:
        done = desk.approve_all(office_of(ctx).desk(now()))
        _done(done or ("Nothing waits for your yes.",), as_json)
    elif who:
        _each(ctx, who, desk.approve, as_json)
    else:
        raise click.UsageError("Name numbers or addresses, or --all.")


@click.command("skip", epilog="Example: followmail skip 3")
@click.argument("who", nargs=-1, required=True, metavar="ID|ADDRESS…")
@json_option
@click.pass_context
def skip_command(ctx: click.Context, who: tuple[str, ...], as_json: bool) -> None:
    """Leave the next step out; a mail that may have left counts as left."""
    _each(ctx, who, desk.skip, as_json)


@click.command("stop", epilog="Example: followmail stop bob@bob.example")
@click.argument("who", nargs=-1, required=True, metavar="ID|ADDRESS…")
@json_option
@click.pass_context
def stop_command(ctx: click.Context, who: tuple[str, ...], as_json: bool) -> None:
    """End it."""
    _each(ctx, who, desk.stop, as_json)


@click.command("resume", epilog="Example: followmail resume")
@click.argument("who", nargs=-1, metavar="[ID|ADDRESS]…")
@json_option
@click.pass_context
def resume_command(ctx: click.Context, who: tuple[str, ...], as_json: bool) -> None:
    """Go on; without a name: end the pause over everything, and believe the clock."""
    if who:
        _each(ctx, who, desk.resume, as_json, live_only=False)
    else:
        _done((desk.resume_all(office_of(ctx).desk(now())),), as_json)


@click.command("snooze", epilog="Example: followmail snooze 3 2 weeks")
@click.argument("who", metavar="ID|ADDRESS")
@click.argument("until", nargs=-1, required=True, metavar="UNTIL")
@json_option
@click.pass_context
def snooze_command(ctx: click.Context, who: str, until: tuple[str, ...], as_json: bool) -> None:
    """Nothing to this person until then: '2 weeks', 'monday', '2026-05-04'."""
    work = office_of(ctx).desk(now())
    moment = _moment(" ".join(until), work)
    _done(tuple(desk.snooze(work, e, moment) for e in desk.find(work, (who,))), as_json)


@click.command("pause", epilog="Example: followmail pause until 6 January")
@click.argument("until", nargs=-1, metavar="[UNTIL]")
@json_option
@click.pass_context
def pause_command(ctx: click.Context, until: tuple[str, ...], as_json: bool) -> None:
    """Nothing at all leaves until then; without a time until `resume`. It survives restarts."""
    work = office_of(ctx).desk(now())
    text = " ".join(until[1:] if until[:1] == ("until",) else until)
    _done((desk.pause(work, _moment(text, work) if text else None),), as_json)


def _moment(text: str, work: desk.Desk) -> datetime:
    words = text.split()
    try:
        return parse(" ".join(words[1:] if words[:1] == ["until"] else words), work.now, work.policy.calendar)
    except ValueError as fault:
        raise UserError(str(fault)) from None


@click.command("suppress", epilog="Example: followmail suppress @bob.example")
@click.argument("lines", nargs=-1, required=True, metavar="ADDRESS|@DOMAIN…")
@json_option
@click.pass_context
def suppress_command(ctx: click.Context, lines: tuple[str, ...], as_json: bool) -> None:
    """Never mail an address, @domain or glob again; what is live with it stops."""
    work = office_of(ctx).desk(now())
    _done(tuple(desk.suppress(work, line) for line in lines), as_json)


@click.command("unsuppress", epilog="Example: followmail unsuppress bob@bob.example")
@click.argument("lines", nargs=-1, required=True, metavar="ADDRESS|@DOMAIN…")
@json_option
@click.pass_context
def unsuppress_command(ctx: click.Context, lines: tuple[str, ...], as_json: bool) -> None:
    """Allow it again. Nobody is enrolled by that."""
    work = office_of(ctx).desk(now())
    _done(tuple(desk.unsuppress(work, line) for line in lines), as_json)


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
    office = office_of(ctx)
    sequence = _sequence(office, name)
    day = read_day(met_on) if met_on else None
    if met_on and day is None:
        raise click.BadParameter(f"'{met_on}' is no date; write it as 2026-05-04.", param_hint="--met-on")
    contact = Contact(address, person, day, where, about)
    e = desk.enroll(office.desk(now()), contact, sequence, again=again)
    if as_json:
        from followmail.telling import prospect_rows

        say_json(prospect_rows(office.cycle(now()), (e,))[0])
    else:
        say(
            f"{e.address} is enrolled in '{e.sequence}' (number {e.id}). `followmail plan` tells when the first mail is due."
        )


@click.command("import", epilog="Example: followmail import fair.csv --sequence nice-to-meet-you")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--sequence", "name", required=True, help="The sequence.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def import_command(ctx: click.Context, file: str, name: str, yes: bool, as_json: bool) -> None:
    """Put the people of a CSV into a sequence. Shows who goes when, and asks once at a terminal."""
    office = office_of(ctx)
    sequence = _sequence(office, name)
    try:
        data = Path(file).read_bytes()
    except OSError as fault:
        raise UserError(f"{file} cannot be read: {fault.strerror}.") from None
    work = office.desk(now())
    placed = importing.lay_out(work, read_csv(data, Path(file).name), sequence)
    going = [p for p in placed if p.on is not None]
    if not as_json:
        _show_import(office, placed)
    if going and not as_json and not yes and sys.stdin.isatty():
        click.confirm(f"Enroll these {len(going)} people?", abort=True)
    importing.import_contacts(work, placed, sequence)
    if as_json:
        c = office.cycle(now())
        say_json(
            [
                {"line": p.contact.line, "address": p.contact.address, "on": stamp(p.on, c), "fault": p.fault or None}
                for p in placed
            ]
        )
    else:
        say(f"{len(going)} enrolled in '{name}', {len(placed) - len(going)} left out.")


def _show_import(office: Office, placed: tuple[importing.Placed, ...]) -> None:
    c = office.cycle(now())
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
    for p in placed:
        if p.fault:
            say(f"line {p.contact.line} is left out: {p.fault}")
