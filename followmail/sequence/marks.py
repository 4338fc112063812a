"""What the consultant said from a mail client: by plus address (RFC 5233) or by putting a message into a folder.

me+nudge@…       enrolls in the sequence `nudge`          Followmail/nudge    the same
me+nudge.5d@…    the same, the first step after 5 business days
me+off@…         never follow this conversation up        Followmail/Stop     stops
me+met@…         a note to oneself about somebody met: enrolls them
"""

from dataclasses import dataclass
from datetime import timedelta

from followmail.mail.identity import Identity, canonical, tag
from followmail.mail.message import Message
from followmail.sequence.steps import Delay
from followmail.sequence.when import delay

ROOT = "Followmail"
OFF = "off"
MET = "met"
STOP = "stop"
# A plus address is honoured on mail this old, not on older.
HONOURED = timedelta(days=60)
# Words that are no sequence names.
RESERVED = frozenset({OFF, MET, STOP})


@dataclass(frozen=True, slots=True)
class Mark:
    """One word of the consultant's: a sequence, `off` or `stop`."""

    word: str
    first_delay: Delay | None = None
    visible: bool = False  # made in To or Cc, where the prospect can see it
    fault: str = ""  # why it cannot be obeyed, in plain words
    folder: bool = False  # made by a folder, not by an address

    def __str__(self) -> str:
        return f"{ROOT}/{self.word}" if self.folder else f"+{self.word}"

    @property
    def enrolls(self) -> bool:
        return self.word not in RESERVED


def plus_marks(identity: Identity, message: Message) -> tuple[Mark, ...]:
    """The marks in the addresses of a message: Bcc, To, Cc, and the envelope of a copy that arrived."""
    shown = {p.address for p in (*message.to, *message.cc)}
    addresses = dict.fromkeys((*(p.address for p in (*message.bcc, *message.to, *message.cc)), *message.envelope_to))
    own = {canonical(a) for a in (identity.address, *identity.aliases)}
    return tuple(
        _mark(tag(address), address in shown)
        for address in addresses
        if identity.is_own(address) and address not in own and tag(address)
    )


def folder_mark(path: tuple[str, ...]) -> Mark | None:
    """The mark that a folder stands for; `path` are its parts without the account's prefix."""
    if len(path) == 2 and path[0].lower() == ROOT.lower():
        return Mark(STOP if path[1].lower() == STOP else path[1], folder=True)
    return None


def _mark(word: str, visible: bool) -> Mark:
    name, dot, when = word.lower().partition(".")
    if not dot:
        return Mark(name, visible=visible)
    try:
        return Mark(name, delay(when), visible)
    except ValueError as fault:
        return Mark(name, None, visible, str(fault))
