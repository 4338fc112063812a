"""What servers say to a refused login, and the sentence that comes of it."""

import pytest

from followmail.discovery.endpoint import Endpoint
from followmail.discovery.probe import Outcome, Probe
from followmail.discovery.providers import Provider, providers
from followmail.discovery.remedies import login_refused, sending_refused
from followmail.discovery.verdict import why_not
from followmail.options import Security


def of(name: str) -> Provider | None:
    return next((p for p in providers() if p.name == name), None)


@pytest.mark.parametrize(
    ("said", "name", "words"),
    [
        ("[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
         "Gmail", "https://myaccount.google.com/apppasswords"),
        ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "Gmail", "https://myaccount.google.com/apppasswords"),
        ("[ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754", "", "webmail"),
        ("Your account is not enabled for IMAP use", "", "switch it on"),
        ("[AUTHENTICATIONFAILED] Authentication failed.", "GMX", "POP3 und IMAP Zugriff erlauben"),
        ("LOGIN failed.", "Microsoft 365", "OAuth2"),
        ("LOGIN failed.", "Outlook.com", "since September 2024"),
        ("[AUTHENTICATIONFAILED] Authentication Failed", "iCloud", "app-specific password"),
        ("[AUTHENTICATIONFAILED] LOGIN Invalid credentials", "Yahoo", "app password"),
        ("[LIMIT] Too many login attempts", "", "wait some minutes"),
        ("[AUTHENTICATIONFAILED] Authentication failed.", "", "the login name or the password is wrong"),
        ("", "", "the login name or the password is wrong"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_remedy(said: str, name: str, words: str) -> None:
    """The server's own words first, then the provider's rules, then what is usual."""
    assert words in login_refused(said, of(name))


def test_microsoft_wants_sending_allowed() -> None:
    """Its refusal names the switch that the administrator has."""
    said = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled"
    assert "Authenticated SMTP" in sending_refused(said, of("Microsoft 365"))


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.GOOD])
@pytest.mark.parametrize("name", ["", "Gmail"])
def test_each_fault_of_a_server_is_one_sentence_with_a_remedy(outcome: Outcome, name: str) -> None:
    """It begins with a capital or the name, ends with one full stop, and says what to do."""
    at = Endpoint("imap", "imap.gmail.com" if name else "imap.x.example", 993, Security.TLS)
    sentence = why_not(Probe(at, outcome, "certificate has expired"), of(name))
    assert (
        (sentence[0].isupper() or sentence.startswith(at.host))
        and sentence.endswith(".")
        and not sentence.endswith("..")
    )
    assert any(verb in sentence for verb in ("check", "ask", "connect", "log in", "perhaps its port takes"))
