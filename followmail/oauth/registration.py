"""Whose OAuth2 it is: the two providers' addresses and scopes, and the consultant's own client there.

Sources: developers.google.com/identity/protocols/oauth2/native-app, developers.google.com/workspace/gmail/imap/xoauth2-protocol;
learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow, …/v2-oauth2-device-code,
learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from followmail.auth import PasswordSource
from followmail.options import Provider


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is asked, and for what. `loopback`: how it wants this machine to be called in a redirect."""

    name: str  # for people
    authorize: str
    token: str
    device: str | None  # RFC 8628; None: not for mail
    scope: str
    loopback: str = "127.0.0.1"  # RFC 8252 §7.3
    extra: Mapping[str, str] = field(default_factory=dict)  # what it wants in the address that the browser opens


ENDPOINTS: dict[Provider, Endpoints] = {
    Provider.GOOGLE: Endpoints(
        name="Google",
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",
        device=None,  # Google lets no device ask for mail
        scope="https://mail.google.com/",
        extra={"access_type": "offline", "prompt": "consent"},  # else a second login brings no refresh token
    ),
    Provider.MICROSOFT: Endpoints(
        name="Microsoft",
        authorize="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        token="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        device="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
        scope=("https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"),
        loopback="localhost",  # its portal registers no numbers; the port may differ
    ),
}


def tokens_beside(database: Path) -> Path:
    """Where the tokens of the mailbox lie whose database this is."""
    return database.with_suffix(".token")


@dataclass(frozen=True, slots=True)
class Registration:
    """The consultant's own client at a provider. `secret`: where its secret comes from, where it has one."""

    provider: Provider
    client_id: str
    secret: PasswordSource | None = None
    tenant: str = "common"  # Microsoft's

    @property
    def endpoints(self) -> Endpoints:
        return ENDPOINTS[self.provider]

    @property
    def name(self) -> str:
        """The provider's, for people."""
        return self.endpoints.name

    def address(self, pattern: str) -> str:
        """One of the endpoints, for this client's tenant."""
        return pattern.replace("{tenant}", self.tenant)
