"""The events that a message carries as iCalendar (RFC 5545), and what is said about them (iTIP, RFC 5546; iMIP, RFC 6047).

Lines are read by an own pattern, for many programs write names that no strict reader takes; dates, durations and zones
by the icalendar library. Foreign input never raises, may be cut off anywhere, and only so much of it is looked at.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from followmail.mail.identity import Person, canonical, is_address
from followmail.mail.kinds.received import Received
from followmail.mail.message import clean_name
from followmail.mail.parse import MAX_RAW
from followmail.mail.text import decoded

__all__ = ["MAX_RAW", "Attendee", "Event", "is_calendar_type", "read"]

MAX_EVENTS = 50
MAX_ATTENDEES = 200
_MAX_LINES = 20_000
_MAX_LINE = 2_000  # characters: of a longer one only the beginning is read
_MAX_ZONE_LINES = 60
_YEARS = range(1990, 2100)

_FOLD = re.compile(r"\r?\n[ \t]")
# name *(;param) : value, a parameter's value quoted or not; what is misquoted is taken as it stands (RFC 5545 §3.1)
_NAME = re.compile(r"([A-Za-z0-9-]{1,40})(?=[;:])")
_PARAMETER = re.compile(r';([A-Za-z0-9-]{1,40})=((?:"[^"]*"|[^";:])*)')
_ESCAPED = re.compile(r"\\([\\;,Nn])")
_WANTED = frozenset(
    "UID RECURRENCE-ID SEQUENCE DTSTAMP DTSTART DTEND DURATION RRULE RDATE SUMMARY LOCATION ORGANIZER ATTENDEE"
    " STATUS".split()
)
# The rules by which clocks change once a year; any other kind of rule is no zone's, and could be counted for ever.
_ZONE_LINE = re.compile(
    r"(?:BEGIN|END):(?:STANDARD|DAYLIGHT)|DTSTART:\d{8}T\d{6}|TZOFFSET(?:FROM|TO):[+-]\d{4,6}"
    r"|RRULE:FREQ=YEARLY(?:;(?:INTERVAL=1|BYDAY=-?\d?[A-Z]{2}|BYMONTH=\d{1,2}|WKST=[A-Z]{2}|UNTIL=\d{8}T\d{6}Z?)){0,5}",
    re.IGNORECASE,
)
_ZONE_IN = re.compile(r"[A-Z][A-Za-z_]{2,20}/[A-Za-z_/+-]{2,40}$")

_TYPES = ("text/calendar", "application/ics", "text/x-vcalendar")


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who is invited, and what they said: `partstat` as RFC 5545 §3.2.12 names it."""

    person: Person
    partstat: str = "NEEDS-ACTION"
    is_human: bool = True  # rooms, resources and groups are none, nor who is only told


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT of a calendar message. Moments are aware UTC; of an all-day event, midnights of the zone handed in."""

    method: str
    uid: str
    instance: str = ""  # RECURRENCE-ID as it stands: this is one of several
    sequence: int = 0
    stamp: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    all_day: bool = False
    zone_known: bool = True  # False: the start's zone has a name that nobody knows
    recurs: bool = False
    summary: str = ""
    location: str = ""
    organizer: Person | None = None
    attendees: tuple[Attendee, ...] = ()
    status: str = ""


def is_calendar_type(kind: str, name: str = "") -> bool:
    """Whether a part of this type and file name is a calendar's."""
    return kind.lower() in _TYPES or name.lower().endswith(".ics")


def read(raw: bytes, zone: tzinfo) -> tuple[Event, ...]:
    """The events of a message, perhaps cut off; those of its first calendar part that has any. `zone`: of times that
    name none, and of whole days."""
    for part in Received(raw).parts:
        try:
            name = str(part.get_filename() or "")
        except ValueError:  # RFC 2231 with a charset that is none
            name = ""
        if is_calendar_type(part.get_content_type(), name):
            said = part.get_param("method")
            if found := _events(decoded(part), said.upper() if isinstance(said, str) else "", zone):
                return found
    return ()


# ---- lines


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    parameters: dict[str, str]
    value: str


@dataclass(slots=True)
class _Calendar:
    """A calendar taken apart: its method, the lines of its events, and its own zones by name."""

    method: str
    events: list[list[_Line]] = field(default_factory=list)
    zones: dict[str, list[str]] = field(default_factory=dict)


def _events(text: str, method: str, zone: tzinfo) -> tuple[Event, ...]:
    calendar = _taken_apart(text, method)
    zones = _Zones(zone, calendar.zones)
    read_events = (_event(lines, calendar.method, zones) for lines in calendar.events)
    return tuple(event for event in read_events if event.uid)


