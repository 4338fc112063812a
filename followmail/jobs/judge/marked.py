"""Obeys what the consultant said from a mail client: by plus address, or by putting a message into a folder.

A mark never vanishes in silence: one that cannot be obeyed is told.
"""

from datetime import datetime
from functools import partial

from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.begin import Wish, begin
from followmail.jobs.judge.court import Court, NotYet, guarded
from followmail.jobs.recording import complete
from followmail.mail.note import beginning
from followmail.sequence import marks
from followmail.sequence.conversation import prospect_of
from followmail.sequence.happened import Happened
from followmail.sequence.marks import Mark
from followmail.sequence.steps import Origin, State
from followmail.store.conversations import Known


def obey(court: Court, known: Known, mark: Mark, yes_at: datetime | None) -> bool:
    """Enroll by mark; False where it cannot be obeyed, which is told."""
    c = court.c
    who = prospect_of(c.identity, known.entry.message)
    if fault := _fault(c, mark) or ("" if who else "it went to nobody outside"):
        refuse(c, known, mark, fault)
        return False
    assert who is not None
    if mark.visible:
        why = f"the mark +{mark.word} stood in To or Cc, where {who.address} can see it; put it into Bcc"
        c.store.events.add(c.now, Happened.WARNING, why, address=who.address)
    complete(court.session, c, court.watched(), [known.entry.message], court.asked_for)
    conversation = c.store.conversations.get(known.conversation)
    opening = conversation.silence(who.address, known.entry)[0]
    mail = f"your mail of {known.entry.at:%Y-%m-%d}"
    wish = Wish(
        who, c.sequences[mark.word], Origin.MARKED, f"you put {mail} into {mark}" if mark.folder else f"you marked {mail} {mark}",
        opening=opening, entry=known.entry, first_delay=mark.first_delay, yes_at=yes_at,
    )  # fmt: skip
    if fault := begin(court, wish):
        refuse(c, known, mark, fault)
        return False
    return True


def _fault(c: Cycle, mark: Mark) -> str:
    """Why a mark cannot be obeyed, whoever it is about; empty where it can. One whose sequence is broken waits for it."""
    if mark.fault or mark.word in c.sequences:
        return mark.fault
    if mark.word in c.library.broken:
        raise NotYet
    return f"there is no sequence '{mark.word}'; there are: {', '.join(sorted(c.sequences)) or 'none'}"


def refuse(c: Cycle, known: Known, mark: Mark, why: str) -> None:
    """A mark never vanishes in silence."""
    sender = known.entry.message.sender.address
    who = prospect_of(c.identity, known.entry.message) if known.entry.sent else None
    address = who.address if who else "" if known.entry.sent else sender
    told = f"{about(known)}, in {mark}: {why}" if mark.folder else f"{mark} on {about(known)}: {why}"
    c.store.events.add(c.now, Happened.MARK_REFUSED, told, address=address)
    c.tell("mark-refused", {"word": mark.word, "why": why})


def about(known: Known, words: str = "") -> str:
    """Which mail: by its subject, else by the first words of its text, as far as they are known."""
    quoted = known.entry.message.subject.strip() or beginning(words or known.entry.text or "")
    return f"'{quoted}' of {known.entry.at:%Y-%m-%d}" if quoted else f"your mail of {known.entry.at:%Y-%m-%d, %H:%M}"


def obey_off(court: Court, known: Known, mark: Mark) -> None:
    """Switch off the conversation of a mail of the consultant's; one with nobody in it is told to have done nothing."""
    c = court.c
    entries = c.store.conversations.get(known.conversation).entries
    people = [p for x in entries for p in (x.message.sender, *x.message.to, *x.message.cc, *x.message.bcc)]
    if c.identity.outside(people) or c.store.enrollments.of_conversation(known.conversation):
        switch_off(c, known, "you marked it +off")
        court.switched_off.add(known.conversation)
    else:
        refuse(
            c, known, mark, "nobody else is in it; put it into Bcc of a mail to them, or answer “stop” to the digest"
        )


def switch_off(c: Cycle, known: Known, why: str) -> None:
    """Never follow this conversation up; what is live in it stops."""
    c.store.conversations.set_off(known.conversation)
    for e in c.store.enrollments.of_conversation(known.conversation):
        if e.state.live:
            c.store.enrollments.change(e, State.STOPPED, c.now, why)
            c.tally.stopped += 1
    who = prospect_of(c.identity, known.entry.message)
    c.store.events.add(
        c.now, Happened.SWITCHED_OFF, why, address=who.address if who else known.entry.message.sender.address
    )


def judge_folder_marks(court: Court) -> None:
    """Obey messages that were put into `Followmail/<sequence>` or `Followmail/Stop`."""
    c = court.c
    new = sorted(c.store.conversations.new_marks(), key=lambda mark: (mark[2], mark[1] == marks.STOP))  # a stop wins
    for message_id, word, seen in new:
        known = c.store.conversations.find(message_id)
        if known is not None and guarded(court, known, partial(_folder_mark, court, known, word, seen)):
            c.store.conversations.obeyed(message_id, word)


def _folder_mark(court: Court, known: Known, word: str, seen: datetime) -> None:
    c = court.c
    if word == marks.STOP:
        _stop(c, known)
        return
    first = c.first_run
    yes_at = seen if first is not None and seen > first else None
    mark = Mark(word, folder=True)
    if known.conversation in court.switched_off:  # nobody can know which came first: a stop wins
        refuse(c, known, mark, "you marked the conversation +off as well; put it there once more if you mean it")
        return
    if known.entry.sent:
        obey(court, known, mark, yes_at)
        return
    _folder_mark_received(court, known, mark, yes_at)


def _stop(c: Cycle, known: Known) -> None:
    """Switch its conversation off; and on a received mail its sender is the prospect, wherever the chase is. Whether a mail
    of the consultant's is about another chase of its recipient as well is merely likely."""
    switch_off(c, known, "you put it into Followmail/Stop")
    who = prospect_of(c.identity, known.entry.message) if known.entry.sent else known.entry.message.sender
    e = c.store.enrollments.live_of(who.address) if who else None
    if e is None:
        return
    if known.entry.sent:
        why = f"you put {about(known)} into Followmail/Stop, which is in another conversation; still follow up?"
        c.store.enrollments.change(e, State.WAITING, c.now, why, code="answer")
        c.tally.waiting += 1
    else:
        c.store.enrollments.change(e, State.STOPPED, c.now, f"you put a mail of {e.address} into Followmail/Stop")
        c.tally.stopped += 1


def _folder_mark_received(court: Court, known: Known, mark: Mark, yes_at: datetime | None) -> None:
    """On a received message the sender is the prospect; the chase goes on from the consultant's last mail to them."""
    c, who = court.c, known.entry.message.sender
    outside = c.identity.is_outside(who.address)
    if fault := _fault(c, mark) or ("" if outside else f"{who.address} is not outside"):
        refuse(c, known, mark, fault)
        return
    complete(court.session, c, court.watched(), [known.entry.message], court.asked_for)
    anchor = c.store.conversations.get(known.conversation).anchor(who.address)
    if anchor is None and not c.sequences[mark.word].steps[0].new_thread:
        refuse(
            c,
            known,
            mark,
            f"you have not written to {who.address} in this conversation, and the first text has no Subject",
        )
        return
    wish = Wish(
        who, c.sequences[mark.word], Origin.MARKED, f"you put a mail of {who.address} into {mark}",
        opening=anchor, entry=anchor, yes_at=yes_at, counts_from=known.entry.left,
    )  # fmt: skip
    if fault := begin(court, wish):
        refuse(c, known, mark, fault)
