"""Getting in, staying honest when the line breaks, and never saying more to a server than was meant."""

import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followmail.auth import Secret
from followmail.errors import (
    CommandRefused,
    FollowmailError,
    InDoubt,
    LoginRefused,
    ServerBusy,
    SettingsError,
    Transient,
    Unreachable,
)
from followmail.imap import drafts, reader
from followmail.imap.session import Session
from tests.imap.staging import Relay, Talk, scripted
from tests.servers.dovecot import Dovecot, Dovecots, Mailbox, make_certificate

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MAIL = b"From: a@one.example\r\nTo: b@two.example\r\nMessage-ID: <1@one.example>\r\n\r\nHello\r\n"


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_logs_in_over_every_kind_of_connection(mailbox: Mailbox, security: str) -> None:
    """TLS, STARTTLS, and plain on the loopback."""
    with Session.open(mailbox.account(security)) as session:
        assert "IMAP4REV1" in session.capabilities
        assert session.alive
        encrypted = isinstance(session.wire.sock, ssl.SSLSocket)
    assert encrypted is (security != "none")
    assert not session.alive


def test_sets_what_a_long_lived_socket_needs(mailbox: Mailbox) -> None:
    """No Nagle delay, keepalive on, a time limit for reading."""
    with Session.open(mailbox.account(read_timeout=7)) as session:
        sock = session.wire.sock
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.gettimeout() == 7


def test_a_wrong_password_is_login_refused_and_shows_no_secret(mailbox: Mailbox) -> None:
    """The password stands neither in the error nor in the account's repr."""
    account = mailbox.account(password=lambda: Secret("hunter2-canary"))
    with pytest.raises(LoginRefused) as caught:
        Session.open(account)
    assert "canary" not in f"{caught.value}{caught.value.__context__}{account!r}"


@pytest.mark.parametrize("echo", ["LOGIN user geheim-1", "AHVzZXIAZ2VoZWltLTE=", f"{'x' * 230} geheim-1"])
def test_a_server_that_repeats_the_password_is_not_quoted(echo: str) -> None:
    """Some servers echo what they did not understand, plainly or in base64."""
    script = {"LOGIN": [f"TAG BAD cannot parse {echo}"]}
    with scripted(lambda talk: talk.serve(script)) as (account, _), pytest.raises(LoginRefused) as caught:
        Session.open(account)
    assert "gehe" not in str(caught.value)
    assert "Z2Vo" not in str(caught.value)


def test_names_and_passwords_are_quoted_in_login() -> None:
    """A blank, a quote or a backslash in them is no further word of the command."""
    with scripted(lambda talk: talk.serve({}), user='a "b" c', password=lambda: Secret('x\\y "z')) as (account, talks):
        Session.open(account).close()
    assert 'LOGIN "a \\"b\\" c" "x\\\\y \\"z"' in talks[0].heard


@pytest.mark.parametrize("where", ["user", "password"])
def test_a_line_break_in_the_credentials_is_refused_before_it_is_sent(mailbox: Mailbox, where: str) -> None:
    """CR LF in a password would be a further command."""
    changes = {"user": "x\r\ny"} if where == "user" else {"password": lambda: Secret("x\r\nA1 CREATE evil")}
    with pytest.raises(FollowmailError):
        Session.open(mailbox.account(**changes))


def test_a_password_that_login_cannot_carry_is_refused_in_plain_words() -> None:
    """LOGIN takes ASCII only; AUTH=PLAIN, which takes all, is not offered here."""
    changes = {"password": lambda: Secret("päßwort")}
    with scripted(lambda talk: talk.serve({}), **changes) as (account, talks), pytest.raises(LoginRefused):
        Session.open(account)
    assert not any(line.startswith("LOGIN") for line in talks[0].heard)


def test_a_password_in_any_alphabet_goes_through_auth_plain(dovecots: Dovecots) -> None:
    """UTF-8 as RFC 4616 wants it."""
    server = dovecots(extra="passdb {\n  driver = static\n  args = password=pässwörd\n}")
    with Session.open(server.mailbox().account(password=lambda: Secret("pässwörd"))) as session:
        assert session.alive


