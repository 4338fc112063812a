"""What the consultant's own messages do: a step that left, a mark, a new anchor, or the begin of an enrollment."""

from dataclasses import replace
from datetime import datetime

from followmail.jobs.acquaintance import with_acquaintance
from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.begin import Wish, begin
from followmail.jobs.judge.court import Court, NotYet, judge_each
from followmail.jobs.judge.marked import obey, obey_off
from followmail.jobs.judge.noted import obey_note
from followmail.jobs.judge.orders import obey_reply
from followmail.jobs.judge.restored import step_since_backup
from followmail.jobs.judge.steps_found import copy_of_ours, step_of_draft, step_of_ours
from followmail.jobs.recording import acquaint, complete
from followmail.mail.kinds import Kind
from followmail.mail.msgid import is_digest, is_ours
from followmail.sequence import eligibility, marks
from followmail.sequence.eligibility import Case
from followmail.sequence.happened import Happened
from followmail.sequence.marks import Mark
from followmail.sequence.steps import Origin, State, Trigger
from followmail.store.conversations import Known


def judge_own(court: Court) -> None:
    """Judge the consultant's new messages, oldest first."""
    new = [known for known in court.c.store.conversations.unjudged() if known.entry.sent]
    _get_acquainted(court, new)
    judge_each(court, new, lambda known: _own(court, known.entry.message.id))


def _own(court: Court, message_id: str) -> None:
    c = court.c
    known = c.store.conversations.find(message_id)  # anew: an earlier one may have made it a step
    if known is None or known.entry.step:
        return
    if is_digest(message_id) or obey_reply(court, known):
        return
    if is_ours(message_id):
        complete(court.session, c, court.watched(), known.entry.message, judged=False)
        step_of_ours(c, known)
        return
    if copy_of_ours(c, known) or step_of_draft(court, known):
        return
    found = _honoured(c, known)
    off = next((mark for mark in found if mark.word == marks.OFF), None)
    if off is not None:
        obey_off(c, known, off)
        return
    if not found and step_since_backup(c, known):
        return
    note = next((mark for mark in found if mark.word == marks.MET), None)
    if note is not None and obey_note(court, known, note, _mark_time(c, known)):
        return
    moved = _move_anchors(court, known)
    wishes = [mark for mark in found if mark.enrolls]
    obeyed = [_obey_once(court, known, mark) for mark in wishes]
    if not any(obeyed) and not moved:
        _detect(court, known)


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
    earlier = known.entry.message.earlier
    if earlier is None or c.now - earlier > marks.HONOURED:
        return ()
    return marks.plus_marks(c.identity, known.entry.message)


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
        if e.anchor == known.entry.message.id or (e.anchor_at is not None and known.entry.at <= e.anchor_at):
            continue
        court.read(known)
        c.store.enrollments.move_anchor(
            e, known.entry.message.id, known.entry.at, c.now, f"you wrote again on {known.entry.at:%Y-%m-%d}"
        )
        check = eligibility.few_people(_case(court, known))
        if not check.passed and e.state is not State.WAITING:
            why = f"your mail of {known.entry.at:%Y-%m-%d} went to others too: {check.detail}; still follow up?"
            c.store.enrollments.change(e, State.WAITING, c.now, why, code="people")
            c.tally.waiting += 1
    return moved


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
    case = _case(court, known)
    passed = case.prospect is not None and all(rule(case).passed for rule in eligibility.BEFORE_ASKING)
    return case if passed else None


def _get_acquainted(court: Court, new: list[Known]) -> None:
    """Ask about all people at once of whom it is not known whether they had ever written."""
    c = court.c
    if not _detects(c):
        return
    cases = [_candidate(court, known) for known in new if not known.entry.step and not is_ours(known.entry.message.id)]
    people = [case.prospect.address for case in cases if case is not None and case.prospect is not None]
    unknown = [a for a in dict.fromkeys(people) if not c.store.conversations.is_acquainted(a)]
    if unknown:
        c.progress("asking who wrote before", 0, 0)
        acquaint(court.session, c, court.watched(), unknown)


def _detect(court: Court, known: Known) -> None:
    """Whether a sent message begins an enrollment by rule: the cheap rules first, a server is asked only then."""
    c = court.c
    if not _detects(c) or _candidate(court, known) is None:
        return
    complete(court.session, c, court.watched(), known.entry.message)
    case = _candidate(court, known)
    if case is None or case.prospect is None:
        return
    _get_acquainted(court, [known])
    who, case = case.prospect, with_acquaintance(c, case)
    fitting = [s for s in c.sequences.values() if all(check.passed for check in eligibility.conditions(case, s))]
    fitting = [s for s in fitting if not s.asks or eligibility.asks(_with_asks(court, case)).passed]
    chosen = eligibility.choose(fitting)
    if chosen is None and c.library.broken - c.sequences.keys():
        raise NotYet  # the one that does not load might have been meant
    if chosen is None or court.read(known).kind is Kind.CALENDAR:  # an invitation may show only in its parts
        return
    if len(fitting) > 1:
        others = ", ".join(s.name for s in fitting if s is not chosen)
        c.store.events.add(c.now, Happened.CHOSEN, f"'{chosen.name}' rather than {others}", address=who.address)
    why = f"nobody has answered your mail of {case.entry.at:%Y-%m-%d} '{case.entry.message.subject}'"
    begin(court, Wish(who, chosen, Origin.DETECTED, why, opening=case.opening, entry=case.entry))


def _with_asks(court: Court, case: Case) -> Case:
    """What the consultant's messages of this silence ask; the first that asks something tells."""
    asked = ""
    for entry in case.silence:
        known = court.c.store.conversations.find(entry.message.id)
        if known is not None and not entry.step:
            if known.asks is None:
                court.read(known)
                known = court.c.store.conversations.find(entry.message.id)
            asked = asked or (known.asks if known and known.asks else "")
    return replace(case, asks=asked)
