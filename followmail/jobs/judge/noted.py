"""Obeys a note of the consultant's to himself at me+met@…: whom he met is enrolled, or he is told why not."""

from datetime import datetime

from followmail.contacts import Contact
from followmail.desk import Desk
from followmail.enrolling import Manner, enroll, why_not
from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.court import Court, NotYet
from followmail.jobs.judge.marked import about
from followmail.mail import message as mail_message
from followmail.mail.note import MOST_BYTES, Noted, first_words, read_note
from followmail.sequence import marks
from followmail.sequence.eligibility import choose
from followmail.sequence.happened import Happened
from followmail.sequence.marks import Mark
from followmail.sequence.steps import Origin, Sequence, Trigger
from followmail.store.conversations import Known

USUAL = "nice-to-meet-you"
ASKS = "you noted it before the first run; follow up?"


def obey_note(court: Court, known: Known, mark: Mark, yes_at: datetime | None) -> bool:
    """Enroll whom a note is about. False where it is no note but a mail to somebody: it then goes on as any other."""
    c, message = court.c, known.entry.message
    others = [p for p in (*message.to, *message.cc, *message.bcc) if p.address and c.identity.is_outside(p.address)]
    if not others and c.store.conversations.was_obeyed(message.id, marks.MET):
        return True  # another copy of it came in
    if others:
        who = others[0].address
        if not c.store.conversations.was_obeyed(message.id, marks.MET):
            _refuse(c, known, f"it went to {who}, who has just been written to; +met is for a mail to yourself", who)
    elif mark.fault:
        _refuse(c, known, mark.fault)
    else:
        _obey(court, known, mark, yes_at)
    c.store.conversations.set_obeyed(message.id, marks.MET, c.now)
    return not others


def _obey(court: Court, known: Known, mark: Mark, yes_at: datetime | None) -> None:
    c = court.c
    sequence = _sequence(c)
    if sequence is None:
        _refuse(c, known, "there is no sequence with `Trigger: met`")
        return
    data = court.raw(known, MOST_BYTES)
    if mail_message.read(data).id != known.entry.message.id:
        _refuse(c, known, "it is gone from the mailbox, or has no Message-ID, so that it cannot be read")
        return
    words = first_words(data)
    found = read_note(data, c.identity, c.policy.calendar.local_date(known.entry.at))
    if isinstance(found, str):
        _refuse(c, known, found, words=words)
        return
    if any(c.store.suppressions.is_forgotten(noted.person.address) for noted in found):
        words = ""  # they may be among them
    with c.store.transaction():  # all and once: a crash between two of them would refuse the first as known already
        for noted in found:
            if fault := _enroll(c, known, noted, sequence, mark, yes_at):
                _refuse(c, known, fault, noted.person.address, words)
        c.store.conversations.set_obeyed(known.entry.message.id, marks.MET, c.now)


def _sequence(c: Cycle) -> Sequence | None:
    """Where whom one met is put: the usual sequence, else the one with `Trigger: met`. One that is broken is waited for."""
    if USUAL in c.library.broken:
        raise NotYet
    met = [s for s in c.sequences.values() if s.trigger is Trigger.MET]
    return next((s for s in met if s.name == USUAL), None) or choose(met)


def _enroll(c: Cycle, known: Known, noted: Noted, sequence: Sequence, mark: Mark, yes_at: datetime | None) -> str:
    """Enroll one of them; else why not."""
    desk = Desk(c.store, c.identity, c.sequences, c.policy, c.now, in_a_mail=True)
    contact = Contact(noted.person.address, noted.person.name, noted.met_on, noted.where, noted.about)
    if c.store.suppressions.is_forgotten(contact.address):  # not even this stores their address again
        _refuse(c, known, "whom it names was forgotten, and is never mailed again")
        return ""
    if fault := why_not(desk, contact, sequence):
        return fault
    why = f"you noted on {known.entry.at:%Y-%m-%d} that you met them"
    e = enroll(
        desk,
        contact,
        sequence,
        Manner(Origin.MARKED, why, first_delay=mark.first_delay, asks="" if yes_at is not None else ASKS),
    )
    c.tally.enrolled += 1
    c.tally.waiting += yes_at is None
    c.tell("enrolled", {"enrollment": e.id, "address": e.address, "sequence": e.sequence})
    return ""


def _refuse(c: Cycle, known: Known, why: str, address: str = "", words: str = "") -> None:
    """A note never vanishes in silence. `words`: its first ones."""
    c.store.events.add(c.now, Happened.MARK_REFUSED, f"+{marks.MET} on {about(known, words)}: {why}", address=address)
    c.tell("mark-refused", {"word": marks.MET, "why": why})
