"""Meetings in the mailbox: from an invitation to "nice to meet you" on the next business day. It is Monday, 4 May 2026."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest

from followmail import desk, enrolling
from followmail.contacts import Contact
from followmail.sequence.steps import State
from tests.servers.smtp import Smtpd
from tests.world import ALEX, BERLIN, BOB, CARLA, World, addresses, days

Sending = Callable[..., World]
UID = "meeting-1@consult.example"


def at(day: int, hour: int, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


TUESDAY = at(5, 14)


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def calendar(
    world: World, method: str, *lines: str, starts: datetime = TUESDAY, hours: float = 1, sequence: int = 0,
    uid: str = UID, summary: str = "Backups", guests: tuple[str, ...] = (CARLA,), said: str = "NEEDS-ACTION",
    organizer: str = ALEX, ago: timedelta = timedelta(minutes=1),
) -> str:  # fmt: skip
    """A calendar with one event."""
    people = [f'ATTENDEE;CN="{g.partition(" <")[0]}";PARTSTAT={said}:mailto:{g[g.index("<") + 1 : -1]}' for g in guests]
    address = organizer[organizer.index("<") + 1 : -1]
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", f"UID:{uid}", f"SEQUENCE:{sequence}",
            f"DTSTAMP:{stamp(world.now - ago)}", f"DTSTART:{stamp(starts)}",
            f"DTEND:{stamp(starts + timedelta(hours=hours))}", f"SUMMARY:{summary}",
            f"ORGANIZER;CN={organizer.partition(' <')[0]}:mailto:{address}", *people, *lines, "END:VEVENT",
            "END:VCALENDAR", "",
        ]
    )  # fmt: skip


def raw(world: World, sender: str, to: str, subject: str, text: str, ago: timedelta) -> bytes:
    """A mail of three parts, as Google sends it: the text, the calendar, the same as a file."""
    moment = world.now - ago
    part = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    world.mails = getattr(world, "mails", 0) + 1  # type: ignore[attr-defined]
    received = (
        ""
        if sender == ALEX
        else "Received: from mx.example by mail.consult.example; Mon, 4 May 2026 08:00:00 +0000\r\n"
    )
    return (
        f"{received}From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {moment:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <cal{world.mails}@mail.example>\r\nMIME-Version: 1.0\r\n"  # type: ignore[attr-defined]
        "Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n"
        "Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain\r\n\r\n"
        "You are invited.\r\n--inner\r\nContent-Type: text/calendar; charset=UTF-8\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{part}--inner--\r\n--outer\r\n"
        "Content-Type: application/ics; name=invite.ics\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename=invite.ics\r\n\r\n{part}--outer--\r\n"
    ).encode()


def invites(world: World, to: str = CARLA, *lines: str, method: str = "REQUEST", **how: object) -> None:
    """Alex's invitation lies in Sent."""
    ago = how.setdefault("ago", timedelta(minutes=1))
    text = calendar(world, method, *lines, **{"guests": (to,), **how})  # type: ignore[arg-type]
    assert isinstance(ago, timedelta)
    world.mailbox.append(raw(world, ALEX, to, "Invitation: Backups", text, ago), "Sent", (r"\Seen",), world.now - ago)


def answers(world: World, sender: str = CARLA, said: str = "ACCEPTED", *lines: str, **how: object) -> None:
    """An answer to it arrives."""
    ago = how.setdefault("ago", timedelta(minutes=1))
    text = calendar(world, "REPLY", *lines, **{"guests": (sender,), "said": said, **how})  # type: ignore[arg-type]
    assert isinstance(ago, timedelta)
    world.raw_arrives(raw(world, sender, ALEX, "Accepted: Backups", text, ago), ago=ago)


def agreed(world: World, **how: object) -> None:
    """Alex invites Carla to Tuesday at two, and she accepts."""
    world.round()
    invites(world, **how)  # type: ignore[arg-type]
    answers(world, **how)  # type: ignore[arg-type]
    world.round()


def go_to(world: World, day: int, hour: int) -> None:
    """One cycle then."""
    world.now = at(day, hour)
    world.round()


