"""Servers as they are: localized and prefixed folders, servers that can nothing, folders that cannot be read today."""

from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from followmail import enrolling
from followmail.contacts import Contact
from followmail.sequence.steps import State, Status
from tests.jobs.clients import Client, Gmail
from tests.servers.dovecot import Dovecots
from tests.servers.others import KINDS, Others
from tests.servers.smtp import Smtpd
from tests.world import ANN, BOB, CARLA, World, days

BOBS = "bob@bob.example"
BARE = "IMAP4rev1"

LAYOUTS: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "as Debian has it": ({}, ("Sent", "Drafts", "Trash")),
    "German, without SPECIAL-USE": (
        {"folders": (("", "Gesendete Elemente"), ("", "Entwürfe"), ("", "Gelöschte Elemente")), "special_use": False},
        ("Gesendete Elemente", "Entwürfe", "Gelöschte Elemente"),
    ),
    "French, under INBOX.": (
        {
            "folders": (("", "Éléments envoyés"), ("", "Brouillons"), ("", "Corbeille")),
            "special_use": False,
            "prefix": "INBOX.",
            "separator": ".",
        },
        ("INBOX.Éléments envoyés", "INBOX.Brouillons", "INBOX.Corbeille"),
    ),
    "Courier: INBOX. and no capability": (
        {
            "folders": (("", "Sent"), ("", "Drafts"), ("", "Trash")),
            "special_use": False,
            "prefix": "INBOX.",
            "separator": ".",
            "capability": BARE,
        },
        ("INBOX.Sent", "INBOX.Drafts", "INBOX.Trash"),
    ),
    "Exchange: neither CONDSTORE nor SPECIAL-USE": (
        {
            "folders": (("", "Sent Items"), ("", "Drafts"), ("", "Deleted Items")),
            "special_use": False,
            "capability": "IMAP4 IMAP4rev1 LITERAL+ UIDPLUS MOVE NAMESPACE CHILDREN IDLE",
        },
        ("Sent Items", "Drafts", "Deleted Items"),
    ),
    "Japanese": (
        {"folders": (("", "送信済みメール"), ("", "下書き"), ("", "ゴミ箱")), "special_use": False},
        ("送信済みメール", "下書き", "ゴミ箱"),
    ),
}


class Layout(Client):
    """Somebody's folders."""

    def __init__(self, world: World, names: tuple[str, str, str]) -> None:
        super().__init__(world)
        self.sent, self.drafts, self.trash = names


@pytest.fixture(
    params=[*LAYOUTS, *(f"{name} itself" for name in KINDS if KINDS[name].program != "dovecot"), "Gmail"],
    ids=lambda name: name.partition(",")[0].partition(":")[0],
)
def layout(request: pytest.FixtureRequest, dovecots: Dovecots, others: Others, tmp_path: Path) -> Iterator[Client]:
    """Alex's mailbox on each of these servers."""
    options, names = LAYOUTS.get(request.param, ({}, None))
    kind = KINDS.get(request.param.removesuffix(" itself"))
    mailbox = kind.mailbox(dovecots, others) if kind else dovecots(**options).mailbox()
    world = World(mailbox, tmp_path / "home")
    if request.param == "Gmail":
        yield Gmail(world)
    else:
        yield Layout(world, names or (kind.sent, kind.drafts, kind.trash))
    world.close()


# ---- names and dialects


def test_a_draft_is_laid_withdrawn_and_sent_on_every_server(layout: Layout) -> None:
    """In the Drafts folder by its own name; an answer sends it to the Trash; sent, its step is done."""
    world = layout.world
    world.round()
    mail = layout.writes(BOB)
    layout.writes(CARLA, "Offer")
    world.round()
    world.days_pass(4)
    world.round()
    assert sorted(_to(raw) for _, raw in layout.shown()) == [BOB, CARLA]
    world.gets(BOB, answers=mail)
    world.round()
    assert [_to(raw) for _, raw in layout.shown()] == [CARLA]
    assert world.of(BOBS).state is State.REPLIED
    layout.sends("See you soon.")
    world.rounds_over(30)
    assert [d.status for d in world.of("carla@carla.example").deliveries] == [Status.SENT]
    assert not {"Sent", "Drafts", "Trash"} - {layout.sent, layout.drafts, layout.trash} & world.mailbox.folders()


