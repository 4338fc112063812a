"""The commands. Each is imported when it is called, so that `--help` answers at once."""

import gc
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import click

from followmail import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# name → (module, what it does in a line). The order is that of a first week.
COMMANDS: dict[str, tuple[str, str]] = {
    "sandbox": ("sandboxing", "A mailbox to play with: own servers, sample prospects, time passing fast."),
    "init": ("setting_up", "From your address to a working configuration."),
    "login": ("logging_in", "Log in by OAuth2, once."),
    "check": ("going", "Configuration, login, folders, templates, clock: a line each, with the remedy."),
    "once": ("going", "One full cycle."),
    "run": ("going", "The daemon."),
    "status": ("showing", "One screen: healthy or not, what waits, what leaves next."),
    "plan": ("showing", "The next step of each enrollment: when, and why."),
    "digest": ("digesting", "What waits for you, as a mail in INBOX, now."),
    "prospects": ("showing", "Who is where."),
    "explain": ("showing", "Every rule with pass or fail, the history, what happens next."),
    "preview": ("showing", "The mail as it would leave."),
    "classify": ("showing", "What a message is, and the evidence; needs no configuration."),
    "enroll": ("enrolling", "Put somebody into a sequence by hand."),
    "import": ("enrolling", "Put the people of a CSV or vCard file into a sequence."),
    "approve": ("saying", "Yes."),
    "skip": ("saying", "Leave the next step out."),
    "stop": ("saying", "End it."),
    "resume": ("saying", "Go on; without a name: end the pause over everything."),
    "snooze": ("saying", "Nothing to this person until then."),
    "pause": ("saying", "Nothing at all leaves until then."),
    "done": ("saying", "A call was made."),
    "suppress": ("saying", "Never mail an address or @domain again."),
    "unsuppress": ("saying", "Allow it again."),
    "forget": ("keeping", "All that is stored of a person is gone; a hash stays, and suppresses."),
    "export": ("keeping", "All data as CSV; with an address, all of that person."),
    "backup": ("keeping", "A consistent copy of all that is stored."),
    "restore": ("keeping", "Back from a backup; then it is a first run."),
    "service": ("servicing", "The systemd unit: install it, take it away, see how it stands."),
    "completion": ("completing", "What your shell needs to finish commands and options."),
}


class Commands(click.Group):
    """Commands by name; their modules are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(_imported(f"followmail.cli.{COMMANDS[cmd_name][0]}"), f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as fault:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1) if args else []
            if not near:
                raise
            raise click.UsageError(f"{fault.message} Did you mean '{near[0]}'?", ctx) from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The names as they stand in the table: a key that is pressed imports no command."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name, help=text) for name, (_, text) in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _imported(name: str) -> ModuleType:
    """A module of commands. What is imported stays: it is looked through for garbage neither now nor later."""
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: followmail once --dry-run",
)
@click.option(
    "--config", "config", metavar="FILE", help="The configuration; else FOLLOWMAIL_CONFIG, else ./config.env."
)
@click.version_option(__version__, prog_name="followmail")
@click.pass_context
def followmail(ctx: click.Context, config: str | None) -> None:
    """Follows up, in your own voice, with prospects who have not answered."""
    ctx.obj = config


def main(args: Sequence[str] | None = None) -> None:
    """The installed command: errors are for people, and every kind has its exit status."""
    try:
        status = followmail.main(
            args=list(args) if args is not None else None, prog_name="followmail", standalone_mode=False
        )
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as fault:  # noqa: BLE001  what is no error of ours is raised again in there
        sys.exit(_told(fault))
    sys.exit(status if isinstance(status, int) else 0)


def _told(fault: Exception) -> int:
    """Say what is wrong, all of it, without a traceback; the exit status. What is no error of ours is raised on."""
    from followmail.errors import FollowmailError, UserError

    if not isinstance(fault, FollowmailError):
        raise fault
    from followmail.cli.output import safe

    for problem in fault.problems if isinstance(fault, UserError) else (str(fault),):
        click.echo(safe(f"followmail: {problem}"), err=True)
    return fault.exit_status
