"""Mode send on a real SMTP server: each mail leaves at most once, and what may have left is never repeated."""

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.utils import format_datetime
from itertools import pairwise

import pytest

from followmail import desk
from followmail.errors import FollowmailError
from followmail.mail.msgid import is_ours
from followmail.sequence.steps import State, Status
from followmail.store import Store
from tests.canary import PASSWORD
from tests.servers.dovecot import Dovecots
from tests.servers.smtp import Cut, Delivery, Proxy, Smtpd
from tests.world import ALEX, ANN, BOB, CARLA, Mail, World, addresses, days

BOBS = "bob@bob.example"
CC = "Eve <eve@bob.example>"
Sending = Callable[..., World]


def due(sending: Sending, *to: str, **options: str) -> World:
    """Alex wrote to these people, four business days passed in silence, and the nudges are due now."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.reopen(**options)
    world.round()
    world.now += timedelta(minutes=5)
    for number, person in enumerate(to or (BOB,)):
        world.writes(person, f"Proposal {number}" if number else "Proposal")
    world.round()
    world.days_pass(4, hour=11)
    return world


def status(world: World, address: str = BOBS) -> Status:
    """Where the latest step of an address stands."""
    return max(world.of(address).deliveries, key=lambda d: d.number).status


def steps_in(world: World) -> list[str]:
    """The Message-IDs of the mails of our form that stand in Sent."""
    return [mail["Message-ID"] for mail in world.sent() if is_ours(mail["Message-ID"].strip("<>"))]


def cut_after_the_dot(world: World, smtpd: Smtpd) -> None:
    """The server takes the mail and the link breaks before its answer."""
    smtpd.answer("DOT", b"2", times=1)
    world.round()
    assert len(smtpd.delivered) == 1


# ---- the plain way


def test_a_due_nudge_is_sent_once_and_filed_once(sending: Sending, smtpd: Smtpd) -> None:
    """One mail to Bob, one copy in Sent, byte for byte; the next step counts from it."""
    world = due(sending)
    reports = world.rounds_over(60)
    assert [r.tally.sent for r in reports] == [1, 0, 0, 0, 0, 0, 0]
    (mail,) = smtpd.delivered
    assert (mail.sender, mail.recipients) == ("alex@consult.example", (BOBS,))
    assert world.mailbox.raw("Sent")[-1] == mail.data
    assert len(steps_in(world)) == 1
    assert world.plan()[0]["step"] == 2
    assert world.drafts() == []


def test_a_bystander_in_cc_gets_it_too(sending: Sending, smtpd: Smtpd) -> None:
    """One step is one mail to all of its recipients."""
    world = due(sending, f"{BOB}, {CC}")
    world.round()
    (mail,) = smtpd.delivered
    assert set(mail.recipients) == {BOBS, "eve@bob.example"}


# ---- what surely did not leave


def test_greylisted_it_is_tried_again_with_growing_waits(sending: Sending, smtpd: Smtpd) -> None:
    """451 for hours: the same Message-ID each time, and ever longer waits; then it leaves once."""
    world = due(sending)
    smtpd.answer("DOT", "451 4.7.1 greylisted, come back")
    tries = []
    for _ in range(6 * 12):
        before = len(smtpd.commands)
        world.round()
        if "DATA" in smtpd.commands[before:]:
            tries.append(world.now)
        world.now += timedelta(minutes=5)
    waits = [b - a for a, b in pairwise(tries)]
    assert 4 <= len(tries) <= 8
    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0]
    assert any(e.startswith("retry:") for e in world.events(BOBS))
    smtpd.answer("DOT", "250 2.0.0 taken")
    world.days_pass(1)
    world.round()
    assert len(smtpd.delivered) == 1
    assert len({m["Message-ID"] for m in map(message_from_bytes, [d.data for d in smtpd.delivered])}) == 1
    assert status(world) is Status.SENT


@pytest.mark.parametrize("key", ["GREETING", "MAIL", f"RCPT {BOBS}", "DATA"])
def test_a_temporary_no_before_the_dot_is_tried_again(sending: Sending, smtpd: Smtpd, key: str) -> None:
    """Wherever it is said, nothing left and nothing is lost."""
    world = due(sending)
    smtpd.answer(key, "421 4.3.2 not now", times=1)
    world.round()
    assert (smtpd.delivered, status(world)) == ([], Status.CANCELLED)
    world.now += timedelta(minutes=10)
    world.round()
    assert len(smtpd.delivered) == 1


def test_retries_stay_inside_the_window(sending: Sending, smtpd: Smtpd) -> None:
    """Refused at five in the afternoon, it comes again the next morning."""
    world = due(sending)
    world.now += timedelta(hours=6, minutes=25)
    smtpd.answer("DOT", "451 4.3.0 later", times=1)
    world.rounds_over(60 * 14)
    assert smtpd.delivered == []
    world.days_pass(1, hour=9)
    world.round()
    assert len(smtpd.delivered) == 1


def test_no_such_user_is_a_bounce(sending: Sending, smtpd: Smtpd) -> None:
    """5.1.1 on the prospect: bounced, the address suppressed, nothing more is tried."""
    world = due(sending)
    smtpd.answer(f"RCPT {BOBS}", "550 5.1.1 no such user")
    world.rounds_over(60)
    assert world.states() == {BOBS: "bounced"}
    assert world.office.store.suppressions.matching(BOBS)
    assert sum(line.startswith("DATA") for line in smtpd.commands) == 0


@pytest.mark.parametrize("key", [f"RCPT {BOBS}", "DOT"])
def test_a_policy_refusal_waits_and_suppresses_nobody(sending: Sending, smtpd: Smtpd, key: str) -> None:
    """5.7.1: the address is fine. It waits; a yes tries again."""
    world = due(sending)
    smtpd.answer(key, "550 5.7.1 message refused by policy", times=1)
    world.rounds_over(30)
    assert world.states() == {BOBS: "waiting"}
    assert world.office.store.suppressions.matching(BOBS) is None
    assert "5.7.1" in world.one().why
    desk.approve(world.desk(), world.one())
    world.round()
    assert len(smtpd.delivered) == 1


@pytest.mark.parametrize(("answer", "suppressed"), [("550 5.1.1 who?", True), ("550 5.7.1 not for you", False)])
def test_a_refused_cc_is_dropped_and_the_rest_goes_on(
    sending: Sending, smtpd: Smtpd, answer: str, suppressed: bool
) -> None:
    """Nothing leaves in that attempt; in the next one it goes to the prospect alone."""
    world = due(sending, f"{BOB}, {CC}")
    smtpd.answer("RCPT eve@bob.example", answer)
    world.round()
    assert smtpd.delivered == []
    world.now += timedelta(minutes=10)
    world.round()
    (mail,) = smtpd.delivered
    assert mail.recipients == (BOBS,)
    assert "eve@" not in message_from_bytes(mail.data)["To"]
    assert message_from_bytes(mail.data)["Cc"] is None
    assert bool(world.office.store.suppressions.matching("eve@bob.example")) is suppressed
    assert any(e.startswith("dropped:") for e in world.events(BOBS))


def test_a_wrong_password_stops_the_account_and_not_the_mail(sending: Sending, smtpd: Smtpd) -> None:
    """535: one login a try and ever longer waits, told in status; with the right one it leaves."""
    world = due(sending, BOB, CARLA)
    smtpd.password = "another"
    world.rounds_over(60)
    assert len(smtpd.logins) <= 4
    assert world.office.store.facts.text("sending_fault")
    smtpd.password = PASSWORD
    desk.resume_all(world.desk())
    world.now += timedelta(hours=1)
    world.rounds_over(60)
    assert len(smtpd.delivered) == 2


def test_the_providers_daily_limit_holds_the_account_for_a_day(sending: Sending, smtpd: Smtpd) -> None:
    """552 5.4.5: no other mail is tried that day, and no burst follows."""
    world = due(sending, BOB, CARLA, ANN)
    smtpd.answer("DOT", "552 5.4.5 daily sending quota exceeded", times=1)
    world.rounds_over(300)
    assert sum(line == "DATA" for line in smtpd.commands) == 1
    world.days_pass(1, hour=15)
    world.rounds_over(60)
    assert len(smtpd.delivered) == 3


def test_an_unreachable_server_costs_nothing_but_time(sending: Sending, smtpd: Smtpd, world: World) -> None:
    """Connection refused: held, not failed."""
    world = due(sending)
    with Proxy(smtpd.port) as proxy:
        port = proxy.port
    world.reopen(FOLLOWMAIL_SMTP_PORT=str(port))
    world.round()
    assert world.states() == {BOBS: "active"}
    world.reopen(FOLLOWMAIL_SMTP_PORT=str(smtpd.port))
    world.now += timedelta(minutes=10)
    world.round()
    assert len(smtpd.delivered) == 1


# ---- what may have left


def test_cut_after_the_dot_it_is_uncertain_shown_and_never_sent_again(sending: Sending, smtpd: Smtpd) -> None:
    """A day of looks does not repeat it; `plan` and `prospects` show it."""
    world = due(sending)
    cut_after_the_dot(world, smtpd)
    assert status(world) is Status.UNCERTAIN
    world.rounds_over(120)
    assert world.run_days(3)[-1].tally.uncertain == 1
    assert len(smtpd.delivered) == 1
    (row,) = world.plan()
    assert row["state"] == "uncertain"
    assert world.states() == {BOBS: "waiting"}
    assert any(e.startswith("uncertain:") for e in world.events(BOBS))


def test_a_copy_in_sent_settles_what_was_uncertain(sending: Sending, smtpd: Smtpd) -> None:
    """The provider filed it: it left, and nothing is filed twice."""
    world = due(sending)
    cut_after_the_dot(world, smtpd)
    world.mailbox.append(smtpd.delivered[0].data, "Sent", ("\\Seen",), world.now)
    world.rounds_over(30)
    assert status(world) is Status.SENT
    assert len(steps_in(world)) == 1
    assert world.states() == {BOBS: "active"}
    assert world.plan()[0]["step"] == 2


def renamed(mail: Delivery, original: bool = False) -> bytes:
    """What a provider makes of a mail that it takes: another Message-ID; Exchange keeps ours in a header of its own."""
    old = re.search(rb"(?m)^Message-ID: (<[^>]+>)\r\n", mail.data)
    assert old
    kept = b"X-Microsoft-Original-Message-ID: " + old[1] + b"\r\n" if original else b""
    return mail.data.replace(old[0], b"Message-ID: <0102018f.7@provider.example>\r\n" + kept, 1)


@pytest.mark.parametrize("original", [True, False], ids=["Exchange", "SES"])
def test_a_copy_under_another_id_settles_it_too(sending: Sending, smtpd: Smtpd, original: bool) -> None:
    """Same people, thread, subject and time: it is that mail, and no new mail of Alex's that would move the clock."""
    world = due(sending)
    cut_after_the_dot(world, smtpd)
    world.mailbox.append(renamed(smtpd.delivered[0], original), "Sent", ("\\Seen",), world.now)
    world.rounds_over(30)
    assert status(world) is Status.SENT
    assert len(world.sent()) == 2
    assert not any(e.startswith("anchor:") for e in world.events(BOBS))


