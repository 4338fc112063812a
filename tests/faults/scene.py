"""A moment to which a world can be brought back, and what must hold for people whatever broke after it."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

from followmail.mail.msgid import is_ours
from followmail.sequence.steps import Status
from followmail.store import Store
from tests.servers.smtp import Smtpd
from tests.world import World


class Scene:
    """A world at the moment before a round, to which it is brought back as often as one likes."""

    FOLDERS = ("Sent", "Drafts", "Trash")

    def __init__(self, world: World, smtpd: Smtpd) -> None:
        self.world, self.smtpd, self.now = world, smtpd, world.now
        world.close()
        self.files = {path: path.read_bytes() for path in self._files()}
        self.mails = {folder: self._mails(folder) for folder in self.FOLDERS}

    def _files(self) -> list[Path]:
        return [path for path in self.world.home.iterdir() if path.is_file()]

    def _mails(self, folder: str) -> dict[int, bytes]:
        return dict(zip(self.world.mailbox.uids(folder), self.world.mailbox.raw(folder), strict=True))

    def back(self) -> None:
        """As it was: files, folders, the clock, and nobody mailed."""
        self.world.close()
        self.world.now = self.now
        for path in self._files():
            path.unlink()
        for path, data in self.files.items():
            path.write_bytes(data)
        for folder, kept in self.mails.items():
            there = self._mails(folder)
            if new := there.keys() - kept.keys():
                self.world.mailbox.expunge(folder, new)
            for uid in kept.keys() - there.keys():
                flags = ("\\Draft", "\\Seen") if folder == "Drafts" else ("\\Seen",)
                raw = kept.pop(uid)
                kept[self.world.mailbox.append(raw, folder, flags, self.now)] = raw
        self.smtpd.settle()
        self.smtpd.delivered.clear()

    def ours(self, folder: str) -> list[str]:
        """The Message-IDs of our form that lie in a folder."""
        ids = [message_from_bytes(raw)["Message-ID"].strip("<>") for raw in self.world.mailbox.raw(folder)]
        return [i for i in ids if is_ours(i)]

    def statuses(self) -> dict[str, Status | None]:
        """Where the first step to each person stands, as the file tells, which must be whole."""
        path = self.world.home / "followmail.db"
        with Store.open(path) as store:  # what a crash left half written is rolled back
            found = {
                e.address: next((d.status for d in e.deliveries if d.number == 1), None)
                for e in store.enrollments.all()
            }
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return found

    def reached(self, address: str) -> int:
        """How often somebody was mailed."""
        self.smtpd.settle()
        return sum(address in mail.recipients for mail in self.smtpd.delivered)


def due(world: World, *people: str) -> World:
    """Alex wrote to these people, four business days passed in silence, and the nudges are due now."""
    world.round()
    world.now += timedelta(minutes=5)
    for person in people:
        world.writes(person)
    world.round()
    world.days_pass(4, hour=11)
    return world


def broken_promises(scene: Scene, *people: str) -> list[str]:
    """Lives on after a crash, and says what was broken of the promise to these people."""
    before = {address: (scene.reached(address), status) for address, status in scene.statuses().items()}
    scene.world.rounds_over(10)
    return [fault for address in people if (fault := _broken(scene, address, *before[address]))]


def _broken(scene: Scene, address: str, reached: int, status: Status | None) -> str:
    """What is wrong with one person's first step, which had reached them so often and stood so after the crash."""
    if reached and status not in (Status.HANDED_OVER, Status.SENT):
        return f"{address} was mailed, and the file said {status}"
    after, again = scene.statuses()[address], scene.reached(address)
    if again > 1:
        return f"{address} was mailed {again} times"
    if after is Status.SENT:
        (step,) = (d.message_id for d in scene.world.of(address).deliveries if d.number == 1)
        count = scene.ours("Sent").count(step)
        return "" if (again, count) == (1, 1) else f"{address} was mailed {again} times, with {count} copies in Sent"
    if after is Status.UNCERTAIN and status is Status.HANDED_OVER:
        shown = [row["state"] for row in scene.world.plan() if row["address"] == address]
        return "" if shown == ["uncertain"] else f"{address}: nobody is told that it may have left"
    return f"{address}: the step is {after}, it was {status}"
