"""config.env and the environment: what they may say, and how their faults are told."""

import base64
import os
import subprocess
import sys
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.auth import PasswordSource, Secret, password
from followmail.errors import SettingsError
from followmail.mail.identity import Identity
from followmail.oauth.registration import Registration
from followmail.options import OPTIONS, SECTIONS, Auth, Provider, example, quoted
from followmail.sequence.steps import Mode
from followmail.settings import Detect, ImapServer, Security, Settings, SmtpServer, _state_of, load, system_zone

ROOT = Path(__file__).parent.parent
CANARY = "c4nary-hunter2"
FOUR = f"""\
FOLLOWMAIL_ADDRESS=Alex@Example.com
FOLLOWMAIL_NAME=Alex Example
FOLLOWMAIL_IMAP_HOST=imap.example.com
FOLLOWMAIL_PASSWORD={CANARY}
"""
OAUTH = FOUR.replace(
    f"FOLLOWMAIL_PASSWORD={CANARY}",
    "FOLLOWMAIL_AUTH=oauth2\nFOLLOWMAIL_OAUTH_PROVIDER=microsoft\nFOLLOWMAIL_OAUTH_CLIENT_ID=id",
)


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    file = folder / "config.env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


def read(folder: Path, text: str | bytes, **environ: str) -> Settings:
    written(folder, text)
    return load(None, environ, directory=folder)


