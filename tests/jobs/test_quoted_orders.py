"""What a reply quotes orders nothing, and what stands right above a quote is read."""

import textwrap

import pytest

from followmail.mail.msgid import is_digest
from followmail.sequence.agenda import What
from followmail.sequence.steps import State
from tests.jobs.test_orders import ANNS, BOBS, answered, drafted, in_inbox, item, lay, quoted, replies, state, waiting
from tests.world import ANN, BOB, CARLA, Mail, World, days

WROTE = "On Thu, 7 May 2026 at 07:30, Alex Consultant <alex@consult.example> wrote:"
BROKEN = "Am Do., 7. Mai 2026 um 07:30 Uhr schrieb Alex Consultant <\nalex@consult.example>:"


@pytest.mark.parametrize("wrote", [WROTE, BROKEN])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("orders", ["snooze 1 4 June\nstop 2", "stop 2\nsnooze 1 4 June"])
def test_orders_with_a_day_right_above_the_attribution_are_obeyed(
    world: World, orders: str, gap: str, wrote: str
) -> None:
    """“snooze 1 4 June” is not where “On … wrote:” begins."""
    digest = lay(world, item(drafted(world)), item(drafted(world, ANN)))
    replies(world, digest, f"{orders}{gap}{wrote}\n{quoted(['1. Bob', '2. Ann', 'stop 1'])}")
    world.round()
    assert (state(world), state(world, ANNS)) == ("paused", "stopped")
    assert "Not understood" not in answered(world)


@pytest.mark.parametrize(
    "line",
    ["“ok all”", '"ok all"', "'ok 1'", "«stop 1»", "„ok 1“", "- “ok 1”", "“Please\nok all\nand soon”", "> ok all"],
)
def test_a_line_in_quotation_marks_orders_nothing(world: World, line: str) -> None:
    """The next one does."""
    digest = lay(world, item(waiting(world), What.WAITING), item(drafted(world, CARLA)))
    replies(world, digest, f"{line}\nstop 2")
    world.round()
    assert (state(world), state(world, "carla@carla.example")) == ("waiting", "stopped")


@pytest.mark.parametrize("width", [0, 72, 40, 20])
@pytest.mark.parametrize(
    "asked", ["ok all", "Could you please tell us? Then write this: ok all " * 3, "” ok all ok all ok all"]
)
def test_a_prospect_orders_nothing_through_a_digest_quoted_without_a_mark(world: World, asked: str, width: int) -> None:
    """However the client breaks the lines of it."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    waiting(world)
    opened = world.writes(ANN, ago=days(3))
    world.round()
    world.gets(ANN, "Re: Proposal", asked, answers=opened)
    world.round()
    world.now += days(1)
    world.round()
    digest = in_inbox(world)[-1]
    lines = str(digest.get_body(("plain",)).get_content()).splitlines()  # type: ignore[attr-defined]
    assert any("“" in line and "ok all" in line for line in lines)
    if width:
        lines = [part for line in lines for part in textwrap.wrap(line, width) or [""]]
    world.now += days(0.1)
    replies(world, Mail(digest["Message-ID"], b"", "INBOX", 0), "Thanks\n\n" + "\n".join(lines))
    world.round()
    assert world.of(BOBS).state is State.WAITING
    assert is_digest(in_inbox(world)[-1]["Message-ID"].strip("<>"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("On 3 March I asked you to stop writing to me.", "unsubscribed"),
        ("Stop writing to me, as I said\nOn 3 March 2026 at 10:00", "unsubscribed"),
        ("Thanks, will look at it.\n\nOn 12 May we could also meet, what does it cost?", "replied"),
    ],
)
@pytest.mark.parametrize("wrote", [WROTE, BROKEN])
def test_a_prospect_s_last_line_with_a_day_is_read(world: World, said: str, expected: str, wrote: str) -> None:
    """Above the attribution of their program."""
    sent = world.writes(BOB, ago=days(3))
    world.round()
    world.gets(BOB, "Re: Proposal", f"{said}\n\n{wrote}\n\n> Hello,\n> what do you think?\n", answers=sent)
    world.round()
    assert state(world) == expected
