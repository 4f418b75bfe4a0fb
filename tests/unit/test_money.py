"""Stripe's integers become exact decimals (Stripe: supported currencies)."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import exponent, is_currency, major_units

AMOUNTS = [
    (5990, "eur", "59.90"),
    (5990, "EUR", "59.90"),
    (1, "usd", "0.01"),
    (10, "usd", "0.10"),
    (0, "usd", "0.00"),
    (100, "gbp", "1.00"),
    (999_999_999_999, "usd", "9999999999.99"),
    (-2000, "eur", "-20.00"),
    (500, "jpy", "500"),
    (0, "jpy", "0"),
    (1, "BIF", "1"),
    (12_000, "clp", "12000"),
    (700, "DJF", "700"),
    (9_000, "gnf", "9000"),
    (450, "kmf", "450"),
    (15_000, "KRW", "15000"),
    (5_000, "mga", "5000"),
    (80_000, "pyg", "80000"),
    (1_300, "rwf", "1300"),
    (250_000, "vnd", "250000"),
    (1_100, "vuv", "1100"),
    (655, "xaf", "655"),
    (655, "xof", "655"),
    (119, "xpf", "119"),
    (500, "ugx", "5.00"),
    (500, "isk", "5.00"),
    (100_000, "huf", "1000.00"),
    (80_000, "twd", "800.00"),
    (5_120, "bhd", "5.120"),
    (5_120, "JOD", "5.120"),
    (5_120, "kwd", "5.120"),
    (10, "omr", "0.010"),
    (1_000, "tnd", "1.000"),
    (4_999, "brl", "49.99"),
    (4_999, "inr", "49.99"),
    (1_234, "zzz", "12.34"),
]


@pytest.mark.parametrize(("amount_minor", "currency", "written"), AMOUNTS)
def test_an_amount_is_written_with_its_currencys_decimals(amount_minor, currency, written):
    value = major_units(amount_minor, currency)

    assert isinstance(value, Decimal)
    assert str(value) == written


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("jpy", 0), ("JPY", 0), ("ugx", 2), ("isk", 2), ("huf", 2), ("twd", 2), ("kwd", 3), ("", 2)],
)
def test_the_special_cases_outrank_stripes_own_lists(currency, decimals):
    assert exponent(currency) == decimals


@given(st.integers(min_value=-(10**40), max_value=10**40), st.sampled_from(["eur", "jpy", "kwd"]))
def test_no_amount_is_ever_rounded(amount_minor, currency):
    with localcontext(prec=3):
        value = major_units(amount_minor, currency)

    with localcontext(prec=60):
        assert value * 10 ** exponent(currency) == amount_minor


@pytest.mark.parametrize("text", ["eur", "EUR", "Usd", "zzz"])
def test_three_ascii_letters_are_a_currency(text):
    assert is_currency(text)


@pytest.mark.parametrize("text", ["", "eu", "euro", "eur ", "eur\n", "e1r", "€ur", "ＥＵＲ", "ıſk"])
def test_nothing_else_is_a_currency(text):
    assert not is_currency(text)
