"""Stories 1 to 4 and 17: one-off Checkouts, by card, delayed, free, expired and recovered."""

import pytest

from shared.domain.purchases import MatchedBy, NoMatch
from tests.stories.cast import buys
from tests.stories.shop import ADA, BOB, EVE, Shop, accepted, withheld
from tests.stories.stripe_account import A_DAY, AN_HOUR


def test_a_checkout_paid_by_card_is_told_once(account):
    buys(account, client_reference_id=ADA)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]
    assert shop.purchase("pi_1").matched_by is MatchedBy.CLIENT_REFERENCE_ID


def test_the_buyer_is_told_of_although_his_payments_own_event_came_first(account):
    """
    Stripe keeps no order, and a queue may be quick: the payment's event knows no e-mail address.
    """
    buys(account, on_intent={"settled_session": ADA})
    shop = Shop(account)
    by_type = {event["type"]: event for event in account.events}

    shop.gets(by_type["payment_intent.succeeded"])
    shop.dispatches()
    shop.gets(by_type["checkout.session.completed"])
    shop.comes_to_rest()

    [[sent]] = shop.meta.sent
    assert sent.customer.em != ()
    assert shop.rows() == {"pi_1": accepted(5990)}


def test_what_the_cart_held_is_asked_of_stripe_and_told(account):
    buys(account)

    shop = Shop(account).hears()

    [[sent]] = shop.meta.sent
    assert sent.custom_data.content_ids == ("prod_cs_1",)
    assert sent.custom_data.contents[0].quantity == 1


def test_who_refused_is_in_the_ledger_and_nobody_is_told(account):
    buys(account, client_reference_id=EVE)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": withheld(5990, "no_consent", session=EVE)}
    assert shop.told() == []
    assert shop.purchase("pi_1").customer.is_empty()


def test_metadata_of_the_shops_server_outranks_the_reference_in_the_address(account):
    buys(account, client_reference_id=BOB, metadata={"settled_session": ADA})

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.purchase("pi_1").matched_by is MatchedBy.METADATA


def test_metadata_on_the_payment_outranks_the_reference_on_its_checkout(account):
    """
    Whichever of the two events comes first, as long as nobody has been told.
    """
    buys(account, client_reference_id=BOB, on_intent={"settled_session": ADA})
    forwards, backwards = Shop(account), Shop(account)

    for event in account.events:
        forwards.gets(event)
    for event in reversed(account.events):
        backwards.gets(event)

    assert forwards.row.session == backwards.row.session == ADA


def _delayed(account, *, paid):
    intent = account.intends(5990)
    checkout = account.checkout(5990, intent=intent, client_reference_id=ADA)
    account.completes(checkout, "unpaid")
    account.waits(3 * A_DAY)
    account.clears(checkout, paid=paid)


def test_a_debit_that_clears_days_later_is_told_when_it_does(account):
    _delayed(account, paid=True)
    shop = Shop(account)
    shop.gets(account.events[0])
    assert shop.rows() == {}

    shop.hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]
    assert shop.purchase("pi_1").settled_at.timestamp() >= account.events[0]["created"] + 3 * A_DAY


def test_a_debit_that_fails_was_never_money(account):
    _delayed(account, paid=False)

    shop = Shop(account).hears()

    assert shop.rows() == {}
    assert shop.told() == []
    assert shop.unsettled() == []


def test_an_order_that_cost_nothing_is_written_down_and_not_told(account):
    checkout = account.checkout(0, client_reference_id=ADA, currency=None)
    account.completes(checkout, "no_payment_required")

    shop = Shop(account).hears()

    assert shop.rows() == {"cs_1": withheld(0, "zero", currency="XXX")}
    assert shop.told() == []


def test_an_expired_checkout_is_no_sale(account):
    account.expires(account.checkout(5990, client_reference_id=ADA))

    shop = Shop(account).hears()

    assert shop.rows() == {}


def test_a_recovered_checkout_with_a_reference_of_its_own_counts_for_that(account):
    lost = account.checkout(5990, client_reference_id=ADA)
    account.expires(lost)
    buys(account, client_reference_id=BOB, recovered_from=lost["id"])

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990, session=BOB)}


def _recovered(account):
    lost = account.checkout(5990, client_reference_id=ADA)
    account.expires(lost)
    account.waits(AN_HOUR)
    buys(account, client_reference_id=None, recovered_from=lost["id"])


def test_a_recovered_checkout_without_a_reference_is_explained_by_the_one_it_recovers(account):
    _recovered(account)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.purchase("pi_1").matched_by is MatchedBy.ALIAS


def test_it_is_explained_however_late_the_expiry_is_heard_of(account):
    _recovered(account)
    shop = Shop(account)
    expiry, *rest = account.events
    for event in rest:
        shop.gets(event)
    shop.comes_to_rest()
    assert shop.rows() == {"pi_1": withheld(5990, "no_consent", session=None)}

    shop.gets(expiry)
    shop.comes_to_rest()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]


def test_a_checkout_that_was_recovered_twice_is_followed_to_the_first(account):
    first = account.checkout(5990, client_reference_id=ADA)
    account.expires(first)
    second = account.checkout(5990, recovered_from=first["id"])
    account.expires(second)
    buys(account, client_reference_id=None, recovered_from=second["id"])

    assert Shop(account).hears().rows() == {"pi_1": accepted(5990)}


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (None, NoMatch.NO_REFERENCE),
        ("order/7", NoMatch.MALFORMED_REFERENCE),
        ("order-number-7", NoMatch.UNKNOWN_SESSION),
    ],
)
def test_a_payment_link_without_a_reference_of_ours_says_why_nobody_is_told(
    account, reference, why
):
    """
    Story 8: Stripe drops what holds other characters, and the buyer can edit the address.
    """
    buys(account, client_reference_id=reference, payment_link="plink_1")

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": withheld(5990, "no_consent", session=None)}
    assert shop.purchase("pi_1").no_match is why
    assert shop.told() == []


def test_a_payment_link_with_a_reference_is_told_like_any_checkout(account):
    buys(account, client_reference_id=ADA, payment_link="plink_1")

    assert Shop(account).hears().rows() == {"pi_1": accepted(5990)}


def test_a_pricing_table_that_dropped_the_reference_leaves_its_plan_unexplained(account):
    account.subscribes(1900, client_reference_id=None)

    assert Shop(account).hears().rows() == {
        "in_1": withheld(1900, "no_consent", kind="first", session=None)
    }


def test_the_receipt_invoice_of_a_one_off_sale_is_no_second_sale(account):
    """
    Story 9: `invoice_creation` makes an `invoice.paid` for money that was told of already.
    """
    buys(account, invoice="in_receipt")
    receipt = account.invoice(None, 5990, "manual", id="in_receipt")
    receipt |= {"status": "paid", "amount_paid": 5990}
    account.emits("invoice.paid", receipt)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]
