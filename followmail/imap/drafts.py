"""What is changed in the mailbox, all of it: our drafts, their removal, the copy in Sent, and the digest in INBOX."""

from datetime import datetime

from followmail.imap.session import Session

_DRAFT = (r"\Draft", r"\Seen")  # at once: Exchange refuses to set \Draft later
_FILED = (r"\Seen",)


def lay(session: Session, folder: str, data: bytes, when: datetime) -> int | None:
    """Puts a draft into a folder. Its UID where the server tells. Raises InDoubt as `Session.append` does."""
    return session.append(folder, data, _DRAFT, when)


def file_copy(session: Session, folder: str, data: bytes, when: datetime) -> int | None:
    """Puts the copy of a sent mail into a folder. As `lay`."""
    return session.append(folder, data, _FILED, when)


def into_inbox(session: Session, folder: str, data: bytes, when: datetime) -> int | None:
    """Puts a mail for the consultant where mail arrives: unread. As `lay`."""
    return session.append(folder, data, (), when)


def to_trash(session: Session, folder: str, uid: int, trash: str | None) -> None:
    """Removes one message of ours: into the trash folder, or for good without one. No other message is touched.

    Without UIDPLUS (RFC 4315) it stays behind, marked \\Deleted: a plain EXPUNGE would take along what others marked.
    """
    one = str(int(uid))
    target = session.folder_name(trash) if trash is not None else None
    with session.changing(folder):
        if target is not None and "MOVE" in session.capabilities:
            session.command("UID", "MOVE", one, target)  # RFC 6851
            return
        if target is not None:
            session.command("UID", "COPY", one, target)
        session.command("UID", "STORE", one, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in session.capabilities:
            session.command("UID", "EXPUNGE", one)
