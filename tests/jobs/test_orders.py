"""A reply to a digest, found in the consultant's own Sent, is obeyed: once, and only if nothing changed since."""

import contextlib
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from followmail import desk, enrolling
from followmail.contacts import Contact
from followmail.jobs.judge import orders as judge_orders
from followmail.mail.identity import Person
from followmail.mail.msgid import digest_id, is_digest
from followmail.rendering.digest import self_mail
from followmail.sequence import orders
from followmail.sequence.agenda import Item, What
from followmail.sequence.orders import HELP
from followmail.sequence.steps import Enrollment, State, Status
from tests.servers.dovecot import SPECIAL, Dovecots
from tests.world import ALEX, ANN, BOB, CARLA, Mail, World, days

ME = "alex@consult.example"
BOBS, ANNS, CARLAS = "bob@bob.example", "ann@ann.example", "carla@carla.example"


def item(e: Enrollment, what: What = What.DRAFT) -> Item:
    return Item(what, "", enrollment=e.id, address=e.address, state=e.state.value, code=e.code, why=e.why)


def lay(world: World, *items: Item, folder: str = "INBOX") -> Mail:
    """A digest with these items lies in INBOX."""
    store, now = world.office.store, world.now
    message_id = digest_id(ME, now, "daily")
    data = self_mail(Person("Alex Consultant", ME), "1 waits", "Something waits.\n", message_id, now)
    store.digests.set_filed(store.digests.add(message_id, now, data, True, items))
    uid = world.mailbox.append(data, folder, (), now)
    world.now += timedelta(minutes=30)
    return Mail(f"<{message_id}>", data, folder, uid)


def replies(world: World, digest: Mail, text: str, *, to: str = ALEX, subject: str = "Re: 1 waits", **how: Any) -> Mail:
    """Alex answers, a minute ago; the copy lies in Sent unless the test says otherwise."""
    return world.writes(to, subject, text, answers=digest, **how)


def answers(world: World) -> list[Message]:
    """What followmail answered, oldest first."""
    return [m for m in in_inbox(world) if m["In-Reply-To"]]


def in_inbox(world: World) -> list[Message]:
    """Every mail of followmail's form in INBOX."""
    found = [message_from_bytes(raw, policy=default) for raw in world.mailbox.raw("INBOX")]
    return [m for m in found if is_digest(m["Message-ID"].strip("<>"))]


def answered(world: World) -> str:
    """The text of the one answer."""
    (one,) = answers(world)
    part = one.get_body(("plain",))  # type: ignore[attr-defined]
    return str(part.get_content()).replace("\r\n", "\n")


def drafted(world: World, who: str = BOB) -> Enrollment:
    """Somebody has not answered for ten days: a draft lies in Drafts."""
    world.writes(who, ago=days(10))
    world.round()
    return world.of(who.rpartition("<")[2].rstrip(">"))


def waiting(world: World, who: str = BOB) -> Enrollment:
    """A colleague of theirs wrote: the follow-up waits for a yes."""
    world.writes(who, ago=days(1))
    world.round()
    company = who.rpartition("@")[2].rstrip(">")
    world.gets(f"Cleo <cleo@{company}>", "Opening hours", "We moved to a new house.")
    world.round()
    e = world.of(who.rpartition("<")[2].rstrip(">"))
    assert e.state is State.WAITING
    return e


def state(world: World, address: str = BOBS) -> str:
    return world.of(address).state.value


# ---- each word


def test_ok_is_a_yes(world: World) -> None:
    """And the answer says so, in the thread, to nobody else."""
    digest = lay(world, item(waiting(world), What.WAITING))
    mine = replies(world, digest, "ok 1\n\nAlex")
    world.round()
    assert state(world) == "active"
    (answer,) = answers(world)
    assert answer["In-Reply-To"] == mine.id
    assert answer["References"].split() == [digest.id, mine.id]
    assert [parseaddr(answer[name])[1] for name in ("To", "From")] == [ME, ME]
    assert answer["Auto-Submitted"] == "auto-generated"
    assert answer["Subject"] == "Re: 1 waits"
    assert "1: Bob Builder: goes on in 'nudge'" in answered(world)


