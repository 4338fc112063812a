"""`followmail init` as a new user meets it: at a real terminal, against real servers. Each story ends in a working
set-up, or in one sentence that says what to do."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followmail.settings import load
from tests.canary import PASSWORD
from tests.discovery.internet import Internet, context, imap, nobody
from tests.servers import oauth
from tests.servers.dovecot import Dovecot, Dovecots, Mailbox, make_certificate
from tests.servers.oauth import CLIENT_ID, Provider
from tests.setup.person import Session, at_terminal
from tests.world import BOB, World

provider_of_the_run, provider = oauth.provider_of_the_run, oauth.provider

ALEX = "alex@consult.example"
NAMES = (
    "imap.consult.example",
    "mail.consult.example",
    "outlook.office365.com",
    "imap.gmail.com",
    "smtp.consult.example",
    "mail.elsewhere.example",
)
RIGHT = ("Password", PASSWORD)
DRIVER = "tests.setup.driver"


@pytest.fixture
def server(dovecots: Dovecots) -> Dovecot:
    return dovecots(certificate=",".join(f"DNS:{name}" for name in NAMES))


@pytest.fixture
def internet(server: Dovecot) -> Iterator[Internet]:
    with Internet() as made:
        made.ca_file = server.ca_file
        made.hosts["consult.example"] = {}
        yield made


@pytest.fixture
def mailbox(server: Dovecot) -> Iterator[Mailbox]:
    """Alex's, with a proposal to Bob that nobody has answered for ten days."""
    box = server.mailbox(ALEX)
    world = World(box, server.root / "unused", now=datetime.now(UTC))
    if not box.uids("Sent"):
        world.writes(BOB, ago=timedelta(days=10))
    yield box
    world.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def introspection(provider: Provider, tmp_path: Path) -> str:
    """Lines for a Dovecot that asks the provider about each token."""
    conf = tmp_path / "oauth2.conf"
    conf.write_text(
        f"introspection_mode = post\nintrospection_url = http://127.0.0.1:{provider.port}/introspect\n"
        "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
    )
    passdb = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {conf}\n}}"
    return f"auth_mechanisms = plain login xoauth2 oauthbearer\n{passdb}"


Run = Callable[..., Session]


@pytest.fixture
def init(internet: Internet, home: Path, mailbox: Mailbox) -> Run:
    """Runs `init` in an empty home on the internet as it is then."""

    def run(*answers: tuple[str, str], stop_at: int = -1, words: Sequence[str] = ("init",), **environ: str) -> Session:
        plan = internet.file(home.parent)
        env = {"SSL_CERT_FILE": internet.ca_file, "HOME": str(home), **environ}
        given = answers or (("address", ALEX), RIGHT)
        return at_terminal(["-m", DRIVER, str(plan), *words], home, env, given, stop_at)

    return run


def works(home: Path, name: str = "config.env") -> dict[str, str]:
    """The file is there, for its owner alone, and it loads; what stands in it."""
    file = home / name
    assert file.stat().st_mode & 0o777 == 0o600
    settings = load(file, {}, directory=home)
    assert settings.warnings == ()
    lines = (line.partition("=") for line in file.read_text().splitlines() if line and line[0] not in "# ")
    return {key.removeprefix("FOLLOWMAIL_"): value.strip("'") for key, _, value in lines}


