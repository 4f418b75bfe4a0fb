"""Disputes: the buyer's bank takes the money back, for a while or for good."""

from enum import StrEnum
from typing import assert_never

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.errors import invalid
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


class Verdict(StrEnum):
    """Where a dispute stands, in Stripe's words."""

    NEEDS_RESPONSE = "needs_response"
    WON = "won"
    LOST = "lost"


class Disputes:
    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def dispute(self, payment_intent: str, verdict: Verdict) -> list[Change]:
        """Open a dispute or close it; one that was never opened is opened first."""
        found = self._open_one(payment_intent)
        match verdict:
            case Verdict.NEEDS_RESPONSE if found is not None:
                raise invalid("This payment is disputed already.", "payment_intent")
            case Verdict.NEEDS_RESPONSE:
                return self._opened(payment_intent)
            case Verdict.WON | Verdict.LOST:
                opened = self._opened(payment_intent) if found is None else []
                subject = found or opened[0].subject
                return [*opened, *self._closed(subject, verdict)]
            case _:
                assert_never(verdict)

    def _opened(self, payment_intent: str) -> list[Change]:
        intent = self._store.get("payment_intent", payment_intent, "payment_intent")
        if intent["status"] != "succeeded":
            raise invalid("Only money that moved can be disputed.", "payment_intent")
        self._store.change("charge", intent["latest_charge"], disputed=True)
        dispute = self._store.put(
            objects.dispute(
                self._ids("du"),
                int(self._clock().timestamp()),
                amount=intent["amount_received"],
                charge=intent["latest_charge"],
                currency=intent["currency"],
                livemode=intent["livemode"],
                payment_intent=payment_intent,
            )
        )
        return [
            Change("charge.dispute.created", dispute),
            Change("charge.dispute.funds_withdrawn", dispute),
        ]

    def _closed(self, dispute: JsonObject, verdict: Verdict) -> list[Change]:
        closed = self._store.change("dispute", dispute["id"], status=verdict.value)
        changes = [Change("charge.dispute.closed", closed, {"status": dispute["status"]})]
        if verdict is Verdict.WON:
            changes.append(Change("charge.dispute.funds_reinstated", closed))
        return changes

    def _open_one(self, payment_intent: str) -> JsonObject | None:
        found = self._store.newest_first(
            "dispute",
            lambda one: (
                one["payment_intent"] == payment_intent and one["status"] == "needs_response"
            ),
        )
        return found[0] if found else None
