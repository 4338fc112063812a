"""One round: look, judge, plan, draft, deliver, file, digest. The daemon goes round for ever, `once` goes once.

This is where settings become servers; no rule lives here.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from followmail import auth, desk, smtp, telling
from followmail.auth import PasswordSource, Secret
from followmail.books import Books
from followmail.errors import AnotherInstance, LoginRefused
from followmail.imap.connect import Account
from followmail.imap.session import Session
from followmail.jobs import deliver, digest, draft, file, plan, watch
from followmail.jobs.cycle import Cycle, Look, Tally
from followmail.jobs.judge import judge
from followmail.jobs.plan import Would
from followmail.oauth.registration import Registration, tokens_beside
from followmail.options import Auth
from followmail.sequence import planner
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, Status

Ask = Callable[[], Secret]
Renew = Callable[[Secret], Secret]
# So often a look reaches further back, for anchors older than what was read.
if TYPE_CHECKING:
    from followmail.oauth.grant import Clock
    from followmail.oauth.supply import Supply

_READ_BACKS = 3
# A look that found nothing is written down only where the last one that was is older: that is a write to the disk.
REMEMBERED = timedelta(minutes=10)


@dataclass(slots=True)
class Office(Books):
    """One consultant's followmail: the books, and the way to the servers."""

    ca_file: str | None = None
    clock: "Clock | None" = None  # tells when a token is to be renewed; without one, when a server refuses it
    _supply: "Supply | None" = None

    # ---- servers

    def connect(self) -> Session:
        """A live session. Raises Unreachable, LoginRefused or ServerBusy. A refused login is a problem until one is not."""
        facts = self.store.facts
        try:
            session = Session.open(self.account())
        except LoginRefused as fault:
            facts.set_text("login_fault", str(fault))
            raise
        if facts.text("login_fault"):
            facts.set_text("login_fault", None)
        return session

    def account(self) -> Account:
        server = self.settings.imap
        secret, renew = self._secret_of(self.settings.password)
        return Account(
            server.host, server.port, server.security, server.user, secret, ca_file=self.ca_file,
            mechanism=self.settings.auth.value, renew=renew,
        )  # fmt: skip

    def smtp_server(self) -> smtp.Server | None:
        """Where mails leave; None where none is configured."""
        server = self.settings.smtp
        if server.host is None:
            return None
        secret, renew = self._secret_of(self.settings.smtp_password)
        return smtp.Server(
            server.host, server.port, server.security, server.user, secret, ca_file=self.ca_file,
            mechanism=self.settings.smtp_auth.value, renew=renew,
        )  # fmt: skip

    def _secret_of(self, source: PasswordSource | Registration) -> tuple[Ask, Renew | None]:
        """What gives the password or the token at each login, and what gives another token for a refused one."""
        if isinstance(source, Registration):
            supply = self.supply(source)
            return supply.token, supply.renew
        ask = auth.password(source)
        by_token = source is self.settings.password and self.settings.auth is Auth.OAUTH2
        return ask, (lambda refused: ask()) if by_token else None

    def supply(self, client: Registration) -> "Supply":
        """The tokens of this client, in a file beside the database; the same one as long as the client is the same."""
        from followmail.oauth.supply import Supply  # late, as the next: most log in by a password
        from followmail.oauth.token_file import TokenFile

        file = TokenFile(tokens_beside(self.settings.database), client, self.settings.imap.user)
        if self._supply is None or self._supply.file != file:
            self._supply = Supply(file)
        self._supply.clock = self.clock
        return self._supply


@dataclass(frozen=True, slots=True)
class Report:
    """What one round did."""

    tally: Tally
    look: Look
    would: tuple[Would, ...] = ()
    template_faults: tuple[str, ...] = ()
    planned: tuple[telling.Row, ...] = ()  # of a dry run, whose store is gone afterwards: what comes next for each
    faults: tuple[str, ...] = field(default=())
    next_digest: datetime | None = None


