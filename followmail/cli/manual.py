"""The man page, made from what `--help` and config.example.env are made from: `make man` writes deploy/followmail.1."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from followmail import __version__
from followmail.cli import COMMANDS, Commands, followmail
from followmail.options import SECTIONS, Option

EXITS = (
    (0, "Done."),
    (1, "It failed, or a look was incomplete."),
    (2, "Wrong usage."),
    (69, "The server cannot be reached."),
    (75, "Another instance runs on this database."),
    (77, "The login was refused."),
    (78, "The configuration is wrong."),
)
FILES = (
    (
        "config.env",
        "The settings; FOLLOWMAIL_CONFIG or --config names another. /etc/followmail/config.env for the unit.",
    ),
    ("followmail.db", "What is remembered: beside config.env, or in /var/lib/followmail."),
    ("suppressed.txt", "Who must never be mailed, beside the database."),
    ("templates/", "The sequences, beside config.env; absent, the shipped ones."),
)


def page() -> str:
    """The whole page in man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    root = click.Context(followmail, info_name="followmail")
    about = followmail.help or ""
    yield '.\\" Made by `make man` from the program itself.'
    yield f'.TH FOLLOWMAIL 1 "" "followmail {__version__}" "User Commands"'
    yield from (".SH NAME", f"followmail \\- {_text(about[0].lower() + about[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B followmail", "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]")
    yield from (".SH DESCRIPTION", _text(about), ".SH OPTIONS", *_options(followmail, root), ".SH COMMANDS")
    for command, ctx in every_command(root):
        yield from _command(command, ctx)
    yield ".SH EXIT STATUS"
    for status, meaning in EXITS:
        yield from _item(str(status), meaning)
    yield ".SH FILES"
    for file, what in FILES:
        yield from _item(file, what)
    yield from (".SH ENVIRONMENT", "Each setting may stand in config.env or in the environment, which wins.")
    for title, options in SECTIONS.items():
        yield f".SS {_text(title)}"
        for option in options:
            yield from _item(option.key, _setting(option))


def every_command(root: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Each command in the order of `--help`, and behind it those below it."""
    for name in COMMANDS:
        command = Commands().get_command(root, name)
        assert command is not None
        yield from _with_those_below(command, click.Context(command, parent=root, info_name=name))


def _with_those_below(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            assert below is not None
            yield from _with_those_below(below, click.Context(below, parent=ctx, info_name=name))


def options_of(command: click.Command, ctx: click.Context) -> Iterator[tuple[str, str]]:
    """(how it is written, what it does) of each option but `--help`."""
    records = (p.get_help_record(ctx) for p in command.get_params(ctx) if "--help" not in p.opts)
    return (record for record in records if record is not None)


def _command(command: click.Command, ctx: click.Context) -> Iterator[str]:
    yield f".SS {_text(ctx.command_path)}"
    yield f"\\fB{_text(ctx.command_path)}\\fR {_text(' '.join(command.collect_usage_pieces(ctx)))}"
    yield from (".PP", _text(command.help or ""))
    yield from _options(command, ctx)
    if command.epilog:
        yield from (".PP", _text(command.epilog))


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    for record in options_of(command, ctx):
        yield from _item(*record)


def _setting(option: Option) -> str:
    holds = f"Default: {option.default or option.otherwise}." if not option.required else "Required."
    return f"{option.help} Allowed: {option.allowed}. {holds}"


def _item(term: str, text: str) -> tuple[str, ...]:
    return ".TP", f"\\fB{_text(term)}\\fR", _text(text)


def _text(text: str) -> str:
    """Words as man(7) takes them: nothing in them is a request (groff_char(7))."""
    line = re.sub(r"\s+", " ", text).strip().replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    line = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in line)
    return f"\\&{line}" if line.startswith(".") else line


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
