"""A link to a server on this machine, which may go dead without a word, end, or tell less than was said."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable


class Cable:
    """`pull` makes those who are connected hear nothing more; who connects later, hears. `mute_after`: every connection
    falls silent after so many bytes to the client. `to_client` rewrites what passes; None ends the connection."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.to_client: Callable[[bytes], bytes | None] = lambda data: data
        self.mute_after: int | None = None
        self.connections = 0
        self.passed = 0  # bytes to the client, in all
        self._links: list[_Link] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "Cable":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()
        for link in self._links:
            link.close()

    def pull(self) -> None:
        """Nothing passes any more on what is connected, and nobody is told."""
        for link in self._links:
            link.dead = True

    def reset(self) -> None:
        """What is connected ends, at once."""
        for link in self._links:
            link.reset()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self._links.append(_Link(self, client, server))


class _Link:
    """One connection, with a thread for each direction."""

    def __init__(self, cable: Cable, client: socket.socket, server: socket.socket) -> None:
        self.cable, self.client, self.server = cable, client, server
        self.dead = False
        self._passed = 0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._out, self._in)]
        for thread in self._threads:
            thread.start()

    def _out(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.client.recv(65_536):
                if not self.dead:
                    self.server.sendall(data)
        self._end(self.server)

    def _in(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65_536):
                shown = self.cable.to_client(data)
                if shown is None:
                    break
                self._show(shown)
        self._end(self.server)
        if not self.dead:
            self._end(self.client)

    def _show(self, data: bytes) -> None:
        limit = self.cable.mute_after
        if limit is not None and self._passed + len(data) > limit:
            data, self.dead = (b"" if self.dead else data[: max(0, limit - self._passed)]), True
        elif self.dead:
            data = b""
        self.client.sendall(data)
        self._passed += len(data)
        self.cable.passed += len(data)

    def _end(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        for sock in (self.client, self.server):
            self._end(sock)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
        for sock in (self.client, self.server):
            sock.close()
