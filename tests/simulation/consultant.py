"""What the consultant does in a life: sends, edits and deletes drafts, says yes, stops, forbids, pauses.

The words are said to every machine that he looks after.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from followmail import desk
from followmail.rounds import Office
from followmail.sequence.steps import Enrollment, State
from tests.simulation.letters import people_of, step_of, subject_of
from tests.simulation.machine import Machine
from tests.simulation.mailbox import Mailbox, Stored
from tests.simulation.truth import ZONE, Thread, Truth


class Consultant:
    """Alex, at his mail program and at his command line."""

    def __init__(self, mailbox: Mailbox, truth: Truth, machines: Sequence[Machine]) -> None:
        self.mailbox = mailbox
        self.truth = truth
        self.machines = machines
        self.now = datetime.min.replace(tzinfo=UTC)
        self._edits = 0

    # ---- in the mail program

    def handles_drafts(self, how: str) -> None:
        """All drafts that lie there, in one way: send, edit, new-id, delete, leave."""
        box = self.mailbox.boxes["Drafts"]
        for message in list(box.messages):
            if how == "leave":
                continue
            box.remove(message.uid)
            if how == "delete":
                self.mailbox.boxes["Trash"].add(message.raw, self.now, ("\\Seen", "\\Draft"))
            else:
                self._sends(message, how)

    def _sends(self, message: Stored, how: str) -> None:
        raw = message.raw
        if how == "edit":
            raw = raw.replace(b" [", b", and I hope that you are well. [", 1)
        if how in ("edit", "new-id"):
            self._edits += 1
            raw = raw.replace(message.id.encode(), f"client.{self._edits}.{message.uid}@consult.example".encode(), 1)
        date = format_datetime(self.now).encode()
        raw = re.sub(rb"\r\nDate: [^\r]*", b"\r\nDate: " + date, raw, count=1)
        self.mailbox.boxes["Sent"].add(raw, self.now, ("\\Seen",))
        for address in people_of(raw):
            self.truth.reached(address, subject_of(raw), step_of(raw))
            self.truth.by_hand.add((address, self.now.astimezone(ZONE).date()))
            thread = self.truth.thread(address, subject_of(raw))
            if thread is not None:
                thread.yes = True

    # ---- at the command line

    def approves_all(self) -> None:
        """The consultant says yes to what the program shows as waiting; what may have left counts as left."""
        for machine in self.machines:
            office = machine.office
            work = office.desk(self.now)
            for e in office.store.enrollments.live():
                if any(d.status.value == "uncertain" for d in e.deliveries):
                    desk.skip(work, e)
            waiting = office.store.enrollments.all(State.WAITING)
            desk.approve_all(work)
            for e in waiting:
                self._said_yes(office, e)

    def _said_yes(self, office: Office, e: Enrollment) -> None:
        thread = self._thread_of(office, e.address, e.conversation)
        if thread is None:
            return
        thread.yes = True
        if e.code == "answer":  # the yes is to what is shown: that they wrote
            thread.needs_yes = ""
        if e.code.startswith("step:text-3"):
            self.truth.approved_steps.add((e.address, f"{e.sequence}/3"))

    def _thread_of(self, office: Office, address: str, conversation: int | None) -> Thread | None:
        if conversation is None:
            return None
        entries = office.store.conversations.get(conversation).entries
        found = (self.truth.thread(address, x.message.subject) for x in entries if x.sent and x.is_to(address))
        return next(filter(None, found), None)

    def stops(self, address: str) -> None:
        """A machine that does not know them yet hears of no stop, and may ask later."""
        heard = []
        for machine in self.machines:
            office = machine.office
            for e in office.store.enrollments.of_address(address):
                if e.state.live:
                    desk.stop(office.desk(self.now), e)
                    heard.append(self._thread_of(office, address, e.conversation))
        for thread in heard:
            if thread is not None and heard.count(thread) == len(self.machines):
                thread.stopped = True

    def suppresses(self, address: str) -> None:
        self.truth.forbidden.add(address)
        for machine in self.machines:
            desk.suppress(machine.office.desk(self.now), address)

    def pauses(self, until: datetime) -> None:
        self.truth.paused_until = until
        for machine in self.machines:
            desk.pause(machine.office.desk(self.now), until)
