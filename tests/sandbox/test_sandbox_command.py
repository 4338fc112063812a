"""`followmail sandbox`, as it is installed: a process of its own, nothing configured."""

import imaplib
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from followmail.sandbox.cast import CAST

COMMAND = str(Path(sys.executable).with_name("followmail"))
LONGEST = 20.0  # seconds that it may take


def start(home: Path, *options: str, **environment: str) -> "subprocess.Popen[str]":
    """The command in an empty environment: nothing of the developer's own is seen."""
    environment |= {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [COMMAND, "sandbox", *options], cwd=home, env=environment, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="module")
def played(home: Path) -> dict[str, Any]:
    """What one whole run told as JSON, with its exit status and seconds."""
    began = time.monotonic()
    process = start(home, "--json")
    out, err = process.communicate(timeout=60)
    return {"status": process.returncode, "seconds": time.monotonic() - began, "err": err, "told": json.loads(out)}


def test_it_ends_by_itself_with_every_promise_kept(played: dict[str, Any]) -> None:
    """Exit status 0, nothing on standard error, and no check that found anything."""
    assert played["err"] == ""
    assert [c for c in played["told"]["checks"] if not c["kept"]] == []
    assert played["told"]["ok"] is True
    assert played["status"] == 0


def test_it_takes_less_than_twenty_seconds(played: dict[str, Any]) -> None:
    """From the shell's prompt to the next."""
    assert played["seconds"] < LONGEST


def test_the_json_tells_of_each_of_the_cast_who_was_mailed_and_who_was_not(played: dict[str, Any]) -> None:
    """Nobody is missing, each has a reason, and the numbers are those of the cast."""
    told = played["told"]
    assert set(told) == {"ok", "seconds", "story", "mailed", "not_mailed", "checks", "servers"}
    rows = {row["address"]: row for row in (*told["mailed"], *told["not_mailed"])}
    assert {address: row["mails"] for address, row in rows.items()} == {p.address: p.gets for p in CAST}
    assert all(row["why"] for row in rows.values())
    assert len(told["checks"]) == 9
    assert told["servers"] is None


def test_the_story_tells_what_each_prospect_did(played: dict[str, Any]) -> None:
    """Every reaction of the cast happened, was told in order of time, and led to something."""
    story = played["told"]["story"]
    happened = {line["happened"] for line in story}
    assert [r.told for p in CAST for r in p.reactions if r.told.format(text=r.text) not in happened] == []
    assert [line["at"] for line in story] == sorted(line["at"] for line in story)
    assert all(line["followed"] for line in story)
    assert {"at": "2026-05-05T09:00:00+02:00", "happened": "Bob has not answered your proposal of 29 April",
            "followed": "nudged, step 1"} in story  # fmt: skip


def test_the_lines_come_as_they_happen(home: Path) -> None:
    """The first line of the story is read while the rest is still played; Ctrl-C ends it within seconds."""
    process = start(home, TMPDIR=str(home))
    first = next(line for line in read_lines(process) if line.startswith("Wed 29 Apr"))
    assert "Quinn" in first
    assert process.poll() is None
    assert ended(process, signal.SIGINT) == 130
    assert list(home.iterdir()) == []


def test_with_keep_a_mail_client_gets_in_until_sigterm(home: Path, played: dict[str, Any]) -> None:
    """With what is told, into both servers; a signal ends it within seconds; and the same story was told again."""
    process = start(home, "--keep", "--json", TMPDIR=str(home))
    told = json.loads(next(read_lines(process)))
    servers = told["servers"]
    with imaplib.IMAP4(servers["host"], servers["imap_port"]) as imap:
        imap.login(servers["user"], servers["password"])
        assert imap.select("INBOX", readonly=True)[0] == "OK"
    with smtplib.SMTP(servers["host"], servers["smtp_port"], local_hostname="localhost") as smtp:
        smtp.login(servers["user"], servers["password"])
    assert ended(process, signal.SIGTERM) == 0
    assert list(home.iterdir()) == []  # database and all: gone with the process
    assert told["story"] == played["told"]["story"]  # deterministic
    assert told["checks"] == played["told"]["checks"]


def test_with_keep_followmail_itself_can_be_tried_until_ctrl_c(home: Path) -> None:
    """The configuration that is told works: a full cycle goes through on the real clock, and mails nobody."""
    process = start(home, "--keep", "--json")
    config = json.loads(next(read_lines(process)))["servers"]["config"]
    for words in (["explain", "bob@bob.example", "--json"], ["once", "--json"]):
        done = subprocess.run([COMMAND, "--config", config, *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["sent"] == 0
    assert ended(process, signal.SIGINT) == 0


def read_lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    return iter(process.stdout.readline, "")  # a generator over the file would close it, and break the pipe


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> int:
    """Its exit status after a signal; it has five seconds."""
    process.send_signal(number)
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail(f"{number.name} did not end it within five seconds")
    return process.returncode
