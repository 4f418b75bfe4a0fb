"""Refusals and failures as responses: one table from words to status codes."""

from typing import Final

import msgspec

from shared.domain.refusals import ADVICE, Refusal
from shared.usecases.ports.errors import (
    PortError,
    QueueUnavailableError,
    SecretUnavailableError,
    StoreUnavailableError,
    StripeUnavailableError,
)

_BAD_REQUEST: Final = 400
STATUS: Final[dict[Refusal, int]] = {
    Refusal.TOO_BIG: 413,
    Refusal.TOO_MANY_EVENTS: 413,
    Refusal.ORIGIN_NOT_ALLOWED: 403,
    Refusal.NOT_FOUND: 404,
    Refusal.METHOD_NOT_ALLOWED: 405,
    Refusal.PURCHASE_IS_SERVER_ONLY: 422,
    Refusal.STORE_AWAY: 503,
    Refusal.QUEUE_AWAY: 503,
    Refusal.SECRET_AWAY: 503,
    Refusal.STRIPE_AWAY: 503,
    Refusal.INTERNAL: 500,
}
"""What is not listed is the caller's mistake: 400."""


def status_of(refusal: Refusal) -> int:
    return STATUS.get(refusal, _BAD_REQUEST)


def refusal_body(refusal: Refusal) -> dict[str, object]:
    """Say the word, and in a sentence what to do next."""
    return {"error": refusal.value, "advice": ADVICE[refusal]}


def refusal_of(error: PortError) -> Refusal:
    match error:
        case QueueUnavailableError():
            return Refusal.QUEUE_AWAY
        case SecretUnavailableError():
            return Refusal.SECRET_AWAY
        case StripeUnavailableError():
            return Refusal.STRIPE_AWAY
        case StoreUnavailableError():
            return Refusal.STORE_AWAY
        case _:
            return Refusal.INTERNAL


def as_json(body: object) -> bytes:
    """Write JSON; money is written digit for digit, through no float."""
    return _encoder.encode(body)


_encoder = msgspec.json.Encoder(decimal_format="number")
JSON_TYPE: Final = "application/json"
