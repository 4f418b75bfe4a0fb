"""What is true of a run: what Stripe itself, and the visitors, know of every sale."""

from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery
from shared.domain.money import major_units
from shared.domain.purchases import Purchase
from tests.simulation.oracle import Expected

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


def worth(expected: Expected) -> tuple[str, str]:
    currency = expected.sale.currency
    return str(major_units(expected.value_minor, currency)), currency


def has_no_consent(run: "Run", purchase: Purchase) -> bool:
    """Tell whether somebody who may have led to it says no by now."""
    sessions = {purchase.session_id, *run.expected[purchase.sale_key].sessions}
    mine = [visitor for visitor in run.visitors.values() if sessions & visitor.sessions]
    return any(visitor.refuses or not visitor.agrees for visitor in mine)


def is_named_by(run: "Run", expected: Expected, at: datetime) -> bool:
    """Tell whether the ledger had heard by then of what names the session of a sale."""
    heard = {
        _object_of(run, event_id)
        for event_id, since in run.shop.ledger.heard_at.items()
        if since < at
    }
    paths = expected.sale.naming.get(expected.sessions[0], []) if expected.sessions else []
    return any(path <= heard for path in paths)


def _object_of(run: "Run", event_id: str) -> str:
    """Name the object of an event; one that `reconcile` made of an object is named after it."""
    if event_id.startswith("reconcile_"):
        return event_id.removeprefix("reconcile_").rpartition("_")[0]
    return run.objects_of_events[event_id]
