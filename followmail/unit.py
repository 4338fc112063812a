"""The systemd unit: its text for this machine, what it would change here, putting it in place, taking it away.

The text comes from one source, deploy/followmail.service, which is shipped in the package. What is told and asked stands
in `cli/servicing.py`.
"""

import difflib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from followmail.errors import UserError

USER = "followmail"  # whom the system-wide daemon runs as
_PACKAGE = Path(__file__).parent
_PROGRAM, _CONFIG = "/opt/followmail/bin/followmail", "%E/followmail/config.env"  # as the source has them
_SYSTEM_ONLY = "# System-wide only"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")  # no more than a file may be called, and no word of systemd's own (%, @, /)
_HIDDEN = ("/home/", "/root/", "/run/user/")  # what ProtectHome hides from the daemon


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit belongs. `name`: of one mailbox among several; `root`: what stands for / (an image, a test)."""

    user: bool
    name: str
    home: Path  # of the user, for a unit of theirs
    root: Path = Path("/")
    config: Path | None = None  # another than the usual one

    @property
    def file(self) -> Path:
        """The unit's file, shared by all mailboxes that have a name."""
        folder = self.home / ".config" if self.user else self.root / "etc"
        return (
            folder / "systemd" / ("user" if self.user else "system") / f"followmail{'@' if self.name else ''}.service"
        )

    @property
    def unit(self) -> str:
        """What systemctl calls it."""
        return f"followmail@{self.name}.service" if self.name else "followmail.service"

    @property
    def settings(self) -> Path:
        """The config.env that it runs with."""
        folder = self.home / ".config" if self.user else self.root / "etc"
        return self.config or folder / "followmail" / self.name / "config.env"

    @property
    def running_system(self) -> bool:
        return self.root == Path("/")


def place(user: bool, name: str, environment: Mapping[str, str], root: Path, config: Path | None) -> Place:
    """Where the unit belongs. Raises UserError where it could not work there."""
    if name and (not _NAME.fullmatch(name) or name.startswith(".")):
        raise UserError(f"'{name}' cannot name a mailbox here: letters, digits, dot, dash and underscore can.")
    if name and config:
        raise UserError("--name says which configuration it is; leave --config out.")
    home = Path(environment.get("HOME", "/"))
    if config and not user and str(config).startswith(_HIDDEN):
        raise UserError(f"The daemon sees no home directories, so not {config}: copy it to /etc/followmail, or --user.")
    return Place(user, name, home, root, config)


def program(environment: Mapping[str, str], user: bool) -> Path:
    """The installed command that the unit starts. Raises UserError where the daemon could not reach it."""
    import sys

    beside = Path(sys.executable).with_name("followmail")
    found = beside if os.access(beside, os.X_OK) else shutil.which("followmail", path=environment.get("PATH"))
    if not found:
        raise UserError("There is no installed command `followmail` to start: pip install it first.")
    if not user and str(found).startswith(_HIDDEN):
        raise UserError(
            f"The daemon sees no home directories, so not {found}. Install it elsewhere, for instance: python3 -m venv"
            " /opt/followmail && /opt/followmail/bin/pip install followmail; or take --user."
        )
    return Path(found)


# ---- the text


def source(name: str) -> str:
    """A unit as it is shipped: in the package where it is installed, beside it in a checkout."""
    folders = (_PACKAGE / "units", _PACKAGE.parent / "deploy")
    return next(folder / name for folder in folders if folder.is_dir()).read_text("utf-8")


def text(where: Place, command: Path) -> str:
    """The unit for this place: with this machine's paths, and for a user without what only root can have."""
    said = source(where.file.name).replace(_PROGRAM, _word(command))
    if where.config:
        said = said.replace(_CONFIG, _word(where.config.absolute()))
    if not where.user:
        return said
    kept = [paragraph for paragraph in said.split("\n\n") if not paragraph.startswith(_SYSTEM_ONLY)]
    return "\n\n".join(kept).replace("WantedBy=multi-user.target", "WantedBy=default.target")


