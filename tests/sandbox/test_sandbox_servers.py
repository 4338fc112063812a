"""The sandbox's servers: on this machine only, for one user only, and gone when they stop."""

import imaplib
import smtplib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from followmail.sandbox.servers import HOST, Delivered, Servers

NOW = datetime(2026, 4, 29, 9, tzinfo=UTC)
MAIL = b"From: alex@consult.example\r\nTo: bob@bob.example\r\nSubject: A dot\r\n\r\n.\r\n..\r\n"


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers("alex@consult.example", "sandbox", lambda: NOW) as up:
        yield up


def submission(servers: Servers) -> smtplib.SMTP:
    return smtplib.SMTP(HOST, servers.smtp_port, local_hostname="localhost", timeout=5)


def test_what_is_handed_over_is_kept_byte_for_byte(servers: Servers) -> None:
    """Envelope, bytes and the moment by the sandbox's clock."""
    with submission(servers) as smtp:
        smtp.login(servers.user, servers.password)
        smtp.sendmail("alex@consult.example", ["bob@bob.example"], MAIL)
    (mail,) = servers.delivered
    assert mail == Delivered(NOW, "alex@consult.example", ("bob@bob.example",), MAIL)


def test_nothing_is_taken_without_a_login(servers: Servers) -> None:
    """As a provider's submission server (RFC 6409 §4.3)."""
    with submission(servers) as smtp, pytest.raises(smtplib.SMTPSenderRefused, match="530"):
        smtp.sendmail("alex@consult.example", ["bob@bob.example"], MAIL)
    assert servers.delivered == ()


def test_a_wrong_password_is_refused_by_both(servers: Servers) -> None:
    """There is one user, with one password."""
    with submission(servers) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.login(servers.user, "wrong")
    with imaplib.IMAP4(HOST, servers.imap_port) as imap, pytest.raises(imaplib.IMAP4.error):
        imap.login(servers.user, "wrong")


def test_both_listen_on_this_machine_alone_and_stop_with_the_sandbox() -> None:
    """127.0.0.1 only; afterwards the ports are free, also where a client is still there."""
    with Servers("alex@consult.example", "sandbox", lambda: NOW) as up:
        client = imaplib.IMAP4(HOST, up.imap_port)
        hosts = {s.getsockname()[0] for server in up._listening for s in server.sockets}
        assert hosts == {HOST}
    client.shutdown()
    for port in (up.imap_port, up.smtp_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port), timeout=5)
