"""The end of a paid session: who paid is told, and its page is closed."""

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


class Completing:
    def __init__(self, store: Store, checkout: Checkout) -> None:
        self._store = store
        self._checkout = checkout

    def complete(self, session: JsonObject, buyer: Buyer, *, payment_status: str) -> Change:
        details: JsonObject = {
            "address": buyer.address(),
            "business_name": None,
            "email": buyer.email,
            "individual_name": None,
            "name": buyer.name,
            "phone": self.phone(session, buyer),
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

    def phone(self, session: JsonObject, buyer: Buyer) -> str | None:
        """Give the buyer's number where the session asks for one."""
        return buyer.phone if self._checkout.draft(session["id"]).collects_phone else None
