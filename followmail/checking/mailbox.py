"""What the server says: login, TLS, what it can, its folders, the addresses that write from here, its clock."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from followmail import smtp, survey
from followmail.checking.line import Line
from followmail.discovery import providers
from followmail.discovery.endpoint import Endpoint
from followmail.discovery.network import Network
from followmail.discovery.providers import Provider
from followmail.discovery.remedies import login_refused, sending_refused
from followmail.discovery.search import look_at
from followmail.discovery.verdict import why_not
from followmail.errors import FollowmailError, LoginNeeded, LoginRefused, Unreachable
from followmail.imap.folders import Folder, Role, having, our_folder
from followmail.imap.session import Session
from followmail.options import Security
from followmail.rounds import Office
from followmail.sequence import marks, planner
from followmail.sequence.steps import Mode

# What this program uses of a server where it is there, and what its absence means.
_USED = {
    "IDLE": "answers are seen at the next look only",
    "SPECIAL-USE": "folders are known by their names",
    "LIST-STATUS": "a look takes a little longer",
    "UIDPLUS": "a draft is found again by reading",
}
_CAPS = frozenset({1_000, 2_000, 5_000, 10_000})  # Gmail's “Limit IMAP folders”
_CLOCKS_MAY_DIFFER = timedelta(minutes=5)
_CERTIFICATE_ENDS = timedelta(days=14)


def provider_of(office: Office) -> Provider | None:
    """Whose server it is, as far as known."""
    domain = office.settings.identity.address.rpartition("@")[2]
    return providers.of_server(office.settings.imap.host, office.settings.imap.port, domain)


# ---- the way in


def login(office: Office, lines: list[Line]) -> Session | None:
    """A session, or None; the line is added."""
    server = office.settings.imap
    where = f"{server.host}:{server.port} ({server.security}) as {server.user}"
    try:
        session = office.connect()
    except FollowmailError as fault:
        lines.append(Line("login", False, f"{where}: {fault}", _login_remedy(office, fault), fault.exit_status))
        return None
    lines.append(Line("login", True, where))
    return session


def _login_remedy(office: Office, fault: FollowmailError) -> str:
    server, provider = office.settings.imap, provider_of(office)
    if isinstance(fault, LoginNeeded):
        return "`followmail login`"
    if isinstance(fault, LoginRefused) and office.settings.auth == "oauth2":
        return "`followmail login` anew, as the owner of this mailbox; an administrator may have to allow IMAP"
    if isinstance(fault, LoginRefused):
        return f"check FOLLOWMAIL_IMAP_USER and the password: {login_refused(str(fault), provider)}"
    if isinstance(fault, Unreachable):
        (seen,) = look_at(Network(), [Endpoint("imap", server.host, server.port, server.security)])
        if sentence := why_not(seen, provider):
            return f"check FOLLOWMAIL_IMAP_HOST, _PORT and _SECURITY. {sentence}"
    return "check FOLLOWMAIL_IMAP_HOST, _PORT and _SECURITY, and whether this machine reaches the server"


# ---- all that a login shows


def look(office: Office, session: Session, now: datetime) -> list[Line]:
    """A line for each thing; one that cannot be asked says so, and does not stop the others."""
    listed, skipped = session.folders(), office.settings.skip_folders
    folders = [f for f in listed if f.name not in skipped]
    unknown = sorted(set(skipped).difference(f.name for f in listed))
    provider = provider_of(office)
    lines = [*_secure(session, now), _method(office, provider), _capabilities(session), _folders(folders, unknown)]
    lines += _gmail(session, folders)
    lines += [
        _role(folders, Role.SENT, office.settings.sent_folder, "FOLLOWMAIL_SENT_FOLDER"),
        _role(folders, Role.DRAFTS, office.settings.drafts_folder, "FOLLOWMAIL_DRAFTS_FOLDER"),
    ]
    if office.settings.smtp.host is not None:
        lines.append(_copies(office, provider))
    lines += [_asked("own addresses", lambda: _addresses(office, session, folders))]
    lines += [_plus(office, provider), *_limit(office, provider)]
    lines += [_asked("server clock", lambda: _server_clock(session, now))]
    return lines


def _asked(name: str, ask: Callable[[], Line]) -> Line:
    try:
        return ask()
    except FollowmailError as fault:
        return Line(name, True, f"could not be asked: {fault}")


def _secure(session: Session, now: datetime) -> Iterator[Line]:
    """The encryption, and how long the certificate is good: providers forget to renew them."""
    sock = session.wire.sock
    if not isinstance(sock, ssl.SSLSocket):
        yield Line("tls", True, "none, for the server is on this machine")
        return
    stamp = (sock.getpeercert() or {}).get("notAfter")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(stamp), UTC) if isinstance(stamp, str) else None
    soon = ends is not None and ends - now < _CERTIFICATE_ENDS
    until = f", certificate until {ends:%Y-%m-%d}" if ends else ""
    remedy = "it must be renewed by then, or no login is possible: tell whoever runs the server" if soon else ""
    yield Line("tls", True, f"{sock.version()}{until}", remedy)


def _method(office: Office, provider: Provider | None) -> Line:
    """How the login is proven, and whether the provider will go on taking that."""
    by_token = office.settings.auth == "oauth2"
    told = "OAuth2" if by_token else "password"
    if provider is None:
        return Line("method", True, told)
    if not by_token and not provider.takes_password:
        return Line("method", True, f"{told} at {provider.name}", f"{provider.remedy}: docs/oauth.md")
    return Line("method", True, f"{told} at {provider.name}, which takes {' or '.join(provider.methods)}")


def _capabilities(session: Session) -> Line:
    missing = {name: effect for name, effect in _USED.items() if name not in session.capabilities}
    if not missing:
        return Line("capabilities", True, "all that is used")
    return Line("capabilities", True, "; ".join(f"no {name}: {effect}" for name, effect in missing.items()))


# ---- folders


def _folders(folders: Sequence[Folder], unknown: Sequence[str]) -> Line:
    """`unknown`: what is to be left out, and is not there."""
    faults = [f for f in folders if f.selectable and f.fault]
    if not faults and unknown:
        names = "' or '".join(unknown)
        told = f"{len(folders)} folders; none is named '{names}'"
        return Line(
            "folders", True, told, f"in FOLLOWMAIL_SKIP_FOLDERS name one of: {', '.join(f.name for f in folders)}"
        )
    if not faults:
        return Line("folders", True, f"{len(folders)} folders")
    told = "; ".join(f"{f.name}: {f.fault}" for f in faults)
    remedy = "nothing leaves while a folder cannot be read; mend it, or name it in FOLLOWMAIL_SKIP_FOLDERS"
    return Line("folders", False, told, remedy)


def _gmail(session: Session, folders: Sequence[Folder]) -> Iterator[Line]:
    """Google can hide All Mail from programs, and cap what they see: then an archived answer is not seen."""
    if "X-GM-EXT-1" not in session.capabilities:
        return
    everything = having(folders, Role.ALL)
    if not everything:
        remedy = "Gmail's settings, Labels: switch on “Show in IMAP” for All Mail; else archived answers are not seen"
        yield Line("all mail", False, "Gmail hides the folder All Mail", remedy)
        return
    capped = [f.name for f in folders if f.messages in _CAPS]
    if capped:
        remedy = "Gmail's settings, Forwarding and POP/IMAP: “Do not limit the number of messages in an IMAP folder”"
        yield Line("all mail", False, f"Gmail seems to show only a part of {', '.join(capped)}", remedy)
        return
    yield Line("all mail", True, everything[0].name)


def _role(folders: Sequence[Folder], role: Role, configured: str | None, key: str) -> Line:
    named = [f.name for f in folders if f.name == configured]
    found = having(folders, role)
    name = f"{role.value} folder"
    remedy = f"set {key} to one of: {', '.join(f.name for f in folders)}"
    if configured and not named:
        return Line(name, False, f"'{configured}' does not exist", remedy)
    if not found and not named:
        return Line(name, False, "none was found", remedy)
    others = [f.name for f in found if f.name not in named]
    if len(found) < 2 or named:
        read = f"; also read: {', '.join(others)}" if named and others else ""
        return Line(name, True, f"{(named or [found[0].name])[0]}{read}")
    if found[0].special:
        return Line(name, True, f"{found[0].name}; also read: {', '.join(f.name for f in found[1:])}")
    names = ", ".join(f.name for f in found)
    return Line(name, True, f"several: {names}; the one used last is taken", f"set {key} to the one that you mean")


def _copies(office: Office, provider: Provider | None) -> Line:
    """Who files what was sent, as it was seen here, else as it is known of the provider."""
    changes = "; it changes the Message-ID, and the new one is learned" if provider and provider.rewrites else ""
    seen = office.store.facts.text("provider_files")
    if seen:
        return Line("sent copies", True, f"the server files its own in {seen}, as was seen{changes}")
    known = {True: "files its own, as far as is known", False: "files none, as far as is known"}
    told = known.get(provider.files, "not known yet") if provider and provider.files is not None else "not known yet"
    name = f"{provider.name} " if provider and provider.files is not None else ""
    return Line(
        "sent copies", True, f"{name}{told}; it is looked for first, and put there where there is none{changes}"
    )


def create_folders(office: Office, session: Session) -> Line:
    """Makes the folders for marks."""
    folders = session.folders()
    there = {f.name for f in folders}
    wanted = [our_folder(folders, marks.ROOT, name) for name in (*office.templates.library.sequences, "Stop")]
    made = [name for name in wanted if name not in there]
    try:
        for name in made:
            session.create(name)
    except FollowmailError as fault:
        return Line("mark folders", False, str(fault), "make them in your mail program")
    return Line("mark folders", True, f"made {', '.join(made)}" if made else "all there")


# ---- who writes from here


def _addresses(office: Office, session: Session, folders: Sequence[Folder]) -> Line:
    """An address of one's own that is not said to be: its mail would be taken for somebody else's."""
    identity = office.settings.identity
    others = survey.unlisted(identity, survey.writers(session, folders))
    if not others:
        return Line("own addresses", True, ", ".join((identity.address, *identity.aliases)))
    told = f"your Sent folder also holds mail from {', '.join(others[:5])}"
    return Line(
        "own addresses", True, told, "if that is you, add it to FOLLOWMAIL_ALIASES: else it counts as somebody else"
    )


def _plus(office: Office, provider: Provider | None) -> Line:
    local, _, domain = office.settings.identity.address.partition("@")
    mark = f"{local}+nudge@{domain}"
    if provider is not None and provider.plus is not None:
        told = "reaches you" if provider.plus else "does not reach you"
        return Line("plus addresses", True, f"{mark} {told} at {provider.name}, as far as is known")
    return Line("plus addresses", True, f"not known whether {mark} reaches you; `followmail check --live` tries it")


def _limit(office: Office, provider: Provider | None) -> Iterator[Line]:
    limit = office.settings.daily_limit
    if provider is not None and provider.daily is not None and limit > provider.daily:
        told = f"{limit} a day, and {provider.name} takes {provider.daily}, as far as is known"
        yield Line("daily limit", True, told, "lower FOLLOWMAIL_DAILY_LIMIT")


def _server_clock(session: Session, now: datetime) -> Line:
    """The server stamps what arrives: mail from the future means that our clock is slow."""
    latest = survey.latest_arrival(session)
    if latest is not None and latest - now > _CLOCKS_MAY_DIFFER:
        minutes = int((latest - now).total_seconds() // 60)
        remedy = "set the clock of this machine right (`timedatectl set-ntp true`)"
        return Line("server clock", False, f"the newest mail arrived {minutes} minutes from now", remedy)
    return Line("server clock", True, "no mail from the future")


# ---- sending


def sending(office: Office) -> list[Line]:
    """SMTP is asked only where something is in mode send."""
    sequences = office.templates.library.sequences.values()
    names = [s.name for s in sequences if planner.mode_of(s, office.policy()) is Mode.SEND]
    if not names:
        return []
    server = office.smtp_server()
    if server is None:
        told = f"{', '.join(names)} send, but no server is set"
        return [Line("sending", False, told, "set FOLLOWMAIL_SMTP_HOST", 78)]
    where = f"{server.host}:{server.port} ({server.security}) as {server.user}"
    try:
        smtp.probe(server)
    except FollowmailError as fault:
        remedy = _sending_remedy(office, server, fault)
        return [Line("sending", False, f"{where}: {fault}", remedy, fault.exit_status)]
    return [Line("sending", True, where)]


def _sending_remedy(office: Office, server: smtp.Server, fault: FollowmailError) -> str:
    keys = "check FOLLOWMAIL_SMTP_HOST, _PORT, _SECURITY, _USER"
    if isinstance(fault, LoginRefused):
        return f"{keys}: {sending_refused(str(fault), provider_of(office))}"
    (seen,) = look_at(Network(), [Endpoint("smtp", server.host, server.port, Security(server.security))])
    sentence = why_not(seen, provider_of(office))
    return f"{keys}. {sentence}" if sentence else keys
