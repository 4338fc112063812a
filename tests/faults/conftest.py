"""What the tests of faults share: strace, without which nobody is killed at a system call."""

import pytest

from tests.conftest import _require
from tests.faults.mortal import STRACE
from tests.proof import tally


@pytest.fixture(scope="session")
def strace() -> None:
    """strace is installed."""
    _require(STRACE, "strace", "strace")


@pytest.fixture(scope="session")
def every_moment() -> bool:
    """Whether every moment is tried, as `make faults` and `make proof` do, and not only samples."""
    return tally.every_moment()
