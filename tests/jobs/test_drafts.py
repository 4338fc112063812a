"""One draft and the mail clients that handle it: sending it is the yes and the step, deleting it is the no."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import Message

import pytest

from followmail import desk
from followmail.sequence.steps import State, Status
from followmail.store.outbox import Outbox
from tests.jobs.clients import Client, Thunderbird
from tests.servers.smtp import Smtpd
from tests.world import BOB, CARLA, World, days

BOBS = "bob@bob.example"


def laid(client: Client, to: str = BOB) -> Message:
    """Alex wrote, four business days passed in silence, and the draft of the nudge lies there."""
    client.world.round()
    client.writes(to)
    client.world.round()
    client.world.days_pass(4)
    client.settle()
    client.world.round()
    client.settle()
    return client.draft()


def looks(client: Client, minutes: int = 30) -> None:
    """The daemon looks every ten minutes for so long."""
    client.world.rounds_over(minutes)
    client.settle()


def statuses(world: World, address: str = BOBS) -> list[Status]:
    """Where the steps of somebody's latest enrollment stand, in order."""
    return [d.status for d in sorted(world.of(address).deliveries, key=lambda d: d.number)]


def months_pass(world: World) -> None:
    """Ninety days and a weekend, a look now and then: the new thread of the last step is due."""
    for _ in range(4):
        world.now += days(23)
        world.round()
    world.days_pass(1, hour=13)
    world.round()


def is_away(client: Client, draft: Message) -> None:
    """Bob's machine answers what the draft answers: he is away."""
    client.world.gets(
        BOB, "Away", "I am out of office.", In_Reply_To=draft["In-Reply-To"], Auto_Submitted="auto-replied"
    )


def says_yes(world: World) -> None:
    """Alex says yes to the one enrollment, so that a deleted draft skips and does not stop."""
    world.office.store.enrollments.say_yes(world.one(), world.now, "a yes")


# ---- laying it


def test_a_due_nudge_becomes_one_draft_in_its_thread(client: Client) -> None:
    """With \\Draft and \\Seen at once, in the Drafts folder of this account, to the prospect, answering the opening."""
    draft = laid(client)
    looks(client, 60)
    (opening,) = client.shown(client.sent)
    assert draft["To"] == BOB
    assert draft["In-Reply-To"].encode() in opening[1]
    assert set(client.mailbox.flags(client.drafts).values()) == {frozenset({"\\Draft", "\\Seen"})}
    assert statuses(client.world) == [Status.DRAFTED]
    assert client.world.plan()[0]["waits_for"] == "draft"


# ---- handling it, short of a decision


def test_opened_and_closed_it_is_still_the_same_draft(client: Client) -> None:
    """Reading decides nothing; when the answer comes it still has our bytes and goes to the Trash."""
    laid(client)
    client.opens_and_closes()
    looks(client)
    assert statuses(client.world) == [Status.DRAFTED]
    (opening,) = client.shown(client.sent)
    client.world.gets(BOB, In_Reply_To=_id(opening[1]))
    client.settle()
    looks(client)
    assert client.shown() == []
    assert len(client.mailbox.raw(client.trash)) == 1
    assert client.world.of(BOBS).state is State.REPLIED


def test_an_edit_caught_half_way_decides_nothing(client: Client) -> None:
    """The new version lies beside the old one, or for a moment there is none at all."""
    laid(client)
    old = client.saves_over("A better sentence.")
    client.world.round()
    client.takes_away(old)
    client.world.round()
    ((_, raw),) = client.shown()
    client.deletes_for_good()
    client.world.round()
    client.mailbox.append(raw, client.drafts, client.draft_flags, client.world.now)
    client.settle()
    looks(client, 60)
    assert statuses(client.world) == [Status.DRAFTED]
    assert client.world.of(BOBS).state is State.ACTIVE


# ---- deleting it


@pytest.mark.parametrize("way", ["deletes", "deletes_for_good"])
def test_deleted_a_detected_one_is_over(client: Client, way: str) -> None:
    """Deleting the draft of a chase that Alex never said yes to stops it, and that is told."""
    laid(client)
    getattr(client, way)()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]
    assert client.world.of(BOBS).state is State.STOPPED
    assert any(line.startswith("stopped:") for line in client.world.events(BOBS))
    client.world.run_days(20)
    assert client.shown() == []