def test_skip_leaves_the_step_out_and_takes_its_draft_back(world: World) -> None:
    """The follow-up goes on with the next one."""
    replies(world, lay(world, item(drafted(world))), "Skip 1.")
    world.round()
    world.round()
    assert [d.status for d in world.one().deliveries] == [Status.SKIPPED]
    assert world.drafts() == []


def test_what_goes_out_today_may_be_a_draft_by_now(world: World) -> None:
    """It is the same step; the word about it counts."""
    world.writes(BOB, ago=days(3))
    world.round()
    digest = lay(world, item(world.one(), What.TODAY))
    world.days_pass(3)
    world.round()
    assert len(world.drafts()) == 1
    replies(world, digest, "skip 1")
    world.round()
    assert answered(world).startswith("Done:")
    assert [d.status for d in world.one().deliveries] == [Status.SKIPPED]


def test_stop_ends_it(world: World) -> None:
    """Its draft goes."""
    replies(world, lay(world, item(drafted(world))), "stop 1")
    world.round()
    assert (state(world), world.drafts()) == ("stopped", [])


def test_snooze_holds_it_until_then(world: World) -> None:
    """`2 weeks` are the time, `1` is the number."""
    replies(world, lay(world, item(drafted(world))), "snooze 1 2 weeks")
    world.round()
    assert state(world) == "paused"
    assert world.one().until == datetime(2026, 5, 18, 6, 30, tzinfo=UTC)
    assert "snoozed until Mon 18 May" in answered(world)


def test_done_puts_a_person_who_waits_aside(world: World) -> None:
    """And `snooze` does so for a while."""
    one = world.gets(BOB, "A question", "Could you tell me the price?", ago=days(3))
    two = world.gets(ANN, "Another", "Could you tell me the price?", ago=days(3))
    world.round()
    items = [Item(What.WAITS_FOR_YOU, "", address=a, message=m.id.strip("<>")) for a, m in ((BOBS, one), (ANNS, two))]
    replies(world, lay(world, *items), "done 1\nsnooze 2 friday")
    world.round()
    attention = world.office.store.attention
    assert [attention.is_aside(i.message, world.now) for i in items] == [True, True]
    assert [attention.is_aside(i.message, world.now + days(7)) for i in items] == [True, False]
    assert "1: Bob Builder: waits for you no more" in answered(world)


def test_pause_and_resume_are_about_everything(world: World) -> None:
    """Nothing leaves in the very round in which the pause was found."""
    world.round()
    digest = lay(world)
    world.writes(BOB, ago=days(10))
    replies(world, digest, "pause until monday")
    world.round()
    assert world.drafts() == []
    assert "nothing leaves until Mon 11 May" in answered(world)
    world.now += timedelta(minutes=10)
    replies(world, digest, "resume")
    world.round()
    world.now += timedelta(minutes=10)
    world.round()
    assert len(world.drafts()) == 1


def test_list_asks_for_a_fresh_digest_also_in_reply_to_an_answer(world: World) -> None:
    """Which has no numbers of its own."""
    digest = lay(world, item(waiting(world), What.WAITING))
    replies(world, digest, "help")
    world.round()
    assert all(example in answered(world) for _, example, _ in HELP)
    (answer,) = answers(world)
    world.mailbox.expunge("INBOX", world.mailbox.uids("INBOX"))
    world.now += timedelta(minutes=10)
    replies(world, Mail(answer["Message-ID"], b"", "INBOX", 0, (digest.id,)), "ok 1\nlist")
    world.round()
    fresh = [m for m in in_inbox(world) if not m["In-Reply-To"]]
    assert len(fresh) == 1
    assert state(world) == "waiting"
    assert "1: this mail has no numbers" in answered(world)
    assert "a fresh digest is on its way" in answered(world)


def test_ok_all_is_for_what_waits_and_nothing_else(world: World) -> None:
    """Not for what was answered, ended, drafted or may have left."""
    first, second, third = waiting(world), drafted(world, ANN), waiting(world, CARLA)
    digest = lay(world, item(first, What.WAITING), item(second), item(third, What.WAITING))
    replies(world, digest, "ok all")
    world.round()
    assert world.states() == {BOBS: "active", ANNS: "active", CARLAS: "active"}
    text = answered(world)
    assert [number in text for number in ("1: ", "2: ", "3: ")] == [True, False, True]


