"""Where passwords come from, and that they do not show."""

import copy
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail import auth
from followmail.auth import PasswordSource, Secret, bearer, password
from followmail.errors import LoginRefused, SettingsError

KEY = "FOLLOWMAIL_PASSWORD"
CANARY = "c4nary-hunter2"
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def from_command(command: str) -> str:
    return password(PasswordSource(KEY, command=command, environment=ENVIRONMENT))().reveal()


def test_a_secret_does_not_print_itself() -> None:
    """Not by itself, not within another value, not formatted."""
    secret = Secret(CANARY)
    source = PasswordSource(KEY, value=secret, command=f"echo {CANARY}")
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", repr([secret]), repr(source), str(source)):
        assert CANARY not in shown
    assert secret.reveal() == CANARY


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_written_down(copied: object) -> None:
    """Pickling or copying one is a mistake."""
    with pytest.raises(TypeError, match="not written down"):
        copied(Secret(CANARY))  # type: ignore[operator]


@given(st.text(), st.text())
def test_secrets_compare_by_what_they_hold(one: str, other: str) -> None:
    """And are true where they hold something."""
    assert (Secret(one) == Secret(other)) is (one == other)
    assert len({Secret(one), Secret(other)}) == len({one, other})
    assert bool(Secret(one)) is bool(one)


def test_the_safest_source_goes_first(tmp_path: Path) -> None:
    """The credential, the file, the command, the value."""
    (tmp_path / "credential").write_text("of the credential\n", "utf-8")
    (tmp_path / "file").write_text("of the file\n", "utf-8")
    credential, file, command, value = (
        tmp_path / "credential", tmp_path / "file", "echo of the command", Secret("of the value")
    )  # fmt: skip
    assert password(PasswordSource(KEY, credential, file, command, value, ENVIRONMENT))() == Secret("of the credential")
    assert password(PasswordSource(KEY, None, file, command, value, ENVIRONMENT))() == Secret("of the file")
    assert password(PasswordSource(KEY, None, None, command, value, ENVIRONMENT))() == Secret("of the command")
    assert password(PasswordSource(KEY, value=value))() == value
    with pytest.raises(SettingsError, match="FOLLOWMAIL_PASSWORD is missing"):
        password(PasswordSource(KEY))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"pa ss\n", "pa ss"),
        (b"pass\r\n", "pass"),
        (b"pass", "pass"),
        (b" pass \n\n", " pass "),
        ("\ufeffpäss wörd\n".encode(), "päss wörd"),
        (b"p'a\"s$s#\\\n", "p'a\"s$s#\\"),
    ],
)
def test_a_file_holds_the_password_to_its_line_end(tmp_path: Path, content: bytes, expected: str) -> None:
    """Every other character counts."""
    (tmp_path / "secret").write_bytes(content)
    assert password(PasswordSource(KEY, file=tmp_path / "secret"))().reveal() == expected


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (f"{CANARY}\nuser: alex\n".encode(), "more than one line"),
        (f"{CANARY}\0".encode(), "control characters"),
        (b"\xff\xfe" + CANARY.encode(), "not text in UTF-8"),
        (CANARY.encode() * 10_000, "far too long"),
    ],
)
def test_a_file_that_holds_no_password_is_named_but_not_quoted(tmp_path: Path, content: bytes, wrong: str) -> None:
    """The message says what is wrong with it."""
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SettingsError, match=wrong) as caught:
        password(PasswordSource(KEY, file=tmp_path / "secret"))()
    assert str(tmp_path / "secret") in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_file_that_is_not_there_is_an_error_at_the_login(tmp_path: Path) -> None:
    """It may be mounted later."""
    ask = password(PasswordSource(KEY, file=tmp_path / "secret"))
    with pytest.raises(SettingsError, match=r"FOLLOWMAIL_PASSWORD_FILE: .*secret cannot be read \(No such file"):
        ask()
    (tmp_path / "secret").write_text("now it is", "utf-8")
    assert ask().reveal() == "now it is"


