"""Invoices: paid by Stripe, off Stripe, or in parts of both."""

from typing import Any

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome
from scripts.local.stripe.errors import invalid
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store

_DESCRIPTIONS = {
    "subscription_create": "Subscription creation",
    "subscription_update": "Subscription update",
}


class Invoices:
    """Hold the store's lock around a whole payment, as with Intents."""

    def __init__(self, store: Store, intents: Intents, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._intents = intents
        self._clock = clock
        self._ids = ids

    def collect(
        self,
        invoice_id: str,
        outcome: Outcome = Outcome.CARD,
        part: int | None = None,
        *,
        buyer: Buyer | None = None,
        presented: JsonObject | None = None,
    ) -> list[Change]:
        """
        Have Stripe collect what remains of an invoice, or a `part` of it in minor units.

        What no money is due for is paid at once. A subscription's metadata does not reach the
        PaymentIntent.
        """
        invoice = self._open_invoice(invoice_id)
        if invoice["amount_due"] == 0:
            return [self._paid(invoice)]
        asked = _part_of(invoice, part)
        intent = self._intents.open(
            outcome.method,
            {},
            amount=asked,
            currency=invoice["currency"],
            customer=invoice["customer"],
            description=_DESCRIPTIONS.get(invoice["billing_reason"]),
            livemode=invoice["livemode"],
            presentment_details=presented,
        )
        moved = self._intents.attempt(intent, outcome, buyer or Buyer())
        if outcome is Outcome.DECLINE:
            failed = self._change(invoice, attempt_count=invoice["attempt_count"] + 1)
            return [*moved, Change("invoice.payment_failed", failed)]
        self.attach(invoice, {"type": "payment_intent", "payment_intent": intent["id"]}, asked)
        settled = self.settled_by(intent["id"]) if outcome is Outcome.CARD else []
        return [*moved, *settled]

    def pay_off_stripe(
        self, invoice_id: str, part: int | None = None, *, tells: bool = False
    ) -> list[Change]:
        """
        Take money that Stripe never saw, kept as a payment record.

        `tells` makes an invoice_payment.paid of it; whether Stripe does is not confirmed.
        """
        invoice = self._open_invoice(invoice_id)
        asked = _part_of(invoice, part)
        now = int(self._clock().timestamp())
        record = self._store.put(
            objects.payment_record(self._ids("pr"), now, asked, invoice["currency"])
        )
        payment = {"type": "payment_record", "payment_record": record["id"]}
        changes = self._settled(self.attach(invoice, payment, asked))
        return [one for one in changes if tells or one.kind != "invoice_payment.paid"]

    def attach(self, invoice: JsonObject, payment: JsonObject, asked: int) -> JsonObject:
        """Join an open payment to the invoice; the first one is its default."""
        others = self.payments_of(invoice["id"])
        return self._store.put(
            objects.invoice_payment(
                self._ids("inpay"),
                int(self._clock().timestamp()),
                payment,
                amount_requested=asked,
                currency=invoice["currency"],
                invoice=invoice["id"],
                is_default=not others,
                livemode=invoice["livemode"],
            )
        )

    def settled_by(self, intent_id: str) -> list[Change]:
        """Count a PaymentIntent that succeeded towards the invoice it was made for, if any."""
        found = self._store.newest_first(
            "invoice_payment",
            lambda one: (
                one["payment"].get("payment_intent") == intent_id and one["status"] == "open"
            ),
        )
        return [change for one in found for change in self._settled(one)]

    def payments_of(self, invoice_id: str) -> list[JsonObject]:
        return self._store.newest_first("invoice_payment", lambda one: one["invoice"] == invoice_id)

    def _settled(self, payment: JsonObject) -> list[Change]:
        """Give invoice.paid only where nothing remains, and always what this payment tells."""
        now = int(self._clock().timestamp())
        amount = payment["amount_requested"]
        paid = self._store.change(
            "invoice_payment",
            payment["id"],
            amount_paid=amount,
            status="paid",
            status_transitions={"paid_at": now},
        )
        invoice = self._store.get("invoice", payment["invoice"])
        invoice = self._change(
            invoice,
            amount_paid=invoice["amount_paid"] + amount,
            amount_remaining=invoice["amount_remaining"] - amount,
        )
        whole = [self._paid(invoice)] if invoice["amount_remaining"] == 0 else []
        return [*whole, Change("invoice_payment.paid", paid)]

    def _paid(self, invoice: JsonObject) -> Change:
        now = int(self._clock().timestamp())
        paid = self._change(
            invoice, attempted=True, status="paid", status_transitions={"paid_at": now}
        )
        return Change("invoice.paid", paid)

    def _open_invoice(self, invoice_id: str) -> JsonObject:
        invoice = self._store.get("invoice", invoice_id, "invoice")
        if invoice["status"] != "open":
            raise invalid(f"Invoice is already {invoice['status']}.", "invoice")
        return invoice

    def _change(self, invoice: JsonObject, **over: Any) -> JsonObject:
        return self._store.change("invoice", invoice["id"], **over)


def _part_of(invoice: JsonObject, part: int | None) -> int:
    rest: int = invoice["amount_remaining"]
    asked = rest if part is None else part
    if not 1 <= asked <= rest:
        raise invalid(f"Only 1 to {rest} can be paid.", "amount")
    return asked
