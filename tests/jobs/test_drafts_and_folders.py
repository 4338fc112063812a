"""Drafts whose folder, server, mode or database changes under them: held and told, never taken for a no."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from followmail import desk
from followmail.sequence.steps import State, Status
from tests.jobs.clients import Client, Gmail, Thunderbird
from tests.jobs.test_drafts import BOBS, laid, looks, says_yes, statuses
from tests.servers.dovecot import Dovecots
from tests.servers.smtp import Smtpd
from tests.world import ANN, BOB, CARLA, World


@pytest.fixture(params=[Thunderbird, Gmail], ids=lambda kind: kind.__name__)
def client(request: pytest.FixtureRequest, dovecots: Dovecots, tmp_path: Path) -> Iterator[Client]:
    """Two ways in which servers lay folders out."""
    kind: type[Client] = request.param
    world = World(dovecots(**kind.server).mailbox(), tmp_path / "home")
    yield kind(world)
    world.close()


def told(client: Client, event: str) -> int:
    """How often an event was told of Bob."""
    return sum(line.startswith(f"{event}:") for line in client.world.events(BOBS))


# ---- the folder


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited"])
def test_the_drafts_folder_renamed_while_a_draft_is_open(client: Client, edited: bool) -> None:
    """It is found under the new name, followed there, and sent from there it is the step."""
    laid(client)
    if edited:
        client.edits("More of it.")
        client.world.round()
    rename(client, client.drafts, "Old ones")
    looks(client, 60)
    assert statuses(client.world) == [Status.DRAFTED]
    assert told(client, "draft-moved") == 1
    client.sends(folder="Old ones")
    looks(client)
    assert statuses(client.world) == [Status.SENT]
    assert client.world.of(BOBS).said_yes


def test_another_drafts_folder_by_the_configuration(client: Client) -> None:
    """FOLLOWMAIL_DRAFTS_FOLDER names another one: the draft in the former one stays the step."""
    laid(client)
    client.mailbox.create("New drafts")
    client.world.reopen(FOLLOWMAIL_DRAFTS_FOLDER="New drafts")
    looks(client, 60)
    assert statuses(client.world) == [Status.DRAFTED]
    client.sends()
    looks(client)
    assert statuses(client.world) == [Status.SENT]


def test_the_drafts_folder_vanished_is_no_no(client: Client) -> None:
    """Deleted, or hidden from IMAP by the provider: held and told once, until it is there again or Alex says skip."""
    laid(client)
    ((_, raw),) = client.shown()
    client.mailbox.delete(client.drafts)
    client.world.rounds_over(120)
    client.world.run_days(3)
    assert statuses(client.world) == [Status.DRAFTED]
    assert told(client, "draft-out-of-sight") == 1
    assert client.world.plan()[0]["waits_for"] == "draft"
    client.mailbox.append(raw, client.drafts, client.draft_flags, client.world.now)
    looks(client)
    assert statuses(client.world) == [Status.DRAFTED]
    client.deletes()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]


def test_a_vanished_drafts_folder_and_the_word_skip(client: Client) -> None:
    """Alex knows best."""
    laid(client)
    client.mailbox.delete(client.drafts)
    looks(client, 60)
    desk.skip(client.world.desk(), client.world.one())
    looks(client, 60)
    assert statuses(client.world) == [Status.SKIPPED]
    assert client.world.of(BOBS).state is State.ACTIVE


def test_a_drafts_folder_made_anew_is_no_no(client: Client) -> None:
    """Another folder under the same name, as after a move to another server: what is not in it was not deleted."""
    laid(client)
    client.world.round()
    client.mailbox.delete(client.drafts)
    client.mailbox.create(client.drafts)
    looks(client, 60)
    assert statuses(client.world) == [Status.DRAFTED]
    assert told(client, "draft-out-of-sight") == 1


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited"])
def test_new_uid_validity_changes_nothing(client: Client, edited: bool) -> None:
    """A restored server numbers anew: the draft is the draft, and deleting it is still the no."""
    laid(client)
    if edited:
        client.edits("More of it.")
    client.world.round()
    client.mailbox.wipe_indexes()
    looks(client)
    assert statuses(client.world) == [Status.DRAFTED]
    assert len(client.shown()) == 1
    client.deletes()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]


def test_a_drafts_folder_that_cannot_be_read_decides_nothing(client: Client) -> None:
    """The look is incomplete and says so; nothing is laid, nothing counts as deleted, and the round goes on."""
    laid(client)
    client.mailbox.make_unreadable(client.drafts)
    faults = [report.faults for report in client.world.rounds_over(60)]
    assert all(client.drafts in " ".join(found) for found in faults)
    assert statuses(client.world) == [Status.DRAFTED]
    client.mailbox.make_readable(client.drafts)
    looks(client)
    assert statuses(client.world) == [Status.DRAFTED]
    assert told(client, "draft-out-of-sight") == 0


def test_a_pile_that_was_deleted_with_its_draft_is_no_no(client: Client) -> None:
    """Alex cleans up folders: that is not a word about Bob."""
    laid(client)
    client.moves()
    looks(client)
    client.mailbox.delete(client.elsewhere)
    client.settle()
    looks(client, 60)
    assert statuses(client.world) == [Status.DRAFTED]
    assert told(client, "draft-out-of-sight") == 1


def test_drafts_emptied_at_once_are_as_many_noes(client: Client) -> None:
    """The folder stands, what lay in it was deleted: each of the three is over, and each is told."""
    world = client.world
    world.round()
    for person, subject in ((BOB, "Proposal"), (CARLA, "Offer"), (ANN, "Plan")):
        client.writes(person, subject)
    world.round()
    world.days_pass(4)
    world.round()
    client.settle()
    assert len(client.shown()) == 3
    client.mailbox.expunge(client.drafts, [uid for uid, _ in client.shown()])
    client.settle()
    looks(client)
    assert [d.status for e in world.enrollments() for d in e.deliveries] == [Status.SKIPPED] * 3
    assert [e.state for e in world.enrollments()] == [State.STOPPED] * 3
    for address in (BOBS, "carla@carla.example", "ann@ann.example"):
        assert any(line.startswith("stopped:") for line in world.events(address))
    world.run_days(10)
    assert client.shown() == []


# ---- the mode


@pytest.mark.parametrize("end", ["sends", "deletes"])
def test_the_mode_changed_back_and_forth_while_a_draft_is_open(
    world: World, sending: Callable[..., World], smtpd: Smtpd, end: str
) -> None:
    """draft, send, draft, dry-run: it stays that draft, nothing leaves in its place, and its end counts once."""
    client = Thunderbird(world)
    laid(client)
    sending(FOLLOWMAIL_DETECT="enroll")
    looks(client, 20)
    world.reopen(FOLLOWMAIL_MODE="draft")
    looks(client, 20)
    world.reopen(FOLLOWMAIL_MODE="dry-run")
    looks(client, 20)
    assert (statuses(world), len(client.shown()), smtpd.delivered) == ([Status.DRAFTED], 1, [])
    getattr(client, end)()
    looks(client)
    world.reopen(FOLLOWMAIL_MODE="send")
    looks(client)
    assert statuses(world) == [Status.SENT if end == "sends" else Status.SKIPPED]
    assert (client.shown(), smtpd.delivered) == ([], [])


def test_a_draft_deleted_in_a_dry_run_counts_when_it_is_over(world: World) -> None:
    """A dry run follows no drafts; two looks and fifteen minutes begin with the first cycle that is none."""
    client = Thunderbird(world)
    laid(client)
    world.reopen(FOLLOWMAIL_MODE="dry-run")
    client.deletes()
    looks(client, 60)
    assert statuses(world) == [Status.DRAFTED]
    world.reopen(FOLLOWMAIL_MODE="draft")
    world.round()
    assert statuses(world) == [Status.DRAFTED]
    looks(client)
    assert statuses(world) == [Status.SKIPPED]


# ---- no copy in Sent


def test_sent_without_a_copy_an_answer_still_ends_it(client: Client) -> None:
    """Where the client keeps no copies a sent draft looks like a deleted one; what Bob answers counts all the same."""
    laid(client)
    says_yes(client.world)
    mail, _ = client.sends(files=False)
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]
    assert client.world.of(BOBS).state is State.ACTIVE
    client.world.gets(BOB, answers=mail)
    client.settle()
    looks(client)
    assert client.world.of(BOBS).state is State.REPLIED


# ---- what is left behind


def test_a_leftover_of_a_step_that_left_is_not_the_next_steps_draft(world: World) -> None:
    """The old version appears again just when the next step is due (another device was offline): a new draft is laid,
    and the old one goes."""
    client = Thunderbird(world)
    laid(client)
    ((_, old),) = client.shown()
    client.sends("A word more.")
    looks(client)
    world.days_pass(8, hour=13)
    client.mailbox.append(old, client.drafts, client.draft_flags, world.now)
    looks(client)
    assert statuses(world) == [Status.SENT, Status.DRAFTED]
    assert client.draft()["Message-ID"].strip("<>") == world.one().deliveries[1].message_id
    assert told(client, "draft-withdrawn") == 1


def test_an_edited_leftover_is_told_and_becomes_the_next_steps_draft(world: World) -> None:
    """It is a draft to Bob in the thread, and there is never a second one."""
    client = Thunderbird(world)
    laid(client)
    old = client.saves_over("Typed on the phone.")
    world.round()
    client.sends(which=old)
    looks(client)
    assert told(client, "draft-kept") == 1
    world.days_pass(8, hour=13)
    looks(client)
    assert len(client.shown()) == 1
    assert statuses(world) == [Status.SENT, Status.DRAFTED]


def takes_back(client: Client) -> bytes:
    """Bob answers, and his draft is taken back; its bytes, as a device that was offline still has them."""
    opening = laid(client)["In-Reply-To"]
    ((_, old),) = client.shown()
    client.world.gets(BOB, In_Reply_To=opening)
    looks(client)
    assert client.world.of(BOBS).state is State.REPLIED and not client.shown()
    return old


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited"])
def test_a_draft_that_was_taken_back_and_comes_again_is_taken_back_again(client: Client, edited: bool) -> None:
    """A device that was offline, or an import, brings it: untouched it goes, edited it stays; each time it is told."""
    old = takes_back(client)
    again = old.replace(b"\r\n\r\n", b"\r\n\r\nA line of Alex's.\r\n", 1) if edited else old
    for times in (1, 2) if not edited else (1,):
        client.mailbox.append(again, client.drafts, client.draft_flags, client.world.now)
        looks(client)
        assert len(client.shown()) == edited
        assert told(client, "draft-kept" if edited else "draft-withdrawn") == (1 if edited else times + 1)


def test_a_draft_that_comes_again_after_it_was_deleted(client: Client) -> None:
    """Alex takes it out of the Trash: it is his, until Bob answers."""
    opening = laid(client)["In-Reply-To"]
    ((_, old),) = client.shown()
    says_yes(client.world)
    client.deletes()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]
    uid = client.mailbox.append(old, client.drafts, client.draft_flags, client.world.now)
    looks(client)
    assert len(client.shown()) == 1
    client.mailbox.expunge(client.drafts, [uid])
    client.world.gets(BOB, In_Reply_To=opening)
    looks(client)
    client.mailbox.append(old, client.drafts, client.draft_flags, client.world.now)
    looks(client)
    assert not client.shown()


# ---- a restored backup


@pytest.mark.parametrize("edit", ["", "I read your annual report in the meantime: congratulations on the new hall."])
def test_a_restored_backup_does_not_draft_again_what_left_under_another_id(client: Client, edit: str) -> None:
    """The backup knows no draft, and what Alex sent bears an id of the client's: it is told by its text."""
    world = client.world
    world.round()
    client.writes(BOB)
    world.round()
    world.close()
    backup = (world.home / "followmail.db").read_bytes()
    world.days_pass(4)
    world.round()
    client.settle()
    client.sends(edit)
    looks(client)
    world.close()
    (world.home / "followmail.db").write_bytes(backup)
    looks(client)
    assert statuses(world) == [Status.SENT]
    assert (told(client, "step-found"), told(client, "warning")) == (1, 1)
    world.days_pass(5)
    looks(client)
    assert client.shown() == []
    assert not world.of(BOBS).said_yes
    assert world.plan()[0]["step"] == 2


def test_a_mail_by_hand_that_reads_otherwise_still_moves_the_anchor(world: World) -> None:
    """When the step is due and not laid, what Alex writes himself is his own message: delays count anew."""
    world.round()
    opening = world.writes(BOB)
    world.round()
    world.days_pass(4)
    world.writes(BOB, "Re: Proposal", "Hello Bob,\n\nthe price includes training. Shall I call?\n\nBest regards,\nAlex",
                 answers=opening)  # fmt: skip
    world.round()
    assert statuses(world) == []
    assert world.plan()[0]["step"] == 1
    assert world.drafts() == []


def rename(client: Client, old: str, new: str) -> None:
    client.mailbox.client.select_folder("INBOX")
    client.mailbox.client.rename_folder(old, new)
