"""What verdicts will need is asked for ahead, a folder at a time: as many commands for many people as for a few, the same
verdicts as one by one, and one mail that cannot be fetched holds up no other."""

import contextlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from followmail.errors import Transient
from followmail.imap.session import Session
from followmail.jobs.judge.court import BROKE
from followmail.rounds import go_round
from tests.imap.staging import Relay
from tests.jobs.test_costs import commands
from tests.servers.dovecot import Dovecots
from tests.world import ANN, BOB, CARLA, PROPOSAL, World, days

AWAY = "I am out of the office until Friday."
NO = "No, thank you, we have somebody for that."


def a_history(world: World, people: int) -> None:
    """Alex wrote to everybody; some are away, of some a colleague wrote, some have answered, some wrote long ago."""
    world.mailbox.create("Clients")
    for n in range(people):
        who, colleague = f"P{n} <p{n}@firm{n}.example>", f"C{n} <c{n}@firm{n}.example>"
        earlier = world.gets(who, f"Backups {n}", "Could you help us?", ago=days(90), answers=None) if n % 2 else None
        mail = world.writes(who, f"Proposal {n}", PROPOSAL, ago=days(6), answers=earlier)
        if n % 3:
            world.gets(who, f"Automatic reply: {n}", AWAY, answers=mail, ago=days(5), Auto_Submitted="auto-replied")
        if n % 5 < 2:
            world.gets(colleague, f"About {n}", "What about June?", ago=days(4), folder="Clients", answers=None)
        if n % 7 == 3:
            world.gets(who, text=NO, answers=mail, ago=days(3))
        world.writes(who, f"Re: Proposal {n}", "One more thing: June suits me too.", answers=mail, ago=days(2))


@pytest.mark.parametrize("people", [4, 11])
def test_a_first_round_says_no_more_to_the_server_for_many_people_than_for_a_few(world: World, people: int) -> None:
    """Each folder is opened a few times, and people, ancestors and bodies are asked for together."""
    a_history(world, people)
    world.mailbox.record()
    report = world.round()
    assert report.tally.enrolled > people // 2
    said = Counter(" ".join(line.split()[: 2 if line.startswith("UID") else 1]) for line in commands(world))
    # three folders: looked at, asked who wrote before, and what long ago, read ahead; then Drafts, for a lost database's
    assert said["EXAMINE"] <= 13
    assert said["UID FETCH"] <= 11, said
    assert said["UID SEARCH"] <= 13, said


def test_asking_ahead_comes_to_the_same_as_asking_one_by_one(world: World, tmp_path: Path) -> None:
    """The same people enrolled for the same reasons, the same bodies read as the same."""
    a_history(world, 12)
    alone = replace(world, home=tmp_path / "alone")
    alone.office.store.facts.set_text(BROKE, "before")
    told = []
    for each in (world, alone):
        each.round()
        rows = each.office.store._database.execute_sql(
            "SELECT message_id, kind, text, language, asks, need, step, judged FROM message ORDER BY message_id"
        ).fetchall()
        history = sorted((e.event, e.why, e.address) for e in each.office.store.events.since(world.now - days(1)))
        told.append((each.states(), history, rows))
        each.close()
    assert told[0] == told[1]
    assert len(set(told[0][0].values())) > 1


def test_a_mail_that_breaks_the_connection_is_found_and_holds_up_no_other(world: World) -> None:
    """Read ahead with others it cannot be told from them; read alone it is set aside, and all else is judged."""
    for who, text in ((ANN, AWAY), (BOB, f"{AWAY} poison"), (CARLA, AWAY)):
        mail = world.writes(who, ago=days(2))
        world.gets(who, "Automatic reply", text, answers=mail, ago=days(2), Auto_Submitted="auto-replied")
    broken = 0
    with Relay(world.mailbox.server.port) as relay:
        relay.to_client = lambda data: b"" if b"poison" in data else data
        while broken < 10:
            relay.cut_after = None
            account = world.mailbox.account(port=relay.port, read_timeout=1)
            try:
                with contextlib.closing(Session.open(account)) as session:
                    go_round(world.office, session, lambda: world.now)
                break
            except Transient:
                broken += 1
                world.now += timedelta(minutes=1)
    assert broken == 6  # once among others, five times alone
    assert {"ann@ann.example", "carla@carla.example"} <= set(world.states())
    assert any(e.startswith("set-aside") for e in world.events("alex@consult.example"))
    assert world.office.store.facts.text(BROKE) is None


def test_ancestors_of_many_mails_are_looked_for_in_one_search_a_folder(dovecots: Dovecots, tmp_path: Path) -> None:
    """What each of them answers lies further back than was read."""
    world = World(dovecots().mailbox(), tmp_path)
    for n in range(6):
        who = f"P{n} <p{n}@firm{n}.example>"
        old = world.gets(who, f"Backups {n}", "Could you help us?", ago=days(100), answers=None)
        world.writes(who, f"Re: Backups {n}", PROPOSAL, ago=days(2), answers=old)
    world.mailbox.record()
    world.round()
    searches = [line for line in commands(world) if "HEADER Message-ID" in line and "fm1." not in line]
    assert [line.count("HEADER Message-ID") for line in searches][:2] == [6, 6]
    assert len(searches) == 2  # Sent, INBOX; there they lie
    for n in range(6):
        assert len(world.office.store.conversations.of_address(f"p{n}@firm{n}.example")) == 1
