"""What really happened, kept beside the program and without asking it; and what must hold after every step.

The world notes who wrote what to whom, what the consultant said yes to, and what reached whom. `Truth.left` and
`Truth.laid` judge each mail and each draft at the moment at which it leaves: a broken promise is an AssertionError.
What comes in the middle of a look is `unseen` until the next one: nobody could know of it.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
OWN = "alex@consult.example"
OFF = "alex+off@consult.example"
_FREE_MAIL = "gmail.com"


class Broken(AssertionError):
    """A promise was broken."""


@dataclass
class Thread:
    """One conversation with one person: what the consultant may still expect of it."""

    address: str
    subject: str
    wrote_at: datetime  # the consultant's last own mail in it
    after_first_run_of: set[str] = field(default_factory=set)  # machines
    answered: bool = False  # over, until the consultant writes by hand again
    needs_yes: str = ""  # why nothing may leave before a yes
    away_until: datetime | None = None
    marked: bool = False  # a mark that the mailbox keeps says yes to it
    yes: bool = False  # the consultant ever said yes to it: by mark, approval, or by sending a draft
    doubts: int = 0  # how often something came up that needs one
    stopped: bool = False  # the consultant said so, they left, or a mail to them bounced
    off: bool = False  # never to be followed up, whatever comes
    off_for_good: bool = False  # by a message that lies in Followmail/Stop: no database forgets that
    snoozed_until: datetime | None = None
    revived: bool = False  # they had answered, and the consultant asked to go on; that asks once more
    met: bool = False  # begun without a mail of the consultant's
    bounced: bool = False
    steps: Counter[str] = field(default_factory=Counter)  # "nudge/1" → how often it reached them in this silence
    silences: int = 1
    left_at: datetime | None = None  # when the last step reached them, or was left out
    seen_at: datetime | None = None  # when the consultant's last own mail was first seen by this database
    left_out: set[str] = field(default_factory=set)  # steps that the consultant skipped, or counted as left
    mails: int = 0  # that the consultant wrote in it by hand
    was_over: bool = (
        False  # and the consultant wrote again: whether that begins anything is for the rules of a beginning
    )
    declined: bool = (
        False  # they complained or left, or the consultant deleted its draft: whatever else, nothing is owed
    )

    def write(self, now: datetime) -> None:
        """The consultant writes by hand: the old answer is answered, and a new silence begins with it."""
        self.was_over = self.was_over or self.answered or self.stopped or self.declined
        self.mails += 1
        if self.answered:
            self.steps, self.silences = Counter(), self.silences + 1
        self.seen_at, self.declined, self.left_out = None, False, set()
        self.wrote_at, self.answered, self.stopped, self.needs_yes, self.away_until = (now, False, False, "", None)
        self.snoozed_until, self.revived = None, False

    def doubt(self, why: str) -> None:
        """Something came up: nothing may leave by itself before a yes to that."""
        self.needs_yes, self.doubts = why, self.doubts + 1

    def say_yes(self) -> None:
        """A yes of the consultant's to what is shown."""
        self.yes, self.needs_yes, self.snoozed_until = True, "", None
        if self.revived:
            self.answered = self.stopped = self.revived = False

    def forget(self) -> None:
        """The database is another: what only it knew holds no more."""
        self.yes = self.stopped = self.revived = False
        self.seen_at = None
        self.was_over = self.was_over or self.off or self.mails > 1  # nobody can tell them from steps any more
        self.snoozed_until, self.off = None, self.off_for_good


@dataclass
class Left:
    """One mail that left by SMTP, or one draft that was laid; `by` which machine."""

    at: datetime
    recipients: tuple[str, ...]
    id: str
    step: str
    subject: str
    by: str


