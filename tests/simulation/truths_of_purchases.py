"""The invariants of purchases: told once, as they are, or not told for a reason that is true."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import State, Withheld
from shared.domain.policies import Expired
from shared.domain.purchases import Purchase
from shared.domain.refund_events import refund_task
from shared.domain.sessions import Visit
from shared.domain.statement import statements
from tests.simulation.cloud_tasks import events_of
from tests.simulation.meta import Fault
from tests.simulation.truth import returned, sales, settled, worth

if TYPE_CHECKING:
    from tests.simulation.runs import Run

# Meta takes seven days; we stop an hour before that.
TOO_OLD_AFTER = timedelta(days=7) - timedelta(hours=1)
LATE_AFTER = timedelta(hours=47)


def told_wrongly(run: "Run") -> list[str]:
    """Nothing is accepted that did not settle, or may not be told; nor at another value."""
    found = []
    for receipt in run.shop.meta.purchases():
        sale_key = receipt.task.sale_key
        if sale_key not in run.reportable:
            found.append(f"Meta was told of {sale_key}, which is nothing to report")
        elif (told := (receipt.value, receipt.currency)) != (true := worth(run, sale_key)):
            found.append(f"Meta was told {told} of {sale_key}, which is worth {true}")
        if receipt.was_returned and returned(run, sale_key) >= settled(run, sale_key):
            found.append(f"Meta was told of {sale_key}, known to be given back")
    return found


def not_told(run: "Run") -> list[str]:
    """Every settled payment is accepted once, or stands in the ledger with a true reason."""
    received = Counter(receipt.task.sale_key for receipt in run.shop.meta.purchases())
    found = []
    for sale_key in sorted(run.reportable):
        entry = run.shop.ledger.purchases.get(sale_key)
        if entry is None:
            found.append(f"{sale_key} settled and is not in the ledger")
            continue
        delivery = entry[0].deliveries[Destination.META]
        times, ambiguous = received[sale_key], delivery.ambiguous
        if delivery.state is State.ACCEPTED and not times:
            found.append(f"{sale_key} is accepted in the ledger, and Meta never got it")
        if times > (1 if delivery.state is State.ACCEPTED else 0) + ambiguous:
            found.append(
                f"Meta counts {sale_key} {times} times; "
                f"the ledger says {delivery.state}, {ambiguous} times ambiguous"
            )
        if delivery.state not in (State.ACCEPTED, *_reasons_for_silence(run, entry[0])):
            found.append(f"{sale_key} is {delivery.state} ({delivery.reason}) for no reason")
        if not delivery.is_open and delivery.state is not State.ACCEPTED and not delivery.reason:
            found.append(f"{sale_key} is {delivery.state} without a reason")
    return found


def _reasons_for_silence(run: "Run", purchase: Purchase) -> set[State]:
    """Say in which states a sale that may be reported may end all the same, and why."""
    delivery = purchase.deliveries[Destination.META]
    is_old = run.world.now - purchase.settled_at > TOO_OLD_AFTER
    is_true = {
        # One that failed too late to be told of its failure was withheld for it all the same.
        Withheld.REFUNDED: returned(run, purchase.sale_key, failed=is_old)
        >= purchase.settled_minor,
        Withheld.NO_CONSENT: _has_no_consent(run, purchase),
        Expired.TOO_OLD: is_old,
        Expired.LATE_FOR_DEDUPLICATION: purchase.released_at is not None
        and run.world.now - purchase.released_at > LATE_AFTER,
    }
    if delivery.state is State.REJECTED:
        return {State.REJECTED} if is_hopeless(run, purchase.event_id, delivery.reason) else set()
    return {delivery.state} if is_true.get(delivery.reason) else set()


def is_hopeless(run: "Run", event_id: str, reason: str | None) -> bool:
    """Tell whether Meta refused it for what it says, or gave an answer that nobody explains."""
    faults = [episode.fault for episode in run.plan.episodes]
    if reason == "meta_5000":
        return Fault.UNEXPLAINED in faults
    return reason == "meta_100_2804019" and event_id in run.shop.meta.poison


def _has_no_consent(run: "Run", purchase: Purchase) -> bool:
    """Tell whether its visitor said no, or was never heard of before buying."""
    if purchase.session_id is None:
        return bool(run.without_session & {"ada", "bob"})
    mine = [v for v in run.visitors.values() if purchase.session_id in v.sessions]
    return any(visitor.refuses for visitor in mine)


def refunds_told_wrongly(run: "Run") -> list[str]:
    """Of a sale that was told, and of which something came back, tell once; of no other."""
    received = {r.event_id for r in run.shop.meta.receipts if r.event_name == "Refunded"}
    buried = {letter.conversion.event_id for letter in run.shop.dead_letters.kept.values()}
    ended = received | buried | events_of(run.shop.tasks.deleted)
    found = []
    for purchase, delivery in sales(run):
        event_id = refund_task(purchase, "Refunded", Visit(), run.world.now).conversions[0].event_id
        gone = returned(run, purchase.sale_key, failed=True)
        if event_id in received and not (run.plan.refund_event and gone):
            found.append(f"Meta was told that {purchase.sale_key} was given back")
        is_due = run.plan.refund_event is not None and delivery.state is State.ACCEPTED
        is_due &= returned(run, purchase.sale_key) > 0 and not _has_no_consent(run, purchase)
        if is_due and event_id not in ended:
            found.append(f"nobody was told that {purchase.sale_key} was given back")
        received.discard(event_id)
    return found + [f"Meta was told of {event_id}, of no sale" for event_id in sorted(received)]


def told_differently(run: "Run") -> list[str]:
    """What is sent again is the same: event_id, event_name, event_time and the money."""
    said: dict[str, set] = {}
    for each in run.shop.meta.sent:
        if each.task.sale_key:
            words = (each.event_name, each.event_id, each.event_time, each.value, each.currency)
            said.setdefault(each.task.sale_key, set()).add(words)
    return [f"{key} was told as {sorted(all_)}" for key, all_ in said.items() if len(all_) > 1]


def money_that_does_not_add_up(run: "Run") -> list[str]:
    """The statement adds up, and each of its lines says what Stripe says."""
    made = statements([p for p, _ in run.shop.ledger.purchases.values()], Destination.META)
    found = [f"the {s.currency} statement leaves {s.unexplained}" for s in made if not s.adds_up]
    lines = {line.sale_key: line for statement in made for line in statement.lines}
    for sale_key in sorted(run.reportable & lines.keys()):
        line = lines[sale_key]
        if line.settled_minor != (true := settled(run, sale_key)):
            found.append(f"{sale_key} says {line.settled_minor} settled, and Stripe {true}")
        if line.refunded_minor != (true := returned(run, sale_key)):
            found.append(f"{sale_key} says {line.refunded_minor} given back, and Stripe {true}")
    return found
