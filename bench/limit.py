"""The physical limit: all wanted header fields of all messages, read and thrown away; nothing can be faster.

`python -m bench.limit PORT USER FOLDER…` does it in Python; drain.c does it where there is a C compiler.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from followmail.mail.fields import HEADER_FIELDS
from tests.canary import PASSWORD

ITEMS = f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(HEADER_FIELDS)})])"
FETCH = f"UID FETCH 1:* {ITEMS}"


def compiled(into: Path) -> Path | None:
    """drain.c as a program; None where there is no compiler."""
    compiler, program = shutil.which("cc"), into / "drain"
    if compiler and not program.exists():
        subprocess.run([compiler, "-O2", "-o", program, Path(__file__).with_name("drain.c")], check=True)
    return program if compiler else None


def in_c(program: Path, port: int, user: str, folders: Sequence[str], command: str = FETCH) -> float:
    """Seconds that drain.c takes."""
    words: list[str | Path] = [program, str(port), user, command, *folders]
    env = os.environ | {"PASSWORD": PASSWORD}
    return float(subprocess.run(words, check=True, capture_output=True, text=True, env=env).stdout.split()[0])


def in_python(port: int, user: str, folders: Sequence[str], command: str = FETCH) -> float:
    """Seconds that Python's `recv` takes."""
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.recv(65_536)
        _ask(server, f"LOGIN {user} {PASSWORD}")
        seconds = 0.0
        for folder in folders:
            _ask(server, f'EXAMINE "{folder}"')
            begun = time.perf_counter()
            _ask(server, command)
            seconds += time.perf_counter() - begun
    return seconds


def _ask(server: socket.socket, line: str) -> None:
    server.sendall(f"zz {line}\r\n".encode())
    tail = b"\n"
    while not (tail.endswith(b"\r\n") and tail[tail.rfind(b"\n", 0, -1) + 1 :].startswith(b"zz OK")):
        block = server.recv(2**18)
        if not block:
            raise ConnectionError("the connection ended")
        tail = (tail + block[-4096:])[-4096:]


if __name__ == "__main__":
    print(json.dumps({"seconds": in_python(int(sys.argv[1]), sys.argv[2], sys.argv[3:])}))  # noqa: T201