def faults(folder: Path, text: str | bytes, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(folder, text, **environ)
    assert caught.value.exit_status == 78
    assert CANARY not in str(caught.value)
    return tuple(problem.replace(str(folder) + "/", "") for problem in caught.value.problems)


def test_four_lines_are_enough(tmp_path: Path) -> None:
    """Everything else has its default."""
    found = read(tmp_path, FOUR, TZ="Europe/Berlin")
    assert found.identity == Identity("Alex Example", "alex@example.com")
    assert found.imap == ImapServer("imap.example.com", 993, Security.TLS, "alex@example.com")
    assert found.smtp == SmtpServer(None, 465, Security.TLS, "alex@example.com")
    assert found.password == PasswordSource("FOLLOWMAIL_PASSWORD", value=Secret(CANARY)) == found.smtp_password
    assert (found.database, found.templates, found.config_path) == (
        tmp_path / "followmail.db", None, tmp_path / "config.env"
    )  # fmt: skip
    assert (found.sent_folder, found.drafts_folder, found.skip_folders) == (None, None, ())
    assert (found.mode, found.detect, found.lookback) == (Mode.DRAFT, Detect.WAIT, 14)
    assert (found.daily_limit, found.gap, found.poll, found.digest) == (10, 90, 300, time(7, 30))
    assert (found.alert_command, found.heartbeat_url, found.warnings) == (None, None, ())
    calendar = found.calendar
    assert (calendar.zone, calendar.days, calendar.opens, calendar.closes) == (
        "Europe/Berlin", frozenset(range(5)), time(8, 30), time(17, 30)
    )  # fmt: skip


def test_every_setting_is_read(tmp_path: Path) -> None:
    """Names relative to the file, times, lists and switches."""
    (tmp_path / "texts").mkdir()
    found = read(
        tmp_path,
        FOUR
        + """
        FOLLOWMAIL_ALIASES=Hello@example.com, alex@other.org
        FOLLOWMAIL_IMAP_PORT=1993
        FOLLOWMAIL_IMAP_SECURITY=STARTTLS
        FOLLOWMAIL_IMAP_USER=alex
        FOLLOWMAIL_SMTP_HOST=[::1]
        FOLLOWMAIL_SMTP_PORT=2525
        FOLLOWMAIL_SMTP_SECURITY=none
        FOLLOWMAIL_SMTP_USER='alex smtp'
        FOLLOWMAIL_SMTP_PASSWORD='other'
        FOLLOWMAIL_DATABASE=data/f.db
        FOLLOWMAIL_TEMPLATES=texts
        FOLLOWMAIL_SENT_FOLDER=Gesendet
        FOLLOWMAIL_DRAFTS_FOLDER=Entwürfe
        FOLLOWMAIL_SKIP_FOLDERS=Archive/Old, Lists
        export FOLLOWMAIL_MODE=send
        FOLLOWMAIL_DETECT=off   # nothing by itself
        FOLLOWMAIL_LOOKBACK=7
        FOLLOWMAIL_TIMEZONE=America/New_York
        FOLLOWMAIL_WINDOW=Mon-Sun 00:00-24:00
        FOLLOWMAIL_HOLIDAYS=US, 2026-12-24..2027-01-06
        FOLLOWMAIL_DAILY_LIMIT=3
        FOLLOWMAIL_GAP=0
        FOLLOWMAIL_POLL=60
        FOLLOWMAIL_DIGEST=off
        FOLLOWMAIL_ALERT_COMMAND=notify-send "oh no"
        FOLLOWMAIL_HEARTBEAT_URL=https://hc.example/x
        FOLLOWMAIL_AUTH=password
        FOLLOWMAIL_OAUTH_PROVIDER=google
        FOLLOWMAIL_OAUTH_CLIENT_ID=id
        FOLLOWMAIL_OAUTH_CLIENT_SECRET=secret
        FOLLOWMAIL_TOKEN_COMMAND=oama
        """,
    )
    assert found.identity.aliases == ("hello@example.com", "alex@other.org")
    assert found.imap == ImapServer("imap.example.com", 1993, Security.STARTTLS, "alex")
    assert found.smtp == SmtpServer("::1", 2525, Security.NONE, "alex smtp")
    assert password(found.smtp_password)().reveal() == "other"
    assert (found.database, found.templates) == (tmp_path / "data/f.db", tmp_path / "texts")
    assert (found.sent_folder, found.drafts_folder) == ("Gesendet", "Entwürfe")
    assert found.skip_folders == ("Archive/Old", "Lists")
    assert (found.mode, found.detect, found.lookback, found.digest) == (Mode.SEND, Detect.OFF, 7, None)
    assert (found.daily_limit, found.gap, found.poll) == (3, 0, 60)
    assert (found.alert_command, found.heartbeat_url) == ('notify-send "oh no"', "https://hc.example/x")
    assert found.calendar.zone == "America/New_York"
    assert not found.calendar.is_business_day(date(2026, 12, 30))
    assert found.calendar.is_business_day(date(2026, 5, 3))


@pytest.mark.parametrize("value", ["INBOX", "Lists, inbox"])
def test_inbox_is_always_watched(tmp_path: Path, value: str) -> None:
    """Without it no answer would ever be seen."""
    (fault,) = faults(tmp_path, FOUR, FOLLOWMAIL_SKIP_FOLDERS=value)
    assert "INBOX is where answers come in" in fault


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """The key, the file and line, what is wrong, what is allowed, and what was meant."""
    found = faults(
        tmp_path,
        f"""# a comment
FOLLOWMAIL_ADRESS=alex@example.com
FOLLOWMAIL_NAME=Alex <alex@example.com>

FOLLOWMAIL_IMAP_HOST=imaps://example.com
FOLLOWMAIL_PASSWORD='{CANARY}'
FOLLOWMAIL_POLL=5m
FOLLOWMAIL_MODE="sned"
FOLLOWMAIL_WINDOW=Mo-Di 9-17
IMAP_USER=alex
{CANARY}
FOLLOWMAIL_GAP=90 seconds
FOLLOWMAIL_LOOKBACK="14"x
FOLLOWMAIL_PASSWORD_FIEL={CANARY}
""",
        FOLLOWMAIL_DIGEST="noon",
        FOLLOWMAIL_DAYLY_LIMIT="5",
    )
    assert set(found) == {
        "FOLLOWMAIL_ADRESS (config.env, line 2): there is no such setting. FOLLOWMAIL_ADDRESS was probably meant.",
        "FOLLOWMAIL_NAME (config.env, line 3): only the name belongs here, without the address. Allowed: a name.",
        "FOLLOWMAIL_IMAP_HOST (config.env, line 5): “imaps://example.com” is no host name; port and encryption have "
        "settings of their own. Allowed: a host name.",
        "FOLLOWMAIL_POLL (config.env, line 7): “5m” is no whole number. Allowed: seconds, 1 to 86400.",
        "FOLLOWMAIL_MODE (config.env, line 8): “sned” is not one of them. Allowed: dry-run, draft or send.",
        "FOLLOWMAIL_WINDOW (config.env, line 9): “di” is no weekday. Allowed: days and times such as "
        "Mon-Fri 08:30-17:30, up to Mon-Sun 00:00-24:00.",
        "IMAP_USER (config.env, line 10): there is no such setting. FOLLOWMAIL_IMAP_USER was probably meant.",
        "config.env, line 11: this line cannot be read. A line is KEY=value; single quotes go around a value that "
        "holds quotes.",
        "FOLLOWMAIL_GAP (config.env, line 12): “90 seconds” is no whole number. Allowed: seconds, 0 to 86400.",
        "FOLLOWMAIL_LOOKBACK (config.env, line 13): this line cannot be read. A line is KEY=value; single quotes go "
        "around a value that holds quotes.",
        "FOLLOWMAIL_PASSWORD_FIEL (config.env, line 14): there is no such setting. "
        "FOLLOWMAIL_PASSWORD_FILE was probably meant.",
        "FOLLOWMAIL_DIGEST (environment): “noon” is no time of day. Allowed: a time such as 07:30, or off.",
        "FOLLOWMAIL_DAYLY_LIMIT (environment): there is no such setting. FOLLOWMAIL_DAILY_LIMIT was probably meant.",
        "FOLLOWMAIL_ADDRESS: it is missing. Your address. Allowed: a mail address.",
    }


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("FOLLOWMAIL_ALIASES=alex@example.com, alex", "“alex” is no mail address"),
        ("FOLLOWMAIL_IMAP_PORT=0", "0 is out of range. Allowed: 1 to 65535"),
        ("FOLLOWMAIL_IMAP_PORT=-1", "“-1” is no whole number"),
        ("FOLLOWMAIL_IMAP_PORT=٣", "is no whole number"),
        ("FOLLOWMAIL_IMAP_SECURITY=ssl", "“ssl” is not one of them. Allowed: tls, starttls, or none"),
        ("FOLLOWMAIL_IMAP_SECURITY=none", "would send the password readable to imap.example.com"),
        ("FOLLOWMAIL_SMTP_HOST=smtp.example.com:465", "is no host name"),
        ("FOLLOWMAIL_MODE=send", "FOLLOWMAIL_SMTP_HOST: it is missing, and mode send needs it"),
        ("FOLLOWMAIL_TIMEZONE=Berlin", "Europe/Berlin was probably meant"),
        ("FOLLOWMAIL_HOLIDAYS=2026-01-01..2027-12-31", "more than 400 on end"),
        ("FOLLOWMAIL_DIGEST=25:00", "25:00 is no time of day"),
        ("FOLLOWMAIL_TEMPLATES=texts", "there is no folder texts"),
        (
            "FOLLOWMAIL_AUTH=oauth2\nFOLLOWMAIL_OAUTH_CLIENT_ID=x",
            "FOLLOWMAIL_OAUTH_PROVIDER: it is missing, and FOLLOWMAIL_AUTH=oauth2 needs it",
        ),
        ("FOLLOWMAIL_OAUTH_TENANT=a/b", "it is neither an id nor a domain"),
        ("FOLLOWMAIL_OAUTH_PROVIDER=yahoo", "“yahoo” is not one of them. Allowed: google or microsoft"),
        (f"FOLLOWMAIL_HEARTBEAT_URL={CANARY}", "it is no web address"),
        (f'FOLLOWMAIL_SMTP_PASSWORD="{CANARY}\\n"', "a line end or another control character"),
        (f'FOLLOWMAIL_SMTP_PASSWORD="{CANARY}\nX"', "a line end or another control character; is a quote left open"),
        (f"FOLLOWMAIL_SMTP_PASSWORD={'x' * 5000}", "far too long"),
        (f"FOLLOWMAIL_SMTP_PASSWORD={CANARY} #1", "Put the value in single quotes"),
        (f"FOLLOWMAIL_SMTP_PASSWORD='{CANARY}'x'", "FOLLOWMAIL_SMTP_PASSWORD (config.env, line 6): this line cannot"),
        ("FOLLOWMAIL_GAP", "FOLLOWMAIL_GAP (config.env, line 6): this line cannot be read"),
        ("FOLLOWMAIL_NAME=Alexa", "it stands twice; it was also at config.env, line 2"),
        ("FOLLOWMAIL_CONFIG=other.env", "stands in the environment only"),
        (f"{CANARY}=1", "config.env, line 6: there is no such setting"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_line(tmp_path: Path, line: str, wrong: str) -> None:
    """One fault each; what may be a secret is not repeated."""
    (found,) = faults(tmp_path, FOUR + "\r\n" + line)
    assert wrong in found


def test_a_value_from_the_environment_wins(tmp_path: Path) -> None:
    """Even an empty one, which means the default."""
    found = read(tmp_path, FOUR + "FOLLOWMAIL_POLL=5\nFOLLOWMAIL_GAP=5\n", FOLLOWMAIL_POLL="7", FOLLOWMAIL_GAP="")
    assert (found.poll, found.gap) == (7, 90)
    assert "FOLLOWMAIL_NAME (environment): it is missing" in faults(tmp_path, FOUR, FOLLOWMAIL_NAME="")[0]


def test_no_file_is_needed_where_the_environment_says_all(tmp_path: Path) -> None:
    """As in a container."""
    environ = dict(line.split("=") for line in FOUR.splitlines())
    found = load(None, environ, directory=tmp_path)
    assert (found.config_path, found.database) == (None, tmp_path / "followmail.db")
    with pytest.raises(SettingsError, match=r"No config\.env was found \(looked for .*config.env"):
        load(None, {}, directory=tmp_path)


def test_the_file_is_looked_for_in_order(tmp_path: Path) -> None:
    """`--config`, FOLLOWMAIL_CONFIG, here, the home directory, systemd's."""
    places = [tmp_path / name for name in ("option", "variable", "here", "home/.config/followmail", "etc")]
    environ = {
        "FOLLOWMAIL_CONFIG": "../variable/config.env",
        "HOME": str(tmp_path / "home"),
        "CONFIGURATION_DIRECTORY": f"{tmp_path / 'none'}:{tmp_path / 'etc'}",
    }
    for place in places:
        place.mkdir(parents=True)
        written(place, FOUR)
    named = load(tmp_path / "option/config.env", environ, directory=tmp_path / "here")
    assert named.database == tmp_path / "option/followmail.db"
    assert load(None, environ, directory=tmp_path / "here").database.parent.resolve() == tmp_path / "variable"
    del environ["FOLLOWMAIL_CONFIG"]
    for place in places[2:]:
        assert load(None, environ, directory=tmp_path / "here").config_path == place / "config.env"
        (place / "config.env").unlink()


@pytest.mark.parametrize("named", ["missing.env", "."])
def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path: Path, named: str) -> None:
    """Nothing else is read in its stead."""
    written(tmp_path, FOUR)
    with pytest.raises(SettingsError, match=r"There is no file|cannot be read"):
        load(Path(named), {}, directory=tmp_path)
    with pytest.raises(SettingsError, match=r"There is no file|cannot be read"):
        load(None, {"FOLLOWMAIL_CONFIG": named}, directory=tmp_path)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (FOUR.encode("utf-16"), "line 1: this is not UTF-8"),
        (FOUR.encode() + b"FOLLOWMAIL_SENT_FOLDER=Entw\xfcrfe\n", "line 5: this is not UTF-8"),
        (b"#" * 300_000, "far too large"),
    ],
)
def test_a_file_that_is_no_text_is_refused_as_a_whole(tmp_path: Path, content: bytes, wrong: str) -> None:
    """With the line where it begins."""
    assert wrong in faults(tmp_path, content)[0]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("pa$$w#o${HOME}rd", "pa$$w#o${HOME}rd"),
        ("#abc", "#abc"),
        ("'ab #cd'", "ab #cd"),
        ("'ab #cd' # mine", "ab #cd"),
        ('"ab #cd"', "ab #cd"),
        ("a\"b'c", "a\"b'c"),
        ('"a\\"b"', 'a"b'),
        ("'a\\'b\\\\c'", "a'b\\c"),
        ("a\\b", "a\\b"),
        ("  spaced out  ", "spaced out"),
        ("' blanks '", " blanks "),
        ("пароль=ü", "пароль=ü"),
    ],
)
def test_a_password_is_exactly_what_was_typed(tmp_path: Path, typed: str, value: str) -> None:
    """With a BOM and CRLF too; nothing within it is replaced."""
    text = "\ufeff" + FOUR.replace(CANARY, typed).replace("\n", "\r\n")
    assert password(read(tmp_path, text).password)().reveal() == value


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=50).filter(str.strip))
def test_a_quoted_value_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    """Whatever characters it holds."""
    folder = tmp_path_factory.getbasetemp()
    found = read(folder, FOUR.replace(CANARY, quoted(value)))
    assert password(found.password)().reveal() == value


