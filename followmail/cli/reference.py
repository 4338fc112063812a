"""docs/reference.md: every command, setting, header, name and digest word, made from the program: `make man` writes it."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from followmail.cli import followmail
from followmail.cli.manual import EXITS, every_command, options_of
from followmail.options import SECTIONS, Option
from followmail.rendering.dates import LANGUAGES
from followmail.rendering.names import KNOWN, listed, sample
from followmail.rendering.parse import CONDITIONS, STEP_HEADERS
from followmail.sequence.orders import HELP

_FILTERS = (
    ("date", "{{ anchor.sent_on | date }}", "a day as people write it, with the year where it is not this one"),
    ("weekday", "{{ anchor.sent_on | weekday }}", "the day of the week"),
    ("ago", "{{ anchor.sent_on | ago }}", "how long ago"),
)


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Made from the program itself by `make man`, which makes the man page too; a test holds it to the program."
    yield from _commands()
    yield from _settings()
    yield from _templates()
    yield from _digest()


def _commands() -> Iterator[str]:
    root = click.Context(followmail, info_name="followmail")
    yield from ("", "## Commands", "")
    yield from _options(followmail, root)
    for command, ctx in every_command(root):
        yield from _command(command, ctx)
    yield from ("", "### Exit status", "")
    yield from _table(("status", ""), ((str(status), meaning) for status, meaning in EXITS))


def _command(command: click.Command, ctx: click.Context) -> Iterator[str]:
    usage = f"{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}"
    yield from ("", f"### {ctx.command_path.removeprefix('followmail ')}", "", f"`{usage}`", "")
    yield " ".join((command.help or "").split())
    if command.epilog:
        yield from ("", f"`{command.epilog.removeprefix('Example: ')}`")
    yield from ("", *_options(command, ctx))


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    yield from _table(("option", ""), ((f"`{words}`", what) for words, what in options_of(command, ctx)))


def _settings() -> Iterator[str]:
    yield from ("", "## Settings", "", "In `config.env`, or in the environment, which wins.")
    for title, options in SECTIONS.items():
        yield from ("", f"### {title}", "")
        yield from _table(("setting", "default", "allowed", ""), (_setting(option) for option in options))


def _setting(option: Option) -> tuple[str, ...]:
    default = "required" if option.required else f"`{option.default}`" if option.default else option.otherwise
    return f"`{option.key}`", default, option.allowed, " ".join(option.help.split())


def _templates() -> Iterator[str]:
    yield from ("", "## Templates", "", "What each is for: [templates.md](templates.md).", "", "### Headers", "")
    yield from _table(
        ("where", "headers"),
        (
            ("a step", ", ".join(f"`{name}`" for name in STEP_HEADERS)),
            ("`sequence.txt`", ", ".join(f"`{name}`" for name in CONDITIONS)),
        ),
    )
    yield from ("", "### Languages of a twin", "", ", ".join(f"`{language}`" for language in sorted(LANGUAGES)))
    yield from ("", "### Names", "")
    values = dict(listed(sample(), "Alex Example"))
    samples = ((f"`{{{{ {name} }}}}`", " ".join(values.get(name, "").split())) for name in KNOWN)
    yield from _table(("name", "of somebody made up, on 11 May"), samples)
    yield from ("", "### Filters", "")
    yield from _table(("filter", "", ""), ((f"`{name}`", f"`{example}`", what) for name, example, what in _FILTERS))


def _digest() -> Iterator[str]:
    yield from ("", "## Words of a reply to the digest", "", "What the digest is: [digest.md](digest.md).", "")
    yield from _table(("write", ""), ((f"`{example}`", what) for _, example, what in HELP))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Nothing where there is no row."""
    rows = tuple(rows)
    if rows:
        yield _row(head)
        yield _row(("---",) * len(head))
        yield from map(_row, rows)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