@pytest.mark.parametrize("along", [False, True])
@pytest.mark.parametrize(
    ("offered", "first"), [("AUTH=XOAUTH2", b"user=user\x01auth=Bearer "), ("AUTH=OAUTHBEARER", b"n,a=user,\x01")]
)
def test_a_refused_token_ends_as_login_refused(offered: str, first: bytes, along: bool) -> None:
    """The server explains itself in a second challenge, which wants an answer before it says NO; SASL-IR or not."""
    import base64

    said: list[bytes] = []

    def script(talk: Talk) -> None:
        talk.say(f"* OK [CAPABILITY IMAP4rev1 {'SASL-IR ' * along}{offered}] ready")
        command, tag = talk.hear(), talk.tag
        assert command.startswith("AUTHENTICATE")  # what the greeting told is not asked for
        if along:
            said.append(base64.b64decode(command.split()[2]))
        for challenge in [""] * (not along) + [base64.b64encode(b'{"status":"400"}').decode()]:
            talk.say(f"+ {challenge}")
            said.append(base64.b64decode(talk.hear()))
        talk.sock.sendall(f"{tag} NO [AUTHENTICATIONFAILED] token expired\r\n".encode())
        talk.until_gone()

    with scripted(script, mechanism="oauth2") as (account, _), pytest.raises(LoginRefused, match="token expired"):
        Session.open(account)
    assert said[0].startswith(first)
    assert b"geheim-1" in said[0]
    assert said[1] in (b"", b"\x01")


def test_an_untrusted_certificate_is_refused(mailbox: Mailbox) -> None:
    """Without the authority's file the server is nobody."""
    for security in ("tls", "starttls"):
        with pytest.raises(Unreachable, match="certificate"):
            Session.open(mailbox.account(security, ca_file=None))


def test_a_certificate_for_another_name_is_refused(dovecots: Dovecots) -> None:
    """Signed by the right authority, but not for this host."""
    server = dovecots(certificate="DNS:mail.other.example")
    for security in ("tls", "starttls"):
        with pytest.raises(Unreachable, match="certificate"):
            Session.open(server.mailbox().account(security))


