"""First days and bad days: stories 31 to 39. It is Monday, 4 May 2026, 10:00, until the test says otherwise.

All that Alex does is done in the mail client, and all that Alex is told stands in the digest; a dry run apart.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.utils import make_msgid
from pathlib import Path

import pytest
from click.testing import CliRunner

from followmail.cli import followmail as command
from followmail.rendering import shipped
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.stories.acts import has_run, id_of, local_day, own_templates, propose, says_yes, steps_got, text_of
from tests.world import ANN, BERLIN, BOB, CARLA, Mail, World, addresses, days, weeks

Sending = Callable[..., World]
GERMAN = (
    "Hallo Herr Builder,\n\nanbei finden Sie das Angebot für Ihre Datensicherung, über das wir am Dienstag gesprochen"
    " haben. Passt der genannte Zeitraum im Juni für Sie, oder sollen wir lieber im Juli beginnen?\n\nViele Grüße\nAlex"
)


def person(n: int) -> str:
    return f"Person{n} <p{n}@firm{n}.example>"


def marked(world: World, to: str = BOB) -> Mail:
    """One with Alex's yes from the beginning."""
    return propose(world, to, Bcc="alex+nudge@consult.example")


def send_draft(world: World, to: str, new_id: bool = True) -> bytes:
    """Alex sends the one draft to somebody; his client mints an id of its own."""
    found = zip(world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts"), strict=True)
    uid, raw = next((uid, raw) for uid, raw in found if message_from_bytes(raw)["To"] == to)
    if new_id:
        raw = raw.replace(id_of(raw), make_msgid(domain="consult.example").encode())
    world.mailbox.append(raw, "Sent", ("\\Seen",), world.now)
    world.mailbox.expunge("Drafts", [uid])
    return raw


# ---- 31


def ten_years(world: World) -> None:
    """Old open questions, answered ones, and twelve open ones of the last two weeks."""
    for year in range(1, 11):
        world.writes(f"old{year}@then{year}.example", "Old offer", ago=weeks(52 * year))
    for n in range(3):
        asked = world.writes(f"done{n}@done{n}.example", "Answered", ago=days(10))
        world.gets(f"done{n}@done{n}.example", "Re: Answered", answers=asked, ago=days(9))
    for n in range(12):
        world.writes(person(n), f"Offer {n}", ago=days((12, 11, 10, 7)[n // 3]) - timedelta(minutes=n))


def test_31_the_first_start_drafts_only_the_last_two_weeks_questions_ten_a_day(world: World) -> None:
    """The oldest first; nothing is sent."""
    ten_years(world)
    sent = len(world.sent())
    world.round()
    assert sorted(addresses(world.drafts())) == sorted(person(n) for n in range(10))
    digest = world.digest()
    assert digest.subject == "10 drafts wait, 3 people wait for you"
    assert digest.under("Drafts that wait for you").count("nudge 1 is in your drafts since Mon 4 May") == 10
    world.round()
    assert len(world.drafts()) == 10
    world.run_days(1)
    assert sorted(addresses(world.drafts())) == sorted(person(n) for n in range(12))
    assert len(world.sent()) == sent


@pytest.mark.parametrize("detect", ["wait", "enroll"])
def test_31_in_mode_send_the_first_start_gives_a_list_that_waits(sending: Sending, smtpd: Smtpd, detect: str) -> None:
    """Whatever DETECT says; only what Alex then says yes to leaves."""
    world = sending(FOLLOWMAIL_DETECT=detect)
    ten_years(world)
    world.round()
    assert world.states() == {f"p{n}@firm{n}.example": "waiting" for n in range(12)}
    world.run_days(2)
    assert smtpd.delivered == []
    digest = world.digest()
    assert digest.subject == "12 wait for your yes, 3 people wait for you"
    assert digest.under("Waits for your yes").count("it was sent before the first run") == 12
    first = digest.under("Waits for your yes").partition(" ")[2].partition(":")[0]
    says_yes(world, f"{first}:")
    assert [mail.recipients for mail in smtpd.delivered] == [(f"p{first[6:]}@firm{first[6:]}.example",)]


# ---- 32


def test_32_a_dry_run_before_anything_says_who_would_get_what_and_writes_nothing(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    """Neither a file nor a folder, mail or flag; the command itself, at the real time."""
    options = {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00", "FOLLOWMAIL_TEMPLATES": str(shipped())}
    world = World(mailbox, tmp_path / "home", options, now=datetime.now(UTC))
    world.writes(BOB, ago=days(12))
    world.gets(CARLA, "Hello", "Hello", ago=days(1))

    def everything() -> object:
        return {f: (mailbox.raw(f), mailbox.flags(f)) for f in mailbox.folders()}, sorted(tmp_path.rglob("*"))

    before = everything()
    answer = CliRunner().invoke(command, ["once", "--dry-run"], env=world.environment())
    assert answer.exit_code == 0
    (line,) = [line for line in answer.output.splitlines() if line.startswith("bob@bob.example")]
    assert line.split()[1:4] == ["nudge", "1", "draft"]
    assert "4 business days after your mail" in line
    assert everything() == before


# ---- 33


def test_33_from_draft_to_send_with_four_drafts_open(world: World, sending: Sending, smtpd: Smtpd) -> None:
    """They stay drafts; Alex sends one: its next step is sent, the others wait; none goes twice."""
    has_run(world)
    for n in range(4):
        world.writes(person(n), f"Offer {n}")
    world.run_days(4)
    world.writes(BOB)
    world.round()
    assert len(world.drafts()) == 4
    sending()
    world.round()
    assert len(world.drafts()) == 4
    assert world.of("bob@bob.example").state == "waiting"
    assert world.digest().subject == "4 drafts wait, 1 waits for your yes"
    send_draft(world, person(0))
    world.run_days(9)
    assert [mail.recipients for mail in smtpd.delivered] == [("p0@firm0.example",)]
    assert sorted(addresses(world.drafts())) == [person(n) for n in (1, 2, 3)]
    send_draft(world, person(1))
    world.run_days(9)
    assert Counter(mail.recipients[0] for mail in smtpd.delivered) == {"p0@firm0.example": 1, "p1@firm1.example": 1}
    assert world.states()["bob@bob.example"] == "waiting"
    says_yes(world, "Bob Builder")
    assert Counter(mail.recipients[0] for mail in smtpd.delivered)["bob@bob.example"] == 1


# ---- 34


def test_34_ten_days_of_sleep_in_mode_send_make_what_is_more_than_five_days_overdue_wait(
    sending: Sending, smtpd: Smtpd
) -> None:
    """What is less late goes, one mail at a time."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    world.reopen(FOLLOWMAIL_GAP="90")
    propose(world, BOB)
    world.days_pass(2)
    propose(world, ANN)
    propose(world, CARLA)
    world.now = datetime(2026, 5, 18, 10, tzinfo=BERLIN)
    world.round()
    found = [world.of(f"{who}@{who}.example").state for who in ("bob", "ann", "carla")]
    assert found == ["waiting", "active", "active"]
    assert "6 business days ago" in world.digest().under("Waits for your yes")
    assert len(smtpd.delivered) == 1
    world.now += timedelta(minutes=10)
    world.round()
    assert [mail.recipients[0] for mail in smtpd.delivered] == ["ann@ann.example", "carla@carla.example"]
    says_yes(world, "Bob Builder")
    world.days_pass(0)
    world.round()
    assert smtpd.delivered[2].recipients == ("bob@bob.example",)


def test_34_ten_days_of_sleep_in_mode_draft_give_a_draft(world: World) -> None:
    """It asks by itself."""
    has_run(world)
    propose(world)
    world.now = datetime(2026, 5, 18, 10, tzinfo=BERLIN)
    world.round()
    assert len(world.drafts()) == 1
    assert "Bob Builder: nudge 1 is in your drafts since Mon 18 May" in world.digest().under("Drafts that wait for you")


def test_34_answers_that_came_meanwhile_count_first(sending: Sending, smtpd: Smtpd) -> None:
    """Bob answered while the machine slept."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    mail = propose(world)
    world.days_pass(6)
    world.gets(BOB, answers=mail, ago=days(2))
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert smtpd.delivered == []
    assert "Bob Builder answered on 10 May" in world.digest().under("Who answered")


def test_34_one_mail_a_person_a_day_however_much_is_due(sending: Sending, smtpd: Smtpd) -> None:
    """The second step counts from the first one's real leaving."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.days_pass(8)
    for _ in range(5):
        world.round()
        world.now += timedelta(minutes=30)
    assert len(smtpd.delivered) == 1
    world.run_days(7)
    assert len(smtpd.delivered) == 1
    world.days_pass(1, hour=15)
    world.round()
    assert (local_day(world), len(smtpd.delivered)) == (date(2026, 5, 26), 2)  # 8 business days after Thursday the 14th


# ---- 35


def test_35_holidays_are_no_business_days_and_nothing_leaves_on_them(world: World) -> None:
    """Ten days off from Wednesday on."""
    world.options["FOLLOWMAIL_HOLIDAYS"] = "2026-05-06..2026-05-15"
    has_run(world)
    propose(world)
    assert str(world.plan()[0]["due"]).startswith("2026-05-20T09:59")
    for day in range(5, 20):
        world.now = datetime(2026, 5, day, 12, tzinfo=BERLIN)
        world.round()
        assert world.drafts() == []
    world.now = datetime(2026, 5, 20, 12, tzinfo=BERLIN)
    world.round()
    assert len(world.drafts()) == 1


def test_35_nothing_leaves_before_the_end_of_a_pause_and_delays_skip_it(sending: Sending, smtpd: Smtpd) -> None:
    """Paused on the third day until Monday, 18 May: two of the four days are over, the nudge is due on the 19th."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    digest = world.digest()
    world.days_pass(3, hour=7)
    assert "nothing leaves until Mon 18 May" in world.answers_digest("pause until 18 May", digest)
    world.reopen()
    for day in range(7, 19):
        world.now = datetime(2026, 5, day, 12, tzinfo=BERLIN)
        world.round()
        assert smtpd.delivered == []
        assert str(world.plan()[0]["due"]).startswith("2026-05-19T09:59")
    world.now = datetime(2026, 5, 19, 12, tzinfo=BERLIN)
    world.round()
    assert len(smtpd.delivered) == 1


def test_35_on_the_day_on_which_the_pause_ends_mail_leaves(sending: Sending, smtpd: Smtpd) -> None:
    """What was due when it began goes on that very day."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.run_days(3)
    assert world.digest().subject == "Nothing needs you; 1 goes out today."
    assert local_day(world) == date(2026, 5, 8)
    world.answers_digest("pause until monday 18 may")
    world.now = datetime(2026, 5, 18, 12, tzinfo=BERLIN)
    world.round()
    assert len(smtpd.delivered) == 1


def test_35_a_pause_without_an_end_lasts_until_resume(sending: Sending, smtpd: Smtpd) -> None:
    """Resumed at noon, it goes at noon."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    digest = world.digest()
    world.answers_digest("pause", digest)
    world.run_days(5)
    assert smtpd.delivered == []
    assert world.plan()[0]["waits_for"] == "pause"
    world.answers_digest("resume", digest)
    world.run_days(5)
    assert len(smtpd.delivered) == 1


# ---- 36


def drafted(world: World) -> Mail:
    """A proposal whose draft lies in Drafts."""
    has_run(world)
    mail = propose(world)
    world.run_days(4)
    assert len(world.drafts()) == 1
    return mail


@pytest.mark.parametrize("new_id", [True, False], ids=["new id", "same id"])
def test_36_an_edited_draft_stays_when_bob_answers_and_is_told(world: World, new_id: bool) -> None:
    """The phone appends it anew and deletes the old one."""
    mail = drafted(world)
    (raw,), (uid,) = world.mailbox.raw("Drafts"), world.mailbox.uids("Drafts")
    edited = raw.replace(b"\r\n\r\n", b"\r\n\r\nP.S. from the tram\r\n", 1)
    if new_id:
        edited = edited.replace(id_of(raw), make_msgid(domain="phone.example").encode())
    world.mailbox.append(edited, "Drafts", ("\\Draft",), world.now)
    world.mailbox.expunge("Drafts", [uid])
    world.now += timedelta(minutes=10)
    world.round()
    world.gets(BOB, answers=mail)
    world.round()
    assert world.mailbox.raw("Drafts") == [edited]
    assert world.mailbox.raw("Trash") == []
    assert world.states() == {"bob@bob.example": "replied"}
    digest = world.digest()
    assert "Bob Builder answered on 8 May" in digest.under("Who answered")
    assert "you edited" in digest.text


def test_36_an_untouched_draft_goes_to_the_trash_when_bob_answers(world: World) -> None:
    """Opened and closed is untouched."""
    mail = drafted(world)
    (uid,) = world.mailbox.uids("Drafts")
    world.mailbox.client.select_folder("Drafts")
    world.mailbox.client.add_flags([uid], ["\\Flagged"])
    world.now += timedelta(minutes=10)
    world.gets(BOB, answers=mail)
    world.round()
    assert world.drafts() == []
    assert len(world.mailbox.raw("Trash")) == 1
    digest = world.digest()
    assert "Bob Builder answered on 8 May" in digest.under("Who answered")
    assert "in your drafts" not in digest.text


# ---- 37


def test_37_a_wrongly_edited_template_is_one_clear_line_and_the_last_good_version_goes_on(world: World) -> None:
    """File, line, and what was probably meant."""
    step = own_templates(world) / "nudge" / "1-checking-in.txt"
    has_run(world)
    propose(world)
    good = step.read_text()
    step.write_text(good.replace("{{ greeting }}", "{{ greting }}"))
    world.run_days(4)
    digest = world.digest()
    assert digest.subject == "1 problem, 1 draft waits"
    assert digest.under("Problems") == (
        "1. nudge/1-checking-in.txt line 3: there is no name 'greting'; did you mean 'greeting'?"
    )
    (draft,) = world.drafts()
    assert text_of(draft).startswith("Hello,")
    step.write_text(good)
    world.run_days(1)
    assert world.digest().subject == "1 draft waits"


def test_37_after_a_restart_the_broken_sequence_mails_nothing_and_goes_on_when_mended(world: World) -> None:
    """Nobody is asked about it one by one; the other sequences go on."""
    step = own_templates(world, "nudge", "stalled") / "nudge" / "1-checking-in.txt"
    world.gets(CARLA, "Earlier", "Hello", ago=weeks(9))
    has_run(world)
    world.writes(BOB)
    world.writes(CARLA)
    world.round()
    good = step.read_text()
    step.write_text(good.replace("{{ greeting }}", "{{ greting }}"))
    world.reopen()
    world.run_days(5)
    assert addresses(world.drafts()) == [CARLA]
    digest = world.digest()
    assert len(digest.under("Problems").splitlines()) == 1
    assert digest.under("Problems").startswith("1. nudge/1-checking-in.txt line 3: ")
    assert digest.under("Waits for your yes") == ""
    step.write_text(good)
    world.round()
    assert sorted(addresses(world.drafts())) == [BOB, CARLA]


# ---- 38


def test_38_a_step_inserted_before_the_first_makes_the_live_ones_wait(sending: Sending, smtpd: Smtpd) -> None:
    """After a yes on with the first text not yet sent; nobody gets the same text twice."""
    world = sending()
    folder = own_templates(world) / "nudge"
    has_run(world)
    marked(world, BOB)
    world.run_days(4)
    marked(world, CARLA)
    assert len(smtpd.delivered) == 1
    for step in sorted(folder.glob("[123]-*"), reverse=True):
        step.rename(folder / f"{int(step.name[0]) + 1}{step.name[1:]}")
    (folder / "1-a-first-word.txt").write_text("After: 2 business days\n\n{{ greeting }}\n\nDid my mail reach you?\n")
    world.run_days(9)
    assert world.states() == {"bob@bob.example": "waiting", "carla@carla.example": "waiting"}
    assert len(smtpd.delivered) == 1
    waits = world.digest().under("Waits for your yes")
    assert ("Bob Builder" in waits, "Carla Cook" in waits) == (True, True)
    assert world.answers_digest("ok all").count("goes on in 'nudge'") == 2
    for _ in range(10):
        world.days_pass(2)
        world.round()
    assert set(steps_got(smtpd).values()) == {1}
    texts = [text_of(message_from_bytes(mail.data)).partition(">")[0] for mail in smtpd.delivered]
    to_bob = [t for t, m in zip(texts, smtpd.delivered, strict=True) if m.recipients == ("bob@bob.example",)]
    assert len(to_bob) == len(set(to_bob)) == 3


def test_38_a_renamed_folder_makes_the_live_ones_wait_and_a_yes_goes_on_there(sending: Sending, smtpd: Smtpd) -> None:
    """With the second step, for the first has left."""
    world = sending()
    folder = own_templates(world) / "nudge"
    has_run(world)
    marked(world)
    world.run_days(4)
    assert len(smtpd.delivered) == 1
    folder.rename(folder.with_name("reminder"))
    world.run_days(9)
    assert world.states() == {"bob@bob.example": "waiting"}
    says_yes(world, "'reminder' has the same steps")
    world.run_days(2)
    assert world.one().sequence == "reminder"
    assert len(smtpd.delivered) == 2
    assert "One more thing" in text_of(message_from_bytes(smtpd.delivered[1].data))
    world.run_days(20)
    assert set(steps_got(smtpd).values()) == {1}


def test_38_a_renamed_step_with_the_same_text_is_held(sending: Sending, smtpd: Smtpd) -> None:
    """Alex's yes is for the new order, not for the same words again."""
    world = sending()
    folder = own_templates(world) / "nudge"
    has_run(world)
    marked(world)
    world.run_days(4)
    for file in folder.glob("1-checking-in*"):
        file.rename(folder / file.name.replace("checking-in", "hello"))
    world.run_days(1)
    says_yes(world, "Bob Builder")
    world.run_days(5)
    assert len(smtpd.delivered) == 1
    assert world.states() == {"bob@bob.example": "waiting"}
    assert "already got this very text" in world.digest().under("Waits for your yes")


# ---- 39


def test_39_alex_wrote_german_and_the_template_is_english_only(world: World) -> None:
    """It waits; a yes lets the English one go."""
    for file in (own_templates(world) / "nudge").glob("*.??.txt"):
        file.unlink()
    has_run(world)
    propose(world, subject="Angebot", text=GERMAN)
    world.run_days(4)
    assert world.drafts() == []
    assert world.states() == {"bob@bob.example": "waiting"}
    says_yes(world, "you wrote German")
    assert len(world.drafts()) == 1


def test_39_where_there_is_a_german_twin_it_is_taken_with_his_own_greeting(world: World) -> None:
    """The shipped texts."""
    has_run(world)
    propose(world, subject="Angebot", text=GERMAN)
    world.run_days(4)
    (draft,) = world.drafts()
    assert text_of(draft).startswith("Hallo Herr Builder,\n\nich möchte kurz auf meine Nachricht vom 4. Mai")
