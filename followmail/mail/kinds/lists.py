"""Mailing lists, newsletters and notifications (RFC 2369, RFC 2919). An answer through a list is a person's."""

import re

from followmail.mail.identity import is_machine, local_part, same_company
from followmail.mail.kinds import words
from followmail.mail.kinds.received import Received

_HEADERS = ("list-id", "list-unsubscribe", "list-post", "mailing-list", "list-help")
_SENDER = re.compile(
    r"-(?:bounces|request|owner|admin|errors)|^bounces?[+-]|^owner-|^e?news|^marketing$|^mailer$|^notif|^updates?$|^alerts?$",
    re.I,
)
_NOBODY = re.compile(r"no-?reply|do-?not-?reply|ne-?pas-?repondre|nicht-?antworten|no-?responder", re.I)
_TAG = re.compile(r"\[([\w.-]{3,40})\]")
_ACCOUNT = re.compile(r"www-data|apache|httpd|nginx|wwwrun|nobody|svn|cron", re.I)  # of programs, not of people
_MAX_TEXT = 20_000  # characters: the foot of a newsletter


def listed(mail: Received) -> str | None:
    """What says that this mail went to many, or that a program sent it."""
    if mail.ours and _refers(mail):
        return None
    if is_listed(mail) and (not _answers_us(mail) or (_is_machines(mail) and _goes_to_many(mail))):
        return "it came through a list"
    if (named := _names_list(mail)) is not None:
        return f"subject begins '[{named}]', and it went to '{named}'"
    if not mail.answers and _is_program(mail) and not _is_form(mail):
        return f"the sender is '{local_part(mail.sender.address)}'"
    said = None if mail.answers else words.phrases("list", "body").first(words.fold(mail.text[:_MAX_TEXT]))
    return f"'{said}'" if said else None


def nobody(mail: Received) -> str | None:
    """What says that nobody reads what is written to the sender; people, too, answer through services that say so."""
    local = local_part(mail.sender.address)
    return f"the sender is '{local}'" if _is_nobody(local) and not _is_form(mail) else None


def is_listed(mail: Received) -> bool:
    return any(mail.has(name) for name in _HEADERS) or mail.header("Precedence").strip().lower() == "list"


def _is_form(mail: Received) -> bool:
    """What somebody who is awaited typed into the form of a web site: the answer is to go to a person elsewhere."""
    sender = mail.sender.address
    return (
        mail.ours
        and not mail.answers
        and any(not (is_machine(p.address) or same_company(p.address, sender)) for p in mail.reply_to)
    )


def _names_list(mail: Received) -> str | None:
    """The tag that a list puts into the subject, where the mail is addressed to that list."""
    tags = (tag.strip().lower() for tag in _TAG.findall(mail.subject[:200]))
    locals_ = set(map(local_part, mail.recipients))
    return next((tag for tag in tags if tag in locals_), None)


def _is_nobody(local: str) -> bool:
    return bool(_NOBODY.search(re.sub(r"[._]", "-", local)))


def _is_program(mail: Received) -> bool:
    sender, path = (local_part(mail.header(name).rpartition("<")[2].strip("<> ")) for name in ("Sender", "Return-Path"))
    local = local_part(mail.sender.address)
    wrote = bool(_SENDER.search(local) or _SENDER.search(sender) or _ACCOUNT.fullmatch(path))
    return wrote or is_machine(mail.sender.address)


def _refers(mail: Received) -> bool:
    """A person's answer to a mail that it names: a list only carried it, as the group of a firm does that stands in Cc."""
    return (mail.has("In-Reply-To") or mail.has("References")) and not (_is_machines(mail) or _goes_to_many(mail))


def _is_machines(mail: Received) -> bool:
    sender = mail.sender.address
    return is_machine(sender) or _SENDER.search(local_part(sender)) is not None


def _goes_to_many(mail: Received) -> bool:
    """A newsletter: nobody can post to it (RFC 2369 §3.4)."""
    post = mail.header("List-Post").strip().upper()
    bulk = mail.has("List-Unsubscribe-Post") or mail.header("Precedence").strip().lower() == "bulk"
    return not post.startswith("<") and bool(post or bulk)


def _answers_us(mail: Received) -> bool:
    """A reply, addressed to a person and not to the list."""
    if not mail.answers:
        return False
    posts = {a.lower() for value in mail.all("List-Post") for a in re.findall(r"mailto:([^>?\s]{1,250})", value)}
    ids = [i.strip("<> ").lower() for v in mail.all("List-Id") for i in re.findall(r"<[^<>\s]{1,250}>|^[^<>]+$", v)]
    return not any(a in posts or any(i.startswith(local_part(a) + ".") for i in ids) for a in mail.recipients)
