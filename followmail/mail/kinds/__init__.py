"""What an incoming message is: one `Kind`, and the words of the mail that say so.

Each family of kinds has a file of its own, `order.py` asks them in turn, and `words/` holds what they look for in seven
languages. In doubt between a person and a machine, a person.
"""

from datetime import date

from followmail.mail.kinds.verdict import Kind, Verdict

__all__ = ["Kind", "Verdict", "classify"]


def classify(raw: bytes, on: date | None = None, ours: bool = False, sent: bool | None = None) -> Verdict:
    """What this message is. Never raises.

    `raw`: its bytes, perhaps cut off anywhere; `on`: its day where Date cannot be read; `ours`: whether it stands in a
    conversation in which the consultant wrote, for then a list that carried it makes it no list post;
    `sent`: whether the consultant wrote it: then it may be an invitation, and ask something, but is no answer of any
    kind; whether one that came in asks something is not told. None: nobody knows, all is told.
    """
    from followmail.mail.kinds import (
        order,
    )  # late: the families use the words of this package, and so do others who need no more of it

    return order.verdict(raw, on, ours, sent)
