"""Invoices: a subscription's money, in the shapes before and since 2025-03-31.basil."""

import pytest

from shared.domain.readings import (
    Ignored,
    InvoicePayment,
    Kind,
    References,
    Settlement,
    StripeObjects,
)
from shared.domain.stripe_invoices import read_invoice, read_invoice_payment
from tests.stripe_fixtures import CREATED_AT, REFERENCE, stripe_object

NOT_THE_FIRST = [
    "subscription_cycle",
    "subscription_update",
    "subscription_threshold",
    "subscription",
    "manual",
    "quote_accept",
    "automatic_pending_invoice_item_invoice",
    "upcoming",
    "a_reason_of_next_year",
    None,
]


def since_basil(metadata=None, **changes) -> Settlement:
    parent = stripe_object("invoice_paid")["parent"]
    if metadata is not None:
        parent["subscription_details"]["metadata"] = metadata
    return settled(stripe_object("invoice_paid", **{"parent": parent, **changes}))


def before_basil(**changes) -> Settlement:
    return settled(old_invoice(**changes))


def settled(invoice: dict) -> Settlement:
    found = read_invoice(invoice, CREATED_AT)
    assert isinstance(found, Settlement)
    return found


def old_invoice(**changes) -> dict:
    """The same invoice as an endpoint pinned to 2024-06-20 sends it."""
    old = {
        "parent": ...,
        "total_taxes": ...,
        "amount_overpaid": ...,
        "subscription": "sub_SYNTH1",
        "subscription_details": {"metadata": {"settled_session": REFERENCE}},
        "payment_intent": "pi_SYNTH2",
        "charge": "ch_SYNTH2",
        "paid": True,
        "paid_out_of_band": False,
        "quote": None,
        "tax": None,
        "total_tax_amounts": [],
        "discount": None,
        "application_fee_amount": None,
        "transfer_data": None,
    }
    return stripe_object("invoice_paid", **{**old, **changes})


def test_a_subscriptions_first_invoice_is_money_with_all_that_it_tells():
    invoice = stripe_object("invoice_paid")

    assert read_invoice(invoice, CREATED_AT) == Settlement(
        sale_key="in_SYNTH1",
        objects=StripeObjects(
            invoice_id="in_SYNTH1", subscription_id="sub_SYNTH1", customer_id="cus_SYNTH1"
        ),
        references=References(metadata_session=REFERENCE),
        kind=Kind.FIRST,
        amount_minor=1900,
        currency="EUR",
        settled_at=CREATED_AT,
        off_stripe=None,
        waits_for_match=True,
        customer_details={
            "email": "ada@example.com",
            "name": "Ada Synth",
            "address": invoice["customer_address"],
        },
        country="FR",
    )


def test_an_invoice_before_basil_is_the_same_sale_and_names_its_payment():
    old, new = before_basil(), since_basil()

    assert old.objects == StripeObjects(
        payment_intent_id="pi_SYNTH2",
        charge_id="ch_SYNTH2",
        invoice_id="in_SYNTH1",
        subscription_id="sub_SYNTH1",
        customer_id="cus_SYNTH1",
    )
    assert (old.sale_key, old.kind, old.references) == (new.sale_key, new.kind, new.references)
    assert (old.off_stripe, new.off_stripe) == (False, None)


def test_only_the_start_of_a_subscription_is_surely_the_first_money():
    assert since_basil(billing_reason="subscription_create").kind is Kind.FIRST


@pytest.mark.parametrize("reason", NOT_THE_FIRST)
def test_any_other_reason_leaves_first_money_or_renewal_open(reason):
    """After a trial the first money is a cycle's; the event alone cannot tell."""
    assert since_basil(billing_reason=reason).kind is Kind.UNSURE
    assert before_basil(billing_reason=reason).kind is Kind.UNSURE


def test_a_trial_starts_with_an_invoice_of_nothing():
    trial = since_basil(amount_paid=0, amount_due=0, subtotal=0, total=0)

    assert (trial.amount_minor, trial.is_trial_start, trial.kind) == (0, True, Kind.UNSURE)


@pytest.mark.parametrize(
    "changes",
    [
        {"starting_balance": -1900, "amount_due": 0},  # The customer's credit paid it.
        {"total": 0, "amount_due": 0},  # A coupon for all of it.
        {"billing_reason": "subscription_cycle", "subtotal": 0, "total": 0},
    ],
)
def test_an_invoice_of_nothing_is_not_always_a_trial(changes):
    free = since_basil(amount_paid=0, **changes)

    assert (free.amount_minor, free.is_trial_start) == (0, False)


def test_money_at_the_start_is_no_trial():
    assert not since_basil(subtotal=0).is_trial_start


def test_out_of_band_money_is_told_before_basil_only():
    old = before_basil(
        paid_out_of_band=True, payment_intent="pi_VOID", charge=None, amount_paid=1900
    )

    assert old.off_stripe is True
    assert since_basil(paid_out_of_band=False).off_stripe is None


@pytest.mark.parametrize(
    ("payment_intent", "charge", "off_stripe"),
    [
        ("pi_1", None, False),
        (None, "ch_1", False),
        (None, None, None),
        ({"id": "pi_1"}, None, False),
    ],
)
def test_stripes_own_payment_on_the_invoice_shows_that_it_moved_the_money(
    payment_intent, charge, off_stripe
):
    old = before_basil(payment_intent=payment_intent, charge=charge)

    assert old.off_stripe is off_stripe


