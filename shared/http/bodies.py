"""Bodies as plain JSON values: fractions become Decimal, so that money never is a float."""

import json
from decimal import Decimal

import msgspec

from shared.domain.refusals import Refusal

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def read_json(body: bytes) -> object | Refusal:
    """
    Parse UTF-8 JSON; NaN and depth beyond reason are unreadable.

    Half an emoji (a lone surrogate, which JSON.stringify and Stripe may both write) is lawful
    JSON that msgspec refuses; the standard library reads it, and each text is judged on its own.
    A byte order mark is left aside, as RFC 8259 §8.1 allows.
    """
    try:
        parsed: object = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return _read_leniently(body)
    return parsed


def _read_leniently(body: bytes) -> object | Refusal:
    try:
        parsed: object = json.loads(
            body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refused
        )
    except (ValueError, RecursionError, ArithmeticError):
        return Refusal.UNREADABLE
    return parsed


def _refused(constant: str) -> object:
    raise ValueError(constant)