def test_a_password_may_come_from_a_file_a_command_or_a_credential(tmp_path: Path) -> None:
    """The credential first, then the file, the command, the value; what is left aside is told."""
    (tmp_path / "secret").write_text("of the file\n", "utf-8")
    (tmp_path / "secret").chmod(0o600)
    command = FOUR.replace(f"PASSWORD={CANARY}", "PASSWORD_COMMAND=echo of the command")
    assert password(read(tmp_path, command).password)().reveal() == "of the command"
    file = read(tmp_path, command + "FOLLOWMAIL_PASSWORD_FILE=secret\n")
    assert password(file.password)().reveal() == "of the file"
    assert file.warnings == (
        "FOLLOWMAIL_PASSWORD_FILE is used; FOLLOWMAIL_PASSWORD_COMMAND is set too and does nothing.",
    )
    (tmp_path / "password").write_text("of the credential\n", "utf-8")
    found = read(tmp_path, FOUR.replace(f"FOLLOWMAIL_PASSWORD={CANARY}", ""), CREDENTIALS_DIRECTORY=str(tmp_path))
    assert password(found.password)().reveal() == password(found.smtp_password)().reveal() == "of the credential"


def test_every_secret_has_a_systemd_credential(tmp_path: Path) -> None:
    """`smtp-password` and `oauth-client-secret` as `password`; before file, command and value, which is told."""
    for name in ("password", "smtp-password", "oauth-client-secret"):
        (tmp_path / name).write_text(f"of {name}\n", "utf-8")
    smtp = "FOLLOWMAIL_SMTP_PASSWORD_COMMAND=echo x\n"
    found = read(tmp_path, FOUR.replace(f"FOLLOWMAIL_PASSWORD={CANARY}\n", smtp), CREDENTIALS_DIRECTORY=str(tmp_path))
    assert password(found.password)().reveal() == "of password"
    assert password(found.smtp_password)().reveal() == "of smtp-password"
    assert found.warnings == (
        "the systemd credential “smtp-password” is used; FOLLOWMAIL_SMTP_PASSWORD_COMMAND is set too and does nothing.",
    )
    by_token = read(tmp_path, OAUTH, CREDENTIALS_DIRECTORY=str(tmp_path)).password
    assert isinstance(by_token, Registration) and by_token.secret is not None
    assert password(by_token.secret)().reveal() == "of oauth-client-secret"


