"""Waiting until something can be read, or time is up: time that also passes while the machine sleeps.

poll(2) counts only what the machine is awake. Linux has a timer that goes on in sleep (timerfd_create(2)), which Python
offers from 3.13 on only; where there is none, a wait looks at the clock now and then.
"""

import ctypes
import os
import select
import struct
import time
from functools import cache
from typing import Any

# It goes on while the machine sleeps; where there is none, a wait after a sleep is only longer.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_SLICE = 30.0  # seconds between two looks at the clock, where there is no timer


def now() -> float:
    """Seconds by that clock."""
    return time.clock_gettime(CLOCK)


def readable(seconds: float, *fds: int) -> frozenset[int]:
    """Which of these can be read; none after `seconds`."""
    end, timer = now() + seconds, _timer(seconds)
    poller = select.poll()
    for fd in (*fds, *(() if timer is None else (timer,))):
        poller.register(fd, select.POLLIN)
    try:
        while True:
            left = max(0.0, end - now())
            ready = poller.poll(None if timer is not None else min(left, _SLICE) * 1000)
            if ready or not left:
                return frozenset(fd for fd, _ in ready) - {timer}
    finally:
        if timer is not None:
            os.close(timer)


def _timer(seconds: float) -> int | None:
    """A descriptor that can be read when they are over; None where the system has no such thing."""
    libc = _libc()
    if libc is None or (fd := libc.timerfd_create(CLOCK, os.O_CLOEXEC | os.O_NONBLOCK)) < 0:
        return None
    whole, rest = divmod(max(1, int(seconds * 1e9)), 10**9)  # nothing at all would stop it
    if libc.timerfd_settime(fd, 0, struct.pack("llll", 0, 0, whole, rest), None) < 0:
        os.close(fd)
        return None
    return int(fd)


@cache
def _libc() -> Any:
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "timerfd_create") else None
