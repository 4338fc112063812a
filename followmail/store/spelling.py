"""Finds what bears a person's address in a table that grows, by the index of its column `address`."""

from collections.abc import Iterable

from followmail.mail.identity import mailbox, spellings
from followmail.store.rows import marks


def of_people(people: Iterable[str]) -> tuple[str, ...]:
    """A condition, and its values: rows of these people, however their addresses are spelled.

    The spellings that can be listed are looked up; between which others lie, each row is compared.
    """
    who = {mailbox(address) for address in people}
    listed = {spelled for address in (*people, *who) for spelled in spellings(address)}
    spans = [span for person in who for span in _span(person)]
    between = " OR ".join(["(address > ? AND address < ? AND mailbox(address) = ?)"] * len(who))
    return f"(address IN ({marks(len(listed))}) OR {between})", *listed, *spans


def _span(person: str) -> tuple[str, str, str]:
    """Where the spellings lie that cannot be listed: of a mailbox with tags; at Gmail, where dots may stand anywhere."""
    local, _, name = person.rpartition("@")
    if name == "gmail.com":
        return local[:1], f"{local[:1]}\U0010ffff", person
    return f"{local}+", f"{local},", person
