"""Checkout Sessions: which are money, whose they are, and which only lead to money."""

import pytest

from shared.domain.readings import (
    Ignored,
    Kind,
    Link,
    NoMoney,
    Order,
    References,
    Settlement,
    StripeObjects,
)
from shared.domain.stripe_checkouts import CHECKOUT_TYPES, read_checkout
from tests.stripe_fixtures import CREATED_AT, REFERENCE, stripe_event, stripe_object

COMPLETED = "checkout.session.completed"
SUCCEEDED = "checkout.session.async_payment_succeeded"
FAILED = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"


def read(name: str = "checkout_paid", kind: str | None = None, **changes):
    kind = kind or stripe_event(name)["type"]
    return read_checkout(kind, stripe_object(name, **changes), CREATED_AT)


def test_a_paid_session_is_money_with_all_that_it_tells():
    session = stripe_object("checkout_paid")

    assert read() == Settlement(
        sale_key="pi_SYNTH1",
        objects=StripeObjects(
            checkout_session_id="cs_test_a1SYNTH0001",
            payment_intent_id="pi_SYNTH1",
            customer_id="cus_SYNTH1",
        ),
        references=References(client_reference_id=REFERENCE),
        kind=Kind.ONE_OFF,
        amount_minor=5990,
        currency="EUR",
        settled_at=CREATED_AT,
        tax_minor=500,
        shipping_minor=490,
        order_id="o_1001",
        customer_details=session["customer_details"],
        country="FR",
    )


def test_a_completed_session_that_is_unpaid_is_no_money_yet():
    assert read("checkout_unpaid") == Link(
        StripeObjects(
            checkout_session_id="cs_test_a1SYNTH0001",
            payment_intent_id="pi_SYNTH1",
            customer_id="cus_SYNTH1",
        ),
        References(client_reference_id=REFERENCE),
        NoMoney.UNPAID,
        Order(order_id="o_1001"),
        tax_minor=500,
        shipping_minor=490,
        country="FR",
    )


def test_a_delayed_payment_that_succeeds_has_the_sale_key_of_its_session():
    unpaid, paid = read("checkout_unpaid"), read("checkout_async_succeeded")

    assert isinstance(unpaid, Link)
    assert isinstance(paid, Settlement)
    assert paid.sale_key == unpaid.objects.payment_intent_id
    assert paid.amount_minor == 5990


@pytest.mark.parametrize("mode", ["payment", "subscription"])
@pytest.mark.parametrize("payment_status", ["paid", "unpaid", "no_payment_required", None])
@pytest.mark.parametrize(("kind", "says"), [(FAILED, NoMoney.FAILED), (EXPIRED, NoMoney.EXPIRED)])
def test_a_failed_or_expired_session_is_never_money(kind, says, payment_status, mode):
    found = read(kind=kind, payment_status=payment_status, mode=mode)

    assert isinstance(found, Link)
    assert found.says is says


def test_an_expired_session_still_says_whose_it_was():
    found = read("checkout_expired")

    assert isinstance(found, Link)
    assert found.objects.checkout_session_id == "cs_test_a1SYNTH0001"
    assert found.references.client_reference_id == REFERENCE


@pytest.mark.parametrize("name", ["checkout_subscription", "checkout_trial"])
def test_a_subscriptions_session_leads_to_its_money_and_is_none(name):
    assert read(name) == Link(
        StripeObjects(
            checkout_session_id="cs_test_b1SYNTH0002",
            invoice_id="in_SYNTH1",
            subscription_id="sub_SYNTH1",
            customer_id="cus_SYNTH1",
        ),
        References(client_reference_id=REFERENCE),
        NoMoney.SUBSCRIPTION,
        Order(order_id="o_1001"),
    )


@pytest.mark.parametrize("kind", [COMPLETED, SUCCEEDED])
@pytest.mark.parametrize("payment_status", ["paid", "unpaid", "no_payment_required", None])
def test_no_payment_status_makes_a_subscriptions_session_money(kind, payment_status):
    found = read("checkout_subscription", kind, payment_status=payment_status)

    assert isinstance(found, Link)
    assert found.says is NoMoney.SUBSCRIPTION


