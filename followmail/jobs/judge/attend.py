"""Reads what new mails need of the consultant: who asks, who only thanks, who introduces somebody.

Headers decide first, so that a body is fetched only where a person wrote to the consultant, and once. What was fetched
for an enrollment is not fetched again.
"""

import json
from functools import partial
from itertools import accumulate, islice

from followmail.imap.folders import Role
from followmail.jobs.acquaintance import is_acquainted
from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import PUT_AWAY
from followmail.jobs.forgotten import is_forgotten
from followmail.jobs.judge.court import TOGETHER, Court, guarded
from followmail.jobs.recording import acquaint
from followmail.mail.identity import Identity, Person, company, is_machine, same_company
from followmail.mail.kinds import Kind
from followmail.mail.kinds.introduction import introduces
from followmail.mail.message import Message
from followmail.mail.need import Need
from followmail.mail.subject import bare_subject
from followmail.mail.weighing import need_of
from followmail.store.conversations import Known

MOST_BODIES = 30  # a round; the rest comes in the next one
MOST_MAILS = 500
MOST_INTRODUCED = 2


def attend(court: Court) -> None:
    """Weigh the mails that came in: those of the time that is looked back on, outside Junk and Trash."""
    c = court.c
    away = sorted(f.name for f in court.look.folders if f.role in (Role.JUNK, Role.TRASH))
    if c.store.facts.text(PUT_AWAY) != (names := json.dumps(away)):
        c.store.facts.set_text(PUT_AWAY, names)
    new = c.store.attention.unweighed(c.now - c.options.lookback, away, MOST_MAILS)
    with c.store.transaction():
        found = (known for i in new if (known := c.store.conversations.find(i)) is not None)
        wanted = _affordable([known for known in found if _counts(c, known)])
    _know(court, wanted)
    bodies = {known.row: raw for known, raw in court.bodies(filter(partial(_is_unread, court), wanted))}
    ready = iter([known for known in wanted if known.row in bodies or not _is_unread(court, known)])
    left = [known for known in wanted if known.row not in bodies and _is_unread(court, known)]
    while some := list(islice(ready, TOGETHER)):
        with c.store.transaction():
            for known in some:
                guarded(court, known, partial(_weigh, court, known, bodies.pop(known.row, None)))
    for known in left:
        guarded(court, known, partial(_weigh, court, known))


def _is_unread(court: Court, known: Known) -> bool:
    return known.entry.kind is None and known.row not in court.verdicts


def _affordable(mails: list[Known]) -> list[Known]:
    """As many as need no more bodies than a look may fetch, from the first."""
    fetched = accumulate(known.entry.kind is None for known in mails)
    return [known for known, bodies in zip(mails, fetched, strict=True) if bodies <= MOST_BODIES]


def _counts(c: Cycle, known: Known) -> bool:
    """Whether a person wrote to the consultant, by the headers; one that does not count is never asked about again."""
    message = known.entry.message
    if not is_forgotten(message) and _is_persons(c.identity, message) and _is_for_me(c, known):
        return True
    c.store.attention.weigh(message.id, Need.NOTHING)
    return False


def _is_persons(identity: Identity, message: Message) -> bool:
    sender = message.sender.address
    machine = message.auto_submitted or message.is_list or message.may_be_report or message.is_calendar
    return not machine and identity.is_outside(sender) and not is_machine(sender)


def _is_for_me(c: Cycle, known: Known) -> bool:
    """To the consultant; or in copy of a conversation in which the consultant wrote, no colleague being addressed; or
    in copy beside people of another company: somebody may be introduced."""
    message, identity = known.entry.message, c.identity
    if any(identity.is_own(p.address) for p in message.to):
        return True
    if any(identity.is_colleague(p.address) for p in (*message.to, *message.cc)):
        return False
    wrote = c.store.attention.wrote_in(known.conversation, message.later or c.now)
    return wrote or (any(identity.is_own(p.address) for p in message.cc) and bool(_others(identity, message)))


def _know(court: Court, mails: list[Known]) -> None:
    """Ask once who of their authors had ever written before, where no mail that is remembered tells: a first mail is told
    as one."""
    who = [(known.entry.message.sender.address, known.entry.message.earlier) for known in mails]
    unknown = [address for address, moment in who if not is_acquainted(court.c, address, moment)]
    if unknown:
        acquaint(court.session, court.c, court.watched(), unknown)


def _weigh(court: Court, known: Known, raw: bytes | None = None) -> None:
    """Read it, and remember only what it needs: what it was read as is no matter of any enrollment."""
    kind, text, lang = known.entry.kind, known.entry.text, known.language
    if kind is None:
        verdict = court.verdicts.get(known.row) or court.classify(known, raw if raw is not None else court.raw(known))
        kind, text, lang = verdict.kind, verdict.new_text, verdict.language
    need, asked = need_of(kind, text, lang)
    people = _introduced(court.c, known, kind, text, lang)
    if people:
        need = Need.INTRODUCTION
    court.c.store.attention.weigh(known.entry.message.id, need, asked, people)


def _introduced(c: Cycle, known: Known, kind: Kind, text: str, lang: str | None) -> tuple[Person, ...]:
    """Whom this mail introduces: nobody with whom the consultant has to do already."""
    people = _others(c.identity, known.entry.message)
    names = [f"{p.name} {p.address.partition('@')[0]}" for p in people]
    if not people or kind not in (Kind.REPLY, Kind.WRONG_PERSON):
        return ()
    message = known.entry.message  # what begins a conversation may say it above a mere greeting: "Carla, meet Alex"
    subject = "" if message.answers else bare_subject(message.subject)
    if not introduces(text, names, lang) and not introduces(subject, names, None):
        return ()
    attention = c.store.attention
    return tuple(
        p for p in people if not any(attention.exchanged(p.address)) and not attention.ever_wrote_to(p.address)
    )


def _others(identity: Identity, message: Message) -> tuple[Person, ...]:
    """One or two outside people of another company than the author's in To and Cc; more are no introduction."""
    sender = message.sender.address
    people = [p for p in identity.outside((*message.to, *message.cc)) if p.address != sender]
    others = [p for p in people if company(p.address) is None or not same_company(p.address, sender)]
    return tuple(others) if len(others) <= MOST_INTRODUCED else ()
