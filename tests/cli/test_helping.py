"""What helps at a terminal: names finished by the shell, and the man page."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from followmail.cli import COMMANDS, followmail, manual
from followmail.errors import FollowmailError
from followmail.options import OPTIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "deploy" / "followmail.1"
CLEAN = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}


def said(*words: str, **environment: str) -> str:
    command = [sys.executable, "-m", "followmail", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=CLEAN | environment, cwd=ROOT)
    return done.stdout


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("followmail pl", {"plan"}),
        ("followmail service un", {"uninstall"}),
        ("followmail plan --d", {"--days"}),
        ("followmail plan --by p", {"priority"}),
        ("followmail completion f", {"fish"}),
        ("followmail ", set(COMMANDS)),
    ],
)
def test_bash_finishes_commands_and_options(words: str, wanted: set[str], tmp_path: Path) -> None:
    """The script, in a real bash, at the place of the cursor."""
    (tmp_path / "followmail").write_text(f'#!/bin/sh\nexec {sys.executable} -m followmail "$@"\n')
    (tmp_path / "followmail").chmod(0o755)
    (tmp_path / "script").write_text(said("completion", "bash"))
    typed = words.split(" ")
    program = (
        f"source {tmp_path}/script; COMP_WORDS=({words} ''); COMP_CWORD={len(typed) - 1};"
        " _followmail_completion followmail; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    environment = CLEAN | {"PATH": f"{tmp_path}:{CLEAN['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    assert set(done.stdout.split()) == wanted


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    """It asks the program itself, so that no list of names grows old."""
    script = said("completion", shell)
    assert f"_FOLLOWMAIL_COMPLETE={shell}_complete" in script


def test_a_key_that_is_pressed_imports_no_command() -> None:
    """Names come from the table alone."""
    command = [sys.executable, "-X", "importtime", "-m", "followmail"]
    environment = CLEAN | {"_FOLLOWMAIL_COMPLETE": "bash_complete", "COMP_WORDS": "followmail ", "COMP_CWORD": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == set(COMMANDS)
    assert not re.search(r"followmail\.(store|settings|cli\.\w)", done.stderr)


def test_the_man_page_is_what_help_says() -> None:
    """`make man` writes it; every command and setting stands in it."""
    assert PAGE.read_text("utf-8") == manual.page(), "run `make man`"
    plain = PAGE.read_text("utf-8").replace("\\-", "-")
    assert [name for name in COMMANDS if f".SS followmail {name}\n" not in plain] == []
    assert [key for key in OPTIONS if f"\\fB{key}\\fR" not in plain] == []


def test_the_man_page_tells_every_exit_status() -> None:
    """Those of the error tree, and success."""
    statuses, kinds = {0}, [FollowmailError]
    while kinds:
        kind = kinds.pop()
        statuses.add(kind.exit_status)
        kinds += kind.__subclasses__()
    assert {status for status, _ in manual.EXITS} == statuses


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (".TH x", r"\&.TH x"),
        (r"a\b", r"a\eb"),
        ("'x' --y", r"\(aqx\(aq \-\-y"),
        ("“é\n x”", r"\[u201C]\[u00E9] x\[u201D]"),
    ],
)
def test_no_word_is_a_request(text: str, shown: str) -> None:
    """groff_char(7): what a help says cannot format the page."""
    assert manual._text(text) == shown


def test_groff_takes_the_man_page_without_a_word() -> None:
    """Where it is installed: no unknown request, no character that it lacks; the whole page comes out."""
    groff = shutil.which("groff") or shutil.which("mandoc")
    if groff is None:
        assert re.fullmatch(r"(?:(?:\.(?:TH|SH|SS|TP|PP|B|\\\")|[^.']).*\n)+", PAGE.read_text("utf-8"))
        return
    words = ["-T", "lint"] if groff.endswith("mandoc") else ["-man", "-ww", "-Tutf8", "-P-c"]
    done = subprocess.run([groff, *words, str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_has_an_example() -> None:
    """Also those below `service`."""
    root = click.Context(followmail, info_name="followmail")
    for name in COMMANDS:
        command = followmail.get_command(root, name)  # type: ignore[attr-defined]
        below = command.commands.values() if isinstance(command, click.Group) else ()
        for each in (command, *below):
            assert each.epilog and each.epilog.startswith("Example: followmail "), name
