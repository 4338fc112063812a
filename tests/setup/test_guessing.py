"""What `init` knows without asking, and how it writes config.env."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.options import OPTIONS
from followmail.settings import load
from followmail.setup import config, guessing


@pytest.mark.parametrize(
    ("zone", "country"),
    [("Europe/Berlin", "DE"), ("Europe/Zurich", "CH"), ("America/Sao_Paulo", "BR"), ("UTC", ""), ("Nowhere/City", "")],
)
def test_the_country_of_a_zone(zone: str, country: str) -> None:
    """As the tz database has it."""
    assert guessing.country(zone) == country


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("anna.meier@x.example", "Anna Meier"),
        ("alex@x.example", ""),
        ("a.meier@x.example", ""),
        ("info.24@x.example", ""),
    ],
)
def test_the_name_in_an_address(address: str, name: str) -> None:
    """Only where it is plain."""
    assert guessing.name(address) == name


NEEDED = {"FOLLOWMAIL_ADDRESS": "a@x.example", "FOLLOWMAIL_NAME": "A", "FOLLOWMAIL_IMAP_HOST": "imap.x.example"}


@given(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85"), min_size=1, max_size=40
    )
)
def test_any_password_is_read_back_as_it_was_typed(tmp_path_factory: pytest.TempPathFactory, password: str) -> None:
    """Quotes, backslashes, hashes, blanks at either end."""
    if not password.strip() or any("\x80" <= c <= "\x9f" for c in password):
        return
    home = tmp_path_factory.mktemp("written")
    config.write(home / "config.env", config.composed({**NEEDED, "FOLLOWMAIL_PASSWORD": password}))
    settings = load(home / "config.env", {}, directory=home)
    assert settings.password.value.reveal() == password  # type: ignore[union-attr]


@pytest.mark.parametrize("before", ["", "# mine", "# mine\n", "# mine\r\n\r\n", "FOLLOWMAIL_MODE=draft\n\n\n"])
def test_what_stood_there_stands_there(before: str) -> None:
    """To the byte; without anything to add nothing changes."""
    after = config.added(before, NEEDED)
    assert after.startswith(before)
    assert config.added(before, {}) == before
    assert "FOLLOWMAIL_ADDRESS=a@x.example" in after.splitlines()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """And what it leads to is renewed as a whole, for its owner alone."""
    real = tmp_path / "real.env"
    real.write_text("old")
    (tmp_path / "config.env").symlink_to(real)
    config.write(tmp_path / "config.env", "new")
    assert (tmp_path / "config.env").is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("new", 0o600)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_file_tells_what_each_setting_is_for(tmp_path: Path) -> None:
    """With the help of config.example.env, and no setting twice."""
    text = config.composed({**NEEDED, "FOLLOWMAIL_WINDOW": "Mon-Thu 09:00-16:00"})
    assert OPTIONS["FOLLOWMAIL_WINDOW"].help.split(".")[0] in text
    assert text.count("FOLLOWMAIL_ADDRESS=") == 1
    assert "FOLLOWMAIL_WINDOW=Mon-Thu 09:00-16:00" in text.splitlines()