def test_skip_counts_the_uncertain_one_as_left(sending: Sending, smtpd: Smtpd) -> None:
    """By name, not by `--all`; the next step counts from when it was handed over."""
    world = due(sending)
    cut_after_the_dot(world, smtpd)
    assert desk.approve_all(world.desk()) == ()
    desk.skip(world.desk(), world.one())
    world.rounds_over(60)
    assert len(smtpd.delivered) == 1
    assert status(world) is Status.SENT
    assert world.plan()[0]["step"] == 2


def test_approve_sends_the_uncertain_one_again_under_the_same_id(sending: Sending, smtpd: Smtpd) -> None:
    """The consultant knows better: one more attempt, and only one. The gap and one mail a day hold for it too."""
    world = due(sending)
    cut_after_the_dot(world, smtpd)
    desk.approve(world.desk(), world.one())
    world.rounds_over(60)
    world.run_days(1)
    assert len(smtpd.delivered) == 2
    one, two = (message_from_bytes(d.data)["Message-ID"] for d in smtpd.delivered)
    assert one == two
    assert len(steps_in(world)) == 1
    assert status(world) is Status.SENT


@pytest.mark.parametrize("where", range(0, 45, 5))
def test_cut_around_the_end_nobody_gets_it_twice(sending: Sending, smtpd: Smtpd, where: int) -> None:
    """The link breaks in the last answers: sent, tried again, or uncertain; Bob has it at most once."""
    world = due(sending)
    with Proxy(smtpd.port) as proxy:
        world.reopen(FOLLOWMAIL_SMTP_PORT=str(proxy.port))
        proxy.cut = Cut("in", 200 + where, "rst")
        world.round()
        proxy.settle()
        proxy.cut = None
        world.rounds_over(60)
    smtpd.settle()
    assert len(smtpd.delivered) <= 1
    assert len(smtpd.delivered) == 1 or status(world) is Status.UNCERTAIN


