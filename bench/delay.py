"""A relay that puts the server far away: every byte comes half a round trip later, in both directions."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

_BLOCK = 2**18


@contextlib.contextmanager
def far(port: int, seconds: float) -> Iterator[int]:
    """The port of a server that is the one on `port`, a round trip of so many seconds away."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, port, seconds / 2), daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, port: int, late: float) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", port))
        for source, target in ((client, server), (server, client)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
            threading.Thread(target=_take, args=(source, way, late), daemon=True).start()
            threading.Thread(target=_give, args=(target, way), daemon=True).start()


def _take(source: socket.socket, way: SimpleQueue[tuple[float, bytes]], late: float) -> None:
    data = b"."
    while data:
        try:
            data = source.recv(_BLOCK)
        except OSError:
            data = b""
        way.put((time.monotonic() + late, data))


def _give(target: socket.socket, way: SimpleQueue[tuple[float, bytes]]) -> None:
    with contextlib.suppress(OSError):
        while True:
            moment, data = way.get()
            time.sleep(max(0, moment - time.monotonic()))
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
