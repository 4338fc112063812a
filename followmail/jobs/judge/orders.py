"""Obeys a reply to a digest, found in the consultant's own Sent and nowhere else, and answers it.

All that a reply orders and the answer to it are one transaction, and the answer's id is a function of the reply: so a
reply is obeyed once, whatever breaks, however many copies of it there are, under whatever id.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import NoReturn

from followmail import desk
from followmail.desk import Desk
from followmail.errors import UserError
from followmail.imap import reader
from followmail.imap.folders import Role
from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import OBEYED, WANTED
from followmail.jobs.judge.court import Court
from followmail.mail import message as mail_message
from followmail.mail import msgid
from followmail.mail import text as mail_text
from followmail.mail.identity import Identity, Person
from followmail.mail.message import Message
from followmail.mail.quote import own_words
from followmail.mail.subject import bare_subject, is_forward
from followmail.rendering.digest import self_mail
from followmail.sequence import orders
from followmail.sequence.agenda import Item, What, day
from followmail.sequence.answers import WISH
from followmail.sequence.happened import Happened
from followmail.sequence.orders import NotUnderstood, Order, Verb
from followmail.sequence.steps import Enrollment, State, Status
from followmail.store.conversations import Known
from followmail.store.digests import Digest
from followmail.store.events import Event

# So long the numbers of a digest hold.
VALID = timedelta(days=14)
_OBEYED_KEPT = 50
_MOST_SHOWN = 5
_BODY_LIMIT = 64 * 1024
# What may happen to an enrollment without its standing otherwise than the digest showed it.
_HARMLESS = frozenset(
    {
        Happened.CALL,
        Happened.DRAFTED,
        Happened.DRAFT_KEPT,
        Happened.DRAFT_MOVED,
        Happened.DRAFT_WITHDRAWN,
        Happened.DROPPED,
        Happened.MARK_REFUSED,
        Happened.PROPOSED,
        Happened.RETRY,
        Happened.SOFT_BOUNCE,
        Happened.WARNING,
    }
)


@dataclass(slots=True)
class Answer:
    """What is told about a reply."""

    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    help: bool = False
    still: str = ""  # what waits all the same

    def text(self) -> str:
        """Nothing in it is an order, should a client quote it without a mark."""
        parts = [
            ("Done", self.done),
            ("Not done", self.refused),
            ("Not understood, and nothing done about it", self.unread),
        ]
        if self.help:
            parts.append(
                ("What you can write, a line for each", [f"“{said}”: {what}" for _, said, what in orders.HELP])
            )
        told = [f"{title}:\n" + "".join(f"- {line}\n" for line in lines) for title, lines in parts if lines]
        return "\n".join([*told, f"{self.still}\n"] if self.still else told)


def obey_reply(court: Court, known: Known) -> bool:
    """Whether this is the consultant's reply to a digest: it is obeyed then, and is nothing else."""
    c = court.c
    if _digest(c, known.entry.message) is None:
        return False
    data = _in_sent(court, known)
    if data is None:
        return False
    message = mail_message.read(data)
    digest = _digest(c, message)
    if digest is None or not is_reply(c.identity, message):
        return False
    _obey(c, digest, message, own_words(mail_text.new_text(mail_text.text_of(data))))
    return True


def is_reply(identity: Identity, message: Message) -> bool:
    """Whether a message is from the consultant to nobody else, written by hand, as an answer and no forward."""
    people = (*message.to, *message.cc, *message.bcc)
    alone = bool(message.to) and all(identity.is_own(person.address) for person in people)
    own = identity.is_own(message.sender.address) and not message.auto_submitted
    return own and alone and bool(message.in_reply_to) and not is_forward(message.subject)


def _digest(c: Cycle, message: Message) -> Digest | None:
    """The digest, or the answer of ours, that a message answers: the nearest one."""
    return c.store.digests.find(one for one in message.answers if msgid.is_digest(one))


def _in_sent(court: Court, known: Known) -> bytes | None:
    """The message as it lies in a Sent folder: only the consultant writes there. A copy elsewhere is not read."""
    message_id, place = known.entry.message.id, known.place
    for folder in court.watched():
        if folder.role is not Role.SENT:
            continue
        uids = [place.uid] if place is not None and place.folder == folder.name else []
        if msgid.is_askable(message_id) and not msgid.is_synthetic(message_id):
            uids += reader.uids_by_header(court.session, folder.name, "Message-ID", message_id)
        for uid in uids:
            data = reader.beginning(court.session, folder.name, uid, _BODY_LIMIT)
            found = mail_message.read(data).id
            if found == message_id or (msgid.is_synthetic(found) and msgid.is_synthetic(message_id)):
                return data
    return None


