"""Stories 12, 15 and 16: other accounts, the other mode, twin events, thin events, a store away."""

from dataclasses import replace

import pytest

from shared.domain.readings import Ignored
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.take_stripe_event import Took
from tests.stories.cast import buys
from tests.stories.shop import ADA, Shop, accepted, withheld


def test_another_accounts_sale_counts_where_a_visitor_of_ours_made_it(account):
    account.connected = "acct_1"
    buys(account)
    buys(account, 700, client_reference_id="somebody-elses")

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]


@pytest.mark.parametrize("in_order", [True, False])
def test_a_refund_in_another_account_is_one_of_the_sale_that_we_took(account, in_order):
    account.connected = "acct_1"
    account.refunds(buys(account), 5990)
    shop = Shop(account)

    for event in account.events if in_order else reversed(account.events):
        shop.gets(event)
    shop.comes_to_rest()

    assert shop.rows() == {"pi_1": withheld(5990, "refunded", refunded=5990)}


def test_what_a_subscription_in_another_account_leaves_open_is_asked_of_that_account(new_account):
    """
    Our own account knows no such invoice, and waiting for it would end in a sale that expired.
    """
    new_account.connected = "acct_1"
    new_account.subscribes(1900, on_subscription={"settled_session": ADA})
    shop = Shop(new_account)

    for event in new_account.events:
        if event["type"] != "invoice_payment.paid":
            shop.gets(event)
    shop.comes_to_rest()

    assert shop.purchase("in_1").account == "acct_1"
    assert shop.rows() == {"in_1": accepted(1900, kind="first")}


def test_a_hold_captured_in_another_account_counts(account):
    account.connected = "acct_1"
    intent = account.intends(5990)
    checkout = account.checkout(5990, intent=intent, client_reference_id=ADA)
    account.holds(intent)
    account.completes(checkout, "unpaid")
    account.receives(intent, 4000)

    assert Shop(account).hears().rows() == {"pi_1": accepted(4000)}


def test_a_sale_in_the_other_mode_is_written_down_and_not_told(account):
    account.livemode = True
    buys(account)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": withheld(5990, "test_mode")}
    assert shop.told() == []


def test_two_events_of_one_change_are_one_sale(account):
    buys(account)
    shop = Shop(account)

    for event in account.events:
        shop.gets(event)
        shop.gets({**event, "id": f"{event['id']}twin"})
    shop.comes_to_rest()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]


def test_an_event_id_that_the_pixel_may_have_said_stays(account):
    """
    Meta merges by it: another one in the server's copy would be a second Purchase.
    """
    own = {"event_id": "order-1"}
    buys(account, metadata=own)
    buys(account, 700, metadata=own)
    shop = Shop(account)

    for event in account.events:
        shop.gets(event)
        entry = shop.ledger.find("pi_1")
        if entry is not None and entry.purchase.released_at is None:
            shop.ledger.replace(entry, replace(entry.purchase, released_at=shop.now))
    shop.comes_to_rest()

    assert shop.purchase("pi_1").event_id == "order-1"
    assert shop.purchase("pi_2").event_id != "order-1"
    assert sorted(shop.meta.event_ids) == sorted(
        p.event_id for p in map(shop.purchase, shop.rows())
    )


def test_a_thin_event_is_named_and_its_money_is_found_by_reconcile(account):
    intent = buys(account)
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.checkout.session.completed",
        "created": "2026-11-05T00:00:00Z",
        "related_object": {"id": "cs_1", "type": "checkout.session"},
    }
    shop = Shop(account)
    shop.now = shop.now.replace(day=shop.now.day + 1)

    assert shop.gets(thin) is Ignored.THIN_EVENT
    assert shop.rows() == {}
    shop.reconciles()
    shop.comes_to_rest()

    assert shop.rows() == {intent["id"]: accepted(5990)}


def test_after_one_reconcile_nothing_is_missing_and_a_second_one_changes_nothing(account):
    """
    As the events would have told it, although no webhook ever came.
    """
    buys(account)
    account.subscribes(1900, client_reference_id=ADA)
    account.refunds(buys(account, 700), 300)
    shop = Shop(account)
    shop.now = shop.now.replace(day=shop.now.day + 1)

    first = shop.reconciles()
    shop.comes_to_rest()
    rows, again = shop.rows(), shop.reconciles()

    assert rows == Shop(account).hears().rows()
    assert (first.finished, first.missing > 0) == (True, True)
    assert (again.finished, again.missing) == (True, 0)
    assert shop.rows() == rows


def test_an_event_that_could_not_be_followed_up_is_asked_for_again(account):
    """
    A closed purchase is due for no relay; only Stripe's repeat brings the news once more.
    """
    account.subscribes(1900, client_reference_id=ADA)
    shop = Shop(account)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    shop.comes_to_rest()
    find = shop.ledger.find
    shop.ledger.find = lambda _: (_ for _ in ()).throw(StoreUnavailableError)

    with pytest.raises(StoreUnavailableError):
        shop.gets(checkout)
    shop.ledger.find = find
    again = shop.gets(checkout)
    shop.comes_to_rest()

    assert again.took is Took.RECORDED_BEFORE
    assert shop.rows() == {"in_1": accepted(1900, kind="first")}


def test_what_a_crash_left_out_of_a_known_sale_comes_with_the_repeat(account):
    """
    The payment's own event knows no order; its checkout's does, and broke off after the receipt.
    """
    buys(account, on_intent={"settled_session": ADA}, metadata={"order_id": "o_7"})
    shop = Shop(account)
    *before, checkout = account.events
    for event in before:
        shop.gets(event)
    find = shop.ledger.find
    shop.ledger.find = lambda _: (_ for _ in ()).throw(StoreUnavailableError)
    with pytest.raises(StoreUnavailableError):
        shop.gets(checkout)
    shop.ledger.find = find
    assert shop.purchase("pi_1").order_id is None

    shop.gets(checkout)

    assert shop.purchase("pi_1").order_id == "o_7"
