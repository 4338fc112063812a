"""Lays drafts, follows what becomes of them, and withdraws those whose reason is gone.

A draft that was sent is found by judging the Sent folder; here it is found that one is gone, changed or to be taken back.
"""

from datetime import timedelta

from followmail.errors import CommandRefused, ServerBusy
from followmail.imap import drafts as drafts_edge
from followmail.imap import reader
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.jobs.copies import same_bytes
from followmail.jobs.cycle import Cycle, Look
from followmail.jobs.drafts_folder import Draft, begun_by_hand, draft_of, moved_draft, read_drafts
from followmail.jobs.sent_folder import left_already
from followmail.sequence.steps import Enrollment, Mode, Origin, State, Status
from followmail.store.outbox import Parcel

# A draft counts as deleted only after so many complete looks and so long: clients delete and append anew at every edit.
GONE_LOOKS = 2
GONE_AFTER = timedelta(minutes=15)
DELETED = "you deleted its draft"


def drafts_target(look: Look) -> Folder | None:
    """Where drafts are laid: the special-use folder, else the first with a well-known name."""
    return _first(look, Role.DRAFTS)


def _first(look: Look, role: Role) -> Folder | None:
    return next((folder for folder in having(look.folders, role) if folder.selectable), None)


def follow_drafts(session: Session, c: Cycle, look: Look) -> None:
    """What became of open drafts: still there, moved, deleted, or to be withdrawn."""
    open_ones = c.store.outbox.with_drafts()
    if not open_ones:
        return
    found = read_drafts(session, look.folders)
    for parcel in open_ones:
        if parcel.delivery.status in (Status.QUEUED, Status.CANCELLED):
            _laid_after_all(session, c, look, parcel, found)
            continue
        draft = draft_of(parcel, found) or moved_draft(session, c.identity, _watched(c, look), parcel)
        if draft is None:
            _missing(c, look, parcel)
        else:
            _present(session, c, look, parcel, draft)


def _laid_after_all(session: Session, c: Cycle, look: Look, parcel: Parcel, found: tuple[Draft, ...]) -> None:
    """The connection broke while a draft was laid: found, it is this step's; its reason gone since, it is taken back."""
    number = parcel.delivery.id
    draft = next((d for d in found if d.message.id == parcel.delivery.message_id), None)
    if draft is None:
        c.store.outbox.note(number, draft_folder="")
        return
    before, gone = parcel.delivery.status, parcel.delivery.status is Status.CANCELLED
    if c.store.outbox.move(number, (before,), Status.DRAFTED, c.now, left=c.now, withdraw=gone):
        laid = c.store.outbox.parcel(number)
        if laid is not None:
            _present(session, c, look, laid, draft)


def _watched(c: Cycle, look: Look) -> list[Folder]:
    return [folder for folder in look.folders if folder.name not in c.options.skip_folders]


def _present(session: Session, c: Cycle, look: Look, parcel: Parcel, draft: Draft) -> None:
    c.store.outbox.note(
        parcel.delivery.id,
        draft_folder=draft.folder,
        draft_uidvalidity=draft.uidvalidity,
        draft_uid=draft.uid,
        gone_since=None,
        gone_looks=0,
    )
    if not parcel.withdraw:
        return
    e = c.store.enrollments.get(parcel.delivery.enrollment)
    if e is None:
        return
    if _has_our_bytes(session, parcel, draft):
        trash = _first(look, Role.TRASH)
        drafts_edge.to_trash(session, draft.folder, draft.uid, trash.name if trash else None)
        with c.store.transaction():
            c.store.outbox.note(parcel.delivery.id, withdraw=False)
            c.store.outbox.move(parcel.delivery.id, (Status.DRAFTED,), Status.WITHDRAWN, c.now, left=None)
            c.store.events.add(c.now, "draft-withdrawn", parcel.delivery.why or "its reason is gone", e.id, e.address)
        c.tell("draft-withdrawn", {"delivery": parcel.delivery.id})
    else:
        c.store.outbox.note(parcel.delivery.id, draft_edited=True, withdraw=False)
        why = "you edited the draft, so it stays in Drafts; delete it, or send it if it still fits"
        c.store.events.add(c.now, "draft-kept", why, e.id, e.address)


def _has_our_bytes(session: Session, parcel: Parcel, draft: Draft) -> bool:
    """Whether nobody touched the draft."""
    if draft.message.id != parcel.delivery.message_id:
        return False
    try:
        there = reader.whole(session, draft.folder, draft.uid, len(parcel.data) + 65_536)
    except CommandRefused:  # far larger than ours, or not to be read: in doubt it is the consultant's
        return False
    return same_bytes(there, parcel)