def _obey(c: Cycle, digest: Digest, message: Message, text: str) -> None:
    written = message.date or digest.at  # of the reply alone: it is the same whenever and wherever it is read
    said = orders.read(text, min(written, c.now), c.policy.calendar, c.identity.name)
    if not said:
        return
    answer_id = msgid.digest_id(c.identity.address, written, f"{digest.message_id}\0{text}")
    with c.store.transaction():
        if c.store.digests.find([answer_id]) is not None:
            return
        before = _last_line(c)
        answer = _refusal(c, digest) or _carried_out(c, digest, said)
        _remember(c, before + 1, _last_line(c))
        c.store.digests.add(answer_id, c.now, _mail(c, answer_id, message, answer), daily=False)
    c.tell("orders", {"done": len(answer.done), "refused": len(answer.refused), "unread": len(answer.unread)})


def _last_line(c: Cycle) -> int:
    return c.store.events.last()


def _remember(c: Cycle, first: int, last: int) -> None:
    """That these lines of the history are told in the answer."""
    if first <= last:
        known = json.loads(c.store.facts.text(OBEYED) or "[]")
        c.store.facts.set_text(OBEYED, json.dumps([*known, [first, last]][-_OBEYED_KEPT:]))


def _mail(c: Cycle, answer_id: str, message: Message, answer: Answer) -> bytes:
    thread = (*message.references, *message.in_reply_to)
    answered = message.in_reply_to[0] if msgid.is_synthetic(message.id) else message.id
    return self_mail(
        Person(c.identity.name, c.identity.address), f"Re: {bare_subject(message.subject)}", answer.text(), answer_id,
        c.policy.calendar.local(c.now), in_reply_to=answered, references=thread,
    )  # fmt: skip


def _refusal(c: Cycle, digest: Digest) -> Answer | None:
    """Why nothing of a reply is done, however well it is written; None where it counts."""
    if c.now - digest.at > VALID:
        why = f"that digest is of {day(digest.at, c.policy.calendar, c.now)}, and its numbers hold for 14 days"
    elif c.first_run is not None and digest.at < c.first_run:
        why = "that digest was made before the database was restored"
    else:
        return None
    return Answer(refused=[f"{why}; answer a newer one"])


def _carried_out(c: Cycle, digest: Digest, said: tuple[Order | NotUnderstood, ...]) -> Answer:
    answer = Answer()
    d = Desk(c.store, c.identity, c.sequences, c.policy, c.now, in_a_mail=True)
    for one in said:
        if isinstance(one, Order):
            for what, act in _acts(d, digest, one, answer):
                _act(d, what, act, answer)
        else:
            answer.unread.append(f"“{_shown(one.line)}”: {one.hint}")
    if any(isinstance(one, Order) and one.every for one in said):
        answer.still = _still_waiting(d)
    if len(answer.unread) > _MOST_SHOWN:
        answer.unread[_MOST_SHOWN:] = [f"and {len(answer.unread) - _MOST_SHOWN} more lines"]
    return answer


def _still_waiting(d: Desk) -> str:
    """How many wait for a yes after `ok all`: what that mail did not show, and what may have left."""
    number = len(d.store.enrollments.all(State.WAITING))
    waits = "one more waits" if number == 1 else f"{number} more wait"
    return f"And {waits} for your yes; a reply with the word “list” brings what is left." if number else ""


# ---- each order


def _act(d: Desk, what: str, act: Callable[[], str], answer: Answer) -> None:
    try:
        with d.store.transaction():  # what is refused halfway is not done at all
            answer.done.append(f"{what}{act()}")
    except UserError as fault:
        answer.refused.append(f"{what}{fault}")


def _acts(d: Desk, digest: Digest, order: Order, answer: Answer) -> list[tuple[str, Callable[[], str]]]:
    """What an order asks for, each with the number in front of what is told about it."""
    if order.until is not None and order.until <= d.now:
        when = f"{d.day(order.until)} {d.policy.calendar.local(order.until):%H:%M}"
        what = f"{', '.join(map(str, order.numbers))}: " if order.numbers else ""
        return [(what, partial(_no, f"{order.verb} until {when}: that is over by now"))]
    if order.verb is Verb.HELP:
        answer.help = True
        return []
    if order.verb is Verb.LIST:
        return [("", partial(_list, d))]
    if order.verb is Verb.PAUSE:
        return [("", partial(desk.pause, d, order.until))]
    if order.verb is Verb.RESUME and not order.numbers:
        return [("", partial(desk.resume_all, d))]
    numbers = order.numbers or _waiting(d, digest)
    if not numbers:
        return [("", partial(_no, "nothing in that mail waits for your yes"))]
    return [(f"{number}: ", partial(_numbered, d, digest, number, order)) for number in numbers]


def _no(why: str) -> NoReturn:
    raise UserError(why)


def _list(d: Desk) -> str:
    d.store.facts.set_moment(WANTED, d.now)
    return "a fresh digest is on its way"


