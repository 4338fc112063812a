"""Works out what new messages do: first those that came in, then the consultant's own, each in order of time.

An incoming message may end, pause or hold enrollments. A sent one is a step, moves an anchor, carries a mark, or begins
an enrollment; so may a meeting that is over. What cannot be worked out is set aside after three tries,
and told; the rest goes on.
"""

from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle, Look
from followmail.jobs.judge.attend import attend
from followmail.jobs.judge.by_hand import settle_by_hand
from followmail.jobs.judge.court import BROKE, Court, deadly
from followmail.jobs.judge.incoming import judge_incoming
from followmail.jobs.judge.marked import judge_folder_marks
from followmail.jobs.judge.meetings import judge_meetings
from followmail.jobs.judge.own import judge_own
from followmail.jobs.judge.phones import find_phones


def judge(session: Session, c: Cycle, look: Look) -> None:
    """Judge what the look found. The consultant's own mail waits until a look is complete, for silence must be proven, and
    the clock can be right: by another one marks are too old, and mails not yet written."""
    court = Court(session, c, look, deadly=deadly(c))
    try:
        _judge(court)
    finally:
        c.store.underway.close()


def _judge(court: Court) -> None:
    judge_incoming(court)
    if court.look.complete and court.c.store.facts.text("clock_fault") is None:
        judge_own(court)
        judge_folder_marks(court)
        judge_meetings(court)
        settle_by_hand(court)
    attend(court)
    find_phones(court)
    if court.c.store.facts.text(BROKE):
        court.c.store.facts.set_text(BROKE, None)
