"""Asking the name servers: MX and SRV records. dnspython is imported when it is first asked."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from followmail.discovery.endpoint import Endpoint, Protocol
from followmail.options import Security

Ask = Callable[[str, str, float], "Asked"]

# What is asked for, the best first (RFC 8314 §5.1, RFC 6186 §3).
_SERVICES: dict[Protocol, tuple[tuple[str, Security], ...]] = {
    "imap": (("_imaps._tcp", Security.TLS), ("_imap._tcp", Security.STARTTLS)),
    "smtp": (("_submissions._tcp", Security.TLS), ("_submission._tcp", Security.STARTTLS)),
}
_MOST = 8  # records that are looked at


@dataclass(frozen=True, slots=True)
class Asked:
    """The records, as text. `silent`: no name server answered, so that nothing is known."""

    records: tuple[str, ...] = ()
    silent: bool = False


def asking(nameserver: str = "", port: int = 53) -> Ask:
    """What asks this name server, or those of the system, before a deadline (monotonic)."""

    def ask(name: str, kind: str, deadline: float) -> Asked:
        """The records of a kind. No such name, or none of the kind: nothing."""
        import dns.exception
        import dns.resolver

        try:
            resolver = dns.resolver.Resolver(configure=not nameserver)
            if nameserver:
                resolver.nameservers, resolver.port = [nameserver], port
            resolver.lifetime = max(0.05, deadline - time.monotonic())
            answer = resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoResolverConfiguration, OSError):
            return Asked(silent=True)
        except (dns.exception.DNSException, ValueError, UnicodeError):  # no such name; a server that knows nothing
            return Asked()
        return Asked(tuple(record.to_text() for record in answer.rrset or ())[:_MOST])

    return ask


ask = asking()


def mx(asked: Asked) -> tuple[str, ...]:
    """The mail exchangers, the preferred first (RFC 5321 §5.1). A null MX (RFC 7505) is none."""
    found = []
    for record in asked.records:
        preference, _, name = record.partition(" ")
        if preference.isdecimal() and name.strip(". "):
            found.append((int(preference), name.strip().rstrip(".").lower()))
    return tuple(name for _, name in sorted(found))


def services(ask: Ask, protocol: Protocol, domain: str, deadline: float) -> tuple[Endpoint, ...]:
    """What the domain itself names as its servers. A target of “.” says that there is none (RFC 2782)."""
    found = []
    for service, security in _SERVICES[protocol]:
        for port, host in _srv(ask(f"{service}.{domain}", "SRV", deadline)):
            found.append(Endpoint(protocol, host, port, security))
    return tuple(found)


def _srv(asked: Asked) -> list[tuple[int, str]]:
    """Port and target, by priority, then by weight (RFC 2782)."""
    found = []
    for record in asked.records:
        parts = record.split()
        if len(parts) == 4 and all(part.isdecimal() for part in parts[:3]) and parts[3] != ".":
            priority, weight, port = map(int, parts[:3])
            found.append((priority, -weight, port, parts[3].rstrip(".").lower()))
    return [(port, host) for _, _, port, host in sorted(found) if 0 < port < 65536]
