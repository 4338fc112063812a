"""The digest: written down once a business day, then put into INBOX over IMAP. Nothing of it goes to SMTP.

It is written down before it is put there, with what its numbers stand for; a try that broke off is found in INBOX by
its Message-ID. What cannot be put there is told, and tried again at each look: no mail waits for it.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from followmail.errors import CommandRefused, ServerBusy
from followmail.imap import drafts as drafts_edge
from followmail.imap import reader
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import DIGEST_FAULT, TOLD, WANTED
from followmail.mail import message as mail_message
from followmail.mail import msgid
from followmail.mail.identity import Person
from followmail.rendering.digest import Page, digest_text, self_mail
from followmail.sequence.agenda import Agenda
from followmail.store.digests import Filing

# All there is to say, from when the last digest was written; None: there was none.
Gather = Callable[[datetime | None], Agenda]

INBOX = "INBOX"  # everybody's, whatever its case (RFC 9051 §5.1)
KEPT = timedelta(days=30)
# Where the last digest was written by a clock that was ahead: rather told twice than never.
_BACK = timedelta(days=7)


def write(c: Cycle, gather: Gather) -> None:
    """What a round writes down: the digest that the consultant asked for, else today's, if it is due."""
    if c.store.facts.text(WANTED) is not None:
        now(c, gather(since(c)))
    else:
        daily(c, gather)


def daily(c: Cycle, gather: Gather) -> None:
    """Write today's digest down, once, if it is due and says something; the week's first says also that all is quiet."""
    if c.dry or not is_due(c):
        return
    agenda = gather(since(c))
    if agenda.items or _begins_week(c):
        _write(c, agenda, "daily")


def now(c: Cycle, agenda: Agenda) -> None:
    """Write a digest down, whatever the time; it counts as today's."""
    if not c.dry:
        _write(c, agenda, "now")


def put(session: Session, c: Cycle) -> None:
    """Put into INBOX what is written down and does not lie there. A refusal is told; the next look tries again."""
    if c.dry:
        return
    try:
        for filing in c.store.digests.unfiled():
            _put(session, c, filing)
    except (CommandRefused, ServerBusy) as fault:  # a full mailbox
        c.store.facts.set_text(DIGEST_FAULT, f"the digest could not be put into INBOX: {fault}")
        c.tell("digest-not-put", {"why": str(fault)})
    else:
        c.store.facts.set_text(DIGEST_FAULT, None)


# ---- when


def is_due(c: Cycle) -> bool:
    """Whether it is time, on a business day that had none yet. A digest of another day says nothing of this one."""
    today, last = c.policy.calendar.local_date(c.now), c.store.digests.last_daily()
    if c.options.digest is None or not c.policy.calendar.is_business_day(today):
        return False
    is_first = last is None or c.policy.calendar.local_date(last) != today
    return is_first and c.now >= c.policy.calendar.at(today, c.options.digest)


def next_time(c: Cycle) -> datetime | None:
    """When the next one is due; None where there will be none."""
    calendar, clock = c.policy.calendar, c.options.digest
    if c.dry or clock is None:
        return None
    today = calendar.local_date(c.now)
    if calendar.is_business_day(today) and calendar.at(today, clock) > c.now:
        return calendar.at(today, clock)
    try:
        return calendar.at(calendar.add_business_days(today, 1), clock)
    except ValueError:  # no business day is left
        return None


def since(c: Cycle) -> datetime | None:
    """When the last digest was written; None: there was none."""
    last = c.store.digests.last_daily()
    return last if last is None or last <= c.now else c.now - _BACK


def _begins_week(c: Cycle) -> bool:
    """Mondays, or the first business day after: silence must not look like death."""
    today = c.policy.calendar.local_date(c.now)
    before = (today - timedelta(days=n) for n in range(1, today.weekday() + 1))
    return not any(map(c.policy.calendar.is_business_day, before))


# ---- how


def page(c: Cycle, agenda: Agenda) -> Page:
    """What the digest of this agenda says."""
    return digest_text(c.library, agenda, c.identity, _today(c))


def _write(c: Cycle, agenda: Agenda, word: str) -> None:
    said = page(c, agenda)
    if said.fault:
        c.tell("template-fault", {"fault": said.fault})
    me, local = Person(c.identity.name, c.identity.address), c.policy.calendar.local(c.now)
    message_id = msgid.digest_id(me.address, c.now, word)
    data = self_mail(me, said.subject, said.text, message_id, local)
    with c.store.transaction():
        c.store.digests.add(message_id, c.now, data, True, said.items)
        c.store.digests.prune(c.now - KEPT)
        c.store.facts.set_text(WANTED, None)
        if agenda.through:
            c.store.facts.set_text(TOLD, str(agenda.through))
    c.tell("digest", {"items": len(said.items)})


def _today(c: Cycle) -> date:
    return c.policy.calendar.local_date(c.now)


def _put(session: Session, c: Cycle, filing: Filing) -> None:
    uids = reader.uids_by_header(session, INBOX, "Message-ID", filing.message_id)
    there = (mail_message.read(head.header, head.arrived, head.size) for head in reader.heads(session, INBOX, uids))
    if not any(message.id == filing.message_id for message in there):
        drafts_edge.into_inbox(session, INBOX, filing.data, c.now)
    c.store.digests.set_filed(filing.id)
