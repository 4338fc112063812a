"""A file of people → contacts: CSV as spreadsheets write it, or vCard; every fault with its line and column. Pure."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import getaddresses
from itertools import islice

from followmail.errors import UserError
from followmail.mail.days import read_day
from followmail.mail.identity import canonical, is_address
from followmail.mail.kinds.words import fold
from followmail.mail.message import clean_name
from followmail.mail.vcard import MOST_CARDS, Card, is_vcard, read_cards

# What a column is called → what it means. docs/import.md lists the same names.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "address": (
        "email", "e-mail", "e-mail address", "email address", "mail", "mail address", "address", "work email", "e-mail 1 - value",
        "e-mail 2 - value", "e-mail 2 address", "e-mail 3 address", "e-mail-adresse", "e-mail 2: adresse", "emailadresse",
        "mailadresse", "adresse e-mail", "adresse électronique", "courriel", "correo", "correo electrónico",
        "dirección de correo", "indirizzo email", "indirizzo e-mail", "posta elettronica", "e-mailadres", "endereço de e-mail",
        "endereço de email",
    ),
    "name": (
        "name", "full name", "display name", "contact", "contact name", "vollständiger name", "anzeigename", "nom complet",
        "nombre completo", "nome completo", "naam", "volledige naam", "contatto",
    ),
    "first": (
        "first name", "firstname", "given name", "first", "forename", "vorname", "prénom", "nombre", "nome", "voornaam",
        "primeiro nome",
    ),
    "last": (
        "last name", "lastname", "surname", "family name", "last", "nachname", "familienname", "nom", "nom de famille", "apellido",
        "apellidos", "cognome", "achternaam", "sobrenome", "apelido",
    ),
    "met_on": (
        "met on", "met", "date", "day", "datum", "getroffen am", "date de rencontre", "fecha", "data", "ontmoet op",
    ),
    "where": (
        "where", "event", "fair", "place", "met at", "wo", "ort", "messe", "veranstaltung", "lieu", "salon", "événement", "dónde",
        "lugar", "evento", "feria", "dove", "luogo", "fiera", "waar", "plaats", "beurs", "onde", "local", "feira",
    ),
    "about": (
        "about", "topic", "subject", "thema", "worüber", "sujet", "à propos", "tema", "asunto", "argomento", "onderwerp", "assunto",
    ),
}  # fmt: skip
MOST_LINES = 10_000
MOST_BYTES = 5 * 1024 * 1024
_LABELLED = re.compile(r"\s*(where|about|met on) ?: ?(.{1,200})", re.I)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to be enrolled by hand."""

    address: str
    name: str = ""
    met_on: date | None = None
    where: str = ""
    about: str = ""
    line: int = 0  # of the file, 1 first


@dataclass(frozen=True, slots=True)
class People:
    """What a file holds: its contacts in order, and what of it is not used, a sentence each."""

    contacts: tuple[Contact, ...]
    unused: tuple[str, ...] = ()


