"""An answer is his however it comes: through Alex's own group, from another spelling of his address, with a mark on its
subject, passed on by a colleague, under an id that was used before, or sent for him by a calendar."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.jobs.shapes import calendar, fresh, mail
from tests.servers.smtp import Smtpd
from tests.world import BOB, Mail, World, days

GROUP = {"List_Id": "<sales.consult.example>", "List_Post": "<mailto:sales@consult.example>", "Precedence": "list"}
SAYS_YES = "Good, we take it. Please begin on Monday.\n\nBob"


def proposes(world: World, to: str = BOB, **more: str) -> Mail:
    """Alex proposes on Monday, and is in no doubt on Tuesday."""
    world.round()
    world.now += timedelta(minutes=5)
    proposal = world.writes(to, **more)
    world.round()
    assert world.one().state == "active"
    world.days_pass(1)
    return proposal


def arrives(world: World, raw: bytes, proposal: Mail, folder: str = "INBOX") -> None:
    now = format_datetime(world.now - timedelta(minutes=1)).encode()
    world.raw_arrives(raw.replace(b"@DATE@", now).replace(b"@ID@", proposal.id.encode()), folder)


def state(world: World) -> str:
    world.round()
    return str(world.one().state)


# ---- through Alex's own group


def test_an_answer_to_all_comes_through_the_group_in_cc(world: World) -> None:
    """The list only carried it."""
    proposal = proposes(world)
    arrives(world, mail(SAYS_YES, Cc="sales@consult.example", **GROUP), proposal)
    assert state(world) == "replied"


def test_the_groups_copy_takes_nothing_from_the_direct_one(world: World) -> None:
    """Though it is read from another folder, and later."""
    proposal = proposes(world)
    raw = mail(SAYS_YES, thread=False, Subject="Your mail", Cc="sales@consult.example")
    listed = raw.replace(b"MIME-Version", b"List-Id: <sales.consult.example>\r\nPrecedence: list\r\nMIME-Version")
    arrives(world, raw, proposal)
    arrives(world, listed, proposal, "Lists")
    assert state(world) == "waiting"
    known = world.office.store.conversations.find("answer.1@bob.example")
    assert known is not None and known.place is not None and known.place.folder == "INBOX"


def test_a_group_that_writes_its_own_address_into_from(world: World) -> None:
    """As Google Groups does for senders whose domain forbids others to send for it."""
    world.reopen(FOLLOWMAIL_ALIASES="sales@consult.example")
    proposal = proposes(world)
    rewritten = {"From": "'Bob Builder' via Sales <sales@consult.example>", "Reply_To": BOB, "X_Original_From": BOB}
    arrives(world, mail(SAYS_YES, To="sales@consult.example", **rewritten, **GROUP), proposal)
    assert state(world) == "replied"


# ---- one person, spelled in two ways


@pytest.mark.parametrize(
    ("to", "sender"),
    [
        ("Bob <bob.b@gmail.com>", "Bob <bobb@googlemail.com>"),
        ("Bob <bob+alex@bob.example>", "Bob <bob@bob.example>"),
        ("Bob <bob@xn--bb-fka.example>", "Bob <bob@böb.example>"),
        (BOB, "Bob @ Builders <bob@bob.example>"),
        (BOB, "Ida <ida@office.example>, Bob <bob@bob.example>"),
    ],
)
def test_who_asks_to_be_left_alone_is_known_however_spelled(world: World, to: str, sender: str) -> None:
    """In a mail that refers to nothing; neither spelling is mailed again."""
    proposal = proposes(world, to)
    arrives(world, fresh("Please stop writing to me.", From=sender, Subject="Enough"), proposal)
    assert state(world) == "unsubscribed"
    assert world.office.store.suppressions.matching(world.one().address)


def test_one_person_is_chased_once_however_spelled(world: World) -> None:
    """Alex wrote to two spellings of one address."""
    proposes(world, "Bob <bob.b@gmail.com>")
    world.writes("Bob <bobb@googlemail.com>", "Another matter")
    world.round()
    assert [e.address for e in world.enrollments()] == ["bob.b@gmail.com"]


# ---- by its subject


@pytest.mark.parametrize("subject", ["[External Email] Re: Proposal", "Ответ: Proposal", "Re: Proposal [Ticket 12345]"])
def test_an_answer_from_elsewhere_with_a_mark_on_its_subject(world: World, subject: str) -> None:
    """From his private address, without a reference."""
    proposes(world)
    world.gets("Bob Builder <bob.private@gmail.com>", subject, "Yes.")
    assert state(world) == "waiting"


@pytest.mark.parametrize("refers", [{}, {"In_Reply_To": "<his@bob.example>", "References": "<his@bob.example>"}])
def test_a_colleague_passes_his_answer_on(world: World, refers: dict[str, str]) -> None:
    """It went to the colleague alone, so that Alex's mailbox knows nothing to which it refers."""
    proposes(world)
    world.gets("Pat <pat@consult.example>", "FW: Proposal", "fyi, he said yes", **refers)
    assert state(world) == "waiting"


def test_alex_who_writes_to_himself_is_no_answer(world: World) -> None:
    """With the same subject, from an own address."""
    proposes(world)
    world.gets("Alex <alex@consult.example>", "FW: Proposal", "remember to call him")
    assert state(world) == "active"


# ---- others


def test_a_second_mail_under_the_id_of_his_first(world: World) -> None:
    """His program gives one id to all his mails."""
    world.gets(BOB, "Question", "Do you do backups?", Message_ID="<1@bob.example>", ago=days(3))
    proposal = proposes(world)
    arrives(world, mail(SAYS_YES, Message_ID="<1@bob.example>"), proposal)
    assert state(world) == "replied"


def test_somebody_in_cc_who_asks_elsewhere_to_be_left_alone(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """She is never mailed again, and to Bob it goes on only after a yes."""
    world = sending()
    proposes(world, "Bob <bob.b@gmail.com>", Cc="Carla <carla.c@gmail.com>", Bcc="alex+nudge@consult.example")
    world.gets("Carla <carlac@gmail.com>", "Your offer", "We are not interested. Please stop writing to me.")
    assert state(world) == "waiting"
    assert world.one().dropped == {"carla.c@gmail.com"}
    assert world.office.store.suppressions.matching("carla.c@gmail.com")
    assert not world.office.store.suppressions.matching("bob.b@gmail.com")
    assert smtpd.delivered == []


@pytest.mark.parametrize("reply_to", ["bob@bob.example", None])
def test_an_acceptance_that_a_calendar_sent_for_him(world: World, reply_to: str | None) -> None:
    """From the service's address; his stands in Reply-To, or in the calendar alone."""
    proposal = proposes(world)
    service = "Bob Builder (Google Calendar) <calendar-notification@google.com>"
    arrives(world, calendar("REPLY", "ACCEPTED", From=service, Reply_To=reply_to), proposal)
    assert state(world) == "replied"