def test_an_old_tls_is_refused(tmp_path: Path) -> None:
    """A server that speaks TLS 1.1 at most."""
    make_certificate(tmp_path, "IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "cert-key.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1
    with (
        scripted(lambda talk: talk.serve({}), context, security="tls", ca_file=str(tmp_path / "ca.pem")) as (
            account,
            _,
        ),
        pytest.raises(Unreachable),
    ):
        Session.open(account)


def test_a_stripped_starttls_sends_no_password(mailbox: Mailbox) -> None:
    """Somebody in the middle removes the offer: nothing follows in plain text."""
    heard = bytearray()

    def remember(data: bytes) -> bytes:
        heard.extend(data)
        return data

    with Relay(mailbox.server.port) as relay:
        relay.to_client = lambda data: data.replace(b" STARTTLS", b"")
        relay.to_server = remember
        with pytest.raises(Unreachable, match="STARTTLS"):
            Session.open(mailbox.account("starttls", port=relay.port))
    assert b"LOGIN" not in heard.upper()
    assert b"AUTHENTICATE" not in heard.upper()


def test_words_slipped_in_before_tls_are_noticed(mailbox: Mailbox) -> None:
    """An answer injected in plain text behind the OK to STARTTLS must not count as the server's."""
    with Relay(mailbox.server.port) as relay:
        relay.to_client = lambda data: (
            data.replace(b" OK Begin TLS", b" OK Begin TLS negotiation now.\r\n* OK evil") if b"Begin" in data else data
        )
        with pytest.raises(Unreachable):
            Session.open(mailbox.account("starttls", port=relay.port))


@pytest.mark.parametrize("security", ["none", "starttls"])
def test_a_server_that_greets_as_logged_in_is_refused(security: str) -> None:
    """PREAUTH is another way to strip STARTTLS."""

    def script(talk: Talk) -> None:
        talk.say("* PREAUTH welcome")
        while talk.hear():
            talk.say("* CAPABILITY IMAP4rev1 STARTTLS", "TAG OK done")

    with scripted(script, security=security) as (account, _), pytest.raises(Unreachable):
        Session.open(account)


@pytest.mark.parametrize(
    ("host", "security"), [("mail.example.com", "none"), ("192.0.2.1", "none"), ("127.0.0.1", "plain")]
)
def test_plain_text_is_for_the_loopback_only(host: str, security: str) -> None:
    """Refused before anything is looked up or dialled."""
    with scripted(lambda talk: None, host=host, security=security) as (account, _), pytest.raises(SettingsError):
        Session.open(account)


def test_a_missing_authority_file_is_a_settings_error(mailbox: Mailbox) -> None:
    """Named, not a traceback."""
    with pytest.raises(SettingsError, match="nowhere"):
        Session.open(mailbox.account("tls", ca_file="/nowhere/ca.pem"))


def test_a_closed_port_is_unreachable(own_dovecot: Dovecot) -> None:
    """And works again once the server is back."""
    mailbox = own_dovecot.mailbox()
    own_dovecot.stop()
    with pytest.raises(Unreachable):
        Session.open(mailbox.account())
    own_dovecot.start()
    with Session.open(mailbox.account()) as session:
        assert session.folders()


def test_an_unknown_host_is_unreachable(mailbox: Mailbox) -> None:
    """A name that never resolves (RFC 6761)."""
    with pytest.raises(Unreachable):
        Session.open(mailbox.account("tls", host="imap.invalid", ca_file=None))


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        ("* BYE [UNAVAILABLE] down for maintenance", ServerBusy),
        ("* BYE Too many connections from your address", ServerBusy),
        ("* BYE go away", Unreachable),
        ("220 mail.example.com ESMTP", Unreachable),
        ("HTTP/1.1 400 Bad Request", Unreachable),
        ("* OK \xff\xfe", Unreachable),
        ("", Unreachable),
    ],
)
def test_a_greeting_that_is_no_welcome(greeting: str, error: type[FollowmailError]) -> None:
    """Maintenance, a wrong port, nonsense."""
    with scripted(lambda talk: talk.say(greeting)) as (account, _), pytest.raises(error):
        Session.open(account)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("TAG NO [AUTHENTICATIONFAILED] no", LoginRefused),
        ("TAG NO [EXPIRED] change your password", LoginRefused),
        ("TAG NO [UNAVAILABLE] Temporary authentication failure", ServerBusy),
        ("TAG NO [ALERT] Too many simultaneous connections. (Failure)", ServerBusy),
        ("TAG BAD User is authenticated but not connected.", ServerBusy),
        ("TAG NO [OVERQUOTA] Account exceeded command or bandwidth limits", ServerBusy),
        ("* BYE [UNAVAILABLE] later", ServerBusy),
        ("* BYE so long", Unreachable),
    ],
)
def test_login_refused_is_told_from_not_now(answer: str, error: type[FollowmailError]) -> None:
    """The one needs a person, the other needs time."""
    with scripted(lambda talk: talk.serve({"LOGIN": [answer]})) as (account, _), pytest.raises(error) as caught:
        Session.open(account)
    assert type(caught.value) is error


def test_one_connection_too_many_is_not_now(dovecots: Dovecots) -> None:
    """Dovecot's [LIMIT], or its words for it."""
    server = dovecots(imap="mail_max_userip_connections = 1")
    mailbox = server.mailbox()
    with Session.open(mailbox.account()), pytest.raises(Transient):
        Session.open(mailbox.account()).folders()


@pytest.mark.parametrize("after", ["nothing", "greeting", "login"])
def test_a_server_that_falls_silent_is_given_up_in_time(after: str) -> None:
    """Every wait has its limit."""

    def script(talk: Talk) -> None:
        if after == "login":
            talk.serve({"NOOP": []})
        elif after == "greeting":
            talk.say("* OK ready")
        talk.until_gone()

    with scripted(script, read_timeout=0.2, connect_timeout=0.2) as (account, _), pytest.raises(Unreachable):
        Session.open(account).noop()


