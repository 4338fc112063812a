"""One mail handed to a server: what became of it is told rightly, wherever the dialogue breaks."""

import base64
import re
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from followmail.auth import Secret
from followmail.errors import LoginRefused, ServerBusy, Unreachable
from followmail.smtp import NotSent, Outcome, Sent, Server, Unknown, probe, submit
from tests.proof.tally import every_moment, tried
from tests.servers import smtp as servers
from tests.servers.smtp import PASSWORD, USER, Certificate, Cut, Proxy, Smtpd

smtpd, secure_smtpd, smtp_certificate = servers.smtpd, servers.secure_smtpd, servers.smtp_certificate

BOB, EVE = "bob@client.example", "eve@client.example"
HEAD = b"From: alex@consult.example\r\nTo: bob@client.example\r\nSubject: Hi\r\n\r\n"
MAIL = HEAD + b"Hello,\r\n.dots\r\n..\r\n.\r\nAlex\r\n"
WIRE = MAIL.replace(b"\r\n.", b"\r\n..")


def send(server: Server, *to: str, data: bytes = MAIL, before_dot: Callable[[], None] = lambda: None) -> Outcome:
    """One attempt, from the consultant to Bob unless other recipients are named."""
    return submit(server, USER, to or (BOB,), data, before_dot=before_dot, local_hostname="laptop.local")


@dataclass
class Attempt:
    """What one attempt over a cut link came to."""

    cut: Cut
    outcome: Outcome
    delivered: int
    committed: int


def attempt(smtpd: Smtpd, proxy: Proxy, cut: Cut, server: Server) -> Attempt:
    """Sends once over the proxy that cuts there, and waits until the server can take nothing more."""
    proxy.cut, before, committed = cut, len(smtpd.delivered), []
    outcome = send(server, before_dot=lambda: committed.append(True))
    proxy.settle()
    smtpd.settle()
    return Attempt(cut, outcome, len(smtpd.delivered) - before, len(committed))


def lies(attempts: list[Attempt]) -> list[Attempt]:
    """Those whose outcome is not the truth, or that were handed over twice, or left without being handed over."""
    false = {NotSent: 1, Sent: 0}
    return [
        a
        for a in attempts
        if a.delivered == false.get(type(a.outcome))
        or a.delivered > 1
        or a.committed > 1
        or (a.committed == 0 and (a.delivered or not isinstance(a.outcome, NotSent)))
    ]


def dialogue(smtpd: Smtpd, proxy: Proxy) -> dict[str, int]:
    """How many bytes an uncut dialogue has in each direction."""
    proxy.cut = None
    assert isinstance(send(smtpd.server(port=proxy.port)), Sent)
    proxy.settle()
    return proxy.passed


@pytest.fixture
def proxy(smtpd: Smtpd) -> Iterator[Proxy]:
    """A link to `smtpd` that can be cut."""
    with Proxy(smtpd.port) as link:
        yield link


# What is certain, wherever the link breaks


@pytest.mark.parametrize("how", ["rst", "fin"])
@pytest.mark.parametrize("direction", ["out", "in"])
def test_cut_at_every_byte_the_outcome_is_never_a_lie(smtpd: Smtpd, proxy: Proxy, direction: str, how: str) -> None:
    """Not sent is never said of a mail that was taken, nor sent of one that was not; handed over is said once."""
    smtpd.extensions = ("SIZE 1000000",)
    length = dialogue(smtpd, proxy)[direction]
    server = smtpd.server(port=proxy.port)
    attempts = [attempt(smtpd, proxy, Cut(direction, at, how), server) for at in range(length + 1)]
    assert lies(attempts) == []
    assert {type(a.outcome) for a in attempts} == {NotSent, Unknown, Sent}
    tried("cuts of an SMTP dialogue, at every byte", len(attempts))


@pytest.mark.parametrize("direction", ["out", "in"])
def test_silence_is_told_as_truly_as_a_cut(smtpd: Smtpd, proxy: Proxy, direction: str) -> None:
    """A link that goes dead without a word ends by the timeouts, and the outcome is true."""
    length = dialogue(smtpd, proxy)[direction]
    server = smtpd.server(port=proxy.port, read_timeout=0.1, dot_timeout=0.1)
    places = sorted({*range(0, length, 1 if every_moment() else 60), *range(length - 12, length + 1)})
    attempts = [attempt(smtpd, proxy, Cut(direction, at, "silence"), server) for at in places]
    assert lies(attempts) == []
    tried("cuts of an SMTP dialogue, at every byte", len(attempts))