def body(mail: Message) -> str:
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode()


def why_not(world: World, address: str = "carla@carla.example") -> str:
    """Why a meeting began nothing, as `explain` tells it."""
    assert world.enrollments() == ()
    (told,) = (line for line in world.events(address) if line.startswith("not-enrolled"))
    return told


# ---- the whole path


def test_nice_to_meet_you_on_the_next_business_day(world: World) -> None:
    """Invited on Monday, met on Tuesday at two, one draft on Wednesday morning, with the topic and the day."""
    agreed(world)
    go_to(world, 5, 14)
    assert world.enrollments() == ()
    go_to(world, 5, 16)
    e = world.one()
    assert (e.address, e.name, e.sequence, e.met_on) == (
        "carla@carla.example",
        "Carla Cook",
        "nice-to-meet-you",
        date(2026, 5, 5),
    )
    assert (e.state, e.about, e.where) == (State.ACTIVE, "Backups", "")
    assert world.drafts() == []
    go_to(world, 6, 9)
    (draft,) = world.drafts()
    assert draft["To"] == "Carla Cook <carla@carla.example>"
    assert "Backups" in body(draft)
    assert "enrolled: you met Carla Cook on 2026-05-05 ('Backups')" in world.events("carla@carla.example")
    go_to(world, 6, 12)
    assert len(world.drafts()) == 1


def test_a_meeting_on_friday_is_followed_on_monday(world: World) -> None:
    """Business days."""
    agreed(world, starts=at(8, 15))
    for day in (8, 9, 10):
        go_to(world, day, 18)
    assert world.drafts() == []
    go_to(world, 11, 9)
    assert len(world.drafts()) == 1


def test_an_invitation_by_the_prospect_that_alex_accepted(world: World) -> None:
    """Carla invites to the fair, Alex's answer lies in Sent; the place is one."""
    world.round()
    how = {"organizer": CARLA, "guests": (ALEX,), "summary": "Alex / Carla"}
    text = calendar(world, "REQUEST", "LOCATION:IT fair\\, hall 4", **how)  # type: ignore[arg-type]
    world.raw_arrives(raw(world, CARLA, ALEX, "Alex / Carla", text, timedelta(minutes=5)))
    text = calendar(world, "REPLY", **how, said="ACCEPTED")  # type: ignore[arg-type]
    world.mailbox.append(
        raw(world, ALEX, CARLA, "Accepted: Alex / Carla", text, timedelta(minutes=1)), "Sent", when=world.now
    )
    world.round()
    go_to(world, 5, 16)
    e = world.one()
    assert (e.state, e.where, e.about) == (State.ACTIVE, "IT fair, hall 4", "")
    go_to(world, 6, 9)
    assert len(world.drafts()) == 1


def test_an_answer_alone_is_enough(world: World) -> None:
    """Google keeps the invitation out of Sent."""
    world.round()
    answers(world)
    world.round()
    go_to(world, 5, 16)
    assert world.one().state is State.ACTIVE


def test_a_whole_day_ends_with_the_day(world: World) -> None:
    """In the consultant's zone."""
    world.round()
    whole = ("DTSTART;VALUE=DATE:20260505", "DTEND;VALUE=DATE:20260506")
    for method, said, sender, to in (("REQUEST", "NEEDS-ACTION", ALEX, CARLA), ("REPLY", "ACCEPTED", CARLA, ALEX)):
        lines = [x for x in calendar(world, method, said=said).split("\r\n") if not x.startswith(("DTSTART", "DTEND"))]
        text = "\r\n".join([*lines[:3], *whole, *lines[3:]])
        data = raw(world, sender, to, "Workshop", text, timedelta(minutes=1))
        world.mailbox.append(data, "Sent" if sender == ALEX else "INBOX", (), world.now)
    go_to(world, 5, 23)
    assert world.enrollments() == ()
    go_to(world, 6, 0)
    assert world.one().met_on == date(2026, 5, 5)
    go_to(world, 6, 9)
    assert len(world.drafts()) == 1


