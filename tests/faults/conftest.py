"""What the tests of faults share: strace, without which nobody is killed at a system call."""

import os

import pytest

from tests.conftest import _require
from tests.faults.mortal import STRACE


@pytest.fixture(scope="session")
def strace() -> None:
    """strace is installed."""
    _require(STRACE, "strace", "strace")


@pytest.fixture(scope="session")
def every_moment() -> bool:
    """Whether every moment is tried, as `make faults` does, and not only samples."""
    return os.environ.get("EVERY_MOMENT") == "1"
