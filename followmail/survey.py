"""What a mailbox tells of its owner: the names and addresses used for writing, and how its clock stands."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from followmail.imap import reader
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.mail import message as mail_message
from followmail.mail.identity import Identity, Person, is_address, is_machine
from followmail.mail.message import Message

NEWEST = 200  # messages of a folder that are looked at


def newest(session: Session, folder: str, most: int = NEWEST) -> tuple[Message, ...]:
    """The headers of the newest messages of a folder, oldest first."""
    first = session.examine(folder).uidnext - most
    uids = reader.uids_from(session, folder, first)[-most:]
    heads = reader.heads(session, folder, uids)
    return tuple(mail_message.read(head.header, head.arrived, head.size) for head in heads if not head.fault)


def writers(session: Session, folders: Sequence[Folder]) -> tuple[Person, ...]:
    """Whom the newest mail in the Sent folders is from, the most frequent first, under their latest names."""
    written = [m.sender for f in having(folders, Role.SENT) if not f.fault for m in newest(session, f.name)]
    counts = Counter(person.address for person in written if is_address(person.address))
    names = {person.address: person.name for person in written if person.name}
    return tuple(Person(names.get(address, ""), address) for address, _ in counts.most_common())


def unlisted(identity: Identity, people: Iterable[Person]) -> tuple[str, ...]:
    """The addresses among those that write from this mailbox that are not said to be the consultant's own."""
    return tuple(p.address for p in people if not identity.is_own(p.address) and not is_machine(p.address))


def latest_arrival(session: Session) -> datetime | None:
    """The newest INTERNALDATE in INBOX: the server's clock was at least there."""
    arrived = [message.arrived for message in newest(session, "INBOX", 20) if message.arrived]
    return max(arrived, default=None)
