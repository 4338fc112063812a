"""A person's rows are found by the index of their address, however it is spelled."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followmail.sequence.steps import Enrollment, Origin, State, Trigger
from followmail.store import Store
from followmail.store.spelling import of_people

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
E = Enrollment(
    id=0, address="", name="", sequence="nudge", trigger=Trigger.SENT, origin=Origin.MANUAL, opening="", state=State.ACTIVE,
    conversation=1, anchor_at=NOW, created=NOW,
)  # fmt: skip
SPELLED = {
    "bob@bob.example": ["bob@bob.example", "bob+alex@bob.example", "bob+@bob.example"],
    "bob.b@gmail.com": ["b.o.b.b@gmail.com", "bobb+x@googlemail.com", "bobb@gmail.com"],
    "bob@xn--bb-fka.example": ["bob@böb.example", "bob+x@xn--bb-fka.example"],
}
OTHERS = [
    "bobb@bob.example",
    "bob@bob.example.org",
    "+bob@bob.example",
    "bab@gmail.com",
    "rob@bob.example",
    "bob@böb.test",
]


@pytest.mark.parametrize("person", SPELLED)
def test_a_person_is_found_under_every_spelling_and_nobody_else(tmp_path: Path, person: str) -> None:
    """Asked by any of them, among people who look alike."""
    store = Store.open(tmp_path / "followmail.db")
    everybody = [*OTHERS, *(address for some in SPELLED.values() for address in some)]
    for number, address in enumerate(everybody):
        store.enrollments.begin(replace(E, address=address, opening=str(number)), NOW, "")
    for asked in (person, *SPELLED[person]):
        assert {e.address for e in store.enrollments.of_address(asked)} == set(SPELLED[person])
    store.close()


def test_no_table_is_walked_through(tmp_path: Path) -> None:
    """Of those who were ever enrolled or mailed."""
    store = Store.open(tmp_path / "followmail.db")
    for person in SPELLED:
        condition, *values = of_people([person, "eve@eve.example"])
        for table in ("enrollment", "delivery"):
            plan = store._database.execute_sql(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {condition}", values)
            assert not any(step.startswith("SCAN") for *_, step in plan.fetchall())
    store.close()
