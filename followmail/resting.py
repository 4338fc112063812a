"""What a daemon that goes to rest gives back: it waits for days, and need not hold what its busiest minute took."""

import ctypes
import sys
from functools import _lru_cache_wrapper

from followmail.store import Store


def give_back(store: Store) -> None:
    """What was remembered of the last mails, the pages that the database keeps at hand, what the C library holds back."""
    _forget()
    store.shrink()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # glibc; others hold nothing back
        libc.malloc_trim(0)


def _forget() -> None:
    """A cache with a bound is of what was read last; one without is a table, which is needed again."""
    for module in [module for name, module in sys.modules.items() if name.startswith(f"{__package__}.")]:
        for remembered in vars(module).values():
            if isinstance(remembered, _lru_cache_wrapper) and remembered.cache_parameters()["maxsize"]:
                remembered.cache_clear()