def _word(path: Path) -> str:
    """A path as one word of a command line (systemd.service(5), Command lines)."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[\s'\"\\;]", escaped) else escaped


def difference(where: Place, wanted: str) -> str:
    """From what stands there to what is wanted, as a unified diff; empty where nothing differs."""
    there = _there(where.file)
    lines = difflib.unified_diff(
        there.splitlines(keepends=True), wanted.splitlines(keepends=True), str(where.file) if there else "/dev/null",
        str(where.file),
    )  # fmt: skip
    return "".join(lines)


def _there(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as fault:
        raise UserError(f"{file} cannot be read: {fault.strerror}.") from None


# ---- putting it in place


def install(where: Place, wanted: str) -> list[str]:
    """Write it, and tell systemd; what was done, a sentence each. It runs from now on where its config.env is there."""
    _refuse_others(where)
    done = [_user()] if not where.user and where.running_system else []
    if difference(where, wanted):
        _write(where.file, wanted)
        done.append(f"Wrote {where.file}.")
    if not where.running_system:
        return [word for word in done if word]
    _systemctl(where, "daemon-reload")
    _systemctl(where, "enable", where.unit)
    if where.settings.exists():
        _systemctl(where, "restart", where.unit)
        done.append(f"{where.unit} runs, now and after each start of the machine.")
    else:
        done.append(f"{where.unit} runs after each start of the machine, once {where.settings} is there.")
    return [word for word in done if word]


def _refuse_others(where: Place) -> None:
    """Only root changes the system; said before anything is."""
    if not where.user and where.running_system and os.geteuid() != 0:
        raise UserError("The system's units are root's: say it again as root, or take --user for a unit of your own.")


def _user() -> str:
    """Make the user that the daemon runs as, where there is none."""
    import pwd

    with_that_name = [entry for entry in pwd.getpwall() if entry.pw_name == USER]
    if with_that_name:
        return ""
    words = ("--system", "--user-group", "--home-dir", f"/var/lib/{USER}", "--shell", "/usr/sbin/nologin", USER)
    _run("useradd", *words)
    return f"Made the user {USER}."


def _write(file: Path, wanted: str) -> None:
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(wanted, "utf-8")
        part.chmod(0o644)
        part.replace(file)
    except OSError as fault:
        hint = "; run it as root, or take --user" if isinstance(fault, PermissionError) else ""
        raise UserError(f"{file} cannot be written: {fault.strerror}{hint}.") from None


def uninstall(where: Place) -> list[str]:
    """Stop it, and take its file away where no other mailbox needs it. Configuration and database stay."""
    _refuse_others(where)
    if where.running_system:
        _systemctl(where, "disable", "--now", where.unit)
    others = _others(where)
    if others:
        done = [f"{where.file} stays for {', '.join(others)}."]
    else:
        where.file.unlink(missing_ok=True)
        done = [f"{where.file} is gone."]
    if where.running_system:
        _systemctl(where, "daemon-reload")
    return [*done, f"{where.settings} and the database stay as they are."]


def _others(where: Place) -> list[str]:
    """Other mailboxes that are enabled by the same file."""
    enabled = where.file.parent.glob("*.target.wants/followmail@*.service") if where.name else ()
    return sorted(path.name for path in enabled if path.name != where.unit)


# ---- how it stands

_SHOWN = ("LoadState", "ActiveState", "SubState", "StatusText", "UnitFileState", "ActiveEnterTimestamp", "NRestarts")


def state(where: Place) -> dict[str, str]:
    """What systemd says of it (systemctl(1), show)."""
    said = _systemctl(where, "show", f"--property={','.join(_SHOWN)}", where.unit)
    pairs = (line.partition("=")[::2] for line in said.splitlines() if "=" in line)
    return {key: value for key, value in pairs if key in _SHOWN}


def _systemctl(where: Place, *words: str) -> str:
    return _run("systemctl", *(("--user",) if where.user else ()), *words)


def _run(*words: str) -> str:
    """The output of a command of the system's. Raises UserError."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError:
        raise UserError(f"`{words[0]}` was not found: is this machine run by systemd?") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"status {done.returncode}"
        raise UserError(f"`{' '.join(words)}` failed: {said}")
    return done.stdout
