"""Who the goods go to: the customer where nobody said who pays, and nobody otherwise."""

import pytest

from shared.domain.stripe_checkouts import read_checkout
from shared.domain.stripe_invoices import read_invoice
from shared.domain.stripe_payments import read_payment_intent
from tests.stripe_fixtures import CREATED_AT, stripe_object

SHIPPED = {"name": "Ada Synth", "address": {"city": "Lyon", "country": "FR"}}
SINCE_BASIL = {"collected_information": {"shipping_details": SHIPPED}}
BEFORE_BASIL = {"collected_information": None, "shipping_details": SHIPPED}
NOBODY = {"email": "ada@example.com", "name": None, "address": {"country": None}}


def checkout(**changes):
    session = stripe_object("checkout_paid", **changes)
    return read_checkout("checkout.session.completed", session, CREATED_AT)


@pytest.mark.parametrize("where", [SINCE_BASIL, BEFORE_BASIL], ids=["since basil", "before"])
@pytest.mark.parametrize("typed", [None, NOBODY])
def test_who_a_checkout_ships_to_is_its_customer_where_nobody_said_who_pays(typed, where):
    found = checkout(customer_details=typed, **where)

    assert found.customer_details == SHIPPED | ({"email": "ada@example.com"} if typed else {})


def test_where_goods_go_does_not_say_whose_law_asks_for_consent():
    """A gift to another country is still bought where the buyer is."""
    assert checkout(customer_details=None, **SINCE_BASIL).country is None


@pytest.mark.parametrize("known", [{"name": "Ada Synth"}, {"address": {"country": "FR"}}])
def test_who_pays_outranks_who_the_goods_go_to(known):
    gift = {"shipping_details": {"name": "Bob Other", "address": {"city": "Wien"}}}
    typed = {"email": "ada@example.com", **known}

    assert checkout(customer_details=typed, collected_information=gift).customer_details == typed


def test_who_a_direct_payment_ships_to_is_its_customer():
    shipping = {**SHIPPED, "phone": "+33600000000", "carrier": None, "tracking_number": None}
    intent = stripe_object("payment_intent_succeeded", shipping=shipping)

    found = read_payment_intent(intent, CREATED_AT)

    assert found.customer_details == SHIPPED | {"phone": "+33600000000"}
    assert found.country is None


def test_who_an_invoice_ships_to_is_its_customer_where_it_names_no_other():
    nobody = {"customer_name": None, "customer_phone": None, "customer_address": None}
    invoice = stripe_object("invoice_paid", **nobody, customer_shipping=SHIPPED | {"phone": None})

    found = read_invoice(invoice, CREATED_AT)

    assert found.customer_details == SHIPPED | {"email": "ada@example.com"}


@pytest.mark.parametrize("shipping", [None, [], "Lyon", {}, {"name": 7, "address": "Lyon"}])
def test_shipping_that_says_nothing_changes_nothing(shipping):
    found = checkout(
        customer_details={"email": "ada@example.com"},
        collected_information={"shipping_details": shipping},
    )

    assert found.customer_details == {"email": "ada@example.com"}
