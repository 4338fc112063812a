"""What the consultant does in a life: sends, edits and deletes drafts, says yes, stops, forbids, pauses.

The words are said to every machine that he looks after.
"""

import contextlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from followmail import desk, keeping
from followmail.errors import UserError
from followmail.rounds import Office
from followmail.sequence.answers import WISH
from followmail.sequence.steps import Enrollment, State
from tests.simulation.letters import people_of, step_of, subject_of
from tests.simulation.machine import Machine
from tests.simulation.mailbox import Mailbox, Stored
from tests.simulation.truth import ZONE, Thread, Truth

_SHOWN = frozenset({"answer", "bounce", WISH})


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
                self._declines(message.raw)
            elif how == "touch":
                box.add(self._edited(message), self.now, ("\\Seen", "\\Draft"))
            else:
                self._sends(message, how)

    def _declines(self, raw: bytes) -> None:
        for address in people_of(raw):
            if thread := self.truth.thread(address, subject_of(raw)):
                thread.declined = True

    def _edited(self, message: Stored, *, words: bool = True) -> bytes:
        """As a client saves a draft that was edited: under an id of its own."""
        raw = message.raw.replace(b" [", b", and I hope that you are well. [", 1) if words else message.raw
        self._edits += 1
        return raw.replace(message.id.encode(), f"client.{self._edits}.{message.uid}@consult.example".encode(), 1)

    def _sends(self, message: Stored, how: str) -> None:
        raw = self._edited(message, words=how == "edit") if how in ("edit", "new-id") else message.raw
        date = format_datetime(self.now).encode()
        raw = re.sub(rb"\r\nDate: [^\r]*", b"\r\nDate: " + date, raw, count=1)
        self.mailbox.boxes["Sent"].add(raw, self.now, ("\\Seen",))
        for address in people_of(raw):
            self.truth.reached(address, subject_of(raw), step_of(raw), self.now)
            self.truth.by_hand.add((address, self.now.astimezone(ZONE).date()))
            thread = self.truth.thread(address, subject_of(raw))
            if thread is not None and thread.answered:
                thread.write(self.now)  # he writes after their answer, as if by hand
            elif thread is not None:
                thread.say_yes()  # to all that came before

    # ---- by folders

    def marks(self, message: Stored | None, folder: str, *, ran: bool, moves: bool) -> None:
        """Puts the last mail that he wrote by hand into a folder, for good or as a copy."""
        if message is None:
            return
        place = next(name for name, m in self.mailbox.everywhere() if m is message)
        if moves:
            self.mailbox.move(place, message.uid, folder)
        else:
            self.mailbox.copy(message, folder)
        thread = self.truth.thread(message.people("To")[0], subject_of(message.raw))
        if thread is not None and folder.endswith("Stop"):
            thread.off = thread.off_for_good = True
        elif thread is not None:
            thread.off = False  # his later word holds
            if ran:
                thread.say_yes()
                thread.marked, thread.stopped = True, False

    def tidies(self, folder: str) -> None:
        """All that lies in INBOX goes where it belongs."""
        for message in list(self.mailbox.boxes["INBOX"].messages):
            self.mailbox.box(folder)
            self.mailbox.move("INBOX", message.uid, folder)

    # ---- at the command line

    def approves_all(self) -> None:
        """The consultant says yes to what the program shows as waiting; what may have left counts as left."""
        for machine in self.machines:
            office = machine.office
            work = office.desk(self.now)
            for e in office.store.enrollments.live():
                if doubts := [d for d in e.deliveries if d.status.value == "uncertain"]:
                    desk.skip(work, e)
                    self._leaves_out(office, e, doubts[0].number)
            waiting = office.store.enrollments.all(State.WAITING)
            desk.approve_all(work)
            for e in waiting:
                if e.code == WISH:  # no yes to all is one to it
                    desk.approve(work, e)
                self._said_yes(office, e)

    def _leaves_out(self, office: Office, e: Enrollment, number: int) -> None:
        if thread := self.thread_of(office, e.address, e.conversation):
            thread.left_out.add(f"{e.sequence}/{number}")
            thread.left_at = self.now

    def _said_yes(self, office: Office, e: Enrollment) -> None:
        thread = self.thread_of(office, e.address, e.conversation)
        if thread is None:
            return
        thread.yes, thread.snoozed_until = True, None
        if e.code in _SHOWN:  # the yes is to what is shown: that they wrote
            thread.say_yes()
        if e.code.startswith("step:text-3"):
            self.truth.approved_steps.add((e.address, f"{e.sequence}/3"))

    def thread_of(self, office: Office, address: str, conversation: int | None) -> Thread | None:
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
                    heard.append(self.thread_of(office, address, e.conversation))
        for thread in filter(None, heard):
            thread.declined = True
            thread.stopped = thread.stopped or heard.count(thread) == len(self.machines)

    def suppresses(self, address: str) -> None:
        self.truth.forbidden.add(address)
        self.truth.forbidden_here.add(address)
        for machine in self.machines:
            desk.suppress(machine.office.desk(self.now), address)

    def snoozes(self, address: str, until: datetime) -> None:
        """Of one machine: another would not know."""
        office = self.machines[0].office
        for e in office.store.enrollments.of_address(address):
            thread = self.thread_of(office, e.address, e.conversation)
            if e.state.live and thread is not None:
                desk.snooze(office.desk(self.now), e, until)
                thread.snoozed_until = office.store.enrollments.get(e.id).until  # type: ignore[union-attr]

    def resumes(self, address: str) -> None:
        """On with what rests, was stopped, or was answered; that asks once more."""
        office = self.machines[0].office
        for e in office.store.enrollments.of_address(address)[-1:]:
            thread, was = self.thread_of(office, e.address, e.conversation), e.state
            with contextlib.suppress(UserError):
                desk.resume(office.desk(self.now), e)
                now = office.store.enrollments.get(e.id)
                if thread is not None and now is not None and was is not State.ACTIVE:
                    self._resumed(thread, e, now)

    def _resumed(self, thread: Thread, before: Enrollment, now: Enrollment) -> None:
        if now.state is State.WAITING:  # they had answered; the yes to that is still to come
            thread.revived = True
            return
        thread.say_yes()
        thread.stopped, thread.off, thread.away_until = False, False, None  # his later word holds
        if before.code.startswith("step:text-3"):
            self.truth.approved_steps.add((before.address, f"{before.sequence}/3"))

    def forgets(self, address: str) -> None:
        """All that is known of somebody goes, and they are never mailed again."""
        with contextlib.suppress(UserError):
            keeping.forget(self.machines[0].office, address, self.now)
            self.truth.forbidden.add(address)
            self.truth.forbidden_here.add(address)

    def resumes_all(self) -> None:
        self.truth.paused_until = None
        for machine in self.machines:
            desk.resume_all(machine.office.desk(self.now))

    def pauses(self, until: datetime) -> None:
        self.truth.paused_until = until
        for machine in self.machines:
            desk.pause(machine.office.desk(self.now), until)
