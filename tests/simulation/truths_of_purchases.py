"""The invariants of purchases: told once, as they are, or not told for a reason that is true."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import State, Withheld
from shared.domain.money import major_units
from shared.domain.policies import Expired
from shared.domain.purchases import Purchase
from shared.domain.refund_events import refund_task
from shared.domain.sessions import Visit
from shared.domain.statement import statements
from tests.simulation.cloud_tasks import events_of
from tests.simulation.meta import Fault, Receipt
from tests.simulation.oracle import Expected
from tests.simulation.stripe_sales import parts_of_invoices
from tests.simulation.truth import has_no_consent, is_named_by, returned, sales, worth

if TYPE_CHECKING:
    from tests.simulation.runs import Run

# Meta takes seven days; we stop an hour before that.
TOO_OLD_AFTER = timedelta(days=7) - timedelta(hours=1)
LATE_AFTER = timedelta(hours=47)


def told_wrongly(run: "Run") -> list[str]:
    """Nothing is accepted that did not settle, or may not be told; nor in other words."""
    found = []
    for receipt in run.shop.meta.purchases():
        sale_key = receipt.task.sale_key
        expected = run.expected.get(sale_key)
        if expected is None or expected.silent - _not_yet_known(run, receipt, expected):
            why = sorted(expected.silent) if expected else "no sale of ours"
            found.append(f"Meta was told of {sale_key}, which is nothing to report: {why}")
            continue
        told, true = (receipt.value, receipt.currency), worth(run, expected)
        if receipt.event_name != expected.event_name or told not in true:
            told_as = f"{receipt.event_name} of {told}"
            found.append(
                f"{sale_key} was told as {told_as}, and is {expected.event_name} of {true}"
            )
        if receipt.was_returned and returned(run, sale_key) >= expected.sale.settled:
            found.append(f"Meta was told of {sale_key}, known to be given back")
    return found


def _not_yet_known(run: "Run", receipt: Receipt, expected: Expected) -> set[str]:
    """Name what stands against telling of it, and came to be known only after it was told."""
    is_whole = expected.sale.settled > 0 and len(worth(run, expected)) > 1
    named = {"no_consent": _is_told_of_another(run, receipt, expected), "zero": is_whole}
    return {reason for reason, holds in named.items() if holds}


def told_too_soon(run: "Run") -> list[str]:
    """What waits for the event that names its session is told of no other before MATCH_FOR."""
    found = []
    for receipt in run.shop.meta.purchases():
        expected = run.expected.get(receipt.task.sale_key)
        if expected is None or not _is_sure(expected):
            continue
        if receipt.session_id is not None and not _is_inferred(receipt, expected):
            continue
        if is_named_by(run, expected, receipt.began_at):
            found.append(f"{expected.sale.key} was told of {receipt.session_id}, and is another's")
        purchase, _ = run.shop.ledger.purchases[expected.sale.key]
        waited = receipt.at - purchase.recorded_at
        if waited < run.plan.settings.match_for:
            found.append(f"{expected.sale.key} was told of {receipt.session_id} after {waited}")
    return found


def _is_inferred(receipt: Receipt, expected: Expected) -> bool:
    """Tell whether nothing but its customer's other plans leads to the session of a renewal."""
    sale = expected.sale
    is_closer = receipt.session_id in (*sale.named, *sale.inferred)
    return sale.is_renewal and not is_closer and receipt.session_id in sale.by_customer


def _is_sure(expected: Expected) -> bool:
    return bool(expected.sessions) and expected.sessions[0] in expected.sale.naming


def _is_told_of_another(run: "Run", receipt: Receipt, expected: Expected) -> bool:
    """
    Tell whether it was told as one of an unknown buyer, where that is allowed, or of another.

    Who it was stood in an event that came later (`told_too_soon` says how much later).
    """
    settings = run.plan.settings
    if _is_inferred(receipt, expected):
        return True
    asks = all(settings.asks(country) for country in expected.sale.countries)
    may_be_nobody = settings.says("UNMATCHED") == "send" and not asks
    return receipt.session_id is None and bool(expected.sessions) and may_be_nobody


def not_told(run: "Run") -> list[str]:
    """Every settled payment is accepted once, or stands in the ledger with a true reason."""
    received = Counter(receipt.task.sale_key for receipt in run.shop.meta.purchases())
    found = []
    for sale_key, expected in sorted(run.expected.items()):
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
        if delivery.state is not State.ACCEPTED and not _is_true(run, entry[0], expected):
            why = sorted(expected.silent)
            found.append(f"{sale_key} is {delivery.state} ({delivery.reason}) for no reason {why}")
    return found


