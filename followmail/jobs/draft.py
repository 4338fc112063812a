"""Lays drafts, follows what becomes of them, and withdraws those whose reason is gone.

A draft that was sent is found by judging the Sent folder; here it is found that one is gone, changed or to be taken back.
"""

from collections.abc import Iterable
from datetime import timedelta

from followmail.errors import CommandRefused, ServerBusy
from followmail.imap import drafts as drafts_edge
from followmail.imap import reader
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.jobs.copies import same_mail
from followmail.jobs.cycle import Cycle, Look, hold
from followmail.jobs.drafts_folder import (
    DELETED,
    Draft,
    adopt,
    begun_by_hand,
    draft_of,
    is_to,
    moved_draft,
    note_drafted,
    read_drafts,
    version_of,
    versions_of,
    versions_seen,
)
from followmail.jobs.facts import OLDER
from followmail.jobs.queueing import queue_next
from followmail.jobs.sent_folder import left_already
from followmail.mail import message as mail_message
from followmail.sequence import planner
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, Mode, Origin, State, Status
from followmail.store.outbox import Parcel

# A draft counts as deleted only after so many complete looks and so long: clients delete and append anew at every edit.
GONE_LOOKS = 2
GONE_AFTER = timedelta(minutes=15)
# In place of a number of looks: the folder itself is gone, which proves nothing.
OUT_OF_SIGHT = -1
# Mails whose draft is gone for good, or until they are queued again.
_TO_HAVE_NONE = (Status.CANCELLED, Status.WITHDRAWN)
# The fact how the Drafts folders stood when all open drafts were found in them: while they do, they need not be read.
_FOLLOWED = "drafts_followed"


def drafts_target(look: Look) -> Folder | None:
    """Where drafts are laid: the special-use folder, else the first with a well-known name."""
    return next(iter(having(look.folders, Role.DRAFTS)), None)


def follow_drafts(session: Session, c: Cycle, look: Look) -> None:
    """What became of open drafts: still there, moved, deleted, or to be withdrawn."""
    open_ones = c.store.outbox.with_drafts()
    here, facts = _contents(look), c.store.facts
    rest = all(p.delivery.status is Status.DRAFTED and not p.withdraw for p in open_ones)
    older = facts.numbers(OLDER)
    if rest and not older and (not open_ones or (here and here == facts.text(_FOLLOWED))):
        return
    try:
        found = read_drafts(session, look.folders)
    except CommandRefused:  # nothing is known of any
        return
    for parcel in open_ones:
        if parcel.delivery.status in (Status.QUEUED, *_TO_HAVE_NONE):
            _laid_after_all(session, c, look, parcel, found)
        elif parcel.delivery.status is Status.SENT:
            _left_behind(session, c, look, parcel, found)
        else:
            _follow(session, c, look, parcel, found)
    for number in older:
        _take_up(c, number, found)
        facts.drop_number(OLDER, number)
    if here != facts.text(_FOLLOWED) and all(draft_of(parcel, found) for parcel in open_ones):
        facts.set_text(_FOLLOWED, here)


def _take_up(c: Cycle, number: int, found: tuple[Draft, ...]) -> None:
    """A draft to somebody whose chase is older than this database may be one that a lost one laid: it is the next step's,
    whatever its words, before anybody sends it."""
    e = c.store.enrollments.get(number)
    if e is None or e.state is not State.ACTIVE or not any(is_to(d.message, e.address) for d in found):
        return
    sequence = c.sequences.get(e.sequence)
    if sequence is None or planner.mode_of(sequence, c.policy) is not Mode.DRAFT:
        return
    parcel = queue_next(c, e)
    there = begun_by_hand(c.store, parcel, found) if parcel is not None else None
    if parcel is not None and there is not None:
        adopt(c, parcel, there)
    elif parcel is not None:
        c.store.outbox.unqueue(e.id, c.now, "no draft of it lies in Drafts")


def _contents(look: Look) -> str | None:
    """How the Drafts folders stand; None where a change of flags would not show in that (RFC 7162 §3.1.2)."""
    folders = having(look.folders, Role.DRAFTS)
    if not look.complete or not all(folder.highestmodseq for folder in folders):
        return None
    return repr([(f.name, f.uidvalidity, f.uidnext, f.messages, f.highestmodseq) for f in folders])


def _follow(session: Session, c: Cycle, look: Look, parcel: Parcel, found: tuple[Draft, ...]) -> None:
    try:
        draft = draft_of(parcel, found) or moved_draft(session, c.identity, _watched(c, look), parcel)
    except CommandRefused:  # it may lie in the folder that could not be asked
        return
    if draft is None:
        _missing(c, look, parcel)
    else:
        _present(session, c, look, parcel, draft, versions_of(parcel, found))


