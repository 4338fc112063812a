"""Messages that stand in a folder and that the server does not give: any of them may be an answer.

While they are asked for again the look is incomplete; then they are given up and told, and the rest goes on.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from followmail.imap.folders import Folder
from followmail.imap.reader import Head
from followmail.jobs.cycle import Cycle
from followmail.jobs.recording import tell_unreadable

# So many looks, and so long: a file that is being moved, a disk that is being repaired.
LOOKS = 3
AFTER = timedelta(minutes=15)


def ask_again(c: Cycle, folder: Folder, uidvalidity: int, unread: Iterable[Head]) -> list[Head]:
    """Of the messages of a folder that could not be read now, those to be asked for at the next look, ascending; those
    that are given up are told."""
    key = f"unread {folder.name}"
    before = json.loads(c.store.facts.text(key) or "{}")
    now: dict[str, tuple[str, int]] = {}
    again = []
    for head in unread:
        name = f"{uidvalidity}/{head.uid}"
        since, looks = before.get(name, (c.now.isoformat(), 0))
        if looks + 1 >= LOOKS and c.now - datetime.fromisoformat(since) >= AFTER:
            tell_unreadable(c, head)
        else:
            now[name] = (since, looks + 1)
            again.append(head)
    if now or before:
        c.store.facts.set_text(key, json.dumps(now) if now else None)
    return sorted(again, key=lambda head: head.uid)
