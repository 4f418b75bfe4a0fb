"""Delayed payments come to their end, days after the buyer gave an order for them."""

from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Settlement
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.errors import invalid, missing
from scripts.local.stripe.intents import Intents
from scripts.local.stripe.invoices import Invoices
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.selling import Selling
from scripts.local.stripe.store import Store


class Settling:
    def __init__(
        self,
        store: Store,
        checkout: Checkout,
        intents: Intents,
        invoices: Invoices,
        selling: Selling,
    ) -> None:
        self._store = store
        self._checkout = checkout
        self._intents = intents
        self._invoices = invoices
        self._selling = selling

    def settle(self, object_id: str, settlement: Settlement) -> list[Change]:
        """
        Settle what is under way for a `cs_…`, `in_…` or `pi_…`.

        Raise ApiError where nothing is.
        """
        with self._store.lock:
            intent_id = self._pending_intent(object_id)
            changes = self._intents.settle(intent_id, settlement)
            session = self._session_of(intent_id)
            if settlement is Settlement.SUCCEEDED:
                changes += self._invoices.settled_by(intent_id)
            if session is None:
                return changes
            word = "unpaid"
            if settlement is Settlement.SUCCEEDED:
                word = "paid"
                changes += self._selling.invoiced(session, self._checkout.draft(session["id"]))
            ended = self._store.change("checkout.session", session["id"], payment_status=word)
        return [*changes, Change(f"checkout.session.async_payment_{settlement.value}", ended)]

    def _pending_intent(self, object_id: str) -> str:
        found = self._store.find(object_id)
        if found is None:
            raise missing("checkout.session", object_id, "session")
        intents = {found["id"], found.get("payment_intent")}
        invoices = {found["id"], found.get("invoice")}
        intents |= {
            one["payment"].get("payment_intent")
            for one in self._store.newest_first(
                "invoice_payment", lambda one: one["invoice"] in invoices
            )
        }
        pending = self._store.newest_first(
            "payment_intent", lambda one: one["id"] in intents and one["status"] == "processing"
        )
        if not pending:
            raise invalid("No payment of this object is pending.", "session")
        return str(pending[0]["id"])

    def _session_of(self, intent_id: str) -> JsonObject | None:
        invoices = {
            one["invoice"]
            for one in self._store.newest_first(
                "invoice_payment", lambda one: one["payment"].get("payment_intent") == intent_id
            )
        }
        found = self._store.newest_first(
            "checkout.session",
            lambda one: one["payment_intent"] == intent_id or one["invoice"] in invoices,
        )
        return found[0] if found else None
