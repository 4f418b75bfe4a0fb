"""What settled in a span of time, whatever the ledger is made of."""

from datetime import timedelta

from tests.builders import A_DAY, A_SECOND, ADA, NOW, purchase

HALF_A_SECOND = timedelta(seconds=0.5)
MIDNIGHT = NOW.replace(hour=0)
NEXT_MIDNIGHT = MIDNIGHT + A_DAY


def keys(stores, since=MIDNIGHT, until=NEXT_MIDNIGHT):
    return [each.sale_key for each in stores.settled_purchases.between(since, until)]


def test_nothing_settled_is_nothing_found(stores):
    assert keys(stores) == []


def test_a_purchase_comes_as_it_was_recorded_but_for_the_person(stores):
    stores.ledger.add(purchase("pi_1"))

    (found,) = stores.settled_purchases.between(MIDNIGHT, NEXT_MIDNIGHT)

    assert purchase("pi_1").customer == ADA
    assert found == purchase("pi_1").without_personal()


def test_the_first_instant_of_a_span_is_in_it_and_the_last_is_not(stores):
    stores.ledger.add(purchase("pi_before", settled_at=MIDNIGHT - A_SECOND))
    stores.ledger.add(purchase("pi_first", settled_at=MIDNIGHT))
    stores.ledger.add(purchase("pi_last", settled_at=NEXT_MIDNIGHT - A_SECOND))
    stores.ledger.add(purchase("pi_after", settled_at=NEXT_MIDNIGHT))

    assert keys(stores) == ["pi_first", "pi_last"]


def test_fractions_of_a_second_belong_to_the_day_they_are_in(stores):
    stores.ledger.add(purchase("pi_before", settled_at=MIDNIGHT - HALF_A_SECOND))
    stores.ledger.add(purchase("pi_later", settled_at=MIDNIGHT + HALF_A_SECOND))
    stores.ledger.add(purchase("pi_first", settled_at=MIDNIGHT))

    assert keys(stores) == ["pi_first", "pi_later"]
    assert keys(stores, MIDNIGHT - A_DAY, MIDNIGHT) == ["pi_before"]


def test_the_oldest_comes_first_and_equal_instants_go_by_sale_key(stores):
    """
    Equal instants in number, so that a page of the store ends between two of them.
    """
    for n in (4, 1, 5, 2, 3):
        stores.ledger.add(purchase(f"pi_{n}"))
    stores.ledger.add(purchase("pi_oldest", settled_at=NOW - A_SECOND))
    stores.ledger.add(purchase("pi_newest", settled_at=NOW + A_SECOND))

    assert keys(stores) == ["pi_oldest", *(f"pi_{n}" for n in range(1, 6)), "pi_newest"]
