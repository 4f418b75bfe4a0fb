"""Bodies as plain JSON values: fractions become Decimal, so that money never is a float."""

from decimal import Decimal

import msgspec

from shared.domain.refusals import Refusal

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def read_json(body: bytes) -> object | Refusal:
    """Parse UTF-8 JSON; NaN, lone surrogates and depth beyond reason are unreadable."""
    try:
        parsed: object = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return Refusal.UNREADABLE
    return parsed
