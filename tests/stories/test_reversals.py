"""Story 11: refunds in part, in full, before and after the sending, failed; disputes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.conversions import ActionSource
from shared.domain.money import major_units
from tests.builders import POLICIES, consent, session, visit
from tests.stories.cast import buys
from tests.stories.shop import ADA, Shop, accepted, withheld

TELLING = replace(POLICIES, refund_event="Refund")


def of(account, *kinds):
    return [event for event in account.events if event["type"] in kinds]


def hears_all(account):
    """Take every event before anything is dispatched."""
    shop = Shop(account)
    for event in account.events:
        shop.gets(event)
    return shop.comes_to_rest()


def test_a_refund_in_part_is_in_the_ledger_and_the_full_value_is_told(account):
    account.refunds(buys(account), 2000)

    for shop in (hears_all(account), Shop(account).hears()):
        assert shop.rows() == {"pi_1": accepted(5990, refunded=2000)}
        assert shop.told() == [("59.90", "EUR")]


def test_a_refund_in_full_before_the_sending_withholds(account):
    account.refunds(buys(account), 5990)

    shop = hears_all(account)

    assert shop.rows() == {"pi_1": withheld(5990, "refunded", refunded=5990)}
    assert shop.told() == []


def test_a_refund_in_full_after_the_sending_is_in_the_ledger_alone(account):
    intent = buys(account)
    account.refunds(intent, 2000)
    account.refunds(intent, 3990)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(5990, refunded=5990)}
    assert shop.told() == [("59.90", "EUR")]


def test_a_refund_that_is_heard_of_before_its_sale_withholds_it(account):
    account.refunds(buys(account), 5990)
    shop = Shop(account)

    for event in reversed(account.events):
        shop.gets(event)
        shop.dispatches()
    shop.comes_to_rest()

    assert shop.rows() == {"pi_1": withheld(5990, "refunded", refunded=5990)}


def test_a_refund_that_failed_took_nothing_back(account):
    account.refund_fails(account.refunds(buys(account), 5990))

    assert Shop(account).hears().rows() == {"pi_1": accepted(5990)}


def test_what_a_failed_refund_withheld_is_told_after_all(account):
    account.refund_fails(account.refunds(buys(account), 5990))
    shop = Shop(account)
    *before, failure = account.events
    for event in before:
        shop.gets(event)
    shop.comes_to_rest()
    assert shop.rows() == {"pi_1": withheld(5990, "refunded", refunded=5990)}

    shop.gets(failure)
    shop.comes_to_rest()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]


def test_a_refund_of_an_invoices_payment_is_a_refund_of_its_sale(account):
    checkout = account.subscribes(1900, client_reference_id=ADA)
    account.refunds(account.objects["pi_1"], 500)

    shop = hears_all(account)

    assert checkout["invoice"] == "in_1"
    assert shop.rows() == {"in_1": accepted(1900, kind="first", refunded=500)}


def test_disputes_are_in_the_ledger_alone(account):
    lost, won = buys(account), buys(account, 7000)
    account.is_disputed(lost, ends="lost")
    account.is_disputed(won, ends="won")

    shop = hears_all(account)

    assert shop.rows() == {
        "pi_1": accepted(5990, disputes=("du_1:lost", "du_1:needs_response")),
        "pi_2": accepted(7000, disputes=("du_2:needs_response", "du_2:won")),
    }
    assert sorted(shop.told()) == [("59.90", "EUR"), ("70.00", "EUR")]


def test_a_charges_total_and_its_refunds_one_by_one_say_the_same(account):
    intent = buys(account)
    account.refunds(intent, 2000)
    account.refunds(intent, 1000)
    totals = of(account, "charge.refunded")
    one_by_one = of(account, "refund.created", "refund.updated")

    for heard in (totals, one_by_one, totals + one_by_one):
        shop = Shop(account)
        for event in [*of(account, "checkout.session.completed"), *heard]:
            shop.gets(event)
        assert shop.row.refunded == 3000


def refunds_told(shop):
    return [one for batch in shop.meta.sent for one in batch if one.event_name == "Refund"]


@pytest.mark.parametrize("amount", [2000, 5990])
def test_where_the_shop_asks_for_it_a_refund_after_the_sending_is_told_as_an_event(account, amount):
    account.refunds(buys(account), amount)

    shop = Shop(account, TELLING).hears()

    [told] = refunds_told(shop)
    assert shop.rows() == {"pi_1": accepted(5990, refunded=amount)}
    assert (told.custom_data.value, told.custom_data.currency) == (
        major_units(amount, "EUR"),
        "EUR",
    )
    assert told.event_id.startswith("refund-")
    assert told.action_source is ActionSource.SYSTEM_GENERATED
    assert told.fbp == visit().fbp
    assert told.customer.em


def test_by_default_no_refund_is_told(account):
    account.refunds(buys(account), 5990)

    assert refunds_told(Shop(account).hears()) == []


def test_a_sale_is_told_of_as_refunded_once_however_often_money_goes_back(account):
    intent = buys(account)
    account.refunds(intent, 2000)
    account.refunds(intent, 3990)
    shop = Shop(account, TELLING).hears()

    for event in account.events:
        shop.gets(event)
    shop.comes_to_rest()

    assert len(refunds_told(shop)) == 1


def test_a_refund_of_a_sale_that_nobody_was_told_of_is_not_told_either(account):
    account.refunds(buys(account), 5990)
    shop = Shop(account, TELLING)
    for event in account.events:
        shop.gets(event)

    shop.comes_to_rest()

    assert (shop.rows()["pi_1"].state, refunds_told(shop)) == ("withheld", [])


def test_a_part_that_went_back_before_the_sending_is_told_after_the_sale(account):
    account.refunds(buys(account), 2000)
    shop = Shop(account, TELLING)
    for event in account.events:
        shop.gets(event)

    shop.comes_to_rest()

    names = [one.event_name for batch in shop.meta.sent for one in batch]
    assert names == ["Purchase", "Refund"]


def test_of_a_refund_weeks_later_the_session_still_knows_the_person(account):
    intent = buys(account)
    shop = Shop(account, TELLING).hears()
    shop.waits(timedelta(days=30))
    shop.relays()
    assert not shop.purchase("pi_1").is_personal

    account.refunds(intent, 5990)
    shop.gets(account.events[-1])
    shop.dispatches()

    [told] = refunds_told(shop)
    assert (told.fbp, told.event_time) == (visit().fbp, int(shop.now.timestamp()))


def test_who_said_no_since_is_not_told_of_as_refunded(account):
    intent = buys(account)
    shop = Shop(account, TELLING).hears()
    shop.sessions.stored[ADA] = session(ADA, visit=visit(consent=consent(granted=False)))

    account.refunds(intent, 5990)
    shop.gets(account.events[-1])
    shop.dispatches()

    assert refunds_told(shop) == []


def test_a_refund_that_met_a_queue_that_was_away_is_told_after_the_next_relay(account):
    intent = buys(account)
    shop = Shop(account, TELLING).hears()
    account.refunds(intent, 5990)
    shop.tasks.away.go()
    shop.gets(account.events[-1])
    shop.tasks.away.back()

    shop.relays()
    shop.relays()
    shop.dispatches()

    assert len(refunds_told(shop)) == 1


def test_a_refund_is_known_by_the_invoices_payment_that_stripe_names_when_asked(new_account):
    """
    No event says what paid the invoice; whoever asks Stripe whose money it is learns that too.
    """
    checkout = new_account.subscribes(1900, paid=0, client_reference_id=ADA)
    [intent] = new_account.is_paid(new_account.renews(checkout, 1900), 1900)
    new_account.refunds(intent, 1900)
    shop = Shop(new_account)

    for event in new_account.events:
        if event["type"] != "invoice_payment.paid":
            shop.gets(event)
    shop.comes_to_rest()

    assert shop.told() == []
    assert shop.rows()["in_2"] == withheld(1900, "refunded", refunded=1900, kind="first")
