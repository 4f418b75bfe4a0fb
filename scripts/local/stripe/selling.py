"""One-off sales: a session in payment mode, its intent, and the invoice that may follow."""

from typing import assert_never

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.bills import Bill, Bills
from scripts.local.stripe.buyer import Buyer, Outcome
from scripts.local.stripe.checkout_params import Draft
from scripts.local.stripe.completing import Completing
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.invoice_lines import sold_lines
from scripts.local.stripe.invoices import Invoices
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


class Selling:
    """Hold the store's lock around a whole sale."""

    def __init__(
        self,
        *,
        store: Store,
        intents: Intents,
        bills: Bills,
        invoices: Invoices,
        completing: Completing,
        ids: Ids,
    ) -> None:
        self._store = store
        self._intents = intents
        self._bills = bills
        self._invoices = invoices
        self._completing = completing
        self._ids = ids

    def sell(
        self, session: JsonObject, draft: Draft, outcome: Outcome, buyer: Buyer
    ) -> list[Change]:
        """Take the money; a total of zero needs no intent and asks for none."""
        if outcome is not Outcome.DECLINE and session["amount_total"] == 0:
            return [self._complete(session, buyer, "no_payment_required")]
        session, intent = self._attempted(session, draft, outcome)
        phone = self._completing.phone(session, buyer)
        money = self._intents.attempt(intent, outcome, buyer, phone)
        match outcome:
            case Outcome.CARD if draft.capture_method == "manual":
                # What Checkout says of a mere hold is not confirmed; the shop's money it is not.
                return [*money, self._complete(session, buyer, "unpaid")]
            case Outcome.CARD:
                money += self.invoiced(session, draft)
                return [*money, self._complete(session, buyer, "paid")]
            case Outcome.SEPA:
                return [self._complete(session, buyer, "unpaid")]
            case Outcome.DECLINE:
                return money
            case _:
                assert_never(outcome)

    def invoiced(self, session: JsonObject, draft: Draft) -> list[Change]:
        """Make the invoice that follows a one-off payment, where the shop wants one."""
        if draft.invoice_metadata is None or session["mode"] != "payment":
            return []
        bill = Bill(
            sold_lines(draft.line_items, None, self._ids),
            session["currency"],
            "manual",
            session["customer"],
            session["livemode"],
            session["total_details"]["amount_shipping"],
            metadata=draft.invoice_metadata,
            uses_balance=False,
        )
        invoice = self._bills.finalise(bill)
        self._store.change("checkout.session", session["id"], invoice=invoice["id"])
        payment = {"type": "payment_intent", "payment_intent": session["payment_intent"]}
        self._invoices.attach(invoice, payment, invoice["amount_due"])
        return self._invoices.settled_by(session["payment_intent"])

    def _attempted(
        self, session: JsonObject, draft: Draft, outcome: Outcome
    ) -> tuple[JsonObject, JsonObject]:
        """Give session and intent; Stripe makes the intent at the first try, and keeps it."""
        if session["payment_intent"]:
            return session, self._store.get("payment_intent", session["payment_intent"])
        intent = self._intents.open(
            outcome.method,
            draft.payment_intent_metadata,
            amount=session["amount_total"],
            capture_method=draft.capture_method,
            currency=session["currency"],
            customer=session["customer"],
            livemode=session["livemode"],
            presentment_details=session["presentment_details"],
        )
        attempted = self._store.change(
            "checkout.session", session["id"], payment_intent=intent["id"]
        )
        return attempted, intent

    def _complete(self, session: JsonObject, buyer: Buyer, payment_status: str) -> Change:
        return self._completing.complete(session, buyer, payment_status=payment_status)