def test_after_ok_all_it_is_told_how_many_still_wait(world: World) -> None:
    """What came to wait since, or stood in no line of that mail."""
    first = waiting(world)
    waiting(world, ANN)
    replies(world, lay(world, item(first, What.WAITING)), "ok all")
    world.round()
    assert world.states() == {BOBS: "active", ANNS: "waiting"}
    assert answered(world).endswith(
        "\nAnd one more waits for your yes; a reply with the word “list” brings what is left.\n"
    )


def test_one_who_answered_goes_on_only_after_two_words_and_neither_is_seen(world: World) -> None:
    """`ok` reads as "seen" and does nothing; `resume` brings it back, and it waits for the yes."""
    mail = world.writes(BOB, ago=days(2))
    world.round()
    world.gets(BOB, answers=mail)
    world.round()
    assert state(world) == "replied"
    digest = lay(world, item(world.one(), What.ANSWERED))
    replies(world, digest, "ok 1")
    world.round()
    assert state(world) == "replied"
    assert "1: “ok” does nothing here; write “resume 1” to go on all the same" in answered(world)
    replies(world, digest, "resume 1")
    world.round()
    assert state(world) == "waiting"


def test_one_who_left_the_company_is_not_revived_by_one_word(world: World) -> None:
    """It is asked again, with the reason."""
    mail = world.writes(BOB, ago=days(2))
    world.round()
    gone = "Bob Builder no longer works here. This mailbox is not read any more."
    world.gets(BOB, "Automatic reply: Proposal", gone, answers=mail, Auto_Submitted="auto-replied")
    world.round()
    assert (state(world), world.one().code) == ("stopped", "gone")
    replies(world, lay(world, item(world.one(), What.ENDED)), "resume 1")
    world.round()
    assert state(world) == "waiting"
    assert "is no longer there" in world.one().why
    assert "1: Bob Builder: waits for your yes: " in answered(world)


def test_what_may_have_left_is_settled_by_its_own_number_only(world: World) -> None:
    """`skip` counts it as left; a number of another kind does nothing while that is open."""
    e = drafted(world)
    store = world.office.store
    store.outbox.move(e.deliveries[0].id, (Status.DRAFTED,), Status.UNCERTAIN, world.now, why="broke", left=world.now)
    e = world.one()
    digest = lay(world, item(e, What.UNCERTAIN), item(e, What.TODAY))
    replies(world, digest, "ok all\nskip 2\nresume 1")
    world.round()
    assert world.one().deliveries[0].status is Status.UNCERTAIN
    assert "2: Bob Builder: a mail of it may or may not have left" in answered(world)
    replies(world, digest, "skip 1")
    world.round()
    assert world.one().deliveries[0].status is Status.SENT


def test_done_is_a_call_that_was_made(world: World, tmp_path: Path) -> None:
    """The next step follows in its time."""
    sequence = tmp_path / "templates" / "ring"
    sequence.mkdir(parents=True)
    (sequence / "1-call.txt").write_text("After: 0 days\nChannel: call\nSubject: Ring\n\nRing them.\n")
    (sequence / "2-mail.txt").write_text("After: 2 days\nSubject: Hello\n\n{{ greeting }}\n\nStill there?\n")
    world.templates = tmp_path / "templates"
    world.reopen()
    world.round()
    e = enrolling.enroll(world.desk(), Contact(BOBS), world.office.templates.library.sequences["ring"])
    world.round()
    replies(world, lay(world, item(e, What.CALL)), "done 1")
    world.round()
    assert [d.status for d in world.one().deliveries] == [Status.SKIPPED]
    assert f"1: {BOBS}: step 1, the call, is done" in answered(world)


