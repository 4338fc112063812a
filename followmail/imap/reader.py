"""Reads mail and changes nothing: EXAMINE and BODY.PEEK only, so that no flag of the consultant's ever moves.

Headers of 100,000 messages come in a few seconds: sets of 1,000 UIDs, the next ones on their way while one is worked through,
and one pattern for the common form of a response (`fetching.py`); whatever is unusual goes through imapclient's parser.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple

from imapclient.response_parser import parse_fetch_response  # type: ignore[import-untyped]

from followmail.errors import CommandRefused, Transient
from followmail.imap import structure
from followmail.imap.fetching import ascending, usual_heads
from followmail.imap.session import Criteria, Selected, Session
from followmail.imap.structure import Part
from followmail.mail import identity, msgid
from followmail.mail.fields import HEADER_FIELDS
from followmail.mail.message import SECONDS, since_midnight

MAX_HEADER = 262_144  # bytes of a message's header that are read
_SET = 1_000  # UIDs in one FETCH
_BODIES = 25  # messages in one FETCH of bodies
_SET_TEXT = (
    7_000  # characters of one UID set, or of what is searched for: servers accept lines of 8,000 (RFC 2683 §3.2.1.5)
)
_HELD = 64 * 2**20  # bytes of headers held before they are handed on
# Courier gives this in place of a file that it cannot open.
_UNAVAILABLE = b"From: System Administrator <root@localhost>\r\nSubject: message unavailable\r\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {name: n for n, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_MOMENT = re.compile(rb"\s*(\d\d?-[A-Za-z]{3}-\d{4}) ((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60) ([+-]\d{4})\s*")
_FIELD = re.compile(r"[A-Za-z0-9-]{1,76}")
_SECTION = re.compile(r"[1-9]\d{0,3}(?:\.[1-9]\d{0,3}){0,20}")
_FETCH = re.compile(rb"\A\* (\d+) FETCH ", re.IGNORECASE)
_UID = re.compile(rb"[( ]UID (\d{1,10})", re.IGNORECASE)
_BODY = re.compile(rb"BODY\[", re.IGNORECASE)

Progress = Callable[[int, int], None]  # messages done, messages in all


class Head(NamedTuple):
    """One message as a look sees it. `fault`: why it could not be read; all but folder and uid are then empty."""

    folder: str
    uid: int
    arrived: datetime  # INTERNALDATE, UTC
    flags: frozenset[str]  # without \Recent
    size: int
    header: bytes
    fault: str = ""


def examine(session: Session, folder: str) -> Selected:
    """Opens a folder for reading, anew."""
    return session.examine(folder)


def heads(
    session: Session,
    folder: str,
    uids: Iterable[int],
    fields: Sequence[str] = HEADER_FIELDS,
    progress: Progress | None = None,
    anew: bool = True,
) -> Iterator[Head]:
    """The headers of messages, ascending by UID; those that vanished meanwhile are left out.

    Other commands may go through the session between two heads. One message that cannot be read has a `fault` and does
    not stop the rest; so has one of which nothing came although it still stands there. Without `anew`, those messages are meant that a search in the open folder has found. Raises
    Transient when the folder is rebuilt (UIDVALIDITY) in the middle.
    """
    sets = list(_sets(array("Q", ascending(uids)), _SET))
    if not sets:
        return
    done, total = 0, sum(map(len, sets))
    _enter(session, folder, anew)
    validity = session.enter(folder).uidvalidity
    nothing_came: list[int] = []
    for read, found in _by_set(session, folder, sets, _items(fields), validity, nothing_came):
        yield from found
        done += read
        if progress and read:
            progress(done, total)
    for some in _sets(nothing_came, _SET):
        _enter(session, folder)  # only now are those known that vanished
        for uid in session.search("UID", compact(some)):
            yield _faulty(folder, uid, "The server does not hand it out.")


def from_uid(first: int) -> Criteria:
    """Messages from a UID on. `UID n:*` always names the last message, also a lower one (RFC 9051 §9): compare again."""
    return "UID", f"{max(1, first)}:*"


def since(day: date) -> Criteria:
    """Messages whose INTERNALDATE, in the server's zone, is this day or later."""
    month = list(_MONTHS)[day.month - 1].decode().capitalize()
    return "SINCE", f"{day.day:02d}-{month}-{day.year:04d}"


def bearing(session: Session, field: str, value: str) -> Criteria:
    """Messages whose field holds an id: a hint, for servers match parts of words. Compare the hits again.

    Only ids may be asked for; anything else raises CommandRefused.
    """
    if not _FIELD.fullmatch(field) or not (msgid.is_askable(value) or value == msgid.OUR_PREFIX):
        raise CommandRefused("This cannot be asked of an IMAP server; nothing was sent.")
    return "HEADER", field, session.quoted(value).decode("ascii")


