"""Take a payment and let the world know of it: the pages and the controls both come here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local.stripe.announcing import Announced, Announcer
from scripts.local.stripe.buyer import Buyer, Outcome, Settlement, presented_in
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.payments import Payments
from scripts.local.stripe.settling import Settling
from scripts.local.stripe.store import Store


@dataclass(frozen=True)
class Paid:
    """
    The session after the try, where its buyer goes next, and the events that tell of it.

    Where an invoice or an intent without a session was settled, `session` is that object.
    """

    session: JsonObject
    redirect: str | None
    events: list[JsonObject]

    def as_json(self) -> dict[str, Any]:
        event_ids = [event["id"] for event in self.events]
        return {"session": self.session, "redirect": self.redirect, "events": event_ids}


class Cashier:
    def __init__(
        self,
        store: Store,
        checkout: Checkout,
        payments: Payments,
        settling: Settling,
        announcer: Announcer,
        *,
        redirect_waits: float,
    ) -> None:
        """`redirect_waits`: how many seconds a buyer waits for the webhook's answer at most."""
        self._store = store
        self._checkout = checkout
        self._payments = payments
        self._settling = settling
        self._announcer = announcer
        self._redirect_waits = redirect_waits

    def pay(self, session_id: str, outcome: Outcome, told: Mapping[str, Any]) -> Paid:
        """
        Pay, and come back when the shop's server answered checkout.session.completed.

        Stripe holds the buyer so where there is a success_url. An event that was held back on
        demand holds nobody: the drill is about the sale, not about the buyer's patience.
        """
        session = self._store.get("checkout.session", session_id, "session")
        buyer = Buyer.of({"email": session["customer_email"]} | dict(told))
        changes = self._payments.pay(session_id, outcome, buyer, presented_in(told))
        announced = self._announcer.announce(changes)
        paid = self._store.get("checkout.session", session_id)
        redirect = None
        if paid["status"] == "complete" and paid["success_url"]:
            redirect = paid["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
            self._wait(announced)
        return Paid(paid, redirect, announced.events)

    def settle(self, object_id: str, settlement: Settlement) -> Paid:
        """Settle what is under way for a `cs_…`, `in_…` or `pi_…`; raise ApiError for others."""
        announced = self._announcer.announce(self._settling.settle(object_id, settlement))
        return Paid(self._store.find(object_id) or {}, None, announced.events)

    def expire(self, session_id: str) -> Paid:
        announced = self._announcer.announce(self._checkout.expire(session_id))
        return Paid(self._store.get("checkout.session", session_id), None, announced.events)

    def _wait(self, announced: Announced) -> None:
        for delivery in announced.deliveries:
            if delivery.event["type"] == "checkout.session.completed":
                delivery.answered.wait(self._redirect_waits)
                return