def test_what_was_stopped_goes_on_by_its_number(world: World) -> None:
    """And one that must not be mailed says why it does not."""
    for who in (BOB, ANN):
        desk.stop(world.desk(), drafted(world, who))
    digest = lay(world, *(item(world.of(address), What.ENDED) for address in (BOBS, ANNS)))
    desk.suppress(world.desk(), ANNS)
    replies(world, digest, "resume 1\nresume 2")
    world.round()
    assert (state(world), state(world, ANNS)) == ("active", "stopped")
    assert "2: Ann Archer must not be mailed ('ann@ann.example' in suppressed.txt)" in answered(world)


def test_no_number_and_no_command_stands_beside_the_numbers_of_a_digest(world: World) -> None:
    """Bob is chased about something newer by now: the answer names him, and what to write."""
    desk.stop(world.desk(), drafted(world))
    old = world.one()
    world.now += timedelta(minutes=10)
    world.writes(BOB, "Another matter", "What do you think?", Bcc="alex+stalled@consult.example")
    world.round()
    replies(world, lay(world, item(old, What.ENDED)), "resume 1")
    world.round()
    assert answered(world) == "Not done:\n- 1: Bob Builder is in 'stalled' already; stop that first\n"


# ---- what is told


def test_what_is_not_understood_does_nothing_and_is_told(world: World) -> None:
    """With what was probably meant; at most five lines of it, and no noise about courtesies."""
    digest = lay(world, item(waiting(world), What.WAITING))
    lines = ["skp 1", "ok 7", "snooze 1", "do whatever you like", "yes 1", "really", "why not", "so be it"]
    replies(world, digest, "Hello,\n\n" + "\n".join(lines) + "\n\nThanks\nAlex\nSent from my iPhone")
    world.round()
    text = answered(world)
    assert state(world) == "waiting"
    assert "“skp 1”: “skip 1” was probably meant" in text
    assert "“yes 1”: “ok 1” was probably meant" in text
    assert "7: there is no such number" in text
    assert "and 2 more lines" in text
    assert not any(word in text for word in ("Hello", "Thanks", "iPhone", "so be it"))


def test_a_word_that_says_nothing_about_a_number_names_those_that_do(world: World) -> None:
    """A draft is no question that `ok` answers."""
    replies(world, lay(world, item(drafted(world)), Item(What.PROBLEM, "")), "ok 1\ndone 1\nstop 2")
    world.round()
    assert "1: “ok” does nothing here: sending the draft is the yes, deleting it the no\n" in answered(world)
    assert "2: “stop” does nothing here\n" in answered(world)
    assert len(world.drafts()) == 1


def test_a_reply_that_orders_nothing_is_not_answered(world: World) -> None:
    """Thanks are thanks."""
    replies(world, lay(world, item(drafted(world))), "Thanks!\n\nAlex")
    world.round()
    assert answers(world) == []


def test_nothing_in_an_answer_is_an_order(world: World) -> None:
    """A client may quote it without any mark."""
    replies(world, lay(world, item(drafted(world))), "help\nskp 1\nstop 1\nok 2")
    world.round()
    assert [one for one in orders.read(answered(world), world.now, world.calendar) if hasattr(one, "verb")] == []


def quoted(lines: list[str], mark: str = "> ") -> str:
    return "\n".join(mark + line for line in lines)


REPLIES = {
    "Thunderbird": lambda said, lines: f"{said}\n\nOn 04.05.26 10:00, followmail wrote:\n{quoted(lines)}\n",
    "Thunderbird, below": lambda said, lines: f"On 04.05.26 10:00, followmail wrote:\n{quoted(lines)}\n\n{said}\n",
    "Thunderbird, between": lambda said, lines: (
        f"On 04.05.26 10:00, followmail wrote:\n{quoted(lines[:5])}\n\n{said}\n\n{quoted(lines[5:])}\n"
    ),
    "Apple Mail": lambda said, lines: (
        f"{said}\n\nSent from my iPhone\n\n> On 4 May 2026, at 10:00, followmail <{ME}> wrote:\n> \n{quoted(lines)}\n"
    ),
    "Gmail": lambda said, lines: (
        f"{said}\n\nOn Mon, 4 May 2026 at 10:00, followmail <{ME}>\nwrote:\n\n{quoted(lines)}\n"
    ),
    "K-9 in German": lambda said, lines: (
        f"{said}\n-- \nGesendet mit K-9\n\nAm 4. Mai 2026 10:00:00 MESZ schrieb followmail <{ME}>:\n{quoted(lines, '>')}\n"
    ),
    "Outlook": lambda said, lines: (
        f"{said}\n\nFrom: followmail <{ME}>\nSent: Monday, May 4, 2026 10:00\nTo: Alex Consultant <{ME}>\n"
        "Subject: 1 draft waits\n\n" + "\n".join(lines)
    ),
    "Outlook in French": lambda said, lines: (
        f"{said}\n\n-----Message d'origine-----\nDe : followmail <{ME}>\nEnvoyé : lundi 4 mai 2026 10:00\n"
        f"À : Alex <{ME}>\nObjet : 1 draft waits\n\n" + "\n".join(lines)
    ),
    "no mark at all": lambda said, lines: f"{said}\n\n" + "\n".join(lines),
}


