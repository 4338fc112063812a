"""Nothing that waits or ends goes untold: many stories at once in one mailbox, and each morning's digest beside them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from followmail.desk import STOPPED_BY_HAND
from followmail.sequence.steps import Enrollment, State
from tests.stories.test_silence_and_answers import calendar_mail, report_of
from tests.world import Digest, Mail, World, days

TOLD_IN = ("Waits for your yes", "Who answered", "What ended")
DAYS = 15  # the last one is a Monday, and has a digest for certain


@dataclass(frozen=True)
class Chase:
    """A person whom Alex sent a proposal."""

    name: str
    address: str
    proposal: Mail

    @property
    def who(self) -> str:
        return f"{self.name} <{self.address}>"

    def colleague(self, name: str) -> str:
        return f"{name} <{name.lower()}@{self.address.partition('@')[2]}>"


Happening = Callable[[World, Chase], object]


def _says(text: str) -> Happening:
    """They answer the proposal."""
    return lambda world, chase: world.gets(chase.who, "Re: Proposal", text, answers=chase.proposal)


def _automatic(text: str) -> Happening:
    """Their machine answers."""
    return lambda world, chase: world.gets(
        chase.who, "Automatic reply: Proposal", text, answers=chase.proposal, Auto_Submitted="auto-replied"
    )


def _bounces(status: str, said: str) -> Happening:
    return lambda world, chase: world.raw_arrives(report_of(world, chase.proposal, status, said, to=chase.address))


def _calendar(method: str, partstat: str) -> Happening:
    def happens(world: World, chase: Chase) -> None:
        raw = calendar_mail(world, method, partstat, "Call", sender=chase.who)
        world.raw_arrives(raw.replace(b"bob@bob.example", chase.address.encode()))

    return happens


def _deletes_draft(world: World, chase: Chase) -> None:
    """Alex deletes the draft; where none lies there yet, the proposal goes to Followmail/Stop."""
    found = zip(world.mailbox.uids("Drafts"), world.drafts(), strict=True)
    mine = [uid for uid, draft in found if chase.address in draft["To"]]
    if mine:
        world.mailbox.expunge("Drafts", mine)
    else:
        _drags_to_stop(world, chase)


def _drags_to_stop(world: World, chase: Chase) -> None:
    client = world.mailbox.client
    if not client.folder_exists("Followmail/Stop"):
        client.create_folder("Followmail/Stop")
    client.select_folder("Sent")
    client.copy([chase.proposal.uid], "Followmail/Stop")


HAPPENINGS: dict[str, Happening] = {
    "2 answers": _says("Yes, let us do that."),
    "2 answers, filed away": lambda w, c: w.gets(c.who, answers=c.proposal, folder="Clients/Firm"),
    "3 answers from home": lambda w, c: w.gets(f"{c.name} <home{c.address[6:]}@gmail.com>", answers=c.proposal),
    "3 the same subject": lambda w, c: w.gets(c.colleague("Home"), "AW: Proposal", "Sounds good."),
    "4 the assistant answers": lambda w, c: w.gets(c.colleague("Ida"), "Re: Proposal", "On Friday?", answers=c.proposal),
    "4 the CFO writes": lambda w, c: w.gets(c.colleague("Carl"), "Backups", "We would like to go ahead."),
    "5 writes about the invoice": lambda w, c: w.gets(c.who, "Invoice 7", "Which account?"),
    "6 thanks": _says("Thanks Alex, will look at it."),
    "7 next week": _says("Hello Alex, I'll get back to you next week."),
    "8 no": _says("No thanks, we have a supplier."),
    "8 never": _says("Please stop writing to me."),
    "9 somebody else": _says("That would be Ms Meier, meier@somewhere.example."),
    "10 away": lambda w, c: w.gets(
        c.who, "Automatic reply", "I am out of office until 14 May.", Auto_Submitted="auto-replied"
    ),
    "11 left": _automatic("I no longer work at our company. Please write to Eve Miller, eve@somewhere.example, instead."),
    "11 unknown": _bounces("5.1.1", "550 5.1.1 User unknown"),
    "11 full": _bounces("5.2.2", "552 5.2.2 Mailbox full, giving up after 5 days"),
    "13 the draft is deleted": _deletes_draft,
    "14 accepts": _calendar("REPLY", "ACCEPTED"),
    "14 declines": _calendar("REPLY", "DECLINED"),
    "18 a colleague": lambda w, c: w.gets(
        "Pat Partner <pat@consult.example>", "Re: Proposal", "I can help.", answers=c.proposal, to=c.who
    ),
    "26 off": lambda w, c: w.writes(
        c.who, "Re: Proposal", "Forget it.", answers=c.proposal, Bcc="alex+off@consult.example"
    ),
    "26 stop": _drags_to_stop,
}  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_each_that_waits_or_ended_since_the_last_digest_stands_in_the_next_one_exactly_once(
    world: World, seed: int
) -> None:
    """Whatever happens to whom, on whichever day, and whatever Alex answers."""
    chance = random.Random(seed)
    world.options["FOLLOWMAIL_DAILY_LIMIT"] = "50"
    world.now -= days(2)
    world.round()
    world.now += days(2)
    due = {chance.randrange(DAYS - 4): list[tuple[Chase, Happening]]() for _ in range(100)}
    for n, happening in enumerate(HAPPENINGS.values(), 1):
        name, address = f"Person{n:02}", f"person{n:02}@firm{n}.example"
        chase = Chase(name, address, world.writes(f"{name} <{address}>", f"Proposal {n}"))
        due[chance.choice(list(due))].append((chase, happening))
    world.round()
    before = states(world)
    assert set(before.values()) == {State.ACTIVE}
    heard = set[int]()
    for day in range(DAYS):
        silent = True
        for at, hour in enumerate((8, 11, 12, 13)):  # the digest comes with the first round that has something to say
            world.days_pass(int(at == 0), hour)
            world.round()
            if world.has_digest:
                silent = False
                heard |= tells_each_once(world, before, world.digest())
                before = states(world)
                answer(world, world.digest(), chance)
                by_hand = {e.id: e.state for e in world.enrollments() if e.why == STOPPED_BY_HAND}
                before, heard = before | by_hand, heard | by_hand.keys()  # the answer told it
            for chase, happening in due.pop(day, ()):
                happening(world, chase)
        assert not (silent and to_tell(world, before)), day
    assert heard == set(before)


def states(world: World) -> dict[int, State]:
    return {e.id: e.state for e in world.enrollments()}


def to_tell(world: World, before: dict[int, State]) -> set[int]:
    """The numbers of those that wait, or ended since."""
    found = world.enrollments()
    return {e.id for e in found if e.state is State.WAITING or (before[e.id].live and not e.state.live)}


def tells_each_once(world: World, before: dict[int, State], digest: Digest) -> set[int]:
    """Each that waits, and each that ended since, once; who is active not at all. Who was told."""
    times = {e.id: told(digest, e) for e in world.enrollments()}
    wanted = to_tell(world, before)
    resting = {e.id for e in world.enrollments() if e.state is State.PAUSED and times[e.id] == 1}
    assert times == {e: int(e in wanted | resting) for e in times}, digest.text
    return wanted | resting


def told(digest: Digest, e: Enrollment) -> int:
    """How often somebody stands in these parts: with an item, or among those who are named as left out."""
    lines = [line for title in TOLD_IN for line in digest.under(title).splitlines()]
    return sum(e.name in line if line[0].isdigit() else e.address in line for line in lines)


def answer(world: World, digest: Digest, chance: random.Random) -> None:
    """Now and then Alex says a word about something: yes to a wait, or on with what ended, stop to a draft."""
    words = {"Waits for your yes": "ok", "What ended": "resume", "Drafts that wait for you": "stop"}
    for title, word in words.items():
        lines = [line for line in digest.under(title).splitlines() if line[0].isdigit()]
        if lines and chance.random() < 0.3:
            world.answers_digest(f"{word} {chance.choice(lines).partition('.')[0]}", digest)