def test_the_shortest_way(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """An address, a password, and Enter: a file, the preview, and a check that is green."""
    internet.host("imap.consult.example", 993, server.tls_port)
    told = init()
    assert told.status == 0, told.screen
    assert works(home) == {
        "ADDRESS": ALEX, "NAME": "Alex Consultant", "IMAP_HOST": "imap.consult.example", "PASSWORD": PASSWORD,
        "MODE": "draft", "TIMEZONE": "Europe/Berlin", "HOLIDAYS": "DE",
    }  # fmt: skip
    assert told.questions[0].startswith("Your mail address")
    assert len(told.questions) <= 7
    assert "bob@bob.example" in told.screen
    assert "ok    login: imap.consult.example:993" in told.screen
    assert (home / "templates" / "nudge" / "1-checking-in.txt").exists()


def test_company_domain_at_microsoft(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """It is found by MX, and told that no password will do."""
    internet.records["consult.example", "MX"] = ["0 consult-example.mail.protection.outlook.com."]
    internet.host("outlook.office365.com", 993, server.tls_port)
    told = init()
    assert "consult.example has its mail at Microsoft 365: outlook.office365.com:993" in told.screen
    assert "OAuth2" in told.last
    assert told.status == 77
    assert list(home.iterdir()) == []


def test_company_domain_at_microsoft_by_oauth2(
    init: Run, internet: Internet, dovecots: Dovecots, provider: Provider, introspection: str, home: Path
) -> None:
    """With a client of one's own and a code typed on the phone, it is in."""
    by_token = dovecots(certificate="DNS:outlook.office365.com", extra=introspection)
    internet.ca_file, internet.oauth = by_token.ca_file, provider.port
    internet.records["consult.example", "MX"] = ["0 consult-example.mail.protection.outlook.com."]
    internet.host("outlook.office365.com", 993, by_token.tls_port)
    provider.user, provider.typed = ALEX, True
    told = init(("address", ALEX), ("Client id", CLIENT_ID), ("browser", "n"), ("Your name", "Alex"))
    assert told.status == 0, told.screen
    assert (
        works(home).items()
        >= {"AUTH": "oauth2", "OAUTH_PROVIDER": "microsoft", "OAUTH_TENANT": "consult.example"}.items()
    )
    assert "PASSWORD" not in works(home)
    assert (home / "followmail.token").stat().st_mode & 0o777 == 0o600
    assert "ok    method: OAuth2 at Microsoft 365" in told.screen


def test_a_mistyped_address(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """No address, then a domain that is nowhere, then the right one: each is asked again."""
    internet.host("imap.consult.example", 993, server.tls_port)
    told = init(("address", "alex"), ("address", "alex@consutl.example"), ("address", ALEX), RIGHT)
    assert "“alex” is no mail address" in told.screen
    assert "No mail server of consutl.example was found" in told.screen
    assert told.status == 0, told.screen
    assert works(home)["ADDRESS"] == ALEX


def test_wrong_password(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """What is at fault is named, and it is asked again, not the rest."""
    internet.host("imap.consult.example", 993, server.tls_port)
    told = init(("address", ALEX), ("Password", "wrong"), RIGHT)
    assert "So the server is right, and the login name or the password is wrong" in told.screen
    assert [q for q in told.questions if "Password" in q] == [q for q in told.questions if "Password" in q][:2]
    assert told.status == 0
    assert works(home)["PASSWORD"] == PASSWORD


def test_app_password_needed(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """At Google the page is named before the password is asked; an ordinary one is refused with the same page."""
    internet.records["consult.example", "MX"] = ["1 smtp.google.com."]
    internet.host("imap.gmail.com", 993, server.tls_port)
    told = init(("address", ALEX), ("App password", "my ordinary one"), ("App password", PASSWORD))
    page = "https://myaccount.google.com/apppasswords"
    assert told.screen.count(page) >= 2
    assert told.screen.index(page) < told.screen.index("App password for")
    assert told.status == 0, told.screen
    assert works(home)["IMAP_HOST"] == "imap.gmail.com"


def test_a_server_elsewhere_that_only_dns_names_is_asked_about(
    init: Run, internet: Internet, server: Dovecot, home: Path
) -> None:
    """Its certificate proves its own name and no more: without a yes it is not told the password."""
    internet.records["_imaps._tcp.consult.example", "SRV"] = ["0 1 993 mail.elsewhere.example."]
    internet.host("mail.elsewhere.example", 993, server.tls_port)
    told = init(("address", ALEX), ("provider's server", ""), ("Your IMAP server", ""))
    assert any("mail.elsewhere.example is not in consult.example" in question for question in told.questions)
    assert not any("Password" in question for question in told.questions)
    assert list(home.iterdir()) == []
    told = init(("address", ALEX), ("provider's server", "y"), RIGHT)
    assert told.status == 0, told.screen
    assert works(home)["IMAP_HOST"] == "mail.elsewhere.example"


def test_two_sent_folders(init: Run, internet: Internet, dovecots: Dovecots, home: Path) -> None:
    """Without SPECIAL-USE the server does not say which; the person does, the fuller one is offered."""
    folders = (("", "Sent"), ("", "Gesendete Elemente"), ("", "Drafts"))
    two = dovecots(certificate="DNS:imap.consult.example", special_use=False, folders=folders)
    box = two.mailbox(ALEX)
    box.append(
        b"From: Alex C <alex@consult.example>\r\nTo: x@x.example\r\nSubject: x\r\n\r\nx\r\n", "Gesendete Elemente"
    )
    internet.ca_file = two.ca_file
    internet.host("imap.consult.example", 993, two.tls_port)
    told = init()
    assert "There are several folders for sent mail. All are read" in told.screen
    assert any("copies of sent mail go? [Gesendete Elemente]" in question for question in told.questions)
    assert told.status == 0, told.screen
    assert works(home)["SENT_FOLDER"] == "Gesendete Elemente"


def test_no_network(init: Run, internet: Internet, home: Path) -> None:
    """One sentence, and nothing more is asked."""
    internet.mute = internet.down = True
    told = init()
    assert told.last == "followmail: This machine reaches no network: connect it, and try again."
    assert (told.status, len(told.questions), list(home.iterdir())) == (69, 1, [])


def test_captive_portal(init: Run, internet: Internet, tmp_path: Path, home: Path) -> None:
    """Every name leads to the hotel's own page; no password is asked."""
    make_certificate(tmp_path, "DNS:portal.hotel.example")
    portal = internet.listen(imap(context(tmp_path)))
    internet.everywhere = {443: portal, 993: portal, 143: portal}
    internet.records["*", "A"] = ["127.0.0.1"]
    told = init()
    assert "open a web page, log in there, and try again" in told.last
    assert (told.status, len(told.questions)) == (69, 1)


def test_self_signed_certificate(init: Run, internet: Internet, tmp_path: Path, home: Path) -> None:
    """No password is sent there, also not when it is typed by hand; Enter ends."""
    make_certificate(tmp_path, "DNS:imap.consult.example")
    internet.host("imap.consult.example", 993, internet.listen(imap(context(tmp_path))))
    told = init(("address", ALEX), ("Your IMAP server", "imap.consult.example"))
    assert told.screen.count("so no password is sent there") == 2
    assert "SSL_CERT_FILE" in told.screen
    assert not any("assword" in question for question in told.questions)
    assert told.status == 1
    assert "run `followmail init` again" in told.last


def test_only_plain_text_is_refused(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """Not as a guess, not by hand; then a good one is named."""
    internet.host("mail.consult.example", 143, internet.listen(imap()))
    internet.host("imap.consult.example", 7993, server.tls_port)
    hands = (("Your IMAP server", "mail.consult.example:143"), ("Your IMAP server", "imap.consult.example:7993"))
    told = init(("address", ALEX), *hands, RIGHT)
    assert told.screen.count("offers no encryption") == 2
    assert told.status == 0, told.screen
    assert works(home)["IMAP_PORT"] == "7993"


def test_a_black_hole_costs_no_more_than_the_budget(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """Names and servers that never answer; the one that does is found."""
    hole = internet.listen(nobody)
    internet.mute, internet.budget, internet.everywhere = True, 1.0, {443: hole, 993: hole, 143: hole}
    internet.host("mail.consult.example", 993, server.tls_port)
    told = init()
    assert "mail.consult.example:993" in told.screen
    assert told.status == 0, told.screen


def test_existing_configuration(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """No line of it is touched; what is missing is asked and added at its end."""
    internet.host("imap.consult.example", 993, server.tls_port)
    mine = f"# mine\r\nFOLLOWMAIL_ADDRESS={ALEX}\r\nFOLLOWMAIL_NAME = 'Alex'\r\nFOLLOWMAIL_DAILY_LIMIT=3"
    (home / "config.env").write_bytes(mine.encode())
    told = init()
    after = (home / "config.env").read_bytes()
    assert after.startswith(mine.encode() + b"\r\n")
    assert told.status == 0, told.screen
    assert not any("address" in question or "Your name" in question for question in told.questions)
    assert works(home)["IMAP_HOST"] == "imap.consult.example"
    again = init()
    assert again.status == 0
    assert (home / "config.env").read_bytes() == after
    assert not any("assword" in question for question in again.questions)


def test_an_existing_configuration_may_stay_apart(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """One that is broken, or not to be added to: a new one is written beside it."""
    internet.host("imap.consult.example", 993, server.tls_port)
    (home / "config.env").write_text("FOLLOWMAIL_MODUS=draft\nwhat is this\n")
    told = init()
    assert "FOLLOWMAIL_MODE was probably meant" in told.screen
    assert (home / "config.env").read_text() == "FOLLOWMAIL_MODUS=draft\nwhat is this\n"
    assert told.status == 0, told.screen
    assert works(home, "config.new.env")["ADDRESS"] == ALEX
    assert "--config" in told.last


def test_mode_send_asks_and_tries_smtp(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """Only after the word is typed; a server that refuses the password is told, and drafts remain."""
    from tests.servers import smtp

    internet.host("imap.consult.example", 993, server.tls_port)
    with smtp.running(tls="tls", context=context(server.root / "ssl")) as smtpd:
        internet.host("smtp.consult.example", 465, smtpd.port)
        told = init(("address", ALEX), RIGHT, ("type the word send", "sned"), ("type the word send", "send"))
        assert told.status == 0, told.screen
        assert "neither draft nor send" in told.screen
        assert "Sending goes through smtp.consult.example:465" in told.screen
        assert smtpd.logins == [(ALEX, PASSWORD)] * 2
        assert smtpd.delivered == []
    assert (works(home)["MODE"], works(home)["SMTP_HOST"]) == ("send", "smtp.consult.example")


def test_mode_send_without_a_server_stays_with_drafts(
    init: Run, internet: Internet, server: Dovecot, home: Path
) -> None:
    """Nothing sends that was not tried."""
    internet.host("imap.consult.example", 993, server.tls_port)
    told = init(("address", ALEX), RIGHT, ("type the word send", "send"))
    assert "Then it lays drafts." in told.screen
    assert (told.status, works(home)["MODE"]) == (0, "draft")


def test_mode_send_with_a_server_that_refuses(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """Its words, the remedy, and drafts; nothing of it is written down."""
    from tests.servers import smtp

    internet.host("imap.consult.example", 993, server.tls_port)
    with smtp.running(tls="tls", context=context(server.root / "ssl")) as smtpd:
        smtpd.password = "another"
        internet.host("smtp.consult.example", 465, smtpd.port)
        told = init(("address", ALEX), ("Password for imap", PASSWORD), ("type the word send", "send"))
    assert "wrong user or password" in told.screen
    assert "Then it lays drafts." in told.screen
    assert told.status == 0, told.screen
    assert not [key for key in works(home) if key.startswith("SMTP")]


def test_followmail_folders_on_request(init: Run, internet: Internet, server: Dovecot, mailbox: Mailbox) -> None:
    """And only then."""
    internet.host("imap.consult.example", 993, server.tls_port)
    told = init(("address", ALEX), RIGHT, ("Make the folders", "y"))
    assert told.status == 0, told.screen
    assert "Followmail/nudge" in mailbox.folders()


def test_ctrl_c_at_every_question(init: Run, internet: Internet, server: Dovecot, home: Path) -> None:
    """One sentence, and nothing half written."""
    internet.host("imap.consult.example", 993, server.tls_port)
    number, asked = 0, 99
    while number < asked:
        told = init(stop_at=number)
        if told.status == 0:
            break
        assert told.last == "Stopped: nothing was written."
        assert told.status == 130
        assert list(home.iterdir()) == []
        number += 1
    assert number >= 6


def test_without_a_terminal_it_refuses(home: Path) -> None:
    """Politely: one sentence, wrong usage."""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "followmail", "init"], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=home,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "this is none" in done.stderr
