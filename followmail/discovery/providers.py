"""What is publicly known of mail providers: providers.toml, read once. Nothing of it was tried live."""

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from followmail.discovery.endpoint import Endpoint, Protocol, is_loopback, read


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. None in `files`, `rewrites`, `plus` and `daily`: not known. Two lines may share their servers."""

    name: str
    sources: tuple[str, ...]
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    imap: str = ""
    smtp: str = ""
    login: str = "address"
    methods: tuple[str, ...] = ()
    page: str = ""
    remedy: str = ""
    oauth: str = ""
    files: bool | None = None
    rewrites: bool | None = None
    plus: bool | None = None
    daily: int | None = None
    none: str = ""

    @property
    def takes_password(self) -> bool:
        """Whether a password of any kind gets a program in."""
        return "password" in self.methods or "app password" in self.methods

    @property
    def wants_app_password(self) -> bool:
        """Whether the ordinary password is surely refused."""
        return "app password" in self.methods and "password" not in self.methods

    def endpoint(self, protocol: Protocol, mx: str = "") -> Endpoint:
        """Its server; `mx` is the domain's own first mail exchanger, where that is the server."""
        text = self.imap if protocol == "imap" else self.smtp
        return read(protocol, text.replace("{mx}", mx))

    def runs(self, host: str) -> bool:
        """Whether this is a server of its own, whose certificate is surely good."""
        texts = (text for text in (self.imap, self.smtp) if text and not text.startswith("{"))
        return host in {read("imap", text).host for text in texts}

    def user(self, address: str) -> str:
        """The login name."""
        return address.partition("@")[0] if self.login == "local" else address

    def advice(self) -> str:
        """What to do about a refused login: a sentence with the page to go to; empty where nothing is known."""
        return f"{self.remedy}: {self.page}" if self.remedy and self.page else self.remedy


@cache
def providers() -> tuple[Provider, ...]:
    """All of them, in the order of the file."""
    text = resources.files("followmail.discovery").joinpath("providers.toml").read_text("utf-8")
    return tuple(Provider(**{name: _frozen(value) for name, value in row.items()}) for row in _rows(text))


def of_domain(domain: str) -> Provider | None:
    """Whose addresses these surely are."""
    return next((p for p in providers() if domain.lower() in p.domains), None)


def of_mx(names: Iterable[str]) -> Provider | None:
    """Who takes the mail of a domain, by the names of its MX records. The longest known ending decides."""
    found = [(suffix, p) for name in names for p in providers() for suffix in p.mx if _ends(name, suffix)]
    return max(found, key=lambda one: len(one[0]), default=(None, None))[1]


def of_server(host: str, port: int, domain: str = "") -> Provider | None:
    """Whose IMAP server this is; where several share it, the one that has the domain, else the last, for companies.

    What is on this machine is known by its port.
    """
    sharing = [p for p in providers() if _is_at(p, host.lower(), port)]
    return next((p for p in sharing if domain.lower() in p.domains), sharing[-1] if sharing else None)


def _is_at(provider: Provider, host: str, port: int) -> bool:
    if not provider.imap or provider.imap.startswith("{"):
        return False
    known = provider.endpoint("imap")
    return known.host == host and (known.port == port or not is_loopback(host))


def _ends(name: str, suffix: str) -> bool:
    bare = name.lower().rstrip(".")
    return bare == suffix or bare.endswith(f".{suffix}")


def _rows(text: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads(text)["provider"]
    return rows


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# The docs


def table() -> str:
    """All of it as a table for docs/provider.md."""
    heads = ("provider", "IMAP", "SMTP", "logs in with", "files Sent itself", "changes the id", "me+x@", "a day")
    rows = [heads, tuple("---" for _ in heads), *map(_cells, providers())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _cells(p: Provider) -> tuple[str, ...]:
    links = "".join(f" [{number}]({url})" for number, url in enumerate(p.sources, 1))
    if p.none:
        return f"{p.name}{links}", "none", "none", p.none, "", "", "", ""
    ways = ", ".join(p.methods)
    how = f"{ways} ([page]({p.page}))" if p.page else ways
    return (
        *(f"{p.name}{links}", _place(p.imap, "993"), _place(p.smtp, "465"), how),
        *map(_known, (p.files, p.rewrites, p.plus)),
        "?" if p.daily is None else f"{p.daily:,}",
    )


def _place(text: str, port: str) -> str:
    where, _, word = text.partition(" ")
    return f"{where if ':' in where else f'{where}:{port}'} {word}".strip().replace("{mx}", "the MX")


def _known(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "?"}[value]


if __name__ == "__main__":
    sys.stdout.write(table())