# CPython leaves closing to its collector where a socket is reset between connect and wrap_socket.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("how", ["rst", "fin"])
@pytest.mark.parametrize("direction", ["out", "in"])
def test_within_tls_a_cut_is_no_other(secure_smtpd: Smtpd, direction: str, how: str) -> None:
    """Over TLS too, at places all along the dialogue and at each byte of its end."""
    with Proxy(secure_smtpd.port) as proxy:
        length = dialogue(secure_smtpd, proxy)[direction]
        server = secure_smtpd.server(port=proxy.port)
        places = [*range(0, length - 150, 97), *range(length - 150, length + 1, 3)]
        places = [*range(length + 1)] if every_moment() else places
        attempts = [attempt(secure_smtpd, proxy, Cut(direction, at, how), server) for at in places]
    assert lies(attempts) == []
    assert {type(a.outcome) for a in attempts} >= {NotSent, Sent}
    tried("cuts of an SMTP dialogue, at every byte", len(attempts))


def test_the_mail_is_handed_over_only_when_all_but_the_dot_is_written(smtpd: Smtpd) -> None:
    """What the server has read when the commit fails is the whole mail, without its end; and it takes nothing."""

    class DiskFull(Exception):
        pass

    def fails() -> None:
        raise DiskFull

    with pytest.raises(DiskFull):
        send(smtpd.server(), before_dot=fails)
    smtpd.settle()
    assert smtpd.unfinished == [WIRE.removesuffix(b"\r\n")]
    assert smtpd.delivered == []
    assert "QUIT" not in smtpd.commands


def test_a_fault_of_our_own_kind_in_the_commit_passes_on_too(smtpd: Smtpd) -> None:
    """The database's "busy" is not taken for the network's."""

    def busy() -> None:
        raise ServerBusy("the database is locked")

    with pytest.raises(ServerBusy):
        send(smtpd.server(), before_dot=busy)
    smtpd.settle()
    assert smtpd.delivered == []


def test_a_server_that_gave_up_during_the_body_is_noticed_before_the_commit(smtpd: Smtpd) -> None:
    """It said so amid the mail, and nobody had asked yet: nothing was handed over."""
    smtpd.extensions, smtpd.amid_data = (), b"421 4.3.2 shutting down\r\n"
    committed: list[bool] = []
    huge = MAIL + b"more than any buffer between us holds\r\n" * 500_000  # so that it was said before the mail ends
    outcome = send(smtpd.server(), data=huge, before_dot=lambda: committed.append(True))
    assert isinstance(outcome, NotSent) and outcome.transient
    assert committed == []


# The answer to the dot


@pytest.mark.parametrize(
    "reply",
    [
        *(b"", b"2", b"25", b"250", b"250 ok", b"250 ok\r", b"250 ok\n", b"250-more\r\n", b"250-a\r\n550 b\r\n"),
        *(b"5", b"550 no", b"550-no\r\n", b"x" * 9000, b"250-x\r\n" * 500, b"OK\r\n", b"354 go on\r\n", b"650 a\r\n"),
    ],
)
def test_anything_but_a_complete_answer_to_the_dot_is_unknown(smtpd: Smtpd, reply: bytes) -> None:
    """A truncated or foreign answer is neither a yes nor a no."""
    smtpd.answer("DOT", reply)
    assert isinstance(send(smtpd.server()), Unknown)


@pytest.mark.parametrize("reply", ["250", "250 ok", "200 ok", "252 perhaps", "250 a\n250 b"])
def test_a_complete_yes_is_sent(smtpd: Smtpd, reply: str) -> None:
    """Of one line or several, with text or without."""
    smtpd.answer("DOT", reply)
    outcome = send(smtpd.server())
    assert isinstance(outcome, Sent) and outcome.code == int(reply[:3])