# ---- what makes it none


def test_moved_after_the_acceptance_and_not_accepted_again_waits(world: World) -> None:
    """The acceptance was for Tuesday. On Wednesday somebody may have met: the consultant is asked, and a yes goes on."""
    agreed(world)
    invites(world, starts=at(6, 14), sequence=1)
    world.round()
    go_to(world, 5, 16)
    assert world.enrollments() == ()
    go_to(world, 6, 16)
    e = world.one()
    assert (e.state, e.code, e.met_on) == (State.WAITING, "meeting", date(2026, 5, 6))
    assert (
        e.why == "you may have met Carla Cook on 2026-05-06: Carla Cook did not answer the invitation; write to them?"
    )
    go_to(world, 7, 9)
    assert world.drafts() == []
    desk.approve(world.desk(), world.one())
    go_to(world, 7, 10)
    assert len(world.drafts()) == 1


def test_moved_and_accepted_again(world: World) -> None:
    """On the day on which it took place."""
    agreed(world)
    invites(world, starts=at(6, 14), sequence=1)
    answers(world, starts=at(6, 14), sequence=1)
    world.round()
    go_to(world, 6, 16)
    assert (world.one().state, world.one().met_on) == (State.ACTIVE, date(2026, 5, 6))


def test_cancelled_before_it_began(world: World) -> None:
    """By whichever side, from a phone on the way."""
    agreed(world)
    world.now = at(5, 13)
    invites(world, CARLA, "STATUS:CANCELLED", method="CANCEL", sequence=1)
    world.round()
    go_to(world, 5, 16)
    assert why_not(world).endswith("2026-05-05: it was cancelled on 2026-05-05")


def test_cancelled_in_the_evening_after_it_waits(world: World) -> None:
    """Somebody tidies up, or nobody came: nothing is laid before the consultant says so."""
    agreed(world)
    go_to(world, 5, 16)
    assert world.one().state is State.ACTIVE
    world.now = at(5, 18)
    invites(world, CARLA, "STATUS:CANCELLED", method="CANCEL", sequence=1)
    world.round()
    assert (world.one().state, world.one().code) == (State.WAITING, "meeting")
    go_to(world, 6, 9)
    assert world.drafts() == []


def test_declined(world: World) -> None:
    """Nobody met."""
    world.round()
    invites(world)
    answers(world, CARLA, "DECLINED")
    world.round()
    go_to(world, 5, 16)
    assert "Carla Cook declined" in why_not(world)


def test_moved_into_the_future_after_it_was_over(world: World) -> None:
    """They put it off at the last minute; the message came late. It stops, and begins anew when it has taken place."""
    agreed(world)
    go_to(world, 5, 16)
    invites(world, starts=at(7, 14), sequence=1, ago=timedelta(hours=3))
    answers(world, starts=at(7, 14), sequence=1, ago=timedelta(hours=3))
    go_to(world, 5, 17)
    assert world.one().state is State.REPLIED  # their answer to it, as ever
    go_to(world, 6, 9)
    assert world.drafts() == []
    go_to(world, 7, 16)
    assert [(e.state, e.met_on) for e in world.enrollments()][-1] == (State.ACTIVE, date(2026, 5, 7))


def test_moved_by_alex_after_it_was_over(world: World) -> None:
    """Carla has not answered yet: it stops, and is asked about when the new time is over."""
    agreed(world)
    go_to(world, 5, 16)
    invites(world, starts=at(7, 14), sequence=1, ago=timedelta(hours=3))
    go_to(world, 5, 17)
    assert (world.one().state, world.one().why) == (
        State.STOPPED,
        "your meeting on 2026-05-05: it is not over before 2026-05-07",
    )
    go_to(world, 7, 16)
    assert [(e.state, e.met_on) for e in world.enrollments()][-1] == (State.WAITING, date(2026, 5, 7))


