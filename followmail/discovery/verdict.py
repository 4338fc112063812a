"""What a look at servers comes to, as one sentence that says what to do."""

from collections.abc import Sequence

from followmail.discovery.probe import Outcome, Probe
from followmail.discovery.providers import Provider
from followmail.discovery.search import Found
from followmail.options import Security

_PORTAL = (
    "as in a hotel or a train, whose network wants you to log in first: open a web page, log in there, and try again"
)
# Where several servers failed in different ways, the most telling one is told.
_TELLING = (
    Outcome.CERTIFICATE,
    Outcome.PLAIN,
    Outcome.NO_TLS,
    Outcome.NO_SERVER,
    Outcome.SILENT,
    Outcome.REFUSED,
    Outcome.NO_NETWORK,
    Outcome.NO_NAME,
)


def why_none(found: Found) -> str:
    """Why no server was found, and what to do, in one sentence."""
    domain = found.address.rpartition("@")[2]
    outcomes = {probe.outcome for probe in found.probes}
    if found.provider is not None and found.provider.none:
        return f"{found.provider.none}."
    if found.lying_names:
        return f"Something in this network answers for every name there is, {_PORTAL}."
    if outcomes == {Outcome.NO_NETWORK} or (found.silent_names and outcomes <= _NOWHERE):
        return "This machine reaches no network: connect it, and try again."
    worst = most_telling(found.probes)
    if worst is None or (worst.outcome in _NOWHERE and found.provider is None):
        return f"No mail server of {domain} was found by itself: its name stands in the help pages of your provider."
    return why_not(worst, found.provider)


_NOWHERE = frozenset({Outcome.NO_NETWORK, Outcome.NO_NAME, Outcome.SILENT})


def most_telling(probes: Sequence[Probe]) -> Probe | None:
    """The fault that says most."""
    bad = [probe for probe in probes if not probe.good]
    return min(bad, key=lambda probe: _TELLING.index(probe.outcome), default=None)


def why_not(probe: Probe, provider: Provider | None = None) -> str:
    """What is wrong with one server, and what to do, in one sentence; empty where nothing is."""
    at = probe.endpoint
    where = f"{at.host} port {at.port}"
    match probe.outcome:
        case Outcome.GOOD:
            return ""
        case Outcome.CERTIFICATE if provider is not None and provider.runs(at.host):
            return (
                f"Somebody stands between this machine and {at.host}, for the certificate is not {provider.name}'s "
                f"({probe.detail}), {_PORTAL}."
            )
        case Outcome.CERTIFICATE:
            return (
                f"The certificate of {at.host} cannot be trusted ({probe.detail}), so no password is sent there: ask "
                f"your provider for the name that stands in the certificate; if the server is your own, give it one of "
                f"Let's Encrypt, or name its authority in SSL_CERT_FILE; in a hotel or a train, log in at its web page first."
            )
        case Outcome.PLAIN:
            return (
                f"{where} offers no encryption, so everybody on the way could read your password, and it is not used: "
                f"ask your provider for a server with TLS."
            )
        case Outcome.NO_TLS:
            other = Security.STARTTLS if at.security is Security.TLS else Security.TLS
            return f"{where} does not speak TLS ({probe.detail or 'no handshake'}): perhaps its port takes {other}."
        case Outcome.NO_SERVER:
            return f"What answers at {where} is no {at.protocol.upper()} server: check name and port."
        case Outcome.SILENT:
            return (
                f"{where} does not answer: check name and port; a firewall here may block mail, and another network "
                f"tells whether it does."
            )
        case Outcome.REFUSED:
            return f"{at.host} is there, but takes no connections at port {at.port}: check the port."
        case Outcome.NO_NETWORK:
            return "This machine reaches no network: connect it, and try again."
        case Outcome.NO_NAME:
            return f"There is no machine called {at.host}: check the name for a typing error."