@pytest.mark.parametrize("program", REPLIES)
def test_a_real_digest_is_answered_by_real_programs(world: World, program: str) -> None:
    """What they quote of it, marked or not, orders nothing."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    world.writes(ANN, ago=days(10))
    drafted(world)
    (digest,) = in_inbox(world)
    lines = str(digest.get_body(("plain",)).get_content()).splitlines()  # type: ignore[attr-defined]
    assert any("stop 1" in line for line in lines)
    at = next(line for line in lines if BOBS in line or "Bob" in line).partition(".")[0]
    world.now += timedelta(minutes=30)
    replies(world, Mail(digest["Message-ID"], b"", "INBOX", 0), REPLIES[program](f"stop {at}", lines))
    world.round()
    assert (state(world), state(world, ANNS)) == ("stopped", "active")
    assert answered(world).startswith(f"Done:\n- {at}: Bob Builder: stopped; “resume {at}” takes that back\n")
    assert ("Not understood" in answered(world)) is (program == "no mark at all")


@pytest.mark.parametrize(
    "html",
    [
        "<div>stop 1<br></div><div class='gmail_quote'><div>On Mon, 4 May 2026 at 10:00 followmail wrote:</div>"
        "<blockquote>1. Bob<br>skip 1<br>stop 2</blockquote></div>",
        "<html><body><p>stop 1</p><hr><div id='divRplyFwdMsg'><b>From:</b> followmail<br><b>Sent:</b> Monday<br></div>"
        "<p>stop 2</p></body></html>",
        "<ul><li>stop&nbsp;1</li></ul><blockquote type='cite'>stop 2</blockquote>",
    ],
)
def test_a_reply_may_be_html_alone(world: World, html: str) -> None:
    """As phones write it."""
    first, second = drafted(world), drafted(world, ANN)
    digest = lay(world, item(first), item(second))
    mine = replies(world, digest, "PLACE")
    world.mailbox.expunge("Sent", [mine.uid])
    raw = mine.raw.replace(b"text/plain", b"text/html").replace(b"PLACE", html.encode())
    world.mailbox.append(raw, "Sent", ("\\Seen",), world.now)
    world.round()
    assert (state(world), state(world, ANNS)) == ("stopped", "active")


# ---- who orders


@pytest.mark.parametrize(
    "how",
    [
        {"folder": "INBOX"},
        {"folder": "Archive"},
        {"folder": "Trash"},
        {"folder": "Drafts"},
        {"subject": "Fwd: 1 waits"},
        {"subject": "WG: 1 waits"},
        {"subject": "TR : 1 waits"},
        {"subject": "RV: 1 waits"},
        {"to": BOB},
        {"Cc": BOB},
        {"Bcc": BOB},
        {"Cc": "Cora <cora@consult.example>"},
        {"From": BOB},
        {"Auto_Submitted": "auto-replied"},
        {"In_Reply_To": "<another@consult.example>", "References": "<another@consult.example>"},
        {"In_Reply_To": f"<{digest_id(ME, datetime(2026, 1, 1, tzinfo=UTC), 'daily')}>", "References": ""},
    ],
    ids=str,
)
def test_only_the_consultants_own_answer_in_sent_is_obeyed(world: World, how: dict[str, str]) -> None:
    """Forged, forwarded, filed elsewhere, shared with others, or about no digest of ours: nothing is done."""
    world.mailbox.create("Archive")
    e = waiting(world)
    replies(world, lay(world, item(e, What.WAITING)), "ok 1\nstop 1", **how)
    world.round()
    assert (state(world), answers(world)) == ("waiting", [])


def test_a_forward_that_names_the_digest_only_in_references_is_none(world: World) -> None:
    """Thunderbird forwards so."""
    digest = lay(world, item(waiting(world), What.WAITING))
    world.writes(ALEX, "1 waits", "ok 1", References=digest.id)
    world.round()
    assert (state(world), answers(world)) == ("waiting", [])


@pytest.mark.parametrize(
    "text",
    [
        "> ok 1\n> stop 1",
        "On Mon, 4 May 2026 at 08:00, Alex Consultant wrote:\n> ok 1\n> stop 1",
        "-----Original Message-----\nFrom: followmail\nSent: Monday\nTo: Alex\nSubject: 1 waits\n\nok 1\nstop 1",
        "-- \nok 1",
    ],
)
def test_quoted_commands_are_old(world: World, text: str) -> None:
    """Whatever the client quotes with."""
    replies(world, lay(world, item(waiting(world), What.WAITING)), f"Thanks.\n\n{text}")
    world.round()
    assert state(world) == "waiting"


def test_a_forged_copy_under_the_same_id_is_not_read(world: World) -> None:
    """What counts is the text that lies in Sent, also where INBOX had a mail with its id before."""
    digest = lay(world, item(waiting(world), What.WAITING))
    mine = replies(world, digest, "snooze 1 2 weeks")
    world.mailbox.append(mine.raw.replace(b"snooze 1 2 weeks", b"stop 1\r\nok 1      "), "INBOX", (), world.now)
    world.round()
    assert state(world) == "paused"


def test_a_reply_may_come_from_an_alias_with_a_tag_to_another(world: World) -> None:
    """All of them are the consultant."""
    world.reopen(FOLLOWMAIL_ALIASES="al@other.example")
    digest = lay(world, item(waiting(world), What.WAITING))
    replies(world, digest, "ok 1", to="alex+x@consult.example", From="Al <al@other.example>")
    world.round()
    assert state(world) == "active"


# ---- when


def test_a_digest_that_is_too_old_is_answered_and_does_nothing(world: World) -> None:
    """After fourteen days its numbers stand for nothing."""
    digest = lay(world, item(waiting(world), What.WAITING))
    world.now += days(14)
    replies(world, digest, "ok 1\npause")
    world.round()
    assert state(world) == "waiting"
    assert world.office.store.facts.moment("paused_until") is None
    assert "its numbers hold for 14 days" in answered(world)


def test_a_digest_from_before_the_first_run_is_no_question(world: World) -> None:
    """A restored backup does nothing that was said before, and a yes is asked for anew."""
    digest = lay(world, item(waiting(world), What.WAITING))
    world.office.store.facts.set_moment("first_run", world.now)
    replies(world, digest, "ok 1")
    world.round()
    assert state(world) == "waiting"
    assert "made before the database was restored" in answered(world)


@pytest.mark.parametrize("order", ["ok 1", "skip 1", "snooze 1 2 weeks"])
def test_a_number_whose_matter_changed_since_does_nothing(world: World, order: str) -> None:
    """It is told what is different; the wait that it meant is over."""
    e = waiting(world)
    digest = lay(world, item(e, What.WAITING))
    desk.approve(world.desk(), e)
    world.gets(BOB, "Invoice 7", "Your invoice lacks the number of the order.")
    world.round()
    assert state(world) == "waiting"  # again, and for another reason
    assert world.one().code == e.code
    replies(world, digest, order)
    world.round()
    assert state(world) == "waiting"
    assert "1: Bob Builder: since that mail: Bob Builder wrote about 'Invoice 7'" in answered(world)


def test_a_second_thought_replaces_the_first(world: World) -> None:
    """One's own order is no change of the matter: another day, a stop, and the stop taken back."""
    digest = lay(world, item(drafted(world)))
    for said, then in (
        ("snooze 1 tomorrow", "snoozed until Tue 5 May"),
        ("snooze 1 friday", "snoozed until Fri 8 May"),
        ("stop 1", "stopped; “resume 1” takes that back"),
        ("resume 1", "goes on in 'nudge'"),
    ):
        world.now += timedelta(minutes=2)
        replies(world, digest, said)
        world.round()
        told = [str(m.get_body(("plain",)).get_content()) for m in answers(world)]  # type: ignore[attr-defined]
        assert told[-1].replace("\r\n", "\n") == f"Done:\n- 1: Bob Builder: {then}\n"
    assert state(world) == "active"


