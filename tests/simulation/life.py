"""Plays a script on the real code: real rounds, a real SQLite file, and a mailbox, a mail server and a clock that lie.

Life(script(7), folder).play()      raises Broken where a promise is, with the number of the action that broke it
"""

import contextlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from followmail import smtp
from followmail.errors import FollowmailError
from followmail.mail.msgid import is_digest
from followmail.rendering import live
from followmail.rendering.load import Library, read, understood
from followmail.rounds import go_round
from followmail.store import opening
from tests.simulation import misfortunes
from tests.simulation.consultant import Consultant
from tests.simulation.digests import Digests
from tests.simulation.letters import people_of, step_of, subject_of
from tests.simulation.liveness import nothing_dropped, nothing_vanished
from tests.simulation.machine import GAP, Machine, write_template, write_templates
from tests.simulation.mailbox import Killed, Mailbox, SimSession, Stored
from tests.simulation.people import People
from tests.simulation.provider import Provider, is_providers
from tests.simulation.script import ANSWERS, FAULTS, ZONE, Action, Script
from tests.simulation.truth import OFF, Broken, Left, Truth
from tests.simulation.wording import understood_once

_FINAL_CALM = 8  # business days after the last action in which everything open must come to its end


@dataclass
class Trouble:
    """What goes wrong in one look, or comes between: at the `number`-th command, or statement that writes."""

    how: str = ""
    number: int = 0
    who: int = -1
    commands: int = 0
    statements: int = 0
    came: bool = False


