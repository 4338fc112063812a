"""The daemon, as a process, on a real mailbox: IDLE as a hint, polling as the truth, SIGTERM within seconds."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from followmail.service import Daemon, Stop
from tests.servers.dovecot import Dovecot, Mailbox
from tests.world import BOB, World, days

ROOT = Path(__file__).parents[1]
PATIENCE = 20.0


class Process:
    """A running daemon, its log read as it comes."""

    def __init__(self, world: World, config: Path | None = None, **environment: str) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
        told = {"FOLLOWMAIL_CONFIG": str(config)} if config else {**world.environment(), "FOLLOWMAIL_POLL": "2"}
        env = {**clean, **told, **environment}
        self.popen = subprocess.Popen(
            [sys.executable, str(ROOT / "daemon.py")], env=env, stderr=subprocess.PIPE, text=True, cwd=world.home
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            self.lines.append(line)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def stop(self) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        status = self.popen.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.popen.stderr is not None
        self.popen.stderr.close()
        return status


def until(true: Callable[[], bool]) -> None:
    """Wait until it is so; the test fails where it never is."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


@pytest.fixture
def world(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC))
    yield world
    world.close()


def state(world: World) -> str:
    world.close()
    return world.states().get("bob@bob.example", "")


def test_it_drafts_then_sees_the_answer_and_stops_when_asked(world: World) -> None:
    """One draft, withdrawn when Bob answers; SIGTERM ends it with 0."""
    mail = world.writes(BOB, ago=days(7))
    daemon = Process(world, FOLLOWMAIL_POLL="300")
    until(lambda: len(world.drafts()) == 1)
    world.gets(BOB, answers=mail, ago=days(0))
    until(lambda: world.drafts() == [])  # IDLE told it: the next poll is minutes away
    assert state(world) == "replied"
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in daemon.log
    assert "drafted delivery=1 step=1" in daemon.log
    assert "bob@bob.example" not in daemon.log


@pytest.mark.parametrize("wait", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_sigterm_at_any_moment(world: World, wait: float) -> None:
    """Whatever it is doing, it ends within seconds, and what it did is consistent."""
    world.writes(BOB, ago=days(7))
    daemon = Process(world)
    until(lambda: "started" in daemon.log)
    time.sleep(wait)
    daemon.popen.send_signal(signal.SIGTERM)
    daemon.popen.send_signal(signal.SIGTERM)
    assert daemon.ended() == 0
    world.round()
    assert len(world.drafts()) == 1


def test_a_stop_in_the_middle_of_a_round_is_obeyed_at_the_next_message(world: World) -> None:
    """And the next start goes on where it stopped."""
    for n in range(40):
        world.writes(f"p{n}@firm{n}.example", ago=days(7))
    stop = Stop()
    pieces: list[str] = []

    def third_message_stops(what: str, done: int, total: int) -> None:
        pieces.append(what)
        if pieces.count("judging") == 3:
            stop.ask()

    world.office.progress = third_message_stops
    assert Daemon(world.office, stop, lambda: world.now).run() == 0
    stop.close()
    assert pieces.count("judging") == 3
    assert world.drafts() == []
    world.office.progress = lambda what, done, total: None
    world.round()
    assert len(world.drafts()) == 10


def test_polling_is_the_truth_where_idle_is_not_offered(dovecots: Callable[..., Dovecot], tmp_path: Path) -> None:
    """A server without IDLE."""
    server = dovecots(capability="IMAP4rev1 UIDPLUS")
    world = World(server.mailbox(), tmp_path / "home", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC))
    daemon = Process(world)
    until(lambda: "started" in daemon.log)
    world.writes(BOB, ago=days(7))
    until(lambda: len(world.drafts()) == 1)
    assert daemon.stop() == 0
    world.close()


def test_it_reconnects_when_the_server_comes_back(own_dovecot: Dovecot, tmp_path: Path) -> None:
    """With a pause that grows, and nothing is lost."""
    world = World(
        own_dovecot.mailbox(), tmp_path / "home", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC)
    )
    world.mailbox.folders()
    daemon = Process(world)
    until(lambda: "started" in daemon.log)
    until(lambda: world.home.joinpath("followmail.db").exists())
    own_dovecot.stop()
    until(lambda: "unreachable" in daemon.log or "idle-ended" in daemon.log)
    own_dovecot.start()
    world.writes(BOB, ago=days(7))
    until(lambda: len(world.drafts()) == 1)
    assert daemon.stop() == 0
    world.close()


def test_templates_and_pauses_are_picked_up_without_a_restart(world: World) -> None:
    """A pause from another process, and an edited text."""
    folder = world.home / "templates"
    shutil.copytree(ROOT / "templates", folder)
    world.templates = folder
    from followmail import desk

    desk.pause(world.desk(), None)
    world.close()
    daemon = Process(world)
    world.writes(BOB, ago=days(7))
    until(lambda: state(world) == "active")
    assert world.drafts() == []
    text = folder / "nudge" / "1-checking-in.txt"
    text.write_text(
        "After: 4 business days\n\n{{ greeting }}\n\nA brand new text for you. Is that fine?\n\n{{ signature }}\n"
    )
    desk.resume_all(world.desk())
    world.close()
    until(lambda: len(world.drafts()) == 1)
    assert "A brand new text" in str(world.drafts()[0])
    (folder / "nudge" / "1-checking-in.txt").write_text("After: whenever\n\nHello\n")
    until(lambda: "nudge/1-checking-in.txt" in daemon.log)
    assert daemon.stop() == 0


def test_a_watcher_outside_hears_of_each_complete_look(world: World) -> None:
    """FOLLOWMAIL_HEARTBEAT_URL is called after each."""
    heard: list[str] = []

    class Watcher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Watcher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    daemon = Process(world, FOLLOWMAIL_HEARTBEAT_URL=f"http://127.0.0.1:{server.server_port}/alive")
    try:
        until(lambda: len(heard) >= 2)
        assert set(heard) == {"/alive"}
    finally:
        assert daemon.stop() == 0
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_wrong_password_is_77_at_once(world: World) -> None:
    """No hammering; the other channel is told."""
    told = world.home / "told.txt"
    daemon = Process(world, FOLLOWMAIL_PASSWORD="wrong", FOLLOWMAIL_ALERT_COMMAND=f"cat > {told}")
    assert daemon.ended() == 77
    assert "cannot log in" in told.read_text()
    assert "wrong" not in daemon.log