def uids_from(session: Session, folder: str, first_uid: int) -> list[int]:
    """The UIDs from one on."""
    return [uid for uid in _search(session, folder, from_uid(first_uid)) if uid >= first_uid]


def uids_since(session: Session, folder: str, day: date) -> list[int]:
    return _search(session, folder, since(day))


def uids_by_header(session: Session, folder: str, field: str, value: str) -> list[int]:
    return _search(session, folder, bearing(session, field, value))


def uids_from_addresses(
    session: Session, folder: str, addresses: Sequence[str], before: date | None = None
) -> list[int]:
    """Messages From any of these addresses, asked in one search: a hint, compare the hits again. `before`: those that
    `since` that day does not find."""
    keys = [f"FROM {_askable_address(session, address)}" for address in addresses]
    return _any_of(session, folder, keys, ("NOT", *since(before)) if before else ())


def uids_by_ids(session: Session, folder: str, ids: Sequence[str]) -> list[int]:
    """Messages that bear any of these ids, asked in one search: a hint, compare the hits again."""
    if not all(map(msgid.is_askable, ids)):
        raise CommandRefused("This cannot be asked of an IMAP server; nothing was sent.")
    return _any_of(session, folder, [f"HEADER Message-ID {session.quoted(i).decode('ascii')}" for i in ids])


def uids_to_address(session: Session, folder: str, address: str) -> list[int]:
    """Messages To or Cc an address: a hint, compare the hits again."""
    quoted = _askable_address(session, address)
    return _search(session, folder, ("OR", "TO", quoted, "CC", quoted))


def beginning(session: Session, folder: str, uid: int, limit: int = 65_536) -> bytes:
    """The first bytes of a message, header included; empty when it is gone."""
    known = session.is_open(folder)
    session.enter(folder)
    found = _beginning(session, folder, uid, limit)
    if not found and known:  # it may have come after the folder was opened
        session.noop()
        found = _beginning(session, folder, uid, limit)
    return found


def beginnings(session: Session, folder: str, uids: Iterable[int], limit: int = 65_536) -> Iterator[tuple[int, bytes]]:
    """The same of several messages, (UID, bytes), some of them always on their way. Those that are gone, that came after
    the folder was opened, or that the server does not give are left out."""
    wanted, validity, got = ascending(uids), session.enter(folder).uidvalidity, dict[int, bytes]()
    sets = [compact(one) for one in _sets(wanted, _BODIES)]
    fetching = session.fetching(sets, _beginning_item(limit), lambda response: got.update(_body_of(response)))
    while session.enter(folder).uidvalidity == validity and fetching.next() is not None:
        found = sorted(got.items())
        got.clear()
        yield from ((uid, body[:limit]) for uid, body in found)


def whole(session: Session, folder: str, uid: int, limit: int) -> bytes:
    """A message byte for byte; empty when it is gone. Raises CommandRefused where it is larger than `limit`."""
    data = beginning(session, folder, uid, limit + 1)
    if len(data) > limit:
        raise CommandRefused(f"Message {uid} in {folder} is larger than {limit} bytes.")
    return data


def structures(session: Session, folder: str, uids: Iterable[int]) -> dict[int, tuple[Part, ...]]:
    """UID → the parts of the message; none of its bytes are read. One that vanished, or cannot be told, is left out."""
    found: dict[int, tuple[Part, ...]] = {}

    def take(response: list[bytes]) -> None:
        read = _parsed(response)
        uid = read.get(b"UID")
        if isinstance(uid, int) and b"BODYSTRUCTURE" in read:
            found[uid] = structure.parts(read[b"BODYSTRUCTURE"])

    wanted = ascending(uids)
    if wanted:
        session.enter(folder)
        session.fetch([compact(one) for one in _sets(wanted, _SET)], "(UID BODYSTRUCTURE)", take)
    return {uid: found[uid] for uid in wanted if uid in found}


def part(session: Session, folder: str, uid: int, section: str, limit: int) -> bytes:
    """The first bytes of one part as they stand, encoded; empty when it is gone. Raises CommandRefused."""
    if not _SECTION.fullmatch(section):
        raise CommandRefused("This section cannot be asked of an IMAP server; nothing was sent.")
    session.enter(folder)
    return _beginning(session, folder, uid, limit, section)


def _beginning(session: Session, folder: str, uid: int, limit: int, section: str = "") -> bytes:
    found: dict[int, bytes] = {}
    items = _beginning_item(limit, section)
    refusals = session.fetch([str(int(uid))], items, lambda response: found.update(_body_of(response)))
    if refusals and uid not in found:
        raise CommandRefused(f"Message {uid} in {folder} cannot be read: {refusals[0]}")
    return found.get(uid, b"")[:limit]


