"""`check` names what is wrong with a mailbox, and what to do, on real servers that are made to be so."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from followmail import checking
from followmail.checking import Line
from followmail.rounds import alone
from tests.servers import smtp as servers
from tests.servers.dovecot import Dovecots, Mailbox
from tests.servers.smtp import Delivery, Smtpd
from tests.world import BOB, World, days

smtpd = servers.smtpd
GMAIL = "IMAP4rev1 UIDPLUS SPECIAL-USE LIST-STATUS LIST-EXTENDED IDLE X-GM-EXT-1"


def lines(world: World, wait: Callable[[float], None] | None = None) -> dict[str, Line]:
    return {line.name: line for line in checking.check(world.office, world.now, wait=wait)}


@pytest.fixture
def at(dovecots: Dovecots, tmp_path: Path) -> Callable[..., World]:
    """A world on a server with options."""

    def make(**options: object) -> World:
        return World(dovecots(**options).mailbox(), tmp_path / "home")

    return make


def test_a_new_mailbox_is_well(world: World) -> None:
    """Every line says something, nothing fails, and what is not known is said to be so."""
    found = lines(world)
    assert all(line.ok for line in found.values()), found
    assert {
        "tls",
        "method",
        "capabilities",
        "own addresses",
        "plus addresses",
        "server clock",
        "service",
    } <= found.keys()
    assert "not known" in found["plus addresses"].detail
    assert found["service"].detail == "not running"


def test_gmail_that_hides_all_mail(at: Callable[..., World]) -> None:
    """An archived answer would not be seen."""
    world = at(capability=GMAIL)
    line = lines(world)["all mail"]
    assert not line.ok
    assert "Show in IMAP" in line.remedy


def test_gmail_that_shows_a_part(at: Callable[..., World]) -> None:
    """Exactly as many messages as the setting allows."""
    world = at(capability=GMAIL, folders=((r"\All", "All Mail"), (r"\Sent", "Sent"), (r"\Drafts", "Drafts")))
    assert lines(world)["all mail"].ok
    client = world.mailbox.client
    client.select_folder("All Mail")
    raw = b"From: x@x.example\r\nSubject: x\r\n\r\nx\r\n"
    world.mailbox.append(raw, "All Mail")
    for number in range(10):  # each time as many as there are, up to 1,000
        client.select_folder("All Mail")
        there = client.search()
        client.copy(there[: 1000 - len(there)], "All Mail")
        assert number < 10
    line = lines(world)["all mail"]
    assert not line.ok
    assert "only a part of All Mail" in line.detail
    assert "Do not limit" in line.remedy


def test_several_sent_folders(at: Callable[..., World]) -> None:
    """Named, with the setting that decides; decided, the others are still read."""
    world = at(special_use=False, folders=(("", "Sent"), ("", "Sent Items"), ("", "Drafts")))
    line = lines(world)["sent folder"]
    assert line.ok and "several: Sent, Sent Items" in line.detail
    assert "FOLLOWMAIL_SENT_FOLDER" in line.remedy
    world.reopen(FOLLOWMAIL_SENT_FOLDER="Sent Items")
    assert lines(world)["sent folder"].detail == "Sent Items; also read: Sent"


def test_a_folder_to_be_left_out_that_is_not_there(world: World) -> None:
    """Mistyped, it leaves nothing out: told, with the names that there are."""
    world.mailbox.create("Newsletters")
    world.reopen(FOLLOWMAIL_SKIP_FOLDERS="Newslettr")
    line = lines(world)["folders"]
    assert line.ok and "none is named 'Newslettr'" in line.detail
    assert "Newsletters" in line.remedy
    world.reopen(FOLLOWMAIL_SKIP_FOLDERS="Newsletters")
    assert not lines(world)["folders"].remedy


def test_an_address_of_ones_own_that_is_not_listed(world: World) -> None:
    """It stands in From in the Sent folder."""
    world.writes(BOB, From="Alex <alex@other.example>")
    line = lines(world)["own addresses"]
    assert "alex@other.example" in line.detail
    assert "FOLLOWMAIL_ALIASES" in line.remedy
    world.reopen(FOLLOWMAIL_ALIASES="alex@other.example")
    assert not lines(world)["own addresses"].remedy


def test_a_clock_that_is_slow(world: World) -> None:
    """Mail that arrived in the future."""
    world.gets(BOB)
    world.now -= timedelta(minutes=30)
    line = lines(world)["server clock"]
    assert not line.ok
    assert "29 minutes from now" in line.detail or "28 minutes" in line.detail


def test_a_text_that_does_not_come_out_for_a_real_contact(world: World, tmp_path: Path) -> None:
    """It is good for the sample, and not for somebody without a first name."""
    folder = tmp_path / "templates" / "nudge"
    folder.mkdir(parents=True)
    (folder / "sequence.txt").write_text("Trigger: sent\n")
    (folder / "1-hello.txt").write_text("After: 4 business days\n\nHello {{ prospect.first_name }},\n\nany thoughts?\n")
    world.templates = folder.parent
    world.reopen()
    world.writes("info@bob.example", ago=days(1))
    world.round()
    line = lines(world)["contacts"]
    assert not line.ok
    assert "info@bob.example" in line.detail
    assert "followmail preview" in line.remedy


def test_a_running_daemon_is_seen(world: World) -> None:
    """By the lock that it holds."""
    with alone(world.office.settings.database):
        assert lines(world)["service"].detail.startswith("runs as process")


def test_a_server_that_is_not_there(world: World) -> None:
    """What is at fault is found out, not guessed."""
    world.reopen(FOLLOWMAIL_IMAP_PORT="1")
    line = lines(world)["login"]
    assert (line.ok, line.status) == (False, 69)
    assert "takes no connections at port 1" in line.remedy


def test_a_refused_login(world: World) -> None:
    """The login name or the password."""
    world.reopen(FOLLOWMAIL_PASSWORD="wrong")
    line = lines(world)["login"]
    assert (line.ok, line.status) == (False, 77)
    assert "the login name or the password is wrong" in line.remedy


# One mail to oneself


@pytest.fixture
def live(world: World, smtpd: Smtpd) -> Callable[..., dict[str, Line]]:
    """`check --live` with a server that delivers so: each change is made to the mail on its way."""

    def run(
        arrives: Callable[[bytes], bytes | None] = lambda raw: raw, filed: Callable[[bytes], bytes] | None = None,
        plus: bool = True, folder: str = "INBOX",
    ) -> dict[str, Line]:  # fmt: skip
        def deliver(mail: Delivery) -> None:
            for to in mail.recipients if plus else mail.recipients[:1]:
                raw = arrives(mail.data)
                if raw is not None:
                    head = f"Delivered-To: {to}\r\nReceived: from a by b; Mon, 4 May 2026 08:00:00 +0000\r\n".encode()
                    world.mailbox.append(head + raw, folder, (), world.now)
            if filed is not None:
                world.mailbox.append(filed(mail.data), "Sent", ("\\Seen",), world.now)

        smtpd.on_delivery = deliver
        server = smtpd.server()
        world.reopen(
            FOLLOWMAIL_SMTP_HOST=server.host, FOLLOWMAIL_SMTP_PORT=str(server.port), FOLLOWMAIL_SMTP_SECURITY="none"
        )
        return lines(world, wait=lambda seconds: None)

    return run


def without_bcc(raw: bytes) -> bytes:
    mail = message_from_bytes(raw)
    del mail["Bcc"]
    return mail.as_bytes()


def test_live_at_a_good_server(live: Callable[..., dict[str, Line]], world: World, mailbox: Mailbox) -> None:
    """Everything as sent; Bcc hidden from others and kept in the copy."""
    found = live(without_bcc, filed=lambda raw: raw)
    assert all(line.ok and not line.remedy for name, line in found.items() if name.startswith("live")), found
    assert "files its own in Sent" in found["live copy"].detail
    assert "kept in the copy" in found["live Bcc"].detail
    world.round()
    assert world.enrollments() == ()


def test_live_where_everything_is_changed(live: Callable[..., dict[str, Line]]) -> None:
    """From, Message-ID, Bcc shown, no plus address, no copy, into spam."""

    def change(raw: bytes) -> bytes:
        mail = message_from_bytes(raw)
        mail["X-Microsoft-Original-Message-ID"] = mail["Message-ID"]
        mail.replace_header("Message-ID", "<other@server.example>")
        mail.replace_header("From", "Alex <real@server.example>")
        mail.replace_header("Bcc", "alex+off@consult.example")
        return mail.as_bytes()

    found = live(change, plus=False, folder="Junk")
    assert "takes your own mail for spam" in found["live mail"].remedy
    assert "<real@server.example> instead of alex@consult.example" in found["live From"].detail
    assert "tells the old one" in found["live Message-ID"].detail
    assert not found["live Bcc"].ok
    assert "mark by the folders" in found["live plus address"].remedy
    assert "files none by now" in found["live copy"].detail


def test_live_that_never_comes_back(live: Callable[..., dict[str, Line]]) -> None:
    """After a minute that is said."""
    line = live(lambda raw: None)["live mail"]
    assert not line.ok
    assert "not back after 60 seconds" in line.detail


def test_live_without_a_server_for_sending(world: World) -> None:
    """Configuration."""
    line = lines(world, wait=lambda seconds: None)["live mail"]
    assert (line.ok, line.status) == (False, 78)
