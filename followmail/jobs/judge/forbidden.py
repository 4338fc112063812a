"""Whether somebody asked, at whatever time, not to be written to: also before the mail that the first look reads."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.court import Court
from followmail.jobs.recording import from_addresses, record_history
from followmail.mail.identity import is_address
from followmail.mail.kinds import Kind
from followmail.sequence.happened import Happened
from followmail.store.conversations import Known

# So many of somebody's latest messages are read before they are followed up: one may forbid it.
AMONG = 10


def forbade(court: Court, address: str) -> str:
    """That they asked, before there was an enrollment, not to be written to, which holds for ever; empty where not. What
    they wrote long ago has been recalled before."""
    c = court.c
    for known in latest(c, address):
        kind = known.entry.kind or court.read(known).kind
        if kind is Kind.UNSUBSCRIBE:
            c.store.suppressions.add(address, f"asked not to be written to on {known.entry.at:%Y-%m-%d}")
            return f"{address} asked on {known.entry.at:%Y-%m-%d} not to be written to; `unsuppress` allows it again"
    return ""


def latest(c: Cycle, address: str) -> list[Known]:
    """The latest mails of somebody, in which they may forbid it; none that came before it was allowed again."""
    allowed = (e.at for e in c.store.events.of(address=address) if e.event == Happened.UNSUPPRESSED)
    since = max(allowed, default=datetime.min.replace(tzinfo=UTC))
    mails = sorted(c.store.conversations.of_address(address), key=lambda known: known.entry.at)
    return [known for known in mails if known.entry.at > since][-AMONG:]


class _Hit(NamedTuple):
    """A mail that is older than what was read, and where it lies."""

    at: datetime
    folder: str
    uid: int


def recall(court: Court, addresses: Iterable[str]) -> None:
    """Remember the latest of what these people wrote before the time that was read: all in one search a folder, and
    only where somebody may have written then."""
    c, horizon = court.c, court.c.store.facts.text("horizon")
    before = date.fromisoformat(horizon) if horizon else None
    wanted = [a for a in dict.fromkeys(addresses) if a not in court.recalled and _may_have_more(c, a, before)]
    if before is None or not wanted:
        return
    found: dict[str, dict[str, _Hit]] = {}
    for head, message in from_addresses(court.session, court.watched(), wanted, before):
        hit = _Hit(message.sent_on or head.arrived, head.folder, head.uid)
        found.setdefault(message.sender.address, {})[message.id] = hit
    kept = [hit for theirs in found.values() for hit in sorted(theirs.values())[-AMONG:]]
    for folder in court.watched():
        if uids := [hit.uid for hit in kept if hit.folder == folder.name]:
            record_history(court.session, c, folder, uids)
    for address in wanted:
        c.store.conversations.set_acquaintance(address, _first(c, address, found.get(address, {}).values()), c.now)
    court.recalled.update(wanted)


def _may_have_more(c: Cycle, address: str, before: date | None) -> bool:
    """Whether a server may hold mails of theirs that would be read, and that are not remembered."""
    if not (is_address(address) and address.isascii()) or len(latest(c, address)) >= AMONG:
        return False
    first = c.store.conversations.first_wrote(address)
    told = c.store.conversations.is_acquainted(address)
    return not told or (first is not None and before is not None and first.date() < before)


def _first(c: Cycle, address: str, hits: Iterable[_Hit]) -> datetime | None:
    """When they first wrote, by what was found and what is remembered."""
    moments = (c.store.conversations.first_wrote(address), *(hit.at for hit in hits))
    return min(filter(None, moments), default=None)
