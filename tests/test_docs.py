"""The documentation: every command in it is run, and the reference is made from the program."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers.dovecot import Mailbox
from tests.world import ANN, BOB, World, days

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])

# What asks at a terminal, never ends, or changes the machine is run by tests of its own.
ELSEWHERE = {
    "followmail init": "tests/setup/test_stories.py",
    "followmail login": "tests/oauth/test_login.py",
    "followmail run": "tests/test_service.py",
    "followmail sandbox": "tests/sandbox/test_sandbox_command.py",
    "followmail service": "tests/test_unit.py",
    "followmail check --live": "tests/checking/test_check.py",
}
# What is no fault, though it does not end with 0, by page.
STATUS = {
    ("reference", "followmail import fair.csv --sequence nice-to-meet-you"): 2,  # without a terminal it only shows
    ("reference", "followmail done bob@bob.example"): 1,  # he was stopped a line before
    ("import", "followmail import --undo"): 1,  # so that there is nothing to take back
    ("trouble", "followmail enroll bob@bob.example --sequence nudge"): 1,  # he is in it
    ("trouble", "followmail enroll bob@bob.example --sequence nudge --again"): 1,
}
REFERENCE = ROOT / "docs" / "reference.md"


def commands(page: Path) -> list[str]:
    """The commands of a page, in order: on lines of their own, after `$ `, or as `words` in a sentence."""
    found = re.findall(
        r"^(?:    (?:\$ )?|\$ )(followmail [^#\n…]+)|`(followmail [a-z][^`\n…]*)`", page.read_text(), re.M
    )
    said = (" ".join((alone or inline).split()) for alone, inline in found)
    return list(dict.fromkeys(words for words in said if not re.search(r"COMMAND|SEQUENCE|FILE|\bID\b|\[", words)))


def to_run(page: Path) -> list[str]:
    """Those that nothing else runs: what stands in the reference too is run with it."""
    there = commands(REFERENCE) if page != REFERENCE else []
    return [c for c in commands(page) if c not in there and not any(c.startswith(words) for words in ELSEWHERE)]


@pytest.mark.parametrize("page", [page for page in PAGES if to_run(page)], ids=lambda page: page.stem)
def test_every_command_in_the_docs_works(page: Path, mailbox: Mailbox, tmp_path: Path) -> None:
    """In the order of the page, in one mailbox where Bob has not answered yet."""
    world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC))
    for person in (ANN, BOB, "Eve Early <eve@eve.example>"):
        world.writes(person, ago=days(1))
    for folder in (".local/share/bash-completion/completions", ".config/fish/completions"):
        (world.home / folder).mkdir(parents=True)
    (world.home / "mail").mkdir()
    (world.home / "fair.csv").write_text("email,name,where\ndave@dave.example,Dave Dean,IT fair\n")
    for name in ("mail.eml", "mail/one.eml"):
        (world.home / name).write_bytes(b"From: Bob <bob@bob.example>\r\nSubject: Re: Proposal\r\n\r\nGladly.\r\n")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**world.environment(), "PATH": path, "HOME": str(world.home), "PYTHONDONTWRITEBYTECODE": "1"}
    for command in ["followmail once", *to_run(page)]:
        done = _ran(command, environment, world.home)
        if done.returncode == 2 and len(command.split()) == 2:  # it is only spoken of, without its words
            done = _ran(f"{command} --help", environment, world.home)
        told = f"{command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in told
        assert done.returncode == STATUS.get((page.stem, command), 0), told
    world.close()


def _ran(command: str, environment: dict[str, str], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], env=environment, cwd=home, input="y\n", capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


def test_commands_that_are_run_elsewhere_are() -> None:
    """The files that run them exist and speak of them."""
    for command, file in ELSEWHERE.items():
        assert command.split()[1] in (ROOT / file).read_text(), command
    assert set(STATUS) <= {(page.stem, command) for page in PAGES for command in to_run(page)}


def test_the_reference_is_made_from_the_program() -> None:
    """`make man` writes it anew."""
    from followmail.cli.reference import page

    assert (ROOT / "docs" / "reference.md").read_text() == page()
