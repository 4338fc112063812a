"""`approve`, `skip`, `stop`, `resume`, `snooze`, `done`, `pause`, `suppress`, `unsuppress`: the consultant's word."""

from collections.abc import Callable
from datetime import datetime

import click

from followmail import desk
from followmail.cli.output import books_of, json_option, now, say_all
from followmail.errors import UserError
from followmail.sequence.steps import Enrollment
from followmail.sequence.when import parse


def _each(
    ctx: click.Context, words: tuple[str, ...], action: Callable[[desk.Desk, Enrollment], str], as_json: bool,
    live_only: bool = True,
) -> None:  # fmt: skip
    """Each for itself: what one of them cannot take keeps no other from its word, and is told at the end."""
    work = books_of(ctx).desk(now())
    done: list[str] = []
    faults: list[str] = []
    for e in desk.find(work, words, live_only):
        try:
            done.append(action(work, e))
        except UserError as fault:
            faults += fault.problems
    if done or as_json:
        say_all(tuple(done), as_json)
    if faults:
        raise UserError(faults)


@click.command("approve", epilog="Example: followmail approve 3 bob@bob.example")
@click.argument("who", nargs=-1, metavar="[ID|ADDRESS]…")
@click.option("--all", "everybody", is_flag=True, help="All that waits, but what may have left already.")
@json_option
@click.pass_context
def approve_command(ctx: click.Context, who: tuple[str, ...], everybody: bool, as_json: bool) -> None:
    """Yes: for the enrollment; for a mail that may or may not have left: send it."""
    if everybody:
        done = desk.approve_all(books_of(ctx).desk(now()))
        say_all(done or ("Nothing waits for your yes.",), as_json)
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


@click.command("done", epilog="Example: followmail done bob@bob.example")
@click.argument("who", nargs=-1, required=True, metavar="ID|ADDRESS…")
@json_option
@click.pass_context
def done_command(ctx: click.Context, who: tuple[str, ...], as_json: bool) -> None:
    """You made the call that a step asked for, or tried: the sequence goes on."""
    _each(ctx, who, desk.called, as_json)


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
        say_all((desk.resume_all(books_of(ctx).desk(now())),), as_json)


@click.command("snooze", epilog="Example: followmail snooze 3 2 weeks")
@click.argument("who", metavar="ID|ADDRESS")
@click.argument("until", nargs=-1, required=True, metavar="UNTIL")
@json_option
@click.pass_context
def snooze_command(ctx: click.Context, who: str, until: tuple[str, ...], as_json: bool) -> None:
    """Nothing to this person until then: '2 weeks', 'monday', '2026-05-04'."""
    work = books_of(ctx).desk(now())
    moment = _moment(" ".join(until), work)
    say_all(tuple(desk.snooze(work, e, moment) for e in desk.find(work, (who,))), as_json)


@click.command("pause", epilog="Example: followmail pause until 6 January")
@click.argument("until", nargs=-1, metavar="[UNTIL]")
@json_option
@click.pass_context
def pause_command(ctx: click.Context, until: tuple[str, ...], as_json: bool) -> None:
    """Nothing at all leaves until then; without a time until `resume`. It survives restarts."""
    work = books_of(ctx).desk(now())
    text = " ".join(until[1:] if until[:1] == ("until",) else until)
    say_all((desk.pause(work, _moment(text, work) if text else None),), as_json)


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
    work = books_of(ctx).desk(now())
    say_all(tuple(desk.suppress(work, line) for line in lines), as_json)


@click.command("unsuppress", epilog="Example: followmail unsuppress bob@bob.example")
@click.argument("lines", nargs=-1, required=True, metavar="ADDRESS|@DOMAIN…")
@json_option
@click.pass_context
def unsuppress_command(ctx: click.Context, lines: tuple[str, ...], as_json: bool) -> None:
    """Allow it again. Nobody is enrolled by that."""
    work = books_of(ctx).desk(now())
    say_all(tuple(desk.unsuppress(work, line) for line in lines), as_json)
