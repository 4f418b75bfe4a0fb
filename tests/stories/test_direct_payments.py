"""Stories 10 and 18: PaymentIntents without Checkout, and holds that are captured or released."""

from dataclasses import replace

import pytest

from tests.builders import POLICIES
from tests.stories.shop import ADA, Shop, accepted, withheld
from tests.stories.stripe_account import AN_HOUR

DIRECT = replace(POLICIES, direct_payments=True)


def test_a_payment_that_carries_our_metadata_is_told(account):
    account.receives(account.intends(4200, metadata={"settled_session": ADA}))

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(4200)}
    assert shop.told() == [("42.00", "EUR")]


def test_a_payment_that_nothing_marks_is_none_of_ours(account):
    account.receives(account.intends(4200))

    assert Shop(account).hears().rows() == {}


def test_a_shop_of_direct_payments_takes_those_too(account):
    account.receives(account.intends(4200))

    assert Shop(account, DIRECT).hears().rows() == {
        "pi_1": withheld(4200, "no_consent", session=None)
    }


def test_a_payment_of_an_invoice_is_no_sale_of_its_own(new_account):
    """
    Since basil it does not name its invoice: another event does, or Stripe is asked.
    """
    new_account.subscribes(1900, client_reference_id=ADA)
    shop = Shop(new_account, DIRECT)

    for event in new_account.events:
        if event["type"] != "invoice_payment.paid":
            shop.gets(event)
    shop.comes_to_rest()

    assert shop.rows()["pi_1"] == withheld(1900, "part_of_invoice", session=None)
    assert shop.rows()["in_1"] == accepted(1900, kind="first")
    assert shop.told() == [("19.00", "EUR")]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_subscriptions_payment_that_carries_our_mark_is_no_second_sale(new_account, backwards):
    """
    A shop may write its mark on that PaymentIntent too; the money moved once.
    """
    new_account.subscribes(1900, client_reference_id=ADA)
    events = new_account.events[::-1] if backwards else new_account.events
    shop = Shop(new_account)

    for event in events:
        if event["type"] == "payment_intent.succeeded":
            event["data"]["object"]["metadata"] = {"settled_session": ADA}
        shop.gets(event)
    shop.comes_to_rest()

    assert shop.rows() == {
        "pi_1": withheld(1900, "part_of_invoice"),
        "in_1": accepted(1900, kind="first"),
    }
    assert shop.told() == [("19.00", "EUR")]


def test_a_one_off_sale_that_carries_our_mark_is_told_although_an_invoice_is_its_receipt(account):
    intent = account.intends(5990, metadata={"settled_session": ADA})
    account.is_receipted(intent)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}


def test_a_direct_hold_counts_for_the_part_that_is_captured(account):
    intent = account.intends(4200, metadata={"settled_session": ADA})
    account.holds(intent)
    account.receives(intent, 3000)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(3000)}
    assert shop.told() == [("30.00", "EUR")]


def held(account):
    intent = account.intends(5990)
    checkout = account.checkout(5990, intent=intent, client_reference_id=ADA)
    account.holds(intent)
    account.completes(checkout, "unpaid")
    account.waits(AN_HOUR)
    return intent, checkout


def test_a_hold_is_no_money(account):
    held(account)

    assert Shop(account).hears().rows() == {}


@pytest.mark.parametrize(("captured", "value"), [(5990, "59.90"), (4000, "40.00")])
def test_a_hold_of_a_checkout_counts_for_what_is_captured(account, captured, value):
    intent, _ = held(account)
    account.receives(intent, captured)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(captured)}
    assert shop.told() == [(value, "EUR")]


@pytest.mark.parametrize("heard_first", ["checkout.session.completed", "payment_intent.succeeded"])
def test_a_checkout_that_calls_a_part_capture_paid_does_not_outrank_the_payment(
    account, heard_first
):
    """
    Its `amount_total` stays the price that was held.
    """
    intent, checkout = held(account)
    account.receives(intent, 4000)
    account.completes(checkout, "paid")
    shop = Shop(account)

    for event in sorted(account.events, key=lambda event: event["type"] != heard_first):
        shop.gets(event)
    shop.comes_to_rest()

    assert shop.rows() == {"pi_1": accepted(4000)}
    assert shop.told() == [("40.00", "EUR")]


def test_a_hold_that_is_released_was_no_sale_and_is_no_refund(account):
    intent, _ = held(account)
    account.releases(intent)

    shop = Shop(account).hears()

    assert shop.rows() == {}
    assert shop.told() == []


def test_the_session_of_a_captured_hold_must_be_alive(account):
    intent, _ = held(account)
    account.receives(intent)
    shop = Shop(account)
    shop.sessions.stored[ADA] = replace(shop.sessions.stored[ADA], expires_at=shop.now)

    assert shop.hears().rows() == {"pi_1": withheld(5990, "no_consent", session=None)}
