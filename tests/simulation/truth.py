"""What really happened, kept beside the program and without asking it; and what must hold after every step.

The world notes who wrote what to whom, what the consultant said yes to, and what reached whom. `Truth.left` and
`Truth.laid` judge each mail and each draft at the moment at which it leaves: a broken promise is an AssertionError.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
OWN = "alex@consult.example"


class Broken(AssertionError):
    """A promise was broken."""


@dataclass
class Thread:
    """One conversation with one person: what the consultant may still expect of it."""

    address: str
    subject: str
    wrote_at: datetime  # the consultant's last own mail in it
    before_first_run: bool = False
    answered: bool = False  # over, until the consultant writes by hand again
    needs_yes: str = ""  # why nothing may leave before a yes
    away_until: datetime | None = None
    yes: bool = False  # the consultant ever said yes to it: by mark, approval, or by sending a draft
    stopped: bool = False  # the consultant said so, or deleted its draft
    steps: Counter[str] = field(default_factory=Counter)  # "nudge/1" → how often it reached them

    def write(self, now: datetime) -> None:
        """The consultant writes by hand: a new silence begins, the old answer is answered."""
        self.wrote_at, self.answered, self.stopped, self.needs_yes, self.away_until = now, False, False, "", None


@dataclass
class Left:
    """One mail that left by SMTP."""

    at: datetime
    recipients: tuple[str, ...]
    id: str
    step: str
    subject: str


@dataclass
class Truth:
    """All that is known of the world."""

    daily_limit: int
    gap: int
    detect_enrolls: bool = False
    threads: list[Thread] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    sent: list[Left] = field(default_factory=list)
    drafts_laid: Counter[datetime] = field(default_factory=Counter)
    approved_steps: set[tuple[str, str]] = field(default_factory=set)
    paused_until: datetime | None = None
    broken_folder: bool = False
    clock_wrong: bool = False
    only_after_yes: bool = False  # a second machine, to which everything is older than its first run

    def thread(self, address: str, subject: str) -> Thread | None:
        base = bare(subject)
        return next((t for t in self.threads if t.address == address and bare(t.subject) == base), None)

    def of(self, address: str) -> list[Thread]:
        return [t for t in self.threads if t.address == address]

    # ---- what leaves

    def left(self, now: datetime, recipients: Iterable[str], message_id: str, step: str, subject: str) -> None:
        """A mail leaves by SMTP, now."""
        recipients = tuple(recipients)
        for address in recipients:
            self._may_reach(now, address, step, subject, by_itself=True)
        self._paces(now, recipients)
        if any(mail.id == message_id for mail in self.sent):
            raise Broken(f"I1: the same mail {message_id} leaves twice, to {recipients}")
        self.sent.append(Left(now, recipients, message_id, step, subject))
        for address in recipients:
            self.reached(address, subject, step)

    def laid(self, now: datetime, recipients: Iterable[str], step: str, subject: str) -> None:
        """A draft is laid, now."""
        for address in recipients:
            self._may_reach(now, address, step, subject, by_itself=False)
        local = now.astimezone(ZONE)
        if not _open(local):
            raise Broken(f"a draft is laid outside the window, at {local}")
        day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self.drafts_laid[day] += 1
        if self.drafts_laid[day] > self.daily_limit:
            raise Broken(f"I6: more than {self.daily_limit} drafts on {day:%Y-%m-%d}")

    def reached(self, address: str, subject: str, step: str) -> None:
        """A step reached somebody, by itself or as a draft that the consultant sent."""
        thread = self.thread(address, subject)
        if thread is not None:
            thread.steps[step] += 1

    def _may_reach(self, now: datetime, address: str, step: str, subject: str, *, by_itself: bool) -> None:
        said = f"{step} to {address} about '{subject}' at {now:%Y-%m-%d %H:%M}"
        if address == OWN or address in self.forbidden:
            raise Broken(f"I3: {said}: must not be mailed")
        if self.broken_folder:
            raise Broken(f"{said}: a folder could not be read")
        if self.clock_wrong:
            raise Broken(f"{said}: the clock could not be right")
        if self.paused_until is not None and now < self.paused_until:
            raise Broken(f"{said}: everything was paused")
        thread = self.thread(address, subject)
        if thread is None:
            raise Broken(f"I3: {said}: nobody wrote to them about that")
        if thread.answered or (thread.stopped and not self.only_after_yes):  # a stop is one database's word
            raise Broken(f"I2: {said}: {'they had answered' if thread.answered else 'it was stopped'}")
        if by_itself and thread.needs_yes:
            raise Broken(f"I2: {said}: it should have waited for a yes: {thread.needs_yes}")
        if thread.away_until is not None and now < thread.away_until:
            raise Broken(f"I2: {said}: they are away until {thread.away_until}")
        if thread.steps[step]:
            raise Broken(f"I1: {said}: they got this step already")
        if by_itself and thread.before_first_run and not thread.yes:
            raise Broken(f"I4: {said}: it was sent before the first run, and nobody said yes")
        if by_itself and not thread.yes and (self.only_after_yes or not self.detect_enrolls):
            raise Broken(f"I4: {said}: nobody said yes")
        if by_itself and step.endswith("/3") and (address, step) not in self.approved_steps:
            raise Broken(f"{said}: this step asks first")
        if now - thread.wrote_at < timedelta(days=3):
            raise Broken(f"{said}: written {now - thread.wrote_at} after the consultant's own mail")

    def _paces(self, now: datetime, recipients: tuple[str, ...]) -> None:
        local = now.astimezone(ZONE)
        if not _open(local):
            raise Broken(f"a mail leaves outside the window, at {local}")
        today = [m for m in self.sent if m.at.astimezone(ZONE).date() == local.date()]
        if len(today) >= self.daily_limit:
            raise Broken(f"I6: more than {self.daily_limit} mails on {local:%Y-%m-%d}")
        if today and now - today[-1].at < timedelta(seconds=self.gap):
            raise Broken(f"I6: two mails within {self.gap} seconds")
        if any({_company(a) for a in m.recipients} & {_company(a) for a in recipients} for m in today):
            raise Broken(f"two mails on one day to one company: {recipients}")


def bare(subject: str) -> str:
    while subject.lower().startswith("re:"):
        subject = subject[3:].strip()
    return subject


def _company(address: str) -> str:
    domain = address.rpartition("@")[2]
    return address if domain == "gmail.com" else domain


def _open(local: datetime) -> bool:
    minutes = local.hour * 60 + local.minute
    return local.weekday() < 5 and 8 * 60 + 30 <= minutes < 17 * 60 + 30