def test_who_writes_by_hand_after_it_needs_no_draft(world: World) -> None:
    """The evening after, in a mail of its own."""
    agreed(world)
    go_to(world, 5, 16)
    world.now = at(5, 18)
    world.writes(CARLA, "Good to meet you", "It was good to meet you.")
    world.round()
    assert world.one().state is State.STOPPED
    assert world.one().why == "your meeting on 2026-05-05: you wrote to them after it, on 2026-05-05"
    go_to(world, 6, 9)
    assert world.drafts() == []


def test_who_wrote_before_the_look(world: World) -> None:
    """The laptop was closed meanwhile."""
    agreed(world)
    world.now = at(5, 18)
    world.gets(CARLA, "Good to meet you", "Could you send me the slides?")
    world.round()
    assert "they wrote after it, on 2026-05-05" in why_not(world)


def test_a_client_of_years(world: World) -> None:
    """They wrote to each other long before, in a folder that nothing else looks into."""
    world.mailbox.create("Clients")
    world.gets(CARLA, "Your invoice", "Paid.", folder="Clients", ago=days(400))
    agreed(world)
    go_to(world, 5, 16)
    assert "no first contact: you wrote to each other before, on 2025-03-30" in why_not(world)


def test_mails_before_the_invitation_make_it_wait(world: World) -> None:
    """A week of finding a date, then the meeting: perhaps a first contact, perhaps not."""
    mail = world.gets(CARLA, "Your talk", "Could we meet?", ago=days(7))
    world.writes(CARLA, "Re: Your talk", "Gladly.", answers=mail, ago=days(6))
    agreed(world)
    go_to(world, 5, 16)
    e = world.of("carla@carla.example")
    assert (e.state, e.sequence) == (State.WAITING, "nice-to-meet-you")
    assert "you wrote to each other before it, on 2026-04-27" in e.why


def test_a_second_meeting_is_no_first_one(world: World) -> None:
    """The first began a draft; the second begins nothing."""
    agreed(world)
    go_to(world, 6, 9)
    (draft,) = world.drafts()
    invites(world, uid="second", starts=at(7, 14), summary="Restores")
    answers(world, uid="second", starts=at(7, 14), summary="Restores")
    go_to(world, 7, 16)
    assert len(world.enrollments()) == 1
    assert any("you met them before, on 2026-05-05" in line for line in world.events("carla@carla.example"))
    assert draft["To"] == "Carla Cook <carla@carla.example>"


def test_a_series_waits(world: World) -> None:
    """Its first instance counts, and is asked about."""
    world.round()
    invites(world, CARLA, "RRULE:FREQ=WEEKLY")
    answers(world)
    go_to(world, 5, 16)
    assert (world.one().state, world.one().met_on) == (State.WAITING, date(2026, 5, 5))
    assert "it is one of a series" in world.one().why


def test_colleagues_and_newsletters_begin_nothing(world: World) -> None:
    """Nobody from outside; a list; a webinar by a machine."""
    world.round()
    eve = "Eve <eve@consult.example>"
    world.raw_arrives(
        raw(world, eve, ALEX, "Jour fixe", calendar(world, "REQUEST", guests=(ALEX,), organizer=eve), days(0))
    )
    zoom = "Webinar <no-reply@zoom.example>"
    world.raw_arrives(
        raw(world, zoom, ALEX, "Webinar", calendar(world, "REQUEST", uid="w", guests=(ALEX,), organizer=zoom), days(0))
    )
    world.round()
    go_to(world, 5, 16)
    assert world.enrollments() == ()


def test_nobody_who_must_not_be_mailed(world: World) -> None:
    """Suppressed."""
    desk.suppress(world.desk(), "@carla.example")
    agreed(world)
    go_to(world, 5, 16)
    assert "carla@carla.example must not be mailed ('@carla.example' in suppressed.txt)" in why_not(world)


