"""
Whole Stripe objects at API version 2026-10-28.endive.

Every factory gives all keys that this project has seen on such an object, with the values of an
untouched one; keyword arguments are laid over it, nested mappings key by key.
"""

from collections.abc import Mapping
from typing import Any

API_VERSION = "2026-10-28.endive"

JsonObject = dict[str, Any]


def overlay(base: JsonObject, over: Mapping[str, Any]) -> JsonObject:
    """Lay `over` upon `base`: mappings merge, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        held = merged.get(key)
        both = isinstance(held, dict) and isinstance(value, Mapping)
        merged[key] = overlay(held, value) if both and held is not None else value
    return merged


def address(**over: Any) -> JsonObject:
    empty = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return overlay(empty, over)


def checkout_session(session_id: str, created: int, **over: Any) -> JsonObject:
    """Make an open, unpaid session in payment mode; line items are never part of it."""
    base: JsonObject = {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": True},
        "amount_subtotal": 0,
        "amount_total": 0,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": None,
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": None,
        },
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": None,
        "custom_fields": [],
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": None,
        "customer_email": None,
        # Stripe keeps a hosted session open for 24 hours unless told otherwise.
        "expires_at": created + 24 * 3600,
        "invoice": None,
        "livemode": False,
        "locale": None,
        "metadata": {},
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_types": ["card", "sepa_debit"],
        "payment_status": "unpaid",
        "presentment_details": None,
        "recovered_from": None,
        "setup_intent": None,
        "shipping_cost": None,
        "status": "open",
        "subscription": None,
        "success_url": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
    }
    return overlay(base, over)


def line_item(
    item_id: str, currency: str, unit_amount: int, quantity: int, **over: Any
) -> JsonObject:
    base: JsonObject = {
        "id": item_id,
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": unit_amount * quantity,
        "amount_tax": 0,
        "amount_total": unit_amount * quantity,
        "currency": currency,
        "description": None,
        "metadata": {},
        "price": {
            "object": "price",
            "currency": currency,
            "unit_amount": unit_amount,
            "unit_amount_decimal": str(unit_amount),
            "recurring": None,
            "type": "one_time",
        },
        "quantity": quantity,
    }
    return overlay(base, over)


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


def payment_link(link_id: str, **over: Any) -> JsonObject:
    base: JsonObject = {
        "id": link_id,
        "object": "payment_link",
        "active": True,
        "after_completion": {
            "type": "hosted_confirmation",
            "hosted_confirmation": {"custom_message": None},
        },
        "currency": None,
        "customer_creation": "if_required",
        "livemode": False,
        "metadata": {},
        "payment_method_types": None,
        "phone_number_collection": {"enabled": False},
        "url": None,
    }
    return overlay(base, over)


def webhook_endpoint(endpoint_id: str, created: int, **over: Any) -> JsonObject:
    """Make an endpoint as a read shows it: its secret was told only at creation."""
    base: JsonObject = {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": created,
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": None,
    }
    return overlay(base, over)


def event(event_id: str, created: int, kind: str, subject: JsonObject, **over: Any) -> JsonObject:
    """Tell of one change; `subject` is the object as it is after it."""
    base: JsonObject = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": subject},
        "livemode": bool(subject.get("livemode", False)),
        "pending_webhooks": 0,
        # Stripe itself made the change: the buyer paid on its page.
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    return overlay(base, over)
