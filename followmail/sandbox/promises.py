"""Was every promise kept? Judged from the mails alone: what the SMTP server took and what lies in the mailbox.

Nothing here asks followmail's rules or its database. What an incoming mail must do stands in the cast; when it could be
seen is the time at which it came into the mailbox. `told` and `standing`, followmail's own words, are held against it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from itertools import pairwise
from zoneinfo import ZoneInfo

from followmail.sandbox.cast import ME, ZONE, Holds
from followmail.sandbox.servers import Delivered
from followmail.sequence.happened import Happened
from followmail.store.events import Event

WINDOW = (time(8, 30), time(17, 30))
DAILY_LIMIT, GAP = 10, timedelta(seconds=90)
_TOLD_WITHIN = timedelta(minutes=10)
_ONCE = ("From", "To", "Subject", "Date", "Message-ID")


@dataclass(frozen=True, slots=True)
class Filed:
    """One message as it lies in the mailbox; `arrived` is its INTERNALDATE."""

    folder: str
    arrived: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What an incoming mail must do, whatever followmail made of it."""

    id: str
    address: str  # the prospect's, also where they wrote from another
    holds: Holds
    until: date | None = None
    suppresses: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """All that is judged. `owed`: how many mails each of the cast must get; `yeses`: whom Alex said yes to, when."""

    delivered: tuple[Delivered, ...]
    mailbox: tuple[Filed, ...]
    heard: tuple[Heard, ...]
    yeses: tuple[tuple[str, datetime], ...]
    told: tuple[Event, ...]
    standing: Mapping[str, tuple[str, str]]  # address → state and why, as `prospects` tells them
    owed: Mapping[str, int]
    suppressed: frozenset[str]  # the lines of suppressed.txt


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: whether it was kept, and what breaks it."""

    promise: str
    kept: bool
    broken_by: tuple[str, ...] = ()


def judge(record: Record) -> tuple[Check, ...]:
    """Every promise, in the order of the weight that it has."""
    rules = {
        "Nobody who has answered was mailed": _after_an_answer,
        "Nobody was mailed while away, or before your yes where one was asked for": _while_held,
        "Nobody got a step twice, or two mails on one day": _twice,
        "Nobody was mailed who asked not to be, or whose address is dead": _suppressed,
        "Every mail reads back to exactly the person it was meant for, in its thread": _meant_for,
        "Every mail has exactly one copy in Sent, byte for byte": _filed_once,
        "No step was dropped: each got every mail that was due": _dropped,
        "Every end and every wait was told": _told,
        "Mails left in working hours only, at most 10 a day and 90 seconds apart": _moments,
    }
    found = {promise: tuple(rule(record)) for promise, rule in rules.items()}
    return tuple(Check(promise, not faults, faults) for promise, faults in found.items())


def read_suppressed(text: str) -> frozenset[str]:
    """The lines of suppressed.txt, remarks left out."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(filter(None, lines))


# ---- what could be seen, and when


def _seen(record: Record) -> Iterator[tuple[Heard, datetime]]:
    """What was heard, with the moment from which it lay in the mailbox."""
    arrived = {_id(message_from_bytes(f.data)): f.arrived for f in record.mailbox}
    return ((heard, arrived[heard.id]) for heard in record.heard if heard.id in arrived)


def _mails_to(record: Record, address: str) -> Iterator[Delivered]:
    return (d for d in record.delivered if address in d.recipients)


def _id(mail: Message) -> str:
    return str(mail["Message-ID"] or "").strip().strip("<>")


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(ZONE))


def _said(delivered: Delivered) -> str:
    return f"{', '.join(delivered.recipients)} on {_local(delivered.at):%d %b %H:%M}"


# ---- the promises; each gives what breaks it


def _after_an_answer(record: Record) -> Iterator[str]:
    there = {heard.id for heard, _ in _seen(record)}
    yield from (f"{h.address}: an answer is missing in the mailbox" for h in record.heard if h.id not in there)
    for heard, since in _seen(record):
        if heard.holds is Holds.FOR_EVER:
            late = (d for d in _mails_to(record, heard.address) if d.at >= since)
            yield from (f"{_said(d)}, though they answered on {_local(since):%d %b %H:%M}" for d in late)


def _while_held(record: Record) -> Iterator[str]:
    for heard, since in _seen(record):
        for d in _mails_to(record, heard.address):
            if heard.holds is Holds.UNTIL_DAY and d.at >= since and heard.until and _local(d.at).date() < heard.until:
                yield f"{_said(d)}, before {heard.until:%d %b}"
            if heard.holds is Holds.UNTIL_YES and d.at >= since and not _yes(record, heard.address, since, d.at):
                yield f"{_said(d)}, without a yes"
    for event in record.told:  # what followmail itself asked about
        for d in _mails_to(record, event.address) if event.event == Happened.WAITING else ():
            if d.at >= event.at and not _yes(record, event.address, event.at, d.at):
                yield f"{_said(d)}, though followmail asked on {_local(event.at):%d %b %H:%M} and had no yes"


def _yes(record: Record, address: str, since: datetime, until: datetime) -> bool:
    return any(who == address and since <= at <= until for who, at in record.yeses)


