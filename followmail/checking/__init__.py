"""`check`: what works and what does not, a line each, each with its remedy. Nothing is changed but what was asked for.

here       what this machine has: settings, files, the database, templates, the clock, the service
mailbox    what the server says: login, TLS, capabilities, folders, own addresses
live       one mail to oneself, and how it comes back
"""

from collections.abc import Callable
from datetime import datetime

from followmail.checking import here, live, mailbox
from followmail.checking.line import Line
from followmail.rounds import Office

__all__ = ["Line", "check", "exit_status"]

Clock = Callable[[], datetime]


def check(
    office: Office, now: datetime, create_folders: bool = False, wait: Callable[[float], None] | None = None
) -> tuple[Line, ...]:
    """Every line. The server is asked, nothing is changed; folders are made only where that was asked.

    With `wait`, which lets seconds pass, one mail goes to the consultant, and is looked for.
    """
    lines = [here.configuration(office), *here.permissions(office), here.database(office), here.suppressed(office)]
    session = mailbox.login(office, lines)
    if session is not None:
        with session:
            lines += mailbox.look(office, session, now)
            if create_folders:
                lines.append(mailbox.create_folders(office, session))
            if wait is not None:
                lines += live.look(office, session, now, wait)
    lines += [*mailbox.sending(office), *here.templates(office), *here.contacts(office, now)]
    lines += [here.clock(office, now), *here.looked(office, now), *here.running(office)]
    return tuple(lines)


def exit_status(lines: tuple[Line, ...]) -> int:
    """The status of the first line that failed; 0 without one."""
    return next((line.status for line in lines if not line.ok), 0)
