"""Plays a script on the real code: real rounds, a real SQLite file, and a mailbox, a mail server and a clock that lie.

Life(script(7), folder).play()      raises Broken where a promise is, with the number of the action that broke it
"""

import contextlib
import random
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from followmail import desk, smtp
from followmail.errors import FollowmailError
from followmail.rounds import Office, go_round
from followmail.sequence.steps import State
from followmail.settings import load
from followmail.store import opening
from tests.simulation.mailbox import Killed, Mailbox, SimSession, Stored
from tests.simulation.script import FAULTS, ZONE, Action, Script
from tests.simulation.truth import OWN, Broken, Thread, Truth, bare

ALEX = f"Alex Consultant <{OWN}>"
_STEP = re.compile(r"\[([a-z]+/\d)\]")
_TEXT = "Hello {name},\n\ncould you look at my proposal about {subject}, and tell me what you think of it?\n\nBest regards\nAlex"
_FINAL_CALM = 15  # business days after the last action in which everything open must come to its end
LIMIT, GAP = 4, 90
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAYS = {
    1: "I wanted to make sure that my note reached you.",
    2: "Is this the wrong moment, shall I come back to it in summer?",
    3: "Some months went by since we were in touch; has anything changed on your side?",
}


class Life:
    """One consultant, one mailbox, one followmail (now and then two)."""

    def __init__(self, script: Script, home: Path) -> None:
        self.script = script
        self.home = home
        self.mode = script.mode
        self.mailbox = Mailbox()
        self.mailbox.put, self.mailbox.moved = self._put, self._moved
        self.truth = Truth(LIMIT, GAP, script.detect == "enroll")
        self.now = script.actions[0].at
        self.skew = timedelta()
        self.number = 0
        self.looked: datetime | None = None  # the last look that was complete
        self.laid: dict[str, bytes] = {}
        self.backup: tuple[dict[str, bytes], dict[int, bool], int, datetime | None] | None = None
        self.ran = False
        self._faults: tuple[str, int] = ("", 0)
        self._smtp_fault = ""
        self._commits = 0
        self._templates()
        self.office: Office | None = None

    # ---- the stage

    def _templates(self) -> None:
        for name, trigger in (("nudge", "sent"), ("stalled", "stalled")):
            folder = self.home / "templates" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "sequence.txt").write_text(f"Trigger: {trigger}\nAsks: yes\n")
            for step, after in ((1, "4 business days"), (2, "8 business days"), (3, "40 days\nApprove: yes")):
                (folder / f"{step}-text-{step}.txt").write_text(
                    f"After: {after}\n\n{{{{ greeting }}}}\n\n{_SAYS[step]} [{name}/{step}]\n\nBest regards\n"
                )

    def _open(self, home: str = "home") -> Office:
        database = self.home / home / "followmail.db"
        options = {
            "FOLLOWMAIL_ADDRESS": OWN,
            "FOLLOWMAIL_NAME": "Alex Consultant",
            "FOLLOWMAIL_IMAP_HOST": "imap.sim",
            "FOLLOWMAIL_SMTP_HOST": "smtp.sim",
            "FOLLOWMAIL_PASSWORD": "secret",
            "FOLLOWMAIL_DATABASE": str(database),
            "FOLLOWMAIL_TEMPLATES": str(self.home / "templates"),
            "FOLLOWMAIL_TIMEZONE": "Europe/Berlin",
            "FOLLOWMAIL_MODE": self.mode,
            "FOLLOWMAIL_DETECT": self.script.detect,
            "FOLLOWMAIL_DAILY_LIMIT": str(LIMIT),
            "FOLLOWMAIL_GAP": str(GAP),
            "FOLLOWMAIL_DIGEST": "off",
        }
        return Office.open(load(None, options, directory=self.home))

    def _close(self) -> None:
        if self.office is not None:
            self.office.close()
            self.office = None

    @property
    def followmail(self) -> Office:
        if self.office is None:
            self.office = self._open()
        return self.office

    # ---- playing

    def play(self) -> "Life":
        """The whole life, then some calm weeks in which all that is open must come to its end."""
        random.seed(self.script.seed)
        with self._staged():
            try:
                for number, action in enumerate(self.script.actions):
                    self.number, self.now = number, max(self.now, action.at)
                    getattr(self, "_" + action.what.replace("-", "_"))(action)
                    self._check()
                self._calm()
            except Broken as fault:
                raise Broken(f"{fault}\n  in action {self.number} of the life {self.script.seed}") from None
            finally:
                self._close()
        return self

    @contextlib.contextmanager
    def _staged(self) -> Iterator[None]:
        real = opening.Database.execute_sql

        def execute(database: Any, sql: str, params: Any = None) -> Any:
            if sql.startswith(("INSERT", "UPDATE", "DELETE")) and self._faults[0] == "kill-at-commit":
                self._commits += 1
                if self._commits == self._faults[1]:
                    raise Killed("commit")
            return real(database, sql, params)

        with patch.object(opening.Database, "execute_sql", execute), patch.object(smtp, "submit", self._submit):
            yield

    # ---- what the program does, seen from outside

    def _put(self, folder: str, raw: bytes) -> None:
        mail = message_from_bytes(raw)
        step = _step_of(raw)
        if folder == "Drafts":
            self.laid[str(mail["Message-ID"])] = raw
            self.truth.laid(self.now, _people(raw), step, _subject(raw))
        elif folder not in ("Sent", "INBOX"):
            raise Broken(f"I10: followmail puts a message into {folder}")

    def _moved(self, source: str, message: Stored, target: str) -> None:
        ours = self.laid.get(f"<{message.id}>") == message.raw
        late_copy = source == "Sent" and message.id.startswith("fm1.")
        if not (source == "Drafts" and ours) and not late_copy:
            raise Broken(f"I10: followmail moves '{message.value('Subject')}' from {source} to {target}")

    def _submit(
        self, server: object, sender: str, recipients: Sequence[str], data: bytes, *, before_dot: Callable[[], None],
        local_hostname: str, settle: Callable[[smtp.Outcome], None] = lambda outcome: None,
    ) -> smtp.Outcome:  # fmt: skip
        fault, self._smtp_fault = self._smtp_fault, ""
        if fault == "refused":
            return smtp.NotSent(True, None, "", "connection refused", scope="account")
        if fault == "greylisted":
            return smtp.NotSent(True, 451, "4.7.1", "try again later", recipient=recipients[0])
        if fault == "kill-before-dot":
            raise Killed("before the dot")
        before_dot()
        if fault == "kill-at-dot":
            raise Killed("at the dot")
        if fault != "lost":
            self._delivered(recipients, data)
        if fault == "kill-after-dot":
            raise Killed("after the dot")
        outcome = smtp.Unknown("cut") if fault in ("lost", "in-doubt") else smtp.Sent(250, "ok")
        settle(outcome)
        return outcome

    def _delivered(self, recipients: Sequence[str], data: bytes) -> None:
        mail = message_from_bytes(data)
        if sorted(_people(data)) != sorted(recipients):
            raise Broken(f"I9: the mail says {_people(data)}, the envelope {recipients}")
        self.truth.left(self.now, recipients, str(mail["Message-ID"]), _step_of(data), _subject(data))

    # ---- looks

    def _looks(self, action: Action) -> None:
        """One round, which may end badly; then others while something is to leave within minutes."""
        with self._misfortune(action):
            again = self._one_round(self.followmail)
        for _ in range(LIMIT + 2):
            if not again:
                return
            self.now += timedelta(minutes=2)
            again = self._one_round(self.followmail)

    @contextlib.contextmanager
    def _misfortune(self, action: Action) -> Iterator[None]:
        """What goes wrong in one round."""
        folder = action.how.partition("-unreadable")[0] if action.how.endswith("-unreadable") else ""
        shown = self.now + timedelta(days=action.number)
        wrong = (
            action.how == "wrong-clock"
            and self.looked is not None
            and not (self.looked - timedelta(hours=2) < shown < self.looked + timedelta(days=61))
        )
        self._faults, self._commits, self._smtp_fault = (action.how, action.number), 0, action.how
        self.mailbox.broken |= {folder} - {""}
        self.truth.broken_folder, self.truth.clock_wrong = bool(folder), wrong
        self.skew = timedelta(days=action.number) if wrong else timedelta()
        try:
            yield
        finally:
            self._faults, self._smtp_fault, self.skew = ("", 0), "", timedelta()
            self.mailbox.broken.clear()
            self.truth.broken_folder = self.truth.clock_wrong = False

    def _one_round(self, office: Office) -> bool:
        """A round; whether another within minutes makes sense."""
        commands = 0

        def fault(command: str) -> str:
            nonlocal commands
            commands += 1
            return self._faults[0] if commands == self._faults[1] and self._faults[0] in FAULTS else ""

        self.ran = True
        try:
            with SimSession(self.mailbox, fault) as session:
                report = go_round(office, session, lambda: self.now + self.skew)  # type: ignore[arg-type]
        except Killed:
            if office is self.office:
                self._close()
            return True
        except FollowmailError:
            return False
        if office is self.office and not self.mailbox.broken - {"Sent", "Drafts"}:
            self.looked = self.now  # what came in is shown, whatever holds
        due = report.tally.next_due
        return due is not None and due - self.now < timedelta(minutes=4)

    def _check(self) -> None:
        """What must hold at every moment."""
        counts: dict[tuple[str, str, str], int] = {}
        for message in self.mailbox.boxes["Sent"].messages:
            if (step := _step_of(message.raw)) and not message.value("X-Edited"):
                for address in _people(message.raw):
                    key = (address, _subject(message.raw), step)
                    counts[key] = counts.get(key, 0) + 1
        twice = [key for key, count in counts.items() if count > 1]
        if twice:
            raise Broken(f"two copies, or two mails, of one step stand in Sent: {twice[0]}")

    # ---- people

    def _address(self, who: int) -> str:
        return f"pat{who}@gmail.com" if who % 5 == 0 else f"pat{who}@firm{who}.example"

    def _subject_of(self, who: int, how: str) -> str:
        return f"matter {who}" + (" again" if how == "second" else "")

    def _writes(self, action: Action, bcc: str = "") -> None:
        """The consultant writes to somebody: a first mail, another one in the thread, or about something else."""
        address, subject = self._address(action.who), self._subject_of(action.who, action.how)
        thread = self.truth.thread(address, subject)
        before = self._last_in(address, subject)
        text = _TEXT.format(name=f"Pat{action.who}", subject=subject)
        raw = _mail(
            ALEX,
            f"Pat{action.who} Doe <{address}>",
            ("Re: " if before else "") + subject,
            text,
            self.now,
            before,
            bcc=bcc,
        )
        self.mailbox.boxes["Sent"].add(raw, self.now, ("\\Seen",))
        if thread is None:
            thread = Thread(address, subject, self.now, before_first_run=not self.ran)
            self.truth.threads.append(thread)
        thread.write(self.now)
        thread.before_first_run = not self.ran
        thread.yes = thread.yes or (bool(bcc) and self.ran)

    def _marks(self, action: Action) -> None:
        self._writes(action, bcc="alex+nudge@consult.example")

    def _last_in(self, address: str, subject: str) -> Stored | None:
        """The latest message that the consultant wrote in a thread."""
        mine = [
            m
            for _, m in self.mailbox.everywhere()
            if _subject(m.raw) == subject and address in m.people("To") and OWN in m.people("From")
        ]
        return max(mine, key=lambda m: m.sent_at, default=None)

    def _answers(self, action: Action) -> None:
        address, how = self._address(action.who), action.how
        threads = [t for t in self.truth.of(address) if t.wrote_at <= self.now]
        if not threads:
            return
        thread = threads[-1]
        anchor = self._last_in(address, thread.subject)
        assert anchor is not None
        if how.startswith("reply"):
            self._replies(thread, anchor, how)
        else:
            getattr(self, "_says_" + how.replace("-", "_"))(action.who, thread, anchor)

    def _arrives(self, raw: bytes, folder: str = "INBOX") -> None:
        self.mailbox.boxes.setdefault(folder, self.mailbox.boxes["Archive"]).add(raw, self.now)

    def _replies(self, thread: Thread, anchor: Stored, how: str) -> None:
        sender = "pat.private@gmail.com" if how == "reply-from-private" else thread.address
        folder = {"reply-in-junk": "Junk", "reply-in-trash": "Trash", "reply-filed": "Archive"}.get(how, "INBOX")
        raw = _mail(
            f"Pat <{sender}>",
            ALEX,
            "Re: " + thread.subject,
            "Yes, let us do that. How about Tuesday at ten?",
            self.now,
            anchor,
        )
        if how == "reply-latin1":
            raw = raw.replace(b"Subject: Re: ", b"Subject: R\xe9: ", 1)
        self._arrives(raw, folder)
        thread.answered = True
        self._others_wait(thread, f"{sender} wrote elsewhere") if sender == thread.address else None

    def _others_wait(self, thread: Thread, why: str) -> None:
        for other in self.truth.of(thread.address):
            if other is not thread and not other.answered:
                other.needs_yes = why

    def _says_fresh_mail(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(
            _mail(
                f"Pat <{thread.address}>",
                ALEX,
                thread.subject,
                "We would like to go ahead. When can you start?",
                self.now,
                None,
            )
        )
        for mine in self.truth.of(thread.address):
            mine.needs_yes = "a fresh mail"

    def _says_other_thread(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(
            _mail(
                f"Pat <{thread.address}>",
                ALEX,
                f"Invoice {who}",
                "Where is the invoice of March, please?",
                self.now,
                None,
            )
        )
        for mine in self.truth.of(thread.address):
            mine.needs_yes = "wrote about something else"

    def _says_colleague(self, who: int, thread: Thread, anchor: Stored) -> None:
        domain = thread.address.rpartition("@")[2]
        if domain == "gmail.com":
            return
        self._arrives(
            _mail(
                f"Finance <cfo@{domain}>",
                ALEX,
                "Your offer",
                "We would like to go ahead with it. Can we talk?",
                self.now,
                None,
            )
        )
        for mine in self.truth.of(thread.address):
            mine.needs_yes = "somebody of the company wrote"

    def _says_own_colleague(self, who: int, thread: Thread, anchor: Stored) -> None:
        raw = _mail(
            "Sam <sam@consult.example>",
            f"Pat <{thread.address}>",
            "Re: " + thread.subject,
            "I will send you the plan on Monday.",
            self.now,
            anchor,
            cc=ALEX,
        )
        self._arrives(raw)
        thread.needs_yes = "a colleague answered them"

    def _says_thanks(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(
            _mail(
                f"Pat <{thread.address}>",
                ALEX,
                "Re: " + thread.subject,
                "Thanks Alex, will look at it.",
                self.now,
                anchor,
            )
        )
        thread.needs_yes = "acknowledged"
        self._others_wait(thread, "wrote elsewhere")

    def _says_later(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(
            _mail(
                f"Pat <{thread.address}>",
                ALEX,
                "Re: " + thread.subject,
                "Please call me in two weeks.",
                self.now,
                anchor,
            )
        )
        thread.needs_yes = "put off"
        self._others_wait(thread, "wrote elsewhere")

    def _says_away(self, who: int, thread: Thread, anchor: Stored) -> None:
        back = (self.now + timedelta(days=9)).astimezone(ZONE)
        text = f"I am out of the office until {back:%d %B %Y} and will answer then."
        self._arrives(
            _mail(
                f"Pat <{thread.address}>",
                ALEX,
                "Automatic reply: " + thread.subject,
                text,
                self.now,
                None,
                automatic=True,
            )
        )
        for mine in self.truth.of(thread.address):
            mine.away_until = back.replace(hour=0, minute=0)

    def _says_left(self, who: int, thread: Thread, anchor: Stored) -> None:
        text = "I no longer work here. Please write to eve@firm.example instead."
        self._arrives(
            _mail(
                f"Pat <{thread.address}>",
                ALEX,
                "Automatic reply: " + thread.subject,
                text,
                self.now,
                anchor,
                automatic=True,
            )
        )
        for mine in self.truth.of(thread.address):
            mine.stopped = True

    def _says_bounce(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(_report(anchor, thread.address, "5.1.1", "550 5.1.1 user unknown", self.now))
        for mine in self.truth.of(thread.address):  # a mail that is written to them later bounces by itself, or not
            mine.stopped = True

    def _says_bounce_soft(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(
            _report(
                anchor, thread.address, "4.2.2", "452 4.2.2 mailbox full, will be retried", self.now, action="delayed"
            )
        )

    def _says_forbids(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(
            _mail(
                f"Pat <{thread.address}>", ALEX, "Re: " + thread.subject, "Please stop writing to me.", self.now, anchor
            )
        )
        self.truth.forbidden.add(thread.address)

    def _says_accepts(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(_calendar_answer(thread, anchor, self.now))
        thread.answered = True

    def _says_ticket(self, who: int, thread: Thread, anchor: Stored) -> None:
        text = "We have received your request. Your ticket number is 4711. This is an automatic message."
        self._arrives(
            _mail(f"Desk <{thread.address}>", ALEX, "[Ticket 4711] received", text, self.now, None, automatic=True)
        )

    # ---- the consultant

    def _handles_drafts(self, action: Action) -> None:
        box = self.mailbox.boxes["Drafts"]
        for message in list(box.messages):
            if action.how == "leave":
                continue
            box.remove(message.uid)
            if action.how == "delete":
                self._deletes(message)
            else:
                self._sends(message, action.how)

    def _deletes(self, message: Stored) -> None:
        self.mailbox.boxes["Trash"].add(message.raw, self.now, ("\\Seen", "\\Draft"))

    def _sends(self, message: Stored, how: str) -> None:
        raw = message.raw
        if how == "edit":
            raw = raw.replace(b" [", b", and I hope that you are well. [", 1)
        if how in ("edit", "new-id"):
            raw = raw.replace(message.id.encode(), f"client.{self.number}.{message.uid}@consult.example".encode(), 1)
        date = format_datetime(self.now).encode()
        raw = re.sub(rb"\r\nDate: [^\r]*", b"\r\nDate: " + date, raw, count=1)
        self.mailbox.boxes["Sent"].add(raw, self.now, ("\\Seen",))
        subject, step = _subject(raw), _step_of(raw)
        for address in _people(raw):
            self.truth.reached(address, subject, step)
            thread = self.truth.thread(address, subject)
            if thread is not None:
                thread.yes = True

    def _approves_all(self, action: Action) -> None:
        """The consultant says yes to what the program shows as waiting; what may have left counts as left."""
        office = self.followmail
        work = office.desk(self.now)
        for e in office.store.enrollments.live():
            if any(d.status.value == "uncertain" for d in e.deliveries):
                desk.skip(work, e)
        waiting = office.store.enrollments.all(State.WAITING)
        desk.approve_all(work)
        for e in waiting:
            thread = self._thread_of(office, e.address, e.conversation)
            if thread is None:
                continue
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

    def _stops(self, action: Action) -> None:
        office, address = self.followmail, self._address(action.who)
        for e in office.store.enrollments.of_address(address):
            if e.state.live:
                desk.stop(office.desk(self.now), e)
                thread = self._thread_of(office, address, e.conversation)
                if thread is not None:
                    thread.stopped = True

    def _suppresses(self, action: Action) -> None:
        address = self._address(action.who)
        desk.suppress(self.followmail.desk(self.now), address)
        self.truth.forbidden.add(address)

    def _pauses(self, action: Action) -> None:
        until = self.now + timedelta(days=action.number)
        desk.pause(self.followmail.desk(self.now), until)
        self.truth.paused_until = until

    def _changes_mode(self, action: Action) -> None:
        self.mode = action.how
        self._close()

    # ---- misfortunes

    def _restarts(self, action: Action) -> None:
        self._close()

    def _backs_up(self, action: Action) -> None:
        self._close()
        files = {
            p.name: p.read_bytes() for p in (self.home / "home").glob("followmail.db*") if not p.name.endswith(".lock")
        }
        self.backup = files, {id(t): t.yes for t in self.truth.threads}, len(self.truth.sent), self.looked

    def _restores(self, action: Action) -> None:
        if self.backup is None:
            return
        self._close()
        files, yes, sent, self.looked = self.backup
        self._forget_files()
        self._only_sent_remembers()
        for name, data in files.items():
            (self.home / "home" / name).write_bytes(data)
        left_since = len(self.truth.sent) > sent
        for thread in self.truth.threads:
            thread.yes = yes.get(id(thread), False) and not left_since
            thread.stopped = False
        self.truth.paused_until = None

    def _loses_database(self, action: Action) -> None:
        self._close()
        self._forget_files()
        self._only_sent_remembers()
        for thread in self.truth.threads:
            thread.yes, thread.stopped, thread.before_first_run = False, False, True
        self.truth.paused_until = None
        self.looked = None

    def _only_sent_remembers(self) -> None:
        """What left and has no copy in Sent cannot be known any more: it waits like the rest."""
        stands = {
            (a, _subject(m.raw), _step_of(m.raw)) for m in self.mailbox.boxes["Sent"].messages for a in _people(m.raw)
        }
        for thread in self.truth.threads:
            for step in list(thread.steps):
                if (thread.address, thread.subject, step) not in stands:
                    del thread.steps[step]
        self.truth.sent = [m for m in self.truth.sent if any((a, m.subject, m.step) in stands for a in m.recipients)]

    def _forget_files(self) -> None:
        for path in (self.home / "home").glob("followmail.db*"):
            path.unlink()

    def _rebuilds(self, action: Action) -> None:
        self.mailbox.rebuild(action.how)

    def _other_machine(self, action: Action) -> None:
        """A second followmail, with a database of its own, looks at the same mailbox."""
        other = self._open("other")
        try:
            self.truth.only_after_yes = True
            self._one_round(other)
        finally:
            self.truth.only_after_yes = False
            other.close()

    # ---- the end

    def _calm(self) -> None:
        """Nothing goes wrong any more, every yes is given and every draft sent: what is still owed must come."""
        self.mode = "send"
        self._close()
        self.truth.detect_enrolls = True
        for _ in range(_FINAL_CALM):
            self.now = _next_business_day(self.now)
            self._looks(Action(self.now, "looks"))
            self._handles_drafts(Action(self.now, "handles-drafts", how="send"))
            self._approves_all(Action(self.now, "approves-all"))
            self._looks(Action(self.now, "looks"))
            self._check()
        self._nothing_vanished()

    def _nothing_vanished(self) -> None:
        """I5: every enrollment is at its end with an event that says why, or says what it waits for."""
        office = self.followmail
        for e in office.store.enrollments.all():
            told = [event.event for event in office.store.events.of((e.id,))]
            if not e.state.live and e.state.value not in told:
                raise Broken(f"I5: {e.address} is {e.state} and no event says so: {told}")
            if any(d.status.value in ("sending", "handed-over") for d in e.deliveries):
                raise Broken(f"I5: a delivery to {e.address} is stuck: {[d.status.value for d in e.deliveries]}")


def _next_business_day(now: datetime) -> datetime:
    local = now.astimezone(ZONE) + timedelta(days=1)
    while local.weekday() >= 5:
        local += timedelta(days=1)
    return local.replace(hour=16, minute=40).astimezone(now.tzinfo)


@cache
def _step_of(raw: bytes) -> str:
    """The step that a mail is, by the mark in its own text, not in what it quotes."""
    body = raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    own = "\n".join(line for line in body.splitlines() if not line.startswith(">"))
    found = _STEP.search(own)
    return found[1] if found else ""


@cache
def _subject(raw: bytes) -> str:
    return bare(str(message_from_bytes(raw)["Subject"] or ""))


@cache
def _people(raw: bytes) -> tuple[str, ...]:
    return tuple(Stored(0, raw, EPOCH, set()).people("To", "Cc"))


def _mail(
    sender: str, to: str, subject: str, text: str, at: datetime, answers: Stored | None, *, bcc: str = "", cc: str = "",
    automatic: bool = False,
) -> bytes:  # fmt: skip
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{random.getrandbits(64):x}@{sender.rpartition('@')[2].rstrip('>')}>"
    if cc:
        mail["Cc"] = cc
    if bcc:
        mail["Bcc"] = bcc
    if answers is not None:
        mail["In-Reply-To"] = f"<{answers.id}>"
        mail["References"] = f"{answers.value('References')} <{answers.id}>".strip()
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
    if OWN not in sender:
        mail["Received"] = f"from mx by mail.consult.example; {format_datetime(at)}"
    mail.set_content(text)
    return mail.as_bytes()


def _report(anchor: Stored, address: str, status: str, said: str, at: datetime, action: str = "failed") -> bytes:
    """A delivery report (RFC 3464)."""
    head = (
        "From: Mail Delivery System <mailer-daemon@mail.consult.example>\r\nTo: "
        + OWN
        + "\r\nSubject: Undelivered Mail\r\n"
        f"Date: {format_datetime(at)}\r\nMessage-ID: <{random.getrandbits(64):x}@mail.consult.example>\r\n"
        "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\nReceived: from x by y\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    )
    parts = (
        f"--b\r\nContent-Type: text/plain\r\n\r\n<{address}>: {said}\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mail.consult.example\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{anchor.id}>\r\n\r\n--b--\r\n"
    )
    return (head + parts).encode()


def _calendar_answer(thread: Thread, anchor: Stored, at: datetime) -> bytes:
    body = (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1@consult.example\r\n"
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{thread.address}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    plain = _mail(f"Pat <{thread.address}>", ALEX, f"Accepted: {thread.subject}", "x", at, anchor).partition(
        b"\r\n\r\n"
    )[0]
    head = re.sub(rb"\r\nContent-[^\r]*|\r\nMIME-Version[^\r]*", b"", plain)
    return head + b"\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n" + body.encode()


def kept(script: Script, home: Path) -> str:
    """Plays a script in a fresh folder; what was broken, or empty."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    try:
        Life(script, home).play()
    except Broken as fault:
        return str(fault)
    return ""