# ---- crashes


@pytest.mark.parametrize("stage", [Status.SENDING, Status.HANDED_OVER])
def test_a_start_that_finds_it_in_the_middle(sending: Sending, smtpd: Smtpd, stage: Status) -> None:
    """`sending` proves that no dot was sent: queued again, and sent. `handed-over` proves nothing: uncertain."""
    world = due(sending)
    smtpd.answer("DOT", "451 4.3.0 later", times=1)
    world.round()
    (delivery,) = world.one().deliveries
    left = world.now if stage is Status.HANDED_OVER else None
    world.office.store.outbox.move(delivery.id, tuple(Status), stage, world.now, left=left, next_try=None)
    world.reopen()
    world.now += timedelta(hours=1)
    world.rounds_over(30)
    if stage is Status.SENDING:
        assert (len(smtpd.delivered), status(world)) == (1, Status.SENT)
    else:
        assert (len(smtpd.delivered), status(world)) == (0, Status.UNCERTAIN)
        assert world.plan()[0]["state"] == "uncertain"


@pytest.mark.parametrize("stage", [Status.SENDING, Status.HANDED_OVER])
def test_a_crash_after_the_server_took_it(sending: Sending, smtpd: Smtpd, stage: Status) -> None:
    """Whatever was committed, the copy that the provider filed tells: it left, once."""
    world = due(sending)
    database, before = world.home / "followmail.db", list[bytes]()
    _when(smtpd, "DATA" if stage is Status.SENDING else "DOT", lambda: before.append(database.read_bytes()))
    smtpd.on_delivery = lambda mail: _file(world, mail.data)
    world.round()
    world.close()
    database.write_bytes(before[0])
    assert status(world) is stage
    world.rounds_over(30)
    assert (len(smtpd.delivered), status(world)) == (1, Status.SENT)
    assert len(steps_in(world)) == 1