def test_a_server_that_never_shakes_hands_is_given_up_in_time() -> None:
    """TLS begins with a silence."""
    changes = {"security": "tls", "connect_timeout": 0.2}
    with scripted(lambda talk: talk.until_gone(), **changes) as (account, _), pytest.raises(Unreachable):
        Session.open(account)


def test_after_a_break_the_session_stays_dead(own_dovecot: Dovecot) -> None:
    """Every further call says so at once, and closing it is quiet."""
    session = Session.open(own_dovecot.mailbox().account())
    own_dovecot.stop()
    for _ in range(2):
        with pytest.raises(Unreachable):
            session.noop()
    assert not session.alive
    session.close()
    session.close()


def test_an_administrator_who_ends_the_connection_is_noticed(mailbox: Mailbox) -> None:
    """BYE between two commands."""
    session = Session.open(mailbox.account())
    session.examine("INBOX")
    mailbox.kick()
    with pytest.raises((Unreachable, ServerBusy)):
        session.noop()
    assert not session.alive


def test_a_refused_command_leaves_the_session_usable(mailbox: Mailbox) -> None:
    """NO is an answer, not a break."""
    with Session.open(mailbox.account()) as session:
        with pytest.raises(CommandRefused):
            session.examine("No such folder")
        assert session.folders()


def test_what_is_found_where_a_folder_is_refused_is_not_taken_for_what_it_holds() -> None:
    """A server that keeps the folder open that was open before, and searches that one."""
    answers = {'EXAMINE "GONE': ["TAG NO no such folder"], "UID SEARCH": ["* SEARCH 1 2 3", "TAG OK done"]}
    with scripted(lambda talk: talk.serve(answers)) as (account, talks), Session.open(account) as session:
        assert session.find("INBOX", ("ALL",), ("SEEN",))[1] == [1, 2, 3]
        with pytest.raises(CommandRefused, match="refused EXAMINE: no such folder"):
            session.find("Gone", ("ALL",))
        assert not session.opened
        assert session.find("INBOX", ("ALL",))[1] == [1, 2, 3]
    assert talks[0].heard[-2:] == ["UID SEARCH ALL", "LOGOUT"]


def test_a_search_that_is_refused_leaves_the_folder_open() -> None:
    """The one may be refused and the other not."""
    answers = {"UID SEARCH ALL": ["* SEARCH 1 2 3", "TAG OK done"], "UID SEARCH OLD": ["TAG BAD what?"]}
    with scripted(lambda talk: talk.serve(answers)) as (account, _), Session.open(account) as session:
        with pytest.raises(CommandRefused, match="refused UID SEARCH: what"):
            session.find("INBOX", ("ALL",), ("OLD",))
        assert session.is_open("INBOX")
        assert session.search("ALL") == [1, 2, 3]


def test_where_uidnext_comes_late_the_search_comes_after_it() -> None:
    """Courier counts a message in STATUS that the open folder shows after the next NOOP only: it must not be passed over."""
    asked = 0

    def script(talk: Talk) -> None:
        nonlocal asked
        talk.say("* OK ready")
        while command := talk.hear():
            if command == "CAPABILITY":
                talk.say("* CAPABILITY IMAP4rev1")
            elif command.startswith("EXAMINE"):
                talk.say("* 1 EXISTS", "* OK [UIDVALIDITY 7] .")
            elif command.startswith("STATUS"):
                talk.say('* STATUS "INBOX" (UIDNEXT 3)')
            elif command.startswith("UID SEARCH"):
                asked += 1
                talk.say("* SEARCH 1" if asked == 1 else "* SEARCH 1 2")
            talk.say("TAG OK done")

    with scripted(script) as (account, _), Session.open(account) as session:
        opened, found = session.find("INBOX", ("ALL",))
    assert (opened.uidnext, found) == (3, [1, 2])