def test_what_was_snoozed_since_says_so(world: World) -> None:
    """And until when: the question that it was about is put off, not gone."""
    e = waiting(world)
    digest = lay(world, item(e, What.WAITING))
    desk.snooze(world.desk(), e, world.now + days(1))
    replies(world, digest, "ok 1")
    world.round()
    assert state(world) == "paused"
    assert "1: Bob Builder: since that mail: you snoozed it until Tue 5 May\n" in answered(world)


def test_a_stop_holds_whatever_it_has_become(world: World) -> None:
    """To hold back is never wrong."""
    e = waiting(world)
    digest = lay(world, item(e, What.WAITING))
    desk.approve(world.desk(), e)
    replies(world, digest, "stop 1")
    world.round()
    assert state(world) == "stopped"


def test_a_stop_is_taken_back_also_after_a_yes(world: World) -> None:
    """All three by answers to one digest: each is Alex's own word. Bob wrote, so it asks once more."""
    digest = lay(world, item(waiting(world), What.WAITING))
    for order, becomes in (("ok 1", "active"), ("stop 1", "stopped"), ("resume 1", "waiting")):
        replies(world, digest, order)
        world.round()
        assert state(world) == becomes
        world.now += timedelta(minutes=10)


def test_two_devices_that_say_the_same_skip_one_step(world: World) -> None:
    """The second is told what the first did."""
    digest = lay(world, item(drafted(world)))
    replies(world, digest, "skip 1")
    world.round()
    world.now += timedelta(minutes=10)
    replies(world, digest, "Skip 1")
    world.round()
    assert len(world.one().deliveries) == 1
    assert len(answers(world)) == 2
    assert "you skipped it" in str(answers(world)[1].get_body(("plain",)).get_content())  # type: ignore[attr-defined]


