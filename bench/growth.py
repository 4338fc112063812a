"""How the cost grows: with the messages in the mailbox, with the conversations that are remembered."""

from collections.abc import Iterator

from bench import due, first_plan, idle_cycle, whole_index
from bench.bed import Bed, Row


def measure(bed: Bed) -> Iterator[Row]:
    """Mailboxes a tenth as big, as big, and, where that was wished for, ten times as big; once each."""
    beds = {box.count: box for box in (bed.more("tenth", bed.count // 10), bed, *_million(bed))}
    messages = " / ".join(f"{count:,}" for count in beds)
    first = {count: first_plan._first(box) for count, box in beds.items()}
    yield _row(f"first plan, {messages} messages", first, "s", 1)
    yield _row(
        f"a look without news, {messages} messages", {n: idle_cycle.look(b)["look"] for n, b in beds.items()}, "ms", 2
    )
    whole = {count: _whole(box) for count, box in beds.items() if count <= bed.count}
    yield _row(f"whole mailbox, {' / '.join(f'{n:,}' for n in whole)} messages", whole, "s", 1)
    talks = {count: due.asked(bed, count) for count in (bed.count // 100, bed.count, bed.count * 10)}
    conversations = " / ".join(f"{count:,}" for count in talks)
    for what, name, digits in (
        ("due now and next wake", "known", 3), ("what `status` tells", "status", 0), ("a round without news", "round", 1),
    ):  # fmt: skip
        yield _row(
            f"{what}, {conversations} conversations", {n: found[name] for n, found in talks.items()}, "ms", digits
        )


def _million(bed: Bed) -> Iterator[Bed]:
    if bed.million:
        yield bed.more("million", bed.count * 10)


def _whole(bed: Bed) -> float:
    with bed.folder() as folder:
        return whole_index.look(bed, folder / "followmail.db")["seconds"]


def _row(what: str, found: dict[int, float], unit: str, digits: int) -> Row:
    figures = " / ".join(f"{value:.{digits}f}" for value in found.values())
    return Row(what, "", f"{figures} {unit}", None, {str(count): value for count, value in found.items()})
