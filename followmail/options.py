"""The table of options: every setting, what it may be, its default and why. `example` writes it as config.example.env.

A parser takes what was typed, trimmed and not empty, and returns the value or raises ValueError with what is wrong.
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any

from followmail.auth import Secret
from followmail.mail.identity import canonical, is_address
from followmail.sequence import workdays
from followmail.sequence.steps import Mode

PREFIX = "FOLLOWMAIL_"


class Security(StrEnum):
    """How a connection is encrypted."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Detect(StrEnum):
    """What becomes of a conversation found by rule, in mode `send`."""

    ENROLL = "enroll"
    WAIT = "wait"
    OFF = "off"


class Auth(StrEnum):
    """How a login is proven."""

    PASSWORD = "password"
    OAUTH2 = "oauth2"


class Provider(StrEnum):
    """Whose OAuth2 it is."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"


# What a value may be


def _text(text: str) -> str:
    return text


def _name(text: str) -> str:
    if re.search(r"[<>@]", text):
        raise ValueError("only the name belongs here, without the address")
    return text


def _address(text: str) -> str:
    if not is_address(canonical(text)):
        raise ValueError(f"“{text}” is no mail address")
    return canonical(text)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _not_watched(text: str) -> tuple[str, ...]:
    folders = _several(text)
    if any(folder.upper() == "INBOX" for folder in folders):
        raise ValueError("INBOX is where answers come in, so it is always watched")
    return folders


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(_address(part) for part in _several(text))


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[\w.-]{1,253}|[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*", bare):
        raise ValueError(f"“{text}” is no host name; port and encryption have settings of their own")
    return bare


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
            raise ValueError(f"“{text}” is no whole number")
        if not least <= int(text) <= most:
            raise ValueError(f"{text} is out of range")
        return int(text)

    return number


def _one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    def one(text: str) -> StrEnum:
        try:
            return words(text.lower())
        except ValueError:
            raise ValueError(f"“{text}” is not one of them") from None

    return one


def _digest(text: str) -> time | None:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text, re.ASCII)
    if text.lower() == "off":
        return None
    if found is None:
        raise ValueError(f"“{text}” is no time of day")
    return workdays.clock(found[1], found[2])


def _tenant(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,100}", text):
        raise ValueError("it is neither an id nor a domain")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", text):
        raise ValueError("it is no web address")
    return text


# The table


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. `default` is as typed; where it is empty, `otherwise` says what holds and `sample` what to type."""

    name: str  # without FOLLOWMAIL_
    parse: Callable[[str], Any]
    allowed: str
    help: str
    default: str = ""
    otherwise: str = "none"
    sample: str = ""
    secret: bool = False
    required: bool = False

    @property
    def key(self) -> str:
        return PREFIX + self.name

    @property
    def exact(self) -> bool:
        """Whether every character counts, so that nothing may be taken for a comment."""
        return self.secret or self.name.endswith("_COMMAND")


_SECURITY = "tls, starttls, or none (on this machine only)"