def test_login_by_oauth2_needs_a_client_or_a_helper(tmp_path: Path) -> None:
    """The client of one's own, with its secret from wherever; the helper goes before it; SMTP may have a password."""
    found = read(tmp_path, OAUTH + f"FOLLOWMAIL_OAUTH_CLIENT_SECRET={CANARY}\nFOLLOWMAIL_OAUTH_TENANT=example.com\n")
    secret = PasswordSource("FOLLOWMAIL_OAUTH_CLIENT_SECRET", value=Secret(CANARY))
    assert found.password == found.smtp_password == Registration(Provider.MICROSOFT, "id", secret, "example.com")
    assert (found.auth, found.smtp_auth, found.warnings) == (Auth.OAUTH2, Auth.OAUTH2, ())
    assert CANARY not in repr(found)
    both = read(tmp_path, OAUTH + f"FOLLOWMAIL_TOKEN_COMMAND=echo token\nFOLLOWMAIL_PASSWORD={CANARY}\n")
    assert isinstance(both.password, PasswordSource)
    assert password(both.password)().reveal() == "token"
    (warning,) = both.warnings
    assert warning.startswith("FOLLOWMAIL_TOKEN_COMMAND is used; FOLLOWMAIL_PASSWORD and FOLLOWMAIL_OAUTH_PROVIDER")
    own = read(tmp_path, OAUTH + "FOLLOWMAIL_SMTP_PASSWORD=other\n")
    assert (own.auth, own.smtp_auth) == (Auth.OAUTH2, Auth.PASSWORD)
    assert faults(tmp_path, FOUR + "FOLLOWMAIL_AUTH=oauth2\n") == (
        "FOLLOWMAIL_OAUTH_PROVIDER: it is missing, and FOLLOWMAIL_AUTH=oauth2 needs it, or FOLLOWMAIL_TOKEN_COMMAND.",
        "FOLLOWMAIL_OAUTH_CLIENT_ID: it is missing, and FOLLOWMAIL_AUTH=oauth2 needs it, or FOLLOWMAIL_TOKEN_COMMAND.",
    )