def _file(world: World, data: bytes) -> None:
    """The provider's own copy: its server is another client of the mailbox, on a connection of its own."""
    mailbox = world.mailbox.server.mailbox(world.mailbox.user)
    mailbox.append(data, "Sent", ("\\Seen",), world.now)
    mailbox.close()


# ---- in the last moment


@pytest.mark.parametrize("moment", ["MAIL", "DATA"])
def test_stopped_between_the_claim_and_the_dot_it_does_not_leave(sending: Sending, smtpd: Smtpd, moment: str) -> None:
    """`followmail stop` from another process while the body goes over the wire."""
    world = due(sending)
    number = world.one().id
    _when(smtpd, moment, lambda: _stop(world, number))
    world.rounds_over(30)
    smtpd.settle()
    assert smtpd.delivered == []
    assert world.of(BOBS).state is State.STOPPED
    assert status(world) is Status.CANCELLED


def _when(smtpd: Smtpd, key: str, do: Callable[[], None]) -> None:
    """Do something once, right before the server answers a command."""
    usual, done = smtpd.scripted, list[str]()

    def scripted(*keys: str) -> str | bytes | None:
        if key in keys and not done:
            done.append(key)
            do()
        return usual(*keys)

    smtpd.scripted = scripted  # type: ignore[method-assign]  # the server's script, not ours


