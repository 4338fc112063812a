"""The error tree: what went wrong, and what the caller may do about it.

    FollowmailError
    ├── UserError            a person can mend it: shown without a traceback, with *all* problems   exit 1
    │   ├── UsageError       the command's words are off                                            exit 2
    │   ├── SettingsError    config.env or the environment                                          exit 78
    │   ├── TemplateError    a sequence or step does not load or render                             exit 1
    │   ├── DatabaseError    the database is newer, broken or cannot be written                     exit 1
    │   └── AnotherInstance  the database is in use by another `run` or `once`                      exit 75
    ├── Transient            nothing happened; try again later
    │   ├── Unreachable      no connection, or it broke                                             exit 69
    │   └── ServerBusy       the server said "not now"
    ├── Permanent            trying again will not help
    │   ├── LoginRefused     the server does not accept these credentials                           exit 77
    │   │   └── LoginNeeded  and never will again: a person must log in anew                        exit 77
    │   └── CommandRefused   the server said NO or BAD to one command
    ├── InDoubt              it may have happened: never repeated by itself
    └── Stopped              asked to stop in the middle of a round: what was done is done, the rest comes later

Foreign exceptions are translated once, at the edge that met them. Exit numbers: sysexits.h.
"""

from collections.abc import Iterable


class FollowmailError(Exception):
    """Anything that this program raises on purpose."""

    exit_status = 1


class UserError(FollowmailError):
    """A person can mend it. `problems` are whole sentences, one each."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class UsageError(UserError):
    """The words of a command are off."""

    exit_status = 2


class SettingsError(UserError):
    """Configuration that cannot be read or is not allowed (EX_CONFIG)."""

    exit_status = 78


class TemplateError(UserError):
    """A sequence, step or name in it that does not load or render."""


class DatabaseError(UserError):
    """The database cannot be opened, or must not be by this version."""


class AnotherInstance(UserError):
    """Somebody else holds the database (EX_TEMPFAIL)."""

    exit_status = 75


class Transient(FollowmailError):
    """Nothing happened; later it may work."""


class Unreachable(Transient):
    """No connection, or it broke in the middle (EX_UNAVAILABLE)."""

    exit_status = 69


class ServerBusy(Transient):
    """The server is there and said "not now"."""


class Permanent(FollowmailError):
    """Trying the same again will not help."""


class LoginRefused(Permanent):
    """The server does not accept these credentials (EX_NOPERM)."""

    exit_status = 77


class LoginNeeded(LoginRefused):
    """Nothing but a new login by a person mends it."""


class CommandRefused(Permanent):
    """The server answered NO or BAD to one command."""


class InDoubt(FollowmailError):
    """It may have happened. Nobody repeats it without asking."""


class Stopped(FollowmailError):
    """The round was asked to stop between two of its pieces."""
