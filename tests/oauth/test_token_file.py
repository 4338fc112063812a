"""The file of the tokens: only for its owner, replaced as a whole, one renewal at a time; and a death at any moment."""

import contextlib
import json
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from followmail.auth import Secret
from followmail.errors import LoginNeeded, LoginRefused, ServerBusy, Transient
from followmail.oauth import token_file as module
from followmail.oauth.grant import Tokens
from followmail.oauth.registration import Registration
from followmail.oauth.supply import Supply
from followmail.oauth.token_file import TokenFile
from followmail.options import Provider as Name
from tests.canary import PASSWORD
from tests.faults.mortal import Call, Mortals
from tests.servers.oauth import CLIENT_ID, Provider
from tests.test_service import until
from tests.world import MONDAY, World

ROOT = Path(__file__).parents[2]
CLIENT = Registration(Name.GOOGLE, CLIENT_ID)


def tokens(number: int = 1) -> Tokens:
    return Tokens(
        Secret(f"at-{number}-{PASSWORD}"), Secret(f"rt-{number}-{PASSWORD}"), MONDAY, MONDAY + timedelta(hours=1)
    )


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "followmail.token", CLIENT, "alex")


def test_what_is_written_is_read(file: TokenFile) -> None:
    """For its owner alone, whatever the umask says; nothing else is left in the folder."""
    before = os.umask(0)
    try:
        file.write(tokens())
        file.write(tokens(2))
    finally:
        os.umask(before)
    assert file.read() == tokens(2)
    assert [(p.name, stat.S_IMODE(p.stat().st_mode)) for p in file.path.parent.iterdir()] == [
        ("followmail.token", 0o600)
    ]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o660, 0o601, 0o644])
def test_a_file_that_others_can_reach_is_refused(file: TokenFile, mode: int) -> None:
    """Fault 80: with the command that mends it."""
    file.write(tokens())
    file.path.chmod(mode)
    with pytest.raises(LoginRefused, match="is open to others: chmod 600") as caught:
        file.read()
    assert caught.value.exit_status == 77
    assert PASSWORD not in str(caught.value)


def test_a_link_a_folder_a_pipe_and_a_strangers_file_are_refused(file: TokenFile, tmp_path: Path) -> None:
    """Fault 80: whoever put it there is not asked."""
    other = TokenFile(tmp_path / "elsewhere.token", CLIENT, "alex")
    other.write(tokens())
    file.path.symlink_to(other.path)
    with pytest.raises(LoginRefused, match="is a link"):
        file.read()
    file.write(tokens(2))  # takes the link's place; what it led to stays
    assert (file.read(), other.read()) == (tokens(2), tokens())
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(LoginRefused, match="is no file"):
        file.read()
    file.path.rmdir()
    os.mkfifo(file.path, 0o600)
    with pytest.raises(LoginRefused, match="is no file"):
        file.read()
    if os.geteuid() == 0:
        os.chown(other.path, 12345, -1)
        with pytest.raises(LoginRefused, match="belongs to another user: chown 0"):
            other.read()


def test_a_lock_that_is_a_link_is_not_followed(file: TokenFile, tmp_path: Path) -> None:
    """Nothing is made where it leads."""
    (tmp_path / "followmail.token.lock").symlink_to(tmp_path / "made")
    with pytest.raises(Transient, match="cannot be made"), file.locked():
        pass
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 60_000, b'{"version": 1}', b"x" * 70_000, b"1e999"],
    ids=lambda content: repr(content[:15]),
)
def test_a_file_that_holds_no_tokens_asks_for_a_login(file: TokenFile, content: bytes) -> None:
    """Damaged, empty, cut short."""
    file.path.write_bytes(content)
    file.path.chmod(0o600)
    with pytest.raises(LoginNeeded, match="`followmail login`"):
        file.read()


@pytest.mark.parametrize(
    "change", [{"client_id": "x"}, {"provider": "microsoft"}, {"user": "bob"}, {"version": 2}, {"since": "9"}]
)
def test_tokens_of_another_login_are_not_used(file: TokenFile, change: dict[str, object]) -> None:
    """Another client, another provider, another mailbox, a later version."""
    file.write(tokens())
    file.path.write_text(json.dumps(json.loads(file.path.read_text()) | change))
    with pytest.raises(LoginNeeded, match="`followmail login`"):
        file.read()


def test_what_was_written_whole_by_one_that_died_is_taken_up(provider: Provider, tmp_path: Path) -> None:
    """Between the last byte and the rename nothing is lost; of a part of a file nothing is believed."""
    file = provider.log_in(tmp_path / "followmail.token", "alex")
    stale = file.read()
    provider.expire()
    newer = provider.log_in(tmp_path / "other.token", "alex").read()
    whole = (tmp_path / "other.token").read_bytes()
    left = tmp_path / "followmail.token.new"
    left.write_bytes(whole[:-20])
    left.chmod(0o600)
    with file.locked():
        file.take_up()
    assert file.read() == stale
    left.write_bytes(whole)
    assert Supply(file).renew(stale.access) == newer.access
    assert (file.read(), provider.refreshes, left.exists()) == (newer, 0, False)


