"""What the consultant's own messages do: a step that left, a mark, a new anchor, or the begin of an enrollment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from followmail.jobs.acquaintance import is_acquainted, with_acquaintance
from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.begin import Wish, begin, will_read
from followmail.jobs.judge.court import Court, NotYet, judge_each
from followmail.jobs.judge.forbidden import recall
from followmail.jobs.judge.marked import obey, obey_off
from followmail.jobs.judge.noted import obey_note
from followmail.jobs.judge.orders import obey_reply
from followmail.jobs.judge.restored import step_since_backup
from followmail.jobs.judge.steps_found import copy_of_ours, step_of_draft, step_of_ours
from followmail.jobs.recording import acquaint, complete
from followmail.mail.kinds import Kind
from followmail.mail.msgid import is_digest, is_ours
from followmail.sequence import eligibility, marks
from followmail.sequence.conversation import Entry
from followmail.sequence.eligibility import Case
from followmail.sequence.happened import Happened
from followmail.sequence.marks import Mark
from followmail.sequence.steps import Enrollment, Origin, Sequence, State, Trigger
from followmail.store.conversations import Known


def judge_own(court: Court) -> None:
    """Judge the consultant's new messages, oldest first."""
    new = [known for known in court.c.store.conversations.unjudged() if known.entry.sent]
    _ask_ahead(court, new)
    judge_each(court, new, lambda known: _own(court, known.entry.message.id))


def _own(court: Court, message_id: str) -> None:
    c = court.c
    known = c.store.conversations.find(message_id)  # anew: an earlier one may have made it a step
    if known is None or (not known.entry.step and (is_digest(message_id) or obey_reply(court, known))):
        return
    found = _honoured(c, known)
    is_step = _is_step(court, known)
    off = next((mark for mark in found if mark.word == marks.OFF), None)
    if off is not None:  # also of a draft that was sent with it, and of a mail that counts as a step
        obey_off(court, c.store.conversations.find(message_id) or known, off)
        return
    if is_step:
        return
    if not found and step_since_backup(c, known):
        return
    note = next((mark for mark in found if mark.word == marks.MET), None)
    if note is not None and obey_note(court, known, note, _mark_time(c, known)):
        return
    _ask_whether_still_to_greet(c, known)
    moved = _move_anchors(court, known)
    wishes = [mark for mark in found if mark.enrolls]
    obeyed = [_obey_once(court, known, mark) for mark in wishes]
    if not any(obeyed) and not moved:
        _detect(court, known)


def _is_step(court: Court, known: Known) -> bool:
    """Whether it is a step, of which it is recorded that it left."""
    c, message = court.c, known.entry.message
    if known.entry.step:
        return True
    if is_ours(message.id):
        complete(court.session, c, court.watched(), [message], court.asked_for, judged=False)
        step_of_ours(c, known)
        return True
    return copy_of_ours(c, known) or step_of_draft(court, known)


def _obey_once(court: Court, known: Known, mark: Mark) -> bool:
    """Obey a plus address. One that was refused is not refused again when a second copy of the mail comes in."""
    messages, word = court.c.store.conversations, f"+{mark.word}"
    if messages.was_obeyed(known.entry.message.id, word):
        return False
    if obey(court, known, mark, _mark_time(court.c, known)):
        return True
    messages.set_obeyed(known.entry.message.id, word, court.c.now)
    return False


def _honoured(c: Cycle, known: Known) -> tuple[Mark, ...]:
    """The marks of a mail; of an old one only that it is never to be followed up, which grows no older."""
    earlier, found = known.entry.message.earlier, marks.plus_marks(c.identity, known.entry.message)
    is_old = earlier is None or c.now - earlier > marks.HONOURED
    return tuple(mark for mark in found if mark.word == marks.OFF) if is_old else found


def _mark_time(c: Cycle, known: Known) -> datetime | None:
    """When the mark was made, if that is a yes; None: before the first run."""
    first = c.first_run
    return known.entry.at if first is None or known.entry.at >= first else None


# ---- the anchor


