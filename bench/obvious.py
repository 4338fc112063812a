"""The obvious design: IMAPClient.fetch, the email package, peewee's insert_many. What one would write first.

`python -m bench.obvious PORT USER DATABASE FOLDER…`
"""

import email
import json
import sys
import time
from email.message import Message
from email.policy import compat32
from typing import Any

import peewee
from imapclient import IMAPClient  # type: ignore[import-untyped]

from bench.limit import ITEMS
from tests.canary import PASSWORD

CHUNK = 500
database = peewee.SqliteDatabase(None, pragmas={"journal_mode": "delete", "synchronous": "extra"})


class Mail(peewee.Model):
    """One message, with indexes on what is asked for."""

    message_id = peewee.TextField(index=True)
    sender = peewee.TextField(index=True)
    to = peewee.TextField()
    cc = peewee.TextField()
    subject = peewee.TextField(index=True)
    date = peewee.TextField(index=True)
    in_reply_to = peewee.TextField()
    references = peewee.TextField()
    folder = peewee.TextField()
    uid = peewee.IntegerField()
    size = peewee.IntegerField()
    arrived = peewee.DateTimeField()
    flags = peewee.TextField()

    class Meta:
        database = database


def index(port: int, user: str, folders: list[str]) -> None:
    """Reads every header and stores it. Conversations are not joined."""
    client = IMAPClient("127.0.0.1", port, ssl=False)
    client.login(user, PASSWORD)
    for folder in folders:
        client.select_folder(folder, readonly=True)
        uids = client.search()
        for start in range(0, len(uids), CHUNK):
            found = client.fetch(uids[start : start + CHUNK], ITEMS.strip("()").split(" ", 4))
            with database.atomic():
                Mail.insert_many([_row(folder, uid, items) for uid, items in found.items()]).execute()
    client.logout()


def _row(folder: str, uid: int, items: dict[bytes, Any]) -> dict[str, Any]:
    header = next(value for key, value in items.items() if key.startswith(b"BODY["))
    message: Message = email.message_from_bytes(header, policy=compat32)
    names = {"message_id": "Message-ID", "sender": "From", "in_reply_to": "In-Reply-To"}
    names |= {name: name.capitalize() for name in ("to", "cc", "subject", "date", "references")}
    row: dict[str, Any] = {column: str(message[name] or "") for column, name in names.items()}
    flags = b" ".join(items[b"FLAGS"]).decode()
    row |= {"folder": folder, "uid": uid, "size": items[b"RFC822.SIZE"], "arrived": items[b"INTERNALDATE"]}
    return row | {"flags": flags}


if __name__ == "__main__":
    begun = time.perf_counter()
    database.init(sys.argv[3])
    database.create_tables([Mail])
    index(int(sys.argv[1]), sys.argv[2], sys.argv[4:])
    database.close()
    print(json.dumps({"seconds": time.perf_counter() - begun}))  # noqa: T201