@dataclass
class Truth:
    """All that is known of the world."""

    daily_limit: int
    gap: int
    detect_enrolls: bool = False
    threads: dict[tuple[str, str], Thread] = field(default_factory=dict)  # by address and subject
    forbidden: set[str] = field(default_factory=set)
    forbidden_here: set[str] = field(default_factory=set)  # of these, what the consultant said: to his machines only
    by_hand: set[tuple[str, date]] = field(default_factory=set)  # whom the consultant wrote to on which day
    sent: list[Left] = field(default_factory=list)
    drafts: list[Left] = field(default_factory=list)
    approved_steps: set[tuple[str, str]] = field(default_factory=set)
    paused_until: datetime | None = None
    broken_folder: bool = False
    clock_wrong: bool = False
    only_after_yes: bool = False  # a second machine, to which everything is older than its first run
    unseen: "Truth | None" = None  # the world as it was before what happened in the middle of a look

    def thread(self, address: str, subject: str) -> Thread | None:
        return self.threads.get((address, bare(subject)))

    def begin(self, address: str, subject: str, now: datetime) -> Thread:
        """The thread in which the consultant writes, now."""
        self.by_hand.add((address, now.astimezone(ZONE).date()))
        return self.threads.setdefault((address, bare(subject)), Thread(address, subject, now))

    def of(self, address: str) -> list[Thread]:
        return [t for t in self.threads.values() if t.address == address]

    def felt(self, sender: str, why: str, but: Thread | None = None) -> None:
        """A person wrote: whatever else is open with them, or with somebody of their company, needs a yes."""
        for thread in self.threads.values():
            if thread.bounced and thread.address == sender:  # the address works: they wrote from it
                thread.stopped, thread.bounced, thread.was_over = False, False, True
            one = thread.address == sender or of_one_company(thread.address, sender)
            if one and thread is not but and not thread.answered:
                thread.doubt(why)

    # ---- what comes in the middle of a look

    def surprise(self) -> None:
        """What happens from here on is seen by the next look only."""
        if self.unseen is None:
            threads = {key: replace(t) for key, t in self.threads.items()}  # the steps that left are counted in both
            forbidden, by_hand = set(self.forbidden), set(self.by_hand)
            self.unseen = replace(self, threads=threads, forbidden=forbidden, by_hand=by_hand)

    def look(self) -> None:
        """A look begins: it sees all that lies there."""
        self.unseen = None

    def looked(self, now: datetime) -> None:
        """A look was complete: what was written before it began is known."""
        for key in (self.unseen or self).threads:
            thread = self.threads[key]
            thread.seen_at = thread.seen_at or now

    # ---- what leaves

    def left(self, mail: Left, *, in_the_gap: bool = False) -> None:
        """A mail leaves by SMTP. `in_the_gap`: another machine sent it after this one had looked into Sent for it."""
        if not in_the_gap and any(other.id == mail.id for other in self.sent):
            raise Broken(f"I1: the same mail {mail.id} leaves twice, to {mail.recipients}")
        for address in mail.recipients:
            (self.unseen or self).may_reach(mail, address, by_itself=True, again=in_the_gap)
        self._paces(mail, "mail", [m for m in self.sent if m.by == mail.by])
        self._one_a_day(mail, [m for m in (*self.sent, *self.drafts) if m.by == mail.by])
        self.sent.append(mail)
        for address in mail.recipients:
            self.reached(address, mail.subject, mail.step, mail.at)

    def laid(self, draft: Left) -> None:
        """A draft is laid."""
        for address in draft.recipients:
            (self.unseen or self).may_reach(draft, address, by_itself=False)
        self._paces(draft, "draft", [m for m in self.drafts if m.by == draft.by])
        self._one_a_day(draft, [m for m in (*self.sent, *self.drafts) if m.by == draft.by])
        self.drafts.append(draft)

    def reached(self, address: str, subject: str, step: str, now: datetime) -> None:
        """A step reached somebody, by itself or as a draft that the consultant sent."""
        thread = self.thread(address, subject)
        if thread is not None:
            thread.steps[step] += 1
            thread.left_at = now

    def may_reach(self, mail: Left, address: str, *, by_itself: bool, again: bool = False) -> None:
        """Whether this mail may reach somebody. Raises Broken where it must not."""
        now, step = mail.at, mail.step
        said = f"{step} to {address} about '{mail.subject}' at {now:%Y-%m-%d %H:%M}"
        unheard = self.forbidden_here if self.only_after_yes else set[str]()
        if address == OWN or address in self.forbidden - unheard:
            raise Broken(f"I3: {said}: must not be mailed")
        if self.broken_folder:
            raise Broken(f"{said}: a folder could not be read")
        if self.clock_wrong:
            raise Broken(f"{said}: the clock could not be right")
        if self.paused_until is not None and now < self.paused_until:
            raise Broken(f"{said}: everything was paused")
        thread = self.thread(address, mail.subject)
        if thread is None:
            raise Broken(f"I3: {said}: nobody wrote to them about that")
        if thread.off:
            raise Broken(f"I2: {said}: this is never to be followed up")
        if thread.answered or (thread.stopped and not self.only_after_yes):  # a stop is one database's word
            raise Broken(f"I2: {said}: {'they had answered' if thread.answered else 'it was stopped'}")
        if by_itself and thread.needs_yes:
            raise Broken(f"I2: {said}: it should have waited for a yes: {thread.needs_yes}")
        if thread.away_until is not None and now < thread.away_until:
            raise Broken(f"I2: {said}: they are away until {thread.away_until}")
        if thread.snoozed_until is not None and now < thread.snoozed_until and not self.only_after_yes:
            raise Broken(f"{said}: it was snoozed until {thread.snoozed_until}")
        if thread.steps[step] and not again:
            raise Broken(f"I1: {said}: they got this step already")
        if by_itself and mail.by not in thread.after_first_run_of and not thread.yes:
            raise Broken(f"I4: {said}: it was sent before the first run, and nobody said yes")
        if by_itself and not thread.yes and (self.only_after_yes or not self.detect_enrolls):
            raise Broken(f"I4: {said}: nobody said yes")
        if by_itself and step.endswith("/3") and (address, step) not in self.approved_steps:
            raise Broken(f"{said}: this step asks first")
        if now - thread.wrote_at < timedelta(days=3) and not thread.met:
            raise Broken(f"{said}: written {now - thread.wrote_at} after the consultant's own mail")
        if (address, now.astimezone(ZONE).date()) in self.by_hand:
            raise Broken(f"{said}: the consultant wrote to them on that day")

    def _paces(self, mail: Left, what: str, before: list[Left]) -> None:
        local = mail.at.astimezone(ZONE)
        if not _open(local):
            raise Broken(f"a {what} leaves outside the window, at {local}")
        today = [m for m in before if m.at.astimezone(ZONE).date() == local.date()]
        if len(today) >= self.daily_limit:
            raise Broken(f"I6: more than {self.daily_limit} {what}s on {local:%Y-%m-%d}")
        if what == "mail" and today and mail.at - today[-1].at < timedelta(seconds=self.gap):
            raise Broken(f"I6: two mails within {self.gap} seconds")

    def _one_a_day(self, mail: Left, before: list[Left]) -> None:
        day = mail.at.astimezone(ZONE).date()
        for other in (m for m in before if m.at.astimezone(ZONE).date() == day):
            for one, two in ((a, b) for a in other.recipients for b in mail.recipients):
                if one == two or of_one_company(one, two):
                    raise Broken(f"two mails on one day to one company: {one} and {two} on {day}")


def bare(subject: str) -> str:
    """A subject without its Re:."""
    while subject.lower().startswith("re:"):
        subject = subject[3:].strip()
    return subject


def of_one_company(one: str, two: str) -> bool:
    """Two addresses of one domain, or of a domain and a part of it; a free-mail provider's belong to no company."""
    a, b = one.rpartition("@")[2], two.rpartition("@")[2]
    if _FREE_MAIL in (a, b):
        return False
    return a == b or a.endswith("." + b) or b.endswith("." + a)


def _open(local: datetime) -> bool:
    minutes = local.hour * 60 + local.minute
    return local.weekday() < 5 and 8 * 60 + 30 <= minutes < 17 * 60 + 30
