"""A private Cyrus IMAP 3 for pytest, from Debian's package: see tests/servers/packages.py.

    def test_something(others):
        mailbox = others("cyrus").mailbox()                 # folders under INBOX. with dots, as Debian sets it up
        mailbox = others("cyrus", slashes=True).mailbox()   # beside INBOX with slashes, as Cyrus sets it up since 3.0

What is its own: special-use flags come in lower case (`\\sent`), bare line ends are refused, and with dots nothing can
be made outside of INBOX.
"""

import grp
from collections.abc import Sequence
from pathlib import Path

from tests.canary import PASSWORD
from tests.servers.unpacked import Unpacked

FOLDERS = ("Sent", "Drafts", "Trash", "Junk")


class Cyrus(Unpacked):
    """One Cyrus."""

    name = "cyrus"

    def __init__(self, slashes: bool = False) -> None:
        super().__init__()
        self.slashes = slashes
        self.prefix, self.separator = ("", "/") if slashes else ("INBOX.", ".")
        self._admitted: set[str] = set()

    def command(self) -> Sequence[str]:
        for name in ("db", "proc", "socket", "lock", "log", "msg", "sieve", "quota", "user"):
            (self.root / "var" / name).mkdir(parents=True, exist_ok=True)
        (self.root / "spool").mkdir(exist_ok=True)
        (self.root / "imapd.conf").write_text(self._imapd_conf())
        (self.root / "cyrus.conf").write_text(self._cyrus_conf())
        master = self.program("usr/lib/cyrus/bin/master")
        return [
            master,
            "-D",
            "-C",
            f"{self.root}/imapd.conf",
            "-M",
            f"{self.root}/cyrus.conf",
            "-p",
            f"{self.root}/pid",
        ]

    def admit(self, user: str) -> None:
        if user in self._admitted:
            return
        program, passwords = self.program("usr/sbin/saslpasswd2"), self.root / "passwords.db"
        self.run(program, "-p", "-c", "-f", str(passwords), "-u", "localhost", user, given=PASSWORD)
        self._admitted.add(user)
        self.hand_over(passwords)

    def environment(self) -> dict[str, str]:
        plugins = [str(path) for top in (self.top, Path("/")) for path in top.glob("usr/lib/*-linux-gnu*/sasl2")]
        return {**super().environment(), "CYRUS_USER": self.owner.pw_name, "SASL_PATH": ":".join(plugins)}

    def _imapd_conf(self) -> str:
        root, yes = self.root, "yes" if self.slashes else "no"
        special = "".join(f"xlist-{name.lower()}: {name}\n" for name in FOLDERS)
        return f"""\
configdirectory: {root}/var
partition-default: {root}/spool
sievedir: {root}/var/sieve
proc_path: {root}/var/proc
mboxname_lockpath: {root}/var/lock
idlesocket: {root}/var/socket/idle
cyrus_user: {self.owner.pw_name}
cyrus_group: {self._group()}
servername: localhost
admins: nobody-at-all
virtdomains: off
unixhierarchysep: {yes}
altnamespace: {yes}
allowplaintext: yes
failedloginpause: 0
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/passwords.db
tls_server_cert: {root}/ssl/cert.pem
tls_server_key: {root}/ssl/cert-key.pem
# the first login makes INBOX (0: without a quota) and these folders
autocreate_quota: 0
autocreate_inbox_folders: {" | ".join(FOLDERS)}
autocreate_subscribe_folders: {" | ".join(FOLDERS)}
skiplist_unsafe: yes
{special}"""

    def _cyrus_conf(self) -> str:
        programs, conf = self.program("usr/lib/cyrus/bin"), f"{self.root}/imapd.conf"
        listen = 'listen="127.0.0.1:{}" proto="tcp4" prefork={} maxchild=100'
        return f"""\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {conf} -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {conf} -U 30" {listen.format(self.port, 1)}
  imaps cmd="{programs}/imapd -C {conf} -s -U 30" {listen.format(self.tls_port, 0)}
}}
EVENTS {{
  checkpoint cmd="{programs}/ctl_cyrusdb -C {conf} -c" period=1440
}}
DAEMON {{
  idled cmd="{programs}/idled -C {conf}"
}}
"""

    def _group(self) -> str:
        return grp.getgrgid(self.owner.pw_gid).gr_name
