"""The daemon: goes round when mail comes, when something is due, and at every poll. No rule lives here.

IDLE is a hint, the poll is the truth. `schedule` is the heartbeat and only ticks: due times live in the database.
"""

import contextlib
import logging
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import schedule

from followmail import auth
from followmail.agenda import standing
from followmail.errors import (
    DatabaseError,
    FollowmailError,
    InDoubt,
    LoginRefused,
    Stopped,
    Transient,
    UserError,
)
from followmail.imap.session import Session
from followmail.rounds import Office, Report, alone, go_round
from followmail.settings import Settings

log = logging.getLogger("followmail")

IDLE_LONGEST = 540.0  # seconds: servers drop an IDLE after some ten minutes (RFC 2177 says 29)
BACKOFF_FIRST, BACKOFF_LONGEST = 5.0, 600.0
LOGIN_TRIES = 3
LOGIN_WAITS = (60.0, 300.0)
_ALERT_SECONDS = 30.0
_HEARTBEAT_SECONDS = 10.0
_SLICE = 30.0
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_IDLE_SHORTEST = 1.0  # an IDLE that ends sooner, and without news, is a server that talks without end
# Told to a person; the rest is for the curious.
_AT_DEBUG = frozenset({"address", "why"})


def utc_now() -> datetime:
    return datetime.now(UTC)


class Stop:
    """SIGTERM and SIGINT: a self-pipe that every wait looks at, so that the daemon stops within seconds at any moment."""

    def __init__(self) -> None:
        self.read_fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.asked = False

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.ask()

    def ask(self) -> None:
        self.asked = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._write_fd, b"x")

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the stop. Not `Event.wait`: that hangs where the clock is staged.

        It is looked at now and then whether the time is over: it also passes while the machine sleeps.
        """
        end = time.clock_gettime(_CLOCK) + seconds
        while not self.asked and (left := end - time.clock_gettime(_CLOCK)) > 0:
            select.select([self.read_fd], [], [], min(left, _SLICE))

    def close(self) -> None:
        os.close(self.read_fd)
        os.close(self._write_fd)


class Watchdog:
    """systemd's: it hears of each complete look, and ends a daemon of which it hears nothing (sd_notify(3))."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        patience = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.patience = int(patience) / 1_000_000 if mine and patience.isdecimal() else None  # seconds; None: it is off

    def feed(self) -> None:
        """Say that a look was complete; nothing else may."""
        if self.patience is None or not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1.0)
            sock.sendto(b"WATCHDOG=1", self._address.replace("@", "\0", 1))

    def at_most(self, poll: float) -> float:
        """Seconds between two looks, such that a healthy daemon is heard of in time."""
        return poll if self.patience is None else min(poll, self.patience / 3)