def test_a_free_order_is_a_sale_of_nothing_and_may_have_no_currency():
    free = read(
        payment_status="no_payment_required", payment_intent=None, currency=None, amount_total=None
    )

    assert isinstance(free, Settlement)
    assert (free.sale_key, free.amount_minor, free.currency) == ("cs_test_a1SYNTH0001", 0, "XXX")
    assert (free.tax_minor, free.shipping_minor) == (0, 0)


def test_what_needs_no_payment_is_worth_nothing_whatever_its_total():
    free = read(payment_status="no_payment_required")

    assert isinstance(free, Settlement)
    assert (free.amount_minor, free.currency) == (0, "EUR")


def test_a_setup_moves_no_money():
    assert read(mode="setup", payment_status="no_payment_required") is Ignored.SETUP


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "cs/../1"},
        {"id": "__cs__"},
        {"mode": None},
        {"mode": "rental"},
        {"mode": ["payment"]},
        {"payment_status": None},
        {"payment_status": "settled"},
        {"payment_status": ...},
        {"amount_total": None},
        {"amount_total": True},
        {"amount_total": -1},
        {"amount_total": 59.90},
        {"amount_total": "5990"},
        {"amount_total": 10**15},
        {"currency": None},
        {"currency": "euro"},
        {"currency": 978},
    ],
)
def test_a_session_that_cannot_be_read_is_not_guessed(changes):
    assert read(**changes) is Ignored.MALFORMED


def test_another_event_of_a_session_is_not_read():
    assert read(kind="checkout.session.updated") is Ignored.UNKNOWN_TYPE
    assert {COMPLETED, SUCCEEDED, FAILED, EXPIRED} == CHECKOUT_TYPES


def test_objects_that_came_expanded_are_read_as_their_ids():
    found = read(
        payment_intent={"id": "pi_SYNTH1", "object": "payment_intent"},
        customer={"id": "cus_SYNTH1", "deleted": True},
    )

    assert found == read()


def test_a_paid_session_without_a_payment_intent_is_its_own_sale_key():
    found = read(payment_intent=None)

    assert isinstance(found, Settlement)
    assert found.sale_key == "cs_test_a1SYNTH0001"


def test_an_invoice_made_for_a_one_off_session_is_an_alias_of_the_same_sale():
    found = read(invoice="in_RECEIPT")

    assert isinstance(found, Settlement)
    assert (found.sale_key, found.objects.invoice_id) == ("pi_SYNTH1", "in_RECEIPT")
    assert found.kind is Kind.ONE_OFF


def test_metadata_and_client_reference_id_are_both_kept_apart():
    found = read(metadata={"settled_session": "s_of_the_server"})

    assert isinstance(found, Settlement)
    assert found.references == References("s_of_the_server", REFERENCE)


@pytest.mark.parametrize("reference", [None, "", 7, ["s_1"], "s_\ud800"])
def test_a_dropped_or_unstorable_client_reference_is_none(reference):
    found = read(client_reference_id=reference)

    assert isinstance(found, Settlement)
    assert found.references == References()


def test_a_malformed_reference_is_kept_as_it_stands():
    """Whoever matches says that it was malformed, and not that there was none."""
    found = read(client_reference_id="fb.1.1793900000.abc/def")

    assert isinstance(found, Settlement)
    assert found.references.client_reference_id == "fb.1.1793900000.abc/def"


def test_a_recovered_session_names_the_one_it_came_from():
    with_reference = read(recovered_from="cs_test_OLD")
    without = read(recovered_from="cs_test_OLD", client_reference_id=None)

    assert isinstance(with_reference, Settlement)
    assert isinstance(without, Settlement)
    assert with_reference.objects.recovered_from == without.objects.recovered_from == "cs_test_OLD"
    # The expiry of the old session, which names the visitor, may come after this one; whoever
    # this one names may be unknown to us.
    assert with_reference.waits_for_match
    assert without.waits_for_match


