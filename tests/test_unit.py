"""The systemd units as shipped, and `service`, which puts them in place, shows how they stand, and takes them away."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from followmail import unit
from followmail.errors import UserError
from followmail.service import ONE_MAIL
from followmail.smtp import Server
from tests.conftest import _require

ROOT = Path(__file__).parents[1]
UNITS = (ROOT / "deploy" / "followmail.service", ROOT / "deploy" / "followmail@.service")
ANALYZE = shutil.which("systemd-analyze")
EACH_UNIT = pytest.mark.parametrize("source", UNITS, ids=lambda path: path.name)

HARDENED = {
    "CapabilityBoundingSet": "", "DevicePolicy": "closed", "LimitCORE": "0", "LockPersonality": "yes", "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes", "PrivateDevices": "yes", "PrivateMounts": "yes", "PrivateTmp": "yes", "PrivateUsers": "yes",
    "ProcSubset": "pid", "ProtectClock": "yes", "ProtectControlGroups": "yes", "ProtectHome": "yes",
    "ProtectHostname": "yes", "ProtectKernelLogs": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible", "ProtectSystem": "strict", "RemoveIPC": "yes", "RestrictNamespaces": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes",
    "StateDirectoryMode": "0700", "SystemCallArchitectures": "native", "UMask": "0077", "User": "followmail",
}  # fmt: skip
# systemctl, as far as `service` asks it: it notes what it was told, and shows a daemon that runs.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in *show*) printf 'ActiveState=active\\nSubState=running\\nStatusText=12 waiting\\nUnitFileState=enabled\\n';; esac
exit {status}
"""


def settings(text: str) -> list[tuple[str, str]]:
    """The lines of a unit that set something."""
    lines = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return [(key, value) for key, _, value in lines]


# ---- as shipped


@EACH_UNIT
def test_the_unit_stays_as_tight_as_it_is(source: Path) -> None:
    """Each wall stands in it."""
    told = settings(source.read_text())
    assert {key: dict(told).get(key) for key in HARDENED} == HARDENED
    assert [value for key, value in told if key == "SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


@EACH_UNIT
def test_systemd_takes_the_unit_and_rates_it_as_safe(source: Path, tmp_path: Path) -> None:
    """No word that it does not know, and an exposure of 1.5 at most."""
    _require(ANALYZE, "systemd-analyze", "systemd")
    name = source.name.replace("@", "@alex")
    file = tmp_path / name
    file.write_text(source.read_text().replace("/opt/followmail/bin/followmail", "/bin/true"))
    verified = _analyze("verify", "--man=no", str(file))
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = _analyze("security", "--offline=true", "--threshold=15", str(file))
    assert rated.returncode == 0, rated.stdout[-500:] + rated.stderr


def _analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(ANALYZE), *words], capture_output=True, text=True, check=False)


def test_the_two_units_differ_in_names_and_in_nothing_else() -> None:
    """One mailbox, or one of several: the walls are the same."""
    alone, several = (source.read_text().splitlines() for source in UNITS)
    assert len(alone) == len(several)
    for one, other in zip(alone, several, strict=True):
        if not one.startswith("#"):
            assert other.replace("/%i", "").replace(".%i", "").replace(" (%i)", "") == one


@EACH_UNIT
def test_the_unit_begins_nothing_again_that_only_a_person_can_mend(source: Path) -> None:
    """77 and 78 are the end, what hangs is ended in time, and the answer to a final dot is waited for."""
    told = dict(settings(source.read_text()))
    assert (told["Type"], told["Restart"]) == ("notify", "on-failure")
    assert told["RestartPreventExitStatus"].split() == ["77", "78"]
    assert told["WatchdogSec"] == "5min"
    assert Server.__dataclass_fields__["dot_timeout"].default < ONE_MAIL  # so much patience is asked for beforehand
    assert int(told["TimeoutStopSec"]) >= 60


