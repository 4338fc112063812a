"""Settings: config.env and the environment, read once into one frozen value.

`load` reports all faults at once in one SettingsError: the key, the file and line, what is wrong with the value, what
is allowed, and the key that was probably meant. The value of a secret option is never repeated.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from followmail import credentials
from followmail.auth import PasswordSource
from followmail.errors import SettingsError
from followmail.mail.identity import Identity
from followmail.oauth.registration import Registration, tokens_beside
from followmail.options import OPTIONS, PREFIX, Auth, Option, Provider
from followmail.options import Detect as Detect
from followmail.options import Security as Security
from followmail.sequence.steps import Mode
from followmail.sequence.workdays import Calendar, Holidays, Window, zone

CONFIG = "FOLLOWMAIL_CONFIG"  # names the file; stands in the environment only
_ENVIRONMENT = "environment"
_LARGEST_FILE = 262_144  # bytes
_LONGEST_VALUE = 4_096
_PORTS = {  # where the security is not tls: RFC 9051 §2.1, RFC 6409 §3.1
    "IMAP": {Security.STARTTLS: 143, Security.NONE: 143},
    "SMTP": {Security.STARTTLS: 587, Security.NONE: 25},
}


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where the mailbox is."""

    host: str
    port: int
    security: Security
    user: str


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over; without a host nothing may be in mode `send`."""

    host: str | None
    port: int
    security: Security
    user: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All that config.env and the environment say."""

    identity: Identity
    imap: ImapServer
    smtp: SmtpServer
    password: PasswordSource | Registration  # where login is by OAuth2: the helper that prints a token, or the client
    smtp_password: PasswordSource | Registration
    auth: Auth
    smtp_auth: Auth  # by password where SMTP has one of its own
    database: Path
    templates: Path | None  # None: the shipped ones
    sent_folder: str | None
    drafts_folder: str | None
    skip_folders: tuple[str, ...]
    mode: Mode
    detect: Detect
    lookback: int  # days
    calendar: Calendar
    daily_limit: int
    gap: int  # seconds
    poll: int  # seconds
    digest: time | None  # local; None: off
    alert_command: str | None = field(repr=False)
    heartbeat_url: str | None = field(repr=False)
    config_path: Path | None
    command_environment: Mapping[str, str] = field(repr=False)  # for the consultant's own commands: no setting is in it
    warnings: tuple[str, ...] = ()


# Loading


@dataclass(frozen=True, slots=True)
class _Said:
    """What stands for a key, and where."""

    text: str
    where: str


def load(path: Path | None, environ: Mapping[str, str], *, directory: Path) -> Settings:
    """The settings of `--config`, else of the file that is found, and of the environment, which wins.

    `directory` is the one we were started in. A SettingsError names all faults.
    """
    file = _config_file(path, environ, directory)
    faults: list[str] = []
    in_file = _in_file(file, faults) if file else {}
    said = {**in_file, **_in_environment(environ, faults)}
    values = {option.name: _value(option, said.get(option.key), faults) for option in OPTIONS.values()}
    place = _Place(file.parent if file else directory, environ)
    _contradictions(values, said, place, faults)
    if faults:
        raise SettingsError([*faults, *_no_file(file, values, environ, directory)])
    exposed = [file] if file and any(o.secret and in_file[k].text for k, o in OPTIONS.items() if k in in_file) else []
    return _settings(values, said, place, file, exposed)