@pytest.mark.parametrize(
    "invoice",
    [
        stripe_object("invoice_paid", parent=None),
        stripe_object("invoice_paid", parent={"type": "quote_details", "quote_details": {}}),
        stripe_object("invoice_paid", parent={"subscription_details": {"subscription": None}}),
        stripe_object("invoice_paid", parent={"subscription_details": "sub_1"}),
        old_invoice(subscription=None, subscription_details=None),
    ],
)
def test_an_invoice_of_no_subscription_is_none_of_ours(invoice):
    """A one-off session's `invoice_creation` sends such a one for money already counted."""
    assert read_invoice(invoice, CREATED_AT) is Ignored.STANDALONE_INVOICE


@pytest.mark.parametrize("status", ["open", "draft", "void", "uncollectible", None])
def test_a_payment_that_leaves_the_invoice_open_is_no_sale_yet(status):
    """`invoice.payment_succeeded` comes for each of several payments of one invoice."""
    invoice = stripe_object("invoice_paid", status=status, amount_paid=900, amount_remaining=1000)

    assert read_invoice(invoice, CREATED_AT) is Ignored.NOT_PAID


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "in 1"},
        {"amount_paid": None},
        {"amount_paid": True},
        {"amount_paid": -1900},
        {"amount_paid": 19.0},
        {"currency": None},
        {"currency": "e"},
    ],
)
def test_an_invoice_that_cannot_be_read_is_not_guessed(changes):
    assert read_invoice(stripe_object("invoice_paid", **changes), CREATED_AT) is Ignored.MALFORMED
    assert read_invoice(old_invoice(**changes), CREATED_AT) is Ignored.MALFORMED


@pytest.mark.parametrize("metadata", [{}, {"settled_session": ""}, {"other": "x"}])
def test_an_invoice_that_names_no_session_waits_for_the_event_that_does(metadata):
    new, old = since_basil(metadata), before_basil(subscription_details={"metadata": metadata})

    assert new.waits_for_match
    assert old.waits_for_match
    assert new.references == old.references == References()


def test_an_old_invoice_without_subscription_details_waits_too():
    assert before_basil(subscription_details=None).waits_for_match


def test_the_shops_own_ids_belong_to_the_first_money_only():
    """Stripe copies the subscription's metadata onto every later invoice."""
    metadata = {"settled_session": REFERENCE, "event_id": "e-1", "order_id": "o-1"}

    first = since_basil(metadata)
    later = since_basil(metadata, billing_reason="subscription_cycle")
    free = since_basil(metadata, amount_paid=0)

    assert (first.event_id, first.order_id) == ("e-1", "o-1")
    assert (later.event_id, later.order_id) == (None, None)
    assert (free.event_id, free.order_id) == (None, None)
    assert later.references.metadata_session == REFERENCE


def test_taxes_are_summed_and_shipping_is_counted_without_its_own():
    found = since_basil(
        total_taxes=[
            {"amount": 200, "tax_behavior": "exclusive"},
            {"amount": 80, "tax_behavior": "inclusive"},
            {"amount": None},
            "nonsense",
        ],
        shipping_cost={"amount_subtotal": 400, "amount_tax": 80, "amount_total": 480},
    )

    assert (found.tax_minor, found.shipping_minor) == (280, 400)


@pytest.mark.parametrize(("tax", "tax_minor"), [(317, 317), (None, 0), (-1, 0)])
def test_before_basil_the_tax_is_one_figure(tax, tax_minor):
    assert before_basil(tax=tax).tax_minor == tax_minor


@pytest.mark.parametrize("taxes", [None, {}, [], [None]])
def test_no_taxes_are_no_tax(taxes):
    assert since_basil(total_taxes=taxes).tax_minor == 0


def test_an_invoice_without_a_customer_is_still_money():
    found = since_basil(customer_email=None, customer_name=None, customer_address=None)

    assert (found.amount_minor, found.customer_details, found.country) == (1900, {}, None)


@pytest.mark.parametrize(
    ("payment", "payment_id"),
    [
        ({"type": "payment_intent", "payment_intent": "pi_SYNTH2"}, "pi_SYNTH2"),
        ({"type": "payment_intent", "payment_intent": {"id": "pi_SYNTH2"}}, "pi_SYNTH2"),
        ({"type": "charge", "charge": "ch_SYNTH2"}, "ch_SYNTH2"),
    ],
)
def test_an_invoice_payment_links_the_invoice_to_stripes_payment(payment, payment_id):
    found = read_invoice_payment(stripe_object("invoice_payment_paid", payment=payment))

    assert found == InvoicePayment("in_SYNTH1", payment_id, 1900, by_stripe=True)


def test_a_payment_record_is_money_that_stripe_did_not_move():
    record = {"type": "payment_record", "payment_record": "pr_SYNTH1"}

    found = read_invoice_payment(stripe_object("invoice_payment_paid", payment=record))

    assert found == InvoicePayment("in_SYNTH1", None, 1900, by_stripe=False)


@pytest.mark.parametrize("status", ["open", "canceled", None, ["paid"]])
def test_an_invoice_payment_counts_when_it_is_paid(status):
    payment = stripe_object("invoice_payment_paid", status=status, amount_paid=None)

    assert read_invoice_payment(payment) is Ignored.NOT_PAID


@pytest.mark.parametrize(
    "changes",
    [
        {"invoice": None},
        {"amount_paid": None},
        {"payment": None},
        {"payment": {"type": "payment_intent", "payment_intent": None}},
        {"payment": {"type": "charge", "payment_intent": "pi_SYNTH2"}},
        {"payment": {"type": "barter"}},
        {"payment": {"type": {}}},
    ],
)
def test_an_invoice_payment_that_cannot_be_read_is_not_guessed(changes):
    payment = stripe_object("invoice_payment_paid", **changes)

    assert read_invoice_payment(payment) is Ignored.MALFORMED