def _taken_apart(text: str, method: str) -> _Calendar:
    """Lines are unfolded first (RFC 5545 §3.1). An event that is cut off counts as far as it goes."""
    found, inside = _Calendar(method), [""]
    for text_line in re.split(r"\r\n|\n|\r", _FOLD.sub("", text), maxsplit=_MAX_LINES)[:_MAX_LINES]:
        plain = text_line[:_MAX_LINE].strip()
        if plain[:6].upper() == "BEGIN:":
            inside.append(plain[6:].strip().upper())
            if inside[-1] == "VEVENT" and len(found.events) < MAX_EVENTS:
                found.events.append([])
            if inside[-1] == "VTIMEZONE":
                zone: list[str] = []
        elif plain[:4].upper() == "END:" and plain[4:].strip().upper() in inside[1:][-2:]:
            del inside[-1 if inside[-1] == plain[4:].strip().upper() else -2 :]
        if "VTIMEZONE" in inside[-2:]:
            _take_zone_line(found, zone, plain)
        elif line := _line(plain):
            if line.name == "METHOD" and inside[-1] != "VEVENT":
                found.method = line.value.strip().upper()[:20]
            elif inside[-1] == "VEVENT" and line.name in _WANTED and found.events:
                _take(found.events[-1], line)
        if len(inside) > 20:
            break
    return found


def _take(lines: list[_Line], line: _Line) -> None:
    if len(lines) < MAX_ATTENDEES or line.name != "ATTENDEE":
        lines.append(line)


def _take_zone_line(found: _Calendar, zone: list[str], plain: str) -> None:
    if plain[:5].upper() == "TZID:":
        found.zones.setdefault(plain[5:].strip().strip('"'), zone)
    elif len(zone) < _MAX_ZONE_LINES and _ZONE_LINE.fullmatch(plain):
        zone.append(plain)


def _line(text: str) -> _Line | None:
    name = _NAME.match(text)
    if name is None:
        return None
    end, parameters = name.end(), {}
    while match := _PARAMETER.match(text, end):
        parameters[match[1].upper()] = match[2].replace('"', "").strip()
        end = match.end()
    if text[end : end + 1] != ":":  # a quote or a colon too many: the value follows the last colon before an address
        end = text.lower().rfind(":mailto:", end)
        end = end if end > 0 else text.find(":", name.end())
    return _Line(name[1].upper(), parameters, text[end + 1 :].strip()) if end > 0 else None


# ---- an event


def _event(lines: list[_Line], method: str, zones: "_Zones") -> Event:
    first: dict[str, _Line] = {}
    for line in lines:
        first.setdefault(line.name, line)
    start, all_day, known = zones.moment(first.get("DTSTART"))
    end = _end(first, zones, start, all_day)
    organizer = first.get("ORGANIZER")
    attendees = {a.person.address: a for a in map(_attendee, (x for x in lines if x.name == "ATTENDEE")) if a}
    stamp, _, _ = zones.moment(first.get("DTSTAMP"))
    return Event(
        method=method,
        uid=_value(first, "UID")[:255],
        instance=_instance(first.get("RECURRENCE-ID"), zones),
        sequence=_number(_value(first, "SEQUENCE")),
        stamp=stamp,
        start=start,
        end=end,
        all_day=all_day,
        zone_known=known,
        recurs="RRULE" in first or "RDATE" in first,
        summary=_text(first, "SUMMARY"),
        location=_text(first, "LOCATION"),
        organizer=_person(organizer) if organizer else None,
        attendees=tuple(attendees.values()),
        status=_value(first, "STATUS").upper()[:20],
    )


def _end(first: dict[str, _Line], zones: "_Zones", start: datetime | None, all_day: bool) -> datetime | None:
    """DTEND, else DURATION, else the whole day, else the start itself (RFC 5545 §3.6.1)."""
    end, _, _ = zones.moment(first.get("DTEND"))
    if start is None or (end is not None and end >= start):
        return end
    lasts = _lasts(_value(first, "DURATION"))
    if lasts is None:
        lasts = timedelta(days=1) if all_day else timedelta(0)
    try:
        return start + lasts
    except OverflowError:
        return None


def _lasts(value: str) -> timedelta | None:
    found = _parsed(value) if value else None
    return found if isinstance(found, timedelta) and timedelta(0) <= found < timedelta(days=400) else None