SECTIONS: Mapping[str, tuple[Option, ...]] = {
    "The four that are needed": (
        Option("ADDRESS", _address, "a mail address", "Your address.", sample="alex@example.com", required=True),
        Option("NAME", _name, "a name", "Your name as it stands in From.", sample="Alex Example", required=True),
        Option("IMAP_HOST", _host, "a host name", "Your mail server.", sample="imap.example.com", required=True),
        Option(
            "PASSWORD",
            Secret,
            "a password",
            "The password of the mailbox; often one made for this program alone (“app password”). Single quotes keep "
            "every character as it is. Safer: PASSWORD_FILE, PASSWORD_COMMAND, or a systemd credential.",
            sample="'the password'",
            secret=True,
        ),
    ),
    "You": (
        Option(
            "ALIASES",
            _addresses,
            "addresses, comma-separated",
            "Further addresses of yours, also of other mailboxes: mail from them is yours, never an answer.",
            sample="alex@example.org, hello@example.com",
        ),
    ),
    "The mailbox": (
        Option("IMAP_PORT", _number(1, 65535), "1 to 65535", "143 where the security is not tls.", default="993"),
        Option("IMAP_SECURITY", _one_of(Security), _SECURITY, "Certificates are always verified.", default="tls"),
        Option("IMAP_USER", _text, "a name", "The login name.", otherwise="the address", sample="alex@example.com"),
        Option(
            "PASSWORD_FILE",
            _text,
            "a path",
            "A file that holds the password and nothing else; chmod 600. It goes before the password itself. Under "
            "systemd a credential named “password” goes before all; so do “smtp-password” and “oauth-client-secret”.",
            sample="/run/secrets/followmail",
        ),
        Option(
            "PASSWORD_COMMAND",
            _text,
            "a shell command",
            "A command that prints the password, run at each login; it has 30 seconds.",
            sample="pass show mail/alex",
        ),
        Option("SENT_FOLDER", _text, "a folder", "Where copies go.", otherwise="as the server says", sample="Sent"),
        Option("DRAFTS_FOLDER", _text, "a folder", "Where drafts go.", otherwise="as the server says", sample="Drafts"),
        Option(
            "SKIP_FOLDERS",
            _not_watched,
            "folders other than INBOX, comma-separated",
            "Folders that are not watched. A reply that is filed into one of them is not seen, so leave out only what "
            "never holds one.",
            sample="Archive/Old, Newsletters",
        ),
    ),
    "Sending (needed only where something is in mode send)": (
        Option("SMTP_HOST", _host, "a host name", "The server that takes your mail.", sample="smtp.example.com"),
        Option("SMTP_PORT", _number(1, 65535), "1 to 65535", "587 with starttls, 25 with none.", default="465"),
        Option("SMTP_SECURITY", _one_of(Security), _SECURITY, "Certificates are always verified.", default="tls"),
        Option("SMTP_USER", _text, "a name", "The login name.", otherwise="the IMAP user", sample="alex@example.com"),
        Option(
            "SMTP_PASSWORD",
            Secret,
            "a password",
            "Only where it differs from that of the mailbox.",
            otherwise="that of the mailbox",
            sample="'the other password'",
            secret=True,
        ),
        Option(
            "SMTP_PASSWORD_FILE",
            _text,
            "a path",
            "The same, in a file.",
            sample="/run/secrets/followmail-smtp",
        ),
        Option(
            "SMTP_PASSWORD_COMMAND",
            _text,
            "a shell command",
            "The same, printed by a command.",
            sample="pass show mail/alex-smtp",
        ),
    ),
    "Login by OAuth2 (docs/oauth.md; then `followmail login`, once)": (
        Option("AUTH", _one_of(Auth), "password or oauth2", "How the login is proven.", default="password"),
        Option("OAUTH_PROVIDER", _one_of(Provider), "google or microsoft", "Whose mailbox it is.", sample="google"),
        Option("OAUTH_CLIENT_ID", _text, "an id", "The id of your own application there.", sample="0123456789.example"),
        Option(
            "OAUTH_CLIENT_SECRET",
            Secret,
            "a secret",
            "Its secret, where it has one: Google's have.",
            sample="'the secret'",
            secret=True,
        ),
        Option("OAUTH_CLIENT_SECRET_FILE", _text, "a path", "The same, in a file.", sample="/run/secrets/client"),
        Option(
            "OAUTH_CLIENT_SECRET_COMMAND",
            _text,
            "a shell command",
            "The same, printed by a command.",
            sample="pass show x",
        ),
        Option(
            "OAUTH_TENANT",
            _tenant,
            "an id or a domain",
            "Microsoft only: the directory of an application that is registered for one organisation.",
            default="common",
        ),
        Option(
            "TOKEN_COMMAND",
            _text,
            "a shell command",
            "A helper that prints an access token, instead of a client of your own; run at each login, for 30 seconds.",
            sample="oama access alex@example.com",
        ),
    ),
    "What is done": (
        Option(
            "MODE",
            _one_of(Mode),
            "dry-run, draft or send",
            "dry-run decides and tells, and changes nothing. draft lays each follow-up into your drafts folder: "
            "sending it is your yes. send sends by itself.",
            default="draft",
        ),
        Option(
            "DETECT",
            _one_of(Detect),
            "enroll, wait or off",
            "In mode send, a conversation that was found by rule waits for your yes, unless this says enroll. off "
            "finds none.",
            default="wait",
        ),
        Option(
            "LOOKBACK",
            _number(0, 3650),
            "days, 0 to 3650",
            "Older mail of yours begins nothing: two weeks later, a nudge is out of place.",
            default="14",
        ),
        Option("DAILY_LIMIT", _number(1, 1_000_000), "1 or more", "Mails or drafts a day.", default="10"),
        Option("GAP", _number(0, 86400), "seconds, 0 to 86400", "Between two sends, as a person types.", default="90"),
        Option("POLL", _number(1, 86400), "seconds, 1 to 86400", "Between two looks.", default="300"),
    ),
    "When": (
        Option(
            "TIMEZONE",
            workdays.zone,
            "a zone of the tz database, such as Europe/Berlin",
            "Where your days are.",
            otherwise="the system's",
            sample="Europe/Berlin",
        ),
        Option(
            "WINDOW",
            workdays.window,
            workdays.WINDOW_ALLOWED,
            "When mail may leave. Its weekdays are the business days.",
            default="Mon-Fri 08:30-17:30",
        ),
        Option(
            "HOLIDAYS",
            workdays.holidays,
            workdays.HOLIDAYS_ALLOWED,
            "Days that are no business days: public holidays and your own.",
            sample="DE-BE, 2026-12-24..2027-01-06",
        ),
        Option("DIGEST", _digest, "a time such as 07:30, or off", "When the digest comes into INBOX.", default="07:30"),
    ),
    "Where things are (relative to this file)": (
        Option(
            "DATABASE",
            _text,
            "a path",
            "What is remembered. Where this file lies in /etc/followmail, it is in /var/lib/followmail without a path.",
            default="followmail.db",
        ),
        Option(
            "TEMPLATES",
            _text,
            "a folder",
            "Your sequences.",
            otherwise="templates beside this file, or the shipped ones where that is absent",
            sample="templates",
        ),
    ),
    "When something is wrong": (
        Option(
            "ALERT_COMMAND",
            _text,
            "a shell command",
            "Run with the message when something needs you and mail may not work.",
            sample="notify-send followmail",
            secret=True,
        ),
        Option(
            "HEARTBEAT_URL",
            _url,
            "an http or https address",
            "Called after each complete look: a watchdog elsewhere notices when that ends.",
            sample="https://hc-ping.example/your-check",
            secret=True,
        ),
    ),
}
OPTIONS: Mapping[str, Option] = {option.key: option for options in SECTIONS.values() for option in options}


def quoted(value: str) -> str:
    """A value as config.env takes it, every character kept; control characters have no place in it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def example() -> str:
    """config.example.env."""
    return "\n".join(_example_lines()) + "\n"


def _example_lines() -> Iterator[str]:
    yield "# Settings of followmail. Copy this file to config.env and chmod 600 it; the first four lines are enough."
    yield "# Each line that is commented out shows the default, or an example where there is none. The environment wins"
    yield "# over this file. A value may stand in single quotes, and must where it holds # after a blank."
    for section, options in SECTIONS.items():
        yield f"\n\n# ---- {section} ----"
        for option in options:
            yield ""
            yield from textwrap.wrap(option.help, 110, initial_indent="# ", subsequent_indent="# ")
            needed = option.required or option.name == "PASSWORD"
            if not needed:
                yield f"# Allowed: {option.allowed}. Default: {option.default or option.otherwise}."
            yield f"{'' if needed else '# '}{option.key}={option.default or option.sample}"
