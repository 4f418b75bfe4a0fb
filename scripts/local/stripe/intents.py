"""PaymentIntents and their charges: the money's own side of a payment."""

from collections.abc import Mapping
from typing import Any

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer
from scripts.local.stripe.ids import new_id
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store


class Intents:
    """Hold the store's lock around a whole payment; nothing here takes it for that long."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open(self, method: str, metadata: Mapping[str, str], **over: Any) -> JsonObject:
        return self._store.put(
            objects.payment_intent(
                new_id("pi"),
                self._now(),
                metadata=metadata,
                payment_method_types=[method],
                **over,
            )
        )

    def charge(self, intent: JsonObject, buyer: Buyer, phone: str | None) -> JsonObject:
        """Make one try to move the money; it inherits the intent's metadata."""
        return objects.charge(
            new_id("ch"),
            self._now(),
            amount=intent["amount"],
            billing_details={
                "address": buyer.address(),
                "email": buyer.email,
                "name": buyer.name,
                "phone": phone,
            },
            currency=intent["currency"],
            customer=intent["customer"],
            livemode=intent["livemode"],
            metadata=intent["metadata"],
            payment_intent=intent["id"],
        )

    def succeed(self, intent: JsonObject, charge: JsonObject) -> list[Change]:
        amount = intent["amount"]
        moved = self._keep(charge, amount_captured=amount, paid=True, status="succeeded")
        paid = self._after(
            intent,
            charge,
            amount_received=amount,
            last_payment_error=None,
            payment_method=intent["payment_method"] or new_id("pm"),
            status="succeeded",
        )
        return [Change("charge.succeeded", moved), Change("payment_intent.succeeded", paid)]

    def process(self, intent: JsonObject, charge: JsonObject) -> None:
        """Leave a delayed payment under way, which may take days."""
        self._keep(charge, paid=False, status="pending")
        self._after(intent, charge, payment_method=new_id("pm"), status="processing")

    def fail(self, intent: JsonObject, charge: JsonObject, why: JsonObject) -> list[Change]:
        """Let the intent wait for another payment method."""
        broken = self._keep(
            charge,
            captured=False,
            failure_code=why["code"],
            failure_message=why["message"],
            paid=False,
            status="failed",
        )
        waiting = self._after(
            intent, charge, last_payment_error=why, status="requires_payment_method"
        )
        return [Change("charge.failed", broken), Change("payment_intent.payment_failed", waiting)]

    def _keep(self, charge: JsonObject, **over: Any) -> JsonObject:
        return self._store.put(objects.overlay(charge, over))

    def _after(self, intent: JsonObject, charge: JsonObject, **over: Any) -> JsonObject:
        return self._store.change(
            "payment_intent", intent["id"], latest_charge=charge["id"], **over
        )

    def _now(self) -> int:
        return int(self._clock().timestamp())
