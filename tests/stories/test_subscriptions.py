"""Stories 5 to 7: first money, trials, renewals, and money that did not come by card."""

import itertools
from dataclasses import replace

import pytest

from shared.domain.consent import ConsentRule
from tests.builders import POLICIES
from tests.stories.shop import ADA, BOB, EVE, Shop, accepted, withheld
from tests.stories.stripe_account import A_MINUTE
from tests.stories.stripe_shapes import BEFORE_BASIL


def first(amount=1900, **changes):
    return accepted(amount, kind="first", **changes)


def renewal(amount=1900, **changes):
    return withheld(amount, "renewal", kind="renewal", **changes)


def test_a_subscription_is_told_by_its_first_invoice_in_every_order_of_events(account):
    account.subscribes(1900, client_reference_id=ADA)
    assert len(account.events) >= 4

    for events in itertools.permutations(account.events):
        shop = Shop(account)
        for event in events:
            shop.gets(event)
            shop.dispatches()
        shop.comes_to_rest()
        assert shop.rows() == {"in_1": first()}
        assert shop.told() == [("19.00", "EUR")]


def test_metadata_on_the_subscription_explains_it_without_its_checkout(account):
    account.subscribes(1900, on_subscription={"settled_session": ADA})
    shop = Shop(account)

    for event in account.events:
        if not event["type"].startswith("checkout."):
            shop.gets(event)
    shop.dispatches()

    assert shop.rows() == {"in_1": first()}


def test_who_waits_for_the_checkouts_event_is_not_told_before_it(account):
    account.subscribes(1900, client_reference_id=ADA)
    shop = Shop(account)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    shop.dispatches()
    assert shop.row.state == "queued"
    assert shop.told() == []

    shop.gets(checkout)
    shop.dispatches()

    assert shop.rows() == {"in_1": first()}


def test_who_may_have_refused_is_awaited_even_where_nobody_had_to_be_asked(account):
    account.subscribes(1900, client_reference_id=EVE)
    shop = Shop(account, replace(POLICIES, consent=ConsentRule(required=False)))
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
        shop.dispatches()

    shop.gets(checkout)
    shop.comes_to_rest()

    assert shop.rows() == {"in_1": withheld(1900, "no_consent", kind="first", session=EVE)}
    assert shop.told() == []


def test_a_checkout_that_comes_after_the_wait_still_explains_its_invoice(account):
    account.subscribes(1900, client_reference_id=ADA)
    shop = Shop(account)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    shop.comes_to_rest()
    assert shop.row.reason == "no_consent"

    shop.gets(checkout)
    shop.comes_to_rest()

    assert shop.rows() == {"in_1": first()}
    assert shop.told() == [("19.00", "EUR")]


def test_a_trial_is_no_money_and_the_first_that_follows_is_told(account):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900), 1900)

    shop = Shop(account).hears()

    assert shop.rows() == {"in_1": withheld(0, "zero", kind="unsure"), "in_2": first()}
    assert shop.told() == [("19.00", "EUR")]


def test_money_after_a_trial_is_explained_by_a_checkout_that_comes_late(account):
    """
    Its checkout names the trial's invoice alone; the subscription leads from one to the other.
    """
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900), 1900)
    shop = Shop(account)
    late = [event for event in account.events if event["type"].startswith("checkout.")]
    for event in account.events:
        if event not in late:
            shop.gets(event)
    shop.comes_to_rest()
    assert shop.rows()["in_2"].reason == "no_consent"

    for event in late:
        shop.gets(event)
    shop.comes_to_rest()

    assert shop.rows()["in_2"] == first()


def test_renewals_and_upgrades_are_explained_and_not_told(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900), 1900)
    account.is_paid(account.renews(checkout, 700, reason="subscription_update"), 700)

    shop = Shop(account).hears()

    assert shop.rows() == {"in_1": first(), "in_2": renewal(), "in_3": renewal(700)}
    assert shop.told() == [("19.00", "EUR")]


def test_a_renewal_that_is_heard_of_before_the_first_money_is_a_renewal(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900), 1900)
    shop = Shop(account)

    for event in reversed(account.events):
        shop.gets(event)
        shop.dispatches()
    shop.comes_to_rest()

    assert shop.rows() == {"in_1": first(), "in_2": renewal()}
    assert shop.told() == [("19.00", "EUR")]


def test_a_plan_made_without_checkout_renews_for_the_customers_first_visit(account):
    account.subscribes(1900, client_reference_id=ADA)
    account.waits(A_MINUTE)
    account.subscribes(2900, client_reference_id=BOB)
    for reason in ("subscription_create", "subscription_cycle"):
        account.is_paid(account.invoice("sub_api", 900, reason), 900)
        account.waits(A_MINUTE)

    rows = Shop(account).hears().rows()

    assert rows["in_3"] == withheld(900, "no_consent", kind="first", session=None)
    assert rows["in_4"] == renewal(900, session=ADA)


def test_an_invoice_paid_by_credit_balance_moved_no_money(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900, amount_due=0, starting_balance=-1900))

    shop = Shop(account).hears()

    assert shop.rows()["in_2"] == withheld(0, "zero", kind="unsure")
    assert shop.told() == [("19.00", "EUR")]


def test_money_outside_of_stripe_is_withheld_and_the_first_by_card_is_told(account):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA)
    account.is_paid(account.renews(checkout, 1900), off_stripe=1900, says_so=False)
    account.is_paid(account.renews(checkout, 1900), 1900)

    shop = Shop(account).hears()

    # Before basil an invoice did not count what was paid elsewhere.
    outside = (
        withheld(0, "zero", kind="unsure")
        if account.version == BEFORE_BASIL
        else withheld(1900, "off_stripe", kind="unsure", settled=0)
    )
    assert shop.rows()["in_2"] == outside
    assert shop.rows()["in_3"] == first()
    assert shop.told() == [("19.00", "EUR")]


def test_of_a_mixed_invoice_the_part_that_came_through_stripe_is_told(new_account):
    checkout = new_account.subscribes(1900, paid=0, client_reference_id=ADA)
    new_account.is_paid(new_account.renews(checkout, 1900), 1200, off_stripe=700)

    shop = Shop(new_account).hears()

    assert shop.rows()["in_2"] == first(settled=1200)
    assert shop.told() == [("12.00", "EUR")]


@pytest.mark.parametrize("without", [(), ("invoice_payment.paid",)])
def test_several_payments_of_one_invoice_are_one_purchase(new_account, without):
    """
    Where no event names the payments, Stripe is asked before the sending.
    """
    checkout = new_account.subscribes(1900, paid=0, client_reference_id=ADA)
    new_account.is_paid(new_account.renews(checkout, 1900), 1000, 900)
    shop = Shop(new_account)

    for event in new_account.events:
        if event["type"] not in without:
            shop.gets(event)
    shop.comes_to_rest()

    assert shop.rows()["in_2"] == first()
    assert shop.told() == [("19.00", "EUR")]