def _settings(
    values: Mapping[str, Any], said: Mapping[str, _Said], place: "_Place", file: Path | None, exposed: list[Path]
) -> Settings:
    """What the values come to, once they are known to be good."""
    warnings: list[str] = []
    password = _by_oauth(values, said, place, warnings) or _secret("PASSWORD", values, said, place, warnings)
    assert password is not None  # else it is a contradiction
    own = _secret("SMTP_PASSWORD", values, said, place, warnings)
    database = _database(values, said, place)
    exposed += [
        *_secret_files(password, own),
        *([tokens_beside(database)] if isinstance(password, Registration) else []),
    ]
    warnings += (warning for path in dict.fromkeys(exposed) for warning in credentials.exposures(path))
    user = values["IMAP_USER"] or values["ADDRESS"]
    return Settings(
        identity=Identity(values["NAME"], values["ADDRESS"], values["ALIASES"] or ()),
        imap=ImapServer(values["IMAP_HOST"], _port("IMAP", values, said), values["IMAP_SECURITY"], user),
        smtp=SmtpServer(
            values["SMTP_HOST"], _port("SMTP", values, said), values["SMTP_SECURITY"], values["SMTP_USER"] or user
        ),
        password=password,
        smtp_password=own or password,
        auth=values["AUTH"],
        smtp_auth=Auth.PASSWORD if own else values["AUTH"],
        database=database,
        templates=_templates(values, place),
        sent_folder=values["SENT_FOLDER"],
        drafts_folder=values["DRAFTS_FOLDER"],
        skip_folders=values["SKIP_FOLDERS"] or (),
        mode=values["MODE"],
        detect=values["DETECT"],
        lookback=values["LOOKBACK"],
        calendar=_calendar(values, place.environ, warnings),
        daily_limit=values["DAILY_LIMIT"],
        gap=values["GAP"],
        poll=values["POLL"],
        digest=values["DIGEST"],
        alert_command=values["ALERT_COMMAND"],
        heartbeat_url=values["HEARTBEAT_URL"],
        config_path=file,
        command_environment=credentials.without_settings(place.environ),
        warnings=tuple(warnings),
    )


# The file


def _config_file(path: Path | None, environ: Mapping[str, str], directory: Path) -> Path | None:
    """The file that is named, else the first that is there."""
    named = path or (Path(environ[CONFIG]) if environ.get(CONFIG) else None)
    if named is None:
        return next((place for place in _usual_files(environ, directory) if place.is_file()), None)
    if not (directory / named).exists():
        raise SettingsError(
            f"There is no file {named}. `followmail init` writes one; or copy config.example.env to it and fill in four lines."
        )
    return directory / named


def _usual_files(environ: Mapping[str, str], directory: Path) -> Iterator[Path]:
    yield directory / "config.env"
    if environ.get("HOME"):
        yield Path(environ["HOME"]) / ".config" / "followmail" / "config.env"
    for folder in filter(None, environ.get("CONFIGURATION_DIRECTORY", "").split(":")):  # systemd.exec(5)
        yield Path(folder) / "config.env"


def _no_file(
    file: Path | None, values: Mapping[str, Any], environ: Mapping[str, str], directory: Path
) -> Iterator[str]:
    if file is None and values["ADDRESS"] is None:
        places = ", ".join(map(str, _usual_files(environ, directory)))
        yield f"No config.env was found (looked for {places}). `followmail init` writes one; or copy config.example.env and fill in four lines."


def _in_file(file: Path, faults: list[str]) -> dict[str, _Said]:
    """The lines of the file, as python-dotenv reads them, nothing replaced within a value."""
    import io

    from dotenv.parser import parse_stream

    said: dict[str, _Said] = {}
    for binding in parse_stream(io.StringIO(_content(file))):
        string = binding.original.string
        empty_lines = string[: len(string) - len(string.lstrip())].splitlines(keepends=True)
        line = binding.original.line + sum(each.endswith(("\r", "\n")) for each in empty_lines)
        where = f"{file}, line {line}"
        if binding.error or (binding.key and binding.value is None):
            faults.append(_unreadable(string, where))
        elif binding.key is None or binding.value is None:
            continue  # a comment
        elif binding.key not in OPTIONS:
            faults.append(_unknown(binding.key, where))
        elif binding.key in said:
            faults.append(f"{binding.key} ({where}): it stands twice; it was also at {said[binding.key].where}.")
        elif OPTIONS[binding.key].exact and _cut(string, binding.value):
            faults.append(
                f"{binding.key} ({where}): it holds a # after a blank, which may be part of it or begin a comment. "
                f"Put the value in single quotes."
            )
        else:
            said[binding.key] = _Said(binding.value, where)
    return said


def _content(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror or type(error).__name__}).") from None
    if len(content) > _LARGEST_FILE:
        raise SettingsError(f"{file} is far too large for a file of settings.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}, line {line}: this is not UTF-8. Save the file as UTF-8.") from None


def _unreadable(string: str, where: str) -> str:
    """A line that is none. What stands there may be a password: only a key of ours is repeated."""
    found = re.match(r"\s*(?:export\s+)?(\w+)", string)
    key = f"{found[1]} ({where})" if found and found[1] in OPTIONS else where
    return f"{key}: this line cannot be read. A line is KEY=value; single quotes go around a value that holds quotes."