def _laid_after_all(session: Session, c: Cycle, look: Look, parcel: Parcel, found: tuple[Draft, ...]) -> None:
    """The connection broke while a draft was laid, or one came again: found, it is this step's; its reason gone since, it
    is taken back."""
    number = parcel.delivery.id
    drafts = tuple(d for d in found if d.message.id == parcel.delivery.message_id)
    if not drafts:
        c.store.outbox.note(number, draft_folder="")
        return
    before, gone = parcel.delivery.status, parcel.delivery.status in _TO_HAVE_NONE
    if c.store.outbox.move(number, (before,), Status.DRAFTED, c.now, left=c.now, withdraw=gone):
        laid = c.store.outbox.parcel(number)
        if laid is not None:
            _present(session, c, look, laid, drafts[0], drafts)


def _watched(c: Cycle, look: Look) -> list[Folder]:
    return [folder for folder in look.folders if folder.name not in c.options.skip_folders]


def _present(session: Session, c: Cycle, look: Look, parcel: Parcel, draft: Draft, versions: tuple[Draft, ...]) -> None:
    """It lies there; `versions`: all that lies in Drafts of it."""
    versions = _less_twins(session, look, parcel, versions) or (draft,)
    draft = versions[0]
    if parcel.draft_folder not in ("", draft.folder):
        _tell(c, parcel, Happened.DRAFT_MOVED, f"step {parcel.delivery.number}: its draft lies in '{draft.folder}' now")
    c.store.outbox.note(
        parcel.delivery.id,
        draft_folder=draft.folder,
        draft_uidvalidity=draft.uidvalidity,
        draft_uid=draft.uid,
        draft_versions=versions_seen(versions),
        gone_since=None,
        gone_looks=0,
    )
    if not parcel.withdraw:
        return
    taken, kept = _take_back(session, look, parcel, versions)
    with c.store.transaction():
        c.store.outbox.note(parcel.delivery.id, withdraw=False)
        if taken and not kept:
            c.store.outbox.move(parcel.delivery.id, (Status.DRAFTED,), Status.WITHDRAWN, c.now, left=None)
            _tell(c, parcel, Happened.DRAFT_WITHDRAWN, parcel.delivery.why or "its reason is gone")
        elif kept:
            c.store.outbox.note(parcel.delivery.id, draft_edited=True)
            why = "you edited the draft, so it stays in Drafts; delete it, or send it if it still fits"
            _tell(c, parcel, Happened.DRAFT_KEPT, why)


def _less_twins(session: Session, look: Look, parcel: Parcel, versions: tuple[Draft, ...]) -> tuple[Draft, ...]:
    """Two machines of the consultant's may lay one draft at once: the later stays, and so does what was edited."""
    ours = [d for d in versions if d.message.id == parcel.delivery.message_id]
    twins = [d for d in ours if _is_untouched(session, parcel, d)] if len(ours) > 1 else []
    earlier = sorted(twins, key=lambda d: (d.folder, d.uid))[:-1]
    _to_trash(session, look, earlier)
    return tuple(d for d in versions if d not in earlier)


def _to_trash(session: Session, look: Look, drafts: Iterable[Draft]) -> None:
    trash = next((folder.name for folder in having(look.folders, Role.TRASH)), None)
    for draft in drafts:
        drafts_edge.to_trash(session, draft.folder, draft.uid, trash)


def _take_back(
    session: Session, look: Look, parcel: Parcel, versions: tuple[Draft, ...]
) -> tuple[list[Draft], list[Draft]]:
    """Move what still has our bytes to Trash; (what was taken, what is the consultant's and stays)."""
    ours = [d for d in versions if _is_untouched(session, parcel, d)]
    _to_trash(session, look, ours)
    return ours, [d for d in versions if d not in ours]


def _tell(c: Cycle, parcel: Parcel, event: Happened, why: str) -> None:
    c.store.events.add(c.now, event, why, parcel.delivery.enrollment, parcel.address)
    c.tell(event, {"delivery": parcel.delivery.id})


def _left_behind(session: Session, c: Cycle, look: Look, parcel: Parcel, found: tuple[Draft, ...]) -> None:
    """The consultant sent one version, and another device still shows an older one: ours goes, so that nobody sends it
    again; an edited one stays and is told. Only after a while: a client appends to Sent first and then deletes."""
    versions = versions_of(parcel, found)
    if not versions:
        c.store.outbox.note(parcel.delivery.id, withdraw=False)
        return
    if not _long_enough(c, parcel):
        return
    taken, kept = _take_back(session, look, parcel, versions)
    c.store.outbox.note(parcel.delivery.id, withdraw=False)
    if taken:
        _tell(
            c,
            parcel,
            Happened.DRAFT_WITHDRAWN,
            f"step {parcel.delivery.number} has left; a draft of it was left behind",
        )
    if kept:
        why = (
            f"step {parcel.delivery.number} has left, and another version of its draft still lies in Drafts; delete it"
        )
        _tell(c, parcel, Happened.DRAFT_KEPT, why)


