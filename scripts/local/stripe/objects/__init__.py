"""
Whole Stripe objects at API version 2026-10-28.endive.

Every factory gives all keys that this project has seen on such an object, with the values of an
untouched one; keyword arguments are laid over it, nested mappings key by key.
"""

from scripts.local.stripe.objects.billing import customer, subscription, subscription_item
from scripts.local.stripe.objects.checkout import (
    checkout_session,
    coupon,
    line_item,
    payment_link,
)
from scripts.local.stripe.objects.events import event, webhook_endpoint
from scripts.local.stripe.objects.invoices import (
    invoice,
    invoice_line,
    invoice_payment,
    payment_record,
)
from scripts.local.stripe.objects.money import charge, payment_intent
from scripts.local.stripe.objects.plain import (
    API_VERSION,
    JsonObject,
    address,
    copied,
    list_of,
    overlay,
)
from scripts.local.stripe.objects.reversals import dispute, refund

__all__ = [
    "API_VERSION",
    "JsonObject",
    "address",
    "charge",
    "checkout_session",
    "copied",
    "coupon",
    "customer",
    "dispute",
    "event",
    "invoice",
    "invoice_line",
    "invoice_payment",
    "line_item",
    "list_of",
    "overlay",
    "payment_intent",
    "payment_link",
    "payment_record",
    "refund",
    "subscription",
    "subscription_item",
    "webhook_endpoint",
]