def test_a_command_prints_the_password() -> None:
    """It is a shell line."""
    assert from_command("printf '%s\\n' first second | head -1") == "first"


def test_a_command_sees_only_the_environment_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing on its standard input."""
    monkeypatch.setenv(KEY, CANARY)
    assert from_command('cat; echo "${FOLLOWMAIL_PASSWORD-nothing}"') == "nothing"


@pytest.mark.parametrize(
    ("command", "error", "wrong"),
    [
        (f"no-such-{CANARY}", SettingsError, "was not found"),
        (f"echo {CANARY}; exit 3", LoginRefused, "failed with status 3"),
        (f"echo {CANARY} >&2; kill -9 $$", LoginRefused, "failed with status -9"),
        (f": {CANARY}", SettingsError, "is empty"),
        (f"yes {CANARY}", LoginRefused, "failed with status"),
        (f"yes {CANARY} | head -2", SettingsError, "more than one line"),
    ],
)
def test_a_command_that_gives_none_is_not_quoted(
    command: str, error: type[Exception], wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """It, its output and its complaints may hold the password."""
    with pytest.raises(error, match=f"FOLLOWMAIL_PASSWORD_COMMAND.*{wrong}") as caught:
        from_command(command)
    assert CANARY not in str(caught.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize("command", ["sleep 60", "sleep 60 & echo x", "exec >&-; sleep 60", "cat /dev/zero | sleep 60"])
def test_a_command_that_hangs_is_ended_with_all_that_it_started(command: str) -> None:
    """The time limit holds whatever it waits for."""
    begun = time.monotonic()
    assert auth.run(command, ENVIRONMENT, limit=0.2)[0] is None
    assert time.monotonic() - begun < 5


def test_a_command_that_was_too_slow_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a refused login, in words."""
    monkeypatch.setattr(auth, "COMMAND_TIME", 0.2)
    with pytest.raises(LoginRefused, match="FOLLOWMAIL_PASSWORD_COMMAND took longer than"):
        from_command("sleep 60")


def test_a_secret_formatted_or_dumped_stays_hidden() -> None:
    """With any width, in JSON, in a tuple of values, in an error."""
    import dataclasses
    import json

    assert f"{Secret(CANARY):>6}|{Secret(CANARY):<6}" == "   ***|***   "
    assert f"{Secret(CANARY)} %s" % Secret(CANARY) == "*** ***"
    with pytest.raises(TypeError) as caught:
        json.dumps({"password": Secret(CANARY)})
    assert CANARY not in str(caught.value)
    with pytest.raises(TypeError, match="not written down"):
        dataclasses.asdict(PasswordSource(KEY, value=Secret(CANARY)))
    assert CANARY not in repr(bearer({"XOAUTH2"}, "alex", "h", 1, Secret(CANARY)))


@pytest.mark.parametrize(
    ("offered", "mechanism", "first", "then"),
    [
        ({"XOAUTH2", "OAUTHBEARER", "PLAIN"}, "XOAUTH2", "user=a=b,c@x\x01auth=Bearer t\x01\x01", ""),
        ({"OAUTHBEARER"}, "OAUTHBEARER", "n,a=a=3Db=2Cc@x,\x01host=h\x01port=993\x01auth=Bearer t\x01\x01", "\x01"),
    ],
)
def test_a_token_is_said_as_the_mechanism_wants_it(offered: set[str], mechanism: str, first: str, then: str) -> None:
    """RFC 7628 §3.1, and Google's own."""
    said = bearer(offered, "a=b,c@x", "h", 993, Secret("t"))
    assert said is not None
    assert (said.mechanism, said.first.reveal(), said.then) == (mechanism, first, then)
    assert bearer({"PLAIN", "LOGIN", "SCRAM-SHA-256"}, "a", "h", 1, Secret("t")) is None
