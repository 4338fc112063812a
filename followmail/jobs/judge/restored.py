"""What left after a backup was made and before it was restored: the database knows nothing of it, Sent does."""

from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.steps_found import count_as_step
from followmail.sequence.steps import Enrollment, Sequence
from followmail.store.conversations import Known


def step_since_backup(c: Cycle, known: Known) -> bool:
    """Whether a message of the consultant's to a prospect, in the conversation, counts as a step that has left: nobody can
    tell it from a draft of ours that was edited and sent."""
    restored = c.store.facts.moment("restored")
    if restored is None or known.entry.at > restored:
        return False
    for e in c.store.enrollments.of_conversation(known.conversation):
        sequence = c.sequences.get(e.sequence)
        old = e.created is not None and e.created < restored
        if sequence is not None and old and e.state.live and known.entry.is_to(e.address):
            return _counted(c, e, sequence, known)
    return False


def _counted(c: Cycle, e: Enrollment, sequence: Sequence, known: Known) -> bool:
    free = next((step for step in sequence.steps if not step.call and step.name not in e.done), None)
    if free is None:
        return False
    with c.store.transaction():
        count_as_step(c, e, sequence, free.name, known.entry)
        c.store.conversations.set_step(known.row)
    return True
