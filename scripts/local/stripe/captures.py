"""What becomes of an authorised card: its hold is captured, whole or in part, or released."""

from typing import Any

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.errors import invalid, unexpected_state
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store

# https://docs.stripe.com/api/payment_intents/cancel
_CANCELLABLE = frozenset(
    {"requires_action", "requires_capture", "requires_confirmation", "requires_payment_method"}
)


class Captures:
    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def capture(self, intent_id: str, amount: int | None = None) -> list[Change]:
        """
        Take the whole hold or a part of it, and give the rest back to the card.

        The rest shows as refunded on the charge, though no sale was returned.
        """
        intent = self._store.get("payment_intent", intent_id)
        if intent["status"] != "requires_capture":
            raise unexpected_state(intent["status"])
        whole = intent["amount"]
        taken = whole if amount is None else amount
        if not 1 <= taken <= whole:
            raise invalid(f"Only 1 to {whole} can be captured.", "amount_to_capture")
        charge = self._store.change(
            "charge",
            intent["latest_charge"],
            amount_captured=taken,
            amount_refunded=whole - taken,
            captured=True,
        )
        paid = self._intent(intent, amount_received=taken, status="succeeded")
        self._mark_sessions_paid(intent_id)
        return [Change("charge.captured", charge), Change("payment_intent.succeeded", paid)]

    def cancel(self, intent_id: str, reason: str | None = None) -> list[Change]:
        """Cancel the intent; a hold is released, which looks like a refund and is none."""
        intent = self._store.get("payment_intent", intent_id)
        if intent["status"] not in _CANCELLABLE:
            raise unexpected_state(intent["status"])
        released = self._release(intent) if intent["status"] == "requires_capture" else []
        cancelled = self._intent(
            intent, canceled_at=self._now(), cancellation_reason=reason, status="canceled"
        )
        return [Change("payment_intent.canceled", cancelled), *released]

    def _release(self, intent: JsonObject) -> list[Change]:
        held = intent["amount_capturable"]
        refund = self._store.put(
            objects.refund(
                self._ids("re"),
                self._now(),
                amount=held,
                charge=intent["latest_charge"],
                currency=intent["currency"],
                payment_intent=intent["id"],
                reason="expired_uncaptured_charge",
                status="succeeded",
            )
        )
        charge = self._store.change(
            "charge", intent["latest_charge"], amount_refunded=held, refunded=True
        )
        return [
            Change("charge.refunded", charge, {"amount_refunded": 0, "refunded": False}),
            Change("refund.created", refund),
        ]

    def _intent(self, intent: JsonObject, **over: Any) -> JsonObject:
        return self._store.change("payment_intent", intent["id"], amount_capturable=0, **over)

    def _mark_sessions_paid(self, intent_id: str) -> None:
        """Let reads of the session say `paid`; no event tells of it."""
        for session in self._store.newest_first(
            "checkout.session", lambda one: one["payment_intent"] == intent_id
        ):
            self._store.change("checkout.session", session["id"], payment_status="paid")

    def _now(self) -> int:
        return int(self._clock().timestamp())
