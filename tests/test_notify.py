"""What systemd, the journal and somebody who looks on hear of the daemon; and SIGHUP, which has it read config.env again."""

import json
import logging
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followmail import journal
from followmail.notify import Manager
from tests.faults.test_connection import Notified
from tests.servers.dovecot import Mailbox
from tests.test_service import Process, until
from tests.world import BOB, World, days

ROOT = Path(__file__).parents[1]


@pytest.fixture
def today(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox at the machine's own time, in a window that never closes."""
    world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC))
    yield world
    world.close()


def in_file(world: World, **options: str) -> Path:
    """All that is configured as a config.env, and nothing of it in the environment."""
    file = world.home / "config.env"
    told = world.environment() | {"FOLLOWMAIL_POLL": "2"} | options
    file.write_text("".join(f"{key}='{value}'\n" for key, value in told.items()))
    file.chmod(0o600)
    return file


# ---- systemd


def test_systemd_hears_ready_how_it_stands_and_that_it_goes(today: World) -> None:
    """Ready once configuration and database are good; then the first words of `followmail status`; at last that it stops."""
    today.writes(BOB, ago=days(7))
    with Notified(today.home) as systemd:
        daemon = Process(today, NOTIFY_SOCKET=systemd.path)
        assert systemd.hears_of("STATUS=1 waiting", 20)
        assert systemd.heard[0] == "READY=1"
        said = systemd.heard[-1].removeprefix("STATUS=")
        assert said == "1 waiting; 1 draft needs your OK"
        assert json.loads(today.command("status", "--json"))["headline"] == said
        assert f"{said}." in today.command("status")
        assert daemon.stop() == 0
        assert systemd.hears_of("STOPPING=1", 1)
    assert not any(words.startswith("WATCHDOG") for words in systemd.heard)  # nobody waits for a sign of life


def test_a_configuration_that_is_wrong_ends_before_it_is_ready(today: World) -> None:
    """`systemctl start` fails, then and there, with 78."""
    with Notified(today.home) as systemd:
        daemon = Process(today, NOTIFY_SOCKET=systemd.path, FOLLOWMAIL_MODE="sned")
        assert daemon.ended() == 78
        assert not systemd.hears_of("READY=1", 0.1)


def test_what_is_wrong_stands_before_all_else(today: World) -> None:
    """The server is away: systemd shows it at once, not after an hour."""
    with Notified(today.home) as systemd:
        daemon = Process(today, NOTIFY_SOCKET=systemd.path, FOLLOWMAIL_IMAP_PORT="1")
        assert systemd.hears_of("STATUS=NOT healthy: ", 20)
        assert "nobody waits for a follow-up" in systemd.heard[-1]
        assert daemon.stop() == 0


def test_a_name_from_a_mail_says_nothing_to_systemd(tmp_path: Path) -> None:
    """A line end in it begins no other message, and a long one is cut."""
    with Notified(tmp_path) as systemd:
        manager = Manager({"NOTIFY_SOCKET": systemd.path})
        assert manager.stands("next: Bob\nMAINPID=1\x00, now")
        assert not manager.stands("next: Bob\nMAINPID=1\x00, now")
        assert manager.stands("ü" * 1000)
        assert systemd.hears_of("STATUS=ü", 1)
    assert systemd.heard[0] == "STATUS=next: Bob MAINPID=1 , now"
    assert len(systemd.heard[1]) <= 310


def test_where_systemd_takes_no_more_nobody_waits_for_it(tmp_path: Path) -> None:
    """No socket, one that is gone, one in the abstract namespace."""
    Manager({}).ready()
    Manager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    name = f"\0followmail-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        abstract.bind(name)
        Manager({"NOTIFY_SOCKET": name.replace("\0", "@")}).ready()
        assert abstract.recv(100) == b"READY=1"


# ---- SIGHUP


