"""Refunds: whole or in part, at once or pending, and those that fail after all."""

from typing import Any

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.errors import invalid
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store

# Where a refund may go from where it stands; a bank may send even a succeeded one back.
_NEXT = {
    "pending": frozenset({"succeeded", "failed", "canceled"}),
    "requires_action": frozenset({"pending", "succeeded", "failed", "canceled"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset[str](),
    "canceled": frozenset[str](),
}
_UNDONE = frozenset({"failed", "canceled"})


class Refunds:
    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def refund(
        self, payment: str, amount: int | None = None, *, status: str = "succeeded", **over: Any
    ) -> list[Change]:
        """
        Send money back: `payment` is a `pi_…` or `ch_…`, `amount` in minor units or all the rest.

        The charge counts a refund from the moment it is made, pending or not.
        """
        charge = self._charge(payment)
        rest = charge["amount"] - charge["amount_refunded"]
        returned = rest if amount is None else amount
        if not charge["captured"] or not charge["paid"]:
            raise invalid("This charge has no money to refund.", "payment_intent")
        if not 1 <= returned <= rest:
            raise invalid(f"Only 1 to {rest} can be refunded.", "amount", "charge_already_refunded")
        refund = self._store.put(
            objects.refund(
                self._ids("re"),
                self._now(),
                amount=returned,
                charge=charge["id"],
                currency=charge["currency"],
                payment_intent=charge["payment_intent"],
                status=status,
                **_presented(charge, returned),
                **over,
            )
        )
        return [Change("refund.created", refund), self._counted(charge, returned)]

    def move(self, refund_id: str, status: str) -> list[Change]:
        """Bring a refund on; one that fails leaves the money with the shop after all."""
        refund = self._store.get("refund", refund_id)
        before = refund["status"]
        if status not in _NEXT[before]:
            raise invalid(f"A {before} refund does not become {status}.", "status")
        over: JsonObject = {"status": status}
        if status == "failed":
            over |= {"failure_reason": "expired_or_canceled_card"}
        moved = self._store.change("refund", refund_id, **over)
        if status in _UNDONE:
            # No event of the charge tells that its amount_refunded went down again.
            self._counted(self._store.get("charge", refund["charge"]), -refund["amount"])
        changes = [Change("refund.updated", moved, {"status": before})]
        return [*changes, Change("refund.failed", moved)] if status == "failed" else changes

    def _charge(self, payment: str) -> JsonObject:
        if payment.startswith("ch_"):
            return self._store.get("charge", payment, "charge")
        intent = self._store.get("payment_intent", payment, "payment_intent")
        if intent["latest_charge"] is None:
            raise invalid("This PaymentIntent has no charge to refund.", "payment_intent")
        return self._store.get("charge", intent["latest_charge"])

    def _counted(self, charge: JsonObject, more: int) -> Change:
        before = {name: charge[name] for name in ("amount_refunded", "refunded")}
        refunded = charge["amount_refunded"] + more
        after = {"amount_refunded": refunded, "refunded": refunded == charge["amount"]}
        counted = self._store.change("charge", charge["id"], **after)
        changed = {name: before[name] for name in before if before[name] != after[name]}
        return Change("charge.refunded", counted, changed)

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _presented(charge: JsonObject, returned: int) -> JsonObject:
    """Give back what the buyer was shown, in the same share as the money."""
    shown = charge.get("presentment_details")
    if shown is None:
        return {}
    part = shown["presentment_amount"] * returned // charge["amount"]
    return {"presentment_details": {**shown, "presentment_amount": part}}
