"""From an address to its servers: all sources at once, the best one that holds, within one budget of time.

The sources, the best first: the table by domain, the table by MX, autoconfig, SRV, guesses. Each server that any of them
names is a candidate only when its certificate is good for that very name and it speaks the protocol: so a wildcard in
the DNS, a captive portal or a black hole make no candidate, and cost no more than the budget.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from followmail.discovery import autoconfig, names, providers
from followmail.discovery.endpoint import Endpoint, Protocol, usual
from followmail.discovery.network import Network
from followmail.discovery.probe import Outcome, Probe, probe
from followmail.discovery.providers import Provider
from followmail.options import Security

_INVALID = "no-such-name.invalid"  # RFC 6761 §6.4: whoever gives it an address lies about every name


class Source(IntEnum):
    """Who named a server; the lower, the better."""

    TABLE = 0
    MX = 1
    AUTOCONFIG = 2
    SRV = 3
    GUESS = 4
    HAND = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that was named, by whom, and the login name there."""

    endpoint: Endpoint
    user: str
    source: Source
    place: int = 0  # among those of its source


@dataclass(frozen=True, slots=True)
class Found:
    """What is known. `imap`: verified, the best first. `smtp`: as named, not tried. `probes`: all that was looked at."""

    address: str
    provider: Provider | None = None
    imap: tuple[Candidate, ...] = ()
    smtp: tuple[Candidate, ...] = ()
    probes: tuple[Probe, ...] = ()
    silent_names: bool = False  # no name server answered
    lying_names: bool = False  # a name that cannot be has an address

    def offers(self, endpoint: Endpoint) -> Probe | None:
        """What was seen of a server."""
        return next((p for p in self.probes if p.endpoint == endpoint), None)


def find(address: str, network: Network) -> Found:
    """The servers of an address. Takes no longer than the network's budget; never raises."""
    return _Search(address, network).run()


def look_at(network: Network, endpoints: Sequence[Endpoint]) -> tuple[Probe, ...]:
    """Looks at servers that somebody named, all at once, within the budget, in their order."""
    race = _Race(network.budget)
    for place, endpoint in enumerate(endpoints):
        race.start(f"{place}", _looking(network, endpoint, race.deadline))
    seen = dict(race.results())
    late = (Probe(endpoint, Outcome.SILENT) for endpoint in endpoints)
    return tuple(seen.get(f"{place}", missing) for place, missing in enumerate(late))


def _looking(network: Network, endpoint: Endpoint, deadline: float) -> Callable[[], Probe]:
    return lambda: probe(network, endpoint, deadline)


class _Race:
    """Work in threads of its own, given up at the deadline: a thread that hangs in a name server is left behind."""

    def __init__(self, budget: float) -> None:
        self.deadline = time.monotonic() + budget
        self._done: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.running: list[str] = []

    def start(self, name: str, work: Callable[[], Any]) -> None:
        self.running.append(name)
        threading.Thread(target=lambda: self._done.put((name, _guarded(work))), daemon=True).start()

    def results(self) -> Iterator[tuple[str, Any]]:
        """Name and result as they come, until nothing runs or the time is over."""
        while self.running:
            try:
                name, result = self._done.get(timeout=max(0.0, self.deadline - time.monotonic()))
            except queue.Empty:
                return
            self.running.remove(name)
            yield name, result