def _move_anchors(court: Court, known: Known) -> bool:
    """A later message of the consultant's to the prospect, in the conversation: delays count anew from it."""
    c, moved = court.c, False
    for e in c.store.enrollments.of_conversation(known.conversation):
        if not e.state.live or not known.entry.is_to(e.address):
            continue
        moved = True
        if e.anchor == known.entry.message.id or not _is_later(known.entry, e):
            continue
        court.read(known)
        c.store.enrollments.move_anchor(
            e, known.entry.message.id, known.entry.left, c.now, f"you wrote again on {known.entry.at:%Y-%m-%d}"
        )
        check = eligibility.few_people(_case(court, known))
        if not check.passed and e.state is not State.WAITING:
            why = f"your mail of {known.entry.at:%Y-%m-%d} went to others too: {check.detail}; still follow up?"
            c.store.enrollments.change(e, State.WAITING, c.now, why, code="people")
            c.tally.waiting += 1
    return moved


def _ask_whether_still_to_greet(c: Cycle, known: Known) -> None:
    """Who was put in by hand is to get a first mail, and the consultant wrote it himself meanwhile: it waits for a word."""
    entry, subject = known.entry, known.entry.message.subject
    for person in c.identity.outside((*entry.message.to, *entry.message.cc)):
        e = c.store.enrollments.live_of(person.address)
        if e is None or e.anchor or e.deliveries or e.state is State.WAITING or e.origin is Origin.DETECTED:
            continue
        if e.created is not None and entry.left > e.created:
            why = f"you wrote to them yourself on {entry.left:%Y-%m-%d} ('{subject}'); still send '{e.sequence}'?"
            c.store.enrollments.change(e, State.WAITING, c.now, why, code="answer")
            c.tally.waiting += 1


def _is_later(entry: Entry, e: Enrollment) -> bool:
    """Whether a message comes after the anchor; one that refers to it does, whatever its clock says."""
    return e.anchor_at is None or entry.at > e.anchor_at or e.anchor in entry.message.answers


# ---- detection


def _case(court: Court, known: Known) -> Case:
    c = court.c
    return eligibility.case_of(
        c.identity,
        known.entry,
        c.store.conversations.get(known.conversation),
        c.now,
        c.options.lookback,
        c.store.suppressions.matching,
        c.store.conversations.is_list_address,
    )


def _detects(c: Cycle) -> bool:
    return c.policy.detect != "off" and any(s.trigger in (Trigger.SENT, Trigger.STALLED) for s in c.sequences.values())


def _candidate(court: Court, known: Known) -> Case | None:
    """The case of a sent message that passes every rule for which nothing must be asked; None where one fails."""
    if _is_history(court.c, known):
        return None
    case = _case(court, known)
    passed = case.prospect is not None and all(rule(case).passed for rule in eligibility.BEFORE_ASKING)
    return case if passed else None


def _is_history(c: Cycle, known: Known) -> bool:
    """Whether a message is too old, as most are that a first look sees, and no mail of ours is near that would let it pass:
    told without reading its conversation."""
    if eligibility.is_recent(known.entry.message, c.now, c.options.lookback):
        return False
    return not any(map(is_ours, c.store.conversations.ids_of(known.conversation)))


def _get_acquainted(court: Court, cases: Iterable[Case]) -> None:
    """Ask about all people at once of whom it is not known whether they had ever written before these mails."""
    c = court.c
    who = [(case.prospect.address, case.opening.at) for case in cases if case.prospect is not None]
    unknown = [address for address, moment in who if not is_acquainted(c, address, moment)]
    if unknown:
        c.progress("asking who wrote before", 0, 0)
        acquaint(court.session, c, court.watched(), unknown)


def _detect(court: Court, known: Known) -> None:
    """Whether a sent message begins an enrollment by rule: the cheap rules first, a server is asked only then."""
    c = court.c
    if not _detects(c) or (case := _candidate(court, known)) is None:
        return
    if complete(court.session, c, court.watched(), [known.entry.message], court.asked_for):
        case = _candidate(court, known)
    if case is None or case.prospect is None:
        return
    _get_acquainted(court, [case])
    who, fitting = case.prospect, _fitting(c, case)
    if any(s.asks for s in fitting):
        for unread in _unread(c, case):
            court.read(unread)
        fitting = _fitting_by_text(c, case, fitting)
    chosen = eligibility.choose(fitting)
    if chosen is None and c.library.broken - c.sequences.keys():
        raise NotYet  # the one that does not load might have been meant
    if chosen is None or court.read(known).kind is Kind.CALENDAR:  # an invitation may show only in its parts
        return
    if len(fitting) > 1:
        others = ", ".join(s.name for s in fitting if s is not chosen)
        c.store.events.add(c.now, Happened.CHOSEN, f"'{chosen.name}' rather than {others}", address=who.address)
    begin(court, _wish(case, chosen))