def _beginning_item(limit: int, section: str = "") -> str:
    return f"(UID BODY.PEEK[{section}]<0.{int(limit)}>)"


def _any_of(session: Session, folder: str, keys: Sequence[str], also: Criteria = ()) -> list[int]:
    """The messages that match any of these keys (and what is `also` asked), in as few searches as their length allows."""
    found: set[int] = set()
    start = 0
    while start < len(keys):
        sizes = accumulate(len(key) + 4 for key in keys[start:])
        some = keys[start : start + max(1, sum(size <= _SET_TEXT for size in sizes))]
        found.update(_search(session, folder, (*also, *("OR" for _ in some[1:]), *some), anew=start == 0))
        start += len(some)
    return sorted(found)


def _search(session: Session, folder: str, criteria: Criteria, anew: bool = True) -> list[int]:
    """What matches, in the folder as it stands now; in one round trip where it is not open yet."""
    if not session.is_open(folder):
        return session.find(folder, criteria)[1]
    _enter(session, folder, anew)
    return session.search(*criteria)


def _enter(session: Session, folder: str, anew: bool = True) -> None:
    """Opens the folder. Where it is open, the server looks `anew`: a search must see what came just now, unless what was
    there when the folder was opened is enough."""
    if not session.is_open(folder):
        session.examine(folder)
    elif anew:
        session.noop()


def _askable_address(session: Session, address: str) -> str:
    if not (identity.is_address(address) and address.isascii()):
        raise CommandRefused("This address cannot be asked of an IMAP server; nothing was sent.")
    return session.quoted(address).decode("ascii")


def _items(fields: Sequence[str]) -> str:
    if not fields or not all(_FIELD.fullmatch(field) for field in fields):
        raise CommandRefused("These header fields cannot be asked of an IMAP server; nothing was sent.")
    return f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})]<0.{MAX_HEADER}>)"


