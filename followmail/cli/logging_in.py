"""`login`: OAuth2, once. Then the tokens renew themselves."""

import os
import subprocess
import sys

import click

from followmail import desk
from followmail.cli.output import now, office_of, say
from followmail.credentials import without_settings
from followmail.errors import LoginRefused, UserError
from followmail.oauth import device as devices
from followmail.oauth.grant import Tokens
from followmail.oauth.loopback import Loopback
from followmail.oauth.registration import Registration
from followmail.rounds import Office

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
_BROWSER_SECONDS = 10.0


@click.command("login", epilog="Example: followmail login")
@click.option("--device", is_flag=True, help="Type a code on another device (Microsoft).")
@click.option("--no-browser", is_flag=True, help="Only show the address; open it where you like.")
@click.pass_context
def login_command(ctx: click.Context, device: bool, no_browser: bool) -> None:
    """Log in by OAuth2, once; from then on the tokens renew themselves."""
    log_in(office_of(ctx), device=device, may_open=not no_browser)


def log_in(office: Office, *, device: bool = False, may_open: bool = True) -> None:
    """The whole of it, with this office; `init` does the same. Raises LoginRefused | UserError | Transient."""
    client = _client(office)
    tokens = _by_device(client, office) if device else _by_browser(client, office, may_open)
    if tokens.refresh is None:
        raise LoginRefused(f"{client.name} gave no token that can be renewed; nothing was stored.")
    _keep(office, client, tokens)
    _try(office, client)


def _client(office: Office) -> Registration:
    source = office.settings.password
    if isinstance(source, Registration):
        return source
    if office.settings.auth == "oauth2":
        raise UserError("Your tokens come from FOLLOWMAIL_TOKEN_COMMAND: log in with that program.")
    raise UserError(
        "Login is by password here, so there is nothing to log in to. For OAuth2 set FOLLOWMAIL_AUTH=oauth2,"
        " FOLLOWMAIL_OAUTH_PROVIDER and FOLLOWMAIL_OAUTH_CLIENT_ID: docs/oauth.md."
    )


# ---- the two ways


def _by_browser(client: Registration, office: Office, may_open: bool) -> Tokens:
    with Loopback(client, office.settings.imap.user) as loopback:
        say(f"Log in at {client.name} as {office.settings.imap.user}, and say yes:\n\n{loopback.url}\n")
        if may_open and _opened(loopback.url):
            say("Your browser opens it. Waiting for your yes …")
        else:
            say("Open this address in a browser on this machine. Waiting for your yes …")
        if sys.stdin.isatty():
            say("(On another machine the browser ends at a page that it cannot show: paste its address here.)")
            code = loopback.wait(sys.stdin.readline, sys.stdin.fileno())
        else:
            code = loopback.wait()
        return loopback.tokens(code, now())


def _opened(url: str) -> bool:
    """Whether a browser took the address. It is started without any setting of ours in its environment."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False  # what webbrowser finds here takes the terminal
    try:
        done = subprocess.run(
            [sys.executable, "-c", _OPEN, url], env=without_settings(os.environ), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_BROWSER_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _by_device(client: Registration, office: Office) -> Tokens:
    device = devices.begin(client)
    say(f"Open {device.address} on any device, log in as {office.settings.imap.user}, and type: {device.user_code}")
    return devices.tokens(client, device, now)


# ---- what comes of it


def _keep(office: Office, client: Registration, tokens: Tokens) -> None:
    file = office.supply(client).file
    with file.locked():
        try:
            file.write(tokens)
        except OSError as fault:
            raise UserError(f"{file.path} cannot be written ({fault.strerror}); nothing was stored.") from None
    say(f"Stored in {file.path}, for you alone.")


def _try(office: Office, client: Registration) -> None:
    """The mailbox must take it too; then what was held because of the login is tried again."""
    imap = office.settings.imap
    try:
        office.connect().close()
    except LoginRefused as fault:
        raise LoginRefused(
            f"{client.name} let you in, but the mailbox of {imap.user} does not: {fault} Was it another account? Then"
            " say `followmail login` again."
        ) from None
    desk.let_account_try(office.store)
    say(f"{imap.host} lets followmail in as {imap.user}. A daemon that has stopped for it must be started again.")
