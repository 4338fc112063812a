from tests.jobs.test_answer_shapes import *
def test_dbg(world: World) -> None:
    proposal = world.writes(BOB)
    world.days_pass(1)
    arrives(world, report("5.1.1", "550 5.1.1 User unknown"), proposal)
    world.now += timedelta(minutes=30)
    arrives(world, fresh("My mailbox works again.", Subject="Hello"), proposal)
    world.round()
    print(world.office.store.events.since(world.now-timedelta(days=9)))
    assert 0
