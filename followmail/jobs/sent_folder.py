"""What the Sent folders say of a mail that is about to leave: asked of the server, not of our memory of it."""

from followmail.imap import reader
from followmail.imap.folders import Role, having
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle, Look
from followmail.mail import message as mail_message
from followmail.mail.msgid import is_askable, is_ours
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, State, Status, Trigger
from followmail.store.outbox import Parcel


def left_already(session: Session, c: Cycle, look: Look, e: Enrollment, parcel: Parcel) -> bool:
    """Ask Sent itself, not our memory of it: for this Message-ID; for met and manual, for any mail of our form."""
    for folder in having(look.folders, Role.SENT):
        if has_id(session, folder.name, parcel.delivery.message_id):
            with c.store.transaction():
                c.store.outbox.move(
                    parcel.delivery.id, (Status.QUEUED,), Status.SENT, c.now, left=c.now, filed=True,
                    why="it stands in Sent",
                )  # fmt: skip
                c.store.events.add(c.now, Happened.SENT, "it had left already: it stands in Sent", e.id, e.address)
            return True
        if e.trigger in (Trigger.MET, Trigger.MANUAL) and not e.again and _was_met(session, c, folder.name, e):
            why = f"{e.address} was once in such a sequence: a mail of ours to them stands in Sent; --again allows it"
            c.store.enrollments.change(e, State.STOPPED, c.now, why)
            c.tally.stopped += 1
            return True
    return False


def has_id(session: Session, folder: str, message_id: str) -> bool:
    """The server's search matches parts of a value: compare again (RFC 9051 §6.4.4)."""
    if not is_askable(message_id):
        return False
    uids = reader.uids_by_header(session, folder, "Message-ID", message_id)
    heads = reader.heads(session, folder, uids, fields=("Message-ID", "X-Microsoft-Original-Message-ID"))
    messages = [mail_message.read(head.header) for head in heads]
    return any(message_id in (m.id, m.original_id) for m in messages)


def _was_met(session: Session, c: Cycle, folder: str, e: Enrollment) -> bool:
    """A mail of our form to this address that is no step of this enrollment."""
    mine = {d.message_id.partition("@")[0] for d in e.deliveries}
    uids = reader.uids_to_address(session, folder, e.address)
    for head in reader.heads(session, folder, uids):
        message = mail_message.read(head.header)
        to = {p.address for p in (*message.to, *message.cc)}
        if e.address in to and is_ours(message.id) and message.id.partition("@")[0] not in mine:
            return True
    return False
