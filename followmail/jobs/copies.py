"""Whether a message is the copy of a mail that we sent, also where the provider gave it another Message-ID."""

from datetime import timedelta

from followmail.mail import message as mail_message
from followmail.mail.identity import mailbox
from followmail.mail.message import Message
from followmail.store.outbox import Parcel

# A provider's copy bears a time this near to that of leaving.
AROUND = timedelta(minutes=10)


def is_copy(message: Message, parcel: Parcel) -> bool:
    """By its id, by the id that it had (Exchange tells it), else by recipients, thread, subject and time."""
    if parcel.delivery.message_id in (message.id, message.original_id):
        return True
    left = parcel.delivery.left
    if left is None or message.sent_on is None or abs(message.sent_on - left) > AROUND:
        return False
    same_people = {mailbox(p.address) for p in (*message.to, *message.cc)} == set(
        map(mailbox, parcel.delivery.recipients)
    )
    thread = message.in_reply_to[:1] == ((parcel.in_reply_to,) if parcel.in_reply_to else ())
    return same_people and thread and message.subject == mail_message.decode(parcel.subject.encode())


def same_bytes(there: bytes, parcel: Parcel) -> bool:
    """Whether these are the bytes that we wrote; line ends and a last empty line are the server's affair."""
    return there.replace(b"\r\n", b"\n").strip() == parcel.data.replace(b"\r\n", b"\n").strip()


def same_mail(there: bytes, parcel: Parcel) -> bool:
    """Whether this is the mail that we wrote, whenever that was: another machine of the consultant's writes the same."""
    return _undated(there) == _undated(parcel.data)


def _undated(mail: bytes) -> bytes:
    head, _, body = mail.replace(b"\r\n", b"\n").strip().partition(b"\n\n")
    return b"\n".join(line for line in head.split(b"\n") if not line.startswith(b"Date: ")) + b"\n\n" + body