def _wish(case: Case, sequence: Sequence) -> Wish:
    assert case.prospect is not None
    why = f"nobody has answered your mail of {case.entry.at:%Y-%m-%d} '{case.entry.message.subject}'"
    return Wish(case.prospect, sequence, Origin.DETECTED, why, opening=case.opening, entry=case.entry)


def _fitting(c: Cycle, case: Case) -> list[Sequence]:
    """The sequences that a case fits; what its text asks is left aside."""
    case = with_acquaintance(c, case)
    return [s for s in c.sequences.values() if all(check.passed for check in eligibility.conditions(case, s))]


def _fitting_by_text(c: Cycle, case: Case, fitting: list[Sequence]) -> list[Sequence]:
    """Those of them that fit what the consultant's messages of this silence ask, all of which have been read."""
    silence = _silence(c, case)
    asks = eligibility.asks(replace(case, asks=next((known.asks for known in silence if known.asks), "")))
    return [s for s in fitting if not s.asks or asks.passed]


def _silence(c: Cycle, case: Case) -> list[Known]:
    """The consultant's messages of this silence, steps of ours aside; the first that asks something tells."""
    found = (c.store.conversations.find(entry.message.id) for entry in case.silence if not entry.step)
    return [known for known in found if known is not None]


def _unread(c: Cycle, case: Case) -> list[Known]:
    return [known for known in _silence(c, case) if known.asks is None]


# ---- asking ahead


def _ask_ahead(court: Court, new: list[Known]) -> None:
    """Ask for what will be needed to judge these messages, for all of them together and a folder at a time: opening a
    folder costs a server more than reading in it. What is not foreseen here is asked for when it is needed."""
    c = court.c
    if not _detects(c) or court.apart:
        return
    mine = [known for known in new if not known.entry.step and not is_ours(known.entry.message.id)]
    with court.together():
        found = _candidates(court, mine)
        alone = [case.entry.message for _, case in found if not case.has_our_form]  # a mail of ours asks before they do
        if complete(court.session, c, court.watched(), alone, court.asked_for):
            found = _candidates(court, (known for known, _ in found))
        _get_acquainted(court, [case for _, case in found])
        court.read_ahead(_foreseen(court, found, _tell_what_is_asked))
        recall(court, _chased(court, found))
        court.read_ahead(_foreseen(court, found, _tell_the_rest))


def _candidates(court: Court, mails: Iterable[Known]) -> list[tuple[Known, Case]]:
    cases = ((k, court.foresee(k.row, partial(_candidate, court, k))) for k in mails if k.row != court.deadly)
    return [(known, case) for known, case in cases if case is not None]


def _foreseen(
    court: Court, found: Iterable[tuple[Known, Case]], needs: Callable[[Court, Case], list[Known]]
) -> Iterator[tuple[Known, Known]]:
    """(a message to be judged, one that is read for it)."""
    for known, case in found:
        for needed in court.foresee(known.row, partial(needs, court, case)) or ():
            yield known, needed


def _tell_what_is_asked(court: Court, case: Case) -> list[Known]:
    return _unread(court.c, case) if any(s.asks for s in _fitting(court.c, case)) else []


def _chased(court: Court, found: Iterable[tuple[Known, Case]]) -> list[str]:
    """Whom some sequence fits."""
    chosen = ((case, court.foresee(known.row, partial(_chosen, court.c, case))) for known, case in found)
    return [case.prospect.address for case, sequence in chosen if case.prospect is not None and sequence is not None]


def _chosen(c: Cycle, case: Case) -> Sequence | None:
    return eligibility.choose(_fitting_by_text(c, case, _fitting(c, case)))


def _tell_the_rest(court: Court, case: Case) -> list[Known]:
    """What is read where a sequence fits, also by what is asked."""
    c = court.c
    chosen = _chosen(c, case)
    known = c.store.conversations.find(case.entry.message.id)
    return [known, *will_read(court, _wish(case, chosen))] if chosen is not None and known is not None else []
