"""What the shop wrote of its order: the sale carries it, on whatever object it stands."""

from dataclasses import replace
from itertools import permutations

import pytest

from shared.domain.purchases import event_id_of
from tests.stories.shop import ADA, Shop, accepted
from tests.stories.stripe_account import A_DAY, AN_HOUR

OWN = {"event_id": "order-7", "order_id": "7"}
DERIVED = {sale_key: event_id_of(sale_key, None) for sale_key in ("pi_1", "in_1", "in_2")}


def sent(shop):
    """List event_id and order_id of each Purchase that Meta accepted."""
    return [(one.event_id, one.custom_data.order_id) for batch in shop.meta.sent for one in batch]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_subscriptions_first_money_carries_what_its_checkout_says(new_account, order):
    new_account.subscribes(1900, client_reference_id=ADA, metadata=OWN)
    told = {"invoice_payment.paid", "invoice.paid", "checkout.session.completed"}
    events = [event for event in new_account.events if event["type"] in told]
    shop = Shop(new_account)

    for number in order:
        shop.gets(events[number])
    shop.comes_to_rest()

    assert sent(shop) == [("order-7", "7")]


def test_what_its_own_metadata_says_outranks_that(account):
    own = {"settled_session": ADA, "event_id": "order-8", "order_id": "8"}
    account.subscribes(1900, metadata=OWN, on_subscription=own)

    assert sent(Shop(account).hears()) == [("order-8", "8")]


@pytest.mark.parametrize("where", ["metadata", "on_subscription"])
def test_after_a_trial_the_first_money_carries_it_and_the_renewal_does_not(account, where):
    checkout = account.subscribes(1900, paid=0, client_reference_id=ADA, **{where: OWN})
    copied = OWN if where == "on_subscription" else {}
    account.is_paid(account.renews(checkout, 1900, metadata=copied), 1900)
    account.waits(A_DAY)
    account.is_paid(account.renews(checkout, 1900, metadata=copied), 1900)

    shop = Shop(account).hears()

    assert sent(shop) == [("order-7", "7")]
    assert shop.rows()["in_3"].kind == "renewal"
    assert shop.purchase("in_3").event_id == event_id_of("in_3", None)


def test_one_event_id_on_two_subscriptions_is_neither_of_theirs_after_a_trial(account):
    for _ in range(2):
        checkout = account.subscribes(1900, paid=0, client_reference_id=ADA, metadata=OWN)
        account.is_paid(account.renews(checkout, 1900), 1900)
    shop = Shop(account)

    for event in account.events:
        shop.gets(event)
    shop.comes_to_rest()

    assert {event_id for event_id, _ in sent(shop)} == {
        event_id_of("in_2", None),
        event_id_of("in_4", None),
    }


def test_a_captured_hold_carries_what_its_checkout_said_while_it_was_unpaid(account):
    intent = account.intends(5990)
    checkout = account.checkout(5990, intent=intent, client_reference_id=ADA, metadata=OWN)
    account.holds(intent)
    account.completes(checkout, "unpaid")
    account.waits(AN_HOUR)
    account.receives(intent, 4000)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(4000)}
    assert sent(shop) == [("order-7", "7")]


def test_a_payment_links_metadata_is_everybodys_and_nobodys_order(account):
    account.subscribes(1900, client_reference_id=ADA, metadata=OWN, payment_link="plink_1")

    assert sent(Shop(account).hears()) == [(DERIVED["in_1"], None)]


def test_an_event_id_that_the_pixel_has_said_is_not_changed_by_what_comes_later(new_account):
    new_account.subscribes(1900, metadata=OWN, on_subscription={"settled_session": ADA})
    *before, checkout = new_account.events
    shop = Shop(new_account)
    for event in before:
        shop.gets(event)
    entry = shop.ledger.find("in_1")
    shop.ledger.replace(entry, replace(entry.purchase, released_at=shop.now))

    shop.gets(checkout)
    shop.comes_to_rest()

    assert sent(shop) == [(DERIVED["in_1"], "7")]
