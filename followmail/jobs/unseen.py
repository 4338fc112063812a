"""What came and was deleted before anybody looked: UIDs that INBOX gave away and that stand for no message any more.

One of them may have been an answer. What was only moved is found elsewhere in the same look and taken off again; the
number is kept until a look is complete, so that a crash in its middle forgets nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from followmail.imap.folders import Folder, Role
from followmail.jobs.cycle import Cycle
from followmail.mail.message import Message
from followmail.mail.msgid import is_digest
from followmail.sequence.happened import Happened

# While looks follow each other, who deletes a mail has read it. After so long without one, it may have been a rule, or a
# program that fetches and deletes. Longer than a night, shorter than a day: from one morning's look to the next is long.
LONG = timedelta(hours=20)
_COUNT = "unseen_count"
# Where mail of others is moved to, as far as it is moved at all. Not Junk: most of it came there without ever having stood
# in INBOX, and would hide as many that were deleted.
_ELSEWHERE = frozenset({Role.OTHER, Role.ARCHIVE, Role.TRASH, Role.ALL})


def away_since(c: Cycle) -> datetime | None:
    """The last complete look, where it was long ago."""
    looked = c.store.facts.moment("looked_at")
    return looked if looked is not None and c.now - looked >= LONG else None


def weigh(c: Cycle, folder: Folder, uids: int, given: int, new: Iterable[Message]) -> None:
    """A folder that was known has been read on: `given` UIDs were given away since, and `uids` of them hold a message.

    RFC 9051 §2.3.1.1: UIDs ascend, and none is given twice.
    """
    since = away_since(c)
    if since is None:
        return
    if folder.role is Role.INBOX:
        digests = c.store.digests.count_since(since) - sum(is_digest(m.id) for m in new)
        _add(c, max(given - uids - max(digests, 0), 0))
    elif folder.role in _ELSEWHERE:
        arrived = [m for m in new if m.arrived is not None and m.arrived >= since]
        _add(c, -sum(not c.identity.is_own(m.sender.address) for m in arrived))


def _add(c: Cycle, number: int) -> None:
    c.store.facts.set_text(_COUNT, str(int(c.store.facts.text(_COUNT) or 0) + number))


def tell(c: Cycle) -> None:
    """The look is complete: what is still missing is told, and whoever needs a yes waits for one from now on."""
    text = c.store.facts.text(_COUNT)
    if text is None:
        return
    c.store.facts.set_text(_COUNT, None)
    count = int(text)
    if count <= 0:
        return
    why = (
        f"{count} mail{'s' * (count > 1)} came into INBOX and {'were' if count > 1 else 'was'} deleted before followmail"
        " looked, which it had not for most of a day; an answer may have been among them"
    )
    c.store.facts.set_moment("unseen", c.now)
    c.store.events.add(c.now, Happened.UNSEEN, why)
    c.tell("unseen", {"count": count})
