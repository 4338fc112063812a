"""Lets the days pass: the real product goes its rounds on real sockets, the cast answers, and the clock jumps between.

Nothing sleeps. The clock stands still during a round, and then jumps to what comes next: somebody writes, something is
due, or the next week begins.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from followmail import desk, enrolling, telling
from followmail.contacts import Contact
from followmail.imap import reader
from followmail.imap.session import Session
from followmail.mail.identity import canonical
from followmail.rounds import Office, go_round
from followmail.sandbox import cast, letters
from followmail.sandbox.cast import CAST, INTRODUCER, ME, ME_NAME, OPENS, ZONE, Form, Letter, Prospect, Reaction
from followmail.sandbox.letters import Mail
from followmail.sandbox.promises import Filed, Heard, Record, read_suppressed
from followmail.sandbox.servers import HOST, Servers
from followmail.sandbox.story import Happening, Line, Narrator
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment
from followmail.settings import load
from followmail.store.events import Event

PASSWORD = "sandbox"
FOLDERS = ("Sent", "Drafts", "Junk", "Trash")  # pymap begins with INBOX alone
ANSWERS_AFTER = timedelta(hours=1)  # so long Alex takes for a yes or a no
_SOON = timedelta(minutes=2)
_LARGEST = 1_000_000  # bytes of a mail


class Clock:
    """The sandbox's clock: stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now


