"""A mailbox that begins anew and holds less than it did: moved to another provider and not yet filled, brought back from an
old backup, or another one altogether. An answer may be among what is missing."""

from collections.abc import Collection, Iterable, Mapping

from followmail.imap.folders import Folder, Role
from followmail.jobs.cycle import Cycle
from followmail.store.cursors import Position
from followmail.store.facts import MAILS_AWAITED

# What goes from here was thrown away.
_EMPTIED = frozenset({Role.TRASH, Role.JUNK, Role.DRAFTS})


def await_mails(c: Cycle, before: Mapping[str, Position], folders: Iterable[Folder], anew: Collection[str]) -> str:
    """Why the look is not complete: mails that lay in the mailbox before are not in it; empty where all is well.

    `before`: the folders as they were last read; `anew`: those whose UIDs do not go on (RFC 9051 §2.3.1.1). One that was
    renamed is gone, and its mails are counted under the new name. `resume` ends the waiting.
    """
    there = {folder.name: folder for folder in folders}
    text = c.store.facts.text(MAILS_AWAITED)
    if text is None and not _begins_anew(before, there, anew):
        return ""
    awaited = (
        int(text) if text else sum(p.messages or 0 for p in before.values() if not _is_emptied(there.get(p.folder)))
    )
    found = sum(folder.messages or 0 for folder in there.values() if not _is_emptied(folder))
    wanted = str(awaited) if found < awaited else None
    if wanted != text:
        c.store.facts.set_text(MAILS_AWAITED, wanted)
    if wanted is None:
        return ""
    return (
        f"the mailbox begins anew and holds {found} mails where it held {awaited}: if that is all of it, and the right"
        " one, `followmail resume`"
    )


def _begins_anew(before: Mapping[str, Position], there: Mapping[str, Folder], anew: Collection[str]) -> bool:
    """INBOX does, which nobody renames; or a folder that was known is gone, and a folder of sent mail stands anew."""
    inbox = next((name for name in before if name.upper() == "INBOX"), None)
    if inbox is not None and (inbox in anew or inbox not in there):
        return True
    return any(there[name].role is Role.SENT for name in anew if name in there)


def _is_emptied(folder: Folder | None) -> bool:
    return folder is not None and folder.role in _EMPTIED