def test_on_sighup_it_goes_on_with_what_config_env_says_now(today: World) -> None:
    """Systemd hears that it reloads and is ready again; a draft is laid that the old configuration held back."""
    config = in_file(today, FOLLOWMAIL_MODE="dry-run")
    today.writes(BOB, ago=days(7))
    with Notified(today.home) as systemd:
        daemon = Process(today, config, NOTIFY_SOCKET=systemd.path)
        assert systemd.hears_of("STATUS=", 20)
        until(lambda: "round" in daemon.log)
        assert today.drafts() == []
        in_file(today)
        daemon.popen.send_signal(signal.SIGHUP)
        assert systemd.hears_of("RELOADING=1\nMONOTONIC_USEC=", 10)
        assert systemd.hears_of("READY=1", 10)
        until(lambda: len(today.drafts()) == 1)
        until(lambda: "reloaded" in daemon.log)
        assert daemon.stop() == 0


def test_a_configuration_that_is_wrong_at_sighup_changes_nothing(today: World) -> None:
    """All its faults are logged and its status says so, while the one before goes on; the next SIGHUP takes the good one."""
    config = in_file(today)
    with Notified(today.home) as systemd:
        daemon = Process(today, config, NOTIFY_SOCKET=systemd.path)
        assert systemd.hears_of("STATUS=nobody", 20)
        in_file(today, FOLLOWMAIL_MODE="sned", FOLLOWMAIL_POLL="often")
        daemon.popen.send_signal(signal.SIGHUP)
        assert systemd.hears_of("STATUS=NOT healthy: config.env is wrong now, the one before goes on", 10)
        until(lambda: all(word in daemon.log for word in ("not-reloaded", "FOLLOWMAIL_MODE", "FOLLOWMAIL_POLL")))
        today.writes(BOB, ago=days(7))
        until(lambda: len(today.drafts()) == 1)
        in_file(today, FOLLOWMAIL_DATABASE=str(today.home / "other.db"))
        daemon.popen.send_signal(signal.SIGHUP)
        assert systemd.hears_of("STATUS=NOT healthy: the database is to be", 10)
        in_file(today)
        daemon.popen.send_signal(signal.SIGHUP)
        assert systemd.hears_of("STATUS=1 waiting", 10)
        assert daemon.stop() == 0


# ---- the log


def test_who_looks_on_reads_how_it_stands_and_ends_it_with_their_terminal(today: World) -> None:
    """A line with the time of day; where the terminal goes (SIGHUP), it stops as on Ctrl-C."""
    outer, inner = pty.openpty()
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **today.environment()}
    daemon = subprocess.Popen([sys.executable, str(ROOT / "daemon.py")], env=env, stderr=inner, cwd=today.home)
    os.close(inner)
    shown = b""
    while b"nobody waits for a follow-up" not in shown:
        shown += os.read(outer, 10_000)
    assert shown.split(b" started")[0].replace(b":", b"").strip().isdigit()
    daemon.send_signal(signal.SIGHUP)
    assert daemon.wait(20) == 0
    os.close(outer)


def line(shape: journal.Line, level: int, text: str) -> str:
    return shape.format(logging.LogRecord("followmail", level, "", 0, text, (), None))


def test_the_journal_gets_priorities_and_no_time(tmp_path: Path) -> None:
    """Where its stream is the journal's, as systemd says by device and inode; else the day stands there."""
    with (tmp_path / "stream").open("w") as stream:
        found = os.fstat(stream.fileno())
        shape = journal.shape(stream, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        assert [line(shape, level, "unreachable\nx") for level in (logging.ERROR, logging.WARNING, logging.INFO)] == [
            "<3>unreachable x", "<4>unreachable x", "<6>unreachable x",
        ]  # fmt: skip
        for elsewhere in ({}, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"}):
            plain = line(journal.shape(stream, elsewhere), logging.WARNING, "unreachable")
            assert datetime.strptime(plain[:19], "%Y-%m-%d %H:%M:%S").astimezone()
            assert plain[19:] == " warning unreachable"
    assert isinstance(journal.shape(None, {"JOURNAL_STREAM": "1:2"}), journal.Line)
    assert not isinstance(journal.shape(stream, {"JOURNAL_STREAM": "1:2"}), journal.InJournal)  # it is closed
