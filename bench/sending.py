"""A mail that leaves, with all that is written down so that it leaves once: against smtplib, which writes nothing down."""

import contextlib
import smtplib
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.bed import Bed, Row, timed
from followmail import smtp
from followmail.auth import Secret
from followmail.jobs import deliver
from followmail.jobs.cycle import Cycle
from followmail.sequence.steps import Enrollment, Mode, Status
from followmail.store.outbox import Parcel, Written
from tests.world import BOB, MONDAY, World

GOAL = 2.5
MAILS = 20  # a turn
COMMITS = ("sending", "handed-over", "sent")  # before, at, and after the final dot
DATA = b"From: alex@consult.example\r\nTo: bob@bob.example\r\nSubject: Proposal\r\n\r\n" + b"Hello Bob.\r\n" * 60


def measure(bed: Bed) -> Iterator[Row]:
    """Each mail on a connection of its own, as it is between two looks. The peer commits as often, with the same PRAGMAs."""
    with bed.folder() as folder, _sink() as port:
        world = World(bed.server.mailbox("sending"), folder)
        world.writes(BOB, ago=timedelta(days=1))
        world.round()
        server = smtp.Server("127.0.0.1", port, "none", "", lambda: Secret(""))
        cycle, (e,) = world.office.cycle(world.now), world.enrollments()
        queue = iter(_queued(world, e.id, MAILS * bed.rounds))

        def ours() -> float:
            parcels = [next(queue) for _ in range(MAILS)]
            return timed(lambda: _send(cycle, server, e, parcels)) / MAILS

        took = bed.turns(
            ours=ours,
            bare=lambda: timed(lambda: _plain(port)) / MAILS,
            kept=lambda: timed(lambda: _kept(port)) / MAILS,
            durable=lambda: timed(lambda: _plain(port, folder / "log.db")) / MAILS,
        )
        world.close()
    ms = {name: took.median(name) * 1000 for name in took.taken}
    ratio = took.ratio("ours", "durable")
    figure = (
        f"{ratio:.1f} × ({ms['ours']:.1f} ms to {ms['durable']:.1f}); {took.ratio('ours', 'bare'):.1f} × where nothing is written down"
        f" ({ms['bare']:.1f} ms), {took.ratio('ours', 'kept'):.1f} × where the connection is kept too ({ms['kept']:.1f} ms)"
    )
    goal = f"≤ {GOAL} × smtplib on the same durability of disk"
    yield Row("a durable send", goal, figure, ratio <= GOAL, ms)


def _queued(world: World, enrollment: int, count: int) -> list[Parcel]:
    """Mails that may leave, written down."""
    outbox = world.office.store.outbox
    first = Written(
        enrollment=enrollment, opening="", sequence="nudge", step="checking-in", number=1, address="bob@bob.example",
        message_id="", mode=Mode.SEND, sender="alex@consult.example", recipients=("bob@bob.example",), subject="Proposal",
        in_reply_to="", data=DATA, text_hash="", due=MONDAY,
    )  # fmt: skip
    for n in range(count):
        outbox.enqueue(replace(first, opening=f"o{n}@sample.example", message_id=f"m{n}@sample.example"), world.now)
    return list(outbox.parcels(Status.QUEUED))


def _send(cycle: Cycle, server: smtp.Server, e: Enrollment, parcels: Sequence[Parcel]) -> None:
    for parcel in parcels:
        assert deliver._send(cycle, server, e, parcel, lambda: cycle.now)


def _plain(port: int, database: Path | None = None) -> None:
    """A connection a mail; with a database, each mail's way is committed in it, as durable as ours is."""
    with contextlib.closing(sqlite3.connect(database or ":memory:", isolation_level=None)) as log:
        log.execute("PRAGMA synchronous=EXTRA")
        log.execute("CREATE TABLE IF NOT EXISTS mail (id INTEGER PRIMARY KEY, status TEXT, data BLOB)")
        for n in range(MAILS):
            with smtplib.SMTP("127.0.0.1", port, local_hostname="consult.example") as client:
                client.sendmail("alex@consult.example", ["bob@bob.example"], DATA)
            for status in COMMITS if database else ():
                log.execute("INSERT OR REPLACE INTO mail VALUES (?, ?, ?)", (n, status, DATA))


def _kept(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="consult.example") as client:
        for _ in range(MAILS):
            client.sendmail("alex@consult.example", ["bob@bob.example"], DATA)


@contextlib.contextmanager
def _sink() -> Iterator[int]:
    """A server that takes everything and keeps nothing; its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=_take, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _take(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 here\r\n")
        while line := lines.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                while lines.readline() not in (b".\r\n", b""):
                    pass
            answer = {b"EHLO": b"250-here\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n")
            connection.sendall(answer)
            if verb == b"QUIT":
                return
