"""`suppressed.txt`: who must never be mailed."""

import hashlib
import threading
from pathlib import Path

import pytest

from followmail.errors import UserError
from followmail.store.suppressions import Suppressions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "suppressed.txt"


@pytest.mark.parametrize(
    ("line", "address", "forbidden"),
    [
        ("bob@bob.example", "bob@bob.example", True),
        ("BOB@Bob.Example", "bob@bob.example", True),
        ("bob@bob.example", "ann@bob.example", False),
        ("@bob.example", "ann@bob.example", True),
        ("@bob.example", "ann@mail.bob.example", True),
        ("@bob.example", "ann@notbob.example", False),
        ("*@*.gov.example", "x@city.gov.example", True),
        ("press-*@x.example", "press-us@x.example", True),
        ("press-*@x.example", "us@x.example", False),
        ("sha256:" + hashlib.sha256(b"bob@bob.example").hexdigest(), "Bob@bob.example", True),
        ("# bob@bob.example", "bob@bob.example", False),
        ("bob.example", "bob@bob.example", True),
        ("Bob Stone <bob@bob.example>", "bob@bob.example", True),
        ("mailto:bob@bob.example", "bob@bob.example", True),
        ("bob@bob.example;", "bob@bob.example", True),
        ("@bob.example.", "bob@bob.example", True),
        ("@*.bob.example", "bob@mail.bob.example", True),
        ("@*", "bob@bob.example", True),
        ("bob@bob.example   # asked on 4 May", "bob@bob.example", True),
        ("ann@ann.example,bob@bob.example", "bob@bob.example", True),
        ("ann@ann.example; Bob Stone bob@bob.example", "bob@bob.example", True),
        ("'bob@bob.example'", "bob@bob.example", True),
        ("“bob@bob.example”,", "bob@bob.example", True),
        ("*bob*", "big.bob@stone.example", True),
    ],
)
def test_a_line_forbids(file: Path, line: str, address: str, forbidden: bool) -> None:
    """Addresses, @domains with their subdomains, globs and hashes; remarks are none."""
    file.write_text(f"{line}\r\n\n", encoding="utf-8-sig")
    assert (Suppressions(file).matching(address) is not None) is forbidden


def test_what_is_added_stands_in_the_file_and_outlives_the_process(file: Path) -> None:
    """Once, with its reason, readable by its owner only."""
    first = Suppressions(file)
    assert first.add("Bob@Bob.example", "asked\non 4 May")
    assert not first.add("bob@bob.example")
    assert Suppressions(file).matching("bob@bob.example") == "bob@bob.example"
    assert "bob@bob.example  # asked on 4 May\n" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_an_edit_by_hand_counts_at_once(file: Path) -> None:
    """The file is the truth, read again whenever it changed."""
    suppressions = Suppressions(file)
    assert suppressions.matching("ann@ann.example") is None
    file.write_text("ann@ann.example\n")
    assert suppressions.matching("ann@ann.example") is not None
    file.unlink()
    assert suppressions.matching("ann@ann.example") is None


def test_a_line_that_names_nobody_is_told(file: Path) -> None:
    """A slip in it must not go unseen."""
    file.write_text("bob at bob\n@bob.example\n")
    (fault,) = Suppressions(file).faults()
    assert "bob at bob" in fault


def test_two_that_write_at_once_lose_nothing(file: Path) -> None:
    """The daemon and a command, each with lines of its own."""

    def write(who: str) -> None:
        for n in range(40):
            Suppressions(file).add(f"{who}{n}@x.example")

    threads = [threading.Thread(target=write, args=(who,)) for who in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Suppressions(file).lines()) == 80


def test_removing_takes_only_that_line(file: Path) -> None:
    """Remarks and other lines stay as a person wrote them."""
    file.write_text("# mine\nann@ann.example # why\n@bob.example\n")
    suppressions = Suppressions(file)
    assert suppressions.remove("ann@ann.example")
    assert not suppressions.remove("ann@ann.example")
    assert file.read_text() == "# mine\n@bob.example\n"


def test_a_bounce_is_lifted_when_the_address_writes(file: Path) -> None:
    """But no other reason is."""
    suppressions = Suppressions(file)
    suppressions.add("ann@ann.example", "bounced")
    suppressions.add("bob@bob.example", "asked not to be written to")
    suppressions.lift_bounce("ann@ann.example")
    suppressions.lift_bounce("bob@bob.example")
    assert suppressions.matching("ann@ann.example") is None
    assert suppressions.matching("bob@bob.example") is not None


def test_a_file_that_cannot_be_read_holds_everything(file: Path) -> None:
    """Who must never be mailed is not guessed."""
    file.write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(UserError, match="cannot be read"):
        Suppressions(file).matching("ann@ann.example")


def test_a_dry_run_writes_nothing(file: Path) -> None:
    """Looking at what would happen leaves no trace."""
    Suppressions(file, read_only=True).add("ann@ann.example")
    assert not file.exists()


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("bob.b@gmail.com", "bobb@googlemail.com"),
        ("bob@bob.example", "bob+news@bob.example"),
        ("@böb.example", "bob@mail.xn--bb-fka.example"),
    ],
)
def test_a_line_forbids_a_person_however_spelled(file: Path, line: str, address: str) -> None:
    """Who asked to be left alone wrote from one spelling; a mail may go to another."""
    suppressions = Suppressions(file)
    suppressions.add(line)
    assert suppressions.matching(address) == line


def test_a_forgotten_person_is_known_by_every_spelling(file: Path) -> None:
    """Only hashes stay: of the address, and of its mailbox."""
    suppressions = Suppressions(file)
    suppressions.forget("bob.b@gmail.com")
    assert suppressions.is_forgotten("bobb@googlemail.com")
    assert suppressions.remove("bob.b@gmail.com")
    assert not suppressions.is_forgotten("bobb@googlemail.com")


def test_an_address_is_taken_out_of_a_line_with_several(file: Path) -> None:
    """The others stay forbidden."""
    file.write_text("ann@ann.example, bob@bob.example  # both asked\n")
    assert Suppressions(file).remove("bob@bob.example")
    assert Suppressions(file).matching("bob@bob.example") is None
    assert Suppressions(file).matching("ann@ann.example") == "ann@ann.example"
    Suppressions(file).forget("ann@ann.example")
    assert "ann" not in file.read_text()
    assert Suppressions(file).is_forgotten("ann@ann.example")