def test_nobody_who_is_followed_up_already(world: World) -> None:
    """An answer that Google alone sent does not end a chase; two at once there are none; it is told once."""
    world.writes(CARLA, ago=timedelta(hours=2))
    google = "Google Calendar <calendar-notification@google.com>"
    text = calendar(world, "REPLY", said="ACCEPTED")
    world.raw_arrives(raw(world, google, ALEX, "Accepted: Backups", text, timedelta(minutes=1)))
    world.round()
    assert world.one().sequence == "nudge"
    go_to(world, 5, 16)
    assert [e.sequence for e in world.enrollments()] == ["nudge"]
    told = [line for line in world.events("carla@carla.example") if line.startswith("not-enrolled")]
    assert told == ["not-enrolled: carla@carla.example is in 'nudge' already"]


def test_who_was_met_by_hand_is_not_met_again(world: World) -> None:
    """Enrolled from the card that she gave."""
    agreed(world)
    sequence = world.office.templates.library.sequences["nice-to-meet-you"]
    enrolling.enroll(world.desk(), Contact("carla@carla.example", "Carla Cook", date(2026, 5, 4)), sequence)
    go_to(world, 5, 8)
    go_to(world, 5, 16)
    assert len(world.enrollments()) == 1
    assert any("they were in 'nice-to-meet-you' before" in line for line in world.events("carla@carla.example"))


def test_a_sequence_may_ask_for_a_title(world: World, tmp_path: Path) -> None:
    """Subject-Has looks at the meeting's; none that fits is told."""
    met = tmp_path / "templates" / "fair"
    met.mkdir(parents=True)
    (met / "sequence.txt").write_text("Trigger: met\nSubject-Has: restores\n")
    (met / "1-hello.txt").write_text("After: 1 business day\nSubject: Hello\n\nGood to meet you.\n")
    world.templates = tmp_path / "templates"
    agreed(world)
    go_to(world, 5, 16)
    assert why_not(world).endswith("no sequence with 'Trigger: met' fits")


def test_a_template_that_does_not_load_is_waited_for(world: World, tmp_path: Path) -> None:
    """It might have been meant: the meeting is judged when it is mended."""
    text = "After: 1 business day\nSubject: Hello\n\nGood to meet you.\n"
    for name, title in (("fair", "restores"), ("other", "backups")):
        folder = tmp_path / "templates" / name
        folder.mkdir(parents=True)
        (folder / "sequence.txt").write_text(f"Trigger: met\nSubject-Has: {title}\n")
        (folder / "1-hello.txt").write_text(text if name == "fair" else "After: soon\n\nHello.\n")
    world.templates = tmp_path / "templates"
    agreed(world)
    go_to(world, 5, 16)
    assert world.enrollments() == ()
    (tmp_path / "templates" / "other" / "1-hello.txt").write_text(text)
    go_to(world, 5, 17)
    assert world.one().sequence == "other"


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(world: World) -> None:
    """Garbage in a calendar part says nothing, and holds nothing up."""
    world.round()
    for text in ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "\x00" * 2000, "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:\r\n"):
        world.raw_arrives(raw(world, BOB, ALEX, "Invitation", text, timedelta(minutes=1)))
    agreed(world)
    go_to(world, 5, 16)
    assert world.one().address == "carla@carla.example"


# ---- modes


def test_in_mode_send_a_meeting_waits_for_a_yes(sending: Sending, smtpd: Smtpd) -> None:
    """The default of DETECT."""
    world = sending()
    agreed(world)
    go_to(world, 5, 16)
    go_to(world, 6, 9)
    assert smtpd.delivered == []
    assert world.one().state is State.WAITING
    assert world.one().why == "you met them; write to them?"
    desk.approve(world.desk(), world.one())
    go_to(world, 6, 10)
    assert [m.recipients for m in smtpd.delivered] == [("carla@carla.example",)]


def test_in_mode_send_with_enroll_it_leaves(sending: Sending, smtpd: Smtpd) -> None:
    """On the next business day, at the window's opening."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    agreed(world)
    go_to(world, 5, 16)
    world.now = at(6, 8)
    world.round()
    assert smtpd.delivered == []
    world.now = at(6, 8) + timedelta(minutes=31)
    world.round()
    assert [m.recipients for m in smtpd.delivered] == [("carla@carla.example",)]


def test_a_meeting_before_the_first_run_never_leaves_without_a_yes(sending: Sending, smtpd: Smtpd) -> None:
    """Whatever DETECT says."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    invites(world, starts=at(1, 14), ago=days(6))
    answers(world, starts=at(1, 14), ago=days(5))
    world.round()
    world.round()
    assert smtpd.delivered == []
    assert (world.one().state, world.one().code) == (State.WAITING, "first-run")