def go_round(office: Office, session: Session, clock: Callable[[], datetime], dry: bool = False) -> Report:
    """One full round. Raises what the connection raises; what was done by then is done and recorded."""
    for fault in office.templates.refresh():  # told once; the last good version goes on
        office.tell("template-fault", {"fault": fault})
    office.keep_proof()
    c = office.cycle(clock(), dry)
    _begin(c)
    look = take_look(session, c)
    would = plan.plan(c, look)
    if not c.dry:
        draft.lay_drafts(session, c, look)
        _deliver(office, session, c, clock)
        after = replace(c, now=clock())
        file.file(session, after, look)
        plan.finish(c)
        digest.write(after, office.gather(after))
        digest.put(session, after)
    c.tally.uncertain = len(c.store.outbox.parcels(Status.UNCERTAIN))
    planned = tuple(telling.plan_rows(c)) if c.dry else ()
    return Report(c.tally, look, would, tuple(map(str, c.library.faults)), planned, look.faults, digest.next_time(c))


def _begin(c: Cycle) -> None:
    """What stands before the look: a pause that is over, what was interrupted, the clock, the first run."""
    facts = c.store.facts
    base = facts.moment("clock_accepted") or facts.moment("looked_at")
    fault = planner.clock_fault(c.now, base)
    if (fault or None) != facts.text("clock_fault"):
        facts.set_text("clock_fault", fault or None)
    until = facts.moment("paused_until")
    if until is not None and until <= c.now and not fault:  # a clock that cannot be right ends no pause
        desk.end_pause(c.store, c.policy.calendar, c.now)
    for parcel in c.store.outbox.parcels(Status.HANDED_OVER):
        why = (
            f"step {parcel.delivery.number}: it stopped in the middle of sending; approve sends, skip counts it as left"
        )
        c.store.events.add(c.now, Happened.UNCERTAIN, why, parcel.delivery.enrollment, parcel.address)
    c.store.outbox.recover(c.now)
    if not c.dry and facts.moment("first_run") is None:
        facts.set_moment("first_run", c.now)
        c.store.events.add(c.now, Happened.FIRST_RUN, "from here on mails count as sent after the first run")


def take_look(session: Session, c: Cycle) -> Look:
    """Look, judge what is new, follow drafts and doubts; further back where a live anchor is older than what was read."""
    try:
        look = watch.look(session, c)
        judge(session, c, look)
        for _ in range(_READ_BACKS):
            if not _read_back(session, c, look):
                break
            judge(session, c, look)
        if not c.dry:
            draft.follow_drafts(session, c, look)
            deliver.settle_uncertain(session, c, look)
    except Exception:
        c.store.facts.set_text("look_fault", "the last look broke off")
        raise
    _looked(c, look)
    return look


def _read_back(session: Session, c: Cycle, look: Look) -> bool:
    anchors = [e.anchor_at for e in c.store.enrollments.live() if e.anchor_at is not None and e.anchor]
    return bool(anchors) and look.complete and watch.read_back(session, c, look.folders, min(anchors))


def _looked(c: Cycle, look: Look) -> None:
    """Remember that the look was complete, or why it was not. A cycle that the clock holds does not count."""
    facts = c.store.facts
    fault = None if look.complete else f"could not be read: {'; '.join(look.faults)}"
    if fault != facts.text("look_fault"):
        facts.set_text("look_fault", fault)
    if look.complete and facts.text("clock_fault") is None:
        looked = facts.moment("looked_at")
        if look.changed or looked is None or not timedelta(0) <= c.now - looked < REMEMBERED:
            facts.set_moment("looked_at", c.now)
        if facts.text("clock_accepted"):
            facts.set_moment("clock_accepted", None)


def _deliver(office: Office, session: Session, c: Cycle, clock: Callable[[], datetime]) -> None:
    current = c

    def relook() -> tuple[Cycle, Look]:
        nonlocal current
        current = replace(c, now=clock())
        return current, take_look(session, current)

    def decide(e: Enrollment) -> planner.Decision:
        day = plan.day_of(c.store, current, c.store.facts.text("look_fault") or "")
        return planner.decide(e, c.sequences, c.policy, day, current.now)

    deliver.deliver(session, c, office.smtp_server(), relook, decide, clock)


@contextlib.contextmanager
def alone(database: Path) -> Iterator[None]:
    """Hold the database for one `run` or `once`; the lock goes with the process. Raises AnotherInstance."""
    path = database.with_name(database.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            raise AnotherInstance(
                f"Another followmail works on {database} (process {holder}). Reading commands and your word work beside it."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