class Daemon:
    """One mailbox, watched for ever."""

    def __init__(self, office: Office, stop: Stop, clock: Callable[[], datetime] = utc_now) -> None:
        self.office = office
        self.stop = stop
        self.clock = clock
        self.session: Session | None = None
        self.due_now = True
        self.backoff = BACKOFF_FIRST
        self.refused = 0
        self.next_due: datetime | None = None
        self.alerted: str | None = None
        self.started = clock()
        self.last_round = time.monotonic()
        self.shown = office.progress
        self.watchdog = Watchdog(os.environ)
        self.poll = self.watchdog.at_most(office.settings.poll)
        self.heart = schedule.Scheduler()
        self.heart.every(max(1, int(self.poll))).seconds.do(self._tick)

    def _go_on(self, what: str, done: int, total: int) -> None:
        """Asked by the round between two of its pieces: a message, a folder, a mail. Raises Stopped."""
        self.shown(what, done, total)
        if self.stop.asked:
            raise Stopped("asked to stop")

    def _tick(self) -> None:
        self.due_now = True

    def run(self) -> int:
        """Until asked to stop; the exit status."""
        self.office.progress = self._go_on
        try:
            while not self.stop.asked:
                self.heart.run_pending()
                if self.due_now or self._something_is_due() or self._poll_is_over():
                    status = self._round()
                    if status is not None:
                        return status
                self._rest()
        finally:
            self.office.progress = self.shown
            self._hang_up()
        return 0

    def _poll_is_over(self) -> bool:
        """Also where the wall clock was set back, which holds up a heart that beats by it."""
        return time.monotonic() - self.last_round > self.poll

    def _something_is_due(self) -> bool:
        return self.next_due is not None and self.clock() >= self.next_due

    def _round(self) -> int | None:
        """One round; an exit status where going on makes no sense."""
        self.due_now, self.next_due, self.last_round = False, None, time.monotonic()
        try:
            if self.session is None:
                self.session = self.office.connect()
            report = go_round(self.office, self.session, self.clock)
        except Stopped:
            return None
        except LoginRefused as fault:
            return self._login_refused(fault)
        except (Transient, InDoubt) as fault:
            self._broken(fault)
        except UserError as fault:
            log.error("held %s", " ".join(fault.problems))
            self._wait_longer()
        except FollowmailError as fault:
            log.error("held %s", fault)
            self._wait_longer()
        else:
            self._went_well(report)
        return None

    def _went_well(self, report: Report) -> None:
        self.refused = 0
        if report.look.complete:
            self.watchdog.feed()
            self._heartbeat()
        self._alert_once(self._fault())
        # what is past is held by something that the next poll asks about again
        coming = (report.tally.next_due, report.next_digest)
        self.next_due = min((due for due in coming if due and due > self.clock()), default=None)
        values = {k: v for k, v in report.tally.as_json().items() if v}
        if report.faults:
            log.warning("look-incomplete %s", "; ".join(report.faults))
        if set(values) - {"next_due", "held"}:
            log.info("round %s", _fields(values))

    def _broken(self, fault: FollowmailError) -> None:
        log.warning("unreachable %s; trying again in %d s", fault, self.backoff)
        self._hang_up()
        self._wait_longer()

    def _fault(self) -> str | None:
        """What needs a person, although the daemon goes on; a look that is long overdue is no less."""
        facts = self.office.store.facts
        if fault := facts.text("sending_fault") or facts.text("clock_fault"):
            return fault
        since = max(facts.moment("looked_at") or self.started, self.started)
        if not standing.is_stale(since, self.clock(), timedelta(seconds=self.poll)):
            return None
        return f"there was no complete look since {since:%Y-%m-%d %H:%M} UTC; `followmail status` says more"

    def _wait_longer(self) -> None:
        with contextlib.suppress(DatabaseError):  # which may be what is broken
            self._alert_once(self._fault())
        self.stop.wait(self.backoff * random.uniform(0.8, 1.2))
        self.backoff = min(self.backoff * 2, BACKOFF_LONGEST)
        self.due_now = True

    def _login_refused(self, fault: LoginRefused) -> int | None:
        """No hammering: a provider locks accounts. A few tries far apart, one message, and then a person must come."""
        self._hang_up()
        self.refused += 1
        first_ever = self.office.store.facts.moment("looked_at") is None
        log.error("login-refused %s", fault)
        if first_ever or self.refused >= LOGIN_TRIES:
            self.alert(f"followmail cannot log in and has stopped: {fault} Nothing leaves until it can.")
            return fault.exit_status
        self.stop.wait(LOGIN_WAITS[min(self.refused, len(LOGIN_WAITS)) - 1])
        self.due_now = True
        return None

    def _heartbeat(self) -> None:
        """Tell a watcher outside that a look was complete: its silence is what it alarms about."""
        url = self.office.settings.heartbeat_url
        if not url:
            return
        from urllib.request import urlopen

        try:
            with urlopen(url, timeout=_HEARTBEAT_SECONDS):
                pass
        except (OSError, ValueError) as fault:
            log.warning("heartbeat-failed %s", type(fault).__name__)

    def _alert_once(self, fault: str | None) -> None:
        """A person is told when something needs one, once for each thing."""
        if fault and fault != self.alerted:
            self.alert(f"followmail holds everything: {fault}")
        self.alerted = fault

    def alert(self, message: str) -> None:
        """Tell a person by the other channel, on its standard input: mail may be what does not work."""
        command = self.office.settings.alert_command
        if command:
            auth.run(
                f"printf '%s\\n' {_quoted(message)} | {command}",
                self.office.settings.command_environment,
                _ALERT_SECONDS,
            )

    def _rest(self) -> None:
        """Until mail is reported, something is due, or the next tick."""
        seconds = min(max(0.0, self.heart.idle_seconds or 0.0), self.poll, IDLE_LONGEST)
        if self.next_due is not None:
            seconds = min(seconds, max(0.0, (self.next_due - self.clock()).total_seconds()))
        if self.stop.asked or self.due_now or seconds <= 0:
            return
        if self.session is None or "IDLE" not in self.session.capabilities:
            self.stop.wait(seconds)
            self.backoff = BACKOFF_FIRST
            return
        began = time.monotonic()
        try:
            if self._came_meanwhile() or self.session.idle(seconds, self.stop.read_fd):
                self.due_now = True
        except (Transient, FollowmailError) as fault:
            log.info("idle-ended %s; trying again in %d s", fault, self.backoff)
            self._hang_up()
            self._wait_longer()
            return
        self.backoff = BACKOFF_FIRST
        if not self.due_now and time.monotonic() - began < min(seconds, _IDLE_SHORTEST):
            self.stop.wait(_IDLE_SHORTEST)

    def _came_meanwhile(self) -> bool:
        """Whether mail came between the look and this IDLE: no line will tell of it any more."""
        if self.session is None:
            return False
        inbox = self.office.store.cursors.all().get("INBOX")
        return inbox is not None and self.session.examine("INBOX").uidnext > inbox.uidnext

    def _hang_up(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None


def run(settings: Settings) -> int:
    """The daemon for these settings; its exit status. Raises UserError for what a person must mend first."""
    _log_to_stderr()
    stop = Stop()
    stop.install()
    with alone(settings.database):
        office = Office.open(settings)
        office.tell = tell
        try:
            office.store.check()
            for warning in settings.warnings:
                log.warning("configuration %s", warning)
            for fault in office.templates.library.faults:
                log.warning("template %s", fault)
            log.info("started mode=%s", settings.mode)
            return Daemon(office, stop).run()
        finally:
            office.close()
            log.info("stopped")


def tell(event: str, values: Mapping[str, object]) -> None:
    """Log an event: what happened to which row; addresses and reasons at debug only."""
    plain = {k: v for k, v in values.items() if k not in _AT_DEBUG}
    log.info("%s %s", event, _fields(plain))
    if len(plain) < len(values):
        log.debug("%s %s", event, _fields(values))


def _fields(values: Mapping[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items() if value is not None)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_one_line)


def _one_line(record: logging.LogRecord) -> bool:
    """An event is one line, whatever a server or a mail says in it."""
    text = record.getMessage()
    if not text.isprintable():
        record.msg, record.args = "".join(c if c.isprintable() else " " for c in text), ()
    return True


def main() -> None:
    """What `python daemon.py` does: the same as `followmail run`."""
    from followmail.cli import main as command

    command(["run", *sys.argv[1:]])
