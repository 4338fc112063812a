"""A conversation as remembered: who wrote what when, and what follows for opening, anchor and introducers.

Entries are the messages tied by Message-ID, In-Reply-To and References (RFC 5322 §3.6.4), oldest first.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from followmail.mail.identity import Identity, Person, mailbox, same_company, same_person
from followmail.mail.kinds import Kind
from followmail.mail.message import Message
from followmail.sequence.steps import Enrollment

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Kinds that are no answer: the silence goes on through them.
_NO_ANSWER = frozenset(
    {
        Kind.LATER,
        Kind.OUT_OF_OFFICE,
        Kind.LEFT_COMPANY,
        Kind.AUTOMATIC,
        Kind.BOUNCE_HARD,
        Kind.BOUNCE_SOFT,
        Kind.BOUNCE_BLOCKED,
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a conversation, with what was found out about it."""

    message: Message
    sent: bool = False  # a sent message of the consultant's
    step: bool = False  # counts as a step: it left through us, or from a draft of ours
    kind: Kind | None = None  # what it was read as; None: not read
    text: str = ""  # what its author newly wrote, where it was read

    @property
    def at(self) -> datetime:
        return self.message.sent_on or _NEVER

    @property
    def left(self) -> datetime:
        """When it left, as delays count: a clock that is behind, or a Date kept from an old draft, hastens nothing."""
        return max(self.at, self.message.arrived or self.at)

    def is_to(self, address: str) -> bool:
        """Whether somebody stands in its To or Cc."""
        return any(same_person(p.address, address) for p in (*self.message.to, *self.message.cc))

    @property
    def answered(self) -> bool:
        """Whether a person answered with it. What was not read and looks like a person's is an answer."""
        if self.sent or self.message.auto_submitted or self.message.may_be_report:
            return False
        return self.kind not in _NO_ANSWER


@dataclass(frozen=True, slots=True)
class Conversation:
    """The entries of one conversation, oldest first. `off`: the consultant said never to follow it up."""

    id: int
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    off: bool = False

    def entry(self, message_id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.message.id == message_id), None)

    def first(self) -> Entry | None:
        return self.entries[0] if self.entries else None

    def silence(self, address: str, until: Entry) -> tuple[Entry, ...]:
        """The consultant's messages since this person last answered, up to and with `until`, oldest first."""
        run: list[Entry] = []
        for entry in self.entries:
            if same_person(entry.message.sender.address, address) and entry.answered:
                run = []
            if entry.sent and entry.is_to(address):
                run.append(entry)
            if entry.message.id == until.message.id:
                break
        return tuple(run) or (until,)

    def anchor(self, address: str) -> Entry | None:
        """The consultant's latest message to this person, the tool's own left aside."""
        mine = [e for e in self.entries if e.sent and not e.step and e.is_to(address)]
        return max(mine, key=lambda entry: entry.at, default=None)

    def written_to(self, identity: Identity) -> frozenset[str]:
        """The mailboxes outside to which the consultant wrote here."""
        mine = (e.message for e in self.entries if e.sent)
        addresses = (p.address for m in mine for p in (*m.to, *m.cc, *m.bcc))
        return frozenset(mailbox(a) for a in addresses if identity.is_outside(a))

    def introducers(self, identity: Identity, prospect: str, opening: Entry) -> frozenset[str]:
        """Outside people of another company than the prospect's who wrote here before the opening."""
        before = self.entries[: self.entries.index(opening)] if opening in self.entries else ()
        senders = {e.message.sender.address for e in before if not e.sent and e.message.sender.address}
        return frozenset(
            a
            for a in senders
            if not same_person(a, prospect) and identity.is_outside(a) and not same_company(a, prospect)
        )

    def last_word(self) -> Entry | None:
        """The newest entry that a person wrote."""
        human = [e for e in self.entries if e.sent or e.answered]
        return max(human, key=lambda entry: entry.at, default=None)


def outside_people(identity: Identity, message: Message, less: frozenset[str] = frozenset()) -> tuple[Person, ...]:
    """The outside people of To and Cc, To first, each once; machines and `less` (introducers) left out."""
    left_out = set(map(mailbox, less))
    return tuple(p for p in identity.outside((*message.to, *message.cc)) if mailbox(p.address) not in left_out)


def prospect_of(identity: Identity, message: Message, less: frozenset[str] = frozenset()) -> Person | None:
    """The first outside person in To; in Cc where To has none."""
    people = outside_people(identity, message, less)
    return people[0] if people else None


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom an enrollment's mails go to and where they belong, as its conversation tells."""

    opening: Entry | None
    anchor: Entry | None
    introducers: frozenset[str]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    own_ids: frozenset[str]  # the anchor and the consultant's messages after it: what an answer refers to
    base_subjects: frozenset[str]  # under which the consultant wrote here, our steps included

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(p.address for p in (*self.to, *self.cc))


def parties_of(identity: Identity, e: Enrollment, conversation: Conversation | None) -> Parties:
    """The parties of an enrollment. Without an anchor (met, manual) the prospect alone."""
    alone = (Person(e.name, e.address),)
    anchor = conversation.entry(e.anchor) if conversation and e.anchor else None
    wrote = frozenset(x.message.base_subject for x in conversation.entries if x.sent) if conversation else frozenset()
    if conversation is None or anchor is None:
        ids = frozenset(d.message_id for d in e.deliveries)
        return Parties(None, None, frozenset(), alone, (), ids, wrote - {""})
    opening = conversation.entry(e.opening) or anchor
    introducers = conversation.introducers(identity, e.address, opening)
    less = introducers | e.dropped
    people = outside_people(identity, anchor.message, less)
    in_to = {p.address for p in anchor.message.to}
    own = {m.message.id for m in conversation.entries if m.sent and m.at >= anchor.at}
    return Parties(
        opening=opening,
        anchor=anchor,
        introducers=introducers,
        to=tuple(p for p in people if p.address in in_to) or alone,
        cc=tuple(p for p in people if p.address not in in_to),
        own_ids=frozenset(own | {anchor.message.id} | {d.message_id for d in e.deliveries}),
        base_subjects=wrote - {""},
    )