def test_a_file_of_the_clients_secret_that_others_can_read_earns_a_warning(tmp_path: Path) -> None:
    """As that of a password does."""
    (tmp_path / "client").write_text("x", "utf-8")
    (tmp_path / "client").chmod(0o644)
    (warning,) = read(tmp_path, OAUTH + "FOLLOWMAIL_OAUTH_CLIENT_SECRET_FILE=client\n").warnings
    assert "client holds secrets and is open to others: chmod 600" in warning


def test_tokens_that_others_could_replace_earn_a_warning(tmp_path: Path) -> None:
    """Beside the database, in a folder of everybody's."""
    (tmp_path / "all").mkdir()
    token = tmp_path / "all" / "f.token"
    token.touch(0o600)
    (tmp_path / "all").chmod(0o777)
    (warning,) = read(tmp_path, OAUTH + "FOLLOWMAIL_DATABASE=all/f.db\n").warnings
    assert warning.startswith(f"Anybody can replace {token}: chmod o-w")


def test_the_environments_password_goes_before_the_files(tmp_path: Path) -> None:
    """Whichever way each of them names it."""
    text = FOUR.replace(f"PASSWORD={CANARY}", "PASSWORD_COMMAND=echo of the command")
    found = read(tmp_path, text, FOLLOWMAIL_PASSWORD="of the environment")
    assert password(found.password)().reveal() == "of the environment"