def test_a_withdrawn_draft_comes_back_on_every_server(layout: Layout) -> None:
    """Where nothing can be expunged alone, what is marked as deleted is not taken for a draft that lies there."""
    world = layout.world
    world.round()
    mail = layout.writes(BOB)
    world.round()
    world.days_pass(4)
    world.round()
    world.gets(BOB, "Away", "I am out of office.", answers=mail, Auto_Submitted="auto-replied")
    world.round()
    assert layout.shown() == []
    world.days_pass(6)
    world.round()
    assert [_to(raw) for _, raw in layout.shown()] == [BOB]


def test_a_copy_is_filed_where_the_consultants_mail_lies(layout: Layout, smtpd: Smtpd, tmp_path: Path) -> None:
    """Once, in mode send, in the Sent folder by its own name."""
    world = layout.world
    server = smtpd.server()
    world.reopen(
        FOLLOWMAIL_MODE="send",
        FOLLOWMAIL_DETECT="enroll",
        FOLLOWMAIL_SMTP_HOST=server.host,
        FOLLOWMAIL_SMTP_PORT=str(server.port),
        FOLLOWMAIL_SMTP_SECURITY="none",
        FOLLOWMAIL_GAP="0",
    )
    world.now -= days(1)
    world.round()
    world.now += days(1)
    layout.writes(BOB)
    world.round()
    world.days_pass(4)
    world.rounds_over(60)
    assert len(smtpd.delivered) == 1
    assert [_to(raw) for _, raw in layout.shown(layout.sent)] == [BOB, BOB]


def test_a_mark_by_folder_on_every_server(layout: Layout) -> None:
    """Followmail/nudge stands under the prefix of the account and with its delimiter."""
    world = layout.world
    world.round()
    mail = layout.writes(BOB, "Thanks", text="Thank you for the day, it was a pleasure.")
    world.round()
    assert world.enrollments() == ()
    world.now += days(0.01)
    prefix, _, _ = layout.sent.rpartition(".") if layout.sent.startswith("INBOX.") else ("", "", "")
    folder = f"{prefix}.Followmail.nudge" if prefix else "Followmail/nudge"
    world.mailbox.append(mail.raw, folder, (), world.now)
    world.round()
    assert world.of(BOBS).said_yes


def test_two_sent_folders_are_both_read_and_the_one_used_last_is_written(
    dovecots: Dovecots, tmp_path: Path, smtpd: Smtpd
) -> None:
    """No SPECIAL-USE, an old "Sent" and a "Gesendet" of today."""
    server = smtpd.server()
    options = {
        "FOLLOWMAIL_MODE": "send", "FOLLOWMAIL_DETECT": "enroll", "FOLLOWMAIL_SMTP_HOST": server.host,
        "FOLLOWMAIL_SMTP_PORT": str(server.port), "FOLLOWMAIL_SMTP_SECURITY": "none", "FOLLOWMAIL_GAP": "0",
    }  # fmt: skip
    mailbox = dovecots(folders=(("", "Sent"), ("", "Gesendet"), ("", "Entwürfe")), special_use=False).mailbox()
    world = World(mailbox, tmp_path / "home", options)
    world.round()
    world.now += days(0.01)
    world.writes(CARLA, "Offer", ago=days(0.005))
    world.writes(BOB, folder="Gesendet")
    world.round()
    world.days_pass(4, hour=11)
    world.rounds_over(60)
    assert len(smtpd.delivered) == 2
    assert len(mailbox.raw("Gesendet")) == 3
    assert len(mailbox.raw("Sent")) == 1
    world.close()


