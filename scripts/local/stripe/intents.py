"""PaymentIntents and their charges: the money's own side of a payment."""

from collections.abc import Mapping
from typing import Any, assert_never

from scripts.local.clock import Clock
from scripts.local.stripe import objects
from scripts.local.stripe.announcing import Change
from scripts.local.stripe.buyer import Buyer, Outcome, Settlement
from scripts.local.stripe.errors import unexpected_state
from scripts.local.stripe.ids import Ids
from scripts.local.stripe.objects import JsonObject
from scripts.local.stripe.store import Store

_DECLINED = {"code": "card_declined", "message": "Your card was declined.", "type": "card_error"}
_NO_FUNDS = {
    "code": "insufficient_funds",
    "message": "The customer's account has insufficient funds.",
    "type": "card_error",
}
# What a charge has from its intent.
_INHERITED = ("amount", "currency", "customer", "livemode", "metadata")
_PAYABLE = frozenset({"requires_confirmation", "requires_payment_method"})


class Intents:
    """Hold the store's lock around a whole payment; nothing here takes it for that long."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def open(self, method: str, metadata: Mapping[str, str], **over: Any) -> JsonObject:
        return self._store.put(
            objects.payment_intent(
                self._ids("pi"),
                self._now(),
                metadata=metadata,
                payment_method_types=[method],
                **over,
            )
        )

    def attempt(
        self, intent: JsonObject, outcome: Outcome, buyer: Buyer, phone: str | None = None
    ) -> list[Change]:
        """Make one try to move the money; raise ApiError where the intent awaits none."""
        if intent["status"] not in _PAYABLE:
            raise unexpected_state(intent["status"])
        charge = self._charge(intent, buyer, phone)
        match outcome:
            case Outcome.CARD if intent["capture_method"] == "manual":
                return self._hold(intent, charge)
            case Outcome.CARD:
                return self._succeed(intent, charge)
            case Outcome.SEPA:
                return self._process(intent, charge)
            case Outcome.DECLINE:
                return self._fail(intent, charge, _DECLINED)
            case _:
                assert_never(outcome)

    def settle(self, intent_id: str, settlement: Settlement) -> list[Change]:
        """Bring a delayed payment to its end; raise ApiError where none is pending."""
        intent = self._store.get("payment_intent", intent_id)
        if intent["status"] != "processing":
            raise unexpected_state(intent["status"])
        charge = self._store.get("charge", intent["latest_charge"])
        match settlement:
            case Settlement.SUCCEEDED:
                return self._succeed(intent, charge)
            case Settlement.FAILED:
                return self._fail(intent, charge, _NO_FUNDS)
            case _:
                assert_never(settlement)

    def _charge(self, intent: JsonObject, buyer: Buyer, phone: str | None) -> JsonObject:
        """Make the charge of one try; it inherits the intent's metadata."""
        billing = {
            "address": buyer.address(),
            "email": buyer.email,
            "name": buyer.name,
            "phone": phone,
        }
        inherited = {name: intent[name] for name in _INHERITED}
        if intent["presentment_details"] is not None:
            inherited["presentment_details"] = intent["presentment_details"]
        return objects.charge(
            self._ids("ch"),
            self._now(),
            billing_details=billing,
            payment_intent=intent["id"],
            **inherited,
        )

    def _succeed(self, intent: JsonObject, charge: JsonObject) -> list[Change]:
        amount = intent["amount"]
        moved = self._keep(charge, amount_captured=amount, paid=True, status="succeeded")
        paid = self._after(
            intent,
            charge,
            amount_received=amount,
            last_payment_error=None,
            payment_method=intent["payment_method"] or self._ids("pm"),
            status="succeeded",
        )
        return [Change("charge.succeeded", moved), Change("payment_intent.succeeded", paid)]

    def _hold(self, intent: JsonObject, charge: JsonObject) -> list[Change]:
        """Only authorise: the charge says `paid` though no money has moved yet."""
        held = self._keep(charge, amount_captured=0, captured=False, paid=True, status="succeeded")
        waiting = self._after(
            intent,
            charge,
            amount_capturable=intent["amount"],
            last_payment_error=None,
            payment_method=self._ids("pm"),
            status="requires_capture",
        )
        return [
            Change("charge.succeeded", held),
            Change("payment_intent.amount_capturable_updated", waiting),
        ]

    def _process(self, intent: JsonObject, charge: JsonObject) -> list[Change]:
        """Leave a delayed payment under way, which may take days; nothing is told of it."""
        self._keep(charge, paid=False, status="pending")
        self._after(intent, charge, payment_method=self._ids("pm"), status="processing")
        return []

    def _fail(self, intent: JsonObject, charge: JsonObject, why: JsonObject) -> list[Change]:
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
