"""From an address to its servers, on a small internet of the test's own: every source, and everything that lies."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from followmail.discovery.endpoint import Endpoint, alternatives, read
from followmail.discovery.network import dial
from followmail.discovery.probe import Outcome, probe
from followmail.discovery.search import Found, Source, find, look_at
from followmail.discovery.verdict import why_none
from followmail.options import Security
from tests.discovery.internet import Internet, context, imap, nobody, web
from tests.servers.dovecot import make_certificate

ADDRESS = "alex@company.example"
NAMES = (
    "imap.company.example", "mail.company.example", "autoconfig.company.example", "company.example",
    "mail.hoster.example", "outlook.office365.com", "imap.gmx.net", "www.company.example",
)  # fmt: skip
AUTOCONFIG = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="pop3"><hostname>pop.hoster.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>mail.hoster.example</hostname><port>993</port><socketType>SSL</socketType>
<username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>mail.hoster.example</hostname><port>587</port><socketType>STARTTLS</socketType>
<username>%EMAILADDRESS%</username></outgoingServer></emailProvider></clientConfig>"""
AUTOCONFIG_PATH = "/mail/config-v1.1.xml"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`cert`: good for all NAMES, by the authority that is trusted; `other`: for another name; `own`: self-signed."""
    folder = tmp_path_factory.mktemp("internet")
    make_certificate(folder, "DNS:portal.example", "other")
    (folder / "own").mkdir()
    make_certificate(folder / "own", ",".join(f"DNS:{name}" for name in NAMES))
    (folder / "good").mkdir()
    make_certificate(folder / "good", ",".join(f"DNS:{name}" for name in NAMES))
    return folder


@pytest.fixture
def internet(certificates: Path) -> Iterator[Internet]:
    with Internet() as made:
        made.ca_file = str(certificates / "good" / "ca.pem")
        made.hosts["company.example"] = {}
        yield made


@pytest.fixture
def good(certificates: Path) -> ssl.SSLContext:
    return context(certificates / "good")


def found(internet: Internet, address: str = ADDRESS) -> Found:
    began = time.monotonic()
    result = find(address, internet.trusting())
    assert time.monotonic() - began < internet.budget + 0.5
    return result


def first(result: Found) -> tuple[str, Source]:
    assert result.imap, why_none(result)
    return str(result.imap[0].endpoint), result.imap[0].source


def test_the_table_knows_a_domain(internet: Internet, good: ssl.SSLContext) -> None:
    """And asks no name server."""
    internet.mute = True
    internet.host("imap.gmx.net", 993, internet.listen(imap(good)))
    result = found(internet, "alex@gmx.de")
    assert first(result) == ("imap.gmx.net:993 (tls)", Source.TABLE)
    assert result.provider is not None and result.provider.name == "GMX"
    assert str(result.smtp[0].endpoint) == "mail.gmx.net:465 (tls)"


def test_a_company_domain_at_microsoft(internet: Internet, good: ssl.SSLContext) -> None:
    """By its MX, and before a server that guessing finds."""
    internet.records["company.example", "MX"] = ["0 company-example.mail.protection.outlook.com."]
    port = internet.listen(imap(good))
    internet.host("outlook.office365.com", 993, port)
    internet.host("imap.company.example", 993, port)
    result = found(internet)
    assert first(result) == ("outlook.office365.com:993 (tls)", Source.MX)
    assert result.provider is not None and result.provider.name == "Microsoft 365"


def test_nothing_is_guessed_where_the_provider_is_known(internet: Internet, good: ssl.SSLContext) -> None:
    """The web server of a company at Microsoft speaks IMAP too, and has no mail."""
    internet.records["company.example", "MX"] = ["0 company-example.mail.protection.outlook.com."]
    internet.host("mail.company.example", 993, internet.listen(imap(good)))
    result = found(internet)
    assert result.imap == ()
    assert "outlook.office365.com" in why_none(result)


def test_the_longest_mx_ending_decides(internet: Internet) -> None:
    """Outlook.com's exchangers end like those of Microsoft 365."""
    internet.records["hotmail.example", "MX"] = ["2 hotmail-example.olc.protection.outlook.com."]
    result = found(internet, "alex@hotmail.example")
    assert result.provider is not None and result.provider.name == "Outlook.com"


