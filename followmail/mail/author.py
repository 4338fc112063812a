"""Who wrote a mail where From does not simply say so: several authors, a group that put its own address there, a calendar
service that answers for somebody."""

from collections.abc import Callable

from followmail.mail.identity import Identity, is_machine
from followmail.mail.message import Message


def by_author(message: Message, identity: Identity, is_awaited: Callable[[str], bool]) -> Message:
    """A received mail, with the outside person who wrote it as its sender; among several, one whose answer is awaited.

    Other headers may make a mail an outside person's, which at most holds something back, never the consultant's.
    """
    if not (message.others or message.behind):
        return message
    sender = message.sender
    if not identity.is_outside(sender.address):
        people = identity.outside((*message.others, *message.behind))
    elif is_machine(sender.address):
        people = identity.outside(message.behind)
    else:
        people = (sender, *identity.outside(message.others))
    people = tuple(p for p in people if p.address != message.list_post)
    if not people:
        return message
    return message._replace(sender=next((p for p in people if is_awaited(p.address)), people[0]))
