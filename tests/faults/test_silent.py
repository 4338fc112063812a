"""Faults 47 and 48: it must not die unnoticed. With the mailbox dead, the channels beside it still speak, or fall silent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from followmail import service
from followmail.service import Daemon
from tests.faults.scene import due
from tests.faults.test_connection import Notified, Waits, health, today, waits
from tests.servers.smtp import Smtpd
from tests.world import BOB, World

__all__ = ["today", "waits"]
OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Watcher(ThreadingTCPServer):
    """A watcher outside: it hears requests, and answers with these bytes."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: bytes | None = OK) -> None:
        self.heard: list[str] = []
        self.answer = answer
        super().__init__(("127.0.0.1", 0), _Hearing)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/alive/alex"


class _Hearing(StreamRequestHandler):
    server: Watcher

    def handle(self) -> None:
        self.server.heard.append(self.rfile.readline().decode().split()[1])
        while self.rfile.readline().strip():
            pass
        if self.server.answer is None:
            self.rfile.read()  # says nothing until the other side has gone
        else:
            self.wfile.write(self.server.answer)


@contextmanager
def watcher(answer: bytes | None = OK) -> Iterator[Watcher]:
    """A watcher for the length of a `with` block."""
    with Watcher(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def daemon_of(world: World, waits: Waits, **options: str) -> Daemon:
    world.reopen(**options)
    return Daemon(world.office, waits, lambda: world.now)


def passing(world: World, daemon: Daemon, minutes: int) -> None:
    """A round every ten minutes."""
    for _ in range(minutes // 10):
        world.now += timedelta(minutes=10)
        assert daemon._round() is None


def test_with_the_mailbox_dead_the_heart_stops_and_the_other_channel_speaks(today: World, waits: Waits) -> None:
    """A real HTTP server hears of each complete look and of nothing else; a real command is told, once each time."""
    told = today.home / "told"
    alive = {"FOLLOWMAIL_IMAP_PORT": today.environment()["FOLLOWMAIL_IMAP_PORT"]}
    with watcher() as outside:
        channels = {"FOLLOWMAIL_HEARTBEAT_URL": outside.url, "FOLLOWMAIL_ALERT_COMMAND": f"cat >> {told}"}
        daemon = daemon_of(today, waits, **channels)
        passing(today, daemon, 30)
        assert outside.heard == ["/alive/alex"] * 3
        daemon._hang_up()
        for times in (1, 2):
            daemon = daemon_of(today, waits, FOLLOWMAIL_IMAP_PORT="1")
            passing(today, daemon, 120)
            assert len(outside.heard) == 2 + times
            assert told.read_text().count("no complete look since") == times
            assert not health(today)["healthy"]
            daemon = daemon_of(today, waits, **alive)
            passing(today, daemon, 10)
            assert len(outside.heard) == 3 + times
            assert health(today)["healthy"]
            daemon._hang_up()


def test_a_look_that_is_not_complete_is_no_heartbeat(today: World, waits: Waits) -> None:
    """The server lives, and one folder cannot be read: to the watcher outside it is as dead."""
    today.mailbox.create("Clients")
    with watcher() as outside:
        daemon = daemon_of(today, waits, FOLLOWMAIL_HEARTBEAT_URL=outside.url)
        today.mailbox.make_unreadable("Clients")
        try:
            passing(today, daemon, 20)
        finally:
            today.mailbox.make_readable("Clients")
        assert outside.heard == []
        daemon._hang_up()


def test_who_is_ended_by_the_watchdog_again_and_again_tells_it_once_all_the_same(today: World, waits: Waits) -> None:
    """Each start begins anew, and none lives for an hour: what was told, and since when, outlives them."""
    told = today.home / "told"
    today.round()
    for _ in range(30):
        daemon = daemon_of(today, waits, FOLLOWMAIL_IMAP_PORT="1", FOLLOWMAIL_ALERT_COMMAND=f"cat >> {told}")
        passing(today, daemon, 10)
    assert told.read_text().count("no complete look since") == 1


def test_refused_logins_are_counted_over_restarts(today: World, waits: Waits) -> None:
    """Three tries, however often it was started meanwhile; one that succeeds begins the count anew."""
    right = {"FOLLOWMAIL_PASSWORD": today.environment()["FOLLOWMAIL_PASSWORD"]}
    today.round()
    for _ in range(2):
        for _ in range(2):
            assert daemon_of(today, waits, FOLLOWMAIL_PASSWORD="expired-horse")._round() is None
        daemon = daemon_of(today, waits, **right)
        assert daemon._round() is None
        daemon._hang_up()
    for expected in (None, None, 77, 77):
        assert daemon_of(today, waits, FOLLOWMAIL_PASSWORD="expired-horse")._round() == expected


def test_systemd_is_asked_for_patience_before_a_mail_leaves(
    sending: Callable[..., World], smtpd: Smtpd, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may take ten minutes to answer for it; the next complete look takes that back."""
    world = due(sending(FOLLOWMAIL_DETECT="enroll"), BOB)
    with Notified(world.home) as systemd:
        monkeypatch.setenv("NOTIFY_SOCKET", systemd.path)
        monkeypatch.setenv("WATCHDOG_USEC", "300000000")
        daemon = daemon_of(world, waits)
        daemon.office.progress = daemon._go_on  # as `run` begins
        smtpd.on_delivery = lambda mail: systemd.drain()
        assert daemon._round() is None
        assert len(smtpd.delivered) == 1
        asked = [said for said in systemd.heard if said.startswith("WATCHDOG")]
        assert asked == ["WATCHDOG_USEC=900000000"], "and no sign of life"
        assert systemd.hears(1)
        assert [said for said in systemd.heard if said.startswith("WATCHDOG")][1:] == [
            "WATCHDOG_USEC=300000000",
            "WATCHDOG=1",
        ]
        daemon._hang_up()


ANSWERS: dict[str, bytes | None] = {
    "an error": b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    "a redirect to itself": b"HTTP/1.1 302 Found\r\nLocation: /alive/alex\r\nContent-Length: 0\r\n\r\n",
    "a redirect to a file": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"SSH-2.0-hello\r\n",
    "an endless line": b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n",
    "nothing": b"",
    "silence": None,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_watcher_that_answers_wrongly_holds_nobody_up(
    today: World, waits: Waits, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    """Whatever it says: the round was done, and the next one is."""
    monkeypatch.setattr(service, "_HEARTBEAT_SECONDS", 0.2)
    with watcher(answer) as outside:
        daemon = daemon_of(today, waits, FOLLOWMAIL_HEARTBEAT_URL=outside.url)
        passing(today, daemon, 20)
        assert len(outside.heard) >= 2
        assert health(today)["healthy"]
        daemon._hang_up()


def test_a_channel_that_failed_is_tried_again(today: World, waits: Waits) -> None:
    """No way out when the mailbox went, which is likely: told when there is one, and then once. Two commands are one."""
    told, way_out = today.home / "told", today.home / "way-out"
    today.round()
    orders = {"FOLLOWMAIL_IMAP_PORT": "1", "FOLLOWMAIL_ALERT_COMMAND": f"test -e {way_out} && cat >> {told}"}
    daemon = daemon_of(today, waits, **orders)
    passing(today, daemon, 90)
    assert not told.exists()
    way_out.touch()
    passing(today, daemon, 60)
    assert told.read_text().count("no complete look since") == 1


def test_the_channel_says_nothing_else_but_what_is_wrong(today: World, waits: Waits) -> None:
    """No word of the message is a word of the shell, and the command gets it on its standard input."""
    told = today.home / "told"
    daemon = daemon_of(today, waits, FOLLOWMAIL_ALERT_COMMAND=f"cat > {told}")
    evil = f'it\'s "$(touch {today.home}/made)" `touch {today.home}/made` %s \\n'
    assert daemon.alert(evil)
    assert told.read_text() == evil + "\n"
    assert not (today.home / "made").exists()
