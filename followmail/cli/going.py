"""`run`, `once`, `check`: the commands that go to the mailbox."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from followmail.cli.output import (
    Bar,
    json_option,
    now,
    office_of,
    read_settings,
    safe,
    say,
    say_json,
    settings_of,
    table,
    when,
)
from followmail.rounds import Office, Report, alone, go_round
from followmail.sequence.workdays import Calendar
from followmail.settings import Settings
from followmail.store import Store

if TYPE_CHECKING:
    from followmail.checking import Line


@click.command("run", epilog="Example: followmail --config ~/mail/config.env run")
@click.pass_context
def run_command(ctx: click.Context) -> int:
    """The daemon: watches the mailbox until it is asked to stop (SIGTERM, Ctrl-C)."""
    from followmail import service

    return service.run(lambda: read_settings(ctx))


@click.command("once", epilog="Example: followmail once --dry-run")
@click.option("--dry-run", is_flag=True, help="Tell what would happen; write nothing anywhere.")
@json_option
@click.pass_context
def once_command(ctx: click.Context, dry_run: bool, as_json: bool) -> int:
    """One full cycle: look, judge, plan, draft or send. It never sleeps: what must wait for the gap waits."""
    settings = settings_of(ctx)
    if dry_run:
        report = _dry(settings)
    else:
        with alone(settings.database):
            report = _round(Office.open(settings))
    if as_json:
        say_json(
            {
                **report.tally.as_json(),
                "would": [asdict(w) for w in report.would],
                "faults": list(report.faults),
                "planned": list(report.planned),
            }
        )
    else:
        _show(report, dry_run, settings.calendar)
    return 0 if report.look.complete else 1


def _dry(settings: Settings) -> Report:
    return _round(Office.open(settings, Store.copy_in_memory(settings.database)), dry=True)


def _round(office: Office, dry: bool = False) -> Report:
    office.clock = now
    try:
        office.store.check()
        with Bar() as bar, office.connect() as session:
            office.progress = bar
            return go_round(office, session, now, dry)
    finally:
        office.close()


def _show(report: Report, dry: bool, calendar: Calendar) -> None:
    tally = report.tally
    done = {k: v for k, v in tally.as_json().items() if v and k != "next_due"}
    say(", ".join(f"{value} {name.replace('_', ' ')}" for name, value in done.items()) or "Nothing new.")
    if report.would:
        rows = [(w.address, w.sequence, w.step, w.mode, w.why) for w in report.would]
        table(("address", "sequence", "step", "would be", "why"), rows, "")
    elif dry:
        say("Nobody would get a mail now.")
    now_ones = {(w.address, w.sequence) for w in report.would}
    later = [r for r in report.planned if (r["address"], r["sequence"]) not in now_ones]
    if later:
        say("Later, or after your yes:")
        heads = ("address", "step", "due", "waits for", "why")
        coming = [
            (r["address"], f"{r['sequence']}/{r['step']}", when(r["due"]), r["waits_for"], r["why"]) for r in later
        ]
        table(heads, coming, "")
    if tally.next_due:
        say(f"Next due: {when(calendar.local(tally.next_due).isoformat())}")
    for template_fault in report.template_faults:
        click.echo(safe(f"followmail: {template_fault}"), err=True)
    for fault in report.faults:
        click.echo(safe(f"followmail: could not be read, so nothing leaves: {fault}"), err=True)


@click.command("check", epilog="Example: followmail check --create-folders")
@click.option("--create-folders", is_flag=True, help="Make the folders Followmail/<sequence> and Followmail/Stop.")
@click.option("--live", is_flag=True, help="Mail yourself once, and tell how it comes back; takes up to a minute.")
@json_option
@click.pass_context
def check_command(ctx: click.Context, create_folders: bool, live: bool, as_json: bool) -> int:
    """Configuration, login, folders, templates, clock: a line each, with the remedy."""
    from followmail import checking

    office = office_of(ctx)
    found = checking.check(office, now(), create_folders, time.sleep if live else None)
    ok = all(line.ok for line in found)
    if as_json:
        say_json({"ok": ok, "checks": [asdict(line) for line in found]})
    else:
        show_checks(found)
    return checking.exit_status(found)


def show_checks(found: "Sequence[Line]") -> None:
    """A line each; a remedy beside what works is a piece of advice."""
    for line in found:
        mark = "FAIL" if not line.ok else "note" if line.remedy else "ok  "
        say(f"{mark}  {line.name}: {line.detail}")
        if line.remedy:
            say(f"      → {line.remedy}")
