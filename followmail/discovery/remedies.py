"""Why a login was refused, and what to do: what the server says, the provider's own rules, one sentence."""

import re

from followmail.discovery.providers import Provider

# What servers say, lower case, and what they mean by it.
_APP_PASSWORD = re.compile(
    r"app(?:lication)?[- ]specific password|app[- ]password|anwendungsspezifisch|534[ -]5\.7\.9|invalidsecondfactor"
)
_SWITCHED_OFF = re.compile(
    r"imap (?:access )?(?:is )?(?:disabled|not enabled|not allowed)|not enabled for imap|imap.{0,40}(?:deaktiviert|disabled)"
    r"|enable imap|pop3?.imap.{0,40}(?:erlauben|aktivier)"
)
_NO_PASSWORDS = re.compile(
    r"basic ?auth|5\.7\.30|5\.7\.139|modern auth|oauth|no way to log in|offers no login by password|privacyrequired"
)
_BUSY = re.compile(r"\[(?:limit|inuse|unavailable)\]|too many|temporar|try again|rate limit|throttl")
_WEB = re.compile(r"web browser|webbrowser|\[alert\].{0,60}https?://|suspicious|blocked|locked|gesperrt")


def login_refused(said: str, provider: Provider | None) -> str:
    """What to do about a refused login. `said` is the server's own text."""
    text = said.lower()
    known = provider.advice() if provider else ""
    if _APP_PASSWORD.search(text):
        if provider and provider.page and "app password" in provider.methods:
            return f"it wants a password made for this program alone (“app password”): {provider.page}"
        return "it wants a password made for this program alone (“app password”): make one in your provider's security settings"
    if _SWITCHED_OFF.search(text):
        return known or "IMAP is switched off for this mailbox: switch it on in the settings of your webmail"
    if _NO_PASSWORDS.search(text) or (provider and not provider.takes_password):
        return known or "it takes no passwords from programs: log in by OAuth2"
    if _BUSY.search(text):
        return "it is busy, or was asked too often: wait some minutes and try again"
    if _WEB.search(text):
        return "it wants to see you first: log in to your webmail in a browser, settle what it asks, and try again"
    if known:
        return known
    return (
        "the login name or the password is wrong, or your provider wants a password made for this program alone (“app "
        "password”), as most do where two-factor login is on"
    )


def sending_refused(said: str, provider: Provider | None) -> str:
    """The same for SMTP."""
    if provider and provider.oauth == "microsoft" and _NO_PASSWORDS.search(said.lower()):
        return "Microsoft 365 takes passwords for sending only where the administrator allows it (Authenticated SMTP): log in by OAuth2"
    return login_refused(said, provider)