def test_gone_counts_only_after_two_looks_and_fifteen_minutes(client: Client) -> None:
    """Many looks in ten minutes are not enough, nor is one look after an hour."""
    laid(client)
    client.deletes()
    for _ in range(5):
        client.world.round()
        client.world.now += timedelta(minutes=2)
    assert statuses(client.world) == [Status.DRAFTED]
    client.world.now += timedelta(minutes=6)
    client.world.round()
    assert statuses(client.world) == [Status.SKIPPED]


def test_one_look_is_never_enough(client: Client) -> None:
    """The machine slept: the first look after it finds nothing, the second decides."""
    laid(client)
    client.deletes()
    client.world.now += timedelta(hours=3)
    client.world.round()
    assert statuses(client.world) == [Status.DRAFTED]
    client.world.now += timedelta(hours=1)
    client.world.round()
    assert statuses(client.world) == [Status.SKIPPED]


def test_an_incomplete_look_does_not_count(client: Client) -> None:
    """A draft that is gone while a folder cannot be read may lie in that folder."""
    laid(client)
    client.mailbox.create("Secret")
    client.deletes()
    client.mailbox.make_unreadable("Secret")
    client.world.rounds_over(60)
    assert statuses(client.world) == [Status.DRAFTED]
    client.mailbox.make_readable("Secret")
    looks(client, 30)
    assert statuses(client.world) == [Status.SKIPPED]


def test_deleted_after_a_yes_only_that_step_is_skipped(client: Client) -> None:
    """The next one comes at its time, counted from the deletion; two deleted in a row stop any."""
    laid(client)
    says_yes(client.world)
    client.deletes()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]
    assert client.world.of(BOBS).state is State.ACTIVE
    client.world.days_pass(8, hour=12)
    client.world.round()
    client.settle()
    assert statuses(client.world) == [Status.SKIPPED, Status.DRAFTED]
    client.deletes()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED, Status.SKIPPED]
    assert client.world.of(BOBS).state is State.STOPPED
    assert any("two drafts in a row" in line for line in client.world.events(BOBS))


def test_a_sent_one_between_two_deleted_ones_breaks_the_row(world: World) -> None:
    """Only two in a row are a no to the whole."""
    client = Thunderbird(world)
    laid(client)
    says_yes(world)
    client.deletes()
    looks(client)
    world.days_pass(8, hour=12)
    world.round()
    client.sends()
    looks(client)
    assert statuses(world) == [Status.SKIPPED, Status.SENT]
    months_pass(world)
    client.deletes()
    looks(client)
    assert statuses(world) == [Status.SKIPPED, Status.SENT, Status.SKIPPED]
    assert world.of(BOBS).state is State.FINISHED


def test_a_skip_by_command_is_no_deleted_draft(world: World) -> None:
    """Skipping one step and deleting the draft of the next are not two deleted drafts in a row."""
    client = Thunderbird(world)
    laid(client)
    says_yes(world)
    desk.skip(world.desk(), world.one())
    looks(client)
    assert client.shown() == []
    world.days_pass(8, hour=12)
    world.round()
    client.deletes()
    looks(client)
    assert statuses(world) == [Status.SKIPPED, Status.SKIPPED]
    assert world.of(BOBS).state is State.ACTIVE


# ---- sending it


@pytest.mark.parametrize("edit", ["", "I read your annual report in the meantime: congratulations."])
@pytest.mark.parametrize("new_id", [False, True], ids=["same id", "new id"])
def test_sent_it_is_the_yes_and_the_step_once(client: Client, edit: str, new_id: bool) -> None:
    """Edited or not, under our id or another: the step has left once, and the next counts from it."""
    laid(client)
    client.sends(edit, new_id)
    left = client.world.now
    looks(client, 60)
    assert statuses(client.world) == [Status.SENT]
    assert client.world.of(BOBS).said_yes
    assert client.world.of(BOBS).state is State.ACTIVE
    (row,) = client.world.plan()
    assert row["step"] == 2
    assert client.world.calendar.business_days_between(left.date(), _day(row["due"])) == 8
    assert len(client.shown(client.sent)) == 2


@pytest.mark.parametrize("edit", ["", "By the way, the price includes the training."])
def test_sent_while_the_draft_still_lies_there(client: Client, edit: str) -> None:
    """A look between the copy in Sent and the end of the draft sees both: one step, no new clock, no second draft."""
    laid(client)
    _, uid = client.sends(edit, new_id=True, lingers=True)
    client.world.round()
    assert statuses(client.world) == [Status.SENT]
    client.takes_away(uid)
    looks(client, 60)
    assert statuses(client.world) == [Status.SENT]
    assert client.world.plan()[0]["step"] == 2