@pytest.mark.parametrize("reply", [b"", b"2", b"421 no\r\n", b"\0\xff\r\n"])
def test_how_quit_ends_does_not_matter(smtpd: Smtpd, reply: bytes) -> None:
    """The mail was taken before."""
    smtpd.answer("QUIT", reply)
    outcome = send(smtpd.server())
    assert isinstance(outcome, Sent) and outcome.text == "2.0.0 queued as 4711"


def test_the_answer_to_the_dot_has_a_patience_of_its_own(smtpd: Smtpd) -> None:
    """A server that thinks for long about the mail is waited for."""
    smtpd.delay["DOT"] = 0.4
    assert isinstance(send(smtpd.server(read_timeout=0.2)), Sent)


def test_an_answer_that_drips_does_not_renew_the_patience(smtpd: Smtpd) -> None:
    """The whole reply has one deadline, not each of its bytes."""
    smtpd.drip["DOT"] = 0.05
    assert isinstance(send(smtpd.server(dot_timeout=0.2)), Unknown)


def test_the_default_patience_is_that_of_the_rfc() -> None:
    """RFC 5321 §4.5.3.2.6: ten minutes."""
    assert Server("h", 465, "tls", "u", lambda: Secret("p")).dot_timeout == 600


# What is sent


def test_the_mail_arrives_as_it_was_composed(smtpd: Smtpd) -> None:
    """Byte for byte, leading dots and all, to everyone in the envelope."""
    assert isinstance(send(smtpd.server(), BOB, EVE), Sent)
    smtpd.settle()
    (mail,) = smtpd.delivered
    assert (mail.sender, mail.recipients, mail.data) == (USER, (BOB, EVE), MAIL)
    assert mail.options == f"SIZE={len(WIRE.removesuffix(b'..')) - 2}"
    assert smtpd.commands[0] == "ehlo laptop.local"