def test_a_reply_without_an_id_is_obeyed_where_it_lies(world: World) -> None:
    """Some programs file their copies without one."""
    digest = lay(world, item(waiting(world), What.WAITING))
    mine = replies(world, digest, "ok 1")
    world.mailbox.expunge("Sent", [mine.uid])
    world.mailbox.append(mine.raw.replace(b"Message-ID: ", b"X-Nothing: "), "Sent", ("\\Seen",), world.now)
    world.round()
    assert state(world) == "active"
    assert answers(world)[0]["In-Reply-To"] == digest.id


def test_two_devices_in_one_look_are_two_replies(world: World) -> None:
    """The earlier one first."""
    digest = lay(world, item(drafted(world)))
    replies(world, digest, "stop 1", ago=timedelta(minutes=1))
    replies(world, digest, "snooze 1 2 weeks", ago=timedelta(minutes=5))
    world.round()
    told = [event.partition(":")[0] for event in world.events(BOBS)]
    assert [event for event in told if event in ("snoozed", "stopped")] == ["snoozed", "stopped"]
    assert len(answers(world)) == 2


def test_a_time_counts_from_when_it_was_written_and_must_still_be_ahead(world: World) -> None:
    """The machine was off for two days."""
    digest = lay(world, item(waiting(world), What.WAITING), item(drafted(world, ANN)))
    replies(world, digest, "snooze 1 tomorrow\nsnooze 2 1 week")
    world.days_pass(2)
    world.round()
    assert (state(world), state(world, ANNS)) == ("waiting", "paused")
    assert "1: snooze until Tue 5 May 08:30: that is over by now" in answered(world)
    assert "snoozed until Mon 11 May" in answered(world)