@pytest.mark.parametrize("where", ["autoconfig.company.example", "company.example", "redirected"])
def test_autoconfig(internet: Internet, good: ssl.SSLContext, where: str) -> None:
    """At either place, or behind a redirect; the login name is what it says."""
    internet.host("mail.hoster.example", 993, internet.listen(imap(good)))
    pages = {AUTOCONFIG_PATH: AUTOCONFIG, f"/.well-known/autoconfig{AUTOCONFIG_PATH}": AUTOCONFIG}
    site = internet.listen(web(good, pages))
    if where == "redirected":
        internet.host("www.company.example", 443, site)
        site = internet.listen(web(good, {"*": f"https://www.company.example{AUTOCONFIG_PATH}"}))
        where = "company.example"
    internet.host(where, 443, site)
    result = found(internet)
    assert first(result) == ("mail.hoster.example:993 (tls)", Source.AUTOCONFIG)
    assert result.imap[0].user == "alex"
    assert (str(result.smtp[0].endpoint), result.smtp[0].user) == ("mail.hoster.example:587 (starttls)", ADDRESS)


def test_srv_records(internet: Internet, good: ssl.SSLContext) -> None:
    """By priority; a port of its own; one that is “.” is none."""
    internet.records["_imaps._tcp.company.example", "SRV"] = [
        "20 0 993 slow.example.",
        "10 0 7993 mail.hoster.example.",
    ]
    internet.records["_imap._tcp.company.example", "SRV"] = ["0 0 0 ."]
    internet.records["_submissions._tcp.company.example", "SRV"] = ["0 1 465 mail.hoster.example."]
    internet.host("mail.hoster.example", 7993, internet.listen(imap(good)))
    result = found(internet)
    assert first(result) == ("mail.hoster.example:7993 (tls)", Source.SRV)
    assert str(result.smtp[0].endpoint) == "mail.hoster.example:465 (tls)"


@pytest.mark.parametrize("name", ["imap.company.example", "mail.company.example", "company.example"])
def test_guesses(internet: Internet, good: ssl.SSLContext, name: str) -> None:
    """Where nobody tells."""
    internet.host(name, 993, internet.listen(imap(good)))
    assert first(found(internet)) == (f"{name}:993 (tls)", Source.GUESS)


def test_the_mail_exchanger_itself(internet: Internet, good: ssl.SSLContext) -> None:
    """A small server does everything under one name."""
    internet.records["company.example", "MX"] = ["10 mail.hoster.example."]
    internet.host("mail.hoster.example", 993, internet.listen(imap(good)))
    assert first(found(internet)) == ("mail.hoster.example:993 (tls)", Source.GUESS)


# What lies, or says nothing


@pytest.mark.parametrize(("stem", "words"), [("other.pem", "mail.company.example"), ("own/cert.pem", "self-signed")])
def test_a_wrong_certificate_makes_no_candidate(internet: Internet, certificates: Path, stem: str, words: str) -> None:
    """Another's name, or nobody who vouches for it."""
    folder = certificates / Path(stem).parent
    internet.host("mail.company.example", 993, internet.listen(imap(context(folder, Path(stem).stem))))
    result = found(internet)
    assert result.imap == ()
    assert "cannot be trusted" in why_none(result)
    assert "no password is sent there" in why_none(result)


def test_plain_text_is_never_offered(internet: Internet) -> None:
    """Not as a guess, not by autoconfig, not by hand."""
    port = internet.listen(imap(offers="IMAP4rev1 AUTH=PLAIN"))
    internet.host("mail.company.example", 143, port)
    result = found(internet)
    assert result.imap == ()
    assert "offers no encryption" in why_none(result)
    seen = look_at(internet.trusting(), [Endpoint("imap", "mail.company.example", 143, Security.NONE)])
    assert seen[0].outcome is Outcome.PLAIN