def _unknown(key: str, where: str) -> str:
    """A key that is none of ours. What looks like no key at all may be a password, and is not repeated."""
    from difflib import get_close_matches

    names = [option.name for option in OPTIONS.values()]
    short = key.upper().removeprefix(PREFIX)
    close = get_close_matches(short, names, n=1)
    if not close and short == key.upper():  # the prefix itself may be misspelt
        close = get_close_matches(short, OPTIONS, n=1, cutoff=0.8)
    if key == CONFIG:
        return f"{key} ({where}): it names this file, so it stands in the environment only."
    meant = f" {PREFIX}{close[0].removeprefix(PREFIX)} was probably meant." if close else ""
    shown = f"{key} ({where})" if close or key.upper().startswith(PREFIX) else where
    return f"{shown}: there is no such setting.{meant}"


def _cut(string: str, value: str) -> bool:
    """Whether an unquoted value was cut off at a `#`."""
    written = string.partition("=")[2].strip()
    return not written.startswith(("'", '"')) and written != value


# The environment


def _in_environment(environ: Mapping[str, str], faults: list[str]) -> dict[str, _Said]:
    ours = {key: text for key, text in environ.items() if key.startswith(PREFIX) and key != CONFIG}
    faults += (_unknown(key, _ENVIRONMENT) for key in ours if key not in OPTIONS)
    return {key: _Said(text, _ENVIRONMENT) for key, text in ours.items() if key in OPTIONS}


# The values


def _value(option: Option, said: _Said | None, faults: list[str]) -> Any:
    """The value of an option; None, and a fault where there is one, if it has none."""
    text = "" if said is None else said.text if option.secret else said.text.strip()
    if said is None or not text:
        if option.required and not _told(option.key, faults):
            where = f" ({said.where})" if said else ""
            faults.append(f"{option.key}{where}: it is missing. {option.help} Allowed: {option.allowed}.")
        return option.parse(option.default) if option.default else None
    try:
        if len(text) > _LONGEST_VALUE:
            raise ValueError("it is far too long")
        if any(c < " " or c == "\x7f" for c in text):
            raise ValueError("it holds a line end or another control character; is a quote left open?")
        return option.parse(text)
    except ValueError as error:
        faults.append(f"{option.key} ({said.where}): {error}. Allowed: {option.allowed}.")
        return None


def _told(key: str, faults: list[str]) -> bool:
    """Whether a line with this key was already found to be wrong."""
    return any(fault.startswith(f"{key} (") for fault in faults)


def _given(name: str, said: Mapping[str, _Said]) -> bool:
    """Whether anything stands there; an empty value is as good as none."""
    found = said.get(PREFIX + name)
    return found is not None and bool(found.text.strip())


