"""A message as a row: which column holds what, and back."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from followmail.mail import msgid
from followmail.mail.identity import Person
from followmail.mail.kinds import Kind
from followmail.mail.message import Message
from followmail.mail.subject import base_subject
from followmail.sequence.conversation import Entry
from followmail.store.keys import key_of_address
from followmail.store.rows import marks
from followmail.store.schema import MessageRow


class Place(NamedTuple):
    """Where a copy of a message lies."""

    folder: str
    uidvalidity: int
    uid: int


class Found(NamedTuple):
    """A message as it was found in a folder. `sent`: it is the consultant's own, and not on its way to them."""

    message: Message
    sent: bool
    place: Place | None


@dataclass(frozen=True, slots=True)
class Known:
    """A message as it is remembered."""

    row: int
    conversation: int
    entry: Entry
    place: Place | None
    language: str | None = None
    asks: str | None = None  # what it asks, in its own words; "" asks nothing; None: not read
    attempts: int = 0
    phone: str | None = None  # in its signature; "" none; None: not looked for


# What a new row has that was not read out of the mail.
_UNREAD = {
    "step": "0", "kind": "NULL", "text": "NULL", "language": "NULL", "asks": "NULL", "phone": "NULL", "attempts": "0",
    "introduces": "'[]'", "need": "NULL",
}  # fmt: skip
READ = (
    "sender", "sender_key", "sender_name", "to", "cc", "subject", "base_subject", "date", "arrived", "in_reply_to",
    "references", "content_type", "auto_submitted", "is_list", "list_post", "null_return_path", "failed_recipients",
)  # fmt: skip
_NEW = (
    *READ,
    "message_id",
    "key",
    "bcc",
    "envelope_to",
    "sent",
    "folder",
    "uidvalidity",
    "uid",
    "conversation",
    "seen",
    "judged",
)
INSERT = (
    f"INSERT INTO message ({', '.join(map(repr, _NEW))}, {', '.join(_UNREAD)})".replace("'", '"')
    + f" VALUES ({marks(len(_NEW))}, {', '.join(_UNREAD.values())})"
)


def known(row: Any) -> Known:
    message = Message(
        id=row.message_id,
        sender=Person(row.sender_name, row.sender),
        to=people_in(row.to),
        cc=people_in(row.cc),
        bcc=people_in(row.bcc),
        envelope_to=_list_in(row.envelope_to),
        subject=row.subject,
        date=row.date,
        arrived=row.arrived,
        in_reply_to=_list_in(row.in_reply_to),
        references=_list_in(row.references),
        content_type=row.content_type,
        auto_submitted=bool(row.auto_submitted),
        is_list=bool(row.is_list),
        list_post=row.list_post,
        null_return_path=bool(row.null_return_path),
        failed_recipients=bool(row.failed_recipients),
    )
    kind = Kind(row.kind) if row.kind else None
    place = Place(row.folder, row.uidvalidity, row.uid) if row.folder and row.uid is not None else None
    entry = Entry(message, sent=bool(row.sent), step=bool(row.step), kind=kind, text=row.text or "")
    return Known(row.id, row.conversation, entry, place, row.language, row.asks, row.attempts, row.phone)


def stand_in(message: Message) -> str:
    """Another id for a mail whose own id is somebody else's: the same whenever it is read."""
    return msgid.synthetic(message.id, message.sender.address, str(message.date), message.subject)


def tying(message: Message) -> tuple[str, ...]:
    """The ids that a message bears and refers to."""
    if not (message.references or message.in_reply_to or message.original_id):
        return (message.id,)
    return tuple(dict.fromkeys(filter(None, (message.id, message.original_id, *message.answers))))


def row_of(found: Found, key: int, conversation: int, seen: int | None, judged: bool) -> tuple[Any, ...]:
    """A new row, in the order of `_NEW`."""
    message, sent, place = found
    where = place or ("", None, None)
    people = people_out(message.bcc), _list_out(message.envelope_to)
    return (*headers(message), message.id, key, *people, +sent, *where, conversation, seen, +judged)


def headers(message: Message) -> tuple[Any, ...]:
    """What the headers of one copy say, in the order of `READ`; truth as a number, for adapting a bool takes sqlite3 longer
    than all else that a column costs."""
    (_, sender, to, cc, _, _, subject, date, arrived, in_reply_to, references, _, content_type, auto_submitted, is_list,
     list_post, null_return_path, failed_recipients, *_) = message  # fmt: skip
    return (
        sender.address, key_of_address(sender.address), sender.name, people_out(to), people_out(cc), subject,
        base_subject(subject), _stamp(date), _stamp(arrived), _list_out(in_reply_to), _list_out(references), content_type,
        +auto_submitted, +is_list, list_post, +null_return_path, +failed_recipients,
    )  # fmt: skip


_stamp = MessageRow.date.db_value


def _list_out(words: tuple[str, ...]) -> str:
    """As JSON, which nearly every id is already."""
    if not words:
        return "[]"
    text = '", "'.join(words)
    if text.isascii() and text.isprintable() and "\\" not in text and text.count('"') == 2 * len(words) - 2:
        return f'["{text}"]'
    return json.dumps(words)


def _list_in(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text != "[]" else ()


def people_out(people: tuple[Person, ...]) -> str:
    return _people_out(people) if people else "[]"


@lru_cache(maxsize=1024)
def _people_out(people: tuple[Person, ...]) -> str:
    return json.dumps([[p.name, p.address] for p in people], ensure_ascii=False)


@lru_cache(maxsize=1024)
def people_in(text: str) -> tuple[Person, ...]:
    return tuple(Person(name, address) for name, address in json.loads(text))