def _missing(c: Cycle, look: Look, parcel: Parcel) -> None:
    """A draft that no folder holds: deleted, or about to come again; what was sent has been judged before."""
    if not look.complete:
        return  # only complete looks prove that it is gone
    since, looks = parcel.gone_since or c.now, parcel.gone_looks + 1
    if looks < GONE_LOOKS or c.now - since < GONE_AFTER:
        c.store.outbox.note(parcel.delivery.id, gone_since=since, gone_looks=looks)
        return
    _deleted(c, parcel)


def _deleted(c: Cycle, parcel: Parcel) -> None:
    """Deleting is the no: the step is skipped; a detected one never said yes to is over; two in a row end any."""
    delivery = parcel.delivery
    with c.store.transaction():
        if parcel.withdraw:
            c.store.outbox.note(delivery.id, withdraw=False)
            c.store.outbox.move(delivery.id, (Status.DRAFTED,), Status.WITHDRAWN, c.now, left=None)
            return
        c.store.outbox.move(delivery.id, (Status.DRAFTED,), Status.SKIPPED, c.now, left=c.now, why=DELETED)
        e = c.store.enrollments.get(delivery.enrollment)
        if e is None:
            return
        c.store.events.add(c.now, "skipped", f"step {delivery.number}: {DELETED}", e.id, e.address)
        if not e.state.live:
            return
        if e.origin is Origin.DETECTED and not e.said_yes:
            _stop(c, e, "you deleted its first draft")
        elif _two_deleted(e):
            _stop(c, e, "you deleted two drafts in a row")


def _two_deleted(e: Enrollment) -> bool:
    done = sorted((d for d in e.deliveries if d.status.done), key=lambda d: d.changed)
    return len(done) >= 2 and all(d.status is Status.SKIPPED and d.why == DELETED for d in done[-2:])


def _stop(c: Cycle, e: Enrollment, why: str) -> None:
    c.store.enrollments.change(e, State.STOPPED, c.now, why)
    c.tally.stopped += 1


def lay_drafts(session: Session, c: Cycle, look: Look) -> None:
    """Put each queued draft into Drafts, once: an interrupted earlier try is found there first."""
    waiting = [p for p in c.store.outbox.parcels(Status.QUEUED) if p.mode is Mode.DRAFT]
    if not waiting or not look.complete:
        return
    target = drafts_target(look)
    if target is None:
        for parcel in waiting:
            _hold(c, parcel, "no Drafts folder was found; FOLLOWMAIL_DRAFTS_FOLDER names one")
        return
    found = read_drafts(session, look.folders)
    for number, parcel in enumerate(waiting):
        c.progress("drafts", number, len(waiting))
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        if e is not None and left_already(session, c, look, e, parcel):
            continue
        try:
            _lay(session, c, target, parcel, found)
        except (CommandRefused, ServerBusy) as fault:  # a full mailbox, a folder that may only be read
            _hold(c, parcel, str(fault))


def _hold(c: Cycle, parcel: Parcel, why: str) -> None:
    """It could not be laid; at the next cycle the same row is queued again."""
    c.store.outbox.move(parcel.delivery.id, (Status.QUEUED,), Status.CANCELLED, c.now, why=why)
    c.tally.held += 1
    c.tell("held", {"delivery": parcel.delivery.id, "why": why})


def _lay(session: Session, c: Cycle, target: Folder, parcel: Parcel, found: tuple[Draft, ...]) -> None:
    there = begun_by_hand(parcel, found)
    uid: int | None
    if there is not None:
        folder, uid, edited = there.folder, there.uid, there.message.id != parcel.delivery.message_id
    else:
        folder, edited = target.name, False
        c.store.outbox.note(parcel.delivery.id, draft_folder=folder, draft_uid=None)  # it may lie there from here on
        uid = drafts_edge.lay(session, target.name, parcel.data, c.now)
    with c.store.transaction():
        moved = c.store.outbox.move(
            parcel.delivery.id, (Status.QUEUED,), Status.DRAFTED, c.now, left=c.now, draft_folder=folder, draft_uid=uid,
            draft_edited=edited, gone_since=None, gone_looks=0,
        )  # fmt: skip
        if not moved:  # stopped meanwhile: take it back at the next cycle
            c.store.outbox.move(
                parcel.delivery.id, (Status.CANCELLED,), Status.DRAFTED, c.now, left=c.now, draft_folder=folder,
                draft_uid=uid, withdraw=True,
            )  # fmt: skip
            return
        delivery = parcel.delivery
        c.store.events.add(
            c.now, "drafted", f"step {delivery.number} lies in {folder}", delivery.enrollment, parcel.address
        )
    c.tally.drafted += 1
    c.tell("drafted", {"delivery": parcel.delivery.id, "step": parcel.delivery.number})
