"""The digests that come, and the consultant's answers to them: what he may rely on when he has read one.

A yes counts for what the digest showed: where something came up since, it is none. What an answer tells as done holds.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

from followmail.sequence.agenda import What
from followmail.sequence.answers import WISH
from tests.simulation.consultant import Consultant
from tests.simulation.letters import ALEX, mail
from tests.simulation.mailbox import Mailbox, Stored
from tests.simulation.truth import Thread

_READ_WITHIN = timedelta(days=7)
_DONE = re.compile(r"^- (\d+): ", re.MULTILINE)


@dataclass
class Shown:
    """One number of a digest."""

    what: What
    code: str
    enrollment: int
    thread: Thread
    step: tuple[str, str]  # whom, and which third step, were it one that asks
    doubts: int


@dataclass
class Digest:
    """The latest."""

    message: Stored
    at: datetime
    doubts: dict[int, int]  # what had come up in each thread by then
    items: dict[int, Shown] = field(default_factory=dict)  # read when it is answered


class Digests:
    """What lies in INBOX of them, and what was answered."""

    def __init__(self, mailbox: Mailbox, consultant: Consultant) -> None:
        self.mailbox = mailbox
        self.consultant = consultant
        self.latest: Digest | None = None
        self._orders: dict[str, tuple[str, Digest]] = {}  # Message-ID of an answer → its verb, and what it is about

    def forget(self) -> None:
        """The database is another: its numbers stand for nothing."""
        self.latest = None
        self._orders.clear()

    @property
    def unanswered(self) -> list[str]:
        """Orders that the program said nothing about."""
        return [f"{verb}, of a digest of {digest.at:%Y-%m-%d}" for verb, digest in self._orders.values()]

    def came(self, raw: bytes, now: datetime) -> None:
        """The program put one into INBOX, or an answer to orders."""
        message = Stored(0, raw, now, set())
        ordered = self._orders.pop(message.value("In-Reply-To").strip("<>"), None)
        if ordered is not None:
            self._told(raw, *ordered)
        else:
            doubts = {id(thread): thread.doubts for thread in self.consultant.truth.threads.values()}
            self.latest = Digest(message, now, doubts)

    def _items(self, latest: Digest) -> dict[int, Shown]:
        office, found = self.consultant.machines[0].office, {}
        digests = office.store.digests
        digest = digests.find([latest.message.id])
        for number in digests.numbers(digest.id) if digest else ():
            item = digests.item(digest.id, number) if digest else None
            e = office.store.enrollments.get(item.enrollment) if item and item.enrollment else None
            thread = self.consultant.thread_of(office, e.address, e.conversation) if e else None
            if item and e and thread:
                step = (e.address, f"{e.sequence}/3")
                found[number] = Shown(item.what, item.code, e.id, thread, step, latest.doubts.get(id(thread), -1))
        return found

    # ---- orders

    def answers(self, verb: str, which: int, now: datetime) -> None:
        """The consultant answers the latest: `ok all`, or a word about one number."""
        digest = self.latest
        if digest is None or now - digest.at > _READ_WITHIN:
            return
        digest.items = digest.items or self._items(digest)
        if not digest.items:
            return
        number = sorted(digest.items)[which % len(digest.items)]
        until = f"{now + timedelta(days=9):%d %B}"
        line = {"ok all": "ok all", "snooze": f"snooze {number} {until}"}.get(verb, f"{verb} {number}")
        raw = mail(ALEX, ALEX, f"Re: {digest.message.value('Subject')}", f"{line}\n", now, digest.message)
        self.mailbox.boxes["Sent"].add(raw, now, ("\\Seen",))
        self._orders[Stored(0, raw, now, set()).id] = (verb, digest)
        if verb == "ok all":
            for shown in digest.items.values():
                if shown.code != WISH:
                    self._yes(shown)
        elif verb == "ok":
            self._yes(digest.items[number])

    def _yes(self, shown: Shown) -> None:
        if shown.what is What.WAITING and shown.doubts == shown.thread.doubts:
            shown.thread.say_yes()
            if shown.code.startswith("step:text-3"):
                self.consultant.truth.approved_steps.add(shown.step)

    def _told(self, raw: bytes, verb: str, digest: Digest) -> None:
        """What is said to be done holds from now on."""
        said = _text_of(raw)
        done = said.partition("Done:")[2].partition("\n\n")[0] if "Done:" in said else ""
        for number in map(int, _DONE.findall(done)):
            shown = digest.items.get(number)
            e = self.consultant.machines[0].office.store.enrollments.get(shown.enrollment) if shown else None
            if shown and e and verb == "stop":
                shown.thread.stopped = True
            elif shown and e and verb == "snooze":
                shown.thread.snoozed_until = e.until
            elif shown and e and verb == "skip":
                shown.thread.left_out |= {f"{d.sequence}/{d.number}" for d in e.deliveries if d.status.done}
                shown.thread.left_at = max((d.left for d in e.deliveries if d.left), default=shown.thread.left_at)


def _text_of(raw: bytes) -> str:
    """Its plain text."""
    found = message_from_bytes(raw, policy=default).get_body(("plain",))
    return str(found.get_content()) if found is not None else ""
