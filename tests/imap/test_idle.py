"""Waiting: it ends when something came, when we are woken, when time is up, and never pretends on a dead link."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from followmail.errors import Unreachable
from followmail.imap.session import Session
from tests.imap.staging import Relay, Talk, scripted
from tests.servers.dovecot import Dovecot, Dovecots, Mailbox

MAIL = b"From: a@one.example\r\n\r\nHello\r\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A wake-up pipe: reading end, writing end."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("security", ["none", "tls"])
def test_new_mail_ends_the_wait(mailbox: Mailbox, security: str) -> None:
    """Mail that comes while we wait."""
    mailbox.client.noop()
    with Session.open(mailbox.account(security)) as session:
        session.examine("INBOX")
        timer = threading.Timer(0.05, mailbox.deliver, (MAIL,))
        timer.start()
        assert session.idle(20) is True
        timer.join()
        assert session.examine("INBOX").uidnext == 2


def test_mail_that_came_before_the_wait_is_reported(mailbox: Mailbox) -> None:
    """Between the opening of the folder and IDLE: the server says it on the way in."""
    with Session.open(mailbox.account()) as session:
        session.examine("INBOX")
        mailbox.deliver(MAIL)
        assert session.idle(20) is True


@pytest.mark.parametrize("capability", ["", "IMAP4rev1"])
def test_time_is_up_without_news(dovecots: Dovecots, capability: str) -> None:
    """With IDLE and without."""
    mailbox = dovecots(capability=capability).mailbox()
    with Session.open(mailbox.account()) as session:
        session.examine("INBOX")
        assert session.idle(0.05) is False
        assert session.folders()  # the session goes on


@pytest.mark.parametrize("capability", ["", "IMAP4rev1"])
@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_wake_up_ends_the_wait_at_once(
    dovecots: Dovecots, capability: str, security: str, pipe: tuple[int, int]
) -> None:
    """A signal, a resume, a stop."""
    mailbox = dovecots(capability=capability).mailbox()
    with Session.open(mailbox.account(security)) as session:
        session.examine("INBOX")
        os.write(pipe[1], b"x")
        began = time.monotonic()
        assert session.idle(30, pipe[0]) is False
        assert time.monotonic() - began < 5


def test_without_idle_the_news_is_there_when_the_wait_ends(dovecots: Dovecots) -> None:
    """The server is asked once, with NOOP."""
    mailbox = dovecots(capability="IMAP4rev1").mailbox()
    with Session.open(mailbox.account()) as session:
        session.examine("INBOX")
        mailbox.deliver(MAIL)
        assert session.idle(0.01) is True


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_goes_away_raises(own_dovecot: Dovecot, security: str) -> None:
    """An empty answer would look like a quiet mailbox, for ever."""
    session = Session.open(own_dovecot.mailbox().account(security))
    session.examine("INBOX")
    timer = threading.Timer(0.1, own_dovecot.stop)
    timer.start()
    with pytest.raises(Unreachable):
        while True:
            session.idle(30)
    timer.join()
    assert not session.alive


@pytest.mark.parametrize("capability", ["", "IMAP4rev1"])
def test_a_connection_that_is_ended_for_us_raises(dovecots: Dovecots, capability: str) -> None:
    """BYE while we wait."""
    mailbox = dovecots(capability=capability).mailbox()
    session = Session.open(mailbox.account())
    session.examine("INBOX")
    threading.Timer(0.1, mailbox.kick).start()
    with pytest.raises(Unreachable):
        session.idle(30)


def test_a_pulled_cable_is_noticed_when_the_wait_ends(mailbox: Mailbox) -> None:
    """Nothing comes and nothing ends: the answer to DONE is missing."""
    with Relay(mailbox.server.port) as relay:
        session = Session.open(mailbox.account(port=relay.port, read_timeout=0.3))
        session.examine("INBOX")
        relay.stall()
        with pytest.raises(Unreachable):
            session.idle(0.1)
        assert not session.alive


def _idling(talk: Talk) -> None:
    """Everything up to the moment in which the server waits with us."""
    talk.say("* OK ready")
    while (command := talk.hear()) != "IDLE":
        lines = {
            "CAPABILITY": ["* CAPABILITY IMAP4rev1 IDLE"],
            "EXAMINE": ["* OK [UIDVALIDITY 7] .", "* OK [UIDNEXT 4] ."],
        }
        talk.say(*lines.get(command.split()[0], []), "TAG OK done")


def test_a_line_in_two_segments_is_one_line() -> None:
    """Its second half comes later."""

    def script(talk: Talk) -> None:
        _idling(talk)
        tag = talk.tag
        talk.say("+ idling")
        talk.sock.sendall(b"* 4 EXI")
        threading.Event().wait(0.05)
        talk.sock.sendall(b"STS\r\n")
        talk.hear()
        talk.sock.sendall(f"{tag} OK done\r\n".encode())
        talk.until_gone()

    with scripted(script) as (account, _):
        session = Session.open(account)
        session.examine("INBOX")
        assert session.idle(5) is True
        session.drop()


def test_news_in_the_same_segment_as_the_continuation_is_seen() -> None:
    """It lies in our buffer already: no readable socket tells."""

    def script(talk: Talk) -> None:
        _idling(talk)
        tag = talk.tag
        talk.sock.sendall(b"+ idling\r\n* 4 EXISTS\r\n")
        talk.hear()
        talk.sock.sendall(f"{tag} OK done\r\n".encode())
        talk.until_gone()

    with scripted(script) as (account, _):
        session = Session.open(account)
        session.examine("INBOX")
        assert session.idle(30) is True
        session.drop()


@pytest.mark.parametrize("line", ["* OK Still here", "* 2 FETCH (FLAGS (\\Seen))", "* FLAGS (a b)"])
def test_what_is_no_change_ends_no_wait(line: str) -> None:
    """A keep-alive, or another client that reads a mail: the mail behind it does, and until then nothing is said to them."""

    def script(talk: Talk) -> None:
        _idling(talk)
        tag = talk.tag
        talk.say("+ idling", line)
        threading.Event().wait(0.05)
        talk.say(line)
        threading.Event().wait(0.05)
        talk.say("* 4 EXISTS")
        assert talk.hear() == "DONE"
        talk.sock.sendall(f"{tag} OK done\r\n".encode())
        talk.until_gone()

    with scripted(script) as (account, _):
        session = Session.open(account)
        session.examine("INBOX")
        assert session.idle(30) is True
        session.drop()


def test_what_is_no_change_is_not_reported_as_one() -> None:
    """Nothing else came until the time was up."""

    def script(talk: Talk) -> None:
        _idling(talk)
        tag = talk.tag
        talk.say("+ idling", "* OK Still here")
        talk.hear()
        talk.sock.sendall(f"{tag} OK done\r\n".encode())
        talk.until_gone()

    with scripted(script) as (account, _):
        session = Session.open(account)
        session.examine("INBOX")
        assert session.idle(0.2) is False
        session.drop()


def test_a_server_that_ends_the_wait_by_itself_is_left() -> None:
    """Nobody waits any more: to go on as if it did would hear nothing."""

    def script(talk: Talk) -> None:
        _idling(talk)
        talk.say("+ idling", f"{talk.tag} OK enough")
        talk.until_gone()

    with scripted(script) as (account, _):
        session = Session.open(account)
        session.examine("INBOX")
        with pytest.raises(Unreachable):
            session.idle(30)


def test_a_folder_is_waited_in_until_something_else_is_said(mailbox: Mailbox) -> None:
    """What comes after the status was told, an IDLE tells; after any other command it might be lost."""
    with Session.open(mailbox.account()) as session:
        session.examine("INBOX")
        assert not session.waits_in("INBOX")
        session.folders()
        assert session.waits_in("INBOX") and not session.waits_in("Sent")
        assert session.idle(0.05) is False
        assert session.waits_in("INBOX")
        session.search("ALL")
        assert not session.waits_in("INBOX")
        session.folders()
        mailbox.deliver(MAIL)
        assert session.waits_in("INBOX") and session.idle(20) is True
        assert not session.waits_in("INBOX")


def test_a_server_that_refuses_to_wait_is_told_from_a_dead_one() -> None:
    """NO to IDLE: the session lives, the caller polls."""
    from followmail.errors import CommandRefused

    def script(talk: Talk) -> None:
        _idling(talk)
        talk.say("TAG NO not today")
        talk.hear()
        talk.say("TAG OK done")
        talk.until_gone()

    with scripted(script) as (account, _):
        session = Session.open(account)
        session.examine("INBOX")
        with pytest.raises(CommandRefused):
            session.idle(30)
        session.noop()
        session.drop()