def test_a_missing_password_is_told_with_all_its_ways(tmp_path: Path) -> None:
    """One fault, not three."""
    (found,) = faults(tmp_path, FOUR.replace(f"FOLLOWMAIL_PASSWORD={CANARY}", ""))
    assert found == (
        "FOLLOWMAIL_PASSWORD: it is missing. Set it, or FOLLOWMAIL_PASSWORD_FILE, or FOLLOWMAIL_PASSWORD_COMMAND."
    )


def test_commands_see_none_of_our_settings(tmp_path: Path) -> None:
    """Neither from the environment nor from the file."""
    text = FOUR.replace(f"PASSWORD={CANARY}", "PASSWORD_COMMAND=env | grep -c FOLLOWMAIL")
    found = read(tmp_path, text + "FOLLOWMAIL_SMTP_PASSWORD=x\n", FOLLOWMAIL_POLL="60", PATH=os.environ["PATH"])
    assert found.command_environment == {"PATH": os.environ["PATH"]}
    assert found.password.environment == found.command_environment


@pytest.mark.parametrize(("security", "imap", "smtp"), [("tls", 993, 465), ("starttls", 143, 587), ("none", 143, 25)])
def test_the_port_follows_the_security_until_it_is_named(tmp_path: Path, security: str, imap: int, smtp: int) -> None:
    """993 and 465 are for tls; a named port stays."""
    text = FOUR.replace("imap.example.com", "127.0.0.1") + (
        f"FOLLOWMAIL_SMTP_HOST=localhost\nFOLLOWMAIL_IMAP_SECURITY={security}\nFOLLOWMAIL_SMTP_SECURITY={security}\n"
    )
    found = read(tmp_path, text)
    assert (found.imap.port, found.smtp.port) == (imap, smtp)
    assert read(tmp_path, text + "FOLLOWMAIL_IMAP_PORT=993").imap.port == 993


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "LOCALHOST."])
def test_no_encryption_is_allowed_on_this_machine(tmp_path: Path, host: str) -> None:
    """By any of its names."""
    text = FOUR.replace("imap.example.com", host) + "FOLLOWMAIL_IMAP_SECURITY=none"
    assert read(tmp_path, text).imap.security is Security.NONE


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.1", "0.0.0.0", "mail", "::2"])
def test_no_encryption_is_refused_elsewhere(tmp_path: Path, host: str) -> None:
    """The password would be readable on the way."""
    text = FOUR.replace("imap.example.com", host) + "FOLLOWMAIL_IMAP_SECURITY=none"
    assert "Allowed: tls, starttls" in faults(tmp_path, text)[0]