def _instance(line: _Line | None, zones: "_Zones") -> str:
    """Which one of several: its moment, the same in whatever zone it is written."""
    if line is None:
        return ""
    moment, _, _ = zones.moment(line)
    return moment.isoformat() if moment else line.value[:40]


def _attendee(line: _Line) -> Attendee | None:
    person = _person(line)
    if person is None:
        return None
    human = line.parameters.get("CUTYPE", "INDIVIDUAL").upper() in ("INDIVIDUAL", "UNKNOWN", "")
    told_only = line.parameters.get("ROLE", "").upper() == "NON-PARTICIPANT"
    partstat = line.parameters.get("PARTSTAT", "").upper()[:20] or "NEEDS-ACTION"
    return Attendee(person, partstat, human and not told_only)


def _person(line: _Line) -> Person | None:
    """`mailto:bob@bob.example`; Exchange and others put the address into EMAIL where the value is none."""
    for text in (line.value, line.parameters.get("EMAIL", "")):
        address = canonical(re.sub(r"^\s*mailto:\s*", "", text, flags=re.IGNORECASE))
        if is_address(address):
            name = clean_name(line.parameters.get("CN", ""))
            return Person("" if "@" in name else name, address)
    return None


def _value(first: dict[str, _Line], name: str) -> str:
    line = first.get(name)
    return line.value if line else ""


def _text(first: dict[str, _Line], name: str) -> str:
    """A TEXT value on one line (RFC 5545 §3.3.11)."""
    plain = _ESCAPED.sub(lambda m: "\n" if m[1] in "Nn" else m[1], _value(first, name))
    return clean_name(plain.strip().partition("\n")[0])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


# ---- times and zones


def _parsed(value: str) -> object:
    """A DATE, DATE-TIME or DURATION; None where it is none of them."""
    from icalendar.prop import vDDDTypes  # 60 ms that only calendar mail is worth

    try:
        found: object = vDDDTypes.from_ical(value.strip()[:40])  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, OverflowError, LookupError, AttributeError):
        return None
    return found


class _Zones:
    """Turns times into UTC: by their own zone, a name of IANA's or of Windows', or the definition that came along."""

    def __init__(self, own: tzinfo, defined: dict[str, list[str]]) -> None:
        self._own = own
        self._defined = defined
        self._read: dict[str, tzinfo | None] = {}

    def moment(self, line: _Line | None) -> tuple[datetime | None, bool, bool]:
        """(moment, whether it is a whole day, whether its zone is known)."""
        # a zone's name with a colon that is not quoted, "(UTC+01:00) Berlin", leaves its tail before the time
        found = (_parsed(line.value) or _parsed(line.value.rpartition(":")[2])) if line else None
        if line is None or not isinstance(found, date) or found.year not in _YEARS:
            return None, False, True
        if not isinstance(found, datetime):
            return datetime.combine(found, time(), self._own).astimezone(UTC), True, True
        if found.tzinfo is not None:
            return found.astimezone(UTC), False, True
        name = line.parameters.get("TZID", "")
        zone = self._named(name) if name else self._own
        return found.replace(tzinfo=zone or self._own).astimezone(UTC), False, zone is not None

    def _named(self, name: str) -> tzinfo | None:
        if name not in self._read:
            self._read[name] = _iana(name) or self._from_definition(name)
        return self._read[name]

    def _from_definition(self, name: str) -> tzinfo | None:
        """VTIMEZONE (RFC 5545 §3.6.5), under a name of our own: the library remembers zones by name for ever."""
        from icalendar import Timezone

        lines = self._defined.get(name)
        if not lines:
            return None
        block = "\r\n".join(("BEGIN:VTIMEZONE", "TZID:X-OF-THIS-MESSAGE", *lines, "END:VTIMEZONE", ""))
        try:
            zone: tzinfo = Timezone.from_ical(block).to_tz(lookup_tzid=False)  # type: ignore[attr-defined]
            datetime(2026, 1, 1, tzinfo=zone).astimezone(UTC)
        except Exception:  # noqa: BLE001  what somebody defined may break the library anywhere
            return None
        return zone


def _iana(name: str) -> tzinfo | None:
    """Europe/Berlin; `/mozilla.org/20050126_1/Europe/Berlin`; Outlook's "W. Europe Standard Time"."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    plain = name.strip().strip("/")
    ends = _ZONE_IN.search(plain)
    for candidate in (WINDOWS_TO_OLSON.get(plain, ""), plain, ends[0] if ends else ""):
        try:
            if re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]{1,60}", candidate):
                return ZoneInfo(candidate)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None
