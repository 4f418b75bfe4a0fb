"""What is true of a run: what Stripe itself, and the visitors, know of every sale."""

from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery
from shared.domain.money import major_units
from shared.domain.purchases import Purchase
from tests.simulation.oracle import Expected
from tests.simulation.stripe_sales import StripeSale

if TYPE_CHECKING:
    from tests.simulation.runs import Run


def sales(run: "Run") -> list[tuple[Purchase, Delivery]]:
    return [(p, p.deliveries[Destination.META]) for p, _ in run.shop.ledger.purchases.values()]


def returned(run: "Run", sale_key: str, *, failed: bool = False) -> int:
    account = run.shop.stripe.account
    paid_by = {sale_key, *account.payments_of(sale_key)}
    return sum(
        one["amount"]
        for one in account.objects.values()
        if one["object"] == "refund"
        and one["payment_intent"] in paid_by
        and (failed or one["status"] not in ("failed", "canceled"))
    )


def worth(run: "Run", expected: Expected) -> set[tuple[str, str]]:
    """
    Give what may be told of a sale as its value and currency.

    Tax and shipping of a payment stand in its checkout's events alone. Where none of them
    had been taken when it was first told, that was the whole; and each time it says the same.
    """
    sale, values = expected.sale, {expected.value_minor}
    taken = _objects_before(run, run.taken_at, _first_told(run, sale))
    if sale.checkout is not None and sale.checkout not in taken:
        values.add(sale.settled)
    return {(str(major_units(value, sale.currency)), sale.currency) for value in values}


def may_be_whole(run: "Run", expected: Expected) -> bool:
    """Tell whether nothing stands against telling, but for tax and shipping not known in time."""
    is_whole = expected.sale.settled > 0 and len(worth(run, expected)) > 1
    return not expected.silent - ({"zero"} if is_whole else set())


def _first_told(run: "Run", sale: StripeSale) -> datetime:
    """Say when it was first told, or about to be; from then on it says the same."""
    released_at = run.shop.ledger.purchases[sale.key][0].released_at
    attempted_at = run.attempted_at.get(sale.key)
    return min(at for at in (released_at, attempted_at, run.world.now) if at is not None)


def _objects_before(run: "Run", since: dict[str, datetime], at: datetime) -> set[str]:
    """Name the objects of those of Stripe's events that came before a moment."""
    return {_object_of(run, event_id) for event_id, came_at in since.items() if came_at < at}


def has_no_consent(run: "Run", purchase: Purchase) -> bool:
    """Tell whether somebody who may have led to it says no by now."""
    sessions = {purchase.session_id, *run.expected[purchase.sale_key].sessions}
    mine = [visitor for visitor in run.visitors.values() if sessions & visitor.sessions]
    return any(visitor.refuses or not visitor.agrees for visitor in mine)


def is_named_by(run: "Run", expected: Expected, at: datetime) -> bool:
    """Tell whether the ledger had heard by then of what names the session of a sale."""
    heard = _objects_before(run, run.shop.ledger.heard_at, at)
    paths = expected.sale.naming.get(expected.sessions[0], []) if expected.sessions else []
    return any(path <= heard for path in paths)


def _object_of(run: "Run", event_id: str) -> str:
    """Name the object of an event; one that `reconcile` made of an object is named after it."""
    if event_id.startswith("reconcile_"):
        return event_id.removeprefix("reconcile_").rpartition("_")[0]
    return run.objects_of_events[event_id]
