"""Mailing lists, newsletters and notifications (RFC 2369, RFC 2919). An answer through a list is a person's."""

import re

from followmail.mail.identity import is_machine, local_part
from followmail.mail.kinds import words
from followmail.mail.kinds.received import Received

_HEADERS = ("list-id", "list-unsubscribe", "list-post", "mailing-list", "list-help")
_SENDER = re.compile(
    r"-(?:bounces|request|owner|admin|errors)|^bounces?[+-]|^owner-|^e?news|^marketing$|^mailer$|^notif|^updates?$|^alerts?$",
    re.I,
)
_NOBODY = re.compile(r"no-?reply|do-?not-?reply|ne-?pas-?repondre|nicht-?antworten|no-?responder", re.I)
_MAX_TEXT = 20_000  # characters: the foot of a newsletter


def listed(mail: Received) -> str | None:
    """What says that this mail went to many, or that a program sent it."""
    if is_listed(mail) and not _answers_us(mail):
        return "it came through a list"
    answer = mail.is_reply or mail.has("In-Reply-To")
    local = local_part(mail.sender.address)
    if _NOBODY.search(re.sub(r"[._]", "-", local)) or (not answer and _is_program(mail)):
        return f"the sender is '{local}'"
    said = None if answer else words.phrases("list", "body").first(words.fold(mail.text[:_MAX_TEXT]))
    return f"'{said}'" if said else None


def is_listed(mail: Received) -> bool:
    return any(mail.has(name) for name in _HEADERS) or mail.header("Precedence").strip().lower() == "list"


def _is_program(mail: Received) -> bool:
    sender = local_part(mail.header("Sender").rpartition("<")[2].strip("<> "))
    local = local_part(mail.sender.address)
    return is_machine(mail.sender.address) or bool(_SENDER.search(local) or _SENDER.search(sender))


def _answers_us(mail: Received) -> bool:
    """A reply, addressed to a person and not to the list."""
    if not (mail.is_reply or mail.has("In-Reply-To")):
        return False
    posts = {a.lower() for value in mail.all("List-Post") for a in re.findall(r"mailto:([^>?\s]{1,250})", value)}
    ids = [i.strip("<> ").lower() for v in mail.all("List-Id") for i in re.findall(r"<[^<>\s]{1,250}>|^[^<>]+$", v)]
    to_list = any(a in posts or any(i.startswith(local_part(a) + ".") for i in ids) for a in mail.recipients)
    return not to_list and not (posts and _is_program(mail))
