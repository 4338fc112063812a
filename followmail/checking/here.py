"""What this machine has: settings, files, the database, templates against the real contacts, the clock, the service."""

import fcntl
import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from followmail import rendering
from followmail.agenda import standing
from followmail.checking.line import Line
from followmail.errors import FollowmailError, TemplateError
from followmail.rendering.tone import traps
from followmail.rounds import Office
from followmail.sequence import planner
from followmail.sequence.planner import Wait
from followmail.sequence.steps import Enrollment
from followmail.writing import Desk, sheet_of

_TOLD = 5  # people whose next mail cannot be written


def configuration(office: Office) -> Line:
    s = office.settings
    where = s.config_path or "the environment"
    return Line("configuration", True, f"{s.identity.name} <{s.identity.address}>, mode {s.mode}, from {where}")


def permissions(office: Office) -> list[Line]:
    return [Line("permissions", True, warning, "see the warning") for warning in office.settings.warnings]


def database(office: Office) -> Line:
    path = office.settings.database
    try:
        office.store.check()
    except FollowmailError as fault:
        return Line("database", False, str(fault), "put a backup in its place: `followmail restore`", fault.exit_status)
    return Line("database", True, f"{path}, {len(office.store.enrollments.live())} live enrollments")


def suppressed(office: Office) -> Line:
    faults = office.store.suppressions.faults()
    count = len(office.store.suppressions.lines())
    return Line("suppressed", not faults, "; ".join(faults) or f"{count} lines", "mend the line" if faults else "")


# ---- the texts


def templates(office: Office) -> list[Line]:
    library = office.templates.library
    lines = [Line("templates", False, str(fault), _template_remedy(fault)) for fault in library.faults]
    names = ", ".join(f"{s.name} ({len(s.steps)})" for s in library.sequences.values())
    none = f"no sequence in {library.folder}"
    lines.append(Line("templates", bool(names), names or none, "" if names else "copy the shipped ones"))
    lines += [
        Line("tone", True, str(trap), f"read it as they would: `followmail preview {name}`")
        for name, sequence in library.sequences.items()
        for trap in traps(sequence)
    ]
    differing = rendering.differing(library.folder)
    if differing:
        named = ", ".join(sorted(map(str, differing)))
        lines.append(Line("your texts", True, f"differ from the shipped ones: {named}"))
    return lines


def _template_remedy(fault: rendering.Fault) -> str:
    if fault.path == "digest.txt":
        return "the digest comes in the shipped words until it is mended"
    return "this sequence mails nothing until it is mended"


def contacts(office: Office, now: datetime) -> list[Line]:
    """The next mail of each live enrollment, written as it would be today; nothing to say while there is nobody."""
    live = office.store.enrollments.live()
    held = [why for e in live if (why := _held(office, e, now))]
    if not live:
        return []
    if not held:
        return [Line("contacts", True, f"the next mail to each of {len(live)} can be written")]
    more = f"; and {len(held) - _TOLD} more" if len(held) > _TOLD else ""
    remedy = "mend the text, or `followmail skip` the step; `followmail preview` shows it"
    return [Line("contacts", False, "; ".join(held[:_TOLD]) + more, remedy)]


def _held(office: Office, e: Enrollment, now: datetime) -> str:
    """Why the text of the next step does not come out for this person; empty where it does."""
    library = office.templates.library
    sequence = library.sequences.get(e.sequence)
    step = planner.next_step(e, sequence) if sequence else None
    if sequence is None or step is None or step.call:
        return ""
    desk = Desk(office.store, office.settings.identity, library, office.policy().calendar)
    try:
        sheet = sheet_of(desk, e, sequence, step, now)
    except TemplateError as fault:
        return f"{e.address}: {fault}"
    # What waits for a yes, or for the mailbox to be read, is no fault of the text.
    return f"{e.address}: {sheet.why}" if isinstance(sheet, Wait) and sheet.waits_for == "template" else ""


# ---- time, and whether it runs


def clock(office: Office, now: datetime) -> Line:
    fault = planner.clock_fault(now, office.store.facts.moment("looked_at"))
    zone = office.policy().calendar.local(now)
    remedy = "set the clock right; if it is, `followmail resume`" if fault else ""
    return Line("clock", not fault, fault or f"{zone:%Y-%m-%d %H:%M} {zone.tzname()}", remedy)


def looked(office: Office, now: datetime) -> list[Line]:
    """Whether silence is proven: a complete look that is not too long ago. Before the first there is nothing to say."""
    last = office.store.facts.moment("looked_at")
    if last is None:
        return []
    local = office.policy().calendar.local(last)
    stale = standing.is_stale(last, now, timedelta(seconds=office.settings.poll))
    return [Line("last look", not stale, f"{local:%Y-%m-%d %H:%M}", "start `followmail run`" if stale else "")]


def running(office: Office) -> Iterator[Line]:
    """Whether a daemon holds the database now."""
    path = office.settings.database.with_name(office.settings.database.name + ".lock")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield Line("service", True, "not running")
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield Line("service", True, "not running")
    except BlockingIOError:
        holder = os.read(handle, 32).decode("ascii", "replace").strip()
        yield Line("service", True, f"runs as process {holder}" if holder else "runs")
    finally:
        os.close(handle)