def test_written_anew_and_sent_while_the_draft_still_lies_there(client: Client) -> None:
    """The version that lies in Drafts is the one that left, though nothing of ours is left in it."""
    laid(client)
    ((uid, raw),) = client.shown()
    head = raw.partition(b"\r\n\r\n")[0]
    mine = b"Dear Bob, I have found a better way to store your tapes; may I ring you on Tuesday at nine about that?\r\n"
    version = head.replace(b"<fm1.", b"<x1.") + b"\r\n\r\n" + mine
    client.mailbox.append(version, client.drafts, client.draft_flags, client.world.now)
    client.takes_away(uid)
    client.world.round()
    _, uid = client.sends(new_id=True, lingers=True)
    client.world.round()
    client.takes_away(uid)
    looks(client, 60)
    assert statuses(client.world) == [Status.SENT]


def test_an_answer_to_an_id_that_sent_does_not_know_is_an_answer(client: Client) -> None:
    """Some clients file one Message-ID and send another: Bob answers what he got."""
    laid(client)
    mail, _ = client.sends(files_id="<filed.4711@consult.example>")
    looks(client)
    assert statuses(client.world) == [Status.SENT]
    client.world.gets(BOB, answers=mail)
    client.settle()
    looks(client)
    assert client.world.of(BOBS).state is State.REPLIED


def test_a_fresh_mail_by_hand_with_its_subject_is_the_step(client: Client) -> None:
    """Alex deletes the draft and writes himself, outside the thread but with its subject: that was the step."""
    laid(client)
    client.deletes()
    client.world.round()
    client.writes(BOB, "Proposal", text="Bob, did you get my proposal? Regards, Alex")
    looks(client, 60)
    assert statuses(client.world) == [Status.SENT]


def test_sent_drafts_of_all_steps_finish_the_sequence(client: Client) -> None:
    """Each step once: after 4 and 8 business days in the thread, after 90 days in a new one; then it is over."""
    laid(client)
    client.sends()
    looks(client)
    client.world.days_pass(8, hour=13)
    client.world.round()
    client.sends("And another thing.", new_id=False)
    looks(client)
    months_pass(client.world)
    assert client.draft()["In-Reply-To"] is None
    client.sends()
    looks(client)
    assert statuses(client.world) == [Status.SENT] * 3
    assert client.world.of(BOBS).state is State.FINISHED
    assert len(client.shown(client.sent)) == 4


# ---- when an answer comes first


def test_an_answer_takes_an_untouched_draft_away_and_leaves_an_edited_one(client: Client) -> None:
    """What Alex wrote into it is his: it stays, and is told."""
    opening = laid(client)["In-Reply-To"]
    client.edits("I put some work into this.")
    client.world.round()
    client.world.gets(BOB, In_Reply_To=opening)
    client.settle()
    looks(client)
    assert client.world.of(BOBS).state is State.REPLIED
    assert len(client.shown()) == 1
    assert b"some work" in client.shown()[0][1]
    assert sum(line.startswith("draft-kept:") for line in client.world.events(BOBS)) == 1


def test_edited_under_our_id_it_is_edited_all_the_same(client: Client) -> None:
    """The bytes tell, not the id."""
    opening = laid(client)["In-Reply-To"]
    client.edits("I put some work into this.", keeps_id=True)
    client.world.gets(BOB, In_Reply_To=opening)
    client.settle()
    looks(client)
    assert len(client.shown()) == 1
    assert any(line.startswith("draft-kept:") for line in client.world.events(BOBS))


def test_a_big_attachment_in_the_draft_stops_nothing(world: World) -> None:
    """An edited draft of any size, still under our id, is kept when the answer comes; the round is whole."""
    client = Thunderbird(world)
    opening = laid(client)["In-Reply-To"]
    client.edits("See below.\r\n" + "x" * 70 + "\r\n" + ("A" * 76 + "\r\n") * 3000, keeps_id=True)
    world.gets(BOB, In_Reply_To=opening)
    assert world.round().faults == ()
    assert len(client.shown()) == 1
    assert world.of(BOBS).state is State.REPLIED


def test_a_moved_and_untouched_draft_goes_when_the_answer_comes(world: World) -> None:
    """It still has our bytes, wherever it lies."""
    client = Thunderbird(world)
    opening = laid(client)["In-Reply-To"]
    client.moves()
    looks(client)
    world.gets(BOB, In_Reply_To=opening)
    looks(client)
    assert client.shown("Later") == []
    assert len(world.mailbox.raw("Trash")) == 1


