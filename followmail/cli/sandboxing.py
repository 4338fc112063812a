"""`sandbox`: a mailbox to play with."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from followmail.cli.output import Bar, json_option, now, say, say_json, table

if TYPE_CHECKING:
    from followmail.sandbox.play import Play
    from followmail.sandbox.promises import Check
    from followmail.sandbox.servers import Servers
    from followmail.sandbox.story import Line

_WELCOME = """\
You are Alex, a consultant. followmail watches your mailbox and writes to those who do not answer you.
This is the real program, on a mail server of its own on this machine. Nothing leaves it; only the clock is fast.
"""
_INDENT = " " * 18  # as wide as day and time
_NARROWEST = 100


@click.command("sandbox", epilog="Example: followmail sandbox --keep")
@click.option("--keep", is_flag=True, help="Leave the servers up afterwards, for a mail client, until Ctrl-C.")
@json_option
def sandbox_command(keep: bool, as_json: bool) -> int:
    """Three months in some seconds: a mailbox with sample prospects, and a check that every promise was kept.

    Needs no account and no network. Exit status 1 where a promise was broken.
    """
    from followmail import desk
    from followmail.sandbox.cast import ME, OPENS
    from followmail.sandbox.play import PASSWORD, Clock, Play
    from followmail.sandbox.servers import Servers
    from followmail.service import Stop

    stop, clock, started = Stop(), Clock(OPENS), time.monotonic()
    stop.install()
    with _home() as folder, Servers(ME, PASSWORD, clock) as servers:
        home = Path(folder)
        with Bar() as bar, Play(servers, clock, home, _teller(as_json, bar), lambda: stop.asked) as play:
            if not as_json:
                say(_WELCOME)
            play.perform()
            if stop.asked:
                return 130
            outcome = _outcome(play, time.monotonic() - started)
            if keep:  # from here on the real clock holds
                desk.resume_all(play.office.desk(now()))
        opening = _how_to_open(servers, home) if keep else None
        if as_json:
            say_json({**outcome, "servers": opening})
        else:
            _show(outcome, opening)
        sys.stdout.flush()
        while keep and not stop.asked:
            stop.wait(3600)
    return 0 if outcome["ok"] else 1


def _home() -> "tempfile.TemporaryDirectory[str]":
    """Where the database lies: in memory if there is such a place, for each commit waits for the disk otherwise."""
    memory = Path("/dev/shm")
    swift = "TMPDIR" not in os.environ and os.access(memory, os.W_OK | os.X_OK)
    return tempfile.TemporaryDirectory(prefix="followmail-sandbox-", dir=memory if swift else None)


def _teller(as_json: bool, bar: Bar) -> Callable[["Line"], None]:
    """Shows each line as it happens; a bar where the whole comes as JSON in the end."""
    from followmail.sandbox.cast import OPENS, at
    from followmail.sandbox.story import stamp

    days = (at(8, 13, "10:00") - OPENS).days
    width = max(shutil.get_terminal_size().columns, _NARROWEST)

    def tell(line: "Line") -> None:
        if as_json:
            bar("days", min((line.at - OPENS).days, days), days)
            return
        text, followed = f"{stamp(line.at)}  {line.happened}", f"→ {line.followed}" if line.followed else ""
        gap = " " if len(text) + len(followed) < width else "\n" + _INDENT
        click.echo(text + (gap + click.style(followed, bold=True) if followed else ""))
        sys.stdout.flush()

    return tell


def _outcome(play: "Play", seconds: float) -> dict[str, Any]:
    """All that is told in the end, as JSON has it."""
    from followmail.sandbox.promises import judge
    from followmail.sandbox.story import iso

    rows: list[dict[str, Any]] = [
        {"name": s.prospect.name, "address": s.prospect.address, "mails": s.mails, "state": s.state, "why": s.why}
        for s in play.standing()
    ]
    checks: tuple[Check, ...] = judge(play.record())
    return {
        "ok": all(check.kept for check in checks),
        "seconds": round(seconds, 1),
        "story": [{"at": iso(x.at), "happened": x.happened, "followed": x.followed} for x in play.lines],
        "mailed": [row for row in rows if row["mails"]],
        "not_mailed": [row for row in rows if not row["mails"]],
        "checks": [asdict(check) for check in checks],
    }


def _how_to_open(servers: "Servers", home: Path) -> dict[str, Any]:
    """Where a mail client finds the mailbox; and a config.env, so that followmail itself does too."""
    from followmail.sandbox.play import values
    from followmail.sandbox.servers import HOST

    config = home / "config.env"
    config.touch(mode=0o600)
    config.write_text("".join(f"{key}='{value}'\n" for key, value in values(servers, home).items()), "utf-8")
    ports = {"imap_port": servers.imap_port, "smtp_port": servers.smtp_port}
    return {"host": HOST, **ports, "user": servers.user, "password": servers.password, "config": str(config)}


def _show(outcome: dict[str, Any], opening: dict[str, Any] | None) -> None:
    for title, rows in (("Mailed", outcome["mailed"]), ("Not mailed", outcome["not_mailed"])):
        say(f"\n{title}:")
        cells = [(r["name"], r["mails"] or "", r["state"] or "left alone", r["why"]) for r in rows]
        table(("who", "mails", "state", "why"), cells, "nobody")
    say("\nWas every promise kept? Judged from what the servers got, not from what followmail says:")
    for check in outcome["checks"]:
        mark = click.style("kept  ", fg="green") if check["kept"] else click.style("BROKEN", fg="red")
        click.echo(f"{mark}  {check['promise']}")
        for fault in check["broken_by"]:
            say(f"        {fault}")
    mails = sum(row["mails"] for row in outcome["mailed"])
    say(f"\n{mails} mails in three and a half months, played in {outcome['seconds']} seconds.")
    if opening is None:
        say("With your own mailbox, `followmail once --dry-run` tells what would happen, and writes nothing.")
        return
    say(
        f"\nThe mailbox stays open until Ctrl-C. Any mail client opens it, without encryption:\n"
        f"  IMAP      {opening['host']} port {opening['imap_port']}\n"
        f"  SMTP      {opening['host']} port {opening['smtp_port']}\n"
        f"  user      {opening['user']}\n  password  {opening['password']}\n"
        f"So does followmail, in another window; plan, prospects, explain, approve, once, …:\n"
        f"  followmail --config {opening['config']} explain bob@bob.example"
    )