def test_without_any_sent_folder_nothing_is_sent_and_it_is_said(
    dovecots: Dovecots, tmp_path: Path, smtpd: Smtpd
) -> None:
    """What has left could not be known: it is held until there is one."""
    server = smtpd.server()
    options = {
        "FOLLOWMAIL_MODE": "send", "FOLLOWMAIL_SMTP_HOST": server.host, "FOLLOWMAIL_SMTP_PORT": str(server.port),
        "FOLLOWMAIL_SMTP_SECURITY": "none",
    }  # fmt: skip
    mailbox = dovecots(folders=(("", "Entwürfe"),), special_use=False).mailbox()
    world = World(mailbox, tmp_path / "home", options)
    world.round()
    met = world.office.templates.library.sequences["nice-to-meet-you"]
    enrolling.enroll(world.desk(), Contact(address=BOBS, name="Bob Builder"), met)
    world.days_pass(2)
    world.rounds_over(20)
    assert smtpd.delivered == []
    assert "no Sent folder" in world.one().deliveries[0].why
    mailbox.create("Gesendet")
    world.round()
    assert len(smtpd.delivered) == 1
    assert len(mailbox.raw("Gesendet")) == 1
    world.close()


def test_exchange_files_what_was_sent_under_another_id(dovecots: Dovecots, others: Others, tmp_path: Path) -> None:
    """A draft that Alex sends: the copy in Sent bears an id that Bob never saw. It is the step, and Bob's answer counts."""
    kind = KINDS["Exchange"]
    world = World(kind.mailbox(dovecots, others), tmp_path / "home")
    layout = Layout(world, (kind.sent, kind.drafts, kind.trash))
    world.round()
    layout.writes(BOB)
    world.round()
    world.days_pass(4)
    world.round()
    mail, _ = layout.sends(files_id="<AM0PR01MB4711@AM0PR01MB4711.eurprd01.prod.exchangelabs.com>")
    world.rounds_over(30)
    assert [d.status for d in world.of(BOBS).deliveries] == [Status.SENT]
    world.gets(BOB, answers=mail)
    world.round()
    assert world.of(BOBS).state is State.REPLIED
    world.close()


# ---- what cannot be read


@pytest.mark.parametrize("name", ["Clients", "INBOX/Über uns", "Junk", "Sent"])
def test_a_folder_that_cannot_be_read_holds_everything_and_is_named(world: World, name: str) -> None:
    """Nothing is laid, nobody is enrolled or called silent; it goes on with the first complete look."""
    world.round()
    world.writes(BOB)
    world.writes(CARLA, "Offer")
    if name not in ("Junk", "Sent"):
        world.mailbox.create(name)
    world.round()
    world.days_pass(4)
    world.mailbox.make_unreadable(name)
    report = world.round()
    assert any(name in fault for fault in report.faults)
    assert world.drafts() == []
    assert {row["waits_for"] for row in world.plan()} == {"look"}
    assert all(name in str(row["why"]) for row in world.plan())
    world.mailbox.make_readable(name)
    world.now += days(0.01)
    assert world.round().faults == ()
    assert len(world.drafts()) == 2


def test_an_answer_in_the_folder_that_could_not_be_read_counts_before_anything_goes(world: World) -> None:
    """Why it is held: Bob's answer lies there."""
    world.round()
    mail = world.writes(BOB)
    world.round()
    world.days_pass(4)
    world.gets(BOB, answers=mail, folder="Clients")
    world.mailbox.make_unreadable("Clients")
    world.round()
    assert world.drafts() == []
    world.mailbox.make_readable("Clients")
    world.round()
    assert world.drafts() == []
    assert world.states() == {BOBS: "replied"}


def test_a_skipped_folder_may_be_unreadable(world: World) -> None:
    """FOLLOWMAIL_SKIP_FOLDERS: it is neither read nor missed."""
    world.options["FOLLOWMAIL_SKIP_FOLDERS"] = "Public"
    world.mailbox.create("Public")
    world.round()
    world.writes(BOB)
    world.round()
    world.mailbox.make_unreadable("Public")
    world.days_pass(4)
    assert world.round().faults == ()
    assert len(world.drafts()) == 1


# ---- what becomes invalid


def _lived(world: World) -> None:
    """A draft to Bob, a sent nudge to Ann, an answer of Carla's."""
    world.round()
    ann = world.writes(ANN, "Backups")
    world.round()
    world.days_pass(4)
    world.round()
    world.sends_draft()
    world.rounds_over(10)
    carla = world.writes(CARLA, "Offer")
    world.writes(BOB)
    world.round()
    world.gets(CARLA, "Re: Offer", answers=carla)
    world.round()
    world.days_pass(4, hour=12)
    world.round()
    assert ann.id
    assert [d["To"] for d in world.drafts()] == [BOB]