def _waiting(d: Desk, digest: Digest) -> tuple[int, ...]:
    """The numbers that `ok all` means: what waits for a yes, but for a wish to be left alone, and nothing that may have left,
    was answered or ended."""
    found = ((number, d.store.digests.item(digest.id, number)) for number in d.store.digests.numbers(digest.id))
    return tuple(n for n, item in found if item is not None and item.what is What.WAITING and item.code != WISH)


def _numbered(d: Desk, digest: Digest, number: int, order: Order) -> str:
    item = d.store.digests.item(digest.id, number)
    if item is None:
        has_none = not d.store.digests.numbers(digest.id)
        _no("this mail has no numbers; answer the digest, or write “list”" if has_none else "there is no such number")
    e = d.store.enrollments.get(item.enrollment) if item.enrollment is not None else None
    if e is not None and _takes_back(d, digest, order, e):
        return desk.resume(d, e) if order.verb is Verb.RESUME else _with(d, item, e, order)
    word = Verb.OK if order.verb is Verb.RESUME and item.what is What.WAITING else order.verb
    if word not in item.words:
        _no(f"“{order.verb}” does nothing here{_instead(item, number, order)}")
    if item.enrollment is None:
        return _put_aside(d, item, order)
    if e is None:
        _no("nothing is known of it any more")
    differs = _differs(d, digest, item, e)
    if differs and not (order.verb is Verb.STOP and e.state.live):  # a stop holds, whatever it has become
        _no(f"{d.who(e)}: {differs}")
    said = _with(d, item, e, order)
    return f"{said}; “resume {number}” takes that back" if order.verb is Verb.STOP else said


def _instead(item: Item, number: int, order: Order) -> str:
    """What may be written about an item to which a word does not apply."""
    if item.what is What.DRAFT and order.verb in (Verb.OK, Verb.DONE):
        return ": sending the draft is the yes, deleting it the no"
    words = [f"“{word} {number}{' 2 weeks' if word == Verb.SNOOZE else ''}”" for word in item.words]
    if not words:
        return ""
    goes_on = " to go on all the same" if "resume" in words[0] else ""
    return "; write " + " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) + goes_on


def _takes_back(d: Desk, digest: Digest, order: Order, e: Enrollment) -> bool:
    """Whether the order is a second thought: nothing came to pass since but the consultant's own word."""
    if order.verb not in (Verb.SNOOZE, Verb.RESUME) or e.state not in (State.PAUSED, State.STOPPED):
        return False
    news = _news(d, digest, e)
    return bool(news) and all(
        event.event == Happened.SNOOZED
        or event.why in (desk.STOPPED_BY_HAND, desk.RESUMED_BY_HAND, desk.APPROVED_BY_HAND)
        for event in news
    )


def _news(d: Desk, digest: Digest, e: Enrollment) -> list[Event]:
    """What came to pass with an enrollment since the digest, and makes a difference."""
    return [event for event in d.store.digests.news(digest.id, e.id) if event.event not in _HARMLESS]


def _put_aside(d: Desk, item: Item, order: Order) -> str:
    """Of a person who waits for the consultant: answered elsewhere, or later."""
    return desk.put_aside(d, item.message, order.until)


def _with(d: Desk, item: Item, e: Enrollment, order: Order) -> str:
    match order.verb:
        case Verb.SKIP:
            return desk.skip(d, e)
        case Verb.STOP:
            return desk.stop(d, e)
        case Verb.DONE:
            return desk.called(d, e)
        case Verb.SNOOZE if order.until is not None:
            return desk.snooze(d, e, order.until)
        case Verb.RESUME if item.what is not What.WAITING:
            return desk.resume(d, e)
    return desk.approve(d, e)


def _differs(d: Desk, digest: Digest, item: Item, e: Enrollment) -> str:
    """How an enrollment stands otherwise than the digest showed it; empty where it does not."""
    if news := _news(d, digest, e):
        if news[-1].event == Happened.SNOOZED and e.until is not None:
            return f"since that mail: you snoozed it until {d.day(e.until)}"
        return f"since that mail: {news[-1].why or news[-1].event}"
    in_doubt = any(delivery.status is Status.UNCERTAIN for delivery in e.deliveries)
    if in_doubt is not (item.what is What.UNCERTAIN):
        return "a mail of it may or may not have left; that comes first" if in_doubt else "that is settled by now"
    if in_doubt:
        return ""
    if (e.state.value, e.code) != (item.state, item.code):
        return f"it is {e.state} by now" + (f", {e.why}" if e.why else "")
    if item.what is What.DRAFT and not any(delivery.status is Status.DRAFTED for delivery in e.deliveries):
        return "its draft is gone by now"
    return ""


def _shown(line: str) -> str:
    return line if len(line) <= 60 else line[:59] + "…"