def test_a_session_that_nothing_names_waits_for_nobody():
    found = read(client_reference_id=None)

    assert isinstance(found, Settlement)
    assert not found.waits_for_match


@pytest.mark.parametrize("details", [None, {}, [], "ada@example.com"])
def test_without_customer_details_the_prefilled_email_is_the_customer(details):
    prefilled = {"customer_email": "ada@example.com", "collected_information": None}
    found = read(customer_details=details, **prefilled)

    assert isinstance(found, Settlement)
    assert found.customer_details == {"email": "ada@example.com"}
    assert found.country is None


def test_the_shops_own_event_id_is_kept_where_meta_can_take_it():
    good = read(metadata={"event_id": "order-1001.a"})
    bad = read(metadata={"event_id": "order 1001"})

    assert isinstance(good, Settlement)
    assert isinstance(bad, Settlement)
    assert (good.event_id, bad.event_id) == ("order-1001.a", None)


@pytest.mark.parametrize(
    "presentment", [None, {"presentment_amount": 6990, "presentment_currency": "usd"}]
)
def test_adaptive_pricing_leaves_the_shops_own_amount_and_currency(presentment):
    found = read(presentment_details=presentment)

    assert isinstance(found, Settlement)
    assert (found.amount_minor, found.currency) == (5990, "EUR")


def test_an_old_sessions_currency_conversion_leaves_what_the_buyer_paid():
    """Before 2025-03-31 the session's own amount was the buyer's; it still fits its currency."""
    found = read(
        currency="usd",
        amount_total=6990,
        presentment_details=...,
        collected_information=...,
        shipping_details=None,
        currency_conversion={"source_currency": "eur", "amount_total": 5990, "fx_rate": "1.167"},
    )

    assert isinstance(found, Settlement)
    assert (found.amount_minor, found.currency) == (6990, "USD")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(500, "jpy"), (5120, "kwd"), (500, "isk"), (500, "ugx"), (100_000, "huf"), (80_000, "twd")],
)
def test_an_amount_stays_the_integer_that_stripe_sent(amount, currency):
    found = read(amount_total=amount, currency=currency)

    assert isinstance(found, Settlement)
    assert (found.amount_minor, found.currency) == (amount, currency.upper())


@pytest.mark.parametrize(
    "cost",
    [
        {"amount_subtotal": 490, "amount_tax": 98, "amount_total": 588},  # Exclusive tax.
        {"amount_subtotal": 588, "amount_tax": 98, "amount_total": 588},  # Inclusive tax.
    ],
)
def test_the_tax_on_shipping_is_counted_as_tax_alone(cost):
    """Else a value net of tax and shipping would lose it twice."""
    found = read(shipping_cost=cost, total_details={"amount_shipping": 588, "amount_tax": 598})

    assert isinstance(found, Settlement)
    assert (found.tax_minor, found.shipping_minor) == (598, 490)


def test_shipping_is_read_from_the_totals_where_its_cost_is_absent():
    found = read(shipping_cost=None)

    assert isinstance(found, Settlement)
    assert found.shipping_minor == 490


@pytest.mark.parametrize("totals", [None, [], {"amount_tax": None}, {"amount_tax": -5}])
def test_totals_that_cannot_be_read_count_as_no_tax(totals):
    found = read(total_details=totals, shipping_cost=None)

    assert isinstance(found, Settlement)
    assert (found.amount_minor, found.tax_minor, found.shipping_minor) == (5990, 0, 0)


def test_a_payment_links_own_metadata_speaks_for_no_single_sale():
    """
    Stripe copies it onto every session of the link; the buyer's own reference still counts.
    """
    metadata = {"settled_session": "s_of_nobody_12", "event_id": "static", "order_id": "o_1"}

    settled = read(payment_link="plink_1", metadata=metadata)

    assert settled.references == References(client_reference_id=REFERENCE)
    assert (settled.event_id, settled.order_id) == (None, None)