def _twice(record: Record) -> Iterator[str]:
    ids = Counter(_id(message_from_bytes(d.data)) for d in record.delivered)
    yield from (f"the mail {one} left {times} times" for one, times in ids.items() if times > 1)
    texts = Counter((a, _own_text(d.data)) for d in record.delivered for a in d.recipients)
    yield from (f"{address} got one text {times} times" for (address, _), times in texts.items() if times > 1)
    days = Counter((a, _local(d.at).date()) for d in record.delivered for a in d.recipients)
    yield from (f"{address} got {times} mails on {day:%d %b}" for (address, day), times in days.items() if times > 1)


def _own_text(data: bytes) -> str:
    """The text above what is quoted, its blanks evened out."""
    raw = message_from_bytes(data).get_payload(decode=True)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return " ".join(line.strip() for line in text.splitlines() if not line.startswith(">"))


def _suppressed(record: Record) -> Iterator[str]:
    for heard, since in _seen(record):
        if heard.suppresses:
            if heard.address not in record.suppressed:
                yield f"{heard.address} does not stand in suppressed.txt"
            yield from (_said(d) for d in _mails_to(record, heard.address) if d.at >= since)


def _meant_for(record: Record) -> Iterator[str]:
    filed = {_id(mail): mail for mail in (message_from_bytes(f.data) for f in record.mailbox)}
    for d in record.delivered:
        mail = message_from_bytes(d.data)
        yield from (f"{_said(d)}: {fault}" for fault in _faults(mail, d, record.owed, filed))


def _faults(mail: Message, d: Delivered, owed: Mapping[str, int], filed: Mapping[str, Message]) -> Iterator[str]:
    yield from (f"{name} stands {n} times" for name in _ONCE if (n := len(mail.get_all(name, []))) != 1)
    if mail.get_all("Bcc"):
        yield "it has a Bcc"
    if _addresses(mail, "From") != [ME] or d.sender != ME:
        yield f"From is {mail['From']}, handed over as {d.sender}"
    read = [*_addresses(mail, "To"), *_addresses(mail, "Cc")]
    if sorted(read) != sorted(d.recipients):
        yield f"it reads as for {', '.join(read)}"
    if len(d.recipients) != 1:  # each letter of Alex's went to one prospect alone
        yield "it went to more than one"
    yield from (f"{address} is owed nothing" for address in d.recipients if not owed.get(address))
    parent = str(mail["In-Reply-To"] or "").strip().strip("<>")
    if parent and (parent not in filed or not set(d.recipients) <= set(_addresses(filed[parent], "To"))):
        yield "it answers a mail that they did not get"
    if not parent and str(mail["Subject"]).lower().startswith("re:"):
        yield "it has lost its thread"


def _addresses(mail: Message, name: str) -> list[str]:
    return [address.lower() for _, address in getaddresses([str(v) for v in mail.get_all(name, [])])]


def _filed_once(record: Record) -> Iterator[str]:
    sent = [f for f in record.mailbox if f.folder == "Sent"]
    copies = Counter(_id(message_from_bytes(f.data)) for f in sent)
    bytes_of = {_id(message_from_bytes(f.data)): f.data for f in sent}
    for d in record.delivered:
        own = _id(message_from_bytes(d.data))
        if copies[own] != 1:
            yield f"{_said(d)}: {copies[own]} copies"
        elif _lines(bytes_of[own]) != _lines(d.data):
            yield f"{_said(d)}: the copy differs"


def _lines(data: bytes) -> list[bytes]:
    return data.rstrip().splitlines()


def _dropped(record: Record) -> Iterator[str]:
    got = Counter(address for d in record.delivered for address in d.recipients)
    for address in {**record.owed, **got}:
        if got[address] != record.owed.get(address, 0):
            yield f"{address} got {got[address]} mails, and was owed {record.owed.get(address, 0)}"


_ENDS = frozenset({"replied", "bounced", "unsubscribed", "stopped"})
_TELLS: Mapping[Holds, frozenset[str]] = {
    Holds.FOR_EVER: _ENDS,
    Holds.UNTIL_DAY: frozenset({"paused"}),
    Holds.UNTIL_YES: frozenset({"paused", "waiting"}),
}


def _told(record: Record) -> Iterator[str]:
    for heard, since in _seen(record):
        wanted = _TELLS.get(heard.holds, frozenset())
        if wanted and not _was_told(record.told, heard.address, wanted, since, since + _TOLD_WITHIN):
            yield f"{heard.address}: their mail of {_local(since):%d %b %H:%M} was passed over in silence"
    for address, (state, why) in record.standing.items():
        if state != "active" and not why:
            yield f"{address} is {state}, and nothing says why"
        if state != "active" and not any(e.address == address and e.event == state for e in record.told):
            yield f"{address} is {state}, and that was never told"


def _was_told(told: Iterable[Event], address: str, wanted: frozenset[str], since: datetime, until: datetime) -> bool:
    return any(e.address == address and e.event in wanted and e.why and since <= e.at <= until for e in told)


def _moments(record: Record) -> Iterator[str]:
    for d in record.delivered:
        local = _local(d.at)
        if local.weekday() > 4 or not WINDOW[0] <= local.time() < WINDOW[1]:
            yield f"{_said(d)} is outside the window"
    days = Counter(_local(d.at).date() for d in record.delivered)
    yield from (f"{number} mails on {day:%d %b}" for day, number in days.items() if number > DAILY_LIMIT)
    moments = sorted(d.at for d in record.delivered)
    yield from (
        f"{one:%d %b %H:%M} and the next within {GAP.seconds} seconds"
        for one, following in pairwise(moments)
        if following - one < GAP
    )
