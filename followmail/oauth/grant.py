"""What a token endpoint is asked (RFC 6749), and what its answers mean.

A token that only a person can bring back is LoginNeeded; a client that the provider does not know, or a "no", is
LoginRefused; what may work later is Unreachable or ServerBusy.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from followmail import auth
from followmail.auth import Secret
from followmail.errors import FollowmailError, LoginNeeded, LoginRefused, ServerBusy, Unreachable
from followmail.oauth.registration import Registration
from followmail.oauth.web import Answer, post

Clock = Callable[[], datetime]

_EARLY = timedelta(minutes=5)  # a token is renewed so long before its end
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")  # RFC 6749 §A.12, within bounds
# RFC 6749 §5.2: the client, not the token, is at fault; then what only a person mends; then what passes.
_CLIENT = {"invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request"}
_PERSON = {"invalid_grant", "interaction_required", "consent_required", "login_required"}
_LATER = {"temporarily_unavailable", "server_error", "slow_down"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was granted. The access token is good between these moments; without them, until a server refuses it."""

    access: Secret
    refresh: Secret | None
    since: datetime | None = None
    until: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Whether it need not be renewed yet; a clock that stands before the grant can say nothing."""
        return self.since is None or self.until is None or self.since <= now < self.until


class Refused(Exception):
    """The endpoint said no; `error` is its word, `why` a sentence."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


def ask(client: Registration, url: str, form: Mapping[str, str]) -> Answer:
    """One question as this client. Raises Refused | Unreachable | ServerBusy; what the client's secret raises."""
    secret = auth.password(client.secret)() if client.secret else None
    proof = {"client_secret": secret.reveal()} if secret else {}
    answer = post(client.address(url), {"client_id": client.client_id, **proof, **form})
    if answer.status == 200:
        return answer
    hidden = [value for key, value in {**form, **proof}.items() if key not in ("grant_type", "scope")]
    error = answer.text("error")
    raise Refused(error, _plain(error, answer.text("error_description"), hidden) or f"HTTP {answer.status}")


def granted(client: Registration, form: Mapping[str, str], now: datetime | None) -> Tokens:
    """The tokens for a code, a device or a refresh token. Raises as `ask` does."""
    answer = ask(client, client.endpoints.token, form)
    access, refresh, lifetime = answer.text("access_token"), answer.text("refresh_token"), answer.number("expires_in")
    if not _TOKEN.fullmatch(access) or (refresh and not _TOKEN.fullmatch(refresh)):
        raise Unreachable(f"{client.name} answers without a token that could be used.")
    until = None
    if now is not None and lifetime is not None:
        whole = timedelta(seconds=lifetime)
        until = now + (whole - _EARLY if whole > 2 * _EARLY else whole / 2)
    return Tokens(Secret(access), Secret(refresh) if refresh else None, now, until)


def refreshed(client: Registration, refresh: Secret, now: datetime | None) -> Tokens:
    """New tokens for a refresh token; with the same one, where it was not rotated (RFC 6749 §6)."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh.reveal()}
    try:
        tokens = granted(client, form, now)
    except Refused as refused:
        raise verdict(client, refused) from None
    return tokens if tokens.refresh else Tokens(tokens.access, refresh, tokens.since, tokens.until)


def verdict(client: Registration, refused: Refused) -> FollowmailError:
    """What a refusal means for a login."""
    if refused.error in _LATER:
        return ServerBusy(f"{client.name} says not now: {refused}")
    if refused.error in _PERSON:
        return LoginNeeded(
            f"{client.name} takes this login no longer ({refused}). Log in once more: `followmail login`."
        )
    if refused.error in _CLIENT:
        keys = "FOLLOWMAIL_OAUTH_CLIENT_ID, _CLIENT_SECRET and _TENANT"
        return LoginRefused(f"{client.name} does not take your client ({refused}): check {keys}.")
    return LoginRefused(f"{client.name} refuses the login ({refused}).")


def _plain(error: str, description: str, hidden: list[str]) -> str:
    """The endpoint's own words, short and on one line; what we asked is never repeated."""
    text = f"{error}: {description.splitlines()[0]}" if description.strip() else error
    for secret in filter(None, hidden):
        text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return "".join(c if c.isprintable() else " " for c in text)[:200].strip()