# ---- put in place


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A systemctl of our own on PATH; what it was told since the last time this was asked."""
    log = tmp_path / "told"
    _systemctl(tmp_path, log)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def asked() -> list[str]:
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    return asked


def _systemctl(folder: Path, log: Path, status: int = 0) -> None:
    program = folder / "systemctl"
    program.write_text(SYSTEMCTL.format(log=log, status=status))
    program.chmod(0o755)


@pytest.fixture
def service(tmp_path: Path, told: object) -> Callable[..., str]:
    """`followmail service …` in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*words: str, status: int = 0, config: str = "") -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        call = [sys.executable, "-m", "followmail", *(["--config", config] if config else []), "service", *words]
        done = subprocess.run(
            call, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_install_shows_what_it_would_write_and_asks(
    service: Callable[..., str], told: Callable[[], list[str]], tmp_path: Path
) -> None:
    """Without a yes nothing is written and systemd hears nothing; with one it is written, enabled and started."""
    file = tmp_path / "home" / ".config" / "systemd" / "user" / "followmail.service"
    shown = service("install", "--user", status=1)
    assert "+ExecStart=" in shown and "--yes does it" in shown
    assert "+Type=notify" in service("install", "--user", "--dry-run")
    assert (file.exists(), told()) == (False, [])
    assert "config.env" in service("install", "--user", "--yes")
    assert told() == ["--user daemon-reload", "--user enable followmail.service"]
    config = tmp_path / "home" / ".config" / "followmail" / "config.env"
    config.parent.mkdir()
    config.write_text("")
    assert "runs" in service("install", "--user", "--yes")
    assert told()[-1] == "--user restart followmail.service"
    assert "is as it should be" in service("install", "--user", "--dry-run")


def test_an_old_unit_is_brought_up_line_by_line(service: Callable[..., str], tmp_path: Path) -> None:
    """What an update changes is seen before it is done; status says that it is due."""
    service("install", "--user", "--yes")
    file = tmp_path / "home" / ".config" / "systemd" / "user" / "followmail.service"
    file.write_text(file.read_text().replace("RestartSec=30", "RestartSec=5"))
    assert "not that of this version" in service("status", "--user")
    shown = service("install", "--user", "--yes")
    assert "-RestartSec=5\n" in shown and "+RestartSec=30\n" in shown
    said = service("status", "--user")
    assert "not that of this version" not in said
    assert "followmail.service: runs (active, enabled)\n  12 waiting" in said
    state = json.loads(service("status", "--user", "--json"))
    assert (state["installed"], state["current"], state["runs"], state["says"]) == (True, True, True, "12 waiting")


def test_uninstall_stops_it_and_leaves_what_is_yours(
    service: Callable[..., str], told: Callable[[], list[str]], tmp_path: Path
) -> None:
    """The unit goes; configuration and database stay. Where there is none, nothing is asked."""
    service("install", "--user", "--yes")
    told()
    service("uninstall", "--user", status=1)
    assert told() == []
    assert "stay as they are" in service("uninstall", "--user", "--yes")
    assert told() == ["--user disable --now followmail.service", "--user daemon-reload"]
    assert not (tmp_path / "home" / ".config" / "systemd" / "user" / "followmail.service").exists()
    assert "There is no" in service("uninstall", "--user", "--yes")
    assert "Not installed" in service("status", "--user", status=1)


def test_several_mailboxes_share_one_file(
    service: Callable[..., str], told: Callable[[], list[str]], tmp_path: Path
) -> None:
    """Each has its own configuration; the file goes with the last."""
    folder = tmp_path / "home" / ".config" / "systemd" / "user"
    for name in ("alex", "sales"):
        service("install", "--user", "--name", name, "--yes")
        assert told()[-1] == f"--user enable followmail@{name}.service"
        wants = folder / "default.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / f"followmail@{name}.service").symlink_to(folder / "followmail@.service")
    assert "%E/followmail/%i/config.env" in (folder / "followmail@.service").read_text()
    (wants / "followmail@alex.service").unlink()  # as systemctl disable does
    assert "stays for followmail@sales.service" in service("uninstall", "--user", "--name", "alex", "--yes")
    (wants / "followmail@sales.service").unlink()
    service("uninstall", "--user", "--name", "sales", "--yes")
    assert not (folder / "followmail@.service").exists()


def test_an_image_is_built_without_telling_systemd(
    service: Callable[..., str], told: Callable[[], list[str]], tmp_path: Path
) -> None:
    """--root stands for /."""
    root = tmp_path / "image"
    service("install", "--root", str(root), "--yes")
    text = (root / "etc" / "systemd" / "system" / "followmail.service").read_text()
    assert dict(settings(text))["ProtectSystem"] == "strict"
    service("uninstall", "--root", str(root), "--yes")
    assert [path for path in root.rglob("*") if path.is_file()] == []
    assert told() == []


def test_what_systemctl_refuses_is_told(service: Callable[..., str], tmp_path: Path) -> None:
    """Without a traceback, with its own words."""
    _systemctl(tmp_path, tmp_path / "told", status=3)
    assert "`systemctl --user daemon-reload` failed: status 3" in service("install", "--user", "--yes", status=1)


def test_only_root_changes_the_system(monkeypatch: pytest.MonkeyPatch, told: Callable[[], list[str]]) -> None:
    """Said before anything is written; what would change may be seen by anybody."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    where = unit.place(False, "nobody-has-this", {}, Path("/"), None)
    for change in (lambda: unit.install(where, "x"), lambda: unit.uninstall(where)):
        with pytest.raises(UserError, match="as root, or take --user"):
            change()
    assert told() == []


def test_a_users_own_unit_has_only_what_a_user_can_have(tmp_path: Path) -> None:
    """No other user, no walls that root must build; what the daemon itself gives up stays given up."""
    where = unit.place(True, "", {"HOME": str(tmp_path)}, Path("/"), None)
    told = dict(settings(unit.text(where, Path("/bin/true"))))
    kept = {key for key in HARDENED if key in told}
    assert kept == {"LimitCORE", "LockPersonality", "MemoryDenyWriteExecute", "NoNewPrivileges", "RestrictAddressFamilies",
                    "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "SystemCallArchitectures", "UMask"}  # fmt: skip
    assert (told["WantedBy"], told["WatchdogSec"]) == ("default.target", "5min")
    assert "StateDirectory" not in told  # commands beside the daemon find the database beside config.env


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/opt/follow mail/bin/followmail", '"/opt/follow mail/bin/followmail"'),
        ("/opt/100%/followmail", "/opt/100%%/followmail"),
        ("/opt/$x/followmail", "/opt/$$x/followmail"),
    ],
)
def test_a_path_is_one_word_of_the_command_line(path: str, word: str, tmp_path: Path) -> None:
    """Blanks, percent and dollar mean nothing (systemd.service(5))."""
    where = unit.place(False, "", {}, tmp_path, None)
    assert dict(settings(unit.text(where, Path(path))))["ExecStart"] == f"{word} --config %E/followmail/config.env run"


@pytest.mark.parametrize("name", ["../x", "a/b", "a%i", "a b", ".", "-".join("x" * 40)])
def test_a_name_is_a_folder_and_nothing_else(name: str) -> None:
    """What could lead elsewhere is refused."""
    with pytest.raises(UserError, match="cannot name a mailbox"):
        unit.place(False, name, {}, Path("/"), None)


def test_a_configuration_that_the_daemon_cannot_see_is_refused() -> None:
    """ProtectHome hides home directories: said before, not found out at the first start."""
    with pytest.raises(UserError, match="no home directories"):
        unit.place(False, "", {}, Path("/"), Path("/home/alex/config.env"))
    assert unit.place(True, "", {}, Path("/"), Path("/home/alex/config.env")).settings == Path("/home/alex/config.env")
