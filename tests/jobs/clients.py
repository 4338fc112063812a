"""Alex's mail clients: what each does to a draft on the server, command by command as it was seen to do it.

    client = Thunderbird(world)
    client.edits("One more line.")     # appends anew under another Message-ID, then removes the old one
    client.deletes()                   # into the Trash, or marked \\Deleted, as the client does it
    client.sends()                     # the copy in Sent first, then the draft goes

What they share is that none of them ever changes a draft: they put a new message in its place (new UID, often a new
Message-ID), and only then take the old one away. What they do not share is how it is taken away.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import format_datetime, make_msgid
from typing import Any, ClassVar
from uuid import uuid4

from tests.world import Mail, World

JUST_NOW = timedelta(seconds=30)


class Client:
    """One mail client on Alex's mailbox. Folder names are those of its account."""

    server: ClassVar[Mapping[str, Any]] = {}  # how the Dovecot is set up that plays its provider
    drafts = "Drafts"
    sent = "Sent"
    trash = "Trash"
    elsewhere = "Later"  # a folder of Alex's own
    draft_flags: tuple[str, ...] = ("\\Draft", "\\Seen")
    copy_after = timedelta(0)  # how long after the end of the draft the copy in Sent comes; 0: it comes first

    def __init__(self, world: World) -> None:
        self.world = world
        self.mailbox = world.mailbox

    # ---- what Alex sees

    def shown(self, folder: str | None = None) -> list[tuple[int, bytes]]:
        """UID and bytes of what the client shows in a folder: all but what is marked as deleted."""
        folder = folder or self.drafts
        flags = self.mailbox.flags(folder)
        uids = [uid for uid in sorted(flags) if "\\Deleted" not in flags[uid]]
        found = self.mailbox.client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
        return [(uid, found[uid][b"BODY[]"]) for uid in uids]

    def draft(self) -> Message:
        """The one draft there is."""
        ((_, raw),) = self.shown()
        return message_from_bytes(raw)

    # ---- what Alex does

    def writes(self, to: str, subject: str = "Proposal", **values: Any) -> Mail:
        """A mail of Alex's, filed where this account files them."""
        mail = self.world.writes(to, subject, folder=self.sent, **values)
        self.settle()
        return mail

    def opens_and_closes(self) -> None:
        """Reads the draft and leaves it as it is."""
        ((uid, _),) = self.shown()
        self.mailbox.client.select_folder(self.drafts)
        self.mailbox.client.fetch([uid], ["BODY[]"])
        self.settle()

    def autosaves(self, *texts: str) -> None:
        """Saves every half minute while Alex types: all versions lie there for a moment, then the old ones go."""
        ((uid, raw),) = self.shown()
        old = [uid]
        for number, text in enumerate(texts):
            raw = self._edited(raw, text, False)
            uid = self.mailbox.append(raw, self.drafts, self.draft_flags, self.world.now)
            old += [uid] if number < len(texts) - 1 else []
        self.settle()
        self.world.round()
        for uid in old:
            self._remove(uid)
        self.settle()

    def edits(self, text: str, keeps_id: bool = False) -> None:
        """Puts another version in its place, then takes the old one away."""
        ((uid, raw),) = self.shown()
        self.mailbox.append(self._edited(raw, text, keeps_id), self.drafts, self.draft_flags, self.world.now)
        self._remove(uid)
        self.settle()

    def saves_over(self, text: str) -> int:
        """The first half of an edit: the new version lies beside the old one, whose UID it gives (`takes_away`)."""
        ((uid, raw),) = self.shown()
        self.mailbox.append(self._edited(raw, text, False), self.drafts, self.draft_flags, self.world.now)
        self.settle()
        return uid

    def takes_away(self, uid: int) -> None:
        """The second half of an edit or of sending."""
        self._remove(uid)
        self.settle()

    def moves(self, folder: str | None = None) -> None:
        """Drags the draft into another folder."""
        ((uid, _),) = self.shown()
        folder = self._made(folder or self.elsewhere)
        self._move(uid, folder)
        self.settle()

    def moves_unmarked(self) -> None:
        """Puts the draft into another folder as a client does that knows no \\Draft: the Drafts folder was all that
        said that it is one."""
        ((uid, raw),) = self.shown()
        self.mailbox.append(raw, self._made(self.elsewhere), ("\\Seen",), self.world.now)
        self.mailbox.expunge(self.drafts, [uid])
        self.settle()

    def labels(self) -> None:
        """The draft shows in another folder too, and nothing there says that it is one."""
        ((_, raw),) = self.shown()
        self.mailbox.append(raw, self._made(self.elsewhere), ("\\Seen",), self.world.now)
        self.settle()

    def deletes(self) -> None:
        """The delete key."""
        ((uid, _),) = self.shown()
        self._move(uid, self.trash)
        self.settle()

    def deletes_from_pile(self) -> None:
        """What was put aside is thrown away there."""
        self.mailbox.expunge(self.elsewhere, self.mailbox.uids(self.elsewhere))
        self.settle()

    def deletes_for_good(self) -> None:
        """Shift and the delete key: nothing is left of it."""
        ((uid, _),) = self.shown()
        self.mailbox.expunge(self.drafts, [uid])
        self.settle()

    def sends(
        self, edit: str = "", new_id: bool = True, files_id: str = "", lingers: bool = False, which: int | None = None,
        folder: str | None = None, files: bool = True, copy_after: timedelta | None = None,
    ) -> tuple[Mail, int]:  # fmt: skip
        """Sends the draft: what Bob got, and the UID of the draft (`lingers`: still there until `takes_away`).

        `files_id`: the copy in Sent bears this Message-ID, and not the one that Bob got. `which`: of several versions,
        by UID. `folder`: where the draft lies. `files`: whether there is a copy in Sent. `copy_after`: the draft goes at
        once, looks go by, and the copy comes so much later.
        """
        folder = folder or self.drafts
        ((uid, raw),) = [(uid, raw) for uid, raw in self.shown(folder) if which in (None, uid)]
        left = self._dated(self._edited(raw, edit, not new_id))
        filed = self._with_id(left, files_id) if files_id else left
        after = self.copy_after if copy_after is None else copy_after
        if after:
            self._remove(uid, folder)
            self.settle()
            self.world.rounds_over(after // timedelta(minutes=1))
        sent_uid = self.mailbox.append(filed, self.sent, ("\\Seen",), self.world.now - JUST_NOW) if files else 0
        if not after and not lingers:
            self._remove(uid, folder)
        self.settle()
        mail = message_from_bytes(left)
        references = tuple((mail["References"] or "").split())
        return Mail(mail["Message-ID"], left, self.sent, sent_uid, references), uid

    def settle(self) -> None:
        """What the provider does by itself after a change."""

    # ---- how

    def _edited(self, raw: bytes, text: str, keeps_id: bool) -> bytes:
        """Another version: its own Message-ID, and the text typed above what stood there."""
        if text:
            head, _, body = raw.partition(b"\r\n\r\n")
            raw = head + b"\r\n\r\n" + text.encode() + b"\r\n\r\n" + body
        return raw if keeps_id else self._with_id(raw, make_msgid(domain="consult.example"))

    def _with_id(self, raw: bytes, message_id: str) -> bytes:
        return raw.replace(message_from_bytes(raw)["Message-ID"].encode(), message_id.encode(), 1)

    def _dated(self, raw: bytes) -> bytes:
        old = message_from_bytes(raw)["Date"]
        return raw.replace(old.encode(), format_datetime(self.world.now - JUST_NOW).encode(), 1)

    def _made(self, folder: str) -> str:
        if not self.mailbox.client.folder_exists(folder):
            self.mailbox.create(folder)
        return folder

    def _remove(self, uid: int, folder: str | None = None) -> None:
        """How an old version goes."""
        self.mailbox.expunge(folder or self.drafts, [uid])

    def _move(self, uid: int, folder: str, source: str | None = None) -> None:
        self.mailbox.client.select_folder(source or self.drafts)
        self.mailbox.client.move([uid], folder)


class _Marking(Client):
    """A client that says of a draft by header fields of its own that it is one, and takes them out when it sends."""

    def _fields(self) -> bytes:
        """The fields, each with its line end; anew at each save."""
        raise NotImplementedError

    def _edited(self, raw: bytes, text: str, keeps_id: bool) -> bytes:
        return self._fields() + super()._edited(self._unmarked(raw), text, keeps_id)

    def _dated(self, raw: bytes) -> bytes:
        return super()._dated(self._unmarked(raw))

    def _unmarked(self, raw: bytes) -> bytes:
        names = tuple(line.partition(b":")[0] + b":" for line in self._fields().splitlines())
        head, end, body = raw.partition(b"\r\n\r\n")
        return b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(names)) + end + body


