"""Sends what is queued, one mail at a time, each after a fresh complete look of its own.

    queued → sending ▣ → SMTP up to the last line of the body → handed-over ▣ → the final dot → sent | failed | uncertain ▣

▣ is a commit. Only what surely did not leave is tried again (RFC 1047 tells why there is no exactly-once).
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from followmail import smtp
from followmail.errors import CommandRefused, FollowmailError
from followmail.imap.folders import Role, having
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle, Look, hold
from followmail.jobs.drafts_folder import adopt, begun_by_hand, read_drafts
from followmail.jobs.sent_folder import has_id, left_already
from followmail.sequence import planner
from followmail.sequence.happened import Happened
from followmail.sequence.planner import Leave, Wait
from followmail.sequence.steps import Enrollment, Mode, State, Status
from followmail.store.outbox import Parcel
from followmail.store.suppressions import BOUNCED

RETRY_FIRST = timedelta(minutes=5)
RETRY_LONGEST = timedelta(hours=4)
DAILY_LIMIT_HELD = timedelta(hours=24)


class Changed(FollowmailError):
    """Somebody cancelled the delivery in the last moment, before the dot."""


def deliver(
    session: Session,
    c: Cycle,
    server: smtp.Server | None,
    relook: Callable[[], tuple[Cycle, Look]],
    decide: Callable[[Enrollment], planner.Decision],
    clock: Callable[[], datetime],
) -> None:
    """Send the queued mails that may leave now.

    `relook` looks and judges, and gives the cycle of its moment with the look; `decide` asks the planner.
    """
    tried: set[int] = set()
    while parcel := _next(c, tried):
        tried.add(parcel.delivery.id)
        c.progress("sending", len(tried), 0)
        if c.store.facts.moment("sending_held_until") and not _account_is_free(c):
            return
        c, look = relook()
        if not look.complete:
            return
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        fresh = c.store.outbox.parcel(parcel.delivery.id)
        if e is None or fresh is None or fresh.delivery.status is not Status.QUEUED:
            continue
        decision = decide(e)
        if not isinstance(decision, Leave) or decision.step.name != fresh.delivery.step:
            _not_now(c, fresh, decision)
            continue
        if server is None:
            hold(c, fresh, "FOLLOWMAIL_SMTP_HOST is not set, so nothing can be sent")
            continue
        if not having(look.folders, Role.SENT):
            hold(c, fresh, "no Sent folder was found to tell what has left; FOLLOWMAIL_SENT_FOLDER names one")
            continue
        if left_already(session, c, look, e, fresh) or _is_a_draft(session, c, look, fresh):
            continue
        if not _send(c, server, e, fresh, clock):
            return


def _next(c: Cycle, tried: set[int]) -> Parcel | None:
    queued = c.store.outbox.parcels(Status.QUEUED)
    return next((p for p in queued if p.mode is Mode.SEND and p.delivery.id not in tried), None)


def _is_a_draft(session: Session, c: Cycle, look: Look, parcel: Parcel) -> bool:
    """Whether a draft of this step lies in Drafts, which a restored database may not know; or one to the person that the
    consultant began in the thread. A step that became a draft stays one."""
    try:
        there = begun_by_hand(c.store, parcel, read_drafts(session, look.folders))
    except CommandRefused as fault:
        hold(c, parcel, str(fault))
        return True
    if there is not None:
        adopt(c, parcel, there)
    return there is not None


def _account_is_free(c: Cycle) -> bool:
    until = c.store.facts.moment("sending_held_until")
    return until is None or c.now >= until


def _not_now(c: Cycle, parcel: Parcel, decision: planner.Decision) -> None:
    """It may not leave any more; where the planner says until when, that is when to go round again."""
    hold(c, parcel, decision.why)
    if isinstance(decision, Wait) and decision.due is not None:
        c.tally.next_due = min(decision.due, c.tally.next_due or decision.due)


# ---- the transaction


def _send(c: Cycle, server: smtp.Server, e: Enrollment, parcel: Parcel, clock: Callable[[], datetime]) -> bool:
    """Send one mail; False where the account cannot send now, so that no other is tried."""
    number = parcel.delivery.id
    if not c.store.outbox.move(number, (Status.QUEUED,), Status.SENDING, c.now, attempts=parcel.delivery.attempts + 1):
        return True

    def before_dot() -> None:
        forbidden = next(filter(c.store.suppressions.matching, parcel.delivery.recipients), None)
        if forbidden or not c.store.outbox.move(number, (Status.SENDING,), Status.HANDED_OVER, c.now, left=clock()):
            raise Changed(f"{forbidden} must not be mailed" if forbidden else "it was cancelled")

    try:
        outcome = smtp.submit(
            server, parcel.sender, parcel.delivery.recipients, parcel.data, before_dot=before_dot,
            local_hostname=parcel.sender.rpartition("@")[2], settle=lambda outcome: _left(replace(c, now=clock()), e, parcel, outcome),
        )  # fmt: skip
    except Changed as change:
        c.store.outbox.move(number, (Status.SENDING,), Status.CANCELLED, c.now, why=str(change))
        c.tell("held", {"delivery": number, "why": "it was cancelled in the last moment"})
        return True
    return _outcome(c, e, parcel, outcome)


def _left(c: Cycle, e: Enrollment, parcel: Parcel, outcome: smtp.Outcome) -> None:
    """It left: committed at once, before the goodbye to the server, in which anything may still happen."""
    if not isinstance(outcome, smtp.Sent):
        return
    number, step = parcel.delivery.id, parcel.delivery.number
    with c.store.transaction():
        c.store.outbox.move(number, (Status.HANDED_OVER,), Status.SENT, c.now, left=c.now, next_try=None, why="")
        c.store.events.add(c.now, Happened.SENT, f"step {step} left", e.id, e.address)
        _account_works(c)
    c.tally.sent += 1
    c.tell("sent", {"delivery": number, "step": step, "code": outcome.code})


def _outcome(c: Cycle, e: Enrollment, parcel: Parcel, outcome: smtp.Outcome) -> bool:
    number, step = parcel.delivery.id, parcel.delivery.number
    if isinstance(outcome, smtp.Sent):
        return True
    if isinstance(outcome, smtp.Unknown):
        with c.store.transaction():
            why = "the connection broke before the server's answer: nobody can know whether it left"
            c.store.outbox.move(number, (Status.HANDED_OVER,), Status.UNCERTAIN, c.now, why=why)
            c.store.events.add(c.now, Happened.UNCERTAIN, f"step {step}: {why}", e.id, e.address)
        c.tally.uncertain += 1
        c.tell("uncertain", {"delivery": number, "step": step})
        return False
    return _not_sent(c, e, parcel, outcome)


def _not_sent(c: Cycle, e: Enrollment, parcel: Parcel, outcome: smtp.NotSent) -> bool:
    """It surely did not leave: retried, dropped, or told."""
    status = "" if outcome.text.startswith(outcome.enhanced) else outcome.enhanced  # the text begins with it mostly
    said = " ".join(filter(None, (str(outcome.code or ""), status, outcome.text)))
    c.tell("not-sent", {"delivery": parcel.delivery.id, "code": outcome.code, "scope": outcome.scope})
    if outcome.daily_limit:
        c.store.facts.set_moment("sending_held_until", c.now + DAILY_LIMIT_HELD)
        _retry(c, e, parcel, f"the provider's daily limit is reached ({said})", DAILY_LIMIT_HELD)
        return False
    if outcome.transient or outcome.scope == "account":
        if outcome.scope == "account" and not outcome.transient:
            c.store.events.add(c.now, Happened.ACCOUNT, f"the mail server refuses to send: {said}")
            c.store.facts.set_text("sending_fault", said)
        account = outcome.scope == "account"
        _retry(c, e, parcel, said, _hold_account(c) if account else _growing(parcel.delivery.attempts))
        return not account
    return _refused(c, e, parcel, outcome, said)


def _retry(c: Cycle, e: Enrollment, parcel: Parcel, why: str, wait: timedelta) -> None:
    statuses = (Status.SENDING, Status.HANDED_OVER)
    with c.store.transaction():
        c.store.outbox.move(
            parcel.delivery.id, statuses, Status.CANCELLED, c.now, why=why, next_try=c.now + wait, left=None
        )
        c.store.events.add(c.now, Happened.RETRY, f"step {parcel.delivery.number}: {why}", e.id, e.address)
    c.tally.held += 1


def _hold_account(c: Cycle) -> timedelta:
    """No mail is tried for a while, which grows with each refusal in a row: many logins lock an account."""
    refusals = int(c.store.facts.text("account_refusals") or 0)
    wait = _growing(refusals)
    c.store.facts.set_text("account_refusals", str(refusals + 1))
    c.store.facts.set_moment("sending_held_until", c.now + wait)
    return wait


def _account_works(c: Cycle) -> None:
    for fact in ("account_refusals", "sending_held_until", "sending_fault"):
        c.store.facts.set_text(fact, None)


def _growing(attempts: int) -> timedelta:
    """5, 10, 20, … minutes up to 4 hours, each with a fifth of chance, so that many do not come back at once."""
    wait: timedelta = min(RETRY_FIRST * 2 ** min(attempts, 10), RETRY_LONGEST)
    return wait * random.uniform(0.9, 1.1)


def _refused(c: Cycle, e: Enrollment, parcel: Parcel, outcome: smtp.NotSent, said: str) -> bool:
    """A final refusal: of a Cc, that person is dropped; of the prospect, as a bounce; of the mail, a question."""
    number = parcel.delivery.id
    statuses = (Status.SENDING, Status.HANDED_OVER)
    refused = outcome.recipient
    if refused is not None and refused != e.address:
        if outcome.scope == "recipient":
            c.store.suppressions.add(refused, BOUNCED)
        with c.store.transaction():
            c.store.enrollments.note(e.id, dropped=e.dropped | {refused})
            c.store.outbox.move(number, statuses, Status.CANCELLED, c.now, why=said, left=None)
            c.store.events.add(c.now, Happened.DROPPED, f"{refused} in Cc was refused: {said}", e.id, e.address)
        return True
    c.tally.failed += 1
    c.store.outbox.move(number, statuses, Status.FAILED, c.now, why=said, left=None, next_try=None)
    if outcome.scope == "recipient":
        c.store.suppressions.add(e.address, BOUNCED)
        c.store.enrollments.change_now(e.id, State.BOUNCED, c.now, f"{e.address} does not exist: {said}")
        c.tally.stopped += 1
    else:
        c.store.enrollments.change_now(
            e.id, State.WAITING, c.now, f"the mail was refused: {said}; try again?", code="failed"
        )
        c.tally.waiting += 1
    return True


# ---- what is in doubt


def settle_uncertain(session: Session, c: Cycle, look: Look) -> None:
    """Every look asks Sent about what may have left: a copy found settles it. Nothing else does but the consultant."""
    for parcel in c.store.outbox.parcels(Status.UNCERTAIN):
        for folder in having(look.folders, Role.SENT):
            try:
                found = has_id(session, folder.name, parcel.delivery.message_id)
            except CommandRefused:
                continue
            if found:
                with c.store.transaction():
                    c.store.outbox.move(
                        parcel.delivery.id, (Status.UNCERTAIN,), Status.SENT, c.now,
                        left=parcel.delivery.left or parcel.delivery.changed, filed=True, why="its copy stands in Sent",
                    )  # fmt: skip
                    c.store.events.add(
                        c.now,
                        Happened.SENT,
                        "it left: its copy stands in Sent",
                        parcel.delivery.enrollment,
                        parcel.address,
                    )
                c.tally.sent += 1
                break
