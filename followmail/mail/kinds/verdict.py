"""The kinds of incoming messages, and what is said of one."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What a message is to an enrollment."""

    REPLY = "reply"
    LATER = "later"
    WRONG_PERSON = "wrong-person"
    UNSUBSCRIBE = "unsubscribe"
    CALENDAR = "calendar"
    OUT_OF_OFFICE = "out-of-office"
    LEFT_COMPANY = "left-company"
    BOUNCE_HARD = "bounce-hard"
    BOUNCE_SOFT = "bounce-soft"
    BOUNCE_BLOCKED = "bounce-blocked"
    AUTOMATIC = "automatic"

    @property
    def human(self) -> bool:
        """A person wrote it."""
        return self in (Kind.REPLY, Kind.LATER, Kind.WRONG_PERSON, Kind.UNSUBSCRIBE)

    @property
    def bounce(self) -> bool:
        """A server could not deliver, or not yet."""
        return self in (Kind.BOUNCE_HARD, Kind.BOUNCE_SOFT, Kind.BOUNCE_BLOCKED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is and what it says. Addresses are lower-case addr-specs, Message-IDs stand without `<>`."""

    kind: Kind
    evidence: tuple[str, ...] = ()
    return_date: date | None = None  # out-of-office: the first day back
    until: date | None = None  # later: the day named
    promised: bool = False  # later: they promised to come back
    until_end: date | None = None  # later: the last day of the time named ("next week": its Friday), else `until`
    acknowledgement: bool = False  # a bare "thanks, will look", nothing else newly written
    failed_recipients: tuple[str, ...] = ()
    final: bool = False  # bounce-soft: given up for good rather than still retried
    reported_to: tuple[str, ...] = ()  # a complaint: to whom the mail went that it is about
    original_ids: tuple[str, ...] = ()  # of the returned message inside a report, and of what that answers
    new_text: str = ""  # what the author newly typed
    first_name: str | None = None  # of the sender, as a template would greet
    contact: str | None = None  # the person proposed instead
    language: str | None = None  # ISO 639-1; None when unsure
    asks: bool = False  # the new text asks something
    calendar: str | None = None  # accept, tentative, decline, counter, cancel, invitation
    attendee: str = ""  # who answers an invitation, by the calendar itself: a service may have sent it
