"""Databases of every format, each as the version that had it wrote it, with the mailbox that it knew.

    1/, 2/, …                       followmail.sql, and mailbox.json: each mail with its folder, UID, flags and time
    play(world, options)            three weeks of Alex's that leave one enrollment in each kind of state
    keep(world, folder)             what lies there then, as files
    lay(folder, mailbox, home)      a mailbox and a database like those again

`python -m tests.store.formats` plays them with the code as it is, and writes the folder of its format. When a format has
gone out, its folder changes no more: a changed schema is a new format (`followmail.store.schema.VERSION`).
"""

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from pathlib import Path

from tests.servers.dovecot import Mailbox
from tests.world import World, days

HERE = Path(__file__).parent
FORMAT_1 = (HERE / "1" / "followmail.sql").read_text("utf-8")
FOLDERS = ("INBOX", "Sent", "Drafts", "Trash", "Junk")
BOB, CARLA, DAVE, EVA, FRANK, GINA, KIM = (
    f"{name} {name[::-1].title()} <{name.lower()}@{name.lower()}.example>"
    for name in ("Bob", "Carla", "Dave", "Eva", "Frank", "Gina", "Kim")
)


# ---- the story


def play(world: World, sending: Mapping[str, str]) -> None:
    """Until Wednesday, 20 May 2026. `sending`: the options of mode send, which begins after the first drafts."""
    _writes(world, DAVE, days(5))  # before the first run: it waits for a yes
    world.round()
    world.now += timedelta(minutes=5)
    for who in (BOB, CARLA, EVA, FRANK, KIM):
        _writes(world, who)
    world.round()
    world.days_pass(4, hour=11)
    world.round()  # five drafts
    send_draft(world, BOB)
    _hears(world, CARLA, "Re: Proposal", "Yes, let us do that.")
    _hears(
        world,
        EVA,
        "Automatic reply: Proposal",
        "I am out of the office until 29 May 2026.",
        Auto_Submitted="auto-replied",
    )
    _hears(world, KIM, "Re: Proposal", "Please stop writing to me.")
    world.round()  # Frank's draft stays
    world.reopen(**sending)
    world.now += timedelta(minutes=30)
    _writes(world, GINA)
    world.round()
    for _ in range(8):
        world.days_pass(1, hour=11)
        world.round()  # the first mail to Gina leaves, and the second to Bob
    world.close()


def _writes(world: World, who: str, ago: timedelta | None = None) -> None:
    world.writes(who, ago=ago, Message_ID=f"<proposal-{_name(who)}@consult.example>")


def _hears(world: World, who: str, subject: str, text: str, **headers: str) -> None:
    (about,) = (raw for raw in world.mailbox.raw("Sent") if f"proposal-{_name(who)}@".encode() in _id(raw))
    answered = message_from_bytes(about)["Message-ID"]
    more = {"In_Reply_To": answered, "References": answered, "Message_ID": f"<answer@{_name(who)}.example>"}
    world.gets(who, subject, text, **more, **headers)


def send_draft(world: World, who: str) -> None:
    """Alex sends the draft to somebody as it is."""
    raws = dict(zip(world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts"), strict=True))
    ((uid, raw),) = ((uid, raw) for uid, raw in raws.items() if _name(who) in message_from_bytes(raw)["To"])
    date = format_datetime(world.now)
    sent = re.sub(rb"(?m)^Date: .*$", b"Date: " + date.encode(), raw, count=1)
    world.mailbox.append(sent.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), "Sent", ("\\Seen",), world.now)
    world.mailbox.expunge("Drafts", [uid])


def _name(who: str) -> str:
    return who.partition(" ")[0].lower()


def _id(raw: bytes) -> bytes:
    return message_from_bytes(raw)["Message-ID"].encode()


# ---- kept, and laid again


def keep(world: World, folder: Path) -> None:
    """The database as SQL and the mailbox as JSON. The world is closed."""
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(world.home / "followmail.db")) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        lines = [*database.iterdump(), f"PRAGMA user_version = {version};"]
    (folder / "followmail.sql").write_text("\n".join(lines) + "\n", "utf-8")
    client = world.mailbox.client
    kept: list[dict[str, object]] = []
    for name in FOLDERS:
        status = client.folder_status(name, ["UIDVALIDITY", "UIDNEXT"])
        client.select_folder(name, readonly=True)
        found = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
        mails = [
            {
                "uid": uid,
                "flags": sorted(flag.decode() for flag in data[b"FLAGS"] if flag != b"\\Recent"),
                "at": data[b"INTERNALDATE"].isoformat(),
                "raw": data[b"BODY[]"].decode("utf-8").replace("\r\n", "\n"),
            }
            for uid, data in sorted(found.items())
        ]
        kept.append(
            {"folder": name, "uidnext": status[b"UIDNEXT"], "uidvalidity": status[b"UIDVALIDITY"], "mails": mails}
        )
    (folder / "mailbox.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    suppressed = world.home / "suppressed.txt"
    (folder / "suppressed.txt").write_text(suppressed.read_text("utf-8") if suppressed.exists() else "", "utf-8")


def lay(folder: Path, mailbox: Mailbox, home: Path) -> Path:
    """The mailbox with the same UIDs, and the database, which knows this server's UIDVALIDITY; where it lies."""
    path = home / "followmail.db"
    home.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript((folder / "followmail.sql").read_text("utf-8"))
        for entry in json.loads((folder / "mailbox.json").read_text("utf-8")):
            name = entry["folder"]
            validity = _lay(mailbox, name, entry)
            for table, column in (("cursor", ""), ("message", ""), ("delivery", "draft_")):
                where = f"UPDATE {table} SET {column}uidvalidity = ? WHERE {column}folder = ?"
                database.execute(where, (validity, name))
        database.execute("UPDATE cursor SET highestmodseq = NULL")
        database.commit()
    (home / "suppressed.txt").write_bytes((folder / "suppressed.txt").read_bytes())
    return path


def _lay(mailbox: Mailbox, name: str, entry: dict[str, object]) -> int:
    """One folder; where a UID is missing, a mail came and went. Its UIDVALIDITY."""
    mails = {mail["uid"]: mail for mail in entry["mails"]}  # type: ignore[attr-defined, index]
    gone = []
    for uid in range(1, entry["uidnext"]):  # type: ignore[arg-type]
        mail = mails.get(uid)
        raw = mail["raw"].replace("\n", "\r\n").encode() if mail else b"Subject: gone\r\n\r\n"
        flags, at = (mail["flags"], datetime.fromisoformat(mail["at"])) if mail else ((), None)
        assert mailbox.append(raw, name, flags, at) == uid
        gone += [] if mail else [uid]
    if gone:
        mailbox.expunge(name, gone)
    return int(mailbox.client.folder_status(name, ["UIDVALIDITY"])[b"UIDVALIDITY"])