def _stop(world: World, number: int) -> None:
    """Another process has the same database open."""
    with Store.open(world.home / "followmail.db") as store:
        e = store.enrollments.get(number)
        assert e is not None
        desk.stop(desk.Desk(store, world.office.settings.identity, {}, world.office.policy(), world.now), e)


def test_an_answer_that_comes_while_another_mail_leaves_is_seen_first(sending: Sending, smtpd: Smtpd) -> None:
    """Each single mail has its own look: Carla answers while Bob's nudge leaves, and hers does not."""
    world = due(sending, BOB, CARLA)
    asked = world.sent()[-1]

    def answer(mail: Delivery) -> None:
        other = World(world.mailbox.server.mailbox(world.mailbox.user), world.home / "other", now=world.now)
        other.gets(CARLA, answers=Mail(asked["Message-ID"], b"", "Sent", 1))
        other.mailbox.close()

    smtpd.on_delivery = answer
    world.rounds_over(60)
    assert [d.recipients for d in smtpd.delivered] == [(BOBS,)]
    assert world.states()["carla@carla.example"] == "replied"


def test_alex_writes_himself_right_before(sending: Sending, smtpd: Smtpd) -> None:
    """His mail stands in Sent: no nudge that day, the clock starts anew."""
    world = due(sending)
    world.writes(BOB, "Re: Proposal", "Any news? Regards, Alex", answers=_opening(world))
    world.rounds_over(60)
    assert smtpd.delivered == []
    world.days_pass(4, hour=12)
    world.round()
    assert len(smtpd.delivered) == 1


def _opening(world: World) -> Mail:
    mail = world.sent()[0]
    return Mail(mail["Message-ID"], b"", "Sent", 1)


def test_suppressed_in_the_last_moment_it_does_not_leave(sending: Sending, smtpd: Smtpd) -> None:
    """A line typed into suppressed.txt counts at once."""
    world = due(sending)
    (world.home / "suppressed.txt").write_text("@bob.example\n")
    world.rounds_over(30)
    assert smtpd.delivered == []
    assert world.states() == {BOBS: "stopped"}


def test_dry_run_never_connects(sending: Sending, smtpd: Smtpd) -> None:
    """Neither as a mode nor for one cycle."""
    world = due(sending)
    world.round(dry=True)
    world.reopen(FOLLOWMAIL_MODE="dry-run")
    world.rounds_over(30)
    assert smtpd.connections == 0
    assert len(world.sent()) == 1


# ---- the copy in Sent


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("other_id", [False, True], ids=["our id", "another id"])
def test_a_provider_that_files_its_own_copy(sending: Sending, smtpd: Smtpd, late: bool, other_id: bool) -> None:
    """From the second mail on, at the latest, there is one copy of each; answers to either id are answers."""
    world = due(sending, BOB, CARLA, FOLLOWMAIL_GAP="900")
    kept: list[bytes] = []
    smtpd.on_delivery = lambda mail: kept.append(renamed_for(mail, len(smtpd.delivered)) if other_id else mail.data)
    for _ in range(12):
        world.round()
        if late:
            world.now += timedelta(minutes=5)
        while kept:
            _file(world, kept.pop())
        world.now += timedelta(minutes=5)
        world.round()
    assert len(smtpd.delivered) == 2
    to_carla = [m for m in world.sent() if "carla" in m["To"]]
    assert len(to_carla) == 2, "her opening, and one copy of her nudge"
    assert not any(e.startswith("anchor:") for e in world.events("carla@carla.example") + world.events(BOBS))
    copy = to_carla[-1]
    world.gets(CARLA, "Re: Proposal 1", answers=Mail(copy["Message-ID"], b"", "Sent", 1))
    world.round()
    assert world.states()["carla@carla.example"] == "replied"


def renamed_for(mail: Delivery, number: int) -> bytes:
    return renamed(mail).replace(b"0102018f.7", b"0102018f.%d" % number)