def _told(world: World) -> list[tuple[str, str, tuple[Status, ...]]]:
    return [(e.address, e.state.value, tuple(d.status for d in e.deliveries)) for e in world.enrollments()]


@pytest.mark.parametrize("how", ["a new UIDVALIDITY", "recreated folders"])
def test_a_rebuilt_mailbox_enrolls_nobody_again_and_loses_nothing(world: World, how: str) -> None:
    """Every message is read anew and found to be known; an answer after it counts, and so does a mark before it."""
    _lived(world)
    before = _told(world)
    if how == "a new UIDVALIDITY":
        world.mailbox.wipe_indexes()
    else:
        for folder in ("INBOX", "Sent", "Drafts"):
            _recreate(world, folder)
    report = world.round()
    assert report.faults == ()
    assert report.tally.new_messages == report.tally.enrolled == report.tally.drafted == 0
    world.rounds_over(60)
    assert _told(world) == before
    assert len(world.drafts()) == 1
    opening = next(m for m in world.sent() if m["To"] == BOB)
    world.gets(BOB, In_Reply_To=opening["Message-ID"])
    world.rounds_over(10)
    assert world.states()[BOBS] == "replied"
    assert world.drafts() == []


def _recreate(world: World, folder: str) -> None:
    """Every message in it again, under UIDs that stood for others before."""
    client = world.mailbox.client
    client.select_folder(folder)
    found = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
    client.delete_messages(list(found))
    client.expunge()
    if folder != "INBOX":
        world.mailbox.delete(folder)
        world.mailbox.create(folder)
    for uid in sorted(found, reverse=True):
        flags = [f for f in found[uid][b"FLAGS"] if f != b"\\Recent"]
        client.append(folder, found[uid][b"BODY[]"], flags, found[uid][b"INTERNALDATE"])


def test_a_migration_that_dates_everything_today_enrolls_nobody(world: World) -> None:
    """New INTERNALDATEs make old mail no new mail: the earlier of the two dates counts."""
    world.round()
    for number in range(30):
        world.writes(f"Person {number} <p{number}@firm{number}.example>", f"Offer {number}", ago=days(30 + number))
    world.mailbox.wipe_indexes()
    for raw in world.mailbox.raw("Sent"):
        world.mailbox.append(raw, "Gesendet 2025", (), world.now)
    world.rounds_over(20)
    assert world.enrollments() == ()


def test_folders_come_go_and_are_renamed(world: World) -> None:
    """A folder that vanishes is no fault, one that appears is read, one that is renamed brings nothing new."""
    world.round()
    mail = world.writes(BOB)
    world.mailbox.create("Old")
    world.gets(ANN, "Hello", folder="Old")
    world.round()
    world.mailbox.client.rename_folder("Old", "Older")
    report = world.round()
    assert (report.faults, report.tally.new_messages) == ((), 0)
    world.mailbox.delete("Older")
    assert world.round().faults == ()
    world.gets(BOB, answers=mail, folder="Clients/Bob & Söhne")
    world.round()
    assert world.states() == {BOBS: "replied"}


def test_nothing_of_the_consultants_changes(world: World, sending: Callable[..., World]) -> None:
    """After days of work every mail of Alex's lies where it lay, with the flags that it had."""
    sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += days(0.01)
    mail = world.writes(BOB)
    world.writes(CARLA, "Offer")
    world.raw_arrives(b"From: x@y.example\r\nSubject: News\r\n\r\nNews\r\n", "Junk")
    world.gets(ANN, "Hello")
    before = _contents(world)
    world.run_days(10)
    assert _contents(world) == before
    assert world.mailbox.folders() == {"INBOX", "Sent", "Drafts", "Trash", "Junk"}
    assert world.mailbox.raw("Sent")[0] == mail.raw


def _contents(world: World) -> dict[str, object]:
    box = world.mailbox
    return {name: (box.flags(name), box.raw(name)) for name in ("INBOX", "Junk", "Trash", "Drafts")}


def _to(raw: bytes) -> str:
    return str(message_from_bytes(raw)["To"])
