"""
Invoices: the money of subscriptions, at API versions before and since 2025-03-31.basil.

Basil took `subscription`, `subscription_details`, `payment_intent`, `charge`, `tax` and
`paid_out_of_band` off the invoice; endpoints pinned to an older version still send them.
Source: Stripe's changelog, "Adds support for multiple partial payments on invoices".
"""

from dataclasses import replace
from datetime import datetime

from shared.domain.readings import (
    Ignored,
    InvoicePayment,
    JsonObject,
    Kind,
    Order,
    References,
    Settlement,
    StripeObjects,
)
from shared.domain.stripe_json import (
    country_of,
    currency,
    customer_details,
    json_object,
    json_objects,
    minor,
    minor_or_zero,
    or_shipped_to,
    order_of,
    references,
    shipping_before_tax,
    stripe_id,
)


def read_invoice(invoice: JsonObject, at: datetime) -> Settlement | Ignored:
    """
    Read `invoice.paid`, or its twin `invoice.payment_succeeded`, created `at`.

    The twin comes for each payment; until the last one the invoice is open, and no sale yet.
    """
    invoice_id, amount = stripe_id(invoice.get("id")), minor(invoice.get("amount_paid"))
    money = currency(invoice.get("currency"))
    if invoice_id is None or amount is None or money is None:
        return Ignored.MALFORMED
    if invoice.get("status") != "paid":
        return Ignored.NOT_PAID
    subscription = _subscription_details(invoice)
    objects = _objects(invoice, subscription)
    if objects.subscription_id is None:
        return Ignored.STANDALONE_INVOICE
    settlement = Settlement(
        sale_key=invoice_id,
        objects=objects,
        references=References(),
        kind=_kind(invoice, amount),
        amount_minor=amount,
        currency=money,
        settled_at=at,
    )
    return _told(settlement, invoice, json_object(subscription.get("metadata")))


def _told(settlement: Settlement, invoice: JsonObject, metadata: JsonObject) -> Settlement:
    """Add what the invoice tells of the money: whose it is, what for, and how it came."""
    named, customer = references(metadata), _customer(invoice)
    # Stripe copies the subscription's metadata onto every later invoice; what the shop wrote
    # there of its order is true of the first money only.
    order = order_of(metadata)
    own = order if settlement.kind is Kind.FIRST else Order()
    return replace(
        settlement,
        references=named,
        waits_for_match=True,
        tax_minor=_tax(invoice),
        shipping_minor=shipping_before_tax(json_object(invoice.get("shipping_cost"))),
        off_stripe=_off_stripe(invoice, settlement.objects),
        event_id=own.event_id,
        order_id=own.order_id,
        if_first=order,
        customer_details=or_shipped_to(customer, invoice.get("customer_shipping")),
        country=country_of(customer),
        is_trial_start=settlement.amount_minor == 0 and _starts_free(invoice),
    )


def _subscription_details(invoice: JsonObject) -> JsonObject:
    """Find the subscription and its metadata, under `parent` since basil."""
    since_basil = json_object(invoice.get("parent")).get("subscription_details")
    if found := json_object(since_basil):
        return found
    before = json_object(invoice.get("subscription_details"))
    return {"subscription": invoice.get("subscription"), "metadata": before.get("metadata")}


def _objects(invoice: JsonObject, subscription: JsonObject) -> StripeObjects:
    return StripeObjects(
        payment_intent_id=stripe_id(invoice.get("payment_intent")),
        charge_id=stripe_id(invoice.get("charge")),
        invoice_id=stripe_id(invoice.get("id")),
        subscription_id=stripe_id(subscription.get("subscription")),
        customer_id=stripe_id(invoice.get("customer")),
    )


def _kind(invoice: JsonObject, amount: int) -> Kind:
    """Only money at the start is surely the first; after a trial, a cycle's may be as well."""
    is_start = invoice.get("billing_reason") == "subscription_create"
    return Kind.FIRST if is_start and amount > 0 else Kind.UNSURE


def _starts_free(invoice: JsonObject) -> bool:
    """
    Tell a trial from a start that cost something and was paid in another way.

    A trial's lines are zero; credit balance, a coupon or money outside Stripe leave a subtotal.
    """
    is_start = invoice.get("billing_reason") == "subscription_create"
    return is_start and minor(invoice.get("subtotal", 0)) == 0


def _off_stripe(invoice: JsonObject, objects: StripeObjects) -> bool | None:
    """Since basil `amount_paid` holds money outside Stripe too, and the event cannot tell."""
    if invoice.get("paid_out_of_band") is True:
        return True
    return False if objects.payment_intent_id or objects.charge_id else None


def _tax(invoice: JsonObject) -> int:
    """Sum the taxes; before basil their sum stood in `tax`."""
    if "total_taxes" not in invoice:
        return minor_or_zero(invoice.get("tax"))
    taxes = json_objects(invoice["total_taxes"])
    return minor_or_zero(sum(minor_or_zero(tax.get("amount")) for tax in taxes))


def _customer(invoice: JsonObject) -> JsonObject:
    """Read the customer as they were when the invoice was made final."""
    email, name = invoice.get("customer_email"), invoice.get("customer_name")
    phone, address = invoice.get("customer_phone"), invoice.get("customer_address")
    return customer_details(email, name, phone, address)


def read_invoice_payment(payment: JsonObject) -> InvoicePayment | Ignored:
    """Read `invoice_payment.paid`, the one link between an invoice and its PaymentIntents."""
    if payment.get("status") != "paid":
        return Ignored.NOT_PAID
    invoice_id, amount = stripe_id(payment.get("invoice")), minor(payment.get("amount_paid"))
    paid_with = json_object(payment.get("payment"))
    if invoice_id is None or amount is None:
        return Ignored.MALFORMED
    match paid_with.get("type"):
        case "payment_intent" | "charge" as kind:
            payment_id = stripe_id(paid_with.get(kind))
        case "payment_record":  # Money that somebody told Stripe of.
            return InvoicePayment(invoice_id, None, amount, by_stripe=False)
        case _:
            return Ignored.MALFORMED
    if payment_id is None:
        return Ignored.MALFORMED
    return InvoicePayment(invoice_id, payment_id, amount, by_stripe=True)
