"""Every mail client and everything that Alex does with a draft in it: what becomes of the step, and what is told.

One row an action, one column a client; each cell lives through the same days on a real Dovecot. In every cell nothing of
Alex's is touched, no second draft is laid, and nobody is mailed twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from followmail.sequence.steps import State, Status
from tests.jobs.clients import ALL_CLIENTS, Client
from tests.jobs.test_drafts import BOBS, laid, looks, statuses
from tests.servers.dovecot import Dovecots, Mailbox
from tests.world import BOB, World

HOURS = timedelta(hours=3)


@pytest.fixture(params=ALL_CLIENTS, ids=lambda kind: kind.__name__)
def client(request: pytest.FixtureRequest, dovecots: Dovecots, tmp_path: Path) -> Iterator[Client]:
    """Alex's mailbox, used by one mail client after the other; in mode draft."""
    kind: type[Client] = request.param
    world = World(dovecots(**kind.server).mailbox(), tmp_path / "home")
    yield kind(world)
    world.close()


@dataclass(frozen=True)
class Outcome:
    """How it stands afterwards: the step, the enrollment, how many drafts lie there, how many mails Bob got in all (the
    opening among them, as Sent shows them), whether Alex said yes, and what was told, each once."""

    step: Status
    state: State = State.ACTIVE
    drafts: int = 0
    mails: int = 1
    yes: bool = False
    told: tuple[str, ...] = ()


OPEN = Outcome(Status.DRAFTED, drafts=1)
ASIDE = Outcome(Status.DRAFTED, told=("draft-moved",))
LEFT = Outcome(Status.SENT, mails=2, yes=True, told=("sent",))
NO = Outcome(Status.SKIPPED, State.STOPPED, told=("skipped", "stopped"))


def bob_answers(client: Client) -> None:
    ((_, opening),) = client.shown(client.sent)
    client.world.gets(BOB, In_Reply_To=_field(opening, "Message-ID"))
    client.settle()


# ---- the rows


def opens(client: Client) -> None:
    client.opens_and_closes()


def edits_three_times(client: Client) -> None:
    for number in range(3):
        client.edits(f"Line {number}.")
        client.world.round()


def edits_under_the_same_id(client: Client) -> None:
    client.edits("A better sentence.", keeps_id=True)


def types_while_it_saves(client: Client) -> None:
    client.autosaves("One.", "One. Two.", "One. Two. Three.")


def sends_as_it_is(client: Client) -> None:
    client.sends(new_id=False)


def sends_under_another_id(client: Client) -> None:
    client.sends()


def edits_and_sends(client: Client) -> None:
    client.edits("I read your report.")
    client.world.round()
    client.sends("Congratulations!")


def sends_and_files_another_id(client: Client) -> None:
    client.sends("By the way.", files_id="<filed.4711@consult.example>")


def sends_while_the_draft_lingers(client: Client) -> None:
    _, uid = client.sends("By the way.", lingers=True, copy_after=timedelta(0))
    client.world.round()
    client.takes_away(uid)


def sends_and_the_copy_comes_late(client: Client) -> None:
    client.sends("By the way.", copy_after=timedelta(minutes=10))


def sends_without_a_copy(client: Client) -> None:
    """The client keeps no copies: nothing on the server tells this from a deletion."""
    client.sends(files=False)


def sends_hours_later(client: Client) -> None:
    """Put into a phone's outbox without a connection: first it looks like a no."""
    client.sends(copy_after=HOURS)


def deletes(client: Client) -> None:
    client.deletes()


def deletes_for_good(client: Client) -> None:
    client.deletes_for_good()


def deletes_and_takes_it_back(client: Client) -> None:
    ((_, raw),) = client.shown()
    client.deletes()
    client.world.round()
    client.world.now += timedelta(minutes=10)
    client.mailbox.append(raw, client.drafts, client.draft_flags, client.world.now)
    client.settle()


def puts_it_aside(client: Client) -> None:
    client.moves()


def edits_and_puts_it_aside(client: Client) -> None:
    client.edits("More of it.")
    client.world.round()
    client.moves()


def puts_it_aside_unmarked(client: Client) -> None:
    client.moves_unmarked()


def edits_and_puts_it_aside_unmarked(client: Client) -> None:
    client.edits("More of it.")
    client.world.round()
    client.moves_unmarked()


def edits_and_puts_it_aside_unmarked_at_once(client: Client) -> None:
    """Between two looks: what lies there then cannot be told from a mail that was sent and filed there."""
    client.edits("More of it.")
    client.moves_unmarked()


def labels_it(client: Client) -> None:
    client.edits("More of it.")
    client.labels()


def labels_and_deletes_it(client: Client) -> None:
    client.edits("More of it.")
    client.labels()
    client.world.round()
    client.deletes()
    client.deletes_from_pile()


def labels_and_sends_it(client: Client) -> None:
    client.edits("More of it.")
    client.labels()
    client.world.round()
    client.deletes_from_pile()
    client.sends(new_id=False)


def sends_it_under_a_label(client: Client) -> None:
    """What was sent shows in a folder that is read after Sent."""
    mail, _ = client.sends("By the way.")
    client.mailbox.append(mail.raw, "Zebra", ("\\Seen",), client.world.now)
    client.settle()


def puts_it_aside_and_sends_it(client: Client) -> None:
    client.moves()
    looks(client, 20)
    client.sends("At last.", folder=client.elsewhere)


def puts_it_aside_and_deletes_it(client: Client) -> None:
    client.moves()
    looks(client, 20)
    client.deletes_from_pile()


