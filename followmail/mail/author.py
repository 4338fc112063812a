"""Who wrote a mail where From does not simply say so: several authors, a group that put its own address there, a calendar
service that answers for somebody, a web site that passes on what somebody typed into its form."""

from collections.abc import Callable

from followmail.mail.identity import Identity, Person, is_machine
from followmail.mail.message import Message


def by_author(message: Message, identity: Identity, is_awaited: Callable[[str], bool]) -> Message:
    """A received mail, with the outside person who wrote it as its sender; among several, one whose answer is awaited.

    Other headers may make a mail an outside person's, which at most holds something back, never the consultant's. To whom
    an answer is to go is the author where that one is awaited: whatever the form of a web site puts into From.
    """
    sender, behind = message.sender, _behind(message)
    if message.reply_to and not is_awaited(sender.address):
        typed = (p for p in identity.outside(message.reply_to) if is_awaited(p.address))
        message = message._replace(sender=next(typed, sender))
    if message.sender is not sender or not (message.others or behind):
        return message
    if not identity.is_outside(sender.address):
        people = identity.outside((*message.others, *behind))
    elif is_machine(sender.address):
        people = identity.outside(behind)
    else:
        people = (sender, *identity.outside(message.others))
    people = tuple(p for p in people if p.address != message.list_post)
    if not people:
        return message
    return message._replace(sender=next((p for p in people if is_awaited(p.address)), people[0]))


def _behind(message: Message) -> tuple[Person, ...]:
    """Whom another than the sender names as the author: a list that wrote its own address into From, as DMARC makes it do,
    or a calendar service that answers for somebody."""
    listed = message.is_list or message.original_from or " via " in message.sender.name
    return (*message.original_from, *message.reply_to) if listed or "calend" in message.sender.address else ()
