"""
What becomes of a session when its buyer pays, pays later, or is declined.

Only one-off payments so far; a subscription's first payment is refused by name.
"""

from typing import Any, assert_never

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome, Settlement
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.errors import ApiError, invalid
from scripts.local.stripe.ids import new_id
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store

_DECLINED = {"code": "card_declined", "message": "Your card was declined.", "type": "card_error"}
_NO_FUNDS = {
    "code": "insufficient_funds",
    "message": "The customer's account has insufficient funds.",
    "type": "card_error",
}


class Payments:
    def __init__(self, store: Store, checkout: Checkout, intents: Intents) -> None:
        self._store = store
        self._checkout = checkout
        self._intents = intents

    def pay(self, session_id: str, outcome: Outcome, buyer: Buyer) -> list[Change]:
        """Raise ApiError where the session cannot be paid, or not in this way."""
        with self._store.lock:
            session = self._payable(session_id, outcome)
            if outcome is not Outcome.DECLINE and session["amount_total"] == 0:
                return [self._complete(session, buyer, payment_status="no_payment_required")]
            session, intent = self._attempted(session, outcome)
            charge = self._intents.charge(intent, buyer, self._phone(session, buyer))
            match outcome:
                case Outcome.CARD:
                    money = self._intents.succeed(intent, charge)
                    return [*money, self._complete(session, buyer, payment_status="paid")]
                case Outcome.SEPA:
                    self._intents.process(intent, charge)
                    return [self._complete(session, buyer, payment_status="unpaid")]
                case Outcome.DECLINE:
                    return self._intents.fail(intent, charge, _DECLINED)
                case _:
                    assert_never(outcome)

    def settle(self, session_id: str, settlement: Settlement) -> list[Change]:
        """Bring a delayed payment to its end; raise ApiError where none is pending."""
        with self._store.lock:
            session = self._store.get("checkout.session", session_id, "session")
            intent = self._store.find(session["payment_intent"] or "") or {}
            if intent.get("status") != "processing":
                raise invalid("No payment of this session is pending.", "session")
            charge = self._store.get("charge", intent["latest_charge"])
            match settlement:
                case Settlement.SUCCEEDED:
                    money, word = self._intents.succeed(intent, charge), "paid"
                case Settlement.FAILED:
                    money, word = self._intents.fail(intent, charge, _NO_FUNDS), "unpaid"
                case _:
                    assert_never(settlement)
            ended = self._store.change("checkout.session", session_id, payment_status=word)
        return [*money, Change(f"checkout.session.async_payment_{settlement.value}", ended)]

    def _payable(self, session_id: str, outcome: Outcome) -> JsonObject:
        session = self._store.get("checkout.session", session_id, "session")
        if session["status"] != "open":
            raise invalid(f"This session is {session['status']}, not open.", "session")
        if session["mode"] != "payment":
            raise ApiError(f"This stand-in cannot yet complete a {session['mode']}.", status=501)
        if outcome.method not in session["payment_method_types"]:
            raise invalid(f"This session does not offer {outcome.method}.", "outcome")
        return session

    def _attempted(self, session: JsonObject, outcome: Outcome) -> tuple[JsonObject, JsonObject]:
        """Give session and intent; Stripe makes the intent at the first try, and keeps it."""
        if session["payment_intent"]:
            return session, self._store.get("payment_intent", session["payment_intent"])
        customer = session["customer"]
        if customer is None and session["customer_creation"] == "always":
            customer = new_id("cus", 14)
        intent = self._intents.open(
            outcome.method,
            self._checkout.draft(session["id"]).payment_intent_metadata,
            amount=session["amount_total"],
            currency=session["currency"],
            customer=customer,
            livemode=session["livemode"],
        )
        attempted = self._store.change(
            "checkout.session", session["id"], customer=customer, payment_intent=intent["id"]
        )
        return attempted, intent

    def _complete(self, session: JsonObject, buyer: Buyer, *, payment_status: str) -> Change:
        details: dict[str, Any] = {
            "address": buyer.address(),
            "business_name": None,
            "email": buyer.email,
            "individual_name": None,
            "name": buyer.name,
            "phone": self._phone(session, buyer),
            "tax_exempt": "none",
            "tax_ids": [],
        }
        completed = self._store.change(
            "checkout.session",
            session["id"],
            customer_details=details,
            payment_status=payment_status,
            status="complete",
            url=None,
        )
        return Change("checkout.session.completed", completed)

    def _phone(self, session: JsonObject, buyer: Buyer) -> str | None:
        return buyer.phone if self._checkout.draft(session["id"]).collects_phone else None
