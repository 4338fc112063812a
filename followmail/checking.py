"""`check`: what works and what does not, a line each, each with its remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from followmail import rendering, smtp
from followmail.agenda import standing
from followmail.errors import FollowmailError
from followmail.imap.folders import Folder, Role, our_folder
from followmail.imap.session import Session
from followmail.rounds import Office
from followmail.sequence import marks, planner
from followmail.sequence.steps import Mode


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    status: int = 1


def check(office: Office, now: datetime, create_folders: bool = False) -> tuple[Line, ...]:
    """Every line. The server is asked, nothing is changed; folders are made only where that was asked."""
    lines = [_configuration(office), *_permissions(office), _database(office), _suppressed(office)]
    session = _login(office, lines)
    if session is not None:
        with session:
            lines += _folders(office, session)
            if create_folders:
                lines.append(_create(office, session))
    lines += [*_sending(office), *_templates(office), _clock(office, now), *_looked(office, now)]
    return tuple(lines)


def exit_status(lines: tuple[Line, ...]) -> int:
    """The status of the first line that failed; 0 without one."""
    return next((line.status for line in lines if not line.ok), 0)


def _configuration(office: Office) -> Line:
    s = office.settings
    where = s.config_path or "the environment"
    return Line("configuration", True, f"{s.identity.name} <{s.identity.address}>, mode {s.mode}, from {where}")


def _permissions(office: Office) -> list[Line]:
    return [Line("permissions", True, warning, "see the warning") for warning in office.settings.warnings]


def _database(office: Office) -> Line:
    live = len(office.store.enrollments.live())
    return Line("database", True, f"{office.settings.database}, {live} live enrollments")


def _suppressed(office: Office) -> Line:
    faults = office.store.suppressions.faults()
    count = len(office.store.suppressions.lines())
    return Line("suppressed", not faults, "; ".join(faults) or f"{count} lines", "mend the line" if faults else "")


def _login(office: Office, lines: list[Line]) -> Session | None:
    server = office.settings.imap
    where = f"{server.host}:{server.port} ({server.security}) as {server.user}"
    try:
        session = office.connect()
    except FollowmailError as fault:
        lines.append(Line("login", False, f"{where}: {fault}", _login_remedy(fault.exit_status), fault.exit_status))
        return None
    lines.append(Line("login", True, where))
    return session


def _login_remedy(status: int) -> str:
    if status == 77:
        return "check FOLLOWMAIL_IMAP_USER and the password; many providers want an app password made in their settings"
    return "check FOLLOWMAIL_IMAP_HOST, _PORT and _SECURITY, and whether this machine reaches the server"


def _folders(office: Office, session: Session) -> list[Line]:
    folders = [f for f in session.folders() if f.name not in office.settings.skip_folders]
    faults = [f for f in folders if f.selectable and f.fault]
    lines = [
        Line("folders", not faults, f"{len(folders)} folders", "; ".join(f"{f.name}: {f.fault}" for f in faults))
        if not faults
        else Line(
            "folders", False, "; ".join(f"{f.name}: {f.fault}" for f in faults),
            "nothing leaves while a folder cannot be read; mend it, or name it in FOLLOWMAIL_SKIP_FOLDERS",
        )
    ]  # fmt: skip
    lines.append(_role(folders, Role.SENT, office.settings.sent_folder, "FOLLOWMAIL_SENT_FOLDER"))
    lines.append(_role(folders, Role.DRAFTS, office.settings.drafts_folder, "FOLLOWMAIL_DRAFTS_FOLDER"))
    return lines


def _role(folders: list[Folder], role: Role, configured: str | None, key: str) -> Line:
    named = [f.name for f in folders if f.name == configured]
    found = named or [f.name for f in folders if f.role is role and f.selectable]
    name = f"{role.value} folder"
    if configured and not named:
        return Line(
            name, False, f"'{configured}' does not exist", f"set {key} to one of: {', '.join(f.name for f in folders)}"
        )
    if not found:
        return Line(name, False, "none was found", f"set {key} to one of: {', '.join(f.name for f in folders)}")
    return Line(name, True, ", ".join(found))


def _create(office: Office, session: Session) -> Line:
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


def _sending(office: Office) -> list[Line]:
    """SMTP is asked only where something is in mode send."""
    sequences = office.templates.library.sequences.values()
    sending = [s.name for s in sequences if planner.mode_of(s, office.policy()) is Mode.SEND]
    if not sending:
        return []
    server = office.smtp_server()
    if server is None:
        return [
            Line("sending", False, f"{', '.join(sending)} send, but no server is set", "set FOLLOWMAIL_SMTP_HOST", 78)
        ]
    where = f"{server.host}:{server.port} ({server.security}) as {server.user}"
    return [_tried("sending", where, lambda: smtp.probe(server))]


def _tried(name: str, where: str, work: Callable[[], object]) -> Line:
    try:
        work()
    except FollowmailError as fault:
        return Line(
            name, False, f"{where}: {fault}", "check FOLLOWMAIL_SMTP_HOST, _PORT, _SECURITY, _USER", fault.exit_status
        )
    return Line(name, True, where)


def _templates(office: Office) -> list[Line]:
    library = office.templates.library
    lines = [Line("templates", False, str(fault), _template_remedy(fault)) for fault in library.faults]
    names = ", ".join(f"{s.name} ({len(s.steps)})" for s in library.sequences.values())
    lines.append(
        Line(
            "templates",
            bool(names),
            names or f"no sequence in {library.folder}",
            "" if names else "copy the shipped ones",
        )
    )
    lines += [
        Line("tone", True, str(trap), f"read it as they would: `followmail preview {name}`")
        for name, sequence in library.sequences.items()
        for trap in rendering.traps(sequence)
    ]
    differing = rendering.differing(library.folder)
    if differing:
        lines.append(
            Line("your texts", True, f"differ from the shipped ones: {', '.join(sorted(map(str, differing)))}")
        )
    return lines


def _template_remedy(fault: rendering.Fault) -> str:
    if fault.path == "digest.txt":
        return "the digest comes in the shipped words until it is mended"
    return "this sequence mails nothing until it is mended"


def _clock(office: Office, now: datetime) -> Line:
    fault = planner.clock_fault(now, office.store.facts.moment("looked_at"))
    zone = office.policy().calendar.local(now)
    remedy = "set the clock right; if it is, `followmail resume`" if fault else ""
    return Line("clock", not fault, fault or f"{zone:%Y-%m-%d %H:%M} {zone.tzname()}", remedy)


def _looked(office: Office, now: datetime) -> list[Line]:
    """Whether silence is proven: a complete look that is not too long ago. Before the first there is nothing to say."""
    looked = office.store.facts.moment("looked_at")
    if looked is None:
        return []
    local = office.policy().calendar.local(looked)
    stale = standing.is_stale(looked, now, timedelta(seconds=office.settings.poll))
    return [Line("last look", not stale, f"{local:%Y-%m-%d %H:%M}", "start `followmail run`" if stale else "")]
