"""Writes a step's mail and queues it: from then on its bytes and its Message-ID stay."""

from followmail.jobs.cycle import Cycle
from followmail.sequence import planner
from followmail.sequence.planner import Leave, Wait
from followmail.sequence.steps import Enrollment, Mode
from followmail.store.outbox import Parcel, Written


def written_of(c: Cycle, e: Enrollment, decision: Leave) -> Written | Wait:
    """The mail of a step that may leave; why not, where it cannot be written."""
    from followmail.writing import Desk, write  # late: it brings Jinja along, and mostly nothing is due

    desk = Desk(c.store, c.identity, c.library, c.policy.calendar)
    return write(desk, e, c.sequences[e.sequence], decision.step, decision.due, decision.mode, c.now)


def queue(c: Cycle, e: Enrollment, decision: Leave, written: Written) -> int | Wait:
    """Queue a written mail: which delivery it is."""
    shape = c.sequences[e.sequence].shape
    with c.store.transaction():
        fresh = c.store.enrollments.get(e.id)
        if fresh is None or fresh.state is not e.state:
            return Wait("you changed it meanwhile", decision.due, decision.step)
        number = c.store.outbox.enqueue(written, c.now)
        if e.conversation is not None:  # an answer to it belongs to the conversation, also where it starts a new thread
            c.store.conversations.learn_id(written.message_id, e.conversation)
        if e.shape != shape:
            c.store.enrollments.note(e.id, shape=shape)
    if number is None:
        return Wait("this step has left, or may have", decision.due, decision.step, "approval", "left")
    c.tell("queued", {"delivery": number, "enrollment": e.id, "step": decision.step.number})
    return number


def queue_next(c: Cycle, e: Enrollment) -> Parcel | None:
    """Queue an enrollment's next step as a draft, due or not; None where there is none, or it cannot be written."""
    sequence = c.sequences.get(e.sequence)
    step = planner.next_step(e, sequence) if sequence is not None else None
    if sequence is None or step is None or step.call or e.delivery(step.name) is not None:
        return None
    try:
        due = planner.due_of(e, sequence, step, c.policy.calendar)
    except ValueError:
        return None
    decision = Leave(planner.reason(e, step, due, c.policy.calendar), due, step, Mode.DRAFT)
    written = written_of(c, e, decision)
    queued = written if isinstance(written, Wait) else queue(c, e, decision, written)
    return None if isinstance(queued, Wait) else c.store.outbox.parcel(queued)
