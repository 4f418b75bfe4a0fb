"""Subscriptions: started by a checkout, renewed every period, moved to another price."""

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.bills import Bill, Bills
from scripts.local.stripe.buyer import Outcome
from scripts.local.stripe.checkout_params import Draft
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.invoice_lines import period_lines, proration_lines
from scripts.local.stripe.invoices import Invoices
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store

_DAY = 24 * 3600
# Every interval is 30 days long here; what counts is that periods follow one another.
_PERIOD = 30 * _DAY


class Subscriptions:
    def __init__(
        self, store: Store, bills: Bills, invoices: Invoices, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._bills = bills
        self._invoices = invoices
        self._clock = clock
        self._ids = ids

    def start(self, draft: Draft, session: JsonObject, presented: JsonObject | None) -> JsonObject:
        """Make the subscription of a checkout: since basil only when its payment was made."""
        now = int(self._clock().timestamp())
        trial_end = now + draft.trial_days * _DAY if draft.trial_days else None
        subscription_id = self._ids("sub")
        period = (now, trial_end or now + _PERIOD)
        shown = {"presentment_currency": presented["presentment_currency"]} if presented else None
        return self._store.put(
            objects.subscription(
                subscription_id,
                now,
                [
                    self._item(one, subscription_id, period)
                    for one in draft.line_items
                    if one["price"]["recurring"]
                ],
                currency=session["currency"],
                customer=session["customer"],
                livemode=session["livemode"],
                metadata=draft.subscription_metadata,
                presentment_details=shown,
                status="trialing" if trial_end else "active",
                trial_end=trial_end,
                trial_start=now if trial_end else None,
            )
        )

    def renew(
        self, subscription_id: str, amount: int | None, outcome: Outcome | None
    ) -> list[Change]:
        """
        Bill the next period: also the first money after a trial is a cycle.

        Without an outcome nobody collects, and the invoice stays open.
        """
        subscription = self._store.get("subscription", subscription_id, "subscription")
        items = [_moved_on(one) for one in subscription["items"]["data"]]
        status = "past_due" if outcome is Outcome.DECLINE else "active"
        subscription = self._keep_items(subscription, items, status=status)
        lines = period_lines(subscription, amount, self._ids)
        invoice = self._billed(subscription, lines, "subscription_cycle")
        return self._collected(invoice, outcome)

    def upgrade(
        self, subscription_id: str, price: int, charge: int | None, outcome: Outcome | None
    ) -> list[Change]:
        """
        Move the first item to a new price and bill the difference of half a period.

        `charge` replaces the difference, in minor units; a negative one becomes credit.
        """
        subscription = self._store.get("subscription", subscription_id, "subscription")
        before, *others = subscription["items"]["data"]
        changed = {
            "id": self._ids("price"),
            "unit_amount": price,
            "unit_amount_decimal": str(price),
        }
        after = objects.overlay(before, {"price": changed})
        previous = {"items": subscription["items"]}
        subscription = self._keep_items(subscription, [after, *others])
        if charge is None:
            charge = (price - before["price"]["unit_amount"]) * before["quantity"] // 2
        lines = proration_lines(before, after, charge, self._ids)
        invoice = self._billed(subscription, lines, "subscription_update")
        updated = self._store.get("subscription", subscription_id)
        return [
            Change("customer.subscription.updated", updated, previous),
            *self._collected(invoice, outcome),
        ]

    def first_bill(
        self, subscription: JsonObject, lines: list[JsonObject], shipping: int
    ) -> JsonObject:
        return self._billed(subscription, lines, "subscription_create", shipping)

    def _billed(
        self, subscription: JsonObject, lines: list[JsonObject], reason: str, shipping: int = 0
    ) -> JsonObject:
        invoice = self._bills.finalise(
            Bill(
                lines,
                subscription["currency"],
                reason,
                subscription["customer"],
                subscription["livemode"],
                shipping,
                subscription,
            )
        )
        self._store.change("subscription", subscription["id"], latest_invoice=invoice["id"])
        return invoice

    def _collected(self, invoice: JsonObject, outcome: Outcome | None) -> list[Change]:
        finalised = Change("invoice.finalized", invoice)
        if outcome is None:
            return [finalised]
        return self._invoices.collect(invoice["id"], outcome)

    def _item(self, sold: JsonObject, subscription_id: str, period: tuple[int, int]) -> JsonObject:
        return objects.subscription_item(
            self._ids("si", 14),
            period[0],
            sold["price"],
            period,
            quantity=sold["quantity"],
            subscription=subscription_id,
        )

    def _keep_items(
        self, subscription: JsonObject, items: list[JsonObject], **over: str
    ) -> JsonObject:
        data = {"data": items}
        return self._store.change("subscription", subscription["id"], items=data, **over)


def _moved_on(item: JsonObject) -> JsonObject:
    start = item["current_period_end"]
    return {**item, "current_period_start": start, "current_period_end": start + _PERIOD}