def edits_on_the_phone_and_sends_it_there(client: Client) -> None:
    """The laptop was asleep: its version, ours, is left behind."""
    laptops = client.saves_over("Sent from my phone.")
    client.world.round()
    (phones,) = [uid for uid, _ in client.shown() if uid != laptops]
    client.sends(which=phones)


def edits_on_the_phone_and_sends_from_the_laptop(client: Client) -> None:
    """What Alex typed on the phone is left behind: it is his."""
    laptops = client.saves_over("Sent from my phone.")
    client.world.round()
    client.sends(which=laptops)


def is_answered(client: Client) -> None:
    bob_answers(client)


def is_answered_after_an_edit(client: Client) -> None:
    client.edits("I put some work into this.")
    client.world.round()
    bob_answers(client)


def is_answered_half_way_through_an_edit(client: Client) -> None:
    client.saves_over("I put some work into this.")
    bob_answers(client)


def is_answered_between_two_saves(client: Client) -> None:
    """No version lies there at the look that finds the answer; the next one is Alex's."""
    ((_, raw),) = client.shown()
    client.deletes_for_good()
    bob_answers(client)
    client.world.round()
    newer = client._edited(raw, "I put some work into this.", False)
    client.mailbox.append(newer, client.drafts, client.draft_flags, client.world.now)
    client.settle()


REPLIED = State.REPLIED
ROWS: dict[Callable[[Client], None], Outcome] = {
    opens: OPEN,
    edits_three_times: OPEN,
    edits_under_the_same_id: OPEN,
    types_while_it_saves: OPEN,
    deletes_and_takes_it_back: OPEN,
    labels_it: OPEN,
    puts_it_aside: ASIDE,
    edits_and_puts_it_aside: ASIDE,
    puts_it_aside_unmarked: ASIDE,
    edits_and_puts_it_aside_unmarked: ASIDE,
    edits_and_puts_it_aside_unmarked_at_once: Outcome(Status.SENT, told=("sent", "warning")),
    sends_as_it_is: LEFT,
    sends_under_another_id: LEFT,
    edits_and_sends: LEFT,
    sends_and_files_another_id: LEFT,
    sends_while_the_draft_lingers: LEFT,
    sends_and_the_copy_comes_late: LEFT,
    labels_and_sends_it: LEFT,
    sends_it_under_a_label: LEFT,
    puts_it_aside_and_sends_it: Outcome(Status.SENT, mails=2, yes=True, told=("draft-moved", "sent")),
    edits_on_the_phone_and_sends_it_there: Outcome(
        Status.SENT, mails=2, yes=True, told=("sent", "draft-withdrawn")
    ),
    edits_on_the_phone_and_sends_from_the_laptop: Outcome(
        Status.SENT, drafts=1, mails=2, yes=True, told=("sent", "draft-kept")
    ),
    sends_hours_later: Outcome(Status.SENT, State.STOPPED, mails=2, told=("skipped", "stopped", "sent", "warning")),
    sends_without_a_copy: NO,
    deletes: NO,
    deletes_for_good: NO,
    labels_and_deletes_it: NO,
    puts_it_aside_and_deletes_it: Outcome(
        Status.SKIPPED, State.STOPPED, told=("draft-moved", "skipped", "stopped")
    ),
    is_answered: Outcome(Status.WITHDRAWN, REPLIED, told=("replied", "draft-withdrawn")),
    is_answered_after_an_edit: Outcome(Status.DRAFTED, REPLIED, drafts=1, told=("replied", "draft-kept")),
    is_answered_half_way_through_an_edit: Outcome(Status.DRAFTED, REPLIED, drafts=1, told=("replied", "draft-kept")),
    is_answered_between_two_saves: Outcome(Status.DRAFTED, REPLIED, drafts=1, told=("replied", "draft-kept")),
}  # fmt: skip


@pytest.mark.parametrize("action", ROWS, ids=lambda action: action.__name__)
def test_a_cell(client: Client, action: Callable[[Client], None]) -> None:
    """This client, this action: the step, the enrollment, what lies where, the yes, and what is told."""
    world, expected = client.world, ROWS[action]
    laid(client)
    alexs = belongings(client.mailbox)
    action(client)
    looks(client)
    stands(client, expected)
    world.days_pass(1)
    looks(client, 10)
    stands(client, expected)
    assert alexs.items() <= belongings(client.mailbox).items()
    told = [line.partition(":")[0] for line in world.events(BOBS)]
    assert [event for event in told if event not in ("enrolled", "drafted", "yes")] == list(expected.told)


def stands(client: Client, expected: Outcome) -> None:
    """Whether it stands so."""
    world = client.world
    assert (statuses(world), world.of(BOBS).state) == ([expected.step], expected.state), world.events(BOBS)
    assert len(client.shown()) == expected.drafts
    assert len(client.shown(client.sent)) == expected.mails
    assert world.of(BOBS).said_yes is expected.yes


def belongings(mailbox: Mailbox) -> dict[tuple[str, int], tuple[frozenset[str], bytes]]:
    """All that lies in INBOX, Sent and folders of Alex's own, with its flags."""
    folders = [name for name in mailbox.folders() if name.rpartition("/")[2] in ("INBOX", "Sent", "Gesendet")]
    return {
        (name, uid): (flags, raw)
        for name in folders
        for (uid, flags), raw in zip(sorted(mailbox.flags(name).items()), mailbox.raw(name), strict=True)
    }


def _field(raw: bytes, name: str) -> str:
    return str(message_from_bytes(raw)[name])
