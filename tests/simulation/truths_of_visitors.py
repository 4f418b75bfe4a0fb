"""The invariants of visitors: their Pixel, their will, and their events."""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from tests.simulation.cloud_tasks import events_in, events_of
from tests.simulation.meta import THROTTLES, Receipt, merged_within_two_days
from tests.simulation.truth import may_be_whole, worth
from tests.simulation.truths_of_purchases import TOO_OLD_AFTER, is_hopeless

if TYPE_CHECKING:
    from tests.simulation.runs import Run


def told_by_the_pixel(run: "Run") -> list[str]:
    """The Pixel says Purchase once, of what settled, and within two days of the server's copy."""
    by_id = {p.event_id: p.sale_key for p, _ in run.shop.ledger.purchases.values()}
    found, fired = [], Counter(hit.event_id for hit in run.shop.meta.hits)
    found += [f"the Pixel fired {times} times for {e}" for e, times in fired.items() if times > 1]
    for hit in run.shop.meta.hits:
        sale_key = by_id.get(hit.event_id)
        expected = run.expected.get(sale_key)
        if expected is None or not expected.is_for_the_pixel or not may_be_whole(run, expected):
            found.append(f"the Pixel fired for {sale_key}, which is nothing to report")
            continue
        if (told := (hit.value, hit.currency)) not in (true := worth(run, expected)):
            found.append(f"the Pixel told {told} of {sale_key}, which is worth {true}")
        copies = [r for r in run.shop.meta.purchases() if r.event_id == hit.event_id]
        if not all(merged_within_two_days(hit, copy) for copy in copies):
            found.append(f"Meta counts {sale_key} twice: its copies are more than two days apart")
    return found


def told_against_their_will(run: "Run") -> list[str]:
    """Nobody is told of somebody who had said no before it began."""
    found = [
        f"Meta was told of {receipt.event_id} of somebody who had said no"
        for receipt in run.shop.meta.receipts
        if _had_said_no(run, _session_of(receipt), receipt.began_at)
    ]
    return found + [
        f"the Pixel fired {hit.event_id} for somebody who had said no"
        for hit in run.shop.meta.hits
        if _had_said_no(run, hit.session_id, hit.asked_at)
    ]


def _had_said_no(run: "Run", session_id: str | None, at: datetime) -> bool:
    """Tell whether we had answered a no by then; whoever never agreed said no from the start."""
    for visitor in run.visitors.values():
        if session_id in visitor.sessions:
            withdrawn_at = visitor.withdrawn.get(session_id)
            return not visitor.agrees or (withdrawn_at is not None and withdrawn_at < at)
    return False


def _session_of(receipt: Receipt) -> str | None:
    if receipt.task.sale_key is not None:
        return receipt.session_id
    batches = receipt.task.work.batches
    return next(b.session_id for b in batches if receipt.event_id in events_in(b))


def events_lost_or_doubled(run: "Run") -> list[str]:
    """What collect took reaches Meta, or a dead letter tells why; a poisoned one costs itself."""
    shop = run.shop
    # Where a queue is added, a repeat that is on its way may meet it and not what it repeats.
    twice = shop.disturbed | events_of(shop.tasks.twice)
    if run.plan.queues.shares_tasks:
        # In other company it has another name, and Meta's event_id alone stops the repeat.
        reported = [each for v in run.visitors.values() for each in v.reported.values()]
        twice |= {each.event_id for each in reported if each.was_repeated}
    sure = Counter(
        receipt.event_id
        for receipt in shop.meta.receipts
        if not (receipt.task.sale_key or receipt.is_unsure or receipt.event_id in twice)
    )
    doubled = [
        f"{event_id} was told {n} times for no reason" for event_id, n in sure.items() if n > 1
    ]
    received = {receipt.event_id for receipt in shop.meta.receipts}
    buried = {letter.conversion.event_id: letter for letter in shop.dead_letters.kept.values()}
    found = doubled
    # What the queue forgets before it could be buried is lost, and the log says so; a page view
    # may be shed where Meta is throttled.
    given_up, forgotten = events_of(shop.tasks.at_the_last), events_of(shop.tasks.deleted)
    named = run.plan.settings.may_be_shed
    may_shed = bool(THROTTLES & {episode.fault for episode in run.plan.episodes})
    # Whoever sends again what was shed before is told that the task is there, and no more.
    may_shed |= run.plan.settings.says("EVENT_BUDGET") != "none"
    for visitor in run.visitors.values():
        if visitor.refuses or not visitor.agrees:
            continue
        for event in visitor.reported.values():
            is_old = run.world.now - event.at > TOO_OLD_AFTER
            letter = buried.get(event.event_id)
            if letter is not None and not (
                is_old
                or event.event_id in given_up
                or is_hopeless(run, event.event_id, letter.reason)
            ):
                found.append(f"{event.event_id} is a dead letter ({letter.reason}) for no reason")
            if event.is_poison and event.event_id in received and not run.plan.is_mended:
                found.append(f"{event.event_id} is poisoned, and was received")
            may_go = event.event_id in forgotten or (event.event_name in named and may_shed)
            if event.taken and not (letter or may_go or event.event_id in received):
                found.append(f"{event.event_id} was taken, and is nowhere")
    return found


def dropped_for_no_reason(run: "Run") -> list[str]:
    """Of who agrees, or need not, nothing is dropped for want of consent."""
    return [
        f"{event.event_id} was dropped, although {visitor.person.name} {visitor.manner}"
        for visitor in run.visitors.values()
        for event in visitor.reported.values()
        if event.was_unwanted and visitor.agrees
    ]
