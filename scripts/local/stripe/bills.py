"""Bills become open invoices, and the customer's balance is settled as they do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.customers import Customers
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


@dataclass(frozen=True)
class Bill:
    """What is asked for, of whom and why."""

    lines: Sequence[JsonObject]
    currency: str
    # Stripe's word: subscription_create, subscription_cycle, subscription_update, manual …
    reason: str
    customer: str | None
    livemode: bool
    shipping: int = 0
    # None: no subscription is behind it.
    subscription: JsonObject | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    # A checkout that was paid in full leaves the customer's balance alone.
    uses_balance: bool = True

    @property
    def subtotal(self) -> int:
        return sum(int(line["amount"]) for line in self.lines)

    @property
    def discounts(self) -> list[JsonObject]:
        return [off for line in self.lines for off in line["discount_amounts"]]

    @property
    def total(self) -> int:
        """What the invoice comes to before the customer's balance, in minor units."""
        off = sum(int(one["amount"]) for one in self.discounts)
        return self.subtotal - off + self.shipping


class Bills:
    def __init__(self, store: Store, customers: Customers, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._customers = customers
        self._clock = clock
        self._ids = ids

    def finalise(self, bill: Bill) -> JsonObject:
        """Make an open invoice; what the customer has to their credit lowers what is due."""
        invoice_id = self._ids("in")
        balance = (0, 0)
        if bill.uses_balance:
            balance = self._customers.settle_balance(bill.customer, bill.total)
        lines = [{**one, "invoice": invoice_id, "livemode": bill.livemode} for one in bill.lines]
        return self._store.put(
            objects.invoice(
                invoice_id,
                int(self._clock().timestamp()),
                lines,
                billing_reason=bill.reason,
                currency=bill.currency,
                livemode=bill.livemode,
                metadata=bill.metadata,
                parent=_parent(bill.subscription),
                **_amounts(bill, balance),
                **self._customers.named(bill.customer),
            )
        )


def _amounts(bill: Bill, balance: tuple[int, int]) -> JsonObject:
    starting, ending = balance
    due = max(0, bill.total + starting)
    return {
        "amount_due": due,
        "amount_remaining": due,
        "amount_shipping": bill.shipping,
        "ending_balance": ending,
        "starting_balance": starting,
        "subtotal": bill.subtotal,
        "subtotal_excluding_tax": bill.subtotal,
        "total": bill.total,
        "total_discount_amounts": bill.discounts,
        "total_excluding_tax": bill.total,
    }


def _parent(subscription: JsonObject | None) -> JsonObject | None:
    """Since basil an invoice names its subscription here, with its metadata as it then was."""
    if subscription is None:
        return None
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {
            "metadata": subscription["metadata"],
            "subscription": subscription["id"],
        },
    }