def test_a_provider_that_files_at_once_has_one_copy_of_the_first_mail_too(sending: Sending, smtpd: Smtpd) -> None:
    """Looked for first, appended only if absent."""
    world = due(sending)
    smtpd.on_delivery = lambda mail: _file(world, mail.data)
    world.rounds_over(60)
    assert len(steps_in(world)) == 1


def test_a_copy_that_cannot_be_filed_is_tried_again_and_the_mail_is_not(sending: Sending, smtpd: Smtpd) -> None:
    """Sent is read-only today: the mail has left all the same; tomorrow it has its copy."""
    world = due(sending)
    path = world.mailbox._path("Sent")
    world.mailbox.close()
    for name in ("tmp", "cur", "new"):
        (path / name).chmod(0o500)
    world.round()
    assert (len(smtpd.delivered), status(world)) == (1, Status.SENT)
    for name in ("tmp", "cur", "new"):
        (path / name).chmod(0o700)
    world.now += timedelta(minutes=10)
    world.rounds_over(30)
    assert len(smtpd.delivered) == 1
    assert len(steps_in(world)) == 1


def test_a_full_mailbox_sends_once_and_files_later(
    sending: Sending, smtpd: Smtpd, dovecots: Dovecots, world: World
) -> None:
    """[OVERQUOTA] on the APPEND: no second mail comes of it."""
    full = dovecots(
        extra="mail_plugins = quota\nprotocol imap {\n  mail_plugins = quota imap_quota\n}\n"
        "plugin {\n  quota = maildir:User\n  quota_rule = *:bytes=4096\n}\n"
    ).mailbox()
    world.mailbox = full
    world = due(sending)
    filler = world.raw_arrives(b"From: a@b.example\r\nSubject: x\r\n\r\n" + b"x" * 3200)
    try:
        world.rounds_over(20)
    except FollowmailError as fault:
        pytest.fail(f"a full mailbox broke the round: {fault}")
    assert (len(smtpd.delivered), status(world)) == (1, Status.SENT)
    assert steps_in(world) == []
    full.expunge("INBOX", [filler])
    world.rounds_over(20)
    assert len(smtpd.delivered) == 1
    assert len(steps_in(world)) == 1


def test_the_sequence_runs_to_its_end_in_mode_send(sending: Sending, smtpd: Smtpd) -> None:
    """Two nudges in the thread; the third asks first, and goes only after a yes."""
    world = due(sending)
    world.rounds_over(10)
    world.run_days(9)
    assert len(smtpd.delivered) == 2
    for _ in range(7):
        world.now += days(14)
        world.round()
    assert len(smtpd.delivered) == 2
    assert world.states() == {BOBS: "waiting"}
    desk.approve(world.desk(), world.one())
    world.days_pass(1)
    world.rounds_over(10)
    third = message_from_bytes(smtpd.delivered[2].data)
    assert third["In-Reply-To"] is None
    assert world.run_days(1)[-1].tally.stopped + world.office.store.enrollments.all(State.FINISHED).__len__() >= 1
    assert addresses([message_from_bytes(d.data) for d in smtpd.delivered], "From") == [ALEX] * 3


def test_a_clock_that_is_behind_hastens_nothing(sending: Sending, smtpd: Smtpd) -> None:
    """The proposal's Date is six days old when it stands in Sent: the nudge counts from when it came there."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += days(14)
    world.writes(BOB, Date=format_datetime(world.now - days(6)))
    world.rounds_over(30)
    assert smtpd.delivered == []
    world.days_pass(4, hour=13)
    world.round()
    assert len(smtpd.delivered) == 1


def test_a_mail_that_refers_to_the_anchor_is_later_whatever_its_clock_says(sending: Sending, smtpd: Smtpd) -> None:
    """Alex nudges Bob himself from a machine whose clock is eight days behind."""
    world = due(sending)
    anchor = f"<{world.one().anchor}>"
    late = format_datetime(world.now - days(8))
    world.writes(BOB, "Re: Proposal", "Did you see it?", Date=late, In_Reply_To=anchor, References=anchor)
    world.round()
    assert (smtpd.delivered, world.one().anchor == anchor.strip("<>")) == ([], False)
