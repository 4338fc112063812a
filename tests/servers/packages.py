"""Debian's packages of Cyrus and Courier, unpacked for the tests alone: their programs run from a folder of the cache.

Debian lets one machine have one IMAP server: to install one of them would remove Dovecot. So each package is fetched
with what it needs and this machine lacks, and unpacked; nothing is installed, and no script of a package runs.

    python -m tests.servers.packages            fetch what is missing, as `make servers` does; 1 where that failed
    where("cyrus")                              the folder that takes the place of /, or None

They are kept in followmail-tests in $XDG_CACHE_HOME, or ~/.cache; for root in /var/cache, since a server that root starts
runs as another user, who has no way into root's home. Only the standard library is needed.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_USUAL = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or _USUAL) / "followmail-tests"
WANTED = {"cyrus": ("cyrus-imapd", "sasl2-bin"), "courier": ("courier-imap",)}
# A file of each, by which it is known to be there: on the machine itself or unpacked.
PROGRAM = {"cyrus": "usr/lib/cyrus/bin/imapd", "courier": "usr/lib/courier/courier/imaplogin"}
_MACHINE = Path("/")
# Wanted by the packages for jobs that no test gives them: another mail server, and what sets packages up.
_LEFT_OUT = re.compile(r"exim4|postfix|debconf|adduser|gnutls-bin|gawk")
_SANDBOX = ("-o", "APT::Sandbox::User=root")  # apt's own user could not write into the cache


def where(name: str) -> Path | None:
    """The folder under which a server's programs lie as they would under /: None where it has to be fetched."""
    for top in (_MACHINE, CACHE / name):
        if (top / PROGRAM[name]).exists() and (top is _MACHINE or (top / "complete").exists()):
            return top
    return None


def environment(top: Path) -> dict[str, str]:
    """What a program under this folder needs to find its libraries."""
    if top is _MACHINE:
        return {}
    folders = [top / "usr/lib", top / "usr/lib/courier-authlib", *top.glob("usr/lib/*-linux-gnu*"), *top.glob("lib/*")]
    return {"LD_LIBRARY_PATH": ":".join(map(str, folders))}


def fetch(name: str) -> Path:
    """Downloads and unpacks one of them. Raises OSError or CalledProcessError, and leaves nothing half done."""
    target, draft = CACHE / name, CACHE / f"{name}.{os.getpid()}"
    debs = draft / "debs"
    debs.mkdir(parents=True)
    try:
        _run("apt-get", *_SANDBOX, "download", *_missing_here(WANTED[name]), inside=debs)
        for deb in sorted(debs.glob("*.deb")):
            _run("dpkg", "-x", str(deb), str(draft))
        shutil.rmtree(debs)
        (draft / "complete").touch()
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _missing_here(packages: tuple[str, ...]) -> list[str]:
    """The packages with all they depend on that is not installed; known to apt after an update at the latest."""
    simulate = ("apt-get", "install", "--simulate", "--no-install-recommends", *packages)
    try:
        told = _run(*simulate)
    except subprocess.CalledProcessError:
        _run(*_as_root(), "apt-get", "--quiet", "update")
        told = _run(*simulate)
    # "Inst name (version …)" is new here; "Inst name [version] (version …)" would only be brought up to date
    new = re.findall(r"^Inst (\S+) \(", told, re.MULTILINE)
    return [package for package in new if not _LEFT_OUT.match(package)]


def _as_root() -> tuple[str, ...]:
    return () if os.geteuid() == 0 else ("sudo", "-n")


def _run(*words: str, inside: Path | None = None) -> str:
    plain = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, cwd=inside, env=plain, stdin=subprocess.DEVNULL
    )
    return done.stdout


def main() -> int:
    """Fetches those that are not there; says what could not be had."""
    failed = 0
    for name in WANTED:
        if where(name):
            continue
        sys.stderr.write(f"Fetching {' and '.join(WANTED[name])}, for the tests alone …\n")
        try:
            fetch(name)
        except (OSError, subprocess.CalledProcessError) as fault:
            said = str(getattr(fault, "stderr", "") or fault).strip().splitlines()
            sys.stderr.write(f"  {name} could not be fetched: {said[-1] if said else fault}\n")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