def values(servers: Servers, home: Path) -> dict[str, str]:
    """The sandbox's configuration, as it would stand in config.env."""
    return {
        "FOLLOWMAIL_ADDRESS": ME,
        "FOLLOWMAIL_NAME": ME_NAME,
        "FOLLOWMAIL_IMAP_HOST": HOST,
        "FOLLOWMAIL_IMAP_PORT": str(servers.imap_port),
        "FOLLOWMAIL_IMAP_SECURITY": "none",
        "FOLLOWMAIL_SMTP_HOST": HOST,
        "FOLLOWMAIL_SMTP_PORT": str(servers.smtp_port),
        "FOLLOWMAIL_SMTP_SECURITY": "none",
        "FOLLOWMAIL_PASSWORD": PASSWORD,
        "FOLLOWMAIL_DATABASE": str(home / "followmail.db"),
        "FOLLOWMAIL_TIMEZONE": ZONE,
        "FOLLOWMAIL_MODE": "send",
        "FOLLOWMAIL_DETECT": "enroll",
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one of the cast stands in the end. `state` None: never followed up."""

    prospect: Prospect
    mails: int
    state: str | None
    why: str


@dataclass(slots=True)
class Play:
    """One performance. `tell` gets each line as it happens; `over` is asked between rounds."""

    servers: Servers
    clock: Clock
    home: Path
    tell: Callable[[Line], None]
    over: Callable[[], bool] = lambda: False
    lines: list[Line] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    yeses: list[tuple[str, datetime]] = field(default_factory=list)
    _agenda: list[tuple[datetime, int, Callable[[], Iterator[Happening]]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _happenings: list[Happening] = field(default_factory=list)
    _hands: dict[str, list[Mail]] = field(default_factory=dict)  # whoever got a mail has it
    _carried: int = 0  # so many mails were put into the prospects' hands
    _told: int = 0  # so many events were told
    _office: Office | None = None
    _session: Session | None = None
    _client: Session | None = None  # Alex's mail program, and the provider that brings the mail

    # ---- the performance

    def __enter__(self) -> "Play":
        self._office = Office.open(load(None, values(self.servers, self.home), directory=self.home))
        self._office.tell = self._while_writing
        self._session, self._client = self._office.connect(), self._office.connect()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._client, self._session, self._office):
            if one is not None:
                one.close()

    @property
    def office(self) -> Office:
        assert self._office is not None, "used outside of its `with`"
        return self._office

    @property
    def client(self) -> Session:
        assert self._client is not None, "used outside of its `with`"
        return self._client

    @property
    def session(self) -> Session:
        assert self._session is not None, "used outside of its `with`"
        return self._session

    def perform(self) -> None:
        """From followmail's first look until nothing more is due."""
        for folder in FOLDERS:
            self.client.create(folder)
        self._past()
        self._write_agenda()
        next_due: datetime | None = None
        while (moment := self._next(next_due)) is not None and not self.over():
            self.clock.now = moment
            while self._agenda and self._agenda[0][0] <= moment:
                self._happenings += heapq.heappop(self._agenda)[2]()
            next_due = self._round()

    def _next(self, next_due: datetime | None) -> datetime | None:
        """The next moment that matters: somebody acts, something is due, or a week begins while one is open."""
        calendar = self.office.settings.calendar
        moments = [self._agenda[0][0]] if self._agenda else []
        if any(e.state.value in ("active", "paused") for e in self.office.store.enrollments.live()):
            moments += [next_due] if next_due else []
            today = calendar.local_date(self.clock.now)
            moments.append(calendar.opening_of(today + timedelta(days=7 - today.weekday())))
        return min(moments, default=None)

    def _round(self) -> datetime | None:
        """One round of the product; when it wants the next one."""
        report = go_round(self.office, self.session, self.clock)
        self._carry()
        self._narrate()
        soon = self.clock.now + _SOON if report.tally.sent or report.tally.enrolled else None
        due = report.tally.next_due
        return min((m for m in (soon, due) if m is not None and m > self.clock.now), default=None)

    def _narrate(self) -> None:
        store = self.office.store
        events = store.events.since(OPENS.astimezone(UTC))[self._told :]
        self._told += len(events)
        narrator = Narrator({p.address: p for p in CAST})
        enrollments = {e.id: e for event in events if (e := store.enrollments.get(event.enrollment or 0))}
        for line in narrator.lines(self.clock.now, self._happenings, events, enrollments):
            self.lines.append(line)
            self.tell(line)
        self._happenings = []
        for event in events:
            self._asked(event)

    def _at(self, moment: datetime, action: Callable[[], Iterator[Happening]]) -> None:
        heapq.heappush(self._agenda, (moment.astimezone(UTC), next(self._order), action))

    # ---- what Alex does

    def _past(self) -> None:
        """What lies in the mailbox before followmail first looks."""
        for prospect in CAST:
            if prospect.letter is Letter.CONTRACT:
                self._arrives(letters.client_wrote(prospect, cast.CLIENT_WROTE_ON), cast.CLIENT_WROTE_ON)
            if prospect.letter is Letter.INTRODUCED:
                self._arrives(letters.introduction(INTRODUCER, prospect, cast.INTRODUCED_ON), cast.INTRODUCED_ON)
            if prospect.wrote < OPENS:
                self._writes(prospect)

    def _write_agenda(self) -> None:
        early = tuple(p.address for p in CAST if p.wrote < OPENS)
        names = _names([p for p in CAST if p.wrote < OPENS])
        first = Happening(f"followmail looks for the first time, and finds your mail of 22 April to {names}", early)
        self._at(OPENS, lambda: iter((first,)))
        for moment in sorted({p.wrote for p in CAST if p.wrote >= OPENS}):
            self._at(moment, partial(self._write_letters, moment))
        self._at(cast.MET_ON, self._meet)
        self._at(cast.INVITED_ON, self._invite)

    def _write_letters(self, moment: datetime) -> Iterator[Happening]:
        """Alex's own mails of this moment, told by what they are."""
        told = {
            (Letter.PROPOSAL, Letter.GERMAN): "You send a proposal to {}",
            (Letter.CONTRACT,): "You ask {}, a client of yours, to look at a contract",
            (Letter.INTRODUCED,): f"You answer {INTRODUCER.first}, who has introduced {{}}",
            (Letter.PRIVATE,): "You write to {}: “See you tonight at eight”",
        }
        for kinds, text in told.items():
            people = [p for p in CAST if p.wrote == moment and p.letter in kinds]
            for prospect in people:
                self._writes(prospect)
            otherwise = "asks nothing: not followed up"
            yield Happening(text.format(_names(people)), tuple(p.address for p in people), otherwise)

    def _writes(self, prospect: Prospect) -> None:
        introduced = prospect.letter is Letter.INTRODUCED
        before = letters.introduction(INTRODUCER, prospect, cast.INTRODUCED_ON) if introduced else None
        copy_to = f"{INTRODUCER.name} <{INTRODUCER.address}>" if introduced else ""
        mail = letters.letter(prospect, prospect.wrote, before, copy_to)
        self.client.append("Sent", mail.data, ("\\Seen",), prospect.wrote)
        self._hand_over(prospect.address, mail)
        if introduced:
            self._hand_over(INTRODUCER.address, mail)

    def _invite(self) -> Iterator[Happening]:
        for prospect in CAST:
            if any(r.form is Form.ACCEPT for r in prospect.reactions):
                mail = letters.invitation(prospect, self.clock.now, self._hands[prospect.address][-1])
                self.client.append("Sent", mail.data, ("\\Seen",), self.clock.now)
                self._hands[prospect.address].append(mail)
                told = f"You invite {prospect.first} to a call"
                yield Happening(told, (prospect.address,), "delays count anew from here")

    def _meet(self) -> Iterator[Happening]:
        """Alex enrolls by hand whom he met."""
        (prospect,) = (p for p in CAST if p.letter is Letter.NONE and p is not INTRODUCER)
        met_on = self.office.settings.calendar.local_date(self.clock.now)
        contact = Contact(prospect.address, prospect.name, met_on, cast.MET_WHERE, cast.MET_ABOUT)
        work = self.office.desk(self.clock.now)
        enrolling.enroll(work, contact, work.sequences["nice-to-meet-you"])
        command = f"followmail enroll {prospect.address} --sequence nice-to-meet-you"
        yield Happening(f"You met {prospect.first} at the {cast.MET_WHERE}: {command}", (prospect.address,))

    def _asked(self, event: Event) -> None:
        """followmail asks: Alex says yes or no a little later, or nothing at all."""
        prospect = next((p for p in CAST if p.address == event.address), None)
        if event.event == Happened.WAITING and prospect is not None and prospect.if_asked:
            self._at(self.clock.now + ANSWERS_AFTER, partial(self._word, prospect))

    def _word(self, prospect: Prospect) -> Iterator[Happening]:
        work = self.office.desk(self.clock.now)
        action: Callable[[desk.Desk, Enrollment], str] = {"approve": desk.approve, "stop": desk.stop}[prospect.if_asked]
        (e,) = desk.find(work, [prospect.address])
        action(work, e)
        if prospect.if_asked == "approve":
            self.yeses.append((prospect.address, self.clock.now))
        said = "yes" if prospect.if_asked == "approve" else "no"
        yield Happening(f"You say {said}: followmail {prospect.if_asked} {prospect.address}", (prospect.address,))

    # ---- what prospects do

    def _carry(self) -> None:
        """What the SMTP server took goes into the hands of those it was for."""
        for delivered in self.servers.delivered[self._carried :]:
            self._carried += 1
            for address in delivered.recipients:
                self._hand_over(canonical(address), Mail.read(delivered.data))

    def _hand_over(self, address: str, mail: Mail) -> None:
        hand = self._hands.setdefault(address, [])
        ours = sum(address in d.recipients for d in self.servers.delivered[: self._carried])
        hand.append(mail)
        prospect = next((p for p in CAST if p.address == address), None)
        for reaction in prospect.reactions if prospect else ():
            if prospect and reaction.to == ours and reaction.wait is not None:
                self._at(max(prospect.wrote, self.clock.now) + reaction.wait, partial(self._react, prospect, reaction))

    def _react(self, prospect: Prospect, reaction: Reaction) -> Iterator[Happening]:
        number = prospect.reactions.index(reaction) + 1
        mail = letters.reaction(prospect, reaction, number, self.clock.now, self._hands[prospect.address][-1])
        self._arrives(mail, self.clock.now, reaction.folder)
        self.heard.append(Heard(mail.id, prospect.address, reaction.holds, reaction.until, reaction.suppresses))
        yield Happening(reaction.told.format(text=reaction.text), (prospect.address,))

    def _while_writing(self, event: str, told: Mapping[str, object]) -> None:
        """The product has just written a mail that is to leave in a moment: who answers now?"""
        e = self.office.store.enrollments.get(int(str(told["enrollment"]))) if event == "queued" else None
        for prospect in CAST if e is not None else ():
            for reaction in prospect.reactions:
                if e is not None and prospect.address == e.address and reaction.wait is None:
                    self._happenings += self._react(prospect, reaction)

    def _arrives(self, mail: Mail, at: datetime, folder: str = "INBOX") -> None:
        self.client.append(folder, mail.data, (), at)

    # ---- what is left in the end

    def record(self) -> Record:
        """What the servers saw and what lies in the mailbox: all that the promises are judged by."""
        suppressed = self.office.store.suppressions.path
        return Record(
            delivered=self.servers.delivered,
            mailbox=tuple(self._mailbox()),
            heard=tuple(self.heard),
            yeses=tuple(self.yeses),
            told=tuple(event for line in self.lines for event in line.told),
            standing={s.prospect.address: (s.state, s.why) for s in self.standing() if s.state},
            owed={p.address: p.gets for p in CAST},
            suppressed=read_suppressed(suppressed.read_text("utf-8") if suppressed.exists() else ""),
        )

    def _mailbox(self) -> Iterator[Filed]:
        """Every message that lies in the account, read as any mail program would."""
        with self.office.connect() as session:
            for folder in session.folders():
                for head in list(reader.heads(session, folder.name, reader.uids_from(session, folder.name, 1))):
                    yield Filed(folder.name, head.arrived, reader.whole(session, folder.name, head.uid, _LARGEST))

    def standing(self) -> list[Standing]:
        """Where each of the cast stands, as followmail's own commands tell it."""
        c = self.office.cycle(self.clock.now)
        return [self._standing(c, prospect) for prospect in CAST]

    def _standing(self, c: Any, prospect: Prospect) -> Standing:
        mails = sum(prospect.address in d.recipients for d in self.servers.delivered)
        mine = telling.prospect_rows(c, c.store.enrollments.of_address(prospect.address))
        if mine:
            return Standing(prospect, mails, mine[-1]["state"], mine[-1]["why"])
        told = telling.explain(c, prospect.address)
        failed = [rule for rule in told["rules"] if not rule["passed"]] if told else []
        why = next((r["detail"] for r in failed if r["rule"].startswith("nudge:")), "") or "only stood in Cc"
        return Standing(prospect, mails, None, why)


def _names(people: list[Prospect]) -> str:
    firsts = [p.first for p in people]
    return " and ".join([", ".join(firsts[:-1]), firsts[-1]] if len(firsts) > 1 else firsts)
