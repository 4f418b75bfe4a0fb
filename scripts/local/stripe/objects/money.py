"""The money's own objects: PaymentIntents and charges."""

from typing import Any

from scripts.local.stripe.objects.plain import JsonObject, address, overlay


def payment_intent(intent_id: str, created: int, **over: Any) -> JsonObject:
    """Make an intent that waits for a payment method; since basil it names no invoice."""
    base: JsonObject = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": 0,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic_async",
        "created": created,
        "currency": None,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "payment_method": None,
        "payment_method_types": ["card"],
        "presentment_details": None,
        "receipt_email": None,
        "status": "requires_payment_method",
    }
    return overlay(base, over)


def charge(charge_id: str, created: int, **over: Any) -> JsonObject:
    """Make a succeeded charge; its balance transaction comes later (asynchronous capture)."""
    base: JsonObject = {
        "id": charge_id,
        "object": "charge",
        "amount": 0,
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {
            "address": address(),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "captured": True,
        "created": created,
        "currency": None,
        "customer": None,
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": None,
        "receipt_email": None,
        "refunded": False,
        "status": "succeeded",
    }
    return overlay(base, over)
