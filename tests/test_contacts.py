"""Files of people: every fault with its line and column, and nothing half read."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.contacts import COLUMNS, MOST_BYTES, MOST_LINES, Contact, People, read
from followmail.errors import UserError

ROOT = Path(__file__).parent.parent
NOTHING = "Nothing was imported."


def faults(data: bytes | str, name: str = "fair.csv") -> list[str]:
    """What is told of a file that cannot be read."""
    with pytest.raises(UserError) as told:
        read(data.encode() if isinstance(data, str) else data, name)
    assert NOTHING in " ".join(told.value.problems) or "is empty" in str(told.value)
    return [fault for fault in told.value.problems if fault != NOTHING]


def only(data: bytes | str) -> Contact:
    (contact,) = read(data.encode() if isinstance(data, str) else data, "fair.csv").contacts
    return contact


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Email,Name,Met on,Where,About", "carla@carla.example,Carla Cook,2026-05-04,IT fair,backups"),
        ("Vorname;Nachname;E-Mail-Adresse;Datum;Messe;Thema", "Carla;Cook;Carla@Carla.example;4.5.2026;IT fair;backups"),
        ("Prénom;Nom;Adresse e-mail;Fecha;Lieu;Sujet", "Carla;Cook;carla@carla.example;4 mai 2026;IT fair;backups"),
        ('"First Name"\t"Last Name"\t"E-mail 1 - Value"\tdate\tevent\ttopic', "Carla\tCook\tcarla@carla.example\t2026-05-04\tIT fair\tbackups"),
        ("  E_MAIL ,NOME completo,met-on,luogo:,argomento*", "carla@carla.example,Carla Cook,2026-05-04,IT fair,backups"),
        ("email,met on,where,about", "Carla Cook <carla@carla.example>,2026-05-04,IT fair,backups"),
        ("email,name,met on,where,about", 'mailto:carla@carla.example,"Carla ""Cook""",2026-05-04,"IT fair","backups"'),
    ],
)  # fmt: skip
def test_columns_as_spreadsheets_and_address_books_name_them(head: str, row: str) -> None:
    """In several languages, with comma, semicolon or tab."""
    found = only(f"{head}\n{row}\n")
    assert found == Contact(
        "carla@carla.example", 'Carla "Cook' if '""' in row else "Carla Cook", date(2026, 5, 4), "IT fair", "backups", 2
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("first", ["", "sep=;\r\n", '"sep=;"\r\n'])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_files_as_excel_saves_them(encoding: str, first: str, end: str) -> None:
    """The line that names the separator is no row, but it counts as a line."""
    text = f"{first}E-Mail;Name\r\n\r\nj@m.example;Jörg Müller\r\n".replace("\r\n", end)
    assert only(text.encode(encoding)) == Contact("j@m.example", "Jörg Müller", line=4 if first else 3)


def test_every_fault_of_a_file_is_told_with_line_and_column() -> None:
    """By number and by name; a row may have two."""
    data = 'Name,E-Mail,Met on\nAnn,ann@ann.example,\n"Bob\nB",bob(at)bob,4/5/2026\nEve,,soon\nDan,dan@dan.example,2026-05-04\n'
    assert faults(data) == [
        "fair.csv line 3, column 2 'E-Mail': 'bob(at)bob' is no mail address",
        "fair.csv line 3, column 3 'Met on': '4/5/2026' may be 4 May or 5 April; write it as 2026-05-04",
        "fair.csv line 5, column 2 'E-Mail': there is no mail address",
        "fair.csv line 5, column 3 'Met on': 'soon' is no date; write it as 2026-05-04",
    ]


@pytest.mark.parametrize("cell", ["a@a.example; b@b.example", "a@a.example b@b.example", "a@a.example und b@b.example"])
def test_several_addresses_in_a_cell_are_told(cell: str) -> None:
    """Which of them is meant cannot be known."""
    (fault,) = faults(f"email\n{cell}\n".replace(",", ";"))
    assert fault.startswith("fair.csv line 2, column 1 'email': ")
    assert "in one cell" in fault or "is no mail address" in fault


def test_a_second_column_of_addresses_counts_where_the_first_is_empty() -> None:
    """As address books export them."""
    assert only("E-mail 1 - Value,E-mail 2 - Value\n,b@b.example\n").address == "b@b.example"
    assert only("E-mail 1 - Value,E-mail 2 - Value\na@b.example,b@b.example\n").address == "a@b.example"


def test_a_column_that_is_not_used_is_told() -> None:
    """Never silently dropped."""
    found = read(b"Name,E-Mail,Firma,Telefon\nAnn,ann@ann.example,Archer,1\n", "fair.csv")
    assert found == People(
        (Contact("ann@ann.example", "Ann", line=2),), ("column 3 'Firma' is not used", "column 4 'Telefon' is not used")
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "fair.csv is empty"),
        (b"\n\n,,\n", "fair.csv is empty"),
        (b"email\n", "nobody stands below"),
        (b"Ann,ann@ann.example\n", "line 1: no column holds mail addresses; there are 'Ann', 'ann@ann.example'"),
        (b"email,name\na@a.example,Cook, Carla\n", "line 2, column 3: 'Carla' stands in no column"),
        (b'email,name\na@a.example,"Cook\n', "line 2 cannot be read"),
        (b"PK\x03\x04\x00\x00\x00", "is no text; save it as CSV"),
        (b"email\n" + b"a@a.example\n" * (MOST_LINES + 1), "more than 10000 lines"),
        (b"x" * (MOST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, told: str) -> None:
    """With what to do about it."""
    assert told in " ".join(faults(data))


# ---- vCard


def test_a_vcard_is_known_by_what_stands_in_it() -> None:
    """Whatever its name; a note may say where, about what and when."""
    data = b"BEGIN:VCARD\nFN:Carla Cook\nEMAIL:carla@carla.example\nNOTE:where: IT fair\\nabout: backups\\nmet on: 2026-05-04\nEND:VCARD\n"
    assert only(data) == Contact("carla@carla.example", "Carla Cook", date(2026, 5, 4), "IT fair", "backups", 1)


def test_a_note_that_is_not_used_is_told() -> None:
    """It may say anything, and nobody shall read that in a mail."""
    data = b"BEGIN:VCARD\nFN:Carla Cook\nEMAIL:carla@carla.example\nNOTE:tedious\nEND:VCARD\n"
    assert read(data, "c.vcf") == People(
        (Contact("carla@carla.example", "Carla Cook", line=1),),
        ("line 1, card 'Carla Cook': its note is not used, but for lines such as 'where: IT fair'",),
    )


def test_every_fault_of_a_vcard_file_is_told() -> None:
    """With the line on which the card begins, and its name."""
    cards = [
        "FN:Ann\nTEL:1",
        "EMAIL:nobody",
        "FN:Bob\nEMAIL:bob@bob.example\nNOTE:met on: 4/5/2026",
        "FN:Dan\nEMAIL:dan@dan.example",
    ]
    data = "".join(f"BEGIN:VCARD\n{card}\nEND:VCARD\n" for card in cards) + "BEGIN:VCARD\nFN:Eve\n"
    assert faults(data, "c.vcf") == [
        "c.vcf line 1, card 'Ann': it has no mail address",
        "c.vcf line 5, a card without a name: 'nobody' is no mail address",
        "c.vcf line 8, card 'Bob', note: '4/5/2026' may be 4 May or 5 April; write it as 2026-05-04",
        "c.vcf line 17, card 'Eve': it has no END:VCARD",
    ]


# ---- the whole


def test_the_page_names_every_column() -> None:
    """docs/import.md lists what a column may be called."""
    page = (ROOT / "docs" / "import.md").read_text()
    missing = [name for names in COLUMNS.values() for name in names if f"`{name}`" not in page]
    assert missing == []


@given(st.binary(max_size=300))
def test_whatever_is_read_only_a_told_fault_is_raised(data: bytes) -> None:
    """Foreign input."""
    for start in (b"", b"email,met on\n", b"BEGIN:VCARD\n", "email\n".encode("utf-16")):
        try:
            assert isinstance(read(start + data, "x"), People)
        except UserError as told:
            assert told.problems
