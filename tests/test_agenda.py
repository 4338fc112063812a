"""What there is to say: each kind of item from a mailbox where it came about, and each end told once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followmail import desk, telling
from followmail.agenda import agenda
from followmail.agenda.history import TELLERS
from followmail.jobs import digest, facts
from followmail.rendering import shipped
from followmail.sequence.agenda import MOST_SHOWN, Agenda, Item, What, day
from followmail.sequence.happened import Happened
from followmail.sequence.steps import State, Status
from tests.world import ALEX, ANN, BOB, CARLA, Mail, World, days

BOBS, ANNS = "bob@bob.example", "ann@ann.example"
CALLS = {
    "1-phone.txt": "After: 1 business day\nChannel: call\nSubject: A call\n\nAsk whether the proposal came.\n",
    "2-mail.txt": "After: 5 business days\nSubject: Your backups\n\n{{ greeting }}\n\nDid it come?\n\n{{ signature }}\n",
}


@pytest.fixture(autouse=True)
def _by_hand(world: World) -> Iterator[None]:
    """Digests are made when the test says so."""
    world.reopen(FOLLOWMAIL_DIGEST="off")
    yield


def read(world: World) -> Agenda:
    """What a digest made now would say."""
    c = world.office.cycle(world.now)
    return agenda(c, c.store.digests.last_daily())


def make(world: World) -> Agenda:
    """Make a digest, as a round does."""
    said = read(world)
    digest.now(world.office.cycle(world.now), said)
    return said


def texts(said: Agenda, what: What) -> list[str]:
    return [item.text for item in said.of(what)]


def one(said: Agenda, what: What) -> Item:
    (item,) = said.of(what)
    return item


def begin(world: World) -> None:
    """The first run was some minutes ago: what is marked from here on is a yes."""
    if world.office.store.facts.moment("first_run") is None:
        world.round()
        world.now += timedelta(minutes=10)


def chase(world: World, to: str = BOB, subject: str = "Proposal") -> Mail:
    """Alex wrote; the sequence runs, no step is due yet."""
    begin(world)
    mail = world.writes(to, subject)
    world.round()
    return mail


def drafted(world: World, to: str = BOB) -> Mail:
    """Four business days later the nudge lies in Drafts."""
    mail = chase(world, to)
    world.days_pass(4, hour=11)
    world.round()
    return mail


def with_sequences(world: World, files: dict[str, str], name: str = "chase") -> None:
    """The shipped templates with one sequence more."""
    folder = world.home / "templates"
    for path in shipped().rglob("*.txt"):
        target = folder / path.relative_to(shipped())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text())
    write(folder / name, files)
    world.templates = folder
    world.reopen()


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


# ---- what stands


def test_nothing_to_say(world: World) -> None:
    """Silence has a verdict too."""
    world.round()
    assert read(world) == Agenda("Nothing needs you.", (), through=1)


def test_a_problem_stands_first(world: World) -> None:
    """The verdict begins with it; a mail that cannot be written is one."""
    drafted(world)
    with_sequences(world, {"1-x.txt": "After: whenever\n\nHello\n"}, "broken")
    world.office.store.facts.set_text("look_fault", "could not be read: Projects")
    said = read(world)
    assert said.items[0].what is What.PROBLEM
    assert said.verdict.startswith("2 problems, 1 draft waits")
    assert [text for text in texts(said, What.PROBLEM) if "broken/1-x.txt" in text]


def test_a_mail_in_doubt_is_told_by_itself(world: World) -> None:
    """Also when its enrollment ended since; it waits for no other yes."""
    drafted(world)
    store = world.office.store
    (delivery,) = store.outbox.parcels(Status.DRAFTED)
    store.outbox.move(delivery.delivery.id, (Status.DRAFTED,), Status.UNCERTAIN, world.now, left=world.now)
    said = read(world)
    assert texts(said, What.UNCERTAIN) == [
        "Bob Builder: nudge 1 may or may not have left: ok sends it again, skip counts it as left"
    ]
    assert not said.of(What.WAITING)
    desk.stop(world.desk(), world.one())
    assert len(read(world).of(What.UNCERTAIN)) == 1


def test_a_draft_says_since_when(world: World) -> None:
    """With the enrollment as it stands, for the orders."""
    drafted(world)
    item = one(read(world), What.DRAFT)
    assert item.text == "Bob Builder: nudge 1 is in your drafts since Fri 8 May"
    assert (item.enrollment, item.address, item.state) == (1, BOBS, "active")
    assert read(world).verdict == "1 draft waits"


def test_an_edited_draft_whose_person_answered_is_told(world: World) -> None:
    """It stays in Drafts, and the person is not waiting for it."""
    mail = drafted(world)
    (uid,) = world.mailbox.uids("Drafts")
    (raw,) = world.mailbox.raw("Drafts")
    world.mailbox.append(
        raw.replace(b"\r\n\r\n", b"\r\n\r\nPS: one thing more.\r\n\r\n", 1), "Drafts", ("\\Draft",), world.now
    )
    world.mailbox.expunge("Drafts", [uid])
    world.round()
    world.gets(BOB, "Re: Proposal", "Yes, let us do that.", answers=mail)
    world.round()
    world.round()
    assert not read(world).of(What.SAID)
    assert one(read(world), What.DRAFT).text == (
        "Bob Builder: nudge 1 is in your drafts since Fri 8 May, and you edited it; but Bob Builder answered on 8 May."
        " Delete it, or send it if it still fits"
    )
    (row,) = telling.status(world.office.cycle(world.now), 300)["drafts"]
    assert (row["address"], row["step"], row["due"]) == (BOBS, 1, None)
    assert "Bob Builder answered" in row["why"]
    assert "stays in Drafts: delete it yourself" in desk.skip(world.desk(), world.one())


def test_what_waits_for_a_yes_says_for_what(world: World) -> None:
    """Its code goes with it: an order about another question does nothing."""
    chase(world)
    world.gets(BOB, "Invoice 7", "Where is invoice 7?")
    world.round()
    item = one(read(world), What.WAITING)
    assert item.text == "Bob Builder wrote about 'Invoice 7' on 4 May; still follow up? (nudge 1)"
    assert (item.state, item.code, item.enrollment) == ("waiting", "answer", 1)


def test_a_call_is_told_on_its_day(world: World) -> None:
    """From the morning on, with the hour; it goes out nowhere."""
    with_sequences(world, CALLS)
    begin(world)
    world.writes(BOB, Bcc="alex+chase@consult.example")
    world.round()
    assert not read(world).of(What.CALL)
    world.days_pass(1, hour=8)
    world.round()
    said = read(world)
    assert one(said, What.CALL).text == (
        "Call Bob Builder: no number found in their mails (chase 1, due today at 10:09). To say: Ask whether the proposal came."
    )
    assert said.verdict == "1 call"
    world.days_pass(1, hour=12)
    world.round()
    assert one(read(world), What.CALL).text.endswith(
        "(chase 1, due since Tue 5 May). To say: Ask whether the proposal came."
    )
    told = telling.status(world.office.cycle(world.now), 300)
    assert [row["say"] for row in told["calls"]] == ["Ask whether the proposal came."]
    assert told["next"] == []  # it stands there once
    explained = telling.explain(world.office.cycle(world.now), BOBS)
    assert explained is not None
    assert explained["next"]["say"] == "Ask whether the proposal came."
    assert "Ask whether the proposal came." in world.command("explain", BOBS)
    assert desk.called(world.desk(), world.one()) == f"{BOBS}: step 1, the call, is done"
    assert world.plan()[0]["why"] == "5 business days after the call, no answer since"


def test_what_goes_today_is_told_in_the_morning(world: World) -> None:
    """As what it becomes; what is due later is not, nor what a paused account would send."""
    chase(world)
    assert not read(world).of(What.TODAY)
    world.days_pass(4, hour=8)
    world.round()
    said = read(world)
    assert one(said, What.TODAY).text == (
        "Bob Builder: nudge 1 will be laid as a draft today at 10:09; 4 business days after your mail of 4 May, no answer since"
    )
    assert said.verdict == "Nothing needs you; 1 draft comes today."
    desk.pause(world.desk(), world.now + days(3))
    said = read(world)
    assert not said.of(What.TODAY)
    assert said.verdict.startswith("Everything is paused until Mon 11 May. Nothing needs you")


def test_no_more_goes_today_than_a_day_allows(world: World) -> None:
    """The limit, and one a day to a company, count in what is promised."""
    world.reopen(FOLLOWMAIL_DAILY_LIMIT="2")
    for to in (BOB, "Bill <bill@bob.example>", ANN, CARLA):
        chase(world, to, f"Proposal for {to}")
    world.days_pass(4, hour=8)
    assert [item.address for item in read(world).of(What.TODAY)] == [BOBS, ANNS]


# ---- what came to pass


def test_who_answered_is_told_in_their_words(world: World) -> None:
    """The beginning of what they newly wrote, and no other line about the same mail."""
    mail = chase(world)
    world.gets(
        BOB,
        "Re: Proposal",
        "Yes, when can you come?\n\nOn Mon, 4 May 2026 at 10:00, Alex Consultant wrote:\n> What do you think?",
        answers=mail,
    )
    world.round()
    said = read(world)
    item = one(said, What.ANSWERED)
    assert (item.text, item.asked) == ("Bob Builder answered on 4 May", "Yes, when can you come?")
    assert item.state == "replied"
    assert not said.of(What.WAITS_FOR_YOU)


def test_put_off_is_told_with_the_day(world: World) -> None:
    """Until when it rests, and what follows; an absence too."""
    mail, other = chase(world), chase(world, ANN, "Offer")
    world.gets(BOB, "Re: Proposal", "Please call me again in two months.", answers=mail)
    world.gets(ANN, "Re: Offer", "I am out of office until 12 May.", answers=other, Auto_Submitted="auto-replied")
    world.round()
    bobs, anns = texts(read(world), What.ANSWERED)
    assert bobs.startswith("Bob Builder put it off: says ")
    assert bobs.endswith("; it rests until Mon 6 Jul, then it waits for you")
    assert anns == "Ann Archer is away until 12 May; it rests until Wed 13 May, then it goes on"


def test_each_end_is_told_with_its_reason(world: World) -> None:
    """Bounced, unsubscribed, stopped; what was stopped and goes on again says so."""
    mail = chase(world)
    chase(world, ANN, "Offer")
    chase(world, CARLA, "Plan")
    world.gets(BOB, "Re: Proposal", "Please remove me from your list.", answers=mail)
    world.round()
    desk.stop(world.desk(), world.of(ANNS))
    desk.stop(world.desk(), world.of("carla@carla.example"))
    desk.resume(world.desk(), world.of("carla@carla.example"))
    said = read(world)
    bobs, *others = texts(said, What.ENDED)
    assert bobs.startswith("Bob Builder asked not to be written to: says ")
    assert bobs.endswith(" (nudge ended on Mon 4 May)")
    assert others == [
        "Ann Archer: you stopped it (nudge ended on Mon 4 May)",
        "Carla Cook: you stopped it (nudge ended on Mon 4 May); it goes on since, at your word",
    ]
    assert [item.enrollment for item in said.of(What.ENDED)] == [1, 2, None]


def test_the_words_are_those_that_can_be_obeyed(world: World) -> None:
    """One that gave way to another has none, nor one that must not be mailed; one that is stopped goes on at a word."""
    chase(world)
    chase(world, ANN, "Offer")
    chase(world, CARLA, "Plan")
    for address in (BOBS, ANNS):
        desk.stop(world.desk(), world.of(address))
    desk.suppress(world.desk(), ANNS)
    world.now += timedelta(minutes=10)
    world.writes(CARLA, "Anew", "Another matter.", Bcc="alex+stalled@consult.example")
    world.round()
    words = {item.address: item.words for item in read(world).of(What.ENDED)}
    assert words == {BOBS: ("resume",), ANNS: (), "carla@carla.example": ()}


def test_one_word_does_not_revive_who_left_the_company(world: World) -> None:
    """They are named, not their address, and the end waits for a second yes."""
    mail = chase(world)
    gone = "Bob Builder no longer works here. This mailbox is not read any more."
    world.gets(BOB, "Automatic reply: Proposal", gone, answers=mail, Auto_Submitted="auto-replied")
    world.round()
    item = one(read(world), What.ENDED)
    assert item.text.startswith("Bob Builder is no longer there")
    assert item.words == ("resume",)
    assert desk.resume(world.desk(), world.one()).startswith(f"{BOBS}: waits for your yes: ")
    assert world.one().state.value == "waiting"


def test_whom_they_name_is_proposed(world: World) -> None:
    """With the address to write to."""
    mail = chase(world)
    world.gets(BOB, "Re: Proposal", "I am not the right person, please talk to jane@bob.example.", answers=mail)
    world.round()
    item = one(read(world), What.PROPOSED)
    assert (item.text, item.address) == ("Instead of Bob Builder you may write to jane@bob.example", "jane@bob.example")


def test_what_a_mark_did_is_told(world: World) -> None:
    """Enrolled, refused, warned of, switched off."""
    begin(world)
    world.writes(BOB, "One", Bcc="alex+nudge@consult.example")
    world.writes(ANN, "Two", Bcc="alex+nothing@consult.example")
    world.writes(CARLA, "Three", Cc="alex+off@consult.example")
    world.round()
    said = texts(read(world), What.SAID)
    assert [text for text in said if text.startswith("Bob Builder is in 'nudge' since Mon 4 May: you marked your mail")]
    assert [text for text in said if "your mark did nothing: +nothing on 'Two'" in text]
    assert [text for text in said if "you marked it +off" in text]


def test_a_deleted_draft_that_ends_it_is_told_once(world: World) -> None:
    """As the end; not that its step was skipped as well."""
    drafted(world)
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    world.rounds_over(40)
    said = read(world)
    assert one(said, What.ENDED).text == "Bob Builder: you deleted its first draft (nudge ended on Fri 8 May)"
    assert not said.of(What.SAID)


def test_a_deleted_draft_is_told_as_the_no_that_it_was(world: World) -> None:
    """What a client did with a draft is told as what it meant."""
    drafted(world)
    world.office.store.enrollments.say_yes(world.one(), world.now, "a yes")
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    world.rounds_over(40)
    assert [text for text in texts(read(world), What.SAID) if text.startswith("Bob Builder: step 1: ")]


# ---- once, and nothing lost


def test_each_end_is_told_in_one_digest(world: World) -> None:
    """Neither twice nor never, though the clock stood still between the digest and what came after it."""
    mail, other = chase(world), chase(world, ANN, "Offer")
    world.gets(BOB, "Re: Proposal", "Yes, let us do that.", answers=mail)
    world.round()
    first = make(world)
    world.gets(ANN, "Re: Offer", "Yes, gladly.", answers=other)
    world.round()
    second = make(world)
    assert [item.address for item in first.of(What.ANSWERED)] == [BOBS]
    assert [item.address for item in second.of(What.ANSWERED)] == [ANNS]
    assert not make(world).of(What.ANSWERED)


def test_a_clock_set_back_loses_nothing(world: World) -> None:
    """What the history says behind the last digest is told, whatever its time."""
    mail = chase(world)
    make(world)
    world.now -= timedelta(minutes=50)
    world.gets(BOB, "Re: Proposal", "Yes, let us do that.", answers=mail)
    world.round()
    assert len(make(world).of(What.ANSWERED)) == 1


def test_what_does_not_fit_comes_with_the_next(world: World) -> None:
    """On the strangest of days: nothing is passed over, and nothing comes twice."""
    world.round()
    events, many = world.office.store.events, 2 * MOST_SHOWN + 5
    for number in range(many):
        events.add(world.now, "mark-refused", "+nugde is no sequence", address=f"p{number}@x.example")
        if number % 10 == 0:
            events.add(world.now, "unseen", f"problem {number}")
    told, left = [], []
    for _ in range(4):
        said = make(world)
        told += [item.address for item in said.of(What.SAID)]
        left.append(said.left)
    assert told == [f"p{number}@x.example" for number in range(many)]
    assert [count > 0 for count in left] == [True, True, False, False]
    assert read(world).verdict == "Nothing needs you."


def test_what_was_ordered_by_reply_is_told_in_its_answer_and_not_again(world: World) -> None:
    """What was said otherwise is told, also that what had ended goes on."""
    for to in (BOB, ANN, CARLA):
        drafted(world, to)
    world.office.store.facts.set_moment(facts.WANTED, world.now)
    world.round()
    shown = world.digest()
    desk.stop(world.desk(), world.of("carla@carla.example"))
    make(world)
    world.answers_digest(f"stop {shown.number('Bob')}\nskip {shown.number('Ann')}", shown)
    said = read(world)
    assert not said.of(What.ENDED) and not said.of(What.SAID)
    desk.resume(world.desk(), world.of("carla@carla.example"))
    today = day(world.now, world.calendar, world.now)
    assert texts(read(world), What.SAID) == [f"Carla Cook: you resumed it ({today})"]


def test_what_is_open_is_told_until_it_is_closed(world: World) -> None:
    """A draft stands in each digest; what ended stands in one."""
    drafted(world)
    assert len(make(world).of(What.DRAFT)) == 1
    world.days_pass(1)
    assert len(make(world).of(What.DRAFT)) == 1
    world.sends_draft()
    world.rounds_over(20)
    assert not make(world).of(What.DRAFT)


def test_the_first_digest_tells_of_a_week(world: World) -> None:
    """What is older is history."""
    mail = chase(world)
    world.gets(BOB, "Re: Proposal", "Yes, let us do that.", answers=mail)
    world.round()
    c = world.office.cycle(world.now + days(6))
    assert len(agenda(c, None).of(What.ANSWERED)) == 1
    c = world.office.cycle(world.now + days(8))
    assert not agenda(c, None).of(What.ANSWERED)


def test_a_whole_fortnight_tells_each_end_once(world: World) -> None:
    """Ten people, a digest a day: each end stands in exactly one of them."""
    world.round()
    for number in range(10):
        world.writes(f"P{number} <p{number}@x{number}.example>", f"Proposal {number}")
    world.round()
    told: list[str] = []
    for number in range(10):
        world.days_pass(1)
        mine = world.of(f"p{number}@x{number}.example")
        if number % 2:
            desk.stop(world.desk(), mine)
        else:
            world.gets(
                f"P{number} <{mine.address}>", f"Re: Proposal {number}", "Yes, gladly.", In_Reply_To=f"<{mine.opening}>"
            )
        world.round()
        said = make(world)
        told += [item.address for what in (What.ANSWERED, What.ENDED) for item in said.of(what)]
    assert sorted(told) == [f"p{n}@x{n}.example" for n in range(10)]


# ---- who first


def test_what_was_marked_stands_first(world: World) -> None:
    """Among what waits alike; status and plan agree, and say why."""
    begin(world)
    world.writes(BOB, "One")
    world.writes(ANN, "Two", Bcc="alex+nudge@consult.example")
    world.round()
    world.days_pass(4, hour=11)
    world.round()
    assert [item.address for item in read(world).of(What.DRAFT)] == [ANNS, BOBS]
    c = world.office.cycle(world.now)
    rows = telling.plan_rows(c, by="priority")
    assert [(row["address"], row["first"]) for row in rows] == [(ANNS, "you marked it"), (BOBS, "")]
    assert [row["address"] for row in telling.status(c, 300)["drafts"]] == [ANNS, BOBS]
    assert [row["address"] for row in telling.plan_rows(c)] == [BOBS, ANNS]
    assert "first" not in telling.plan_rows(c)[0]


def test_the_days_are_told_in_the_consultants_zone(world: World) -> None:
    """An evening in Auckland is not the day before."""
    world.reopen(FOLLOWMAIL_TIMEZONE="Pacific/Auckland", FOLLOWMAIL_WINDOW="Mon-Fri 00:00-24:00")
    chase(world)
    world.now = datetime.fromisoformat("2026-05-10T12:30:00+00:00")  # half past midnight on Monday there
    world.round()
    assert one(read(world), What.DRAFT).text == "Bob Builder: nudge 1 is in your drafts since Mon 11 May"


def test_asking_changes_nothing(world: World) -> None:
    """Whoever reads may read twice."""
    drafted(world)
    world.gets(ANN, "A question", "Could you help us?", to=ALEX)
    world.round()
    assert read(world) == read(world)


def test_a_refused_mark_stands_in_the_history_of_its_person(world: World) -> None:
    """`explain` tells it too, as it tells what an order did."""
    begin(world)
    world.writes(ANN, "Two", Bcc="alex+nothing@consult.example")
    world.round()
    told = telling.explain(world.office.cycle(world.now), ANNS)
    assert told is not None
    assert next(e["why"] for e in told["events"] if e["event"] == "mark-refused").startswith("+nothing on 'Two'")


def test_the_commands_tell_who_comes_first(world: World) -> None:
    """`status` says who waits, what they asked and why they stand first; `plan --by priority` says so of each step."""
    world.now = datetime.now(UTC) - days(3)
    world.reopen(FOLLOWMAIL_WINDOW="Mon-Sun 00:00-24:00")
    begin(world)
    world.writes(BOB, "One", Bcc="alex+nudge@consult.example")
    world.gets(CARLA, "Backups", "Hello Alex,\n\ncould you look at our backups?\n\nCarla")
    world.round()
    world.now = datetime.now(UTC)
    world.round()
    shown = run(world, "status")
    assert "Who waits for you:\n  Carla Cook wrote about 'Backups' on " in shown
    assert '      "could you look at our backups?"\n      asked you something, ' in shown
    (row,) = json.loads(run(world, "status", "--json"))["waits_for_you"]
    assert (row["address"], row["asked"]) == ("carla@carla.example", "could you look at our backups?")
    (step,) = json.loads(run(world, "plan", "--by", "priority", "--json"))
    assert step["first"] == "you marked it"
    assert "you marked it" in run(world, "plan", "--by", "priority")
    (plain,) = json.loads(run(world, "plan", "--json"))
    assert "first" not in plain


def run(world: World, *words: str) -> str:
    """A command of the product, in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWMAIL_")}
    command = [sys.executable, "-m", "followmail", *words]
    env = clean | world.environment()
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_whatever_can_happen_has_its_line_in_the_table_of_what_is_told() -> None:
    """Silence about an event is decided, never forgotten."""
    assert set(TELLERS) == set(Happened)
    assert {state.value for state in State} <= set(Happened)  # an enrollment that moves leaves a line of that name
