"""
What happens on a Stripe account, one method a story, playable in process.

It needs no port, no thread and no endpoint, and is as deterministic as its clock and ids, so
that property tests can play whole stories on it. A story gives its Events as plain dicts, in
the order in which they happened. StripeStandIn serves the same account over HTTP.
"""

from collections.abc import Mapping
from typing import Any

from scripts.local.stripe import objects
from scripts.local.stripe.account import Events
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.bills import Bill
from scripts.local.stripe.buyer import Buyer, Outcome, Settlement
from scripts.local.stripe.cashier import Paid
from scripts.local.stripe.invoice_lines import single_line
from scripts.local.stripe.money_stories import MoneyStories
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.sales import Sale


class StripeAccount(MoneyStories):
    """Every story raises ApiError where Stripe would refuse it; amounts are in minor units."""

    # Checkout

    def open(self, sale: Sale, *, recurring: bool = False) -> JsonObject:
        """Open a session for a sale, and give it."""
        return self.checkout.open(sale.params(recurring=recurring))

    def pay(self, session_id: str, outcome: Outcome = Outcome.CARD, **told: Any) -> Paid:
        """
        Pay as on the hosted page.

        `told` may name the buyer's fields, and what adaptive pricing showed as
        `presentment_amount` and `presentment_currency`.
        """
        return self._cashier.pay(session_id, outcome, told)

    def settle(self, object_id: str, settlement: Settlement = Settlement.SUCCEEDED) -> Paid:
        """End the delayed payment of a session, an invoice or an intent."""
        return self._cashier.settle(object_id, settlement)

    def expire(self, session_id: str) -> Paid:
        return self._cashier.expire(session_id)

    def recover(self, session_id: str, *, keeps_reference: bool = True) -> JsonObject:
        """Open the copy of an expired session, and give it."""
        return self.checkout.recover(session_id, keeps_reference=keeps_reference)

    def sell(
        self, sale: Sale | None = None, outcome: Outcome = Outcome.CARD, **told: Any
    ) -> Events:
        """Open a one-off session and pay it."""
        return self.pay(self.open(sale or Sale())["id"], outcome, **told).events

    def subscribe(
        self, sale: Sale | None = None, outcome: Outcome = Outcome.CARD, **told: Any
    ) -> Events:
        """Open a session in subscription mode and pay it."""
        session = self.open(sale or Sale(amount=1900), recurring=True)
        return self.pay(session["id"], outcome, **told).events

    def coupon(self, *, percent_off: int | None = None, amount_off: int | None = None) -> str:
        """Make a coupon and give its id."""
        coupon = objects.coupon(
            self._ids("coupon", 8), self._now(), percent_off=percent_off, amount_off=amount_off
        )
        return str(self.store.put(coupon)["id"])

    # Billing

    def renew(
        self,
        subscription: str,
        amount: int | None = None,
        *,
        outcome: Outcome | None = Outcome.CARD,
    ) -> Events:
        """Bill the next period; without an outcome the invoice stays open (invoice.finalized)."""
        return self.tell(lambda: self._parts.subscriptions.renew(subscription, amount, outcome))

    def upgrade(
        self,
        subscription: str,
        price: int,
        *,
        charge: int | None = None,
        outcome: Outcome | None = Outcome.CARD,
    ) -> Events:
        """Move to another price; `charge` is what the proration lines add up to."""
        return self.tell(
            lambda: self._parts.subscriptions.upgrade(subscription, price, charge, outcome)
        )

    def credit(self, customer: str, amount: int) -> Events:
        """Give a customer credit, which pays their next invoices first."""
        return self.tell(lambda: self._parts.customers.credit(customer, amount))

    def bill(
        self,
        amount: int,
        currency: str = "eur",
        *,
        customer: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Events:
        """Write an invoice by hand and leave it open (invoice.finalized)."""

        def write() -> list[Change]:
            parts = self._parts
            named = customer or parts.customers.open(Buyer(), None, livemode=self._livemode)
            line = single_line(amount, currency, self._now(), self._ids)
            bill = Bill([line], currency, "manual", named, self._livemode, metadata=metadata or {})
            return [Change("invoice.finalized", parts.bills.finalise(bill))]

        return self.tell(write)

    def pay_invoice(
        self,
        invoice: str,
        part: int | None = None,
        *,
        outcome: Outcome = Outcome.CARD,
        out_of_band: bool = False,
        tells_record: bool = False,
    ) -> Events:
        """
        Pay what remains of an open invoice, or a part of it, by Stripe or out of band.

        `tells_record` makes an invoice_payment.paid of out-of-band money too.
        """
        invoices = self._parts.invoices
        if out_of_band:
            return self.tell(lambda: invoices.pay_off_stripe(invoice, part, tells=tells_record))
        return self.tell(lambda: invoices.collect(invoice, outcome, part))


def subject_of(events: Events, kind: str) -> JsonObject:
    """Give the object of the first event of a type; KeyError names the types there are."""
    for event in events:
        if event["type"] == kind:
            subject: JsonObject = event["data"]["object"]
            return subject
    raise KeyError(f"no {kind} among {[event['type'] for event in events]}")