@pytest.mark.parametrize("ending", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r\n"])
def test_no_text_of_the_mail_can_end_it(smtpd: Smtpd, ending: bytes) -> None:
    """An end of mail within the mail, in whatever line ends, begins no second one."""
    data = MAIL + b"before" + ending + b"MAIL FROM:<x@evil.example>\r\n"
    assert isinstance(send(smtpd.server(), data=data), Sent)
    smtpd.settle()
    assert [d.data for d in smtpd.delivered] == [MAIL + b"before\r\n.\r\nMAIL FROM:<x@evil.example>\r\n"]


def test_a_big_mail_passes(smtpd: Smtpd) -> None:
    """Megabytes, in many writes."""
    data = MAIL + b"".join(b".%d and some more text\r\n" % n for n in range(100_000))
    assert isinstance(send(smtpd.server(), data=data), Sent)
    smtpd.settle()
    assert smtpd.delivered[0].data == data


def test_another_server_agrees() -> None:
    """aiosmtpd, which shares no line with us or with our test server, takes the same mail."""
    taken = []

    class Sink:
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
            taken.append((envelope.rcpt_tos, envelope.content))  # type: ignore[attr-defined]
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        outcome = send(Server("127.0.0.1", port, "none", "", lambda: ""))
    finally:
        controller.stop()
    assert outcome == Sent(250, "OK")
    assert taken == [([BOB], MAIL)]


@pytest.mark.parametrize("address", ["bob@x\r\nRCPT TO:<eve@x>", "bob> <eve@x", "", "bob", "bob@x y", "b\0b@x.example"])
def test_an_address_that_is_none_never_reaches_the_server(smtpd: Smtpd, address: str) -> None:
    """Neither as sender nor as recipient."""
    as_recipient = send(smtpd.server(), BOB, address)
    as_sender = submit(smtpd.server(), address, (BOB,), MAIL, before_dot=lambda: None, local_hostname="me")
    assert [type(o) for o in (as_recipient, as_sender)] == [NotSent, NotSent]
    assert not any(c.upper().startswith(("MAIL", "RCPT")) for c in smtpd.commands)


def test_a_hostname_that_no_server_would_take_is_not_said(smtpd: Smtpd) -> None:
    """A laptop may have any name."""
    for name in ("Müllers Büro", "my_laptop", "a\r\nMAIL FROM:<>", ""):
        outcome = submit(smtpd.server(), USER, (BOB,), MAIL, before_dot=lambda: None, local_hostname=name)
        assert isinstance(outcome, Sent)
    assert {c for c in smtpd.commands if c.startswith("ehlo")} == {"ehlo [127.0.0.1]"}


# What the server lacks


@pytest.mark.parametrize(
    ("extensions", "to", "data"),
    [
        (("SIZE 50",), BOB, MAIL),
        (("8BITMIME",), "jörg@client.example", MAIL),
        (("8BITMIME",), "bob@büro.example", MAIL),
        (("8BITMIME",), BOB, MAIL.replace(b"Hi", "Grüße".encode())),
        ((), BOB, MAIL.replace(b"Hello", "Grüße".encode())),
    ],
    ids=["too big", "local part", "domain", "8-bit header", "8-bit body"],
)
def test_what_the_server_cannot_carry_is_held_before_the_mail_begins(
    smtpd: Smtpd, extensions: tuple[str, ...], to: str, data: bytes
) -> None:
    """Said of this mail, for good, and the server heard nothing of it."""
    smtpd.extensions = extensions
    outcome = send(smtpd.server(), to, data=data)
    assert isinstance(outcome, NotSent)
    assert (outcome.transient, outcome.scope, outcome.code) == (False, "message", None)
    assert not any(c.upper().startswith(("MAIL", "DATA")) for c in smtpd.commands)


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE lots", "SIZE " + "9" * 5000])
def test_a_size_that_says_nothing_limits_nothing(smtpd: Smtpd, size: str) -> None:
    """RFC 1870 §4: zero, or no number, is no limit."""
    smtpd.extensions = (size[:3000],)
    assert isinstance(send(smtpd.server()), Sent)


def test_an_international_address_is_mailed_where_the_server_can(smtpd: Smtpd) -> None:
    """RFC 6531: the address stands in the envelope as it is written."""
    data = MAIL.replace(b"To: bob", "To: jörg".encode())
    assert isinstance(send(smtpd.server(), "jörg@client.example", data=data), Sent)
    smtpd.settle()
    (mail,) = smtpd.delivered
    assert mail.recipients == ("jörg@client.example",)
    assert mail.options.endswith(" BODY=8BITMIME SMTPUTF8")


# What a refusal means

REFUSALS = [
    # key, reply                                                   transient scope        recipient limit
    ("GREETING", "421 4.3.2 too many connections", True, "account", None, False),
    ("GREETING", "554 5.7.1 you are on a list", True, "account", None, False),
    ("EHLO", "550 5.7.1 go away", True, "account", None, False),
    ("AUTH", "535 5.7.8 wrong password", False, "account", None, False),
    ("AUTH", "535 5.7.139 basic authentication is disabled", False, "account", None, False),
    ("AUTH", "534 5.7.9 application-specific password\n534 5.7.9 required", False, "account", None, False),
    ("AUTH", "454 4.7.0 temporary authentication failure", True, "account", None, False),
    ("AUTH", "421 4.7.0 try again", True, "account", None, False),
    ("MAIL", "530 5.7.0 authentication required", False, "account", None, False),
    ("MAIL", "550 5.7.30 basic authentication is not supported", False, "account", None, False),
    ("MAIL", "530 5.7.57 client not authenticated", False, "account", None, False),
    ("MAIL", "452 4.3.1 disk full", True, "message", None, False),
    ("MAIL", "553 5.7.1 not your address", False, "message", None, False),
    ("MAIL", "550 5.1.1 who are you", False, "message", None, False),
    ("MAIL", "550 5.4.5 daily sending quota exceeded", True, "account", None, True),
    (f"RCPT {BOB}", "550 5.1.1 no such user", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "550 5.1.1 no\n550 5.1.1 such user", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "550 5.1.2 no such domain", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "553 5.1.3 bad syntax", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "551 5.1.6 has moved", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "550 5.1.10 recipient not found", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "550 5.2.1 disabled", False, "recipient", BOB, False),
    (f"RCPT {BOB}", "550 5.1.11 something else", False, "message", BOB, False),
    (f"RCPT {BOB}", "550 5.7.1 policy", False, "message", BOB, False),
    (f"RCPT {BOB}", "552 5.2.2 mailbox full", False, "message", BOB, False),
    (f"RCPT {BOB}", "550 no", False, "message", BOB, False),
    (f"RCPT {BOB}", "550 4.1.1 contradicts itself", False, "message", BOB, False),
    (f"RCPT {BOB}", "450 4.2.0 greylisted", True, "message", BOB, False),
    (f"RCPT {BOB}", "451 4.1.1 ask me later", True, "message", BOB, False),
    (f"RCPT {BOB}", "452 4.5.3 too many recipients", True, "account", BOB, True),
    (f"RCPT {BOB}", "421 4.7.0 slow down", True, "account", BOB, False),
    ("DATA", "451 4.3.0 not now", True, "message", None, False),
    ("DATA", "554 5.5.1 no valid recipients", False, "message", None, False),
    ("DATA", "250 2.0.0 ok", True, "message", None, False),
    ("DOT", "451 4.7.1 greylisted", True, "message", BOB, False),
    ("DOT", "552 5.4.5 daily limit", True, "account", BOB, True),
    ("DOT", "550 5.1.90 recipient limit", True, "account", BOB, True),
    ("DOT", "550 5.1.1 no such user", False, "recipient", BOB, False),
    ("DOT", "554 5.7.1 spam", False, "message", BOB, False),
    ("DOT", "552 5.3.4 too big", False, "message", BOB, False),
]


@pytest.mark.parametrize(
    ("key", "reply", "transient", "scope", "recipient", "limit"), REFUSALS, ids=[f"{r[0]} {r[1][:9]}" for r in REFUSALS]
)
def test_a_refusal_says_what_is_at_fault(
    smtpd: Smtpd, key: str, reply: str, transient: bool, scope: str, recipient: str | None, limit: bool
) -> None:
    """The account, the mail, or one address; for now or for good; and nothing left."""
    smtpd.answer(key, reply)
    outcome = send(smtpd.server())
    smtpd.settle()
    assert smtpd.delivered == []
    assert isinstance(outcome, NotSent)
    assert outcome.code == int(reply[:3])
    found = (outcome.transient, outcome.scope, outcome.recipient, outcome.daily_limit)
    assert found == (transient, scope, recipient, limit)


def test_one_refused_recipient_holds_the_mail_from_all(smtpd: Smtpd) -> None:
    """The transaction is reset, and no other recipient gets it."""
    smtpd.answer(f"RCPT {EVE}", "550 5.1.1 no such user")
    outcome = send(smtpd.server(), BOB, EVE)
    smtpd.settle()
    assert isinstance(outcome, NotSent) and outcome.recipient == EVE
    assert smtpd.delivered == []
    assert smtpd.commands[-2:] == ["rset", "QUIT"]


def test_a_refusal_is_told_though_the_link_breaks_right_after(smtpd: Smtpd) -> None:
    """What the server said before is known."""
    smtpd.answer("RSET", b"")
    smtpd.answer("RCPT", "550 5.1.1 no such user")
    outcome = send(smtpd.server())
    assert isinstance(outcome, NotSent) and outcome.scope == "recipient"


def test_after_the_dot_of_several_recipients_none_is_named(smtpd: Smtpd) -> None:
    """Nobody can tell which of them was meant, so none is condemned."""
    smtpd.answer("DOT", "550 5.1.1 no such user")
    outcome = send(smtpd.server(), BOB, EVE)
    assert isinstance(outcome, NotSent)
    assert (outcome.recipient, outcome.scope) == (None, "message")


def test_greylisting_ends(smtpd: Smtpd) -> None:
    """The same mail, later, is taken once."""
    smtpd.answer("DOT", "451 4.7.1 greylisted", times=2)
    assert [type(send(smtpd.server())) for _ in range(3)] == [NotSent, NotSent, Sent]
    smtpd.settle()
    assert len(smtpd.delivered) == 1


# The account: reaching the server, TLS, the login


def test_a_server_that_is_not_there_is_no_fault_of_the_mail(smtpd: Smtpd) -> None:
    """Refused connections and unknown names: later, and told of the account."""
    smtpd.stop()
    for server in (smtpd.server(), smtpd.server(host="nowhere.invalid", security="tls"), smtpd.server(port=70_000)):
        outcome = send(server)
        assert isinstance(outcome, NotSent)
        assert (outcome.transient, outcome.scope, outcome.code) == (True, "account", None)
        assert server.host in outcome.text


def test_without_tls_only_this_machine_is_spoken_to() -> None:
    """And no socket is opened to find out."""
    outcome = send(Server("mail.example.com", 25, "none", USER, lambda: pytest.fail("the password was asked for")))
    assert isinstance(outcome, NotSent)
    assert (outcome.transient, outcome.scope) == (False, "account")


def test_tls_and_starttls_are_spoken(secure_smtpd: Smtpd, smtp_certificate: Certificate) -> None:
    """Both deliver, and the password is only said inside."""
    assert isinstance(send(secure_smtpd.server()), Sent)
    with servers.running(tls="starttls", certificate=smtp_certificate) as later:
        assert isinstance(send(later.server()), Sent)
        assert isinstance(send(later.server(host="localhost")), Sent)
        assert later.commands[:3] == ["ehlo laptop.local", "STARTTLS", "ehlo laptop.local"]


def test_a_bad_certificate_is_refused(tmp_path: Path, smtp_certificate: Certificate) -> None:
    """Unknown, of another host, or out of date: no login, no way around."""
    other = servers.certificate(_folder(tmp_path, "other"), "DNS:mail.example.com")
    expired = servers.certificate(_folder(tmp_path, "expired"), expired=True)
    for shown, trusted in ((smtp_certificate, None), (smtp_certificate, other), (other, other), (expired, expired)):
        for tls in ("tls", "starttls"):
            with servers.running(tls=tls, certificate=shown) as smtpd:
                outcome = send(smtpd.server(ca_file=trusted.file if trusted else None))
                assert isinstance(outcome, NotSent) and outcome.scope == "account"
                assert "certificate" in outcome.text.lower() or "hostname" in outcome.text.lower()
                assert smtpd.logins == []


def test_old_tls_is_refused(smtp_certificate: Certificate) -> None:
    """RFC 8996: TLS 1.0 and 1.1 are over."""
    context = smtp_certificate.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with servers.running(tls="tls", certificate=smtp_certificate, context=context) as smtpd:
        assert isinstance(send(smtpd.server()), NotSent)
        assert smtpd.logins == []


def _folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_stripped_starttls_is_never_made_up_for_in_plain_text(smtpd: Smtpd) -> None:
    """Nothing but EHLO was said, and no password was even asked for."""
    asked = []
    outcome = send(smtpd.server(security="starttls", password=lambda: asked.append(1) or Secret(PASSWORD)))
    smtpd.settle()
    assert isinstance(outcome, NotSent)
    assert (outcome.transient, outcome.scope) == (True, "account")
    assert asked == [] and [c for c in smtpd.commands if not c.lower().startswith("ehlo")] == []


def test_answers_injected_before_tls_are_not_taken_for_the_servers(smtp_certificate: Certificate) -> None:
    """What came in plain text behind the go-ahead ends it all (CVE-2011-0411, the other way round)."""
    with servers.running(tls="starttls", certificate=smtp_certificate) as smtpd:
        smtpd.answer("STARTTLS", "220 go ahead\r\n250 AUTH PLAIN")
        outcome = send(smtpd.server())
        assert isinstance(outcome, NotSent) and outcome.transient
        assert smtpd.logins == []


def test_a_server_that_answers_before_it_is_asked_is_left(smtpd: Smtpd) -> None:
    """A spare answer must not become that to another command, least of all to the dot."""
    smtpd.answer("RCPT", "250 ok\r\n354 go on", times=1)
    assert isinstance(send(smtpd.server()), NotSent)
    assert "DATA" not in smtpd.commands
    smtpd.answer("DATA", "354 go on\r\n250 ok", times=1)
    committed: list[bool] = []
    assert isinstance(send(smtpd.server(), before_dot=lambda: committed.append(True)), NotSent)
    smtpd.settle()
    assert (smtpd.delivered, committed) == ([], [])


@pytest.mark.parametrize("auth", ["PLAIN LOGIN", "LOGIN", "XOAUTH2 plain"])
def test_the_login_is_exact_whatever_the_password(smtpd: Smtpd, auth: str) -> None:
    """Spaces, quotes, hashes, dollars and umlauts arrive as they are."""
    smtpd.auth, smtpd.password = auth, "p ä$s'\"#w{x}\\…"
    assert isinstance(send(smtpd.server(password=lambda: Secret(smtpd.password))), Sent)
    assert smtpd.logins == [(USER, smtpd.password)]


def test_a_wrong_password_is_said_once(smtpd: Smtpd) -> None:
    """Trying every mechanism in turn would lock the account."""
    assert isinstance(send(smtpd.server(password=lambda: Secret("hunter2"))), NotSent)
    assert smtpd.logins == [(USER, "hunter2")]


def test_without_a_password_mechanism_nothing_is_said(smtpd: Smtpd) -> None:
    """Permanent, and told of the account."""
    for auth in ("", "XOAUTH2", "PLAINER"):
        smtpd.auth = auth
        outcome = send(smtpd.server())
        assert isinstance(outcome, NotSent)
        assert (outcome.transient, outcome.scope) == (False, "account")
    assert smtpd.logins == []


def test_a_password_that_cannot_be_had_holds_the_mail(smtpd: Smtpd) -> None:
    """Its own error says whether it is worth trying again."""

    def locked() -> Secret:
        raise LoginRefused("the keyring is locked")

    outcome = send(smtpd.server(password=locked))
    assert outcome == NotSent(False, None, "", "the keyring is locked", scope="account")


def test_no_answer_shows_the_password(smtpd: Smtpd) -> None:
    """Some servers echo what they did not like."""
    secrets = (PASSWORD, base64.b64encode(PASSWORD.encode()), base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()))
    words = [s if isinstance(s, str) else s.decode() for s in secrets]
    for key in ("AUTH", "MAIL", f"RCPT {BOB}", "DATA", "DOT"):
        smtpd.answer(key, "535 5.7.8 did you say\n535 " + " ".join(words) + "?", times=1)
        outcome = send(smtpd.server())
        assert isinstance(outcome, NotSent)
        assert not any(word in repr(outcome) for word in words)
        assert "***" in outcome.text
    assert PASSWORD not in repr(smtpd.server())


