"""The autoconfig file of a stranger: what is taken from it, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.discovery.autoconfig import places, read
from tests.discovery.test_finding_servers import AUTOCONFIG
from tests.runaway import ends

ADDRESS = "alex@company.example"


def names(data: bytes | str) -> list[str]:
    raw = data if isinstance(data, bytes) else data.encode()
    return [f"{one.endpoint.protocol} {one.endpoint} {one.user}" for one in read(raw, ADDRESS)]


def test_the_servers_in_their_order() -> None:
    """IMAP and SMTP; POP3 is passed over; placeholders are filled."""
    assert names(AUTOCONFIG) == [
        "imap mail.hoster.example:993 (tls) alex",
        "smtp mail.hoster.example:587 (starttls) alex@company.example",
    ]


@pytest.mark.parametrize(
    "swap",
    [
        ("<socketType>SSL</socketType>\n", "<socketType>plain</socketType>\n"),
        ("<port>993</port>", "<port>0</port>"),
        ("<port>993</port>", "<port>99999</port>"),
        ("<hostname>mail.hoster.example</hostname><port>993", "<hostname></hostname><port>993"),
    ],
)
def test_a_server_that_cannot_be_used_is_left_out(swap: tuple[str, str]) -> None:
    """Plain text above all."""
    assert [name[:4] for name in names(AUTOCONFIG.replace(*swap))] == ["smtp"]


EVIL = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("entity", ["&a;", "&b;", "&f;", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(entity: str, encoding: str) -> None:
    """In any encoding: no entity is ever expanded, no file read."""
    text = AUTOCONFIG.replace('<?xml version="1.0"?>', f'<?xml version="1.0" encoding="{encoding}"?>{EVIL}')
    assert names(text.replace("mail.hoster.example", f"mail{entity}.hoster.example").encode(encoding)) == []


def test_what_is_huge_or_deep_ends_soon() -> None:
    """And names nothing."""
    with ends():
        assert names("<a>" * 300_000) == []
        assert names("<incomingServer type='imap'><hostname>" + "x" * 1_000_000) == []


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Never raise."""
    read(data, ADDRESS)
    read(AUTOCONFIG.encode()[:100] + data, ADDRESS)


def test_it_is_asked_for_over_https_only() -> None:
    """At the domain's own two places."""
    assert len(places(ADDRESS)) == 2
    assert all(url.startswith("https://") and "company.example/" in url for url in places(ADDRESS))
