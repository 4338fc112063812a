"""A CSV of people → contacts: the usual column names in several languages, every fault with its line and column. Pure."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from followmail.errors import UserError
from followmail.mail.identity import canonical, is_address
from followmail.mail.message import clean_name

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "address": (
        "email", "e-mail", "e-mail address", "email address", "mail", "address", "e-mail-adresse", "emailadresse",
        "e-mail 1 - value", "adresse e-mail", "courriel", "correo", "correo electrónico", "indirizzo email", "e-mailadres",
        "endereço de e-mail",
    ),
    "name": ("name", "full name", "display name", "vollständiger name", "nom complet", "nombre completo", "nome completo", "naam", "contact"),
    "first": ("first name", "firstname", "given name", "first", "vorname", "prénom", "prenom", "nombre", "nome", "voornaam", "primeiro nome"),
    "last": ("last name", "lastname", "surname", "family name", "last", "nachname", "nom", "apellido", "apellidos", "cognome", "achternaam", "sobrenome", "apelido"),
    "met_on": ("met on", "met", "date", "datum", "fecha", "data", "met_on", "met-on"),
    "where": ("where", "event", "place", "ort", "messe", "veranstaltung", "lieu", "lugar", "luogo", "local", "waar"),
    "about": ("about", "topic", "thema", "sujet", "tema", "argomento", "onderwerp", "assunto"),
}  # fmt: skip
_MEANS = {name: field for field, names in _COLUMNS.items() for name in names}
_ENCODINGS = ("utf-8-sig", "cp1252")
MOST_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to be enrolled by hand."""

    address: str
    name: str = ""
    met_on: date | None = None
    where: str = ""
    about: str = ""
    line: int = 0  # of the file, 1 first


def read_csv(data: bytes, name: str) -> tuple[Contact, ...]:
    """The contacts of a CSV, in order. Raises UserError with every fault of the file; nothing is half read."""
    text = _text(data)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect=_dialect(text), strict=True))
    except csv.Error as fault:
        raise UserError(
            f"{name} is no CSV that can be read: {fault}. A quote may be open. Nothing was imported."
        ) from None
    if len(rows) > MOST_LINES + 1:
        raise UserError(
            f"{name} has {len(rows) - 1} lines; at most {MOST_LINES} can be imported at once. Nothing was imported."
        )
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise UserError(f"{name} is empty: the first line must name the columns, for example 'email,name,where,about'.")
    columns = _columns(rows[0], name)
    contacts, faults = [], []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        found = _contact(columns, row, number)
        if isinstance(found, Contact):
            contacts.append(found)
        else:
            faults.append(f"{name} line {number}, {found}")
    if faults:
        raise UserError([*faults, "Nothing was imported."])
    return tuple(contacts)


def _text(data: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").replace("\0", "")


def _dialect(text: str) -> type[csv.Dialect]:
    """Comma, semicolon or tab: whichever stands most often in the first line."""
    first = text.partition("\n")[0]

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Found


def _columns(header: list[str], name: str) -> dict[str, int]:
    known = {
        _MEANS[cell.strip().lower()]: n
        for n, cell in reversed(list(enumerate(header)))
        if cell.strip().lower() in _MEANS
    }
    if "address" not in known:
        heads = ", ".join(f"'{cell.strip()}'" for cell in header if cell.strip())
        raise UserError(
            f"{name} line 1: no column is called 'email'; there are {heads}. The first line must name the columns."
        )
    return known


def _contact(columns: Mapping[str, int], row: list[str], number: int) -> Contact | str:
    """The contact of a row, or what is wrong in which column."""

    def cell(field: str) -> str:
        place = columns.get(field)
        return clean_name(row[place]) if place is not None and place < len(row) else ""

    address = canonical(cell("address"))
    where = f"column {columns['address'] + 1}"
    if not address:
        return f"{where}: there is no mail address"
    if not is_address(address):
        return f"{where}: '{address}' is no mail address"
    met_on = read_day(cell("met_on")) if cell("met_on") else None
    if cell("met_on") and met_on is None:
        return f"column {columns['met_on'] + 1}: '{cell('met_on')}' is no date; write it as 2026-05-04"
    name = cell("name") or " ".join(filter(None, (cell("first"), cell("last"))))
    return Contact(address, name, met_on, cell("where"), cell("about"), number)


def read_day(text: str) -> date | None:
    """2026-05-04, 4.5.2026 or 04/05/2026 where only one reading exists; None else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    for mark in "./":
        parts = text.split(mark)
        if len(parts) == 3 and all(p.strip().isdigit() for p in parts):
            first, second, year = (int(p) for p in parts)
            return _either(first, second, year, mark)
    return None


def _either(first: int, second: int, year: int, mark: str) -> date | None:
    year += 2000 if year < 100 else 0
    if mark == "/" and first <= 12 and second <= 12 and first != second:
        return None  # 4/5 is May in one country and April in another
    try:
        return date(year, second, first) if second <= 12 else date(year, first, second)
    except ValueError:
        return None