def _is_true(run: "Run", purchase: Purchase, expected: Expected) -> bool:
    """Tell whether there is the reason for which somebody was not told."""
    delivery = purchase.deliveries[Destination.META]
    is_old = run.world.now - purchase.settled_at > TOO_OLD_AFTER
    is_true = {
        # One that failed too late to be told of its failure was withheld for it all the same.
        Withheld.REFUNDED: 0
        < expected.sale.settled
        <= returned(run, purchase.sale_key, failed=is_old),
        Withheld.NO_CONSENT: has_no_consent(run, purchase),
        Expired.TOO_OLD: is_old,
        Expired.LATE_FOR_DEDUPLICATION: purchase.released_at is not None
        and run.world.now - purchase.released_at > LATE_AFTER,
    }
    match delivery.state:
        case State.REJECTED if expected.may_be_told or delivery.attempts or delivery.is_dropped:
            return _is_refused(run, purchase, expected)
        case State.WITHHELD if delivery.reason in expected.silent | expected.maybe_silent:
            return True
        case State.WITHHELD | State.EXPIRED:
            return bool(is_true.get(delivery.reason))
        case _:
            return False


def _is_refused(run: "Run", purchase: Purchase, expected: Expected) -> bool:
    delivery = purchase.deliveries[Destination.META]
    if delivery.reason == "insufficient_user_data":
        # A direct payment, and a hold that is captured later, know of their buyer what the visit
        # tells, and no more; and what a person has dropped stays, whatever is learnt later.
        knows_no_buyer = expected.sale.is_direct or purchase.customer.is_empty()
        return delivery.is_dropped or (knows_no_buyer and purchase.session_id is None)
    return is_hopeless(run, purchase.event_id, delivery.reason)


def explained_wrongly(run: "Run") -> list[str]:
    """A sale belongs to whom Stripe's objects name, the closest first; and to nobody else."""
    found = []
    for sale_key, expected in run.expected.items():
        entry = run.shop.ledger.purchases.get(sale_key)
        if entry is None:
            continue
        purchase, sessions = entry[0], {*expected.sessions}
        if purchase.is_attempted:
            # Whoever led the customer to another plan explains a renewal, as far as is known.
            sessions |= expected.sale.by_customer
        may_be = {*expected.sessions[:1]} if _is_sure(expected) else {None, *sessions}
        is_late = run.world.now - purchase.settled_at > TOO_OLD_AFTER
        if purchase.is_attempted or purchase.released_at is not None or is_late:
            may_be |= {None, *sessions} if is_late else {*sessions}
        if purchase.session_id not in may_be:
            found.append(f"{sale_key} is of {purchase.session_id}, and Stripe says {may_be}")
    return found


def in_the_ledger_for_no_reason(run: "Run") -> list[str]:
    """What stands in the ledger is a sale of ours, or withheld as a part of one."""
    parts = parts_of_invoices(run.shop.stripe.account)
    return [
        f"{purchase.sale_key} is in the ledger ({delivery.state}, {delivery.reason}), and no sale"
        for purchase, delivery in sales(run)
        if purchase.sale_key not in run.expected
        # What another mode's payment paid for, our key cannot ask.
        and not (
            purchase.sale_key in parts
            and delivery.reason in (Withheld.PART_OF_INVOICE, Withheld.TEST_MODE)
        )
    ]


def is_hopeless(run: "Run", event_id: str, reason: str | None) -> bool:
    """Tell whether Meta refused it for what it says, or gave an answer that nobody explains."""
    faults = [episode.fault for episode in run.plan.episodes]
    if reason == "meta_5000":
        return Fault.UNEXPLAINED in faults
    return reason == "meta_100_2804019" and event_id in run.shop.meta.poison


def refunds_told_wrongly(run: "Run") -> list[str]:
    """Of a sale that was told, and of which something came back, tell once; of no other."""
    name = run.plan.settings.named("REFUND_EVENT")
    received = {r.event_id for r in run.shop.meta.receipts if r.event_name == name}
    buried = {letter.conversion.event_id for letter in run.shop.dead_letters.kept.values()}
    ended = received | buried | events_of(run.shop.tasks.deleted)
    found = []
    for purchase, delivery in sales(run):
        event_id = refund_task(purchase, "any", Visit(), run.world.now).conversions[0].event_id
        gone = returned(run, purchase.sale_key, failed=True)
        if event_id in received and not gone:
            found.append(f"Meta was told that {purchase.sale_key} was given back")
        told = {r.value for r in run.shop.meta.receipts if r.event_id == event_id}
        most = major_units(gone, purchase.currency)
        wrong = [value for value in told if not 0 < Decimal(value) <= most]
        found += [f"Meta was told that {value} of {purchase.sale_key} came back" for value in wrong]
        is_due = name is not None and delivery.state is State.ACCEPTED
        is_due = is_due and returned(run, purchase.sale_key) > 0
        if is_due and event_id not in ended and not has_no_consent(run, purchase):
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
    livemode = run.plan.settings.is_set("STRIPE_LIVEMODE")
    for sale_key in sorted(run.expected.keys() & lines.keys()):
        line, sale = lines[sale_key], run.expected[sale_key].sale
        if sale.livemode is not livemode:
            # Our key cannot ask of the other mode.
            continue
        if line.settled_minor != sale.settled:
            found.append(f"{sale_key} says {line.settled_minor} settled, and Stripe {sale.settled}")
        if line.refunded_minor != (true := returned(run, sale_key)):
            found.append(f"{sale_key} says {line.refunded_minor} given back, and Stripe {true}")
    return found
