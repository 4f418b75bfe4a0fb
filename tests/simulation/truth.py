"""What is true of a run: what Stripe itself knows of every sale."""

from typing import TYPE_CHECKING

from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery
from shared.domain.money import major_units
from shared.domain.purchases import Purchase

if TYPE_CHECKING:
    from tests.simulation.runs import Run


def sales(run: "Run") -> list[tuple[Purchase, Delivery]]:
    return [(p, p.deliveries[Destination.META]) for p, _ in run.shop.ledger.purchases.values()]


def settled(run: "Run", sale_key: str) -> int:
    account = run.shop.stripe.account
    if sale_key.startswith("in_"):
        return sum(account.payments_of(sale_key).values())
    return account.objects[sale_key]["amount_received"]


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


def worth(run: "Run", sale_key: str) -> tuple[str, str]:
    currency = run.shop.stripe.account.objects[sale_key]["currency"].upper()
    return str(major_units(settled(run, sale_key), currency)), currency
