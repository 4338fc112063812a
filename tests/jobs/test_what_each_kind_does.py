"""What each kind of incoming mail does to a chase: mails of the corpus, in seven languages and many programs' forms,
through the whole program on a real mailbox.

Alex's proposals left on Monday, 4 May 2026. On Tuesday each of these mails comes in, from a Bob of its own; then time
goes by, and nobody says anything more. What one mail alone does is told in tests/stories and in `test_answer_shapes`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime, parseaddr
from pathlib import Path

import pytest

from followmail import desk
from tests.corpus import CORPUS, LANGUAGES, opened
from tests.jobs.shapes import report
from tests.servers.dovecot import Dovecots
from tests.world import BERLIN, BOB, Mail, World, addresses

OTHERS_IDS = re.compile(rb"^(?:In-Reply-To|References|Date): [^\r\n]*\r?\n", re.M | re.I)
TUESDAY, FRIDAY = date(2026, 5, 5), date(2026, 5, 8)
DAYS = (TUESDAY, FRIDAY, *(date(2026, 5, day) for day in (11, 12, 15, 18, 19)), date(2026, 7, 14), date(2026, 7, 15))


@dataclass(frozen=True)
class Effect:
    """What a mail does at once; until when it pauses and what is then; whether the nudge lies in Drafts at last."""

    state: str
    until: date | None = None
    then: str = ""
    nudged: bool = False
    suppressed: bool = False
    thread: bool = True  # it comes with In-Reply-To and References


NOTHING = Effect("active", nudged=True)
EFFECTS: Mapping[str, Effect] = {
    "reply/*-2-*": Effect("replied"),
    "wrong-person/*-1-*": Effect("replied"),
    "unsubscribe/*-1-*": Effect("unsubscribed", suppressed=True),
    "later/*-1-*": Effect("paused", date(2026, 5, 19), then="waiting"),  # "thanks, I'll have a look": ten business days
    "later/*-2-*": Effect("paused", date(2026, 7, 15), then="waiting"),  # "in the middle of July"
    "later/*-3-*": Effect("paused", date(2026, 5, 18), then="waiting"),  # "I'll get back to you next week"
    "calendar/*-accept": Effect("replied", thread=False),
    "calendar/*-counter": Effect("replied", thread=False),
    "calendar/*-invitation": Effect("replied", thread=False),
    "calendar/*-decline": Effect("paused", FRIDAY, then="waiting", thread=False),
    "calendar/*-cancel": Effect("paused", FRIDAY, then="waiting", thread=False),
    "out-of-office/*-1-*": Effect("paused", date(2026, 5, 19), then="active", nudged=True, thread=False),  # to the 18th
    "out-of-office/*-3-*": Effect("paused", date(2026, 5, 12), then="active", nudged=True, thread=False),  # says no day
    "left-company/*-1-*": Effect("stopped", thread=False),
    "automatic/*-1-ticket": NOTHING,
    "automatic/*-2-news": NOTHING,
    "bounce-hard/0*": Effect("bounced", suppressed=True),
    "bounce-blocked/0[1-8]*": Effect("waiting"),
    "bounce-soft/01-postfix": NOTHING,  # still retried
    "bounce-soft/0[2-6]*": Effect("waiting"),  # given up
}
ROWS = [(path, effect) for pattern, effect in EFFECTS.items() for path in sorted(CORPUS.glob(f"{pattern}.eml"))]
EACH_ROW = pytest.mark.parametrize("number", range(len(ROWS)), ids=[f"{p.parent.name}/{p.stem}" for p, _ in ROWS])


@dataclass(frozen=True)
class Outcome:
    """What became of a Bob's chase, day by day, and whether he may still be mailed."""

    states: Mapping[date, str]
    until: date | None
    nudged: bool
    suppressed: bool
    told: str


def address(number: int) -> str:
    return f"bob@bob{number}.example"


