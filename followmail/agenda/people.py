"""Who waits for the consultant: introductions, and people who wrote and have no answer for a business day."""

from collections.abc import Collection
from dataclasses import replace

from followmail.agenda.phrasing import SUBJECT, day, shortened
from followmail.agenda.ranking import Ranking, days_since, put_away, question_of
from followmail.jobs.cycle import Cycle
from followmail.mail.need import Need
from followmail.sequence.agenda import Item, What
from followmail.sequence.priority import Facts, priority
from followmail.sequence.steps import Delay, Unit
from followmail.store.attention import Letter

_PATIENCE = Delay(1, Unit.BUSINESS_DAYS)


def waiting(c: Cycle, ranking: Ranking, told: Collection[str] = frozenset()) -> list[Item]:
    """Introductions and people without an answer; a mail in `told` stands elsewhere in the same digest."""
    since = c.now - c.options.lookback
    found = [_introduced(c, letter) for letter in c.store.attention.introductions(since, c.now, put_away(c))]
    late = [letters for letters in ranking.letters.values() if _is_late(c, letters[0])]
    found += [_unanswered(c, ranking, letters) for letters in late if letters[-1].message_id not in told]
    return sorted(found, key=lambda item: (tuple(What).index(item.what), -item.rank))


def _is_late(c: Cycle, letter: Letter) -> bool:
    """Whether a business day went by since it came: by the end of the next one's same hour."""
    return c.policy.calendar.add(letter.at, _PATIENCE) <= c.now


def _introduced(c: Cycle, letter: Letter) -> Item:
    names = " and ".join(f"{p.name} ({p.address})" if p.name else p.address for p in letter.introduces)
    by = letter.sender.name or letter.sender.address
    found = priority(Facts(introduced=True, days=days_since(c, letter.at)))
    return Item(
        What.INTRODUCED, f"{by} introduced {names} on {day(c, letter.at)}; you have not written to them yet",
        asked=letter.asked, address=letter.introduces[0].address, message=letter.message_id,
        rank=found.rank, first=found.why,
    )  # fmt: skip


def _unanswered(c: Cycle, ranking: Ranking, letters: list[Letter]) -> Item:
    """One line a person: since the oldest of their mails, with the latest question."""
    first, last = letters[0], letters[-1]
    telling = question_of(letters) or last
    facts = ranking.facts(last.sender.address, first.at)
    referred, declined = any(x.need is Need.REFERRAL for x in letters), last.need is Need.COURTESY
    found = priority(replace(facts, referred=referred, declined=declined))
    who = last.sender.name or last.sender.address
    about = f" about '{shortened(last.subject, SUBJECT)}'" if last.subject else ""
    more = f" ({len(letters)} mails)" if len(letters) > 1 else ""
    return Item(
        What.WAITS_FOR_YOU, f"{who} wrote{about} on {day(c, first.at)}{more} and has no answer", asked=telling.asked,
        address=last.sender.address, message=last.message_id, rank=found.rank, first=found.why,
    )  # fmt: skip