class Thunderbird(_Marking):
    """Appends, then STORE \\Deleted and UID EXPUNGE. Deletes with UID MOVE. Mints an id at each save."""

    def _fields(self) -> bytes:
        return b"X-Mozilla-Draft-Info: internal/draft; vcard=0; receipt=0; DSN=0; uuencode=0\r\nX-Identity-Key: id1\r\n"


class AppleMail(_Marking):
    """Saves while one types, and moves old versions through the Trash."""

    def _fields(self) -> bytes:
        return (
            b"X-Uniform-Type-Identifier: com.apple.mail-draft\r\nX-Apple-Mail-Remote-Attachments: YES\r\n"
            b"X-Universally-Unique-Identifier: %s\r\n" % str(uuid4()).upper().encode()
        )

    def _remove(self, uid: int, folder: str | None = None) -> None:
        self._move(uid, self.trash, folder)


class IOS(AppleMail):
    """On a phone the draft goes when the mail is put into the outbox; the copy in Sent follows when it has left."""

    copy_after = timedelta(minutes=10)


class K9(_Marking):
    """Keeps its settings in a header field of the draft, sets no \\Seen, and knows no MOVE: COPY, \\Deleted, EXPUNGE."""

    draft_flags = ("\\Draft",)

    def _fields(self) -> bytes:
        return b"X-K9mail-Identity: !l=4&o=0&f=PLAIN&s=&p=0&q=NONE&n=1\r\n"

    def _move(self, uid: int, folder: str, source: str | None = None) -> None:
        self.mailbox.client.select_folder(source or self.drafts)
        self.mailbox.client.copy([uid], folder)
        self.mailbox.expunge(source or self.drafts, [uid])