def test_what_a_server_says_is_shown_as_one_plain_line(smtpd: Smtpd) -> None:
    """No terminal codes, no line breaks, no novel."""
    smtpd.answer("DOT", "554 5.7.1 \x1b[31mred\u202e\x07\n554 " + "x" * 3000)
    outcome = send(smtpd.server())
    assert isinstance(outcome, NotSent)
    assert outcome.text.isprintable() and len(outcome.text) <= 500


@pytest.mark.parametrize("key", ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [b"", b"2", b"250-x", b"\xff\xfe\r\n", b"220-x\r\n" * 1000, b"z" * 100_000, b"\r\n"])
def test_nonsense_before_the_dot_never_raises(smtpd: Smtpd, key: str, reply: bytes) -> None:
    """Nothing left; later, perhaps."""
    smtpd.answer(key, reply)
    outcome = send(smtpd.server())
    assert isinstance(outcome, NotSent) and outcome.transient
    smtpd.settle()
    assert smtpd.delivered == []


def test_probe_logs_in_and_quits(smtpd: Smtpd) -> None:
    """And hands over nothing."""
    assert probe(smtpd.server()) == "mx.test"
    smtpd.settle()
    assert [re.sub(r"(?s) .*", "", c).upper() for c in smtpd.commands] == ["EHLO", "AUTH", "QUIT"]


def test_probe_tells_a_refused_login_from_a_server_that_is_not_there(smtpd: Smtpd) -> None:
    """The one is mended with a password, the other with time."""
    with pytest.raises(LoginRefused, match="wrong user or password"):
        probe(smtpd.server(password=lambda: Secret("hunter2")))
    smtpd.answer("AUTH", "454 4.7.0 try again later")
    with pytest.raises(Unreachable):
        probe(smtpd.server())
    smtpd.answer("GREETING", "554 5.7.1 no")
    with pytest.raises(Unreachable):
        probe(smtpd.server())
    smtpd.stop()
    with pytest.raises(Unreachable):
        probe(smtpd.server())