def test_withdrawn_for_an_absence_it_comes_back_as_the_same_mail(client: Client) -> None:
    """Out of office: the draft goes; after the return the same row is laid again, under the same Message-ID."""
    first = laid(client)
    is_away(client, first)
    client.settle()
    looks(client)
    assert client.shown() == []
    assert client.world.of(BOBS).state is State.PAUSED
    client.world.days_pass(6)
    client.world.round()
    assert client.draft()["Message-ID"] == first["Message-ID"]
    assert statuses(client.world) == [Status.DRAFTED]


def test_an_edited_draft_that_was_kept_and_then_deleted_is_still_a_no(client: Client) -> None:
    """Kept through an absence, told, and deleted weeks later: the step is skipped, not laid again."""
    first = laid(client)
    says_yes(client.world)
    client.edits("Mine now.")
    client.world.round()
    is_away(client, first)
    client.settle()
    looks(client)
    client.world.days_pass(6)
    looks(client)
    assert statuses(client.world) == [Status.DRAFTED]
    client.deletes()
    looks(client)
    assert statuses(client.world) == [Status.SKIPPED]
    client.world.days_pass(1)
    client.world.round()
    assert client.shown() == []


# ---- one a person, and the ones that were there


def test_a_person_has_at_most_one_open_draft(client: Client) -> None:
    """A second chase of the same person, in another conversation, waits until the first draft is gone."""
    laid(client)
    world = client.world
    store = world.office.store
    store.enrollments.change(world.one(), State.FINISHED, world.now, "as if its sequence had one step")
    store.outbox.note(world.one().deliveries[0].id, withdraw=False)
    client.writes(BOB, "Another matter")
    world.round()
    world.days_pass(5)
    looks(client)
    assert len(client.shown()) == 1
    (row,) = [row for row in world.plan() if row["state"] == "active"]
    assert row["waits_for"] == "draft"


def test_a_draft_that_alex_began_himself_is_this_step(client: Client) -> None:
    """Found in the thread when ours would be laid: it is taken for it, and not taken away when the answer comes."""
    world = client.world
    world.round()
    opening = client.writes(BOB)
    own = client._with_id(opening.raw, "<begun@consult.example>").replace(
        b"Subject:", f"In-Reply-To: {opening.id}\r\nReferences: {opening.id}\r\nSubject: Re:".encode(), 1
    )
    client.mailbox.append(own, client.drafts, client.draft_flags, world.now)
    client.settle()
    world.round()
    world.days_pass(4)
    looks(client)
    assert len(client.shown()) == 1
    assert statuses(world) == [Status.DRAFTED]
    world.gets(BOB, answers=opening)
    client.settle()
    looks(client)
    assert len(client.shown()) == 1
    assert any(line.startswith("draft-kept:") for line in world.events(BOBS))


def test_a_draft_about_something_else_is_not_taken_for_a_new_thread(world: World) -> None:
    """Step 3 opens a new thread; that a draft about the Christmas party lies there for Bob makes it no step."""
    client = Thunderbird(world)
    laid(client)
    client.sends()
    looks(client)
    world.days_pass(8, hour=13)
    world.round()
    client.sends()
    looks(client)
    party = b"From: alex@consult.example\r\nTo: bob@bob.example\r\nSubject: Christmas party\r\n\r\nCome!\r\n"
    world.mailbox.append(party, "Drafts", client.draft_flags, world.now)
    months_pass(world)
    assert sorted(d["Subject"] for d in world.drafts()) == ["Christmas party", "Proposal: still of interest?"]


def test_an_interrupted_laying_leaves_one_draft(world: World) -> None:
    """The power failed between the APPEND and the commit: the draft is found by its id."""
    client = Thunderbird(world)
    laid(client)
    store = world.office.store
    store.outbox.move(world.one().deliveries[0].id, (Status.DRAFTED,), Status.QUEUED, world.now, left=None)
    world.reopen()
    world.round()
    assert len(client.shown()) == 1
    assert statuses(world) == [Status.DRAFTED]


def test_a_draft_stays_one_whatever_the_mode_becomes(world: World, sending: Callable[..., World], smtpd: Smtpd) -> None:
    """From draft to send with a draft open: nothing leaves in its place."""
    client = Thunderbird(world)
    laid(client)
    sending(FOLLOWMAIL_DETECT="enroll")
    looks(client, 60)
    assert smtpd.delivered == [], world.events(BOBS)
    assert len(client.shown()) == 1
    assert statuses(world) == [Status.DRAFTED]


