"""Who waits for the consultant: introductions, and people who wrote and have no answer for a business day."""

from collections.abc import Collection

from followmail.agenda.phrasing import day
from followmail.agenda.ranking import Ranking, days_since, put_away
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
    by_person: dict[str, list[Letter]] = {}
    for letter in ranking.letters:
        by_person.setdefault(letter.sender.address, []).append(letter)
    late = [letters for letters in by_person.values() if _is_late(c, letters[0])]
    found += [_unanswered(c, letters) for letters in late if letters[-1].message_id not in told]
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


def _unanswered(c: Cycle, letters: list[Letter]) -> Item:
    """One line a person: since the oldest of their mails, with the latest question."""
    first, last = letters[0], letters[-1]
    telling = next((x for x in reversed(letters) if x.need is Need.QUESTION), last)
    theirs, mine = c.store.attention.exchanged(last.sender.address, first.at)
    wrote = c.store.conversations.first_wrote(last.sender.address)
    found = priority(
        Facts(
            asked=telling.need is Need.QUESTION,
            first=theirs == 0 and (wrote is None or wrote >= first.at),
            referred=any(x.need is Need.REFERRAL for x in letters),
            declined=last.need is Need.COURTESY,
            theirs=theirs,
            mine=mine,
            days=days_since(c, first.at),
        )
    )
    who = last.sender.name or last.sender.address
    about = f" about '{last.subject}'" if last.subject else ""
    more = f" ({len(letters)} mails)" if len(letters) > 1 else ""
    return Item(
        What.WAITS_FOR_YOU, f"{who} wrote{about} on {day(c, first.at)}{more} and has no answer", asked=telling.asked,
        address=last.sender.address, message=last.message_id, rank=found.rank, first=found.why,
    )  # fmt: skip
