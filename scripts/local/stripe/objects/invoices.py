"""Invoices, their lines, and the payments that settle them."""

from typing import Any

from scripts.local.stripe.objects.plain import JsonObject, list_of, overlay

_NO_TRANSITION = {
    "finalized_at": None,
    "marked_uncollectible_at": None,
    "paid_at": None,
    "voided_at": None,
}


def invoice(invoice_id: str, created: int, lines: list[JsonObject], **over: Any) -> JsonObject:
    """Make an open invoice; its payments are not part of it unless they are expanded."""
    base: JsonObject = {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "FR",
        "account_name": "Shop",
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": created,
        "currency": None,
        "customer": None,
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": created,
        "ending_balance": 0,
        "footer": None,
        "hosted_invoice_url": f"https://invoice.stripe.com/i/{invoice_id}",
        "invoice_pdf": f"https://pay.stripe.com/invoice/{invoice_id}/pdf",
        "lines": list_of(f"/v1/invoices/{invoice_id}/lines", lines),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"SETTLED-{invoice_id[-4:]}",
        "parent": None,
        "period_end": created,
        "period_start": created,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "open",
        "status_transitions": dict(_NO_TRANSITION, finalized_at=created),
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_taxes": [],
        "webhooks_delivered_at": created,
    }
    return overlay(base, over)


def invoice_line(line_id: str, amount: int, currency: str, **over: Any) -> JsonObject:
    """Make a line; `parent` tells whether a subscription's item or a single one made it."""
    base: JsonObject = {
        "id": line_id,
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"start": 0, "end": 0},
        "pricing": None,
        "quantity": 1,
        "subtotal": amount,
        "taxes": [],
    }
    return overlay(base, over)


def invoice_payment(payment_id: str, created: int, payment: JsonObject, **over: Any) -> JsonObject:
    """Join an invoice to what pays it: `payment` is a payment_intent or a payment_record."""
    base: JsonObject = {
        "id": payment_id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": 0,
        "created": created,
        "currency": None,
        "invoice": None,
        "is_default": True,
        "livemode": False,
        "payment": payment,
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    return overlay(base, over)


def payment_record(record_id: str, created: int, amount: int, currency: str) -> JsonObject:
    """Make the record of money that came outside Stripe, told by the shop itself."""
    none: JsonObject = {"currency": currency, "value": 0}
    whole: JsonObject = {"currency": currency, "value": amount}
    return {
        "id": record_id,
        "object": "payment_record",
        "amount": whole,
        "amount_authorized": none,
        "amount_canceled": none,
        "amount_failed": none,
        "amount_guaranteed": whole,
        "amount_refunded": none,
        "amount_requested": whole,
        "application": None,
        "created": created,
        "customer_details": None,
        "customer_presence": None,
        "description": None,
        "latest_payment_attempt_record": None,
        "livemode": False,
        "metadata": {},
        "payment_method_details": None,
        "processor_details": {"type": "custom", "custom": {"payment_reference": None}},
        "reported_by": "self",
        "shipping_details": None,
    }
