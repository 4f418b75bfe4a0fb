"""What becomes of a session when its buyer pays, pays later, or is declined."""

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.checkout_params import Draft
from scripts.local.stripe.completing import Completing
from scripts.local.stripe.customers import Customers
from scripts.local.stripe.errors import ApiError, invalid
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.invoice_lines import sold_lines
from scripts.local.stripe.invoices import Invoices
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.selling import Selling
from scripts.local.stripe.store import Store
from scripts.local.stripe.subscriptions import Subscriptions


class Payments:
    def __init__(
        self,
        *,
        store: Store,
        checkout: Checkout,
        customers: Customers,
        intents: Intents,
        invoices: Invoices,
        subscriptions: Subscriptions,
        selling: Selling,
        completing: Completing,
        ids: Ids,
    ) -> None:
        self._store = store
        self._checkout = checkout
        self._customers = customers
        self._intents = intents
        self._invoices = invoices
        self._subscriptions = subscriptions
        self._selling = selling
        self._completing = completing
        self._ids = ids

    def pay(
        self, session_id: str, outcome: Outcome, buyer: Buyer, presented: JsonObject | None = None
    ) -> list[Change]:
        """
        Raise ApiError where the session cannot be paid, or not in this way.

        `presented` is what the buyer was shown under adaptive pricing, as `presentment_details`.
        """
        with self._store.lock:
            session = self._payable(session_id, outcome)
            draft = self._checkout.draft(session_id)
            session = self._with_customer(session, draft, buyer)
            if presented is not None:
                session = self._change(session, presentment_details=presented)
            if session["mode"] == "subscription":
                return self._subscribe(session, draft, outcome, buyer)
            return self._selling.sell(session, draft, outcome, buyer)

    def _subscribe(
        self, session: JsonObject, draft: Draft, outcome: Outcome, buyer: Buyer
    ) -> list[Change]:
        presented = session["presentment_details"]
        if outcome is Outcome.DECLINE:
            return self._declined(session, buyer)
        subscription = self._subscriptions.start(draft, session, presented)
        invoice = self._subscriptions.first_bill(
            subscription,
            sold_lines(draft.line_items, subscription, self._ids),
            session["total_details"]["amount_shipping"],
        )
        money = self._invoices.collect(invoice["id"], outcome, buyer=buyer, presented=presented)
        status = "paid" if outcome is Outcome.CARD else "unpaid"
        if session["amount_total"] == 0:
            status = "no_payment_required"
        session = self._change(session, invoice=invoice["id"], subscription=subscription["id"])
        subscription = self._store.get("subscription", subscription["id"])
        started = Change("customer.subscription.created", subscription)
        ended = self._completing.complete(session, buyer, payment_status=status)
        return [started, *money, ended]

    def _declined(self, session: JsonObject, buyer: Buyer) -> list[Change]:
        """Let the first payment of a subscription fail: nothing but the try remains of it."""
        intent = self._intents.open(
            Outcome.DECLINE.method,
            {},
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            description="Subscription creation",
            livemode=session["livemode"],
        )
        return self._intents.attempt(intent, Outcome.DECLINE, buyer)

    def _payable(self, session_id: str, outcome: Outcome) -> JsonObject:
        session = self._store.get("checkout.session", session_id, "session")
        if session["status"] != "open":
            raise invalid(f"This session is {session['status']}, not open.", "session")
        if session["mode"] == "setup":
            raise ApiError("This stand-in cannot yet complete a setup.", status=501)
        if outcome.method not in session["payment_method_types"]:
            raise invalid(f"This session does not offer {outcome.method}.", "outcome")
        return session

    def _with_customer(self, session: JsonObject, draft: Draft, buyer: Buyer) -> JsonObject:
        wanted = (
            session["mode"] == "subscription"
            or session["customer_creation"] == "always"
            or draft.invoice_metadata is not None
        )
        if session["customer"] is not None or not wanted:
            return session
        phone = self._completing.phone(session, buyer)
        customer = self._customers.open(buyer, phone, livemode=session["livemode"])
        return self._change(session, customer=customer)

    def _change(self, session: JsonObject, **over: object) -> JsonObject:
        return self._store.change("checkout.session", session["id"], **over)
