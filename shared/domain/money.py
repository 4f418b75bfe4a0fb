"""Money: STUB to be replaced by helper."""

from decimal import Decimal


def exponent(currency: str) -> int:
    return {"jpy": 0, "kwd": 3}.get(currency.lower(), 2)


def major_units(amount_minor: int, currency: str) -> Decimal:
    return Decimal(amount_minor).scaleb(-exponent(currency))


def is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha()
