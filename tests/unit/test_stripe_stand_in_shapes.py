"""Every object of Stripe's stand-in, held against the classes of Stripe's own library."""

from datetime import UTC, datetime

import pytest
from stripe._object_classes import get_object_class

from scripts.local.stripe import Outcome, Sale, StripeAccount, counted_ids, subject_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
# Keys of ours that the library does not declare, with the reason why they stay.
UNDECLARED = {
    # Every response has it, and the library reads it under this name.
    "object",
}


def unknown_fields(subject, of):
    """Walk down a typed object and name each field that its class does not declare."""
    if isinstance(subject, list):
        for one in subject:
            yield from unknown_fields(one, of)
        return
    declared = {name for base in of.__mro__ for name in getattr(base, "__annotations__", {})}
    yield from (f"{of.__name__}.{name}" for name in subject.keys() - declared - UNDECLARED)
    for name, value in subject.items():
        if inner := of._inner_class_types.get(name):
            yield from unknown_fields(value, inner) if value else ()
        elif isinstance(value, dict) and value.get("object") == "list":
            for one in value["data"]:
                yield from unknown_fields(one, class_of(one))


def class_of(subject):
    return get_object_class("V1", subject["object"])


def subscriptions(account):
    subscription = subject_of(
        account.subscribe(Sale(amount=1900, trial_days=3)), "customer.subscription.created"
    )
    return [
        *account.renew(subscription["id"]),
        *account.upgrade(subscription["id"], 2900),
        *account.credit(subscription["customer"], 5),
        *account.renew(subscription["id"], outcome=Outcome.DECLINE),
    ]


def invoices(account):
    invoice = subject_of(account.bill(900), "invoice.finalized")["id"]
    half = account.pay_invoice(invoice, 400, out_of_band=True, tells_record=True)
    return half + account.pay_invoice(invoice)


def sales(account):
    coupon = account.coupon(percent_off=10)
    old = account.open(Sale(recoverable=True))
    return [
        *account.sell(
            Sale(coupon=coupon, invoice_creation=True),
            presentment_amount=1,
            presentment_currency="usd",
        ),
        *account.sell(outcome=Outcome.DECLINE),
        *account.expire(old["id"]).events,
    ]


def reversals(account):
    intent = subject_of(account.sell(), "payment_intent.succeeded")["id"]
    refund = subject_of(account.refund(intent, 10), "refund.created")["id"]
    held = subject_of(account.direct_payment(5, manual_capture=True), "charge.succeeded")
    return [
        *account.move_refund(refund, "failed"),
        *account.dispute(intent, "won"),
        *account.cancel(held["payment_intent"]),
    ]


@pytest.mark.parametrize("story", [subscriptions, invoices, sales, reversals])
def test_no_object_has_a_field_that_stripe_does_not_know(story):
    account = StripeAccount(clock=lambda: NOON, ids=counted_ids())
    events = story(account)
    assert events
    kept = [one for kind in KINDS for one in account.store.newest_first(kind)]
    assert sorted(set(_unknown(kept + account.store.newest_first("event")))) == []


def test_an_unknown_field_would_be_seen():
    invented = {"object": "charge", "invoice": "in_1", "billing_details": {"fax": "1"}}
    assert set(_unknown([invented])) == {"Charge.invoice", "BillingDetails.fax"}


def _unknown(subjects):
    for one in subjects:
        yield from unknown_fields(one, class_of(one))
        if one["object"] == "event":
            subject = one["data"]["object"]
            yield from unknown_fields(subject, class_of(subject))


KINDS = (
    "charge",
    "checkout.session",
    "coupon",
    "customer",
    "dispute",
    "invoice",
    "invoice_payment",
    "payment_intent",
    "payment_record",
    "refund",
    "subscription",
)