class Outlook(Client):
    """Over IMAP it only marks as \\Deleted, for ever; it writes the whole mail anew, text and all, without \\Draft."""

    draft_flags = ("\\Seen",)

    def _edited(self, raw: bytes, text: str, keeps_id: bool) -> bytes:
        mail = message_from_bytes(super()._edited(raw, text, keeps_id))
        body = mail.get_payload(decode=True)
        assert isinstance(body, bytes)
        lines = ["X-Mailer: Microsoft Outlook 16.0", "Thread-Index: AQHcvY0LJg=="]
        kept = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
        lines += [f"{name}: {mail[name]}" for name in kept if mail[name]]
        lines += ["MIME-Version: 1.0", 'Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: 8bit"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def _remove(self, uid: int, folder: str | None = None) -> None:
        self._mark(uid, folder)

    def _move(self, uid: int, folder: str, source: str | None = None) -> None:
        self.mailbox.client.select_folder(source or self.drafts)
        self.mailbox.client.copy([uid], folder)
        self._mark(uid, source)

    def deletes(self) -> None:
        """Struck through in the list, until Alex purges the folder."""
        ((uid, _),) = self.shown()
        self._mark(uid)

    def _mark(self, uid: int, folder: str | None = None) -> None:
        self.mailbox.client.select_folder(folder or self.drafts)
        self.mailbox.client.add_flags([uid], ["\\Deleted"])
        self.mailbox.client.unselect_folder()


class Gmail(Client):
    """Labels in German. Every edit is a new message with a new id, and all lies in All Mail too, never as \\Draft."""

    server: ClassVar[Mapping[str, Any]] = {
        "folders": (
            (r"\Sent", "[Gmail]/Gesendet"),
            (r"\Drafts", "[Gmail]/Entwürfe"),
            (r"\Trash", "[Gmail]/Papierkorb"),
            (r"\Junk", "[Gmail]/Spam"),
            (r"\All", "[Gmail]/Alle Nachrichten"),
        ),
    }
    drafts = "[Gmail]/Entwürfe"
    sent = "[Gmail]/Gesendet"
    trash = "[Gmail]/Papierkorb"
    everything = "[Gmail]/Alle Nachrichten"

    def settle(self) -> None:
        """All Mail holds what any label but Trash and Spam holds, once."""
        labels = self.mailbox.folders() - {self.everything, self.trash, "[Gmail]/Spam", "[Gmail]"}
        wanted = {self._key(raw): raw for name in labels for raw in self.mailbox.raw(name)}
        there = {self._key(raw): uid for uid, raw in self.shown(self.everything)}
        self._purge(uid for key, uid in there.items() if key not in wanted)
        for key in wanted.keys() - there.keys():
            self.mailbox.append(wanted[key], self.everything, ("\\Seen",), self.world.now)

    def _purge(self, uids: Iterable[int]) -> None:
        if gone := list(uids):
            self.mailbox.expunge(self.everything, gone)

    @staticmethod
    def _key(raw: bytes) -> str:
        return str(message_from_bytes(raw)["Message-ID"])


CLIENTS: tuple[type[Client], ...] = (Thunderbird, AppleMail, Outlook, Gmail)
ALL_CLIENTS: tuple[type[Client], ...] = (*CLIENTS, IOS, K9)