def read(data: bytes, name: str) -> People:
    """The people of a file, whatever its name: what stands in it says whether it is a vCard or a CSV.

    Raises UserError with every fault of the file; nothing is half read.
    """
    if len(data) > MOST_BYTES:
        raise UserError(f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB. Nothing was imported.")
    return _vcards(data, name) if is_vcard(data) else _csv(data, name)


def _all_or_none(name: str, found: Sequence[Contact | list[str]], unused: list[str]) -> People:
    faults = [f"{name} {fault}" for faults in found if not isinstance(faults, Contact) for fault in faults]
    if faults:
        raise UserError([*faults, "Nothing was imported."])
    return People(tuple(c for c in found if isinstance(c, Contact)), tuple(unused))


def _too_many(name: str, most: int, what: str) -> UserError:
    return UserError(f"{name} has more than {most} {what}; that many can be imported at once. Nothing was imported.")


# ---- vCard


def _vcards(data: bytes, name: str) -> People:
    cards = list(islice(read_cards(data), MOST_CARDS + 1))
    if len(cards) > MOST_CARDS:
        raise _too_many(name, MOST_CARDS, "cards")
    unused = [
        f"line {card.line}, card '{card.name}': its note is not used, but for lines such as 'where: IT fair'"
        for card in cards
        if any(not _LABELLED.match(line) for line in card.note.splitlines() if line.strip())
    ]
    found = [contact if isinstance(contact, Contact) else [contact] for contact in map(of_card, cards)]
    return _all_or_none(name, found, unused)


def of_card(card: Card) -> Contact | str:
    """The contact of a card, or what is wrong with it. Lines of its note may say where, about and met on."""
    whose = f"line {card.line}, card '{card.name}'" if card.name else f"line {card.line}, a card without a name"
    if card.fault or not card.addresses:
        return f"{whose}: {card.fault or 'it has no mail address'}"
    if not is_address(card.addresses[0]):
        return f"{whose}: '{card.addresses[0]}' is no mail address"
    said = {m[1].lower(): clean_name(m[2]) for line in card.note.splitlines() if (m := _LABELLED.match(line))}
    try:
        met_on = read_day(said["met on"]) if "met on" in said else None
    except ValueError as fault:
        return f"{whose}, note: {fault}"
    return Contact(card.addresses[0], card.name, met_on, said.get("where", ""), said.get("about", ""), card.line)


# ---- CSV


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns: what each means (several may mean the same: the first one that is filled in counts), their names."""

    places: Mapping[str, tuple[int, ...]]
    names: tuple[str, ...]

    def column(self, at: int) -> str:
        """How a column is spoken of: `column 2 'E-Mail'`."""
        return f"column {at + 1} '{self.names[at]}'" if at < len(self.names) else f"column {at + 1}"

    def cell(self, row: list[str], meaning: str) -> tuple[int, str]:
        """(column, text) of what a row says; the first column and nothing where it says nothing."""
        places = self.places.get(meaning, ())
        filled = ((at, clean_name(row[at])) for at in places if at < len(row))
        return next(((at, text) for at, text in filled if text), (places[0] if places else 0, ""))


def _csv(data: bytes, name: str) -> People:
    rows = _rows(_text(data, name), name)
    first = next(rows, None)
    if first is None:
        raise UserError(f"{name} is empty: the first line must name the columns, for example 'email,name,where,about'.")
    header, unused = _header(*first, name)
    found = [_contact(header, row, number) for number, row in rows]
    if len(found) > MOST_LINES:
        raise _too_many(name, MOST_LINES, "lines")
    if not found:
        raise UserError(f"{name} names columns, but nobody stands below them. Nothing was imported.")
    return _all_or_none(name, found, unused)


def _text(data: bytes, name: str) -> str:
    """Excel's "Unicode text" is UTF-16 with tabs; its CSV is UTF-8 with a BOM, or windows-1252."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UserError(f"{name} is no text; save it as CSV (UTF-8) or as vCard. Nothing was imported.")


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of each row that says something; Excel's line `sep=;` is none."""
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r'"?sep=(.)"?', first.strip(" "), re.I)
    shift, body = (1, rest) if said else (0, text)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=said[1] if said else _delimiter(body), strict=True)
    before = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield before + shift + 1, row
            before = reader.line_num
    except csv.Error as fault:
        raise UserError(
            f"{name} line {before + shift + 1} cannot be read: {fault}. A quote may be open. Nothing was imported."
        ) from None


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: whichever stands most often in the first line that says something, quotes aside."""
    first = next((line for line in text.split("\n") if line.strip(" ,;\t")), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=bare.count)


def _header(number: int, row: list[str], name: str) -> tuple[_Header, list[str]]:
    places: dict[str, tuple[int, ...]] = {}
    unused = []
    header = _Header(places, tuple(map(clean_name, row)))
    for at, cell in enumerate(header.names):
        meaning = _means(cell)
        if meaning:
            places[meaning] = (*places.get(meaning, ()), at)
        elif cell:
            unused.append(f"{header.column(at)} is not used")
    if "address" not in places:
        heads = ", ".join(f"'{cell}'" for cell in header.names if cell)
        raise UserError(
            f"{name} line {number}: no column holds mail addresses; there are {heads}. The first line must name the columns:"
            " email, name (or first name and last name), met on, where, about, in English or as your address book has them."
            " Nothing was imported."
        )
    return header, unused


def _means(cell: str) -> str:
    return _MEANS.get(_folded(cell), "")


def _folded(name: str) -> str:
    return " ".join(re.sub(r"[_*]|(?<=\w)-(?=\w)", " ", fold(name)).split()).rstrip(": ")


_MEANS = {_folded(name): meaning for meaning, names in COLUMNS.items() for name in names}


def _contact(header: _Header, row: list[str], number: int) -> Contact | list[str]:
    """The contact of a row, or all that is wrong in which column."""
    beyond = [at for at, cell in enumerate(row) if at >= len(header.names) and cell.strip()]
    if beyond:
        return [
            f"line {number}, column {beyond[0] + 1}: '{clean_name(row[beyond[0]])[:60]}' stands in no column;"
            " a comma or semicolon in a cell wants quotes around it"
        ]
    faults = []
    at, cell = header.cell(row, "address")
    found = _addresses(cell)
    if fault := _address_fault(cell, found):
        faults.append(f"line {number}, {header.column(at)}: {fault}")
    at, day = header.cell(row, "met_on")
    met_on = None
    try:
        met_on = read_day(day) if day else None
    except ValueError as fault:
        faults.append(f"line {number}, {header.column(at)}: {fault}")
    if faults:
        return faults
    full = " ".join(filter(None, (header.cell(row, "first")[1], header.cell(row, "last")[1])))
    name = header.cell(row, "name")[1] or full or found[0][0]
    return Contact(found[0][1], name, met_on, header.cell(row, "where")[1], header.cell(row, "about")[1], number)


def _address_fault(cell: str, found: list[tuple[str, str]]) -> str:
    if len(found) > 1:
        both = " and ".join(f"'{address}'" for _, address in found)
        return f"{both} stand in one cell; leave one, or give each a line of its own"
    if found:
        return ""
    return f"'{cell[:80]}' is no mail address" if cell else "there is no mail address"


def _addresses(cell: str) -> list[tuple[str, str]]:
    """(name, address) of what stands in a cell: one address, or `Carla Cook <carla@carla.example>`; several are told."""
    bare = canonical(cell.removeprefix("mailto:"))
    if is_address(bare):
        return [("", bare)]
    try:
        read = [(clean_name(n), canonical(a)) for n, a in getaddresses([re.sub(r"[;/|]| und | and ", ",", cell)])]
    except (RecursionError, ValueError, IndexError):
        return []
    read = list({address: (n, address) for n, address in read if address}.values())
    return read if all(is_address(address) for _, address in read) else []