# ---- one at a time


RENEWS = """
import sys
from pathlib import Path
from followmail.auth import Secret
from followmail.oauth.registration import ENDPOINTS
from followmail.oauth.supply import Supply
from followmail.oauth.token_file import TokenFile
from followmail.options import Provider as Name
from tests.oauth.command import endpoints
ENDPOINTS[Name.GOOGLE] = endpoints(int(sys.argv[1]))
from followmail.oauth.registration import Registration
file = TokenFile(Path(sys.argv[2]), Registration(Name.GOOGLE, sys.argv[3]), "alex")
sys.exit(Supply(file).renew(Secret(sys.stdin.readline())) != file.read().access)
"""


def test_two_processes_that_renew_at_once_ask_once(provider: Provider, tmp_path: Path) -> None:
    """Who comes second takes what the first one got: a refresh token that is rotated is used once."""
    file = provider.log_in(tmp_path / "followmail.token", "alex")
    stale = file.read().access.reveal()
    provider.expire()
    call = [sys.executable, "-c", RENEWS, str(provider.port), str(file.path), CLIENT_ID]
    with file.locked():
        both = [subprocess.Popen(call, stdin=subprocess.PIPE, cwd=ROOT) for _ in range(2)]
        for one in both:
            assert one.stdin is not None
            one.stdin.write(stale.encode())
            one.stdin.close()
        until(lambda: all(f"{file.path}.lock" in _open_files(one.pid) for one in both))
    assert [one.wait(20) for one in both] == [0, 0]
    assert (provider.refreshes, provider.takes(file.read().access.reveal())) == (1, True)


def _open_files(pid: int) -> set[str]:
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(str(path.readlink()))
    return found


def test_a_lock_that_is_never_let_go_is_told(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped in the middle does not stop the others for ever."""
    monkeypatch.setattr(module, "_LOCK_PATIENCE", 0.1)
    with file.locked(), pytest.raises(ServerBusy, match="renewing the login"), file.locked():
        pass
    with file.locked():
        pass


def test_a_refresh_token_that_is_not_rotated_is_kept(provider: Provider, tmp_path: Path) -> None:
    """As Google does it."""
    file = provider.log_in(tmp_path / "followmail.token", "alex")
    provider.rotates = False
    before = file.read()
    for _ in range(2):
        provider.expire()
        Supply(file).renew(file.read().access)
    after = file.read()
    assert (after.refresh, provider.refreshes) == (before.refresh, 2)
    assert after.access != before.access


def test_a_full_disk_loses_no_token(provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was rotated is not used before it is stored, and is stored as soon as there is room."""
    file = provider.log_in(tmp_path / "followmail.token", "alex")
    supply = Supply(file)
    stale = file.read()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        for _ in range(2):
            with pytest.raises(Transient, match="No space left"):
                supply.renew(stale.access)
        with pytest.raises(Transient, match="No space left"):
            supply.token()
    assert file.read() == stale
    assert provider.takes(supply.token().reveal())
    assert (provider.refreshes, file.read().access) == (1, supply.token())


# ---- killed


@pytest.mark.usefixtures("strace")
def test_killed_between_rotation_and_storing_it_asks_for_a_login_and_nothing_else(
    oauth_world: World, provider: Provider, every_moment: bool
) -> None:
    """Fault 52: SIGKILL at each call from the question to the rename. The file is whole: the old tokens or the new ones.

    With the new ones it goes on; with the old ones the provider says no, and one login mends it.
    """
    world = oauth_world
    path = world.home / "followmail.token"
    with Mortals(world, "tests.oauth.mortal", str(provider.port)) as mortals:
        calls = [call for call in _renewal(mortals, world, provider) if call.name in TELLING]
        ends = set()
        for call in calls if every_moment else calls[-9:]:
            world.close()
            provider.expire()
            provider.log_in(path, world.mailbox.user)
            provider.expire()
            before = json.loads(path.read_text())
            mortals.dies(call)
            after = json.loads(path.read_text())
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            ends.add(_goes_on(world, stored=after != before))
    assert ends == {"went on", "asked for a login"}


TELLING = {"sendto", "recvfrom", "openat", "fchmod", "write", "fsync", "rename", "renameat", "unlink", "flock"}


def _renewal(mortals: Mortals, world: World, provider: Provider) -> list[Call]:
    """The calls of a round in which the token is renewed, from the question to the rename."""
    for _ in range(2):
        provider.log_in(world.home / "followmail.token", world.mailbox.user)
        provider.expire()
        calls = mortals.watched()
    first = next(n for n, call in enumerate(calls) if "POST /token" in call.text)
    last = next(n for n, call in enumerate(calls) if call.name.startswith("rename") and "followmail.token" in call.text)
    return calls[first : last + 3]


def _goes_on(world: World, stored: bool) -> str:
    """The next round after the crash."""
    try:
        world.round()
    except LoginNeeded as needed:
        assert not stored
        assert "`followmail login`" in str(needed)
        return "asked for a login"
    return "went on"
