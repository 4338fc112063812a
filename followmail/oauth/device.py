"""Login from a machine without a browser: a short code, to be typed on any other device (RFC 8628)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from followmail.auth import Secret
from followmail.errors import LoginRefused, Transient, UserError
from followmail.oauth.grant import Refused, Tokens, ask, granted, verdict
from followmail.oauth.registration import Registration

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LONGEST = 1800.0  # seconds
_LONGEST_PAUSE = 60.0
_USUAL_PAUSE = 5.0  # seconds between two questions, RFC 8628 §3.2
_NO = {"access_denied": "was told no", "authorization_declined": "was told no", "expired_token": "heard nobody in time"}


@dataclass(frozen=True, slots=True)
class Device:
    """What the person is to type, and where; good for so many seconds."""

    user_code: str
    address: str
    seconds: float
    pause: float
    code: Secret = field(repr=False)


def begin(client: Registration) -> Device:
    """A code to be typed. Raises UserError where the provider has none for mail, LoginRefused | Transient."""
    there = client.endpoints
    if there.device is None:
        raise UserError(f"{client.name} lets no code be typed for mail; without --device it works in a browser.")
    try:
        answer = ask(client, there.device, {"scope": there.scope})
    except Refused as refused:
        raise verdict(client, refused) from None
    address, code = answer.text("verification_uri"), answer.text("user_code")
    if not answer.text("device_code") or not _plain(code) or not _plain(address) or not address.startswith("https://"):
        raise LoginRefused(f"{client.name} answers without a code that could be typed.")
    pause = answer.number("interval")
    pause = _USUAL_PAUSE if pause is None else min(max(pause, 1.0), _LONGEST_PAUSE)
    seconds = min(answer.number("expires_in") or _LONGEST, _LONGEST)
    return Device(code, address, seconds, pause, Secret(answer.text("device_code")))


def tokens(
    client: Registration, device: Device, now: Callable[[], datetime], wait: Callable[[float], None] = time.sleep
) -> Tokens:
    """The tokens, once the code was typed. Raises LoginRefused for a "no" or silence."""
    form = {"grant_type": _GRANT, "device_code": device.code.reveal()}
    waited, pause = 0.0, device.pause
    while waited <= device.seconds:
        wait(pause)
        waited += pause
        try:
            return granted(client, form, now())
        except Refused as refused:
            if refused.error == "slow_down":
                pause += 5.0  # RFC 8628 §3.5
            elif refused.error in _NO:
                raise LoginRefused(f"{client.name} {_NO[refused.error]}; nothing was stored.") from None
            elif refused.error != "authorization_pending":
                raise verdict(client, refused) from None
        except Transient:
            pause *= 2  # RFC 8628 §3.5
    raise LoginRefused(f"{client.name} heard nobody in time; nothing was stored.")


def _plain(text: str) -> bool:
    """Whether it may be shown at a terminal."""
    return bool(text) and len(text) <= 300 and text.isascii() and text.isprintable()
