"""
Money: Stripe's integers in the smallest unit, and exact decimals in the currency's own.

Source: Stripe, "Supported currencies" (zero-decimal, three-decimal and special cases). A float
has no place here.
"""

import re
from decimal import Decimal
from typing import Final

_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
_USUAL_EXPONENT: Final = 2
# UGX and ISK are missing on purpose: Stripe prints UGX among its zero-decimal currencies, but
# charges both in hundredths that end in 00, so 500 is 5 units. HUF and TWD have no decimals in
# payouts only, which we never see.
_WITHOUT_DECIMALS: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_WITH_THREE: Final = "BHD JOD KWD OMR TND"
_EXPONENTS: Final = dict.fromkeys(_WITHOUT_DECIMALS.split(), 0) | dict.fromkeys(
    _WITH_THREE.split(), 3
)


def is_currency(text: str) -> bool:
    """Tell whether text is shaped like an ISO 4217 code, in either case."""
    return _CURRENCY.fullmatch(text) is not None


def exponent(currency: str) -> int:
    """Say how many decimals Stripe's integers carry; two where the currency is unknown."""
    return _EXPONENTS.get(currency.upper(), _USUAL_EXPONENT)


def major_units(amount_minor: int, currency: str) -> Decimal:
    """Write 5990 eur as 59.90: exactly, at any size, with the currency's own decimals."""
    # The constructor is exact; scaleb and division round to the context's 28 digits.
    return Decimal(f"{amount_minor}e-{exponent(currency)}")
