"""PaymentIntents and charges: captured money of direct integrations, and holds that are none."""

import pytest

from shared.domain.readings import Ignored, Kind, References, Settlement, StripeObjects
from shared.domain.stripe_payments import read_charge, read_payment_intent
from tests.stripe_fixtures import CREATED_AT, REFERENCE, stripe_object

MARK = {"settled_session": REFERENCE}
UNMARKED = [{}, None, {"order_id": "o_1001"}, {"settled_session": ""}, {"settled_session": 7}]


def intent(**changes):
    return read_payment_intent(stripe_object("payment_intent_succeeded", **changes), CREATED_AT)


def charge(**changes):
    return read_charge(stripe_object("charge_captured", **changes), CREATED_AT)


def test_a_marked_payment_intent_is_a_sale_of_ours():
    assert intent() == Settlement(
        sale_key="pi_SYNTH1",
        objects=StripeObjects(
            payment_intent_id="pi_SYNTH1", charge_id="ch_SYNTH1", customer_id="cus_SYNTH1"
        ),
        references=References(metadata_session=REFERENCE),
        kind=Kind.ONE_OFF,
        amount_minor=5990,
        currency="EUR",
        settled_at=CREATED_AT,
        waits_for_match=True,
        is_marked=True,
        order_id="o_1001",
    )


@pytest.mark.parametrize("metadata", UNMARKED)
def test_an_unmarked_payment_intent_waits_for_whoever_led_to_it(metadata):
    """It may be a renewal's, which since basil looks the same."""
    found = intent(metadata=metadata)

    assert isinstance(found, Settlement)
    assert (found.is_marked, found.waits_for_match) == (False, True)
    assert found.references == References()


@pytest.mark.parametrize("invoice", ["in_SYNTH1", {"id": "in_SYNTH1", "object": "invoice"}])
def test_a_payment_that_names_its_invoice_is_proved_by_that_invoice(invoice):
    """Before basil both named it; counting both would be counting twice."""
    assert intent(invoice=invoice) is Ignored.DIRECT_PAYMENT
    assert charge(invoice=invoice) is Ignored.DIRECT_PAYMENT


def test_a_payment_that_names_no_invoice_is_read_before_basil_too():
    assert isinstance(intent(invoice=None), Settlement)
    assert isinstance(charge(invoice=None), Settlement)


def test_a_hold_is_no_money():
    held = stripe_object("payment_intent_capturable")

    assert read_payment_intent(held, CREATED_AT) is Ignored.NOT_CAPTURED


@pytest.mark.parametrize(
    "status", ["processing", "requires_action", "requires_payment_method", "canceled", None, []]
)
def test_a_payment_intent_that_did_not_succeed_is_no_money(status):
    assert intent(status=status) is Ignored.NOT_PAID


def test_a_payment_intent_that_received_nothing_is_no_money():
    assert intent(amount_received=0) is Ignored.NOT_PAID


def test_a_partial_capture_is_worth_what_was_received():
    by_intent = intent(amount_received=4000, capture_method="manual")
    by_charge = charge(amount_captured=4000, amount_refunded=1990)

    assert isinstance(by_intent, Settlement)
    assert isinstance(by_charge, Settlement)
    assert by_intent.sale_key == by_charge.sale_key
    assert by_intent.amount_minor == by_charge.amount_minor == 4000


def test_a_receipts_address_is_the_payment_intents_customer():
    found = intent(receipt_email="ada@example.com")

    assert isinstance(found, Settlement)
    assert found.customer_details == {"email": "ada@example.com"}


def test_the_shops_own_event_id_stands_on_the_payment_intent():
    found = intent(metadata=MARK | {"event_id": "order-1001"})

    assert isinstance(found, Settlement)
    assert found.event_id == "order-1001"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "pi-1"},
        {"amount_received": None},
        {"amount_received": "5990"},
        {"amount_received": True},
        {"currency": None},
    ],
)
def test_a_payment_intent_that_cannot_be_read_is_not_guessed(changes):
    assert intent(**changes) is Ignored.MALFORMED


def test_a_captured_charge_is_money_that_nothing_marks():
    address = stripe_object("charge_captured")["billing_details"]["address"]

    assert charge() == Settlement(
        sale_key="pi_SYNTH1",
        objects=StripeObjects(
            payment_intent_id="pi_SYNTH1", charge_id="ch_SYNTH1", customer_id="cus_SYNTH1"
        ),
        references=References(),
        kind=Kind.ONE_OFF,
        amount_minor=5990,
        currency="EUR",
        settled_at=CREATED_AT,
        waits_for_match=True,
        is_marked=False,
        order_id="o_1001",
        customer_details={"email": "ada@example.com", "name": "Ada Synth", "address": address},
        country="FR",
    )


def test_a_charge_that_repeats_our_mark_names_the_session_and_stays_unmarked():
    found = charge(metadata=MARK)

    assert isinstance(found, Settlement)
    assert found.references.metadata_session == REFERENCE
    assert (found.is_marked, found.waits_for_match) == (False, True)


def test_a_charge_without_a_payment_intent_is_its_own_sale_key():
    found = charge(payment_intent=None)

    assert isinstance(found, Settlement)
    assert found.sale_key == "ch_SYNTH1"


def test_money_whose_balance_transaction_is_still_to_come_is_money():
    """Asynchronous capture, the default since 2024-04-10, announces it later."""
    assert stripe_object("charge_captured")["balance_transaction"] is None
    assert isinstance(charge(balance_transaction=None), Settlement)


@pytest.mark.parametrize(
    "changes", [{"captured": False}, {"captured": None}, {"captured": 1}, {"amount_captured": 0}]
)
def test_a_charge_that_was_only_authorised_is_no_money(changes):
    """Stripe says `paid` of a mere authorisation too."""
    assert charge(paid=True, **changes) is Ignored.NOT_CAPTURED


def test_without_billing_details_the_receipts_address_is_the_customer():
    found = charge(billing_details=None, receipt_email="ada@example.com")

    assert isinstance(found, Settlement)
    assert (found.customer_details, found.country) == ({"email": "ada@example.com"}, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None, "payment_intent": None},
        {"amount_captured": None},
        {"amount_captured": -1},
        {"currency": "eu"},
    ],
)
def test_a_charge_that_cannot_be_read_is_not_guessed(changes):
    assert charge(**changes) is Ignored.MALFORMED