def _sets(uids: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    """Portions of UIDs, each short enough for one command."""
    start = 0
    while start < len(uids):
        end = min(start + most, len(uids))
        while len(compact(uids[start:end])) > _SET_TEXT:
            end = start + max(1, (end - start) // 2)
        yield uids[start:end]
        start = end


def compact(uids: Sequence[int]) -> str:
    """Ascending UIDs as a sequence set: "1:5,9" (RFC 9051 §9)."""
    ranges: list[list[int]] = []
    for uid in uids:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in ranges)


class _Portion:
    """Heads as they come, until those of a set are taken out; of too many bytes only the UIDs are kept."""

    def __init__(self, folder: str, wanted: Sequence[int]) -> None:
        self._folder, self._wanted = folder, wanted
        self._heads: dict[int, Head] = {}
        self._heavy: set[int] = set()
        self._bytes = self._place = 0
        self.unreadable = False

    def take(self, response: list[bytes]) -> None:
        """Any response."""
        head = _unusual_head(self._folder, response)
        if head is not None:
            self._keep(head)
        elif _BODY.search(response[0]):
            self.unreadable = True

    def take_usual(self, uid: bytes, flags: bytes, arrived: bytes, size: bytes, header: bytes) -> bool:
        """The values of a response in the usual form; False where they cannot be read."""
        moment = read_internaldate(arrived)
        if moment is not None:
            self._keep(Head(self._folder, int(uid), moment, _flags(flags), int(size), header[:MAX_HEADER]))
        return moment is not None

    def _keep(self, head: Head) -> None:
        uid, wanted, place = head.uid, self._wanted, self._place
        if place == len(wanted) or wanted[place] != uid:  # not the next, which it nearly always is
            place = bisect_left(wanted, uid)
            if place == len(wanted) or wanted[place] != uid:
                return  # somebody else's change of flags, told in passing
        self._place = place + 1
        if head.header.startswith(_UNAVAILABLE):
            head = _faulty(self._folder, uid, "The server has it and cannot open it.")
        if self._bytes > _HELD:
            self._heavy.add(uid)
        else:
            self._bytes += len(head.header)
            self._heads[uid] = head

    def pop(self, uids: Sequence[int]) -> tuple[list[Head], list[int], list[int]]:
        """Of these UIDs the heads, those that were too heavy, and those of which nothing came."""
        found = [self._heads.pop(uid) for uid in uids if uid in self._heads]
        self._bytes -= sum(len(head.header) for head in found)
        known = self._heavy.union(head.uid for head in found)
        return found, [uid for uid in uids if uid in self._heavy], [uid for uid in uids if uid not in known]


def _by_set(
    session: Session, folder: str, sets: Sequence[Sequence[int]], items: str, validity: int, nothing_came: list[int]
) -> Iterator[tuple[int, list[Head]]]:
    """(UIDs done with, heads), set by set. What was refused or unreadable is asked again by halves, down to the one at
    fault; what was too heavy in small sets. `nothing_came`: where UIDs go that were passed over."""
    got = _Portion(folder, array("Q", chain.from_iterable(sets)))
    fetching = session.fetching(list(map(compact, sets)), items, got.take, usual_heads(got.take_usual))
    while session.enter(folder).uidvalidity == validity:
        answered = fetching.next()
        if answered is None:
            return
        place, refusal = answered
        found, heavy, missing = got.pop(sets[place])
        again = missing if refusal or got.unreadable else []
        if not again:
            nothing_came += missing
        elif len(sets[place]) == 1:
            found.append(_faulty(folder, again.pop(), refusal or "The server's answer cannot be read."))
        yield 0, found
        smaller = [*_halves(again), *_sets(heavy, most=100)]
        for _, more in _by_set(session, folder, smaller, items, validity, nothing_came) if smaller else ():
            yield 0, more
        yield len(sets[place]), []
    raise Transient(f"{folder} was rebuilt while it was read.")


def _faulty(folder: str, uid: int, why: str) -> Head:
    return Head(folder, uid, _EPOCH, frozenset(), 0, b"", why)


def _halves(uids: Sequence[int]) -> list[Sequence[int]]:
    middle = len(uids) // 2
    return [part for part in (uids[:middle], uids[middle:]) if part]


def _unusual_head(folder: str, response: list[bytes]) -> Head | None:
    """Items before and after the header, quoted headers, keywords with odd characters: imapclient reads them all."""
    found = _parsed(response)
    header = _body(found)
    arrived, uid, size = found.get(b"INTERNALDATE"), found.get(b"UID"), found.get(b"RFC822.SIZE")
    if header is None or not isinstance(uid, int) or not isinstance(arrived, datetime) or not isinstance(size, int):
        return None
    moment = arrived.astimezone(UTC) if arrived.tzinfo else arrived.replace(tzinfo=UTC)
    flags = found.get(b"FLAGS")
    words = [str(f).encode() if isinstance(f, int) else f for f in flags] if isinstance(flags, tuple) else []
    plain = b" ".join(word for word in words if isinstance(word, bytes))  # a list or NIL among them is no flag
    return Head(folder, uid, moment, _flags(plain), size, header[:MAX_HEADER])


def _parsed(response: list[bytes]) -> dict[bytes, object]:
    """One FETCH response as item → value; empty where imapclient cannot read it."""
    texts = [_FETCH.sub(rb"\1 ", response[0]), *response[2::2]]
    records: list[object] = [*zip(texts, response[1::2], strict=False), texts[-1]]
    try:
        (found,) = parse_fetch_response(records, normalise_times=False, uid_is_key=False).values()
    except Exception:  # noqa: BLE001  foreign bytes: whatever the parser raises, the message is set aside
        return {}
    return dict(found)


def _body(found: dict[bytes, object]) -> bytes | None:
    """The one BODY[…] of a response. A server may say NIL for nothing, and a number for digits without quotes."""
    key = next((key for key in found if key.startswith(b"BODY[")), None)
    if key is None:
        return None
    value = found[key]
    return value if isinstance(value, bytes) else b"" if value is None else str(value).encode()


def _body_of(response: list[bytes]) -> dict[int, bytes]:
    """UID → body; empty where the response tells of none."""
    known = _UID.search(response[0]) or _UID.search(response[-1])
    if known is None or not _BODY.search(response[0]):
        return {}
    body = response[1] if len(response) > 1 else _body(_parsed(response))
    return {int(known[1]): body} if body is not None else {}


@lru_cache(maxsize=256)
def _flags(words: bytes) -> frozenset[str]:
    return frozenset(words.decode("utf-8", "replace").split()) - {"\\Recent"}  # gone from RFC 9051: it says nothing


def read_internaldate(text: bytes) -> datetime | None:
    """`17-Jul-1996 02:44:25 -0700` as UTC (RFC 9051 §2.3.3); None where it is no such date."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, clock, second, zone = found.groups()
    try:
        return _midnight(day, zone) + since_midnight(clock) + SECONDS.get(second, SECONDS[b"59"])
    except (ValueError, KeyError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _midnight(day: bytes, zone: bytes) -> datetime:
    """When a day began in a zone, UTC. Raises ValueError, KeyError, OverflowError."""
    number, month, year = day.split(b"-")
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    if not timedelta(0) <= ahead < timedelta(days=1):
        raise ValueError(zone)
    begun = datetime(int(year), _MONTHS[month.lower()], int(number), tzinfo=UTC)
    return begun + ahead if zone[:1] == b"-" else begun - ahead
