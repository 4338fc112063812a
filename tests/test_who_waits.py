"""Who waits for the consultant: a table of mailboxes, read by the real code on a real server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from followmail import desk, telling
from followmail.agenda import agenda
from followmail.sequence.agenda import Item, What
from tests.world import ALEX, ANN, BOB, CARLA, Mail, World, days

COLLEAGUE = "Cora Colleague <cora@consult.example>"
ASKS = "Hello Alex,\n\ncould you look after our backups from June on?\n\nBest regards\nBob"
TELLS = "Hello Alex,\n\nthe delivery came on Friday and two of the disks are broken.\n\nBest regards\nBob"
ALIASES = "alex@old.example"


def move(world: World, mail: Mail, folder: str) -> None:
    """The consultant, or a rule, moves a mail."""
    world.mailbox.append(mail.raw, folder, (), world.now)
    world.mailbox.expunge(mail.folder, [mail.uid])


def waiting(world: World) -> list[Item]:
    return [i for i in agenda(world.office.cycle(world.now), None).items if i.what is What.WAITS_FOR_YOU]


def asks(
    world: World, sender: str = BOB, text: str = ASKS, ago: timedelta | None = None, to: str = ALEX,
    folder: str = "INBOX", **headers: str,
) -> Mail:  # fmt: skip
    return world.gets(sender, "Backups", text, ago=ago, answers=None, folder=folder, to=to, **headers)


# ---- the table: what happens, and who waits a business day later


@dataclass(frozen=True)
class Case:
    name: str
    happens: Callable[[World], object]
    waits: set[str]
    later: Callable[[World], object] = lambda world: None  # on the next day, before the look


BOBS, CARLAS = "bob@bob.example", "carla@carla.example"


def answered(world: World, folder: str = "Sent") -> None:
    mail = asks(world, ago=timedelta(hours=2))
    world.writes(BOB, "Re: Backups", "Yes, gladly.", answers=mail, folder=folder)


def answered_anew(world: World) -> None:
    asks(world, ago=timedelta(hours=2))
    world.writes(BOB, "Your backups", "I will come on Monday.")


def answered_in_cc(world: World) -> None:
    asks(world, ago=timedelta(hours=2))
    world.writes(CARLA, "Bob's backups", "Would you help Bob?", Cc=BOB)


def wrote_before(world: World) -> None:
    world.writes(BOB, "Earlier", "Here are the documents.", ago=days(1))
    asks(world)


def with_a_fast_clock(world: World) -> None:
    mail = asks(world, ago=timedelta(hours=-20))
    world.now += timedelta(minutes=30)
    world.writes(BOB, "Re: Backups", "Yes, gladly.", answers=mail)


def in_a_known_conversation(world: World) -> None:
    mine = world.writes(f"{CARLA}, {BOB}", "Plan", "Here is the plan.", ago=days(1))
    world.gets(BOB, "Re: Plan", ASKS, answers=mine, to=CARLA, Cc=ALEX)


def aside(until: timedelta | None) -> Callable[[World], None]:
    def act(world: World) -> None:
        mail = asks(world)
        desk.put_aside(world.desk(), mail.id.strip("<>"), world.now + until if until else None)

    return act


def aside_then_again(world: World) -> None:
    old = asks(world, ago=timedelta(hours=5))
    desk.put_aside(world.desk(), old.id.strip("<>"), None)
    world.gets(BOB, "Backups again", ASKS)


def calendar_answer(world: World) -> None:
    world.raw_arrives(
        f"From: {BOB}\r\nTo: {ALEX}\r\nSubject: Accepted: Meeting\r\nMessage-ID: <c1@bob.example>\r\n"
        "Date: Mon, 04 May 2026 09:59:00 +0200\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n"
        "BEGIN:VEVENT\r\nUID:1\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@bob.example\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n".encode()
    )


def moved(folder: str) -> Callable[[World], None]:
    return lambda world: move(world, world.gets(BOB, "Backups", ASKS), folder)


def moved_later(folder: str) -> Callable[[World], None]:
    def act(world: World) -> None:
        (raw,) = world.mailbox.raw("INBOX")
        world.mailbox.append(raw, folder, (), world.now)
        world.mailbox.expunge("INBOX", world.mailbox.uids("INBOX"))

    return act


NO_ONE: set[str] = set()
TABLE = [
    Case("a question", asks, {BOBS}),
    Case("a statement", lambda w: asks(w, text=TELLS), {BOBS}),
    Case("a request without a mark", lambda w: asks(w, text="Please send me the contract."), {BOBS}),
    Case("to an alias", lambda w: asks(w, to=ALIASES), {BOBS}),
    Case("to a plus address", lambda w: asks(w, to="alex+web@consult.example"), {BOBS}),
    Case("from a shared address", lambda w: asks(w, "Bob's shop <info@bob.example>"), {"info@bob.example"}),
    Case("from Junk", lambda w: asks(w, folder="Junk"), NO_ONE),
    Case("moved to Trash at once", moved("Trash"), NO_ONE),
    Case("moved to Trash after a look", asks, NO_ONE, moved_later("Trash")),
    Case("moved to Junk after a look", asks, NO_ONE, moved_later("Junk")),
    Case("filed in the archive", asks, {BOBS}, moved_later("Archive")),
    Case("a copy for the consultant, a colleague addressed", lambda w: asks(w, to=COLLEAGUE, Cc=ALEX), NO_ONE),
    Case("a copy of a stranger's conversation", lambda w: asks(w, to=BOB.replace("bob@", "bill@"), Cc=ALEX), NO_ONE),
    Case("a copy in a conversation of the consultant's", in_a_known_conversation, {BOBS}),
    Case("answered", answered, NO_ONE),
    Case("answered, the copy filed in another folder", lambda w: answered(w, "Projects"), NO_ONE),
    Case("answered by a new mail", answered_anew, NO_ONE),
    Case("answered by a copy of another mail", answered_in_cc, NO_ONE),
    Case("answered, though the author's clock is fast", with_a_fast_clock, NO_ONE),
    Case("written to before, not since", wrote_before, {BOBS}),
    Case("from a colleague", lambda w: asks(w, COLLEAGUE), NO_ONE),
    Case("from oneself", lambda w: asks(w, ALEX), NO_ONE),
    Case("a newsletter", lambda w: asks(w, List_Id="<news.bob.example>"), NO_ONE),
    Case("from a machine's address", lambda w: asks(w, "Shop <no-reply@bob.example>"), NO_ONE),
    Case("an invoice", lambda w: asks(w, "Billing <billing@bob.example>"), NO_ONE),
    Case("an automatic answer", lambda w: asks(w, Auto_Submitted="auto-replied"), NO_ONE),
    Case("an absence", lambda w: w.gets(BOB, "Out of office", "I am out of office until 20 May."), NO_ONE),
    Case("a calendar answer", calendar_answer, NO_ONE),
    Case("a bounce", lambda w: asks(w, "Mail <mailer-daemon@bob.example>", Return_Path="<>"), NO_ONE),
    Case("a bare thank-you", lambda w: asks(w, text="Thanks!"), NO_ONE),
    Case("a bare thank-you in German", lambda w: asks(w, text="Danke, passt so."), NO_ONE),
    Case("an appointment confirmed", lambda w: asks(w, text="Perfect, thanks. See you on Thursday!"), NO_ONE),
    Case("a thank-you above a question", lambda w: asks(w, text="Thanks!\n\n> Could you tell me more?"), NO_ONE),
    Case("put off", lambda w: asks(w, text="I will get back to you next week."), NO_ONE),
    Case("wants no more mail", lambda w: asks(w, text="Please remove me from your list."), NO_ONE),
    Case("a no", lambda w: asks(w, text="No thanks, we are not interested."), {BOBS}),
    Case("older than the time looked back on", lambda w: asks(w, ago=days(20)), NO_ONE),
    Case("done elsewhere", aside(None), NO_ONE),
    Case("put aside for long", aside(days(30)), NO_ONE),
    Case("put aside until yesterday", aside(timedelta(hours=3)), {BOBS}),
    Case("done elsewhere, and written again", aside_then_again, {BOBS}),
    Case("two people", lambda w: (asks(w), asks(w, CARLA)), {BOBS, CARLAS}),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name.replace(" ", "_"))
def test_who_waits(world: World, case: Case) -> None:
    """A business day after it came."""
    for folder in ("Projects", "Archive"):
        if folder not in world.mailbox.folders():
            world.mailbox.create(folder)
    world.reopen(FOLLOWMAIL_ALIASES=ALIASES)
    case.happens(world)
    world.round()
    world.days_pass(1, hour=13)
    case.later(world)
    world.round()
    assert {item.address for item in waiting(world)} == case.waits


# ---- what is said of them


def test_nobody_waits_before_a_business_day(world: World) -> None:
    """Friday's mail waits from Monday's same hour on; the weekend is none."""
    world.days_pass(4, hour=15)
    asks(world)
    world.round()
    world.now += days(2)
    assert waiting(world) == []
    world.now += timedelta(hours=23, minutes=58)
    assert waiting(world) == []
    world.now += timedelta(minutes=2)
    assert [item.address for item in waiting(world)] == [BOBS]


def test_two_mails_of_one_person_are_one_line(world: World) -> None:
    """Since the first of them, with the question of the latest that asks one."""
    asks(world, ago=days(1))
    world.gets(BOB, "One more thing", TELLS, to=ALIASES)
    world.reopen(FOLLOWMAIL_ALIASES=ALIASES)
    world.days_pass(1, hour=13)
    world.round()
    (item,) = waiting(world)
    assert item.text == "Bob Builder wrote about 'One more thing' on Sun 3 May (2 mails) and has no answer"
    assert item.asked == "could you look after our backups from June on?"


def test_a_question_stands_before_a_first_mail_and_a_no_comes_last(world: World) -> None:
    """The words say why: what they want, how long ago, how much was written before."""
    old = world.gets(ANN, "Old", TELLS, ago=days(13))
    world.writes(ANN, "Re: Old", "Done.", answers=old, ago=days(12))
    world.gets(ANN, "New", TELLS)
    asks(world, text="No thanks, we are not interested.")
    asks(world, CARLA)
    world.gets("Dan <dan@dan.example>", "Hello", "Ann gave me your name. We run a bakery.")
    world.round()
    world.days_pass(1, hour=13)
    assert [(item.address, item.first) for item in waiting(world)] == [
        (CARLAS, "asked you something, 1 business day ago; their first mail to you"),
        ("dan@dan.example", "their first mail to you, 1 business day ago; somebody sent them to you"),
        ("ann@ann.example", "2 mails between you before"),
        (BOBS, "said no; a thank-you would do, 1 business day ago"),
    ]


def test_a_person_known_for_years_writes_no_first_mail(world: World) -> None:
    """The server is asked once, beyond what the store read."""
    asks(world, text=TELLS, ago=days(300))
    asks(world, text=TELLS)
    world.round()
    world.days_pass(1, hour=13)
    (item,) = waiting(world)
    assert "first mail" not in item.first


def test_each_body_is_fetched_once_and_only_where_a_person_wrote(world: World) -> None:
    """The cost is that of new mail: neither machines nor later looks fetch anything."""
    for number in range(5):
        asks(world, f"P{number} <p{number}@x{number}.example>")
        asks(world, "Shop <no-reply@bob.example>")
        asks(world, List_Id="<news.bob.example>")
    world.mailbox.record()
    world.round()
    first = fetched(world)
    world.round()
    asks(world)
    world.round()
    assert (first, fetched(world)) == (5, 6)


def fetched(world: World) -> int:
    """Bodies, of which a FETCH may name several."""
    asked = (line.split() for line in world.mailbox.said() if "BODY.PEEK[]<0" in line.upper())
    ranges = (one.split(":") for words in asked for one in words[3].split(","))
    return sum(int(ends[-1]) - int(ends[0]) + 1 for ends in ranges)


def test_many_new_mails_are_read_over_several_looks(world: World) -> None:
    """Thirty bodies a look, no more; none is forgotten."""
    for number in range(35):
        asks(world, f"P{number} <p{number}@x{number}.example>")
    world.round()
    world.days_pass(1, hour=13)
    assert len(waiting(world)) == 30
    world.round()
    assert len(waiting(world)) == 35


def test_status_tells_who_waits(world: World) -> None:
    """The newest keys stand beside the old ones; no server is asked."""
    asks(world)
    world.round()
    world.days_pass(1, hour=13)
    told = telling.status(world.office.cycle(world.now), 300)
    (row,) = told["waits_for_you"]
    assert (row["address"], row["asked"]) == (BOBS, "could you look after our backups from June on?")
    assert told["calls"] == []


# ---- introductions


FRED = "Fred Fish <fred@fish.example>"
INTRO = "Hello Alex,\n\nmeet Fred, who needs somebody for his backups.\n\nBest\nAnn"


def introduced(world: World) -> list[Item]:
    return [i for i in agenda(world.office.cycle(world.now), None).items if i.what is What.INTRODUCED]


@pytest.mark.parametrize(
    ("text", "copy", "who"),
    [
        (INTRO, FRED, ["fred@fish.example"]),
        ("I would like to introduce you to each other.", FRED, ["fred@fish.example"]),
        (INTRO, f"{FRED}, Flo <flo@fish.example>", ["fred@fish.example"]),
        (INTRO, "Fred <fred@ann.example>", []),  # of her own company
        (INTRO, f"{FRED}, A <a@a.example>, B <b@b.example>", []),  # a crowd
        ("Please send the invoice to Fred as well.", FRED, []),
        ("I introduced the new tariff yesterday.", FRED, []),
    ],
)
def test_introductions(world: World, text: str, copy: str, who: list[str]) -> None:
    """At once, without waiting a day; only of one or two people of other companies."""
    world.gets(ANN, "Introduction", text, Cc=copy)
    world.round()
    assert [item.address for item in introduced(world)] == who


def test_an_introduction_in_the_subject_alone(world: World) -> None:
    """With no more than a greeting below."""
    world.gets(ANN, "Fred, meet Alex", "You two should talk.\n\nAnn", Cc=FRED)
    world.round()
    assert [item.address for item in introduced(world)] == ["fred@fish.example"]


def test_all_parts_tell_the_same_age_and_acquaintance(world: World) -> None:
    """Counted from their mail, whatever step is due since when."""
    world.round()
    world.now += timedelta(minutes=10)
    world.writes(BOB, Bcc="alex+nudge@consult.example")
    world.round()
    world.days_pass(4, hour=11)
    world.round()
    world.now += timedelta(minutes=10)
    asks(world)  # elsewhere: the chase waits for a yes
    world.round()
    world.days_pass(3, hour=13)
    world.round()
    items = agenda(world.office.cycle(world.now), None).items
    said = {item.what: item.first for item in items if item.address == BOBS and item.first}
    assert said[What.WAITING] == "asked you something, 3 business days ago; their first mail to you; you marked it"
    assert said[What.WAITS_FOR_YOU] == "asked you something, 3 business days ago; their first mail to you"


def test_an_introduction_is_over_when_they_were_written_to(world: World) -> None:
    """An answer to the introducer alone is none."""
    mail = world.gets(ANN, "Backups", INTRO, Cc=FRED)
    world.round()
    world.writes(ANN, "Re: Backups", "Thank you!", answers=mail)
    world.round()
    (item,) = introduced(world)
    assert item.text.startswith(
        "Ann Archer introduced Fred Fish (fred@fish.example) on Mon 4 May; you have not written"
    )
    world.now += timedelta(hours=1)
    world.writes(FRED, "Backups", "Hello Fred, shall we talk?")
    world.round()
    assert introduced(world) == []


def test_who_is_known_already_is_not_introduced(world: World) -> None:
    """Somebody with whom the consultant writes anyway stands in copy."""
    world.writes(FRED, "Earlier", "Hello Fred.", ago=days(3))
    world.gets(ANN, "Backups", INTRO, Cc=FRED)
    world.round()
    assert introduced(world) == []


def test_an_introduction_put_aside_hides_nothing_else(world: World) -> None:
    """It is about somebody else than its author."""
    world.gets(ANN, "Question", ASKS, ago=timedelta(hours=1))
    mail = world.gets(ANN, "Backups", INTRO, Cc=FRED)
    world.round()
    desk.put_aside(world.desk(), mail.id.strip("<>"), None)
    world.days_pass(1, hour=13)
    assert introduced(world) == []
    assert [item.address for item in waiting(world)] == ["ann@ann.example"]
