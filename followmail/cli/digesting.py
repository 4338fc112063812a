"""`digest`: what waits for the consultant, now."""

from contextlib import closing
from typing import Any

import click

from followmail.cli.output import json_option, now, say, say_json, settings_of
from followmail.errors import AnotherInstance, CommandRefused, UserError
from followmail.jobs import digest, facts
from followmail.jobs.facts import DIGEST_FAULT
from followmail.rendering.digest import Page
from followmail.rounds import Office, alone
from followmail.settings import Settings
from followmail.store import Store


@click.command("digest", epilog="Example: followmail digest --print")
@click.option("--print", "printed", is_flag=True, help="Show it here; write nothing anywhere.")
@json_option
@click.pass_context
def digest_command(ctx: click.Context, printed: bool, as_json: bool) -> None:
    """The daily digest, now: into INBOX, where it counts as today's. A running daemon puts it there at its next look."""
    settings = settings_of(ctx)
    if printed:
        page = _shown(settings)
        say_json(_as_json(page)) if as_json else say(f"Subject: {page.subject}\n\n{page.text.rstrip()}")
        return
    at_once = _put(settings)
    if as_json:
        say_json({"put": at_once})
    else:
        say("It lies in INBOX." if at_once else "The daemon that runs puts it into INBOX at its next look.")


def _shown(settings: Settings) -> Page:
    with closing(Office.open(settings, Store.copy_in_memory(settings.database))) as office:
        c = office.cycle(now(), dry=True)
        return digest.page(c, office.gather(c)(digest.since(c)))


def _put(settings: Settings) -> bool:
    """Whether it lies in INBOX; False: the daemon was asked to put it there. Raises what the connection raises."""
    try:
        with alone(settings.database), closing(Office.open(settings)) as office:
            _put_alone(office)
    except AnotherInstance:
        with closing(Store.open(settings.database)) as store:
            store.facts.set_text(facts.WANTED, "yes")
        return False
    return True


def _put_alone(office: Office) -> None:
    office.clock = now
    with office.connect() as session:
        c = office.cycle(now())
        if c.dry:
            raise UserError("In mode dry-run nothing is put into the mailbox; `followmail digest --print` shows it.")
        digest.now(c, office.gather(c)(digest.since(c)))
        digest.put(session, c)
    if fault := c.store.facts.text(DIGEST_FAULT):
        raise CommandRefused(fault)


def _as_json(page: Page) -> dict[str, Any]:
    items = [
        {"number": number, "what": item.what.value, "address": item.address, "text": item.text, "asked": item.asked}
        for number, item in enumerate(page.items, 1)
    ]
    return {"subject": page.subject, "text": page.text, "items": items}