def _is_untouched(session: Session, parcel: Parcel, draft: Draft) -> bool:
    """Whether nobody touched the draft."""
    if draft.message.id != parcel.delivery.message_id:
        return False
    try:
        there = reader.whole(session, draft.folder, draft.uid, len(parcel.data) + 65_536)
    except CommandRefused:  # far larger than ours, or not to be read: in doubt it is the consultant's
        return False
    return same_mail(there, parcel)


def _missing(c: Cycle, look: Look, parcel: Parcel) -> None:
    """A draft that no folder holds: deleted, or about to come again; what was sent has been judged before."""
    if not look.complete or c.store.facts.text("clock_fault"):
        return  # only complete looks prove that it is gone; and by a clock that cannot be right no sent mail is judged
    if not parcel.withdraw and (why := _out_of_sight(c, look, parcel)):
        if parcel.gone_looks != OUT_OF_SIGHT:  # told once
            c.store.outbox.note(parcel.delivery.id, gone_since=None, gone_looks=OUT_OF_SIGHT)
            _tell(c, parcel, Happened.DRAFT_OUT_OF_SIGHT, f"step {parcel.delivery.number}: {why}")
        return
    if _long_enough(c, parcel):
        _deleted(c, parcel)


def _long_enough(c: Cycle, parcel: Parcel) -> bool:
    """Whether so many looks and so long have passed since this was first seen; counts this one."""
    since, looks = parcel.gone_since or c.now, max(parcel.gone_looks, 0) + 1
    c.store.outbox.note(parcel.delivery.id, gone_since=since, gone_looks=looks)
    return looks >= GONE_LOOKS and c.now - since >= GONE_AFTER


def _out_of_sight(c: Cycle, look: Look, parcel: Parcel) -> str:
    """Why the draft may be there although it is not found: not it vanished, but the folder that it lay in."""
    if not parcel.draft_folder:
        return ""
    folder = next((f for f in look.folders if f.name == parcel.draft_folder), None)
    if folder is None or not folder.selectable:
        gone = f"the folder '{parcel.draft_folder}' with its draft is gone"
    elif folder.role is not Role.DRAFTS and folder.name in c.options.skip_folders:
        gone = f"the folder '{parcel.draft_folder}' with its draft is not looked at any more"
    elif None not in (folder.uidvalidity, parcel.draft_uidvalidity) and folder.uidvalidity != parcel.draft_uidvalidity:
        gone = f"the folder '{parcel.draft_folder}' with its draft was made anew"  # RFC 9051 §2.3.1.1
    else:
        return ""
    return f"{gone}; that is not taken for a no: send the draft where you have it, or skip or stop"


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
        c.store.events.add(c.now, Happened.SKIPPED, f"step {delivery.number}: {DELETED}", e.id, e.address)
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
    try:
        found = read_drafts(session, look.folders)
        fault = "" if target else "no Drafts folder was found; FOLLOWMAIL_DRAFTS_FOLDER names one"
    except CommandRefused as refused:
        fault = str(refused)
    if target is None or fault:
        for parcel in waiting:
            hold(c, parcel, fault)
        return
    for number, parcel in enumerate(waiting):
        c.progress("drafts", number, len(waiting))
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        if e is not None and left_already(session, c, look, e, parcel):
            continue
        try:
            _lay(session, c, target, parcel, found)
        except (CommandRefused, ServerBusy) as fault:  # a full mailbox, a folder that may only be read
            hold(c, parcel, str(fault))


def _lay(session: Session, c: Cycle, target: Folder, parcel: Parcel, found: tuple[Draft, ...]) -> None:
    there = begun_by_hand(c.store, parcel, found)
    if there is not None:
        adopt(c, parcel, there)
        return
    c.store.outbox.note(parcel.delivery.id, draft_folder=target.name, draft_uid=None)  # it may lie there from here on
    uid = drafts_edge.lay(session, target.name, parcel.data, c.now)
    versions = version_of(mail_message.read(parcel.data))
    note_drafted(
        c, parcel, draft_folder=target.name, draft_uid=uid, draft_uidvalidity=target.uidvalidity,
        draft_versions=versions, draft_edited=False,
    )  # fmt: skip