@pytest.mark.parametrize("evil", ["x\r\nA9 CREATE evil", "x\ny", "x\0y", "\x1b[0m"])
def test_no_control_character_reaches_the_server(mailbox: Mailbox, evil: str) -> None:
    """Whatever is asked for, nothing is sent."""
    mailbox.record()
    with Session.open(mailbox.account()) as session:
        session.examine("INBOX")
        attempts = (
            lambda: session.create(evil),
            lambda: session.examine(evil),
            lambda: session.append(evil, MAIL, (), NOON),
            lambda: session.append("INBOX", MAIL, (evil,), NOON),
            lambda: session.search("HEADER", "Message-ID", evil),
            lambda: reader.uids_by_header(session, "INBOX", "Message-ID", evil),
            lambda: reader.uids_by_header(session, "INBOX", evil, "<fm1."),
            lambda: reader.uids_from_addresses(session, "INBOX", [evil + "@one.example"]),
            lambda: list(reader.heads(session, "INBOX", [1], [evil])),
            lambda: drafts.to_trash(session, "INBOX", 1, evil),
        )
        for attempt in attempts:
            with pytest.raises(CommandRefused):
                attempt()
        assert session.alive
    assert not any("evil" in line or "x" in line for line in mailbox.said())
    assert "evil" not in mailbox.folders()


def test_a_time_without_a_zone_is_a_mistake_of_ours(mailbox: Mailbox) -> None:
    """INTERNALDATE is a moment, not a wall clock."""
    with Session.open(mailbox.account()) as session, pytest.raises(ValueError, match="zone"):
        session.append("INBOX", MAIL, (), NOON.replace(tzinfo=None))


def test_create_makes_subscribes_and_does_not_mind_what_is_there(mailbox: Mailbox) -> None:
    """A folder that nobody subscribed to is invisible in many mail programs."""
    with Session.open(mailbox.account()) as session:
        session.create("Followmail/nudge")
        session.create("Followmail/nudge")
    assert "Followmail/nudge" in {name for _, _, name in mailbox.client.list_sub_folders()}


def test_a_folder_that_cannot_be_made_is_refused(dovecots: Dovecots) -> None:
    """Outside the prefix nothing may be made."""
    mailbox = dovecots(prefix="INBOX.", separator=".").mailbox()
    with Session.open(mailbox.account()) as session, pytest.raises(CommandRefused):
        session.create("Elsewhere")


def test_an_append_gives_uid_flags_and_date(mailbox: Mailbox) -> None:
    """All three at once (RFC 9051 §6.3.12, RFC 4315)."""
    with Session.open(mailbox.account()) as session:
        uid = session.append("Sent", MAIL, (r"\Seen",), NOON)
        assert uid == mailbox.uids("Sent")[0]
        (head,) = reader.heads(session, "Sent", [uid])
    assert (head.arrived, head.flags) == (NOON, {r"\Seen"})
    assert mailbox.raw("Sent") == [MAIL]


def test_an_append_without_uidplus_gives_no_uid() -> None:
    """The server says no more than OK."""
    with scripted(lambda talk: _take_an_append(talk, "TAG OK done")) as (account, _):
        session = Session.open(account)
        assert session.append("Sent", MAIL, (), NOON) is None
        session.drop()


def test_an_append_over_quota_is_not_now(dovecots: Dovecots) -> None:
    """Nothing was stored; once there is room it may work."""
    plugin = ("quota = count:User", "quota_vsizes = yes", "quota_rule = *:storage=1K")
    extra = "mail_plugins = quota\nplugin {\n" + "\n".join(plugin) + "\n}"
    mailbox = dovecots(imap="mail_plugins = quota", extra=extra).mailbox()
    with Session.open(mailbox.account()) as session:
        with pytest.raises(ServerBusy, match="OVERQUOTA"):
            session.append("Sent", MAIL + b"x" * 4000, (), NOON)
        assert session.alive
    assert mailbox.uids("Sent") == []


def test_a_break_during_an_append_is_in_doubt() -> None:
    """The message has left and no answer came: it may lie there."""
    with scripted(_take_an_append) as (account, _):
        session = Session.open(account)
        with pytest.raises(InDoubt):
            session.append("Sent", MAIL, (), NOON)
        assert not session.alive
        with pytest.raises(Unreachable):  # now surely nothing was sent
            session.append("Sent", MAIL, (), NOON)


