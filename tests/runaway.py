"""Ends what runs away. Processor time, not the clock's: how busy the machine is does not matter."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

ENOUGH = 20.0  # seconds of processor time; what must end takes a fraction of one


@contextlib.contextmanager
def ends() -> Iterator[None]:
    """Fails what has not ended after `ENOUGH`. A pattern that runs away is interrupted too: `re` listens to signals."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"it ran away: not done after {ENOUGH:.0f} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, ENOUGH)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