def test_systemd_names_the_state_directory(tmp_path: Path) -> None:
    """Unless a path is set."""
    found = read(tmp_path, FOUR, STATE_DIRECTORY="/var/lib/followmail:/var/lib/x")
    assert found.database == Path("/var/lib/followmail/followmail.db")
    named = read(tmp_path, FOUR + "FOLLOWMAIL_DATABASE=~/f.db", STATE_DIRECTORY="/var/lib/x", HOME="/home/alex")
    assert named.database == Path("/home/alex/f.db")


@pytest.mark.parametrize(
    ("folder", "state"),
    [
        ("/etc/followmail", "/var/lib/followmail"),
        ("/etc/followmail/alex", "/var/lib/followmail/alex"),
        ("/etc/followmailer", None),
        ("/home/alex/.config/followmail", None),
    ],
)
def test_a_command_beside_the_daemon_means_the_same_database(folder: str, state: str | None) -> None:
    """What lies in /etc/followmail has its state in /var/lib/followmail, also where systemd does not say so."""
    assert _state_of(Path(folder)) == (Path(state) if state else None)


def test_templates_beside_the_file_are_found(tmp_path: Path) -> None:
    """Without being named."""
    (tmp_path / "templates").mkdir()
    assert read(tmp_path, FOUR).templates == tmp_path / "templates"


@pytest.mark.parametrize(
    ("mode", "parent", "warned"),
    [
        (0o600, 0o700, ""),
        (0o400, 0o755, ""),
        (0o600, 0o1777, ""),
        (0o644, 0o755, "is open to others: chmod 600"),
        (0o640, 0o755, "is open to others: chmod 600"),
        (0o602, 0o755, "is open to others: chmod 600"),
        (0o600, 0o777, "Anybody can replace"),
    ],
)
def test_secrets_that_others_can_reach_earn_a_warning(tmp_path: Path, mode: int, parent: int, warned: str) -> None:
    """With the command that mends it; also through a link, and for a password file."""
    folder = tmp_path / "config"
    folder.mkdir()
    file = written(folder, FOUR, mode)
    folder.chmod(parent)
    (tmp_path / "link.env").symlink_to(file)
    for named in (file, tmp_path / "link.env"):
        warnings = load(named, {}, directory=tmp_path).warnings
        assert (warned in warnings[0] and "chmod" in warnings[0]) if warned else warnings == ()
    (tmp_path / "other").mkdir()
    by_file = written(tmp_path / "other", FOUR.replace(f"PASSWORD={CANARY}", f"PASSWORD_FILE={file}"), 0o644)
    warnings = load(by_file, {}, directory=tmp_path).warnings
    assert [warned in warning for warning in warnings] == ([True] if warned else [])