class Life:
    """One consultant, one mailbox, one followmail (now and then two)."""

    def __init__(self, script: Script, home: Path) -> None:
        self.script = script
        self.home = home
        self.mailbox = Mailbox()
        self.mailbox.put, self.mailbox.moved = self._put, self._moved
        self.truth = Truth(script.limit, GAP, script.detect == "enroll")
        self.people = People(self.mailbox, self.truth, script.addresses)
        self.first = Machine("home", home, script.detect, script.limit, script.digest)
        self.second = Machine("other", home, script.detect, script.limit)
        self.first.mode = self.second.mode = script.mode
        self.consultant = Consultant(
            self.mailbox, self.truth, (self.first, self.second) if script.twins else (self.first,)
        )
        self.provider = Provider(self.mailbox, script.provider)
        self.people.received = self.provider.received
        self.digests = Digests(self.mailbox, self.consultant)
        self.now = script.actions[0].at
        self.number = 0
        self.looked: datetime | None = None  # the last look that was complete
        self.sure: datetime | None = None  # the last that was complete whatever one asks
        self.faulty: set[int] = set()  # templates
        self.skew = timedelta()
        self.trouble = Trouble()
        self.at_work, self.session = (self.first, SimSession(self.mailbox, lambda command: ""))
        self._laid: dict[str, bytes] = {}
        self.backup: misfortunes.Backup | None = None
        self._checked: object = None
        write_templates(home)

    # ---- playing

    def play(self) -> "Life":
        """The whole life, then some calm weeks in which all that is open must come to its end."""
        random.seed(self.script.seed)
        with self._staged():
            try:
                for number, action in enumerate(self.script.actions):
                    self.number, self.now = number, max(self.now, action.at)
                    self.people.now = self.consultant.now = self.now
                    self._does(action)
                    self._check()
                self._calm()
            except Broken as fault:
                raise Broken(f"{fault}\n  in action {self.number} of the life {self.script.seed}") from None
            finally:
                self.first.close()
                self.second.close()
        return self

    def _does(self, action: Action) -> None:
        what = action.what.replace("-", "_")
        if hasattr(misfortunes, what):
            getattr(misfortunes, what)(self, action)
        else:
            getattr(self, "_" + what)(action)

    @contextlib.contextmanager
    def _staged(self) -> Iterator[None]:
        database_of_one_thread = partial(opening.Database, thread_safe=False, cached_statements=1000)
        real, connect = opening.Database.execute_sql, opening.Database.connect

        def execute(database: Any, sql: str, params: Any = None) -> Any:
            if self.trouble.how == "kill-at-commit" and sql.startswith(("INSERT", "UPDATE", "DELETE")):
                self.trouble.statements += 1
                if self.trouble.statements == self.trouble.number:
                    raise Killed("commit")
            try:
                return database.connection().execute(sql, params or ())
            except sqlite3.Error:
                return real(database, sql, params)  # whose fault is the product's

        def quickly(database: Any, *args: Any, **kwargs: Any) -> Any:
            done = connect(database, *args, **kwargs)
            for pragma in ("journal_mode = memory", "synchronous = off", "locking_mode = exclusive"):
                real(database, f"PRAGMA {pragma}")  # it dies between statements here; elsewhere, at every system call
            return done

        with (
            patch.object(opening.Database, "execute_sql", execute),
            patch.object(opening.Database, "connect", quickly),
            patch.object(opening, "Database", database_of_one_thread),
            patch.object(live, "load", _load),
            patch.object(smtp, "submit", self._submit),
            understood_once(),
        ):
            yield

    # ---- what the program does, seen from outside

    def _put(self, folder: str, raw: bytes) -> None:
        if folder == "Drafts":
            draft = self._seen(people_of(raw), raw)
            self._laid[draft.id] = raw
            self.truth.laid(draft)
        elif folder == "INBOX" and is_digest(Stored(0, raw, self.now, set()).id):
            self.digests.came(raw, self.now)
            self.people.digest = self.digests.latest.message if self.digests.latest else None
        elif folder != "Sent":
            raise Broken(f"I10: followmail puts a message into {folder}")

    def _moved(self, source: str, message: Stored, target: str) -> None:
        ours = self._laid.get(message.id) == message.raw
        late_copy = source == "Sent" and message.id.startswith("fm1.")
        if source == "Drafts" and ours:
            self.truth.drafts = [d for d in self.truth.drafts if d.id != message.id]
        elif not late_copy:
            raise Broken(f"I10: followmail moves '{message.value('Subject')}' from {source} to {target}")

    def _seen(self, recipients: Sequence[str], raw: bytes) -> Left:
        message = Stored(0, raw, self.now, set())
        return Left(self.now, tuple(recipients), message.id, step_of(raw), subject_of(raw), self.at_work.name)

    def _submit(
        self, server: object, sender: str, recipients: Sequence[str], data: bytes, *, before_dot: Callable[[], None],
        local_hostname: str, settle: Callable[[smtp.Outcome], None] = lambda outcome: None,
    ) -> smtp.Outcome:  # fmt: skip
        fault, self.trouble.how = self.trouble.how, ""
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
        if sorted(people_of(data)) != sorted(recipients):
            raise Broken(f"I9: the mail says {people_of(data)}, the envelope {recipients}")
        mail = self._seen(recipients, data)
        senders = {m.by for m in self.truth.sent if m.id == mail.id}
        # the one gap: another machine sent it, and no copy stood in Sent when this one asked for it
        gap = senders == {self._other().name} and mail.id in self.session.missed
        self.truth.left(mail, in_the_gap=gap)
        self.provider.took(data, self.now)

    def _other(self) -> Machine:
        return self.second if self.at_work is self.first else self.first

    # ---- looks

    def _looks(self, action: Action) -> None:
        """One round, which may end badly; then others while something is to leave within minutes."""
        with self._misfortune(action):
            again = self._round(self.first)
            if action.how == "beside" and not self.trouble.came:
                self._beside()
        for _ in range(self.script.limit + 2):
            if not again:
                return
            self.now += timedelta(minutes=2)
            again = self._round(self.first)

    @contextlib.contextmanager
    def _misfortune(self, action: Action) -> Iterator[None]:
        """What goes wrong in one round."""
        folder = action.how.partition("-unreadable")[0] if action.how.endswith("-unreadable") else ""
        shown = self.now + timedelta(days=action.number)
        wrong = action.how == "wrong-clock" and not self._is_plausible(shown)
        self.trouble = Trouble(action.how, action.number, action.who)
        self.mailbox.broken |= {folder} - {""}
        self.truth.broken_folder, self.truth.clock_wrong = bool(folder), wrong
        self.skew = timedelta(days=action.number) if wrong else timedelta()
        try:
            yield
        finally:
            self.trouble, self.skew = Trouble(), timedelta()
            self.mailbox.broken.clear()
            self.truth.broken_folder = self.truth.clock_wrong = False

    def _is_plausible(self, moment: datetime) -> bool:
        """Whether a clock that shows this can be right."""
        if self.looked is None:
            return True
        return self.looked - timedelta(hours=2) < moment < self.looked + timedelta(days=60)

    def _round(self, machine: Machine) -> bool:
        """A round; whether another within minutes makes sense."""
        machine.ran = True
        self.provider.files(self.now)
        before = self.at_work, self.session
        self.at_work, self.session = machine, SimSession(self.mailbox, self._fault)
        try:
            report = go_round(machine.office, self.session, lambda: self.now + self.skew)  # type: ignore[arg-type]
        except Killed:
            machine.close()
            return True
        except FollowmailError:
            return False
        finally:
            self.session.close()
            self.at_work, self.session = before
        if machine is self.first and not self.mailbox.broken - {"Sent", "Drafts"} and self._is_plausible(self.now):
            self.looked = self.now  # what came in is shown, whatever holds
            self._complete()
        due = report.tally.next_due
        return due is not None and due - self.now < timedelta(minutes=4)

    def _complete(self) -> None:
        """A look of the first machine is over: whether all of it was read, and its clock believed, whatever one asks."""
        if self.mailbox.broken or self.skew or (self.sure and self.now - self.sure >= timedelta(days=60)):
            return
        self.sure = self.now
        if not self.faulty:
            self.truth.looked(self.now)

    def _fault(self, command: str) -> str:
        """Asked at each command of a session."""
        if command == "LIST":
            self.truth.look()
        trouble = self.trouble
        trouble.commands += 1
        if trouble.commands != trouble.number:
            return ""
        if trouble.how == "beside":
            self._beside()
        elif trouble.how.startswith("meanwhile-"):
            self._meanwhile(trouble)
        return trouble.how if trouble.how in FAULTS else ""

    def _beside(self) -> None:
        """The second machine makes a whole round, in the middle of the first one's."""
        trouble, self.trouble = self.trouble, Trouble()
        trouble.came = True
        self._round(self.second)
        self.trouble = trouble

    def _meanwhile(self, trouble: Trouble) -> None:
        """Somebody writes while the look is under way: only the next one can know."""
        self.truth.surprise()
        if trouble.how == "meanwhile-writes":
            self.people.hear(trouble.who, "again", self._ran())
        else:
            self.people.answer(trouble.who, ANSWERS[(trouble.who + trouble.number) % len(ANSWERS)])

    def _ran(self) -> set[str]:
        return {machine.name for machine in (self.first, self.second) if machine.ran}

    def _check(self) -> None:
        """What must hold at every moment."""
        sent = self.mailbox.boxes["Sent"]
        if self._checked == (sent.uidvalidity, sent.modseq):
            return
        self._checked = sent.uidvalidity, sent.modseq
        late = self.provider.how.endswith("late")  # a while there are two, ours and the provider's
        mails = [m for m in sent.messages if step_of(m.raw) and not (late and is_providers(m.raw))]
        ours = {m.id if self.script.twins else m.uid: m.raw for m in mails}  # both may file
        counts = Counter((who, subject_of(raw), step_of(raw)) for raw in ours.values() for who in people_of(raw))
        if twice := [key for key, count in counts.items() if count > self._silences(key)]:
            raise Broken(f"two copies, or two mails, of one step stand in Sent: {twice[0]}")

    def _silences(self, key: tuple[str, str, str]) -> int:
        thread = self.truth.thread(*key[:2])
        return thread.silences if thread else 1

    # ---- people and the consultant

    def _writes(self, action: Action) -> None:
        self.people.hear(action.who, action.how, self._ran())

    def _marks(self, action: Action) -> None:
        self.people.hear(action.who, action.how, self._ran(), bcc="alex+nudge@consult.example")

    def _marks_off(self, action: Action) -> None:
        self.people.hear(action.who, action.how, self._ran(), bcc=OFF)

    def _files_mark(self, action: Action) -> None:
        address = self.script.addresses[action.who]
        message = self.people.last_in(address, f"matter {action.who}", by_hand=True)
        self.consultant.marks(message, f"Followmail/{action.how}", ran=bool(self._ran()), moves=action.number == 1)

    def _tidies(self, action: Action) -> None:
        self.consultant.tidies(action.how)

    def _answers_digest(self, action: Action) -> None:
        self.digests.answers(action.how, action.number, self.now)

    def _answers(self, action: Action) -> None:
        self.people.answer(action.who, action.how)

    def _handles_drafts(self, action: Action) -> None:
        self.consultant.handles_drafts(action.how)

    def _approves_all(self, action: Action) -> None:
        if self.first.office.store.facts.text("clock_fault"):  # he is told, and knows that it is right
            self._ends_pause(action)
        self.consultant.approves_all()

    def _stops(self, action: Action) -> None:
        self.consultant.stops(self.script.addresses[action.who])

    def _suppresses(self, action: Action) -> None:
        self.consultant.suppresses(self.script.addresses[action.who])

    def _snoozes(self, action: Action) -> None:
        self.consultant.snoozes(self.script.addresses[action.who], self.now + timedelta(days=action.number))

    def _resumes(self, action: Action) -> None:
        self.consultant.resumes(self.script.addresses[action.who])

    def _forgets(self, action: Action) -> None:
        self.consultant.forgets(self.script.addresses[action.who])

    def _ends_pause(self, action: Action) -> None:
        """With which he says that the clock is right, now."""
        self.consultant.resumes_all()
        self.looked, self.sure = self.now, None

    def _pauses(self, action: Action) -> None:
        self.consultant.pauses(self.now + timedelta(days=action.number))

    def _changes_mode(self, action: Action) -> None:
        self.first.mode = action.how
        if action.number:
            self.first.take_up()
        else:
            self.first.close()

    def _edits_templates(self, action: Action) -> None:
        write_template(self.home, "nudge", action.number, action.how, self.number)
        self.faulty = self.faulty - {action.number} | ({action.number} if action.how == "break" else set())

    def _other_machine(self, action: Action) -> None:
        """A followmail that was set up later, with a database of its own, looks at the same mailbox."""
        self.truth.only_after_yes = True
        self._round(self.second)
        self.second.close()
        self.truth.only_after_yes = False

    # ---- the end

    def _calm(self) -> None:
        """Nothing goes wrong any more, every yes is given and every draft sent: what is still owed must come."""
        self.first.mode = "send"
        self.first.close()
        self.truth.detect_enrolls = True
        write_templates(self.home)
        self.faulty.clear()
        self._ends_pause(Action(self.now, "ends-pause"))
        began = self.now
        for _ in range(_FINAL_CALM):
            self.now = self.people.now = self.consultant.now = _next_business_day(self.now)
            self._looks(Action(self.now, "looks"))
            self.consultant.handles_drafts("send")
            self.consultant.approves_all()
            self._looks(Action(self.now, "looks"))
            self._check()
        if self.digests.unanswered:
            raise Broken(f"an order was never answered: {self.digests.unanswered[0]}")
        office = self.first.office
        nothing_vanished(office)
        nothing_dropped(self.truth, office, began, self.now, partial(self.consultant.thread_of, office))


def _load(folder: Path, *_: object) -> Library:
    """The same files are the same library, which is understood once."""
    files, unread = read(folder)
    assert not unread
    return _understood(folder, tuple(files.items()))


@lru_cache(maxsize=16)
def _understood(folder: Path, files: tuple[tuple[str, bytes], ...]) -> Library:
    return understood(folder, dict(files))


def _next_business_day(now: datetime) -> datetime:
    local = now.astimezone(ZONE) + timedelta(days=1)
    while local.weekday() >= 5:
        local += timedelta(days=1)
    return local.replace(hour=16, minute=40).astimezone(now.tzinfo)


def kept(script: Script, home: Path) -> str:
    """Plays a script in a fresh folder; what was broken, or empty."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    try:
        Life(script, home).play()
    except Broken as fault:
        return str(fault)
    return ""
