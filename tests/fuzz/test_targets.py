"""The fuzzer's targets take what they begin with: so that none of them lies broken until somebody fuzzes."""

import pytest

from tests.fuzz.seeds import seeds, words
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_takes_its_seeds(name: str) -> None:
    """Whole mails by samples: all of them are read by the corpus test."""
    mine = list(seeds(name))
    assert mine
    assert list(words(name))
    for seed in (b"", *(mine if len(mine) < 50 else mine[::15])):
        TARGETS[name](seed)
        TARGETS[name](seed[: len(seed) // 2])