def test_secrets_of_another_user_earn_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who owns the file can read and change it; root can anyway."""
    file = written(tmp_path, FOUR)
    if file.stat().st_uid == 0:
        os.chown(file, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    (warning,) = load(file, {}, directory=tmp_path).warnings
    assert "belongs to another user: chown" in warning
    assert "chmod 600" in warning


def test_a_file_without_secrets_may_be_read_by_all(tmp_path: Path) -> None:
    """The password comes from the environment."""
    file = written(tmp_path, FOUR.replace(f"FOLLOWMAIL_PASSWORD={CANARY}", ""), 0o644)
    assert load(file, {"FOLLOWMAIL_PASSWORD": CANARY}, directory=tmp_path).warnings == ()


def test_settings_do_not_show_their_secrets(tmp_path: Path) -> None:
    """Nor the commands and addresses that may hold one."""
    secrets = f"FOLLOWMAIL_SMTP_PASSWORD={CANARY}\nFOLLOWMAIL_ALERT_COMMAND=x {CANARY}\n"
    secrets += f"FOLLOWMAIL_HEARTBEAT_URL=https://x/{CANARY}\nFOLLOWMAIL_OAUTH_CLIENT_SECRET={CANARY}\n"
    shown = repr(read(tmp_path, FOUR + secrets, EDITOR=CANARY))
    assert CANARY not in shown
    assert base64.b64encode(CANARY.encode()).decode() not in shown


def test_the_systems_zone_is_the_one_it_names(tmp_path: Path) -> None:
    """TZ, the link of /etc/localtime, /etc/timezone; none of them, none."""
    assert system_zone({}, tmp_path) is None
    (tmp_path / "timezone").write_text("Europe/Paris\n", "utf-8")
    assert system_zone({}, tmp_path) == "Europe/Paris"
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Madrid")
    assert system_zone({}, tmp_path) == "Europe/Madrid"
    assert system_zone({"TZ": ":Europe/Berlin"}, tmp_path) == "Europe/Berlin"
    assert system_zone({"TZ": "CET-1CEST"}, tmp_path) == "Europe/Madrid"


def test_the_example_is_the_table() -> None:
    """Generated by `python -c 'from followmail.options import example; print(example(), end="")'`."""
    assert (ROOT / "config.example.env").read_text("utf-8") == example()


def test_the_example_names_every_setting_once_and_the_needed_ones_first() -> None:
    """Needed ones as they stand, all others commented out."""
    lines = [line for line in example().splitlines() if "FOLLOWMAIL_" in line]
    keys = [line.removeprefix("# ").partition("=")[0] for line in lines]
    assert keys == list(OPTIONS)
    assert [line for line in lines if not line.startswith("#")] == lines[:4]
    assert keys[:4] == [option.key for option in next(iter(SECTIONS.values()))]


def test_the_example_loads_as_it_stands_and_with_every_line_on(tmp_path: Path) -> None:
    """Its values are allowed, and those that show a default are it."""
    (tmp_path / "templates").mkdir()
    plain = read(tmp_path, example())
    assert plain.identity == Identity("Alex Example", "alex@example.com")
    whole = read(tmp_path, example().replace("\n# FOLLOWMAIL_", "\nFOLLOWMAIL_"))
    for name in ("mode", "detect", "lookback", "daily_limit", "gap", "poll", "digest", "database", "templates", "imap"):
        assert getattr(whole, name) == getattr(plain, name), name


def test_every_setting_says_what_it_is_and_what_it_may_be() -> None:
    """And its default, where it is not needed, is one that it allows."""
    for option in OPTIONS.values():
        assert option.help.endswith((".", "”)."))
        assert option.allowed
        assert option.default or option.sample
        if option.default:
            option.parse(option.default)


def test_settings_import_nothing_heavy() -> None:
    """`followmail --help` must be quick."""
    script = "import sys, followmail.settings, followmail.sequence.when; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.partition(".")[0] for name in found.stdout.split()}
    assert not loaded & {"holidays", "zoneinfo", "dotenv", "subprocess", "difflib", "ssl", "dateutil", "email"}
