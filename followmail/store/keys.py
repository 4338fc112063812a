"""What stands for a text in an index: a number is compared, kept and cached at a fraction of what an id of 80 letters takes.

A key finds; the text decides. Whoever asks by a key compares the text too, so that two texts with one key stay two. An
address has the key of its mailbox: one person is found however the address is spelled.
"""

import hashlib
from functools import lru_cache

from followmail.mail.identity import mailbox


def key_of(text: str) -> int:
    """64 bits of a hash, as SQLite's integer; nobody can write an id that has the key of another's."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@lru_cache(maxsize=2048)
def key_of_address(address: str) -> int:
    """The same people write again and again."""
    return key_of(mailbox(address))
