"""How it stands, in one line: `followmail status` and systemd say the same."""

from datetime import timedelta

from followmail import desk
from followmail.agenda.headline import headline
from tests.world import ANN, BOB, CARLA, World


def line(world: World, *troubles: str) -> str:
    return headline(world.office.cycle(world.now), 300, *troubles)


def test_it_tells_who_is_next_and_when(world: World) -> None:
    """By name, in days as one says them; in order of what is due."""
    world.round()
    assert line(world) == "nobody waits for a follow-up"
    world.writes(BOB)
    world.round()
    assert line(world) == "1 waiting; next: Bob Builder, Fri 8 May 09:59"  # four business days after Monday
    world.days_pass(2)
    world.writes(ANN)
    world.round()
    world.days_pass(1, hour=15)
    world.round()
    assert line(world) == "2 waiting; next: Bob Builder, tomorrow 09:59"
    world.days_pass(1, hour=9)
    world.round()
    assert line(world) == "2 waiting; next: Bob Builder, today 09:59"


def test_it_tells_what_needs_a_word(world: World) -> None:
    """Drafts, what waits for a yes, what everything waits for, and what is wrong before all else."""
    world.writes(BOB)
    world.writes(CARLA, "Backups")
    world.round()
    world.days_pass(4, hour=11)
    world.round()
    assert line(world) == "2 waiting; 2 drafts need your OK"
    desk.pause(world.desk(), None)
    assert line(world) == "Everything is paused until you resume; 2 waiting; 2 drafts need your OK"
    assert line(world, "", "config.env is wrong now.", "no server.").startswith(
        "NOT healthy: config.env is wrong now (and 1 more); Everything is paused"
    )
    world.now += timedelta(hours=5)
    assert line(world).startswith("NOT healthy: the last complete look was 5 hours ago")