def _contradictions(values: Mapping[str, Any], said: Mapping[str, _Said], place: "_Place", faults: list[str]) -> None:
    """What no value shows by itself."""

    def fault(name: str, what: str) -> None:
        found = said.get(PREFIX + name)
        faults.append(f"{PREFIX}{name}{f' ({found.where})' if found else ''}: {what}")

    if values["AUTH"] is Auth.OAUTH2:
        for name in () if _given("TOKEN_COMMAND", said) else ("OAUTH_PROVIDER", "OAUTH_CLIENT_ID"):
            if not values[name] and not _told(PREFIX + name, faults):
                fault(name, f"it is missing, and {PREFIX}AUTH=oauth2 needs it, or {PREFIX}TOKEN_COMMAND.")
    elif not credentials.credential("PASSWORD", place.environ) and not any(
        _given(form, said) or _told(PREFIX + form, faults) for form in credentials.forms("PASSWORD")
    ):
        fault("PASSWORD", f"it is missing. Set it, or {PREFIX}PASSWORD_FILE, or {PREFIX}PASSWORD_COMMAND.")
    for server in ("IMAP", "SMTP"):
        host = values[f"{server}_HOST"]
        if values[f"{server}_SECURITY"] is Security.NONE and host and not _is_loopback(host):
            fault(f"{server}_SECURITY", f"“none” would send the password readable to {host}. Allowed: tls, starttls.")
    if values["MODE"] is Mode.SEND and not _given("SMTP_HOST", said):
        fault("SMTP_HOST", "it is missing, and mode send needs it.")
    if values["TEMPLATES"] and not place.path(values["TEMPLATES"]).is_dir():
        fault("TEMPLATES", f"there is no folder {place.path(values['TEMPLATES'])}.")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where relative paths begin."""

    base: Path
    environ: Mapping[str, str] = field(repr=False)

    def path(self, text: str) -> Path:
        home = self.environ.get("HOME")
        return Path(home, text[2:]) if home and text.startswith("~/") else self.base / text


def _database(values: Mapping[str, Any], said: Mapping[str, _Said], place: _Place) -> Path:
    state = place.environ.get("STATE_DIRECTORY", "").partition(":")[0]  # systemd.exec(5)
    name: str = values["DATABASE"]
    if _given("DATABASE", said):
        return place.path(name)
    return Path(state or _state_of(place.base) or place.base, name)


def _state_of(folder: Path, etc: Path = Path("/etc/followmail")) -> Path | None:
    """Where the system-wide daemon keeps its state (file-hierarchy(7)): a command beside it must mean the same."""
    return Path("/var/lib/followmail") / folder.relative_to(etc) if folder.is_relative_to(etc) else None


def _templates(values: Mapping[str, Any], place: _Place) -> Path | None:
    folder = place.path(values["TEMPLATES"] or "templates")
    return folder if folder.is_dir() else None


def _port(server: str, values: Mapping[str, Any], said: Mapping[str, _Said]) -> int:
    """The port that is named, else the usual one of the security."""
    port: int = values[f"{server}_PORT"]
    return port if _given(f"{server}_PORT", said) else _PORTS[server].get(values[f"{server}_SECURITY"], port)


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _calendar(values: Mapping[str, Any], environ: Mapping[str, str], warnings: list[str]) -> Calendar:
    where = values["TIMEZONE"] or system_zone(environ)
    if where is None:
        warnings.append(f"The system does not say in which time zone it is: UTC is assumed. Set {PREFIX}TIMEZONE.")
    window: Window = values["WINDOW"]
    return Calendar(where or "UTC", window.days, window.opens, window.closes, values["HOLIDAYS"] or Holidays())


def system_zone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str | None:
    """The name of the system's time zone (tzset(3), localtime(5)); None where it has none."""
    link = etc / "localtime"
    names = [environ.get("TZ", "").removeprefix(":")]
    names.append(str(link.readlink()).partition("zoneinfo/")[2] if link.is_symlink() else "")
    names.append(_first_line(etc / "timezone"))
    return next(filter(None, map(_known_zone, filter(None, names))), None)


def _known_zone(name: str) -> str | None:
    try:
        return zone(name)
    except ValueError:
        return None


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, ValueError):
        return ""


# Secrets


def _secret(
    name: str, values: Mapping[str, Any], said: Mapping[str, _Said], place: _Place, warnings: list[str]
) -> PasswordSource | None:
    def in_file(form: str) -> bool:
        return said[PREFIX + form].where != _ENVIRONMENT

    return credentials.source(name, values, in_file, place.path, place.environ, warnings)


def _by_oauth(
    values: Mapping[str, Any], said: Mapping[str, _Said], place: _Place, warnings: list[str]
) -> PasswordSource | Registration | None:
    """The helper that prints tokens, else the consultant's own client; None where login is by password."""
    if values["AUTH"] is not Auth.OAUTH2:
        return None
    unused = [form for form in credentials.forms("PASSWORD") if values[form]]
    if command := values["TOKEN_COMMAND"]:
        unused += [name for name in ("OAUTH_PROVIDER", "OAUTH_CLIENT_ID") if values[name]]
    if unused:
        used = "TOKEN_COMMAND" if command else "OAUTH_PROVIDER"
        idle = " and ".join(PREFIX + name for name in unused)
        warnings.append(f"{PREFIX}{used} is used; {idle} is set too and does nothing.")
    if command:
        environment = credentials.without_settings(place.environ)
        return PasswordSource(f"{PREFIX}TOKEN", command=command, environment=environment)
    provider: Provider = values["OAUTH_PROVIDER"]
    secret = _secret("OAUTH_CLIENT_SECRET", values, said, place, warnings)
    return Registration(provider, values["OAUTH_CLIENT_ID"], secret, values["OAUTH_TENANT"])


def _secret_files(*places: PasswordSource | Registration | None) -> Iterator[Path]:
    """The files that hold one of these secrets."""
    for place in places:
        found = place.secret if isinstance(place, Registration) else place
        if found is not None and found.file is not None:
            yield found.file