def test_a_wildcard_fools_nobody(internet: Internet, good: ssl.SSLContext) -> None:
    """Every name leads to the same web server; the one real mail server is found."""
    page = "<html><body>Welcome!<incomingServer type='imap'></body></html>"
    internet.everywhere = {443: internet.listen(web(good, {"*": page})), 993: internet.listen(web(good, {"*": page}))}
    internet.records["*", "SRV"] = ["0 0 993 anything.example."]
    internet.host("mail.company.example", 993, internet.listen(imap(good)))
    assert first(found(internet)) == ("mail.company.example:993 (tls)", Source.GUESS)


def test_a_captive_portal(internet: Internet, certificates: Path) -> None:
    """Every name has an address, even one that cannot be."""
    port = internet.listen(imap(context(certificates, "other")))
    internet.everywhere = {443: port, 993: port}
    internet.records["*", "A"] = ["127.0.0.1"]
    result = found(internet)
    assert result.imap == ()
    assert "wants you to log in first" in why_none(result)


def test_a_known_provider_with_a_wrong_certificate_is_somebody_between(internet: Internet, certificates: Path) -> None:
    """For GMX has good ones."""
    internet.host("imap.gmx.net", 993, internet.listen(imap(context(certificates, "other"))))
    assert "stands between this machine and imap.gmx.net" in why_none(found(internet, "alex@gmx.net"))


def test_no_network(internet: Internet) -> None:
    """One sentence."""
    internet.mute = internet.down = True
    assert why_none(found(internet)) == "This machine reaches no network: connect it, and try again."


def test_black_holes_cost_no_more_than_the_budget(internet: Internet, good: ssl.SSLContext) -> None:
    """Everything that could be asked is silent; what answers is found all the same."""
    hole = internet.listen(nobody)
    internet.mute, internet.budget = True, 1.0
    internet.everywhere = {443: hole, 993: hole, 143: hole}
    result = found(internet)
    assert result.imap == ()
    assert why_none(result).count(".") >= 1
    internet.host("mail.company.example", 993, internet.listen(imap(good)))
    assert first(found(internet)) == ("mail.company.example:993 (tls)", Source.GUESS)


def test_a_provider_without_imap_says_so(internet: Internet) -> None:
    """And nothing is tried."""
    result = found(internet, "alex@tuta.io")
    assert "has no IMAP" in why_none(result)
    assert result.probes == ()


def test_what_a_server_offers_is_told(internet: Internet, good: ssl.SSLContext) -> None:
    """A login by password, or none."""
    internet.host("mail.company.example", 993, internet.listen(imap(good, "IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2")))
    seen = probe(internet.trusting(), read("imap", "mail.company.example"), time.monotonic() + 2)
    assert seen.good and not seen.takes_password


def test_a_dead_address_of_a_host_does_not_hide_the_other(
    internet: Internet, good: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where IPv6 leads nowhere; and no name, and nobody there, each say so."""
    port = internet.listen(nobody)
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(*row, ("127.0.0.1", 1)), (*row, ("127.0.0.1", port))])
    with dial("mail.company.example", 993, time.monotonic() + 2) as sock:
        assert sock.getpeername()[1] == port
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(*row, ("127.0.0.1", 1))])
    with pytest.raises(ConnectionRefusedError):
        dial("mail.company.example", 993, time.monotonic() + 2)


# What people type


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("imap.x.example", ["imap.x.example:993 (tls)", "imap.x.example:143 (starttls)"]),
        (" IMAP.x.example. ", ["imap.x.example:993 (tls)", "imap.x.example:143 (starttls)"]),
        ("imap.x.example:143", ["imap.x.example:143 (starttls)", "imap.x.example:143 (tls)"]),
        ("127.0.0.1:1143", ["127.0.0.1:1143 (tls)", "127.0.0.1:1143 (starttls)", "127.0.0.1:1143 (none)"]),
        ("imap.x.example:7993", ["imap.x.example:7993 (tls)", "imap.x.example:7993 (starttls)"]),
    ],
)
def test_a_server_typed_by_hand(typed: str, expected: list[str]) -> None:
    """Without a port, both usual ones; with one, that."""
    assert [str(endpoint) for endpoint in alternatives("imap", typed)] == expected


@pytest.mark.parametrize("typed", ["", ":993", "x:99999", "x:abc", "x:²"])
def test_what_is_no_server_is_refused(typed: str) -> None:
    """In words."""
    with pytest.raises(ValueError, match="is no host"):
        alternatives("imap", typed)
