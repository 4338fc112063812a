"""Meetings: reads the calendar parts of new mail, and begins what a first meeting with somebody begins.

Of new mail a server is asked for its structure, in one FETCH a portion; only of calendar parts is anything read. When a
meeting is over it is judged; until the first mail after it has left it is watched, for it may yet be called off.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import UNSENT
from followmail.imap.structure import Part
from followmail.jobs.cycle import Cycle
from followmail.jobs.forgotten import event_less_forgotten
from followmail.jobs.judge.begin import Wish, begin
from followmail.jobs.judge.court import MAX_BROKEN, Court, guarded
from followmail.jobs.judge.incoming import count
from followmail.mail import event as mail_event
from followmail.mail import message as mail_message
from followmail.mail.identity import Person
from followmail.mail.kinds import Kind
from followmail.mail.msgid import is_askable
from followmail.sequence import eligibility, meetings
from followmail.sequence.conversation import Entry
from followmail.sequence.happened import Happened
from followmail.sequence.meetings import Hearing, Meeting, Not, Notice, Past, TookPlace
from followmail.sequence.steps import Origin, Sequence, State, Status, Trigger
from followmail.store.conversations import Known
from followmail.store.meetings import Unsettled

# The row of the last message whose structure was asked for.
READ = "meetings_read"
# So many of the oldest mails with somebody are looked at for the first one.
_OLDEST = 200
_NOT_LEFT = frozenset({Status.QUEUED, Status.CANCELLED, Status.WITHDRAWN})
_FIELDS = ("From", "To", "Cc", "Date", "Message-ID", "Content-Type", "Auto-Submitted")


def judge_meetings(court: Court) -> None:
    """Take in what new mail says about meetings, then judge those that are over. For complete looks only."""
    c = court.c
    if c.policy.detect == "off" or not any(s.trigger is Trigger.MET for s in c.sequences.values()):
        return
    _take_in(court)
    for unsettled in c.store.meetings.unsettled(c.now):
        _settle(court, unsettled)


# ---- reading


def _take_in(court: Court) -> None:
    """Read the calendar parts of what came since; what could not be read is tried again."""
    c = court.c
    read, newest = int(c.store.facts.text(READ) or 0), c.store.conversations.newest()
    if newest <= read:
        return
    recorded = c.store.conversations.recorded_after(read, c.now - c.options.lookback)
    new = [k for k in recorded if k.attempts < MAX_BROKEN and _may_invite(c, k)]
    structures = _structures(court, new)
    for known in new:
        if not guarded(court, known, partial(_take, court, known, structures)):
            c.store.facts.set_text(READ, str(known.row - 1))
            return
    c.store.facts.set_text(READ, str(newest))


def _may_invite(c: Cycle, known: Known) -> bool:
    """By its headers: of several parts or a calendar's type, somebody from outside in it, no list's."""
    message = known.entry.message
    parted = message.content_type.startswith("multipart/") and not message.is_report
    people = (message.sender, *message.to, *message.cc)
    typed = parted or message.is_calendar or mail_event.is_calendar_type(message.content_type.partition(";")[0].strip())
    return typed and not message.is_list and any(c.identity.is_outside(p.address) for p in people if p.address)


Structures = Mapping[tuple[str, int], tuple[Part, ...]]


def _structures(court: Court, new: Iterable[Known]) -> Structures:
    """(folder, UID) → the parts of each message that still lies where it was seen."""
    wanted: dict[tuple[str, int], list[int]] = {}
    for known in new:
        if known.place is not None and court.folder(known.place.folder) is not None:
            wanted.setdefault((known.place.folder, known.place.uidvalidity), []).append(known.place.uid)
    found: dict[tuple[str, int], tuple[Part, ...]] = {}
    for (folder, uidvalidity), uids in wanted.items():
        try:
            if court.session.enter(folder).uidvalidity == uidvalidity:
                parts = reader.structures(court.session, folder, uids)
                found |= {(folder, uid): of for uid, of in parts.items()}
        except CommandRefused:
            continue
    return found


def _take(court: Court, known: Known, structures: Structures) -> None:
    """Remember what one message says about meetings."""
    c, place = court.c, known.place
    where = (place.folder, place.uid) if place is not None else ("", 0)
    if where not in structures:
        where, structures = _elsewhere(court, known)
    part = next((p for p in structures.get(where, ()) if mail_event.is_calendar_type(p.kind, p.name)), None)
    if part is None:
        return
    body = reader.part(court.session, *where, part.section, mail_event.MAX_RAW - len(part.header))
    sender = known.entry.message.sender.address
    for event in mail_event.read(part.header + body, _zone(c)):
        c.store.meetings.add(Notice(event_less_forgotten(c, event), sender, known.entry.at, known.entry.message.id))


def _elsewhere(court: Court, known: Known) -> tuple[tuple[str, int], Structures]:
    """A message that was moved since, looked for by its id."""
    wanted = known.entry.message.id
    for folder in court.watched() if is_askable(wanted) else ():
        uids = reader.uids_by_header(court.session, folder.name, "Message-ID", wanted)
        for uid, parts in reader.structures(court.session, folder.name, uids[:5]).items():
            return (folder.name, uid), {(folder.name, uid): parts}
    return ("", 0), {}


def _zone(c: Cycle) -> tzinfo:
    zone = c.policy.calendar.zone
    return ZoneInfo(zone) if isinstance(zone, str) else zone


# ---- judging


def _settle(court: Court, unsettled: Unsettled) -> None:
    """Judge one meeting; one that cannot be worked out is set aside with the message that told of it."""
    c = court.c
    settled: list[bool] = []
    known = c.store.conversations.find(unsettled.notices[-1].message)
    meeting = meetings.fold(unsettled.notices)
    if known is None or meeting is None or known.attempts >= MAX_BROKEN:
        c.store.meetings.set_judged(unsettled.uid)
        return

    def work() -> None:
        if unsettled.enrollment is not None:
            _watch(court, meeting, unsettled.enrollment)
        else:
            _hear(court, meeting)
        settled.append(True)

    if guarded(court, known, work) and not settled:
        c.store.meetings.set_judged(unsettled.uid)


def _hearing(c: Cycle, meeting: Meeting, past: Past) -> Hearing:
    return meetings.hear(meeting, c.identity, past, c.now, c.options.lookback, c.policy.calendar)


def _hear(court: Court, meeting: Meeting) -> None:
    """Judge a meeting that is over: the rules for which nothing must be asked first."""
    c = court.c
    found = meetings.verdict(_hearing(c, meeting, Past()))
    if isinstance(found, TookPlace):
        found = meetings.verdict(_hearing(c, meeting, _past(court, meeting, found.who)))
    against = _begin(court, meeting, found) if isinstance(found, TookPlace) else found
    if against is None or not against.final:
        return
    c.store.meetings.set_judged(meeting.uid)
    told = any(event.why == against.why for event in c.store.events.since(c.now))
    if against.who is not None and not told:
        day = meetings.day_of(meeting, c.policy.calendar)
        why = (
            f"nothing follows from your meeting with {against.who.name or against.who.address} on {day}: {against.why}"
        )
        c.store.events.add(c.now, Happened.NOT_ENROLLED, why, address=against.who.address)


def _begin(court: Court, meeting: Meeting, met: TookPlace) -> Not | None:
    """Begin the sequence that fits; None where it began, or where one that does not load might have been meant."""
    c = court.c
    chosen = eligibility.choose([s for s in c.sequences.values() if _fits(s, met.who, meeting)])
    if chosen is None:
        return None if c.library.broken - c.sequences.keys() else Not("no sequence with 'Trigger: met' fits", met.who)
    name = met.who.name or met.who.address
    why = f"you met {name} on {met.on}" + (f" ('{met.about}')" if met.about else "")
    wish = Wish(met.who, chosen, Origin.DETECTED, why, met=met, ended=meeting.end)
    e = c.store.enrollments.live_of(met.who.address)
    theirs = (chosen.name, met.on, Origin.DETECTED)  # it began, and then the program died
    if (e is None or (e.sequence, e.met_on, e.origin) != theirs) and (fault := begin(court, wish)):
        return Not(fault, met.who)
    e = c.store.enrollments.live_of(met.who.address)
    c.store.meetings.set_enrollment(meeting.uid, e.id if e else None)
    return None


def _fits(sequence: Sequence, who: Person, meeting: Meeting) -> bool:
    """`Asks` is never met: nobody asks anything by meeting."""
    agreed = all(check.passed for check in eligibility.stated(sequence, who.address, meeting.summary))
    return sequence.trigger is Trigger.MET and not sequence.asks and agreed


def _watch(court: Court, meeting: Meeting, enrollment: int) -> None:
    """Until its first mail is on its way, or the consultant said yes, a meeting may yet be called off or moved."""
    c = court.c
    e = c.store.enrollments.get(enrollment)
    on_its_way = e is not None and any(d.status not in _NOT_LEFT for d in e.deliveries)
    if e is None or not e.state.live or on_its_way or e.said_yes:
        if e is not None and not e.state.live and not on_its_way and meeting.end > c.now:
            c.store.meetings.set_enrollment(meeting.uid, None)  # it was moved: judged anew when that is over
        else:
            c.store.meetings.set_judged(meeting.uid)
        return
    case = _hearing(c, meeting, Past(since=_written_since(c, meeting, e.address)))
    if why := meetings.undone(case):
        c.store.enrollments.change_now(e.id, State.STOPPED, c.now, f"your meeting on {e.met_on}: {why}")
        count(c, State.STOPPED)
        c.store.meetings.set_enrollment(meeting.uid, None)
        if meeting.end <= c.now:
            c.store.meetings.set_judged(meeting.uid)
    elif e.state is State.ACTIVE and (why := meetings.cancelled_late(case)):
        c.store.enrollments.change(e, State.WAITING, c.now, f"{why}; write to them?", code="meeting")
        count(c, State.WAITING)


# ---- what is known of a person


def _past(court: Court, meeting: Meeting, who: Person) -> Past:
    """What there was between the consultant and somebody besides this meeting."""
    c = court.c
    others = [m for m in map(meetings.fold, c.store.meetings.with_person(who.address)) if m and m.uid != meeting.uid]
    calendar_mail = meeting.messages.union(*(m.messages for m in others))
    asked, first = _first_mail(court, who.address, calendar_mail, meeting.announced)
    return Past(asked, first, _written_since(c, meeting, who.address), _met_before(c, meeting, who, others))


def _met_before(c: Cycle, meeting: Meeting, who: Person, others: Iterable[Meeting]) -> str:
    held = (m for m in others if meetings.was_held(m, c.identity, who.address, meeting.start))
    if earlier := min(held, key=lambda m: m.start, default=None):
        return f"you met them before, on {c.policy.calendar.local_date(earlier.start)}"
    before = (e for e in c.store.enrollments.of_address(who.address) if e.trigger is Trigger.MET)
    known = next((e for e in before if e.deliveries or e.origin is not Origin.DETECTED), None)
    return f"they were in '{known.sequence}' before" if known else ""


def _written_since(c: Cycle, meeting: Meeting, address: str) -> str:
    """Who of the two wrote after its end, answers to its invitation aside."""
    sent = (k.entry for k in c.store.conversations.sent_since(meeting.end) if k.entry.is_to(address))
    came = (k.entry for k in c.store.conversations.of_address(address) if _is_words(k.entry))
    for who, entries in (("you wrote to them", sent), ("they wrote", came)):
        for entry in entries:
            at = entry.at if entry.sent else entry.message.later or entry.at
            if at > meeting.end and entry.message.id not in meeting.messages:
                return f"{who} after it, on {c.policy.calendar.local_date(at)}"
    return ""


def _is_words(entry: Entry) -> bool:
    """Whether a person wrote it; what was not read and looks like a person's is a person's."""
    return entry.answered or entry.kind is Kind.LATER


def _first_mail(
    court: Court, address: str, calendar_mail: frozenset[str], before: datetime
) -> tuple[bool, datetime | None]:
    """(whether the server could be asked, the first mail either way before a moment), calendar mail aside."""
    found: list[datetime] = []
    try:
        for folder in court.watched():
            if folder.role in UNSENT:
                continue
            uids = reader.uids_from_addresses(court.session, folder.name, [address])
            uids += reader.uids_to_address(court.session, folder.name, address)
            for head in reader.heads(court.session, folder.name, sorted(set(uids))[:_OLDEST], _FIELDS):
                message = mail_message.read(head.header, head.arrived, head.size)
                to = {p.address for p in (*message.to, *message.cc)}
                mine = court.c.identity.is_own(message.sender.address) and address in to
                ordinary = not (message.is_calendar or message.auto_submitted or message.id in calendar_mail)
                at = message.earlier
                if (mine or message.sender.address == address) and ordinary and at is not None and at < before:
                    found.append(at)
    except CommandRefused:
        return False, min(found, default=None)
    return True, min(found, default=None)