def from_bob(path: Path, number: int, proposal: Mail, now: datetime, thread: bool) -> bytes:
    """A mail of the corpus, as it would have come from this Bob, or about him."""
    raw, expected = opened(path)
    mine, failed = address(number).encode(), expected.get("Failed")
    if failed:
        raw = raw.replace(failed.encode(), mine)
        raw = raw.replace(f"<{expected['Original-Id']}>".encode(), proposal.id.encode())
    head, blank, body = re.split(rb"(\r?\n\r?\n)", raw, maxsplit=1)
    if not failed:
        sender = parseaddr(str(message_from_bytes(head)["From"]))[1].encode()
        theirs = mine if path.parent.name != "automatic" else mine.replace(b"bob@", sender.partition(b"@")[0] + b"@")
        head = head.replace(sender, theirs)
    lines = [b"Date: " + format_datetime(now - timedelta(minutes=1)).encode()]
    if thread:
        lines += [b"In-Reply-To: " + proposal.id.encode(), b"References: " + proposal.id.encode()]
    return OTHERS_IDS.sub(b"", head + b"\n").rstrip() + b"\r\n" + b"\r\n".join(lines) + blank + body


@pytest.fixture(scope="module")
def outcomes(dovecots: Dovecots, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """All rows in one mailbox, from May to July."""
    options = {"FOLLOWMAIL_DAILY_LIMIT": "500"}
    world = World(dovecots().mailbox(), tmp_path_factory.mktemp("kinds"), options)
    proposals = [world.writes(BOB.replace("bob.example", f"bob{n}.example"), f"Proposal {n}") for n in range(len(ROWS))]
    assert world.round().tally.enrolled == len(ROWS)
    world.days_pass(1)
    for number, (path, effect) in enumerate(ROWS):
        world.raw_arrives(
            from_bob(path, number, proposals[number], world.now, effect.thread and "bounce" not in str(path))
        )
    states: list[dict[date, str]] = [{} for _ in ROWS]
    untils: list[date | None] = []
    for day in DAYS:
        world.now = datetime(day.year, day.month, day.day, 10, tzinfo=BERLIN).astimezone(UTC)
        world.round()
        found = [world.of(address(number)) for number in range(len(ROWS))]
        untils = untils or [e.until.astimezone(BERLIN).date() if e.until else None for e in found]
        for mine, e in zip(states, found, strict=True):
            mine[day] = e.state
    nudged = " ".join(addresses(world.drafts()))
    suppressed = world.office.store.suppressions
    out = [
        Outcome(
            *(states[n], untils[n], f"<{address(n)}>" in nudged, suppressed.matching(address(n)) is not None),
            "; ".join(world.events(address(n))),
        )
        for n in range(len(ROWS))
    ]
    world.close()
    return out


@EACH_ROW
def test_each_kind_does_what_it_must(outcomes: list[Outcome], number: int) -> None:
    """State and day at once; a pause holds to its day, then waits for a yes or goes on; an end stays one."""
    (path, effect), outcome = ROWS[number], outcomes[number]
    assert outcome.states[TUESDAY] == effect.state, outcome.told
    assert outcome.until == effect.until, outcome.told
    for day in DAYS:
        over = effect.until is not None and day >= effect.until
        assert outcome.states[day] == (effect.then if over else effect.state), (day, outcome.told)
    assert outcome.nudged == effect.nudged
    assert outcome.suppressed == effect.suppressed
    if effect.state in ("replied", "stopped"):
        assert opened(path)[1].get("Contact", "") in outcome.told


def test_every_kind_is_there_in_every_language() -> None:
    """Servers write English; everybody else one of seven."""
    found = {(path.parent.name, path.stem[:2]) for path, _ in ROWS}
    kinds = {kind for kind, _ in found}
    assert kinds == {path.name for path in CORPUS.iterdir() if path.is_dir()}
    for kind in (kind for kind in kinds if not kind.startswith("bounce-")):
        assert {lang for k, lang in found if k == kind} == set(LANGUAGES), kind


# ---- what needs a story of its own


def propose(world: World) -> Mail:
    proposal = world.writes(BOB)
    world.round()
    assert world.one().state == "active"
    world.days_pass(1)
    return proposal


def nudged_on_friday(world: World) -> bool:
    world.now = datetime(2026, 5, 8, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    return bool(world.drafts())


def test_what_was_put_off_goes_on_after_a_yes_on_the_day(world: World) -> None:
    """ "Please call me on 1 June": it waits from then, and a yes lays the nudge; not before, and not by itself."""
    proposal = propose(world)
    path = CORPUS / "later" / "en-6-android.eml"
    world.raw_arrives(from_bob(path, 0, proposal, world.now, True).replace(b"bob0.example", b"bob.example"))
    world.round()
    assert (world.one().state, world.one().until.astimezone(BERLIN).date()) == ("paused", date(2026, 6, 1))  # type: ignore[union-attr]
    world.now = datetime(2026, 6, 1, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    assert (world.one().state, world.drafts()) == ("waiting", [])
    desk.approve(world.desk(), world.one())
    world.round()
    assert (world.one().state, addresses(world.drafts())) == ("active", [BOB])


GONE = ("5.1.1", "550 5.1.1 User unknown")
FULL = ("5.2.2", "552 5.2.2 Mailbox full, giving up")
SPAM = ("5.7.1", "550 5.7.1 Rejected as spam")
MINE, ANOTHER, BEHIND = "@ID@", "<another@consult.example>", "b.builder@forwarded.example"


@pytest.mark.parametrize(
    ("said", "named", "original", "state"),
    [
        (GONE, "bob@bob.example", MINE, "bounced"),
        (GONE, "bob@bob.example", ANOTHER, "bounced"),  # he is named, whatever mail it was
        (GONE, BEHIND, MINE, "waiting"),  # Bob's mail is forwarded: the id is ours, the address nobody Alex wrote to
        (FULL, BEHIND, MINE, "waiting"),
        (FULL, "bob@bob.example", MINE, "waiting"),
        (SPAM, "bob@bob.example", MINE, "waiting"),
        (GONE, BEHIND, ANOTHER, "active"),
    ],
)
def test_a_report_is_known_by_the_id_inside_and_only_a_hard_one_suppresses(
    world: World, said: tuple[str, str], named: str, original: str, state: str
) -> None:
    """Without references; where neither the id nor the address is known, it is about somebody else's mail."""
    proposal = propose(world)
    raw = report(*said, to=named, original=original).replace(b"@ID@", proposal.id.encode())
    world.raw_arrives(raw.replace(b"@DATE@", format_datetime(world.now - timedelta(minutes=1)).encode()))
    world.round()
    assert world.one().state == state
    assert (world.office.store.suppressions.lines() != ()) == (state == "bounced")
    assert nudged_on_friday(world) == (state == "active")


OWN = {
    "an automatic reply of Alex's own": {"sender": "Alex Consultant <alex@consult.example>", "subject": "Automatic reply: Proposal",
                                         "text": "I am out of the office until 18 May.", "Auto_Submitted": "auto-replied"},
    "his own Cc": {"sender": "Alex Consultant <alex@consult.example>", "subject": "Proposal",
                   "text": "Dear Bob,\n\nattached is the proposal.\n\nTo unsubscribe, reply stop.", "to": BOB,
                   "Cc": "alex@consult.example", "Message_ID": "@ID@"},
    "a mail from his other address": {"sender": "Alex <alex@private.example>", "subject": "Re: Proposal",
                                      "text": "Please remove me from your list."},
}  # fmt: skip


@pytest.mark.parametrize("what", OWN)
def test_alexs_own_mail_changes_nothing(world: World, what: str) -> None:
    """Whatever it says, and wherever it lies: silence is still silence, and nobody is suppressed."""
    world.reopen(FOLLOWMAIL_ALIASES="alex@private.example")
    proposal = propose(world)
    fields = {name: value.replace("@ID@", proposal.id) for name, value in OWN[what].items()}
    world.gets(**fields, answers=None if "Message_ID" in fields else proposal)  # type: ignore[arg-type]
    world.round()
    assert world.one().state == "active"
    assert not world.office.store.suppressions.lines()
    assert nudged_on_friday(world)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_our_quoted_footer_changes_nothing(world: World, lang: str) -> None:
    """It says how to unsubscribe and when Alex is away; an answer above it is an answer, and suppresses nobody."""
    proposal = propose(world)
    (reply,) = CORPUS.glob(f"reply/{lang}-2-*.eml")
    world.raw_arrives(from_bob(reply, 0, proposal, world.now, True).replace(b"bob0.example", b"bob.example"))
    world.round()
    assert world.one().state == "replied"
    assert not world.office.store.suppressions.lines()
