"""What is told of providers: one file, well-formed, with sources, and the docs made from it."""

from pathlib import Path

import pytest

from followmail.discovery.endpoint import Endpoint
from followmail.discovery.providers import Provider, of_domain, of_mx, of_server, providers, table
from followmail.options import Security

ROOT = Path(__file__).parent.parent.parent
EACH = pytest.mark.parametrize("provider", providers(), ids=lambda provider: provider.name)


@EACH
def test_each_has_its_sources_and_servers(provider: Provider) -> None:
    """Encrypted, but for a bridge on this machine; methods that are known; a remedy that fits into a sentence."""
    assert provider.sources and all(url.startswith("https://") for url in provider.sources)
    assert provider.domains or provider.mx
    assert bool(provider.none) != bool(provider.imap)
    if provider.none:
        return
    assert provider.methods and set(provider.methods) <= {"password", "app password", "oauth2"}
    assert bool(provider.oauth) == ("oauth2" in provider.methods)
    assert provider.remedy or not provider.wants_app_password
    assert not provider.remedy.endswith((".", ":"))
    for protocol in ("imap", "smtp"):
        endpoint: Endpoint = provider.endpoint(protocol, "mx.example")
        assert endpoint.security is not Security.NONE or endpoint.host == "127.0.0.1"


def test_no_domain_belongs_to_two() -> None:
    """Nor an MX ending."""
    domains = [domain for provider in providers() for domain in provider.domains]
    endings = [ending for provider in providers() for ending in provider.mx]
    assert len(domains) == len(set(domains))
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("exchanger", "name"),
    [
        ("aspmx.l.google.com.", "Google Workspace"),
        ("smtp.google.com", "Google Workspace"),
        ("x.mail.protection.outlook.com", "Microsoft 365"),
        ("x.olc.protection.outlook.com", "Outlook.com"),
        ("company-example.p-v1.mx.microsoft", "Microsoft 365"),
        ("mx00.ionos.de", "IONOS"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
        ("smtpin.rzone.de", "Strato"),
        ("mx1.mail.ovh.net", "OVH"),
        ("mta-gw.infomaniak.ch", "Infomaniak"),
        ("mx.zoho.eu", "Zoho (Europe)"),
        ("w0123456.kasserver.com", "all-inkl.com"),
    ],
)
def test_mx_names_lead_to_providers(exchanger: str, name: str) -> None:
    """By whole labels."""
    found = of_mx([exchanger])
    assert found is not None and found.name == name


@pytest.mark.parametrize("exchanger", ["notgoogle.com", "google.com.evil.example", "mail.company.example", ""])
def test_a_likeness_is_no_match(exchanger: str) -> None:
    """An ending is a whole domain."""
    assert of_mx([exchanger]) is None


def test_servers_that_two_share() -> None:
    """The domain decides; a company's is the second."""
    assert [
        p.name if p else ""
        for p in (of_server("imap.gmail.com", 993, "gmail.com"), of_server("imap.gmail.com", 993, "x.example"))
    ] == [
        "Gmail",
        "Google Workspace",
    ]
    assert of_server("imap.x.example", 993) is None
    assert of_server("127.0.0.1", 143) is None  # not every server on this machine is Proton Bridge
    found = of_domain("free.fr")
    assert found is not None and found.user("jean@free.fr") == "jean"


def test_the_docs_show_the_whole_table() -> None:
    """docs/provider.md is made from it: `python -m followmail.discovery.providers` prints it anew."""
    page = (ROOT / "docs" / "provider.md").read_text()
    assert table() in page
    assert "Nothing of it was tried live" in page
