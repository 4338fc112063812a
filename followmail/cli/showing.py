"""`status`, `plan`, `prospects`, `explain`, `preview`, `classify`: the commands that read and tell."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from followmail.cli.output import books_of, json_option, now, say, say_json, table, when
from followmail.errors import UserError

if TYPE_CHECKING:
    from followmail.mail.kinds import Verdict


@click.command("status", epilog="Example: followmail status")
@json_option
@click.pass_context
def status_command(ctx: click.Context, as_json: bool) -> int:
    """One screen: healthy or not and since when, last complete look, what waits, who waits, what leaves next."""
    from followmail import telling

    books = books_of(ctx)
    told = telling.status(books.cycle(now()), books.settings.poll)
    if as_json:
        say_json(told)
        return 0 if told["healthy"] else 1
    say(
        f"{'Healthy' if told['healthy'] else 'NOT healthy'}. Last complete look: {when(told['last_look']) or 'never'}. Mode: {told['mode']}."
    )
    for problem in told["problems"]:
        say(f"  ! {problem}")
    say(f"{told['headline']}.")
    if told["paused_for_good"]:
        say("Paused: nothing leaves until `followmail resume`.")
    elif told["paused_until"]:
        say(f"Paused: nothing leaves until {when(told['paused_until'])}.")
    counts = ", ".join(f"{n} {state}" for state, n in told["counts"].items() if n)
    say(f"Enrollments: {counts or 'none yet'}.")
    _part("Waits for your yes (`followmail approve ID`):", told["waiting"])
    _part("Drafts that wait for you:", told["drafts"])
    _people("Call:", told["calls"])
    _people("Who waits for you:", told["waits_for_you"])
    _part("Next:", told["next"])
    return 0 if told["healthy"] else 1


def _part(title: str, rows: list[dict[str, object]]) -> None:
    if rows:
        say(title)
        table(
            ("id", "due", "address", "step", "why"),
            [
                (r["id"], when(str(r["due"] or "")), r["address"], f"{r['sequence']}/{r['step']}", r["why"])
                for r in rows
            ],
            "",
        )


def _people(title: str, rows: list[dict[str, str]]) -> None:
    """Sentences rather than columns: who, what they asked, and why they come first."""
    if rows:
        say(title)
    for row in rows:
        say(f"  {row['text']}")
        for line in (f'"{row["asked"]}"' if row["asked"] else "", row["first"]):
            if line:
                say(f"      {line}")


@click.command("plan", epilog="Example: followmail plan --days 14")
@click.option(
    "--days",
    type=click.IntRange(0, 3650),
    default=0,
    help="Every step of the next so many days, as if nobody answered.",
)
@click.option(
    "--by",
    type=click.Choice(["due", "priority"]),
    default="due",
    help="Ordered by when it is due, or by who needs you first.",
)
@json_option
@click.pass_context
def plan_command(ctx: click.Context, days: int, by: str, as_json: bool) -> None:
    """The next step of each enrollment: when, and why. Reads the database only."""
    from followmail import telling

    rows = telling.plan_rows(books_of(ctx).cycle(now()), days, by)
    if as_json:
        say_json(rows)
        return
    first = ("first",) if by == "priority" else ()
    table(
        ("id", "due", "address", "step", "mode", "waits for", "why", *first),
        [
            (
                r["id"],
                when(r["due"]),
                r["address"],
                f"{r['sequence']}/{r['step']}",
                r["mode"],
                r["waits_for"],
                r["why"],
                *(r[name] for name in first),
            )
            for r in rows
        ],
        "Nobody is enrolled. `followmail once --dry-run` tells whom it would follow up.",
    )


@click.command("prospects", epilog="Example: followmail prospects --state waiting")
@click.option("--state", help="Only those in this state.")
@json_option
@click.pass_context
def prospects_command(ctx: click.Context, state: str | None, as_json: bool) -> None:
    """Who is where."""
    from followmail import telling
    from followmail.sequence.steps import State

    if state is not None and state not in set(State):
        raise click.BadParameter(f"'{state}' is no state; there are: {', '.join(State)}", param_hint="--state")
    c = books_of(ctx).cycle(now())
    rows = telling.prospect_rows(c, c.store.enrollments.all())
    rows = [row for row in rows if state is None or row["state"] == state]
    if as_json:
        say_json(rows)
        return
    heads = ("id", "address", "name", "sequence", "state", "step", "until", "why")
    table(heads, [[when(r[h]) if h == "until" else r[h] for h in heads] for r in rows], "Nobody.")


@click.command("explain", epilog="Example: followmail explain bob@bob.example")
@click.argument("who", metavar="ADDRESS|MESSAGE-ID")
@json_option
@click.pass_context
def explain_command(ctx: click.Context, who: str, as_json: bool) -> None:
    """Every rule with pass or fail, the history, what happens next."""
    from followmail import telling

    told = telling.explain(books_of(ctx).cycle(now()), who)
    if told is None:
        raise UserError(f"Nothing is known of '{who}': no mail from or to it was read, and it is enrolled nowhere.")
    if as_json:
        say_json(told)
        return
    say(told["address"])
    for row in told["enrollments"]:
        say(f"  {row['sequence']}: {row['state']}, step {row['step']} (number {row['id']}) {row['why']}")
    say("Rules:")
    for rule in told["rules"]:
        say(f"  {'pass' if rule['passed'] else 'FAIL'}  {rule['rule']}: {rule['detail']}")
    say("History:" if told["events"] else "No history yet.")
    for event in told["events"]:
        say(f"  {when(event['at'])}  {event['event']}: {event['why']}")
    following = told["next"]
    say(f"Next: {_coming(following)}")
    if following and following.get("say"):
        say("To say:")
        for line in following["say"].splitlines():
            say(f"    {line}")


def _coming(following: dict[str, Any] | None) -> str:
    if following is None:
        return "nothing."
    step = f"step {following['step']}, {when(following['due'])}: " if following["step"] is not None else ""
    return f"{step}{following['why']}"


@click.command("preview", epilog="Example: followmail preview nudge --to bob@bob.example")
@click.argument("what", metavar="SEQUENCE[/STEP]")
@click.option("--to", "to", metavar="ADDRESS", help="As it would leave to this person.")
@click.option("--html", "page", metavar="FILE", type=click.Path(), help="As a page, to be opened in a browser.")
@json_option
@click.pass_context
def preview_command(ctx: click.Context, what: str, to: str | None, page: str | None, as_json: bool) -> None:
    """The mails as they would leave, each at its time, and the names that a text may use with their values."""
    from followmail import previewing

    shown = previewing.preview(books_of(ctx), what, to, now())
    if page:
        _write_page(shown, page)
    if as_json:
        say_json(shown)
    elif page:
        say(f"{page} is written; open it in a browser.")
    else:
        _timeline(shown)


def _write_page(shown: dict[str, Any], page: str) -> None:
    from pathlib import Path

    from followmail.rendering.preview_html import page_of

    try:
        Path(page).write_text(page_of(shown), encoding="utf-8")
    except OSError as fault:
        raise UserError(f"{page} cannot be written: {fault.strerror}.") from None


def _timeline(shown: dict[str, Any]) -> None:
    say(f"{shown['sequence']}: what {shown['to']} would get, as if nobody answered\n")
    if opening := shown["opening"]:
        say(f"{_dated(opening['at'])}  your mail '{opening['subject']}'")
    for mail in shown["mails"]:
        what = "HELD" if mail["held"] else "a call" if mail["call"] else f"'{mail['subject']}'"
        say(f"{_dated(mail['at'])}  step {mail['step']}{' (left)' if mail['left'] else ''}: {what}, {mail['after']}")
    for mail in shown["mails"]:
        say(f"\n--- step {mail['step']} ({mail['file']}), {_dated(mail['at'])}")
        if mail["held"]:
            say(f"HELD: {mail['held']}")
            continue
        heads = [f"{name.capitalize()}: {mail[name]}" for name in ("from", "to", "cc", "subject") if mail[name]]
        say("\n".join((*heads, "", mail["text"].rstrip())))
    say("\n--- names that a text may use, as they are here")
    table(("name", "value"), [(f"{{{{ {name} }}}}", value) for name, value in shown["names"].items()], "")


def _dated(stamp: str) -> str:
    """With the year: a sequence may reach into the next one."""
    moment = datetime.fromisoformat(stamp)
    return f"{moment:%a} {moment.day:2} {moment:%b %Y %H:%M}"


@click.command("classify", epilog="Example: followmail classify --json mail/*.eml")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@json_option
def classify_command(files: tuple[str, ...], as_json: bool) -> int:
    """What each message is, and the evidence; needs no configuration."""
    from pathlib import Path

    from followmail.mail.kinds import classify

    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    for file in files:
        try:
            rows.append(_row(file, classify(Path(file).read_bytes())))
        except OSError as fault:
            faults.append(f"{file} cannot be read: {fault.strerror}.")
    if as_json:
        say_json(rows)
    else:
        for row in rows:
            until = row["return_date"] or row["until"]
            say(
                f"{row['file']}: {row['kind']}"
                + (f" until {until}" if until else "")
                + (f" ({'; '.join(row['evidence'])})" if row["evidence"] else "")
            )
    for fault_text in faults:
        click.echo(f"followmail: {fault_text}", err=True)
    return 1 if faults else 0


def _row(file: str, verdict: "Verdict") -> dict[str, Any]:
    return {
        "file": file,
        "kind": verdict.kind.value,
        "evidence": list(verdict.evidence),
        "return_date": verdict.return_date.isoformat() if verdict.return_date else None,
        "failed_recipients": list(verdict.failed_recipients),
        "until": verdict.until.isoformat() if verdict.until else None,
        "new_text": verdict.new_text,
        "first_name": verdict.first_name,
        "contact": verdict.contact,
        "language": verdict.language,
        "asks": verdict.asks,
    }
