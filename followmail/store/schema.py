"""The tables. How the file is opened: `opening.py`; how an older one becomes this one: `formats.py`."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import peewee

from followmail.sequence.steps import Mode, Origin, State, Status, Trigger

VERSION = 4  # another schema is another format: tests/store/formats keeps each


class Moment(peewee.BigIntegerField):
    """An aware UTC datetime, kept as microseconds since 1970: compares as a number, refuses naive values."""

    def db_value(self, value: datetime | None) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone is no moment")
        return round(value.timestamp() * 1_000_000)

    def python_value(self, value: int | None) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


class Day(peewee.TextField):
    """A calendar day, kept as ISO 8601."""

    def db_value(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def python_value(self, value: str | None) -> date | None:
        return None if value is None else date.fromisoformat(value)


def _one_of(column: str, words: type[StrEnum]) -> Any:
    """The file itself refuses any other word: also what somebody writes into it by hand."""
    return peewee.Check(f'"{column}" IN ({", ".join(f"{word.value!r}" for word in words)})')


class Table(peewee.Model):
    """Bound to no database: every query says on which it runs."""

    class Meta:
        legacy_table_names = False


class Fact(Table):
    """Single facts: first run, last looks, the whole pause."""

    key = peewee.TextField(primary_key=True)
    value = peewee.TextField()

    class Meta:
        table_name = "fact"


class Cursor(Table):
    """How far a folder has been read (RFC 9051 §2.3.1.1)."""

    folder = peewee.TextField(primary_key=True)
    uidvalidity = peewee.IntegerField()
    uidnext = peewee.IntegerField()
    messages = peewee.IntegerField(null=True)
    highestmodseq = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "cursor"


class ConversationRow(Table):
    id = peewee.AutoField()
    off = peewee.BooleanField(default=False)

    class Meta:
        table_name = "conversation"


class ThreadId(Table):
    """A Message-ID that ties to a conversation and that, when it was met, no message bore: it was only referred to."""

    message_id = peewee.TextField()
    key = peewee.BigIntegerField(index=True)
    conversation = peewee.IntegerField(index=True)

    class Meta:
        table_name = "thread_id"
        primary_key = False


class MessageRow(Table):
    """One message, known by its Message-ID, wherever its copies lie. `judged`: what it does has been done.

    `key` and `sender_key` stand for Message-ID and sender in the indexes (`keys.py`). An index holds only what is asked for.
    """

    id = peewee.AutoField()
    message_id = peewee.TextField()
    key = peewee.BigIntegerField(index=True)
    conversation = peewee.IntegerField(index=True)
    sender = peewee.TextField()
    sender_key = peewee.BigIntegerField(index=True)
    sender_name = peewee.TextField(default="")
    to = peewee.TextField(default="[]")
    cc = peewee.TextField(default="[]")
    bcc = peewee.TextField(default="[]")
    envelope_to = peewee.TextField(default="[]")
    subject = peewee.TextField(default="")
    base_subject = peewee.TextField(default="")
    date = Moment(null=True)
    arrived = Moment(null=True)
    in_reply_to = peewee.TextField(default="[]")
    references = peewee.TextField(default="[]")
    content_type = peewee.TextField(default="")
    auto_submitted = peewee.BooleanField(default=False)
    is_list = peewee.BooleanField(default=False)
    list_post = peewee.TextField(default="")
    null_return_path = peewee.BooleanField(default=False)
    failed_recipients = peewee.BooleanField(default=False)
    sent = peewee.BooleanField(default=False)
    step = peewee.BooleanField(default=False)
    kind = peewee.TextField(null=True)
    text = peewee.TextField(null=True)
    language = peewee.TextField(null=True)
    asks = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    introduces = peewee.TextField(default="[]")
    need = peewee.TextField(null=True)
    folder = peewee.TextField(default="")
    uidvalidity = peewee.IntegerField(null=True)
    uid = peewee.IntegerField(null=True)
    judged = peewee.BooleanField(default=False)
    attempts = peewee.IntegerField(default=0)
    seen = Moment()

    class Meta:
        table_name = "message"
        indexes = (
            (("sent", "date"), False),
            peewee.SQL('CREATE INDEX "message_received" ON "message" ("arrived", "need") WHERE "sent" = 0'),
            peewee.SQL('CREATE INDEX "message_written" ON "message" ("base_subject") WHERE "sent" = 1'),
            peewee.SQL('CREATE INDEX "message_unjudged" ON "message" ("judged") WHERE "judged" = 0'),
            peewee.SQL('CREATE INDEX "message_list_post" ON "message" ("list_post") WHERE "list_post" <> \'\''),
        )


class MarkRow(Table):
    """A message that the consultant put into a folder that means something, and what was done about it."""

    message_id = peewee.TextField()
    word = peewee.TextField()
    place = peewee.TextField()
    seen = Moment()
    judged = peewee.BooleanField(default=False)

    class Meta:
        table_name = "mark"
        primary_key = peewee.CompositeKey("message_id", "word", "place")


class Acquaintance(Table):
    """When somebody first wrote to the consultant, as the server was asked once; null: never."""

    address = peewee.TextField(primary_key=True)
    first_wrote = Moment(null=True)
    asked = Moment()

    class Meta:
        table_name = "acquaintance"


class EnrollmentRow(Table):
    id = peewee.AutoField()
    address = peewee.TextField(index=True)
    name = peewee.TextField(default="")
    sequence = peewee.TextField()
    trigger = peewee.TextField()
    origin = peewee.TextField()
    opening = peewee.TextField()
    conversation = peewee.IntegerField(null=True, index=True)
    state = peewee.TextField(index=True)
    why = peewee.TextField(default="")
    code = peewee.TextField(default="")
    until = Moment(null=True)
    then = peewee.TextField(default="active")
    anchor = peewee.TextField(default="")
    anchor_at = Moment(null=True)
    counts_from = Moment(null=True)
    first_delay = peewee.TextField(default="")
    met_on = Day(null=True)
    where = peewee.TextField(default="")
    about = peewee.TextField(default="")
    yes_at = Moment(null=True)
    granted = peewee.TextField(default="[]")
    shape = peewee.TextField(default="[]")
    before_first_run = peewee.BooleanField(default=False)
    held_at = Moment(null=True)
    resumed_at = Moment(null=True)
    told_at = Moment(null=True)
    dropped = peewee.TextField(default="[]")
    soft_bounces = peewee.IntegerField(default=0)
    again = peewee.BooleanField(default=False)
    batch = peewee.TextField(default="", index=True)
    created = Moment()
    ended = Moment(null=True)

    class Meta:
        table_name = "enrollment"
        indexes = ((("opening", "sequence"), True),)
        constraints = [  # noqa: RUF012  peewee reads it from the class
            _one_of("state", State),
            _one_of("then", State),
            _one_of("trigger", Trigger),
            _one_of("origin", Origin),
        ]


class DeliveryRow(Table):
    """One mail of one step. (opening, sequence, step) is unique: the same step can never be two mails."""

    id = peewee.AutoField()
    enrollment = peewee.IntegerField(index=True)
    opening = peewee.TextField()
    sequence = peewee.TextField()
    step = peewee.TextField()
    number = peewee.IntegerField()
    address = peewee.TextField(index=True)
    status = peewee.TextField()
    message_id = peewee.TextField(unique=True)
    mode = peewee.TextField(default="draft")
    sender = peewee.TextField(default="")
    recipients = peewee.TextField(default="[]")
    subject = peewee.TextField(default="")
    in_reply_to = peewee.TextField(default="")
    bytes = peewee.BlobField(null=True)
    text_hash = peewee.TextField(default="", index=True)
    due = Moment()
    changed = Moment()
    left = Moment(null=True, index=True)
    next_try = Moment(null=True)
    attempts = peewee.IntegerField(default=0)
    why = peewee.TextField(default="")
    filed = peewee.BooleanField(default=False)
    draft_folder = peewee.TextField(default="")
    draft_uidvalidity = peewee.IntegerField(null=True)
    draft_uid = peewee.IntegerField(null=True)
    draft_edited = peewee.BooleanField(default=False)
    withdraw = peewee.BooleanField(default=False)
    gone_since = Moment(null=True)
    gone_looks = peewee.IntegerField(default=0)
    draft_versions = peewee.TextField(default="")  # as last seen in Drafts, one a line: id and date

    class Meta:
        table_name = "delivery"
        indexes = (
            (("opening", "sequence", "step"), True),
            (("status", "filed"), False),
            (("status", "withdraw"), False),
        )
        constraints = [  # noqa: RUF012  peewee reads it from the class
            _one_of("status", Status),
            _one_of("mode", Mode),
            peewee.Check("status != 'sent' OR \"left\" IS NOT NULL"),
        ]


class MeetingRow(Table):
    """One calendar event with outside people, folded from the calendar messages about it (RFC 5546)."""

    uid = peewee.TextField(primary_key=True)
    state = peewee.TextField()
    ends = Moment(null=True)
    judged = peewee.BooleanField(default=False)
    enrollment = peewee.IntegerField(null=True)

    class Meta:
        table_name = "meeting"
        indexes = ((("judged", "ends"), False),)


class DigestRow(Table):
    """One digest, or one answer to the consultant's orders, on its way into INBOX. `data`: its bytes; `through`: the
    last event before it."""

    id = peewee.AutoField()
    message_id = peewee.TextField(unique=True)
    at = Moment(index=True)
    daily = peewee.BooleanField(default=False)
    data = peewee.BlobField()
    filed = peewee.BooleanField(default=False, index=True)
    through = peewee.IntegerField(default=0)

    class Meta:
        table_name = "digest"


class DigestItemRow(Table):
    """What a number of a digest stands for, and how it stood then."""

    digest = peewee.IntegerField()
    number = peewee.IntegerField()
    what = peewee.TextField()
    enrollment = peewee.IntegerField(null=True)
    address = peewee.TextField(default="")
    message = peewee.TextField(default="")
    state = peewee.TextField(default="")
    code = peewee.TextField(default="")
    why = peewee.TextField(default="")

    class Meta:
        table_name = "digest_item"
        primary_key = peewee.CompositeKey("digest", "number")


class AsideRow(Table):
    """A message that waits for the consultant and was put aside: until then, or for good (no time)."""

    message_id = peewee.TextField(primary_key=True)
    key = peewee.BigIntegerField()
    until = Moment(null=True)

    class Meta:
        table_name = "aside"


class EventRow(Table):
    """The append-only history: what was decided, when, and why."""

    id = peewee.AutoField()
    at = Moment(index=True)
    enrollment = peewee.IntegerField(null=True, index=True)
    address = peewee.TextField(default="", index=True)
    event = peewee.TextField()
    why = peewee.TextField(default="")

    class Meta:
        table_name = "event"


TABLES = (
    Fact,
    Cursor,
    ConversationRow,
    ThreadId,
    MessageRow,
    MarkRow,
    Acquaintance,
    EnrollmentRow,
    DeliveryRow,
    MeetingRow,
    DigestRow,
    DigestItemRow,
    AsideRow,
    EventRow,
)
