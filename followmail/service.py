"""The daemon: goes round when mail comes, when something is due, and at every poll. No rule lives here.

IDLE is a hint, the poll is the truth. `schedule` is the heartbeat and only ticks: due times live in the database.
"""

import contextlib
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import schedule

from followmail import auth, journal, waiting
from followmail.agenda import standing
from followmail.agenda.headline import headline
from followmail.errors import (
    DatabaseError,
    FollowmailError,
    InDoubt,
    LoginNeeded,
    LoginRefused,
    Stopped,
    Transient,
    UserError,
)
from followmail.imap.session import Session
from followmail.notify import Manager
from followmail.resting import give_back
from followmail.rounds import Office, Report, alone, go_round
from followmail.settings import Settings

log = logging.getLogger("followmail")
Reread = Callable[[], Settings]

IDLE_LONGEST = 540.0  # seconds: servers drop an IDLE after some ten minutes (RFC 2177 says 29)
BACKOFF_FIRST, BACKOFF_LONGEST = 5.0, 600.0
LOGIN_TRIES = 3
LOGIN_WAITS = (60.0, 300.0)
# What may rightly go on for longer than systemd waits for a sign of life: the first look at a mailbox, and one mail, whose
# final dot a server may take ten minutes to answer (RFC 5321 §4.5.3.2.6).
FIRST_LOOK, ONE_MAIL = 1200.0, 900.0
_ALERT_SECONDS = 30.0
_HEARTBEAT_SECONDS = 10.0
# What is remembered over restarts: from when on no look was complete, what was told of, how often the login was refused.
_BLIND, _ALERTED, _REFUSED = "blind_since", "alerted", "login_refusals"
# Told to a person; the rest is for the curious.
_AT_DEBUG = frozenset({"address", "why"})


def utc_now() -> datetime:
    return datetime.now(UTC)