def _guarded(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception:  # noqa: BLE001  a source that fails names nothing; the others go on
        return None


@dataclass(slots=True)
class _Search:
    """One search under way."""

    address: str
    network: Network
    provider: Provider | None = None
    named: list[Candidate] = field(default_factory=list)
    probes: dict[Endpoint, Probe] = field(default_factory=dict)
    silent: bool = False
    lying: bool = False
    race: _Race = field(init=False)

    def run(self) -> Found:
        self.race = _Race(self.network.budget)
        self.provider = providers.of_domain(self.domain)
        if self.provider is None:
            self._ask_everybody()
        else:
            self._take_provider(self.provider, Source.TABLE)
        for name, result in self.race.results():
            self._take(name, result)
            if self._is_settled():
                break
        return self._found()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def _ask_everybody(self) -> None:
        ask, deadline, start = self.network.ask, self.race.deadline, self.race.start
        start("mx", lambda: ask(self.domain, "MX", deadline))
        start("lie", lambda: ask(_INVALID, "A", deadline))
        for protocol in ("imap", "smtp"):
            start(f"srv {protocol}", self._srv(protocol))
        for url in autoconfig.places(self.address):
            start(f"autoconfig {url}", self._autoconfig(url))
        for place, endpoint in enumerate(_guesses(self.domain)):
            self._name(Candidate(endpoint, self.address, Source.GUESS, place))

    def _srv(self, protocol: Protocol) -> Callable[[], tuple[Endpoint, ...]]:
        return lambda: names.services(self.network.ask, protocol, self.domain, self.race.deadline)

    def _autoconfig(self, url: str) -> Callable[[], bytes | None]:
        return lambda: autoconfig.fetch(self.network, url, self.race.deadline)

    def _name(self, candidate: Candidate) -> None:
        """A server was named: it is looked at, once. SMTP is looked at when it is needed."""
        self.named.append(candidate)
        endpoint = candidate.endpoint
        if endpoint.protocol == "imap" and f"probe {endpoint}" not in self.race.running and endpoint not in self.probes:
            self.race.start(f"probe {endpoint}", _looking(self.network, endpoint, self.race.deadline))

    def _take(self, name: str, result: Any) -> None:
        what = name.partition(" ")[0]
        if result is None:
            return
        if what == "probe":
            self.probes[result.endpoint] = result
        elif what == "mx":
            self._take_mx(result)
        elif what == "lie":
            self.lying = bool(result.records)
        elif what == "srv":
            for place, endpoint in enumerate(result):
                self._name(Candidate(endpoint, self.address, Source.SRV, place))
        elif what == "autoconfig":
            for place, one in enumerate(autoconfig.read(result, self.address)):
                self._name(Candidate(one.endpoint, one.user, Source.AUTOCONFIG, place))

    def _take_mx(self, asked: names.Asked) -> None:
        self.silent = asked.silent
        exchangers = names.mx(asked)
        self.provider = providers.of_mx(exchangers)
        if self.provider is not None:
            self._take_provider(self.provider, Source.MX, exchangers[0])
        elif exchangers:  # a small server of one's own does everything under one name
            for place, protocol in enumerate(("imap", "smtp"), 90):
                endpoint = usual(protocol, exchangers[0])  # type: ignore[arg-type]
                self._name(Candidate(endpoint, self.address, Source.GUESS, place))

    def _take_provider(self, provider: Provider, source: Source, mx: str = "") -> None:
        if provider.none:
            return
        for protocol in ("imap", "smtp"):
            endpoint = provider.endpoint(protocol, mx)
            self._name(Candidate(endpoint, provider.user(self.address), source))

    def _is_settled(self) -> bool:
        """Whether the best that is good can no longer be bettered by what still runs."""
        if self.provider is not None and self.provider.none:
            return True
        good = self._good()
        if not good:
            return False
        best = (good[0].source, good[0].place)
        return not any(self._may_better(name, best) for name in self.race.running)

    def _may_better(self, running: str, best: tuple[Source, int]) -> bool:
        what, _, rest = running.partition(" ")
        if what == "probe":
            waiting = [c for c in self.named if f"{c.endpoint}" == rest]
            return any((c.source, c.place) < best for c in waiting)
        if rest == "smtp":
            return False
        sources = {"mx": Source.MX, "autoconfig": Source.AUTOCONFIG, "srv": Source.SRV}
        return sources.get(what, Source.HAND) < best[0]

    def _taken(self) -> list[Candidate]:
        """What counts. Where the provider is known nothing is guessed: a company's web server often speaks IMAP too."""
        worst = Source.SRV if self.provider is not None else Source.HAND
        return sorted((c for c in self.named if c.source <= worst), key=_rank)

    def _good(self) -> list[Candidate]:
        """The IMAP servers whose look was good, the best first."""
        return [c for c in self._taken() if c.endpoint in self.probes and self.probes[c.endpoint].good]

    def _found(self) -> Found:
        asked = dict.fromkeys(c.endpoint for c in self._taken() if c.endpoint.protocol == "imap")
        imap = tuple({c.endpoint: c for c in reversed(self._good())}.values())[::-1]
        return Found(
            self.address, self.provider, imap, tuple(c for c in self._taken() if c.endpoint.protocol == "smtp"),
            tuple(self.probes.get(endpoint, Probe(endpoint, Outcome.SILENT)) for endpoint in asked),
            self.silent, self.lying,
        )  # fmt: skip


def _rank(candidate: Candidate) -> tuple[int, int]:
    return candidate.source, candidate.place


def _guesses(domain: str) -> Iterator[Endpoint]:
    """Names that many hosters use."""
    for security in (Security.TLS, Security.STARTTLS):
        for host in ("imap", "mail"):
            yield usual("imap", f"{host}.{domain}", security)
    yield usual("imap", domain)
    for security in (Security.TLS, Security.STARTTLS):
        for host in ("smtp", "mail"):
            yield usual("smtp", f"{host}.{domain}", security)
