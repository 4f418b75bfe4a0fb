"""Checkout's objects: sessions, their line items, Payment Links, coupons."""

from typing import Any

from scripts.local.stripe.objects.plain import JsonObject, overlay


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


def coupon(coupon_id: str, created: int, **over: Any) -> JsonObject:
    """Make a coupon that takes off nothing yet: lay `percent_off` or `amount_off` over it."""
    base: JsonObject = {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": None,
        "created": created,
        "currency": None,
        "duration": "once",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    return overlay(base, over)
