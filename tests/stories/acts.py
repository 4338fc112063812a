"""What the stories share: what Alex does in the mail client, and what a mail says."""

import shutil
from collections import Counter
from datetime import date
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from followmail.rendering import shipped
from tests.servers.smtp import Smtpd
from tests.world import BERLIN, BOB, Mail, World, days


def has_run(world: World) -> World:
    """The first run was two days ago: what comes now is new."""
    world.now -= days(2)
    world.round()
    world.now += days(2)
    return world


def propose(world: World, to: str = BOB, **more: str) -> Mail:
    """A proposal of today, seen at once."""
    mail = world.writes(to, **more)
    world.round()
    return mail


def says_yes(world: World, words: str, title: str = "Waits for your yes") -> None:
    """Alex answers the digest: yes to the one item that says so."""
    answer = world.answers_digest(f"ok {world.digest().number(words, title)}")
    assert answer.startswith("Done:"), answer


def own_templates(world: World, *names: str) -> Path:
    """A copy of the shipped sequences, to be edited."""
    folder = world.home / "templates"
    for name in names or ("nudge",):
        shutil.copytree(shipped() / name, folder / name)
    shutil.copy(shipped() / "signature.txt", folder)
    world.templates = folder
    return folder


def local_day(world: World) -> date:
    return world.now.astimezone(BERLIN).date()


def steps_got(smtpd: Smtpd) -> Counter[str]:
    """How often each Message-ID reached the server."""
    return Counter(str(message_from_bytes(mail.data)["Message-ID"]) for mail in smtpd.delivered)


def id_of(raw: bytes) -> bytes:
    return str(message_from_bytes(raw)["Message-ID"]).encode()


def text_of(mail: Message) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n", "\n")