def _take_an_append(talk: Talk, *answer: str) -> None:
    """Takes one message; without an answer it hangs up."""
    talk.say("* OK ready")
    while not (command := talk.hear()).startswith("APPEND"):
        talk.say(*(["* CAPABILITY IMAP4rev1"] if command == "CAPABILITY" else []), "TAG OK done")
    tag = talk.tag
    talk.say("+ go on")
    for _ in MAIL.splitlines():
        talk.hear()
    talk.hear()
    talk.tag = tag
    talk.say(*answer)
    if answer:
        talk.until_gone()


def test_a_cut_anywhere_is_a_clean_error(mailbox: Mailbox) -> None:
    """The connection ends after each of the server's bytes in turn: an error of ours, a dead session, no hang."""
    mailbox.deliver(MAIL)

    def cycle(relay: Relay) -> None:
        with Session.open(mailbox.account(port=relay.port, read_timeout=5)) as session:
            session.folders()
            assert [h.uid for h in reader.heads(session, "INBOX", [1])] == [1]
            session.idle(0)

    with Relay(mailbox.server.port) as relay:
        cycle(relay)
        length = relay.passed
    assert length > 500
    for place in [*range(0, length - 100, 29), length - 100]:
        with Relay(mailbox.server.port) as relay:
            relay.cut_after = place
            with pytest.raises((Unreachable, ServerBusy)):
                cycle(relay)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.binary(max_size=80), max_size=8),
    st.sampled_from(["LIST", "EXAMINE", "UID", "NOOP", "NAMESPACE", "STATUS", "IDLE"]),
)
def test_no_answer_makes_a_session_raise_anything_but_our_errors(noise: list[bytes], verb: str) -> None:
    """Untagged nonsense in front of any answer."""
    answers = {verb: [*(b"* " + line for line in noise), "+ idling" if verb == "IDLE" else "TAG OK done"], "DONE": []}
    with scripted(lambda talk: talk.serve(answers, "IMAP4rev1 NAMESPACE IDLE"), read_timeout=0.1) as (account, _):
        try:
            with Session.open(account) as session:
                session.folders()
                session.examine("INBOX")
                list(reader.heads(session, "INBOX", [1, 2]))
                reader.uids_from(session, "INBOX", 1)
                session.idle(0)
        except FollowmailError:
            pass


def test_a_huge_literal_is_refused_before_it_is_read() -> None:
    """A malicious announcement costs no memory."""
    answers = {"UID FETCH": ["* 1 FETCH (UID 1 BODY[] {9999999999}"]}
    with (
        scripted(lambda talk: talk.serve(answers)) as (account, _),
        Session.open(account) as session,
        pytest.raises(Unreachable, match="9999999999"),
    ):
        reader.beginning(session, "INBOX", 1)


def test_a_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is 16 MB; a smaller one here saves time."""
    monkeypatch.setattr("followmail.imap.wire.MAX_LINE", 100_000)

    def script(talk: Talk) -> None:
        talk.say("* OK ready")
        while True:
            talk.sock.sendall(b"x" * 65_536)

    with scripted(script) as (account, _), pytest.raises(Unreachable):
        Session.open(account)


def test_an_interrupt_in_the_middle_of_an_answer_drops_the_connection() -> None:
    """The rest of that answer must not be taken for the next one."""

    class Stop(BaseException):
        pass

    def interrupt() -> str:
        raise Stop

    with scripted(lambda talk: talk.serve({})) as (account, _):
        session = Session.open(account)
        with pytest.raises(Stop):
            session.call("NOOP", interrupt)
        assert not session.alive


def test_many_sessions_leave_no_socket_behind(mailbox: Mailbox) -> None:
    """Opened, refused and dropped ones alike."""
    Session.open(mailbox.account()).close()
    before = _open_files()
    for _ in range(2):
        Session.open(mailbox.account("tls")).close()
        Session.open(mailbox.account("starttls")).drop()
        with pytest.raises(LoginRefused):
            Session.open(mailbox.account(password=lambda: Secret("wrong")))
        with pytest.raises(Unreachable):
            Session.open(mailbox.account("tls", ca_file=None))
    assert _open_files() <= before
    assert threading.active_count() < 10


def _open_files() -> int:
    """Of this process; Linux only."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