def test_two_people_have_a_draft_each(client: Client) -> None:
    """One draft is never taken for another person's."""
    client.world.round()
    client.writes(BOB)
    client.writes(CARLA, "Offer")
    client.world.round()
    client.world.days_pass(4)
    client.world.round()
    client.settle()
    drafts = {raw: uid for uid, raw in client.shown()}
    bobs = next(uid for raw, uid in drafts.items() if BOBS.encode() in raw)
    client.takes_away(bobs)
    looks(client)
    assert statuses(client.world, "carla@carla.example") == [Status.DRAFTED]
    assert statuses(client.world) == [Status.SKIPPED]


def test_no_flag_of_alexs_mail_is_touched(client: Client) -> None:
    """What changes in the mailbox is our draft, and nothing else (not even \\Seen)."""
    laid(client)
    unread = client.mailbox.append(b"From: ann@ann.example\r\nTo: alex@consult.example\r\nSubject: Hi\r\n\r\nHi\r\n")
    client.settle()
    looks(client)
    assert client.mailbox.flags()[unread] == frozenset()


def _id(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"])


def _day(stamp: object) -> date:
    return datetime.fromisoformat(str(stamp)).date()


def test_a_draft_laid_as_the_connection_broke_is_taken_back_when_the_answer_comes(world: World) -> None:
    """The row still says queued, the draft lies in Drafts, Bob answers: no draft stays behind."""
    mail = world.writes(BOB, ago=days(7))
    world.round()
    (delivery,) = world.one().deliveries
    assert world.office.store.outbox.move(delivery.id, (Status.DRAFTED,), Status.QUEUED, world.now, draft_uid=None)
    world.gets(BOB, answers=mail)
    world.now += timedelta(minutes=5)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert world.drafts() == []
    assert world.one().deliveries[0].status is Status.WITHDRAWN


def test_nobody_has_two_open_drafts_not_even_in_cc(world: World) -> None:
    """Bea stands in Cc of Bob's draft, and a chase of her own is due a day later."""
    bea = "Bea <bea@bob.example>"
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB, Cc=bea)
    world.writes(bea, "Other matter")
    world.round()
    world.days_pass(4, hour=11)
    world.round()
    world.days_pass(1)
    world.round()
    assert sum("bea@bob.example" in f"{draft['To']} {draft['Cc']}" for draft in world.drafts()) == 1


def test_a_draft_that_keeps_its_date_left_when_it_was_sent(world: World) -> None:
    """A client sends it five days later and does not change its Date: the next step counts from the real leaving."""
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB)
    world.round()
    world.days_pass(4, hour=11)
    world.round()
    (uid,), (raw,) = world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts")
    world.days_pass(5, hour=11)
    world.mailbox.append(raw, "Sent", ("\\Seen",), world.now - timedelta(seconds=30))
    world.mailbox.expunge("Drafts", [uid])
    world.round()
    left = world.one().deliveries[0].left
    assert left is not None and world.now - left < timedelta(hours=1)


@pytest.mark.parametrize("new_id", [False, True])
def test_a_kill_while_a_sent_draft_is_recorded_drops_no_step(
    world: World, monkeypatch: pytest.MonkeyPatch, new_id: bool
) -> None:
    """That it is a step, and that the step has left, are one fact: else it would count as deleted, and the chase be over."""
    world.owes_bob_a_nudge()
    world.round()
    world.sends_draft(new_id=new_id)

    def dies(*_: object, **__: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(Outbox, "move", dies)
        with pytest.raises(SystemExit):
            world.round()
    world.close()
    world.rounds_over(60)
    e = world.one()
    assert (e.state, [d.status for d in e.deliveries]) == (State.ACTIVE, [Status.SENT])


def test_a_draft_that_is_sent_while_the_clock_cannot_be_right_is_not_deleted(world: World) -> None:
    """No sent mail is judged by such a clock, so none may be missed either; after `resume` the step has left."""
    world.owes_bob_a_nudge()
    world.round()
    world.sends_draft()
    world.now += timedelta(days=100)
    world.rounds_over(60)
    assert statuses(world) == [Status.DRAFTED]
    desk.resume_all(world.desk())
    world.round()
    assert (world.one().state, statuses(world)) == (State.ACTIVE, [Status.SENT])