def test_an_answer_that_came_meanwhile_wins(world: World) -> None:
    """Bob wrote between the digest and the word about him: nobody who answered is nudged."""
    mail = world.writes(BOB, ago=days(10))
    world.round()
    digest = lay(world, item(world.one()))
    world.gets(BOB, answers=mail)
    replies(world, digest, "snooze 1 tomorrow")
    world.round()
    assert state(world) == "replied"


# ---- once


@pytest.mark.parametrize("date", ["", "Mon, 4 May 2026 20:00:00 +0200", "yesterday"])
def test_a_reply_is_obeyed_once_however_often_it_is_read(world: World, date: str) -> None:
    """Copies in Sent under another id and in INBOX, a restart, messages judged anew; whatever its own clock says."""
    digest = lay(world, item(drafted(world)))
    mine = replies(world, digest, "skip 1", **({"Date": date} if date else {}))
    other = mine.raw.replace(mine.id.encode(), b"<rewritten@provider.example>")
    world.mailbox.append(mine.raw, "INBOX", (), world.now)
    world.round()
    world.mailbox.append(other, "Sent", ("\\Seen",), world.now)
    world.reopen()
    world.round()
    with contextlib.closing(sqlite3.connect(world.home / "followmail.db")) as database:  # what a crash leaves
        database.execute("UPDATE message SET judged = 0")
        database.commit()
    world.now += timedelta(minutes=10)
    world.reopen()
    world.round()
    assert len(world.one().deliveries) == 1
    assert len(answers(world)) == 1


def test_a_copy_that_arrives_before_the_one_in_sent_waits_for_it(world: World) -> None:
    """A client that files late."""
    digest = lay(world, item(waiting(world), What.WAITING))
    mine = replies(world, digest, "ok 1", folder="INBOX")
    world.round()
    assert state(world) == "waiting"
    world.mailbox.append(mine.raw, "Sent", ("\\Seen",), world.now)
    world.round()
    assert state(world) == "active"


def test_all_mail_alone_is_not_sent(dovecots: Dovecots, tmp_path: Path) -> None:
    """Gmail shows everything there: the copy in Sent counts, and counts once."""
    gmail = dovecots(folders=(*SPECIAL, ("\\All", "All Mail")))
    world = World(gmail.mailbox(), tmp_path / "home")
    digest = lay(world, item(drafted(world)))
    mine = replies(world, digest, "skip 1", folder="All Mail")
    world.round()
    assert answers(world) == []
    world.mailbox.append(mine.raw, "Sent", ("\\Seen",), world.now)
    world.round()
    world.round()
    assert len(answers(world)) == 1
    assert [d.status for d in world.one().deliveries] == [Status.SKIPPED]
    world.close()


def test_a_crash_between_doing_and_answering_leaves_neither_or_both(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orders and the answer are one transaction."""
    digest = lay(world, item(drafted(world)))
    replies(world, digest, "skip 1")

    def breaks(*_: object, **__: object) -> bytes:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(judge_orders, "self_mail", breaks)
        world.round()
    assert [d.status for d in world.one().deliveries] == [Status.DRAFTED]
    world.reopen()
    world.round()
    world.round()
    assert [d.status for d in world.one().deliveries] == [Status.SKIPPED]
    assert len(answers(world)) == 1


# ---- a digest is nothing else


@pytest.mark.parametrize("folder", ["Archive", "Sent", "Trash", "Followmail/nudge", "Followmail/Stop"])
def test_a_digest_is_no_mail_of_anybodys_wherever_it_lies(world: World, folder: str) -> None:
    """It begins nothing, answers nothing, and moves no anchor."""
    e = waiting(world)
    for name in ("Archive", "Followmail/nudge", "Followmail/Stop"):
        world.mailbox.create(name)
    digest = lay(world, item(e, What.WAITING), folder=folder)
    replies(world, digest, "list")
    world.round()
    for raw in world.mailbox.raw("INBOX"):
        world.mailbox.append(raw, folder, (), world.now)
    world.round()
    known = world.office.store.conversations.find(digest.id.strip("<>"))
    assert known is not None and not known.entry.sent
    assert replace(world.one(), deliveries=()) == replace(e, deliveries=())
    assert len(world.enrollments()) == 1
