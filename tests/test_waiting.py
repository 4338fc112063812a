"""Waiting: until something can be read, or time is up, by a clock that goes on while the machine sleeps."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from followmail import waiting


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Reading end, writing end."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture(params=["with a timer", "without one"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Linux, and as elsewhere."""
    if request.param == "without one":
        monkeypatch.setattr(waiting, "_libc", lambda: None)
        monkeypatch.setattr(waiting, "_SLICE", 0.01)


@pytest.mark.usefixtures("ways")
def test_time_is_up(pipe: tuple[int, int]) -> None:
    """Nothing could be read until then."""
    began = time.monotonic()
    assert waiting.readable(0.05, pipe[0]) == frozenset()
    assert time.monotonic() - began >= 0.05


@pytest.mark.usefixtures("ways")
@pytest.mark.parametrize("seconds", [300, 0, -1])
def test_what_can_be_read_is_told_at_once(pipe: tuple[int, int], seconds: float) -> None:
    """Also where no time is left."""
    os.write(pipe[1], b"x")
    assert waiting.readable(seconds, pipe[0]) <= {pipe[0]}
    assert waiting.readable(300, pipe[0]) == {pipe[0]}


def test_the_timer_goes_on_while_the_machine_sleeps() -> None:
    """Its clock is the one that does, and it is set to the seconds that were asked for."""
    timer = waiting._timer(300)
    assert timer is not None
    told = dict(line.split(":", 1) for line in Path(f"/proc/self/fdinfo/{timer}").read_text().splitlines())
    os.close(timer)
    assert int(told["clockid"]) == time.CLOCK_BOOTTIME
    assert told["it_value"].strip().startswith("(299,")


@pytest.mark.usefixtures("ways")
def test_no_descriptor_is_left_behind(pipe: tuple[int, int]) -> None:
    """A daemon waits for years."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        waiting.readable(0.0001, pipe[0])
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
