"""Whom to greet, and whom rather not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.names import first_name, last_name

NAMES = [
    ("Laura Hofer", "Laura", "Hofer"),
    ("HOFER, Laura", "Laura", "Hofer"),
    ("Hofer, Laura (Sales)", "Laura", "Hofer"),
    ("LAURA HOFER", "Laura", "Hofer"),
    ("laura hofer", "Laura", "Hofer"),
    ("HOFER Laura", "Laura", "Hofer"),
    ("Dr. med. Laura Hofer", "Laura", "Hofer"),
    ("Hofer, Dr. Laura", "Laura", "Hofer"),
    ("Frau Laura Hofer", "Laura", "Hofer"),
    ("Mme Laura Hofer", "Laura", "Hofer"),
    ("Sig.ra Laura Hofer", "Laura", "Hofer"),
    ("Laura Hofer, MBA", "Laura", "Hofer"),
    ("Laura Hofer | Firm GmbH", "Laura", "Hofer"),
    ("Laura Hofer - Firm Ltd", "Laura", "Hofer"),
    ("Laura Hofer via Trello", "Laura", "Hofer"),
    ("Laura Hofer (she/her)", "Laura", "Hofer"),
    ("Laura van der Hof", "Laura", "van der Hof"),
    ("Hof, Laura van der", "Laura", "van der Hof"),
    ("Luis Miguel Torres", "Luis Miguel", "Torres"),
    ("Karl-Heinz Hofer", "Karl-Heinz", "Hofer"),
    ("William 'Bill' Hofer", "Bill", "Hofer"),
    ("Laura @ Firm", "Laura", None),
    ("Laura", "Laura", None),
    ("Choi Min-seo", "Min-seo", "Choi"),
    ("Kovács Zoltán", "Zoltán", "Kovács"),
    ("Laura O'Hara", "Laura", "O'Hara"),
]
NOBODY = [
    "", "  ", "L. Hofer", "L Hofer", "Hofer L.", "Herr Hofer", "Mrs Hofer", "Dr. Hofer", "Team Laura",
    "Sales", "Firm GmbH", "Hofer & Sons", "Laura & Max Hofer", "Familie Hofer", "Buchhaltung",
    "Service Client", "Atención al cliente", "Ufficio Acquisti", "Klantenservice", "Kundenservice Hofer",
    "info@firm.example", "laura.hofer@firm.example", "no-reply", "Mail Delivery Subsystem", "Scanner 3",
    "王小明", "Hofer", "Schreinerei Hofer", "Praxis Dr. Hofer", "JLH", "030 5550123", "laura_99",
]  # fmt: skip


@pytest.mark.parametrize(("display", "first", "last"), NAMES)
def test_a_person_is_greeted_by_the_first_name(display: str, first: str, last: str | None) -> None:
    """However the name is turned round and adorned."""
    assert first_name(display) == first
    assert last_name(display) == last


@pytest.mark.parametrize("display", NOBODY)
def test_in_doubt_nobody_is_greeted_by_name(display: str) -> None:
    """Roles, companies, couples, initials, surnames."""
    assert first_name(display) is None


def test_a_company_is_known_by_its_own_address() -> None:
    """Its name is its domain."""
    assert first_name("Golden Harvest", "info@goldenharvest.example") is None
    assert first_name("Laura Hofer", "info@laurahofer.example") is None
    assert first_name("Laura Hofer", "laura@firm.example") == "Laura"


@given(st.text(max_size=120), st.text(max_size=40))
def test_no_name_breaks_it(display: str, address: str) -> None:
    """Whatever comes in; a name has a letter and no line break."""
    for found in (first_name(display, address), last_name(display, address)):
        assert found is None or (any(c.isalpha() for c in found) and "\n" not in found)
