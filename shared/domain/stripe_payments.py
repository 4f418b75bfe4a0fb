"""
PaymentIntents and charges without a Checkout of their own: direct integrations, manual capture.

Since 2025-03-31.basil neither names its invoice, so a renewal's PaymentIntent looks like a
one-off sale. Only our mark, or a session that led to it, makes it one of ours.
"""

from dataclasses import replace
from datetime import datetime

from shared.domain.readings import Ignored, JsonObject, Kind, Settlement, StripeObjects
from shared.domain.stripe_json import (
    country_of,
    currency,
    customer_details,
    json_object,
    minor,
    or_shipped_to,
    own_event_id,
    references,
    stripe_id,
    text,
)


def read_payment_intent(intent: JsonObject, at: datetime) -> Settlement | Ignored:
    """Read `payment_intent.succeeded`, created `at`; what was received may be less than asked."""
    if intent.get("status") == "requires_capture":
        return Ignored.NOT_CAPTURED
    received = minor(intent.get("amount_received"))
    if intent.get("status") != "succeeded" or received == 0:
        return Ignored.NOT_PAID
    objects = StripeObjects(
        payment_intent_id=stripe_id(intent.get("id")),
        charge_id=stripe_id(intent.get("latest_charge")),
        customer_id=stripe_id(intent.get("customer")),
    )
    if objects.payment_intent_id is None:
        return Ignored.MALFORMED
    settlement = _settlement(intent, objects, received, at)
    if isinstance(settlement, Settlement) and settlement.references.metadata_session is not None:
        return replace(settlement, is_marked=True)
    return settlement


def read_charge(charge: JsonObject, at: datetime) -> Settlement | Ignored:
    """
    Read `charge.captured`, created `at`: a hold that became money, in full or in part.

    It does not count as marked: Stripe may copy a PaymentIntent's metadata onto its charge, but
    the mark is the PaymentIntent's, whose own event says the whole amount received.
    """
    captured = minor(charge.get("amount_captured"))
    if charge.get("captured") is not True or captured == 0:
        return Ignored.NOT_CAPTURED
    objects = StripeObjects(
        payment_intent_id=stripe_id(charge.get("payment_intent")),
        charge_id=stripe_id(charge.get("id")),
        customer_id=stripe_id(charge.get("customer")),
    )
    return _settlement(charge, objects, captured, at)


def _settlement(
    payment: JsonObject, objects: StripeObjects, amount: int | None, at: datetime
) -> Settlement | Ignored:
    """Read a payment that nothing marks yet."""
    if stripe_id(payment.get("invoice")) is not None:
        # Before basil a payment named its invoice, and that invoice proves the same money.
        return Ignored.DIRECT_PAYMENT
    sale_key = objects.payment_intent_id or objects.charge_id
    money, metadata = currency(payment.get("currency")), json_object(payment.get("metadata"))
    if sale_key is None or amount is None or money is None:
        return Ignored.MALFORMED
    settlement = Settlement(
        sale_key=sale_key,
        objects=objects,
        references=references(metadata),
        kind=Kind.ONE_OFF,
        amount_minor=amount,
        currency=money,
        settled_at=at,
        waits_for_match=True,
        is_marked=False,
    )
    return _told(settlement, metadata, _customer(payment), payment.get("shipping"))


def _told(
    settlement: Settlement, metadata: JsonObject, customer: JsonObject, shipping: object
) -> Settlement:
    return replace(
        settlement,
        event_id=own_event_id(metadata),
        order_id=text(metadata.get("order_id")),
        customer_details=or_shipped_to(customer, shipping),
        country=country_of(customer),
    )


def _customer(payment: JsonObject) -> JsonObject:
    """Take what the buyer typed, which only a charge has, else where the receipt went."""
    typed = json_object(payment.get("billing_details"))
    email = text(typed.get("email")) or payment.get("receipt_email")
    return customer_details(email, typed.get("name"), typed.get("phone"), typed.get("address"))