class Stop:
    """SIGTERM and SIGINT: a self-pipe that every wait looks at, so that the daemon stops within seconds at any moment.

    SIGHUP asks it to read its configuration again; where a person looks on, their terminal has gone: it stops.
    """

    def __init__(self) -> None:
        self.read_fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.asked = False
        self.again = False

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())
        looked_on = journal.at_terminal()
        signal.signal(signal.SIGHUP, lambda *_: self.ask() if looked_on else self.ask_again())

    def ask(self) -> None:
        self.asked = True
        self._wake()

    def ask_again(self) -> None:
        """Read the configuration again, as soon as this round is over."""
        self.again = True
        self._wake()

    def taken_again(self) -> bool:
        """Whether that was asked for since the last time this was asked."""
        if not self.again:
            return False
        self.again = False
        with contextlib.suppress(BlockingIOError):
            os.read(self.read_fd, 100)  # a stop that stood there too is known by its flag
        return True

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._write_fd, b"x")

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the stop. Not `Event.wait`: that hangs where the clock is staged.

        The time also passes while the machine sleeps.
        """
        if not (self.asked or self.again):
            waiting.readable(seconds, self.read_fd)

    def close(self) -> None:
        os.close(self.read_fd)
        os.close(self._write_fd)


class Daemon:
    """One mailbox, watched for ever."""

    def __init__(
        self, office: Office, stop: Stop, clock: Callable[[], datetime] = utc_now, reread: Reread | None = None
    ) -> None:
        self.office = office
        self.stop = stop
        self.clock = office.clock = clock
        self.reread = reread
        self.unread = ""  # why the configuration that stands there now was not taken up
        self.session: Session | None = None
        self.due_now = True
        self.backoff = BACKOFF_FIRST
        self.next_due: datetime | None = None
        facts = office.store.facts
        self.refused = int(facts.text(_REFUSED) or 0)
        self.alerted = facts.text(_ALERTED)
        self.blind = facts.moment(_BLIND)
        self.last_round = time.monotonic()
        self.shown = office.progress
        self.systemd = Manager(os.environ)
        self.heart = schedule.Scheduler()
        self._set_poll()

    def _set_poll(self) -> None:
        self.poll = self.systemd.at_most(self.office.settings.poll)
        self.heart.clear()
        self.heart.every(max(1, int(self.poll))).seconds.do(self._tick)

    def _go_on(self, what: str, done: int, total: int) -> None:
        """Asked by the round between two of its pieces: a message, a folder, a mail. Raises Stopped."""
        self.shown(what, done, total)
        if self.stop.asked:
            raise Stopped("asked to stop")
        if what == "sending":
            self.systemd.bears(ONE_MAIL)

    def _tick(self) -> None:
        self.due_now = True

    def run(self) -> int:
        """Until asked to stop; the exit status."""
        self.office.progress = self._go_on
        self.systemd.ready()
        self.systemd.bears(FIRST_LOOK)
        self.systemd.stands("looks through the mailbox")
        try:
            while not self.stop.asked:
                if self.stop.taken_again():
                    self._reload()
                self.heart.run_pending()
                if self.due_now or self._something_is_due() or self._poll_is_over():
                    status = self._round()
                    if status is not None:
                        return status
                self._rest()
        finally:
            self.systemd.stopping()
            self.office.progress = self.shown
            self._hang_up()
        return 0

    def _reload(self) -> None:
        """Take up what config.env says now; where it is wrong, say so and go on as before."""
        if self.reread is None:
            return
        self.systemd.reloading()
        try:
            settings = self.reread()
        except UserError as fault:
            self.unread = "config.env is wrong now, the one before goes on"
            log.error("not-reloaded %s", " ".join(fault.problems))
        else:
            self.unread = self.office.take_up(settings)
            log.log(logging.WARNING if self.unread else logging.INFO, "reloaded %s", self.unread)
            self._set_poll()
            self._hang_up()  # server, name and password may be others
        self.due_now = True
        self.systemd.ready()

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
            self._held(" ".join(fault.problems))
        except FollowmailError as fault:
            self._held(str(fault))
        else:
            self._went_well(report)
        return None

    def _went_well(self, report: Report) -> None:
        self.refused = 0
        if report.look.complete:
            self.blind = None
            self.systemd.alive()
            self._heartbeat()
        else:
            self._sees_nothing()
        self._alert_once(self._fault())
        # what is past is held by something that the next poll asks about again
        coming = (report.tally.next_due, report.next_digest)
        self.next_due = min((due for due in coming if due and due > self.clock()), default=None)
        values = {k: v for k, v in report.tally.as_json().items() if v}
        if report.faults:
            log.warning("look-incomplete %s", "; ".join(report.faults))
        if set(values) - {"next_due", "held"}:
            log.info("round %s", _fields(values))
            give_back(self.office.store)
        self._stand()

    def _broken(self, fault: FollowmailError) -> None:
        log.warning("unreachable %s; trying again in %d s", fault, self.backoff)
        self._hang_up()
        self._sees_nothing()
        self._stand(str(fault))
        self._wait_longer()

    def _held(self, why: str) -> None:
        log.error("held %s", why)
        self._sees_nothing()
        self._stand(why)
        self._wait_longer()

    def _sees_nothing(self) -> None:
        self.blind = self.blind or self.clock()

    def _remember(self) -> None:
        """What a restart must not forget: who sees nothing for long is ended by systemd and started again, ever anew."""
        blind = self.blind.isoformat() if self.blind else None
        now = {_REFUSED: str(self.refused) if self.refused else None, _ALERTED: self.alerted, _BLIND: blind}
        with contextlib.suppress(DatabaseError):  # which may be what is broken
            facts = self.office.store.facts
            for key, value in now.items():
                if facts.text(key) != value:
                    facts.set_text(key, value)

    def _stand(self, trouble: str = "") -> None:
        """Tell how it stands, in the words of `followmail status`: to systemd, and to whoever looks on."""
        looked_on = journal.at_terminal()
        if not (self.systemd.listens or looked_on):
            return
        with contextlib.suppress(DatabaseError):
            c = self.office.cycle(self.clock())
            said = headline(c, self.office.settings.poll, self.unread, trouble)
            if self.systemd.stands(said) and looked_on:
                log.info("%s", said)

    def _fault(self) -> str | None:
        """What needs a person, although the daemon goes on; a look that is long overdue is no less."""
        facts = self.office.store.facts
        if fault := facts.text("sending_fault") or facts.text("clock_fault"):
            return fault
        if self.blind is None or not standing.is_stale(self.blind, self.clock(), timedelta(seconds=self.poll)):
            return None
        since = facts.moment("looked_at") or self.blind
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
        self._sees_nothing()
        self._remember()
        hopeless = isinstance(fault, LoginNeeded) or self.office.store.facts.moment("looked_at") is None
        log.error("login-refused %s", fault)
        self._stand(str(fault))
        if hopeless or self.refused >= LOGIN_TRIES:
            if str(fault) != self.alerted:  # sending may have told it already
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
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import urlopen

        try:
            with urlopen(url, timeout=_HEARTBEAT_SECONDS):
                pass
        except HTTPError as answer:
            with answer:
                log.warning("heartbeat-failed status=%d", answer.code)
        except (OSError, ValueError, HTTPException) as fault:
            log.warning("heartbeat-failed %s", type(fault).__name__)

    def _alert_once(self, fault: str | None) -> None:
        """A person is told when something needs one, once for each thing; where that failed, again after the next round."""
        if fault is None or fault == self.alerted or self.alert(f"followmail holds everything: {fault}"):
            self.alerted = fault
        self._remember()

    def alert(self, message: str) -> bool:
        """Tell a person by the other channel, on its standard input: mail may be what does not work. Whether it took it."""
        command = self.office.settings.alert_command
        if not command:
            return True
        whole = f"printf '%s\\n' {_quoted(message)} | {{\n{command}\n}} >/dev/null"  # what it starts behind it holds nobody up
        status, _ = auth.run(whole, self.office.settings.command_environment, _ALERT_SECONDS)
        if status != 0:
            log.error("alert-failed %s", "it took too long" if status is None else f"status={status}")
        return status == 0

    def _rest(self) -> None:
        """Until mail is reported, something is due, or the next tick."""
        seconds = min(max(0.0, self.heart.idle_seconds or 0.0), self.poll, IDLE_LONGEST)
        if self.next_due is not None:
            seconds = min(seconds, max(0.0, (self.next_due - self.clock()).total_seconds()))
        if self.stop.asked or self.stop.again or self.due_now or seconds <= 0:
            return
        if self.session is None or "IDLE" not in self.session.capabilities:
            self.stop.wait(seconds)
            self.backoff = BACKOFF_FIRST
            return
        try:
            if self._came_meanwhile() or self.session.idle(seconds, self.stop.read_fd):
                self.due_now = True
        except (Transient, FollowmailError) as fault:
            log.info("idle-ended %s; trying again in %d s", fault, self.backoff)
            self._hang_up()
            self._wait_longer()
            return
        self.backoff = BACKOFF_FIRST

    def _came_meanwhile(self) -> bool:
        """Whether mail came between the look and this IDLE: no line will tell of it any more."""
        if self.session is None or self.session.waits_in("INBOX"):
            return False
        inbox = self.office.store.cursors.all().get("INBOX")
        return inbox is not None and self.session.examine("INBOX").uidnext > inbox.uidnext

    def _hang_up(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None


def run(read: Reread) -> int:
    """The daemon for the settings that `read` gives; its exit status. Raises UserError for what a person must mend first."""
    settings = read()
    journal.log_to(sys.stderr, os.environ)
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
            return Daemon(office, stop, reread=read).run()
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


def main() -> None:
    """What `python daemon.py` does: the same as `followmail run`."""
    from followmail.cli import main as command

    command(["run", *sys.argv[1:]])
