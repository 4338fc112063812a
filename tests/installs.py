"""A built wheel, installed as people install it: `python -m tests.installs` (make install-proof). It asks the package index.

Each way has a home of its own, with nothing of the checkout in reach. What the installed command must then do stands in
`prove`. tests/test_repository.py does the same for the plain wheel without any network.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

import followmail
from followmail.cli import COMMANDS
from tests.test_repository import build_wheel

SETTINGS = {
    "FOLLOWMAIL_ADDRESS": "alex@consult.example", "FOLLOWMAIL_NAME": "Alex Consultant",
    "FOLLOWMAIL_IMAP_HOST": "imap.consult.example", "FOLLOWMAIL_PASSWORD": "secret",
}  # fmt: skip
ABSENCE = """\
From: Bob <bob@bob.example>
Date: Mon, 4 May 2026 10:00:00 +0200
Auto-Submitted: auto-replied
Subject: Out of office

I am away until 29 May 2026.
"""


def run(*words: str | Path, home: Path, status: int = 0, **environment: str) -> str:
    """What a command says, in a home and with a PATH of its own."""
    env = {"PATH": f"{home}/.local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", **environment}
    kept = {
        key: value
        for key, value in os.environ.items()
        if key.lower().endswith("_proxy") or key.startswith(("PIP_", "UV_", "SSL_"))
    }
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, cwd=home, env=kept | env, stdin=subprocess.DEVNULL, check=False
    )  # fmt: skip
    assert done.returncode == status, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def prove(command: Path, home: Path) -> None:
    """Everything that a newcomer tries first, from outside the checkout."""

    def followmail_(*words: str, **environment: str) -> str:
        return run(command, *words, home=home, **environment)

    assert followmail_("--version").split()[-1] == followmail.__version__
    said = followmail_("--help")
    assert [name for name in COMMANDS if name not in said] == []
    for name in COMMANDS:
        assert "Example: followmail" in followmail_(name, "--help")
    (home / "absence.eml").write_text(ABSENCE)
    (found,) = json.loads(followmail_("classify", "--json", "absence.eml"))
    assert (found["kind"], found["return_date"]) == ("out-of-office", "2026-05-29")
    mails = json.loads(followmail_("preview", "nudge", "--json", **SETTINGS))["mails"]
    assert [mail["step"] for mail in mails] == [1, 2, 3]
    assert f"ExecStart={command.resolve().parent}/followmail" in followmail_(
        "service", "install", "--user", "--dry-run"
    )
    assert "_FOLLOWMAIL_COMPLETE" in followmail_("completion", "zsh")
    assert "kept" in followmail_("sandbox")
    (page,) = command.resolve().parents[1].rglob("man1/followmail.1")
    assert page.read_text("utf-8").startswith(".\\")


def with_pip(wheel: Path, home: Path) -> Path:
    venv.create(home / "venv", with_pip=True)
    run(home / "venv/bin/pip", "install", "--quiet", wheel, home=home)
    return home / "venv/bin/followmail"


def with_pipx(wheel: Path, home: Path) -> Path:
    venv.create(home / "tool", with_pip=True)
    run(home / "tool/bin/pip", "install", "--quiet", "pipx", home=home)
    run(home / "tool/bin/pipx", "install", wheel, home=home)
    assert (home / ".local/share/man/man1/followmail.1").exists()
    return home / ".local/bin/followmail"


def with_uv(wheel: Path, home: Path) -> Path:
    venv.create(home / "tool", with_pip=True)
    run(home / "tool/bin/pip", "install", "--quiet", "uv", home=home)
    run(home / "tool/bin/uv", "tool", "install", "--quiet", "--python", sys.executable, wheel, home=home)
    return home / ".local/bin/followmail"


WAYS: tuple[tuple[str, Callable[[Path, Path], Path]], ...] = (
    ("pip", with_pip),
    ("pipx", with_pipx),
    ("uv tool", with_uv),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        for name, way in WAYS:
            home = Path(folder) / name.replace(" ", "-")
            home.mkdir()
            prove(way(wheel, home), home)
            print(f"installed with {name}, and at work", flush=True)  # noqa: T201  it is a program of its own


if __name__ == "__main__":
    main()
