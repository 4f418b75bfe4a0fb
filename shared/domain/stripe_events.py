"""Stripe's events: is it ours, is it money, and what does it say of the payment?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.events import parse_event_id
from shared.domain.money import is_currency
from shared.domain.refusals import Refusal

JsonObject = Mapping[str, object]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,254}", re.ASCII)
_MOST_MINOR = 10**15


class Ignored(StrEnum):
    """Why an authentic event is answered 2xx and goes no further."""

    UNKNOWN_TYPE = "unknown_type"
    THIN_EVENT = "thin_event"
    SETUP = "setup"
    SUBSCRIPTION = "subscription"
    CONNECT = "connect"
    MALFORMED = "malformed"


class Checkout(StrEnum):
    """What a Checkout Session event says of its money."""

    PAID = "paid"
    FREE = "free"
    UNPAID = "unpaid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An authentic event, its envelope checked; `object` is still Stripe's plain JSON."""

    id: str
    type: str
    created_at: datetime
    livemode: bool
    api_version: str | None
    account: str | None
    object: JsonObject


@dataclass(frozen=True, slots=True)
class CheckoutReading:
    """A Checkout Session as one event showed it; amounts in the currency's minor unit."""

    says: Checkout
    checkout_session_id: str
    payment_intent_id: str | None
    customer_id: str | None
    amount_minor: int
    tax_minor: int
    shipping_minor: int
    currency: str
    metadata_session: str | None
    client_reference_id: str | None
    event_id: str | None
    order_id: str | None
    customer_details: JsonObject
    country: str | None

    @property
    def sale_key(self) -> str:
        """The PaymentIntent names the payment on all of Stripe's objects, where there is one."""
        return self.payment_intent_id or self.checkout_session_id


def parse_stripe_event(body: object) -> StripeEvent | Ignored | Refusal:
    """Read the envelope of a verified body; thin events (v2.core.event) name no object."""
    if not isinstance(body, Mapping):
        return Refusal.UNREADABLE
    if body.get("object") == "v2.core.event":
        return Ignored.THIN_EVENT
    data = body.get("data")
    found = data.get("object") if isinstance(data, Mapping) else None
    event_id, kind, created = body.get("id"), body.get("type"), body.get("created")
    if not is_stripe_id(event_id) or not isinstance(kind, str) or not isinstance(found, Mapping):
        return Refusal.UNREADABLE
    if not isinstance(created, int) or isinstance(created, bool) or not 0 < created < _MOST_MINOR:
        return Refusal.UNREADABLE
    return StripeEvent(
        id=str(event_id),
        type=kind[:100],
        created_at=datetime.fromtimestamp(min(created, 253_402_300_799), UTC),
        livemode=body.get("livemode") is True,
        api_version=_text(body.get("api_version")),
        account=_text(body.get("account")),
        object=found,
    )


def is_stripe_id(value: object) -> bool:
    """Tell whether it can be one of Stripe's ids; it becomes a Firestore key."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


_CHECKOUT_TYPES = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
}


def read_checkout(event: StripeEvent) -> CheckoutReading | Ignored:
    """Read a Checkout Session event, or say why it is none of ours."""
    if event.type not in _CHECKOUT_TYPES:
        return Ignored.UNKNOWN_TYPE
    session = event.object
    mode = session.get("mode")
    if mode == "setup":
        return Ignored.SETUP
    if mode == "subscription":
        # A subscription's money is proved by its invoices, not by its session.
        return Ignored.SUBSCRIPTION
    says = _says(event.type, session)
    if mode != "payment" or says is None or not is_stripe_id(session.get("id")):
        return Ignored.MALFORMED
    return _read_payment(says, session)


def _says(kind: str, session: JsonObject) -> Checkout | None:
    """Judge by `payment_status` as well: a completed session need not be a paid one."""
    if kind == "checkout.session.expired":
        return Checkout.EXPIRED
    if kind == "checkout.session.async_payment_failed":
        return Checkout.FAILED
    match session.get("payment_status"):
        case "paid":
            return Checkout.PAID
        case "no_payment_required":
            return Checkout.FREE
        case "unpaid":
            return Checkout.UNPAID
        case _:
            return None


def _read_payment(says: Checkout, session: JsonObject) -> CheckoutReading | Ignored:
    amount, currency = session.get("amount_total"), session.get("currency")
    if says is Checkout.PAID and not (_is_minor(amount) and _is_currency(currency)):
        return Ignored.MALFORMED
    totals, metadata = _object(session.get("total_details")), _object(session.get("metadata"))
    customer = _object(session.get("customer_details"))
    own_event_id = parse_event_id(metadata.get("event_id"))
    return CheckoutReading(
        says=says,
        checkout_session_id=str(session["id"]),
        payment_intent_id=_id_of(session.get("payment_intent")),
        customer_id=_id_of(session.get("customer")),
        amount_minor=_minor(amount) if says is not Checkout.FREE else 0,
        tax_minor=_minor(totals.get("amount_tax")),
        shipping_minor=_minor(totals.get("amount_shipping")),
        # A session that cost nothing may have no currency at all (Stripe: nullable).
        currency=str(currency).upper() if _is_currency(currency) else "XXX",
        metadata_session=_text(metadata.get("settled_session")),
        client_reference_id=_text(session.get("client_reference_id")),
        event_id=None if isinstance(own_event_id, Refusal) else own_event_id,
        order_id=_text(metadata.get("order_id")),
        customer_details=customer or {"email": session.get("customer_email")},
        country=_text(_object(customer.get("address")).get("country")),
    )


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and is_currency(value)


def _is_minor(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_MINOR


def _minor(value: object) -> int:
    return value if isinstance(value, int) and _is_minor(value) else 0


def _id_of(value: object) -> str | None:
    """Read a reference, expanded or not."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return str(found) if is_stripe_id(found) else None


def _object(value: object) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value else None
