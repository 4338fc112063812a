"""A private Courier IMAP 5 for pytest, from Debian's package: see tests/servers/packages.py.

    def test_something(others):
        mailbox = others("courier").mailbox()

Its login has the paths of its files compiled in, so it lives in a view of the file system of its own (unshare), in which
/etc and /run are others; nothing outside is touched. That wants root. What is its own: everything lies under INBOX. with
dots; neither MOVE, SPECIAL-USE, CONDSTORE nor LIST-STATUS; UIDNEXT in STATUS only; AUTH=PLAIN after TLS only; a refused
login takes five seconds.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.canary import PASSWORD
from tests.servers.dovecot import Mailbox
from tests.servers.unpacked import Unpacked

FOLDERS = ("Sent", "Drafts", "Trash", "Junk")
USERS = 200  # known from the start, for the login reads its list of users once
# As Debian sets it up.
_CAPABILITY = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"

# Runs as root, in namespaces of its own: when the first process ends, so do all.
_INSIDE = r"""
mkdir "$root/etc.machine"
mount --rbind /etc "$root/etc.machine"
for entry in "$root"/etc.machine/*; do
  [ -e "$root/etc/${entry##*/}" ] || ln -s "$entry" "$root/etc/"
done
mount --bind "$root/etc" /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/courier/authdaemon
cd /
umask 022
set -a
. /etc/courier/authdaemonrc
"$programs/courier-authlib/authdaemond" &
. "$root/settings"
tcpd="$top/usr/sbin/couriertcpd -address=127.0.0.1 -maxprocs=100 -maxperip=100 -nodnslookup -noidentlookup"
login="$programs/courier/imaplogin $top/usr/bin/imapd Maildir"
IMAP_STARTTLS=YES $tcpd "$port" $login &
IMAP_TLS=1 $tcpd "$tls_port" "$top/usr/bin/couriertls" -server -tcpd $login &
wait
"""


class Courier(Unpacked):
    """One Courier. `idle`: seconds between its looks at the mailbox while a client waits; its own default is 60."""

    name = "courier"
    prefix = "INBOX."
    separator = "."

    def __init__(self, idle: int = 1) -> None:
        super().__init__()
        self.idle = idle
        self._admitted = 0

    def command(self) -> Sequence[str]:
        for name in ("etc/courier/shared", "mail"):
            (self.root / name).mkdir(parents=True)
        ssl = self.root / "ssl"
        (ssl / "both.pem").write_text((ssl / "cert-key.pem").read_text() + (ssl / "cert.pem").read_text())
        (self.root / "settings").write_text(self._settings())
        (self.root / "etc/courier/authdaemonrc").write_text(
            'authmodulelist="authuserdb"\nauthmodulelistorig="authuserdb"\ndaemons=2\n'
            'authdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=0\nDEFAULTOPTIONS=""\nLOGGEROPTS=""\n'
        )
        self._known_users()
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-euc", _INSIDE]

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "root": str(self.root),
            "top": str(self.top).rstrip("/"),
            "programs": self.program("usr/lib/courier").rstrip("/"),
            "port": str(self.port),
            "tls_port": str(self.tls_port),
        }

    def mailbox(self, user: str | None = None) -> "Mailbox":
        self._admitted += 1
        return super().mailbox(user or f"user{self._admitted}")

    def admit(self, user: str) -> None:
        folder = self.root / "mail" / user
        if folder.exists():
            return
        folder.mkdir()
        make = self.program("usr/bin/maildirmake.courier")
        maildir = folder / "Maildir"
        self.run(make, str(maildir))
        for name in FOLDERS:
            self.run(make, "-f", name, str(maildir))
        (maildir / "courierimapsubscribed").write_text("INBOX\n" + "".join(f"INBOX.{name}\n" for name in FOLDERS))
        self.hand_over(folder)

    def _known_users(self) -> None:
        hashed = subprocess.run(
            ["openssl", "passwd", "-1", "-stdin"], input=PASSWORD.encode(), capture_output=True, check=True
        ).stdout.decode().strip()  # fmt: skip
        names = ["first", *(f"user{number}" for number in range(1, USERS + 1))]
        uid, gid = self.owner.pw_uid, self.owner.pw_gid
        who = f"uid={uid}|gid={gid}"
        homes = [(name, self.root / "mail" / name) for name in names]
        lines = [f"{name}\t{who}|home={home}|mail={home}/Maildir" for name, home in homes]
        self._database("userdb", lines)
        self._database("userdbshadow", [f"{name}\tsystempw={hashed}" for name in names])
        users, groups = self.root / "etc/passwd", self.root / "etc/group"  # STARTTLS wants a user `courier`
        alias = f"courier:x:{uid}:{gid}::/nonexistent:/usr/sbin/nologin\n"
        users.write_text(Path("/etc/passwd").read_text() + alias)
        groups.write_text(Path("/etc/group").read_text() + f"courier:x:{gid}:\n")

    def _database(self, name: str, lines: list[str]) -> None:
        folder = self.root / "etc/courier"
        make = self.program("usr/lib/courier/courier-authlib/makedatprog")
        self.run(make, "-", f"{folder}/{name}.tmp", f"{folder}/{name}.dat", given="\n".join([*lines, ".", ""]))

    def _settings(self) -> str:
        return f"""\
IMAP_CAPABILITY='{_CAPABILITY}'
IMAP_CAPABILITY_TLS='{_CAPABILITY} AUTH=PLAIN'
IMAP_KEYWORDS=1
IMAP_ACL=1
IMAP_IDLE_TIMEOUT={self.idle}
IMAP_ENHANCEDIDLE=0
IMAP_MAILBOX_SANITY_CHECK=1
IMAP_DISABLETHREADSORT=0
IMAP_CHECK_ALL_FOLDERS=0
IMAP_OBSOLETE_CLIENT=0
IMAP_USELOCKS=1
IMAP_TRASHFOLDERNAME=Trash
IMAP_EMPTYTRASH=
IMAP_MOVE_EXPUNGE_TO_TRASH=0
IMAP_TLS_REQUIRED=0
HEADERFROM=X-IMAP-Sender
GAMIN_DEBUG_SERVER={self.program("usr/libexec/gam_server")}
COURIERTLS={self.program("usr/bin/couriertls")}
TLS_CERTFILE={self.root}/ssl/both.pem
TLS_VERIFYPEER=NONE
MAXDAEMONS=100
MAXPERIP=100
"""
