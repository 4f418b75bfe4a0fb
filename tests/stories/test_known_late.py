"""What Stripe says of a payment at another time than its money: before it, long after, or once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.consent import ConsentRule
from shared.domain.deliveries import QUEUED_AT_MOST_FOR
from shared.domain.policies import PurchaseValue
from shared.usecases.ports.errors import StripeUnavailableError
from tests.builders import A_SECOND, POLICIES
from tests.stories.cast import buys
from tests.stories.shop import ADA, BOB, EVE, Shop, accepted, withheld
from tests.stories.stripe_account import AN_HOUR

NET = replace(POLICIES, purchase_value=PurchaseValue.NET_OF_TAX_AND_SHIPPING)
NO_CONSENT_NEEDED = replace(POLICIES, consent=ConsentRule(required=False))
OF_THE_PRICE = {"amount_tax": 500, "amount_shipping": 490, "amount_discount": 0}
A_MINUTE = timedelta(minutes=1)


def holds(account, **of_checkout):
    """Hold a price at its checkout and capture it an hour later, when only its payment says so."""
    intent = account.intends(5990)
    checkout = account.checkout(5990, intent=intent, **of_checkout)
    account.holds(intent)
    account.completes(checkout, "unpaid")
    account.waits(AN_HOUR)
    account.receives(intent)
    return checkout


def test_a_hold_is_told_without_the_tax_and_shipping_of_its_checkout(account):
    holds(account, client_reference_id=ADA, total_details=OF_THE_PRICE)

    assert Shop(account, NET).hears().told() == [("50.00", "EUR")]


def test_tax_and_shipping_are_known_although_their_event_came_no_further_than_the_receipt(account):
    buys(account, on_intent={"settled_session": ADA}, total_details=OF_THE_PRICE)
    shop = Shop(account, NET)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    shop.ledger.replace = lambda *_: False
    shop.gets(checkout)
    del shop.ledger.replace

    shop.comes_to_rest()

    assert shop.told() == [("50.00", "EUR")]


def test_a_payments_own_event_waits_for_its_checkouts_although_it_knows_an_address(account):
    """
    The receipt's address is one thing; tax, shipping and the buyer's name only the checkout knows.
    """
    buys(account, on_intent={"settled_session": ADA}, total_details=OF_THE_PRICE)
    by_type = {event["type"]: event for event in account.events}
    by_type["payment_intent.succeeded"]["data"]["object"]["receipt_email"] = "ada@example.com"
    shop = Shop(account, NET)

    shop.gets(by_type["payment_intent.succeeded"])
    shop.dispatches()
    shop.gets(by_type["checkout.session.completed"])
    shop.comes_to_rest()

    [[sent]] = shop.meta.sent
    assert shop.told() == [("50.00", "EUR")]
    assert sent.customer.fn != ()


def test_a_checkout_that_knows_no_buyer_waits_for_nobody(account):
    buys(account, customer_details=None)
    shop = Shop(account)

    shop.gets(account.events[-1])
    shop.dispatches()

    assert shop.told() == [("59.90", "EUR")]


def test_who_must_have_agreed_is_judged_by_where_the_buyer_of_a_hold_lives(account):
    """
    The visit came from a country that does not ask, and nobody was asked.
    """
    there = {"address": {"country": "FR"}, "email": "ada@example.com"}
    holds(account, client_reference_id=ADA, customer_details=there)
    shop = Shop(account, replace(POLICIES, consent=ConsentRule(regions=frozenset({"FR"}))))
    seen = shop.sessions.stored[ADA]
    silent = replace(seen.visit, consent=None, country="US")
    shop.sessions.stored[ADA] = replace(seen, visit=silent)

    assert shop.hears().row == withheld(5990, "no_consent")


def test_a_hold_names_the_checkout_whose_cart_it_paid(account):
    checkout = holds(account, client_reference_id=ADA)

    shop = Shop(account).hears()

    assert [item.id for item in shop.purchase("pi_1").contents] == [f"prod_{checkout['id']}"]


def test_a_sale_that_said_too_little_of_its_buyer_is_told_once_more_is_known(account):
    """
    Its payment names a session that nobody knows; its checkout, heard of an hour later, the buyer.
    """
    buys(account, on_intent={"settled_session": "s_nobody_0001"}, client_reference_id=None)
    shop = Shop(account, NO_CONSENT_NEEDED)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    shop.comes_to_rest()
    said_too_little = shop.row

    shop.gets(checkout)
    shop.comes_to_rest()

    assert said_too_little.reason == "insufficient_user_data"
    assert shop.row == accepted(5990, session=None)
    assert shop.told() == [("59.90", "EUR")]


@pytest.mark.parametrize("named", [None, ADA])
def test_what_a_person_dropped_stays_dropped_whatever_is_learnt_of_its_buyer(account, named):
    account.begins("", "cus_1")
    intent = account.intends(5990, metadata={"settled_session": "s_nobody_0001"})
    lost = account.checkout(5990, client_reference_id=named)
    account.expires(lost)
    checkout = account.checkout(5990, intent=intent, recovered_from=lost["id"])
    account.receives(intent)
    account.completes(checkout, "paid")
    shop = Shop(account, NO_CONSENT_NEEDED)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    shop.comes_to_rest()
    shop.drops("pi_1")

    shop.gets(checkout)
    shop.comes_to_rest()

    assert shop.row.state == "rejected"
    assert shop.told() == []


def test_a_question_to_stripe_outlives_the_task_that_was_to_ask_it(new_account):
    """
    Nobody is told of it, but the ledger must know that none of it moved through Stripe.
    """
    checkout = new_account.subscribes(1900, paid=0, client_reference_id=EVE)
    new_account.is_paid(new_account.renews(checkout, 1900), off_stripe=1900, says_so=False)
    shop = Shop(new_account)
    for event in new_account.events:
        shop.gets(event)
    shop.done |= shop.tasks.created.keys()  # The queue gave them up.

    shop.waits(QUEUED_AT_MOST_FOR + A_MINUTE)
    shop.relays()
    shop.dispatches()

    assert shop.rows()["in_2"] == withheld(
        1900, "off_stripe", kind="unsure", settled=0, session=EVE
    )


def test_a_question_whose_task_is_alive_is_not_asked_by_another_one(new_account):
    checkout = new_account.subscribes(1900, paid=0, client_reference_id=EVE)
    new_account.is_paid(new_account.renews(checkout, 1900), off_stripe=1900, says_so=False)
    shop = Shop(new_account)
    shop.answers.invoice = _is_away
    for event in new_account.events:
        shop.gets(event)
    made = len(shop.tasks.created)

    for _ in range(6):
        shop.waits(QUEUED_AT_MOST_FOR / 3)
        shop.dispatches()
        shop.relays()

    assert len(shop.tasks.created) == made


def _is_away(_invoice_id):
    raise StripeUnavailableError("simulated")


def test_a_plan_whose_metadata_names_nobody_we_know_waits_for_its_checkout(account):
    """
    Where consent is not required it would else be told of an unknown buyer, and who refused is one.
    """
    named = {"settled_session": "s_nobody_0001"}
    account.subscribes(1900, on_subscription=named, client_reference_id=EVE)
    *before, checkout = account.events
    shop = Shop(account, NO_CONSENT_NEEDED)
    for event in before:
        shop.gets(event)
    shop.dispatches()

    shop.gets(checkout)
    shop.comes_to_rest()

    assert shop.row == withheld(1900, "no_consent", kind="first", session=EVE)
    assert shop.told() == []


def test_a_renewal_waits_for_its_own_checkout_although_another_plan_led_the_customer_here(account):
    account.subscribes(1900, client_reference_id=BOB)
    account.waits(60)
    own = account.subscribes(2900, client_reference_id=EVE)
    account.is_paid(account.renews(own, 2900), 2900)
    shop = Shop(account, replace(POLICIES, renewal_event="Renewal"))
    late = next(e for e in account.events if e["data"]["object"].get("id") == own["id"])
    for event in account.events:
        if event is not late:
            shop.gets(event)
    shop.waits(POLICIES.match_for - A_SECOND)
    shop.dispatches()

    shop.gets(late)
    shop.comes_to_rest()

    assert shop.rows()["in_3"].session == EVE
    assert shop.told() == [("19.00", "EUR")]
