"""`service install`, `uninstall`, `status`: the systemd unit. What it would change is shown first."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from followmail import unit
from followmail.cli.output import json_option, safe, say, say_json
from followmail.unit import Place


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which unit is meant."""
    for option in (
        click.option("--user", is_flag=True, help="Yours alone, run by your own systemd; else the system's, as root."),
        click.option("--name", metavar="NAME", default="", help="One of several mailboxes: /etc/followmail/NAME."),
        click.option("--root", metavar="FOLDER", type=click.Path(path_type=Path), default=Path("/"),
                     help="What stands for /: an image that is built; systemd is not told."),
    ):  # fmt: skip
        command = option(command)
    return click.pass_context(command)


def _place(ctx: click.Context, user: bool, name: str, root: Path) -> Place:
    config = ctx.find_root().obj
    return unit.place(user, name, os.environ, root, Path(config).absolute() if config else None)


@click.group("service", epilog="Example: followmail service install --user")
def service_command() -> None:
    """The systemd unit: the daemon from the start of the machine on."""


@service_command.command("install", epilog="Example: followmail service install --dry-run")
@_where
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
def install_command(ctx: click.Context, user: bool, name: str, root: Path, yes: bool, dry_run: bool) -> int:
    """Put the unit in place, or bring it up to this version, and start it. Shows what would change, and asks."""
    place = _place(ctx, user, name, root)
    wanted = unit.text(place, unit.program(os.environ, user))
    changes = unit.difference(place, wanted)
    say(changes.rstrip() or f"{place.file} is as it should be.")
    if dry_run or not _sure(f"{'Write' if changes else 'Enable and restart'} it?", yes):
        return 0 if dry_run else 1
    for line in unit.install(place, wanted):
        say(line)
    if not place.settings.exists():
        say(
            f"Put your settings into {place.settings}; `followmail --config {place.settings} check` tells whether they are good."
        )
    return 0


@service_command.command("uninstall", epilog="Example: followmail service uninstall --name alex")
@_where
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would go; write nothing.")
def uninstall_command(ctx: click.Context, user: bool, name: str, root: Path, yes: bool, dry_run: bool) -> int:
    """Stop the daemon and take its unit away. Configuration, templates and database stay."""
    place = _place(ctx, user, name, root)
    if not place.file.exists():
        say(f"There is no {place.file}.")
        return 0
    say(unit.difference(place, "").rstrip())
    if dry_run or not _sure("Stop it and take it away?", yes):
        return 0 if dry_run else 1
    for line in unit.uninstall(place):
        say(line)
    return 0


def _sure(question: str, yes: bool) -> bool:
    """A yes; where nobody can be asked, only --yes is one."""
    if yes:
        return True
    if sys.stdin.isatty():
        return click.confirm(question)
    click.echo("followmail: nothing was done; --yes does it.", err=True)
    return False


@service_command.command("status", epilog="Example: followmail service status --user")
@_where
@json_option
def status_command(ctx: click.Context, user: bool, name: str, root: Path, as_json: bool) -> int:
    """Whether the daemon runs, how it stands in its own words, and whether its unit is that of this version."""
    place = _place(ctx, user, name, root)
    installed = place.file.exists()
    state = unit.state(place) if installed and place.running_system else {}
    runs = state.get("ActiveState") in ("active", "reloading")
    current = installed and not unit.difference(place, unit.text(place, unit.program(os.environ, user)))
    if as_json:
        say_json({"unit": place.unit, "file": str(place.file), "installed": installed, "current": current,
                  "runs": runs, "enabled": state.get("UnitFileState") == "enabled", "says": state.get("StatusText", "")})  # fmt: skip
        return 0 if runs else 1
    if not installed:
        say(f"Not installed: there is no {place.file}. `followmail service install` puts it there.")
        return 1
    say(f"{place.unit}: {'runs' if runs else 'does NOT run'} ({_words(state)})")
    if state.get("StatusText"):
        say(f"  {safe(state['StatusText'])}")
    if not current:
        say("  ! The unit is not that of this version: `followmail service install` shows the difference.")
    return 0 if runs else 1


def _words(state: dict[str, str]) -> str:
    """`active, since Mon 2026-11-23 00:41:07 CET, enabled, 2 restarts`."""
    since = state.get("ActiveEnterTimestamp", "")
    restarts = state.get("NRestarts", "0")
    words = [state.get("ActiveState", "unknown"), f"since {since}" if since else "", state.get("UnitFileState", "")]
    return ", ".join(filter(None, [*words, f"{restarts} restarts" if restarts not in ("", "0") else ""]))