def test_off_detects_nothing(world: World) -> None:
    """And asks nothing."""
    world.reopen(FOLLOWMAIL_DETECT="off")
    agreed(world)
    world.mailbox.record()
    go_to(world, 5, 16)
    assert world.enrollments() == ()
    assert not any("BODYSTRUCTURE" in line for line in world.mailbox.said())


# ---- what is lost, and what it costs


def test_a_lost_database_writes_to_nobody_twice(sending: Sending, smtpd: Smtpd) -> None:
    """What left stands in Sent."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    agreed(world)
    go_to(world, 5, 16)
    go_to(world, 6, 9)
    assert len(smtpd.delivered) == 1
    world.close()
    (world.home / "followmail.db").unlink()
    for hour in (10, 11):
        go_to(world, 6, hour)
    go_to(world, 8, 9)
    assert len(smtpd.delivered) == 1
    assert not [e for e in world.enrollments() if e.state is State.ACTIVE]


def test_a_lost_database_with_an_open_draft_lays_no_second_one(world: World) -> None:
    """The draft lies where it lay."""
    agreed(world)
    go_to(world, 6, 9)
    assert len(world.drafts()) == 1
    world.close()
    (world.home / "followmail.db").unlink()
    go_to(world, 6, 10)
    go_to(world, 6, 11)
    assert addresses(world.drafts()) == ["Carla Cook <carla@carla.example>"]


def test_the_cost_grows_with_new_mail_only(world: World) -> None:
    """One FETCH of structures a folder with new mail, the calendar part alone, and nothing in the cycles after."""
    world.round()
    for number in range(30):
        world.gets(BOB, f"Number {number}", "Hello.")
    world.round()
    world.mailbox.record()
    invites(world)
    answers(world)
    world.round()
    said = world.mailbox.said()
    assert sum("BODYSTRUCTURE" in line for line in said) == 2
    assert sum("BODY.PEEK[1.2]" in line for line in said) == 2
    world.round()
    world.round()
    assert sum("BODYSTRUCTURE" in line for line in world.mailbox.said()) == 2


def test_an_invitation_that_was_filed_away_is_found(world: World) -> None:
    """One round with a folder that cannot be read, then the mail lies elsewhere."""
    world.mailbox.create("Clients")
    world.mailbox.create("Broken")
    world.round()
    answers(world)
    world.mailbox.make_unreadable("Broken")
    world.round()
    (data,) = world.mailbox.raw("INBOX")
    world.mailbox.expunge("INBOX", world.mailbox.uids("INBOX"))
    world.mailbox.append(data, "Clients", (), world.now)
    world.mailbox.make_readable("Broken")
    world.round()
    go_to(world, 5, 16)
    assert world.one().state is State.ACTIVE


def test_what_the_acceptance_does_to_a_chase_is_as_before(world: World) -> None:
    """A proposal, then an accepted call: answered. The meeting that follows is asked about, and not nudged."""
    world.writes(CARLA, ago=days(2))
    world.round()
    assert world.of("carla@carla.example").sequence == "nudge"
    invites(world)
    answers(world)
    world.round()
    assert world.of("carla@carla.example").state is State.REPLIED
    go_to(world, 5, 16)
    e = world.of("carla@carla.example")
    assert (e.sequence, e.state) == ("nice-to-meet-you", State.WAITING)


@pytest.mark.parametrize("said", ["TENTATIVE", "NEEDS-ACTION"])
def test_who_did_not_accept_may_not_have_come(world: World, said: str) -> None:
    """The consultant knows."""
    world.round()
    invites(world)
    answers(world, CARLA, said)
    go_to(world, 5, 16)
    assert (world.one().state, world.one().code) == (State.WAITING, "meeting")
