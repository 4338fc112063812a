"""Mails written for the tests, in the forms in which mail really comes: see the README beside this file."""

import re
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).parent
MAILS = tuple(sorted(CORPUS.glob("*/*.eml")))
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
_EXPECTED = re.compile(rb"^X-Expect-([A-Za-z-]+): ([^\r\n]*)\r?\n", re.M)


@cache
def opened(path: Path) -> tuple[bytes, dict[str, str]]:
    """The mail as it came, and what is expected of it: the lines that say so are none of its own."""
    head, blank, body = re.split(rb"(\r?\n\r?\n)", path.read_bytes(), maxsplit=1)
    expected = {name.decode(): value.decode() for name, value in _EXPECTED.findall(head)}
    return _EXPECTED.sub(b"", head) + blank + body, expected
