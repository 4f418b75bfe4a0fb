"""Stories 13 and 14: adaptive pricing, and currencies with no, two and three decimals."""

import pytest

from tests.stories.cast import buys
from tests.stories.shop import Shop, accepted


@pytest.mark.parametrize(
    ("minor", "currency", "major"),
    [
        (5990, "eur", "59.90"),
        (1, "eur", "0.01"),
        (5990, "jpy", "5990"),
        (5990, "kwd", "5.990"),
        (599000, "isk", "5990.00"),
        (500, "ugx", "5.00"),
        (599000, "huf", "5990.00"),
        (599000, "twd", "5990.00"),
        (99_999_999_999_900, "huf", "999999999999.00"),
    ],
)
def test_a_value_is_told_in_the_currencys_own_unit_exactly(account, minor, currency, major):
    buys(account, minor, currency)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(minor, currency.upper())}
    assert shop.told() == [(major, currency.upper())]


def test_what_adaptive_pricing_showed_the_buyer_changes_nothing(new_account):
    """
    Since 2025-03-31 a session keeps the shop's currency, and says apart what the buyer saw.
    """
    shown = {"presentment_amount": 6890, "presentment_currency": "usd"}
    buys(new_account, presentment_details=shown)

    shop = Shop(new_account).hears()

    assert shop.rows() == {"pi_1": accepted(5990)}
    assert shop.told() == [("59.90", "EUR")]


def test_before_that_a_session_was_in_the_buyers_currency_and_is_told_in_it(account):
    """
    The payment moved in that currency too, so amount and currency belong together.
    """
    converted = {"amount_total": 5990, "source_currency": "eur", "fx_rate": "1.15"}
    buys(account, 6890, "usd", currency_conversion=converted)

    shop = Shop(account).hears()

    assert shop.rows() == {"pi_1": accepted(6890, "USD")}
    assert shop.told() == [("68.90", "USD")]
