"""Billing's standing objects: customers and their subscriptions."""

from typing import Any

from scripts.local.stripe.objects.plain import JsonObject, list_of, overlay


def customer(customer_id: str, created: int, **over: Any) -> JsonObject:
    """Make a customer who owes nothing; a negative `balance` is credit, in minor units."""
    base: JsonObject = {
        "id": customer_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": customer_id[-8:].upper(),
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
    }
    return overlay(base, over)


def subscription(
    subscription_id: str, created: int, items: list[JsonObject], **over: Any
) -> JsonObject:
    """Make an active subscription; since basil only its items name the current period."""
    base: JsonObject = {
        "id": subscription_id,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": created,
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": created,
        "currency": None,
        "customer": None,
        "days_until_due": None,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": list_of(f"/v1/subscription_items?subscription={subscription_id}", items),
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "pending_setup_intent": None,
        "presentment_details": None,
        "schedule": None,
        "start_date": created,
        "status": "active",
        "trial_end": None,
        "trial_start": None,
    }
    return overlay(base, over)


def subscription_item(
    item_id: str, created: int, price: JsonObject, period: tuple[int, int], **over: Any
) -> JsonObject:
    """Make an item of one price for the period from its first to its second Unix second."""
    start, end = period
    base: JsonObject = {
        "id": item_id,
        "object": "subscription_item",
        "created": created,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": 1,
        "subscription": None,
        "tax_rates": [],
    }
    return overlay(base, over)
